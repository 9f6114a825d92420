-- Types ecom.model and ecom.state, settings shown to users, progress.

create schema ecom_internal;
comment on schema ecom_internal is 'Inner functions of ecom_analytics; call those in schema ecom instead';
comment on schema ecom is 'E-commerce analytics: functions and aggregates over any query, and over marts';
grant usage on schema ecom, ecom_internal to public;

create type ecom.model;

create function ecom_internal.model_in(cstring) returns ecom.model
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_model_in';
create function ecom_internal.model_out(ecom.model) returns cstring
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_model_out';
create function ecom_internal.model_recv(internal) returns ecom.model
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_model_recv';
create function ecom_internal.model_send(ecom.model) returns bytea
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_model_send';

create type ecom.model (
    input = ecom_internal.model_in,
    output = ecom_internal.model_out,
    receive = ecom_internal.model_recv,
    send = ecom_internal.model_send,
    internallength = variable,
    alignment = int4,
    storage = extended
);
comment on type ecom.model is
'A fitted estimator as a value: fitted by an aggregate, applied by a scalar function, stored in any table.
Its text form is JSON with a checksum, so that pg_dump, COPY and other machines carry it unchanged.
Reading a damaged or edited value fails with SQLSTATE XX001.';

create type ecom.state;

create function ecom_internal.state_in(cstring) returns ecom.state
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_state_in';
create function ecom_internal.state_out(ecom.state) returns cstring
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_state_out';
create function ecom_internal.state_recv(internal) returns ecom.state
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_state_recv';
create function ecom_internal.state_send(ecom.state) returns bytea
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_state_send';

create type ecom.state (
    input = ecom_internal.state_in,
    output = ecom_internal.state_out,
    receive = ecom_internal.state_recv,
    send = ecom_internal.state_send,
    internallength = variable,
    alignment = int4,
    storage = extended
);
comment on type ecom.state is
'The state of an aggregate as a value: stored, merged with others, read by accessor functions.
Its text form is its bytes in hexadecimal.';

create function ecom_internal.state_final(ecom.state) returns ecom.state
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_state_final';

create function ecom.model_info(model ecom.model) returns jsonb
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_model_info';
comment on function ecom.model_info(ecom.model) is
'What a model is: kind, versions, size in bytes, checksum, and what it was fitted on.
Example: SELECT name, ecom.model_info(model) FROM shop.model
NULL for NULL. SQLSTATE XX001 when the value is damaged.';

create function ecom_internal.model_to_jsonb(ecom.model) returns jsonb
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_model_to_jsonb';
create cast (ecom.model as jsonb) with function ecom_internal.model_to_jsonb(ecom.model);
comment on cast (ecom.model as jsonb) is 'The whole model as JSON, as its text form has it';

create function ecom_internal.report_progress(
    mart oid, step text, phase text, done bigint, total bigint) returns void
    language c volatile strict parallel restricted
    as 'MODULE_PATHNAME', 'ecom_report_progress';
comment on function ecom_internal.report_progress(oid, text, text, bigint, bigint) is
'Publishes where a long call is; texts are cut at 32 and 48 bytes. Read by the view ecom.progress';

create function ecom_internal.end_progress() returns void
    language c volatile parallel restricted as 'MODULE_PATHNAME', 'ecom_end_progress';
comment on function ecom_internal.end_progress() is 'Takes the session''s row out of ecom.progress';

create function ecom_internal.progress(
    out pid int, out mart oid, out step text, out phase text, out done bigint, out total bigint)
    returns setof record
    language c stable parallel restricted as 'MODULE_PATHNAME', 'ecom_progress';
comment on function ecom_internal.progress() is 'Rows of ecom.progress with the mart as an oid';

create view ecom.progress as
select p.pid,
       n.nspname as mart,
       p.step,
       p.phase,
       p.done,
       p.total,
       case when p.total > 0
            then round(100.0 * least(p.done, p.total) / p.total, 1) end::numeric(4, 1) as percent
from ecom_internal.progress() p
left join pg_catalog.pg_namespace n on n.oid = p.mart;
comment on view ecom.progress is
'One row per session of this database that runs a long call, such as load_demo or refresh.
Shows the sessions that pg_stat_activity shows in full. Watch it: select * from ecom.progress \watch 1';
comment on column ecom.progress.pid is 'Process of the session, as in pg_stat_activity';
comment on column ecom.progress.mart is 'Mart that the call works on';
comment on column ecom.progress.step is 'Step of the call';
comment on column ecom.progress.phase is 'What the step is doing';
comment on column ecom.progress.done is 'Units done; the unit depends on the phase';
comment on column ecom.progress.total is 'Units in all, 0 when unknown';
comment on column ecom.progress.percent is 'Share of the phase that is done, 0 to 100; NULL when unknown';
grant select on ecom.progress to public;

create function ecom_internal.try_numeric(value text) returns numeric
    language c immutable strict parallel safe as 'MODULE_PATHNAME', 'ecom_try_numeric';
comment on function ecom_internal.try_numeric(text) is
'The number that a text holds, or NULL when it holds none; NaN and infinity are read as such';

create function ecom_internal.try_timestamp(value text) returns timestamp
    language c stable strict parallel safe as 'MODULE_PATHNAME', 'ecom_try_timestamp';
comment on function ecom_internal.try_timestamp(text) is
'The date or time stamp that a text holds, read in the session''s DateStyle, or NULL when it holds none';

create function ecom_internal.mart_oid(mart name) returns oid
    language plpgsql stable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    wanted name := coalesce(nullif(mart, ''), nullif(current_setting('ecom_analytics.mart', true), ''));
    found_oid oid;
begin
    if wanted is null then
        raise exception 'no mart was named' using
            errcode = 'invalid_parameter_value',
            hint = 'Pass the mart''s name, or set ecom_analytics.mart.';
    end if;
    select n.oid into found_oid
    from pg_namespace n
    join pg_class c on c.relnamespace = n.oid and c.relname = 'setting' and c.relkind = 'r'
    where n.nspname = wanted;
    if found_oid is null then
        raise exception 'mart "%" does not exist', wanted using
            errcode = 'invalid_schema_name',
            hint = format('Create it with SELECT ecom.create_mart(%L).', wanted);
    end if;
    return found_oid;
end
$$;
comment on function ecom_internal.mart_oid(name) is
'The schema of a mart; NULL means the setting ecom_analytics.mart. 3F000 when there is no such mart';
