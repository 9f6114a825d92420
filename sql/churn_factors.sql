-- ecom.churn_factors: counts against plain SQL, and what the demo shop has planted.
\set SHOW_CONTEXT never
set client_min_messages = warning;
select loaded_lines from ecom.load_demo('churn_f');
create temporary table unrolled as select * from ecom.churn_factors('churn_f');
select step, status from ecom.refresh('churn_f', '{sales}');
select count(*) as rows, count(*) filter (where u is distinct from c) as different
from unrolled u full join ecom.churn_factors('churn_f') c using (factor, member);
with sale as (select customer_key, ordered_at from churn_f.fact_sales where not is_return and customer_key <> 0),
base as (select customer_key, not bool_or(ordered_at >= '2025-10-03') as is_churned from sale
         group by 1 having bool_or(ordered_at >= '2025-07-05' and ordered_at < '2025-10-03'))
select c.member, c.customers, c.churned, c.customers = p.customers and c.churned = p.churned as agrees
from ecom.churn_factors('churn_f') c
join (select d.segment, count(*) as customers, count(*) filter (where is_churned) as churned from base join churn_f.dim_customer d using (customer_key) group by 1) p
  on p.segment = c.member
where c.factor = 'segment' order by 1;
-- Planted: the Budget segment leaves most, low satisfaction makes customers leave (docs/demo_data.md).
select factor, member, churn_rate > rest_rate as more, p_value < 0.05 as sure
from ecom.churn_factors('churn_f', churn_days => 60) where (factor, member) in (('segment', 'Budget'), ('segment', 'Premium'), ('last_satisfaction', '1 to 2')) order by 1, 2;
select sum(customers) = (select sum(customers) from ecom.churn_factors('churn_f') where factor = 'gender') as same_customers_in_each_factor
from ecom.churn_factors('churn_f') where factor = 'last_satisfaction';
select ecom.churn_factors('churn_f', churn_days => 0);
select ecom.churn_factors('churn_f', level => 1);
select count(*) from ecom.churn_factors('churn_f', '2020-01-01');
select ecom.create_mart('churn_e');
select count(*) from ecom.churn_factors('churn_e');
drop schema churn_f, churn_e cascade;
