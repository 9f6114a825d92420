-- What customers will bring by a forest, and how much of it goes into a lifetime value: learned from what those brought who were known a
-- horizon ago.

create function ecom_internal.write_value_training(mart name, cut_off date, period float8, rate float8, folds int) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    -- Everybody who had ordered, however long ago.
    perform ecom_internal.write_churn_features(mart, 'ecom_value_feature', cut_off, 36500);
    create temporary table ecom_value_training on commit drop as
    select f.*, coalesce(b.revenue, 0) as brought, (hashint4(f.customer_key)::bigint + 2147483648) % folds as fold
    from pg_temp.ecom_value_feature f
    left join (select d.customer_key, sum(d.amount::float8 / (1 + rate) ^ ceil((d.day - cut_off + 1) / period)) as revenue
               from pg_temp.ecom_value_day d where d.day >= cut_off group by d.customer_key) b using (customer_key);
    drop table pg_temp.ecom_value_feature;
    analyze pg_temp.ecom_value_training;
end
$$;
comment on function ecom_internal.write_value_training(name, date, float8, float8, int) is
'Makes the temporary table ecom_value_training: features at a cut-off, the discounted revenue of each customer from then on, and a fold by
customer. Reads the temporary table ecom_value_day of order days.';

create function ecom_internal.write_value_holdout(cut_off date, method text, options jsonb, folds int, periods int, period float8, rate float8) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    orders_model ecom.model;
    spend_model ecom.model;
    mean_amount float8;
    fold_model ecom.model;
begin
    select ecom.btyd_fit(c.frequency, c.recency, c.age, method) into orders_model from pg_temp.ecom_value_calibration c;
    if (select count(*) >= 10 from pg_temp.ecom_value_calibration c where c.mean_spend > 0) then
        select ecom.gamma_gamma_fit(c.frequency, c.mean_spend) into spend_model from pg_temp.ecom_value_calibration c where c.mean_spend > 0;
    end if;
    select coalesce(greatest(avg(d.amount), 0), 0) into mean_amount from pg_temp.ecom_value_day d where d.day < cut_off;
    create temporary table ecom_value_holdout on commit drop as
    select t.customer_key, t.brought, null::float8 as by_forest,
           ecom_internal.discounted_orders(orders_model, c.frequency, c.recency, c.age, periods, period, rate)
           * coalesce(ecom.expected_spend(spend_model, c.frequency, greatest(c.mean_spend, 1e-6)), mean_amount) as by_btyd
    from pg_temp.ecom_value_training t join pg_temp.ecom_value_calibration c using (customer_key);
    for k in 0 .. folds - 1 loop
        select ecom.forest_fit(t.brought, t, options) into fold_model from pg_temp.ecom_value_training t where t.fold <> k;
        update pg_temp.ecom_value_holdout h set by_forest = greatest(ecom.predict(fold_model, t), 0)
        from pg_temp.ecom_value_training t where t.customer_key = h.customer_key and t.fold = k;
    end loop;
end
$$;
comment on function ecom_internal.write_value_holdout(date, text, jsonb, int, int, float8, float8) is
'Makes the temporary table ecom_value_holdout: what customers brought from the cut-off on, beside what a forest of the other folds and models of
orders and spend of the time before the cut-off say. Reads the temporary tables ecom_value_training, ecom_value_calibration and ecom_value_day.';

create function ecom_internal.fit_value_forest(mart name, as_of date, method text, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    horizon constant int := ecom_internal.setting(mart, 'value.horizon_days')::int;
    annual_rate constant float8 := ecom_internal.setting(mart, 'value.annual_rate')::float8;
    feature_set constant text := ecom_internal.setting(mart, 'value.features');
    periods constant int := greatest(1, round(horizon / 30.0));
    period constant float8 := horizon / periods::float8;
    rate constant float8 := (1 + annual_rate) ^ (period / 365.25) - 1;
    cut_off constant date := as_of - horizon;
    folds constant int := 5;
    customers bigint;
    paying bigint;
    repeating bigint;
    options jsonb;
    forest ecom.model;
    metrics jsonb;
begin
    reason := '';
    perform ecom_internal.write_value_history(mart, 'ecom_value_calibration', cut_off - 1);
    perform ecom_internal.write_value_training(mart, cut_off, period, rate, folds);
    select count(*), count(*) filter (where t.brought > 0) into customers, paying from pg_temp.ecom_value_training t;
    select count(*) filter (where c.frequency > 0) into repeating from pg_temp.ecom_value_calibration c;
    if customers < 50 or paying < 10 or repeating < 10 then
        perform ecom_internal.retire_models(mart, 'value.forest');
        drop table pg_temp.ecom_value_calibration, pg_temp.ecom_value_training;
        reason := format('no value by forest: %s customers had ordered %s days before the end of the history, 50 are needed; %s of them ordered since, '
                         '%s had come back before, 10 are needed of either', customers, horizon, paying, repeating);
        return;
    end if;
    -- A third of the features at each node, as Breiman (2001) has it for numbers.
    select jsonb_build_object('min_leaf', least(20, greatest(5, customers / 100)), 'mtry', ceil(count(*) filter (where not x.is_left_out) / 3.0)::int,
               'exclude', coalesce(jsonb_agg(x.name) filter (where x.is_left_out), '[]') || '["customer_key", "brought", "fold"]')
    into options
    from (select f.name, feature_set = 'documented' and not f.is_documented_for_value as is_left_out from ecom_internal.churn_feature f) x;
    perform ecom_internal.write_value_holdout(cut_off, method, options, folds, periods, period, rate);
    with blend as (
        select least(1, greatest(0, coalesce(sum((h.by_forest - h.by_btyd) * (h.brought - h.by_btyd)) / nullif(sum((h.by_forest - h.by_btyd) ^ 2), 0), 0))) as forest_weight
        from pg_temp.ecom_value_holdout h),
    quality as (
        select b.forest_weight, ecom.regression_metrics(h.brought, h.by_forest) as forest, ecom.regression_metrics(h.brought, h.by_btyd) as btyd,
               ecom.regression_metrics(h.brought, b.forest_weight * h.by_forest + (1 - b.forest_weight) * h.by_btyd) as blended
        from pg_temp.ecom_value_holdout h cross join blend b group by b.forest_weight)
    select jsonb_build_object('customers', customers, 'folds', folds, 'forest_weight', round(q.forest_weight::numeric, 6),
               'holdout_mae', round((q.forest).mae::numeric, 4), 'btyd_mae', round((q.btyd).mae::numeric, 4),
               'blend_mae', round((q.blended).mae::numeric, 4), 'baseline_mae', round((q.forest).baseline_mae::numeric, 4),
               'holdout_rmse', round((q.forest).rmse::numeric, 4), 'btyd_rmse', round((q.btyd).rmse::numeric, 4),
               'blend_rmse', round((q.blended).rmse::numeric, 4), 'baseline_rmse', round((q.forest).baseline_rmse::numeric, 4),
               'holdout_r2', round((q.forest).r2::numeric, 4), 'btyd_r2', round((q.btyd).r2::numeric, 4), 'blend_r2', round((q.blended).r2::numeric, 4),
               'holdout_bias', round((q.forest).bias::numeric, 4), 'btyd_bias', round((q.btyd).bias::numeric, 4), 'blend_bias', round((q.blended).bias::numeric, 4))
    into metrics from quality q;
    select ecom.forest_fit(t.brought, t, options) into forest from pg_temp.ecom_value_training t;
    perform ecom_internal.store_model(mart, 'value.forest', forest, as_of,
        jsonb_build_object('features', feature_set, 'cut_off', cut_off, 'horizon_days', horizon, 'annual_rate', annual_rate), metrics);
    drop table pg_temp.ecom_value_calibration, pg_temp.ecom_value_training, pg_temp.ecom_value_holdout;
end
$$;
comment on function ecom_internal.fit_value_forest(name, date, text) is
'Fits and stores the model value.forest of what customers brought within the last value.horizon_days days, from what was known before them. Its metrics
hold forest_weight: the share of the forest in a blend with models of orders and spend that has the least squared error for customers whom the
forest has not seen (stacking: Wolpert, 1992; Breiman, 1996). Reads the temporary table ecom_value_day.';

create function ecom_internal.write_value_forest(mart name, as_of date) returns float8
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    estimate constant text := ecom_internal.setting(mart, 'value.estimate');
    forest constant ecom.model := ecom.current_model(mart, 'value.forest');
    forest_weight float8;
begin
    if estimate = 'btyd' or forest is null then
        create temporary table ecom_value_score (customer_key int, value float8) on commit drop;
        return 0;
    end if;
    perform ecom_internal.write_churn_features(mart, 'ecom_value_feature', as_of, 36500);
    create temporary table ecom_value_score on commit drop as
    select f.customer_key, greatest(ecom.predict(forest, f), 0) as value from pg_temp.ecom_value_feature f;
    drop table pg_temp.ecom_value_feature;
    execute format('select (m.metrics ->> ''forest_weight'')::float8 from %I.model m where m.name = ''value.forest'' and m.is_current', mart) into forest_weight;
    return case estimate when 'forest' then 1 else forest_weight end;
end
$$;
comment on function ecom_internal.write_value_forest(name, date) is
'Makes the temporary table ecom_value_score of what the current model value.forest expects of every customer, empty without one, and returns the
share of it in lifetime values.';
