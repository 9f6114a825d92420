-- Prices over a mart: how demand answers to each price, and the price to ask where the evidence supports one.

insert into ecom_internal.setting_definition
    (name, default_value, kind, is_optional, is_fixed, low, high, allowed, description)
values
    ('price.max_change', '0.1', 'number', false, false, 0.001, 0.9, null,
     'Largest change of a price that is advised, as a share of the current price.'),
    ('price.min_gain_probability', '0.8', 'number', false, false, 0.5, 0.999, null,
     'Least probability of a higher profit with which a price is advised.'),
    ('price.min_months', '12', 'integer', false, false, 4, 1200, null,
     'Months with sales that a product needs for an elasticity of its own.'),
    ('price.min_units', '5', 'number', false, false, 0, 1000000, null,
     'Units in a month, on average, that a product needs for an elasticity of its own.');

insert into ecom_internal.refresh_step (name, position, function, needs_sales, description) values
    ('price', 91, 'refresh_price', true, 'category_price_elasticity, price_advice: price of each product, where evidence supports one');

insert into ecom_internal.requirement (capability, measure, position, description, needed, advice) values
    ('price_advice', 'products', 420, 'products with sales', '5', 'Map product_id: the season is taken from the other products.'),
    ('price_advice', 'days_with_sales', 421, 'days with sales, a year of them', '365', 'Load a longer history.');

insert into ecom_internal.mart_part (name, position, ddl) values ('price_advice', 73, $ddl$
create table {mart}.category_price_elasticity (
    category           text             primary key,
    as_of_date         date             not null,
    product_count      int              not null,
    elasticity         double precision not null,
    standard_error     double precision not null,
    elasticity_lower   double precision not null,
    elasticity_upper   double precision not null,
    product_spread     double precision not null
);
comment on table {mart}.category_price_elasticity is
'One row per category with a measured elasticity: how its demand answers to prices, written by ecom.refresh.';
comment on column {mart}.category_price_elasticity.category is 'Product category; All products where categories are too small for a season of their own.';
comment on column {mart}.category_price_elasticity.as_of_date is 'Day that the figures look back from.';
comment on column {mart}.category_price_elasticity.product_count is 'Products with an elasticity of their own.';
comment on column {mart}.category_price_elasticity.elasticity is 'Percent that demand changes when a price rises by one: mean of the products.';
comment on column {mart}.category_price_elasticity.standard_error is 'Standard error of the mean.';
comment on column {mart}.category_price_elasticity.elasticity_lower is 'Lower end of the 95 percent interval of the mean.';
comment on column {mart}.category_price_elasticity.elasticity_upper is 'Upper end of the 95 percent interval of the mean.';
comment on column {mart}.category_price_elasticity.product_spread is 'Standard deviation of the elasticities of products beyond chance.';

create table {mart}.price_advice (
    product_key          int              primary key references {mart}.dim_product on delete cascade,
    as_of_date           date             not null,
    month_count          int              not null,
    price_count          int              not null,
    units_per_month      double precision not null,
    lowest_price         numeric(18,4)    not null,
    highest_price        numeric(18,4)    not null,
    current_price        numeric(18,4)    not null,
    unit_cost            numeric(18,4),
    own_elasticity       double precision,
    own_standard_error   double precision,
    elasticity           double precision,
    standard_error       double precision,
    elasticity_lower     double precision,
    elasticity_upper     double precision,
    advice               text             not null check (advice in ('raise', 'lower', 'keep', 'no advice')),
    advised_price        numeric(18,4),
    price_change         double precision,
    units_change         double precision,
    profit_change_amount numeric(18,2),
    gain_probability     double precision,
    evidence_grade       text             not null check (evidence_grade in ('strong', 'moderate', 'weak', 'none')),
    inputs               text             not null,
    reason               text             not null
);
comment on table {mart}.price_advice is
'One row per product with sales: the price that brings the most expected profit within price.max_change and the prices tried, written by ecom.refresh.
advice is "no advice" where the evidence does not support one; reason says why.';
comment on column {mart}.price_advice.product_key is 'Product, to dim_product.';
comment on column {mart}.price_advice.as_of_date is 'Day that the figures look back from.';
comment on column {mart}.price_advice.month_count is 'Months in which the product was sold.';
comment on column {mart}.price_advice.price_count is 'Different mean prices among the months.';
comment on column {mart}.price_advice.units_per_month is 'Units sold in a month, mean of the 12 months (or fewer) before as_of_date.';
comment on column {mart}.price_advice.lowest_price is 'Lowest mean price of a month: no lower price is advised.';
comment on column {mart}.price_advice.highest_price is 'Highest mean price of a month: no higher price is advised.';
comment on column {mart}.price_advice.current_price is 'List price; the mean price of the last month where there is none.';
comment on column {mart}.price_advice.unit_cost is 'Cost of one unit; the mean cost of the units sold where dim_product has none; empty when not known.';
comment on column {mart}.price_advice.own_elasticity is 'Elasticity of the product alone.';
comment on column {mart}.price_advice.own_standard_error is 'Standard error of the elasticity of the product alone.';
comment on column {mart}.price_advice.elasticity is 'Elasticity drawn to that of the category by as much as chance explains.';
comment on column {mart}.price_advice.standard_error is 'Standard error of the elasticity.';
comment on column {mart}.price_advice.elasticity_lower is 'Lower end of the 95 percent interval of the elasticity.';
comment on column {mart}.price_advice.elasticity_upper is 'Upper end of the 95 percent interval of the elasticity.';
comment on column {mart}.price_advice.advice is 'raise, lower, keep, or no advice.';
comment on column {mart}.price_advice.advised_price is 'Price to ask; empty without advice.';
comment on column {mart}.price_advice.price_change is 'Change of the price, as a share of the current price.';
comment on column {mart}.price_advice.units_change is 'Expected change of the units sold, as a share.';
comment on column {mart}.price_advice.profit_change_amount is 'Expected change of the profit of a month, in the mart''s currency, at units_per_month.';
comment on column {mart}.price_advice.gain_probability is 'Probability that the profit is higher than at the current price.';
comment on column {mart}.price_advice.evidence_grade is
'strong, moderate or weak by the standard error of the elasticity (up to 0.25, up to 0.5, above); none without an elasticity of its own.';
comment on column {mart}.price_advice.inputs is 'Where the figures come from.';
comment on column {mart}.price_advice.reason is 'Why this advice, or why none.';
$ddl$);

create function ecom_internal.refresh_price(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    max_change constant float8 := ecom_internal.setting(mart, 'price.max_change')::float8;
    min_probability constant float8 := ecom_internal.setting(mart, 'price.min_gain_probability')::float8;
    min_months constant int := ecom_internal.setting(mart, 'price.min_months')::int;
    min_units constant float8 := ecom_internal.setting(mart, 'price.min_units')::float8;
    advised bigint;
begin
    perform ecom_internal.report_progress(ecom_internal.mart_oid(mart), 'price', 'measuring elasticities', 0, 0);
    -- The season and the promotions of a category are the same for its products: what they add to a month leaves with the mean of the
    -- month. Categories of fewer than 5 products take part with all others of their kind.
    execute format('
        create temporary table ecom_price_month on commit drop as
        with month as (
            select f.product_key, f.order_date_key / 100 as month, sum(f.quantity)::float8 as quantity,
                   (sum(f.unit_price * f.quantity) / sum(f.quantity))::float8 as price,
                   sum(f.quantity) filter (where f.discount_amount > 0)::float8 / sum(f.quantity)::float8 as discounted,
                   sum(f.cost_amount)::float8 / nullif(sum(f.quantity) filter (where f.cost_amount is not null), 0)::float8 as cost
            from %1$I.fact_sales f
            where not f.is_return and f.product_key <> 0 and f.quantity > 0 and f.unit_price > 0 and f.ordered_at < $1
            group by f.product_key, f.order_date_key / 100),
        category as (
            select p.category, count(*) >= 5 as is_large from %1$I.dim_product p
            where p.product_key in (select m.product_key from month m) group by p.category)
        select m.*, case when c.is_large then p.category else ''All products'' end as season_group
        from month m join %1$I.dim_product p using (product_key) join category c using (category)', mart)
        using as_of::timestamp;

    execute format('
        create temporary table ecom_price_product on commit drop as
        with adjusted as (
            select m.*, count(*) over g as product_count,
                   exp(ln(m.price) - avg(ln(m.price)) over g) as relative_price,
                   exp(ln(m.quantity) - avg(ln(m.quantity)) over g) as relative_quantity,
                   coalesce(m.discounted, 0) - avg(coalesce(m.discounted, 0)) over g as relative_discount
            from pg_temp.ecom_price_month m
            window g as (partition by m.season_group, m.month)),
        -- A share of discounted units that is the same for all products leaves nothing to control for.
        spread as (
            select a.season_group, stddev_samp(a.relative_discount) > 0.01 as has_promotions
            from adjusted a group by a.season_group),
        measured as (
            select a.product_key, a.season_group, count(*)::int as month_count, count(distinct round(a.price::numeric, 2))::int as price_count,
                   min(a.price) as lowest_price, max(a.price) as highest_price,
                   (array_agg(a.price order by a.month desc))[1] as last_price, (array_agg(a.cost order by a.month desc))[1] as last_cost,
                   stddev_samp(ln(a.price)) as log_price_sd, sum(a.quantity) / count(*) as units_a_month_sold, max(a.product_count) as group_size,
                   ecom.price_elasticity(a.relative_price, a.relative_quantity,
                       case when s.has_promotions then array[a.relative_discount] else array[]::float8[] end) as e
            from adjusted a join spread s using (season_group)
            group by a.product_key, a.season_group),
        recent as (
            select f.product_key, sum(f.quantity)::float8
                       / greatest(1, least(12, ($1 - (select min(x.ordered_at)::date from %1$I.fact_sales x)) / 30.4375)) as units_per_month
            from %1$I.fact_sales f
            where not f.is_return and f.ordered_at >= ($1 - 365)::timestamp and f.ordered_at < $1::timestamp group by f.product_key),
        usable as (
            select m.*, case
                when m.group_size < 5 then ''fewer than 5 products were sold, and the season is taken from the others''
                when m.month_count < $2 then format(''sold in %%s months, and %%s are needed'', m.month_count, $2)
                when m.units_a_month_sold < $3 then format(''%%s units in a month with sales, and %%s are needed'', round(m.units_a_month_sold::numeric, 1), $3)
                when m.price_count < 3 then format(''%%s different prices, and 3 are needed'', m.price_count)
                when coalesce(m.log_price_sd, 0) < 0.03 or (m.e).elasticity is null then ''the price hardly moved''
                end as missing
            from measured m),
        shrunk as (
            select u.*, ecom.shrink_estimates(case when u.missing is null then (u.e).elasticity end,
                                              case when u.missing is null then (u.e).standard_error end) over (partition by u.season_group) as k
            from usable u)
        select s.*, coalesce(r.units_per_month, 0) as units_per_month, coalesce(p.list_price::float8, s.last_price) as current_price,
               coalesce(p.unit_cost::float8, s.last_cost) as unit_cost,
               case when p.list_price is null then ''fact_sales.unit_price'' else ''dim_product.list_price'' end as price_source,
               case when p.unit_cost is null then ''fact_sales.cost_amount'' else ''dim_product.unit_cost'' end as cost_source
        from shrunk s join %1$I.dim_product p using (product_key) left join recent r using (product_key)', mart)
        using as_of, min_months, min_units;

    execute format('delete from %I.category_price_elasticity', mart);
    execute format('
        insert into %I.category_price_elasticity (category, as_of_date, product_count, elasticity, standard_error, elasticity_lower,
                                                  elasticity_upper, product_spread)
        select c.season_group, $1, c.n, c.mean, c.se, c.mean - 1.959964 * c.se, c.mean + 1.959964 * c.se, c.spread
        from (select p.season_group, count(*)::int as n, max((p.k).mean) as mean, sqrt(max((p.k).tau2)) as spread,
                     1 / sqrt(sum(1 / ((p.e).standard_error ^ 2 + (p.k).tau2))) as se
              from pg_temp.ecom_price_product p where (p.k).estimate is not null group by p.season_group) c', mart) using as_of;

    perform ecom_internal.report_progress(ecom_internal.mart_oid(mart), 'price', 'choosing prices', 0, 0);
    execute format('delete from %I.price_advice', mart);
    execute format('
        insert into %I.price_advice (product_key, as_of_date, month_count, price_count, units_per_month, lowest_price, highest_price,
            current_price, unit_cost, own_elasticity, own_standard_error, elasticity, standard_error, elasticity_lower, elasticity_upper,
            advice, advised_price, price_change, units_change, profit_change_amount, gain_probability, evidence_grade, inputs, reason)
        with ready as (
            select p.*, (p.k).estimate as b, (p.k).standard_error as se,
                   coalesce(p.missing, case
                       when p.unit_cost is null then ''no cost is known''
                       when p.unit_cost <= 0 then ''the cost is 0 or less''
                       when not p.current_price > 0 then ''the list price is 0 or less''
                       when (p.k).estimate >= 0 then ''demand does not fall with the price in the data'' end) as obstacle
            from pg_temp.ecom_price_product p),
        -- The side on which profit rises, then the best price on it that is not beyond those tried.
        side as (
            select r.*, o.price >= r.current_price as is_up
            from ready r left join lateral ecom.optimal_price(r.current_price, r.unit_cost, r.b, r.se, case when r.obstacle is null then $2 end) o on true),
        room as (
            select s.*, least($2, case when s.is_up then s.highest_price / s.current_price - 1 else 1 - s.lowest_price / s.current_price end) as allowed
            from side s),
        best as (
            select r.*, o.price, o.price / r.current_price - 1 as change, o.quantity_change, o.profit_change, o.probability_of_gain
            from room r left join lateral ecom.optimal_price(r.current_price, r.unit_cost, r.b, r.se, case when r.obstacle is null and r.allowed >= 0.001 then r.allowed end) o on true),
        judged as (
            select b.*, case
                when b.obstacle is not null then ''no advice''
                when b.price is null or abs(b.change) < 0.005 or b.profit_change <= 0 then ''keep''
                when b.probability_of_gain < $3 then ''no advice''
                when b.change > 0 then ''raise'' else ''lower'' end as advice
            from best b)
        select j.product_key, $1, j.month_count, j.price_count, j.units_per_month, j.lowest_price, j.highest_price, j.current_price, j.unit_cost,
               case when j.missing is null then (j.e).elasticity end, case when j.missing is null then (j.e).standard_error end,
               case when j.missing is null then j.b end, case when j.missing is null then j.se end,
               case when j.missing is null then j.b - 1.959964 * j.se end, case when j.missing is null then j.b + 1.959964 * j.se end,
               j.advice,
               case when j.advice in (''raise'', ''lower'') then j.price when j.advice = ''keep'' then j.current_price end,
               case when j.advice in (''raise'', ''lower'') then j.change when j.advice = ''keep'' then 0 end,
               case when j.advice in (''raise'', ''lower'') then j.quantity_change when j.advice = ''keep'' then 0 end,
               case when j.advice in (''raise'', ''lower'') then j.profit_change * j.current_price * j.units_per_month
                    when j.advice = ''keep'' then 0 end,
               j.probability_of_gain,
               case when j.missing is not null then ''none'' when j.se <= 0.25 then ''strong'' when j.se <= 0.5 then ''moderate'' else ''weak'' end,
               format(''price: %%s; cost: %%s; demand: fact_sales, %%s months; season and promotions: %%s'', j.price_source,
                      case when j.unit_cost is null then ''not known'' else j.cost_source end, j.month_count, j.season_group),
               case when j.obstacle is not null then j.obstacle
                    when j.advice = ''no advice'' then format(''a gain has a probability of %%s, and %%s is asked for'', round(j.probability_of_gain::numeric, 2), $3)
                    when j.advice = ''keep'' and j.allowed < 0.001 then ''the better price lies beyond the prices tried''
                    when j.advice = ''keep'' then ''the current price is the best''
                    when j.allowed < $2 and abs(abs(j.change) - j.allowed) < 1e-6 then ''as far as prices were tried''
                    when abs(abs(j.change) - $2) < 1e-6 then ''as far as price.max_change allows''
                    else ''the most expected profit'' end
        from judged j', mart) using as_of, max_change, min_probability;
    get diagnostics rows = row_count;
    execute format('select count(*) from %I.price_advice where advice <> ''no advice''', mart) into advised;
    execute format('analyze %1$I.category_price_elasticity, %1$I.price_advice', mart);
    drop table pg_temp.ecom_price_month, pg_temp.ecom_price_product;
    reason := case when advised = 0 then 'the evidence supports no advice for any product; price_advice.reason says why' else '' end;
end
$$;
comment on function ecom_internal.refresh_price(name, date) is
'Step price of ecom.refresh: elasticities by category and product, and the price advice that follows from them.';
