-- The calendar: keys of days, whole years of dim_date, holidays.

create function ecom_internal.date_key(day date) returns int
language sql immutable strict parallel safe
return (pg_catalog.date_part('year', day) * 10000 + pg_catalog.date_part('month', day) * 100
        + pg_catalog.date_part('day', day))::int;
comment on function ecom_internal.date_key(date) is
'Gives the key of a day in dim_date: yyyymmdd.
NULL gives NULL. The caller keeps to the years 1900 to 2199.';

create function ecom_internal.calendar(first_day date, last_day date, fiscal_year_start_month int, hemisphere text)
returns table (date_key int, date date, year int, quarter int, month int, month_name text, iso_year int, iso_week int,
               day_of_month int, day_of_week int, day_name text, season text, is_weekend boolean,
               fiscal_year int, fiscal_quarter int, fiscal_month int)
language sql stable strict
set search_path = pg_catalog, pg_temp
as $$
    select ecom_internal.date_key(day), day, year, (month + 2) / 3, month, to_char(day, 'FMMonth'),
           extract(isoyear from day)::int, extract(week from day)::int,
           extract(day from day)::int, day_of_week, to_char(day, 'FMDay'),
           (array['Winter', 'Spring', 'Summer', 'Autumn'])
               [(month % 12 / 3 + case hemisphere when 'south' then 2 else 0 end) % 4 + 1],
           day_of_week >= 6,
           year + (fiscal_year_start_month > 1 and month >= fiscal_year_start_month)::int,
           (month - fiscal_year_start_month + 12) % 12 / 3 + 1,
           (month - fiscal_year_start_month + 12) % 12 + 1
    from generate_series(first_day::timestamp, last_day::timestamp, interval '1 day') as moment
    cross join lateral (select moment::date, extract(year from moment)::int, extract(month from moment)::int,
                               extract(isodow from moment)::int) as parts (day, year, month, day_of_week)
$$;
comment on function ecom_internal.calendar(date, date, int, text) is
'Computes the rows of dim_date for a range of days, without holidays.
Arguments: first_day, last_day: the range, both included; fiscal_year_start_month: 1 to 12; hemisphere: north or south.';

create function ecom_internal.extend_dates(mart name, from_date date, to_date date) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    first_day date;
    last_day date;
begin
    if from_date < date '1900-01-01' or to_date > date '2199-12-31' then
        raise exception 'dates from % to % are outside the calendar', from_date, to_date using errcode = '22008',
            hint = 'Use dates from 1900-01-01 to 2199-12-31.';
    end if;
    -- The union with what is there keeps the calendar free of gaps.
    execute format('select date_trunc(''year'', least(min(date), $1))::date,
                           (date_trunc(''year'', greatest(max(date), $2)) + interval ''1 year'' - interval ''1 day'')::date
                    from %I.dim_date', mart_schema)
        into first_day, last_day using from_date, to_date;
    execute format('
        insert into %1$I.dim_date (date_key, date, year, quarter, month, month_name, iso_year, iso_week, day_of_month,
                                   day_of_week, day_name, season, is_weekend, fiscal_year, fiscal_quarter, fiscal_month)
        select c.* from ecom_internal.calendar($1, $2, $3, $4) c
        where not exists (select from %1$I.dim_date d where d.date = c.date)', mart_schema)
        using first_day, last_day, ecom_internal.setting(mart_schema, 'mart.fiscal_year_start_month')::int,
              ecom_internal.setting(mart_schema, 'mart.hemisphere');
end
$$;
comment on function ecom_internal.extend_dates(name, date, date) is
'Extends dim_date to whole years around a range of days, without gaps to the years that are there.
Arguments: mart; NULL means the setting ecom_analytics.mart; from_date, to_date: the range, both included.
Errors: 22008 outside 1900 to 2199.';

create function ecom_internal.rebuild_dates(mart name) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
begin
    execute format('
        update %1$I.dim_date d
        set season = c.season, fiscal_year = c.fiscal_year, fiscal_quarter = c.fiscal_quarter, fiscal_month = c.fiscal_month
        from ecom_internal.calendar((select min(date) from %1$I.dim_date), (select max(date) from %1$I.dim_date), $1, $2) c
        where d.date_key = c.date_key
          and (d.season, d.fiscal_year, d.fiscal_month) is distinct from (c.season, c.fiscal_year, c.fiscal_month)',
        mart_schema)
        using ecom_internal.setting(mart_schema, 'mart.fiscal_year_start_month')::int,
              ecom_internal.setting(mart_schema, 'mart.hemisphere');
end
$$;
comment on function ecom_internal.rebuild_dates(name) is
'Brings the seasons and fiscal periods of dim_date in line with the settings.
Arguments: mart; NULL means the setting ecom_analytics.mart.';

create function ecom.set_holidays(mart name, dates date[], names text[] default null) returns int
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    marked int;
begin
    if dates is null or array_position(dates, null) is not null then
        raise exception 'holidays must not be NULL' using errcode = '22004',
            hint = 'Give an array of dates; an empty array removes all holidays.';
    end if;
    if names is not null and cardinality(names) <> cardinality(dates) then
        raise exception '% names for % dates', cardinality(names), cardinality(dates) using errcode = '22023',
            hint = 'Give one name per date, or no names.';
    end if;
    if cardinality(dates) > 0 then
        perform ecom_internal.extend_dates(mart_schema, min(day), max(day)) from unnest(dates) day;
    end if;
    execute format('update %I.dim_date set is_holiday = false, holiday_name = '''' where is_holiday', mart_schema);
    execute format('
        update %I.dim_date d set is_holiday = true, holiday_name = h.names
        from (select day, string_agg(distinct coalesce(name, ''Holiday''), '', '') as names
              from unnest($1, $2) as given (day, name) group by day) h
        where d.date = h.day', mart_schema)
        using dates, names;
    get diagnostics marked = row_count;
    return marked;
end
$$;
comment on function ecom.set_holidays(name, date[], text[]) is
'Replaces the holidays of a mart''s calendar.
Example: SELECT ecom.set_holidays(''shop'', ARRAY[''2025-12-25'', ''2025-12-26'']::date[], ARRAY[''Christmas Day'', ''Boxing Day''])
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- dates: the holidays; an empty array removes all; dim_date is extended to their years
- names: one name per date; NULL, or a NULL name, means Holiday. Several names of one day are joined
Returns the number of days marked.
Errors: 22004 for a NULL date, 22023 when names and dates differ in length, 22008 outside 1900 to 2199.';
