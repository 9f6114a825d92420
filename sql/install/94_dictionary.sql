-- The data dictionary: what a BI reader sees of a mart, as rows, for tools that show no comments.

insert into ecom_internal.mart_part (name, position, ddl) values ('data_dictionary', 99, $ddl$
-- Which relations are shown repeats ecom_internal.is_bi_surface, so that the view outlives the extension as the tables do.
-- The schema is that of dim_date, whatever it is called by now.
create view {mart}.data_dictionary as
select c.relname::text as relation_name,
       case c.relkind when 'v' then 'view' when 'f' then 'foreign table' else 'table' end::text as relation_kind,
       split_part(obj_description(c.oid, 'pg_class'), E'\n', 1)::text as relation_comment,
       a.attname::text as column_name,
       row_number() over (partition by c.oid order by a.attnum)::int as position,
       format_type(a.atttypid, a.atttypmod)::text as data_type,
       coalesce(k.is_primary_key, false)::boolean as is_primary_key,
       k.references_relation::text as references_relation,
       col_description(c.oid, a.attnum)::text as column_comment
from {mart}.dim_date d
join pg_catalog.pg_class m on m.oid = d.tableoid
join pg_catalog.pg_class c on c.relnamespace = m.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid
left join (select o.conrelid, o.column_number, bool_or(o.contype = 'p') as is_primary_key,
                  string_agg(f.relname, ', ' order by f.relname) as references_relation
           from (select k.conrelid, k.confrelid, k.contype, unnest(k.conkey) as column_number
                 from pg_catalog.pg_constraint k where k.contype in ('p', 'f')) o
           left join pg_catalog.pg_class f on f.oid = o.confrelid
           group by o.conrelid, o.column_number) k on k.conrelid = c.oid and k.column_number = a.attnum
where d.date_key = 0
  and c.relkind in ('r', 'p', 'v', 'f') and not c.relispartition
  and obj_description(c.oid, 'pg_class') ~ '^One row per'
  and obj_description(c.oid, 'pg_class') !~ '(^|\n)Inner table'
  and a.attnum > 0 and not a.attisdropped
  and has_column_privilege(c.oid, a.attnum, 'select');
comment on view {mart}.data_dictionary is
'One row per column of the tables and views of this mart that the current user may read: what it means, its type and keys.';
comment on column {mart}.data_dictionary.relation_name is 'Table or view.';
comment on column {mart}.data_dictionary.relation_kind is 'What it is: table, view or foreign table.';
comment on column {mart}.data_dictionary.relation_comment is 'What one row of it is.';
comment on column {mart}.data_dictionary.column_name is 'Column.';
comment on column {mart}.data_dictionary.position is 'Position of the column in its relation, from 1.';
comment on column {mart}.data_dictionary.data_type is 'Type of the column, as PostgreSQL names it.';
comment on column {mart}.data_dictionary.is_primary_key is
'True when the column is a part of the primary key. Views have no keys of their own: false.';
comment on column {mart}.data_dictionary.references_relation is
'Table that the column is a foreign key to; empty when it is none, and for views.';
comment on column {mart}.data_dictionary.column_comment is 'What the column means.';
$ddl$);

create function ecom.schema_diagram(mart name default null, with_columns boolean default true) returns text
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
declare
    diagram text;
begin
    execute format($query$
        with column_of as (
            select d.*, '"' || replace(d.relation_name, '"', '#quot;') || '"' as entity,
                   regexp_replace(d.column_name, '[^[:alnum:]_]', '_', 'g') as attribute
            from %I.data_dictionary d where d.relation_kind <> 'view'
        ), link as (
            select c.entity, c.attribute, c.relation_name, c.position,
                   '"' || replace(r.referenced, '"', '#quot;') || '"' as referenced
            from column_of c, string_to_table(c.references_relation, ', ') r (referenced)
        ), line (relation_name, part, position, text) as (
            select l.relation_name, 1, l.position, format('    %%s }o--|| %%s : %%s', l.entity, l.referenced, l.attribute) from link l
            union all
            select c.relation_name, 2, 0, format(case when $1 then '    %%s {' else '    %%s' end, c.entity)
            from column_of c where c.position = 1
            union all
            select c.relation_name, 3, c.position,
                   format('        %%s %%s%%s', regexp_replace(regexp_replace(c.data_type, '\(.*\)', ''), '[^[:alnum:]_]', '_', 'g'), c.attribute,
                          case when c.is_primary_key and c.references_relation is not null then ' PK, FK' when c.is_primary_key then ' PK'
                               when c.references_relation is not null then ' FK' else '' end)
            from column_of c where $1
            union all
            select c.relation_name, 4, 0, '    }' from column_of c where $1 and c.position = 1
        )
        select 'erDiagram' || string_agg(E'\n' || l.text, '' order by (l.part = 1) desc, l.relation_name collate "C", l.part, l.position) from line l
        $query$, ecom_internal.mart_name(mart)) into diagram using with_columns;
    return diagram;
end
$$;
comment on function ecom.schema_diagram(name, boolean) is
'The star schema of a mart as the text of a Mermaid diagram, which wikis and code hosts draw.
Example: SELECT ecom.schema_diagram(''shop'')
Tables that the current user may read, with types, primary (PK) and foreign keys (FK), and a line for each foreign key. Views are left
out: they have no keys. Characters that the notation does not know become underscores.
Arguments: mart; NULL means the setting ecom_analytics.mart. with_columns: false for tables and lines only.
Errors: 3F000 for an unknown mart.';
