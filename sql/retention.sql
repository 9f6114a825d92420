-- Interventions, the customers on whom they pay, campaigns and what they changed.
\set SHOW_CONTEXT never
set client_min_messages = warning;
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare
    hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics hint = pg_exception_hint;
    return concat_ws(' | ', sqlstate, sqlerrm, nullif(hint, ''));
end
$$;

-- Options under one budget: the cheap for all before the dear for one; bad input.
select budget, array_agg(o.option order by o.n) as options, bool_and(o.is_optimal) as optimal, max(o.max_gap)::numeric(9,3) as gap
from unnest(array[0, 4, 18, 20, 32]) budget,
     lateral (select n, (ecom.choose_option_within_budget(array[10, 14, null], array[1, 8, 2], budget) over (order by n)).* from generate_series(1, 4) n) o
group by budget order by budget;
select (ecom.choose_option_within_budget(null, null, 5) over ()).option is null as none;
-- Costs of whole cents are chosen exactly, others within the gap that is stated.
select whole, bool_and(o.is_optimal) as optimal, sum(profits[o.option]) as profit, max(o.max_gap)::numeric(9,4) as gap, sum(costs[o.option]) <= 11 as kept
from (values (true, 0::float8), (false, 0.001)) w (whole, more),
     lateral (select c.*, (ecom.choose_option_within_budget(profits, costs, 11) over ()).*
              from (select array[n * 7 % 13 + 3, n * 11 % 17 + 5]::float8[] as profits, array[n % 4 + 1 + more, n % 5 + 3 + more]::float8[] as costs from generate_series(1, 9) n) c) o
group by whole order by whole desc;
select pg_temp.error_of(format('select ecom.choose_option_within_budget(%s) over ()', a)) as error
from unnest(array['array[1.0], array[1.0, 2], 5', 'array[1.0], array[1.0], -1', 'array[1.0], array[-1.0], 1', 'array[1.0], array[1.0], null',
                  'array[''infinity''::float8], array[1.0], 1']) a;

-- A mart with scores written by hand: 400 customers, every fourth worth nothing to keep.
select from ecom.create_mart('shop_keep');
insert into shop_keep.dim_customer (customer_id, segment) select 'c' || n, case when n % 2 = 0 then 'A' else 'B' end from generate_series(1, 400) n;
select pg_temp.error_of('select from ecom.retention_actions(''shop_keep'')');
select ecom.set_intervention('shop_keep', 'reminder', 0.1, 0.01);
select pg_temp.error_of('select from ecom.retention_actions(''shop_keep'')');
select step, rows, status, reason from ecom.refresh('shop_keep', '{retention}');
select step, rows, status from ecom.refresh('shop_keep', '{customers}');
insert into shop_keep.customer_churn (customer_key, as_of_date, churn_probability, churn_band, recency_days, revenue_amount)
select customer_key, '2026-01-01', (customer_key % 10) / 10.0 + 0.05, case when customer_key % 10 >= 6 then 'High' when customer_key % 10 >= 3 then 'Medium' else 'Low' end, 10, 1
from shop_keep.dim_customer where customer_key <> 0;
insert into shop_keep.customer_value (customer_key, as_of_date, order_day_count, p_alive, expected_order_count, expected_spend, lifetime_value, btyd_value, value_band)
select customer_key, '2026-01-01', 1, 0.5, 1, 1, v.value, v.value, 'Low' from shop_keep.dim_customer, lateral (select case when customer_key % 4 = 0 then 0.01 else 10 + customer_key % 7 * 20 end as value) v where customer_key <> 0;
select ecom.set_intervention('shop_keep', 'voucher', 2, 0.1, '{"churn_band": ["High", "Medium"]}');
select ecom.set_intervention('shop_keep', 'call for A', 4, 0.2, '{"churn_band": "High", "customer_segment": "A"}', 'campaign', 'the shop''s own');
select ecom.set_intervention('shop_keep', 'fax', 0, 1, is_active => false);
select intervention, cost_amount, save_rate, applies_to, evidence, is_active from ecom.interventions('shop_keep');

-- Each gets what earns most; the profit is p s V - c with V = lifetime value / p_alive; what does not pay is not there.
with plan as (select r.*, v.btyd_value / v.p_alive as kept, i.save_rate, i.applies_to, c.segment from ecom.retention_actions('shop_keep', holdout => 0) r
              join shop_keep.customer_value v using (customer_key) join shop_keep.dim_customer c using (customer_key) join shop_keep.intervention i on i.name = r.intervention)
select count(*) as actions, count(*) filter (where customer_key % 4 = 0) as worthless, bool_and(value_amount = kept::numeric(18,2)) as value,
       bool_and(abs(profit_amount - (churn_probability * save_rate::float8 * kept::float8 - cost_amount::float8)::numeric) < 0.006) as profit,
       bool_and(profit_amount > 0 and saved_amount - cost_amount - profit_amount between -0.011 and 0.011) as adds_up, bool_and(intervention <> 'call for A' or churn_band = 'High' and segment = 'A') as applies,
       bool_and(abs(break_even_save_rate::float8 - cost_amount::float8 / churn_probability / kept::float8) < 1e-4) as break_even,
       count(distinct intervention) as interventions, bool_and(evidence = case intervention when 'call for A' then 'campaign' else 'assumption' end) as evidence
from plan;
with best as (
    select c.customer_key, max(h.churn_probability * i.save_rate::float8 * v.btyd_value::float8 / v.p_alive - i.cost_amount::float8) as profit
    from shop_keep.customer_churn h join shop_keep.customer_value v using (customer_key) join shop_keep.dim_customer c using (customer_key)
    join shop_keep.intervention i on i.is_active and (i.name = 'reminder' or h.churn_band in ('High', 'Medium') and i.name = 'voucher'
                                                      or h.churn_band = 'High' and c.segment = 'A' and i.name = 'call for A')
    group by c.customer_key having max(h.churn_probability * i.save_rate::float8 * v.btyd_value::float8 / v.p_alive - i.cost_amount::float8) > 0)
select count(*) as customers, bool_and(abs(b.profit - r.profit_amount::float8) < 0.006) as best_taken
from best b full join ecom.retention_actions('shop_keep') r using (customer_key);

-- Budgets are kept, and more money is never worth less; hold-outs cost nothing and are the same in a second plan.
select budget, sum(cost_amount) filter (where not is_holdout) <= budget as kept, max(cumulative_cost_amount) = sum(cost_amount) filter (where not is_holdout) as cumulated,
       sum(profit_amount) >= lag(sum(profit_amount), 1, 0) over (order by budget) as worth_more, max(max_gap_amount) as gap, count(*) filter (where intervention = 'reminder') > 0 as cheap_ones
from unnest(array[5, 50, 200, 1e6]) budget, ecom.retention_actions('shop_keep', budget) group by budget order by budget;
select count(*) filter (where is_holdout)::float8 / count(*) between 0.2 and 0.4 as about_0_3,
       bool_and(is_holdout = (select s.is_holdout from ecom.retention_actions('shop_keep', holdout => 0.3) s where s.customer_key = r.customer_key)) as same,
       bool_or(is_holdout <> (select s.is_holdout from ecom.retention_actions('shop_keep', holdout => 0.3, campaign => 'other') s where s.customer_key = r.customer_key)) as other_campaign
from ecom.retention_actions('shop_keep', holdout => 0.3) r;
select count(*) as nothing from ecom.retention_actions('shop_keep', 0);
select ecom.set_setting('shop_keep', 'retention.margin_rate', '0.5');
select bool_and(r.value_amount = (0.5 * v.btyd_value / v.p_alive)::numeric(18,2)) as margin from ecom.retention_actions('shop_keep') r join shop_keep.customer_value v using (customer_key);
select ecom.set_setting('shop_keep', 'retention.margin_rate', '1');

-- A campaign: treated customers buy for 30 more. The readout finds it; a second campaign without effect is not called paid.
select treated_customers + holdout_customers = (select count(*) from ecom.retention_actions('shop_keep', null, 0.3, 'spring')) as all_in, cost_amount > 0 as cost
from ecom.start_campaign('shop_keep', 'spring', '2026-01-01', null, 0.3, 10);
select count(*) from ecom.start_campaign('shop_keep', 'nothing', '2026-01-01', null, 0.3);
create temporary table line as
select 'o' || m.customer_key as order_id, c.customer_id, date '2026-01-10' + m.customer_key % 40 as order_date, 1 as quantity,
       20 + m.customer_key % 11 + case when m.is_holdout then 0 else 30 end as unit_price
from shop_keep.campaign_member m join shop_keep.dim_customer c using (customer_key) where m.campaign = 'spring'
union all select 'last', 'c1', '2026-06-01', 1, 1;
select loaded_lines > 100 as loaded from ecom.load_sales('shop_keep', 'pg_temp.line');
select status from ecom.refresh('shop_keep', '{sales}');
select measure, difference between 25 and 35 as about_30, ci_low < 30 and ci_high > 30 as covers, p_value < 0.001 as shown, incremental_roi > 1 and roi_low < incremental_roi and roi_high > incremental_roi as roi,
       abs(incremental_total - difference * treated_customers) < 1e-6 as total, is_complete, verdict
from ecom.campaign_readout('shop_keep', 'spring');
select measure, verdict from ecom.campaign_readout('shop_keep', 'spring', 5);
select measure, is_complete, verdict from ecom.campaign_readout('shop_keep', 'spring', 300) where measure = 'profit';
select measure, cost_amount, verdict from ecom.campaign_readout('shop_keep', 'nothing', 5) where measure = 'profit';
insert into shop_keep.campaign (campaign, start_date) values ('all treated', '2026-01-01'), ('nobody', '2026-01-01');
insert into shop_keep.campaign_member (campaign, customer_key, is_holdout) select 'all treated', customer_key, false from shop_keep.dim_customer where customer_key between 1 and 20;
select measure, treated_customers, holdout_customers, verdict from ecom.campaign_readout('shop_keep', 'all treated') where measure = 'profit';
select count(*) as no_rows from ecom.campaign_readout('shop_keep', 'nobody');

-- The plan that refresh keeps.
select ecom.set_setting('shop_keep', 'retention.budget', '50');
select step, rows > 0 as wrote, status, reason from ecom.refresh('shop_keep', '{retention}', '2026-01-01');
select count(*) = (select count(*) from ecom.retention_actions('shop_keep', 50)) as same, max(cumulative_cost_amount) <= 50 as kept from shop_keep.retention_plan;
-- The interval covers a planted effect as often as it says: 100 campaigns of 400 customers with an effect of 10 on a skewed outcome.
with customer as (select seed, n, n % 4 = 0 as is_holdout, -40 * ln((hashint8extended(n, seed) & 2147483647) / 2147483648.0 + 1e-9) as spend
                  from generate_series(1, 100) seed, generate_series(1, 400) n),
     readout as (select seed, ecom.mean_test(spend + case when is_holdout then 0 else 10 end, not is_holdout) as r from customer group by seed)
select count(*) filter (where (r).ci_low <= 10 and (r).ci_high >= 10) >= 90 as covered, avg((r).difference)::numeric(9,1) between 9 and 11 as unbiased from readout;

-- What cannot be.
select pg_temp.error_of(format('select ecom.set_intervention(''shop_keep'', %s)', a)) as error
from unnest(array['''x'', -1, 0.1', '''x'', ''NaN'', 0.1', '''x'', 1, 2', '''x'', 1, null', ''''', 1, 0.1', '''x'', 1, 0.1, ''[]''', '''x'', 1, 0.1, ''{"shoe_size": "9"}''',
                  '''x'', 1, 0.1, ''{"region": 9}''', '''x'', 1, 0.1, ''{}'', ''hope''']) a;
select pg_temp.error_of(s) as error from unnest(array[
    'select ecom.drop_intervention(''shop_keep'', ''nothing'')', 'select from ecom.retention_actions(''shop_keep'', -1)', 'select from ecom.retention_actions(''shop_keep'', ''NaN'')',
    'select from ecom.retention_actions(''shop_keep'', holdout => 1)', 'select from ecom.retention_actions(''shop_keep'', holdout => null)', 'select from ecom.retention_actions(''shop_keep'', campaign => '''')',
    'select from ecom.start_campaign(''shop_keep'', ''spring'', ''2026-01-01'')', 'select from ecom.start_campaign(''shop_keep'', ''new'', null)',
    'select from ecom.campaign_readout(''shop_keep'', ''unknown'')', 'select from ecom.campaign_readout(''shop_keep'', ''spring'', 0)',
    'select from ecom.campaign_readout(''shop_keep'', ''spring'', level => 1)', 'select from ecom.campaign_readout(''shop_keep'', ''spring'', margin_rate => 2)', 'select from ecom.retention_actions(''nowhere'')']) s;
-- Names are texts, whatever they hold.
select ecom.set_intervention('shop_keep', 'it''s "50 %" $1 {x}', 0.1, 0.05, '{"customer_segment": "A'' or true --"}');
select count(*) > 0 as still_planned, count(*) filter (where intervention like 'it%') as of_nobody from ecom.retention_actions('shop_keep', 100);
select ecom.drop_intervention('shop_keep', 'it''s "50 %" $1 {x}');
drop schema shop_keep cascade;
