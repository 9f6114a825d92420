-- ecom.refresh: steps, log, failures, rights.
\set SHOW_CONTEXT never
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare
    detail text;
    hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics detail = pg_exception_detail, hint = pg_exception_hint;
    return concat_ws(' | ', sqlstate, sqlerrm, nullif(detail, ''), nullif(hint, ''));
end
$$;
set client_min_messages = warning;
select orders_loaded, customers_loaded from ecom.load_demo('refresh_shop', 300, 1500, 6, 7, '2024-12-31');
create function pg_temp.fingerprint() returns text language sql as $$
    select count(*) || ' ' || md5(string_agg(concat_ws(',', customer_key, as_of_date, recency_days, frequency, monetary_amount, r_score, f_score, m_score, rfm_code, segment), ';' order by customer_key))
    from refresh_shop.customer_rfm $$;

-- One row per step; the results are those of ecom.rfm_score; running again changes nothing.
select step, rows, seconds >= 0 as is_timed, status, reason from ecom.refresh('refresh_shop');
select count(*) as customers, count(*) filter (where (c.recency_days, c.frequency, c.monetary_amount, c.r_score, c.f_score, c.m_score, nullif(c.rfm_code, ''), c.segment)
                                               is distinct from (s.recency_days, s.frequency, s.monetary, s.r, s.f, s.m, s.code, s.segment)) as different
from refresh_shop.customer_rfm c full join ecom.rfm_score('refresh_shop') s using (customer_key);
select distinct as_of_date, (select max(order_date_key) from refresh_shop.fact_sales) as last_sale from refresh_shop.customer_rfm;
create temp table first_result as select pg_temp.fingerprint() as f;
select status from ecom.refresh('refresh_shop', '{rfm}');
select pg_temp.fingerprint() = f as unchanged from first_result;
-- The views add up.
select (select count(*) from refresh_shop.rfm_customer) as customers, sum(customer_count) as in_segments, round(sum(customer_rate), 2) as rates,
       sum(order_count) = (select sum(frequency) from ecom.rfm_score('refresh_shop')) as orders,
       sum(monetary_amount) = (select sum(monetary) from ecom.rfm_score('refresh_shop')) as amounts
from refresh_shop.rfm_segment;
-- Stored cut points score the customers that they came from as they were scored.
select name, ecom.model_info(model) ->> 'kind' as kind, as_of_date from refresh_shop.model where is_current and name like 'rfm.%' order by name;
select count(*) as compared, count(*) filter (where (ecom.rfm_score(c.recency_days, c.frequency, c.monetary_amount, r.model, f.model, m.model)).code is distinct from c.rfm_code) as different
from refresh_shop.customer_rfm c, refresh_shop.model r, refresh_shop.model f, refresh_shop.model m
where r.name = 'rfm.recency' and f.name = 'rfm.frequency' and m.name = 'rfm.monetary' and r.is_current and f.is_current and m.is_current and c.r_score is not null;

-- The log.
select refresh_id, step, as_of_date, status, rows, reason, seconds >= 0 as is_timed, started_at is not null as has_start from refresh_shop.refresh_log order by refresh_id, step;

-- Another date and other settings; methods without cut points store no models.
select step, rows, status from ecom.refresh('refresh_shop', array['rfm'], '2024-10-01');
select distinct as_of_date from refresh_shop.customer_rfm;
select count(*) = count(*) filter (where segment = 'Prospects' or recency_days >= 1) as looks_back from refresh_shop.customer_rfm;
select ecom.set_setting('refresh_shop', 'rfm.method', 'ntile');
select step, status, reason from ecom.refresh('refresh_shop', '{rfm}');
select count(*) as models from refresh_shop.model where is_current and name like 'rfm.%';
select ecom.set_setting('refresh_shop', 'rfm.method', 'quantile');
update refresh_shop.rfm_rule set segment = 'Best' where scheme = 'groups_11' and segment = 'Champions';
select status from ecom.refresh('refresh_shop', '{rfm}');
select segment, customer_count > 0 as is_there from refresh_shop.rfm_segment where segment in ('Best', 'Champions');
-- New customers appear with the next refresh.
insert into refresh_shop.dim_customer (customer_id) values ('late');
select (select count(*) from refresh_shop.customer_rfm where segment = 'Prospects' and frequency = 0 and customer_key = c.customer_key) as before from refresh_shop.dim_customer c where customer_id = 'late';
select status from ecom.refresh('refresh_shop', '{rfm}');
select s.segment, s.rfm_code = '' as no_code, s.monetary_amount from refresh_shop.customer_rfm s join refresh_shop.dim_customer using (customer_key) where customer_id = 'late';


-- A step that fails says so, keeps what was there, and the others go on.
create temp table good_result as select pg_temp.fingerprint() as f;
update refresh_shop.rfm_rule set r_min = 5, r_max = 1 where scheme = 'groups_11' and priority = 1;
select step, rows, status, reason from ecom.refresh('refresh_shop');
select pg_temp.fingerprint() = f as kept, (select count(*) from refresh_shop.model where is_current and name like 'rfm.%') as models from good_result;
delete from refresh_shop.rfm_rule where scheme = 'groups_11';
select step, status, reason from ecom.refresh('refresh_shop');
alter table refresh_shop.rfm_rule rename to rfm_rule_away;
select step, status, reason from ecom.refresh('refresh_shop');
alter table refresh_shop.rfm_rule_away rename to rfm_rule;
select step, status, rows, reason from refresh_shop.refresh_log where status = 'failed' order by refresh_id, step;
select ecom.set_setting('refresh_shop', 'rfm.scheme', 'groups_3');
select step, status, reason from ecom.refresh('refresh_shop');
-- memory_limit refuses one step only.
set ecom_analytics.memory_limit = '1MB';
insert into refresh_shop.dim_customer (customer_id) select 'many ' || v from generate_series(1, 9000) v;
insert into refresh_shop.fact_sales (order_date_key, customer_key, order_id, line_number, ordered_at, quantity, unit_price, revenue_amount, is_return)
select 20241201, customer_key, customer_id, 1, '2024-12-01', 1, 1, 1, false from refresh_shop.dim_customer where customer_id like 'many %';
select step, status, reason like '%ecom_analytics.memory_limit is 1 MB (SQLSTATE 54000)' as names_the_setting from ecom.refresh('refresh_shop') where step = 'rfm';
reset ecom_analytics.memory_limit;
select step, rows, status from ecom.refresh('refresh_shop', '{rfm}');

-- Marts without sales, unknown steps and marts, the default mart.
select ecom.create_mart('refresh_empty');
select step, rows, status, reason from ecom.refresh('refresh_empty');
select count(*) as logged, count(as_of_date) as dated from refresh_empty.refresh_log;
select pg_temp.error_of($$select * from ecom.refresh('refresh_shop', '{rfm, kmeans}')$$) ~ '^22023 \| no such refresh step: ''kmeans'' \| Use some of dimensions, sales, rfm' as unknown_step;
select left(pg_temp.error_of($$select * from ecom.refresh('refresh_shop', '{null}')$$), 40) as error_of;
select left(pg_temp.error_of($$select * from ecom.refresh('refresh_shop', '{}')$$), 42) as error_of;
select pg_temp.error_of($$select * from ecom.refresh('refresh_shop', '{rfm}', 'infinity')$$);
select pg_temp.error_of($$select * from ecom.refresh('nowhere')$$);
select pg_temp.error_of($$select * from ecom.refresh()$$);
set ecom_analytics.mart = 'refresh_shop';
select step, status from ecom.refresh(steps => '{rfm}');
reset ecom_analytics.mart;
-- Readers may look, not refresh; a read-only transaction refuses.
create role refresh_reader;
select ecom.grant_reader('refresh_shop', 'refresh_reader');
set role refresh_reader;
select count(*) > 0 as reads from refresh_shop.rfm_customer;
select left(pg_temp.error_of($$select * from ecom.refresh('refresh_shop')$$), 24) as error_of;
reset role;
begin transaction read only;
select left(pg_temp.error_of($$select * from ecom.refresh('refresh_shop')$$), 40) as error_of;
rollback;
-- Rolled back, nothing happened.
create temp table kept_result as select pg_temp.fingerprint() as f, (select count(*) from refresh_shop.refresh_log) as logged;
begin;
select status from ecom.refresh('refresh_shop', '{rfm}', '2024-09-01');
select pg_temp.fingerprint() = f as unchanged from kept_result;
rollback;
select pg_temp.fingerprint() = f as unchanged, (select count(*) from refresh_shop.refresh_log) = logged as not_logged from kept_result;
-- Twice in one transaction is no conflict.
begin;
select status from ecom.refresh('refresh_shop', '{rfm}');
select status from ecom.refresh('refresh_shop', '{rfm}');
commit;

drop owned by refresh_reader;
drop role refresh_reader;
drop schema refresh_shop, refresh_empty cascade;
