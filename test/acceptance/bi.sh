#!/usr/bin/env bash
# What BI tools read of a mart, as a role made by ecom.grant_reader: the catalog queries of Power BI's navigator, an ODBC and a JDBC
# client, and queries in the shape of DirectQuery against every relation of the BI surface. No BI product runs here.
. "$(dirname "$0")/lib/tests.sh"
lib=$(cd "$(dirname "$0")/lib" && pwd)
scratch=$(mktemp -d)
drop_roles() {
    q -c 'drop schema if exists shop, navigator cascade' -c 'drop owned by bi_test_reader, bi_test_select_only' \
        -c 'drop role bi_test_reader, bi_test_select_only'
}
trap 'rm -rf "$scratch"; drop_roles > /dev/null 2>&1' EXIT

sql "select from ecom.load_demo('shop'); select from ecom.refresh('shop')" > /dev/null
q -f "$lib/bi_navigator.sql"
# A materialized view and a table of the user's own: what the navigator must not show.
sql "create materialized view shop.my_cube as select 1 as one;
     comment on materialized view shop.my_cube is 'One row per nothing.';
     create table shop.my_table (one int primary key);
     create role bi_test_reader login; create role bi_test_select_only login;
     select from ecom.grant_reader('shop', 'bi_test_reader');
     grant usage on schema shop to bi_test_select_only;
     do \$\$ declare t text; begin for t in select table_name from navigator.surface loop
         execute format('grant select on shop.%I to bi_test_select_only', t); end loop; end \$\$" > /dev/null 2>&1
reader() { PGUSER=bi_test_reader q -c "$1"; }
select_only() { PGUSER=bi_test_select_only q -c "$1"; }
relations=$(sql 'select table_name from navigator.surface order by table_name collate "C"')
is 'there is a BI surface' 1 "$((${#relations} > 100))"

# The navigator: names, columns and keys.
is 'the encoding is found' UTF8 "$(reader 'select * from navigator.character_set')"
is 'schemas shown' 'ecom ecom_internal shop' \
    "$(reader "select string_agg(distinct table_schema, ' ' order by table_schema) from navigator.relation")"
shown="select table_name from navigator.relation where table_schema = 'shop' order by table_name collate \"C\""
is 'inner tables shown' '' "$(comm -13 <(LC_ALL=C sort <<< "$relations") <(reader "$shown" | LC_ALL=C sort))"
is 'the navigator shows the BI surface' "$relations" "$(reader "$shown")"
is 'a role that may only select sees the same relations' "$relations" "$(select_only "$shown")"
is 'columns shown' \
    "$(sql 'select table_name, column_name from navigator.surface_column order by table_name collate "C", attnum')" \
    "$(reader "select table_name, column_name from navigator.relation_column
               where table_schema = 'shop' order by table_name collate \"C\", ordinal_position")"
is 'no type that the navigator calls user-defined' 0 "$(reader "select count(*) from navigator.relation_column
    where table_schema = 'shop' and data_type in ('USER-DEFINED', 'ARRAY', 'name', 'oid')")"
primary="select table_name, column_name from navigator.key_column
         where table_schema = 'shop' and constraint_type = 'PRIMARY KEY' order by 1, 2"
foreign="select table_name, column_name, referenced_table, referenced_column from navigator.reference_column
         where table_schema = 'shop' order by 1, 2, 3, 4"
expected_primary=$(sql "select table_name, column_name from navigator.surface_key where kind = 'p' order by 1, 2")
expected_foreign=$(sql "select table_name, column_name, referenced_table, referenced_column from navigator.surface_key
                        where kind = 'f' order by 1, 2, 3, 4")
is 'there are keys' 1 "$(($(wc -l <<< "$expected_primary") >= 10 && $(wc -l <<< "$expected_foreign") >= 15))"
is 'primary keys shown' "$expected_primary" "$(reader "$primary")"
is 'foreign keys shown' "$expected_foreign" "$(reader "$foreign")"
# Why grant_reader grants REFERENCES.
is 'a role that may only select sees no primary key' '' "$(select_only "$primary")"
is 'a role that may only select sees no foreign key' '' "$(select_only "$foreign")"
is 'the driver knows every type' '' "$(sql "select distinct type_name from navigator.surface_column
    where type_oid not in (select oid from navigator.driver_type)")"
is 'the driver does not know types without a binary form' 0 \
    "$(sql "select count(*) from navigator.driver_type where oid = 'aclitem'::regtype")"

# The contract, by our own check and by that of the shared folder.
is 'check_bi' '' "$(sql "select * from ecom.check_bi('shop')")"
is 'check_bi for the reader' '' "$(sql "select * from ecom.check_bi('shop', 'bi_test_reader')")"
lint=$(dirname "$data")/bi/bi_lint.sql
if [ -r "$lint" ]; then
    is bi_lint '' "$(q -v mart=shop -v reader=bi_test_reader -f "$lint")"
else
    skip bi_lint "$(basename "$lint") is not there"
fi

# DirectQuery: every relation by each of its columns.
sql 'select query from navigator.direct_query order by table_name collate "C", attnum' > "$scratch/direct.sql"
is 'a query for each column' "$(sql 'select count(*) from navigator.surface_column')" "$(wc -l < "$scratch/direct.sql")"
PGUSER=bi_test_reader q -f "$scratch/direct.sql" > "$scratch/direct.out" 2> "$scratch/direct.err"
is 'DirectQuery shapes run' '0:' "$?:$(cat "$scratch/direct.err")"
is 'DirectQuery sums' "$(sql 'select g.region, sum(f.revenue_amount), count(*)
                              from shop.fact_sales f join shop.dim_geography g using (geography_key) group by 1 order by 1')" \
    "$(PGUSER=bi_test_reader q -c 'discard all' -c 'select "x", "a0", "n" from (
        select "rows"."x", sum("rows"."y") as "a0", count(1) as "n" from (
            select "$Outer"."region" as "x", "$Inner"."revenue_amount" as "y"
            from (select "$Table"."geography_key", "$Table"."revenue_amount" from "shop"."fact_sales" "$Table") "$Inner"
            left outer join "shop"."dim_geography" "$Outer" on "$Inner"."geography_key" = "$Outer"."geography_key") "rows"
        group by "x" limit 1000001) "_" order by 1')"

# Drivers list inner tables as well, without the right to read them. among SEPARATOR: the lines about the BI surface.
among() { awk -F "$1" 'NR == FNR { shown[$1]; next } $1 in shown' <(echo "$relations") - | LC_ALL=C sort; }

# ODBC: names, types, keys and values.
export PGPORT=${PGPORT:-5432}
if ! /usr/bin/python3 -c 'import pyodbc, sys; sys.exit("PostgreSQL Unicode" not in pyodbc.drivers())' 2> /dev/null; then
    skip ODBC 'odbc-postgresql or python3-pyodbc is not installed'
else
    odbc() { PGUSER=bi_test_reader /usr/bin/python3 "$lib/bi_odbc.py" "$@"; }
    is 'ODBC columns and types' "$(odbc catalog | among ,)" \
        "$(sql "select concat_ws(',', table_name, column_name, type_name) from navigator.surface_column" | LC_ALL=C sort)"
    is 'ODBC primary keys' "$(tr '|' ',' <<< "$expected_primary" | LC_ALL=C sort)" "$(odbc keys | among ,)"
    for relation in $relations; do
        positions=$(sql "select string_agg(n::text, ', ' order by n) from (select row_number() over () as n
            from navigator.surface_column where table_name = '$relation') c")
        sql "copy (select '$relation', t.* from (select * from shop.\"$relation\" order by $positions limit 200) t) to stdout csv"
    done > "$scratch/psql.csv"
    # shellcheck disable=SC2086
    odbc values $relations > "$scratch/odbc.csv"
    # Which values are quoted does not matter.
    is 'ODBC values' '' "$(diff <(tr -d '"' < "$scratch/psql.csv") <(tr -d '"' < "$scratch/odbc.csv") | head -n 20)"
    is 'ODBC values are many' 1 "$(($(wc -l < "$scratch/odbc.csv") > 1000))"
fi

# JDBC: names, remarks, types and keys.
driver=/usr/share/java/postgresql.jar
if ! command -v javac > /dev/null; then
    skip JDBC 'no Java compiler is installed'
elif [ ! -r "$driver" ]; then
    skip JDBC 'libpostgresql-jdbc-java is not installed'
elif ! javac -d "$scratch" "$lib/BiJdbc.java" > "$scratch/javac" 2>&1; then
    is 'the JDBC client compiles' '' "$(cat "$scratch/javac")"
else
    PGUSER=bi_test_reader java -XX:TieredStopAtLevel=1 -cp "$scratch:$driver" BiJdbc > "$scratch/jdbc" 2> "$scratch/jdbc.err"
    is 'the JDBC client runs' '0:' "$?:$(cat "$scratch/jdbc.err")"
    jdbc() { grep "^$1|" "$scratch/jdbc" | cut -d '|' -f 2- | among '|'; }
    is 'JDBC relations and remarks' "$(jdbc relation)" \
        "$(sql "select table_name, split_part(obj_description(oid, 'pg_class'), E'\n', 1) from navigator.surface" | LC_ALL=C sort)"
    is 'JDBC columns, types and remarks' "$(jdbc column)" \
        "$(sql 'select table_name, column_name, type_name, remark from navigator.surface_column' | LC_ALL=C sort)"
    is 'JDBC primary keys' "$(LC_ALL=C sort <<< "$expected_primary")" "$(jdbc key)"
    is 'JDBC foreign keys' "$(LC_ALL=C sort <<< "$expected_foreign")" "$(jdbc reference)"
fi
finish
