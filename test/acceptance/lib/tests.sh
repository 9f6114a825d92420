# What the acceptance tests share. A test sources this, calls is and skip, and ends with finish.
#
# scripts/check runs them in a database of their own, with the server in PGHOST, PGPORT, PGUSER and PGDATABASE.
# ECOM_DATA names a folder with data sets in data/ and numbers of other implementations in reference/; neither is part
# of the project, so a test that needs one is skipped without it.
set -uo pipefail
data=${ECOM_DATA:-$(dirname "${BASH_SOURCE[0]}")/../../../../shared}/data
reference=$(dirname "$data")/reference
passed=0
failed=0
skipped=0
last_reason=

# q [psql options]: the answer of one query, columns separated by |.
q() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }
sql() { q -c "$1"; }

# is NAME EXPECTED ACTUAL
is() {
    if [ "$2" = "$3" ]; then
        echo "ok $1"
        passed=$((passed + 1))
    else
        echo "not ok $1: expected $2, got $3"
        failed=$((failed + 1))
    fi
}

skip() {
    echo "skip $1: $2"
    skipped=$((skipped + 1))
    last_reason=$2
}

# need NAME FILE...: the file, or the end of the test.
need() {
    local name=$1 file
    shift
    for file; do
        [ -r "$file" ] && continue
        skip "$name" "$(basename "$file") is not there"
        finish
    done
}

# load_reference FILE [KEY]: numbers of other implementations as the table reference (doc jsonb), of one key or all.
load_reference() {
    q -v file="$1" -v key="${2-}" <<'SQL'
\set content `sed 's/NaN/null/g' :'file'`
create table reference as select case when :'key' = '' then c else c -> :'key' end as doc from (select :'content'::jsonb) f (c);
SQL
}

# number PATH: of the reference, as SQL.
number() { echo "(select (doc #>> '{$1}')::float8 from reference)"; }

# close NAME TOLERANCE QUERY: whether its columns expected and actual are equal but for a share, below 1 for a difference.
close() {
    is "$1" t "$(sql "select coalesce(count(*) > 0 and bool_and(abs(expected - actual) <= $2 * greatest(1, abs(expected))), false) from ($3) q")"
}

# load_customers: the 3,000 generated customers of $reference/det_customers.csv as the table customer.
load_customers() {
    sql 'create table customer (id int primary key, recency int, frequency int, monetary float8, aov float8, tenure float8, ipt float8,
                                ncat int, churn int)'
    q -c '\copy customer from pstdin with (format csv, header)' < "$reference/det_customers.csv"
}

finish() {
    if [ $((passed + failed)) -eq 0 ]; then
        echo "skip $last_reason"
        exit 0
    fi
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
    exit
}
