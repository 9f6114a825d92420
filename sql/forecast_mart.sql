-- Forecasts over a mart: what refresh stores, that categories add up, views for charts, tiny and empty marts, settings.
\set SHOW_CONTEXT never
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare
    hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics hint = pg_exception_hint;
    return concat_ws(' | ', sqlstate, sqlerrm, nullif(hint, ''));
end
$$;
set client_min_messages = warning;
select from ecom.create_mart('shop_fc');
-- Without sales the step is skipped, and the views are empty.
select step, rows, status, reason from ecom.refresh('shop_fc', '{forecast}');
select (select count(*) from shop_fc.revenue_outlook) as outlook, (select count(*) from shop_fc.next_month_driver) as drivers;
select capability, requirement, needed, have, is_ready from ecom.readiness('shop_fc') where capability in ('forecast', 'category_forecast') order by 1, 2;

select loaded_lines from ecom.load_demo('shop_fc', 300, 4000, 14, 7);
select step, rows > 0 as wrote, status, reason from ecom.refresh('shop_fc', '{sales,forecast}');
select bool_and(is_ready) as is_ready from ecom.readiness('shop_fc') where capability in ('forecast', 'category_forecast');

-- Every period to come, once, from the day after the last sale on, with intervals one within the other.
select grain, count(*), min(step), max(step), min(period_start) - (select max(ordered_at)::date from shop_fc.fact_sales) as first_day,
       bool_and(lower_amount <= inner_lower_amount and inner_lower_amount <= forecast_amount and forecast_amount <= inner_upper_amount
                and inner_upper_amount <= upper_amount and lower_amount >= 0) as nested, min(status) as status
from shop_fc.revenue_forecast group by grain order by grain;
-- Categories add up to the total of every day.
select count(*) as days, max(abs(f.forecast_amount - c.revenue)) < 1e-6 as add_up, min(c.categories) as categories
from shop_fc.revenue_forecast f
join (select period_start, sum(revenue_forecast) as revenue, count(*) as categories from shop_fc.category_demand_forecast group by 1) c using (period_start)
where f.grain = 'day';
select reconciliation, min(status) as status, bool_and(units_forecast between units_lower and units_upper and revenue_forecast between revenue_lower and revenue_upper) as within
from shop_fc.category_demand_forecast group by 1;
-- The decomposition has every day and month, and adds up; its revenue is that of the mart.
select grain, count(*), bool_and(abs(revenue_amount - trend_amount - seasonal_amount - remainder_amount) < 0.001) as adds_up,
       abs(sum(revenue_amount) - (select sum(revenue_amount) from shop_fc.fact_sales)) < 0.01 as same_revenue
from shop_fc.revenue_decomposition group by grain order by grain;
-- The backtest is the one of ecom.backtest.
select measure, grain, count(*), count(distinct category) as series, count(distinct forecast_method) as methods, bool_and(test_count > 0) as tested
from shop_fc.forecast_backtest group by 1, 2 order by 1, 2;
select b.forecast_method, abs(b.mae - t.mae) < 1e-6 as same_mae, abs(b.skill - t.skill) < 1e-9 as same_skill, b.test_count = t.n as same_n
from shop_fc.forecast_backtest b
join ecom.backtest('select 1, r.period_start, r.revenue_amount, d.is_holiday from shop_fc.revenue_decomposition r join shop_fc.dim_date d on d.date = r.period_start where r.grain = ''day''', '{auto,ets,theta}', options => '{"nonnegative": true}') t
    on t.method = b.forecast_method
where b.measure = 'revenue' and b.category = '' and b.grain = 'day' order by 1;
select source, grain, count(*), bool_and(is_within = (actual_amount between lower_amount and upper_amount)) as is_within, bool_and(error_amount = forecast_amount - actual_amount) as errors
from shop_fc.forecast_vs_actual group by 1, 2 order by 1, 2;
-- Next month is what its drivers add up to.
select month, basis, abs(forecast_amount - (select sum(amount) from shop_fc.next_month_driver where driver <> 'next month')) < 1e-6 as adds_up,
       abs(daily_forecast_amount - (select sum(forecast_amount) from shop_fc.revenue_forecast f where f.grain = 'day' and date_trunc('month', f.period_start) = n.month)) < 1e-6 as is_sum_of_days,
       last_month, days_effect_amount <> 0 as has_days, year_ago_amount is not null as has_year_ago
from shop_fc.next_month_revenue n;
select position, driver from shop_fc.next_month_driver order by position;
select count(*) = (select count(*) from ecom.detect_anomalies('shop_fc') where is_anomaly) as same_anomalies from shop_fc.revenue_anomaly;
-- One shape for charts.
select grain, value_kind, count(*), count(upper_amount) as with_interval from shop_fc.revenue_outlook group by 1, 2 order by 1, 2;
select value_kind, count(distinct category) as categories, sum(revenue_amount) > 0 as has_revenue from shop_fc.category_outlook group by 1 order by 1;
-- Models are kept, and forecast what is stored.
select name, version, is_current from shop_fc.model where name like 'revenue%' order by 1, 2;
select count(*) as months, max(abs(f.forecast - r.forecast_amount)) < 1e-6 as same
from ecom.forecast(ecom.current_model('shop_fc', 'revenue_month'), 12) f join shop_fc.revenue_forecast r on r.grain = 'month' and r.step = f.step;

-- A second run changes nothing but makes no second version.
create table first_run as select * from shop_fc.revenue_forecast;
select status, reason from ecom.refresh('shop_fc', '{forecast}');
select count(*) as differ from (select * from first_run except select * from shop_fc.revenue_forecast) d;
select count(*) from shop_fc.model where name like 'revenue%';

-- Looking back: what came is compared with what was forecast then.
select status, reason from ecom.refresh('shop_fc', '{forecast}', (select max(ordered_at)::date - 45 from shop_fc.fact_sales));
select status from ecom.refresh('shop_fc', '{forecast}');
select source, grain, count(*) from shop_fc.forecast_vs_actual where source = 'refresh' group by 1, 2 order by 1, 2;
select rows, status, reason from ecom.refresh('shop_fc', '{forecast}', (select min(ordered_at)::date from shop_fc.fact_sales)) r;

-- Settings.
select ecom.set_setting('shop_fc', n, v) from (values ('forecast.method', 'seasonal_naive'), ('forecast.category_method', 'drift'), ('forecast.horizon_days', '7'),
    ('forecast.horizon_months', '2'), ('forecast.level', '0.9'), ('forecast.backtest', 'false'), ('forecast.reconciliation', 'bottom_up'), ('forecast.nonnegative', 'false')) s (n, v);
select rows, status, reason from ecom.refresh('shop_fc', '{forecast}');
select grain, count(*), min(forecast_method) as method from shop_fc.revenue_forecast group by 1 order by 1;
select count(*) from shop_fc.forecast_backtest;
select basis, daily_forecast_amount is null as days_do_not_reach from shop_fc.next_month_revenue;
select pg_temp.error_of($$ select ecom.set_setting('shop_fc', 'forecast.method', 'magic') $$);
select pg_temp.error_of($$ select ecom.set_setting('shop_fc', 'forecast.level', '1') $$);
select pg_temp.error_of($$ select ecom.set_setting('shop_fc', 'forecast.horizon_days', '0') $$);

-- Marts with next to nothing.
create table tiny_lines (order_id text, customer_id text, order_date date, product_id text, category text, quantity int, unit_price numeric);
insert into tiny_lines values ('A1', 'C1', '2026-01-05', 'Tea', 'Drinks', 2, 4.50);
select from ecom.create_mart('shop_tiny');
select loaded_lines from ecom.load_sales('shop_tiny', 'tiny_lines');
select step, rows, status, reason from ecom.refresh('shop_tiny', '{sales,forecast}');
select grain, count(*), min(forecast_amount), min(status) as status from shop_tiny.revenue_forecast group by 1;
select forecast_method, test_count, status from shop_tiny.forecast_backtest where measure = 'revenue' and category = '' order by grain, forecast_method;
select month, basis, last_month from shop_tiny.next_month_revenue;
select count(*) from shop_tiny.revenue_anomaly;
-- Two days, two categories.
insert into tiny_lines values ('A2', 'C1', '2026-01-06', 'Cup', 'Ware', 1, 9);
select from ecom.create_mart('shop_two');
select loaded_lines from ecom.load_sales('shop_two', 'tiny_lines');
select step, rows, status, reason from ecom.refresh('shop_two', '{sales,forecast}');
select period_start, sum(revenue_forecast) as categories, min(f.forecast_amount) as total, min(c.reconciliation) as reconciliation
from shop_two.category_demand_forecast c join shop_two.revenue_forecast f using (period_start) where f.grain = 'day' and f.step = 1 group by 1;
-- Two complete months of nothing but returns on one day.
insert into tiny_lines select 'R', 'C1', '2026-03-31', 'Tea', 'Drinks', -2, 4.50;
select from ecom.create_mart('shop_returns');
select loaded_lines from ecom.load_sales('shop_returns', 'tiny_lines');
select step, rows, status, reason from ecom.refresh('shop_returns', '{sales,forecast}');
select grain, count(*), bool_and(forecast_amount >= 0) as not_negative from shop_returns.revenue_forecast group by 1 order by 1;

-- More categories than memory has room for their errors with each other.
truncate tiny_lines;
insert into tiny_lines select 'O' || d || '-' || c, 'C1', date '2026-01-01' + d, 'P' || c, 'Category ' || c, 1 + (d * c) % 5, 2 from generate_series(0, 19) d, generate_series(1, 400) c;
select from ecom.create_mart('shop_many');
select loaded_lines from ecom.load_sales('shop_many', 'tiny_lines');
select ecom.set_setting('shop_many', n, v) from (values ('forecast.horizon_days', '2'), ('forecast.backtest', 'false')) s (n, v);
select status from ecom.refresh('shop_many', '{sales}');
set ecom_analytics.memory_limit = '1MB';
select status, reason from ecom.refresh('shop_many', '{forecast}');
reset ecom_analytics.memory_limit;
select c.reconciliation, count(*), abs(sum(c.revenue_forecast) - min(f.forecast_amount)) < 1e-6 as adds_up
from shop_many.category_demand_forecast c join shop_many.revenue_forecast f on f.grain = 'day' and f.step = c.step where c.step = 1 group by 1;

drop schema shop_many, shop_fc, shop_tiny, shop_two, shop_returns cascade;
drop table tiny_lines, first_run;
