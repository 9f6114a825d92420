#!/usr/bin/env bash
# Kaplan-Meier and Cox on two sets of customers, to the digits of R's survival.
. "$(dirname "$0")/lib/tests.sh"
known=$reference/customer_reference.json
need survival "$known" "$reference/det_customers.csv" "$data/telco_customer_churn.csv.gz"

load_reference "$known" survival
sql 'create table det (id int, recency int, frequency int, monetary float8, aov float8, tenure int, ipt float8, ncat int, churn int)'
q -c '\copy det from pstdin with (format csv, header)' < "$reference/det_customers.csv"
columns=$(zcat "$data/telco_customer_churn.csv.gz" | head -n 1 | tr -d '\r' | sed 's/[^,]*/"&" text/g')
sql "create table telco ($columns)"
zcat "$data/telco_customer_churn.csv.gz" | q -c '\copy telco from pstdin with (format csv, header)'
sql "create view duration as
    select 'det' as name, tenure - recency + 1 as duration, churn = 1 as has_left, array[frequency, aov, ncat]::float8[] as features from det
    union all select 'telco', \"tenure\"::int, \"Churn\" = 'Yes', array[array_position('{Month-to-month,One year,Two year}', \"Contract\") - 1, \"MonthlyCharges\"::float8,
        (\"InternetService\" = 'Fiber optic')::int] from telco"

curve() {
    close "$1: survival" 1e-11 "select s.value::float8 as expected, coalesce(k.survival, 1) as actual from reference, jsonb_array_elements_text(doc -> '$2' -> 'times') with ordinality t (value, n)
        join jsonb_array_elements_text((select doc from reference) -> '$2' -> 'surv') with ordinality s (value, n) using (n)
        left join lateral (select k.survival from (select ecom.survival_agg(duration, has_left) as s from duration where name = '$1') a, ecom.kaplan_meier(a.s) k
                           where k.duration <= t.value::float8 order by k.duration desc limit 1) k on true"
    close "$1: standard errors" 1e-11 "select s.value::float8 as expected, k.standard_error as actual from reference, jsonb_array_elements_text(doc -> '$2' -> 'times') with ordinality t (value, n)
        join jsonb_array_elements_text((select doc from reference) -> '$2' -> 'std_err') with ordinality s (value, n) using (n)
        join lateral (select k.standard_error from (select ecom.survival_agg(duration, has_left) as s from duration where name = '$1') a, ecom.kaplan_meier(a.s) k
                      where k.duration <= t.value::float8 order by k.duration desc limit 1) k on true"
}
curve det 'km_det (time=tenure-recency+1,event=churn)'
curve telco km_telco

sql "create table fitted as select name, ecom.cox_fit(duration, has_left, features) as model from duration group by name"
cox() {
    close "$1: coefficients" 1e-9 "select e.value::float8 as expected, c.coefficient as actual from reference, fitted, jsonb_array_elements_text(doc -> '$2' -> '$3') with ordinality e (value, n)
        join lateral ecom.cox_coefficients(model) with ordinality c (feature, coefficient, standard_error, h, l, u, z, p, n) using (n) where name = '$1'"
    close "$1: their errors" 1e-9 "select e.value::float8 as expected, c.standard_error as actual from reference, fitted, jsonb_array_elements_text(doc -> '$2' -> 'se') with ordinality e (value, n)
        join lateral ecom.cox_coefficients(model) with ordinality c (feature, coefficient, standard_error, h, l, u, z, p, n) using (n) where name = '$1'"
    close "$1: log-likelihoods and concordance" 1e-9 "select v.* from reference, fitted, ecom.cox_summary(model) s, lateral (values
        ((coalesce(doc -> '$2' -> 'loglik_null_full', doc -> '$2' -> 'loglik') ->> 0)::float8, s.null_log_likelihood),
        ((coalesce(doc -> '$2' -> 'loglik_null_full', doc -> '$2' -> 'loglik') ->> 1)::float8, s.log_likelihood),
        ((doc -> '$2' ->> 'concordance')::float8, s.concordance)) v (expected, actual) where name = '$1'"
}
cox det cox_det_efron coef_frequency_aov_ncat
cox telco cox_telco_efron coef_contract_monthly_fiber
finish
