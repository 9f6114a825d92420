-- Evaluation of forecasts: accuracy, backtests, the test of two forecasts; forecasts of a hierarchy that add up.

create type ecom.forecast_accuracy_result as (
    n bigint, mae float8, rmse float8, bias float8, mape float8, smape float8, wape float8, mase float8, accuracy float8,
    coverage float8, interval_width float8, zero_actuals bigint);
comment on type ecom.forecast_accuracy_result is 'How far forecasts were from what came';
comment on column ecom.forecast_accuracy_result.n is 'Pairs of an actual value and a forecast';
comment on column ecom.forecast_accuracy_result.mae is 'Mean absolute error';
comment on column ecom.forecast_accuracy_result.rmse is 'Root of the mean squared error';
comment on column ecom.forecast_accuracy_result.bias is 'Mean of forecast - actual: above 0 when forecasts are too high';
comment on column ecom.forecast_accuracy_result.mape is 'Mean absolute error in percent of the actual value, over pairs whose actual value is not 0';
comment on column ecom.forecast_accuracy_result.smape is 'Mean of 200 |actual - forecast| / (|actual| + |forecast|), 0 where both are 0';
comment on column ecom.forecast_accuracy_result.wape is 'Sum of absolute errors in percent of the sum of absolute actual values';
comment on column ecom.forecast_accuracy_result.mase is 'Mean of absolute errors over their scale: below 1 is better than the seasonal naive forecast was in the past';
comment on column ecom.forecast_accuracy_result.accuracy is '100 - mape; below 0 when mape is above 100';
comment on column ecom.forecast_accuracy_result.coverage is 'Share of pairs with an interval whose actual value lies in it';
comment on column ecom.forecast_accuracy_result.interval_width is 'Mean of upper - lower';
comment on column ecom.forecast_accuracy_result.zero_actuals is 'Pairs whose actual value is 0, which mape leaves out';

create function ecom_internal.forecast_pair_add(ecom.state, actual float8, forecast float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_forecast_pair_add';
create function ecom_internal.forecast_pair_add(ecom.state, actual float8, forecast float8, lower float8, upper float8)
    returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_forecast_pair_add';
create function ecom_internal.forecast_pair_add(
    ecom.state, actual float8, forecast float8, lower float8, upper float8, scale float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_forecast_pair_add';
create function ecom_internal.forecast_pair_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_forecast_pair_combine';
create function ecom_internal.forecast_accuracy_final(ecom.state) returns ecom.forecast_accuracy_result
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_forecast_accuracy_final';

create aggregate ecom.forecast_accuracy(actual float8, forecast float8) (
    sfunc = ecom_internal.forecast_pair_add, stype = ecom.state, finalfunc = ecom_internal.forecast_accuracy_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_pair_combine, parallel = safe
);
comment on aggregate ecom.forecast_accuracy(float8, float8) is
'How far forecasts were from what came: MAE, RMSE, MAPE, sMAPE, WAPE, accuracy.
Example: SELECT (ecom.forecast_accuracy(revenue_amount::float8, yesterday)).* FROM (SELECT revenue_amount, lag(revenue_amount) OVER (ORDER BY order_date)::float8 AS yesterday FROM shop.kpi_daily) d
Otherwise as ecom.forecast_accuracy(actual, forecast, lower, upper, scale).';
create aggregate ecom.forecast_accuracy(actual float8, forecast float8, lower float8, upper float8) (
    sfunc = ecom_internal.forecast_pair_add, stype = ecom.state, finalfunc = ecom_internal.forecast_accuracy_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_pair_combine, parallel = safe
);
comment on aggregate ecom.forecast_accuracy(float8, float8, float8, float8) is
'How far forecasts were from what came, and how often their intervals held it.
Example: SELECT (ecom.forecast_accuracy(f.actual, f.forecast, f.lower, f.upper)).* FROM ecom.backtest_forecasts(''SELECT 1, order_date, revenue_amount FROM shop.kpi_daily'', ''{theta}'') f WHERE f.method = ''theta''
Otherwise as ecom.forecast_accuracy(actual, forecast, lower, upper, scale).';
create aggregate ecom.forecast_accuracy(actual float8, forecast float8, lower float8, upper float8, scale float8) (
    sfunc = ecom_internal.forecast_pair_add, stype = ecom.state, finalfunc = ecom_internal.forecast_accuracy_final, sspace = 4096,
    combinefunc = ecom_internal.forecast_pair_combine, parallel = safe
);
comment on aggregate ecom.forecast_accuracy(float8, float8, float8, float8, float8) is
'How far forecasts were from what came, beside the seasonal naive forecast in the past.
Example: SELECT (ecom.forecast_accuracy(f.actual, f.forecast, f.lower, f.upper, f.scale)).* FROM ecom.backtest_forecasts(''SELECT 1, order_date, revenue_amount FROM shop.kpi_daily'', ''{theta}'') f WHERE f.method = ''theta''
- actual, forecast: pairs with a NULL are left out
- lower, upper: of the prediction interval, whose ends belong to it; pairs with a NULL are left out of coverage and interval_width
- scale: mean absolute error of the seasonal naive forecast in the past that was known to the forecast, of each row its own; pairs without
  one, or with 0, are left out of mase
Percentages are of 100. Actual values of 0 are left out of mape and accuracy, and counted in zero_actuals: prefer wape where days
without sales are common. A figure that no pair allows is NULL; NULL without pairs.
NaN and infinity: 22003. upper below lower, scale below 0: 22023. Rows in any order, to the same bytes; 40 bytes a row.
Hyndman and Koehler (2006, "Another look at measures of forecast accuracy", IJF 22); smape as in the M4 competition.';

create type ecom.diebold_mariano_result as (
    n bigint, mean_difference float8, statistic float8, p_value float8, horizon int, better text);
comment on type ecom.diebold_mariano_result is 'Whether one of two forecasts is better than chance';
comment on column ecom.diebold_mariano_result.n is 'Times with both errors';
comment on column ecom.diebold_mariano_result.mean_difference is 'Mean loss of the first less that of the second: below 0 when the first is better';
comment on column ecom.diebold_mariano_result.statistic is 'Statistic of Diebold and Mariano with the correction of Harvey, Leybourne and Newbold';
comment on column ecom.diebold_mariano_result.p_value is 'Two-sided, by the t distribution with n - 1 degrees of freedom';
comment on column ecom.diebold_mariano_result.horizon is 'Horizon that the variance was taken for: 1 where that of the horizon asked for was not positive';
comment on column ecom.diebold_mariano_result.better is 'first, second, or neither at 5 %';

create function ecom_internal.diebold_mariano_add(ecom.state, error_1 float8, error_2 float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_diebold_mariano_add';
create function ecom_internal.diebold_mariano_add(ecom.state, error_1 float8, error_2 float8, horizon int) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_diebold_mariano_add';
create function ecom_internal.diebold_mariano_add(ecom.state, error_1 float8, error_2 float8, horizon int, power float8)
    returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_diebold_mariano_add';
create function ecom_internal.diebold_mariano_final(ecom.state) returns ecom.diebold_mariano_result
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_diebold_mariano_final';

create aggregate ecom.diebold_mariano_test(error_1 float8, error_2 float8) (
    sfunc = ecom_internal.diebold_mariano_add, stype = ecom.state, sspace = 4096,
    finalfunc = ecom_internal.diebold_mariano_final, parallel = safe
);
comment on aggregate ecom.diebold_mariano_test(float8, float8) is
'Whether one of two one-step forecasts is better than chance, by squared errors.
Example: SELECT (ecom.diebold_mariano_test(v - d1, v - d7 ORDER BY day)).* FROM (SELECT order_date AS day, revenue_amount::float8 AS v, lag(revenue_amount) OVER w::float8 AS d1, lag(revenue_amount, 7) OVER w::float8 AS d7 FROM shop.kpi_daily WINDOW w AS (ORDER BY order_date)) x
Otherwise as ecom.diebold_mariano_test(error_1, error_2, horizon, power).';
create aggregate ecom.diebold_mariano_test(error_1 float8, error_2 float8, horizon int) (
    sfunc = ecom_internal.diebold_mariano_add, stype = ecom.state, sspace = 4096,
    finalfunc = ecom_internal.diebold_mariano_final, parallel = safe
);
comment on aggregate ecom.diebold_mariano_test(float8, float8, int) is
'Whether one of two forecasts some steps ahead is better than chance, by squared errors.
Example: SELECT (ecom.diebold_mariano_test(v - d1, v - d7, 7 ORDER BY day)).* FROM (SELECT order_date AS day, revenue_amount::float8 AS v, lag(revenue_amount) OVER w::float8 AS d1, lag(revenue_amount, 7) OVER w::float8 AS d7 FROM shop.kpi_daily WINDOW w AS (ORDER BY order_date)) x
Otherwise as ecom.diebold_mariano_test(error_1, error_2, horizon, power).';
create aggregate ecom.diebold_mariano_test(error_1 float8, error_2 float8, horizon int, power float8) (
    sfunc = ecom_internal.diebold_mariano_add, stype = ecom.state, sspace = 4096,
    finalfunc = ecom_internal.diebold_mariano_final, parallel = safe
);
comment on aggregate ecom.diebold_mariano_test(float8, float8, int, float8) is
'Whether one of two forecasts is better than chance.
Example: SELECT (ecom.diebold_mariano_test(v - d1, v - d7, 1, 1 ORDER BY day)).* FROM (SELECT order_date AS day, revenue_amount::float8 AS v, lag(revenue_amount) OVER w::float8 AS d1, lag(revenue_amount, 7) OVER w::float8 AS d7 FROM shop.kpi_daily WINDOW w AS (ORDER BY order_date)) x
- error_1, error_2: of the two forecasts at the same time; times with a NULL are left out. Give ORDER BY time inside the call
- horizon: steps ahead that both forecast, fewer than there are times; errors are taken for correlated up to one step less
- power: of the loss, 2 for squared errors (default), 1 for absolute ones, up to 100
p_value: two-sided, of equal losses. NULL when the losses differ by the same at every time, or are too few. NULL without rows.
horizon below 1, power out of range: 22023. NaN and infinity: 22003. As dm.test of R''s forecast: Diebold and Mariano (1995) with the
correction for few forecasts of Harvey, Leybourne and Newbold (1997). O(n horizon) time, 8 bytes a row.';

create function ecom_internal.backtest_query(
    query text, methods jsonb, test_share float8, horizon int, stride int, refit boolean, options jsonb,
    out series text, out method text, out origin timestamp, out step int, out ts timestamp, out actual float8, out forecast float8,
    out lower float8, out upper float8, out scale float8, out model text, out status text) returns setof record
    language c volatile parallel restricted as 'MODULE_PATHNAME', 'ecom_backtest_query';

create function ecom.backtest_forecasts(
    query text, methods text[] default '{auto}', test_share float8 default 0.2, horizon int default null, stride int default null,
    refit boolean default true, options jsonb default '{}')
    returns table (series text, method text, origin timestamp, step int, ts timestamp, actual float8, forecast float8, lower float8,
                   upper float8, scale float8, model text, status text)
language sql volatile parallel restricted
begin atomic
    select * from ecom_internal.backtest_query(
        backtest_forecasts.query, to_jsonb(array_remove(backtest_forecasts.methods, null)), backtest_forecasts.test_share,
        backtest_forecasts.horizon, backtest_forecasts.stride, backtest_forecasts.refit, backtest_forecasts.options);
end;
comment on function ecom.backtest_forecasts(text, text[], float8, int, int, boolean, jsonb) is
'Forecasts of the past, beside what came: every forecast that ecom.backtest sums up.
Example: SELECT * FROM ecom.backtest_forecasts(''SELECT 1, order_date, revenue_amount FROM shop.kpi_daily'', ''{theta}'', horizon => 14)
One row a series, method, origin and step, in this order. origin: the last step that was known; scale: mean absolute error of the seasonal
naive forecast up to it; model: what was fitted. A series without forecasts has one row, whose status says why.
Arguments, rules and errors are those of ecom.backtest.';

create function ecom.backtest(
    query text, methods text[] default '{auto}', test_share float8 default 0.2, horizon int default null, stride int default null,
    refit boolean default true, options jsonb default '{}')
    returns table (series text, method text, model text, origins bigint, n bigint, mae float8, rmse float8, bias float8, mape float8,
                   smape float8, wape float8, mase float8, accuracy float8, coverage float8, skill float8, zero_actuals bigint,
                   status text)
language sql volatile parallel restricted
begin atomic
    with tested as (
        select f.series, f.method, max(f.model collate "C") filter (where f.origin = f.last_origin) as model,
               count(distinct f.origin) as origins,
               ecom.forecast_accuracy(f.actual, f.forecast, f.lower, f.upper, f.scale) as a,
               coalesce(min(f.status collate "C") filter (where f.status <> 'ok'), 'ok') as status
        from (select b.*, max(b.origin) over (partition by b.series, b.method) as last_origin
              from ecom.backtest_forecasts(backtest.query, backtest.methods, backtest.test_share, backtest.horizon, backtest.stride,
                                           backtest.refit, backtest.options) b) f
        group by f.series, f.method)
    select t.series, t.method, t.model, t.origins, (t.a).n, (t.a).mae, (t.a).rmse, (t.a).bias, (t.a).mape, (t.a).smape, (t.a).wape,
           (t.a).mase, (t.a).accuracy, (t.a).coverage, 1 - (t.a).mae / nullif((b.a).mae, 0), (t.a).zero_actuals, t.status
    from tested t left join tested b on b.series = t.series and b.method = 'seasonal_naive'
    order by t.series collate "C", coalesce(array_position(backtest.methods, t.method), 2147483647);
end;
comment on function ecom.backtest(text, text[], float8, int, int, boolean, jsonb) is
'How well methods would have forecast the past of every series of a query, beside the seasonal naive forecast.
Example: SELECT method, model, mae, mape, accuracy, coverage, skill FROM ecom.backtest(''SELECT 1, order_date, revenue_amount FROM shop.kpi_daily'', ''{theta, drift}'')
Example: SELECT * FROM ecom.backtest(''SELECT 1, order_date, revenue_amount FROM shop.kpi_daily'', ''{ets}'', horizon => 28, stride => 28, refit => false)
One row a series and method. skill: by how much less the mean absolute error is than that of the seasonal naive forecast, 1 at most; the
other figures are those of ecom.forecast_accuracy, with the scale of mase from what was known at each origin.
- query: returns series (any type), ts, value and regressors, as for ecom.auto_forecast; regressors of the tested steps are known
- methods: any of auto, ets, theta, ces, mstl, arima, regression, naive, seasonal_naive, drift and mean; seasonal_naive is always added
- test_share: of the steps that are tested, the last ones: 0.2 trains on the first four fifths, rounded down
- horizon: NULL (default): the whole test part is forecast from its begin, a split. Otherwise that many steps are forecast, from origins
  that roll through the test part
- stride: steps from origin to origin, by default the horizon
- refit: true (default): methods are fitted anew at every origin; false: once, and later values are taken in as by ecom.update
- options: JSON; those that every method has (step, period, level, duplicates, gaps, nonnegative), and under the name of a method its own:
  {"level": 0.8, "ets": {"effort": "exact"}}
What a method cannot fit is foretold by its last value; status says so, or why there is no forecast at all (too short to test). Missing
values are neither forecast from nor compared. Unknown methods and options, arguments out of range: 22023.
Origins of all series are fitted on all threads, to the same result for any number of them. Time: fits of a method times origins.
Rolling origin: Tashman (2000, IJF 16).';

create function ecom_internal.reconcile_query(
    forecasts text, residuals text, method text, nonnegative boolean,
    out node text, out parent text, out step int, out forecast float8, out reconciled float8) returns setof record
    language c volatile parallel restricted as 'MODULE_PATHNAME', 'ecom_reconcile';

create function ecom.reconcile(
    forecasts text, residuals text default null, method text default 'mint_shrink', nonnegative boolean default false)
    returns table (node text, parent text, step int, forecast float8, reconciled float8)
language sql volatile parallel restricted
begin atomic
    select * from ecom_internal.reconcile_query(reconcile.forecasts, reconcile.residuals, reconcile.method, reconcile.nonnegative);
end;
comment on function ecom.reconcile(text, text, text, boolean) is
'Makes forecasts of a hierarchy add up: a total is the sum of its parts, at every step.
Example: SELECT * FROM ecom.reconcile(''SELECT * FROM (VALUES (''''all'''', NULL, 1, 100.0), (''''a'''', ''''all'''', 1, 60.0), (''''b'''', ''''all'''', 1, 30.0)) t'', method => ''ols'')
- forecasts: query that returns the node (any type), its parent (NULL for a root), the step (int) and the forecast (a number); all nodes, for
  the same steps
- residuals: query that returns the node, ts and the residual of a forecast one step ahead, as ecom.fitted gives it; rows with NULL and times at
  which a node has no residual are left out
- method: mint_shrink (default), wls_var (both need residuals), wls_struct, ols, or bottom_up, which keeps the leaves
- nonnegative: leaves below 0 are set to 0 before they are summed
Rows are ordered by node (by bytes) and step. MinT gives the unbiased combination with the least error variance (Wickramasuriya,
Athanasopoulos and Hyndman, 2019), from second moments whose correlations are shrunk (Schaefer and Strimmer, 2005), as hts of R.
A node with two parents or two forecasts of a step, a parent without forecast, different steps, a cycle, no residuals where they are needed:
22023. Fewer than two times with residuals of all nodes: 22000. Queries run as the caller.
Time: cube of the nodes with children, and residuals times the square of all nodes; memory: 24 bytes times that square.';
