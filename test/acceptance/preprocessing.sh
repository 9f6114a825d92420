#!/usr/bin/env bash
# Transforms, scaling, principal components and the measures of a clustering on customers with known answers: numbers of
# scipy and scikit-learn on 3,000 generated customers and on those of Online Retail (UCI id 352).
. "$(dirname "$0")/lib/tests.sh"
file=$reference/customer_reference.json
need preprocessing "$file" "$reference/det_customers.csv"

load_reference "$file"
load_customers

# numbers PATH: of the reference, by place, as SQL.
numbers() { echo "(select value::float8 as expected, place from reference, jsonb_array_elements_text(doc #> '{$1}') with ordinality a (value, place))"; }

# The table $1 of recency, frequency and monetary, as a pipeline prepares it: model and rows.
prepare() {
    sql "create table $1_model as select ecom.preprocessor_fit(array[recency, frequency, monetary], 'boxcox', 'standard') as model from $1;
         create table $1_ready as select id, ecom.transform(model, array[recency, frequency, monetary]) as x from $1, $1_model"
}
prepare customer

# Lambdas of scipy carry an error of up to 2e-7, and so does what follows from them.
for name in recency frequency monetary; do
    close "Box-Cox lambda of $name" 1e-6 "select $(number "boxcox,det,$name,lambda_scipy") as expected, ecom.boxcox_lambda($name) as actual from customer"
    close "maximum for $name" 1e-8 "select $(number "boxcox,det,$name,llf") as expected, (ecom.boxcox_fit($name)).log_likelihood as actual from customer"
    close "interval for $name" 1e-6 "select expected, case place when 1 then (f).ci_low else (f).ci_high end as actual
        from $(numbers "boxcox,det,$name,ci95") e, (select ecom.boxcox_fit($name) as f from customer) f"
    close "Yeo-Johnson lambda of $name" 1e-6 "select $(number "boxcox,det,$name,yeojohnson_lambda") as expected, ecom.yeojohnson_lambda($name) as actual from customer"
    close "Yeo-Johnson maximum for $name" 1e-8 "select $(number "boxcox,det,$name,yj_llf") as expected, (ecom.yeojohnson_fit($name)).log_likelihood as actual from customer"
done
close 'means' 1e-6 "select (doc #>> array['boxcox', 'det', name, 'mean'])::float8 as expected, centre as actual
    from reference, (select model from customer_model) m, ecom.preprocessor_columns(model) c join unnest('{recency, frequency, monetary}'::text[]) with ordinality n (name, feature) using (feature)"
close 'standard deviations' 1e-6 "select (doc #>> array['boxcox', 'det', name, 'std_pop'])::float8 as expected, scale as actual
    from reference, (select model from customer_model) m, ecom.preprocessor_columns(model) c join unnest('{recency, frequency, monetary}'::text[]) with ordinality n (name, feature) using (feature)"

# Principal components.
sql 'create table component as select c.* from (select ecom.pca_fit(x) as model from customer_ready) m, ecom.pca_components(m.model) c'
close 'explained variance' 1e-8 "select expected, explained_variance as actual from $(numbers pca,det_boxcox_standardized,explained_variance) e join component on component = place"
close 'explained variance ratio' 1e-8 "select expected, explained_variance_ratio as actual from $(numbers pca,det_boxcox_standardized,explained_variance_ratio) e join component on component = place"
for i in 0 1 2; do
    close "loadings of component $((i + 1))" 1e-7 "select expected, loadings[place] as actual from $(numbers "pca,det_boxcox_standardized,components_sign_maxabs_positive,$i") e join component on component = $((i + 1))"
done

# Measures of the clusters that k-means finds: rows with their nearest centre. measures NAME TABLE PATH
sql 'create table centre (place int, centre float8[]); create table labelled (x float8[], label int)'
measures() {
    sql "truncate centre, labelled;
         insert into centre select place, array(select jsonb_array_elements_text(c)::float8) from reference, jsonb_array_elements(doc #> '{$3,$4}') with ordinality a (c, place);
         insert into labelled select x, (select place from centre order by (select sum((a - b) ^ 2) from unnest(x, centre) u (a, b)) limit 1) from $2"
    close "$1, sizes" 0 "select expected, n as actual from $(numbers "$3,sizes") e join (select label as place, count(*) as n from labelled group by 1) l using (place)"
    close "$1, silhouette" 1e-7 "select $(number "$3,silhouette") as expected, (select ecom.silhouette_score(x, label) from labelled) as actual"
}
for k in 2 3 5 8; do
    path=kmeans,det_boxcox_standardized,$k
    measures "$k clusters" customer_ready "$path" centers_sorted_lex
    close "$k clusters, Calinski-Harabasz" 1e-7 "select $(number "$path,calinski_harabasz") as expected, (select ecom.calinski_harabasz_score(x, label) from labelled) as actual"
    close "$k clusters, Davies-Bouldin" 1e-7 "select $(number "$path,davies_bouldin") as expected, (select ecom.davies_bouldin_score(x, label) from labelled) as actual"
done

file=$data/online_retail.csv.gz
if [ ! -r "$file" ]; then
    skip 'Online Retail' 'online_retail.csv.gz is not there'
    finish
fi
sql 'create table raw ("InvoiceNo" text, "StockCode" text, "Description" text, "Quantity" numeric, "InvoiceDate" timestamp, "UnitPrice" numeric, "CustomerID" bigint, "Country" text)'
zcat "$file" | q -c '\copy raw from pstdin with (format csv, header)'
sql "create table retail as
     select r.customer_key as id, r.recency_days::float8 as recency, r.frequency::float8 as frequency, r.monetary::float8 as monetary
     from (select ecom.rfm_agg(\"CustomerID\", \"InvoiceNo\", \"InvoiceDate\", \"Quantity\" * \"UnitPrice\") as state from raw
           where \"CustomerID\" is not null and \"Quantity\" > 0 and \"UnitPrice\" > 0) s, ecom.rfm_rows(s.state, '2011-12-10') r"
prepare retail
feature=0
for name in recency frequency monetary; do
    letter=${name:0:1}
    feature=$((feature + 1))
    close "Online Retail, lambda of $name" 1e-6 "select $(number "online_retail,boxcox_lambda_$letter") as expected, ecom.boxcox_lambda($name) as actual from retail"
    close "Online Retail, mean and deviation of $name" 1e-6 "select expected, case place when 1 then centre else scale end as actual
        from $(numbers "online_retail,boxcox_mean_std_$letter") e, retail_model, ecom.preprocessor_columns(model) c where feature = $feature"
done
for k in 2 3 4 5; do measures "Online Retail, $k clusters" retail_ready "online_retail,kmeans_k$k" centers; done
finish
