-- What goes along with churn: rates of what was known about customers before they left or stayed.

create function ecom.churn_factors(
    mart name default null, as_of date default null, churn_days int default 90, level float8 default 0.95)
returns table (factor text, member text, customers bigint, churned bigint, churn_rate numeric, rest_rate numeric, lift numeric,
               difference numeric, ci_low numeric, ci_high numeric, p_value float8, extra_churned numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    end_day constant date := ecom_internal.as_of(mart_schema, as_of);
begin
    if churn_days is null or churn_days not between 1 and 3650 then
        raise exception 'churn_days % is out of range', coalesce(churn_days::text, 'NULL') using errcode = '22023',
            hint = 'Use 1 to 3650 days without an order; 90 is usual.';
    end if;
    if level is null or level <= 0 or level >= 1 then
        raise exception 'level % is not between 0 and 1', coalesce(level::text, 'NULL') using errcode = '22023', hint = '0.95 is usual.';
    end if;
    return query execute format('
        with bought as (
            select o.customer_key, o.ordered_at, o.order_id, o.order_count, o.channel_key, o.payment_method_key, o.shipping_method_key,
                   o.satisfaction_sum, o.satisfaction_count, o.delivery_days_sum, o.delivery_count, o.discount_amount, o.return_line_count
            from %1$s o where o.customer_key <> 0 and o.ordered_at < $1),
        stayed as (
            select b.customer_key, bool_or(b.ordered_at >= $2) as is_active,
                   count(*) filter (where b.ordered_at < $2) as orders
            from bought b where b.order_count = 1 group by b.customer_key
            having bool_or(b.ordered_at >= $3 and b.ordered_at < $2)),
        last_order as (
            select distinct on (b.customer_key) b.* from bought b
            where b.order_count = 1 and b.ordered_at < $2 order by b.customer_key, b.ordered_at desc, b.order_id collate "C" desc),
        returned as (select distinct b.customer_key from bought b where b.return_line_count > 0 and b.ordered_at < $2),
        known as (
            select s.customer_key, not s.is_active as is_churned, f.factor, f.member
            from stayed s
            join last_order l using (customer_key)
            join %2$I.dim_customer c using (customer_key)
            join %2$I.dim_geography g on g.geography_key = c.geography_key
            join %2$I.dim_channel ch using (channel_key)
            join %2$I.dim_payment_method pm using (payment_method_key)
            join %2$I.dim_shipping_method sm using (shipping_method_key)
            left join returned r using (customer_key)
            cross join lateral (values
                (''segment'', c.segment), (''age_group'', c.age_group), (''gender'', c.gender), (''region'', g.region),
                (''last_channel'', ch.name), (''last_payment_method'', pm.name), (''last_shipping_method'', sm.name),
                (''last_satisfaction'', case when l.satisfaction_count = 0 then ''not rated''
                    when l.satisfaction_sum < 2.5 * l.satisfaction_count then ''1 to 2''
                    when l.satisfaction_sum < 3.5 * l.satisfaction_count then ''3'' else ''4 to 5'' end),
                (''last_delivery_days'', case when l.delivery_count = 0 then ''not known''
                    when l.delivery_days_sum <= 2 * l.delivery_count then ''up to 2''
                    when l.delivery_days_sum <= 4 * l.delivery_count then ''3 to 4''
                    when l.delivery_days_sum <= 6 * l.delivery_count then ''5 to 6'' else ''7 and more'' end),
                (''orders_so_far'', case when s.orders = 1 then ''1'' when s.orders <= 3 then ''2 to 3''
                    when s.orders <= 9 then ''4 to 9'' else ''10 and more'' end),
                (''last_discount'', case when l.discount_amount > 0 then ''with discount'' else ''without discount'' end),
                (''has_returned'', case when r.customer_key is not null then ''yes'' else ''no'' end)) f (factor, member)),
        counted as (
            select k.factor, k.member, count(*) as customers, count(*) filter (where k.is_churned) as churned
            from known k group by k.factor, k.member),
        compared as (
            select c.*, sum(c.customers) over w as all_customers, sum(c.churned) over w as all_churned
            from counted c window w as (partition by c.factor))
        select c.factor, c.member, c.customers, c.churned, round(c.churned::numeric / c.customers, 4),
               round((c.all_churned - c.churned) / (c.all_customers - c.customers), 4),
               round((c.churned / c.customers::numeric) / nullif(c.all_churned / c.all_customers, 0), 4),
               round(t.difference::numeric, 4), round(t.ci_low::numeric, 4), round(t.ci_high::numeric, 4), t.p_value,
               round(c.churned - c.customers * (c.all_churned - c.churned) / (c.all_customers - c.customers), 1)
        from compared c
        cross join lateral ecom.two_proportion_test(c.churned, c.customers, (c.all_churned - c.churned)::bigint,
                                                    (c.all_customers - c.customers)::bigint, $4) t
        where c.customers < c.all_customers
        order by t.p_value nulls last, abs(t.difference) desc, c.factor collate "C", c.member collate "C"',
        ecom_internal.order_source(mart_schema), mart_schema)
        using end_day, end_day - churn_days, end_day - 2 * churn_days, level;
end
$$;
comment on function ecom.churn_factors(name, date, int, float8) is
'What goes along with churn, the surest first: SELECT * FROM ecom.churn_factors(''shop'').
One row per value of a factor. Looked at are the known customers who ordered in the churn_days before the cut-off; churned are
those without an order in the churn_days from the cut-off to as_of. Factors are what was known at the cut-off: who the customer
is, the last order before it (channel, payment, shipping, mean score, mean delivery days, discount), how many orders, whether any
came back. How long ago the last order was is left out: that is how churn is defined.
churn_rate: of the customers with the value; rest_rate: of all others; lift: churn_rate over the rate of all. difference:
churn_rate less rest_rate, with its interval (Newcombe 1998) and p_value (z test). extra_churned: customers who would have stayed
had those with the value the rate of the others. Factors go together, so a difference is not proof of a cause, and with
many rows some p-values below 0.05 come by chance. A factor with one value only has no row.
Arguments: mart; NULL means the setting ecom_analytics.mart. as_of: end of the time looked at, excluded; by default the day
after the last sale. churn_days: days without an order that count as churn. level: of the interval.
Time: one scan of the orders. Errors: 22023 for churn_days or level out of range.';
