-- Buy-till-you-die models: histories, fits, predictions, and what is refused.
set client_min_messages = warning;
set extra_float_digits = 0;

-- Histories from order dates: the orders of a day are one, nothing after the end is seen.
create temporary table purchase (customer int, order_date date, amount float8);
insert into purchase values (1, '2025-01-01', 10), (1, '2025-01-01', 5), (1, '2025-01-15', 20), (1, '2025-03-01', 30), (1, '2025-07-01', 99),
    (2, '2025-02-01', 8), (3, '2025-08-01', 7), (4, '2025-01-10', 0), (4, '2025-02-10', 12), (4, '2025-02-20', -12), (5, null, 3), (6, '2025-01-05', null);
select customer, (ecom.order_history(order_date, '2025-06-30')).* from purchase group by customer order by customer;
select customer, (ecom.order_history(order_date, '2025-06-30', 'week')).* from purchase group by customer order by customer limit 1;
select customer, (ecom.order_history(order_date, amount, '2025-06-30', 'day')).* from purchase group by customer order by customer;
select ecom.order_history(order_date, amount, '2025-06-30', 'day') = ecom.order_history(order_date, amount, '2025-06-30', 'day' order by amount desc) as any_order
from purchase where customer = 1;
select ecom.order_history(order_date, null) from purchase;
select ecom.order_history(order_date, 'infinity') from purchase;
select ecom.order_history('-infinity'::date, '2025-06-30');
select ecom.order_history(order_date, '2025-06-30', 'hour') from purchase;
select ecom.order_history('2025-01-01', 'NaN'::float8, '2025-06-30', 'day');

-- Two shops drawn from the models, in whole days: rates ~ Gamma(1, 40); after a repeat order customers of the first leave with
-- probability ~ Beta(1, 2.5), those of the second never; amounts ~ Gamma(1, nu), nu ~ Gamma(3, 15).
create function pg_temp.uniform(i int, n int) returns float8 immutable language sql as
    $$ select ((hashint8extended(i, n) >> 12) + 0.5 + 2 ^ 51) / 2 ^ 52 $$;
create temporary table simulated as
with recursive customer as (
    select shop, i, -ln(pg_temp.uniform(i, 1)) / 40 as rate, case when shop = 1 then 1 - (1 - pg_temp.uniform(i, 2)) ^ (1 / 2.5) else 0 end as p, 190 + i * 31 % 80 as age
    from generate_series(1, 2) shop, generate_series(1, 1800) i
), walk as (
    select shop, i, 0 as n, 0 as day from customer
    union all
    select shop, i, n + 1, day + gap from (
        select shop, i, n, day, age, ceil(-ln(pg_temp.uniform(i, 1000 + n)) / rate)::int as gap from walk join customer using (shop, i)
        where n = 0 or pg_temp.uniform(i, 2000 + n) >= p) w
    where day + gap <= age
)
select shop, i as customer, max(n) as frequency, max(day) as recency, max(age) as age,
       sum(-ln(pg_temp.uniform(i, 3000 + n))) filter (where n > 0) / nullif(max(n), 0)
         * 15 / -ln(pg_temp.uniform(min(i), 4) * pg_temp.uniform(min(i), 5) * pg_temp.uniform(min(i), 6)) as mean_spend
from walk join customer using (shop, i) group by shop, i;
create temporary table history as select * from simulated where shop = 1;
create temporary table fitted as
select ecom.bgnbd_fit(frequency, recency, age) as bg, ecom.mbgnbd_fit(frequency, recency, age) as mbg, ecom.pareto_nbd_fit(frequency, recency, age) as pareto,
       ecom.btyd_fit(frequency, recency, age, 'nbd') as nbd, ecom.gamma_gamma_fit(frequency, mean_spend) as spend from history;
select s.method, s.status, s.customers, s.repeat_orders, s.log_likelihood::numeric(12, 4), p.parameter, case when p.standard_error is not null then to_char(p.estimate, '9.999EEEE') end as estimate,
       p.standard_error > 0 and p.lower < p.estimate and p.estimate < p.upper as has_error
from fitted, unnest(array[bg, mbg, pareto, nbd, spend]) m, ecom.btyd_summary(m) s, ecom.btyd_parameters(m) p;
select s.frequency_correlation::numeric(8, 6), (s.aic - (6 - 2 * s.log_likelihood))::numeric(8, 6) as aic_difference from fitted, ecom.btyd_summary(spend) s;
-- The same bits from parallel plans, any order of rows, and the general form.
begin;
set local parallel_setup_cost = 0;
set local parallel_tuple_cost = 0;
set local min_parallel_table_scan_size = 0;
set local max_parallel_workers_per_gather = 2;
create table shared_history as select * from history;
alter table shared_history set (parallel_workers = 2);
analyze shared_history;
explain (costs off) select ecom.bgnbd_fit(frequency, recency, age) from shared_history;
select ecom.bgnbd_fit(frequency, recency, age)::text = (select bg::text from fitted) as bg,
       ecom.mbgnbd_fit(frequency, recency, age)::text = (select mbg::text from fitted) as mbg,
       ecom.gamma_gamma_fit(frequency, mean_spend)::text = (select spend::text from fitted) as spend from shared_history;
rollback;
select ecom.btyd_fit(frequency, recency, age, 'pareto_nbd' order by customer desc)::text = (select pareto::text from fitted) as pareto from history;
-- A model travels as text and back.
select bg::text::ecom.model::text = bg::text as same from fitted;

-- What the models say: rising with frequency, falling with the time since the last order.
select to_char(ecom.p_alive(bg, 2, 213, 272), '9.9999') as bg, to_char(ecom.p_alive(mbg, 2, 213, 272), '9.9999') as mbg,
       ecom.p_alive(bg, 0, 0, 272) as bg_without, ecom.p_alive(mbg, 0, 0, 272) < 1 as mbg_without, ecom.p_alive(nbd, 2, 10, 272) as nbd,
       ecom.p_alive(bg, 2, 100, 272) < ecom.p_alive(bg, 2, 200, 272) as recent_is_better from fitted;
select count(*), bool_and(ecom.expected_purchases(m, frequency, recency, age, 90) between 0 and 90) as in_range,
       bool_and(ecom.expected_purchases(m, frequency, recency, age, 0) = 0) as none_in_no_time,
       bool_and(ecom.discounted_purchases(m, frequency, recency, age, 0.001) between 0 and 1000) as discounted
from fitted, unnest(array[bg, mbg, pareto, nbd]) m, history where customer <= 300;
select ecom.expected_spend(spend, 3, 40) between ecom.expected_spend(spend, 0, 0) and 40 as weighed, ecom.expected_spend(spend, 0, null) = ecom.expected_spend(spend, 0, 99) as of_all,
       ecom.expected_spend(spend, 3, null) as unknown from fitted;
select ecom.customer_lifetime_value(bg, spend, 3, 100, 200, 40, 1, 365, 0)::numeric(20, 9)
         = (ecom.expected_purchases(bg, 3, 100, 200, 365) * ecom.expected_spend(spend, 3, 40))::numeric(20, 9) as one_period,
       ecom.customer_lifetime_value(bg, spend, 3, 100, 200, 40, rate => 0.02) < ecom.customer_lifetime_value(bg, spend, 3, 100, 200, 40) as discounted,
       ecom.customer_lifetime_value(bg, spend, 0, 0, 200, null) > 0 as without_repeat, ecom.customer_lifetime_value(bg, spend, 3, 100, 200, null) as unknown from fitted;
select n.expected_date > '2025-06-30' as later, n.earliest_date <= n.expected_date and n.expected_date <= n.latest_date as ordered, n.p_alive = ecom.p_alive(bg, 9, 180, 200) as alive
from fitted, ecom.next_order(bg, 9, 180, 200, '2025-06-30') n;
select (ecom.next_order(bg, 0, 0, 200, '2025-06-30', 0.999)).latest_date, (ecom.next_order(bg, 0, 0, 200, '5874897-12-31')).expected_date from fitted;

-- NULL in, NULL out.
select ecom.p_alive(null, 1, 2, 3), ecom.expected_purchases(bg, null, 2, 3, 4), ecom.expected_spend(spend, null, 1), ecom.expected_spend(null, 1, 1),
       ecom.customer_lifetime_value(null, spend, 3, 100, 200, 40), ecom.next_order(bg, 1, 2, 3, null) from fitted;
select ecom.bgnbd_fit(frequency, null, age), ecom.gamma_gamma_fit(0, null) from history;
select ecom.bgnbd_fit(frequency, recency, age), ecom.gamma_gamma_fit(frequency, mean_spend), ecom.order_history('2025-01-01', '2025-06-30') from history where false;

-- Bad input.
select ecom.bgnbd_fit(-1, 0, 10);
select ecom.bgnbd_fit(1.5, 1, 10);
select ecom.bgnbd_fit(1, 11, 10);
select ecom.mbgnbd_fit(1, 0, 10);
select ecom.pareto_nbd_fit(0, 5, 10);
select ecom.bgnbd_fit(1, 'NaN', 10);
select ecom.bgnbd_fit(1, 5, 'infinity');
select ecom.bgnbd_fit(2000000, 5, 10);
select ecom.bgnbd_fit(1, 5, 10) from generate_series(1, 9);
select ecom.bgnbd_fit(0, 0, age) from history;
select ecom.btyd_fit(frequency, recency, age, 'weibull') from history;
select ecom.btyd_fit(frequency, recency, age, null) from history;
select ecom.gamma_gamma_fit(1, 0);
select ecom.gamma_gamma_fit(1, -5);
select ecom.gamma_gamma_fit(1, 'infinity');
select ecom.gamma_gamma_fit(1, 5) from generate_series(1, 9);
select ecom.p_alive(bg, 1, 11, 10) from fitted;
select ecom.expected_purchases(bg, 1, 5, 10, -1) from fitted;
select ecom.expected_purchases(bg, 1, 5, 10, 'infinity') from fitted;
select ecom.discounted_purchases(bg, 1, 5, 10, 0) from fitted;
select ecom.expected_spend(spend, 1, 0) from fitted;
select ecom.customer_lifetime_value(bg, spend, 1, 5, 10, 40, periods => 0) from fitted;
select ecom.customer_lifetime_value(bg, spend, 1, 5, 10, 40, rate => -0.1) from fitted;
select ecom.customer_lifetime_value(bg, spend, 1, 5, 10, 40, period => null) from fitted;
select ecom.next_order(bg, 1, 5, 10, '2025-06-30', 1) from fitted;
select ecom.next_order(bg, 1, 5, 10, 'infinity') from fitted;
select ecom.next_order(bg, 1, 5, 10, '2025-06-30', 0.8, 'hour') from fitted;
-- A model of another kind, a flipped byte.
select ecom.p_alive(spend, 1, 5, 10) from fitted;
select ecom.expected_spend(bg, 1, 5) from fitted;
select ecom.btyd_parameters(ecom.quantile_bins(age, 5, false)) from history;
select ecom.btyd_summary(ecom.quantile_bins(age, 5, false)) from history;
select ecom.p_alive(replace(bg::text, '"status":"converged"', '"status":"confused"')::ecom.model, 1, 5, 10) from fitted;
select ecom.p_alive(replace(bg::text, '"customers":1800', '"customers":1801')::ecom.model, 1, 5, 10) from fitted;

-- Where nobody leaves, the models agree with NBD; where all that buy again did so on the last day, drop-out cannot be told.
select s.requested_method, abs(s.log_likelihood - (ecom.btyd_summary(nbd)).log_likelihood) < 1 as as_nbd,
       (ecom.expected_purchases(m, 3, 100, 200, 90) / ecom.expected_purchases(nbd, 3, 100, 200, 90))::numeric(6, 1) as ratio
from (select ecom.bgnbd_fit(frequency, recency, age) as bg, ecom.mbgnbd_fit(frequency, recency, age) as mbg, ecom.pareto_nbd_fit(frequency, recency, age) as pareto,
             ecom.btyd_fit(frequency, recency, age, 'nbd') as nbd
      from simulated where shop = 2) f, unnest(array[bg, mbg, pareto]) m, ecom.btyd_summary(m) s;
select s.requested_method, s.method, s.status, ecom.p_alive(m, 3, 100, 200)
from (select ecom.bgnbd_fit(frequency, r, age) as bg, ecom.mbgnbd_fit(frequency, r, age) as mbg, ecom.pareto_nbd_fit(frequency, r, age) as pareto
      from (select frequency, case when frequency > 0 then age else 0 end as r, age from history) h) f, unnest(array[bg, mbg, pareto]) m, ecom.btyd_summary(m) s;
