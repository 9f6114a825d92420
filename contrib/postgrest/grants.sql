-- Roles of PostgREST for the mart shop: psql -v ON_ERROR_STOP=1 -f grants.sql, as the owner of the mart, who may create roles.
create role authenticator login noinherit password 'secret';
create role shop_reader nologin;
create role shop_analyst nologin;
grant shop_reader, shop_analyst to authenticator;

-- Views alone without a token; functions for tokens that say role shop_analyst.
select ecom.grant_reader('shop', 'shop_reader');
select ecom.grant_analyst('shop', 'shop_analyst');

-- PostgREST sets these for each request, from the role's settings.
alter role shop_reader set default_transaction_read_only = on;
alter role shop_reader set statement_timeout = '10s';
alter role shop_reader set jit = off;
alter role shop_analyst set default_transaction_read_only = on;
alter role shop_analyst set statement_timeout = '30s';
alter role shop_analyst set jit = off;
-- Functions then need no argument mart.
alter role shop_analyst set ecom_analytics.mart = 'shop';
