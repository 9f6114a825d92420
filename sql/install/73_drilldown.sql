-- Drill-down: a metric along a hierarchy of dimensions, one level at a time.

create table ecom_internal.hierarchy_definition (
    name        text primary key,
    position    int    not null unique,
    levels      text[] not null,
    description text   not null
);
comment on table ecom_internal.hierarchy_definition is
'One row per hierarchy that every mart has.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.hierarchy_definition.name is 'Name of the hierarchy.';
comment on column ecom_internal.hierarchy_definition.position is 'Order in which hierarchies are listed.';
comment on column ecom_internal.hierarchy_definition.levels is 'Dimensions, the widest first.';
comment on column ecom_internal.hierarchy_definition.description is 'What it is for.';
grant select on ecom_internal.hierarchy_definition to public;

insert into ecom_internal.hierarchy_definition (name, position, levels, description) values
    ('geo', 1, '{region,segment}', 'Regions and the segments of their customers.'),
    ('place', 2, '{country,region,state,city}', 'Countries down to cities.'),
    ('time', 3, '{year,quarter,month,day}', 'Years down to days.'),
    ('product', 4, '{category,channel,segment}', 'Categories, the channels that sell them and the segments that buy there.'),
    ('catalogue', 5, '{category,sub_category,brand,product}', 'Categories down to single products.'),
    ('customer', 6, '{segment,age_group,gender}', 'Segments and the demographics of their customers.');

insert into ecom_internal.mart_part (name, position, ddl) values ('hierarchies', 37, $ddl$
create table {mart}.hierarchy (
    name        text primary key,
    levels      text[] not null,
    description text   not null
);
comment on table {mart}.hierarchy is
'One row per hierarchy that the shop defined itself.
Inner table: written by ecom.set_hierarchy.';
comment on column {mart}.hierarchy.name is 'Name of the hierarchy.';
comment on column {mart}.hierarchy.levels is 'Dimensions of ecom.dimensions(), the widest first.';
comment on column {mart}.hierarchy.description is 'What it is for.';
$ddl$);

create function ecom.hierarchies(mart name default null)
returns table (hierarchy text, levels text[], is_own boolean, description text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
begin
    return query execute format('
        select h.name, h.levels, h.is_own, h.description
        from (select d.name, d.levels, false, d.description, d.position from ecom_internal.hierarchy_definition d
              union all select o.name, o.levels, true, o.description, null from %I.hierarchy o) h (name, levels, is_own, description, position)
        order by h.position, h.name collate "C"', ecom_internal.mart_name(mart));
end
$$;
comment on function ecom.hierarchies(name) is
'Lists the hierarchies that ecom.drilldown follows: those that every mart has and the mart''s own.
Example: SELECT * FROM ecom.hierarchies(''shop'')
One row per hierarchy: levels are dimensions of ecom.dimensions(), the widest first.
Arguments: mart: NULL means the setting ecom_analytics.mart.';

create function ecom.set_hierarchy(mart name, name text, levels text[], description text default '') returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
begin
    if name is null or name !~ '^[a-z][a-z0-9_]{0,39}$' then
        raise exception '"%" cannot be the name of a hierarchy', coalesce(name, 'NULL') using errcode = '42602',
            hint = 'Use up to 40 lower case letters, digits and underscores.';
    end if;
    if exists (select from ecom_internal.hierarchy_definition d where d.name = set_hierarchy.name) then
        raise exception 'hierarchy "%" has its levels already', name using errcode = '42710', hint = 'Choose another name.';
    end if;
    perform ecom_internal.check_dimensions(levels);
    if coalesce(cardinality(levels), 0) = 0
       or cardinality(levels) <> (select count(distinct u.level) from unnest(levels) u (level)) then
        raise exception 'a hierarchy needs levels, each once' using errcode = '22023',
            hint = 'Name dimensions of ecom.dimensions(), the widest first: ''{channel,payment_method}''.';
    end if;
    execute format('insert into %I.hierarchy (name, levels, description) values ($1, $2, $3)
                    on conflict (name) do update set levels = excluded.levels, description = excluded.description', mart_schema)
        using name, levels, coalesce(description, '');
end
$$;
comment on function ecom.set_hierarchy(name, text, text[], text) is
'Defines a hierarchy of a mart for ecom.drilldown.
Example: SELECT ecom.set_hierarchy(''shop'', ''delivery'', ''{carrier,shipping_method,region}'')
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- name: lower case; a name that the mart has defined before gets the new levels
- levels: dimensions of ecom.dimensions(), the widest first, each once
- description: shown by ecom.hierarchies
Errors: 42602 for a name that cannot be used, 42710 for a built-in hierarchy, 22023 for unknown, repeated or no levels.';

create function ecom_internal.period_label(grain text, period_start date) returns text
language sql stable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select to_char(period_start, case grain when 'year' then 'FMYYYY' when 'quarter' then 'FMYYYY-"Q"Q' when 'month' then 'FMYYYY-MM'
                                            when 'week' then 'FMIYYY-"W"IW' else 'FMYYYY-MM-DD' end)
$$;
comment on function ecom_internal.period_label(text, date) is
'A day, week, month, quarter or year in words that sort: 2025, 2025-Q4, 2025-12, 2025-W51, 2025-12-31.';

create function ecom_internal.period_start(grain text, label text) returns date
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    parts constant text[] := regexp_match(label, case grain
        when 'year' then '^(\d{4})$' when 'quarter' then '^(\d{4})-Q([1-4])$' when 'month' then '^(\d{4})-(0[1-9]|1[0-2])$'
        when 'week' then '^(\d{4})-W([0-5]\d)$' else '^(\d{4})-(0[1-9]|1[0-2])-([0-3]\d)$' end);
    numbers constant int[] := parts::int[];
    result date;
begin
    if numbers[1] > 0 then
        result := case grain
            when 'year' then make_date(numbers[1], 1, 1) when 'quarter' then make_date(numbers[1], 3 * numbers[2] - 2, 1)
            when 'month' then make_date(numbers[1], numbers[2], 1)
            when 'week' then date_trunc('week', make_date(numbers[1], 1, 4)::timestamp)::date + 7 * (numbers[2] - 1)
            else make_date(numbers[1], numbers[2], 1) + numbers[3] - 1 end;
    end if;
    -- What does not read the same again was no period: the 31st of a short month, week 53 of a short year.
    if result is null or ecom_internal.period_label(grain, result) <> label then
        raise exception '% is not a %', coalesce(quote_literal(label), 'NULL'), grain using errcode = '22007',
            hint = format('Write it as %L.', ecom_internal.period_label(grain, date '2025-12-01'));
    end if;
    return result;
end
$$;
comment on function ecom_internal.period_start(text, text) is
'The first day of a period in the words of ecom_internal.period_label.
Errors: 22007 for what is not one.';

create function ecom_internal.narrow_filters(filters jsonb, dimension text, member text) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(filters, '{}') || jsonb_build_object(dimension, case
        when exists (select from ecom_internal.filter_values(filters) f where f.dimension = narrow_filters.dimension and member <> all (f.expected))
        then '[]'::jsonb else to_jsonb(member) end)
$$;
comment on function ecom_internal.narrow_filters(jsonb, text, text) is
'Filters narrowed to one member of a dimension; a member that they leave out leaves nothing.
Errors: those of ecom_internal.filter_values.';

create function ecom.drilldown(
    mart name, hierarchy text, path text[] default '{}', metric text default 'revenue', from_date date default null, to_date date default null,
    filters jsonb default '{}', versus text default 'previous')
returns table (level text, member text, value numeric, share numeric, baseline numeric, change numeric, change_rate numeric,
               is_comparable boolean, next_path text[])
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_column
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    definition constant record := ecom_internal.metric_ratio(mart_schema, metric);
    is_sum constant boolean := definition.kind <> 'ratio';
    steps constant text[] := coalesce(path, '{}');
    levels text[];
    range record;
    level_name text;
    is_period boolean;
    narrowed jsonb := filters;
    first_date date;
    last_date date;
    step_start date;
    periods record;
    total numeric;
begin
    select h.levels into levels from ecom.hierarchies(mart_schema) h where h.hierarchy = drilldown.hierarchy;
    if not found then
        raise exception 'hierarchy "%" is not known', coalesce(hierarchy, 'NULL') using errcode = '22023',
            hint = format('Use one of: %s; ecom.set_hierarchy defines more.', (select string_agg(h.hierarchy, ', ') from ecom.hierarchies(mart_schema) h));
    end if;
    if cardinality(steps) >= cardinality(levels) or array_position(steps, null) is not null or array_ndims(steps) > 1 then
        raise exception 'path % does not lead to a level', steps using errcode = '22023',
            hint = format('Hierarchy %s has the levels %s; give a member for none or some of them, all but the last at most.',
                          hierarchy, array_to_string(levels, ' > '));
    end if;
    range := ecom_internal.check_range(mart_schema, from_date, to_date);
    first_date := range.first_date;
    last_date := range.last_date;
    perform ecom_internal.baseline_of(first_date, last_date, versus);
    for i in 1 .. cardinality(steps) loop
        if (select d.type from ecom_internal.dimension_definition d where d.name = levels[i]) = 'date' then
            step_start := ecom_internal.period_start(levels[i], steps[i]);
            first_date := greatest(first_date, step_start);
            last_date := least(last_date, ecom_internal.period_end(levels[i], step_start));
        else
            narrowed := ecom_internal.narrow_filters(narrowed, levels[i], steps[i]);
        end if;
    end loop;
    if range.first_date is null or first_date > last_date then
        return;
    end if;
    level_name := levels[cardinality(steps) + 1];
    select d.type = 'date' into is_period from ecom_internal.dimension_definition d where d.name = level_name;
    execute format('select q.%I::numeric from (%s) q', metric,
                   ecom_internal.metric_query(mart_schema, array[metric], '{}', first_date, last_date, narrowed)) into total;

    if not is_period then
        periods := ecom_internal.comparison(mart_schema, first_date, last_date, versus, null, null);
        return query execute format('
            select $1, v.member, trim_scale(round(v.value, 4)), case when $2 then round(v.value / nullif($3, 0), 4) end,
                   trim_scale(round(v.baseline, 4)), trim_scale(round(v.value - v.baseline, 4)),
                   round((v.value - v.baseline) / nullif(abs(v.baseline), 0), 4), $4, case when $5 then $7 || v.member end
            from (select coalesce(c.member, b.member) as member, case when $2 then coalesce(c.value, 0) else c.value end as value,
                         case when $6 then case when $2 then coalesce(b.value, 0) else b.value end end as baseline
                  from (select q.%1$I::text as member, q.%2$I::numeric as value from (%3$s) q) c
                  full join (select q.%1$I::text as member, q.%2$I::numeric as value from (%4$s) q where $6) b on b.member = c.member) v
            order by v.value desc nulls last, v.member collate "C"',
            level_name, metric,
            ecom_internal.metric_query(mart_schema, array[metric], array[level_name], first_date, last_date, narrowed),
            ecom_internal.metric_query(mart_schema, array[metric], array[level_name], periods.baseline_first, periods.baseline_last, narrowed))
            using level_name, is_sum, total, periods.is_comparable,
                  cardinality(steps) + 1 < cardinality(levels), periods.has_baseline, steps;
        return;
    end if;

    -- Every period has a baseline of its own.
    level := level_name;
    for step_start, value in execute format('select q.%I, q.%I::numeric from (%s) q order by 1', level_name, metric,
        ecom_internal.metric_query(mart_schema, array[metric], array[level_name], first_date, last_date, narrowed))
    loop
        periods := ecom_internal.comparison(
            mart_schema, greatest(step_start, first_date), least(ecom_internal.period_end(level_name, step_start), last_date), versus, null, null);
        baseline := null;
        if periods.has_baseline then
            execute format('select q.%I::numeric from (%s) q', metric,
                           ecom_internal.metric_query(mart_schema, array[metric], '{}', periods.baseline_first, periods.baseline_last, narrowed))
                into baseline;
        end if;
        member := ecom_internal.period_label(level_name, step_start);
        share := case when is_sum then round(value / nullif(total, 0), 4) end;
        change := trim_scale(round(value - baseline, 4));
        change_rate := round((value - baseline) / nullif(abs(baseline), 0), 4);
        value := trim_scale(round(value, 4));
        baseline := trim_scale(round(baseline, 4));
        is_comparable := periods.is_comparable;
        next_path := case when cardinality(steps) + 1 < cardinality(levels) then steps || member end;
        return next;
    end loop;
end
$$;
comment on function ecom.drilldown(name, text, text[], text, date, date, jsonb, text) is
'One level of a hierarchy below a path, each member with its share and its change: next_path is the path to drill further.
Example: SELECT member, value, share, next_path FROM ecom.drilldown(''shop'', ''geo'')
Example: SELECT member, value, change_rate FROM ecom.drilldown(''shop'', ''time'', ''{2025,2025-Q4}'')
Example: SELECT member, value, share FROM ecom.drilldown(''shop'', ''product'', ''{Electronics,Email}'', ''orders'')
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- hierarchy: of ecom.hierarchies: geo, place, time, product, catalogue, customer or one of ecom.set_hierarchy
- path: a member for each level from the first on; {} for the first level. Periods of time are written 2025, 2025-Q4, 2025-12,
  2025-W51, 2025-12-31
- metric: of ecom.metrics, revenue by default
- from_date, to_date: inclusive; NULL means the first and the last day with sales
- filters: {"region": "West", ...}
- versus: previous, week, year or calendar_year, as in ecom.kpi_compare
share: of the level above, of sums and counts; distinct counts, and orders by products, are in several members, so that these shares
do not add up to 1. baseline: the period before, for a period of time the one before it; NULL when it has no day with sales known, as
it is for all sales together. is_comparable: like for like, see ecom.kpi_compare. next_path: NULL on the last level.
Members in the order of their values, periods in that of time; a path that no sale meets gives no rows.
Errors: 22023 for unknown names, a path that is too long or has NULLs, and a reversed range; 22007 for what is not a period.';
