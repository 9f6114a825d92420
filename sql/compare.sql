-- ecom.kpi_compare: periods, values and p-values against plain SQL.
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
    return concat_ws(' | ', sqlstate, sqlerrm, nullif(detail, ''), left(nullif(hint, ''), 70));
end
$$;

-- What a period is compared with.
select first_date, last_date, versus, b.baseline_first, b.baseline_last,
       b.baseline_last - b.baseline_first as days_less_one, (first_date - b.baseline_first) % 7 as weekday_shift
from (values (1, date '2025-12-01', date '2025-12-31', 'previous'), (2, '2025-03-01', '2025-03-31', 'previous'),
             (3, '2025-10-01', '2025-12-31', 'previous'), (4, '2024-01-01', '2024-12-31', 'previous'),
             (5, '2025-12-05', '2025-12-31', 'previous'), (6, '2025-03-15', '2025-03-15', 'previous'),
             (7, '2025-12-01', '2025-12-31', 'week'), (8, '2025-12-01', '2025-12-07', 'week'), (9, '2025-12-05', '2025-12-05', 'week'),
             (10, '2025-12-01', '2025-12-31', 'year'), (11, '2025-01-01', '2025-12-30', 'year'), (12, '2025-01-01', '2025-12-31', 'year'),
             (13, '2024-01-01', '2025-12-31', 'year'), (14, '2025-02-01', '2025-02-28', 'calendar_year'),
             (15, '2024-02-01', '2024-02-29', 'calendar_year'), (16, '2025-12-24', '2025-12-26', 'calendar_year')) v (n, first_date, last_date, versus),
     ecom_internal.baseline_of(first_date, last_date, versus) b order by n;

select loaded_lines from ecom.load_demo('compare', customers => 400, orders => 3000, months => 24);
-- Before a refresh the functions compute from the lines.
create temporary table unrolled as select to_jsonb(k) as answer from ecom.kpi_compare('compare', by => '{region,category}') k;
select step, status from ecom.refresh('compare') where step = 'sales';
select count(*) as answers from (select answer from unrolled intersect select to_jsonb(k) from ecom.kpi_compare('compare', by => '{region,category}') k) s;
select count(*) as answers from unrolled;

-- The last complete month by default.
select metric, current, baseline, change, change_rate, daily_change_rate, round(p_value::numeric, 6) as p_value, is_comparable, reason,
       first_date, last_date, baseline_first_date, baseline_last_date
from ecom.kpi_compare('compare');

-- Every value against plain SQL: sums, distinct customers, a ratio; with and without groups and filters.
create temporary view line as
select f.*, d.date, g.region, c.segment, p.category from compare.fact_sales f
join compare.dim_date d on d.date_key = f.order_date_key join compare.dim_geography g using (geography_key)
join compare.dim_customer c using (customer_key) join compare.dim_product p using (product_key);
create function pg_temp.plain(first_date date, last_date date) returns table (region text, category text, revenue numeric, orders bigint,
                                                                              customers bigint, avg_satisfaction numeric) language sql as $$
    select region, category, sum(revenue_amount), count(distinct order_id) filter (where not is_return),
           count(distinct customer_key) filter (where not is_return), avg(satisfaction_score) filter (where not is_return)
    from line where date between first_date and last_date group by 1, 2
$$;
with plain as (
    select region, category, v.* from pg_temp.plain('2025-10-01', '2025-10-31') c full join pg_temp.plain('2024-10-02', '2024-11-01') b using (region, category)
    cross join lateral (values ('revenue', coalesce(c.revenue, 0), coalesce(b.revenue, 0)), ('orders', coalesce(c.orders, 0), coalesce(b.orders, 0)),
                               ('customers', coalesce(c.customers, 0), coalesce(b.customers, 0)),
                               ('avg_satisfaction', round(c.avg_satisfaction, 4), round(b.avg_satisfaction, 4)),
                               ('aov', round(c.revenue / nullif(c.orders, 0), 4), round(b.revenue / nullif(b.orders, 0), 4))) v (metric, current, baseline))
select k.metric, count(*) as segments, count(*) filter (where k.current is distinct from p.current or k.baseline is distinct from p.baseline
           or k.change is distinct from p.current - p.baseline
           or k.change_rate is distinct from round((p.current - p.baseline) / nullif(abs(p.baseline), 0), 4)) as different,
       bool_and(k.segment = format('region = %s, category = %s', p.region, p.category)) as named
from ecom.kpi_compare('compare', '2025-10-01', '2025-10-31', 'year', '{region,category}') k
full join plain p on k.metric = p.metric and k.segment_filters = jsonb_build_object('region', p.region, 'category', p.category)
group by k.metric order by k.metric;
-- segment_filters, with the filters of the call in them, give the value again.
select count(*) as segments, count(*) filter (where k.current = s.revenue) as equal
from ecom.kpi_compare('compare', '2025-10-01', '2025-10-31', by => '{region}', metrics => '{revenue}', filters => '{"segment": ["Premium", "Budget"]}') k,
     lateral ecom.kpi_summary('compare', '2025-10-01', '2025-10-31', k.segment_filters) s;
-- A segment that was there in one period only.
select segment, current, baseline, change, change_rate from ecom.kpi_compare('compare', '2024-01-02', '2024-01-02', 'previous', '{city}', '{revenue,aov}')
order by segment collate "C" limit 4;

-- p-values: Welch's test of daily sums, and of a ratio by its residuals, here in plain SQL; days without sales count.
with day as (
    select d::date as date, d >= '2025-06-01' as is_current, coalesce(sum(revenue_amount), 0)::float8 as revenue,
           count(distinct order_id) filter (where not is_return)::float8 as orders
    from generate_series(timestamp '2025-05-01', '2025-06-30', '1 day') d left join line l on l.date = d::date group by 1, 2),
period as (
    select *, revenue - sum(revenue) over w / sum(orders) over w * orders as residual, avg(orders) over w as mean_orders, sum(revenue) over w / sum(orders) over w as aov
    from day window w as (partition by is_current)),
moment as (
    select is_current, count(*) as n, avg(revenue) as mean, stddev_samp(revenue) as stddev, max(aov) as aov, stddev_samp(residual / mean_orders) as aov_stddev
    from period group by is_current)
select round(r.p_value::numeric, 9) as revenue_p, round(a.p_value::numeric, 9) as aov_p,
       round(k.p_value::numeric, 9) = round(r.p_value::numeric, 9) as revenue_agrees, round(l.p_value::numeric, 9) = round(a.p_value::numeric, 9) as aov_agrees
from moment c join moment b on c.is_current and not b.is_current,
     ecom.welch_test(c.mean, c.stddev, c.n, b.mean, b.stddev, b.n) r, ecom.welch_test(c.aov, c.aov_stddev, c.n, b.aov, b.aov_stddev, b.n) a,
     ecom.kpi_compare('compare', '2025-06-01', '2025-06-30', metrics => '{revenue}') k, ecom.kpi_compare('compare', '2025-06-01', '2025-06-30', metrics => '{aov}') l;
select metric, p_value is null as no_test from ecom.kpi_compare('compare', '2025-06-01', '2025-06-06', metrics => '{revenue,aov}')
union all
select metric, p_value is null from ecom.kpi_compare('compare', '2025-06-01', '2025-06-07', metrics => '{revenue,customers,returning_customers,revenue_per_customer}');
select ecom.set_metric('compare', 'buyers', 'customers'), ecom.set_metric('compare', 'units_per_line', 'sold_quantity', 'lines');
select k.metric, r.kind, k.current is not null as has_value, k.p_value is null as no_test
from ecom.kpi_compare('compare', metrics => array(select m.metric from ecom.metrics('compare') m)) k, ecom_internal.metric_ratio('compare', k.metric) r;

-- Like for like, and what is not.
select v.n, k.is_comparable, k.reason
from (values (1, date '2025-11-03', date '2025-11-30', 'previous', null::date, null::date), (2, '2025-11-01', '2025-11-30', 'week', null, null),
             (3, '2025-11-01', '2025-11-30', 'year', null, null), (4, '2025-10-01', '2025-10-31', 'previous', null, null),
             (5, '2025-05-01', '2025-05-31', null, '2025-07-01', '2025-07-31'), (6, '2025-12-20', '2026-01-05', 'previous', null, null),
             (7, '2024-01-10', '2024-01-23', 'previous', null, null), (8, '2025-11-03', '2025-11-30', null, '2025-11-10', '2025-12-07'),
             (9, '2025-01-01', '2025-12-31', 'year', null, null)) v (n, f, t, versus, bf, bt),
     lateral ecom.kpi_compare('compare', v.f, v.t, v.versus, metrics => '{revenue}', baseline_from => v.bf, baseline_to => v.bt) k order by v.n;
-- Outside the sales there is no number, not a zero.
select metric, current, baseline, change, change_rate, daily_change_rate, p_value from ecom.kpi_compare('compare', '2030-01-01', '2030-01-31', metrics => '{revenue,aov}');
select metric, current is not null as has_current, baseline from ecom.kpi_compare('compare', '2024-01-01', '2025-12-31', metrics => '{revenue,orders}');
select count(*) from ecom.kpi_compare('compare', '2030-01-01', '2030-01-31', by => '{region}');
-- A filter that nothing meets: sums of 0, ratios of nothing.
select metric, current, baseline, change, change_rate, p_value from ecom.kpi_compare('compare', filters => '{"region": "''; drop table"}');

-- Other shops: one day of sales, none, the four columns only.
create schema test_compare;
create table test_compare.line (order_id text, customer_id text, order_date timestamp, amount numeric);
select ecom.create_mart('compare_small');
select * from ecom.kpi_compare('compare_small');
select metric, current, baseline, reason from ecom.kpi_compare('compare_small', '2025-01-01', '2025-01-31', metrics => '{revenue,aov}');
insert into test_compare.line values ('1', 'a', '2025-03-10', 20);
select loaded_lines from ecom.load_sales('compare_small', 'test_compare.line');
select metric, current, baseline, p_value, is_comparable, reason, first_date, last_date from ecom.kpi_compare('compare_small', metrics => '{revenue,aov}');
truncate test_compare.line;
insert into test_compare.line select 'n' || i, case when i % 3 > 0 then 'c' || i % 5 end, date '2025-03-11' + i, 10 * (i % 4 - 1) from generate_series(0, 60) i;
select loaded_lines from ecom.load_sales('compare_small', 'test_compare.line');
select metric, current, baseline, change, change_rate, round(p_value::numeric, 6) as p_value, reason, first_date, last_date from ecom.kpi_compare('compare_small');
select segment, metric, current, baseline from ecom.kpi_compare('compare_small', by => '{region,channel}', metrics => '{revenue}');

-- Errors.
select pg_temp.error_of(statement) from (values
    (1, $$select * from ecom.kpi_compare('compare', '2025-02-01', '2025-01-01')$$),
    (2, $$select * from ecom.kpi_compare('compare', baseline_from => '2025-02-01', baseline_to => '2025-01-01')$$),
    (3, $$select * from ecom.kpi_compare('compare', baseline_from => '2025-02-01')$$),
    (4, $$select * from ecom.kpi_compare('compare', versus => 'yesterday')$$),
    (5, $$select * from ecom.kpi_compare('compare', versus => null)$$),
    (6, $$select * from ecom.kpi_compare('compare', by => '{month}')$$),
    (7, $$select * from ecom.kpi_compare('compare', by => '{colour}')$$),
    (8, $$select * from ecom.kpi_compare('compare', by => '{NULL}')$$),
    (9, $$select * from ecom.kpi_compare('compare', metrics => '{profit}')$$),
    (10, $$select * from ecom.kpi_compare('compare', metrics => '{}')$$),
    (11, $$select * from ecom.kpi_compare('compare', metrics => null)$$),
    (12, $$select * from ecom.kpi_compare('compare', filters => '[1]')$$),
    (13, $$select * from ecom.kpi_compare('compare', '-infinity', '2025-01-01')$$),
    (14, $$select * from ecom.kpi_compare('nowhere')$$)) v (n, statement) order by n;
select count(*) from ecom.kpi_compare('compare', by => null, metrics => '{revenue,revenue}', filters => null);
begin transaction read only;
select count(*) from ecom.kpi_compare('compare', by => '{region,region}');
commit;
set client_min_messages = warning;
drop schema compare, compare_small, test_compare cascade;
