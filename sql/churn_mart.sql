-- Churn over a mart: features up to a cut-off, model, table, reasons, look-ups.
set client_min_messages = warning;
\set SHOW_CONTEXT never
select from ecom.create_mart('churn_shop');
select step, rows, status, reason from ecom.refresh('churn_shop', '{churn}');
select ecom.churn_prob('churn_shop', 1) is null as nothing_yet, (select count(*) from ecom.customers_at_risk('churn_shop')) as rows;
select capability, needed, have, is_ready, reason from ecom.readiness('churn_shop') where capability = 'customer_churn';
select loaded_lines > 0 as is_loaded from ecom.load_demo('churn_shop', 1200, 12000, 24, 3);
select step, status, reason from ecom.refresh('churn_shop', '{sales,churn}');
select bool_and(is_ready) as is_ready from ecom.readiness('churn_shop') where capability = 'customer_churn';

-- A row for every customer who ordered in the last year, and for no other.
select count(*) > 500 as many, count(*) filter (where o.customer_key is null or v.customer_key is null) as differences, min(v.as_of_date) as as_of,
       count(*) filter (where v.recency_days <> o.recency or abs(v.revenue_amount - o.revenue) > 0.01) as other_figures
from churn_shop.customer_churn v
full join (select customer_key, date '2026-01-01' - max(ordered_at) filter (where order_count > 0)::date as recency, sum(revenue_amount) as revenue
           from churn_shop.fact_order where customer_key <> 0 group by customer_key
           having max(ordered_at) filter (where order_count > 0) >= '2025-01-01') o using (customer_key);
select bool_and(churn_probability between 0 and 1) as probabilities,
       bool_and(churn_band = case when churn_probability >= 0.7 then 'High' when churn_probability >= 0.4 then 'Medium' else 'Low' end) as bands,
       bool_and(reason_1 is not null) filter (where churn_band = 'High') as reasons, bool_and((reason_1 is not null or reason_2 is null) and (reason_2 is not null or reason_3 is null)) as in_order
from churn_shop.customer_churn;
-- What the model was fitted on: who had ordered in the year before the cut-off, and whether they ordered in the 90 days after it.
with known as (
    select customer_key, bool_or(ordered_at >= '2025-10-03') as came_back from churn_shop.fact_order
    where customer_key <> 0 and order_count > 0 group by customer_key
    having bool_or(ordered_at < '2025-10-03' and ordered_at >= '2024-10-03'))
select (m.metrics ->> 'customers')::int = count(*) as same_customers,
       (m.metrics ->> 'churn_rate')::numeric = round(count(*) filter (where not came_back)::numeric / count(*), 4) as same_rate,
       m.parameters - 'method' as parameters
from known, ecom.model_versions('churn_shop', 'churn') m where m.is_current group by m.metrics, m.parameters;
-- The features at the cut-off know nothing of what came later.
begin;
select from ecom_internal.write_churn_features('churn_shop', 'at_cut_off', '2025-10-03', 365);
delete from churn_shop.fact_order where ordered_at >= '2025-10-03';
select from ecom_internal.write_churn_features('churn_shop', 'without_later', '2025-10-03', 365);
select count(*) > 500 as many from at_cut_off;
select count(*) as differences from (table at_cut_off except table without_later) d;
rollback;

-- Better than the baselines on customers that the model has not seen.
select name, version, is_current, kind, (metrics ->> 'holdout_roc_auc')::float8 > 0.8 as ranks,
       (metrics ->> 'holdout_accuracy')::float8 > (metrics ->> 'baseline_accuracy')::float8 + 0.1 as accuracy,
       (metrics ->> 'holdout_log_loss')::float8 < (metrics ->> 'baseline_log_loss')::float8 - 0.15 as log_loss,
       (metrics ->> 'holdout_brier')::float8 < (metrics ->> 'baseline_brier')::float8 - 0.05 as brier, (metrics ->> 'calibration_error')::float8 < 0.06 as calibrated
from ecom.model_versions('churn_shop', 'churn');
-- How long ago the last order was decides most.
select feature from churn_shop.churn_driver where sort_order = 1;
select count(*) as features, round(sum(importance)::numeric, 6) as total, bool_and(label <> '') as labelled from churn_shop.churn_driver;
-- A second refresh changes nothing.
create temporary table before as select * from churn_shop.customer_churn;
select step, status, reason from ecom.refresh('churn_shop', '{churn}');
select count(*) as changed from (table before except table churn_shop.customer_churn) d;
select count(*) as versions from ecom.model_versions('churn_shop', 'churn');

-- The seven documented features see no rhythm of orders: what the demo shop plants comes first.
select ecom.set_setting('churn_shop', 'churn.features', 'documented');
select ecom.set_setting('churn_shop', 'churn.reasons_for', '100');
select status, reason from ecom.refresh('churn_shop', '{churn}');
select string_agg(f ->> 'name', ', ') as features from jsonb_array_elements(ecom.model_info(ecom.current_model('churn_shop', 'churn')) -> 'features') f;
select count(*) as features, bool_or(sort_order = 1 and feature in ('customer_segment', 'delivery_days', 'satisfaction')) as planted_first from churn_shop.churn_driver;
-- Late deliveries and low scores raise the probability.
begin;
select from ecom_internal.write_churn_features('churn_shop', 'now', '2026-01-01', 365);
select e.feature, round((avg(e.contribution) filter (where is_bad))::numeric, 2) > round((avg(e.contribution) filter (where not is_bad))::numeric, 2) as raises
from (select * from now order by customer_key limit 200) n,
     lateral (select ecom.current_model('churn_shop', 'churn') as m offset 0) c, ecom.explain(c.m, n) e,
     lateral (select case e.feature when 'delivery_days' then n.delivery_days > 6 when 'satisfaction' then n.satisfaction < 3.5
                     when 'customer_segment' then n.customer_segment = 'Budget' end as is_bad) b
where is_bad is not null group by e.feature order by e.feature;
rollback;
select count(*) filter (where reason_1 is not null) <= 100 as few_reasons from churn_shop.customer_churn;
-- Logistic regression; boosting; a version that stays.
select ecom.set_setting('churn_shop', 'churn.method', 'logistic');
select status from ecom.refresh('churn_shop', '{churn}');
select version, kind, (metrics ->> 'holdout_log_loss')::float8 < (metrics ->> 'baseline_log_loss')::float8 as better from ecom.model_versions('churn_shop', 'churn') limit 1;
select ecom.set_setting('churn_shop', 'churn.method', 'gbm');
select ecom.set_setting('churn_shop', 'model.promotion', 'manual');
select status from ecom.refresh('churn_shop', '{churn}');
select version, is_current, parameters ->> 'method' as method from ecom.model_versions('churn_shop', 'churn');

-- Bands, look-ups by key and by probability.
select churn_band, sort_order, customer_count > 0 as customers, round(mean_churn_probability::numeric, 3) between 0 and 1 as mean from churn_shop.churn_band order by sort_order;
select sum(customer_count) = (select count(*) from churn_shop.customer_churn) as all_customers,
       abs(sum(expected_churn_count) - (select sum(churn_probability) from churn_shop.customer_churn)) < 1e-6 as expected from churn_shop.churn_band;
select bool_and(r.rank = r.position) as ranked, count(*) as rows, min(r.churn_probability) = (select min(churn_probability) from (select churn_probability from churn_shop.customer_churn order by 1 desc limit 5) t) as top
from ecom.customers_at_risk('churn_shop', 5) with ordinality r (rank, customer_key, customer_id, name, churn_probability, band, r1, r2, r3, recency, revenue, position);
select bool_and(churn_band = 'Low') as only_low, count(*) as rows from ecom.customers_at_risk('churn_shop', 3, 'Low');
select bool_and(ecom.churn_prob('churn_shop', customer_key) = churn_probability) as same from (select * from churn_shop.customer_churn order by customer_key limit 20) v;
select ecom.churn_prob('churn_shop', 999999) is null as unknown, ecom.churn_prob('churn_shop', null::int) is null as nobody;
set enable_seqscan = off;
explain (costs off) select churn_probability from churn_shop.customer_churn where customer_key = 17;
explain (costs off) select * from churn_shop.customer_churn order by churn_probability desc, customer_key limit 10;
reset enable_seqscan;
select count(*) = (select count(*) from churn_shop.customer_churn) as overview from churn_shop.customer_churn_overview where customer_name is not null;

-- An earlier day sees nothing of what came later; too short a history has no model, and says so.
select status from ecom.refresh('churn_shop', '{churn}', '2025-07-01');
select bool_and(as_of_date = '2025-07-01') as as_of, max(recency_days) <= 365 as active from churn_shop.customer_churn;
select status, reason from ecom.refresh('churn_shop', '{churn}', (select min(ordered_at)::date + 60 from churn_shop.fact_sales));
select (select count(*) from churn_shop.customer_churn) as rows, ecom.current_model('churn_shop', 'churn') is null as no_model, ecom.churn_prob('churn_shop', 17) is null as no_probability;
select count(*) from ecom.customers_at_risk('churn_shop', -1);
select count(*) from ecom.customers_at_risk('churn_shop', 5, 'Extreme');
select ecom.set_setting('churn_shop', 'churn.label_days', '3');
select ecom.set_setting('churn_shop', 'churn.method', 'oracle');
drop schema churn_shop cascade;
