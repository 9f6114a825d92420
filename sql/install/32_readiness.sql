-- Readiness: which analyses work on a mart, and what the others lack.
--
-- A family adds its requirements as rows of ecom_internal.requirement, and what they measure as rows of mart_measure.
-- All measures of one source are read in one pass over it; one statement collects all of them.

create table ecom_internal.measure_source (
    name  text primary key,
    query text not null
);
comment on table ecom_internal.measure_source is
'One row per row set of a mart that measures are computed over.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.measure_source.name is 'Name of the row set.';
comment on column ecom_internal.measure_source.query is 'Query, in which {mart} stands for the quoted schema.';
grant select on ecom_internal.measure_source to public;

create table ecom_internal.mart_measure (
    name       text primary key,
    source     text not null references ecom_internal.measure_source,
    expression text not null
);
comment on table ecom_internal.mart_measure is
'One row per number that tells what a mart can be used for.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.mart_measure.name is 'Name of the measure.';
comment on column ecom_internal.mart_measure.source is 'Row set that it is computed over, to measure_source.';
comment on column ecom_internal.mart_measure.expression is
'Aggregate over the rows of the source, which have the alias x; for the source mart a scalar, in which {mart} stands for the quoted schema.';
grant select on ecom_internal.mart_measure to public;

create table ecom_internal.requirement (
    capability  text not null,
    measure     text not null references ecom_internal.mart_measure,
    position    int  not null unique,
    description text not null,
    needed      text not null,
    advice      text not null,
    primary key (capability, measure)
);
comment on table ecom_internal.requirement is
'One row per measure that an analysis needs a least value of.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.requirement.capability is 'The analysis.';
comment on column ecom_internal.requirement.measure is 'What is measured, to mart_measure.';
comment on column ecom_internal.requirement.position is 'Order in which requirements are listed.';
comment on column ecom_internal.requirement.description is 'The requirement in words.';
comment on column ecom_internal.requirement.needed is
'The least value, as a scalar SQL expression, in which {mart_name} stands for the name as a literal.';
comment on column ecom_internal.requirement.advice is 'What to do where it is not met.';
grant select on ecom_internal.requirement to public;

insert into ecom_internal.measure_source (name, query) values
    ('mart', 'select'),
    ('line', 'select f.* from {mart}.fact_sales f'),
    ('day', 'select f.order_date_key from {mart}.fact_sales f group by f.order_date_key'),
    ('customer', 'select f.customer_key, min(f.order_date_key) filter (where not f.is_return) < max(f.order_date_key) filter (where not f.is_return) as is_repeat
                  from {mart}.fact_sales f where f.customer_key <> 0 group by f.customer_key'),
    ('product', 'select p.product_key, p.category from {mart}.dim_product p
                 join (select f.product_key from {mart}.fact_sales f where f.product_key <> 0 group by f.product_key) s using (product_key)');

insert into ecom_internal.mart_measure (name, source, expression) values
    ('lines', 'line', 'count(*)'),
    ('lines_with_place', 'line', 'count(*) filter (where x.geography_key <> 0)'),
    ('lines_with_channel', 'line', 'count(*) filter (where x.channel_key <> 0)'),
    ('lines_with_payment_method', 'line', 'count(*) filter (where x.payment_method_key <> 0)'),
    ('lines_with_shipping_method', 'line', 'count(*) filter (where x.shipping_method_key <> 0)'),
    ('lines_with_cost', 'line', 'count(x.cost_amount)'),
    ('lines_with_delivery_days', 'line', 'count(x.delivery_days)'),
    ('lines_with_satisfaction', 'line', 'count(x.satisfaction_score)'),
    ('returned_lines', 'line', 'count(*) filter (where x.is_return)'),
    ('days_with_sales', 'day', 'count(*)'),
    ('customers', 'customer', 'count(*)'),
    ('repeat_customers', 'customer', 'count(*) filter (where x.is_repeat)'),
    ('products', 'product', 'count(*)'),
    ('products_with_category', 'product', 'count(*) filter (where x.category <> ''Unknown'')'),
    ('spend_rows', 'mart', '(select count(*) from {mart}.fact_marketing_spend)');

insert into ecom_internal.requirement (capability, measure, position, description, needed, advice) values
    ('sales', 'lines', 10, 'order lines', '1', 'Load sales with ecom.load_sales.'),
    ('rfm', 'customers', 20, 'customers with orders, as many as scores', 'ecom_internal.setting({mart_name}, ''rfm.bins'')',
     'Map customer_id, load more customers, or lower the setting rfm.bins.'),
    ('rfm_migration', 'customers', 30, 'customers with orders, as many as scores',
     'ecom_internal.setting({mart_name}, ''rfm.bins'')', 'Map customer_id, load more customers, or lower the setting rfm.bins.'),
    ('rfm_migration', 'days_with_sales', 31, 'days with sales, to compare two dates', '2', 'Load a longer history.'),
    ('products', 'products', 40, 'products with sales', '1', 'Map product_id.'),
    ('categories', 'products_with_category', 50, 'products with sales and a category', '1',
     'Map category, or fill dim_product.category.'),
    ('geography', 'lines_with_place', 60, 'order lines with a place', '1', 'Map country, region, state, city or postal_code.'),
    ('channels', 'lines_with_channel', 70, 'order lines with a channel', '1', 'Map channel.'),
    ('payment_methods', 'lines_with_payment_method', 80, 'order lines with a payment method', '1', 'Map payment_method.'),
    ('shipping_methods', 'lines_with_shipping_method', 90, 'order lines with a shipping method', '1', 'Map shipping_method.'),
    ('margin', 'lines_with_cost', 100, 'order lines with a cost', '1', 'Map cost_amount or unit_cost.'),
    ('delivery', 'lines_with_delivery_days', 110, 'order lines with a delivery time', '1', 'Map delivery_days or ship_date.'),
    ('satisfaction', 'lines_with_satisfaction', 120, 'order lines with a satisfaction score', '1', 'Map satisfaction_score.'),
    ('returns', 'returned_lines', 130, 'returned lines', '1',
     'Load returns as lines with a negative quantity or revenue, or map is_return.'),
    ('marketing', 'spend_rows', 140, 'days and channels with marketing spend', '1', 'Fill fact_marketing_spend.');

create function ecom.readiness(mart name default null)
returns table (capability text, requirement text, needed text, have text, is_ready boolean, reason text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    sources text;
    needs text;
    measured jsonb;
    needed_values jsonb;
begin
    select string_agg(format('(select %s from (%s) x) %I', m.expressions, s.query, s.name), ' cross join ')
    into sources
    from ecom_internal.measure_source s
    join (select m.source, string_agg(format('%s as %I', m.expression, m.name), ', ') as expressions
          from ecom_internal.mart_measure m
          where m.name in (select r.measure from ecom_internal.requirement r)
          group by m.source) m on m.source = s.name;
    select string_agg(format('(%L, %L, (%s)::numeric)', r.capability, r.measure, r.needed), ', ') into needs
    from ecom_internal.requirement r;
    execute ecom_internal.expand_template('select to_jsonb(m) from (select * from ' || sources || ') m', mart_schema)
        into measured;
    execute ecom_internal.expand_template('select jsonb_object_agg(n.capability || ''/'' || n.measure, n.needed) from (values '
                                          || needs || ') n (capability, measure, needed)', mart_schema)
        into needed_values;
    return query
        select r.capability, r.description, v.needed::text, v.have::text, v.have >= v.needed,
               case when v.have >= v.needed then ''
                    else format('Needed: %s (%s), present: %s. %s', v.needed, r.description, v.have, r.advice) end
        from ecom_internal.requirement r
        cross join lateral (select (needed_values ->> (r.capability || '/' || r.measure))::numeric,
                                   trim_scale((measured ->> r.measure)::numeric)) v (needed, have)
        order by r.position;
end
$$;
comment on function ecom.readiness(name) is
'Says which analyses work on a mart, and what the others lack.
Example: SELECT * FROM ecom.readiness(''shop'')
Arguments: mart: NULL means the setting ecom_analytics.mart.
Returns one row per requirement: capability, requirement, needed, have, is_ready, and the reason with what to do where it
is not met (otherwise an empty text). An analysis works when all its rows are ready; what is not ready gives NULL, no rows or
a status, never an error of its own.
Reads fact_sales five times. Changes nothing. Errors: 3F000 for an unknown mart.';
