-- ecom.quantile_bins and ecom.quantile_bin: cut points, ties, extremes, errors.
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
create schema test_bins;
set search_path = test_bins;

-- Cut points are type-7 quantiles, as percentile_cont has them; bins are closed on the right.
select b as bins, (select count(*) from generate_series(1, b - 1) i
                   where abs((model::jsonb -> 'body' -> 'cuts' ->> (i - 1))::float8
                             - (select percentile_cont(i::float8 / b) within group (order by v)
                                from (select (v * 37) % 101 + v / 7.0 as v from generate_series(1, 213) v) p)) > 1e-9) as different
from generate_series(2, 10) b,
     lateral (select ecom.quantile_bins(v, b, false) as model from (select (v * 37) % 101 + v / 7.0 as v from generate_series(1, 213) v) s) m;
select ecom.quantile_bin(model, v) as bin, min(v), max(v), count(*)
from (select ecom.quantile_bins(v, 5, false) as model from generate_series(0, 100) v) m, generate_series(-10, 110) v
group by 1 order by 1;
select ecom.quantile_bin(model, v) as bin, min(v), max(v), count(*)
from (select ecom.quantile_bins(v, 5, true) as model from generate_series(0, 100) v) m, generate_series(-10, 110) v
group by 1 order by 1;

-- Equal values share a bin, so heavy ties leave bins empty.
select v, ecom.quantile_bin(model, v) as bin, ecom.quantile_bin(reverse_model, v) as reverse_bin
from (select ecom.quantile_bins(x, 5, false) as model, ecom.quantile_bins(x, 5, true) as reverse_model
      from unnest('{1, 1, 1, 1, 1, 1, 1, 2, 3, 9}'::float8[]) x) m, unnest('{0, 1, 1.5, 2, 3, 4, 9, 10}'::float8[]) v;
-- All equal, one row, two rows.
select n, model::jsonb -> 'body' -> 'cuts' as cuts, ecom.quantile_bin(model, 7) as same, ecom.quantile_bin(model, 6) as less, ecom.quantile_bin(model, 8) as more
from generate_series(1, 3) n, lateral (select ecom.quantile_bins(7, 4, false) as model from generate_series(1, n * n) v) m;
select model::jsonb -> 'body' -> 'cuts' as cuts from (select ecom.quantile_bins(v, 4, false) as model from generate_series(1, 2) v) m;

-- NULLs are skipped; no rows give NULL; infinite values are beyond the ends when scored.
select ecom.quantile_bins(v, 5, false)::text = (select ecom.quantile_bins(v, 5, false)::text from generate_series(1, 9) v) as skips_nulls
from (select v::float8 from generate_series(1, 9) v union all select null from generate_series(1, 5)) s;
select ecom.quantile_bins(null, 5, false) is null as only_nulls, ecom.quantile_bins(v, 5, false) filter (where false) is null as none
from generate_series(1, 3) v;
select ecom.quantile_bin(model, '-infinity') as lowest, ecom.quantile_bin(model, 'infinity') as highest, ecom.quantile_bin(model, null) as nothing
from (select ecom.quantile_bins(v, 5, false) as model from generate_series(1, 9) v) m;

-- Extremes of float8, where differences overflow.
select model::jsonb -> 'body' -> 'cuts' as cuts, ecom.quantile_bin(model, -1e308) as low, ecom.quantile_bin(model, 1e308) as high
from (select ecom.quantile_bins(v, 2, false) as model from unnest('{-1.7e308, 1.7e308}'::float8[]) v) m;
select ecom.quantile_bin(model, 1e-320) as tiny, ecom.quantile_bin(model, -0.0) = ecom.quantile_bin(model, 0.0) as zeros_are_equal
from (select ecom.quantile_bins(v, 2, false) as model from unnest('{0, 5e-324, 1e-310}'::float8[]) v) m;

-- Integers, numerics and the rows' order.
select ecom.quantile_bins(v, 5, false)::text = ecom.quantile_bins(v::numeric, 5, false)::text as types,
       ecom.quantile_bins(v, 5, false)::text = ecom.quantile_bins(v, 5, false order by md5(v::text))::text as any_order
from generate_series(1, 1000) v;
select distinct ecom.quantile_bins(x, 3, false order by n)::jsonb -> 'body' as body
from (values (1, '{0, 0, -0, -0}'::float8[]), (2, '{-0, 0, -0, 0}'), (3, '{-0, -0, 0, 0}')) zeros (v, list),
     unnest(list) with ordinality as member (x, n) group by v;
-- One model per group.
select g, model::jsonb -> 'body' -> 'cuts' as cuts
from (select v % 3 as g, ecom.quantile_bins(v, 2, false) as model from generate_series(1, 9) v group by 1) s order by g;

-- Errors.
select b, pg_temp.error_of(format('select ecom.quantile_bins(v, %L, false) from generate_series(1, 9) v', b)) as error_of
from unnest('{0, 1, 11, -5, 2147483647, null}'::int[]) b;
select x, pg_temp.error_of(format('select ecom.quantile_bins(v, 5, false) from unnest(''{1, %s}''::float8[]) v', x)) as error_of
from unnest('{NaN, Infinity, -Infinity}'::text[]) x;
select pg_temp.error_of('select ecom.quantile_bins(v, 5, null) from generate_series(1, 9) v');
select pg_temp.error_of('select ecom.quantile_bin(ecom.quantile_bins(v, 5, false), ''NaN'') from generate_series(1, 9) v');
-- The parameters are those of the first row; what memory_limit refuses names the setting.
set ecom_analytics.memory_limit = '1MB';
select pg_temp.error_of('select ecom.quantile_bins(v, 5, false) from generate_series(1, 1000000) v');
select ecom.quantile_bins(v, 5, false) is not null as fits from generate_series(1, 20000) v;
reset ecom_analytics.memory_limit;

set client_min_messages = warning;
drop schema test_bins cascade;
