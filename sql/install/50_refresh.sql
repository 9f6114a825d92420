-- ecom.refresh: the pipeline that turns sales into stored results, step by step.

create table ecom_internal.refresh_step (
    name        text primary key,
    position    int  not null unique,
    function    name not null,
    needs_sales boolean not null,
    description text not null
);
comment on table ecom_internal.refresh_step is
'One row per step of ecom.refresh; a family adds its own.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.refresh_step.name is 'Name of the step, as the argument steps has it.';
comment on column ecom_internal.refresh_step.position is 'Order of the steps.';
comment on column ecom_internal.refresh_step.function is
'Function of schema ecom_internal that does the work: (mart name, as_of date, out rows bigint, out reason text).';
comment on column ecom_internal.refresh_step.needs_sales is 'True when the step is skipped for a mart without sales.';
comment on column ecom_internal.refresh_step.description is 'What the step writes.';
grant select on ecom_internal.refresh_step to public;

insert into ecom_internal.refresh_step (name, position, function, needs_sales, description) values
    ('dimensions', 10, 'refresh_dimensions', false, 'Members of a bound mart''s dimensions that appeared since the last refresh'),
    ('rfm', 20, 'refresh_rfm', true, 'customer_rfm and the cut points behind it');

create function ecom_internal.refresh_dimensions(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    if ecom_internal.setting(mart, 'mart.bound') = 'true' then
        rows := ecom_internal.sync_dimensions(mart);
        reason := '';
    else
        rows := 0;
        reason := 'loads keep the dimensions of this mart';
    end if;
end
$$;
comment on function ecom_internal.refresh_dimensions(name, date) is
'Step dimensions of ecom.refresh: new members of a bound mart''s dimensions.';

create function ecom.refresh(mart name default null, steps text[] default null, as_of date default null)
returns table (step text, rows bigint, seconds double precision, status text, reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set jit = off  -- compiling takes longer than it saves in the many middling queries of a refresh
as $$
#variable_conflict use_column
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    mart_id constant oid := ecom_internal.mart_oid(mart_schema);
    unknown_steps text;
    as_of_date date;
    run_id int;
    planned record;
    started_at timestamptz;
    step_count int;
    step_number int := 0;
begin
    select string_agg(quote_nullable(s), ', ') into unknown_steps
    from unnest(steps) s where s is null or not exists (select from ecom_internal.refresh_step r where r.name = s);
    if unknown_steps is not null or steps = '{}' then
        raise exception 'no such refresh step: %', coalesce(unknown_steps, 'none given') using errcode = '22023',
            hint = format('Use some of %s, or NULL for all.',
                          (select string_agg(r.name, ', ' order by r.position) from ecom_internal.refresh_step r));
    end if;
    -- Held to the end of the transaction: nobody sees half of a refresh, and two never mix.
    if not pg_try_advisory_xact_lock(hashtext('ecom_analytics.refresh'), mart_id::int) then
        raise exception 'mart % is being refreshed by another session', quote_ident(mart_schema) using errcode = '55P03',
            hint = 'Wait until it ends; the view ecom.progress shows how far it is.';
    end if;
    select count(*) into step_count from ecom_internal.refresh_step r where steps is null or r.name = any (steps);
    execute format('select coalesce(max(refresh_id), 0) + 1 from %I.refresh_log', mart_schema) into run_id;

    for planned in
        select r.name, r.function, r.needs_sales from ecom_internal.refresh_step r
        where steps is null or r.name = any (steps) order by r.position
    loop
        perform ecom_internal.report_progress(mart_id, planned.name, 'computing', step_number, step_count);
        started_at := clock_timestamp();
        step := planned.name;
        as_of_date := ecom_internal.as_of(mart_schema, as_of);
        if planned.needs_sales and ecom_internal.as_of(mart_schema, null) is null then
            rows := 0;
            status := 'skipped';
            reason := 'the mart has no sales';
        else
            -- A step that fails leaves what it wrote before; the others go on. A cancel is not caught.
            begin
                execute format('select s.rows, s.reason from ecom_internal.%I($1, $2) s', planned.function)
                    into rows, reason using mart_schema, as_of_date;
                status := 'done';
            exception when others then
                rows := 0;
                status := 'failed';
                reason := format('%s (SQLSTATE %s)', sqlerrm, sqlstate);
            end;
        end if;
        seconds := extract(epoch from clock_timestamp() - started_at);
        execute format('insert into %I.refresh_log (refresh_id, step, as_of_date, status, rows, seconds, reason, started_at)
                        values ($1, $2, $3, $4, $5, $6, $7, $8)', mart_schema)
            using run_id, step, as_of_date, status, rows, seconds, reason, started_at;
        step_number := step_number + 1;
        return next;
    end loop;
    perform ecom_internal.end_progress();
end
$$;
comment on function ecom.refresh(name, text[], date) is
'Computes what the mart stores, step by step, and returns a row per step.
Example: SELECT * FROM ecom.refresh(''shop'')
Arguments: mart; NULL means the setting ecom_analytics.mart. steps: some of the steps, in any order; NULL for all.
as_of: the date that results look back from, by default the day after the last sale.
status: done, skipped (reason says what is missing) or failed (reason has the error); other steps go on. rows: rows written.
Readers go on reading the old results until the transaction commits; a cancelled refresh leaves them as they were.
Errors: 55P03 while another session refreshes the mart, 22023 for an unknown step. Progress: ecom.progress.';
