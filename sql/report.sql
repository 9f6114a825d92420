-- ecom.report_data and ecom.report_html: every number of the page is the one that the functions give.
\set SHOW_CONTEXT never
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare
    hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics hint = pg_exception_hint;
    return concat_ws(' | ', sqlstate, sqlerrm, nullif(hint, ''));
end
$$;
set client_min_messages = warning;
create schema test_report;
create table test_report.line (order_id text, customer_id text, customer_name text, order_date timestamp, region text, customer_segment text,
                               channel text, payment_method text, product_id text, product_name text, category text, quantity int, unit_price numeric);
-- Five months, the last one not to its end; customers who come back, orders with two categories, returns, guests and hostile names.
insert into test_report.line
select 'o' || o, case when o % 11 > 0 then 'c' || o * 7 % 23 end, case when o % 11 > 0 then 'Customer ' || o * 7 % 23 end,
       timestamp '2024-11-01 10:00' + o * interval '1 day', (array['North', 'South'])[1 + o * 7 % 23 % 2], (array['Premium', 'Regular'])[1 + o * 7 % 23 / 12],
       (array['Web', 'Shop'])[1 + o % 2], (array['Card', 'Cash', 'Invoice'])[1 + o % 3], 'p' || (o + l) % 5,
       case (o + l) % 5 when 0 then '</script><img src=x onerror=alert(1)>' when 1 then '<!-- & "quoted" ' || U&'\2028' else 'Product ' || (o + l) % 5 end,
       (array['Toys', 'Books', '<b>Garden</b>'])[1 + (o + l) % 5 % 3], case when o % 9 = 0 then -1 else 1 + o % 3 end, 10 + l + o % 4
from generate_series(0, 140) o, generate_series(1, 1 + o % 2) l;
select ecom.create_mart('report_shop');
select loaded_lines, rejected_lines from ecom.load_sales('report_shop', 'test_report.line');
select ecom.create_mart('report_empty');
select ecom.create_mart('report_one');
create table test_report.one as select * from test_report.line where order_id = 'o1' limit 1;
select loaded_lines from ecom.load_sales('report_one', 'test_report.one');

-- A row of a document's columns: texts are members and an index into them.
create function pg_temp.lines(document jsonb) returns table (line jsonb) language sql as $$
    select jsonb_object_agg(c.key, case when jsonb_typeof(c.value) = 'array' then c.value -> n
                                        else c.value -> 'members' -> (c.value -> 'codes' ->> n)::int end)
    from generate_series(0, (document ->> 'length')::int - 1) n cross join jsonb_each(document -> 'columns') c group by n
$$;
create temporary table report as select ecom.report_data('report_shop') as data;
select key, jsonb_typeof(value) as type, value ->> 'length' as length from report, jsonb_each(data) order by key collate "C";
select data -> 'filters' as filters, data ->> 'first' as first, data ->> 'last' as last from report;
select p ->> 'id' as id, p ->> 'first' as first, p ->> 'last' as last, p -> 'is_complete' as is_complete from report, jsonb_array_elements(data -> 'periods') p;

-- Customers of every slice are those of ecom.kpi_summary; a slice without a line has none.
create temporary table period as
select p ->> 'id' as id, (p ->> 'first')::date as first, (p ->> 'last')::date as last from report, jsonb_array_elements(data -> 'periods') p
union all select 'all', null, null;
create temporary table slice as
select p.*, r.region, s.segment, c.category,
       jsonb_strip_nulls(jsonb_build_object('region', r.region, 'segment', s.segment, 'category', c.category)) as filters
from (select * from period where id in ('all', '2025', '2024-Q4', '2024-12', '2025-03')) p, (values (null), ('North'), ('South')) r (region), (values (null), ('Premium'), ('Regular')) s (segment),
     (values (null), ('Toys'), ('Books'), ('<b>Garden</b>')) c (category);
create temporary table counted as
select l.line ->> 'period' as period, l.line ->> 'region' as region, l.line ->> 'segment' as segment, l.line ->> 'category' as category,
       (l.line ->> 'customers')::bigint as customers
from report cross join lateral pg_temp.lines(data -> 'customers') l
union all
select l.line ->> 'period', l.line ->> 'region', l.line ->> 'segment', l.line ->> 'category', (l.line ->> 'customers')::bigint
from report cross join lateral pg_temp.lines(data -> 'category_customers') l where l.line ->> 'category' is not null;
create temporary table expected as
select s.*, k.customers, k.revenue, k.orders, k.new_customers, k.return_amount
from slice s cross join lateral ecom.kpi_summary('report_shop', s.first, s.last, s.filters) k;
select count(*) as slices, count(*) filter (where s.customers <> coalesce(c.customers, 0)) as wrong, count(distinct s.customers) > 10 as differ
from expected s
left join counted c on c.period = s.id and c.region is not distinct from s.region and c.segment is not distinct from s.segment
                       and c.category is not distinct from s.category;

-- So are the sums that the page adds.
create temporary table cell as
select to_char((l.line ->> 'month')::date, 'YYYY-MM') as month, l.line ->> 'region' as region, l.line ->> 'segment' as segment, l.line ->> 'category' as category,
       (l.line ->> 'revenue')::numeric as revenue, (l.line ->> 'orders')::bigint as orders, (l.line ->> 'new_customers')::bigint as new_customers,
       (l.line ->> 'return_amount')::numeric as return_amount
from report, (values ('orders'), ('categories')) t (name) cross join lateral pg_temp.lines(data -> t.name) l;
select count(*) as slices,
       count(*) filter (where (s.revenue, s.orders, s.new_customers, s.return_amount)
                              is distinct from (round(c.revenue, 2), c.orders, c.new_customers, round(c.return_amount, 2))) as wrong
from expected s
cross join lateral (
    select coalesce(sum(c.revenue), 0) as revenue, coalesce(sum(c.orders), 0)::bigint as orders, coalesce(sum(c.new_customers), 0)::bigint as new_customers,
           coalesce(sum(c.return_amount), 0) as return_amount
    from cell c join period p on p.id = c.month
    where (s.first is null or p.first >= s.first and p.last <= s.last) and (c.region = s.region or s.region is null)
      and (c.segment = s.segment or s.segment is null) and (c.category is not distinct from s.category)) c;

-- Products and customers are ranked as the functions rank them.
select count(*) as products, count(*) filter (where (r.line ->> 'revenue')::numeric is distinct from t.revenue) as wrong
from report cross join lateral pg_temp.lines(data -> 'products') r
left join ecom.top_products('report_shop', 50) t on t.product_id = r.line ->> 'product_id' where r.line ->> 'period' = 'all';
select count(*) as customers, count(*) filter (where (r.line ->> 'revenue')::numeric is distinct from t.value) as wrong
from report cross join lateral pg_temp.lines(data -> 'top_customers') r
full join ecom.top_customers('report_shop', 50, filters => '{"region": "North"}') t on t.customer_id = r.line ->> 'customer_id'
where r.line ->> 'region' = 'North' and r.line ->> 'segment' is null;

-- What there is no data for says so.
select s.key as section, s.value ->> 'reason' as reason from report, jsonb_each(data -> 'sections') s
where s.value -> 'rows' = '[]' order by s.key collate "C";
select count(*) from ecom.refresh('report_shop') where status = 'failed';
select s.key as section, jsonb_array_length(s.value -> 'rows') > 0 as has_rows from jsonb_each(ecom.report_data('report_shop') -> 'sections') s
where s.key in ('rfm_segments', 'loyalty', 'cohorts', 'insights') order by s.key collate "C";
create function pg_temp.figures(document jsonb) returns jsonb language sql as $$ select document - '{sections,as_of}'::text[] $$;
select pg_temp.figures(ecom.report_data('report_shop')) = pg_temp.figures(data) as is_equal_after_refresh from report;

-- The refresh has stored the page. Sales that come later are told of, and counted by the next refresh, which reads their month anew.
create function pg_temp.as_of(document jsonb) returns jsonb language sql as $$
    select document -> 'as_of' || jsonb_build_object('refreshed_at', document -> 'as_of' ->> 'refreshed_at' is not null) $$;
create function pg_temp.counts(document jsonb) returns table (revenue numeric, category_orders numeric, customers numeric) language sql as $$
    select (select sum((l.line ->> 'revenue')::numeric) from pg_temp.lines(document -> 'orders') l),
           (select sum((l.line ->> 'orders')::numeric) from pg_temp.lines(document -> 'categories') l),
           (select sum((l.line ->> 'customers')::numeric) from pg_temp.lines(document -> 'customers') l) $$;
select 'before' as page, pg_temp.as_of(data) from report
union all select 'whole', pg_temp.as_of(ecom.report_data('report_shop'))
union all select 'whole, in days', pg_temp.as_of(ecom.report_data('report_shop', (data ->> 'first')::date, (data ->> 'last')::date)) from report
union all select 'part', pg_temp.as_of(ecom.report_data('report_shop', '2024-12-01'));
create temporary table stored as select c.*, t.* from (select ecom.report_data('report_shop') as data) c cross join lateral pg_temp.counts(c.data) t;
create temporary table set_before as select month, region, segment, category, ctid as place from report_shop.customer_month;
create table test_report.late as
select 'late' || n as order_id, 'c' || n as customer_id, timestamp '2025-01-20' as order_date, 'North' as region, 'Web' as channel, 'p' || n as product_id,
       1 as quantity, 25.0 as unit_price from generate_series(1, 4) n;
select loaded_lines from ecom.load_sales('report_shop', 'test_report.late');
select pg_temp.as_of(d.data), d.data - '{as_of}'::text[] = s.data - '{as_of}'::text[] as is_the_stored_one
from (select ecom.report_data('report_shop') as data) d, stored s;
select pg_temp.as_of(d.data), t.revenue - s.revenue as revenue, t.category_orders - s.category_orders as category_orders
from (select ecom.report_data('report_shop', '2024-10-31') as data) d cross join lateral pg_temp.counts(d.data) t, stored s;
select count(*) from ecom.refresh('report_shop', '{sales}') where status <> 'done';
select pg_temp.as_of(ecom.report_data('report_shop')) as of_a_refresh_without_it;
select step, status from ecom.refresh('report_shop', '{report}');
select pg_temp.as_of(d.data), t.revenue - s.revenue as revenue, t.category_orders - s.category_orders as category_orders
from (select ecom.report_data('report_shop') as data) d cross join lateral pg_temp.counts(d.data) t, stored s;
select count(distinct b.month) as months, array_agg(distinct b.month) filter (where m.ctid is null) as counted_anew
from set_before b left join report_shop.customer_month m on m.ctid = b.place and (m.month, m.region, m.segment, m.category) is not distinct from (b.month, b.region, b.segment, b.category);
-- Days that cut months, over stored months and between them, and a slice: as ecom.kpi_summary counts.
create temporary table part as select f.*, ecom.report_data('report_shop', f.first, f.last) as data
from (values (date '2024-11-15', date '2025-02-10'), ('2025-01-18', '2025-01-20')) f (first, last);
select p.first, p.last, r.region, c.category, k.customers, k.customers = coalesce((select (l.line ->> 'customers')::bigint
           from pg_temp.lines(p.data -> case when c.category is null then 'customers' else 'category_customers' end) l
           where l.line ->> 'period' = 'all' and l.line ->> 'region' is not distinct from r.region and l.line ->> 'segment' is null
             and l.line ->> 'category' is not distinct from c.category), 0) as is_right
from part p, (values (null), ('North')) r (region), (values (null), ('Books')) c (category),
     lateral ecom.kpi_summary('report_shop', p.first, p.last, jsonb_strip_nulls(jsonb_build_object('region', r.region, 'category', c.category))) k
order by 1, 2, 3 nulls first, 4 nulls first;
select p.first, p.last, count(*) as customers, count(*) filter (where (r.line ->> 'revenue')::numeric is distinct from t.value) as wrong
from part p cross join lateral (select l.line from pg_temp.lines(p.data -> 'top_customers') l where l.line ->> 'region' is null and l.line ->> 'segment' is null) r
left join lateral ecom.top_customers('report_shop', 50, from_date => p.first, to_date => p.last) t on t.customer_id = r.line ->> 'customer_id'
group by 1, 2 order by 1, 2;
-- Without sales nothing is kept.
truncate report_shop.fact_sales;
select status, reason from ecom.refresh('report_shop', '{sales,report}');
select ecom.report_data('report_shop') ->> 'is_empty' as is_empty, (select count(*) from report_shop.customer_month) + (select count(*) from report_shop.report_part) as kept;
select loaded_lines from ecom.load_sales('report_shop', 'test_report.line');
drop view report_shop.rfm_segment cascade;
select ecom.report_data('report_shop') #> '{sections,rfm_segments}' as rfm_segments;

-- A part of the range, an empty mart, and a mart of one line.
select data ->> 'first' as first, data ->> 'last' as last, data ->> 'lines' as lines, jsonb_path_query_array(data, '$.periods[*].id') as periods
from (select ecom.report_data('report_shop', '2024-11-15', '2024-12-31') as data) d;
select ecom.report_data('report_empty');
select data -> 'filters' as filters, data -> 'lines' as lines, data #> '{customers,columns,customers}' as customers, data #> '{products,length}' as products
from (select ecom.report_data('report_one') as data) d;

-- The page: an error without it, and the document in its place with it.
begin;
delete from ecom_internal.report_template;
select pg_temp.error_of($$select ecom.report_html('report_shop')$$);
insert into ecom_internal.report_template (html) values ('<script>{"ecom":"data"}</script>');
select ecom.report_html('report_empty');
create temporary table page as select ecom.report_html('report_shop') as html;
select left(html, 9) as head, right(html, 10) as tail, substr(html, 9, length(html) - 17) !~ '[<>&]' as is_escaped,
       substr(html, 9, length(html) - 17)::jsonb = ecom.report_data('report_shop') as is_the_document,
       strpos(html, '\u003c/script\u003e\u003cimg src=x onerror=alert(1)\u003e') > 0 as has_the_name
from page;
rollback;
select pg_temp.error_of($$select ecom.report_data('report_nowhere')$$);
select pg_temp.error_of($$select ecom.report_html('report_shop', '2025-01-02', '2025-01-01')$$) ~ '^(0A000|22023)' as is_refused;
select pg_temp.error_of($$select ecom.report_data('report_shop', '2025-01-02', '2025-01-01')$$);
drop schema report_shop cascade;
drop schema report_empty cascade;
drop schema report_one cascade;
drop schema test_report cascade;
