-- Sets of customers by month and slice: what makes distinct customers of any run of months, and orders by category, cheap.
--
-- Different customers do not add up, but sets of them merge. A month whose sales did not change keeps its sets, so that a refresh
-- reads the lines of the changed months only, and whoever asks for a range of days those of the months that the range cuts.

create type ecom_internal.customer_month as (
    month date, region text, segment text, category text, order_count bigint, new_customer_count bigint, customers ecom.state);
comment on type ecom_internal.customer_month is 'A row of customer_month, stored or counted when asked for';

insert into ecom_internal.mart_part (name, position, ddl) values ('customer_months', 79, $ddl$
create table {mart}.customer_month (
    month              date   not null,
    region             text,
    segment            text,
    category           text,
    order_count        bigint not null,
    new_customer_count bigint not null,
    customers          ecom.state
);
alter table {mart}.customer_month alter column customers set storage external;
create index customer_month_month_idx on {mart}.customer_month (month);
comment on table {mart}.customer_month is
'One row per month, region and segment with sales, and one per category of it: its orders, and its customers as a set that merges.
Inner table: written by ecom.refresh. What the report page does not filter by is NULL, for all; so is category in rows of whole orders.';
comment on column {mart}.customer_month.month is 'First day of the month.';
comment on column {mart}.customer_month.region is 'Region of the sale; NULL: all, the page has no filter by region.';
comment on column {mart}.customer_month.segment is 'Segment that the shop itself gave the customer; NULL: all.';
comment on column {mart}.customer_month.category is 'Product category of the lines that count; NULL: all, whole orders.';
comment on column {mart}.customer_month.order_count is 'Orders with a line that is not a return.';
comment on column {mart}.customer_month.new_customer_count is 'Known customers whose first order is one of them.';
comment on column {mart}.customer_month.customers is 'Set of the known customers with such an order, of ecom.key_set_agg; NULL: none.';

create table {mart}.customer_month_state (
    month      date   primary key,
    dimensions text[] not null
);
comment on table {mart}.customer_month_state is
'One row per month whose rows of customer_month hold all its sales.
Inner table: step sales of ecom.refresh takes the months out that changed, step report computes those that are missing.';
comment on column {mart}.customer_month_state.month is 'First day of the month.';
comment on column {mart}.customer_month_state.dimensions is 'What the rows of the month are by: some of region, segment and category.';
$ddl$);

create function ecom_internal.customer_month_cover(
    mart name, dimensions text[], first_date date, last_date date, out months date[], out days datemultirange)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    sales constant record := ecom_internal.check_range(mart, null, null);
    stored datemultirange := '{}';
begin
    months := '{}';
    if ecom_internal.is_rolled_up(mart) then
        -- Beyond the first and the last sale a month may be cut: nothing is missing.
        execute format('
            select coalesce(array_agg(s.month order by s.month), ''{}''), coalesce(range_agg(daterange(s.month, s.month_end, ''[]'')), ''{}'')
            from (select t.month, t.dimensions, (t.month + interval ''1 month'')::date - 1 as month_end from %I.customer_month_state t) s
            where s.dimensions @> $1 and s.month_end >= $2 and s.month <= $3
              and greatest(s.month, $4) >= $2 and least(s.month_end, $5) <= $3', mart)
            into months, stored using dimensions, first_date, last_date, sales.first_date, sales.last_date;
    end if;
    days := datemultirange(daterange(first_date, last_date, '[]')) - stored;
end
$$;
comment on function ecom_internal.customer_month_cover(name, text[], date, date) is
'Which part of a range of days customer_month has: months it has whole, and days for which the sales have to be read.
Arguments: mart: the resolved name; dimensions: some of region, segment and category.';

create function ecom_internal.customer_month_query(mart name, dimensions text[], days datemultirange, of_category boolean) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with part as (
        select case when 'region' = any (dimensions) then 'g.region' else 'null::text' end as region,
               case when 'segment' = any (dimensions) then 'c.segment' else 'null::text' end as segment,
               (select coalesce(string_agg(format('{s}.order_date_key between %s and %s', ecom_internal.date_key(lower(d)),
                                                  ecom_internal.date_key(upper(d) - 1)), ' or ' order by d), 'false')
                from unnest(days) d) as condition)
    -- An order is gathered from its lines before its customer and the customer's first order are looked up: there are fewer orders.
    select case when of_category then format('
        select to_date(l.month::text, ''YYYYMM''), l.region, %1$s, l.category, sum(l.is_order)::bigint,
               count(n.customer_key) filter (where l.is_order = 1), ecom.key_set_agg(l.customer_key) filter (where l.is_order = 1 and l.customer_key <> 0)
        from (select f.order_date_key / 100 as month, %2$s as region, p.category, f.customer_key, f.order_id,
                     (count(*) filter (where not f.is_return) > 0)::int as is_order
              from %3$I.fact_sales f join %3$I.dim_product p on p.product_key = f.product_key%4$s
              where %5$s group by 1, 2, 3, 4, 5) l
        left join (select o.customer_key, o.order_id from %6$s o where o.order_number = 1) n
            on n.customer_key = l.customer_key and n.order_id = l.order_id%7$s
        group by l.month, l.region, 3, l.category',
            p.segment, p.region, mart, ecom_internal.dimension_joins(mart, array_remove(array_remove(dimensions, 'segment'), 'category'), 'f'),
            replace(p.condition, '{s}', 'f'), ecom_internal.order_source(mart),
            ecom_internal.dimension_joins(mart, array(select d from unnest(dimensions) d where d = 'segment'), 'l'))
    else format('
        select to_date((o.order_date_key / 100)::text, ''YYYYMM''), %s, %s, null::text, sum(o.order_count)::bigint, count(*) filter (where o.order_number = 1),
               ecom.key_set_agg(o.customer_key) filter (where o.order_count > 0 and o.customer_key <> 0)
        from %s o%s where %s group by o.order_date_key / 100, 2, 3',
            p.region, p.segment, ecom_internal.order_source(mart),
            ecom_internal.dimension_joins(mart, array_remove(dimensions, 'category'), 'o'), replace(p.condition, '{s}', 'o')) end
    from part p
$$;
comment on function ecom_internal.customer_month_query(name, text[], datemultirange, boolean) is
'The query of rows of customer_month from the sales. Arguments: mart: the resolved name; dimensions: some of region, segment and category;
of_category: rows by category, from lines, instead of rows of whole orders. An order counts as in ecom_internal.metric_query: in each
category that it has a line of which is not a return.';

create function ecom_internal.customer_months(mart name, dimensions text[], first_date date, last_date date)
returns setof ecom_internal.customer_month
language plpgsql stable
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    cover constant record := ecom_internal.customer_month_cover(mart, dimensions, first_date, last_date);
begin
    return query execute format('
        select s.month, case when ''region'' = any ($1) then s.region end, case when ''segment'' = any ($1) then s.segment end, s.category,
               s.order_count, s.new_customer_count, s.customers
        from %I.customer_month s where s.month = any ($2) and (s.category is null or ''category'' = any ($1))', mart)
        using dimensions, cover.months;
    if cover.days <> '{}' then
        return query execute ecom_internal.customer_month_query(mart, dimensions, cover.days, false);
        if 'category' = any (dimensions) then
            return query execute ecom_internal.customer_month_query(mart, dimensions, cover.days, true);
        end if;
    end if;
end
$$;
comment on function ecom_internal.customer_months(name, text[], date, date) is
'Rows as those of customer_month for a range of days: stored ones of the months that are whole and did not change since they were
computed, and of the other days from the sales. A slice may have several rows.
Arguments: mart: the resolved name; dimensions: some of region, segment and category, with category for rows by it.';

create function ecom_internal.refresh_customer_months(mart name, dimensions text[], first_date date, last_date date) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    missing record;
    found bigint;
    written bigint := 0;
begin
    execute format('delete from %I.customer_month_state t where t.dimensions <> $1 or t.month not between date_trunc(''month'', $2) and $3', mart)
        using dimensions, first_date, last_date;
    execute format('delete from %1$I.customer_month t where not exists (select from %1$I.customer_month_state s where s.month = t.month)', mart);
    -- A year at a time: the orders of all of them at once might not fit into memory.
    for missing in
        select lower(d.days) as first_day, upper(d.days) - 1 as last_day
        from generate_series(date_trunc('year', first_date::timestamp), last_date, '1 year') y (day)
        cross join lateral unnest((ecom_internal.customer_month_cover(mart, dimensions, first_date, last_date)).days
                                  * datemultirange(daterange(y.day::date, (y.day + interval '1 year')::date))) d (days)
        order by 1
    loop
        execute format('insert into %I.customer_month select c.* from ecom_internal.customer_months($1, $2, $3, $4) c', mart)
            using mart, dimensions, missing.first_day, missing.last_day;
        get diagnostics found = row_count;
        written := written + found;
        execute format('insert into %I.customer_month_state (month, dimensions)
                        select m.day::date, $1 from generate_series(date_trunc(''month'', $2::timestamp), $3, ''1 month'') m (day)', mart)
            using dimensions, missing.first_day, missing.last_day;
    end loop;
    if written > 0 then
        execute format('analyze %I.customer_month', mart);
    end if;
    return written;
end
$$;
comment on function ecom_internal.refresh_customer_months(name, text[], date, date) is
'Computes the months of customer_month that are missing, and returns the number of rows written.
Arguments: mart: the resolved name; dimensions: what rows are by; first_date, last_date: the first and the last sale.
Time: proportional to the lines of those months.';
