-- Recommenders as models: fitted over any (user, item [, weight, ts]), scored for any history.
set client_min_messages = warning;
create schema test_recommend;
set search_path = test_recommend, pg_catalog;
create table bought (customer text, item text);
insert into bought values ('c1','A'),('c1','B'),('c1','C'),('c2','A'),('c2','B'),('c3','B'),('c3','C'),('c3','D'),('c4','A'),('c4','C'),
    ('c5','D'),('c5','E'),('c6','A'),('c6','B'),('c6','D');
create table model as
select m.method, ecom.recommender_fit(a.s, m.method, lambda => 1, k => 4) as model
from (select ecom.interactions_agg(customer, item) as s from bought) a,
    unnest(array['local_ridge', 'ease', 'user_neighbors', 'cosine', 'jaccard', 'confidence', 'lift', 'tfidf', 'bm25', 'linear', 'rp3beta', 'sequence', 'popular']) m (method);

select m.method, string_agg(r.item_id || ' ' || round(r.score::numeric, 6) || coalesce(' because of ' || r.because_id || ' ' || r.because_users, ' popular'), ', ' order by r.rank) as recommended
from model m, ecom.recommend_items(m.model, array['A', 'C']) r group by m.method order by m.method collate "C";
select r.rank, r.item_id, round(r.score::numeric, 6) as score, r.source from model m, ecom.recommend_items(m.model, array['A', 'C'], 3, new_items => false) r where m.method = 'ease';
select m.method, ecom.model_info(m.model) - 'checksum' - 'bytes' as info from model m where m.method in ('local_ridge', 'popular') order by 1;
select i.* from model m, ecom.recommender_items(m.model) i where m.method = 'popular';

-- Factors: what goes with A and B comes before E, which nobody has with them; reasons name an owned item. The same for any order of rows.
select r.item_id, r.source, r.because_id is not null as reason, r.because_users
from (select ecom.recommender_fit(ecom.interactions_agg(customer, item), 'als', factors => 3) as m from bought) f, ecom.recommend_items(f.m, array['A', 'B'], 2) r;
select count(distinct m::text) = 1 as same, bool_and(m::text::ecom.model::text = m::text) as travels from (
    select ecom.recommender_fit((select ecom.interactions_agg(customer, item order by random()) from bought), 'als', factors => 3) as m
    union all select ecom.recommender_fit((select ecom.interactions_agg(customer, item order by item desc, customer) from bought), 'als', factors => 3)) x;

-- Times give decay, trend and sequences; keys come back as keys.
create table timed as select c::bigint as c, i::bigint as i, timestamp '2024-01-01' + d * interval '1 day' as at
from (values (1, 10, 0), (1, 11, 5), (1, 12, 9), (2, 10, 1), (2, 11, 3), (3, 11, 80), (3, 13, 90), (4, 13, 85), (4, 12, 89)) v (c, i, d);
select i.item_key, i.rank, i.users, i.recent_users, round(i.decayed_users::numeric, 6) as decayed, round(i.trend::numeric, 6) as trend
from (select ecom.recommender_fit(ecom.interactions_agg(c, i, 1, at), 'popular') as m from timed) f, ecom.recommender_items(f.m) i;
select r.item_key, round(r.score::numeric, 6) as score, r.because_key, r.because_users
from (select ecom.recommender_fit(ecom.interactions_agg(c, i, 1, at), 'sequence', trend_power => 0) as m from timed) f, ecom.recommend_items(f.m, array[10]::bigint[], fill => false) r;

-- The model is the same for any row order; what is stored comes back the same.
select count(distinct m::text) = 1 as same from (
    select ecom.recommender_fit((select ecom.interactions_agg(c, i, 1, at order by random()) from timed), 'local_ridge') as m
    union all select ecom.recommender_fit((select ecom.interactions_agg(c, i, 1, at order by i, c desc) from timed), 'local_ridge')) x;
select count(*) as rows, bool_and(m.model::text::ecom.model::text = m.model::text) as same from model m;

-- Edges: no history, unknown items, everything owned, nothing wanted, one row, no rows.
select r.item_id, r.source from model m, ecom.recommend_items(m.model, null::text[], 2) r where m.method = 'local_ridge';
select r.item_id, r.source from model m, ecom.recommend_items(m.model, array['Z', null, 'A', 'A'], 1) r where m.method = 'local_ridge';
select count(*) from model m, ecom.recommend_items(m.model, array['A', 'B', 'C', 'D', 'E'], 10) r where m.method = 'local_ridge';
select count(*) from model m, ecom.recommend_items(m.model, array['A'], 0) r where m.method = 'local_ridge';
select count(*) from ecom.recommend_items(null, array['A']);
select r.* from (select ecom.recommender_fit(ecom.interactions_agg('c'::text, 'A'::text)) as m) f, ecom.recommend_items(f.m, array['B']) r;
select ecom.recommender_fit(ecom.interactions_agg(customer, item)) is null as nothing from bought where false;
select count(*) from ecom.recommend_items(ecom.recommender_fit((select ecom.interactions_agg(customer, item, -1, null) from bought)), array['A']);

-- What cannot be.
select ecom.recommender_fit(ecom.interactions_agg(customer, item), 'magic') from bought;
select ecom.recommender_fit(ecom.interactions_agg(customer, item), k => 0) from bought;
select ecom.recommender_fit(ecom.interactions_agg(customer, item), lambda => -1) from bought;
select ecom.recommender_fit(ecom.interactions_agg(customer, item), 'ease', lambda => 'NaN') from bought;
select ecom.recommender_fit(ecom.interactions_agg(customer, item), 'ease', max_items => 3) from bought;
select ecom.recommender_fit(ecom.interactions_agg(customer, item), half_life_days => 0) from bought;
select ecom.recommender_fit(ecom.interactions_agg(customer, item), trend_power => 'infinity') from bought;
select ecom.recommender_fit(ecom.interactions_agg(customer, item), 'als', factors => 0) from bought;
select ecom.recommender_fit(ecom.interactions_agg(customer, item), 'als', unobserved_weight => 'NaN') from bought;
select ecom.recommender_fit(ecom.interactions_agg(customer, item), 'als', lambda => 0) from bought;
select ecom.recommender_fit(ecom.interactions_agg(customer, item), 'als', seed => null) from bought;
select ecom.recommender_fit(ecom.interactions_agg(customer, item), 'lift', shrink => 0) from bought;
select ecom.recommender_fit(ecom.interactions_agg(customer, item), 'user_neighbors', k => 0) from bought;
select count(*) from model m, ecom.recommend_items(m.model, array['A'], 1000000) r where m.method = 'local_ridge';
select count(*) from model m, ecom.recommend_items(m.model, array[1]::bigint[]) r where m.method = 'local_ridge';
select r.* from (select ecom.rfm_rules(priority, segment, r_min, r_max, f_min, f_max, m_min, m_max, fm_min, fm_max, total_min, total_max) as m
    from ecom.rfm_schemes() where scheme = 'groups_3') f, ecom.recommend_items(f.m, array['A']) r;
set ecom_analytics.memory_limit = '1MB';
select ecom.recommender_fit(ecom.interactions_agg((g / 4)::bigint, (g % 1000)::bigint), 'ease') from generate_series(1, 8000) g;
reset ecom_analytics.memory_limit;
set statement_timeout = '300ms';
select ecom.recommender_fit(ecom.interactions_agg((g / 4)::bigint, (g * 7 % 4999)::bigint), 'ease') from generate_series(1, 100000) g;
reset statement_timeout;

-- Evaluation: c1 and c2 take B after A, c3 has only A and C before, and took B; the fit knows A => B from the others.
create table dated as select c, i, timestamp '2024-01-01' + d * interval '1 day' as at from (values
    ('c1', 'A', 0), ('c1', 'B', 0), ('c2', 'A', 0), ('c2', 'B', 0), ('c3', 'A', 0), ('c3', 'B', 20), ('c4', 'C', 0), ('c4', 'D', 0), ('c5', 'C', 0), ('c5', 'E', 20)) v (c, i, d);
create view dated_state as select ecom.interactions_agg(c, i, 1, at) as s from dated;
-- c3 is compared and B comes first; E is new to the fit, so c5 is not.
select e.users, e.recall, e."precision", e.ndcg, e.map, e.mrr, e.hit_rate, round(e.coverage::numeric, 4) as coverage, round(e.novelty::numeric, 4) as novelty
from dated_state, ecom.evaluate_recommender(s, 'cosine', 'time', '2024-01-10', k => 2, trend_power => 0) e;
select e.users, e.recall from dated_state, ecom.evaluate_recommender(s, 'cosine', 'last_order', k => 1, trend_power => 0) e;
select e.users > 0 as users, e.recall between 0 and 1 as recall from (select ecom.interactions_agg((g / 9)::bigint, (g * 7 % 31)::bigint) as s from generate_series(1, 900) g) a,
    ecom.evaluate_recommender(a.s, 'local_ridge', 'users') e;
select ecom.evaluate_recommender(null) is null as nothing;
select ecom.evaluate_recommender(s, 'cosine', 'time') from dated_state;
select ecom.evaluate_recommender(s, 'cosine', 'magic') from dated_state;
select ecom.evaluate_recommender(s, k => 0) from dated_state;
select ecom.evaluate_recommender(s, split => 'users', share => 1) from dated_state;
select ecom.evaluate_recommender(ecom.interactions_agg(customer, item)) from bought;
drop schema test_recommend cascade;
