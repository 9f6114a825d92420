#!/usr/bin/env bash
# Lifetime models on CDNOW and Online Retail: published parameters, the hold-out curve, and a shop where nobody is seen to leave.
. "$(dirname "$0")/lib/tests.sh"
cdnow=$data/cdnow_sample.csv
known=$reference/customer_reference.json
need cdnow "$cdnow" "$known"

load_reference "$known" btyd_cdnow
sql 'create table purchase (master_id int, id int, order_date date, quantity int, amount numeric)'
q -c '\copy purchase from pstdin with (format csv, header)' < "$cdnow"
sql "create table history as
    select h.*, (h.h).*, (select count(distinct order_date) from purchase p where p.id = h.id and order_date > '1997-09-30') as holdout
    from (select id, ecom.order_history(order_date, amount::float8, '1997-09-30', 'week') as h from purchase group by id) h"
is 'customers, repeat orders, hold-out' '2357|2457|1882' "$(sql 'select count(*), sum(frequency), sum(holdout) from history')"

sql "create table fitted as
    select 'bgnbd' as name, ecom.bgnbd_fit(frequency, recency, age) as model, ecom.gamma_gamma_fit(frequency, mean_spend) as spend from history
    union all select 'mbgnbd', ecom.mbgnbd_fit(frequency, recency, age), null from history
    union all select 'paretonbd', ecom.pareto_nbd_fit(frequency, recency, age), null from history
    union all select 'nbd_no_dropout', ecom.btyd_fit(frequency, recency, age, 'nbd'), null from history"

# Fader, Hardie and Lee (2005), Batislam et al. (2007) by BTYDplus, Hardie's spreadsheets.
published() {
    is "$1 as published" "$2" "$(sql "select string_agg(round(p.estimate::numeric, 3)::text, ' ' order by n) || ' ' || max(round(s.log_likelihood::numeric, 1))
        from fitted, ecom.btyd_summary(model) s, ecom.btyd_parameters(model) with ordinality p (parameter, estimate, e, l, u, n) where name = '$1'")"
}
published bgnbd '0.243 4.414 0.793 2.426 -9582.4'
published mbgnbd '0.525 6.183 0.891 1.614 -9582.1'
published paretonbd '0.553 10.578 0.606 11.669 -9595.0'
is 'Gamma-Gamma as published' '6.25 3.74 15.44 -4055.92' "$(sql "select string_agg(round(p.estimate::numeric, 2)::text, ' ' order by n) || ' ' || max(round(s.log_likelihood::numeric, 2))
    from fitted, ecom.btyd_summary(spend) s, ecom.btyd_parameters(spend) with ordinality p (parameter, estimate, e, l, u, n) where name = 'bgnbd'")"

# same_share NAME TOLERANCE QUERY: whether its columns expected and actual are equal but for a share, however small they are.
same_share() {
    is "$1" t "$(sql "select count(*) > 0 and bool_and(abs(expected - actual) <= $2 * abs(expected)) from ($3) q")"
}
same_share parameters 1e-6 "select (doc -> 'exact_weeks' -> name -> 'params' ->> p.parameter)::float8 as expected, p.estimate as actual from reference, fitted, ecom.btyd_parameters(model) p"
same_share 'standard errors' 1e-5 "select (doc -> 'exact_weeks' -> name -> 'se' ->> p.parameter)::float8 as expected, p.standard_error as actual from reference, fitted, ecom.btyd_parameters(model) p"
same_share log-likelihoods 1e-9 "select (doc -> 'exact_weeks' -> name ->> 'LL')::float8 as expected, s.log_likelihood as actual from reference, fitted, ecom.btyd_summary(model) s"
same_share 'Gamma-Gamma' 1e-6 "select (doc -> 'gamma_gamma' -> 'raw_zbar' -> 'params' ->> p.parameter)::float8 as expected, p.estimate as actual from reference, fitted, ecom.btyd_parameters(spend) p"
sql "create view customer as select h.*, name, f.model, c from reference, jsonb_array_elements(doc -> 'customers') c join history h on h.id = (c ->> 'id')::int, fitted f where f.name <> 'nbd_no_dropout'"
same_share 'P(alive) of customers' 1e-8 "select (c -> name ->> 'palive')::float8 as expected, ecom.p_alive(model, frequency, recency, age) as actual from customer"
same_share 'orders of customers in 39 weeks' 1e-8 "select (c -> name ->> 'cet39')::float8 as expected, ecom.expected_purchases(model, frequency, recency, age, 39) as actual from customer"
same_share 'discounted orders' 1e-8 "select (c -> name ->> 'dert_delta_ln1_15_over_52')::float8 as expected, ecom.discounted_purchases(model, frequency, recency, age, ln(1.15) / 52) as actual from customer where name = 'paretonbd'"
same_share 'orders of a new customer' 1e-8 "select e.value::float8 as expected, ecom.expected_purchases(model, 0, 0, 0, t.value::float8) as actual from reference, fitted,
    jsonb_array_elements_text(doc -> 'expected_X(t)' -> 't_weeks') with ordinality t (value, n) join lateral jsonb_array_elements_text(doc -> 'expected_X(t)' -> name) with ordinality e (value, n) using (n) where name <> 'nbd_no_dropout'"
same_share 'mean P(alive)' 1e-8 "select (doc -> 'mean_palive' ->> name)::float8 as expected, avg(ecom.p_alive(model, frequency, recency, age)) as actual from reference, fitted, history where name <> 'nbd_no_dropout' group by 1, name"
# Exact to the published parameters, which are of two-decimal weeks: the package lifetimes' sum over all customers.
same_share 'lifetime value of all' 1e-3 "select (doc -> 'clv_lifetimes_12m_W_disc.01_bgnbd+gg_csv' ->> 'sum')::float8 as expected,
    (select sum(ecom.customer_lifetime_value(model, spend, frequency, recency, age, mean_spend, 12, 4.345, 0.01)) from fitted, history where name = 'bgnbd') as actual from reference"

# The curve that papers print: repeat orders of the 39 weeks after the calibration, by how often a customer had bought.
echo 'orders in 39 weeks: x, customers, actual, BG/NBD, MBG/NBD, Pareto/NBD'
sql "select least(frequency, 7) as x, count(*), round(avg(holdout), 3), round(avg(e.bg)::numeric, 3), round(avg(e.mbg)::numeric, 3), round(avg(e.pareto)::numeric, 3)
    from history, lateral (select max(o) filter (where name = 'bgnbd') as bg, max(o) filter (where name = 'mbgnbd') as mbg, max(o) filter (where name = 'paretonbd') as pareto
        from (select name, ecom.expected_purchases(model, frequency, recency, age, 39) as o from fitted) s) e group by 1 order by 1"
same_share 'hold-out totals' 1e-8 "select (doc -> 'holdout_39w' -> name ->> 'predicted_total')::float8 as expected, sum(ecom.expected_purchases(model, frequency, recency, age, 39)) as actual
    from reference, fitted, history where name <> 'nbd_no_dropout' group by name, doc"
same_share 'hold-out errors' 1e-8 "select (doc -> 'holdout_39w' -> name ->> 'mae')::float8 as expected, (ecom.regression_metrics(holdout, ecom.expected_purchases(model, frequency, recency, age, 39))).mae as actual
    from reference, fitted, history where name <> 'nbd_no_dropout' group by name, doc"
same_share 'hold-out by frequency' 1e-8 "select (e.value ->> 3)::float8 as expected, actual from reference, (select name, least(frequency, 7) as x, avg(ecom.expected_purchases(model, frequency, recency, age, 39)) as actual
    from fitted, history where name <> 'nbd_no_dropout' group by 1, 2) a, jsonb_array_elements(doc -> 'holdout_39w' -> name -> 'by_frequency_[x,n,actual_mean,pred_mean](7=7+)') e where (e.value ->> 0)::int = x"

# Online Retail until 2011-08-31, in weeks: all three models run to the limit in which nobody leaves, and MBG/NBD at that limit
# predicts 1,614,236 orders in the next 100 days where 4,806 came.
retail=$data/online_retail.csv.gz
need online_retail "$retail"
sql 'create table line ("InvoiceNo" text, "StockCode" text, "Description" text, quantity int, invoiced timestamp, price numeric, customer int, "Country" text)'
zcat "$retail" | q -c '\copy line from pstdin with (format csv, header)'
sql "create table retail_history as select customer, (ecom.order_history(invoiced::date, '2011-08-31', 'week')).* from line
    where customer is not null and quantity > 0 and price > 0 and invoiced < '2011-09-01' group by customer"
sql "create table retail_fitted as select ecom.btyd_fit(frequency, recency, age, method) as model from retail_history, unnest(array['bg_nbd', 'mbg_nbd', 'pareto_nbd']) method group by method"
is 'drop-out not identified' 'bg_nbd nbd -21755.348,mbg_nbd nbd -21755.348,pareto_nbd nbd -21755.348' "$(sql "select string_agg(concat_ws(' ', s.requested_method, s.method, round(s.log_likelihood::numeric, 3)), ',' order by s.requested_method)
    from retail_fitted, ecom.btyd_summary(model) s where s.status = 'dropout_not_identified'")"
is 'orders in 100 days' '3633' "$(sql 'select distinct round(o) from (select sum(ecom.expected_purchases(model, frequency, recency, age, 100 / 7.0)) as o from retail_fitted, retail_history group by model::text) s')"
finish
