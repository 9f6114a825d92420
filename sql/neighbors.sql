-- Similar items and users of any (user, item [, weight, ts]).
set client_min_messages = warning;
create schema test_neighbors;
set search_path = test_neighbors, pg_catalog;
create table bought (customer text, item text);
insert into bought values ('c1','A'),('c1','B'),('c1','C'),('c2','A'),('c2','B'),('c3','B'),('c3','C'),('c3','D'),('c4','A'),('c4','C'),
    ('c5','D'),('c5','E'),('c6','A'),('c6','B'),('c6','D');
create view state as select ecom.interactions_agg(customer, item) as s from bought;

select s.similarity, string_agg(format('%s%s %s', n.item_id, n.neighbor_id, round(n.score::numeric, 6)), ', ' order by n.item_id, n.rank) as neighbors
from unnest(array['cosine', 'jaccard', 'confidence', 'lift', 'tfidf', 'bm25', 'linear', 'rp3beta']) with ordinality s (similarity, position)
cross join state a, ecom.item_neighbors(a.s, s.similarity, k => 2) n
where n.item_id in ('A', 'D') group by s.similarity, s.position order by s.position;

select n.user_id, n.rank, n.neighbor_id, round(n.score::numeric, 6) as score, n.items from state a, ecom.user_neighbors(a.s, k => 2) n;

-- Whole-number ids come back as keys; the latest of a history; what was sent back is not bought.
select n.* from (select ecom.interactions_agg(c, i, w, t) as s from (values
    (1::bigint, 10::bigint, 1::float8, '2024-01-01'::timestamp), (1, 11, 1, '2024-01-02'), (1, 12, 1, '2024-01-03'),
    (2, 11, 1, '2024-01-01'), (2, 12, 3, '2024-01-02'), (2, 10, 1, '2024-01-05'), (2, 10, -1, '2024-01-06')) v (c, i, w, t)) a,
    ecom.item_neighbors(a.s, max_history => 2) n;
select n.item_id, n.neighbor_id, n.users from (select ecom.interactions_agg(customer, item) as s from bought) a, ecom.item_neighbors(a.s, min_users => 3) n;
select round(n.score::numeric, 6) as score from state a, ecom.item_neighbors(a.s, shrink => 10) n where n.item_id = 'A' and n.rank = 1;

-- Row order and parallel workers do not change the result.
create table many as select (g % 997)::bigint as customer, (g * 7919 % 101 * (g % 7)) % 211 as item from generate_series(1, 30000) g;
alter table many set (parallel_workers = 2);
create function all_neighbors(state ecom.state, similarity text) returns text language sql as
$$ select md5(string_agg(n::text, ';')) from ecom.item_neighbors(state, similarity) n $$;
create temporary table serial as select s, all_neighbors((select ecom.interactions_agg(customer, item::bigint order by random()) from many), s) as m from unnest(array['cosine', 'tfidf', 'rp3beta']) s;
set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; set max_parallel_workers_per_gather = 2;
select s, m = all_neighbors((select ecom.interactions_agg(customer, item::bigint) from many), s) as same from serial;
set ecom_analytics.max_threads = 1;
select s, m = all_neighbors((select ecom.interactions_agg(customer, item::bigint) from many), s) as same from serial;
reset ecom_analytics.max_threads;

-- Nothing, one customer, one item.
select count(*) from ecom.item_neighbors(null);
select count(*) from ecom.item_neighbors((select ecom.interactions_agg('c'::text, 'A'::text)));
select count(*) from ecom.user_neighbors((select ecom.interactions_agg('c'::text, item) from bought));
select (select ecom.interactions_agg(null::text, item) from bought) is null as nothing;

-- What cannot be.
select ecom.item_neighbors(s, 'magic') from state;
select ecom.item_neighbors(s, null) from state;
select ecom.item_neighbors(s, k => 0) from state;
select ecom.item_neighbors(s, k => 1000000) from state;
select ecom.item_neighbors(s, min_users => 0) from state;
select ecom.item_neighbors(s, shrink => 'NaN') from state;
select ecom.item_neighbors(s, max_history => -1) from state;
select ecom.interactions_agg(customer, item, 'NaN', null) from bought;
select ecom.interactions_agg(customer, item, 1, 'infinity') from bought;
select ecom.interactions_rollup(s) from (select ecom.interactions_agg(1::bigint, 1::bigint) union all select ecom.interactions_agg('a'::text, 1::bigint)) v (s);
set ecom_analytics.memory_limit = '1MB';
select ecom.interactions_agg(g::bigint, 1::bigint) from generate_series(1, 100000) g;
reset ecom_analytics.memory_limit;
drop schema test_neighbors cascade;
