-- Forests, boosting and their explanations over rows of features.
set client_min_messages = warning;
create type pg_temp.mood as enum ('low', 'high');
-- x decides, with a twentieth of the labels turned round; paid is missing for every eleventh.
create temporary table buyers as
select i as id, (i * 37 % 100 < 40) <> (i % 20 = 0) as leaves, (i * 37 % 100)::int as x, case when i % 11 <> 0 then (i % 13)::numeric(10, 2) end as paid,
       (array['red', 'green', 'blue'])[1 + i % 3] as colour, (case when i % 2 = 0 then 'low' else 'high' end)::pg_temp.mood as mood,
       i % 5 = 0 as member, date '2024-01-01' + i % 28 as joined, timestamptz '2024-01-01 00:00+00' + make_interval(hours => i % 100) as seen,
       (i % 7)::smallint as small, (i % 3)::bigint as big, (i % 4)::real as real, sqrt(i) as root, 'n' || i % 2 as tag, ('v' || i % 2)::varchar(5) as code
from generate_series(1, 1000) i;

-- One row: every type that is a feature, its encoding, metrics beside the baseline.
create temporary table model as
select ecom.forest_fit(b.leaves, b, '{"trees": 30, "exclude": ["id", "leaves"]}') as m from buyers b;
select f ->> 'name' as name, f ->> 'type' as type, f ->> 'categories' as categories from model, jsonb_array_elements(ecom.model_info(m) -> 'features') f;
select i ->> 'kind' as kind, i ->> 'learner' as learner, i ->> 'task' as task, i ->> 'rows' as rows, i -> 'parameters' ->> 'trees' as trees,
       i -> 'metrics' ->> 'baseline_accuracy' as baseline, (i -> 'metrics' ->> 'out_of_bag_accuracy')::float8 > 0.9 as better,
       (i -> 'metrics' ->> 'out_of_bag_roc_auc')::float8 > 0.9 as ranks
from (select ecom.model_info(m) as i from model) s;
select feature from model, ecom.feature_importance(m) order by importance desc limit 1;
select round(sum(importance)::numeric, 9) as total from model, ecom.feature_importance(m);
-- Columns by name, in any order, others ignored whatever their type.
select count(*) filter (where ecom.predict_prob(m, b) = ecom.predict_prob(m, c)) as same, count(*) filter (where ecom.predict(m, b) between 0 and 1) as probabilities
from model, buyers b join lateral (select b.code, b.tag, b.root, b.real, b.big, b.small, b.seen, b.joined, b.member, b.mood, b.colour, b.paid, b.x, array[1] as other) c on true;
-- A time stamp may be scored where a date was fitted; a missing or unseen value counts as missing.
select ecom.predict_prob(m, b) = ecom.predict_prob(m, c) as date_or_time
from model, buyers b, lateral (select b.code, b.tag, b.root, b.real, b.big, b.small, b.seen, b.joined::timestamp as joined, b.member, b.mood, b.colour, b.paid, b.x) c limit 1;
select ecom.predict_prob(m, c) = ecom.predict_prob(m, d) as unseen_is_missing
from model, (select code, tag, root, "real", big, small, seen, joined, member, mood, 'mauve' as colour, paid, x from buyers limit 1) c,
     (select code, tag, root, "real", big, small, seen, joined, member, mood, null::text as colour, paid, x from buyers limit 1) d;
-- Reasons sum to the prediction.
select max(abs(s.total + s.base - s.prediction)) < 1e-9 as sums, count(*) as rows
from (select b.id, sum(e.contribution) as total, min(e.base) as base, min(e.prediction) as prediction
      from model, buyers b, ecom.explain(m, b) e where b.id <= 20 group by b.id) s;
select e.feature from model, (select * from buyers where id = 7) b, ecom.explain(m, b) e order by abs(e.contribution) desc limit 1;
-- The order of rows and a stored state make no difference; another seed does.
select ecom.model_info(ecom.forest_fit(b.leaves, b, '{"trees": 5, "exclude": ["id", "leaves"]}' order by b.id desc)) ->> 'checksum'
     = ecom.model_info(ecom.forest_fit(b.leaves, b, '{"trees": 5, "exclude": ["id", "leaves"]}')) ->> 'checksum' as same,
       ecom.model_info(ecom.forest_fit(b.leaves, b, '{"trees": 5, "seed": 1, "exclude": ["id", "leaves"]}')) ->> 'checksum'
     = ecom.model_info(ecom.forest_fit(b.leaves, b, '{"trees": 5, "exclude": ["id", "leaves"]}')) ->> 'checksum' as same_seed
from buyers b;
-- Parallel plans combine states.
set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0;
create table ecom_learners_rows as select id, leaves, x, paid, colour from buyers;
alter table ecom_learners_rows set (parallel_workers = 2);
analyze ecom_learners_rows;
explain (costs off) select ecom.forest_fit(r.leaves, r, '{"exclude": ["leaves"]}') from ecom_learners_rows r;
create temporary table parallel_info as select ecom.model_info(ecom.forest_fit(r.leaves, r, '{"trees": 5, "exclude": ["leaves"]}')) ->> 'checksum' as c from ecom_learners_rows r;
set max_parallel_workers_per_gather = 0;
select p.c = (select ecom.model_info(ecom.forest_fit(r.leaves, r, '{"trees": 5, "exclude": ["leaves"]}')) ->> 'checksum' from ecom_learners_rows r) as same from parallel_info p;
reset max_parallel_workers_per_gather; reset parallel_setup_cost; reset parallel_tuple_cost; reset min_parallel_table_scan_size;
-- Numbers: forests and boosting; yes or no by boosting; churn_fit is calibrated.
select round(avg(abs(ecom.predict(s.m, b) - b.x))::numeric) as forest, round(avg(abs(ecom.predict(s.g, b) - b.x))::numeric) as boosting
from (select ecom.forest_fit(b.x::float8, b, '{"trees": 20, "exclude": ["id", "x", "leaves"]}') as m, ecom.gbm_fit(b.x::float8, b, '{"exclude": ["id", "x", "leaves"], "max_depth": 10}') as g
      from (select id, x, leaves, (x / 10)::int as tenth from buyers) b) s, (select id, x, leaves, (x / 10)::int as tenth from buyers) b;
select ecom.roc_auc(b.leaves, ecom.predict_prob(s.m, b)) > 0.95 as boosted
from (select ecom.gbm_fit(b.leaves, b, '{"trees": 30, "exclude": ["id", "leaves"]}') as m from buyers b) s, buyers b;
select abs(avg(ecom.churn_prob(s.m, b)) - avg(b.leaves::int)) < 0.03 as calibrated, min(ecom.model_info(s.m) -> 'parameters' ->> 'calibration') as calibration
from (select ecom.churn_fit(b.leaves, b, '{"trees": 30, "exclude": ["id", "leaves"]}') as m from buyers b) s, buyers b;
select ecom.model_info(ecom.churn_fit(b.leaves, b, '{"method": "gbm", "trees": 3, "exclude": ["id", "leaves"]}')) ->> 'learner' as learner from buyers b;
-- Through JSON and back.
select m::jsonb::text::ecom.model::text = m::text as same from model;
-- Cross-validation: every row once, by a model that has not seen it.
select count(*) as rows, count(distinct r.fold) as folds, sum(r.actual) as positives, ecom.roc_auc(r.actual = 1, r.predicted) > 0.9 as ranks
from (select ecom.learner_agg(b.leaves, b, '{"trees": 20, "exclude": ["id", "leaves"]}') as s from buyers b) a, ecom.holdout_predictions(a.s, 4) r;
select count(*) from ecom.holdout_predictions(null);
select round(avg(ecom.is_test_row(i::text)::int), 2) as share, ecom.is_test_row('a', 2) is null as outside from generate_series(1, 10000) i;
-- NULL labels and NULL rows are skipped; no rows, no model; NULL in, NULL out.
select ecom.forest_fit(null::boolean, b) is null as no_labels, ecom.forest_fit(true, null::buyers) is null as no_features from buyers b;
select ecom.forest_fit(b.leaves, b) is null as no_rows from buyers b where false;
select ecom.predict(null, b) is null and ecom.predict_prob(null, b) is null as no_model from buyers b limit 1;
-- One class, constant features, nothing but NULL, three rows: models that say what there is to say.
select ecom.predict_prob(s.m, s.f) as one_class from (select ecom.forest_fit(true, b, '{"exclude": ["id"]}') as m, (array_agg(b))[1] as f from buyers b) s;
select round(ecom.predict_prob(s.m, f)::numeric, 1) as constant_features
from (select ecom.forest_fit(i <= 30, f) as m from generate_series(1, 100) i, lateral (select 1 as a, 'x' as b) f) s, (select 2 as a, 'y' as b) f;
select round(ecom.predict_prob(s.m, f)::numeric, 1) as nothing_known
from (select ecom.churn_fit(i <= 30, f) as m from generate_series(1, 100) i, lateral (select null::int as a, null::text as b, null::numeric as c) f) s,
     (select null::int as a, null::text as b, null::numeric as c) f;
select ecom.model_info(ecom.churn_fit(i = 1, f)) ->> 'rows' as three_rows from generate_series(1, 3) i, lateral (select i as a) f;
-- 10000 categories, 1000 features.
select ecom.model_info(ecom.forest_fit(i % 2 = 0, f, '{"trees": 3}')) -> 'features' -> 0 ->> 'categories' as categories
from generate_series(1, 10000) i, lateral (select 'c' || i as a, i % 10 as b) f;
select format('create temporary table wide as select i %% 2 = 0 as label, %s from generate_series(1, 50) i', string_agg(format('(i * %s %% 17)::float4 as f%s', k, k), ', ')) from generate_series(1, 1000) k \gset
:format ;
select jsonb_array_length(ecom.model_info(ecom.forest_fit(w.label, w, '{"trees": 5, "exclude": ["label"]}')) -> 'features') as features from wide w;
-- The same of boosting and regressions, which a penalty lets have more features than rows.
select ecom.predict_prob(ecom.gbm_fit(true, b, '{"exclude": ["id"], "trees": 5}'), (array_agg(b))[1]) > 0.9 as one_class from buyers b;
select round(ecom.predict_prob(s.m, f)::numeric, 1) as constant_features, round(ecom.predict_prob(s.l, f)::numeric, 1) as logistic, round(ecom.predict(s.v, f)::numeric, 1) as linear
from (select ecom.gbm_fit(i <= 30, f) as m, ecom.logistic_fit(i <= 30, f) as l, ecom.linear_fit(case when i <= 30 then 1 else 0 end, f) as v
      from generate_series(1, 100) i, lateral (select 1 as a, 'x' as b, null::numeric as c) f) s, (select 2 as a, 'y' as b, 3.0 as c) f;
select round(ecom.predict_prob(s.m, f)::numeric, 1) as nothing_known, round(ecom.predict_prob(s.l, f)::numeric, 1) as logistic
from (select ecom.gbm_fit(i <= 30, f) as m, ecom.logistic_fit(i <= 30, f) as l from generate_series(1, 100) i, lateral (select null::int as a, null::text as b, null::date as c) f) s,
     (select null::int as a, null::text as b, null::date as c) f;
select ecom.model_info(ecom.gbm_fit(i = 1, f)) ->> 'rows' as three_rows, ecom.model_info(ecom.logistic_fit(i = 1, f, '{"l2": 1}')) ->> 'rows' as logistic from generate_series(1, 3) i, lateral (select i as a) f;
select jsonb_array_length(ecom.model_info(ecom.gbm_fit(w.label, w, '{"trees": 3, "exclude": ["label"]}')) -> 'features') as boosting,
       (ecom.model_info(ecom.logistic_fit(w.label, w, '{"penalty": 0.1, "l1_ratio": 1, "exclude": ["label"]}')) #>> '{metrics,nonzero_coefficients}')::int < 50 as lasso from wide w;
select ecom.model_info(ecom.gbm_fit(i % 2 = 0, f, '{"trees": 3}')) -> 'features' -> 0 ->> 'categories' as categories from generate_series(1, 10000) i, lateral (select 'c' || i as a, i % 10 as b) f;
select ecom.predict_prob(s.m, f) = ecom.predict_prob(s.m, g) as unseen_is_reference
from (select ecom.logistic_fit(b.leaves, f) as m from buyers b, lateral (select b.x, b.colour) f) s, (select 5 as x, 'mauve' as colour) f, (select 5 as x, 'green' as colour) g;
select ecom.predict_prob(s.m, f) from (select ecom.logistic_fit(b.leaves, f) as m from buyers b, lateral (select b.x, b.colour) f) s, (select 5 as x) f;

-- Logistic regression of a table of two by two: the log odds ratio and its standard error are known.
create temporary table odds as select label, x from (values (true, true, 30), (true, false, 10), (false, true, 20), (false, false, 40)) v (label, x, n), generate_series(1, n);
create temporary table logit as select ecom.logistic_fit(o.label, f) as m from odds o, lateral (select o.x) f;
select term, round(estimate::numeric, 9) as estimate, round(standard_error::numeric, 9) as standard_error, round(p_value::numeric, 9) as p_value from logit, ecom.coefficients(m);
select round(ln(30.0 * 40 / (10 * 20)), 9) as estimate, round(sqrt(1 / 30.0 + 1 / 10.0 + 1 / 20.0 + 1 / 40.0), 9) as standard_error;
select f.x, round(ecom.predict_prob(m, f)::numeric, 9) as probability from logit, (values (true), (false)) f (x);
-- Linear regression beside the server's own functions; a ridge penalty shrinks.
select round(c.estimate::numeric, 9) = round(case c.term when 'x' then s.slope else s.intercept end::numeric, 9) as same
from (select ecom.linear_fit(b.root, f) as m, regr_slope(b.root, b.x) as slope, regr_intercept(b.root, b.x) as intercept from buyers b, lateral (select b.x) f) s, ecom.coefficients(s.m) c;
select abs(r.estimate) < abs(c.estimate) as shrunk, r.standard_error is null as no_error
from (select ecom.linear_fit(b.root, f) as m, ecom.linear_fit(b.root, f, '{"l2": 100}') as ridge from buyers b, lateral (select b.x) f) s,
     ecom.coefficients(s.m) c join lateral ecom.coefficients(s.ridge) r using (term) where term = 'x';
-- Texts against the most frequent one, missing numbers, columns that others add up to, reasons, both forms, cross-validation.
create temporary table regression as select ecom.logistic_fit(b.leaves, f) as m from buyers b, lateral (select b.x, b.paid, b.colour, 2 * b.x as twice) f;
select term, estimate <> 0 as has_estimate, standard_error > 0 as has_error from regression, ecom.coefficients(m);
select max(abs(s.total + s.base - s.prediction)) < 1e-9 as sums
from (select b.id, sum(e.contribution) as total, min(e.base) as base, min(e.prediction) as prediction
      from regression, buyers b, lateral (select b.x, b.paid, b.colour, 2 * b.x as twice) f, ecom.explain(m, f) e where b.id <= 30 group by b.id) s;
select m::jsonb::text::ecom.model::text = m::text as same from regression;
select feature, importance > 0 as matters from regression, ecom.feature_importance(m);
select count(*) as rows, ecom.roc_auc(r.actual = 1, r.predicted) > 0.85 as ranks
from (select ecom.learner_agg(b.leaves, b, '{"method": "logistic", "exclude": ["id", "leaves"]}') as s from buyers b) a, ecom.holdout_predictions(a.s, 4) r;
select ecom.logistic_fit(true, b) from buyers b;
select ecom.logistic_fit(b.x > 50, f) from buyers b, lateral (select b.x) f;
select ecom.model_info(ecom.logistic_fit(b.x > 50, f, '{"l2": 1}')) ->> 'learner' as ridge from buyers b, lateral (select b.x) f;
select ecom.linear_fit(i, f) from generate_series(1, 3) i, lateral (select i as a, i * i as b) f;
select ecom.logistic_fit(b.leaves, b, '{"trees": 5}') from buyers b;
select ecom.logistic_fit(i % 2 = 0, f) from generate_series(1, 5000) i, lateral (select 'c' || i as a) f;
select c.* from model, ecom.coefficients(m) c;

-- Elastic net: coefficients of scikit-learn 1.2.1 (ElasticNet; LogisticRegression with C = 1 / (80 x 0.02)) after its StandardScaler.
create temporary table waves as
select i, sin(i::float8) as a, cos(2 * i::float8) as b, sin(i::float8) + 0.1 * cos(5 * i::float8) as c, i % 7 as d, sin(17 * i::float8) as noise from generate_series(1, 80) i;
create temporary table nets as
select ecom.linear_fit(2 * w.a - w.b + 0.5 * w.d + w.noise, f, '{"penalty": 0.1, "l1_ratio": 1}') as lasso, ecom.linear_fit(2 * w.a - w.b + 0.5 * w.d + w.noise, f, '{"penalty": 0.1, "l1_ratio": 0.5}') as net,
       ecom.logistic_fit(w.a + 0.5 * w.d - 1.5 + 2 * w.noise > 0, f, '{"penalty": 0.02, "l1_ratio": 0.5}') as logistic, ecom.linear_fit(2 * w.a - w.b + 0.5 * w.d + w.noise, f, '{"penalty": 0.1}') as ridge,
       ecom.linear_fit(2 * w.a - w.b + 0.5 * w.d + w.noise, f, '{"l2": 8}') as same_ridge
from waves w, lateral (select w.a, w.b, w.c, w.d) f;
select c.term, round(c.estimate::numeric, 6) as lasso, round(n.estimate::numeric, 6) as net, round(l.estimate::numeric, 6) as logistic,
       c.estimate = 0 as left_out, abs(r.estimate - s.estimate) < 1e-12 as ridge, c.standard_error is null and l.standard_error is null as no_errors
from nets, ecom.coefficients(lasso) c join lateral ecom.coefficients(net) n using (term) join lateral ecom.coefficients(logistic) l using (term)
     join lateral ecom.coefficients(ridge) r using (term) join lateral ecom.coefficients(same_ridge) s using (term);
select ecom.model_info(lasso) -> 'parameters' as parameters, ecom.model_info(lasso) #>> '{metrics,nonzero_coefficients}' as left,
       round((ecom.model_info(lasso) #>> '{metrics,largest_penalty}')::numeric, 6) as largest, lasso::jsonb::text::ecom.model::text = lasso::text as same from nets;
select ecom.linear_fit(a, f, '{"l1_ratio": 1}') from waves w, lateral (select w.b) f;
select ecom.linear_fit(a, f, '{"penalty": 1, "l2": 1}') from waves w, lateral (select w.b) f;
select ecom.logistic_fit(a > 0, f, '{"penalty": -1}') from waves w, lateral (select w.b) f;
select ecom.logistic_fit(a > 0, f, '{"penalty": 1, "l1_ratio": 1.5}') from waves w, lateral (select w.b) f;
select ecom.forest_fit(a > 0, f, '{"penalty": 1}') from waves w, lateral (select w.b) f;
select ecom.logistic_fit(true, f, '{"penalty": 1, "l1_ratio": 1}') from waves w, lateral (select w.b) f;

-- Permutation importance: what decides comes first, what says nothing has nothing; of each learner, and of a model on rows that it has not seen.
create temporary table importance as
select l.name, i.* from (values ('forest', '{"trees": 20}'::jsonb), ('gbm', '{"method": "gbm", "trees": 20}'), ('logistic', '{"method": "logistic"}')) l (name, options),
     lateral (select ecom.learner_agg(b.leaves, f, l.options) as s from buyers b, lateral (select b.x, b.paid, b.colour, b.mood) f) a, ecom.permutation_importance(a.s, 4, 2) i;
select name, bool_and(importance > 0.2) filter (where feature = 'x') as matters, max(abs(importance)) filter (where feature <> 'x') < 0.05 as nothing, min(quality) > 0.85 as ranks, bool_and(standard_deviation >= 0) as deviations
from importance group by name order by name;
select string_agg(feature, ' ' order by importance desc) as by_size, bool_and(standard_deviation is null) as single, min(quality) > 0.9 as ranks
from (select ecom.learner_agg(b.leaves, b, '{}') filter (where is_test) as s, ecom.forest_fit(b.leaves, b, '{"trees": 20, "exclude": ["leaves", "is_test"]}') filter (where not is_test) as m
      from (select leaves, x, big, ecom.is_test_row(id::text, 0.4) as is_test from buyers) b) a, ecom.permutation_importance(a.s, a.m, repeats => 1) i;
select feature, round(importance::numeric, 1) as r2_lost
from (select ecom.learner_agg(b.x::float8, f, '{"method": "linear"}') as s from buyers b, lateral (select 2 * b.x as twice, b.member) f) a, ecom.permutation_importance(a.s) i;
select name, a.importance = b.importance as same_order, a.importance = c.importance as same_seed
from (select i.feature as name, i.importance from (select ecom.learner_agg(b.leaves, f, '{"trees": 5}') as s from buyers b, lateral (select b.x) f) a, ecom.permutation_importance(a.s, 3, 1, 'log_loss') i) a
join (select i.feature as name, i.importance from (select ecom.learner_agg(b.leaves, f, '{"trees": 5}' order by b.id desc) as s from buyers b, lateral (select b.x) f) a, ecom.permutation_importance(a.s, 3, 1, 'log_loss') i) b using (name)
join (select i.feature as name, i.importance from (select ecom.learner_agg(b.leaves, f, '{"trees": 5}') as s from buyers b, lateral (select b.x) f) a, ecom.permutation_importance(a.s, 3, 1, 'log_loss', 7) i) c using (name);
select count(*) as rows from ecom.permutation_importance(null);
create temporary table collected as select ecom.learner_agg(b.leaves, f, '{"trees": 5}') as s, ecom.learner_agg(b.x::float8, f, '{"trees": 5}') as numbers, ecom.forest_fit(b.root, f, '{"trees": 2}') as m from buyers b, lateral (select b.paid) f;
select count(*) from collected, ecom.permutation_importance(s, metric => 'r2');
select count(*) from collected, ecom.permutation_importance(numbers, metric => 'gini');
select count(*) from collected, ecom.permutation_importance(s, repeats => 0);
select count(*) from collected, ecom.permutation_importance(s, folds => 1);
select count(*) from collected, ecom.permutation_importance(s, seed => null);
select count(*) from collected, ecom.permutation_importance(s, m);
select count(*) from collected c, model, ecom.permutation_importance(c.s, model.m);
select count(*) from (select ecom.learner_agg(true, f, '{"trees": 5}') as s from buyers b, lateral (select b.paid) f) a, ecom.permutation_importance(a.s);
select ecom.learner_agg(b.x::float8, f, '{"method": "logistic"}') is null from buyers b, lateral (select b.paid) f;

-- Isotonic calibration: probabilities in steps, of the shares that were left out of the bag, also after a model's way through jsonb.
create table calibrated as
select m, m::jsonb::text::ecom.model as again, plain
from (select ecom.forest_fit(b.leaves, b, '{"calibration": "isotonic", "trees": 20, "exclude": ["id", "leaves"]}') as m,
             ecom.forest_fit(b.leaves, b, '{"trees": 20, "exclude": ["id", "leaves"]}') as plain from buyers b) f;
select count(distinct p) < count(distinct raw) as has_levels, max(abs(p - p_again)) = 0 as same, min(p) >= 0 and max(p) <= 1 as probabilities, corr(p, raw) > 0.9 as ranks
from (select ecom.predict_prob(m, b) as p, ecom.predict_prob(plain, b) as raw, ecom.predict_prob(again, b) as p_again from calibrated, buyers b) s;

-- What is refused, and how.
select ecom.forest_fit(b.leaves, b, '{"tress": 5}') from buyers b;
select ecom.gbm_fit(b.leaves, b, '{"bootstrap": true}') from buyers b;
select ecom.forest_fit(1.0::float8, b, '{"class_weight": "balanced"}') from buyers b;
select ecom.forest_fit(b.leaves, b, '{"trees": 0}') from buyers b;
select ecom.forest_fit(b.leaves, b, '{"positive_weight": -1}') from buyers b;
select ecom.forest_fit(b.leaves, b, '{"splits": "best"}') from buyers b;
select ecom.forest_fit(b.leaves, b, '[1]') from buyers b;
select ecom.forest_fit(b.leaves, b, '{"bootstrap": false, "calibration": "platt"}') from buyers b;
select ecom.forest_fit(b.leaves, b, '{"calibration": "beta"}') from buyers b;
select ecom.forest_fit(b.leaves, b, '{"exclude": ["lable"]}') from buyers b;
select ecom.forest_fit(b.leaves, b, '{"exclude": "leaves"}') from buyers b;
select ecom.churn_fit(b.leaves, b, '{"method": "oracle"}') from buyers b;
select ecom.churn_fit(b.x, b) from buyers b;
select ecom.forest_fit(b.leaves, f) from buyers b, lateral (select array[b.x] as a) f;
select ecom.forest_fit(b.leaves, f) from buyers b, lateral (select b.x, b.x) f;
select ecom.forest_fit(b.leaves, f) from buyers b, lateral (select 'infinity'::float8 as x) f;
select ecom.forest_fit(b.leaves, f) from buyers b, lateral (select 'infinity'::date as x) f;
select ecom.forest_fit('nan'::float8, b) from buyers b;
select ecom.forest_fit(true, f) from (select 1 as a) f;
select ecom.forest_fit(b.leaves, row()) from buyers b;
select ecom.predict_prob(m, c) from model, (select x, paid, colour from buyers limit 1) c;
select ecom.predict_prob(m, c) from model, (select code, tag, root, "real", big, small, seen, joined, member, mood, colour, paid, x::text from buyers limit 1) c;
select ecom.predict(s.m, s.f) from (select ecom.quantile_bins(b.x, 4, false) as m, (array_agg(b))[1] as f from buyers b) s;
select ecom.predict_prob(s.m, s.f) from (select ecom.forest_fit(b.root, b, '{"trees": 2}') as m, (array_agg(b))[1] as f from buyers b) s;
select count(*) from (select ecom.learner_agg(b.leaves, b, '{}') as s from buyers b) a, ecom.holdout_predictions(a.s, 1);
select count(*) from (select ecom.learner_agg(b.leaves, b, '{}') as s from buyers b where b.id < 8) a, ecom.holdout_predictions(a.s, 5);
set ecom_analytics.memory_limit = '1MB';
select ecom.forest_fit(b.leaves, b) from buyers b, generate_series(1, 20);
reset ecom_analytics.memory_limit;
\set VERBOSITY sqlstate
select ecom.forest_fit(b.leaves, b, '{"tress": 5}') from buyers b;
select ecom.forest_fit(true, f) from (select 1 as a) f;
select ecom.forest_fit(b.leaves, f) from buyers b, lateral (select 'infinity'::float8 as x) f;
select ecom.predict_prob(s.m, s.f) from (select ecom.forest_fit(b.root, b, '{"trees": 2}') as m, (array_agg(b))[1] as f from buyers b) s;
\set VERBOSITY default
drop table ecom_learners_rows;
