-- ecom.rfm_agg with ecom.rfm_rows, ecom.rfm_cut_points and ecom.rfm_segments.
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
create schema test_rfm_agg;
set search_path = test_rfm_agg;
create table line (customer bigint, order_id bigint, ts timestamp, amount numeric);
insert into line values
    (1, 10, '2024-03-01 10:00', 20.10), (1, 10, '2024-03-01 10:00', 5.05), (1, 11, '2024-03-20 23:59:59.999999', 30),
    (1, 10, '2024-03-01 10:00', 0.85),                  -- a line of an earlier order comes later
    (1, 12, '2024-03-25 09:00', -10),                   -- a return: no order, no purchase date
    (2, 20, '2024-01-15 08:00', 100), (2, 21, '2024-01-15 09:00', 0),
    (3, 30, '2024-02-10 00:00', -7.5),                  -- returns only
    (4, 40, '2024-03-31 23:30', 12.34), (null, 50, '2024-04-30', 9), (5, null, '2024-04-30', 9),
    (5, 60, null, 9), (5, 60, '2024-04-30', null),
    (-9223372036854775808, -1, '2023-12-31 12:00', 1), (9223372036854775807, 9223372036854775807, '2024-03-30', 2);

-- What is collected: as_of is the day after the last order, lines with a NULL are skipped.
select s.* from (select ecom.rfm_agg(customer, order_id, ts, amount) as state from line) a, ecom.rfm_rows(state) s order by customer_key;
select customer_key, frequency, monetary, segment from (select ecom.rfm_agg(customer, order_id, ts, amount) as state from line) a,
    ecom.rfm_rows(state, returns => 'ignore') s order by customer_key;
select customer_key, recency_days from (select ecom.rfm_agg(customer, order_id, ts, amount) as state from line) a,
    ecom.rfm_rows(state, as_of => '2024-12-31') s where frequency > 0 order by customer_key;
select min(recency_days) as recency_of_same_day from (select ecom.rfm_agg(customer, order_id, ts, amount) as state from line) a,
    ecom.rfm_rows(state, as_of => '2024-03-31') s;
-- Without order ids every line that is not a return is an order.
select customer_key, frequency, monetary from (select ecom.rfm_agg(customer, ts, amount) as state from line) a, ecom.rfm_rows(state) s order by 1;

-- Every overload gives the same: ids as bigint or text, amounts as numeric or float8.
create function rows_of(state ecom.state, as_of date default null) returns text language sql as $$
    select md5(string_agg(concat_ws(',', coalesce(customer_key::text, customer_id), last_order_at, recency_days, frequency, monetary, r, f, m, code, segment), ';'
                          order by coalesce(customer_key::text, customer_id) collate "C")) from ecom.rfm_rows(state, as_of) $$;
select count(distinct rows_of(s)) as results, count(*) as overloads
from (select array[ecom.rfm_agg(customer, order_id, ts, amount), ecom.rfm_agg(customer, order_id, ts, amount::float8),
                   ecom.rfm_agg(customer, order_id::text, ts, amount), ecom.rfm_agg(customer, order_id::text, ts, amount::float8),
                   ecom.rfm_agg(customer::text, order_id, ts, amount), ecom.rfm_agg(customer::text, order_id, ts, amount::float8),
                   ecom.rfm_agg(customer::text, order_id::text, ts, amount), ecom.rfm_agg(customer::text, order_id::text, ts, amount::float8)] as states
      from line) a, unnest(states) s;
select count(distinct rows_of(s)) as results, count(*) as overloads
from (select array[ecom.rfm_agg(customer, ts, amount), ecom.rfm_agg(customer, ts, amount::float8),
                   ecom.rfm_agg(customer::text, ts, amount), ecom.rfm_agg(customer::text, ts, amount::float8)] as states
      from line) a, unnest(states) s;
-- Integers, dates and time stamps with a zone are cast on the way in.
select count(*) from (select ecom.rfm_agg(customer::int::bigint, ts::date, amount::int) as state from line where customer between 1 and 9) a, ecom.rfm_rows(state);
-- Order ids that differ only in case, blanks or length are different; long ones too.
select left(customer_id, 5) as customer_id, frequency
from (select ecom.rfm_agg(c, o, timestamp '2024-01-01', 1::numeric) as state
      from (values ('a', 'x'), ('a', 'X'), ('a', 'x '), ('a', ''), ('a', repeat('x', 11)), ('a', repeat('x', 12)), ('a', repeat('x', 1000)),
                   ('a', 'x'), ('A', 'x'), ('', 'x'), (' ', 'y'), (repeat('long ', 500), 'x')) v (c, o)) a,
     ecom.rfm_rows(state) s order by s.customer_id collate "C";
-- Amounts are summed exactly, in any order.
select monetary, monetary = 0.3 as is_exact from (select ecom.rfm_agg(1::bigint, v::bigint, timestamp '2024-01-01', 0.1::float8) as state from generate_series(1, 3) v) a, ecom.rfm_rows(state);
select monetary from (select ecom.rfm_agg(1::bigint, n, timestamp '2024-01-01', x) as state
                      from unnest('{1e20, 0.01, -1e20}'::numeric[]) with ordinality v (x, n)) a, ecom.rfm_rows(state);
select count(distinct rows_of(state)) as results
from (select seed, ecom.rfm_agg(customer, order_id, ts, amount order by md5(seed || order_id::text || amount::text)) as state
      from line, generate_series(1, 8) seed group by seed) a;

-- The five methods, against the window form on the rows of the same customers.
create table buyer as select v::bigint as customer, (v * 7919) % 90 as days_ago, v % 11 + 1 as orders, (v * 131) % 997 + 0.5 as amount from generate_series(1, 500) v;
create table purchase as select customer, customer * 100 + n as order_id, timestamp '2024-06-30 12:00' - days_ago * interval '1 day' as ts, amount / orders as amount
from buyer, generate_series(1, orders) n;
create table state as select ecom.rfm_agg(customer, order_id, ts, amount) as state from purchase;
select method, bins, count(*) as compared, count(*) filter (where (w).r <> s.r or (w).f <> s.f or (w).m <> s.m or (w).code <> s.code or (w).segment <> s.segment) as different
from unnest('{quantile, ntile, rank_first, rfm_r}'::text[]) method, unnest('{2, 5, 10}'::int[]) bins,
     lateral (select q.*, ecom.rfm_score(q.recency_days, q.frequency, q.monetary, bins, method)
                          over (order by customer_key rows between unbounded preceding and unbounded following) as w
              from state, ecom.rfm_rows(state, bins => bins, method => method) q) s
group by 1, 2 order by 1, 2;
select r, min(recency_days), max(recency_days), count(*) from state,
    ecom.rfm_rows(state, method => 'fixed', bins => 3, recency_thresholds => '{30, 60}', frequency_thresholds => '{3, 6}', monetary_thresholds => '{100, 500}')
group by 1 order by 1;
select f, min(frequency), max(frequency), count(*) from state,
    ecom.rfm_rows(state, method => 'fixed', bins => 3, recency_thresholds => '{30, 60}', frequency_thresholds => '{3, 6}', monetary_thresholds => '{100, 500}')
group by 1 order by 1;
select method, count(*) filter (where kinds > 1) as equal_values_with_several_scores
from (select method, monetary, count(distinct m) as kinds from state, unnest('{quantile, rfm_r}'::text[]) method, ecom.rfm_rows(state, method => method) group by 1, 2) q group by 1 order by 1;

-- Cut points: they give the scores again, and are refused where there are none.
select measure, cut_points, bins_model::jsonb -> 'body' -> 'descending' as descending from state, ecom.rfm_cut_points(state, bins => 4);
select method, count(*) as compared, count(*) filter (where s.r <> ecom.quantile_bin(r.bins_model, s.recency_days)
        or s.f <> ecom.quantile_bin(f.bins_model, s.frequency) or s.m <> ecom.quantile_bin(m.bins_model, s.monetary)) as different
from state, unnest('{quantile, rfm_r, fixed}'::text[]) method,
     lateral (select case when method = 'fixed' then '{3, 6, 9, 11}'::float8[] end as t) fixed,
     lateral ecom.rfm_rows(state, method => method, recency_thresholds => t, frequency_thresholds => t, monetary_thresholds => t) s,
     lateral (select * from ecom.rfm_cut_points(state, method => method, recency_thresholds => t, frequency_thresholds => t, monetary_thresholds => t) where measure = 'recency') r,
     lateral (select * from ecom.rfm_cut_points(state, method => method, recency_thresholds => t, frequency_thresholds => t, monetary_thresholds => t) where measure = 'frequency') f,
     lateral (select * from ecom.rfm_cut_points(state, method => method, recency_thresholds => t, frequency_thresholds => t, monetary_thresholds => t) where measure = 'monetary') m
where s.customer_key <= 100 group by 1 order by 1;

-- Segments are the rows summed up, with every scheme and with rules of one's own.
select scheme, count(*) as segments, count(*) filter (where (s.customers, s.orders, round(s.monetary::numeric, 4), round(s.mean_recency_days::numeric, 6), round(s.mean_frequency::numeric, 6), round(s.mean_monetary::numeric, 4))
        is distinct from (p.customers, p.orders, p.monetary, p.mean_recency_days, p.mean_frequency, p.mean_monetary)) as different
from state, unnest('{groups_11, groups_3, value_tiers, rf_grid_10, boxes_10}'::text[]) scheme,
     lateral (select segment, count(*) as customers, sum(frequency) as orders, round(sum(monetary)::numeric, 4) as monetary, round(avg(recency_days), 6) as mean_recency_days,
                     round(avg(frequency), 6) as mean_frequency, round(avg(monetary)::numeric, 4) as mean_monetary
              from ecom.rfm_rows(state, scheme => scheme) group by 1) p
     full join lateral (select * from ecom.rfm_segments(state, scheme => scheme)) s using (segment)
group by 1 order by 1;
select segment, customers from state, (select ecom.rfm_rules(1, 'All of them', 1, 5, null, null, null, null, null, null, null, null) as rules) k, ecom.rfm_segments(state, rules => rules);

-- Empty and small inputs.
select count(*) as rows from (select ecom.rfm_agg(customer, order_id, ts, amount) as state from line where false) a, ecom.rfm_rows(state);
select ecom.rfm_agg(customer, order_id, ts, amount) is null as no_rows from line where false;
select count(*) as rows from (select ecom.rfm_agg(customer, order_id, ts, amount) as state from line where customer is null) a, ecom.rfm_rows(state);
select count(*) as rows from ecom.rfm_rows(null);
select count(*) as segments from (select ecom.rfm_agg(customer, order_id, ts, amount) as state from line where customer = 3) a, ecom.rfm_segments(state);
select s.* from (select ecom.rfm_agg(customer, order_id, ts, amount) as state from line where customer = 4) a, ecom.rfm_rows(state) s;
select distinct code, segment, count(*) over () from (select ecom.rfm_agg(v::bigint, v::bigint, timestamp '2024-01-01', 5::numeric) as state from generate_series(1, 50) v) a, ecom.rfm_rows(state);
select distinct method, count(*) over (partition by method), bool_and(r between 1 and 5 and f between 1 and 5 and m between 1 and 5) over ()
from (select ecom.rfm_agg(customer, order_id, ts, amount) as state from line where customer = 4) a, unnest('{quantile, ntile, rank_first, rfm_r}'::text[]) method, ecom.rfm_rows(state, method => method) order by 1;
select last_order_at, recency_days from (select ecom.rfm_agg(v::bigint, v::bigint, ts, 1::numeric) as state
    from (values (1, timestamp '4713-01-01 00:00 BC'), (2, '1969-12-31 23:59:59.999999'), (3, '1999-12-31 23:59:59.999999'), (4, '2000-01-01'), (5, '2024-01-01')) s (v, ts)) a,
    ecom.rfm_rows(state) order by 1;

-- Errors.
select x, pg_temp.error_of(format('select ecom.rfm_agg(1::bigint, 1::bigint, timestamp ''2024-01-01'', %s)', x)) as error_of
from unnest('{"''NaN''::float8", "''Infinity''::float8", "''-Infinity''::float8", "''NaN''::numeric", "''Infinity''::numeric", "''-Infinity''::numeric", "1e29::float8", "1e40::numeric", "-1e300::float8"}'::text[]) x;
select x, pg_temp.error_of(format('select ecom.rfm_agg(1::bigint, timestamp %L, 1::numeric)', x)) as error_of from unnest('{infinity, -infinity}'::text[]) x;
select a, pg_temp.error_of(format('select * from test_rfm_agg.state, ecom.rfm_rows(state, %s)', a)) as error_of
from unnest('{"as_of => ''2024-06-29''", "as_of => ''infinity''", "as_of => ''-infinity''", "bins => 1", "bins => 11", "bins => null", "method => ''mean''", "method => null",
              "ties => ''x''", "ties => ''ntile'', method => ''rank_first''", "returns => ''drop''", "returns => null", "scheme => ''none''", "scheme => null",
              "method => ''fixed''", "recency_thresholds => ''{1,2,3,4}''",
              "method => ''fixed'', recency_thresholds => ''{1,2,3}''",
              "method => ''fixed'', recency_thresholds => ''{1,2,2,3}'', frequency_thresholds => ''{1,2,3,4}'', monetary_thresholds => ''{1,2,3,4}''",
              "method => ''fixed'', recency_thresholds => ''{1,2,3,NaN}'', frequency_thresholds => ''{1,2,3,4}'', monetary_thresholds => ''{1,2,3,4}''",
              "method => ''fixed'', recency_thresholds => ''{1,2,NULL,3}''", "method => ''fixed'', recency_thresholds => ''{{1,2},{3,4}}''"}'::text[]) a;
select m, pg_temp.error_of(format('select * from test_rfm_agg.state, ecom.rfm_cut_points(state, method => %L)', m)) as error_of from unnest('{ntile, rank_first}'::text[]) m;
select pg_temp.error_of('select * from test_rfm_agg.state, ecom.rfm_cut_points(state, ties => ''ntile'')');
select pg_temp.error_of('select c.* from (select ecom.rfm_agg(customer, order_id, ts, amount) as state from test_rfm_agg.line where customer = 3) a, ecom.rfm_cut_points(state) c');
select pg_temp.error_of('select ecom.rfm_agg(customer, order_id, ts, amount, 1) from test_rfm_agg.line') like '42883%' as is_unknown;
set ecom_analytics.memory_limit = '1MB';
select pg_temp.error_of('select ecom.rfm_agg(v, v, timestamp ''2024-01-01'', 1::numeric) from generate_series(1::bigint, 100000) v');
select pg_temp.error_of('select ecom.rfm_agg(v::text || repeat(''x'', 400), v, timestamp ''2024-01-01'', 1::numeric) from generate_series(1::bigint, 100000) v');
reset ecom_analytics.memory_limit;
begin transaction read only;
select count(*) as rows from (select ecom.rfm_agg(customer, order_id, ts, amount) as state from purchase) a, ecom.rfm_rows(state);
select count(*) as segments from state, ecom.rfm_segments(state);
select count(*) as cut_points from state, ecom.rfm_cut_points(state);
commit;

set client_min_messages = warning;
drop schema test_rfm_agg cascade;
