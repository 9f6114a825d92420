-- create_mart, the calendar and holidays.
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

select ecom.create_mart('mart_plain');
select relname, relkind from pg_class
where relnamespace = 'mart_plain'::regnamespace and relkind in ('r', 'v', 'p') order by relname;
select count(*) as unknown_members from (
    select date_key from mart_plain.dim_date where date_key = 0
    union all select geography_key from mart_plain.dim_geography where geography_key = 0
    union all select customer_key from mart_plain.dim_customer where customer_key = 0
    union all select product_key from mart_plain.dim_product where product_key = 0
    union all select channel_key from mart_plain.dim_channel where channel_key = 0
    union all select payment_method_key from mart_plain.dim_payment_method where payment_method_key = 0
    union all select shipping_method_key from mart_plain.dim_shipping_method where shipping_method_key = 0) u;
select conname, pg_get_constraintdef(oid) from pg_constraint
where conrelid = 'mart_plain.fact_sales'::regclass order by conname;
select indexrelid::regclass from pg_index where indrelid = 'mart_plain.fact_sales'::regclass order by indexrelid::regclass::text;
-- Nothing of the mart belongs to the extension.
select count(*) from pg_depend d join pg_class c on c.oid = d.objid and d.classid = 'pg_class'::regclass
where d.deptype = 'e' and c.relnamespace = 'mart_plain'::regnamespace;
select scheme, count(*) from mart_plain.rfm_rule group by scheme order by scheme;

-- Hostile names, partitions, a southern calendar with a fiscal year.
select ecom.create_mart($$m"; drop table 'x'; {mart} {mart_name}$$, 'month', '2020-05-03', '2021-02-01', 4, 'south');
set search_path = "m""; drop table 'x'; {mart} {mart_name}";
select relname, pg_get_expr(relpartbound, oid) from pg_class
where relispartition and relkind = 'r' and relnamespace = (select oid from pg_namespace where nspname = current_schema())
order by relname;
select pg_get_constraintdef(oid) from pg_constraint where conrelid = 'fact_sales'::regclass and contype = 'p';
select count(*), min(date), max(date), count(*) - 1 = max(date) - min(date) + 1 as is_gap_free from dim_date;
select date_key, month_name, quarter, season, fiscal_year, fiscal_quarter, fiscal_month, iso_year, iso_week, day_name, is_weekend
from dim_date where day_of_month = 1 and year = 2021 order by date_key;
select count(*), count(date) from dim_order_date;
select count(*), count(date) from dim_ship_date;
reset search_path;
set client_min_messages = warning;
drop schema "m""; drop table 'x'; {mart} {mart_name}" cascade;
reset client_min_messages;

-- Holidays.
select ecom.set_holidays('mart_plain', '{2011-12-25,2011-12-25,2012-01-01}', '{Christmas,Sunday rest,NULL}');
select date, is_holiday, holiday_name from mart_plain.dim_date where is_holiday order by date;
select ecom.set_holidays('mart_plain', '{2012-05-01}');
select date, holiday_name from mart_plain.dim_date where is_holiday order by date;
select ecom.set_holidays('mart_plain', '{}');
select count(*) filter (where is_holiday) as holidays, min(date), max(date) from mart_plain.dim_date;
select pg_temp.error_of($$select ecom.set_holidays('mart_plain', null)$$);
select pg_temp.error_of($$select ecom.set_holidays('mart_plain', '{2012-05-01,NULL}')$$);
select pg_temp.error_of($$select ecom.set_holidays('mart_plain', '{2012-05-01}', '{a,b}')$$);
select pg_temp.error_of($$select ecom.set_holidays('mart_plain', '{3012-05-01}')$$);
select pg_temp.error_of($$select ecom.set_holidays('no such mart', '{}')$$);

-- Errors.
select pg_temp.error_of($$select ecom.create_mart('mart_plain')$$);
select pg_temp.error_of($$select ecom.create_mart('ecom')$$);
select pg_temp.error_of($$select ecom.create_mart('')$$);
select pg_temp.error_of($$select ecom.create_mart(null)$$);
select pg_temp.error_of($$select ecom.create_mart('mart_bad', 'week')$$);
select pg_temp.error_of($$select ecom.create_mart('mart_bad', null)$$);
select pg_temp.error_of($$select ecom.create_mart('mart_bad', 'none', '2020-02-02', '2020-02-01')$$);
select pg_temp.error_of($$select ecom.create_mart('mart_bad', end_date => '2020-02-01')$$);
select pg_temp.error_of($$select ecom.create_mart('mart_bad', start_date => '1020-02-01')$$);
select pg_temp.error_of($$select ecom.create_mart('mart_bad', fiscal_year_start_month => 13)$$);
select pg_temp.error_of($$select ecom.create_mart('mart_bad', hemisphere => 'east')$$);
select count(*) from pg_namespace where nspname = 'mart_bad';
create schema mart_taken;
create table mart_taken.t ();
select pg_temp.error_of($$select ecom.create_mart('mart_taken')$$);
drop table mart_taken.t;
select ecom.create_mart('mart_taken');

-- The setting names the mart where no argument does.
set ecom_analytics.mart = 'mart_taken';
select ecom.set_holidays(null, '{2000-01-01}');
reset ecom_analytics.mart;
select pg_temp.error_of($$select ecom.set_holidays(null, '{}')$$);

set client_min_messages = warning;
drop schema mart_plain cascade;
drop schema mart_taken cascade;
