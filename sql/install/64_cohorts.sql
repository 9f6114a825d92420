-- Cohorts and churn: what becomes of customers after their first order.
--
-- A customer belongs to the period of the first order. by and filters look at that order, so that a customer is in one
-- cohort and one member for good, and ages can be compared.

create function ecom_internal.cohort_query(
    mart name, grain text, definition text, dimensions text[], as_of date, filters jsonb) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    as_of_date constant date := ecom_internal.as_of(mart, as_of);
    sales constant record := ecom_internal.check_range(mart, null, null);
    last_day constant date := as_of_date - 1;
    covered_to constant date := least(last_day, sales.last_date);
    is_calendar constant boolean := definition = 'calendar';
    grain_days constant int := case grain when 'week' then 7 when 'month' then 30 else 91 end;
    grain_months constant int := case grain when 'month' then 1 else 3 end;
    named text;
    age text;
begin
    if grain is null or grain not in ('week', 'month', 'quarter') then
        raise exception 'grain "%" of cohorts is not known', coalesce(grain, 'NULL') using errcode = '22023', hint = 'Use week, month or quarter.';
    end if;
    if definition is null or definition not in ('calendar', 'since_first') then
        raise exception 'definition "%" is not known', coalesce(definition, 'NULL') using errcode = '22023',
            hint = 'Use calendar (ages are calendar periods) or since_first (ages are periods of equal length from each first order).';
    end if;
    named := (select coalesce(string_agg(format(', %s%I', '{a}.', 'dimension_' || d), '' order by n), '')
              from unnest(dimensions) with ordinality u (d, n));
    age := case when not is_calendar then format('({d} - {f}) / %s', grain_days)
                when grain = 'week' then '(date_trunc(''week'', {d}::timestamp)::date - {c}) / 7'
                else format('((extract(year from {d}) - extract(year from {c})) * 12 + extract(month from {d}) - extract(month from {c}))::int / %s',
                            grain_months) end;
    return format('
        with first_order as materialized (
            select o.customer_key, o.ordered_at::date as first_date, date_trunc(%1$L, o.ordered_at)::date as cohort%2$s
            from (%3$s) o where o.order_number = 1),
        cohort as (
            select f.cohort%4$s, count(*) as cohort_size, min(min(f.first_date)) over (partition by f.cohort) as first_date
            from first_order f group by f.cohort%4$s),
        activity as (
            select a.cohort%5$s, a.age, count(*) filter (where a.orders > 0) as customers, sum(a.orders)::bigint as orders,
                   sum(a.revenue) as revenue, sum(a.margin) as margin
            from (select f.cohort%4$s, f.customer_key, greatest(%6$s, 0) as age, sum(o.order_count) as orders,
                         sum(o.revenue_amount) as revenue,
                         case when sum(o.costed_amount) <> 0 then sum(o.costed_amount - o.cost_amount) end as margin
                  from first_order f join %7$s o on o.customer_key = f.customer_key
                  where o.order_date_key <= %8$s
                  group by f.cohort%4$s, f.customer_key, greatest(%6$s, 0)) a
            group by a.cohort%5$s, a.age),
        cell as (
            select c.*, g.age, %9$s as cell_end
            from cohort c cross join lateral generate_series(0, %10$s) g (age))
        select c.cohort%11$s, c.age, c.cohort_size, coalesce(a.customers, 0) as customers, coalesce(a.orders, 0) as orders,
               coalesce(a.revenue, 0) as revenue, a.margin, coalesce(c.cell_end <= %12$L::date, false) as is_complete
        from cell c left join activity a on a.cohort = c.cohort and a.age = c.age%13$s',
        grain, replace(named, '{a}.', 'o.'),
        ecom_internal.filtered_orders(mart, null, last_day, filters, dimensions),
        replace(named, '{a}.', 'f.'), replace(named, '{a}.', 'a.'),
        replace(replace(replace(age, '{d}', 'o.ordered_at::date'), '{f}', 'f.first_date'), '{c}', 'f.cohort'),
        ecom_internal.order_source(mart), coalesce(ecom_internal.date_key(last_day), 0),
        case when is_calendar then format('ecom_internal.period_end(%L, (c.cohort + g.age * interval %L)::date)', grain,
                                          case grain when 'week' then '7 days' else grain_months || ' months' end)
             else format('ecom_internal.period_end(%L, c.cohort) + (g.age + 1) * %s - 1', grain, grain_days) end,
        replace(replace(replace(age, '{d}', format('%L::date', last_day)), '{f}', 'c.first_date'), '{c}', 'c.cohort'),
        replace(named, '{a}.', 'c.'), covered_to,
        (select coalesce(string_agg(format(' and a.%1$I = c.%1$I', 'dimension_' || d), '' order by n), '')
         from unnest(dimensions) with ordinality u (d, n)));
end
$$;
comment on function ecom_internal.cohort_query(name, text, text, text[], date, jsonb) is
'The query of cohorts by age: cohort, one dimension_<name> per dimension, age, cohort_size, customers, orders, revenue, margin, is_complete.
A row for every age that the cohort has reached, also where nobody bought.
Arguments: mart: the resolved name; grain; definition; dimensions: of the first order; as_of: NULL for the day after the last sale;
filters: on the first order. Errors: 22023 for an unknown grain, definition, dimension or filter.';

create function ecom.cohort_retention(
    mart name default null, grain text default 'month', definition text default 'calendar', metric text default 'customers',
    "by" text default null, as_of date default null, filters jsonb default '{}')
returns table (cohort date, member text, age int, cohort_size bigint, retained numeric, rate numeric, ci_low numeric, ci_high numeric,
               is_complete boolean)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
    if metric is null or metric not in ('customers', 'orders', 'revenue') then
        raise exception 'metric "%" of retention is not known', coalesce(metric, 'NULL') using errcode = '22023',
            hint = 'Use customers, orders or revenue.';
    end if;
    return query execute format('
        select c.cohort, c.member, c.age, c.cohort_size, trim_scale(c.value), round(c.value / nullif(c.first_value, 0), 4),
               round(w.low::numeric, 4), round(w.high::numeric, 4), c.is_complete
        from (select q.*, %1$s as member, v.value,
                     first_value(v.value) over (partition by q.cohort%2$s order by q.age) as first_value
              from (%3$s) q cross join lateral (select round(q.%4$I::numeric, 2) as value) v) c
        left join lateral ecom.wilson_interval(c.customers, c.cohort_size) w on %5$L
        order by c.cohort, c.member collate "C", c.age',
        case when "by" is null then '''All''' else format('q.%I::text', 'dimension_' || "by") end,
        case when "by" is not null then format(', q.%I', 'dimension_' || "by") end,
        ecom_internal.cohort_query(ecom_internal.mart_name(mart), grain, definition, array_remove(array["by"], null), as_of, filters),
        metric, metric = 'customers');
end
$$;
comment on function ecom.cohort_retention(name, text, text, text, text, date, jsonb) is
'Retention by cohort: of the customers who came in a month, how many order again one, two, three months later.
Example: SELECT * FROM ecom.cohort_retention(''shop'') WHERE is_complete
Example: SELECT cohort, age, rate FROM ecom.cohort_retention(''shop'', ''quarter'') \crosstabview
Example: SELECT * FROM ecom.cohort_retention(''shop'', definition => ''since_first'', metric => ''revenue'', by => ''channel'')
One row per cohort, member and age that the cohort has reached. cohort: first day of the period of the first order. cohort_size: its
customers. retained: those of them with an order at that age, or their orders or revenue (net of returns). rate: retained over
that of age 0, so for customers the share of the cohort; ci_low, ci_high: its 95 % interval (Wilson, 1927), for customers only.
is_complete: the sales cover the whole age for every customer of the cohort. Rates that are not complete will still rise: leave them
out of comparisons. The first cohorts of a data set hold older customers too, whose real first order is not in it.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- grain: week, month or quarter
- definition: calendar: age is the number of calendar periods after that of the first order, age 0 is shorter for those who
  came late in it. since_first: ages are 7, 30 or 91 days from each customer''s first order, as long for all
- metric: customers, orders or revenue
- by: a dimension of the first order or its day, of ecom.dimensions(): channel is then the channel that won the customer
- as_of: only orders before it count; NULL means the day after the last sale
- filters: {"channel": "Email"}: the customers whose first order meets them
Time: n log n over the orders. Errors: 22023 for an unknown grain, definition, metric, dimension or filter.';

create function ecom.cohort_value(
    mart name default null, grain text default 'month', definition text default 'calendar', metric text default 'revenue',
    "by" text default null, as_of date default null, filters jsonb default '{}')
returns table (cohort date, member text, age int, cohort_size bigint, value numeric, cum_value numeric, value_per_customer numeric,
               cum_value_per_customer numeric, is_complete boolean)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
    if metric is null or metric not in ('revenue', 'margin', 'orders') then
        raise exception 'metric "%" of the value of cohorts is not known', coalesce(metric, 'NULL') using errcode = '22023',
            hint = 'Use revenue, margin or orders.';
    end if;
    return query execute format('
        select c.cohort, c.member, c.age, c.cohort_size, round(c.value, 2), round(c.cumulated, 2), round(c.value / c.cohort_size, 2),
               round(c.cumulated / c.cohort_size, 2), c.is_complete
        from (select q.cohort, %1$s as member, q.age, q.cohort_size, q.is_complete, q.%4$I::numeric as value,
                     sum(q.%4$I::numeric) over (partition by q.cohort%2$s order by q.age) as cumulated
              from (%3$s) q) c
        order by c.cohort, c.member collate "C", c.age',
        case when "by" is null then '''All''' else format('q.%I::text', 'dimension_' || "by") end,
        case when "by" is not null then format(', q.%I', 'dimension_' || "by") end,
        ecom_internal.cohort_query(ecom_internal.mart_name(mart), grain, definition, array_remove(array["by"], null), as_of, filters),
        metric);
end
$$;
comment on function ecom.cohort_value(name, text, text, text, text, date, jsonb) is
'What a customer of each cohort has brought so far, by age: the observed part of customer lifetime value.
Example: SELECT * FROM ecom.cohort_value(''shop'', ''quarter'', ''since_first'') WHERE is_complete
One row per cohort, member and age that the cohort has reached. value: revenue (net of returns), margin or orders at that age,
cum_value: up to it; both also per customer of the cohort, whether they still buy or not. cum_value_per_customer against the
cost of winning a customer is the pay-back time. Margin is that of the lines whose cost is known, NULL where none is.
Arguments and is_complete: as in ecom.cohort_retention; metric: revenue, margin or orders.
Time: n log n over the orders. Errors: 22023 for an unknown grain, definition, metric, dimension or filter.';

create function ecom.churn_rate(
    mart name default null, period_days int default 90, "by" text default null, as_of date default null, filters jsonb default '{}')
returns table (period_start date, period_end date, is_complete boolean, member text, known_customers bigint, active_customers bigint,
               known_churn_rate numeric, previous_customers bigint, retained_customers bigint, lost_customers bigint,
               active_churn_rate numeric, ci_low numeric, ci_high numeric)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    as_of_date constant date := ecom_internal.as_of(mart_schema, as_of);
    sales constant record := ecom_internal.check_range(mart_schema, null, null);
begin
    if period_days is null or period_days not between 1 and 36525 then
        raise exception 'period_days % is not between 1 and 36525', coalesce(period_days::text, 'NULL') using errcode = '22023',
            hint = 'Give the days of a period; the default is 90.';
    end if;
    -- Periods are counted back from as_of, so that the latest one is whole: number 0 is the latest.
    return query execute format('
        with first_order as materialized (
            select o.customer_key, %1$s as member from (%2$s) o where o.order_number = 1),
        bought as (
            select f.member, f.customer_key, ($1 - 1 - o.ordered_at::date) / $2 as n
            from first_order f join %3$s o on o.customer_key = f.customer_key
            where o.order_count = 1 and o.order_date_key <= %4$s
            group by 1, 2, 3),
        marked as (
            select b.member, b.n, b.n = max(b.n) over (partition by b.customer_key) as is_first,
                   lead(b.n) over (partition by b.customer_key order by b.n) = b.n + 1 as is_retained
            from bought b),
        counted as (
            select m.member, m.n, count(*) as active, count(*) filter (where m.is_first) as new,
                   count(*) filter (where m.is_retained) as retained
            from marked m group by m.member, m.n),
        period as (
            select x.member, g.n, coalesce(c.active, 0) as active, coalesce(c.new, 0) as new, coalesce(c.retained, 0) as retained
            from (select distinct f.member from first_order f) x
            cross join generate_series(0, ($1 - 1 - $3) / $2) g (n)
            left join counted c on c.member = x.member and c.n = g.n),
        compared as (
            select p.*, $1 - (p.n + 1) * $2 as first_day,
                   coalesce(sum(p.new) over (w rows between unbounded preceding and 1 preceding), 0)::bigint as known,
                   coalesce(lag(p.active) over w, 0) as previous
            from period p window w as (partition by p.member order by p.n desc))
        select c.first_day, c.first_day + $2 - 1, c.first_day - $2 >= $3 and c.first_day + $2 - 1 <= $4, c.member, c.known, c.active - c.new,
               round(1 - (c.active - c.new)::numeric / nullif(c.known, 0), 4), c.previous, c.retained, c.previous - c.retained,
               round(1 - c.retained::numeric / nullif(c.previous, 0), 4), round(w.low::numeric, 4), round(w.high::numeric, 4)
        from compared c cross join lateral ecom.wilson_interval(c.previous - c.retained, c.previous) w
        order by c.first_day, c.member collate "C"',
        case when "by" is null then '''All''' else format('o.%I::text', 'dimension_' || "by") end,
        ecom_internal.filtered_orders(mart_schema, null, as_of_date - 1, filters, array_remove(array["by"], null)),
        ecom_internal.order_source(mart_schema), coalesce(ecom_internal.date_key(as_of_date - 1), 0))
        using as_of_date, period_days, sales.first_date, sales.last_date;
end
$$;
comment on function ecom.churn_rate(name, int, text, date, jsonb) is
'Churn over time by two definitions: of all customers known, and of those who bought in the period before.
Example: SELECT * FROM ecom.churn_rate(''shop'') WHERE is_complete
Example: SELECT * FROM ecom.churn_rate(''shop'', 180, ''segment'')
One row per period and member; periods of period_days are counted back from as_of.
known_customers: whose first order came before the period; active_customers: those of them who order in it; known_churn_rate: one less
their ratio. It only grows in a shop that wins customers, since nobody is ever forgotten.
previous_customers: who ordered in the period before; retained_customers: those who order in this one too; lost_customers: the others;
active_churn_rate: their share, with its 95 % interval (Wilson, 1927). This is the rate to watch.
is_complete: the sales cover this period and the one before. A customer who orders less often than once a period looks
lost in between: choose period_days above the 90th percentile of ecom.purchase_interval, at least.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- period_days: 1 to 36525
- by: a dimension of the customer''s first order or its day, of ecom.dimensions(). rfm_segment is that of the last refresh: it
  tells who has left, not who will
- as_of: only orders before it count; NULL means the day after the last sale
- filters: {"channel": "Email"}: the customers whose first order meets them
Time: n log n over the orders. Errors: 22023 for period_days out of range, an unknown dimension or filter.';

-- What refresh keeps --------------------------------------------------------------------------------------------

insert into ecom_internal.mart_part (name, position, ddl) values ('cohorts', 95, $ddl$
create table {mart}.cohort_month (
    cohort_month     date          not null,
    age_months       int           not null,
    customer_segment text          not null,
    first_channel    text          not null,
    activity_month   date          not null,
    is_complete      boolean       not null,
    cohort_count     bigint        not null,
    active_count     bigint        not null,
    order_count      bigint        not null,
    revenue_amount   numeric(18,4) not null,
    as_of_date       date          not null,
    primary key (cohort_month, age_months, customer_segment, first_channel)
);
comment on table {mart}.cohort_month is
'One row per month of first orders, age in months, customer segment and channel of the first order. Written by ecom.refresh.
Every count and amount adds up over segments and channels, and all but cohort_count over ages and cohorts too, active_count as
active customer months. Retention is the sum of active_count over the sum of cohort_count, at one age, where is_complete.';
comment on column {mart}.cohort_month.cohort_month is 'First day of the month of the customers'' first order.';
comment on column {mart}.cohort_month.age_months is 'Calendar months since then; 0 is the month of the first order.';
comment on column {mart}.cohort_month.customer_segment is 'Segment that the shop itself gave the customer.';
comment on column {mart}.cohort_month.first_channel is 'Channel of the first order.';
comment on column {mart}.cohort_month.activity_month is 'First day of the month that is looked at: cohort_month and age_months.';
comment on column {mart}.cohort_month.is_complete is 'True when the sales cover the whole activity month.';
comment on column {mart}.cohort_month.cohort_count is 'Customers of the cohort, the same at every age.';
comment on column {mart}.cohort_month.active_count is 'Customers of the cohort with an order in the activity month.';
comment on column {mart}.cohort_month.order_count is 'Their orders in the activity month.';
comment on column {mart}.cohort_month.revenue_amount is 'Their revenue in the activity month, net of returns.';
comment on column {mart}.cohort_month.as_of_date is 'Day that the cohorts look back from.';

create view {mart}.cohort_retention_monthly as
select c.cohort_month, c.age_months, c.activity_month, c.is_complete, c.cohort_count, c.active_count,
       (c.active_count::numeric / c.cohort_count)::numeric(9,4) as retention_rate, c.order_count, c.revenue_amount,
       (sum(c.revenue_amount) over (partition by c.cohort_month order by c.age_months))::numeric(18,4) as cumulative_revenue_amount,
       (sum(c.revenue_amount) over (partition by c.cohort_month order by c.age_months) / c.cohort_count)::numeric(18,2)
           as cumulative_revenue_per_customer, c.as_of_date
from (select m.cohort_month, m.age_months, m.activity_month, m.is_complete, sum(m.cohort_count)::bigint as cohort_count,
             sum(m.active_count)::bigint as active_count, sum(m.order_count)::bigint as order_count,
             sum(m.revenue_amount)::numeric(18,4) as revenue_amount, m.as_of_date
      from {mart}.cohort_month m
      group by m.cohort_month, m.age_months, m.activity_month, m.is_complete, m.as_of_date) c;
comment on view {mart}.cohort_retention_monthly is
'One row per month of first orders and age in months: retention and value so far. By segment and channel it is cohort_month.';
select ecom_internal.copy_column_comments({mart_name}, 'cohort_month', 'cohort_retention_monthly');
comment on column {mart}.cohort_retention_monthly.retention_rate is
'Share of the cohort with an order in the activity month, 0 to 1. Does not add up.';
comment on column {mart}.cohort_retention_monthly.cumulative_revenue_amount is 'Revenue of the cohort up to and with the activity month.';
comment on column {mart}.cohort_retention_monthly.cumulative_revenue_per_customer is
'cumulative_revenue_amount per customer of the cohort. Does not add up.';
$ddl$);

insert into ecom_internal.refresh_step (name, position, function, needs_sales, description) values
    ('cohorts', 40, 'refresh_cohorts', true, 'cohort_month: retention and revenue by month of the first order');

create function ecom_internal.refresh_cohorts(mart name, as_of date, out rows bigint, out reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('delete from %I.cohort_month', mart);
    execute format('
        insert into %I.cohort_month (cohort_month, age_months, customer_segment, first_channel, activity_month, is_complete, cohort_count,
                                     active_count, order_count, revenue_amount, as_of_date)
        select c.cohort, c.age, c.dimension_segment, c.dimension_channel, (c.cohort + make_interval(months => c.age))::date, c.is_complete,
               c.cohort_size, c.customers, c.orders, c.revenue, $1
        from (%s) c', mart,
        ecom_internal.cohort_query(mart, 'month', 'calendar', '{segment,channel}', as_of, '{}')) using as_of;
    get diagnostics rows = row_count;
    execute format('analyze %I.cohort_month', mart);
    reason := case when rows = 0 then 'no orders have a customer' else '' end;
end
$$;
comment on function ecom_internal.refresh_cohorts(name, date) is
'Step cohorts of ecom.refresh: writes cohort_month, as ecom.cohort_retention by month counts, by segment and channel of the first order.';

insert into ecom_internal.requirement (capability, measure, position, description, needed, advice) values
    ('cohorts', 'customers', 210, 'customers with orders', '1', 'Map customer_id.'),
    ('cohorts', 'months_with_sales', 211, 'months with sales, to see who comes back', '2', 'Load a longer history.'),
    ('churn_rate', 'customers', 212, 'customers with orders', '1', 'Map customer_id.'),
    ('churn_rate', 'months_with_sales', 213, 'months with sales, for two periods of 90 days', '6',
     'Load a longer history, or pass shorter period_days.');
