-- ecom.help: the comments of the catalog, found by name or by words.
--
-- A comment's first line is the summary. An example is a statement that runs as it stands on the demo mart shop: it follows the
-- summary after a colon, or stands behind "Example: " at the start of a line, with indented lines below that belong to it.
-- Nothing is told here that a comment does not say.

create table ecom_internal.help_topic (
    position      int  primary key,
    topic         text not null,
    function_name name not null unique
);
comment on table ecom_internal.help_topic is
'One row per line of ecom.help(): the way from an empty database to answers. A family adds what a newcomer should see of it.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.help_topic.position is 'Order of the lines.';
comment on column ecom_internal.help_topic.topic is 'What the line is about, in a word.';
comment on column ecom_internal.help_topic.function_name is
'Function of schema ecom whose comment is quoted: of several of that name the one over a mart.';
grant select on ecom_internal.help_topic to public;

insert into ecom_internal.help_topic (position, topic, function_name) values
    (10, 'try it', 'load_demo'),
    (20, 'create', 'create_mart'),
    (30, 'load', 'propose_columns'),
    (31, 'load', 'load_sales'),
    (32, 'load', 'bind_mart'),
    (40, 'check', 'check_mart'),
    (41, 'check', 'readiness'),
    (50, 'refresh', 'refresh'),
    (60, 'look', 'insights'),
    (61, 'look', 'kpi_summary'),
    (62, 'look', 'revenue_by'),
    (63, 'look', 'rfm_score'),
    (64, 'look', 'cohort_retention'),
    (70, 'why', 'kpi_compare'),
    (71, 'why', 'explain_change'),
    (72, 'why', 'drilldown'),
    (75, 'watch', 'set_alert'),
    (76, 'watch', 'check_alerts'),
    (80, 'share', 'grant_reader'),
    (81, 'share', 'grant_analyst'),
    (90, 'find more', 'help');

create function ecom_internal.comment_summary(comment text) returns text
language sql immutable strict
set search_path = pg_catalog, pg_temp
as $$ select regexp_replace(split_part(comment, E'\n', 1), ': SELECT .*$', '.') $$;
comment on function ecom_internal.comment_summary(text) is
'The first line of a comment, without the example that it may end with.';

create function ecom_internal.comment_examples(comment text) returns text[]
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    -- A statement that ends with a command of psql, such as \crosstabview, is run by it.
    select coalesce(array_agg(case when e.statement ~ ' \\\w+$' then e.statement else e.statement || ';' end order by l.n), '{}')
    from regexp_split_to_table(regexp_replace(comment, '\n +', ' ', 'g'), '\n') with ordinality l (line, n)
    cross join lateral (values (case
        when l.line ~ '^Example: ' then substr(l.line, length('Example: ') + 1)
        when l.n = 1 then regexp_replace(substring(l.line from ': (SELECT .*)$'), '\.$', '') end)) e (statement)
    where e.statement is not null
$$;
comment on function ecom_internal.comment_examples(text) is
'The examples in a comment, in their order, as statements to run; an empty array when there are none.';

create function ecom_internal.function_signature(function_id oid) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with argument as (
        select a.n, coalesce(a.mode, 'i') as mode,
               concat_ws(' ', case a.mode when 'v' then 'variadic' end, nullif(a.name, ''), format_type(a.type, null)) as label,
               -- A constant says its type in its argument already.
               lower(substring(d.expression from '^NULL')) as null_default,
               regexp_replace(d.expression, '^(''.*''|-?[0-9.]+)::[^'']+$', '\1') as default_value
        from pg_proc p
        cross join unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]), p.proargnames, p.proargmodes)
            with ordinality a (type, name, mode, n)
        cross join lateral (select pg_get_function_arg_default(p.oid, a.n::int)) d (expression)
        where p.oid = function_id and a.type is not null
    )
    select format('ecom.%I(%s) returns %s', p.proname,
                  (select string_agg(concat_ws(' default ', a.label, coalesce(a.null_default, a.default_value)), ', ' order by a.n)
                   from argument a where a.mode in ('i', 'b', 'v')),
                  coalesce((select format('%s(%s)', case when p.proretset then 'table ' end, string_agg(a.label, ', ' order by a.n))
                            from argument a where a.mode in ('o', 'b', 't') having count(*) > 0),
                           case when p.proretset then 'setof ' else '' end || format_type(p.prorettype, null)))
    from pg_proc p where p.oid = function_id
$$;
comment on function ecom_internal.function_signature(oid) is
'A function of schema ecom as one writes its call: arguments with types and defaults, and what it returns.';

create function ecom_internal.help_entry()
returns table (name text, kind text, comment text, examples text[], signature text, sort_order int)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select p.proname::text, case p.prokind when 'a' then 'aggregate' when 'w' then 'window function' else 'function' end,
           obj_description(p.oid, 'pg_proc'), ecom_internal.comment_examples(obj_description(p.oid, 'pg_proc')),
           ecom_internal.function_signature(p.oid), case p.proargnames[1] when 'mart' then 1 else 3 end
    from pg_proc p
    where p.pronamespace = 'ecom'::regnamespace
    union all
    -- What several marts have is listed once, for the mart of the setting or the first by name.
    (select distinct on (c.relname) c.relname::text, case c.relkind when 'v' then 'view' else 'table' end,
            obj_description(c.oid, 'pg_class'), array[format('SELECT * FROM %I.%I LIMIT 10;', n.nspname, c.relname)],
            (select string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum)
             from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
            case c.relkind when 'v' then 2 else 4 end
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where (n.nspname = 'ecom' and c.relkind = 'v'
            or ecom_internal.is_bi_surface(c.oid)
               and 2 = (select count(*) from pg_class m where m.relnamespace = n.oid and m.relname in ('setting', 'fact_sales')))
       and has_table_privilege(c.oid, 'select')
     order by c.relname, n.nspname <> 'ecom', n.nspname is distinct from current_setting('ecom_analytics.mart', true),
              n.nspname collate "C")
    union all
    select t.typname::text, 'type', obj_description(t.oid, 'pg_type'), '{}', format_type(t.oid, null), 5
    from pg_type t
    where t.typnamespace = 'ecom'::regnamespace and t.typelem = 0
      and not exists (select from pg_class c where c.oid = t.typrelid and c.relkind <> 'c')
    union all
    select d.name, 'setting', d.description, array[format('SELECT ecom.set_setting(''shop'', %L, %L);', d.name, d.default_value)],
           format('%s, default %L%s', d.kind, d.default_value, ', one of ' || array_to_string(d.allowed, ', ')), 6
    from ecom_internal.setting_definition d
    where not d.is_fixed
$$;
comment on function ecom_internal.help_entry() is
'All that ecom.help can find: functions, aggregates and types of schema ecom, the BI surface of the marts that the caller may
read, and settings. Of equal matches those with the lower sort_order come first.';

create function ecom.help()
returns table (topic text, what text, sql text)
language sql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
    select t.topic, ecom_internal.comment_summary(f.comment), (ecom_internal.comment_examples(f.comment))[1]
    from ecom_internal.help_topic t
    cross join lateral (
        select obj_description(p.oid, 'pg_proc')
        from pg_proc p
        where p.pronamespace = 'ecom'::regnamespace and p.proname = t.function_name
        order by p.proargnames[1] is distinct from 'mart', p.pronargs desc
        limit 1) f (comment)
    order by t.position
$$;
comment on function ecom.help() is
'Where to start: the way from an empty database to answers, with the statement to run for each step.
Example: SELECT * FROM ecom.help()
Returns one row per step: topic, what, sql. ecom.help with a word finds everything else.';

create function ecom.help(pattern text)
returns table (name text, kind text, summary text, example text, signature text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    -- A schema and the wildcards of LIKE and psql are read over.
    wanted constant text := btrim(translate(regexp_replace(lower(coalesce(pattern, '')), '^\s*ecom\.', ''), '%*', '  '));
    words constant text[] := regexp_split_to_array(wanted, '\s+');
    lexemes constant text[] := tsvector_to_array(to_tsvector('pg_catalog.english', translate(wanted, '_', ' ')));
begin
    return query
        select f.name, f.kind,
               concat(ecom_internal.comment_summary(f.comment), case when f.rank = 1 then regexp_replace(
                   substr(f.comment, length(split_part(f.comment, E'\n', 1)) + 1),
                   '\nExample: [^\n]+(\n +[^\n]+)*', '', 'g') end),
               case when f.rank = 1 then array_to_string(f.examples, E'\n') else f.examples[1] end,
               case when f.rank = 1 then array_to_string(f.signatures, E'\n')
                    else f.signatures[1] || case when cardinality(f.signatures) > 1
                                                 then format(' and %s more', cardinality(f.signatures) - 1) else '' end end
        from (
            select e.name, e.kind, e.comment, e.examples, min(e.sort_order) as sort_order,
                   array_agg(e.signature order by e.signature collate "C") as signatures,
                   case
                       when e.name = wanted then 1
                       when starts_with(e.name, wanted) then 2
                       when (select bool_and(strpos(e.name, w) > 0) from unnest(words) w) then 3
                       when (select bool_and(strpos(lower(concat_ws(' ', e.name, ecom_internal.comment_summary(e.comment))), w) > 0)
                             from unnest(words) w) then 4
                       when (select bool_and(strpos(lower(concat_ws(' ', e.name, e.comment)), w) > 0) from unnest(words) w) then 5
                       when lexemes <> '{}' and lexemes <@ tsvector_to_array(to_tsvector(
                                'pg_catalog.english', concat_ws(' ', translate(e.name, '_', ' '), e.comment))) then 6
                   end as rank
            from ecom_internal.help_entry() e
            group by e.name, e.kind, e.comment, e.examples) f
        where f.rank is not null
        order by f.rank, f.sort_order, f.name collate "C", f.kind collate "C", f.comment collate "C";
    if not found then
        raise notice 'nothing matches "%"', pattern
            using hint = 'Try one word, such as rfm, load or revenue; SELECT * FROM ecom.help() shows where to start.';
    end if;
end
$$;
comment on function ecom.help(text) is
'Finds functions, views and settings by name or by words of their descriptions.
Example: SELECT * FROM ecom.help(''rfm'')
Example: SELECT * FROM ecom.help(''rfm_score'')
pattern: part of a name, or words in any case that all occur in the name or the description; NULL lists everything.
Looks at functions, aggregates, types and settings, and at the views and tables of your marts. Returns one row each, best
match first: name, kind, summary, an example to run, and the signature with its defaults. For an exact name summary is the
whole description and example holds all of them. Examples run as they stand on the mart shop that ecom.load_demo makes;
of what several marts have, the one in the setting ecom_analytics.mart is named, else the first.
Only what the caller may read is listed. All of it comes from the comments in the catalog, so that \df+ and \d+ say the same.';
