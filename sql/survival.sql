-- Time to churn: Kaplan-Meier and Cox.
set client_min_messages = warning;
set extra_float_digits = 0;
-- Acute myelogenous leukaemia (Miller, 1997), data set aml of R's package survival; the values are those of survfit and coxph.
create temporary table aml (duration float8, has_left boolean, nonmaintained float8);
insert into aml values (9,true,0),(13,true,0),(13,false,0),(18,true,0),(23,true,0),(28,false,0),(31,true,0),(34,true,0),(45,false,0),(48,true,0),(161,false,0),
    (5,true,1),(5,true,1),(8,true,1),(8,true,1),(12,true,1),(16,false,1),(23,true,1),(27,true,1),(30,true,1),(33,true,1),(43,true,1),(45,true,1);
select k.duration, k.customers_at_risk, k.customers_left, k.customers_censored, k.survival::numeric(12, 9), k.standard_error::numeric(12, 9), k.ci_low::numeric(12, 9), k.ci_high::numeric(12, 9)
from (select ecom.survival_agg(duration, has_left) as s from aml) a, ecom.kaplan_meier(a.s) k;
select m.customers, m.customers_left, m.median, m.median_low, m.median_high, m.restricted_mean::numeric(12, 6) from (select ecom.survival_agg(duration, has_left) as s from aml) a, ecom.survival_summary(a.s) m;
select nonmaintained, (ecom.survival_summary(ecom.survival_agg(duration, has_left), 0.9)).median from aml group by 1 order by 1;
-- Everybody left: nothing to say of the last step; nobody left: no median.
select k.duration, k.survival, k.standard_error is null as unknown, k.ci_high from (select ecom.survival_agg(x, true) as s from generate_series(1, 2) x) a, ecom.kaplan_meier(a.s) k;
select m.* from (select ecom.survival_agg(x, false) as s from generate_series(1, 2) x) a, ecom.survival_summary(a.s) m;
select ecom.survival_agg(null, true), ecom.survival_summary(ecom.survival_agg(1, null)) is null as nobody from aml;
select * from ecom.kaplan_meier(null);

create temporary table fitted as select ecom.cox_fit(duration, has_left, array[nonmaintained], '{nonmaintained}') as model from aml;
select c.feature, c.coefficient::numeric(9, 6), c.standard_error::numeric(9, 6), c.hazard_ratio::numeric(9, 6), c.ci_low::numeric(9, 6), c.ci_high::numeric(9, 6), c.z::numeric(9, 6), c.p_value::numeric(9, 6)
from fitted, ecom.cox_coefficients(model) c;
select s.customers, s.customers_left, s.log_likelihood::numeric(9, 5), s.null_log_likelihood::numeric(9, 5), s.chi_squared::numeric(9, 5), s.p_value::numeric(9, 6), s.concordance::numeric(9, 6)
from fitted, ecom.cox_summary(model) s;
select (ecom.cox_hazard_ratio(model, '{1}') / ecom.cox_hazard_ratio(model, '{0}'))::numeric(9, 6) as ratio, ecom.cox_survival(model, '{0}', 4) as before_the_first,
       ecom.cox_survival(model, '{1}', 20) < ecom.cox_survival(model, '{0}', 20) as sooner, ecom.cox_survival(model, '{0}', 1000) = ecom.cox_survival(model, '{0}', 48) as after_the_last,
       ecom.cox_survival(model, null, 1) as unknown from fitted;
select c.feature from (select ecom.cox_fit(duration, has_left, array[nonmaintained, mod(duration::int, 3)]) as model from aml) f, ecom.cox_coefficients(model) c;
-- The same bits from parallel plans, any order of rows and after a trip as text.
begin;
set local parallel_setup_cost = 0;
set local parallel_tuple_cost = 0;
set local min_parallel_table_scan_size = 0;
set local max_parallel_workers_per_gather = 2;
create table shared_duration as
select 1 + abs(hashint4(i)) % 300 as duration, hashint4(i + 1) % 3 <> 0 as has_left, array[hashint4(i + 2) % 100, hashint4(i + 3) % 7]::float8[] as features from generate_series(1, 3000) i;
alter table shared_duration set (parallel_workers = 2);
analyze shared_duration;
explain (costs off) select ecom.cox_fit(duration, has_left, features) from shared_duration;
select (select ecom.cox_fit(duration, has_left, features)::text from shared_duration) = (select ecom.cox_fit(duration, has_left, features order by features)::text from shared_duration) as cox,
       (select array_agg(k) from (select ecom.survival_agg(duration, has_left) as s from shared_duration) a, ecom.kaplan_meier(a.s) k)
       = (select array_agg(k) from (select ecom.survival_agg(duration, has_left order by duration desc) as s from shared_duration) a, ecom.kaplan_meier(a.s) k) as kaplan_meier;
rollback;
select model::text::ecom.model::text = model::text as same from fitted;

-- Bad input.
select ecom.survival_agg(-1, true);
select ecom.survival_agg('NaN', true);
select ecom.kaplan_meier(ecom.survival_agg(1, true), 1.5);
select ecom.kaplan_meier(ecom.corr_agg(array[1, 2]::float8[]));
select ecom.cox_fit(1, true, '{1}') from generate_series(1, 9);
select ecom.cox_fit(duration, has_left, '{1}') from aml;
select ecom.cox_fit(duration, has_left, array[nonmaintained, 1 - nonmaintained]) from aml;
select ecom.cox_fit(10, has_left, array[has_left::int]) from aml;
select ecom.cox_fit(duration, has_left, array[nonmaintained], '{a,b}') from aml;
select ecom.cox_fit(duration, has_left, array[nonmaintained, duration], '{a,a}') from aml;
select ecom.cox_fit(duration, has_left, array[nonmaintained], null) from aml;
select ecom.cox_fit(duration, has_left, '{}') from aml;
select ecom.cox_fit(duration, has_left, array[nonmaintained, null]) from aml;
select ecom.cox_fit(duration, has_left, array['infinity'::float8]) from aml;
select ecom.cox_fit(duration, has_left, case when duration > 9 then array[1] else array[1, 2] end) from aml;
select ecom.cox_hazard_ratio(model, '{1,2}') from fitted;
select ecom.cox_survival(model, '{1}', -1) from fitted;
select ecom.cox_coefficients(ecom.quantile_bins(duration, 5, false)) from aml;
select ecom.p_alive(model, 1, 2, 3) from fitted;
select ecom.cox_fit(null, has_left, '{1}') from aml;
