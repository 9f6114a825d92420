-- Money, staff and stock: what plans of costs and benefits are worth, how many people, how much to order.

create function ecom_internal.cash_flow_add(ecom.state, period float8, cash_flow float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_cash_flow_add';
create function ecom_internal.cash_flow_add(ecom.state, period float8, cash_flow float8, discount_rate float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_cash_flow_add';
create function ecom_internal.cash_flow_add(
    ecom.state, period float8, cash_flow float8, discount_rate float8, reinvest_rate float8) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_cash_flow_add';
create function ecom_internal.cash_flow_combine(ecom.state, ecom.state) returns ecom.state
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_cash_flow_combine';
create function ecom_internal.npv_final(ecom.state) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_npv_final';
create function ecom_internal.irr_final(ecom.state) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_irr_final';
create function ecom_internal.payback_final(ecom.state) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_payback_final';

create type ecom.roi_result as (
    invested float8, returned float8, net_benefit float8, roi float8, npv float8, profitability_index float8,
    break_even_share float8, irr float8, irr_count int, mirr float8, payback float8, discounted_payback float8);
comment on type ecom.roi_result is 'A plan of costs and benefits in figures';
comment on column ecom.roi_result.invested is 'What is paid, undiscounted';
comment on column ecom.roi_result.returned is 'What comes in, undiscounted';
comment on column ecom.roi_result.net_benefit is 'returned less invested';
comment on column ecom.roi_result.roi is 'net_benefit / invested; NULL without an investment';
comment on column ecom.roi_result.npv is 'Net present value: all flows discounted to period 0';
comment on column ecom.roi_result.profitability_index is 'Present value of what comes in / of what is paid';
comment on column ecom.roi_result.break_even_share is 'Share of the inflow that would make the net present value 0';
comment on column ecom.roi_result.irr is 'Internal rate of return; NULL when there is none or more than one';
comment on column ecom.roi_result.irr_count is 'Rates at which the net present value is 0';
comment on column ecom.roi_result.mirr is 'Modified internal rate of return: paid at the discount rate, reinvested at reinvest_rate';
comment on column ecom.roi_result.payback is 'Periods until the money is back; NULL when it never is';
comment on column ecom.roi_result.discounted_payback is 'The same of discounted flows';
create function ecom_internal.roi_final(ecom.state) returns ecom.roi_result
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_roi_final';

create aggregate ecom.npv(period float8, cash_flow float8, discount_rate float8) (
    sfunc = ecom_internal.cash_flow_add, stype = ecom.state, sspace = 1024,
    combinefunc = ecom_internal.cash_flow_combine, finalfunc = ecom_internal.npv_final,
    parallel = safe
);
comment on aggregate ecom.npv(float8, float8, float8) is
'Net present value of cash flows: each divided by (1 + rate) to the power of its period, and added.
Example: SELECT ecom.npv(t, amount, 0.1) FROM (VALUES (0, -100), (1, 39), (2, 59), (3, 55), (4, 20)) f(t, amount)
period: time of the flow in periods of the rate, from 0, which is now; need not be whole. cash_flow: money spent is negative.
Rows with a NULL in either are skipped, flows of one time are added. NULL for no rows.
A negative period or a rate of -1 and less: 22023; NaN and infinity: 22003.
A flow at period 0 is not discounted; NPV of spreadsheets puts the first flow at 1. discount_rate is read from the first row.
Brealey, Myers and Allen (2020), chapter 2. Time: n log n; memory: 16 bytes a flow';

create aggregate ecom.irr(period float8, cash_flow float8) (
    sfunc = ecom_internal.cash_flow_add, stype = ecom.state, sspace = 1024,
    combinefunc = ecom_internal.cash_flow_combine, finalfunc = ecom_internal.irr_final,
    parallel = safe
);
comment on aggregate ecom.irr(float8, float8) is
'Internal rate of return: the rate at which the net present value of cash flows is 0.
Example: SELECT ecom.irr(t, amount) FROM (VALUES (0, -100), (1, 39), (2, 59), (3, 55), (4, 20)) f(t, amount)
period: time of the flow in periods of the rate, from 0, which is now; need not be whole. cash_flow: money spent is negative.
Rows with a NULL in either are skipped, flows of one time are added. NULL for no rows.
A negative period or a rate of -1 and less: 22023; NaN and infinity: 22003.
NULL when there is no such rate between -99 and 1,000 percent a period (all flows of one sign), or more than one (the sign of the
flows changes more than once): ecom.roi tells the two apart. Brealey, Myers and Allen (2020), chapter 5.
Method: all sign changes on a fine grid, polished by Alefeld, Potra and Shi (1995). Time: n a step of the grid';

create aggregate ecom.payback(period float8, cash_flow float8) (
    sfunc = ecom_internal.cash_flow_add, stype = ecom.state, sspace = 1024,
    combinefunc = ecom_internal.cash_flow_combine, finalfunc = ecom_internal.payback_final,
    parallel = safe
);
comment on aggregate ecom.payback(float8, float8) is
'Payback time: periods until what was paid has come back for good.
Example: SELECT ecom.payback(t, amount) FROM (VALUES (0, -100), (1, 39), (2, 59), (3, 55), (4, 20)) f(t, amount)
period: time of the flow in periods of the rate, from 0, which is now; need not be whole. cash_flow: money spent is negative.
Rows with a NULL in either are skipped, flows of one time are added. NULL for no rows.
A negative period or a rate of -1 and less: 22023; NaN and infinity: 22003.
Linear between two flows; 0 when nothing has to come back; NULL when it never does. When the balance falls below 0 again later,
the later time counts';

create aggregate ecom.payback(period float8, cash_flow float8, discount_rate float8) (
    sfunc = ecom_internal.cash_flow_add, stype = ecom.state, sspace = 1024,
    combinefunc = ecom_internal.cash_flow_combine, finalfunc = ecom_internal.payback_final,
    parallel = safe
);
comment on aggregate ecom.payback(float8, float8, float8) is
'Payback time of discounted cash flows; otherwise as ecom.payback(period, cash_flow).
Example: SELECT ecom.payback(t, amount, 0.1) FROM (VALUES (0, -100), (1, 39), (2, 59), (3, 55), (4, 20)) f(t, amount)
discount_rate: a period; read from the first row';

create aggregate ecom.roi(period float8, cash_flow float8, discount_rate float8) (
    sfunc = ecom_internal.cash_flow_add, stype = ecom.state, sspace = 1024,
    combinefunc = ecom_internal.cash_flow_combine, finalfunc = ecom_internal.roi_final,
    parallel = safe
);
comment on aggregate ecom.roi(float8, float8, float8) is
'A plan of costs and benefits in figures: return, net present value, rates of return, payback, break-even.
Example: SELECT (ecom.roi(t, amount, 0.1)).* FROM (VALUES (0, -100), (1, 39), (2, 59), (3, 55), (4, 20)) f(t, amount)
period: time of the flow in periods of the rate, from 0, which is now; need not be whole. cash_flow: money spent is negative.
Rows with a NULL in either are skipped, flows of one time are added. NULL for no rows.
A negative period or a rate of -1 and less: 22023; NaN and infinity: 22003.
Compare plans or scenarios with GROUP BY. Fields: see the type ecom.roi_result';

create aggregate ecom.roi(period float8, cash_flow float8, discount_rate float8, reinvest_rate float8) (
    sfunc = ecom_internal.cash_flow_add, stype = ecom.state, sspace = 1024,
    combinefunc = ecom_internal.cash_flow_combine, finalfunc = ecom_internal.roi_final,
    parallel = safe
);
comment on aggregate ecom.roi(float8, float8, float8, float8) is
'A plan in figures, with a rate of its own at which what comes in is reinvested; otherwise as ecom.roi of three arguments.
Example: SELECT (ecom.roi(t, amount, 0.1, 0.12)).mirr FROM (VALUES (0, -100), (1, 39), (2, 59), (3, 55), (4, 20)) f(t, amount)
reinvest_rate: a period; it only enters mirr';

create function ecom.roi_scenarios(
    initial_cost float8, benefit_per_period float8, periods int,
    cost_per_period float8 default 0, discount_rate float8 default 0.1,
    scenarios jsonb default '[{"scenario": "pessimistic", "probability": 0.25, "benefit": 0.7, "cost": 1.2},
                              {"scenario": "expected", "probability": 0.5, "benefit": 1, "cost": 1},
                              {"scenario": "optimistic", "probability": 0.25, "benefit": 1.2, "cost": 0.9}]')
returns table (scenario text, probability float8, invested float8, returned float8, net_benefit float8, roi float8, npv float8,
               irr float8, payback float8, discounted_payback float8, break_even_share float8)
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    total float8;
begin
    if periods is null or periods not between 1 and 1200 then
        raise exception 'number of periods must lie between 1 and 1200' using errcode = '22023',
            hint = 'Count in months or years, as the discount rate does.';
    end if;
    if initial_cost is null or benefit_per_period is null or cost_per_period is null or discount_rate is null
       or initial_cost < 0 or cost_per_period < 0 then
        raise exception 'costs, benefit and discount rate must be numbers, and costs not negative' using errcode = '22023',
            hint = 'Pass money spent as a positive number.';
    end if;
    if scenarios is null or jsonb_typeof(scenarios) <> 'array' or jsonb_array_length(scenarios) = 0 or exists (
        select from jsonb_array_elements(scenarios) e
        where jsonb_typeof(e) <> 'object' or coalesce(jsonb_typeof(e -> 'scenario'), '') <> 'string' or exists (
            select from unnest(array['probability', 'benefit', 'cost']) k
            where coalesce(jsonb_typeof(e -> k), '') <> 'number' or (e ->> k)::float8 < 0)) then
        raise exception 'scenarios must be an array of objects with scenario, probability, benefit and cost' using errcode = '22023',
            hint = 'Write [{"scenario": "expected", "probability": 1, "benefit": 1, "cost": 1}]; benefit and cost are factors from 0.';
    end if;
    select sum((e ->> 'probability')::float8) into total from jsonb_array_elements(scenarios) e;
    if abs(total - 1) > 1e-9 then
        raise exception 'probabilities of the scenarios add up to %', total using errcode = '22023',
            hint = 'Give probabilities that add up to 1.';
    end if;
    return query
        with scenario as materialized (
            select s.n, s.e ->> 'scenario' as name, (s.e ->> 'probability')::float8 as chance,
                   (s.e ->> 'benefit')::float8 as benefit, (s.e ->> 'cost')::float8 as cost
            from jsonb_array_elements(scenarios) with ordinality s (e, n)
        ), figures as materialized (
            select c.n, c.name, c.chance, ecom.roi(f.period, f.amount, roi_scenarios.discount_rate) as r
            from scenario c
            cross join lateral (
                select 0::float8 as period, -initial_cost * c.cost as amount
                union all select t::float8, benefit_per_period * c.benefit from generate_series(1, periods) t
                union all select t::float8, -cost_per_period * c.cost from generate_series(1, periods) t) f
            group by c.n, c.name, c.chance
        )
        select x.name, x.chance, (x.r).invested, (x.r).returned, (x.r).net_benefit, (x.r).roi, (x.r).npv, (x.r).irr, (x.r).payback,
               (x.r).discounted_payback, (x.r).break_even_share
        from figures x order by x.n;
end
$$;
comment on function ecom.roi_scenarios(float8, float8, int, float8, float8, jsonb) is
'What an investment is worth in several scenarios: one row per scenario, in the order given.
Example: SELECT * FROM ecom.roi_scenarios(initial_cost => 20000, benefit_per_period => 9000, periods => 3, cost_per_period => 500)
initial_cost: paid now. benefit_per_period, cost_per_period: at the end of each of the periods. discount_rate: a period.
scenarios: objects with scenario (its name), probability, and the factors benefit and cost, which multiply all benefits and all costs.
The default three are assumptions, not estimates. Expected value: SELECT sum(probability * npv). Fields: as ecom.roi_result.
Errors: 22023 for numbers, periods or probabilities without meaning.';

create function ecom.roi_montecarlo(
    initial_cost float8, benefit_per_period float8, periods int,
    cost_per_period float8 default 0, discount_rate float8 default 0.1,
    benefit_low float8 default 0.6, benefit_high float8 default 1.2, cost_low float8 default 0.9, cost_high float8 default 1.5,
    draws int default 10000, seed bigint default 1,
    out mean_npv float8, out sd_npv float8, out p05 float8, out p50 float8, out p95 float8, out probability_of_loss float8)
returns record
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_roi_montecarlo';
comment on function ecom.roi_montecarlo(
    float8, float8, int, float8, float8, float8, float8, float8, float8, int, bigint) is
'What an uncertain investment is worth: mean, spread and quantiles of its net present value, and the probability of a loss.
Example: SELECT * FROM ecom.roi_montecarlo(initial_cost => 20000, benefit_per_period => 9000, periods => 3)
initial_cost, benefit_per_period, periods, cost_per_period, discount_rate: as in ecom.roi_scenarios. benefit_low, benefit_high: the
least and the greatest factor of all benefits; cost_low, cost_high: of all costs. Each factor has a PERT distribution on its range
with its mode at 1 (Malcolm and others, 1959). draws: 100 to 10 million. seed: the same seed gives the same answer.
NULL for NULL arguments; ranges that do not hold 1: 22023. Time: linear in draws; 8 bytes a draw.';

create function ecom.roi_tornado(
    initial_cost float8, benefit_per_period float8, periods int,
    cost_per_period float8 default 0, discount_rate float8 default 0.1, spread float8 default 0.2)
returns table (input text, low_value float8, high_value float8, npv_at_low float8, npv_at_high float8, swing float8)
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if spread is null or spread <= 0 or spread >= 1 then
        raise exception 'spread must lie between 0 and 1' using errcode = '22023', hint = 'Write 20 percent up and down as 0.2.';
    end if;
    return query
        with input as (
            select * from (values
                ('initial_cost', initial_cost), ('benefit_per_period', benefit_per_period), ('cost_per_period', cost_per_period),
                ('discount_rate', discount_rate), ('periods', periods::float8)) i (name, base)
            where base is distinct from 0
        ), varied as (
            select i.name, v.side,
                   case when i.name = 'periods' then case v.side when 'low' then greatest(1, floor(i.base * (1 - spread)))
                                                                 else ceil(i.base * (1 + spread)) end
                        else i.base * (1 + case v.side when 'low' then -spread else spread end) end as value
            from input i cross join (values ('low'), ('high')) v (side)
        ), valued as (
            select d.name, d.side, d.value, (s.r).npv
            from varied d
            cross join lateral (
                select ecom.roi_scenarios(
                    case d.name when 'initial_cost' then d.value else roi_tornado.initial_cost end,
                    case d.name when 'benefit_per_period' then d.value else roi_tornado.benefit_per_period end,
                    case d.name when 'periods' then d.value::int else roi_tornado.periods end,
                    case d.name when 'cost_per_period' then d.value else roi_tornado.cost_per_period end,
                    case d.name when 'discount_rate' then d.value else roi_tornado.discount_rate end,
                    '[{"scenario": "base", "probability": 1, "benefit": 1, "cost": 1}]') as r) s
        )
        select l.name, l.value, h.value, l.npv, h.npv, abs(h.npv - l.npv)
        from valued l join valued h on h.name = l.name and h.side = 'high'
        where l.side = 'low'
        order by abs(h.npv - l.npv) desc, l.name collate "C";
end
$$;
comment on function ecom.roi_tornado(float8, float8, int, float8, float8, float8) is
'Which input decides what an investment is worth: each is moved alone, the widest swing of the net present value first.
Example: SELECT * FROM ecom.roi_tornado(initial_cost => 20000, benefit_per_period => 9000, periods => 3)
spread: share by which each input goes down and up, 0.2 for 20 percent; periods move to whole numbers. Inputs that are 0 are left
out. Other arguments and errors: as in ecom.roi_scenarios. swing: the difference that the input makes.';

-- Staff.

create function ecom.erlang_b(offered_load float8, servers int) returns float8
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_erlang_b';
comment on function ecom.erlang_b(float8, int) is
'Probability that all servers are busy when nobody may wait.
Example: SELECT ecom.erlang_b(10, 14)
offered_load: arrivals per unit of time x mean handling time, in erlangs. servers: 0 to 1 million. NULL for NULL; a load that is
negative or not finite: 22023. Erlang (1917), Poisson arrivals. Time: linear in servers.';
create function ecom.erlang_c(offered_load float8, servers int) returns float8
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_erlang_c';
comment on function ecom.erlang_c(float8, int) is
'Probability that an arrival has to wait for a server; 1 when they cannot keep up.
Example: SELECT ecom.erlang_c(10, 14)
Arguments and errors: as for ecom.erlang_b. Erlang (1917): Poisson arrivals, exponential handling times, nobody gives up.';

create function ecom.agents_needed(
    arrivals_per_hour float8, handle_seconds float8, service_level float8 default 0.8, target_seconds float8 default 20,
    max_occupancy float8 default 1,
    out agents int, out offered_load float8, out occupancy float8, out wait_probability float8, out reached_level float8,
    out mean_wait_seconds float8) returns record
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_agents_needed';
comment on function ecom.agents_needed(float8, float8, float8, float8, float8) is
'The fewest people who answer a share of arrivals within a time: 80 percent within 20 seconds unless you say otherwise.
Example: SELECT * FROM ecom.agents_needed(arrivals_per_hour => 200, handle_seconds => 240)
arrivals_per_hour: take the upper quantile of a forecast, not its mean, or half of all hours are short of staff. handle_seconds: mean
time that one arrival takes. service_level: 0 to 1, both excluded. max_occupancy: share of their time that people are busy at most.
occupancy, wait_probability, reached_level (share answered in time), mean_wait_seconds: with that many people.
No arrivals need nobody. NULL for NULL arguments; values without meaning: 22023. Erlang C; time: linear in agents.';

-- Stock.

create function ecom.eoq(demand float8, order_cost float8, holding_cost float8, supply_rate float8 default null) returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_eoq';
comment on function ecom.eoq(float8, float8, float8, float8) is
'Economic order quantity: the order size at which ordering and holding stock cost least together.
Example: SELECT ecom.eoq(demand => 1000, order_cost => 10, holding_cost => 0.5)
demand: units a period. order_cost: what one order costs, whatever its size. holding_cost: what one unit in stock costs a period.
supply_rate: units a period at which an order arrives while goods sell; NULL when it arrives at once. NULL for other NULL arguments;
negative values, a holding cost of 0 or supply not above demand: 22023. Harris (1913), Taft (1918).';

create function ecom.order_with_discounts(
    demand float8, order_cost float8, holding_rate float8, from_quantities float8[], unit_costs float8[],
    out order_quantity float8, out unit_cost float8, out total_cost float8) returns record
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_order_with_discounts';
comment on function ecom.order_with_discounts(float8, float8, float8, float8[], float8[]) is
'How much to order where larger orders are cheaper by the unit: the order with the least total cost.
Example: SELECT * FROM ecom.order_with_discounts(demand => 5000, order_cost => 49, holding_rate => 0.2,
                                        from_quantities => array[1, 1000, 2000], unit_costs => array[5, 4.8, 4.75])
demand: units a period. order_cost: what one order costs, whatever its size. holding_rate: what holding stock for a period costs, as a
share of its cost. from_quantities, unit_costs: from so many units on all of them cost so much; the first rise, the second fall.
total_cost: of goods, ordering and holding for a period. The economic quantity of each unit cost is compared with the breaks above it (Hadley
and Whitin, 1963). NULL for NULL arguments; values without meaning: 22023.';

create function ecom.reorder_point(
    demand_mean float8, demand_sd float8, lead_time float8, service_level float8 default 0.95, lead_time_sd float8 default 0,
    out demand_in_lead_time float8, out sigma float8, out safety_stock float8, out reorder_point float8) returns record
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_reorder_point';
comment on function ecom.reorder_point(float8, float8, float8, float8, float8) is
'The stock at which to order again, and the safety stock in it.
Example: SELECT * FROM ecom.reorder_point(demand_mean => 100, demand_sd => 20, lead_time => 9, service_level => 0.95, lead_time_sd => 2)
demand_mean, demand_sd: units a period. lead_time, lead_time_sd: periods from order to arrival. service_level: probability that stock
lasts until the order arrives, 0 to 1, both excluded. sigma: of the demand in the lead time. Normal demand, independent by period.
NULL for NULL arguments; values without meaning: 22023. Silver, Pyke and Thomas (2017), chapter 6.';

create function ecom.newsvendor(demand_mean float8, underage_cost float8, overage_cost float8, demand_sd float8 default null)
    returns float8
    language c immutable parallel safe as 'MODULE_PATHNAME', 'ecom_newsvendor';
comment on function ecom.newsvendor(float8, float8, float8, float8) is
'The quantity to order once for a season: enough for demand with probability underage / (underage + overage).
Example: SELECT ecom.newsvendor(demand_mean => 120, underage_cost => 0.7, overage_cost => 0.3, demand_sd => 15)
underage_cost: what a unit too few costs (the margin). overage_cost: what a unit too many costs (cost less what is left of it).
demand_sd: for normal demand; NULL for Poisson demand, where the answer is whole. NULL for other NULL arguments; negative values or
an overage cost of 0: 22023. Arrow, Harris and Marschak (1951).';

create function ecom.fill_rate(order_quantity float8, sigma float8, safety_stock float8) returns float8
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_fill_rate';
comment on function ecom.fill_rate(float8, float8, float8) is
'Share of demand that is served from stock, given the order quantity and the safety stock.
Example: SELECT ecom.fill_rate(order_quantity => 200, sigma => 30, safety_stock => 30)
sigma: standard deviation of the demand in the lead time; ecom.reorder_point gives it and the safety stock. NULL for NULL arguments;
a quantity of 0 and less: 22023. 1 less sigma times the unit normal loss over the quantity: Silver, Pyke and Thomas (2017), chapter 6.';

-- One budget, many rows.

create type ecom.choice_result as (is_chosen boolean, is_optimal boolean, max_gap float8);
comment on type ecom.choice_result is 'Whether an offer is made under a budget, and how good the whole choice is';
comment on column ecom.choice_result.is_chosen is 'True for rows that are chosen';
comment on column ecom.choice_result.is_optimal is 'True when no other choice is worth more; the same in every row';
comment on column ecom.choice_result.max_gap is 'No other choice is worth more by more than this; the same in every row';
create function ecom.choose_within_budget(value float8, cost float8, budget float8) returns ecom.choice_result
    language c immutable window parallel safe as 'MODULE_PATHNAME', 'ecom_choose_within_budget';
comment on function ecom.choose_within_budget(float8, float8, float8) is
'Which rows of a partition to pay for under one budget, so that their values add up to the most: a window function.
Example: SELECT o.name, (ecom.choose_within_budget(o.value, o.cost, 80) OVER ()).is_chosen
  FROM (VALUES (''a'', 25, 20), (''b'', 66, 30), (''c'', 50, 30), (''d'', 15, 15)) o (name, value, cost)
value: expected profit of the row, net of its cost. cost: 0 or more. Rows with a NULL, or without a positive value, are not chosen.
budget: of the whole partition, read from its first row. Equal rows are taken in the order of the window.
Exact where rows x budget in cents are at most some 300 million, by dynamic programming (Bellman, 1957); beyond that, or with
fractions of cents, greedy by value per cost (Dantzig, 1957), at most max_gap from the best. Time: n log n then.
Errors: 22023 for a negative budget or cost, 22003 for NaN and infinity.';

create type ecom.option_choice_result as (option int, is_optimal boolean, max_gap float8);
comment on type ecom.option_choice_result is 'Which option to take under a budget, and how good the whole choice is';
comment on column ecom.option_choice_result.option is 'Place of the option in the arrays, from 1; NULL for none';
comment on column ecom.option_choice_result.is_optimal is 'True when no other choice is worth more; the same in every row';
comment on column ecom.option_choice_result.max_gap is 'No other choice is worth more by more than this; the same in every row';
create function ecom.choose_option_within_budget(profits float8[], costs float8[], budget float8) returns ecom.option_choice_result
    language c immutable window parallel safe as 'MODULE_PATHNAME', 'ecom_choose_option_within_budget';
comment on function ecom.choose_option_within_budget(float8[], float8[], float8) is
'Which of several options to take for each row of a partition under one budget, for the most profit: a window function.
Example: SELECT o.name, (ecom.choose_option_within_budget(o.profits, o.costs, 40) OVER ()).option
  FROM (VALUES (''a'', array[20, 26], array[10, 30]), (''b'', array[9, 30], array[10, 20])) o (name, profits, costs)
profits: expected profit of each option, net of its cost; NULL or not above 0: not on offer. costs: as many, 0 or more.
budget: of the whole partition, read from its first row. Exact by dynamic programming where options x budget in cents, over the costs''
common divisor, are at most some 300 million and fit into memory; else greedy along the upper hulls of the options (Sinha and Zoltners, 1979): at
most max_gap from the best, which is small beside the whole when no single option costs much of the budget. Equal options are taken in the
order of the window. Rows with NULL arrays: no option. Time: n x budget, or n log n.
Errors: 22023 for a negative budget or cost, or arrays of different lengths; 22003 for infinity.';

create type ecom.allocation_result as (amount float8, response float8, marginal_response float8);
comment on type ecom.allocation_result is 'The share of a budget that one channel gets, and what it brings';
comment on column ecom.allocation_result.amount is 'What to spend on the channel';
comment on column ecom.allocation_result.response is 'Response to that amount';
comment on column ecom.allocation_result.marginal_response is 'Response to the next unit of money';
create function ecom.allocate_budget(
    beta float8, alpha float8, half_saturation float8, budget float8, low float8 default 0, high float8 default null)
    returns ecom.allocation_result
    language c immutable window parallel safe as 'MODULE_PATHNAME', 'ecom_allocate_budget';
comment on function ecom.allocate_budget(float8, float8, float8, float8, float8, float8) is
'Divides one budget among the rows of a partition, channels whose response saturates, for the most response: a window function.
Example: SELECT c.channel, (ecom.allocate_budget(c.beta, c.alpha, c.half, 200) OVER ()).*
  FROM (VALUES (''search'', 100, 1.0, 50), (''social'', 80, 0.8, 30), (''mail'', 150, 1.0, 200)) c (channel, beta, alpha, half)
Response to spend x: beta * x^alpha / (x^alpha + half_saturation^alpha), Hill (1910): beta the most that can be reached,
half_saturation the spend that reaches half of it, alpha the slope; above 1 the curve is S-shaped and small amounts are lost.
low, high: bounds of the channel; NULL: none. budget: of the whole partition, read from its first row; less is spent when all
bounds are reached. A row without a curve (NULL) gets NULL. At the optimum all channels between their bounds have the same
marginal_response. Globally best up to steps of 1/400 of the budget where a curve is S-shaped, exact where none is.
Errors: 22023 for curves, bounds or budgets without meaning, or a budget below the sum of the lower bounds; 22003 for NaN.';
