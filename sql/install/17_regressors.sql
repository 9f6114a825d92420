-- Regressors for methods that have none of their own: holidays, promotions, prices. One text for all of them.

do $do$
declare
    overload record;
begin
    for overload in
        select * from (values ('auto', 'automatically'), ('ets', 'by exponential smoothing'), ('theta', 'by the theta method'),
                              ('ces', 'by complex exponential smoothing'), ('mstl', 'by its decomposition')) v (method, manner)
    loop
        execute format('
            create aggregate ecom.%1$s_forecast(ts timestamp, value float8, regressors float8[], horizon int, options jsonb) (
                sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.%1$s_forecast_final, sspace = 4096,
                combinefunc = ecom_internal.forecast_combine, parallel = safe);
            create aggregate ecom.%1$s_fit(ts timestamp, value float8, regressors float8[], options jsonb) (
                sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.%1$s_fit_final, sspace = 4096,
                combinefunc = ecom_internal.forecast_combine, parallel = safe)', overload.method);
        execute format('comment on aggregate ecom.%s_forecast(timestamp, float8, float8[], int, jsonb) is %L', overload.method, format(
'Forecasts a series %2$s beside the effects of regressors.
Example: SELECT (unnest(ecom.%1$s_forecast(d, k.revenue_amount::float8, ARRAY[(extract(day FROM d) = 1)::int::float8], 7, ''{}''))).* FROM generate_series((SELECT min(order_date) FROM shop.kpi_daily)::timestamp, (SELECT max(order_date) + 7 FROM shop.kpi_daily)::timestamp, ''1 day'') d LEFT JOIN shop.kpi_daily k ON k.order_date = d
- regressors: holidays, promotions, prices, of every row; rows after the last value, with a NULL value, give those of the future
- horizon, options: as for ecom.%1$s_forecast(ts, value, horizon, options)
Effects are estimated by a regression with ARIMA(0,1,1)(0,1,1) errors, the seasonal part from four seasons on, taken out before the
method sees the series, and given back to its forecasts. Intervals leave out that they are estimates. A regressor that does not vary
beside level, trend and season has the effect 0. Regressors that depend on each other: the series is forecast by its last value and
the status says so. Regressors of fewer future steps than the horizon: 22023.
O(n) time beyond that of the method. Box and Tiao (1975).', overload.method, overload.manner));
        execute format('comment on aggregate ecom.%s_fit(timestamp, float8, float8[], jsonb) is %L', overload.method, format(
'Fits what ecom.%1$s_forecast with regressors forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.%1$s_fit(d.date, k.revenue_amount::float8, ARRAY[(d.day_of_month = 1)::int::float8], ''{"step": "day"}'')) FROM shop.dim_date d JOIN shop.kpi_daily k ON k.order_date = d.date
Arguments and rules as for ecom.%1$s_forecast(ts, value, regressors, horizon, options). ecom.model_info shows the effects and their standard errors.', overload.method));
    end loop;
end
$do$;
