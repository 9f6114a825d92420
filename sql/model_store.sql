-- Stored models of a mart: versions, promotion, rollback.
create schema test_store;
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics hint = pg_exception_hint;
    return format('%s: %s. %s', sqlstate, sqlerrm, hint);
end
$$;
select from ecom.create_mart('store_shop');
create table test_store.fitted as
select n, (select ecom.quantile_bins(v, n, false) from generate_series(1, 100) v) as model from generate_series(2, 9) n;
create function pg_temp.stored(bins int, metrics jsonb default '{}') returns int language sql as
$$ select ecom_internal.store_model('store_shop', 'bins', model, '2025-01-01', jsonb_build_object('bins', n), metrics) from test_store.fitted where n = bins $$;
create function pg_temp.versions() returns text language sql as
$$ select string_agg(version || case when is_current then '*' else '' end, ' ' order by version) from ecom.model_versions('store_shop', 'bins') $$;

-- The first version is current; equal bytes make no new one, but note what is new about it.
select ecom.current_model('store_shop', 'bins') is null as nothing_yet, (select count(*) from ecom.model_versions('store_shop')) as versions;
select pg_temp.stored(2), pg_temp.stored(3), pg_temp.stored(3, '{"auc": 0.8}');
select name, version, is_current, kind, as_of_date, bytes > 0 as has_bytes, parameters, metrics from ecom.model_versions('store_shop');
select ecom.model_info(ecom.current_model('store_shop', 'bins')) ->> 'bins' as bins;

-- Back and forth.
select ecom.rollback('store_shop', 'bins');
select pg_temp.versions();
select ecom.promote('store_shop', 'bins', 2);
select pg_temp.versions();
select ecom.promote('store_shop', 'bins', 2);
select pg_temp.versions();

-- Held: a new version waits until it is promoted.
select ecom.set_setting('store_shop', 'model.promotion', 'manual');
select pg_temp.stored(4);
select pg_temp.versions();
select ecom.promote('store_shop', 'bins', 3);
select pg_temp.versions();
select ecom.set_setting('store_shop', 'model.promotion', 'auto');

-- Old versions go, the current one never does.
select ecom.set_setting('store_shop', 'model.keep_versions', '2');
select pg_temp.stored(5);
select pg_temp.versions();
select ecom.promote('store_shop', 'bins', 3), ecom.set_setting('store_shop', 'model.promotion', 'manual');
select pg_temp.stored(6), pg_temp.stored(7), pg_temp.stored(8);
select pg_temp.versions();

-- What no longer holds has no current version.
select ecom_internal.retire_models('store_shop', 'b%');
select pg_temp.versions(), ecom.current_model('store_shop', 'bins') is null as is_retired;
select pg_temp.error_of($$select ecom.rollback('store_shop', 'bins')$$);

-- Bad input.
select pg_temp.error_of($$select ecom.promote('store_shop', 'bins', 99)$$);
select pg_temp.error_of($$select ecom.promote('store_shop', 'bins', null)$$);
select pg_temp.error_of($$select ecom.promote('store_shop', 'no such', 1)$$);
select pg_temp.error_of($$select ecom.promote('store_shop', null, 1)$$);
select pg_temp.error_of($$select ecom.rollback('store_shop', 'no such')$$);
select pg_temp.error_of($$select ecom.current_model('no_mart', 'bins')$$);
select pg_temp.error_of($$select * from ecom.model_versions('no_mart')$$);
select pg_temp.error_of($$select ecom.set_setting('store_shop', 'model.keep_versions', '0')$$);
set client_min_messages = warning;
drop schema store_shop, test_store cascade;
