#!/usr/bin/env bash
# Errors and cancels leave no memory behind, every long call ends soon after a cancel, and ecom.progress moves.
. "$(dirname "$0")/lib/tests.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

sql "create function memory_error(kind int) returns void language plpgsql as \$\$
begin
    case kind % 8
        when 0 then perform ecom.rfm_agg(v, v, timestamp '2024-01-01', case when v = 5000 then numeric 'NaN' else 1 end) from generate_series(1::bigint, 5000) v;
        when 1 then perform ecom.rfm_agg('customer ' || v, 'order ' || v, timestamp '2024-01-01', case when v = 5000 then float8 'NaN' else 1 end) from generate_series(1, 5000) v;
        when 2 then perform s.r from (select ecom.rfm_agg(v, v, timestamp '2024-01-01', 1::numeric) as state from generate_series(1::bigint, 5000) v) a, ecom.rfm_rows(state, bins => 11) s;
        when 3 then perform ecom.rfm_score(case when v = 5000 then float8 'NaN' else v end, 1, v) over () from generate_series(1, 5000) v;
        when 4 then perform ecom.quantile_bins(case when v = 20000 then float8 'NaN' else v end, 5, false) from generate_series(1, 20000) v;
        when 5 then perform ecom.rfm_segment(1, 1, 1, rules => (select ecom.quantile_bins(v, 5, false) from generate_series(1, 20000) v));
        when 6 then perform repeat('[', 100000)::ecom.model;
        when 7 then perform ecom.rfm_rollup(state) from (select ecom.rfm_agg(v, v, timestamp '2024-01-01', 1::numeric) as state from generate_series(1::bigint, 5000) v
                            union all select ecom.rfm_agg(v, timestamp '2024-01-01', 1::numeric) from generate_series(1::bigint, 5000) v) s;
    end case;
    raise exception 'kind % did not fail', kind using errcode = 'assert_failure';
end
\$\$;
create function memory_errors(count int) returns bigint language plpgsql as \$\$
declare
    failed bigint := 0;
begin
    for i in 1 .. count loop
        begin
            perform public.memory_error(i);
        exception when sqlstate '22003' or sqlstate '22023' or sqlstate '42804' or sqlstate 'XX001' then
            failed := failed + 1;
        end;
    end loop;
    return failed;
end
\$\$"
# Private memory of the session in kB, before, between and after.
anonymous="\\! sed -n 's/^RssAnon:[^0-9]*\\([0-9]*\\).*/memory \\1/p' /proc/\$backend/status"
{
    echo 'select pg_backend_pid() as backend \gset'
    echo '\setenv backend :backend'
    echo 'select memory_errors(64);'
    echo "$anonymous"
    echo 'select memory_errors(500);'
    echo "$anonymous"
    for i in $(seq 500); do
        echo "set statement_timeout = '8ms';"
        case $((i % 3)) in
            0) echo "select count(*) from (select ecom.rfm_agg(v, v, timestamp '2024-01-01', 1::numeric) as s from generate_series(1::bigint, 3000000) v) q;" ;;
            1) echo "select count(s) from (select ecom.rfm_score(v, v, v) over () as s from generate_series(1, 3000000) v) q;" ;;
            2) echo "select count(*) from (select ecom.quantile_bins(v, 5, false) as s from generate_series(1, 9000000) v) q;" ;;
        esac
    done
    echo "$anonymous"
} | psql -XAtq > "$scratch/memory" 2> "$scratch/errors"
mapfile -t memory < <(sed -n 's/^memory //p' "$scratch/memory")
if [ "${#memory[@]}" -eq 3 ]; then
    is '500 errors are errors' '64 500' "$(grep -v memory "$scratch/memory" | paste -sd ' ')"
    echo "500 errors: $((memory[1] - memory[0])) kB more; 500 cancelled statements: $((memory[2] - memory[1])) kB more"
    is '500 statements were cancelled' 500 "$(grep -c 'canceling statement due to statement timeout' "$scratch/errors")"
    is '500 errors leave less than 20 MB' 1 $((memory[1] - memory[0] < 20480))
    is '500 cancels leave less than 20 MB' 1 $((memory[2] - memory[1] < 20480))
else
    skip memory 'the memory of a server process cannot be read here'
fi

sql "create function cancel(victim text) returns numeric language plpgsql as \$\$
declare
    victim_pid int;
    cancelled_at timestamptz;
begin
    select pid into victim_pid from pg_stat_activity where application_name = victim and state = 'active';
    if victim_pid is null then
        return null;
    end if;
    cancelled_at := clock_timestamp();
    perform pg_cancel_backend(victim_pid);
    loop
        perform pg_stat_clear_snapshot();
        exit when not exists (select from pg_stat_activity where pid = victim_pid and state = 'active');
        exit when clock_timestamp() > cancelled_at + interval '20 s';
        perform pg_sleep(0.001);
    end loop;
    return round(extract(epoch from clock_timestamp() - cancelled_at) * 1000);
end
\$\$"

# cancels NAME STATEMENT DELAY...: cancels the statement after each delay in seconds; the longest wait for its end counts.
# 100 ms are promised; the rest is for a busy machine to schedule the processes. Without JIT, because nothing stops the
# server's compiler.
cancels() {
    local name=$1 statement=$2 delay milliseconds worst=0 cancelled=0
    shift 2
    for delay; do
        PGAPPNAME=victim PGOPTIONS='-c jit=off' psql -XAtq -c "$statement" > /dev/null 2> "$scratch/victim" &
        sleep "$delay"
        milliseconds=$(sql "select cancel('victim')")
        wait $!
        grep -q 'canceling statement due to user request' "$scratch/victim" && cancelled=$((cancelled + 1))
        [ "${milliseconds:-0}" -gt "$worst" ] && worst=$milliseconds
    done
    echo "cancel of $name: $cancelled of $# cancelled, at most $worst ms"
    is "cancel of $name" 1 $((cancelled > 0 && worst <= 250))
}
# timeout NAME STATEMENT: the same by statement_timeout.
timeout_ends() {
    local name=$1 statement=$2 begin end
    begin=$(date +%s%N)
    PGOPTIONS='-c statement_timeout=300ms' psql -XAtq -c "$statement" > /dev/null 2> "$scratch/victim"
    end=$(date +%s%N)
    echo "timeout of $name: $(((end - begin) / 1000000 - 300)) ms after the limit, connection included"
    is "timeout of $name" 1 "$(grep -c 'canceling statement due to statement timeout' "$scratch/victim")"
}

sql "create unlogged table lines as
     select (v * 7919) % 700001 as customer, v / 2 as order_id, timestamp '2024-01-01' + (v * 104729 % 25920000) * interval '1 second' as ts, v % 1000 as amount
     from generate_series(1::bigint, 3000000) v"
sql "create view scored_lines as select s.* from (select ecom.rfm_agg(customer, order_id, ts, amount::numeric) as state from lines) a, ecom.rfm_rows(state) s"
cancels 'rfm_agg and rfm_rows' 'select count(*) from scored_lines' 0.1 0.4 0.8 1.2 1.6 2.0 2.4
# One process: all of its time is ours, and the scores take as long as the state.
cancels 'rank scores' "set max_parallel_workers_per_gather = 0;
    select count(*) from (select ecom.rfm_agg('customer ' || customer, order_id, ts, amount::numeric) as state from lines) a,
    ecom.rfm_rows(state, method => 'ntile')" 0.4 0.7 0.9 1.0 1.1 1.2 1.3 1.4 1.5 1.6 1.8 2.2
cancels 'orders of one customer' "set max_parallel_workers_per_gather = 0;
    select count(*) from (select ecom.rfm_agg(1::bigint, order_id * 7919 % 3000017, ts, amount::numeric) as state from lines) a,
    ecom.rfm_rows(state)" 0.2 0.25 0.3 0.35 0.4 0.45 0.5
cancels 'rfm_scan' "select count(*) from (select ecom.rfm_scan('select customer, order_id, ts, amount::numeric from lines') as state offset 0) a,
    ecom.rfm_rows(state)" 0.1 0.2 0.3 0.4 0.5
cancels 'quantile_bins' 'select ecom.quantile_bins(sin(v), 10, false) from generate_series(1, 8000000) v' 0.5 1.0 1.2 1.4 1.6 1.8 2.0
cancels 'rfm_score over a query' 'select count(s) from (select ecom.rfm_score(v, v % 7 + 1, v % 1000) over () as s from generate_series(1, 1000000) v) q' \
    0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8
# A small shop: the server ends a cancelled transaction by deleting the files of its new tables, 100 ms for 2.5 million lines.
cancels 'load_demo' "select * from ecom.load_demo('cancelled', 60000, 200000)" 0.1 0.2 0.3 0.5 1.0 1.5 2.0
is 'a cancelled load_demo leaves nothing' 0 "$(sql "select count(*) from pg_namespace where nspname = 'cancelled'")"
timeout_ends 'rfm_agg' 'select count(*) from scored_lines'
timeout_ends 'rfm_score over a query' 'select count(s) from (select ecom.rfm_score(v, v % 7 + 1, v) over () as s from generate_series(1, 1000000) v) q'
timeout_ends 'load_demo' "select * from ecom.load_demo('cancelled', 100000, 1000000)"

# seen NAME STATEMENT: what a second session sees in ecom.progress while the statement runs.
seen() {
    local name=$1 statement=$2
    PGAPPNAME=victim psql -XAtq -c "$statement" > /dev/null &
    local victim=$!
    while kill -0 "$victim" 2> /dev/null; do
        echo 'select step, done from ecom.progress;'
        sleep 0.02
    done | psql -XAtq > "$scratch/progress"
    wait "$victim"
    local values
    values=$(sort -u "$scratch/progress" | grep -c '|')
    echo "progress of $name: $values different values, $(grep -c '|' "$scratch/progress") looks"
    is "progress of $name moves" 1 $((values >= 2))
}
seen 'load_demo' "select * from ecom.load_demo('watched', 60000, 200000)"
seen 'refresh' "select * from ecom.refresh('watched')"
is 'no bar is left' 0 "$(sql 'select count(*) from ecom.progress')"
cancels 'refresh' "select * from ecom.refresh('watched')" 0.05 0.1 0.2 0.3 0.5 0.8
cancels 'check_mart' "select * from ecom.check_mart('watched', today => current_date)" 0.1 0.2 0.4 0.6 0.8
sql "create unlogged table raw as
     select order_id, ordered_at::text, customer_id, quantity::text, unit_price::text
     from watched.fact_sales join watched.dim_customer using (customer_key)"
sql "select ecom.create_mart('loaded')" > /dev/null
cancels 'load_sales' "select * from ecom.load_sales('loaded', 'raw')" 0.1 0.5 1.0 1.5 2.0 3.0
is 'a cancelled load_sales leaves nothing' 0 "$(sql 'select count(*) from loaded.fact_sales')"
is 'a cancelled refresh leaves the old results' 60000 "$(sql 'select count(*) from watched.customer_rfm')"
finish
