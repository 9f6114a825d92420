#!/usr/bin/env bash
# k-means on data with known answers: inertia never above scikit-learn's best of ten starts, the same inertia from the same
# initial centres, and Online Retail (UCI id 352) from order lines to segments in one statement.
. "$(dirname "$0")/lib/tests.sh"
file=$reference/customer_reference.json
need cluster "$file" "$reference/det_customers.csv"

load_reference "$file"
load_customers
sql "create table customer_ready as
     select id, ecom.transform(model, array[recency, frequency, monetary]) as x
     from customer, (select ecom.preprocessor_fit(array[recency, frequency, monetary], 'boxcox', 'standard') as model from customer) m"

# inertia TABLE K [OPTIONS]: of the model of the rows x.
inertia() { echo "(select (ecom.model_info(ecom.kmeans_fit(x, $2, '${3:-{\}}')) ->> 'inertia')::float8 from $1)"; }
# not_worse NAME TABLE K PATH TOLERANCE: the lambdas behind the reference's numbers carry an error of their own.
not_worse() { is "$1" t "$(sql "select $(inertia "$2" "$3") <= $(number "$4") * (1 + $5)")"; }

for k in 2 3 4 5 6 8; do not_worse "customers, k = $k" customer_ready "$k" "kmeans,det_boxcox_standardized,$k,inertia" 1e-6; done

# scikit-learn itself, where it is installed: the flowers of iris, and Lloyd's iterations from the first k rows.
python=/usr/bin/python3
if "$python" -c 'import sklearn' 2> /dev/null; then
    sql 'create table iris (id serial, x float8[]); create table peer (data text, k int, inertia float8, iterations int, centers text)'
    "$python" -c '
from sklearn.datasets import load_iris
for row in load_iris().data: print("{" + ",".join(map(str, row)) + "}")' | sed 's/.*/"&"/' | q -c '\copy iris (x) from pstdin with (format csv)'
    q -c "\copy (select 'iris', id, x from iris union all select 'customer_ready', id, x from customer_ready order by 1, 2) to pstdout" | "$python" -c '
import sys, json
import numpy
from sklearn.cluster import KMeans
rows = {}
for line in sys.stdin:
    name, _, x = line.rstrip("\n").split("\t")
    rows.setdefault(name, []).append([float(v) for v in x[1:-1].split(",")])
for name, x in rows.items():
    x = numpy.array(x)
    for k in (3, 5, 8):
        start = x[:k]
        model = KMeans(n_clusters=k, init=start, n_init=1, tol=0, max_iter=1000, algorithm="lloyd").fit(x)
        print(name, k, repr(float(model.inertia_)), model.n_iter_, json.dumps([repr(float(v)) for v in start.ravel()]).replace("\"", ""), sep="\t")' |
        q -c '\copy peer from pstdin'
    # Silhouettes of single rows.
    sql 'create table peer_silhouette (id int, label int, value float8)'
    q -c "\copy (select id, x from iris order by id) to pstdout" | "$python" -c '
import sys
import numpy
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_samples
ids, rows = zip(*(line.rstrip("\n").split("\t") for line in sys.stdin))
x = numpy.array([[float(v) for v in row[1:-1].split(",")] for row in rows])
labels = KMeans(n_clusters=4, init=x[:4], n_init=1).fit_predict(x)
for row in zip(ids, labels, silhouette_samples(x, labels)): print(row[0], row[1], repr(float(row[2])), sep="\t")' | q -c '\copy peer_silhouette from pstdin'
    is 'silhouettes of single flowers' t "$(sql "
        select count(*) = 150 and max(abs(ours - value)) < 1e-9
        from (select value, ecom.silhouette_samples(x, label) over () as ours from peer_silhouette join iris using (id)) s")"
    for k in 2 3 4 5 8; do not_worse "iris, k = $k" iris "$k" "kmeans,iris_raw,$k,inertia" 1e-9; done
    for table in iris customer_ready; do
        for k in 3 5 8; do
            centers=$(sql "select centers from peer where data = '$table' and k = $k")
            is "$table, k = $k from the first rows" t "$(sql "
                select abs($(inertia "$table" "$k" "{\"initial_centers\": $centers}") / inertia - 1) < 1e-9 from peer where data = '$table' and k = $k")"
        done
    done
else
    skip 'iris and equal starts' 'python3-sklearn is not installed'
fi

file=$data/online_retail.csv.gz
if [ ! -r "$file" ]; then
    skip 'Online Retail' 'online_retail.csv.gz is not there'
    finish
fi
sql 'create table line (invoice text, product text, description text, quantity numeric, sold_at timestamp, price numeric, customer bigint, country text)'
zcat "$file" | q -c '\copy line from pstdin with (format csv, header)'

# Order lines, recency, frequency and amount, Box-Cox, scaling, three clusters, and the segments' sizes.
sizes=$(sql "
    select string_agg(n::text, ' ' order by cluster)
    from (select cluster, count(*) as n
          from (select ecom.kmeans_segment(array[r.recency_days, r.frequency, r.monetary::float8], 3, options => '{\"transform\": \"boxcox\", \"scaling\": \"standard\"}') over () as cluster
                from (select ecom.rfm_agg(customer, invoice, sold_at, quantity * price) as state from line where customer is not null and quantity > 0 and price > 0) s,
                     ecom.rfm_rows(s.state, '2011-12-10') r) c
          group by cluster) g")
is 'Online Retail, sizes of three segments' '1081 1610 1647' "$sizes"
sql "create table retail_ready as
     with retail as (select r.customer_key as id, array[r.recency_days, r.frequency, r.monetary::float8] as x
                     from (select ecom.rfm_agg(customer, invoice, sold_at, quantity * price) as state from line where customer is not null and quantity > 0 and price > 0) s,
                          ecom.rfm_rows(s.state, '2011-12-10') r)
     select id, ecom.transform(m.model, x) as x from retail, (select ecom.preprocessor_fit(x, 'boxcox', 'standard') as model from retail) m"
for k in 2 3 4 5; do not_worse "Online Retail, k = $k" retail_ready "$k" "online_retail,kmeans_k$k,inertia" 1e-6; done
finish
