-- Responses of channels to spend, cheapest assignments, uplift: primitives over any query.
set client_min_messages = warning;
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

-- A curve without noise is found again; demand takes the season away, rows may come in any order, gaps are periods without spend.
create temporary table week as
with recursive spend as (
    select t, case when t % 13 < 3 then 0 else (t * 7 % 11)::float8 end as x from generate_series(1, 156) t),
stock (t, x, a) as (
    select t, x, x from spend where t = 1
    union all select s.t, s.x, s.x + 0.4 * k.a from stock k join spend s on s.t = k.t + 1)
select t, x, 1 + 0.5 * sin(t / 8.0) as w, (1 + 0.5 * sin(t / 8.0)) * (50 + 200 * a ^ 1.3 / (a ^ 1.3 + 9 ^ 1.3)) as y from stock;
select (f).status, (f).periods, round((f).base::numeric, 1) as base, round((f).beta::numeric, 0) as beta, round((f).carryover::numeric, 2) as carryover,
       round((f).half_saturation::numeric, 1) as half, round((f).shape::numeric, 2) as shape, round((f).half_spend::numeric, 1) as half_spend, round((f).r2::numeric, 3) as r2
from (select ecom.channel_response_fit(t, x, y, w) as f from week) s;
select (a.f).beta = (b.f).beta and (a.f).covariance = (b.f).covariance as same_in_any_order
from (select ecom.channel_response_fit(t, x, y, w order by t desc) as f from week) a, (select ecom.channel_response_fit(t, x, y, w order by y) as f from week) b;
select round((f).carryover::numeric, 2) as carryover from (select ecom.channel_response_fit(t, x, y, w) as f from week where x > 0) s;
select abs((f).carryover - 0.4) > 0.02 as season_misleads from (select ecom.channel_response_fit(t, x, y) as f from week) s;
-- What a steady spend brings, and the next unit of money.
select round(r.response::numeric, 0) as response, abs(r.marginal_response - (n.response - r.response) / 0.001) < 0.01 as is_slope, round(r.gain::numeric, 0) as gain
from (select ecom.channel_response_fit(t, x, y, w) as f from week) s, ecom.channel_response(s.f, 6, 5) r, ecom.channel_response(s.f, 6.001) n;
select r.gain_error < r.standard_error as shares_the_curve from (select ecom.channel_response_fit(t, x, y + w * 12 * sin(t * t / 7.0), w) as f from week) s, ecom.channel_response(s.f, 6, 5) r;
select r.response is null and r.gain is null as no_curve_no_response from ecom.channel_response(null, 5) r;
-- Robyn's documented curve: adstock 100, 150, 170, 190, 200 of a half saturation of 100 and shape 3.
select a, round(r.response::numeric, 12) as response
from unnest(array[100, 150, 170, 190, 200]) a,
     ecom.channel_response(row ('fitted', 0, 0, 0, 1, 0, 1, 0, 0, 0, 100, 3, 100, 0, 0, null)::ecom.channel_response_result, a) r;
-- No curve where the data support none.
select v.name, (ecom.channel_response_fit(t, v.x, v.y)).status
from generate_series(1, 60) t cross join lateral (values ('constant spend', 50::float8, (t % 7)::float8), ('no spend', 0, t % 7), ('no answer', t % 5, 3),
    ('short', case when t < 20 then t % 5 end, case when t < 20 then t % 7 end)) v (name, x, y) group by 1 order by 1;
select ecom.channel_response_fit(t, x, y) from week where false;
-- The interval of the carryover holds what was planted, though errors go together; without noise it has no width.
select (f).carryover_low < 0.4 and (f).carryover_high > 0.4 as holds, (f).carryover between (f).carryover_low and (f).carryover_high as inside,
       (f).carryover_high - (f).carryover_low between 0.01 and 0.5 as has_width
from (select ecom.channel_response_fit(t, x, y + w * 12 * sin(t * t / 7.0) + 8 * sin(t / 3.0), w) as f from week) s;
select (f).carryover_high - (f).carryover_low < 0.01 as is_narrow from (select ecom.channel_response_fit(t, x, y, w) as f from week) s;

-- Assignments.
select c.place, c.option from (
    select a.*, ecom.assign_cheapest(a.place, a.option, 1, a.cost, 1, 0, 1) over () as r
    from (values (1, 1, 4), (1, 2, 1), (1, 3, 3), (2, 1, 2), (2, 2, 0), (2, 3, 5), (3, 1, 3), (3, 2, 2), (3, 3, 2)) a (place, option, cost)) c
where (c.r).is_chosen and (c.r).total_cost = 5 and (c.r).is_optimal order by 1;
create temporary table offer as
select * from (values (1, 1, 100, 4.0, 0.85), (1, 2, 100, 5.0, 0.97), (2, 1, 50, 4.0, 0.95), (2, 2, 50, 5.0, null)) o (place, option, n, cost, rate);
select t.target, o.place, o.option, (o.r).is_feasible, round((o.r).total_cost::numeric, 2) as total_cost, round((o.r).total_quality::numeric, 4) as total_quality
from (values (0), (0.9), (0.99)) t (target)
cross join lateral (select f.*, ecom.assign_cheapest(f.place, f.option, f.n, f.cost, f.rate, t.target) over () as r from offer f) o
where (o.r).is_chosen or t.target = 0.99 order by 1, 2, 3;
select bool_or((r).is_feasible) as fits from (select ecom.assign_cheapest(place, option, n, cost, rate, 0, 80) over () as r from offer) s;

-- Split deliveries: the same costs at most, the target met exactly where it costs something, capacities kept; textbook cases.
select t.target, o.place, o.option, round((o.r).amount::numeric, 4) as amount, round((o.r).total_cost::numeric, 4) as total_cost, round((o.r).total_quality::numeric, 4) as total_quality,
       round((o.r).quality_price::numeric, 4) as quality_price
from (values (0), (0.9)) t (target)
cross join lateral (select f.*, ecom.transport_cheapest(f.place, f.option, f.n, f.cost, f.rate, t.target) over () as r from offer f) o
where (o.r).amount > 0 order by 1, 2, 3;
select bool_or((r).is_feasible) as fits, round(max((r).total_quality)::numeric, 4) as best from (select ecom.transport_cheapest(place, option, n, cost, rate, 0.99) over () as r from offer) s;
select bool_or((r).is_feasible) as fits, max((r).total_cost) is null as no_cost from (select ecom.transport_cheapest(place, option, n, cost, rate, 0, 70) over () as r from offer) s;
select max((r).total_cost) as executive_furniture
from (select ecom.transport_cheapest(j, i, (array[300, 200, 200])[j], c, 1, 0, (array[100, 300, 300])[i]) over () as r
      from (values (1, array[5, 4, 3]), (2, array[8, 4, 3]), (3, array[9, 7, 5])) m (i, costs) cross join lateral unnest(costs) with ordinality x (c, j)) s;

-- Sites: four towns, one or two of them with a warehouse.
create temporary table town as
select p::bigint as place, s as site, (array[15, 10, 12, 18])[p] as weight, d::float8 as distance
from (values (1, array[0, 3, 4, 5]), (2, array[3, 0, 6, 4]), (3, array[4, 6, 0, 2]), (4, array[5, 4, 2, 0])) m (p, ds) cross join lateral unnest(ds) with ordinality x (d, s);
select n, array_agg(distinct site) filter (where (r).is_open) as opened, array_agg(site order by place) filter (where (r).is_chosen) as serves, max((r).total) as total,
       bool_and((r).is_optimal) as optimal, max((r).max_gap) as gap
from (values (1), (2), (9)) k (n) cross join lateral (select t.*, ecom.choose_sites(place, site, weight, distance, k.n) over () as r from town t) o group by n order by n;
select bool_or((r).is_feasible) as fits, bool_or((r).is_open) as opens from (select ecom.choose_sites(place, site, weight, case when place = site then distance end, 2) over () as r from town) s;

-- Uplift: the model knows whom a treatment helps, and the Qini measure says so on rows it has not seen.
create temporary table trial as
select i, i % 2 = 0 as treated, x, kind, hashint4(i) & 1023 < 300 + case when i % 2 = 0 then case kind when 'a' then 250 when 'b' then 0 else -150 end else 0 end as outcome
from (select i, (hashint4(i * 7) & 255)::float8 as x, (array['a', 'b', 'c'])[1 + (hashint4(-i) & 1023) % 3] as kind from generate_series(1, 6000) i) s;
create temporary table model as
select m.method, ecom.uplift_fit(t.treated, t.outcome, f, jsonb_build_object('method', m.method)) as model
from (values ('logistic'), ('forest')) m (method), trial t, lateral (select t.x, t.kind) f where t.i <= 4000 group by 1;
select m.method, k.kind, round(ecom.predict(m.model, f)::numeric, 1) as uplift
from model m, (values ('a'), ('b'), ('c')) k (kind), lateral (select 100::float8 as x, k.kind) f where m.method = 'logistic' order by 1, 2;
select m.method, (q.q).treated, (q.q).held_out, (q.q).ci_low > 0 as ranks_better, (q.q).p_value < 0.001 as is_sure, (q.q).qini between (q.q).ci_low and (q.q).ci_high as inside
from model m cross join lateral (
    select ecom.qini(t.treated, t.outcome::int, ecom.predict(m.model, f)) as q from trial t, lateral (select t.x, t.kind) f where t.i > 4000) q order by 1;
select (q).ci_low < 0 and (q).ci_high > 0 as chance_is_chance from (select ecom.qini(treated, outcome::int, x) as q from trial) s;
select round((r.gain - r.random_gain)::numeric) > 50 as bends, r.share from (select ecom.uplift_agg(treated, outcome::int, case kind when 'a' then 2 when 'b' then 1 else 0 end) as s from trial) a,
       ecom.qini_rows(a.s, 3) r where r.share < 1;
select ecom.model_info(m.model) ->> 'kind' as kind, ecom.model_info(m.model) ->> 'learner' as learner,
       ecom.predict(m.model, f) = ecom.predict(m.model::text::ecom.model, f) as survives_text,
       (select abs(sum(e.contribution) + min(e.base) - min(e.prediction)) < 1e-9 from ecom.explain(m.model, f) e) as adds_up
from model m, (select 100::float8 as x, 'a' as kind) f order by m.method;
-- By hand.
select (q).qini, (q).area, (q).random_area, (q).effect from (select ecom.qini(t, y, s) as q from (values (true, 1, 9), (false, 0, 8), (true, 1, 7), (false, 1, 6)) v (t, y, s)) s;

select s, pg_temp.error_of(s) from unnest(array[
    'select ecom.channel_response_fit(1, -1, 1)', 'select ecom.channel_response_fit(1, 1, 1, -1)', 'select ecom.channel_response_fit(1, 1, ''NaN'')',
    'select ecom.channel_response_fit(1, ''Infinity'', 1)',
    'select r.* from (select ecom.channel_response_fit(t, x, y, w) as f from week) s, ecom.channel_response(s.f, -1) r',
    'select ecom.assign_cheapest(place, option, n, cost, rate, 2) over () from offer', 'select ecom.assign_cheapest(place, option, n, cost, rate, null) over () from offer',
    'select ecom.assign_cheapest(null, option, n, cost, rate, 0) over () from offer', 'select ecom.assign_cheapest(place, option, n + option, cost, rate, 0) over () from offer',
    'select ecom.assign_cheapest(place, option, n, -cost, rate, 0) over () from offer',
    'select ecom.transport_cheapest(place, option, n, cost, rate, -1) over () from offer', 'select ecom.transport_cheapest(place, option, n, cost, rate, 0, -1) over () from offer',
    'select ecom.transport_cheapest(place, null, n, cost, rate, 0) over () from offer', 'select ecom.choose_sites(place, site, weight, distance, 0) over () from town',
    'select ecom.choose_sites(place, site, weight, distance, null) over () from town', 'select ecom.choose_sites(1, site, weight, distance, 1) over () from town',
    'select ecom.choose_sites(place, site, weight + site, distance, 1) over () from town', 'select ecom.choose_sites(place, site, weight, -1, 1) over () from town',
    'select ecom.qini(true, ''NaN'', 1)', 'select ecom.qini(true, 1, 1, 1)',
    'select count(*) from (select ecom.uplift_agg(i % 2 = 0, 1, i) as s from generate_series(1, 4) i) a, ecom.qini_rows(a.s, 0) r',
    'select ecom.uplift_fit(true, true, t) from (select 1 as x) t', 'select ecom.uplift_fit(t.treated, t.outcome, f, ''{"method": "magic"}'') from trial t, lateral (select t.x) f',
    'select ecom.predict_prob(model, f) from model, (select 1::float8 as x, ''a'' as kind) f']) s;
