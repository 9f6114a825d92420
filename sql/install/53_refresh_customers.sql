-- Step customers of ecom.refresh: the rows behind customer_overview and order_frequency.

insert into ecom_internal.refresh_step (name, position, function, needs_sales, description) values
    ('customers', 25, 'refresh_customers', false, 'customer_snapshot: home, segments, orders and amounts of every customer; customers by number of orders');

create function ecom_internal.refresh_customers(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    columns constant text[] := array(
        select a.attname from pg_attribute a
        where a.attrelid = format('%I.customer_snapshot', mart)::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum);
begin
    -- Only what differs is written: most customers are as they were.
    execute format('
        merge into %1$I.customer_snapshot t
        using (select c.customer_key, c.geography_key, s.first_order_date, s.last_order_date, coalesce(s.order_count, 0) as order_count,
                      s.mean_interval_days, coalesce(s.gross_amount, 0)::numeric(18,4) as gross_amount,
                      coalesce(s.return_amount, 0)::numeric(18,4) as return_amount,
                      coalesce(s.revenue_amount, 0)::numeric(18,4) as revenue_amount,
                      g.region, c.segment as customer_segment, r.segment as rfm_segment
               from %1$I.dim_customer c
               join %1$I.dim_geography g on g.geography_key = c.geography_key
               left join %1$I.customer_summary s on s.customer_key = c.customer_key
               left join %1$I.customer_rfm r on r.customer_key = c.customer_key
               where c.customer_key <> 0
               order by g.region, s.last_order_date, c.customer_key) n
        on t.customer_key = n.customer_key
        when matched and row(t.*) is distinct from row(n.*) then update set %2$s
        when not matched then insert values (%3$s)', mart,
        (select string_agg(format('%1$I = n.%1$I', c), ', ') from unnest(columns) c where c <> 'customer_key'),
        (select string_agg(format('n.%I', c), ', ' order by n) from unnest(columns) with ordinality u (c, n)));
    get diagnostics rows = row_count;
    if rows > 0 then
        execute format('analyze %I.customer_snapshot', mart);
    end if;
    perform ecom_internal.write_customer_bands(mart, 'order_frequency', 'as_of_date', format('
        select case when least(s.order_count, 10) < 10 then s.order_count::text else ''10+'' end, count(*), sum(s.order_count),
               sum(s.revenue_amount), null::date
        from %I.customer_summary s where s.order_count > 0 group by 1', mart));
    reason := '';
end
$$;
comment on function ecom_internal.refresh_customers(name, date) is
'Step customers of ecom.refresh: brings customer_snapshot up to date with customers, their sums and their RFM segments, and
counts customers by their number of orders.
Time: n log n in customers; writes the rows that differ.';
