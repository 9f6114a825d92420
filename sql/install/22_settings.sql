-- The settings of a mart: one catalogue of what exists, one row in the mart for what was set.

create table ecom_internal.setting_definition (
    name          text    primary key,
    default_value text    not null,
    kind          text    not null check (kind in ('integer', 'number', 'boolean', 'text')),
    is_optional   boolean not null default false,
    is_fixed      boolean not null default false,
    low           numeric,
    high          numeric,
    allowed       text[],
    description   text    not null
);
comment on table ecom_internal.setting_definition is
'One row per setting that a mart knows; a family adds its own.
Inner table: belongs to the extension, not to a mart.';
comment on column ecom_internal.setting_definition.name is 'Name: family, dot, setting.';
comment on column ecom_internal.setting_definition.default_value is 'Value where the mart has none of its own.';
comment on column ecom_internal.setting_definition.kind is 'Type of the value: integer, number, boolean or text.';
comment on column ecom_internal.setting_definition.is_optional is 'True when an empty text is a value.';
comment on column ecom_internal.setting_definition.is_fixed is 'True when only the extension sets it.';
comment on column ecom_internal.setting_definition.low is 'Least number that is allowed; NULL: no bound.';
comment on column ecom_internal.setting_definition.high is 'Greatest number that is allowed; NULL: no bound.';
comment on column ecom_internal.setting_definition.allowed is 'All values that are allowed; NULL: no list.';
comment on column ecom_internal.setting_definition.description is 'What the setting means.';
grant select on ecom_internal.setting_definition to public;

insert into ecom_internal.setting_definition
    (name, default_value, kind, is_optional, is_fixed, low, high, allowed, description)
values
    ('mart.version', '1', 'integer', false, true, 1, null, null,
     'Version of the mart''s tables.'),
    ('mart.partition_by', 'none', 'text', false, true, null, null, array['none', 'month'],
     'How fact_sales is partitioned; chosen by create_mart.'),
    ('mart.bound', 'false', 'boolean', false, true, null, null, null,
     'True when the mart''s sales are views over tables of the user.'),
    ('mart.fiscal_year_start_month', '1', 'integer', false, false, 1, 12, null,
     'Month in which the fiscal year starts.'),
    ('mart.hemisphere', 'north', 'text', false, false, null, null, array['north', 'south'],
     'Hemisphere that the seasons in dim_date are for.'),
    ('load.rebuild', 'empty', 'text', false, false, null, null, array['empty', 'always', 'never'],
     'When load_sales builds keys and indexes anew: into an empty fact_sales, always, or never; readers wait meanwhile.'),
    ('rfm.bins', '5', 'integer', false, false, 2, 10, null,
     'Number of scores per RFM measure.'),
    ('rfm.method', 'quantile', 'text', false, false, null, null,
     array['quantile', 'ntile', 'rank_first', 'rfm_r', 'fixed'],
     'How RFM scores are cut.'),
    ('rfm.scheme', 'groups_11', 'text', false, false, null, null, null,
     'Rule set of rfm_rule that names the segments.'),
    ('rfm.window_days', '', 'integer', true, false, 1, 36525, null,
     'Days before as_of that RFM looks at; empty: all history.'),
    ('rfm.returns', 'net', 'text', false, false, null, null, array['net', 'ignore'],
     'Whether returns lessen the monetary amount (net) or are left out (ignore).');

create function ecom_internal.check_setting(setting_name text, setting_value text)
returns ecom_internal.setting_definition
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    definition ecom_internal.setting_definition;
    number numeric;
    is_valid boolean;
begin
    select * into definition from ecom_internal.setting_definition d where d.name = setting_name;
    if not found then
        raise exception 'setting "%" is not known', coalesce(setting_name, 'NULL') using errcode = '42704',
            hint = format('Use one of: %s.', (select string_agg(d.name, ', ' order by d.name)
                                              from ecom_internal.setting_definition d where not d.is_fixed));
    end if;
    if setting_value = '' and definition.is_optional then
        return definition;
    end if;
    number := ecom_internal.try_numeric(setting_value);
    is_valid := setting_value is not null and case definition.kind
        when 'integer' then setting_value ~ '^-?[0-9]{1,18}$'
        when 'number' then coalesce(abs(number) < 'Infinity', false)
        when 'boolean' then setting_value in ('true', 'false')
        else setting_value <> '' end;
    if definition.kind in ('integer', 'number') then
        is_valid := is_valid and number >= coalesce(definition.low, number) and number <= coalesce(definition.high, number);
    end if;
    if not is_valid or setting_value <> all (definition.allowed) then
        raise exception 'value "%" is not allowed for setting "%"', coalesce(setting_value, 'NULL'), setting_name
            using errcode = '22023', hint = format('Use %s%s.',
                case
                    when definition.allowed is not null then 'one of: ' || array_to_string(definition.allowed, ', ')
                    when definition.kind = 'boolean' then 'true or false'
                    when definition.kind = 'text' then 'a text that is not empty'
                    else format('%s number%s%s',
                                case definition.kind when 'integer' then 'a whole' else 'a' end,
                                ' from ' || definition.low, ' to ' || definition.high)
                end,
                case when definition.is_optional then ', or an empty text' else '' end);
    end if;
    return definition;
end
$$;
comment on function ecom_internal.check_setting(text, text) is
'Checks the name and the value of a setting and gives its definition.
Errors: 42704 for a name that is not known, 22023 for a value that is not allowed.';

create function ecom_internal.setting(mart name, setting_name text) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
    result text;
begin
    execute format('select coalesce((select s.value from %I.setting s where s.name = $1), d.default_value)
                    from ecom_internal.setting_definition d where d.name = $1', ecom_internal.mart_name(mart))
        into result using setting_name;
    if result is null then
        raise exception 'setting "%" is not known', coalesce(setting_name, 'NULL') using errcode = '42704',
            hint = format('Use one of: %s.', (select string_agg(d.name, ', ' order by d.name)
                                              from ecom_internal.setting_definition d));
    end if;
    return result;
end
$$;
comment on function ecom_internal.setting(name, text) is
'Gives the value of a setting: the mart''s own, or the default.
Arguments: mart; NULL means the setting ecom_analytics.mart; setting_name.
Errors: 42704 for a name that is not known.';

create function ecom_internal.store_setting(mart name, setting_name text, setting_value text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('insert into %I.setting as s (name, value, description) values ($1, $2, $3)
                    on conflict (name) do update set value = excluded.value, description = excluded.description', mart)
        using setting_name, setting_value,
              (ecom_internal.check_setting(setting_name, setting_value)).description;
end
$$;
comment on function ecom_internal.store_setting(name, text, text) is
'Writes a setting of a mart, fixed ones included.
Arguments: mart: the resolved name; setting_name; setting_value.
Errors: those of ecom_internal.check_setting.';

create function ecom_internal.init_settings(mart name, given jsonb) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    perform ecom_internal.store_setting(mart, d.name, case when given ? d.name then given ->> d.name else d.default_value end)
    from ecom_internal.setting_definition d
    where d.is_fixed or given ? d.name;
end
$$;
comment on function ecom_internal.init_settings(name, jsonb) is
'Writes the settings that a new mart starts with: the fixed ones and those given.
Arguments: mart: the resolved name; given: names and values.
Errors: those of ecom_internal.check_setting.';

create function ecom.set_setting(mart name, setting_name text, setting_value text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    definition constant ecom_internal.setting_definition := ecom_internal.check_setting(setting_name, setting_value);
begin
    if definition.is_fixed then
        raise exception 'setting "%" is fixed', setting_name using errcode = '55P02',
            hint = 'It follows from how the mart was made; make a new mart for another value.';
    end if;
    perform ecom_internal.store_setting(mart_schema, setting_name, setting_value);
    if setting_name in ('mart.fiscal_year_start_month', 'mart.hemisphere') then
        perform ecom_internal.rebuild_dates(mart_schema);
    end if;
end
$$;
comment on function ecom.set_setting(name, text, text) is
'Sets a setting of a mart.
Example: SELECT ecom.set_setting(''shop'', ''rfm.bins'', ''4'')
A new hemisphere or start of the fiscal year is written to dim_date at once; other settings hold from the next refresh.
Arguments:
- mart: NULL means the setting ecom_analytics.mart
- setting_name: a name of ecom.settings
- setting_value: the value as text
Errors: 42704 for a name that is not known, 22023 for a value that is not allowed, 55P02 for a fixed setting.';

create function ecom.settings(mart name default null)
returns table (name text, value text, default_value text, description text)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
begin
    return query execute format('
        select d.name, coalesce(s.value, d.default_value), d.default_value, d.description
        from ecom_internal.setting_definition d left join %I.setting s on s.name = d.name
        order by d.name', ecom_internal.mart_name(mart));
end
$$;
comment on function ecom.settings(name) is
'Lists the settings of a mart with their values.
Example: SELECT * FROM ecom.settings(''shop'')
Arguments: mart: NULL means the setting ecom_analytics.mart.
Returns one row per setting: name, value, default_value, description.';
