-- customer_overview and rfm_customer show what the lines and the dimensions say, and read one table of customers only.
\set VERBOSITY terse
select loaded_lines > 0 as loaded from ecom.load_demo('snapshot', customers => 300, orders => 1500, months => 6);
select count(*) from snapshot.customer_overview;
select step, status, reason from ecom.refresh('snapshot', '{sales, rfm, customers}');

create temporary view expected as
select c.customer_key, c.customer_id, c.name, c.segment as customer_segment, c.age_group, c.gender, c.acquisition_date,
       g.country, g.region, g.state, g.city, s.first_order_date, s.last_order_date, coalesce(s.orders, 0) as order_count,
       coalesce(s.gross, 0) as gross_amount, coalesce(s.returned, 0) as return_amount, coalesce(s.revenue, 0) as revenue_amount,
       round(s.revenue / nullif(s.orders, 0), 2) as average_order_amount, r.segment as rfm_segment
from snapshot.dim_customer c
join snapshot.dim_geography g using (geography_key)
left join (select customer_key, min(ordered_at::date) filter (where not is_return) as first_order_date,
                  max(first_at::date) filter (where not is_return) as last_order_date,
                  count(distinct order_id) filter (where not is_return) as orders,
                  sum(revenue_amount) filter (where not is_return) as gross,
                  coalesce(-sum(revenue_amount) filter (where is_return), 0) as returned, sum(revenue_amount) as revenue
           from (select f.*, min(f.ordered_at) filter (where not f.is_return) over (partition by f.customer_key, f.order_id) as first_at
                 from snapshot.fact_sales f) f group by 1) s on s.customer_key = c.customer_key
left join snapshot.customer_rfm r on r.customer_key = c.customer_key
where c.customer_key <> 0;
create temporary view differences as
select * from (
    (select customer_key, customer_id, name, customer_segment, age_group, gender, acquisition_date, country, region, state, city,
            first_order_date, last_order_date, order_count, gross_amount, return_amount, revenue_amount, average_order_amount, rfm_segment
     from snapshot.customer_overview except all select * from expected)
    union all
    (select * from expected except all
     select customer_key, customer_id, name, customer_segment, age_group, gender, acquisition_date, country, region, state, city,
            first_order_date, last_order_date, order_count, gross_amount, return_amount, revenue_amount, average_order_amount, rfm_segment
     from snapshot.customer_overview)) d;
select count(*) as customers, count(*) filter (where order_count = 0) > 0 as has_prospects, (select count(*) from differences) as differences
from snapshot.customer_overview;
select count(*) as differences from snapshot.rfm_customer v full join (
    select s.customer_key, s.segment, c.segment as customer_segment, g.region, s.monetary_amount
    from snapshot.customer_rfm s join snapshot.dim_customer c using (customer_key) join snapshot.dim_geography g on g.geography_key = c.geography_key) e
using (customer_key)
where (v.rfm_segment, v.customer_segment, v.region, v.monetary_amount) is distinct from (e.segment, e.customer_segment, e.region, e.monetary_amount);

select count(*) as differences from snapshot.rfm_customer v join snapshot.customer_overview o using (customer_key)
where v.last_order_date is distinct from o.last_order_date;

-- Nothing changed: nothing is written.
select rows from ecom.refresh('snapshot', '{customers}');

-- Another segment, another home, a customer without sales, a first order that comes late.
create temporary table moved as select customer_key from snapshot.dim_customer where customer_key <> 0 order by 1 limit 3;
update snapshot.dim_customer set segment = 'Elsewhere' where customer_key = (select min(customer_key) from moved);
update snapshot.dim_customer c set geography_key = (select g.geography_key from snapshot.dim_geography g
    where g.geography_key not in (0, c.geography_key) order by 1 limit 1) where c.customer_key = (select max(customer_key) from moved);
insert into snapshot.dim_customer (customer_id, name) values ('nobody', 'Nobody');
insert into snapshot.fact_sales (ordered_at, order_date_key, order_id, line_number, customer_key, is_return, quantity, unit_price, revenue_amount)
select timestamp '2025-07-01 00:00:01', 20250701, 'FIRST', 1, customer_key, false, 1, 10, 10 from moved order by 1 limit 1;
select count(*) > 0 as last_refresh_is_shown from differences;
select step, status from ecom.refresh('snapshot', '{sales, rfm, customers}');
select count(*) as customers, (select count(*) from differences) as differences from snapshot.customer_overview;
select count(*) as differences
from (select order_date_key, sum(new_customer_count) as n from snapshot.sales_cube group by 1) s
full join (select order_date_key, count(*) filter (where order_number = 1) as n from snapshot.fact_order group by 1) o using (order_date_key)
where s.n is distinct from o.n;

-- A question without names joins no table of customers.
create function pg_temp.relations_read(statement text) returns table (relation text)
language plpgsql
as $$
declare
    plan json;
begin
    execute 'explain (format json) ' || statement into plan;
    return query select distinct m[1] from regexp_matches(plan::text, '"Relation Name": "(\w+)"', 'g') m order by 1;
end
$$;
select * from pg_temp.relations_read('select customer_segment, sum(revenue_amount) from snapshot.customer_overview where region = ''West'' group by 1');
select * from pg_temp.relations_read('select rfm_segment, count(*) from snapshot.rfm_customer where region = ''West'' group by 1');
select * from ecom.check_bi('snapshot');

set client_min_messages = warning;
drop schema snapshot cascade;
