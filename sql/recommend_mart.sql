-- Recommendations, similar products and basket rules over a mart.
set client_min_messages = warning;
select from ecom.create_mart('shop_rec');
select ecom.recommend_products('shop_rec', 1);
select loaded_lines, products_loaded from ecom.load_demo('shop_rec', 300, 6000, 12, 7);
select step, rows > 0 as wrote, status, reason from ecom.refresh('shop_rec', '{rfm,recommend}');
select requirement, is_ready from ecom.readiness('shop_rec') where capability in ('recommendations', 'baskets') order by 1, 2;

-- The planted affinities are found: of 12 starters, the companion is the first rule for each.
with planted (starter, companion) as (values ('P00007','P00066'),('P00028','P00080'),('P00048','P00093'),('P00065','P00103'),('P00079','P00112'),
    ('P00092','P00008'),('P00102','P00029'),('P00111','P00049'),('P00009','P00068'),('P00030','P00082'),('P00050','P00095'),('P00081','P00114'))
select count(*) as planted, count(r.rule_key) as found, bool_and(r.confidence between 0.2 and 0.6 and r.lift > 3 and r.q_value < 0.001) as as_planted
from planted join shop_rec.dim_product s on s.product_id = starter join shop_rec.dim_product c on c.product_id = companion
left join (shop_rec.basket_rule r join shop_rec.basket_rule_item i on i.rule_key = r.rule_key and r.antecedent_item_count = 1)
    on i.product_key = s.product_key and r.consequent_product_key = c.product_key;

-- Rows: the number asked for, ranked, none of them owned, each with a reason.
select count(*) as rows, bool_and(rank = position) as ranked, bool_and(reason <> '') as reasons, bool_and(score > 0 or source = 'popular') as scored,
    count(*) filter (where exists (select from shop_rec.fact_sales f where f.customer_key = 17 and f.product_key = r.product_key)) as owned
from ecom.recommend_products('shop_rec', 17, 20) with ordinality r (rank, product_key, product_id, name, category, score, source, b, bn, bc, reason, position);
select count(*) = 300 * 5 as rows, count(distinct customer_key) as customers from ecom.recommend_products('shop_rec', (select array_agg(customer_key) from shop_rec.dim_customer where customer_key <> 0), 5);
select count(*) = 0 as same from (
    (select 17, r.* from ecom.recommend_products('shop_rec', 17, 7) r) except (select m.* from ecom.recommend_products('shop_rec', array[17, 3], 7) m)) x;

-- What the mart serves is what the model says.
with history as (select array_agg(product_key::bigint) as keys from (
        select product_key from shop_rec.fact_sales where customer_key = 17 group by 1 having sum(case when is_return then -1 else 1 end) > 0) x),
fit as (select ecom.recommender_fit(ecom.interactions_agg(customer_key, product_key, case when is_return then -1 else 1 end, ordered_at),
            min_users => 2, max_history => 500, as_of => (select max(ordered_at)::date + 1 from shop_rec.fact_sales)) as model
        from shop_rec.fact_sales where customer_key <> 0 and product_key <> 0)
select count(*) as rows, bool_and(s.product_key = m.item_key and abs(s.score - m.score) < 1e-4 and s.because_product_key = m.because_key) as same
from ecom.recommend_products('shop_rec', 17, in_stock => false) s
join (select r.* from fit, history, ecom.recommend_items(fit.model, history.keys) r) m using (rank);

-- A new order is history at once.
create temporary table first_choice as select product_key from ecom.recommend_products('shop_rec', 17, 1);
insert into shop_rec.fact_sales (ordered_at, order_date_key, customer_key, product_key, line_number, is_return, revenue_amount, order_id, quantity, unit_price)
select '2025-12-31', 20251231, 17, product_key, 1, false, 10, 'new', 1, 10 from first_choice;
select count(*) as still_recommended from ecom.recommend_products('shop_rec', 17, 10) r join first_choice using (product_key);
select r.product_key = f.product_key as bought_again, r.source from first_choice f, ecom.recommend_products('shop_rec', 17, 100, mode => 'next_basket') r where r.product_key = f.product_key;
-- Sent back: it is not owned any more.
insert into shop_rec.fact_sales (ordered_at, order_date_key, customer_key, product_key, line_number, is_return, revenue_amount, order_id, quantity, unit_price)
select '2025-12-31', 20251231, 17, product_key, 2, true, -10, 'new', -1, 10 from first_choice;
select count(*) as recommended_again from ecom.recommend_products('shop_rec', 17, 10) r join first_choice using (product_key);

-- Filters and diversity.
select bool_and(category = 'Toys') as only_toys, count(*) as rows from ecom.recommend_products('shop_rec', 17, 5, categories => '{Toys}');
select bool_and(p.list_price between 20 and 50) as in_range from ecom.recommend_products('shop_rec', 17, 10, min_price => 20, max_price => 50) r join shop_rec.dim_product p using (product_key);
update shop_rec.dim_product set stock_quantity = 0 where product_key = (select product_key from first_choice);
select count(*) as out_of_stock from ecom.recommend_products('shop_rec', 17, 120) r join first_choice using (product_key);
select count(*) as with_out_of_stock from ecom.recommend_products('shop_rec', 17, 120, in_stock => false) r join first_choice using (product_key);
select count(*) as nothing from ecom.recommend_products('shop_rec', 17, 5, categories => '{Nothing}');
with pair as (select d.diversity, r.product_key from unnest(array[0, 0.8]) d (diversity), ecom.recommend_products('shop_rec', 17, 8, diversity => d.diversity) r)
select sum(s.similarity) filter (where a.diversity = 0) >= coalesce(sum(s.similarity) filter (where a.diversity > 0), 0) as less_alike, count(distinct a.product_key) > 8 as others
from pair a left join pair b on a.diversity = b.diversity
left join shop_rec.product_similarity s on s.product_key = a.product_key and s.similar_product_key = b.product_key;

-- An unknown customer, none, one who has everything, no and too many rows.
select source, reason, count(*) from ecom.recommend_products('shop_rec', 999999, 3) group by 1, 2;
select source, reason, count(*) from ecom.recommend_products('shop_rec', null::int, 3) group by 1, 2;
select string_agg(r.product_key::text, ',' order by r.rank) = (select string_agg(p.product_key::text, ',' order by p.popularity_rank) from shop_rec.product_popularity p
    join shop_rec.dim_product d using (product_key) where p.popularity_rank <= 4 and d.stock_quantity is distinct from 0) as by_popularity
from ecom.recommend_products('shop_rec', 999999, (select count(*)::int from shop_rec.product_popularity p join shop_rec.dim_product d using (product_key) where p.popularity_rank <= 4 and d.stock_quantity is distinct from 0)) r;
insert into shop_rec.fact_sales (ordered_at, order_date_key, customer_key, product_key, line_number, is_return, revenue_amount, order_id, quantity, unit_price)
select '2025-12-31', 20251231, 18, product_key, product_key, false, 10, 'all', 1, 10 from shop_rec.dim_product where product_key <> 0;
select count(*) as nothing_left from ecom.recommend_products('shop_rec', 18, 10);
select count(*) as next_basket from ecom.recommend_products('shop_rec', 18, 10, mode => 'next_basket');
select count(*) as none from ecom.recommend_products('shop_rec', 17, 0);
select ecom.recommend_products('shop_rec', 17, 1000000);
select ecom.recommend_products('shop_rec', 17, -1);
select ecom.recommend_products('shop_rec', 17, mode => 'magic');
select ecom.recommend_products('shop_rec', 17, diversity => 2);
select ecom.recommend_products('shop_rec', array[1, null]);
select ecom.recommend_products('no_such_mart', 17);

-- The other questions.
select count(*) as rows, bool_and(similarity > 0 and similarity <= 1) as in_range from ecom.similar_products('shop_rec', 7, 5);
select count(*) from ecom.similar_products('shop_rec', 999999);
select bool_and(p.category = 'Toys' and p.list_price >= 20 and p.stock_quantity > 0) as filtered, min(s.rank) as first
from ecom.similar_products('shop_rec', 7, 20, categories => '{Toys}', min_price => 20) s join shop_rec.dim_product p using (product_key);
select ecom.similar_products('shop_rec', 7, -1);
select count(*) as rows, bool_and(similarity > 0 and similarity <= 1) as in_range from ecom.similar_customers('shop_rec', 17, 5);
select count(*) from ecom.similar_customers('shop_rec', 999999);
select count(*) as rows, bool_and(probability between 0 and 1) as in_range, bool_and(expected_value = round((probability * unit_margin)::numeric, 4)) as worth
from ecom.cross_sell('shop_rec', product => 7);
select p.product_id, c.source from ecom.cross_sell('shop_rec', product => 7, n => 100) c join shop_rec.dim_product p using (product_key) where p.product_id = 'P00066';
select count(*) > 0 as offers from ecom.cross_sell('shop_rec', customer => 17);
select count(*) > 0 as offers, bool_and(probability between 0 and 1) as in_range from ecom.cross_sell('shop_rec', segment => 'Premium');
select bool_and(c.category = 'Toys' and p.list_price <= 50) as filtered, count(*) > 0 as offers
from ecom.cross_sell('shop_rec', segment => 'Premium', n => 100, categories => '{Toys}', max_price => 50) c join shop_rec.dim_product p using (product_key);
select count(*) as out_of_stock from ecom.cross_sell('shop_rec', segment => 'Premium', n => 1000) c join first_choice using (product_key);
select count(*) as with_out_of_stock from ecom.cross_sell('shop_rec', segment => 'Premium', n => 1000, in_stock => false) c join first_choice using (product_key);
select ecom.cross_sell('shop_rec', customer => 17, product => 7);
select ecom.cross_sell('shop_rec');
select count(*) > 0 as repeats, bool_and(order_count >= 2 and due_date > last_order_date and repeat_rate between 0 and 1) as sensible from ecom.repeat_products('shop_rec', 17);
select count(*) from ecom.repeat_products('shop_rec', 999999);

-- Settings: another method. Lists of customers answer as the model would; with orders since they give way to weights.
select ecom.set_setting('shop_rec', 'recommend.method', 'cosine');
select step, status from ecom.refresh('shop_rec', '{recommend}');
select count(*) as rows from ecom.recommend_products('shop_rec', 17, 5);
select ecom.set_setting('shop_rec', 'recommend.method', 'user_neighbors');
select step, status, reason from ecom.refresh('shop_rec', '{recommend}');
with history as (select array_agg(product_key::bigint) as keys from (
        select product_key from shop_rec.fact_sales where customer_key = 17 group by 1 having sum(case when is_return then -1 else 1 end) > 0) x),
fit as (select ecom.recommender_fit(ecom.interactions_agg(customer_key, product_key, case when is_return then -1 else 1 end, ordered_at), 'user_neighbors',
            as_of => (select max(ordered_at)::date + 1 from shop_rec.fact_sales)) as model
        from shop_rec.fact_sales where customer_key <> 0 and product_key <> 0)
select count(*) as rows, bool_and(s.product_key = m.item_key and abs(s.score - m.score) < 1e-4 and s.because_product_key = m.because_key
    and s.because_customers = m.because_users) as same
from ecom.recommend_products('shop_rec', 17, in_stock => false) s
join (select r.* from fit, history, ecom.recommend_items(fit.model, history.keys) r) m using (rank);
select count(*) as lists, bool_and(cardinality(product_keys) between 1 and 100 and cardinality(scores) = cardinality(product_keys)) as filled from shop_rec.recommend_list;
-- Where the list has too few, the weights answer if they have more; then come popular products.
create function pg_temp.sources(n int, mode text, categories text[] default null) returns text language sql as $$
    select string_agg(format('%s %s', rows, source), ', ' order by source)
    from (select r.source, count(*) as rows from ecom.recommend_products('shop_rec', 17, n, mode => mode, categories => categories) r group by 1) s $$;
create temporary table listed as select * from ecom.recommend_products('shop_rec', 17, 5);
begin;
update shop_rec.recommend_list set product_keys = product_keys[1:2], scores = scores[1:2], because_keys = because_keys[1:2], customer_counts = customer_counts[1:2];
select bool_and(r.score = l.score) as by_list, count(*) as rows from ecom.recommend_products('shop_rec', 17, 2) r join listed l using (rank, product_key);
select pg_temp.sources(2, 'new_items') as list, pg_temp.sources(20, 'new_items') as weights, pg_temp.sources(20, 'next_basket') as basket, pg_temp.sources(4, 'new_items', '{Toys}') as toys;
delete from shop_rec.recommend_weight;
select pg_temp.sources(20, 'new_items') as list_and_popular;
rollback;
insert into shop_rec.fact_sales (ordered_at, order_date_key, customer_key, product_key, line_number, is_return, revenue_amount, order_id, quantity, unit_price)
select '2025-12-31', 20251231, 17, product_key, 1, false, 10, 'newer', 1, 10 from listed where rank = 1;
select count(*) as rows, bool_and(r.product_key <> l.product_key) as without_it, bool_and(r.score <> l.score) as by_weights from ecom.recommend_products('shop_rec', 17, 5) r, listed l where l.rank = 1;
-- The method that finds most of the last orders; what cannot be compared says why.
select ecom.set_setting('shop_rec', 'recommend.method', 'auto');
select ecom.set_setting('shop_rec', 'recommend.factors', '8');
select step, status, reason ~ '^[a-z_0-9]+ was the best method$' as says_which from ecom.refresh('shop_rec', '{recommend}');
select count(*) as methods, count(*) filter (where is_chosen) as chosen, bool_and(customer_count > 100 and note = '') as compared,
    max(ndcg_at_20) = max(ndcg_at_20) filter (where is_chosen) as best, bool_and(recall_at_20 between 0 and 1 and hit_rate between recall_at_20 and 1) as sensible
from shop_rec.recommend_evaluation;
select count(*) as rows, bool_and(source = 'history') as by_history from ecom.recommend_products('shop_rec', 20, 5);
select ecom.set_setting('shop_rec', 'recommend.auto_methods', 'popular, magic');
select step, status, reason from ecom.refresh('shop_rec', '{recommend}');
select ecom.set_setting('shop_rec', 'recommend.auto_methods', 'popular, cosine');
select step, status from ecom.refresh('shop_rec', '{recommend}', as_of => '2025-01-02');
select method, customer_count, note from shop_rec.recommend_evaluation order by method;
select ecom.set_setting('shop_rec', 'recommend.method', 'magic');
drop schema shop_rec cascade;
