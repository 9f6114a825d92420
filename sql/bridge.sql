-- ecom.revenue_bridge: the Shapley values by all 720 orders of the factors, sums to the cent, odd periods.
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
create function pg_temp.revenue(mart name, first_date date, last_date date) returns numeric language plpgsql as $$
declare
    result numeric;
begin
    execute format('select coalesce(round(sum(f.revenue_amount), 2), 0) from %I.fact_sales f join %1$I.dim_date d on d.date_key = f.order_date_key
                    where d.date between $1 and $2', mart) into result using first_date, last_date;
    return result;
end
$$;

-- A shop small enough to follow: tea and coffee, then more customers, a dearer tea, more coffee, a discount, guests and a return.
create schema test_bridge;
create table test_bridge.line (order_id text, customer_id text, order_date timestamp, product_id text, quantity numeric, unit_price numeric, discount_amount numeric);
insert into test_bridge.line values
    ('1', 'ann', '2025-01-03', 'tea', 2, 10, 0), ('1', 'ann', '2025-01-03', 'coffee', 1, 20, 0), ('2', 'bob', '2025-01-20', 'tea', 3, 10, 0), ('3', null, '2025-01-31', 'tea', 1, 10, 0),
    ('4', 'ann', '2025-02-01', 'coffee', 4, 20, 8), ('5', 'bob', '2025-02-10', 'tea', 1, 11, 0), ('6', 'cid', '2025-02-11', 'tea', 3, 11, 3), ('7', 'cid', '2025-02-28', 'jam', 2, 5, 0),
    ('8', null, '2025-02-28', 'coffee', 2, 20, 0), ('9', 'bob', '2025-02-14', 'tea', -1, 10, 0);
select ecom.create_mart('bridge');
select * from ecom.revenue_bridge('bridge');
select driver, amount, current from ecom.revenue_bridge('bridge', '2025-01-01', '2025-01-31');
select loaded_lines from ecom.load_sales('bridge', 'test_bridge.line');
create temporary table unrolled as select to_jsonb(b) as answer from ecom.revenue_bridge('bridge') b;
select step, status from ecom.refresh('bridge') where step = 'sales';
select count(*) as rows, count(*) filter (where to_jsonb(b) in (select answer from unrolled)) as same from ecom.revenue_bridge('bridge') b;
select * from ecom.revenue_bridge('bridge');

-- The same by hand: customers 2 to 3, orders a customer 1 to 4/3, units an order 3 to 10/4; shares of units, list prices and the share
-- paid are written down here, and each factor's effect is averaged over all orders in which the six can change.
with recursive factor (n, before, after) as (values (1, 2.0, 3.0), (2, 1.0, 4 / 3.0), (3, 3.0, 10 / 4.0), (6, 1.0, 1 - 11 / 134.0)),
price (mix, price, value) as (
    values (false, false, (5 * 10 + 1 * 20) / 6.0), (false, true, (5 * 11 + 1 * 20) / 6.0),
           (true, false, (4 * 10 + 4 * 20 + 2 * 5) / 10.0), (true, true, (4 * 11 + 4 * 20 + 2 * 5) / 10.0)),
permutation (taken) as (
    select '{}'::int[] union all
    select taken || n from permutation, generate_series(1, 6) n where n <> all (taken)),
worth as (
    select p.taken, (select x.value from price x where x.mix = (4 = any (p.taken)) and x.price = (5 = any (p.taken)))
           * (select exp(sum(ln(case when f.n = any (p.taken) then f.after else f.before end))) from factor f) as value
    from permutation p),
step as (
    select full_order.taken[i] as player, b.value - a.value as gain
    from (select taken from permutation where cardinality(taken) = 6) full_order cross join generate_series(1, 6) i
    join worth a on a.taken = full_order.taken[1:i - 1] join worth b on b.taken = full_order.taken[1:i])
select s.player, round(avg(s.gain), 2) as by_hand, b.amount, abs(avg(s.gain) - b.amount) < 0.02 as agrees
from step s join ecom.revenue_bridge('bridge') b on b.position = s.player group by s.player, b.amount order by 1;

-- Sums to the cent, whatever the periods: all pairs of days, weeks and months of a shop with returns and discounts.
select loaded_lines from ecom.load_demo('bridge_shop', customers => 300, orders => 1500, months => 6);
select step, status from ecom.refresh('bridge_shop') where step = 'sales';
with pair as (
    select d::date as f, (d + n * interval '1 day')::date - 1 as t, (d - n * interval '1 day')::date as bf, d::date - 1 as bt
    from unnest('{1,7,31}'::int[]) n, generate_series(timestamp '2025-06-20', '2026-01-10', '9 days') d)
select count(*) as pairs, count(*) filter (where b.total is distinct from pg_temp.revenue('bridge_shop', f, t) - pg_temp.revenue('bridge_shop', bf, bt)) as wrong,
       count(*) filter (where b.total = 0) as no_change, count(*) filter (where b.other <> 0) as with_other
from pair cross join lateral (select sum(amount) as total, coalesce(sum(amount) filter (where driver = 'other'), 0) as other
                              from ecom.revenue_bridge('bridge_shop', f, t, bf, bt)) b;
-- The amounts that are no factors, the factors themselves, filters, and the turned-round comparison.
with plain as (
    select d.month, count(distinct customer_key) filter (where not is_return) as customers, count(distinct order_id) filter (where not is_return) as orders,
           sum(quantity) filter (where not is_return) as units, sum(discount_amount) filter (where not is_return) as discount,
           sum(quantity * unit_price) filter (where not is_return) as list_value, -sum(revenue_amount) filter (where is_return) as returned
    from bridge_shop.fact_sales f join bridge_shop.dim_date d on d.date_key = f.order_date_key join bridge_shop.dim_customer c using (customer_key)
    where d.month in (10, 11) and c.segment in ('Premium', 'Regular') group by 1)
select b.driver, b.current = trim_scale(round(v.current, 4)) and b.baseline = trim_scale(round(v.baseline, 4)) as agrees, r.amount = -b.amount as reverses,
       case when b.driver = 'returns' then b.amount = round(v.baseline - v.current, 2) end as is_exact
from ecom.revenue_bridge('bridge_shop', '2025-11-01', '2025-11-30', filters => '{"segment": ["Premium", "Regular"]}') b
join ecom.revenue_bridge('bridge_shop', '2025-10-01', '2025-10-31', '2025-11-01', '2025-11-30', '{"segment": ["Premium", "Regular"]}') r using (driver)
join plain c on c.month = 11 join plain p on p.month = 10
left join lateral (values ('customers', c.customers, p.customers::numeric), ('orders per customer', c.orders::numeric / c.customers, p.orders::numeric / p.customers),
                          ('units per order', c.units / c.orders, p.units / p.orders), ('discounts', c.discount / c.list_value, p.discount / p.list_value),
                          ('returns', c.returned, p.returned)) v (driver, current, baseline) using (driver) order by b.position;

-- Odd periods: nothing before, nothing after, nothing at all, returns only, guests only, no change.
select v.n, sum(b.amount) as total, pg_temp.revenue('bridge', f, t) - pg_temp.revenue('bridge', bf, bt) as change,
       string_agg(format('%s %s', b.driver, b.amount), ', ' order by b.position) filter (where b.amount <> 0) as drivers, bool_or(b.share_of_change is null) as no_share, min(b.reason) as reason
from (values (1, date '2025-01-03', date '2025-01-31', date '2024-01-01', date '2024-12-31'), (2, '2025-03-01', '2025-03-31', '2025-02-01', '2025-02-28'),
             (3, '2030-01-01', '2030-01-02', '2029-01-01', '2029-01-02'), (4, '2025-02-14', '2025-02-14', '2025-02-01', '2025-02-01'),
             (5, '2025-01-31', '2025-01-31', '2025-01-20', '2025-01-20'), (6, '2025-01-20', '2025-01-20', '2025-01-20', '2025-01-20'),
             (7, '2025-01-04', '2025-01-05', '2025-01-06', '2025-01-07')) v (n, f, t, bf, bt), lateral ecom.revenue_bridge('bridge', f, t, bf, bt) b
group by v.n, f, t, bf, bt order by v.n;
-- What is no product of factors: units of 0 or less, free and negative lines, discounts without a price, an order of two days.
create table test_bridge.odd (order_id text, customer_id text, order_date timestamp, product_id text, quantity numeric, unit_price numeric, discount_amount numeric, is_return boolean);
insert into test_bridge.odd values
    ('1', 'ann', '2025-01-03', 'tea', 2, 10, 0, false), ('1', 'ann', '2025-01-04', 'tea', 1, 10, 0, false), ('2', 'bob', '2025-01-05', 'fee', 1, -7.77, 0, false),
    ('3', 'ann', '2025-01-06', 'gift', 1, 0, 0, false), ('4', 'bob', '2025-01-07', 'voucher', 1, 0, 5, false), ('5', 'bob', '2025-01-08', 'service', 0, 30, 0, false),
    ('6', 'ann', '2025-01-09', 'tea', 3, 3.333, 0.001, false), ('7', 'ann', '2025-01-10', 'tea', -3, 3.333, 0, true);
select ecom.create_mart('bridge_odd');
select loaded_lines from ecom.load_sales('bridge_odd', 'test_bridge.odd');
update bridge_odd.fact_sales set revenue_amount = 30 where order_id = '5';
update bridge_odd.fact_sales set revenue_amount = -5 where order_id = '4';
select count(*) as pairs, count(*) filter (where total is distinct from pg_temp.revenue('bridge_odd', f::date, t::date) - pg_temp.revenue('bridge_odd', bf::date, bt::date)) as wrong,
       count(*) filter (where other <> 0) as with_other
from generate_series(timestamp '2025-01-02', '2025-01-11', '1 day') f, generate_series(f, '2025-01-11', '3 days') t,
     generate_series(timestamp '2025-01-02', '2025-01-11', '1 day') bf, generate_series(bf, '2025-01-11', '4 days') bt,
     lateral (select sum(amount) as total, coalesce(sum(amount) filter (where driver = 'other'), 0) as other
              from ecom.revenue_bridge('bridge_odd', f::date, t::date, bf::date, bt::date)) b;
select driver, amount, explanation from ecom.revenue_bridge('bridge_odd', '2025-01-04', '2025-01-08', '2025-01-03', '2025-01-03');
-- The four columns only: no products, so all price is the mean amount of a line.
create table test_bridge.minimal (order_id text, customer_id text, order_date timestamp, amount numeric);
insert into test_bridge.minimal select 'n' || i, case when i % 3 > 0 then 'c' || i % 5 end, date '2025-03-11' + i, 10 * (i % 4 - 1) from generate_series(0, 60) i;
select ecom.create_mart('bridge_minimal');
select loaded_lines from ecom.load_sales('bridge_minimal', 'test_bridge.minimal');
select driver, amount, current, baseline from ecom.revenue_bridge('bridge_minimal');

-- Errors.
select pg_temp.error_of(statement) from (values
    (1, $$select * from ecom.revenue_bridge('bridge', '2025-02-01', '2025-01-01')$$),
    (2, $$select * from ecom.revenue_bridge('bridge', baseline_to => '2025-01-01')$$),
    (3, $$select * from ecom.revenue_bridge('bridge', versus => 'never')$$),
    (4, $$select * from ecom.revenue_bridge('bridge', filters => '{"planet": 1}')$$),
    (5, $$select * from ecom.revenue_bridge('nowhere')$$)) v (n, statement) order by n;
select coalesce(sum(amount), 0) as total from ecom.revenue_bridge('bridge', filters => '{"customer": "ann", "product": "''; --"}');
select sum(amount) as total from ecom.revenue_bridge('bridge', filters => '{"customer": ["ann", "Unknown"]}');
begin transaction read only;
select count(*) from ecom.revenue_bridge('bridge', filters => null);
commit;
set client_min_messages = warning;
drop schema bridge, bridge_shop, bridge_odd, bridge_minimal, test_bridge cascade;
