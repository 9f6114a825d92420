-- Insights that plans give: what the last refresh would do about the shop, each with the rows that say so.

insert into ecom_internal.insight_source (name, position, function, description) values
    ('plans', 90, 'insights_of_plans', 'What the plans of the last refresh advise: retention, prices, stock, staff, advertising, delivery');

create function ecom_internal.plan_insight(
    mart name, metric text, segment text, amount numeric, score float8, proof text, sentence text) returns ecom_internal.insight
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select ('plan', metric, segment, amount, null, least(1, greatest(0, coalesce(score, 0))), sentence, replace(proof, '{mart}', quote_ident(mart)))::ecom_internal.insight
$$;
comment on function ecom_internal.plan_insight(name, text, text, numeric, float8, text, text) is
'A sentence about a plan, with its query, in which {mart} stands for the quoted schema.';

create function ecom_internal.insights_of_plans(mart name, first_day date, last_day date) returns setof ecom_internal.insight
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    -- A plan is of the day it was made: it belongs to the period that had just ended then.
    condition constant text := format('as_of_date > %L and as_of_date <= %L', ecom_internal.iso_date(last_day), ecom_internal.iso_date(last_day + 32));
    revenue numeric;
    query text;
    is_planned boolean;
    p record;
begin
    select string_agg(format('exists (select from %I.%I where %s)', mart, t.name, condition), ' or ') into query
    from unnest(array['retention_plan', 'price_advice', 'stock_plan', 'staff_plan', 'budget_plan', 'delivery_performance']) t (name);
    execute 'select ' || query into is_planned;
    if not is_planned then
        return;
    end if;
    select k.revenue into revenue from ecom.kpi_summary(mart, first_day, last_day) k;
    if not coalesce(revenue > 0, false) then
        return;
    end if;

    query := 'SELECT count(*) AS customers, round(sum(cost_amount)) AS cost, round(sum(profit_amount)) AS profit, '
             'string_agg(DISTINCT evidence, '', '') AS evidence FROM {mart}.retention_plan WHERE NOT is_holdout AND ' || condition;
    execute replace(query, '{mart}', quote_ident(mart)) into p;
    if p.customers > 0 then
        return next ecom_internal.plan_insight(mart, 'retention_plan', 'All', p.profit, (p.profit / revenue)::float8, query,
            format('An action pays with %s customers: it costs %s and is expected to bring %s more than that (by %s).', ecom_internal.figure(p.customers, 0),
                   ecom_internal.figure(p.cost, 0), ecom_internal.figure(p.profit, 0), p.evidence));
    end if;

    query := 'SELECT count(*) AS products, count(*) FILTER (WHERE advice = ''raise'') AS raised, count(*) FILTER (WHERE advice = ''lower'') AS lowered, '
             'round(sum(profit_change_amount)) AS profit FROM {mart}.price_advice WHERE advice IN (''raise'', ''lower'') AND ' || condition;
    execute replace(query, '{mart}', quote_ident(mart)) into p;
    if p.products > 0 then
        return next ecom_internal.plan_insight(mart, 'price_advice', 'All', p.profit, (p.profit / revenue)::float8, query,
            format('Demand supports other prices for %s products (%s dearer, %s cheaper): %s more profit a month is expected.', ecom_internal.figure(p.products, 0),
                   ecom_internal.figure(p.raised, 0), ecom_internal.figure(p.lowered, 0), ecom_internal.figure(p.profit, 0)));
    end if;

    query := 'SELECT count(*) AS products, count(*) FILTER (WHERE abc_class = ''A'') AS of_class_a, count(order_amount) AS costed, round(sum(order_amount)) AS amount '
             'FROM {mart}.stock_plan WHERE status = ''order now'' AND ' || condition;
    execute replace(query, '{mart}', quote_ident(mart)) into p;
    if p.products > 0 then
        return next ecom_internal.plan_insight(mart, 'stock_plan', 'All', p.products, 0.05 * least(1, coalesce(p.amount / revenue, 0.5))::float8, query,
            format('Stock of %s products (%s of class A) is not above the reorder point%s.', ecom_internal.figure(p.products, 0), ecom_internal.figure(p.of_class_a, 0),
                   case when p.costed = p.products then format('; what is due costs %s', ecom_internal.figure(p.amount, 0))
                        when p.costed > 0 then format('; what is due of %s of them costs %s', ecom_internal.figure(p.costed, 0), ecom_internal.figure(p.amount, 0))
                        else '' end));
    end if;

    query := 'SELECT day_of_week, order_hour, head_count, round(orders_upper::numeric, 1) AS orders_upper, sum(head_count) OVER () AS hours_of_work, '
             'head_count > min(head_count) OVER () AS is_peak FROM {mart}.staff_plan WHERE ' || condition || ' ORDER BY head_count DESC, orders_upper DESC, day_of_week, order_hour LIMIT 1';
    execute replace(query, '{mart}', quote_ident(mart)) into p;
    if p.is_peak then
        return next ecom_internal.plan_insight(mart, 'staff_plan', 'All', p.head_count, 0.02, query,
            format('The busiest hour of the week, %s from %s o''clock, needs %s people for up to %s orders; the whole week takes %s hours of work.',
                   (array['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'])[p.day_of_week], p.order_hour,
                   ecom_internal.figure(p.head_count, 0), ecom_internal.figure(p.orders_upper, 1), ecom_internal.figure(p.hours_of_work, 0)));
    end if;

    query := 'SELECT max(day_count) AS days, round(sum(greatest(advised_amount - reference_amount, 0))) AS moved, '
             'string_agg(channel, '', '' ORDER BY channel) FILTER (WHERE advice = ''raise'') AS raised, '
             'string_agg(channel, '', '' ORDER BY channel) FILTER (WHERE advice = ''lower'') AS lowered, round(max(plan_gain_amount)) AS gain, '
             'round(100 * max(plan_gain_probability)::numeric) AS probability_percent FROM (SELECT c.name AS channel, p.* '
             'FROM {mart}.budget_plan p JOIN {mart}.dim_channel c USING (channel_key)) p WHERE advice <> ''no advice'' AND ' || condition;
    execute replace(query, '{mart}', quote_ident(mart)) into p;
    if p.gain > 0 and p.raised is not null and p.lowered is not null and p.probability_percent is not null then
        return next ecom_internal.plan_insight(mart, 'budget_plan', p.raised, p.gain, (p.gain / revenue)::float8, query,
            format('Advertising brings %s more in %s days when %s go from %s to %s (probability of a gain: %s %%).', ecom_internal.figure(p.gain, 0), p.days,
                   ecom_internal.figure(p.moved, 0), p.lowered, p.raised, p.probability_percent));
    end if;

    query := 'SELECT region, carrier, round(excess_days::numeric, 1) AS excess_days, round(excess_days_lower::numeric, 2) AS excess_days_lower, late_order_count, order_count, '
             'round(100 * late_order_count::numeric / order_count) AS late_percent, late_order_count / sum(order_count) OVER () AS late_share '
             'FROM {mart}.delivery_performance d WHERE ' || condition || ' ORDER BY d.excess_days_lower DESC NULLS LAST, region, carrier LIMIT 1';
    execute replace(query, '{mart}', quote_ident(mart)) into p;
    -- Half a day is felt; what chance explains is not told.
    if p.excess_days >= 0.5 and p.excess_days_lower > 0 then
        return next ecom_internal.plan_insight(mart, 'delivery_performance', format('region %s, carrier %s', p.region, p.carrier), p.excess_days,
            (0.5 * p.late_share)::float8, query,
            format('%s takes %s days more in %s than the region and its methods explain; %s %% of its orders there are late.', p.carrier,
                   ecom_internal.figure(p.excess_days, 1), p.region, p.late_percent));
    end if;

    query := 'SELECT string_agg(region || '' to '' || advised_carrier, '', '' ORDER BY region) AS changes, count(*) AS regions, '
             'round(sum(cost_change_amount)) AS cost_change, abs(round(sum(cost_change_amount))) AS cost_difference, '
             'round(100 * max(plan_on_time_rate_lower)::numeric) AS on_time_percent FROM {mart}.delivery_plan '
             'WHERE advice = ''change'' AND cost_change_amount IS NOT NULL AND ' || condition;
    execute replace(query, '{mart}', quote_ident(mart)) into p;
    if p.regions > 0 then
        return next ecom_internal.plan_insight(mart, 'delivery_plan', 'All', p.cost_change, (abs(p.cost_change) / revenue)::float8, query,
            format('The cheapest carriers that bring %s %% in time (%s) cost %s %s a month than those of now.', p.on_time_percent, p.changes,
                   ecom_internal.figure(p.cost_difference, 0), case when p.cost_change < 0 then 'less' else 'more' end));
    end if;
end
$$;
comment on function ecom_internal.insights_of_plans(name, date, date) is 'Source plans of ecom.insights.';
