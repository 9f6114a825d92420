-- Seasonal ARIMA: published series, automatic orders, regressors, missing values, models, series of a query, bad input.
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
create schema test_arima;
set search_path = test_arima, public;

-- Flow of the Nile at Aswan (Cobb, 1978), a series of R.
create table nile as
select make_date(1870 + n::int, 1, 1) as year, value from unnest('{1120,1160,963,1210,1160,1160,813,1230,1370,1140,995,935,1110,994,1020,960,1180,799,958,1140,1100,1210,1150,1250,1260,1220,1030,1100,774,840,874,694,940,833,701,916,692,1020,1050,969,831,726,456,824,702,1120,1100,832,764,821,768,845,864,862,698,845,744,796,1040,759,781,865,845,944,984,897,822,1010,771,676,649,846,812,742,801,1040,860,874,848,890,744,749,838,1050,918,986,797,923,975,815,1020,906,901,1170,912,746,919,718,714,740}'::float8[]) with ordinality v (value, n);
-- Exact maxima of the likelihood, as found by R 4.2 with an exact initial covariance (its default differs by up to 1e-2 there).
select model, i ->> 'method' as method, abs((i ->> 'log_likelihood')::float8 - best) < 1e-6 as likelihood, abs((i ->> 'sigma2_ml')::float8 / sigma2 - 1) < 1e-5 as sigma2,
       abs((i ->> 'aicc')::float8 - aicc) < 1e-5 as aicc
from (values ('{"order": [1,0,0]}', -639.9521586592292, 21124.83853348427, 1286.1543173184584), ('{"order": [0,1,1]}', -632.5456251030408, 20599.867035837797, 1269.2162502060817),
             ('{"order": [1,0,1]}', -637.0387845333155, 19891.693270530974, 1282.49862169821),
             ('{"order": [1,1,1], "constant": true}', -629.8185246968761, 19405.841075953158, 1268.0625813086458)) v (model, best, sigma2, aicc),
     lateral (select ecom.model_info(ecom.arima_fit(year, value, model::jsonb)) as i from nile) q;
select step, ts, round(forecast::numeric, 2) as forecast, round(std_error::numeric, 1) as std_error, method, status
from (select (unnest(ecom.arima_forecast(year, value, 3, '{"order": [1,1,1], "constant": true}'))).* from nile) f;
select abs(f.forecast - mean) < 0.01 as as_published, f.lower < f.forecast and f.forecast < f.upper as holds
from (select (unnest(ecom.arima_forecast(year, value, 3, '{"order": [1,0,1]}'))).* from nile) f
join (values (1, 800.3650236079554), (2, 817.0868734712411), (3, 831.4849371867272)) v (step, mean) using (step);
-- Orders by AICc: as R's auto.arima chooses them for this series.
select method, status, count(*) from (select (unnest(ecom.arima_forecast(year, value, 5))).* from nile) f group by 1, 2;
-- Coefficients with standard errors, and roots.
select abs((i ->> 'ar1')::float8 - 0.8610329498949861) < 1e-4 as ar1, abs((i ->> 'ma1')::float8 - -0.5176787217946136) < 1e-4 as ma1, abs((i ->> 'mean')::float8 - 920.69) < 0.01 as mean,
       (i ->> 'ar1_se')::numeric(9,2) as ar1_se, (i ->> 'ma1_se')::numeric(9,2) as ma1_se, (i ->> 'least_ar_root')::numeric(9,2) as ar_root
from (select ecom.model_info(ecom.arima_fit(year, value, '{"order": [1,0,1]}')) as i from nile) q;

-- Airline passengers (Box and Jenkins, 1970): the airline model on logarithms.
create table ap as
select (date '1949-01-01' + (n - 1) * interval '1 month') as month, v::float8 as value from unnest('{112,118,132,129,121,135,148,148,136,119,104,118,115,126,141,135,125,149,170,170,158,133,114,140,145,150,178,163,172,178,199,199,184,162,146,166,171,180,193,181,183,218,230,242,209,191,172,194,196,196,236,235,229,243,264,272,237,211,180,201,204,188,235,227,234,264,302,293,259,229,203,229,242,233,267,269,270,315,364,347,312,274,237,278,284,277,317,313,318,374,413,405,355,306,271,306,315,301,356,348,355,422,465,467,404,347,305,336,340,318,362,348,363,435,491,505,404,359,310,337,360,342,406,396,420,472,548,559,463,407,362,405,417,391,419,461,472,535,622,606,508,461,390,432}'::int[]) with ordinality a (v, n);
select abs((i ->> 'log_likelihood')::float8 - 244.6964868328608) < 1e-6 as likelihood, i ->> 'method' as method
from (select ecom.model_info(ecom.arima_fit(month, ln(value), '{"order": [0,1,1], "seasonal": [0,1,1]}')) as i from ap) q;
select step, round(forecast::numeric, 4) as forecast from (select (unnest(ecom.arima_forecast(month, ln(value), 3, '{"order": [0,1,1], "seasonal": [0,1,1]}'))).* from ap) f;
select method, count(*) from (select (unnest(ecom.arima_forecast(month, ln(value), 12))).* from ap) f group by 1;

-- Missing values are missing, not zero; regressors known in the future; conditional least squares.
select abs((i ->> 'log_likelihood')::float8 - -639.9521586592292) > 1 as other_likelihood, i ->> 'steps' as steps
from (select ecom.model_info(ecom.arima_fit(year, case when extract(year from year) not in (1880, 1900) then value end, '{"order": [1,0,0], "gaps": "missing"}')) as i from nile) q;
create table promo as select date '2024-01-01' + n as day, (n % 10 = 0)::int::float8 as promotion, 100 + 50 * (n % 10 = 0)::int + 10 * sin(n) as value from generate_series(0, 119) n;
select step, round(forecast::numeric, 0) as forecast
from (select (unnest(ecom.arima_forecast(day, case when day < '2024-04-10' then value end, array[promotion], 11, '{"order": [1,0,0], "step": "day"}'))).* from promo) f where step in (1, 2, 11);
select pg_temp.error_of('select ecom.arima_forecast(day, value, array[promotion], 5, ''{"order": [1,0,0]}'') from promo');
select min(status) as status from (select (unnest(ecom.arima_forecast(day, case when day < '2024-04-10' then value end, array[promotion, 2 * promotion], 5, '{"order": [1,0,0]}'))).* from promo) f;
select i ->> 'method' as method, abs((i ->> 'ar1')::float8 - 0.506) < 0.05 as near_the_likelihood from (select ecom.model_info(ecom.arima_fit(year, value, '{"order": [1,0,0], "conditional": true}')) as i from nile) q;

-- A model takes new points in with the coefficients it had, and travels as text.
select count(*) as steps, bool_and(abs(a.forecast - b.forecast) < 1e-6) as as_refitted_at_the_same_coefficients, min(a.ts) as first
from (select ecom.arima_fit(year, value, '{"order": [0,1,1]}') filter (where year < '1960-01-01') as m from nile) q,
     lateral (select ecom.update(m, array_agg(year::timestamp order by year), array_agg(value order by year)) as u from nile where year >= '1960-01-01') n,
     lateral ecom.forecast(u, 3) a join lateral ecom.forecast(u::text::ecom.model, 3) b using (step);
select (m::text::ecom.model)::text = m::text as same from (select ecom.arima_fit(year, value, '{"order": [2,0,1]}') as m from nile) q;

-- Many series; what cannot be fitted says so and stops nobody; the same for any number of threads and order of rows.
create table many as
select s, date '2024-01-01' + n as day, 100 + s * 10 + 20 * sin(2 * pi() * n / 7) + (hashint8extended(n * 100 + s, 5) % 1000) / 100.0 as value from generate_series(1, 6) s, generate_series(0, 83) n;
set ecom_analytics.max_threads = 1;
create temp table one as select * from ecom.arima_forecast('select s, day, value from many order by value', 3, array[1,0,1], array[0,1,1], step => 'day', period => 7);
set ecom_analytics.max_threads = 8;
select count(*), count(*) filter (where o is distinct from f) as differ
from ecom.arima_forecast('select s, day, value from many order by day', 3, array[1,0,1], array[0,1,1], step => 'day', period => 7) f full join one o using (series, step) where o is distinct from null;
reset ecom_analytics.max_threads;
select series, count(*) as steps, count(*) filter (where forecast is null) as missing, min(method) as method, min(status) as status
from ecom.arima_forecast($$
    select 'constant', d, 3 from generate_series(timestamp '2024-01-01', '2024-01-20', '1 day') d
    union all select 'zero', d, 0 from generate_series(timestamp '2024-01-01', '2024-01-20', '1 day') d
    union all select 'one', '2024-01-01', 8
    union all select 'two', d, extract(day from d)::int from generate_series(timestamp '2024-01-01', '2024-01-02', '1 day') d
    union all select 'null', d, null from generate_series(timestamp '2024-01-01', '2024-01-20', '1 day') d
    union all select 'infinite', d, 'infinity'::float8 from generate_series(timestamp '2024-01-01', '2024-01-20', '1 day') d
    union all select 'short', d, extract(day from d)::int from generate_series(timestamp '2024-01-01', '2024-01-05', '1 day') d$$, 2, array[2,1,1], step => 'day')
group by series order by series;

-- Waves as regressors.
select array_agg(round(x::numeric, 6) order by n) from unnest(ecom.fourier('2024-01-02 06:00', 7, 2)) with ordinality f (x, n);
select bool_and(abs(f.forecast - (100 + 10 * sin(2 * pi() * extract(epoch from f.ts) / 86400 / 365.25))) < 0.5) as followed
from (select (unnest(ecom.arima_forecast(d, case when d < '2025-06-01' then 100 + 10 * sin(2 * pi() * extract(epoch from d) / 86400 / 365.25) + (hashint8extended(extract(epoch from d)::bigint, 1) % 100) / 500.0 end,
          ecom.fourier(d, 365.25, 1), 30, '{"order": [1,0,0], "period": 1}'))).* from generate_series(timestamp '2024-01-01', '2025-07-01', '1 day') d) f;
select pg_temp.error_of('select ecom.fourier(''2024-01-01'', 0, 1)'), pg_temp.error_of('select ecom.fourier(''2024-01-01'', 7, 0)');

-- Bad input.
select pg_temp.error_of(format('select ecom.arima_fit(year, value, %L) from test_arima.nile', o)) as error
from unnest(array['{"order": [1,2]}', '{"order": [1,0,400]}', '{"order": [0,3,0]}', '{"order": [-1,0,0]}', '{"order": [1,0,0], "seasonal": [1,0,0], "period": 1}', '{"order": "AR"}',
                  '{"order": [0,2,1], "constant": true}', '{"ordre": [1,0,0]}', '{"order": [1.5,0,0]}']) o;
select pg_temp.error_of('select ecom.arima_forecast(year, value, 0) from test_arima.nile');
select pg_temp.error_of('select ecom.arima_forecast(year, value, 10000000) from test_arima.nile');
select ecom.arima_forecast(year, value, 1) from nile where false;
reset search_path;
drop schema test_arima cascade;
