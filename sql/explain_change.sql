-- ecom.explain_change: the planted decline, every column against plain SQL, what it names and what it leaves out.
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
    return concat_ws(' | ', sqlstate, sqlerrm, nullif(detail, ''), left(nullif(hint, ''), 70));
end
$$;

-- The decline that the demo shop plants is named first, whatever the seed, and its parts are not named again.
create function pg_temp.planted(seed bigint) returns table (segment text, change numeric, p_value float8, parts_named bigint) language plpgsql as $$
begin
    perform ecom.load_demo('explain_seed', seed => planted.seed);
    return query
        select (array_agg(e.segment order by e.rank))[1], (array_agg(e.change order by e.rank))[1], (array_agg(e.p_value order by e.rank))[1],
               count(*) filter (where e.rank > 1 and e.segment_filters @> '{"region": "West", "category": "Electronics"}')
        from ecom.explain_change('explain_seed', 'revenue', '2025-10-01', '2025-10-31') e;
    drop schema explain_seed cascade;
end
$$;
set client_min_messages = warning;
select seed, p.segment, p.change, p.p_value < 0.02 as is_significant, p.parts_named from generate_series(1, 5) seed, lateral pg_temp.planted(seed) p;
reset client_min_messages;

select loaded_lines from ecom.load_demo('explain');
create temporary view line as
select f.*, d.date, g.region, c.segment, p.category, ch.name as channel from explain.fact_sales f
join explain.dim_date d on d.date_key = f.order_date_key join explain.dim_geography g using (geography_key)
join explain.dim_customer c using (customer_key) join explain.dim_product p using (product_key) join explain.dim_channel ch using (channel_key)
where d.date between '2025-09-01' and '2025-10-31';
create temporary view period as select *, date >= '2025-10-01' as is_current from line;
-- Before a refresh the functions compute from the lines.
create temporary table unrolled as
select to_jsonb(e) as answer from ecom.explain_change('explain', 'revenue', '2025-10-01', '2025-10-31') e
union all select to_jsonb(e) from ecom.explain_change('explain', 'aov', '2025-10-01', '2025-10-31') e
union all select to_jsonb(e) from ecom.explain_change('explain', 'customers', '2025-10-01', '2025-10-31') e;
select step, status from ecom.refresh('explain') where step = 'sales';
select count(*) as rows, count(*) filter (where answer in (
    select to_jsonb(e) from ecom.explain_change('explain', 'revenue', '2025-10-01', '2025-10-31') e
    union all select to_jsonb(e) from ecom.explain_change('explain', 'aov', '2025-10-01', '2025-10-31') e
    union all select to_jsonb(e) from ecom.explain_change('explain', 'customers', '2025-10-01', '2025-10-31') e)) as same from unrolled;

-- What an analyst sees.
select rank, segment, baseline, current, change, share_of_change, contribution, surprise, round(p_value::numeric, 4) as p_value, without_it
from ecom.explain_change('explain', 'revenue', '2025-10-01', '2025-10-31', n => 5);
select segment, segment_filters, baseline, current, effect, rate_effect, mix_effect, is_comparable, reason
from ecom.explain_change('explain', 'aov', '2025-10-01', '2025-10-31', n => 2, filters => '{"segment": ["Premium", "Regular"]}');

-- Every segment and column of a sum against plain SQL; effects by the same dimensions add up to the change.
with plain as (
    select ecom_internal.segment_name('{region,segment,category,channel}', array[region, segment, category, channel]) as name,
           grouping(region, segment, category, channel) as dimensions,
           coalesce(sum(revenue_amount) filter (where not is_current), 0) as n0, coalesce(sum(revenue_amount) filter (where is_current), 0) as n1
    from period group by grouping sets (region, segment, category, channel, (region, segment), (region, category), (region, channel),
                                        (segment, category), (segment, channel), (category, channel))),
whole as (select sum(revenue_amount) filter (where not is_current) as n0, sum(revenue_amount) filter (where is_current) as n1 from period),
compared as (
    select e.*, p.dimensions,
           (e.baseline, e.current, e.change, e.effect) is distinct from (trim_scale(p.n0), trim_scale(p.n1), p.n1 - p.n0, p.n1 - p.n0)
           or e.change_rate is distinct from round((p.n1 - p.n0) / nullif(abs(p.n0), 0), 4)
           or e.share_of_change is distinct from round((p.n1 - p.n0) / (w.n1 - w.n0), 4) or e.contribution is distinct from round((p.n1 - p.n0) / w.n0, 4)
           or abs(e.without_it - (w.n1 - p.n1 + p.n0 * (w.n1 - p.n1) / (w.n0 - p.n0) - w.n0)) > 0.006 or e.rate_effect is not null or e.mix_effect is not null as is_wrong
    from ecom.explain_change('explain', 'revenue', '2025-10-01', '2025-10-31', min_share => 0, n => 100000, prune => false) e
    full join plain p on p.name = e.segment cross join whole w)
select (select count(*) from plain where n0 <> 0 or n1 <> 0) as segments, count(*) as compared, count(*) filter (where is_wrong) as wrong,
       (select bool_and(abs(s.total - (w.n1 - w.n0)) < 0.001) from whole w, (select sum(effect) as total from compared group by dimensions) s) as add_up
from compared;

-- The surprise of a region by hand: its daily revenue less its part of the daily total, over the days of each period.
with day as (select d::date as date, d >= '2025-10-01' as is_current from generate_series(timestamp '2025-09-01', '2025-10-31', '1 day') d),
member as (
    select d.date, d.is_current, r.region, coalesce(sum(l.revenue_amount), 0)::float8 as x from day d cross join (select distinct region from line) r
    left join line l on l.date = d.date and l.region = r.region group by 1, 2, 3),
share as (
    select m.*, sum(x) over (partition by date) as whole, sum(x) over (partition by region, is_current) / sum(x) over (partition by is_current) as part from member m),
variance as (select region, is_current, count(*) * var_samp(x - part * whole) as variance from share group by 1, 2),
size as (select region, sum(x) / sum(sum(x)) over () as size from member group by 1),
effect as (select region, sum(x) filter (where is_current) - sum(x) filter (where not is_current) as effect from member group by 1),
noise as (select sum(v.variance) / (select sum(s.size * (1 - s.size)) from size s) as dispersion from variance v),
z as (select region, (e.effect - sum(e.effect) over () * s.size) / sqrt(n.dispersion * s.size * (1 - s.size)) as z from effect e join size s using (region) cross join noise n)
select e.segment, e.surprise, e.surprise = round(z.z::numeric, 2)::float8 as agrees, round(e.p_value::numeric, 4) as p_value,
       abs(e.p_value - least(1, 4 * (ecom.welch_test(z.z, sqrt(60), 60, 0, 0, 2)).p_value)) < 1e-5 as p_agrees
from ecom.explain_change('explain', 'revenue', '2025-10-01', '2025-10-31', dimensions => '{region}', min_share => 0, prune => false) e
join z on e.segment = 'region = ' || z.region order by e.rank;

-- Ratios: rate and mix add up to the effect, effects by the same dimensions to the change; the numbers of one dimension against plain SQL.
select m.metric, d.dimensions, abs(sum(e.effect) - (s.current - s.baseline)) < 0.0002 as adds_up, bool_and(abs(e.rate_effect + e.mix_effect - e.effect) < 0.000003) as parts_add_up,
       abs(sum(e.share_of_change) - 1) < 0.002 as shares_add_up
from unnest('{aov,return_rate,avg_satisfaction,margin_rate,items_per_order,avg_delivery_days,orders_per_customer}'::text[]) with ordinality m (metric, n),
     (values (1, '{region}'::text[]), (2, '{segment,channel}'), (3, '{category}')) d (n, dimensions),
     lateral ecom.kpi_compare('explain', '2025-10-01', '2025-10-31', metrics => array[m.metric]) s,
     lateral ecom.explain_change('explain', m.metric, '2025-10-01', '2025-10-31', dimensions => d.dimensions, max_order => cardinality(d.dimensions), min_share => 0, n => 1000, prune => false) e
where cardinality(array(select jsonb_object_keys(e.segment_filters))) = cardinality(d.dimensions) and not (m.metric in ('items_per_order', 'orders_per_customer') and d.n = 3)
group by m.n, m.metric, d.n, d.dimensions, s.current, s.baseline order by m.n, d.n;
with plain as (
    select region, sum(revenue_amount) filter (where not is_current) as n0, sum(revenue_amount) filter (where is_current) as n1,
           count(distinct order_id) filter (where not is_current and not is_return) as d0, count(distinct order_id) filter (where is_current and not is_return) as d1
    from period group by 1),
whole as (select sum(n0) as n0, sum(n1) as n1, sum(d0) as d0, sum(d1) as d1, (sum(n0) / sum(d0) + sum(n1) / sum(d1)) / 2 as mean from plain)
select e.segment, e.baseline = trim_scale(round(p.n0 / p.d0, 6)) and e.current = trim_scale(round(p.n1 / p.d1, 6)) as values,
       abs(e.rate_effect - (p.n1 / p.d1 - p.n0 / p.d0) * (p.d0 / w.d0 + p.d1 / w.d1) / 2) < 0.00001 as rate,
       abs(e.mix_effect - (p.d1 / w.d1 - p.d0 / w.d0) * ((p.n0 / p.d0 + p.n1 / p.d1) / 2 - w.mean)) < 0.00001 as mix,
       abs(e.without_it - ((w.n1 - p.n1 + p.d0 * (w.d1 - p.d1) / (w.d0 - p.d0) * (p.n0 / p.d0 + (w.n1 - p.n1) / (w.d1 - p.d1) - (w.n0 - p.n0) / (w.d0 - p.d0)))
                           / (w.d1 - p.d1 + p.d0 * (w.d1 - p.d1) / (w.d0 - p.d0)) - w.n0 / w.d0)) < 0.00001 as without_it
from ecom.explain_change('explain', 'aov', '2025-10-01', '2025-10-31', dimensions => '{region}', min_share => 0, prune => false) e
join (select region, n0, n1, d0::numeric, d1::numeric from plain) p on e.segment = 'region = ' || p.region
cross join (select n0, n1, d0::numeric, d1::numeric, mean from whole) w order by e.segment;

-- Distinct counts: exact in every segment, and more than the whole together; orders by category as well.
with plain as (
    select ecom_internal.segment_name('{category,channel}', array[category, channel]) as name,
           count(distinct customer_key) filter (where not is_current and not is_return) as c0, count(distinct customer_key) filter (where is_current and not is_return) as c1,
           count(distinct order_id) filter (where not is_current and not is_return) as o0, count(distinct order_id) filter (where is_current and not is_return) as o1
    from period group by grouping sets (category, channel, (category, channel)))
select e.metric, count(*) as segments,
       count(*) filter (where (e.baseline, e.current) is distinct from case e.metric when 'customers' then (p.c0::numeric, p.c1::numeric) else (p.o0::numeric, p.o1::numeric) end) as wrong,
       count(*) filter (where e.p_value is not null) as tested, sum(e.current) filter (where e.segment not like '%,%') > s.current as overlap
from (select 'customers' as metric, e.* from ecom.explain_change('explain', 'customers', '2025-10-01', '2025-10-31', dimensions => '{category,channel}', min_share => 0, n => 1000, prune => false) e
      union all select 'orders', e.* from ecom.explain_change('explain', 'orders', '2025-10-01', '2025-10-31', dimensions => '{category,channel}', min_share => 0, n => 1000, prune => false) e) e
join ecom.kpi_compare('explain', '2025-10-01', '2025-10-31') s on s.metric = e.metric full join plain p on p.name = e.segment
group by e.metric, s.current order by 1;
-- segment_filters give the segment back to other functions, with the filters of the call.
select count(*) as segments, count(*) filter (where k.revenue = e.current) as equal
from ecom.explain_change('explain', 'revenue', '2025-10-01', '2025-10-31', filters => '{"segment": ["Premium", "Budget"]}') e,
     lateral ecom.kpi_summary('explain', '2025-10-01', '2025-10-31', e.segment_filters) k;
-- A metric of the shop's own, and the metrics that every mart has.
select ecom.set_metric('explain', 'units_per_line', 'sold_quantity', 'lines');
select e.segment, e.baseline = round(v.b, 6) and e.current = round(v.c, 6) as agrees
from ecom.explain_change('explain', 'units_per_line', '2025-10-01', '2025-10-31', dimensions => '{category}', n => 1) e
join (select category, sum(quantity) filter (where not is_current) / count(*) filter (where not is_current) as b, sum(quantity) filter (where is_current) / count(*) filter (where is_current) as c
      from period where not is_return group by 1) v on e.segment = 'category = ' || v.category;
select count(*) as metrics, bool_and(e.rows > 0) as all_explained
from ecom.metrics('explain') m, lateral (select count(*) as rows from ecom.explain_change('explain', m.metric, '2025-10-01', '2025-10-31')) e;

-- What is named. A shop of 4 regions x 4 categories x 3 channels, some lines a day each, the same every week; then something happens.
create schema test_explain;
create function test_explain.shop(mart name, factor text) returns void language plpgsql as $$
begin
    execute format('create or replace view test_explain.line as
        select format(''%%s-%%s-%%s-%%s'', d, r, c, h) as order_id, ''c'' || (d * 7 + r * 5 + c * 3 + h) %% 97 as customer_id, date ''2025-06-02'' + d as order_date, ''region '' || r as region,
               ''category '' || c as category, ''channel '' || h as channel, ''p'' || c as product_id,
               (10 + (d * 31 + r * 17 + c * 13 + h * 7) %% 11)::numeric * case when d >= 28 then (%s) else 1 end as amount
        from generate_series(0, 55) d, generate_series(1, 4) r, generate_series(1, 4) c, generate_series(1, 3) h', factor);
    perform ecom.create_mart(mart);
    perform ecom.load_sales(mart, 'select * from test_explain.line where amount <> 0');
end
$$;
create function test_explain.named(mart name, factor text, max_order int default 2) returns table (rank int, segment text, change_rate numeric, is_significant boolean) language plpgsql as $$
begin
    perform test_explain.shop(mart, factor);
    return query select e.rank, e.segment, e.change_rate, e.p_value < 0.05
                 from ecom.explain_change(mart, 'revenue', '2025-06-30', '2025-07-27', dimensions => '{region,category,channel}', max_order => named.max_order, n => 3) e;
end
$$;
set client_min_messages = warning;
-- One whole region falls: it is named, not its parts.
select * from test_explain.named('explain_region', 'case when r = 4 then 0.5 else 1 end');
-- One combination vanishes.
select * from test_explain.named('explain_pair', 'case when r = 4 and c = 2 then 0 else 1 end');
-- Two things at once, one of them of three dimensions.
select * from test_explain.named('explain_two', 'case when r = 1 then 1.3 when r = 3 and c = 2 and h = 1 then 0.2 else 1 end', 3);
-- Everything falls alike: nothing stands out.
select count(*) filter (where is_significant) as significant from test_explain.named('explain_all', '0.7');
-- Two causes that overlap: the larger is named first.
select * from test_explain.named('explain_same', 'case when r = 2 and c in (1, 2) then 0 when c = 1 and r <> 1 then 0 else 1 end') where rank = 1;
-- Without pruning the parts come too.
select rank, segment from ecom.explain_change('explain_region', 'revenue', '2025-06-30', '2025-07-27', dimensions => '{region,category,channel}', prune => false, n => 3);
-- Small segments are not named.
select count(*) filter (where segment like '%,%') as pairs, count(*) from ecom.explain_change('explain_region', 'revenue', '2025-06-30', '2025-07-27', dimensions => '{region,category,channel}', min_share => 0.2, prune => false, n => 100);
-- Negative values: refunds beyond sales; a total that is zero; a metric of nothing.
select test_explain.shop('explain_negative', 'case when r = 4 then -2 else 1 end');
select rank, segment, baseline > 0 as was_positive, current < 0 as is_negative, change < -1000 as fell, share_of_change, without_it is null as no_counterfactual
from ecom.explain_change('explain_negative', 'revenue', '2025-06-30', '2025-07-27', dimensions => '{region,category,channel}', n => 1);
select count(*) from ecom.explain_change('explain_negative', 'discount_amount', '2025-06-30', '2025-07-27');
select count(*) from ecom.explain_change('explain_negative', 'avg_satisfaction', '2025-06-30', '2025-07-27');
reset client_min_messages;

-- Short periods have no days to tell chance from: still ranked, not tested.
select rank, segment, p_value from ecom.explain_change('explain_pair', 'revenue', '2025-06-30', '2025-06-30', '2025-06-29', '2025-06-29', '{region,category,channel}', n => 2);
-- Periods without sales, before and after the first and last sale, and filters that nothing meets.
select count(*) from ecom.explain_change('explain', 'revenue', '2023-01-01', '2023-01-31');
select count(*) from ecom.explain_change('explain', 'aov', '2024-01-01', '2024-01-31');
select count(*) from ecom.explain_change('explain', 'aov', '2025-10-01', '2025-10-31', filters => '{"region": "''; drop schema explain cascade; --"}');
select count(*) from ecom.explain_change('explain', 'revenue', '2025-10-01', '2025-10-31', filters => '{"region": "nowhere"}');
select min(is_comparable::int) as is_comparable, min(reason) as reason from ecom.explain_change('explain', 'revenue', '2025-12-20', '2026-01-10');
-- Members that look like something else.
create table test_explain.hostile (order_id text, customer_id text, order_date date, amount numeric, region text, category text);
insert into test_explain.hostile
select d || '-' || r || '-' || c, 'c' || d % 9, date '2025-06-02' + d, case when d >= 28 and r = 1 and c = 2 then 1 else 10 + (d * 31 + r * 7 + c) % 5 end,
       (array['a'' = b, c', 'NULL', '{x,"y"}'])[r], (array['$1', '%I %s', E'tab\t"quote"'])[c]
from generate_series(0, 55) d, generate_series(1, 3) r, generate_series(1, 3) c;
select ecom.create_mart('explain_hostile');
select loaded_lines from ecom.load_sales('explain_hostile', 'test_explain.hostile');
select e.segment, e.segment_filters, e.current = k.revenue as agrees
from ecom.explain_change('explain_hostile', 'revenue', '2025-06-30', '2025-07-27', n => 1) e, lateral ecom.kpi_summary('explain_hostile', '2025-06-30', '2025-07-27', e.segment_filters) k;
-- The four columns only, and a mart without sales.
create table test_explain.minimal (order_id text, customer_id text, order_date timestamp, amount numeric);
insert into test_explain.minimal select 'n' || i, case when i % 3 > 0 then 'c' || i % 5 end, date '2025-03-11' + i, 10 * (i % 4 - 1) from generate_series(0, 60) i;
select ecom.create_mart('explain_minimal');
select count(*) from ecom.explain_change('explain_minimal');
select loaded_lines from ecom.load_sales('explain_minimal', 'test_explain.minimal');
select m.metric, e.rows from unnest('{revenue,aov,customers,return_rate}'::text[]) m (metric), lateral (select count(*) as rows from ecom.explain_change('explain_minimal', m.metric)) e;
select rank, segment, baseline, current, reason from ecom.explain_change('explain_minimal', dimensions => '{customer}', n => 2);

-- Errors.
select pg_temp.error_of(statement) from (values
    (1, $$select * from ecom.explain_change('explain', 'profit')$$),
    (2, $$select * from ecom.explain_change('explain', null)$$),
    (3, $$select * from ecom.explain_change('explain', from_date => '2025-02-01', to_date => '2025-01-01')$$),
    (4, $$select * from ecom.explain_change('explain', baseline_from => '2025-02-01')$$),
    (5, $$select * from ecom.explain_change('explain', dimensions => '{}')$$),
    (6, $$select * from ecom.explain_change('explain', dimensions => null)$$),
    (7, $$select * from ecom.explain_change('explain', dimensions => '{region,month}')$$),
    (8, $$select * from ecom.explain_change('explain', dimensions => '{planet}')$$),
    (9, $$select * from ecom.explain_change('explain', max_order => 0)$$),
    (10, $$select * from ecom.explain_change('explain', n => null)$$),
    (11, $$select * from ecom.explain_change('explain', min_share => 'NaN')$$),
    (12, $$select * from ecom.explain_change('explain', min_share => -0.1)$$),
    (13, $$select * from ecom.explain_change('explain', prune => null)$$),
    (14, $$select * from ecom.explain_change('explain', filters => '"West"')$$),
    (15, $$select * from ecom.explain_change('explain', versus => 'then')$$),
    (16, $$select * from ecom.explain_change('explain', dimensions => array(select dimension from ecom.dimensions() where dimension not in ('day', 'week', 'month', 'quarter', 'year')))$$),
    (17, $$select * from ecom.explain_change('nowhere')$$)) v (n, statement) order by n;
select max(cardinality(array(select jsonb_object_keys(segment_filters)))) as dimensions from ecom.explain_change('explain', dimensions => '{region,region,segment}', max_order => 9, prune => false, n => 100);
begin transaction read only;
select count(*) from ecom.explain_change('explain', filters => null);
commit;
set client_min_messages = warning;
drop schema explain, explain_region, explain_pair, explain_two, explain_all, explain_same, explain_negative, explain_hostile, explain_minimal, test_explain cascade;
