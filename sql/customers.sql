-- Order frequency, intervals, loyalty, value tiers, order value, new and returning customers: against plain SQL over the lines.
\set SHOW_CONTEXT never
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare
    hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics hint = pg_exception_hint;
    return concat_ws(' | ', sqlstate, sqlerrm, left(nullif(hint, ''), 70));
end
$$;
set client_min_messages = warning;
select loaded_lines from ecom.load_demo('cust', customers => 400, orders => 3000, months => 12);
-- Some sales without a customer, which count as revenue only.
update cust.fact_sales set customer_key = 0 where order_id in (select order_id from cust.fact_sales where not is_return order by order_id collate "C" limit 20);

-- The orders of known customers, in plain SQL: one row per order, at its first sales line.
create view pg_temp.orders as
select customer_key, order_id, min(ordered_at) filter (where not is_return) as ordered_at,
       row_number() over (partition by customer_key order by min(ordered_at), order_id collate "C") as n
from cust.fact_sales where customer_key <> 0 group by customer_key, order_id having bool_or(not is_return);
create temporary table unrolled as
select 1 as n, jsonb_agg(to_jsonb(f)) as answer from ecom.order_frequency('cust') f
union all select 2, jsonb_agg(to_jsonb(f)) from ecom.purchase_interval('cust', 'segment') f
union all select 3, jsonb_agg(to_jsonb(f)) from ecom.customer_loyalty('cust') f
union all select 4, jsonb_agg(to_jsonb(f)) from ecom.customer_value_tier('cust') f
union all select 5, jsonb_agg(to_jsonb(f)) from ecom.avg_order_value('cust', 'channel') f
union all select 6, jsonb_agg(to_jsonb(f)) from ecom.new_vs_returning('cust') f
union all select 7, jsonb_agg(to_jsonb(f)) from ecom.customer_loyalty('cust', '2025-07-01') f;
select step, status from ecom.refresh('cust') where step in ('sales', 'customer_classes');
-- Before and after the refresh the answers are the same.
select n, u.answer = r.answer and jsonb_array_length(u.answer) > 1 as same from unrolled u join (
select 1 as n, jsonb_agg(to_jsonb(f)) as answer from ecom.order_frequency('cust') f
union all select 2, jsonb_agg(to_jsonb(f)) from ecom.purchase_interval('cust', 'segment') f
union all select 3, jsonb_agg(to_jsonb(f)) from ecom.customer_loyalty('cust') f
union all select 4, jsonb_agg(to_jsonb(f)) from ecom.customer_value_tier('cust') f
union all select 5, jsonb_agg(to_jsonb(f)) from ecom.avg_order_value('cust', 'channel') f
union all select 6, jsonb_agg(to_jsonb(f)) from ecom.new_vs_returning('cust') f
union all select 7, jsonb_agg(to_jsonb(f)) from ecom.customer_loyalty('cust', '2025-07-01') f) r using (n) order by n;

-- order_frequency: all time, and a slice by date and segment.
create function pg_temp.frequency(from_date date, to_date date, segment text) returns table (n int, customers bigint, revenue numeric) language sql as $$
    select least(c.orders, 10)::int, count(*), round(sum(c.revenue), 2)
    from (select f.customer_key, count(distinct f.order_id) filter (where not f.is_return) as orders, sum(f.revenue_amount) as revenue
          from cust.fact_sales f join cust.dim_customer k using (customer_key)
          where f.customer_key <> 0 and f.ordered_at::date between from_date and to_date and k.segment = coalesce(frequency.segment, k.segment)
          group by 1) c
    where c.orders > 0 group by 1
$$;
select orders, orders_from, orders_to, customers, share, cum_share, revenue, revenue_share from ecom.order_frequency('cust');
select count(*) as classes, count(*) filter (where coalesce(p.customers, 0) <> f.customers or coalesce(p.revenue, 0) <> f.revenue) as different
from ecom.order_frequency('cust') f full join pg_temp.frequency('2000-01-01', '2100-01-01', null) p on p.n = f.orders_from;
select count(*) as classes, count(*) filter (where coalesce(p.customers, 0) <> f.customers or coalesce(p.revenue, 0) <> f.revenue) as different
from ecom.order_frequency('cust', '2025-03-10', '2025-08-20', '{"segment": "Premium"}') f full join pg_temp.frequency('2025-03-10', '2025-08-20', 'Premium') p on p.n = f.orders_from;
select orders, customers from ecom.order_frequency('cust', last_bucket => 3);
select sum(customer_count) = (select count(*) from cust.customer_summary where order_count > 0) as adds_up, max(orders) filter (where sort_order = 10) as open_class from cust.order_frequency;

-- purchase_interval: quantiles of the gaps, and who came back.
with gap as (
    select k.segment, o.customer_key, o.ordered_at::date - lag(o.ordered_at::date) over (partition by o.customer_key order by o.n) as days, o.n
    from pg_temp.orders o join cust.dim_customer k using (customer_key)),
expected as (
    select segment as member, count(distinct customer_key) as customers, count(days) as intervals, round(avg(days), 2) as mean_days, round(stddev_samp(days), 2) as stddev_days,
           round((percentile_cont(0.1) within group (order by days))::numeric, 1) as p10, round((percentile_cont(0.5) within group (order by days))::numeric, 1) as median,
           round((percentile_cont(0.9) within group (order by days))::numeric, 1) as p90,
           round(count(distinct customer_key) filter (where n > 1) / count(distinct customer_key)::numeric, 4) as repeat_rate
    from gap group by 1)
select i.member, i.intervals, i.median_days, i.repeat_rate,
       (i.customers, i.intervals, i.mean_days, i.stddev_days, i.p10_days, i.median_days, i.p90_days, i.repeat_rate)
       = (e.customers, e.intervals, e.mean_days, e.stddev_days, e.p10, e.median, e.p90, e.repeat_rate) as agrees
from ecom.purchase_interval('cust', 'segment') i full join expected e using (member) order by 1;
-- Premium customers order more often than Regular ones, and those more often than Budget ones: it is planted.
select array_agg(member order by mean_days) = '{Premium,Regular,Budget}' as in_order from ecom.purchase_interval('cust', 'segment');
select member, customers, intervals from ecom.purchase_interval('cust', null, '2024-01-01', '2024-02-01');

-- customer_loyalty: recomputed from the gaps; bands by their rule; as of an earlier day only what came before counts.
create function pg_temp.loyalty(as_of date) returns table (customer_key int, orders bigint, tenure_days int, recency_days int, regularity numeric, is_active boolean, loyalty_band text) language sql as $$
    with o as (select * from pg_temp.orders where ordered_at < as_of),
    gap as (select customer_key, ordered_at::date - lag(ordered_at::date) over (partition by customer_key order by n) as days from o),
    shop as (select greatest(ceil(percentile_cont(0.9) within group (order by days)), 1) as lapse from gap),
    c as (select customer_key, count(*) as orders, as_of - min(ordered_at)::date as tenure, as_of - max(ordered_at)::date as recency from o group by 1),
    head as (select c.*, (select coalesce(sum(d.orders), 0) from c d where d.orders > c.orders) as before, (select sum(orders) from c) as total from c)
    select h.customer_key, h.orders, h.tenure, h.recency,
           (select round(1 / (1 + stddev_samp(g.days) / nullif(avg(g.days), 0)), 4) from gap g where g.customer_key = h.customer_key),
           h.recency <= shop.lapse,
           case when h.orders <= 2 and h.tenure <= shop.lapse then 'New' when h.orders <= 2 then 'Occasional'
                when h.before < h.total / 2.0 then 'Loyal' else 'Regular' end
    from head h, shop
$$;
select a.as_of, count(*) as customers, count(l.regularity) as with_regularity,
       count(*) filter (where (l.orders, l.tenure_days, l.recency_days, l.is_active, l.loyalty_band) is distinct from (p.orders, p.tenure_days, p.recency_days, p.is_active, p.loyalty_band)
                        or abs(l.regularity - p.regularity) > 0.0001 or (l.regularity is null) <> (p.regularity is null)) as different
from (select '2026-01-01'::date as as_of, l as row from ecom.customer_loyalty('cust', '2026-01-01') l
      union all select '2025-07-01', l from ecom.customer_loyalty('cust', '2025-07-01') l) a
cross join lateral (select (a.row).*) l
full join (select '2026-01-01'::date as as_of, p.* from pg_temp.loyalty('2026-01-01') p union all select '2025-07-01', p.* from pg_temp.loyalty('2025-07-01') p) p
     on p.as_of = a.as_of and p.customer_key = l.customer_key
group by 1 order by 1;
select loyalty_band, customers, active_customers, orders, share_of_orders, revenue, lapse_days_used from ecom.customer_loyalty_summary('cust');
select sum(share_of_orders) between 0.999 and 1.001 as shares, bool_and(is_repeat = (orders > 1)) as repeats, count(distinct loyalty_band) as bands from ecom.customer_loyalty('cust');
select loyalty_band, active_customers from ecom.customer_loyalty_summary('cust', lapse_days => 1) where active_customers > 0 order by 1;
-- A clockwork, a random and a bursting customer.
select ecom.create_mart('rhythm');
create temporary table rhythm_line as
select 'clock' as customer_id, 'a' || g as order_id, timestamp '2024-01-01' + g * interval '10 days' as ordered_at, 5 as amount from generate_series(1, 12) g
union all select 'burst', 'b' || g, timestamp '2024-01-01' + (g / 4) * interval '40 days' + g * interval '1 hour', 5 from generate_series(1, 12) g
union all select 'same day', 'c' || g, timestamp '2024-01-05' + g * interval '1 hour', 5 from generate_series(1, 4) g
union all select 'once', 'd', '2024-01-05', 5;
select loaded_lines from ecom.load_sales('rhythm', 'rhythm_line');
select customer_id, orders, mean_interval_days, regularity, is_active, loyalty_band from ecom.customer_loyalty('rhythm');
drop schema rhythm cascade;

-- customer_value_tier: both bases, equal values, negative values; the classes that refresh keeps.
select tier, count(*) as customers, sum(revenue) as revenue, round(sum(share), 2) as share from ecom.customer_value_tier('cust') group by tier order by min(cum_share);
with c as (select customer_key, sum(revenue_amount) as revenue from cust.fact_sales where customer_key <> 0 group by 1),
p as (select c.*, coalesce((select sum(d.revenue) from c d where d.revenue > c.revenue), 0) / (select sum(revenue) from c where revenue > 0) as before,
             (select percentile_cont(0.5) within group (order by revenue) from c) as median, (select percentile_cont(0.8) within group (order by revenue) from c) as p80 from c)
select count(*) as customers,
       count(*) filter (where t.tier is distinct from case when p.revenue <= 0 then 'Low' when p.before < 0.5 then 'High' when p.before < 0.8 then 'Medium' else 'Low' end) as different,
       count(*) filter (where q.tier is distinct from case when p.revenue > p.p80 then 'High' when p.revenue > p.median then 'Medium' else 'Low' end) as different_by_quantile
from p full join ecom.customer_value_tier('cust') t using (customer_key) full join ecom.customer_value_tier('cust', basis => 'quantile') q using (customer_key);
select count(*) as customers, count(*) filter (where (c.loyalty_band, c.value_tier, c.is_active, c.recency_days) is distinct from (l.loyalty_band, t.tier, l.is_active, l.recency_days)) as different
from cust.customer_class c full join ecom.customer_loyalty('cust') l using (customer_key) left join ecom.customer_value_tier('cust') t using (customer_key);
select sum(customer_count) = (select count(*) from cust.customer_class) as bands from cust.loyalty_band;
select value_tier, sort_order from cust.value_tier order by 2;
select ecom.create_mart('ties');
create temporary table tie_line (customer_id, order_id, ordered_at, amount) as
values ('a', '1', timestamp '2024-01-01', 50), ('b', '2', '2024-01-01', 20), ('c', '3', '2024-01-01', 20), ('d', '4', '2024-01-01', 20), ('e', '5', '2024-01-01', 0), ('f', '6', '2024-01-01', -30);
select loaded_lines from ecom.load_sales('ties', 'tie_line');
select customer_id, revenue, share, cum_share, tier from ecom.customer_value_tier('ties');
select customer_id, tier from ecom.customer_value_tier('ties', '{0.3,0.4}');
select customer_id, tier from ecom.customer_value_tier('ties', basis => 'quantile');
drop schema ties cascade;
-- An earlier as_of classes with what came before it.
select status from ecom.refresh('cust', '{customer_classes}', '2025-07-01');
select count(*) as customers, count(*) filter (where c.value_tier is distinct from t.tier) as different, max(as_of_date) as as_of
from cust.customer_class c join ecom.customer_value_tier('cust', to_date => '2025-06-30') t using (customer_key);

-- avg_order_value: both definitions.
select member, aov, mean_customer_aov from ecom.avg_order_value('cust');
with c as (select customer_key, sum(revenue_amount) as revenue, count(distinct order_id) filter (where not is_return) as orders from cust.fact_sales group by 1)
select round(sum(revenue) / sum(orders), 2) as aov, round((select avg(revenue / orders) from c where customer_key <> 0 and orders > 0), 2) as mean_customer_aov from c;
select a.member, a.aov = k.aov as as_the_metric from ecom.avg_order_value('cust', 'segment', '2025-02-01', '2025-05-31') a
join lateral ecom.kpi_summary('cust', '2025-02-01', '2025-05-31', jsonb_build_object('segment', a.member)) k on true order by 1;
with c as (select p.category, customer_key, sum(revenue_amount) as revenue, count(distinct order_id) filter (where not is_return) as orders
           from cust.fact_sales join cust.dim_product p using (product_key) group by 1, 2)
select count(*) as categories, count(*) filter (where (a.aov, a.mean_customer_aov) is distinct from (e.aov, e.mean_aov)) as different
from ecom.avg_order_value('cust', 'category') a full join (
    select category, round(sum(revenue) / sum(orders), 2) as aov, round(avg(revenue / nullif(orders, 0)) filter (where customer_key <> 0 and orders > 0), 2) as mean_aov from c group by 1) e on e.category = a.member;
select count(*) as members, count(*) filter (where aov is distinct from mean_customer_aov) as unequal, max(member) filter (where customers = 0 and orders > 0) as unknown
from ecom.avg_order_value('cust', 'customer');

-- new_vs_returning against plain SQL, and adding up to the KPIs; without gaps.
with line as (select f.*, date_trunc('month', f.ordered_at)::date as month from cust.fact_sales f),
born as (select customer_key, date_trunc('month', min(ordered_at))::date as month from pg_temp.orders group by 1),
expected as (
    select l.month, count(distinct l.customer_key) filter (where b.month = l.month and not l.is_return) as new_customers,
           count(distinct l.customer_key) filter (where b.month < l.month and not l.is_return) as returning_customers,
           count(distinct l.order_id) filter (where b.month = l.month and not l.is_return) as new_orders,
           count(distinct l.order_id) filter (where b.month < l.month and not l.is_return) as returning_orders,
           round(coalesce(sum(l.revenue_amount) filter (where b.month = l.month), 0), 2) as new_revenue,
           round(coalesce(sum(l.revenue_amount) filter (where l.customer_key <> 0 and b.month is distinct from l.month), 0), 2) as returning_revenue,
           round(coalesce(sum(l.revenue_amount) filter (where l.customer_key = 0), 0), 2) as unknown_revenue
    from line l left join born b using (customer_key) group by 1)
select count(*) as months, bool_and(is_complete) as complete,
       count(*) filter (where (n.new_customers, n.returning_customers, n.new_orders, n.returning_orders, n.new_revenue, n.returning_revenue, n.unknown_revenue)
           is distinct from (e.new_customers, e.returning_customers, e.new_orders, e.returning_orders, e.new_revenue, e.returning_revenue, e.unknown_revenue)) as different,
       sum(n.new_revenue + n.returning_revenue + n.unknown_revenue) = (select round(sum(revenue_amount), 2) from cust.fact_sales) as adds_up, sum(n.unknown_revenue) > 0 as has_unknown
from ecom.new_vs_returning('cust') n full join expected e on e.month = n.period_start;
select period_start, period_end, is_complete, customers, customers = new_customers + returning_customers as adds_up from ecom.new_vs_returning('cust', 'week', '2025-01-01', '2025-01-20');
select period_start, customers, new_rate, new_revenue from ecom.new_vs_returning('cust', 'quarter', '2024-05-01', '2024-09-01');
select count(*) as periods, count(*) filter (where n.new_customers is distinct from k.new_customers or n.returning_customers is distinct from k.returning_customers) as different
from ecom.new_vs_returning('cust', 'month', filters => '{"region": "West"}') n cross join lateral ecom.kpi_summary('cust', n.period_start, n.period_end, '{"region": "West"}') k;

-- Bad arguments.
select n, pg_temp.error_of(statement) from (values
    (1, $$select * from ecom.order_frequency('cust', '2025-02-01', '2025-01-01')$$),
    (2, $$select * from ecom.order_frequency('cust', last_bucket => 1)$$),
    (3, $$select * from ecom.order_frequency('cust', filters => '{"colour": "red"}')$$),
    (4, $$select * from ecom.purchase_interval('cust', 'category')$$),
    (5, $$select * from ecom.purchase_interval('cust', 'x" from pg_class; --')$$),
    (6, $$select * from ecom.customer_loyalty('cust', 'infinity')$$),
    (7, $$select * from ecom.customer_loyalty('cust', lapse_days => 0)$$),
    (8, $$select * from ecom.customer_value_tier('cust', '{0.5}')$$),
    (9, $$select * from ecom.customer_value_tier('cust', '{0.8,0.5}')$$),
    (10, $$select * from ecom.customer_value_tier('cust', '{0.5,NaN}')$$),
    (11, $$select * from ecom.customer_value_tier('cust', '{{0.2,0.4}}')$$),
    (12, $$select * from ecom.customer_value_tier('cust', basis => 'orders')$$),
    (13, $$select * from ecom.avg_order_value('cust', 'nothing')$$),
    (14, $$select * from ecom.new_vs_returning('cust', 'hour')$$),
    (15, $$select * from ecom.new_vs_returning('no mart')$$),
    (16, $$select * from ecom.customer_value_tier('cust', null)$$)) v (n, statement) order by n;

-- A mart with the four required columns, and an empty one, before and after a refresh.
select ecom.create_mart('cust_empty'), ecom.create_mart('cust_four');
create temporary table four_line as select 'c' || g % 7 as customer_id, timestamp '2024-01-05' + g * interval '3 days' as ordered_at, 10 + g as amount from generate_series(1, 60) g;
select loaded_lines from ecom.load_sales('cust_four', 'four_line');
create function pg_temp.row_counts(mart name) returns int[] language sql as $$
    select array[(select count(*) from ecom.order_frequency(mart)), (select count(*) from ecom.purchase_interval(mart)), (select count(*) from ecom.purchase_interval(mart, 'segment')),
                 (select count(*) from ecom.customer_loyalty(mart)), (select count(*) from ecom.customer_loyalty_summary(mart)), (select count(*) from ecom.customer_value_tier(mart)),
                 (select count(*) from ecom.customer_value_tier(mart, basis => 'quantile')), (select count(*) from ecom.avg_order_value(mart)), (select count(*) from ecom.avg_order_value(mart, 'segment')),
                 (select count(*) from ecom.new_vs_returning(mart)), (select count(*) from ecom.new_vs_returning(mart, 'day', '2024-02-01', '2024-02-03'))]::int[] $$;
select mart, pg_temp.row_counts(mart) from unnest('{cust_empty,cust_four}'::name[]) mart;
select mart, count(*) filter (where r.status = 'failed') as failed from unnest('{cust_empty,cust_four}'::name[]) mart, ecom.refresh(mart) r group by 1 order by 1;
select mart, pg_temp.row_counts(mart) from unnest('{cust_empty,cust_four}'::name[]) mart;
select * from ecom.purchase_interval('cust_empty');
select * from ecom.avg_order_value('cust_empty');
select mart, c.* from unnest('{cust,cust_empty,cust_four}'::name[]) mart, ecom.check_bi(mart) c;
drop schema cust, cust_empty, cust_four cascade;
