-- Power transforms, scaling, principal components: what features go through before a model sees them.

create type ecom.power_fit as (
    n bigint, shift float8, lambda float8, ci_low float8, ci_high float8, log_likelihood float8);
comment on type ecom.power_fit is
'What ecom.boxcox_fit and ecom.yeojohnson_fit return: rows, what is added to every value first (0 unless some are not positive),
the parameter, its 95 % profile-likelihood interval, and the log likelihood there.';

create function ecom_internal.power_add(ecom.state, x float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_power_add';
create function ecom_internal.preprocessor_add(ecom.state, features float8[], transform text, scaling text) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_preprocessor_add';
create function ecom_internal.scaler_add(ecom.state, features float8[], method text) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_scaler_add';
create function ecom_internal.preprocessor_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_preprocessor_combine';
create function ecom_internal.preprocessor_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_preprocessor_final';
create function ecom_internal.boxcox_fit_final(ecom.state) returns ecom.power_fit
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_boxcox_fit_final';
create function ecom_internal.boxcox_lambda_final(ecom.state) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_boxcox_lambda_final';
create function ecom_internal.yeojohnson_fit_final(ecom.state) returns ecom.power_fit
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_yeojohnson_fit_final';
create function ecom_internal.yeojohnson_lambda_final(ecom.state) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_yeojohnson_lambda_final';

-- Power transforms of one column.

create aggregate ecom.boxcox_fit(x float8) (
    sfunc = ecom_internal.power_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.preprocessor_combine, finalfunc = ecom_internal.boxcox_fit_final, parallel = safe);
comment on aggregate ecom.boxcox_fit(float8) is
'Fits the Box-Cox transform that makes a column most nearly normal: shift, lambda and its interval.
Example: SELECT (ecom.boxcox_fit(monetary_amount)).* FROM shop.customer_rfm
x: NULLs are skipped, NaN and infinity are refused (22003). NULL for no rows; fewer than two different values: 22000.
shift is 0 when every value is positive, else 1 minus the smallest. lambda maximises the likelihood, exact to about 1e-12
(scipy.stats.boxcox stops at 1e-8); ci_low and ci_high bound the values of lambda that a likelihood-ratio test at 5 % keeps:
when 0 lies between them, a plain logarithm does. Source: Box and Cox (1964).
Memory: 8 bytes a row, six times that while it fits, within ecom_analytics.memory_limit. Time: linear in the rows, about 30 passes.';

create aggregate ecom.boxcox_lambda(x float8) (
    sfunc = ecom_internal.power_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.preprocessor_combine, finalfunc = ecom_internal.boxcox_lambda_final, parallel = safe);
comment on aggregate ecom.boxcox_lambda(float8) is
'The Box-Cox lambda that makes a column of positive values most nearly normal.
Example: SELECT ecom.boxcox_lambda(recency_days + 1) FROM shop.customer_rfm
x: NULLs are skipped; a value that is not positive, NaN or infinity is refused (22003): add a constant, or use ecom.boxcox_fit,
which chooses one. NULL for no rows; fewer than two different values: 22000. Source, memory and time as ecom.boxcox_fit.';

create aggregate ecom.yeojohnson_fit(x float8) (
    sfunc = ecom_internal.power_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.preprocessor_combine, finalfunc = ecom_internal.yeojohnson_fit_final, parallel = safe);
comment on aggregate ecom.yeojohnson_fit(float8) is
'Fits the Yeo-Johnson transform that makes a column of any signs most nearly normal: lambda and its interval.
Example: SELECT (ecom.yeojohnson_fit(monetary_amount)).* FROM shop.customer_rfm
x: NULLs are skipped, NaN and infinity are refused (22003). NULL for no rows; fewer than two different values: 22000.
shift is always 0. lambda maximises the likelihood, exact to about 1e-12 (scipy.stats.yeojohnson stops at 1e-8).
Source: Yeo and Johnson (2000). Memory and time as ecom.boxcox_fit.';

create aggregate ecom.yeojohnson_lambda(x float8) (
    sfunc = ecom_internal.power_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.preprocessor_combine, finalfunc = ecom_internal.yeojohnson_lambda_final, parallel = safe);
comment on aggregate ecom.yeojohnson_lambda(float8) is
'The Yeo-Johnson lambda that makes a column of any signs most nearly normal.
Example: SELECT ecom.yeojohnson_lambda(monetary_amount) FROM shop.customer_rfm
NULLs, errors, source, memory and time as ecom.yeojohnson_fit.';

create function ecom.boxcox(x float8, lambda float8, shift float8 default 0) returns float8
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_boxcox';
comment on function ecom.boxcox(float8, float8, float8) is
'The Box-Cox transform of a value: ((x + shift) ^ lambda - 1) / lambda, or ln(x + shift) for lambda 0.
Example: SELECT ecom.boxcox(r.monetary_amount, f.lambda, f.shift) FROM shop.customer_rfm r,
  (SELECT (ecom.boxcox_fit(monetary_amount)).* FROM shop.customer_rfm) f LIMIT 3
NULL for a NULL. x + shift must be positive, and arguments and result finite (22003).
It takes constant time. Source: Box and Cox (1964).';

create function ecom.boxcox_inverse(y float8, lambda float8, shift float8 default 0) returns float8
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_boxcox_inverse';
comment on function ecom.boxcox_inverse(float8, float8, float8) is
'The value whose Box-Cox transform is y.
Example: SELECT ecom.boxcox_inverse(ecom.boxcox(42, 0.25), 0.25)
NULL for a NULL. A y that no value has (lambda y <= -1), NaN or infinity: 22003. It takes constant time.';

create function ecom.yeojohnson(x float8, lambda float8) returns float8
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_yeojohnson';
comment on function ecom.yeojohnson(float8, float8) is
'The Yeo-Johnson transform of a value of any sign.
Example: SELECT ecom.yeojohnson(-3.5, 0.8), ecom.yeojohnson(3.5, 0.8)
For x >= 0 the Box-Cox transform of x + 1 with lambda, else minus that of 1 - x with 2 - lambda. NULL for a NULL; arguments and
result must be finite (22003). It takes constant time. Source: Yeo and Johnson (2000).';

create function ecom.yeojohnson_inverse(y float8, lambda float8) returns float8
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_yeojohnson_inverse';
comment on function ecom.yeojohnson_inverse(float8, float8) is
'The value whose Yeo-Johnson transform is y.
Example: SELECT ecom.yeojohnson_inverse(ecom.yeojohnson(-3.5, 0.8), 0.8)
NULL for a NULL. A y that no value has, NaN or infinity: 22003. It takes constant time.';

-- Transform and scaling of several columns as a model.

create aggregate ecom.preprocessor_fit(features float8[], transform text, scaling text) (
    sfunc = ecom_internal.preprocessor_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.preprocessor_combine, finalfunc = ecom_internal.preprocessor_final, parallel = safe);
comment on aggregate ecom.preprocessor_fit(float8[], text, text) is
'Fits a transform and a scaling to each feature and returns them as a model for ecom.transform.
Example: SELECT ecom.preprocessor_fit(array[recency_days, frequency, monetary_amount], ''boxcox'', ''standard'') FROM shop.customer_rfm WHERE frequency > 0
features: one row, the same number of them (1 to 10,000) in every row; another number or a NULL element: 22023, NaN and infinity:
22003; NULL rows are skipped. transform: none, log, boxcox or yeojohnson. scaling: none, standard (mean; standard deviation with
divisor n), minmax (minimum; range) or robust (median; interquartile range, type 7). Both are read from the first row.
Values that are not positive get a shift before log and boxcox, 1 minus the smallest, which the model keeps. A feature that is
constant is not transformed and becomes 0. NULL for no rows. The model does not depend on the order of the rows.
Memory: 8 bytes a row and feature, within ecom_analytics.memory_limit. Time: linear in the rows, features on several threads.';

create aggregate ecom.scaler_fit(features float8[], method text) (
    sfunc = ecom_internal.scaler_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.preprocessor_combine, finalfunc = ecom_internal.preprocessor_final, parallel = safe);
comment on aggregate ecom.scaler_fit(float8[], text) is
'Fits a scaling to each feature, without a transform before, and returns it as a model for ecom.transform.
Example: SELECT ecom.scaler_fit(array[recency_days, frequency, monetary_amount], ''robust'') FROM shop.customer_rfm WHERE frequency > 0
method: standard, minmax, robust or none. The rest is as in ecom.preprocessor_fit(features, ''none'', method).';

create function ecom.transform(model ecom.model, features float8[]) returns float8[]
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_transform';
comment on function ecom.transform(ecom.model, float8[]) is
'A row of features as a model of ecom.preprocessor_fit or ecom.scaler_fit transforms and scales it.
Example: SELECT r.customer_key, ecom.transform(m.model, array[r.recency_days, r.frequency]) FROM shop.customer_rfm r,
  (SELECT ecom.preprocessor_fit(array[recency_days, frequency], ''boxcox'', ''standard'') AS model FROM shop.customer_rfm WHERE frequency > 0) m WHERE r.frequency > 0 LIMIT 3
features: as many as the model has (22023), none NULL (22023), all finite (22003). Before log and boxcox a value below the smallest
that the model was fitted on counts as that one, so that every new row has a result. NULL for a NULL.
The model is decoded once per call site. Time: linear in the features.';

create function ecom.inverse_transform(model ecom.model, features float8[]) returns float8[]
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_inverse_transform';
comment on function ecom.inverse_transform(ecom.model, float8[]) is
'The row of features that ecom.transform would turn into this one: cluster centres in the units of the shop.
Example: SELECT ecom.inverse_transform(ecom.preprocessor_fit(array[recency_days, frequency], ''log'', ''standard''), array[0, 0]::float8[]) FROM shop.customer_rfm WHERE frequency > 0
Arguments, NULLs and errors as ecom.transform; a row that no row is transformed into: 22003.';

create function ecom.preprocessor_columns(model ecom.model)
    returns table (feature int, transform text, shift float8, lambda float8, centre float8, scale float8)
    language c immutable strict parallel safe rows 10 as 'MODULE_PATHNAME', 'ecom_preprocessor_columns';
comment on function ecom.preprocessor_columns(ecom.model) is
'What a model of ecom.preprocessor_fit or ecom.scaler_fit does to each feature, one row a feature.
Example: SELECT c.* FROM (SELECT ecom.preprocessor_fit(array[recency_days, frequency, monetary_amount], ''boxcox'', ''standard'') AS model
  FROM shop.customer_rfm WHERE frequency > 0) m, ecom.preprocessor_columns(m.model) c
A feature becomes (power(x + shift, lambda) - centre) / scale. shift and lambda are NULL where the transform has none.
Another kind of model: 42804. Time: linear in the features.';

-- Principal components.

create function ecom_internal.pca_add(ecom.state, features float8[]) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_pca_add';
create function ecom_internal.pca_add(ecom.state, features float8[], n_components int) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_pca_add';
create function ecom_internal.pca_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_pca_combine';
create function ecom_internal.pca_final(ecom.state) returns ecom.model
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_pca_final';

create aggregate ecom.pca_fit(features float8[]) (
    sfunc = ecom_internal.pca_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.pca_combine, finalfunc = ecom_internal.pca_final, parallel = safe);
comment on aggregate ecom.pca_fit(float8[]) is
'Finds the directions in which rows of features differ most, all of them, as a model for ecom.pca_transform.
Example: SELECT ecom.pca_fit(array[recency_days, frequency, monetary_amount]) FROM shop.customer_rfm WHERE frequency > 0
features: one row, the same number of them in every row; another number or a NULL element: 22023, NaN and infinity: 22003; NULL rows
are skipped. Features of different units belong through ecom.transform first, or the one with the largest numbers decides.
Components are the eigenvectors of the covariance matrix (divisor n - 1) by falling variance, as many as there are rows or features,
whichever is less. Of each the loading that is largest in absolute value is positive. NULL for no rows; one row, or only constant
features: 22000. Memory: 8 bytes a pair of features, five times that in the end, whatever the number of rows. Time: linear in the rows.
Source: Pearson (1901), Hotelling (1933).';

create aggregate ecom.pca_fit(features float8[], n_components int) (
    sfunc = ecom_internal.pca_add, stype = ecom.state, sspace = 65536,
    combinefunc = ecom_internal.pca_combine, finalfunc = ecom_internal.pca_final, parallel = safe);
comment on aggregate ecom.pca_fit(float8[], int) is
'Finds the directions in which rows of features differ most, so many of them, as a model for ecom.pca_transform.
Example: SELECT ecom.pca_fit(array[recency_days, frequency, monetary_amount], 2) FROM shop.customer_rfm WHERE frequency > 0
n_components: 1 to the number of rows or features, whichever is less (22023); read from the first row. The rest is as in
ecom.pca_fit(features).';

create function ecom.pca_transform(model ecom.model, features float8[]) returns float8[]
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_pca_transform';
comment on function ecom.pca_transform(ecom.model, float8[]) is
'Scores of a row of features: its coordinates along the components of a model of ecom.pca_fit.
Example: SELECT r.customer_key, ecom.pca_transform(m.model, array[r.recency_days, r.frequency]) FROM shop.customer_rfm r,
  (SELECT ecom.pca_fit(array[recency_days, frequency]) AS model FROM shop.customer_rfm WHERE frequency > 0) m WHERE r.frequency > 0 LIMIT 3
features: as many as the model has (22023), none NULL (22023), all finite (22003). Element i is the score of component i: loadings
times (features - means). NULL for a NULL. The model is decoded once per call site. Time: features times components.';

create function ecom.pca_inverse_transform(model ecom.model, scores float8[]) returns float8[]
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_pca_inverse_transform';
comment on function ecom.pca_inverse_transform(ecom.model, float8[]) is
'The row of features that has these scores: exact with all components, the nearest row in their plane with fewer.
Example: SELECT ecom.pca_inverse_transform(ecom.pca_fit(array[recency_days, frequency]), array[10, 0]::float8[]) FROM shop.customer_rfm WHERE frequency > 0
scores: as many as the model has components (22023). NULLs and errors as ecom.pca_transform.';

create function ecom.pca_components(model ecom.model)
    returns table (component int, explained_variance float8, explained_variance_ratio float8, cumulative_ratio float8, loadings float8[])
    language c immutable strict parallel safe rows 10 as 'MODULE_PATHNAME', 'ecom_pca_components';
comment on function ecom.pca_components(ecom.model) is
'The components of a model of ecom.pca_fit, one row each: how much of the variance they explain, and of what they are made.
Example: SELECT c.* FROM (SELECT ecom.pca_fit(array[recency_days, frequency, monetary_amount]) AS model
  FROM shop.customer_rfm WHERE frequency > 0) m, ecom.pca_components(m.model) c
explained_variance: variance of the scores, divisor n - 1. explained_variance_ratio: its share of the variance of all features,
cumulative_ratio: with the components before. loadings: the unit vector, one element for each feature; the largest in absolute value
is positive. Another kind of model: 42804.';
