-- Recommendations and baskets: what is collected of users and items, and what is read from it. The forms over a mart are in
-- 84_recommend_mart.sql.

create function ecom_internal.interactions_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_interactions_combine';

-- One aggregate for every pair of types of ids, with weight and time and without.
create function ecom_internal.interactions_add_bigint_bigint(ecom.state, user_id bigint, item_id bigint) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_interactions_add_bigint_bigint';
create function ecom_internal.interactions_add_bigint_bigint(ecom.state, user_id bigint, item_id bigint, weight float8, ts timestamp) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_interactions_add_bigint_bigint';
create function ecom_internal.interactions_add_bigint_text(ecom.state, user_id bigint, item_id text) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_interactions_add_bigint_text';
create function ecom_internal.interactions_add_bigint_text(ecom.state, user_id bigint, item_id text, weight float8, ts timestamp) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_interactions_add_bigint_text';
create function ecom_internal.interactions_add_text_bigint(ecom.state, user_id text, item_id bigint) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_interactions_add_text_bigint';
create function ecom_internal.interactions_add_text_bigint(ecom.state, user_id text, item_id bigint, weight float8, ts timestamp) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_interactions_add_text_bigint';
create function ecom_internal.interactions_add_text_text(ecom.state, user_id text, item_id text) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_interactions_add_text_text';
create function ecom_internal.interactions_add_text_text(ecom.state, user_id text, item_id text, weight float8, ts timestamp) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_interactions_add_text_text';
do $do$
declare
    ids record;
    arguments text;
begin
    for ids in
        select u.type as user_type, i.type as item_type, w.arguments as more
        from (values ('bigint'), ('text')) u (type)
        cross join (values ('bigint'), ('text')) i (type)
        cross join (values (''), (', weight float8, ts timestamp')) w (arguments)
    loop
        arguments := format('user_id %s, item_id %s%s', ids.user_type, ids.item_type, ids.more);
        execute format('create aggregate ecom.interactions_agg(%s) (
                            sfunc = ecom_internal.interactions_add_%s_%s, stype = ecom.state, sspace = 1048576,
                            combinefunc = ecom_internal.interactions_combine, finalfunc = ecom_internal.state_final, parallel = safe)',
                       arguments, ids.user_type, ids.item_type);
        execute format('comment on aggregate ecom.interactions_agg(%s) is %L', arguments,
'One pass over pairs of a user and an item: collects what recommendations and basket analysis need, as a state.
Example: SELECT n.* FROM (SELECT ecom.interactions_agg('
    || case when ids.user_type = 'text' then 'order_id' else 'customer_key' end || ', '
    || case when ids.item_type = 'text' then 'product_key::text' else 'product_key' end
    || case when ids.more = '' then '' else ', 1, ordered_at' end || ') AS s
  FROM shop.fact_sales WHERE customer_key <> 0 AND NOT is_return) a, ecom.item_neighbors(a.s, k => 3) n LIMIT 5
The state is read by ecom.item_neighbors, ecom.user_neighbors, ecom.frequent_itemsets, ecom.basket_rules, ecom.recommender_fit and ecom.evaluate_recommender. A user is a
customer, a basket or a session; an item a product or a category. Ids: bigint or text (cast others to text). Rows with a NULL
id are skipped.' || case when ids.more = '' then '' else '
weight: how much the pair counts, 1 for NULL. Weights of equal pairs are added; a pair whose sum is 0 or less, bought and sent
back, is left out. ts: time of the purchase; NULL: none. NaN, infinite weights and infinite times are refused (22003).' end || '
Rows may come in any order and from parallel workers: what is read from the state is the same.
Memory: 24 bytes a row and about 30 bytes an id, within ecom_analytics.memory_limit. Time: linear in the rows.');
    end loop;
end
$do$;

create aggregate ecom.interactions_rollup(state ecom.state) (
    sfunc = ecom_internal.interactions_combine, stype = ecom.state, sspace = 1048576,
    combinefunc = ecom_internal.interactions_combine, finalfunc = ecom_internal.state_final,
    parallel = safe
);
comment on aggregate ecom.interactions_rollup(ecom.state) is
'Merges states of ecom.interactions_agg, for example one stored per month, into the state of all their rows.
Example: SELECT r.* FROM (SELECT ecom.interactions_rollup(m.s) AS s FROM (
  SELECT ecom.interactions_agg(order_id, product_key) AS s FROM shop.fact_sales GROUP BY order_date_key / 100) m) a,
  ecom.basket_rules(a.s, min_support => 0.002, min_confidence => 0.2) r LIMIT 5
NULLs are skipped. 22023 when the states have different types of ids.';

create function ecom.item_neighbors(
    state ecom.state,
    similarity text default 'cosine',
    k int default 50,
    min_users int default 1,
    shrink float8 default null,
    damping float8 default 1,
    own_power float8 default 0.5,
    other_power float8 default 0.5,
    max_history int default 0,
    out item_key bigint, out item_id text, out rank int,
    out neighbor_key bigint, out neighbor_id text, out score float8, out users int) returns setof record
    language c immutable parallel safe rows 10000 as 'MODULE_PATHNAME', 'ecom_item_neighbors';
comment on function ecom.item_neighbors(ecom.state, text, int, int, float8, float8, float8, float8, int) is
'The most similar items of every item of a state of ecom.interactions_agg, by the users that had both.
Example: SELECT n.* FROM (SELECT ecom.interactions_agg(customer_key, product_key) AS s
  FROM shop.fact_sales WHERE customer_key <> 0 AND NOT is_return) a, ecom.item_neighbors(a.s, k => 3, min_users => 3) n LIMIT 5
similarity: cosine (default), jaccard, confidence (how often the neighbour goes with the item), lift (shrunk), tfidf, bm25, linear or
rp3beta; formulas in docs/recommend.md. k: neighbours of an item, 1 to 10000. min_users: only pairs that so many users had, which
keeps chance pairs out: with lift take 3 or more. shrink: 0 or more, holds down the scores of rare pairs; default 20 for lift, which ranks
chance pairs first without it, else 0. damping: linear and rp3beta, how
much users with many items count less. own_power, other_power: linear and rp3beta, how much common items are held down.
max_history: of each user only the latest so many items; 0: all.
Keys are set for bigint ids, ids for text ones. users: how many had both. Ties are broken by the order of the ids.
NULL state: no rows. 22023 for parameters out of range. Time: the sum over users of their items squared.';

create function ecom.user_neighbors(
    state ecom.state,
    similarity text default 'cosine',
    k int default 50,
    min_items int default 1,
    shrink float8 default null,
    damping float8 default 1,
    own_power float8 default 0.5,
    other_power float8 default 0.5,
    max_history int default 0,
    out user_key bigint, out user_id text, out rank int,
    out neighbor_key bigint, out neighbor_id text, out score float8, out items int) returns setof record
    language c immutable parallel safe rows 10000 as 'MODULE_PATHNAME', 'ecom_user_neighbors';
comment on function ecom.user_neighbors(ecom.state, text, int, int, float8, float8, float8, float8, int) is
'The most similar users of every user of a state of ecom.interactions_agg, by the items that both had.
Example: SELECT n.* FROM (SELECT ecom.interactions_agg(customer_key, product_key) AS s
  FROM shop.fact_sales WHERE customer_key BETWEEN 1 AND 200 AND NOT is_return) a, ecom.user_neighbors(a.s, k => 3, min_items => 2) n LIMIT 5
As ecom.item_neighbors with users and items changed over: max_history bounds the users of an item, items is the number in common.';

create aggregate ecom.basket_agg(basket_id bigint, item_id bigint) (
    sfunc = ecom_internal.interactions_add_bigint_bigint, stype = ecom.state, sspace = 1048576,
    combinefunc = ecom_internal.interactions_combine, finalfunc = ecom_internal.state_final, parallel = safe);
create aggregate ecom.basket_agg(basket_id bigint, item_id text) (
    sfunc = ecom_internal.interactions_add_bigint_text, stype = ecom.state, sspace = 1048576,
    combinefunc = ecom_internal.interactions_combine, finalfunc = ecom_internal.state_final, parallel = safe);
create aggregate ecom.basket_agg(basket_id text, item_id bigint) (
    sfunc = ecom_internal.interactions_add_text_bigint, stype = ecom.state, sspace = 1048576,
    combinefunc = ecom_internal.interactions_combine, finalfunc = ecom_internal.state_final, parallel = safe);
create aggregate ecom.basket_agg(basket_id text, item_id text) (
    sfunc = ecom_internal.interactions_add_text_text, stype = ecom.state, sspace = 1048576,
    combinefunc = ecom_internal.interactions_combine, finalfunc = ecom_internal.state_final, parallel = safe);
do $do$
declare
    overload regprocedure;
begin
    for overload in select p.oid from pg_catalog.pg_proc p where p.pronamespace = 'ecom'::regnamespace and p.proname = 'basket_agg' loop
        execute format('comment on aggregate %s is %L', overload,
'One pass over (basket, item): collects baskets for ecom.frequent_itemsets and ecom.basket_rules.
Example: SELECT r.* FROM (SELECT ecom.basket_agg(s.order_id, p.category) AS s FROM shop.fact_sales s
  JOIN shop.dim_product p USING (product_key) WHERE NOT s.is_return) a, ecom.basket_rules(a.s, min_confidence => 0.1) r LIMIT 5
The same state as that of ecom.interactions_agg. basket_id: order, visit or customer; item_id: product or category; bigint or text.
Rows with a NULL are skipped; an item that a basket has twice counts once. Memory: 24 bytes a row and about 30 bytes an id.');
    end loop;
end
$do$;

create function ecom.frequent_itemsets(
    state ecom.state,
    min_support float8 default 0.01,
    min_length int default 1,
    max_length int default 10,
    out items text[], out item_count int, out baskets int, out support float8) returns setof record
    language c immutable parallel safe rows 1000 as 'MODULE_PATHNAME', 'ecom_frequent_itemsets';
comment on function ecom.frequent_itemsets(ecom.state, float8, int, int) is
'All sets of items that occur together in at least a given share of the baskets.
Example: SELECT f.* FROM (SELECT ecom.basket_agg(order_id, product_key) AS s FROM shop.fact_sales WHERE NOT is_return) a,
  ecom.frequent_itemsets(a.s, min_support => 0.002, min_length => 2) f LIMIT 5
min_support: share of the baskets, above 0; the least count is that share of them, rounded up. min_length, max_length: items in a set.
baskets: how many hold the whole set. Order: by length, then by items. NULL state: no rows. 22023 for parameters out of range.
Time and memory grow with the number of sets that are found: begin with a support that few items reach.';

create function ecom.affordable_support(
    state ecom.state,
    max_itemsets int default 20000,
    min_support float8 default 0.001,
    max_length int default 3) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_affordable_support';
comment on function ecom.affordable_support(ecom.state, int, float8, int) is
'The least support, min_support or more, at which there are at most max_itemsets frequent itemsets.
Example: SELECT r.* FROM (SELECT ecom.basket_agg(order_id, product_key) AS s FROM shop.fact_sales WHERE NOT is_return) a,
  ecom.basket_rules(a.s, ecom.affordable_support(a.s, 1000), max_length => 3) r LIMIT 5
state: of ecom.basket_agg. max_itemsets: 1 or more. max_length: items in a set, as in the call that follows. Result: share of the baskets, for
min_support of ecom.frequent_itemsets and ecom.basket_rules. NULL state: NULL. 22023 for parameters out of range.
Sets are counted, not kept; time: a few times what finding max_itemsets sets takes.';

create function ecom.basket_rules(
    state ecom.state,
    min_support float8 default 0.01,
    min_confidence float8 default 0.3,
    min_length int default 2,
    max_length int default 10,
    max_q float8 default 1,
    out antecedent text[], out consequent text, out baskets int, out support float8, out coverage float8,
    out confidence float8, out lift float8, out leverage float8, out conviction float8, out jaccard float8,
    out cosine float8, out kulczynski float8, out imbalance float8, out p_value float8, out q_value float8) returns setof record
    language c immutable parallel safe rows 1000 as 'MODULE_PATHNAME', 'ecom_basket_rules';
comment on function ecom.basket_rules(ecom.state, float8, float8, int, int, float8) is
'Rules "who buys the antecedent also buys the consequent", with their measures and a test against chance.
Example: SELECT r.* FROM (SELECT ecom.basket_agg(order_id, product_key) AS s FROM shop.fact_sales WHERE NOT is_return) a,
  ecom.basket_rules(a.s, min_support => 0.002, min_confidence => 0.2, max_q => 0.05) r LIMIT 5
min_support: least share of the baskets that hold antecedent and consequent. min_confidence: least share of the antecedent''s baskets that
hold the consequent, 0 to 1. min_length, max_length: items of a rule, both sides together. max_q: keep rules whose q_value is at most this.
baskets: those with the whole rule. support: their share. coverage: share of the antecedent''s. lift: confidence over the consequent''s share.
leverage: support beyond chance. conviction: infinite at confidence 1. p_value: Fisher''s exact test, one-sided; q_value: p_value adjusted for
the number of rules (Benjamini and Hochberg, 1995). Formulas in docs/recommend.md. Order: by lift, baskets, length, items.
NULL state: no rows. 22023 for parameters out of range. The rules are those of R''s arules with minlen = 2.';

create function ecom.recommender_fit(
    state ecom.state,
    method text default 'local_ridge',
    k int default 100,
    lambda float8 default null,
    damping float8 default null,
    shrink float8 default null,
    min_users int default 1,
    other_power float8 default null,
    half_life_days float8 default 30,
    recent_days float8 default 30,
    trend_power float8 default 0.7,
    max_history int default 0,
    max_items int default 10000,
    as_of timestamp default null,
    factors int default 64,
    iterations int default 15,
    unobserved_weight float8 default 0.3,
    seed bigint default 42) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_recommender_fit';
comment on function ecom.recommender_fit(
    ecom.state, text, int, float8, float8, float8, int, float8, float8, float8, float8, int, int, timestamp, int, int, float8, bigint) is
'Fits a recommender on a state of ecom.interactions_agg: what speaks for an item, and how popular items are.
Example: SELECT r.* FROM (SELECT ecom.recommender_fit(ecom.interactions_agg(customer_key, product_key, 1, ordered_at), k => 20) AS m
  FROM shop.fact_sales WHERE customer_key <> 0 AND NOT is_return) f, ecom.recommend_items(f.m, array[1, 2]::bigint[], 5) r
method: local_ridge (default): each item predicted by ridge regression from its k most similar ones. ease: from all items, in closed form, up to
max_items of them. user_neighbors: what the k users with the most similar histories have. als: implicit alternating least squares.
cosine, jaccard, confidence, lift, tfidf, bm25, linear, rp3beta: neighbours as in ecom.item_neighbors. sequence: what was bought
after it. popular: nothing else. lambda: penalty; default 300 times the mean weight of a user for local_ridge, 200 times for ease, 0.01 for als.
damping: users with many items count less, by their number to this power; default 0 for local_ridge and ease, 0.5 for linear, 0.7 for rp3beta.
shrink: as in ecom.item_neighbors; default 20 for lift, else 0. min_users: as there; of local_ridge, sequence and the neighbours of items.
other_power: linear and rp3beta, default 0.6.
half_life_days: popularity halves with every so many days since the purchase. recent_days, trend_power: the trend factor compares users of the
last recent_days with an even spread over all time; power 0 turns it off. as_of: default the last time of the data. max_history: of each user
the latest so many items; 0: all. factors (1 to 1024), iterations, unobserved_weight (of pairs that do not occur) and seed: of als.
NULL state: NULL. 22023 for parameters out of range, 54000 when more memory is needed than ecom_analytics.memory_limit grants.
The result is the same for any row order and number of threads. Methods and sources: docs/recommend.md.';

create function ecom.recommend_items(
    model ecom.model, history bigint[], n int default 10, new_items boolean default true, trend boolean default true, fill boolean default true,
    out rank int, out item_key bigint, out item_id text, out score float8, out source text,
    out because_key bigint, out because_id text, out because_users int) returns setof record
    language c immutable parallel safe rows 10 as 'MODULE_PATHNAME', 'ecom_recommend_items';
create function ecom.recommend_items(
    model ecom.model, history text[], n int default 10, new_items boolean default true, trend boolean default true, fill boolean default true,
    out rank int, out item_key bigint, out item_id text, out score float8, out source text,
    out because_key bigint, out because_id text, out because_users int) returns setof record
    language c immutable parallel safe rows 10 as 'MODULE_PATHNAME', 'ecom_recommend_items';
do $do$
declare
    overload regprocedure;
begin
    for overload in select p.oid from pg_catalog.pg_proc p where p.pronamespace = 'ecom'::regnamespace and p.proname = 'recommend_items' loop
        execute format('comment on function %s is %L', overload,
'The n items that a model of ecom.recommender_fit recommends to somebody who owns the items of a history.
Example: SELECT r.* FROM (SELECT ecom.recommender_fit(ecom.interactions_agg(customer_key, product_key' || case when overload::text like '%text[]%' then '::text' else '' end
|| '), k => 20) AS m
  FROM shop.fact_sales WHERE customer_key <> 0 AND NOT is_return) f, ecom.recommend_items(f.m, array[1, 2]::' || case when overload::text like '%text[]%' then 'text' else 'bigint' end || '[], 5) r
history: ids that are not known are ignored; NULL or empty: popular items. n: 0 to 10000. new_items: leave out what the history has.
trend: multiply scores by the trend factor. fill: popular items where the history gives fewer than n.
source: history or popular. because: the item of the history that contributed most, with how many users had both (user_neighbors: of
those with similar histories; als: NULL); NULL for popular items.
Order: score, then id. NULL model: no rows. 42804 when the history has another type of ids than the model.
Time: weights of the history; als: items * factors + factors^3; user_neighbors: users of the items of the history.');
    end loop;
end
$do$;

create function ecom.recommender_items(
    model ecom.model, out item_key bigint, out item_id text, out rank int, out users int, out recent_users int, out decayed_users float8, out trend float8)
    returns setof record
    language c immutable parallel safe rows 1000 as 'MODULE_PATHNAME', 'ecom_recommender_items';
comment on function ecom.recommender_items(ecom.model) is
'The items of a recommender by popularity: users, users of late, users with decay, and the trend factor.
Example: SELECT i.* FROM (SELECT ecom.recommender_fit(ecom.interactions_agg(customer_key, product_key, 1, ordered_at), method => ''popular'') AS m
  FROM shop.fact_sales WHERE customer_key <> 0 AND NOT is_return) f, ecom.recommender_items(f.m) i LIMIT 5
decayed_users: each user counts 2^(-days since the last purchase / half_life_days); it orders the rows, ties by id. recent_users: within
recent_days. trend: above 1 for items on the rise. NULL model: no rows.';

create function ecom_internal.recommender_weights(
    model ecom.model, trend boolean, out product_key int, out target_keys int[], out weights real[], out customer_counts int[]) returns setof record
    language c immutable strict parallel safe rows 1000 as 'MODULE_PATHNAME', 'ecom_recommender_weights';
comment on function ecom_internal.recommender_weights(ecom.model, boolean) is
'The weights of a recommender over keys, one row per source item, as a mart stores them; times the trend of the target when trend is true.';

create function ecom_internal.recommendation_lists(
    model ecom.model, state ecom.state, n int, max_history int,
    out customer_key int, out product_keys int[], out scores real[], out because_keys int[], out customer_counts int[]) returns setof record
    language c immutable strict parallel safe rows 10000 as 'MODULE_PATHNAME', 'ecom_recommendation_lists';
comment on function ecom_internal.recommendation_lists(ecom.model, ecom.state, int, int) is
'What each user of a state should be shown that it does not have, one row per user, as a mart stores it; the model was fitted on that state.';

create function ecom.evaluate_recommender(
    state ecom.state,
    method text default 'local_ridge',
    split text default 'last_order',
    cut timestamp default null,
    k int default 20,
    neighbors int default 100,
    lambda float8 default null,
    damping float8 default null,
    shrink float8 default null,
    min_users int default 1,
    other_power float8 default null,
    trend_power float8 default 0.7,
    horizon_days float8 default 70,
    share float8 default 0.2,
    seed bigint default 42,
    max_history int default 0,
    factors int default 64,
    iterations int default 15,
    unobserved_weight float8 default 0.3,
    out users bigint, out recall float8, out "precision" float8, out ndcg float8, out map float8, out mrr float8, out hit_rate float8,
    out coverage float8, out novelty float8) returns record
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_evaluate_recommender';
comment on function ecom.evaluate_recommender(
    ecom.state, text, text, timestamp, int, int, float8, float8, float8, int, float8, float8, float8, float8, bigint, int, int, int, float8) is
'How well a recommendation method does on one''s own data: fits on one part and compares the first k with the other.
Example: SELECT m.method, e.* FROM (SELECT ecom.interactions_agg(customer_key, product_key, 1, ordered_at) AS s FROM shop.fact_sales
  WHERE customer_key <> 0 AND NOT is_return) a, unnest(array[''local_ridge'', ''cosine'', ''popular'']) m (method), ecom.evaluate_recommender(a.s, m.method) e
split: last_order (default): the last order of each user is what should be found. time: rows before cut train; new items of the next horizon_days
should be found. users: a share of the users is left out of the fit, a share of their items should be found (strong generalisation).
method, neighbors (its k), lambda, damping, shrink, min_users, other_power, trend_power, max_history, factors, iterations, unobserved_weight: as in ecom.recommender_fit. Items that the
user had before, and items that nobody had in the part that trains, are not looked for. users: those compared. recall: hits within the first k over what
could be found, at most k. precision: share of the k. ndcg: recall weighted by rank. map, mrr: mean average precision and mean reciprocal rank. hit_rate: users with a hit.
coverage: share of all items that anybody is shown. novelty: mean of -log2 of the share of users that had a shown item.
NULL state: NULL. 22000 when nobody can be compared, 22023 for parameters out of range. Time: one fit, and the weights of each history.';
