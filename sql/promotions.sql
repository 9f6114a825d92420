-- Promotions over a mart: what is taken down, and how past and planned ones shift daily forecasts.
\set SHOW_CONTEXT never
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
set client_min_messages = warning;
select from ecom.create_mart('shop_promo');
select ecom.set_promotions('shop_promo', '{Sale,Sale,Gift}', '{2026-01-21,2026-01-21,2026-02-20}', '{2026-01-22,2026-01-23,2026-02-22}', '{1,NULL,1}');
select * from shop_promo.promotion order by start_date;
select ecom.set_promotions('shop_promo', '{}', '{}', '{}');
select count(*) from shop_promo.promotion;
select pg_temp.error_of($$select ecom.set_promotions('shop_promo', null, '{}', '{}')$$);
select pg_temp.error_of($$select ecom.set_promotions('shop_promo', '{Sale}', '{NULL}', '{2026-01-23}')$$);
select pg_temp.error_of($$select ecom.set_promotions('shop_promo', '{Sale}', '{2026-01-21}', '{2026-01-22,2026-01-23}')$$);
select pg_temp.error_of($$select ecom.set_promotions('shop_promo', '{Sale}', '{2026-01-21}', '{2026-01-22}', '{1,2}')$$);
select pg_temp.error_of($$select ecom.set_promotions('shop_promo', '{Sale}', '{2026-01-21}', '{2026-01-20}')$$);
select pg_temp.error_of($$select ecom.set_promotions('shop_promo', '{Sale}', '{2026-01-21}', '{infinity}')$$);
select pg_temp.error_of($$select ecom.set_promotions('shop_promo', '{Sale}', '{2026-01-21}', '{2026-01-22}', '{NaN}')$$);
select pg_temp.error_of($$select ecom.set_promotions('shop_promo', '{Sale}', '{2026-01-21}', '{2026-01-22}', '{0}')$$);
select pg_temp.error_of($$select ecom.set_promotions('no such mart', '{}', '{}', '{}')$$);

-- Without sales there is nothing to shift.
select ecom.set_promotions('shop_promo', '{Sale}', '{2026-01-21}', '{2026-01-23}');
select status from ecom.refresh('shop_promo', '{forecast}');

-- 140 days of two categories, each 100 a day beside the day of the week, and 150 more for each unit of strength. The last promotion,
-- twice as strong, is on days 5 to 7 to come.
create table promo_lines (order_id text, customer_id text, order_date date, product_id text, category text, quantity int, unit_price numeric);
create table promo_plan (promotion text, start_date date, end_date date, strength float8);
insert into promo_plan values ('Winter', '2026-01-21', '2026-01-23', 1), ('Winter', '2026-02-21', '2026-02-23', 1), ('Spring', '2026-03-27', '2026-03-30', 1),
    ('Spring', '2026-04-22', '2026-04-23', 2), ('Summer', '2026-05-25', '2026-05-27', 2);
insert into promo_lines
select 'O' || d || c, 'C1', date '2026-01-01' + d, c, c, 1,
       100 + 10 * extract(isodow from date '2026-01-01' + d) + (d * 37 + length(c)) % 11
       + 150 * coalesce((select sum(p.strength) from promo_plan p where date '2026-01-01' + d between p.start_date and p.end_date), 0)
from generate_series(0, 139) d, unnest('{Cups,Teapots}'::text[]) c;
select loaded_lines from ecom.load_sales('shop_promo', 'promo_lines');
select ecom.set_promotions('shop_promo', array_agg(promotion), array_agg(start_date), array_agg(end_date), array_agg(strength)) from promo_plan;
select ecom.set_setting('shop_promo', n, v) from (values ('forecast.method', 'theta'), ('forecast.horizon_days', '14')) s (n, v);
select step, status, reason from ecom.refresh('shop_promo', '{sales,forecast}');
-- By how much promotion days are above the same days of the week after: 2 * 2 * 150 for both categories.
create view promo_lift as
select 'total' as series, round((avg(f.forecast_amount) filter (where f.step in (5, 6, 7)) - avg(f.forecast_amount) filter (where f.step in (12, 13, 14)))::numeric, -1) as lift
from shop_promo.revenue_forecast f where f.grain = 'day'
union all
select f.category, round((avg(f.revenue_forecast) filter (where f.step in (5, 6, 7)) - avg(f.revenue_forecast) filter (where f.step in (12, 13, 14)))::numeric, -1)
from shop_promo.category_demand_forecast f group by 1;
select * from promo_lift order by 1;
select count(*) as days, max(abs(f.forecast_amount - c.revenue)) < 1e-6 as add_up
from shop_promo.revenue_forecast f
join (select period_start, sum(revenue_forecast) as revenue from shop_promo.category_demand_forecast group by 1) c using (period_start)
where f.grain = 'day';
select name, parameters from ecom.model_versions('shop_promo') where is_current and name like 'revenue%' order by 1;
select round((ecom.model_info(ecom.current_model('shop_promo', 'revenue_day')) ->> 'regressor1')::numeric, -1) as effect;
-- The backtest knows them, too: its days are met more closely than without.
create table promo_mae as select forecast_method, mae from shop_promo.forecast_backtest where grain = 'day' and category = '' and measure = 'revenue';
select ecom.set_setting('shop_promo', 'forecast.promotions', 'false');
select status, reason from ecom.refresh('shop_promo', '{forecast}');
select series, abs(lift) <= 10 as flat from promo_lift order by 1;
select b.forecast_method, p.mae < 0.5 * b.mae as closer_with_promotions
from shop_promo.forecast_backtest b join promo_mae p using (forecast_method)
where b.grain = 'day' and b.category = '' and b.measure = 'revenue' and forecast_method <> 'seasonal_naive' order by 1;
select ecom.set_setting('shop_promo', n, v) from (values ('forecast.promotions', 'true'), ('forecast.backtest', 'false')) s (n, v);
-- Holidays beside promotions; then those of the same days, which have one effect; then a promotion of every Sunday, which is season.
select ecom.set_holidays('shop_promo', '{2026-02-03,2026-04-07}');
select status, reason from ecom.refresh('shop_promo', '{forecast}');
select parameters -> 'effects' as effects from ecom.model_versions('shop_promo') where is_current and name = 'revenue_day';
select * from promo_lift where series = 'total';
select ecom.set_holidays('shop_promo', array_agg(d::date)) from promo_plan p, generate_series(p.start_date, p.end_date, interval '1 day') d where strength = 1;
delete from shop_promo.promotion where strength > 1;
select status, reason from ecom.refresh('shop_promo', '{forecast}');
select parameters -> 'effects' as effects from ecom.model_versions('shop_promo') where is_current and name = 'revenue_day';
select ecom.set_holidays('shop_promo', '{}');
select ecom.set_promotions('shop_promo', array_agg('Sunday'::text), array_agg(d::date), array_agg(d::date)) from generate_series(timestamp '2025-12-28', '2026-07-01', '7 days') d;
select status, reason from ecom.refresh('shop_promo', '{forecast}');
select parameters -> 'effects' as effects from ecom.model_versions('shop_promo') where is_current and name = 'revenue_day';
-- Regression and ARIMA take regressors of their own accord; naive methods know nothing.
select ecom.set_promotions('shop_promo', array_agg(promotion), array_agg(start_date), array_agg(end_date), array_agg(strength)) from promo_plan;
select ecom.set_setting('shop_promo', 'forecast.method', 'regression');
select status, reason from ecom.refresh('shop_promo', '{forecast}');
select * from promo_lift where series = 'total';
select ecom.set_setting('shop_promo', n, v) from (values ('forecast.method', 'seasonal_naive'), ('forecast.category_method', 'seasonal_naive')) s (n, v);
select status, reason from ecom.refresh('shop_promo', '{forecast}');
select * from promo_lift where series = 'total';

drop schema shop_promo cascade;
drop table promo_lines, promo_plan, promo_mae;
