-- k-means: window function, fit aggregate and scoring; equal results in any order and plan; bad input.
\set SHOW_CONTEXT never
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare
    detail text;
    hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics detail = pg_exception_detail, hint = pg_exception_hint;
    return concat_ws(' | ', sqlstate, sqlerrm, nullif(detail, ''), nullif(hint, ''));
end
$$;
create schema test_kmeans;
set search_path = test_kmeans;
create function is_partial(query text) returns boolean language plpgsql as $$
declare
    line text;
begin
    for line in execute 'explain (costs off) ' || query loop
        if line like '%Partial%Aggregate%' then
            return true;
        end if;
    end loop;
    return false;
end
$$;

-- Three groups on a line: clusters are numbered by their centres.
create table point (id int primary key, x float8, y float8, z float8);
insert into point select i, v, 0, 0 from unnest('{50, 1, 2, 11, 0, 10}'::float8[]) with ordinality u (v, i);
select id, x, ecom.kmeans_segment(array[x], 3) over () as cluster from point order by x;
select c.cluster, c.size, c.weight, c.center, c.scaled_center
from (select ecom.kmeans_fit(array[x], 3) as model from point) m, ecom.kmeans_centers(m.model) c order by 1;
select ecom.kmeans_predict(model, array[x]) as cluster, ecom.kmeans_distances(model, array[x]) as distances, a.distance, a.silhouette
from (select ecom.kmeans_fit(array[x], 3) as model from point) m, unnest('{-3, 5, 6, 10.5, 1000}'::float8[]) x,
     ecom.kmeans_assign(m.model, array[x]) a order by x;
-- A weight of 4 is four rows.
select round(center[1]::numeric, 6) as center, size, weight
from (select ecom.kmeans_fit(array[x], 2, '{}', case when x = 2 then 4 else 1 end) as model from point) m, ecom.kmeans_centers(m.model) order by 1;
select string_agg(cluster::text, ' ' order by id)
from (select id, ecom.kmeans_segment(array[x], 2, case when x = 2 then 4 else 1 end) over () as cluster from point) s;
-- Rows without features, several partitions, no rows.
select g, n, ecom.kmeans_segment(case when n <> 3 then array[n::float8] end, 2) over (partition by g) as cluster
from generate_series(1, 2) g, generate_series(1, 2 + g * 2) n order by 1, 2;
select count(*) from (select ecom.kmeans_segment(array[x], 2) over () from point where false) s;
select ecom.kmeans_fit(array[x], 2) is null as no_rows, ecom.kmeans_fit(null::float8[], 2) is null as only_nulls,
       ecom.kmeans_fit(array[x], 2) filter (where false) is null as none from point where x < 0;
select ecom.kmeans_predict(null, array[1.0]) is null as no_model,
       ecom.kmeans_predict(model, null) is null as no_features from (select ecom.kmeans_fit(array[x], 1) as model from point) m;
-- One row, one cluster, equal rows, a constant column.
select m.info ->> 'inertia' as inertia, m.info -> 'sizes' as sizes from
    (select ecom.model_info(ecom.kmeans_fit(array[7, 8]::float8[], 1)) as info) m;
select m.info ->> 'inertia' as inertia, m.info -> 'sizes' as sizes from
    (select ecom.model_info(ecom.kmeans_fit(array[v % 2, 5]::float8[], 2)) as info from generate_series(1, 9) v) m;

-- From given centres, as R's kmeans(x, centers, algorithm = "Lloyd") and scikit-learn's init have it.
select ecom.model_info(model) ->> 'iterations' as iterations, round((ecom.model_info(model) ->> 'inertia')::numeric, 6) as inertia
from (select ecom.kmeans_fit(array[x, x * x], 3, '{"initial_centers": [1, 1, 50, 2500, 100, 10000]}') as model
      from generate_series(1, 100) x) m;
-- Full convergence, scikit-learn's rule, a limit.
create table cloud as
select i, ((i::bigint * 7919) % 1009)::float8 / 100 + 3 * (i % 3) as a, ((i::bigint * 104729) % 2003)::float8 / 200 - 2 * (i % 3) as b,
       ln(1 + (i::bigint * 15485863) % 3001) as c
from generate_series(1, 20000) i;
analyze cloud;
select options, (ecom.model_info(model) ->> 'converged')::boolean as converged,
       (ecom.model_info(model) ->> 'iterations')::int <= 2 as at_most_two,
       (ecom.model_info(model) ->> 'inertia')::float8 >= min((ecom.model_info(model) ->> 'inertia')::float8) filter (where options = '{}') over () as not_below
from unnest(array['{}', '{"tolerance": 0.01}', '{"max_iterations": 2}']) options,
     lateral (select ecom.kmeans_fit(array[a, b, c], 4, (options::jsonb || '{"n_init": 1}')) as model from cloud) m
order by options collate "C";

-- The number of clusters by silhouette: the table behind the choice.
select k, round(inertia::numeric, 4) as inertia, round(silhouette::numeric, 6) as silhouette, round(calinski_harabasz::numeric, 4) as ch,
       is_elbow, is_chosen, silhouette_rows
from (select ecom.kmeans_fit(array[x], null, '{"k_min": 1, "k_max": 5}') as model from point) m, ecom.kmeans_trials(m.model) order by k;
-- Other criteria.
select k, round(gap::numeric, 6) as gap, round(gap_error::numeric, 6) as gap_error, is_chosen
from (select ecom.kmeans_fit(array[x], null, '{"k_min": 1, "k_max": 4, "choose": "gap"}') as model from point) m, ecom.kmeans_trials(m.model) order by k;
select choose, (select k from ecom.kmeans_trials(m.model) where is_chosen) as chosen, (select count(gap) from ecom.kmeans_trials(m.model)) as gaps
from unnest('{silhouette, elbow, calinski_harabasz}'::text[]) choose,
     lateral (select ecom.kmeans_fit(array[x], null, jsonb_build_object('choose', choose, 'k_max', 5)) as model from point) m order by 1;
select count(*) as trials_of_a_given_k from (select ecom.kmeans_fit(array[x], 2) as model from point) m, ecom.kmeans_trials(m.model);
-- No more clusters than different rows are tried; the sample has the size that was asked for.
select array_agg(k order by k) as tried from (select ecom.kmeans_fit(array[v % 4]::float8[], null) as model from generate_series(1, 40) v) m,
    ecom.kmeans_trials(m.model);
select max(silhouette_rows) as sample, count(*) from (select ecom.kmeans_fit(array[a, b], null, '{"silhouette_rows": 300, "k_max": 4}') as model from cloud) m,
    ecom.kmeans_trials(m.model);

-- Transforms and scaling travel in the model: new rows go through the stored numbers.
select i.info ->> 'transform' as transform, i.info ->> 'scaling' as scaling, count(distinct s.cluster) as clusters,
       bool_and(s.cluster = ecom.kmeans_predict(m.model, array[s.a, s.b + 10, exp(s.c)])) as predicts_its_rows
from (select ecom.kmeans_fit(array[a, b + 10, exp(c)], 3, '{"transform": "boxcox", "scaling": "standard"}') as model from cloud) m,
     lateral (select ecom.model_info(m.model) as info) i,
     (select a, b, c, ecom.kmeans_segment(array[a, b + 10, exp(c)], options => '{"transform": "boxcox", "scaling": "standard"}') over () as cluster from cloud) s
group by 1, 2;
select ecom.kmeans_predict(model, array[-5, 1]) between 1 and 2 as below_what_was_seen
from (select ecom.kmeans_fit(array[exp(v), v]::float8[], 2, '{"transform": "log", "scaling": "minmax"}') as model from generate_series(1, 9) v) m;

select ecom.kmeans_features(model, array[4, 10]) as scaled, ecom.kmeans_features(model, null) is null as nothing
from (select ecom.kmeans_fit(array[v, v * v]::float8[], 2, '{"scaling": "minmax"}') as model from generate_series(0, 8) v) m;

-- Equal results in any order of rows, on any number of threads, in parallel plans, with few and with many features.
select count(distinct ecom_internal.model_send(model)) as models from (
    select ecom.kmeans_fit(array[a, b, c], 5, '{"scaling": "standard"}' order by i) as model from cloud
    union all select ecom.kmeans_fit(array[a, b, c], 5, '{"scaling": "standard"}' order by i desc) from cloud
    union all select ecom.kmeans_fit(array[a, b, c], 5, '{"scaling": "standard"}' order by md5(i::text)) from cloud) m;
create table answer (name text, model bytea);
set ecom_analytics.max_threads = 1;
insert into answer select 'few', ecom_internal.model_send(ecom.kmeans_fit(array[a, b, c], 5)) from cloud;
insert into answer select 'many', ecom_internal.model_send(ecom.kmeans_fit(array[a, b, c, a + b, b * c, a * c], 12, '{"n_init": 2}')) from cloud;
set ecom_analytics.max_threads = 2;
insert into answer select 'few', ecom_internal.model_send(ecom.kmeans_fit(array[a, b, c], 5)) from cloud;
insert into answer select 'many', ecom_internal.model_send(ecom.kmeans_fit(array[a, b, c, a + b, b * c, a * c], 12, '{"n_init": 2}')) from cloud;
set ecom_analytics.max_threads = 8;
insert into answer select 'few', ecom_internal.model_send(ecom.kmeans_fit(array[a, b, c], 5)) from cloud;
insert into answer select 'many', ecom_internal.model_send(ecom.kmeans_fit(array[a, b, c, a + b, b * c, a * c], 12, '{"n_init": 2}')) from cloud;
reset ecom_analytics.max_threads;
set parallel_setup_cost = 0;
set parallel_tuple_cost = 0;
set min_parallel_table_scan_size = 0;
select is_partial('select ecom.kmeans_fit(array[a, b, c], 5) from test_kmeans.cloud') as fit,
       is_partial('select ecom.kmeans_fit(array[a, b, c], 5, ''{}'') from test_kmeans.cloud') as with_options,
       is_partial('select ecom.kmeans_fit(array[a, b, c], 5, ''{}'', a) from test_kmeans.cloud') as weighted;
insert into answer select 'few', ecom_internal.model_send(ecom.kmeans_fit(array[a, b, c], 5)) from cloud;
insert into answer select 'many', ecom_internal.model_send(ecom.kmeans_fit(array[a, b, c, a + b, b * c, a * c], 12, '{"n_init": 2}')) from cloud;
select (select ecom_internal.model_send(ecom.kmeans_fit(array[a, b], 3, '{}', 1 + i % 2)) from cloud)
     = (select ecom_internal.model_send(ecom.kmeans_fit(array[a, b], 3, '{}', 1 + i % 2 order by i)) from cloud) as weighted_in_parallel;
reset parallel_setup_cost;
reset parallel_tuple_cost;
reset min_parallel_table_scan_size;
select name, count(*), count(distinct model) as different from answer group by name order by name;
-- A model is a value: text and binary forms, tables.
select ecom_internal.model_send(model::text::ecom.model) = ecom_internal.model_send(model) as text_round_trip
from (select ecom.kmeans_fit(array[a, b, c], null, '{"k_max": 3, "transform": "yeojohnson"}') as model from cloud) m;

-- Parameters.
select n, pg_temp.error_of('select ecom.kmeans_fit(array[x, y], ' || arguments || ') from test_kmeans.point') as error_of
from (values (1, '0'), (2, '-1'), (3, '10001'), (4, '7'), (5, '2, ''{"n_init": 0}'''), (6, '2, ''{"n_init": 1.5}'''), (7, '2, ''{"starts": 3}'''),
             (8, '2, ''[1]'''), (9, '2, ''{"tolerance": 1}'''), (10, '2, ''{"max_iterations": 0}'''), (11, '2, ''{"transform": "sqrt"}'''),
             (12, '2, ''{"scaling": "normal"}'''), (13, '2, ''{"initial_centers": [1, 2, 3]}'''), (14, 'null, ''{"initial_centers": [1, 2, 3, 4]}'''),
             (15, 'null, ''{"k_min": 5, "k_max": 3}'''), (16, 'null, ''{"k_min": 7, "k_max": 9}'''), (17, 'null, ''{"silhouette_rows": 1}'''),
             (18, '2, ''{}'', 0'), (19, '2, ''{}'', -1'), (20, '2, ''{}'', null'), (21, '2, ''{}'', ''NaN'''), (22, '2, ''{}'', ''infinity'''),
             (23, '2, null'), (26, '2, ''{"method": "elkan"}'''), (27, '2, ''{"batch_rows": 0}'''),
             (28, '2, ''{"method": "minibatch", "initial_centers": [1, 2, 3]}'''), (29, '7, ''{"method": "minibatch"}'''), (24, 'null, ''{"choose": "best"}'''), (25, 'null, ''{"gap_references": 1}''')) v (n, arguments) order by n;
select pg_temp.error_of('select ecom.kmeans_segment(array[x], 0) over () from test_kmeans.point');
select pg_temp.error_of('select ecom.kmeans_segment(array[x], 7) over () from test_kmeans.point');
select pg_temp.error_of('select ecom.kmeans_segment(array[x], 2, options => null) over () from test_kmeans.point');
select pg_temp.error_of('select ecom.kmeans_segment(array[x], 2, nullif(x, 10)) over (order by id) from test_kmeans.point');
select pg_temp.error_of('select ecom.kmeans_segment(array[x], 2, nullif(x, 50)) over (order by id) from test_kmeans.point');
-- Features.
select n, pg_temp.error_of('select ecom.kmeans_fit(f, 2) from (values (1, ''{1,2}''::float8[]), (2, ' || second || ')) v (i, f)') as error_of,
       pg_temp.error_of('select ecom.kmeans_segment(f, 2) over (order by i) from (values (1, ''{1,2}''::float8[]), (2, ' || second || ')) v (i, f)')
       = pg_temp.error_of('select ecom.kmeans_fit(f, 2) from (values (1, ''{1,2}''::float8[]), (2, ' || second || ')) v (i, f)') as same_in_window
from (values (1, '''{1,null}'''), (2, '''{1,nan}'''), (3, '''{-infinity,1}'''), (4, '''{1}'''), (5, '''{1,2,3}'''), (6, '''{}'''), (7, '''{{1,2}}'''),
             (8, '''{1e200,1}'''), (9, '''{1e130,-1e130}'''), (10, 'null'), (11, '''{1,2}''')) v (n, second) order by n;
select pg_temp.error_of('select ecom.kmeans_fit(array_fill(1.5::float8, array[n]), 1) from generate_series(10001, 10001) n');
select ecom.model_info(model) ->> 'features' as features, ecom.model_info(model) -> 'sizes' as sizes
from (select ecom.kmeans_fit(f, 3) as model
      from (select i, array_agg((i % 3) * 10 + sin(i * j)) as f from generate_series(1, 30) i, generate_series(1, 1000) j group by i) s) m;
-- Scoring.
create table fitted as select ecom.kmeans_fit(array[x, y], 2) as model, ecom.quantile_bins(x, 5, false) as bins from point;
select n, pg_temp.error_of('select ' || call || ' from test_kmeans.fitted') as error_of
from (values (1, 'ecom.kmeans_predict(model, ''{1}'')'), (2, 'ecom.kmeans_predict(model, ''{1,2,3}'')'), (3, 'ecom.kmeans_predict(model, ''{1,null}'')'),
             (4, 'ecom.kmeans_predict(model, ''{1,nan}'')'), (5, 'ecom.kmeans_distances(model, ''{infinity,1}'')'), (6, 'ecom.kmeans_assign(model, ''{}'')'),
             (7, 'ecom.kmeans_predict(bins, ''{1,2}'')'), (8, 'ecom.kmeans_centers(bins)'), (9, 'ecom.kmeans_trials(bins)'),
             (10, 'ecom.quantile_bin(model, 1)'), (11, 'ecom.kmeans_predict(replace(model::text, ''"rows":6'', ''"rows":7'')::ecom.model, ''{1,2}'')'),
             (12, 'ecom.kmeans_predict(model, ''{1e300,1}'')')) v (n, call) order by n;
-- A changed digit of a stored model is noticed, wherever it is.
select count(*) > 30 as many, count(*) filter (where e not like 'XX001%') as accepted
from (select model::text as t from fitted) f, generate_series(1, length(t)) n,
     lateral (select pg_temp.error_of(format('select %L::ecom.model', overlay(t placing ((substr(t, n, 1)::int + 1) % 10)::text from n))) as e) d
where substr(t, n, 1) between '0' and '9';
-- Memory and time are bounded.
set ecom_analytics.memory_limit = '1MB';
select pg_temp.error_of('select ecom.kmeans_fit(array[a, b, c], 3, ''{"method": "lloyd"}'') from test_kmeans.cloud');
select pg_temp.error_of('select ecom.kmeans_segment(array[a, b, c], 3, options => ''{"method": "lloyd"}'') over () from test_kmeans.cloud');
select pg_temp.error_of('select ecom.kmeans_fit(array[a, b, c], 1000) from test_kmeans.cloud');
-- Beyond the limit by mini-batches of a sample: the same in any order, on any number of threads, in parallel plans.
create table batch (name text, model ecom.model);
insert into batch select 'stored', ecom.kmeans_fit(array[a, b, c], 4, '{"scaling": "standard"}') from cloud;
insert into batch select 'sorted', ecom.kmeans_fit(array[a, b, c], 4, '{"scaling": "standard"}' order by b, a) from cloud;
insert into batch select 'shuffled', ecom.kmeans_fit(array[a, b, c], 4, '{"scaling": "standard"}' order by md5(i::text)) from cloud;
set ecom_analytics.max_threads = 8;
insert into batch select 'eight threads', ecom.kmeans_fit(array[a, b, c], 4, '{"scaling": "standard"}') from cloud;
reset ecom_analytics.max_threads;
set parallel_setup_cost = 0;
set parallel_tuple_cost = 0;
set min_parallel_table_scan_size = 0;
insert into batch select 'parallel', ecom.kmeans_fit(array[a, b, c], 4, '{"scaling": "standard"}') from cloud;
reset parallel_setup_cost;
reset parallel_tuple_cost;
reset min_parallel_table_scan_size;
select count(*), count(distinct ecom_internal.model_send(model)) as different, min(info ->> 'method') as method, min(info ->> 'rows') as rows,
       bool_and((info ->> 'sampled_rows')::int between 2000 and 10000) as is_sampled from batch, ecom.model_info(model) info;
-- The window function clusters every row, those that were left out as well.
select count(*), bool_and(cluster = ecom.kmeans_predict(model, array[a, b, c])) as as_predicted
from (select a, b, c, ecom.kmeans_segment(array[a, b, c], 4, options => '{"scaling": "standard"}') over () as cluster from cloud) s, batch where name = 'stored';
select (ecom.model_info(model) ->> 'clusters')::int between 2 and 5 as is_chosen, (select count(*) from ecom.kmeans_trials(model)) as trials
from (select ecom.kmeans_fit(array[a, b, c], null, '{"silhouette_rows": 500, "k_max": 5}', 1 + i % 2) as model from cloud) m;
-- Equal rows are counted: of few different ones none is left out.
select info ->> 'method' as method, info ->> 'sampled_rows' as different_rows, info -> 'sizes' as sizes, info ->> 'inertia' as inertia
from (select ecom.model_info(ecom.kmeans_fit(array[i % 3, 7], 3)) as info from cloud, generate_series(1, 2)) m;
-- Near Lloyd's algorithm, measured in the same units.
insert into batch select 'sample', ecom.kmeans_fit(array[a, b, c], 4) from cloud;
reset ecom_analytics.memory_limit;
insert into batch select 'lloyd', ecom.kmeans_fit(array[a, b, c], 4) from cloud;
insert into batch select 'all rows', ecom.kmeans_fit(array[a, b, c], 4, '{"method": "minibatch", "batch_rows": 500}') from cloud;
select name, ecom.model_info(model) ->> 'method' as method, cost < 1.02 * min(cost) over () as is_near
from batch, lateral (select sum((ecom.kmeans_assign(model, array[a, b, c])).distance ^ 2) as cost from cloud) c
where name in ('sample', 'lloyd', 'all rows') order by name;
set statement_timeout = '50ms';
select ecom.kmeans_fit(array[a, b, c], 200, '{"n_init": 200}') from cloud;
reset statement_timeout;
set client_min_messages = warning;
drop schema test_kmeans cascade;
