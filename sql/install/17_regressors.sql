-- Regressors for methods that have none of their own: holidays, promotions, prices.

create aggregate ecom.auto_forecast(ts timestamp, value float8, regressors float8[], horizon int, options jsonb) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.auto_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.auto_forecast(timestamp, float8, float8[], int, jsonb) is
'Forecasts a series automatically beside the effects of regressors.
Example: SELECT (unnest(ecom.auto_forecast(d, k.revenue_amount::float8, ARRAY[(extract(day FROM d) = 1)::int::float8], 7, ''{}''))).* FROM generate_series((SELECT min(order_date) FROM shop.kpi_daily)::timestamp, (SELECT max(order_date) + 7 FROM shop.kpi_daily)::timestamp, ''1 day'') d LEFT JOIN shop.kpi_daily k ON k.order_date = d
- regressors: holidays, promotions, prices, of every row; rows after the last value, with a NULL value, give those of the future
- horizon, options: as for ecom.auto_forecast(ts, value, horizon, options)
Effects are estimated by a regression with ARIMA(0,1,1)(0,1,1) errors, the seasonal part from four seasons on, taken out before the
method sees the series, and given back to its forecasts. Intervals leave out that they are estimates. Regressors that depend on each
other or do not vary: the series is forecast by its last value and the status says so. Regressors of fewer future steps than the horizon: 22023.
O(n) time beyond that of the method. Box and Tiao (1975).';
create aggregate ecom.auto_fit(ts timestamp, value float8, regressors float8[], options jsonb) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.auto_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.auto_fit(timestamp, float8, float8[], jsonb) is
'Fits what ecom.auto_forecast with regressors forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.auto_fit(d.date, k.revenue_amount::float8, ARRAY[(d.day_of_month = 1)::int::float8], ''{"step": "day"}'')) FROM shop.dim_date d JOIN shop.kpi_daily k ON k.order_date = d.date
Arguments and rules as for ecom.auto_forecast(ts, value, regressors, horizon, options). ecom.model_info shows the effects and their standard errors.';

create aggregate ecom.ets_forecast(ts timestamp, value float8, regressors float8[], horizon int, options jsonb) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.ets_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.ets_forecast(timestamp, float8, float8[], int, jsonb) is
'Forecasts a series by exponential smoothing beside the effects of regressors.
Example: SELECT (unnest(ecom.ets_forecast(d, k.revenue_amount::float8, ARRAY[(extract(day FROM d) = 1)::int::float8], 7, ''{}''))).* FROM generate_series((SELECT min(order_date) FROM shop.kpi_daily)::timestamp, (SELECT max(order_date) + 7 FROM shop.kpi_daily)::timestamp, ''1 day'') d LEFT JOIN shop.kpi_daily k ON k.order_date = d
- regressors: holidays, promotions, prices, of every row; rows after the last value, with a NULL value, give those of the future
- horizon, options: as for ecom.ets_forecast(ts, value, horizon, options)
Effects are estimated by a regression with ARIMA(0,1,1)(0,1,1) errors, the seasonal part from four seasons on, taken out before the
method sees the series, and given back to its forecasts. Intervals leave out that they are estimates. Regressors that depend on each
other or do not vary: the series is forecast by its last value and the status says so. Regressors of fewer future steps than the horizon: 22023.
O(n) time beyond that of the method. Box and Tiao (1975).';
create aggregate ecom.ets_fit(ts timestamp, value float8, regressors float8[], options jsonb) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.ets_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.ets_fit(timestamp, float8, float8[], jsonb) is
'Fits what ecom.ets_forecast with regressors forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.ets_fit(d.date, k.revenue_amount::float8, ARRAY[(d.day_of_month = 1)::int::float8], ''{"step": "day"}'')) FROM shop.dim_date d JOIN shop.kpi_daily k ON k.order_date = d.date
Arguments and rules as for ecom.ets_forecast(ts, value, regressors, horizon, options). ecom.model_info shows the effects and their standard errors.';

create aggregate ecom.theta_forecast(ts timestamp, value float8, regressors float8[], horizon int, options jsonb) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.theta_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.theta_forecast(timestamp, float8, float8[], int, jsonb) is
'Forecasts a series by the theta method beside the effects of regressors.
Example: SELECT (unnest(ecom.theta_forecast(d, k.revenue_amount::float8, ARRAY[(extract(day FROM d) = 1)::int::float8], 7, ''{}''))).* FROM generate_series((SELECT min(order_date) FROM shop.kpi_daily)::timestamp, (SELECT max(order_date) + 7 FROM shop.kpi_daily)::timestamp, ''1 day'') d LEFT JOIN shop.kpi_daily k ON k.order_date = d
- regressors: holidays, promotions, prices, of every row; rows after the last value, with a NULL value, give those of the future
- horizon, options: as for ecom.theta_forecast(ts, value, horizon, options)
Effects are estimated by a regression with ARIMA(0,1,1)(0,1,1) errors, the seasonal part from four seasons on, taken out before the
method sees the series, and given back to its forecasts. Intervals leave out that they are estimates. Regressors that depend on each
other or do not vary: the series is forecast by its last value and the status says so. Regressors of fewer future steps than the horizon: 22023.
O(n) time beyond that of the method. Box and Tiao (1975).';
create aggregate ecom.theta_fit(ts timestamp, value float8, regressors float8[], options jsonb) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.theta_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.theta_fit(timestamp, float8, float8[], jsonb) is
'Fits what ecom.theta_forecast with regressors forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.theta_fit(d.date, k.revenue_amount::float8, ARRAY[(d.day_of_month = 1)::int::float8], ''{"step": "day"}'')) FROM shop.dim_date d JOIN shop.kpi_daily k ON k.order_date = d.date
Arguments and rules as for ecom.theta_forecast(ts, value, regressors, horizon, options). ecom.model_info shows the effects and their standard errors.';

create aggregate ecom.ces_forecast(ts timestamp, value float8, regressors float8[], horizon int, options jsonb) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.ces_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.ces_forecast(timestamp, float8, float8[], int, jsonb) is
'Forecasts a series by complex exponential smoothing beside the effects of regressors.
Example: SELECT (unnest(ecom.ces_forecast(d, k.revenue_amount::float8, ARRAY[(extract(day FROM d) = 1)::int::float8], 7, ''{}''))).* FROM generate_series((SELECT min(order_date) FROM shop.kpi_daily)::timestamp, (SELECT max(order_date) + 7 FROM shop.kpi_daily)::timestamp, ''1 day'') d LEFT JOIN shop.kpi_daily k ON k.order_date = d
- regressors: holidays, promotions, prices, of every row; rows after the last value, with a NULL value, give those of the future
- horizon, options: as for ecom.ces_forecast(ts, value, horizon, options)
Effects are estimated by a regression with ARIMA(0,1,1)(0,1,1) errors, the seasonal part from four seasons on, taken out before the
method sees the series, and given back to its forecasts. Intervals leave out that they are estimates. Regressors that depend on each
other or do not vary: the series is forecast by its last value and the status says so. Regressors of fewer future steps than the horizon: 22023.
O(n) time beyond that of the method. Box and Tiao (1975).';
create aggregate ecom.ces_fit(ts timestamp, value float8, regressors float8[], options jsonb) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.ces_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.ces_fit(timestamp, float8, float8[], jsonb) is
'Fits what ecom.ces_forecast with regressors forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.ces_fit(d.date, k.revenue_amount::float8, ARRAY[(d.day_of_month = 1)::int::float8], ''{"step": "day"}'')) FROM shop.dim_date d JOIN shop.kpi_daily k ON k.order_date = d.date
Arguments and rules as for ecom.ces_forecast(ts, value, regressors, horizon, options). ecom.model_info shows the effects and their standard errors.';

create aggregate ecom.mstl_forecast(ts timestamp, value float8, regressors float8[], horizon int, options jsonb) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.mstl_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.mstl_forecast(timestamp, float8, float8[], int, jsonb) is
'Forecasts a series by its decomposition beside the effects of regressors.
Example: SELECT (unnest(ecom.mstl_forecast(d, k.revenue_amount::float8, ARRAY[(extract(day FROM d) = 1)::int::float8], 7, ''{}''))).* FROM generate_series((SELECT min(order_date) FROM shop.kpi_daily)::timestamp, (SELECT max(order_date) + 7 FROM shop.kpi_daily)::timestamp, ''1 day'') d LEFT JOIN shop.kpi_daily k ON k.order_date = d
- regressors: holidays, promotions, prices, of every row; rows after the last value, with a NULL value, give those of the future
- horizon, options: as for ecom.mstl_forecast(ts, value, horizon, options)
Effects are estimated by a regression with ARIMA(0,1,1)(0,1,1) errors, the seasonal part from four seasons on, taken out before the
method sees the series, and given back to its forecasts. Intervals leave out that they are estimates. Regressors that depend on each
other or do not vary: the series is forecast by its last value and the status says so. Regressors of fewer future steps than the horizon: 22023.
O(n) time beyond that of the method. Box and Tiao (1975).';
create aggregate ecom.mstl_fit(ts timestamp, value float8, regressors float8[], options jsonb) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.mstl_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.mstl_fit(timestamp, float8, float8[], jsonb) is
'Fits what ecom.mstl_forecast with regressors forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.mstl_fit(d.date, k.revenue_amount::float8, ARRAY[(d.day_of_month = 1)::int::float8], ''{"step": "day"}'')) FROM shop.dim_date d JOIN shop.kpi_daily k ON k.order_date = d.date
Arguments and rules as for ecom.mstl_forecast(ts, value, regressors, horizon, options). ecom.model_info shows the effects and their standard errors.';
