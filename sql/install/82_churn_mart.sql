-- Who is about to leave, and why, over a mart: the model that refresh fits, what it stores, and look-ups.

insert into ecom_internal.setting_definition
    (name, default_value, kind, is_optional, is_fixed, low, high, allowed, description)
values
    ('churn.label_days', '90', 'integer', false, false, 7, 1825, null,
     'Days without an order that count as churn in customer_churn: the label is taken from the last so many days of the history.'),
    ('churn.active_days', '365', 'integer', false, false, 7, 3650, null,
     'Customers are in customer_churn who ordered within so many days; the others have left.'),
    ('churn.method', 'forest', 'text', false, false, null, null, array['forest', 'gbm', 'logistic'],
     'Learner of customer_churn: a calibrated random forest, gradient boosting or logistic regression, see ecom.churn_fit.'),
    ('churn.features', 'extended', 'text', false, false, null, null, array['extended', 'documented'],
     'What the churn model looks at: all features, or the seven of docs/churn.md.'),
    ('churn.high_probability', '0.7', 'number', false, false, 0, 1, null, 'Least churn probability of the band High.'),
    ('churn.medium_probability', '0.4', 'number', false, false, 0, 1, null, 'Least churn probability of the band Medium.'),
    ('churn.reasons_for', '2000', 'integer', false, false, 0, 100000000, null,
     'Customers of the bands High and Medium that get reasons in customer_churn, the likeliest to leave first.');

insert into ecom_internal.refresh_step (name, position, function, needs_sales, description) values
    ('churn', 70, 'refresh_churn', true, 'customer_churn: probability of no further order, band, reasons');

insert into ecom_internal.requirement (capability, measure, position, description, needed, advice) values
    ('customer_churn', 'customers', 380, 'customers with orders', '50', 'Map customer_id, or load a longer history.'),
    ('customer_churn', 'months_with_sales', 381, 'months with sales, before the label and for it',
     'ceil(ecom_internal.setting({mart_name}, ''churn.label_days'')::int / 30.0)::int + 2', 'Load a longer history, or lower the setting churn.label_days.');

create table ecom_internal.churn_feature (
    name                    text primary key,
    position                int not null unique,
    is_documented           boolean not null,
    is_documented_for_value boolean not null,
    label                   text not null
);
comment on table ecom_internal.churn_feature is
'One row per feature that the models of churn and of value of a mart look at.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.churn_feature.name is 'Name of the feature in the model.';
comment on column ecom_internal.churn_feature.position is 'Order in which features are listed.';
comment on column ecom_internal.churn_feature.is_documented is 'Whether it is one of the seven of the setting churn.features = documented.';
comment on column ecom_internal.churn_feature.label is 'The feature in words, as reasons name it.';
comment on column ecom_internal.churn_feature.is_documented_for_value is 'Whether it is one of the six of the setting value.features = documented.';
grant select on ecom_internal.churn_feature to public;
insert into ecom_internal.churn_feature (position, name, is_documented, is_documented_for_value, label) values
    (1, 'revenue_amount', true, false, 'revenue so far'),
    (2, 'order_value', true, true, 'mean order value'),
    (3, 'order_count', true, true, 'orders so far'),
    (4, 'satisfaction', true, true, 'mean satisfaction'),
    (5, 'delivery_days', true, false, 'mean delivery days'),
    (6, 'customer_segment', true, true, 'customer segment'),
    (7, 'region', true, true, 'region'),
    (8, 'recency_days', false, false, 'days since the last order'),
    (9, 'tenure_days', false, false, 'days since the first order'),
    (10, 'mean_interval_days', false, false, 'mean days between orders'),
    (11, 'recency_in_intervals', false, false, 'days since the last order in usual intervals'),
    (12, 'recent_order_count', false, false, 'orders in the last 90 days'),
    (13, 'last_satisfaction', false, false, 'satisfaction with the last order'),
    (14, 'last_delivery_days', false, false, 'delivery days of the last order'),
    (15, 'low_satisfaction_share', false, false, 'share of ratings that were low'),
    (16, 'return_share', false, false, 'share of revenue returned'),
    (17, 'discount_share', false, false, 'share of revenue given as discount'),
    (18, 'last_order_value', false, false, 'value of the last order'),
    (19, 'age_group', false, true, 'age group'),
    (20, 'gender', false, false, 'gender'),
    (21, 'last_channel', false, false, 'channel of the last order'),
    (22, 'last_payment_method', false, false, 'payment method of the last order');

insert into ecom_internal.mart_part (name, position, ddl) values ('customer_churn', 52, $ddl$
create table {mart}.customer_churn (
    customer_key      int              primary key references {mart}.dim_customer on delete cascade,
    as_of_date        date             not null,
    churn_probability double precision not null,
    churn_band        text             not null,
    reason_1          text,
    reason_2          text,
    reason_3          text,
    recency_days      int              not null,
    revenue_amount    numeric(18,4)    not null
);
create index customer_churn_churn_probability_idx on {mart}.customer_churn (churn_probability desc, customer_key);
comment on table {mart}.customer_churn is
'One row per known customer who ordered within the setting churn.active_days: how likely no order comes within churn.label_days, and why. Written by ecom.refresh.';
comment on column {mart}.customer_churn.customer_key is 'Customer, to dim_customer.';
comment on column {mart}.customer_churn.as_of_date is 'Day that the probability looks ahead from.';
comment on column {mart}.customer_churn.churn_probability is 'Probability, 0 to 1, of no order within the setting churn.label_days.';
comment on column {mart}.customer_churn.churn_band is 'High, Medium or Low, by the settings churn.high_probability and churn.medium_probability.';
comment on column {mart}.customer_churn.reason_1 is 'What raises the probability most, with its value; empty when nothing does, in the band Low, or beyond the setting churn.reasons_for.';
comment on column {mart}.customer_churn.reason_2 is 'What raises it next.';
comment on column {mart}.customer_churn.reason_3 is 'What raises it third.';
comment on column {mart}.customer_churn.recency_days is 'Days since the last order.';
comment on column {mart}.customer_churn.revenue_amount is 'Revenue of the customer so far.';

create table {mart}.churn_band (
    churn_band             text             primary key,
    sort_order             int              not null,
    as_of_date             date             not null,
    customer_count         bigint           not null,
    expected_churn_count   double precision not null,
    mean_churn_probability double precision not null,
    revenue_amount         numeric(18,4)    not null
);
comment on table {mart}.churn_band is 'One row per churn band: sums over customer_churn at the last refresh.';
comment on column {mart}.churn_band.churn_band is 'High, Medium or Low: see customer_churn.';
comment on column {mart}.churn_band.sort_order is 'Position in a chart.';
comment on column {mart}.churn_band.as_of_date is 'Day that the probabilities look ahead from.';
comment on column {mart}.churn_band.customer_count is 'Customers in the band.';
comment on column {mart}.churn_band.expected_churn_count is 'Customers of them who are expected to leave: the sum of their probabilities.';
comment on column {mart}.churn_band.mean_churn_probability is 'Mean of their probabilities.';
comment on column {mart}.churn_band.revenue_amount is 'Revenue of these customers so far.';

create table {mart}.churn_driver (
    feature                text             primary key,
    sort_order             int              not null,
    label                  text             not null,
    importance             double precision not null,
    mean_contribution_size double precision not null,
    permutation_importance double precision,
    permutation_deviation  double precision
);
comment on table {mart}.churn_driver is 'One row per feature of the current churn model: how much it matters. Written by ecom.refresh.';
comment on column {mart}.churn_driver.feature is 'Name of the feature in the model.';
comment on column {mart}.churn_driver.sort_order is 'Position in a chart: the largest contributions first.';
comment on column {mart}.churn_driver.label is 'The feature in words.';
comment on column {mart}.churn_driver.importance is 'Share of the decrease in impurity, 0 to 1: see ecom.feature_importance.';
comment on column {mart}.churn_driver.mean_contribution_size is
'Mean size of its contribution to a prediction, see ecom.explain, over a sample of the training customers.';
comment on column {mart}.churn_driver.permutation_importance is
'What the area under the ROC curve of unseen customers loses without it, over two folds of at most 10000 customers: see ecom.permutation_importance.';
comment on column {mart}.churn_driver.permutation_deviation is 'Standard deviation of permutation_importance among folds and repeats.';

create view {mart}.customer_churn_overview as
select v.customer_key, c.customer_id, c.name as customer_name, c.segment as customer_segment, v.churn_band, v.churn_probability,
       v.reason_1, v.reason_2, v.reason_3, v.recency_days, v.revenue_amount, v.as_of_date
from {mart}.customer_churn v
join {mart}.dim_customer c on c.customer_key = v.customer_key;
comment on view {mart}.customer_churn_overview is 'One row per known customer who still orders: name, segment, churn probability and reasons.';
select ecom_internal.copy_column_comments({mart_name}, 'customer_churn', 'customer_churn_overview');
comment on column {mart}.customer_churn_overview.customer_id is 'Id of the customer in the source.';
comment on column {mart}.customer_churn_overview.customer_name is 'Name of the customer.';
comment on column {mart}.customer_churn_overview.customer_segment is 'Segment that the shop itself gave the customer.';
$ddl$);

create function ecom_internal.write_churn_features(mart name, relation name, cut_off date, active_days int) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('
        create temporary table %1$I on commit drop as
        with bought as materialized (
            select o.* from %2$s o where o.customer_key <> 0 and o.ordered_at < $1::timestamp),
        history as (
            select b.customer_key, max(b.ordered_at) filter (where b.order_count > 0) as last_at, min(b.ordered_at) filter (where b.order_count > 0) as first_at,
                   sum(b.order_count)::int as order_count, sum(b.revenue_amount) as revenue_amount, sum(b.gross_amount) as gross_amount,
                   sum(b.return_amount) as return_amount, sum(b.discount_amount) as discount_amount,
                   sum(b.satisfaction_sum)::float8 / nullif(sum(b.satisfaction_count), 0) as satisfaction,
                   sum(b.low_satisfaction_count)::float8 / nullif(sum(b.satisfaction_count), 0) as low_satisfaction_share,
                   sum(b.delivery_days_sum)::float8 / nullif(sum(b.delivery_count), 0) as delivery_days,
                   avg(b.days_since_previous_order)::float8 as mean_interval_days,
                   coalesce(sum(b.order_count) filter (where b.ordered_at >= $1::timestamp - interval ''90 days''), 0)::int as recent_order_count
            from bought b group by b.customer_key
            having max(b.ordered_at) filter (where b.order_count > 0) >= $1::timestamp - make_interval(days => $2)),
        last_order as (
            select distinct on (h.customer_key) h.*, b.channel_key, b.payment_method_key, b.revenue_amount as last_order_value,
                   b.satisfaction_sum::float8 / nullif(b.satisfaction_count, 0) as last_satisfaction,
                   b.delivery_days_sum::float8 / nullif(b.delivery_count, 0) as last_delivery_days
            from history h join bought b on b.customer_key = h.customer_key and b.ordered_at = h.last_at and b.order_count > 0
            order by h.customer_key, b.order_id collate "C" desc)
        select h.customer_key, round(h.revenue_amount, 2)::float8 as revenue_amount, round(h.revenue_amount / h.order_count, 2)::float8 as order_value,
               h.order_count, round(h.satisfaction::numeric, 2)::float8 as satisfaction, round(h.delivery_days::numeric, 1)::float8 as delivery_days,
               c.segment as customer_segment, g.region, $1 - h.last_at::date as recency_days, $1 - h.first_at::date as tenure_days,
               round(h.mean_interval_days::numeric, 1)::float8 as mean_interval_days,
               round((($1 - h.last_at::date) / greatest(h.mean_interval_days, 1))::numeric, 2)::float8 as recency_in_intervals, h.recent_order_count,
               round(h.last_satisfaction::numeric, 1)::float8 as last_satisfaction, round(h.last_delivery_days::numeric, 1)::float8 as last_delivery_days,
               round(h.low_satisfaction_share::numeric, 2)::float8 as low_satisfaction_share,
               round(h.return_amount / nullif(h.gross_amount, 0), 2)::float8 as return_share,
               round(h.discount_amount / nullif(h.gross_amount + h.discount_amount, 0), 2)::float8 as discount_share,
               round(h.last_order_value, 2)::float8 as last_order_value, c.age_group, c.gender, ch.name as last_channel, pm.name as last_payment_method
        from last_order h
        join %3$I.dim_customer c using (customer_key)
        join %3$I.dim_geography g on g.geography_key = c.geography_key
        join %3$I.dim_channel ch using (channel_key)
        join %3$I.dim_payment_method pm using (payment_method_key)', relation, ecom_internal.order_source(mart), mart)
        using cut_off, active_days;
    execute format('analyze pg_temp.%I', relation);
end
$$;
comment on function ecom_internal.write_churn_features(name, name, date, int) is
'Makes a temporary table of the features of ecom_internal.churn_feature, one row per customer who ordered in the active_days before the
cut-off; of orders only those before it are looked at. Home, segment, age group and gender are those of today.';

create function ecom_internal.refresh_churn(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_id constant oid := ecom_internal.mart_oid(mart);
    label_days constant int := ecom_internal.setting(mart, 'churn.label_days')::int;
    active_days constant int := ecom_internal.setting(mart, 'churn.active_days')::int;
    method constant text := ecom_internal.setting(mart, 'churn.method');
    feature_set constant text := ecom_internal.setting(mart, 'churn.features');
    high constant float8 := ecom_internal.setting(mart, 'churn.high_probability')::float8;
    medium constant float8 := ecom_internal.setting(mart, 'churn.medium_probability')::float8;
    cut_off constant date := as_of - label_days;
    options jsonb;
    customers bigint;
    churned bigint;
    metrics jsonb;
    churn_model ecom.model;
begin
    rows := 0;
    reason := '';
    execute format('delete from %I.customer_churn', mart);
    execute format('delete from %I.churn_band', mart);
    execute format('delete from %I.churn_driver', mart);

    -- What was known at the cut-off, and who ordered in the days after it.
    perform ecom_internal.report_progress(mart_id, 'churn', 'collecting features', 0, 0);
    perform ecom_internal.write_churn_features(mart, 'ecom_churn_feature', cut_off, active_days);
    execute format('
        create temporary table ecom_churn_training on commit drop as
        select f.*, o.customer_key is null as is_churned from pg_temp.ecom_churn_feature f
        left join (select distinct o.customer_key from %s o where o.order_count > 0 and o.ordered_at >= $1::timestamp and o.ordered_at < $2::timestamp) o
        using (customer_key)', ecom_internal.order_source(mart)) using cut_off, as_of;
    drop table pg_temp.ecom_churn_feature;
    select count(*), count(*) filter (where is_churned) into customers, churned from pg_temp.ecom_churn_training;
    if customers < 50 or least(churned, customers - churned) < 10 then
        perform ecom_internal.retire_models(mart, 'churn');
        drop table pg_temp.ecom_churn_training;
        reason := format('%s customers had ordered %s days before the end of the history, of whom %s did not come back: 50 are needed, 10 of either kind',
                         customers, label_days, churned);
        return;
    end if;

    perform ecom_internal.report_progress(mart_id, 'churn', 'fitting the model', 0, 0);
    options := case method when 'logistic' then '{"l2": 1}'::jsonb else jsonb_build_object('min_leaf', least(20, greatest(5, customers / 100))) end
        || jsonb_build_object('method', method, 'exclude',
        (select jsonb_agg(x.name) from (select 'customer_key' union all select 'is_churned'
                                        union all select f.name from ecom_internal.churn_feature f where feature_set = 'documented' and not f.is_documented) x (name)));
    select ecom.churn_fit(t.is_churned, t, options) into churn_model from pg_temp.ecom_churn_training t;
    with held_out as (
        select ecom.classification_metrics(h.actual = 1, h.predicted) as m, ecom.score_agg(h.actual = 1, h.predicted) as scores
        from (select ecom.learner_agg(t.is_churned, t, options) as state
              from (select * from pg_temp.ecom_churn_training order by hashint4(customer_key), customer_key limit 20000) t) s,
        ecom.holdout_predictions(s.state, 5) h)
    select jsonb_build_object('customers', customers, 'holdout_customers', (m.m).n, 'churn_rate', round(churned::numeric / customers, 4), 'folds', 5,
               'holdout_roc_auc', round((m.m).roc_auc::numeric, 4), 'holdout_accuracy', round((m.m).accuracy::numeric, 4),
               'baseline_accuracy', round((m.m).baseline_accuracy::numeric, 4), 'holdout_precision', round((m.m).precision::numeric, 4),
               'holdout_recall', round((m.m).recall::numeric, 4), 'holdout_log_loss', round((m.m).log_loss::numeric, 4),
               'baseline_log_loss', round((m.m).baseline_log_loss::numeric, 4), 'holdout_brier', round((m.m).brier::numeric, 4),
               'baseline_brier', round((m.m).baseline_brier::numeric, 4), 'calibration_error', round((m.m).calibration_error::numeric, 4),
               'calibration', (select jsonb_agg(jsonb_build_object('customers', c.n, 'predicted', round(c.mean_score::numeric, 4), 'observed', round(c.observed_rate::numeric, 4))
                                                order by c.bin) from ecom.calibration_rows(m.scores, 10) c))
    into metrics from held_out m;
    perform ecom_internal.store_model(mart, 'churn', churn_model, as_of,
        jsonb_build_object('method', method, 'features', feature_set, 'cut_off', cut_off, 'label_days', label_days, 'active_days', active_days), metrics);
    churn_model := ecom.current_model(mart, 'churn');

    perform ecom_internal.report_progress(mart_id, 'churn', 'scoring customers', 0, 0);
    perform ecom_internal.write_churn_features(mart, 'ecom_churn_feature', as_of, active_days);
    create temporary table ecom_churn_score on commit drop as
    select f.customer_key, ecom.churn_prob(churn_model, f) as probability from pg_temp.ecom_churn_feature f;
    perform ecom_internal.report_progress(mart_id, 'churn', 'explaining', 0, 0);
    execute format('
        with explained as (
            select s.customer_key from pg_temp.ecom_churn_score s where s.probability >= $4 order by s.probability desc, s.customer_key limit $5)
        insert into %I.customer_churn (customer_key, as_of_date, churn_probability, churn_band, reason_1, reason_2, reason_3, recency_days, revenue_amount)
        select f.customer_key, $2, s.probability, case when s.probability >= $3 then ''High'' when s.probability >= $4 then ''Medium'' else ''Low'' end,
               r.reasons[1], r.reasons[2], r.reasons[3], f.recency_days, f.revenue_amount
        from pg_temp.ecom_churn_feature f
        join pg_temp.ecom_churn_score s using (customer_key)
        left join explained x using (customer_key)
        -- A condition of the join would be looked at when everybody has been explained.
        left join lateral (
            select array_agg(t.reason order by t.contribution desc, t.reason) as reasons
            from (select l.contribution, n.label || '': '' || coalesce(to_jsonb(f) ->> l.feature, ''not known'') as reason
                  from (select e.feature, e.contribution from ecom.explain($1, f) e
                        where x.customer_key is not null and e.contribution > 0 order by e.contribution desc, e.feature limit 3) l
                  join ecom_internal.churn_feature n on n.name = l.feature) t) r on true
        order by f.customer_key', mart)
        using churn_model, as_of, high, medium, ecom_internal.setting(mart, 'churn.reasons_for')::int;
    get diagnostics rows = row_count;
    execute format('
        insert into %1$I.churn_band (churn_band, sort_order, as_of_date, customer_count, expected_churn_count, mean_churn_probability, revenue_amount)
        select v.churn_band, array_position(array[''High'', ''Medium'', ''Low''], v.churn_band), $1, count(*), sum(v.churn_probability),
               avg(v.churn_probability), sum(v.revenue_amount)
        from %1$I.customer_churn v group by v.churn_band', mart) using as_of;
    perform ecom_internal.report_progress(mart_id, 'churn', 'measuring features', 0, 0);
    execute format('
        with looked_at as (
            select t.* from pg_temp.ecom_churn_training t order by hashint4(t.customer_key), t.customer_key limit 200),
        size as (
            select e.feature, avg(abs(e.contribution)) as mean_size from looked_at l, ecom.explain($1, l) e group by e.feature),
        permuted as (
            select p.* from (
                select ecom.learner_agg(t.is_churned, t, $2) as state
                from (select * from pg_temp.ecom_churn_training order by hashint4(customer_key), customer_key limit 10000) t) a,
            ecom.permutation_importance(a.state, 2, 3) p)
        insert into %1$I.churn_driver (feature, sort_order, label, importance, mean_contribution_size, permutation_importance, permutation_deviation)
        select i.feature, row_number() over (order by s.mean_size desc, n.position), n.label, i.importance, s.mean_size, p.importance, p.standard_deviation
        from ecom.feature_importance($1) i join size s using (feature) join ecom_internal.churn_feature n on n.name = i.feature
        left join permuted p on p.feature = i.feature', mart)
        using churn_model, options;
    execute format('analyze %1$I.customer_churn', mart);
    drop table pg_temp.ecom_churn_training, pg_temp.ecom_churn_feature, pg_temp.ecom_churn_score;
end
$$;
comment on function ecom_internal.refresh_churn(name, date) is
'Step churn of ecom.refresh: fits the model churn on what was known churn.label_days before as_of and who ordered since, and writes
customer_churn, churn_band and churn_driver from what is known at as_of.';

create function ecom.churn_prob(mart name, customer int) returns float8
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
declare
    probability float8;
begin
    execute format('select churn_probability from %I.customer_churn where customer_key = $1', ecom_internal.mart_name(mart)) into probability using customer;
    return probability;
end
$$;
comment on function ecom.churn_prob(name, int) is
'The probability that one customer orders no more, 0 to 1, as the last refresh of step churn has it.
Example: SELECT ecom.churn_prob(''shop'', 17)
Within the setting churn.label_days, 90 days by default. Arguments: mart; NULL means the setting ecom_analytics.mart. customer:
customer_key. NULL for a customer without an order within the setting churn.active_days, for an unknown one, and before the step could
fit a model: ecom.readiness says what is missing. Reads one row by its key.';

create function ecom.customers_at_risk(mart name default null, n int default 10, band text default null)
returns table (rank int, customer_key int, customer_id text, name text, churn_probability float8, churn_band text, reason_1 text, reason_2 text,
               reason_3 text, recency_days int, revenue_amount numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
begin
    if n is null or n < 0 then
        raise exception 'number of customers must be 0 or more, but is %', coalesce(n::text, 'NULL') using errcode = '22023', hint = 'Pass for example 10.';
    end if;
    if band is not null and band not in ('High', 'Medium', 'Low') then
        raise exception 'churn band "%" is not known', band using errcode = '22023', hint = 'Use High, Medium or Low, or NULL for all.';
    end if;
    return query execute format('
        select row_number() over (order by v.churn_probability desc, v.customer_key)::int, v.customer_key, c.customer_id, c.name, v.churn_probability,
               v.churn_band, v.reason_1, v.reason_2, v.reason_3, v.recency_days, v.revenue_amount
        from (select * from %1$I.customer_churn where $1 is null or churn_band = $1 order by churn_probability desc, customer_key limit $2) v
        join %1$I.dim_customer c on c.customer_key = v.customer_key
        order by 1', ecom_internal.mart_name(mart)) using band, n;
end
$$;
comment on function ecom.customers_at_risk(name, int, text) is
'The customers that are likeliest to leave, with reasons, the surest first.
Example: SELECT * FROM ecom.customers_at_risk(''shop'', 20, ''Medium'')
Ordered by churn_probability of customer_churn, then customer_key. reason_1 to reason_3: what raises the probability most, with its value.
Arguments: mart; NULL means the setting ecom_analytics.mart. n: 0 or more. band: only High, Medium or Low; NULL for all. Reads the last
refresh of step churn by index. Errors: 22023 for other arguments.';
