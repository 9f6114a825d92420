-- The additive parts that every sales metric is made of: one expression each, used by every rollup and every query.

create table ecom_internal.sales_part (
    name        text primary key,
    position    int  not null unique,
    type        text not null,
    expression  text not null,
    description text not null
);
comment on table ecom_internal.sales_part is
'One row per additive amount or count of order lines.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.sales_part.name is 'Name of the part, and of the column that holds it in a rollup.';
comment on column ecom_internal.sales_part.position is 'Order of the columns.';
comment on column ecom_internal.sales_part.type is 'Type of the column for one order; sums over many orders may be wider.';
comment on column ecom_internal.sales_part.expression is 'Aggregate over lines of fact_sales with the alias f; 0 where nothing counts.';
comment on column ecom_internal.sales_part.description is 'What the part means.';
grant select on ecom_internal.sales_part to public;

insert into ecom_internal.sales_part (name, position, type, expression, description) values
    ('line_count', 1, 'int', 'count(*) filter (where not f.is_return)', 'Order lines that are not returns.'),
    ('return_line_count', 2, 'int', 'count(*) filter (where f.is_return)', 'Returned lines.'),
    ('satisfaction_sum', 3, 'int', 'coalesce(sum(f.satisfaction_score) filter (where not f.is_return), 0)',
     'Sum of the satisfaction scores of sales lines; divided by satisfaction_count it is the mean score.'),
    ('satisfaction_count', 4, 'int', 'count(f.satisfaction_score) filter (where not f.is_return)',
     'Sales lines with a satisfaction score.'),
    ('low_satisfaction_count', 5, 'int', 'count(*) filter (where f.satisfaction_score <= 2 and not f.is_return)',
     'Sales lines with a satisfaction score of 1 or 2.'),
    ('delivery_days_sum', 6, 'int', 'coalesce(sum(f.delivery_days) filter (where not f.is_return), 0)',
     'Sum of the delivery days of sales lines; divided by delivery_count it is the mean.'),
    ('delivery_count', 7, 'int', 'count(f.delivery_days) filter (where not f.is_return)', 'Sales lines with delivery days.'),
    ('gross_amount', 8, 'numeric(18,4)', 'coalesce(sum(f.revenue_amount) filter (where not f.is_return), 0)',
     'Revenue of sales lines, before returns.'),
    ('return_amount', 9, 'numeric(18,4)', '-coalesce(sum(f.revenue_amount) filter (where f.is_return), 0)',
     'Revenue that returns took back, as a positive amount.'),
    ('revenue_amount', 10, 'numeric(18,4)', 'sum(f.revenue_amount)', 'Revenue net of returns: gross_amount less return_amount.'),
    ('discount_amount', 11, 'numeric(18,4)', 'coalesce(sum(f.discount_amount) filter (where not f.is_return), 0)',
     'Discounts on sales lines.'),
    ('cost_amount', 12, 'numeric(18,4)', 'coalesce(sum(f.cost_amount), 0)', 'Cost of the lines whose cost is known, net of returns.'),
    ('costed_amount', 13, 'numeric(18,4)', 'coalesce(sum(f.revenue_amount) filter (where f.cost_amount is not null), 0)',
     'Revenue of the lines whose cost is known; less cost_amount it is the margin.'),
    ('sold_quantity', 14, 'numeric(18,4)', 'coalesce(sum(f.quantity) filter (where not f.is_return), 0)', 'Units sold.'),
    ('returned_quantity', 15, 'numeric(18,4)', '-coalesce(sum(f.quantity) filter (where f.is_return), 0)',
     'Units that came back, as a positive number.');

create function ecom_internal.sales_parts(template text, separator text default ', ') returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select string_agg(replace(replace(replace(replace(template,
               '{name}', p.name), '{type}', p.type), '{expression}', p.expression),
               '{sum_type}', case p.type when 'int' then 'bigint' else p.type end), separator order by p.position)
    from ecom_internal.sales_part p
$$;
comment on function ecom_internal.sales_parts(text, text) is
'A template expanded for every part of ecom_internal.sales_part, for column lists and select lists.
Placeholders: {name}, {type}, {sum_type} (the type of a sum over orders) and {expression}.';
