#!/usr/bin/env bash
# Churn of a demo shop: probabilities of customers that the model has not seen come true, and what is planted is found.
. "$(dirname "$0")/lib/tests.sh"

sql "select from ecom.load_demo('acceptance_churn', 30000, 250000)" > /dev/null
sql "select from ecom.refresh('acceptance_churn', '{sales,churn}')" > /dev/null
sql "create table decile as select c.*, row_number() over () as n
     from ecom.model_versions('acceptance_churn', 'churn') v, jsonb_to_recordset(v.metrics -> 'calibration') c (customers int, predicted float8, observed float8)"
echo 'customers, predicted, observed by tenths of the held-out customers:'
sql 'select customers, predicted, observed from decile order by n'
is 'probabilities within 3 points of observed rates' '10|t' "$(sql 'select count(*), bool_and(abs(predicted - observed) <= 0.03) from decile')"
finish
