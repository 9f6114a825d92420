-- Frequent itemsets and association rules of any (basket, item).
set client_min_messages = warning;
create schema test_baskets;
set search_path = test_baskets, pg_catalog;
create table basket (basket_id text, item text);
insert into basket values ('c1','A'),('c1','B'),('c1','C'),('c2','A'),('c2','B'),('c3','B'),('c3','C'),('c3','D'),('c4','A'),('c4','C'),
    ('c5','D'),('c5','E'),('c6','A'),('c6','B'),('c6','D');

select f.items, f.item_count, f.baskets, round(f.support::numeric, 6) as support
from (select ecom.basket_agg(basket_id, item) as s from basket) a, ecom.frequent_itemsets(a.s, min_support => 0.3) f;

select r.antecedent, r.consequent, r.baskets, round(r.support::numeric, 6) as support, round(r.confidence::numeric, 6) as confidence,
    round(r.lift::numeric, 6) as lift, round(r.leverage::numeric, 6) as leverage, round(nullif(r.conviction, 'Infinity')::numeric, 6) as conviction,
    round(r.p_value::numeric, 6) as p, round(r.q_value::numeric, 6) as q
from (select ecom.basket_agg(basket_id, item) as s from basket) a, ecom.basket_rules(a.s, min_support => 0.1, min_confidence => 0.6) r;

-- A rule that always holds has infinite conviction.
select r.antecedent, r.consequent, r.conviction, r.lift
from (select ecom.basket_agg(basket_id, item) as s from basket) a, ecom.basket_rules(a.s, min_support => 0.1, min_confidence => 1, max_length => 2) r;

-- Row order, duplicates, the type of the ids and parallel workers do not change the result.
create table numbered as select substr(basket_id, 2)::bigint as basket_id, ascii(item)::bigint as item from basket;
create function rules(state ecom.state) returns text language sql as
$$ select md5(string_agg(row(r.antecedent, r.consequent, r.baskets, r.lift, r.p_value)::text, ';')) from ecom.basket_rules(state, 0.1, 0.1) r $$;
select count(distinct m) = 1 as same from (
    select rules((select ecom.basket_agg(basket_id, item order by random()) from basket)) m
    union all select rules((select ecom.basket_agg(basket_id, item order by item desc) from basket))
    union all select rules((select ecom.basket_agg(b.basket_id, b.item) from basket b, generate_series(1, 3)))
    union all select rules((select ecom.interactions_rollup(p.s) from (select ecom.basket_agg(basket_id, item) as s from basket group by item) p))
    union all select rules((select ecom.interactions_agg(basket_id, item, 2, '2024-01-01') from basket))
    union all select rules((select ecom.basket_agg(n.basket_id, chr(n.item::int)) from numbered n))) x;
create table many as select g / 4 as basket_id, (g * 7919 % 101 * (g % 3)) % 37 as item from generate_series(1, 40000) g;
alter table many set (parallel_workers = 2);
create temporary table serial as select md5(string_agg(r::text, ';')) as m from (select ecom.basket_agg(basket_id, item) as s from many) a, ecom.basket_rules(a.s, 0.001, 0.01) r;
set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; set max_parallel_workers_per_gather = 2;
create function plan_has(query text, wanted text) returns boolean language plpgsql as
$$ declare line text; begin for line in execute 'explain (costs off) ' || query loop if line like '%' || wanted || '%' then return true; end if; end loop; return false; end $$;
select plan_has('select ecom.basket_agg(basket_id, item) from many', 'Partial Aggregate') as is_parallel;
select (select m from serial) = (select md5(string_agg(r::text, ';')) from (select ecom.basket_agg(basket_id, item) as s from many) a, ecom.basket_rules(a.s, 0.001, 0.01) r) as same;
reset parallel_setup_cost; reset parallel_tuple_cost; reset min_parallel_table_scan_size; reset max_parallel_workers_per_gather;

-- The support that a number of sets allows.
select limit_, support, (select count(*) from ecom.frequent_itemsets(s, support, max_length => 3)) as itemsets
from (select ecom.basket_agg(basket_id, item) as s from basket) a, (values (1), (5), (50000)) l (limit_), ecom.affordable_support(s, limit_) support;
select ecom.affordable_support((select ecom.basket_agg(basket_id, item) from basket where false)) as empty, ecom.affordable_support(null) as nothing;
select ecom.affordable_support((select ecom.basket_agg(basket_id, item) from basket), 0);

-- Nothing, one row, NULLs.
select count(*) from ecom.basket_rules(null);
select count(*) from ecom.frequent_itemsets((select ecom.basket_agg(basket_id, item) from basket where false));
select f.* from ecom.frequent_itemsets((select ecom.basket_agg('b'::text, x) from (values ('A'), (null)) v (x))) f;
select count(*) from ecom.basket_rules((select ecom.basket_agg(basket_id, 'A'::text) from basket), 0.01, 0);

-- What cannot be.
select ecom.frequent_itemsets((select ecom.basket_agg(basket_id, item) from basket), 0);
select ecom.frequent_itemsets((select ecom.basket_agg(basket_id, item) from basket), 'NaN');
select ecom.frequent_itemsets((select ecom.basket_agg(basket_id, item) from basket), null);
select ecom.basket_rules((select ecom.basket_agg(basket_id, item) from basket), 0.1, 2);
select ecom.basket_rules((select ecom.basket_agg(basket_id, item) from basket), 0.1, 0.5, 3, 2);
select ecom.basket_rules((select ecom.basket_agg(basket_id, item) from basket), 0.1, 0.5, max_q => 0);
select ecom.basket_rules((select ecom.key_set_agg(1)));
set ecom_analytics.memory_limit = '1MB';
select count(*) from ecom.frequent_itemsets((select ecom.basket_agg((g / 30)::bigint, (g % 30)::bigint) from generate_series(0, 2999) g), 0.5, max_length => 30);
reset ecom_analytics.memory_limit;
set statement_timeout = '200ms';
select count(*) from ecom.frequent_itemsets((select ecom.basket_agg((g / 40)::bigint, (g % 40)::bigint) from generate_series(0, 3999) g), 0.5, max_length => 30);
reset statement_timeout;
drop schema test_baskets cascade;
