-- ecom.rfm_scan: the state of ecom.rfm_agg from a query's text.
\set VERBOSITY terse
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare
    state text;
    message text;
    detail text;
    hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics state = returned_sqlstate, message = message_text, detail = pg_exception_detail, hint = pg_exception_hint;
    return format('%s | %s | %s | %s', state, message, detail, hint);
end
$$;
create schema test_rfm_scan;
set search_path = test_rfm_scan, public;

-- More lines than two batches hold, with orders of several lines, returns, NULLs and orders out of sequence.
create table line as
select (n * 7919 % 613)::int as customer, ((n / 3) * 31 % 9973)::int as order_no,
       timestamp '2024-01-01' + (n * 37 % 5000) * interval '1 hour' as ts,
       case when n % 97 = 0 then null else ((n * 101 % 20000) - 1500) / 100.0 end::numeric(12,2) as amount
from generate_series(1, 30000) n;

-- The same rows as the aggregate gives, for every combination of types and for one thread and two.
create function differences(query text, aggregate text) returns table (threads int, rows bigint, differing bigint)
language plpgsql as $$
declare
    at_most int;
begin
    foreach at_most in array array[1, 2] loop
        perform set_config('ecom_analytics.max_threads', at_most::text, true);
        return query execute format('
            with scanned as (select r.* from (select ecom.rfm_scan(%L) as s offset 0) a, ecom.rfm_rows(a.s) r),
                 aggregated as (select r.* from (select %s as s from line) a, ecom.rfm_rows(a.s) r)
            select %s, (select count(*) from scanned),
                   (select count(*) from ((table scanned except table aggregated) union all (table aggregated except table scanned)) d)',
            query, aggregate, at_most);
    end loop;
end
$$;
select * from differences('select customer, order_no, ts, amount from line', 'ecom.rfm_agg(customer, order_no, ts, amount)');
select * from differences('select customer::bigint, order_no::bigint, ts, amount::float8 from line', 'ecom.rfm_agg(customer, order_no, ts, amount::float8)');
select * from differences('select customer::text, order_no::text, ts, amount from line', 'ecom.rfm_agg(customer::text, order_no::text, ts, amount)');
select * from differences('select customer::text || repeat(''x'', 3000), order_no::varchar, ts::date, amount from line',
                          'ecom.rfm_agg(customer::text || repeat(''x'', 3000), order_no::text, ts::date, amount)');
select * from differences('select customer, ts, amount from line', 'ecom.rfm_agg(customer, ts, amount)');

-- No rows, and a query that the planner runs in parallel.
select count(*) from (select ecom.rfm_scan('select customer, ts, amount from line where false') as s offset 0) a, ecom.rfm_rows(a.s) r;
begin;
set local parallel_setup_cost = 0;
set local parallel_tuple_cost = 0;
set local min_parallel_table_scan_size = 0;
select * from differences('select customer, order_no, ts, amount from line', 'ecom.rfm_agg(customer, order_no, ts, amount)');
commit;

-- The state can be stored, and merged with the aggregate's.
create table kept as select ecom.rfm_scan('select customer::bigint, order_no, ts, amount from line where customer < 300') as s;
insert into kept select ecom.rfm_agg(customer, order_no, ts, amount) from line where customer >= 300;
select count(*), sum(frequency) from (select ecom.rfm_rollup(s) as s from kept) a, ecom.rfm_rows(a.s);
select count(*), sum(frequency) from (select ecom.rfm_agg(customer, order_no, ts, amount) as s from line) a, ecom.rfm_rows(a.s);

-- Errors.
select q, pg_temp.error_of(format('select ecom.rfm_scan(%L)', q)) as error_of from unnest(array[
    'select 1', 'select customer, ts from line', 'select customer, order_no, ts, amount, 1 from line',
    'select customer::numeric, ts, amount from line', 'select customer, amount, ts, amount from line',
    'select customer, order_no, ts::text, amount from line', 'select customer, order_no, ts, amount::text from line',
    'select customer, ts, amount / 0 from line', 'select nothing', 'not sql at all', '', 'drop table line',
    'select customer, ts, ''NaN''::numeric from line', 'select customer, ''infinity''::timestamp, amount from line',
    'select customer, ''-infinity''::date, amount from line']) q;
select ecom.rfm_scan(null) is null;
set ecom_analytics.memory_limit = '1MB';
select pg_temp.error_of('select ecom.rfm_scan(''select n::int, n::int, timestamp ''''2024-01-01'''', 1::numeric from generate_series(1, 100000) n'')');
reset ecom_analytics.memory_limit;
begin transaction read only;
select * from differences('select customer, ts, amount from line', 'ecom.rfm_agg(customer, ts, amount)');
commit;

set client_min_messages = warning;
drop schema test_rfm_scan cascade;
