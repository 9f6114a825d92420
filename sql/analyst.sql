-- grant_analyst: all of a mart for reading, and the functions that change nothing.
\set SHOW_CONTEXT never
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare
    hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics hint = pg_exception_hint;
    return concat_ws(' | ', sqlstate, sqlerrm, nullif(hint, ''));
end
$$;
set client_min_messages = warning;
create role "regress analyst; drop";
create role regress_mart_owner;
create role regress_outsider;
do $$ begin execute format('grant create on database %I to regress_mart_owner', current_database()); end $$;
set role regress_mart_owner;
select loaded_lines > 0 as is_loaded from ecom.load_demo('analyst mart', 100, 500, 6);
select distinct status from ecom.refresh('analyst mart');
create table "analyst mart".my_own_table (a int);
create table "analyst mart".my_described_table (a int);
comment on table "analyst mart".my_described_table is 'One row per thing of mine.';
comment on column "analyst mart".my_described_table.a is 'Which thing.';
grant insert on "analyst mart".setting to "regress analyst; drop";
grant select on "analyst mart".my_own_table to "regress analyst; drop";
select ecom.grant_analyst('analyst mart', 'regress analyst; drop');
select ecom.grant_analyst('analyst mart', 'regress analyst; drop');
reset role;

-- Everything that is described can be read, nothing can be written, and keys are shown on the BI surface only.
create temporary view right_held as
select c.relname, ecom_internal.is_bi_surface(c.oid) as is_shown, coalesce(obj_description(c.oid, 'pg_class') ~ '^One row per', false) as is_described,
       has_table_privilege('regress analyst; drop', c.oid, 'select') as can_select,
       has_table_privilege('regress analyst; drop', c.oid, 'references') as can_reference,
       has_table_privilege('regress analyst; drop', c.oid, 'insert, update, delete, truncate, trigger') as can_write
from pg_class c
where c.relnamespace = '"analyst mart"'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition;
select is_shown, is_described, can_select, can_reference, count(*) > 0 as there_are
from right_held group by 1, 2, 3, 4 order by 1, 2;
select relname from right_held where not is_described;
-- What everybody may write to are notes for refresh.
select relname from right_held where can_write;
select count(*) from right_held where relname in ('setting', 'rfm_rule', 'load_log', 'rejected_line', 'refresh_log', 'model') and can_select;

set role "regress analyst; drop";
select count(*) from ecom.rfm_score('analyst mart');
select count(*) > 0 as answers from ecom.readiness('analyst mart');
select value from ecom.settings('analyst mart') where name = 'rfm.bins';
select count(*) > 0 as sees_models from "analyst mart".model;
select pg_temp.error_of($$select ecom.set_setting('analyst mart', 'rfm.bins', '4')$$);
select pg_temp.error_of($$select * from ecom.refresh('analyst mart')$$);
select pg_temp.error_of($$select ecom.grant_analyst('analyst mart', 'regress_outsider')$$);
select pg_temp.error_of($$select * from "analyst mart".my_own_table$$);
set role regress_outsider;
select pg_temp.error_of($$select * from ecom.rfm_score('analyst mart')$$);
select pg_temp.error_of($$select * from ecom.settings('analyst mart')$$);
reset role;

-- A reader looks, an analyst calls: what one is made takes the place of what one was.
set role regress_mart_owner;
select ecom.grant_reader('analyst mart', 'regress analyst; drop');
set role "regress analyst; drop";
select count(*) from "analyst mart".rfm_customer;
select pg_temp.error_of($$select * from ecom.rfm_score('analyst mart')$$);
select pg_temp.error_of($$select * from "analyst mart".setting$$);
-- The contract of BI tools can be checked by who may only look.
select * from ecom.check_bi('analyst mart', 'regress analyst; drop');
reset role;

select pg_temp.error_of($$select ecom.grant_analyst('analyst mart', 'regress_no_such_role')$$);
select pg_temp.error_of($$select ecom.grant_analyst('analyst mart', null)$$);
select pg_temp.error_of($$select ecom.grant_analyst('analyst mart', 'regress_mart_owner')$$);
select pg_temp.error_of($$select ecom.grant_analyst('nowhere', 'regress_outsider')$$);

-- A bound mart: its inner views too, which run with the analyst's rights on the tables behind them.
create schema analyst_source;
create table analyst_source.line (order_id text, customer_id text, ordered_at timestamp, revenue numeric);
insert into analyst_source.line values ('A1', 'C1', '2026-01-05', 9);
select ecom.bind_mart('analyst bound', 'analyst_source.line');
select ecom.grant_analyst('analyst bound', 'regress analyst; drop');
set role "regress analyst; drop";
select pg_temp.error_of($$select * from ecom.rfm_score('analyst bound')$$);
reset role;
grant usage on schema analyst_source to "regress analyst; drop";
grant select on analyst_source.line to "regress analyst; drop";
set role "regress analyst; drop";
select customer_id, frequency, monetary from ecom.rfm_score('analyst bound');
select count(*) from "analyst bound".bound_line;
reset role;

drop schema "analyst mart", "analyst bound", analyst_source cascade;
do $$ begin execute format('revoke create on database %I from regress_mart_owner', current_database()); end $$;
drop owned by "regress analyst; drop", regress_mart_owner, regress_outsider;
drop role "regress analyst; drop", regress_mart_owner, regress_outsider;
