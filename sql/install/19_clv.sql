-- Customer lifetime value: buy-till-you-die models of orders, Gamma-Gamma of their amounts.

create type ecom.order_history_result as (
    frequency int, recency float8, age float8, mean_spend float8, first_order date, last_order date);
comment on type ecom.order_history_result is
'What ecom.order_history returns: days with an order after the first, time from the first to the last order, time from the
first order to the end of observation, mean amount of a day with an order after the first.';

create type ecom.next_order_result as (p_alive float8, expected_date date, earliest_date date, latest_date date);
comment on type ecom.next_order_result is
'What ecom.next_order returns. The dates hold for a customer who is still there, which p_alive gives the probability of.';

create function ecom_internal.order_history_add(ecom.state, order_date date, end_date date) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_order_history_add';
create function ecom_internal.order_history_add(ecom.state, order_date date, end_date date, unit text) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_order_history_add';
create function ecom_internal.order_history_add(ecom.state, order_date date, amount float8, end_date date, unit text) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_order_history_add';
create function ecom_internal.order_history_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_order_history_combine';
create function ecom_internal.order_history_final(ecom.state) returns ecom.order_history_result
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_order_history_final';
create function ecom_internal.btyd_add(ecom.state, frequency float8, recency float8, age float8, method text) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_btyd_add';
create function ecom_internal.bgnbd_add(ecom.state, frequency float8, recency float8, age float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_bgnbd_add';
create function ecom_internal.mbgnbd_add(ecom.state, frequency float8, recency float8, age float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_mbgnbd_add';
create function ecom_internal.pareto_nbd_add(ecom.state, frequency float8, recency float8, age float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_pareto_nbd_add';
create function ecom_internal.btyd_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_btyd_combine';
create function ecom_internal.btyd_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_btyd_final';
create function ecom_internal.gamma_gamma_add(ecom.state, frequency float8, mean_spend float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_gamma_gamma_add';
create function ecom_internal.gamma_gamma_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_gamma_gamma_combine';
create function ecom_internal.gamma_gamma_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_gamma_gamma_final';

create aggregate ecom.order_history(order_date date, end_date date) (
    sfunc = ecom_internal.order_history_add, stype = ecom.state, sspace = 2048,
    combinefunc = ecom_internal.order_history_combine, finalfunc = ecom_internal.order_history_final, parallel = safe);
comment on aggregate ecom.order_history(date, date) is
'What lifetime models read of a customer, from the dates of the orders: frequency, recency and age in days.
Example: SELECT customer_key, (ecom.order_history(ordered_at::date, ''2025-12-31'')).*
    FROM shop.fact_order WHERE customer_key BETWEEN 1 AND 100 AND order_count > 0 GROUP BY customer_key
order_date: one row an order; the orders of one day count as one, NULLs are skipped. end_date: the last day that the data covers,
the same for every customer; it is read from the first row, and orders after it are not seen, so that a model can be judged by them.
frequency: days with an order after the first. recency: days from the first to the last order. age: days from the first order to
end_date. mean_spend is NULL. NULL for a customer without an order until end_date; infinite dates: 22003, NULL end_date: 22023.
Memory: 1 to 2 kB a customer and 16 bytes an order. Time: O(n log n).';

create aggregate ecom.order_history(order_date date, end_date date, unit text) (
    sfunc = ecom_internal.order_history_add, stype = ecom.state, sspace = 2048,
    combinefunc = ecom_internal.order_history_combine, finalfunc = ecom_internal.order_history_final, parallel = safe);
comment on aggregate ecom.order_history(date, date, text) is
'What lifetime models read of a customer, in a unit of time of your choice.
Example: SELECT customer_key, (ecom.order_history(ordered_at::date, ''2025-12-31'', ''week'')).*
    FROM shop.fact_order WHERE customer_key BETWEEN 1 AND 100 AND order_count > 0 GROUP BY customer_key
unit: day, week, month (30.4375 days) or year (365.25 days); recency and age are days over its length, not rounded. The rest is as
in ecom.order_history(order_date, end_date). Another unit: 22023.';

create aggregate ecom.order_history(order_date date, amount float8, end_date date, unit text) (
    sfunc = ecom_internal.order_history_add, stype = ecom.state, sspace = 2048,
    combinefunc = ecom_internal.order_history_combine, finalfunc = ecom_internal.order_history_final, parallel = safe);
comment on aggregate ecom.order_history(date, float8, date, text) is
'What lifetime models read of a customer, with the mean amount of the orders after the first.
Example: SELECT customer_key, (ecom.order_history(ordered_at::date, revenue_amount::float8, ''2025-12-31'', ''day'')).*
    FROM shop.fact_order WHERE customer_key BETWEEN 1 AND 100 AND order_count > 0 GROUP BY customer_key
amount: of the order; returns are negative. A day whose amounts together are below zero is a return, not an order; free orders
count. mean_spend: the mean amount of the days with an order after the first, NULL without one. Rows with a NULL are skipped, amounts
that are not finite are refused (22003). The rest is as in ecom.order_history(order_date, end_date, unit).';

create aggregate ecom.btyd_fit(frequency float8, recency float8, age float8, method text) (
    sfunc = ecom_internal.btyd_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.btyd_combine, finalfunc = ecom_internal.btyd_final, parallel = safe);
comment on aggregate ecom.btyd_fit(float8, float8, float8, text) is
'Fits a model of customers who leave without saying so, by maximum likelihood, and returns it for ecom.p_alive and others.
Example: SELECT ecom.model_info(ecom.btyd_fit(frequency - 1, 7 * (frequency - 1), 7 * (frequency - 1) + recency_days, ''nbd'')) FROM shop.customer_rfm
frequency: orders after the first, a whole number. recency: time from the first to the last order (not since the last one).
age: time from the first order to the end of observation. Any unit of time; predictions are in the same. ecom.order_history makes all three.
method: bg_nbd (Fader, Hardie and Lee, 2005), mbg_nbd (Batislam, Denizel and Filiztekin, 2007), pareto_nbd (Schmittlein, Morrison and
Colombo, 1987), or nbd (Ehrenberg, 1959), in which nobody leaves; it is read from the first row.
Fit over all customers, those without a repeat order included. Where the data does not show that anybody leaves, the model is the nbd
and its status dropout_not_identified; ecom.btyd_summary shows it.
Rows with a NULL are skipped; NULL for no rows. Negative or fractional frequencies, recency beyond age, recency 0 with repeat orders: 22023;
NaN and infinity: 22003; fewer than ten customers or no repeat order: 22000.
Memory: 64 bytes a distinct history. Time: linear in the rows, then some ten passes over the distinct histories, with threads.';

create aggregate ecom.bgnbd_fit(frequency float8, recency float8, age float8) (
    sfunc = ecom_internal.bgnbd_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.btyd_combine, finalfunc = ecom_internal.btyd_final, parallel = safe);
comment on aggregate ecom.bgnbd_fit(float8, float8, float8) is
'Fits the BG/NBD model: after each repeat order a customer may leave (Fader, Hardie and Lee, 2005).
Example: SELECT p.* FROM (SELECT ecom.bgnbd_fit((h).frequency, (h).recency, (h).age) AS model
  FROM (SELECT ecom.order_history(ordered_at::date, ''2025-12-31'') AS h
    FROM shop.fact_order WHERE customer_key > 0 AND order_count > 0 GROUP BY customer_key) c) m, ecom.btyd_parameters(m.model) p
Parameters r, alpha (order rates) and a, b (leaving). A customer without a repeat order is alive for certain in it; use
ecom.mbgnbd_fit where that is not wanted. Arguments, NULLs, errors and cost as in ecom.btyd_fit.';

create aggregate ecom.mbgnbd_fit(frequency float8, recency float8, age float8) (
    sfunc = ecom_internal.mbgnbd_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.btyd_combine, finalfunc = ecom_internal.btyd_final, parallel = safe);
comment on aggregate ecom.mbgnbd_fit(float8, float8, float8) is
'Fits the MBG/NBD model: a customer may leave after any order, the first included (Batislam, Denizel and Filiztekin, 2007).
Example: SELECT p.* FROM (SELECT ecom.mbgnbd_fit((h).frequency, (h).recency, (h).age) AS model
  FROM (SELECT ecom.order_history(ordered_at::date, ''2025-12-31'') AS h
    FROM shop.fact_order WHERE customer_key > 0 AND order_count > 0 GROUP BY customer_key) c) m, ecom.btyd_parameters(m.model) p
Parameters r, alpha (order rates) and a, b (leaving). Arguments, NULLs, errors and cost as in ecom.btyd_fit.';

create aggregate ecom.pareto_nbd_fit(frequency float8, recency float8, age float8) (
    sfunc = ecom_internal.pareto_nbd_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.btyd_combine, finalfunc = ecom_internal.btyd_final, parallel = safe);
comment on aggregate ecom.pareto_nbd_fit(float8, float8, float8) is
'Fits the Pareto/NBD model: a customer may leave at any time (Schmittlein, Morrison and Colombo, 1987).
Example: SELECT p.* FROM (SELECT ecom.pareto_nbd_fit((h).frequency, (h).recency, (h).age) AS model
  FROM (SELECT ecom.order_history(ordered_at::date, ''2025-12-31'') AS h
    FROM shop.fact_order WHERE customer_key > 0 AND order_count > 0 GROUP BY customer_key) c) m, ecom.btyd_parameters(m.model) p
Parameters r, alpha (order rates) and s, beta (leaving rates). Arguments, NULLs, errors and cost as in ecom.btyd_fit.';

create aggregate ecom.gamma_gamma_fit(frequency float8, mean_spend float8) (
    sfunc = ecom_internal.gamma_gamma_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.gamma_gamma_combine, finalfunc = ecom_internal.gamma_gamma_final, parallel = safe);
comment on aggregate ecom.gamma_gamma_fit(float8, float8) is
'Fits the Gamma-Gamma model of what an order brings (Fader and Hardie, 2013) and returns it for ecom.expected_spend.
Example: SELECT p.* FROM (SELECT ecom.gamma_gamma_fit((h).frequency, (h).mean_spend) FILTER (WHERE (h).mean_spend > 0) AS model
  FROM (SELECT ecom.order_history(ordered_at::date, revenue_amount::float8, ''2025-12-31'', ''day'') AS h
    FROM shop.fact_order WHERE customer_key > 0 AND order_count > 0 GROUP BY customer_key) c) m,
  ecom.btyd_parameters(m.model) p
frequency: orders after the first. mean_spend: their mean amount, the first order left out, above zero. Customers without a repeat
order and rows with a NULL are skipped; NULL without rows. The model takes spend and frequency for independent:
ecom.btyd_summary shows their correlation, beyond some 0.2 either way distrust it.
Amounts of zero or less: 22023; NaN and infinity: 22003; fewer than ten customers: 22000.
Memory: 64 bytes a distinct pair. Time: linear in the rows, then some ten passes over the pairs.';

create function ecom.p_alive(model ecom.model, frequency float8, recency float8, age float8) returns float8
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_p_alive';
comment on function ecom.p_alive(ecom.model, float8, float8, float8) is
'The probability, 0 to 1, that a customer has not left by the end of observation.
Example: WITH h AS (SELECT customer_key, (ecom.order_history(ordered_at::date, ''2025-12-31'')).*
    FROM shop.fact_order WHERE customer_key > 0 AND order_count > 0 GROUP BY customer_key),
  m AS (SELECT ecom.mbgnbd_fit(frequency, recency, age) AS model FROM h)
  SELECT customer_key, ecom.p_alive(model, frequency, recency, age) FROM h, m WHERE customer_key <= 100
model: of ecom.btyd_fit or its kin; other kinds: 42804. frequency, recency, age: as when fitting, in the same unit of time.
BG/NBD gives 1 to a customer without a repeat order, NBD to everybody. NULL for NULL; what is no history: 22023 or 22003.
The model is decoded once per call site, not once per row.';

create function ecom.expected_purchases(model ecom.model, frequency float8, recency float8, age float8, horizon float8) returns float8
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_expected_purchases';
comment on function ecom.expected_purchases(ecom.model, float8, float8, float8, float8) is
'How many orders a customer is expected to make within a time from the end of observation.
Example: WITH h AS (SELECT customer_key, (ecom.order_history(ordered_at::date, ''2025-12-31'')).*
    FROM shop.fact_order WHERE customer_key > 0 AND order_count > 0 GROUP BY customer_key),
  m AS (SELECT ecom.bgnbd_fit(frequency, recency, age) AS model FROM h)
  SELECT customer_key, ecom.expected_purchases(model, frequency, recency, age, 90) FROM h, m WHERE customer_key <= 100
horizon: in the unit of time of the model, at least 0. A history of (0, 0, 0) asks about a new customer. That the customer may
have left is counted in. Exact where the textbook form divides by zero (a = 1, a + b < 1). Other arguments, NULLs and errors
as in ecom.p_alive.';

create function ecom.discounted_purchases(model ecom.model, frequency float8, recency float8, age float8, rate float8) returns float8
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_discounted_purchases';
comment on function ecom.discounted_purchases(ecom.model, float8, float8, float8, float8) is
'How many orders a customer is expected to make ever, those to come later discounted (DERT; Fader, Hardie and Lee, 2005).
Example: WITH h AS (SELECT customer_key, (ecom.order_history(ordered_at::date, ''2025-12-31'')).*
    FROM shop.fact_order WHERE customer_key > 0 AND order_count > 0 GROUP BY customer_key),
  m AS (SELECT ecom.pareto_nbd_fit(frequency, recency, age) AS model FROM h)
  SELECT customer_key, ecom.discounted_purchases(model, frequency, recency, age, ln(1.15) / 365.25) FROM h, m WHERE customer_key <= 20
rate: continuous, per unit of time of the model, above 0: ln(1.15) / 365.25 is 15 percent a year for a model in days. Times the
expected amount of an order it is a lifetime value without end. Other arguments, NULLs and errors as in ecom.p_alive.';

create function ecom_internal.discounted_orders(
    model ecom.model, frequency float8, recency float8, age float8, periods int, period float8, rate float8) returns float8
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_discounted_orders';
comment on function ecom_internal.discounted_orders(ecom.model, float8, float8, float8, int, float8, float8) is
'The orders expected within equal periods, each over (1 + rate)^i: ecom.customer_lifetime_value without the amounts.';

create function ecom.expected_spend(model ecom.model, frequency float8, mean_spend float8) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_expected_spend';
comment on function ecom.expected_spend(ecom.model, float8, float8) is
'The expected amount of a customer''s next order: own orders and those of all customers, weighed.
Example: WITH h AS (SELECT customer_key, (ecom.order_history(ordered_at::date, revenue_amount::float8, ''2025-12-31'', ''day'')).*
    FROM shop.fact_order WHERE customer_key > 0 AND order_count > 0 GROUP BY customer_key),
  m AS (SELECT ecom.gamma_gamma_fit(frequency, mean_spend) FILTER (WHERE mean_spend > 0) AS model FROM h)
  SELECT customer_key, mean_spend, ecom.expected_spend(model, frequency, mean_spend) FROM h, m WHERE customer_key <= 100
model: of ecom.gamma_gamma_fit; other kinds: 42804. frequency, mean_spend: as when fitting. With frequency 0 mean_spend is not read,
and the answer is the mean over all customers. NULL where the model gives no finite mean (p frequency + q <= 1), and for NULL.';

create function ecom.customer_lifetime_value(
    model ecom.model, spend_model ecom.model, frequency float8, recency float8, age float8, mean_spend float8,
    periods int default 12, period float8 default 30, rate float8 default 0.01) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_customer_lifetime_value';
comment on function ecom.customer_lifetime_value(ecom.model, ecom.model, float8, float8, float8, float8, int, float8, float8) is
'What a customer is expected to bring within the coming periods, in the unit of the amounts, discounted.
Example: WITH h AS (SELECT customer_key, (ecom.order_history(ordered_at::date, revenue_amount::float8, ''2025-12-31'', ''day'')).*
    FROM shop.fact_order WHERE customer_key > 0 AND order_count > 0 GROUP BY customer_key),
  m AS (SELECT ecom.bgnbd_fit(frequency, recency, age) AS model, ecom.gamma_gamma_fit(frequency, mean_spend) FILTER (WHERE mean_spend > 0) AS spend_model FROM h)
  SELECT customer_key, ecom.customer_lifetime_value(model, spend_model, frequency, recency, age, mean_spend) FROM h, m WHERE customer_key <= 100
The sum over periods i = 1, 2, ... of ecom.expected_spend times the orders expected within period i, over (1 + rate)^i.
periods: 1 to 1200. period: its length in the unit of time of the model; the default is 12 times 30 days of a model in days, for one in
weeks give 4.345. rate: of one period, at least 0: 0.01 is one percent a month. Amounts may be revenue or margin: what the models were
fitted on. Other arguments as in ecom.p_alive and ecom.expected_spend. NULL for NULL, but a NULL mean_spend does no harm with frequency 0.';

create function ecom.next_order(
    model ecom.model, frequency float8, recency float8, age float8, end_date date, coverage float8 default 0.8, unit text default 'day')
    returns ecom.next_order_result
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_next_order';
comment on function ecom.next_order(ecom.model, float8, float8, float8, date, float8, text) is
'When a customer who is still there orders next: the median date and a window.
Example: WITH h AS (SELECT customer_key, (ecom.order_history(ordered_at::date, ''2025-12-31'')).*
    FROM shop.fact_order WHERE customer_key > 0 AND order_count > 0 GROUP BY customer_key),
  m AS (SELECT ecom.bgnbd_fit(frequency, recency, age) AS model FROM h)
  SELECT customer_key, (ecom.next_order(model, frequency, recency, age, ''2025-12-31'')).* FROM h, m WHERE customer_key <= 100
end_date: end of observation, the day that age was counted to. coverage: the probability, between 0 and 1, that the next order falls into
the window, both tails equal. unit: the unit of time of the model: day, week, month or year. The time to the next order of a customer
with rate lambda ~ Gamma(r + frequency, alpha + age) is Pareto of the second kind; that the customer may have left is in p_alive,
not in the dates. A date more than a century ahead is NULL. Other arguments, NULLs and errors as in ecom.p_alive.';

create function ecom.btyd_parameters(
    model ecom.model, out parameter text, out estimate float8, out standard_error float8, out lower float8, out upper float8)
    returns setof record language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_btyd_parameters';
comment on function ecom.btyd_parameters(ecom.model) is
'The parameters of a lifetime model with standard errors and 95 percent intervals, one row each.
Example: SELECT p.* FROM (SELECT ecom.btyd_fit((h).frequency, (h).recency, (h).age, ''bg_nbd'') AS model
  FROM (SELECT ecom.order_history(ordered_at::date, ''2025-12-31'') AS h
    FROM shop.fact_order WHERE customer_key > 0 AND order_count > 0 GROUP BY customer_key) c) m, ecom.btyd_parameters(m.model) p
model: of ecom.btyd_fit, its kin or ecom.gamma_gamma_fit; other kinds: 42804. standard_error: from the observed information. lower and
upper: normal on the logarithm of the parameter, which is positive. NULL where the likelihood is flat: see status in ecom.btyd_summary.';

create function ecom.btyd_summary(
    model ecom.model, out method text, out requested_method text, out status text, out customers bigint, out repeat_orders bigint,
    out log_likelihood float8, out aic float8, out frequency_correlation float8)
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_btyd_summary';
comment on function ecom.btyd_summary(ecom.model) is
'How the fit of a lifetime model went: method, status, log-likelihood, AIC.
Example: SELECT s.* FROM (SELECT ecom.btyd_fit((h).frequency, (h).recency, (h).age, ''pareto_nbd'') AS model
  FROM (SELECT ecom.order_history(ordered_at::date, ''2025-12-31'') AS h
    FROM shop.fact_order WHERE customer_key > 0 AND order_count > 0 GROUP BY customer_key) c) m, ecom.btyd_summary(m.model) s
status: converged; dropout_not_identified: as likely that nobody leaves, method is nbd in place of requested_method;
boundary: a parameter runs to infinity, that is, customers do not differ in it, and predictions hold while standard errors do not exist.
frequency_correlation: of frequency and mean spend, for Gamma-Gamma only. aic: Akaike (1974), the smaller the better, to compare
methods on the same customers. model: of ecom.btyd_fit, its kin or ecom.gamma_gamma_fit; other kinds: 42804.';
