-- Metrics, dimensions and KPI functions: every number against plain SQL over the lines, whatever it was read from.
\set SHOW_CONTEXT never
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare
    detail text;
    hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics detail = pg_exception_detail, hint = pg_exception_hint;
    return concat_ws(' | ', sqlstate, sqlerrm, nullif(detail, ''), left(nullif(hint, ''), 60));
end
$$;
select loaded_lines from ecom.load_demo('kpi', customers => 400, orders => 3000, months => 12);

-- Before a refresh the functions compute from the lines.
create temporary table unrolled as
select 1 as n, to_jsonb(k) as answer from ecom.kpi_summary('kpi') k
union all select 2, to_jsonb(k) from ecom.kpi_summary('kpi', '2025-03-05', '2025-04-20', '{"region": "West", "segment": ["Premium", "Budget"]}') k
union all select 3, jsonb_agg(to_jsonb(k)) from ecom.revenue_by('kpi', 'category') k
union all select 4, jsonb_agg(to_jsonb(k)) from ecom.revenue_trend('kpi', 'month', '{channel}', metric => 'aov') k
union all select 5, jsonb_agg(to_jsonb(k)) from ecom.top_products('kpi', 5, 'quantity') k;
select step, status from ecom.refresh('kpi');
select n, u.answer = r.answer as same
from unrolled u join (
    select 1 as n, to_jsonb(k) as answer from ecom.kpi_summary('kpi') k
    union all select 2, to_jsonb(k) from ecom.kpi_summary('kpi', '2025-03-05', '2025-04-20', '{"region": "West", "segment": ["Premium", "Budget"]}') k
    union all select 3, jsonb_agg(to_jsonb(k)) from ecom.revenue_by('kpi', 'category') k
    union all select 4, jsonb_agg(to_jsonb(k)) from ecom.revenue_trend('kpi', 'month', '{channel}', metric => 'aov') k
    union all select 5, jsonb_agg(to_jsonb(k)) from ecom.top_products('kpi', 5, 'quantity') k) r using (n) order by n;

-- kpi_summary against plain SQL, for no filter and for filters on date, region, segment, category.
create function pg_temp.plain(from_date date, to_date date, region text, segment text, category text) returns jsonb language sql as $$
    with line as (
        select f.*, d.date, g.region, c.segment, p.category from kpi.fact_sales f
        join kpi.dim_date d on d.date_key = f.order_date_key join kpi.dim_geography g using (geography_key)
        join kpi.dim_customer c using (customer_key) join kpi.dim_product p using (product_key)
        where d.date between from_date and to_date and (plain.region is null or g.region = plain.region)
          and (plain.segment is null or c.segment = plain.segment) and (plain.category is null or p.category = plain.category)),
    first_order as (
        select distinct on (customer_key) customer_key, order_id from kpi.fact_sales where not is_return
        order by customer_key, ordered_at, order_id collate "C")
    select jsonb_build_object(
        'revenue', round(coalesce(sum(revenue_amount), 0), 2), 'orders', count(distinct order_id) filter (where not is_return),
        'customers', count(distinct customer_key) filter (where not is_return),
        'aov', round(sum(revenue_amount) / nullif(count(distinct order_id) filter (where not is_return), 0), 2),
        'avg_satisfaction', round(avg(satisfaction_score) filter (where not is_return), 2), 'units', trim_scale(coalesce(sum(quantity), 0)),
        'new_customers', count(distinct customer_key) filter (where not is_return and (customer_key, order_id) in (select * from first_order)),
        'return_amount', round(coalesce(-sum(revenue_amount) filter (where is_return), 0), 2),
        'discount_rate', round(sum(discount_amount) filter (where not is_return)
                               / nullif(sum(revenue_amount + discount_amount) filter (where not is_return), 0), 4),
        'margin_rate', round((sum(revenue_amount) - sum(cost_amount)) / nullif(sum(revenue_amount), 0), 4),
        'avg_delivery_days', round(avg(delivery_days) filter (where not is_return), 2))
    from line
$$;
select f.*, to_jsonb(k) @> pg_temp.plain(f.from_date, f.to_date, f.region, f.segment, f.category) as agrees
from (values ('2025-01-01'::date, '2025-12-31'::date, null, null, null), ('2025-02-10', '2025-05-03', null, null, null),
             ('2025-01-01', '2025-12-31', 'West', null, null), ('2025-06-01', '2025-06-30', 'West', 'Premium', null),
             ('2025-06-01', '2025-06-01', 'North', 'Budget', null), ('2025-01-01', '2025-12-31', null, null, 'Toys'),
             ('2025-03-02', '2025-03-20', 'South', 'Regular', 'Electronics'), ('2024-01-01', '2024-12-31', null, null, null))
     f (from_date, to_date, region, segment, category)
cross join lateral ecom.kpi_summary('kpi', f.from_date, f.to_date, jsonb_strip_nulls(jsonb_build_object(
    'region', f.region, 'segment', f.segment, 'category', f.category))) k;

-- Every dimension against plain SQL: revenue adds up, orders and customers are distinct.
create function pg_temp.by_dimension(dimension text) returns bigint language plpgsql as $$
declare
    differences bigint;
    expression text := (select d.expression from ecom_internal.dimension_definition d where d.name = dimension);
begin
    execute format('
        with expected as (
            select (%1$s)::text as member, sum(f.revenue_amount) as revenue, count(distinct f.order_id) filter (where not f.is_return) as orders,
                   count(distinct f.customer_key) filter (where not f.is_return) as customers
            from kpi.fact_sales f join kpi.dim_date d on d.date_key = f.order_date_key
            join kpi.dim_geography g using (geography_key) join kpi.dim_customer c using (customer_key) join kpi.dim_product p using (product_key)
            join kpi.dim_channel ch using (channel_key) join kpi.dim_payment_method pm using (payment_method_key)
            join kpi.dim_shipping_method sm using (shipping_method_key) left join kpi.customer_rfm r on r.customer_key = f.customer_key
            group by 1),
        ours as (select %2$I::text as member, revenue, orders, customers from (%3$s) q)
        select count(*) from ((table expected except table ours) union all (table ours except table expected)) x', expression, dimension,
        ecom_internal.metric_query('kpi', '{revenue,orders,customers}', array[dimension])) into differences;
    return differences;
end
$$;
select dimension, pg_temp.by_dimension(dimension) as differences from ecom.dimensions() where dimension <> 'customer';

-- All sources of one question agree: a rollup, orders, lines.
create function pg_temp.unlike(metrics text[], dimensions text[], from_date date, to_date date) returns bigint language plpgsql as $$
declare
    rolled text := ecom_internal.metric_query('kpi', metrics, dimensions, from_date, to_date);
    unrolled text;
    differences bigint;
begin
    perform ecom_internal.note_everything('kpi');
    unrolled := ecom_internal.metric_query('kpi', metrics, dimensions, from_date, to_date);
    delete from kpi.sales_change;
    execute format('select count(*) from ((%1$s except all %2$s) union all (%2$s except all %1$s)) x', rolled, unrolled) into differences;
    return differences;
end
$$;
select sum(pg_temp.unlike(m.metrics, d.dimensions, r.from_date, r.to_date)) as differences
from (values ('{revenue,quantity,margin,orders,new_customers}'::text[]), ('{revenue,lines,return_rate}'), ('{customers,returning_customers,aov}')) m (metrics),
     (values ('{}'::text[]), ('{region}'), ('{month,segment}'), ('{season,channel,carrier}'), ('{category}'), ('{product,quarter}'), ('{category,region,week}')) d (dimensions),
     (values (null::date, null::date), ('2025-02-01', '2025-03-31'), ('2025-02-10', '2025-03-20')) r (from_date, to_date);

select * from ecom.revenue_trend('kpi', 'quarter', '{region}', filters => '{"region": ["North", "South"]}') order by 1, 4;
select count(*) as days, count(*) filter (where is_complete) as complete, sum(value) = (select sum(revenue_amount) from kpi.fact_sales) as whole
from ecom.revenue_trend('kpi', 'day');
-- A period that the range cuts is not complete, and one without sales is a row.
select period_start, is_complete, value, change_rate from ecom.revenue_trend('kpi', 'month', from_date => '2025-10-15', to_date => '2026-02-28');
select * from ecom.revenue_by('kpi', 'category', '2025-01-01', '2025-06-30');
select * from ecom.revenue_by('kpi', 'category', page => 2, page_size => 3);
select rank, product_id, value, share, cum_share from ecom.top_products('kpi', 3, 'quantity', filters => '{"category": "Toys"}');
select (select sum(value) from ecom.top_products('kpi', null)) = (select sum(revenue_amount) from kpi.fact_sales) as all_products,
       (select sum(value) from ecom.top_customers('kpi', null)) = (select sum(revenue_amount) from kpi.fact_sales where customer_key <> 0) as all_customers,
       (select max(cum_share) from ecom.top_customers('kpi', null)) as last_share;
select count(*), count(distinct product_id), min(page_count) from generate_series(1, 10) page, ecom.product_sales('kpi', page, 15);
select * from ecom.heatmap('kpi', 'segment', 'region', 'orders') order by 1, 2 limit 4;
select member, season, share_of_member, season_index from ecom.product_performance('kpi', 'category', filters => '{"category": "Garden"}');

-- Metrics of the shop's own.
select ecom.set_metric('kpi', 'units_per_customer', 'sold_quantity', 'customers', 'Units sold per customer');
select ecom.set_metric('kpi', 'sales', 'gross_amount');
select m.member, m.value = round(k.sold / k.customers, 4) as agrees
from ecom.revenue_by('kpi', 'segment', metric => 'units_per_customer') m
join (select c.segment, sum(quantity) as sold, count(distinct customer_key) as customers
      from kpi.fact_sales join kpi.dim_customer c using (customer_key) where not is_return group by 1) k on k.segment = m.member order by 1;
select metric, kind, definition from ecom.metrics('kpi') where metric in ('revenue', 'aov', 'sales', 'units_per_customer');

-- RFM counts the same orders of the same customers.
update kpi.fact_sales set revenue_amount = 0, unit_price = 0 where is_return and sales_key % 2 = 0;
select step, status from ecom.refresh('kpi', '{sales,rfm}');
select (select sum(frequency) from kpi.customer_rfm) = (select orders from ecom.kpi_summary('kpi')) as orders,
       (select count(*) from kpi.customer_rfm where frequency > 0) = (select customers from ecom.kpi_summary('kpi')) as customers,
       (select sum(monetary_amount) from kpi.customer_rfm) = (select revenue from ecom.kpi_summary('kpi')) as revenue;

-- Bad input.
select pg_temp.error_of(s) from (values
    ('select ecom.kpi_summary(''nowhere'')'),
    ('select ecom.kpi_summary(''kpi'', ''2025-02-01'', ''2025-01-01'')'),
    ('select ecom.kpi_summary(''kpi'', ''infinity'')'),
    ('select ecom.kpi_summary(''kpi'', filters => ''{"planet": "Mars"}'')'),
    ('select ecom.kpi_summary(''kpi'', filters => ''["West"]'')'),
    ('select ecom.kpi_summary(''kpi'', filters => ''{"region": {"a": 1}}'')'),
    ('select ecom.kpi_summary(''kpi'', filters => ''{"region": null}'')'),
    ('select ecom.kpi_summary(''kpi'', filters => ''{"month": "next"}'')'),
    ('select ecom.revenue_trend(''kpi'', ''fortnight'')'),
    ('select ecom.revenue_trend(''kpi'', ''month'', ''{month}'')'),
    ('select ecom.revenue_by(''kpi'', ''colour'')'),
    ('select ecom.revenue_by(''kpi'', ''region'', metric => ''mood'')'),
    ('select ecom.revenue_by(''kpi'', ''region'', page => 0)'),
    ('select ecom.top_products(''kpi'', -1)'),
    ('select ecom.heatmap(''kpi'', ''region'', ''region'')'),
    ('select ecom.set_metric(''kpi'', ''Bad Name'', ''revenue'')'),
    ('select ecom.set_metric(''kpi'', ''revenue'', ''orders'')'),
    ('select ecom.set_metric(''kpi'', ''x'', ''aov'')'),
    ('select ecom.set_metric(''kpi'', ''x'', ''revenue; drop table kpi.fact_sales'')')) t (s);
-- Hostile filter values are values.
select revenue, orders, aov from ecom.kpi_summary('kpi', filters => '{"region": "West''; drop table kpi.fact_sales; --", "segment": ["{", "\"", "a,b"]}');
select revenue, orders, customers, aov, margin from ecom.kpi_summary('kpi', '2030-01-01', '2030-12-31');

-- An empty mart and one with four columns: empty answers, no errors.
select ecom.create_mart('kpi_empty');
select revenue, orders, customers, aov from ecom.kpi_summary('kpi_empty');
select count(*) from ecom.revenue_trend('kpi_empty');
select count(*) from ecom.top_products('kpi_empty');
select step, status, reason from ecom.refresh('kpi_empty', '{sales}');
select revenue, orders, customers, aov from ecom.kpi_summary('kpi_empty');
select count(*) from ecom.revenue_trend('kpi_empty');
set client_min_messages = warning;
drop schema kpi, kpi_empty cascade;
