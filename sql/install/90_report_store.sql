-- The page of the whole range as the last refresh stored it, and who gets it.
--
-- The stored document is given out until a later refresh leaves step report out. Sales that came since do not show on it, and the page
-- says so: reading all lines for every look at a page is what the rollups are there to avoid.

insert into ecom_internal.refresh_step (name, position, function, needs_sales, description) values
    ('report', 120, 'refresh_report', false, 'The report page of the whole range, and the sets of customers behind it');

insert into ecom_internal.mart_part (name, position, ddl) values ('report', 80, $ddl$
create table {mart}.report_part (
    name text  primary key,
    data jsonb not null
);
comment on table {mart}.report_part is
'One row per part of the document of ecom.report_data for the whole range.
Inner table: written by ecom.refresh.';
comment on column {mart}.report_part.name is 'Name of the part.';
comment on column {mart}.report_part.data is 'The part.';

create table {mart}.report_state (
    is_only      boolean     primary key default true check (is_only),
    refreshed_at timestamptz not null,
    first_date   date        not null,
    last_date    date        not null,
    dimensions   text[]      not null
);
comment on table {mart}.report_state is
'One row per mart once the parts of its report were computed: when, for which days, and by what the page filters.
Inner table: written by ecom.refresh.';
comment on column {mart}.report_state.is_only is 'True: there is one page.';
comment on column {mart}.report_state.refreshed_at is 'When the parts were computed.';
comment on column {mart}.report_state.first_date is 'First day of the page: that of the sales.';
comment on column {mart}.report_state.last_date is 'Last day of the page: that of the sales.';
comment on column {mart}.report_state.dimensions is 'Filters of the page: some of region, segment and category.';
$ddl$);

create function ecom_internal.refresh_report(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_id constant oid := ecom_internal.mart_oid(mart);
    sales constant record := ecom_internal.check_range(mart, null, null);
    offered text[];
    document jsonb;
    changed bigint;
begin
    rows := 0;
    reason := '';
    if sales.first_date is null then
        execute format('delete from %1$I.report_state; delete from %1$I.report_part; delete from %1$I.customer_month_state; delete from %1$I.customer_month', mart);
        reason := 'the mart has no sales';
        return;
    end if;
    offered := (ecom_internal.report_filters(mart, sales.first_date, sales.last_date)).dimensions;
    perform ecom_internal.report_progress(mart_id, 'report', 'customers by month', 0, 2);
    -- While sales wait for step sales the months would not be those that the other rollups have.
    if ecom_internal.is_rolled_up(mart) then
        rows := ecom_internal.refresh_customer_months(mart, offered, sales.first_date, sales.last_date);
    end if;
    perform ecom_internal.report_progress(mart_id, 'report', 'page', 1, 2);
    document := ecom_internal.report_document(mart, sales.first_date, sales.last_date);
    -- What is as it was is not written.
    execute format('delete from %I.report_part p where not $1 ? p.name', mart) using document;
    execute format('
        insert into %I.report_part as p (name, data) select e.key, e.value from jsonb_each($1) e
        on conflict (name) do update set data = excluded.data where p.data <> excluded.data', mart) using document;
    get diagnostics changed = row_count;
    rows := rows + changed;
    execute format('
        insert into %I.report_state as s (refreshed_at, first_date, last_date, dimensions) values (clock_timestamp(), $1, $2, $3)
        on conflict (is_only) do update set refreshed_at = excluded.refreshed_at, first_date = excluded.first_date, last_date = excluded.last_date,
                                            dimensions = excluded.dimensions', mart)
        using sales.first_date, sales.last_date, offered;
end
$$;
comment on function ecom_internal.refresh_report(name, date) is
'Step report of ecom.refresh: the document of ecom.report_data for the whole range, and customer_month. as_of does not matter to it.
Time: proportional to the lines of the months that changed and, for the best customers, to all orders.';

create function ecom_internal.report_state_of(
    mart name, out refreshed_at timestamptz, out first_date date, out last_date date, out dimensions text[], out is_outdated boolean,
    out has_newer_sales boolean, out rolled_up_at timestamptz)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('
        select s.refreshed_at, s.first_date, s.last_date, s.dimensions,
               exists (select from %1$I.refresh_log l where l.started_at > s.refreshed_at), exists (select from %1$I.sales_change), r.refreshed_at
        from (values (true)) one (is_only) left join %1$I.report_state s using (is_only) left join %1$I.rollup_state r using (is_only)', mart)
        into refreshed_at, first_date, last_date, dimensions, is_outdated, has_newer_sales, rolled_up_at;
end
$$;
comment on function ecom_internal.report_state_of(name) is
'What a mart has stored of its report: when and for which days and filters, NULL for nothing; is_outdated: a step of ecom.refresh has run
since; has_newer_sales: sales or attributes have changed that no refresh has seen; rolled_up_at: when step sales ran, NULL: never.';

create function ecom.report_data(mart name default null, from_date date default null, to_date date default null) returns jsonb
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    stored constant record := ecom_internal.report_state_of(mart_schema);
    is_stored constant boolean := coalesce(not stored.is_outdated and coalesce(from_date, stored.first_date) = stored.first_date
                                           and coalesce(to_date, stored.last_date) = stored.last_date, false);
    range record;
    document jsonb;
begin
    if is_stored then
        execute format('select jsonb_object_agg(p.name, p.data) from %I.report_part p', mart_schema) into document;
        -- A rule of alerts that was set since is on the page at once. Beside newer sales it would be about another day than the rest.
        if not stored.has_newer_sales then
            document := jsonb_set(document, '{sections}', document -> 'sections' || ecom_internal.report_sections(
                mart_schema, stored.first_date, stored.last_date, '{alerts,alert_rules}'));
        end if;
    else
        range := ecom_internal.check_range(mart_schema, from_date, to_date);
        if range.first_date is null then
            return jsonb_build_object('mart', mart_schema, 'is_empty', true, 'reason', format('Mart "%s" has no sales.', mart_schema));
        end if;
        -- Of a part of the range the customers are counted by what the whole is filtered by.
        document := ecom_internal.report_document(mart_schema, range.first_date, range.last_date, stored.dimensions);
    end if;
    return document || jsonb_build_object('mart', mart_schema, 'as_of', jsonb_build_object(
        'is_stored', is_stored, 'has_newer_sales', stored.has_newer_sales,
        'refreshed_at', to_char(case when is_stored then stored.refreshed_at else stored.rolled_up_at end at time zone 'UTC', 'YYYY-MM-DD HH24:MI')));
end
$$;
comment on function ecom.report_data(name, date, date) is
'The numbers of the report page as one JSON document.
Example: SELECT jsonb_object_keys(ecom.report_data(''shop'', ''2025-07-01''))
What adds up is by month and slice; different customers are counted for every year, quarter, month and the whole range, by every
subset of the filters offered.
Arguments: mart; NULL means the setting ecom_analytics.mart. from_date, to_date: inclusive; NULL means the first and the last day
with sales. Texts are members and an index into them. Region, segment and category are filters where they have 2 to 40 members and
the document stays below 60,000 cells.
The document of the whole range is the one that step report of ecom.refresh stored. as_of says so: is_stored; refreshed_at, in UTC;
has_newer_sales: sales have changed that are not in it, until the next refresh. Other ranges, and the whole one before the first refresh
and after one without step report, are computed from the sales as they are. Then months that no refresh has counted must have no more
than 2 million lines, or orders and customers by category are left out.
A mart without sales gives is_empty and a reason. Errors: 3F000 for an unknown mart, 22023 for a reversed range.
Time: the stored document is read in a fraction of a second, however many lines there are. A part of the range costs one pass over its
orders, and over the lines of the months that it cuts.';

create function ecom.report_html(mart name default null, from_date date default null, to_date date default null) returns text
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
declare
    mark constant text := '{"ecom":"data"}';
    page text;
begin
    select t.html into page from ecom_internal.report_template t;
    if page is null then
        raise exception 'the extension was built without the report page' using errcode = '0A000',
            hint = 'Where Node.js 18 or later and npm are, run "make report" in the sources, and load the file that it makes as owner of the '
                   'extension: psql -f report/dist/template.sql. The numbers are there without it: SELECT ecom.report_data().';
    end if;
    -- With < escaped no value can end the script element that holds the document.
    return left(page, strpos(page, mark) - 1)
        || replace(replace(replace(ecom.report_data(mart, from_date, to_date)::text, '<', '\u003c'), '>', '\u003e'), '&', '\u0026')
        || substr(page, strpos(page, mark) + length(mark));
end
$$;
comment on function ecom.report_html(name, date, date) is
'The report of a mart as one page of HTML that needs no network.
Example: SELECT ecom.report_html(''shop'', ''2025-07-01'')
To write it into a file: psql -XAtqc "select ecom.report_html(''shop'')" -o report.html
Key figures beside the period before, alerts, revenue over time, categories, payment methods, seasons, channels, cohorts, customer
groups, best products and customers, basket rules and insights; filters by period, region, segment and category.
Arguments: mart; NULL means the setting ecom_analytics.mart. from_date, to_date: inclusive; NULL means the first and the last day
with sales. A part that has no data yet says what it needs, and the head of the page of when its figures are: see ecom.report_data.
Errors: 0A000 when the extension was built without the page, 3F000 for an unknown mart, 22023 for a reversed range.
Time: that of ecom.report_data; of the whole range that of reading the page which ecom.refresh has stored.';
