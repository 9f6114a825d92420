-- Forecasts over any query: simple methods, exponential smoothing, theta, regression, combinations; fitted forecasters as models.

create type ecom.forecast_row as (
    step int, ts timestamp, forecast float8, lower float8, upper float8, std_error float8, method text, status text);
comment on type ecom.forecast_row is 'A step of a forecast';
comment on column ecom.forecast_row.step is '1 for the step after the last value';
comment on column ecom.forecast_row.ts is 'Begin of the step';
comment on column ecom.forecast_row.forecast is 'Expected value';
comment on column ecom.forecast_row.lower is 'Lower end of the prediction interval';
comment on column ecom.forecast_row.upper is 'Upper end of the prediction interval';
comment on column ecom.forecast_row.std_error is 'Standard error of the forecast';
comment on column ecom.forecast_row.method is 'What was fitted: ETS(M,Ad,M)';
comment on column ecom.forecast_row.status is 'ok, or what was done instead of what was asked for; all else is NULL where no forecast was possible';

create function ecom_internal.forecast_add(ecom.state, ts timestamp, value float8, horizon int) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_forecast_add';
create function ecom_internal.forecast_add(ecom.state, ts timestamp, value float8, horizon int, options jsonb) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_forecast_add';
create function ecom_internal.forecast_add(ecom.state, ts timestamp, value float8, regressors float8[], horizon int, options jsonb)
    returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_forecast_add_regressors';
create function ecom_internal.fit_add(ecom.state, ts timestamp, value float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_fit_add';
create function ecom_internal.fit_add(ecom.state, ts timestamp, value float8, options jsonb) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_fit_add';
create function ecom_internal.fit_add(ecom.state, ts timestamp, value float8, regressors float8[], options jsonb) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_fit_add_regressors';
create function ecom_internal.forecast_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_forecast_combine';
create function ecom_internal.forecast_query(
    method text, query text, horizon int, options jsonb,
    out series text, out step int, out ts timestamp, out forecast float8, out lower float8, out upper float8,
    out std_error float8, out method_fitted text, out status text) returns setof record
    language c volatile parallel restricted as 'MODULE_PATHNAME', 'ecom_forecast_query';

create function ecom_internal.auto_forecast_final(ecom.state) returns ecom.forecast_row[]
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_auto_forecast_final';
create function ecom_internal.auto_fit_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_auto_fit_final';

create aggregate ecom.auto_forecast(ts timestamp, value float8, horizon int) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.auto_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.auto_forecast(timestamp, float8, int) is
'Forecasts a series automatically: the mean of exponential smoothing and DOTM, with calibrated intervals.
Example: SELECT (unnest(ecom.auto_forecast(order_date, revenue_amount::float8, 14))).* FROM shop.kpi_daily
Infers the step, sums values of a step, and takes steps without rows for 0.
One row of ecom.forecast_row a step. See ecom.auto_forecast(ts, value, horizon, options) for options, rules and errors.
Mean of members as by Petropoulos and Svetunkov (2020); intervals by Lei et al. (2018).';
create aggregate ecom.auto_forecast(ts timestamp, value float8, horizon int, options jsonb) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.auto_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.auto_forecast(timestamp, float8, int, jsonb) is
'Forecasts a series automatically: the mean of exponential smoothing and DOTM, with calibrated intervals. With options.
Example: SELECT (unnest(ecom.auto_forecast(order_date, revenue_amount::float8, 14, ''{"level": 0.8}''))).* FROM shop.kpi_daily
- horizon: steps to forecast, 1 to 100000
- options: JSON, read from the first row
  calibrate: true (default): intervals hold what they say in forecasts from the last third of the series; false: normal intervals
  and those of every method:
  step: hour, day, week, month, quarter or year; without it the step is inferred from the times: years, quarters or months when all
  are midnights of the same day of the month or last days of months, weeks when whole weeks apart, else days, or hours
  duplicates: what becomes of several values in a step: sum (default), mean or last
  gaps: steps without a row are zero (default with sum), linear (straight lines; default otherwise), previous or missing
  period: steps after which the season repeats; by default 24 for hours, 7 days, 52 weeks, 12 months, 4 quarters
  level: of the prediction interval, 0.95; nonnegative: true cuts forecasts and intervals at 0
Rows in any order. A NULL value is missing, never 0. Rows without ts are left out. What cannot be fitted (constant, too short,
irregular, infinite) has a forecast by its last value, or none, and a status that says why. NULL without rows.
Unknown options, horizons and levels out of range: 22023. Memory: 16 bytes a row. Mean of members as by Petropoulos and Svetunkov (2020); intervals by Lei et al. (2018).';
create aggregate ecom.auto_fit(ts timestamp, value float8) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.auto_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.auto_fit(timestamp, float8) is
'Fits what ecom.auto_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.auto_fit(order_date, revenue_amount::float8)) FROM shop.kpi_daily
Arguments and rules are those of ecom.auto_forecast; a series that allows no forecast at all: 22000.';
create aggregate ecom.auto_fit(ts timestamp, value float8, options jsonb) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.auto_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.auto_fit(timestamp, float8, jsonb) is
'Fits what ecom.auto_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update. With options.
Example: SELECT ecom.model_info(ecom.auto_fit(order_date, revenue_amount::float8, ''{"step": "day"}'')) FROM shop.kpi_daily
Arguments, options and rules are those of ecom.auto_forecast; a series that allows no forecast at all: 22000.';
create function ecom.auto_forecast(
    query text, horizon int, step text default null, period int default null, level float8 default 0.95,
    duplicates text default 'sum', gaps text default null, nonnegative boolean default false,
    calibrate boolean default true)
    returns table (series text, step int, ts timestamp, forecast float8, lower float8, upper float8, std_error float8,
                   method text, status text)
language sql volatile parallel restricted
begin atomic
    select * from ecom_internal.forecast_query('auto', auto_forecast.query, auto_forecast.horizon,
        jsonb_strip_nulls(jsonb_build_object('step', auto_forecast.step, 'period', auto_forecast.period, 'level', auto_forecast.level,
            'duplicates', auto_forecast.duplicates, 'gaps', auto_forecast.gaps, 'nonnegative', auto_forecast.nonnegative, 'calibrate', auto_forecast.calibrate)));
end;
comment on function ecom.auto_forecast(text, int, text, int, float8, text, text, boolean, boolean) is
'Forecasts a series automatically: the mean of exponential smoothing and DOTM, with calibrated intervals. For every series of a query, on all threads.
Example: SELECT * FROM ecom.auto_forecast(''SELECT 1, order_date, revenue_amount FROM shop.kpi_daily'', 14)
- query: returns series (any type), ts (date or timestamp), value (a number) and optionally regressors; rows in any order; it runs as the
  caller, and names are found by the search_path; rows after the last value, with a NULL value, give regressors of the future
- horizon: steps to forecast, 1 to 100000
- step, period, level, duplicates, gaps, nonnegative: as the options of the aggregate; one step for all series, inferred from all their times
- calibrate: as the option of the aggregate
Rows are ordered by series (by bytes) and step. A series that cannot be fitted has a status that says so, and never stops the others.
Memory: 16 bytes a row of the query and some 250 a series. The result is the same for any number of threads.';

create function ecom_internal.ets_forecast_final(ecom.state) returns ecom.forecast_row[]
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_ets_forecast_final';
create function ecom_internal.ets_fit_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_ets_fit_final';

create aggregate ecom.ets_forecast(ts timestamp, value float8, horizon int) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.ets_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.ets_forecast(timestamp, float8, int) is
'Forecasts a series by exponential smoothing, the best of 15 models by AICc.
Example: SELECT (unnest(ecom.ets_forecast(order_date, revenue_amount::float8, 14))).* FROM shop.kpi_daily
Infers the step, sums values of a step, and takes steps without rows for 0.
One row of ecom.forecast_row a step. See ecom.ets_forecast(ts, value, horizon, options) for options, rules and errors.
Hyndman, Koehler, Snyder and Grose (2002), as ets() of forecast for R.';
create aggregate ecom.ets_forecast(ts timestamp, value float8, horizon int, options jsonb) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.ets_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.ets_forecast(timestamp, float8, int, jsonb) is
'Forecasts a series by exponential smoothing, the best of 15 models by AICc. With options.
Example: SELECT (unnest(ecom.ets_forecast(order_date, revenue_amount::float8, 14, ''{"level": 0.8}''))).* FROM shop.kpi_daily
- horizon: steps to forecast, 1 to 100000
- options: JSON, read from the first row
  model: error, trend and season as letters (N none, A additive, Ad damped, M multiplicative, Z chosen): ZZZ, ANN, AAdA, MAM
  damped: true: only damped trends; effort: fast (default; stops early, which forecasts better) or exact (the highest likelihood)
  and those of every method:
  step: hour, day, week, month, quarter or year; without it the step is inferred from the times: years, quarters or months when all
  are midnights of the same day of the month or last days of months, weeks when whole weeks apart, else days, or hours
  duplicates: what becomes of several values in a step: sum (default), mean or last
  gaps: steps without a row are zero (default with sum), linear (straight lines; default otherwise), previous or missing
  period: steps after which the season repeats; by default 24 for hours, 7 days, 52 weeks, 12 months, 4 quarters
  level: of the prediction interval, 0.95; nonnegative: true cuts forecasts and intervals at 0
Rows in any order. A NULL value is missing, never 0. Rows without ts are left out. What cannot be fitted (constant, too short,
irregular, infinite) has a forecast by its last value, or none, and a status that says why. NULL without rows.
Unknown options, horizons and levels out of range: 22023. Memory: 16 bytes a row. Hyndman, Koehler, Snyder and Grose (2002), as ets() of forecast for R.';
create aggregate ecom.ets_fit(ts timestamp, value float8) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.ets_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.ets_fit(timestamp, float8) is
'Fits what ecom.ets_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.ets_fit(order_date, revenue_amount::float8)) FROM shop.kpi_daily
Arguments and rules are those of ecom.ets_forecast; a series that allows no forecast at all: 22000.';
create aggregate ecom.ets_fit(ts timestamp, value float8, options jsonb) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.ets_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.ets_fit(timestamp, float8, jsonb) is
'Fits what ecom.ets_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update. With options.
Example: SELECT ecom.model_info(ecom.ets_fit(order_date, revenue_amount::float8, ''{"step": "day"}'')) FROM shop.kpi_daily
Arguments, options and rules are those of ecom.ets_forecast; a series that allows no forecast at all: 22000.';
create function ecom.ets_forecast(
    query text, horizon int, step text default null, period int default null, level float8 default 0.95,
    duplicates text default 'sum', gaps text default null, nonnegative boolean default false,
    model text default 'ZZZ', effort text default 'fast')
    returns table (series text, step int, ts timestamp, forecast float8, lower float8, upper float8, std_error float8,
                   method text, status text)
language sql volatile parallel restricted
begin atomic
    select * from ecom_internal.forecast_query('ets', ets_forecast.query, ets_forecast.horizon,
        jsonb_strip_nulls(jsonb_build_object('step', ets_forecast.step, 'period', ets_forecast.period, 'level', ets_forecast.level,
            'duplicates', ets_forecast.duplicates, 'gaps', ets_forecast.gaps, 'nonnegative', ets_forecast.nonnegative, 'model', ets_forecast.model, 'effort', ets_forecast.effort)));
end;
comment on function ecom.ets_forecast(text, int, text, int, float8, text, text, boolean, text, text) is
'Forecasts a series by exponential smoothing, the best of 15 models by AICc. For every series of a query, on all threads.
Example: SELECT * FROM ecom.ets_forecast(''SELECT 1, order_date, revenue_amount FROM shop.kpi_daily'', 14)
- query: returns series (any type), ts (date or timestamp), value (a number) and optionally regressors; rows in any order; it runs as the
  caller, and names are found by the search_path; rows after the last value, with a NULL value, give regressors of the future
- horizon: steps to forecast, 1 to 100000
- step, period, level, duplicates, gaps, nonnegative: as the options of the aggregate; one step for all series, inferred from all their times
- model, effort: as the options of the aggregate
Rows are ordered by series (by bytes) and step. A series that cannot be fitted has a status that says so, and never stops the others.
Memory: 16 bytes a row of the query and some 250 a series. The result is the same for any number of threads.';

create function ecom_internal.theta_forecast_final(ecom.state) returns ecom.forecast_row[]
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_theta_forecast_final';
create function ecom_internal.theta_fit_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_theta_fit_final';

create aggregate ecom.theta_forecast(ts timestamp, value float8, horizon int) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.theta_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.theta_forecast(timestamp, float8, int) is
'Forecasts a series by the theta method, dynamically optimised.
Example: SELECT (unnest(ecom.theta_forecast(order_date, revenue_amount::float8, 14))).* FROM shop.kpi_daily
Infers the step, sums values of a step, and takes steps without rows for 0.
One row of ecom.forecast_row a step. See ecom.theta_forecast(ts, value, horizon, options) for options, rules and errors.
Fiorucci et al. (2016), as forecTheta for R.';
create aggregate ecom.theta_forecast(ts timestamp, value float8, horizon int, options jsonb) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.theta_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.theta_forecast(timestamp, float8, int, jsonb) is
'Forecasts a series by the theta method, dynamically optimised. With options.
Example: SELECT (unnest(ecom.theta_forecast(order_date, revenue_amount::float8, 14, ''{"level": 0.8}''))).* FROM shop.kpi_daily
- horizon: steps to forecast, 1 to 100000
- options: JSON, read from the first row
  model: DOTM (default), DSTM, OTM or STM: D with the line of the values so far, O with the weight of the line estimated
  and those of every method:
  step: hour, day, week, month, quarter or year; without it the step is inferred from the times: years, quarters or months when all
  are midnights of the same day of the month or last days of months, weeks when whole weeks apart, else days, or hours
  duplicates: what becomes of several values in a step: sum (default), mean or last
  gaps: steps without a row are zero (default with sum), linear (straight lines; default otherwise), previous or missing
  period: steps after which the season repeats; by default 24 for hours, 7 days, 52 weeks, 12 months, 4 quarters
  level: of the prediction interval, 0.95; nonnegative: true cuts forecasts and intervals at 0
Rows in any order. A NULL value is missing, never 0. Rows without ts are left out. What cannot be fitted (constant, too short,
irregular, infinite) has a forecast by its last value, or none, and a status that says why. NULL without rows.
Unknown options, horizons and levels out of range: 22023. Memory: 16 bytes a row. Fiorucci et al. (2016), as forecTheta for R.';
create aggregate ecom.theta_fit(ts timestamp, value float8) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.theta_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.theta_fit(timestamp, float8) is
'Fits what ecom.theta_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.theta_fit(order_date, revenue_amount::float8)) FROM shop.kpi_daily
Arguments and rules are those of ecom.theta_forecast; a series that allows no forecast at all: 22000.';
create aggregate ecom.theta_fit(ts timestamp, value float8, options jsonb) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.theta_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.theta_fit(timestamp, float8, jsonb) is
'Fits what ecom.theta_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update. With options.
Example: SELECT ecom.model_info(ecom.theta_fit(order_date, revenue_amount::float8, ''{"step": "day"}'')) FROM shop.kpi_daily
Arguments, options and rules are those of ecom.theta_forecast; a series that allows no forecast at all: 22000.';
create function ecom.theta_forecast(
    query text, horizon int, step text default null, period int default null, level float8 default 0.95,
    duplicates text default 'sum', gaps text default null, nonnegative boolean default false,
    model text default 'DOTM')
    returns table (series text, step int, ts timestamp, forecast float8, lower float8, upper float8, std_error float8,
                   method text, status text)
language sql volatile parallel restricted
begin atomic
    select * from ecom_internal.forecast_query('theta', theta_forecast.query, theta_forecast.horizon,
        jsonb_strip_nulls(jsonb_build_object('step', theta_forecast.step, 'period', theta_forecast.period, 'level', theta_forecast.level,
            'duplicates', theta_forecast.duplicates, 'gaps', theta_forecast.gaps, 'nonnegative', theta_forecast.nonnegative, 'model', theta_forecast.model)));
end;
comment on function ecom.theta_forecast(text, int, text, int, float8, text, text, boolean, text) is
'Forecasts a series by the theta method, dynamically optimised. For every series of a query, on all threads.
Example: SELECT * FROM ecom.theta_forecast(''SELECT 1, order_date, revenue_amount FROM shop.kpi_daily'', 14)
- query: returns series (any type), ts (date or timestamp), value (a number) and optionally regressors; rows in any order; it runs as the
  caller, and names are found by the search_path; rows after the last value, with a NULL value, give regressors of the future
- horizon: steps to forecast, 1 to 100000
- step, period, level, duplicates, gaps, nonnegative: as the options of the aggregate; one step for all series, inferred from all their times
- model: as the option of the aggregate
Rows are ordered by series (by bytes) and step. A series that cannot be fitted has a status that says so, and never stops the others.
Memory: 16 bytes a row of the query and some 250 a series. The result is the same for any number of threads.';

create function ecom_internal.naive_forecast_final(ecom.state) returns ecom.forecast_row[]
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_naive_forecast_final';
create function ecom_internal.naive_fit_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_naive_fit_final';

create aggregate ecom.naive_forecast(ts timestamp, value float8, horizon int) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.naive_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.naive_forecast(timestamp, float8, int) is
'Forecasts a series by its last value.
Example: SELECT (unnest(ecom.naive_forecast(order_date, revenue_amount::float8, 14))).* FROM shop.kpi_daily
Infers the step, sums values of a step, and takes steps without rows for 0.
One row of ecom.forecast_row a step. See ecom.naive_forecast(ts, value, horizon, options) for options, rules and errors.
As naive() of forecast for R.';
create aggregate ecom.naive_forecast(ts timestamp, value float8, horizon int, options jsonb) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.naive_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.naive_forecast(timestamp, float8, int, jsonb) is
'Forecasts a series by its last value. With options.
Example: SELECT (unnest(ecom.naive_forecast(order_date, revenue_amount::float8, 14, ''{"level": 0.8}''))).* FROM shop.kpi_daily
- horizon: steps to forecast, 1 to 100000
- options: JSON, read from the first row, the same for every method
  step: hour, day, week, month, quarter or year; without it the step is inferred from the times: years, quarters or months when all
  are midnights of the same day of the month or last days of months, weeks when whole weeks apart, else days, or hours
  duplicates: what becomes of several values in a step: sum (default), mean or last
  gaps: steps without a row are zero (default with sum), linear (straight lines; default otherwise), previous or missing
  period: steps after which the season repeats; by default 24 for hours, 7 days, 52 weeks, 12 months, 4 quarters
  level: of the prediction interval, 0.95; nonnegative: true cuts forecasts and intervals at 0
Rows in any order. A NULL value is missing, never 0. Rows without ts are left out. What cannot be fitted (constant, too short,
irregular, infinite) has a forecast by its last value, or none, and a status that says why. NULL without rows.
Unknown options, horizons and levels out of range: 22023. Memory: 16 bytes a row. As naive() of forecast for R.';
create aggregate ecom.naive_fit(ts timestamp, value float8) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.naive_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.naive_fit(timestamp, float8) is
'Fits what ecom.naive_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.naive_fit(order_date, revenue_amount::float8)) FROM shop.kpi_daily
Arguments and rules are those of ecom.naive_forecast; a series that allows no forecast at all: 22000.';
create aggregate ecom.naive_fit(ts timestamp, value float8, options jsonb) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.naive_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.naive_fit(timestamp, float8, jsonb) is
'Fits what ecom.naive_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update. With options.
Example: SELECT ecom.model_info(ecom.naive_fit(order_date, revenue_amount::float8, ''{"step": "day"}'')) FROM shop.kpi_daily
Arguments, options and rules are those of ecom.naive_forecast; a series that allows no forecast at all: 22000.';
create function ecom.naive_forecast(
    query text, horizon int, step text default null, period int default null, level float8 default 0.95,
    duplicates text default 'sum', gaps text default null, nonnegative boolean default false)
    returns table (series text, step int, ts timestamp, forecast float8, lower float8, upper float8, std_error float8,
                   method text, status text)
language sql volatile parallel restricted
begin atomic
    select * from ecom_internal.forecast_query('naive', naive_forecast.query, naive_forecast.horizon,
        jsonb_strip_nulls(jsonb_build_object('step', naive_forecast.step, 'period', naive_forecast.period, 'level', naive_forecast.level,
            'duplicates', naive_forecast.duplicates, 'gaps', naive_forecast.gaps, 'nonnegative', naive_forecast.nonnegative)));
end;
comment on function ecom.naive_forecast(text, int, text, int, float8, text, text, boolean) is
'Forecasts a series by its last value. For every series of a query, on all threads.
Example: SELECT * FROM ecom.naive_forecast(''SELECT 1, order_date, revenue_amount FROM shop.kpi_daily'', 14)
- query: returns series (any type), ts (date or timestamp), value (a number) and, for methods that take them, regressors; rows in
  any order; it runs as the caller, and names are found by the search_path
- horizon: steps to forecast, 1 to 100000
- step, period, level, duplicates, gaps, nonnegative: as the options of the aggregate; one step for all series, inferred from all their times
Rows are ordered by series (by bytes) and step. A series that cannot be fitted has a status that says so, and never stops the others.
Memory: 16 bytes a row of the query and some 250 a series. The result is the same for any number of threads.';

create function ecom_internal.seasonal_naive_forecast_final(ecom.state) returns ecom.forecast_row[]
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_seasonal_naive_forecast_final';
create function ecom_internal.seasonal_naive_fit_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_seasonal_naive_fit_final';

create aggregate ecom.seasonal_naive_forecast(ts timestamp, value float8, horizon int) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.seasonal_naive_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.seasonal_naive_forecast(timestamp, float8, int) is
'Forecasts a series by its last season.
Example: SELECT (unnest(ecom.seasonal_naive_forecast(order_date, revenue_amount::float8, 14))).* FROM shop.kpi_daily
Infers the step, sums values of a step, and takes steps without rows for 0. A series shorter than two periods is forecast by its last value.
One row of ecom.forecast_row a step. See ecom.seasonal_naive_forecast(ts, value, horizon, options) for options, rules and errors.
As snaive() of forecast for R.';
create aggregate ecom.seasonal_naive_forecast(ts timestamp, value float8, horizon int, options jsonb) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.seasonal_naive_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.seasonal_naive_forecast(timestamp, float8, int, jsonb) is
'Forecasts a series by its last season. With options.
Example: SELECT (unnest(ecom.seasonal_naive_forecast(order_date, revenue_amount::float8, 14, ''{"level": 0.8}''))).* FROM shop.kpi_daily
- horizon: steps to forecast, 1 to 100000
- options: JSON, read from the first row, the same for every method
  step: hour, day, week, month, quarter or year; without it the step is inferred from the times: years, quarters or months when all
  are midnights of the same day of the month or last days of months, weeks when whole weeks apart, else days, or hours
  duplicates: what becomes of several values in a step: sum (default), mean or last
  gaps: steps without a row are zero (default with sum), linear (straight lines; default otherwise), previous or missing
  period: steps after which the season repeats; by default 24 for hours, 7 days, 52 weeks, 12 months, 4 quarters
  level: of the prediction interval, 0.95; nonnegative: true cuts forecasts and intervals at 0
Rows in any order. A NULL value is missing, never 0. Rows without ts are left out. What cannot be fitted (constant, too short,
irregular, infinite) has a forecast by its last value, or none, and a status that says why. NULL without rows.
Unknown options, horizons and levels out of range: 22023. Memory: 16 bytes a row. As snaive() of forecast for R.';
create aggregate ecom.seasonal_naive_fit(ts timestamp, value float8) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.seasonal_naive_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.seasonal_naive_fit(timestamp, float8) is
'Fits what ecom.seasonal_naive_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.seasonal_naive_fit(order_date, revenue_amount::float8)) FROM shop.kpi_daily
Arguments and rules are those of ecom.seasonal_naive_forecast; a series that allows no forecast at all: 22000.';
create aggregate ecom.seasonal_naive_fit(ts timestamp, value float8, options jsonb) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.seasonal_naive_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.seasonal_naive_fit(timestamp, float8, jsonb) is
'Fits what ecom.seasonal_naive_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update. With options.
Example: SELECT ecom.model_info(ecom.seasonal_naive_fit(order_date, revenue_amount::float8, ''{"step": "day"}'')) FROM shop.kpi_daily
Arguments, options and rules are those of ecom.seasonal_naive_forecast; a series that allows no forecast at all: 22000.';
create function ecom.seasonal_naive_forecast(
    query text, horizon int, step text default null, period int default null, level float8 default 0.95,
    duplicates text default 'sum', gaps text default null, nonnegative boolean default false)
    returns table (series text, step int, ts timestamp, forecast float8, lower float8, upper float8, std_error float8,
                   method text, status text)
language sql volatile parallel restricted
begin atomic
    select * from ecom_internal.forecast_query('seasonal_naive', seasonal_naive_forecast.query, seasonal_naive_forecast.horizon,
        jsonb_strip_nulls(jsonb_build_object('step', seasonal_naive_forecast.step, 'period', seasonal_naive_forecast.period, 'level', seasonal_naive_forecast.level,
            'duplicates', seasonal_naive_forecast.duplicates, 'gaps', seasonal_naive_forecast.gaps, 'nonnegative', seasonal_naive_forecast.nonnegative)));
end;
comment on function ecom.seasonal_naive_forecast(text, int, text, int, float8, text, text, boolean) is
'Forecasts a series by its last season. For every series of a query, on all threads.
Example: SELECT * FROM ecom.seasonal_naive_forecast(''SELECT 1, order_date, revenue_amount FROM shop.kpi_daily'', 14)
- query: returns series (any type), ts (date or timestamp), value (a number) and, for methods that take them, regressors; rows in
  any order; it runs as the caller, and names are found by the search_path
- horizon: steps to forecast, 1 to 100000
- step, period, level, duplicates, gaps, nonnegative: as the options of the aggregate; one step for all series, inferred from all their times
Rows are ordered by series (by bytes) and step. A series that cannot be fitted has a status that says so, and never stops the others.
Memory: 16 bytes a row of the query and some 250 a series. The result is the same for any number of threads.';

create function ecom_internal.drift_forecast_final(ecom.state) returns ecom.forecast_row[]
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_drift_forecast_final';
create function ecom_internal.drift_fit_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_drift_fit_final';

create aggregate ecom.drift_forecast(ts timestamp, value float8, horizon int) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.drift_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.drift_forecast(timestamp, float8, int) is
'Forecasts a series by its last value and its mean growth.
Example: SELECT (unnest(ecom.drift_forecast(order_date, revenue_amount::float8, 14))).* FROM shop.kpi_daily
Infers the step, sums values of a step, and takes steps without rows for 0.
One row of ecom.forecast_row a step. See ecom.drift_forecast(ts, value, horizon, options) for options, rules and errors.
As rwf() with drift of forecast for R.';
create aggregate ecom.drift_forecast(ts timestamp, value float8, horizon int, options jsonb) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.drift_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.drift_forecast(timestamp, float8, int, jsonb) is
'Forecasts a series by its last value and its mean growth. With options.
Example: SELECT (unnest(ecom.drift_forecast(order_date, revenue_amount::float8, 14, ''{"level": 0.8}''))).* FROM shop.kpi_daily
- horizon: steps to forecast, 1 to 100000
- options: JSON, read from the first row, the same for every method
  step: hour, day, week, month, quarter or year; without it the step is inferred from the times: years, quarters or months when all
  are midnights of the same day of the month or last days of months, weeks when whole weeks apart, else days, or hours
  duplicates: what becomes of several values in a step: sum (default), mean or last
  gaps: steps without a row are zero (default with sum), linear (straight lines; default otherwise), previous or missing
  period: steps after which the season repeats; by default 24 for hours, 7 days, 52 weeks, 12 months, 4 quarters
  level: of the prediction interval, 0.95; nonnegative: true cuts forecasts and intervals at 0
Rows in any order. A NULL value is missing, never 0. Rows without ts are left out. What cannot be fitted (constant, too short,
irregular, infinite) has a forecast by its last value, or none, and a status that says why. NULL without rows.
Unknown options, horizons and levels out of range: 22023. Memory: 16 bytes a row. As rwf() with drift of forecast for R.';
create aggregate ecom.drift_fit(ts timestamp, value float8) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.drift_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.drift_fit(timestamp, float8) is
'Fits what ecom.drift_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.drift_fit(order_date, revenue_amount::float8)) FROM shop.kpi_daily
Arguments and rules are those of ecom.drift_forecast; a series that allows no forecast at all: 22000.';
create aggregate ecom.drift_fit(ts timestamp, value float8, options jsonb) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.drift_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.drift_fit(timestamp, float8, jsonb) is
'Fits what ecom.drift_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update. With options.
Example: SELECT ecom.model_info(ecom.drift_fit(order_date, revenue_amount::float8, ''{"step": "day"}'')) FROM shop.kpi_daily
Arguments, options and rules are those of ecom.drift_forecast; a series that allows no forecast at all: 22000.';
create function ecom.drift_forecast(
    query text, horizon int, step text default null, period int default null, level float8 default 0.95,
    duplicates text default 'sum', gaps text default null, nonnegative boolean default false)
    returns table (series text, step int, ts timestamp, forecast float8, lower float8, upper float8, std_error float8,
                   method text, status text)
language sql volatile parallel restricted
begin atomic
    select * from ecom_internal.forecast_query('drift', drift_forecast.query, drift_forecast.horizon,
        jsonb_strip_nulls(jsonb_build_object('step', drift_forecast.step, 'period', drift_forecast.period, 'level', drift_forecast.level,
            'duplicates', drift_forecast.duplicates, 'gaps', drift_forecast.gaps, 'nonnegative', drift_forecast.nonnegative)));
end;
comment on function ecom.drift_forecast(text, int, text, int, float8, text, text, boolean) is
'Forecasts a series by its last value and its mean growth. For every series of a query, on all threads.
Example: SELECT * FROM ecom.drift_forecast(''SELECT 1, order_date, revenue_amount FROM shop.kpi_daily'', 14)
- query: returns series (any type), ts (date or timestamp), value (a number) and, for methods that take them, regressors; rows in
  any order; it runs as the caller, and names are found by the search_path
- horizon: steps to forecast, 1 to 100000
- step, period, level, duplicates, gaps, nonnegative: as the options of the aggregate; one step for all series, inferred from all their times
Rows are ordered by series (by bytes) and step. A series that cannot be fitted has a status that says so, and never stops the others.
Memory: 16 bytes a row of the query and some 250 a series. The result is the same for any number of threads.';

create function ecom_internal.mean_forecast_final(ecom.state) returns ecom.forecast_row[]
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_mean_forecast_final';
create function ecom_internal.mean_fit_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_mean_fit_final';

create aggregate ecom.mean_forecast(ts timestamp, value float8, horizon int) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.mean_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.mean_forecast(timestamp, float8, int) is
'Forecasts a series by its mean.
Example: SELECT (unnest(ecom.mean_forecast(order_date, revenue_amount::float8, 14))).* FROM shop.kpi_daily
Infers the step, sums values of a step, and takes steps without rows for 0.
One row of ecom.forecast_row a step. See ecom.mean_forecast(ts, value, horizon, options) for options, rules and errors.
As meanf() of forecast for R, with normal intervals.';
create aggregate ecom.mean_forecast(ts timestamp, value float8, horizon int, options jsonb) (
    sfunc = ecom_internal.forecast_add, stype = ecom.state, finalfunc = ecom_internal.mean_forecast_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.mean_forecast(timestamp, float8, int, jsonb) is
'Forecasts a series by its mean. With options.
Example: SELECT (unnest(ecom.mean_forecast(order_date, revenue_amount::float8, 14, ''{"level": 0.8}''))).* FROM shop.kpi_daily
- horizon: steps to forecast, 1 to 100000
- options: JSON, read from the first row, the same for every method
  step: hour, day, week, month, quarter or year; without it the step is inferred from the times: years, quarters or months when all
  are midnights of the same day of the month or last days of months, weeks when whole weeks apart, else days, or hours
  duplicates: what becomes of several values in a step: sum (default), mean or last
  gaps: steps without a row are zero (default with sum), linear (straight lines; default otherwise), previous or missing
  period: steps after which the season repeats; by default 24 for hours, 7 days, 52 weeks, 12 months, 4 quarters
  level: of the prediction interval, 0.95; nonnegative: true cuts forecasts and intervals at 0
Rows in any order. A NULL value is missing, never 0. Rows without ts are left out. What cannot be fitted (constant, too short,
irregular, infinite) has a forecast by its last value, or none, and a status that says why. NULL without rows.
Unknown options, horizons and levels out of range: 22023. Memory: 16 bytes a row. As meanf() of forecast for R, with normal intervals.';
create aggregate ecom.mean_fit(ts timestamp, value float8) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.mean_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.mean_fit(timestamp, float8) is
'Fits what ecom.mean_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update.
Example: SELECT ecom.model_info(ecom.mean_fit(order_date, revenue_amount::float8)) FROM shop.kpi_daily
Arguments and rules are those of ecom.mean_forecast; a series that allows no forecast at all: 22000.';
create aggregate ecom.mean_fit(ts timestamp, value float8, options jsonb) (
    sfunc = ecom_internal.fit_add, stype = ecom.state, finalfunc = ecom_internal.mean_fit_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_combine, parallel = safe
);
comment on aggregate ecom.mean_fit(timestamp, float8, jsonb) is
'Fits what ecom.mean_forecast forecasts with, as a model for ecom.forecast, ecom.fitted and ecom.update. With options.
Example: SELECT ecom.model_info(ecom.mean_fit(order_date, revenue_amount::float8, ''{"step": "day"}'')) FROM shop.kpi_daily
Arguments, options and rules are those of ecom.mean_forecast; a series that allows no forecast at all: 22000.';
create function ecom.mean_forecast(
    query text, horizon int, step text default null, period int default null, level float8 default 0.95,
    duplicates text default 'sum', gaps text default null, nonnegative boolean default false)
    returns table (series text, step int, ts timestamp, forecast float8, lower float8, upper float8, std_error float8,
                   method text, status text)
language sql volatile parallel restricted
begin atomic
    select * from ecom_internal.forecast_query('mean', mean_forecast.query, mean_forecast.horizon,
        jsonb_strip_nulls(jsonb_build_object('step', mean_forecast.step, 'period', mean_forecast.period, 'level', mean_forecast.level,
            'duplicates', mean_forecast.duplicates, 'gaps', mean_forecast.gaps, 'nonnegative', mean_forecast.nonnegative)));
end;
comment on function ecom.mean_forecast(text, int, text, int, float8, text, text, boolean) is
'Forecasts a series by its mean. For every series of a query, on all threads.
Example: SELECT * FROM ecom.mean_forecast(''SELECT 1, order_date, revenue_amount FROM shop.kpi_daily'', 14)
- query: returns series (any type), ts (date or timestamp), value (a number) and, for methods that take them, regressors; rows in
  any order; it runs as the caller, and names are found by the search_path
- horizon: steps to forecast, 1 to 100000
- step, period, level, duplicates, gaps, nonnegative: as the options of the aggregate; one step for all series, inferred from all their times
Rows are ordered by series (by bytes) and step. A series that cannot be fitted has a status that says so, and never stops the others.
Memory: 16 bytes a row of the query and some 250 a series. The result is the same for any number of threads.';

-- Fitted forecasters.

create function ecom.forecast(
    model ecom.model, horizon int, level float8 default 0.95, regressors float8[] default null, nonnegative boolean default false)
    returns setof ecom.forecast_row
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_model_forecast';
comment on function ecom.forecast(ecom.model, int, float8, float8[], boolean) is
'The forecast of a fitted forecaster, from its last value on.
Example: SELECT f.* FROM (SELECT ecom.drift_fit(order_date, revenue_amount::float8) AS m FROM shop.kpi_daily) q, ecom.forecast(q.m, 7) f
- model: of a function whose name ends in _fit and belongs to forecasts; another model: 42804
- horizon: steps, 1 to 100000; level: of the prediction interval; out of range: 22023
- regressors: of the future, step by step, for a model that has some and did not get them when it was fitted; missing: 22023
- nonnegative: cuts forecasts and intervals at 0
No row for a NULL model.';

create function ecom.fitted(
    model ecom.model, out step int, out ts timestamp, out value float8, out fitted float8, out residual float8) returns setof record
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_model_fitted';
comment on function ecom.fitted(ecom.model) is
'The series that a forecaster was fitted to, with the value that it foretold for each step one step before.
Example: SELECT f.* FROM (SELECT ecom.naive_fit(order_date, revenue_amount::float8) AS m FROM shop.kpi_daily) q, ecom.fitted(q.m) f
value is NULL where it is missing, fitted and residual where nothing could be foretold. Another model: 42804; NULL: no row.';

create function ecom.update(model ecom.model, times timestamp[], "values" float8[], regressors float8[] default null)
    returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_model_update';
comment on function ecom.update(ecom.model, timestamp[], float8[], float8[]) is
'A forecaster that has taken new values in, without estimating its parameters again.
Example: SELECT f.* FROM (SELECT ecom.naive_fit(order_date, revenue_amount::float8) AS m, max(order_date) AS last FROM shop.kpi_daily) q, ecom.forecast(ecom.update(q.m, ARRAY[q.last + interval ''1 day''], ARRAY[5000]), 3) f
- times, values: new points in any order, later than all before, as array_agg makes them from rows; put into steps by the rules of
  the fit; a NULL value is missing
- regressors: point by point, for a model that has some
Earlier points, arrays of different lengths: 22023. Another model: 42804. NULL for a NULL model.';
