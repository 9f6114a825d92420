-- ecom.help, and what it lives on: every function has a comment with a summary and an example that runs.
\set SHOW_CONTEXT never
set client_min_messages = warning;
create role regress_owner;
create role regress_analyst;
create role regress_bi;
do $$ begin execute format('grant create on database %I to regress_owner', current_database()); end $$;
set role regress_owner;
create schema help_source;
create table help_source.my_orders (order_id text, customer_id text, order_date date, product text, quantity int, unit_price numeric);
insert into help_source.my_orders values ('A1', 'C1', '2026-01-05', 'Tea', 2, 4.50), ('A2', 'C2', '2026-01-06', 'Cup', 1, 9);
grant usage on schema help_source to regress_analyst, regress_bi;
grant select on help_source.my_orders to regress_analyst, regress_bi;
select loaded_lines > 0 as is_loaded from ecom.load_demo('shop', 500, 3000);
select distinct status from ecom.refresh('shop');
-- Stored models have an earlier version to go back to.
select distinct status from ecom.refresh('shop', '{rfm}', '2024-06-01');
select distinct status from ecom.refresh('shop', '{rfm}');
select ecom.grant_analyst('shop', 'regress_analyst');
select ecom.grant_reader('shop', 'regress_bi');
reset role;
reset client_min_messages;

-- Rules without exceptions, so these return no row.
select p.oid::regprocedure as without_example from pg_proc p
where p.pronamespace = 'ecom'::regnamespace
  and coalesce(cardinality(ecom_internal.comment_examples(obj_description(p.oid, 'pg_proc'))), 0) = 0;
select p.oid::regprocedure as example_of_something_else from pg_proc p
cross join unnest(ecom_internal.comment_examples(obj_description(p.oid, 'pg_proc'))) e
where p.pronamespace = 'ecom'::regnamespace and e !~ format('\mecom\.%s\(', p.proname);
select p.oid::regprocedure as summary_is_no_sentence from pg_proc p
where p.pronamespace = 'ecom'::regnamespace and split_part(obj_description(p.oid, 'pg_proc'), E'\n', 1) !~ '^[A-Z].*\.$';
select t.topic, t.function_name as unknown_function from ecom_internal.help_topic t
where not exists (select from pg_proc p where p.pronamespace = 'ecom'::regnamespace and p.proname = t.function_name);

-- Runs a statement as a role and takes it back: its SQLSTATE, and the hint when it fails.
create function pg_temp.outcome(statement text, as_role name, out state text, out hint text) language plpgsql as $$
begin
    execute format('set local role %I', as_role);
    execute statement;
    raise exception using errcode = 'RB000';
exception when others then
    get stacked diagnostics state = returned_sqlstate, hint = pg_exception_hint;
    state := replace(state, 'RB000', 'runs');
end
$$;
select * from pg_temp.outcome('select 1/0', 'regress_owner');
select * from pg_temp.outcome('select 1', 'regress_owner');
-- Those who make a mart of their own need the name free; my_orders is the reader's own table, bi and analyst are roles.
-- Where the extension was built without the page, a stand-in lets the example of ecom.report_html run.
insert into ecom_internal.report_template (html) values ('{"ecom":"data"}') on conflict do nothing;
create temporary table example as
select p.oid::regprocedure as function, p.provolatile = 'v' as is_volatile, coalesce(p.proargnames[1] = 'mart', false) as is_over_mart,
       case when p.proname in ('create_mart', 'load_demo', 'bind_mart') then 'drop schema shop cascade; ' else '' end
       || replace(replace(regexp_replace(e, ' \\\w+$', ''), '''bi''', '''regress_bi'''), '''analyst''', '''regress_analyst''') as statement
from pg_proc p cross join unnest(ecom_internal.comment_examples(obj_description(p.oid, 'pg_proc'))) e
where p.pronamespace = 'ecom'::regnamespace;
select count(*) > 40 as are_many, count(distinct function) > 40 as of_many from example;
set search_path = public, help_source;
set client_min_messages = error;
create temporary table result as
select e.*, o.state as owner_state, a.state as analyst_state, r.state as reader_state, r.hint as reader_hint
from example e
cross join lateral pg_temp.outcome(e.statement, 'regress_owner') o
cross join lateral pg_temp.outcome(e.statement, 'regress_analyst') a
cross join lateral pg_temp.outcome(e.statement, 'regress_bi') r;
reset client_min_messages;
reset search_path;
select function, statement, owner_state from result where owner_state <> 'runs';
-- An analyst may do what changes nothing; a reader who asks for it is told whom to ask.
select function, statement, analyst_state from result where analyst_state <> 'runs' and (not is_volatile or analyst_state <> '42501');
select function, statement, reader_state, reader_hint from result
where reader_state <> 'runs'
  and (reader_state <> '42501' or is_over_mart and not is_volatile and reader_hint not like '%ecom.grant_analyst(''shop'', ''regress_bi'')%');
select count(*) filter (where analyst_state = 'runs') > count(*) filter (where reader_state = 'runs') as analysts_do_more,
       count(*) filter (where owner_state = 'runs') > count(*) filter (where analyst_state = 'runs') as owners_do_most
from result;
select distinct reader_hint from result where is_over_mart and not is_volatile and reader_state <> 'runs';

-- Examples of a comment: behind the summary, and behind "Example: " with the indented lines below.
select s.n, ecom_internal.comment_summary(s.comment) as summary, ecom_internal.comment_examples(s.comment) as examples
from (values (1, E'Does it.\nExample: SELECT 1\nText with Example: no, as in: SELECT 2\nExample: SELECT a,\n  b\n    FROM c\nExample:none'),
             (2, E'Does it: SELECT ecom.f(''a: b.'').\nMore: SELECT 3.\nExample: SELECT ecom.f(4)'),
             (3, E'Does: this and that.\n  indented'), (4, 'Crosses: SELECT 1 \crosstabview.'), (5, null)) s (n, comment) order by s.n;

-- Signatures: defaults without casts, rows as a table.
create function ecom_internal.help_test(inout a numeric, b text default 'it''s; here', c date default null, d text[] default '{x}',
    e float8 default 1.5, variadic f int[] default array[1, 2]) language sql as 'select a';
select replace(ecom_internal.function_signature(p.oid), 'ecom.help_test', 'help_test') from pg_proc p where p.proname = 'help_test';
drop function ecom_internal.help_test;
select ecom_internal.function_signature('ecom.rfm_score(name,date,int,text,text,text)'::regprocedure);
select ecom_internal.function_signature('ecom.rfm_segment(int,int,int,int,text,ecom.model)'::regprocedure);
select ecom_internal.function_signature('ecom.rfm_rollup(ecom.state)'::regprocedure);
select ecom_internal.function_signature('ecom.rfm_schemes()'::regprocedure);

-- Where to start. Whatever a family adds, the way is create, load, refresh, look.
select topic, sql from ecom.help() where topic in ('try it', 'create', 'load', 'check', 'refresh', 'share');
select string_agg(topic, ' < ' order by first) as way
from (select topic, min(n) as first from ecom.help() with ordinality h (topic, what, sql, n) group by topic) t
where topic in ('create', 'load', 'refresh', 'look');
select topic from ecom.help() where what is null or sql !~ '^SELECT .*;$' or what like '%Example%';

-- A name, however it is written; the form over a mart comes first.
select p.pattern, h.name, h.kind, h.example
from unnest(array['rfm_score', 'ecom.rfm_score', ' RFM_Score', '%rfm_score%', 'rfm_score*']) p (pattern)
cross join lateral (select * from ecom.help(p.pattern) limit 1) h;
-- The whole comment: what \df+ shows, with the examples in their column.
select h.signature, h.summary = regexp_replace(obj_description(p.oid, 'pg_proc'), '\nExample: SELECT \* FROM ecom.rfm_score\(''shop''\)', '') as is_whole
from ecom.help('rfm_score') h, pg_proc p
where h.signature like 'ecom.rfm_score(mart%' and p.oid = 'ecom.rfm_score(name,date,int,text,text,text)'::regprocedure;
select name, kind, count(*) from ecom.help('rfm_score') where name = 'rfm_score' group by name, kind order by kind;
select name, kind, array_length(string_to_array(signature, E'\n'), 1) as forms from ecom.help('rfm_agg') where name = 'rfm_agg';
select name, signature from ecom.help('rfm_ag') where name = 'rfm_agg';
-- Words: of the name, of the summary, of the text, and in other forms.
select p.pattern, h.name from unnest(array['score rfm', 'equally filled bins', 'type-7 quantile']) p (pattern)
cross join lateral (select * from ecom.help(p.pattern) limit 1) h;
select name from ecom.help('proposing meaning of columns') where name = 'propose_columns';
-- Views and settings.
select name, kind, summary, example, signature from ecom.help('rfm_segment') where kind = 'view';
select name, kind, summary, example, signature from ecom.help('window_days') where kind = 'setting';
-- What is found and what contains the word are the same.
with described (name, words) as (
    select p.proname::text, p.proname || ' ' || obj_description(p.oid, 'pg_proc') from pg_proc p where p.pronamespace = 'ecom'::regnamespace
    union all select c.relname::text, c.relname || ' ' || obj_description(c.oid, 'pg_class') from pg_class c
    where c.relnamespace in ('shop'::regnamespace, 'ecom'::regnamespace) and (ecom_internal.is_bi_surface(c.oid))
    union all select t.typname::text, t.typname || ' ' || obj_description(t.oid, 'pg_type') from pg_type t where t.typnamespace = 'ecom'::regnamespace
    union all select d.name, d.name || ' ' || d.description from ecom_internal.setting_definition d where not d.is_fixed
), difference as (
    select p.pattern, d.name from unnest(array['threshold', 'segment', 'calendar', 'day']) p (pattern) join described d on strpos(lower(d.words), p.pattern) > 0
    except select p.pattern, h.name from unnest(array['threshold', 'segment', 'calendar', 'day']) p (pattern) cross join lateral ecom.help(p.pattern) h
)
select * from difference;
select p.pattern, count(*) > 2 as finds, count(*) filter (where strpos(lower(concat(h.name, d.comment, o.comment, t.comment, e.description)), p.pattern) = 0) as wrong
from unnest(array['threshold', 'segment', 'calendar', 'day']) p (pattern) cross join lateral ecom.help(p.pattern) h
left join lateral (select string_agg(obj_description(f.oid, 'pg_proc'), '') from pg_proc f where f.pronamespace = 'ecom'::regnamespace and f.proname = h.name) d (comment) on true
left join lateral (select string_agg(obj_description(c.oid, 'pg_class'), '') from pg_class c where c.relname = h.name) o (comment) on true
left join lateral (select string_agg(obj_description(y.oid, 'pg_type'), '') from pg_type y where y.typname = h.name) t (comment) on true
left join ecom_internal.setting_definition e on e.name = h.name
group by p.pattern order by p.pattern;
select count(*) from ecom.help('xyzzy plugh');
select count(*) from ecom.help(E'\\ '' ( [');
-- Without a pattern everything: each function, and each relation of the BI surface once.
select count(*) as missing from (
    select p.proname::text from pg_proc p where p.pronamespace = 'ecom'::regnamespace
    union select c.relname::text from pg_class c where c.relnamespace = 'shop'::regnamespace and ecom_internal.is_bi_surface(c.oid)
    union select d.name from ecom_internal.setting_definition d where not d.is_fixed
    except select h.name from ecom.help(null) h) q;
select count(*) filter (where h.name in (select c.relname::text from pg_class c
    where c.relnamespace = 'shop'::regnamespace and not ecom_internal.is_bi_surface(c.oid))) as inner_tables
from ecom.help('') h where h.kind in ('view', 'table');

-- Relations are those that the caller may read, of the mart of the setting or the first.
set client_min_messages = warning;
select ecom.create_mart('help second');
select example from ecom.help('rfm_customer') where kind = 'view';
set ecom_analytics.mart = 'help second';
select example from ecom.help('rfm_customer') where kind = 'view';
set role regress_bi;
select example from ecom.help('rfm_customer') where kind = 'view';
select count(*) from ecom.help('rfm_score') where name = 'rfm_score';
reset role;
reset ecom_analytics.mart;

drop schema shop, "help second", help_source cascade;
do $$ begin execute format('revoke create on database %I from regress_owner', current_database()); end $$;
drop owned by regress_analyst, regress_bi, regress_owner;
drop role regress_analyst, regress_bi, regress_owner;
