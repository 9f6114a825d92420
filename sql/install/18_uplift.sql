-- What a treatment changes for each row: a model of a trial.

create function ecom_internal.uplift_fit_add(ecom.state, treated boolean, outcome boolean, features record) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_uplift_fit_add';
create function ecom_internal.uplift_fit_add(ecom.state, treated boolean, outcome boolean, features record, options jsonb) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_uplift_fit_add';
create function ecom_internal.uplift_fit_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_uplift_fit_final';

create aggregate ecom.uplift_fit(treated boolean, outcome boolean, features record) (
    sfunc = ecom_internal.uplift_fit_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.learner_combine, finalfunc = ecom_internal.uplift_fit_final, parallel = safe);
comment on aggregate ecom.uplift_fit(boolean, boolean, record) is
'Fits what a treatment changes, row by row, on a trial with treated and held-out rows, as a model for ecom.predict.
Example: SELECT ecom.model_info(ecom.uplift_fit(m.customer_key % 2 = 0, m.frequency > 3, f))
  FROM shop.customer_rfm m, LATERAL (SELECT m.recency_days, m.monetary_amount) f
treated: false for a row that was left alone by chance; without chance the difference is not that of the treatment. outcome: what
treating should raise, true or false. features: a row known before the treatment, as in ecom.forest_fit. Rows with a NULL are skipped;
NULL for no rows; 22000 unless both arms have rows with and without the outcome.
Two learners, one for each arm; ecom.predict gives the probability of the outcome if treated less that if not, -1 to 1, and
ecom.explain what each feature adds to it. Each is that of ecom.churn_fit, with at least 20 rows in a leaf.
Whether the model ranks better than chance: ecom.qini on rows that it has not seen.
Two models: Radcliffe (2007); Kuenzel, Sekhon, Bickel and Yu (2019). Cost: that of ecom.churn_fit.';
create aggregate ecom.uplift_fit(treated boolean, outcome boolean, features record, options jsonb) (
    sfunc = ecom_internal.uplift_fit_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.learner_combine, finalfunc = ecom_internal.uplift_fit_final, parallel = safe);
comment on aggregate ecom.uplift_fit(boolean, boolean, record, jsonb) is
'Fits what a treatment changes, with options.
Example: SELECT ecom.model_info(ecom.uplift_fit(m.customer_key % 2 = 0, m.frequency > 3, f, ''{"trees": 20, "min_leaf": 50}''))
  FROM shop.customer_rfm m, LATERAL (SELECT m.recency_days, m.monetary_amount) f
options: those of ecom.churn_fit for both learners: method (forest, gbm or logistic) and what it takes; min_leaf is 20 without.
The rest is as in ecom.uplift_fit(treated, outcome, features).';
