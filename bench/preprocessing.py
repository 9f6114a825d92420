"""Preprocessing and cluster measures: from rows in the database to fitted numbers, against scipy and scikit-learn."""

import math

import pandas
import scipy.stats
import sqlalchemy
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

from lib.case import Case
from lib.measure import Contestant, Pair, Run, clock, isolated, require

WORKERS = 2
COLUMNS = ["recency", "frequency", "monetary"]
FEATURES = "array[recency, frequency, monetary]"


def make_customers(server, rows):
    """Skewed and tied as recency, frequency and amounts are; labels are blocks of recency."""
    server.create("customers", f"""
        select recency, frequency, monetary, width_bucket(ln(recency), 0, 8, 4) as cluster
        from (select floor(-120 * ln(1 - random()))::float8 + 1 as recency, 1 + floor(-6 * ln(1 - random()))::float8 as frequency,
                     round(exp(3.5 + 0.8 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))::numeric, 2)::float8 as monetary
              from generate_series(1, {rows}) n) c""")


def read(columns):
    engine = sqlalchemy.create_engine("postgresql+psycopg2://")
    return clock(pandas.read_sql, f"select {', '.join(columns)} from bench.customers", engine)


def peer(columns, compute):
    """read_sql, then what a notebook does with the frame."""
    frame, extraction = read(columns)
    answer, computation = clock(compute, frame)
    return Run(answer, extraction + computation, {"extraction": extraction, "computation": computation})


def within(tolerance):
    def agree(ours, theirs):
        require(all(math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance) for a, b in zip(ours, theirs)), ours, theirs)
    return agree


def box_cox_and_scale(frame):
    """Lambdas, means and deviations of each column; Box-Cox by scipy, scaling by scikit-learn."""
    answer = []
    for name in COLUMNS:
        transformed, lambda_ = scipy.stats.boxcox(frame[name].to_numpy())
        scaler = StandardScaler().fit(transformed.reshape(-1, 1))
        answer += [lambda_, float(scaler.mean_[0]), float(scaler.scale_[0])]
    return tuple(answer)


def components(frame):
    return tuple(float(v) for v in PCA().fit(frame.to_numpy()).explained_variance_)


def silhouette(frame):
    return (float(silhouette_score(frame[COLUMNS].to_numpy(), frame["cluster"].to_numpy())),)


def compared(statement, name, columns, compute, tolerance):
    def execute(bench, rows):
        server = bench.server
        make_customers(server, rows)
        contestant = Contestant(name, lambda: isolated(peer, columns, compute))
        bench.compare(rows, [Pair(server.planned("ours", statement, workers), contestant, within(tolerance))
                             for workers in (0, WORKERS)])
        server.drop("customers")
    return execute


PREPROCESS = ", ".join(f"max({field}) filter (where feature = {i})" for i in (1, 2, 3) for field in ("lambda", "centre", "scale"))

CASES = (
    Case("pipeline", "Box-Cox and standard scaling of three columns",
         compared(f"""
             select {PREPROCESS}
             from (select ecom.preprocessor_fit({FEATURES}, 'boxcox', 'standard') as model from bench.customers) m, ecom.preprocessor_columns(m.model)""",
                  "scipy and scikit-learn", COLUMNS, box_cox_and_scale, 1e-5), "rows"),
    Case("pca", "principal components of three columns",
         compared(f"""
             select max(explained_variance) filter (where component = 1), max(explained_variance) filter (where component = 2),
                    max(explained_variance) filter (where component = 3)
             from (select ecom.pca_fit({FEATURES}) as model from bench.customers) m, ecom.pca_components(m.model)""",
                  "scikit-learn", COLUMNS, components, 1e-9), "rows"),
    Case("silhouette", "all pairs of rows",
         compared(f"select ecom.silhouette_score({FEATURES}, cluster) from bench.customers",
                  "scikit-learn", [*COLUMNS, "cluster"], silhouette, 1e-9), "rows", 20_000),
)
