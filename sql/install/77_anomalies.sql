-- Anomalies: periods of a metric that differ from what the trend and the day of the week let expect.

create function ecom.detect_anomalies(
    mart name default null,
    metric text default 'revenue',
    grain text default 'day',
    method text default 'robust',
    "by" text[] default '{}',
    from_date date default null,
    to_date date default null,
    filters jsonb default '{}',
    threshold float8 default null,
    low_limit numeric default null,
    high_limit numeric default null
) returns table (period_start date, series text, value numeric, expected numeric, low numeric, high numeric, score float8,
                 is_anomaly boolean, status text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
#variable_conflict use_variable
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    range constant record := ecom_internal.check_range(mart_schema, from_date, to_date);
    sales constant record := ecom_internal.check_range(mart_schema, null, null);
    last_day constant date := coalesce(least(range.last_date, sales.last_date), '2000-01-01');
    width constant float8 := coalesce(threshold, case method when 'iqr' then 1.5 when 'esd' then 0.05 else 3.5 end);
    seasonal_period constant int := case grain when 'day' then 7 else 1 end;
begin
    if method is null or method not in ('robust', 'iqr', 'esd', 'threshold') then
        raise exception 'method "%" is not known', coalesce(method, 'NULL') using errcode = '22023',
            hint = 'Use robust, iqr, esd or threshold.';
    end if;
    if method = 'esd' and not (width > 0 and width < 1) then
        raise exception 'threshold % is not a level of the test', width using errcode = '22023',
            hint = 'Give the chance of any anomaly among usual values, above 0 and below 1: 0.05 by default.';
    end if;
    if not (width > 0 and width < 'infinity') then
        raise exception 'threshold % is not a positive number', width using errcode = '22023',
            hint = 'Give the width of the band: 3.5 deviations (robust) or 1.5 interquartile ranges (iqr) by default.';
    end if;
    if (method = 'threshold') <> (low_limit is not null or high_limit is not null) then
        raise exception 'low_limit and high_limit go with the method threshold' using errcode = '22023',
            hint = 'Write method => ''threshold'', low_limit => 100, high_limit => 1000; one of the two is enough.';
    end if;
    if grain = 'month' then
        raise exception 'grain "month" is not known' using errcode = '22023',
            hint = 'Use day or week: too few months are alike to say what is usual.';
    end if;
    -- All sales up to the last day teach what is usual; what was asked for is cut out at the end.
    return query execute format('
        with seasonal as (
            select s.*, extract(isodow from s.period_start)::int %% $1 as season from (%s) s),
        -- A shop that is closed on Saturdays does not sell 0 there: the days would bend trend and noise of the others.
        closing as (
            select s.*, $1 = 7 and s.value = 0 and avg((s.value = 0)::int)
                over (partition by s.series, s.season) >= 0.9 as is_closed
            from seasonal s),
        known as (select c.*, case when c.is_complete and not c.is_closed then c.value::float8 end as known from closing c),
        scored as (
            select k.*, ecom.anomaly_score(k.known, $1, case $2 when ''robust'' then $3 else 3.5 end)
                        over (partition by k.series order by k.period_start) as usual
            from known k),
        -- Tukey''s fences around what season and trend leave, for each day of the week its own.
        fence as (
            select s.series, s.season, percentile_cont(array[0.25, 0.5,
                0.75]) within group (order by s.known - (s.usual).expected) as quartile
            from scored s where $2 = ''iqr'' group by s.series, s.season),
        -- What trend and season leave, tested for extremes all at one level.
        tested as (
            select s.series, s.period_start, s.known - (s.usual).expected as rest,
                   ecom.extreme_deviates(s.known - (s.usual).expected, 0.1, $3, true) over (partition by s.series) as deviate
            from scored s where $2 = ''esd''),
        middle as (
            select t.series, percentile_cont(0.5) within group (order by t.rest) as middle,
                   coalesce(max((t.deviate).critical) filter (where not (t.deviate).is_outlier), min((t.deviate).critical)) as critical
            from tested t group by t.series),
        spread as (
            select m.series, m.middle, m.critical, 1.4826 * percentile_cont(0.5) within group (order by abs(t.rest - m.middle)) as deviation
            from middle m join tested t using (series) group by m.series, m.middle, m.critical),
        banded as (
            select s.period_start, s.period_end, s.series, s.is_wanted, s.is_complete, s.is_closed, s.value, (t.deviate).is_outlier, b.*
            from scored s left join fence q using (series, season) left join tested t using (series, period_start) left join spread d using (series)
            cross join lateral (
                select (s.usual).expected, (s.usual).low, (s.usual).high, (s.usual).score where $2 = ''robust''
                union all
                select (s.usual).expected + q.quartile[2],
                    (s.usual).expected + q.quartile[1] - $3 * (q.quartile[3] - q.quartile[1]),
                       (s.usual).expected + q.quartile[3] + $3 * (q.quartile[3] - q.quartile[1]),
                       1.3489795003921634 * (s.known - (s.usual).expected - q.quartile[2]) / nullif(q.quartile[3] - q.quartile[1], 0)
                where $2 = ''iqr''
                union all
                select (s.usual).expected + d.middle, (s.usual).expected + d.middle - d.critical * d.deviation,
                       (s.usual).expected + d.middle + d.critical * d.deviation, (t.rest - d.middle) / nullif(d.deviation, 0)
                where $2 = ''esd''
                union all
                select null, $4::float8, $5::float8, null where $2 = ''threshold'') b (expected, low, high, score)),
        judged as (
            select b.*, case when b.value is null then ''no data'' when not b.is_complete then ''unfinished''
                             when $2 <> ''threshold'' and b.is_closed then ''closed''
                             when $2 <> ''threshold'' and b.low is null then ''too little data'' else ''ok'' end as status
            from banded b where b.is_wanted and b.period_end >= $6 and b.period_end >= $7)
        select j.period_start, j.series, trim_scale(round(j.value, 4)), trim_scale(round(j.expected::numeric, 4)),
               trim_scale(round(j.low::numeric, 4)), trim_scale(round(j.high::numeric, 4)), round(j.score::numeric, 4)::float8,
               j.status = ''ok'' and case $2 when ''esd'' then coalesce(j.is_outlier, false)
                   else coalesce(j.value::float8 < j.low, false) or coalesce(j.value::float8 > j.high, false) end, j.status
        from judged j order by j.period_start, j.series collate "C"',
        ecom_internal.metric_series(mart_schema, metric, grain, "by", least(sales.first_date, last_day), last_day, filters))
        using seasonal_period, method, width, low_limit, high_limit, range.first_date, sales.first_date;
end
$$;
comment on function ecom.detect_anomalies(name, text, text, text, text[], date, date, jsonb, float8, numeric, numeric) is
'Finds days or weeks of a metric that are not as trend and day of the week let expect.
Example: SELECT * FROM ecom.detect_anomalies(''shop'') WHERE is_anomaly
Example: SELECT * FROM ecom.detect_anomalies(''shop'', ''orders'', ''week'', "by" => ''{region}'', from_date => ''2025-10-01'')
Example: SELECT * FROM ecom.detect_anomalies(''shop'', ''return_rate'', method => ''threshold'', high_limit => 0.5) WHERE is_anomaly
One row per period and series, by period. Days without sales count as 0 for sums and have no value for ratios. expected: trend and
day of the week; low, high: the band of usual values; score: deviations from expected, negative below it. status: ok; unfinished
(the sales end within the period: never an anomaly); no data; closed (no sales, as nine times of ten on that
day of the week); too little data (fewer than three weeks of days, or ten weeks).
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- metric: of ecom.metrics, revenue by default
- grain: day or week
- method: robust (ecom.anomaly_score: medians and median absolute deviations), iqr (the fences of Tukey (1977) around what trend and
  season leave, for each day of the week its own), esd (the generalised extreme studentised deviate test of Rosner (1983) on what
  trend and season leave, with median and MAD, at most a tenth of the periods: all of them together at one level, however long the
  series) or threshold (low_limit and high_limit, one or both)
- by: dimensions of ecom.dimensions() whose members make the series, but not of time
- from_date, to_date: periods to show, inclusive; NULL means the first and the last day with sales. What is usual is learned from
  all
  sales up to to_date
- filters: {"region": "West", "is_weekend": "false"}
- threshold: width of the band: 3.5 deviations for robust, 1.5 interquartile ranges beyond the quartiles for iqr; for esd the chance of
  any anomaly among usual values, 0.05. The band of esd is where the next value would begin to be one
- low_limit, high_limit: for the method threshold
The expected value of a past day knows the days after it; for what was to be seen on a day, pass it as to_date. For other series
use ecom.anomaly_score over your own query. Errors: 22023 for an argument that is not known, and for a reversed range.
Time: one query of the metric, then near O(n log n) in the periods of a series.';
