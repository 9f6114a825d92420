#!/usr/bin/env bash
# Decompositions, autocorrelations and tests of stationarity on published series, to the digits of R and statsmodels.
. "$(dirname "$0")/lib/tests.sh"
file=$reference/forecast_reference.json
need series "$file"

load_reference "$file"
q <<'SQL'
create table series as
select d.name, v.value::float8, v.t, (d.data ->> 'frequency')::float8::int as period
from reference, jsonb_each(doc -> 'data') d (name, data), jsonb_array_elements_text(d.data -> 'values') with ordinality v (value, t)
where v.value is not null;
insert into series select 'log' || name, ln(value), t, period from series where name in ('AirPassengers', 'daily584');
SQL

# STL: R's stl. Its sums are of all values, which a wrong value anywhere would change. Robust fits of an even number of values
# differ a little, because R's median of them is not always one: see docs/series.md. UKgas is a case where it is.
sql "create table stl_case as
    select n, c, c ->> 'series' as name, case when c -> 'args' ->> 's.window' <> 'periodic' then (c -> 'args' ->> 's.window')::int end as seasonal_window,
           coalesce((c -> 'args' ->> 'robust')::boolean, false) as robust,
           case when c -> 'args' ? 'robust' and c ->> 'series' <> 'UKgas' then 1e-3 else 1e-11 end as tolerance
    from reference, jsonb_array_elements(doc -> 'stl') with ordinality a (c, n) where not c -> 'args' ? 's.jump'"
sql "create table stl as
    select n, t, value, (ecom.stl(value, period, seasonal_window, null, robust) over (partition by n order by t)).* from stl_case join series using (name)"
is 'stl cases' 6 "$(sql 'select count(distinct n) from stl')"
for part in seasonal trend remainder; do
    close "stl $part, first values" tolerance "select tolerance, x.expected::float8, s.$part as actual
        from stl_case, jsonb_array_elements_text(c -> '${part}_first14') with ordinality x (expected, t) join stl s using (t) where s.n = stl_case.n"
done
for part in seasonal trend; do
    close "stl $part, last values" tolerance "select tolerance, x.expected::float8, s.$part as actual
        from stl_case, jsonb_array_elements_text(c -> '${part}_last3') with ordinality x (expected, t)
        join (select stl.*, 4 - row_number() over (partition by n order by t desc) as place from stl) s on place = x.t where s.n = stl_case.n"
done
for sum in seasonal:sum_seasonal2 trend:sum_trend2 remainder:sum_rem2; do
    close "stl ${sum%%:*}, sums of squares" tolerance "select tolerance, (c ->> '${sum##*:}')::float8 as expected, (select sum(${sum%%:*} ^ 2) from stl where stl.n = stl_case.n) as actual from stl_case"
done
close 'stl weights' 1e-9 "select (c ->> 'weights_min')::float8 as expected, (select min(weight) from stl where stl.n = stl_case.n) as actual from stl_case"

# MSTL: mstl of forecast, whose period of 182.625 days is cut to 182 by stl.
sql "create table mstl as
    select *, (ecom.mstl(value, case name when 'logAirPassengers' then '{12}'::int[] else '{7,182}' end) over (partition by name order by t)).*
    from series where name in ('logAirPassengers', 'logdaily584')"
mstl_case() {
    close "$1" 1e-11 "select x.expected::float8, m.$3 as actual from reference,
        jsonb_array_elements_text(doc -> 'mstl' -> '$2' -> 'first14' -> $4) with ordinality x (expected, t) join mstl m using (t) where m.name = '${2%%_*}'"
    close "$1, sum of squares" 1e-11 "select (doc -> 'mstl' -> '$2' -> 'sumsq' ->> $4)::float8 as expected,
        (select sum($3 ^ 2) from mstl where name = '${2%%_*}') as actual from reference"
}
mstl_case 'mstl trend' logAirPassengers trend 1
mstl_case 'mstl season' logAirPassengers 'seasonals[1]' 2
mstl_case 'mstl remainder' logAirPassengers remainder 3
mstl_case 'mstl trend of two seasons' logdaily584_7_182.625 trend 1
mstl_case 'mstl first season' logdaily584_7_182.625 'seasonals[1]' 2
mstl_case 'mstl second season' logdaily584_7_182.625 'seasonals[2]' 3
mstl_case 'mstl remainder of two seasons' logdaily584_7_182.625 remainder 4

# decompose of R.
for type in additive:add multiplicative:mult; do
    close "decompose ${type%%:*}" 1e-12 "select x.expected::float8, d.seasonal as actual
        from reference, jsonb_array_elements_text(doc -> 'decompose' -> '${type##*:}_figure') with ordinality x (expected, t)
        join (select t, (ecom.decompose(value, 12, '${type%%:*}') over (order by t)).* from series where name = 'AirPassengers') d using (t)"
done
close 'decompose trend' 1e-12 "select x.expected::float8, d.trend as actual
    from reference, jsonb_array_elements_text(doc -> 'decompose' -> 'mult_trend7_12') with ordinality x (expected, t)
    join (select t - 6 as t, (ecom.decompose(value, 12) over (order by t)).* from series where name = 'AirPassengers') d using (t)"

# Tests: urca and tseries of R.
sql "create table r_case as select c, c ->> 'series' as name from reference, jsonb_array_elements(doc -> 'tests') c"
is 'series that R tested' 10 "$(sql 'select count(*) from r_case')"
# r_test NAME AGGREGATE-ARGUMENTS JSON-PATH TOLERANCE [COLUMN]
r_test() {
    close "$1" "$4" "select (c #>> '$3')::float8 as expected, (select (ecom.$2 order by t)).${5:-statistic} from series s where s.name = r_case.name) as actual from r_case"
}
r_test 'adf of tseries' "adf_test(value, 'trend', 'cube_root'" '{tseries_adf,stat}' 1e-9
r_test 'lags of tseries' "adf_test(value, 'trend', 'cube_root'" '{tseries_adf,lag}' 0 lags
r_test 'adf of urca, constant' "adf_test(value, 'constant', 4" '{urca_df_drift_lag4,0}' 1e-9
r_test 'adf of urca, trend' "adf_test(value, 'trend', 4" '{urca_df_trend_lag4,0}' 1e-9
r_test 'kpss of tseries, level' "kpss_test(value, 'constant', 'short'" '{tseries_kpss_level,stat}' 1e-10
r_test 'its p-value' "kpss_test(value, 'constant', 'short'" '{tseries_kpss_level,p}' 1e-10 p_value
r_test 'its lags' "kpss_test(value, 'constant', 'short'" '{tseries_kpss_level,lag}' 0 lags
r_test 'kpss of tseries, trend' "kpss_test(value, 'trend', 'short'" '{tseries_kpss_trend,stat}' 1e-10
r_test 'its p-value' "kpss_test(value, 'trend', 'short'" '{tseries_kpss_trend,p}' 1e-10 p_value
r_test 'kpss of urca, level' "kpss_test(value, 'constant', 'root'" '{urca_kpss_mu,stat}' 1e-10
r_test 'kpss of urca, trend' "kpss_test(value, 'trend', 'root'" '{urca_kpss_tau}' 1e-10
sql "create table lag as select name, r.* from (select name, ecom.series_agg(value order by t) as s from series group by 1) a, ecom.acf_rows(a.s, 10) r"
close 'acf of R' 1e-11 "select x.expected::float8, l.acf as actual from r_case, jsonb_array_elements_text(c -> 'acf10') with ordinality x (expected, lag) join lag l using (lag) where l.name = r_case.name"
close 'pacf of R' 1e-9 "select x.expected::float8, l.pacf as actual from r_case, jsonb_array_elements_text(c -> 'pacf10') with ordinality x (expected, lag) join lag l using (lag) where l.name = r_case.name"
box="from r_case, jsonb_array_elements(c -> 'box_on_diff') b, lateral (
    select (ecom.ljung_box(d, (b ->> 'lag')::int order by t)).* from (select t, value - lag(value) over (order by t) as d from series s where s.name = r_case.name) x where d is not null) l"
close 'Ljung-Box of R' 1e-10 "select (b ->> 'lb')::float8 as expected, l.statistic as actual $box"
close 'its p-value' 1e-12 "select (b ->> 'lb_p')::float8 as expected, l.p_value as actual $box"

# The same of statsmodels, with its rules and the p-values of MacKinnon.
sql "create table sm_case as select c, c ->> 'series' as name from reference, jsonb_array_elements(doc -> 'statsmodels' -> 'tests') c"
sm_test() {
    close "$1" "$4" "select (c #>> '$3')::float8 as expected, (select (ecom.$2 order by t)).${5:-statistic} from series s where s.name = sm_case.name) as actual from sm_case"
}
for model in constant:c trend:ct; do
    short=${model##*:}
    model=${model%%:*}
    sm_test "adf of statsmodels, $model, aic" "adf_test(value, '$model'" "{adf_${short}_aic,stat}" 1e-9
    sm_test 'its p-value' "adf_test(value, '$model'" "{adf_${short}_aic,p}" 1e-9 p_value
    sm_test 'its lags' "adf_test(value, '$model'" "{adf_${short}_aic,usedlag}" 0 lags
    sm_test 'its rows' "adf_test(value, '$model'" "{adf_${short}_aic,nobs}" 0 n
    sm_test "adf of statsmodels, $model, 4 lags" "adf_test(value, '$model', 4" "{adf_${short}_lag4,stat}" 1e-9
    sm_test 'its p-value' "adf_test(value, '$model', 4" "{adf_${short}_lag4,p}" 1e-9 p_value
    sm_test 'its critical value' "adf_test(value, '$model', 4" "{adf_${short}_lag4,crit,5%}" 1e-9 critical_value
    sm_test "kpss of statsmodels, $model, auto" "kpss_test(value, '$model'" "{kpss_${short}_auto,stat}" 1e-10
    sm_test 'its p-value' "kpss_test(value, '$model'" "{kpss_${short}_auto,p}" 1e-10 p_value
    sm_test 'its lags' "kpss_test(value, '$model'" "{kpss_${short}_auto,lags}" 0 lags
    sm_test "kpss of statsmodels, $model, 4 lags" "kpss_test(value, '$model', 4" "{kpss_${short}_4,stat}" 1e-10
done

# Differences and strengths: ndiffs, nsdiffs and the strength behind it, of forecast.
sql "create table auto_case as select c ->> 'series' as name, c from reference, jsonb_array_elements(doc -> 'auto') c"
close 'seasonal strength' 1e-9 "select (c ->> 'seas_strength')::float8 as expected, (select ecom.seasonal_strength(value, case when s.name like '%daily584' then 7 else period end order by t) from series s where s.name = auto_case.name group by s.name) as actual
    from auto_case where c ->> 'seas_strength' is not null and exists (select from series s where s.name = auto_case.name)"
# The profile has the differences that auto.arima would take: first at the period, then those that KPSS asks for.
close 'seasonal differences' 0 "select (c ->> 'nsdiffs_seas')::float8 as expected, (select (ecom.series_profile(value, array[case when s.name like '%daily584' then 7 else period end] order by t)).seasonal_differences from series s where s.name = auto_case.name group by s.name)::float8 as actual
    from auto_case where c ->> 'nsdiffs_seas' is not null and exists (select from series s where s.name = auto_case.name)"
close 'differences' 0 "select (c ->> 'ndiffs_kpss')::float8 as expected, (select (ecom.series_profile(value, '{}'::int[] order by t)).differences from series s where s.name = auto_case.name)::float8 as actual
    from auto_case where exists (select from series s where s.name = auto_case.name)"
finish
