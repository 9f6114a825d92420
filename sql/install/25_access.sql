-- Who may read a mart, and whether what they see keeps the contract of BI tools.

create function ecom_internal.is_bi_surface(relation oid) returns boolean
language sql stable strict
set search_path = pg_catalog, pg_temp
as $$
    select c.relkind in ('r', 'p', 'v', 'f') and not c.relispartition
           and coalesce(obj_description(c.oid, 'pg_class') ~ '^One row per'
                        and obj_description(c.oid, 'pg_class') !~ '(^|\n)Inner table', false)
    from pg_class c where c.oid = relation
$$;
comment on function ecom_internal.is_bi_surface(oid) is
'Says whether a relation of a mart is for BI readers: its comment says what one row is, and does not call it inner.
What has no comment is not for readers, so that a new table is never shown by mistake.';

create function ecom_internal.is_described(relation oid) returns boolean
language sql stable strict
set search_path = pg_catalog, pg_temp
as $$
    select not c.relispartition and coalesce(obj_description(c.oid, 'pg_class') ~ '^One row per', false)
    from pg_class c where c.oid = relation
$$;
comment on function ecom_internal.is_described(oid) is
'Says whether a relation is a part of the mart that analysts may read: the BI surface and the inner tables.
Partitions are read through their table; what has no comment that says what one row is, is the user''s own.';

create function ecom_internal.grant_access(mart name, grantee name, with_inner_tables boolean) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_schema constant name := (select n.nspname from pg_namespace n where n.oid = ecom_internal.mart_oid(mart));
    relation record;
    schema_name name;
begin
    if grantee is null or not exists (select from pg_roles where rolname = grantee) then
        raise exception 'role "%" does not exist', coalesce(grantee, 'NULL') using errcode = '42704',
            hint = 'Create it first, for example with CREATE ROLE ... LOGIN; roles belong to the whole cluster.';
    end if;
    if pg_has_role(grantee, (select nspowner from pg_namespace where nspname = mart_schema), 'member') then
        raise exception 'role "%" owns mart "%"', grantee, mart_schema using errcode = '0LP01',
            hint = 'Give a role that is neither superuser nor member of the owner: it would keep all rights.';
    end if;
    foreach schema_name in array array[mart_schema, 'ecom'] loop
        if schema_name = mart_schema and has_schema_privilege(grantee, schema_name, 'create') then
            execute format('revoke create on schema %I from %I', schema_name, grantee);
        end if;
        continue when has_schema_privilege(grantee, schema_name, 'usage');
        if not has_schema_privilege(schema_name, 'usage with grant option') then
            raise exception 'usage of schema "%" cannot be granted by "%"', schema_name, current_user
                using errcode = '42501', hint = 'Let the owner of the schema make the call.';
        end if;
        execute format('grant usage on schema %I to %I', schema_name, grantee);
    end loop;
    for relation in
        select c.oid::regclass as name, ecom_internal.is_bi_surface(c.oid) as is_shown,
               with_inner_tables and ecom_internal.is_described(c.oid) as is_inner
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = mart_schema and c.relkind in ('r', 'p', 'v', 'm', 'f')
        order by c.oid
    loop
        -- First everything goes, so that a right to write, or to see an inner table, does not survive.
        execute format('revoke all on table %s from %I', relation.name, grantee);
        if relation.is_shown then
            -- Power BI and Metabase see keys only of tables on which the role holds more than SELECT.
            execute format('grant select, references on table %s to %I', relation.name, grantee);
        elsif relation.is_inner then
            execute format('grant select on table %s to %I', relation.name, grantee);
        end if;
    end loop;
end
$$;
comment on function ecom_internal.grant_access(name, name, boolean) is
'Does the work of ecom.grant_reader and, with_inner_tables, of ecom.grant_analyst.';

create function ecom.grant_reader(mart name, reader name) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform ecom_internal.grant_access(mart, reader, false);
end
$$;
comment on function ecom.grant_reader(name, name) is
'Lets a role read the BI surface of a mart, and nothing else of it: the login of a BI tool.
Example: SELECT ecom.grant_reader(''shop'', ''bi'')
Grants USAGE on the mart and on schema ecom, SELECT and REFERENCES on the facts, dimensions, results and BI views;
REFERENCES lets BI tools see the keys. Takes back what the role was granted on other relations of the mart, and rights to write.
A reader cannot call functions on the mart, which read inner tables: that is what ecom.grant_analyst is for.
Call it again after new tables or views have come. Partitions are read through fact_sales.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- reader: an existing role
Errors: 42704 for an unknown role, 0LP01 for the owner of the mart and for superusers, 42501 when the caller may not grant.';

create function ecom.grant_analyst(mart name, analyst name) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform ecom_internal.grant_access(mart, analyst, true);
end
$$;
comment on function ecom.grant_analyst(name, name) is
'Lets a role read all of a mart and call the functions that change nothing, such as ecom.rfm_score.
Example: SELECT ecom.grant_analyst(''shop'', ''analyst'')
Grants what ecom.grant_reader grants, and SELECT on the inner tables: settings, rules, logs, rejected lines, models and
rollups, because functions run with the rights of who calls them. An analyst cannot load, refresh or change settings. Tables of
your own in the mart''s schema stay hidden unless their comment starts with "One row per".
For the login of a BI tool use ecom.grant_reader: a tool would list the inner tables too. Calling it makes an analyst a
reader again. Call it again after new tables or views have come.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- analyst: an existing role
Errors: those of ecom.grant_reader.';

create function ecom.check_bi(mart name default null, reader name default null)
returns table (rule text, object text, detail text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_schema constant name := (select n.nspname from pg_namespace n where n.oid = ecom_internal.mart_oid(mart));
    max_name_length constant int := 40;
begin
    if reader is not null and not exists (select from pg_roles where rolname = reader) then
        raise exception 'role "%" does not exist', reader using errcode = '42704',
            hint = 'Give an existing role, or NULL to check what ecom.grant_reader would show.';
    end if;
    return query
    with shown as materialized (
        select c.oid, c.relname, c.relkind, obj_description(c.oid, 'pg_class') as comment,
               c.relkind in ('r', 'p') and c.relname ~ '^fact_' as is_fact,
               c.relkind in ('r', 'p') and c.relname ~ '^(fact|dim)_' as is_keyed
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = mart_schema and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
          and case when reader is null then ecom_internal.is_bi_surface(c.oid)
                   else has_table_privilege(reader, c.oid, 'select') end
    ), shown_column as materialized (
        select s.oid, s.relname, s.is_fact, a.attnum, a.attname, a.attnotnull, a.atttypmod,
               format('%I.%I', s.relname, a.attname) as label,
               t.typname, t.typnamespace = 'pg_catalog'::regnamespace as is_built_in, t.typreceive,
               format_type(a.atttypid, a.atttypmod) as type_label,
               information_schema._pg_numeric_precision(a.atttypid, a.atttypmod) as digits,
               information_schema._pg_numeric_scale(a.atttypid, a.atttypmod) as decimals
        from shown s
        join pg_attribute a on a.attrelid = s.oid and a.attnum > 0 and not a.attisdropped
        join pg_type t on t.oid = a.atttypid
    ), finding (rule, object, detail) as (
        select 'no relation is shown', quote_ident(mart_schema), coalesce('role ' || quote_ident(reader), 'nobody')
        where not exists (select from shown)
        union all
        select 'type not for BI tools', label, type_label from shown_column
        where not is_built_in or typname not in ('bool', 'int2', 'int4', 'int8', 'float8', 'numeric', 'text', 'varchar', 'date', 'timestamp')
        union all
        select 'numeric wider than (18,4)', label, type_label from shown_column
        where typname = 'numeric' and (digits is null or digits > 18 or decimals not between 0 and 4)
        union all
        select 'type without a binary form', label, type_label from shown_column where typreceive = 0
        union all
        select 'name not in snake case or too long', object_label, '' from (
            select relname, quote_ident(relname) from shown union all select attname, label from shown_column) names (name, object_label)
        where name !~ '^[a-z][a-z0-9_]*$' or length(name) > max_name_length
        union all
        select 'column is a reserved word', label, '' from shown_column
        where attname in (select word from pg_get_keywords() where catcode = 'R')
        union all
        select 'relation without comment', quote_ident(relname), '' from shown where comment is null
        union all
        select 'relation comment does not start with One row per', quote_ident(relname), split_part(comment, E'\n', 1)
        from shown where not starts_with(comment, 'One row per')
        union all
        select 'column without comment', label, '' from shown_column where col_description(oid, attnum) is null
        union all
        select 'materialized view is shown', quote_ident(relname), 'wrap it in a view' from shown where relkind = 'm'
        union all
        select 'no primary key', quote_ident(relname), '' from shown
        where is_keyed and not exists (select from pg_constraint k where k.conrelid = shown.oid and k.contype = 'p')
        union all
        select 'fact key without foreign key', label, '' from shown_column c
        where is_fact and attname ~ '_key$'
          and not exists (select from pg_constraint k
                          where k.conrelid = c.oid and k.contype in ('f', 'p') and c.attnum = any (k.conkey))
        union all
        select 'fact key can be NULL', label, 'use the Unknown member' from shown_column
        where is_fact and attname ~ '_key$' and not attnotnull
        union all
        select 'fact key without index', label, '' from shown_column c
        where is_fact and attname ~ '_key$'
          and not exists (select from pg_index i where i.indrelid = c.oid and i.indisvalid and i.indkey[0] = c.attnum)
        union all
        select 'reader has no REFERENCES', quote_ident(relname), 'BI tools do not see its keys' from shown
        where reader is not null and relkind in ('r', 'p') and not has_table_privilege(reader, oid, 'references')
        union all
        select 'reader can write', quote_ident(relname), '' from shown
        where reader is not null and has_table_privilege(reader, oid, 'insert, update, delete, truncate, trigger')
        union all
        select 'reader can create objects', quote_ident(mart_schema), ''
        where reader is not null and has_schema_privilege(reader, mart_schema, 'create')
    )
    select f.rule, f.object, f.detail from finding f order by f.rule, f.object;
end
$$;
comment on function ecom.check_bi(name, name) is
'Checks that what readers see of a mart keeps the contract of BI tools.
Example: SELECT * FROM ecom.check_bi(''shop'', ''bi'')
Looks at types, names, comments, keys, indexes and, for a role, its rights. Calendar and contents are not looked at.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- reader: the role whose view is checked; NULL checks the relations that ecom.grant_reader would show
Returns one row per fault (rule, object, detail); no row means that all is well.
Errors: 42704 for an unknown role.';
