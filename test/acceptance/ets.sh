#!/usr/bin/env bash
# Exponential smoothing on published series, against the highest likelihoods that are known, R's among them; forecasts of the M3 competition.
. "$(dirname "$0")/lib/tests.sh"
file=$reference/forecast_reference.json
need ets "$file"

# The steps of every series are called days: exponential smoothing knows a season by its length only.
load_reference "$file"
q <<'SQL'
create table series as
select d.name, v.value::float8, timestamp '2000-01-01' + v.t * interval '1 day' as ts,
       case when d.name = 'daily584' then 7 else (d.data ->> 'frequency')::float8::int end as period
from reference, jsonb_each(doc -> 'data') d (name, data), jsonb_array_elements_text(d.data -> 'values') with ordinality v (value, t)
where v.value is not null;
create table best as
select b ->> 'series' as name, replace(b ->> 'model', ',', '') as model, (b ->> 'loglik')::float8 as log_likelihood
from reference, jsonb_array_elements(doc -> 'ets_best_known') b;
create table r_case as
select c ->> 'series' as name, replace(translate(c ->> 'method', 'ETS()', ''), ',', '') as model, (c ->> 'loglik')::float8 as log_likelihood
from reference, jsonb_array_elements(doc -> 'ets') c;
create table fitted as
select name, model, (ecom.model_info(ecom.ets_fit(ts, value, jsonb_build_object('step', 'day', 'period', period, 'model', model, 'effort', 'exact'))) ->> 'log_likelihood')::float8 as found
from (select name, model from best union select name, model from r_case) m join series using (name) group by name, model, period;
SQL
is 'models' '108|18' "$(sql 'select (select count(*) from best), (select count(*) from r_case)')"
is 'below the highest likelihood known' "" "$(sql "select string_agg(concat_ws(' ', name, model, round((found - log_likelihood)::numeric, 5)), ', ' order by name, model)
    from best left join fitted using (name, model) where not coalesce(found >= log_likelihood - 1e-3, false)")"
is 'below that of R' "" "$(sql "select string_agg(concat_ws(' ', name, model, round((found - log_likelihood)::numeric, 5)), ', ' order by name, model)
    from r_case left join fitted using (name, model) where not coalesce(found >= log_likelihood - 1e-6, false)")"

# Complex exponential smoothing as statsforecast has it, whose states are in single precision.
close 'complex exponential smoothing' 1e-3 "select x.expected::float8, f.forecast as actual
    from reference, jsonb_array_elements_text(doc -> 'statsforecast' -> 'AP_AutoCES') with ordinality x (expected, step)
    join ecom.ces_forecast('select 1, ts, value from series where name = ''AirPassengers''', 12, step => 'day', period => 12) f using (step)"

# Every tenth series of the M3 competition (Makridakis and Hibon, 2000); the figures of all of them are in docs/forecast.md.
[ -r "$data/m3_values.csv.gz" ] || { skip m3 "m3_values.csv.gz is not there"; finish; }
q <<'SQL'
create table meta (series_id text, sn text, kind text, frequency int, category text, n int, h int, start text, description text);
create table value (series_id text, split text, t int, value float8);
SQL
q -c '\copy meta from pstdin with (format csv, header)' < "$data/m3_meta.csv"
zcat "$data/m3_values.csv.gz" | q -c '\copy value from pstdin with (format csv, header)'
q <<'SQL'
create table sample as select * from (select *, row_number() over (order by series_id) as place from meta) m where place % 10 = 5;
create table scale as
select series_id, frequency, kind, h, (select avg(abs(d)) from (select value - lag(value, frequency) over (order by t) as d from value v where v.series_id = s.series_id and split = 'train') q) as scale
from sample s;
create table forecast (method text, series_id text, step int, forecast float8, lower float8, upper float8);
SQL
for method in ets theta ces auto; do
    for period in 1 4 12; do
        sql "insert into forecast select '$method', series, step, forecast, lower, upper from ecom.${method}_forecast(
            'select series_id, timestamp ''2000-01-01'' + t * interval ''1 day'', value from value join sample using (series_id) where split = ''train'' and frequency = $period',
            18, step => 'day', period => $period)"
    done
done
sql "create table score as
    select method, series_id, kind, avg(200 * abs(value - forecast) / (abs(value) + abs(forecast))) as smape, avg(abs(value - forecast)) / min(scale) as mase,
           count(*) as n, count(*) filter (where value between lower and upper) as within
    from forecast join scale using (series_id)
    join (select series_id, value, row_number() over (partition by series_id order by t) as step from value where split = 'test') v using (series_id, step)
    group by method, series_id, kind"
echo 'every tenth series of M3, by kind and of all: sMAPE, MASE, coverage of intervals of 95 %'
q -P border=0 -c '\pset format aligned' -c '\pset tuples_only off' -c "select method, coalesce(kind, 'all') as kind, count(*) as series, round(avg(smape)::numeric, 3) as smape,
    round(avg(mase)::numeric, 4) as mase, round(sum(within) / sum(n), 4) as coverage from score group by method, rollup (kind) order by method, kind nulls last"
is 'series forecast' 4 "$(sql 'select count(*) from (select method from score group by method having count(*) = (select count(*) from sample)) m')"
is 'the combination is the best' t "$(sql "select min(mase) filter (where method = 'auto') <= min(mase) from (select method, avg(mase) as mase from score group by method) m")"
finish
