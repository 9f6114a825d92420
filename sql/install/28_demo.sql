-- The demo shop: a mart filled with a realistic shop whose truths are known. docs/demo_data.md says what
-- was planted.

create function ecom_internal.demo_fill(
    mart name, customers int, orders bigint, months int, seed bigint, end_date date,
    out line_count bigint, out holiday_dates date[], out holiday_names text[]) returns record
    language c volatile strict as 'MODULE_PATHNAME', 'ecom_demo_fill';
comment on function ecom_internal.demo_fill(name, int, bigint, int, bigint, date) is
'Inserts the demo shop into the empty tables of a mart; returns the number of order lines and its holidays.';

create function ecom_internal.plant_campaign(mart name, campaign text, start_date date, seed bigint) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    members bigint;
begin
    execute format('insert into %I.campaign (campaign, start_date, fixed_cost_amount, description) values ($1, $2, 50, $3)', mart)
        using campaign, start_date, 'Voucher for the next order, drawn by lot';
    -- The orders are there already: who was treated is drawn from who ordered, by Bayes'' rule, so that both together are as if the
    -- campaign had raised the share of those who order. Customers that look alike beforehand are drawn together, each half and half.
    execute format('
        with known as (
            select f.customer_key, max(f.ordered_at) filter (where f.ordered_at < $2::timestamp)::date as last_date,
                   count(*) filter (where f.line_number = 1 and f.ordered_at < $2::timestamp) as orders,
                   bool_or(f.ordered_at >= $2::timestamp) as is_buyer
            from %1$I.fact_sales f
            where not f.is_return and f.customer_key <> 0 and f.ordered_at >= ($2 - 365)::timestamp and f.ordered_at < ($2 + 90)::timestamp
            group by f.customer_key
            having bool_or(f.ordered_at < $2::timestamp)),
        alike as (
            select k.customer_key, c.customer_id, k.is_buyer, e.effect,
                   avg(k.is_buyer::int) over (partition by c.segment, width_bucket($2 - k.last_date, array[30, 60, 120]), width_bucket(k.orders, array[3, 8]))::float8 as rate
            from known k join %1$I.dim_customer c using (customer_key)
            cross join lateral (select case c.segment when ''Budget'' then 0.16 when ''Regular'' then 0.08 else 0 end::float8) e (effect)),
        drawn as (
            select a.customer_key, (hashtextextended($1 || ''/'' || a.customer_id, $3) & 9007199254740991)::float8 / 9007199254740992
                   < 0.5 * case when a.is_buyer then (a.rate + 0.5 * x.effect) / a.rate else (1 - a.rate - 0.5 * x.effect) / (1 - a.rate) end as is_treated
            from alike a cross join lateral (select least(a.effect, 2 * a.rate, 2 * (1 - a.rate))) x (effect))
        insert into %1$I.campaign_member (campaign, customer_key, is_holdout, action, cost_amount)
        select $1, d.customer_key, not d.is_treated, ''voucher'', case when d.is_treated then 2 else 0 end from drawn d order by d.customer_key', mart)
        using campaign, start_date, seed;
    get diagnostics members = row_count;
    return members;
end
$$;
comment on function ecom_internal.plant_campaign(name, text, date, bigint) is
'Writes a campaign of 90 days into a demo mart as if it had raised the share of customers who order, by segment (docs/demo_data.md), without
changing an order; returns its members, customers who ordered in the year before. Equal arguments give equal members.';

create function ecom.load_demo(
    mart name,
    customers int default 2000,
    orders bigint default 15000,
    months int default 24,
    seed bigint default 42,
    end_date date default '2025-12-31'
) returns table (loaded_lines bigint, orders_loaded bigint, customers_loaded bigint, products_loaded bigint,
                 first_date date, last_date date, seconds double precision)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    wanted_mart constant name := coalesce(nullif(mart, ''), nullif(current_setting('ecom_analytics.mart', true), ''));
    mart_schema name;
    mart_id oid;
    started_at constant timestamptz := clock_timestamp();
    is_filled boolean;
    filled record;
    duration double precision;
    part record;
begin
    if customers is null or orders is null or months is null or seed is null or end_date is null then
        raise exception 'the size, seed and end of the demo shop must not be NULL' using errcode = '22023',
            hint = 'Leave an argument out to get its default.';
    end if;
    if not exists (select from pg_namespace where nspname = wanted_mart) then
        perform ecom.create_mart(wanted_mart);
    end if;
    mart_schema := ecom_internal.mart_name(wanted_mart);
    mart_id := ecom_internal.mart_oid(mart_schema);
    if ecom_internal.setting(mart_schema, 'mart.bound') = 'true' then
        raise exception 'mart % is bound to tables of its user', quote_ident(mart_schema) using errcode = '55000',
            hint = 'Load the demo shop into a mart made by ecom.create_mart.';
    end if;
    execute format('lock table %I.load_log in share row exclusive mode', mart_schema);
    execute format('select exists (select from %1$I.fact_sales) or exists (select from %1$I.dim_customer where customer_key <> 0)
                        or exists (select from %1$I.dim_product where product_key <> 0)', mart_schema) into is_filled;
    if is_filled then
        raise exception 'mart % is not empty', quote_ident(mart_schema) using errcode = '55000',
            hint = 'Load the demo shop into a new mart: SELECT * FROM ecom.load_demo(''demo'').';
    end if;

    perform ecom_internal.report_progress(mart_id, 'load_demo', 'planning the shop', 0, orders);
    -- A range that makes no sense is left to demo_fill, which says what is wrong with it.
    if months between 1 and 240 and isfinite(end_date) then
        perform ecom_internal.extend_dates(mart_schema,
            (date_trunc('month', end_date) - make_interval(months => months - 1))::date, end_date);
        perform ecom_internal.add_month_partitions(mart_schema, array(
            select day::date from generate_series(date_trunc('month', end_date) - make_interval(months => months - 1),
                                                  end_date, interval '1 month') day));
    end if;
    perform ecom_internal.drop_fact_constraints(mart_schema);
    perform ecom_internal.drop_change_triggers(mart_schema);
    perform ecom_internal.report_progress(mart_id, 'load_demo', 'inserting orders', 0, orders);
    select * into filled from ecom_internal.demo_fill(mart_schema, customers, orders, months, seed, end_date);
    perform ecom.set_holidays(mart_schema, filled.holiday_dates, filled.holiday_names);
    perform ecom.set_intervention(mart_schema, i.name, i.cost, i.save_rate, i.applies_to, 'assumption', i.description)
    from (values ('reminder', 0.10, 0.01, '{}'::jsonb, 'Message about what is new'),
                 ('voucher', 5, 0.08, '{"churn_band": ["High", "Medium"]}', 'Voucher for the next order'),
                 ('call', 8, 0.12, '{"churn_band": "High"}', 'Personal call')) i (name, cost, save_rate, applies_to, description);
    perform ecom.set_shipping_cost(mart_schema, c.carrier, c.cost)
    from (values ('Parcelo', 3.90), ('Northline', 4.90), ('Swiftline', 7.90)) c (carrier, cost);
    perform ecom_internal.plant_campaign(mart_schema, 'autumn voucher', end_date - 90, seed);
    perform ecom_internal.report_progress(mart_id, 'load_demo', 'building keys and indexes', 0, 0);
    perform ecom_internal.create_fact_constraints(mart_schema);
    perform ecom_internal.create_change_triggers(mart_schema);
    perform ecom_internal.note_everything(mart_schema);
    for part in select t.table_name, t.key_name from (values
        ('fact_sales', 'sales_key'), ('dim_customer', 'customer_key'), ('dim_product', 'product_key'),
        ('dim_geography', 'geography_key'), ('dim_channel', 'channel_key'),
        ('dim_payment_method', 'payment_method_key'), ('dim_shipping_method', 'shipping_method_key')) t (table_name, key_name)
    loop
        -- Rows came with their keys; what is added later continues after them.
        execute format('select setval(pg_get_serial_sequence(%L, %L), greatest((select max(%I) from %s), 1))',
                       format('%I.%I', mart_schema, part.table_name), part.key_name, part.key_name,
                       format('%I.%I', mart_schema, part.table_name));
        perform ecom_internal.report_progress(mart_id, 'load_demo', 'gathering statistics', 0, 0);
        execute format('analyze %I.%I', mart_schema, part.table_name);
    end loop;
    execute format('analyze %1$I.dim_date, %1$I.fact_marketing_spend', mart_schema);

    duration := extract(epoch from clock_timestamp() - started_at);
    execute format('insert into %I.load_log (source, columns, rules, read_lines, loaded_lines, orders, new_customers,
                                             new_products, seconds, started_at)
                    values ($1, ''{}'', ''{}'', $2, $2, $3, $4, (select count(*) from %I.dim_product where product_key <> 0), $5, $6)',
                   mart_schema, mart_schema)
        using format('demo shop: customers %s, orders %s, months %s, seed %s, end_date %s',
                     customers, orders, months, seed, to_char(end_date, 'YYYY-MM-DD')),
              filled.line_count, orders, customers::bigint, duration, started_at;
    perform ecom_internal.end_progress();
    return query execute format('
        select $1, $2, $3, (select count(*) from %1$I.dim_product where product_key <> 0),
               (select d.date from %1$I.dim_date d where d.date_key = (select min(order_date_key) from %1$I.fact_sales)),
               (select d.date from %1$I.dim_date d where d.date_key = (select max(order_date_key) from %1$I.fact_sales)), $4',
        mart_schema) using filled.line_count, orders, customers::bigint, duration;
end
$$;
comment on function ecom.load_demo(name, int, bigint, int, bigint, date) is
'Fills an empty mart with a deterministic, realistic shop; creates the mart when there is none of that name.
Example: SELECT * FROM ecom.load_demo(''shop'')
Arguments: customers (1 to 10,000,000; some never order), orders (1 to 100,000,000 sales orders of about 2.3 lines;
returns come on top), months (1 to 240 whole months), seed (equal arguments give equal rows), end_date (last day of a month).
What is planted (trend, seasons, promotions, churn, elasticities, affinities, advertising response, a campaign) is in docs/demo_data.md.
Returns one row: lines, sales orders, customers, products, first and last date, seconds. Progress: ecom.progress.
Errors: 22023 for a size out of range, 55000 when the mart has data or is bound, 54000 when the plan (12 bytes an order)
is larger than ecom_analytics.memory_limit.';
