-- What Power BI's navigator and its driver read of a schema, as views: the relations and columns of information_schema that
-- they join, for a whole schema where Power BI asks table by table. What a role sees in them is what Power BI shows it.
create schema navigator;
grant usage on schema navigator to public;
create view navigator.character_set with (security_invoker = true) as
select character_set_name from information_schema.character_sets;
create view navigator.relation with (security_invoker = true) as
select table_schema, table_name, table_type from information_schema.tables
where table_schema not in ('information_schema', 'pg_catalog', 'navigator');
create view navigator.relation_column with (security_invoker = true) as
select table_schema, table_name, column_name, ordinal_position, is_nullable, data_type from information_schema.columns;
-- Primary and unique keys.
create view navigator.key_column with (security_invoker = true) as
select c.table_schema, c.table_name, c.constraint_name, c.constraint_type, u.column_name, u.ordinal_position
from information_schema.table_constraints c
join information_schema.key_column_usage u using (constraint_schema, constraint_name, table_schema, table_name)
where c.constraint_type in ('PRIMARY KEY', 'UNIQUE');
-- Foreign keys, read from both ends: by the table that has one and by the table that is referenced.
create view navigator.reference_column with (security_invoker = true) as
select f.table_schema, f.table_name, f.column_name, p.table_schema as referenced_schema, p.table_name as referenced_table,
       p.column_name as referenced_column, r.constraint_name
from (select distinct constraint_schema, constraint_name, unique_constraint_schema, unique_constraint_name
      from information_schema.referential_constraints) r
join information_schema.key_column_usage f on f.constraint_schema = r.constraint_schema and f.constraint_name = r.constraint_name
join information_schema.key_column_usage p on p.constraint_schema = r.unique_constraint_schema
     and p.constraint_name = r.unique_constraint_name and p.ordinal_position = f.ordinal_position;
-- Types that Npgsql knows: those with a function that reads their binary form.
create view navigator.driver_type with (security_invoker = true) as
select t.oid, n.nspname, t.typname, t.typtype
from pg_type t join pg_namespace n on n.oid = t.typnamespace join pg_proc p on p.oid = t.typreceive
where t.typtype in ('b', 'r', 'e', 'd');
grant select on all tables in schema navigator to public;

-- What it should show, straight from the catalog, whoever asks.
create view navigator.surface as
select c.oid, c.relname::text as table_name, c.relkind from pg_class c
where c.relnamespace = 'shop'::regnamespace and ecom_internal.is_bi_surface(c.oid);
create view navigator.surface_column as
select s.table_name, a.attname::text as column_name, a.attnum, t.typname::text as type_name, t.oid as type_oid,
       split_part(col_description(s.oid, a.attnum), E'\n', 1) as remark
from navigator.surface s
join pg_attribute a on a.attrelid = s.oid and a.attnum > 0 and not a.attisdropped join pg_type t on t.oid = a.atttypid;
create view navigator.surface_key as
select s.table_name, a.attname::text as column_name, k.contype::text as kind,
       f.relname::text as referenced_table, b.attname::text as referenced_column
from navigator.surface s
join pg_constraint k on k.conrelid = s.oid and k.contype in ('p', 'f')
cross join lateral unnest(k.conkey, k.confkey) u (number, referenced_number)
join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.number
left join pg_class f on f.oid = k.confrelid
left join pg_attribute b on b.attrelid = k.confrelid and b.attnum = u.referenced_number;

-- A query in the shape of DirectQuery for each column: grouped by it, with every number summed, the relation wrapped twice.
create view navigator.direct_query as
select c.table_name, c.attnum,
       format('select "rows"."x", %scount(1) as "n" from (select "_".%I as "x"%s from (select %s from "shop".%I "$Table") "_" '
              'where not "_".%I is null) "rows" group by "x" limit 1000001;',
              o.sums, c.column_name, o.numbers, o.columns, c.table_name, c.column_name) as query
from navigator.surface_column c
cross join lateral (
    select coalesce(string_agg(format('sum("rows"."y%s") as "a%s", ', y.attnum, y.attnum), '') filter (where y.is_number), '') as sums,
           coalesce(string_agg(format(', "_".%I as "y%s"', y.column_name, y.attnum), '') filter (where y.is_number), '') as numbers,
           string_agg(format('"$Table".%I', y.column_name), ', ') as columns
    from (select n.*, n.type_name in ('int2', 'int4', 'int8', 'float8', 'numeric') as is_number from navigator.surface_column n) y
    where y.table_name = c.table_name) o;
