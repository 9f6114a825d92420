-- The revenue bridge: what of a change is due to customers, orders, units, mix, prices, discounts and returns.

create function ecom.revenue_bridge(
    mart name default null, from_date date default null, to_date date default null, baseline_from date default null,
    baseline_to date default null, filters jsonb default '{}', versus text default 'previous')
returns table ("position" int, driver text, amount numeric, share_of_change numeric, current numeric, baseline numeric, explanation text,
               is_comparable boolean, reason text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_column
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    periods constant record := ecom_internal.comparison(mart_schema, from_date, to_date, versus, baseline_from, baseline_to);
    unknown_filters constant jsonb := ecom_internal.narrow_filters(filters, 'customer', 'Unknown');
    queries text[];
begin
    if periods.first_date is null then
        return;
    end if;
    -- What no customer is known of is subtracted: the known ones are all sales less those.
    queries := array(
        select ecom_internal.metric_query(mart_schema, q.metrics, q.dimensions, p.first_date, p.last_date, u.filters)
        from (values (1, '{revenue,gross_amount,return_amount,customers,orders}'::text[], '{}'::text[]),
                     (2, '{sold_quantity,gross_amount,discount_amount}', '{product}')) q (n, metrics, dimensions)
        cross join (values (1, periods.first_date, periods.last_date), (2, periods.baseline_first, periods.baseline_last)) p (n, first_date, last_date)
        cross join (values (1, filters), (2, unknown_filters)) u (n, filters)
        order by q.n, p.n, u.n);
    return query execute format('
        with total (is_current, revenue, gross, returned, customers, orders, unknown_gross) as (
            select true, t.revenue, t.gross_amount, t.return_amount, t.customers, t.orders - u.orders, u.gross_amount from (%1$s) t, (%2$s) u
            union all
            select false, t.revenue, t.gross_amount, t.return_amount, t.customers, t.orders - u.orders, u.gross_amount from (%3$s) t, (%4$s) u),
        product as (
            select s.product, s.is_current, sum(s.sign * s.sold_quantity) as units, sum(s.sign * (s.gross_amount + s.discount_amount)) as list_value,
                   sum(s.sign * s.discount_amount) as discount
            from (select true as is_current, 1 as sign, q.* from (%5$s) q union all select true, -1, q.* from (%6$s) q
                  union all select false, 1, q.* from (%7$s) q union all select false, -1, q.* from (%8$s) q) s
            group by s.product, s.is_current
            having sum(s.sign * s.sold_quantity) > 0),
        period as (
            select t.*, sum(p.units) as units, sum(p.list_value) as list_value, sum(p.discount) as discount
            from total t left join product p using (is_current)
            group by t.is_current, t.revenue, t.gross, t.returned, t.customers, t.orders, t.unknown_gross),
        -- A factor that one period leaves undefined, as orders per customer of no customers, is that of the other: it did not change.
        factor as (
            select p.is_current, p.customers::numeric as customers,
                   coalesce(p.orders::numeric / nullif(p.customers, 0), o.orders::numeric / nullif(o.customers, 0), 1) as frequency,
                   coalesce(p.units / nullif(p.orders, 0), o.units / nullif(o.orders, 0), 1) as basket,
                   coalesce(1 - p.discount / nullif(p.list_value, 0), 1 - o.discount / nullif(o.list_value, 0), 1) as paid
            from period p join period o on o.is_current <> p.is_current),
        price as (
            select m.is_current as mix_is_current, l.is_current as price_is_current,
                   sum(m.units * coalesce(p.list_value / p.units, m.list_value / m.units)) / sum(m.units) as mean_price
            from product m cross join (values (true), (false)) l (is_current)
            left join product p on p.product = m.product and p.is_current = l.is_current
            group by m.is_current, l.is_current),
        -- The value of each of the 64 mixtures of factors of the two periods; bit i says that player i is of the current one.
        coalition as (
            select g.mask, bit_count(g.mask::bit(6))::int as size,
                   c.customers * f.frequency * b.basket * d.paid
                   * coalesce(p.mean_price, (select x.mean_price from price x where x.price_is_current = (g.mask & 16 > 0)), 0) as value
            from generate_series(0, 63) g (mask)
            join factor c on c.is_current = (g.mask & 1 > 0) join factor f on f.is_current = (g.mask & 2 > 0)
            join factor b on b.is_current = (g.mask & 4 > 0) join factor d on d.is_current = (g.mask & 32 > 0)
            left join price p on p.mix_is_current = (g.mask & 8 > 0) and p.price_is_current = (g.mask & 16 > 0)),
        shapley as (
            select i.player, sum(factorial(w.size) * factorial(5 - w.size) * (j.value - w.value)) / factorial(6) as amount
            from generate_series(0, 5) i (player) join coalition w on w.mask & (1 << i.player) = 0
            join coalition j on j.mask = w.mask | (1 << i.player)
            group by i.player),
        driver as (
            select v.*
            from period c join period b on c.is_current and not b.is_current
            join factor cf on cf.is_current join factor bf on not bf.is_current
            cross join lateral (values
                (1, ''customers'', null, c.customers, b.customers, ''%%1$s known customers ordered, %%2$s before''),
                (2, ''orders per customer'', null, c.orders::numeric / nullif(c.customers, 0), b.orders::numeric / nullif(b.customers, 0),
                 ''%%1$s orders per known customer, %%2$s before''),
                (3, ''units per order'', null, c.units / nullif(c.orders, 0), b.units / nullif(b.orders, 0), ''%%1$s units per order, %%2$s before''),
                (4, ''product mix'', null, (select p.mean_price from price p where p.mix_is_current and not p.price_is_current),
                 (select p.mean_price from price p where not p.mix_is_current and not p.price_is_current),
                 ''at the list prices of before a unit sold is worth %%1$s, %%2$s before''),
                (5, ''list price'', null, (select p.mean_price from price p where not p.mix_is_current and p.price_is_current),
                 (select p.mean_price from price p where not p.mix_is_current and not p.price_is_current),
                 ''the units sold before are worth %%1$s each at list prices, %%2$s before''),
                (6, ''discounts'', null, c.discount / nullif(c.list_value, 0), b.discount / nullif(b.list_value, 0),
                 ''discounts took %%1$s %%%% of the list value, %%2$s %%%% before''),
                (7, ''sales without a customer'', c.unknown_gross - b.unknown_gross, c.unknown_gross, b.unknown_gross,
                 ''sales without a known customer were %%1$s, %%2$s before''),
                (8, ''returns'', b.returned - c.returned, c.returned, b.returned, ''returns took back %%1$s, %%2$s before''),
                (9, ''other'', c.gross - c.unknown_gross - b.gross + b.unknown_gross
                               - (select j.value from coalition j where j.mask = 63) + (select j.value from coalition j where j.mask = 0),
                 null, null, ''sales of products without units, and of orders that began on another day''))
                v (position, driver, amount, current, baseline, explanation)),
        rounded as (
            select d.position, d.driver, round(coalesce(d.amount, s.amount), 2) as amount, d.current, d.baseline, d.explanation
            from driver d left join shapley s on s.player = d.position - 1),
        settled as (
            select r.*, t.change, sum(r.amount) over () as found,
                   row_number() over (order by r.position <= 6 and r.amount <> 0 desc, abs(r.amount) desc, r.position) as settles
            from rounded r cross join (select round(c.revenue, 2) - round(b.revenue, 2) as change
                                       from period c join period b on c.is_current and not b.is_current) t)
        select a.position, a.driver, trim_scale(a.amount), round(a.amount / nullif(a.change, 0), 4),
               trim_scale(round(a.current, 4)), trim_scale(round(a.baseline, 4)),
               case when a.position < 9 and (a.current is null or a.baseline is null) then ''without sales in one of the periods it counts as unchanged''
                    when a.position = 6 then format(a.explanation, trim_scale(round(100 * a.current, 2)), trim_scale(round(100 * a.baseline, 2)))
                    else format(a.explanation, trim_scale(round(a.current, 2)), trim_scale(round(a.baseline, 2))) end, $1, $2
        from (select s.position, s.driver, case when s.settles = 1 then s.amount + s.change - s.found else s.amount end as amount,
                     s.change, s.current, s.baseline, s.explanation from settled s) a
        where a.position < 9 or a.amount <> 0
        order by a.position',
        queries[1], queries[2], queries[3], queries[4], queries[5], queries[6], queries[7], queries[8])
        using periods.is_comparable, periods.reason;
end
$$;
comment on function ecom.revenue_bridge(name, date, date, date, date, jsonb, text) is
'What a change of revenue is made of: one row per driver, whose amounts add up to the change to the cent.
Example: SELECT driver, amount, share_of_change, explanation FROM ecom.revenue_bridge(''shop'')
Example: SELECT driver, amount FROM ecom.revenue_bridge(''shop'', ''2025-01-01'', ''2025-12-31'', versus => ''calendar_year'')
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- from_date, to_date: inclusive; both NULL: the last complete month; one NULL: from the first or to the last sale
- baseline_from, baseline_to: the other period; without them versus chooses it as in ecom.kpi_compare
- filters: {"region": "West", ...}
Sales of known customers are customers x orders per customer x units per order x list price of a unit x share of it that was paid; the
price of a unit moves with the product mix and with the price of each product. Each factor gets its Shapley value (Shapley 1953): its
effect, averaged over all orders in which the factors can change, so that no order is preferred and nothing is left over. A product
that one period lacks has the price of the other: it belongs to the mix. A factor that a period leaves undefined did not change; with
an empty period all is due to customers.
Sales without a customer, before returns, and returns are amounts of their own, not factors. A row other has what is no product of factors:
sales without units, lines on other days than the first of their order. The cents that rounding leaves go to the largest of the factors.
current, baseline: the factor itself; for the mix and the list price the price of a unit when only they change. is_comparable, reason: as
in ecom.kpi_compare; share_of_change: NULL when revenue did not change.
No rows for a mart without sales. Time: four passes over the sales of each period. Errors: as ecom.kpi_compare.';
