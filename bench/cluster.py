"""k-means: from rows in the database to a fitted model, against scikit-learn (https://scikit-learn.org).

scikit-learn stops every start when its centres move little; ours compares the starts there and runs the best of them until
no label changes. Its inertia is required not to be the larger one. Fetching the rows is shown apart, so that the fit alone
can be compared as well."""

import os

import numpy
import pandas
import sqlalchemy
from threadpoolctl import threadpool_limits

from lib.case import Case
from lib.measure import Contestant, Pair, Run, clock, isolated, require

STARTS = 10
# An optimum that one side's random starts find and the other's do not: seen between seeds of either.
LUCK = 1e-3


def make_customers(server, rows):
    """Recency, frequency and amount of customers who share a taste for buying, after Box-Cox and scaling."""
    server.rows("select setseed(0.42)")
    server.rows(f"""
        create table bench.raw as
        select floor(-120 * ln(1 - random()) / (0.3 + taste))::float8 + 1 as x1, 1 + floor(-4 * taste * ln(1 - random()))::float8 as x2,
               round(exp(3.5 + taste + 0.6 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))::numeric, 2)::float8 as x3
        from (select -ln(1 - random()) as taste from generate_series(1, {rows}) n offset 0) c""")
    server.create("points", """
        select f[1] as x1, f[2] as x2, f[3] as x3
        from (select ecom.transform(m.model, array[x1, x2, x3]) as f
              from bench.raw, (select ecom.preprocessor_fit(array[x1, x2, x3], 'boxcox', 'standard') as model from bench.raw) m offset 0) s""")
    server.drop("raw")


def make_profiles(server, rows):
    """Twenty features around twenty centres, overlapping."""
    columns = ", ".join(f"c.center[{j}] + sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) as x{j}" for j in range(1, 21))
    server.rows("select setseed(0.42)")
    server.rows("""
        create table bench.centers as
        select n, array_agg(2 * random()) as center from generate_series(0, 19) n, generate_series(1, 20) j group by n""")
    server.create("points", f"select {columns} from generate_series(1, {rows}) i, bench.centers c where c.n = i % 20")
    server.drop("centers")


def scikit_learn(columns, k, threads):
    """read_sql, then KMeans with its defaults and the starts of ours."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    from sklearn.cluster import KMeans
    engine = sqlalchemy.create_engine("postgresql+psycopg2://")
    frame, fetch = clock(pandas.read_sql, f"select {', '.join(columns)} from bench.points", engine)
    rows = numpy.ascontiguousarray(frame.to_numpy())
    with threadpool_limits(threads):
        model, fit = clock(KMeans(n_clusters=k, n_init=STARTS, random_state=1).fit, rows)
    return Run((float(model.inertia_),), fetch + fit, {"fetch": fetch, "fit": fit, "iterations": float(model.n_iter_)})


def not_worse(ours, peer):
    require(float(ours[0]) <= peer[0] * (1 + LUCK), ours, peer)


def compared(features, clusters, make):
    def execute(bench, rows):
        server = bench.server
        make(server, rows)
        columns = [f"x{j}" for j in range(1, features + 1)]
        for k in clusters:
            statement = f"""select (ecom.model_info(ecom.kmeans_fit(array[{', '.join(columns)}], {k}, '{{"n_init": {STARTS}}}')) ->> 'inertia')::float8
                            from bench.points"""
            pairs = []
            for threads in (1, 2):
                def ours(threads=threads):
                    server.rows(f"set ecom_analytics.max_threads = {threads}")
                    return server.query("", statement).execute()

                pairs.append(Pair(Contestant(f"ours, {threads} thread{'s'[:threads - 1]}", ours),
                                  Contestant("scikit-learn", lambda threads=threads: isolated(scikit_learn, columns, k, threads)), not_worse))
            bench.compare(rows, pairs, f", k = {k}")
        server.drop("points")
    return execute


def notebook(query):
    """The pipeline as notebooks have it: read_sql, groupby, Box-Cox, StandardScaler, KMeans."""
    from scipy.stats import boxcox
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler
    engine = sqlalchemy.create_engine("postgresql+psycopg2://")
    frame, fetch = clock(pandas.read_sql, query, engine)

    def segments():
        bought = frame[~frame.is_return].groupby("customer_key").agg(last_at=("ordered_at", "max"), frequency=("order_id", "nunique"))
        customers = bought.join(frame.groupby("customer_key").revenue_amount.sum())
        as_of = frame.ordered_at.max().normalize() + pandas.Timedelta(days=1)
        customers["recency"] = (as_of - customers.last_at.dt.normalize()).dt.days
        features = numpy.empty((len(customers), 3))
        for j, name in enumerate(("recency", "frequency", "revenue_amount")):
            values = customers[name].to_numpy(float)
            features[:, j] = boxcox(values + (1 - values.min() if values.min() <= 0 else 0))[0]
        return KMeans(n_clusters=3, n_init=STARTS, random_state=1).fit_predict(StandardScaler().fit_transform(features))

    clusters, computation = clock(segments)
    return Run(tuple(sorted(int(n) for n in numpy.bincount(clusters))), fetch + computation, {"fetch": fetch, "computation": computation})


def same_sizes(ours, peer):
    """Segments have as many customers, but for the few that a lambda found to 1e-7 puts on the other side of a border."""
    require(len(ours) == len(peer) and all(abs(a - b) <= 0.005 * sum(peer) for a, b in zip(ours, peer)), ours, peer)


def pipeline(bench, rows):
    server = bench.server
    server.rows("drop schema if exists bench_mart cascade")
    line_count = server.value(f"select loaded_lines from ecom.load_demo('bench_mart', customers => {rows // 10}, orders => {rows * 2 // 5})")
    server.warm("bench_mart.fact_sales")
    server.rows("select ecom.set_setting('bench_mart', 'segments.n_init', '10')")
    segments = server.query("", "select array_agg(n order by n) from (select count(*) as n from ecom.kmeans_segment('bench_mart') group by segment) s", 2)

    def ours():
        run = segments.execute()
        return run._replace(answer=tuple(run.answer[0]))

    peer = Contestant("pandas, scipy and scikit-learn", lambda: isolated(
        notebook, "select customer_key, order_id, ordered_at, revenue_amount::float8, is_return from bench_mart.fact_sales where customer_key <> 0"))
    bench.compare(line_count, [Pair(Contestant("kmeans_segment(mart), lines", ours), peer, same_sizes)], ", sales not rolled up")
    server.rows("select * from ecom.refresh('bench_mart', '{sales}')")
    server.warm("bench_mart.customer_summary")
    server.warm("bench_mart.dim_customer")
    bench.compare(line_count, [Pair(Contestant("kmeans_segment(mart), kept sums", ours), peer, same_sizes)], ", after refresh")
    server.rows("drop schema bench_mart cascade")


CASES = (
    Case("pipeline", "RFM, Box-Cox, scaling, three segments: from order lines to every customer's", pipeline),
    Case("rfm", "three features, k of 3, 5 and 8, best of 10 starts", compared(3, (3, 5, 8), make_customers), "rows", 1_000_000),
    Case("profiles", "twenty features, k = 20, best of 10 starts", compared(20, (20,), make_profiles), "rows", 100_000),
)
