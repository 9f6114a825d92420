"""Forecasting: fits of one series and of thousands, against R's forecast and statsmodels.

Peers pay for the way of the data out of the database (read_sql), not for their start; R gets the values through a pipe, which is not counted."""

import math
import subprocess

import pandas
import sqlalchemy

from lib.case import Case
from lib.measure import Contestant, Pair, Run, clock, isolated, require

# Monthly totals of international airline passengers, 1949 to 1960 (Box and Jenkins, 1970).
AIR_PASSENGERS = """
    112 118 132 129 121 135 148 148 136 119 104 118 115 126 141 135 125 149 170 170 158 133 114 140 145 150 178 163 172 178 199 199 184 162 146 166
    171 180 193 181 183 218 230 242 209 191 172 194 196 196 236 235 229 243 264 272 237 211 180 201 204 188 235 227 234 264 302 293 259 229 203 229
    242 233 267 269 270 315 364 347 312 274 237 278 284 277 317 313 318 374 413 405 355 306 271 306 315 301 356 348 355 422 465 467 404 347 305 336
    340 318 362 348 363 435 491 505 404 359 310 337 360 342 406 396 420 472 548 559 463 407 362 405 417 391 419 461 472 535 622 606 508 461 390 432""".split()
DAYS = 584
SERIES, POINTS = 10_000, 100
# Automatic ARIMA takes some ten times as long a series.
ARIMA_SERIES = 500
# What R, some tenth of a second a series, is given of the many.
R_SERIES = 20


def make_air(server, _rows):
    server.create("series", f"""
        select 1 as series, date '1949-01-01' + (n - 1) * interval '1 month' as ts, v::float8 as value
        from unnest('{{{",".join(AIR_PASSENGERS)}}}'::int[]) with ordinality a (v, n)""")


def make_days(server, _rows):
    """Daily revenue: growth, a week, a year, noise that lasts."""
    server.create("series", f"""
        select 1 as series, date '2023-01-01' + n as ts, 10000 + 8 * n + 1500 * sin(n * 0.8976) + 2000 * cos(n * 0.0172)
               + sum(600 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())) over (order by n rows 6 preceding) as value
        from generate_series(0, {DAYS - 1}) n""")


def make_many(server, _rows):
    server.create("series", f"""
        select s as series, date '2023-01-01' + n as ts,
               100 + s % 50 + (s % 7 - 3) * 0.1 * n + (s % 5) * 5 * sin(n * 0.8976) + 10 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) as value
        from generate_series(1, {SERIES}) s, generate_series(0, {POINTS - 1}) n""")


# Peers --------------------------------------------------------------------------------------------------


def read(condition="true"):
    engine = sqlalchemy.create_engine("postgresql+psycopg2://")
    return clock(pandas.read_sql, f"select series, value from bench.series where {condition} order by series, ts", engine)


def r_fit(code, frequency, condition):
    """Runs R code over y and returns what it prints: an answer and the seconds that R measured."""
    frame, extraction = read(condition)
    script = f"""
        suppressMessages(library(forecast))
        v <- scan(file("stdin"), quiet = TRUE)
        n <- {len(frame) // frame.series.nunique()}
        series <- lapply(seq_len(length(v) / n), function(i) ts(v[((i - 1) * n + 1):(i * n)], frequency = {frequency}))
        y <- series[[1]]
        seconds <- system.time(answer <- {{ {code} }})[["elapsed"]]
        cat(format(as.numeric(answer), digits = 15), seconds)"""
    output = subprocess.run(["Rscript", "-e", script], input="\n".join(map(repr, frame.value.tolist())), text=True, capture_output=True, check=True)
    answer, computation = map(float, output.stdout.split())
    return Run((answer,), extraction + computation, {"extraction": extraction, "computation": computation})


def statsmodels_fit(fit, condition):
    frame, extraction = read(condition)
    answer, computation = clock(fit, frame.value.to_numpy())
    return Run((float(answer),), extraction + computation, {"extraction": extraction, "computation": computation})


def in_r(code, frequency, condition="true"):
    return Contestant("R forecast", lambda: isolated(r_fit, code, frequency, condition))


def in_statsmodels(fit):
    return Contestant("statsmodels", lambda: isolated(statsmodels_fit, fit, "true"))


def arima(order, seasonal=(0, 0, 0, 0), transform=float):
    def fit(values):
        from statsmodels.tsa.arima.model import ARIMA
        return ARIMA([transform(value) for value in values], order=order, seasonal_order=seasonal).fit().llf
    return fit


def ets(values):
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel
    return ETSModel(values, error="mul", trend="add", damped_trend=True, seasonal="mul", seasonal_periods=12).fit(disp=False).llf


def theta(values):
    from statsmodels.tsa.forecasting.theta import ThetaModel
    return ThetaModel(pandas.Series(values), period=12).fit().forecast(1).iloc[0]


# Agreement ----------------------------------------------------------------------------------------------


def as_high(tolerance):
    """A log-likelihood that is at least the peer's, whose own is approximate."""
    return lambda ours, peer: require(ours[0] >= peer[0] - tolerance, ours, peer)


def as_low(tolerance):
    return lambda ours, peer: require(ours[0] <= peer[0] + tolerance, ours, peer)


def within(share):
    return lambda ours, peer: require(math.isclose(ours[0], peer[0], rel_tol=share), ours, peer)


def fitted(method, options, field, value="value"):
    return f"""select (ecom.model_info(ecom.{method}_fit(ts, {value}, '{options}')) ->> '{field}')::float8 from bench.series"""


def against(make, statement, *peers):
    def execute(bench, rows):
        server = bench.server
        make(server, rows)
        bench.compare(server.value("select count(*) from bench.series"),
                      [Pair(server.query("ours", statement), peer, agree) for peer, agree in peers])
        server.drop("series")
    return execute


def many(method, in_r_as, series):
    def execute(bench, rows):
        """Every series of a query, on one and two threads; R a sample of them."""
        server = bench.server
        make_many(server, rows)
        statement = f"select count(*) from ecom.{method}_forecast('select series, ts, value from bench.series where series <= {series}', 14)"
        for threads in (1, 2):
            server.rows(f"set ecom_analytics.max_threads = {threads}")
            bench.rate(series, server.query(f"ours, {threads} thread{'s' * (threads > 1)}", statement))
        server.rows("reset ecom_analytics.max_threads")
        bench.rate(R_SERIES, in_r(f"sum(sapply(series, function(y) forecast({in_r_as}(y), 14)$mean[1]))", 7, f"series <= {R_SERIES}"))
        server.drop("series")
    return execute


SIZE = 1000

CASES = (
    Case("arima", f"ARIMA(5,1,2) of {DAYS} days, standard errors included",
         against(make_days, fitted("arima", '{"order": [5,1,2], "step": "day"}', "log_likelihood"),
                 (in_r("Arima(y, c(5, 1, 2), method = \"ML\")$loglik", 1), as_high(0.01)), (in_statsmodels(arima((5, 1, 2))), as_high(0.01))), "values", SIZE),
    Case("airline", "ARIMA(0,1,1)(0,1,1)[12] of the logarithms of AirPassengers",
         against(make_air, fitted("arima", '{"order": [0,1,1], "seasonal": [0,1,1]}', "log_likelihood", "ln(value)"),
                 (in_r("Arima(log(y), c(0, 1, 1), seasonal = c(0, 1, 1))$loglik", 12), as_high(0.01)),
                 (in_statsmodels(arima((0, 1, 1), (0, 1, 1, 12), math.log)), as_high(0.01))), "values", SIZE),
    Case("auto_arima", "automatic ARIMA of AirPassengers",
         against(make_air, fitted("arima", "{}", "aicc"), (in_r("auto.arima(y)$aicc", 12), as_low(0.01))), "values", SIZE),
    Case("auto_arima_days", f"automatic ARIMA of {DAYS} days with a week",
         against(make_days, fitted("arima", '{"step": "day"}', "aicc"), (in_r("auto.arima(y)$aicc", 7), as_low(0.01))), "values", SIZE),
    Case("ets", "automatic exponential smoothing of AirPassengers; statsmodels fits one of the 15 models",
         against(make_air, fitted("ets", "{}", "aicc"), (in_r("ets(y)$aicc", 12), within(0.05)),
                 (in_statsmodels(ets), lambda ours, peer: require(math.isfinite(peer[0]), ours, peer))), "values", SIZE),
    Case("theta", "DOTM of AirPassengers; the peers the plain theta method",
         against(make_air, "select f.forecast from (select ecom.theta_fit(ts, value) as m from bench.series) q, ecom.forecast(m, 1) f",
                 (in_r("thetaf(y, 1)$mean[1]", 12), within(0.05)), (in_statsmodels(theta), within(0.05))), "values", SIZE),
    Case("many", f"{SERIES:,} series of {POINTS} points by automatic exponential smoothing", many("ets", "ets", SERIES), "values", SIZE),
    Case("many_arima", f"{ARIMA_SERIES:,} series of {POINTS} points by automatic ARIMA", many("arima", "auto.arima", ARIMA_SERIES), "values", SIZE),
)
