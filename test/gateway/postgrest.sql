-- What the roles of contrib/postgrest/grants.sql may do; nothing of it stays. Variable grants: that file.
begin;
\i :grants
create function public.refuse(statement text) returns void language plpgsql as $$
begin
    begin
        execute statement;
    exception when insufficient_privilege then
        return;
    end;
    raise exception '% may: %', current_user, statement;
end
$$;
set local role authenticator;
select public.refuse('select from shop.kpi_monthly');
set local role shop_reader;
select count(*) from shop.kpi_monthly;
select public.refuse('select from shop.setting'), public.refuse('select ecom.kpi_summary(''shop'')'), public.refuse('delete from shop.fact_sales');
set local role shop_analyst;
select count(*) from ecom.kpi_summary('shop');
select public.refuse('select ecom.refresh(''shop'')'), public.refuse('update shop.setting set value = ''x'''), public.refuse('create table shop.x ()');
rollback;
