-- Forecasts by decomposition: seasons by MSTL, the rest by exponential smoothing.

create function ecom_internal.mstl_forecast_final(ecom.state) returns ecom.forecast_row[]
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_mstl_forecast_final';
create function ecom_internal.mstl_fit_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_mstl_fit_final';

create aggregate ecom.mstl_forecast(ts timestamp, value float8, horizon int) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.mstl_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.mstl_forecast(timestamp, float8, int) is
'Forecasts a series by its decomposition: seasons of any length repeated, the rest by exponential smoothing.
Example: SELECT (unnest(ecom.mstl_forecast(order_date, revenue_amount::float8, 14))).* FROM shop.kpi_daily
Infers the step, sums values of a step, and takes steps without rows for 0.
One row of ecom.forecast_row a step. See ecom.mstl_forecast(ts, value, horizon, options) for options, rules and errors.
Cleveland et al. (1990), Bandara, Hyndman and Bergmeir (2021); as stlf() of forecast for R.';
create aggregate ecom.mstl_forecast(ts timestamp, value float8, horizon int, options jsonb) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.mstl_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.mstl_forecast(timestamp, float8, int, jsonb) is
'Forecasts a series by its decomposition: seasons of any length repeated, the rest by exponential smoothing. With options.
Example: SELECT (unnest(ecom.mstl_forecast(order_date, revenue_amount::float8, 14, ''{"periods": [7, 91]}''))).* FROM shop.kpi_daily
- horizon: steps to forecast, 1 to 100000
- options: JSON, read from the first row; step, duplicates, gaps, period, level and nonnegative as for ecom.naive_forecast, and
  periods: lengths of the seasons, ascending, such as [7, 365]; by default the period
  robust: true lets outliers bend neither seasons nor trend
Each season is repeated as it was in its last period. Seasons of which the series has fewer than two are left out. Intervals leave out
that seasons are estimates.
Missing values are interpolated. Rows in any order. What cannot be fitted has a forecast by its last value, or none, and a status that
says why. NULL without rows. Unknown options, horizons and levels out of range: 22023. Memory: 16 bytes a row. O(n).
Cleveland et al. (1990), Bandara, Hyndman and Bergmeir (2021); as stlf() of forecast for R.';
create aggregate ecom.mstl_fit(ts timestamp, value float8) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.mstl_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.mstl_fit(timestamp, float8) is
'Fits what ecom.mstl_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.mstl_fit(order_date, revenue_amount::float8)) FROM shop.kpi_daily
Arguments and rules are those of ecom.mstl_forecast; a series that allows no forecast at all: 22000.';
create aggregate ecom.mstl_fit(ts timestamp, value float8, options jsonb) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.mstl_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.mstl_fit(timestamp, float8, jsonb) is
'Fits what ecom.mstl_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update. With options.
Example: SELECT ecom.model_info(ecom.mstl_fit(order_date, revenue_amount::float8, ''{"periods": [7, 91]}'')) FROM shop.kpi_daily
Arguments, options and rules are those of ecom.mstl_forecast; a series that allows no forecast at all: 22000.';

create function ecom.mstl_forecast(
    query text, horizon int, step text default null, period int default null, level float8 default 0.95,
    duplicates text default 'sum', gaps text default null, nonnegative boolean default false,
    periods int[] default null, robust boolean default false)
    returns table (series text, step int, ts timestamp, forecast float8, lower float8, upper float8, std_error float8,
                   method text, status text)
language sql volatile parallel restricted
begin atomic
    select * from ecom_internal.forecast_query('mstl', mstl_forecast.query, mstl_forecast.horizon,
        jsonb_strip_nulls(jsonb_build_object('step', mstl_forecast.step, 'period', mstl_forecast.period, 'level', mstl_forecast.level,
            'duplicates', mstl_forecast.duplicates, 'gaps', mstl_forecast.gaps, 'nonnegative', mstl_forecast.nonnegative,
            'periods', mstl_forecast.periods, 'robust', mstl_forecast.robust)));
end;
comment on function ecom.mstl_forecast(text, int, text, int, float8, text, text, boolean, int[], boolean) is
'Forecasts a series by its decomposition: seasons of any length repeated, the rest by exponential smoothing. For every series of a query, on all threads.
Example: SELECT * FROM ecom.mstl_forecast(''SELECT 1, order_date, revenue_amount FROM shop.kpi_daily'', 14)
- query: returns series (any type), ts (date or timestamp), value (a number) and optionally regressors; rows in any order; it runs as the
  caller, and names are found by the search_path; rows after the last value, with a NULL value, give regressors of the future
- horizon: steps to forecast, 1 to 100000
- step, period, level, duplicates, gaps, nonnegative: as the options of ecom.naive_forecast; one step for all series, inferred from all their times
- periods, robust: as the options of the aggregate
Rows are ordered by series (by bytes) and step. A series that cannot be fitted has a status that says so, and never stops the others.
Memory: 16 bytes a row of the query and some 250 a series. The result is the same for any number of threads.';
