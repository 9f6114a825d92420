#!/usr/bin/env bash
# The orders of R package rfm, scored by its conventions: method rfm_r and scheme boxes_10 give the package's published
# segments, over a query and over a mart.
. "$(dirname "$0")/lib/tests.sh"
file=$data/rfm_data_orders.csv
need rfm_package "$file"

sql 'create table orders (customer_id text, order_date date, revenue numeric)'
q -c '\copy orders from pstdin with (format csv, header)' < "$file"
sql 'create table state as select ecom.rfm_agg(customer_id, order_date, revenue) as state from orders'

# customer_reference.json, rfm.R_rfm_package_orders. Champions are also the package's own test:
# 158 customers, 1,234 orders, 120,178 revenue at the analysis date 2006-12-31.
segments='About To Sleep 50 127 10914
At Risk 86 438 44178
Champions 158 1234 120178
Lost 111 244 20955
Loyal Customers 278 1708 166712
Need Attention 35 144 13287
Others 48 210 22061
Potential Loyalist 229 801 65873'
thresholds='frequency 4.0 5.0 6.0 8.0
monetary 255.8 382.0 506.4 666.0
recency 115.0 181.0 297.4 482.0'

is customers 995 "$(sql 'select count(distinct customer_id) from orders')"
is segments "$segments" "$(sql "select concat_ws(' ', segment, customers, orders, monetary) from state,
    ecom.rfm_segments(state, '2006-12-31', method => 'rfm_r', scheme => 'boxes_10') order by segment collate \"C\"")"
is 'segments of rows' "$segments" "$(sql "select concat_ws(' ', segment, count(*), sum(frequency), sum(monetary)) from state,
    ecom.rfm_rows(state, '2006-12-31', method => 'rfm_r', scheme => 'boxes_10') group by segment order by segment collate \"C\"")"
is thresholds "$thresholds" "$(sql "select measure || ' ' || (select string_agg(cut::numeric(9,1)::text, ' ' order by cut) from unnest(cut_points) cut)
    from state, ecom.rfm_cut_points(state, '2006-12-31', method => 'rfm_r') order by measure")"
# A window over one row per customer.
is 'segments by the window function' "$segments" "$(sql "select concat_ws(' ', (s).segment, count(*), sum(n), sum(m)) from (
        select n, m, ecom.rfm_score(date '2006-12-31' - last, n, m, method => 'rfm_r', scheme => 'boxes_10') over () as s
        from (select max(order_date) as last, count(*) as n, sum(revenue) as m from orders group by customer_id) c) q
    group by (s).segment order by (s).segment collate \"C\"")"

# The file has no order id, so each line is given its number: every row is an order.
sql "select from ecom.create_mart('package')" > /dev/null
is 'every row loaded' '4906|0' "$(sql "select loaded_lines, rejected_lines from ecom.load_sales('package',
    'select row_number() over () as order_id, o.* from orders o')")"
is 'segments of the mart' "$segments" "$(sql "select concat_ws(' ', segment, count(*), sum(frequency), sum(monetary)::int) from
    ecom.rfm_score('package', '2006-12-31', method => 'rfm_r', scheme => 'boxes_10') group by segment order by segment collate \"C\"")"
finish
