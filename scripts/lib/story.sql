-- What scripts/demo prints about a filled and refreshed mart. Variable: mart.
\pset footer off
\pset null ''
\set QUIET on
set ecom_analytics.mart = :'mart';
set search_path = :"mart", pg_catalog;

\echo
\echo '== What is in it'
select to_char(count(*), 'FM999,999,999') as "order lines",
       to_char(count(distinct order_id) filter (where not is_return), 'FM999,999,999') as orders,
       to_char(count(distinct customer_key) filter (where customer_key <> 0), 'FM999,999,999') as customers,
       to_char(sum(revenue_amount) filter (where revenue_amount > 0), 'FM999,999,999,990.00') as "gross revenue",
       to_char(sum(revenue_amount), 'FM999,999,999,990.00') as "net revenue",
       min(ordered_at)::date as "first day", max(ordered_at)::date as "last day"
from fact_sales;

\echo '== Key figures: the last complete month beside the month before (ecom.kpi_summary, ecom.revenue_trend)'
with month as (select max(month) as month from kpi_monthly where is_complete),
shown as (select m.month - interval '1 month' as month, 1 as n from month m union all select m.month, 2 from month m)
select to_char(s.month, 'YYYY-MM') as month, to_char(k.revenue, 'FM999,999,999,990') as revenue, to_char(k.orders, 'FM999,999,999') as orders,
       to_char(k.customers, 'FM999,999,999') as customers, k.new_customers as new, k.aov as "order value",
       to_char(100 * k.return_rate, 'FM990.0') || ' %' as returned, k.avg_satisfaction as satisfaction
from shown s cross join lateral ecom.kpi_summary(null, s.month::date, (s.month + interval '1 month - 1 day')::date) k
order by s.n;

select ecom.spark(value::float8 order by period_start) as "revenue by week", min(period_start) as "from", max(period_end) as "to"
from ecom.revenue_trend(null, 'week') where is_complete;

\echo '== What stands out (ecom.insights; each row has the SQL that proves it)'
select rank, insight from ecom.insights(null, n => 6);

\echo '== Where the revenue is (ecom.revenue_by)'
select dimension, member, to_char(value, 'FM999,999,999,990') as revenue, to_char(100 * share, 'FM990.0') || ' %' as share,
       ecom.bar(share::float8, 1, 30) as " "
from (values (1, 'region'), (2, 'country'), (3, 'category'), (4, 'channel')) d (n, dimension)
cross join lateral ecom.revenue_by(null, dimension, page_size => 5) r
where (select count(*) from ecom.revenue_by(null, dimension, page_size => 2)) > 1
order by n, rank, member;

\echo '== Customer groups (RFM: recency, frequency, monetary value; docs/rfm.md)'
select segment,
       to_char(customer_count, 'FM999,999,999') as customers,
       to_char(100 * customer_rate, 'FM990.0') || ' %' as "of customers",
       to_char(monetary_amount, 'FM999,999,999,990') as revenue,
       to_char(100 * monetary_rate, 'FM990.0') || ' %' as "of revenue",
       repeat('#', greatest(0, round(40 * monetary_rate))::int) as "share of revenue",
       mean_recency_days as "days since last order",
       mean_frequency as orders
from rfm_segment
order by monetary_amount desc, segment;

\echo '== The five customers who spent most'
select customer_id, to_char(monetary_amount, 'FM999,999,999,990.00') as revenue, frequency as orders,
       recency_days as "days since last order", rfm_code as rfm, rfm_segment as segment
from rfm_customer
order by monetary_amount desc, customer_id
limit 5;

\echo '== Who slipped away in the last quarter (best customers before, elsewhere now)'
select from_segment, to_segment, customers, to_char(100 * share_of_from, 'FM990.0') || ' %' as "of the group"
from ecom.rfm_migration(null, (select (max(ordered_at)::date + 1) - 91 from fact_sales),
                        (select max(ordered_at)::date + 1 from fact_sales))
where from_segment = 'Champions'
order by customers desc, to_segment
limit 5;

\echo '== Is the data fit? (ecom.check_mart; what it affects and what to do: select * from ecom.check_mart(...))'
select check_name as "check", severity, to_char(affected_rows, 'FM999,999,999') as lines, left(sample, 60) as sample
from ecom.check_mart(null)
where severity <> 'ok'
order by case severity when 'error' then 1 when 'warning' then 2 else 3 end, affected_rows desc
limit 8;

\echo '== What works on this data (ecom.readiness)'
select string_agg(distinct capability, ', ' order by capability) filter (where is_ready) as ready
from (select capability, bool_and(is_ready) as is_ready from ecom.readiness(null) group by capability) c;

select capability as "not ready", reason as "what it needs"
from ecom.readiness(null)
where not is_ready
order by capability;
