#!/usr/bin/env bash
# Learners against scikit-learn on public churn data: the same folds' quality, and the same explanations of the same tree.
. "$(dirname "$0")/lib/tests.sh"
telco=$data/telco_customer_churn.csv.gz
customers=$reference/det_customers.csv
file=$reference/customer_reference.json
need learners "$telco" "$customers" "$file"

sql 'create table det (id int, recency int, frequency int, monetary float8, aov float8, tenure int, ipt float8, ncat int, churn int)'
q -c '\copy det from pstdin csv header' <"$customers"
load_reference "$file"

# One tree on all rows, exact splits: the tree of scikit-learn, and so its TreeSHAP values.
sql "create table tree as select ecom.forest_fit(churn = 1, f, '{\"trees\": 1, \"bootstrap\": false, \"splits\": \"exact\", \"mtry\": 7, \"max_depth\": 5}') as m
     from det, lateral (select recency, frequency, monetary, aov, tenure, ipt, ncat) f"
sql "create table reasons as
     select row_number() over () as n, id, phi from reference,
            jsonb_array_elements(doc #> '{classification,treeshap_path_dependent_cart_depth5_det,phi}') with ordinality p (phi, n)
            join jsonb_array_elements_text(doc #> '{classification,treeshap_path_dependent_cart_depth5_det,rows(0-based)}') with ordinality r (row, n) using (n),
            lateral (select row::int + 1 as id) i"
is 'reasons of the tree of scikit-learn' '35|t' "$(sql "select count(*), max(abs(e.contribution - p.phi::float8)) < 1e-9 from reasons join det using (id), tree,
     lateral (select recency, frequency, monetary, aov, tenure, ipt, ncat) f, ecom.explain(m, f) with ordinality e (feature, contribution, base, prediction, place)
     join lateral (select phi, place from jsonb_array_elements_text(reasons.phi) with ordinality x (phi, place)) p using (place)")"

# Logistic regression: coefficients, standard errors and likelihood of statsmodels, and of scikit-learn with a penalty.
sql "create table logit as select ecom.logistic_fit(churn = 1, f) as m, ecom.logistic_fit(churn = 1, f, '{\"l2\": 1}') as ridge
     from det, lateral (select recency, frequency, monetary, aov, tenure, ipt, ncat) f"
is 'coefficients of statsmodels' '8|t|t' "$(sql "select count(*), max(abs(c.estimate - x.coef::float8) / c.standard_error) < 1e-6, max(abs(c.standard_error / s.se::float8 - 1)) < 1e-6
     from logit, reference, ecom.coefficients(m) with ordinality c (term, estimate, standard_error, statistic, p_value, n)
     join lateral jsonb_array_elements_text(doc #> '{classification,logit_det_raw,coef}') with ordinality x (coef, n) using (n)
     join lateral jsonb_array_elements_text(doc #> '{classification,logit_det_raw,se}') with ordinality s (se, n) using (n)")"
is 'likelihood of statsmodels' t "$(sql "select abs((ecom.model_info(m) #>> '{metrics,log_likelihood}')::float8 - (doc #>> '{classification,logit_det_raw,llf}')::float8) < 1e-6 from logit, reference")"
is 'penalised coefficients of scikit-learn' '7|t' "$(sql "select count(*), max(abs(c.estimate * d.sd - x.coef::float8)) < 1e-3
     from logit, reference, ecom.coefficients(ridge) c
     join lateral (select key as term, stddev_pop(value::float8) as sd from det, jsonb_each_text(to_jsonb(det)) group by key) d using (term)
     join (values ('recency', 1), ('frequency', 2), ('monetary', 3), ('aov', 4), ('tenure', 5), ('ipt', 6), ('ncat', 7)) n (term, n) using (term)
     join lateral jsonb_array_elements_text(doc #> '{classification,logit_det_standardized_L2_C1,coef}') with ordinality x (coef, n) using (n)")"

# Calibration of scores, with the paper's signs turned round.
sql "create table scored as select det.churn = 1 as label, ecom.predict_prob(m, f) as p from det, lateral (select recency, frequency, monetary, aov, tenure, ipt, ncat) f, logit"
is "Platt's A and B" t "$(sql "select abs((i ->> 'slope')::float8 + (x ->> 'A')::float8) < 1e-5 and abs((i ->> 'intercept')::float8 + (x ->> 'B')::float8) < 1e-5
     from (select ecom.model_info(ecom.platt_fit(label, 0.6 * ln(p / (1 - p)) + 0.3)) as i from scored) f, reference,
          lateral (select value as x from jsonb_each(doc -> 'classification') where key like 'platt_on_score%') k")"
is 'isotonic regression of scikit-learn' t "$(sql "select abs(brier - (x ->> 'brier')::float8) < 1e-9 and sse between (x ->> 'sse')::float8 - 1e-6 and (x ->> 'sse')::float8 + 1e-6
     from (select ecom.brier_score(label, ecom.calibrated_prob(m, p)) as brier, sum((label::int - ecom.calibrated_prob(m, p)) ^ 2) as sse from scored, (select ecom.isotonic_fit(label, p) as m from scored) f) b, reference,
          lateral (select doc #> '{classification,isotonic_on_p}' as x) k")"

# Five folds over five seeds of the forest, one of boosting: means within one standard error, about 0.005 of either figure
# between folds, of the means that scikit-learn and xgboost reach on these seven features.
sql 'create table telco ("customerID" text, gender text, "SeniorCitizen" int, "Partner" text, "Dependents" text, tenure int, "PhoneService" text, "MultipleLines" text,
     "InternetService" text, "OnlineSecurity" text, "OnlineBackup" text, "DeviceProtection" text, "TechSupport" text, "StreamingTV" text, "StreamingMovies" text,
     "Contract" text, "PaperlessBilling" text, "PaymentMethod" text, "MonthlyCharges" float8, "TotalCharges" text, "Churn" text)'
zcat "$telco" | q -c '\copy telco from pstdin csv header'
sql "create table seven as select \"Churn\" = 'Yes' as churn, tenure, \"MonthlyCharges\" as monthly, coalesce(nullif(trim(\"TotalCharges\"), '')::float8, 0) as total,
     case \"Contract\" when 'One year' then 1 when 'Two year' then 2 else 0 end as contract, \"InternetService\" = 'Fiber optic' as fiber,
     \"PaymentMethod\" = 'Electronic check' as electronic_check, \"PaperlessBilling\" = 'Yes' as paperless from telco"

# held_out NAME OPTIONS SEEDS: mean over seeds and folds of AUC and accuracy.
held_out() {
    sql "create table $1 as select seed, h.* from generate_series(1, $3) seed,
         lateral (select ecom.learner_agg(s.churn, s, jsonb_build_object('exclude', array['churn']) || case when $3 > 1 then jsonb_build_object('seed', seed) else '{}' end || '$2') as state from seven s) a, ecom.holdout_predictions(a.state, 5) h"
    sql "create table ${1}_quality as select avg(roc_auc) as roc_auc, avg(accuracy) as accuracy
         from (select ecom.roc_auc(actual = 1, predicted) as roc_auc, avg(((predicted >= 0.5) = (actual = 1))::int) as accuracy from $1 group by seed, fold) f"
    echo "# $1: AUC and accuracy $(sql "select round(roc_auc::numeric, 4), round(accuracy::numeric, 4) from ${1}_quality")"
}
peer() { echo "(select (doc #>> '{telco,\"[min,mean,max] cv5(shuffle seed0)\",$1,$2,1}')::float8 from reference)"; }

held_out forest '{"calibration": "none"}' 5
is 'AUC of the forest' t "$(sql "select abs(roc_auc - $(peer 'rf100_d10 seeds0-4' auc)) < 0.005 from forest_quality")"
is 'accuracy of the forest' t "$(sql "select abs(accuracy - $(peer 'rf100_d10 seeds0-4' accuracy)) < 0.005 from forest_quality")"
held_out boosting '{"method": "gbm", "trees": 200, "max_depth": 3, "learning_rate": 0.05}' 1
is 'AUC of boosting' t "$(sql "select roc_auc > $(peer xgb_hist_200x3_.05 auc) - 0.005 from boosting_quality")"
is 'accuracy of boosting' t "$(sql "select accuracy > $(peer xgb_hist_200x3_.05 accuracy) - 0.005 from boosting_quality")"
held_out logistic '{"method": "logistic"}' 1
is 'AUC of logistic regression' t "$(sql "select abs(roc_auc - $(peer logit auc)) < 0.005 from logistic_quality")"
held_out calibrated '{}' 1
is 'calibration of the forest' t "$(sql 'select (ecom.classification_metrics(actual = 1, predicted)).calibration_error < 0.03 from calibrated')"
finish
