-- k-means: window function, fit aggregate, scoring with a fitted model. The form over a mart is in 80_segment_mart.sql.

create function ecom.kmeans_segment(
    features float8[], k int default 3, weight float8 default null, options jsonb default '{}') returns int
    language c window immutable parallel safe as 'MODULE_PATHNAME', 'ecom_kmeans_segment';
comment on function ecom.kmeans_segment(float8[], int, float8, jsonb) is
'Clusters the rows of a window partition by k-means: every row gets the number of its cluster.
Example: SELECT customer_key, ecom.kmeans_segment(array[recency_days, frequency, monetary_amount::float8],
  options => ''{"transform": "boxcox", "scaling": "standard"}'') OVER () FROM shop.customer_rfm WHERE frequency > 0
features: an array of the same length in every row; a NULL array gives NULL and takes no part.
k: number of clusters; NULL chooses the one of k_min to k_max with the largest mean silhouette, or as option choose says.
weight: positive, in every row or in none. options: as for ecom.kmeans_fit. All but features and weight are read from the partition''s first row.
Clusters are numbered from 1 by their centres, ascending by the first feature, then the second and so on: equal rows give equal numbers
in any order and on any number of threads. Features are not scaled unless options say so.
Errors: 22023 for NULL elements, arrays of different lengths, k below 1; 22003 for NaN, infinity and values beyond 1e130; 22000 for more clusters
than different rows. As ecom.kmeans_fit in method, time and memory.';

create function ecom_internal.kmeans_add(ecom.state, features float8[], k int) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_kmeans_add';
create function ecom_internal.kmeans_add(ecom.state, features float8[], k int, options jsonb) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_kmeans_add';
create function ecom_internal.kmeans_add(ecom.state, features float8[], k int, options jsonb, weight float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_kmeans_add';
create function ecom_internal.kmeans_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_kmeans_combine';
create function ecom_internal.kmeans_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_kmeans_final';

create aggregate ecom.kmeans_fit(features float8[], k int) (
    sfunc = ecom_internal.kmeans_add, stype = ecom.state, sspace = 1048576, combinefunc = ecom_internal.kmeans_combine,
    finalfunc = ecom_internal.kmeans_final, parallel = safe
);
comment on aggregate ecom.kmeans_fit(float8[], int) is
'Fits k-means and returns the model for ecom.kmeans_predict and its like.
Example: SELECT ecom.model_info(ecom.kmeans_fit(array[recency_days, frequency], 3)) FROM shop.customer_rfm WHERE frequency > 0
The best of several starts, without scaling; see ecom.kmeans_fit(features, k, options) for all else.';

create aggregate ecom.kmeans_fit(features float8[], k int, options jsonb) (
    sfunc = ecom_internal.kmeans_add, stype = ecom.state, sspace = 1048576, combinefunc = ecom_internal.kmeans_combine,
    finalfunc = ecom_internal.kmeans_final, parallel = safe
);
comment on aggregate ecom.kmeans_fit(float8[], int, jsonb) is
'Fits k-means and returns the model for ecom.kmeans_predict and its like. With options.
Example: SELECT ecom.model_info(ecom.kmeans_fit(array[recency_days, frequency, monetary_amount::float8], 3,
  ''{"transform": "boxcox", "scaling": "standard"}'')) FROM shop.customer_rfm WHERE frequency > 0
features: an array of the same length in every row; rows with a NULL array are left out.
k: number of clusters; NULL chooses it, see option choose and ecom.kmeans_trials.
options: JSON, read from the first row
  transform: none (default), log, boxcox, yeojohnson: of each feature, its parameters estimated from the rows and kept in the model
  scaling: none (default), standard, minmax, robust: of each feature after its transform, kept in the model
  n_init: starts; default 300,000 / rows, at least 10 and at most 100; all run to tolerance 0.0001, the best of them to the end
  seed: 1 by default; another one gives other starts
  tolerance: 0 (default): the best starts end when no row changes its cluster; a positive number also ends them when the centres'' squared movement
    is at most that share of the features'' mean variance (scikit-learn''s rule; its default is 0.0001). max_iterations: 1000 by default
  initial_centers: all numbers of the first centre, then of the second and so on, after transform and scaling: one start from there
  k_min, k_max: 2 and 8 by default, for k NULL. choose: silhouette (default) or calinski_harabasz take the largest, elbow the bend of the inertia,
    gap the first number whose gap is not below the next one''s less its error
  gap_references: sets of random rows for the gap, 10 by default
  silhouette_rows: rows of the random sample on which silhouettes are exact, 5000 by default
  method: auto (default) is lloyd while the rows fit into ecom_analytics.memory_limit and minibatch beyond; lloyd takes all rows or fails; minibatch
    (Sculley, 2010) keeps as many different rows as fit, a random sample if there are more, and counts equal ones. batch_rows: 1024 by default, at least 100
NULL for no rows. Errors: as for ecom.kmeans_segment; 54000 when not even mini-batches, or by method lloyd the rows, fit into the memory limit.
Greedy k-means++ (Arthur and Vassilvitskii, 2007) and Lloyd''s algorithm (1982), exact; whole cells of a grid at a time for up to 4 features (Pelleg and
Moore, 1999), with bounds on distances for more (Ding et al., 2015). Time: linear in rows, starts and iterations; k NULL adds the square of
silhouette_rows. Memory: at most 36 bytes a feature and row, 30 a row, and 40 a row for each thread; fewer threads run where they do not fit.
By mini-batches sizes and weights in the model are of the rows that the sample stands for, its inertia too; ecom.model_info gives their number.';

create aggregate ecom.kmeans_fit(features float8[], k int, options jsonb, weight float8) (
    sfunc = ecom_internal.kmeans_add, stype = ecom.state, sspace = 1048576, combinefunc = ecom_internal.kmeans_combine,
    finalfunc = ecom_internal.kmeans_final, parallel = safe
);
comment on aggregate ecom.kmeans_fit(float8[], int, jsonb, float8) is
'Fits k-means to weighted rows and returns the model for ecom.kmeans_predict and its like.
Example: SELECT ecom.model_info(ecom.kmeans_fit(array[recency_days, frequency], 3, ''{"scaling": "standard"}'', monetary_amount::float8))
  FROM shop.customer_rfm WHERE monetary_amount > 0
weight: how often a row counts in centres and inertia, positive, at most 1e20 (22023). Transform, scaling, silhouette and gap count each row once.
All else as for ecom.kmeans_fit(features, k, options).';

create function ecom.kmeans_predict(model ecom.model, features float8[]) returns int
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_kmeans_predict';
comment on function ecom.kmeans_predict(ecom.model, float8[]) is
'The cluster of a row by a model from ecom.kmeans_fit: the one with the nearest centre.
Example: WITH m AS (SELECT ecom.kmeans_fit(array[recency_days, frequency], 3) AS model FROM shop.customer_rfm WHERE frequency > 0)
  SELECT ecom.kmeans_predict(m.model, array[30, 2]) FROM m
Uses what the model holds only: parameters of transforms and scaling as they were fitted, and the centres. The rows that it was fitted on get the
clusters that the fit gave them. NULL for NULL. Errors: 22023 for another number of features or NULL elements, 22003 for NaN and infinity, 42804 for
a model of another kind. The model is decoded once per call site. O(features x clusters).';

create function ecom.kmeans_distances(model ecom.model, features float8[]) returns float8[]
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_kmeans_distances';
comment on function ecom.kmeans_distances(ecom.model, float8[]) is
'The Euclidean distances of a row to the centres of a model from ecom.kmeans_fit, in the order of the clusters.
Example: WITH m AS (SELECT ecom.kmeans_fit(array[recency_days, frequency], 3) AS model FROM shop.customer_rfm WHERE frequency > 0)
  SELECT ecom.kmeans_distances(m.model, array[30, 2]) FROM m
Distances are in transformed and scaled units. Arguments, NULL and errors: as for ecom.kmeans_predict.';

create function ecom.kmeans_features(model ecom.model, features float8[]) returns float8[]
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_kmeans_features';
comment on function ecom.kmeans_features(ecom.model, float8[]) is
'A row''s features as a model from ecom.kmeans_fit measures distances: after its transform and scaling.
Example: WITH m AS (SELECT ecom.kmeans_fit(array[recency_days, frequency], 3, ''{"scaling": "standard"}'') AS model FROM shop.customer_rfm WHERE frequency > 0)
  SELECT ecom.kmeans_features(m.model, array[30, 2]) FROM m
For charts and principal components (ecom.pca_fit) of what was clustered. Arguments, NULL and errors: as for ecom.kmeans_predict.';

create type ecom.kmeans_assignment as (cluster int, distance float8, silhouette float8);
comment on type ecom.kmeans_assignment is 'A row''s cluster and how well it belongs there';
comment on column ecom.kmeans_assignment.cluster is 'Number of the cluster, from 1';
comment on column ecom.kmeans_assignment.distance is 'Distance to its centre, in transformed and scaled units';
comment on column ecom.kmeans_assignment.silhouette is
'Simplified silhouette: 1 at the centre, 0 half way to the nearest other centre; NULL for one cluster';

create function ecom.kmeans_assign(model ecom.model, features float8[]) returns ecom.kmeans_assignment
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_kmeans_assign';
comment on function ecom.kmeans_assign(ecom.model, float8[]) is
'The cluster of a row by a model from ecom.kmeans_fit, its distance to the centre, and its simplified silhouette.
Example: WITH m AS (SELECT ecom.kmeans_fit(array[recency_days, frequency], 3) AS model FROM shop.customer_rfm WHERE frequency > 0)
  SELECT (ecom.kmeans_assign(m.model, array[30, 2])).* FROM m
The simplified silhouette takes the distances to the nearest two centres in place of mean distances to rows (Hruschka et al., 2004), so it
needs the model only. Arguments, NULL and errors: as for ecom.kmeans_predict.';

create function ecom.kmeans_centers(
    model ecom.model, out cluster int, out size bigint, out weight float8, out center float8[], out scaled_center float8[])
    returns setof record
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_kmeans_centers';
comment on function ecom.kmeans_centers(ecom.model) is
'The clusters of a model from ecom.kmeans_fit: one row per cluster with its size and centre.
Example: SELECT c.* FROM (SELECT ecom.kmeans_fit(array[recency_days, frequency], 3) AS model FROM shop.customer_rfm WHERE frequency > 0) m,
  ecom.kmeans_centers(m.model) c
size: rows that it was fitted on; weight: the sum of their weights. center: in the units of the features; after a transform that is not the mean of the
rows, but the value that the transform turns into the centre. scaled_center: as distances are measured.
NULL model: no rows. 42804 for a model of another kind.';

create function ecom.kmeans_trials(
    model ecom.model, out k int, out inertia float8, out silhouette float8, out calinski_harabasz float8, out gap float8,
    out gap_error float8, out is_elbow boolean, out is_chosen boolean, out silhouette_rows bigint) returns setof record
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_kmeans_trials';
comment on function ecom.kmeans_trials(ecom.model) is
'Why a model from ecom.kmeans_fit has its number of clusters: one row per number that was tried.
Example: SELECT t.* FROM (SELECT ecom.kmeans_fit(array[recency_days, frequency], null, ''{"scaling": "standard", "k_max": 5}'') AS model
  FROM shop.customer_rfm WHERE frequency > 0) m, ecom.kmeans_trials(m.model) t
inertia: sum of squared distances to the centres. silhouette: mean over a random sample of silhouette_rows rows, exact within it (Rousseeuw, 1987).
calinski_harabasz: variance between clusters to that within (1974). gap and gap_error: gap statistic of the sample and its error (Tibshirani et
al., 2001), for option choose = gap only. is_elbow: where the inertia bends most (Satopaa et al., 2011). is_chosen: by option choose.
No rows for a model with a given k, and for a NULL model. 42804 for a model of another kind.';
