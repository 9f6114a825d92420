-- Forecasts over a mart: what refresh stores of revenue and of the demand for categories, and the views that read it.

insert into ecom_internal.setting_definition
    (name, default_value, kind, is_optional, is_fixed, low, high, allowed, description)
values
    ('forecast.method', 'auto', 'text', false, false, null, null,
     array['auto', 'ets', 'theta', 'ces', 'mstl', 'arima', 'regression', 'naive', 'seasonal_naive', 'drift', 'mean'],
     'Method that forecasts revenue, by day and by month.'),
    ('forecast.category_method', 'theta', 'text', false, false, null, null,
     array['auto', 'ets', 'theta', 'ces', 'mstl', 'arima', 'regression', 'naive', 'seasonal_naive', 'drift', 'mean'],
     'Method that forecasts revenue and units of each category.'),
    ('forecast.horizon_days', '90', 'integer', false, false, 1, 3660, null,
     'Days that are forecast.'),
    ('forecast.horizon_months', '12', 'integer', false, false, 1, 120, null,
     'Months that are forecast.'),
    ('forecast.level', '0.95', 'number', false, false, 0.5, 0.999, null,
     'Level of the outer prediction intervals.'),
    ('forecast.inner_level', '0.8', 'number', false, false, 0.01, 0.999, null,
     'Level of the inner prediction intervals.'),
    ('forecast.nonnegative', 'true', 'boolean', false, false, null, null, null,
     'Whether forecasts and their intervals are cut at 0.'),
    ('forecast.holidays', 'true', 'boolean', false, false, null, null, null,
     'Whether the holidays of ecom.set_holidays shift daily forecasts, from the second one in the past on.'),
    ('forecast.reconciliation', 'mint_shrink', 'text', false, false, null, null,
     array['mint_shrink', 'wls_var', 'wls_struct', 'ols', 'bottom_up'],
     'How forecasts of categories are made to add up to the total.'),
    ('forecast.backtest', 'true', 'boolean', false, false, null, null, null,
     'Whether refresh forecasts the last fifth of the past from the rest, to say how good forecasts are.'),
    ('forecast.keep_days', '400', 'integer', false, false, 0, 36525, null,
     'Days for which forecasts of earlier refreshes are kept, to be compared with what came.');

insert into ecom_internal.refresh_step (name, position, function, needs_sales, description) values
    ('forecast', 65, 'refresh_forecast', true,
     'revenue_forecast, category_demand_forecast, next_month_revenue, revenue_decomposition, revenue_anomaly, forecast_backtest');

insert into ecom_internal.requirement (capability, measure, position, description, needed, advice) values
    ('forecast', 'days_with_sales', 350, 'days with sales, to forecast more than the last value', '28', 'Load a longer history.'),
    ('category_forecast', 'days_with_sales', 351, 'days with sales, to forecast more than the last value', '28', 'Load a longer history.'),
    ('category_forecast', 'products_with_category', 352, 'products with sales and a category', '1',
     'Map category, or fill dim_product.category.');

insert into ecom_internal.mart_part (name, position, ddl) values ('forecast', 50, $ddl$
create table {mart}.revenue_forecast (
    grain              text             not null,
    period_start       date             not null,
    step               int              not null,
    as_of_date         date             not null,
    forecast_amount    double precision not null,
    lower_amount       double precision not null,
    upper_amount       double precision not null,
    inner_lower_amount double precision not null,
    inner_upper_amount double precision not null,
    forecast_method    text             not null,
    status             text             not null,
    primary key (grain, period_start)
);
comment on table {mart}.revenue_forecast is
'One row per day and per month to come: the forecast of revenue, written by ecom.refresh.
Days add up to the forecasts of categories; months are forecast from the series of complete months, and need not equal the sum of their days.';
comment on column {mart}.revenue_forecast.grain is 'day or month.';
comment on column {mart}.revenue_forecast.period_start is 'First day of the period.';
comment on column {mart}.revenue_forecast.step is 'Periods after the last known one, from 1 on.';
comment on column {mart}.revenue_forecast.as_of_date is 'Day that the forecast was made for: sales before it were known.';
comment on column {mart}.revenue_forecast.forecast_amount is 'Expected revenue.';
comment on column {mart}.revenue_forecast.lower_amount is 'Lower end of the prediction interval of setting forecast.level.';
comment on column {mart}.revenue_forecast.upper_amount is 'Upper end of the prediction interval of setting forecast.level.';
comment on column {mart}.revenue_forecast.inner_lower_amount is 'Lower end of the prediction interval of setting forecast.inner_level.';
comment on column {mart}.revenue_forecast.inner_upper_amount is 'Upper end of the prediction interval of setting forecast.inner_level.';
comment on column {mart}.revenue_forecast.forecast_method is 'What was fitted.';
comment on column {mart}.revenue_forecast.status is 'ok, or what was done instead of what was asked for, and why.';

create table {mart}.category_demand_forecast (
    category             text             not null,
    period_start         date             not null,
    step                 int              not null,
    as_of_date           date             not null,
    units_forecast       double precision not null,
    units_lower          double precision not null,
    units_upper          double precision not null,
    revenue_forecast     double precision not null,
    revenue_lower        double precision not null,
    revenue_upper        double precision not null,
    reconciliation       text             not null,
    status               text             not null,
    primary key (category, period_start)
);
comment on table {mart}.category_demand_forecast is
'One row per product category and day to come: the forecast of units and revenue, written by ecom.refresh.
Categories add up to the total of the day: revenue to revenue_forecast.';
comment on column {mart}.category_demand_forecast.category is 'Product category.';
comment on column {mart}.category_demand_forecast.period_start is 'Day.';
comment on column {mart}.category_demand_forecast.step is 'Days after the last known one, from 1 on.';
comment on column {mart}.category_demand_forecast.as_of_date is 'Day that the forecast was made for: sales before it were known.';
comment on column {mart}.category_demand_forecast.units_forecast is 'Expected units sold, less returns.';
comment on column {mart}.category_demand_forecast.units_lower is 'Lower end of the prediction interval of setting forecast.level.';
comment on column {mart}.category_demand_forecast.units_upper is 'Upper end of the prediction interval of setting forecast.level.';
comment on column {mart}.category_demand_forecast.revenue_forecast is 'Expected revenue.';
comment on column {mart}.category_demand_forecast.revenue_lower is 'Lower end of the prediction interval of setting forecast.level.';
comment on column {mart}.category_demand_forecast.revenue_upper is 'Upper end of the prediction interval of setting forecast.level.';
comment on column {mart}.category_demand_forecast.reconciliation is 'How revenue was made to add up: mint_shrink, or wls_struct where errors of the past, or memory, do not allow that.';
comment on column {mart}.category_demand_forecast.status is 'ok, or what was done instead of what was asked for, and why.';

create table {mart}.revenue_decomposition (
    grain            text             not null,
    period_start     date             not null,
    is_complete      boolean          not null,
    revenue_amount   numeric(18,4)    not null,
    trend_amount     numeric(18,4),
    seasonal_amount  numeric(18,4),
    remainder_amount numeric(18,4),
    adjusted_amount  numeric(18,4),
    seasonal_periods text             not null,
    primary key (grain, period_start)
);
comment on table {mart}.revenue_decomposition is
'One row per day and per month of the past, those without sales included: revenue, its trend and its season, written by ecom.refresh.';
comment on column {mart}.revenue_decomposition.grain is 'day or month.';
comment on column {mart}.revenue_decomposition.period_start is 'First day of the period.';
comment on column {mart}.revenue_decomposition.is_complete is 'False for a month that the sales do not cover to its end.';
comment on column {mart}.revenue_decomposition.revenue_amount is 'What customers paid, less returns.';
comment on column {mart}.revenue_decomposition.trend_amount is 'Slow movement; empty for periods that are not complete.';
comment on column {mart}.revenue_decomposition.seasonal_amount is 'What repeats with the periods found.';
comment on column {mart}.revenue_decomposition.remainder_amount is 'Revenue less trend and season.';
comment on column {mart}.revenue_decomposition.adjusted_amount is 'Revenue less season.';
comment on column {mart}.revenue_decomposition.seasonal_periods is 'Steps after which the series repeats, as 7, 365; empty when no season was found.';

create table {mart}.forecast_backtest (
    measure          text             not null,
    category         text             not null,
    grain            text             not null,
    forecast_method  text             not null,
    fitted_model     text,
    test_count       bigint,
    mae              double precision,
    rmse             double precision,
    bias             double precision,
    mape             double precision,
    smape            double precision,
    wape             double precision,
    mase             double precision,
    accuracy         double precision,
    coverage         double precision,
    skill            double precision,
    status           text             not null,
    primary key (measure, category, grain, forecast_method)
);
comment on table {mart}.forecast_backtest is
'One row per forecast series and method: how well the last fifth of the past would have been forecast from the rest, written by ecom.refresh.';
comment on column {mart}.forecast_backtest.measure is 'revenue or quantity.';
comment on column {mart}.forecast_backtest.category is 'Product category; empty for the total.';
comment on column {mart}.forecast_backtest.grain is 'day or month.';
comment on column {mart}.forecast_backtest.forecast_method is 'Method; seasonal_naive is what the others have to beat.';
comment on column {mart}.forecast_backtest.fitted_model is 'What was fitted.';
comment on column {mart}.forecast_backtest.test_count is 'Periods that were forecast and came.';
comment on column {mart}.forecast_backtest.mae is 'Mean absolute error.';
comment on column {mart}.forecast_backtest.rmse is 'Root of the mean squared error.';
comment on column {mart}.forecast_backtest.bias is 'Mean of forecast less actual.';
comment on column {mart}.forecast_backtest.mape is 'Mean absolute error in percent of the actual value, periods of 0 left out.';
comment on column {mart}.forecast_backtest.smape is 'Mean of 200 |actual - forecast| / (|actual| + |forecast|).';
comment on column {mart}.forecast_backtest.wape is 'Sum of absolute errors in percent of the sum of absolute actual values.';
comment on column {mart}.forecast_backtest.mase is 'Mean absolute error over that of the seasonal naive forecast before the test.';
comment on column {mart}.forecast_backtest.accuracy is '100 less mape.';
comment on column {mart}.forecast_backtest.coverage is 'Share of actual values within the interval of setting forecast.level.';
comment on column {mart}.forecast_backtest.skill is 'By how much less mae is than that of seasonal_naive; above 0 is better.';
comment on column {mart}.forecast_backtest.status is 'ok, or what was done instead of what was asked for, and why.';

create table {mart}.past_forecast (
    source          text             not null,
    grain           text             not null,
    as_of_date      date             not null,
    period_start    date             not null,
    forecast_amount double precision not null,
    lower_amount    double precision not null,
    upper_amount    double precision not null,
    forecast_method text             not null,
    primary key (source, grain, as_of_date, period_start)
);
comment on table {mart}.past_forecast is
'One row per forecast of revenue that was made: by earlier refreshes, and by the backtest.
Inner table: written by ecom.refresh; read it as the view forecast_vs_actual.';
comment on column {mart}.past_forecast.source is 'refresh or backtest.';
comment on column {mart}.past_forecast.grain is 'day or month.';
comment on column {mart}.past_forecast.as_of_date is 'Day that the forecast was made for: sales before it were known.';
comment on column {mart}.past_forecast.period_start is 'First day of the period.';
comment on column {mart}.past_forecast.forecast_amount is 'Expected revenue.';
comment on column {mart}.past_forecast.lower_amount is 'Lower end of the prediction interval of setting forecast.level.';
comment on column {mart}.past_forecast.upper_amount is 'Upper end of the prediction interval of setting forecast.level.';
comment on column {mart}.past_forecast.forecast_method is 'What was fitted.';

create table {mart}.next_month_revenue (
    month                  date             primary key,
    as_of_date             date             not null,
    forecast_amount        double precision not null,
    lower_amount           double precision not null,
    upper_amount           double precision not null,
    basis                  text             not null,
    daily_forecast_amount  double precision,
    monthly_forecast_amount double precision,
    last_month             date,
    last_month_amount      double precision,
    year_ago_amount        double precision,
    days_effect_amount     double precision,
    weekdays_effect_amount double precision,
    season_effect_amount   double precision,
    trend_effect_amount    double precision
);
comment on table {mart}.next_month_revenue is
'One row per month to come, the next one: the forecast of its revenue and what makes it differ from the last complete month, written by ecom.refresh.
last_month_amount and the effects add up to forecast_amount.';
comment on column {mart}.next_month_revenue.month is 'First day of the month after that of the last sales.';
comment on column {mart}.next_month_revenue.as_of_date is 'Day that the forecast was made for: sales before it were known.';
comment on column {mart}.next_month_revenue.forecast_amount is 'Expected revenue, by the basis.';
comment on column {mart}.next_month_revenue.lower_amount is 'Lower end of the prediction interval of setting forecast.level; of a sum of days as in simple exponential smoothing.';
comment on column {mart}.next_month_revenue.upper_amount is 'Upper end of that interval.';
comment on column {mart}.next_month_revenue.basis is 'months: the series of months, from 24 complete ones on; days: the sum of the forecasts of its days.';
comment on column {mart}.next_month_revenue.daily_forecast_amount is 'Sum of the forecasts of its days; empty where forecast.horizon_days does not reach its end.';
comment on column {mart}.next_month_revenue.monthly_forecast_amount is 'Forecast from the series of months; empty without a complete month.';
comment on column {mart}.next_month_revenue.last_month is 'First day of the last complete month.';
comment on column {mart}.next_month_revenue.last_month_amount is 'Its revenue.';
comment on column {mart}.next_month_revenue.year_ago_amount is 'Revenue of the same month a year before; empty when it is not known.';
comment on column {mart}.next_month_revenue.days_effect_amount is 'Of more or fewer days than the last complete month has, at its revenue per day.';
comment on column {mart}.next_month_revenue.weekdays_effect_amount is 'Of other days of the week, by what they sold in the last 13 weeks.';
comment on column {mart}.next_month_revenue.season_effect_amount is 'Of the season of the year beyond days and weekdays; 0 before 36 complete months, or where no season of 12 months is found.';
comment on column {mart}.next_month_revenue.trend_effect_amount is 'What is left: trend, and the last month having been unusual.';

create table {mart}.revenue_anomaly (
    order_date      date             primary key,
    revenue_amount  numeric(18,4)    not null,
    expected_amount numeric(18,4)    not null,
    low_amount      numeric(18,4)    not null,
    high_amount     numeric(18,4)    not null,
    score           double precision,
    direction       text             not null
);
comment on table {mart}.revenue_anomaly is
'One row per day whose revenue is not as trend and day of the week let expect, written by ecom.refresh: ecom.detect_anomalies with its defaults.';
comment on column {mart}.revenue_anomaly.order_date is 'Day.';
comment on column {mart}.revenue_anomaly.revenue_amount is 'What customers paid, less returns.';
comment on column {mart}.revenue_anomaly.expected_amount is 'Trend and day of the week.';
comment on column {mart}.revenue_anomaly.low_amount is 'Lower end of what is usual.';
comment on column {mart}.revenue_anomaly.high_amount is 'Upper end of what is usual.';
comment on column {mart}.revenue_anomaly.score is 'Deviations from expected, negative below it.';
comment on column {mart}.revenue_anomaly.direction is 'high or low.';
$ddl$);

insert into ecom_internal.mart_part (name, position, ddl) values ('forecast_views', 97, $ddl$
create view {mart}.revenue_outlook as
select d.grain, d.period_start, 'actual'::text as value_kind, d.revenue_amount::double precision as amount, null::double precision as lower_amount,
       null::double precision as upper_amount, null::double precision as inner_lower_amount, null::double precision as inner_upper_amount,
       d.trend_amount::double precision as trend_amount
from {mart}.revenue_decomposition d where d.is_complete
union all
select f.grain, f.period_start, 'forecast', f.forecast_amount, f.lower_amount, f.upper_amount, f.inner_lower_amount, f.inner_upper_amount, null
from {mart}.revenue_forecast f;
comment on view {mart}.revenue_outlook is 'One row per day and per month, past and to come: revenue as it was or is forecast, in one shape for charts.';
comment on column {mart}.revenue_outlook.grain is 'day or month: filter one of them.';
comment on column {mart}.revenue_outlook.period_start is 'First day of the period.';
comment on column {mart}.revenue_outlook.value_kind is 'actual or forecast.';
comment on column {mart}.revenue_outlook.amount is 'Revenue, or its forecast.';
comment on column {mart}.revenue_outlook.lower_amount is 'Lower end of the prediction interval of setting forecast.level; empty for actual values.';
comment on column {mart}.revenue_outlook.upper_amount is 'Upper end of the prediction interval of setting forecast.level; empty for actual values.';
comment on column {mart}.revenue_outlook.inner_lower_amount is 'Lower end of the prediction interval of setting forecast.inner_level; empty for actual values.';
comment on column {mart}.revenue_outlook.inner_upper_amount is 'Upper end of the prediction interval of setting forecast.inner_level; empty for actual values.';
comment on column {mart}.revenue_outlook.trend_amount is 'Slow movement of actual values.';

create view {mart}.category_outlook as
select c.order_date as period_start, c.category, 'actual'::text as value_kind, (c.sold_quantity - c.returned_quantity)::double precision as units,
       c.revenue_amount::double precision as revenue_amount, null::double precision as units_lower, null::double precision as units_upper,
       null::double precision as revenue_lower, null::double precision as revenue_upper
from {mart}.category_day c
union all
select f.period_start, f.category, 'forecast', f.units_forecast, f.revenue_forecast, f.units_lower, f.units_upper, f.revenue_lower, f.revenue_upper
from {mart}.category_demand_forecast f;
comment on view {mart}.category_outlook is
'One row per product category and day, past (days with sales) and to come: units and revenue as they were or are forecast, in one shape for charts.';
comment on column {mart}.category_outlook.period_start is 'Day.';
comment on column {mart}.category_outlook.category is 'Product category.';
comment on column {mart}.category_outlook.value_kind is 'actual or forecast.';
comment on column {mart}.category_outlook.units is 'Units sold less returns, or their forecast.';
comment on column {mart}.category_outlook.revenue_amount is 'Revenue, or its forecast.';
comment on column {mart}.category_outlook.units_lower is 'Lower end of the prediction interval of units; empty for actual values.';
comment on column {mart}.category_outlook.units_upper is 'Upper end of the prediction interval of units; empty for actual values.';
comment on column {mart}.category_outlook.revenue_lower is 'Lower end of the prediction interval of revenue; empty for actual values.';
comment on column {mart}.category_outlook.revenue_upper is 'Upper end of the prediction interval of revenue; empty for actual values.';

create view {mart}.forecast_vs_actual as
select p.source, p.grain, p.as_of_date, p.period_start, p.forecast_amount, p.lower_amount, p.upper_amount,
       d.revenue_amount::double precision as actual_amount, p.forecast_amount - d.revenue_amount::double precision as error_amount,
       100 * abs(p.forecast_amount - d.revenue_amount::double precision) / nullif(abs(d.revenue_amount::double precision), 0) as error_percent,
       d.revenue_amount::double precision between p.lower_amount and p.upper_amount as is_within, p.forecast_method
from {mart}.past_forecast p
join {mart}.revenue_decomposition d on d.grain = p.grain and d.period_start = p.period_start and d.is_complete;
comment on view {mart}.forecast_vs_actual is 'One row per forecast of revenue whose period has come: the forecast beside the revenue. Filter one source and one grain.';
comment on column {mart}.forecast_vs_actual.source is 'refresh: made by an earlier refresh; backtest: made now, from the first four fifths of the past.';
comment on column {mart}.forecast_vs_actual.grain is 'day or month.';
comment on column {mart}.forecast_vs_actual.as_of_date is 'Day that the forecast was made for: sales before it were known.';
comment on column {mart}.forecast_vs_actual.period_start is 'First day of the period.';
comment on column {mart}.forecast_vs_actual.forecast_amount is 'Expected revenue.';
comment on column {mart}.forecast_vs_actual.lower_amount is 'Lower end of the prediction interval.';
comment on column {mart}.forecast_vs_actual.upper_amount is 'Upper end of the prediction interval.';
comment on column {mart}.forecast_vs_actual.actual_amount is 'Revenue that came.';
comment on column {mart}.forecast_vs_actual.error_amount is 'Forecast less actual.';
comment on column {mart}.forecast_vs_actual.error_percent is 'Absolute error in percent of the actual revenue; empty where that is 0.';
comment on column {mart}.forecast_vs_actual.is_within is 'True when the actual revenue lies in the interval.';
comment on column {mart}.forecast_vs_actual.forecast_method is 'What was fitted.';

create view {mart}.next_month_driver as
select m.month, v.position, v.driver, v.amount, 100 * v.amount / nullif(m.last_month_amount, 0) as amount_percent
from {mart}.next_month_revenue m
cross join lateral (values (1, 'last month', m.last_month_amount), (2, 'number of days', m.days_effect_amount),
    (3, 'days of the week', m.weekdays_effect_amount), (4, 'season', m.season_effect_amount), (5, 'trend', m.trend_effect_amount),
    (6, 'next month', m.forecast_amount)) v (position, driver, amount)
where m.last_month_amount is not null;
comment on view {mart}.next_month_driver is
'One row per part of the forecast of next month: last month, what changes it, and next month, which is their sum. For a waterfall chart.';
comment on column {mart}.next_month_driver.month is 'Month that is forecast.';
comment on column {mart}.next_month_driver.position is 'Order of the parts.';
comment on column {mart}.next_month_driver.driver is 'Name of the part.';
comment on column {mart}.next_month_driver.amount is 'Its amount.';
comment on column {mart}.next_month_driver.amount_percent is 'Its amount in percent of last month.';
$ddl$);

create function ecom_internal.reconcile_forecasts(metric text, reconciliation text, nonnegative boolean) returns text
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    method text := case when (select count(*) from pg_temp.ecom_fit f where f.measure = metric and f.grain = 'day') > 2
                        then reconciliation else 'wls_struct' end;
begin
    loop
        begin
            execute format('
                update pg_temp.ecom_forecast f set reconciled = r.reconciled
                from ecom.reconcile(%L, %L, $1, $2) r
                where f.series = r.node::int and f.step = r.step',
                format('select f.series, f.parent, f.step, f.forecast from pg_temp.ecom_forecast f where f.measure = %L and f.grain = ''day''', metric),
                format('select f.series, x.ts, x.residual from pg_temp.ecom_fit f, ecom.fitted(f.model) x where f.measure = %L and f.grain = ''day''', metric))
                using method, nonnegative;
            return method;
        exception when data_exception or program_limit_exceeded then
            -- Errors that are too few, or add up by themselves, say nothing about how to weigh; those of very many categories do not fit
            -- into memory with each other.
            if method = 'wls_struct' then
                raise;
            end if;
            method := 'wls_struct';
        end;
    end loop;
end
$$;
comment on function ecom_internal.reconcile_forecasts(text, text, boolean) is
'Makes the daily forecasts of a measure in ecom_forecast, a temporary table of refresh, add up, and returns the method: the one asked for, or
wls_struct where the errors of the past or memory do not allow it, or there is one category only.';

create function ecom_internal.write_next_month(mart name, as_of date, last_day date) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('
        with day as (select f.step, f.period_start, f.forecast_amount, f.upper_amount from %1$I.revenue_forecast f where f.grain = ''day''),
        target as (select (date_trunc(''month'', $2::timestamp) + interval ''1 month'')::date as month,
                          (date_trunc(''month'', $2::timestamp) + interval ''2 months'')::date as month_end),
        -- The error of a sum of steps a to b, as in simple exponential smoothing: an error before them moves all of them by alpha, one
        -- among them itself and those after it. alpha is what makes intervals widen from the first step to the last.
        span as (
            select sum(d.forecast_amount) as forecast, min(d.step) as a, max(d.step) as b, count(*)::int as n,
                   (max(d.upper_amount - d.forecast_amount) filter (where d.period_start = t.month_end - 1)) as last_width
            from target t join day d on d.period_start >= t.month and d.period_start < t.month_end
            having count(*) = (select t.month_end - t.month from target t)),
        by_day as (
            select s.forecast, s.forecast - w.width as lower, s.forecast + w.width as upper
            from span s
            cross join lateral (select d.upper_amount - d.forecast_amount as first_width from day d where d.step = 1) f
            cross join lateral (select sqrt(greatest(0, (s.last_width / nullif(f.first_width, 0)) ^ 2 - 1) / greatest(1, s.b - 1)) as alpha) e
            cross join lateral (
                select coalesce(f.first_width * sqrt((s.a - 1) * (s.n * e.alpha) ^ 2 + (select sum((1 + i * e.alpha) ^ 2) from generate_series(0, s.n - 1) i)), 0) as width) w),
        by_month as (
            select f.forecast_amount as forecast, f.lower_amount as lower, f.upper_amount as upper
            from target t join %1$I.revenue_forecast f on f.grain = ''month'' and f.period_start = t.month),
        month as (select d.* from %1$I.revenue_decomposition d where d.grain = ''month'' and d.is_complete),
        last as (select m.period_start as month, (m.period_start + interval ''1 month'')::date as month_end, m.revenue_amount::float8 as amount,
                        m.seasonal_amount::float8 as seasonal, m.seasonal_periods
                 from month m order by m.period_start desc limit 1),
        weekday as (
            select extract(isodow from d.period_start) as isodow, avg(d.revenue_amount::float8) as amount
            from %1$I.revenue_decomposition d where d.grain = ''day'' and d.period_start > $2 - 91 group by 1),
        -- What the days of a month would sell, each as its day of the week does.
        calendar as (
            select x.is_next, count(*)::float8 as days, sum(w.amount) as amount
            from (select true as is_next, t.month, t.month_end from target t union all select false, l.month, l.month_end from last l) x,
                 generate_series(x.month::timestamp, x.month_end - interval ''1 day'', ''1 day'') g (day)
            left join weekday w on w.isodow = extract(isodow from g.day)
            group by x.is_next),
        chosen as (
            select t.month, case when (select count(*) from month) >= 24 and b.forecast is not null or a.forecast is null then ''months'' else ''days'' end as basis,
                   a.forecast as by_day, a.lower as day_lower, a.upper as day_upper, b.forecast as by_month, b.lower as month_lower, b.upper as month_upper,
                   l.month as last_month, l.amount as last_amount, y.revenue_amount::float8 as year_ago,
                   l.amount * (n.days / o.days - 1) as days_effect,
                   coalesce(l.amount * (n.amount / nullif(o.amount, 0) - n.days / o.days), 0) as weekdays_effect,
                   case when (select count(*) from month) >= 36 and ''12'' = any (string_to_array(l.seasonal_periods, '', '')) then y.seasonal_amount::float8 - l.seasonal end as season
            from target t left join by_day a on true left join by_month b on true left join last l on true
            left join month y on y.period_start = (t.month - interval ''1 year'')::date
            left join calendar n on n.is_next left join calendar o on not o.is_next),
        parts as (
            select c.*, case c.basis when ''months'' then c.by_month else c.by_day end as forecast,
                   case when c.last_amount is not null then coalesce(c.season - c.days_effect - c.weekdays_effect, 0) end as season_effect
            from chosen c)
        insert into %1$I.next_month_revenue (month, as_of_date, forecast_amount, lower_amount, upper_amount, basis, daily_forecast_amount,
            monthly_forecast_amount, last_month, last_month_amount, year_ago_amount, days_effect_amount, weekdays_effect_amount,
            season_effect_amount, trend_effect_amount)
        select p.month, $1, p.forecast, case when $3 then greatest(0, case p.basis when ''months'' then p.month_lower else p.day_lower end)
                                             else case p.basis when ''months'' then p.month_lower else p.day_lower end end,
               case p.basis when ''months'' then p.month_upper else p.day_upper end, p.basis, p.by_day, p.by_month, p.last_month, p.last_amount,
               p.year_ago, p.days_effect, case when p.last_amount is not null then p.weekdays_effect end, p.season_effect,
               p.forecast - p.last_amount - p.days_effect - p.weekdays_effect - p.season_effect
        from parts p where p.forecast is not null', mart)
        using as_of, last_day, ecom_internal.setting(mart, 'forecast.nonnegative')::boolean;
end
$$;
comment on function ecom_internal.write_next_month(name, date, date) is
'Writes next_month_revenue from the forecasts and the decomposition that refresh has just written: (mart, as_of, last day that is known).';

create function ecom_internal.takes_effects(method text) returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select method in ('auto', 'ets', 'theta', 'ces', 'mstl', 'arima', 'regression')
$$;
comment on function ecom_internal.takes_effects(text) is
'Says whether a method of the forecast settings takes regressors. Naive ones are to know nothing.';

create function ecom_internal.write_backtests(mart name, as_of date, effects text[]) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    part record;
    total_method constant text := ecom_internal.setting(mart, 'forecast.method');
    category_method constant text := ecom_internal.setting(mart, 'forecast.category_method');
    regressors constant text := (select string_agg(format(', e.regressors[%s]', i), '' order by i) from generate_series(1, cardinality(effects)) i);
    with_effects boolean;
    options constant jsonb := jsonb_build_object('level', ecom_internal.setting(mart, 'forecast.level')::float8,
                                                 'nonnegative', ecom_internal.setting(mart, 'forecast.nonnegative')::boolean);
begin
    create temporary table ecom_tested on commit drop as
        select null::int as series, f.* from ecom_internal.backtest_query('select 1, current_date, 1 where false', '[]', 0.2, null, null, true, '{}')
            f (series_name, method, origin, step, ts, actual, forecast, lower, upper, scale, model, status) limit 0;
    -- Days and months apart, because all series of a query have one step.
    for part in values ('day', true), ('month', true), ('day', false) loop
        with_effects := regressors is not null and part.column1 = 'day'
                        and ecom_internal.takes_effects(case when part.column2 then total_method else category_method end);
        insert into pg_temp.ecom_tested
        select f.series::int, f.* from ecom.backtest_forecasts(
            format('select s.series, s.period_start, s.value %s from pg_temp.ecom_series s join pg_temp.ecom_target t using (series) %s
                    where t.grain = %L and (t.measure = ''revenue'' and t.parent is null) = %L and s.is_complete',
                case when with_effects then regressors end,
                case when with_effects then 'join pg_temp.ecom_effect e using (period_start)' end, part.column1, part.column2),
            case when part.column2 then array(select distinct m from unnest(array[total_method, 'ets', 'theta']) m)
                 else array[category_method] end,
            options => options || jsonb_build_object('step', part.column1)) f;
    end loop;
    execute format('
        with tested as (
            select f.series, f.method, max(f.model collate "C") as model, ecom.forecast_accuracy(f.actual, f.forecast, f.lower, f.upper, f.scale) as a,
                   coalesce(min(f.status collate "C") filter (where f.status <> ''ok''), ''ok'') as status
            from pg_temp.ecom_tested f group by f.series, f.method)
        insert into %1$I.forecast_backtest (measure, category, grain, forecast_method, fitted_model, test_count, mae, rmse, bias, mape, smape, wape, mase,
            accuracy, coverage, skill, status)
        select g.measure, g.category, g.grain, t.method, t.model, (t.a).n, (t.a).mae, (t.a).rmse, (t.a).bias, (t.a).mape, (t.a).smape, (t.a).wape,
               (t.a).mase, (t.a).accuracy, (t.a).coverage, 1 - (t.a).mae / nullif((b.a).mae, 0), t.status
        from tested t join pg_temp.ecom_target g using (series)
        left join tested b on b.series = t.series and b.method = ''seasonal_naive''', mart);
    execute format('
        insert into %1$I.past_forecast (source, grain, as_of_date, period_start, forecast_amount, lower_amount, upper_amount, forecast_method)
        select ''backtest'', g.grain, (f.origin + (''1 '' || g.grain)::interval)::date, f.ts::date, f.forecast, f.lower, f.upper, f.model
        from pg_temp.ecom_tested f join pg_temp.ecom_target g using (series)
        where g.measure = ''revenue'' and g.parent is null and f.method = $1 and f.forecast is not null and f.lower is not null', mart)
        using total_method;
    drop table pg_temp.ecom_tested;
end
$$;
comment on function ecom_internal.write_backtests(name, date, text[]) is
'Writes forecast_backtest and the backtest''s rows of past_forecast from ecom_series, ecom_target and ecom_effect, temporary tables of refresh;
effects names the regressors of the last one.';

create function ecom_internal.refresh_forecast(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_column
declare
    mart_id constant oid := ecom_internal.mart_oid(mart);
    sales constant record := ecom_internal.check_range(mart, null, null);
    last_day constant date := least(as_of - 1, sales.last_date);
    level constant float8 := ecom_internal.setting(mart, 'forecast.level');
    inner_level constant float8 := ecom_internal.setting(mart, 'forecast.inner_level');
    nonnegative constant boolean := ecom_internal.setting(mart, 'forecast.nonnegative');
    total_method constant text := ecom_internal.setting(mart, 'forecast.method');
    category_method constant text := ecom_internal.setting(mart, 'forecast.category_method');
    reconciliation text := ecom_internal.setting(mart, 'forecast.reconciliation');
    effects text[];
    with_effects boolean;
    part record;
begin
    execute format('delete from %1$I.revenue_forecast; delete from %1$I.category_demand_forecast; delete from %1$I.revenue_decomposition;
                    delete from %1$I.forecast_backtest; delete from %1$I.next_month_revenue; delete from %1$I.revenue_anomaly;
                    delete from %1$I.past_forecast where source = ''backtest'' or as_of_date = $1 or as_of_date < $1 - $2;',
                   mart) using as_of, ecom_internal.setting(mart, 'forecast.keep_days')::int;
    if last_day is null or last_day < sales.first_date then
        rows := 0;
        reason := format('no sales before %s', as_of);
        return;
    end if;

    perform ecom_internal.report_progress(mart_id, 'forecast', 'reading series', 0, 5);
    create temporary table ecom_value (measure text, category text, is_total boolean, grain text, period_start timestamp, is_complete boolean, value float8)
        on commit drop;
    for part in values ('revenue', 'day', '{}'::text[]), ('revenue', 'month', '{}'), ('quantity', 'day', '{}'),
                       ('revenue', 'day', '{category}'), ('quantity', 'day', '{category}') loop
        execute 'insert into pg_temp.ecom_value select $1, case when $3 then '''' else s.series end, $3, $2, s.period_start, s.is_complete, s.value from ('
                || ecom_internal.metric_series(mart, part.column1, part.column2, part.column3, sales.first_date, last_day) || ') s'
            using part.column1, part.column2, part.column3 = '{}';
    end loop;
    analyze pg_temp.ecom_value;
    create temporary table ecom_target on commit drop as
        select t.*, first_value(t.series) over (partition by t.measure, t.grain order by not t.is_total) as root
        from (select row_number() over (order by v.grain, v.measure, v.is_total desc, v.category collate "C")::int as series, v.measure, v.category, v.is_total, v.grain
              from (select distinct v.measure, v.category, v.is_total, v.grain from pg_temp.ecom_value v) v) t;
    alter table pg_temp.ecom_target add parent int;
    update pg_temp.ecom_target set parent = root where not is_total;
    create temporary table ecom_series on commit drop as
        select t.series, v.period_start, v.is_complete, v.value
        from pg_temp.ecom_value v join pg_temp.ecom_target t using (measure, category, is_total, grain);
    drop table pg_temp.ecom_value;
    -- Without statistics the joins below would be nested loops over thousands of rows.
    analyze pg_temp.ecom_target, pg_temp.ecom_series;

    perform ecom_internal.report_progress(mart_id, 'forecast', 'fitting', 1, 5);
    effects := ecom_internal.write_day_effects(mart, sales.first_date, last_day, ecom_internal.setting(mart, 'forecast.horizon_days')::int);
    create temporary table ecom_fit (series int, parent int, measure text, category text, grain text, model ecom.model) on commit drop;
    for part in values (true, total_method), (false, category_method) loop
        with_effects := cardinality(effects) > 0 and ecom_internal.takes_effects(part.column2);
        execute format('
            insert into pg_temp.ecom_fit
            select t.series, t.parent, t.measure, t.category, t.grain, ecom.%I(s.period_start, s.value, jsonb_build_object(''step'', t.grain))
            from pg_temp.ecom_series s join pg_temp.ecom_target t using (series)
            where s.is_complete and (t.measure = ''revenue'' and t.parent is null) = $1 and not ($2 and t.grain = ''day'')
            group by t.series, t.parent, t.measure, t.category, t.grain', part.column2 || '_fit') using part.column1, with_effects;
        continue when not with_effects;
        -- Days to come have no value, but say what is known of them.
        execute format('
            insert into pg_temp.ecom_fit
            select t.series, t.parent, t.measure, t.category, t.grain,
                   ecom.%I(s.period_start, s.value, e.regressors, jsonb_build_object(''step'', t.grain))
            from (
                select s.series, s.period_start, s.value from pg_temp.ecom_series s where s.is_complete
                union all
                select l.series, e.period_start, null
                from (select s.series, max(s.period_start) as last from pg_temp.ecom_series s where s.is_complete group by s.series) l
                join pg_temp.ecom_effect e on e.period_start > l.last) s
            join pg_temp.ecom_target t using (series) join pg_temp.ecom_effect e using (period_start)
            where (t.measure = ''revenue'' and t.parent is null) = $1 and t.grain = ''day''
            group by t.series, t.parent, t.measure, t.category, t.grain', part.column2 || '_fit') using part.column1;
    end loop;
    perform ecom_internal.store_model(mart, 'revenue_' || f.grain, f.model, as_of, jsonb_build_object('method', total_method,
        'effects', case when f.grain = 'day' and ecom_internal.takes_effects(total_method) then effects else '{}' end))
    from pg_temp.ecom_fit f where f.measure = 'revenue' and f.parent is null;

    create temporary table ecom_forecast on commit drop as
        select t.series, t.parent, t.measure, t.category, t.grain, o.step, o.ts::date as period_start, o.forecast, o.forecast as reconciled, o.lower, o.upper,
               i.lower as inner_lower, i.upper as inner_upper, o.method, o.status
        from pg_temp.ecom_fit t
        cross join lateral (select ecom_internal.setting(mart, 'forecast.horizon_' || t.grain || 's')::int as horizon) h
        cross join lateral ecom.forecast(t.model, h.horizon, level, null, nonnegative) o
        join lateral ecom.forecast(t.model, h.horizon, inner_level, null, nonnegative) i on i.step = o.step
        where o.forecast is not null and o.lower is not null and o.upper is not null;
    analyze pg_temp.ecom_forecast;
    perform ecom_internal.report_progress(mart_id, 'forecast', 'adding up', 2, 5);
    perform ecom_internal.reconcile_forecasts('quantity', reconciliation, nonnegative);
    reconciliation := ecom_internal.reconcile_forecasts('revenue', reconciliation, nonnegative);

    -- Intervals move with the forecast that they belong to.
    update pg_temp.ecom_forecast f
    set lower = case when nonnegative then greatest(0, f.lower + f.reconciled - f.forecast) else f.lower + f.reconciled - f.forecast end,
        upper = case when nonnegative then greatest(0, f.upper + f.reconciled - f.forecast) else f.upper + f.reconciled - f.forecast end,
        inner_lower = case when nonnegative then greatest(0, f.inner_lower + f.reconciled - f.forecast) else f.inner_lower + f.reconciled - f.forecast end,
        inner_upper = case when nonnegative then greatest(0, f.inner_upper + f.reconciled - f.forecast) else f.inner_upper + f.reconciled - f.forecast end
    where f.reconciled <> f.forecast;
    execute format('
        insert into %1$I.revenue_forecast (grain, period_start, step, as_of_date, forecast_amount, lower_amount, upper_amount, inner_lower_amount,
            inner_upper_amount, forecast_method, status)
        select f.grain, f.period_start, f.step, $1, f.reconciled, f.lower, f.upper, f.inner_lower, f.inner_upper, f.method, f.status
        from pg_temp.ecom_forecast f where f.measure = ''revenue'' and f.parent is null', mart) using as_of;
    execute format('
        insert into %1$I.category_demand_forecast (category, period_start, step, as_of_date, units_forecast, units_lower, units_upper, revenue_forecast,
            revenue_lower, revenue_upper, reconciliation, status)
        select r.category, r.period_start, r.step, $1, u.reconciled, u.lower, u.upper, r.reconciled, r.lower, r.upper, $2,
               case when r.status = ''ok'' then u.status else r.status end
        from pg_temp.ecom_forecast r join pg_temp.ecom_forecast u on u.category = r.category and u.step = r.step
        where r.measure = ''revenue'' and u.measure = ''quantity'' and r.grain = ''day'' and u.grain = ''day'' and r.parent is not null and u.parent is not null',
        mart) using as_of, reconciliation;
    execute format('
        insert into %1$I.past_forecast (source, grain, as_of_date, period_start, forecast_amount, lower_amount, upper_amount, forecast_method)
        select ''refresh'', f.grain, f.as_of_date, f.period_start, f.forecast_amount, f.lower_amount, f.upper_amount, f.forecast_method
        from %1$I.revenue_forecast f', mart);

    perform ecom_internal.report_progress(mart_id, 'forecast', 'decomposing', 3, 5);
    execute format('
        insert into %1$I.revenue_decomposition (grain, period_start, is_complete, revenue_amount, trend_amount, seasonal_amount, remainder_amount,
            adjusted_amount, seasonal_periods)
        select t.grain, s.period_start, s.is_complete, coalesce(d.value, 0), d.trend, d.seasonal, d.remainder, d.adjusted,
               array_to_string(coalesce(d.periods_found, ''{}''), '', '')
        from pg_temp.ecom_target t join pg_temp.ecom_series s using (series)
        join (select ''day'' as grain, x.* from ecom.decompose($1, ''revenue'', ''day'', to_date => $2) x
              union all select ''month'', x.* from ecom.decompose($1, ''revenue'', ''month'', to_date => $2) x) d
            on d.grain = t.grain and d.period_start = s.period_start
        where t.measure = ''revenue'' and t.parent is null', mart) using mart, last_day;
    perform ecom_internal.write_next_month(mart, as_of, last_day);
    execute format('
        insert into %1$I.revenue_anomaly (order_date, revenue_amount, expected_amount, low_amount, high_amount, score, direction)
        select a.period_start, a.value, a.expected, a.low, a.high, a.score, case when a.value > a.expected then ''high'' else ''low'' end
        from ecom.detect_anomalies($1, to_date => $2) a where a.is_anomaly', mart) using mart, last_day;

    perform ecom_internal.report_progress(mart_id, 'forecast', 'testing on the past', 4, 5);
    if ecom_internal.setting(mart, 'forecast.backtest')::boolean then
        perform ecom_internal.write_backtests(mart, as_of, effects);
    end if;
    execute format('analyze %1$I.revenue_forecast, %1$I.category_demand_forecast, %1$I.revenue_decomposition, %1$I.past_forecast', mart);
    execute format('select (select count(*) from %1$I.revenue_forecast) + (select count(*) from %1$I.category_demand_forecast)', mart) into rows;
    select coalesce(string_agg(distinct format('%s by %s: %s', f.measure, f.grain, f.status), '; '), '') into reason
    from pg_temp.ecom_forecast f where f.parent is null and f.status <> 'ok';
    if not exists (select from pg_temp.ecom_fit f where f.grain = 'month') then
        reason := concat_ws('; ', nullif(reason, ''), 'revenue by month: no complete month');
    end if;
    drop table pg_temp.ecom_target, pg_temp.ecom_series, pg_temp.ecom_effect, pg_temp.ecom_fit, pg_temp.ecom_forecast;
end
$$;
comment on function ecom_internal.refresh_forecast(name, date) is
'Step forecast of ecom.refresh: forecasts revenue by day and month, and units and revenue of categories by day, which it makes add up; writes
the decomposition, anomalies, next month and backtests. Its reason says which total could not be forecast as asked.';
