-- Learners over any query: a label, a row of features, a model as a value.

create function ecom_internal.churn_add(ecom.state, label boolean, features record) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_churn_add';
create function ecom_internal.churn_add(ecom.state, label boolean, features record, options jsonb) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_churn_add';
create function ecom_internal.forest_add(ecom.state, label boolean, features record) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_forest_class_add';
create function ecom_internal.forest_add(ecom.state, label boolean, features record, options jsonb) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_forest_class_add';
create function ecom_internal.forest_add(ecom.state, label float8, features record) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_forest_value_add';
create function ecom_internal.forest_add(ecom.state, label float8, features record, options jsonb) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_forest_value_add';
create function ecom_internal.gbm_add(ecom.state, label boolean, features record) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_gbm_class_add';
create function ecom_internal.gbm_add(ecom.state, label boolean, features record, options jsonb) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_gbm_class_add';
create function ecom_internal.gbm_add(ecom.state, label float8, features record) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_gbm_value_add';
create function ecom_internal.gbm_add(ecom.state, label float8, features record, options jsonb) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_gbm_value_add';
create function ecom_internal.logistic_add(ecom.state, label boolean, features record) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_logistic_add';
create function ecom_internal.logistic_add(ecom.state, label boolean, features record, options jsonb) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_logistic_add';
create function ecom_internal.linear_add(ecom.state, label float8, features record) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_linear_add';
create function ecom_internal.linear_add(ecom.state, label float8, features record, options jsonb) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_linear_add';
create function ecom_internal.value_learner_add(ecom.state, label float8, features record, options jsonb) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_value_learner_add';
create function ecom_internal.learner_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_learner_combine';
create function ecom_internal.learner_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_learner_final';

create aggregate ecom.forest_fit(label boolean, features record) (
    sfunc = ecom_internal.forest_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.learner_combine, finalfunc = ecom_internal.learner_final, parallel = safe);
comment on aggregate ecom.forest_fit(boolean, record) is
'Fits a random forest that predicts yes or no, as a model for ecom.predict_prob.
Example: SELECT ecom.model_info(ecom.forest_fit(r.frequency > 3, f)) FROM shop.customer_rfm r, LATERAL (SELECT r.recency_days, r.monetary_amount) f
features: a row of any composite type, such as the alias of a sub-query: numbers, booleans, dates, time stamps, texts and
enums are encoded by their types and names, and the encoding travels in the model. NULL and NaN are missing values, which
every split sends to the side that fits better; infinite ones are refused (22003), other types too (22023).
The row must not hold the label or what gives it away: leave it out, or use option exclude. Rows with a NULL label are
skipped; NULL for no rows, 22000 for one row.
100 trees of depth 10; other numbers by options. The model''s metrics are out-of-bag ones beside the baseline of always
predicting the larger class. The same rows give the same model for any order of rows, number of threads and plan.
Breiman (2001), on histograms of up to 254 bins. Memory: 8 bytes a value, within ecom_analytics.memory_limit. Time: linear in
rows, trees and depth.';
create aggregate ecom.forest_fit(label boolean, features record, options jsonb) (
    sfunc = ecom_internal.forest_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.learner_combine, finalfunc = ecom_internal.learner_final, parallel = safe);
comment on aggregate ecom.forest_fit(boolean, record, jsonb) is
'Fits a random forest that predicts yes or no, with options.
Example: SELECT ecom.model_info(ecom.forest_fit(r.frequency > 3, f, ''{"trees": 20, "max_depth": 6}'')) FROM shop.customer_rfm r, LATERAL (SELECT r.recency_days, r.monetary_amount) f
options: trees (100), max_depth (10; 0: 64), min_leaf (1 row), mtry (features tried a node; 0: the square root of their
number), bins (254), splits (histogram, or exact: every distinct value up to 65000), bootstrap (true), class_weight (none or
balanced), positive_weight (1), calibration (none, or platt or isotonic on out-of-bag predictions), seed (42), exclude (names of columns
of the row that are no features, such as the label or a key). Read from the first row; an unknown option or a value out of range: 22023. The rest is as in ecom.forest_fit(label, features).';
create aggregate ecom.forest_fit(label float8, features record) (
    sfunc = ecom_internal.forest_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.learner_combine, finalfunc = ecom_internal.learner_final, parallel = safe);
comment on aggregate ecom.forest_fit(float8, record) is
'Fits a random forest that predicts a number, as a model for ecom.predict.
Example: SELECT ecom.model_info(ecom.forest_fit(r.monetary_amount::float8, f)) FROM shop.customer_rfm r, LATERAL (SELECT r.recency_days, r.frequency) f
features: a row of any composite type, such as the alias of a sub-query: numbers, booleans, dates, time stamps, texts and
enums are encoded by their types and names, and the encoding travels in the model. NULL and NaN are missing values, which
every split sends to the side that fits better; infinite ones are refused (22003), other types too (22023).
The row must not hold the label or what gives it away: leave it out, or use option exclude. Rows with a NULL label are
skipped; NULL for no rows, 22000 for one row.
All features are tried at every node, as scikit-learn does. The rest is as in ecom.forest_fit(boolean, record).';
create aggregate ecom.forest_fit(label float8, features record, options jsonb) (
    sfunc = ecom_internal.forest_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.learner_combine, finalfunc = ecom_internal.learner_final, parallel = safe);
comment on aggregate ecom.forest_fit(float8, record, jsonb) is
'Fits a random forest that predicts a number, with options.
Example: SELECT ecom.model_info(ecom.forest_fit(r.frequency::float8, f, ''{"trees": 20}'')) FROM shop.customer_rfm r, LATERAL (SELECT r.recency_days, r.monetary_amount) f
options: as in ecom.forest_fit(label, features, options) without those about classes; mtry 0 tries all features.';
create aggregate ecom.gbm_fit(label boolean, features record) (
    sfunc = ecom_internal.gbm_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.learner_combine, finalfunc = ecom_internal.learner_final, parallel = safe);
comment on aggregate ecom.gbm_fit(boolean, record) is
'Fits gradient-boosted trees that predict yes or no, as a model for ecom.predict_prob.
Example: SELECT ecom.model_info(ecom.gbm_fit(r.frequency > 3, f)) FROM shop.customer_rfm r, LATERAL (SELECT r.recency_days, r.monetary_amount) f
features: a row of any composite type, such as the alias of a sub-query: numbers, booleans, dates, time stamps, texts and
enums are encoded by their types and names, and the encoding travels in the model. NULL and NaN are missing values, which
every split sends to the side that fits better; infinite ones are refused (22003), other types too (22023).
The row must not hold the label or what gives it away: leave it out, or use option exclude. Rows with a NULL label are
skipped; NULL for no rows, 22000 for one row.
100 trees of depth 6, learning rate 0.1, l2 1, at least 1 of Hessian weight in a leaf. Friedman (2001), Chen and
Guestrin (2016). Time: linear in rows and trees; one thread.';
create aggregate ecom.gbm_fit(label boolean, features record, options jsonb) (
    sfunc = ecom_internal.gbm_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.learner_combine, finalfunc = ecom_internal.learner_final, parallel = safe);
comment on aggregate ecom.gbm_fit(boolean, record, jsonb) is
'Fits gradient-boosted trees that predict yes or no, with options.
Example: SELECT ecom.model_info(ecom.gbm_fit(r.frequency > 3, f, ''{"trees": 20, "max_depth": 3}'')) FROM shop.customer_rfm r, LATERAL (SELECT r.recency_days, r.monetary_amount) f
options: trees (100), max_depth (6), learning_rate (0.1), l2 (1), min_leaf, mtry, bins, class_weight, positive_weight, seed,
exclude as in ecom.forest_fit. An unknown option or a value out of range: 22023.';
create aggregate ecom.gbm_fit(label float8, features record) (
    sfunc = ecom_internal.gbm_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.learner_combine, finalfunc = ecom_internal.learner_final, parallel = safe);
comment on aggregate ecom.gbm_fit(float8, record) is
'Fits gradient-boosted trees that predict a number, as a model for ecom.predict.
Example: SELECT ecom.model_info(ecom.gbm_fit(r.frequency::float8, f)) FROM shop.customer_rfm r, LATERAL (SELECT r.recency_days, r.monetary_amount) f
Squared loss; the rest is as in ecom.gbm_fit(boolean, record).';
create aggregate ecom.gbm_fit(label float8, features record, options jsonb) (
    sfunc = ecom_internal.gbm_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.learner_combine, finalfunc = ecom_internal.learner_final, parallel = safe);
comment on aggregate ecom.gbm_fit(float8, record, jsonb) is
'Fits gradient-boosted trees that predict a number, with options.
Example: SELECT ecom.model_info(ecom.gbm_fit(r.frequency::float8, f, ''{"trees": 20}'')) FROM shop.customer_rfm r, LATERAL (SELECT r.recency_days, r.monetary_amount) f
Squared loss; options are as in ecom.gbm_fit(boolean, record, jsonb) without those about classes.';
create aggregate ecom.churn_fit(label boolean, features record) (
    sfunc = ecom_internal.churn_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.learner_combine, finalfunc = ecom_internal.learner_final, parallel = safe);
comment on aggregate ecom.churn_fit(boolean, record) is
'Fits the model behind ecom.churn_prob: a calibrated random forest of 100 trees of depth 10.
Example: SELECT ecom.model_info(ecom.churn_fit(r.frequency = 1, f)) FROM shop.customer_rfm r, LATERAL (SELECT r.recency_days, r.monetary_amount) f
features: a row of any composite type, such as the alias of a sub-query: numbers, booleans, dates, time stamps, texts and
enums are encoded by their types and names, and the encoding travels in the model. NULL and NaN are missing values, which
every split sends to the side that fits better; infinite ones are refused (22003), other types too (22023).
The row must not hold the label or what gives it away: leave it out, or use option exclude. Rows with a NULL label are
skipped; NULL for no rows, 22000 for one row.
label: true for who left. Probabilities are calibrated by Platt''s method (1999) on out-of-bag predictions. The rest is as
in ecom.forest_fit(boolean, record).';
create aggregate ecom.churn_fit(label boolean, features record, options jsonb) (
    sfunc = ecom_internal.churn_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.learner_combine, finalfunc = ecom_internal.learner_final, parallel = safe);
comment on aggregate ecom.churn_fit(boolean, record, jsonb) is
'Fits the model behind ecom.churn_prob, with options.
Example: SELECT ecom.model_info(ecom.churn_fit(r.frequency = 1, f, ''{"method": "gbm", "trees": 20}'')) FROM shop.customer_rfm r, LATERAL (SELECT r.recency_days, r.monetary_amount) f
options: method (forest, gbm or logistic), and those of ecom.forest_fit, ecom.gbm_fit or ecom.logistic_fit; calibration is platt for
forests. An unknown
option or a value out of range: 22023.';
create aggregate ecom.logistic_fit(label boolean, features record) (
    sfunc = ecom_internal.logistic_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.learner_combine, finalfunc = ecom_internal.learner_final, parallel = safe);
comment on aggregate ecom.logistic_fit(boolean, record) is
'Fits a logistic regression, as a model for ecom.predict_prob and ecom.coefficients.
Example: SELECT c.* FROM (SELECT ecom.logistic_fit(r.recency_days > 30, f) AS m FROM shop.customer_rfm r, LATERAL (SELECT r.frequency, r.monetary_amount) f) s, ecom.coefficients(s.m) c
features: as in ecom.forest_fit. A text or enum has a coefficient for every value but the most frequent one, which the others are
compared with; a missing number is read as the mean, with a coefficient for its being missing. Columns that others add up to get no
coefficient. Maximum likelihood by Newton''s method, standard errors from the information matrix, without a penalty: as glm of R.
Rows with a NULL label are skipped; NULL for no rows. Errors: 22000 for labels of one class only, too few rows, and labels that the
features tell apart without error. Time: rows x columns squared x about 6; memory of the rows, and columns squared.';
create aggregate ecom.logistic_fit(label boolean, features record, options jsonb) (
    sfunc = ecom_internal.logistic_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.learner_combine, finalfunc = ecom_internal.learner_final, parallel = safe);
comment on aggregate ecom.logistic_fit(boolean, record, jsonb) is
'Fits a logistic regression, with options.
Example: SELECT ecom.model_info(ecom.logistic_fit(r.recency_days > 30, f, ''{"penalty": 0.01, "l1_ratio": 0.5}'')) FROM shop.customer_rfm r, LATERAL (SELECT r.frequency, r.monetary_amount) f
options: penalty (0) and l1_ratio (0), an elastic net: the mean loss plus penalty times (l1_ratio times the sum of absolute coefficients
plus (1 - l1_ratio) / 2 times that of their squares) is least, of standardised columns, the intercept free: lambda and alpha of glmnet, and
1 / (C x rows) and l1_ratio of scikit-learn after its StandardScaler. l1_ratio 1 is the lasso, which leaves features out; metrics hold
largest_penalty, from which on none is left. l2 (0) in place of both: l2 / 2 times the sum of squares is added to the summed loss, 1 / C of
scikit-learn. With either there are no standard errors. exclude (names of columns that are no features). l1_ratio above 0 without a
penalty, penalty beside l2, or a value out of range: 22023. Zou and Hastie (2005); coordinate descent: Friedman, Hastie and Tibshirani (2010).
The rest is as in ecom.logistic_fit(label, features).';
create aggregate ecom.linear_fit(label float8, features record) (
    sfunc = ecom_internal.linear_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.learner_combine, finalfunc = ecom_internal.learner_final, parallel = safe);
comment on aggregate ecom.linear_fit(float8, record) is
'Fits a linear regression by least squares, as a model for ecom.predict and ecom.coefficients.
Example: SELECT c.* FROM (SELECT ecom.linear_fit(r.monetary_amount::float8, f) AS m FROM shop.customer_rfm r, LATERAL (SELECT r.recency_days, r.frequency) f) s, ecom.coefficients(s.m) c
features and errors: as in ecom.logistic_fit. Standard errors assume equal variance of the residuals: as lm of R. Its metrics are those
on the rows themselves, beside those of always predicting the mean.';
create aggregate ecom.linear_fit(label float8, features record, options jsonb) (
    sfunc = ecom_internal.linear_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.learner_combine, finalfunc = ecom_internal.learner_final, parallel = safe);
comment on aggregate ecom.linear_fit(float8, record, jsonb) is
'Fits a linear regression, with options.
Example: SELECT ecom.model_info(ecom.linear_fit(r.monetary_amount::float8, f, ''{"penalty": 10, "l1_ratio": 1}'')) FROM shop.customer_rfm r, LATERAL (SELECT r.recency_days, r.frequency) f
options: penalty (0) and l1_ratio (0), an elastic net: half the mean squared residual plus penalty times (l1_ratio times the sum of
absolute coefficients plus (1 - l1_ratio) / 2 times that of their squares) is least, of standardised columns: alpha and l1_ratio of
scikit-learn''s ElasticNet after its StandardScaler, lambda and alpha of glmnet, which however divides the square part by the standard deviation of the
label. l2 (0) in place of both: l2 times the sum of squares is added to the sum of squared residuals, as Ridge of scikit-learn. exclude. The
rest is as in ecom.logistic_fit(label, features, options). The rest is as in ecom.linear_fit(label, features).';
create function ecom.predict(model ecom.model, features record) returns float8
    language c immutable strict parallel safe cost 100 as 'MODULE_PATHNAME', 'ecom_predict';
comment on function ecom.predict(ecom.model, record) is
'What a model predicts for a row: a number, or for a yes/no model the probability of yes.
Example: SELECT ecom.predict(s.m, f) FROM (SELECT ecom.forest_fit(x.frequency > 3, x, ''{"trees": 10, "exclude": ["frequency"]}'') AS m FROM (SELECT recency_days, frequency, monetary_amount FROM shop.customer_rfm) x) s, (SELECT recency_days, frequency, monetary_amount FROM shop.customer_rfm) f LIMIT 3
features: a row with columns of the names and types that the model was fitted on, in any order; others are ignored. A
missing column or one of another type: 22023 with its name; a model of another kind: 42804. A category that was not seen when
fitting counts as missing. NULL for NULL. The model is decoded once per call site, not once per row.';
create function ecom.predict_prob(model ecom.model, features record) returns float8
    language c immutable strict parallel safe cost 100 as 'MODULE_PATHNAME', 'ecom_predict_prob';
comment on function ecom.predict_prob(ecom.model, record) is
'The probability of yes, 0 to 1, by a model that was fitted on a boolean label.
Example: SELECT ecom.predict_prob(s.m, f) FROM (SELECT ecom.forest_fit(x.frequency > 3, x, ''{"trees": 10, "exclude": ["frequency"]}'') AS m FROM (SELECT recency_days, frequency, monetary_amount FROM shop.customer_rfm) x) s, (SELECT recency_days, frequency, monetary_amount FROM shop.customer_rfm) f LIMIT 3
features: a row with columns of the names and types that the model was fitted on, in any order; others are ignored. A
missing column or one of another type: 22023 with its name; a model of another kind: 42804. A category that was not seen when
fitting counts as missing. NULL for NULL. The model is decoded once per call site, not once per row.';
create function ecom.churn_prob(model ecom.model, features record) returns float8
    language c immutable strict parallel safe cost 100 as 'MODULE_PATHNAME', 'ecom_predict_prob';
comment on function ecom.churn_prob(ecom.model, record) is
'The probability that a customer leaves, 0 to 1, by a model of ecom.churn_fit.
Example: SELECT ecom.churn_prob(s.m, f) FROM (SELECT ecom.forest_fit(x.frequency > 3, x, ''{"trees": 10, "exclude": ["frequency"]}'') AS m FROM (SELECT recency_days, frequency, monetary_amount FROM shop.customer_rfm) x) s, (SELECT recency_days, frequency, monetary_amount FROM shop.customer_rfm) f LIMIT 3
features: a row with columns of the names and types that the model was fitted on, in any order; others are ignored. A
missing column or one of another type: 22023 with its name; a model of another kind: 42804. A category that was not seen when
fitting counts as missing. NULL for NULL. The model is decoded once per call site, not once per row.';
create function ecom.explain(
    model ecom.model, features record, out feature text, out contribution float8, out base float8, out prediction float8)
    returns setof record language c immutable strict parallel safe cost 10000 as 'MODULE_PATHNAME', 'ecom_explain';
comment on function ecom.explain(ecom.model, record) is
'Why a model predicts what it does for a row: one row per feature with what it adds to the prediction.
Example: SELECT e.* FROM (SELECT ecom.forest_fit(x.frequency > 3, x, ''{"trees": 10, "exclude": ["frequency"]}'') AS m FROM (SELECT recency_days, frequency, monetary_amount FROM shop.customer_rfm) x) s, (SELECT recency_days, frequency, monetary_amount FROM shop.customer_rfm LIMIT 1) f, ecom.explain(s.m, f) e
contribution: Shapley value of the feature by the path-dependent TreeSHAP (Lundberg et al., 2018, 2020): base and all
contributions sum to prediction. prediction: of a forest the mean of its trees before calibration, of boosting and logistic
regression the log-odds. Of a regression: coefficients times distances from the mean. base: the prediction of a row of which nothing is known. Features, NULLs and errors as ecom.predict.
Time: trees x nodes x half the depth, about a millisecond for 100 trees of depth 10.';
create function ecom.feature_importance(model ecom.model, out feature text, out importance float8)
    returns setof record language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_feature_importance';
comment on function ecom.feature_importance(ecom.model) is
'How much each feature lowers the impurity over all splits of a model, as shares that sum to 1.
Example: SELECT i.* FROM (SELECT ecom.forest_fit(x.frequency > 3, x, ''{"trees": 10, "exclude": ["frequency"]}'') AS m FROM (SELECT recency_days, frequency, monetary_amount FROM shop.customer_rfm) x) s, ecom.feature_importance(s.m) i
Features of many distinct values are favoured (Strobl et al., 2007): ecom.permutation_importance does not, and looks at rows that the model
has not seen. Of a regression: shares of the standard deviations of what features contribute. All 0 for a model without splits. Another kind: 42804.';
create aggregate ecom.learner_agg(label boolean, features record, options jsonb) (
    sfunc = ecom_internal.churn_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.learner_combine, finalfunc = ecom_internal.state_final, parallel = safe);
comment on aggregate ecom.learner_agg(boolean, record, jsonb) is
'Collects labels and features for ecom.holdout_predictions and ecom.permutation_importance.
Example: SELECT r.* FROM (SELECT ecom.learner_agg(f.frequency > 3, f, ''{"trees": 10, "exclude": ["frequency"]}'') AS s FROM (SELECT recency_days, frequency, monetary_amount FROM shop.customer_rfm) f) a, ecom.holdout_predictions(a.s, 3) r LIMIT 3
options: those of ecom.churn_fit; ''{}'' for its defaults. Features, NULLs and errors as there.';
create aggregate ecom.learner_agg(label float8, features record, options jsonb) (
    sfunc = ecom_internal.value_learner_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.learner_combine, finalfunc = ecom_internal.state_final, parallel = safe);
comment on aggregate ecom.learner_agg(float8, record, jsonb) is
'Collects labels and features for ecom.holdout_predictions and ecom.permutation_importance.
Example: SELECT r.* FROM (SELECT ecom.learner_agg(f.frequency::float8, f, ''{"trees": 10, "exclude": ["frequency"]}'') AS s FROM (SELECT recency_days, frequency, monetary_amount FROM shop.customer_rfm) f) a, ecom.holdout_predictions(a.s, 3) r LIMIT 3
options: method (forest, gbm or linear), and those of ecom.forest_fit, ecom.gbm_fit or ecom.linear_fit; ''{}'' for a forest with its defaults.
Features, NULLs and errors as there.';
create function ecom.holdout_predictions(
    state ecom.state, folds int default 5, out fold int, out actual float8, out predicted float8)
    returns setof record language c immutable parallel safe cost 100000 as 'MODULE_PATHNAME', 'ecom_holdout_predictions';
comment on function ecom.holdout_predictions(ecom.state, int) is
'Cross-validation: one row per row, predicted by a model that has not seen it.
Example: SELECT (ecom.classification_metrics(r.actual = 1, r.predicted)).* FROM (SELECT ecom.learner_agg(f.frequency > 3, f, ''{"trees": 10, "exclude": ["frequency"]}'') AS s FROM (SELECT recency_days, frequency, monetary_amount FROM shop.customer_rfm) f) a, ecom.holdout_predictions(a.s, 3) r
For metrics, and for plots of actual against predicted. state: of ecom.learner_agg. folds: 2 to 100, stratified by label; which rows share a fold depends on what they hold only.
Encodings are fitted within each fold. actual: 1 or 0 for a boolean label. No rows for a NULL state. Folds out of range: 22023;
fewer than two rows a fold: 22000. Time: folds times that of a fit.';

create function ecom.permutation_importance(
    state ecom.state, folds int default 5, repeats int default 5, metric text default null, seed int default 42,
    out feature text, out importance float8, out standard_deviation float8, out quality float8)
    returns setof record language c immutable parallel safe cost 100000 as 'MODULE_PATHNAME', 'ecom_learner_permutation';
comment on function ecom.permutation_importance(ecom.state, int, int, text, int) is
'What predictions of rows that a model has not seen lose when a feature tells nothing any more, for every feature of a learner.
Example: SELECT i.* FROM (SELECT ecom.learner_agg(f.frequency > 3, f, ''{"trees": 10, "exclude": ["frequency"]}'') AS s FROM (SELECT recency_days, frequency, monetary_amount FROM shop.customer_rfm) f) a, ecom.permutation_importance(a.s, 3, 2) i
Each fold is predicted by a model of the others, first as it is, then with the values of one feature permuted among its rows, repeats times.
state: of ecom.learner_agg, whose options choose the learner. folds: 2 to 100, as in ecom.holdout_predictions. repeats: 1 to 1000. metric: roc_auc
(default), log_loss or brier for labels of yes and no, r2 (default), rmse or mae for numbers. seed: of the permutations.
importance: mean over folds and repeats of what roc_auc and r2 lose, or the others gain; about 0, also below, for a feature that tells nothing.
standard_deviation: among them, NULL for a single one. quality: the metric of predictions from the rows as they are, mean over folds. Unlike
ecom.feature_importance it does not favour features of many values, and counts what holds for new rows only; features that say the same share
what they are worth, or hide it, since the others still tell it (Strobl et al., 2008).
No rows for a NULL state. Errors: 22023 for other arguments, 22000 for too few rows a fold, and for a metric that says nothing because labels of a
fold are all the same. The same for any order of rows and number of threads. Time: folds x (a fit + features x repeats predictions of its rows).
Breiman (2001); Fisher, Rudin and Dominici (2019).';
create function ecom.permutation_importance(
    state ecom.state, model ecom.model, repeats int default 5, metric text default null, seed int default 42,
    out feature text, out importance float8, out standard_deviation float8, out quality float8)
    returns setof record language c immutable parallel safe cost 100000 as 'MODULE_PATHNAME', 'ecom_model_permutation';
comment on function ecom.permutation_importance(ecom.state, ecom.model, int, text, int) is
'What predictions of a fitted model lose when a feature tells nothing any more, on rows that it should not have seen.
Example: SELECT i.* FROM (SELECT ecom.learner_agg(f.frequency > 3, f, ''{}'') FILTER (WHERE is_test) AS s, ecom.forest_fit(f.frequency > 3, f, ''{"trees": 10, "exclude": ["frequency", "is_test"]}'') FILTER (WHERE NOT is_test) AS m FROM (SELECT recency_days, frequency, monetary_amount, ecom.is_test_row(customer_key::text, 0.3) AS is_test FROM shop.customer_rfm) f) a, ecom.permutation_importance(a.s, a.m, repeats => 2) i
state: labels and features of ecom.learner_agg; of its options only exclude matters. Columns are found by name, further ones do not matter; a
feature that they lack, or of another type, is an error that names it. model: of any learner but ecom.uplift_fit, fitted on labels of the same
type. The rest is as in ecom.permutation_importance(state), with one fold.
No rows for a NULL state or model. Errors: 22023; 42804 for a model of another kind; 22000 where all labels are the same.';

create function ecom.is_test_row(key text, test_share float8 default 0.2, seed bigint default 42) returns boolean
    language sql immutable parallel safe
return case when test_share between 0 and 1
            then (hashtextextended(key, seed) & 1073741823)::float8 / 1073741824 < test_share end;
comment on function ecom.is_test_row(text, float8, bigint) is
'Splits rows into training and test ones by their key: true for a share of all keys, always the same ones.
Example: SELECT count(*) FILTER (WHERE ecom.is_test_row(customer_key::text)), count(*) FROM shop.customer_rfm
test_share: 0 to 1, otherwise NULL. seed: another one gives another split. NULL for a NULL key.';

create function ecom.coefficients(
    model ecom.model, out term text, out estimate float8, out standard_error float8, out statistic float8, out p_value float8)
    returns setof record language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_coefficients';
comment on function ecom.coefficients(ecom.model) is
'The coefficients of a model of ecom.logistic_fit or ecom.linear_fit, the intercept first.
Example: SELECT c.* FROM (SELECT ecom.logistic_fit(r.recency_days > 30, f) AS m FROM shop.customer_rfm r, LATERAL (SELECT r.frequency, r.monetary_amount) f) s, ecom.coefficients(s.m) c
term: the feature; for a text or enum with its value, for a number also whether it is missing. estimate: change of the log-odds, or of
the number, by one unit. statistic: estimate over standard_error; p_value: two-sided, by the normal distribution for logistic and
Student''s t for linear regression. These three are NULL with a penalty, and for a term that others add up to. Another kind: 42804.';
