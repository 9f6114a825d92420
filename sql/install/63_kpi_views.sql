-- BI views over the rollups: plain SQL, so that filters on day, month, region and the like reach an index.

insert into ecom_internal.mart_part (name, position, ddl) values ('kpi_views', 92, $ddl$
create view {mart}.sales_daily as
select o.order_date, o.region, o.segment as customer_segment, ch.name as channel, pm.name as payment_method,
       sm.name as shipping_method, o.order_count, o.new_customer_count, o.line_count, o.return_line_count, o.gross_amount,
       o.return_amount, o.revenue_amount, o.discount_amount, o.cost_amount, o.costed_amount, o.sold_quantity, o.returned_quantity,
       o.satisfaction_sum, o.satisfaction_count, o.low_satisfaction_count, o.delivery_days_sum, o.delivery_count
from {mart}.sales_cube o
left join {mart}.dim_channel ch on ch.channel_key = o.channel_key
left join {mart}.dim_payment_method pm on pm.payment_method_key = o.payment_method_key
left join {mart}.dim_shipping_method sm on sm.shipping_method_key = o.shipping_method_key;
comment on view {mart}.sales_daily is
'One row per day, region, customer segment, channel, payment and shipping method with sales. Every count and amount adds up.';

create view {mart}.sales_monthly as
select o.month, (o.month >= s.first_date and (o.month + interval '1 month')::date - 1 <= s.last_date) as is_complete,
       o.region, o.segment as customer_segment, ch.name as channel, pm.name as payment_method, sm.name as shipping_method,
       o.order_count, o.new_customer_count, o.line_count, o.return_line_count, o.gross_amount, o.return_amount, o.revenue_amount,
       o.discount_amount, o.cost_amount, o.costed_amount, o.sold_quantity, o.returned_quantity, o.satisfaction_sum,
       o.satisfaction_count, o.low_satisfaction_count, o.delivery_days_sum, o.delivery_count
from {mart}.sales_month o
left join {mart}.dim_channel ch on ch.channel_key = o.channel_key
left join {mart}.dim_payment_method pm on pm.payment_method_key = o.payment_method_key
left join {mart}.dim_shipping_method sm on sm.shipping_method_key = o.shipping_method_key
cross join {mart}.rollup_state s;
comment on view {mart}.sales_monthly is
'One row per month, region, customer segment, channel, payment and shipping method with sales. Every count and amount adds up.';

create view {mart}.category_daily as
select o.order_date, o.region, o.segment as customer_segment, ch.name as channel, o.category, o.line_count, o.return_line_count,
       o.gross_amount, o.return_amount, o.revenue_amount, o.discount_amount, o.cost_amount, o.costed_amount, o.sold_quantity,
       o.returned_quantity, o.satisfaction_sum, o.satisfaction_count, o.low_satisfaction_count, o.delivery_days_sum, o.delivery_count
from {mart}.category_cube o
left join {mart}.dim_channel ch on ch.channel_key = o.channel_key;
comment on view {mart}.category_daily is
'One row per day, region, customer segment, channel and product category with sales. Every count and amount adds up.';

create view {mart}.category_monthly as
select o.month, (o.month >= s.first_date and (o.month + interval '1 month')::date - 1 <= s.last_date) as is_complete,
       d.season, o.region, o.segment as customer_segment, ch.name as channel, o.category, o.line_count, o.return_line_count,
       o.gross_amount, o.return_amount, o.revenue_amount, o.discount_amount, o.cost_amount, o.costed_amount, o.sold_quantity,
       o.returned_quantity, o.satisfaction_sum, o.satisfaction_count, o.low_satisfaction_count, o.delivery_days_sum, o.delivery_count
from {mart}.category_month o
left join {mart}.dim_channel ch on ch.channel_key = o.channel_key
left join {mart}.dim_date d on d.date = o.month
cross join {mart}.rollup_state s;
comment on view {mart}.category_monthly is
'One row per month, region, customer segment, channel and product category with sales. Every count and amount adds up.';

create view {mart}.product_monthly as
select o.month, (o.month >= s.first_date and (o.month + interval '1 month')::date - 1 <= s.last_date) as is_complete,
       o.product_key, p.product_id, p.name as product_name, p.category, p.sub_category, p.brand, o.line_count, o.return_line_count,
       o.gross_amount, o.return_amount, o.revenue_amount, o.discount_amount, o.cost_amount, o.costed_amount, o.sold_quantity,
       o.returned_quantity, o.satisfaction_sum, o.satisfaction_count, o.low_satisfaction_count
from {mart}.product_month o
left join {mart}.dim_product p on p.product_key = o.product_key
cross join {mart}.rollup_state s;
comment on view {mart}.product_monthly is 'One row per month and product with sales or returns. Every count and amount adds up.';

create view {mart}.geography_monthly as
select o.month, (o.month >= s.first_date and (o.month + interval '1 month')::date - 1 <= s.last_date) as is_complete,
       o.geography_key, g.country, g.region, g.state, g.city, g.postal_code, o.order_count, o.new_customer_count, o.line_count,
       o.return_line_count, o.gross_amount, o.return_amount, o.revenue_amount, o.discount_amount, o.sold_quantity, o.returned_quantity,
       o.satisfaction_sum, o.satisfaction_count, o.delivery_days_sum, o.delivery_count
from {mart}.geography_month o
left join {mart}.dim_geography g on g.geography_key = o.geography_key
cross join {mart}.rollup_state s;
comment on view {mart}.geography_monthly is 'One row per month and place with sales. Every count and amount adds up.';

create view {mart}.kpi_daily as
select k.period_start as order_date, k.order_count, k.customer_count, k.new_customer_count,
       (k.customer_count - k.new_customer_count)::bigint as returning_customer_count, k.revenue_amount, k.gross_amount, k.return_amount,
       k.discount_amount, k.cost_amount, k.costed_amount, k.sold_quantity,
       (k.revenue_amount / nullif(k.order_count, 0))::numeric(18,2) as average_order_amount, k.median_order_amount,
       (k.satisfaction_sum::numeric / nullif(k.satisfaction_count, 0))::numeric(9,4) as mean_satisfaction,
       (k.delivery_days_sum::numeric / nullif(k.delivery_count, 0))::numeric(9,4) as mean_delivery_days
from {mart}.kpi_period k
where k.grain = 'day' and k.region is null and k.segment is null;
comment on view {mart}.kpi_daily is
'One row per day with sales: the key figures. Customers, means and medians do not add up over days.';

create view {mart}.kpi_monthly as
select k.period_start as month, (k.period_start >= s.first_date and k.period_end <= s.last_date) as is_complete, k.order_count,
       k.customer_count, k.new_customer_count, (k.customer_count - k.new_customer_count)::bigint as returning_customer_count,
       k.revenue_amount, k.gross_amount, k.return_amount, k.discount_amount, k.cost_amount, k.costed_amount, k.sold_quantity,
       (k.revenue_amount / nullif(k.order_count, 0))::numeric(18,2) as average_order_amount, k.median_order_amount,
       (k.satisfaction_sum::numeric / nullif(k.satisfaction_count, 0))::numeric(9,4) as mean_satisfaction,
       (k.delivery_days_sum::numeric / nullif(k.delivery_count, 0))::numeric(9,4) as mean_delivery_days
from {mart}.kpi_period k
cross join {mart}.rollup_state s
where k.grain = 'month' and k.region is null and k.segment is null;
comment on view {mart}.kpi_monthly is
'One row per month with sales: the key figures. Customers, means and medians do not add up over months.';

create view {mart}.kpi_daily_slice as
select k.period_start as order_date, k.region, k.segment as customer_segment, k.order_count, k.customer_count, k.new_customer_count,
       (k.customer_count - k.new_customer_count)::bigint as returning_customer_count, k.revenue_amount, k.gross_amount, k.return_amount,
       k.discount_amount, k.cost_amount, k.costed_amount, k.sold_quantity,
       (k.revenue_amount / nullif(k.order_count, 0))::numeric(18,2) as average_order_amount, k.median_order_amount,
       (k.satisfaction_sum::numeric / nullif(k.satisfaction_count, 0))::numeric(9,4) as mean_satisfaction,
       (k.delivery_days_sum::numeric / nullif(k.delivery_count, 0))::numeric(9,4) as mean_delivery_days
from {mart}.kpi_period k
where k.grain = 'day' and k.region is not null and k.segment is not null;
comment on view {mart}.kpi_daily_slice is
'One row per day, region and customer segment with sales: the key figures. Customers, means and medians do not add up.';

create view {mart}.kpi_monthly_region as
select k.period_start as month, (k.period_start >= s.first_date and k.period_end <= s.last_date) as is_complete, k.region,
       k.order_count, k.customer_count, k.new_customer_count,
       (k.customer_count - k.new_customer_count)::bigint as returning_customer_count, k.revenue_amount, k.gross_amount, k.return_amount,
       k.discount_amount, k.cost_amount, k.costed_amount, k.sold_quantity,
       (k.revenue_amount / nullif(k.order_count, 0))::numeric(18,2) as average_order_amount, k.median_order_amount,
       (k.satisfaction_sum::numeric / nullif(k.satisfaction_count, 0))::numeric(9,4) as mean_satisfaction,
       (k.delivery_days_sum::numeric / nullif(k.delivery_count, 0))::numeric(9,4) as mean_delivery_days
from {mart}.kpi_period k
cross join {mart}.rollup_state s
where k.grain = 'month' and k.region is not null and k.segment is null;
comment on view {mart}.kpi_monthly_region is
'One row per month and region with sales: the key figures. Customers, means and medians do not add up.';

create view {mart}.kpi_monthly_segment as
select k.period_start as month, (k.period_start >= s.first_date and k.period_end <= s.last_date) as is_complete,
       k.segment as customer_segment, k.order_count, k.customer_count, k.new_customer_count,
       (k.customer_count - k.new_customer_count)::bigint as returning_customer_count, k.revenue_amount, k.gross_amount, k.return_amount,
       k.discount_amount, k.cost_amount, k.costed_amount, k.sold_quantity,
       (k.revenue_amount / nullif(k.order_count, 0))::numeric(18,2) as average_order_amount, k.median_order_amount,
       (k.satisfaction_sum::numeric / nullif(k.satisfaction_count, 0))::numeric(9,4) as mean_satisfaction,
       (k.delivery_days_sum::numeric / nullif(k.delivery_count, 0))::numeric(9,4) as mean_delivery_days
from {mart}.kpi_period k
cross join {mart}.rollup_state s
where k.grain = 'month' and k.region is null and k.segment is not null;
comment on view {mart}.kpi_monthly_segment is
'One row per month and customer segment with sales: the key figures. Customers, means and medians do not add up.';

create view {mart}.payment_mix as
select pm.name as payment_method, sum(o.order_count)::bigint as order_count, sum(o.revenue_amount)::numeric(18,4) as revenue_amount,
       (sum(o.order_count) / nullif(sum(sum(o.order_count)) over (), 0))::numeric(9,4) as order_rate,
       (sum(o.revenue_amount) / nullif(sum(sum(o.revenue_amount)) over (), 0))::numeric(9,4) as revenue_rate
from {mart}.sales_month o
join {mart}.dim_payment_method pm on pm.payment_method_key = o.payment_method_key
group by pm.name;
comment on view {mart}.payment_mix is 'One row per payment method with sales, over all time; by month it is sales_monthly.';

create view {mart}.shipping_mix as
select sm.name as shipping_method, sm.carrier, sum(o.order_count)::bigint as order_count, sum(o.revenue_amount)::numeric(18,4) as revenue_amount,
       (sum(o.order_count) / nullif(sum(sum(o.order_count)) over (), 0))::numeric(9,4) as order_rate,
       (sum(o.revenue_amount) / nullif(sum(sum(o.revenue_amount)) over (), 0))::numeric(9,4) as revenue_rate,
       (sum(o.delivery_days_sum) / nullif(sum(o.delivery_count), 0))::numeric(9,4) as mean_delivery_days,
       (sum(o.satisfaction_sum) / nullif(sum(o.satisfaction_count), 0))::numeric(9,4) as mean_satisfaction
from {mart}.sales_month o
join {mart}.dim_shipping_method sm on sm.shipping_method_key = o.shipping_method_key
group by sm.name, sm.carrier;
comment on view {mart}.shipping_mix is 'One row per shipping method with sales, over all time; by month it is sales_monthly.';

create view {mart}.customer_overview as
select s.customer_key, c.customer_id, c.name, s.customer_segment, c.age_group, c.gender, c.acquisition_date,
       g.country, s.region, g.state, g.city, s.first_order_date, s.last_order_date, s.order_count, s.gross_amount, s.return_amount,
       s.revenue_amount, (s.revenue_amount / nullif(s.order_count, 0))::numeric(18,2) as average_order_amount, s.mean_interval_days,
       s.rfm_segment
from {mart}.customer_snapshot s
left join {mart}.dim_customer c on c.customer_key = s.customer_key
left join {mart}.dim_geography g on g.geography_key = s.geography_key;
comment on view {mart}.customer_overview is
'One row per known customer at the last refresh: who they are, what they bought and how often.';

select ecom_internal.comment_sales_columns({mart_name}, v)
from unnest(array['sales_daily', 'sales_monthly', 'category_daily', 'category_monthly', 'product_monthly', 'geography_monthly', 'kpi_daily',
                  'kpi_monthly', 'kpi_daily_slice', 'kpi_monthly_region', 'kpi_monthly_segment', 'payment_mix', 'shipping_mix',
                  'customer_overview']) v;
select ecom_internal.copy_column_comments({mart_name}, s, v)
from (values ('dim_geography', 'geography_monthly'), ('dim_product', 'product_monthly'), ('customer_summary', 'customer_overview'),
             ('dim_geography', 'customer_overview'), ('dim_customer', 'customer_overview')) c (s, v);
$ddl$);
