-- What BI views show of customers, one narrow row each, so that a question to them joins no other table of that size.
--
-- The views take region and segments from here and names from the dimensions by outer joins on keys, which the planner
-- drops when no name is asked for. Rows are written in the order of region and last order: those of a region and a month
-- lie together, and an index finds them.

insert into ecom_internal.mart_part (name, position, ddl) values ('customer_snapshot', 38, $ddl$
create table {mart}.customer_snapshot (
    customer_key       int              primary key references {mart}.dim_customer on delete cascade,
    geography_key      int              not null,
    first_order_date   date,
    last_order_date    date,
    order_count        int              not null,
    mean_interval_days double precision,
    gross_amount       numeric(18,4)    not null,
    return_amount      numeric(18,4)    not null,
    revenue_amount     numeric(18,4)    not null,
    region             text             not null,
    customer_segment   text             not null,
    rfm_segment        text
);
create index customer_snapshot_region_idx on {mart}.customer_snapshot (region, last_order_date);
comment on table {mart}.customer_snapshot is
'One row per known customer: home, segments, orders and amounts at the last refresh.
Inner table: written by ecom.refresh; read it as the view customer_overview.';
comment on column {mart}.customer_snapshot.customer_key is 'Customer, to dim_customer.';
comment on column {mart}.customer_snapshot.geography_key is 'Home of the customer, to dim_geography; 0 when not known.';
comment on column {mart}.customer_snapshot.region is 'Region of the home.';
comment on column {mart}.customer_snapshot.customer_segment is 'Segment that the shop itself gave the customer.';
comment on column {mart}.customer_snapshot.rfm_segment is 'Segment by the RFM rules of the mart; empty before customers were scored.';
select ecom_internal.copy_column_comments({mart_name}, 'customer_summary', 'customer_snapshot');
$ddl$);
