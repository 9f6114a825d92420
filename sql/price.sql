-- Price: elasticities, shrinkage, and what to ask.
create schema test_price;
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics hint = pg_exception_hint;
    return format('%s: %s. %s', sqlstate, sqlerrm, hint);
end
$$;
-- A planted elasticity of -1.7, with a promotion that lowers the price and adds demand.
create table test_price.sold as
select n, promotion, price, exp(5 - 1.7 * ln(price) + 0.5 * promotion + 0.05 * sin(n * 2.7)) as quantity
from (select n, (n % 4 = 0)::int as promotion, 10 * exp(0.2 * sin(n * 1.3) - 0.1 * (n % 4 = 0)::int) as price from generate_series(1, 200) n) s;
select round((e).elasticity::numeric, 1) as elasticity, (e).ci_low < -1.7 and (e).ci_high > -1.7 as covers, (e).n, (e).price_count, round((e).log_price_sd::numeric, 4) as log_price_sd, (e).r2 > 0.9 as fits
from (select ecom.price_elasticity(price, quantity, array[promotion]::float8[]) as e from test_price.sold) s;
-- Without the control the promotion's effect is taken for the price's.
select (e).elasticity < -2 as is_biased from (select ecom.price_elasticity(price, quantity) as e from test_price.sold) s;
select (ecom.price_elasticity(price, quantity, null, 0.8)).ci_high < (ecom.price_elasticity(price, quantity, null, 0.99)).ci_high as narrower from test_price.sold;
-- What the evidence does not support: two prices, a price that hardly moves, a price that the control explains, too few rows.
select (ecom.price_elasticity(8 + n % 2, 5 + n % 3)).elasticity from generate_series(1, 20) n;
select (e).elasticity, (e).price_count from (select ecom.price_elasticity(10 + 0.001 * n, 5 + n % 3) as e from generate_series(1, 20) n) s;
select (e).elasticity from (select ecom.price_elasticity(10 + n, 5 + n % 3, array[ln(10 + n)]::float8[]) as e from generate_series(1, 20) n) s;
select (e).n, (e).elasticity from (select ecom.price_elasticity(p, q) as e from (values (0, 1), (1, -1), (null, 1), (1, null)) v (p, q)) s;
select ecom.price_elasticity(1, 1) is null as no_rows where false;
-- A control that never varies changes nothing.
select round((a).elasticity::numeric, 9) = round((b).elasticity::numeric, 9) as same from (select ecom.price_elasticity(price, quantity) as a, ecom.price_elasticity(price, quantity, array[0]::float8[]) as b from test_price.sold) s;
-- The same bits in parallel plans and in any order.
create table test_price.many as select 5 + (n * 7919 % 1000) / 100.0 as p, 1 + (n * 104729::bigint % 997) as q, array[n % 3, n % 5]::float8[] as z from generate_series(1, 30000) n;
analyze test_price.many;
create temp table serial as select ecom.price_elasticity(p, q, z) as e from (select * from test_price.many order by q, p) m;
set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; set max_parallel_workers_per_gather = 2;
select s.e = p.e as same from serial s, (select ecom.price_elasticity(p, q, z) as e from test_price.many) p;
reset parallel_setup_cost; reset parallel_tuple_cost; reset min_parallel_table_scan_size; reset max_parallel_workers_per_gather;
select pg_temp.error_of($$select ecom.price_elasticity('nan', 1)$$);
select pg_temp.error_of($$select ecom.price_elasticity(1, 1, array[1, null]::float8[])$$);
select pg_temp.error_of($$select ecom.price_elasticity(1, 1, case when n = 1 then array[1]::float8[] else array[1, 2]::float8[] end) from generate_series(1, 2) n$$);
select pg_temp.error_of($$select ecom.price_elasticity(1, 1, array_fill(1::float8, array[51]))$$);
select pg_temp.error_of($$select ecom.price_elasticity(1, 1, null, 1)$$);

-- Shrinkage: -4.3 with a wide error moves, -1.7 with a narrow one hardly.
select name, round((s).estimate::numeric, 6) as estimate, round((s).standard_error::numeric, 6) as standard_error, round((s).mean::numeric, 6) as mean, round((s).tau2::numeric, 6) as tau2
from (select name, ecom.shrink_estimates(e, se) over () as s from (values ('a', -4.3, 0.52), ('b', -1.7, 0.12), ('c', -2.1, 0.91), ('unknown', null, 1), ('no error', -3, 0)) v (name, e, se)) t order by name;
select round((s).estimate::numeric, 6) as estimate, (s).tau2 from (select ecom.shrink_estimates(e, 0.5) over () as s from (values (-2.0), (-2.1)) v (e)) t;
select pg_temp.error_of($$select ecom.shrink_estimates('infinity', 1) over ()$$);

-- The price: Lerner's rule inside the bounds, the bound outside.
select round(price::numeric, 5) as price, probability_of_gain from ecom.optimal_price(1.5, 1, -3.13871325556, max_change => 0.5);
select round(price::numeric, 4) as price, round(quantity_change::numeric, 4) as quantity_change, round(profit_change::numeric, 4) as profit_change, round(probability_of_gain::numeric, 4) as probability_of_gain
from ecom.optimal_price(10, 6, -1.8, 0.4);
select round(price::numeric, 4) as price, round(probability_of_gain::numeric, 4) as probability_of_gain from ecom.optimal_price(10, 6, -0.5, 0.4);
select * from ecom.optimal_price(10, null, -1.8);
select pg_temp.error_of($$select ecom.optimal_price(0, 6, -1.8)$$);
select pg_temp.error_of($$select ecom.optimal_price(10, -6, -1.8)$$);
select pg_temp.error_of($$select ecom.optimal_price(10, 6, -1.8, -1)$$);
select pg_temp.error_of($$select ecom.optimal_price(10, 6, -1.8, 0.4, 0)$$);
-- Other curves of demand, by their closed forms.
select d as demand, round(ecom.price_for_demand(d, a, b, c)::numeric, 8) as price
from (values ('linear', 100::float8, 2::float8, 10::float8), ('linear', 10, 2, 5), ('semi_log', 7, 0.5, 3), ('logit', 2, 1, 1), ('logit', 2, 1, null)) v (d, a, b, c);
select pg_temp.error_of($$select ecom.price_for_demand('cubic', 1, 1, 1)$$);
select pg_temp.error_of($$select ecom.price_for_demand('linear', 1, -1, 1)$$);
select pg_temp.error_of($$select ecom.price_for_demand('logit', 1, 1, -1)$$);
set client_min_messages = warning;
drop schema test_price cascade;
