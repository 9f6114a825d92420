"""Random forests: from rows in the database to a fitted model and scored rows, against scikit-learn, ranger and xgboost.

100 trees of depth 10 on seven features of churning customers, then the probability of every row. Peers fetch the rows by
read_sql (ranger by a binary file of them, whose making is not counted); fetch, fit and score are shown apart. Answers
agree when the areas under the ROC curve do: forests are random."""

import subprocess
import tempfile

import numpy
import pandas
import sqlalchemy

from lib.case import Case
from lib.measure import Contestant, Pair, Run, clock, isolated, require

TREES = 100
DEPTH = 10
FEATURES = [f"x{j}" for j in range(1, 8)]
SEEDS_DIFFER_BY = 0.01


def make_customers(server, rows):
    """Recency, frequency, amount, order value, tenure, interval and products; three in ten leave, the more so the longer they were away."""
    server.create("churners", f"""
        select (random() < 1 / (1 + exp(-(x1 / 60 - 0.12 * x2 + 0.6 * sin(x5 / 40) - 2.1)))) as churned, x1, x2, x3, x4, x5, x6, x7
        from (select floor(-60 * ln(1 - random()))::float8 as x1, 1 + floor(-5 * ln(1 - random()))::float8 as x2,
                     exp(3 + sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())) as x3, exp(2 + 0.5 * random()) as x4,
                     floor(700 * random())::float8 as x5, -30 * ln(1 - random()) as x6, floor(12 * random())::float8 as x7
              from generate_series(1, {rows}) n offset 0) c""")


def read():
    engine = sqlalchemy.create_engine("postgresql+psycopg2://")
    frame = pandas.read_sql(f"select churned, {', '.join(FEATURES)} from bench.churners", engine)
    return frame[FEATURES].to_numpy(), frame["churned"].to_numpy().astype(int)


def area(labels, scores):
    """ROC AUC by ranks, ties shared."""
    ranks = pandas.Series(scores).rank().to_numpy()
    positive = labels == 1
    n1, n0 = positive.sum(), (~positive).sum()
    return float((ranks[positive].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


def python_peer(jobs, make):
    (x, y), fetch = clock(read)
    model = make(jobs)
    _, fit = clock(model.fit, x, y)
    scores, score = clock(lambda: model.predict_proba(x)[:, 1])
    return Run((area(y, scores),), fetch + fit + score, {"fetch": fetch, "fit": fit, "score": score})


def scikit_learn(jobs):
    from sklearn.ensemble import RandomForestClassifier
    return RandomForestClassifier(TREES, max_depth=DEPTH, n_jobs=jobs, random_state=1)


def xgboost_hist(jobs):
    import xgboost
    return xgboost.XGBRFClassifier(n_estimators=TREES, max_depth=DEPTH, tree_method="hist", n_jobs=jobs, random_state=1,
                                   colsample_bynode=(2.5 / 7), subsample=0.63)


RANGER = """
p <- commandArgs(TRUE); n <- as.integer(p[2])
f <- file(p[1], "rb"); v <- readBin(f, "double", n * 8); close(f)
d <- as.data.frame(matrix(v, nrow = n)); names(d) <- c("churned", paste0("x", 1:7)); d$churned <- factor(d$churned)
fit <- system.time(m <- ranger::ranger(churned ~ ., d, num.trees = 100, max.depth = 10, probability = TRUE, num.threads = as.integer(p[3]), seed = 1, oob.error = FALSE))[["elapsed"]]
score <- system.time(s <- predict(m, d, num.threads = as.integer(p[3]))$predictions[, "1"])[["elapsed"]]
r <- rank(s); y <- d$churned == "1"; n1 <- sum(y)
cat(fit, score, (sum(r[y]) - n1 * (n1 + 1) / 2) / (n1 * (n - n1)), sep = "\\n")
"""


def ranger(jobs):
    (x, y), fetch = clock(read)
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        numpy.column_stack([y.astype(float), x]).ravel(order="F").tofile(file)
        file.flush()
        answer = subprocess.run(["Rscript", "--vanilla", "-e", RANGER, file.name, str(len(y)), str(jobs)],
                                capture_output=True, text=True, check=True).stdout.split()
    fit, score, auc = map(float, answer)
    return Run((auc,), fetch + fit + score, {"fetch": fetch, "fit": fit, "score": score})


def ours(server, threads):
    """Fit into a model, then the probability of every row, in two statements."""
    row = f"(select {', '.join(FEATURES)}) f"

    def execute():
        server.rows(f"set ecom_analytics.max_threads = {threads}; set max_parallel_workers_per_gather = {threads - 1}")
        server.rows("drop table if exists bench.forest")
        _, fit = clock(server.rows, f"""create table bench.forest as
            select ecom.forest_fit(churned, f, '{{"trees": {TREES}, "max_depth": {DEPTH}}}') as model from bench.churners, lateral {row}""")
        _, score = clock(server.rows, f"""select sum(ecom.predict_prob((select model from bench.forest), f)) from bench.churners, lateral {row}""")
        # Not counted: the peers' answer is theirs to compute.
        auc = server.value(f"""select (ecom.classification_metrics(churned, ecom.predict_prob((select model from bench.forest), f))).roc_auc
                               from bench.churners, lateral {row}""")
        return Run((float(auc),), fit + score, {"fit": fit, "score": score})

    return Contestant(f"ours, {threads} thread{'s'[:threads - 1]}", execute)


def level(ours_answer, peer_answer):
    require(ours_answer[0] >= peer_answer[0] - SEEDS_DIFFER_BY, ours_answer, peer_answer)


def forests(bench, rows):
    server = bench.server
    make_customers(server, rows)
    for jobs in (1, 2):
        own = ours(server, jobs)
        peers = {"scikit-learn": lambda: isolated(python_peer, jobs, scikit_learn),
                 "xgboost hist": lambda: isolated(python_peer, jobs, xgboost_hist),
                 "ranger": lambda: ranger(jobs)}
        bench.compare(rows, [Pair(own, Contestant(name, peer), level) for name, peer in peers.items()], f", {jobs} job{'s'[:jobs - 1]}")
    server.drop("churners")
    server.rows("drop table bench.forest")


CASES = (Case("forest", f"{TREES} trees of depth {DEPTH} on seven features, fit and score", forests, "rows", 1_000_000),)
