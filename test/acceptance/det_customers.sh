#!/usr/bin/env bash
# 3,000 generated customers with their recency, frequency and amount: scores of SQL's ntile and of pandas' qcut, digit by digit.
. "$(dirname "$0")/lib/tests.sh"
file=$reference/det_customers.csv
need det_customers "$file"

load_customers
# Expected numbers: customer_reference.json, rfm.
sql "create table ntile as select id, (ecom.rfm_score(recency, frequency, monetary, ties => 'ntile', scheme => 'rf_grid_10')
         over (order by id rows between unbounded preceding and unbounded following)).* from customer;
     create table qcut as select id, (ecom.rfm_score(recency, frequency, monetary, scheme => 'rf_grid_10') over ()).* from customer;
     create table rank_first as select id, (ecom.rfm_score(recency, frequency, monetary, method => 'rank_first')
         over (order by id rows between unbounded preceding and unbounded following)).* from customer"
first='421 442 523 144 534 322 421 543 333 522'
sizes() { sql "select string_agg(n::text, ' ' order by s) from (select $2 as s, count(*) as n from $1 group by 1) q"; }

is 'ntile checksum' 1494540776 "$(sql 'select sum(id::bigint * (100 * r + 10 * f + m)) from ntile')"
is 'ntile as SQL has it' 0 "$(sql "select count(*) from ntile s join (select id, ntile(5) over (order by recency desc, id) as r,
    ntile(5) over (order by frequency, id) as f, ntile(5) over (order by monetary, id) as m from customer) n using (id)
    where (s.r, s.f, s.m) is distinct from (n.r, n.f, n.m)")"
is 'ntile sizes' '600 600 600 600 600' "$(sizes ntile r)"
is 'ntile 555 and 111' '68 69' "$(sql "select count(*) filter (where code = '555') || ' ' || count(*) filter (where code = '111') from ntile")"
is 'ntile first ten' "$first" "$(sql "select string_agg(code, ' ' order by id) from ntile where id <= 10")"
is 'quantile sizes of recency' '597 599 604 588 612' "$(sizes qcut r)"
is 'quantile sizes of amounts' '601 599 600 600 600' "$(sizes qcut m)"
is 'quantile sizes of frequency' '841 633 482 507 537' "$(sizes qcut f)"
is 'rank_first sizes' '600 600 600 600 600' "$(sizes rank_first f)"
is edges '28.0000 60.6000 109.0000 196.0000, 2.0000 4.0000 6.0000 10.0000, 35.1200 68.6360 122.3940 241.8920' "$(sql "
    select string_agg((select string_agg(cut::numeric(18,4)::text, ' ' order by n) from jsonb_array_elements_text(model::jsonb -> 'body' -> 'cuts') with ordinality c (cut, n)), ', ' order by position)
    from (select 1 as position, ecom.quantile_bins(recency, 5, true) as model from customer
          union all select 2, ecom.quantile_bins(frequency, 5, false) from customer
          union all select 3, ecom.quantile_bins(monetary, 5, false) from customer) q")"
# R and M by quantiles, F by rank: the mixture of most Python tutorials.
is 'qcut checksum' 1496214699 "$(sql 'select sum(id::bigint * (100 * q.r + 10 * f.f + q.m)) from qcut q join rank_first f using (id)')"
is 'qcut first ten' "$first" "$(sql "select string_agg(q.r || f.f::text || q.m, ' ' order by id) from qcut q join rank_first f using (id) where id <= 10")"

is 'segments on ntile' "About To Sleep 228, At Risk 470, Can't Lose 243, Champions 243, Hibernating 487, Loyal Customers 473, Need Attention 123, New Customers 126, Potential Loyalists 487, Promising 120" \
    "$(sql "select string_agg(segment || ' ' || n, ', ' order by segment collate \"C\") from (select segment, count(*) as n from ntile group by 1) s")"
is 'segments on qcut' "About To Sleep 229, At Risk 469, Can't Lose 241, Champions 245, Hibernating 486, Loyal Customers 473, Need Attention 124, New Customers 128, Potential Loyalists 487, Promising 118" \
    "$(sql "select string_agg(segment || ' ' || n, ', ' order by segment collate \"C\") from (
        select ecom.rfm_segment(q.r, f.f, q.m, scheme => 'rf_grid_10') as segment, count(*) as n from qcut q join rank_first f using (id) group by 1) s")"
finish
