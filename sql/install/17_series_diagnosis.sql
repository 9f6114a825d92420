-- Intermittent demand over any query: its class and its forecast.

create type ecom.demand_pattern_result as (
    demand_class text, mean_interval float8, squared_variation float8, demands bigint, n bigint);
comment on type ecom.demand_pattern_result is 'How often and how evenly an article is asked for';
comment on column ecom.demand_pattern_result.demand_class is 'smooth, erratic, intermittent, lumpy, or none without demand';
comment on column ecom.demand_pattern_result.mean_interval is 'ADI: periods per demand';
comment on column ecom.demand_pattern_result.squared_variation is 'CV^2: variance of the demands'' sizes over their squared mean';
comment on column ecom.demand_pattern_result.demands is 'Periods with demand';
comment on column ecom.demand_pattern_result.n is 'Periods that are not NULL';

create function ecom_internal.demand_pattern_final(ecom.state) returns ecom.demand_pattern_result
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_demand_pattern_final';
create aggregate ecom.demand_pattern(value float8) (
    sfunc = ecom_internal.series_add, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.demand_pattern_final, parallel = safe
);
comment on aggregate ecom.demand_pattern(float8) is
'Whether a demand is smooth, erratic, intermittent or lumpy, which says how to forecast it.
Example: SELECT (ecom.demand_pattern(greatest(revenue_amount, 0)::float8 ORDER BY order_date)).* FROM shop.kpi_daily
value: the demand of a period, 0 for none, one row a period; NULL rows are left out. Negative values: 22023; NaN, infinity and
values beyond 1e300: 22003. NULL for no rows.
Intermittent or lumpy from a mean interval of 1.32 periods on; erratic or lumpy from a squared coefficient of variation of 0.49
on (Syntetos, Boylan and Croston, 2005). Forecast the last two by ecom.intermittent_forecast. O(n) time, 8 bytes a row.';

create function ecom_internal.intermittent_forecast_add(ecom.state, value float8, method text) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_intermittent_forecast_add';
create function ecom_internal.intermittent_forecast_final(ecom.state) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_intermittent_forecast_final';
create aggregate ecom.intermittent_forecast(value float8, method text) (
    sfunc = ecom_internal.intermittent_forecast_add, stype = ecom.state, sspace = 8192,
    finalfunc = ecom_internal.intermittent_forecast_final, parallel = safe
);
comment on aggregate ecom.intermittent_forecast(float8, text) is
'The mean demand of each coming period, for articles that sell in few periods.
Example: SELECT ecom.intermittent_forecast(greatest(revenue_amount, 0)::float8, ''tsb'' ORDER BY order_date) FROM shop.kpi_daily
Give ORDER BY inside the call. value: as in ecom.demand_pattern. method, read from the first row; another one: 22023:
- croston: sizes and intervals smoothed apart with constant 0.1 (Croston, 1972)
- sba: the same without its bias (Syntetos and Boylan, 2005)
- tsb: sizes and probability of demand, constants 0.1; goes to 0 for what no longer sells (Teunter, Syntetos and Babai, 2011)
- adida: sums over blocks as long as the mean interval (Nikolopoulos et al., 2011)
- imapa: the mean over all block lengths up to it (Petropoulos and Kourentzes, 2015)
0 without any demand, NULL for no rows. O(n) time, imapa O(n mean interval); 8 bytes a row, 32 more to compute, at most
ecom_analytics.memory_limit (54000). See docs/forecast_evaluation.md.';
