-- What shifts single days beside trend and season: holidays of the calendar, and promotions, past and planned.

insert into ecom_internal.setting_definition
    (name, default_value, kind, is_optional, is_fixed, low, high, allowed, description)
values
    ('forecast.promotions', 'true', 'boolean', false, false, null, null, null,
     'Whether the promotions of ecom.set_promotions shift daily forecasts, from the second day of one in the past on.');

insert into ecom_internal.mart_part (name, position, ddl) values ('promotions', 49, $ddl$
create table {mart}.promotion (
    promotion  text             not null,
    start_date date             not null,
    end_date   date             not null,
    strength   double precision not null default 1 check (strength > 0 and strength < 'Infinity'),
    primary key (promotion, start_date),
    check (end_date >= start_date)
);
comment on table {mart}.promotion is 'One row per promotion, past or planned, and its first day. Written by ecom.set_promotions, or by you.';
comment on column {mart}.promotion.promotion is 'Name of the promotion; one that comes again has a row each time.';
comment on column {mart}.promotion.start_date is 'First day.';
comment on column {mart}.promotion.end_date is 'Last day.';
comment on column {mart}.promotion.strength is
'How strong it is beside others, for example the discount in percent: effects on daily forecasts are in proportion to it. 1 for all when nothing is known.';
$ddl$);

create function ecom.set_promotions(mart name, promotions text[], start_dates date[], end_dates date[], strengths float8[] default null)
returns int
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    wrong record;
    written int;
begin
    if promotions is null or start_dates is null or end_dates is null or array_position(promotions, null) is not null
       or array_position(start_dates, null) is not null or array_position(end_dates, null) is not null then
        raise exception 'promotions must not be NULL' using errcode = '22004',
            hint = 'Give a name, a first and a last day for each; empty arrays remove all promotions.';
    end if;
    if cardinality(start_dates) <> cardinality(promotions) or cardinality(end_dates) <> cardinality(promotions)
       or cardinality(strengths) <> cardinality(promotions) then
        raise exception '% names, % first days, % last days and % strengths of promotions', cardinality(promotions), cardinality(start_dates),
            cardinality(end_dates), coalesce(cardinality(strengths)::text, 'no') using errcode = '22023',
            hint = 'Give one of each per promotion, or no strengths.';
    end if;
    select * into wrong from unnest(promotions, start_dates, end_dates, strengths) p (promotion, first_day, last_day, strength)
    where not (isfinite(p.first_day) and isfinite(p.last_day) and p.last_day >= p.first_day and coalesce(p.strength, 1) > 0
               and coalesce(p.strength, 1) < 'Infinity')
    limit 1;
    if found then
        raise exception 'promotion "%" from % to % with strength % makes no sense', wrong.promotion, wrong.first_day, wrong.last_day,
            coalesce(wrong.strength, 1) using errcode = '22023', hint = 'Days must not end before they start, and strengths are above 0.';
    end if;
    execute format('delete from %I.promotion', mart_schema);
    execute format('
        insert into %I.promotion (promotion, start_date, end_date, strength)
        select p.promotion, p.first_day, max(p.last_day), max(coalesce(p.strength, 1))
        from unnest($1, $2, $3, $4) p (promotion, first_day, last_day, strength)
        group by p.promotion, p.first_day', mart_schema)
        using promotions, start_dates, end_dates, strengths;
    get diagnostics written = row_count;
    return written;
end
$$;
comment on function ecom.set_promotions(name, text[], date[], date[], float8[]) is
'Replaces the promotions of a mart, past and planned, which shift its daily forecasts.
Example: SELECT ecom.set_promotions(''shop'', ARRAY[''Spring sale'', ''Spring sale''], ARRAY[''2025-03-01'', ''2026-03-01'']::date[], ARRAY[''2025-03-07'', ''2026-03-07'']::date[])
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- promotions: a name each; empty arrays remove all promotions
- start_dates, end_dates: their first and last days
- strengths: how strong each is beside the others, for example the discount in percent; NULL, or a NULL strength, means 1
Returns the number of promotions; of two of one name and first day the longer and stronger one is kept.
Errors: 22004 for a NULL name or day, 22023 when arrays differ in length, a promotion ends before it starts or a strength is not above 0.
The next ecom.refresh takes them in; strengths of promotions on the same day add up.';

create function ecom_internal.write_day_effects(mart name, first_day date, last_day date, horizon int) returns text[]
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    effects text[];
begin
    create temporary table ecom_day (day date, is_past boolean, holiday float8, promotion float8) on commit drop;
    execute format('
        insert into pg_temp.ecom_day
        select g.day::date, g.day::date <= $2, coalesce(d.is_holiday, false)::int,
               coalesce((select sum(p.strength) from %1$I.promotion p where g.day::date between p.start_date and p.end_date), 0)
        from generate_series($1::timestamp, $2::timestamp + $3 * interval ''1 day'', interval ''1 day'') g (day)
        left join %1$I.dim_date d on d.date = g.day::date', mart) using first_day, last_day, horizon;
    -- Two days are the least that say by how much one is shifted. Promotions that are the same in every week belong to the season, and
    -- where they are on holidays only, both have one effect.
    with past as (
        select d.holiday, d.promotion, d.promotion <> lag(d.promotion, 7) over (order by d.day) as is_not_weekly
        from pg_temp.ecom_day d where d.is_past),
    known as (
        select ecom_internal.setting(mart, 'forecast.holidays')::boolean and count(*) filter (where p.holiday > 0) >= 2 as has_holidays,
               ecom_internal.setting(mart, 'forecast.promotions')::boolean and count(*) filter (where p.promotion > 0) >= 2
               and bool_or(p.is_not_weekly) as has_promotions, abs(corr(p.holiday, p.promotion)) as likeness
        from past p)
    select array_remove(array[case when k.has_holidays then 'holiday' end,
                              case when k.has_promotions and not (k.has_holidays and coalesce(k.likeness > 0.9999, false)) then 'promotion' end], null)
    into effects from known k;
    create temporary table ecom_effect on commit drop as
        select d.day::timestamp as period_start,
               array_remove(array[case when 'holiday' = any (effects) then d.holiday end,
                                  case when 'promotion' = any (effects) then d.promotion end], null) as regressors
        from pg_temp.ecom_day d;
    drop table pg_temp.ecom_day;
    analyze pg_temp.ecom_effect;
    return effects;
end
$$;
comment on function ecom_internal.write_day_effects(name, date, date, int) is
'Writes ecom_effect, a temporary table of refresh: the regressors of every day of the past and of the horizon. Returns what they are: holiday,
promotion, both or none.';
