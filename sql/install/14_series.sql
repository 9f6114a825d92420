-- Series over any query: decompositions, autocorrelations, tests of stationarity, profiles; and the same over a mart.

-- Decompositions as window functions.

create type ecom.stl_result as (trend float8, seasonal float8, remainder float8, weight float8);
comment on type ecom.stl_result is 'A value of a series as trend + seasonal + remainder';
comment on column ecom.stl_result.trend is 'What moves slowly';
comment on column ecom.stl_result.seasonal is 'What repeats after each period';
comment on column ecom.stl_result.remainder is 'The rest';
comment on column ecom.stl_result.weight is '1: full influence on the fit, 0: an outlier without any; 1 everywhere unless robust';

create function ecom.stl(
    value float8, period int, seasonal_window int default 11, trend_window int default null, robust boolean default false)
    returns ecom.stl_result
    language c window immutable parallel safe as 'MODULE_PATHNAME', 'ecom_stl';
comment on function ecom.stl(float8, int, int, int, boolean) is
'Splits a series into trend, season and remainder by local regression.
Example: SELECT order_date, (ecom.stl(revenue_amount::float8, 7) OVER (ORDER BY order_date)).* FROM shop.kpi_daily
One row a step of time, without gaps: a step without a value is a row with NULL. PARTITION BY makes a series of each
partition. The whole partition is used, values after the row too; a frame is ignored.
- period: rows after which the season repeats: 7 for days, 12 for months; 1 for none: only the trend is fitted
- seasonal_window: periods over which the season may change, odd, 11 by default; NULL: it is the same in every period
- trend_window: rows over which the trend is about straight, odd; NULL: just long enough to keep the season out (1.5 periods
  and more), without season a quarter of the rows
- robust: outliers lose their influence, and come out as large remainders of weight 0
All are read from the partition''s first row; out of range: 22023. NaN, infinity and values beyond 1e300: 22003.
A NULL value has no influence; its trend and season are given, its remainder is not. All fields are NULL when the series has
fewer values than two periods have rows, or fewer than three.
Cleveland, Cleveland, McRae and Terpenning (1990), as stl of R with the same windows (R''s s.window = "periodic" is NULL here).
O(n) time, 16 numbers a row. See docs/series.md.';

create type ecom.mstl_result as (trend float8, seasonals float8[], remainder float8);
comment on type ecom.mstl_result is 'A value of a series as trend + seasonals + remainder';
comment on column ecom.mstl_result.trend is 'What moves slowly';
comment on column ecom.mstl_result.seasonals is 'What repeats after each of the periods, in their order';
comment on column ecom.mstl_result.remainder is 'The rest';

create function ecom.mstl(
    value float8, periods int[], seasonal_windows int[] default null, robust boolean default false,
    growth_first boolean default false) returns ecom.mstl_result
    language c window immutable parallel safe as 'MODULE_PATHNAME', 'ecom_mstl';
comment on function ecom.mstl(float8, int[], int[], boolean, boolean) is
'Splits a series into trend, several seasons and remainder.
Example: SELECT order_date, (ecom.mstl(revenue_amount::float8, ARRAY[7, 365]) OVER (ORDER BY order_date)).* FROM shop.kpi_daily
- periods: rows after which the seasons repeat, ascending from 2 on; an empty array: only the trend is fitted
- seasonal_windows: periods over which each season may change, odd; by default 11, 15, 19, ...
- growth_first: takes straight growth out first and gives it back to the trend; better than R where a growing series has only
  two to four periods
The season of a period of which the series has fewer than two is NULL; all fields are NULL when that leaves none.
Order, parameters, NULL values and errors are as in ecom.stl. Bandara, Hyndman and Bergmeir (2021), as mstl of R''s forecast.';

create type ecom.decompose_result as (trend float8, seasonal float8, remainder float8);
comment on type ecom.decompose_result is 'A value of a series as trend + seasonal + remainder, or as their product';
comment on column ecom.decompose_result.trend is 'Centred mean of one period; NULL for the first and the last half period';
comment on column ecom.decompose_result.seasonal is 'Mean deviation from it at the place in the period: a summand, or a factor';
comment on column ecom.decompose_result.remainder is 'The rest';

create function ecom.decompose(value float8, period int, type text default 'additive') returns ecom.decompose_result
    language c window immutable parallel safe as 'MODULE_PATHNAME', 'ecom_decompose';
comment on function ecom.decompose(float8, int, text) is
'Splits a series into trend, season and remainder by moving averages, the classical decomposition.
Example: SELECT order_date, (ecom.decompose(revenue_amount::float8, 7) OVER (ORDER BY order_date)).* FROM shop.kpi_daily
type: additive (value = trend + seasonal + remainder) or multiplicative (value = trend * seasonal * remainder).
Without trend for the first and the last half period and wherever a value within half a period is NULL; the season is the same
in every period, and outliers bend both. Prefer ecom.stl, unless the numbers of a textbook are wanted.
All fields are NULL when the series has fewer values than two periods; what would divide by 0 is NULL. period from 2 on, type:
otherwise 22023. NaN, infinity and values beyond 1e300: 22003. As decompose of R; Kendall and Stuart (1983). O(n).';

-- Aggregates: the order of the rows is time, so that none of them can be combined.

create function ecom_internal.series_add(ecom.state, value float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_series_add';
create function ecom_internal.series_add(ecom.state, value float8, int) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_series_add';
create function ecom_internal.series_add(ecom.state, value float8, int, int) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_series_add';
create function ecom_internal.series_add(ecom.state, value float8, int[]) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_series_add_periods';
create function ecom_internal.series_add(ecom.state, value float8, text) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_series_add_model';
create function ecom_internal.series_add_grain(ecom.state, value float8, text) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_series_add_grain';
create function ecom_internal.series_add(ecom.state, value float8, text, int) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_series_add_lags';
create function ecom_internal.series_add(ecom.state, value float8, text, text) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_series_add_rule';

create aggregate ecom.series_agg(value float8) (
    sfunc = ecom_internal.series_add, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.state_final, parallel = safe
);
comment on aggregate ecom.series_agg(float8) is
'Collects a series, of which ecom.acf_rows gives the autocorrelations.
Example: SELECT r.* FROM (SELECT ecom.series_agg(revenue_amount::float8 ORDER BY order_date) AS state FROM shop.kpi_daily) s, ecom.acf_rows(s.state) r
One row a step of time; NULL counts as missing. Give ORDER BY inside the call. NaN, infinity and values beyond 1e300: 22003.
NULL for no rows. 8 bytes a row, at most ecom_analytics.memory_limit (54000).';

create function ecom.acf_rows(
    state ecom.state, lags int default null, level float8 default 0.95,
    out lag int, out acf float8, out pacf float8, out low float8, out high float8, out ljung_box float8, out p_value float8)
    returns setof record
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_acf_rows';
comment on function ecom.acf_rows(ecom.state, int, float8) is
'Autocorrelations of a series from ecom.series_agg, one row per lag from 1 on.
Example: SELECT r.* FROM (SELECT ecom.series_agg(revenue_amount::float8 ORDER BY order_date) AS state FROM shop.kpi_daily) s, ecom.acf_rows(s.state, 14) r
lags: how many, up to 10000, fewer than the series has rows; 10 log10(n) by default. level: of the band, 0.95 by default.
acf: correlation of a value with the one lag rows before. pacf: the same without what the lags between carry (Durbin, 1960).
low, high: the band within which both lie for noise. ljung_box, p_value: test of no autocorrelation up to the lag (Ljung and
Box, 1978). NULL for a constant series. Pairs with a NULL value are left out, as by na.action = na.pass in R''s acf.
No rows for a NULL state or fewer than two rows. Other lags or level: 22023. O(n lags) time.';

create type ecom.ljung_box_result as (statistic float8, df int, p_value float8, n bigint, is_noise boolean);
comment on type ecom.ljung_box_result is 'Whether the values of a series are uncorrelated';
comment on column ecom.ljung_box_result.statistic is 'Q of Ljung and Box (1978)';
comment on column ecom.ljung_box_result.df is 'Degrees of freedom: lags minus fitted parameters';
comment on column ecom.ljung_box_result.p_value is 'p-value of no autocorrelation';
comment on column ecom.ljung_box_result.n is 'Values that are there';
comment on column ecom.ljung_box_result.is_noise is 'No autocorrelation is found at 5 %';

create function ecom_internal.ljung_box_final(ecom.state) returns ecom.ljung_box_result
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_ljung_box_final';
create aggregate ecom.ljung_box(value float8) (
    sfunc = ecom_internal.series_add, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.ljung_box_final, parallel = safe
);
comment on aggregate ecom.ljung_box(float8) is
'Whether a series, such as the remainder of a model, is noise.
Example: SELECT (ecom.ljung_box(remainder::float8 ORDER BY period_start)).* FROM ecom.decompose(''shop'')
10 lags, or a fifth of the rows when that is less; otherwise as ecom.ljung_box(value, lags, fitted_parameters).';
create aggregate ecom.ljung_box(value float8, lags int) (
    sfunc = ecom_internal.series_add, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.ljung_box_final, parallel = safe
);
comment on aggregate ecom.ljung_box(float8, int) is
'Whether a series is noise, up to a number of lags: two periods of a season are usual.
Example: SELECT (ecom.ljung_box(remainder::float8, 14 ORDER BY period_start)).* FROM ecom.decompose(''shop'')
Otherwise as ecom.ljung_box(value, lags, fitted_parameters).';
create aggregate ecom.ljung_box(value float8, lags int, fitted_parameters int) (
    sfunc = ecom_internal.series_add, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.ljung_box_final, parallel = safe
);
comment on aggregate ecom.ljung_box(float8, int, int) is
'Whether the residuals of a model are noise, up to a number of lags.
Example: SELECT (ecom.ljung_box(remainder::float8, 14, 1 ORDER BY period_start)).* FROM ecom.decompose(''shop'')
Give ORDER BY inside the call. lags: 1 to 10000; NULL: 10, or a fifth of the rows when that is less. fitted_parameters:
coefficients of the model whose residuals they are, fewer than lags. Both are read from the first row; out of range: 22023.
The hypothesis is noise: a p_value below 0.05 says that something is left to model. Pairs with a NULL value are left out.
statistic, p_value and is_noise are NULL for a constant series or when there are not more rows than lags; NULL for no rows.
Ljung and Box (1978), as Box.test of R. O(n lags).';

create type ecom.stationarity_result as (
    statistic float8, p_value float8, critical_value float8, lags int, n bigint, is_stationary boolean, meaning text);
comment on type ecom.stationarity_result is 'Whether a series keeps its level and its variation';
comment on column ecom.stationarity_result.statistic is 'Statistic of the test';
comment on column ecom.stationarity_result.p_value is 'p-value of its hypothesis: a unit root (ADF), stationarity (KPSS)';
comment on column ecom.stationarity_result.critical_value is 'Value of the statistic at 5 %';
comment on column ecom.stationarity_result.lags is 'Lags that were used';
comment on column ecom.stationarity_result.n is 'Values, or rows of the regression (ADF), that were used';
comment on column ecom.stationarity_result.is_stationary is 'Answer of the test at 5 %, by p_value';
comment on column ecom.stationarity_result.meaning is 'The answer in words';

create function ecom_internal.adf_test_final(ecom.state) returns ecom.stationarity_result
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_adf_test_final';
create aggregate ecom.adf_test(value float8) (
    sfunc = ecom_internal.series_add, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.adf_test_final, parallel = safe
);
comment on aggregate ecom.adf_test(float8) is
'The augmented Dickey-Fuller test of a unit root, the opposite of stationary.
Example: SELECT (ecom.adf_test(revenue_amount::float8 ORDER BY order_date)).* FROM shop.kpi_daily
Around a constant, with the lags that AIC chooses; otherwise as ecom.adf_test(value, model, lag_rule).';
create aggregate ecom.adf_test(value float8, model text) (
    sfunc = ecom_internal.series_add, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.adf_test_final, parallel = safe
);
comment on aggregate ecom.adf_test(float8, text) is
'The augmented Dickey-Fuller test around nothing, a constant or a trend, with the lags that AIC chooses.
Example: SELECT (ecom.adf_test(revenue_amount::float8, ''trend'' ORDER BY order_date)).* FROM shop.kpi_daily
model: none, constant or trend; otherwise as ecom.adf_test(value, model, lag_rule).';
create aggregate ecom.adf_test(value float8, model text, lags int) (
    sfunc = ecom_internal.series_add, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.adf_test_final, parallel = safe
);
comment on aggregate ecom.adf_test(float8, text, int) is
'The augmented Dickey-Fuller test with a number of lags, 0 to 200; NULL leaves them to AIC.
Example: SELECT (ecom.adf_test(revenue_amount::float8, ''constant'', 7 ORDER BY order_date)).* FROM shop.kpi_daily
Otherwise as ecom.adf_test(value, model, lag_rule).';
create aggregate ecom.adf_test(value float8, model text, lag_rule text) (
    sfunc = ecom_internal.series_add, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.adf_test_final, parallel = safe
);
comment on aggregate ecom.adf_test(float8, text, text) is
'The augmented Dickey-Fuller test with a rule for the lags.
Example: SELECT (ecom.adf_test(revenue_amount::float8, ''trend'', ''cube_root'' ORDER BY order_date)).* FROM shop.kpi_daily
Give ORDER BY inside the call.
- model: what the series moves around: none, constant or trend
- lag_rule: aic or bic, the best of 0 to 12 (n / 100)^(1/4) lags (Schwert, 1989), at most 200; or cube_root, (n - 1)^(1/3)
Both are read from the first row; another one: 22023. NaN, infinity and values beyond 1e300: 22003.
The hypothesis is a unit root: a p_value below 0.05 says that the series is stationary, or is so around a trend.
NULL values are left out, and those on both sides count as neighbours, as in R. Without statistic when values are too few for
the lags, all equal, or explained without error. NULL for no rows.
Said and Dickey (1984); p_value by MacKinnon (1994), critical_value by MacKinnon (2010). Equal to adfuller of statsmodels, and in
the statistic to ur.df of R''s urca and, with trend and cube_root, to adf.test of tseries, whose p-values come from a table.
O(n lags^2) time.';

create function ecom_internal.kpss_test_final(ecom.state) returns ecom.stationarity_result
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_kpss_test_final';
create aggregate ecom.kpss_test(value float8) (
    sfunc = ecom_internal.series_add, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.kpss_test_final, parallel = safe
);
comment on aggregate ecom.kpss_test(float8) is
'The KPSS test of stationarity.
Example: SELECT (ecom.kpss_test(revenue_amount::float8 ORDER BY order_date)).* FROM shop.kpi_daily
Around a constant, with lags that follow from the data; otherwise as ecom.kpss_test(value, model, lag_rule).';
create aggregate ecom.kpss_test(value float8, model text) (
    sfunc = ecom_internal.series_add, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.kpss_test_final, parallel = safe
);
comment on aggregate ecom.kpss_test(float8, text) is
'The KPSS test of stationarity around a constant or a trend, with lags that follow from the data.
Example: SELECT (ecom.kpss_test(revenue_amount::float8, ''trend'' ORDER BY order_date)).* FROM shop.kpi_daily
model: constant or trend; otherwise as ecom.kpss_test(value, model, lag_rule).';
create aggregate ecom.kpss_test(value float8, model text, lags int) (
    sfunc = ecom_internal.series_add, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.kpss_test_final, parallel = safe
);
comment on aggregate ecom.kpss_test(float8, text, int) is
'The KPSS test of stationarity with a number of lags, fewer than values; NULL leaves them to the data.
Example: SELECT (ecom.kpss_test(revenue_amount::float8, ''constant'', 7 ORDER BY order_date)).* FROM shop.kpi_daily
Otherwise as ecom.kpss_test(value, model, lag_rule).';
create aggregate ecom.kpss_test(value float8, model text, lag_rule text) (
    sfunc = ecom_internal.series_add, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.kpss_test_final, parallel = safe
);
comment on aggregate ecom.kpss_test(float8, text, text) is
'The KPSS test of stationarity with a rule for the lags.
Example: SELECT (ecom.kpss_test(revenue_amount::float8, ''constant'', ''short'' ORDER BY order_date)).* FROM shop.kpi_daily
Give ORDER BY inside the call.
- model: what the series is to be stationary around: constant or trend
- lag_rule, of the long-run variance: auto, from the data (Hobijn, Franses and Ooms, 1998; statsmodels); short, 4 (n / 100)^(1/4)
  (tseries and urca of R); long, 12 (n / 100)^(1/4); or root, 3 sqrt(n) / 13 (ndiffs and auto.arima of R)
Both are read from the first row; another one: 22023. NaN, infinity and values beyond 1e300: 22003.
The hypothesis is stationarity: a p_value below 0.05 says that the series is not stationary. p_value is interpolated between the
critical values of the authors'' table, so that it lies between 0.01 and 0.1: 0.01 means at most, 0.1 at least.
NULL values are left out, as in R. Without statistic when there is one value or when all are equal, or on a line. NULL for no rows.
Kwiatkowski, Phillips, Schmidt and Shin (1992). O(n lags) time.';

create function ecom_internal.seasonal_strength_final(ecom.state) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_seasonal_strength_final';
create aggregate ecom.seasonal_strength(value float8, period int) (
    sfunc = ecom_internal.series_add, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.seasonal_strength_final, parallel = safe
);
comment on aggregate ecom.seasonal_strength(float8, int) is
'How strong the season of a series is, 0 to 1.
Example: SELECT ecom.seasonal_strength(revenue_amount::float8, 7 ORDER BY order_date) FROM shop.kpi_daily
1 - variance of the remainder / variance of season and remainder, of ecom.mstl. Above 0.64 R''s auto.arima takes seasonal
differences. Few periods make it too high, since the season then follows the noise: noise itself has 0.2 in ten periods and more
in fewer; ecom.seasonal_periods tells seasons from noise. NULL for a constant series and for fewer than two periods.
period: from 2 on (22023). Wang, Smith and Hyndman (2006). O(n).';

create function ecom_internal.trend_strength_final(ecom.state) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_trend_strength_final';
create aggregate ecom.trend_strength(value float8, period int) (
    sfunc = ecom_internal.series_add, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.trend_strength_final, parallel = safe
);
comment on aggregate ecom.trend_strength(float8, int) is
'How strong the trend of a series is, 0 to 1, beside a season.
Example: SELECT ecom.trend_strength(revenue_amount::float8, 7 ORDER BY order_date) FROM shop.kpi_daily
1 - variance of the remainder / variance of trend and remainder, of ecom.mstl. period: 1 for a series without season, otherwise
as ecom.seasonal_strength.';

create function ecom_internal.seasonal_periods_final(ecom.state) returns int[]
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_seasonal_periods_final';
create aggregate ecom.seasonal_periods(value float8, grain text) (
    sfunc = ecom_internal.series_add_grain, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.seasonal_periods_final, parallel = safe
);
comment on aggregate ecom.seasonal_periods(float8, text) is
'The periods after which a series of days, weeks, months or quarters repeats.
Example: SELECT ecom.seasonal_periods(revenue_amount::float8, ''day'' ORDER BY order_date) FROM shop.kpi_daily
grain: what a row is, which says what is tried: day 7, 30 and 365; week 52; month 12; quarter 4; year nothing. Another: 22023.
Otherwise as ecom.seasonal_periods(value, periods).';
create aggregate ecom.seasonal_periods(value float8, periods int[]) (
    sfunc = ecom_internal.series_add, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.seasonal_periods_final, parallel = safe
);
comment on aggregate ecom.seasonal_periods(float8, int[]) is
'Which of some periods a series repeats after, strongest first.
Example: SELECT ecom.seasonal_periods(revenue_amount::float8, ARRAY[7, 28] ORDER BY order_date) FROM shop.kpi_daily
An array for ecom.mstl (sort it first); empty when there is no season. Give ORDER BY inside the call. Each period, from 2 on (22023), of
which there are at least two is tried beside those found before, by an analysis of variance of what trend and other seasons
leave: the place in the period must explain at least 5 % of it, degrees of freedom accounted for (Hays, 1963), more than
noise would once in a hundred series, and so much that a value is foretold better with the season than without: a third in
two periods, a fifth in four. NULL for no rows. O(n) for each period.';

create type ecom.series_profile_result as (
    n bigint, missing bigint, gaps bigint, trend text, slope float8, change_rate float8, trend_strength float8, periods int[],
    seasonal_share float8, seasonal_strength float8, stationarity text, adf_p_value float8, kpss_p_value float8, seasonal_differences int,
    differences int, summary text);
comment on type ecom.series_profile_result is 'What an analyst wants to know of a series first';
comment on column ecom.series_profile_result.n is 'Steps, with or without a value';
comment on column ecom.series_profile_result.missing is 'Steps without a value';
comment on column ecom.series_profile_result.gaps is 'Runs of such steps';
comment on column ecom.series_profile_result.trend is
'rising, falling, changing (a strong trend without one direction) or level';
comment on column ecom.series_profile_result.slope is 'Change a step, of the straight line through the values without season';
comment on column ecom.series_profile_result.change_rate is 'Change of that line from the first to the last step, over the mean';
comment on column ecom.series_profile_result.trend_strength is 'Strength of the trend, 0 to 1';
comment on column ecom.series_profile_result.periods is 'Steps after which the series repeats, strongest first';
comment on column ecom.series_profile_result.seasonal_share is
'Share of the variance beside trend and other seasons that the first season explains, degrees of freedom accounted for';
comment on column ecom.series_profile_result.seasonal_strength is
'Strength of the first season, 0 to 1: higher than the share, because a season follows noise too';
comment on column ecom.series_profile_result.stationarity is
'Without season: stationary, stationary around a trend, not stationary, unclear (the tests disagree), constant or not known';
comment on column ecom.series_profile_result.adf_p_value is 'p-value of a unit root, without season';
comment on column ecom.series_profile_result.kpss_p_value is 'p-value of stationarity, without season: from 0.01 to 0.1';
comment on column ecom.series_profile_result.seasonal_differences is 'Differences over the first period to take, 0 or 1';
comment on column ecom.series_profile_result.differences is 'First differences to take after that, 0 to 2';
comment on column ecom.series_profile_result.summary is 'All that in plain words';

create function ecom_internal.series_profile_final(ecom.state) returns ecom.series_profile_result
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_series_profile_final';
create aggregate ecom.series_profile(value float8, grain text) (
    sfunc = ecom_internal.series_add_grain, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.series_profile_final, parallel = safe
);
comment on aggregate ecom.series_profile(float8, text) is
'Trend, season and stationarity of a series in plain words.
Example: SELECT (ecom.series_profile(revenue_amount::float8, ''day'' ORDER BY order_date)).* FROM shop.kpi_daily
grain: what a row is: day, week, month, quarter or year, which says what periods are tried. Otherwise as
ecom.series_profile(value, periods).';
create aggregate ecom.series_profile(value float8, periods int[]) (
    sfunc = ecom_internal.series_add, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.series_profile_final, parallel = safe
);
comment on aggregate ecom.series_profile(float8, int[]) is
'Trend, season and stationarity of a series with any periods in plain words; for those of the calendar give a grain instead.
Example: SELECT (ecom.series_profile(revenue_amount::float8, ARRAY[7, 28] ORDER BY order_date)).* FROM shop.kpi_daily
periods: tried as by ecom.seasonal_periods; an empty array for a series without season. Give ORDER BY inside the call; NULL counts
as missing. NaN, infinity and values beyond 1e300: 22003. NULL for no rows; for fewer than three values only n, missing, gaps and
summary.
- trend, slope, change_rate: least squares through the values without season; rising or falling when the slope is not that of noise
  at 5 %, with the standard error of Newey and West (1987). trend_strength, seasonal_strength: as the aggregates of that name
- stationarity: ecom.adf_test and ecom.kpss_test of the values without season, around a constant, and around a trend when those
  do not agree that it is stationary
- periods, seasonal_share: as ecom.seasonal_periods finds them
- seasonal_differences: 1 when the strength of the first season is above 0.64. differences: until the KPSS test (root lags) accepts
  stationarity at 5 %, at most 2. Both as nsdiffs and ndiffs of R''s forecast';

-- Over a mart.

create function ecom.decompose(
    mart name default null,
    metric text default 'revenue',
    grain text default 'day',
    periods int[] default null,
    "by" text[] default '{}',
    from_date date default null,
    to_date date default null,
    filters jsonb default '{}',
    robust boolean default false
) returns table (period_start date, series text, value numeric, trend numeric, seasonal numeric, remainder numeric, adjusted numeric,
                 periods_found int[], seasonals numeric[])
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_variable
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    range constant record := ecom_internal.check_range(mart_schema, from_date, to_date);
    sales constant record := ecom_internal.check_range(mart_schema, null, null);
    first_day constant date := greatest(range.first_date, sales.first_date);
    last_day constant date := least(range.last_date, sales.last_date);
    has_sales constant boolean := coalesce(first_day <= last_day, false);
    -- Arguments are checked without sales too.
    query constant text := ecom_internal.metric_series(
        mart_schema, metric, grain, "by", case when has_sales then first_day else '2000-01-01' end,
        case when has_sales then last_day else '2000-01-01' end, filters);
begin
    if not has_sales then
        return;
    end if;
    return query execute format('
        with step as materialized (
            select s.period_start, s.series, s.is_wanted, s.value, case when s.is_complete then s.value::float8 end as known
            from (%s) s),
        season as (
            select s.series, array(select distinct u.period from unnest(coalesce($1, ecom.seasonal_periods(s.known, $2 order by s.period_start))) u (period)
                                   order by u.period) as periods
            from step s group by s.series),
        fitted as (
            select s.period_start, s.series, s.is_wanted, s.value, p.periods,
                   ecom.mstl(s.known, p.periods, null, $3, true) over (partition by s.series order by s.period_start) as part
            from step s join season p using (series))
        select f.period_start, f.series, trim_scale(round(f.value, 4)), trim_scale(round((f.part).trend::numeric, 4)),
               trim_scale(round(x.seasonal::numeric, 4)), trim_scale(round((f.part).remainder::numeric, 4)),
               trim_scale(round(((f.part).trend + (f.part).remainder)::numeric, 4)), f.periods, x.seasonals
        from fitted f
        cross join lateral (
            select case when (f.part).trend is not null then coalesce(sum(u.seasonal), 0) end,
                   coalesce(array_agg(trim_scale(round(u.seasonal::numeric, 4)) order by u.n), ''{}'')
            from unnest((f.part).seasonals) with ordinality u (seasonal, n)) x (seasonal, seasonals)
        where f.is_wanted
        order by f.period_start, f.series collate "C"',
        query)
        using periods, grain, robust;
end
$$;
comment on function ecom.decompose(name, text, text, int[], text[], date, date, jsonb, boolean) is
'A metric of a mart as trend, season and remainder.
Example: SELECT * FROM ecom.decompose(''shop'')
Example: SELECT * FROM ecom.decompose(''shop'', ''orders'', ''month'', "by" => ''{region}'')
One row per period and series, without gaps: days without sales count as 0 for sums and are missing for ratios. value = trend +
seasonal + remainder; seasonal is the sum of seasonals, one for each of periods_found; adjusted is the value without season.
Periods that are not complete take no part, and have no remainder. Everything is NULL when there are too few periods.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- metric: of ecom.metrics, revenue by default
- grain: day, week or month
- periods: rows after which the seasons repeat, {7,365} for days, {} for none; NULL: those that ecom.seasonal_periods finds, for each
  series its own
- by: dimensions of ecom.dimensions() whose members make the series, but not of time
- from_date, to_date: inclusive; NULL means the first and the last day with sales
- filters: {"region": "West"}
- robust: outliers, as days of promotions, bend neither trend nor season
ecom.mstl with growth_first (Bandara, Hyndman and Bergmeir, 2021); for other series use it over your own query. Errors: 22023 for an argument that is
not known, and for a reversed range. Time: one query of the metric, then O(n) in the periods of a series.';

create function ecom.series_profile(
    mart name default null,
    metric text default 'revenue',
    grain text default 'day',
    "by" text[] default '{}',
    from_date date default null,
    to_date date default null,
    filters jsonb default '{}'
) returns table (series text, summary text, trend text, slope numeric, change_rate numeric, trend_strength float8, periods int[],
                 seasonal_share float8, seasonal_strength float8, stationarity text, adf_p_value float8, kpss_p_value float8, seasonal_differences int,
                 differences int, n bigint, missing bigint, gaps bigint)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    range constant record := ecom_internal.check_range(mart_schema, from_date, to_date);
    sales constant record := ecom_internal.check_range(mart_schema, null, null);
    first_day constant date := greatest(range.first_date, sales.first_date);
    last_day constant date := least(range.last_date, sales.last_date);
    has_sales constant boolean := coalesce(first_day <= last_day, false);
    -- Arguments are checked without sales too.
    query constant text := ecom_internal.metric_series(
        mart_schema, metric, grain, "by", case when has_sales then first_day else '2000-01-01' end,
        case when has_sales then last_day else '2000-01-01' end, filters);
begin
    if not has_sales then
        return;
    end if;
    return query execute format('
        select p.series, (p.found).summary, (p.found).trend, trim_scale(round((p.found).slope::numeric, 4)),
               trim_scale(round((p.found).change_rate::numeric, 4)), round((p.found).trend_strength::numeric, 4)::float8, (p.found).periods,
               round((p.found).seasonal_share::numeric, 4)::float8, round((p.found).seasonal_strength::numeric, 4)::float8, (p.found).stationarity,
               round((p.found).adf_p_value::numeric, 4)::float8, round((p.found).kpss_p_value::numeric, 4)::float8,
               (p.found).seasonal_differences, (p.found).differences, (p.found).n, (p.found).missing, (p.found).gaps
        from (select s.series, ecom.series_profile(s.value::float8, $1 order by s.period_start) as found
              from (%s) s where s.is_complete group by s.series offset 0) p
        order by p.series collate "C"',
        query)
        using grain;
end
$$;
comment on function ecom.series_profile(name, text, text, text[], date, date, jsonb) is
'Trend, season and stationarity of a metric of a mart, in plain words and in numbers.
Example: SELECT summary FROM ecom.series_profile(''shop'')
Example: SELECT * FROM ecom.series_profile(''shop'', ''revenue'', ''week'', "by" => ''{category}'')
One row per series. Complete periods only; days without sales count as 0 for sums and are missing for ratios.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- metric: of ecom.metrics, revenue by default
- grain: day (tries seasons of 7, 30 and 365 days), week (52) or month (12)
- by: dimensions of ecom.dimensions() whose members make the series, but not of time
- from_date, to_date: inclusive; NULL means the first and the last day with sales
- filters: {"region": "West"}
The columns are those of the aggregate ecom.series_profile, which does the same over your own query. slope: a period, in units of the
metric. change_rate: of the whole time, over the mean. Errors: 22023 for an argument that is not known, and for a reversed range.';
