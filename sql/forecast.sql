-- Forecasts over any query: steps, duplicates, gaps, simple methods, models, series of a query, bad input.
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
create schema test_forecast;
set search_path = test_forecast, public;

-- Nile at Aswan, first years (Cobb, 1978); naive, drift and mean as R's forecast has them.
create table nile as
select make_date(1870 + n::int, 1, 1) as year, value from unnest('{1120,1160,963,1210,1160,1160,813,1230,1370,1140}'::float8[]) with ordinality v (value, n);
select method, step, ts, round(forecast::numeric, 4) as forecast, round(lower::numeric, 4) as lower, round(upper::numeric, 4) as upper, status
from (select (unnest(ecom.naive_forecast(year, value, 2))).* from nile union all
      select (unnest(ecom.drift_forecast(year, value, 2))).* from nile union all
      select (unnest(ecom.mean_forecast(year, value, 2))).* from nile) f order by method, step;

-- The step is inferred.
create table calendar as
select kind, t::timestamp as ts, row_number() over (partition by kind order by t)::float8 as value
from (select 'hour' as kind, generate_series(timestamp '2024-01-01 05:00', '2024-01-02 05:00', '1 hour') as t
      union all select 'day', generate_series(timestamp '2024-01-01', '2024-01-20', '1 day')
      union all select 'week', generate_series(timestamp '2024-01-07', '2024-06-01', '1 week')
      union all select 'month', generate_series(timestamp '2024-01-01', '2024-11-01', '1 month')
      union all select 'month end', generate_series(timestamp '2024-02-01', '2024-11-01', '1 month') - interval '1 day'
      union all select 'quarter', generate_series(timestamp '2020-01-01', '2023-10-01', '3 months')
      union all select 'year', generate_series(timestamp '2004-03-01', '2014-03-01', '1 year')) s;
select kind, array_agg(f.ts order by f.step) as next, min(i ->> 'step') as step
from (select kind, ecom.drift_fit(ts, value) as m from calendar group by kind) q, ecom.forecast(m, 2) f, ecom.model_info(m) i
group by kind order by kind;

-- Order lines: sums of a day, days without lines are zero; or what else is asked for.
create table lines as select * from (values (timestamp '2024-01-01 10:01', 1::float8), ('2024-01-01 11:00', 2), ('2024-01-03 09:30', 5),
    ('2024-01-04 00:00', null), ('2024-01-05 23:59', 7)) v (ts, value);
select rule, array_agg(value order by step) as steps
from (values ('sum, zero', '{"step": "day"}'::jsonb), ('mean, linear', '{"step": "day", "duplicates": "mean"}'),
             ('last, missing', '{"step": "day", "duplicates": "last", "gaps": "missing"}'),
             ('previous', '{"step": "day", "gaps": "previous"}')) r (rule, options),
     lateral (select ecom.naive_fit(ts, value, options) as m from lines) q, ecom.fitted(m) f
group by rule order by rule;

-- Any order of rows, any plan, the same bytes.
select count(distinct m::text) from (
    select ecom.drift_fit(ts, value, '{"step": "day"}' order by ts) as m from lines union all
    select ecom.drift_fit(ts, value, '{"step": "day"}' order by ts desc) from lines union all
    select ecom.drift_fit(ts, value, '{"step": "day"}' order by value) from lines) q;

-- Many series of a query; what cannot be fitted says so and stops nobody.
select series, count(*) as steps, round(min(forecast)::numeric, 3) as low, round(max(forecast)::numeric, 3) as high, min(method) as method, min(status) as status
from ecom.seasonal_naive_forecast($$
    select 'weekly', d, (extract(isodow from d))::int from generate_series(timestamp '2024-01-01', '2024-02-11', '1 day') d
    union all select 'constant', d, 3 from generate_series(timestamp '2024-01-01', '2024-01-20', '1 day') d
    union all select 'one', '2024-01-01', 8
    union all select 'two', d, extract(day from d)::int from generate_series(timestamp '2024-01-01', '2024-01-02', '1 day') d
    union all select 'zero', d, 0 from generate_series(timestamp '2024-01-01', '2024-01-20', '1 day') d
    union all select 'null', d, null from generate_series(timestamp '2024-01-01', '2024-01-20', '1 day') d
    union all select 'infinite', d, 'infinity'::float8 from generate_series(timestamp '2024-01-01', '2024-01-20', '1 day') d
    union all select 'short', d, extract(day from d)::int from generate_series(timestamp '2024-01-01', '2024-01-10', '1 day') d$$, 7)
group by series order by series;

-- The same for any number of threads.
set ecom_analytics.max_threads = 1;
create temp table one as select * from ecom.drift_forecast('select n % 50, date ''2024-01-01'' + n / 50, n * 7919 % 1000 from generate_series(0, 4999) n', 5);
set ecom_analytics.max_threads = 4;
select count(*), count(*) filter (where o is distinct from f) as differ
from ecom.drift_forecast('select n % 50, date ''2024-01-01'' + n / 50, n * 7919 % 1000 from generate_series(0, 4999) n', 5) f
full join one o using (series, step) where o is distinct from null;
reset ecom_analytics.max_threads;

-- Models: forecast, update and text.
select f.step, f.ts, f.forecast from (select ecom.naive_fit(year, value) as m from nile) q,
    ecom.forecast(ecom.update(m, '{1882-01-01,1881-01-01}', '{5,4}'), 2) f;
select count(*) from (select ecom.drift_fit(year, value) as m from nile) q where m::text::ecom.model::text = m::text;
select ecom.model_info(m) - 'checksum' - 'bytes' - 'residual_standard_deviation' from (select ecom.naive_fit(year, value) as m from nile) q;

-- Exponential smoothing with the highest likelihoods known for these models; the theta family.
create table ap as
select (date '1949-01-01' + (n - 1) * interval '1 month') as month, v::float8 as value from unnest('{112,118,132,129,121,135,148,148,136,119,104,118,115,126,141,135,125,149,170,170,158,133,114,140,145,150,178,163,172,178,199,199,184,162,146,166,171,180,193,181,183,218,230,242,209,191,172,194,196,196,236,235,229,243,264,272,237,211,180,201,204,188,235,227,234,264,302,293,259,229,203,229,242,233,267,269,270,315,364,347,312,274,237,278,284,277,317,313,318,374,413,405,355,306,271,306,315,301,356,348,355,422,465,467,404,347,305,336,340,318,362,348,363,435,491,505,404,359,310,337,360,342,406,396,420,472,548,559,463,407,362,405,417,391,419,461,472,535,622,606,508,461,390,432}'::int[]) with ordinality a (v, n);
select model, i ->> 'method' as method, (i ->> 'log_likelihood')::float8 > best - 0.001 as reaches_best
from (values ('MNM', -684.09379), ('ANN', -863.89337), ('AAA', -718.47331), ('MAM', -675.98203)) v (model, best),
    lateral (select ecom.model_info(ecom.ets_fit(month, value, jsonb_build_object('model', model, 'effort', 'exact'))) as i from ap) q;
select model, i ->> 'method' as method, round((i ->> 'alpha')::numeric, 1) as alpha
from unnest('{STM,OTM,DSTM,DOTM}'::text[]) model,
    lateral (select ecom.model_info(ecom.theta_fit(month, value, jsonb_build_object('model', model))) as i from ap) q;
-- Forecasts of all methods follow growth and season; intervals hold the forecast and widen with the level.
select kind, round(avg(f.forecast)::numeric, -2) as mean, bool_and(f.lower < f.forecast and f.forecast < f.upper) as holds,
       bool_and(w.upper - w.lower < f.upper - f.lower) as narrower_at_80
from (select 'ets' as kind, ecom.ets_fit(month, value) as m from ap union all select 'theta', ecom.theta_fit(month, value) from ap
      union all select 'ces', ecom.ces_fit(month, value) from ap union all select 'mstl', ecom.mstl_fit(month, value) from ap
      union all select 'auto', ecom.auto_fit(month, value) from ap) q, ecom.forecast(m, 12) f join lateral ecom.forecast(m, 12, 0.8) w using (step)
group by kind order by kind;
-- A model that has taken the last year in foretells from there as one that knew it, with the parameters it had.
select kind, count(*) as steps, bool_and(abs(f.forecast / v - 1) < 0.2) as near
from (select 'ets' as kind, ecom.ets_fit(month, value) filter (where month < '1959-01-01') as m from ap
      union all select 'theta', ecom.theta_fit(month, value) filter (where month < '1959-01-01') from ap
      union all select 'ces', ecom.ces_fit(month, value) filter (where month < '1959-01-01') from ap
      union all select 'mstl', ecom.mstl_fit(month, value) filter (where month < '1959-01-01') from ap
      union all select 'auto', ecom.auto_fit(month, value) filter (where month < '1959-01-01') from ap) q,
    lateral (select ecom.update(m, array_agg(month), array_agg(value)) as u from ap where month between '1959-01-01' and '1959-12-31') a,
    ecom.forecast(u, 12) f join (select month as ts, value as v from ap) x using (ts)
group by kind order by kind;
select kind, (m::text::ecom.model)::text = m::text as same
from (select 'ets' as kind, ecom.ets_fit(month, value) as m from ap union all select 'theta', ecom.theta_fit(month, value) from ap
      union all select 'ces', ecom.ces_fit(month, value) from ap union all select 'mstl', ecom.mstl_fit(month, value) from ap
      union all select 'auto', ecom.auto_fit(month, value) from ap) q;
-- The season of complex exponential smoothing; seasons of several lengths, of which one is longer than half the series.
select season, i ->> 'method' as method from unnest('{none,simple,partial,full}'::text[]) season,
    lateral (select ecom.model_info(ecom.ces_fit(month, value, jsonb_build_object('season', season))) as i from ap) q;
select i -> 'periods' as periods from (select ecom.model_info(ecom.mstl_fit(month, value, '{"periods": [4, 12, 100], "robust": true}')) as i from ap) q;
select method, count(*) as steps, min(status) as status from ecom.ces_forecast('select 1, month, value from test_forecast.ap', 3, season => 'full') group by method
union all select method, count(*), min(status) from ecom.mstl_forecast('select 1, month, value from test_forecast.ap', 3, periods => '{4,12}') group by method
union all select method, count(*), min(status) from ecom.ces_forecast($$select 1, month, value from test_forecast.ap where month < '1949-05-01'$$, 3) group by method
union all select method, count(*), min(status) from ecom.mstl_forecast($$select 1, month, value from test_forecast.ap where month < '1949-03-01'$$, 3) group by method;
-- Regressors: an effect of 50 every eleventh month comes back in the forecast, by every method that knows none itself.
create table promoted as
select month, value + 50 * (n % 11 = 3)::int as value, array[(n % 11 = 3)::int::float8] as promotion from (select *, row_number() over (order by month) as n from ap) a
union all select date '1961-01-01' + n * interval '1 month', null, array[(n = 4)::int::float8] from generate_series(0, 5) n;
select kind, regexp_replace(ecom.model_info(m) ->> 'method', '(by ).*', '\1...') as method, abs((ecom.model_info(m) ->> 'regressor1')::float8 - 50) < 15 as is_near,
       (select count(*) from ecom.forecast(m, 6)) as steps
from (select 'auto' as kind, ecom.auto_fit(month, value, promotion, '{}') as m from promoted union all select 'ets', ecom.ets_fit(month, value, promotion, '{}') from promoted
      union all select 'theta', ecom.theta_fit(month, value, promotion, '{}') from promoted union all select 'ces', ecom.ces_fit(month, value, promotion, '{}') from promoted
      union all select 'mstl', ecom.mstl_fit(month, value, promotion, '{}') from promoted) q
order by kind;
select count(*) as steps, min(status) as status from ecom.ets_forecast('select 1, month, value, promotion[1] from test_forecast.promoted', 6);
select pg_temp.error_of($$select ecom.ets_forecast(month, value, promotion, 7, '{}') from test_forecast.promoted$$);
-- Promotions still to come, which the past does not know, have no effect and change no forecast, nor do those of a backtest that ends before them.
select kind, count(*) as steps, max(abs(f.forecast - g.forecast)) < 1e-9 as same, min(f.status) as status
from (select 'auto' as kind, ecom.auto_fit(month, value, array[0], '{}') as beside, ecom.auto_fit(month, value) as alone from ap
      union all select 'ets', ecom.ets_fit(month, value, array[0], '{}'), ecom.ets_fit(month, value) from ap
      union all select 'arima', ecom.arima_fit(month, value, array[0], '{"order": [0,1,1], "seasonal": [0,1,1]}'), ecom.arima_fit(month, value, '{"order": [0,1,1], "seasonal": [0,1,1]}') from ap
      union all select 'regression', ecom.regression_fit(month, value, array[0], '{}'), ecom.regression_fit(month, value) from ap) q,
    ecom.forecast(q.beside, 3, regressors => '{1,0,1}') f join lateral ecom.forecast(q.alone, 3) g using (step)
group by kind order by kind;
select method, n, status from ecom.backtest('select 1, month, value, (month >= ''1960-07-01'')::int from test_forecast.ap', '{ets,theta,arima,regression}',
    options => '{"arima": {"order": [0,1,1], "seasonal": [0,1,1]}}') order by method collate "C";
-- Series that no model fits; negative values and zeros have no multiplicative models.
select series, count(*) as steps, count(*) filter (where forecast is null) as missing, min(status) as status
from ecom.auto_forecast($$
    select 'negative', d, -5 + extract(day from d)::int from generate_series(timestamp '2024-01-01', '2024-02-11', '1 day') d
    union all select 'constant', d, 3 from generate_series(timestamp '2024-01-01', '2024-01-20', '1 day') d
    union all select 'two', d, extract(day from d)::int from generate_series(timestamp '2024-01-01', '2024-01-02', '1 day') d
    union all select 'five', d, extract(day from d)::int % 2 from generate_series(timestamp '2024-01-01', '2024-01-05', '1 day') d$$, 7)
group by series order by series;
select min(status) from ecom.ets_forecast($$select 1, d, -extract(day from d)::int from generate_series(timestamp '2024-01-01', '2024-02-11', '1 day') d$$, 7, model => 'MNN');
select pg_temp.error_of($$select ecom.ets_fit(month, value, '{"model": "AXN"}') from test_forecast.ap$$);
select pg_temp.error_of($$select ecom.ets_fit(month, value, '{"model": "AAM"}') from test_forecast.ap$$);
select pg_temp.error_of($$select ecom.theta_fit(month, value, '{"model": "TOM"}') from test_forecast.ap$$);
select pg_temp.error_of($$select ecom.ces_fit(month, value, '{"season": "weekly"}') from test_forecast.ap$$);
select pg_temp.error_of($$select ecom.mstl_fit(month, value, '{"periods": [12, 7]}') from test_forecast.ap$$);

-- Bad input.
select pg_temp.error_of('select ecom.naive_forecast(year, value, 0) from nile');
select pg_temp.error_of('select ecom.naive_forecast(year, value, 10000000) from nile');
select pg_temp.error_of('select ecom.naive_forecast(year, value, null) from nile');
select pg_temp.error_of($$select ecom.naive_forecast(year, value, 3, '{"perod": 12}') from nile$$);
select pg_temp.error_of($$select ecom.naive_forecast(year, value, 3, '{"period": 0}') from nile$$);
select pg_temp.error_of($$select ecom.naive_forecast(year, value, 3, '{"level": 95}') from nile$$);
select pg_temp.error_of($$select ecom.naive_forecast(year, value, 3, '{"step": "fortnight"}') from nile$$);
select pg_temp.error_of($$select ecom.naive_forecast(year, value, 3, '[1]') from nile$$);
select pg_temp.error_of($$select ecom.naive_forecast('infinity', value, 3) from nile$$);
select pg_temp.error_of($$select * from ecom.naive_forecast('select 1, 2', 3)$$);
select pg_temp.error_of($$select * from ecom.naive_forecast('select 1, 2, 3', 3)$$);
select pg_temp.error_of($$select * from ecom.naive_forecast('delete from test_forecast.nile', 3)$$);
select pg_temp.error_of($$select ecom.naive_fit(year, null) from nile$$);
select pg_temp.error_of($$select ecom.update(ecom.naive_fit(year, value), '{1871-01-01}', '{1}') from nile$$);
select pg_temp.error_of($$select ecom.update(ecom.naive_fit(year, value), '{1881-01-01}', '{1,2}') from nile$$);
select (unnest(ecom.naive_forecast(ts, value, 1))).* from lines;
select ecom.naive_forecast(ts, value, 1) from lines where false;
drop schema test_forecast cascade;
