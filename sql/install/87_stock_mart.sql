-- Stock over a mart: when to order each product again, how much, and how sure that is.

insert into ecom_internal.setting_definition
    (name, default_value, kind, is_optional, is_fixed, low, high, allowed, description)
values
    ('stock.service_level', '0.95', 'number', false, false, 0.5, 0.9999, null,
     'Probability that stock lasts until an order arrives.'),
    ('stock.lead_time_days', '14', 'integer', false, false, 0, 3650, null,
     'Days from an order to its arrival, for products without a lead time of their own.'),
    ('stock.review_days', '1', 'integer', false, false, 1, 365, null,
     'Days between two looks at the stock; they add to the lead time that stock has to last.'),
    ('stock.order_cost', '20', 'number', false, false, 0.0001, 1000000000, null,
     'What one order costs, whatever its size, in the mart''s currency: an assumption, set your own.'),
    ('stock.holding_rate', '0.25', 'number', false, false, 0.0001, 10, null,
     'What holding stock for a year costs, as a share of its cost: an assumption, set your own.'),
    ('stock.cover_days', '30', 'integer', false, false, 1, 3650, null,
     'Days of demand in an order of a product of which no cost is known.'),
    ('stock.max_cover_days', '90', 'integer', false, false, 1, 36525, null,
     'Days of demand above the reorder point beyond which a product is overstocked.');

insert into ecom_internal.refresh_step (name, position, function, needs_sales, description) values
    ('stock', 92, 'refresh_stock', true, 'stock_plan: reorder point, safety stock and order quantity of each product');

insert into ecom_internal.mart_measure (name, source, expression) values
    ('products_with_stock', 'mart', '(select count(*) from {mart}.dim_product p where p.product_key <> 0 and p.stock_quantity is not null)');
insert into ecom_internal.requirement (capability, measure, position, description, needed, advice) values
    ('stock_plan', 'products', 430, 'products with sales', '1', 'Map product_id.'),
    ('stock_plan', 'days_with_sales', 431, 'days with sales, 8 weeks of them', '56', 'Load a longer history.'),
    ('stock_plan', 'products_with_stock', 432, 'products whose stock is known', '1', 'Fill dim_product.stock_quantity.');

insert into ecom_internal.mart_part (name, position, ddl) values ('stock_plan', 74, $ddl$
create table {mart}.stock_plan (
    product_key         int              primary key references {mart}.dim_product on delete cascade,
    as_of_date          date             not null,
    abc_class           text             not null,
    xyz_class           text             not null,
    week_count          int              not null,
    demand_per_day      double precision,
    lead_time_days      int              not null,
    demand_in_lead_time double precision,
    demand_sigma        double precision,
    service_level       double precision not null,
    safety_stock        double precision,
    reorder_point       double precision,
    order_quantity      int,
    order_amount        numeric(18,2),
    expected_fill_rate  double precision,
    stock_quantity      int,
    days_of_cover       double precision,
    status              text             not null check (status in ('order now', 'ok', 'overstocked', 'no plan')),
    evidence_grade      text             not null check (evidence_grade in ('strong', 'moderate', 'weak', 'none')),
    inputs              text             not null,
    reason              text             not null
);
comment on table {mart}.stock_plan is
'One row per product with sales: when to order it again and how much, written by ecom.refresh.';
comment on column {mart}.stock_plan.product_key is 'Product, to dim_product.';
comment on column {mart}.stock_plan.as_of_date is 'Day that the plan is made for.';
comment on column {mart}.stock_plan.abc_class is 'A, B or C by revenue, from product_class; empty before its first refresh.';
comment on column {mart}.stock_plan.xyz_class is 'X, Y or Z by how much monthly demand varies, from product_class; empty when not known.';
comment on column {mart}.stock_plan.week_count is 'Weeks of demand that the forecast rests on, at most 104.';
comment on column {mart}.stock_plan.demand_per_day is 'Units expected a day: simple exponential smoothing of weekly units sold.';
comment on column {mart}.stock_plan.lead_time_days is 'Days from an order to its arrival.';
comment on column {mart}.stock_plan.demand_in_lead_time is 'Units expected in the lead time and stock.review_days.';
comment on column {mart}.stock_plan.demand_sigma is 'Standard deviation of that demand: of the forecast error, at least that of chance (Poisson).';
comment on column {mart}.stock_plan.service_level is 'Probability that stock lasts until an order arrives.';
comment on column {mart}.stock_plan.safety_stock is 'Units above the expected demand that the service level needs.';
comment on column {mart}.stock_plan.reorder_point is 'Stock at which to order: demand_in_lead_time and safety_stock.';
comment on column {mart}.stock_plan.order_quantity is 'Units to order at a time: the economic order quantity, at least what lifts the stock to the reorder point; 0 without demand.';
comment on column {mart}.stock_plan.order_amount is 'Cost of the goods of an order, in the mart''s currency; empty when no cost is known.';
comment on column {mart}.stock_plan.expected_fill_rate is 'Share of the demand that is served from stock under the plan.';
comment on column {mart}.stock_plan.stock_quantity is 'Units in stock, from dim_product.';
comment on column {mart}.stock_plan.days_of_cover is 'Days that the stock lasts at the expected demand; empty without demand.';
comment on column {mart}.stock_plan.status is
'order now: the stock is at or below the reorder point; overstocked: above it by more than stock.max_cover_days of demand; ok; no plan.';
comment on column {mart}.stock_plan.evidence_grade is 'strong from 52 weeks of demand, moderate from 26, weak from 8, none below.';
comment on column {mart}.stock_plan.inputs is 'Where the figures come from; what is assumed is named.';
comment on column {mart}.stock_plan.reason is 'Why this status.';
$ddl$);

create function ecom_internal.refresh_stock(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    planned bigint;
begin
    perform ecom_internal.report_progress(ecom_internal.mart_oid(mart), 'stock', 'forecasting demand', 0, 0);
    -- Whole weeks back from as_of, those without sales included: a product that nobody buys any more has a demand of 0. The first
    -- week of a product is left out, in which it may have been sold for a day only.
    execute format('
        create temporary table ecom_stock_week on commit drop as
        with sold as (
            select f.product_key, ($1 - 1 - f.ordered_at::date) / 7 as weeks_ago, sum(f.quantity)::float8 as quantity
            from %1$I.fact_sales f
            where not f.is_return and f.product_key <> 0 and f.ordered_at >= ($1 - 735)::timestamp and f.ordered_at < $1::timestamp
            group by f.product_key, ($1 - 1 - f.ordered_at::date) / 7),
        life as (select s.product_key, max(s.weeks_ago) as first_week from sold s group by s.product_key)
        select l.product_key, w.weeks_ago, ($1 - 7 * (w.weeks_ago + 1))::timestamp as week_start, coalesce(s.quantity, 0) as quantity
        from life l cross join lateral generate_series(0, l.first_week - 1) w (weeks_ago)
        left join sold s on s.product_key = l.product_key and s.weeks_ago = w.weeks_ago', mart)
        using as_of;

    perform ecom_internal.report_progress(ecom_internal.mart_oid(mart), 'stock', 'planning', 0, 0);
    execute format('delete from %I.stock_plan', mart);
    execute format('
        insert into %1$I.stock_plan (product_key, as_of_date, abc_class, xyz_class, week_count, demand_per_day, lead_time_days,
            demand_in_lead_time, demand_sigma, service_level, safety_stock, reorder_point, order_quantity, order_amount, expected_fill_rate,
            stock_quantity, days_of_cover, status, evidence_grade, inputs, reason)
        with history as (
            select w.product_key, count(*)::int as weeks from pg_temp.ecom_stock_week w group by w.product_key),
        forecast as (
            -- Smoothing never quite reaches 0: less than a unit in twenty years is no demand.
            select f.series::int as product_key, case when f.forecast < 0.001 then 0 else f.forecast / 7 end as per_day, f.std_error
            from ecom.ets_forecast(''select w.product_key, w.week_start, w.quantity from pg_temp.ecom_stock_week w
                                     where w.product_key in (select x.product_key from pg_temp.ecom_stock_week x group by 1 having count(*) >= 8)'',
                                   1, ''week'', 1, model => ''ANN'') f),
        input as (
            select p.product_key, coalesce(h.weeks, 0) as weeks, f.per_day,
                   -- A week''s variance is that of seven days; counts vary at least as by chance.
                   sqrt(greatest(coalesce(f.std_error, 0) ^ 2 / 7, f.per_day)) as sd_per_day,
                   coalesce(p.lead_time_days, $3) as lead_time, p.lead_time_days is null as lead_time_assumed,
                   p.unit_cost::float8 as unit_cost, p.stock_quantity, coalesce(c.abc_class, '''') as abc_class, coalesce(c.xyz_class, '''') as xyz_class
            from %1$I.dim_product p left join history h using (product_key) left join forecast f using (product_key)
            left join %1$I.product_class c using (product_key)
            where p.product_key in (select s.product_key from %1$I.fact_sales s where not s.is_return and s.product_key <> 0 and s.ordered_at < $1::timestamp)),
        point as (
            select i.*, (r).demand_in_lead_time, (r).sigma, (r).safety_stock, (r).reorder_point,
                   case when i.unit_cost > 0 then ecom.eoq(i.per_day * 365, $5, i.unit_cost * $6) else i.per_day * $7 end as economic_quantity
            from input i left join lateral ecom.reorder_point(i.per_day, i.sd_per_day, i.lead_time + $4, $2) r on i.per_day is not null),
        amount as (
            select p.*, case when p.per_day = 0 then 0
                             else ceil(greatest(1, p.economic_quantity, p.reorder_point - coalesce(p.stock_quantity, p.reorder_point)))::int end as quantity,
                   case when p.per_day is null or p.stock_quantity is null then ''no plan''
                        when p.per_day = 0 then case when p.stock_quantity > 0 then ''overstocked'' else ''ok'' end
                        when p.stock_quantity <= p.reorder_point then ''order now''
                        when p.stock_quantity > p.reorder_point + $8 * p.per_day then ''overstocked''
                        else ''ok'' end as status
            from point p)
        select a.product_key, $1, a.abc_class, a.xyz_class, a.weeks, a.per_day, a.lead_time, a.demand_in_lead_time, a.sigma, $2, a.safety_stock,
               a.reorder_point, case when a.per_day is not null then a.quantity end,
               case when a.per_day is not null and a.unit_cost > 0 then a.quantity * a.unit_cost end,
               case when a.quantity > 0 then greatest(0, ecom.fill_rate(a.quantity, a.sigma, a.safety_stock)) end,
               a.stock_quantity, a.stock_quantity / nullif(a.per_day, 0), a.status,
               case when a.per_day is null then ''none'' when a.weeks >= 52 then ''strong'' when a.weeks >= 26 then ''moderate'' else ''weak'' end,
               format(''demand: fact_sales, %%s weeks; lead time: %%s; order quantity: %%s'', a.weeks,
                      case when a.lead_time_assumed then ''stock.lead_time_days, assumed'' else ''dim_product'' end,
                      case when a.unit_cost > 0 then ''unit_cost of dim_product, stock.order_cost and stock.holding_rate, assumed''
                           else ''stock.cover_days, assumed: no cost is known'' end),
               case when a.weeks < 8 then format(''%%s whole weeks of demand, and 8 are needed'', a.weeks)
                    when a.per_day is null then ''the demand could not be forecast''
                    when a.stock_quantity is null then ''the stock is not known: order at the reorder point''
                    when a.per_day = 0 then ''no demand is expected''
                    when a.status = ''order now'' then format(''stock %%s is not above the reorder point %%s'', a.stock_quantity, round(a.reorder_point::numeric, 1))
                    when a.status = ''overstocked'' then format(''stock lasts %%s days'', round((a.stock_quantity / a.per_day)::numeric))
                    else format(''stock is above the reorder point %%s'', round(a.reorder_point::numeric, 1)) end
        from amount a', mart)
        using as_of, ecom_internal.setting(mart, 'stock.service_level')::float8, ecom_internal.setting(mart, 'stock.lead_time_days')::int,
              ecom_internal.setting(mart, 'stock.review_days')::int, ecom_internal.setting(mart, 'stock.order_cost')::float8,
              ecom_internal.setting(mart, 'stock.holding_rate')::float8, ecom_internal.setting(mart, 'stock.cover_days')::int,
              ecom_internal.setting(mart, 'stock.max_cover_days')::int;
    get diagnostics rows = row_count;
    execute format('select count(*) from %I.stock_plan where status <> ''no plan''', mart) into planned;
    execute format('analyze %I.stock_plan', mart);
    drop table pg_temp.ecom_stock_week;
    reason := case when rows = 0 then 'no sales have a product'
                   when planned = 0 then 'the evidence supports no plan for any product; stock_plan.reason says why' else '' end;
end
$$;
comment on function ecom_internal.refresh_stock(name, date) is
'Step stock of ecom.refresh: forecasts the demand of each product and writes stock_plan.';
