#!/usr/bin/env bash
# Accuracy and the Diebold-Mariano test to R's digits; backtests of the daily revenue of Online Retail, printed.
. "$(dirname "$0")/lib/tests.sh"
known=$reference/forecast_reference.json
need reference "$known"

load_reference "$known"
q <<'SQL'
create table series as
select d.name, v.value::float8, v.t, (d.data ->> 'frequency')::float8::int as period
from reference, jsonb_each(doc -> 'data') d (name, data), jsonb_array_elements_text(d.data -> 'values') with ordinality v (value, t)
where v.value is not null;
SQL

# dm.test of R's forecast.
sql "create table dm as select (t).*, doc -> 'dm' as expected from reference, lateral (
    select ecom.diebold_mariano_test(a.e::float8, b.e::float8 order by a.n) as t
    from jsonb_array_elements_text(doc -> 'dm' -> 'e1') with ordinality a (e, n) join jsonb_array_elements_text(doc -> 'dm' -> 'e2') with ordinality b (e, n) using (n)) x"
close 'Diebold-Mariano statistic' 1e-9 "select (expected ->> 'stat')::float8 as expected, statistic as actual from dm"
close 'Diebold-Mariano p-value' 1e-9 "select (expected ->> 'p')::float8 as expected, p_value as actual from dm"

# accuracy() of R's forecast: two years of AirPassengers forecast from those before; its columns are ME, RMSE, MAE, MPE, MAPE, MASE.
sql "create table accuracy as select doc -> 'accuracy' -> 'test' as expected, (a).* from reference, lateral (
    select ecom.forecast_accuracy(s.value, f.forecast::float8, null, null, scale) as a
    from (select value, t - 120 as n, (select avg(abs(u.value - v.value)) from series u join series v on v.name = u.name and v.t = u.t - 12
              where u.name = 'AirPassengers' and u.t <= 120) as scale
          from series where name = 'AirPassengers' and t > 120) s
    join jsonb_array_elements_text(doc -> 'accuracy' -> 'fc') with ordinality f (forecast, n) using (n)) x"
is 'forecasts compared' 24 "$(sql 'select n from accuracy')"
close 'bias is less the mean error' 1e-9 "select -(expected ->> 0)::float8 as expected, bias as actual from accuracy"
close rmse 1e-9 "select (expected ->> 1)::float8 as expected, rmse as actual from accuracy"
close mae 1e-9 "select (expected ->> 2)::float8 as expected, mae as actual from accuracy"
close mape 1e-9 "select (expected ->> 4)::float8 as expected, mape as actual from accuracy"
close mase 1e-9 "select (expected ->> 5)::float8 as expected, mase as actual from accuracy"

file=$data/online_retail.csv.gz
[ -r "$file" ] || { skip online_retail "$(basename "$file") is not there"; finish; }
sql 'create table raw ("InvoiceNo" text, "StockCode" text, "Description" text, "Quantity" text, "InvoiceDate" text,
                       "UnitPrice" text, "CustomerID" text, "Country" text)'
zcat "$file" | q -c '\copy raw from pstdin with (format csv, header)'
sql "create table public.daily as select \"InvoiceDate\"::timestamp::date as day, sum(\"Quantity\"::numeric * \"UnitPrice\"::numeric)::float8 as revenue
     from raw where \"Quantity\"::numeric > 0 and \"UnitPrice\"::numeric > 0 group by 1"
days='select 1, day, revenue from public.daily'
columns="method, model, n, round(mae::numeric) as mae, round(rmse::numeric) as rmse, round(mape::numeric, 1) as mape, round(smape::numeric, 1) as smape,
    round(wape::numeric, 1) as wape, round(mase::numeric, 3) as mase, round(accuracy::numeric, 1) as accuracy, round(coverage::numeric, 3) as coverage, round(skill::numeric, 3) as skill"
methods=ets,auto,theta
options='{}'
if [ "$(sql "select count(*) from pg_proc where pronamespace = 'ecom'::regnamespace and proname = 'arima_fit'")" -gt 0 ]; then
    methods=arima,$methods
    options='{"arima": {"order": [5,1,2]}}'
fi
echo 'daily revenue of Online Retail, last fifth from the first four (days without sales are 0, and left out of mape):'
q -P border=0 -c '\pset format aligned' -c '\pset tuples_only off' -c "select $columns from ecom.backtest('$days', '{$methods}', options => '$options')"
echo 'the same from origins a week apart, a week ahead:'
q -P border=0 -c '\pset format aligned' -c '\pset tuples_only off' -c "select $columns from ecom.backtest('$days', '{$methods}', horizon => 7, options => '$options')"
is 'days, of them tested' '374|75' "$(sql "select max(day) - min(day) + 1, (select n from ecom.backtest('$days', '{ets}') where method = 'ets') from daily")"
is 'every method forecasts' t "$(sql "select bool_and(n = 75 and status = 'ok') from ecom.backtest('$days', '{$methods}', options => '$options')")"
is 'ETS and the automatic forecast are better than the seasonal naive forecast' t "$(sql "select bool_and(skill > 0) from ecom.backtest('$days', '{ets,auto}') where method <> 'seasonal_naive'")"
# By hand: what came a week before the split is what the seasonal naive forecast repeats.
close 'seasonal naive by hand' 1e-12 "
    with step as (select row_number() over (order by d) as i, coalesce(sum(revenue), 0) as y from generate_series((select min(day) from daily)::timestamp, (select max(day) from daily), '1 day') d
                  left join daily on day = d group by d)
    select avg(abs(a.y - b.y)) as expected, (select mae from ecom.backtest('$days', '{}')) as actual
    from step a join step b on b.i = 293 + (a.i - 300) % 7 where a.i >= 300"

# A mart of the same days, which has no categories.
sql "create table public.day_lines as select day::text as order_id, 'all' as customer_id, day as order_date, 'all' as product_id, 1 as quantity, revenue::numeric(18,2) as unit_price from daily"
sql "select from ecom.create_mart('retail')" > /dev/null
sql "select from ecom.load_sales('retail', 'public.day_lines')" > /dev/null
is 'refresh forecasts' 'sales done,forecast done' "$(sql "select string_agg(step || ' ' || status, ',' order by step desc) from ecom.refresh('retail', '{sales,forecast}')")"
close 'one unknown category is the total' 1e-9 "select f.forecast_amount as expected, c.revenue_forecast as actual from retail.revenue_forecast f
    join retail.category_demand_forecast c using (period_start) where f.grain = 'day'"
close 'days are those of the lines' 1e-9 "select sum(revenue_amount)::float8 as expected, (select sum(revenue_amount) from retail.revenue_decomposition where grain = 'day')::float8 as actual from retail.fact_sales"
sql "select 'next month: ' || concat_ws(' ', month, basis, round(forecast_amount::numeric), 'from', round(lower_amount::numeric), 'to', round(upper_amount::numeric), 'after', round(last_month_amount::numeric)) from retail.next_month_revenue"
finish
