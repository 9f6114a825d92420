#!/usr/bin/env bash
# Online Retail (UCI id 352), the raw file of a real shop: nothing is lost when it is loaded, and RFM gives the numbers
# that pandas gives.
. "$(dirname "$0")/lib/tests.sh"
file=$data/online_retail.csv.gz
need online_retail "$file"

sql 'create table raw ("InvoiceNo" text, "StockCode" text, "Description" text, "Quantity" text, "InvoiceDate" text,
                       "UnitPrice" text, "CustomerID" text, "Country" text)'
zcat "$file" | q -c '\copy raw from pstdin with (format csv, header)'
sql "select from ecom.create_mart('retail')" > /dev/null

# Lines, sum(Quantity*UnitPrice), customers, products and countries: the data set's description.
is 'every line accounted for' '541909|t' "$(sql "select read_lines, loaded_lines + rejected_lines = read_lines from ecom.load_sales('retail', 'raw')")"
is 'rejected lines are kept' t "$(sql 'select (select count(*) from retail.rejected_line) = rejected_lines from retail.load_log')"
is 'net revenue' 9747747.934 "$(sql "select sum(revenue_amount)::numeric(18,3) + coalesce((select sum((raw ->> 'Quantity')::numeric * (raw ->> 'UnitPrice')::numeric)
    from retail.rejected_line), 0)::numeric(18,3) from retail.fact_sales")"
is 'customers' 4372 "$(sql 'select count(*) from retail.dim_customer where customer_key <> 0')"
is 'countries' 38 "$(sql "select count(*) from retail.dim_geography where geography_key <> 0")"
known='customer_key <> 0 and quantity > 0 and unit_price > 0'
is 'known customers, quantity and price above 0' '397884|18532|4338|8911407.904' "$(sql "select count(*), count(distinct order_id), count(distinct customer_key),
    sum(revenue_amount)::numeric(18,3) from retail.fact_sales where $known")"

# customer_reference.json, online_retail: pandas on the cleaned file.
sql "create table cleaned as select \"CustomerID\"::bigint as customer, \"InvoiceNo\" as invoice, \"InvoiceDate\"::timestamp as ts,
         \"Quantity\"::numeric * \"UnitPrice\"::numeric as amount
     from raw where \"CustomerID\" is not null and \"Quantity\"::numeric > 0 and \"UnitPrice\"::numeric > 0;
     create table state as select ecom.rfm_agg(customer, invoice, ts, amount) as state from cleaned"
rows="state, ecom.rfm_rows(state, '2011-12-10')"
is 'sums of recency and frequency' '4338|403692|18532' "$(sql "select count(*), sum(recency_days), sum(frequency) from $rows")"
is 'extremes' '1|374|209|280206.02' "$(sql "select min(recency_days), max(recency_days), max(frequency), max(monetary)::numeric(18,2) from $rows")"
is 'first customers' '12346 326 1 77183.60,12347 3 7 4310.00,12348 76 4 1797.24' "$(sql "select string_agg(concat_ws(' ', customer_key, recency_days,
    frequency, monetary::numeric(18,2)), ',' order by customer_key) from $rows where customer_key <= 12348")"
# The same from the mart: refunds are lines there, so the sums are of customers with an order.
is 'the mart agrees with the query' t "$(sql "select count(*) = 4338 and sum(frequency) = 18532 from (select ecom.rfm_agg(customer_key, order_id, ordered_at, revenue_amount)
    as state from retail.fact_sales where $known) s, ecom.rfm_rows(state)")"

# Segments of the recency x frequency grid: recency by quantiles, frequency by qcut(rank(method='first')). pandas ranks in
# the order of the grouped rows, which is by customer id; rank_first orders customers by id.
grid() {
    sql "with q as (select * from state, ecom.rfm_rows(state, '2011-12-10')),
              f as (select customer_key, f from state, ecom.rfm_rows(state, '2011-12-10', method => 'rank_first')),
              s as (select ecom.rfm_segment(q.r, f.f, 1, scheme => 'rf_grid_10') as segment, q.monetary from q join f using (customer_key))
         select segment || ' ' || count(*) || ' ' || sum(monetary)::numeric(18,2) from s group by segment order by segment collate \"C\""
}
is 'segments' 'About To Sleep 352 166142.02
At Risk 593 643129.43
Can'"'"'t Lose 63 176157.82
Champions 633 4341073.16
Hibernating 1071 523336.98
Loyal Customers 819 2345818.94
Need Attention 187 167856.41
New Customers 42 16304.94
Potential Loyalists 484 503951.45
Promising 94 27636.75' "$(grid)"

# Key figures before and after a refresh, against the lines; the days are the shop's last, unfinished month.
plain() {
    sql "select sum(revenue_amount)::numeric(18,2), count(distinct order_id) filter (where not is_return),
                count(distinct customer_key) filter (where not is_return and customer_key <> 0), sum(quantity)::numeric(18,0),
                -sum(revenue_amount) filter (where is_return)::numeric(18,2)
         from retail.fact_sales join retail.dim_geography using (geography_key) where $1"
}
kpi() { sql "select revenue, orders, customers, units::numeric(18,0), return_amount from ecom.kpi_summary('retail'$1)"; }
key_figures() {
    is "key figures$1" "$(plain true)" "$(kpi '')"
    is "key figures of a month$1" "$(plain 'order_date_key between 20111101 and 20111130')" "$(kpi ", '2011-11-01', '2011-11-30'")"
    is "key figures of days of a country$1" "$(plain "order_date_key between 20111103 and 20111209 and country = 'France'")" \
        "$(kpi ", '2011-11-03', '2011-12-09', '{\"country\": \"France\"}'")"
}
key_figures ' from lines'
is 'refresh' 'done' "$(sql "select string_agg(distinct status, ',') from ecom.refresh('retail')")"
key_figures ''
is 'known customers of the key figures are those of RFM' t "$(sql "select k.customers = r.customers and k.orders = r.orders from ecom.kpi_summary('retail', filters => '{}') t,
    (select count(*) filter (where frequency > 0) as customers, sum(frequency) as orders from retail.customer_rfm) r,
    (select count(distinct customer_key) as customers, sum(order_count) as orders from retail.fact_order where customer_key <> 0 and order_count = 1) k")"
is 'the last month is not complete' 'f|12 true' "$(sql "select (select is_complete from retail.kpi_monthly where month = '2011-12-01'),
    (select count(*) || ' ' || bool_and(is_complete) from retail.kpi_monthly where month < '2011-12-01')")"
is 'the BI contract holds' '' "$(sql "select * from ecom.check_bi('retail')")"
is 'every customer is scored or a prospect' '4372|t' "$(sql "select count(*), bool_and((r_score is null) = (segment = 'Prospects')) from retail.customer_rfm")"
finish
