-- Stock and staff plans over a mart.
set client_min_messages = warning;
select from ecom.create_mart('shop_stock');
select step, status, reason from ecom.refresh('shop_stock', '{stock,staff}');
select loaded_lines > 0 as loaded from ecom.load_demo('shop_stock', 1000, 30000, 12, 5);
select step, rows, status, reason from ecom.refresh('shop_stock', '{product_classes,stock,staff}');

-- The figures are those of the functions that docs/money_staff_stock.md describes.
select count(*) = count(*) filter (where abs(reorder_point - demand_in_lead_time - safety_stock) < 1e-6) as adds_up,
    bool_and(abs(demand_in_lead_time - demand_per_day * (lead_time_days + 1)) < 1e-6) as in_lead_time,
    bool_and(abs(safety_stock - 1.644853627 * demand_sigma) < 1e-5 * greatest(1, demand_sigma)) as normal,
    bool_and(demand_sigma ^ 2 >= demand_in_lead_time - 1e-6) as at_least_chance,
    bool_and((status = 'order now') = (stock_quantity <= reorder_point) or demand_per_day = 0) as due,
    bool_and(order_quantity + stock_quantity >= reorder_point or status <> 'order now') as lifts,
    count(distinct status) > 1 as kinds, bool_and(abc_class <> '' and inputs <> '' and reason <> '') as explained,
    bool_and(expected_fill_rate between 0 and 1) as rates
from shop_stock.stock_plan where demand_per_day > 0;
-- Demand is that of the sales.
select abs(sum(s.demand_per_day) / (select sum(f.quantity) / 56 from shop_stock.fact_sales f
    where not f.is_return and f.ordered_at >= s2.as_of - 56) - 1) < 0.2 as as_sold
from shop_stock.stock_plan s, (select max(as_of_date) as as_of from shop_stock.stock_plan) s2 group by s2.as_of;

-- Staff: one row an hour of the week; the planted hours and weekdays show.
select count(*) as rows, bool_and(orders_upper > orders_expected) as above, bool_and(capacity_heads >= 1 and erlang_heads >= 1) as manned,
    bool_and(head_count = capacity_heads) as by_capacity, bool_and(reached_level >= 0.8) as reached,
    (array_agg(order_hour order by orders_expected desc))[1] between 18 and 21 as evening,
    (array_agg(order_hour order by orders_expected))[1] between 2 and 5 as night from shop_stock.staff_plan;
with planted (hour, weight) as (select n - 1, w from unnest(array[1.0,.5,.3,.2,.2,.4,1,2.2,3.6,4.8,5.6,5.9,6.2,5.8,5.2,5,5.1,5.6,6.4,7.6,8.4,7.8,5.4,2.6]::float8[]) with ordinality x (w, n)),
found as (select order_hour as hour, sum(orders_expected) / sum(sum(orders_expected)) over () as share from shop_stock.staff_plan group by order_hour)
select max(abs(f.share - p.weight / t.total)) < 0.01 as as_planted from planted p join found f using (hour), (select sum(weight) as total from planted) t;
-- The plan holds: the upper quantile covers about nine in ten of the hours it was made from.
select avg((o.n <= s.orders_upper)::int) between 0.85 and 0.99 as covers from (
    select g.day, h.hour, (select count(distinct f.order_id) from shop_stock.fact_sales f where not f.is_return and f.order_date_key = to_char(g.day, 'YYYYMMDD')::int
        and extract(hour from f.ordered_at) = h.hour) as n
    from generate_series('2025-10-06'::timestamp, '2025-11-09', '1 day') g (day), generate_series(8, 22) h (hour)) o
join shop_stock.staff_plan s on s.day_of_week = extract(isodow from o.day) and s.order_hour = o.hour;

-- Settings: people who wait, a fuller service, a longer handling.
select ecom.set_setting('shop_stock', 'staff.method', 'erlang_c'), ecom.set_setting('shop_stock', 'staff.service_level', '0.95'),
    ecom.set_setting('shop_stock', 'staff.handling_seconds', '900'), ecom.set_setting('shop_stock', 'stock.service_level', '0.99');
create temporary table before as select * from shop_stock.staff_plan;
create temporary table stock_before as select * from shop_stock.stock_plan;
select step, status from ecom.refresh('shop_stock', '{stock,staff}');
select bool_and(s.head_count = s.erlang_heads and s.erlang_heads >= b.erlang_heads and s.reached_level >= 0.95) as more
from shop_stock.staff_plan s join before b using (day_of_week, order_hour);
select bool_and(s.safety_stock > b.safety_stock) as safer from shop_stock.stock_plan s join stock_before b using (product_key) where s.demand_per_day > 0;
select ecom.set_setting('shop_stock', 'stock.service_level', '1');
select ecom.set_setting('shop_stock', 'staff.service_level', '0');

-- Lead time 0, no stock, no cost, not sold for long, sold since last week.
update shop_stock.dim_product set lead_time_days = 0 where product_key = 1;
update shop_stock.dim_product set stock_quantity = null where product_key = 2;
update shop_stock.dim_product set unit_cost = null, lead_time_days = null where product_key = 3;
delete from shop_stock.fact_sales where product_key = 4 and order_date_key > 20250301;
delete from shop_stock.fact_sales where product_key = 5 and order_date_key < 20251215;
select status from ecom.refresh('shop_stock', '{stock}');
select product_key, lead_time_days, round(demand_in_lead_time - demand_per_day) as beyond_a_day, status = 'no plan' as no_plan, order_amount is null as no_amount,
    evidence_grade, regexp_replace(inputs, '\d+ weeks', 'n weeks') as inputs from shop_stock.stock_plan where product_key in (1, 2, 3) order by 1;
select product_key, round(demand_per_day::numeric, 1) as demand, order_quantity, status, evidence_grade, reason from shop_stock.stock_plan where product_key in (2, 4, 5) order by 1;

-- Orders without hours, and a short history.
update shop_stock.fact_sales set ordered_at = ordered_at::date;
select rows, status, reason from ecom.refresh('shop_stock', '{staff}');
delete from shop_stock.fact_sales where order_date_key < 20251210;
select step, rows > 0 as wrote, status, reason from ecom.refresh('shop_stock', '{stock,staff}');
select count(*) from shop_stock.staff_plan;
drop schema shop_stock cascade;
