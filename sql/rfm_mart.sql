-- ecom.rfm_score and ecom.rfm_migration over a mart.
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
create schema test_rfm_mart;
create table test_rfm_mart.line (order_id text, customer_id text, order_date timestamp, quantity int, unit_price numeric);
-- 60 customers; the first twenty buy often and lately, some return, some order only after May.
insert into test_rfm_mart.line
select 'o' || c || '-' || n, 'c' || lpad(c::text, 3, '0'), timestamp '2024-01-01 09:00' + (case when c <= 20 then 170 - n * 5 when c > 50 then 160 + n else c + n end) * interval '1 day',
       case when c % 7 = 0 and n = 1 then -1 else 1 + c % 3 end, 10 + c + 0.5
from generate_series(1, 60) c, generate_series(1, 1 + (61 - c) / 8) n;
select ecom.create_mart('rfm_shop');
select loaded_lines, new_customers from ecom.load_sales('rfm_shop', 'test_rfm_mart.line');
insert into rfm_shop.dim_customer (customer_id) values ('never ordered');

-- The mart form is the aggregate over the mart's lines, with prospects beside it.
select count(*) as customers, count(r) as scored, count(*) filter (where segment = 'Prospects') as prospects, sum(frequency) as orders, sum(monetary) as monetary
from ecom.rfm_score('rfm_shop');
select count(*) as compared, count(*) filter (where (m.recency_days, m.frequency, m.monetary, m.r, m.f, m.m, m.code, m.segment)
                                              is distinct from (a.recency_days, a.frequency, round(a.monetary::numeric, 2), a.r, a.f, a.m, a.code, a.segment)) as different
from ecom.rfm_score('rfm_shop') m
join (select s.* from (select ecom.rfm_agg(customer_key, order_id, ordered_at, revenue_amount) as state from rfm_shop.fact_sales where customer_key <> 0) l,
      ecom.rfm_rows(state) s) a using (customer_key);
select * from ecom.rfm_score('rfm_shop') where customer_id in ('c001', 'c007', 'c056', 'never ordered') order by customer_key;
select segment, count(*) from ecom.rfm_score('rfm_shop') group by 1 order by 1;

-- Another date looks at the orders before it only: day by day it is the aggregate over those.
select d::date as as_of, count(*) filter (where m.segment = 'Prospects') as prospects,
       count(*) filter (where (m.recency_days, m.code) is distinct from (a.recency_days, a.code)) as different
from generate_series(timestamp '2024-02-01', '2024-06-01', '1 month') d, lateral ecom.rfm_score('rfm_shop', d::date) m
left join lateral (select s.* from (select ecom.rfm_agg(customer_key, order_id, ordered_at, revenue_amount) as state from rfm_shop.fact_sales
                                    where customer_key <> 0 and ordered_at < d) l, ecom.rfm_rows(state, d::date) s where s.frequency > 0) a using (customer_key)
group by 1 order by 1;
select count(*) as customers, count(r) as scored from ecom.rfm_score('rfm_shop', '2000-01-01');
select min(recency_days), max(recency_days) from ecom.rfm_score('rfm_shop', '2030-01-01');

-- Arguments before settings before defaults.
select max(r) as r, max(f) as f from ecom.rfm_score('rfm_shop', bins => 10);
select segment, count(*) from ecom.rfm_score('rfm_shop', scheme => 'groups_3') group by 1 order by 1;
select r, count(*) from ecom.rfm_score('rfm_shop', ties => 'ntile') group by 1 order by 1;
select method, count(r) as scored from unnest('{quantile, ntile, rank_first, rfm_r}'::text[]) method, ecom.rfm_score('rfm_shop', method => method) group by 1 order by 1;
select ecom.set_setting('rfm_shop', 'rfm.bins', '3'), ecom.set_setting('rfm_shop', 'rfm.scheme', 'value_tiers');
select segment, max(r) as r, count(*) from ecom.rfm_score('rfm_shop') group by 1 order by 1;
select max(r) as r from ecom.rfm_score('rfm_shop', bins => 4);
select pg_temp.error_of($$select ecom.rfm_score('rfm_shop', method => 'fixed')$$);
select ecom.set_setting('rfm_shop', 'rfm.method', 'fixed'), ecom.set_setting('rfm_shop', 'rfm.recency_thresholds', '30, 100'),
       ecom.set_setting('rfm_shop', 'rfm.frequency_thresholds', '2,5'), ecom.set_setting('rfm_shop', 'rfm.monetary_thresholds', '100,300.5');
select r, min(recency_days), max(recency_days) from ecom.rfm_score('rfm_shop') group by 1 order by 1;
select m, min(monetary), max(monetary) from ecom.rfm_score('rfm_shop') group by 1 order by 1;
select ecom.set_setting('rfm_shop', 'rfm.recency_thresholds', '30,soon');
select pg_temp.error_of($$select ecom.rfm_score('rfm_shop')$$);
select count(ecom.set_setting('rfm_shop', name, default_value)) as reset from ecom.settings('rfm_shop') where name ~ '^rfm\.';
select ecom.set_setting('rfm_shop', 'rfm.returns', 'ignore');
select sum(monetary) as gross from ecom.rfm_score('rfm_shop');
select ecom.set_setting('rfm_shop', 'rfm.returns', 'net'), ecom.set_setting('rfm_shop', 'rfm.window_days', '30');
select count(r) as scored, max(recency_days) as oldest from ecom.rfm_score('rfm_shop');
select ecom.set_setting('rfm_shop', 'rfm.window_days', '');

-- Edited rules, a scheme of one's own, no rules.
update rfm_shop.rfm_rule set segment = 'VIP' where scheme = 'groups_11' and segment = 'Champions';
select segment, count(*) from ecom.rfm_score('rfm_shop') where segment in ('VIP', 'Champions') group by 1;
insert into rfm_shop.rfm_rule (scheme, priority, segment, r_min, r_max) values ('it''s mine', 1, 'A "quoted"; one', 4, 5), ('it''s mine', 2, '{mart}', null, 3);
select segment, count(*), min(r), max(r) from ecom.rfm_score('rfm_shop', scheme => 'it''s mine') group by 1 order by 1;
select pg_temp.error_of($$select ecom.rfm_score('rfm_shop', scheme => 'not there')$$);
delete from rfm_shop.rfm_rule;
select pg_temp.error_of($$select ecom.rfm_score('rfm_shop')$$);
insert into rfm_shop.rfm_rule (scheme, priority, segment, r_min, r_max, f_min, f_max, m_min, m_max, fm_min, fm_max, total_min, total_max)
select scheme, priority, segment, r_min, r_max, f_min, f_max, m_min, m_max, fm_min, fm_max, total_min, total_max from ecom.rfm_schemes();

-- Migration between two dates.
select * from ecom.rfm_migration('rfm_shop', '2024-03-01', '2024-06-30', 'groups_3');
select sum(customers) as customers, sum(monetary_change) as spent_between,
       (select sum(revenue_amount) from rfm_shop.fact_sales where customer_key <> 0 and order_date_key >= 20240301 and order_date_key < 20240630) as revenue_between
from ecom.rfm_migration('rfm_shop', '2024-03-01', '2024-06-30');
select from_segment, round(sum(share_of_from), 2) as shares from ecom.rfm_migration('rfm_shop', '2024-03-01', '2024-06-30', 'groups_3') group by 1 order by 1;
select pg_temp.error_of($$select * from ecom.rfm_migration('rfm_shop', '2024-03-01', '2024-03-01')$$);
select pg_temp.error_of($$select * from ecom.rfm_migration('rfm_shop', null, '2024-03-01')$$);
select pg_temp.error_of($$select * from ecom.rfm_migration('rfm_shop', '-infinity', '2024-03-01')$$);

-- The setting ecom_analytics.mart; unknown marts; a mart without sales.
select pg_temp.error_of('select * from ecom.rfm_score(null::name)');
set ecom_analytics.mart = 'rfm_shop';
select count(*) from ecom.rfm_score(null::name);
select count(*) > 0 as any from ecom.rfm_migration(null, '2024-03-01', '2024-06-30');
set ecom_analytics.mart = 'rfm_shop"; drop schema rfm_shop cascade; --';
select pg_temp.error_of('select * from ecom.rfm_score(null::name)');
reset ecom_analytics.mart;
select pg_temp.error_of($$select * from ecom.rfm_score('no mart'::name)$$);
select pg_temp.error_of($$select * from ecom.rfm_score('pg_catalog'::name)$$);
select pg_temp.error_of($$select * from ecom.rfm_score('rfm_shop', 'infinity')$$);
select pg_temp.error_of($$select * from ecom.rfm_score('rfm_shop', bins => 11)$$);
select pg_temp.error_of($$select * from ecom.rfm_score('rfm_shop', method => 'x'' or true --')$$);
select ecom.create_mart('rfm_empty');
select * from ecom.rfm_score('rfm_empty');
insert into rfm_empty.dim_customer (customer_id) values ('only');
select * from ecom.rfm_score('rfm_empty');
select * from ecom.rfm_migration('rfm_empty', '2024-01-01', '2024-02-01');

-- Names that try to be something else.
create function test_rfm_mart.try_name(mart name) returns text language plpgsql as $$
declare
    scored bigint;
    view_rows bigint;
begin
    perform ecom.create_mart(mart);
    perform ecom.load_sales(mart, 'test_rfm_mart.line');
    perform ecom.refresh(mart);
    select count(*) into scored from ecom.rfm_score(mart);
    execute format('select count(*) from %I.rfm_customer', mart) into view_rows;
    execute format('drop schema %I cascade', mart);
    return format('scored %s, in the view %s', scored, view_rows);
end
$$;
-- One transaction each: the relations of ten marts are more locks than the server keeps by default.
select format('select %s as n, test_rfm_mart.try_name(%L) as result', n, hostile)
from (values (1, 'with "quotes" and ''apostrophes'''::name), (2, 'semi; drop schema rfm_shop cascade; --'), (3, '{mart}'), (4, '{mart_name} $ddl$ %I %L %s'),
             (5, U&'\0441\043A\043B\0430\0434 \5E97'), (6, 'select'), (7, E'tab\tand\nline'), (8, '\backslash'), (9, repeat('x', 63)), (10, '$1')) v (n, hostile) order by n
\gexec

-- Rights: a stranger reads nothing, an analyst with SELECT scores, also in a read-only transaction.
create role rfm_stranger;
create role rfm_analyst;
grant usage on schema rfm_shop to rfm_analyst;
grant select on all tables in schema rfm_shop to rfm_analyst;
set role rfm_stranger;
select pg_temp.error_of($$select * from ecom.rfm_score('rfm_shop')$$);
set role rfm_analyst;
begin transaction read only;
select count(*) from ecom.rfm_score('rfm_shop');
select count(*) > 0 as any from ecom.rfm_migration('rfm_shop', '2024-03-01', '2024-06-30');
commit;
reset role;
-- Row-level security holds: the analyst scores the lines that he may see.
alter table rfm_shop.fact_sales enable row level security;
create policy first_ten on rfm_shop.fact_sales to rfm_analyst using (customer_key <= 10);
set role rfm_analyst;
select count(r) as scored from ecom.rfm_score('rfm_shop');
reset role;
alter table rfm_shop.fact_sales disable row level security;
set ecom_analytics.memory_limit = '1MB';
insert into rfm_shop.dim_customer (customer_id) select 'many ' || v from generate_series(1, 9000) v;
insert into rfm_shop.fact_sales (order_date_key, customer_key, order_id, line_number, ordered_at, quantity, unit_price, revenue_amount, is_return)
select 20240601, customer_key, customer_id, 1, '2024-06-01', 1, 1, 1, false from rfm_shop.dim_customer where customer_id like 'many %';
select pg_temp.error_of($$select * from ecom.rfm_score('rfm_shop')$$);
reset ecom_analytics.memory_limit;

drop owned by rfm_analyst, rfm_stranger;
drop role rfm_analyst, rfm_stranger;
drop schema rfm_shop, rfm_empty, test_rfm_mart cascade;
