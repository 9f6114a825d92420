-- RFM over a mart: scores, migration between two dates, what refresh stores, and the BI views.

insert into ecom_internal.setting_definition
    (name, default_value, kind, is_optional, is_fixed, low, high, allowed, description)
values
    ('rfm.recency_thresholds', '', 'text', true, false, null, null, null,
     'Thresholds in days for rfm.method fixed, ascending, one less than rfm.bins: 30,60,90,180.'),
    ('rfm.frequency_thresholds', '', 'text', true, false, null, null, null,
     'Thresholds in orders for rfm.method fixed, ascending, one less than rfm.bins: 2,3,5,8.'),
    ('rfm.monetary_thresholds', '', 'text', true, false, null, null, null,
     'Thresholds in currency for rfm.method fixed, ascending, one less than rfm.bins: 50,100,250,500.');

create function ecom_internal.as_of(mart name, as_of date) returns date
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    last_sale date;
begin
    if as_of is not null then
        if not isfinite(as_of) then
            raise exception 'as_of must be a finite date' using errcode = '22008', hint = 'Pass a calendar date.';
        end if;
        return as_of;
    end if;
    execute format('select to_date(max(order_date_key)::text, ''YYYYMMDD'') from %I.fact_sales',
                   ecom_internal.mart_name(mart)) into last_sale;
    return last_sale + 1;
end
$$;
comment on function ecom_internal.as_of(name, date) is
'The date that an analysis of a mart looks back from: the one given, else the day after the last sale.
Arguments: mart; NULL means the setting ecom_analytics.mart. NULL for a mart without sales.';

create function ecom_internal.threshold_list(mart name, setting_name text) returns float8[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    listed constant text := ecom_internal.setting(mart, setting_name);
    numbers numeric[];
begin
    if listed = '' then
        return null;
    end if;
    select array_agg(ecom_internal.try_numeric(part) order by n) into numbers
    from unnest(string_to_array(listed, ',')) with ordinality parts (part, n);
    if array_position(numbers, null) is not null then
        raise exception 'setting % is not a list of numbers: %', setting_name, quote_literal(listed)
            using errcode = '22023',
            hint = format('Write numbers with commas between them: SELECT ecom.set_setting(%L, %L, ''30,60,90,180'').',
                          mart, setting_name);
    end if;
    return numbers::float8[];
end
$$;
comment on function ecom_internal.threshold_list(name, text) is
'A setting that holds numbers with commas between them, as an array; NULL when it is empty.';

create function ecom_internal.rfm_rule_model(mart name, wanted_scheme text) returns ecom.model
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    rules ecom.model;
    known text;
begin
    execute format('select ecom.rfm_rules(priority, segment, r_min, r_max, f_min, f_max, m_min, m_max,
                                          fm_min, fm_max, total_min, total_max)
                    from %I.rfm_rule where scheme = $1', mart) into rules using wanted_scheme;
    if rules is null then
        execute format('select string_agg(distinct scheme, '', '') from %I.rfm_rule', mart) into known;
        raise exception 'mart % has no segment rules of scheme "%"', quote_ident(mart), wanted_scheme using errcode = '22023',
            hint = format('%s rules into %I.rfm_rule.', coalesce('Choose one of ' || known || ', or insert', 'Insert'), mart);
    end if;
    return rules;
end
$$;
comment on function ecom_internal.rfm_rule_model(name, text) is
'The rules of one scheme of a mart''s rfm_rule table as a model. 22023 when there are none.';

-- The one query behind every mart form: the state is built in one scan and read in place, so that customers are
-- neither sorted nor copied. OFFSET 0 keeps the planner from evaluating the scan more than once.
create function ecom_internal.rfm_query(
    mart name, as_of date, bins int, method text, ties text, scheme text, accessor text, selected text)
returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    window_days constant int := nullif(ecom_internal.setting(mart, 'rfm.window_days'), '')::int;
    score_method constant text := coalesce(method, ecom_internal.setting(mart, 'rfm.method'));
    last_sale constant date := ecom_internal.as_of(mart, null) - 1;
    -- Without an amount a returned line does not show by its sign that it is one; it is no order.
    lines text := 'f.customer_key <> 0 and not (f.is_return and f.revenue_amount = 0)';
begin
    -- A condition that holds for every line would cost a comparison on each of them.
    if as_of <= last_sale then
        lines := lines || format(' and f.ordered_at < %L::timestamp and f.order_date_key < %s',
                                 as_of, ecom_internal.date_key(as_of));
    end if;
    if window_days is not null then
        lines := lines || format(' and f.ordered_at >= %L::timestamp and f.order_date_key >= %s',
                                 as_of - window_days, ecom_internal.date_key(as_of - window_days));
    end if;
    return format('select %s
        from (select ecom.rfm_scan(%L) as state offset 0) lines
        cross join lateral %s(lines.state, as_of => %L, bins => %L, method => %L, ties => %L, returns => %L,
                              recency_thresholds => %L, frequency_thresholds => %L, monetary_thresholds => %L%s) s',
        selected,
        format('select f.customer_key, f.order_id, f.ordered_at, f.revenue_amount from %I.fact_sales f where %s', mart, lines),
        accessor, as_of,
        coalesce(bins, ecom_internal.setting(mart, 'rfm.bins')::int), score_method, ties,
        ecom_internal.setting(mart, 'rfm.returns'),
        case when score_method = 'fixed' then ecom_internal.threshold_list(mart, 'rfm.recency_thresholds') end,
        case when score_method = 'fixed' then ecom_internal.threshold_list(mart, 'rfm.frequency_thresholds') end,
        case when score_method = 'fixed' then ecom_internal.threshold_list(mart, 'rfm.monetary_thresholds') end,
        case when accessor = 'ecom.rfm_cut_points' then ''
             else format(', rules => %L', ecom_internal.rfm_rule_model(
                      mart, coalesce(scheme, ecom_internal.setting(mart, 'rfm.scheme')))) end);
end
$$;
comment on function ecom_internal.rfm_query(name, date, int, text, text, text, text, text) is
'The text of the query that reads a mart''s lines into an accessor of ecom.rfm_agg.
Arguments: as ecom.rfm_score over a mart; accessor: the function; selected: the select list, with the accessor as s.';

create function ecom.rfm_score(
    mart name,
    as_of date default null,
    bins int default null,
    method text default null,
    ties text default 'equal',
    scheme text default null
) returns table (customer_key int, customer_id text, recency_days int, frequency int, monetary numeric,
                 r int, f int, m int, code text, segment text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    as_of_date constant date := ecom_internal.as_of(mart_schema, rfm_score.as_of);
begin
    if as_of_date is null then
        return query execute format('
            select c.customer_key, c.customer_id, null::int, 0, 0::numeric, null::int, null::int, null::int,
                   null::text, ''Prospects'' from %I.dim_customer c where c.customer_key <> 0', mart_schema);
        return;
    end if;
    return query execute format('
        select c.customer_key, c.customer_id, s.recency_days, coalesce(s.frequency, 0), coalesce(round(s.monetary::numeric, 2), 0),
               s.r, s.f, s.m, s.code, coalesce(s.segment, ''Prospects'')
        from %I.dim_customer c left join (%s) s on s.customer_key = c.customer_key where c.customer_key <> 0',
        mart_schema,
        ecom_internal.rfm_query(mart_schema, as_of_date, rfm_score.bins, rfm_score.method, rfm_score.ties, rfm_score.scheme,
                                'ecom.rfm_rows', 's.*'));
end
$$;
comment on function ecom.rfm_score(name, date, int, text, text, text) is
'Scores the customers of a mart as of a date.
Example: SELECT * FROM ecom.rfm_score(''shop'')
One row per known customer; those without an order before as_of are prospects: no scores, frequency 0.
Arguments: mart; NULL means the setting ecom_analytics.mart. as_of: default the day after the last sale.
bins, method, scheme: default the mart''s settings rfm.bins, rfm.method and rfm.scheme; rfm.window_days and rfm.returns hold
as well. ties: equal, or ntile to compare with old scripts. scheme: rules of the mart''s rfm_rule table, which may be edited.
monetary is net of returns unless rfm.returns is ignore. Time: one scan of fact_sales. Memory: about 100 bytes a customer
and 12 an order, within ecom_analytics.memory_limit.';

create function ecom.rfm_migration(
    mart name,
    from_date date,
    to_date date,
    scheme text default null
) returns table (from_segment text, to_segment text, customers bigint, share_of_from numeric, monetary_change numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
begin
    if from_date is null or to_date is null or from_date >= to_date then
        raise exception 'dates from % to % are not a range', coalesce(from_date::text, 'NULL'), coalesce(to_date::text, 'NULL')
            using errcode = '22023', hint = 'Give two dates, the earlier one first.';
    end if;
    return query
        select a.segment, b.segment, count(*),
               round(count(*) / sum(count(*)) over (partition by a.segment), 4),
               round(sum(b.monetary - a.monetary), 2)
        from ecom.rfm_score(mart_schema, from_date, scheme => rfm_migration.scheme) a
        join ecom.rfm_score(mart_schema, to_date, scheme => rfm_migration.scheme) b using (customer_key)
        group by a.segment, b.segment
        order by a.segment collate "C", count(*) desc, b.segment collate "C";
end
$$;
comment on function ecom.rfm_migration(name, date, date, text) is
'Where the customers of each segment went between two dates: one row per pair of segments that occurs.
Example: SELECT * FROM ecom.rfm_migration(''shop'', ''2025-01-01'', ''2025-07-01'')
Both dates are scored on their own, with all orders before them. share_of_from: share of the earlier segment''s customers,
0 to 1. monetary_change: sum of the amounts that they spent in between, less returns.
Arguments: mart; NULL means the setting ecom_analytics.mart. scheme: default the setting rfm.scheme.
22023 when from_date is not before to_date. Time: two scans of fact_sales.';

create function ecom_internal.refresh_rfm(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    has_cut_points constant boolean := ecom_internal.setting(mart, 'rfm.method') not in ('ntile', 'rank_first');
    mart_id constant oid := ecom_internal.mart_oid(mart);
    line_estimate constant bigint := (
        select coalesce(sum(greatest(c.reltuples, 0)), 0)
        from pg_partition_tree(format('%I.fact_sales', mart)::regclass) t join pg_class c on c.oid = t.relid where t.isleaf);
begin
    perform ecom_internal.report_progress(mart_id, 'rfm', 'scoring customers', 0, line_estimate);
    execute format('
        merge into %1$I.customer_rfm t
        using (select s.customer_key, s.recency_days, s.frequency, s.monetary, s.r, s.f, s.m,
                      coalesce(s.code, '''') as code, s.segment, c.geography_key, g.region, c.segment as customer_segment
               from ecom.rfm_score(%1$L, $1) s
               join %1$I.dim_customer c on c.customer_key = s.customer_key
               join %1$I.dim_geography g on g.geography_key = c.geography_key
               -- Customers of a region and a month lie together, where views that filter by them find them.
               order by g.region, s.recency_days, c.customer_key) s
        on t.customer_key = s.customer_key
        when matched then update set
            as_of_date = $1, last_order_date = $1 - s.recency_days, recency_days = s.recency_days, frequency = s.frequency,
            monetary_amount = s.monetary, r_score = s.r, f_score = s.f, m_score = s.m, geography_key = s.geography_key,
            region = s.region, rfm_code = s.code, segment = s.segment, customer_segment = s.customer_segment
        when not matched then insert
            (customer_key, as_of_date, last_order_date, recency_days, frequency, monetary_amount, r_score, f_score, m_score,
             geography_key, region, rfm_code, segment, customer_segment)
            values (s.customer_key, $1, $1 - s.recency_days, s.recency_days, s.frequency, s.monetary, s.r, s.f, s.m,
                    s.geography_key, s.region, s.code, s.segment, s.customer_segment)', mart)
        using as_of;
    get diagnostics rows = row_count;
    perform ecom_internal.report_progress(mart_id, 'rfm', 'gathering statistics', 0, 0);
    execute format('analyze %I.customer_rfm', mart);
    perform ecom_internal.write_customer_bands(mart, 'rfm_segment', 'recency_days_sum, recency_count, as_of_date', format('
        select s.segment, count(*), sum(s.frequency), sum(s.monetary_amount), sum(s.recency_days), count(s.recency_days), min(s.as_of_date)
        from %I.customer_rfm s group by s.segment', mart));

    perform ecom_internal.report_progress(mart_id, 'rfm', 'fitting cut points', 0, line_estimate);
    if has_cut_points then
        execute format('select count(ecom_internal.store_model($1, ''rfm.'' || s.measure, s.bins_model, $2, $3)) from (%s) s',
                       ecom_internal.rfm_query(mart, as_of, null, null, 'equal', null, 'ecom.rfm_cut_points', 's.*'))
            using mart, as_of, jsonb_build_object('bins', ecom_internal.setting(mart, 'rfm.bins')::int,
                                                  'method', ecom_internal.setting(mart, 'rfm.method'));
    else
        perform ecom_internal.retire_models(mart, 'rfm.%');
    end if;
    reason := case when has_cut_points then '' else 'ranks have no cut points: no models to score new customers' end;
end
$$;
comment on function ecom_internal.refresh_rfm(name, date) is
'Step rfm of ecom.refresh: writes customer_rfm, and the cut points as models rfm.recency, rfm.frequency, rfm.monetary.';

insert into ecom_internal.mart_part (name, position, ddl) values ('rfm_views', 91, $ddl$
create view {mart}.rfm_customer as
select s.customer_key, c.customer_id, c.name, s.customer_segment, c.age_group, c.gender, c.acquisition_date,
       g.country, s.region, g.state, g.city,
       s.as_of_date, s.last_order_date, s.recency_days, s.frequency, s.monetary_amount, s.r_score, s.f_score, s.m_score, s.rfm_code,
       s.segment as rfm_segment
from {mart}.customer_rfm s
left join {mart}.dim_customer c on c.customer_key = s.customer_key
left join {mart}.dim_geography g on g.geography_key = s.geography_key;
comment on view {mart}.rfm_customer is 'One row per known customer: who they are and their latest RFM scores.';
select ecom_internal.copy_column_comments({mart_name}, 'dim_geography', 'rfm_customer');
select ecom_internal.copy_column_comments({mart_name}, 'dim_customer', 'rfm_customer');
select ecom_internal.copy_column_comments({mart_name}, 'customer_rfm', 'rfm_customer');
comment on column {mart}.rfm_customer.customer_segment is 'Segment that the shop itself gave the customer.';
comment on column {mart}.rfm_customer.rfm_segment is 'Segment by the RFM rules of the mart.';

create view {mart}.rfm_segment as
select b.band as segment,
       b.customer_count,
       (b.customer_count / sum(b.customer_count) over ())::numeric(9,4) as customer_rate,
       b.order_count,
       b.revenue_amount::numeric(18,2) as monetary_amount,
       (b.revenue_amount / nullif(sum(b.revenue_amount) over (), 0))::numeric(9,4) as monetary_rate,
       (b.recency_days_sum::numeric / nullif(b.recency_count, 0))::numeric(18,1) as mean_recency_days,
       (b.order_count::numeric / b.customer_count)::numeric(18,2) as mean_frequency,
       (b.revenue_amount / b.customer_count)::numeric(18,2) as mean_monetary_amount,
       b.as_of_date
from {mart}.customer_band b
where b.classification = 'rfm_segment';
comment on view {mart}.rfm_segment is 'One row per RFM segment: size, orders, revenue and means, from the latest refresh.';
comment on column {mart}.rfm_segment.segment is 'Segment by the RFM rules of the mart.';
comment on column {mart}.rfm_segment.customer_count is 'Customers in the segment.';
comment on column {mart}.rfm_segment.customer_rate is 'Share of all known customers, 0 to 1.';
comment on column {mart}.rfm_segment.order_count is 'Orders of the segment''s customers.';
comment on column {mart}.rfm_segment.monetary_amount is 'Revenue of the segment''s customers.';
comment on column {mart}.rfm_segment.monetary_rate is 'Share of the revenue of all known customers; empty when that is zero.';
comment on column {mart}.rfm_segment.mean_recency_days is 'Mean days since the last order; empty for prospects.';
comment on column {mart}.rfm_segment.mean_frequency is 'Mean number of orders a customer.';
comment on column {mart}.rfm_segment.mean_monetary_amount is 'Mean revenue a customer.';
comment on column {mart}.rfm_segment.as_of_date is 'Day that the scores look back from.';
$ddl$);
