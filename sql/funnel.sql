-- ecom.funnel: by hand, against a search through every way, and on events made to be slow.
\set SHOW_CONTEXT never
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare
    hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics hint = pg_exception_hint;
    return concat_ws(' | ', sqlstate, sqlerrm, left(nullif(hint, ''), 70));
end
$$;
set client_min_messages = warning;
set datestyle = 'ISO';
create schema test_funnel;
create table test_funnel.visit (actor text, event text, at timestamp, device text);
insert into test_funnel.visit values
    ('straight', 'view', '2025-01-01 10:00', 'phone'), ('straight', 'cart', '2025-01-01 10:05', 'phone'), ('straight', 'buy', '2025-01-01 10:30', 'desk'),
    ('detour', 'view', '2025-01-01 10:00', 'desk'), ('detour', 'help', '2025-01-01 10:01', 'desk'), ('detour', 'view', '2025-01-01 10:02', 'desk'), ('detour', 'cart', '2025-01-01 10:10', 'desk'),
    ('backwards', 'buy', '2025-01-01 10:00', 'phone'), ('backwards', 'cart', '2025-01-01 10:01', 'phone'), ('backwards', 'view', '2025-01-01 10:02', 'phone'),
    ('skips', 'view', '2025-01-01 10:00', 'phone'), ('skips', 'buy', '2025-01-01 10:01', 'phone'),
    ('later', 'view', '2025-01-01 10:00', 'phone'), ('later', 'view', '2025-02-01 10:00', 'desk'), ('later', 'cart', '2025-02-01 10:01', 'desk'), ('later', 'buy', '2025-02-01 10:02', 'desk'),
    ('same time', 'buy', '2025-01-01 10:00', null), ('same time', 'cart', '2025-01-01 10:00', null), ('same time', 'view', '2025-01-01 10:00', null),
    ('never', 'help', '2025-01-01 10:00', 'phone'), (null, 'view', '2025-01-01 10:00', 'phone'), ('no time', 'view', null, 'phone'), ('no event', null, '2025-01-01', 'phone'), ('for ever', 'view', 'infinity', 'phone');
select step_number, step, entered, converted, rate, total_rate, median_seconds from ecom.funnel('test_funnel.visit', '{view,cart,buy}');
select w.low <= f.rate and f.rate <= w.high and (round(w.low::numeric, 4), round(w.high::numeric, 4)) = (f.ci_low, f.ci_high) as is_wilson
from ecom.funnel('test_funnel.visit', '{view,cart,buy}') f, ecom.wilson_interval(f.converted, f.entered) w;
-- within: counted from step 1, inclusive, and any view may begin the way.
select w, array_agg(f.converted order by f.step_number) as converted, array_agg(f.median_seconds order by f.step_number) as medians
from unnest('{1 minute,2 minutes,10 minutes,30 minutes,1 month}'::interval[]) w, ecom.funnel('test_funnel.visit', '{view,cart,buy}', w) f group by 1 order by 1;
-- by: the value at the step 1 that counts.
select member, array_agg(converted order by step_number) as converted from ecom.funnel('test_funnel.visit', '{view,cart,buy}', '1 hour', 'device') group by 1 order by 1;
-- One event is one step, also where a step comes twice.
select step, converted from ecom.funnel('test_funnel.visit', '{view,view}');
select step, converted from ecom.funnel('test_funnel.visit', '{view,cart,view}') order by step_number;
select step, converted, rate from ecom.funnel('test_funnel.visit', '{buy}');
select step, entered, converted, rate, ci_low from ecom.funnel('test_funnel.visit', '{nothing,view}');
-- Queries, types of time, names by the caller's search_path.
select sum(converted) as converted from ecom.funnel('select actor, event, at::timestamptz as at from test_funnel.visit;', '{view,cart,buy}');
select array_agg(converted order by step_number) as by_day from ecom.funnel('select actor, event, at::date as at from test_funnel.visit -- of a day', '{view,cart,buy}');
set search_path = test_funnel, public;
select sum(converted) as converted from ecom.funnel('visit', '{view,cart,buy}');
select sum(converted) as converted from ecom.funnel('with v as (select * from visit) select * from v', '{view,cart,buy}');
show search_path;
reset search_path;
begin read only;
select sum(converted) as converted from ecom.funnel('test_funnel.visit', '{view,cart,buy}');
commit;
select pg_get_function_result(oid) ~ 'setof|TABLE' as rows, provolatile from pg_proc where oid = 'ecom.funnel'::regproc;

-- Against a search through every way, on 300 actors with equal times: steps, windows, times.
create table test_funnel.event as
select 'u' || hashint4(g) % 300 as actor, (array['a', 'b', 'c', 'd'])[1 + abs(hashint4(g * 7 + 1)) % 4] as event, timestamp '2025-01-01' + abs(hashint4(g * 13 + 5)) % 40 * interval '6 hours' as at
from generate_series(1, 4000) g;
create function pg_temp.search(steps text[], within interval) returns table (actor text, depth int, times timestamp[]) language plpgsql as $$
declare
    who record;
    first int; k int; i int;
    found timestamp[]; best timestamp[];
begin
    for who in select e.actor, array_agg(e.event order by e.at, array_position(steps, e.event)) as events, array_agg(e.at order by e.at, array_position(steps, e.event)) as times
               from test_funnel.event e where e.event = any (steps) group by 1 loop
        best := '{}';
        for first in 1 .. cardinality(who.events) loop
            continue when who.events[first] <> steps[1];
            found := array[who.times[first]];
            k := 2;
            i := first + 1;
            while k <= cardinality(steps) and i <= cardinality(who.events) loop
                if who.events[i] = steps[k] then
                    exit when who.times[i] > found[1] + within;
                    found := found || who.times[i];
                    k := k + 1;
                end if;
                i := i + 1;
            end loop;
            if cardinality(found) > cardinality(best) then best := found; end if;
        end loop;
        if best <> '{}' then actor := who.actor; depth := cardinality(best); times := best; return next; end if;
    end loop;
end
$$;
select c.steps, c.within, count(*) as steps, min(f.converted) as least,
       count(*) filter (where (f.converted, f.median_seconds) is distinct from (e.converted, e.median)) as different
from (values ('{a,b,c}'::text[], null::interval), ('{a,b,c}', '1 day'), ('{a,b,c,d}', '60 hours'), ('{b,a,b,a}', '3 days'), ('{a,a,a}', '12 hours'), ('{d,c,b,a,d,c,b,a}', null)) c (steps, within)
cross join lateral ecom.funnel('test_funnel.event', c.steps, c.within) f
cross join lateral (select count(*) as converted, round(extract(epoch from percentile_cont(0.5) within group (order by s.times[f.step_number] - s.times[f.step_number - 1])), 3) as median
                    from pg_temp.search(c.steps, c.within) s where s.depth >= f.step_number) e
group by 1, 2 order by 1, 2;

-- One actor with 60,000 views and no end: a join of every view with every later cart would compare 900 million pairs.
create table test_funnel.slow as
select 1 as actor, case when g % 2 = 0 then 'view' else 'cart' end as event, timestamp '2025-01-01' + g * interval '1 second' as at from generate_series(1, 60000) g;
set statement_timeout = '20s';
select step, converted, median_seconds from ecom.funnel('test_funnel.slow', '{view,cart,buy}', '1 hour');
select step, converted from ecom.funnel('select 1 as actor, event, timestamp ''2025-01-01'' as at from test_funnel.slow', '{view,cart,buy}', '1 hour');
select count(*) as steps, min(converted) as least from ecom.funnel('test_funnel.slow', array(select case when g % 2 = 0 then 'cart' else 'view' end from generate_series(1, 50) g));
reset statement_timeout;

-- Bad input.
select n, pg_temp.error_of(statement) from (values
    (1, $$select * from ecom.funnel(null, '{a}')$$),
    (2, $$select * from ecom.funnel('no_such_table', '{a}')$$),
    (3, $$select * from ecom.funnel('test_funnel.visit', '{}')$$),
    (4, $$select * from ecom.funnel('test_funnel.visit', '{a,NULL}')$$),
    (5, $$select * from ecom.funnel('test_funnel.visit', '{{a,b}}')$$),
    (6, $$select * from ecom.funnel('test_funnel.visit', array_fill('a'::text, '{51}'))$$),
    (7, $$select * from ecom.funnel('test_funnel.visit', '{a}', '0 days')$$),
    (8, $$select * from ecom.funnel('test_funnel.visit', '{a}', '-1 day')$$),
    (9, $$select * from ecom.funnel('test_funnel.visit', '{a}', null, 'colour')$$),
    (10, $$select * from ecom.funnel('select 1 as actor, ''a'' as event', '{a}')$$),
    (11, $$select * from ecom.funnel('select 1 as actor, ''a'' as event, ''2025-01-01''::text as at', '{a}')$$),
    (12, $$select * from ecom.funnel('select 1) e; drop schema test_funnel cascade; --', '{a}')$$),
    (13, $$select * from ecom.funnel('delete from test_funnel.visit returning *', '{a}')$$),
    (14, $$select * from ecom.funnel('test_funnel.visit', '{a}', null, 'device" from pg_class; --')$$)) v (n, statement) order by n;
select step, converted from ecom.funnel('test_funnel.visit', array['view'')); drop schema test_funnel; --', 'cart']);
select count(*) as members from ecom.funnel('select * from test_funnel.visit where false', '{view}', by => 'device');
-- It runs as the caller.
create role funnel_stranger;
set role funnel_stranger;
select pg_temp.error_of($$select * from ecom.funnel('select * from test_funnel.visit', '{view}')$$);
select sum(converted) as converted from ecom.funnel('select 1 as actor, ''a'' as event, now() as at', '{a}');
reset role;
drop role funnel_stranger;
drop schema test_funnel cascade;
