-- Plans by name: views for people and BI tools over the plans, which have keys only.

insert into ecom_internal.mart_part (name, position, ddl) values ('plan_views', 96, $ddl$
create view {mart}.product_price_advice as
select p.product_id, p.name as product, p.category, p.brand, a.advice, a.current_price, a.advised_price, a.price_change, a.units_change,
       a.profit_change_amount, a.gain_probability, a.elasticity, a.elasticity_lower, a.elasticity_upper, a.evidence_grade, a.inputs, a.reason, a.as_of_date
from {mart}.price_advice a
join {mart}.dim_product p on p.product_key = a.product_key;
comment on view {mart}.product_price_advice is 'One row per product with sales: its name and category, and the price to ask.';
select ecom_internal.copy_column_comments({mart_name}, 'dim_product', 'product_price_advice');
select ecom_internal.copy_column_comments({mart_name}, 'price_advice', 'product_price_advice');
comment on column {mart}.product_price_advice.product is 'Name of the product.';

create view {mart}.product_stock_plan as
select p.product_id, p.name as product, p.category, p.brand, s.status, s.stock_quantity, s.reorder_point, s.order_quantity, s.days_of_cover,
       s.abc_class, s.xyz_class, s.evidence_grade, s.inputs, s.reason, s.as_of_date
from {mart}.stock_plan s
join {mart}.dim_product p on p.product_key = s.product_key;
comment on view {mart}.product_stock_plan is 'One row per product with sales: its name and category, and when and how much to order.';
select ecom_internal.copy_column_comments({mart_name}, 'dim_product', 'product_stock_plan');
select ecom_internal.copy_column_comments({mart_name}, 'stock_plan', 'product_stock_plan');
comment on column {mart}.product_stock_plan.product is 'Name of the product.';

create view {mart}.customer_retention_plan as
select r.action_rank, c.customer_id, c.name as customer_name, c.segment as customer_segment, r.intervention, r.is_holdout, r.churn_band,
       r.churn_probability, r.value_amount, r.cost_amount, r.profit_amount, r.cumulative_cost_amount, r.evidence_grade, r.inputs, r.as_of_date
from {mart}.retention_plan r
join {mart}.dim_customer c on c.customer_key = r.customer_key;
comment on view {mart}.customer_retention_plan is 'One row per customer whom it pays to keep: name, segment, and what to do.';
select ecom_internal.copy_column_comments({mart_name}, 'dim_customer', 'customer_retention_plan');
select ecom_internal.copy_column_comments({mart_name}, 'retention_plan', 'customer_retention_plan');
comment on column {mart}.customer_retention_plan.customer_name is 'Name of the customer.';
comment on column {mart}.customer_retention_plan.customer_segment is 'Segment that the shop itself gave the customer.';
$ddl$);
