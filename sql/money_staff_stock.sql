-- Money, staff and stock: aggregates over cash flows, scenarios, simulation, Erlang, order quantities.
create schema test_money;
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
create table test_money.flow as
select p.plan, f.n - 1 as period, f.amount::float8
from (values ('abc', array[-100, 39, 59, 55, 20]), ('numpy', array[-250000, 100000, 150000, 200000, 250000, 300000]),
             ('two rates', array[-1600, 10000, -10000]), ('no rate', array[100, -200, 150]), ('gift', array[5, 5])) p (plan, amounts)
cross join lateral unnest(p.amounts) with ordinality f (amount, n);

-- Values of numpy-financial and of a spreadsheet.
select plan, round(ecom.npv(period, amount, 0.1)::numeric, 6) as npv, round(ecom.irr(period, amount)::numeric, 10) as irr,
       round(ecom.payback(period, amount)::numeric, 6) as payback, round(ecom.payback(period, amount, 0.1)::numeric, 6) as discounted
from test_money.flow group by plan order by plan collate "C";
select plan, invested, returned, net_benefit, round(roi::numeric, 6) as roi, round(npv::numeric, 6) as npv,
       round(profitability_index::numeric, 8) as profitability_index, round(break_even_share::numeric, 6) as break_even_share,
       round(irr::numeric, 8) as irr, irr_count, round(mirr::numeric, 8) as mirr, round(payback::numeric, 6) as payback
from (select plan, (ecom.roi(period, amount, 0.1, 0.12)).* from test_money.flow group by plan) r order by plan collate "C";
-- Over windows the balance grows, and the final function leaves the state alone.
select period, ecom.npv(period, amount, 0) over (order by period) as balance from test_money.flow where plan = 'abc' order by period;
-- Empty, NULL, one row.
select ecom.npv(1, 2, 0.1) is null as no_rows, ecom.irr(1, 2) is null as no_rate from test_money.flow where false;
select ecom.npv(null, 2, 0.1) is null as skipped, ecom.payback(0, null) is null as no_payback, ecom.roi(0, null, 0.1) is null as no_roi;
select ecom.npv(0, -5, 0.1), ecom.irr(0, -5), ecom.payback(0, -5), ecom.payback(0, 5);
-- Parallel plans give the same bits.
create table test_money.many as select (n % 120)::float8 as period, case when n % 120 = 0 then -1000 else 9.5 + n % 7 end::float8 as amount from generate_series(1, 60000) n;
analyze test_money.many;
set max_parallel_workers_per_gather = 0;
create temp table serial as select ecom.npv(period, amount, 0.01) as npv, ecom.irr(period, amount) as irr from test_money.many;
set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; set max_parallel_workers_per_gather = 2;
select s.npv = p.npv as same_npv, s.irr = p.irr as same_irr
from serial s, (select ecom.npv(period, amount, 0.01) as npv, ecom.irr(period, amount) as irr from test_money.many) p;
reset parallel_setup_cost; reset parallel_tuple_cost; reset min_parallel_table_scan_size; reset max_parallel_workers_per_gather;
select pg_temp.error_of($$select ecom.npv(-1, 5, 0.1)$$);
select pg_temp.error_of($$select ecom.npv(1, 5, -1)$$);
select pg_temp.error_of($$select ecom.npv(1, 5, null)$$);
select pg_temp.error_of($$select ecom.irr('nan', 5)$$);
select pg_temp.error_of($$select ecom.roi(1, 'infinity', 0.1)$$);
select pg_temp.error_of($$select ecom.roi(1, 1, 0.1, -3)$$);

-- Scenarios: the expected one is the plan itself.
select scenario, probability, invested, returned, round(npv::numeric, 4) as npv, round(roi::numeric, 4) as roi, round(irr::numeric, 6) as irr,
       round(payback::numeric, 4) as payback, round(break_even_share::numeric, 4) as break_even_share
from ecom.roi_scenarios(20000, 9000, 3, 500);
select round(sum(probability * npv)::numeric, 4) as expected_npv from ecom.roi_scenarios(20000, 9000, 3, 500);
select * from ecom.roi_scenarios(100, 60, 2, scenarios => '[{"scenario": "only", "probability": 1, "benefit": 0, "cost": 1}]');
select pg_temp.error_of($$select * from ecom.roi_scenarios(100, 60, 0)$$);
select pg_temp.error_of($$select * from ecom.roi_scenarios(-100, 60, 2)$$);
select pg_temp.error_of($$select * from ecom.roi_scenarios(100, 60, 2, scenarios => '[]')$$);
select pg_temp.error_of($$select * from ecom.roi_scenarios(100, 60, 2, scenarios => '{"a": 1}')$$);
select pg_temp.error_of($$select * from ecom.roi_scenarios(100, 60, 2, scenarios => '[{"scenario": "x", "probability": "1", "benefit": 1, "cost": 1}]')$$);
select pg_temp.error_of($$select * from ecom.roi_scenarios(100, 60, 2, scenarios => '[{"scenario": "x", "probability": 0.5, "benefit": 1, "cost": 1}]')$$);
select input, round(low_value::numeric, 4) as low_value, round(high_value::numeric, 4) as high_value, round(npv_at_low::numeric, 4) as npv_at_low, round(npv_at_high::numeric, 4) as npv_at_high, round(swing::numeric, 4) as swing
from ecom.roi_tornado(20000, 9000, 3, 500);
select pg_temp.error_of($$select * from ecom.roi_tornado(20000, 9000, 3, spread => 1)$$);

-- Simulation: the mean is the one of the distributions, the same for any number of threads.
select abs(mean_npv - (9000 * 5.8 / 6 * (1 / 1.1 + 1 / 1.21 + 1 / 1.331) - 20000 * 6.4 / 6)) < 4 * sd_npv / 100 as mean_fits, p05 < p50 and p50 < p95 as in_order,
       round(probability_of_loss::numeric, 1) as probability_of_loss
from ecom.roi_montecarlo(20000, 9000, 3);
create temp table simulated as select m::text as one from ecom.roi_montecarlo(20000, 9000, 3) m;
set ecom_analytics.max_threads = 2;
select one = m::text as same from simulated, ecom.roi_montecarlo(20000, 9000, 3) m;
reset ecom_analytics.max_threads;
select one = m::text as other_seed from simulated, ecom.roi_montecarlo(20000, 9000, 3, seed => 2) m;
select * from ecom.roi_montecarlo(null, 9000, 3);
select pg_temp.error_of($$select ecom.roi_montecarlo(20000, 9000, 3, benefit_low => 1.1)$$);
select pg_temp.error_of($$select ecom.roi_montecarlo(20000, 9000, 3, draws => 1)$$);

-- Staff.
select load, servers, round(ecom.erlang_b(load, servers)::numeric, 12) as b, round(ecom.erlang_c(load, servers)::numeric, 12) as c
from (values (1.0::float8, 2), (5, 8), (10, 12), (10, 14), (48, 55), (100, 110), (0.5, 1), (5, 5), (3, 0)) v (load, servers);
select calls, seconds, agents, round(offered_load::numeric, 6) as offered_load, round(occupancy::numeric, 6) as occupancy, round(reached_level::numeric, 6) as reached_level, round(mean_wait_seconds::numeric, 6) as mean_wait
from (values (100, 180), (200, 240), (720, 240), (50, 300), (1000, 300), (0, 60)) v (calls, seconds), ecom.agents_needed(calls, seconds);
select agents, occupancy <= 0.8 as within from ecom.agents_needed(720, 240, max_occupancy => 0.8);
select pg_temp.error_of($$select ecom.erlang_c(-1, 2)$$);
select pg_temp.error_of($$select ecom.erlang_c(1, -2)$$);
select pg_temp.error_of($$select ecom.agents_needed(100, 180, 1)$$);
select pg_temp.error_of($$select ecom.agents_needed(100, 180, 0)$$);
select pg_temp.error_of($$select ecom.agents_needed(100, 0)$$);

-- Stock.
select ecom.eoq(1000, 10, 0.5), round(ecom.eoq(1000, 10, 0.5, 2000)::numeric, 9) as while_selling, ecom.eoq(null, 10, 0.5) is null as no_demand;
select round(sigma::numeric, 9) as sigma, round(safety_stock::numeric, 9) as safety_stock, round(reorder_point::numeric, 8) as reorder_point from ecom.reorder_point(100, 20, 9, 0.95, 2);
select * from ecom.reorder_point(100, 20, 0);
select round(ecom.newsvendor(120, 0.7, 0.3, 15)::numeric, 9) as normal, ecom.newsvendor(20, 5, 1) as poisson, ecom.newsvendor(20, 5, 1, null) as also_poisson;
select round(ecom.fill_rate(200, 30, 30)::numeric, 12);
select * from ecom.order_with_discounts(5000, 49, 0.2, array[1, 1000, 2000], array[5, 4.8, 4.75]);
select pg_temp.error_of(format('select ecom.order_with_discounts(%s)', a)) from unnest(array['5000, 49, 0.2, array[1, 1000], array[5.0]', '5000, 49, 0.2, array[1000, 1], array[5, 4.8]',
    '5000, 49, 0, array[1.0], array[5.0]', '-1, 49, 0.2, array[1.0], array[5.0]', '5000, 49, 0.2, array[]::float8[], array[]::float8[]', '5000, 49, 0.2, array[null]::float8[], array[5.0]']) a;
select pg_temp.error_of($$select ecom.eoq(1000, 10, 0)$$);
select pg_temp.error_of($$select ecom.eoq(1000, 10, 0.5, 900)$$);
select pg_temp.error_of($$select ecom.reorder_point(100, 20, 9, 1)$$);
select pg_temp.error_of($$select ecom.reorder_point(100, 20, 9, 0)$$);
select pg_temp.error_of($$select ecom.reorder_point(100, 20, -9)$$);
select pg_temp.error_of($$select ecom.newsvendor(10, 1, 0)$$);
select pg_temp.error_of($$select ecom.fill_rate(0, 1, 1)$$);
-- One budget, many rows.
create table test_money.offer (name text, value float8, cost float8);
insert into test_money.offer values ('b', 25, 20), ('c', 66, 30), ('d', 50, 30), ('e', 15, 15), ('f', 0, 20), ('g', 20, 40), ('h', -44, 20), ('free', 1, 0), ('unknown', null, 5);
select name, (ecom.choose_within_budget(value, cost, 80) over ()).* from test_money.offer order by name collate "C";
select string_agg(name, ' ' order by name collate "C") filter (where (c).is_chosen) as chosen
from (select name, ecom.choose_within_budget(value, cost, 0) over () as c from test_money.offer) o;
-- Many offers: greedy, within the budget, and close.
select sum(cost) filter (where (c).is_chosen) <= 100000 as within, bool_and(not (c).is_optimal) as is_greedy, max((c).max_gap) < 50 as is_close
from (select cost, ecom.choose_within_budget(value, cost, 100000) over (order by n) as c
      from (select n, (n::bigint * 7919 % 10007) / 100.0 as value, 1 + (n::bigint * 104729 % 5003) / 1000.0 as cost from generate_series(1, 200000) n) o) r;
select pg_temp.error_of($$select ecom.choose_within_budget(1, 1, -1) over ()$$);
select pg_temp.error_of($$select ecom.choose_within_budget(1, -1, 1) over ()$$);
select pg_temp.error_of($$select ecom.choose_within_budget(1, 1, null) over ()$$);
select pg_temp.error_of($$select ecom.choose_within_budget('nan', 1, 1) over ()$$);

create table test_money.channel (channel text, beta float8, alpha float8, half float8, low float8, high float8);
insert into test_money.channel values ('search', 100, 1, 50, 0, null), ('social', 80, 0.8, 30, 0, 40), ('mail', 150, 1, 200, 0, null), ('unknown', null, 1, 10, 0, null);
select channel, round((a).amount::numeric, 4) as amount, round((a).response::numeric, 6) as response, round((a).marginal_response::numeric, 8) as marginal_response
from (select channel, ecom.allocate_budget(beta, alpha, half, 200) over () as a from test_money.channel) c order by channel collate "C";
select channel, round((a).amount::numeric, 4) as amount
from (select channel, ecom.allocate_budget(beta, alpha, half, 200, low, high) over () as a from test_money.channel) c order by channel collate "C";
select round(sum((a).response)::numeric, 6) as s_shaped
from (select ecom.allocate_budget(beta, alpha, half, 150) over () as a from (values (100, 2, 50), (80, 3, 40), (150, 1.5, 120)) v (beta, alpha, half)) c;
select pg_temp.error_of($$select ecom.allocate_budget(100, 1, 50, 0) over ()$$);
select pg_temp.error_of($$select ecom.allocate_budget(100, 1, 50, -10) over ()$$);
select pg_temp.error_of($$select ecom.allocate_budget(100, 1, 50, 10, 20) over ()$$);
select pg_temp.error_of($$select ecom.allocate_budget(100, -1, 50, 10) over ()$$);
select pg_temp.error_of($$select ecom.allocate_budget(100, 1, 50, 10, 5, 4) over ()$$);
set client_min_messages = warning;
drop schema test_money cascade;
