"""Lifetime models: from the histories of customers to fitted models and expected orders, against scipy."""

import math

import numpy
import pandas
import scipy.optimize
import scipy.special
import sqlalchemy

from lib.case import Case
from lib.measure import Contestant, Pair, Run, clock, isolated, require

WORKERS = 2
HORIZON = 365


def make_histories(server, rows):
    """Customers of a Pareto/NBD shop in whole days: rates ~ Gamma(1, 60), leaving ~ Gamma(1, 120), both drawn by inversion.

    A customer who stays for a time makes a geometric number of orders in it, the last of n at the largest of n uniforms."""
    server.create("histories", f"""
        select customer, least(n, recency)::int as frequency, recency, age,
               case when n > 0 then (15 + 20 * random())::numeric(12,2)::float8 end as mean_spend
        from (select customer, n, age, case when n > 0 then greatest(1, least(age, ceil(stay * random() ^ (1.0 / n))))::int else 0 end as recency
              from (select customer, age, stay, floor(ln(1 - random()) / ln(stay / (60 + stay)))::int as n
                    from (select customer, age, greatest(least(age, 120 * (1 / (1 - random()) - 1)), 1e-6) as stay
                          from (select n as customer, 190 + floor(85 * random())::int as age from generate_series(1, {rows}) n) c) s) o) h""")


# What users of Python write: the likelihood over all customers as arrays, a quasi-Newton method on the logarithms of the parameters.


def bg_nbd_likelihood(log_parameters, x, t_x, age):
    r, alpha, a, b = numpy.exp(log_parameters)
    lgamma = scipy.special.gammaln
    log_beta = scipy.special.betaln
    stayed = log_beta(a, b + x) - log_beta(a, b) - (r + x) * numpy.log(alpha + age)
    repeat = numpy.maximum(x, 1)
    left = log_beta(a + 1, b + repeat - 1) - log_beta(a, b) - (r + x) * numpy.log(alpha + t_x)
    either = numpy.where(x > 0, numpy.logaddexp(stayed, left), stayed)
    return -(lgamma(r + x) - lgamma(r) + r * numpy.log(alpha) + either).sum()


def pareto_nbd_likelihood(log_parameters, x, t_x, age):
    r, alpha, s, beta = numpy.exp(log_parameters)
    lgamma = scipy.special.gammaln
    larger, gap = max(alpha, beta), abs(alpha - beta)
    second = s + 1 if alpha >= beta else r + x
    total = r + s + x

    def part(time):
        at = larger + time
        return scipy.special.hyp2f1(total, second, total + 1, gap / at) * numpy.exp(-total * (numpy.log(at) - numpy.log(larger + t_x)))

    difference = numpy.log(s / total) - total * numpy.log(larger + t_x) + numpy.log(numpy.maximum(part(t_x) - part(age), 1e-300))
    stayed = -(r + x) * numpy.log(alpha + age) - s * numpy.log(beta + age)
    return -(lgamma(r + x) - lgamma(r) + r * math.log(alpha) + s * math.log(beta) + numpy.logaddexp(stayed, difference)).sum()


def scipy_fit(likelihood):
    """read_sql and L-BFGS-B with numeric gradients, over all customers."""
    engine = sqlalchemy.create_engine("postgresql+psycopg2://")
    frame, extraction = clock(pandas.read_sql, "select frequency, recency, age from bench.histories", engine)

    def fit():
        x, t_x, age = (frame[name].to_numpy(float) for name in ("frequency", "recency", "age"))
        start = numpy.log([1.0, float(age.mean()) / 4, 1.0, float(age.mean()) / 2 if likelihood is pareto_nbd_likelihood else 2.0])
        # The mean keeps the steps of the differences and the tolerances meaningful for any number of customers.
        objective = lambda p: likelihood(p, x, t_x, age) / len(x)  # noqa: E731
        result = scipy.optimize.minimize(objective, start, method="L-BFGS-B", options={"ftol": 1e-13, "gtol": 1e-8, "maxiter": 500})
        return -result.fun * len(x), result.nfev

    (log_likelihood, evaluations), computation = clock(fit)
    return Run((len(frame), log_likelihood), extraction + computation,
               {"extraction": extraction, "computation": computation, "evaluations": float(evaluations)})


def same_fit(ours, peer):
    """Newton's method ends at least as high; a quasi-Newton one may stop a little below."""
    require(ours[0] == peer[0] and ours[1] > peer[1] - 1e-7 * abs(peer[1]) and math.isclose(ours[1], peer[1], rel_tol=1e-5), ours, peer)


def fit_case(function, likelihood):
    def execute(bench, rows):
        make_histories(bench.server, rows)
        ours = f"""
            select s.customers, s.log_likelihood
            from (select ecom.{function}(frequency, recency, age) as model from bench.histories) f, ecom.btyd_summary(f.model) s"""
        peer = Contestant("scipy, L-BFGS-B", lambda: isolated(scipy_fit, likelihood))
        bench.compare(rows, [
            Pair(bench.server.planned(function, ours, 0), peer, same_fit),
            Pair(bench.server.planned(function, ours, WORKERS), bench.server.planned(function, ours, 0), same_fit, is_own=True)])
        bench.server.drop("histories")

    return execute


def scipy_expected(parameters):
    """Expected orders by the textbook form with 2F1."""
    engine = sqlalchemy.create_engine("postgresql+psycopg2://")
    frame, extraction = clock(pandas.read_sql, "select frequency, recency, age from bench.histories", engine)
    r, alpha, a, b = parameters

    def score():
        x, t_x, age = (frame[name].to_numpy(float) for name in ("frequency", "recency", "age"))
        z = HORIZON / (alpha + age + HORIZON)
        hyper = scipy.special.hyp2f1(r + x, b + x, a + b + x - 1, z)
        first = (a + b + x - 1) / (a - 1) * (1 - hyper * ((alpha + age) / (alpha + age + HORIZON)) ** (r + x))
        odds = numpy.where(x > 0, a / (b + numpy.maximum(x, 1) - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x), 0)
        return float((first / (1 + odds)).sum())

    total, computation = clock(score)
    return Run((len(frame), total), extraction + computation, {"extraction": extraction, "computation": computation})


def score(bench, rows):
    server = bench.server
    make_histories(server, rows)
    server.create("model", "select ecom.bgnbd_fit(frequency, recency, age) as model from bench.histories")
    parameters = [row[0] for row in server.rows("select p.estimate from bench.model m, ecom.btyd_parameters(m.model) p")]
    ours = f"""
        select count(*), sum(ecom.expected_purchases(model, frequency, recency, age, {HORIZON}))
        from bench.histories cross join bench.model"""

    def agree(ours_answer, peer_answer):
        require(ours_answer[0] == peer_answer[0] and math.isclose(ours_answer[1], peer_answer[1], rel_tol=1e-8), ours_answer, peer_answer)

    bench.compare(rows, [Pair(server.planned("expected_purchases", ours, workers),
                              Contestant("scipy, hyp2f1", lambda: isolated(scipy_expected, parameters)), agree) for workers in (0, WORKERS)])
    server.drop("model")
    server.drop("histories")


MOST = 1_000_000

CASES = (
    Case("bg_nbd", "Fit of BG/NBD", fit_case("bgnbd_fit", bg_nbd_likelihood), "customers", MOST),
    Case("pareto_nbd", "Fit of Pareto/NBD", fit_case("pareto_nbd_fit", pareto_nbd_likelihood), "customers", MOST),
    Case("score", "Expected orders of a year for every customer, by BG/NBD", score, "customers", MOST),
)
