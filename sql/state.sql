-- The type ecom.state: aggregates in two steps, stored and merged states, damage, windows, parallel plans.
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
create schema test_state;
set search_path = test_state;
-- Lines with late orders, orders that span months, returns, and customers without a purchase.
create table lines as
select (v * 7919) % 997 as customer, (v * 7919) % 997 * 1000 + (v / 5) % 37 as order_id,
       timestamp '2024-01-01' + ((v * 104729) % 15552000) * interval '1 second' as ts,
       ((v * 31) % 20000)::numeric / 100 * case when v % 29 = 0 then -1 else 1 end as amount
from generate_series(1::bigint, 30000) v;
analyze lines;
create function fingerprint(state ecom.state) returns text language sql as $$
    select count(*) || ' ' || md5(string_agg(s::text, E'\n' order by customer_key, customer_id collate "C"))
    from ecom.rfm_rows(state) s $$;

-- One pass; any order of the rows; the plain SQL that it replaces.
create table one_pass as select ecom.rfm_agg(customer, order_id, ts, amount) as state from lines;
select count(*) as customers, sum(frequency) as orders, round(sum(monetary)::numeric, 2) as monetary from one_pass, ecom.rfm_rows(state);
select fingerprint(ecom.rfm_agg(customer, order_id, ts, amount order by md5(order_id::text || ts::text))) = fingerprint((select state from one_pass))
       as any_order from lines;
select count(*) as compared,
       count(*) filter (where (s.frequency, s.last_order_at, round(s.monetary::numeric, 2)) is distinct from
                              (p.frequency, p.last_at, round(p.monetary, 2))) as different
from (select customer, count(distinct order_id) filter (where amount >= 0) as frequency,
             max(ts) filter (where amount >= 0) as last_at, sum(amount) as monetary from lines group by customer) p
full join (select r.* from one_pass, ecom.rfm_rows(state) r) s on s.customer_key = p.customer;

-- A state per month, stored and rolled up, in any nesting.
create table months as
select date_trunc('month', ts) as month, ecom.rfm_agg(customer, order_id, ts, amount) as state from lines group by 1;
select count(*) as months, fingerprint(ecom.rfm_rollup(state)) = fingerprint((select state from one_pass)) as equals_one_pass from months;
select fingerprint(ecom.rfm_rollup(state order by month desc)) = fingerprint((select state from one_pass)) as backwards from months;
select fingerprint(ecom.rfm_rollup(state)) = fingerprint((select state from one_pass)) as nested
from (select ecom.rfm_rollup(state) as state from months group by extract(month from month)::int % 3) s;
select fingerprint(ecom.rfm_rollup(s.state)) = fingerprint((select state from one_pass)) as with_null
from (select state from months union all select null) s;
select ecom.rfm_rollup(state) is null as nothing from months where false;
select fingerprint(ecom.rfm_rollup(s.state)) = fingerprint((select state from one_pass)) as with_empty
from (select state from months
      union all select ecom.rfm_agg(null::bigint, order_id, ts, amount) from lines where customer = 1) s;
-- Reading a state does not change it.
select fingerprint(state) = fingerprint(state) as twice, count(*) as rows
from (select state from one_pass offset 0) s, lateral ecom.rfm_segments(state) group by 1;
-- A second life: stored in two columns, kept in a variable.
do $$
declare
    kept ecom.state;
    part ecom.state;
begin
    for part in select state from test_state.months loop
        select ecom.rfm_rollup(s) into kept from unnest(array[kept, part]) s;
    end loop;
    raise notice 'kept in a variable: %', test_state.fingerprint(kept) = (select test_state.fingerprint(state) from test_state.one_pass);
end
$$;

-- Text and binary.
select state::text::ecom.state::text = state::text as text_round_trip,
       ecom_internal.state_send(state::text::ecom.state) = ecom_internal.state_send(state) as same_bytes,
       fingerprint(state::text::ecom.state) = fingerprint(state) as same_rows,
       state::text = ecom_internal.state_send(state)::text as text_is_hex_of_bytes,
       encode(substr(ecom_internal.state_send(state), 1, 4), 'escape') as magic
from one_pass;
select name, pg_temp.error_of(format('select * from ecom.rfm_rows(%L)', damaged)) as error_of
from (select ecom.rfm_agg(customer, order_id, ts, amount)::text as t from lines where customer = 1) s,
     lateral (values
        (1, 'empty', ''),
        (2, 'no bytes', '\x'),
        (3, 'no hex', 'state'),
        (4, 'bad digit', '\xzz'),
        (5, 'odd digits', '\x454'),
        (6, 'cut off', left(t, 100)),
        (7, 'something behind', t || '00'),
        (8, 'other magic', overlay(t placing 'aa' from 3)),
        (9, 'later format', overlay(t placing '02' from 11)),
        (10, 'no kind', left(t, 12)),
        (11, 'long kind', '\x4543535401ffffffff72666d'),
        (12, 'other kind', '\x454353540103000000616263'),
        (13, 'nothing in it', '\x45435354010300000072666d'),
        (14, 'forged counts', '\x45435354010300000072666d' || repeat('ff', 40)),
        (15, 'forged zeros', '\x45435354010300000072666d' || repeat('00', 400))) d (n, name, damaged)
order by n;
-- Every truncation of a state is refused, none crashes.
select count(*) as truncations, count(*) filter (where e like 'XX001%') as refused
from (select ecom.rfm_agg(customer, order_id, ts, amount)::text as t from lines where customer in (1, 2) and order_id % 1000 < 3) s,
     lateral (select pg_temp.error_of(format('select * from ecom.rfm_rows(%L)', left(t, n))) as e
              from generate_series(2, length(t) - 2, 2) n) d;

-- Wrong kinds and combinations.
create table cuts (state ecom.state);
insert into cuts select '\x45435354010d0000007175616e74696c655f62696e73';
select pg_temp.error_of('select * from ecom.rfm_rows((select state from test_state.cuts))');
select pg_temp.error_of('select * from ecom.rfm_cut_points((select state from test_state.cuts))');
select pg_temp.error_of('select * from ecom.rfm_segments((select state from test_state.cuts))');
select pg_temp.error_of('select ecom.rfm_rollup(state) from (select state from test_state.cuts union all select state from test_state.one_pass) s');
select pg_temp.error_of($$select ecom.rfm_rollup(state) from (select state from test_state.one_pass
                          union all select ecom.rfm_agg(customer::text, order_id, ts, amount) from test_state.lines) s$$);
select pg_temp.error_of($$select ecom.rfm_rollup(state) from (select state from test_state.one_pass
                          union all select ecom.rfm_agg(customer, ts, amount) from test_state.lines) s$$);

-- Transition, combine and final functions called by hand.
select pg_temp.error_of($$select ecom_internal.rfm_add_bigint_numeric(null, 1, '2024-01-01', 1)$$);
select pg_temp.error_of($$select ecom_internal.rfm_add_bigint_bigint_numeric(state, 1, 1, '2024-01-01', 1) from test_state.one_pass$$);
select pg_temp.error_of($$select ecom_internal.rfm_combine(state, state) from test_state.one_pass$$);
select pg_temp.error_of($$select ecom_internal.rfm_combine(null, state) from test_state.one_pass$$);
select pg_temp.error_of($$select ecom_internal.quantile_bins_add(null, 1, 5, false)$$);
select pg_temp.error_of($$select ecom_internal.quantile_bins_final(state) from test_state.one_pass$$);
select pg_temp.error_of($$select ecom_internal.rfm_rules_add(null, 1, 'x', 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)$$);
select ecom_internal.rfm_combine(null, null) is null as both_null, ecom_internal.quantile_bins_final(null) is null as no_state,
       fingerprint(ecom_internal.state_final(state)) = fingerprint(state) as final_is_harmless from one_pass;

-- A moving window, compared with what a query of its own says of every frame.
with framed as (
    select v, ecom.rfm_agg(v % 4, v, timestamp '2024-01-01' + v * interval '1 hour', v::numeric)
              over (order by v rows between 5 preceding and current row) as state
    from generate_series(1::bigint, 60) v)
select count(*) as frames, count(*) filter (where
           (select string_agg(concat_ws(' ', customer_key, frequency, monetary), ',' order by customer_key) from ecom.rfm_rows(state))
           is distinct from
           (select string_agg(concat_ws(' ', c, n, m), ',' order by c)
            from (select g % 4 as c, count(*) as n, sum(g) as m from generate_series(greatest(v - 5, 1), v) g group by 1) s)) as different
from framed;
-- A growing frame continues one state, and each row's value stays what it was.
with framed as materialized (
    select v, ecom.rfm_agg(1::bigint, v, timestamp '2024-01-01', 1::numeric) over (order by v) as state,
           ecom.quantile_bins(v, 2, false) over (order by v) as model
    from generate_series(1::bigint, 50) v)
select count(*) as frames, count(*) filter (where (select frequency from ecom.rfm_rows(state)) <> v) as different_states,
       count(*) filter (where (ecom.model_info(model) ->> 'rows')::int <> v) as different_models from framed;

-- Many groups at once, hashed and sorted; FILTER, DISTINCT, GROUPING SETS.
select count(*) as groups, count(*) filter (where (select frequency from ecom.rfm_rows(state)) <> 2) as different
from (select v % 5000 as g, ecom.rfm_agg((v % 5000)::bigint, v::bigint, timestamp '2024-01-01', 1.5::numeric) as state
      from generate_series(1, 10000) v group by 1) s;
set enable_hashagg = off;
select count(*) as groups, count(*) filter (where (select frequency from ecom.rfm_rows(state)) <> 2) as different
from (select v % 5000 as g, ecom.rfm_agg((v % 5000)::bigint, v::bigint, timestamp '2024-01-01', 1.5::numeric) as state
      from generate_series(1, 10000) v group by 1) s;
reset enable_hashagg;
select fingerprint(ecom.rfm_agg(customer, order_id, ts, amount) filter (where ts < '2024-03-01')) =
       (select fingerprint(ecom.rfm_agg(customer, order_id, ts, amount)) from lines where ts < '2024-03-01') as filtered,
       fingerprint(ecom.rfm_agg(distinct customer, order_id, ts, amount)) =
       (select fingerprint(ecom.rfm_agg(customer, order_id, ts, amount)) from (select distinct * from lines) s) as distinct_rows
from lines;
select g, total, parts
from (select customer % 3 as g, grouping(customer % 3) as total, (select count(*) from ecom.rfm_rows(ecom.rfm_agg(customer, order_id, ts, amount))) as parts
      from lines group by grouping sets ((customer % 3), ())) s order by total, g;
-- Groups that do not fit in memory are spilled.
set work_mem = '64kB';
select count(*) as groups, sum((select frequency from ecom.rfm_rows(state))) as orders
from (select v % 20000 as g, ecom.rfm_agg((v % 20000)::bigint, v::bigint, timestamp '2024-01-01', 1.5::numeric) as state
      from generate_series(1, 40000) v group by 1) s;
reset work_mem;

-- Parallel workers: a plan with partial aggregation gives the same.
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
create table serial as
select fingerprint(ecom.rfm_agg(customer, order_id, ts, amount)) as by_id, fingerprint(ecom.rfm_agg(customer, ts, amount)) as by_line,
       fingerprint(ecom.rfm_agg('c' || customer, 'order number ' || order_id, ts, amount::float8)) as by_text,
       ecom.quantile_bins(amount, 7, true)::text as bins from lines;
set parallel_setup_cost = 0;
set parallel_tuple_cost = 0;
set min_parallel_table_scan_size = 0;
set max_parallel_workers_per_gather = 2;
alter table lines set (parallel_workers = 2);
select is_partial('select ecom.rfm_agg(customer, order_id, ts, amount) from test_state.lines') as rfm_agg,
       is_partial('select ecom.quantile_bins(amount, 7, true) from test_state.lines') as quantile_bins,
       is_partial('select ecom.rfm_agg(''c'' || customer, ''order number '' || order_id, ts, amount::float8) from test_state.lines') as text_ids;
select fingerprint((select ecom.rfm_agg(customer, order_id, ts, amount) from lines)) = by_id as by_id,
       fingerprint((select ecom.rfm_agg(customer, ts, amount) from lines)) = by_line as by_line,
       fingerprint((select ecom.rfm_agg('c' || customer, 'order number ' || order_id, ts, amount::float8) from lines)) = by_text as by_text,
       (select ecom.quantile_bins(amount, 7, true) from lines)::text = bins as bins
from serial;
create table by_group as
select customer % 5 as g, ecom.rfm_agg(customer, order_id, ts, amount) as state from lines group by 1;
select count(*) as groups, fingerprint(ecom.rfm_rollup(state)) = (select by_id from serial) as parallel_groups from by_group;
set parallel_leader_participation = off;
select fingerprint((select ecom.rfm_agg(customer, order_id, ts, amount) from lines)) = by_id as without_leader from serial;

set client_min_messages = warning;
drop schema test_state cascade;
