-- A first look at any table: what each of its columns holds.

create function ecom_internal.profile(source text, caller_path text, top int)
returns table (column_name text, data_type text, rows bigint, missing bigint, missing_rate numeric, distinct_values bigint,
               lowest text, p25 text, median text, p75 text, highest text, mean float8, stddev float8, top_values text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    opened regclass;
    described record;
    is_number boolean;
    is_ordered boolean;
begin
    if top is null or top not between 0 and 1000 then
        raise exception 'top % is out of range', coalesce(top::text, 'NULL') using errcode = '22023', hint = 'Use 0 to 1000 values.';
    end if;
    opened := ecom_internal.open_source(source, caller_path);
    for described in select c.* from ecom_internal.source_column(opened) c order by c.column_number loop
        is_number := described.type_oid in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'numeric'::regtype,
                                            'real'::regtype, 'double precision'::regtype);
        is_ordered := exists (select from pg_opclass o join pg_am a on a.oid = o.opcmethod
                              where a.amname = 'btree' and o.opcdefault and o.opcintype = described.type_oid)
                      or described.type_oid = 'varchar'::regtype;
        -- What has no order has neither quantiles nor equal values to count; its text has.
        return query execute format('
            with value as materialized (
                select %1$s as v, count(*) as n from pg_temp.ecom_source s group by 1),
            known as (select v, n, sum(n) over (order by v%2$s) as upto from value where v is not null),
            total as (select coalesce(sum(n), 0)::bigint as rows, coalesce(sum(n) filter (where v is null), 0)::bigint as missing,
                             count(v) as distinct_values from value)
            select $1, $2, t.rows, t.missing, round(t.missing::numeric / nullif(t.rows, 0), 4), t.distinct_values,
                   (select k.v::text from known k order by k.v%2$s limit 1),
                   (select v::text from known where upto >= 0.25 * (t.rows - t.missing) order by upto limit 1),
                   (select v::text from known where upto >= 0.5 * (t.rows - t.missing) order by upto limit 1),
                   (select v::text from known where upto >= 0.75 * (t.rows - t.missing) order by upto limit 1),
                   (select k.v::text from known k order by k.v%2$s desc limit 1), %3$s, %4$s,
                   (select string_agg(format(''%%s (%%s)'', left(v::text, 60), n), '', '' order by n desc, v%2$s)
                    from (select v, n from known order by n desc, v%2$s limit %5$s) best)
            from total t',
            case when is_ordered then format('s.%I', described.column_name) else format('s.%I::text', described.column_name) end,
            case when not is_ordered or described.type_oid in ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype)
                 then ' collate "C"' else '' end,
            case when is_number then '(select sum(v::float8 * n) / nullif(sum(n), 0) from known)' else 'null::float8' end,
            case when is_number then format('(select stddev_samp(s.%I::float8) from pg_temp.ecom_source s)', described.column_name)
                 else 'null::float8' end, top)
            using described.column_name, described.type_name;
    end loop;
    drop view pg_temp.ecom_source;
end
$$;
comment on function ecom_internal.profile(text, text, int) is 'Does the work of ecom.profile, with the search_path of its caller.';

create function ecom.profile(source text, top int default 5)
returns table (column_name text, data_type text, rows bigint, missing bigint, missing_rate numeric, distinct_values bigint,
               lowest text, p25 text, median text, p75 text, highest text, mean float8, stddev float8, top_values text)
language sql volatile
begin atomic
    select p.column_name, p.data_type, p.rows, p.missing, p.missing_rate, p.distinct_values, p.lowest, p.p25, p.median, p.p75, p.highest,
           p.mean, p.stddev, p.top_values
    from ecom_internal.profile(source, pg_catalog.current_setting('search_path'), top) p;
end;
comment on function ecom.profile(text, int) is
'A first look at a table or query, column by column: SELECT * FROM ecom.profile(''shop.fact_sales'').
One row per column: rows, missing (NULL) values and their share, different values, lowest and highest, quartiles as values
that occur (the smallest value that a quarter of the known ones do not exceed; texts by their bytes), mean and sample standard
deviation of numbers, and the most frequent values with their counts.
Arguments: source: name of a relation, or SELECT text; runs as the caller, names are found by the search_path. top: how many
frequent values, 0 to 1000. Types without an order (json, point) are looked at as text.
Reads the source once or twice a column; memory: its different values. Makes a temporary view, so that it does not run in a
read-only transaction. Errors: 42P01 for an unknown relation, 22023 for top out of range.';
