-- Products and lines: concentration and variability of demand (ABC, Pareto, XYZ), returns, depth of discounts.

create function ecom_internal.check_entity(entity text, metric text, mart name) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if entity is null or entity not in ('product', 'customer') then
        raise exception 'entity "%" is not known', coalesce(entity, 'NULL') using errcode = '22023', hint = 'Use product or customer.';
    end if;
    if ecom_internal.check_metric(mart, metric) <> 'additive' and metric not in ('quantity', 'margin') then
        raise exception 'shares of metric "%" do not add up', metric using errcode = '22023',
            hint = 'Use revenue, quantity, margin or another additive metric of ecom.metrics.';
    end if;
end
$$;
comment on function ecom_internal.check_entity(text, text, name) is
'Raises 22023 when entity is not product or customer, or when a metric does not add up over them. mart: the resolved name.';

create function ecom_internal.entity_query(
    mart name, entity text, metric text, member text, from_date date, to_date date, filters jsonb) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    perform ecom_internal.check_entity(entity, metric, mart);
    return format('
        select %1$s as member, q.%2$I as entity_id, k.name, k.%3$I as entity_key, %4$s as value
        from (%5$s) q join %6$I.%7$I k on k.%8$I = q.%2$I and k.%3$I <> 0',
        case when member is null then '''All''' else format('q.%I::text', member) end, entity, entity || '_key',
        -- Revenue of which no cost is known has no margin, and not one of 0; of what came back whole it is 0.
        case metric when 'margin' then 'case when q.costed_amount <> 0 or q.cost_amount <> 0 or q.revenue = 0 then q.margin end'
                    else format('q.%I::numeric', metric) end,
        ecom_internal.metric_query(mart, case metric when 'margin' then '{margin,costed_amount,cost_amount,revenue}' else array[metric] end,
                                   array(select distinct d from unnest(array[member, entity]) d where d is not null), from_date, to_date, filters),
        mart, 'dim_' || entity, entity || '_id');
end
$$;
comment on function ecom_internal.entity_query(name, text, text, text, date, date, jsonb) is
'The query of a metric by product or customer within the members of a dimension: member, entity_id, name, entity_key, value.
Without the Unknown product or customer. Arguments: mart: the resolved name; entity; metric; member: dimension or NULL; from_date,
to_date, filters: as ecom_internal.metric_query takes them. Errors: those of check_entity and metric_query.';

create function ecom_internal.class_letter(share_before numeric, value numeric, cuts numeric[]) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select case when value is null then null
                else chr(ascii('A') + case when value <= 0 then cardinality(cuts) else width_bucket(share_before, cuts) end) end
$$;
comment on function ecom_internal.class_letter(numeric, numeric, numeric[]) is
'The letter of the class that a share begins in: A up to the first cut, B up to the second; values of 0 or less the last one.';

create function ecom.abc_classify(
    mart name default null, entity text default 'product', metric text default 'revenue', cuts float8[] default '{0.8,0.95}',
    "by" text default null, from_date date default null, to_date date default null, filters jsonb default '{}')
returns table (member text, entity_id text, name text, value numeric, share numeric, cum_share numeric, class text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    shares constant numeric[] := ecom_internal.check_cuts(cuts, null);
begin
    return query execute format('
        select c.member, c.entity_id, c.name, trim_scale(round(c.value, 4)), round(c.share, 6), round(c.cum_share, 6),
               ecom_internal.class_letter(c.share_before, c.value, $1)
        from (%s) c
        order by c.member collate "C", c.value desc nulls last, c.entity_id collate "C"',
        ecom_internal.concentration_query(ecom_internal.entity_query(mart_schema, entity, metric, "by", from_date, to_date, filters)))
        using shares;
end
$$;
comment on function ecom.abc_classify(name, text, text, float8[], text, date, date, jsonb) is
'Sorts products or customers into classes A, B and C by what they contribute: A makes the first 80 %, B the next 15 %.
Example: SELECT * FROM ecom.abc_classify(''shop'') LIMIT 10
Example: SELECT class, count(*), sum(share) FROM ecom.abc_classify(''shop'', ''customer'', ''margin'') GROUP BY class ORDER BY class
Example: SELECT * FROM ecom.abc_classify(''shop'', by => ''category'') WHERE class = ''A''
One row per product or customer with sales or returns, largest first. share, cum_share: of the sum of all values above 0, cum_share with all
of equal value. A class goes on until it reaches its cut, so that the one who crosses it belongs to the better class; equal values
have equal classes. Values of 0 or less add nothing and have the last class. The Unknown product and customer are left out.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- entity: product or customer
- metric: revenue, quantity, margin or another additive metric of ecom.metrics
- cuts: ascending shares between 0 and 1; n cuts make n + 1 classes
- by: a dimension of ecom.dimensions(): classes within each of its members
- from_date, to_date: inclusive; NULL means the first and the last day with sales
- filters: {"region": "West", ...}
By margin, what has no known cost has neither value nor class. Time: n log n in products or customers after one pass over the
rollup, or the lines, that metrics are read from. Pareto (1896); Dickie (1951).
Errors: 22023 for an unknown entity, metric, dimension or filter, cuts that do not ascend, or a reversed range.';

create function ecom.pareto_curve(
    mart name default null, entity text default 'product', metric text default 'revenue', points int default 20,
    from_date date default null, to_date date default null, filters jsonb default '{}')
returns table (point int, entity_share numeric, entities numeric, value_share numeric, gini numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
    if points is null or points not between 1 and 1000 then
        raise exception 'points % is not between 1 and 1000', coalesce(points::text, 'NULL') using errcode = '22023',
            hint = 'Give the number of equal steps of the curve; the default is 20.';
    end if;
    return query execute format('
        with ranked as materialized (
            select r.i, r.value, r.n, r.total, sum(r.value) over (order by r.i) as cumulated
            from (select row_number() over (order by greatest(v.value, 0) desc, v.entity_id collate "C") as i, greatest(v.value, 0) as value,
                         count(*) over () as n, sum(greatest(v.value, 0)) over () as total
                  from (%s) v where v.value is not null) r),
        shop as (
            select min(r.n) as n, min(r.total) as total,
                   2 * sum((r.n - r.i + 1) * r.value) / nullif(min(r.n) * min(r.total), 0) - (min(r.n) + 1)::numeric / min(r.n) as gini
            from ranked r),
        point as (select p.p, s.*, p.p * s.n::numeric / $1 as x from generate_series(0, $1) p (p) cross join shop s where s.n > 0)
        select p.p, round(p.p::numeric / $1, 4), round(p.x, 1),
               round((coalesce(a.cumulated, 0) + (p.x - floor(p.x)) * coalesce(b.value, 0)) / nullif(p.total, 0), 4), round(p.gini, 4)
        from point p
        left join ranked a on a.i = floor(p.x)
        left join ranked b on b.i = floor(p.x) + 1
        order by p.p',
        ecom_internal.entity_query(ecom_internal.mart_name(mart), entity, metric, null, from_date, to_date, filters)) using points;
end
$$;
comment on function ecom.pareto_curve(name, text, text, int, date, date, jsonb) is
'The concentration curve: which share of the value the best 5 %, 10 %, ... of the products or customers bring, and the Gini coefficient.
Example: SELECT * FROM ecom.pareto_curve(''shop'', ''customer'', points => 10)
points + 1 rows, from nobody to everybody, best first: entity_share and entities, value_share (0 to 1; between two entities a
straight line). gini, the same on every row: 0 when all bring the same, near 1 when one brings everything;
2 * sum(i * x_i) / (n * sum(x)) - (n + 1) / n over the values in ascending order (Gini, 1912), without correction for small n.
Values below 0 count as 0. All with sales or returns in the range are counted, the Unknown product and customer are not.
Arguments: mart; NULL means the setting ecom_analytics.mart. entity: product or customer. metric: revenue, quantity, margin or another
additive metric of ecom.metrics. points: 1 to 1000. from_date, to_date: inclusive; NULL means the first and the last day with sales.
filters: {"region": "West", ...}.
No rows without sales; NULL shares when nothing is above 0. Errors: 22023 for an unknown entity, metric or filter, or a reversed range.';

create function ecom_internal.abc_xyz_query(
    mart name, entity text, metric text, cuts numeric[], xyz_cuts float8[], from_date date, to_date date, filters jsonb) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    range constant record := ecom_internal.check_range(mart, from_date, to_date);
    values_query constant text := ecom_internal.entity_query(mart, entity, metric, null, from_date, to_date, filters);
begin
    -- Demand is looked up from the first sale ever, so that a product which is older than the range is 0 in its silent months.
    return format('
        with month as (
            select p.period_start from ecom_internal.periods(%1$L, ''month'', %2$L::date, %3$L::date) p where p.is_complete),
        demand as (
            select q.%4$I as entity_id, q.month, q.sold_quantity as units from (%5$s) q where q.sold_quantity > 0),
        since as (select d.entity_id, min(d.month) as first_month from demand d group by d.entity_id),
        variation as (
            select s.entity_id, count(*) as months, avg(coalesce(d.units, 0)) as mean_units, stddev_samp(coalesce(d.units, 0)) as deviation
            from since s join month m on m.period_start >= s.first_month
            left join demand d on d.entity_id = s.entity_id and d.month = m.period_start
            group by s.entity_id)
        select c.entity_id, c.entity_key, c.name, c.value, c.share, c.cum_share,
               ecom_internal.class_letter(c.share_before, c.value, %6$L::numeric[]) as abc_class,
               coalesce(v.months, 0) as months, v.mean_units, v.deviation / nullif(v.mean_units, 0) as cv,
               case when v.deviation is null then null
                    else chr(ascii(''X'') + case when v.mean_units = 0 then 2
                                            else width_bucket(v.deviation / v.mean_units, %7$L::numeric[]) end) end as xyz_class
        from (%8$s) c left join variation v on v.entity_id = c.entity_id',
        mart, range.first_date, range.last_date, entity,
        ecom_internal.metric_query(mart, '{sold_quantity}', array[entity, 'month'], null, to_date, filters),
        cuts, xyz_cuts, ecom_internal.concentration_query(values_query));
end
$$;
comment on function ecom_internal.abc_xyz_query(name, text, text, numeric[], float8[], date, date, jsonb) is
'The query behind ecom.abc_xyz, with the key of the entity. Arguments: mart: the resolved name; the others are checked by the caller.';

create function ecom.abc_xyz(
    mart name default null, entity text default 'product', metric text default 'revenue', cuts float8[] default '{0.8,0.95}',
    xyz_cuts float8[] default '{0.5,1}', from_date date default null, to_date date default null, filters jsonb default '{}')
returns table (entity_id text, name text, value numeric, cum_share numeric, abc_class text, months bigint, mean_monthly_units numeric,
               cv numeric, xyz_class text, class text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    shares constant numeric[] := ecom_internal.check_cuts(cuts, null);
begin
    if array_ndims(xyz_cuts) is distinct from 1 or cardinality(xyz_cuts) <> 2
       or coalesce(not (xyz_cuts[1] > 0 and xyz_cuts[1] < xyz_cuts[2] and xyz_cuts[2] < 'Infinity'), true) then
        raise exception 'xyz_cuts % are not two ascending numbers above 0', coalesce(xyz_cuts::text, 'NULL') using errcode = '22023',
            hint = 'Give the coefficients of variation at which Y and Z begin: ''{0.5,1}''.';
    end if;
    return query execute format('
        select c.entity_id, c.name, trim_scale(round(c.value, 4)), round(c.cum_share, 6), c.abc_class, c.months, round(c.mean_units, 2),
               round(c.cv, 4), c.xyz_class, c.abc_class || c.xyz_class
        from (%s) c order by c.value desc nulls last, c.entity_id collate "C"',
        ecom_internal.abc_xyz_query(ecom_internal.mart_name(mart), entity, metric, shares, xyz_cuts, from_date, to_date, filters));
end
$$;
comment on function ecom.abc_xyz(name, text, text, float8[], float8[], date, date, jsonb) is
'ABC by contribution and XYZ by steadiness of demand: AX is important and steady, CZ is neither.
Example: SELECT abc_class, xyz_class, count(*) FROM ecom.abc_xyz(''shop'') GROUP BY 1, 2 ORDER BY 1, 2
One row per product or customer with sales or returns in the range, largest first. cv: standard deviation (of a sample) over mean of
the units sold a month, returns not deducted, over the complete months of the range from that of the first sale ever on; months without
sales count as 0. months: how many. xyz_class: X below the first xyz_cut, Y below the second, Z from there, and without any demand; NULL,
as cv, with fewer than two complete months. class: both letters. A trend or a season makes cv large as well as chance does.
Arguments: as ecom.abc_classify, and xyz_cuts: the coefficients of variation at which Y and Z begin.
Errors: those of ecom.abc_classify, 22023 for xyz_cuts that are not two ascending numbers above 0.';

-- Returns and discounts ------------------------------------------------------------------------------------------

create function ecom.returns_analysis(
    mart name default null, "by" text default 'category', from_date date default null, to_date date default null,
    filters jsonb default '{}')
returns table (member text, sold_lines bigint, return_lines bigint, line_return_rate numeric, ci_low numeric, ci_high numeric,
               sold_quantity numeric, returned_quantity numeric, gross_amount numeric, return_amount numeric, return_rate numeric,
               share_of_returns numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
    return query execute format('
        select q.member, q.lines, q.return_lines, round(q.return_lines::numeric / nullif(q.lines, 0), 4), round(w.low::numeric, 4),
               round(w.high::numeric, 4), trim_scale(q.sold_quantity), trim_scale(q.returned_quantity), round(q.gross_amount, 2),
               round(q.return_amount, 2), q.return_rate, round(q.return_amount / nullif(sum(q.return_amount) over (), 0), 4)
        from (select %s as member, m.* from (%s) m) q
        cross join lateral ecom.wilson_interval(case when q.return_lines <= q.lines then q.return_lines end, q.lines) w
        order by q.return_amount desc, q.member collate "C"',
        case when "by" is null then '''All''' else format('m.%I::text', "by") end,
        ecom_internal.metric_query(ecom_internal.mart_name(mart),
            '{lines,return_lines,sold_quantity,returned_quantity,gross_amount,return_amount,return_rate}',
            array_remove(array["by"], null), from_date, to_date, filters));
end
$$;
comment on function ecom.returns_analysis(name, text, date, date, jsonb) is
'What comes back, by any dimension: lines, units, amounts, and how sure the rate is.
Example: SELECT * FROM ecom.returns_analysis(''shop'')
Example: SELECT * FROM ecom.returns_analysis(''shop'', ''product'') ORDER BY ci_low DESC LIMIT 10
One row per member with sales or returns, most returned money first. line_return_rate: returned lines over sold lines, with its 95 %
interval ci_low to ci_high (Wilson, 1927), NULL where more came back than was sold. return_rate: by amount, the metric return_rate.
share_of_returns: of the returned amount. Order by ci_low to find bad products without being fooled by small numbers.
Returns and sales of the same days are compared, not the returns of those sales: in a short or the last period returns are still to
come, and returns of earlier sales are in it.
Arguments: mart; NULL means the setting ecom_analytics.mart. by: of ecom.dimensions(); NULL for one row. from_date, to_date:
inclusive; NULL means the first and the last day with sales. filters: {"region": "West", ...}.
Errors: 22023 for an unknown dimension or filter or a reversed range.';

create function ecom_internal.filtered_lines(
    mart name, from_date date, to_date date, filters jsonb, dimensions text[] default '{}') returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    range constant record := ecom_internal.check_range(mart, from_date, to_date);
begin
    perform ecom_internal.check_dimensions(dimensions);
    return format('select f.*%s from %I.fact_sales f%s where f.order_date_key between %s and %s%s',
        (select string_agg(format(', %s as %I', d.expression, 'dimension_' || w.name), '' order by w.n)
         from unnest(dimensions) with ordinality w (name, n) join ecom_internal.dimension_definition d on d.name = w.name),
        mart, ecom_internal.dimension_joins(mart, dimensions || array(select f.dimension from ecom_internal.filter_values(filters) f), 'f'),
        coalesce(ecom_internal.date_key(range.first_date), 0), coalesce(ecom_internal.date_key(range.last_date), 0),
        ecom_internal.dimension_conditions(filters));
end
$$;
comment on function ecom_internal.filtered_lines(name, date, date, jsonb, text[]) is
'The query of the order lines of a mart in a range of days that meet filters: the columns of fact_sales, and one named
dimension_<name> per dimension. Arguments: mart: the resolved name; from_date, to_date: inclusive; filters: {"region": "West", ...};
dimensions: of any level. Errors: those of check_range, check_dimensions and filter_values.';

create function ecom.discount_analysis(
    mart name default null, "by" text default null, from_date date default null, to_date date default null,
    filters jsonb default '{}', bands float8[] default '{0.05,0.1,0.2,0.3,0.5}')
returns table (member text, depth text, depth_from numeric, depth_to numeric, lines bigint, share_of_lines numeric, units numeric,
               gross_amount numeric, share_of_amount numeric, discount_amount numeric, discount_rate numeric, margin numeric,
               margin_rate numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    cuts constant numeric[] := ecom_internal.check_cuts(bands, null);
begin
    -- Depth in whole percent: a price that was rounded to cents must not move a line into the next band.
    return query execute format('
        with line as (
            select %s as member, l.revenue_amount, l.quantity, l.discount_amount, l.cost_amount,
                   case when l.discount_amount <= 0 or l.revenue_amount + l.discount_amount <= 0 then 0
                        else 1 + (select count(*) from unnest($1) c (cut)
                                  where c.cut < round(l.discount_amount / (l.revenue_amount + l.discount_amount), 2)) end as band
            from (%s) l where not l.is_return)
        select s.member,
               case when s.band = 0 then ''none''
                    when s.band = 1 then format(''up to %%s %%%%'', trim_scale($1[1] * 100))
                    when s.band > cardinality($1) then format(''over %%s %%%%'', trim_scale($1[s.band - 1] * 100))
                    else format(''%%s to %%s %%%%'', trim_scale($1[s.band - 1] * 100), trim_scale($1[s.band] * 100)) end,
               case s.band when 0 then 0 when 1 then 0 else $1[s.band - 1] end,
               case when s.band = 0 then 0 when s.band > cardinality($1) then 1 else $1[s.band] end,
               s.lines, round(s.lines / sum(s.lines) over w, 4), trim_scale(s.units), round(s.gross, 2),
               round(s.gross / nullif(sum(s.gross) over w, 0), 4), round(s.discount, 2),
               round(s.discount / nullif(s.gross + s.discount, 0), 4), round(s.margin, 2), round(s.margin / nullif(s.costed, 0), 4)
        from (select x.member, x.band::int as band, count(*) as lines, sum(x.quantity) as units, sum(x.revenue_amount) as gross,
                     sum(x.discount_amount) as discount, sum(x.revenue_amount - x.cost_amount) as margin,
                     sum(x.revenue_amount) filter (where x.cost_amount is not null) as costed
              from line x group by x.member, x.band) s
        window w as (partition by s.member)
        order by s.member collate "C", s.band',
        case when "by" is null then '''All''' else format('l.%I::text', 'dimension_' || "by") end,
        ecom_internal.filtered_lines(ecom_internal.mart_name(mart), from_date, to_date, filters, array_remove(array["by"], null)))
        using cuts;
end
$$;
comment on function ecom.discount_analysis(name, text, date, date, jsonb, float8[]) is
'How deep discounts are: sales lines by depth of their discount, with what each band brings and costs.
Example: SELECT * FROM ecom.discount_analysis(''shop'')
Example: SELECT * FROM ecom.discount_analysis(''shop'', ''category'', ''2025-11-01'', ''2025-11-30'')
One row per member and band that has lines. Depth of a line: discount over price before discount, rounded to whole percent, so that
10 % off a price in cents is 10 %; a band holds its upper bound. depth "none": lines without a discount. units, gross_amount: of sales lines,
returns not deducted. discount_rate: discounts over sales before discounts, of the whole band. share_of_lines, share_of_amount: within
the member. margin, margin_rate: of the lines whose cost is known, NULL without any.
Arguments: mart; NULL means the setting ecom_analytics.mart. by: of ecom.dimensions(); NULL for all lines together. from_date,
to_date: inclusive; NULL means the first and the last day with sales. filters: {"region": "West", ...}. bands: ascending upper bounds
between 0 and 1. Time: one pass over the order lines of the range.
Errors: 22023 for an unknown dimension or filter, bands that do not ascend, or a reversed range.';

-- What refresh keeps --------------------------------------------------------------------------------------------

insert into ecom_internal.mart_part (name, position, ddl) values ('product_classes', 94, $ddl$
create table {mart}.product_class (
    product_key           int           primary key references {mart}.dim_product on delete cascade,
    as_of_date            date          not null,
    revenue_amount        numeric(18,4) not null,
    revenue_share         double precision,
    cumulative_share      double precision,
    abc_class             text          not null,
    month_count           int           not null,
    mean_monthly_quantity numeric(18,4),
    demand_variation      double precision,
    xyz_class             text          not null
);
comment on table {mart}.product_class is
'One row per product with sales or returns: ABC class by revenue and XYZ class by steadiness of demand. Written by ecom.refresh.
What the columns mean: ecom.abc_classify and ecom.abc_xyz.';
comment on column {mart}.product_class.product_key is 'Product, to dim_product.';
comment on column {mart}.product_class.as_of_date is 'Day that the classes look back from.';
comment on column {mart}.product_class.revenue_amount is 'Revenue net of returns.';
comment on column {mart}.product_class.revenue_share is 'Share of the revenue of all products above 0, 0 to 1.';
comment on column {mart}.product_class.cumulative_share is 'Share of this and all larger products, 0 to 1.';
comment on column {mart}.product_class.abc_class is 'A makes the first 80 % of the revenue, B the next 15 %, C the rest.';
comment on column {mart}.product_class.month_count is 'Complete months since the first sale.';
comment on column {mart}.product_class.mean_monthly_quantity is 'Mean units sold in these months.';
comment on column {mart}.product_class.demand_variation is 'Standard deviation over mean of the units sold a month; empty with fewer than two.';
comment on column {mart}.product_class.xyz_class is
'X below a demand_variation of 0.5, Y below 1, Z from there; an empty text with fewer than two complete months.';

create view {mart}.product_abc as
select p.product_key, p.product_id, p.name, p.category, p.sub_category, p.brand, c.as_of_date, c.revenue_amount, c.revenue_share,
       c.cumulative_share, c.abc_class, c.month_count, c.mean_monthly_quantity, c.demand_variation, c.xyz_class
from {mart}.product_class c
join {mart}.dim_product p on p.product_key = c.product_key;
comment on view {mart}.product_abc is 'One row per product with sales or returns: who it is, and its classes at the last refresh.';
select ecom_internal.copy_column_comments({mart_name}, 'dim_product', 'product_abc');
select ecom_internal.copy_column_comments({mart_name}, 'product_class', 'product_abc');

create view {mart}.abc_class as
select c.abc_class, c.xyz_class, count(*)::bigint as product_count, sum(c.revenue_amount)::numeric(18,4) as revenue_amount,
       min(c.as_of_date)::date as as_of_date
from {mart}.product_class c
group by c.abc_class, c.xyz_class;
comment on view {mart}.abc_class is 'One row per pair of ABC and XYZ class that has products: their number and revenue at the last refresh.';
select ecom_internal.comment_class_columns({mart_name}, 'abc_class');
$ddl$);

insert into ecom_internal.refresh_step (name, position, function, needs_sales, description) values
    ('product_classes', 42, 'refresh_product_classes', true, 'product_class: ABC and XYZ class of every product');

create function ecom_internal.refresh_product_classes(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    last_day constant date := case when as_of <= (ecom_internal.check_range(mart, null, null)).last_date then as_of - 1 end;
begin
    execute format('delete from %I.product_class', mart);
    execute format('
        insert into %I.product_class (product_key, as_of_date, revenue_amount, revenue_share, cumulative_share, abc_class, month_count,
                                      mean_monthly_quantity, demand_variation, xyz_class)
        select c.entity_key, $1, c.value, c.share, c.cum_share, c.abc_class, c.months, c.mean_units, c.cv, coalesce(c.xyz_class, '''')
        from (%s) c', mart,
        ecom_internal.abc_xyz_query(mart, 'product', 'revenue', '{0.8,0.95}', '{0.5,1}', null, last_day, '{}')) using as_of;
    get diagnostics rows = row_count;
    execute format('analyze %I.product_class', mart);
    reason := case when rows = 0 then 'no sales have a product' else '' end;
end
$$;
comment on function ecom_internal.refresh_product_classes(name, date) is
'Step product_classes of ecom.refresh: writes product_class with the defaults of ecom.abc_xyz.';

insert into ecom_internal.mart_measure (name, source, expression) values
    ('lines_with_discount', 'line', 'count(*) filter (where x.discount_amount > 0)'),
    ('months_with_sales', 'day', 'count(distinct x.order_date_key / 100)');
insert into ecom_internal.requirement (capability, measure, position, description, needed, advice) values
    ('discounts', 'lines_with_discount', 200, 'order lines with a discount', '1', 'Map discount_amount.'),
    ('abc_xyz', 'products', 201, 'products with sales', '1', 'Map product_id.'),
    ('abc_xyz', 'months_with_sales', 202, 'months with sales', '3', 'Load a longer history.');
