-- Plans for the demo shop: budget, delivery and the campaign find what was planted (docs/demo_data.md).
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

select loaded_lines from ecom.load_demo('shop_plan');
select step, status, reason from ecom.refresh('shop_plan', '{budget, delivery}');

-- Budget. What was planted, for one day: lift, half saturation in money (orders of an average day: 15000 / 731) and shape.
create table shop_plan_truth (channel text, lift float8, half float8, shape float8, carryover float8);
insert into shop_plan_truth values
    ('Paid Search', 0.40, 1.50 * 2.5 * 15000 / 731, 1.2, 0.3), ('Paid Social', 0.26, 1.00 * 2.5 * 15000 / 731, 1.0, 0.6),
    ('Display', 0.10, 0.35 * 2.0 * 15000 / 731, 1.5, 0.8);
select c.name, r.status, r.day_count, r.evidence_grade, t.carryover between r.carryover_lower and r.carryover_upper and r.carryover between r.carryover_lower and r.carryover_upper as carryover_found, r.p_value < 1e-6 as is_significant
from shop_plan.channel_response r join shop_plan.dim_channel c using (channel_key) join shop_plan_truth t on t.channel = c.name order by 1;
-- What the mean spend brings for each order of Direct, Organic Search and Email, which are 0.59 in the units of lift: within its interval.
select c.name, abs(r.response - (e.fit).mean_demand * t.lift / 0.59 / (1 + (t.half / e.day_spend) ^ t.shape)) < 2.6 * r.standard_error as curve_found
from ecom_internal.channel_evidence('shop_plan', '2026-01-01') e join shop_plan.dim_channel c using (channel_key)
join shop_plan_truth t on t.channel = c.name cross join lateral ecom.channel_response(e.fit, e.day_spend) r order by 1;
-- The plan is within 2 percent of the best there is within the same bounds, and better than the proportions of now and the plain averages.
create temporary view plan_quality as
select v.max_change, sum(v.planned) / sum(v.best) as of_best, sum(v.reference) / sum(v.best) as now_of_best, sum(v.average) / sum(v.best) as average_of_best
from (
    select q.max_change, t.lift / (1 + (t.half * 30 / p.advised_amount) ^ t.shape) as planned,
           t.lift / (1 + (t.half * 30 / p.reference_amount) ^ t.shape) as reference, t.lift / (1 + (t.half * 30 / p.average_amount) ^ t.shape) as average,
           (ecom.allocate_budget(t.lift, t.shape, t.half * 30, p.budget, p.lowest_amount, p.highest_amount) over (partition by q.max_change)).response as best
    from (values (0.3::float8), (1), (2)) q (max_change)
    cross join (select ecom_internal.all_channel_evidence('shop_plan', '2026-01-01') as evidence offset 0) e
    cross join lateral (select b.*, sum(b.reference_amount) over () as budget
                        from ecom_internal.budget_rows('shop_plan', e.evidence, null, 30, q.max_change, 0.8, '{}') b) p
    join shop_plan.dim_channel c using (channel_key) join shop_plan_truth t on t.channel = c.name) v
group by v.max_change;
select max_change, of_best > 0.98 as is_near_best, of_best > now_of_best + 0.02 as beats_now, round(average_of_best::numeric, 2) as average_of_best from plan_quality order by 1;
select channel, advice, evidence_grade, reason from shop_plan.channel_budget order by channel;
-- Bounds and budget are kept exactly, and margins are equal where no bound holds.
select abs(sum(advised_amount) - sum(reference_amount)) < 0.02 as spends_all, bool_and(advised_amount between lowest_amount and highest_amount) as within_bounds,
       bool_and(expected_revenue_amount between expected_revenue_lower and expected_revenue_upper) as has_interval,
       bool_and(abs(gain_amount - (expected_revenue_amount - reference_revenue_amount)) < 0.02) as gains_add_up, sum(gain_amount) > 0 as gains
from shop_plan.budget_plan;
select count(distinct round(marginal_revenue, 4)) as different_margins, bool_and(reason = 'equal marginal revenue') as all_free, min(gain_probability) > 0.8 as is_sure
from ecom.budget_allocation('shop_plan', max_change => 1);
select channel, advised_amount, reason from ecom.budget_allocation('shop_plan', budget => 4000, bounds => '{"Display": {"min": 500, "max": 500}, "Paid Social": {"max": 900}}')
where channel <> 'Paid Search';
select sum(advised_amount) from ecom.budget_allocation('shop_plan', budget => 3500, bounds => '{"Display": {"min": 500, "max": 500}, "Paid Social": {"max": 900}, "Paid Search": {"max": 5000}}');
-- More than the channels can take is not spent.
select sum(advised_amount) < 20000 as is_unspent, bool_and(reason in ('as much as was spent in a week before', 'as much as is allowed')) as says_so
from ecom.budget_allocation('shop_plan', budget => 20000);

select pg_temp.error_of('select * from ecom.budget_allocation(''shop_plan'', budget => 900, bounds => ''{"Display": {"min": 600}, "Paid Search": {"min": 600}}'')');

-- Delivery: 0.28 of a point for each day, and Parcelo in the West takes 2.5 days more.
select day_effect_lower < -0.28 and -0.28 < day_effect_upper as effect_found, evidence_grade, late_effect_upper < 0 as late_is_worse
from shop_plan.delivery_effect where region = 'All' and carrier = 'All';
select count(*) filter (where region <> 'All' and carrier <> 'All') as pairs, count(*) filter (where region = 'All') as of_carriers, count(*) as all from shop_plan.delivery_effect;
select region, carrier, excess_days_lower < 2.5 and 2.5 < excess_days_upper as problem_found from shop_plan.delivery_performance order by excess_days desc nulls last limit 1;
select region, advice, advised_carrier, advised_on_time_rate_lower >= 0.8 as is_reliable, evidence_grade from shop_plan.delivery_plan order by region;
-- No other assignment that meets the target is cheaper.
with offer as (
    select p.region, p.carrier, p.on_time_rate_lower as rate, s.cost_amount::float8 as cost, sum(p.order_count) over (partition by p.region)::float8 as orders
    from shop_plan.delivery_performance p join shop_plan.shipping_cost s using (carrier) where p.on_time_rate >= 0.8),
tried as (
    select a.orders * a.cost + b.orders * b.cost + c.orders * c.cost + d.orders * d.cost as cost, array[a.carrier, b.carrier, c.carrier, d.carrier] as carriers
    from offer a, offer b, offer c, offer d
    where a.region = 'East' and b.region = 'North' and c.region = 'South' and d.region = 'West'
      and (a.orders * a.rate + b.orders * b.rate + c.orders * c.rate + d.orders * d.rate) / (a.orders + b.orders + c.orders + d.orders) >= 0.9)
select (select t.carriers from tried t order by t.cost limit 1) = (select array_agg(p.advised_carrier order by p.region) from shop_plan.delivery_plan p) as is_cheapest,
       (select max(plan_on_time_rate_lower) >= 0.9 from shop_plan.delivery_plan) as meets_target;
select ecom.set_shipping_cost('shop_plan', 'Northline', 4.90, capacity => 300);
select ecom.set_shipping_cost('shop_plan', 'Parcelo', null);
select carrier, region, cost_amount, capacity, evidence from ecom.shipping_costs('shop_plan');
select status, reason from ecom.refresh('shop_plan', '{delivery}');
select sum(order_count) filter (where advised_carrier = 'Northline') <= 300 as within_capacity, count(*) filter (where advised_carrier = 'Swiftline') > 1 as others_step_in,
       count(current_cost_amount) as costs_known from shop_plan.delivery_plan;
select ecom.set_setting('shop_plan', 'delivery.target_rate', '1');
select status, reason from ecom.refresh('shop_plan', '{delivery}');
select region, advice, advised_carrier is null as recommends_nothing, left(reason, 41) as reason from shop_plan.delivery_plan order by region limit 1;
delete from shop_plan.shipping_cost;
select reason from ecom.refresh('shop_plan', '{delivery}');
select distinct reason from shop_plan.delivery_plan;
-- A region without an offer leaves the others planned; a shipping method without a carrier is its own.
select ecom.set_setting('shop_plan', 'delivery.target_rate', '0.8');
update shop_plan.dim_shipping_method set carrier = 'Unknown' where shipping_method_key = 1;
select count(ecom.set_shipping_cost('shop_plan', p.carrier, 5, p.region)) as costs from shop_plan.delivery_performance p where p.region not in ('West', 'Unknown') and p.carrier <> 'Parcelo';
select count(ecom.set_shipping_cost('shop_plan', m.name, 6)) as costs from shop_plan.dim_shipping_method m where m.shipping_method_key = 1;
select ecom.set_shipping_cost('shop_plan', (select m.name from shop_plan.dim_shipping_method m where m.shipping_method_key = 1), null);
select status, reason from ecom.refresh('shop_plan', '{delivery}');
select p.region = 'West' as is_west, bool_and(p.advised_carrier is not null) as are_planned, min(p.reason) filter (where p.region = 'West') as reason
from shop_plan.delivery_plan p group by 1 order by 1;

-- Nothing to plan with.
delete from shop_plan.fact_marketing_spend;
select status, reason from ecom.refresh('shop_plan', '{budget}');
select count(*) from shop_plan.budget_plan;
insert into shop_plan.fact_marketing_spend (spend_date_key, channel_key, spend_amount)
select d.date_key, c.channel_key, 50 from shop_plan.dim_date d, shop_plan.dim_channel c where d.year = 2025 and c.name in ('Display', 'Paid Search');
select status, reason from ecom.refresh('shop_plan', '{budget}');
select channel, advice, current_amount, advised_amount, evidence_grade, reason from shop_plan.channel_budget order by 1;

-- Sentences about plans: every figure is in what the evidence returns.
create function pg_temp.figures(content text) returns setof text language sql immutable as
$$ select distinct m[1] from regexp_matches(regexp_replace(content, '(\d),(?=\d{3})', '\1', 'g'), '(\d+(?:\.\d+)?)', 'g') m $$;
create function pg_temp.unproven(insight text, evidence_sql text) returns text language plpgsql as $$
declare
    returned text;
begin
    execute format('select string_agg(to_jsonb(e)::text, '' '') from (%s) e', evidence_sql) into returned;
    return (select string_agg(f, ', ' order by f) from pg_temp.figures(insight) f where f not in (select pg_temp.figures(returned)));
end
$$;
select loaded_lines from ecom.load_demo('shop_lots', 700, 4500);
select ecom.set_setting('shop_lots', 'staff.handling_seconds', '7200'), ecom.set_setting('shop_lots', 'budget.min_gain_probability', '0.6');
select step, status from ecom.refresh('shop_lots', '{sales, product_classes, churn, value, price, stock, staff, delivery, budget, retention}');
-- Each plan that was written has its sentence.
select p.name as plan from unnest(array['retention_plan', 'price_advice', 'stock_plan', 'staff_plan', 'budget_plan', 'delivery_plan', 'delivery_performance']) p (name)
where not exists (select from ecom.insights('shop_lots', n => 100) i where i.kind = 'plan' and i.metric = p.name) order by 1;
select metric, pg_temp.unproven(insight, evidence_sql) is null as is_proven, insight ~ '^[A-Z].*\.$' and score between 0 and 1 as is_sentence
from ecom.insights('shop_lots', n => 100) where kind = 'plan' order by 1;
-- What is not known is not told: an order without a cost, a change of carrier without one, a delay that chance explains.
begin;
update shop_lots.stock_plan set order_amount = null where product_key = (select min(product_key) from shop_lots.stock_plan where status = 'order now');
update shop_lots.delivery_plan set advice = 'change', advised_carrier = coalesce(advised_carrier, 'A'), plan_on_time_rate_lower = 0.9,
       cost_change_amount = case region when 'East' then null when 'West' then -30 else 10 end;
create temporary view told as
select metric, regexp_replace(insight, ' \(.*?\)', '') as insight, pg_temp.unproven(insight, evidence_sql) is null as is_proven, evidence_sql, i.insight as whole
from ecom.insights('shop_lots', n => 100) i where kind = 'plan' and metric in ('stock_plan', 'delivery_plan', 'delivery_performance');
select metric, is_proven from told order by metric;
select insight ~ format('; what is due of %s of them costs ', c.costed) as says_of_how_many, c.costed = c.products - 1 as one_is_unknown
from told, (select count(*) as products, count(order_amount) as costed from shop_lots.stock_plan where status = 'order now') c where metric = 'stock_plan';
select insight, whole ~ 'West to ' as names_the_known, whole ~ 'East to ' as names_the_unknown from told where metric = 'delivery_plan';
update shop_lots.delivery_plan set cost_change_amount = null;
update shop_lots.delivery_performance set excess_days_lower = -0.1, excess_days = 3;
select count(*) from told where metric like 'delivery%';
rollback;
-- A plan of December says nothing about June.
select count(*) from ecom.insights('shop_lots', '2025-06-01', '2025-06-30', 100) where kind = 'plan';
-- Plans by name.
select (select count(*) from shop_lots.product_price_advice) = (select count(*) from shop_lots.price_advice) as prices,
       (select count(*) from shop_lots.product_stock_plan) = (select count(*) from shop_lots.stock_plan) as stocks,
       (select count(*) from shop_lots.customer_retention_plan) = (select count(*) from shop_lots.retention_plan) as customers;
-- Prices by satisfaction, apart from those by demand.
select advice, bool_and(advised_price > current_price) as dearer, bool_and(ci_low >= 4.0) as liked, bool_and(ci_high <= 3.7) as disliked,
       bool_and(revenue_change between revenue_change_lower and revenue_change_upper) as has_interval
from ecom.satisfaction_price_advice('shop_lots', lower_to => 3.7, min_scores => 10) group by 1 order by 1;
select count(*) > 0 as some, bool_and(advised_price is null and reason like '%are needed') as silent from ecom.satisfaction_price_advice('shop_lots', min_scores => 1000);

-- The campaign: the planted effect by segment, and 100 campaigns of other seeds on the same orders whose intervals cover theirs.
select measure, is_complete, verdict from ecom.campaign_readout('shop_lots', 'autumn voucher') order by measure collate "C";
select c.segment, abs(avg(m.is_buyer) filter (where not m.is_holdout) - avg(m.is_buyer) filter (where m.is_holdout) - t.effect)
       < 2.6 * sqrt(var_samp(m.is_buyer) / count(*) filter (where m.is_holdout) + var_samp(m.is_buyer) / count(*) filter (where not m.is_holdout)) as effect_found
from (select x.*, exists (select from shop_lots.fact_sales f where f.customer_key = x.customer_key and not f.is_return and f.ordered_at >= '2025-10-02'
                          and f.ordered_at < '2025-12-31')::int as is_buyer
      from shop_lots.campaign_member x) m
join shop_lots.dim_customer c using (customer_key) join (values ('Premium', 0), ('Regular', 0.08), ('Budget', 0.16)) t (segment, effect) using (segment)
group by c.segment, t.effect order by 1;
create function shop_lots_covered(seeds int) returns bigint language plpgsql as $$
begin
    for i in 1..seeds loop
        perform ecom_internal.plant_campaign('shop_lots', 'c' || i, '2025-10-02', i);
    end loop;
    -- 0.16 of Budget and 0.08 of Regular customers, by their shares among the members.
    return (select count(*) from generate_series(1, seeds) i
            cross join lateral (select * from ecom.campaign_readout('shop_lots', 'c' || i) r where r.measure = 'customers without an order') r
            where (select -avg(case c.segment when 'Budget' then 0.16 when 'Regular' then 0.08 else 0 end)
                   from shop_lots.campaign_member m join shop_lots.dim_customer c using (customer_key) where m.campaign = 'c' || i) between r.ci_low and r.ci_high);
end
$$;
select shop_lots_covered(100) >= 90 as covers_the_planted_effect;

-- Whom the campaign changed: a model in the store, scores of today's customers, a verdict that does not promise more than the trial shows.
select model_name, version, treated_customers + holdout_customers = (select count(*) from shop_lots.campaign_member where campaign = 'autumn voucher') as is_whole,
       qini between ci_low and ci_high as has_interval, verdict from ecom.fit_campaign_uplift('shop_lots', 'autumn voucher');
select version, treated_customers > 0 as fitted_again from ecom.fit_campaign_uplift('shop_lots', 'autumn voucher');
select count(*) as customers, bool_and(uplift between -1 and 1) as are_differences, bool_and(uplift <= lag) is not false as are_ranked
from (select u.*, lag(u.uplift) over (order by u.uplift_rank) as lag from ecom.campaign_uplift('shop_lots', 'autumn voucher', 20) u) u;
-- One that works for Budget customers only, and for three of four of them, is found.
insert into shop_lots.campaign (campaign, start_date) values ('for budgets', '2025-10-02');
insert into shop_lots.campaign_member (campaign, customer_key, is_holdout)
select 'for budgets', m.customer_key, case when c.segment = 'Budget' and m.customer_key % 4 > 0 then not b.is_buyer else m.customer_key % 2 = 0 end
from shop_lots.campaign_member m join shop_lots.dim_customer c using (customer_key)
cross join lateral (select exists (select from shop_lots.fact_order o where o.customer_key = m.customer_key and o.order_count > 0 and o.order_date_key between 20251002 and 20251230)) b (is_buyer)
where m.campaign = 'autumn voucher';
select verdict, p_value < 0.001 as is_sure, effect > 0.1 as works from ecom.fit_campaign_uplift('shop_lots', 'for budgets', options => '{"method": "logistic", "l2": 30}');
-- What else is left out leaves the outcome out, too.
select verdict from ecom.fit_campaign_uplift('shop_lots', 'for budgets', options => '{"method": "logistic", "l2": 30, "exclude": ["region"]}');
select v.parameters -> 'options' as options, count(*) > 5 as has_features, bool_or(f.feature ~ 'is_buyer|is_treated|fold|customer_key|^region') as has_left_out
from shop_lots.model v, ecom.feature_importance(v.model) f where v.name = 'uplift of for budgets' and v.is_current group by 1;
select customer_segment, count(*) > 10 as several from ecom.campaign_uplift('shop_lots', 'for budgets', 30) group by 1 order by count(*) desc limit 1;

select s, pg_temp.error_of(s) from unnest(array[
    'select * from ecom.fit_campaign_uplift(''shop_lots'', ''nothing'')', 'select * from ecom.fit_campaign_uplift(''shop_lots'', ''autumn voucher'', 0)',
    'select * from ecom.campaign_uplift(''shop_lots'', ''c1'')', 'select * from ecom.campaign_uplift(''shop_lots'', ''autumn voucher'', -1)',
    'select * from ecom.fit_campaign_uplift(''shop_plan'', ''autumn voucher'', 1)',
    'select * from ecom.budget_allocation(''shop_plan'', budget => 0)', 'select * from ecom.budget_allocation(''shop_plan'', budget => -5)',
    'select * from ecom.budget_allocation(''shop_plan'', days => 0)', 'select * from ecom.budget_allocation(''shop_plan'', max_change => 0)',
    'select * from ecom.budget_allocation(''shop_plan'', bounds => ''[]'')', 'select * from ecom.budget_allocation(''shop_plan'', bounds => ''{"Radio": {"min": 1}}'')',
    'select * from ecom.budget_allocation(''shop_plan'', bounds => ''{"Display": {"min": 9, "max": 1}}'')',
    'select * from ecom.budget_allocation(''shop_plan'', bounds => ''{"Display": {"least": 9}}'')', 'select * from ecom.budget_allocation(''shop_plan'', bounds => ''{"Display": 9}'')',
    'select * from ecom.satisfaction_price_advice(''shop_plan'', change => 0)', 'select * from ecom.satisfaction_price_advice(''shop_plan'', raise_from => 2)',
    'select * from ecom.satisfaction_price_advice(''shop_plan'', min_scores => 1)', 'select ecom.set_shipping_cost(''shop_plan'', ''Pigeon'', 1)', 'select ecom.set_shipping_cost(''shop_plan'', ''Parcelo'', -1)',
    'select ecom.set_shipping_cost(''shop_plan'', ''Parcelo'', 1, ''West'', 5)', 'select ecom.set_shipping_cost(''shop_plan'', ''Parcelo'', 1, evidence => ''hearsay'')',
    'select ecom.set_shipping_cost(''shop_plan'', ''Parcelo'', 1, ''Atlantis'')', 'select ecom.set_shipping_cost(''shop_plan'', null, 1)']) s;
drop schema shop_plan, shop_lots cascade;
drop function shop_lots_covered(int);
drop table shop_plan_truth cascade;
