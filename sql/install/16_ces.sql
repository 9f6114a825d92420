-- Complex exponential smoothing.

create function ecom_internal.ces_forecast_final(ecom.state) returns ecom.forecast_row[]
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_ces_forecast_final';
create function ecom_internal.ces_fit_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_ces_fit_final';

create aggregate ecom.ces_forecast(ts timestamp, value float8, horizon int) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.ces_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.ces_forecast(timestamp, float8, int) is
'Forecasts a series by complex exponential smoothing.
Example: SELECT (unnest(ecom.ces_forecast(order_date, revenue_amount::float8, 14))).* FROM shop.kpi_daily
Infers the step, sums values of a step, and takes steps without rows for 0.
One row of ecom.forecast_row a step. See ecom.ces_forecast(ts, value, horizon, options) for options, rules and errors.
Svetunkov, Kourentzes and Ord (2022).';
create aggregate ecom.ces_forecast(ts timestamp, value float8, horizon int, options jsonb) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.ces_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.ces_forecast(timestamp, float8, int, jsonb) is
'Forecasts a series by complex exponential smoothing. With options.
Example: SELECT (unnest(ecom.ces_forecast(order_date, revenue_amount::float8, 14, ''{"season": "full"}''))).* FROM shop.kpi_daily
- horizon: steps to forecast, 1 to 100000
- options: JSON, read from the first row; step, duplicates, gaps, period, level and nonnegative as for ecom.naive_forecast, and
  season: none, simple (the states of the period before), partial (a season that is added) or full (one with a complex state of its
  own), of 2 to 1000 steps and there twice; without it the best by AICc
One model for series with and without trend: level and growth are a complex number with a complex smoothing parameter. First states come
from running the series forwards and backwards; squares of one-step errors are minimised.
Missing values are interpolated. Rows in any order. What cannot be fitted has a forecast by its last value, or none, and a status that
says why. NULL without rows. Unknown options, horizons and levels out of range: 22023. Memory: 16 bytes a row. O(n) an evaluation, some 100 of them.
Svetunkov, Kourentzes and Ord (2022).';
create aggregate ecom.ces_fit(ts timestamp, value float8) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.ces_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.ces_fit(timestamp, float8) is
'Fits what ecom.ces_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.ces_fit(order_date, revenue_amount::float8)) FROM shop.kpi_daily
Arguments and rules are those of ecom.ces_forecast; a series that allows no forecast at all: 22000.';
create aggregate ecom.ces_fit(ts timestamp, value float8, options jsonb) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.ces_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.ces_fit(timestamp, float8, jsonb) is
'Fits what ecom.ces_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update. With options.
Example: SELECT ecom.model_info(ecom.ces_fit(order_date, revenue_amount::float8, ''{"season": "full"}'')) FROM shop.kpi_daily
Arguments, options and rules are those of ecom.ces_forecast; a series that allows no forecast at all: 22000.';

create function ecom.ces_forecast(
    query text, horizon int, step text default null, period int default null, level float8 default 0.95,
    duplicates text default 'sum', gaps text default null, nonnegative boolean default false,
    season text default null)
    returns table (series text, step int, ts timestamp, forecast float8, lower float8, upper float8, std_error float8,
                   method text, status text)
language sql volatile parallel restricted
begin atomic
    select * from ecom_internal.forecast_query('ces', ces_forecast.query, ces_forecast.horizon,
        jsonb_strip_nulls(jsonb_build_object('step', ces_forecast.step, 'period', ces_forecast.period, 'level', ces_forecast.level,
            'duplicates', ces_forecast.duplicates, 'gaps', ces_forecast.gaps, 'nonnegative', ces_forecast.nonnegative,
            'season', ces_forecast.season)));
end;
comment on function ecom.ces_forecast(text, int, text, int, float8, text, text, boolean, text) is
'Forecasts a series by complex exponential smoothing. For every series of a query, on all threads.
Example: SELECT * FROM ecom.ces_forecast(''SELECT 1, order_date, revenue_amount FROM shop.kpi_daily'', 14)
- query: returns series (any type), ts (date or timestamp), value (a number) and optionally regressors; rows in any order; it runs as the
  caller, and names are found by the search_path; rows after the last value, with a NULL value, give regressors of the future
- horizon: steps to forecast, 1 to 100000
- step, period, level, duplicates, gaps, nonnegative: as the options of ecom.naive_forecast; one step for all series, inferred from all their times
- season: as the options of the aggregate
Rows are ordered by series (by bytes) and step. A series that cannot be fitted has a status that says so, and never stops the others.
Memory: 16 bytes a row of the query and some 250 a series. The result is the same for any number of threads.';
