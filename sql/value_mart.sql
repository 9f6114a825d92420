-- Expected customer value over a mart: models, hold-out, table, look-ups.
set client_min_messages = warning;
\set SHOW_CONTEXT never
select from ecom.create_mart('value_shop');
select step, rows, status, reason from ecom.refresh('value_shop', '{value}');
select count(*) from ecom.customer_value('value_shop', 1);
select capability, needed, have, is_ready, reason from ecom.readiness('value_shop') where capability like 'customer_value%';
select loaded_lines > 0 as is_loaded from ecom.load_demo('value_shop', 400, 5000, 24, 3);
select step, status, reason from ecom.refresh('value_shop', '{sales,value}');
select capability, is_ready from ecom.readiness('value_shop') where capability like 'customer_value%';

-- Every known customer with an order has a row, and no other.
select (select count(*) from value_shop.customer_value) = count(distinct customer_key) as all_customers, (select bool_and(as_of_date = day) from value_shop.customer_value) as as_of
from value_shop.fact_order, (select max(ordered_at)::date + 1 as day from value_shop.fact_sales) d where customer_key <> 0 and order_count > 0 group by day;
select bool_and(p_alive between 0 and 1 and expected_order_count >= 0 and expected_spend > 0 and lifetime_value >= 0) as in_range,
       bool_and(next_order_earliest_date >= as_of_date and next_order_earliest_date <= next_order_date and next_order_latest_date is distinct from null) as dates,
       bool_and(btyd_value <= expected_order_count * expected_spend::float8 + 0.001) as discounted, bool_and(forest_value >= 0) as forest
from value_shop.customer_value;
-- The same from the functions that the models are for.
with h as (select customer_key, (ecom.order_history(ordered_at::date, revenue_amount::float8, (select max(as_of_date) - 1 from value_shop.customer_value), 'day')).*
           from value_shop.fact_order where customer_key <> 0 and order_count > 0 group by customer_key),
m as (select ecom.current_model('value_shop', 'value.orders') as orders, ecom.current_model('value_shop', 'value.spend') as spend)
select count(*) > 300 as many, count(*) filter (where v.order_day_count <> h.frequency + 1) as other_days,
       bool_and(abs(v.p_alive - ecom.p_alive(orders, frequency, recency, age)) < 1e-12) as p_alive,
       bool_and(abs(v.expected_order_count - ecom.expected_purchases(orders, frequency, recency, age, 365)) < 1e-9) as orders,
       bool_and(abs(v.btyd_value - ecom.customer_lifetime_value(orders, spend, frequency, recency, age, h.mean_spend, 12, 365 / 12.0, 1.1 ^ (365 / 12.0 / 365.25) - 1)) < 0.001) as value,
       bool_and(v.next_order_latest_date = (ecom.next_order(orders, frequency, recency, age, v.as_of_date - 1)).latest_date) as next_order
from value_shop.customer_value v join h using (customer_key), m where h.mean_spend > 0 or h.frequency = 0;

-- Models with versions and what they did on days that they had not seen: better than expecting the mean of everybody.
select name, version, is_current, kind, parameters, (metrics ->> 'holdout_mae')::float8 < (metrics ->> 'holdout_baseline_mae')::float8 as better_mae,
       (metrics ->> 'holdout_rmse')::float8 < (metrics ->> 'holdout_baseline_rmse')::float8 as better_rmse,
       (metrics ->> 'holdout_expected_orders')::float8 / (metrics ->> 'holdout_orders')::float8 between 0.75 and 1.25 as total, metrics ->> 'status' as status
from ecom.model_versions('value_shop') where name in ('value.orders', 'value.spend');
-- The forest: of what was known a horizon ago, with what has come since; the blend is no worse than either on customers that it has not seen.
select version, is_current, kind, parameters, (metrics ->> 'holdout_rmse')::float8 < (metrics ->> 'baseline_rmse')::float8 as better,
       (metrics ->> 'blend_rmse')::float8 <= least((metrics ->> 'holdout_rmse')::float8, (metrics ->> 'btyd_rmse')::float8) + 1e-9 as blend, (metrics ->> 'forest_weight')::float8 between 0 and 1 as weight,
       (metrics ->> 'customers')::int = (select count(distinct customer_key) from value_shop.fact_order where customer_key <> 0 and order_count > 0 and ordered_at < '2025-01-01') as same_customers
from ecom.model_versions('value_shop', 'value.forest');
select bool_and(abs(v.lifetime_value - (w * v.forest_value + (1 - w) * v.btyd_value)) < 0.001) as blended
from value_shop.customer_value v, (select (metrics ->> 'forest_weight')::numeric as w from ecom.model_versions('value_shop', 'value.forest')) m;
begin;
-- Labels are what came after the cut-off, discounted month by month; features know nothing of it.
create temporary table ecom_value_day as select customer_key, ordered_at::date as day, sum(revenue_amount) as amount from value_shop.fact_order where customer_key <> 0 and order_count > 0 group by 1, 2;
select from ecom_internal.write_value_training('value_shop', '2025-01-01', 365 / 12.0, 0.008, 5);
create temporary table training as table ecom_value_training;
select max(abs(t.brought - coalesce(o.brought, 0))) < 1e-6 as brought, count(o.customer_key) > 100 as many, count(distinct t.fold) as folds
from training t left join (select customer_key, sum(amount::float8 / 1.008 ^ ceil((day - date '2024-12-31') / (365 / 12.0))) as brought from ecom_value_day where day >= '2025-01-01' group by 1) o using (customer_key);
delete from value_shop.fact_order where ordered_at >= '2025-01-01';
drop table ecom_value_training;
select from ecom_internal.write_value_training('value_shop', '2025-01-01', 365 / 12.0, 0.008, 5);
select count(*) as differences from (table training except table ecom_value_training) d;
rollback;
-- A second refresh changes nothing; another method makes a new version.
create temporary table before as select * from value_shop.customer_value;
select step, status, reason from ecom.refresh('value_shop', '{value}');
select count(*) as changed from (table before except table value_shop.customer_value) d;
select ecom.set_setting('value_shop', 'value.method', 'pareto_nbd');
select ecom.set_setting('value_shop', 'value.horizon_days', '30');
select status from ecom.refresh('value_shop', '{value}');
select name, version, is_current, parameters, metrics ->> 'method' as method from ecom.model_versions('value_shop') where name in ('value.orders', 'value.spend');
select bool_and(v.expected_order_count < b.expected_order_count) as fewer_in_a_month from value_shop.customer_value v join before b using (customer_key);
select string_agg(f ->> 'name', ', ') as extended, jsonb_array_length(jsonb_agg(f)) as features from jsonb_array_elements(ecom.model_info(ecom.current_model('value_shop', 'value.forest')) -> 'features') f;
-- One model or the other; the six documented features.
select ecom.set_setting('value_shop', 'value.features', 'documented');
select ecom.set_setting('value_shop', 'value.estimate', 'forest');
select status, reason from ecom.refresh('value_shop', '{value}');
select string_agg(f ->> 'name', ', ') as documented from jsonb_array_elements(ecom.model_info(ecom.current_model('value_shop', 'value.forest')) -> 'features') f;
select bool_and(lifetime_value = forest_value) as forest from value_shop.customer_value;
select ecom.set_setting('value_shop', 'value.estimate', 'btyd');
select status, reason from ecom.refresh('value_shop', '{value}');
select bool_and(lifetime_value = btyd_value and forest_value is null) as btyd from value_shop.customer_value;
select ecom.set_setting('value_shop', 'model.promotion', 'manual');
select ecom.set_setting('value_shop', 'value.method', 'bg_nbd');
select status from ecom.refresh('value_shop', '{value}');
select version, is_current, metrics ->> 'method' as method from ecom.model_versions('value_shop', 'value.orders');

-- Bands, best first; look-ups by key and by value.
select value_band, sort_order, customer_count > 0 as customers, round(value_share::numeric, 1) as share from value_shop.value_band order by sort_order;
select sum(customer_count) = (select count(*) from value_shop.customer_value) as all_customers,
       abs(sum(lifetime_value) - (select sum(lifetime_value) from value_shop.customer_value)) < 0.01 as all_value from value_shop.value_band;
select min(lifetime_value) filter (where value_band = 'High') > max(lifetime_value) filter (where value_band = 'Medium')
       and min(lifetime_value) filter (where value_band = 'Medium') > max(lifetime_value) filter (where value_band = 'Low') as ordered from value_shop.customer_value;
select bool_and(rank = position and value_band = 'High') as ranked, count(*) as rows,
       bool_and(r.lifetime_value >= (select max(lifetime_value) from value_shop.customer_value) / 10) as top
from ecom.most_valuable_customers('value_shop', 5) with ordinality r (rank, customer_key, customer_id, name, lifetime_value, value_band, p_alive, o, s, d, position);
select bool_and(value_band = 'Low') as only_low, count(*) as rows from ecom.most_valuable_customers('value_shop', 3, 'Low');
select v = (c.customer_key, c.lifetime_value, c.btyd_value, c.forest_value, c.value_band, c.p_alive, c.expected_order_count, c.expected_spend, c.next_order_date, c.next_order_earliest_date,
            c.next_order_latest_date, c.as_of_date) as same
from (select * from value_shop.customer_value order by customer_key limit 1) c, ecom.customer_value('value_shop', c.customer_key) v;
select count(*) as unknown from ecom.customer_value('value_shop', 999999) union all select count(*) from ecom.customer_value('value_shop', null);
set enable_seqscan = off;
explain (costs off) select * from value_shop.customer_value where customer_key = 17;
explain (costs off) select * from value_shop.customer_value order by lifetime_value desc, customer_key limit 10;
reset enable_seqscan;
select count(*) = (select count(*) from value_shop.customer_value) as overview from value_shop.customer_value_overview where customer_name is not null;

-- An earlier day sees nothing of what came later.
select status from ecom.refresh('value_shop', '{value}', '2025-07-01');
select bool_and(as_of_date = '2025-07-01') as as_of, sum(order_day_count) = (select count(distinct (customer_key, ordered_at::date)) from value_shop.fact_order
    where customer_key <> 0 and order_count > 0 and ordered_at < '2025-07-01') as days from value_shop.customer_value;
-- A history too short to judge the model on: models without a hold-out.
select ecom.set_setting('value_shop', 'value.estimate', 'blend');
select ecom.set_setting('value_shop', 'value.horizon_days', '365');
select status, reason from ecom.refresh('value_shop', '{value}', (select min(ordered_at)::date + 60 from value_shop.fact_sales));
select bool_and(lifetime_value = btyd_value and forest_value is null) as btyd from value_shop.customer_value;
select metrics ? 'holdout_mae' as has_holdout from ecom.model_versions('value_shop', 'value.orders') limit 1;

-- Too few customers who came back: no rows, no models, a reason; customers whose orders were all free; none at all.
create table value_line (customer_id text, order_date date, order_id text, product_id text, quantity int, unit_price numeric);
insert into value_line select 'C' || i % 30, date '2025-01-01' + i * 7919 % 200, 'o' || i, 'p', 1, case when i % 30 < 9 then 10 else 0 end from generate_series(1, 300) i;
select from ecom.create_mart('value_free');
select loaded_lines from ecom.load_sales('value_free', 'value_line');
select step, rows, status, reason from ecom.refresh('value_free', '{sales,value}') where step = 'value';
select count(*), count(*) filter (where lifetime_value > 0) > 0 as some_value from value_free.customer_value;
delete from value_free.fact_sales where customer_key > 9;
select step, rows, status, reason from ecom.refresh('value_free', '{sales,value}') where step = 'value';
select (select count(*) from value_free.customer_value) as rows, (select count(*) from value_free.value_band) as bands, count(*) filter (where is_current) as current
from ecom.model_versions('value_free') where name like 'value.%';
delete from value_free.fact_sales;
select step, status, reason from ecom.refresh('value_free', '{sales,value}') where step = 'value';

-- Bad input.
select * from ecom.most_valuable_customers('value_shop', -1);
select * from ecom.most_valuable_customers('value_shop', 5, 'Gold');
select * from ecom.customer_value('no_such_mart', 1);
select ecom.set_setting('value_shop', 'value.method', 'weibull');
select ecom.set_setting('value_shop', 'value.estimate', 'oracle');
select ecom.set_setting('value_shop', 'value.horizon_days', '0');
select ecom.set_setting('value_shop', 'value.annual_rate', '-0.1');
drop table value_line;
drop schema value_shop, value_free cascade;
