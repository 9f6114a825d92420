-- Price: how demand answers to it, and what to ask.

create type ecom.elasticity_result as (
    elasticity float8, standard_error float8, ci_low float8, ci_high float8, n bigint, price_count bigint, log_price_sd float8, r2 float8);
comment on type ecom.elasticity_result is 'How demand answers to price, and on what evidence';
comment on column ecom.elasticity_result.elasticity is 'Percent that demand changes when the price rises by one; NULL when the prices do not support one';
comment on column ecom.elasticity_result.standard_error is 'Standard error of the elasticity, robust to unequal spread (HC1)';
comment on column ecom.elasticity_result.ci_low is 'Lower end of the interval';
comment on column ecom.elasticity_result.ci_high is 'Upper end of the interval';
comment on column ecom.elasticity_result.n is 'Rows with a positive price and quantity';
comment on column ecom.elasticity_result.price_count is 'Different prices among them; 3 are needed';
comment on column ecom.elasticity_result.log_price_sd is 'Standard deviation of the logarithm of the price; 0.03 is needed';
comment on column ecom.elasticity_result.r2 is 'Share of the spread of ln quantity that is explained';

create function ecom_internal.elasticity_add(ecom.state, price float8, quantity float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_elasticity_add';
create function ecom_internal.elasticity_add(ecom.state, price float8, quantity float8, controls float8[]) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_elasticity_add';
create function ecom_internal.elasticity_add(ecom.state, price float8, quantity float8, controls float8[], level float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_elasticity_add';
create function ecom_internal.elasticity_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_elasticity_combine';
create function ecom_internal.elasticity_final(ecom.state) returns ecom.elasticity_result
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_elasticity_final';

create aggregate ecom.price_elasticity(price float8, quantity float8) (
    sfunc = ecom_internal.elasticity_add, stype = ecom.state, sspace = 8192,
    combinefunc = ecom_internal.elasticity_combine, finalfunc = ecom_internal.elasticity_final, parallel = safe
);
comment on aggregate ecom.price_elasticity(float8, float8) is
'Price elasticity of demand: by how many percent the quantity changes when the price rises by one percent.
Example: SELECT product_key, (ecom.price_elasticity(price, quantity)).* FROM (
    SELECT product_key, order_date_key / 100 AS month, avg(unit_price)::float8 AS price, sum(quantity)::float8 AS quantity
    FROM shop.fact_sales WHERE NOT is_return AND product_key <> 0 GROUP BY 1, 2) m GROUP BY product_key ORDER BY product_key LIMIT 5
One row a period: price asked and quantity sold. Rows with a NULL, or a price or quantity of 0 and less, are left out: sum up to
periods in which something was sold. Fields: see the type ecom.elasticity_result. elasticity is NULL with fewer than 3 prices or when the
price hardly moved. NULL for no rows. NaN and infinity: 22003.
Least squares of ln quantity on ln price; standard errors HC1 (MacKinnon and White, 1985). A price that moves with the season or with
a promotion takes their effect for its own: pass controls. Prices that answer to demand bias the estimate towards 0.
Memory: 16 bytes a row. Time: n log n.';
create aggregate ecom.price_elasticity(price float8, quantity float8, controls float8[]) (
    sfunc = ecom_internal.elasticity_add, stype = ecom.state, sspace = 8192,
    combinefunc = ecom_internal.elasticity_combine, finalfunc = ecom_internal.elasticity_final, parallel = safe
);
comment on aggregate ecom.price_elasticity(float8, float8, float8[]) is
'Price elasticity of demand at equal season and promotion; otherwise as ecom.price_elasticity(price, quantity).
Example: SELECT product_key, (ecom.price_elasticity(price, quantity, ARRAY[discount, (month >= 11)::int])).elasticity FROM (
    SELECT product_key, order_date_key / 100 % 100 AS month, avg(unit_price)::float8 AS price, sum(quantity)::float8 AS quantity,
           avg((discount_amount > 0)::int)::float8 AS discount
    FROM shop.fact_sales WHERE NOT is_return AND product_key <> 0 GROUP BY 1, order_date_key / 100) m
    GROUP BY product_key ORDER BY product_key LIMIT 5
controls: up to 50 numbers, the same number in every row, without NULLs (22023). When they explain the price wholly, elasticity is NULL.';
create aggregate ecom.price_elasticity(price float8, quantity float8, controls float8[], level float8) (
    sfunc = ecom_internal.elasticity_add, stype = ecom.state, sspace = 8192,
    combinefunc = ecom_internal.elasticity_combine, finalfunc = ecom_internal.elasticity_final, parallel = safe
);
comment on aggregate ecom.price_elasticity(float8, float8, float8[], float8) is
'Price elasticity of demand with an interval at a level of your choice; otherwise as ecom.price_elasticity of three arguments.
Example: SELECT (ecom.price_elasticity(p, q, NULL, 0.8)).* FROM (VALUES (1.0, 100), (1.1, 85), (1.2, 78), (1.3, 66)) v (p, q)
level: 0.95 for 95 percent, read from the first row; outside 0 to 1: 22023. controls: NULL for none.';

create type ecom.shrinkage_result as (estimate float8, standard_error float8, mean float8, tau2 float8);
comment on type ecom.shrinkage_result is 'An estimate drawn to the mean of its group';
comment on column ecom.shrinkage_result.estimate is 'The estimate, drawn to the mean by as much as chance explains';
comment on column ecom.shrinkage_result.standard_error is 'Its standard error';
comment on column ecom.shrinkage_result.mean is 'Mean of the group; the same in every row';
comment on column ecom.shrinkage_result.tau2 is 'Variance between estimates beyond chance; the same in every row';
create function ecom.shrink_estimates(estimate float8, standard_error float8) returns ecom.shrinkage_result
    language c immutable window parallel safe as 'MODULE_PATHNAME', 'ecom_shrink_estimates';
comment on function ecom.shrink_estimates(float8, float8) is
'Draws uncertain estimates to the mean of their group, the more the less certain they are: a window function.
Example: SELECT name, (ecom.shrink_estimates(e, se) OVER ()).* FROM (VALUES (''a'', -4.3, 0.52), (''b'', -1.7, 0.12), (''c'', -2.1, 0.91)) v (name, e, se)
One row an estimate with its standard error, such as the elasticity of each product of a category. Rows with a NULL, or an error of 0
and less, take no part; their estimate is NULL, mean and tau2 are those of the others. With one estimate, or when chance explains all differences, all get the
mean. NaN and infinity: 22003. Random effects: DerSimonian and Laird (1986); empirical Bayes: Morris (1983). Time: linear.';

create function ecom.optimal_price(
    current_price float8, unit_cost float8, elasticity float8, standard_error float8 default 0, max_change float8 default 0.1,
    out price float8, out quantity_change float8, out profit_change float8, out probability_of_gain float8) returns record
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_optimal_price';
comment on function ecom.optimal_price(float8, float8, float8, float8, float8) is
'The price that brings the most expected profit within a largest change, and how sure that is.
Example: SELECT * FROM ecom.optimal_price(current_price => 10, unit_cost => 6, elasticity => -1.8, standard_error => 0.4)
elasticity, standard_error: of ecom.price_elasticity or, better, ecom.shrink_estimates. max_change: share of the current price, 0.1 for 10
percent up or down; do not go beyond prices that were tried. quantity_change: expected, as a share. profit_change: expected profit of a
unit sold today, as a share of the current price. probability_of_gain: that profit is higher than at the current price; act on it when
it is high, not on profit_change alone. With an elasticity above -1 the bound is the answer: demand hardly answers.
NULL for NULL arguments; values without meaning: 22023. The optimum without uncertainty and bounds is cost x e / (1 + e), Lerner (1934).';

create function ecom.price_for_demand(demand text, intercept float8, slope float8, unit_cost float8) returns float8
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_price_for_demand';
comment on function ecom.price_for_demand(text, float8, float8, float8) is
'The price that earns the most where the demand curve is known and is not one of constant elasticity.
Example: SELECT d AS demand, ecom.price_for_demand(d, intercept => 100, slope => 2, unit_cost => 10) FROM unnest(array[''linear'', ''semi_log'', ''logit'']) d
demand: linear, units = intercept - slope x price; semi_log, ln units = the same; logit, the share of those who look that buy =
1 / (1 + exp(slope x price - intercept)). slope: above 0. unit_cost: 0 or more. No bounds and no uncertainty: keep to prices that were tried.
NULL for NULL arguments, and where nobody buys at the cost; values without meaning: 22023. Phillips (2021), chapter 3.';
