-- Principal components and the measures of a clustering: known values, every bad input, plans, models.
set client_min_messages = warning;
\set SHOW_CONTEXT never
create schema test_clusters;
set search_path = test_clusters, pg_catalog;
create function error_of(statement text) returns text language plpgsql as $$
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
create function rounded(v float8[], digits int default 9) returns numeric[] language sql as
$$ select array_agg(round(x::numeric, digits) order by n) from unnest(v) with ordinality u (x, n) $$;
-- Three groups in the plane, and a third feature that is almost the sum of the two.
create table point as
select i, i % 3 as g, (array['north', 'south', 'west'])[i % 3 + 1] as name, x, y, x + y + (i * 7 % 11 - 5) / 50.0::float8 as z
from (select i, (i * 37 % 101) / 50.0 + 4 * (i % 3) as x, (i * 53 % 97) / 50.0 - 3 * (i % 3 % 2) as y from generate_series(1, 600) i) p;

-- Principal components.
create table model as select ecom.pca_fit(array[x, y, z]) as whole, ecom.pca_fit(array[x, y, z], 2) as two from point;
select c.component, round(c.explained_variance::numeric, 9) as explained_variance, round(c.explained_variance_ratio::numeric, 9) as ratio,
       round(c.cumulative_ratio::numeric, 9) as cumulative, rounded(c.loadings) as loadings from model, ecom.pca_components(whole) c;
select c.component, c.explained_variance = w.explained_variance as same_variance, c.loadings = w.loadings as same_loadings
from model, ecom.pca_components(two) c join lateral ecom.pca_components(whole) w using (component);
-- Scores have mean 0, the explained variance, and no correlation; all components give the row back.
select round(avg(s[1])::numeric, 9) as mean, round((var_samp(s[1]) / v)::numeric, 9) as variance, round(corr(s[1], s[2])::numeric, 9) as correlation
from (select ecom.pca_transform(two, array[x, y, z]) as s, (select explained_variance from ecom.pca_components(two) limit 1) as v from point, model) t group by v;
select rounded(ecom.pca_transform(whole, array[1, 2, 3])) as scores, rounded(ecom.pca_inverse_transform(whole, ecom.pca_transform(whole, array[1, 2, 3]))) as back,
       rounded(ecom.pca_inverse_transform(two, ecom.pca_transform(two, array[1, 2, 3]))) as nearest from model;
select ecom.model_info(two) - '{bytes, checksum, explained_variance_ratio}'::text[] as info, two::text::ecom.model::text = two::text as travels from model;
-- The largest loading is positive, of equal ones the first.
select rounded(c.loadings) from (select ecom.pca_fit(array[x, -x]) as m from point) f, ecom.pca_components(m) c where component = 1;
select rounded(c.loadings) from (select ecom.pca_fit(array[-3 * x, x]) as m from point) f, ecom.pca_components(m) c where component = 1;
-- A large offset costs no digits; a constant feature has no part.
select c.component, round(c.explained_variance::numeric, 6) as explained_variance, rounded(c.loadings, 6)
from (select ecom.pca_fit(array[1e6 + x, 7, 1e6 + y]) as m from point) f, ecom.pca_components(m) c;
-- Fewer rows than features; 1,000 features; no rows.
select count(*), max(cardinality(c.loadings)) from (select ecom.pca_fit(array[i, i * i, 1 / i, sqrt(i)]::float8[]) as m from generate_series(1, 3) i) f, ecom.pca_components(m) c;
select component, round(explained_variance_ratio::numeric, 6) as ratio, cardinality(loadings)
from (select ecom.pca_fit(f, 2) as m from (select r, array_agg((sin(r) * k + (r * k % 7))::float8 order by k) as f from generate_series(1, 40) r, generate_series(1, 1000) k group by r) s) t, ecom.pca_components(m);
select ecom.pca_fit(array[x]) from point where false;
select ecom.pca_fit(null::float8[], 1) from point;

-- Measures of a clustering.
select round(ecom.silhouette_score(array[x, y], g)::numeric, 9) as silhouette, round(ecom.davies_bouldin_score(array[x, y], g)::numeric, 9) as davies_bouldin,
       round(ecom.calinski_harabasz_score(array[x, y], g)::numeric, 6) as calinski_harabasz from point;
-- Names instead of numbers, and any order of the rows.
select ecom.silhouette_score(array[x, y], name) = ecom.silhouette_score(array[x, y], g) as silhouette,
       ecom.davies_bouldin_score(array[x, y], name) = ecom.davies_bouldin_score(array[x, y], g) as davies_bouldin,
       ecom.calinski_harabasz_score(array[x, y], name) = ecom.calinski_harabasz_score(array[x, y], g) as calinski_harabasz,
       ecom.silhouette_score(array[x, y], g order by z) = ecom.silhouette_score(array[x, y], g) as any_order,
       ecom.silhouette_score(array[x, y], g, 150 order by z) = ecom.silhouette_score(array[x, y], g, 150) as any_order_of_sample from point;
select abs(ecom.silhouette_score(array[x, y], g, 200) - ecom.silhouette_score(array[x, y], g)) < 0.02 as near,
       ecom.silhouette_score(array[x, y], g, 600) = ecom.silhouette_score(array[x, y], g) as all_rows from point;
-- Of every row: by hand, of names, with NULLs, by partition; its mean is the score.
select n, x, label, round(ecom.silhouette_samples(array[x * p], label) over (partition by p)::numeric, 9) as silhouette
from (values (1, 0.0::float8, 1), (2, 1, 1), (3, 3, 2), (4, 5, 2), (5, 9, null), (6, 20, 3)) v (n, x, label), generate_series(1, 2) p order by p, n;
select abs(avg(s) - ecom.silhouette_score(array[x, y], g)) < 1e-12 as mean, count(*) filter (where s <> t) as other_by_name from (
    select x, y, g, ecom.silhouette_samples(array[x, y], g) over (order by z rows between 1 preceding and current row) as s,
           ecom.silhouette_samples(array[x, y], name) over () as t from point) s;
select count(*), count(s) from (select ecom.silhouette_samples(case when i > 10 then array[x, y] end, g) over () as s from point) t;
select count(*) from (select ecom.silhouette_samples(array[x, y], g) over () from point where false) t;
-- Rows with a NULL are skipped; no rows; one cluster in one place.
select round(ecom.silhouette_score(f, l)::numeric, 9), round(ecom.davies_bouldin_score(f, l)::numeric, 9), ecom.calinski_harabasz_score(f, l)
from (values ('{0}'::float8[], 1), ('{2}', 1), ('{10}', 2), (null, 1), ('{5}', null)) v (f, l);
select ecom.silhouette_score(array[x], g), ecom.silhouette_score(array[x], g, 10), ecom.davies_bouldin_score(array[x], g), ecom.calinski_harabasz_score(array[x], g) from point where false;
select ecom.silhouette_score(array[7, 7], l), ecom.davies_bouldin_score(array[7, 7], l), ecom.calinski_harabasz_score(array[7, 7], l) from unnest('{1, 1, 2, 2}'::int[]) l;
select round(ecom.silhouette_score((select array_agg((i % 2 * 10 + i * k % 7)::float8) from generate_series(1, 1000) k), i % 2)::numeric, 9) as thousand_features from generate_series(1, 20) i;

-- Agreement of two labellings.
select ecom.adjusted_rand_index(g, name) as type_error_free from (select g::text, name from point) p;
select ecom.adjusted_rand_index(i, (i * 7) % 600), round(ecom.adjusted_rand_index(g, i % 4)::numeric, 9) as chance, ecom.adjusted_rand_index(g, -g) as same from point;
select round(ecom.adjusted_rand_index(a, b)::numeric, 9) from (values (0, 0), (0, 0), (1, 1), (2, 1), (null, 1), (1, null)) v (a, b);
select ecom.adjusted_rand_index(1, 2), ecom.adjusted_rand_index('a', 'b') filter (where false), ecom.adjusted_rand_index(null::int, 1);

-- Bad input.
select statement, error_of(statement) from (values
    (1, $$select ecom.pca_fit(array[1, null])$$),
    (2, $$select ecom.pca_fit(array[1, 'NaN'::float8])$$),
    (3, $$select ecom.pca_fit(f) from (values ('{1, 2}'::float8[]), ('{1}')) v (f)$$),
    (4, $$select ecom.pca_fit('{}'::float8[])$$),
    (5, $$select ecom.pca_fit(array[1, 2])$$),
    (6, $$select ecom.pca_fit(array[1, 2]) from generate_series(1, 5)$$),
    (7, $$select ecom.pca_fit(array[x, y], 0) from point$$),
    (8, $$select ecom.pca_fit(array[x, y], 3) from point$$),
    (9, $$select ecom.pca_fit(array[x, y], null) from point$$),
    (10, $$select ecom.pca_fit(array[x]) from unnest('{-1e300, 1e300}'::float8[]) x$$),
    (11, $$select ecom.pca_fit(array_fill(1::float8, array[10001]))$$),
    (12, $$select ecom.pca_transform(two, array[1, 2]) from model$$),
    (13, $$select ecom.pca_transform(two, array[1, 2, null]) from model$$),
    (14, $$select ecom.pca_transform(two, array[1, 2, 'Infinity'::float8]) from model$$),
    (15, $$select ecom.pca_transform(two, array[1.7e308, 1.7e308, 1.7e308]) from model$$),
    (16, $$select ecom.pca_inverse_transform(two, array[1, 2, 3]) from model$$),
    (17, $$select ecom.pca_transform(ecom.scaler_fit(array[1], 'standard'), array[1])$$),
    (18, $$select ecom.transform(two, array[1, 2, 3]) from model$$),
    (19, $$select * from ecom.pca_components((select ecom.scaler_fit(array[1], 'standard')))$$),
    (20, $$select ecom.silhouette_score(array[x], 1) from point$$),
    (21, $$select ecom.silhouette_score(array[x], i) from point$$),
    (22, $$select ecom.davies_bouldin_score(array[x], 'one') from point$$),
    (23, $$select ecom.calinski_harabasz_score(array[1], 1)$$),
    (24, $$select ecom.silhouette_score(array[x, null], g) from point$$),
    (25, $$select ecom.silhouette_score(array[x, 'NaN'], g) from point$$),
    (26, $$select ecom.silhouette_score(case when i < 3 then array[x] else array[x, y] end, g) from point$$),
    (27, $$select ecom.silhouette_score('{}'::float8[], g) from point$$),
    (28, $$select ecom.silhouette_score('{{1}, {2}}'::float8[], g) from point$$),
    (29, $$select ecom.silhouette_score(array[x], g, 1) from point$$),
    (30, $$select ecom.silhouette_score(array[x], g, 0) from point$$),
    (31, $$select ecom.silhouette_score(array[x], g, null) from point$$),
    (32, $$select ecom.silhouette_score(array[x], g, 2000000) from point$$),
    (33, $$select ecom.silhouette_score(array[x * 1e300], g) from point$$),
    (34, $$select ecom.davies_bouldin_score(array[x * 1e300], g) from point$$),
    (35, $$select ecom.calinski_harabasz_score(array[x * 1e300], g) from point$$),
    (36, $$select ecom.silhouette_samples(array[x], 1) over () from point$$),
    (37, $$select ecom.silhouette_samples(array[x, null], g) over () from point$$),
    (38, $$select ecom.silhouette_samples(array[x, 'NaN'], g) over () from point$$),
    (39, $$select ecom.silhouette_samples(case when i < 3 then array[x] else array[x, y] end, name) over () from point$$),
    (40, $$select ecom.silhouette_samples(array[i], i % 2) over () from generate_series(1, 100001) i$$)) v (n, statement) order by n;
-- Every character of a stored model counts.
select count(*) as changes, count(*) filter (where error_of(format('select %L::ecom.model', overlay(t placing case substr(t, i, 1) when '1' then '2' else '1' end from i))) !~ '^(XX001|22P02)') as undetected
from (select two::text as t from model) m, generate_series(1, length(t), 3) i;

-- Parallel plans: the same measures, and components but for rounding.
create table serial as
select ecom.silhouette_score(array[x, y], name) as s, ecom.davies_bouldin_score(array[x, y], g) as d, ecom.calinski_harabasz_score(array[x, y], g) as c,
       ecom.adjusted_rand_index(g, i % 4) as r from point;
alter table point set (parallel_workers = 2);
set parallel_setup_cost = 0;
set parallel_tuple_cost = 0;
set min_parallel_table_scan_size = 0;
set max_parallel_workers_per_gather = 2;
create function plan_has(query text, wanted text) returns boolean language plpgsql as
$$ declare line text; begin for line in execute 'explain (costs off) ' || query loop if line like '%' || wanted || '%' then return true; end if; end loop; return false; end $$;
select plan_has('select ecom.pca_fit(array[x, y, z]), ecom.pca_fit(array[x, y, z], 2) from point', 'Partial Aggregate') as pca,
       plan_has('select ecom.silhouette_score(array[x, y], g), ecom.silhouette_score(array[x, y], name, 50), ecom.davies_bouldin_score(array[x, y], g), ecom.calinski_harabasz_score(array[x, y], g) from point', 'Partial Aggregate') as measures,
       plan_has('select ecom.adjusted_rand_index(g, i), ecom.adjusted_rand_index(name, name) from point', 'Partial Aggregate') as agreement;
set ecom_analytics.max_threads = 4;
select ecom.silhouette_score(array[x, y], name) = min(s) as silhouette, ecom.davies_bouldin_score(array[x, y], g) = min(d) as davies_bouldin,
       ecom.calinski_harabasz_score(array[x, y], g) = min(c) as calinski_harabasz, ecom.adjusted_rand_index(g, i % 4) = min(r) as adjusted_rand from point, serial;
select max(abs(p.explained_variance - c.explained_variance)) < 1e-12 as variances, max(abs(p.loadings[1] - c.loadings[1])) < 1e-12 as loadings
from (select ecom.pca_fit(array[x, y, z]) as m from point) f, ecom.pca_components(m) p, model, ecom.pca_components(whole) c where p.component = c.component;
set ecom_analytics.memory_limit = '1MB';
select error_of('select ecom.silhouette_score(array[g, g, g], g % 3) from generate_series(1, 100000) g') as rows,
       error_of('select ecom.adjusted_rand_index(g, g) from generate_series(1, 100000) g') as labels,
       error_of('select ecom.pca_fit(array_fill(g::float8, array[1000])) from generate_series(1, 10) g') as features;
reset ecom_analytics.memory_limit;
drop schema test_clusters cascade;
