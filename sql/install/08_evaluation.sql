-- How good predictions are: metrics over (label, score) and over (actual, predicted).

create type ecom.classification_result as (
    n bigint, positives bigint,
    true_positives bigint, false_positives bigint, true_negatives bigint, false_negatives bigint,
    accuracy float8, baseline_accuracy float8, "precision" float8, recall float8, specificity float8, f1 float8,
    balanced_accuracy float8, mcc float8, kappa float8,
    roc_auc float8, average_precision float8, pr_auc float8, ks float8, gini float8,
    log_loss float8, baseline_log_loss float8, brier float8, baseline_brier float8, calibration_error float8);
comment on type ecom.classification_result is
'What ecom.classification_metrics returns. baseline_accuracy, baseline_log_loss and baseline_brier are those of always
predicting the larger class, or the share of positives: a model that does not beat them has learned nothing.';

create type ecom.regression_result as (
    n bigint, mae float8, baseline_mae float8, rmse float8, baseline_rmse float8, r2 float8, bias float8, mape float8);
comment on type ecom.regression_result is
'What ecom.regression_metrics returns. The baselines are those of always predicting the mean of the actual values.';

create function ecom_internal.score_add(ecom.state, label boolean, score float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_score_add';
create function ecom_internal.score_add(ecom.state, label boolean, score float8, threshold float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_score_add';
create function ecom_internal.score_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_score_combine';
create function ecom_internal.classification_final(ecom.state) returns ecom.classification_result
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_classification_final';
create function ecom_internal.roc_auc_final(ecom.state) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_roc_auc_final';
create function ecom_internal.average_precision_final(ecom.state) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_average_precision_final';
create function ecom_internal.log_loss_final(ecom.state) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_log_loss_final';
create function ecom_internal.brier_final(ecom.state) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_brier_final';
create function ecom_internal.predicted_add(ecom.state, actual float8, predicted float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_predicted_add';
create function ecom_internal.predicted_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_predicted_combine';
create function ecom_internal.regression_final(ecom.state) returns ecom.regression_result
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_regression_final';

create aggregate ecom.score_agg(label boolean, score float8) (
    sfunc = ecom_internal.score_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.score_combine, finalfunc = ecom_internal.state_final, parallel = safe);
comment on aggregate ecom.score_agg(boolean, float8) is
'Collects labels and scores for ecom.lift_rows, ecom.threshold_rows and ecom.calibration_rows.
Example: SELECT r.* FROM (SELECT ecom.score_agg(r_score <= 2, recency_days) AS s FROM shop.customer_rfm) a, ecom.threshold_rows(a.s, 5) r
label: true for what is predicted. score: the higher, the likelier; for calibration a probability. Rows with a NULL are
skipped, NaN and infinity are refused (22003). NULL for no rows. Memory: 8 bytes a row, within ecom_analytics.memory_limit.';

create aggregate ecom.classification_metrics(label boolean, score float8) (
    sfunc = ecom_internal.score_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.score_combine, finalfunc = ecom_internal.classification_final, parallel = safe);
comment on aggregate ecom.classification_metrics(boolean, float8) is
'Every usual figure of a yes/no prediction beside its baseline, at the threshold 0.5.
Example: SELECT (ecom.classification_metrics(r_score <= 2, recency_days / 1000.0)).* FROM shop.customer_rfm
label: true for what is predicted. score: its probability, or any number that rises with it. Rows with a NULL are skipped,
NaN and infinity are refused (22003). NULL for no rows.
precision, recall and f1 are 0 where they would be 0/0. roc_auc counts a tie as half (Hanley and McNeil, 1982).
average_precision is the step-wise area, pr_auc the trapezoid one. gini is 2 roc_auc - 1, ks the largest distance between the
two classes (Kolmogorov and Smirnov). These are NULL with one class only. log_loss (scores clipped at 1e-15), brier and
calibration_error (expected, 10 equal widths) are NULL when a score lies outside 0 to 1.
Memory: 8 bytes a row, three times that to rank them. Time: O(n log n).';

create aggregate ecom.classification_metrics(label boolean, score float8, threshold float8) (
    sfunc = ecom_internal.score_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.score_combine, finalfunc = ecom_internal.classification_final, parallel = safe);
comment on aggregate ecom.classification_metrics(boolean, float8, float8) is
'Every usual figure of a yes/no prediction beside its baseline, at a threshold of your choice.
Example: SELECT (ecom.classification_metrics(r_score <= 2, recency_days, 90)).* FROM shop.customer_rfm
threshold: positive is predicted where score >= threshold; it is read from the first row. The rest is as in
ecom.classification_metrics(label, score). A NULL, NaN or infinite threshold: 22023.';

create aggregate ecom.roc_auc(label boolean, score float8) (
    sfunc = ecom_internal.score_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.score_combine, finalfunc = ecom_internal.roc_auc_final, parallel = safe);
comment on aggregate ecom.roc_auc(boolean, float8) is
'The chance that a positive row scores above a negative one, 0 to 1; a tie counts half.
Example: SELECT ecom.roc_auc(r_score <= 2, recency_days) FROM shop.customer_rfm
0.5 is guessing. NULL with one class only. Arguments, NULLs and cost as ecom.classification_metrics.';

create aggregate ecom.average_precision(label boolean, score float8) (
    sfunc = ecom_internal.score_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.score_combine, finalfunc = ecom_internal.average_precision_final, parallel = safe);
comment on aggregate ecom.average_precision(boolean, float8) is
'The area under precision over recall, step by step, 0 to 1.
Example: SELECT ecom.average_precision(r_score <= 2, recency_days) FROM shop.customer_rfm
The share of positives is guessing. NULL with one class only. Arguments, NULLs and cost as ecom.classification_metrics.';

create aggregate ecom.log_loss(label boolean, score float8) (
    sfunc = ecom_internal.score_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.score_combine, finalfunc = ecom_internal.log_loss_final, parallel = safe);
comment on aggregate ecom.log_loss(boolean, float8) is
'The mean of -ln of the probability that was given to what came true; smaller is better.
Example: SELECT ecom.log_loss(r_score <= 2, (5 - r_score) / 5.0) FROM shop.customer_rfm
Probabilities are clipped at 1e-15. NULL when one lies outside 0 to 1. Arguments and cost as ecom.classification_metrics.';

create aggregate ecom.brier_score(label boolean, score float8) (
    sfunc = ecom_internal.score_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.score_combine, finalfunc = ecom_internal.brier_final, parallel = safe);
comment on aggregate ecom.brier_score(boolean, float8) is
'The mean squared distance of probabilities from what came true, 0 to 1; smaller is better (Brier, 1950).
Example: SELECT ecom.brier_score(r_score <= 2, (5 - r_score) / 5.0) FROM shop.customer_rfm
NULL when a score lies outside 0 to 1. Arguments, NULLs and cost as ecom.classification_metrics.';

create function ecom.lift_rows(
    state ecom.state, buckets int default 10,
    out bucket int, out n bigint, out positives float8, out rate float8, out cumulative_n bigint,
    out cumulative_positives float8, out lift float8, out cumulative_lift float8, out gain float8, out min_score float8)
    returns setof record language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_lift_rows';
comment on function ecom.lift_rows(ecom.state, int) is
'Lift and gain: rows ranked by falling score and cut into buckets of equal size, one row each.
Example: SELECT r.* FROM (SELECT ecom.score_agg(r_score <= 2, recency_days) AS s FROM shop.customer_rfm) a, ecom.lift_rows(a.s) r
state: of ecom.score_agg. buckets: 1 to 1000; bucket k ends at row ceil(n k / buckets). A tie that a cut divides gives each
side its share of the positives, so the answer does not depend on the order of rows. rate: share of positives; lift: rate over
that of all; gain: share of all positives that the buckets so far hold. No rows for a NULL state; other states: 42804.';

create function ecom.threshold_rows(
    state ecom.state, thresholds int default 20,
    out threshold float8, out true_positives bigint, out false_positives bigint, out true_negatives bigint,
    out false_negatives bigint, out accuracy float8, out "precision" float8, out recall float8, out specificity float8,
    out f1 float8)
    returns setof record language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_threshold_rows';
comment on function ecom.threshold_rows(ecom.state, int) is
'The confusion matrix and what follows from it at falling thresholds: choose where to act; also the points of a ROC curve.
Example: SELECT r.* FROM (SELECT ecom.score_agg(r_score <= 2, recency_days) AS s FROM shop.customer_rfm) a, ecom.threshold_rows(a.s) r
state: of ecom.score_agg. thresholds: at most so many rows, 1 to 1000, spread evenly over the distinct scores. Positive is
predicted where score >= threshold. No rows for a NULL state; other states: 42804.';

create function ecom.calibration_rows(
    state ecom.state, bins int default 10,
    out bin int, out n bigint, out mean_score float8, out observed_rate float8, out difference float8)
    returns setof record language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_calibration_rows';
comment on function ecom.calibration_rows(ecom.state, int) is
'Whether probabilities mean what they say: predicted mean and observed rate in bins of equally many rows.
Example: SELECT r.* FROM (SELECT ecom.score_agg(r_score <= 2, (5 - r_score) / 5.0) AS s FROM shop.customer_rfm) a, ecom.calibration_rows(a.s) r
state: of ecom.score_agg. bins: 1 to 1000; tied scores share a bin, an empty bin has no row. difference: observed_rate less
mean_score. No rows for a NULL state; other states: 42804.';

create function ecom_internal.platt_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_platt_final';
create function ecom_internal.isotonic_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_isotonic_final';

create aggregate ecom.platt_fit(label boolean, score float8) (
    sfunc = ecom_internal.score_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.score_combine, finalfunc = ecom_internal.platt_final, parallel = safe);
comment on aggregate ecom.platt_fit(boolean, float8) is
'Fits what turns any score into a probability, as a model for ecom.calibrated_prob: a logistic function of it (Platt, 1999).
Example: SELECT ecom.model_info(ecom.platt_fit(r_score <= 2, recency_days)) FROM shop.customer_rfm
label: true for what is predicted. score: any number that rises with it; of probabilities better their logit, ln(p / (1 - p)). Fit on rows that
the model behind the score has not seen, such as ecom.holdout_predictions. Platt''s smoothed targets, so that one class only has a finite answer;
scores that are all the same give the share of label. Rows with a NULL are skipped, NaN and infinity are refused (22003). NULL for no rows.
Memory: 8 bytes a row, four times that to fit. Time: O(n log n). Forests calibrate themselves: option calibration of ecom.forest_fit.';

create aggregate ecom.isotonic_fit(label boolean, score float8) (
    sfunc = ecom_internal.score_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.score_combine, finalfunc = ecom_internal.isotonic_final, parallel = safe);
comment on aggregate ecom.isotonic_fit(boolean, float8) is
'Fits what turns any score into a probability, as a model for ecom.calibrated_prob: the nearest non-decreasing function of it.
Example: SELECT ecom.model_info(ecom.isotonic_fit(r_score <= 2, recency_days)) FROM shop.customer_rfm
Pool adjacent violators (Ayer et al., 1955; Zadrozny and Elkan, 2002), linear between its levels and constant beyond them, as scikit-learn''s
IsotonicRegression with clip. It assumes no shape and needs some thousands of rows. Arguments, NULLs and errors as in ecom.platt_fit.';

create function ecom.calibrated_prob(model ecom.model, score float8) returns float8
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_calibrated_prob';
comment on function ecom.calibrated_prob(ecom.model, float8) is
'The probability that a score stands for, 0 to 1, by a model of ecom.platt_fit or ecom.isotonic_fit.
Example: SELECT ecom.calibrated_prob(m.model, r.recency_days) FROM shop.customer_rfm r, (SELECT ecom.platt_fit(r_score <= 2, recency_days) AS model FROM shop.customer_rfm) m LIMIT 3
NULL for NULL; NaN and infinity: 22003; a model of another kind: 42804. The model is decoded once per call site, not once per row.';

create aggregate ecom.regression_metrics(actual float8, predicted float8) (
    sfunc = ecom_internal.predicted_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.predicted_combine, finalfunc = ecom_internal.regression_final, parallel = safe);
comment on aggregate ecom.regression_metrics(float8, float8) is
'How far predicted numbers are from actual ones, beside the baseline of always predicting the mean.
Example: SELECT (ecom.regression_metrics(monetary_amount::float8, 100.0 * frequency)).* FROM shop.customer_rfm
Rows with a NULL are skipped, NaN and infinity are refused (22003). NULL for no rows.
mae: mean absolute error; rmse: root of the mean squared error; bias: mean of predicted - actual; r2: 1 - squared errors over
those of the mean, negative for a model worse than it, NULL for constant actual values; mape: over rows with actual <> 0.
Memory: 16 bytes a row, as much again to sort them, so that sums do not depend on the order of rows.';
