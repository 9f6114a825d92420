-- What customers will still bring, over a mart: the models that refresh fits, what it stores, and look-ups.

insert into ecom_internal.setting_definition
    (name, default_value, kind, is_optional, is_fixed, low, high, allowed, description)
values
    ('value.method', 'auto', 'text', false, false, null, null, array['auto', 'bg_nbd', 'mbg_nbd', 'pareto_nbd', 'nbd'],
     'Model of orders in customer_value: see ecom.btyd_fit; auto takes the likeliest of bg_nbd, mbg_nbd and pareto_nbd.'),
    ('value.horizon_days', '365', 'integer', false, false, 1, 3650, null,
     'Days ahead that expected orders and lifetime value of customer_value cover.'),
    ('value.annual_rate', '0.1', 'number', false, false, 0, 10, null,
     'Discount rate of lifetime values for a year: 0.1 is ten percent.'),
    ('value.window_coverage', '0.8', 'number', false, false, 0.01, 0.99, null,
     'Probability that the next order of a customer who is still there falls into its window.'),
    ('value.holdout_days', '90', 'integer', false, false, 7, 1825, null,
     'Last days of the history that the model of orders is judged on, by one that was fitted without them.'),
    ('value.estimate', 'blend', 'text', false, false, null, null, array['blend', 'btyd', 'forest'],
     'Lifetime value of customer_value: by models of orders and spend (btyd), by a forest, or both, weighed by their errors on held-out customers.'),
    ('value.features', 'extended', 'text', false, false, null, null, array['extended', 'documented'],
     'What the forest of lifetime values looks at: all features, or the six of docs/lifetime_value.md.');

insert into ecom_internal.refresh_step (name, position, function, needs_sales, description) values
    ('value', 75, 'refresh_value', true, 'customer_value: P(alive), expected orders and spend, lifetime value by two models, next order');

insert into ecom_internal.requirement (capability, measure, position, description, needed, advice) values
    ('customer_value', 'repeat_customers', 390, 'customers with orders on two days or more', '10', 'Map customer_id, or load a longer history.'),
    ('customer_value_forest', 'customers', 391, 'customers with orders', '50', 'Map customer_id, or load a longer history.'),
    ('customer_value_forest', 'months_with_sales', 392, 'months with sales, before the horizon and for it',
     'ceil(ecom_internal.setting({mart_name}, ''value.horizon_days'')::int / 30.0)::int + 2', 'Load a longer history, or lower the setting value.horizon_days.');

insert into ecom_internal.mart_part (name, position, ddl) values ('customer_value', 53, $ddl$
create table {mart}.customer_value (
    customer_key             int              primary key references {mart}.dim_customer on delete cascade,
    as_of_date               date             not null,
    order_day_count          int              not null,
    p_alive                  double precision not null,
    expected_order_count     double precision not null,
    expected_spend           numeric(18,4)    not null,
    lifetime_value           numeric(18,4)    not null,
    btyd_value               numeric(18,4)    not null,
    forest_value             numeric(18,4),
    value_band               text             not null,
    next_order_date          date,
    next_order_earliest_date date,
    next_order_latest_date   date
);
create index customer_value_lifetime_value_idx on {mart}.customer_value (lifetime_value desc, customer_key);
comment on table {mart}.customer_value is
'One row per known customer with an order: what the customer is expected to bring within the setting value.horizon_days. Written by ecom.refresh.';
comment on column {mart}.customer_value.customer_key is 'Customer, to dim_customer.';
comment on column {mart}.customer_value.as_of_date is 'Day that the figures look ahead from.';
comment on column {mart}.customer_value.order_day_count is 'Days with an order so far.';
comment on column {mart}.customer_value.p_alive is 'Probability that the customer has not left, 0 to 1.';
comment on column {mart}.customer_value.expected_order_count is 'Orders expected within the horizon; that the customer may have left is counted in.';
comment on column {mart}.customer_value.expected_spend is 'Expected revenue of an order.';
comment on column {mart}.customer_value.lifetime_value is
'Expected revenue within the horizon, discounted by the setting value.annual_rate: btyd_value and forest_value, blended by the setting value.estimate.';
comment on column {mart}.customer_value.btyd_value is 'The same by the models of orders and spend: expected orders times expected_spend, discounted.';
comment on column {mart}.customer_value.forest_value is 'The same by the model value.forest; empty where the history is too short for it.';
comment on column {mart}.customer_value.value_band is
'High for the customers who make up the first half of all lifetime value, best first, Medium until four fifths, then Low.';
comment on column {mart}.customer_value.next_order_date is 'Median date of the next order if the customer is still there; empty when a century away.';
comment on column {mart}.customer_value.next_order_earliest_date is 'First day of the window of the next order, see the setting value.window_coverage.';
comment on column {mart}.customer_value.next_order_latest_date is 'Last day of the window of the next order; empty when a century away.';

create table {mart}.value_band (
    value_band           text             primary key,
    sort_order           int              not null,
    as_of_date           date             not null,
    customer_count       bigint           not null,
    mean_p_alive         double precision not null,
    expected_order_count double precision not null,
    lifetime_value       numeric(18,4)    not null,
    value_share          double precision not null
);
comment on table {mart}.value_band is 'One row per value band: sums over customer_value at the last refresh.';
comment on column {mart}.value_band.value_band is 'High, Medium or Low: see customer_value.';
comment on column {mart}.value_band.sort_order is 'Position in a chart.';
comment on column {mart}.value_band.as_of_date is 'Day that the figures look ahead from.';
comment on column {mart}.value_band.customer_count is 'Customers in the band.';
comment on column {mart}.value_band.mean_p_alive is 'Mean probability that they have not left.';
comment on column {mart}.value_band.expected_order_count is 'Orders expected of them within the horizon.';
comment on column {mart}.value_band.lifetime_value is 'Sum of their lifetime values.';
comment on column {mart}.value_band.value_share is 'Its share of all, 0 to 1.';

create view {mart}.customer_value_overview as
select v.customer_key, c.customer_id, c.name as customer_name, c.segment as customer_segment, v.value_band, v.lifetime_value, v.btyd_value, v.forest_value, v.p_alive,
       v.expected_order_count, v.expected_spend, v.next_order_date, v.next_order_earliest_date, v.next_order_latest_date, v.as_of_date
from {mart}.customer_value v
join {mart}.dim_customer c on c.customer_key = v.customer_key;
comment on view {mart}.customer_value_overview is 'One row per known customer with an order: name, segment and expected value.';
select ecom_internal.copy_column_comments({mart_name}, 'customer_value', 'customer_value_overview');
comment on column {mart}.customer_value_overview.customer_id is 'Id of the customer in the source.';
comment on column {mart}.customer_value_overview.customer_name is 'Name of the customer.';
comment on column {mart}.customer_value_overview.customer_segment is 'Segment that the shop itself gave the customer.';
$ddl$);

create function ecom_internal.write_value_history(mart name, relation name, end_day date) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('
        create temporary table %1$I on commit drop as
        select d.customer_key, count(*)::int - 1 as frequency, max(d.day) - f.first_day as recency, $1 - f.first_day as age,
               (sum(d.amount) filter (where d.day > f.first_day) / nullif(count(*) - 1, 0))::float8 as mean_spend
        from pg_temp.ecom_value_day d
        join (select customer_key, min(day) as first_day from pg_temp.ecom_value_day where day <= $1 group by customer_key) f using (customer_key)
        where d.day <= $1
        group by d.customer_key, f.first_day', relation) using end_day;
    execute format('analyze pg_temp.%I', relation);
end
$$;
comment on function ecom_internal.write_value_history(name, name, date) is
'Makes a temporary table of the histories of customers until a day from the temporary table ecom_value_day of order days.';

create function ecom_internal.fit_orders(relation name, method text) returns ecom.model
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    candidate text;
    fitted ecom.model;
    best ecom.model;
    aic float8;
    best_aic float8;
begin
    foreach candidate in array case method when 'auto' then array['mbg_nbd', 'bg_nbd', 'pareto_nbd'] else array[method] end
    loop
        execute format('select ecom.btyd_fit(frequency, recency, age, $1) from pg_temp.%I', relation) into fitted using candidate;
        aic := (ecom.btyd_summary(fitted)).aic;
        if best is null or aic < best_aic then
            best := fitted;
            best_aic := aic;
        end if;
    end loop;
    return best;
end
$$;
comment on function ecom_internal.fit_orders(name, text) is
'The model of orders by the setting value.method, of a temporary table of histories.';

create function ecom_internal.value_holdout(mart name, as_of date, method text) returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    days constant int := ecom_internal.setting(mart, 'value.holdout_days')::int;
    end_day constant date := as_of - days - 1;
    repeat_customers bigint;
    metrics jsonb;
begin
    perform ecom_internal.write_value_history(mart, 'ecom_value_calibration', end_day);
    select count(*) into repeat_customers from pg_temp.ecom_value_calibration where frequency > 0;
    if repeat_customers >= 10 then
        with expected as (
            select h.customer_key, ecom.expected_purchases(m.model, h.frequency, h.recency, h.age, days) as orders
            from pg_temp.ecom_value_calibration h cross join (
                select ecom.btyd_fit(c.frequency, c.recency, c.age, method) as model from pg_temp.ecom_value_calibration c) m),
        actual as (
            select customer_key, count(*) as orders from pg_temp.ecom_value_day where day > end_day group by customer_key)
        select jsonb_build_object('holdout_days', days, 'holdout_customers', count(*), 'holdout_orders', coalesce(sum(a.orders), 0),
                   'holdout_expected_orders', round(sum(e.orders)::numeric, 1), 'holdout_mae', round((r.m).mae::numeric, 6),
                   'holdout_baseline_mae', round((r.m).baseline_mae::numeric, 6), 'holdout_rmse', round((r.m).rmse::numeric, 6),
                   'holdout_baseline_rmse', round((r.m).baseline_rmse::numeric, 6))
        into metrics
        from expected e left join actual a using (customer_key)
        cross join (select ecom.regression_metrics(coalesce(a.orders, 0), e.orders) as m from expected e left join actual a using (customer_key)) r
        group by r.m;
    end if;
    drop table pg_temp.ecom_value_calibration;
    return coalesce(metrics, '{}');
end
$$;
comment on function ecom_internal.value_holdout(name, date, text) is
'How far orders expected in the last value.holdout_days days before as_of were from those that came, by a model of the method that was
fitted without these days. The baselines expect the mean of all of every customer. Empty where too few had bought again before.
Reads the temporary table ecom_value_day.';

create function ecom_internal.refresh_value(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_id constant oid := ecom_internal.mart_oid(mart);
    end_day constant date := as_of - 1;
    method constant text := ecom_internal.setting(mart, 'value.method');
    horizon constant int := ecom_internal.setting(mart, 'value.horizon_days')::int;
    annual_rate constant float8 := ecom_internal.setting(mart, 'value.annual_rate')::float8;
    periods constant int := greatest(1, round(horizon / 30.0));
    period constant float8 := horizon / periods::float8;
    repeat_customers bigint;
    paid_customers bigint;
    orders_model ecom.model;
    spend_model ecom.model;
    mean_amount float8;
    forest_weight float8;
    forest_reason text;
begin
    rows := 0;
    perform ecom_internal.report_progress(mart_id, 'value', 'collecting order days', 0, 0);
    execute format('
        create temporary table ecom_value_day on commit drop as
        select o.customer_key, o.ordered_at::date as day, sum(o.revenue_amount) as amount
        from %s o where o.customer_key <> 0 and o.order_count > 0 and o.ordered_at < $1::timestamp
        group by 1, 2', ecom_internal.order_source(mart)) using as_of;
    analyze pg_temp.ecom_value_day;
    perform ecom_internal.write_value_history(mart, 'ecom_value_history', end_day);
    select count(*) filter (where frequency > 0), count(*) filter (where mean_spend > 0) into repeat_customers, paid_customers
    from pg_temp.ecom_value_history;

    execute format('delete from %I.customer_value', mart);
    execute format('delete from %I.value_band', mart);
    if repeat_customers < 10 then
        perform ecom_internal.retire_models(mart, 'value.%');
        drop table pg_temp.ecom_value_history, pg_temp.ecom_value_day;
        reason := format('%s customers ordered on more than one day, 10 are needed', repeat_customers);
        return;
    end if;

    perform ecom_internal.report_progress(mart_id, 'value', 'fitting models', 0, 0);
    orders_model := ecom_internal.fit_orders('ecom_value_history', method);
    perform ecom_internal.store_model(mart, 'value.orders', orders_model, as_of,
        jsonb_build_object('method', method, 'time_unit', 'day', 'horizon_days', horizon),
        (select jsonb_build_object('method', s.method, 'status', s.status, 'log_likelihood', round(s.log_likelihood::numeric, 3))
         from ecom.btyd_summary(orders_model) s) || ecom_internal.value_holdout(mart, as_of, (ecom.btyd_summary(orders_model)).requested_method));
    orders_model := ecom.current_model(mart, 'value.orders');
    select coalesce(greatest(avg(amount), 0), 0) into mean_amount from pg_temp.ecom_value_day;
    if paid_customers >= 10 then
        select ecom.gamma_gamma_fit(frequency, mean_spend) filter (where mean_spend > 0) into spend_model from pg_temp.ecom_value_history;
        perform ecom_internal.store_model(mart, 'value.spend', spend_model, as_of, '{}',
            (select jsonb_build_object('status', s.status, 'frequency_correlation', round(s.frequency_correlation::numeric, 4))
             from ecom.btyd_summary(spend_model) s));
        spend_model := ecom.current_model(mart, 'value.spend');
        reason := '';
    else
        perform ecom_internal.retire_models(mart, 'value.spend');
        reason := format('%s customers paid for repeat orders, 10 are needed: expected_spend is the mean of all', paid_customers);
    end if;

    if ecom_internal.setting(mart, 'value.estimate') = 'btyd' then
        perform ecom_internal.retire_models(mart, 'value.forest');
    else
        perform ecom_internal.report_progress(mart_id, 'value', 'fitting the forest', 0, 0);
        forest_reason := ecom_internal.fit_value_forest(mart, as_of, (ecom.btyd_summary(orders_model)).requested_method);
        reason := concat_ws('; ', nullif(reason, ''), nullif(forest_reason, ''));
    end if;
    perform ecom_internal.report_progress(mart_id, 'value', 'scoring customers', 0, 0);
    forest_weight := ecom_internal.write_value_forest(mart, as_of);
    -- An order that brought nothing is in the limit of Gamma-Gamma at an amount of zero.
    execute format('
        with expected as (
            select h.customer_key, h.frequency,
                   ecom.expected_purchases($1, h.frequency, h.recency, h.age, $3) as orders,
                   ecom_internal.discounted_orders($1, h.frequency, h.recency, h.age, $4, $5, $6) as discounted,
                   coalesce(ecom.expected_spend($2, h.frequency, greatest(h.mean_spend, 1e-6)), $7) as spend,
                   ecom.next_order($1, h.frequency, h.recency, h.age, $8, $9) as next
            from pg_temp.ecom_value_history h offset 0),
        valued as (
            select e.*, f.value as by_forest, e.discounted * e.spend as by_btyd,
                   (case when f.value is null then e.discounted * e.spend else $11 * f.value + (1 - $11) * e.discounted * e.spend end)::numeric(18,4) as value
            from expected e left join pg_temp.ecom_value_score f using (customer_key)),
        ranked as (
            select v.*, coalesce(sum(v.value) over (order by v.value desc groups between unbounded preceding and 1 preceding), 0)
                          / nullif(sum(v.value) over (), 0) as share_before
            from valued v)
        insert into %1$I.customer_value (customer_key, as_of_date, order_day_count, p_alive, expected_order_count, expected_spend, lifetime_value,
                                         btyd_value, forest_value, value_band, next_order_date, next_order_earliest_date, next_order_latest_date)
        select r.customer_key, $10, r.frequency + 1, (r.next).p_alive, r.orders, r.spend, r.value, r.by_btyd, r.by_forest,
               case when coalesce(r.value, 0) <= 0 then ''Low'' when r.share_before < 0.5 then ''High'' when r.share_before < 0.8 then ''Medium'' else ''Low'' end,
               (r.next).expected_date, (r.next).earliest_date, (r.next).latest_date
        from ranked r order by r.customer_key', mart)
        using orders_model, spend_model, horizon::float8, periods, period, (1 + annual_rate) ^ (period / 365.25) - 1, mean_amount, end_day,
              ecom_internal.setting(mart, 'value.window_coverage')::float8, as_of, forest_weight;
    get diagnostics rows = row_count;
    execute format('
        insert into %1$I.value_band (value_band, sort_order, as_of_date, customer_count, mean_p_alive, expected_order_count, lifetime_value, value_share)
        select v.value_band, array_position(array[''High'', ''Medium'', ''Low''], v.value_band), $1, count(*), avg(v.p_alive), sum(v.expected_order_count),
               sum(v.lifetime_value), coalesce(sum(v.lifetime_value) / nullif(sum(sum(v.lifetime_value)) over (), 0), 0)
        from %1$I.customer_value v group by v.value_band', mart) using as_of;
    execute format('analyze %1$I.customer_value', mart);
    drop table pg_temp.ecom_value_history, pg_temp.ecom_value_day, pg_temp.ecom_value_score;
end
$$;
comment on function ecom_internal.refresh_value(name, date) is
'Step value of ecom.refresh: fits the models value.orders and value.spend, in days, and value.forest, and writes customer_value and value_band.';

create function ecom.customer_value(mart name, customer int)
returns table (customer_key int, lifetime_value numeric, btyd_value numeric, forest_value numeric, value_band text, p_alive float8,
               expected_order_count float8, expected_spend numeric, next_order_date date, next_order_earliest_date date,
               next_order_latest_date date, as_of_date date)
language plpgsql stable parallel restricted rows 1
set search_path = pg_catalog, pg_temp
as $$
begin
    return query execute format('
        select v.customer_key, v.lifetime_value, v.btyd_value, v.forest_value, v.value_band, v.p_alive, v.expected_order_count, v.expected_spend,
               v.next_order_date, v.next_order_earliest_date, v.next_order_latest_date, v.as_of_date
        from %I.customer_value v where v.customer_key = $1', ecom_internal.mart_name(mart)) using customer;
end
$$;
comment on function ecom.customer_value(name, int) is
'What one customer is expected to bring, as the last refresh of step value has it.
Example: SELECT * FROM ecom.customer_value(''shop'', 17)
lifetime_value: expected revenue within the setting value.horizon_days, discounted; btyd_value and forest_value: by models of orders and spend,
and by a forest, of which it is blended by the setting value.estimate. Columns as in the table customer_value.
Arguments: mart; NULL means the setting ecom_analytics.mart. customer: customer_key; one without orders, an unknown one or NULL has no row.
Reads one row by its key.';

create function ecom.most_valuable_customers(mart name default null, n int default 10, band text default null)
returns table (rank int, customer_key int, customer_id text, name text, lifetime_value numeric, value_band text, p_alive float8,
               expected_order_count float8, expected_spend numeric, next_order_date date)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
begin
    if n is null or n < 0 then
        raise exception 'number of customers must be 0 or more, but is %', coalesce(n::text, 'NULL') using errcode = '22023', hint = 'Pass for example 10.';
    end if;
    if band is not null and band not in ('High', 'Medium', 'Low') then
        raise exception 'value band "%" is not known', band using errcode = '22023', hint = 'Use High, Medium or Low, or NULL for all.';
    end if;
    return query execute format('
        select row_number() over (order by v.lifetime_value desc, v.customer_key)::int, v.customer_key, c.customer_id, c.name, v.lifetime_value, v.value_band,
               v.p_alive, v.expected_order_count, v.expected_spend, v.next_order_date
        from (select * from %1$I.customer_value where $1 is null or value_band = $1 order by lifetime_value desc, customer_key limit $2) v
        join %1$I.dim_customer c on c.customer_key = v.customer_key
        order by 1', ecom_internal.mart_name(mart)) using band, n;
end
$$;
comment on function ecom.most_valuable_customers(name, int, text) is
'The customers that are expected to bring most, best first.
Example: SELECT * FROM ecom.most_valuable_customers(''shop'', 20)
Ordered by lifetime_value of customer_value, then customer_key. Arguments: mart; NULL means the setting ecom_analytics.mart. n: 0 or more.
band: only High, Medium or Low; NULL for all. Reads the last refresh of step value by index. Errors: 22023 for other arguments.';
