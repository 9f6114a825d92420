-- Staff over a mart: how many people each hour of the week needs.

insert into ecom_internal.setting_definition
    (name, default_value, kind, is_optional, is_fixed, low, high, allowed, description)
values
    ('staff.method', 'capacity', 'text', false, false, null, null, array['capacity', 'erlang_c'],
     'How staff_plan.head_count is reckoned: capacity for work that can wait within the hour, erlang_c for people who wait.'),
    ('staff.handling_seconds', '300', 'number', false, false, 0.1, 86400, null,
     'Time that one person takes for one order (or contact): an assumption, set your own.'),
    ('staff.contacts_per_order', '1', 'number', false, false, 0.0001, 1000, null,
     'Pieces of work (or contacts) that come with an order, on average.'),
    ('staff.quantile', '0.9', 'number', false, false, 0.5, 0.999, null,
     'Share of the hours in which the orders are at most those that the plan is made for.'),
    ('staff.max_occupancy', '0.85', 'number', false, false, 0.1, 1, null,
     'Share of their time that people work at most.'),
    ('staff.service_level', '0.8', 'number', false, false, 0.01, 0.999, null,
     'Share of the contacts that are answered within staff.target_seconds, for erlang_c.'),
    ('staff.target_seconds', '20', 'number', false, false, 0, 86400, null,
     'Time in which they are answered, for erlang_c.');

insert into ecom_internal.refresh_step (name, position, function, needs_sales, description) values
    ('staff', 94, 'refresh_staff', true, 'staff_plan: heads by weekday and hour');

insert into ecom_internal.requirement (capability, measure, position, description, needed, advice) values
    ('staff_plan', 'days_with_sales', 440, 'days with sales, 4 weeks of them', '28', 'Load a longer history.');

insert into ecom_internal.mart_part (name, position, ddl) values ('staff_plan', 75, $ddl$
create table {mart}.staff_plan (
    day_of_week       int              not null check (day_of_week between 1 and 7),
    order_hour        int              not null check (order_hour between 0 and 23),
    as_of_date        date             not null,
    orders_expected   double precision not null,
    orders_upper      double precision not null,
    contacts_per_hour double precision not null,
    head_count        int              not null,
    capacity_heads    int              not null,
    erlang_heads      int              not null,
    reached_level     double precision,
    mean_wait_seconds double precision,
    staff_method      text             not null,
    evidence_grade    text             not null check (evidence_grade in ('strong', 'moderate', 'weak')),
    inputs            text             not null,
    primary key (day_of_week, order_hour)
);
comment on table {mart}.staff_plan is
'One row per weekday and hour: orders expected in the next four weeks and the people they need, written by ecom.refresh.
Empty where orders carry no hours or the history is shorter than 28 days.';
comment on column {mart}.staff_plan.day_of_week is 'Day of the week, 1 is Monday.';
comment on column {mart}.staff_plan.order_hour is 'Hour of the day, 0 to 23.';
comment on column {mart}.staff_plan.as_of_date is 'Day that the plan is made for.';
comment on column {mart}.staff_plan.orders_expected is 'Orders in the hour, on average.';
comment on column {mart}.staff_plan.orders_upper is 'Orders in the hour that are exceeded in 1 - staff.quantile of such hours only; the plan is made for them.';
comment on column {mart}.staff_plan.contacts_per_hour is 'orders_upper times staff.contacts_per_order.';
comment on column {mart}.staff_plan.head_count is 'People needed, by staff.method.';
comment on column {mart}.staff_plan.capacity_heads is 'People needed when the work can wait within the hour.';
comment on column {mart}.staff_plan.erlang_heads is 'People needed when staff.service_level is to be answered within staff.target_seconds (Erlang C).';
comment on column {mart}.staff_plan.reached_level is 'Share of the contacts that erlang_heads people answer in time.';
comment on column {mart}.staff_plan.mean_wait_seconds is 'Mean wait with erlang_heads people.';
comment on column {mart}.staff_plan.staff_method is 'capacity or erlang_c: what head_count follows.';
comment on column {mart}.staff_plan.evidence_grade is 'strong from 1,000 orders in the profile of the hours and a year of days, moderate from 200 and 90, weak below.';
comment on column {mart}.staff_plan.inputs is 'Where the figures come from; what is assumed is named.';
$ddl$);

create function ecom_internal.refresh_staff(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    method constant text := ecom_internal.setting(mart, 'staff.method');
    handling constant float8 := ecom_internal.setting(mart, 'staff.handling_seconds')::float8;
    first_day date;
    day_count int;
    hour_count int;
    order_count bigint;
    daily_orders text;
begin
    execute format('delete from %I.staff_plan', mart);
    rows := 0;
    perform ecom_internal.report_progress(ecom_internal.mart_oid(mart), 'staff', 'forecasting orders', 0, 0);
    execute format('
        create temporary table ecom_staff_order on commit drop as
        select f.order_id, min(f.ordered_at) as ordered_at from %I.fact_sales f
        where not f.is_return and f.ordered_at >= ($1 - 728)::timestamp and f.ordered_at < $1::timestamp group by f.order_id', mart)
        using as_of;
    -- The profile of the hours comes from the last half year: hours change slower than the number of orders.
    select min(o.ordered_at)::date, as_of - min(o.ordered_at)::date, count(distinct extract(hour from o.ordered_at)),
           count(*) filter (where o.ordered_at >= (as_of - 182)::timestamp)
    into first_day, day_count, hour_count, order_count from pg_temp.ecom_staff_order o;
    if coalesce(day_count, 0) < 28 then
        reason := format('%s days of sales, and 28 are needed', coalesce(day_count, 0));
    elsif order_count = 0 then
        reason := 'no orders in the last half year';
    elsif hour_count < 2 then
        reason := 'the times of the orders have no hours';
    else
        daily_orders := format('
            select 1, g.day, coalesce(o.orders, 0)
            from generate_series(%L::timestamp, %L::timestamp, ''1 day'') g (day)
            left join (select date_trunc(''day'', o.ordered_at) as day, count(*) as orders from pg_temp.ecom_staff_order o group by 1) o using (day)',
            first_day, as_of - 1);
        execute format('
            insert into %I.staff_plan (day_of_week, order_hour, as_of_date, orders_expected, orders_upper, contacts_per_hour, head_count,
                capacity_heads, erlang_heads, reached_level, mean_wait_seconds, staff_method, evidence_grade, inputs)
            with day as (
                select extract(isodow from f.ts)::int as weekday, greatest(0, avg(f.forecast)) as orders, max(f.std_error) as std_error
                from ecom.ets_forecast(%L, 28, ''day'', 7) f
                group by 1),
            seen as (
                select extract(isodow from o.ordered_at)::int as weekday, extract(hour from o.ordered_at)::int as hour, count(*)::float8 as orders
                from pg_temp.ecom_staff_order o where o.ordered_at >= ($1 - 182)::timestamp group by 1, 2),
            -- The profile of a weekday leans on that of the week by as much as 100 orders: few orders make no profile.
            week as (select h.hour, coalesce(sum(s.orders), 0) / $8 as share from generate_series(0, 23) h (hour) left join seen s using (hour) group by h.hour),
            load as (
                select d.weekday, w.hour, d.orders, d.std_error,
                       (coalesce(s.orders, 0) + 100 * w.share) / (sum(coalesce(s.orders, 0)) over (partition by d.weekday) + 100) as share
                from day d cross join week w left join seen s on s.weekday = d.weekday and s.hour = w.hour),
            -- An order of the day falls into the hour with the probability share: variance of a binomial part of an uncertain number.
            upper as (
                select l.weekday, l.hour, l.orders * l.share as orders,
                       l.orders * l.share + $2 * sqrt(l.share ^ 2 * greatest(coalesce(l.std_error, 0) ^ 2, l.orders) + l.share * (1 - l.share) * l.orders) as orders_upper
                from load l),
            heads as (
                select u.*, u.orders_upper * $4 as contacts, ceil(u.orders_upper * $4 * $3 / 3600 / $5 - 1e-9)::int as capacity_heads
                from upper u)
            select h.weekday, h.hour, $1, h.orders, h.orders_upper, h.contacts, case $9 when ''capacity'' then h.capacity_heads else e.agents end,
                   h.capacity_heads, e.agents, e.reached_level, e.mean_wait_seconds, $9,
                   case when $8 >= 1000 and $10 >= 365 then ''strong'' when $8 >= 200 and $10 >= 90 then ''moderate'' else ''weak'' end,
                   format(''orders: fact_sales, %%s days; hours: %%s orders of the last half year; %%s seconds an order, assumed'', $10, $8, $3)
            from heads h cross join lateral ecom.agents_needed(h.contacts, $3, $6, $7, $5) e', mart, daily_orders)
            -- The safety stock of a demand with standard deviation 1 is the quantile of the normal distribution.
            using as_of, (ecom.reorder_point(0, 1, 1, ecom_internal.setting(mart, 'staff.quantile')::float8)).safety_stock, handling,
                  ecom_internal.setting(mart, 'staff.contacts_per_order')::float8, ecom_internal.setting(mart, 'staff.max_occupancy')::float8,
                  ecom_internal.setting(mart, 'staff.service_level')::float8, ecom_internal.setting(mart, 'staff.target_seconds')::float8,
                  order_count, method, day_count;
        get diagnostics rows = row_count;
        reason := '';
    end if;
    execute format('analyze %I.staff_plan', mart);
    drop table pg_temp.ecom_staff_order;
end
$$;
comment on function ecom_internal.refresh_staff(name, date) is
'Step staff of ecom.refresh: forecasts the orders of a day, spreads them over its hours, and writes staff_plan.';
