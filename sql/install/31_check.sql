-- Data faults of a mart: what is wrong with the sales, how much of it, and what it does to the answers.
--
-- The texts of the checks stand in ecom_internal.data_check; one statement counts them all in a few passes over
-- fact_sales: days, orders, quantities, returns, places and products. No pass joins two large sets.

create table ecom_internal.data_check (
    name     text primary key,
    position int  not null unique,
    severity text not null check (severity in ('error', 'warning', 'info')),
    affects  text not null,
    advice   text not null
);
comment on table ecom_internal.data_check is
'One row per check of ecom.check_mart.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.data_check.name is 'Name of the check.';
comment on column ecom_internal.data_check.position is 'Order in which the checks are listed.';
comment on column ecom_internal.data_check.severity is 'How bad it is when something is found: error, warning or info.';
comment on column ecom_internal.data_check.affects is 'Which answers it changes, and how.';
comment on column ecom_internal.data_check.advice is 'What to do about it.';
grant select on ecom_internal.data_check to public;

insert into ecom_internal.data_check (name, position, severity, affects, advice) values
    ('rejected_lines', 10, 'warning', 'Every total misses these lines of the source.',
     'Loaded mart: read rejected_line, mend the source and load those rows. Bound mart: mend the rows whose is_usable is not true in bound_line.'),
    ('orphan_customers', 20, 'error', 'Customer counts and RFM: these sales have no customer with attributes.',
     'Add the customers to the table that the mart is bound to, then call ecom.refresh.'),
    ('orphan_products', 30, 'error', 'Sales by product and category: these sales have no product with attributes.',
     'Add the products to the table that the mart is bound to, then call ecom.refresh.'),
    ('orphan_dates', 40, 'error', 'Every join with a calendar view loses these lines.',
     'Call ecom.refresh, which extends the calendar.'),
    ('missing_customer', 50, 'warning', 'Counted as sales, but in no customer count, RFM score or churn model.',
     'Look for guest orders or a wrong column; rule missing_customer of ecom.load_sales leaves the lines out.'),
    ('missing_product', 60, 'warning', 'Counted as sales, but not by product, category or basket.',
     'Map product_id, or add the code in the source.'),
    ('duplicate_lines', 70, 'warning', 'Revenue and quantities, if the lines were entered twice.',
     'Compare with the source; rule duplicates of ecom.load_sales leaves exact repeats out.'),
    ('negative_price', 80, 'warning', 'Revenue is lowered by what is no sale, often bad debt or a correction.',
     'Book corrections outside the sales; rule negative_price of ecom.load_sales leaves them out.'),
    ('zero_price', 90, 'warning', 'Order counts and average prices: gifts, samples and stock corrections look like sales.',
     'Tell gifts from errors; rule zero_price of ecom.load_sales leaves them out.'),
    ('future_dates', 100, 'error', 'as_of moves into the future: every recency grows, recent customers look lost.',
     'Correct the dates in the source.'),
    ('returns', 110, 'info', 'Net revenue; RFM nets returns unless the setting rfm.returns says ignore.',
     'A high share by product or channel is worth a look.'),
    ('returns_without_sale', 120, 'info', 'Net revenue of a customer may be negative: the sale lies before the data or under another customer.',
     'Load the earlier sales, or accept it at the start of the data.'),
    ('extreme_quantities', 130, 'warning', 'Means, forecasts and segments: single lines dominate them.',
     'Check the orders; a return of the same size nearby is a typing error that was taken back.'),
    ('revenue_mismatch', 140, 'warning', 'Prices and discounts do not explain revenue, so that price analyses differ from revenue.',
     'Check whether revenue_amount has tax or shipping in it, and whether the discount is for the line or the unit.'),
    ('negative_delivery', 150, 'warning', 'Delivery times are too short.', 'Check the columns of order and shipping dates.'),
    ('missing_days', 160, 'warning', 'Daily series and forecasts: days without any sale on weekdays that do sell.',
     'Tell holidays (ecom.set_holidays) from days that were not loaded.'),
    ('closed_weekdays', 170, 'info', 'Weekdays that never sell: daily forecasts should leave them out.',
     'Nothing to do when the shop is closed then.'),
    ('conflicting_places', 180, 'info', 'Customers counted in several places; dim_customer holds the most frequent one.',
     'Use the place of the sale for sales and the place of the customer for customers.'),
    ('non_products', 190, 'warning', 'Baskets, recommendations and product rankings: postage, fees and corrections look like products.',
     'Give them a category of their own, or leave them out in the source.'),
    ('orders_of_several_customers', 200, 'error', 'Order counts by customer add up to more than all orders.',
     'Check whether order_id is unique, for example per shop or year.'),
    ('orders_on_several_days', 210, 'info', 'Order counts by day add up to more than all orders.',
     'Map the time of the order, not of the line.'),
    ('volume_drop', 220, 'warning', 'Forecasts and alerts: the last week has less than half the usual lines.',
     'Check whether the last days were loaded in full.'),
    ('incomplete_last_month', 230, 'info', 'The last bar of every monthly chart and growth over the month before.',
     'Leave the last month out of comparisons, or compare equal days.');

create table ecom_internal.non_product_pattern (
    pattern text primary key,
    meaning text not null
);
comment on table ecom_internal.non_product_pattern is
'One row per pattern of a product code or name that is no product.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.non_product_pattern.pattern is 'Regular expression for the whole code or name, in lower case.';
comment on column ecom_internal.non_product_pattern.meaning is 'What such a line is.';
grant select on ecom_internal.non_product_pattern to public;

insert into ecom_internal.non_product_pattern (pattern, meaning) values
    ('post|postage|p&p|dot|dotcom( postage)?|carriage|shipping( .*)?|delivery( (fee|charges?|costs?))?|freight', 'shipping'),
    ('bank charges?|amazon ?fee|(handling|service|payment|transaction|platform) fees?|fees?|surcharges?|.* commission', 'fee'),
    ('manual|adjust.*|corrections?|bad debt|rounding', 'correction'),
    ('discounts?|coupons?|vouchers?|(dotcom)?gift ?(card|certificate|voucher)s?.*|gift_.*|store credit', 'discount or voucher'),
    ('samples?|test|test ?(product|item|order|sku)s?[0-9]*|test[0-9]+|dummy', 'sample or test'),
    ('tip|donations?|deposit|tax|vat|insurance|packaging|gift ?wrap(ping)?', 'extra');

create function ecom_internal.measure_checks(mart name, today date)
returns table (name text, affected bigint, total bigint, sample text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    is_bound constant boolean := ecom_internal.setting(mart, 'mart.bound') = 'true';
    source_checks text;
begin
    -- What did not become a line, or a line with a member, is seen only where the lines come from.
    if is_bound then
        source_checks := '
            select ''rejected_lines'', r.lines, t.lines + r.lines, ''order '' || r.sample
            from total t
            cross join (select count(*) as lines, min(l.order_id collate "C") as sample
                        from {mart}.bound_line l where l.is_usable is not true) r';
        -- Members are looked up once each, not once per line.
        select source_checks || string_agg(format('
            union all
            select %2$L, o.lines, t.lines, %3$L || o.sample
            from total t
            cross join (
                select coalesce(sum(u.lines), 0)::bigint as lines, min(u.id collate "C") as sample
                from (select l.%1$s_id as id, count(*) as lines
                      from {mart}.bound_line l
                      where l.is_usable and l.%1$s_id <> ''Unknown''
                      group by l.%1$s_id) u
                left join (select %1$s_id as id from {mart}.dim_%1$s) d on d.id = u.id
                left join (select distinct %1$s_id as id from {mart}.bound_%1$s) b on b.id = u.id
                where d.id is null
                   or b.id is null and exists (select from {mart}.binding where object = %1$L)) o',
            v.object, 'orphan_' || v.object || 's', v.object || ' '), '')
        into source_checks
        from (values ('customer'), ('product')) v (object);
    else
        -- Foreign keys keep a loaded mart free of orphans.
        source_checks := '
            select ''rejected_lines'', r.rejected, t.lines + r.rejected, r.reason
            from total t
            cross join (select coalesce(sum(n), 0)::bigint as rejected,
                               (array_agg(format(''%s (%s)'', reason, n) order by n desc, reason collate "C"))[1] as reason
                        from (select reason, count(*) as n from {mart}.rejected_line group by reason) by_reason) r
            union all
            select v.name, 0, t.lines, null
            from total t cross join (values (''orphan_customers''), (''orphan_products'')) v (name)';
    end if;
    -- The view of a bound mart computes its columns anew at every reading; a table is read faster than a copy of it.
    return query execute ecom_internal.expand_template('
        with line as ' || case when is_bound then 'materialized' else 'not materialized' end || ' (
            select order_date_key, customer_key, product_key, geography_key, order_id, ordered_at, quantity, unit_price,
                   discount_amount, revenue_amount, is_return, delivery_days
            from {mart}.fact_sales
        ), day as materialized (
            select f.order_date_key, to_date(nullif(f.order_date_key, 0)::text, ''YYYYMMDD'') as date, count(*) as lines,
                   count(*) filter (where f.customer_key = 0) as no_customer,
                   min(f.order_id collate "C") filter (where f.customer_key = 0) as no_customer_sample,
                   count(*) filter (where f.product_key = 0) as no_product,
                   min(f.order_id collate "C") filter (where f.product_key = 0) as no_product_sample,
                   count(*) filter (where f.unit_price < 0) as negative_price,
                   min(f.order_id collate "C") filter (where f.unit_price < 0) as negative_price_sample,
                   count(*) filter (where f.unit_price = 0) as zero_price,
                   min(f.order_id collate "C") filter (where f.unit_price = 0) as zero_price_sample,
                   count(*) filter (where f.is_return) as returned,
                   min(f.order_id collate "C") filter (where f.is_return) as returned_sample,
                   -- Prices in files are rounded: a cent, or a hundredth of a percent, is no fault.
                   count(*) filter (where abs(f.revenue_amount - f.quantity * f.unit_price + f.discount_amount)
                                          > greatest(0.01, 0.0001 * abs(f.revenue_amount))) as mismatched,
                   min(f.order_id collate "C") filter (where abs(f.revenue_amount - f.quantity * f.unit_price + f.discount_amount)
                                          > greatest(0.01, 0.0001 * abs(f.revenue_amount))) as mismatched_sample,
                   count(*) filter (where f.delivery_days < 0) as negative_delivery,
                   min(f.order_id collate "C") filter (where f.delivery_days < 0) as negative_delivery_sample,
                   bool_or(f.geography_key <> 0) as has_places
            from line f
            group by f.order_date_key
        ), total as (
            select coalesce(sum(lines), 0)::bigint as lines,
                   coalesce(sum(no_customer), 0)::bigint as no_customer, min(no_customer_sample) as no_customer_sample,
                   coalesce(sum(no_product), 0)::bigint as no_product, min(no_product_sample) as no_product_sample,
                   coalesce(sum(negative_price), 0)::bigint as negative_price, min(negative_price_sample) as negative_price_sample,
                   coalesce(sum(zero_price), 0)::bigint as zero_price, min(zero_price_sample) as zero_price_sample,
                   coalesce(sum(returned), 0)::bigint as returned, min(returned_sample) as returned_sample,
                   coalesce(sum(mismatched), 0)::bigint as mismatched, min(mismatched_sample) as mismatched_sample,
                   coalesce(sum(negative_delivery), 0)::bigint as negative_delivery,
                   min(negative_delivery_sample) as negative_delivery_sample,
                   coalesce(sum(lines) filter (where date > $1), 0)::bigint as in_future, max(date) filter (where date > $1) as in_future_sample,
                   coalesce(sum(lines) filter (where d.date_key is null), 0)::bigint as no_date,
                   min(day.date) filter (where d.date_key is null) as no_date_sample,
                   bool_or(has_places) as has_places, min(day.date) as first_day, max(day.date) as last_day
            from day left join (select date_key from {mart}.dim_date) d on d.date_key = day.order_date_key
        ), calendar as materialized (
            select c::date as date, extract(isodow from c)::int as weekday, coalesce(day.lines, 0) as lines,
                   sum(day.lines) over (partition by extract(isodow from c)) as weekday_lines
            from total t
            cross join lateral generate_series(t.first_day::timestamp,
                -- To the end of the last month, so that the days that are still to come can be told from closed ones.
                date_trunc(''month'', t.last_day::timestamp) + interval ''1 month'' - interval ''1 day'', interval ''1 day'') c
            left join day on day.date = c::date
        ), missing as (
            select count(*) filter (where c.lines = 0 and c.date <= t.last_day and c.weekday_lines > 0) as days,
                   min(c.date) filter (where c.lines = 0 and c.date <= t.last_day and c.weekday_lines > 0) as first_missing,
                   count(*) filter (where c.date <= t.last_day and coalesce(c.weekday_lines, 0) = 0) as closed_days,
                   string_agg(distinct to_char(c.date, ''FMDay''), '', '') filter (where coalesce(c.weekday_lines, 0) = 0) as closed,
                   count(*) filter (where c.date <= t.last_day) as all_days,
                   count(*) filter (where c.date > t.last_day and c.weekday_lines > 0) as days_to_come,
                   coalesce(sum(c.lines) filter (where c.date >= date_trunc(''month'', t.last_day)), 0)::bigint as last_month_lines
            from calendar c cross join total t
        ), week as (
            select (t.last_day - c.date) / 7 as age, sum(c.lines) as lines
            from calendar c cross join total t
            where c.date between t.last_day - 62 and t.last_day and t.first_day <= t.last_day - 62
            group by 1
        ), volume as (
            select max(lines) filter (where age = 0) as last_week,
                   (percentile_cont(0.5) within group (order by lines::float8) filter (where age between 1 and 8))::numeric as usual
            from week
        ), line_group as (
            select f.order_id collate "C" as order_id,
                   hash_record_extended(row(f.product_key, f.customer_key, f.ordered_at, f.quantity, f.unit_price,
                                            f.revenue_amount), 0) as content,
                   count(*) as lines, min(nullif(f.customer_key, 0)) as first_customer, max(f.customer_key) as last_customer,
                   min(f.order_date_key) as first_day, max(f.order_date_key) as last_day
            from line f
            group by 1, 2
        ), sales_order as (
            select order_id, sum(lines - 1)::bigint as repeats, min(first_customer) < max(last_customer) as has_customers,
                   min(first_day) < max(last_day) as has_days
            from line_group
            group by order_id
        ), orders as (
            select count(*) as orders, coalesce(sum(repeats), 0)::bigint as repeats,
                   min(order_id) filter (where repeats > 0) as repeats_sample,
                   count(*) filter (where has_customers) as of_customers, min(order_id) filter (where has_customers) as customers_sample,
                   count(*) filter (where has_days) as on_days, min(order_id) filter (where has_days) as days_sample
            from sales_order
        ), quantity as materialized (
            select abs(f.quantity) as quantity, ln(abs(f.quantity)) as log_quantity, count(*) as lines,
                   min(f.order_id collate "C") as order_id
            from line f
            where f.quantity <> 0
            group by 1
        ), median as (
            select min(log_quantity) as middle
            from (select log_quantity, sum(lines) over (order by log_quantity) as rank, sum(lines) over () as lines from quantity) q
            where 2 * rank >= lines
        ), spread as (
            -- Median deviation, made comparable with a standard deviation; where most quantities are equal, the mean one.
            select coalesce(nullif(1.4826 * min(deviation) filter (where 2 * rank >= lines), 0), 1.2533 * max(mean_deviation)) as scale
            from (select deviation, sum(n) over (order by deviation) as rank, sum(n) over () as lines,
                         sum(n * deviation) over () / sum(n) over () as mean_deviation
                  from (select abs(q.log_quantity - m.middle) as deviation, q.lines as n from quantity q cross join median m) d) r
        ), extreme as (
            -- 3.5 is the limit of Iglewicz and Hoaglin (1993) for the modified z-score; ten times the usual quantity keeps
            -- a shop whose quantities are nearly all equal from drowning in findings.
            select coalesce(sum(q.lines), 0)::bigint as lines,
                   array_to_string((array_agg(format(''%s in order %s'', trim_scale(q.quantity), q.order_id)
                                              order by q.quantity desc))[1:3], '', '') as sample
            from quantity q cross join median m cross join spread s
            where s.scale > 0 and q.log_quantity - m.middle > greatest(3.5 * s.scale, ln(10::numeric))
        ), returned as materialized (
            select f.customer_key, f.product_key, f.ordered_at, f.order_id
            from line f
            where f.is_return and f.customer_key <> 0 and f.product_key <> 0
        ), first_sale as (
            select f.customer_key, f.product_key, min(f.ordered_at) as ordered_at
            from line f
            join (select distinct customer_key, product_key from returned) r using (customer_key, product_key)
            where not f.is_return
            group by f.customer_key, f.product_key
        ), unsold as (
            select count(*) filter (where s.ordered_at is null) as lines, count(*) as returned,
                   min(r.order_id collate "C") filter (where s.ordered_at is null) as sample
            from returned r
            left join first_sale s on s.customer_key = r.customer_key and s.product_key = r.product_key
                                  and s.ordered_at <= r.ordered_at
        ), place as (
            select count(*) as customers, count(*) filter (where places > 1) as conflicts,
                   min(customer_key) filter (where places > 1) as sample
            from (select customer_key, count(*) as places
                  from (select f.customer_key, f.geography_key from line f
                        where f.customer_key <> 0 and f.geography_key <> 0
                        group by 1, 2) pair
                  group by customer_key) c
        ), other as (
            select p.product_key, p.product_id, p.name
            from {mart}.dim_product p
            where p.product_key <> 0
              and exists (select from ecom_internal.non_product_pattern n
                          where lower(btrim(p.product_id)) ~ (''^('' || n.pattern || '')$'')
                             or lower(btrim(p.name)) ~ (''^('' || n.pattern || '')$''))
        ), non_product as (
            select coalesce(sum(lines), 0)::bigint as lines,
                   array_to_string((array_agg(product_id order by lines desc, product_id collate "C"))[1:5], '', '') as sample
            from (select o.product_id, count(*) as lines
                  from line f join other o using (product_key)
                  group by o.product_id) by_product
        ), source_check (name, affected, total, sample) as (' || source_checks || ')
        select s.name, case when s.total > 0 then s.affected end, s.total, s.sample from source_check s
        union all
        select v.name, case when t.lines > 0 then v.affected end, v.total, v.sample
        from total t cross join missing m cross join volume w cross join orders o cross join extreme e
        cross join unsold u cross join place p cross join non_product n
        cross join lateral (values
            (''orphan_dates'', t.no_date, t.lines, t.no_date_sample::text),
            (''missing_customer'', t.no_customer, t.lines, ''order '' || t.no_customer_sample),
            (''missing_product'', t.no_product, t.lines, ''order '' || t.no_product_sample),
            (''duplicate_lines'', o.repeats, t.lines, ''order '' || o.repeats_sample),
            (''negative_price'', t.negative_price, t.lines, ''order '' || t.negative_price_sample),
            (''zero_price'', t.zero_price, t.lines, ''order '' || t.zero_price_sample),
            (''future_dates'', case when $1 is not null then t.in_future end, t.lines,
             case when $1 is null then ''not checked: today was not given'' else t.in_future_sample::text end),
            (''returns'', t.returned, t.lines, ''order '' || t.returned_sample),
            (''returns_without_sale'', u.lines, u.returned, ''order '' || u.sample),
            (''extreme_quantities'', e.lines, t.lines, e.sample),
            (''revenue_mismatch'', t.mismatched, t.lines, ''order '' || t.mismatched_sample),
            (''negative_delivery'', t.negative_delivery, t.lines, ''order '' || t.negative_delivery_sample),
            (''missing_days'', m.days, m.all_days, m.first_missing::text),
            (''closed_weekdays'', m.closed_days, m.all_days, m.closed),
            (''conflicting_places'', case when t.has_places then p.conflicts end, p.customers,
             case when t.has_places then
                 ''customer '' || (select c.customer_id from {mart}.dim_customer c where c.customer_key = p.sample)
             else ''not checked: the mart has no places'' end),
            (''non_products'', n.lines, t.lines, n.sample),
            (''orders_of_several_customers'', o.of_customers, o.orders, ''order '' || o.customers_sample),
            (''orders_on_several_days'', o.on_days, o.orders, ''order '' || o.days_sample),
            (''volume_drop'', case when w.usual > 0 then
                                  case when 2 * w.last_week < w.usual then round(w.usual - w.last_week) else 0 end::bigint end,
             round(w.usual)::bigint,
             case when w.usual > 0 then format(''%s lines in the last 7 days, usually %s'', w.last_week, round(w.usual))
                  else ''not checked: too few sales in the eight weeks before'' end),
            (''incomplete_last_month'', case when m.days_to_come > 0 then m.last_month_lines else 0 end, t.lines,
             case when m.days_to_come > 0 then ''last sale on '' || t.last_day end)
        ) v (name, affected, total, sample)', mart)
        using today;
end
$$;
comment on function ecom_internal.measure_checks(name, date) is
'Counts the data faults of a mart.
Arguments: mart: the resolved name; today: last day that is not in the future, or NULL.
Returns one row per check: name, affected (NULL: not checked), total that the share is of, sample.';

create function ecom.check_mart(mart name default null, today date default null)
returns table (check_name text, severity text, affected_rows bigint, share numeric(9,4), sample text, affects text, advice text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
set jit = off
as $$
begin
    return query
        select c.name, case when m.affected is null then 'not checked'
                            when m.affected = 0 then 'ok'
                            else c.severity end,
               m.affected, round(m.affected::numeric / nullif(m.total, 0), 4)::numeric(9,4),
               case when m.affected > 0 or m.affected is null then m.sample end, c.affects, c.advice
        from ecom_internal.data_check c
        join ecom_internal.measure_checks(ecom_internal.mart_name(mart), today) m on m.name = c.name
        order by c.position;
end
$$;
comment on function ecom.check_mart(name, date) is
'Lists the data faults of a mart: how many, a sample, what they affect and what to do.
Example: SELECT * FROM ecom.check_mart(''shop'') WHERE severity <> ''ok''
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- today: days after it are in the future; NULL: future dates are not checked, as nothing reads the clock
Returns one row per check, found or not:
- check_name
- severity: ok, info, warning, error, or not checked where there is nothing to check or to compare with
- affected_rows: number of lines; of days for missing_days and closed_weekdays, of customers for conflicting_places, of
  orders for orders_of_several_customers and orders_on_several_days; NULL when not checked
- share: of all lines, days, customers or orders; returns_without_sale: of the returns of known customers and products;
  volume_drop: of the usual lines of a week. 0 to 1
- sample: an example to look at; affects; advice
duplicate_lines repeat another line of their order in customer, product, time, quantity, price and revenue. An extreme
quantity has a modified z-score of its logarithm above 3.5 and is more than ten times the median. A volume drop is a last week with less than half the median of
the eight before.
Reads a loaded fact_sales seven times: 10 million lines take about half a minute. A bound mart''s view is computed once
into temporary space, and its source read three times more: three to four times as long.
Changes nothing. Errors: 3F000 for an unknown mart.';
