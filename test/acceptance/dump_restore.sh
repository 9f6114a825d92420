#!/usr/bin/env bash
# A mart belongs to its user: pg_dump and restore carry it whole with its models, states and edited rules, and dropping the
# extension takes no row along.
. "$(dirname "$0")/lib/tests.sh"
restored=${PGDATABASE}_restored
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"; psql -XAtq -d postgres -c "drop database if exists $restored" 2> /dev/null' EXIT

sql "select from ecom.load_demo('shop', 500, 3000, 12, 11)" > /dev/null
sql "select from ecom.create_mart('shop months', 'month'); select from ecom.load_demo('shop months', 100, 500, 4, 11)" > /dev/null
sql "update shop.rfm_rule set segment = 'VIP' where scheme = 'groups_11' and segment = 'Champions';
     insert into shop.rfm_rule (scheme, priority, segment, r_min) values ('mine', 1, 'Recent', 4);
     select from ecom.set_setting('shop', 'rfm.bins', '4');
     select from ecom.refresh('shop');
     create table kept_state as select date_trunc('month', ordered_at) as month, ecom.rfm_agg(customer_key, order_id, ordered_at, revenue_amount) as state
     from shop.fact_sales where customer_key <> 0 group by 1;
     create table kept_model as select name, model from shop.model
     union all select 'bins', ecom.quantile_bins(revenue_amount, 10, false) from shop.fact_sales
     union all select 'rules', ecom.rfm_rules(p, md5(p::text), p % 5 + 1, p % 5 + 1, null, null, null, null, null, null, null, null) from generate_series(1, 400) p" > /dev/null

# What must be the same on both sides, one line each.
answers() {
    psql -XAtq -d "$1" <<'SQL'
select 'scores', count(*), md5(string_agg(s::text, ',' order by customer_key)) from ecom.rfm_score('shop') s;
select 'scores of my scheme', count(*), md5(string_agg(s::text, ',' order by customer_key)) from ecom.rfm_score('shop', scheme => 'mine') s;
select 'scores of the partitioned mart', count(*), md5(string_agg(s::text, ',' order by customer_key)) from ecom.rfm_score('shop months') s;
select 'results', count(*), md5(string_agg(s::text, ',' order by customer_key)) from shop.customer_rfm s;
select 'views', count(*), md5(string_agg(s::text, ',' order by segment)) from shop.rfm_segment s;
select 'lines', count(*), md5(string_agg(f::text, ',' order by sales_key)) from shop.fact_sales f;
select 'models', count(*), md5(string_agg(name || ecom.model_info(model)::text, ',' order by name)) from kept_model;
select 'model bytes', count(*), md5(string_agg(encode(ecom_internal.model_send(model), 'hex'), ',' order by name)) from kept_model;
select 'states', count(*), md5(string_agg(ecom_internal.state_send(state)::text, ',' order by month)) from kept_state;
select 'rolled up', count(*), md5(string_agg(r::text, ',' order by r.customer_key)) from (select ecom.rfm_rollup(state) as state from kept_state) s, ecom.rfm_rows(state) r;
select 'stored cut points', count(*), md5(string_agg((ecom.rfm_score(c.recency_days, c.frequency, c.monetary_amount, r.model, f.model, m.model))::text, ',' order by c.customer_key))
from shop.customer_rfm c, kept_model r, kept_model f, kept_model m where r.name = 'rfm.recency' and f.name = 'rfm.frequency' and m.name = 'rfm.monetary';
select 'settings', count(*), md5(string_agg(s::text, ',' order by name)) from ecom.settings('shop') s;
select 'rules', count(*), md5(string_agg(concat_ws(',', scheme, priority, segment), ',' order by scheme collate "C", priority)) from shop.rfm_rule;
select 'BI contract', count(*), '' from ecom.check_bi('shop');
SQL
}
answers "$PGDATABASE" > "$scratch/before"
is 'questions are answered' 14 "$(wc -l < "$scratch/before")"

# Plain SQL and the archive format, each into a new database.
for format in plain custom; do
    psql -XAtq -d postgres -c "drop database if exists $restored" -c "create database $restored" 2> /dev/null
    pg_dump -F "$format" -f "$scratch/dump" "$PGDATABASE" 2> "$scratch/errors"
    if [ "$format" = plain ]; then
        psql -Xq -v ON_ERROR_STOP=1 -d "$restored" -f "$scratch/dump" > /dev/null 2>> "$scratch/errors"
    else
        pg_restore --exit-on-error -d "$restored" "$scratch/dump" 2>> "$scratch/errors"
    fi
    is "$format dump restores" '0:' "$?:$(cat "$scratch/errors")"
    answers "$restored" > "$scratch/after"
    is "$format dump gives the same answers" '' "$(diff "$scratch/before" "$scratch/after")"
done
is 'the restored mart refreshes' 'done' "$(q -d "$restored" -c "select string_agg(distinct status, ',') from ecom.refresh('shop')")"
is 'the restored mart takes new lines' 1 "$(q -d "$restored" -c "select loaded_lines from ecom.load_sales('shop',
    \$\$select 'new-1' as order_id, 'C-new' as customer_id, date '2025-12-30' as order_date, 10 as revenue\$\$)")"

# DROP EXTENSION: refused while tables hold models, and with CASCADE only the columns of its types go.
rows_left() {
    sql "select string_agg(t || ' ' || n, ',' order by t) from (
        select 'fact_sales' as t, count(*) as n from shop.fact_sales union all select 'dim_customer', count(*) from shop.dim_customer
        union all select 'customer_rfm', count(*) from shop.customer_rfm union all select 'rfm_rule', count(*) from shop.rfm_rule
        union all select 'model', count(*) from shop.model union all select 'kept_model', count(*) from kept_model
        union all select 'partitions', count(*) from \"shop months\".fact_sales union all select 'rfm_customer', count(*) from shop.rfm_customer) c"
}
before=$(rows_left)
is 'drop extension is refused' 2BP01 "$(psql -XAtq -v VERBOSITY=sqlstate -c 'drop extension ecom_analytics' 2>&1 | grep -o 2BP01)"
psql -XAtq -c 'drop extension ecom_analytics cascade' 2> /dev/null
is 'with cascade every row stays' "$before" "$(rows_left)"
is 'the extension is gone' 0 "$(sql "select count(*) from pg_proc where pronamespace in (select oid from pg_namespace where nspname in ('ecom', 'ecom_internal'))")"
finish
