-- Anomalies of metrics: planted ones are found, noise is left alone, unfinished periods never count.
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
create schema test_anomalies;
create function test_anomalies.normal(seed text) returns float8 language sql immutable as
$$ select sqrt(-2 * ln(1 - ('x' || substr(md5(seed), 1, 8))::bit(32)::bigint / 4294967296.0))
          * cos(2 * pi() * ('x' || substr(md5(seed), 9, 8))::bit(32)::bigint / 4294967296.0) $$;
-- 400 days of one line a day and region: level 1000 that grows by 1 a day, 300 more at weekends, noise of 50. The shop is closed on two days.
create table test_anomalies.line as
select region || day::date as order_id, 'c' || extract(day from day) as customer_id, day + interval '12 hours' as order_date, 1 as quantity,
       round((1000 + n + 300 * (extract(isodow from day) >= 6)::int + 50 * test_anomalies.normal(region || day::date))::numeric, 2) as unit_price, region, 4 as satisfaction_score
from generate_series(timestamp '2024-01-01', '2025-02-03', '1 day') with ordinality d (day, n), unnest('{Here,There}'::text[]) region
where day::date not in ('2024-05-01', '2024-12-25') and (region = 'Here' or day >= '2024-03-01');
select ecom.create_mart('noise');
select loaded_lines from ecom.load_sales('noise', 'test_anomalies.line');

-- The two closed days stand out far beyond the two days of noise that pass the threshold by a little.
select * from ecom.detect_anomalies('noise', filters => '{"region": "Here"}') where is_anomaly;
select series, count(*), count(*) filter (where is_anomaly) as anomalies, min(period_start) filter (where status = 'ok') from ecom.detect_anomalies('noise', "by" => '{region}') where period_start >= '2024-03-01' group by 1;
-- It is ecom.anomaly_score over plain sums by day.
with plain as (
    select day::date as period_start, sum(l.unit_price) as value, (ecom.anomaly_score(coalesce(sum(l.unit_price), 0)::float8) over (order by day)).*
    from generate_series(timestamp '2024-01-01', '2025-02-03', '1 day') day left join test_anomalies.line l on l.order_date::date = day and l.region = 'Here' group by day)
select count(*) as days, count(*) filter (where (d.value, d.is_anomaly) is distinct from (coalesce(p.value, 0), p.is_anomaly) or abs(d.expected - p.expected) > 0.001
                                          or abs(d.low - p.low) > 0.001 or abs(d.high - p.high) > 0.001 or abs(d.score - p.score) > 0.001) as different
from plain p full join ecom.detect_anomalies('noise', filters => '{"region": "Here"}') d using (period_start);
-- What is expected is what was planted, within the noise.
select max(abs(expected - (1000 + (period_start - '2023-12-31') + 300 * (extract(isodow from period_start) >= 6)::int))) < 60 as is_planted
from ecom.detect_anomalies('noise', filters => '{"region": "Here"}');
-- Tukey's fences, for each day of the week its own: 1.5 interquartile ranges beyond the quartiles.
with rest as (select d.*, d.value - d.expected as rest, extract(isodow from d.period_start) as day from ecom.detect_anomalies('noise', filters => '{"region": "Here"}') d),
fence as (select day, percentile_cont(0.25) within group (order by rest) as q1, percentile_cont(0.75) within group (order by rest) as q3 from rest group by 1)
select count(*) as days, count(*) filter (where i.is_anomaly) as anomalies, count(*) filter (where i.is_anomaly is distinct from not r.rest between f.q1 - 1.5 * (f.q3 - f.q1) and f.q3 + 1.5 * (f.q3 - f.q1)) as different,
       count(*) filter (where abs(i.low - (r.expected + f.q1 - 1.5 * (f.q3 - f.q1))) > 0.01 or abs(i.high - (r.expected + f.q3 + 1.5 * (f.q3 - f.q1))) > 0.01) as other_band
from rest r join fence f using (day) join ecom.detect_anomalies('noise', method => 'iqr', filters => '{"region": "Here"}') i using (period_start);

-- False alarms in 60 series of 200 days of normal noise with nothing planted.
create table test_anomalies.noise_line as
select 's' || s || day::date as order_id, 'c' || s as customer_id, day as order_date, 1 as quantity, round((1000 + 100 * test_anomalies.normal('noise' || s || day::date))::numeric, 2) as unit_price, 'series ' || s as region
from generate_series(timestamp '2024-01-01', '2024-07-18', '1 day') day, generate_series(1, 60) s;
select ecom.create_mart('pure_noise');
select loaded_lines from ecom.load_sales('pure_noise', 'test_anomalies.noise_line');
select method, threshold, count(*) as days, count(*) filter (where is_anomaly) as false_alarms, round(avg(is_anomaly::int), 5) as rate
from (values ('robust', 3.5), ('robust', 4.5), ('iqr', 1.5), ('iqr', 2.2), ('iqr', 3), ('esd', 0.05)) v (method, threshold),
     ecom.detect_anomalies('pure_noise', method => method, threshold => threshold, "by" => '{region}') group by 1, 2 order by 1, 2;
select count(*) as weeks, count(*) filter (where is_anomaly) as false_alarms from ecom.detect_anomalies('pure_noise', grain => 'week', "by" => '{region}');

-- Outliers planted in it: six deviations, up and down, on the last day too, and in a week.
insert into pure_noise.fact_sales (order_date_key, customer_key, geography_key, order_id, line_number, ordered_at, quantity, unit_price, revenue_amount, is_return)
select to_char(day, 'YYYYMMDD')::int, 1, g.geography_key, 'extra' || day, 1, day, 1, amount, amount, false
from (values (date '2024-03-15', 600), ('2024-07-18', 600), ('2024-05-14', -600)) v (day, amount), pure_noise.dim_geography g where g.region = 'series 7';
select period_start, series, value - expected between -1000 and 1000 as is_near, score > 4 as is_high, score < -4 as is_low from ecom.detect_anomalies('pure_noise', "by" => '{region}', filters => '{"region": "series 7"}') where is_anomaly;
select count(*) from ecom.detect_anomalies('pure_noise', "by" => '{region}', threshold => 8, filters => '{"region": "series 7"}') where is_anomaly;
select period_start, value between low and high as is_within, abs(score) > 4 as is_far from ecom.detect_anomalies('pure_noise', method => 'esd', "by" => '{region}', filters => '{"region": "series 7"}') where is_anomaly;
-- One week is judged by what the shop is used to.
select period_start, is_anomaly, status from ecom.detect_anomalies('pure_noise', from_date => '2024-03-14', to_date => '2024-03-16', filters => '{"region": "series 7"}');

-- Weeks: the last one, which ends after the sales, is unfinished however low it is, and so is the first when sales begin within it.
select period_start, value, expected > 4000 as is_expected, is_anomaly, status from ecom.detect_anomalies('noise', grain => 'week', filters => '{"region": "Here"}', from_date => '2025-01-20');
select period_start, is_anomaly, status from ecom.detect_anomalies('noise', grain => 'week', from_date => '2024-06-01', to_date => '2024-06-12', filters => '{"region": "Here"}');
-- Thresholds, also of ratios and of days that are not there.
select period_start, value, low, high, expected, score, is_anomaly, status from ecom.detect_anomalies('noise', 'orders', method => 'threshold', low_limit => 1, from_date => '2024-04-29', to_date => '2024-05-02');
select period_start, value, is_anomaly, status from ecom.detect_anomalies('noise', 'avg_satisfaction', method => 'threshold', low_limit => 4.5, high_limit => 5, from_date => '2024-04-30', to_date => '2024-05-02');
select count(*) as days, count(*) filter (where status = 'no data') as no_data, count(*) filter (where is_anomaly) as anomalies from ecom.detect_anomalies('noise', 'aov');
select count(*) as weekdays, count(*) filter (where extract(isodow from period_start) > 5) as weekends, count(*) filter (where is_anomaly) as anomalies
from ecom.detect_anomalies('noise', filters => '{"is_weekend": "false", "region": "Here"}');
-- A shop that is never open on Sundays is not missing them, and they do not make the others look odd.
select ecom.create_mart('noise_closed');
select loaded_lines from ecom.load_sales('noise_closed', $$select order_id, customer_id, order_date, quantity, unit_price * power(1.001, order_date::date - '2024-01-01') as unit_price
    from test_anomalies.line where region = 'Here' and extract(isodow from order_date) < 7$$);
select status, count(*), count(*) filter (where extract(isodow from period_start) = 7) as sundays, count(expected) as expected, count(*) filter (where is_anomaly) as anomalies,
       min(period_start) filter (where is_anomaly and value = 0) as closed_day from ecom.detect_anomalies('noise_closed') group by 1 order by 1;
select count(*) filter (where is_anomaly) as anomalies from ecom.detect_anomalies('noise_closed', method => 'threshold', low_limit => 1) where extract(isodow from period_start) = 7;
select is_anomaly, status, count(*) from ecom.detect_anomalies('noise', to_date => '2024-01-15') group by 1, 2;
select count(*) from ecom.detect_anomalies('noise', from_date => '2030-01-01');
select count(*) from ecom.detect_anomalies('noise', to_date => '2020-01-01');
select count(*) as days from ecom.detect_anomalies('noise', from_date => '1900-01-01', to_date => '2190-01-01');
select bool_or(is_anomaly), min(score), max(score) from ecom.detect_anomalies('noise', 'avg_satisfaction');

-- The demo shop: promotions and the last days of the year stand out, by category.
select count(*) from ecom.load_demo('noise_demo');
select period_start, series, is_anomaly from ecom.detect_anomalies('noise_demo', 'revenue', 'week', "by" => '{category}') where is_anomaly and series in ('Electronics', 'Home') order by 1, 2;

select pg_temp.error_of(statement) from (values
    (1, $$select ecom.detect_anomalies('noise', 'revenu')$$), (2, $$select ecom.detect_anomalies('noise', grain => 'month')$$), (3, $$select ecom.detect_anomalies('noise', grain => 'hour')$$),
    (4, $$select ecom.detect_anomalies('noise', method => 'magic')$$), (5, $$select ecom.detect_anomalies('noise', threshold => 0)$$), (6, $$select ecom.detect_anomalies('noise', threshold => 'NaN')$$), (65, $$select ecom.detect_anomalies('noise', method => 'esd', threshold => 3)$$),
    (7, $$select ecom.detect_anomalies('noise', method => 'threshold')$$), (8, $$select ecom.detect_anomalies('noise', low_limit => 1)$$), (9, $$select ecom.detect_anomalies('noise', "by" => '{day_of_week}')$$),
    (10, $$select ecom.detect_anomalies('noise', "by" => '{planet}')$$), (11, $$select ecom.detect_anomalies('noise', from_date => '2024-02-02', to_date => '2024-02-01')$$),
    (12, $$select ecom.detect_anomalies('noise', filters => '{"x": 1}')$$), (13, $$select ecom.detect_anomalies('no mart')$$)) v (n, statement) order by n;
select ecom.create_mart('noise_empty');
select count(*) from ecom.detect_anomalies('noise_empty');
select count(*) from ecom.detect_anomalies('noise_empty', from_date => '2024-01-01', to_date => '2024-02-01');
select loaded_lines from ecom.load_sales('noise_empty', $$select order_id, customer_id, order_date, unit_price as amount from test_anomalies.line where region = 'Here'$$);
select period_start from ecom.detect_anomalies('noise_empty') where is_anomaly;
begin transaction read only;
select count(*) filter (where is_anomaly) from ecom.detect_anomalies('noise_empty', "by" => '{category}');
commit;
drop schema noise, noise_closed, pure_noise, noise_demo, noise_empty, test_anomalies cascade;
