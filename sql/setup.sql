-- The extension is created, dropped without a trace, and created again. The other tests use it.
create extension ecom_analytics;
select extname, extversion, extnamespace::regnamespace, extrelocatable
from pg_extension where extname = 'ecom_analytics';

-- The schema named after the extension's objects stays, as with every extension; it is empty.
drop extension ecom_analytics;
select nspname from pg_namespace where nspname in ('ecom', 'ecom_internal') order by 1;
select
    (select count(*) from pg_proc where pronamespace = 'ecom'::regnamespace) as functions,
    (select count(*) from pg_class where relnamespace = 'ecom'::regnamespace) as relations,
    (select count(*) from pg_type where typnamespace = 'ecom'::regnamespace) as types;

create extension ecom_analytics;
select nspname from pg_namespace where nspname in ('ecom', 'ecom_internal') order by 1;

-- Its schema has a fixed name.
create schema elsewhere;
drop extension ecom_analytics;
create extension ecom_analytics schema elsewhere;
drop schema elsewhere;
create extension ecom_analytics;
