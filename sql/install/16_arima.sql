-- Seasonal ARIMA models by exact maximum likelihood, with automatic orders and regressors.

create function ecom_internal.arima_forecast_final(ecom.state) returns ecom.forecast_row[]
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_arima_forecast_final';
create function ecom_internal.arima_fit_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_arima_fit_final';

create aggregate ecom.arima_forecast(ts timestamp, value float8, horizon int) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.arima_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.arima_forecast(timestamp, float8, int) is
'Forecasts a series by the seasonal ARIMA model that fits it best.
Example: SELECT (unnest(ecom.arima_forecast(date_trunc(''month'', order_date::timestamp), revenue_amount::float8, 3))).* FROM shop.kpi_daily
Infers the step, sums values of a step, takes steps without rows for 0, and chooses the orders by AICc.
One row of ecom.forecast_row a step. See ecom.arima_forecast(ts, value, horizon, options) for options, rules and errors.
Box and Jenkins (1970); orders by Hyndman and Khandakar (2008).';

create aggregate ecom.arima_forecast(ts timestamp, value float8, horizon int, options jsonb) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.arima_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.arima_forecast(timestamp, float8, int, jsonb) is
'Forecasts a series by a seasonal ARIMA model. With options.
Example: SELECT (unnest(ecom.arima_forecast(order_date, revenue_amount::float8, 14, ''{"order": [0,1,1], "seasonal": [0,1,1]}''))).* FROM shop.kpi_daily
- horizon: steps to forecast, 1 to 100000
- options: JSON, read from the first row; step, duplicates, gaps, period, level and nonnegative as for ecom.naive_forecast, and
  order: [p, d, q], autoregressive order, differences and moving-average order; without it orders are chosen by AICc
  seasonal: [P, D, Q], the same at lags of the period
  constant: true for a mean (no differences) or drift (one); by default a mean without differences
  conditional: true for conditional least squares instead of exact likelihood
The likelihood is that of the differenced series, exact also with missing values; its best maximum is looked for from several starts. Intervals
are normal and do without the uncertainty of the coefficients, as those of forecast() for R.
A series that cannot be fitted has a forecast by its last value and a status that says why. Longest lag 350, up to two differences of a
kind, else 22023. O(n r) time a likelihood for r the longest lag. Pearlman (1980), Jones (1980), Gomez, Maravall and Pena (1999).';

create aggregate ecom.arima_forecast(ts timestamp, value float8, regressors float8[], horizon int, options jsonb) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.arima_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.arima_forecast(timestamp, float8, float8[], int, jsonb) is
'Forecasts a series by a regression with seasonal ARIMA errors.
Example: SELECT (unnest(ecom.arima_forecast(d, k.revenue_amount::float8, ARRAY[(extract(isodow FROM d) > 5)::int::float8], 7, ''{"order": [1,0,0]}''))).* FROM generate_series((SELECT min(order_date) FROM shop.kpi_daily)::timestamp, (SELECT max(order_date) + 7 FROM shop.kpi_daily)::timestamp, ''1 day'') d LEFT JOIN shop.kpi_daily k ON k.order_date = d
- regressors: promotions, holidays, prices, of every row; rows after the last value, with a NULL value, give those of the future
- horizon, options: as for ecom.arima_forecast(ts, value, horizon, options)
Coefficients of regressors by generalised least squares within the likelihood. Regressors that depend on each other: the series is forecast by
its last value and the status says so; without them where none varies beside level, trend and season. Regressors of fewer future steps than the horizon: 22023.';

create aggregate ecom.arima_fit(ts timestamp, value float8, options jsonb) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.arima_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.arima_fit(timestamp, float8, jsonb) is
'Fits a seasonal ARIMA model, for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.arima_fit(order_date, revenue_amount::float8, ''{"order": [5,1,2]}'')) FROM shop.kpi_daily
Options as for ecom.arima_forecast(ts, value, horizon, options). ecom.model_info shows coefficients and their standard errors, log-likelihood,
AIC, AICc, BIC, both conventions of sigma2 (over n, and over n less the coefficients), and the least roots: near 1 is near a unit root.
A series that allows no forecast at all: 22000.';

create aggregate ecom.arima_fit(ts timestamp, value float8, regressors float8[], options jsonb) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.arima_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.arima_fit(timestamp, float8, float8[], jsonb) is
'Fits a regression with seasonal ARIMA errors, for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.arima_fit(d.date, k.revenue_amount::float8, ARRAY[d.is_weekend::int::float8], ''{"order": [1,0,0], "step": "day"}'')) FROM shop.dim_date d JOIN shop.kpi_daily k ON k.order_date = d.date
Arguments as for ecom.arima_forecast(ts, value, regressors, horizon, options).';

create function ecom.arima_forecast(
    query text, horizon int, "order" int[] default null, seasonal int[] default null, constant boolean default null,
    step text default null, period int default null, level float8 default 0.95, duplicates text default 'sum',
    gaps text default null, nonnegative boolean default false)
    returns table (series text, step int, ts timestamp, forecast float8, lower float8, upper float8, std_error float8,
                   method text, status text)
language sql volatile parallel restricted
begin atomic
    select * from ecom_internal.forecast_query('arima', arima_forecast.query, arima_forecast.horizon,
        jsonb_strip_nulls(jsonb_build_object('order', arima_forecast."order", 'seasonal', arima_forecast.seasonal,
            'constant', arima_forecast.constant, 'step', arima_forecast.step, 'period', arima_forecast.period,
            'level', arima_forecast.level, 'duplicates', arima_forecast.duplicates, 'gaps', arima_forecast.gaps,
            'nonnegative', arima_forecast.nonnegative)));
end;
comment on function ecom.arima_forecast(text, int, int[], int[], boolean, text, int, float8, text, text, boolean) is
'Forecasts every series of a query by a seasonal ARIMA model, on all threads.
Example: SELECT * FROM ecom.arima_forecast(''SELECT 1, order_date, revenue_amount FROM shop.kpi_daily'', 14, ARRAY[0,1,1], ARRAY[0,1,1])
- query: returns series (any type), ts (date or timestamp), value (a number) and optionally regressors; rows in any order; it runs as the
  caller; rows after the last value, with a NULL value, give regressors of the future
- horizon: steps to forecast, 1 to 100000
- order, seasonal, constant: as the options of the aggregate; without order it is chosen for each series by AICc
- step, period, level, duplicates, gaps, nonnegative: as the options of ecom.naive_forecast; one step for all series
Rows are ordered by series (by bytes) and step. A series that cannot be fitted has a status that says so, and never stops the others.
Memory: 16 bytes a row of the query and some 250 a series. The result is the same for any number of threads.';

create function ecom.fourier(ts timestamp, period_days float8, k int) returns float8[]
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if not (period_days > 0 and period_days < 'Infinity') or k not between 1 and 100 or not isfinite(ts) then
        raise exception 'period_days % and k % make no waves', period_days, k using errcode = '22023',
            hint = 'Give the length of the season in days, as 365.25, and 1 to 100 waves: ecom.fourier(order_date, 365.25, 3).';
    end if;
    return array(select case part when 0 then sin(n * turn) else cos(n * turn) end
                 from (select 2 * pi() * extract(epoch from ts)::float8 / 86400 / period_days as turn) t,
                      generate_series(1, k) n, generate_series(0, 1) part order by n, part);
end
$$;
comment on function ecom.fourier(timestamp, float8, int) is
'Sines and cosines of a season, as regressors for one that is too long or not a whole number of steps.
Example: SELECT order_date, ecom.fourier(order_date, 365.25, 2) FROM shop.kpi_daily
ts: time of the row. period_days: length of the season in days, above 0. k: number of waves, 1 to 100; more follow the season more closely.
Result: sin and cos of wave 1, then of wave 2, and so on, 2 k numbers. NULL for NULL. 22023 for arguments out of range.
A week and a year together: orders with a period of 7 days, and these as regressors. De Livera, Hyndman and Snyder (2011), section 1.';
