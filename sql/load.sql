-- load_sales and propose_columns.
\set SHOW_CONTEXT never
set datestyle = 'ISO, MDY';
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare
    detail text;
    hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics detail = pg_exception_detail, hint = pg_exception_hint;
    return concat_ws(' | ', sqlstate, sqlerrm, nullif(detail, ''), nullif(hint, ''));
end
$$;
create schema load_source;
set search_path = load_source;

-- A raw CSV: everything is text, and faults of every kind are in it.
create table retail ("InvoiceNo" text, "StockCode" text, "Description" text, "Quantity" text, "InvoiceDate" text,
                     "UnitPrice" text, "CustomerID" text, "Country" text);
insert into retail values
    ('1001', 'A1', 'White heart', '2', '2011-01-03 08:00:00', '2.50', '17850', 'France'),
    ('1001', 'A2', 'RED CUP', '1', '2011-01-03 08:00:00', '10', '17850', 'France'),
    ('1002', 'A1', ' WHITE HEART ', '4', '2011-02-28 23:59:59', '2.125', '17850', 'Spain'),
    ('C1002', 'A1', 'WHITE HEART', '-1', '2011-03-01 10:00:00', '2.5', '17850', 'Spain'),
    ('1003', 'A2', null, '1', '2011-03-02', '0', null, 'Spain'),
    ('A1004', 'B', 'Adjust bad debt', '1', '2011-03-03', '-11062.06', '', 'Spain'),
    ('1001', 'A2', 'RED CUP', '1', '2011-01-03 08:00:00', '10', '17850', 'France'),
    (null, 'A1', 'WHITE HEART', '1', '2011-03-03', '1', '1', 'Spain'),
    ('1005', 'A1', 'WHITE HEART', '1', 'yesterdayish', '1', '1', 'Spain'),
    ('1006', 'A1', 'WHITE HEART', '1', '', '1', '1', 'Spain'),
    ('1007', 'A1', 'WHITE HEART', 'two', '2011-03-03', '1', '1', 'Spain'),
    ('1008', 'A1', 'WHITE HEART', '1', '2011-03-03', 'NaN', '1', 'Spain'),
    ('1009', 'A1', 'WHITE HEART', '1', '2011-03-03', 'Infinity', '1', 'Spain'),
    ('1010', 'A1', 'WHITE HEART', '1e13', '2011-03-03', '100', '1', 'Spain'),
    ('1011', 'A1', 'WHITE HEART', '1', '2011-03-03', '1e99999', '1', 'Spain'),
    ('1012', 'A1', 'WHITE HEART', null, '2011-03-03', '1', '1', 'Spain'),
    ('1013', 'A1', 'WHITE HEART', '1', '2011-03-03', null, '1', 'Spain'),
    ('1014', 'A1', 'WHITE HEART', '1', '0011-03-03', '1', '1', 'Spain'),
    ('1015', 'A1', 'WHITE HEART', '1', 'infinity', '1', '1', 'Spain'),
    (repeat('x', 401), 'A1', 'WHITE HEART', '1', '2011-03-03', '1', '1', 'Spain');
select * from ecom.propose_columns('retail');
select ecom.create_mart('mart_load');
select load_id, read_lines, loaded_lines, rejected_lines, orders, new_customers, new_products, seconds > 0 as is_timed
from ecom.load_sales('mart_load', 'retail');
select row_number, reason, left(raw ->> 'InvoiceNo', 10) as invoice from mart_load.rejected_line order by row_number;
select f.sales_key, f.order_id, f.line_number, f.order_date_key, f.ordered_at, c.customer_id, p.product_id, g.country,
       f.quantity, f.unit_price, f.revenue_amount, f.is_return
from mart_load.fact_sales f
join mart_load.dim_customer c using (customer_key)
join mart_load.dim_product p using (product_key)
join mart_load.dim_geography g on g.geography_key = f.geography_key
order by f.sales_key;
-- The most frequent description wins, ties by bytes; blanks do not vote.
select product_key, product_id, name from mart_load.dim_product order by product_key;
select c.customer_key, c.customer_id, c.name, g.country
from mart_load.dim_customer c join mart_load.dim_geography g using (geography_key) order by 1;
select min(date), max(date) from mart_load.dim_order_date;
select load_id, source, columns, rules, read_lines, loaded_lines, rejected_lines from mart_load.load_log;

-- A second load completes what was Unknown, keeps what is known, and counts the lines of known orders on. Empty values
-- do not vote, however many there are.
select load_id, read_lines, loaded_lines, new_customers, new_products from ecom.load_sales('mart_load',
    $$select * from (values ('1001', 3, '17850', 'Ann', 'Premium', 'A1', 'Another name', 'Gifts', date '2011-05-01', 7.5),
                            ('2000', 1, '99', 'Bob', 'Budget', 'A3', 'Bowl', 'Kitchen', date '2013-05-01', 1),
                            ('2000', 2, '99', null, ' ', 'A3', null, '', date '2013-05-01', 1),
                            ('2000', 3, '99', null, null, 'A3', null, null, date '2013-05-01', 1))
      as s (order_no, units, custid, client_name, segment, sku, product, "Product Category", "Order Date", "Revenue");$$);
select order_id, line_number, quantity, unit_price, revenue_amount from mart_load.fact_sales where sales_key > 7 order by sales_key;
select customer_id, name, segment from mart_load.dim_customer order by customer_key;
select product_id, name, category from mart_load.dim_product order by product_key;
select min(date), max(date), count(*) = max(date) - min(date) + 1 as is_gap_free from mart_load.dim_order_date;
select nextval(pg_get_serial_sequence('mart_load.fact_sales', 'sales_key')) as next_key;

-- Rules.
select ecom.create_mart('mart_rules', 'month');
select loaded_lines, rejected_lines from ecom.load_sales('mart_rules', 'load_source.retail', rules =>
    '{"missing_customer": "reject", "returns": "reject", "zero_price": "reject", "negative_price": "reject", "duplicates": "reject"}');
select reason, count(*), min(row_number) from mart_rules.rejected_line group by reason order by min(row_number);
select tableoid::regclass as partition, count(*) from mart_rules.fact_sales group by tableoid order by tableoid::regclass::text;
select loaded_lines, rejected_lines from ecom.load_sales('mart_rules', 'retail', rules => '{"missing_customer": "reject"}');

-- Typed columns, every role, explicit returns, derived amounts.
create domain load_source.score as int;
create table orders (
    "order" int, line smallint, "when" timestamptz, ship date, who uuid, who_name varchar(20), seg char(8), ages text, sex text, since date,
    what int, cost numeric, list money, land text, reg text, st text, town text, zip int, chan text, pay text, mode text,
    qty real, price double precision, disc numeric, back boolean, stars score, "od'd; --" int);
insert into orders values
    (1, 7, '2020-02-29 23:30:00+00', '2020-03-02', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'Ann', 'Premium', '30-39', 'F', '2019-01-01',
     5, 1.5, 9, 'DE', 'North', 'HH', 'Hamburg', 20095, 'Web', 'Card', 'Express', 3, 10.25, 0.75, false, 5, 1),
    (2, 1, '2020-03-01 00:30:00+01', null, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', null, null, null, null, null,
     5, 1.5, 9, null, null, null, null, null, null, null, null, 1, 10, 0, true, null, 2),
    (3, 1, '2020-03-01', null, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', null, null, null, null, null,
     5, 1.5, 9, null, null, null, null, null, null, null, null, 1, 'nan', 0, false, null, 3),
    (4, 1, 'infinity', null, null, null, null, null, null, null,
     5, 1.5, 9, null, null, null, null, null, null, null, null, 1, 1, 0, false, null, 4),
    (5, 1, '2020-03-01', null, null, null, null, null, null, null,
     5, 1.5, 9, null, null, null, null, null, null, null, null, 1, 1, 0, false, 6, 5);
select ecom.create_mart('mart_typed');
select read_lines, loaded_lines, rejected_lines from ecom.load_sales('mart_typed', 'orders', '{
    "order_id": "order", "line_number": "line", "ordered_at": "when", "ship_date": "ship", "customer_id": "who",
    "customer_name": "who_name", "customer_segment": "seg", "age_group": "ages", "gender": "sex", "acquisition_date": "since",
    "product_id": "what", "unit_cost": "cost", "list_price": "list", "country": "land", "region": "reg", "state": "st",
    "city": "town", "postal_code": "zip", "channel": "chan", "payment_method": "pay", "shipping_method": "mode",
    "quantity": "qty", "unit_price": "price", "discount_amount": "disc", "is_return": "back", "satisfaction_score": "stars"}');
select * from mart_typed.fact_sales order by sales_key;
select * from mart_typed.dim_customer order by 1;
select * from mart_typed.dim_product order by 1;
select * from mart_typed.dim_geography order by 1;
select c.name, p.name, s.name from mart_typed.dim_channel c, mart_typed.dim_payment_method p, mart_typed.dim_shipping_method s
where c.channel_key = 1 and p.payment_method_key = 1 and s.shipping_method_key = 1;
select row_number, reason from mart_typed.rejected_line order by 1;
-- Without order_id every line is an order of its own.
select loaded_lines, rejected_lines from ecom.load_sales('mart_typed', 'select * from orders where "order" = 5',
    '{"ordered_at": "when", "customer_id": "od''d; --", "revenue_amount": "price", "satisfaction_score": "stars"}',
    '{"invalid_satisfaction": "ignore"}');
select order_id, line_number, quantity, unit_price, revenue_amount, satisfaction_score from mart_typed.fact_sales where sales_key > 5;

-- Nothing in, nothing out; and a load big enough to build the indexes anew gives the same as a small one.
select load_id, read_lines, loaded_lines, rejected_lines, orders from ecom.load_sales('mart_typed', 'select * from retail where false');
create table many as
select 'o' || g % 20000 as order_id, timestamp '2020-01-01' + g * interval '1 minute' as ordered_at,
       'c' || g % 700 as customer_id, 'p' || g % 50 as sku, (g % 1000) / 100.0 as revenue
from generate_series(1, 60000) g;
select ecom.create_mart('mart_many', 'month');
select read_lines, loaded_lines, rejected_lines, orders, new_customers, new_products from ecom.load_sales('mart_many', 'many');
select count(*), sum(revenue_amount), max(line_number), count(distinct order_id) from mart_many.fact_sales;
select count(*) filter (where contype = 'f' and convalidated) as foreign_keys, count(*) filter (where contype = 'p') as primary_keys
from pg_constraint where conrelid = 'mart_many.fact_sales'::regclass;
select count(*) from pg_index where indrelid = 'mart_many.fact_sales'::regclass;
select count(*) from pg_inherits where inhparent = 'mart_many.fact_sales'::regclass;
-- The keys are back after each way of loading, and the numbers of known orders go on.
select ecom.set_setting('mart_many', 'load.rebuild', 'always');
select loaded_lines, new_customers from ecom.load_sales('mart_many', 'select * from many limit 100');
select ecom.set_setting('mart_many', 'load.rebuild', 'never');
select loaded_lines, new_customers from ecom.load_sales('mart_many', 'select * from many limit 100');
select count(*), max(line_number), count(distinct (order_id, line_number)) = count(*) as is_unique from mart_many.fact_sales;
select count(*) from pg_constraint where conrelid = 'mart_many.fact_sales'::regclass and contype in ('f', 'p');
select ecom.create_mart('mart; "x"''');
select loaded_lines, rejected_lines from ecom.load_sales('mart; "x"''', 'retail');
select count(*) from "mart; ""x""'".fact_sales;
select to_regclass('pg_temp.ecom_source'), to_regclass('pg_temp.ecom_load_line');

-- Errors leave no trace.
select pg_temp.error_of($$select * from ecom.load_sales('nowhere', 'retail')$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', 'no_such_table')$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', 'select * from no_such_table')$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', ' ')$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', null)$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', 'retail; drop table retail')$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', 'select 1 as one')$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', 'retail', '[]')$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', 'retail', '{"colour": "Country"}')$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', 'retail', '{"ordered_at": "invoicedate"}')$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', 'retail', '{"ordered_at": 1}')$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', 'retail', '{"ordered_at": "InvoiceDate"}')$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', 'retail', '{"ordered_at": "InvoiceDate", "customer_id": "CustomerID"}')$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', 'orders',
    '{"ordered_at": "back", "customer_id": "who", "revenue_amount": "price"}')$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', 'select ''\x00''::bytea as b',
    '{"ordered_at": "b", "customer_id": "b", "revenue_amount": "b"}')$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', 'orders',
    '{"ordered_at": "when", "customer_id": "who", "revenue_amount": "since"}')$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', 'retail', rules => '{"colour": "keep"}')$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', 'retail', rules => '{"returns": "drop"}')$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', 'retail', rules => '{"returns": null}')$$);
select pg_temp.error_of($$select * from ecom.load_sales('mart_load', 'retail', rules => '"keep"')$$);
select count(*), max(load_id) from mart_load.load_log;

reset search_path;
set client_min_messages = warning;
drop schema mart_load cascade;
drop schema mart_rules cascade;
drop schema mart_typed cascade;
drop schema mart_many cascade;
drop schema "mart; ""x""'" cascade;
drop schema load_source cascade;
