-- Evaluation of forecasts: accuracy, backtests, the test of two forecasts, reconciliation, bad input.
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
create schema test_backtest;
set search_path = test_backtest, public;

-- Accuracy by hand: a zero has no percentage, NULL no pair.
create table pairs (id int, actual float8, forecast float8, lower float8, upper float8, scale float8);
insert into pairs values (1, 10, 12, 8, 14, 4), (2, 20, 15, 16, 18, 2), (3, 0, 3, null, null, null), (4, 0, 0, 0, 0, 0), (5, null, 1, 0, 2, 1), (6, 3, null, 0, 2, 1);
\x on
select (ecom.forecast_accuracy(actual, forecast, lower, upper, scale)).* from pairs;
\x off
select (a).n, (a).mae, (a).coverage, (a).mase, (a).accuracy from (select ecom.forecast_accuracy(actual, forecast) as a from pairs) q;
select ecom.forecast_accuracy(actual, forecast) is null as nothing from pairs where actual is null;
select ecom.forecast_accuracy(actual, forecast) is null as no_rows from pairs where false;
select (ecom.forecast_accuracy(0, 1)).mape is null as only_zeros;
-- Any order, any plan, the same bytes.
select count(distinct a::text) from (
    select ecom.forecast_accuracy(sin(i) * 1e6, cos(i) order by i) as a from generate_series(1, 5000) i union all
    select ecom.forecast_accuracy(sin(i) * 1e6, cos(i) order by i desc) from generate_series(1, 5000) i union all
    select ecom.forecast_accuracy(sin(i) * 1e6, cos(i) order by cos(i)) from generate_series(1, 5000) i) q;
-- A window shows how accuracy moves.
select id, round(((ecom.forecast_accuracy(actual, forecast) over (order by id)).mae)::numeric, 3) as mae from pairs where id < 4;

-- Diebold and Mariano by hand: n 4, mean 1, squares around it 14; for two steps neighbours take 6 away.
create table errors as select i as t, sqrt(d + 4) as e1, 2::float8 as e2 from unnest('{3, 1, 2, -2}'::float8[]) with ordinality u (d, i);
select (t).n, round((t).mean_difference::numeric, 8) as mean_difference, round((t).statistic::numeric, 8) as statistic, round((t).p_value::numeric, 8) as p_value, (t).horizon, (t).better
from (select ecom.diebold_mariano_test(e1, e2 order by t) as t from errors union all
      select ecom.diebold_mariano_test(e1, e2, 2 order by t) from errors union all
      select ecom.diebold_mariano_test(e1, e2, 1, 1 order by t) from errors) q;
select (ecom.diebold_mariano_test(1 + sin(i * i) * 0.2, 2 + cos(i * i) * 0.2 order by i)).better from generate_series(1, 50) i;
select (ecom.diebold_mariano_test(2 + sin(i * i) * 0.2, 1 + cos(i * i) * 0.2 order by i)).better from generate_series(1, 50) i;
select ecom.diebold_mariano_test(1, 2) as constant_difference from generate_series(1, 5);
select ecom.diebold_mariano_test(null, 2) as no_errors from generate_series(1, 5);

-- Backtests: weekly demand with a trend, which the seasonal naive forecast misses by the trend.
create table demand as
select 'a' as series, date '2024-01-01' + i as day, 100 + 10 * (i % 7) + i::float8 as value from generate_series(0, 99) i
union all select 'short', date '2024-01-01', 5
union all select 'constant', date '2024-01-01' + i, 3 from generate_series(0, 19) i
union all select 'empty', date '2024-01-01' + i, null from generate_series(0, 19) i
union all select 'infinite', date '2024-01-01' + i, case i when 5 then 'infinity'::float8 else 1 end from generate_series(0, 19) i;
select series, method, origins, n, round(mae::numeric, 4) as mae, round(mase::numeric, 4) as mase, round(accuracy::numeric, 3) as accuracy,
       round(skill::numeric, 4) as skill, status
from ecom.backtest('select series, day, value from test_backtest.demand', '{drift, mean}');
-- Split: the last fifth from one origin. Rolling: from every seventh step of it.
select method, count(*), count(distinct origin), min(origin)::date, max(ts)::date, max(step)
from ecom.backtest_forecasts('select series, day, value from test_backtest.demand where series = ''a''', '{}') group by method;
select origin::date, step, ts::date, actual, round(forecast::numeric, 4) as forecast, scale, model, status
from ecom.backtest_forecasts('select series, day, value from test_backtest.demand where series = ''a''', '{seasonal_naive}', horizon => 2, stride => 7);
-- Rolling without fitting anew: a method without parameters forecasts the same.
select refit, round(mae::numeric, 6) as mae, origins from (values (true), (false)) v (refit),
    lateral ecom.backtest('select series, day, value from test_backtest.demand where series = ''a''', '{seasonal_naive}', horizon => 5, stride => 1, refit => v.refit);
-- Every method that forecasts can be tested, with options of its own; the same on any number of threads.
set ecom_analytics.max_threads = 1;
create table tested as select 1 as threads, b.* from ecom.backtest('select series, day, value + 3 * sin(extract(day from day)^2) from test_backtest.demand where series = ''a''', '{auto,ets,theta,drift,mean,naive}', horizon => 7,
    options => '{"level": 0.8, "auto": {"calibrate": false}}') b;
set ecom_analytics.max_threads = 4;
insert into tested select 4, b.* from ecom.backtest('select series, day, value + 3 * sin(extract(day from day)^2) from test_backtest.demand where series = ''a''', '{auto,ets,theta,drift,mean,naive}', horizon => 7,
    options => '{"level": 0.8, "auto": {"calibrate": false}}') b;
reset ecom_analytics.max_threads;
select count(*), count(distinct (to_jsonb(t) - 'threads')::text) from tested t;
select method, n, coverage is not null as has_intervals, skill > 0 as is_better, status from tested where threads = 1;

-- Reconciliation: hand-made, and what adds up in general.
select node, parent, step, forecast, round(reconciled::numeric, 6) as reconciled from ecom.reconcile(
    $$ values ('all', null, 1, 100.0), ('a', 'all', 1, 60.0), ('b', 'all', 1, 30.0) $$, method => 'ols');
select method, string_agg(node || ' ' || round(reconciled::numeric, 4), ', ' order by node) as reconciled
from unnest('{bottom_up,ols,wls_struct,wls_var,mint_shrink}'::text[]) method, lateral ecom.reconcile(
    $$ values (0, null, 1, 100), (1, 0, 1, 60), (2, 0, 1, 30) $$,
    $$ select n, date '2024-01-01' + t, sin(t * t + n) * (3 - n) from generate_series(1, 40) t, generate_series(0, 2) n $$, method) r group by method order by method;
select round(reconciled::numeric, 4) as reconciled from ecom.reconcile($$ values ('all', null, 1, 5), ('a', 'all', 1, -1), ('b', 'all', 1, 4) $$, method => 'bottom_up', nonnegative => true) where node in ('all', 'a');
select count(*) as nothing from ecom.reconcile('select 1, null::int, 1, 1.0 where false', method => 'ols');

-- What has no meaning.
select statement, pg_temp.error_of(statement) from unnest(array[
    $$ select ecom.forecast_accuracy(1, 'infinity') $$,
    $$ select ecom.forecast_accuracy(1, 1, 2, 1) $$,
    $$ select ecom.forecast_accuracy(1, 1, 0, 1, -1) $$,
    $$ select ecom.diebold_mariano_test(1, 2, 0) $$,
    $$ select ecom.diebold_mariano_test(1, 2, 1, 0) $$,
    $$ select ecom.diebold_mariano_test(1, 'nan') $$,
    $$ select ecom.backtest('select 1, now()::date, 1', '{magic}') $$,
    $$ select ecom.backtest('select 1, now()::date, 1', test_share => 1) $$,
    $$ select ecom.backtest('select 1, now()::date, 1', horizon => 0) $$,
    $$ select ecom.backtest('select 1, now()::date, 1', horizon => 10000000) $$,
    $$ select ecom.backtest('select 1, now()::date, 1', stride => 1) $$,
    $$ select ecom.backtest('select 1, now()::date, 1', horizon => 1, stride => 0) $$,
    $$ select ecom.backtest('select 1, now()::date, 1', options => '{"speed": 1}') $$,
    $$ select ecom.backtest('select 1, now()::date, 1', options => '{"auto": 1}') $$,
    $$ select ecom.backtest('select 1, now()::date, 1', options => '[]') $$,
    $$ select ecom.backtest('select 1') $$,
    $$ select ecom.backtest(null) $$,
    $$ select ecom.reconcile('values (1, 0, 1, 1.0)', method => 'ols') $$,
    $$ select ecom.reconcile('values (1, 1, 1, 1.0)', method => 'ols') $$,
    $$ select ecom.reconcile('values (1, null::int, 1, 1.0), (1, null, 1, 2.0)', method => 'ols') $$,
    $$ select ecom.reconcile('values (1, null::int, 1, 1.0), (1, 2, 2, 2.0)', method => 'ols') $$,
    $$ select ecom.reconcile('values (1, null::int, 1, 1.0), (2, 1, 2, 2.0)', method => 'ols') $$,
    $$ select ecom.reconcile('values (1, null::int, 1, null::float8)', method => 'ols') $$,
    $$ select ecom.reconcile('values (1, null::int, 1, 1.0)') $$,
    $$ select ecom.reconcile('values (1, null::int, 1, 1.0), (2, 1, 1, 1.0)', 'values (1, date ''2024-01-01'', 0.1), (2, date ''2024-01-01'', 0.1)') $$,
    $$ select ecom.reconcile('values (1, null::int, 1, 1.0)', 'values (2, date ''2024-01-01'', 0.1)') $$,
    $$ select ecom.reconcile('values (1, null::int, 1, 1.0)', 'values (2, 1, 0.1)') $$,
    $$ select ecom.reconcile('values (1, null::int, 1, 1.0)', method => 'magic') $$,
    $$ select ecom.reconcile('select 1', method => 'ols') $$]) statement;

drop schema test_backtest cascade;
