-- The view ecom.progress.
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
select ecom.create_mart('progress_shop');
create function pg_temp.bar() returns table (own boolean, mart name, step text, phase text, done bigint, total bigint, percent numeric) language sql as
$$ select pid = pg_backend_pid(), mart, step, phase, done, total, percent from ecom.progress $$;
select count(*) as rows from ecom.progress;
select ecom_internal.report_progress('progress_shop'::regnamespace, 'first step', 'reading', 0, 200);
select * from pg_temp.bar();
select ecom_internal.report_progress('progress_shop'::regnamespace, 'first step', 'reading', 67, 200);
select * from pg_temp.bar();
-- More than all is all; an unknown total has no percent; a mart that is gone or no mart has no name.
select ecom_internal.report_progress('progress_shop'::regnamespace, 'first step', 'reading', 300, 200);
select percent from pg_temp.bar();
select ecom_internal.report_progress('progress_shop'::regnamespace, 'second step', '', 5, 0);
select step, phase, done, total, percent from pg_temp.bar();
select ecom_internal.end_progress();
select ecom_internal.report_progress(0, 'no mart', 'x', 1, 2);
select mart, step from pg_temp.bar();
-- Long texts are cut at a whole character.
select ecom_internal.report_progress(0, repeat('s', 100), repeat(chr(8364), 40), 9223372036854775807, 9223372036854775807);
select length(step) as step, length(phase) as phase, phase = repeat(chr(8364), length(phase)) as whole_characters, done, percent from pg_temp.bar();
-- Counts go on after a statement that reports under its own command.
create table progress_shop.t as select v from generate_series(1, 10) v;
analyze progress_shop.t;
select ecom_internal.report_progress('progress_shop'::regnamespace, 'third step', 'after analyze', 1, 4);
select step, percent from pg_temp.bar();
-- NULL reports nothing; an error takes the row away.
select ecom_internal.report_progress(null, 'none', 'x', 1, 2);
select step from pg_temp.bar();
select 1 / 0;
select count(*) as rows from ecom.progress;
select ecom_internal.end_progress();
-- A role sees its own sessions.
create role progress_reader;
select ecom_internal.report_progress('progress_shop'::regnamespace, 'step of the owner', 'x', 1, 2);
set role progress_reader;
select count(*) as rows_of_others from ecom.progress;
reset role;
grant pg_read_all_stats to progress_reader;
set role progress_reader;
select count(*) as rows_of_others from ecom.progress;
reset role;
select ecom_internal.end_progress();
select count(*) as rows from ecom.progress;
-- What ends takes its row along, done or failed.
select orders_loaded from ecom.load_demo('progress_demo', 10, 20, 1);
select status from ecom.refresh('progress_demo', '{rfm}');
select count(*) as rows from ecom.progress;
drop role progress_reader;
drop schema progress_shop, progress_demo cascade;
