-- Step sales of ecom.refresh: the rollups of 42_rollup.sql, as far as something changed.

insert into ecom_internal.refresh_step (name, position, function, needs_sales, description) values
    ('sales', 15, 'refresh_sales', false, 'Orders, customers and the daily and monthly sums that KPIs and views read');

create table ecom_internal.rollup (
    name            text primary key,
    position        int  not null unique,
    grain           text not null check (grain in ('day', 'month')),
    keys            text not null,
    key_expressions text not null,
    source          text not null check (source in ('lines', 'orders', 'rollup')),
    from_clause     text not null,
    dated_by        text not null,
    has_orders      boolean not null
);
comment on table ecom_internal.rollup is
'One row per table that holds sums of sales by day or month.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.rollup.name is 'Name of the table in the mart.';
comment on column ecom_internal.rollup.position is 'Order in which they are computed.';
comment on column ecom_internal.rollup.grain is 'Whether its rows are of days (column order_date_key) or months (column month).';
comment on column ecom_internal.rollup.keys is 'Its columns besides counts and amounts.';
comment on column ecom_internal.rollup.key_expressions is 'Their expressions over the source, with the placeholder {month}.';
comment on column ecom_internal.rollup.source is 'What is summed: lines (alias f), orders (alias o) or the rows of another rollup (alias o).';
comment on column ecom_internal.rollup.from_clause is 'FROM list with the placeholders {mart} and {orders}, the orders with order_date, region and segment.';
comment on column ecom_internal.rollup.dated_by is 'Column of the source with the day as yyyymmdd.';
comment on column ecom_internal.rollup.has_orders is 'True when it counts orders and new customers.';
grant select on ecom_internal.rollup to public;

insert into ecom_internal.rollup (name, position, grain, keys, key_expressions, source, from_clause, dated_by, has_orders) values
    ('sales_cube', 1, 'day', 'order_date, order_date_key, region, segment, channel_key, payment_method_key, shipping_method_key',
     'o.order_date, o.order_date_key, o.region, o.segment, o.channel_key, o.payment_method_key, o.shipping_method_key', 'orders',
     '{orders} o', 'o.order_date_key', true),
    ('sales_month', 2, 'month', 'month, region, segment, channel_key, payment_method_key, shipping_method_key',
     '{month}, o.region, o.segment, o.channel_key, o.payment_method_key, o.shipping_method_key',
     'rollup', '{mart}.sales_cube o', 'o.order_date_key', true),
    ('geography_month', 3, 'month', 'month, geography_key',
     '{month}, o.geography_key', 'orders', '{orders} o', 'o.order_date_key', true),
    ('category_cube', 4, 'day', 'order_date, order_date_key, region, segment, channel_key, category',
     'd.date, d.date_key, g.region, c.segment, f.channel_key, p.category', 'lines',
     '{mart}.fact_sales f join {mart}.dim_date d on d.date_key = f.order_date_key
      join {mart}.dim_geography g on g.geography_key = f.geography_key
      join {mart}.dim_customer c on c.customer_key = f.customer_key
      join {mart}.dim_product p on p.product_key = f.product_key', 'f.order_date_key', false),
    ('category_day', 5, 'day', 'order_date, order_date_key, category', 'o.order_date, o.order_date_key, o.category', 'rollup',
     '{mart}.category_cube o', 'o.order_date_key', false),
    ('category_month', 6, 'month', 'month, region, segment, channel_key, category',
     '{month}, o.region, o.segment, o.channel_key, o.category', 'rollup',
     '{mart}.category_cube o', 'o.order_date_key', false),
    ('product_month', 7, 'month', 'month, product_key', '{month}, f.product_key', 'lines',
     '{mart}.fact_sales f', 'f.order_date_key', false);

create function ecom_internal.take_changes(mart name) returns boolean
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    is_first boolean;
    is_everything boolean;
begin
    if to_regclass('pg_temp.ecom_changed_day') is not null then
        drop table pg_temp.ecom_changed_day, pg_temp.ecom_changed_order;
    end if;
    create temporary table ecom_changed_order (customer_key int not null, order_id text not null) on commit drop;
    -- Of a day whose orders were only numbered anew, the lines are as they were.
    create temporary table ecom_changed_day (order_date_key int not null, has_changed_lines boolean not null) on commit drop;
    execute format('
        with taken as (delete from %I.sales_change c returning c.*),
        days as (insert into pg_temp.ecom_changed_day select distinct t.order_date_key, true from taken t where t.order_date_key is not null),
        orders as (insert into pg_temp.ecom_changed_order
                   select distinct t.customer_key, t.order_id from taken t where t.order_id is not null)
        select coalesce(bool_or(t.order_date_key is null), false) from taken t', mart) into is_everything;
    execute format('select not exists (select from %I.rollup_state)', mart) into is_first;
    return is_everything or is_first or ecom_internal.setting(mart, 'mart.bound') = 'true';
end
$$;
comment on function ecom_internal.take_changes(name) is
'Empties sales_change into pg_temp.ecom_changed_order and pg_temp.ecom_changed_day.
What is noted meanwhile stays for the next refresh, which computes it once more. Returns true when everything has to be
computed: the first time, when a note says so, and for a bound mart, whose tables have no triggers.';

create function ecom_internal.roll_up_all_orders(mart name) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    columns constant text := (
        select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
        where a.attrelid = format('%I.fact_order', mart)::regclass and a.attnum > 0 and not a.attisdropped and a.attname <> 'order_key');
    is_empty boolean;
    written bigint;
    removed bigint := 0;
begin
    execute format('select not exists (select from %I.fact_order)', mart) into is_empty;
    if is_empty then
        perform ecom_internal.drop_fact_constraints(mart, 'fact_order');
        -- In the order of time, so that the rows of a period lie together.
        execute format('insert into %I.fact_order (%s) select %2$s from (%s) o order by o.order_date_key', mart, columns, ecom_internal.order_rows(mart));
        get diagnostics written = row_count;
        perform ecom_internal.create_fact_constraints(mart, 'fact_order');
    else
        -- Only what differs is written: readers keep their rows, and an unchanged shop costs no writes.
        execute format('create temporary table ecom_order on commit drop as select %s from (%s) o', columns, ecom_internal.order_rows(mart));
        analyze pg_temp.ecom_order;
        execute format('
            delete from %1$I.fact_order o where not exists (
                select from pg_temp.ecom_order n where n.customer_key = o.customer_key and n.order_id = o.order_id
                and row(%2$s) is not distinct from row(%3$s))', mart,
            regexp_replace(columns, '(\w+)', 'n.\1', 'g'), regexp_replace(columns, '(\w+)', 'o.\1', 'g'));
        get diagnostics removed = row_count;
        execute format('
            insert into %1$I.fact_order (%2$s)
            select %2$s from pg_temp.ecom_order n where not exists (
                select from %1$I.fact_order o where o.customer_key = n.customer_key and o.order_id = n.order_id
                and row(%3$s) is not distinct from row(%4$s))', mart, columns,
            regexp_replace(columns, '(\w+)', 'n.\1', 'g'), regexp_replace(columns, '(\w+)', 'o.\1', 'g'));
        get diagnostics written = row_count;
        drop table pg_temp.ecom_order;
    end if;
    if is_empty or written + removed > 0 then
        execute format('analyze %I.fact_order', mart);
    end if;
    return written + removed;
end
$$;
comment on function ecom_internal.roll_up_all_orders(name) is
'Computes fact_order from all lines and returns the number of rows written and removed.
The first time keys and indexes are built after the rows.';

create function ecom_internal.roll_up_changed_orders(mart name) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    columns constant text := (
        select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
        where a.attrelid = format('%I.fact_order', mart)::regclass and a.attnum > 0 and not a.attisdropped and a.attname <> 'order_key');
    removed bigint;
    written bigint;
    renumbered bigint;
begin
    analyze pg_temp.ecom_changed_order;
    execute format('
        with removed as (delete from %I.fact_order o using pg_temp.ecom_changed_order c
                         where o.customer_key = c.customer_key and o.order_id = c.order_id returning o.order_date_key),
        days as (insert into pg_temp.ecom_changed_day select distinct order_date_key, true from removed)
        select count(*) from removed', mart) into removed;
    execute format('insert into %I.fact_order (%s) select %2$s from (%s) o', mart, columns,
                   ecom_internal.order_rows(mart, '(f.customer_key, f.order_id) in (select c.customer_key, c.order_id from pg_temp.ecom_changed_order c)'));
    get diagnostics written = row_count;
    -- A late order moves the numbers of the customer's later ones. LATERAL looks
    -- up the customers one by one: their number is far from any share of the orders that a scan would be worth.
    execute format('
        create temporary table ecom_renumbered on commit drop as
        select o.order_key, o.order_date_key, o.order_number, o.new_number, o.new_days
        from (select distinct c.customer_key from pg_temp.ecom_changed_order c where c.customer_key <> 0) k
        cross join lateral (
            select f.order_key, f.order_date_key, f.order_number, f.days_since_previous_order, (row_number() over w)::int as new_number,
                   f.ordered_at::date - lag(f.ordered_at::date) over w as new_days
            from %I.fact_order f where f.customer_key = k.customer_key and f.order_count = 1
            window w as (order by f.ordered_at, f.order_id collate "C")) o
        where (o.new_number, o.new_days) is distinct from (o.order_number, o.days_since_previous_order)', mart);
    analyze pg_temp.ecom_renumbered;
    execute format('update %I.fact_order o set order_number = n.new_number, days_since_previous_order = n.new_days
                    from pg_temp.ecom_renumbered n where n.order_key = o.order_key', mart);
    get diagnostics renumbered = row_count;
    -- Sums by day know of first orders only.
    insert into pg_temp.ecom_changed_day
    select distinct n.order_date_key, false from pg_temp.ecom_renumbered n where (n.order_number = 1) is distinct from (n.new_number = 1);
    drop table pg_temp.ecom_renumbered;
    return removed + written + renumbered;
end
$$;
comment on function ecom_internal.roll_up_changed_orders(name) is
'Computes the orders of pg_temp.ecom_changed_order anew and numbers their customers'' orders again.
Adds the days that this touches to pg_temp.ecom_changed_day. Returns the number of rows written and removed.
Time: proportional to the changed orders and the orders of their customers.';

create function ecom_internal.roll_up_customers(mart name, is_everything boolean) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    removed bigint;
    written bigint;
begin
    execute format('delete from %1$I.customer_summary s where %2$s
                    not exists (select from %1$I.fact_order o where o.customer_key = s.customer_key)', mart,
                   case when not is_everything then 's.customer_key in (select c.customer_key from pg_temp.ecom_changed_order c) and' end);
    get diagnostics removed = row_count;
    execute format('
        merge into %1$I.customer_summary s
        using (%2$s) n on s.customer_key = n.customer_key
        when matched and row(s.*) is distinct from row(n.*) then update set %3$s
        when not matched then insert values (%4$s)', mart,
        case when is_everything then ecom_internal.customer_rows(mart, format('%I.fact_order', mart))
             else format('select r.* from (select distinct c.customer_key from pg_temp.ecom_changed_order c where c.customer_key <> 0) k
                          cross join lateral (%s) r', ecom_internal.customer_rows(mart, format('%I.fact_order', mart), 'o.customer_key = k.customer_key')) end,
        (select string_agg(format('%1$I = n.%1$I', a.attname), ', ' order by a.attnum) from pg_attribute a
         where a.attrelid = format('%I.customer_summary', mart)::regclass and a.attnum > 1 and not a.attisdropped),
        (select string_agg(format('n.%I', a.attname), ', ' order by a.attnum) from pg_attribute a
         where a.attrelid = format('%I.customer_summary', mart)::regclass and a.attnum > 0 and not a.attisdropped));
    get diagnostics written = row_count;
    return removed + written;
end
$$;
comment on function ecom_internal.roll_up_customers(name, boolean) is
'Brings customer_summary up to date with fact_order, for the customers of pg_temp.ecom_changed_order or for all.
Returns the number of rows written and removed.';

create function ecom_internal.roll_up_periods(mart name, grain text, orders_source text, condition text) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    source constant text := case grain when 'day' then 'sales_cube' else 'sales_month' end;
    period constant text := case grain when 'day' then 'o.order_date' else 'date_trunc(''month'', o.order_date)::date' end;
    -- Sums come from the cube of that grain; orders are read for what cannot be summed.
    parts constant text := ecom_internal.sales_parts('sum(o.{name})::{sum_type} as {name}');
    written bigint;
begin
    execute format('delete from %I.kpi_period t where t.grain = %L and %s', mart, grain,
                   replace(condition, 'order_date_key', 'to_char(t.period_start, ''YYYYMMDD'')::int'));
    execute format('
        insert into %1$I.kpi_period (grain, period_start, period_end, region, segment, order_count, customer_count,
                                     new_customer_count, median_order_amount, %2$s)
        select %3$L, s.period_start, (s.period_start + interval ''1 %3$s'' - interval ''1 day'')::date, s.region, s.segment,
               s.order_count, coalesce(d.customer_count, 0), s.new_customer_count, d.median_order_amount, %4$s
        from (select %5$s as period_start, o.region, o.segment, grouping(o.region, o.segment) as slice,
                     sum(o.order_count)::bigint as order_count, sum(o.new_customer_count)::bigint as new_customer_count, %6$s
              from %1$I.%7$I o where %8$s
              group by 1, grouping sets ((), (o.region), (o.segment), (o.region, o.segment))) s
        left join (select %9$s as period_start, o.region, o.segment, grouping(o.region, o.segment) as slice,
                          ecom.count_keys(o.customer_key) filter (where o.customer_key <> 0) as customer_count,
                          (percentile_cont(0.5) within group (order by o.gross_amount::float8))::numeric(18,2) as median_order_amount
                   from %10$s o where o.order_count = 1 and %11$s
                   group by 1, grouping sets ((), (o.region), (o.segment), (o.region, o.segment))) d
            on d.period_start = s.period_start and d.slice = s.slice and coalesce(d.region, '''') = coalesce(s.region, '''')
            and coalesce(d.segment, '''') = coalesce(s.segment, '''')',
        mart, ecom_internal.sales_parts('{name}'), grain, ecom_internal.sales_parts('s.{name}'),
        case grain when 'day' then 'o.order_date' else 'o.month' end, parts, source,
        replace(condition, 'order_date_key', case grain when 'day' then 'o.order_date_key' else 'to_char(o.month, ''YYYYMMDD'')::int' end),
        period, orders_source, replace(condition, 'order_date_key', 'o.order_date_key'));
    get diagnostics written = row_count;
    return written;
end
$$;
comment on function ecom_internal.roll_up_periods(name, text, text, text) is
'Computes the rows of kpi_period of one grain anew; sales_cube and sales_month must be up to date. Arguments: mart: the resolved name; grain: day or
month; orders_source: orders with order_date, region and segment as a FROM item; condition: on order_date_key, over whole periods.';

create function ecom_internal.roll_up(mart name, rollup ecom_internal.rollup, orders_source text, condition text, month text) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    orders constant text := case when not rollup.has_orders then null
        when rollup.source = 'orders' then 'sum(o.order_count)::bigint, count(*) filter (where o.order_number = 1)'
        else 'sum(o.order_count)::bigint, sum(o.new_customer_count)::bigint' end;
    columns constant text := concat_ws(', ', rollup.keys, case when rollup.has_orders then 'order_count, new_customer_count' end,
                                       ecom_internal.sales_parts('{name}'));
    written bigint;
begin
    execute format('delete from %I.%I t where %s', mart, rollup.name,
                   replace(condition, 'order_date_key', case rollup.grain when 'day' then 't.order_date_key'
                                                        else 'to_char(t.month, ''YYYYMMDD'')::int' end));
    -- By way of a table of its own, because the server plans no parallel query for INSERT.
    execute format('create temporary table ecom_sum (%s) on commit drop as select %s from %s where %s group by %s order by 1', columns,
        concat_ws(', ', replace(rollup.key_expressions, '{month}', replace(month, 'order_date_key', rollup.dated_by)), orders,
                  ecom_internal.sales_parts(case rollup.source when 'lines' then '({expression})::{sum_type}' else 'sum(o.{name})::{sum_type}' end)),
        replace(replace(rollup.from_clause, '{mart}', quote_ident(mart)), '{orders}', orders_source), replace(condition, 'order_date_key', rollup.dated_by),
        (select string_agg(n::text, ', ' order by n) from generate_series(1, cardinality(string_to_array(rollup.keys, ','))) n));
    execute format('insert into %I.%I (%s) select %3$s from pg_temp.ecom_sum', mart, rollup.name, columns);
    get diagnostics written = row_count;
    drop table pg_temp.ecom_sum;
    return written;
end
$$;
comment on function ecom_internal.roll_up(name, ecom_internal.rollup, text, text, text) is
'Computes the rows of a rollup anew where a condition on order_date_key holds, and returns their number.
Arguments: mart: the resolved name; rollup: its definition; orders_source: orders with order_date, region and segment as a FROM
item; condition: over whole days or, for a rollup of months, whole months; month: expression of the first day of the month, over order_date_key.';

create function ecom_internal.periods_to_roll_up(days int[])
returns table (grain text, condition text, month text)
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select g, 'true', 'make_date(order_date_key / 10000, order_date_key / 100 % 100, 1)' from unnest(array['day', 'month']) g where days is null
    union all
    select 'day', format('order_date_key = any (%L)', days), '' where days <> '{}'
    union all
    -- Month by month, with the month as a constant: the server takes an expression of the day for as many groups as
    -- there are lines, and then neither hashes nor sums in parallel. Ranges, because an index serves them.
    select 'month', format('order_date_key between %s and %s', m * 100, m * 100 + 99), format('date %L', make_date(m / 100, m % 100, 1))
    from (select distinct d / 100 as m from unnest(days) d) months
$$;
comment on function ecom_internal.periods_to_roll_up(int[]) is
'Conditions on order_date_key that keep some days, together, and the months that they lie in, one by one; with the month as an expression
of order_date_key. Arguments: days: as yyyymmdd; NULL means all days and months, in one row each.';

create function ecom_internal.refresh_sales(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_id constant oid := ecom_internal.mart_oid(mart);
    phases constant int := 3 + (select count(*) from ecom_internal.rollup);
    rollup ecom_internal.rollup;
    is_everything boolean;
    days int[];
    line_days int[];
    period record;
    orders_source text;
begin
    perform ecom_internal.report_progress(mart_id, 'sales', 'orders', 0, phases);
    is_everything := ecom_internal.take_changes(mart);
    if is_everything then
        rows := ecom_internal.roll_up_all_orders(mart);
    else
        rows := ecom_internal.roll_up_changed_orders(mart);
    end if;
    perform ecom_internal.report_progress(mart_id, 'sales', 'customers', 1, phases);
    rows := rows + ecom_internal.roll_up_customers(mart, is_everything);

    if not is_everything then
        days := array(select distinct c.order_date_key from pg_temp.ecom_changed_day c order by 1);
        line_days := array(select distinct c.order_date_key from pg_temp.ecom_changed_day c where c.has_changed_lines);
    end if;
    drop table pg_temp.ecom_changed_day, pg_temp.ecom_changed_order;

    orders_source := format('(select o.*, d.date as order_date, g.region, c.segment
        from %1$I.fact_order o
        join %1$I.dim_date d on d.date_key = o.order_date_key
        join %1$I.dim_geography g on g.geography_key = o.geography_key
        join %1$I.dim_customer c on c.customer_key = o.customer_key)', mart);
    for rollup in select r.* from ecom_internal.rollup r order by r.position loop
        perform ecom_internal.report_progress(mart_id, 'sales', rollup.name, 1 + rollup.position, phases);
        -- What does not count orders knows nothing of their numbers.
        for period in select p.* from ecom_internal.periods_to_roll_up(case when rollup.has_orders then days else line_days end) p
                      where p.grain = rollup.grain loop
            rows := rows + ecom_internal.roll_up(mart, rollup, orders_source, period.condition, period.month);
        end loop;
    end loop;

    perform ecom_internal.report_progress(mart_id, 'sales', 'periods', phases - 1, phases);
    for period in select p.* from ecom_internal.periods_to_roll_up(days) p loop
        rows := rows + ecom_internal.roll_up_periods(mart, period.grain, orders_source, period.condition);
    end loop;
    -- Step report merges the sets of customers of these months anew.
    execute format('delete from %I.customer_month_state t where $1 is null or to_char(t.month, ''YYYYMM'')::int = any ($1)', mart)
        using case when not is_everything then array(select distinct d / 100 from unnest(days) d) end;
    execute format('
        insert into %1$I.rollup_state as s (refreshed_at, first_date, last_date)
        select clock_timestamp(), to_date(min(f.order_date_key)::text, ''YYYYMMDD''), to_date(max(f.order_date_key)::text, ''YYYYMMDD'')
        from %1$I.fact_sales f
        on conflict (is_only) do update set refreshed_at = excluded.refreshed_at, first_date = excluded.first_date, last_date = excluded.last_date',
        mart);
    if is_everything or rows > 100000 then
        execute format('analyze %1$I.rollup_state, %1$I.customer_summary, %1$I.kpi_period, ', mart)
                || (select string_agg(format('%I.%I', mart, r.name), ', ') from ecom_internal.rollup r);
    end if;
    reason := case when is_everything then 'all sales were rolled up'
                   when days = '{}' then 'nothing changed'
                   else format('days with changes: %s', cardinality(days)) end;
end
$$;
comment on function ecom_internal.refresh_sales(name, date) is
'Step sales of ecom.refresh: fact_order, customer_summary and the cubes behind the views, for all sales up to now.
Time: proportional to what changed since the last refresh, by orders, days and months; everything the first time, after
sweeping changes of attributes, and for a bound mart.';
