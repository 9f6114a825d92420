-- Power transforms, scalers and preprocessors: known values, every bad input, plans, models.
set client_min_messages = warning;
\set SHOW_CONTEXT never
create schema test_preprocessing;
set search_path = test_preprocessing, pg_catalog;
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

-- Deterministic, skewed, with ties: h is uniform on 0 .. 1.
create table customer as
select i, -floor(120 * ln(h1)) + 1 as recency, floor(-6 * ln(h2)) as orders, round((exp(3 + 2 * h1 * h2) - 30)::numeric, 2)::float8 as margin
from (select i, (i * 7919 % 1009 + 0.5) / 1009.0 as h1, (i * 104729 % 2003 + 0.5) / 2003.0 as h2 from generate_series(1, 2000) i) u;
select count(*), min(recency), max(recency), min(orders), max(orders), min(margin), max(margin) from customer;

-- Lambdas: to more digits than scipy.stats.boxcox and yeojohnson give.
select n, shift, round(lambda::numeric, 8) as lambda, round(ci_low::numeric, 6) as ci_low, round(ci_high::numeric, 6) as ci_high, round(log_likelihood::numeric, 6) as log_likelihood
from (select (ecom.boxcox_fit(recency)).* from customer union all select (ecom.boxcox_fit(orders)).* from customer
      union all select (ecom.boxcox_fit(margin)).* from customer union all select (ecom.yeojohnson_fit(recency)).* from customer
      union all select (ecom.yeojohnson_fit(margin)).* from customer) f;
select ecom.boxcox_lambda(recency) = (ecom.boxcox_fit(recency)).lambda as same_boxcox,
       ecom.yeojohnson_lambda(margin) = (ecom.yeojohnson_fit(margin)).lambda as same_yeojohnson,
       ecom.boxcox_lambda(recency) = ecom.boxcox_lambda(recency order by margin) as any_order from customer;
select x, l, round(ecom.boxcox(x, l)::numeric, 9) as boxcox, round(ecom.boxcox_inverse(ecom.boxcox(x, l, 2), l, 2)::numeric, 9) as back,
       round(ecom.yeojohnson(-x, l)::numeric, 9) as yeojohnson, round(ecom.yeojohnson_inverse(ecom.yeojohnson(-x, l), l)::numeric, 9) as back_too
from unnest('{0.1, 1, 20}'::float8[]) x, unnest('{-1, 0, 0.5, 2}'::float8[]) l;

-- Models.
create table models as
select t, s, ecom.preprocessor_fit(array[recency, orders, margin], t, s) as model
from customer, unnest('{none, log, boxcox, yeojohnson}'::text[]) t, unnest('{none, standard, minmax, robust}'::text[]) s group by t, s;
select t, s, feature, transform, shift, round(lambda::numeric, 8) as lambda, round(centre::numeric, 8) as centre, round(scale::numeric, 8) as scale
from models, ecom.preprocessor_columns(model) where s = 'standard' or t = 'none' order by t, s, feature;
select t, s, rounded(ecom.transform(model, array[5, 0, -3.5])) as transformed, rounded(ecom.inverse_transform(model, ecom.transform(model, array[5, 0, -3.5]))) as back
from models order by t, s;
-- What was fitted has mean 0 and standard deviation 1.
select t, feature, round(avg(v)::numeric, 9) as mean, round(stddev_pop(v)::numeric, 9) as deviation
from models, customer, unnest(ecom.transform(model, array[recency, orders, margin])) with ordinality u (v, feature) where s = 'standard' group by 1, 2 order by 1, 2;
select ecom.scaler_fit(array[recency, margin], m)::text = ecom.preprocessor_fit(array[recency, margin], 'none', m)::text as same_as_preprocessor
from customer, unnest('{standard, minmax, robust}'::text[]) m group by m;
select ecom.model_info(model) - '{bytes, checksum}'::text[] as info from models where t = 'boxcox' and s = 'standard';
select model::text::ecom.model::text = model::text as travels from models where t = 'boxcox' and s = 'robust';
-- A value below all that were seen counts as the smallest; other values keep their order.
select ecom.transform(model, array[1, 0, -1e6]) = ecom.transform(model, array[-5, -2, (select min(margin) from customer)]) as clipped from models where t in ('log', 'boxcox') order by t, s;

-- No rows, NULL rows, one row, constant columns, 1,000 features.
select ecom.scaler_fit(array[recency], 'standard'), ecom.boxcox_fit(recency), ecom.boxcox_lambda(recency), ecom.yeojohnson_lambda(recency) from customer where false;
select ecom.scaler_fit(null::float8[], 'standard'), ecom.boxcox_lambda(null) from customer;
select c.* from (select ecom.preprocessor_fit(array[3, -1], 'boxcox', 'standard') as model) m, ecom.preprocessor_columns(m.model) c;
select c.*, ecom.transform(m.model, array[7, 2]) from (select ecom.preprocessor_fit(array[7, v], 'log', 'minmax') as model from generate_series(1, 3) v) m, ecom.preprocessor_columns(m.model) c;
select cardinality(t), rounded(t[1:3], 6), rounded(t[999:1000], 6)
from (select ecom.transform(model, array_fill(50::float8, array[1000])) as t
      from (select ecom.preprocessor_fit((select array_agg((r * f % 97 + 1)::float8 order by f) from generate_series(1, 1000) f), 'boxcox', 'standard') as model
            from generate_series(1, 60) r) m) s;
-- Huge values.
select round((ecom.boxcox_fit(x)).lambda::numeric, 6) from unnest('{1e300, 2e300, 5e300, 9e300}'::float8[]) x;
select round(ecom.boxcox_lambda(x)::numeric, 6) as as_small from unnest('{1, 2, 5, 9}'::float8[]) x;
select rounded(ecom.transform(ecom.scaler_fit(array[x], 'standard'), array[2e300]), 6) from unnest('{1e300, 2e300, 6e300}'::float8[]) x;

select rounded(ecom.transform(ecom.scaler_fit(array[x], 'standard'), array[2e-300]), 6) from unnest('{1e-300, 2e-300, 6e-300}'::float8[]) x;

-- Bad input.
select statement, error_of(statement) from (values
    (1, $$select ecom.scaler_fit(array[1, null], 'standard')$$),
    (2, $$select ecom.scaler_fit(array[1, 'NaN'::float8], 'standard')$$),
    (3, $$select ecom.scaler_fit(array['Infinity'::float8], 'standard')$$),
    (4, $$select ecom.scaler_fit(f, 'standard') from (values ('{1, 2}'::float8[]), ('{1, 2, 3}')) v (f)$$),
    (5, $$select ecom.scaler_fit('{}'::float8[], 'standard')$$),
    (6, $$select ecom.scaler_fit('{{1, 2}, {3, 4}}'::float8[], 'standard')$$),
    (7, $$select ecom.scaler_fit(array_fill(1::float8, array[10001]), 'standard')$$),
    (8, $$select ecom.scaler_fit(array[1], 'z-score')$$),
    (9, $$select ecom.scaler_fit(array[1], null)$$),
    (10, $$select ecom.preprocessor_fit(array[1], 'sqrt', 'standard')$$),
    (11, $$select ecom.preprocessor_fit(array[1], null, 'standard')$$),
    (12, $$select ecom.scaler_fit(array[x], 'minmax') from unnest('{-1.7e308, 1.7e308}'::float8[]) x$$),
    (13, $$select ecom.scaler_fit(array[1, x], 'standard') from unnest('{-1.7e308, 1.7e308}'::float8[]) x$$),
    (14, $$select ecom.boxcox_lambda(x) from unnest('{1, 0, 2}'::float8[]) x$$),
    (15, $$select ecom.boxcox_lambda(5) from generate_series(1, 3)$$),
    (16, $$select ecom.boxcox_fit(1)$$),
    (17, $$select ecom.yeojohnson_fit(0) from generate_series(1, 3)$$),
    (18, $$select ecom.boxcox_fit('NaN')$$),
    (19, $$select ecom.yeojohnson_lambda('-Infinity')$$),
    (20, $$select ecom.boxcox(0, 1)$$),
    (21, $$select ecom.boxcox(-3, 1, 2)$$),
    (22, $$select ecom.boxcox('NaN', 1)$$),
    (23, $$select ecom.boxcox(1e300, 10)$$),
    (24, $$select ecom.boxcox_inverse(-3, 1)$$),
    (25, $$select ecom.yeojohnson(1, 'Infinity')$$),
    (26, $$select ecom.yeojohnson_inverse(-2, 3)$$),
    (27, $$select ecom.transform(model, array[1, 2]) from models limit 1$$),
    (28, $$select ecom.transform(model, array[1, null, 2]) from models limit 1$$),
    (29, $$select ecom.transform(model, array[1, 'NaN'::float8, 2]) from models limit 1$$),
    (30, $$select ecom.transform(model, '{}') from models limit 1$$),
    (31, $$select ecom.inverse_transform(model, array[-1e9, 0, 0]) from models where t = 'boxcox' and s = 'standard'$$),
    (32, $$select ecom.transform(ecom.quantile_bins(v, 4, false), array[1]) from generate_series(1, 9) v$$),
    (33, $$select * from ecom.preprocessor_columns((select ecom.quantile_bins(v, 4, false) from generate_series(1, 9) v))$$),
    (34, $$select ecom.quantile_bin(model, 3) from models limit 1$$)) v (n, statement) order by n;
-- Every character of a stored model counts.
select count(*) as changes, count(*) filter (where error_of(format('select %L::ecom.model', overlay(t placing case substr(t, i, 1) when '1' then '2' else '1' end from i))) !~ '^(XX001|22P02)') as undetected
from (select model::text as t from models where t = 'boxcox' and s = 'standard') m, generate_series(1, length(t), 3) i;

-- Parallel plans give the same bits.
create table serial as
select ecom.preprocessor_fit(array[recency, orders, margin], 'boxcox', 'robust')::text as model, ecom.boxcox_lambda(recency) as lambda from customer;
alter table customer set (parallel_workers = 2);
set parallel_setup_cost = 0;
set parallel_tuple_cost = 0;
set min_parallel_table_scan_size = 0;
set max_parallel_workers_per_gather = 2;
create function plan_has(query text, wanted text) returns boolean language plpgsql as
$$ declare line text; begin for line in execute 'explain (costs off) ' || query loop if line like '%' || wanted || '%' then return true; end if; end loop; return false; end $$;
select plan_has($$select ecom.preprocessor_fit(array[recency, orders, margin], 'boxcox', 'robust') from customer$$, 'Partial Aggregate') as preprocessor,
       plan_has($$select ecom.scaler_fit(array[recency], 'minmax') from customer$$, 'Partial Aggregate') as scaler,
       plan_has($$select ecom.boxcox_fit(recency), ecom.boxcox_lambda(recency), ecom.yeojohnson_fit(recency), ecom.yeojohnson_lambda(recency) from customer$$, 'Partial Aggregate') as power;
select ecom.preprocessor_fit(array[recency, orders, margin], 'boxcox', 'robust')::text = (select model from serial) as same_model,
       ecom.boxcox_lambda(recency) = (select lambda from serial) as same_lambda from customer;
set ecom_analytics.max_threads = 8;
select ecom.preprocessor_fit(array[recency, orders, margin], 'boxcox', 'robust')::text = (select model from serial) as same_with_threads from customer;
set ecom_analytics.memory_limit = '1MB';
select error_of('select ecom.scaler_fit(array[g, g, g], ''standard'') from generate_series(1, 100000) g');
reset ecom_analytics.memory_limit;

-- Windows read the state and leave it as it is.
select v, ecom.boxcox_lambda(v) over (order by v rows between 1 preceding and 1 following) = ecom.boxcox_lambda(v) over () as same from unnest('{1, 2, 4}'::float8[]) v;
drop schema test_preprocessing cascade;
