-- Price advice over a mart: planted elasticities, bounds, and no advice without evidence.
set client_min_messages = warning;
select from ecom.create_mart('shop_price');
select step, status, reason from ecom.refresh('shop_price', '{price}');
select loaded_lines > 0 as loaded from ecom.load_demo('shop_price', 1500, 40000, 24, 11);
select step, rows, status, reason from ecom.refresh('shop_price', '{price}');

-- What was planted is found: the interval, with 0.1 to spare for months without sales, holds the truth of each category.
with planted (category, elasticity) as (values ('Electronics', -1.4), ('Clothing', -1.8), ('Home', -1.2), ('Beauty', -0.9), ('Sports', -1.6),
    ('Toys', -2.0), ('Garden', -1.1), ('Pantry', -0.6))
select p.category, p.elasticity between e.elasticity_lower - 0.1 and e.elasticity_upper + 0.1 as inside
from planted p left join shop_price.category_price_elasticity e using (category) order by 1;

-- Bounds hold, money has a sign, and every row says what it rests on.
select count(*) > 100 as has_rows, count(distinct advice) > 1 as has_kinds,
    bool_and(advised_price between lowest_price - 0.01 and highest_price + 0.01) filter (where advice in ('raise', 'lower')) as within_tried,
    bool_and(abs(price_change) <= 0.1 + 1e-9) as within_change,
    bool_and((advice = 'raise') = (price_change > 0) and (advice = 'lower') = (price_change < 0)) filter (where advice <> 'no advice') as as_named,
    bool_and(profit_change_amount > 0 and gain_probability >= 0.8) filter (where advice in ('raise', 'lower')) as gains,
    bool_and(advised_price is null and profit_change_amount is null and reason <> '') filter (where advice = 'no advice') as silent,
    bool_and(elasticity between elasticity_lower and elasticity_upper) as inside, bool_and(inputs <> '' and reason <> '') as explained
from shop_price.price_advice;

-- A smaller change, a surer gain.
select ecom.set_setting('shop_price', 'price.max_change', '0.02'), ecom.set_setting('shop_price', 'price.min_gain_probability', '0.99');
select status from ecom.refresh('shop_price', '{price}');
select max(abs(price_change)) <= 0.02 + 1e-9 as smaller, bool_and(gain_probability >= 0.99) filter (where advice in ('raise', 'lower')) as surer from shop_price.price_advice;
select ecom.set_setting('shop_price', 'price.max_change', '0');

-- One price ever seen, no cost, few months: no advice, and why.
update shop_price.fact_sales set unit_price = 10 where product_key = 1;
update shop_price.fact_sales set cost_amount = null where product_key = 2;
update shop_price.dim_product set unit_cost = null where product_key = 2;
delete from shop_price.fact_sales where product_key = 3 and order_date_key > 20240401;
select status from ecom.refresh('shop_price', '{price}');
select product_key, advice, evidence_grade, elasticity is null as no_elasticity, reason from shop_price.price_advice where product_key between 1 and 3 order by 1;
drop schema shop_price cascade;

-- A mart of one line.
select from ecom.create_mart('shop_price', start_date => '2025-01-01', end_date => '2025-12-31');
insert into shop_price.dim_product (product_id) values ('one');
insert into shop_price.fact_sales (ordered_at, order_date_key, product_key, line_number, is_return, revenue_amount, order_id, quantity, unit_price)
select '2025-12-31', 20251231, product_key, 1, false, 10, 'new', 1, 10 from shop_price.dim_product where product_id = 'one';
select rows, status, reason from ecom.refresh('shop_price', '{price}');
select advice, evidence_grade, reason from shop_price.price_advice;
drop schema shop_price cascade;
