#!/usr/bin/env bash
# Churn of a demo shop: probabilities of customers that the model has not seen come true, and what is planted comes first.
. "$(dirname "$0")/lib/tests.sh"

# Some 1,400 held-out customers in a tenth: three points are 2.2 standard errors of a rate of one half.
sql "select from ecom.load_demo('acceptance_churn', 20000, 170000)" > /dev/null
sql "select from ecom.set_setting('acceptance_churn', 'churn.reasons_for', '0')" > /dev/null
sql "select from ecom.refresh('acceptance_churn', '{churn}')" > /dev/null
sql "create table decile as select c.*, row_number() over () as n
     from ecom.model_versions('acceptance_churn', 'churn') v, jsonb_to_recordset(v.metrics -> 'calibration') c (customers int, predicted float8, observed float8)"
echo 'customers, predicted, observed by tenths of the held-out customers:'
sql 'select customers, predicted, observed from decile order by n'
is 'probabilities within 3 points of observed rates' '10|t' "$(sql 'select count(*), bool_and(abs(predicted - observed) <= 0.03) from decile')"

# Planted: drop-out by segment, by satisfaction and by late delivery (docs/demo_data.md). Without the rhythm of orders, which only says that
# a customer has gone quiet, these come first; orders and revenue so far are what they lead to.
sql "select from ecom.set_setting('acceptance_churn', 'churn.features', 'documented')" > /dev/null
sql "select from ecom.refresh('acceptance_churn', '{churn}')" > /dev/null
echo 'feature, size of contributions, permutation importance and its deviation:'
sql "select feature, round(mean_contribution_size::numeric, 4), round(permutation_importance::numeric, 4), round(permutation_deviation::numeric, 4) from acceptance_churn.churn_driver order by sort_order"
is 'a planted driver is the first' t "$(sql "select feature in ('customer_segment', 'satisfaction', 'delivery_days') from acceptance_churn.churn_driver where sort_order = 1")"
is 'the planted segment is the first of who a customer is' 'segment|Budget' "$(sql "select factor, member from ecom.churn_factors('acceptance_churn')
    where factor in ('segment', 'age_group', 'gender', 'region') and churn_rate > rest_rate limit 1")"
finish
