-- KPIs of a mart: one call per question, each over ecom_internal.metric_query, so that all give the same numbers.
-- JIT is off in them: with generated queries over rollups, compiling takes longer than running.

create function ecom.kpi_summary(
    mart name default null, from_date date default null, to_date date default null, filters jsonb default '{}')
returns table (revenue numeric, orders bigint, customers bigint, aov numeric, avg_satisfaction numeric, units numeric,
               new_customers bigint, returning_customers bigint, gross_amount numeric, return_amount numeric, return_rate numeric,
               discount_rate numeric, margin numeric, margin_rate numeric, avg_delivery_days numeric,
               revenue_per_customer numeric, orders_per_customer numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
    return query execute format('
        select round(q.revenue, 2), q.orders, q.customers, round(q.aov, 2), round(q.avg_satisfaction, 2), trim_scale(q.quantity), q.new_customers,
               q.returning_customers, round(q.gross_amount, 2), round(q.return_amount, 2), q.return_rate, q.discount_rate,
               case when q.costed_amount <> 0 then round(q.margin, 2) end, q.margin_rate, round(q.avg_delivery_days, 2),
               round(q.revenue_per_customer, 2), round(q.orders_per_customer, 2)
        from (%s) q', ecom_internal.metric_query(ecom_internal.mart_name(mart),
        '{revenue,orders,customers,aov,avg_satisfaction,quantity,new_customers,returning_customers,gross_amount,return_amount,
          return_rate,discount_rate,margin,costed_amount,margin_rate,avg_delivery_days,revenue_per_customer,orders_per_customer}',
        '{}', from_date, to_date, filters));
end
$$;
comment on function ecom.kpi_summary(name, date, date, jsonb) is
'The key figures of a mart in one row: SELECT * FROM ecom.kpi_summary(''shop'', ''2025-01-01'', ''2025-03-31'', ''{"region": "West"}'').
What each figure means: SELECT * FROM ecom.metrics(''shop''). Amounts in the mart''s currency, rates 0 to 1; what the mart has no
data for is NULL, sums and counts of an empty period are 0.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- from_date, to_date: inclusive; NULL means the first and the last day with sales
- filters: a value or a list of values per dimension of ecom.dimensions(): {"region": "West", "segment": ["Premium", "Regular"]}
Time: one pass over the orders of the period, with a product filter over its lines; before the first ecom.refresh, and after
changes that it has not seen, over all lines. Errors: 3F000 for an unknown mart, 22023 for a reversed range or a filter that
is not known.';

create function ecom_internal.period_end(grain text, period date) returns date
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select case grain when 'day' then period when 'week' then period + 6
                      else (period + make_interval(months => case grain when 'month' then 1 when 'quarter' then 3 else 12 end))::date - 1 end
$$;
comment on function ecom_internal.period_end(text, date) is
'The last day of the day, week, month, quarter or year that starts on a day.';

create function ecom_internal.check_grain(grain text) returns void
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if grain is null or grain not in ('day', 'week', 'month', 'quarter', 'year') then
        raise exception 'grain "%" is not known', coalesce(grain, 'NULL') using errcode = '22023',
            hint = 'Use day, week, month, quarter or year.';
    end if;
end
$$;
comment on function ecom_internal.check_grain(text) is 'Raises 22023 for what is not day, week, month, quarter or year.';

create function ecom_internal.check_metric(mart name, metric text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    kind text;
begin
    select m.kind into kind from ecom_internal.mart_metric(mart) m where m.name = metric;
    if not found then
        raise exception 'metric "%" is not known', coalesce(metric, 'NULL') using errcode = '22023',
            hint = format('Use one of: %s.', (select string_agg(m.name, ', ' order by m.position) from ecom_internal.mart_metric(mart) m));
    end if;
    return kind;
end
$$;
comment on function ecom_internal.check_metric(name, text) is
'Gives the kind of a metric: additive, distinct or derived; raises 22023 with the list when it is not known.';

create function ecom.revenue_trend(
    mart name default null, grain text default 'month', "by" text[] default '{}', from_date date default null, to_date date default null,
    filters jsonb default '{}', metric text default 'revenue')
returns table (period_start date, period_end date, is_complete boolean, series text, value numeric, running_value numeric,
               previous_value numeric, change_rate numeric, year_ago_value numeric, year_change_rate numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_column
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    range constant record := ecom_internal.check_range(mart_schema, from_date, to_date);
    sales constant record := ecom_internal.check_range(mart_schema, null, null);
    kind text;
    series_key text;
begin
    perform ecom_internal.check_grain(grain);
    kind := ecom_internal.check_metric(mart_schema, metric);
    perform ecom_internal.check_dimensions("by");
    if grain = any ("by") then
        raise exception 'dimension "%" is the grain already', grain using errcode = '22023', hint = 'Leave it out of "by".';
    end if;
    series_key := case when cardinality("by") = 0 then '''All'''
                       else (select 'concat_ws('' / '', ' || string_agg(format('q.%I', d), ', ' order by n) || ')' from unnest("by") with ordinality u (d, n)) end;
    -- Periods without sales are rows too: without them a running sum and a comparison would skip them silently.
    return query execute format('
        with found as materialized (select q.%1$I as period_start, %2$s as series, q.%3$I::numeric as value from (%4$s) q),
        period as (
            select g.day::date as period_start
            from generate_series(date_trunc(%5$L, $1::timestamp), $2::timestamp, %6$L::interval) g (day)),
        filled as (
            select p.period_start, s.series, case when $5 then coalesce(f.value, 0) else f.value end as value
            from period p cross join (select distinct series from found union select ''All'' where %7$L = ''{}'') s
            left join found f on f.period_start = p.period_start and f.series = s.series),
        compared as (
            select f.*, lag(f.value) over w as previous_value,
                   case when $6 then sum(f.value) over w end as running_value
            from filled f window w as (partition by f.series order by f.period_start))
        select c.period_start, ecom_internal.period_end(%5$L, c.period_start),
               c.period_start >= $3 and ecom_internal.period_end(%5$L, c.period_start) <= $4
               and c.period_start >= $1 and ecom_internal.period_end(%5$L, c.period_start) <= $2,
               c.series, trim_scale(round(c.value, 4)), trim_scale(round(c.running_value, 4)), trim_scale(round(c.previous_value, 4)),
               round((c.value - c.previous_value) / nullif(abs(c.previous_value), 0), 4),
               trim_scale(round(y.value, 4)), round((c.value - y.value) / nullif(abs(y.value), 0), 4)
        from compared c
        left join filled y on y.series = c.series and y.period_start = (c.period_start - %8$L::interval)::date
        order by c.period_start, c.series collate "C"',
        grain, series_key, metric,
        ecom_internal.metric_query(mart_schema, array[metric], array[grain] || "by", range.first_date, range.last_date, filters),
        grain, case grain when 'quarter' then '3 months' else '1 ' || grain end, "by",
        case grain when 'day' then '364 days' when 'week' then '364 days' else '1 year' end)
        using range.first_date, range.last_date, sales.first_date, sales.last_date, kind <> 'derived', kind = 'additive';
end
$$;
comment on function ecom.revenue_trend(name, text, text[], date, date, jsonb, text) is
'A metric over time, without gaps: SELECT * FROM ecom.revenue_trend(''shop'', ''month'', ''{region}'').
One row per period and series. Periods without sales have 0, ratios of nothing NULL.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- grain: day, week, month, quarter or year
- by: dimensions of ecom.dimensions(); their values make the series, ''All'' without any
- from_date, to_date: inclusive; NULL means the first and the last day with sales
- filters: {"region": "West", ...}
- metric: of ecom.metrics, revenue by default
is_complete: false for a period that the range or the sales cover only in part; do not compare such a one. running_value: sum since
the first period, of additive metrics. change_rate: against the period before. year_ago_value: the period a year before, within
the range; days and weeks look back 364 days, to the same day of the week.
Errors: 22023 for an unknown grain, metric, dimension or filter, or a reversed range.';

create function ecom.revenue_by(
    mart name, dimension text, from_date date default null, to_date date default null, filters jsonb default '{}',
    metric text default 'revenue', page int default 1, page_size int default null)
returns table (rank bigint, member text, value numeric, share numeric, cum_share numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    kind constant text := ecom_internal.check_metric(mart_schema, metric);
begin
    perform ecom_internal.check_dimensions(array[dimension]);
    perform ecom_internal.check_page(page, page_size);
    return query execute format('
        select rank() over (order by q.value desc nulls last), q.member, trim_scale(round(q.value, 4)),
               case when $1 then round(q.value / nullif(sum(q.value) over (), 0), 4) end,
               case when $1 then round(sum(q.value) over (order by q.value desc nulls last, q.member collate "C")
                                       / nullif(sum(q.value) over (), 0), 4) end
        from (select %1$I::text as member, %2$I::numeric as value from (%3$s) m) q
        order by q.value desc nulls last, q.member collate "C" limit $2 offset $3',
        dimension, metric,
        ecom_internal.metric_query(mart_schema, array[metric], array[dimension], from_date, to_date, filters))
        using kind = 'additive', page_size, (page - 1) * coalesce(page_size, 0);
end
$$;
comment on function ecom.revenue_by(name, text, date, date, jsonb, text, int, int) is
'A metric by the members of one dimension, largest first: SELECT * FROM ecom.revenue_by(''shop'', ''category'').
One row per member with sales or returns: rank, value, share of the total and cumulated share (of additive metrics).
Arguments: mart; NULL means the setting ecom_analytics.mart. dimension: of ecom.dimensions(). from_date, to_date: inclusive; NULL
means the first and the last day with sales. filters: {"region": "West", ...}. metric: of ecom.metrics. page, page_size: the
page of the rows, from 1; shares and ranks are of all rows.
Orders and customers by a dimension of products are those with such a line, so that they do not add up; counting them reads
all lines of the period.
Errors: 22023 for an unknown dimension, metric or filter, a reversed range or a page below 1.';

create function ecom_internal.check_page(page int, page_size int) returns void
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
begin
    if page is null or page < 1 or page_size < 1 or (page > 1 and page_size is null) then
        raise exception 'page % of % rows does not exist', coalesce(page::text, 'NULL'), coalesce(page_size::text, 'NULL')
            using errcode = '22023', hint = 'Pages count from 1; give page_size to have more than one.';
    end if;
end
$$;
comment on function ecom_internal.check_page(int, int) is 'Raises 22023 for a page that cannot be.';

create function ecom.heatmap(
    mart name, row_dimension text, column_dimension text, metric text default 'revenue', from_date date default null,
    to_date date default null, filters jsonb default '{}')
returns table (row_member text, column_member text, value numeric, share numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    kind constant text := ecom_internal.check_metric(mart_schema, metric);
begin
    perform ecom_internal.check_dimensions(array[row_dimension, column_dimension]);
    if row_dimension = column_dimension then
        raise exception 'rows and columns are both "%"', row_dimension using errcode = '22023', hint = 'Give two dimensions.';
    end if;
    return query execute format('
        select q.%1$I::text, q.%2$I::text, trim_scale(round(q.%3$I::numeric, 4)),
               case when $1 then round(q.%3$I::numeric / nullif(sum(q.%3$I::numeric) over (), 0), 4) end
        from (%4$s) q order by q.%1$I::text collate "C", q.%2$I::text collate "C"', row_dimension, column_dimension, metric,
        ecom_internal.metric_query(mart_schema, array[metric], array[row_dimension, column_dimension], from_date, to_date, filters))
        using kind = 'additive';
end
$$;
comment on function ecom.heatmap(name, text, text, text, date, date, jsonb) is
'A metric by two dimensions, one row per cell: SELECT * FROM ecom.heatmap(''shop'', ''day_of_week'', ''channel'') \crosstabview.
Cells without sales have no row. share: of the total, for additive metrics.
Arguments: mart; NULL means the setting ecom_analytics.mart. row_dimension, column_dimension: of ecom.dimensions(). metric: of
ecom.metrics. from_date, to_date: inclusive; NULL means the first and the last day with sales. filters: {"region": "West", ...}.
Errors: 22023 for an unknown dimension, metric or filter, equal dimensions or a reversed range.';

create function ecom.top_products(
    mart name default null, n int default 10, metric text default 'revenue', from_date date default null, to_date date default null,
    filters jsonb default '{}', page int default 1)
returns table (rank bigint, product_id text, name text, category text, value numeric, share numeric, cum_share numeric,
               revenue numeric, units numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    kind constant text := ecom_internal.check_metric(mart_schema, metric);
begin
    perform ecom_internal.check_page(page, n);
    return query execute format('
        select q.rank, q.product, p.name, p.category, trim_scale(round(q.value, 4)), q.share, q.cum_share, round(q.revenue, 2), trim_scale(q.quantity)
        from (select m.*, m.%1$I::numeric as value, rank() over (order by m.%1$I desc nulls last) as rank,
                     case when $1 then round(m.%1$I::numeric / nullif(sum(m.%1$I::numeric) over (), 0), 4) end as share,
                     case when $1 then round(sum(m.%1$I::numeric) over (order by m.%1$I desc nulls last, m.product collate "C")
                                             / nullif(sum(m.%1$I::numeric) over (), 0), 4) end as cum_share
              from (%2$s) m) q
        join %3$I.dim_product p on p.product_id = q.product
        order by q.value desc nulls last, q.product collate "C" limit $2 offset $3', metric,
        ecom_internal.metric_query(mart_schema, array(select distinct m from unnest(array[metric, 'revenue', 'quantity']) m),
                                   '{product}', from_date, to_date, filters), mart_schema)
        using kind = 'additive', n, (page - 1) * n;
end
$$;
comment on function ecom.top_products(name, int, text, date, date, jsonb, int) is
'The best products by revenue, units or any other metric: SELECT * FROM ecom.top_products(''shop'', 10, ''quantity'').
One row per product with sales or returns, best first, n a page. share and cum_share are of all products, for additive metrics;
cum_share is the share of the products so far, from the best.
Arguments: mart; NULL means the setting ecom_analytics.mart. n: rows of a page; NULL for all. metric: of ecom.metrics, as revenue,
quantity or margin. from_date, to_date: inclusive; NULL means the first and the last day with sales. filters:
{"category": "Toys"}. page: from 1.
Whole months are read from a rollup, other ranges and filters on orders from the lines.
Errors: 22023 for an unknown metric or filter, a reversed range or a page below 1.';

create function ecom.product_sales(
    mart name default null, page int default 1, page_size int default 20, from_date date default null, to_date date default null,
    filters jsonb default '{}')
returns table (product_id text, name text, category text, revenue numeric, units numeric, lines bigint, return_rate numeric,
               page_count bigint)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
begin
    perform ecom_internal.check_page(page, page_size);
    return query execute format('
        select q.product, p.name, p.category, round(q.revenue, 2), trim_scale(q.quantity), q.lines, q.return_rate,
               ceil(count(*) over ()::numeric / $1)::bigint
        from (%s) q join %I.dim_product p on p.product_id = q.product
        order by q.product collate "C" limit $1 offset $2',
        ecom_internal.metric_query(mart_schema, '{revenue,quantity,lines,return_rate}', '{product}', from_date, to_date, filters),
        mart_schema) using page_size, (page - 1) * page_size;
end
$$;
comment on function ecom.product_sales(name, int, int, date, date, jsonb) is
'Sales of every product, a page at a time, by identifier: SELECT * FROM ecom.product_sales(''shop'', page => 2).
One row per product with sales or returns; page_count is the number of pages.
Arguments: mart; NULL means the setting ecom_analytics.mart. page: from 1. page_size: rows of a page. from_date, to_date: inclusive;
NULL means the first and the last day with sales. filters: {"category": "Toys"}.
Errors: 22023 for an unknown filter, a reversed range or a page below 1.';

create function ecom.top_customers(
    mart name default null, n int default 10, metric text default 'revenue', from_date date default null, to_date date default null,
    filters jsonb default '{}', page int default 1)
returns table (rank bigint, customer_id text, name text, segment text, value numeric, share numeric, cum_share numeric,
               orders bigint, aov numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    range constant record := ecom_internal.check_range(mart_schema, from_date, to_date);
    sales constant record := ecom_internal.check_range(mart_schema, null, null);
    definition ecom_internal.metric_definition;
    base text[];
    has_whole_customers boolean;
begin
    perform ecom_internal.check_page(page, n);
    perform ecom_internal.check_metric(mart_schema, metric);
    select m.* into definition from ecom_internal.mart_metric(mart_schema) m where m.name = metric;
    base := case when definition.kind = 'derived' then definition.uses else array[metric] end;
    has_whole_customers := not exists (select from ecom_internal.filter_values(filters)) and not base && '{customers,new_customers}'
        and range.first_date <= sales.first_date and range.last_date >= sales.last_date;
    -- Grouped by the key, and named after the best are known: a million names would be looked up for nothing. Names break
    -- ties, so that all who are as good as the worst of the best have to be named.
    return query execute format('
        with customer as materialized (
            select o.customer_key, %1$s, sum(o.order_count)::bigint as total_orders, sum(o.revenue_amount) as total_revenue
            from (%2$s) o where o.customer_key <> 0 group by o.customer_key),
        valued as (select k.customer_key, k.total_orders, k.total_revenue, (%3$s)::numeric as value from customer k),
        worst as (select v.value from valued v order by v.value desc nulls last limit 1 offset $1 + $2 - 1),
        best as (select v.* from valued v join %4$I.dim_customer c using (customer_key)
                 where $1 is null or coalesce(v.value >= (select w.value from worst w), true)
                 order by v.value desc nulls last, c.customer_id collate "C" limit $1 + $2)
        select rank() over (order by b.value desc nulls last), c.customer_id, c.name, c.segment, trim_scale(round(b.value, 4)),
               case when $3 then round(b.value / nullif(t.total, 0), 4) end,
               case when $3 then round(sum(b.value) over (order by b.value desc nulls last, c.customer_id collate "C") / nullif(t.total, 0), 4) end,
               b.total_orders, round(b.total_revenue / nullif(b.total_orders, 0), 2)
        from best b join %4$I.dim_customer c using (customer_key) cross join (select sum(v.value) as total from valued v) t
        order by b.value desc nulls last, c.customer_id collate "C" offset $2',
        (select string_agg(format('coalesce(%s, 0)::%s as %I', m.expression, m.type, m.name), ', ' order by m.position)
         from ecom_internal.metric_definition m
         where m.name = any (base)),
        case when has_whole_customers then 'select * from ' || ecom_internal.customer_source(mart_schema) || ' whole'
             else ecom_internal.filtered_orders(mart_schema, from_date, to_date, filters) end,
        case when definition.kind = 'derived' then definition.expression else quote_ident(metric) end, mart_schema)
        using n, (page - 1) * coalesce(n, 0), definition.kind = 'additive';
end
$$;
comment on function ecom.top_customers(name, int, text, date, date, jsonb, int) is
'The best customers by revenue, orders or any other metric: SELECT * FROM ecom.top_customers(''shop'', 10).
One row per known customer with sales or returns, best first, n a page. share and cum_share are of all known customers, for
additive metrics. A filter on products keeps the orders with such a line, whole.
Arguments: mart; NULL means the setting ecom_analytics.mart. n: rows of a page; NULL for all. metric: of ecom.metrics. from_date,
to_date: inclusive; NULL means the first and the last day with sales. filters: {"region": "West"}. page: from 1.
Errors: 22023 for an unknown metric or filter, a reversed range or a page below 1.';

create function ecom.product_performance(
    mart name default null, dimension text default 'category', from_date date default null, to_date date default null,
    filters jsonb default '{}')
returns table (member text, season text, revenue numeric, units numeric, share_of_member numeric, season_index numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    range constant record := ecom_internal.check_range(mart_schema, from_date, to_date);
begin
    perform ecom_internal.check_dimensions(array[dimension]);
    if dimension = 'season' then
        raise exception 'rows and columns are both "season"' using errcode = '22023', hint = 'Give a dimension of products, as category.';
    end if;
    -- Days of each season in the range, so that a season that is in it twice does not look twice as strong.
    return query execute format('
        select q.%1$I::text, q.season, round(q.revenue, 2), trim_scale(q.quantity),
               round(q.revenue / nullif(sum(q.revenue) over w, 0), 4),
               round((q.revenue / d.days) / nullif(sum(q.revenue) over w / sum(d.days) over w, 0), 4)
        from (%2$s) q
        join (select d.season, count(*) as days from %3$I.dim_date d where d.date between $1 and $2 group by d.season) d on d.season = q.season
        window w as (partition by q.%1$I)
        order by q.%1$I::text collate "C", array_position(array[''Winter'', ''Spring'', ''Summer'', ''Autumn''], q.season)',
        dimension, ecom_internal.metric_query(mart_schema, '{revenue,quantity}', array[dimension, 'season'], from_date, to_date, filters),
        mart_schema) using range.first_date, range.last_date;
end
$$;
comment on function ecom.product_performance(name, text, date, date, jsonb) is
'Revenue of categories or products by season: SELECT * FROM ecom.product_performance(''shop'').
One row per member and season with sales. share_of_member: share of the member''s revenue. season_index: revenue a day in the
season over the member''s revenue a day in all its seasons of the range: 1.20 is 20 % above its own mean.
Arguments: mart; NULL means the setting ecom_analytics.mart. dimension: of ecom.dimensions(), as category, brand or product.
from_date, to_date: inclusive; NULL means the first and the last day with sales. filters: {"region": "West"}.
Errors: 22023 for an unknown dimension or filter or a reversed range.';
