-- Satisfaction and delivery against plain SQL, textbook formulas and the planted truths of the demo shop.
\set SHOW_CONTEXT never
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare
    detail text;
    hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics detail = pg_exception_detail, hint = pg_exception_hint;
    return concat_ws(' | ', sqlstate, sqlerrm, nullif(detail, ''), nullif(hint, ''));
end
$$;
set client_min_messages = warning;
create schema test_satisfaction;
create function test_satisfaction.uniform(seed text) returns float8 language sql immutable as
$$ select ('x' || substr(md5(seed), 1, 8))::bit(32)::bigint / 4294967296.0 $$;
-- 900 orders with 1 to 4 lines; the lines of an order share its delivery. Slow until day 5 costs nothing, then 1.5 points at once.
create table test_satisfaction.line as
select 'o' || o as order_id, 'c' || o % 150 as customer_id, timestamp '2024-01-01 10:00' + o * interval '5 hours' as order_date, 1 + o % 3 as quantity,
       10 + l as unit_price, 'P' || (o + l) % 4 as product_id, (array['North', 'South', 'It''s "West"'])[1 + o % 3] as region, 'Category ' || (o + l) % 4 as category,
       case when o % 2 = 0 then 'Slow' else 'Fast' end as shipping_method, d.days as delivery_days,
       case when o % 5 <> 0 then greatest(1, least(5, round(4.3 - 1.5 * (d.days > 5)::int + 1.2 * (test_satisfaction.uniform('mood' || o) - 0.5)
                                                            + 1.5 * (test_satisfaction.uniform('line' || o || '/' || l) - 0.5))))::int end as satisfaction_score
from generate_series(1, 900) o
cross join lateral (select 1 + floor(test_satisfaction.uniform('days' || o) * case when o % 2 = 0 then 10 else 5 end)::int) d (days)
cross join generate_series(1, 1 + o % 4) l;
-- Returns are no opinions.
insert into test_satisfaction.line select order_id, customer_id, order_date + interval '20 days', -1, unit_price, product_id, region, category, shipping_method, 99, 1
from test_satisfaction.line where order_id like 'o1_';
select ecom.create_mart('mood');
select loaded_lines from ecom.load_sales('mood', 'test_satisfaction.line');

-- Counts and means are those of plain SQL and of the metrics, before and after refresh.
create function test_satisfaction.difference(by_dimension text) returns table (segments bigint, different bigint) language plpgsql as $$
begin
    return query execute format('
        with plain as (
            select %1$s::text as segment, count(distinct order_id) as orders, count(*) as scores, round(avg(satisfaction_score), 4) as mean,
                   round(stddev_samp(satisfaction_score), 4) as stddev, round(avg((satisfaction_score <= 2)::int), 4) as low_score_rate
            from test_satisfaction.line where quantity > 0 and satisfaction_score is not null group by 1)
        select count(*), count(*) filter (where (s.orders, s.scores, s.mean, s.stddev, s.low_score_rate) is distinct from
                                                (p.orders, p.scores, p.mean, p.stddev, p.low_score_rate))
        from ecom.satisfaction_analysis(''mood'', %2$L) s full join plain p using (segment)', by_dimension, array[by_dimension]);
end
$$;
select d.*, by_dimension from unnest('{delivery_days,region,category,shipping_method}'::text[]) by_dimension, test_satisfaction.difference(by_dimension) d;
select status from ecom.refresh('mood', '{sales}');
select d.*, by_dimension from unnest('{delivery_days,region,category,shipping_method}'::text[]) by_dimension, test_satisfaction.difference(by_dimension) d;
select count(*) filter (where s.mean is distinct from m.value) as different from ecom.satisfaction_analysis('mood', '{region}') s
full join ecom.revenue_by('mood', 'region', metric => 'avg_satisfaction') m on m.member = s.segment;
select segment, orders, scores, mean, low_score_rate, p_value < 0.01 as differs from ecom.satisfaction_analysis('mood');
select segment, scores, mean from ecom.satisfaction_analysis('mood', '{shipping_method,region}', '2024-02-01', '2024-03-01', '{"category": ["Category 1", "Category 2"]}');
select shipping_method || ' / ' || region as segment, count(*), round(avg(satisfaction_score), 4) from test_satisfaction.line
where quantity > 0 and satisfaction_score is not null and category in ('Category 1', 'Category 2') and order_date >= '2024-02-01' and order_date < '2024-03-02'
group by 1 order by 3, 1;

-- The interval of a mean: where every order has one line it is the one of the textbook, t(0.975, 9) = 2.262157 for ten of them.
create table test_satisfaction.single as
select 's' || o as order_id, 'c' || o as customer_id, date '2024-01-01' + o as order_date, 1 as quantity, 10 as unit_price,
       case when o <= 10 then 'A' when o <= 22 then 'B' else 'C' end as region, case when o <= 10 then o % 2 + 3 when o <= 22 then o % 4 + 1 else 5 end as satisfaction_score
from generate_series(1, 23) o;
select ecom.create_mart('single');
select loaded_lines from ecom.load_sales('single', 'test_satisfaction.single');
select segment, mean, ci_low, ci_high, low_score_rate, low_ci_low, low_ci_high, difference, p_value from ecom.satisfaction_analysis('single', '{region}');
select round(avg(satisfaction_score) - 2.262157 * stddev_samp(satisfaction_score) / sqrt(10.0), 4) as ci_low, round(avg(satisfaction_score) + 2.262157 * stddev_samp(satisfaction_score) / sqrt(10.0), 4) as ci_high
from test_satisfaction.single where region = 'A';
-- Wilson for 6 of 12, z = 1.959964.
select round(((6 + z * z / 2 - z * sqrt(6 * 6 / 12.0 + z * z / 4)) / (12 + z * z))::numeric, 4) as low, round(((6 + z * z / 2 + z * sqrt(6 * 6 / 12.0 + z * z / 4)) / (12 + z * z))::numeric, 4) as high
from (values (1.959964)) v (z);
select segment, ci_low, ci_high from ecom.satisfaction_analysis('single', '{region}', level => 0.99) where segment = 'A';

-- With several lines an order the standard errors are those of leaving out one order at a time (jackknife), within a few per cent,
-- also by categories, which share orders; by lines they would be too small.
create function test_satisfaction.jackknife(by_dimension text) returns table (segments bigint, largest_difference_of_mean numeric, largest_difference_of_difference numeric, lines_would_claim numeric)
language plpgsql as $$
begin
    return query execute format('
        with line as (select %1$I as segment, order_id, satisfaction_score as score from test_satisfaction.line where quantity > 0 and satisfaction_score is not null),
        own as (select segment, order_id, count(*) as n, sum(score) as score from line group by 1, 2),
        whole as (select order_id, count(*) as n, sum(score) as score from line group by 1),
        left_out as (
            select s.segment, (s.score - coalesce(o.score, 0))::float8 / (s.n - coalesce(o.n, 0)) as mean,
                   (s.score - coalesce(o.score, 0))::float8 / (s.n - coalesce(o.n, 0)) - (t.score - w.score)::float8 / (t.n - w.n) as difference, o.n is not null as is_own
            from (select segment, sum(n) as n, sum(score) as score from own group by 1) s cross join whole w
            left join own o on o.segment = s.segment and o.order_id = w.order_id
            cross join (select sum(n) as n, sum(score) as score from whole) t),
        jackknife as (
            select segment, sqrt((count(*) filter (where is_own) - 1) * var_pop(mean) filter (where is_own)) as mean_error, sqrt((count(*) - 1) * var_pop(difference)) as difference_error
            from left_out group by 1)
        select count(*), round(max(abs(e.mean_error / j.mean_error - 1))::numeric, 2), round(max(abs(e.difference_error / j.difference_error - 1))::numeric, 2),
               round(max(e.stddev / sqrt(e.n) / e.mean_error)::numeric, 1)
        from jackknife j join (%2$s) e using (segment)', by_dimension,
        ecom_internal.group_estimates(ecom_internal.line_groups(array[by_dimension]), ecom_internal.line_source('mood', array[by_dimension], null, null, '{}', 'f.satisfaction_score is not null'),
                                      'f.satisfaction_score', 'null::boolean'));
end
$$;
select by_dimension, j.* from unnest('{region,shipping_method,category}'::text[]) by_dimension, test_satisfaction.jackknife(by_dimension) j;

-- Delivery and satisfaction: the line is that of regr_slope, the planted step after 5 days is found, and there is none without it.
select orders, scores, mean_days, mean_score, correlation, slope, slope_ci_low < slope and slope < slope_ci_high as in_interval, slope_p_value < 0.001 as matters,
       step_after_days, score_until_step, score_after_step, step, step_p_value < 0.001 as is_step
from ecom.delivery_satisfaction('mood') \gx
select count(distinct order_id) as orders, count(*) as scores, round(avg(delivery_days), 4) as mean_days, round(avg(satisfaction_score), 4) as mean_score,
       round(corr(satisfaction_score, delivery_days)::numeric, 4) as correlation, round(regr_slope(satisfaction_score, delivery_days)::numeric, 4) as slope,
       round(avg(satisfaction_score) filter (where delivery_days <= 5), 4) as score_until, round(avg(satisfaction_score) filter (where delivery_days > 5), 4) as score_after
from test_satisfaction.line where quantity > 0 and satisfaction_score is not null \gx
select orders, slope_p_value < 0.05 as matters, step_p_value < 0.05 as is_step from ecom.delivery_satisfaction('mood', filters => '{"shipping_method": "Fast"}');
select scores, slope, step_p_value from ecom.delivery_satisfaction('mood', '2024-01-02', '2024-01-02');
select * from ecom.delivery_satisfaction('mood', '2030-01-01', '2030-02-01');
select * from ecom.delivery_satisfaction('single');
-- The error of the slope by leaving out one order at a time.
with line as (select order_id, satisfaction_score as y, delivery_days as x from test_satisfaction.line where quantity > 0 and satisfaction_score is not null),
slope as (select w.order_id, regr_slope(l.y, l.x) as slope from (select distinct order_id from line) w join line l on l.order_id <> w.order_id group by 1)
select abs((d.slope_ci_high - d.slope_ci_low) / 2 / 1.963 / sqrt((count(*) - 1) * var_pop(s.slope)) - 1) < 0.03 as agrees
from slope s, ecom.delivery_satisfaction('mood') d group by d.slope_ci_high, d.slope_ci_low;

-- Delivery by groups, and what was promised.
select * from ecom.delivery_analysis('mood');
select shipping_method, count(distinct order_id), count(*), round(avg(delivery_days), 4), percentile_disc(0.5) within group (order by delivery_days), percentile_disc(0.9) within group (order by delivery_days), max(delivery_days)
from test_satisfaction.line where quantity > 0 group by 1 order by 4 desc;
select segment, late_rate, late_ci_low < late_rate and late_rate < late_ci_high as in_interval from ecom.delivery_analysis('mood', '{region,shipping_method}', promised_days => '{"Slow": 8}');
select segment, late_rate from ecom.delivery_analysis('mood', promised_days => '5');
select segment, late_rate from ecom.delivery_analysis('mood', '{region}', promised_days => '{"Slow": 8, "Fast": 4}');
select region, round(avg((delivery_days > case shipping_method when 'Slow' then 8 else 4 end)::int), 4) from test_satisfaction.line where quantity > 0 group by 1 order by avg(delivery_days) desc;

-- The demo shop: Parcelo in the West needs 2.5 days more than elsewhere and makes the least satisfied customers; the slope between the bounds of the
-- scale is -0.28; there is no step.
select count(*) from ecom.load_demo('mood_demo');
select segment, mean_days, p_value < 0.001 as differs from ecom.delivery_analysis('mood_demo', '{carrier,region}') limit 3;
select round(avg(mean_days) filter (where segment = 'Parcelo / West') - avg(mean_days) filter (where segment = 'Parcelo / South'), 1) as planted_2_9
from ecom.delivery_analysis('mood_demo', '{carrier,region}');
select segment, mean, low_score_rate, p_value < 0.001 as differs from ecom.satisfaction_analysis('mood_demo', '{carrier,region}') limit 2;
select regr_slope(mean, segment::int) between -0.31 and -0.25 as planted from ecom.satisfaction_analysis('mood_demo') where segment::int between 3 and 9;
select slope, slope_p_value < 1e-6 as matters, step_p_value > 0.05 as no_step from ecom.delivery_satisfaction('mood_demo');

-- Bad input, other marts.
select pg_temp.error_of(statement) from (values
    (1, $$select ecom.satisfaction_analysis('mood', '{planet}')$$), (2, $$select ecom.satisfaction_analysis('mood', filters => '{"planet": 1}')$$),
    (3, $$select ecom.satisfaction_analysis('mood', '{region}', '2024-02-01', '2024-01-01')$$), (4, $$select ecom.satisfaction_analysis('mood', level => 1)$$),
    (5, $$select ecom.satisfaction_analysis('mood', array[null])$$), (6, $$select ecom.delivery_satisfaction('mood', level => 0)$$),
    (7, $$select ecom.delivery_analysis('mood', promised_days => '{"Teleport": 1}')$$), (8, $$select ecom.delivery_analysis('mood', promised_days => '{"Slow": "8"}')$$),
    (9, $$select ecom.delivery_analysis('mood', promised_days => '[8]')$$), (10, $$select ecom.delivery_analysis('no mart')$$)) v (n, statement) order by n;
select segment, scores from ecom.satisfaction_analysis('mood', '{}');
select segment, orders from ecom.delivery_analysis('mood', '{}');
select ecom.create_mart('mood_empty');
select count(*) from ecom.satisfaction_analysis('mood_empty');
select count(*) from ecom.delivery_satisfaction('mood_empty');
select count(*) from ecom.delivery_analysis('mood_empty', promised_days => '{}');
select loaded_lines from ecom.load_sales('mood_empty', 'select order_id, customer_id, order_date, unit_price as amount from test_satisfaction.single');
select count(*) from ecom.satisfaction_analysis('mood_empty');
select count(*) from ecom.delivery_satisfaction('mood_empty');
select count(*) from ecom.delivery_analysis('mood_empty');
drop schema mood, single, mood_demo, mood_empty, test_satisfaction cascade;
