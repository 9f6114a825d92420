-- Insights: what a period has to tell, in sentences, each with the query that proves it.
--
-- A source is a function that looks at one thing and returns the sentences that hold; a family adds its own as a row of
-- ecom_internal.insight_source. Sources ask the functions that users have, so that a sentence and a KPI cannot disagree,
-- and evidence_sql is a call that anybody can make.

create type ecom_internal.insight as (
    kind text, metric text, segment text, value numeric, change_rate numeric, score float8, insight text, evidence_sql text);
comment on type ecom_internal.insight is 'A sentence about a period, as the sources of ecom.insights return it';

create table ecom_internal.insight_source (
    name        text primary key,
    position    int  not null unique,
    function    name not null,
    description text not null
);
comment on table ecom_internal.insight_source is
'One row per source of ecom.insights; a family adds its own.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.insight_source.name is 'Name of the source.';
comment on column ecom_internal.insight_source.position is 'Order among equal scores.';
comment on column ecom_internal.insight_source.function is
'Function of schema ecom_internal: (mart name, first_day date, last_day date) returns setof ecom_internal.insight.';
comment on column ecom_internal.insight_source.description is 'What its sentences are about.';
grant select on ecom_internal.insight_source to public;

insert into ecom_internal.insight_source (name, position, function, description) values
    ('change', 10, 'insights_of_change',
        'Revenue, orders, order value, satisfaction and returns against the period before and a year before'),
    ('segment', 20, 'insights_of_segments',
        'Countries, regions, segments, channels and categories that moved otherwise than the shop'),
    ('customers', 30, 'insights_of_customers', 'New and returning customers'),
    ('returns', 40, 'insights_of_returns', 'Categories that come back more than others'),
    ('satisfaction', 50, 'insights_of_satisfaction', 'Groups that are less satisfied, and what delivery has to do with it'),
    ('alerts', 60, 'insights_of_alerts', 'Alert rules that fired'),
    ('anomalies', 70, 'insights_of_anomalies', 'Days and weeks that were not as usual'),
    ('concentration', 80, 'insights_of_concentration', 'How much depends on the best customers and products');

-- Words ------------------------------------------------------------------------------------------------------

create function ecom_internal.figure(value numeric, decimals int default 2) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$ select to_char(round(value, decimals), 'FM999,999,999,999,990' || case when decimals > 0 then '.' || repeat('0', decimals)
    else '' end) $$;
comment on function ecom_internal.figure(numeric, int) is 'A number as a sentence has it: 12,345.60.';

create function ecom_internal.iso_date(day date) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$ select to_char(day, 'YYYY-MM-DD') $$;
comment on function ecom_internal.iso_date(date) is 'A day in the same words whatever DateStyle says.';

create function ecom_internal.more_or_less(rate numeric) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$ select ecom_internal.figure(abs(100 * rate), 1) || ' % ' || case when rate < 0 then 'less' else 'more' end $$;
comment on function ecom_internal.more_or_less(numeric) is 'A change in words: 12.3 % more.';

create function ecom_internal.period_name(first_date date, last_date date) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select case when first_date = last_date then ecom_internal.iso_date(first_date)
                when first_date = date_trunc('year', first_date) and last_date = first_date + interval '1 year' - interval '1 day'
                    then to_char(first_date, 'YYYY')
                when first_date = date_trunc('month', first_date)
                    and last_date = first_date + interval '1 month' - interval '1 day' then to_char(first_date, 'FMMonth YYYY')
                else ecom_internal.iso_date(first_date) || ' to ' || ecom_internal.iso_date(last_date) end
$$;
comment on function ecom_internal.period_name(date, date) is
'A range of days as a sentence has it: December 2025, or its first and last day.';

create function ecom_internal.group_name(dimensions text[], filters jsonb) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$ select string_agg(d.name || ' ' || (filters ->> d.name), ', ' order by d.n)
    from unnest(dimensions) with ordinality d (name, n) $$;
comment on function ecom_internal.group_name(text[], jsonb) is 'A segment as a sentence has it: region West, category Electronics.';

create function ecom_internal.year_before(first_date date, last_date date) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select case when first_date = date_trunc('month', first_date) and last_date + 1 = date_trunc('month', last_date + 1)
        then 'calendar_year' else 'year' end
$$;
comment on function ecom_internal.year_before(date, date) is
'The comparison of ecom.kpi_compare with a year before: by the calendar for whole months, else by days of the week.';

-- Sources ----------------------------------------------------------------------------------------------------

create function ecom_internal.insights_of_change(mart name, first_day date, last_day date) returns setof ecom_internal.insight
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    year_before constant text := ecom_internal.year_before(first_day, last_day);
begin
    return query
    with shown (metric, position, label, factor, decimals, unit, is_level) as (values
        ('revenue', 1, 'Revenue', 1, 2, '', false), ('orders', 2, 'The number of orders', 1, 0, '', false),
            ('aov', 3, 'The average order value', 1, 2, '', false),
        ('avg_satisfaction', 4, 'Mean satisfaction', 1, 2, '', true), ('return_rate', 5, 'The return rate', 100, 1, ' %', true)),
    compared as (
        select v.n, k.*, k.baseline_first_date >= s.first_date and k.baseline is not null as is_known
        from unnest(array['previous', year_before]) with ordinality v (versus, n)
        cross join ecom_internal.check_range(mart, null, null) s
        cross join lateral ecom.kpi_compare(mart, first_day, last_day, v.versus, metrics => array(select m.metric from shown m)) k),
    paired as (
        select s.*, p.current, p.baseline as previous, p.change_rate, p.daily_change_rate, p.baseline_first_date,
            p.baseline_last_date,
               p.is_known as has_previous,
               y.baseline as year_ago, y.change_rate as year_change_rate, y.daily_change_rate as year_daily_change_rate,
               y.is_known and y.baseline_first_date < p.baseline_first_date as has_year,
               least(case when p.is_known then p.p_value end, case when y.is_known then y.p_value end) as p_value,
               greatest(case when p.is_known then abs(p.change) end, case when y.is_known then abs(y.change) end) as difference,
               -- Months are not equally long: of sums the change a day counts, as a share of the greater one.
               greatest(case when p.is_known then abs(v.previous) / greatest(1, 1 + v.previous) end,
                        case when y.is_known then abs(v.year) / greatest(1, 1 + v.year) end) as share
        from shown s join compared p on p.metric = s.metric and p.n = 1 join compared y on y.metric = s.metric and y.n = 2
        cross join lateral (select coalesce(p.daily_change_rate, p.change_rate),
            coalesce(y.daily_change_rate, y.change_rate)) v (previous, year)
        where p.current is not null and (p.is_known or y.is_known))
    select 'change', t.metric, 'All', t.current, case when t.has_previous then t.change_rate else t.year_change_rate end,
           (case t.metric when 'avg_satisfaction' then t.difference / 4 when 'return_rate' then t.difference
               else t.share end)::float8,
           format('%s in %s was %s%s%s%s.%s', t.label, ecom_internal.period_name(first_day, last_day),
                  ecom_internal.figure(t.factor * t.current, t.decimals), t.unit,
                  case when t.has_previous then format(', %s%s in %s%s', w.after, w.previous,
                      ecom_internal.period_name(t.baseline_first_date, t.baseline_last_date),
                                                        ' (' || ecom_internal.more_or_less(nullif(t.daily_change_rate,
                                                            t.change_rate)) || ' a day)') end,
                  case when t.has_year then format('%s%s a year before%s', case when t.has_previous then ' and ' else ', '
                      || w.after end, w.year_ago,
                                                    ' (' || ecom_internal.more_or_less(nullif(t.year_daily_change_rate,
                                                        t.year_change_rate)) || ' a day)') end,
                  case when t.p_value >= 0.025 then ' Days vary so much that this may be chance.' end),
           format('SELECT c.first_date, c.last_date, c.baseline_first_date, c.baseline_last_date, round(%s * c.current, %s) AS %I, '
                  'round(%1$s * c.baseline, %2$s) AS baseline, round(100 * abs(c.change_rate), 1) AS change_percent, '
                  'round(100 * abs(c.daily_change_rate), 1) AS daily_change_percent, c.p_value FROM unnest(%4$L::text[]) v (versus) '
                  'CROSS JOIN LATERAL ecom.kpi_compare(%5$L, %6$L, %7$L, v.versus, metrics => %8$L) c',
                  t.factor, t.decimals, t.metric,
                  array_remove(array[case when t.has_previous then 'previous' end, case when t.has_year then year_before end],
                      null),
                  mart, ecom_internal.iso_date(first_day), ecom_internal.iso_date(last_day), array[t.metric])
    from paired t
    cross join lateral (
        select case when t.is_level then 'after ' else '' end,
               case when t.is_level then ecom_internal.figure(t.factor * t.previous, t.decimals) || t.unit
                    else format('%s than the %s', ecom_internal.more_or_less(t.change_rate),
                        ecom_internal.figure(t.previous, t.decimals)) end,
               case when t.is_level then ecom_internal.figure(t.factor * t.year_ago, t.decimals) || t.unit
                    else format('%s than the %s', ecom_internal.more_or_less(t.year_change_rate),
                        ecom_internal.figure(t.year_ago, t.decimals)) end)
        w (after, previous, year_ago)
    -- Revenue is told when it moved by a twentieth, everything else when the days of the periods differ beyond chance.
    where t.p_value < 0.025 or t.metric = 'revenue' and t.share >= 0.05
    order by t.position;
end
$$;
comment on function ecom_internal.insights_of_change(name, date, date) is 'Source change of ecom.insights.';

create function ecom_internal.insights_of_segments(mart name, first_day date, last_day date) returns setof ecom_internal.insight
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    moved record;
    name text;
    told jsonb[] := '{}';
begin
    for moved in
        with total as materialized (
            select v.n, v.versus, k.current, k.baseline, k.change_rate, k.baseline_first_date < s.first_date as is_unknown
            from (values (1, 'previous'), (2, ecom_internal.year_before(first_day, last_day))) v (n, versus)
            cross join ecom_internal.check_range(mart, null, null) s
            cross join lateral ecom.kpi_compare(mart, first_day, last_day, v.versus, metrics => '{revenue}') k
            where k.baseline > 0 and k.current > 0),
        tried as (
            select t.n, b.dimensions, t.versus, c.*, t.current as total, t.baseline as total_baseline,
                t.change_rate as total_change_rate,
                   c.change - c.baseline * (t.current / t.baseline - 1) as excess, t.is_unknown,
                   count(*) over (partition by t.n, b.dimensions) as segments
            from total t
            cross join (values ('{region,category}'::text[]), ('{region}'), ('{category}'), ('{segment}'), ('{channel}'),
                               ('{country}')) b (dimensions)
            cross join lateral ecom.kpi_compare(mart, first_day, last_day, t.versus, b.dimensions, '{revenue}') c)
        -- Beyond chance, counting how many segments were tried; more than a hundredth of the revenue; not what the whole shop
        -- did; and against the period before only what a year before does not show to be the season.
        select t.*, v.score
        from tried t
        cross join lateral (select (abs(t.excess) / greatest(t.total, t.total_baseline))::float8) v (score)
        left join tried y on y.n = 2 and y.dimensions = t.dimensions and y.segment = t.segment and not y.is_unknown
        where not t.is_unknown and t.segments > 1 and t.p_value * t.segments < 0.01 and t.change * t.excess > 0
          and least(abs(t.change), abs(t.excess)) >= 0.01 * greatest(t.total, t.total_baseline)
          and (t.n = 2 or y.n is null or y.p_value < 0.05 and y.change * t.change > 0)
        -- A segment of two dimensions comes before one that holds it when it makes half of its change.
        order by v.score * cardinality(t.dimensions) desc, t.segment collate "C", t.n
    loop
        -- What holds a segment that was told, or is part of it, and moved the same way is the same story.
        continue when exists (
            select from unnest(told) o (segment)
            where (o.segment -> 'filters' @> moved.segment_filters or moved.segment_filters @> (o.segment -> 'filters'))
              and (o.segment ->> 'is_fall')::boolean = (moved.change < 0));
        told := told || jsonb_build_object('filters', moved.segment_filters, 'is_fall', moved.change < 0);
        name := ecom_internal.group_name(moved.dimensions, moved.segment_filters);
        return next row('segment', 'revenue', name, moved.current, moved.change_rate, moved.score,
            format('Revenue of %s was %s in %s, %s than the %s %s, while the whole shop sold %s.', name,
                ecom_internal.figure(moved.current),
                   ecom_internal.period_name(first_day, last_day), coalesce(ecom_internal.more_or_less(moved.change_rate), 'more'),
                   ecom_internal.figure(moved.baseline),
                   case moved.versus when 'previous' then 'in '
                       || ecom_internal.period_name(moved.baseline_first_date, moved.baseline_last_date)
                                     else 'a year before' end,
                   ecom_internal.more_or_less(moved.total_change_rate)),
            format('SELECT f.segment, c.first_date, c.last_date, c.baseline_first_date, c.baseline_last_date, '
                   'round(c.current, 2) AS revenue, round(c.baseline, 2) AS baseline, '
                   'round(100 * abs(c.change_rate), 1) AS change_percent, c.p_value '
                   'FROM (VALUES (%L, %L::jsonb), (''All'', ''{}'')) f (segment, filters) '
                   'CROSS JOIN LATERAL ecom.kpi_compare(%L, %L, %L, %L, metrics => ''{revenue}'', filters => f.filters) c',
                   name, moved.segment_filters, mart, ecom_internal.iso_date(first_day), ecom_internal.iso_date(last_day),
                       moved.versus))::ecom_internal.insight;
    end loop;
end
$$;
comment on function ecom_internal.insights_of_segments(name, date, date) is 'Source segment of ecom.insights.';

create function ecom_internal.insights_of_customers(mart name, first_day date, last_day date) returns setof ecom_internal.insight
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    -- In the first months of the data every customer looks new.
    return query
    with compared as (
        select v.versus, c.first_date, c.last_date, c.baseline_first_date, c.baseline_last_date,
               max(c.current) filter (where c.metric = 'customers') as customers,
                   max(c.current) filter (where c.metric = 'new_customers') as new_customers,
               max(c.baseline) filter (where c.metric = 'customers') as customers_before,
                   max(c.baseline) filter (where c.metric = 'new_customers') as new_before
        from unnest(array['previous', ecom_internal.year_before(first_day, last_day)]) v (versus)
        cross join ecom_internal.check_range(mart, null, null) s
        cross join lateral ecom.kpi_compare(mart, first_day, last_day, v.versus, metrics => '{customers,new_customers}') c
        where c.baseline_first_date >= s.first_date + 90
        group by 1, 2, 3, 4, 5),
    tested as (
        select c.*, t.difference, t.p_value
        from compared c
        cross join lateral ecom.two_proportion_test(c.new_customers::bigint, c.customers::bigint, c.new_before::bigint,
            c.customers_before::bigint) t
        where t.p_value < 0.025
        order by t.p_value, c.versus collate "C" limit 1)
    select 'customers', 'new_customers', 'All', t.new_customers,
        round((t.new_customers - t.new_before) / nullif(t.new_before, 0), 4), abs(t.difference),
           format('Of %s customers in %s, %s were new (%s %%), after %s of %s (%s %%) %s.', ecom_internal.figure(t.customers, 0),
                  ecom_internal.period_name(first_day, last_day), ecom_internal.figure(t.new_customers, 0),
                  ecom_internal.figure(100 * t.new_customers / t.customers, 1), ecom_internal.figure(t.new_before, 0),
                      ecom_internal.figure(t.customers_before, 0),
                  ecom_internal.figure(100 * t.new_before / t.customers_before, 1),
                  case t.versus when 'previous' then 'in '
                      || ecom_internal.period_name(t.baseline_first_date, t.baseline_last_date) else 'a year before' end),
           format('SELECT p.first_date, p.last_date, k.customers, k.new_customers, '
                  'round(100.0 * k.new_customers / k.customers, 1) AS new_percent '
                  'FROM (VALUES (%L::date, %L::date), (%L, %L)) p (first_date, last_date) '
                  'CROSS JOIN LATERAL ecom.kpi_summary(%L, p.first_date, p.last_date) k',
                  ecom_internal.iso_date(first_day), ecom_internal.iso_date(last_day),
                      ecom_internal.iso_date(t.baseline_first_date),
                  ecom_internal.iso_date(t.baseline_last_date), mart)
    from tested t;
end
$$;
comment on function ecom_internal.insights_of_customers(name, date, date) is 'Source customers of ecom.insights.';

create function ecom_internal.insights_of_returns(mart name, first_day date, last_day date) returns setof ecom_internal.insight
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    with category as (
        select c.segment_filters ->> 'category' as category,
               max(c.current) filter (where c.metric = 'revenue') as revenue,
                   max(c.current) filter (where c.metric = 'return_amount') as returned,
               max(c.current) filter (where c.metric = 'gross_amount') as sold,
                   max(c.current) filter (where c.metric = 'return_lines') as returned_lines,
               max(c.current) filter (where c.metric = 'lines') as sold_lines
        from ecom.kpi_compare(mart, first_day, last_day, "by" => '{category}',
            metrics => '{revenue,return_amount,gross_amount,return_lines,lines}') c
        group by 1),
    compared as (
        select c.*, sum(c.revenue) over () as total, count(*) over () as categories, c.returned / nullif(c.sold, 0) as rate,
               (sum(c.returned) over () - c.returned) / nullif(sum(c.sold) over () - c.sold, 0) as other_rate,
               sum(c.returned_lines) over () - c.returned_lines as other_returned_lines,
                   sum(c.sold_lines) over () - c.sold_lines as other_sold_lines
        from category c)
    select 'returns', 'return_rate', 'category ' || c.category, round(c.rate, 4), null::numeric, v.score,
           format('Of the sales of category %s in %s, %s %% came back (%s), of all others %s %%.', c.category,
                  ecom_internal.period_name(first_day, last_day), ecom_internal.figure(100 * c.rate, 1),
                      ecom_internal.figure(c.returned),
                  ecom_internal.figure(100 * c.other_rate, 1)),
           format('SELECT %1$L::date AS first_date, %2$L::date AS last_date, '
                  'CASE WHEN r.member = %3$L THEN r.member ELSE ''all others'' END AS category, '
                  'round(sum(r.value), 2) AS return_amount, round(100 * sum(r.value) / sum(g.value), 1) AS return_percent '
                  'FROM ecom.revenue_by(%4$L, ''category'', %1$L, %2$L, metric => ''return_amount'') r '
                  'JOIN ecom.revenue_by(%4$L, ''category'', %1$L, %2$L, metric => ''gross_amount'') g USING (member) GROUP BY 3',
                  ecom_internal.iso_date(first_day), ecom_internal.iso_date(last_day), c.category, mart)
    from compared c
    cross join lateral ecom.two_proportion_test(least(c.returned_lines, c.sold_lines)::bigint, c.sold_lines::bigint,
                                                least(c.other_returned_lines, c.other_sold_lines)::bigint,
                                                    c.other_sold_lines::bigint) t
    cross join lateral (select ((c.rate - c.other_rate) * c.sold / nullif(c.total, 0))::float8) v (score)
    where t.p_value * c.categories < 0.01 and v.score >= 0.005
    order by v.score desc, c.category collate "C" limit 2;
end
$$;
comment on function ecom_internal.insights_of_returns(name, date, date) is 'Source returns of ecom.insights.';

create function ecom_internal.group_revenue(mart name, dimensions text[], member text, first_day date,
    last_day date) returns numeric
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    result numeric;
begin
    execute format('select sum(q.revenue) from (%s) q where concat_ws('' / '', %s) = $1',
                   ecom_internal.metric_query(mart, '{revenue}', dimensions, first_day, last_day),
                   (select string_agg(format('q.%I', d.name), ', ' order by d.n)
                       from unnest(dimensions) with ordinality d (name, n)))
        into result using member;
    return result;
end
$$;
comment on function ecom_internal.group_revenue(name, text[], text, date, date) is
'The revenue of a group as ecom.satisfaction_analysis names it: by carrier and region, Parcelo / West.';

create function ecom_internal.insights_of_satisfaction(mart name, first_day date, last_day date) returns setof ecom_internal.insight
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    revenue constant numeric := (select k.revenue from ecom.kpi_summary(mart, first_day, last_day) k);
    worst record;
    effect record;
begin
    for worst in
        with tried as (
            select b.n, b.dimensions, a.*, count(*) over (partition by b.n) as groups
            from (values (1, '{carrier,region}'::text[]), (2, '{category}'), (3, '{channel}')) b (n, dimensions)
            cross join lateral ecom.satisfaction_analysis(mart, b.dimensions, first_day, last_day) a)
        -- Of the groups that are less satisfied beyond chance the one with most low scores.
        select distinct on (t.n) t.*, d.mean_days, d.difference as more_days,
               ecom_internal.group_revenue(mart, t.dimensions, t.segment, first_day, last_day) as revenue
        from tried t
        left join lateral (select e.* from ecom.delivery_analysis(mart, t.dimensions, first_day, last_day) e
                           where e.segment = t.segment and e.p_value < 0.001 and e.difference > 0.5) d on true
        where t.groups > 1 and t.p_value * t.groups < 0.01 and t.difference <= -0.2
        order by t.n, t.low_score_rate * t.scores desc, t.segment collate "C"
    loop
        return next row('satisfaction', 'avg_satisfaction',
            format('%s %s', array_to_string(worst.dimensions, ' / '), worst.segment), worst.mean, null::numeric,
            (worst.low_score_rate * worst.revenue / nullif(revenue, 0))::float8,
            format('Customers of %s %s were less satisfied in %s: mean score %s against %s of all, %s %% of the scores are low.%s',
                   array_to_string(worst.dimensions, ' / '), worst.segment, ecom_internal.period_name(first_day, last_day),
                   ecom_internal.figure(worst.mean), ecom_internal.figure(worst.mean - worst.difference),
                       ecom_internal.figure(100 * worst.low_score_rate, 1),
                   case when worst.mean_days is not null then format(' Their deliveries took %s days, %s more than on average.',
                        ecom_internal.figure(worst.mean_days, 1), ecom_internal.figure(worst.more_days, 1)) end),
            format('SELECT %1$L::date AS first_date, %2$L::date AS last_date, s.segment, round(s.mean, 2) AS mean_score, '
                   'round(s.mean - s.difference, 2) AS mean_score_of_all, round(100 * s.low_score_rate, 1) AS low_score_percent, '
                   'round(d.mean_days, 1) AS mean_days, round(d.difference, 1) AS more_days, s.p_value '
                   'FROM ecom.satisfaction_analysis(%3$L, %4$L, %1$L, %2$L) s '
                   'LEFT JOIN ecom.delivery_analysis(%3$L, %4$L, %1$L, %2$L) d USING (segment) WHERE segment = %5$L',
                   ecom_internal.iso_date(first_day), ecom_internal.iso_date(last_day), mart, worst.dimensions,
                       worst.segment))::ecom_internal.insight;
    end loop;

    select d.* into effect from ecom.delivery_satisfaction(mart, first_day, last_day) d where d.slope_p_value < 0.01
        and d.slope < 0;
    if found then
        return next row('delivery', 'avg_satisfaction', 'All', effect.slope, null::numeric, (0.05 * effect.correlation ^ 2)::float8,
            format('Each day more of delivery went with %s points less satisfaction in %s%s.', ecom_internal.figure(-effect.slope),
                   ecom_internal.period_name(first_day, last_day),
                   case when effect.step_p_value < 0.01 then format(', and after %s days it fell at once: %s until then, %s later',
                       effect.step_after_days,
                        ecom_internal.figure(effect.score_until_step), ecom_internal.figure(effect.score_after_step)) end),
            format('SELECT %1$L::date AS first_date, %2$L::date AS last_date, round(-d.slope, 2) AS lower_each_day, '
                   'd.slope_p_value, d.step_after_days, round(d.score_until_step, 2) AS score_until, '
                   'round(d.score_after_step, 2) AS score_after, d.step_p_value '
                   'FROM ecom.delivery_satisfaction(%3$L, %1$L, %2$L) d',
                   ecom_internal.iso_date(first_day), ecom_internal.iso_date(last_day), mart))::ecom_internal.insight;
    end if;
end
$$;
comment on function ecom_internal.insights_of_satisfaction(name, date, date) is 'Source satisfaction of ecom.insights.';

create function ecom_internal.insights_of_alerts(mart name, first_day date, last_day date) returns setof ecom_internal.insight
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    with period as (
        select a.*, count(*) over w as periods, count(*) filter (where a.is_fired) over w as fired,
            row_number() over (w order by a.is_fired desc, a.period_start desc) as n
        from ecom_internal.alert_states(mart, last_day + 1, first_day) a
        where a.period_start >= first_day and a.status in ('ok', 'fired')
        window w as (partition by a.rule, a.segment))
    select 'alert', p.metric, p.segment, p.value, null::numeric,
           case p.severity when 'critical' then 1 when 'warning' then 0.5 else 0.1 end * (0.5 + 0.5 * p.fired / p.periods)::float8,
           format('Alert "%s" (%s) fired%s for %s of %s %ss in %s, last for %s: %s %s is %s %s.', p.rule, p.severity,
                  case when cardinality(p.dimensions) > 0 then ' in ' || p.segment end, p.fired, p.periods, p.grain,
                  ecom_internal.period_name(first_day, last_day),
                  case when p.grain = 'week' then 'the week from ' || ecom_internal.iso_date(p.period_start)
                      else ecom_internal.period_name(p.period_start, p.period_end) end,
                  p.metric,
                  case p.basis when 'value' then p.value::text else 'changed by ' || p.value end, p.comparison, p.threshold),
           format('SELECT %L::date AS first_date, %L::date AS last_date, a.rule, a.segment, count(*) OVER () AS periods, '
                  'count(*) FILTER (WHERE a.is_fired) OVER () AS fired, a.period_start, a.value, a.comparison, a.threshold, '
                  'a.is_fired '
                  'FROM ecom.check_alerts(%L, %L, %1$L) a WHERE a.rule = %5$L AND a.segment = %6$L AND a.period_start >= %1$L '
                  'AND a.status IN (''ok'', ''fired'')',
                  ecom_internal.iso_date(first_day), ecom_internal.iso_date(last_day), mart, ecom_internal.iso_date(last_day + 1),
                      p.rule, p.segment)
    from period p where p.n = 1 and p.is_fired
    order by 6 desc, p.rule collate "C", p.segment collate "C" limit 3;
end
$$;
comment on function ecom_internal.insights_of_alerts(name, date, date) is 'Source alerts of ecom.insights.';

create function ecom_internal.insights_of_anomalies(mart name, first_day date, last_day date) returns setof ecom_internal.insight
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    revenue constant numeric := (select k.revenue from ecom.kpi_summary(mart, first_day, last_day) k);
begin
    return query
    select 'anomaly', 'revenue', f.segment, a.value, round((a.value - a.expected) / nullif(abs(a.expected), 0), 4),
           (abs(a.value - a.expected) / nullif(revenue, 0))::float8,
           format('Revenue of %s was %s where about %s was usual, and at %s %s.',
                  case f.grain when 'day' then to_char(a.period_start, 'FMDay ') || ecom_internal.iso_date(a.period_start)
                      else format('%s in the week from %s', f.segment, ecom_internal.iso_date(a.period_start)) end,
                  ecom_internal.figure(a.value), ecom_internal.figure(a.expected),
                  case when a.value > a.expected then 'most' else 'least' end,
                  ecom_internal.figure(case when a.value > a.expected then a.high else a.low end)),
           format('SELECT a.period_start, a.series, round(a.value, 2) AS revenue, round(a.expected, 2) AS expected, '
                  'round(a.low, 2) AS low, round(a.high, 2) AS high, a.score '
                  'FROM ecom.detect_anomalies(%L, ''revenue'', %L, "by" => %L, from_date => %L, to_date => %L) a '
                  'WHERE a.period_start = %4$L AND a.series = %6$L',
                  mart, f.grain, v.dimensions, ecom_internal.iso_date(a.period_start), ecom_internal.iso_date(last_day), a.series)
    from (values ('day', '{}'::text[]), ('week', '{category}')) v (grain, dimensions)
    cross join lateral ecom.detect_anomalies(mart, 'revenue', v.grain, "by" => v.dimensions, from_date => first_day,
        to_date => last_day) a
    cross join lateral (select v.grain, case when v.grain = 'day' then 'All' else 'category ' || a.series end) f (grain, segment)
    where a.is_anomaly and a.period_start >= first_day and abs(a.value - a.expected) >= 0.01 * revenue
    order by 6 desc, a.period_start, a.series collate "C" limit 3;
end
$$;
comment on function ecom_internal.insights_of_anomalies(name, date, date) is 'Source anomalies of ecom.insights.';

create function ecom_internal.insights_of_concentration(mart name, first_day date,
    last_day date) returns setof ecom_internal.insight
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    with ranked as (
        select 'customers' as what, 'top_customers' as source, 'customer_id' as tiebreak, c.customer_id as member, c.value,
            c.cum_share
        from ecom.top_customers(mart, null, 'gross_amount', first_day, last_day) c
        union all
        select 'products', 'top_products', 'product_id', p.product_id, p.value, p.cum_share
        from ecom.top_products(mart, null, 'gross_amount', first_day, last_day) p),
    numbered as (
        select r.*, row_number() over (partition by r.what order by r.value desc, r.member collate "C") as position,
            count(*) over (partition by r.what) as members
        from ranked r where r.value > 0)
    select 'concentration', 'gross_amount', 'All', b.cum_share, null::numeric, (0.05 * (b.cum_share - 0.2))::float8,
           format('The best 20 %% of the %s (%s of %s) made %s %% of the sales in %s.', b.what, ecom_internal.figure(b.position, 0),
                  ecom_internal.figure(b.members, 0), ecom_internal.figure(100 * b.cum_share, 1),
                      ecom_internal.period_name(first_day, last_day)),
           format('SELECT %L::date AS first_date, %L::date AS last_date, 20 AS best_percent, count(*) AS best, '
                  'max(r.members) AS members, round(100 * max(r.cum_share), 1) AS share_percent '
                  'FROM (SELECT c.cum_share, row_number() OVER (ORDER BY c.value DESC, c.%I COLLATE "C") AS position, '
                  'count(*) OVER () AS members FROM ecom.%I(%L, NULL, ''gross_amount'', %1$L, %2$L) c WHERE c.value > 0) r '
                  'WHERE r.position <= ceil(0.2 * r.members)',
                  ecom_internal.iso_date(first_day), ecom_internal.iso_date(last_day), b.tiebreak, b.source, mart)
    from numbered b
    where b.members >= 20 and b.position = ceil(0.2 * b.members) and b.cum_share >= 0.4
    order by b.what;
end
$$;
comment on function ecom_internal.insights_of_concentration(name, date, date) is 'Source concentration of ecom.insights.';

-- All together -----------------------------------------------------------------------------------------------

create function ecom.insights(mart name default null, from_date date default null, to_date date default null, n int default 10)
returns table (rank bigint, insight text, kind text, metric text, segment text, value numeric, change_rate numeric, score float8,
    evidence_sql text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    period constant record := ecom_internal.comparison(mart_schema, from_date, to_date, 'previous', null, null);
    sales constant record := ecom_internal.check_range(mart_schema, null, null);
    calls text;
begin
    if n is null or n < 1 then
        raise exception '% sentences cannot be told', coalesce(n::text, 'NULL') using errcode = '22023',
            hint = 'Ask for at least one.';
    end if;
    -- What is not over has nothing to tell yet.
    if not coalesce(period.first_date >= sales.first_date and period.last_date <= sales.last_date, false) then
        return;
    end if;
    select string_agg(format('select %s as position, i.* from ecom_internal.%I($1, $2, $3) i', s.position, s.function),
        ' union all ' order by s.position)
    into calls from ecom_internal.insight_source s;
    return query execute format('
        select row_number() over w, i.insight, i.kind, i.metric, i.segment, trim_scale(round(i.value, 4)), i.change_rate,
            round(i.score::numeric, 4)::float8, i.evidence_sql
        from (%s) i
        window w as (order by round(i.score::numeric, 4) desc nulls last, i.position, i.insight collate "C")
        order by 1 limit $4', calls)
        using mart_schema, period.first_date, period.last_date, n;
end
$$;
comment on function ecom.insights(name, date, date, int) is
'What a period has to tell: plain sentences, the weightiest first, each with the query that proves it.
Example: SELECT insight FROM ecom.insights(''shop'')
Example: SELECT insight, evidence_sql FROM ecom.insights(''shop'', ''2025-10-01'', ''2025-10-31'', 5)
One row per sentence. kind: change, segment, customers, returns, satisfaction, delivery, alert, anomaly, concentration or plan; metric
and segment it is about, value and change_rate; evidence_sql: a query over the functions of ecom that returns the figures of the
sentence.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- from_date, to_date: the period, inclusive; by default the last complete month
- n: sentences at most
Compared are the period before and, where sales go back so far, a year before. Only what is beyond chance or moves money is told:
the rules, by kind, are in docs/alerts.md. score: the share of the period''s revenue that a sentence is about, 0 to 1: what was
gained or lost, came back, or was sold to customers with low scores; half a critical alert counts 0.5; facts that are no change
count a twentieth. Equal data give equal sentences in an equal order. No rows for a period that the sales do not cover from its
first to its last day, and for a mart without sales. Errors: 22023 for a reversed range and for n below 1.
Time: some thirty queries over rollups.';
