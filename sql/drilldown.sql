-- ecom.drilldown, ecom.hierarchies, ecom.set_hierarchy.
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
    return concat_ws(' | ', sqlstate, sqlerrm, nullif(detail, ''), left(nullif(hint, ''), 120));
end
$$;

-- Periods in words, there and back.
select grain, ecom_internal.period_label(grain, date_trunc(grain, date '2024-12-31')::date) as label
from unnest('{year,quarter,month,week,day}'::text[]) with ordinality g (grain, n) order by n;
select count(*) as periods, bool_and(ecom_internal.period_start(grain, ecom_internal.period_label(grain, first_day)) = first_day) as all_back
from unnest('{year,quarter,month,week,day}'::text[]) grain,
     lateral (select distinct date_trunc(grain, d)::date as first_day from generate_series(timestamp '2019-12-25', '2027-01-10', '1 day') d) p;
select n, pg_temp.error_of(format('select ecom_internal.period_start(%L, %L)', grain, label))
from (values (1, 'year', '25'), (2, 'year', '0000'), (3, 'quarter', '2025-Q5'), (4, 'month', '2025-13'), (5, 'week', '2025-W53'), (6, 'week', '2025-W00'),
             (7, 'day', '2025-02-29'), (8, 'day', 'today'), (9, 'month', E'2025-12\n'), (10, 'year', null)) v (n, grain, label) order by n;

select loaded_lines from ecom.load_demo('drill', customers => 400, orders => 3000, months => 24);
create temporary view line as
select f.*, d.date, g.country, g.region, g.state, g.city, c.segment, c.age_group, c.gender, p.category, p.sub_category, p.brand, p.product_id as product, ch.name as channel,
       to_char(d.date, 'YYYY') as year, to_char(d.date, 'YYYY-"Q"Q') as quarter, to_char(d.date, 'YYYY-MM') as month, to_char(d.date, 'YYYY-MM-DD') as day
from drill.fact_sales f join drill.dim_date d on d.date_key = f.order_date_key join drill.dim_geography g using (geography_key)
join drill.dim_customer c using (customer_key) join drill.dim_product p using (product_key) join drill.dim_channel ch using (channel_key);

select * from ecom.hierarchies('drill');
-- Before a refresh the functions compute from the lines.
create temporary table unrolled as select to_jsonb(k) as answer from ecom.drilldown('drill', 'geo', '{West}', from_date => '2025-03-01', to_date => '2025-03-31') k
union all select to_jsonb(k) from ecom.drilldown('drill', 'time', '{2025}', 'customers') k;
select step, status from ecom.refresh('drill') where step = 'sales';
select count(*) as rows, count(*) filter (where answer in (
    select to_jsonb(k) from ecom.drilldown('drill', 'geo', '{West}', from_date => '2025-03-01', to_date => '2025-03-31') k
    union all select to_jsonb(k) from ecom.drilldown('drill', 'time', '{2025}', 'customers') k)) as same from unrolled;

-- What a user sees.
select * from ecom.drilldown('drill', 'geo');
select * from ecom.drilldown('drill', 'geo', '{West}', from_date => '2025-10-01', to_date => '2025-10-31');
select * from ecom.drilldown('drill', 'time', '{2025,2025-Q4}', 'orders', versus => 'calendar_year');

-- Every level of every hierarchy against plain SQL: its value, and the parent, which is the sum of its children.
create function pg_temp.walk(hierarchy text) returns table (depth int, path text[], parent numeric, children bigint, child_sum numeric, wrong bigint, shares numeric)
language plpgsql as $$
declare
    levels text[];
    paths text[][];
    condition text;
begin
    select h.levels into levels from ecom.hierarchies('drill') h where h.hierarchy = walk.hierarchy;
    path := '{}';
    for depth in 1 .. cardinality(levels) loop
        condition := concat_ws(' and ', 'true', (select string_agg(format('l.%I = %L', levels[i], path[i]), ' and ') from generate_series(1, depth - 1) i));
        execute format('select sum(l.revenue_amount) from line l where %s', condition) into parent;
        execute format('
            select count(*), sum(d.value), count(*) filter (where d.value is distinct from l.revenue or d.member is distinct from l.member or d.level <> %1$L
                       or d.share is distinct from round(l.revenue / $2, 4) or d.next_path is distinct from case when $3 then $1 || l.member end), sum(d.share)
            from ecom.drilldown(''drill'', %2$L, $1) d
            full join (select l.%1$I as member, trim_scale(sum(l.revenue_amount)) as revenue from line l where %3$s group by 1) l using (member)',
            levels[depth], hierarchy, condition) into children, child_sum, wrong, shares using path, parent, depth < cardinality(levels);
        walk.depth := depth;
        return next;
        execute format('select array_append($1, max(d.member)) from ecom.drilldown(''drill'', %L, $1) d', hierarchy) into path using path;
    end loop;
end
$$;
select h.hierarchy, w.depth, w.path, w.children, w.parent = w.child_sum as adds_up, w.wrong, abs(w.shares - 1) < 0.01 as shares_add_up
from ecom.hierarchies('drill') h, lateral pg_temp.walk(h.hierarchy) w;

-- Baselines: the members of the other period, also those that are gone.
with plain as (
    select l.state as member, coalesce(sum(revenue_amount) filter (where date between '2025-10-01' and '2025-10-31'), 0) as value,
           coalesce(sum(revenue_amount) filter (where date between '2024-10-02' and '2024-11-01'), 0) as baseline
    from line l where country = 'Aurelia' and region = 'West' and (date between '2025-10-01' and '2025-10-31' or date between '2024-10-02' and '2024-11-01') group by 1)
select count(*) as members, count(*) filter (where d.value is distinct from p.value or d.baseline is distinct from p.baseline
           or d.change is distinct from p.value - p.baseline or not d.is_comparable) as wrong
from ecom.drilldown('drill', 'place', '{Aurelia,West}', from_date => '2025-10-01', to_date => '2025-10-31', versus => 'year') d full join plain p using (member);
select count(*) filter (where value = 0) as gone, count(*) filter (where baseline = 0) as come
from ecom.drilldown('drill', 'catalogue', '{Garden,Tools,Arlen}', from_date => '2025-10-01', to_date => '2025-10-05');
-- Each period of time has the one before it; the first has none, a cut one is not comparable.
select member, value, baseline, change_rate, is_comparable from ecom.drilldown('drill', 'time', '{2024,2024-Q1}', 'customers', to_date => '2024-03-20');
select bool_and(d.baseline is not distinct from l.revenue) as agree, count(l.revenue) as days
from ecom.drilldown('drill', 'time', '{2025,2025-Q2,2025-05}', versus => 'year') d
left join (select date, trim_scale(sum(revenue_amount)) as revenue from line group by 1) l on l.date = d.member::date - 364 where l.revenue is not null;

-- Distinct counts, ratios and orders by product against plain SQL.
select 'customers' as metric, count(*) as members, count(*) filter (where d.value is distinct from l.n or d.share is distinct from round(l.n::numeric / l.total, 4)) as wrong, sum(d.share) > 1 as overlap
from ecom.drilldown('drill', 'product', '{Toys}', 'customers') d
full join (select channel as member, count(distinct customer_key) filter (where not is_return) as n,
                  (select count(distinct customer_key) from line where category = 'Toys' and not is_return) as total
           from line where category = 'Toys' group by 1) l using (member)
union all
select 'orders', count(*), count(*) filter (where d.value is distinct from l.n), sum(d.share) > 1 from ecom.drilldown('drill', 'product', metric => 'orders') d
full join (select category as member, count(distinct order_id) filter (where not is_return) as n from line group by 1) l using (member)
union all
select 'avg_satisfaction', count(*), count(*) filter (where d.value is distinct from trim_scale(l.mean) or d.share is not null), null
from ecom.drilldown('drill', 'customer', '{Premium}', 'avg_satisfaction') d
full join (select age_group as member, round(avg(satisfaction_score) filter (where not is_return), 4) as mean from line where segment = 'Premium' group by 1) l using (member);

-- Filters and path meet; one that contradicts the other leaves nothing.
select member, d.value = l.revenue as agrees from ecom.drilldown('drill', 'geo', '{West}', filters => '{"region": ["West", "North"], "segment": "Premium"}') d
join (select trim_scale(sum(revenue_amount)) as revenue from line where region = 'West' and segment = 'Premium') l on true;
select count(*) from ecom.drilldown('drill', 'geo', '{West}', filters => '{"region": "North"}');
select count(*) from ecom.drilldown('drill', 'time', '{2025}', to_date => '2024-12-31');

-- Hierarchies of the shop's own.
select ecom.set_hierarchy('drill', 'delivery', '{carrier,shipping_method}', 'Who brings it.');
select ecom.set_hierarchy('drill', 'delivery', '{carrier,month,shipping_method}');
select ecom.set_hierarchy('drill', 'mixed', '{year,region,week}');
select hierarchy, levels, is_own, description from ecom.hierarchies('drill') where is_own;
select level, member, next_path from ecom.drilldown('drill', 'delivery', '{Parcelo,2025-11}');
select level, member, value, baseline, is_comparable, next_path from ecom.drilldown('drill', 'mixed', '{2025}');
select level, count(*) as weeks, sum(value) = (select sum(revenue_amount) from line where region = 'West' and year = '2025') as adds_up, min(member), max(member),
       string_agg(member, ', ') filter (where not is_comparable) as not_comparable
from ecom.drilldown('drill', 'mixed', '{2025,West}') group by 1;

-- Paths that try to be something else.
select pg_temp.error_of(statement) from (values
    (1, $$select * from ecom.drilldown('drill', 'geo', array['West''; drop schema drill cascade; --'])$$),
    (2, $$select * from ecom.drilldown('drill', 'geo', array['%s', '{West}'])$$),
    (3, $$select * from ecom.drilldown('drill', 'geo', '{West,Premium}')$$),
    (4, $$select * from ecom.drilldown('drill', 'geo', array[null]::text[])$$),
    (5, $$select * from ecom.drilldown('drill', 'product', '{{a,b},{c,d}}')$$),
    (6, $$select * from ecom.drilldown('drill', 'time', '{next year}')$$),
    (7, $$select * from ecom.drilldown('drill', 'time', '{2025,2024-Q4}')$$),
    (8, $$select * from ecom.drilldown('drill', 'galaxy')$$),
    (9, $$select * from ecom.drilldown('drill', null)$$),
    (10, $$select * from ecom.drilldown('drill', 'geo', metric => 'profit')$$),
    (11, $$select * from ecom.drilldown('drill', 'geo', from_date => '2025-02-01', to_date => '2025-01-01')$$),
    (12, $$select * from ecom.drilldown('drill', 'geo', versus => 'x')$$),
    (13, $$select * from ecom.drilldown('drill', 'geo', filters => '{"planet": "Mars"}')$$),
    (14, $$select * from ecom.drilldown('drill', 'place', '{Aurelia}', filters => '"West"')$$),
    (15, $$select ecom.set_hierarchy('drill', 'Geo', '{region}')$$),
    (16, $$select ecom.set_hierarchy('drill', 'geo', '{region}')$$),
    (17, $$select ecom.set_hierarchy('drill', null, '{region}')$$),
    (18, $$select ecom.set_hierarchy('drill', 'x', '{region,region}')$$),
    (19, $$select ecom.set_hierarchy('drill', 'x', '{}')$$),
    (20, $$select ecom.set_hierarchy('drill', 'x', null)$$),
    (21, $$select ecom.set_hierarchy('drill', 'x', '{region,NULL}')$$),
    (22, $$select ecom.set_hierarchy('drill', 'x', '{planet}')$$)) v (n, statement) order by n;
select count(*) from ecom.drilldown('drill', 'geo', null, filters => null);
begin transaction read only;
select count(*) from ecom.drilldown('drill', 'time');
commit;

-- A shop without sales, and one with the four columns only.
create schema test_drill;
create table test_drill.line (order_id text, customer_id text, order_date timestamp, amount numeric);
insert into test_drill.line select 'n' || i, case when i % 3 > 0 then 'c' || i % 5 end, date '2025-03-11' + i, 10 * (i % 4 - 1) from generate_series(0, 60) i;
select ecom.create_mart('drill_small');
select h.hierarchy, d.* from ecom.hierarchies('drill_small') h, lateral ecom.drilldown('drill_small', h.hierarchy) d;
select count(*) from ecom.drilldown('drill_small', 'geo', '{West}', from_date => '2025-01-01', to_date => '2025-02-01');
select count(*) from ecom.drilldown('drill_small', 'time', '{2025}', from_date => '2025-01-01', to_date => '2025-02-01');
select loaded_lines from ecom.load_sales('drill_small', 'test_drill.line');
select h.hierarchy, d.level, d.member, d.value, d.share from ecom.hierarchies('drill_small') h, lateral ecom.drilldown('drill_small', h.hierarchy) d;
select member, value, share, baseline, change, change_rate, is_comparable from ecom.drilldown('drill_small', 'time', '{2025,2025-Q2}');
set client_min_messages = warning;
drop schema drill, drill_small, test_drill cascade;
