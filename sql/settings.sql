-- The settings of a mart.
\set SHOW_CONTEXT never
create function pg_temp.error_of(statement text) returns text language plpgsql as $$
declare
    detail text;
    hint text;
begin
    execute statement;
    return 'no error';
exception when others then
    get stacked diagnostics detail = pg_exception_detail, hint = pg_exception_hint;
    return concat_ws(' | ', sqlstate, sqlerrm, nullif(detail, ''), nullif(hint, ''));
end
$$;

select ecom.create_mart('mart_settings', start_date => '2024-01-01');
select name, value, default_value, description <> '' as is_described from ecom.settings('mart_settings')
where name ~ '^(mart|rfm)\.' order by name;
select name, value from mart_settings.setting order by name;

select ecom.set_setting('mart_settings', 'rfm.bins', '10');
select ecom.set_setting('mart_settings', 'rfm.method', 'rfm_r');
select ecom.set_setting('mart_settings', 'rfm.window_days', '365');
select name, value from ecom.settings('mart_settings') where value <> default_value order by name;
select ecom.set_setting('mart_settings', 'rfm.window_days', '');
select ecom_internal.setting('mart_settings', 'rfm.window_days') = '' as is_empty,
       ecom_internal.setting('mart_settings', 'rfm.bins') as bins;

-- The calendar follows its settings at once.
select ecom.set_setting('mart_settings', 'mart.fiscal_year_start_month', '7');
select ecom.set_setting('mart_settings', 'mart.hemisphere', 'south');
select month, season, fiscal_year, fiscal_quarter, fiscal_month from mart_settings.dim_date
where day_of_month = 1 and month in (1, 6, 7, 12) order by date_key;
select ecom.set_setting('mart_settings', 'mart.hemisphere', 'north');
select month, season from mart_settings.dim_date where day_of_month = 1 and month in (1, 7) order by date_key;

-- Errors.
select left(pg_temp.error_of($$select ecom.set_setting('mart_settings', 'rfm.binz', '5')$$), 50) as error_of;
select left(pg_temp.error_of($$select ecom.set_setting('mart_settings', null, '5')$$), 50) as error_of;
select pg_temp.error_of($$select ecom.set_setting('mart_settings', 'rfm.bins', '11')$$);
select pg_temp.error_of($$select ecom.set_setting('mart_settings', 'rfm.bins', '1')$$);
select pg_temp.error_of($$select ecom.set_setting('mart_settings', 'rfm.bins', '5.5')$$);
select pg_temp.error_of($$select ecom.set_setting('mart_settings', 'rfm.bins', 'NaN')$$);
select pg_temp.error_of($$select ecom.set_setting('mart_settings', 'rfm.bins', '')$$);
select pg_temp.error_of($$select ecom.set_setting('mart_settings', 'rfm.bins', null)$$);
select pg_temp.error_of($$select ecom.set_setting('mart_settings', 'rfm.method', $q$x'; drop schema mart_settings; --$q$)$$);
select pg_temp.error_of($$select ecom.set_setting('mart_settings', 'rfm.window_days', '0')$$);
select pg_temp.error_of($$select ecom.set_setting('mart_settings', 'rfm.scheme', '')$$);
select pg_temp.error_of($$select ecom.set_setting('mart_settings', 'mart.bound', 'true')$$);
select pg_temp.error_of($$select ecom.set_setting('mart_settings', 'mart.version', '2')$$);
select pg_temp.error_of($$select ecom.set_setting('nowhere', 'rfm.bins', '5')$$);
select pg_temp.error_of($$select * from ecom.settings()$$);
select left(pg_temp.error_of($$select ecom_internal.setting('mart_settings', 'rfm.binz')$$), 50) as error_of;

set client_min_messages = warning;
drop schema mart_settings cascade;
