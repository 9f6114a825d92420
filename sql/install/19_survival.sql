-- Time to churn: Kaplan-Meier curves and Cox regression, where leaving is seen.

create function ecom_internal.survival_add(ecom.state, duration float8, has_left boolean) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_survival_add';
create function ecom_internal.survival_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_survival_combine';
create function ecom_internal.cox_add(ecom.state, duration float8, has_left boolean, features float8[]) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_cox_add';
create function ecom_internal.cox_add(ecom.state, duration float8, has_left boolean, features float8[], names text[]) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_cox_add';
create function ecom_internal.cox_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_cox_combine';
create function ecom_internal.cox_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_cox_final';

create aggregate ecom.survival_agg(duration float8, has_left boolean) (
    sfunc = ecom_internal.survival_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.survival_combine, finalfunc = ecom_internal.state_final, parallel = safe);
comment on aggregate ecom.survival_agg(float8, boolean) is
'Collects how long customers stayed, for ecom.kaplan_meier and ecom.survival_summary.
Example: SELECT k.* FROM (SELECT ecom.survival_agg(tenure_days - recency_days, not is_active) AS s FROM shop.customer_class) a,
  ecom.kaplan_meier(a.s) k
duration: from the start of the relation until the customer left or was last seen, in any unit, at least 0. has_left: true when the customer
left then, false when the customer was still there (censored). Rows with a NULL are skipped; negative durations: 22023, NaN and
infinity: 22003. NULL for no rows. Memory: 64 bytes a distinct duration.';

create function ecom.kaplan_meier(
    state ecom.state, level float8 default 0.95,
    out duration float8, out customers_at_risk bigint, out customers_left bigint, out customers_censored bigint, out survival float8,
    out standard_error float8, out ci_low float8, out ci_high float8)
    returns setof record language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_kaplan_meier';
comment on function ecom.kaplan_meier(ecom.state, float8) is
'The share of customers that stay longer than a time, those still there counted rightly (Kaplan and Meier, 1958).
Example: SELECT k.* FROM (SELECT ecom.survival_agg(tenure_days - recency_days, not is_active) AS s FROM shop.customer_class) a,
  ecom.kaplan_meier(a.s) k
One row per distinct duration, rising. survival: the share that stays longer. standard_error: of survival (Greenwood, 1926); ci_low, ci_high: normal on
the logarithm, at most 1, as by default in R; NULL once nobody is left. Who is last seen at a time is at risk until then.
state: of ecom.survival_agg; other states: 42804. level: between 0 and 1. No rows for a NULL state.';

create function ecom.survival_summary(
    state ecom.state, level float8 default 0.95,
    out customers bigint, out customers_left bigint, out median float8, out median_low float8, out median_high float8, out restricted_mean float8)
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_survival_summary';
comment on function ecom.survival_summary(ecom.state, float8) is
'How long customers stay: median with its interval, and mean up to the longest time seen.
Example: SELECT s.* FROM (SELECT ecom.survival_agg(tenure_days - recency_days, not is_active) AS s FROM shop.customer_class) a,
  ecom.survival_summary(a.s) s
median: the time at which no more than half are there, the middle of the step when exactly half stay for a while; NULL when more than half are
there at the end. median_low, median_high: where the limits of ecom.kaplan_meier pass one half. restricted_mean: the area below
the curve. state: of ecom.survival_agg; other states: 42804. level: between 0 and 1.';

create aggregate ecom.cox_fit(duration float8, has_left boolean, features float8[], names text[]) (
    sfunc = ecom_internal.cox_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.cox_combine, finalfunc = ecom_internal.cox_final, parallel = safe);
comment on aggregate ecom.cox_fit(float8, boolean, float8[], text[]) is
'Fits which features make customers leave sooner: proportional hazards (Cox, 1972), ties by Efron (1977).
Example: SELECT c.* FROM (SELECT ecom.cox_fit(tenure_days - recency_days, not is_active, array[revenue_amount / order_count]::float8[],
  ''{order_value}'') AS model FROM shop.customer_class) m, ecom.cox_coefficients(m.model) c
duration, has_left: as in ecom.survival_agg. features: 1 to 100 numbers, known at the start of the relation, the same ones in every row;
names: one for each, read from the first row. A category is one indicator a member, but for one member. Rows with a NULL argument are skipped, NULL
within features: 22023. Returns a model for ecom.cox_coefficients, ecom.cox_hazard_ratio and ecom.cox_survival; NULL for no rows.
Errors: fewer than ten customers who left, or no more of them than features, features that are constant, linearly dependent or foretell
leaving without fail: 22000; NaN and infinity: 22003.
Memory: 8 bytes a value, three times that to fit. Time: a sort, then some six passes of O(rows x features^2). The same for any order of rows.';

create aggregate ecom.cox_fit(duration float8, has_left boolean, features float8[]) (
    sfunc = ecom_internal.cox_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.cox_combine, finalfunc = ecom_internal.cox_final, parallel = safe);
comment on aggregate ecom.cox_fit(float8, boolean, float8[]) is
'Fits which features make customers leave sooner, the features named x1, x2 and so on.
Example: SELECT s.* FROM (SELECT ecom.cox_fit(tenure_days - recency_days, not is_active, array[revenue_amount / order_count]::float8[]) AS model
  FROM shop.customer_class) m, ecom.cox_summary(m.model) s
As ecom.cox_fit(duration, has_left, features, names).';

create function ecom.cox_coefficients(
    model ecom.model, out feature text, out coefficient float8, out standard_error float8, out hazard_ratio float8, out ci_low float8,
    out ci_high float8, out z float8, out p_value float8)
    returns setof record language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_cox_coefficients';
comment on function ecom.cox_coefficients(ecom.model) is
'What each feature does to the rate of leaving, one row each.
Example: SELECT c.* FROM (SELECT ecom.cox_fit(tenure_days - recency_days, not is_active, array[revenue_amount / order_count]::float8[]) AS model
  FROM shop.customer_class) m, ecom.cox_coefficients(m.model) c
hazard_ratio: by how much one more unit of the feature multiplies the rate of leaving, above 1 for sooner; ci_low, ci_high: its 95 percent
interval. z, p_value: Wald''s test of no effect. model: of ecom.cox_fit; other kinds: 42804.';

create function ecom.cox_summary(
    model ecom.model, out customers bigint, out customers_left bigint, out log_likelihood float8, out null_log_likelihood float8,
    out chi_squared float8, out p_value float8, out concordance float8)
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_cox_summary';
comment on function ecom.cox_summary(ecom.model) is
'How well a Cox regression tells who leaves sooner.
Example: SELECT s.* FROM (SELECT ecom.cox_fit(tenure_days - recency_days, not is_active, array[revenue_amount / order_count]::float8[]) AS model
  FROM shop.customer_class) m, ecom.cox_summary(m.model) s
chi_squared, p_value: likelihood ratio against no effect of any feature. concordance: share of the comparable pairs of customers whose order of
leaving the model foretells, ties half; 0.5 is guessing (Harrell et al., 1982). model: of ecom.cox_fit; other kinds: 42804.';

create function ecom.cox_hazard_ratio(model ecom.model, features float8[]) returns float8
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_cox_hazard_ratio';
comment on function ecom.cox_hazard_ratio(ecom.model, float8[]) is
'The rate of leaving of a customer over that of one with mean features.
Example: WITH m AS (SELECT ecom.cox_fit(tenure_days - recency_days, not is_active, array[revenue_amount / order_count]::float8[]) AS model FROM shop.customer_class)
  SELECT customer_key, ecom.cox_hazard_ratio(model, array[revenue_amount / order_count]::float8[]) FROM m, shop.customer_class LIMIT 10
features: in the order of the fit. NULL for NULL. Another number of features: 22023; NaN and infinity: 22003; other models: 42804.';

create function ecom.cox_survival(model ecom.model, features float8[], duration float8) returns float8
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_cox_survival';
comment on function ecom.cox_survival(ecom.model, float8[], float8) is
'The probability that a customer stays longer than a time.
Example: WITH m AS (SELECT ecom.cox_fit(tenure_days - recency_days, not is_active, array[revenue_amount / order_count]::float8[]) AS model FROM shop.customer_class)
  SELECT customer_key, ecom.cox_survival(model, array[revenue_amount / order_count]::float8[], 180) FROM m, shop.customer_class LIMIT 10
The baseline is Breslow''s with Efron''s weights, kept at no more than 4,096 times; after the last time at which somebody left it stays as it is.
Arguments and errors as in ecom.cox_hazard_ratio; negative durations: 22023.';
