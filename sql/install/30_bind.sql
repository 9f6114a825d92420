-- Binding: a mart over the user's own tables.
--
-- Four views stand between the user's tables and the contract of a mart. bound_line reads the source row by row, one
-- column per role, with the same readings and amounts as a load; bound_customer and bound_product read the user's own
-- customer and product tables; fact_sales puts keys to the lines that are usable. The views hold nothing that a filter
-- cannot pass: a condition on ordered_at reaches an index on the user's time column, and a dimension that a query does
-- not ask for is not joined.

insert into ecom_internal.mart_part (name, position, ddl) values ('binding', 45, $ddl$
create table {mart}.binding (
    object      text not null check (object in ('sales', 'customer', 'product')),
    role        text not null,
    column_name text not null,
    source      text not null,
    primary key (object, role)
);
comment on table {mart}.binding is
'One row per role that a column of the user''s tables plays; empty when the mart holds its sales itself.
Inner table: written by ecom.bind_mart.';
comment on column {mart}.binding.object is 'What the column describes: sales, customer or product.';
comment on column {mart}.binding.role is 'Role of the column, as in ecom.load_sales or in the dimension.';
comment on column {mart}.binding.column_name is 'Column of the source.';
comment on column {mart}.binding.source is 'Relation or query that has the column, as it was given.';
$ddl$);

create table ecom_internal.member_role (
    object      text not null check (object in ('customer', 'product')),
    role        text not null,
    position    int  not null,
    kind        text not null check (kind in ('text', 'number', 'time')),
    target_type text not null,
    line_role   text references ecom_internal.sales_role,
    description text not null,
    primary key (object, role)
);
comment on table ecom_internal.member_role is
'One row per role that a column of a user''s customer or product table can play.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.member_role.object is 'Whose table it is: customer or product.';
comment on column ecom_internal.member_role.role is 'Name of the role.';
comment on column ecom_internal.member_role.position is 'Order of the columns of the view that reads the table.';
comment on column ecom_internal.member_role.kind is 'What its values are read as.';
comment on column ecom_internal.member_role.target_type is 'Type in the view and in the dimension.';
comment on column ecom_internal.member_role.line_role is 'Role of a sales line that says the same; NULL: none does.';
comment on column ecom_internal.member_role.description is 'What the role means.';
grant select on ecom_internal.member_role to public;

insert into ecom_internal.member_role (object, role, position, kind, target_type, line_role, description) values
    ('customer', 'customer_id', 1, 'text', 'text', 'customer_id', 'Customer, as in the sales.'),
    ('customer', 'name', 2, 'text', 'text', 'customer_name', 'Name of the customer.'),
    ('customer', 'segment', 3, 'text', 'text', 'customer_segment', 'The shop''s own segment.'),
    ('customer', 'age_group', 4, 'text', 'text', 'age_group', 'Age group.'),
    ('customer', 'gender', 5, 'text', 'text', 'gender', 'Gender.'),
    ('customer', 'acquisition_date', 6, 'time', 'date', 'acquisition_date', 'Day on which the customer was won.'),
    ('customer', 'country', 7, 'text', 'text', 'country', 'Country of the customer.'),
    ('customer', 'region', 8, 'text', 'text', 'region', 'Region of the customer.'),
    ('customer', 'state', 9, 'text', 'text', 'state', 'State or province of the customer.'),
    ('customer', 'city', 10, 'text', 'text', 'city', 'City of the customer.'),
    ('customer', 'postal_code', 11, 'text', 'text', 'postal_code', 'Postal code of the customer.'),
    ('product', 'product_id', 1, 'text', 'text', 'product_id', 'Product, as in the sales.'),
    ('product', 'name', 2, 'text', 'text', 'product_name', 'Name of the product.'),
    ('product', 'category', 3, 'text', 'text', 'category', 'Category.'),
    ('product', 'sub_category', 4, 'text', 'text', 'sub_category', 'Sub-category.'),
    ('product', 'brand', 5, 'text', 'text', 'brand', 'Brand.'),
    ('product', 'unit_cost', 6, 'number', 'numeric(18,4)', 'unit_cost', 'Cost of one unit.'),
    ('product', 'list_price', 7, 'number', 'numeric(18,4)', 'list_price', 'List price of one unit.'),
    ('product', 'stock_quantity', 8, 'number', 'integer', null, 'Units in stock.'),
    ('product', 'lead_time_days', 9, 'number', 'integer', null, 'Days from a replenishment order to its arrival.');

create function ecom_internal.bounded(expression text, target_type text) returns text
language sql immutable strict
set search_path = pg_catalog, pg_temp
as $$
    -- A view must never fail on one bad row of the user, so that what does not fit becomes NULL before the cast.
    select case target_type
        when 'text' then format('(%s) collate pg_catalog."default"', expression)
        when 'numeric(18,4)' then
            format('(case when abs(%1$s) < 99999999999999.99995 then %1$s end)::numeric(18,4)', expression)
        when 'integer' then
            format('(case when %1$s = trunc(%1$s) and abs(%1$s) <= 2147483647 then %1$s end)::integer', expression)
        when 'date' then
            format('(case when %1$s >= ''1900-01-01'' and %1$s < ''2200-01-01'' then %1$s end)::date', expression)
        end
$$;
comment on function ecom_internal.bounded(text, text) is
'Gives an expression of a type of the contract that is NULL where the value does not fit the type.
Arguments: expression: of type text, numeric or timestamp; target_type: text, numeric(18,4), integer or date.';

create function ecom_internal.opened_query(opened regclass) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$ select rtrim(pg_get_viewdef(opened), '; ') $$;
comment on function ecom_internal.opened_query(regclass) is
'Gives the query behind an opened source, with the schema of every name that is not built in.';

create function ecom_internal.bind_members(mart name, object text, spec jsonb, caller_path text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    role_list constant text := (select string_agg(r.role, ', ' order by r.position)
                                from ecom_internal.member_role r where r.object = bind_members.object and r.position > 1);
    id_role constant text := object || '_id';
    mapping jsonb := '{}';
    opened regclass;
    given record;
    selected text;
begin
    if spec is not null then
        if jsonb_typeof(spec) <> 'object' or not spec ?& array['table', 'key'] or spec - array['table', 'key', 'columns'] <> '{}'
           or jsonb_typeof(spec -> 'table') <> 'string' or jsonb_typeof(spec -> 'key') <> 'string'
           or jsonb_typeof(coalesce(spec -> 'columns', '{}')) <> 'object' then
            raise exception 'dimension "%" is not described', object using errcode = '22023',
                detail = format('Got %s.', spec),
                hint = 'Write {"table": "schema.table", "key": "id", "columns": {"name": "full_name", ...}}.';
        end if;
        opened := ecom_internal.open_source(spec ->> 'table', caller_path);
        mapping := coalesce(spec -> 'columns', '{}') || jsonb_build_object(id_role, spec -> 'key');
        for given in
            select m.key, m.value, r.kind, c.column_name, c.type_oid, c.type_name
            from jsonb_each(mapping) m
            left join ecom_internal.member_role r on r.object = bind_members.object and r.role = m.key
            left join ecom_internal.source_column(opened) c on c.column_name = m.value #>> '{}'
            order by r.position, m.key
        loop
            if given.kind is null then
                raise exception 'role "%" of dimension "%" is not known', given.key, object using errcode = '22023',
                    hint = format('Use one of: %s.', role_list);
            elsif given.column_name is null then
                raise exception 'column "%" for role "%" does not exist', given.value #>> '{}', given.key using errcode = '42703',
                    detail = format('The table has the columns: %s.',
                                    (select string_agg(quote_ident(c.column_name), ', ' order by c.column_number)
                                     from ecom_internal.source_column(opened) c)),
                    hint = 'Write the name exactly as the table has it, in the same case.';
            elsif not ecom_internal.type_fits(given.kind, given.type_oid) then
                raise exception 'column "%" of type % cannot be "%"', given.column_name, given.type_name, given.key
                    using errcode = '42804', detail = format('The role "%s" is read as %s.', given.key, given.kind),
                    hint = 'Map another column, or give a SELECT that casts it.';
            end if;
        end loop;
        execute format('insert into %I.binding (object, role, column_name, source)
                        select $1, m.key, m.value, $2 from jsonb_each_text($3) m', mart)
            using object, spec ->> 'table', mapping;
    end if;

    select string_agg(format('%s as %I',
                             ecom_internal.bounded(ecom_internal.source_reading(r.kind, c.column_name, c.type_oid), r.target_type),
                             r.role), ', ' order by r.position)
    into selected
    from ecom_internal.member_role r
    left join ecom_internal.source_column(opened) c on c.column_name = mapping ->> r.role
    where r.object = bind_members.object;
    execute format('create or replace view %I.%I with (security_invoker = true) as select %s from (%s) s',
                   mart, 'bound_' || object, selected,
                   case when spec is null then 'select' else ecom_internal.opened_query(opened) end)
            || case when spec is null then ' where false' else '' end;
    execute format('comment on view %I.%I is %L', mart, 'bound_' || object, format(
        E'One row per row of the user''s %1$s table.\nInner table: a view that ecom.bind_mart made; dim_%1$s is filled from it.',
        object));
    for given in select r.role, r.description from ecom_internal.member_role r where r.object = bind_members.object loop
        execute format('comment on column %I.%I.%I is %L', mart, 'bound_' || object, given.role, given.description);
    end loop;
    if opened is not null then
        drop view pg_temp.ecom_source;
    end if;
end
$$;
comment on function ecom_internal.bind_members(name, text, jsonb, text) is
'Makes the view bound_customer or bound_product over a table of the user, empty when there is none.
Arguments: mart: the resolved name; object: customer or product; spec: table, key and columns, or NULL;
caller_path: the search_path that names are resolved with.
Errors: those of ecom.bind_mart.';

create function ecom_internal.source_key(opened regclass, source text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    -- The opened view depends on exactly one relation when a relation was named.
    with key_column as (
        select a.attname, a.atttypid, k.n
        from pg_rewrite w
        join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
                        and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0
        join pg_index i on i.indrelid = d.refobjid and i.indisprimary
        cross join lateral unnest(i.indkey::int2[]) with ordinality k (attnum, n)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum and a.attnum = d.refobjsubid
        where w.ev_class = opened and not ecom_internal.is_query(source)
    )
    select case
        when count(*) = 1 and min(atttypid) in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype) then
            format('s.%I::bigint', min(attname))
        when count(*) > 0 then
            format('hash_record_extended(row(%s), 0)', string_agg(format('s.%I::text', attname), ', ' order by n))
        end
    from key_column
$$;
comment on function ecom_internal.source_key(regclass, text) is
'Gives the expression of the primary key of an opened source as one bigint, NULL when it has none.
A single integer is the key itself, any other primary key becomes its hash.
Arguments: opened: the opened source; source: the relation or query that it was opened from.';

create function ecom_internal.line_query(opened regclass, source text, mapping jsonb) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    readings constant text := (
        select string_agg(format('%s as %I', ecom_internal.source_reading(r.kind, m.column_name, m.type_oid), r.role),
                          ', ' order by r.position)
        from ecom_internal.sales_role r
        left join jsonb_to_recordset(mapping) as m (role text, column_name text, type_oid oid) on m.role = r.role);
    mapped constant text[] := array(select m ->> 'role' from jsonb_array_elements(mapping) m);
    source_key constant text := ecom_internal.source_key(opened, source);
    -- A flag that says return turns the sign of the amounts, which are then positive in the source.
    signed constant text := case when 'is_return' = any (mapped) then 'case when r.is_return then -abs(%1$s) else %1$s end'
                                 else '%s' end;
    is_usable text;
begin
    -- Amounts that cannot be read or stored make a line unusable, as a load would reject it.
    is_usable := 'r.ordered_at >= ''1900-01-01'' and r.ordered_at < ''2200-01-01'' and abs(b.revenue_amount) < 99999999999999.99995'
        || case when 'order_id' = any (mapped) then ' and r.order_id is not null' else '' end
        || case when 'revenue_amount' = any (mapped) and 'quantity' = any (mapped)
                then ' and abs(a.quantity) < 99999999999999.99995' else '' end
        || case when 'revenue_amount' = any (mapped) and mapped && array['quantity', 'unit_price']
                then ' and abs(c.unit_price) < 99999999999999.99995' else '' end;
    return format('
select k.sales_key,
       coalesce(r.order_id, k.sales_key::text) collate pg_catalog."default" as order_id,
       coalesce(%3$s, 1) as line_number,
       r.ordered_at,
       %4$s,
       %5$s as quantity,
       %6$s as unit_price,
       %7$s as discount_amount,
       %8$s as revenue_amount,
       %9$s as cost_amount,
       coalesce(b.revenue_amount < 0 or a.quantity < 0 or r.is_return, false) as is_return,
       %10$s as ship_date,
       coalesce(%11$s, %10$s - r.ordered_at::date) as delivery_days,
       (case when r.satisfaction_score in (1, 2, 3, 4, 5) then r.satisfaction_score end)::integer as satisfaction_score,
       %12$s as is_usable
from (select %1$s as source_key, %2$s from (%13$s) s) r
cross join lateral (select %14$s as sales_key) k
cross join lateral (select %15$s as quantity, %16$s as discount_amount) a
cross join lateral (select %17$s as revenue_amount) b
cross join lateral (select coalesce(r.unit_price, case when a.quantity = 0 then 0
                                                       else (b.revenue_amount + a.discount_amount) / a.quantity end) as unit_price,
                           %18$s as cost_amount) c',
        coalesce(source_key, 'null::bigint'), readings,
        ecom_internal.bounded('r.line_number', 'integer'),
        (select string_agg(format('%s as %I', case when r.role = 'acquisition_date' then ecom_internal.bounded('r.' || r.role, 'date')
                                                   when r.role in ('unit_cost', 'list_price') then
                                                       ecom_internal.bounded('r.' || r.role, 'numeric(18,4)')
                                                   else ecom_internal.bounded('r.' || r.role, 'text') end, r.role),
                           ', ' order by r.position)
         from ecom_internal.sales_role r
         where r.position between (select f.position from ecom_internal.sales_role f where f.role = 'customer_id')
                              and (select f.position from ecom_internal.sales_role f where f.role = 'shipping_method')),
        ecom_internal.bounded('a.quantity', 'numeric(18,4)'),
        ecom_internal.bounded('c.unit_price', 'numeric(18,4)'),
        ecom_internal.bounded('a.discount_amount', 'numeric(18,4)'),
        ecom_internal.bounded('b.revenue_amount', 'numeric(18,4)'),
        ecom_internal.bounded('c.cost_amount', 'numeric(18,4)'),
        ecom_internal.bounded('r.ship_date', 'date'),
        ecom_internal.bounded('r.delivery_days', 'integer'),
        is_usable, ecom_internal.opened_query(opened),
        case when source_key is not null then 'r.source_key'
             when mapped @> array['order_id', 'line_number'] then 'hash_record_extended(row(r.order_id, r.line_number), 0)'
             else 'hash_record_extended(row(r.order_id, r.customer_id, r.product_id, r.ordered_at, r.quantity, r.unit_price, '
                  || 'r.revenue_amount), 0)' end,
        format(signed, case when 'quantity' = any (mapped) then 'r.quantity' else '1::numeric' end),
        format(signed, 'coalesce(r.discount_amount, 0)'),
        case when 'revenue_amount' <> all (mapped) then 'a.quantity * r.unit_price - a.discount_amount'
             else format('coalesce(%s, a.quantity * r.unit_price - a.discount_amount)', format(signed, 'r.revenue_amount')) end,
        case when 'cost_amount' <> all (mapped) then 'a.quantity * r.unit_cost'
             else format('coalesce(%s, a.quantity * r.unit_cost)', format(signed, 'r.cost_amount')) end);
end
$$;
comment on function ecom_internal.line_query(regclass, text, jsonb) is
'Gives the query that reads an opened source line by line, one column per role, with the amounts of a load.
Without a primary key sales_key is the hash of order and line number, or of all that identifies a line; equal rows then
have equal keys. It is never a row number: numbering would keep filters from reaching the user''s table.
Arguments: opened: the opened source; source: the relation or query that it was opened from; mapping: the rows of
ecom_internal.sales_mapping as a JSON array.';

create function ecom_internal.bind_sales(mart name, fact text, columns jsonb, caller_path text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    opened constant regclass := ecom_internal.open_source(fact, caller_path);
    mapping jsonb;
    mapped text[];
    lines text;
    joins text;
    keys jsonb;
    costs_from_product boolean;
    line_column record;
begin
    select jsonb_agg(m), array_agg(m.role) into mapping, mapped from ecom_internal.sales_mapping(opened, columns) m;
    execute format('insert into %I.binding (object, role, column_name, source)
                    select ''sales'', m.role, m.column_name, $1
                    from jsonb_to_recordset($2) as m (role text, column_name text)', mart)
        using fact, mapping;
    lines := ecom_internal.line_query(opened, fact, mapping);
    execute format('create or replace view %I.bound_line with (security_invoker = true) as %s', mart, lines);
    execute format('comment on view %I.bound_line is %L', mart,
                   E'One row per row of the user''s sales, unusable ones included.\nInner table: a view that ecom.bind_mart made.');
    for line_column in
        select a.attname, coalesce(r.description, col_description(f.attrelid, f.attnum), 'True when fact_sales has the line.') as description
        from pg_attribute a
        left join ecom_internal.sales_role r on r.role = a.attname
        left join pg_attribute f on f.attrelid = format('%I.fact_sales', mart)::regclass and f.attname = a.attname
        where a.attrelid = format('%I.bound_line', mart)::regclass and a.attnum > 0
    loop
        execute format('comment on column %I.bound_line.%I is %L', mart, line_column.attname, line_column.description);
    end loop;

    execute format('select exists (select from %I.binding where object = ''product'' and role = ''unit_cost'')', mart)
        into costs_from_product;
    -- Only what the source names is joined; each join is to a unique column, so that the planner drops it when unused.
    select string_agg(format(' left join %I.%I d%s on %s', mart, d.dimension, d.n, d.condition), '' order by d.n),
           jsonb_object_agg(d.key, format('coalesce(d%s.%I, 0)', d.n, d.key))
    into joins, keys
    from (values (1, 'customer_key', 'dim_customer', 'd1.customer_id = l.customer_id', array['customer_id']),
                 (2, 'product_key', 'dim_product', 'd2.product_id = l.product_id', array['product_id']),
                 (3, 'geography_key', 'dim_geography',
                  '(d3.country, d3.region, d3.state, d3.city, d3.postal_code) = (coalesce(l.country, ''Unknown''),
                      coalesce(l.region, ''Unknown''), coalesce(l.state, ''Unknown''), coalesce(l.city, ''Unknown''),
                      coalesce(l.postal_code, ''Unknown''))',
                  array['country', 'region', 'state', 'city', 'postal_code']),
                 (4, 'channel_key', 'dim_channel', 'd4.name = l.channel', array['channel']),
                 (5, 'payment_method_key', 'dim_payment_method', 'd5.name = l.payment_method', array['payment_method']),
                 (6, 'shipping_method_key', 'dim_shipping_method', 'd6.name = l.shipping_method', array['shipping_method'])
         ) d (n, key, dimension, condition, roles)
    where d.roles && mapped;
    execute format('create or replace view %I.fact_sales with (security_invoker = true) as select ', mart)
        || (select string_agg(case
                when keys ? a.attname then format('%s as %I', keys ->> a.attname, a.attname)
                when a.attname = 'order_date_key' then 'ecom_internal.date_key(l.ordered_at::date) as order_date_key'
                when a.attname = 'ship_date_key' then 'coalesce(ecom_internal.date_key(l.ship_date), 0) as ship_date_key'
                when a.attname = 'cost_amount' and costs_from_product and 'product_id' = any (mapped) then
                    format('coalesce(l.cost_amount, %s) as cost_amount',
                           ecom_internal.bounded('(l.quantity * d2.unit_cost)', 'numeric(18,4)'))
                when a.attname like '%\_key' and a.attname <> 'sales_key' then format('0 as %I', a.attname)
                else format('l.%I', a.attname) end, ', ' order by a.attnum)
            from pg_attribute a
            where a.attrelid = format('%I.fact_sales', mart)::regclass and a.attnum > 0)
        || format(' from (%s) l%s where l.is_usable', lines, joins);
    drop view pg_temp.ecom_source;
end
$$;
comment on function ecom_internal.bind_sales(name, text, jsonb, text) is
'Makes the views bound_line and fact_sales over the sales of the user, after bind_members.
Columns, types and comments of fact_sales stay those of the table, as the view that make_mart left has them.
Arguments: mart: the resolved name; fact, columns: those of ecom.bind_mart; caller_path: the search_path that names are
resolved with. Errors: those of ecom.bind_mart.';

create function ecom_internal.sync_members(mart name, object text) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    id_role constant name := object || '_id';
    places constant text[] := array['country', 'region', 'state', 'city', 'postal_code'];
    place_join constant text := ' left join %I.dim_geography g on (g.country, g.region, g.state, g.city, g.postal_code)
        = (coalesce(x.country, ''Unknown''), coalesce(x.region, ''Unknown''), coalesce(x.state, ''Unknown''),
           coalesce(x.city, ''Unknown''), coalesce(x.postal_code, ''Unknown''))';
    has_place constant boolean := object = 'customer';
    attribute record;
    from_lines text := '';
    from_members text := '';
    votes text := '';
    pivots text := '';
    names text := '';
    assignments text := '';
    differences text := '';
    changed bigint;
    added bigint;
begin
    for attribute in
        select r.role, r.kind, r.target_type, r.line_role from ecom_internal.member_role r
        where r.object = sync_members.object and r.position > 1 and r.role <> all (places)
        union all
        select 'geography_key', 'key', 'integer', 'geography_key' where has_place
    loop
        from_lines := from_lines || case when attribute.kind = 'key' then ', nullif(g.geography_key, 0)::text'
                                         when attribute.line_role is null then ', null::text'
                                         else format(', x.%I::text', attribute.line_role) end;
        from_members := from_members || case when attribute.kind = 'key' then ', nullif(g.geography_key, 0)::text'
                                             else format(', x.%I::text', attribute.role) end;
        names := names || format(', %I', attribute.role);
        votes := votes || format(', (%L, s.%I)', attribute.role, attribute.role);
        pivots := pivots || format(', %s as %I', case attribute.kind
            when 'text' then format('coalesce(max(c.value) filter (where c.attribute = %L), ''Unknown'')', attribute.role)
            when 'key' then format('coalesce(max(c.value) filter (where c.attribute = %L)::integer, 0)', attribute.role)
            else format('(max(c.value) filter (where c.attribute = %L))::%s', attribute.role, attribute.target_type)
            end, attribute.role);
        assignments := assignments || format(', %1$I = m.%1$I', attribute.role);
        differences := differences || format(' or d.%1$I is distinct from m.%1$I', attribute.role);
    end loop;
    -- One pass groups the lines by all attributes; the vote on each attribute works on that much smaller result. What the
    -- user's own table of members says counts more than any number of lines.
    execute 'create temporary table ecom_bound_member on commit drop as
        with said (id' || names || ', lines) as materialized ('
        || format('select x.%I%s, count(*) from %I.bound_line x', id_role, from_lines, mart)
        || case when has_place then format(place_join, mart) else '' end
        || format(' where x.is_usable and octet_length(x.%1$I) <= 400 group by x.%1$I%2$s', id_role, from_lines)
        || format(' union all select x.%I%s, 1000000000000000 from %I.%I x', id_role, from_members, mart, 'bound_' || object)
        || case when has_place then format(place_join, mart) else '' end
        || format(' where octet_length(x.%I) <= 400', id_role)
        || '), choice as (
            select distinct on (s.id, v.attribute) s.id, v.attribute, v.value
            from said s cross join lateral (values ' || substr(votes, 3) || ') v (attribute, value)
            where v.value is not null
            group by s.id, v.attribute, v.value
            order by s.id, v.attribute, sum(s.lines) desc, v.value collate "C"
        )
        select i.id' || pivots || '
        from (select distinct s.id from said s) i left join choice c on c.id = i.id
        where i.id <> ''Unknown''
        group by i.id';
    execute format('update %I.%I d set %s from ecom_bound_member m where d.%I = m.id and (%s)',
                   mart, 'dim_' || object, substr(assignments, 3), id_role, substr(differences, 5));
    get diagnostics changed = row_count;
    -- Keys follow the order of the identifiers, so that equal data give equal keys.
    execute format('insert into %1$I.%2$I (%3$I%4$s) select m.id%4$s from ecom_bound_member m
                    where not exists (select from %1$I.%2$I d where d.%3$I = m.id) order by m.id collate "C"',
                   mart, 'dim_' || object, id_role, names);
    get diagnostics added = row_count;
    drop table pg_temp.ecom_bound_member;
    execute format('analyze %I.%I', mart, 'dim_' || object);
    return changed + added;
end
$$;
comment on function ecom_internal.sync_members(name, text) is
'Brings dim_customer or dim_product of a bound mart in line with the user''s tables; no member is ever removed.
The user''s own table of members says what holds; without it, or where it is empty, the most frequent value of the lines
does, ties by order of the bytes.
Arguments: mart: the resolved name; object: customer or product. Returns the number of members added or changed.';

create function ecom_internal.sync_dimensions(mart name) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    mapped text[];
    first_day date;
    last_day date;
    result bigint := 0;
    added bigint;
    named name;
begin
    if ecom_internal.setting(mart_schema, 'mart.bound') <> 'true' then
        return 0;
    end if;
    -- Two calls at a time would add the same members twice; readers do not wait.
    execute format('lock table %I.binding in share row exclusive mode', mart_schema);
    execute format('select array_agg(distinct role) from %I.binding', mart_schema) into mapped;
    execute format('select least(min(ordered_at)::date, min(ship_date)), greatest(max(ordered_at)::date, max(ship_date))
                    from %I.bound_line where is_usable', mart_schema) into first_day, last_day;
    if first_day is not null then
        perform ecom_internal.extend_dates(mart_schema, first_day, last_day);
    end if;
    if mapped && array['country', 'region', 'state', 'city', 'postal_code'] then
        execute format('
            insert into %1$I.dim_geography (country, region, state, city, postal_code)
            select p.*
            from (select distinct coalesce(x.country, ''Unknown''), coalesce(x.region, ''Unknown''), coalesce(x.state, ''Unknown''),
                                  coalesce(x.city, ''Unknown''), coalesce(x.postal_code, ''Unknown'')
                  from (select country, region, state, city, postal_code from %1$I.bound_line where is_usable
                        union all
                        select country, region, state, city, postal_code from %1$I.bound_customer) x
                 ) p (country, region, state, city, postal_code)
            where greatest(octet_length(country), octet_length(region), octet_length(state), octet_length(city),
                           octet_length(postal_code)) <= 400
              and not exists (select from %1$I.dim_geography g where (g.country, g.region, g.state, g.city, g.postal_code)
                                                                   = (p.country, p.region, p.state, p.city, p.postal_code))
            order by country collate "C", region collate "C", state collate "C", city collate "C", postal_code collate "C"',
            mart_schema);
        get diagnostics added = row_count;
        result := result + added;
    end if;
    foreach named in array array['channel', 'payment_method', 'shipping_method'] loop
        continue when named <> all (mapped);
        execute format('
            insert into %1$I.%2$I (name)
            select n.name from (select distinct %3$I as name from %1$I.bound_line where is_usable and octet_length(%3$I) <= 400) n
            where not exists (select from %1$I.%2$I d where d.name = n.name) order by n.name collate "C"',
            mart_schema, 'dim_' || named, named);
        get diagnostics added = row_count;
        result := result + added;
    end loop;
    result := result + ecom_internal.sync_members(mart_schema, 'customer');
    if 'product_id' = any (mapped) then
        result := result + ecom_internal.sync_members(mart_schema, 'product');
    end if;
    return result;
end
$$;
comment on function ecom_internal.sync_dimensions(name) is
'Brings the dimensions of a bound mart in line with the user''s tables; does nothing in a mart that holds its sales itself.
Members and days are added, attributes are brought up to date, keys never change and no member is removed.
Arguments: mart; NULL means the setting ecom_analytics.mart. Returns the number of members added or changed, days aside.
Reads the lines once per dimension. Locks: one call at a time per mart; readers do not wait.';

create function ecom_internal.run_bind(mart name, fact text, columns jsonb, dimensions jsonb, caller_path text) returns name
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    is_new constant boolean := not exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                                            where n.nspname = mart and c.relname = 'setting');
    unknown_dimension text;
begin
    if dimensions is not null and jsonb_typeof(dimensions) <> 'object' then
        raise exception 'dimensions must be a JSON object' using errcode = '22023',
            detail = format('It is of type %s.', jsonb_typeof(dimensions)),
            hint = 'Write {"customer": {"table": "schema.table", "key": "id", "columns": {"name": "full_name", ...}}}.';
    end if;
    select d into unknown_dimension from jsonb_object_keys(dimensions) d where d not in ('customer', 'product') order by d limit 1;
    if found then
        raise exception 'dimension "%" is not known', unknown_dimension using errcode = '22023',
            hint = 'Use customer and product; join other tables in the query that you give as fact.';
    end if;
    if is_new then
        perform ecom_internal.make_mart(mart, 'none', null, null, 1, 'north', true);
    elsif ecom_internal.setting(mart, 'mart.bound') <> 'true' then
        raise exception 'mart "%" holds sales of its own', mart using errcode = '55000',
            hint = 'Bind to a name that is free: a mart is either loaded or bound.';
    end if;
    execute format('lock table %I.binding in share row exclusive mode', mart);
    execute format('delete from %I.binding', mart);
    perform ecom_internal.bind_members(mart, 'customer', dimensions -> 'customer', caller_path);
    perform ecom_internal.bind_members(mart, 'product', dimensions -> 'product', caller_path);
    perform ecom_internal.bind_sales(mart, fact, columns, caller_path);
    perform ecom_internal.sync_dimensions(mart);
    return mart;
end
$$;
comment on function ecom_internal.run_bind(name, text, jsonb, jsonb, text) is
'Does the work of ecom.bind_mart, with the search_path of its caller.';

create function ecom.bind_mart(mart name, fact text, columns jsonb default null, dimensions jsonb default '{}') returns name
language sql volatile
begin atomic
    select ecom_internal.run_bind(mart, fact, columns, dimensions, pg_catalog.current_setting('search_path'));
end;
comment on function ecom.bind_mart(name, text, jsonb, jsonb) is
'Makes a mart over tables of your own: fact_sales is a view, nothing of the sales is copied.
Example: SELECT ecom.bind_mart(''shop'', ''my_orders'')
Dimensions are tables of the mart, filled from the distinct values of your data; ecom.refresh brings them up to date, and
until then lines of a new customer, product or place belong to the Unknown member. Binding a bound mart again replaces
the views and keeps the keys.
Arguments:
- mart: a schema that does not exist or is empty, or a bound mart
- fact: name of your table or view with one row per order line, or SELECT text; names are found by the search_path
- columns: roles and the columns that play them, {"ordered_at": "InvoiceDate", ...}; NULL takes the proposal of
  ecom.propose_columns. Required: ordered_at, customer_id, and revenue_amount or unit_price
- dimensions: your customer and product tables, each with table, key and columns:
  {"customer": {"table": "crm.clients", "key": "id", "columns": {"name": "full_name"}}}. What they say goes before what
  the lines say; customers without sales become members too
Values are read as ecom.load_sales reads them. Lines without a readable ordered_at, order_id or amount are not in
fact_sales; ecom.check_mart counts them. sales_key is the integer primary key of your table, or a hash of the primary
key, of order and line number, or of all that identifies a line; only in the last case can equal lines share a key.
Returns the name of the mart.
Security: the views run with the rights of who asks, so readers need SELECT on your tables.
Errors: 22023 for an unknown role or dimension or a missing required role, 42703 for an unknown column, 42804 for a
column of a type that cannot play its role, 42P01 for an unknown relation, 42P06 for a schema that is not empty, 55000
for a mart that holds sales of its own.';
