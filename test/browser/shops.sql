-- Marts of the browser test: one with hostile names, one without sales, one of one line, one whose lines name nothing but the customer.
\set QUIET on
set client_min_messages = warning;
select ecom.load_demo('shop', 400, 3000, 14, 7) \g /dev/null
update shop.dim_product set name = '</script><img src=x onerror="window.stolen=1">' || name where product_key % 3 = 1;
update shop.dim_product set category = '<img src=x onerror="window.stolen=2">' where category = (select min(category) from shop.dim_product where product_key > 0);
update shop.dim_customer set name = '"''><svg onload="window.stolen=3">' || customer_key where customer_key between 1 and 200;
update shop.dim_channel set name = '{{b|&lt;i&gt;}} <!--' where channel_key = 1;
select ecom.set_alert('shop', 'little_<b>revenue</b>', 'revenue', '<', 1e12, 'month') \g /dev/null
select step, reason from ecom.refresh('shop') where status = 'failed';

select ecom.create_mart('empty') \g /dev/null
select ecom.create_mart('one') \g /dev/null
select ecom.create_mart('bare') \g /dev/null
create schema source;
create table source.line as
select 'o' || n as order_id, 'c' || n % 9 as customer_id, timestamp '2025-01-01' + n * interval '1 day' as order_date, 1 as quantity, 10.5 + n as unit_price
from generate_series(1, 100) n;
create table source.one as select * from source.line where order_id = 'o1';
select ecom.load_sales('one', 'source.one') \g /dev/null
select ecom.load_sales('bare', 'source.line') \g /dev/null
