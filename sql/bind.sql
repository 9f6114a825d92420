-- bind_mart: views over the user's tables, dimensions, binding again, hostile names, rights, errors.
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
create schema bind_source;
set search_path = bind_source;
create table clients (id int primary key, full_name text, tier text, since date, land text, town text);
insert into clients values
    (1, 'Ada', 'Premium', '2020-01-05', 'France', 'Paris'),
    (2, 'Bob', null, null, 'Spain', null),
    (4, 'Prospect', 'Budget', '2021-06-01', 'Spain', 'Madrid');
create table articles (sku text primary key, title text, kind text, cost float8, stock int8);
insert into articles values ('A', 'Apple', 'Fruit', 0.25, 12), ('B', 'Bread', 'Bakery', 'NaN', 99999999999), ('Z', 'Unsold', 'Fruit', 1, 0);
create table orders (id int primary key, order_no text, placed timestamp, client int, sku text, qty int, price numeric(10,2), via text,
                     shipped date, score text);
create index orders_placed_idx on orders (placed);
insert into orders values
    (10, 'o1', '2024-01-05 10:00', 1, 'A', 2, 1.50, 'web', '2024-01-07', '5'),
    (11, 'o1', '2024-01-05 10:00', 1, 'B', 1, 3.00, 'web', '2024-01-07', '9'),
    (12, 'o2', '2024-02-10 12:30', 2, 'A', 4, 1.25, 'shop', null, null),
    (13, 'o3', '2024-02-11 09:00', 3, 'C', 1, 8.00, ' web ', null, 'good'),
    (14, 'o4', '2024-02-12 09:00', null, 'A', -1, 1.50, null, null, null),
    (15, null, '2024-02-12 09:00', 1, 'A', 1, 1.50, null, null, null),
    (16, 'o5', null, 1, 'A', 1, 1.50, null, null, null),
    (17, 'o6', 'infinity', 1, 'A', 1, 1.50, null, null, null),
    (18, 'o7', '2024-02-12 09:00', 1, 'A', 1, 'NaN', null, null, null);
\set columns '{"ordered_at": "placed", "order_id": "order_no", "customer_id": "client", "product_id": "sku", "quantity": "qty", "unit_price": "price", "channel": "via", "ship_date": "shipped", "satisfaction_score": "score"}'
\set dimensions '{"customer": {"table": "clients", "key": "id", "columns": {"name": "full_name", "segment": "tier", "acquisition_date": "since", "country": "land", "city": "town"}}, "product": {"table": "articles", "key": "sku", "columns": {"name": "title", "category": "kind", "unit_cost": "cost", "stock_quantity": "stock"}}}'
select ecom.bind_mart('mart_bind', 'orders', :'columns', :'dimensions');
-- Lines without a readable time, order or amount are not there; what does not fit a type is empty.
select f.sales_key, f.order_date_key, f.ship_date_key, c.customer_id, p.product_id, h.name as channel, f.geography_key, f.order_id,
       f.line_number, f.quantity, f.revenue_amount, f.cost_amount, f.is_return, f.delivery_days, f.satisfaction_score
from mart_bind.fact_sales f
join mart_bind.dim_customer c using (customer_key)
join mart_bind.dim_product p using (product_key)
join mart_bind.dim_channel h using (channel_key)
order by 1;
select c.customer_key, c.customer_id, c.name, c.segment, c.acquisition_date, g.country, g.city
from mart_bind.dim_customer c join mart_bind.dim_geography g using (geography_key) order by 1;
select product_key, product_id, name, category, unit_cost, stock_quantity from mart_bind.dim_product order by 1;
select object, role, column_name, source from mart_bind.binding order by object, role collate "C";
select value from ecom.settings('mart_bind') where name = 'mart.bound';
select check_name, severity, affected_rows, sample from ecom.check_mart('mart_bind')
where check_name in ('rejected_lines', 'orphan_customers', 'orphan_products', 'orphan_dates');
-- The contract is that of the tables: columns, types and comments.
select ecom.create_mart('mart_table');
select count(*) as different from (
    select a.attname, format_type(a.atttypid, a.atttypmod), a.attnum, col_description(a.attrelid, a.attnum), a.attcollation
    from pg_attribute a where a.attrelid = 'mart_bind.fact_sales'::regclass and a.attnum > 0
    except
    select a.attname, format_type(a.atttypid, a.atttypmod), a.attnum, col_description(a.attrelid, a.attnum), a.attcollation
    from pg_attribute a where a.attrelid = 'mart_table.fact_sales'::regclass and a.attnum > 0) d;
select * from ecom.check_bi('mart_bind');
-- A condition on the time reaches the index of the user's table, and a dimension that is not asked for is not joined.
create function pg_temp.plan_of(query text) returns table (step text) language plpgsql as $$
begin
    for step in execute 'explain (costs off) ' || query loop
        step := substring(step from '(?:Index|Bitmap|Seq) ?(?:Scan|Heap Scan|Index Scan)?.* on \w+|Join.*');
        if step is not null then return next; end if;
    end loop;
end
$$;
set enable_seqscan = off;
set enable_bitmapscan = off;
select * from pg_temp.plan_of('select sum(revenue_amount) from mart_bind.fact_sales
                               where ordered_at >= ''2024-02-01'' and ordered_at < ''2024-03-01''');
reset enable_seqscan;
reset enable_bitmapscan;
-- New rows: unknown until the dimensions are brought up to date; keys stay when it is bound again.
insert into clients values (5, 'Eve', 'Regular', null, 'Italy', 'Rome');
update clients set tier = 'Gold' where id = 1;
insert into orders values (19, 'o8', '2026-03-01 08:00', 5, 'A', 1, 1.00, 'app', null, null);
select customer_key, channel_key from mart_bind.fact_sales where sales_key = 19;
select check_name, affected_rows, sample from ecom.check_mart('mart_bind')
where check_name in ('orphan_customers', 'orphan_dates');
select ecom_internal.sync_dimensions('mart_bind');
select ecom_internal.sync_dimensions('mart_bind') as nothing_left;
select c.customer_id, c.segment, h.name as channel from mart_bind.fact_sales
join mart_bind.dim_customer c using (customer_key) join mart_bind.dim_channel h using (channel_key) where sales_key = 19;
select segment from mart_bind.dim_customer where customer_id = '1';
create view mart_bind.on_top as select sum(revenue_amount) as revenue from mart_bind.fact_sales;
create temporary table keys_before as select customer_id, customer_key from mart_bind.dim_customer;
select ecom.bind_mart('mart_bind', 'select *, qty * price as total from bind_source.orders where id < 15;',
                      '{"ordered_at": "placed", "customer_id": "client", "revenue_amount": "total", "order_id": "order_no"}');
select count(*), sum(revenue_amount), count(distinct sales_key) as keys, max(product_key) as product from mart_bind.fact_sales;
select * from mart_bind.on_top;
select count(*) as changed from keys_before b
left join mart_bind.dim_customer c using (customer_id, customer_key) where c.customer_key is null;
select object, role from mart_bind.binding order by object, role collate "C";

-- A raw file: all text, columns proposed, no key; only what is required.
create table raw ("Invoice No" text, "Invoice Date" text, "Customer ID" text, "Description" text, "Price" text, "Returned" text);
insert into raw values
    ('1', '2011-01-03 08:00', 'x', 'Cup', '2.5', 'no'), ('1', '2011-01-03 08:00', 'x', 'cup', '1.5', 'no'),
    ('1', '2011-01-03 08:00', 'x', 'Cup', '2.5', 'no'), ('2', '2011-01-04', 'y', 'Cup', '4', 'YES'),
    ('3', 'soon', 'x', 'Cup', '1', 'no'), ('4', '2011-01-05', 'x', 'Cup', 'Infinity', 'no'), ('', '2011-01-05', 'x', 'Cup', '1', null);
select ecom.bind_mart('mart_raw', 'raw');
select order_id, ordered_at, customer_key, product_key, quantity, unit_price, revenue_amount, is_return
from mart_raw.fact_sales order by order_id, unit_price;
select count(distinct sales_key) as keys from mart_raw.fact_sales;
create table events ("when" timestamptz, who uuid, amount money);
insert into events values ('2024-05-01 23:30:00-05', '00000000-0000-0000-0000-000000000001', '12.34');
select ecom.bind_mart('mart_events', 'events', '{"ordered_at": "when", "customer_id": "who", "revenue_amount": "amount"}');
select order_date_key, ordered_at, order_id = sales_key::text as is_own_order, revenue_amount, unit_price, customer_key
from mart_events.fact_sales;
set timezone = 'Asia/Tokyo';
select ordered_at from mart_events.fact_sales;
reset timezone;

-- Hostile names.
create schema "s'c""h; drop schema bind_source; --";
create table "s'c""h; drop schema bind_source; --"."t%s {mart} "" '" ("o%I {mart_name}" text, "w""hen" date, "c'ust" text collate "C", "%1$s" numeric);
insert into "s'c""h; drop schema bind_source; --"."t%s {mart} "" '" values ('1', '2024-01-01', 'Ann', 5), ('2', '2024-01-02', 'Ben', -1);
select ecom.bind_mart('we"ird; drop {mart} ''', '"s''c""h; drop schema bind_source; --"."t%s {mart} "" ''"',
    '{"order_id": "o%I {mart_name}", "ordered_at": "w\"hen", "customer_id": "c''ust", "revenue_amount": "%1$s"}',
    '{"customer": {"table": "select 1 as \"k''\", ''Ann''::text as \"n;\"", "key": "n;", "columns": {"name": "n;"}}}');
select order_id, order_date_key, c.name, revenue_amount, is_return
from "we""ird; drop {mart} '".fact_sales join "we""ird; drop {mart} '".dim_customer c using (customer_key) order by 1;
select count(*) from ecom.readiness('we"ird; drop {mart} ''') where is_ready;
select count(*) from ecom.check_mart('we"ird; drop {mart} ''');

-- Readers need rights on the tables behind the view, and see nothing else of the mart.
create role bind_reader;
select ecom.grant_reader('mart_events', 'bind_reader');
set role bind_reader;
select pg_temp.error_of('select count(*) from mart_events.fact_sales');
reset role;
grant usage on schema bind_source to bind_reader;
grant select on bind_source.events to bind_reader;
set role bind_reader;
select count(*) from mart_events.fact_sales;
select pg_temp.error_of('select count(*) from mart_events.bound_line');
reset role;
drop owned by bind_reader;
drop role bind_reader;

-- Errors.
select pg_temp.error_of($$ select ecom.bind_mart('m', 'nothing_here') $$);
select pg_temp.error_of($$ select ecom.bind_mart('m', '') $$);
select pg_temp.error_of($$ select ecom.bind_mart('m', 'orders', '{"ordered_at": "placed", "customer_id": "klient", "unit_price": "price"}') $$);
select pg_temp.error_of($$ select ecom.bind_mart('m', 'orders', '{"ordered_at": "qty", "customer_id": "client", "unit_price": "price"}') $$);
select pg_temp.error_of($$ select ecom.bind_mart('m', 'orders', '{"ordered_at": "placed", "unit_price": "price"}') $$);
select pg_temp.error_of($$ select ecom.bind_mart('m', 'orders', '{"ordered_at": "placed", "customer_id": "client"}') $$);
select pg_temp.error_of($$ select ecom.bind_mart('m', 'orders', '{"colour": "via"}') $$);
select pg_temp.error_of($$ select ecom.bind_mart('mart_raw', 'raw', null, '[]') $$);
select pg_temp.error_of($$ select ecom.bind_mart('mart_raw', 'raw', null, '{"shop": {}}') $$);
select pg_temp.error_of($$ select ecom.bind_mart('mart_raw', 'raw', null, '{"customer": {"table": "clients"}}') $$);
select pg_temp.error_of($$ select ecom.bind_mart('mart_raw', 'raw', null, '{"customer": {"table": "kunden", "key": "id"}}') $$);
select pg_temp.error_of($$ select ecom.bind_mart('mart_raw', 'raw', null, '{"customer": {"table": "clients", "key": "nr"}}') $$);
select pg_temp.error_of($$ select ecom.bind_mart('mart_raw', 'raw', null, '{"customer": {"table": "clients", "key": "id", "columns": {"shoe": "tier"}}}') $$);
select pg_temp.error_of($$ select ecom.bind_mart('mart_raw', 'raw', null, '{"product": {"table": "articles", "key": "sku", "columns": {"unit_cost": "sku", "stock_quantity": "stock"}}}') $$);
select pg_temp.error_of($$ select ecom.bind_mart('mart_raw', 'raw', null, '{"customer": {"table": "clients", "key": "id", "columns": {"acquisition_date": "id"}}}') $$);
select pg_temp.error_of($$ select ecom.bind_mart('mart_table', 'raw') $$);
select pg_temp.error_of($$ select ecom.bind_mart('bind_source', 'raw') $$);
select pg_temp.error_of($$ select ecom.bind_mart(null, 'raw') $$);
select pg_temp.error_of($$ select * from ecom.load_sales('mart_raw', 'raw') $$);
-- A failed binding leaves the mart as it was.
select count(*) from mart_raw.fact_sales;

set client_min_messages = warning;
drop schema mart_bind, mart_table, mart_raw, mart_events, "we""ird; drop {mart} '" cascade;
drop schema bind_source, "s'c""h; drop schema bind_source; --" cascade;
