-- The report page: a mart's numbers as one JSON document, and that document in a template as one page of HTML.
--
-- What adds up is given by month and slice, and the page adds it. Different customers do not add up: they are counted here for every
-- period and slice that the page can show, so that each filter gives the number that ecom.kpi_summary gives. Everything comes from
-- rollups; 90_report_store.sql keeps the document of the whole range, so that a page costs what it takes to write it down.

create table ecom_internal.report_template (
    is_only boolean primary key default true check (is_only),
    html    text not null
);
comment on table ecom_internal.report_template is
'One row with the page that ecom.report_html fills; none when the extension was built without it.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.report_template.is_only is 'True: there is one page.';
comment on column ecom_internal.report_template.html is 'HTML with the place of the data marked.';
grant select on ecom_internal.report_template to public;

create table ecom_internal.report_section (
    name     text primary key,
    position int  not null unique,
    relation text,
    query    text not null,
    reason   text not null
);
comment on table ecom_internal.report_section is
'One row per section of the report that is a list of rows: a family adds one to appear in it.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.report_section.name is 'Name of the section in the document of ecom.report_data.';
comment on column ecom_internal.report_section.position is 'Order in which sections are read.';
comment on column ecom_internal.report_section.relation is
'Relation of the mart that it reads; where that does not exist the section is empty. NULL: none.';
comment on column ecom_internal.report_section.query is
'Query of its rows, in their order. {mart} stands for the schema, $1 for its name, $2 and $3 for the first and last day.';
comment on column ecom_internal.report_section.reason is 'What the page says when there are no rows.';
grant select on ecom_internal.report_section to public;

insert into ecom_internal.report_section (name, position, relation, query, reason) values
    ('alerts', 10, null, $q$
select a.rule, a.severity, a.segment, a.period_start, a.period_end, a.value, a.comparison, a.threshold, a.since
from ecom.check_alerts($1, $3 + 1) a where a.is_fired
order by array_position(array['critical', 'warning', 'info'], a.severity), a.rule collate "C", a.segment collate "C" limit 50$q$,
     'No rule fires for the last complete period.'),
    ('alert_rules', 11, null, $q$
select r.rule from ecom.alert_rules($1) r where r.is_active order by r.rule collate "C"$q$,
     'No alert rules. Add one with ecom.set_alert.'),
    ('insights', 20, null, $q$
select i.insight, i.kind, i.change_rate
from (select max(m.day)::date as first_date
      from generate_series(date_trunc('month', $2::timestamp), $3::timestamp, '1 month') m (day)
      where m.day >= $2 and (m.day + interval '1 month')::date - 1 <= $3) last_month
cross join lateral ecom.insights($1, last_month.first_date, (last_month.first_date + interval '1 month')::date - 1, 12) i
where last_month.first_date is not null order by i.rank$q$,
     'Nothing stands out, or no month is complete.'),
    ('forecast', 30, 'revenue_forecast', $q$
select f.period_start, f.forecast_amount as value, f.lower_amount as lower, f.upper_amount as upper, f.forecast_method as method
from {mart}.revenue_forecast f where f.grain = 'month' and f.period_start > $3 - 31 order by f.period_start$q$,
     'No forecast yet: run ecom.refresh.'),
    ('cohorts', 40, 'cohort_retention_monthly', $q$
select c.cohort_month, c.age_months as age, c.cohort_count as size, c.active_count as active, c.is_complete
from {mart}.cohort_retention_monthly c
where c.cohort_month between date_trunc('month', $2) and $3 and c.activity_month <= $3
  and c.cohort_month > date_trunc('month', $3) - interval '24 months'
order by c.cohort_month, c.age_months$q$,
     'No cohorts yet: run ecom.refresh on sales that have customers.'),
    ('rfm_segments', 50, 'rfm_segment', $q$
select s.segment, s.customer_count as customers, s.customer_rate, s.monetary_amount as revenue, s.monetary_rate as revenue_rate,
       s.mean_recency_days as recency_days, s.mean_frequency as frequency, s.mean_monetary_amount as revenue_per_customer
from {mart}.rfm_segment s order by s.monetary_amount desc, s.segment collate "C"$q$,
     'No customer groups yet: run ecom.refresh.'),
    ('loyalty', 51, 'loyalty_band', $q$
select b.loyalty_band as band, b.customer_count as customers, b.active_customer_count as active, b.order_count as orders,
       b.revenue_amount as revenue
from {mart}.loyalty_band b order by b.sort_order$q$,
     'No loyalty bands yet: run ecom.refresh.'),
    ('value_bands', 52, 'value_band', $q$
select b.value_band as band, b.customer_count as customers, b.mean_p_alive as alive_rate, b.expected_order_count as expected_orders,
       b.lifetime_value, b.value_share
from {mart}.value_band b order by b.sort_order$q$,
     'No expected values yet: run ecom.refresh; it needs customers who came back.'),
    ('cluster_profiles', 56, 'segment_profile', $q$
select p.segment, p.customer_count as customers, p.customer_rate, p.monetary_amount as revenue, p.monetary_rate as revenue_rate,
       p.mean_recency_days as recency_days, p.mean_frequency as frequency, p.mean_monetary_amount as revenue_per_customer,
       round(p.mean_silhouette::numeric, 3) as silhouette, p.moved_in_count as moved_in, p.moved_out_count as moved_out
from {mart}.segment_profile p order by p.monetary_amount desc, p.segment collate "C"$q$,
     'No clusters yet: run ecom.refresh on sales that have customers.'),
    -- Which customers are drawn is decided by their keys alone, scattered by Knuth's multiplier: the same ones each time, as if by chance.
    ('cluster_points', 57, 'customer_segment', $q$
select s.segment, round(s.pc1::numeric, 3) as x, round(s.pc2::numeric, 3) as y, s.recency_days, s.frequency, s.monetary_amount as revenue
from (select c.* from {mart}.customer_segment c
      order by c.customer_key::bigint * 2654435761 % 4294967296, c.customer_key limit 1000) s
order by s.segment collate "C", s.customer_key$q$,
     'No clusters yet: run ecom.refresh on sales that have customers.'),
    ('decomposition', 31, 'revenue_decomposition', $q$
select to_char(d.period_start, 'YYYY-MM') as month, d.revenue_amount as revenue, d.trend_amount as trend, d.seasonal_amount as season,
       d.remainder_amount as rest
from {mart}.revenue_decomposition d
where d.grain = 'month' and d.is_complete and d.period_start between date_trunc('month', $2) and $3 and d.trend_amount is not null
order by d.period_start$q$,
     'Not yet: run ecom.refresh; it needs a history of several months.'),
    ('churn_bands', 53, 'churn_band', $q$
select b.churn_band as band, b.customer_count as customers, b.expected_churn_count as expected, b.mean_churn_probability as probability,
       b.revenue_amount as revenue
from {mart}.churn_band b order by b.sort_order$q$,
     'No churn model yet: run ecom.refresh on sales with returning customers.'),
    ('churn_customers', 54, 'customer_churn_overview', $q$
select c.customer_id, c.customer_name as name, c.churn_probability as probability, c.revenue_amount as revenue,
       concat_ws('; ', c.reason_1, c.reason_2, c.reason_3) as reasons
from {mart}.customer_churn_overview c where c.churn_band = 'High'
order by c.revenue_amount desc, c.customer_id collate "C" limit 50$q$,
     'Nobody is likely to leave.'),
    ('retention_plan', 55, 'retention_plan', $q$
select p.intervention, count(*) as customers, sum(p.cost_amount) as cost, sum(p.saved_amount) as gain,
       sum(p.profit_amount) / nullif(sum(p.cost_amount), 0) as roi
from {mart}.retention_plan p where not p.is_holdout group by p.intervention order by sum(p.profit_amount) desc, p.intervention collate "C"$q$,
     'No plan yet: run ecom.refresh; it needs a churn model and expected values.'),
    ('budget_plan', 58, 'channel_budget', $q$
select b.channel, b.advice, b.day_count as days, b.current_amount as current, b.advised_amount as advised, b.change_rate, b.expected_revenue_amount as revenue,
       b.gain_amount as gain, b.profit_amount as profit, b.evidence_grade as evidence, b.reason
from {mart}.channel_budget b order by coalesce(b.advised_amount, b.current_amount) desc, b.channel collate "C"$q$,
     'No plan yet: run ecom.refresh; it needs marketing spend, and orders by channel.'),
    ('basket_rules', 60, 'basket_rule', $q$
select r.item_level as level, r.antecedent, r.consequent, r.order_count as orders, r.support, r.confidence, r.lift
from {mart}.basket_rule r order by r.lift desc, r.rule_key limit 200$q$,
     'No rules: too few orders hold the same products, or ecom.refresh has not run.');

create function ecom_internal.report_rows(query text, mart name, first_date date, last_date date) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    result jsonb;
begin
    execute format('select coalesce(jsonb_agg(to_jsonb(q)), ''[]'') from (%s) q', replace(query, '{mart}', quote_ident(mart)))
        into result using mart, first_date, last_date;
    return result;
end
$$;
comment on function ecom_internal.report_rows(text, name, date, date) is
'The rows of a query as a JSON array of objects, in its order. Arguments: query: see report_section.query.';

create function ecom_internal.report_columns(
    query text, texts text[], numbers text[], months ecom_internal.customer_month[] default '{}') returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    result jsonb;
begin
    execute format($q$
        with line as materialized (select * from (%s) q),
        coded as (select %s from line l order by %s)
        select jsonb_build_object('length', count(*), 'columns', jsonb_build_object(%s)) from coded o$q$,
        query,
        (select string_agg(format('dense_rank() over (order by l.%1$I::text collate "C") - 1 as %1$I', name), ', ' order by n)
         from unnest(texts) with ordinality u (name, n))
        || (select string_agg(format(', trim_scale(l.%1$I::numeric) as %1$I', name), '' order by n) from unnest(numbers) with ordinality u (name, n)),
        -- By position: a text with that name is its code here.
        (select string_agg(n::text, ', ' order by n) from generate_series(1, cardinality(texts || numbers)) n),
        (select string_agg(format('%1$L, jsonb_build_object(''codes'', coalesce(jsonb_agg(o.%1$I), ''[]''), ''members'', (
                    select coalesce(jsonb_agg(m.member order by m.member collate "C"), ''[]'')
                    from (select distinct l.%1$I::text as member from line l) m))', name), ', ' order by n)
         from unnest(texts) with ordinality u (name, n))
        || (select string_agg(format(', %1$L, coalesce(jsonb_agg(o.%1$I), ''[]'')', name), '' order by n) from unnest(numbers) with ordinality u (name, n)))
        into result using months;
    return result;
end
$$;
comment on function ecom_internal.report_columns(text, text[], text[], ecom_internal.customer_month[]) is
'The rows of a query as a JSON object of columns: texts as their members and an index into them, NULL among the members, and numbers.
The order of the rows is that of their values, so that equal data give an equal document. Arguments: months: what the query has as $1.';

create function ecom_internal.report_cube(mart name, metrics text[], dimensions text[], first_date date, last_date date) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select ecom_internal.report_columns(ecom_internal.metric_query(mart, metrics, dimensions, first_date, last_date), dimensions, metrics)
$$;
comment on function ecom_internal.report_cube(name, text[], text[], date, date) is
'Metrics by dimensions of a range of days as columns: see report_columns.';

create function ecom_internal.report_periods(first_date date, last_date date, sales_first date, sales_last date) returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'grain', p.grain, 'first', greatest(p.first_day, first_date),
                                  'last', least(p.last_day, last_date),
                                  'is_complete', p.first_day >= greatest(first_date, sales_first) and p.last_day <= least(last_date, sales_last))
                              order by p.position, p.first_day desc), '[]')
    from (select 1, 'year', to_char(d.day, 'YYYY'), d.day::date, (d.day + interval '1 year')::date - 1
          from generate_series(date_trunc('year', first_date::timestamp), last_date, '1 year') d (day)
          union all
          select 2, 'quarter', to_char(d.day, 'YYYY"-Q"Q'), d.day::date, (d.day + interval '3 months')::date - 1
          from generate_series(date_trunc('quarter', first_date::timestamp), last_date, '3 months') d (day)
          union all
          select 3, 'month', to_char(d.day, 'YYYY-MM'), d.day::date, (d.day + interval '1 month')::date - 1
          from generate_series(date_trunc('month', first_date::timestamp), last_date, '1 month') d (day))
         p (position, grain, id, first_day, last_day)
$$;
comment on function ecom_internal.report_periods(date, date, date, date) is
'The years, quarters and months of a range, cut to it. is_complete: the range and the sales cover the whole period.';

create function ecom_internal.report_period_sql() returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select $q$case when grouping(q.month) = 0 then to_char(q.month, 'YYYY-MM')
         when grouping(q.quarter) = 0 then to_char(q.quarter, 'YYYY"-Q"Q')
         when grouping(q.year) = 0 then to_char(q.year, 'YYYY') else 'all' end$q$
$$;
comment on function ecom_internal.report_period_sql() is 'Expression that names the period of a grouping set over month, quarter and year.';

create function ecom_internal.report_categories(
    mart name, metrics text[], dimensions text[], first_date date, last_date date, months ecom_internal.customer_month[]) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    slice constant text[] := '{month}' || dimensions || '{category}';
begin
    return ecom_internal.report_columns(format('
        select q.*, coalesce(n.orders, 0) as orders, coalesce(n.new_customers, 0) as new_customers
        from (%s) q
        left join (select %s, sum(c.order_count) as orders, sum(c.new_customer_count) as new_customers
                   from unnest($1) c where c.category is not null group by %2$s) n on %s',
        ecom_internal.metric_query(mart, metrics, '{month,season}' || dimensions || '{category}', first_date, last_date),
        (select string_agg('c.' || d, ', ' order by n) from unnest(slice) with ordinality u (d, n)),
        (select string_agg(format('n.%1$s = q.%1$s', d), ' and ' order by n) from unnest(slice) with ordinality u (d, n))),
        '{month,season}' || dimensions || '{category}', metrics || '{orders,new_customers}', months);
end
$$;
comment on function ecom_internal.report_categories(name, text[], text[], date, date, ecom_internal.customer_month[]) is
'Metrics by month, season, dimensions and category as columns, and the orders and new customers of each from the months.';

create function ecom_internal.report_customer_counts(months ecom_internal.customer_month[], dimensions text[], of_category boolean) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    slice constant text[] := dimensions || case when of_category then '{category}'::text[] else '{}' end;
    listed constant text := (select coalesce(string_agg(', c.' || d, '' order by n), '') from unnest(slice) with ordinality u (d, n));
begin
    -- A quarter is merged from its months, a year from its quarters, the whole range from its years: each set is read a few times only.
    return ecom_internal.report_columns(format('
        with month as materialized (
            select c.month as start%1$s, ecom.key_set_union(c.customers) as customers
            from unnest($1) c where c.customers is not null and c.category is %2$s null group by c.month%1$s),
        quarter as materialized (
            select date_trunc(''quarter'', c.start)::date as start%1$s, ecom.key_set_union(c.customers) as customers
            from month c group by date_trunc(''quarter'', c.start)%1$s),
        year as materialized (
            select date_trunc(''year'', c.start)::date as start%1$s, ecom.key_set_union(c.customers) as customers
            from quarter c group by date_trunc(''year'', c.start)%1$s),
        cell as materialized (
            select to_char(c.start, ''YYYY-MM'') as period%1$s, c.customers from month c
            union all select to_char(c.start, ''YYYY"-Q"Q'')%1$s, c.customers from quarter c
            union all select to_char(c.start, ''YYYY'')%1$s, c.customers from year c
            union all select ''all''%1$s, ecom.key_set_union(c.customers) from year c group by 1%1$s)
        select c.period%1$s, ecom.key_set_count(ecom.key_set_union(c.customers)) as customers
        from cell c group by c.period%3$s%4$s',
        listed, case when of_category then 'not' else '' end, case when of_category then ', c.category' else '' end,
        (select ', cube (' || string_agg('c.' || d, ', ' order by n) || ')' from unnest(dimensions) with ordinality u (d, n))),
        '{period}' || slice, '{customers}', months);
end
$$;
comment on function ecom_internal.report_customer_counts(ecom_internal.customer_month[], text[], boolean) is
'Different known customers with an order, as the metric customers counts them, for each year, quarter, month and all the months, by every
subset of the dimensions; NULL in a dimension means all its members. Arguments: of_category: in each category, those who bought of it.
Time: linear in the bytes of the sets.';

create function ecom_internal.report_products(mart name, first_date date, last_date date, most int) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
    return ecom_internal.report_columns(format('
        select r.period, r.rank, r.category_rank, r.product as product_id, p.name, p.category, round(r.revenue, 2) as revenue, trim_scale(r.units) as units,
               round(r.return_amount / nullif(r.gross_amount, 0), 4) as return_rate, r.product_count, r.category_product_count
        from (select g.*, p.category, row_number() over (partition by g.period order by g.revenue desc, g.product collate "C") as rank,
                     row_number() over (partition by g.period, p.category order by g.revenue desc, g.product collate "C") as category_rank,
                     count(*) over (partition by g.period) as product_count, count(*) over (partition by g.period, p.category) as category_product_count
              from (select %s as period, q.product, sum(q.revenue) as revenue, sum(q.quantity) as units, sum(q.gross_amount) as gross_amount,
                           sum(q.return_amount) as return_amount
                    from (select s.*, date_trunc(''quarter'', s.month)::date as quarter, date_trunc(''year'', s.month)::date as year from (%s) s) q
                    group by grouping sets ((q.month), (q.quarter), (q.year), ()), q.product) g
              join %3$I.dim_product p on p.product_id = g.product) r
        join %3$I.dim_product p on p.product_id = r.product
        where r.rank <= %4$s or r.category_rank <= %4$s',
        ecom_internal.report_period_sql(),
        ecom_internal.metric_query(mart, '{revenue,quantity,gross_amount,return_amount}', '{month,product}', first_date, last_date),
        mart, most), '{period,product_id,name,category}', '{rank,category_rank,revenue,units,return_rate,product_count,category_product_count}');
end
$$;
comment on function ecom_internal.report_products(name, date, date, int) is
'The best products, as many as most, by revenue of each year, quarter, month and of the whole range, over all and within each category, with the
number of products there are.';

create function ecom_internal.report_customers(mart name, dimensions text[], first_date date, last_date date, most int) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    has_region constant boolean := 'region' = any (dimensions);
    has_segment constant boolean := 'segment' = any (dimensions);
begin
    -- Keys and floating point where millions are grouped and sorted; names and amounts to the cent decide between the few that are left.
    -- Who is among the best of all segments is among the best of the own one.
    return ecom_internal.report_columns(format('
        with place as (select g.geography_key, g.region, %1$s as code from %2$I.dim_geography g),
        region as (select distinct p.region, p.code from place p),
        segment as (select c.segment, (row_number() over ())::int as code from (select distinct %3$s as segment from %2$I.dim_customer c) c),
        bought as materialized (
            select o.customer_key, p.code as region_code, sum(o.order_count) as orders, sum(o.revenue_amount) as revenue
            from %4$s o join place p on p.geography_key = o.geography_key
            where o.customer_key <> 0 and o.order_date_key between %5$s and %6$s group by 1, 2),
        customer as materialized (
            select b.*, s.code as segment_code
            from (select * from bought%7$s) b join %2$I.dim_customer c on c.customer_key = b.customer_key
            join segment s on %11$s),
        counted as (select k.region_code, k.segment_code, count(*) as customer_count from customer k group by 1, 2),
        best as (
            select b.* from (select k.*, rank() over (partition by k.region_code, k.segment_code order by k.revenue::float8 desc) as place
                             from customer k) b
            where b.place <= %8$s),
        slice as (
            select b.region_code, b.segment_code, b.customer_key, b.orders, b.revenue from best b
            %9$s),
        slice_count as (
            select n.region_code, n.segment_code, n.customer_count from counted n
            %10$s)
        select r.rank, (select p.region from region p where p.code = r.region_code) as region,
               (select s.segment from segment s where s.code = r.segment_code) as segment,
               r.customer_id, r.name, r.customer_segment, r.orders, round(r.revenue, 2) as revenue, n.customer_count
        from (select s.*, c.customer_id, c.name, c.segment as customer_segment,
                     row_number() over (partition by s.region_code, s.segment_code order by s.revenue desc, c.customer_id collate "C") as rank
              from slice s join %2$I.dim_customer c on c.customer_key = s.customer_key) r
        join slice_count n on n.region_code is not distinct from r.region_code and n.segment_code is not distinct from r.segment_code
        where r.rank <= %8$s',
        case when has_region then 'dense_rank() over (order by g.region)::int' else 'null::int' end, mart,
        case when has_segment then 'c.segment' else 'null::text' end, ecom_internal.order_source(mart),
        ecom_internal.date_key(first_date), ecom_internal.date_key(last_date),
        case when has_region then ' union all select w.customer_key, null, sum(w.orders), sum(w.revenue) from bought w group by 1' end,
        most,
        case when has_segment then 'union all select b.region_code, null, b.customer_key, b.orders, b.revenue from best b' end,
        case when has_segment then 'union all select n.region_code, null, sum(n.customer_count) from counted n group by 1' end,
        case when has_segment then 's.segment = c.segment' else 'true' end),
        dimensions || '{customer_id,name,customer_segment}', '{rank,orders,revenue,customer_count}');
end
$$;
comment on function ecom_internal.report_customers(name, text[], date, date, int) is
'The known customers, as many as most, with most revenue in a range, by every subset of the dimensions region and segment; NULL in a
dimension means all its members. Time: one pass over the orders of the range, n log n in customers.';

create function ecom_internal.report_filters(
    mart name, first_date date, last_date date, kept text[] default null, out members jsonb, out dimensions text[])
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    -- What the page offers as a filter must stay a list that one can read, and its sums a document that one can mail.
    most_members constant int := 40;
    most_cells constant int := 60000;
    cells bigint;
    d text;
begin
    members := '{}';
    dimensions := '{}';
    foreach d in array '{region,segment,category}'::text[] loop
        members := members || jsonb_build_object(d,
            (select coalesce(jsonb_agg(r.member order by r.member collate "C"), '[]') from ecom.revenue_by(mart, d, first_date, last_date) r));
    end loop;
    cells := greatest(1, jsonb_array_length(members -> 'category'))
             * (extract(year from age(last_date + 1, date_trunc('month', first_date))) * 12 + 12)::bigint;
    foreach d in array '{segment,region}'::text[] loop
        if d = any (coalesce(kept, '{segment,region}')) and jsonb_array_length(members -> d) between 2 and most_members
           and cells * jsonb_array_length(members -> d) <= most_cells then
            cells := cells * jsonb_array_length(members -> d);
            dimensions := dimensions || d;
        end if;
    end loop;
    if 'category' = any (coalesce(kept, '{category}')) and jsonb_array_length(members -> 'category') between 2 and most_members then
        dimensions := dimensions || '{category}';
    end if;
end
$$;
comment on function ecom_internal.report_filters(name, date, date, text[]) is
'What the page of a range of days filters by: members: those of region, segment and category; dimensions: which of these are offered.
Arguments: kept: offer none but these; NULL: any.';

create function ecom_internal.report_sections(mart name, first_date date, last_date date, wanted text[] default null) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    section record;
    rows jsonb;
    sections jsonb := '{}';
begin
    for section in select s.* from ecom_internal.report_section s where wanted is null or s.name = any (wanted) order by s.position loop
        if section.relation is null or to_regclass(format('%I.%I', mart, section.relation)) is not null then
            rows := ecom_internal.report_rows(section.query, mart, first_date, last_date);
        else
            rows := '[]';
        end if;
        sections := sections || jsonb_build_object(section.name, jsonb_build_object('rows', rows)
            || case when rows = '[]' then jsonb_build_object('reason', section.reason) else '{}' end);
    end loop;
    return sections;
end
$$;
comment on function ecom_internal.report_sections(name, date, date, text[]) is
'The sections of the page that are lists of rows, each with its rows or the reason why there are none. Arguments: wanted: names; NULL: all.';

create function ecom_internal.report_document(mart name, first_date date, last_date date, kept text[] default null) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    sales constant record := ecom_internal.check_range(mart, null, null);
    -- Counting orders and customers by category reads the lines of months that are not counted yet; beyond this many the page says so.
    most_lines constant int := 2000000;
    sums constant text[] := '{revenue,gross_amount,return_amount,discount_amount,quantity,margin,costed_amount,
                              satisfaction_sum,satisfaction_count,delivery_days_sum,delivery_count}';
    offered constant record := ecom_internal.report_filters(mart, first_date, last_date, kept);
    dimensions constant text[] := array_remove(offered.dimensions, 'category');
    counted text[] := offered.dimensions;
    months ecom_internal.customer_month[];
    lines bigint;
    unread bigint := 0;
    days daterange;
begin
    execute format('select q.lines + q.return_lines from (%s) q',
                   ecom_internal.metric_query(mart, '{lines,return_lines}', '{}', first_date, last_date)) into lines;
    if lines > most_lines then
        foreach days in array array(select unnest((ecom_internal.customer_month_cover(mart, counted, first_date, last_date)).days)) loop
            execute format('select $1 + q.lines + q.return_lines from (%s) q',
                           ecom_internal.metric_query(mart, '{lines,return_lines}', '{}', lower(days), upper(days) - 1)) into unread using unread;
        end loop;
        if unread > most_lines then
            counted := dimensions;
        end if;
    end if;
    select coalesce(array_agg(c), '{}') into months from ecom_internal.customer_months(mart, counted, first_date, last_date) c;
    return jsonb_build_object(
        'mart', mart, 'is_empty', false, 'first', first_date, 'last', last_date, 'sales_first', sales.first_date, 'sales_last', sales.last_date,
        'lines', lines,
        'periods', ecom_internal.report_periods(first_date, last_date, sales.first_date, sales.last_date),
        'filters', (select coalesce(jsonb_object_agg(f.d, offered.members -> f.d), '{}') from unnest(offered.dimensions) f (d)),
        'orders', ecom_internal.report_cube(mart, sums || '{orders,new_customers}', '{month}' || dimensions || '{channel}', first_date, last_date),
        'payments', ecom_internal.report_cube(mart, '{revenue,orders}', '{month}' || dimensions || '{payment_method}', first_date, last_date),
        'categories', case when 'category' = any (counted)
            then ecom_internal.report_categories(mart, sums, dimensions, first_date, last_date, months)
            else ecom_internal.report_cube(mart, sums, '{month,season}' || dimensions || '{category}', first_date, last_date) end,
        'category_channels', ecom_internal.report_cube(mart, '{revenue}', '{month}' || dimensions || '{category,channel}', first_date, last_date),
        'customers', ecom_internal.report_customer_counts(months, dimensions, false),
        'category_customers', case when 'category' = any (counted) then ecom_internal.report_customer_counts(months, dimensions, true) end,
        'products', ecom_internal.report_products(mart, first_date, last_date, 50),
        'top_customers', ecom_internal.report_customers(mart, dimensions, first_date, last_date, 50),
        'sections', ecom_internal.report_sections(mart, first_date, last_date));
end
$$;
comment on function ecom_internal.report_document(name, date, date, text[]) is
'The document of ecom.report_data for a range of days with sales, computed from rollups, and from the sales where they are not rolled up.
Arguments: kept: filters that may be offered; NULL: any.';
