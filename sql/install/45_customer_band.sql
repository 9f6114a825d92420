-- Sums of customers by their classes, so that a view of ten bands does not read a million customers.

insert into ecom_internal.mart_part (name, position, ddl) values ('customer_bands', 39, $ddl$
create table {mart}.customer_band (
    classification        text   not null,
    band                  text   not null,
    customer_count        bigint not null,
    active_customer_count bigint,
    repeat_customer_count bigint,
    order_count           bigint not null,
    revenue_amount        numeric(38,4),
    recency_days_sum      bigint,
    recency_count         bigint,
    as_of_date            date,
    primary key (classification, band)
);
comment on table {mart}.customer_band is
'One row per classification of customers and band: sums over its customers at the last refresh.
Inner table: written by ecom.refresh; read it as the views rfm_segment, loyalty_band, value_tier and order_frequency.';
comment on column {mart}.customer_band.classification is 'What customers are classified by: rfm_segment, loyalty_band, value_tier or order_frequency.';
comment on column {mart}.customer_band.band is 'Segment, band, tier or number of orders.';
comment on column {mart}.customer_band.customer_count is 'Customers in the band.';
comment on column {mart}.customer_band.active_customer_count is 'Those whose last order is recent enough to count as active; empty where it is not asked.';
comment on column {mart}.customer_band.repeat_customer_count is 'Those with more than one order; empty where it is not asked.';
comment on column {mart}.customer_band.order_count is 'Orders of the customers.';
comment on column {mart}.customer_band.revenue_amount is 'Revenue of the customers, net of returns.';
comment on column {mart}.customer_band.recency_days_sum is 'Sum of the days since the last order; empty where it is not asked.';
comment on column {mart}.customer_band.recency_count is 'Customers that have such a day; empty where it is not asked.';
comment on column {mart}.customer_band.as_of_date is 'Day that the classes look back from; empty where they do not.';
$ddl$);

create function ecom_internal.write_customer_bands(mart name, classification text, columns text, query text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
    execute format('delete from %I.customer_band where classification = $1', mart) using classification;
    execute format('insert into %1$I.customer_band (classification, band, customer_count, order_count, revenue_amount, %2$s) select %3$L, q.* from (%4$s) q',
                   mart, columns, classification, query);
end
$$;
comment on function ecom_internal.write_customer_bands(name, text, text, text) is
'Replaces the rows of one classification in customer_band by those of a query: band, customer_count, order_count, revenue_amount and the named columns.';
