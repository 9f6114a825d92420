-- Recommendations and baskets over a mart: what refresh stores, and the functions that read it.

insert into ecom_internal.setting_definition
    (name, default_value, kind, is_optional, is_fixed, low, high, allowed, description)
values
    ('recommend.method', 'local_ridge', 'text', false, false, null, null,
     array['auto', 'local_ridge', 'ease', 'als', 'user_neighbors', 'cosine', 'jaccard', 'confidence', 'lift', 'tfidf', 'bm25', 'linear', 'rp3beta',
           'sequence', 'popular'],
     'Method of recommend_products; auto: the best of recommend.auto_methods on the last orders, compared at every refresh.'),
    ('recommend.auto_methods', 'local_ridge,ease,als,user_neighbors,cosine,rp3beta,sequence,popular', 'text', false, false, null, null, null,
     'Methods that auto compares, with commas between them.'),
    ('recommend.evaluation_customers', '20000', 'integer', false, false, 100, 100000000, null,
     'About how many customers auto compares methods on, chosen by a hash of the key.'),
    ('recommend.neighbors', '100', 'integer', false, false, 1, 1000, null,
     'Products that each product is predicted from, or neighbours of a product or customer.'),
    ('recommend.factors', '64', 'integer', false, false, 1, 1024, null,
     'Factors of als.'),
    ('recommend.lambda', '', 'number', true, false, 0.001, 1000000, null,
     'Ridge penalty of local_ridge and ease; empty: 300 and 200 times the mean weight of a customer.'),
    ('recommend.damping', '', 'number', true, false, 0, 2, null,
     'How much less customers with many products count: their number to this power; empty: as the method has it.'),
    ('recommend.min_customers', '2', 'integer', false, false, 1, 1000000, null,
     'Customers that must have bought both of two products for one to speak for the other.'),
    ('recommend.max_history', '500', 'integer', false, false, 0, 1000000, null,
     'Latest products of a customer that a fit looks at; 0: all.'),
    ('recommend.window_days', '', 'integer', true, false, 1, 36525, null,
     'Days before as_of that a fit looks at; empty: all history.'),
    ('recommend.half_life_days', '30', 'number', false, false, 0.1, 36525, null,
     'Days in which the weight of a purchase in the popularity halves.'),
    ('recommend.trend_power', '0.7', 'number', false, false, 0, 5, null,
     'How strongly products on the rise are preferred; 0: not at all.'),
    ('basket.min_support', '0.001', 'number', false, false, 0.000001, 1, null,
     'Share of the orders that hold a rule of basket_rule; at least 5 orders.'),
    ('basket.min_confidence', '0.1', 'number', false, false, 0, 1, null,
     'Share of the orders with the antecedent that also hold the consequent.'),
    ('basket.max_length', '3', 'integer', false, false, 2, 10, null,
     'Products of a rule, both sides together.'),
    ('basket.max_itemsets', '20000', 'integer', false, false, 100, 10000000, null,
     'Frequent sets of products that rules are made of; when there are more, the least support rises until it holds.'),
    ('basket.max_q', '0.05', 'number', false, false, 0.000001, 1, null,
     'False discovery rate of the rules.');

insert into ecom_internal.refresh_step (name, position, function, needs_sales, description) values
    ('recommend', 80, 'refresh_recommend', true, 'Recommendation weights, product_similarity, product_popularity and basket_rule');

insert into ecom_internal.requirement (capability, measure, position, description, needed, advice) values
    ('recommendations', 'products', 400, 'products with sales', '2', 'Map product_id.'),
    ('recommendations', 'customers', 401, 'customers with orders', '2', 'Map customer_id, or load more customers.'),
    ('baskets', 'products', 410, 'products with sales', '2', 'Map product_id.');

insert into ecom_internal.mart_part (name, position, ddl) values ('recommend', 54, $ddl$
create table {mart}.recommend_weight (
    product_key     int    primary key references {mart}.dim_product on delete cascade,
    target_keys     int[]  not null,
    weights         real[] not null,
    customer_counts int[]  not null
);
comment on table {mart}.recommend_weight is
'One row per product that speaks for others when a customer owns it.
Inner table: written by ecom.refresh, read by ecom.recommend_products.';
comment on column {mart}.recommend_weight.product_key is 'Product that is owned.';
comment on column {mart}.recommend_weight.target_keys is 'Products that it speaks for or against.';
comment on column {mart}.recommend_weight.weights is 'How much, times the trend factor of the target.';
comment on column {mart}.recommend_weight.customer_counts is 'Customers that bought both.';

create table {mart}.recommend_list (
    customer_key    int    primary key references {mart}.dim_customer on delete cascade,
    line_count      int    not null,
    product_keys    int[]  not null,
    scores          real[] not null,
    because_keys    int[]  not null,
    customer_counts int[]  not null
);
comment on table {mart}.recommend_list is
'One row per customer with products to show, for methods that look at customers and not at weights between products.
Inner table: written by ecom.refresh, read by ecom.recommend_products.';
comment on column {mart}.recommend_list.customer_key is 'Customer, to dim_customer.';
comment on column {mart}.recommend_list.line_count is 'Order lines of the customer at the refresh: with others the list is out of date.';
comment on column {mart}.recommend_list.product_keys is 'Products, the best first.';
comment on column {mart}.recommend_list.scores is 'Their scores.';
comment on column {mart}.recommend_list.because_keys is 'Owned products that contributed most.';
comment on column {mart}.recommend_list.customer_counts is 'Customers that have both; 0 where the method does not tell.';

create table {mart}.recommend_evaluation (
    method                 text             primary key,
    as_of_date             date             not null,
    is_chosen              boolean          not null,
    customer_count         bigint,
    recall_at_20           double precision,
    precision_at_20        double precision,
    ndcg_at_20             double precision,
    mean_average_precision double precision,
    mean_reciprocal_rank   double precision,
    hit_rate               double precision,
    coverage               double precision,
    novelty                double precision,
    note                   text             not null
);
comment on table {mart}.recommend_evaluation is
'One row per recommendation method that the last refresh compared: recommend.method is auto. Empty for a method that is set.';
comment on column {mart}.recommend_evaluation.method is 'Method, as in ecom.recommender_fit.';
comment on column {mart}.recommend_evaluation.as_of_date is 'Day that the comparison looks back from.';
comment on column {mart}.recommend_evaluation.is_chosen is 'Whether recommendations are made by it: the highest ndcg_at_20.';
comment on column {mart}.recommend_evaluation.customer_count is 'Customers whose last order was compared with what the method shows from the orders before.';
comment on column {mart}.recommend_evaluation.recall_at_20 is 'New products of the last order among the first 20, of those that could be there.';
comment on column {mart}.recommend_evaluation.precision_at_20 is 'Share of the first 20 that are new products of the last order.';
comment on column {mart}.recommend_evaluation.ndcg_at_20 is 'Recall weighted by rank: 1 when the new products are shown first.';
comment on column {mart}.recommend_evaluation.mean_average_precision is 'Mean over customers of the average precision at the ranks of the new products.';
comment on column {mart}.recommend_evaluation.mean_reciprocal_rank is 'Mean over customers of 1 / rank of the first new product.';
comment on column {mart}.recommend_evaluation.hit_rate is 'Share of the customers with a new product among the first 20.';
comment on column {mart}.recommend_evaluation.coverage is 'Share of all products that any customer is shown.';
comment on column {mart}.recommend_evaluation.novelty is 'Mean of -log2 of the share of customers that had a shown product: higher is less popular.';
comment on column {mart}.recommend_evaluation.note is 'Why there are no figures; else empty.';

create table {mart}.product_popularity (
    product_key            int              primary key references {mart}.dim_product on delete cascade,
    as_of_date             date             not null,
    popularity_rank        int              not null,
    customer_count         int              not null,
    recent_customer_count  int              not null,
    decayed_customer_count double precision not null,
    trend_factor           double precision not null
);
create index product_popularity_rank_idx on {mart}.product_popularity (popularity_rank);
comment on table {mart}.product_popularity is 'One row per product with customers: how popular it is and whether it is on the rise, written by ecom.refresh.';
comment on column {mart}.product_popularity.product_key is 'Product, to dim_product.';
comment on column {mart}.product_popularity.as_of_date is 'Day that the figures look back from.';
comment on column {mart}.product_popularity.popularity_rank is 'Rank by decayed_customer_count, 1 is the most popular.';
comment on column {mart}.product_popularity.customer_count is 'Customers that bought it and did not send it back.';
comment on column {mart}.product_popularity.recent_customer_count is 'Those whose last purchase of it lies within 30 days.';
comment on column {mart}.product_popularity.decayed_customer_count is
'Customers, each counting half as much with every recommend.half_life_days since the last purchase.';
comment on column {mart}.product_popularity.trend_factor is 'Above 1 for products on the rise: recent customers against an even spread over time.';

create table {mart}.product_similarity (
    product_key         int              not null references {mart}.dim_product on delete cascade,
    similarity_rank     int              not null,
    similar_product_key int              not null references {mart}.dim_product on delete cascade,
    similarity          double precision not null,
    customer_count      int              not null,
    primary key (product_key, similarity_rank)
);
create index product_similarity_similar_idx on {mart}.product_similarity (similar_product_key);
comment on table {mart}.product_similarity is 'One row per product and similar product, up to 20 of each, written by ecom.refresh.';
comment on column {mart}.product_similarity.product_key is 'Product, to dim_product.';
comment on column {mart}.product_similarity.similarity_rank is 'Rank among the similar products, 1 is the most similar.';
comment on column {mart}.product_similarity.similar_product_key is 'Similar product, to dim_product.';
comment on column {mart}.product_similarity.similarity is 'Cosine of their customers, 0 to 1.';
comment on column {mart}.product_similarity.customer_count is 'Customers that bought both.';

create table {mart}.basket_rule (
    rule_key               int              primary key,
    item_level             text             not null,
    antecedent             text             not null,
    consequent             text             not null,
    antecedent_item_count  int              not null,
    consequent_product_key int              not null default 0 references {mart}.dim_product on delete cascade,
    order_count            int              not null,
    support                double precision not null,
    confidence             double precision not null,
    lift                   double precision not null,
    leverage               double precision not null,
    conviction             double precision,
    p_value                double precision not null,
    q_value                double precision not null
);
create index basket_rule_consequent_idx on {mart}.basket_rule (consequent_product_key);
comment on table {mart}.basket_rule is 'One row per rule "who buys the antecedent also buys the consequent", of products and of categories, written by ecom.refresh.';
comment on column {mart}.basket_rule.rule_key is 'Key of the rule, in the order of lift within its level.';
comment on column {mart}.basket_rule.item_level is 'What the rule is about: product or category.';
comment on column {mart}.basket_rule.antecedent is 'Names of the products or categories in the basket, with a plus sign between them.';
comment on column {mart}.basket_rule.consequent is 'Name of the product or category that goes with them.';
comment on column {mart}.basket_rule.antecedent_item_count is 'Number of products or categories in the antecedent.';
comment on column {mart}.basket_rule.consequent_product_key is 'Product of the consequent, to dim_product; 0 for categories.';
comment on column {mart}.basket_rule.order_count is 'Orders that hold the whole rule.';
comment on column {mart}.basket_rule.support is 'Their share of all orders.';
comment on column {mart}.basket_rule.confidence is 'Share of the orders with the antecedent that also hold the consequent.';
comment on column {mart}.basket_rule.lift is 'Confidence over the share of all orders that hold the consequent; above 1: more often than by chance.';
comment on column {mart}.basket_rule.leverage is 'Support beyond what chance would give.';
comment on column {mart}.basket_rule.conviction is 'How much more often the rule would fail by chance; empty when it never fails.';
comment on column {mart}.basket_rule.p_value is 'Chance of so many orders if both were bought independently: Fisher''s exact test, one-sided.';
comment on column {mart}.basket_rule.q_value is 'p_value adjusted for the number of rules, after Benjamini and Hochberg.';

create table {mart}.basket_rule_item (
    product_key int not null references {mart}.dim_product on delete cascade,
    rule_key    int not null references {mart}.basket_rule on delete cascade,
    primary key (product_key, rule_key)
);
create index basket_rule_item_rule_key_idx on {mart}.basket_rule_item (rule_key);
comment on table {mart}.basket_rule_item is 'One row per rule and product of its antecedent, for rules of products.';
comment on column {mart}.basket_rule_item.product_key is 'Product of the antecedent, to dim_product.';
comment on column {mart}.basket_rule_item.rule_key is 'Rule, to basket_rule.';
$ddl$);

insert into ecom_internal.mart_part (name, position, ddl) values ('recommend_views', 98, $ddl$
create view {mart}.product_recommendation as
select s.product_key, p.name as product_name, p.category, s.similarity_rank, s.similar_product_key, q.name as similar_product_name,
       q.category as similar_category, s.similarity, s.customer_count
from {mart}.product_similarity s
join {mart}.dim_product p on p.product_key = s.product_key
join {mart}.dim_product q on q.product_key = s.similar_product_key;
comment on view {mart}.product_recommendation is 'One row per product and similar product, with the names of both.';
select ecom_internal.copy_column_comments({mart_name}, 'product_similarity', 'product_recommendation');
comment on column {mart}.product_recommendation.product_name is 'Name of the product.';
comment on column {mart}.product_recommendation.category is 'Category of the product.';
comment on column {mart}.product_recommendation.similar_product_name is 'Name of the similar product.';
comment on column {mart}.product_recommendation.similar_category is 'Category of the similar product.';
$ddl$);

create function ecom_internal.recommend_lines(mart name, as_of date, sample_of int default 1) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    window_days constant int := nullif(ecom_internal.setting(mart, 'recommend.window_days'), '')::int;
    condition text := 'f.customer_key <> 0 and f.product_key <> 0';
begin
    if as_of <= ecom_internal.as_of(mart, null) - 1 then
        condition := condition || format(' and f.ordered_at < %L::timestamp and f.order_date_key < %s', as_of, ecom_internal.date_key(as_of));
    end if;
    if window_days is not null then
        condition := condition || format(' and f.ordered_at >= %L::timestamp and f.order_date_key >= %s',
                                         as_of - window_days, ecom_internal.date_key(as_of - window_days));
    end if;
    if sample_of > 1 then
        condition := condition || format(' and hashint4(f.customer_key) %% %s = 0', sample_of);
    end if;
    return format('select ecom.interactions_agg(f.customer_key, f.product_key, case when f.is_return then -1 else 1 end, f.ordered_at) as s
                   from %I.fact_sales f where %s', mart, condition);
end
$$;
comment on function ecom_internal.recommend_lines(name, date, int) is
'The query that collects customers and products of a mart before as_of, within recommend.window_days, as a state s.
sample_of: of so many customers one.';

create function ecom_internal.evaluate_methods(mart name, as_of date) returns text
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_id constant oid := ecom_internal.mart_oid(mart);
    methods constant text[] := string_to_array(replace(ecom_internal.setting(mart, 'recommend.auto_methods'), ' ', ''), ',');
    allowed constant text[] := array_remove((select d.allowed from ecom_internal.setting_definition d where d.name = 'recommend.method'), 'auto');
    tried text;
    position int := 0;
    sample_of int;
    best text;
begin
    foreach tried in array methods loop
        if tried <> all (allowed) then
            raise exception 'method "%" of setting "recommend.auto_methods" is not known', tried using errcode = '22023',
                hint = format('Use some of: %s.', array_to_string(allowed, ', '));
        end if;
    end loop;
    execute format('select greatest(1, ceil(count(*) / $1::numeric))::int from %I.dim_customer', mart) into sample_of
        using ecom_internal.setting(mart, 'recommend.evaluation_customers')::int;
    execute format('create temporary table ecom_evaluation_state on commit drop as %s', ecom_internal.recommend_lines(mart, as_of, sample_of));
    foreach tried in array methods loop
        perform ecom_internal.report_progress(mart_id, 'recommend', 'comparing methods', position, cardinality(methods));
        position := position + 1;
        begin
            execute format('
                insert into %I.recommend_evaluation (method, as_of_date, is_chosen, customer_count, recall_at_20, precision_at_20, ndcg_at_20,
                    mean_average_precision, mean_reciprocal_rank, hit_rate, coverage, novelty, note)
                select $1, $2, false, e.users, e.recall, e."precision", e.ndcg, e.map, e.mrr, e.hit_rate, e.coverage, e.novelty, $10
                from pg_temp.ecom_evaluation_state a, ecom.evaluate_recommender(a.s, $1, ''last_order'', null, 20, $3, $4, $5, null, $6, null, $7,
                    max_history => $8, factors => $9) e
                on conflict do nothing', mart)
                using tried, as_of, ecom_internal.setting(mart, 'recommend.neighbors')::int,
                      case when tried in ('local_ridge', 'ease') then nullif(ecom_internal.setting(mart, 'recommend.lambda'), '')::float8 end,
                      nullif(ecom_internal.setting(mart, 'recommend.damping'), '')::float8, ecom_internal.setting(mart, 'recommend.min_customers')::int,
                      ecom_internal.setting(mart, 'recommend.trend_power')::float8, ecom_internal.setting(mart, 'recommend.max_history')::int,
                      ecom_internal.setting(mart, 'recommend.factors')::int, ''::text;
        exception when program_limit_exceeded or data_exception then
            execute format('insert into %I.recommend_evaluation (method, as_of_date, is_chosen, note) values ($1, $2, false, $3) on conflict do nothing', mart)
                using tried, as_of, sqlerrm;
        end;
    end loop;
    drop table pg_temp.ecom_evaluation_state;
    execute format('update %1$I.recommend_evaluation e set is_chosen = true
                    where e.method = (select x.method from %1$I.recommend_evaluation x where x.ndcg_at_20 is not null
                                      order by x.ndcg_at_20 desc, x.recall_at_20 desc, array_position($1, x.method) limit 1) returning e.method', mart)
        into best using methods;
    return best;
end
$$;
comment on function ecom_internal.evaluate_methods(name, date) is
'Writes recommend_evaluation: the methods of recommend.auto_methods on the last orders of customers. Returns the best, NULL when none can be compared.';

create function ecom_internal.refresh_basket_rules(mart name, as_of date) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    level record;
    order_count bigint;
    written bigint;
    total bigint := 0;
begin
    execute format('delete from %1$I.basket_rule', mart);
    execute format('select count(distinct order_id) from %I.fact_sales where not is_return and product_key <> 0 and ordered_at < $1', mart)
        into order_count using as_of::timestamp;
    if order_count = 0 then
        return 0;
    end if;
    for level in values ('product', 'f.product_key::bigint', ''),
                        ('category', 'p.category', format('join %I.dim_product p on p.product_key = f.product_key and p.category <> ''Unknown''', mart))
    loop
        execute format('
            create temporary table ecom_rule on commit drop as
            select row_number() over () + $6 as rule_key, r.* from (
                select ecom.basket_agg(f.order_id, %2$s) as s from %1$I.fact_sales f %3$s
                where not f.is_return and f.product_key <> 0 and f.ordered_at < $1) a,
                ecom.affordable_support(a.s, $8, least(1, greatest($2, 5.0 / $7)), $4) support,
                ecom.basket_rules(a.s, support, $3, 2, $4, $5) r', mart, level.column2, level.column3)
            using as_of::timestamp, ecom_internal.setting(mart, 'basket.min_support')::float8,
                  ecom_internal.setting(mart, 'basket.min_confidence')::float8, ecom_internal.setting(mart, 'basket.max_length')::int,
                  ecom_internal.setting(mart, 'basket.max_q')::float8, total, order_count, ecom_internal.setting(mart, 'basket.max_itemsets')::int;
        execute format('
            insert into %1$I.basket_rule (rule_key, item_level, antecedent, consequent, antecedent_item_count, consequent_product_key,
                order_count, support, confidence, lift, leverage, conviction, p_value, q_value)
            select r.rule_key, $1, a.names, %2$s, cardinality(r.antecedent), %3$s, r.baskets, r.support, r.confidence, r.lift, r.leverage,
                   nullif(r.conviction, ''Infinity''), r.p_value, r.q_value
            from pg_temp.ecom_rule r
            join (select r.rule_key, string_agg(%4$s, '' + '' order by u.n) as names
                  from pg_temp.ecom_rule r cross join unnest(r.antecedent) with ordinality u (item, n) %5$s
                  group by r.rule_key) a using (rule_key) %6$s', mart,
            case level.column1 when 'product' then 'c.name' else 'r.consequent' end,
            case level.column1 when 'product' then 'c.product_key' else '0' end,
            case level.column1 when 'product' then 'p.name' else 'u.item' end,
            case level.column1 when 'product' then format('join %I.dim_product p on p.product_key = u.item::int', mart) else '' end,
            case level.column1 when 'product' then format('join %I.dim_product c on c.product_key = r.consequent::int', mart) else '' end)
            using level.column1;
        get diagnostics written = row_count;
        if level.column1 = 'product' then
            execute format('insert into %I.basket_rule_item (product_key, rule_key)
                            select u.item::int, r.rule_key from pg_temp.ecom_rule r, unnest(r.antecedent) u (item)', mart);
        end if;
        drop table pg_temp.ecom_rule;
        total := total + written;
    end loop;
    execute format('analyze %1$I.basket_rule, %1$I.basket_rule_item', mart);
    return total;
end
$$;
comment on function ecom_internal.refresh_basket_rules(name, date) is
'Writes basket_rule and basket_rule_item from the orders before as_of; returns the number of rules.';

create function ecom_internal.refresh_recommend(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_id constant oid := ecom_internal.mart_oid(mart);
    k constant int := ecom_internal.setting(mart, 'recommend.neighbors')::int;
    lambda constant float8 := nullif(ecom_internal.setting(mart, 'recommend.lambda'), '')::float8;
    damping constant float8 := nullif(ecom_internal.setting(mart, 'recommend.damping'), '')::float8;
    min_customers constant int := ecom_internal.setting(mart, 'recommend.min_customers')::int;
    max_history constant int := ecom_internal.setting(mart, 'recommend.max_history')::int;
    half_life constant float8 := ecom_internal.setting(mart, 'recommend.half_life_days')::float8;
    trend_power constant float8 := ecom_internal.setting(mart, 'recommend.trend_power')::float8;
    list_length constant int := 100;
    method text := ecom_internal.setting(mart, 'recommend.method');
    -- Methods whose scores are no sums over products: what they show is stored for each customer, and weights answer for customers
    -- with orders since.
    has_lists boolean;
    written bigint;
begin
    reason := '';
    execute format('delete from %I.recommend_evaluation', mart);
    if method = 'auto' then
        method := ecom_internal.evaluate_methods(mart, as_of);
        reason := case when method is null then 'no method could be compared, local_ridge was taken' else format('%s was the best method', method) end;
        method := coalesce(method, 'local_ridge');
    end if;
    has_lists := method in ('als', 'user_neighbors');

    perform ecom_internal.report_progress(mart_id, 'recommend', 'fitting the recommender', 0, 0);
    execute format('create temporary table ecom_recommend_state on commit drop as %s', ecom_internal.recommend_lines(mart, as_of));
    create temporary table ecom_recommender on commit drop as
        select ecom.recommender_fit(a.s, case when has_lists then 'local_ridge' else method end, k, lambda, damping, null, min_customers, null,
                                    half_life, 30, trend_power, max_history, 10000, as_of) as model
        from pg_temp.ecom_recommend_state a;
    execute format('delete from %I.recommend_weight', mart);
    execute format('insert into %I.recommend_weight (product_key, target_keys, weights, customer_counts)
                    select w.product_key, w.target_keys, w.weights, w.customer_counts
                    from pg_temp.ecom_recommender r, ecom_internal.recommender_weights(r.model, true) w', mart);
    get diagnostics rows = row_count;
    execute format('delete from %I.product_popularity', mart);
    execute format('insert into %I.product_popularity (product_key, as_of_date, popularity_rank, customer_count, recent_customer_count,
                                                       decayed_customer_count, trend_factor)
                    select i.item_key, $1, i.rank, i.users, i.recent_users, i.decayed_users, i.trend
                    from pg_temp.ecom_recommender r, ecom.recommender_items(r.model) i', mart) using as_of;
    get diagnostics written = row_count;
    rows := rows + written;
    drop table pg_temp.ecom_recommender;

    execute format('delete from %I.recommend_list', mart);
    if has_lists then
        perform ecom_internal.report_progress(mart_id, 'recommend', 'making the lists of customers', 0, 0);
        execute format('
            insert into %1$I.recommend_list (customer_key, line_count, product_keys, scores, because_keys, customer_counts)
            select l.customer_key, c.line_count, l.product_keys, l.scores, l.because_keys, l.customer_counts
            from (select a.s, ecom.recommender_fit(a.s, $1, $2, null, null, null, $3, null, $4, 30, $5, $6, as_of => $7, factors => $8) as model
                  from pg_temp.ecom_recommend_state a) f,
                 ecom_internal.recommendation_lists(f.model, f.s, $9, $6) l
            join (select f.customer_key, count(*)::int as line_count from %1$I.fact_sales f
                  where f.customer_key <> 0 and f.product_key <> 0 group by f.customer_key) c using (customer_key)', mart)
            using method, k, min_customers, half_life, trend_power, max_history, as_of::timestamp, ecom_internal.setting(mart, 'recommend.factors')::int,
                  list_length;
        get diagnostics written = row_count;
        rows := rows + written;
    end if;

    perform ecom_internal.report_progress(mart_id, 'recommend', 'finding similar products', 0, 0);
    execute format('delete from %I.product_similarity', mart);
    execute format('insert into %I.product_similarity (product_key, similarity_rank, similar_product_key, similarity, customer_count)
                    select n.item_key, n.rank, n.neighbor_key, n.score, n.users
                    from pg_temp.ecom_recommend_state a, ecom.item_neighbors(a.s, ''cosine'', 20, $1, max_history => $2) n', mart) using min_customers, max_history;
    get diagnostics written = row_count;
    rows := rows + written;
    drop table pg_temp.ecom_recommend_state;
    execute format('analyze %1$I.recommend_weight, %1$I.recommend_list, %1$I.recommend_evaluation, %1$I.product_popularity, %1$I.product_similarity', mart);

    perform ecom_internal.report_progress(mart_id, 'recommend', 'finding basket rules', 0, 0);
    rows := rows + ecom_internal.refresh_basket_rules(mart, as_of);
end
$$;
comment on function ecom_internal.refresh_recommend(name, date) is
'Step recommend of ecom.refresh: fits the recommender and the rules, and writes their tables.';

create function ecom.recommend_products(
    mart name, customer int, n int default 10, categories text[] default null, min_price numeric default null, max_price numeric default null,
    in_stock boolean default true, mode text default 'new_items', diversity float8 default 0,
    out rank int, out product_key int, out product_id text, out name text, out category text, out score float8, out source text,
    out because_product_key int, out because_name text, out because_customers int, out reason text) returns setof record
    language c stable parallel restricted rows 10 as 'MODULE_PATHNAME', 'ecom_recommend_products';
comment on function ecom.recommend_products(name, int, int, text[], numeric, numeric, boolean, text, float8) is
'What a customer should be shown: n products with a score, and why.
Example: SELECT * FROM ecom.recommend_products(''shop'', 17)
Reads by index: the orders of the customer as they are now, and what the last refresh wrote.
From a driver give parameters a type: $1::int.
mode: new_items (default) leaves out what the customer owns; next_basket ranks what the customer buys again and again, later orders counting more, together with new products.
Arguments: mart; NULL means the setting ecom_analytics.mart. customer: customer_key; an unknown one or NULL gets popular products, and reason
says so. n: 0 to 10000. categories, min_price, max_price: only such products, by list_price. in_stock: leave out products whose stock_quantity is 0.
diversity: 0 to 1, more means less alike (maximal marginal relevance).
source: history, repeat (bought before) or popular (nothing else is known). because: the owned product that contributed most, and how many
customers have both (methods als: NULL, user_neighbors: of the similar ones). Fewer rows than n when no more products pass.
Order: score, then product_key; popular products last.
22000 before the first refresh of step recommend, 22023 for arguments out of range. About a millisecond.';

create function ecom.recommend_products(
    mart name, customers int[], n int default 10, categories text[] default null, min_price numeric default null, max_price numeric default null,
    in_stock boolean default true, mode text default 'new_items', diversity float8 default 0,
    out customer_key int, out rank int, out product_key int, out product_id text, out name text, out category text, out score float8, out source text,
    out because_product_key int, out because_name text, out because_customers int, out reason text) returns setof record
    language c stable parallel restricted rows 1000 as 'MODULE_PATHNAME', 'ecom_recommend_products_many';
comment on function ecom.recommend_products(name, int[], int, text[], numeric, numeric, boolean, text, float8) is
'What each of many customers should be shown, in one call.
Example: SELECT * FROM ecom.recommend_products(''shop'', (SELECT array_agg(customer_key) FROM shop.dim_customer WHERE customer_key BETWEEN 1 AND 20), 3)
As ecom.recommend_products for one customer, with customer_key before each row; weights are read once for all customers.';

create function ecom_internal.product_condition(first_argument int) returns text
language sql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select format('($%1$s is null or p.category = any ($%1$s)) and ($%2$s is null or p.list_price >= $%2$s) and ($%3$s is null or p.list_price <= $%3$s)
                   and (not $%4$s or p.stock_quantity is null or p.stock_quantity > 0)',
                  first_argument, first_argument + 1, first_argument + 2, first_argument + 3)
$$;
comment on function ecom_internal.product_condition(int) is
'The condition on dim_product p of the arguments categories, min_price, max_price and in_stock, which begin at a number.';

create function ecom.similar_products(
    mart name, product int, n int default 10, categories text[] default null, min_price numeric default null, max_price numeric default null,
    in_stock boolean default true)
returns table (rank int, product_key int, product_id text, name text, category text, similarity float8, customer_count int)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if n is null or n < 0 then
        raise exception 'number of products must be 0 or more, but is %', coalesce(n::text, 'NULL') using errcode = '22023', hint = 'Pass for example 10.';
    end if;
    return query execute format('
        select row_number() over (order by s.similarity_rank)::int, p.product_key, p.product_id, p.name, p.category, s.similarity, s.customer_count
        from %1$I.product_similarity s join %1$I.dim_product p on p.product_key = s.similar_product_key
        where s.product_key = $1 and %2$s order by s.similarity_rank limit $2', ecom_internal.mart_name(mart), ecom_internal.product_condition(3))
        using product, n, categories, min_price, max_price, in_stock;
end
$$;
comment on function ecom.similar_products(name, int, int, text[], numeric, numeric, boolean) is
'Products that the same customers buy: those of the 20 most similar that pass the filters, from the last refresh.
Example: SELECT * FROM ecom.similar_products(''shop'', 5)
similarity: cosine of the customers, 0 to 1; customer_count: customers that bought both. Arguments: mart; NULL means the setting
ecom_analytics.mart. product: product_key; an unknown one has no rows. n: 0 or more. categories, min_price, max_price, in_stock: as in
ecom.recommend_products. Reads by index.';

create function ecom.similar_customers(mart name, customer int, n int default 10)
returns table (rank int, customer_key int, customer_id text, similarity float8, product_count int)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if n is null or n < 0 then
        raise exception 'number of customers must be 0 or more, but is %', coalesce(n::text, 'NULL') using errcode = '22023', hint = 'Pass for example 10.';
    end if;
    return query execute format('
        with owned as materialized (
            select f.product_key from %1$I.fact_sales f where f.customer_key = $1 and f.product_key <> 0
            group by f.product_key having sum(case when f.is_return then -1 else 1 end) > 0
            order by max(f.ordered_at) desc, f.product_key limit 50),
        common as materialized (
            select x.customer_key, count(*) as product_count from (
                select distinct f.customer_key, f.product_key from owned o join %1$I.fact_sales f on f.product_key = o.product_key
                where f.customer_key not in (0, $1) and not f.is_return) x group by x.customer_key order by product_count desc, x.customer_key limit 200)
        select row_number() over (order by s.similarity desc, s.customer_key)::int, s.customer_key, c.customer_id, s.similarity, s.product_count::int
        from (select m.customer_key, m.product_count,
                     m.product_count / sqrt((select count(*) from owned)::float8
                         * (select count(distinct f.product_key) from %1$I.fact_sales f where f.customer_key = m.customer_key and not f.is_return)) as similarity
              from common m) s
        join %1$I.dim_customer c on c.customer_key = s.customer_key
        order by s.similarity desc, s.customer_key limit $2', ecom_internal.mart_name(mart)) using customer, n;
end
$$;
comment on function ecom.similar_customers(name, int, int) is
'Customers that bought the same products as a customer, from the orders as they are now.
Example: SELECT * FROM ecom.similar_customers(''shop'', 17, 5)
similarity: cosine of the products. Looks at the latest 50 products of the customer and, of those who bought one of them, at the 200 with most in common.
Arguments: mart; NULL means the setting ecom_analytics.mart. customer: customer_key; an unknown one has no rows. n: 0 or more.
Time: the sales of those products, read by index.';

create function ecom.cross_sell(
    mart name, customer int default null, product int default null, segment text default null, n int default 10, categories text[] default null,
    min_price numeric default null, max_price numeric default null, in_stock boolean default true)
returns table (rank int, product_key int, name text, category text, source text, because text, probability float8, lift float8,
               unit_margin numeric, expected_value numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    owned text;
begin
    if num_nonnulls(customer, product, segment) <> 1 then
        raise exception 'cross_sell needs one of customer, product and segment' using errcode = '22023',
            hint = 'Name the argument: SELECT * FROM ecom.cross_sell(''shop'', customer => 17).';
    end if;
    if n is null or n < 0 then
        raise exception 'number of products must be 0 or more, but is %', coalesce(n::text, 'NULL') using errcode = '22023', hint = 'Pass for example 10.';
    end if;
    owned := case
        when product is not null then 'select $1 as product_key, 1.0::float8 as share'
        when customer is not null then format(
            'select f.product_key, 1.0::float8 as share from %I.fact_sales f where f.customer_key = $2 and f.product_key <> 0
             group by f.product_key having sum(case when f.is_return then -1 else 1 end) > 0', mart_schema)
        else format(
            'select f.product_key, count(distinct f.customer_key) / max(t.members)::float8 as share
             from %1$I.dim_customer c join %1$I.fact_sales f on f.customer_key = c.customer_key,
                  (select count(*) as members from %1$I.dim_customer c where c.segment = $3) t
             where c.segment = $3 and f.product_key <> 0 and not f.is_return group by f.product_key', mart_schema) end;
    return query execute format('
        with owned as materialized (%2$s),
        -- Rules with all of their antecedent owned; by neighbours the chance that a customer of the one also buys the other.
        rule as (
            select r.consequent_product_key as product_key, ''rule'' as source, r.antecedent as because, r.confidence * min(o.share) as probability, r.lift
            from owned o join %1$I.basket_rule_item i on i.product_key = o.product_key join %1$I.basket_rule r on r.rule_key = i.rule_key
            group by r.rule_key having count(*) = r.antecedent_item_count),
        neighbor as (
            select s.similar_product_key, ''neighbor'', p.name, o.share * s.customer_count / nullif(q.customer_count, 0)::float8,
                   s.similarity * s.similarity * nullif(t.customers, 0) / nullif(s.customer_count, 0)::float8
            from owned o join %1$I.product_similarity s on s.product_key = o.product_key
            join %1$I.product_popularity q on q.product_key = o.product_key
            join %1$I.dim_product p on p.product_key = o.product_key
            cross join (select count(*) as customers from %1$I.customer_rfm where frequency > 0) t),
        offer as (
            select distinct on (c.product_key) c.* from (select * from rule union all select * from neighbor) c
            where $3 is not null or c.product_key not in (select o.product_key from owned o)
            order by c.product_key, c.probability desc, c.source, c.because)
        select row_number() over (order by v.expected_value desc nulls last, v.probability desc, v.product_key)::int, v.*
        from (select o.product_key, p.name, p.category, o.source, o.because, o.probability, o.lift, (p.list_price - p.unit_cost)::numeric as unit_margin,
                     round((o.probability * coalesce(p.list_price - p.unit_cost, p.list_price))::numeric, 4) as expected_value
              from offer o join %1$I.dim_product p on p.product_key = o.product_key
              where %3$s) v
        order by 1 limit $4', mart_schema, owned, ecom_internal.product_condition(5))
        using product, customer, segment, n, categories, min_price, max_price, in_stock;
end
$$;
comment on function ecom.cross_sell(name, int, int, text, int, text[], numeric, numeric, boolean) is
'What to offer to a customer, to buyers of a product, or to a segment, by what the offer is worth.
Example: SELECT * FROM ecom.cross_sell(''shop'', product => 5)
Give one of customer (customer_key), product (product_key) and segment (dim_customer.segment). source: rule (of basket_rule, whose antecedent is
owned) or neighbor (of product_similarity). because: the owned products. probability: confidence of the rule, or share of the customers of the owned
product that bought the other too; for a segment times the share of its customers that own it.
lift: against all orders (rule) or all customers (neighbor; NULL before step rfm has counted them).
unit_margin: list_price less unit_cost. expected_value: probability times unit_margin, or times list_price where no cost is known; orders the rows.
categories, min_price, max_price, in_stock: as in ecom.recommend_products. Owned products are left out unless a segment is asked for.
The probability is observed, not the effect of an offer.
Arguments: mart; NULL means the setting ecom_analytics.mart. n: 0 or more. Reads the last refresh of step recommend by index.
22023 unless exactly one of the three is given.';

create function ecom.repeat_products(mart name, customer int, n int default 10, as_of date default null)
returns table (rank int, product_key int, name text, order_count int, last_order_date date, mean_interval_days float8, due_date date,
               days_overdue int, repeat_rate float8)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
begin
    if n is null or n < 0 then
        raise exception 'number of products must be 0 or more, but is %', coalesce(n::text, 'NULL') using errcode = '22023', hint = 'Pass for example 10.';
    end if;
    return query execute format('
        with bought as materialized (
            select distinct f.product_key, f.ordered_at::date as day from %1$I.fact_sales f
            where f.customer_key = $1 and f.product_key <> 0 and not f.is_return and f.ordered_at < $2::timestamp),
        days as (select count(distinct day)::float8 as n, (max(day) - min(day))::float8 / nullif(count(distinct day) - 1, 0) as gap from bought),
        repeated as (
            select b.product_key, count(*)::int as times, min(b.day) as first_day, max(b.day) as last_day,
                   -- The customer''s mean time between orders counts as one more interval, so that two purchases do not tell all.
                   ((max(b.day) - min(b.day)) + coalesce(d.gap, 0)) / (count(*) - 1 + (d.gap is not null)::int) as interval_days,
                   (count(*) - 1)::float8 / nullif((select count(distinct o.day) from bought o where o.day > min(b.day)), 0) as rate
            from bought b cross join days d group by b.product_key, d.gap having count(*) > 1)
        select row_number() over (order by r.rate desc, r.times desc, r.product_key)::int, r.product_key, p.name, r.times, r.last_day,
               r.interval_days::float8, r.last_day + round(r.interval_days)::int, $2 - (r.last_day + round(r.interval_days)::int), r.rate
        from repeated r join %1$I.dim_product p on p.product_key = r.product_key
        order by 1 limit $3', mart_schema) using customer, ecom_internal.as_of(mart_schema, as_of), n;
end
$$;
comment on function ecom.repeat_products(name, int, int, date) is
'What a customer buys again and again, and when it is due.
Example: SELECT * FROM ecom.repeat_products(''shop'', 17)
One row per product bought on two or more days before as_of. repeat_rate: share of the customer''s order days after the first purchase that hold it
again. mean_interval_days: mean time between purchases, drawn towards the customer''s mean time between orders as by one more interval.
due_date: the last purchase plus that interval; days_overdue: days from it to as_of, negative when it lies ahead.
Arguments: mart; NULL means the setting ecom_analytics.mart. customer: customer_key; an unknown one has no rows. n: 0 or more.
as_of: default the day after the last sale. Reads the orders of the customer by index.';
