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


CASES = (
    Case("rfm", "three features, k of 3, 5 and 8, best of 10 starts", compared(3, (3, 5, 8), make_customers), "rows", 1_000_000),
    Case("profiles", "twenty features, k = 20, best of 10 starts", compared(20, (20,), make_profiles), "rows", 100_000),
)
