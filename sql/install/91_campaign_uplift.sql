-- Whom a past campaign changed: a model of it, whether it is any good, and today's customers by it.

create function ecom_internal.campaign_model_name(campaign text) returns text
    language sql immutable set search_path = pg_catalog, pg_temp
as $$ select 'uplift of ' || campaign $$;
comment on function ecom_internal.campaign_model_name(text) is 'Name of the uplift model of a campaign in the mart''s store.';

create function ecom.fit_campaign_uplift(mart name, campaign text, days int default 90, options jsonb default '{"method": "logistic", "l2": 10}')
returns table (model_name text, version int, treated_customers bigint, holdout_customers bigint, effect float8, qini float8, ci_low float8, ci_high float8,
               p_value float8, verdict text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_variable
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    folds constant int := 5;
    started date;
    fit_options jsonb;
    uplift_model ecom.model;
    q ecom.qini_result;
    counts record;
begin
    if days is null or days not between 1 and 3650 then
        raise exception 'days % is not between 1 and 3650', coalesce(days::text, 'NULL') using errcode = '22023',
            hint = 'Give the days after the start that orders are counted in.';
    end if;
    execute format('select c.start_date from %I.campaign c where c.campaign = $1', mart_schema) into started using campaign;
    if started is null then
        raise exception 'campaign "%" does not exist', coalesce(campaign, 'NULL') using errcode = '42704',
            hint = 'Use one of the table campaign; ecom.start_campaign starts one.';
    end if;
    perform ecom_internal.write_churn_features(mart_schema, 'ecom_uplift_feature', started, 3650);
    execute format('
        create temporary table ecom_uplift_row on commit drop as
        select f.*, not m.is_holdout as is_treated, o.customer_key is not null as is_buyer,
               ((hashtextextended($3 || ''/'' || c.customer_id, 0) & 1048575) %% $4)::int as fold
        from pg_temp.ecom_uplift_feature f join %1$I.campaign_member m on m.customer_key = f.customer_key and m.campaign = $3
        join %1$I.dim_customer c on c.customer_key = f.customer_key
        left join (select distinct o.customer_key from %2$s o where o.order_count > 0 and o.ordered_at >= $1::timestamp and o.ordered_at < ($1 + $2)::timestamp) o
            on o.customer_key = f.customer_key', mart_schema, ecom_internal.order_source(mart_schema)) using started, days, campaign, folds;
    drop table pg_temp.ecom_uplift_feature;
    select count(*) filter (where r.is_treated) as treated, count(*) filter (where not r.is_treated) as held_out,
           least(count(*) filter (where r.is_treated and r.is_buyer), count(*) filter (where r.is_treated and not r.is_buyer),
                 count(*) filter (where not r.is_treated and r.is_buyer), count(*) filter (where not r.is_treated and not r.is_buyer)) as least_arm
    into counts from pg_temp.ecom_uplift_row r;
    if least(counts.treated, counts.held_out) < 50 or counts.least_arm < 20 then
        drop table pg_temp.ecom_uplift_row;
        raise exception 'campaign "%" is too small: % treated and % held-out customers who had ordered before it', campaign, counts.treated, counts.held_out
            using errcode = '22000', hint = 'A model needs 50 of each, 20 of whom ordered and 20 did not in each.';
    end if;
    -- The outcome, the treatment and the keys are never features, whatever else is left out.
    fit_options := coalesce(options, '{}') || jsonb_build_object('exclude',
        '["customer_key", "is_treated", "is_buyer", "fold"]'::jsonb || coalesce(options -> 'exclude', '[]'));

    -- Every customer is scored by a model that has not seen him.
    create temporary table ecom_uplift_score (customer_key int, score float8) on commit drop;
    for f in 0 .. folds - 1 loop
        perform ecom_internal.report_progress(ecom_internal.mart_oid(mart_schema), 'uplift', 'cross-validating', f, folds);
        select ecom.uplift_fit(r.is_treated, r.is_buyer, r, fit_options) into uplift_model from pg_temp.ecom_uplift_row r where r.fold <> f;
        insert into pg_temp.ecom_uplift_score select r.customer_key, ecom.predict(uplift_model, r) from pg_temp.ecom_uplift_row r where r.fold = f;
    end loop;
    select (s.q).* into q from (
        select ecom.qini(r.is_treated, r.is_buyer::int, s.score) as q from pg_temp.ecom_uplift_row r join pg_temp.ecom_uplift_score s using (customer_key)) s;
    select ecom.uplift_fit(r.is_treated, r.is_buyer, r, fit_options) into uplift_model from pg_temp.ecom_uplift_row r;
    drop table pg_temp.ecom_uplift_row, pg_temp.ecom_uplift_score;
    perform ecom_internal.end_progress();
    model_name := ecom_internal.campaign_model_name(campaign);
    version := ecom_internal.store_model(mart_schema, model_name, uplift_model, started,
        jsonb_build_object('campaign', campaign, 'days', days, 'options', coalesce(options, '{}'), 'folds', folds),
        jsonb_build_object('treated', q.treated, 'held_out', q.held_out, 'effect', round(q.effect::numeric, 4), 'qini', round(q.qini::numeric, 6),
                           'qini_low', round(q.ci_low::numeric, 6), 'qini_high', round(q.ci_high::numeric, 6)));
    treated_customers := q.treated;
    holdout_customers := q.held_out;
    effect := q.effect;
    qini := q.qini;
    ci_low := q.ci_low;
    ci_high := q.ci_high;
    p_value := q.p_value;
    verdict := case when q.ci_low > 0 then 'ranks better than chance' when q.ci_high < 0 then 'ranks worse than chance'
                    else 'not shown to rank better than chance: treat all or none' end;
    return next;
end
$$;
comment on function ecom.fit_campaign_uplift(name, text, int, jsonb) is
'Fits whom a past campaign changed, says whether the model ranks better than chance, and stores it in the mart.
Example: SELECT * FROM ecom.fit_campaign_uplift(''shop'', ''autumn voucher'')
Treated members against those held out: outcome is an order within days from the start, features are those of the churn model at the
start (ecom_internal.churn_feature), the model is that of ecom.uplift_fit. Members without an order before the start are left out.
qini, its interval and p_value: ecom.qini on customers scored by models that have not seen them (5 folds). effect: of all, on the share
that ordered. With a qini that is not above 0, customers do not differ in ways that the model knows: treat all or none.
Arguments: mart: NULL means the setting ecom_analytics.mart. days: of the window. options: of ecom.uplift_fit.
Today''s customers by it: ecom.campaign_uplift. The model is kept as ''uplift of'' and the campaign, with versions.
Errors: 42704 for an unknown campaign, 22000 for one with too few customers of a kind, 22023 for other arguments.';

create function ecom.campaign_uplift(mart name, campaign text, n int default 10, as_of date default null)
returns table (uplift_rank bigint, customer_key int, customer_id text, name text, customer_segment text, uplift float8)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_variable
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    day constant date := ecom_internal.as_of(mart_schema, as_of);
    uplift_model constant ecom.model := ecom.current_model(mart_schema, ecom_internal.campaign_model_name(campaign));
begin
    if n is null or n < 0 then
        raise exception 'number of customers must be 0 or more, but is %', coalesce(n::text, 'NULL') using errcode = '22023', hint = 'Pass for example 10.';
    end if;
    if uplift_model is null then
        raise exception 'campaign "%" has no uplift model', coalesce(campaign, 'NULL') using errcode = '55000',
            hint = format('Fit one: SELECT * FROM ecom.fit_campaign_uplift(%L, %L).', mart_schema, campaign);
    end if;
    perform ecom_internal.write_churn_features(mart_schema, 'ecom_uplift_feature', day, ecom_internal.setting(mart_schema, 'churn.active_days')::int);
    return query execute format('
        select row_number() over (order by s.uplift desc, s.customer_key), s.customer_key, c.customer_id, c.name, c.segment, s.uplift
        from (select f.customer_key, ecom.predict($1, f) as uplift from pg_temp.ecom_uplift_feature f) s join %I.dim_customer c using (customer_key)
        order by 1 limit $2', mart_schema) using uplift_model, n;
    drop table pg_temp.ecom_uplift_feature;
end
$$;
comment on function ecom.campaign_uplift(name, text, int, date) is
'Today''s customers whom a campaign like a past one would change most, by the model of ecom.fit_campaign_uplift.
Example: SELECT u.* FROM ecom.fit_campaign_uplift(''shop'', ''autumn voucher'') f, ecom.campaign_uplift(''shop'', ''autumn voucher'', 5) u
uplift: probability of an order within the campaign''s days if treated less that if not, -1 to 1; below 0 the campaign does harm.
Arguments: mart: NULL means the setting ecom_analytics.mart. n: customers at most. as_of: day that they are looked at; by default the day after
the last sale. Only customers who ordered within the setting churn.active_days. Errors: 55000 without a model, 22023 for a negative n.';
