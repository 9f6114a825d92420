#!/usr/bin/env bash
# Baskets, neighbours and recommenders on public data, to the digits of arules, numpy and implicit, and which method finds what
# customers of a real shop bought next.
. "$(dirname "$0")/lib/tests.sh"
file=$reference/recommend_reference.json
need recommend "$file" "$data/groceries.csv.gz" "$data/online_retail.csv.gz"

load_reference "$file"
q <<'SQL'
create table groceries (basket bigint, item text);
SQL
zcat "$data/groceries.csv.gz" | q -c '\copy groceries from pstdin with (format csv, header)'
sql "create table state as select ecom.basket_agg(basket, item) as s from groceries"

# Rules as R's arules counts them: one item on the right, two or more items, at most ten.
rules() {
    is "rules at support $1 and confidence $2" "$3" "$(sql "select count(*) from state, ecom.basket_rules(s, $1, $2)")"
}
rules 0.001 0.5 5668
rules 0.001 0.8 410
rules 0.01 0.5 15
rules 0.006 0.25 463
rules 0.002 0.1 8332
is 'rules by length' '{"2": 11, "3": 1461, "4": 3211, "5": 939, "6": 46}' "$(sql "select jsonb_object_agg(n, rules) from (
    select cardinality(r.antecedent) + 1 as n, count(*) as rules from state, ecom.basket_rules(s, 0.001, 0.5) r group by 1) x")"
is 'itemsets' t "$(sql "select bool_and((select jsonb_object_agg(x.item_count, x.sets) from (select f.item_count, count(*) as sets
        from state, ecom.frequent_itemsets(s, e.key::float8) f group by 1) x) = e.value - 'n')
    from reference, jsonb_each(doc -> 'groceries' -> 'frequent_itemsets') e")"

close 'measures of a rule' 1e-12 "select e.value::float8 as expected, (to_jsonb(r) ->> e.key)::float8 as actual
    from reference, state, ecom.basket_rules(s, 0.01, 0.5) r, jsonb_each_text(doc -> 'groceries' -> 'rule_01_05_first') e
    where e.key not in ('lhs', 'rhs', 'count') and r.antecedent = array['citrus fruit', 'root vegetables'] and r.consequent = 'other vegetables'"
is 'first rule by lift' 'liquor,red/blush wine|bottled beer|19' "$(sql "select array_to_string(r.antecedent, ','), r.consequent, r.baskets from state, ecom.basket_rules(s, 0.001, 0.8) r limit 1")"

# Neighbours in order, with scores and customers.
neighbors() {
    is "$1" t "$(sql "select count(*) = 5 and bool_and(x.c ->> 0 = n.neighbor_id and abs((x.c ->> 1)::float8 - n.score) < 1e-12 and (x.c ->> 2)::int = n.users)
        from reference, jsonb_array_elements(doc -> 'groceries' -> '$2') with ordinality x (c, place), state, ecom.item_neighbors(s, $3) n
        where n.item_id = '$4' and n.rank = x.place")"
}
neighbors 'cosine' whole_milk_cosine "'cosine'" 'whole milk'
neighbors 'jaccard' whole_milk_jaccard "'jaccard'" 'whole milk'
neighbors 'lift' whole_milk_lift_min_count50 "'lift', min_users => 50, shrink => 0" 'whole milk'
neighbors 'lift of beef' beef_lift_min_count50 "'lift', min_users => 50, shrink => 0" 'beef'

# The matrices of six customers, computed with numpy and implicit.
sql "create table tiny as select ecom.interactions_agg(c.key, i.item) as s from reference, jsonb_each(doc -> 'tiny' -> 'customers') c, jsonb_array_elements_text(c.value) i (item);
     create table cell as select m.key as matrix, doc -> 'tiny' -> 'items' ->> (r.n - 1)::int as source, doc -> 'tiny' -> 'items' ->> (c.n - 1)::int as target, c.value::float8 as expected
     from reference, jsonb_each(doc -> 'tiny') m, jsonb_array_elements(m.value) with ordinality r (value, n), jsonb_array_elements_text(r.value) with ordinality c (value, n)
     where m.key in ('cosine', 'jaccard', 'cosine_shrink10', 'confidence_row_implies_col', 'lift_N_nij_over_ninj', 'gfcf_linear_uw1', 'rp3beta_alpha1_beta0p5',
                     'implicit_tfidf_similarity', 'ease_lambda1', 'ease_lambda10', 'local_ridge_K2_lambda1', 'local_ridge_K4_lambda1')"
tiny() {
    close "$1" 1e-12 "select expected, coalesce(n.score, 0) as actual from cell left join (select n.* from tiny, ecom.item_neighbors(s, $2) n) n
        on n.item_id = cell.source and n.neighbor_id = cell.target where matrix = '$1' and cell.source <> cell.target"
}
tiny cosine "'cosine'"
tiny cosine_shrink10 "'cosine', shrink => 10"
tiny jaccard "'jaccard'"
tiny confidence_row_implies_col "'confidence'"
tiny lift_N_nij_over_ninj "'lift', shrink => 0"
tiny gfcf_linear_uw1 "'linear'"
tiny rp3beta_alpha1_beta0p5 "'rp3beta'"
tiny implicit_tfidf_similarity "'tfidf'"
# What a model gives to somebody who owns one item: its row of weights. Weights of 0 or less are not shown.
fitted() {
    close "$1" 1e-12 "select greatest(expected, 0) as expected, coalesce(r.score, 0) as actual from cell
        left join (select i.item, r.* from tiny, unnest(array['A','B','C','D','E']) i (item), ecom.recommend_items(ecom.recommender_fit(s, $2), array[i.item], fill => false) r) r
            on r.item = cell.source and r.item_id = cell.target where matrix = '$1' and cell.source <> cell.target"
}
fitted ease_lambda1 "'ease', lambda => 1"
fitted ease_lambda10 "'ease', lambda => 10"
fitted local_ridge_K2_lambda1 "k => 2, lambda => 1"
fitted local_ridge_K4_lambda1 "k => 4, lambda => 1"

# Online Retail, known customers and positive lines.
sql 'create table raw ("InvoiceNo" text, "StockCode" text, "Description" text, "Quantity" numeric, "InvoiceDate" timestamp, "UnitPrice" numeric, "CustomerID" text, "Country" text)'
zcat "$data/online_retail.csv.gz" | q -c '\copy raw from pstdin with (format csv, header)'
sql "create table lines as select \"CustomerID\"::bigint as customer, \"InvoiceNo\" as invoice, \"StockCode\" as product, \"InvoiceDate\" as ts from raw
     where \"CustomerID\" is not null and \"InvoiceNo\" not like 'C%' and \"Quantity\" > 0 and \"UnitPrice\" > 0;
     create table shop as select ecom.interactions_agg(customer, product, 1, ts) as s from lines"
is 'itemsets of Online Retail' '{"1": 625, "2": 333, "3": 71, "4": 2}' "$(sql "select jsonb_object_agg(n, sets) from (select f.item_count as n, count(*) as sets
    from (select ecom.basket_agg(invoice, product) as s from lines) a, ecom.frequent_itemsets(a.s, 0.01) f group by 1) x")"

# The last order of each customer: every method finds more of it than popularity, and the default as much as exact EASE with trend.
sql "create table found as select m.method, e.* from shop, unnest(array['popular', 'local_ridge', 'ease', 'als', 'user_neighbors', 'cosine', 'jaccard', 'confidence',
         'lift', 'tfidf', 'bm25', 'linear', 'rp3beta', 'sequence']) m (method), ecom.evaluate_recommender(s, m.method) e"
q -c "select format('   %-15s recall@20 %s  NDCG@20 %s  coverage %s', method, round(recall::numeric, 4), round(ndcg::numeric, 4), round(coverage::numeric, 3)) from found order by ndcg desc"
is 'methods that do not beat popularity' '' "$(sql "select string_agg(f.method, ',') from found f, found p where p.method = 'popular' and f.method <> 'popular' and (f.recall <= p.recall or f.ndcg <= p.ndcg)")"
is 'the default against exact EASE' t "$(sql "select d.recall >= e.recall and d.ndcg >= e.ndcg from found d, found e where d.method = 'local_ridge' and e.method = 'ease'")"
# New products of the 70 days after a cut: recall@20 and NDCG@20 of exact EASE as docs/recommend.md has them, which are computed again for one cut only.
sql "create table ease as select * from (values ('2011-06-01'::timestamp, .1920, .1734), ('2011-08-01', .1598, .1516), ('2011-09-01', .1327, .1237), ('2011-10-01', .1457, .1332)) c (cut, recall, ndcg)"
is 'exact EASE after a time cut' t "$(sql "select round(e.recall::numeric, 4) = c.recall and round(e.ndcg::numeric, 4) = c.ndcg
    from shop, ease c, ecom.evaluate_recommender(s, 'ease', split => 'time', cut => c.cut) e where c.cut = '2011-06-01'")"
is 'the default after time cuts' '4|t|t' "$(sql "select count(*), bool_and(d.recall >= c.recall), bool_and(d.ndcg >= c.ndcg)
    from shop, ease c, ecom.evaluate_recommender(s, split => 'time', cut => c.cut) d")"
finish
