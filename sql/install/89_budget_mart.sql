-- Advertising over a mart: what each paid channel brings, and the budget that brings the most.

insert into ecom_internal.setting_definition
    (name, default_value, kind, is_optional, is_fixed, low, high, allowed, description)
values
    ('budget.total', '', 'number', true, false, 0.01, 1e15, null,
     'Money that budget_plan divides among the paid channels; empty: as much as was spent.'),
    ('budget.days', '30', 'integer', false, false, 1, 366, null, 'Days that budget_plan is for.'),
    ('budget.max_change', '0.3', 'number', false, false, 0.001, 100, null,
     'Largest change of a channel that budget_plan advises, as a share of what it would get in the proportions of now.'),
    ('budget.min_gain_probability', '0.8', 'number', false, false, 0.5, 0.999, null,
     'Least probability of more revenue with which a division is advised.');

insert into ecom_internal.refresh_step (name, position, function, needs_sales, description) values
    ('budget', 96, 'refresh_budget', true, 'channel_response, budget_plan: what paid channels bring, and how to divide their budget');

insert into ecom_internal.requirement (capability, measure, position, description, needed, advice) values
    ('budget_plan', 'spend_rows', 450, 'days and channels with marketing spend', '40', 'Fill fact_marketing_spend, days without spend left out.'),
    ('budget_plan', 'lines_with_channel', 451, 'order lines with a channel', '100', 'Map channel, under the names that spend has.');

insert into ecom_internal.mart_part (name, position, ddl) values ('budget_plan', 76, $ddl$
create table {mart}.channel_response (
    channel_key       int              primary key references {mart}.dim_channel on delete cascade,
    as_of_date        date             not null,
    status            text             not null,
    day_count         int              not null,
    spend_amount      numeric(18,2)    not null,
    order_count       bigint           not null,
    order_value       numeric(18,4),
    base_orders       double precision,
    most_orders       double precision,
    carryover         double precision,
    carryover_lower   double precision,
    carryover_upper   double precision,
    half_spend_amount numeric(18,4),
    shape             double precision,
    r2                double precision,
    p_value           double precision,
    response_error    double precision,
    evidence_grade    text             not null check (evidence_grade in ('strong', 'moderate', 'weak', 'none')),
    inputs            text             not null
);
comment on table {mart}.channel_response is
'One row per channel with marketing spend: how its orders answer to spend, written by ecom.refresh.';
comment on column {mart}.channel_response.channel_key is 'Channel, to dim_channel.';
comment on column {mart}.channel_response.as_of_date is 'Day that the figures look back from.';
comment on column {mart}.channel_response.status is 'fitted, or why there is no curve.';
comment on column {mart}.channel_response.day_count is 'Days that the curve is fitted on.';
comment on column {mart}.channel_response.spend_amount is 'Mean spend of a day in the year before as_of_date (or as long as there is spend).';
comment on column {mart}.channel_response.order_count is 'Orders of the channel in the days that the curve is fitted on.';
comment on column {mart}.channel_response.order_value is 'Revenue of an order of the channel, returns taken off, in the same year.';
comment on column {mart}.channel_response.base_orders is 'Orders of a day without spend, at the demand of the same year.';
comment on column {mart}.channel_response.most_orders is 'Orders of a day that spend can add at most.';
comment on column {mart}.channel_response.carryover is 'Share of the effect that is left a day later, 0 to 1.';
comment on column {mart}.channel_response.carryover_lower is 'Lower end of the 95 percent interval of carryover.';
comment on column {mart}.channel_response.carryover_upper is 'Upper end of the 95 percent interval of carryover.';
comment on column {mart}.channel_response.half_spend_amount is 'Daily spend that adds half of most_orders.';
comment on column {mart}.channel_response.shape is 'Slope of the curve: up to 1 the first money brings the most; above 1 small amounts are lost.';
comment on column {mart}.channel_response.r2 is 'Share of the spread of orders, season taken off, that spend explains.';
comment on column {mart}.channel_response.p_value is 'Probability of such a fit when spend has no effect.';
comment on column {mart}.channel_response.response_error is 'Standard error of what spend_amount brings, as a share of it.';
comment on column {mart}.channel_response.evidence_grade is
'strong, moderate or weak by response_error (up to 0.15, up to 0.3, up to 0.5); none above, and without an effect beyond chance.';
comment on column {mart}.channel_response.inputs is 'Where the figures come from.';

create table {mart}.budget_plan (
    channel_key                 int           primary key references {mart}.dim_channel on delete cascade,
    as_of_date                  date          not null,
    day_count                   int           not null,
    current_amount              numeric(18,2) not null,
    reference_amount            numeric(18,2) not null,
    lowest_amount               numeric(18,2),
    highest_amount              numeric(18,2),
    advice                      text          not null check (advice in ('raise', 'lower', 'keep', 'no advice')),
    advised_amount              numeric(18,2),
    change_rate                 double precision,
    reference_revenue_amount    numeric(18,2),
    expected_revenue_amount     numeric(18,2),
    expected_revenue_lower      numeric(18,2),
    expected_revenue_upper      numeric(18,2),
    gain_amount                 numeric(18,2),
    gain_lower                  numeric(18,2),
    gain_upper                  numeric(18,2),
    profit_amount               numeric(18,2),
    marginal_revenue            double precision,
    average_amount              numeric(18,2),
    average_revenue_amount      numeric(18,2),
    plan_gain_amount            numeric(18,2),
    plan_gain_probability       double precision,
    evidence_grade              text          not null check (evidence_grade in ('strong', 'moderate', 'weak', 'none')),
    inputs                      text          not null,
    reason                      text          not null
);
comment on table {mart}.budget_plan is
'One row per channel with marketing spend: its share of the budget that brings the most revenue within budget.max_change, written by
ecom.refresh. advice is "no advice" where the evidence does not support one; reason says why.';
comment on column {mart}.budget_plan.channel_key is 'Channel, to dim_channel.';
comment on column {mart}.budget_plan.as_of_date is 'Day of the plan.';
comment on column {mart}.budget_plan.day_count is 'Days that the amounts are for, spent evenly.';
comment on column {mart}.budget_plan.current_amount is 'Spend of so many days on the mean of the year before as_of_date.';
comment on column {mart}.budget_plan.reference_amount is 'Share of the budget in the proportions of now: what the plan is compared with.';
comment on column {mart}.budget_plan.lowest_amount is 'Least amount that was allowed.';
comment on column {mart}.budget_plan.highest_amount is 'Greatest amount that was allowed: no more a day than in the dearest week so far.';
comment on column {mart}.budget_plan.advice is 'raise, lower, keep (against reference_amount), or no advice.';
comment on column {mart}.budget_plan.advised_amount is 'What to spend; empty without advice.';
comment on column {mart}.budget_plan.change_rate is 'advised_amount over reference_amount, less 1.';
comment on column {mart}.budget_plan.reference_revenue_amount is 'Revenue that reference_amount brings beyond that without spend.';
comment on column {mart}.budget_plan.expected_revenue_amount is 'Revenue that advised_amount brings beyond that without spend.';
comment on column {mart}.budget_plan.expected_revenue_lower is 'Lower end of its 95 percent interval.';
comment on column {mart}.budget_plan.expected_revenue_upper is 'Upper end of its 95 percent interval.';
comment on column {mart}.budget_plan.gain_amount is 'expected_revenue_amount less reference_revenue_amount.';
comment on column {mart}.budget_plan.gain_lower is 'Lower end of the 95 percent interval of gain_amount.';
comment on column {mart}.budget_plan.gain_upper is 'Upper end of the 95 percent interval of gain_amount.';
comment on column {mart}.budget_plan.profit_amount is 'expected_revenue_amount times the margin, less advised_amount.';
comment on column {mart}.budget_plan.marginal_revenue is 'Revenue of the next unit of money at advised_amount: equal where no bound holds.';
comment on column {mart}.budget_plan.average_amount is 'For comparison: the budget in proportion to the mean revenue per money spent so far.';
comment on column {mart}.budget_plan.average_revenue_amount is 'Revenue that average_amount would bring beyond that without spend.';
comment on column {mart}.budget_plan.plan_gain_amount is 'gain_amount of all channels together; the same in every row.';
comment on column {mart}.budget_plan.plan_gain_probability is
'Probability that the whole plan brings more than the proportions of now; the same in every row; empty where these break a bound.';
comment on column {mart}.budget_plan.evidence_grade is 'As of channel_response; none: the channel keeps reference_amount.';
comment on column {mart}.budget_plan.inputs is 'Where the figures come from.';
comment on column {mart}.budget_plan.reason is 'Why this advice, or why none.';

create view {mart}.channel_budget as
select c.name as channel, p.advice, p.current_amount, p.advised_amount, p.change_rate, p.expected_revenue_amount, p.expected_revenue_lower,
       p.expected_revenue_upper, p.gain_amount, p.profit_amount, p.marginal_revenue, p.average_amount, p.average_revenue_amount,
       r.carryover, r.half_spend_amount, p.evidence_grade, p.inputs, p.reason, p.day_count, p.as_of_date
from {mart}.budget_plan p
join {mart}.dim_channel c on c.channel_key = p.channel_key
join {mart}.channel_response r on r.channel_key = p.channel_key;
comment on view {mart}.channel_budget is 'One row per channel with marketing spend: its name, what to spend on it and what that brings.';
select ecom_internal.copy_column_comments({mart_name}, 'channel_response', 'channel_budget');
select ecom_internal.copy_column_comments({mart_name}, 'budget_plan', 'channel_budget');
comment on column {mart}.channel_budget.channel is 'Name of the channel.';
$ddl$);

create type ecom_internal.channel_evidence as (
    channel_key int, fit ecom.channel_response_result, order_count bigint, order_value float8, order_value_error float8, day_spend float8,
    highest_day_spend float8, revenue_amount float8, demand_rate float8, relative_error float8, grade text, inputs text);
comment on type ecom_internal.channel_evidence is
'What is known of a paid channel. day_spend, revenue_amount: of a day of the last year; demand_rate: demand of that year over that of the fit';

create function ecom_internal.channel_evidence(mart name, as_of date) returns setof ecom_internal.channel_evidence
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query execute format('
        with spend as (
            select s.channel_key, d.date, s.spend_amount::float8 as amount
            from %1$I.fact_marketing_spend s join %1$I.dim_date d on d.date_key = s.spend_date_key
            where s.channel_key <> 0 and d.date >= $1 - 1096 and d.date < $1),
        span as (select min(s.date) as first_date, greatest(min(s.date), $1 - 365) as year_start from spend s),
        paid as (select distinct s.channel_key from spend s),
        bought as materialized (
            select o.channel_key, o.ordered_at::date as date, sum(o.order_count)::float8 as orders, sum(o.revenue_amount)::float8 as revenue
            from %2$s o where o.ordered_at >= (select x.first_date from span x)::timestamp and o.ordered_at < $1::timestamp and o.channel_key <> 0
            group by 1, 2),
        value as (
            select o.channel_key, sum(o.revenue_amount)::float8 / nullif(sum(o.order_count), 0) as mean,
                   (stddev_samp(o.revenue_amount) filter (where o.order_count = 1))::float8 / sqrt(nullif(sum(o.order_count), 0)) as error
            from %2$s o where o.ordered_at >= (select x.year_start from span x)::timestamp and o.ordered_at < $1::timestamp
            group by o.channel_key),
        day as (
            select t::date as date, t::date - x.first_date as n, extract(isodow from t) as weekday, coalesce(b.all_orders, 0) as all_orders,
                   coalesce(b.free_orders, 0) as free_orders
            from span x cross join generate_series(x.first_date::timestamp, ($1 - 1)::timestamp, ''1 day'') t
            left join (select b.date, sum(b.orders) as all_orders, sum(b.orders) filter (where p.channel_key is null) as free_orders
                       from bought b left join paid p using (channel_key) group by b.date) b on b.date = t::date),
        -- Channels without spend show what the season, the trend and the weekday do to all. Their noise does not bias the curves.
        source as (select sum(d.free_orders) >= count(*) as is_free from day d),
        smooth as (
            select d.*, x.is_free, avg(case when x.is_free then d.free_orders else d.all_orders end) over (partition by d.weekday)
                        / nullif(avg(case when x.is_free then d.free_orders else d.all_orders end) over (), 0) as weekday_factor,
                   case when x.is_free then avg(d.free_orders) over (order by d.date rows between 3 preceding and 3 following) else 1 end as level
            from day d cross join source x),
        demand as (
            select s.date, s.n, s.is_free, s.weekday_factor * s.level as demand from smooth s),
        fitted as (
            select p.channel_key, ecom.channel_response_fit(d.n, s.amount, coalesce(b.orders, 0), d.demand) as fit,
                   coalesce(sum(b.orders), 0)::bigint as orders, bool_and(d.is_free) as is_free,
                   avg(coalesce(s.amount, 0)) filter (where d.date >= x.year_start) as day_spend,
                   avg(coalesce(b.revenue, 0)) filter (where d.date >= x.year_start) as day_revenue,
                   avg(d.demand) filter (where d.date >= x.year_start) as demand
            from paid p cross join demand d cross join span x
            left join spend s on s.channel_key = p.channel_key and s.date = d.date
            left join bought b on b.channel_key = p.channel_key and b.date = d.date
            group by p.channel_key),
        week as (
            select w.channel_key, max(w.amount) as highest
            from (select p.channel_key, sum(coalesce(s.amount, 0)) over (partition by p.channel_key order by d.date rows between 6 preceding and current row) / 7 as amount
                  from paid p cross join day d left join spend s on s.channel_key = p.channel_key and s.date = d.date) w
            group by w.channel_key),
        judged as (
            select f.*, v.mean, v.error, w.highest, r.standard_error / nullif(r.response, 0) as relative_error
            from fitted f left join value v using (channel_key) join week w using (channel_key)
            left join lateral ecom.channel_response(f.fit, f.day_spend) r on true)
        select j.channel_key, j.fit, j.orders, j.mean, coalesce(j.error, 0), j.day_spend, j.highest, j.day_revenue, j.demand / nullif((j.fit).mean_demand, 0),
               j.relative_error,
               case when j.mean is null or j.day_spend = 0 or coalesce((j.fit).p_value, 1) >= 0.05 or coalesce(j.relative_error, 1) > 0.5 then ''none''
                    when j.relative_error <= 0.15 then ''strong'' when j.relative_error <= 0.3 then ''moderate'' else ''weak'' end,
               format(''spend: fact_marketing_spend; orders: fact_order, %%s days; season and trend: %%s'', (j.fit).periods,
                      case when j.is_free then ''orders of channels without spend'' else ''weekdays only, for too few orders come without spend'' end)
        from judged j', mart, ecom_internal.order_source(mart)) using as_of;
end
$$;
comment on function ecom_internal.channel_evidence(name, date) is
'One row per channel with spend in the three years before a day: its response curve, the value of its orders and the evidence for both.';

create function ecom_internal.all_channel_evidence(mart name, as_of date) returns ecom_internal.channel_evidence[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(array_agg(e order by e.channel_key), '{}') from ecom_internal.channel_evidence(mart, as_of) e
$$;
comment on function ecom_internal.all_channel_evidence(name, date) is
'What is known of all paid channels, computed once for whatever draws on it.';

create function ecom_internal.budget_rows(
    mart name, evidence ecom_internal.channel_evidence[], budget float8, days int, max_change float8, min_probability float8, bounds jsonb)
returns table (channel_key int, channel text, current_amount float8, reference_amount float8, lowest_amount float8, highest_amount float8, advice text,
               advised_amount float8, change_rate float8, reference_revenue float8, revenue float8, revenue_lower float8, revenue_upper float8,
               gain float8, gain_lower float8, gain_upper float8, profit float8, marginal_revenue float8, average_amount float8,
               average_revenue float8, plan_gain float8, plan_gain_probability float8, grade text, inputs text, reason text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    wrong text;
begin
    if budget is not null and not (budget > 0 and budget < 'Infinity') then
        raise exception 'budget % is not a positive amount', budget using errcode = '22023', hint = 'Pass what is to be spent in all, or NULL for as much as now.';
    end if;
    if days is null or days not between 1 and 366 then
        raise exception 'days % is not between 1 and 366', coalesce(days::text, 'NULL') using errcode = '22023', hint = 'Pass the days that the budget is for.';
    end if;
    if max_change is null or not (max_change > 0 and max_change <= 100) then
        raise exception 'max_change % is not between 0 and 100', coalesce(max_change::text, 'NULL') using errcode = '22023',
            hint = 'Write 30 percent up and down as 0.3.';
    end if;
    if jsonb_typeof(coalesce(bounds, '{}')) <> 'object' then
        raise exception 'bounds is not a JSON object' using errcode = '22023', hint = 'Write {"Paid Search": {"min": 100, "max": 900}}.';
    end if;
    execute format('
        select e.key from jsonb_each($1) e
        where not exists (select from %1$I.dim_channel c join %1$I.fact_marketing_spend s using (channel_key) where c.name = e.key)
           or jsonb_typeof(e.value) <> ''object''
           or exists (select from jsonb_each(case when jsonb_typeof(e.value) = ''object'' then e.value else ''{}'' end) b
                      where b.key not in (''min'', ''max'') or jsonb_typeof(b.value) <> ''number'' or (b.value)::text::numeric < 0)
           or (e.value ->> ''min'')::numeric > (e.value ->> ''max'')::numeric
        order by e.key collate "C" limit 1', mart) into wrong using coalesce(bounds, '{}');
    if wrong is not null then
        raise exception 'bounds of "%" have no meaning', wrong using errcode = '22023',
            hint = 'Name channels with marketing spend, and give amounts of 0 or more for the whole time, min before max.';
    end if;
    return query execute format('
        with evidence as materialized (
            select e.*, c.name, e.day_spend * $3 as current, sum(e.day_spend) over () * $3 as total,
                   -- Orders and money: what one day of the curve brings over all days.
                   $3 * e.order_value * e.demand_rate as scale
            from unnest($2) e join %1$I.dim_channel c using (channel_key)),
        referred as (
            select e.*, coalesce($4, e.total) as budget, e.current * coalesce($4 / nullif(e.total, 0), 1) as reference,
                   e.grade <> ''none'' as is_known, count(*) filter (where e.grade <> ''none'') over () as known_channels
            from evidence e),
        bound as (
            select r.*, l.low, coalesce(g.most, greatest(least(r.reference * (1 + $5), r.highest_day_spend * $3), l.low)) as high
            from referred r
            cross join lateral (select ($7 -> r.name ->> ''min'')::float8, ($7 -> r.name ->> ''max'')::float8) g (least, most)
            cross join lateral (select coalesce(g.least, least(r.reference * greatest(0, 1 - $5), r.highest_day_spend * $3, g.most))) l (low)),
        room as (
            select b.*, b.budget - coalesce(sum(b.reference) filter (where not b.is_known) over (), 0) as available,
                   sum(b.low) filter (where b.is_known) over () as lows
            from bound b),
        -- A window function is computed for every row that it is given, whatever is done with the result.
        divided as (
            select r.*, a.amount
            from room r
            left join (select k.channel_key, (ecom.allocate_budget(
                           k.scale * (k.fit).beta * (k.fit).mean_demand, (k.fit).shape, $3 * (k.fit).half_spend,
                           -- Amounts that add up to the sum may miss it by rounding.
                           greatest(k.available, case when k.lows <= k.available * (1 + 1e-9) then k.lows else k.available end),
                           k.low, k.high) over ()).amount
                       from room k where k.is_known and k.known_channels > 1) a on a.channel_key = r.channel_key),
        valued as (
            select d.*, x.response as reference_response, a.response, a.standard_error, a.marginal_response, a.gain, a.gain_error,
                   d.budget * (d.revenue_amount / nullif(d.day_spend, 0)) / nullif(sum(d.revenue_amount / nullif(d.day_spend, 0)) over (), 0) as average
            from divided d
            left join lateral ecom.channel_response(d.fit, d.reference / $3) x on d.is_known
            left join lateral ecom.channel_response(d.fit, d.amount / $3, d.reference / $3) a on d.is_known),
        summed as (
            select v.*, sum(v.scale * v.gain) over () as plan_gain,
                   sqrt(sum((v.scale * v.gain_error) ^ 2 + (v.gain * $3 * v.demand_rate * v.order_value_error) ^ 2) over ()) as plan_error,
                   bool_and(not v.is_known or v.gain_error is not null) over () as has_errors,
                   -- A bound that the proportions of now break leaves nothing to compare with.
                   bool_and(not v.is_known or v.reference between v.low * (1 - 1e-9) and v.high * (1 + 1e-9)) over () as is_comparable
            from valued v),
        judged as (
            select s.*, t.p, case
                when s.known_channels < 2 then format(''%%s of the channels have a response that the evidence supports, and 2 are needed'', s.known_channels)
                when t.p < $6 then format(''more revenue has a probability of %%s, and %%s is asked for'', round(t.p::numeric, 2), $6) end as obstacle
            from summed s cross join lateral (
                select case when not s.is_comparable or s.plan_gain is null then null
                            when s.plan_gain <= 0 or not s.has_errors then 0.5
                            else coalesce((select 1 - i.p_value / 2 from ecom_internal.t_interval(s.plan_gain, s.plan_error, 1000000000, 0.95) i), 1) end) t (p))
        select j.channel_key, j.name, j.current, j.reference, case when j.is_known then j.low end, case when j.is_known then j.high end,
               case when a.amount is null then ''no advice''
                    when abs(a.amount - j.reference) < 0.005 * j.reference then ''keep'' when a.amount > j.reference then ''raise'' else ''lower'' end,
               a.amount, a.amount / nullif(j.reference, 0) - 1, j.scale * j.reference_response,
               a.revenue, a.revenue - 1.959964 * a.revenue_error, a.revenue + 1.959964 * a.revenue_error,
               a.gain, a.gain - 1.959964 * a.gain_error, a.gain + 1.959964 * a.gain_error, m.rate * a.revenue - a.amount, a.marginal_revenue,
               j.average, j.scale * (select r.response from ecom.channel_response(j.fit, j.average / $3) r where j.is_known),
               case when j.obstacle is null then j.plan_gain end, j.p, j.grade, j.inputs,
               case when not j.is_known then case
                        when (j.fit).status <> ''fitted'' then (j.fit).status
                        when j.day_spend = 0 then ''nothing was spent in the last year''
                        when j.order_value is null then ''no orders in the last year''
                        when (j.fit).p_value >= 0.05 then ''spend has no effect beyond chance''
                        else ''what spend brings is too uncertain'' end || case when j.obstacle is null then '': it keeps its share'' else '''' end
                    when j.obstacle is not null then j.obstacle
                    when abs(j.amount - j.high) < 1e-6 * j.reference and abs(j.high - $3 * j.highest_day_spend) < 1e-6 * j.high then ''as much as was spent in a week before''
                    when abs(j.amount - j.high) < 1e-6 * j.reference then ''as much as is allowed''
                    when abs(j.amount - j.low) < 1e-6 * j.reference then ''as low as is allowed''
                    else ''equal marginal revenue'' end
        from judged j cross join ecom_internal.margin_rate($1) m (rate)
        -- The errors of the curve and of the order value.
        left join lateral (
            select j.amount, j.scale * j.response as revenue, j.scale * j.gain as gain, j.scale / $3 * j.marginal_response as marginal_revenue,
                   sqrt((j.scale * j.standard_error) ^ 2 + (j.response * $3 * j.demand_rate * j.order_value_error) ^ 2) as revenue_error,
                   sqrt((j.scale * j.gain_error) ^ 2 + (j.gain * $3 * j.demand_rate * j.order_value_error) ^ 2) as gain_error
            where j.obstacle is null and j.is_known) a on true
        order by j.name collate "C"', mart)
        using mart, evidence, days, budget, max_change, min_probability, coalesce(bounds, '{}');
end
$$;
comment on function ecom_internal.budget_rows(name, ecom_internal.channel_evidence[], float8, int, float8, float8, jsonb) is
'The rows of ecom.budget_allocation and of budget_plan, from what ecom_internal.channel_evidence knows. 22023 for arguments without meaning and for bounds that the budget does not meet.';

create function ecom.budget_allocation(
    mart name default null, budget float8 default null, days int default null, max_change float8 default null, bounds jsonb default '{}')
returns table (channel text, advice text, current_amount numeric, advised_amount numeric, change_rate numeric, expected_revenue numeric,
               revenue_lower numeric, revenue_upper numeric, gain numeric, gain_lower numeric, gain_upper numeric, profit numeric,
               marginal_revenue numeric, average_amount numeric, average_revenue numeric, gain_probability numeric, evidence_grade text, reason text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
begin
    return query
        select r.channel, r.advice, round(r.current_amount::numeric, 2), round(r.advised_amount::numeric, 2), round(r.change_rate::numeric, 4),
               round(r.revenue::numeric, 2), round(r.revenue_lower::numeric, 2), round(r.revenue_upper::numeric, 2),
               round(r.gain::numeric, 2), round(r.gain_lower::numeric, 2), round(r.gain_upper::numeric, 2), round(r.profit::numeric, 2),
               round(r.marginal_revenue::numeric, 6), round(r.average_amount::numeric, 2), round(r.average_revenue::numeric, 2),
               round(r.plan_gain_probability::numeric, 4), r.grade, r.reason
        from ecom_internal.budget_rows(
            mart_schema, ecom_internal.all_channel_evidence(mart_schema, ecom_internal.as_of(mart_schema, null)),
            coalesce(budget_allocation.budget, nullif(ecom_internal.setting(mart_schema, 'budget.total'), '')::float8),
            coalesce(budget_allocation.days, ecom_internal.setting(mart_schema, 'budget.days')::int),
            coalesce(budget_allocation.max_change, ecom_internal.setting(mart_schema, 'budget.max_change')::float8),
            ecom_internal.setting(mart_schema, 'budget.min_gain_probability')::float8, budget_allocation.bounds) r
        order by r.channel collate "C";
end
$$;
comment on function ecom.budget_allocation(name, float8, int, float8, jsonb) is
'Divides an advertising budget among the paid channels so that it brings the most revenue, where the evidence supports it.
Example: SELECT channel, advice, current_amount, advised_amount, expected_revenue, revenue_lower, revenue_upper FROM ecom.budget_allocation(''shop'')
Example: SELECT * FROM ecom.budget_allocation(''shop'', budget => 5000, max_change => 1, bounds => ''{"Display": {"max": 800}}'')
Curves by ecom.channel_response_fit on daily orders and spend, with the orders of channels without spend as demand; the division by
ecom.allocate_budget. Amounts are for all days together, spent evenly; revenue is what spend adds to that without it.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- budget: in all; NULL means the setting budget.total, else as much as was spent on the mean of the last year
- days: that the budget is for; NULL means the setting budget.days
- max_change: largest change of a channel against its share in the proportions of now; NULL means the setting budget.max_change. No channel
  gets more a day than in its dearest week so far
- bounds: {"Paid Search": {"min": 100, "max": 900}}, amounts for all days, instead of max_change
advice is "no advice" where a channel''s response is not known (it keeps its share), fewer than two are known, or more revenue is less
probable than the setting budget.min_gain_probability; reason says why. A plan that is best for estimated curves looks a little better than
it is. average_amount, average_revenue: for comparison, the budget in proportion to the mean revenue per money spent so far.
profit: expected_revenue times the margin less advised_amount. Where all upper bounds are reached less than the budget is spent.
No rows for a mart without spend. Errors: 22023 for a budget of 0 or less, other arguments out of range, and lower bounds above the budget.';

create function ecom_internal.refresh_budget(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    days constant int := ecom_internal.setting(mart, 'budget.days')::int;
    evidence ecom_internal.channel_evidence[];
    advised bigint;
begin
    execute format('delete from %I.budget_plan', mart);
    execute format('delete from %I.channel_response', mart);
    perform ecom_internal.report_progress(ecom_internal.mart_oid(mart), 'budget', 'fitting responses', 0, 0);
    evidence := ecom_internal.all_channel_evidence(mart, as_of);
    execute format('
        insert into %I.channel_response (channel_key, as_of_date, status, day_count, spend_amount, order_count, order_value, base_orders, most_orders,
                                         carryover, carryover_lower, carryover_upper, half_spend_amount, shape, r2, p_value, response_error,
                                         evidence_grade, inputs)
        select e.channel_key, $2, (e.fit).status, (e.fit).periods, e.day_spend, e.order_count, e.order_value,
               (e.fit).base * (e.fit).mean_demand * e.demand_rate, (e.fit).beta * (e.fit).mean_demand * e.demand_rate, (e.fit).carryover,
               (e.fit).carryover_low, (e.fit).carryover_high, (e.fit).half_spend, (e.fit).shape, (e.fit).r2, (e.fit).p_value, e.relative_error,
               e.grade, e.inputs
        from unnest($1) e', mart) using evidence, as_of;
    execute format('
        insert into %I.budget_plan (channel_key, as_of_date, day_count, current_amount, reference_amount, lowest_amount, highest_amount, advice,
            advised_amount, change_rate, reference_revenue_amount, expected_revenue_amount, expected_revenue_lower, expected_revenue_upper,
            gain_amount, gain_lower, gain_upper, profit_amount, marginal_revenue, average_amount, average_revenue_amount, plan_gain_amount,
            plan_gain_probability, evidence_grade, inputs, reason)
        select r.channel_key, $2, $4, r.current_amount, r.reference_amount, r.lowest_amount, r.highest_amount, r.advice, r.advised_amount, r.change_rate,
               r.reference_revenue, r.revenue, r.revenue_lower, r.revenue_upper, r.gain, r.gain_lower, r.gain_upper, r.profit, r.marginal_revenue,
               r.average_amount, r.average_revenue, r.plan_gain, r.plan_gain_probability, r.grade, r.inputs, r.reason
        from ecom_internal.budget_rows($3, $1, $5, $4, $6, $7, ''{}'') r', mart)
        using evidence, as_of, mart, days, nullif(ecom_internal.setting(mart, 'budget.total'), '')::float8,
              ecom_internal.setting(mart, 'budget.max_change')::float8, ecom_internal.setting(mart, 'budget.min_gain_probability')::float8;
    get diagnostics rows = row_count;
    execute format('select count(*) from %I.budget_plan where advice <> ''no advice''', mart) into advised;
    reason := case when rows = 0 then 'no marketing spend in the last three years'
                   when advised = 0 then 'the evidence supports no advice for any channel; budget_plan.reason says why' else '' end;
end
$$;
comment on function ecom_internal.refresh_budget(name, date) is
'Step budget of ecom.refresh: fits the response of each paid channel and writes channel_response and budget_plan.';
