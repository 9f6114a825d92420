"""Plans: actions for customers under one budget against numpy, responses of channels to spend against scipy."""

import math

import numpy
import pandas
import scipy.optimize
import scipy.signal
import sqlalchemy

from lib.case import Case
from lib.measure import Contestant, Pair, Run, clock, isolated, require

BUDGET_PER_CUSTOMER = 0.2
COSTS = (0.1, 5.0, 8.0)
CARRYOVER = 0.5
DAYS = 730


def make_options(server, rows):
    """Customers with a churn probability and a value: a reminder, a voucher, and a call where the probability is high."""
    server.create("options", f"""
        select customer, 0.002 * p * v - 0.1 as reminder, 0.08 * p * v - 5 as voucher,
               case when p > 0.6 then 0.12 * p * v - 8 end as call
        from (select customer, random() as p, 20 + 500 * random() ^ 3 as v from generate_series(1, {rows}) customer) c""")


def numpy_choice(rows):
    """read_sql, then steps along the upper hull of each customer's options by profit per cost, cut where the budget ends."""
    engine = sqlalchemy.create_engine("postgresql+psycopg2://")
    frame, extraction = clock(pandas.read_sql, "select reminder, voucher, call from bench.options", engine)

    def choose():
        profit = numpy.nan_to_num(frame.to_numpy(float), nan=-1.0)
        cost = numpy.broadcast_to(COSTS, profit.shape)
        at_profit, at_cost = numpy.zeros(len(profit)), numpy.zeros(len(profit))
        gains, prices = [], []
        for _ in COSTS:
            gain, price = profit - at_profit[:, None], cost - at_cost[:, None]
            density = numpy.where((gain > 0) & (price > 0), gain / numpy.where(price > 0, price, 1), -1)
            best = density.argmax(axis=1)
            row = numpy.arange(len(profit))
            is_step = density[row, best] > 0
            gains.append(gain[row, best][is_step])
            prices.append(price[row, best][is_step])
            at_profit = numpy.where(is_step, profit[row, best], at_profit)
            at_cost = numpy.where(is_step, cost[row, best], at_cost)
        gain, price = numpy.concatenate(gains), numpy.concatenate(prices)
        order = numpy.argsort(-gain / price, kind="stable")
        within = numpy.cumsum(price[order]) <= BUDGET_PER_CUSTOMER * rows
        return float(gain[order][within].sum())

    profit, computation = clock(choose)
    return Run((len(frame), profit), extraction + computation, {"extraction": extraction, "computation": computation})


def same_profit(ours, peer):
    """Both are greedy; ours goes on with smaller steps where one no longer fits."""
    require(ours[0] == peer[0] and math.isclose(ours[1], peer[1], rel_tol=1e-3), ours, peer)


def options(bench, rows):
    make_options(bench.server, rows)
    ours = f"""
        select count(*), sum(profits[(choice).option])
        from (select profits, ecom.choose_option_within_budget(profits, array{list(COSTS)}::float8[], {BUDGET_PER_CUSTOMER * rows}) over () as choice
              from (select array[reminder, voucher, call]::float8[] as profits from bench.options) o) c"""
    bench.compare(rows, [Pair(bench.server.planned("choose_option_within_budget", ours, 0),
                              Contestant("numpy, greedy", lambda: isolated(numpy_choice, rows)), same_profit)])
    bench.server.drop("options")


def make_spend(server, rows):
    """Channels of two years of days: spend changes by week, its effect carries over and saturates."""
    adstock = " + ".join(f"{CARRYOVER ** k} * lag(spend, {k}, 0::float8) over w" for k in range(1, 12))
    server.create("spend", f"""
        select channel, day, spend, 4 + 12 * a ^ 1.4 / (a ^ 1.4 + 30 ^ 1.4) + 2 * (random() + random() + random() - 1.5) as response
        from (select channel, day, spend, spend + {adstock} as a
              from (select channel, day, spend from (
                        select channel, week, (array[0, 6, 12, 20, 40, 70])[1 + floor(6 * random())::int]::float8 as spend
                        from generate_series(1, {max(1, rows // DAYS)}) channel, generate_series(0, {DAYS // 7}) week) s,
                    lateral generate_series(7 * week, least(7 * week + 6, {DAYS - 1})) day) d
              window w as (partition by channel order by day)) s""")


def scipy_responses():
    """read_sql and curve_fit by channel, from one start within bounds."""
    engine = sqlalchemy.create_engine("postgresql+psycopg2://")
    frame, extraction = clock(pandas.read_sql, "select channel, day, spend, response from bench.spend order by channel, day", engine)

    def curve(spend, base, beta, carryover, half, shape):
        a = scipy.signal.lfilter([1.0], [1.0, -carryover], spend)
        raised = numpy.power(a, shape)
        return base + beta * raised / (raised + half ** shape)

    def fit():
        explained = []
        for _, one in frame.groupby("channel"):
            x, y = one.spend.to_numpy(), one.response.to_numpy()
            start = (y.min(), y.max() - y.min(), 0.3, 2 * x.mean(), 1.0)
            found, _ = scipy.optimize.curve_fit(curve, x, y, start, bounds=([0, 0, 0, 0.1, 0.3], [1e3, 1e3, 0.98, 1e4, 5]), maxfev=5000)
            explained.append(1 - ((y - curve(x, *found)) ** 2).sum() / ((y - y.mean()) ** 2).sum())
        return float(numpy.mean(explained))

    explained, computation = clock(fit)
    return Run((frame.channel.nunique(), explained), extraction + computation, {"extraction": extraction, "computation": computation})


def same_curves(ours, peer):
    """The share of the spread that the curves explain; ours are held by a weak penalty, and start from more than one point."""
    require(ours[0] == peer[0] and ours[1] > peer[1] - 1e-3, ours, peer)


def responses(bench, rows):
    make_spend(bench.server, rows)
    ours = """
        select count(*), avg((fit).r2)
        from (select ecom.channel_response_fit(day, spend, response) as fit from bench.spend group by channel) f"""
    bench.compare(rows, [Pair(bench.server.planned("channel_response_fit", ours, 0), Contestant("scipy, curve_fit", lambda: isolated(scipy_responses)),
                              same_curves)])
    bench.server.drop("spend")


CASES = (
    Case("options", "One of three actions for each customer under one budget", options, "customers", 1_000_000),
    Case("responses", "Carryover and saturation of channels, from two years of days each", responses, "days of channels", 100_000),
)
