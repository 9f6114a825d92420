-- Customers: how often they order, how regularly, how loyal and how valuable they are, and what refresh keeps of it.
--
-- Orders come from ecom_internal.filtered_orders and sums from ecom_internal.metric_query, so that filters and amounts
-- mean the same as in the KPIs. The Unknown customer counts as sales, never as a customer.

create function ecom_internal.periods(mart name, grain text, from_date date, to_date date)
returns table (period_start date, period_end date, is_complete boolean)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    range constant record := ecom_internal.check_range(mart, from_date, to_date);
    sales constant record := ecom_internal.check_range(mart, null, null);
begin
    perform ecom_internal.check_grain(grain);
    return query
        select g.day::date, e.period_end,
               coalesce(g.day::date >= greatest(range.first_date, sales.first_date)
                        and e.period_end <= least(range.last_date, sales.last_date), false)
        from generate_series(date_trunc(grain, range.first_date::timestamp), range.last_date::timestamp,
                             case grain when 'quarter' then interval '3 months' else ('1 ' || grain)::interval end) g (day)
        cross join lateral (select ecom_internal.period_end(grain, g.day::date)) e (period_end)
        order by 1;
end
$$;
comment on function ecom_internal.periods(name, text, date, date) is
'The days, weeks, months, quarters or years that a range of days touches, without gaps; is_complete when range and sales cover all of one.
Arguments: mart: the resolved name; grain; from_date, to_date: inclusive, NULL for the first and last sale. Errors: 22023 for an
unknown grain or a reversed range.';

create function ecom_internal.customer_totals(mart name, from_date date, to_date date, filters jsonb) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select case when from_date is null and to_date is null and coalesce(filters, '{}') = '{}'
        then format('select s.customer_key, s.order_count::bigint as orders, s.revenue_amount as revenue from %s s',
                    ecom_internal.customer_source(mart))
        else format('select o.customer_key, sum(o.order_count)::bigint as orders, sum(o.revenue_amount) as revenue
                     from (%s) o where o.customer_key <> 0 group by o.customer_key',
                    ecom_internal.filtered_orders(mart, from_date, to_date, filters)) end
$$;
comment on function ecom_internal.customer_totals(name, date, date, jsonb) is
'The query of customer_key, orders and revenue of the known customers with sales or returns in a range of days.
Arguments: mart: the resolved name; from_date, to_date, filters: as ecom_internal.filtered_orders takes them.';

create function ecom_internal.concentration_query(source text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    -- Frames of whole groups of equal values, so that no class depends on how ties happen to be sorted.
    select format('
        select s.*, greatest(s.value, 0) / nullif(s.total, 0) as share,
               sum(greatest(s.value, 0)) over (w groups between unbounded preceding and current row) / nullif(s.total, 0) as cum_share,
               coalesce(sum(greatest(s.value, 0)) over (w groups between unbounded preceding and 1 preceding), 0)
                   / nullif(s.total, 0) as share_before
        from (select x.*, sum(greatest(x.value, 0)) over (partition by x.member) as total from (%s) x) s
        window w as (partition by s.member order by s.value desc nulls last)', source)
$$;
comment on function ecom_internal.concentration_query(text) is
'The query that adds to rows of member and value, from the largest value of a member down: share, cum_share (up to and with all
equal values) and share_before (of all larger values), of the sum of what is above 0; NULL where nothing is.
A class that begins where share_before reaches a cut holds the value that crosses the cut in the better class.';

create function ecom_internal.check_cuts(cuts float8[], needed int) returns numeric[]
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    is_valid constant boolean := coalesce(array_ndims(cuts) = 1 and array_position(cuts, null) is null
        and cardinality(cuts) = coalesce(needed, cardinality(cuts)) and cardinality(cuts) < 26
        and (select bool_and(c > 0 and c < 1 and c > coalesce(before, 0))
             from (select c, lag(c) over (order by n) as before from unnest(cuts) with ordinality u (c, n)) v), false);
begin
    if not is_valid then
        raise exception 'cuts % are not shares in ascending order', coalesce(cuts::text, 'NULL') using errcode = '22023',
            hint = format('Give %s above 0 and below 1, each larger than the one before: ''{0.5,0.8}''.',
                          coalesce(needed || ' numbers', 'up to 25 numbers'));
    end if;
    return cuts::numeric[];
end
$$;
comment on function ecom_internal.check_cuts(float8[], int) is
'Checks cuts between classes and gives them as numeric. Arguments: cuts; needed: how many, NULL for 1 to 25.
Errors: 22023 when they are not ascending between 0 and 1.';

-- Orders per customer and the time between orders ------------------------------------------------------------

create function ecom.order_frequency(
    mart name default null, from_date date default null, to_date date default null, filters jsonb default '{}',
    last_bucket int default 10)
returns table (orders text, orders_from int, orders_to int, customers bigint, share numeric, cum_share numeric,
               revenue numeric, revenue_share numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
    if last_bucket is null or last_bucket not between 2 and 1000 then
        raise exception 'last_bucket % is not between 2 and 1000', coalesce(last_bucket::text, 'NULL') using errcode = '22023',
            hint = 'Give the number of orders at which the open class begins; the default is 10.';
    end if;
    return query execute format('
        with customer as materialized (
            select least(t.orders, $1)::int as orders, t.revenue from (%s) t where t.orders > 0),
        bucket as (
            select b.n, count(c.orders) as customers, coalesce(sum(c.revenue), 0) as revenue
            from generate_series(1, $1) b (n) left join customer c on c.orders = b.n
            where exists (select from customer)
            group by b.n)
        select case when b.n < $1 then b.n::text else b.n || ''+'' end, b.n, case when b.n < $1 then b.n end, b.customers,
               round(b.customers / sum(b.customers) over (), 4),
               round(sum(b.customers) over (order by b.n) / sum(b.customers) over (), 4),
               round(b.revenue, 2), round(b.revenue / nullif(sum(b.revenue) over (), 0), 4)
        from bucket b order by b.n',
        ecom_internal.customer_totals(ecom_internal.mart_name(mart), from_date, to_date, filters)) using last_bucket;
end
$$;
comment on function ecom.order_frequency(name, date, date, jsonb, int) is
'How many customers ordered once, twice, three times and so on, and what they are worth.
Example: SELECT * FROM ecom.order_frequency(''shop'')
Example: SELECT * FROM ecom.order_frequency(''shop'', ''2025-01-01'', ''2025-12-31'', ''{"segment": "Premium"}'')
One row per number of orders in the range, from 1 to last_bucket, which is open ("10+", orders_to NULL); classes without
customers have 0. customers: known customers with an order in the range; share and cum_share of them. revenue: theirs in the
range, net of returns; revenue_share of the same sum.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- from_date, to_date: inclusive; NULL means the first and the last day with sales
- filters: {"region": "West", ...}: the orders that count
- last_bucket: number of orders at which the open class begins, 2 to 1000
No rows without customers. Time: one pass over customers, with dates or filters over the orders of the range.
Errors: 22023 for a filter that is not known, a reversed range or a last_bucket out of range.';

create function ecom.purchase_interval(
    mart name default null, "by" text default null, from_date date default null, to_date date default null,
    filters jsonb default '{}')
returns table (member text, customers bigint, repeat_rate numeric, intervals bigint, mean_days numeric, stddev_days numeric,
               p10_days numeric, p25_days numeric, median_days numeric, p75_days numeric, p90_days numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
    return query execute format('
        select q.member, q.customers, round(q.repeaters::numeric / nullif(q.customers, 0), 4), q.intervals,
               round(q.mean, 2), round(q.deviation, 2), round(q.p[1]::numeric, 1), round(q.p[2]::numeric, 1), round(q.p[3]::numeric, 1),
               round(q.p[4]::numeric, 1), round(q.p[5]::numeric, 1)
        from (select %s as member, count(distinct o.customer_key) as customers,
                     count(distinct o.customer_key) filter (where o.order_number > 1) as repeaters,
                     count(o.days_since_previous_order) as intervals, avg(o.days_since_previous_order) as mean,
                     stddev_samp(o.days_since_previous_order) as deviation,
                     percentile_cont(array[0.1, 0.25, 0.5, 0.75, 0.9]) within group (order by o.days_since_previous_order) as p
              from (%s) o where o.order_number is not null %s) q
        order by q.member collate "C"',
        case when "by" is null then '''All''' else format('o.%I::text', 'dimension_' || "by") end,
        ecom_internal.filtered_orders(ecom_internal.mart_name(mart), from_date, to_date, filters, array_remove(array["by"], null)),
        case when "by" is not null then 'group by 1' end);
end
$$;
comment on function ecom.purchase_interval(name, text, date, date, jsonb) is
'Days between successive orders of a customer: mean, spread and quantiles, and how many customers come back.
Example: SELECT * FROM ecom.purchase_interval(''shop'')
Example: SELECT * FROM ecom.purchase_interval(''shop'', ''segment'')
One row per member of the dimension, ''All'' without one. customers: with an order in the range; repeat_rate: share of them whose
last order in the range was not their first ever. intervals: orders of the range that have an earlier order, at any time; each gives
its days since that. Two orders on one day are 0 days apart. Quantiles are interpolated (type 7); stddev_days is that of a sample.
What is still waiting for its next order is not in it, so that young customers make intervals look short: for the time until
the next order of everybody see ecom.cohort_retention.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- by: a dimension of the order or its day, of ecom.dimensions(); it is that of the later order
- from_date, to_date: inclusive days of the later order; NULL means the first and the last day with sales
- filters: {"region": "West", ...}: the later orders that count
Time: n log n over the orders of the range. Errors: 22023 for an unknown dimension or filter, one of products, a reversed range.';

-- Loyalty ------------------------------------------------------------------------------------------------------

create function ecom_internal.loyalty_query(mart name, as_of date, lapse_days int) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    as_of_date constant date := ecom_internal.as_of(mart, as_of);
    is_now constant boolean := coalesce(as_of_date > (ecom_internal.check_range(mart, null, null)).last_date, true);
    orders constant text := ecom_internal.order_source(mart);
    lapse text := lapse_days::text;
begin
    if lapse_days < 1 then
        raise exception 'lapse_days % is less than 1', lapse_days using errcode = '22023',
            hint = 'Give the days after which a silent customer is not active, or NULL to have them from the data.';
    end if;
    if lapse is null then
        lapse := format('(select coalesce(greatest(ceil(percentile_cont(0.9) within group (order by o.days_since_previous_order))::int, 1), 90)
                          from %s o where o.ordered_at < %L::timestamp)', orders, as_of_date);
    end if;
    return format('
        select c.customer_key, %1$L::date as as_of_date, c.order_count, c.revenue_amount, c.first_order_date, c.last_order_date,
               %1$L::date - c.first_order_date as tenure_days, %1$L::date - c.last_order_date as recency_days,
               c.order_count > 1 as is_repeat, c.mean_interval_days,
               case when c.mean_interval_days > 0 then 1 / (1 + c.interval_stddev_days / c.mean_interval_days) end as regularity,
               c.share, %1$L::date - c.last_order_date <= c.lapse_days as is_active, c.lapse_days,
               case when c.order_count < 3
                    then case when %1$L::date - c.first_order_date <= c.lapse_days then ''New'' else ''Occasional'' end
                    else case when c.share_before < 0.5 then ''Loyal'' else ''Regular'' end end as loyalty_band
        from (%2$s) c', as_of_date,
        ecom_internal.concentration_query(format('
            select s.*, ''All'' as member, s.order_count::numeric as value, l.lapse_days
            from %s s cross join (select %s as lapse_days) l where s.order_count > 0',
            case when is_now then ecom_internal.customer_source(mart)
                 else '(' || ecom_internal.customer_rows(mart, orders, format('o.ordered_at < %L::timestamp', as_of_date)) || ')' end, lapse)));
end
$$;
comment on function ecom_internal.loyalty_query(name, date, int) is
'The query of the loyalty of every known customer with an order before as_of; no rows for a mart without sales.
Arguments: mart: the resolved name; as_of: NULL for the day after the last sale; lapse_days: NULL for the shop''s own.
Errors: 22023 for lapse_days below 1.';

create function ecom.customer_loyalty(mart name default null, as_of date default null, lapse_days int default null)
returns table (customer_key int, customer_id text, orders bigint, revenue numeric, first_order_date date, last_order_date date,
               tenure_days int, recency_days int, is_repeat boolean, mean_interval_days numeric, regularity numeric,
               share_of_orders numeric, is_active boolean, loyalty_band text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
begin
    return query execute format('
        select c.customer_key, c.customer_id, l.order_count::bigint, round(l.revenue_amount, 2), l.first_order_date, l.last_order_date,
               l.tenure_days, l.recency_days, l.is_repeat, round(l.mean_interval_days::numeric, 1), round(l.regularity::numeric, 4),
               round(l.share, 6), l.is_active, l.loyalty_band
        from (%s) l join %I.dim_customer c on c.customer_key = l.customer_key
        order by l.order_count desc, c.customer_id collate "C"',
        ecom_internal.loyalty_query(mart_schema, as_of, lapse_days), mart_schema);
end
$$;
comment on function ecom.customer_loyalty(name, date, int) is
'How loyal each customer is: orders, tenure, regularity, whether still active, and a band.
Example: SELECT * FROM ecom.customer_loyalty(''shop'') LIMIT 10
One row per known customer with an order before as_of, most orders first. tenure_days, recency_days: from the first and the last
order to as_of. mean_interval_days: NULL with one order. share_of_orders: of all known customers. revenue: net of returns.
regularity: 1 / (1 + CV) of the days between orders, CV being standard deviation over mean: 1 is like clockwork, 0.5 is random
(exponential intervals), below is in bursts. NULL with fewer than three orders. It follows the shape k of gamma distributed
intervals, for which CV = 1 / sqrt(k) (Wheat and Morrison, 1990; Platzer and Reutterer, 2016). Few intervals scatter widely.
is_active: the last order is at most lapse_days before as_of.
loyalty_band: by orders, not by recency, so that a loyal customer who went silent is Loyal and not active:
- New: one or two orders, the first at most lapse_days ago
- Occasional: one or two orders, the first longer ago
- Regular: three orders or more
- Loyal: those of them who order most and together place the first half of all orders; equal numbers of orders, equal band
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- as_of: only orders before it count; NULL means the day after the last sale
- lapse_days: NULL means the 90th percentile of the days between orders up to as_of: nine of ten returns came sooner
Time: n log n in customers; an earlier as_of and the default of lapse_days read the orders. Errors: 22023 for lapse_days below 1.';

create function ecom.customer_loyalty_summary(mart name default null, as_of date default null, lapse_days int default null)
returns table (loyalty_band text, customers bigint, share numeric, active_customers bigint, active_rate numeric, orders bigint,
               share_of_orders numeric, revenue numeric, share_of_revenue numeric, mean_tenure_days numeric, mean_regularity numeric,
               lapse_days_used int)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
    return query execute format('
        select l.loyalty_band, count(*), round(count(*) / sum(count(*)) over (), 4), count(*) filter (where l.is_active),
               round(count(*) filter (where l.is_active)::numeric / count(*), 4), sum(l.order_count)::bigint,
               round(sum(l.order_count) / sum(sum(l.order_count)) over (), 4), round(sum(l.revenue_amount), 2),
               round(sum(l.revenue_amount) / nullif(sum(sum(l.revenue_amount)) over (), 0), 4), round(avg(l.tenure_days), 1),
               round(avg(l.regularity)::numeric, 4), min(l.lapse_days)
        from (%s) l group by l.loyalty_band
        order by array_position(array[''Loyal'', ''Regular'', ''Occasional'', ''New''], l.loyalty_band)',
        ecom_internal.loyalty_query(ecom_internal.mart_name(mart), as_of, lapse_days));
end
$$;
comment on function ecom.customer_loyalty_summary(name, date, int) is
'Loyalty bands of a shop: customers, how many are still active, orders and revenue of each.
Example: SELECT * FROM ecom.customer_loyalty_summary(''shop'')
One row per band of ecom.customer_loyalty that has customers, Loyal first. lapse_days_used: days after which a silent customer does
not count as active. mean_regularity: of customers with three orders or more.
Arguments: mart; NULL means the setting ecom_analytics.mart. as_of, lapse_days: as in ecom.customer_loyalty.
Errors: 22023 for lapse_days below 1.';

create function ecom.customer_value_tier(
    mart name default null, cuts float8[] default '{0.5,0.8}', basis text default 'cum_revenue', from_date date default null,
    to_date date default null, filters jsonb default '{}')
returns table (customer_key int, customer_id text, orders bigint, revenue numeric, share numeric, cum_share numeric, tier text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    shares constant numeric[] := ecom_internal.check_cuts(cuts, 2);
    totals constant text := ecom_internal.customer_totals(mart_schema, from_date, to_date, filters);
begin
    if basis is null or basis not in ('cum_revenue', 'quantile') then
        raise exception 'basis "%" is not known', coalesce(basis, 'NULL') using errcode = '22023', hint = 'Use cum_revenue or quantile.';
    end if;
    return query execute format('
        with customer as materialized (%s),
        cut as (select percentile_cont($2) within group (order by c.revenue) as q from customer c)
        select k.customer_key, d.customer_id, k.orders, round(k.revenue, 2), round(k.share, 6), round(k.cum_share, 6),
               case when coalesce(k.revenue, 0) <= 0 then ''Low''
                    when $3 then case width_bucket(k.share_before, $1) when 0 then ''High'' when 1 then ''Medium'' else ''Low'' end
                    when k.revenue > q.q[2]::numeric then ''High'' when k.revenue > q.q[1]::numeric then ''Medium'' else ''Low'' end
        from (%s) k cross join cut q join %I.dim_customer d on d.customer_key = k.customer_key
        order by k.revenue desc, d.customer_id collate "C"', totals,
        ecom_internal.concentration_query('select c.*, ''All'' as member, c.revenue as value from customer c'), mart_schema)
        using shares, cuts, basis = 'cum_revenue';
end
$$;
comment on function ecom.customer_value_tier(name, float8[], text, date, date, jsonb) is
'Sorts customers into High, Medium and Low value by their revenue.
Example: SELECT tier, count(*), sum(revenue) FROM ecom.customer_value_tier(''shop'') GROUP BY tier
Example: SELECT tier, count(*), sum(revenue) FROM ecom.customer_value_tier(''shop'', ''{0.5,0.8}'', ''quantile'') GROUP BY tier
One row per known customer with sales or returns in the range, best first. revenue: net of returns. share, cum_share: of what customers
with revenue above 0 paid, cum_share with all customers of equal revenue. Equal revenue, equal tier; revenue of 0 or less is Low.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- cuts: two ascending numbers between 0 and 1
- basis: cum_revenue (default): from the best customer down, High until they made up the first cut of all revenue, Medium until the
  second; who crosses a cut belongs to the better tier. With the default, High are those who bring the first half of the revenue.
  quantile: High above the second quantile of the revenue per customer, Medium above the first. With the default, High is the top fifth
- from_date, to_date: inclusive; NULL means the first and the last day with sales
- filters: {"region": "West", ...}: the orders that count
Time: n log n in customers, with dates or filters one pass over the orders of the range.
Errors: 22023 for cuts that are not two ascending shares, an unknown basis or filter, or a reversed range.';

-- Order value, new and returning -------------------------------------------------------------------------------

create function ecom.avg_order_value(
    mart name default null, "by" text default 'total', from_date date default null, to_date date default null,
    filters jsonb default '{}')
returns table (member text, revenue numeric, orders bigint, customers bigint, aov numeric, mean_customer_aov numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    is_total constant boolean := coalesce("by", 'total') = 'total';
begin
    return query execute format('
        select %1$s, round(coalesce(sum(q.revenue), 0), 2), coalesce(sum(q.orders), 0)::bigint,
               count(*) filter (where q.orders > 0 and q.customer <> %2$s)::bigint,
               round(sum(q.revenue) / nullif(sum(q.orders), 0), 2),
               round(avg(q.revenue / nullif(q.orders, 0)) filter (where q.orders > 0 and q.customer <> %2$s), 2)
        from (%3$s) q %4$s order by %5$s',
        case when is_total then '''All''' else format('q.%I::text', "by") end,
        format('(select u.customer_id from %I.dim_customer u where u.customer_key = 0)', mart_schema),
        ecom_internal.metric_query(mart_schema, '{revenue,orders}',
            array(select distinct d from unnest(array[case when not is_total then "by" end, 'customer']) d where d is not null),
            from_date, to_date, filters),
        case when not is_total then 'group by 1' end,
        case when "by" = 'customer' then 'sum(q.revenue) desc, 1' else '1' end);
end
$$;
comment on function ecom.avg_order_value(name, text, date, date, jsonb) is
'Average order value by both definitions: revenue per order, and the mean of what each customer''s orders are worth.
Example: SELECT * FROM ecom.avg_order_value(''shop'')
Example: SELECT * FROM ecom.avg_order_value(''shop'', ''segment'', ''2025-01-01'', ''2025-12-31'')
One row for total, else one per member. aov: revenue over orders, the same as the metric aov. mean_customer_aov: for each known customer
with an order revenue over orders, then the mean over customers, each counting once: frequent buyers do not weigh more, and
sales without a customer do not count. Where large orders come from frequent buyers, aov is the larger of the two.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- by: total (default), customer for one row per customer (largest revenue first), or a dimension of ecom.dimensions(). Under a
  dimension of products, an order counts in each member that it has a sales line of, with the revenue of those lines
- from_date, to_date: inclusive; NULL means the first and the last day with sales
- filters: {"region": "West", ...}
Revenue is net of the range''s returns. NULL where there are no orders.
Errors: 22023 for an unknown dimension or filter or a reversed range.';

create function ecom.new_vs_returning(
    mart name default null, grain text default 'month', from_date date default null, to_date date default null,
    filters jsonb default '{}')
returns table (period_start date, period_end date, is_complete boolean, customers bigint, new_customers bigint,
               returning_customers bigint, new_rate numeric, new_orders bigint, returning_orders bigint, new_revenue numeric,
               returning_revenue numeric, unknown_revenue numeric, returning_revenue_share numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
begin
    perform ecom_internal.check_grain(grain);
    return query execute format('
        with customer as (
            select o.%1$I as period_start, o.customer_key, sum(o.order_count) as orders, sum(o.revenue_amount) as revenue,
                   coalesce(bool_or(o.order_number = 1), false) as is_new
            from (%2$s) o group by o.%1$I, o.customer_key),
        counted as (
            select c.period_start, count(*) filter (where c.is_new) as new_customers,
                   count(*) filter (where not c.is_new and c.orders > 0 and c.customer_key <> 0) as returning_customers,
                   sum(c.orders) filter (where c.is_new) as new_orders,
                   sum(c.orders) filter (where not c.is_new and c.customer_key <> 0) as returning_orders,
                   sum(c.revenue) filter (where c.is_new) as new_revenue,
                   sum(c.revenue) filter (where not c.is_new and c.customer_key <> 0) as returning_revenue,
                   sum(c.revenue) filter (where c.customer_key = 0) as unknown_revenue
            from customer c group by c.period_start)
        select p.period_start, p.period_end, p.is_complete, coalesce(c.new_customers + c.returning_customers, 0),
               coalesce(c.new_customers, 0), coalesce(c.returning_customers, 0),
               round(c.new_customers::numeric / nullif(c.new_customers + c.returning_customers, 0), 4),
               coalesce(c.new_orders, 0)::bigint, coalesce(c.returning_orders, 0)::bigint, round(coalesce(c.new_revenue, 0), 2),
               round(coalesce(c.returning_revenue, 0), 2), round(coalesce(c.unknown_revenue, 0), 2),
               round(coalesce(c.returning_revenue, 0)
                     / nullif(coalesce(c.new_revenue, 0) + coalesce(c.returning_revenue, 0), 0), 4)
        from ecom_internal.periods($1, $2, $3, $4) p left join counted c on c.period_start = p.period_start
        order by p.period_start',
        'dimension_' || grain, ecom_internal.filtered_orders(mart_schema, from_date, to_date, filters, array[grain]))
        using mart_schema, grain, from_date, to_date;
end
$$;
comment on function ecom.new_vs_returning(name, text, date, date, jsonb) is
'Customers, orders and revenue of new and of returning customers over time, without gaps.
Example: SELECT * FROM ecom.new_vs_returning(''shop'')
Example: SELECT * FROM ecom.new_vs_returning(''shop'', ''week'', ''2025-10-01'', ''2025-12-31'', ''{"channel": "Email"}'')
One row per period. A known customer is new in the period of the first order ever, with all orders of that period, and returning in
every other period with an order. new_rate: share of the customers who are new. Revenue is net of returns; returns of customers
without an order in the period count as returning. unknown_revenue: sales without a customer; the three revenues add up to all.
returning_revenue_share: of the revenue of known customers. is_complete: false for a period that the range or the sales cover in part.
The first periods of a data set overstate new customers, since what they bought before is not in it.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- grain: day, week, month, quarter or year
- from_date, to_date: inclusive; NULL means the first and the last day with sales
- filters: {"region": "West", ...}: the orders that count; whether an order is the first is seen over all orders
Errors: 22023 for an unknown grain or filter or a reversed range.';

-- What refresh keeps --------------------------------------------------------------------------------------------

insert into ecom_internal.mart_part (name, position, ddl) values ('customer_classes', 93, $ddl$
create table {mart}.customer_class (
    customer_key   int           primary key references {mart}.dim_customer on delete cascade,
    as_of_date     date          not null,
    order_count    int           not null,
    revenue_amount numeric(18,4) not null,
    tenure_days    int           not null,
    recency_days   int           not null,
    is_repeat      boolean       not null,
    is_active      boolean       not null,
    regularity     double precision,
    loyalty_band   text          not null,
    value_tier     text          not null
);
comment on table {mart}.customer_class is
'One row per known customer with an order: loyalty band and value tier. Written by ecom.refresh.
What the columns mean: ecom.customer_loyalty and ecom.customer_value_tier.';
comment on column {mart}.customer_class.customer_key is 'Customer, to dim_customer.';
comment on column {mart}.customer_class.as_of_date is 'Day that the classes look back from.';
comment on column {mart}.customer_class.order_count is 'Number of orders.';
comment on column {mart}.customer_class.revenue_amount is 'Revenue net of returns.';
comment on column {mart}.customer_class.tenure_days is 'Days from the first order to as_of_date.';
comment on column {mart}.customer_class.recency_days is 'Days from the last order to as_of_date.';
comment on column {mart}.customer_class.is_repeat is 'True with more than one order.';
comment on column {mart}.customer_class.is_active is
'True when the last order is no longer ago than nine of ten returning customers took to come back.';
comment on column {mart}.customer_class.regularity is
'Regularity of the days between orders: 1 like clockwork, 0.5 random, less in bursts; empty with fewer than three orders.';
comment on column {mart}.customer_class.loyalty_band is 'New, Occasional, Regular or Loyal.';
comment on column {mart}.customer_class.value_tier is 'High, Medium or Low.';

create view {mart}.loyalty_band as
select b.band as loyalty_band, array_position(array['Loyal', 'Regular', 'Occasional', 'New'], b.band)::int as sort_order,
       b.customer_count, b.active_customer_count, b.repeat_customer_count, b.order_count,
       b.revenue_amount::numeric(18,4) as revenue_amount, b.as_of_date
from {mart}.customer_band b
where b.classification = 'loyalty_band';
comment on view {mart}.loyalty_band is 'One row per loyalty band: customers, orders and revenue at the last refresh.';

create view {mart}.value_tier as
select b.band as value_tier, array_position(array['High', 'Medium', 'Low'], b.band)::int as sort_order,
       b.customer_count, b.active_customer_count, b.repeat_customer_count, b.order_count,
       b.revenue_amount::numeric(18,4) as revenue_amount, b.as_of_date
from {mart}.customer_band b
where b.classification = 'value_tier';
comment on view {mart}.value_tier is 'One row per value tier: customers, orders and revenue at the last refresh.';

create view {mart}.order_frequency as
select b.band as orders, rtrim(b.band, '+')::int as sort_order, b.customer_count, b.order_count,
       b.revenue_amount::numeric(18,4) as revenue_amount
from {mart}.customer_band b
where b.classification = 'order_frequency';
comment on view {mart}.order_frequency is 'One row per number of orders that customers placed, ten and more in one.';
comment on column {mart}.order_frequency.orders is 'Number of orders per customer: 1 to 9, and 10+.';
select ecom_internal.comment_class_columns({mart_name}, v) from unnest(array['loyalty_band', 'value_tier', 'order_frequency']) v;
$ddl$);

create function ecom_internal.comment_class_columns(mart name, relation name) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    known record;
begin
    for known in
        select d.name, d.description
        from (values ('loyalty_band', 'New, Occasional, Regular or Loyal: see ecom.customer_loyalty.'),
                     ('value_tier', 'High, Medium or Low: see ecom.customer_value_tier.'), ('sort_order', 'Position in a chart.'),
                     ('customer_count', 'Known customers with an order.'),
                     ('active_customer_count', 'Customers whose last order is recent enough to count as active.'),
                     ('repeat_customer_count', 'Customers with more than one order.'), ('order_count', 'Orders of these customers.'),
                     ('revenue_amount', 'Revenue net of returns.'), ('as_of_date', 'Day that the classes look back from.'),
                     ('abc_class', 'A, B or C by revenue: see ecom.abc_classify.'),
                     ('xyz_class', 'X, Y or Z by steadiness of demand: see ecom.abc_xyz; empty with fewer than two complete months.'),
                     ('product_count', 'Products with sales or returns.'), ('sold_quantity', 'Units sold.')) d (name, description)
        join pg_attribute a on a.attrelid = format('%I.%I', mart, relation)::regclass and a.attname = d.name
        where col_description(a.attrelid, a.attnum) is null
    loop
        execute format('comment on column %I.%I.%I is %L', mart, relation, known.name, known.description);
    end loop;
end
$$;
comment on function ecom_internal.comment_class_columns(name, name) is
'Comments the columns of a table or view of classes that have no comment yet. Arguments: mart: the resolved name; relation.';

insert into ecom_internal.refresh_step (name, position, function, needs_sales, description) values
    ('customer_classes', 41, 'refresh_customer_classes', true, 'customer_class: loyalty band and value tier of every customer');

create function ecom_internal.refresh_customer_classes(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    last_day constant date := case when as_of <= (ecom_internal.check_range(mart, null, null)).last_date then as_of - 1 end;
    classification text;
begin
    execute format('delete from %I.customer_class', mart);
    execute format('
        insert into %1$I.customer_class (customer_key, as_of_date, order_count, revenue_amount, tenure_days, recency_days, is_repeat,
                                         is_active, regularity, loyalty_band, value_tier)
        select l.customer_key, l.as_of_date, l.order_count, l.revenue_amount, l.tenure_days, l.recency_days, l.is_repeat, l.is_active,
               l.regularity, l.loyalty_band, t.tier
        from (%2$s) l join ecom.customer_value_tier(%1$L, to_date => $1) t on t.customer_key = l.customer_key', mart,
        ecom_internal.loyalty_query(mart, as_of, null)) using last_day;
    get diagnostics rows = row_count;
    execute format('analyze %I.customer_class', mart);
    foreach classification in array array['loyalty_band', 'value_tier'] loop
        perform ecom_internal.write_customer_bands(mart, classification, 'active_customer_count, repeat_customer_count, as_of_date', format('
            select c.%2$I, count(*), sum(c.order_count), sum(c.revenue_amount), count(*) filter (where c.is_active),
                   count(*) filter (where c.is_repeat), min(c.as_of_date)
            from %1$I.customer_class c group by c.%2$I', mart, classification));
    end loop;
    reason := case when rows = 0 then 'no orders have a customer' else '' end;
end
$$;
comment on function ecom_internal.refresh_customer_classes(name, date) is
'Step customer_classes of ecom.refresh: writes customer_class with the defaults of ecom.customer_loyalty and ecom.customer_value_tier.';
