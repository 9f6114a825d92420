#!/usr/bin/env bash
# ARIMA on published series, against the best maxima of the exact likelihood that are known for them and the forecasts there.
. "$(dirname "$0")/lib/tests.sh"
file=$reference/forecast_reference.json
need arima "$file"

# The steps of every series are called days: ARIMA knows a season by its length only.
load_reference "$file"
q <<'SQL'
create table series as
select d.name, v.value::float8, v.t::int
from reference, jsonb_each(doc -> 'data') d (name, data), jsonb_array_elements_text(d.data -> 'values') with ordinality v (value, t)
where v.value is not null;
insert into series select 'log' || name, ln(value), t from series where name in ('AirPassengers', 'UKgas', 'daily584');
insert into series select 'log10' || name, log(value), t from series where name = 'lynx';
create table arima_case as
select n::int, c ->> 'series' as name, c -> 'gold' as gold, c -> 'gold_forecast' as gold_forecast,
       jsonb_build_object('order', c -> 'order', 'seasonal', c -> 'seasonal' #- '{3}', 'step', 'day', 'gaps', 'missing',
                          'period', greatest((c -> 'seasonal' ->> 3)::int, 1),
                          'constant', (c ->> 'include_mean')::boolean or (c ->> 'drift')::boolean) as options,
       nullif(c -> 'xreg', 'null') as xreg, nullif(c -> 'newxreg', 'null') as newxreg
from reference, jsonb_array_elements(doc -> 'arima') with ordinality a (c, n);
-- A regressor's rows go on for the horizon, without values of the series.
create table arima_row as
select n, timestamp '2000-01-01' + t * interval '1 day' as ts, value, null::float8[] as regressors from arima_case join series using (name) where xreg is null
union all
select c.n, timestamp '2000-01-01' + x.t * interval '1 day', s.value, array[coalesce(x.x -> 0, x.x)::float8]
from arima_case c cross join lateral jsonb_array_elements(c.xreg || c.newxreg) with ordinality x (x, t) left join series s on s.t = x.t and s.name = c.name
where c.xreg is not null;
create table fitted as
select n, ecom.model_info(ecom.arima_fit(ts, value, options)) as info from arima_case join arima_row using (n) where xreg is null group by n
union all
select n, ecom.model_info(ecom.arima_fit(ts, value, regressors, options)) from arima_case join arima_row using (n) where xreg is not null group by n;
create table forecast as
select n, (unnest(ecom.arima_forecast(ts, value, jsonb_array_length(gold_forecast -> 'mean'), options))).* from arima_case join arima_row using (n) where xreg is null group by n
union all
select n, (unnest(ecom.arima_forecast(ts, value, regressors, jsonb_array_length(gold_forecast -> 'mean'), options))).* from arima_case join arima_row using (n) where xreg is not null group by n;
SQL

is 'arima cases' 29 "$(sql 'select count(*) from fitted')"
is 'arima models fitted' "" "$(sql "select string_agg(distinct n || ': ' || status, ', ') from forecast where status <> 'ok'")"
is 'maxima below the best that is known' "" "$(sql "select string_agg(concat_ws(' ', n, name, round(((info ->> 'log_likelihood')::float8 - (gold ->> 'loglik')::float8)::numeric, 7)), ', ' order by n)
    from arima_case join fitted using (n) where not coalesce((info ->> 'log_likelihood')::float8 >= (gold ->> 'loglik')::float8 - 1e-6, false)")"

# Where the maximum is the same, so is all that follows. Intervals here take sigma2 over the number less the coefficients,
# the reference over the number. Flat maxima leave some room.
same="arima_case join fitted using (n) where abs((info ->> 'log_likelihood')::float8 - (gold ->> 'loglik')::float8) < 1e-6"
is 'cases of the same maximum' t "$(sql "select count(*) >= 25 from $same")"
is 'sigma2' "" "$(sql "select string_agg(n || ' ' || name, ', ' order by n) from $same and not coalesce(abs((info ->> 'sigma2_ml')::float8 / (gold ->> 'sigma2_ml')::float8 - 1) <= 1e-5, false)")"
is 'information criteria' "" "$(sql "select string_agg(n || ' ' || name, ', ' order by n) from $same and not coalesce(abs((info ->> 'aicc')::float8 - (gold ->> 'aicc')::float8) <= 1e-5, false)")"
is 'steps of forecasts' "$(sql "select sum(jsonb_array_length(gold_forecast -> 'mean')) from arima_case")" "$(sql 'select count(*) from forecast')"
is 'forecasts' "" "$(sql "select string_agg(distinct q.n || ' ' || q.name, ', ') from (select * from $same) q join forecast f using (n)
    where not coalesce(abs(f.forecast / (gold_forecast -> 'mean' ->> (f.step - 1))::float8 - 1) <= 1e-5, false)")"
is 'standard errors of forecasts' "" "$(sql "select string_agg(distinct q.n || ' ' || q.name, ', ') from (select * from $same) q join forecast f using (n)
    where not coalesce(abs(f.std_error * sqrt((info ->> 'sigma2_ml')::float8 / (info ->> 'sigma2')::float8) / (gold_forecast -> 'se_sigma2_ml' ->> (f.step - 1))::float8 - 1) <= 1e-5, false)")"
finish
