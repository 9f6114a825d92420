-- Funnels over any table or query of events: how many actors go from step to step, and how long it takes.

create function ecom_internal.funnel_query(source text, steps text[], group_column text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    step_count constant int := cardinality(steps);
    built text;
begin
    -- Events are read backwards: at an event of step k the soonest way through the later steps is the least of those seen so
    -- far, because it begins with the nearest event; a way that ends early ends in infinity, so that of two that begin at the
    -- same time the one that leads on is less. All windows share one sort.
    built := format('
        select e.actor::text collate "C" as actor, e.event::text as event, %s as member,
               extract(epoch from e.at)::float8 as at, array_position(%L::text[], e.event::text) as place
        from %s e
        where e.actor is not null and e.event::text = any (%2$L::text[]) and isfinite(e.at)',
        case when group_column is null then '''All''::text' else format('coalesce(e.%I::text, ''Unknown'')', group_column) end,
        steps, source);
    for step in reverse step_count .. 1 loop
        built := format('select x.*, case when x.event = %L then array[x.at]%s end as chain_%s from (%s) x', steps[step],
            case when step < step_count then format('
                || coalesce(min(x.chain_%s) over (partition by x.actor order by x.at desc, x.place desc
                                                  rows between unbounded preceding and 1 preceding), ''{Infinity}'')', step + 1) end,
            step, built);
    end loop;
    return built;
end
$$;
comment on function ecom_internal.funnel_query(text, text[], text) is
'The query of the events of a funnel: for an event of step k, chain_k has the times, in seconds, of the soonest way through the
steps from k on, with infinity at its end where it does not reach the last.
Arguments: source: FROM item with actor, event, at; steps; group_column: a column of the source, or NULL.';

create function ecom_internal.run_funnel(source text, steps text[], within interval, group_column text, caller_path text)
returns table (member text, step_number int, step text, entered bigint, converted bigint, rate numeric, ci_low numeric,
               ci_high numeric, total_rate numeric, median_seconds numeric)
language plpgsql stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    max_steps constant int := 50;
    window_seconds constant float8 := coalesce(extract(epoch from within)::float8, 'Infinity');
    relation regclass;
    opened text;
    statement text;
begin
    if array_ndims(steps) is distinct from 1 or cardinality(steps) > max_steps or array_position(steps, null) is not null then
        raise exception 'steps % are not a list of events', coalesce(steps::text, 'NULL') using errcode = '22023',
            hint = format('Give 1 to %s events in their order: ''{view,cart,purchase}''.', max_steps);
    end if;
    if window_seconds <= 0 then
        raise exception 'within % is not a positive interval', within using errcode = '22023',
            hint = 'Give the longest time from the first step to the last, as interval ''7 days'', or NULL for any.';
    end if;
    if coalesce(btrim(source), '') = '' then
        raise exception 'no source was given' using errcode = '22023', hint = 'Give the name of a table or view, or a SELECT.';
    end if;
    if ecom_internal.is_query(source) then
        opened := E'(\n' || rtrim(source, E'; \n\t') || E'\n)';
    else
        perform set_config('search_path', caller_path, true);
        relation := pg_catalog.to_regclass(source);
        perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        if relation is null then
            raise exception 'relation "%" does not exist', source using errcode = '42P01',
                hint = 'Give the name of a table or view, with its schema if that is not in search_path, or a SELECT.';
        end if;
        opened := relation::text;
    end if;
    statement := format('
        with start as (
            select distinct on (e.actor) e.actor, e.member, e.chain_1 as chain, d.depth
            from (%s) e
            cross join lateral (select count(*) as depth from unnest(e.chain_1) t (at) where t.at <= e.at + $1 and t.at < ''Infinity'') d
            where e.chain_1 is not null
            order by e.actor, d.depth desc, e.at, e.member collate "C"),
        counted as (
            select g.member, s.n, s.name, count(t.actor) filter (where t.depth >= s.n - 1) as entered,
                   count(t.actor) filter (where t.depth >= s.n) as converted, count(t.actor) as started,
                   percentile_cont(0.5) within group (order by t.chain[s.n] - t.chain[s.n - 1]) filter (where t.depth >= s.n) as median
            from (select t.member from start t union select ''All'' where $3) g
            cross join unnest($2) with ordinality s (name, n)
            left join start t on t.member = g.member
            group by g.member, s.n, s.name)
        select c.member, c.n::int, c.name, c.entered, c.converted, round(c.converted::numeric / nullif(c.entered, 0), 4),
               round(w.low::numeric, 4), round(w.high::numeric, 4), round(c.converted::numeric / nullif(c.started, 0), 4),
               round(c.median::numeric, 3)
        from counted c cross join lateral ecom.wilson_interval(c.converted, c.entered) w
        order by c.member collate "C", c.n', ecom_internal.funnel_query(opened, steps, group_column));
    -- The source's names are the caller's; the statement has run to its end before ours hold again.
    begin
        perform set_config('search_path', caller_path, true);
        return query execute statement using window_seconds, steps, group_column is null;
        perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    exception when undefined_column or undefined_function then
        raise exception '%', sqlerrm using errcode = sqlstate,
            hint = 'The source needs the columns actor, event and at, a date or timestamp: SELECT user_id AS actor, page AS event, visited_at AS at FROM ...';
    end;
end
$$;
comment on function ecom_internal.run_funnel(text, text[], interval, text, text) is
'Does the work of ecom.funnel, with the search_path of its caller.';

create function ecom.funnel(source text, steps text[], within interval default null, "by" text default null)
returns table (member text, step_number int, step text, entered bigint, converted bigint, rate numeric, ci_low numeric,
               ci_high numeric, total_rate numeric, median_seconds numeric)
language sql stable parallel restricted
begin atomic
    select f.member, f.step_number, f.step, f.entered, f.converted, f.rate, f.ci_low, f.ci_high, f.total_rate, f.median_seconds
    from ecom_internal.run_funnel(source, steps, within, "by", pg_catalog.current_setting('search_path')) f;
end;
comment on function ecom.funnel(text, text[], interval, text) is
'Conversion from step to step over any events: how many actors go on, at which rate, and how fast.
Example: SELECT * FROM ecom.funnel(''SELECT customer_key AS actor, order_number::text AS event, ordered_at AS at FROM shop.fact_order
    WHERE order_number <= 3'', ''{1,2,3}'', interval ''90 days'')
One row per step, and per member where by is given. entered: actors who reached the step before; converted: those who reached this
one; for step 1 both are the actors with that event. rate: converted over entered, with its 95 % interval ci_low to ci_high (Wilson,
1927). total_rate: converted over the actors of step 1. median_seconds: from the step before, of those who converted.
An actor reaches a step with the first such event after that of the step before; other events in between do not matter. Events of
the same time count in the order of the steps, and one event is one step. With within, every occurrence of step 1 may begin the way,
and each actor counts once, by the way that leads furthest, the earliest of those.
Arguments:
- source: name of a relation, or SELECT text, with the columns actor, event and at (date, timestamp or timestamptz); runs as the
  caller, names are found by the search_path. Rows with a NULL among them or an infinite time are skipped
- steps: 1 to 50 events in their order; one may occur more than once
- within: longest time from step 1 to each later step, inclusive; a month is 30 days; NULL for any
- by: a column of the source that splits actors by its value at their step 1
Reads the source once. Time: n log n in its events, whatever their order and repetition, times the number of steps; sorted in
work_mem. Errors: 22023 for steps that are no list, within that is not positive or an empty source, 42P01 for an unknown relation,
42703 for a missing column.';
