-- Rollups: what refresh computes from all lines, and what it computes from changes, equals plain SQL.
\set VERBOSITY terse
select loaded_lines, orders_loaded from ecom.load_demo('rollup', customers => 300, orders => 2000, months => 6);
select * from ecom_internal.is_rolled_up('rollup');
select step, status, reason from ecom.refresh('rollup', '{sales}');
select * from ecom_internal.is_rolled_up('rollup');
select step, rows, status, reason from ecom.refresh('rollup', '{sales}');

-- fact_order against the lines.
select (select sum(order_count) from rollup.fact_order)
           = (select count(distinct (customer_key, order_id)) from rollup.fact_sales where not is_return) as orders,
       (select sum(revenue_amount) from rollup.fact_order) = (select sum(revenue_amount) from rollup.fact_sales) as revenue,
       (select sum(sold_quantity - returned_quantity) from rollup.fact_order) = (select sum(quantity) from rollup.fact_sales) as units,
       (select sum(satisfaction_sum) from rollup.fact_order)
           = (select sum(satisfaction_score) from rollup.fact_sales where not is_return) as satisfaction,
       (select count(*) from rollup.fact_order where order_number = 1)
           = (select count(distinct customer_key) from rollup.fact_sales where not is_return and customer_key <> 0) as first_orders;
select count(*) as wrong_numbers
from (select order_number, days_since_previous_order, row_number() over w as number,
             ordered_at::date - lag(ordered_at::date) over w as days
      from rollup.fact_order where order_count = 1 and customer_key <> 0
      window w as (partition by customer_key order by ordered_at, order_id)) o
where (order_number, days_since_previous_order) is distinct from (number::int, days);

-- Every rollup against the same sums over the lines.
create temporary view line as
select f.*, d.date, d.date - d.day_of_month + 1 as month, g.region, c.segment, p.category
from rollup.fact_sales f join rollup.dim_date d on d.date_key = f.order_date_key
join rollup.dim_geography g using (geography_key) join rollup.dim_customer c using (customer_key) join rollup.dim_product p using (product_key);
create temporary view differences as
select 'sales_cube' as rollup, count(*) from (
    (select order_date, region, segment, channel_key, payment_method_key, shipping_method_key, revenue_amount, line_count, return_amount, cost_amount from rollup.sales_cube
     except all
     select date, region, segment, channel_key, payment_method_key, shipping_method_key, sum(revenue_amount), count(*) filter (where not is_return),
            coalesce(-sum(revenue_amount) filter (where is_return), 0), coalesce(sum(cost_amount), 0)
     from line group by 1, 2, 3, 4, 5, 6)) x
union all
select 'sales_month', count(*) from (
    (select month, region, segment, channel_key, payment_method_key, shipping_method_key, sold_quantity, discount_amount from rollup.sales_month
     except all
     select month, region, segment, channel_key, payment_method_key, shipping_method_key, coalesce(sum(quantity) filter (where not is_return), 0),
            coalesce(sum(discount_amount) filter (where not is_return), 0) from line group by 1, 2, 3, 4, 5, 6)) x
union all
select 'category_cube', count(*) from (
    (select order_date, region, segment, channel_key, category, revenue_amount, line_count from rollup.category_cube
     except all
     select date, region, segment, channel_key, category, sum(revenue_amount), count(*) filter (where not is_return) from line group by 1, 2, 3, 4, 5)) x
union all
select 'category_day', count(*) from (
    (select order_date, order_date_key, category, revenue_amount, line_count from rollup.category_day
     except all
     select date, to_char(date, 'YYYYMMDD')::int, category, sum(revenue_amount), count(*) filter (where not is_return) from line group by 1, 2, 3)) x
union all
select 'category_month', count(*) from (
    (select month, region, segment, channel_key, category, revenue_amount from rollup.category_month
     except all select month, region, segment, channel_key, category, sum(revenue_amount) from line group by 1, 2, 3, 4, 5)) x
union all
select 'product_month', count(*) from (
    (select month, product_key, revenue_amount, satisfaction_count from rollup.product_month
     except all
     select month, product_key, sum(revenue_amount), count(satisfaction_score) filter (where not is_return) from line group by 1, 2)) x
union all
select 'geography_month', count(*) from (
    (select month, geography_key, revenue_amount, order_count from rollup.geography_month
     except all
     select month, geography_key, sum(revenue_amount), count(distinct (customer_key, order_id)) filter (where not is_return) from line group by 1, 2)) x
union all
select 'kpi_period', count(*) from (
    (select grain, period_start, region, segment, revenue_amount, order_count, customer_count from rollup.kpi_period
     except all
     select t.grain, date_trunc(t.grain, date)::date, region, segment, sum(revenue_amount), count(distinct (customer_key, order_id)) filter (where not is_return),
            count(distinct customer_key) filter (where not is_return and customer_key <> 0)
     from line cross join (values ('day'), ('month')) t (grain) group by 1, 2, grouping sets ((), (region), (segment), (region, segment)))) x
union all
select 'customer_summary', count(*) from (
    (select customer_key, order_count, revenue_amount, first_order_date, last_order_date from rollup.customer_summary
     except all
     select customer_key, count(distinct order_id) filter (where not is_return), sum(revenue_amount),
            min(ordered_at::date) filter (where not is_return), max(ordered_at::date) filter (where not is_return)
     from line where customer_key <> 0 group by 1)) x;
select * from differences;

-- Late, corrected and deleted lines; a line that moves to another day; a customer who changes segment.
create function pg_temp.add_line(day date, customer int, order_id text, amount numeric, number int default 1) returns void
language sql as $$
    insert into rollup.fact_sales (ordered_at, order_date_key, customer_key, product_key, geography_key, channel_key, line_number,
                                   is_return, revenue_amount, order_id, quantity, unit_price)
    values (day + interval '10 hours', to_char(day, 'YYYYMMDD')::int, customer, 3, 5, 2, number, amount < 0, amount, order_id, sign(amount), abs(amount))
$$;
select pg_temp.add_line('2025-07-02', 7, 'LATE', 100);        -- before the customer's first order
select pg_temp.add_line('2025-12-31', 0, 'GUEST', 9);
select pg_temp.add_line('2025-12-31', 9, 'ONLY-RETURN', -20);
update rollup.fact_sales set revenue_amount = revenue_amount + 1 where sales_key % 500 = 3;
update rollup.fact_sales set order_date_key = 20250815, ordered_at = '2025-08-15' where order_id = (select min(order_id) from rollup.fact_sales where customer_key = 20);
delete from rollup.fact_sales where sales_key % 700 = 7;
update rollup.dim_customer set segment = 'Budget' where customer_key in (11, 12);
select * from ecom_internal.is_rolled_up('rollup');
select step, status from ecom.refresh('rollup', '{sales}');
select * from differences where count > 0;
-- A line that the order gets a day later: the order stays where it began, the amount is where it came.
select pg_temp.add_line('2025-07-03', 7, 'LATE', 50, 2);
select step, status from ecom.refresh('rollup', '{sales}');
select order_id, o.ordered_at::date, order_count, order_number, revenue_amount from rollup.fact_order o
where order_id in ('LATE', 'GUEST', 'ONLY-RETURN') order by 1, 2;
delete from rollup.fact_sales where order_id = 'LATE' and line_number = 2;

-- Attributes of products and places concern every day.
update rollup.dim_product set category = 'Else' where product_key = 5;
update rollup.dim_geography set region = 'Elsewhere' where geography_key = 5;
select step, status, reason from ecom.refresh('rollup', '{sales}');
select * from differences where count > 0;
update rollup.dim_product set name = 'renamed' where product_key = 5;
select step, status, reason from ecom.refresh('rollup', '{sales}');

-- A change that is rolled back leaves no note; TRUNCATE leaves an empty shop.
begin;
select pg_temp.add_line('2025-12-31', 7, 'NEVER', 1);
rollback;
select * from ecom_internal.is_rolled_up('rollup');
truncate rollup.fact_sales;
select step, status, reason from ecom.refresh('rollup', '{sales}');
select * from differences where count > 0;
select (select count(*) from rollup.fact_order) as orders, (select count(*) from rollup.customer_summary) as customers,
       (select count(*) from rollup.kpi_period) as periods, first_date from rollup.rollup_state;

-- What is loaded later counts; a mart of four columns has rollups, too.
select ecom.create_mart('rollup_small', partition_by => 'month');
create temporary table tiny (customer text, invoice text, at timestamp, amount numeric);
insert into tiny values ('a', '1', '2025-01-05', 10), ('a', '2', '2025-02-05', 30), ('b', '3', '2025-02-07', -5), (null, '4', '2025-02-09', 2);
select loaded_lines from ecom.load_sales('rollup_small', 'tiny', '{"customer_id": "customer", "order_id": "invoice", "ordered_at": "at", "revenue_amount": "amount"}');
select step, status, reason from ecom.refresh('rollup_small', '{sales}');
select month, is_complete, order_count, customer_count, new_customer_count, revenue_amount from rollup_small.kpi_monthly order by 1;
insert into tiny values ('c', '5', '2025-03-01', 7);
select loaded_lines from ecom.load_sales('rollup_small', 'select * from tiny where invoice = ''5''', '{"customer_id": "customer", "order_id": "invoice", "ordered_at": "at", "revenue_amount": "amount"}');
select step, status, reason from ecom.refresh('rollup_small', '{sales}');
select month, is_complete, order_count, customer_count, new_customer_count, revenue_amount from rollup_small.kpi_monthly order by 1;
select * from ecom.check_bi('rollup_small');

-- A bound mart has no triggers: every refresh computes everything and writes what differs.
create table rollup_source (customer text, invoice text, at timestamp, amount numeric);
insert into rollup_source select * from tiny;
select ecom.bind_mart('rollup_bound', 'rollup_source', '{"customer_id": "customer", "order_id": "invoice", "ordered_at": "at", "revenue_amount": "amount"}');
select step, status, reason from ecom.refresh('rollup_bound', '{sales}');
select month, order_count, customer_count, revenue_amount from rollup_bound.kpi_monthly order by 1;
insert into rollup_source values ('c', '6', '2025-03-02', 8);
select step, status, reason from ecom.refresh('rollup_bound', '{dimensions,sales}');
select month, order_count, customer_count, revenue_amount from rollup_bound.kpi_monthly order by 1;

set client_min_messages = warning;
drop schema rollup, rollup_small, rollup_bound cascade;
drop table rollup_source;
