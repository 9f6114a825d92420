-- The columns of a sales source: what they can mean (roles), what a header suggests, and the check of a mapping.

create table ecom_internal.sales_role (
    role         text primary key,
    position     int  not null unique,
    kind         text not null check (kind in ('text', 'number', 'time', 'boolean')),
    header_names text[] not null,
    description  text not null
);
comment on table ecom_internal.sales_role is
'One row per role that a column of a sales source can play.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.sales_role.role is 'Name of the role.';
comment on column ecom_internal.sales_role.position is 'Order in which roles choose among the columns.';
comment on column ecom_internal.sales_role.kind is 'What its values are read as.';
comment on column ecom_internal.sales_role.header_names is
'Headers that suggest the role, best first, in lower case without spaces and signs.';
comment on column ecom_internal.sales_role.description is 'What the role means.';
grant select on ecom_internal.sales_role to public;

insert into ecom_internal.sales_role (role, position, kind, header_names, description) values
    ('ordered_at', 1, 'time',
     '{orderedat,orderdate,orderdatetime,ordertime,ordertimestamp,orderpurchasetimestamp,invoicedate,purchasedate,purchasedat,transactiondate,saledate,salesdate,datetime,timestamp,date}',
     'Moment of the order; required.'),
    ('order_id', 2, 'text',
     '{orderid,ordernumber,orderno,ordernr,invoiceno,invoicenumber,invoiceid,invoice,transactionid,receiptid,receiptno,basketid,order}',
     'Order; without it every line is an order.'),
    ('line_number', 3, 'number', '{linenumber,lineno,orderlinenumber,orderline,orderitemid}',
     'Number of the line within the order; without it lines are counted in source order.'),
    ('customer_id', 4, 'text', '{customerid,customerno,customernumber,custid,clientid,userid,customer,client}',
     'Customer; required.'),
    ('customer_name', 5, 'text', '{customername,clientname}', 'Name of the customer.'),
    ('customer_segment', 6, 'text', '{customersegment,customertype,segment}', 'The shop''s own segment of the customer.'),
    ('age_group', 7, 'text', '{agegroup,ageband,agerange}', 'Age group of the customer.'),
    ('gender', 8, 'text', '{gender,sex}', 'Gender of the customer.'),
    ('acquisition_date', 9, 'time', '{acquisitiondate,customersince,signupdate,registrationdate}',
     'Day on which the customer was won.'),
    ('product_id', 10, 'text', '{productid,stockcode,sku,productcode,itemid,itemcode,productno,productnumber,articleno,article}',
     'Product; without it the product name, without both the Unknown product.'),
    ('product_name', 11, 'text', '{productname,description,productdescription,itemname,itemdescription,product,item}',
     'Name of the product.'),
    ('category', 12, 'text', '{category,productcategory,categoryname}', 'Category of the product.'),
    ('sub_category', 13, 'text', '{subcategory,productsubcategory}', 'Sub-category of the product.'),
    ('brand', 14, 'text', '{brand,brandname,productbrand}', 'Brand of the product.'),
    ('unit_cost', 15, 'number', '{unitcost,costprice,standardcost,productcost}',
     'Cost of one unit; gives cost_amount where that is missing.'),
    ('list_price', 16, 'number', '{listprice,rrp,msrp}', 'List price of one unit.'),
    ('country', 17, 'text', '{country,countryname,shipcountry,customercountry}', 'Country of the sale.'),
    ('region', 18, 'text', '{region,regionname,salesregion}', 'Region of the sale.'),
    ('state', 19, 'text', '{state,province,shipstate,customerstate}', 'State or province of the sale.'),
    ('city', 20, 'text', '{city,town,shipcity,customercity}', 'City of the sale.'),
    ('postal_code', 21, 'text', '{postalcode,postcode,zipcode,zip}', 'Postal code of the sale.'),
    ('channel', 22, 'text', '{channel,saleschannel,channelname}', 'Channel of the sale.'),
    ('payment_method', 23, 'text', '{paymentmethod,paymenttype,payment}', 'Payment method.'),
    ('shipping_method', 24, 'text', '{shippingmethod,shippingtype,shipmode,shippingmode}', 'Shipping method.'),
    ('ship_date', 25, 'time', '{shipdate,shippedat,shippeddate,shippingdate,dispatchdate}', 'Day of shipping.'),
    ('quantity', 26, 'number', '{quantity,qty,orderquantity,quantityordered,units,unitssold}',
     'Units sold; without it 1.'),
    ('unit_price', 27, 'number', '{unitprice,priceperunit,itemprice,sellingprice,saleprice,price}',
     'Price of one unit; this or revenue_amount is required.'),
    ('discount_amount', 28, 'number', '{discountamount}', 'Discount on the line as money.'),
    ('revenue_amount', 29, 'number',
     '{revenueamount,revenue,salesamount,lineamount,linetotal,netamount,totalprice,totalamount,sales,amount,total}',
     'What the customer paid for the line; this or unit_price is required.'),
    ('cost_amount', 30, 'number', '{costamount,linecost,totalcost,cogs}', 'Cost of the line.'),
    ('is_return', 31, 'boolean', '{isreturn,isreturned,returned}', 'Whether the line is a return.'),
    ('delivery_days', 32, 'number', '{deliverydays,deliverytime,daystodeliver}', 'Days from the order to its delivery.'),
    ('satisfaction_score', 33, 'number', '{satisfactionscore,satisfaction,reviewscore,rating}',
     'Satisfaction, 1 to 5.');

create function ecom_internal.is_query(source text) returns boolean
language sql immutable parallel safe
return source operator(pg_catalog.~*) '^\s*(\(|(select|with|values|table)\M)';
comment on function ecom_internal.is_query(text) is
'Says whether a source is the text of a query and not the name of a relation.';

create function ecom_internal.open_source(source text, caller_path text) returns regclass
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    is_query constant boolean := ecom_internal.is_query(source);
    relation regclass;
    statement text;
begin
    if coalesce(btrim(source), '') = '' then
        raise exception 'no source was given' using errcode = '22023',
            hint = 'Give the name of a table or view, or a SELECT.';
    end if;
    if to_regclass('pg_temp.ecom_source') is not null then
        drop view pg_temp.ecom_source;
    end if;
    -- The view binds the caller's names while the caller's search_path holds; everything after runs under ours.
    if not is_query then
        perform set_config('search_path', caller_path, true);
        relation := pg_catalog.to_regclass(source);
        perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
        if relation is null then
            raise exception 'relation "%" does not exist', source using errcode = '42P01',
                hint = 'Give the name of a table or view, with its schema if that is not in search_path, or a SELECT.';
        end if;
    end if;
    statement := 'create temporary view ecom_source as select * from '
        || case when is_query then E'(\n' || rtrim(source, E'; \n\t') || E'\n)' else relation::text end || ' as given';
    perform set_config('search_path', caller_path, true);
    execute statement;
    perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    return 'pg_temp.ecom_source'::regclass;
end
$$;
comment on function ecom_internal.open_source(text, text) is
'Binds a relation or a query of the caller to the temporary view pg_temp.ecom_source.
Arguments: source: name of a relation, or SELECT text; caller_path: the search_path that its names are resolved with.
The caller drops the view when done; an error takes it away with its transaction.
Errors: 22023 for an empty source, 42P01 for an unknown relation, and those of the query.';

create function ecom_internal.source_column(source regclass)
returns table (column_name text, column_number int, type_oid oid, type_name text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select a.attname, a.attnum, coalesce(nullif(t.typbasetype, 0), t.oid), format_type(a.atttypid, a.atttypmod)
    from pg_attribute a join pg_type t on t.oid = a.atttypid
    where a.attrelid = source and a.attnum > 0 and not a.attisdropped
$$;
comment on function ecom_internal.source_column(regclass) is
'Lists the columns of a source; a domain counts as its base type.';

create function ecom_internal.type_fits(kind text, type_oid oid) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select t.typcategory = 'S' or case kind
        when 'text' then t.typcategory in ('N', 'D', 'E') or t.oid = 'uuid'::regtype
        when 'time' then t.oid in ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype)
        when 'number' then t.oid in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'numeric'::regtype,
                                     'real'::regtype, 'double precision'::regtype, 'money'::regtype)
        when 'boolean' then t.oid in ('boolean'::regtype, 'smallint'::regtype, 'integer'::regtype, 'bigint'::regtype)
        end
    from pg_type t where t.oid = type_oid
$$;
comment on function ecom_internal.type_fits(text, oid) is
'Says whether values of a type can be read as a kind of role.';

create function ecom_internal.source_reading(kind text, column_name text, type_oid oid) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    select case
        when column_name is null then
            'null::' || case kind when 'time' then 'timestamp' when 'number' then 'numeric' else kind end
        when kind = 'text' then format('nullif(btrim(s.%I::text), '''')', column_name)
        when kind = 'number' and t.typcategory = 'S' then format('ecom_internal.try_numeric(s.%I::text)', column_name)
        when kind = 'number' then format('s.%I::numeric', column_name)
        when kind = 'time' and t.typcategory = 'S' then format('ecom_internal.try_timestamp(s.%I::text)', column_name)
        when type_oid = 'timestamptz'::regtype then format('s.%I::timestamptz at time zone ''UTC''', column_name)
        when kind = 'time' then format('s.%I::timestamp', column_name)
        else format('case when lower(btrim(s.%1$I::text)) in (''true'', ''t'', ''yes'', ''y'', ''1'') then true
                          when lower(btrim(s.%1$I::text)) in (''false'', ''f'', ''no'', ''n'', ''0'') then false end', column_name)
        end
    from (select) one left join pg_type t on t.oid = type_oid
$$;
comment on function ecom_internal.source_reading(text, text, oid) is
'Gives the expression that reads a column of a source, which has the alias s, as a kind of role.
Unreadable text gives NULL. A plain timestamp is read as it stands, so that an index on it can be used.
Arguments: kind: as in sales_role; column_name and type_oid: NULL for a role without a column, which reads NULL.';

create function ecom_internal.propose_mapping(source regclass)
returns table (role text, column_name text, reason text)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
    with match as (
        select r.role, r.position, c.column_name, c.column_number, n.rank
        from ecom_internal.source_column(source) c
        cross join lateral (select lower(regexp_replace(c.column_name, '[^[:alnum:]]', '', 'g'))) h (header)
        join ecom_internal.sales_role r on h.header = any (r.header_names)
        cross join lateral (select array_position(r.header_names, h.header)) n (rank)
        where ecom_internal.type_fits(r.kind, c.type_oid)
    )
    select distinct on (m.position) m.role, m.column_name, format('the header %s is a usual name for %s',
                                                                 quote_ident(m.column_name), m.role)
    from match m
    order by m.position, m.rank, m.column_number
$$;
comment on function ecom_internal.propose_mapping(regclass) is
'Proposes a column of the source for each role, by the headers.
Of several columns the one with the most usual header wins, then the first. No header is a name of two roles.';

create function ecom_internal.propose_columns(source text, caller_path text)
returns table (role text, column_name text, reason text)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    opened constant regclass := ecom_internal.open_source(source, caller_path);
begin
    return query select p.* from ecom_internal.propose_mapping(opened) p;
    drop view pg_temp.ecom_source;
end
$$;
comment on function ecom_internal.propose_columns(text, text) is
'Does the work of ecom.propose_columns, with the search_path of its caller.';

create function ecom.propose_columns(source text)
returns table (role text, column_name text, reason text)
language sql volatile
begin atomic
    select p.role, p.column_name, p.reason
    from ecom_internal.propose_columns(source, pg_catalog.current_setting('search_path')) p;
end;
comment on function ecom.propose_columns(text) is
'Proposes what the columns of a sales source mean, by their headers.
Example: SELECT * FROM ecom.propose_columns(''my_orders'')
Case, spaces, underscores and other signs of a header do not matter. A column whose type cannot play the role is left out.
Arguments: source: name of a relation, or SELECT text; runs as the caller.
Returns one row per role found: role, column_name, reason. Change what is wrong and give it to ecom.load_sales as columns.
Errors: 42P01 for an unknown relation. Makes a temporary view, so that it does not run in a read-only transaction.';

create function ecom_internal.sales_mapping(source regclass, columns jsonb)
returns table (role text, kind text, column_name text, type_oid oid)
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    mapping jsonb := columns;
    given record;
    missing text;
    header_list constant text := (select string_agg(quote_ident(c.column_name), ', ' order by c.column_number)
                                  from ecom_internal.source_column(source) c);
begin
    if mapping is null then
        select coalesce(jsonb_object_agg(p.role, p.column_name), '{}') into mapping
        from ecom_internal.propose_mapping(source) p;
    elsif jsonb_typeof(mapping) <> 'object' then
        raise exception 'columns must be a JSON object' using errcode = '22023',
            detail = format('It is of type %s.', jsonb_typeof(mapping)),
            hint = 'Write {"role": "column", ...}, for example {"ordered_at": "InvoiceDate"}.';
    end if;
    for given in
        select m.key, m.value, r.role, r.kind, c.column_name, c.type_oid, c.type_name
        from jsonb_each(mapping) m
        left join ecom_internal.sales_role r on r.role = m.key
        left join ecom_internal.source_column(source) c on c.column_name = m.value #>> '{}'
        order by r.position, m.key
    loop
        if given.role is null then
            raise exception 'role "%" is not known', given.key using errcode = '22023',
                detail = format('The mapping gives it the column %s.', given.value),
                hint = format('Use one of: %s.', (select string_agg(r.role, ', ' order by r.position)
                                                  from ecom_internal.sales_role r));
        elsif jsonb_typeof(given.value) <> 'string' then
            raise exception 'column for role "%" must be a string', given.key using errcode = '22023',
                detail = format('It is of type %s.', jsonb_typeof(given.value)),
                hint = 'Leave out the roles that the source has no column for.';
        elsif given.column_name is null then
            raise exception 'column "%" for role "%" does not exist', given.value #>> '{}', given.key
                using errcode = '42703', detail = format('The source has the columns: %s.', header_list),
                hint = 'Write the name exactly as the source has it, in the same case.';
        elsif not ecom_internal.type_fits(given.kind, given.type_oid) then
            raise exception 'column "%" of type % cannot be "%"', given.column_name, given.type_name, given.role
                using errcode = '42804', detail = format('The role "%s" is read as %s.', given.role, given.kind),
                hint = 'Map another column, or give a SELECT that casts it.';
        end if;
    end loop;
    missing := case
        when not mapping ? 'ordered_at' then 'ordered_at'
        when not mapping ? 'customer_id' then 'customer_id'
        when not (mapping ? 'revenue_amount' or mapping ? 'unit_price') then 'revenue_amount or unit_price' end;
    if missing is not null then
        raise exception 'no column for %', missing using errcode = '22023',
            detail = format('The source has the columns: %s.', header_list),
            hint = case when columns is null then 'The headers do not say it: give columns, starting from ecom.propose_columns(source).'
                        else format('Add %s to columns.', missing) end;
    end if;
    if mapping ? 'product_name' and not mapping ? 'product_id' then
        mapping := mapping || jsonb_build_object('product_id', mapping -> 'product_name');
    end if;
    return query
        select r.role, r.kind, c.column_name, c.type_oid
        from jsonb_each_text(mapping) m
        join ecom_internal.sales_role r on r.role = m.key
        join ecom_internal.source_column(source) c on c.column_name = m.value
        order by r.position;
end
$$;
comment on function ecom_internal.sales_mapping(regclass, jsonb) is
'Checks a mapping of roles to the columns of a source, or proposes one when columns is NULL.
Returns one row per mapped role. The product name stands in for a missing product_id.
Errors: 22023 for an unknown role, a value that is not a string or a missing required role, 42703 for an unknown column,
42804 for a column of a type that cannot play its role.';
