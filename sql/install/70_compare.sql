-- Comparisons of two periods: what is compared with what, and whether that is fair. All of diagnosis asks here.

create function ecom_internal.baseline_of(first_date date, last_date date, versus text, out baseline_first date, out baseline_last date)
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    days constant int := last_date - first_date + 1;
    is_whole_months constant boolean := first_date = date_trunc('month', first_date) and last_date + 1 = date_trunc('month', last_date + 1);
    months constant int := 12 * (extract(year from last_date + 1) - extract(year from first_date))
                           + extract(month from last_date + 1) - extract(month from first_date);
    years constant int := (days + 365) / 366;
begin
    if versus = 'previous' then
        baseline_first := case when is_whole_months then first_date - make_interval(months => months) else first_date - days end;
        baseline_last := first_date - 1;
    elsif versus = 'week' then
        baseline_first := first_date - (days + 6) / 7 * 7;
        baseline_last := baseline_first + days - 1;
    elsif versus = 'year' and days <= 364 then
        baseline_first := first_date - 364;
        baseline_last := last_date - 364;
    elsif versus in ('year', 'calendar_year') then
        -- The day after the end is moved, so that a February ends with its last day in every year.
        baseline_first := first_date - make_interval(years => years);
        baseline_last := (last_date + 1 - make_interval(years => years))::date - 1;
    else
        raise exception 'comparison "%" is not known', coalesce(versus, 'NULL') using errcode = '22023',
            hint = 'Use previous, week, year or calendar_year, or give baseline_from and baseline_to.';
    end if;
end
$$;
comment on function ecom_internal.baseline_of(date, date, text) is
'The period that a period is compared with.
versus: previous: as many days just before; whole calendar months against as many whole months before. week: as many days, the
least number of whole weeks before. year: the same days of the week 364 days before; more than 364 days are moved by calendar years.
calendar_year: the same dates of the year before.
Errors: 22023 for another word.';

create function ecom_internal.comparison(
    mart name, from_date date, to_date date, versus text, baseline_from date, baseline_to date,
    out first_date date, out last_date date, out baseline_first date, out baseline_last date,
    out has_current boolean, out has_baseline boolean, out current_days int, out baseline_days int,
    out is_comparable boolean, out reason text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    sales constant record := ecom_internal.check_range(mart, null, null);
    first_sale constant text := to_char(sales.first_date, 'YYYY-MM-DD');
    last_sale constant text := to_char(sales.last_date, 'YYYY-MM-DD');
    reasons text[];
    weekdays text;
begin
    if from_date is null and to_date is null then
        last_date := date_trunc('month', sales.last_date + 1)::date - 1;
        first_date := date_trunc('month', last_date);
        if last_date < sales.first_date then
            first_date := sales.first_date;
            last_date := sales.last_date;
        end if;
    else
        select r.first_date, r.last_date into first_date, last_date from ecom_internal.check_range(mart, from_date, to_date) r;
    end if;
    if (baseline_from is null) <> (baseline_to is null) then
        raise exception 'baseline has one day only' using errcode = '22023',
            hint = 'Give baseline_from and baseline_to, or neither and choose with versus.';
    end if;
    if baseline_from is null then
        select b.baseline_first, b.baseline_last into baseline_first, baseline_last
        from ecom_internal.baseline_of(first_date, last_date, versus) b;
    else
        select r.first_date, r.last_date into baseline_first, baseline_last
        from ecom_internal.check_range(mart, baseline_from, baseline_to) r;
    end if;

    has_current := coalesce(first_date <= sales.last_date and last_date >= sales.first_date, false);
    has_baseline := coalesce(baseline_first <= sales.last_date and baseline_last >= sales.first_date, false);
    current_days := case when has_current then least(last_date, sales.last_date) - greatest(first_date, sales.first_date) + 1 end;
    baseline_days := case when has_baseline then least(baseline_last, sales.last_date) - greatest(baseline_first, sales.first_date) + 1 end;
    if last_date - first_date = baseline_last - baseline_first then
        -- Of periods as long as each other only the days beyond whole weeks can differ.
        select string_agg(format('%s %ss against %s', c.days, c.name, c.baseline), ', ' order by c.n) into weekdays
        from (select w.n, w.name,
                     (select count(*) from generate_series(first_date::timestamp, last_date, '1 day') g (day)
                      where extract(isodow from g.day) = w.n) as days,
                     (select count(*) from generate_series(baseline_first::timestamp, baseline_last, '1 day') g (day)
                      where extract(isodow from g.day) = w.n) as baseline
              from unnest('{Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday}'::text[]) with ordinality w (name, n)) c
        where c.days <> c.baseline;
    end if;
    reasons := array[
        case when sales.first_date is null then 'the mart has no sales' end,
        case when first_date < sales.first_date then 'the period begins before the first sale on ' || first_sale end,
        case when last_date > sales.last_date then 'the period ends after the last sale on ' || last_sale end,
        case when baseline_first < sales.first_date then 'the baseline begins before the first sale on ' || first_sale end,
        case when baseline_last > sales.last_date then 'the baseline ends after the last sale on ' || last_sale end,
        case when first_date <= baseline_last and last_date >= baseline_first then 'the periods overlap' end,
        case when last_date - first_date <> baseline_last - baseline_first
             then format('%s days against %s', last_date - first_date + 1, baseline_last - baseline_first + 1) end];
    reason := coalesce(nullif(array_to_string(array_remove(reasons, null), '; '), ''), weekdays, '');
    is_comparable := reason = '';
end
$$;
comment on function ecom_internal.comparison(name, date, date, text, date, date) is
'The two periods of a comparison, and whether they are like for like: as many days of each weekday, apart from each other, and
both between the first and the last sale. Without from_date and to_date the last complete month; when there is none, all sales.
has_current, has_baseline: whether the period has a day between the first and the last sale, and current_days, baseline_days
how many. reason: what is not alike, an empty text when nothing is.
Arguments: mart: the resolved name; the others as ecom.kpi_compare. All NULL but has_* for a mart without sales and no dates.
Errors: those of check_range and baseline_of, 22023 for one of baseline_from and baseline_to alone.';

create function ecom_internal.metric_ratio(
    mart name, metric text, out kind text, out parts text[], out numerator text, out denominator text, out is_distinct boolean)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    ratio text[];
begin
    perform ecom_internal.check_metric(mart, metric);
    select case when m.kind = 'derived' and m.expression ~ '/' then 'ratio' when m.kind = 'derived' then 'additive' else m.kind end,
           case when m.kind = 'derived' then m.uses else array[m.name] end, m.expression
    into kind, parts, numerator
    from ecom_internal.mart_metric(mart) m where m.name = metric;
    if kind = 'ratio' then
        ratio := regexp_match(numerator, '^(.*) / nullif\((.*), 0\)$');
        numerator := ratio[1];
        denominator := ratio[2];
    elsif cardinality(parts) = 1 then
        numerator := quote_ident(parts[1]);
    end if;
    is_distinct := exists (select from ecom_internal.metric_definition d where d.name = any (parts) and d.kind = 'distinct');
    if is_distinct and kind = 'additive' then
        kind := 'distinct';
    end if;
end
$$;
comment on function ecom_internal.metric_ratio(name, text) is
'A metric as a sum, or as one sum over another: kind is additive, distinct or ratio; numerator and denominator (NULL without one)
are expressions over the columns parts, metrics of ecom_internal.metric_query that are not derived. is_distinct: a part counts
different things, so that neither days nor segments add up.
Errors: 22023 for an unknown metric.';

create function ecom_internal.segment_name(dimensions text[], members text[]) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(string_agg(s.dimension || ' = ' || s.member, ', ' order by s.n), 'All')
    from unnest(dimensions, members) with ordinality s (dimension, member, n) where s.member is not null
$$;
comment on function ecom_internal.segment_name(text[], text[]) is
'A segment in words: region = West, category = Electronics. A NULL member does not narrow; All when none does.';

create function ecom_internal.segment_filters(filters jsonb, dimensions text[], members text[]) returns jsonb
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(filters, '{}') || coalesce(jsonb_object_agg(s.dimension, s.member), '{}')
    from unnest(dimensions, members) s (dimension, member) where s.member is not null
$$;
comment on function ecom_internal.segment_filters(jsonb, text[], text[]) is
'Filters narrowed to a segment whose sales they hold. A NULL member does not narrow.';

create function ecom_internal.check_segment_dimensions(dimensions text[]) returns text[]
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    wrong text;
begin
    perform ecom_internal.check_dimensions(dimensions);
    select d.name into wrong from ecom_internal.dimension_definition d
    where d.name = any (dimensions) and d.type = 'date' order by d.position limit 1;
    if found then
        raise exception 'dimension "%" has no member in both periods', wrong using errcode = '22023',
            hint = 'Leave it out; ecom.revenue_trend and ecom.drilldown compare periods of time.';
    end if;
    return array(select u.name from unnest(dimensions) with ordinality u (name, n) group by u.name order by min(u.n));
end
$$;
comment on function ecom_internal.check_segment_dimensions(text[]) is
'The dimensions, each once, of segments that are compared between two periods. NULL gives none.
Errors: 22023 for unknown ones and for periods of time.';

create function ecom_internal.members_expression(dimensions text[]) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select format('array[%s]::text[]', string_agg(format('q.%I', d.name), ', ' order by d.n)) from unnest(dimensions) with ordinality d (name, n)
$$;
comment on function ecom_internal.members_expression(text[]) is
'An expression that gathers the dimension columns of a metric_query with the alias q into an array.';

create function ecom.kpi_compare(
    mart name default null, from_date date default null, to_date date default null, versus text default 'previous',
    "by" text[] default '{}', metrics text[] default '{revenue,orders,customers,aov,avg_satisfaction}', filters jsonb default '{}',
    baseline_from date default null, baseline_to date default null)
returns table (segment text, segment_filters jsonb, metric text, current numeric, baseline numeric, change numeric, change_rate numeric,
               daily_change_rate numeric, p_value float8, is_comparable boolean, reason text,
               first_date date, last_date date, baseline_first_date date, baseline_last_date date)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_column
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    periods constant record := ecom_internal.comparison(mart_schema, from_date, to_date, versus, baseline_from, baseline_to);
    dimensions constant text[] := ecom_internal.check_segment_dimensions("by");
    wanted constant text[] := array(select u.name from unnest(metrics) with ordinality u (name, n) group by u.name order by min(u.n));
    min_test_days constant int := 7;
    parts text[];
    value_list text;
    part_list text;
    definition_list text;
begin
    if cardinality(wanted) = 0 then
        raise exception 'no metric is asked for' using errcode = '22023', hint = 'Choose from SELECT * FROM ecom.metrics().';
    end if;
    select string_agg(format('(%s, q.%I::numeric)', w.n, w.name), ', ' order by w.n),
           string_agg(format('(%s, (%s)::numeric, %s)', w.n, r.numerator, coalesce('(' || r.denominator || ')::numeric', 'null::numeric')), ', ' order by w.n)
               filter (where not r.is_distinct),
           string_agg(format('(%s, %L, %L)', w.n, w.name, r.kind), ', ' order by w.n)
    into value_list, part_list, definition_list
    from unnest(wanted) with ordinality w (name, n) cross join lateral ecom_internal.metric_ratio(mart_schema, w.name) r;
    parts := array(select distinct p.name from unnest(wanted) w (name) cross join lateral ecom_internal.metric_ratio(mart_schema, w.name) r
                   cross join lateral unnest(r.parts) p (name) where not r.is_distinct);
    if part_list is null then
        parts := '{revenue}';
        part_list := '(0, null::numeric, null::numeric)';
    end if;
    if periods.first_date is null then
        return;
    end if;
    -- Days are what the test looks at, so that orders of one day, weekday or promotion are not taken for independent ones.
    return query execute format('
        with period (is_current, is_known, days) as (values (true, $1, $3), (false, $2, $4)),
        definition (n, metric, kind) as (values %1$s),
        value as (
            select v.is_current, v.members, v.n, v.value from (
                select true as is_current, %2$s as members, v.* from (%3$s) q cross join lateral (values %5$s) v (n, value)
                union all
                select false, %2$s, v.* from (%4$s) q cross join lateral (values %5$s) v (n, value)) v
            join period p on p.is_current = v.is_current and p.is_known),
        daily as (
            select true as is_current, %2$s as members, v.* from (%6$s) q cross join lateral (values %8$s) v (n, numerator, denominator)
            union all
            select false, %2$s, v.* from (%7$s) q cross join lateral (values %8$s) v (n, numerator, denominator)),
        moment as (
            select d.is_current, d.members, d.n, p.days,
                   sum(d.numerator) as s, sum(d.denominator) as t, sum(d.numerator * d.numerator) as ss,
                   sum(d.numerator * d.denominator) as st, sum(d.denominator * d.denominator) as tt
            from daily d join period p using (is_current) join definition m on m.n = d.n
            group by d.is_current, d.members, d.n, p.days
            having p.days >= $5),
        sample as (
            select m.is_current, m.members, m.n, m.days, case when m.t is null then m.s / m.days else m.s / m.t end as mean,
                   case when m.t is null then sqrt(greatest(m.ss - m.s * m.s / m.days, 0) / (m.days - 1))
                        else sqrt(greatest(m.ss - 2 * m.s * m.st / m.t + m.s * m.s * m.tt / (m.t * m.t), 0) / (m.days - 1)) * m.days / abs(m.t)
                        end as stddev
            from moment m where m.t is distinct from 0),
        tested as (
            select c.members, c.n, (ecom.welch_test(c.mean::float8, c.stddev::float8, c.days, b.mean::float8, b.stddev::float8, b.days)).p_value
            from sample c join sample b on b.members = c.members and b.n = c.n
            where c.is_current and not b.is_current),
        compared as (
            select k.members, m.n, m.metric, m.kind,
                   case when $1 then case when m.kind = ''ratio'' then c.value else coalesce(c.value, 0) end end as current,
                   case when $2 then case when m.kind = ''ratio'' then b.value else coalesce(b.value, 0) end end as baseline
            from (select distinct v.members from value v union select ''{}'' where $6 = ''{}'') k cross join definition m
            left join value c on c.is_current and c.members = k.members and c.n = m.n
            left join value b on not b.is_current and b.members = k.members and b.n = m.n)
        select ecom_internal.segment_name($6, c.members), ecom_internal.segment_filters($7, $6, c.members), c.metric,
               trim_scale(round(c.current, 4)), trim_scale(round(c.baseline, 4)), trim_scale(round(c.current - c.baseline, 4)),
               round((c.current - c.baseline) / nullif(abs(c.baseline), 0), 4),
               case when c.kind = ''additive''
                    then round((c.current / $3 - c.baseline / $4) / nullif(abs(c.baseline / $4), 0), 4) end,
               t.p_value, $8, $9, $10, $11, $12, $13
        from compared c left join tested t on t.members = c.members and t.n = c.n
        order by c.members collate "C", c.n',
        definition_list, coalesce(ecom_internal.members_expression(nullif(dimensions, '{}')), '''{}''::text[]'),
        ecom_internal.metric_query(mart_schema, wanted, dimensions, periods.first_date, periods.last_date, filters),
        ecom_internal.metric_query(mart_schema, wanted, dimensions, periods.baseline_first, periods.baseline_last, filters),
        value_list,
        ecom_internal.metric_query(mart_schema, parts, dimensions || '{day}', periods.first_date, periods.last_date, filters),
        ecom_internal.metric_query(mart_schema, parts, dimensions || '{day}', periods.baseline_first, periods.baseline_last, filters),
        part_list)
        using periods.has_current, periods.has_baseline, periods.current_days, periods.baseline_days, min_test_days, dimensions, filters,
              periods.is_comparable, periods.reason, periods.first_date, periods.last_date, periods.baseline_first, periods.baseline_last;
end
$$;
comment on function ecom.kpi_compare(name, date, date, text, text[], text[], jsonb, date, date) is
'Metrics of a period against another, with what makes the two unlike: one row per segment and metric.
Example: SELECT metric, current, baseline, change_rate, p_value, is_comparable, reason FROM ecom.kpi_compare(''shop'')
Example: SELECT segment, current, baseline, change_rate
    FROM ecom.kpi_compare(''shop'', ''2025-12-01'', ''2025-12-14'', ''year'', ''{region}'', ''{revenue}'')
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- from_date, to_date: inclusive; both NULL: the last complete month; one NULL: from the first or to the last sale
- versus: previous: as many days just before, whole calendar months against as many whole months before; week: as many days, the
  least number of whole weeks before; year: 364 days before, so that weekdays agree; calendar_year: the same dates a year before
- by: dimensions of ecom.dimensions() but periods of time; each combination of their values is a segment, All without any
- metrics: of ecom.metrics
- filters: {"region": "West", ...}
- baseline_from, baseline_to: the other period, instead of versus
segment_filters can be passed as filters to every function. change_rate: change over the baseline. daily_change_rate: the same
per day, of sums and counts: fair when the periods are not equally long. Values are NULL where a period has no day between the first
and the last sale. is_comparable: like for like, that is as many days of each weekday, no overlap, and both periods within the sales, so
that an unfinished one is not; reason says what differs. Holidays and promotions are not looked at.
p_value: of no difference, by Welch''s t test over days: of daily sums, for a ratio of its linearised daily residuals (Cochran 1977,
6.3, days as clusters). Days are taken as independent and the season is not known to it: a small value says that the periods differ, not
why. NULL for distinct counts and ratios over them, and with fewer than 7 days or no
sales in a period.
Errors: 22023 for unknown names, a reversed range and half a baseline.';
