-- ABC, Pareto, XYZ, returns and discounts: against plain SQL over the lines, and the planted values of the demo shop.
\set SHOW_CONTEXT never
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare
    hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics hint = pg_exception_hint;
    return concat_ws(' | ', sqlstate, sqlerrm, left(nullif(hint, ''), 70));
end
$$;
set client_min_messages = warning;
select loaded_lines from ecom.load_demo('asso', customers => 600, orders => 5000, months => 12);
create temporary table unrolled as
select 1 as n, jsonb_agg(to_jsonb(f)) as answer from ecom.abc_classify('asso') f
union all select 2, jsonb_agg(to_jsonb(f)) from ecom.pareto_curve('asso', 'customer') f
union all select 3, jsonb_agg(to_jsonb(f)) from ecom.abc_xyz('asso') f
union all select 4, jsonb_agg(to_jsonb(f)) from ecom.returns_analysis('asso') f
union all select 5, jsonb_agg(to_jsonb(f)) from ecom.discount_analysis('asso') f;
select step, status from ecom.refresh('asso') where step in ('sales', 'product_classes');
select n, u.answer = r.answer and jsonb_array_length(u.answer) > 1 as same from unrolled u join (
select 1 as n, jsonb_agg(to_jsonb(f)) as answer from ecom.abc_classify('asso') f
union all select 2, jsonb_agg(to_jsonb(f)) from ecom.pareto_curve('asso', 'customer') f
union all select 3, jsonb_agg(to_jsonb(f)) from ecom.abc_xyz('asso') f
union all select 4, jsonb_agg(to_jsonb(f)) from ecom.returns_analysis('asso') f
union all select 5, jsonb_agg(to_jsonb(f)) from ecom.discount_analysis('asso') f) r using (n) order by n;

-- abc_classify: products by revenue, customers by margin, units within a category and a range.
create function pg_temp.abc(entity text, metric text, in_category boolean, from_date date, to_date date)
returns table (member text, entity_id text, value numeric, class text) language sql as $$
    with v as (
        select case when in_category then p.category else 'All' end as member, case entity when 'product' then p.product_id else c.customer_id end as entity_id,
               case metric when 'revenue' then sum(revenue_amount) when 'quantity' then sum(quantity) else sum(revenue_amount - cost_amount) end as value
        from asso.fact_sales f join asso.dim_product p using (product_key) join asso.dim_customer c using (customer_key)
        where f.ordered_at::date between from_date and to_date group by 1, 2)
    select v.member, v.entity_id, v.value,
           case when v.value <= 0 then 'C' when b.before < 0.8 then 'A' when b.before < 0.95 then 'B' else 'C' end
    from v cross join lateral (select coalesce(sum(w.value) filter (where w.value > v.value), 0) / sum(w.value) as before from v w where w.member = v.member and w.value > 0) b
$$;
select v.entity, v.metric, v.member, count(*) as rows, count(*) filter (where (a.value, a.class) is distinct from (p.value, p.class)) as different, count(*) filter (where p.class = 'A') as a, count(*) filter (where p.class = 'C') as c
from (values ('product', 'revenue', null, '2000-01-01'::date, '2100-01-01'::date), ('customer', 'margin', null, '2000-01-01', '2100-01-01'), ('product', 'quantity', 'category', '2025-03-05', '2025-06-20')) v (entity, metric, member, from_date, to_date)
cross join lateral (select x.value, x.class, x.member, x.entity_id from ecom.abc_classify('asso', v.entity, v.metric, by => v.member, from_date => v.from_date, to_date => v.to_date) x) a
join lateral pg_temp.abc(v.entity, v.metric, v.member is not null, v.from_date, v.to_date) p on p.member = a.member and p.entity_id = a.entity_id
group by 1, 2, 3 order by 1, 2;
select (select count(*) from ecom.abc_classify('asso')) = (select count(distinct product_key) from asso.fact_sales) as all_products;
select class, count(*) > 0 as any, round(sum(share), 1) as share from ecom.abc_classify('asso', cuts => '{0.5}') group by 1 order by 1;
-- Equal and negative values, and one that is nearly everything.
select ecom.create_mart('abc_small');
create temporary table small_line (customer_id, order_id, ordered_at, product_id, amount, unit_cost) as
values ('a', '1', timestamp '2024-01-10', 'p1', 900.0, 1), ('a', '1', '2024-01-10', 'p2', 30, 2), ('b', '2', '2024-02-10', 'p3', 30, 3), ('b', '2', '2024-02-10', 'p4', 30, null),
       ('b', '3', '2024-03-10', 'p5', 10, null), ('c', '4', '2024-03-11', 'p6', -50, 1), ('c', '5', '2024-03-12', 'p7', 0, 1), ('d', '6', '2024-03-13', null, 100, 1);
select loaded_lines from ecom.load_sales('abc_small', 'small_line');
select entity_id, value, share, cum_share, class from ecom.abc_classify('abc_small');
select entity_id, value, class from ecom.abc_classify('abc_small', 'product', 'margin');
select point, entities, value_share, gini from ecom.pareto_curve('abc_small', points => 7);
-- Gini of plain numbers: 1, 2, 3, 4 is 0.25; all equal 0; one of four 0.75.
create temporary table gini_line as
select 'r' || g as customer_id, timestamp '2024-01-01' as ordered_at, x as amount, 'a' as country, g from unnest('{1,2,3,4}'::numeric[]) with ordinality u (x, g)
union all select 's' || g, '2024-01-01', 7, 'b', g from generate_series(1, 4) g union all select 't' || g, '2024-01-01', case g when 2 then 9 else 0 end, 'c', g from generate_series(1, 4) g;
select ecom.create_mart('gini');
select loaded_lines from ecom.load_sales('gini', 'gini_line');
select c, g.gini, array_agg(g.value_share order by g.point) as curve from unnest('{a,b,c}'::text[]) c, ecom.pareto_curve('gini', 'customer', points => 2, filters => jsonb_build_object('country', c)) g group by 1, 2 order by 1;
-- pareto_curve against sums of the best.
with c as (select customer_key, greatest(sum(revenue_amount), 0) as revenue from asso.fact_sales where customer_key <> 0 group by 1),
r as (select *, row_number() over (order by revenue desc) as i, count(*) over () as n, sum(revenue) over () as total from c)
select p.point, p.value_share, abs(p.value_share - (select sum(revenue) / min(total) from r where i <= floor(p.point * n / 4.0))) < 0.002 as agrees
from ecom.pareto_curve('asso', 'customer', points => 4) p where p.point > 0;
with c as (select customer_key, greatest(sum(revenue_amount), 0) as x from asso.fact_sales where customer_key <> 0 group by 1)
select round((select sum(abs(a.x - b.x)) from c a, c b) / (2 * count(*) * count(*) * avg(x)), 4) = (select distinct gini from ecom.pareto_curve('asso', 'customer')) as gini_by_differences from c;

-- abc_xyz: months without sales are 0, those before the first sale ever do not count, nor those that are not complete.
drop schema abc_small, gini cascade;
select ecom.create_mart('xyz');
create temporary table xyz_line as
select 'c' as customer_id, 'o' || row_number() over () as order_id, m + d.d * interval '1 day' as ordered_at, p.product_id, p.units as quantity, 1 as unit_price
from generate_series(timestamp '2024-01-01', '2024-06-01', '1 month') m, (values (0), (14)) d (d),
     (values ('steady', 5, 1, 12), ('from march', 4, 3, 12), ('stopped', 6, 1, 2), ('once', 3, 5, 5)) p (product_id, units, first_month, last_month)
where extract(month from m) between p.first_month and p.last_month;
insert into xyz_line values ('c', 'late', '2024-07-10', 'steady', 999, 1);
insert into xyz_line values ('c', 'back', '2024-05-20', 'steady', -2, 1);
select loaded_lines from ecom.load_sales('xyz', 'xyz_line');
select entity_id, value, abc_class, months, mean_monthly_units, cv, xyz_class, class from ecom.abc_xyz('xyz');
select entity_id, months, mean_monthly_units, cv, xyz_class from ecom.abc_xyz('xyz', from_date => '2024-04-01', to_date => '2024-07-31') order by 1;
select entity_id, xyz_class from ecom.abc_xyz('xyz', xyz_cuts => '{0.01,2}') order by 1;
select entity_id, months, cv, xyz_class from ecom.abc_xyz('xyz', to_date => '2024-01-20') order by 1;
drop schema xyz cascade;
with m as (select p.product_id, d.month, coalesce(sum(f.quantity) filter (where not is_return), 0) as units
           from asso.dim_product p cross join generate_series(timestamp '2025-01-01', '2025-12-01', '1 month') d (month)
           left join asso.fact_sales f on f.product_key = p.product_key and date_trunc('month', f.ordered_at) = d.month
           where p.product_key <> 0 group by 1, 2),
since as (select product_id, min(month) as first_month from m where units > 0 group by 1),
e as (select product_id, round(stddev_samp(units) / avg(units), 4) as cv, count(*) as months from m join since using (product_id) where month >= first_month group by 1)
select count(*) as products, count(*) filter (where (x.cv, x.months) is distinct from (e.cv, e.months)) as different from ecom.abc_xyz('asso') x full join e on e.product_id = x.entity_id;
select count(*) as products, count(*) filter (where (c.abc_class, c.xyz_class, c.month_count) is distinct from (x.abc_class, x.xyz_class, x.months::int)) as different
from asso.product_abc c full join ecom.abc_xyz('asso') x on x.entity_id = c.product_id;
select sum(product_count) = (select count(*) from asso.product_class) as adds_up from asso.abc_class;

-- returns_analysis against plain SQL; the planted rates of the categories lie in or near their intervals.
with e as (
    select p.category, count(*) filter (where not is_return) as lines, count(*) filter (where is_return) as back, round(-sum(revenue_amount) filter (where is_return), 2) as amount,
           round(-sum(revenue_amount) filter (where is_return) / sum(revenue_amount) filter (where not is_return), 4) as rate, -sum(quantity) filter (where is_return) as units
    from asso.fact_sales join asso.dim_product p using (product_key) group by 1)
select r.member, r.line_return_rate, planted.rate as planted, abs(r.line_return_rate - planted.rate) < 0.03 as found,
       (r.sold_lines, r.return_lines, r.return_amount, r.return_rate, r.returned_quantity) = (e.lines, e.back, e.amount, e.rate, e.units) as agrees,
       r.ci_low < r.line_return_rate and r.line_return_rate < r.ci_high as in_interval
from ecom.returns_analysis('asso') r
join (values ('Electronics', 0.08), ('Clothing', 0.18), ('Home', 0.05), ('Beauty', 0.03), ('Sports', 0.08), ('Toys', 0.04), ('Garden', 0.04), ('Pantry', 0.01)) planted (category, rate) on planted.category = r.member
full join e on e.category = r.member order by planted.rate desc, 1;
select member, return_rate = (select return_rate from ecom.kpi_summary('asso')) as as_the_kpi, share_of_returns from ecom.returns_analysis('asso', null);
select count(*) as products, count(*) filter (where r.return_rate is distinct from k.return_rate) as different
from ecom.returns_analysis('asso', 'product', '2025-05-01', '2025-05-31', '{"category": "Toys", "region": "West"}') r
cross join lateral ecom.kpi_summary('asso', '2025-05-01', '2025-05-31', jsonb_build_object('product', r.member, 'region', 'West')) k;
-- More came back in the period than was sold in it: a rate, but no interval.
select count(*) > 0 as any, count(ci_low) as with_interval, bool_and(return_rate is null or return_rate > 0) as has_rate from ecom.returns_analysis('asso', 'product', '2025-05-20', '2025-05-22') where return_lines > sold_lines;

-- discount_analysis: bands by plain SQL; a coupon is 10 %, promotions are 15, 20, 25 and 30 %: it is planted.
with line as (select *, round(discount_amount / (revenue_amount + discount_amount), 2) as depth from asso.fact_sales where not is_return),
e as (select case when discount_amount <= 0 then 'none' when depth <= 0.05 then 'up to 5 %' when depth <= 0.1 then '5 to 10 %' when depth <= 0.2 then '10 to 20 %' when depth <= 0.3 then '20 to 30 %' else 'more' end as depth,
             count(*) as lines, round(sum(revenue_amount), 2) as amount, round(sum(discount_amount), 2) as discount, round(sum(revenue_amount - cost_amount), 2) as margin from line group by 1)
select d.depth, d.depth_from, d.depth_to, d.share_of_lines, d.discount_rate, d.margin_rate, (d.lines, d.gross_amount, d.discount_amount, d.margin) = (e.lines, e.amount, e.discount, e.margin) as agrees
from ecom.discount_analysis('asso') d full join e using (depth) order by d.depth_from, d.depth_to;
select depth, discount_rate from ecom.discount_analysis('asso', null, '2025-11-20', '2025-11-30', '{"category": "Electronics"}');
select member, depth, lines from ecom.discount_analysis('asso', 'category', '2025-06-01', '2025-06-14', '{"category": ["Sports", "Toys"]}', '{0.12}') order by 1, 2;
select sum(discount_amount) = (select discount_amount from (select round(sum(discount_amount) filter (where not is_return), 2) as discount_amount from asso.fact_sales) f) as adds_up from ecom.discount_analysis('asso', 'channel', bands => '{0.1,0.2}');

-- Bad arguments, and marts that lack what is asked.
select n, pg_temp.error_of(statement) from (values
    (1, $$select * from ecom.abc_classify('asso', 'brand')$$),
    (2, $$select * from ecom.abc_classify('asso', 'product', 'aov')$$),
    (3, $$select * from ecom.abc_classify('asso', 'product', 'customers')$$),
    (4, $$select * from ecom.abc_classify('asso', 'product', 'x')$$),
    (5, $$select * from ecom.abc_classify('asso', cuts => '{0.9,0.9}')$$),
    (6, $$select * from ecom.abc_classify('asso', by => 'colour')$$),
    (7, $$select * from ecom.pareto_curve('asso', points => 0)$$),
    (8, $$select * from ecom.pareto_curve('asso', from_date => '2025-02-01', to_date => '2025-01-01')$$),
    (9, $$select * from ecom.abc_xyz('asso', xyz_cuts => '{1,0.5}')$$),
    (10, $$select * from ecom.abc_xyz('asso', xyz_cuts => '{0.5,NaN}')$$),
    (11, $$select * from ecom.returns_analysis('asso', 'colour')$$),
    (12, $$select * from ecom.discount_analysis('asso', bands => '{}')$$),
    (13, $$select * from ecom.discount_analysis('asso', 'x"; drop table t; --')$$),
    (14, $$select * from ecom.discount_analysis('asso', filters => '{"colour": "red"}')$$)) v (n, statement) order by n;
select ecom.create_mart('asso_empty'), ecom.create_mart('asso_four');
create temporary table four_line as select 'c' || g % 7 as customer_id, timestamp '2024-01-05' + g * interval '3 days' as ordered_at, 10 + g as amount from generate_series(1, 60) g;
select loaded_lines from ecom.load_sales('asso_four', 'four_line');
create function pg_temp.row_counts(mart name) returns int[] language sql as $$
    select array[(select count(*) from ecom.abc_classify(mart)), (select count(*) from ecom.abc_classify(mart, 'customer')), (select count(*) from ecom.abc_classify(mart, 'customer', 'margin')),
                 (select count(*) from ecom.pareto_curve(mart)), (select count(*) from ecom.pareto_curve(mart, 'customer')), (select count(*) from ecom.abc_xyz(mart)), (select count(*) from ecom.abc_xyz(mart, 'customer')),
                 (select count(*) from ecom.returns_analysis(mart)), (select count(*) from ecom.returns_analysis(mart, null)), (select count(*) from ecom.discount_analysis(mart)), (select count(*) from ecom.discount_analysis(mart, 'category'))]::int[] $$;
select mart, pg_temp.row_counts(mart) from unnest('{asso_empty,asso_four}'::name[]) mart;
select mart, count(*) filter (where r.status = 'failed') as failed from unnest('{asso_empty,asso_four}'::name[]) mart, ecom.refresh(mart) r group by 1 order by 1;
select mart, pg_temp.row_counts(mart) from unnest('{asso_empty,asso_four}'::name[]) mart;
select capability, needed, have, is_ready from ecom.readiness('asso_four') where capability in ('discounts', 'abc_xyz');
drop schema asso, asso_empty, asso_four cascade;
