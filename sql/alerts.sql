-- Threshold alerts: rules, what they say about each period, the log.
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
create schema test_alerts;
create table test_alerts.line (order_id text, customer_id text, order_date timestamp, quantity int, unit_price numeric, region text, satisfaction_score int);
-- Two regions sell 100 a day each from Wednesday 2024-01-03 to Saturday 2024-03-09. Planted: East sells 10 on March 5; all are
-- closed in the week of February 12; West is unhappy from February 20 on; a third region opens on March 1 and returns half.
insert into test_alerts.line
select region || day::date, region || extract(day from day), day + interval '10 hours', 1,
       case when region = 'East' and day::date = '2024-03-05' then 10 else 100 end, region,
       case when region = 'West' and day::date >= '2024-02-20' then 2 else 4 end
from generate_series(timestamp '2024-01-03', '2024-03-09', '1 day') day, unnest('{East,West}'::text[]) region
where day::date not between '2024-02-12' and '2024-02-18';
insert into test_alerts.line
select 'n' || day::date || q, 'n1', day + interval '12 hours', q, 20, 'New; drop "it''s"', null
from generate_series(timestamp '2024-03-01', '2024-03-09', '1 day') day, unnest('{2,-1}'::int[]) q;
select ecom.create_mart('alert_shop');
select loaded_lines from ecom.load_sales('alert_shop', 'test_alerts.line');

-- Before any refresh and without rules.
select * from ecom.check_alerts('alert_shop');
select * from ecom.alert_rules('alert_shop');
select ecom.set_alert('alert_shop', 'weak day', 'revenue', '<', 150);
select * from ecom.check_alerts('alert_shop');
select step, status, rows, reason from ecom.refresh('alert_shop') where step = 'alerts';
select * from ecom.check_alerts('alert_shop');

-- It fires on the planted day and on the closed ones, not before: the days that plain SQL finds.
with said as (select period_start as day, value, status from ecom.check_alerts('alert_shop', from_date => '2024-01-03') where rule = 'weak day'),
plain as (select day::date, coalesce(sum(f.revenue_amount), 0) as value
          from generate_series(timestamp '2024-01-03', '2024-03-09', '1 day') day
          left join alert_shop.fact_sales f on f.ordered_at::date = day group by 1)
select count(*) as days, count(*) filter (where s.status = 'fired') as fired,
       count(*) filter (where s.value is distinct from p.value or (s.status = 'fired') is distinct from (p.value < 150)) as different
from said s full join plain p using (day);
select c.period_start, c.value, c.is_fired, c.since from ecom.check_alerts('alert_shop', from_date => '2024-01-03') c where c.is_fired order by 1;
-- The same asked day by day, as each morning would have seen it; since looks back from there.
select m::date as morning, c.period_start, c.value, c.is_fired, c.since
from generate_series(timestamp '2024-02-12', '2024-02-20', '2 days') m, ecom.check_alerts('alert_shop', m::date) c order by 1;
select count(*) as mornings, count(*) filter (where (a.value, a.status, a.since) is distinct from (h.value, h.status, h.since)) as different
from generate_series(timestamp '2024-01-04', '2024-03-10', '1 day') m, ecom.check_alerts('alert_shop', m::date) a
join ecom.check_alerts('alert_shop', from_date => '2024-01-01') h using (rule, segment, period_start);

-- Weeks and months: only whole ones that the sales cover. The sales begin on a Wednesday and end on March 9.
select ecom.set_alert('alert_shop', 'weak week', 'revenue', '<', 1000, 'week'), ecom.set_alert('alert_shop', 'weak month', 'revenue', '<=', 4400, 'month'),
       ecom.drop_alert('alert_shop', 'weak day');
select rule, period_start, period_end, value, is_fired, since, status from ecom.check_alerts('alert_shop', from_date => '2024-01-01');
select as_of::date, rule, period_start, period_end, value, is_fired, status
from unnest('{2024-03-01,2024-03-09,2024-03-31,2024-04-01,2024-05-02,2024-02-01,2024-01-02}'::date[]) with ordinality a (as_of, n),
     ecom.check_alerts('alert_shop', as_of) c where rule = 'weak month' order by n;
select sum(revenue_amount) as march_so_far from alert_shop.fact_sales where order_date_key >= 20240301;

-- Changes: against the period before and against a year before; nothing grows from 0, and a period in part is no base.
select ecom.set_alert('alert_shop', 'weak week', 'revenue', '<', -0.1, 'week', 'change_rate');
select ecom.set_alert('alert_shop', 'weak month', 'orders', '>=', 0.5, 'month', 'change_rate');
select ecom.set_alert('alert_shop', 'year', 'orders', '<', 0, 'month', 'change_rate_year');
select rule, period_start, value, is_fired, since, status from ecom.check_alerts('alert_shop', from_date => '2024-01-01');
select week, revenue, round(revenue / nullif(lag(revenue) over (order by week), 0) - 1, 6) as change
from (select w::date as week, coalesce(sum(f.revenue_amount), 0) as revenue from generate_series(timestamp '2024-01-01', '2024-03-04', '7 days') w
      left join alert_shop.fact_sales f on f.ordered_at >= w and f.ordered_at < w + interval '7 days' group by 1) p order by 1;
-- A second year, 364 days later, sells a quarter less; February 2024 has 29 days.
insert into test_alerts.line
select order_id || '+', customer_id, order_date + interval '364 days', quantity, unit_price * 0.75, region, satisfaction_score from test_alerts.line;
select loaded_lines from ecom.load_sales('alert_shop', $$select * from test_alerts.line where order_id like '%+'$$);
select ecom.set_alert('alert_shop', 'year', 'revenue', '<', -0.2, 'week', 'change_rate_year'), ecom.drop_alert('alert_shop', 'weak week'), ecom.drop_alert('alert_shop', 'weak month');
select rule, period_start, value, is_fired, since, status from ecom.check_alerts('alert_shop', from_date => '2024-12-30');
select ecom.set_alert('alert_shop', 'year', 'revenue', '<', -0.2, 'month', 'change_rate_year');
select rule, period_start, value, is_fired, status from ecom.check_alerts('alert_shop');
select round(sum(revenue_amount) filter (where order_date_key between 20250201 and 20250228)
             / sum(revenue_amount) filter (where order_date_key between 20240201 and 20240229) - 1, 6) as plain from alert_shop.fact_sales;
select ecom.drop_alert('alert_shop', 'year');

-- Ratios, segments, filters, metrics of the shop, weekends that are left out.
select ecom.set_alert('alert_shop', 'unhappy', 'avg_satisfaction', '<', 3, 'week', "by" => '{region}', severity => 'critical');
select segment, period_start, value, status, since from ecom.check_alerts('alert_shop', '2024-03-10', '2024-02-05') order by segment collate "C", period_start;
select f.region, round(avg(l.satisfaction_score), 4) as plain from alert_shop.fact_sales l join alert_shop.dim_geography f using (geography_key)
where l.ordered_at >= '2024-02-19' and l.ordered_at < '2024-02-26' group by 1 order by 1;
select ecom.set_alert('alert_shop', 'unhappy', 'return_rate', '>=', 0.5, 'day', "by" => '{region}', filters => '{"region": ["New; drop \"it''s\"", "East"]}');
select segment, value, status, since from ecom.check_alerts('alert_shop', '2024-03-10');
select ecom.set_alert('alert_shop', 'unhappy', 'low_satisfaction_rate', '>', 0.5, 'week', "by" => '{region,channel}');
select segment, value, status, since from ecom.check_alerts('alert_shop', '2024-03-10');
select ecom.set_metric('alert_shop', 'units_per_line', 'sold_quantity', 'lines');
select ecom.set_alert('alert_shop', 'unhappy', 'units_per_line', '>', 1, 'week', filters => '{"region": "New; drop \"it''s\""}');
select value, status from ecom.check_alerts('alert_shop', '2024-03-10');
select ecom.set_alert('alert_shop', 'unhappy', 'orders', '<', 3, filters => '{"is_weekend": "false"}');
select period_start, value, status, since from ecom.check_alerts('alert_shop', '2024-03-09', '2024-02-28');
select as_of::date, period_start, value, status from unnest('{2024-03-02,2024-03-03,2024-03-04,2024-03-05}'::date[]) as_of, ecom.check_alerts('alert_shop', as_of);
select ecom.set_alert('alert_shop', 'unhappy', 'orders', '<', 3, filters => '{"region": "Nowhere"}', "by" => '{channel}');
select period_start, segment, value, status from ecom.check_alerts('alert_shop');
select ecom.set_alert('alert_shop', 'unhappy', 'orders', '<', 3, is_active => false);
select count(*) from ecom.check_alerts('alert_shop');
select rule, is_active from ecom.alert_rules('alert_shop');
select ecom.drop_alert('alert_shop', 'unhappy');

-- The log: once per rule, period and segment, by refresh for all that ended since the one before.
select ecom.set_alert('alert_shop', 'weak day', 'revenue', '<', 150), ecom.set_alert('alert_shop', E'a "rule"; drop\ttable {mart} %I $1', 'orders', '>', 0, 'week', "by" => '{region}', severity => 'info');
delete from alert_shop.refresh_log;
select step, rows, status from ecom.refresh('alert_shop', '{alerts}', '2024-03-04');
select step, rows, status from ecom.refresh('alert_shop', '{alerts}', '2024-03-10');
select step, rows, status from ecom.refresh('alert_shop', '{alerts}', '2024-03-10');
select ecom.log_alerts('alert_shop', '2024-03-10');
select ecom.log_alerts('alert_shop', '2024-03-10', '2024-02-11');
select count(*) as logged, count(distinct (rule, period_start, segment)) as different from alert_shop.alert_log;
select rule, severity, metric, grain, basis, dimension, segment, period_start, value, comparison, threshold, since_date, as_of_date
from alert_shop.alert_log where period_start >= '2024-02-26' order by rule, period_start, segment;
select ecom.drop_alert('alert_shop', 'weak day');
select count(*) as still_logged from alert_shop.alert_log where rule = 'weak day';
select * from ecom.check_bi('alert_shop');

-- A channel hears of each new row when the transaction commits; a name of 200 control characters fits.
select ecom.set_alert('alert_shop', repeat(E'\x01', 200), 'orders', '<', 3, notify => 'Shop alerts');
listen "Shop alerts";
begin;
select ecom.log_alerts('alert_shop', '2024-02-15');
select ecom.log_alerts('alert_shop', '2024-02-16');
\o test_alerts.notified
commit;
select 1;
\o
\! sed -e 's/"rule" : "\([^,]\{30\}\)[^,]*"/"rule" : "\1..."/; s/PID [0-9]*/PID/' test_alerts.notified | grep notification; rm test_alerts.notified
unlisten *;

-- Reading writes nothing: analysts may ask in a read-only transaction, readers have the log.
create role alert_analyst;
create role alert_reader;
grant usage on schema alert_shop to alert_analyst;
grant select on all tables in schema alert_shop to alert_analyst;
select ecom.grant_reader('alert_shop', 'alert_reader');
set role alert_analyst;
begin transaction read only;
select count(*) > 0 as any from ecom.check_alerts('alert_shop', '2024-02-15') where is_fired;
select pg_temp.error_of($$select ecom.log_alerts('alert_shop', '2024-02-14')$$);
commit;
select pg_temp.error_of($$select ecom.set_alert('alert_shop', 'mine', 'orders', '<', 3)$$);
set role alert_reader;
select count(*) > 0 as any from alert_shop.alert_log;
select pg_temp.error_of('select * from alert_shop.alert_rule');
reset role;

-- What is wrong is said when the rule is set.
select pg_temp.error_of(format('select ecom.set_alert(%s)', arguments)) from (values
    (1, $$'alert_shop', null, 'orders', '<', 1$$), (2, $$'alert_shop', repeat('x', 201), 'orders', '<', 1$$), (3, $$'alert_shop', 'r', 'revenu', '<', 1$$),
    (4, $$'alert_shop', 'r', null, '<', 1$$), (5, $$'alert_shop', 'r', 'orders', '=', 1$$), (6, $$'alert_shop', 'r', 'orders', null, 1$$),
    (7, $$'alert_shop', 'r', 'orders', '<', null$$), (8, $$'alert_shop', 'r', 'orders', '<', 'NaN'$$), (9, $$'alert_shop', 'r', 'orders', '<', '-infinity'$$),
    (10, $$'alert_shop', 'r', 'orders', '<', 1, 'year'$$), (11, $$'alert_shop', 'r', 'orders', '<', 1, null$$), (12, $$'alert_shop', 'r', 'orders', '<', 1, basis => 'yoy'$$),
    (13, $$'alert_shop', 'r', 'orders', '<', 1, "by" => '{region,planet}'$$), (14, $$'alert_shop', 'r', 'orders', '<', 1, "by" => '{season}'$$),
    (15, $$'alert_shop', 'r', 'orders', '<', 1, filters => '{"planet": "Mars"}'$$), (16, $$'alert_shop', 'r', 'orders', '<', 1, filters => '[1]'$$),
    (17, $$'alert_shop', 'r', 'orders', '<', 1, severity => 'fatal'$$), (18, $$'alert_shop', 'r', 'orders', '<', 1, notify => ''$$),
    (19, $$'alert_shop', 'r', 'orders', '<', 1, notify => repeat('x', 64)$$), (20, $$'no shop', 'r', 'orders', '<', 1$$)) v (n, arguments) order by n;
select pg_temp.error_of($$select ecom.check_alerts('alert_shop', 'infinity')$$);
select pg_temp.error_of($$select ecom.check_alerts('alert_shop', '2024-02-01', '-infinity')$$);
select pg_temp.error_of($$select ecom.check_alerts('alert_shop', '2024-02-01', '2024-02-02')$$);
select pg_temp.error_of($$select ecom.check_alerts('no shop')$$);

-- A mart without sales, and one with the four required columns only.
select ecom.create_mart('alert_empty'), ecom.create_mart('alert "least"');
select ecom.set_alert('alert_empty', 'any', 'orders', '<', 1, "by" => '{region}');
select pg_temp.error_of($$select ecom.drop_alert('alert_empty', 'not there')$$);
select * from ecom.check_alerts('alert_empty');
select period_start, status from ecom.check_alerts('alert_empty', '2024-01-01');
select ecom.log_alerts('alert_empty');
select step, status, reason from ecom.refresh('alert_empty', '{alerts}');
select loaded_lines from ecom.load_sales('alert "least"', 'select customer_id, order_id, order_date, quantity * unit_price as amount from test_alerts.line where order_date < ''2024-03-10''');
select ecom.set_alert('alert "least"', 'a', 'avg_satisfaction', '<', 6, "by" => '{carrier}'), ecom.set_alert('alert "least"', 'b', 'revenue', '<', 1000, "by" => '{category}');
select rule, segment, value, status from ecom.check_alerts('alert "least"');
select step, rows, status from ecom.refresh('alert "least"') where step = 'alerts';

drop owned by alert_analyst, alert_reader;
drop role alert_analyst, alert_reader;
drop schema alert_shop, alert_empty, "alert ""least""", test_alerts cascade;
