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

finish() {
    if [ $((passed + failed)) -eq 0 ]; then
        echo "skip $last_reason"
        exit 0
    fi
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
    exit
}
