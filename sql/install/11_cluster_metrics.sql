-- How good a clustering is: by the distances of its rows, and by its agreement with another labelling.

create function ecom_internal.labelled_add(ecom.state, features float8[], label bigint) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_labelled_number_add';
create function ecom_internal.labelled_add(ecom.state, features float8[], label text) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_labelled_text_add';
create function ecom_internal.labelled_add(ecom.state, features float8[], label bigint, sample_size int) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_labelled_number_add';
create function ecom_internal.labelled_add(ecom.state, features float8[], label text, sample_size int) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_labelled_text_add';
create function ecom_internal.labelled_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_labelled_combine';
create function ecom_internal.silhouette_final(ecom.state) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_silhouette_final';
create function ecom_internal.davies_bouldin_final(ecom.state) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_davies_bouldin_final';
create function ecom_internal.calinski_harabasz_final(ecom.state) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_calinski_harabasz_final';
create function ecom_internal.pair_add(ecom.state, label_a bigint, label_b bigint) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_pair_number_add';
create function ecom_internal.pair_add(ecom.state, label_a text, label_b text) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_pair_text_add';
create function ecom_internal.pair_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_pair_combine';
create function ecom_internal.adjusted_rand_index_final(ecom.state) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_adjusted_rand_index_final';

create aggregate ecom.silhouette_score(features float8[], label bigint) (
    sfunc = ecom_internal.labelled_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.labelled_combine, finalfunc = ecom_internal.silhouette_final, parallel = safe);
create aggregate ecom.silhouette_score(features float8[], label text) (
    sfunc = ecom_internal.labelled_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.labelled_combine, finalfunc = ecom_internal.silhouette_final, parallel = safe);
create aggregate ecom.silhouette_score(features float8[], label bigint, sample_size int) (
    sfunc = ecom_internal.labelled_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.labelled_combine, finalfunc = ecom_internal.silhouette_final, parallel = safe);
create aggregate ecom.silhouette_score(features float8[], label text, sample_size int) (
    sfunc = ecom_internal.labelled_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.labelled_combine, finalfunc = ecom_internal.silhouette_final, parallel = safe);
create aggregate ecom.davies_bouldin_score(features float8[], label bigint) (
    sfunc = ecom_internal.labelled_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.labelled_combine, finalfunc = ecom_internal.davies_bouldin_final, parallel = safe);
create aggregate ecom.davies_bouldin_score(features float8[], label text) (
    sfunc = ecom_internal.labelled_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.labelled_combine, finalfunc = ecom_internal.davies_bouldin_final, parallel = safe);
create aggregate ecom.calinski_harabasz_score(features float8[], label bigint) (
    sfunc = ecom_internal.labelled_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.labelled_combine, finalfunc = ecom_internal.calinski_harabasz_final, parallel = safe);
create aggregate ecom.calinski_harabasz_score(features float8[], label text) (
    sfunc = ecom_internal.labelled_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.labelled_combine, finalfunc = ecom_internal.calinski_harabasz_final, parallel = safe);
create aggregate ecom.adjusted_rand_index(label_a bigint, label_b bigint) (
    sfunc = ecom_internal.pair_add, stype = ecom.state, sspace = 4096,
    combinefunc = ecom_internal.pair_combine, finalfunc = ecom_internal.adjusted_rand_index_final, parallel = safe);
create aggregate ecom.adjusted_rand_index(label_a text, label_b text) (
    sfunc = ecom_internal.pair_add, stype = ecom.state, sspace = 4096,
    combinefunc = ecom_internal.pair_combine, finalfunc = ecom_internal.adjusted_rand_index_final, parallel = safe);

create function ecom.silhouette_samples(features float8[], label bigint) returns float8
    language c window immutable parallel safe as 'MODULE_PATHNAME', 'ecom_silhouette_number_row';
comment on function ecom.silhouette_samples(float8[], bigint) is
'The exact silhouette of every row of a window partition, -1 to 1: 1 well inside its cluster, 0 on a border, below 0 nearer to another one.
Example: SELECT customer_key, ecom.silhouette_samples(array[recency_days, frequency], r_score) OVER () FROM shop.customer_rfm
  WHERE customer_key <= 500 AND frequency > 0
The partition''s rows are all rows of the clustering. features, label and errors: as ecom.silhouette_score, whose result is the mean of these; rows
where either is NULL take no part and give NULL. More than 100,000 rows: 54000; judge a random sample, or take the simplified silhouette of
ecom.kmeans_assign, which needs the model only. Source: Rousseeuw (1987). Same result in any order of the rows and for any number of threads.
Memory: some 70 bytes a row and 24 for each feature of it. Time: all pairs of rows, on several threads.';
create function ecom.silhouette_samples(features float8[], label text) returns float8
    language c window immutable parallel safe as 'MODULE_PATHNAME', 'ecom_silhouette_text_row';
comment on function ecom.silhouette_samples(float8[], text) is
'The exact silhouette of every row of a window partition with named clusters, -1 to 1.
Example: SELECT customer_key, ecom.silhouette_samples(array[recency_days, frequency], segment) OVER () FROM shop.customer_rfm
  WHERE customer_key <= 500 AND frequency > 0
label: the cluster''s name. The rest is as in ecom.silhouette_samples(features, label bigint).';

comment on aggregate ecom.silhouette_score(float8[], bigint) is
'How well rows fit their clusters, -1 to 1: 1 well separated, 0 on a border, below 0 nearer to another cluster.
Example: SELECT ecom.silhouette_score(array[recency_days, frequency], r_score) FROM shop.customer_rfm WHERE customer_key <= 500 AND frequency > 0
features: one row, the same number of them in every row; another number or a NULL element: 22023, NaN and infinity: 22003. Scale them as
the clusterer saw them. label: the cluster. Rows where either is NULL are skipped. NULL for no rows; fewer than two clusters, or as
many clusters as rows: 22000. The mean over rows of (b - a) / max(a, b): a the mean distance to the own cluster, b to the nearest other
one; 0 for a row alone. Source: Rousseeuw (1987). Same result in any order of the rows and for any number of threads.
Memory: some 60 bytes a row and 24 for each feature of it. Time: all pairs of rows, on several threads; for more than some 20,000 rows pass a sample_size.';
comment on aggregate ecom.silhouette_score(float8[], text) is
'How well rows fit their named clusters, -1 to 1: 1 well separated, 0 on a border, below 0 nearer to another cluster.
Example: SELECT ecom.silhouette_score(array[recency_days, frequency], segment) FROM shop.customer_rfm WHERE customer_key <= 500 AND frequency > 0
label: the cluster''s name. The rest is as in ecom.silhouette_score(features, label bigint).';
comment on aggregate ecom.silhouette_score(float8[], bigint, int) is
'How well rows fit their clusters, -1 to 1, judged on a random sample of the rows.
Example: SELECT ecom.silhouette_score(array[recency_days, frequency], r_score, 300) FROM shop.customer_rfm WHERE frequency > 0
sample_size: 2 to 1,000,000 rows, drawn without replacement; a and b are means over the sample too. The same rows give the same sample.
All rows when there are not more. Read from the first row. The rest is as in ecom.silhouette_score(features, label).';
comment on aggregate ecom.silhouette_score(float8[], text, int) is
'How well rows fit their named clusters, -1 to 1, judged on a random sample of the rows.
Example: SELECT ecom.silhouette_score(array[recency_days, frequency], segment, 300) FROM shop.customer_rfm WHERE frequency > 0
label: the cluster''s name. The rest is as in ecom.silhouette_score(features, label bigint, sample_size).';
comment on aggregate ecom.davies_bouldin_score(float8[], bigint) is
'How much clusters overlap, from 0: the smaller, the better separated.
Example: SELECT ecom.davies_bouldin_score(array[recency_days, frequency], r_score) FROM shop.customer_rfm WHERE frequency > 0
The mean over clusters of the worst (s_i + s_j) / d_ij: s the mean distance of rows to their centroid, d between centroids. Centroids
that coincide are passed over. Source: Davies and Bouldin (1979). Arguments, NULLs, errors and memory as ecom.silhouette_score.
Time: O(n log n) in the rows.';
comment on aggregate ecom.davies_bouldin_score(float8[], text) is
'How much named clusters overlap, from 0: the smaller, the better separated.
Example: SELECT ecom.davies_bouldin_score(array[recency_days, frequency], segment) FROM shop.customer_rfm WHERE frequency > 0
label: the cluster''s name. The rest is as in ecom.davies_bouldin_score(features, label bigint).';
comment on aggregate ecom.calinski_harabasz_score(float8[], bigint) is
'Variance between clusters over variance within them: the larger, the better separated.
Example: SELECT ecom.calinski_harabasz_score(array[recency_days, frequency], r_score) FROM shop.customer_rfm WHERE frequency > 0
(between / (k - 1)) / (within / (n - k)), sums of squares of n rows in k clusters; 1 when no row differs from its centroid.
Source: Calinski and Harabasz (1974). Arguments, NULLs, errors and memory as ecom.silhouette_score. Time: O(n log n) in the rows.';
comment on aggregate ecom.calinski_harabasz_score(float8[], text) is
'Variance between named clusters over variance within them: the larger, the better separated.
Example: SELECT ecom.calinski_harabasz_score(array[recency_days, frequency], segment) FROM shop.customer_rfm WHERE frequency > 0
label: the cluster''s name. The rest is as in ecom.calinski_harabasz_score(features, label bigint).';
comment on aggregate ecom.adjusted_rand_index(bigint, bigint) is
'How far two labellings of the same rows agree: 1 the same groups, 0 as by chance, below 0 less than that.
Example: SELECT ecom.adjusted_rand_index(r_score, f_score) FROM shop.customer_rfm
Names of labels do not matter, only which rows are together. Rows where either is NULL are skipped; NULL for no rows, 1 for one row.
Source: Hubert and Arabie (1985). Memory: some 200 bytes for each label and 64 for each pair of labels that occurs, within
ecom_analytics.memory_limit. Time: linear in the rows.';
comment on aggregate ecom.adjusted_rand_index(text, text) is
'How far two labellings by name agree: 1 the same groups, 0 as by chance, below 0 less than that.
Example: SELECT ecom.adjusted_rand_index(segment, r_score::text) FROM shop.customer_rfm
The rest is as in ecom.adjusted_rand_index(label_a bigint, label_b bigint).';
