-- Metrics and dimensions: what can be asked, each defined once.
--
-- ecom_internal.metric_query turns metrics, dimensions, a range of days and filters into one query. Everything that
-- reports a number asks it, so that a KPI, a trend, a drill-down and an alert cannot disagree.

create table ecom_internal.metric_definition (
    name            text primary key,
    position        int  not null unique,
    kind            text not null check (kind in ('additive', 'distinct', 'derived')),
    type            text not null,
    expression      text not null,
    cube_expression text,
    uses            text[] not null default '{}',
    description     text not null
);
comment on table ecom_internal.metric_definition is
'One row per metric that every mart has.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.metric_definition.name is 'Name of the metric.';
comment on column ecom_internal.metric_definition.position is 'Order in which metrics are listed.';
comment on column ecom_internal.metric_definition.kind is
'additive: adds up over rows; distinct: counts different things and does not add up; derived: computed from other metrics.';
comment on column ecom_internal.metric_definition.type is 'SQL type of the value.';
comment on column ecom_internal.metric_definition.expression is
'Aggregate over rows with the columns of fact_order and the alias o; a derived one is an expression over the metrics that it uses.';
comment on column ecom_internal.metric_definition.cube_expression is
'The same over rows of a cube; NULL where a cube cannot give it.';
comment on column ecom_internal.metric_definition.uses is 'Metrics that a derived one is computed from.';
comment on column ecom_internal.metric_definition.description is 'What the metric means.';
grant select on ecom_internal.metric_definition to public;

insert into ecom_internal.metric_definition (name, position, kind, type, expression, cube_expression, uses, description) values
    ('revenue', 1, 'additive', 'numeric(18,4)', 'sum(o.revenue_amount)', 'sum(o.revenue_amount)', '{}',
     'What customers paid, less returns.'),
    ('orders', 2, 'additive', 'bigint', 'sum(o.order_count)', 'sum(o.order_count)', '{}',
     'Orders with at least one line that is not a return, each counted once, at its first sales line.'),
    ('customers', 3, 'distinct', 'bigint', 'ecom.count_keys(o.customer_key) filter (where o.order_count > 0 and o.customer_key <> 0)',
     null, '{}', 'Different known customers with an order.'),
    ('aov', 4, 'derived', 'numeric', 'revenue / nullif(orders, 0)', null, '{revenue,orders}',
     'Average order value: revenue per order.'),
    ('avg_satisfaction', 5, 'derived', 'numeric', 'satisfaction_sum::numeric / nullif(satisfaction_count, 0)', null,
     '{satisfaction_sum,satisfaction_count}', 'Mean satisfaction score, 1 to 5, of sales lines that have one.'),
    ('new_customers', 6, 'additive', 'bigint', 'count(*) filter (where o.order_number = 1)', 'sum(o.new_customer_count)', '{}',
     'Known customers whose first order this was.'),
    ('returning_customers', 7, 'derived', 'bigint', 'customers - new_customers', null, '{customers,new_customers}',
     'Known customers with an order who were not new in the period.'),
    ('quantity', 8, 'additive', 'numeric(18,4)', 'sum(o.sold_quantity - o.returned_quantity)',
     'sum(o.sold_quantity - o.returned_quantity)', '{}', 'Units sold less units returned.'),
    ('margin', 9, 'additive', 'numeric(18,4)', 'sum(o.costed_amount - o.cost_amount)', 'sum(o.costed_amount - o.cost_amount)', '{}',
     'Revenue less cost, of the lines whose cost is known.'),
    ('margin_rate', 10, 'derived', 'numeric', 'margin / nullif(costed_amount, 0)', null, '{margin,costed_amount}', 'Margin over the revenue of the lines whose cost is known, 0 to 1.'),
    ('gross_amount', 11, 'additive', 'numeric(18,4)', 'sum(o.gross_amount)', 'sum(o.gross_amount)', '{}',
     'Revenue of sales lines, before returns.'),
    ('return_amount', 12, 'additive', 'numeric(18,4)', 'sum(o.return_amount)', 'sum(o.return_amount)', '{}',
     'Revenue that returns took back, as a positive amount.'),
    ('return_rate', 13, 'derived', 'numeric', 'return_amount / nullif(gross_amount, 0)', null, '{return_amount,gross_amount}',
     'Returns of the period over sales of the period, by amount.'),
    ('discount_amount', 14, 'additive', 'numeric(18,4)', 'sum(o.discount_amount)', 'sum(o.discount_amount)', '{}',
     'Discounts on sales lines.'),
    ('discount_rate', 15, 'derived', 'numeric', 'discount_amount / nullif(gross_amount + discount_amount, 0)', null,
     '{discount_amount,gross_amount}', 'Discounts over sales before discounts, 0 to 1.'),
    ('cost_amount', 16, 'additive', 'numeric(18,4)', 'sum(o.cost_amount)', 'sum(o.cost_amount)', '{}',
     'Cost of the lines whose cost is known, less returns.'),
    ('costed_amount', 17, 'additive', 'numeric(18,4)', 'sum(o.costed_amount)', 'sum(o.costed_amount)', '{}',
     'Revenue of the lines whose cost is known.'),
    ('sold_quantity', 18, 'additive', 'numeric(18,4)', 'sum(o.sold_quantity)', 'sum(o.sold_quantity)', '{}', 'Units sold.'),
    ('returned_quantity', 19, 'additive', 'numeric(18,4)', 'sum(o.returned_quantity)', 'sum(o.returned_quantity)', '{}',
     'Units returned, as a positive number.'),
    ('lines', 20, 'additive', 'bigint', 'sum(o.line_count)', 'sum(o.line_count)', '{}', 'Order lines that are not returns.'),
    ('return_lines', 21, 'additive', 'bigint', 'sum(o.return_line_count)', 'sum(o.return_line_count)', '{}', 'Returned lines.'),
    ('items_per_order', 22, 'derived', 'numeric', 'sold_quantity / nullif(orders, 0)', null, '{sold_quantity,orders}',
     'Units sold per order.'),
    ('revenue_per_customer', 23, 'derived', 'numeric', 'revenue / nullif(customers, 0)', null, '{revenue,customers}',
     'Revenue, sales without a customer included, per known customer with an order.'),
    ('orders_per_customer', 24, 'derived', 'numeric', 'orders::numeric / nullif(customers, 0)', null, '{orders,customers}',
     'Orders, those without a customer included, per known customer with an order.'),
    ('satisfaction_sum', 25, 'additive', 'bigint', 'sum(o.satisfaction_sum)', 'sum(o.satisfaction_sum)', '{}',
     'Sum of the satisfaction scores of sales lines.'),
    ('satisfaction_count', 26, 'additive', 'bigint', 'sum(o.satisfaction_count)', 'sum(o.satisfaction_count)', '{}',
     'Sales lines with a satisfaction score.'),
    ('low_satisfaction_count', 27, 'additive', 'bigint', 'sum(o.low_satisfaction_count)', 'sum(o.low_satisfaction_count)', '{}',
     'Sales lines with a satisfaction score of 1 or 2.'),
    ('low_satisfaction_rate', 28, 'derived', 'numeric', 'low_satisfaction_count::numeric / nullif(satisfaction_count, 0)', null,
     '{low_satisfaction_count,satisfaction_count}', 'Share of the scores that are 1 or 2.'),
    ('delivery_days_sum', 29, 'additive', 'bigint', 'sum(o.delivery_days_sum)', 'sum(o.delivery_days_sum)', '{}',
     'Sum of the delivery days of sales lines.'),
    ('delivery_count', 30, 'additive', 'bigint', 'sum(o.delivery_count)', 'sum(o.delivery_count)', '{}',
     'Sales lines with delivery days.'),
    ('avg_delivery_days', 31, 'derived', 'numeric', 'delivery_days_sum::numeric / nullif(delivery_count, 0)', null,
     '{delivery_days_sum,delivery_count}', 'Mean delivery days of sales lines that have them.');

create table ecom_internal.dimension_definition (
    name            text primary key,
    position        int  not null unique,
    level           text not null check (level in ('date', 'order', 'product')),
    type            text not null,
    alias           text not null,
    expression      text not null,
    cubes           text[] not null default '{}',
    cube_expression text,
    description     text not null
);
comment on table ecom_internal.dimension_definition is
'One row per dimension that metrics can be grouped and filtered by.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.dimension_definition.name is 'Name of the dimension.';
comment on column ecom_internal.dimension_definition.position is 'Order in which dimensions are listed.';
comment on column ecom_internal.dimension_definition.level is 'What has the attribute: the day, the order, or its lines (product).';
comment on column ecom_internal.dimension_definition.type is 'SQL type of the value: text or date.';
comment on column ecom_internal.dimension_definition.alias is 'Join of dimension_join that the expression needs.';
comment on column ecom_internal.dimension_definition.expression is 'Expression over the join.';
comment on column ecom_internal.dimension_definition.cubes is 'Rollups that have the dimension.';
comment on column ecom_internal.dimension_definition.cube_expression is 'Expression over a rollup''s own columns, alias o; NULL: the same join serves.';
comment on column ecom_internal.dimension_definition.description is 'What the dimension means.';
grant select on ecom_internal.dimension_definition to public;

insert into ecom_internal.dimension_definition (name, position, level, type, alias, expression, cubes, cube_expression, description) values
    ('day', 1, 'date', 'date', 'd', 'd.date', '{sales_cube,category_cube}', 'o.order_date', 'Day of the order.'),
    ('week', 2, 'date', 'date', 'd', '(d.date - d.day_of_week + 1)', '{sales_cube,category_cube}', null, 'Monday of the ISO week.'),
    ('month', 3, 'date', 'date', 'd', '(d.date - d.day_of_month + 1)', '{sales_month,sales_cube,geography_month,category_month,category_cube,product_month}', null, 'First day of the month.'),
    ('quarter', 4, 'date', 'date', 'd', 'make_date(d.year, 3 * d.quarter - 2, 1)', '{sales_month,sales_cube,geography_month,category_month,category_cube,product_month}', null, 'First day of the quarter.'),
    ('year', 5, 'date', 'date', 'd', 'make_date(d.year, 1, 1)', '{sales_month,sales_cube,geography_month,category_month,category_cube,product_month}', null, 'First day of the year.'),
    ('season', 6, 'date', 'text', 'd', 'd.season', '{sales_month,sales_cube,geography_month,category_month,category_cube,product_month}', null, 'Winter, Spring, Summer or Autumn.'),
    ('day_of_week', 7, 'date', 'text', 'd', 'd.day_name', '{sales_cube,category_cube}', null, 'Name of the day of the week.'),
    ('is_weekend', 8, 'date', 'text', 'd', 'd.is_weekend::text', '{sales_cube,category_cube}', null, 'true on Saturday and Sunday.'),
    ('is_holiday', 9, 'date', 'text', 'd', 'd.is_holiday::text', '{sales_cube,category_cube}', null, 'true on the days given to ecom.set_holidays.'),
    ('country', 20, 'order', 'text', 'g', 'g.country', '{geography_month}', null, 'Country of the sale.'),
    ('region', 21, 'order', 'text', 'g', 'g.region', '{sales_month,sales_cube,geography_month,category_month,category_cube}', 'o.region', 'Region of the sale.'),
    ('state', 22, 'order', 'text', 'g', 'g.state', '{geography_month}', null, 'State or province of the sale.'),
    ('city', 23, 'order', 'text', 'g', 'g.city', '{geography_month}', null, 'City of the sale.'),
    ('segment', 24, 'order', 'text', 'c', 'c.segment', '{sales_month,sales_cube,category_month,category_cube}', 'o.segment', 'Segment that the shop itself gave the customer.'),
    ('age_group', 25, 'order', 'text', 'c', 'c.age_group', '{}', null, 'Age group of the customer.'),
    ('gender', 26, 'order', 'text', 'c', 'c.gender', '{}', null, 'Gender of the customer.'),
    ('customer', 27, 'order', 'text', 'c', 'c.customer_id', '{}', null, 'Customer, by the identifier of the source.'),
    ('rfm_segment', 28, 'order', 'text', 'r', 'coalesce(r.segment, ''Unknown'')', '{}', null, 'RFM segment of the customer at the last refresh.'),
    ('channel', 29, 'order', 'text', 'ch', 'ch.name', '{sales_month,sales_cube,category_month,category_cube}', null, 'Sales channel.'),
    ('payment_method', 30, 'order', 'text', 'pm', 'pm.name', '{sales_month,sales_cube}', null, 'Payment method.'),
    ('shipping_method', 31, 'order', 'text', 'sm', 'sm.name', '{sales_month,sales_cube}', null, 'Shipping method.'),
    ('carrier', 32, 'order', 'text', 'sm', 'sm.carrier', '{sales_month,sales_cube}', null, 'Carrier of the shipping method.'),
    ('category', 40, 'product', 'text', 'p', 'p.category', '{category_month,category_cube,product_month}', 'o.category', 'Product category.'),
    ('sub_category', 41, 'product', 'text', 'p', 'p.sub_category', '{product_month}', null, 'Product sub-category.'),
    ('brand', 42, 'product', 'text', 'p', 'p.brand', '{product_month}', null, 'Brand.'),
    ('product', 43, 'product', 'text', 'p', 'p.product_id', '{product_month}', null, 'Product, by the identifier of the source.');

create table ecom_internal.dimension_join (
    alias    text primary key,
    position int  not null unique,
    clause   text not null
);
comment on table ecom_internal.dimension_join is
'One row per join from sales to the table that has dimensions.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.dimension_join.alias is 'Alias of the joined table.';
comment on column ecom_internal.dimension_join.position is 'Order of the joins.';
comment on column ecom_internal.dimension_join.clause is 'Join with the placeholders {mart} and {s}, the alias that has the keys.';
grant select on ecom_internal.dimension_join to public;

insert into ecom_internal.dimension_join (alias, position, clause) values
    ('d', 1, 'join {mart}.dim_date d on d.date_key = {s}.order_date_key'),
    ('g', 2, 'join {mart}.dim_geography g on g.geography_key = {s}.geography_key'),
    ('c', 3, 'join {mart}.dim_customer c on c.customer_key = {s}.customer_key'),
    ('r', 4, 'left join {mart}.customer_rfm r on r.customer_key = {s}.customer_key'),
    ('ch', 5, 'join {mart}.dim_channel ch on ch.channel_key = {s}.channel_key'),
    ('pm', 6, 'join {mart}.dim_payment_method pm on pm.payment_method_key = {s}.payment_method_key'),
    ('sm', 7, 'join {mart}.dim_shipping_method sm on sm.shipping_method_key = {s}.shipping_method_key'),
    ('p', 8, 'join {mart}.dim_product p on p.product_key = {s}.product_key');

insert into ecom_internal.mart_part (name, position, ddl) values ('metrics', 36, $ddl$
create table {mart}.metric (
    name        text primary key,
    numerator   text not null,
    denominator text,
    description text not null
);
comment on table {mart}.metric is
'One row per metric that the shop defined itself: one metric, or the ratio of two.
Inner table: written by ecom.set_metric.';
comment on column {mart}.metric.name is 'Name of the metric.';
comment on column {mart}.metric.numerator is 'Metric that it is, or that is divided.';
comment on column {mart}.metric.denominator is 'Metric that divides; NULL: none.';
comment on column {mart}.metric.description is 'What it means.';
$ddl$);

create function ecom_internal.mart_metric(mart name)
returns table (name text, "position" int, kind text, type text, expression text, cube_expression text, uses text[], description text)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query select m.* from ecom_internal.metric_definition m;
    return query execute format('
        select m.name, 1000 + (row_number() over (order by m.name collate "C"))::int, ''derived'',
               case when m.denominator is null then n.type else ''numeric'' end,
               case when m.denominator is null then quote_ident(m.numerator)
                    else format(''%%I::numeric / nullif(%%I, 0)'', m.numerator, m.denominator) end,
               null::text, array_remove(array[m.numerator, m.denominator], null), m.description
        from %I.metric m join ecom_internal.metric_definition n on n.name = m.numerator', mart);
end
$$;
comment on function ecom_internal.mart_metric(name) is
'The metrics of a mart: those that every mart has and its own, in the columns of ecom_internal.metric_definition.
Arguments: mart: the resolved name.';

create function ecom.set_metric(mart name, name text, numerator text, denominator text default null, description text default '')
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    unknown_part text;
begin
    if name !~ '^[a-z][a-z0-9_]{0,39}$' or name in (select d.name from ecom_internal.dimension_definition d) then
        raise exception '"%" cannot be the name of a metric', coalesce(name, 'NULL') using errcode = '42602',
            hint = 'Use up to 40 lower case letters, digits and underscores, and no name of a dimension.';
    end if;
    if exists (select from ecom_internal.metric_definition d where d.name = set_metric.name) then
        raise exception 'metric "%" has its meaning already', name using errcode = '42710', hint = 'Choose another name.';
    end if;
    select p.part into unknown_part from unnest(array[numerator, denominator]) with ordinality p (part, n)
    where (p.part is not null or p.n = 1)
      and not exists (select from ecom_internal.metric_definition d where d.name = p.part and d.kind <> 'derived') order by p.n limit 1;
    if found then
        raise exception 'metric "%" cannot be a part of another', coalesce(unknown_part, 'NULL') using errcode = '22023',
            hint = format('Use one of: %s.', (select string_agg(d.name, ', ' order by d.position)
                                              from ecom_internal.metric_definition d where d.kind <> 'derived'));
    end if;
    execute format('insert into %I.metric (name, numerator, denominator, description) values ($1, $2, $3, $4)
                    on conflict (name) do update set numerator = excluded.numerator, denominator = excluded.denominator,
                                                     description = excluded.description', mart_schema)
        using name, numerator, denominator, coalesce(description, '');
end
$$;
comment on function ecom.set_metric(name, text, text, text, text) is
'Defines a metric of a mart, for every function that takes a metric: SELECT ecom.set_metric(''shop'', ''units_per_customer'', ''sold_quantity'', ''customers'').
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- name: lower case; a name that the mart has defined before gets the new meaning
- numerator, denominator: metrics of ecom.metrics that are not derived; without a denominator the metric is the numerator
- description: shown by ecom.metrics
A ratio is the sum over the sum, whatever it is grouped by, and NULL where the denominator is 0.
Errors: 42602 for a name that cannot be used, 42710 for a built-in metric, 22023 for parts that are not known or derived.';

create function ecom.metrics(mart name default null)
returns table (metric text, kind text, definition text, description text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
begin
    return query select m.name, m.kind, m.expression, m.description
                 from ecom_internal.mart_metric(ecom_internal.mart_name(mart)) m order by m.position;
end
$$;
comment on function ecom.metrics(name) is
'Lists the metrics of a mart, the one definition that every function and view uses: SELECT * FROM ecom.metrics(''shop'').
One row per metric: kind says whether it adds up over days and groups (additive), counts different things and does not
(distinct), or is computed from others (derived); definition is the expression, o being an order.
Arguments: mart: NULL means the setting ecom_analytics.mart.';

create function ecom.dimensions()
returns table (dimension text, level text, description text)
language sql stable parallel safe
begin atomic
    select d.name, d.level, d.description from ecom_internal.dimension_definition d order by d.position;
end;
comment on function ecom.dimensions() is
'Lists the dimensions that metrics can be grouped and filtered by: SELECT * FROM ecom.dimensions().
One row per dimension: level says whether the day, the order or the single line (product) has it.';

create function ecom_internal.check_range(mart name, from_date date, to_date date, out first_date date, out last_date date)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if not isfinite(from_date) or not isfinite(to_date) then
        raise exception 'the days of a range must be finite' using errcode = '22008', hint = 'Pass calendar dates, or NULL for the first and last sale.';
    end if;
    if from_date > to_date then
        raise exception 'range from % to % is reversed', from_date, to_date using errcode = '22023', hint = 'Pass the earlier day first.';
    end if;
    if from_date is null or to_date is null then
        if ecom_internal.is_rolled_up(mart) then
            execute format('select s.first_date, s.last_date from %I.rollup_state s', mart) into first_date, last_date;
        else
            execute format('select to_date(min(order_date_key)::text, ''YYYYMMDD''), to_date(max(order_date_key)::text, ''YYYYMMDD'')
                            from %I.fact_sales', mart) into first_date, last_date;
        end if;
    end if;
    first_date := coalesce(from_date, least(first_date, to_date));
    last_date := coalesce(to_date, greatest(last_date, from_date));
end
$$;
comment on function ecom_internal.check_range(name, date, date) is
'Completes and checks a range of days, both inclusive: NULL means the first or the last day with sales.
Arguments: mart: the resolved name. Both days are NULL for a mart without sales when none is given.
Errors: 22023 when the range is reversed, 22008 for infinite days.';

create function ecom_internal.is_whole_months(mart name, first_date date, last_date date) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    -- Beyond the first and the last sale a month may be cut: nothing is missing.
    select (is_whole_months.first_date = date_trunc('month', is_whole_months.first_date) or is_whole_months.first_date <= s.first_date)
           and (is_whole_months.last_date + 1 = date_trunc('month', is_whole_months.last_date + 1) or is_whole_months.last_date >= s.last_date)
    from ecom_internal.check_range(mart, null, null) s
$$;
comment on function ecom_internal.is_whole_months(name, date, date) is
'Whether sums by month answer a range of days: it cuts no month, or only where the mart has no sales. NULL without days.
Arguments: mart: the resolved name.';

create function ecom_internal.check_dimensions(dimensions text[]) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    wrong text;
begin
    select w.name into wrong from unnest(dimensions) with ordinality w (name, n)
    where w.name is null or not exists (select from ecom_internal.dimension_definition d where d.name = w.name) order by w.n limit 1;
    if found then
        raise exception 'dimension "%" is not known', coalesce(wrong, 'NULL') using errcode = '22023',
            hint = format('Use one of: %s.', (select string_agg(d.name, ', ' order by d.position) from ecom_internal.dimension_definition d));
    end if;
end
$$;
comment on function ecom_internal.check_dimensions(text[]) is 'Raises 22023 with the list of dimensions when one is not known.';

create function ecom_internal.filter_values(filters jsonb) returns table (dimension text, expected text[])
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
    if filters is null or filters = '{}' then
        return;
    end if;
    if jsonb_typeof(filters) <> 'object' then
        raise exception 'filters must be a JSON object' using errcode = '22023', detail = format('It is of type %s.', jsonb_typeof(filters)),
            hint = 'Write {"region": "West", "segment": ["Premium", "Regular"]}.';
    end if;
    perform ecom_internal.check_dimensions(array(select k from jsonb_object_keys(filters) k));
    for dimension, expected in
        select f.key, case jsonb_typeof(f.value)
                   when 'array' then array(select e.value #>> '{}' from jsonb_array_elements(f.value) e
                                           where jsonb_typeof(e.value) not in ('array', 'object', 'null'))
                   when 'object' then null when 'null' then null
                   else array[f.value #>> '{}'] end
        from jsonb_each(filters) f
    loop
        if expected is null or cardinality(expected) <> (case jsonb_typeof(filters -> dimension)
                                                             when 'array' then jsonb_array_length(filters -> dimension) else 1 end) then
            raise exception 'filter on "%" is not a value or a list of values', dimension using errcode = '22023',
                detail = format('Got %s.', filters -> dimension), hint = 'Write {"region": "West", "segment": ["Premium", "Regular"]}.';
        end if;
        return next;
    end loop;
end
$$;
comment on function ecom_internal.filter_values(jsonb) is
'The filters of an argument as rows: dimension and the values that it may have.
Errors: 22023 for what is not an object of texts, numbers, booleans or lists of them, and for unknown dimensions.';

create function ecom_internal.dimension_conditions(filters jsonb, cube boolean default false) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    wrong record;
begin
    select f.dimension, v.value into wrong
    from ecom_internal.filter_values(filters) f
    join ecom_internal.dimension_definition d on d.name = f.dimension and d.type = 'date'
    cross join lateral unnest(f.expected) v (value)
    where ecom_internal.try_timestamp(v.value) is null limit 1;
    if found then
        raise exception 'filter on "%" is not a date: %', wrong.dimension, quote_literal(wrong.value) using errcode = '22007',
            hint = 'Write the first day of the period as "2025-01-31".';
    end if;
    return (select string_agg(format(' and %s = any (%L::%s[])',
                                     case when cube then coalesce(d.cube_expression, d.expression) else d.expression end,
                                     f.expected, d.type), '' order by d.position)
            from ecom_internal.filter_values(filters) f join ecom_internal.dimension_definition d on d.name = f.dimension);
end
$$;
comment on function ecom_internal.dimension_conditions(jsonb, boolean) is
'Conditions for filters, each with a leading AND, over the joins of ecom_internal.dimension_join; NULL without filters.
Arguments: cube: over the own columns of a rollup where it has them.';

create function ecom_internal.dimension_joins(mart name, names text[], keys text, cube boolean default false) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(string_agg(' ' || replace(replace(j.clause, '{mart}', quote_ident(mart)), '{s}', keys), '' order by j.position), '')
    from ecom_internal.dimension_join j
    where j.alias in (select d.alias from ecom_internal.dimension_definition d
                      where d.name = any (names) and not (cube and d.cube_expression is not null))
$$;
comment on function ecom_internal.dimension_joins(name, text[], text, boolean) is
'The joins that dimensions need. Arguments: mart: the resolved name; names: dimensions; keys: alias that has the keys;
cube: the alias is a rollup, whose own columns serve where it has them.';

create function ecom_internal.filtered_orders(
    mart name, from_date date, to_date date, filters jsonb, dimensions text[] default '{}') returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    range constant record := ecom_internal.check_range(mart, from_date, to_date);
    order_filters jsonb := '{}';
    product_filters jsonb := '{}';
begin
    perform ecom_internal.check_dimensions(dimensions);
    if exists (select from ecom_internal.dimension_definition d where d.name = any (dimensions) and d.level = 'product') then
        raise exception 'an order has more than one %', (select string_agg(d.name, ', ' order by d.position)
            from ecom_internal.dimension_definition d where d.name = any (dimensions) and d.level = 'product') using errcode = '22023',
            hint = 'Group by a dimension of the day or of the order: SELECT * FROM ecom.dimensions().';
    end if;
    select coalesce(jsonb_object_agg(f.dimension, to_jsonb(f.expected)) filter (where d.level <> 'product'), '{}'),
           coalesce(jsonb_object_agg(f.dimension, to_jsonb(f.expected)) filter (where d.level = 'product'), '{}')
    into order_filters, product_filters
    from ecom_internal.filter_values(filters) f join ecom_internal.dimension_definition d on d.name = f.dimension;
    return format('select o.*%s from %s o%s where o.order_date_key between %s and %s%s%s',
        (select string_agg(format(', %s as %I', d.expression, 'dimension_' || w.name), '' order by w.n)
         from unnest(dimensions) with ordinality w (name, n) join ecom_internal.dimension_definition d on d.name = w.name),
        ecom_internal.order_source(mart),
        ecom_internal.dimension_joins(mart, dimensions || array(select jsonb_object_keys(order_filters)), 'o'),
        coalesce(ecom_internal.date_key(range.first_date), 0), coalesce(ecom_internal.date_key(range.last_date), 0),
        ecom_internal.dimension_conditions(order_filters),
        case when product_filters <> '{}' then format(
            ' and exists (select from %I.fact_sales f%s where f.customer_key = o.customer_key and f.order_id = o.order_id and not f.is_return%s)',
            mart, ecom_internal.dimension_joins(mart, array(select jsonb_object_keys(product_filters)), 'f'),
            ecom_internal.dimension_conditions(product_filters)) end);
end
$$;
comment on function ecom_internal.filtered_orders(name, date, date, jsonb, text[]) is
'The query of the orders of a mart in a range of days that meet filters: the columns of fact_order, and one named
dimension_<name> per dimension. A filter on products keeps the orders with such a line, whole.
Arguments: mart: the resolved name; from_date, to_date: inclusive; filters: {"region": "West", ...}; dimensions: of days or orders.
Errors: those of check_range and filter_values, 22023 for an unknown dimension or one of products.';

-- Base metrics (not derived ones) by dimensions, from each of the three kinds of sources. All three give the columns
-- of the dimensions, then of the metrics, and the same rows.

create function ecom_internal.metric_select(
    metrics text[], dimensions text[], cube boolean, expressions_of_dimensions boolean) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select concat_ws(', ',
        (select string_agg(format('%s as %I', case when not expressions_of_dimensions then format('o.%I', w.name)
                                                   when cube then coalesce(d.cube_expression, d.expression)
                                                   else d.expression end, w.name), ', ' order by w.n)
         from unnest(dimensions) with ordinality w (name, n) join ecom_internal.dimension_definition d on d.name = w.name),
        (select string_agg(format('coalesce(%s, 0)::%s as %I', case when cube then m.cube_expression else m.expression end, m.type, m.name),
                           ', ' order by m.position)
         from ecom_internal.metric_definition m where m.name = any (metrics)))
$$;
comment on function ecom_internal.metric_select(text[], text[], boolean, boolean) is
'The select list of dimensions and base metrics. Arguments: cube: by the expressions for rollups;
expressions_of_dimensions: by their expressions, else by columns of that name.';

create function ecom_internal.group_by(columns int) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$ select coalesce(' group by ' || string_agg(n::text, ', ' order by n), '') from generate_series(1, columns) n $$;
comment on function ecom_internal.group_by(int) is 'A GROUP BY over the first columns of a select list; empty for none.';

create function ecom_internal.metrics_from_cube(
    mart name, cube text, metrics text[], dimensions text[], first_date date, last_date date, filters jsonb) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    named constant text[] := dimensions || array(select f.dimension from ecom_internal.filter_values(filters) f);
    is_monthly constant boolean := cube like '%\_month';
    needs_day constant boolean := is_monthly
        and exists (select from ecom_internal.dimension_definition d where d.name = any (named) and d.alias = 'd');
begin
    return format('select %s from %s o%s where %s%s%s', ecom_internal.metric_select(metrics, dimensions, true, true),
        case when cube = 'product_month'
             then format('(select t.*, c.category, to_char(t.month, ''YYYYMMDD'')::int as order_date_key
                           from %1$I.product_month t join %1$I.dim_product c using (product_key))', mart)
             when cube = 'geography_month'
             then format('(select t.*, r.region, to_char(t.month, ''YYYYMMDD'')::int as order_date_key
                           from %1$I.geography_month t join %1$I.dim_geography r using (geography_key))', mart)
             when needs_day then format('(select t.*, to_char(t.month, ''YYYYMMDD'')::int as order_date_key from %I.%I t)', mart, cube)
             else format('%I.%I', mart, cube) end,
        ecom_internal.dimension_joins(mart, named, 'o', true),
        case when is_monthly then format('o.month between %L and %L', date_trunc('month', first_date)::date, last_date)
             else format('o.order_date_key between %s and %s', ecom_internal.date_key(first_date), ecom_internal.date_key(last_date)) end,
        ecom_internal.dimension_conditions(filters, true), ecom_internal.group_by(cardinality(dimensions)));
end
$$;
comment on function ecom_internal.metrics_from_cube(name, text, text[], text[], date, date, jsonb) is
'Base metrics by dimensions from a rollup of days or months.';

create function ecom_internal.customers_from_periods(
    mart name, dimensions text[], first_date date, last_date date, filters jsonb) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    dates constant text[] := array(select d.name from ecom_internal.dimension_definition d where d.name = any (dimensions) and d.level = 'date');
    filtered constant text[] := array(select f.dimension from ecom_internal.filter_values(filters) f);
    is_one_month constant boolean := date_trunc('month', first_date) = date_trunc('month', last_date);
    grain text;
begin
    grain := case when dates = '{day}' or dates = '{}' and first_date = last_date then 'day'
                  when (dates = '{month}' or dates = '{}' and is_one_month)
                       and ecom_internal.is_whole_months(mart, first_date, last_date) then 'month' end;
    if grain is null or not array(select unnest(dimensions) except select unnest(dates)) || filtered <@ array['region', 'segment']
       or exists (select from ecom_internal.filter_values(filters) f where cardinality(f.expected) <> 1 and f.dimension <> all (dimensions)) then
        return null;
    end if;
    return format('select %scoalesce(sum(o.customer_count), 0)::bigint as customers from %I.kpi_period o
                   where o.grain = %L and o.period_start between %L and %L and o.region is %s and o.segment is %s%s%s',
        (select string_agg(format('%s as %I, ', case when w.name in ('day', 'month') then 'o.period_start' else 'o.' || w.name end, w.name), '' order by w.n)
         from unnest(dimensions) with ordinality w (name, n)),
        mart, grain, case grain when 'month' then date_trunc('month', first_date)::date else first_date end, last_date,
        case when 'region' = any (dimensions || filtered) then 'not null' else 'null' end,
        case when 'segment' = any (dimensions || filtered) then 'not null' else 'null' end,
        ecom_internal.dimension_conditions(filters, true), ecom_internal.group_by(cardinality(dimensions)));
end
$$;
comment on function ecom_internal.customers_from_periods(name, text[], date, date, jsonb) is
'Customers by dimensions from kpi_period, which has them counted by day and by month, region and segment.
NULL where it has not: for other dimensions, ranges that cut a month, and several values of a filter at once.';

create function ecom_internal.metrics_from_orders(
    mart name, metrics text[], dimensions text[], first_date date, last_date date, filters jsonb) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select format('select %s from %s o%s where o.order_date_key between %s and %s%s%s',
        ecom_internal.metric_select(metrics, dimensions, false, true), ecom_internal.order_source(mart),
        ecom_internal.dimension_joins(mart, dimensions || array(select f.dimension from ecom_internal.filter_values(filters) f), 'o'),
        coalesce(ecom_internal.date_key(first_date), 0), coalesce(ecom_internal.date_key(last_date), 0),
        ecom_internal.dimension_conditions(filters), ecom_internal.group_by(cardinality(dimensions)))
$$;
comment on function ecom_internal.metrics_from_orders(name, text[], text[], date, date, jsonb) is
'Base metrics by dimensions of days and orders, from fact_order or its query.';

create function ecom_internal.metrics_from_lines(
    mart name, metrics text[], dimensions text[], first_date date, last_date date, filters jsonb) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    -- Gathering the lines of an order gives each group the columns of fact_order, at a price: not where only sums are asked.
    needs_orders constant boolean := metrics && '{orders,customers,new_customers}';
    needs_first_order constant boolean := 'new_customers' = any (metrics);
begin
    return format('select %s from (select %s from %I.fact_sales f%s%s where f.order_date_key between %s and %s%s%s) o%s',
        ecom_internal.metric_select(metrics, dimensions, false, false),
        concat_ws(', ',
            (select string_agg(format('%s as %I', d.expression, w.name), ', ' order by w.n)
             from unnest(dimensions) with ordinality w (name, n) join ecom_internal.dimension_definition d on d.name = w.name),
            case when needs_orders then 'f.customer_key, f.order_id, (count(*) filter (where not f.is_return) > 0)::int as order_count' end,
            case when needs_first_order then 'max(first_order.order_number) filter (where not f.is_return) as order_number' end,
            (select string_agg(format('%s as %I', p.expression, p.name), ', ' order by p.position) from ecom_internal.sales_part p
             where exists (select from ecom_internal.metric_definition m
                           where m.name = any (metrics) and m.expression ~ ('o\.' || p.name || '\M')))),
        mart,
        ecom_internal.dimension_joins(mart, dimensions || array(select f.dimension from ecom_internal.filter_values(filters) f), 'f'),
        case when needs_first_order then format(
            ' left join (select n.customer_key, n.order_id, n.order_number from %s n where n.order_number = 1) first_order
              on first_order.customer_key = f.customer_key and first_order.order_id = f.order_id', ecom_internal.order_source(mart)) end,
        coalesce(ecom_internal.date_key(first_date), 0), coalesce(ecom_internal.date_key(last_date), 0),
        ecom_internal.dimension_conditions(filters),
        ecom_internal.group_by(cardinality(dimensions) + case when needs_orders then 2 else 0 end),
        ecom_internal.group_by(cardinality(dimensions)));
end
$$;
comment on function ecom_internal.metrics_from_lines(name, text[], text[], date, date, jsonb) is
'Base metrics by dimensions of products as well, from the order lines.';

create function ecom_internal.metric_query(
    mart name, metrics text[], dimensions text[] default '{}', from_date date default null, to_date date default null,
    filters jsonb default '{}') returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    range constant record := ecom_internal.check_range(mart, from_date, to_date);
    is_whole_months constant boolean := ecom_internal.is_whole_months(mart, range.first_date, range.last_date);
    named constant text[] := dimensions || array(select f.dimension from ecom_internal.filter_values(filters) f);
    is_of_products constant boolean :=
        exists (select from ecom_internal.dimension_definition d where d.name = any (named) and d.level = 'product');
    dimension_list constant text := (select string_agg(quote_ident(w.name), ', ' order by w.n) from unnest(dimensions) with ordinality w (name, n));
    wrong text;
    listed text;
    base text[];
    cube text;
    summed text[] := '{}';
    counted text[];
    source text;
begin
    perform ecom_internal.check_dimensions(dimensions);
    select w.name into wrong from unnest(metrics) with ordinality w (name, n)
    where not exists (select from ecom_internal.mart_metric(mart) m where m.name = w.name) order by w.n limit 1;
    if found or coalesce(cardinality(metrics), 0) = 0 then
        raise exception 'metric "%" is not known', coalesce(wrong, 'NULL') using errcode = '22023',
            hint = format('Use one of: %s.', (select string_agg(m.name, ', ' order by m.position) from ecom_internal.mart_metric(mart) m));
    end if;
    select array_agg(distinct b.name order by b.name) into base
    from ecom_internal.mart_metric(mart) m
    cross join lateral unnest(case when m.kind = 'derived' then m.uses else array[m.name] end) b (name)
    where m.name = any (metrics);

    -- The smallest rollup that has every dimension gives what adds up; orders or lines give the rest.
    if ecom_internal.is_rolled_up(mart) and range.first_date is not null then
        select c.name, array(select m.name from ecom_internal.metric_definition m
                             where m.name = any (base) and m.cube_expression is not null
                               and not (c.of_products and m.name in ('orders', 'new_customers')) order by m.position)
        into cube, summed
        from (values ('sales_month', 1, true, false), ('geography_month', 2, true, false), ('sales_cube', 3, false, false),
                     ('category_month', 4, true, true), ('category_cube', 5, false, true), ('product_month', 6, true, true)) c (name, position, is_monthly, of_products)
        where not exists (select from ecom_internal.dimension_definition d where d.name = any (named) and not c.name = any (d.cubes))
          and c.of_products = is_of_products and (is_whole_months or not c.is_monthly)
        order by c.position limit 1;
    end if;
    counted := array(select b from unnest(base) b where b <> all (coalesce(summed, '{}')));
    if cardinality(summed) > 0 then
        source := ecom_internal.metrics_from_cube(mart, cube, summed, dimensions, range.first_date, range.last_date, filters);
    end if;
    if cardinality(counted) > 0 then
        source := case when source is null then '' else format('select * from (%s) summed %s join (', source,
                                                               case when cardinality(dimensions) = 0 then 'cross' end) end
            || case when is_of_products
                    then ecom_internal.metrics_from_lines(mart, counted, dimensions, range.first_date, range.last_date, filters)
                    else coalesce(case when cube is not null and counted = '{customers}'
                                       then ecom_internal.customers_from_periods(mart, dimensions, range.first_date, range.last_date, filters) end,
                                  ecom_internal.metrics_from_orders(mart, counted, dimensions, range.first_date, range.last_date, filters)) end
            || case when source is null then ''
                    else ') counted' || coalesce(' using (' || dimension_list || ')', '') end;
    end if;

    select string_agg(case when m.kind <> 'derived' then quote_ident(m.name)
                           when m.type = 'numeric' then format('round(%s, 4) as %I', m.expression, m.name)
                           else format('(%s)::%s as %I', m.expression, m.type, m.name) end, ', ' order by w.n)
    into listed
    from unnest(metrics) with ordinality w (name, n) join ecom_internal.mart_metric(mart) m on m.name = w.name;
    return format('select %s from (%s) metric_source', concat_ws(', ', dimension_list, listed), source);
end
$$;
comment on function ecom_internal.metric_query(name, text[], text[], date, date, jsonb) is
'The query of metrics by dimensions in a range of days: one column per dimension, then one per metric, named as they are.
Without dimensions exactly one row. Sums and counts of nothing are 0, ratios of nothing NULL.
Arguments: mart: the resolved name; metrics: of ecom.metrics; dimensions: of ecom.dimensions; from_date, to_date: inclusive,
NULL for the first and last sale; filters: {"region": "West", "segment": ["Premium", "Regular"]}.
Under a product filter or by a dimension of products, orders and customers are those with such a line that is not a return.
Errors: 22023 for an unknown metric, dimension or filter and for a reversed range.';
