-- Forecasts by regression on trend, season, lags and regressors.

create function ecom_internal.regression_forecast_final(ecom.state) returns ecom.forecast_row[]
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_regression_forecast_final';
create function ecom_internal.regression_fit_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_regression_fit_final';

create aggregate ecom.regression_forecast(ts timestamp, value float8, horizon int) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.regression_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.regression_forecast(timestamp, float8, int) is
'Forecasts a series by regression on its trend, the place in the season and the values before.
Example: SELECT (unnest(ecom.regression_forecast(date_trunc(''month'', order_date::timestamp), revenue_amount::float8, 3))).* FROM shop.kpi_daily
Infers the step, sums values of a step, takes steps without rows for 0, and chooses the terms by AICc.
One row of ecom.forecast_row a step. See ecom.regression_forecast(ts, value, horizon, options) for options, rules and errors.';
create aggregate ecom.regression_forecast(ts timestamp, value float8, horizon int, options jsonb) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.regression_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.regression_forecast(timestamp, float8, int, jsonb) is
'Forecasts a series by regression on its trend, the place in the season and the values before. With options.
Example: SELECT (unnest(ecom.regression_forecast(order_date, revenue_amount::float8, 14, ''{"trend": true, "season": true, "lags": [1, 7]}''))).* FROM shop.kpi_daily
- horizon: steps to forecast, 1 to 100000
- options: JSON, read from the first row
  trend, season: true or false whether a straight trend and the place in the season belong to it; chosen by AICc without
  lags: steps before whose values belong to it, [] for none; without, none, 1, or 1 and the period are tried
  for every method: step, duplicates, gaps, period, level, nonnegative, as in ecom.ets_forecast
Steps with a missing value or lag are left out of the fit. A season needs two periods, period and lags at most 1000.
Intervals are Student''s, and count the errors of the coefficients and those to come, as they go on through the lags.
What cannot be fitted (constant, too short) has a forecast by its last value, or none, and a status that says why. NULL without rows.
Unknown options, lags below 1 or twice: 22023. O(n k^2) time, 24 n k bytes for k coefficients.
Hyndman and Athanasopoulos (2021, "Forecasting: principles and practice", chapter 7).';
create aggregate ecom.regression_forecast(ts timestamp, value float8, regressors float8[], horizon int, options jsonb) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.regression_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.regression_forecast(timestamp, float8, float8[], int, jsonb) is
'Forecasts a series by regression on regressors too, such as promotions and holidays.
Example: SELECT (unnest(ecom.regression_forecast(d, k.revenue_amount::float8, ARRAY[(extract(isodow FROM d) > 5)::int::float8], 7, ''{"season": false}''))).* FROM generate_series((SELECT min(order_date) FROM shop.kpi_daily)::timestamp, (SELECT max(order_date) + 7 FROM shop.kpi_daily)::timestamp, ''1 day'') d LEFT JOIN shop.kpi_daily k ON k.order_date = d
- regressors: as many for every row; of the steps to forecast too: rows after the last value, with a NULL value
Missing regressors of the steps to forecast: 22023. Regressors that are linearly dependent give a forecast by the last value, and a status;
where none varies beside level, trend and season, a forecast without them.
Otherwise as ecom.regression_forecast(ts, value, horizon, options).';
create aggregate ecom.regression_fit(ts timestamp, value float8) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.regression_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.regression_fit(timestamp, float8) is
'Fits what ecom.regression_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.regression_fit(order_date, revenue_amount::float8)) FROM shop.kpi_daily
Arguments and rules are those of ecom.regression_forecast; a series that allows no forecast at all: 22000.';
create aggregate ecom.regression_fit(ts timestamp, value float8, options jsonb) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.regression_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.regression_fit(timestamp, float8, jsonb) is
'Fits what ecom.regression_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update. With options.
Example: SELECT ecom.model_info(ecom.regression_fit(order_date, revenue_amount::float8, ''{"lags": [7]}'')) FROM shop.kpi_daily
Arguments, options and rules are those of ecom.regression_forecast; a series that allows no forecast at all: 22000.';
create aggregate ecom.regression_fit(ts timestamp, value float8, regressors float8[], options jsonb) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.regression_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.regression_fit(timestamp, float8, float8[], jsonb) is
'Fits what ecom.regression_forecast forecasts with, with regressors, as a model for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.regression_fit(d.date, k.revenue_amount::float8, ARRAY[d.is_weekend::int::float8], ''{"season": false}'')) FROM shop.dim_date d JOIN shop.kpi_daily k ON k.order_date = d.date
Arguments, options and rules are those of ecom.regression_forecast; a series that allows no forecast at all: 22000.';
create function ecom.regression_forecast(
    query text, horizon int, step text default null, period int default null, level float8 default 0.95,
    duplicates text default 'sum', gaps text default null, nonnegative boolean default false,
    trend boolean default null, season boolean default null, lags int[] default null)
    returns table (series text, step int, ts timestamp, forecast float8, lower float8, upper float8, std_error float8,
                   method text, status text)
language sql volatile parallel restricted
begin atomic
    select * from ecom_internal.forecast_query('regression', regression_forecast.query, regression_forecast.horizon,
        jsonb_strip_nulls(jsonb_build_object('step', regression_forecast.step, 'period', regression_forecast.period,
            'level', regression_forecast.level, 'duplicates', regression_forecast.duplicates, 'gaps', regression_forecast.gaps,
            'nonnegative', regression_forecast.nonnegative, 'trend', regression_forecast.trend, 'season', regression_forecast.season,
            'lags', to_jsonb(regression_forecast.lags))));
end;
comment on function ecom.regression_forecast(text, int, text, int, float8, text, text, boolean, boolean, boolean, int[]) is
'Forecasts a series by regression on trend, season, lags and regressors. For every series of a query, on all threads.
Example: SELECT * FROM ecom.regression_forecast(''SELECT 1, order_date, revenue_amount FROM shop.kpi_daily'', 14)
- query: returns series (any type), ts (date or timestamp), value (a number) and any number of regressors, which must be there for the
  steps to forecast too, with a NULL value; rows in any order; it runs as the caller
- horizon: steps to forecast, 1 to 100000
- step, period, level, duplicates, gaps, nonnegative, trend, season, lags: as the options of the aggregate
Rows are ordered by series (by bytes) and step. A series that cannot be fitted has a status that says so, and never stops the others.
Memory: 16 bytes a row of the query and some 250 a series. The result is the same for any number of threads.';
