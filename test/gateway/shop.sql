-- A shop with hostile names, a campaign, and the two kinds of readers.
\set QUIET on
set client_min_messages = warning;
select ecom.load_demo('shop', 400, 2500, 14, 7) \g /dev/null
update shop.dim_product set name = '</script><img src=x onerror="window.stolen=1">' || name where product_key % 3 = 1;
update shop.dim_product set name = 'a "quoted", (bracketed) \ name' where product_key = 2;
update shop.dim_customer set name = '"''><svg onload="window.stolen=3">' || customer_key where customer_key between 1 and 200;
select step, reason from ecom.refresh('shop') where status = 'failed';
select ecom.start_campaign('shop', 'spring', (select max(ordered_at)::date - 120 from shop.fact_sales)) \g /dev/null
-- A run that was stopped may have left them.
select format('create role %I login', r.name) from unnest('{ecom_test_reader,ecom_test_analyst}'::text[]) r (name)
where not exists (select from pg_roles where rolname = r.name)
\gexec
select ecom.grant_reader('shop', 'ecom_test_reader'), ecom.grant_analyst('shop', 'ecom_test_analyst') \g /dev/null
