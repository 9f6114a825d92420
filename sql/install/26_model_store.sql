-- Fitted models of a mart, with their versions: what refresh stores and scoring reads.

insert into ecom_internal.setting_definition
    (name, default_value, kind, is_optional, is_fixed, low, high, allowed, description)
values
    ('model.promotion', 'auto', 'text', false, false, null, null, array['auto', 'manual'],
     'Whether a newly fitted model takes effect at once (auto) or only by ecom.promote (manual).'),
    ('model.keep_versions', '5', 'integer', false, false, 1, 1000, null,
     'Versions of a model that are kept; older ones are deleted when a new one is stored, never the current one.');

create function ecom_internal.store_model(
    mart name, model_name text, model ecom.model, as_of date,
    parameters jsonb default '{}', metrics jsonb default '{}') returns int
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    current_version int;
    current_bytes bytea;
    new_version int;
begin
    execute format('select version, ecom_internal.model_send(model) from %I.model where name = $1 and is_current', mart_schema)
        into current_version, current_bytes using model_name;
    if current_bytes = ecom_internal.model_send(model) then
        execute format('update %I.model set as_of_date = $3, fitted_at = clock_timestamp(), parameters = $4, metrics = $5
                        where name = $1 and version = $2', mart_schema)
            using model_name, current_version, as_of, parameters, metrics;
        return current_version;
    end if;
    execute format('select coalesce(max(version), 0) + 1 from %I.model where name = $1', mart_schema) into new_version using model_name;
    execute format('insert into %I.model (name, version, is_current, model, as_of_date, fitted_at, parameters, metrics)
                    values ($1, $2, false, $3, $4, clock_timestamp(), $5, $6)', mart_schema)
        using model_name, new_version, model, as_of, parameters, metrics;
    if current_version is null or ecom_internal.setting(mart_schema, 'model.promotion') = 'auto' then
        perform ecom.promote(mart_schema, model_name, new_version);
    end if;
    execute format('delete from %I.model where name = $1 and not is_current and version <= $2', mart_schema)
        using model_name, new_version - ecom_internal.setting(mart_schema, 'model.keep_versions')::int;
    return new_version;
end
$$;
comment on function ecom_internal.store_model(name, text, ecom.model, date, jsonb, jsonb) is
'Stores a fitted model as a new version of a name and returns the version. The first one becomes current, later ones unless the
setting model.promotion is manual. Equal bytes to those of the current version make no new version: its dates and metrics change.';

create function ecom_internal.retire_models(mart name, name_pattern text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('update %I.model set is_current = false where name like $1 and is_current', ecom_internal.mart_name(mart))
        using name_pattern;
end
$$;
comment on function ecom_internal.retire_models(name, text) is
'Leaves the models whose names are like a pattern without a current version: what they say no longer holds.';

create function ecom.current_model(mart name, model_name text) returns ecom.model
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
declare
    found_model ecom.model;
begin
    execute format('select model from %I.model where name = $1 and is_current', ecom_internal.mart_name(mart))
        into found_model using model_name;
    return found_model;
end
$$;
comment on function ecom.current_model(name, text) is
'The version of a stored model that is in effect, as a value for scoring functions; NULL when there is none.
Example: SELECT ecom.model_info(ecom.current_model(''shop'', ''rfm.monetary''))
Arguments: mart; NULL means the setting ecom_analytics.mart. model_name: as ecom.model_versions lists it.
Score many rows with one look-up: FROM customers c, (SELECT ecom.current_model(''shop'', ''rfm.monetary'') AS m OFFSET 0) s.';

create function ecom.model_versions(mart name default null, model_name text default null)
returns table (name text, version int, is_current boolean, kind text, as_of_date date, fitted_at timestamptz,
               bytes bigint, parameters jsonb, metrics jsonb)
language plpgsql stable parallel restricted
set search_path = pg_catalog, pg_temp
as $$
begin
    return query execute format('
        select m.name, m.version, m.is_current, i.info ->> ''kind'', m.as_of_date, m.fitted_at, (i.info ->> ''bytes'')::bigint,
               m.parameters, m.metrics
        from %I.model m cross join lateral (select ecom.model_info(m.model) as info offset 0) i
        where $1 is null or m.name = $1 order by m.name collate "C", m.version desc', ecom_internal.mart_name(mart))
        using model_versions.model_name;
end
$$;
comment on function ecom.model_versions(name, text) is
'The stored models of a mart, newest version first: when each was fitted, with what parameters, and how good it was.
Example: SELECT name, version, is_current, kind, as_of_date FROM ecom.model_versions(''shop'')
Arguments: mart; NULL means the setting ecom_analytics.mart. model_name: one model only; NULL for all. parameters and metrics are what
the step of ecom.refresh noted when it fitted the model. bytes: size of the model as it is stored.';

create function ecom.promote(mart name, model_name text, version int) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    known text;
begin
    execute format('select string_agg(version::text, '', '' order by version) from %I.model where name = $1', mart_schema)
        into known using model_name;
    if known is null then
        raise exception 'mart % has no model %', quote_ident(mart_schema), coalesce(quote_literal(model_name), 'NULL') using errcode = '42704',
            hint = format('SELECT name FROM ecom.model_versions(%L) lists its models; ecom.refresh fits them.', mart_schema);
    end if;
    if version is null or not version::text = any (string_to_array(known, ', ')) then
        raise exception 'model % has no version %', quote_literal(model_name), coalesce(version::text, 'NULL') using errcode = '42704',
            hint = format('Versions that are kept: %s. The setting model.keep_versions says how many.', known);
    end if;
    execute format('update %I.model set is_current = false where name = $1 and is_current and version <> $2', mart_schema)
        using model_name, version;
    execute format('update %I.model set is_current = true where name = $1 and version = $2 and not is_current', mart_schema)
        using model_name, version;
end
$$;
comment on function ecom.promote(name, text, int) is
'Puts one version of a stored model into effect; results that were stored change with the next ecom.refresh.
Example: SELECT ecom.promote(''shop'', ''rfm.monetary'', 1)
A refresh fits a new version and promotes it at once, unless the setting model.promotion is manual: set that first to stay with a
version. Arguments: mart; NULL means the setting ecom_analytics.mart. model_name, version: as ecom.model_versions lists them.
Errors: 42704 for an unknown model or version.';

create function ecom.rollback(mart name, model_name text) returns int
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    mart_schema constant name := ecom_internal.mart_name(mart);
    earlier int;
begin
    execute format('select max(m.version) from %1$I.model m
                    where m.name = $1 and m.version < (select c.version from %1$I.model c where c.name = $1 and c.is_current)', mart_schema)
        into earlier using model_name;
    if earlier is null then
        raise exception 'model % of mart % has no earlier version', coalesce(quote_literal(model_name), 'NULL'), quote_ident(mart_schema)
            using errcode = '42704',
            hint = format('SELECT * FROM ecom.model_versions(%L) lists what is kept.', mart_schema);
    end if;
    perform ecom.promote(mart_schema, model_name, earlier);
    return earlier;
end
$$;
comment on function ecom.rollback(name, text) is
'Puts the version before the current one of a stored model back into effect, and returns it.
Example: SELECT ecom.rollback(''shop'', ''rfm.monetary'')
Arguments and what follows: as for ecom.promote. Errors: 42704 when no earlier version is kept.';
