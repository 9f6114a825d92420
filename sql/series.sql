-- Decompositions, autocorrelations, tests of stationarity and profiles of series, over any query and over a mart.
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
create schema test_series;
set search_path = test_series, public;
create function noise(seed text) returns float8 language sql immutable as
$$ select sqrt(-2 * ln(1 - ('x' || substr(md5(seed), 1, 8))::bit(32)::bigint / 4294967296.0))
          * cos(2 * pi() * ('x' || substr(md5(seed), 9, 8))::bit(32)::bigint / 4294967296.0) $$;
-- Four series of 200 days: noise, a season of 7 with growth, a walk, and a season with gaps.
create table daily as
select s as series, t, date '2024-01-01' + t as day,
       case s when 'noise' then 100 + noise(s || t)
              when 'season' then 100 + 0.5 * t + 10 * (t % 7 in (5, 6))::int + noise(s || t)
              when 'walk' then 100 + sum(noise(s || t)) over (partition by s order by t)
              when 'gaps' then case when t % 13 <> 4 then 100 + 10 * (t % 7 in (5, 6))::int + noise(s || t) end end as value
from unnest('{noise,season,walk,gaps}'::text[]) s, generate_series(0, 199) t;

-- Trend + season + remainder is the value; what was planted comes out.
select series, count(*) as days, count(*) filter (where abs(trend + seasonal + remainder - value) < 1e-10) as add_up,
       count(*) filter (where remainder is null) as missing, count(*) filter (where trend is null or seasonal is null) as not_known,
       min(weight) as least_weight, round(max(abs(trend + seasonal - planted))::numeric, 1) as largest_error
from (select d.*, (ecom.stl(value, 7) over w).*,
             100 + case series when 'season' then 0.5 * t else 0 end + case when series in ('season', 'gaps') then 10 * (t % 7 in (5, 6))::int else 0 end as planted
      from daily d window w as (partition by series order by t)) q
where series <> 'walk' group by 1 order by 1;
-- A periodic season is the same in every period and adds nothing; mstl of one period is stl.
select count(distinct (t % 7, round(seasonal::numeric, 9))) as values_of_season, abs(sum(seasonal) filter (where t < 196)) < 2 as adds_nothing
from (select t, (ecom.stl(value, 7, null) over (order by t)).* from daily where series = 'season') q;
select max(abs((s).seasonal - (m).seasonals[1])) as one_period, bool_and(cardinality((m).seasonals) = 1) as has_one
from (select ecom.stl(value, 7) over (order by t) as s, ecom.mstl(value, '{7}') over (order by t) as m from daily where series = 'season') q;
-- The order is that of the window, the frame does not matter, rows come in any order.
select count(*) as different from (select t, ecom.stl(value, 7) over (order by t) as s from daily where series = 'season') a
join (select t, ecom.stl(value, 7) over (order by t rows between 1 preceding and current row) as s from (select * from daily where series = 'season' order by md5(t::text)) d) b using (t)
where a.s is distinct from b.s;
-- The classical decomposition is a moving average and the means of what it leaves.
with means as (select t, value, case when t between 3 and 196 then avg(value) over (order by t rows between 3 preceding and 3 following) end as trend from daily where series = 'season'),
figure as (select t % 7 as place, avg(value - trend) as mean, avg(value / trend) as factor from means group by 1),
plain as (select m.*, f.mean - (select avg(mean) from figure) as seasonal, f.factor / (select avg(factor) from figure) as factor from means m join figure f on f.place = m.t % 7)
select count(*) as days, count(*) filter (where abs((a).trend - p.trend) < 1e-9 and abs((a).remainder - (p.value - p.trend - p.seasonal)) < 1e-9) as trends,
       count(*) filter (where abs((a).seasonal - p.seasonal) < 1e-9) as seasons, count(*) filter (where abs((m).seasonal - p.factor) < 1e-12) as factors,
       count(*) filter (where abs((m).trend * (m).seasonal * (m).remainder - p.value) < 1e-9) as products
from plain p join (select t, ecom.decompose(value, 7) over (order by t) as a, ecom.decompose(value, 7, 'multiplicative') over (order by t) as m from daily where series = 'season') d using (t);
-- An outlier has no weight in a robust fit.
select t, round(weight::numeric, 3) as weight, abs(remainder - 500) < 5 as is_found
from (select t, (ecom.stl(value + 500 * (t = 80)::int, 7, robust => true) over (order by t)).* from daily where series = 'season') q where weight < 0.01;
-- Two seasons, one of them too long, none at all.
select (m).seasonals[2] is null as is_too_long, count(*) from (select ecom.mstl(value, '{7,101}') over (order by t) as m from daily where series = 'season') q group by 1;
select bool_and((m).trend is null) from (select ecom.mstl(value, '{101}') over (order by t) as m from daily where series = 'season') q;
select distinct (m).seasonals, abs((m).trend - 100 - 0.5 * t) < 4 as is_trend from (select t, ecom.mstl(value, '{}') over (order by t) as m from daily where series = 'season') q;
-- Short, constant and empty series.
select n, count(*) filter (where (s).trend is not null) as known from (select n, ecom.stl(t, 7) over (partition by n order by t) as s from generate_series(12, 15) n, generate_series(1, n) t) q group by 1 order by 1;
select distinct round((s).trend::numeric, 9) as trend, round((s).seasonal::numeric, 9) = 0 as no_season, (s).weight from (select ecom.stl(5, 3) over (order by t) as s from generate_series(1, 10) t) q;
select ecom.stl(null, 7) over () from generate_series(1, 3);
select count(*) from (select ecom.stl(1, 7) over () from daily where false) q;

-- Autocorrelations: of all values, by plain SQL.
with x as (select t, value - avg(value) over () as d from daily where series = 'walk'),
plain as (select k as lag, sum(a.d * b.d) / (select sum(d * d) from x) as acf from generate_series(1, 23) k join x a on true join x b on b.t = a.t + k group by 1)
select count(*) as lags, max(abs(r.acf - p.acf)) < 1e-12 as acf, bool_and(abs(r.high - 1.959963984540054 / sqrt(200)) < 1e-12 and r.low = -r.high) as band,
       max(abs(r.ljung_box - q.q)) < 1e-9 as box
from (select ecom.series_agg(value order by t) as s from daily where series = 'walk') a, ecom.acf_rows(a.s) r join plain p using (lag)
join (select lag, 200 * 202 * sum(acf * acf / (200 - lag)) over (order by lag) as q from plain) q using (lag);
-- Partial: at lag 2 it is (r2 - r1^2) / (1 - r1^2).
select max(pacf) filter (where lag = 1) = max(acf) filter (where lag = 1) as first,
       abs(max(pacf) filter (where lag = 2) - (max(acf) filter (where lag = 2) - max(acf) filter (where lag = 1) ^ 2) / (1 - max(acf) filter (where lag = 1) ^ 2)) < 1e-12 as second
from (select ecom.series_agg(value order by t) as s from daily where series = 'walk') a, ecom.acf_rows(a.s, 2) r;
select series, r.lag, round(r.acf::numeric, 2) as acf, abs(r.acf) > r.high as is_outside from (select series, ecom.series_agg(value order by t) as s from daily group by 1) a, ecom.acf_rows(a.s, 7) r where lag in (1, 7) order by 1, 2;
select r.* from (select ecom.series_agg(5.0 order by t) as s from daily where series = 'walk') a, ecom.acf_rows(a.s, 1) r;
select count(*) from ecom.acf_rows(null);
-- A state is a value: stored and read again.
create table stored as select series, ecom.series_agg(value order by t) as s from daily group by 1;
select count(*) as lags from stored, ecom.acf_rows(s, 5);
select series, (ecom.ljung_box(value order by t)).is_noise from daily where series <> 'gaps' group by 1 order by 1;
select l.df, l.n, round(l.p_value::numeric, 6) as p_value, l.statistic = r.ljung_box as is_of_acf_rows
from (select ecom.ljung_box(value, 5, 2 order by t) as l, ecom.series_agg(value order by t) as s from daily where series = 'noise') a, ecom.acf_rows(a.s, 5) r, lateral (select (a.l).*) l where r.lag = 5;
select (ecom.ljung_box(value, 10 order by t)).* from daily where t < 5 and series = 'noise';

-- Tests. Without lags ADF is the t statistic of a regression, here by sums.
with x as (select value - lag(value) over (order by t) as dy, lag(value) over (order by t) as y from daily where series = 'walk'),
r as (select regr_slope(dy, y) as b, regr_syy(dy, y) as syy, regr_sxx(dy, y) as sxx, count(y) as n from x)
select abs((a).statistic - b / sqrt((syy - b * b * sxx) / (r.n - 2) / sxx)) < 1e-9 as is_regression, (a).n, (a).lags from r, (select ecom.adf_test(value, 'constant', 0 order by t) as a from daily where series = 'walk') t;
with x as (select t, value - avg(value) over () as d from daily where series = 'walk'), s as (select sum(d) over (order by t) as s, d from x)
select abs((k).statistic - (select sum(s * s) / 200 / sum(d * d) from s)) < 1e-9 as is_by_sums, (k).lags from (select ecom.kpss_test(value, 'constant', 0 order by t) as k from daily where series = 'walk') t;
select series, (a).lags, (a).n, (a).is_stationary, (a).meaning from (select series, ecom.adf_test(value order by t) as a from daily group by 1) q order by 1;
select series, (k).lags, (k).n, (k).p_value, (k).is_stationary, (k).meaning from (select series, ecom.kpss_test(value order by t) as k from daily group by 1) q order by 1;
select rule, (a).lags as adf_lags from (select rule, ecom.adf_test(value, 'trend', rule order by t) as a from daily, unnest('{aic,bic,cube_root}'::text[]) rule where series = 'noise' group by 1) q order by 1;
select rule, (k).lags as kpss_lags from (select rule, ecom.kpss_test(value, 'trend', rule order by t) as k from daily, unnest('{auto,short,long,root}'::text[]) rule where series = 'noise' group by 1) q order by 1;
select (a).statistic, (a).n, (a).meaning, (k).meaning as kpss from (select ecom.adf_test(5 order by t) as a, ecom.kpss_test(5 order by t) as k from generate_series(1, 30) t) q;
select (a).meaning from (select ecom.adf_test(t order by t) as a from generate_series(1, 4) t) q;
select ecom.adf_test(null::float8), ecom.kpss_test(null::float8) from daily where t = 0;
select ecom.adf_test(value), ecom.kpss_test(value), ecom.ljung_box(value), ecom.series_profile(value, 'day'), ecom.seasonal_periods(value, 'day'), ecom.series_agg(value) from daily where false;

-- Strengths and periods.
select series, round(ecom.seasonal_strength(value, 7 order by t)::numeric, 2) as season, round(ecom.trend_strength(value, 7 order by t)::numeric, 2) as trend,
       ecom.seasonal_periods(value, 'day' order by t) as day, ecom.seasonal_periods(value, '{5,7,14}'::int[] order by t) as any_of from daily group by 1 order by 1;
with part as (select series, (ecom.mstl(value, '{7}') over (partition by series order by t)).* from daily)
select count(*) from (select series, 1 - var_pop(remainder) / var_pop(seasonals[1] + remainder) as strength, 1 - var_pop(remainder) / var_pop(case when remainder is not null then trend + remainder end) as trend from part group by 1) p
join (select series, ecom.seasonal_strength(value, 7 order by t), ecom.trend_strength(value, 7 order by t) from daily group by 1) e using (series)
where abs(greatest(p.strength, 0) - e.seasonal_strength) > 1e-9 or abs(greatest(p.trend, 0) - e.trend_strength) > 1e-9;
select ecom.seasonal_strength(value, 150 order by t), ecom.seasonal_strength(5, 7 order by t) from daily where series = 'noise';
-- Profiles. The slope is that of the values without season.
select series, (p).n, (p).missing, (p).gaps, (p).trend, round((p).slope::numeric, 2) as slope, (p).periods, (p).stationarity, (p).seasonal_differences as sd, (p).differences as d
from (select series, ecom.series_profile(value, 'day' order by t) as p from daily group by 1) q order by 1;
select series, (ecom.series_profile(value, 'day' order by t)).summary from daily group by 1 order by 1;
select (ecom.series_profile(value, '{24,168}'::int[] order by t)).summary from daily where series = 'noise';
select (ecom.series_profile(value, 'month' order by t)).* from daily where t < 2 and series = 'noise';

-- Errors.
select n, pg_temp.error_of(statement) from (values
    (1, $$select ecom.stl(t, 0) over (order by t) from generate_series(1, 30) t$$), (2, $$select ecom.stl(t, null) over (order by t) from generate_series(1, 30) t$$),
    (3, $$select ecom.stl(t, 7, 4) over (order by t) from generate_series(1, 30) t$$), (4, $$select ecom.stl(t, 7, 11, 2) over (order by t) from generate_series(1, 30) t$$),
    (5, $$select ecom.stl('nan', 7) over (order by t) from generate_series(1, 30) t$$), (6, $$select ecom.stl('-infinity', 7) over (order by t) from generate_series(1, 30) t$$),
    (7, $$select ecom.stl(t, 7, robust => null) over (order by t) from generate_series(1, 30) t$$), (8, $$select ecom.mstl(t, '{12,7}') over (order by t) from generate_series(1, 30) t$$),
    (9, $$select ecom.mstl(t, '{7,null}') over (order by t) from generate_series(1, 30) t$$), (10, $$select ecom.mstl(t, '{7,12}', '{7}') over (order by t) from generate_series(1, 30) t$$),
    (11, $$select ecom.mstl(t, '{1}') over (order by t) from generate_series(1, 30) t$$), (12, $$select ecom.decompose(t, 1) over (order by t) from generate_series(1, 30) t$$),
    (13, $$select ecom.decompose(t, 7, 'log') over (order by t) from generate_series(1, 30) t$$), (14, $$select ecom.series_agg('nan'::float8)$$), (15, $$select ecom.series_agg('infinity'::float8)$$),
    (16, $$select ecom.acf_rows(ecom.series_agg(1.0), 0)$$), (17, $$select ecom.acf_rows(ecom.series_agg(1.0), 10001)$$), (18, $$select ecom.acf_rows(ecom.series_agg(1.0), 1, 1)$$),
    (19, $$select ecom.acf_rows(ecom.corr_agg(array[1.0, 2.0]))$$), (20, $$select ecom.ljung_box(t, 0) from generate_series(1, 30) t$$), (21, $$select ecom.ljung_box(t, 5, 5) from generate_series(1, 30) t$$),
    (22, $$select ecom.adf_test(t, 'drift') from generate_series(1, 30) t$$), (23, $$select ecom.adf_test(t, 'trend', -1) from generate_series(1, 30) t$$), (24, $$select ecom.adf_test(t, 'trend', 201) from generate_series(1, 30) t$$),
    (25, $$select ecom.adf_test(t, 'trend', 'auto') from generate_series(1, 30) t$$), (26, $$select ecom.adf_test(t, null) from generate_series(1, 30) t$$), (27, $$select ecom.kpss_test(t, 'none') from generate_series(1, 30) t$$),
    (28, $$select ecom.kpss_test(t, 'trend', 'aic') from generate_series(1, 30) t$$), (29, $$select ecom.seasonal_strength(t, 1) from generate_series(1, 30) t$$), (30, $$select ecom.seasonal_strength(t, null) from generate_series(1, 30) t$$),
    (31, $$select ecom.seasonal_periods(t, 'hour') from generate_series(1, 30) t$$), (32, $$select ecom.seasonal_periods(t, '{1}'::int[]) from generate_series(1, 30) t$$), (33, $$select ecom.series_profile(t, null::int[]) from generate_series(1, 30) t$$),
    (34, $$select ecom_internal.adf_test_final(ecom.series_agg(t)) from generate_series(1, 30) t$$), (35, $$select ecom_internal.seasonal_strength_final(ecom.series_agg(t)) from generate_series(1, 30) t$$)
) v (n, statement) order by n;
-- Out of memory, not out of time: what is needed is known before.
set ecom_analytics.memory_limit = '16MB';
select pg_temp.error_of($$select ecom.stl(t, 7) over (order by t) from generate_series(1, 200000) t$$);
select pg_temp.error_of($$select ecom.series_agg(t) from generate_series(1, 3000000) t$$);
reset ecom_analytics.memory_limit;
reset search_path;

-- Over a mart: the demo shop, whose season and growth are planted.
select count(*) from ecom.load_demo('series_demo');
select bool_and(status = 'ok' or reason is not null) from ecom.refresh('series_demo');
select count(*) as days, count(*) filter (where trend + seasonal + remainder = value or abs(trend + seasonal + remainder - value) <= 0.0002) as add_up,
       count(*) filter (where abs(adjusted - (value - seasonal)) <= 0.0002) as adjusted, min(periods_found::text) as periods from ecom.decompose('series_demo');
-- It is ecom.mstl over plain sums of the lines by month.
with plain as (select month, revenue, (ecom.mstl(revenue::float8, '{12}', growth_first => true) over (order by month)).*
    from (select date_trunc('month', ordered_at)::date as month, sum(revenue_amount) as revenue from series_demo.fact_sales group by 1) m)
select count(*) as months, count(*) filter (where d.value = p.revenue and abs(d.trend - p.trend) < 0.001 and abs(d.seasonal - p.seasonals[1]) < 0.001 and abs(d.remainder - p.remainder) < 0.001
                                            and d.seasonals = array[d.seasonal] and d.periods_found = '{12}') as equal
from plain p full join ecom.decompose('series_demo', grain => 'month') d on d.period_start = p.month;
-- The best months are those of the planted season.
select to_char(period_start, 'Mon') as month from ecom.decompose('series_demo', 'orders', 'month') group by 1 order by avg(seasonal) desc limit 2;
select count(*) as days, count(distinct series) as series, count(*) filter (where trend is null) as not_known, bool_and(periods_found = '{7}') as as_told
from ecom.decompose('series_demo', 'orders', periods => '{7}', "by" => '{region}', from_date => '2024-06-01', to_date => '2024-12-31');
select min(period_start), max(period_start), count(*) filter (where remainder is null) as unfinished from ecom.decompose('series_demo', grain => 'week', from_date => '2024-02-07', to_date => '2024-06-05');
select distinct trend is null as is_too_short from ecom.decompose('series_demo', periods => '{7}', from_date => '2024-02-01', to_date => '2024-02-10');
select distinct periods_found, seasonals, seasonal from ecom.decompose('series_demo', 'avg_satisfaction', periods => '{}');
select count(*) as weekdays, count(*) filter (where extract(isodow from period_start) > 5) as weekends, count(*) filter (where remainder is null) as unknown
from ecom.decompose('series_demo', periods => '{7}', filters => '{"is_weekend": "false"}', from_date => '2024-03-01', to_date => '2024-05-31');
select series, trend, periods, seasonal_share > 0.5 as is_strong, n, missing, summary like 'Rises by % a month, %Repeats every 12 months, which explains % %% of the variation beside the trend.%' as is_said
from ecom.series_profile('series_demo', grain => 'month');
select count(*) as series, count(*) filter (where p.summary = (a).summary and p.n = (a).n and p.periods = (a).periods and abs(p.slope - (a).slope::numeric) <= 0.0001) as equal
from ecom.series_profile('series_demo', 'orders', 'week', "by" => '{region}') p
join (select g.region, ecom.series_profile(coalesce(s.orders, 0), 'week' order by w) as a
      from (select distinct region from series_demo.dim_geography where geography_key <> 0) g
      cross join generate_series(timestamp '2024-01-01', '2025-12-22', '1 week') w
      left join (select g.region, date_trunc('week', o.ordered_at) as week, sum(o.order_count) as orders from series_demo.fact_order o join series_demo.dim_geography g using (geography_key) group by 1, 2) s on s.region = g.region and s.week = w
      group by 1) x on x.region = p.series;
select pg_temp.error_of(statement) from (values
    (1, $$select ecom.decompose('series_demo', 'revenu')$$), (2, $$select ecom.decompose('series_demo', grain => 'hour')$$), (3, $$select ecom.decompose('series_demo', periods => '{1}')$$),
    (4, $$select ecom.decompose('series_demo', "by" => '{month}')$$), (5, $$select ecom.decompose('series_demo', from_date => '2024-02-02', to_date => '2024-02-01')$$),
    (6, $$select ecom.series_profile('series_demo', 'magic')$$), (7, $$select ecom.series_profile('no mart')$$), (8, $$select ecom.series_profile('series_demo', grain => 'year')$$)) v (n, statement) order by n;
select ecom.create_mart('series_empty');
select count(*) from ecom.decompose('series_empty');
select count(*) from ecom.series_profile('series_empty');
select count(*) from ecom.decompose('series_demo', from_date => '2030-01-01');
select count(*) from ecom.decompose('series_demo', to_date => '2020-01-01');
select loaded_lines from ecom.load_sales('series_empty', $$select 'o' || t as order_id, 'c' || t % 9 as customer_id, timestamp '2024-01-01' + t * interval '1 day' as order_date, 10 + t as amount from generate_series(0, 30) t where t <> 4$$);
begin transaction read only;
select period_start, value, round(trend) as trend from ecom.decompose('series_empty', periods => '{}') where period_start between '2024-01-04' and '2024-01-06';
select summary, n, missing from ecom.series_profile('series_empty');
select summary from ecom.series_profile('series_empty', 'aov');
commit;
drop schema series_demo, series_empty, test_series cascade;
