-- Metrics over (label, score) and (actual, predicted).
set client_min_messages = warning;
create temporary table scored (label boolean, score float8);
insert into scored values (true, 0.9), (true, 0.8), (false, 0.7), (true, 0.6), (false, 0.5), (false, 0.4), (true, 0.3), (false, 0.2),
                          (false, 0.2), (null, 0.5), (true, null);
\x on
select (m).n, (m).positives, (m).true_positives, (m).false_positives, (m).true_negatives, (m).false_negatives,
       round((m).accuracy::numeric, 9) as accuracy, round((m).baseline_accuracy::numeric, 9) as baseline_accuracy,
       round((m).precision::numeric, 9) as precision, (m).recall, round((m).f1::numeric, 9) as f1,
       round((m).mcc::numeric, 9) as mcc, round((m).kappa::numeric, 9) as kappa, (m).roc_auc,
       round((m).average_precision::numeric, 9) as ap, round((m).pr_auc::numeric, 9) as pr_auc, (m).ks, (m).gini,
       round((m).log_loss::numeric, 9) as log_loss, round((m).baseline_log_loss::numeric, 9) as baseline_log_loss,
       round((m).brier::numeric, 9) as brier, round((m).baseline_brier::numeric, 9) as baseline_brier,
       round((m).calibration_error::numeric, 9) as calibration_error
from (select ecom.classification_metrics(label, score) as m from scored) s;
\x off
-- Ties count half whatever the order.
select ecom.roc_auc(l, s), ecom.roc_auc(l, s order by s desc, l) from (values (true, 1.0), (false, 1.0), (true, 1.0), (false, 0.0)) v (l, s);
select (ecom.classification_metrics(label, score, 0.75)).true_positives from scored;
select round(ecom.average_precision(label, score)::numeric, 9), round(ecom.log_loss(label, score)::numeric, 9),
       round(ecom.brier_score(label, score)::numeric, 9) from scored;
select r.bucket, r.n, r.positives, r.cumulative_n, r.lift::numeric(9, 6), r.gain, r.min_score
from (select ecom.score_agg(label, score) as s from scored) a, ecom.lift_rows(a.s, 3) r;
-- A tie that a cut divides: half of it on each side.
select r.bucket, r.n, r.positives
from (select ecom.score_agg(l, 0.5) as s from unnest(array[true, true, false, false]) l) a, ecom.lift_rows(a.s, 2) r;
select r.threshold, r.true_positives, r.false_positives, r.recall from (select ecom.score_agg(label, score) as s from scored) a, ecom.threshold_rows(a.s, 4) r;
select r.bin, r.n, r.mean_score::numeric(9, 6), r.observed_rate::numeric(9, 6)
from (select ecom.score_agg(label, score) as s from scored) a, ecom.calibration_rows(a.s, 3) r;
select (m).n, round((m).mae::numeric, 9) as mae, round((m).baseline_mae::numeric, 9) as baseline_mae, round((m).rmse::numeric, 9) as rmse,
       round((m).r2::numeric, 9) as r2, round((m).bias::numeric, 9) as bias, round((m).mape::numeric, 9) as mape
from (select ecom.regression_metrics(a, p) as m from (values (1, 1.5), (2, 2), (4, 3), (0, 0.25)) v (a, p)) s;
-- Calibration as models: Platt's function of the log-odds of a table of two by two with his targets, (n + 1) / (n + 2) and 1 / (n + 2); isotonic
-- levels by hand; both forms, other kinds, scores that say nothing.
create temporary table fitted as
select ecom.platt_fit(l, s) as platt, ecom.isotonic_fit(l, s) as isotonic from (values (true, 1.0, 30), (true, 0.0, 10), (false, 1.0, 20), (false, 0.0, 40)) v (l, s, n), generate_series(1, n);
select round(ecom.calibrated_prob(platt, 1)::numeric, 9) = round((30 * 41 / 42.0 + 20 / 62.0) / 50, 9) as yes, round(ecom.calibrated_prob(platt, 0)::numeric, 9) = round((10 * 41 / 42.0 + 40 / 62.0) / 50, 9) as no,
       ecom.calibrated_prob(isotonic, -5) as below, ecom.calibrated_prob(isotonic, 0.5) as between, ecom.calibrated_prob(isotonic, 5) as above from fitted;
select s, round(ecom.calibrated_prob(m, s)::numeric, 3) as isotonic from (select ecom.isotonic_fit(label, score) as m from scored) f, (select distinct score as s from scored) d order by s;
select platt::jsonb::text::ecom.model::text = platt::text as platt, isotonic::jsonb::text::ecom.model::text = isotonic::text as isotonic, ecom.model_info(platt) ->> 'method' as method,
       ecom.model_info(isotonic) ->> 'rows' as rows, ecom.calibrated_prob(platt, null) is null as unknown from fitted;
select ecom.platt_fit(label, score) is null as no_rows from scored where false;
select round(ecom.calibrated_prob(ecom.platt_fit(i < 3, 7), 9)::numeric, 3) as same_scores, ecom.calibrated_prob(ecom.isotonic_fit(true, i), 0) as one_class from generate_series(0, 9) i;
select ecom.platt_fit(true, 'NaN');
select ecom.calibrated_prob(platt, 'infinity') from fitted;
select ecom.calibrated_prob(ecom.quantile_bins(i, 4, false), 1) from generate_series(1, 9) i;
-- One class, no rows, scores that are no probabilities.
select ecom.roc_auc(true, x), ecom.average_precision(true, x), ecom.brier_score(true, x) from generate_series(0, 1) x;
select ecom.roc_auc(label, score), ecom.classification_metrics(label, score), ecom.score_agg(label, score) from scored where false;
select (ecom.classification_metrics(label, null)) from scored;
select (m).log_loss, (m).brier, (m).calibration_error, (m).roc_auc from (select ecom.classification_metrics(label, 3 * score) as m from scored) s;
select (ecom.regression_metrics(5, x)).r2 from generate_series(1, 3) x;
-- Bad input.
select ecom.roc_auc(true, 'NaN');
select ecom.regression_metrics(1, 'infinity');
select ecom.classification_metrics(true, 0.5, null);
select ecom.classification_metrics(true, 0.5, 'NaN');
select ecom.lift_rows(ecom.score_agg(label, score), 0) from scored;
select ecom.lift_rows(ecom.corr_agg(array[1, 2]::float8[])) from scored;
-- Parallel plans, states that travel and merge: the same bits.
create temporary table many as select mod(i * 7919, 10) < 3 as label, mod(i * 104729, 1000) / 1000.0::float8 as score from generate_series(1, 20000) i;
select ecom.classification_metrics(label, score) = ecom.classification_metrics(label, score order by score desc) from many;
