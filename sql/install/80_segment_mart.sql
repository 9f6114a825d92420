-- Segments over a mart: k-means on recency, frequency and amount, what refresh stores, and the BI view.

insert into ecom_internal.setting_definition
    (name, default_value, kind, is_optional, is_fixed, low, high, allowed, description)
values
    ('segments.k', '3', 'integer', true, false, 1, 100, null,
     'Number of customer segments; empty: the number from 2 to 8 with the largest mean silhouette.'),
    ('segments.transform', 'boxcox', 'text', false, false, null, null, array['none', 'log', 'boxcox', 'yeojohnson'],
     'Transform of recency, frequency and amount before segments are fitted.'),
    ('segments.scaling', 'standard', 'text', false, false, null, null, array['none', 'standard', 'minmax', 'robust'],
     'Scaling of recency, frequency and amount, after the transform.'),
    ('segments.n_init', '', 'integer', true, false, 1, 1000, null,
     'Starts of k-means, of which the best one wins; empty: 10, and up to 100 for fewer than 30,000 customers.'),
    ('segments.method', 'auto', 'text', false, false, null, null, array['auto', 'lloyd', 'minibatch'],
     'How segments are fitted: auto by Lloyd''s algorithm, and by mini-batches when customers do not fit into ecom_analytics.memory_limit.');

insert into ecom_internal.refresh_step (name, position, function, needs_sales, description) values
    ('segments', 60, 'refresh_segments', true, 'customer_segment and the model behind it');

insert into ecom_internal.requirement (capability, measure, position, description, needed, advice) values
    ('segments', 'customers', 330, 'customers with orders, as many as segments',
     'coalesce(nullif(ecom_internal.setting({mart_name}, ''segments.k''), ''''), ''2'')',
     'Map customer_id, load more customers, or lower the setting segments.k.');

insert into ecom_internal.mart_part (name, position, ddl) values ('segments', 51, $ddl$
create table {mart}.customer_segment (
    customer_key     int              primary key references {mart}.dim_customer on delete cascade,
    as_of_date       date             not null,
    segment          text             not null,
    previous_segment text,
    cluster          int              not null,
    recency_days     int              not null,
    frequency        int              not null,
    monetary_amount  numeric(18,2)    not null,
    center_distance  double precision not null,
    silhouette       double precision,
    pc1              double precision not null,
    pc2              double precision not null
);
create index customer_segment_segment_idx on {mart}.customer_segment (segment);
comment on table {mart}.customer_segment is 'One row per customer with an order: the segment by k-means, written by ecom.refresh.';
comment on column {mart}.customer_segment.customer_key is 'Customer, to dim_customer.';
comment on column {mart}.customer_segment.as_of_date is 'Day that recency, frequency and amount look back from.';
comment on column {mart}.customer_segment.segment is
    'Name of the segment by its rank in value and recency, so that it means the same after every refresh.';
comment on column {mart}.customer_segment.previous_segment is 'Segment at the refresh before; empty for customers who are new since then.';
comment on column {mart}.customer_segment.cluster is 'Number of the cluster in the model; may change with every refresh, unlike the name.';
comment on column {mart}.customer_segment.recency_days is 'Days from the last order to as_of_date.';
comment on column {mart}.customer_segment.frequency is 'Number of orders.';
comment on column {mart}.customer_segment.monetary_amount is 'Revenue of the customer, in the mart''s currency.';
comment on column {mart}.customer_segment.center_distance is 'Distance to the centre of the segment, in transformed and scaled units.';
comment on column {mart}.customer_segment.silhouette is
    'How clearly the customer belongs to the segment: 1 at its centre, 0 half way to the next one (simplified silhouette); empty for one segment.';
comment on column {mart}.customer_segment.pc1 is 'First coordinate for a scatter chart: the principal component with the largest variance.';
comment on column {mart}.customer_segment.pc2 is 'Second coordinate for a scatter chart.';

create table {mart}.segment_profile (
    segment              text             primary key,
    customer_count       bigint           not null,
    customer_rate        numeric(9,4)     not null,
    order_count          bigint           not null,
    monetary_amount      numeric(18,2)    not null,
    monetary_rate        numeric(9,4),
    mean_recency_days    numeric(18,1)    not null,
    mean_frequency       numeric(18,2)    not null,
    mean_monetary_amount numeric(18,2)    not null,
    mean_silhouette      double precision,
    moved_in_count       bigint           not null,
    moved_out_count      bigint           not null,
    new_customer_count   bigint           not null,
    as_of_date           date             not null
);
comment on table {mart}.segment_profile is
'One row per segment by k-means: size, share of revenue, means, and who moved since the refresh before. Written by ecom.refresh.';
comment on column {mart}.segment_profile.segment is 'Name of the segment by its rank in value and recency.';
comment on column {mart}.segment_profile.customer_count is 'Customers in the segment.';
comment on column {mart}.segment_profile.customer_rate is 'Share of all customers with an order, 0 to 1.';
comment on column {mart}.segment_profile.order_count is 'Orders of the segment''s customers.';
comment on column {mart}.segment_profile.monetary_amount is 'Revenue of the segment''s customers.';
comment on column {mart}.segment_profile.monetary_rate is 'Share of the revenue of all customers with an order; empty when that is zero.';
comment on column {mart}.segment_profile.mean_recency_days is 'Mean days since the last order.';
comment on column {mart}.segment_profile.mean_frequency is 'Mean number of orders a customer.';
comment on column {mart}.segment_profile.mean_monetary_amount is 'Mean revenue a customer.';
comment on column {mart}.segment_profile.mean_silhouette is 'Mean of the simplified silhouette, 0 to 1: how clearly the segment stands apart.';
comment on column {mart}.segment_profile.moved_in_count is 'Customers who were in another segment at the refresh before.';
comment on column {mart}.segment_profile.moved_out_count is 'Customers who were here at the refresh before and are in another segment now.';
comment on column {mart}.segment_profile.new_customer_count is 'Customers who were in no segment at the refresh before.';
comment on column {mart}.segment_profile.as_of_date is 'Day that the segments look back from.';
$ddl$);

create function ecom_internal.segment_names(model ecom.model) returns table (cluster int, segment text)
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    with center as (
        select c.cluster, count(*) over () as k,
               row_number() over (order by c.center[3] desc, c.center[1], c.cluster) as value_rank,
               row_number() over (order by c.center[1], c.center[3] desc, c.cluster) as recency_rank
        from ecom.kmeans_centers(model) c
    ), named as (
        select c.cluster, c.value_rank,
               case when c.k = 1 then 'All customers'
                    else (array['High value', 'Medium value', 'Low value'])
                             [case when c.k = 2 then 2 * c.value_rank - 1 else (c.value_rank - 1) * 3 / c.k + 1 end]
                         || case when (c.recency_rank - 1) * 2 / c.k = 0 then ', recent' else ', lapsed' end end as name
        from center c
    )
    select n.cluster, n.name || case when row_number() over same_name > 1 then ' ' || row_number() over same_name else '' end
    from named n window same_name as (partition by n.name order by n.value_rank)
$$;
comment on function ecom_internal.segment_names(ecom.model) is
'Names of the clusters of a model of recency, frequency and amount, by the ranks of their centres: the upper, middle and lower third by
amount, and the recent and the lapsed half by recency. Clusters that would share a name are numbered by amount.';

create function ecom_internal.segment_options(mart name) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select jsonb_strip_nulls(jsonb_build_object(
        'transform', ecom_internal.setting(mart, 'segments.transform'), 'scaling', ecom_internal.setting(mart, 'segments.scaling'),
        'n_init', nullif(ecom_internal.setting(mart, 'segments.n_init'), '')::int, 'method', ecom_internal.setting(mart, 'segments.method')))
$$;
comment on function ecom_internal.segment_options(name) is 'The options of ecom.kmeans_fit that a mart''s settings ask for.';

create function ecom_internal.segment_rows(
    query text, k int, options text, out customer_key int, out customer_id text, out recency_days int, out frequency int, out monetary numeric,
    out cluster int, out segment text, out distance double precision, out silhouette double precision) returns setof record
    language c stable parallel restricted as 'MODULE_PATHNAME', 'ecom_segment_rows';
comment on function ecom_internal.segment_rows(text, int, text) is
'Fits segments to the customers of a query and returns them: one row per row without a NULL.
Arguments: query: of customer_key int, customer_id text, recency_days int, frequency int, monetary numeric; NULL gives no rows. k and options: as
ecom.kmeans_fit. Memory: some 100 bytes a customer besides the fit.';

create function ecom_internal.segment_query(mart name, as_of date) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    as_of_date constant date := ecom_internal.as_of(mart_schema, as_of);
    is_kept boolean;
begin
    if as_of_date is null then
        return null;
    end if;
    -- What refresh keeps of customers serves when it holds every line before that day; a bound mart has no triggers to tell.
    if ecom_internal.is_rolled_up(mart_schema) and ecom_internal.setting(mart_schema, 'mart.bound') <> 'true'
       and ecom_internal.setting(mart_schema, 'rfm.window_days') = '' then
        execute format('select s.last_date < $1 from %I.rollup_state s', mart_schema) into is_kept using as_of_date;
    end if;
    if is_kept then
        return format('
            select c.customer_key, c.customer_id, %1$L::date - s.last_order_date, s.order_count, round(s.%2$I, 2)
            from %3$I.customer_summary s join %3$I.dim_customer c on c.customer_key = s.customer_key where s.order_count > 0',
            as_of_date, case ecom_internal.setting(mart_schema, 'rfm.returns') when 'ignore' then 'gross_amount' else 'revenue_amount' end, mart_schema);
    end if;
    return format('
        select c.customer_key, c.customer_id, s.recency_days, s.frequency, round(s.monetary::numeric, 2)
        from (%s) s join %I.dim_customer c on c.customer_key = s.customer_key where s.frequency > 0',
        ecom_internal.rfm_query(mart_schema, as_of_date, null, null, 'equal', null, 'ecom.rfm_rows', 's.*'), mart_schema);
end
$$;
comment on function ecom_internal.segment_query(name, date) is
'The query of ecom_internal.segment_rows for a mart: from customer_summary where that holds all sales before the day, else from the lines. Both
measure customers as ecom.rfm_score does. NULL for a mart without sales.';

create function ecom.kmeans_segment(mart name, as_of date default null, k int default null)
returns table (customer_key int, customer_id text, recency_days int, frequency int, monetary numeric, cluster int, segment text,
               distance double precision, silhouette double precision)
language sql stable parallel restricted
begin atomic
    select s.customer_key, s.customer_id, s.recency_days, s.frequency, s.monetary, s.cluster, s.segment, s.distance, s.silhouette
    from ecom_internal.segment_rows(
        ecom_internal.segment_query(kmeans_segment.mart, kmeans_segment.as_of),
        coalesce(kmeans_segment.k, nullif(ecom_internal.setting(kmeans_segment.mart, 'segments.k'), '')::int),
        ecom_internal.segment_options(kmeans_segment.mart)::text) s;
end;
comment on function ecom.kmeans_segment(name, date, int) is
'Segments the customers of a mart by k-means on recency, frequency and amount as of a date.
Example: SELECT segment, count(*), round(avg(monetary), 2) AS mean_amount FROM ecom.kmeans_segment(''shop'') GROUP BY segment
One row per customer with an order before as_of. Fits anew and stores nothing: step segments of ecom.refresh writes customer_segment and the
model, and ecom.predict_segment scores new customers with that. Measures as ecom.rfm_score over a mart has them.
Arguments: mart; NULL means the setting ecom_analytics.mart. as_of: default the day after the last sale. k: number of segments, default the setting
segments.k; when that is empty the number from 2 to 8 with the largest mean silhouette. Settings segments.transform (boxcox), segments.scaling
(standard), segments.n_init and segments.method hold. segment: name by the ranks of the centres in amount and recency. distance and silhouette: as ecom.kmeans_assign.
Errors: 22023 for k out of 1 to 10000, 22000 for fewer different customers than segments. 
Time: one fit, and one pass over customer_summary when that is up to date and as_of follows the last sale, else over fact_sales.';

create function ecom.predict_segment(mart name, recency_days double precision, frequency double precision, monetary double precision)
returns table (cluster int, segment text, distance double precision, silhouette double precision, pc1 double precision, pc2 double precision)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    model constant ecom.model := ecom.current_model(mart_schema, 'segments');
    components constant ecom.model := ecom.current_model(mart_schema, 'segments.pca');
    features constant double precision[] := array[predict_segment.recency_days, predict_segment.frequency, predict_segment.monetary];
begin
    if model is null then
        raise exception 'mart % has no model of segments', quote_ident(mart_schema) using errcode = '55000',
            hint = format('Fit it first: SELECT * FROM ecom.refresh(%L, ''{rfm,segments}'').', mart_schema);
    end if;
    if array_position(features, null) is not null then
        return query select null::int, null::text, null::double precision, null::double precision, null::double precision, null::double precision;
        return;
    end if;
    return query
        select a.cluster, n.segment, a.distance, a.silhouette, p.scores[1], p.scores[2]
        from ecom.kmeans_assign(model, features) a
        join ecom_internal.segment_names(model) n on n.cluster = a.cluster
        cross join lateral (select ecom.pca_transform(components, ecom.kmeans_features(model, features)) as scores) p;
end
$$;
comment on function ecom.predict_segment(name, double precision, double precision, double precision) is
'The segment of one customer by a mart''s current model, for example of a customer who ordered since the last refresh.
Example: SELECT * FROM ecom.predict_segment(''shop'', 12, 3, 250)
Uses what the model holds only: lambdas, scaling and centres as they were fitted. recency_days: days since the last order; frequency: orders; monetary:
their amount. One row; all NULL when a measure is NULL.
Arguments: mart; NULL means the setting ecom_analytics.mart. Errors: 55000 before the first ecom.refresh with step segments, 22003 for NaN and infinity.';

create function ecom_internal.write_segment_profile(mart name) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('
        delete from %1$I.segment_profile;
        insert into %1$I.segment_profile
        select s.segment, count(*), count(*) / sum(count(*)) over (), sum(s.frequency), sum(s.monetary_amount),
               sum(s.monetary_amount) / nullif(sum(sum(s.monetary_amount)) over (), 0), avg(s.recency_days), avg(s.frequency),
               avg(s.monetary_amount), avg(s.silhouette), count(*) filter (where s.previous_segment <> s.segment),
               coalesce(min(o.moved_out_count), 0), count(*) filter (where s.previous_segment is null), min(s.as_of_date)
        from %1$I.customer_segment s
        left join (select m.previous_segment, count(*) as moved_out_count from %1$I.customer_segment m
                   where m.previous_segment <> m.segment group by m.previous_segment) o on o.previous_segment = s.segment
        group by s.segment', mart);
end
$$;
comment on function ecom_internal.write_segment_profile(name) is
'Sums customer_segment into segment_profile, so that a chart of ten segments does not read a million customers.
Arguments: mart: the resolved name.';

create function ecom_internal.clear_segments(mart name) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('delete from %1$I.customer_segment; delete from %1$I.segment_profile', mart);
end
$$;
comment on function ecom_internal.clear_segments(name) is
'Empties customer_segment and its sums: a shop without enough customers has no segments.
Arguments: mart: the resolved name.';

create function ecom_internal.refresh_segments(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_id constant oid := ecom_internal.mart_oid(mart);
    features constant text := 'array[s.recency_days, s.frequency, s.monetary_amount]::double precision[]';
    k constant int := nullif(ecom_internal.setting(mart, 'segments.k'), '')::int;
    options constant jsonb := ecom_internal.segment_options(mart);
    customers text := format('select r.customer_key, r.recency_days, r.frequency, r.monetary_amount from %I.customer_rfm r where r.frequency > 0', mart);
    is_scored boolean;
    customer_count bigint;
    fitted ecom.model;
    model ecom.model;
    components ecom.model;
    info jsonb;
begin
    -- What step rfm stored serves when it looks back from the same day.
    execute format('select exists (select from %1$I.customer_rfm where as_of_date = $1)
                    and not exists (select from %1$I.customer_rfm where as_of_date <> $1)', mart) into is_scored using as_of;
    if not is_scored then
        customers := format('select r.customer_key, r.recency_days, r.frequency, round(r.monetary, 2) as monetary_amount
                             from ecom.rfm_score(%L, %L) r where r.frequency > 0', mart, as_of);
    end if;
    execute format('select count(*) from (%s) s', customers) into customer_count;
    if customer_count < coalesce(k, 2) then
        perform ecom_internal.clear_segments(mart);
        rows := 0;
        reason := format('%s customers with orders are too few for %s segments', customer_count, coalesce(k, 2));
        return;
    end if;

    perform ecom_internal.report_progress(mart_id, 'segments', 'fitting segments', 0, customer_count);
    begin
        execute format('select ecom.kmeans_fit(%s, $1, $2) from (%s) s', features, customers) into fitted using k, options;
    exception when data_exception then
        -- Too few customers who differ.
        perform ecom_internal.clear_segments(mart);
        rows := 0;
        reason := sqlerrm;
        return;
    end;
    info := ecom.model_info(fitted);
    perform ecom_internal.store_model(
        mart, 'segments', fitted, as_of,
        options || jsonb_build_object('k', (info ->> 'clusters')::int, 'is_chosen', k is null,
                                      'features', array['recency_days', 'frequency', 'monetary_amount']),
        jsonb_build_object('inertia', info -> 'inertia', 'customers', customer_count,
                           'segments', (select jsonb_object_agg(n.segment, c.size) from ecom.kmeans_centers(fitted) c
                                        join ecom_internal.segment_names(fitted) n on n.cluster = c.cluster),
                           'trials', (select jsonb_agg(to_jsonb(t) order by t.k) from ecom.kmeans_trials(fitted) t)));
    -- The version in effect scores: an older one where models are promoted by hand.
    model := ecom.current_model(mart, 'segments');
    execute format('select ecom.pca_fit(ecom.kmeans_features($1, %s), 2) from (%s) s', features, customers) into components using model;
    perform ecom_internal.store_model(mart, 'segments.pca', components, as_of);
    components := ecom.current_model(mart, 'segments.pca');

    perform ecom_internal.report_progress(mart_id, 'segments', 'scoring customers', 0, customer_count);
    execute format('delete from %I.customer_segment t where not exists (select from (%s) s where s.customer_key = t.customer_key)', mart, customers);
    execute format('
        merge into %I.customer_segment t
        using (select a.customer_key, a.recency_days, a.frequency, a.monetary_amount, n.segment, (a.a).cluster, (a.a).distance,
                      (a.a).silhouette, a.scores[1] as pc1, a.scores[2] as pc2
               from (select s.*, ecom.kmeans_assign($2, %2$s) as a, ecom.pca_transform($3, ecom.kmeans_features($2, %2$s)) as scores
                     from (%3$s) s offset 0) a
               join ecom_internal.segment_names($2) n on n.cluster = (a.a).cluster) s
        on t.customer_key = s.customer_key
        when matched then update set
            as_of_date = $1, segment = s.segment, previous_segment = t.segment, cluster = s.cluster, recency_days = s.recency_days,
            frequency = s.frequency, monetary_amount = s.monetary_amount, center_distance = s.distance, silhouette = s.silhouette,
            pc1 = s.pc1, pc2 = s.pc2
        when not matched then insert
            (customer_key, as_of_date, segment, previous_segment, cluster, recency_days, frequency, monetary_amount, center_distance,
             silhouette, pc1, pc2)
            values (s.customer_key, $1, s.segment, null, s.cluster, s.recency_days, s.frequency, s.monetary_amount, s.distance,
                    s.silhouette, s.pc1, s.pc2)', mart, features, customers)
        using as_of, model, components;
    get diagnostics rows = row_count;
    execute format('analyze %I.customer_segment', mart);
    perform ecom_internal.write_segment_profile(mart);
    reason := '';
end
$$;
comment on function ecom_internal.refresh_segments(name, date) is
'Step segments of ecom.refresh: fits recency, frequency and amount, stores the model as segments and its principal components as segments.pca,
and writes customer_segment by the versions in effect.';
