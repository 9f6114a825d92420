-- Satisfaction and delivery: how they differ between groups, and what the one does to the other.
--
-- Scores and delivery days are attributes of lines, but the lines of an order share one box and one customer's mood.
-- Means and rates are over lines, so that they are those of the metrics avg_satisfaction, low_satisfaction_rate and
-- avg_delivery_days; what is said about their precision treats the order as the unit (linearised ratio estimators,
-- Cochran 1977, chapter 6). Without that, shops with large baskets would find everything significant.
-- JIT is off as in all functions over generated queries.

create function ecom_internal.t_interval(estimate float8, standard_error float8, df bigint, level float8,
                                         out p_value float8, out ci_low float8, out ci_high float8)
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    -- Welch's test against a sample without spread is Student's test of one sample.
    select w.p_value, w.ci_low, w.ci_high
    from ecom.welch_test(estimate, standard_error * sqrt((df + 1)::float8), df + 1, 0, 0, 2, level) w
    where df > 0 and standard_error > 0
$$;
comment on function ecom_internal.t_interval(float8, float8, bigint, float8) is
'The test of "the estimate is 0" and its interval by Student''s t; NULL without degrees of freedom or spread.';

create function ecom_internal.rate_interval(rate float8, n float8, level float8, out ci_low float8, out ci_high float8)
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select greatest((rate + v.z ^ 2 / 2 / n - v.z * sqrt(rate * (1 - rate) / n + v.z ^ 2 / 4 / n ^ 2)) / (1 + v.z ^ 2 / n), 0),
           least((rate + v.z ^ 2 / 2 / n + v.z * sqrt(rate * (1 - rate) / n + v.z ^ 2 / 4 / n ^ 2)) / (1 + v.z ^ 2 / n), 1)
    from ecom_internal.t_interval(0, 1, 1000000000, level) t cross join lateral (select t.ci_high) v (z)
    where n > 0
$$;
comment on function ecom_internal.rate_interval(float8, float8, float8) is
'The interval of Wilson (1927) for a rate from an effective number of observations, which need not be a whole one as in
ecom.wilson_interval; NULL without any.';

create function ecom_internal.line_groups(dimensions text[]) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    perform ecom_internal.check_dimensions(array_remove(dimensions, 'delivery_days'));
    return coalesce((
        select 'concat_ws('' / '', ' || string_agg(case when u.name = 'delivery_days'
            then 'coalesce(f.delivery_days::text, ''Unknown'')'
                                                        else format('(%s)::text', d.expression) end, ', ' order by u.n) || ')'
        from unnest(dimensions) with ordinality u (name, n) left join ecom_internal.dimension_definition d on d.name = u.name),
        '''All''::text');
end
$$;
comment on function ecom_internal.line_groups(text[]) is
'The expression over order lines, alias f, that names the group of a line by dimensions and delivery_days; All without any.
Errors: 22023 for an unknown dimension.';

create function ecom_internal.line_source(mart name, dimensions text[], from_date date, to_date date, filters jsonb,
    condition text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    range constant record := ecom_internal.check_range(mart, from_date, to_date);
begin
    return format('%I.fact_sales f%s where not f.is_return and f.order_date_key between %s and %s and %s%s', mart,
        ecom_internal.dimension_joins(mart, dimensions || array(select v.dimension from ecom_internal.filter_values(filters) v),
            'f'),
        coalesce(ecom_internal.date_key(range.first_date), 0), coalesce(ecom_internal.date_key(range.last_date), 0), condition,
        ecom_internal.dimension_conditions(filters));
end
$$;
comment on function ecom_internal.line_source(name, text[], date, date, jsonb, text) is
'FROM and WHERE of the sales lines, alias f, of a range of days that meet filters and a condition, with the joins of dimensions.
Errors: those of check_range and filter_values.';

create function ecom_internal.group_estimates(groups text, source text, value text, flag text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select format('
        with part as (
            -- What an order has of a group, and the order as a whole beside it: groups of products share orders.
            select g.*, sum(g.n) over o as order_n, sum(g.value) over o as order_value
            from (select %s as segment, f.customer_key, f.order_id, count(*) as n, sum(%s)::float8 as value,
                sum((%2$s) * (%2$s))::float8 as square,
                         count(%3$s) as asked, count(*) filter (where %3$s) as flagged
                  from %4$s group by 1, 2, 3) g
            window o as (partition by g.customer_key, g.order_id)),
        whole_order as (select p.customer_key, p.order_id, sum(p.n) as n, sum(p.value) as value from part p group by p.customer_key, p.order_id),
        total as (select sum(o.n)::float8 as n, sum(o.value) / sum(o.n) as mean, count(*) as orders from whole_order o),
        total_spread as (select sum((o.value - o.n * t.mean) ^ 2) as square from whole_order o, total t),
        segment as (
            select p.segment, count(*) as orders, sum(p.n)::float8 as n, sum(p.value) / sum(p.n) as mean, sum(p.square) as square,
                   sum(p.asked)::float8 as asked, sum(p.flagged)::float8 / nullif(sum(p.asked), 0) as rate,
                   count(*) filter (where p.asked > 0) as asked_orders, count(*) filter (where p.order_n > p.n) as shared_orders
            from part p group by p.segment),
        spread as (
            select p.segment, sum((p.value - p.n * s.mean) ^ 2) as mean_square,
                sum((p.flagged - p.asked * s.rate) ^ 2) as rate_square,
                   sum((p.value - p.n * s.mean) * (p.order_value - p.order_n * t.mean)) as shared_square
            from part p join segment s using (segment) cross join total t group by p.segment),
        estimate as (
            select s.*, s.mean - t.mean as difference,
                   sqrt(greatest(s.square - s.n * s.mean ^ 2, 0) / nullif(s.n - 1, 0)) as stddev,
                   sqrt(d.mean_square / s.n ^ 2 * s.orders / nullif(s.orders - 1, 0)) as mean_error,
                   -- So many independent lines would give the rate the same precision.
                   least(s.asked, coalesce(s.asked ^ 2 * s.rate * (1 - s.rate) / nullif(d.rate_square, 0),
                       s.asked_orders)) as effective_n,
                   sqrt(greatest(d.mean_square / s.n ^ 2 - 2 * d.shared_square / (s.n * t.n) + q.square / t.n ^ 2, 0)
                        * t.orders / nullif(t.orders - 1, 0)) as difference_error,
                   least(s.orders, t.orders - s.orders + s.shared_orders) - 1 as difference_df
            from segment s join spread d using (segment) cross join total t cross join total_spread q)
        select e.* from estimate e', groups, value, flag, source)
$$;
comment on function ecom_internal.group_estimates(text, text, text, text) is
'The query of a mean and a rate by groups of order lines, with standard errors that take the order as the unit.
Arguments: groups: expression that names the group; source: FROM and WHERE with the alias f; value: of a line, not NULL; flag:
condition on a line, NULL where it does not apply.
Columns: segment, orders, n, mean, stddev, mean_error, difference (to the mean of all), difference_error, difference_df, asked
(lines with a flag), rate, effective_n.';

create function ecom.satisfaction_analysis(
    mart name default null,
    "by" text[] default '{delivery_days}',
    from_date date default null,
    to_date date default null,
    filters jsonb default '{}',
    level float8 default 0.95
) returns table (segment text, orders bigint, scores bigint, mean numeric, stddev numeric, ci_low numeric, ci_high numeric,
                 low_score_rate numeric, low_ci_low numeric, low_ci_high numeric, difference numeric, p_value float8)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
begin
    return query execute format('
        select e.segment, e.orders, e.n::bigint, round(e.mean::numeric, 4), round(e.stddev::numeric, 4),
            round(i.ci_low::numeric, 4), round(i.ci_high::numeric, 4),
               round(e.rate::numeric, 4), round(w.ci_low::numeric, 4), round(w.ci_high::numeric, 4),
                   round(e.difference::numeric, 4), t.p_value
        from (%s) e
        cross join lateral ecom_internal.t_interval(e.mean, e.mean_error, e.orders - 1, $1) i
        cross join lateral ecom_internal.t_interval(e.difference, e.difference_error, e.difference_df, $1) t
        cross join lateral ecom_internal.rate_interval(e.rate, e.effective_n, $1) w
        order by %s',
        ecom_internal.group_estimates(
            ecom_internal.line_groups("by"),
            ecom_internal.line_source(mart_schema, "by", from_date, to_date, filters, 'f.satisfaction_score is not null'),
            'f.satisfaction_score', 'f.satisfaction_score <= 2'),
        case when "by" = '{delivery_days}' then 'e.segment = ''Unknown'', length(e.segment), e.segment collate "C"'
             else 'e.mean, e.segment collate "C"' end)
        using level;
end
$$;
comment on function ecom.satisfaction_analysis(name, text[], date, date, jsonb, float8) is
'Satisfaction by groups: means and shares of low scores with intervals, and whether a group differs from the whole.
Example: SELECT * FROM ecom.satisfaction_analysis(''shop'')
Example: SELECT * FROM ecom.satisfaction_analysis(''shop'', ''{carrier,region}'')
One row per group with scores, by days of delivery in their order, by anything else from the least satisfied.
orders: orders with a score; scores: order lines with one; mean, stddev: over them, mean being the metric avg_satisfaction; ci_low,
ci_high: interval of the mean by Student''s t; low_score_rate: share of scores of 1 and 2, with the interval of Wilson (1927);
difference: mean less the mean of all scores, p_value: of no difference, two-sided. With many groups, some differ by chance:
multiply p_value by their number.
The lines of an order are not independent, so that intervals and tests count orders: variances of ratio estimators, Cochran
(1977), with the effective sample size of Kish (1965) in the Wilson interval. They are NULL for a single order and where all
scores are equal.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- by: delivery_days, or dimensions of ecom.dimensions(), or several
- from_date, to_date: days of the order, inclusive; NULL means the first and the last day with sales
- filters: {"region": "West", ...}
- level: of the intervals
No rows where nothing was rated. Errors: 22023 for an unknown dimension or filter, a reversed range or a level outside 0 to 1.
Time: one pass over the lines of the range.';

create function ecom.delivery_satisfaction(
    mart name default null,
    from_date date default null,
    to_date date default null,
    filters jsonb default '{}',
    level float8 default 0.95
) returns table (orders bigint, scores bigint, mean_days numeric, mean_score numeric, correlation numeric, slope numeric,
    slope_ci_low numeric,
                 slope_ci_high numeric, slope_p_value float8, step_after_days int, score_until_step numeric,
                     score_after_step numeric,
                 step numeric, step_ci_low numeric, step_ci_high numeric, step_p_value float8)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    source constant text := ecom_internal.line_source(mart_schema, '{}', from_date, to_date, filters,
                                                      'f.satisfaction_score is not null and f.delivery_days is not null');
begin
    return query execute format('
        with part as (
            select f.customer_key, f.order_id, f.delivery_days::float8 as days, count(*) as n,
                sum(f.satisfaction_score)::float8 as score,
                   sum(f.satisfaction_score * f.satisfaction_score)::float8 as square
            from %s group by 1, 2, 3),
        total as (
            select (select count(*) from (select from part o group by o.customer_key, o.order_id) o) as orders, sum(p.n)::float8 as n,
                sum(p.n * p.days) / sum(p.n) as days,
                   sum(p.score) / sum(p.n) as score
            from part p),
        line as (
            select t.*, m.*, m.xy / nullif(m.xx, 0) as slope
            from total t cross join lateral (
                select sum(p.n * (p.days - t.days) ^ 2) as xx, sum((p.days - t.days) * (p.score - p.n * t.score)) as xy,
                       greatest(sum(p.square) - t.n * t.score ^ 2, 0) as yy
                from part p) m),
        slope_error as (
            select sqrt(sum(o.deviation ^ 2) * max(o.orders) / (max(o.orders) - 1)) / max(o.xx) as error
            from (select sum((p.days - l.days) * (p.score - p.n * (l.score + l.slope * (p.days - l.days)))) as deviation,
                         max(l.orders) as orders, max(l.xx) as xx
                  from part p, line l where l.xx > 0 and l.orders > 2 group by p.customer_key, p.order_id) o),
        day as (select e.segment::int as days, e.mean, e.mean_error, e.orders from (%s) e where e.orders >= 10),
        -- The change from one day to the next, less the mean of the changes before and after: any bend that is smooth, and
        -- the point from which days begin to matter, cancel out.
        candidate as (
            select b.days, 0.5 * a.mean - 1.5 * b.mean + 1.5 * c.mean - 0.5 * d.mean as step,
                   sqrt(0.25 * (a.mean_error ^ 2 + d.mean_error ^ 2) + 2.25 * (b.mean_error ^ 2 + c.mean_error ^ 2)) as error,
                   least(a.orders, b.orders, c.orders, d.orders) - 1 as df
            from day a join day b on b.days = a.days + 1 join day c on c.days = a.days + 2 join day d on d.days = a.days + 3),
        step as (
            select c.days, c.step, i.*, count(*) over () as candidates
            from candidate c cross join lateral ecom_internal.t_interval(c.step, c.error, c.df, $1) i
            order by case when c.step < 0 then i.p_value end, c.days limit 1),
        side as (
            select sum(p.score) filter (where p.days <= s.days) / sum(p.n) filter (where p.days <= s.days) as until_step,
                   sum(p.score) filter (where p.days > s.days) / sum(p.n) filter (where p.days > s.days) as after_step
            from part p, step s where s.step < 0)
        select l.orders, l.n::bigint, round(l.days::numeric, 4), round(l.score::numeric, 4),
            round((l.xy / nullif(sqrt(l.xx * l.yy), 0))::numeric, 4),
               round(l.slope::numeric, 4), round(i.ci_low::numeric, 4), round(i.ci_high::numeric, 4), i.p_value,
               s.days, round(d.until_step::numeric, 4), round(d.after_step::numeric, 4), round(s.step::numeric, 4),
               round(s.ci_low::numeric, 4), round(s.ci_high::numeric, 4), least(1, s.p_value * s.candidates)
        from line l
        cross join slope_error e
        cross join lateral ecom_internal.t_interval(l.slope, e.error, l.orders - 2, $1) i
        left join step s on s.step < 0
        cross join side d
        where l.n > 0',
        source, ecom_internal.group_estimates('f.delivery_days::text', source, 'f.satisfaction_score', 'null::boolean'))
        using level;
end
$$;
comment on function ecom.delivery_satisfaction(name, date, date, jsonb, float8) is
'What delivery days do to satisfaction: slope, correlation, and a step such as a broken promise makes.
Example: SELECT * FROM ecom.delivery_satisfaction(''shop'')
One row, none where no delivered line was rated. orders, scores: rated orders and lines with delivery days. slope: change of the
score for each day more, by least squares, with interval and p_value of no effect.
step_after_days: the number of days after which the score falls most; step: how much more it falls to the next day than to the
days before and after; step_p_value: of no step, times the number of places where one was looked for (Bonferroni). With a p-value
above 0.05 it is only the best candidate. score_until_step, score_after_step: the plain means on both sides. NULL where no four
successive days have 10 rated orders each, and where no place shows a fall.
It is an association: what is slow may be disliked for other reasons, so compare within a region or a method by filters.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- from_date, to_date: days of the order, inclusive; NULL means the first and the last day with sales
- filters: {"region": "West", ...}
- level: of the intervals; that of the step is for a place that was known before
Precision counts orders, not lines: cluster-robust variances, Liang and Zeger (1986), Student''s t. NULL where orders or days do
not suffice.
Errors: 22023 for an unknown filter, a reversed range or a level outside 0 to 1. Time: a few passes over the rated orders.';

create function ecom.delivery_analysis(
    mart name default null,
    "by" text[] default '{shipping_method}',
    from_date date default null,
    to_date date default null,
    filters jsonb default '{}',
    promised_days jsonb default null,
    level float8 default 0.95
) returns table (segment text, orders bigint, deliveries bigint, mean_days numeric, ci_low numeric, ci_high numeric,
    median_days int,
                 p90_days int, max_days int, difference numeric, p_value float8, late_rate numeric, late_ci_low numeric,
                     late_ci_high numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    groups constant text := ecom_internal.line_groups("by");
    late text := 'null::boolean';
    source text;
    methods text[];
    wrong text;
begin
    if jsonb_typeof(promised_days) = 'number' then
        late := format('f.delivery_days > %s', promised_days);
    elsif jsonb_typeof(promised_days) = 'object' and promised_days <> '{}' then
        execute format('
            select array_agg(m.name order by m.name collate "C") from %I.dim_shipping_method m where m.shipping_method_key <> 0',
            mart_schema) into methods;
        select p.key into wrong from jsonb_each(promised_days) p
        where jsonb_typeof(p.value) <> 'number' or not p.key = any (coalesce(methods, '{}')) order by p.key collate "C" limit 1;
        if found then
            raise exception 'promised_days has no days for a shipping method in "%"', wrong using errcode = '22023',
                detail = format('Shipping methods: %s.', coalesce(array_to_string(methods, ', '), 'none')),
                    hint = 'Write {"Economy": 8, "Express": 3}, or one number for all.';
        end if;
        late := format('f.delivery_days > case sm.name %s end',
                       (select string_agg(format('when %L then %s', p.key, p.value), ' ' order by p.key collate "C")
                           from jsonb_each(promised_days) p));
    elsif promised_days <> '{}' then
        raise exception 'promised_days must be a number or a JSON object' using errcode = '22023',
            detail = format('It is of type %s.', jsonb_typeof(promised_days)),
                hint = 'Write {"Economy": 8, "Express": 3}, or one number for all.';
    end if;
    source := ecom_internal.line_source(mart_schema, "by" || '{shipping_method}', from_date, to_date, filters,
        'f.delivery_days is not null');
    return query execute format('
        select e.segment, e.orders, e.n::bigint, round(e.mean::numeric, 4), round(i.ci_low::numeric, 4),
            round(i.ci_high::numeric, 4), q.days[1], q.days[2], q.longest,
               round(e.difference::numeric, 4), t.p_value, round(e.rate::numeric, 4), round(w.ci_low::numeric, 4),
                   round(w.ci_high::numeric, 4)
        from (%s) e
        join (select %s as segment, percentile_disc(array[0.5, 0.9]) within group (order by f.delivery_days) as days,
            max(f.delivery_days) as longest
              from %s group by 1) q using (segment)
        cross join lateral ecom_internal.t_interval(e.mean, e.mean_error, e.orders - 1, $1) i
        cross join lateral ecom_internal.t_interval(e.difference, e.difference_error, e.difference_df, $1) t
        cross join lateral ecom_internal.rate_interval(e.rate, e.effective_n, $1) w
        order by e.mean desc, e.segment collate "C"',
        ecom_internal.group_estimates(groups, source, 'f.delivery_days', late), groups, source)
        using level;
end
$$;
comment on function ecom.delivery_analysis(name, text[], date, date, jsonb, jsonb, float8) is
'Delivery days by groups: mean with interval, median, slowest tenth, share of late ones, and who differs from the whole.
Example: SELECT * FROM ecom.delivery_analysis(''shop'')
Example: SELECT * FROM ecom.delivery_analysis(''shop'', ''{carrier,region}'', promised_days => ''{"Economy": 8, "Standard": 6,
    "Express": 3, "Next Day": 2, "Pickup Point": 7}'')
One row per group with deliveries, slowest first. orders: delivered orders; deliveries: order lines with delivery days; mean_days:
the metric avg_delivery_days, with interval by Student''s t; p90_days: nine of ten deliveries took at most so many; difference:
mean less the mean of all, p_value: of no difference; late_rate: share of deliveries that took longer than promised, with the
interval of Wilson (1927). Precision counts orders, not lines, as in ecom.satisfaction_analysis.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- by: dimensions of ecom.dimensions(), one or several
- from_date, to_date: days of the order, inclusive; NULL means the first and the last day with sales. The last days have only what
  came quickly
- filters: {"region": "West", ...}
- promised_days: {"Economy": 8, ...} by shipping method, or one number for all; late_rate is NULL without a promise
- level: of the intervals
No rows where nothing was delivered. Errors: 22023 for an unknown dimension, filter or shipping method, a reversed range or a
level outside 0 to 1. Time: two passes over the lines of the range.';
