-- Cohorts and churn: against plain SQL over the lines, by hand, and before and after a refresh.
\set SHOW_CONTEXT never
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare
    hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics hint = pg_exception_hint;
    return concat_ws(' | ', sqlstate, sqlerrm, left(nullif(hint, ''), 70));
end
$$;
set client_min_messages = warning;
set datestyle = 'ISO';
select loaded_lines from ecom.load_demo('coh', customers => 400, orders => 3000, months => 12);
update coh.fact_sales set customer_key = 0 where order_id in (select order_id from coh.fact_sales where not is_return order by order_id collate "C" limit 20);
create view pg_temp.orders as
select f.customer_key, f.order_id, min(f.ordered_at) filter (where not is_return)::date as day,
       (array_agg(ch.name order by is_return, ordered_at))[1] as channel,
       min(min(f.ordered_at) filter (where not is_return)::date) over (partition by f.customer_key) as first_day,
       row_number() over (partition by f.customer_key order by min(f.ordered_at), f.order_id collate "C") as n
from coh.fact_sales f join coh.dim_channel ch using (channel_key) where f.customer_key <> 0 group by f.customer_key, f.order_id having bool_or(not is_return);
create temporary table unrolled as
select 1 as n, jsonb_agg(to_jsonb(f)) as answer from ecom.cohort_retention('coh', by => 'channel') f
union all select 2, jsonb_agg(to_jsonb(f)) from ecom.cohort_value('coh', 'quarter', 'since_first', 'margin') f
union all select 3, jsonb_agg(to_jsonb(f)) from ecom.churn_rate('coh', 30) f;
select step, status from ecom.refresh('coh') where step in ('sales', 'cohorts');
select n, u.answer = r.answer and jsonb_array_length(u.answer) > 1 as same from unrolled u join (
select 1 as n, jsonb_agg(to_jsonb(f)) as answer from ecom.cohort_retention('coh', by => 'channel') f
union all select 2, jsonb_agg(to_jsonb(f)) from ecom.cohort_value('coh', 'quarter', 'since_first', 'margin') f
union all select 3, jsonb_agg(to_jsonb(f)) from ecom.churn_rate('coh', 30) f) r using (n) order by n;

-- Retention by calendar month, with a look at it.
select cohort, age, rate || case when is_complete then '' else ' *' end as rate from ecom.cohort_retention('coh') where cohort >= '2025-07-01' \crosstabview
create function pg_temp.age(grain text, definition text, first_day date, day date) returns int language sql as $$
    select case when definition = 'since_first' then (day - first_day) / case grain when 'week' then 7 when 'month' then 30 else 91 end
                when grain = 'week' then (date_trunc('week', day::timestamp)::date - date_trunc('week', first_day::timestamp)::date) / 7
                else ((extract(year from day) * 12 + extract(month from day) - 1)::int / case grain when 'month' then 1 else 3 end)
                   - ((extract(year from first_day) * 12 + extract(month from first_day) - 1)::int / case grain when 'month' then 1 else 3 end) end
$$;
create function pg_temp.cell(grain text, definition text, to_day date) returns table (cohort date, age int, size bigint, customers bigint, orders bigint) language sql as $$
    with o as (select date_trunc(grain, first_day::timestamp)::date as cohort, pg_temp.age(grain, definition, first_day, day) as age, customer_key from pg_temp.orders where day <= to_day),
    c as (select cohort, count(distinct customer_key) as size from o group by 1)
    select o.cohort, o.age, min(c.size), count(distinct o.customer_key), count(*) from o join c using (cohort) group by 1, 2
$$;
select g.grain, d.definition, a.as_of, count(*) as cells, count(*) filter (where f.retained > 0) as cells_with_orders,
       count(*) filter (where (f.cohort_size, f.retained) is distinct from (coalesce(c.size, f.cohort_size), coalesce(c.customers, 0))) as different,
       count(*) filter (where f.rate <> round(f.retained / f.cohort_size, 4) or f.ci_low > f.rate or f.ci_high < f.rate or f.ci_low is null) as odd_rates
from unnest('{week,month,quarter}'::text[]) g (grain) cross join unnest('{calendar,since_first}'::text[]) d (definition) cross join unnest('{2026-01-01,2025-08-15}'::date[]) a (as_of)
cross join lateral (select * from ecom.cohort_retention('coh', g.grain, d.definition, as_of => a.as_of) f full join pg_temp.cell(g.grain, d.definition, a.as_of - 1) c using (cohort, age)) f
left join lateral (select f.size, f.customers) c on true
group by 1, 2, 3 order by 1, 2, 3 desc;
-- Orders and revenue: whole, and relative to age 0.
select sum(retained) = (select count(*) from pg_temp.orders) as all_orders from ecom.cohort_retention('coh', metric => 'orders');
select sum(retained) = (select round(sum(revenue_amount), 2) from coh.fact_sales where customer_key in (select customer_key from pg_temp.orders)) as all_revenue, count(ci_low) as intervals
from ecom.cohort_retention('coh', 'week', 'since_first', 'revenue');
select count(*) filter (where age = 0 and rate <> 1) as odd, count(*) filter (where age = 0) as cohorts from ecom.cohort_retention('coh', metric => 'revenue');
-- By channel of the first order, and the customers of one channel.
select count(*) as cells, count(*) filter (where (f.cohort_size, f.retained) is distinct from (e.size, e.customers)) as different
from (select * from ecom.cohort_retention('coh', by => 'channel') where retained > 0) f full join (
    with born as (select customer_key, channel, date_trunc('month', day)::date as cohort from pg_temp.orders where n = 1)
    select b.cohort, b.channel, pg_temp.age('month', 'calendar', o.first_day, o.day) as age, count(distinct o.customer_key) as customers,
           (select count(*) from born x where x.cohort = b.cohort and x.channel = b.channel) as size
    from pg_temp.orders o join born b using (customer_key) group by 1, 2, 3) e on e.cohort = f.cohort and e.channel = f.member and e.age = f.age;
select count(*) as cells, count(*) filter (where (a.cohort_size, a.retained) is distinct from (b.cohort_size, b.retained)) as different
from (select * from ecom.cohort_retention('coh', by => 'channel') where member = 'Email') a full join ecom.cohort_retention('coh', filters => '{"channel": "Email"}') b using (cohort, age);
-- Value adds up, per customer of the cohort.
select bool_and(v.cum_value = s.total) as adds_up, bool_and(v.cum_value_per_customer = round(s.total / v.cohort_size, 2)) as per_customer
from ecom.cohort_value('coh') v join lateral (select round(sum(f.revenue_amount), 2) as total from coh.fact_sales f where date_trunc('month', f.ordered_at)::date <= (v.cohort + v.age * interval '1 month')
     and f.customer_key in (select customer_key from pg_temp.orders where date_trunc('month', first_day)::date = v.cohort)) s on true;
select sum(value) = (select round(sum(revenue_amount - cost_amount), 2) from coh.fact_sales where customer_key in (select customer_key from pg_temp.orders)) as all_margin from ecom.cohort_value('coh', metric => 'margin');
-- The table for BI tools is the function by segment and channel, and its view the function as a whole.
select count(*) as cells, count(*) filter (where (v.cohort_count, v.active_count, v.retention_rate, v.is_complete) is distinct from (f.cohort_size, f.retained::bigint, f.rate, f.is_complete)) as different,
       count(*) filter (where v.cumulative_revenue_per_customer is distinct from c.cum_value_per_customer) as different_value
from coh.cohort_retention_monthly v full join ecom.cohort_retention('coh') f on f.cohort = v.cohort_month and f.age = v.age_months full join ecom.cohort_value('coh') c on c.cohort = f.cohort and c.age = f.age;
select sum(active_count) filter (where age_months = 0) = (select count(distinct customer_key) from pg_temp.orders) as all_customers, count(distinct first_channel) as channels, count(distinct customer_segment) as segments from coh.cohort_month;
select status from ecom.refresh('coh', '{cohorts}', '2025-04-16');
select cohort_month, age_months, is_complete, as_of_date from coh.cohort_month group by 1, 2, 3, 4 order by 1, 2;

-- By hand: five customers, the sales of January to the tenth of May.
select ecom.create_mart('coh_hand');
create temporary table hand_line (customer_id, ordered_at, order_id, amount) as values
    ('a', timestamp '2024-01-05', '1', 10), ('a', '2024-02-04', '2', 20), ('a', '2024-04-30', '3', 30), ('b', '2024-01-31', '4', 10), ('b', '2024-02-01', '5', 5), ('c', '2024-01-20', '6', 8),
    ('c', '2024-03-01', '7', -8), ('d', '2024-03-15', '8', 7), ('d', '2024-05-10', '9', 7), ('e', '2024-05-01', '10', 1), (null, '2024-01-01', '11', 99);
select loaded_lines from ecom.load_sales('coh_hand', 'hand_line');
select cohort, age, cohort_size, retained, rate, ci_low, ci_high, is_complete from ecom.cohort_retention('coh_hand');
select cohort, age, cohort_size, retained, is_complete from ecom.cohort_retention('coh_hand', definition => 'since_first');
select cohort, age, value, cum_value, value_per_customer, cum_value_per_customer from ecom.cohort_value('coh_hand') where cohort = '2024-01-01';
select period_start, period_end, is_complete, known_customers, active_customers, known_churn_rate, previous_customers, retained_customers, lost_customers, active_churn_rate from ecom.churn_rate('coh_hand', 30);
select * from ecom.cohort_retention('coh_hand', as_of => '2023-01-01');
select period_start, is_complete, known_customers, active_customers from ecom.churn_rate('coh_hand', 60, as_of => '2024-08-01');
drop schema coh_hand cascade;

-- churn_rate against plain SQL.
with p as (select g as n, date '2026-01-01' - (g + 1) * 45 as first_day, date '2026-01-01' - g * 45 - 1 as last_day from generate_series(0, 8) g),
e as (select p.n, p.first_day,
             (select count(distinct customer_key) from pg_temp.orders where first_day < p.first_day) as known,
             (select count(distinct customer_key) from pg_temp.orders where day between p.first_day and p.last_day and first_day < p.first_day) as active,
             (select count(distinct customer_key) from pg_temp.orders where day between p.first_day - 45 and p.first_day - 1) as previous,
             (select count(distinct o.customer_key) from pg_temp.orders o join pg_temp.orders q on q.customer_key = o.customer_key and q.day between p.first_day - 45 and p.first_day - 1
              where o.day between p.first_day and p.last_day) as retained from p)
select count(*) as periods, count(*) filter (where c.is_complete) as complete, count(*) filter (where (c.known_customers, c.active_customers, c.previous_customers, c.retained_customers) is distinct from (e.known, e.active, e.previous, e.retained)) as different,
       bool_and(c.lost_customers = c.previous_customers - c.retained_customers and (c.active_churn_rate between c.ci_low and c.ci_high or c.previous_customers = 0)) as sound
from ecom.churn_rate('coh', 45) c full join e on e.first_day = c.period_start;
select count(*) as periods, count(*) filter (where a.known_customers <> s.known or a.lost_customers <> s.lost) as different from ecom.churn_rate('coh', 90) a
join (select period_start, sum(known_customers) as known, sum(lost_customers) as lost from ecom.churn_rate('coh', 90, 'segment') group by 1) s using (period_start);
-- Budget customers drop out sooner than Premium ones: it is planted.
select (select avg(active_churn_rate) from ecom.churn_rate('coh', 90, 'segment') where member = 'Budget' and is_complete)
     > (select avg(active_churn_rate) from ecom.churn_rate('coh', 90, 'segment') where member = 'Premium' and is_complete) as budget_drops_out_sooner;

-- Bad arguments, and marts without what is asked.
select n, pg_temp.error_of(statement) from (values
    (1, $$select * from ecom.cohort_retention('coh', 'day')$$),
    (2, $$select * from ecom.cohort_retention('coh', definition => 'rolling')$$),
    (3, $$select * from ecom.cohort_retention('coh', metric => 'aov')$$),
    (4, $$select * from ecom.cohort_retention('coh', by => 'category')$$),
    (5, $$select * from ecom.cohort_retention('coh', by => 'x"; drop table t; --')$$),
    (6, $$select * from ecom.cohort_retention('coh', as_of => 'infinity')$$),
    (7, $$select * from ecom.cohort_retention('coh', filters => '[]')$$),
    (8, $$select * from ecom.cohort_value('coh', metric => 'customers')$$),
    (9, $$select * from ecom.churn_rate('coh', 0)$$),
    (10, $$select * from ecom.churn_rate('coh', null)$$),
    (11, $$select * from ecom.churn_rate('coh', 90, 'colour')$$),
    (12, $$select * from ecom.churn_rate('no mart')$$)) v (n, statement) order by n;
select ecom.create_mart('coh_empty'), ecom.create_mart('coh_four'), ecom.create_mart('coh_unknown');
create temporary table four_line as select 'c' || g % 7 as customer_id, timestamp '2024-01-05' + g * interval '3 days' as ordered_at, 10 + g as amount from generate_series(1, 60) g;
select loaded_lines from ecom.load_sales('coh_four', 'four_line');
select loaded_lines from ecom.load_sales('coh_unknown', 'select null::text as customer_id, ordered_at, amount from four_line');
create function pg_temp.row_counts(mart name) returns int[] language sql as $$
    select array[(select count(*) from ecom.cohort_retention(mart)), (select count(*) from ecom.cohort_retention(mart, 'week', 'since_first', 'revenue', 'channel')), (select count(*) from ecom.cohort_value(mart, metric => 'margin')),
                 (select count(*) from ecom.churn_rate(mart)), (select count(*) from ecom.churn_rate(mart, by => 'segment'))]::int[] $$;
select mart, pg_temp.row_counts(mart) from unnest('{coh_empty,coh_four,coh_unknown}'::name[]) mart;
select mart, r.step, r.status, r.rows, r.reason from unnest('{coh_empty,coh_four,coh_unknown}'::name[]) mart, ecom.refresh(mart) r where r.step in ('cohorts', 'customer_classes', 'product_classes') order by 1, 2;
select mart, pg_temp.row_counts(mart) from unnest('{coh_empty,coh_four,coh_unknown}'::name[]) mart;
select count(margin.value) as margins from ecom.cohort_value('coh_four', metric => 'margin') margin;
select mart, c.* from unnest('{coh,coh_empty,coh_unknown}'::name[]) mart, ecom.check_bi(mart) c;
drop schema coh, coh_empty, coh_four, coh_unknown cascade;
