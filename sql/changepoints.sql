-- Changes of level (PELT) and outliers (generalised ESD) of a series, as window functions.
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

-- Levels 10, 14 and 9 with some noise; a NULL belongs to the segment before it.
create temporary table levels as
select i, case when i = 70 then null else case when i <= 60 then 10 else case when i <= 150 then 14 else 9 end end + sin(i * i) end::float8 as value from generate_series(1, 200) i;
select segment, min(i) as first, max(i) as last, count(*) filter (where is_change) as changes, round(min(mean)::numeric, 1) as mean, round(min(deviation)::numeric, 1) as deviation
from (select i, (ecom.changepoints(value) over (order by i)).* from levels) s group by segment order by segment;
select change, count(distinct segment) as segments
from (values ('mean', null::float8), ('mean', 1e6), ('mean_variance', null)) p (change, penalty), lateral (select (ecom.changepoints(value, p.change, p.penalty) over (order by i)).* from levels) s
group by change, penalty order by change, penalty;
-- Partitions are series; no value, no segment.
select g, array_agg(distinct segment) as segments from (
    select g, (ecom.changepoints(v, min_length => 3) over (partition by g order by i)).*
    from (select 'constant' as g, i, 5::float8 as v from generate_series(1, 20) i
          union all select 'empty', i, null from generate_series(1, 5) i
          union all select 'one', 1, 1
          union all select 'steps', i, (i > 7)::int from generate_series(1, 20) i) x) s group by g order by g;

-- Rosner (1983), as in the NIST/SEMATECH e-Handbook: three outliers among ten candidates, though the first two alone are none.
create temporary table rosner as select n, v from unnest('{-0.25,0.68,0.94,1.15,1.20,1.26,1.26,1.34,1.38,1.43,1.49,1.49,1.55,1.56,1.58,1.65,1.69,1.70,1.76,1.77,1.81,1.91,1.94,1.96,1.99,2.06,2.09,2.10,2.14,2.15,2.23,2.24,2.26,2.35,2.37,2.40,2.47,2.54,2.62,2.64,2.90,2.92,2.92,2.93,3.21,3.26,3.30,3.59,3.68,4.30,4.64,5.34,5.42,6.01}'::float8[]) with ordinality u (v, n);
select v, is_outlier, rank, round(statistic::numeric, 2) as statistic, round(critical::numeric, 2) as critical
from (select v, (ecom.extreme_deviates(v, 0.19) over ()).* from rosner) s where rank is not null order by rank;
select count(*) filter (where is_outlier) as outliers, count(rank) as candidates from (select (ecom.extreme_deviates(v, robust => true) over ()).* from rosner) s;
select is_outlier is null as nothing from (select (ecom.extreme_deviates(null::float8) over ()).*) s;
select count(rank) as candidates from (select (ecom.extreme_deviates(5) over ()).* from generate_series(1, 30)) s;

-- What has no meaning.
select statement, pg_temp.error_of(statement) from unnest(array[
    $$ select ecom.changepoints(1, 'slope') over () $$,
    $$ select ecom.changepoints(1, penalty => 0) over () $$,
    $$ select ecom.changepoints(1, min_length => 0) over () $$,
    $$ select ecom.changepoints(1, 'mean_variance', min_length => 1) over () $$,
    $$ select ecom.changepoints(1, null) over () $$,
    $$ select ecom.changepoints('infinity') over () $$,
    $$ select ecom.changepoints('nan') over () $$,
    $$ select ecom.extreme_deviates(1, 0.5) over () $$,
    $$ select ecom.extreme_deviates(1, level => 1) over () $$,
    $$ select ecom.extreme_deviates('infinity') over () $$]) statement;
