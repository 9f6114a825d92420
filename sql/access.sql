-- grant_reader and check_bi.
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
create role "regress reader; drop";
create role regress_shopkeeper;
create role regress_nobody;
do $$ begin execute format('grant create on database %I to regress_shopkeeper', current_database()); end $$;

-- An ordinary role makes a mart of its own and lets somebody read it.
set role regress_shopkeeper;
select ecom.create_mart('mart "access"', 'month', '2020-01-01');
grant all on "mart ""access""".setting, "mart ""access""".dim_date to "regress reader; drop";
grant select (raw) on "mart ""access""".rejected_line to "regress reader; drop";
grant create on schema "mart ""access""" to "regress reader; drop";
select ecom.grant_reader('mart "access"', 'regress reader; drop');
select ecom.grant_reader('mart "access"', 'regress reader; drop');
reset role;
select c.relname, has_table_privilege('regress reader; drop', c.oid, 'select') as can_select,
       has_table_privilege('regress reader; drop', c.oid, 'references') as can_reference,
       has_table_privilege('regress reader; drop', c.oid, 'insert, update, delete, truncate, trigger') as can_write
from pg_class c
where c.relnamespace = (select oid from pg_namespace where nspname = 'mart "access"') and c.relkind in ('r', 'p', 'v') and not c.relispartition
order by c.relname;
select has_schema_privilege('regress reader; drop', 'mart "access"', 'create') as can_create,
       has_any_column_privilege('regress reader; drop', '"mart ""access""".rejected_line', 'select') as sees_rejected;
set role "regress reader; drop";
select count(*) from "mart ""access""".fact_sales;
select count(*) from "mart ""access""".dim_order_date;
select pg_temp.error_of($$select * from "mart ""access""".setting$$);
select pg_temp.error_of($$delete from "mart ""access""".fact_sales$$);
select pg_temp.error_of($$select ecom.set_setting('mart "access"', 'rfm.bins', '4')$$);
select pg_temp.error_of($$select ecom.grant_reader('mart "access"', 'regress_nobody')$$);
reset role;

select * from ecom.check_bi('mart "access"');
select * from ecom.check_bi('mart "access"', 'regress reader; drop');

-- Each rule finds its fault.
set role regress_shopkeeper;
create view "mart ""access""".bad_view as
select now() as "order", 1.5 as ratio, array[1] as list, f.order_id as "OrderId" from "mart ""access""".fact_sales f;
create table "mart ""access""".fact_bad (bad_key int, amount numeric(20,2));
comment on table "mart ""access""".fact_bad is 'Rows of something';
create materialized view "mart ""access""".bad_cube as select 1 as one;
grant select on "mart ""access""".bad_view, "mart ""access""".bad_cube to "regress reader; drop";
grant select, delete on "mart ""access""".fact_bad to "regress reader; drop";
grant create on schema "mart ""access""" to "regress reader; drop";
reset role;
select * from ecom.check_bi('mart "access"');
select * from ecom.check_bi('mart "access"', 'regress reader; drop');
-- What has no "One row per" comment is hidden again.
select ecom.grant_reader('mart "access"', 'regress reader; drop');
select * from ecom.check_bi('mart "access"', 'regress reader; drop');
select * from ecom.check_bi('mart "access"', 'regress_nobody');

-- Errors.
select pg_temp.error_of($$select ecom.grant_reader('mart "access"', 'regress_no_such_role')$$);
select pg_temp.error_of($$select ecom.grant_reader('mart "access"', null)$$);
select pg_temp.error_of($$select ecom.grant_reader('mart "access"', 'regress_shopkeeper')$$);
select pg_temp.error_of($$select ecom.grant_reader('nowhere', 'regress_nobody')$$);
select pg_temp.error_of($$select * from ecom.check_bi('mart "access"', 'regress_no_such_role')$$);
select pg_temp.error_of($$select * from ecom.check_bi()$$);

set client_min_messages = warning;
drop schema "mart ""access""" cascade;
do $$ begin execute format('revoke create on database %I from regress_shopkeeper', current_database()); end $$;
do $$
declare
    reader name;
begin
    foreach reader in array array['regress reader; drop', 'regress_nobody', 'regress_shopkeeper']::name[] loop
        execute format('drop owned by %I', reader);
        execute format('drop role %I', reader);
    end loop;
end
$$;
