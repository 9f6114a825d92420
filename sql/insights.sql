-- Insights: every figure of a sentence is in what its evidence returns, and the planted truths are told.
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
    return concat_ws(' | ', sqlstate, sqlerrm, nullif(detail, ''), nullif(hint, ''));
end
$$;
set client_min_messages = warning;
create schema test_insights;
-- The figures of a sentence, thousands without commas, that are not among those that the evidence returns.
create function test_insights.figures(content text) returns setof text language sql immutable as
$$ select distinct m[1] from regexp_matches(regexp_replace(content, '(\d),(?=\d{3})', '\1', 'g'), '(\d+(?:\.\d+)?)', 'g') m $$;
create function test_insights.unproven(insight text, evidence_sql text) returns text language plpgsql as $$
declare
    returned text;
    missing text;
begin
    execute format('select string_agg(to_jsonb(e)::text, '' '') from (%s) e', evidence_sql) into returned;
    select string_agg(f, ', ' order by f) into missing from test_insights.figures(insight) f
    where f not in (select test_insights.figures(returned));
    return missing;
end
$$;
select count(*) from ecom.load_demo('told');
select status from ecom.refresh('told', '{sales,rfm}');
select rank, score, insight from ecom.insights('told');
-- The month in which the planted decline begins, against the month before; a year; a quarter; a week; the first month, which has nothing before it.
select insight from ecom.insights('told', '2025-10-01', '2025-10-31') where kind in ('change', 'segment', 'satisfaction');
select rank, kind, metric, segment, value, change_rate, score, insight from ecom.insights('told', '2025-01-01', '2025-12-31', 4);
select insight from ecom.insights('told', '2025-10-01', '2025-12-31', 3);
select insight from ecom.insights('told', '2025-12-22', '2025-12-28', 1);
select kind, insight from ecom.insights('told', '2024-01-01', '2024-01-31');

-- Every figure is proven, whatever the period, with alerts of every kind.
select ecom.set_alert('told', 'weak "day"', 'revenue', '<', 1300), ecom.set_alert('told', 'returns', 'return_rate', '>=', 0.1, 'week', "by" => '{category}', severity => 'critical'),
       ecom.set_alert('told', 'slump 50', 'revenue', '<', -0.25, 'month', 'change_rate', filters => '{"category": "Electronics", "region": "West"}', severity => 'info');
with told as (
    select p.first_date, i.* from (
        select m::date as first_date, (m + interval '1 month')::date - 1 as last_date from generate_series(timestamp '2024-01-01', '2025-12-01', '5 months') m
        union all select m::date, (m + interval '3 months')::date - 1 from generate_series(timestamp '2025-04-01', '2025-10-01', '6 months') m
        union all select m::date, m::date + 6 from generate_series(timestamp '2024-06-03', '2025-12-20', '40 weeks') m
        union all values (date '2025-01-01', date '2025-12-31'), ('2024-03-05', '2025-11-17'), ('2025-12-31', '2025-12-31')) p
    cross join lateral ecom.insights('told', p.first_date, p.last_date, 100) i)
select kind, count(*) > 2 as are_several, count(*) filter (where test_insights.unproven(insight, evidence_sql) is not null) as unproven,
       count(*) filter (where insight !~ '^[A-Z].*\.$' or score not between 0 and 1 or metric is null or segment is null or value is null) as malformed
from told group by 1 order by 1;
select insight from ecom.insights('told', '2025-10-01', '2025-10-31') where kind = 'alert';
-- The check itself can fail.
select test_insights.unproven('Revenue was 1,234.50 in 2024, 5 %.', $$select date '2024-01-01', 1234.50$$);

-- Plain SQL says the same.
select insight from ecom.insights('told') where kind in ('change', 'segment', 'returns') and segment in ('All', 'region West, category Electronics', 'category Clothing') order by rank;
select f.order_date_key / 10000 as year, count(distinct f.order_id) filter (where not f.is_return) as orders, round(sum(f.revenue_amount), 2) as revenue,
       round(sum(f.revenue_amount) filter (where g.region = 'West' and p.category = 'Electronics'), 2) as planted,
       round(-sum(f.revenue_amount) filter (where f.is_return and p.category = 'Clothing'), 2) as clothing_returned,
       round(-100 * sum(f.revenue_amount) filter (where f.is_return and p.category = 'Clothing') / sum(f.revenue_amount) filter (where not f.is_return and p.category = 'Clothing'), 1) as clothing_percent
from told.fact_sales f join told.dim_geography g using (geography_key) join told.dim_product p using (product_key)
where f.order_date_key / 100 in (202412, 202512) group by 1 order by 1;
with customer as (
    select f.customer_key, sum(f.revenue_amount) as sales, row_number() over (order by sum(f.revenue_amount) desc) as n, count(*) over () as customers
    from told.fact_sales f where f.order_date_key / 100 = 202512 and not f.is_return group by 1)
select count(*) filter (where n <= ceil(0.2 * customers)) as best, max(customers) as customers, round(100 * sum(sales) filter (where n <= ceil(0.2 * customers)) / sum(sales), 1) as percent from customer;

-- Equal before and after refresh, whatever DateStyle says, and each time.
select count(*) from ecom.load_demo('told_small', 300, 2000, 14);
create temporary table before_refresh as select i::text as content from ecom.insights('told_small', n => 50) i;
select status from ecom.refresh('told_small', '{sales,rfm}');
set datestyle = 'German';
select count(*) > 3 as are_several, count(*) filter (where b.content is null or i.content is null) as different
from before_refresh b full join (select i::text as content from ecom.insights('told_small', n => 50) i) i using (content);
reset datestyle;

-- Nothing is told of what is not over: the last day goes, and with it December.
delete from told.fact_sales where order_date_key = 20251231;
select status from ecom.refresh('told', '{sales}');
select count(*) > 3 as are_several, count(*) filter (where insight !~ 'November 2025|2025-11') as of_another_month from ecom.insights('told');
select count(*) from ecom.insights('told', '2025-12-01', '2025-12-31');
select count(*) from ecom.insights('told', '2023-12-01', '2024-01-31');
select count(*) from ecom.insights('told', '2030-01-01', '2030-01-31');
select count(*) from ecom.insights('told', n => 1);

-- A shop where nothing happens has nothing to tell, though February has fewer days; hostile names are told as they are.
create table test_insights.line as
select 'o' || o as order_id, 'c' || o % 70 as customer_id, timestamp '2024-01-01' + o * interval '3 hours' as order_date, 1 + o % 2 as quantity, 20 + o * 7919 % 13 as unit_price,
       (array['A "b"; drop table %I $1', 'It''s {mart}'])[1 + o % 2] as region, (array['$ddl$ 1,000 %', '', 'x'])[1 + o / 3 % 3] as category, 'p' || o % 6 as product_id
from generate_series(0, 8 * 500) o;
select ecom.create_mart('told "dull"');
select loaded_lines from ecom.load_sales('told "dull"', 'test_insights.line');
select insight from ecom.insights('told "dull"', '2025-02-01', '2025-02-28');
insert into test_insights.line select order_id || 'x', 'y' || customer_id, order_date, 3, 20, region, category, product_id from test_insights.line
where order_date >= '2025-02-01' and region like 'A%';
select loaded_lines from ecom.load_sales('told "dull"', $$select * from test_insights.line where order_id like '%x'$$);
select insight, test_insights.unproven(insight, evidence_sql) from ecom.insights('told "dull"', '2025-02-01', '2025-02-28');

-- Analysts may ask in a read-only transaction; other marts; bad input.
create role insight_analyst;
select ecom.grant_analyst('told', 'insight_analyst');
set role insight_analyst;
begin transaction read only;
select count(*) > 5 as many from ecom.insights('told', '2025-10-01', '2025-10-31');
commit;
reset role;
select ecom.create_mart('told_empty');
select count(*) from ecom.insights('told_empty');
select count(*) from ecom.insights('told_empty', '2024-01-01', '2024-01-31');
select loaded_lines from ecom.load_sales('told_empty', 'select order_id, customer_id, order_date, unit_price * quantity as amount from test_insights.line');
select insight from ecom.insights('told_empty');
select pg_temp.error_of(statement) from (values
    (1, $$select ecom.insights('told', n => 0)$$), (2, $$select ecom.insights('told', n => null)$$), (3, $$select ecom.insights('told', '2025-02-01', '2025-01-01')$$),
    (4, $$select ecom.insights('no mart')$$), (5, $$select ecom.insights('told', '-infinity', '2025-01-01')$$)) v (n, statement) order by n;
drop owned by insight_analyst;
drop role insight_analyst;
drop schema told, told_small, "told ""dull""", told_empty, test_insights cascade;
