-- The view data_dictionary of a mart, against the catalog.
\set SHOW_CONTEXT never
set client_min_messages = warning;
create role regress_dictionary_reader;
select ecom.create_mart('it''s a "mart"', 'month', '2024-01-01', '2024-03-31');
select ecom.create_mart('dictionary_other');
select ecom.grant_reader('it''s a "mart"', 'regress_dictionary_reader');
set search_path = 'it''s a "mart"', public;

-- One row per column of the BI surface, no inner table, no partition, nothing of another mart.
create temporary view expected_column as
select c.relname::text as relation_name, a.attname::text as column_name, format_type(a.atttypid, a.atttypmod) as data_type, col_description(c.oid, a.attnum) as comment
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = (select oid from pg_namespace where nspname = 'it''s a "mart"') and ecom_internal.is_bi_surface(c.oid);
select count(*) > 150 as has_many, count(distinct (relation_name, column_name)) = count(*) as are_distinct from data_dictionary;
(select 'missing', e.* from expected_column e except all select 'missing', d.relation_name, d.column_name, d.data_type, d.column_comment from data_dictionary d)
union all
(select 'too many', d.relation_name, d.column_name, d.data_type, d.column_comment from data_dictionary d except all select 'too many', e.* from expected_column e);
select * from data_dictionary where column_comment is null or relation_comment !~ '^One row per' or relation_comment ~ '\n';
select relation_name, count(*), min(position), max(position), string_agg(distinct relation_kind, ',') as kinds
from data_dictionary where relation_name in ('fact_sales', 'dim_order_date', 'data_dictionary') group by relation_name order by relation_name collate "C";
select column_name, position, data_type, is_primary_key, references_relation, column_comment
from data_dictionary where relation_name = 'fact_marketing_spend' order by position;
-- Keys: those of pg_constraint.
select d.relation_name, d.column_name, d.is_primary_key, d.references_relation from data_dictionary d
where (d.is_primary_key, d.references_relation) is distinct from (
    exists (select from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any (k.conkey)
            where k.conrelid = format('%I', d.relation_name)::regclass and k.contype = 'p' and a.attname = d.column_name),
    (select f.relname::text from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any (k.conkey)
     join pg_class f on f.oid = k.confrelid
     where k.conrelid = format('%I', d.relation_name)::regclass and k.contype = 'f' and a.attname = d.column_name and k.conparentid = 0));
select count(*) filter (where is_primary_key) > 8 as has_keys, count(references_relation) > 12 as has_references from data_dictionary;

-- What comes later is in it; what is taken from a reader is not.
create view later_view as select 1 as answer, 'x'::text as why;
select count(*) from data_dictionary where relation_name = 'later_view';
comment on view later_view is E'One row per answer.\nA second line.';
comment on column later_view.answer is 'The answer.';
select relation_name, relation_kind, relation_comment, column_name, position, data_type, is_primary_key, column_comment
from data_dictionary where relation_name = 'later_view' order by position;
alter table dim_channel add column dropped_later int, add column owner text;
comment on column dim_channel.owner is 'Who answers for it.';
alter table dim_channel drop column dropped_later;
select column_name, position from data_dictionary where relation_name = 'dim_channel' order by position;
set role regress_dictionary_reader;
select count(*) from data_dictionary where relation_name = 'later_view';
select count(distinct relation_name) > 12 as sees_the_rest from data_dictionary;
reset role;
revoke select on dim_product from regress_dictionary_reader;
grant select (product_key, name) on dim_product to regress_dictionary_reader;
set role regress_dictionary_reader;
select column_name, position from data_dictionary where relation_name = 'dim_product' order by position;
reset role;
-- A renamed mart keeps its dictionary.
set search_path = public;
alter schema "it's a ""mart""" rename to dictionary_renamed;
select count(*) > 150 as has_many from dictionary_renamed.data_dictionary;
select * from ecom.check_bi('dictionary_other');
-- Quick enough to be opened like any other table.
create function pg_temp.milliseconds() returns numeric language plpgsql as $$
declare
    started timestamptz := clock_timestamp();
begin
    perform count(*) from dictionary_renamed.data_dictionary;
    return extract(epoch from clock_timestamp() - started) * 1000;
end
$$;
select min(pg_temp.milliseconds()) < 50 as is_quick from generate_series(1, 5);

-- The diagram: every table and every foreign key of the dictionary, and names that the notation does not know.
set ecom_analytics.mart = 'dictionary_renamed';
create table dictionary_renamed."a ""b""" ("the key" int primary key references dictionary_renamed.dim_channel, x numeric(5,2)[]);
comment on table dictionary_renamed."a ""b""" is 'One row per channel.';
select line from string_to_table(ecom.schema_diagram(), E'\n') line where line like '%#quot;%' or line ~ 'the_key|_x|dim_channel' order by line collate "C";
select count(*) filter (where line ~ '^    \S+ }o--\|\| \S+ : \w+$') = (select count(*) from dictionary_renamed.data_dictionary d,
           string_to_table(d.references_relation, ', ') where d.relation_kind <> 'view' and d.relation_name <> 'a "b"') as all_links,
       count(*) filter (where line ~ ' {$') = (select count(distinct relation_name) from dictionary_renamed.data_dictionary where relation_kind <> 'view') as all_tables
from string_to_table(ecom.schema_diagram('dictionary_renamed'), E'\n') line;
select split_part(ecom.schema_diagram('dictionary_other', false), E'\n', 1) as first_line,
       ecom.schema_diagram('dictionary_other', false) ~ '[{]' as has_columns;
select ecom.schema_diagram('no_such_mart');
reset ecom_analytics.mart;

drop schema dictionary_renamed, dictionary_other cascade;
drop owned by regress_dictionary_reader;
drop role regress_dictionary_reader;
