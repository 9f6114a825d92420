-- ecom.profile: every figure against plain SQL.
\set SHOW_CONTEXT never
set client_min_messages = warning;
create table profile_source as
select n as id, case when n % 10 = 0 then null else (n % 4)::numeric end as quantity, 'k' || n % 3 as kind, date '2025-01-01' + n as day,
       n % 2 = 0 as flag, json_build_object('a', n % 2) as detail, null::text as nothing, (n * 1.5)::float8 as "Odd ""Name"
from generate_series(1, 100) n;
select * from ecom.profile('profile_source', 2);
select column_name, missing, distinct_values, lowest, median, highest, round(mean::numeric, 6) as mean, round(stddev::numeric, 6) as stddev
from ecom.profile('select quantity, id * 2 as twice from profile_source') where column_name = 'twice'
union all
select 'twice', 0, count(distinct id * 2), min(id * 2)::text, (percentile_disc(0.5) within group (order by id * 2))::text, max(id * 2)::text,
       round(avg(id * 2), 6), round(stddev_samp(id * 2), 6) from profile_source;
select column_name, rows, missing, missing_rate, distinct_values, median, mean, top_values from ecom.profile('select * from profile_source where false');
select ecom.profile('no_such_table');
select ecom.profile('profile_source', -1);
select ecom.profile('');
drop table profile_source;
