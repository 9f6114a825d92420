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
select (ecom.report_data('report_shop') - 'sections') = (data - 'sections') as is_equal_after_refresh from report;
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
