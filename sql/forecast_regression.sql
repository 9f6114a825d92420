-- Forecasts by regression: against PostgreSQL's own regression, chosen terms, regressors, models, bad input.
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
create schema test_regression;
set search_path = test_regression, public;

-- Monthly sales: 3 a month more, 40 more every December, a promotion of 25, and some noise.
create table sales as
select make_date(2018 + i / 12, 1 + i % 12, 1) as month, i, (i % 5 = 2)::int::float8 as promotion,
       100 + 3 * i + case when i % 12 = 11 then 40 else 0 end + 4 * sin(i * i) as value
from generate_series(0, 71) i;

-- A straight line, and one lag, are those of regr_slope and regr_intercept.
with line as (select regr_slope(value, i) as b, regr_intercept(value, i) as a from sales),
     lagged as (select regr_slope(value, before) as b, regr_intercept(value, before) as a
                from (select value, lag(value) over (order by month) as before from sales) s)
select 'trend' as term, abs(f.forecast - (a + 72 * b)) < 1e-9 as as_postgres
from line, (select (unnest(ecom.regression_forecast(month, value, 1, '{"trend": true, "season": false, "lags": []}'))).* from sales) f
union all
select 'lag', abs(f.forecast - (a + b * (select value from sales where i = 71))) < 1e-9
from lagged, (select (unnest(ecom.regression_forecast(month, value, 1, '{"trend": false, "season": false, "lags": [1]}'))).* from sales) f;

-- Terms are chosen; the forecast knows trend and December.
select step, ts::date, abs(forecast - (100 + 3 * (71 + step) + case when step = 12 then 40 else 0 end)) < 6 as is_near, upper - lower between 5 and 40 as has_interval, method, status
from (select (unnest(ecom.regression_forecast(month, value, 12))).* from sales) f where step in (1, 12);
select round((i ->> 'trend')::numeric, 1) as trend, jsonb_array_length(i -> 'season') as places, round((i ->> 'r_squared')::numeric, 2) as r_squared
from (select ecom.model_info(ecom.regression_fit(month, value)) as i from sales) q;

-- Regressors, those of the future included.
create table promoted as
select month, value + 25 * promotion as value, promotion from sales
union all select date '2024-01-01' + i * interval '1 month', null, (i = 1)::int from generate_series(0, 2) i;
select step, round(forecast - lag(forecast, 1) over (order by step)) as change, method
from (select (unnest(ecom.regression_forecast(month, value, array[promotion], 3, '{"season": false, "trend": true, "lags": []}'))).* from promoted) f;
select step, method, status from ecom.regression_forecast('select 1, month, value, promotion from test_regression.promoted', 2, lags => '{1}', season => false);
-- Only steps whose regressors are known.
select pg_temp.error_of($$ select ecom.regression_forecast(month, value, array[promotion], 4, '{}') from test_regression.promoted $$);
select status from ecom.regression_forecast('select 1, month, value, promotion, 1 - promotion from test_regression.promoted', 2);

-- A model takes new values in as if it had known them, with the coefficients it has.
with fitted as (select ecom.regression_fit(month, value, '{"lags": [1], "season": false}') as m from sales where i < 70),
     updated as (select ecom.update(m, (select array_agg(month::timestamp) from sales where i >= 70), (select array_agg(value) from sales where i >= 70)) as m from fitted)
select (select count(*) from updated, ecom.fitted(m)) as steps,
       abs((select fitted from updated, ecom.fitted(m) where step = 71) - (select forecast from fitted, ecom.forecast(m, 1))) < 1e-9 as as_foretold;

-- Any order of rows, the same bytes; a backtest by it.
select count(distinct m::text) from (
    select ecom.regression_fit(month, value order by month) as m from sales union all select ecom.regression_fit(month, value order by value) from sales) q;
select method, n, skill > 0 as is_better, status from ecom.backtest('select 1, month, value from test_regression.sales', '{regression}', options => '{"regression": {"lags": []}}');

-- What cannot be fitted, and what has no meaning.
select series, min(method) as method, min(status) as status from ecom.regression_forecast($$
    select 'two', d, 1 + extract(day from d) from generate_series(timestamp '2024-01-01', '2024-01-02', '1 day') d
    union all select 'constant', d, 3 from generate_series(timestamp '2024-01-01', '2024-01-20', '1 day') d
    union all select 'empty', d, null from generate_series(timestamp '2024-01-01', '2024-01-20', '1 day') d $$, 2, season => true) group by series order by series;
select statement, pg_temp.error_of(statement) from unnest(array[
    $$ select ecom.regression_forecast(now()::timestamp, 1, 1, '{"lags": [0]}') $$,
    $$ select ecom.regression_forecast(now()::timestamp, 1, 1, '{"lags": [1, 1]}') $$,
    $$ select ecom.regression_forecast(now()::timestamp, 1, 1, '{"lags": [1001]}') $$,
    $$ select ecom.regression_forecast(now()::timestamp, 1, 1, '{"trend": 1}') $$,
    $$ select ecom.regression_forecast(now()::timestamp, 1, 1, '{"order": [1]}') $$,
    $$ select ecom.regression_forecast(now()::timestamp, 1, 0) $$]) statement;

drop schema test_regression cascade;
