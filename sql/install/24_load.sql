-- Loading sales: a source of order lines becomes facts and dimension members, and nothing of it is lost.
--
-- The source is read once, into a temporary table with one column per role, the reason of a refusal and, only then,
-- the raw row. All that follows is set based on that table: members by distinct values, facts by joins.

create table ecom_internal.load_rule (
    rule          text   primary key,
    default_value text   not null,
    allowed       text[] not null,
    description   text   not null
);
comment on table ecom_internal.load_rule is
'One row per cleaning rule of ecom.load_sales.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.load_rule.rule is 'Name of the rule.';
comment on column ecom_internal.load_rule.default_value is 'What holds when the caller does not say.';
comment on column ecom_internal.load_rule.allowed is 'What the caller can say.';
comment on column ecom_internal.load_rule.description is 'Which lines the rule is about.';
grant select on ecom_internal.load_rule to public;

insert into ecom_internal.load_rule (rule, default_value, allowed, description) values
    ('missing_customer', 'keep', '{keep,reject}', 'Lines without a customer: kept as sales of the Unknown customer.'),
    ('returns', 'keep', '{keep,reject}', 'Returns and cancellations: kept as returns.'),
    ('zero_price', 'keep', '{keep,reject}', 'Lines with a unit price of 0.'),
    ('negative_price', 'keep', '{keep,reject}', 'Lines with a negative unit price.'),
    ('duplicates', 'keep', '{keep,reject}', 'Rows that repeat an earlier row of the source in every column.'),
    ('invalid_satisfaction', 'reject', '{reject,ignore}',
     'Lines with a satisfaction score that is not a whole number from 1 to 5; ignore loads the line without the score.');

create function ecom_internal.sales_rules(rules jsonb) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    given record;
begin
    if rules is not null and jsonb_typeof(rules) <> 'object' then
        raise exception 'rules must be a JSON object' using errcode = '22023',
            detail = format('It is of type %s.', jsonb_typeof(rules)),
            hint = 'Write {"rule": "value", ...}, for example {"duplicates": "reject"}.';
    end if;
    for given in
        select m.key, m.value, r.allowed
        from jsonb_each_text(rules) m left join ecom_internal.load_rule r on r.rule = m.key
        order by m.key
    loop
        if given.allowed is null then
            raise exception 'rule "%" is not known', given.key using errcode = '22023',
                hint = format('Use one of: %s.', (select string_agg(r.rule, ', ' order by r.rule)
                                                  from ecom_internal.load_rule r));
        elsif given.value is null or given.value <> all (given.allowed) then
            raise exception 'value "%" is not allowed for rule "%"', coalesce(given.value, 'null'), given.key
                using errcode = '22023', hint = format('Use one of: %s.', array_to_string(given.allowed, ', '));
        end if;
    end loop;
    return (select jsonb_object_agg(r.rule, r.default_value) from ecom_internal.load_rule r) || coalesce(rules, '{}');
end
$$;
comment on function ecom_internal.sales_rules(jsonb) is
'Checks cleaning rules and completes them with the defaults.
Errors: 22023 for an unknown rule or a value that is not allowed.';

create function ecom_internal.stage_sales(mapping jsonb, rules jsonb, load_id int) returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    -- The largest value that numeric(18,4) holds after rounding; NaN and infinity compare as greater.
    amount_limit constant text := '99999999999999.99995';
    -- Natural keys and places stand in unique indexes, whose entries are limited to about 2700 bytes.
    text_limit constant text := '400';
    definition record;
    readings text[] := '{}';
    checks text[] := '{}';
    rule_checks text[] := '{}';
    staged bigint;
begin
    for definition in
        select r.role, r.kind, m.column_name, m.type_oid
        from ecom_internal.sales_role r
        left join jsonb_to_recordset(mapping) as m (role text, column_name text, type_oid oid) on m.role = r.role
        order by r.position
    loop
        readings := readings || (ecom_internal.source_reading(definition.kind, definition.column_name, definition.type_oid)
                                 || ' as ' || quote_ident(definition.role));
        continue when definition.column_name is null;

        if definition.role = 'satisfaction_score' and rules ->> 'invalid_satisfaction' = 'ignore' then
            continue;
        end if;
        if definition.role in ('ordered_at', 'order_id', 'quantity') then
            checks := checks || format(
                'when %1$s is null and nullif(btrim((source_row).%2$I::text), '''') is null then ''%1$s is missing''',
                definition.role, definition.column_name);
        end if;
        if definition.kind <> 'text' then
            checks := checks || format(
                'when %1$s is null and nullif(btrim((source_row).%2$I::text), '''') is not null then ''%1$s is unreadable''',
                definition.role, definition.column_name);
        end if;
        checks := checks || case
            when definition.kind = 'time' then format(
                'when %1$s < ''1900-01-01'' or %1$s >= ''2200-01-01'' then ''%1$s is outside 1900 to 2199''', definition.role)
            when definition.role = 'satisfaction_score' then
                'when satisfaction_score not in (1, 2, 3, 4, 5) then ''satisfaction_score is not 1, 2, 3, 4 or 5'''
            when definition.role in ('line_number', 'delivery_days') then format(
                'when abs(%1$s) > 2147483647 or %1$s <> trunc(%1$s) then ''%1$s is not a whole number''', definition.role)
            when definition.kind = 'number' then format(
                'when abs(%1$s) >= %2$s then ''%1$s is not a finite number in range''', definition.role, amount_limit)
            when definition.role in ('order_id', 'customer_id', 'product_id', 'country', 'region', 'state', 'city',
                                     'postal_code', 'channel', 'payment_method', 'shipping_method') then format(
                'when octet_length(%1$s) > %2$s then ''%1$s is longer than %2$s bytes''', definition.role, text_limit)
            end;
    end loop;

    rule_checks := array_remove(array[
        case when rules ->> 'missing_customer' = 'reject' then 'when customer_id is null then ''customer_id is missing''' end,
        case when rules ->> 'returns' = 'reject' then 'when line_is_return then ''line is a return''' end,
        case when rules ->> 'zero_price' = 'reject' then 'when line_price = 0 then ''unit_price is zero''' end,
        case when rules ->> 'negative_price' = 'reject' then 'when line_price < 0 then ''unit_price is negative''' end,
        case when rules ->> 'duplicates' = 'reject' then
            'when row_number() over (partition by source_row::text order by row_number) > 1 then ''row repeats an earlier row''' end],
        null);

    execute 'create temporary table ecom_load_line (
        row_number bigint not null, ordered_at timestamp, order_id text collate "C", line_number int,
        customer_id text collate "C", customer_name text collate "C", customer_segment text collate "C",
        age_group text collate "C", gender text collate "C", acquisition_date date,
        product_id text collate "C", product_name text collate "C", category text collate "C",
        sub_category text collate "C", brand text collate "C", unit_cost numeric, list_price numeric,
        country text, region text, state text, city text, postal_code text,
        channel text collate "C", payment_method text collate "C", shipping_method text collate "C", ship_date date,
        quantity numeric, unit_price numeric, discount_amount numeric, revenue_amount numeric, cost_amount numeric,
        is_return boolean, delivery_days int, satisfaction_score int, reason text, raw jsonb) on commit drop';
    -- Each "offset 0" keeps the planner from merging the levels, which would compute every reading several times.
    -- An INSERT reads its source without parallel workers, so that row_number() follows the order of the source.
    execute format('
        insert into ecom_load_line
        select row_number, ordered_at, %5$s, case when reason is null then line_number end,
               customer_id, customer_name, customer_segment, age_group, gender,
               case when reason is null then acquisition_date end,
               product_id, product_name, category, sub_category, brand, unit_cost, list_price,
               country, region, state, city, postal_code, channel, payment_method, shipping_method,
               case when reason is null then ship_date end,
               line_quantity, line_price, line_discount, line_revenue, line_cost, line_is_return,
               case when reason is null then coalesce(delivery_days, ship_date::date - ordered_at::date) end,
               case when reason is null and satisfaction_score in (1, 2, 3, 4, 5) then satisfaction_score end,
               reason, case when reason is not null then to_jsonb(source_row) end
        from (
            select l.*, coalesce(l.parse_reason,
                case when abs(line_revenue) >= %1$s then ''revenue_amount is not a finite number in range''
                     when abs(line_price) >= %1$s then ''unit_price is not a finite number in range''
                     when abs(line_cost) >= %1$s then ''cost_amount is not a finite number in range''
                     %4$s end) as reason
            from (
                select p.*, a.*, b.*, c.*,
                       coalesce(b.line_revenue < 0 or a.line_quantity < 0 or p.is_return, false) as line_is_return
                from (
                    select r.*, case %3$s end as parse_reason
                    from (select row_number() over () as row_number, row(s.*)::pg_temp.ecom_source as source_row, %2$s
                          from pg_temp.ecom_source s) r
                    offset 0
                ) p
                cross join lateral (
                    select case when p.parse_reason is null then
                               case when p.is_return then -abs(coalesce(p.quantity, 1)) else coalesce(p.quantity, 1) end
                           end as line_quantity,
                           case when p.parse_reason is null then
                               case when p.is_return then -abs(coalesce(p.discount_amount, 0))
                                    else coalesce(p.discount_amount, 0) end
                           end as line_discount
                ) a
                cross join lateral (
                    select case when p.parse_reason is not null then null
                                when p.revenue_amount is null then a.line_quantity * p.unit_price - a.line_discount
                                when p.is_return then -abs(p.revenue_amount)
                                else p.revenue_amount end as line_revenue
                ) b
                cross join lateral (
                    select case when p.parse_reason is not null then null
                                when p.unit_price is not null then p.unit_price
                                when a.line_quantity = 0 then 0
                                else (b.line_revenue + a.line_discount) / a.line_quantity end as line_price,
                           case when p.parse_reason is not null then null
                                when p.cost_amount is null then a.line_quantity * p.unit_cost
                                when p.is_return then -abs(p.cost_amount)
                                else p.cost_amount end as line_cost
                ) c
                offset 0
            ) l
            offset 0
        ) checked',
        amount_limit, array_to_string(readings, ', '),
        array_to_string(checks || 'when revenue_amount is null and unit_price is null then ''revenue_amount and unit_price are missing'''::text, ' '),
        array_to_string(rule_checks, ' '),
        case when exists (select from jsonb_array_elements(mapping) m where m ->> 'role' = 'order_id') then 'order_id'
             else format('''%s-'' || row_number', load_id) end);
    get diagnostics staged = row_count;
    return staged;
end
$$;
comment on function ecom_internal.stage_sales(jsonb, jsonb, int) is
'Reads pg_temp.ecom_source into the temporary table ecom_load_line: typed values, amounts, reasons of refusal.
Arguments: mapping: the rows of ecom_internal.sales_mapping as a JSON array; rules: complete rules;
load_id: makes order numbers where the source has none.
Returns the number of rows read.';

create function ecom_internal.load_members(mart name, dimension name, id_column name, id_role name, attributes jsonb)
returns bigint
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    attribute record;
    choices text := '';
    lookups text := '';
    targets text := '';
    completions text := '';
    gaps text := '';
    added bigint;
begin
    -- One pass groups the lines by all attributes; the votes on each attribute then work on that much smaller table.
    execute format('
        create temporary table ecom_load_member on commit drop as
        select l.%I as id %s, count(*) as lines
        from ecom_load_line l %s
        where l.reason is null and l.%1$I is not null
        group by l.%1$I %4$s', id_role,
        (select coalesce(string_agg(format(', %s as %I', a.value ->> 'from', a.key), ''), '') from jsonb_each(attributes) a),
        case when attributes ? 'geography_key' then format('join %I.dim_geography g on (g.country, g.region, g.state, g.city, g.postal_code)
            = (coalesce(l.country, ''Unknown''), coalesce(l.region, ''Unknown''), coalesce(l.state, ''Unknown''),
               coalesce(l.city, ''Unknown''), coalesce(l.postal_code, ''Unknown''))', mart) else '' end,
        (select coalesce(string_agg(', ' || (a.value ->> 'from'), ''), '') from jsonb_each(attributes) a));
    analyze pg_temp.ecom_load_member;

    for attribute in select a.key as name, a.value ->> 'unknown' as unknown from jsonb_each(attributes) a loop
        targets := targets || format(', %I', attribute.name);
        choices := choices || format(', coalesce(%1$I.choice, %2$s) as %1$I', attribute.name, attribute.unknown);
        lookups := lookups || format('
            left join (select distinct on (id) id, choice
                       from (select id, %1$I as choice, sum(lines) as lines from ecom_load_member
                             where %1$I is distinct from %2$s and %1$I is not null group by id, %1$I) votes
                       order by id, lines desc, choice) %1$I on %1$I.id = k.id', attribute.name, attribute.unknown);
        completions := completions || format(', %1$I = case when d.%1$I is not distinct from %2$s then m.%1$I else d.%1$I end',
                                             attribute.name, attribute.unknown);
        gaps := gaps || format(' or (d.%1$I is not distinct from %2$s and m.%1$I is distinct from %2$s)',
                               attribute.name, attribute.unknown);
    end loop;
    execute format('
        create temporary table ecom_load_choice on commit drop as
        select k.id %s from (select distinct id from ecom_load_member) k %s', choices, lookups);
    execute format('analyze pg_temp.ecom_load_choice');

    if gaps <> '' then
        execute format('update %I.%I d set %s from ecom_load_choice m where d.%I = m.id and (%s) and m.id <> ''Unknown''',
                       mart, dimension, substr(completions, 3), id_column, substr(gaps, 5));
    end if;
    -- Keys follow the order of the identifiers, so that equal sources give equal keys.
    execute format('
        insert into %1$I.%2$I (%3$I %4$s)
        select m.id %5$s from ecom_load_choice m
        where not exists (select from %1$I.%2$I d where d.%3$I = m.id)
        order by m.id', mart, dimension, id_column, targets,
        (select coalesce(string_agg(format(', m.%I', a.key), ''), '') from jsonb_each(attributes) a));
    get diagnostics added = row_count;
    drop table pg_temp.ecom_load_member, pg_temp.ecom_load_choice;
    return added;
end
$$;
comment on function ecom_internal.load_members(name, name, name, name, jsonb) is
'Adds the new members of a dimension from ecom_load_line and completes what was Unknown in the present ones.
Where lines disagree about an attribute, the most frequent known value wins, ties by the order of the values.
Arguments: mart: the resolved name; dimension, id_column: where members are; id_role: column of ecom_load_line that names
them; attributes: per column of the dimension the expression to read it from and the expression of its unknown value.
Returns the number of members added.';

create function ecom_internal.run_load(mart name, source text, columns jsonb, rules jsonb, caller_path text)
returns table (load_id int, read_lines bigint, loaded_lines bigint, rejected_lines bigint, orders bigint,
               new_customers bigint, new_products bigint, seconds double precision)
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    mart_id constant oid := ecom_internal.mart_oid(mart);
    mart_schema constant name := ecom_internal.mart_name(mart);
    all_rules constant jsonb := ecom_internal.sales_rules(rules);
    started_at constant timestamptz := clock_timestamp();
    -- Below this many lines, keeping the keys and indexes up to date costs less than building them.
    rebuild_threshold constant bigint := 2000;
    key_sequence constant text := pg_get_serial_sequence(format('%I.fact_sales', mart_schema), 'sales_key');
    opened regclass;
    mapping jsonb;
    mapped jsonb;
    this_load int;
    lines_read bigint;
    lines_loaded bigint;
    lines_rejected bigint;
    lines_accepted bigint;
    order_count bigint;
    customers_added bigint;
    products_added bigint := 0;
    first_day date;
    last_day date;
    months date[];
    was_empty boolean;
    is_rebuilding boolean;
    key_base bigint;
    text_unknown constant text := '''Unknown''';
begin
    if ecom_internal.setting(mart_schema, 'mart.bound') = 'true' then
        raise exception 'mart "%" is bound to tables of its user', mart_schema using errcode = '55000',
            hint = 'Add the rows to those tables, or load into a mart made by ecom.create_mart.';
    end if;
    opened := ecom_internal.open_source(source, caller_path);
    select coalesce(jsonb_agg(m), '[]'), jsonb_object_agg(m.role, m.column_name) into mapping, mapped
    from ecom_internal.sales_mapping(opened, columns) m;

    -- Two loads into one mart would add the same members twice; readers do not wait.
    execute format('lock table %I.load_log in share row exclusive mode', mart_schema);
    execute format('insert into %I.load_log (source, columns, rules, started_at) values ($1, $2, $3, $4)
                    returning load_id', mart_schema)
        into this_load using source, mapped, all_rules, started_at;

    if to_regclass('pg_temp.ecom_load_line') is not null then
        drop table pg_temp.ecom_load_line;
    end if;
    perform ecom_internal.report_progress(mart_id, 'load_sales', 'reading the source', 0, 5);
    lines_read := ecom_internal.stage_sales(mapping, all_rules, this_load);
    drop view pg_temp.ecom_source;
    analyze pg_temp.ecom_load_line;
    execute format('insert into %I.rejected_line (load_id, row_number, reason, raw)
                    select $1, row_number, reason, raw from ecom_load_line where reason is not null', mart_schema)
        using this_load;
    get diagnostics lines_rejected = row_count;
    execute 'select count(*), least(min(ordered_at)::date, min(ship_date)), greatest(max(ordered_at)::date, max(ship_date)),
                    array_agg(distinct date_trunc(''month'', ordered_at)::date)
             from ecom_load_line where reason is null'
        into lines_accepted, first_day, last_day, months;

    perform ecom_internal.report_progress(mart_id, 'load_sales', 'adding dimension members', 1, 5);
    if lines_accepted > 0 then
        perform ecom_internal.extend_dates(mart_schema, first_day, last_day);
        perform ecom_internal.add_month_partitions(mart_schema, months);
    end if;
    if mapped ?| array['country', 'region', 'state', 'city', 'postal_code'] then
        execute format('
            insert into %1$I.dim_geography (country, region, state, city, postal_code)
            select p.* from (select distinct coalesce(country, ''Unknown''), coalesce(region, ''Unknown''), coalesce(state, ''Unknown''),
                                    coalesce(city, ''Unknown''), coalesce(postal_code, ''Unknown'')
                             from ecom_load_line where reason is null) p (country, region, state, city, postal_code)
            where not exists (select from %1$I.dim_geography g where (g.country, g.region, g.state, g.city, g.postal_code)
                                                                   = (p.country, p.region, p.state, p.city, p.postal_code))
            order by p.country collate "C", p.region collate "C", p.state collate "C", p.city collate "C", p.postal_code collate "C"',
            mart_schema);
        execute format('analyze %I.dim_geography', mart_schema);
    end if;
    customers_added := ecom_internal.load_members(mart_schema, 'dim_customer', 'customer_id', 'customer_id',
        (select coalesce(jsonb_object_agg(a.target, jsonb_build_object('from', a.expression, 'unknown', a.unknown)), '{}')
         from (values ('customer_name', 'name', 'l.customer_name', text_unknown),
                      ('customer_segment', 'segment', 'l.customer_segment', text_unknown),
                      ('age_group', 'age_group', 'l.age_group', text_unknown),
                      ('gender', 'gender', 'l.gender', text_unknown),
                      ('acquisition_date', 'acquisition_date', 'l.acquisition_date', 'null::date'),
                      ('country', 'geography_key', 'g.geography_key', '0'),
                      ('region', 'geography_key', 'g.geography_key', '0'),
                      ('state', 'geography_key', 'g.geography_key', '0'),
                      ('city', 'geography_key', 'g.geography_key', '0'),
                      ('postal_code', 'geography_key', 'g.geography_key', '0')) a (role, target, expression, unknown)
         where mapped ? a.role));
    if mapped ?| array['product_id', 'product_name'] then
        products_added := ecom_internal.load_members(mart_schema, 'dim_product', 'product_id', 'product_id',
            (select coalesce(jsonb_object_agg(a.target, jsonb_build_object('from', a.expression, 'unknown', a.unknown)), '{}')
             from (values ('product_name', 'name', 'l.product_name', text_unknown),
                          ('category', 'category', 'l.category', text_unknown),
                          ('sub_category', 'sub_category', 'l.sub_category', text_unknown),
                          ('brand', 'brand', 'l.brand', text_unknown),
                          ('unit_cost', 'unit_cost', 'l.unit_cost', 'null::numeric'),
                          ('list_price', 'list_price', 'l.list_price', 'null::numeric')) a (role, target, expression, unknown)
             where mapped ? a.role));
    end if;
    perform ecom_internal.load_members(mart_schema, ('dim_' || r)::name, 'name', r::name, '{}')
    from unnest(array['channel', 'payment_method', 'shipping_method']) r where mapped ? r;
    execute format('analyze %1$I.dim_customer, %1$I.dim_product', mart_schema);

    perform ecom_internal.report_progress(mart_id, 'load_sales', 'adding order lines', 2, 5);
    execute format('select not exists (select from %I.fact_sales)', mart_schema) into was_empty;
    is_rebuilding := case ecom_internal.setting(mart_schema, 'load.rebuild')
        when 'always' then lines_accepted > 0
        when 'empty' then was_empty and lines_accepted >= rebuild_threshold
        else false end;
    if is_rebuilding then
        perform ecom_internal.drop_fact_constraints(mart_schema);
        perform ecom_internal.drop_change_triggers(mart_schema);
    end if;
    -- Keys are counted from the row of the source and not drawn from the sequence, so that they do not depend on the plan.
    execute format('select greatest(coalesce(max(sales_key), 0), pg_sequence_last_value($1)) from %I.fact_sales', mart_schema)
        into key_base using key_sequence::regclass;
    if lines_accepted > 0 then
        perform setval(key_sequence, key_base + lines_read);
    end if;
    execute 'insert into ' || format('%I.fact_sales', mart_schema) || '
            (sales_key, order_date_key, ship_date_key, customer_key, product_key, geography_key, channel_key,
             payment_method_key, shipping_method_key, order_id, line_number, ordered_at, quantity, unit_price,
             discount_amount, revenue_amount, cost_amount, is_return, delivery_days, satisfaction_score)
        select $1 + l.row_number, ecom_internal.date_key(l.ordered_at::date),
               coalesce(ecom_internal.date_key(l.ship_date), 0), coalesce(c.customer_key, 0), '
        || case when mapped ?| array['product_id', 'product_name'] then 'coalesce(p.product_key, 0), ' else '0, ' end
        || case when mapped ?| array['country', 'region', 'state', 'city', 'postal_code']
                then 'coalesce(g.geography_key, 0), ' else '0, ' end
        || (select string_agg(case when mapped ? r then format('coalesce(%1$I.%2$I, 0), ', r, r || '_key') else '0, ' end, '' order by n)
            from unnest(array['channel', 'payment_method', 'shipping_method']) with ordinality u (r, n))
        || 'l.order_id, '
        || case when mapped ? 'line_number' or not mapped ? 'order_id'
                then 'coalesce(l.line_number, 1)'
                else 'row_number() over (partition by l.order_id order by l.row_number)'
                     || case when was_empty then '' else ' + coalesce(o.line_number, 0)' end end
        || ', l.ordered_at, l.quantity, l.unit_price, l.discount_amount, l.revenue_amount, l.cost_amount,
             l.is_return, l.delivery_days, l.satisfaction_score
        from ecom_load_line l
        left join ' || format('%I.dim_customer', mart_schema) || ' c on c.customer_id = l.customer_id '
        || case when mapped ?| array['product_id', 'product_name']
                then format('left join %I.dim_product p on p.product_id = l.product_id ', mart_schema) else '' end
        || case when mapped ?| array['country', 'region', 'state', 'city', 'postal_code'] then format('
            left join %I.dim_geography g on (g.country, g.region, g.state, g.city, g.postal_code)
                = (coalesce(l.country, ''Unknown''), coalesce(l.region, ''Unknown''), coalesce(l.state, ''Unknown''),
                   coalesce(l.city, ''Unknown''), coalesce(l.postal_code, ''Unknown'')) ', mart_schema) else '' end
        || coalesce((select string_agg(format('left join %1$I.%2$I %3$I on %3$I.name = l.%3$I ', mart_schema, 'dim_' || r, r), '')
            from unnest(array['channel', 'payment_method', 'shipping_method']) r where mapped ? r), '')
        || case when was_empty or mapped ? 'line_number' or not mapped ? 'order_id' then '' else format('
            left join (select f.order_id, max(f.line_number) as line_number from %I.fact_sales f
                       where f.order_id in (select order_id from ecom_load_line) group by f.order_id) o
                   on o.order_id = l.order_id ', mart_schema) end
        || 'where l.reason is null'
        using key_base;
    get diagnostics lines_loaded = row_count;
    if lines_loaded + lines_rejected <> lines_read then
        raise exception 'load lost lines: % read, % loaded, % rejected', lines_read, lines_loaded, lines_rejected
            using errcode = 'XX000', hint = 'This is an error of the extension: please report it. Nothing was loaded.';
    end if;
    execute 'select count(*) from (select order_id from ecom_load_line where reason is null group by order_id) o'
        into order_count;
    drop table pg_temp.ecom_load_line;

    perform ecom_internal.report_progress(mart_id, 'load_sales', 'building keys and indexes', 3, 5);
    if is_rebuilding then
        perform ecom_internal.create_fact_constraints(mart_schema);
        perform ecom_internal.create_change_triggers(mart_schema);
        perform ecom_internal.note_everything(mart_schema);
    end if;
    perform ecom_internal.report_progress(mart_id, 'load_sales', 'gathering statistics', 4, 5);
    execute format('analyze %1$I.fact_sales, %1$I.dim_date', mart_schema);

    execute format('update %I.load_log set read_lines = $2, loaded_lines = $3, rejected_lines = $4, orders = $5,
                           new_customers = $6, new_products = $7, seconds = $8 where load_id = $1', mart_schema)
        using this_load, lines_read, lines_loaded, lines_rejected, order_count, customers_added, products_added,
              extract(epoch from clock_timestamp() - started_at)::double precision;
    perform ecom_internal.end_progress();
    return query execute format('
        select load_id, read_lines, loaded_lines, rejected_lines, orders, new_customers, new_products, seconds
        from %I.load_log where load_id = $1', mart_schema) using this_load;
end
$$;
comment on function ecom_internal.run_load(name, text, jsonb, jsonb, text) is
'Does the work of ecom.load_sales, with the search_path of its caller.';

create function ecom.load_sales(mart name, source text, columns jsonb default null, rules jsonb default '{}')
returns table (load_id int, read_lines bigint, loaded_lines bigint, rejected_lines bigint, orders bigint,
               new_customers bigint, new_products bigint, seconds double precision)
language sql volatile
begin atomic
    select r.load_id, r.read_lines, r.loaded_lines, r.rejected_lines, r.orders, r.new_customers, r.new_products, r.seconds
    from ecom_internal.run_load(mart, source, columns, rules, pg_catalog.current_setting('search_path')) r;
end;
comment on function ecom.load_sales(name, text, jsonb, jsonb) is
'Loads order lines from a table, a view or a query into a mart.
Example: SELECT * FROM ecom.load_sales(''shop'', ''my_orders'')
Every source row becomes a row of fact_sales or, with its reason, a row of rejected_line: loaded_lines and rejected_lines
add up to read_lines. Loading the same source again adds it again.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- source: name of a relation, or SELECT text; runs as the caller, names are found by the search_path. Its row order gives
  row_number and, without that role, line_number: give a query with ORDER BY where the order matters
- columns: roles and the columns that play them, {"ordered_at": "InvoiceDate", ...}; NULL takes the proposal of
  ecom.propose_columns. Required: ordered_at, customer_id, and revenue_amount or unit_price. Columns can be text as in a
  CSV or have types; a timestamp with time zone is stored in UTC
- rules: missing_customer, returns, zero_price, negative_price, duplicates: keep (default) or reject;
  invalid_satisfaction: reject (default) or ignore
Without order_id every line is an order, without quantity it is 1, without a product the Unknown product. An empty
customer is the Unknown customer. Without revenue_amount it is quantity times unit_price less discount_amount; without
unit_price it is the reverse. A line is a return when its quantity or revenue is negative or is_return says so; then the
amounts are stored as negative. Rejected always: a missing or unreadable ordered_at, order_id or quantity, an unreadable,
infinite or too large number, a date outside 1900 to 2199, identifiers and places longer than 400 bytes.
Where lines disagree about a customer or a product, the most frequent value wins, then the first by order of the bytes.
Known attributes of present members are not overwritten, unknown ones are completed.
Returns one row: load_id, the counts, and the seconds that it took.
Errors: 22023 for an unknown role or rule or a missing required role, 42703 for an unknown column, 42804 for a column of
a type that cannot play its role, 42P01 for an unknown relation, 55000 for a bound mart.
Locks: one load at a time per mart. The setting load.rebuild says when keys and indexes are built anew, which is many
times faster for many lines and blocks the readers of the mart from the first line added to the end: empty (default) when
fact_sales is empty and the lines are 2,000 or more, always, never.';
