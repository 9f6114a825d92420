-- ecom.load_demo: sizes, determinism, partitions, errors.
\set SHOW_CONTEXT never
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
set client_min_messages = warning;
-- Every table of a mart as one text, rows in the order of their bytes.
create function pg_temp.fingerprint(mart name) returns table (relation text, lines bigint, digest text) language plpgsql as $$
begin
    foreach relation in array '{dim_channel,dim_customer,dim_geography,dim_order_date,dim_payment_method,dim_product,dim_shipping_method,fact_marketing_spend,fact_sales}'::text[] loop
        return query execute format('select %L, count(*), md5(string_agg(t::text, E''\n'' order by t::text collate "C")) from %I.%I t', relation, mart, relation);
    end loop;
end
$$;
create function pg_temp.number_of(query text) returns bigint language plpgsql as $$
declare
    number bigint;
begin
    execute query into number;
    return number;
end
$$;

select orders_loaded, customers_loaded, products_loaded, first_date, last_date, seconds > 0 as is_timed from ecom.load_demo('demo_a', 200, 1200, 9, 5, '2023-06-30');
select orders_loaded = 1200 as orders, loaded_lines > 2400 as lines
from ecom.load_demo('demo_b', customers => 200, orders => 1200, months => 9, seed => 5, end_date => '2023-06-30');
select orders_loaded from ecom.load_demo('demo_c', 200, 1200, 9, 6, '2023-06-30');
-- Equal arguments give equal rows, in every table; another seed gives others.
select a.relation, a.lines = b.lines as same_count, a.digest = b.digest as same_rows
from pg_temp.fingerprint('demo_a') a join pg_temp.fingerprint('demo_b') b using (relation) order by relation;
select count(*) as tables_that_differ from pg_temp.fingerprint('demo_a') a join pg_temp.fingerprint('demo_c') c using (relation)
where a.digest <> c.digest and relation in ('dim_customer', 'fact_sales', 'fact_marketing_spend');

-- The sizes asked for; what the contract says of a line.
select count(distinct order_id) filter (where not is_return) as orders, (select count(*) from demo_a.dim_customer where customer_key <> 0) as customers,
       count(distinct order_date_key / 100) as months, count(distinct customer_key) < 200 as some_never_order, count(*) filter (where is_return) > 0 as has_returns,
       count(*) filter (where revenue_amount <> quantity * unit_price - discount_amount) as wrong_revenue,
       count(*) filter (where is_return <> (revenue_amount < 0)) as wrong_returns,
       count(*) filter (where order_date_key <> to_char(ordered_at, 'YYYYMMDD')::int) as wrong_days,
       count(*) - count(distinct (order_id, line_number)) as double_lines,
       count(*) filter (where satisfaction_score not between 1 and 5) as wrong_scores,
       count(*) filter (where ship_date_key <> 0 and ship_date_key < order_date_key) as shipped_before_ordered
from demo_a.fact_sales;
select count(*) as orders_of_several_customers from (select order_id from demo_a.fact_sales group by 1 having count(distinct (customer_key, order_date_key)) > 1) o;
select load_id, source, read_lines = loaded_lines as all_loaded, rejected_lines, orders, new_customers from demo_a.load_log;
select count(*) filter (where is_holiday) > 0 as has_holidays, min(date), max(date) from demo_a.dim_order_date;
-- The keys go on after the demo's.
select count(*) as behind
from (values ('fact_sales', 'sales_key'), ('dim_customer', 'customer_key'), ('dim_product', 'product_key'), ('dim_geography', 'geography_key'), ('dim_channel', 'channel_key')) t (r, k),
     lateral (select nextval(pg_get_serial_sequence('demo_c.' || r, k)) as next, pg_temp.number_of(format('select max(%I) from demo_c.%I', k, r)) as last) s
where next <= last;
select status from ecom.refresh('demo_a', '{rfm}');
select count(*) > 5 as several_segments from demo_a.rfm_segment;

-- Partitioned by month: the same lines, each in its month.
select ecom.create_mart('demo_months', 'month');
select orders_loaded from ecom.load_demo('demo_months', 200, 1200, 9, 5, '2023-06-30');
select count(*) as partitions, count(*) filter (where lines = 0) as empty
from (select relid, pg_temp.number_of(format('select count(*) from %s', relid::regclass)) as lines
      from pg_partition_tree('demo_months.fact_sales') where isleaf) p;
select (select md5(string_agg(t::text, E'\n' order by sales_key)) from demo_months.fact_sales t) =
       (select md5(string_agg(t::text, E'\n' order by sales_key)) from demo_a.fact_sales t) as same_lines;

-- The smallest shop, and more customers than orders.
select orders_loaded, customers_loaded from ecom.load_demo('demo_one', 1, 1, 1, 0, '2024-02-29');
select orders_loaded, customers_loaded from ecom.load_demo('demo_idle', 500, 10, 2, -1, '2024-02-29');
select status, rows from ecom.refresh('demo_idle', '{rfm}');

-- Errors, and what they leave.
select a, pg_temp.error_of(format('select * from ecom.load_demo(''demo_bad'', %s)', a)) as error_of
from unnest('{"customers => 0", "customers => 10000001", "customers => null", "orders => 0", "orders => 100000001", "orders => null", "months => 0", "months => 241",
              "seed => null", "end_date => ''2024-02-28''", "end_date => ''infinity''", "end_date => null"}'::text[]) a;
select count(*) as schemas_left from pg_namespace where nspname = 'demo_bad';
select pg_temp.error_of($$select * from ecom.load_demo('demo_a')$$);
select pg_temp.error_of('select * from ecom.load_demo(null)') like '22%' as no_mart_named;
create schema demo_foreign;
create table demo_foreign.thing (id int);
select pg_temp.error_of($$select * from ecom.load_demo('demo_foreign')$$);
set ecom_analytics.memory_limit = '1MB';
select pg_temp.error_of($$select * from ecom.load_demo('demo_large', orders => 1000000)$$);
reset ecom_analytics.memory_limit;
select count(*) as schemas_left from pg_namespace where nspname = 'demo_large';
set ecom_analytics.mart = 'demo_"default"; --';
select orders_loaded from ecom.load_demo(null, 20, 50, 2);
reset ecom_analytics.mart;
select count(distinct order_id) filter (where not is_return) as orders from "demo_""default""; --".fact_sales;
begin transaction read only;
select left(pg_temp.error_of($$select * from ecom.load_demo('demo_read_only')$$), 5) as error_of;
rollback;
select count(*) as rows from ecom.progress;

drop schema demo_a, demo_b, demo_c, demo_months, demo_one, demo_idle, demo_foreign, "demo_""default""; --" cascade;
