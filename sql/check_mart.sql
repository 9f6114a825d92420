-- check_mart finds what is planted, and readiness says what is missing.
\set SHOW_CONTEXT never
set datestyle = 'ISO, MDY';
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
create schema check_source;
-- Ten weeks, Monday to Saturday, one order a day with two lines; the last days are thin.
create table check_source.line as
select format('o%s', n) as order_id, day + interval '10 hours' as ordered_at, format('c%s', n % 7) as customer_id,
       p.id as product_id, p.name as product_name, 2::numeric as quantity, p.price as unit_price,
       0::numeric as discount_amount, 2 * p.price as revenue_amount, 'France' as country, 2 as delivery_days
from generate_series(timestamp '2024-01-01', '2024-03-16', '1 day') with ordinality as days (day, n)
cross join (values ('A', 'Apple', 1.5), ('B', 'Bread', 3.0)) p (id, name, price)
where extract(isodow from day) < 7 and day::date not in ('2024-01-10', '2024-01-11');
select ecom.create_mart('mart_clean');
select loaded_lines from ecom.load_sales('mart_clean', 'check_source.line');
select check_name, severity, affected_rows, share, sample from ecom.check_mart('mart_clean');
select check_name, severity, affected_rows, share, sample from ecom.check_mart('mart_clean', '2024-03-01') where check_name = 'future_dates';
-- Of the last week one line is there.
select ecom.bind_mart('mart_thin', 'select * from check_source.line where ordered_at < ''2024-03-07''
                                    or product_id = ''A'' and ordered_at::date = ''2024-03-13''');
select check_name, severity, affected_rows, share, sample from ecom.check_mart('mart_thin') where check_name = 'volume_drop';

insert into check_source.line values
    ('dup', '2024-02-01 10:00', 'c1', 'A', 'Apple', 1, 1.5, 0, 1.5, 'France', 2),
    ('dup', '2024-02-01 10:00', 'c1', 'A', 'Apple', 1, 1.5, 0, 1.5, 'France', 2),
    ('dup', '2024-02-01 10:00', 'c1', 'A', 'Apple', 1, 1.5, 0, 1.5, 'France', 2),
    ('neg', '2024-02-02 10:00', 'c2', 'A', 'Apple', 1, -4, 0, -4, 'France', 2),
    ('gift', '2024-02-02 10:00', null, 'B', 'Bread', 1, 0, 0, 0, 'France', 2),
    ('back', '2024-02-03 10:00', 'c3', 'B', 'Bread', -1, 3, 0, -3, 'France', 2),
    ('orphan', '2024-02-03 10:00', 'new', 'B', 'Bread', -1, 3, 0, -3, 'France', 2),
    ('huge', '2024-02-05 10:00', 'c4', 'B', 'Bread', 80995, 3, 0, 242985, 'France', 2),
    ('sum', '2024-02-06 10:00', 'c4', 'B', 'Bread', 2, 3, 1, 6, 'France', 2),
    ('cent', '2024-02-06 10:00', 'c4', 'B', 'Bread', 3, 0.333, 0, 1.00, 'France', 2),
    ('early', '2024-02-07 10:00', 'c5', 'A', 'Apple', 1, 1.5, 0, 1.5, 'France', -3),
    ('moved', '2024-02-08 10:00', 'c6', 'A', 'Apple', 1, 1.5, 0, 1.5, 'Spain', 2),
    ('post', '2024-02-09 10:00', 'c6', 'POST', 'POSTAGE', 1, 18, 0, 18, 'France', 2),
    ('fee', '2024-02-09 10:00', 'c6', 'X9', 'Bank Charges', 1, 15, 0, 15, 'France', 2),
    ('none', '2024-02-09 10:00', 'c6', null, null, 1, 15, 0, 15, 'France', 2),
    ('two', '2024-02-09 10:00', 'c5', 'A', 'Apple', 1, 1.5, 0, 1.5, 'France', 2),
    ('two', '2024-02-12 10:00', 'c6', 'B', 'Bread', 1, 3, 0, 3, 'France', 2),
    ('late', '2024-05-31 10:00', 'c6', 'B', 'Bread', 1, 3, 0, 3, 'France', 2),
    ('bad', null, 'c6', 'B', 'Bread', 1, 3, 0, 3, 'France', 2);
select ecom.create_mart('mart_faults', partition_by => 'month');
select loaded_lines, rejected_lines from ecom.load_sales('mart_faults', 'check_source.line');
select check_name, severity, affected_rows, share, sample from ecom.check_mart('mart_faults', '2024-03-31');
-- The same faults show in a mart that is bound to the same lines.
select ecom.bind_mart('mart_bound', 'check_source.line');
select l.check_name, l.affected_rows as loaded, b.affected_rows as bound, l.sample as loaded_sample, b.sample as bound_sample
from ecom.check_mart('mart_faults', '2024-03-31') l full join ecom.check_mart('mart_bound', '2024-03-31') b using (check_name)
where (l.severity, l.affected_rows, l.share, l.sample) is distinct from (b.severity, b.affected_rows, b.share, b.sample);
select count(*) filter (where affects = '' or advice = '') as without_text, count(*) as checks from ecom.check_mart('mart_clean');
select capability, requirement, needed, have, is_ready, reason from ecom.readiness('mart_faults');
select count(*) as different
from ecom.readiness('mart_faults') l full join ecom.readiness('mart_bound') b using (capability, requirement)
where (l.needed, l.have, l.is_ready) is distinct from (b.needed, b.have, b.is_ready);
-- The number of scores that the mart asks for is what RFM needs.
select ecom.set_setting('mart_faults', 'rfm.bins', '10');
select needed, have, is_ready, reason from ecom.readiness('mart_faults') where capability = 'rfm';

-- An empty mart, and a mart without returns, places or a weekday to miss.
select ecom.create_mart('mart_empty');
select distinct severity, affected_rows, share from ecom.check_mart('mart_empty', '2024-01-01');
select capability, have, is_ready from ecom.readiness('mart_empty') where is_ready;
select loaded_lines from ecom.load_sales('mart_empty', 'select ''x'' as customer_id, date ''2024-01-31'' as order_date, 5 as revenue');
select check_name, severity, affected_rows, sample from ecom.check_mart('mart_empty', '2024-01-31') where severity <> 'ok';
select pg_temp.error_of($$ select * from ecom.check_mart('nowhere') $$);
select pg_temp.error_of($$ select * from ecom.readiness('nowhere') $$);
select pg_temp.error_of($$ select * from ecom.readiness() $$);
-- Neither writes anything.
begin read only;
select count(*) from ecom.check_mart('mart_bound');
select count(*) from ecom.readiness('mart_bound');
commit;

set client_min_messages = warning;
drop schema mart_clean, mart_thin, mart_faults, mart_bound, mart_empty, check_source cascade;
