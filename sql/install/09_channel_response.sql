-- Advertising: what each channel brings for what is spent on it.

create type ecom.channel_response_result as (
    status text, periods bigint, mean_spend float8, mean_response float8, mean_demand float8, base float8, beta float8, carryover float8,
    carryover_low float8, carryover_high float8, half_saturation float8, shape float8, half_spend float8, r2 float8, p_value float8, covariance float8[]);
comment on type ecom.channel_response_result is 'The response of a channel to its spend, and on what evidence';
comment on column ecom.channel_response_result.status is
'fitted; or why there is no curve: too few periods, no spend, spend hardly varies, no response';
comment on column ecom.channel_response_result.periods is 'Periods with a response; 20 are needed';
comment on column ecom.channel_response_result.mean_spend is 'Mean spend of a period, from the first to the last';
comment on column ecom.channel_response_result.mean_response is 'Mean response of a period';
comment on column ecom.channel_response_result.mean_demand is 'Mean demand of a period; 1 where none was given';
comment on column ecom.channel_response_result.base is 'Response without spend, for each unit of demand';
comment on column ecom.channel_response_result.beta is 'The most that spend can add to it, for each unit of demand';
comment on column ecom.channel_response_result.carryover is 'Share of the adstock that is left a period later';
comment on column ecom.channel_response_result.carryover_low is 'Lower end of its 95 percent interval, by profile likelihood';
comment on column ecom.channel_response_result.carryover_high is 'Upper end of its 95 percent interval; 0.98 is the most that is looked at';
comment on column ecom.channel_response_result.half_saturation is 'Adstock that brings half of beta';
comment on column ecom.channel_response_result.shape is 'Slope of the curve: concave up to 1, S-shaped above';
comment on column ecom.channel_response_result.half_spend is 'Spend of every period that brings half of beta: half_saturation * (1 - carryover)';
comment on column ecom.channel_response_result.r2 is 'Share of the spread of the response per demand that is explained';
comment on column ecom.channel_response_result.p_value is 'Probability of such a fit when spend has no effect';
comment on column ecom.channel_response_result.covariance is
'Variances and covariances of base, beta, carryover, ln half_saturation and ln shape, row by row; NULL where they cannot be told apart';

create function ecom_internal.channel_response_add(ecom.state, period int, spend float8, response float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_channel_response_add';
create function ecom_internal.channel_response_add(ecom.state, period int, spend float8, response float8, demand float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_channel_response_add';
create function ecom_internal.channel_response_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_channel_response_combine';
create function ecom_internal.channel_response_final(ecom.state) returns ecom.channel_response_result
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_channel_response_final';
create function ecom_internal.steady_response(
    beta float8, carryover float8, half_saturation float8, shape float8, mean_demand float8, covariance float8[], spend float8,
    compared_with float8, out response float8, out standard_error float8, out marginal_response float8, out gain float8,
    out gain_error float8) returns record
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_steady_response';

create aggregate ecom.channel_response_fit(period int, spend float8, response float8) (
    sfunc = ecom_internal.channel_response_add, stype = ecom.state, sspace = 32768,
    combinefunc = ecom_internal.channel_response_combine, finalfunc = ecom_internal.channel_response_final, parallel = safe
);
comment on aggregate ecom.channel_response_fit(int, float8, float8) is
'What advertising brings: carryover and saturation of the response of a channel to its spend, by least squares.
Example: SELECT s.channel_key, (ecom.channel_response_fit(d.date - date ''2024-01-01'', s.spend_amount::float8, coalesce(o.orders, 0))).*
  FROM shop.fact_marketing_spend s JOIN shop.dim_date d ON d.date_key = s.spend_date_key
  LEFT JOIN (SELECT order_date_key, channel_key, sum(order_count)::float8 AS orders FROM shop.fact_order GROUP BY 1, 2) o
    ON o.order_date_key = s.spend_date_key AND o.channel_key = s.channel_key GROUP BY s.channel_key ORDER BY s.channel_key
y = base + beta * a^shape / (a^shape + half_saturation^shape), Hill (1910), with a(t) = spend(t) + carryover * a(t - 1), Broadbent (1979).
period: number of the day, week or month, in step with time. spend: 0 or more; NULL is 0. response: orders, revenue or the like of the
same period; NULL where it is not known. Rows of one period are added up; a period without a row has no spend and no known response.
Fields: see the type ecom.channel_response_result; without a curve status says why. NULL for no rows. Negative spend: 22023; NaN and
infinity: 22003.
A weak penalty keeps curves whose bend the spend says little about from running to a straight line or a step (docs/budget.md).
What moves with the season or the trend is taken for the effect of spend when spend moves with them: pass demand.
Memory: 32 bytes a row, 120 a period. Time: passes over the periods, 360 for a grid and
some 20 steps for each of four searches and of the 15 on the profile of the carryover.';
create aggregate ecom.channel_response_fit(period int, spend float8, response float8, demand float8) (
    sfunc = ecom_internal.channel_response_add, stype = ecom.state, sspace = 32768,
    combinefunc = ecom_internal.channel_response_combine, finalfunc = ecom_internal.channel_response_final, parallel = safe
);
comment on aggregate ecom.channel_response_fit(int, float8, float8, float8) is
'What advertising brings at equal demand; otherwise as ecom.channel_response_fit(period, spend, response).
Example: SELECT (ecom.channel_response_fit(t, x, 10 * w * (1 + 2 * x / (x + 3)), w)).*
  FROM (SELECT t, t * 7 % 11 AS x, 1 + t % 5 AS w FROM generate_series(1, 100) t) s
demand: what the response would follow at constant spend, such as the orders of channels that are not advertised; the curve is that of
the response for each unit of it, with weights 1 / demand. Errors in it that have nothing to do with the response do not bias the curve.
A period whose demand is 0 or NULL has no known response. Negative demand: 22023.';

create function ecom.channel_response(
    fit ecom.channel_response_result, spend float8, compared_with float8 default 0,
    out response float8, out standard_error float8, out marginal_response float8, out gain float8, out gain_error float8) returns record
    language sql immutable parallel safe
return ecom_internal.steady_response((fit).beta, (fit).carryover, (fit).half_saturation, (fit).shape, (fit).mean_demand,
                                     (fit).covariance, spend, compared_with);
comment on function ecom.channel_response(ecom.channel_response_result, float8, float8) is
'What a channel brings a period when as much is spent in every period, with standard errors.
Example: SELECT r.* FROM (SELECT ecom.channel_response_fit(t, x, 10 + 20 * x / (x + 3)) AS fit FROM (SELECT t, t * 7 % 11 AS x
  FROM generate_series(1, 100) t) s) f, ecom.channel_response(f.fit, spend => 6, compared_with => 5) r
fit: of ecom.channel_response_fit. spend: of each period, 0 or more. response: what spend adds to the base, at the mean demand.
marginal_response: response to the next unit of money. gain: response less that to compared_with; gain_error is smaller than the errors
of both, because they share a curve. NULL for a fit without a curve; errors are NULL where its parameters cannot be told apart.
Errors: 22023 for a negative spend.';
