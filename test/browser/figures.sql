-- The key figures of one choice of filters, counted from the lines alone, as the page writes them. Variables: from_date, to_date, region,
-- segment, category; empty for all.
with line as (
    select f.*, (f.customer_key, f.order_id) as order_key
    from shop.fact_sales f
    join shop.dim_geography g using (geography_key)
    join shop.dim_customer c using (customer_key)
    join shop.dim_product p using (product_key)
    where (:'from_date' = '' or f.ordered_at >= nullif(:'from_date', '')::date) and (:'to_date' = '' or f.ordered_at < nullif(:'to_date', '')::date + 1)
      and (:'region' = '' or g.region = :'region') and (:'segment' = '' or c.segment = :'segment') and (:'category' = '' or p.category = :'category')),
first_order as (
    select distinct on (customer_key) customer_key, order_id from shop.fact_sales where not is_return and customer_key <> 0
    order by customer_key, ordered_at, order_id collate "C"),
total as (
    select sum(revenue_amount) as revenue, count(distinct order_key) filter (where not is_return) as orders,
           count(distinct customer_key) filter (where not is_return and customer_key <> 0) as customers,
           -sum(revenue_amount) filter (where is_return) / nullif(sum(revenue_amount) filter (where not is_return), 0) as return_rate,
           avg(satisfaction_score) filter (where not is_return) as satisfaction,
           (select count(distinct l.customer_key) from line l join first_order using (customer_key, order_id) where not l.is_return) as new_customers
    from line)
select json_build_object(
    'revenue', to_char(coalesce(revenue, 0), 'FM999,999,999,990'), 'orders', to_char(orders, 'FM999,999,990'), 'customers', to_char(customers, 'FM999,999,990'),
    'new_customers', to_char(new_customers, 'FM999,999,990'), 'aov', to_char(revenue / nullif(orders, 0), 'FM999,990.00'),
    'return_rate', to_char(100 * coalesce(return_rate, 0), 'FM990.0') || '%', 'avg_satisfaction', to_char(satisfaction, 'FM0.00'))
from total;
