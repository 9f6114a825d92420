"""RFM: from order lines to scored customers, against SQL and pandas as their users write it."""

import math
import tempfile

import pandas
import sqlalchemy

from lib.case import Case
from lib.measure import Contestant, Pair, Run, clock, isolated, require

WORKERS = 2

# What every contestant answers: customers, orders, amount, and the sums of the three scores.
SUMS = "count(*), sum(frequency), sum(monetary)::float8, sum(r), sum(f), sum(m)"


def same_customers(ours, peer):
    """Customers, orders and amount agree; for peers that break ties otherwise and so score otherwise."""
    require(tuple(ours[:2]) == tuple(peer[:2]) and math.isclose(ours[2], peer[2], rel_tol=1e-9), ours[:3], peer[:3])


def same_scores(ours, peer):
    same_customers(ours, peer)
    require(tuple(ours[3:6]) == tuple(peer[3:6]), ours[3:6], peer[3:6])


# Ours ---------------------------------------------------------------------------------------------------


def two_step(table, columns):
    return f"""
        select {SUMS}
        from (select ecom.rfm_agg({columns}) as state from {table}) a
        cross join lateral ecom.rfm_rows(a.state) s"""


def scan(table, columns):
    """The same state read from a query: decoding rows and accumulating them overlap on two threads."""
    return f"""
        select {SUMS}
        from (select ecom.rfm_scan('select {columns} from {table}') as state offset 0) a
        cross join lateral ecom.rfm_rows(a.state) s"""


# SQL peers ----------------------------------------------------------------------------------------------


def per_customer(table, frequency, amount="amount"):
    return f"""
        select customer, max(ordered_at) as last_at, {frequency} as frequency, sum({amount}) as monetary
        from {table} group by customer"""


def per_customer_by_order(table):
    """What a careful author writes instead of count(distinct), which sorts."""
    return f"""
        select customer, max(last_at) as last_at, count(*) as frequency, sum(monetary) as monetary
        from (select customer, order_id, max(ordered_at) as last_at, sum(amount) as monetary
              from {table} group by customer, order_id) orders
        group by customer"""


def ntile_peer(customers):
    return f"""
        select {SUMS}
        from (select frequency, monetary,
                     ntile(5) over (order by last_at) as r,
                     ntile(5) over (order by frequency) as f,
                     ntile(5) over (order by monetary) as m
              from ({customers}) c) scored"""


def percentile_peer(customers):
    """Equal values score equal, as ours: cut points by percentile_cont, bins by width_bucket.

    The bins are closed on the right, which width_bucket gives on negated values."""
    return f"""
        with c as (
            select -(('2025-01-01'::date - last_at::date)::float8) as recency,
                   -frequency::float8 as f_value, -monetary::float8 as m_value, frequency, monetary
            from ({customers}) customers
        ), cuts as (
            select percentile_cont(array[.2, .4, .6, .8]) within group (order by recency) as r_cuts,
                   percentile_cont(array[.2, .4, .6, .8]) within group (order by f_value) as f_cuts,
                   percentile_cont(array[.2, .4, .6, .8]) within group (order by m_value) as m_cuts
            from c
        )
        select {SUMS}
        from (select frequency, monetary,
                     1 + width_bucket(recency, r_cuts) as r,
                     5 - width_bucket(f_value, f_cuts) as f,
                     5 - width_bucket(m_value, m_cuts) as m
              from c cross join cuts) scored"""


# pandas peer --------------------------------------------------------------------------------------------


def pandas_scores(statement, frequency):
    """A notebook's RFM: read_sql through SQLAlchemy, groupby, qcut. frequency: column and function."""
    engine = sqlalchemy.create_engine("postgresql+psycopg2://")
    frame, extraction = clock(pandas.read_sql, statement, engine)

    def score():
        customers = frame.groupby("customer").agg(
            last_at=("ordered_at", "max"), frequency=frequency, monetary=("amount", "sum"))
        as_of = customers.last_at.max().normalize() + pandas.Timedelta(days=1)
        customers["recency"] = (as_of - customers.last_at.dt.normalize()).dt.days
        customers["r"] = pandas.qcut(customers.recency, 5, labels=[5, 4, 3, 2, 1])
        customers["f"] = pandas.qcut(customers.frequency, 5, labels=[1, 2, 3, 4, 5])
        customers["m"] = pandas.qcut(customers.monetary, 5, labels=[1, 2, 3, 4, 5])
        return customers

    customers, computation = clock(score)
    scores = customers[["r", "f", "m"]].astype(int)
    answer = (len(customers), int(customers.frequency.sum()), float(customers.monetary.sum()),
              *(int(scores[name].sum()) for name in "rfm"),
              {triple: int(size) for triple, size in scores.value_counts().items()})
    return Run(answer, extraction + computation, {"extraction": extraction, "computation": computation})


def pandas_contestant(name, statement, frequency):
    return Contestant(name, lambda: isolated(pandas_scores, statement, frequency))


def same_triples(server, table, columns):
    """Every triple of scores has as many customers in pandas as in ours.

    One in 10,000 may differ: pandas adds amounts as float8, so that a customer whose exact sum is a
    cut point can fall on its other side."""
    expected = {tuple(row[:3]): row[3] for row in server.rows(f"""
        select r, f, m, count(*) from (select ecom.rfm_agg({columns}) as state from {table}) a
        cross join lateral ecom.rfm_rows(a.state) s group by r, f, m""")}

    def agree(ours, peer):
        same_customers(ours, peer)
        require(tuple(ours[3:5]) == tuple(peer[3:5]), ours[3:5], peer[3:5])
        moved = sum(abs(expected.get(triple, 0) - peer[6].get(triple, 0))
                    for triple in expected.keys() | peer[6].keys()) / 2
        require(moved <= max(ours[0] / 10_000, 1), "triples of scores", f"{moved:.0f} customers elsewhere")

    return agree


# Data ---------------------------------------------------------------------------------------------------

# Amounts are lognormal.
AMOUNT = """round(exp(3.5 + 0.8 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))::numeric, 2)::numeric(12,2)"""


def customer_of(customers):
    """Some buy more often than others, and the ids of frequent ones are not neighbours."""
    return f"(floor({customers} * power(random(), 1.3))::bigint * 7919 % {customers})::int"


def time_of(number, rows):
    return f"timestamp '2023-01-01' + {number} * (interval '730 days' / {rows})"


def make_orders(server, rows, customers):
    """One row an order, in the order of time, as they arrive in a shop."""
    server.create("orders", f"""
        select {customer_of(customers)} as customer, {time_of('n', f'({rows} + 1)')} as ordered_at, {AMOUNT} as amount
        from generate_series(1, {rows}) n""")


def make_lines(server, rows):
    """One to four lines an order, two and a half on average."""
    orders = rows * 2 // 5
    server.create("lines", f"""
        select customer, order_id, ordered_at, {AMOUNT} as amount
        from (select {customer_of(rows // 10)} as customer, n::bigint as order_id,
                     {time_of('n', f'({orders} + 1)')} as ordered_at
              from generate_series(1, {orders}) n) orders
        cross join lateral generate_series(1, 1 + (order_id % 4)::int) line_number""")


# Cases --------------------------------------------------------------------------------------------------


def in_both_settings(server, name, ours, peers):
    """Pairs without parallel query and with it, for ours and every peer (name, statement, agreement)."""
    return [Pair(server.planned(name, ours, workers), server.planned(peer_name, statement, workers), agree)
            for workers in (0, WORKERS) for peer_name, statement, agree in peers]


def orders(bench, rows):
    server = bench.server
    make_orders(server, rows, rows // 10)
    table, columns = "bench.orders", "customer, ordered_at, amount"
    ours = two_step(table, columns)
    customers = per_customer(table, "count(*)")
    pairs = in_both_settings(server, "two-step", ours, [
        ("ntile", ntile_peer(customers), same_customers),
        ("ntile over float8 sums", ntile_peer(per_customer(table, "count(*)", "amount::float8")), same_customers),
        ("percentile_cont", percentile_peer(customers), same_scores)])
    two_threads = server.planned("scan", scan(table, columns), WORKERS)
    pairs.append(Pair(two_threads, server.planned("ntile", ntile_peer(customers), 0), same_customers))
    agree = same_triples(server, table, columns)
    for name, amount in (("pandas", "amount"), ("pandas, amount::float8", "amount::float8 as amount")):
        pairs.append(Pair(
            two_threads,
            pandas_contestant(name, f"select customer, ordered_at, {amount} from {table}", ("ordered_at", "count")),
            agree))
    bench.compare(rows, pairs)
    server.drop("orders")


def lines(bench, rows):
    server = bench.server
    make_lines(server, rows)
    table, columns = "bench.lines", "customer, order_id, ordered_at, amount"
    ours = two_step(table, columns)
    distinct = per_customer(table, "count(distinct order_id)")
    by_order = per_customer_by_order(table)
    pairs = in_both_settings(server, "two-step", ours, [
        ("count(distinct) and ntile", ntile_peer(distinct), same_customers),
        ("two GROUP BYs and ntile", ntile_peer(by_order), same_customers),
        ("two GROUP BYs and percentile_cont", percentile_peer(by_order), same_scores)])
    two_threads = server.planned("scan", scan(table, columns), WORKERS)
    pairs.append(Pair(two_threads, server.planned("two GROUP BYs and ntile", ntile_peer(by_order), 0), same_customers))
    pairs.append(Pair(
        two_threads,
        pandas_contestant("pandas, amount::float8",
                          f"select customer, order_id, ordered_at, amount::float8 as amount from {table}",
                          ("order_id", "nunique")),
        same_triples(server, table, columns)))
    bench.compare(rows, pairs)
    server.drop("lines")


def load_demo(server, rows):
    """A mart of about that many lines; returns the Run, whose answer is the number of lines."""
    server.rows("drop schema if exists bench_mart cascade")
    loaded, seconds = clock(server.rows, f"""
        select loaded_lines
        from ecom.load_demo('bench_mart', customers => {rows // 10}, orders => {rows * 2 // 5})""")
    return Run(loaded[0][0], seconds, {})


def mart(bench, rows):
    server = bench.server
    line_count = load_demo(server, rows).answer
    server.warm("bench_mart.fact_sales")
    server.warm("bench_mart.dim_customer")
    ours = f"select {SUMS} from ecom.rfm_score('bench_mart')"
    # Returns lower the amount and are neither orders nor purchases, as in ours.
    per_order = """
        select customer_key, order_id, max(ordered_at) filter (where revenue_amount >= 0) as last_at,
               count(*) filter (where revenue_amount >= 0) as sales, sum(revenue_amount) as monetary
        from bench_mart.fact_sales where customer_key <> 0 group by customer_key, order_id"""
    by_order = f"""
        select customer_key, max(last_at) as last_at, count(*) filter (where sales > 0) as frequency,
               sum(monetary) as monetary
        from ({per_order}) orders group by customer_key"""
    distinct = """
        select customer_key, max(ordered_at) filter (where revenue_amount >= 0) as last_at,
               count(distinct order_id) filter (where revenue_amount >= 0) as frequency, sum(revenue_amount) as monetary
        from bench_mart.fact_sales where customer_key <> 0 group by customer_key"""

    def scored(customers):
        return f"""
            select {SUMS}
            from (select d.customer_key, d.customer_id, coalesce(s.frequency, 0) as frequency,
                         coalesce(round(s.monetary, 2), 0) as monetary, s.r, s.f, s.m
                  from bench_mart.dim_customer d
                  left join (select c.*, ntile(5) over (order by last_at) as r,
                                    ntile(5) over (order by frequency) as f,
                                    ntile(5) over (order by monetary) as m
                             from ({customers}) c where frequency > 0) s using (customer_key)
                  where d.customer_key <> 0) result"""

    # Amounts of customers with returns only count in ours and are no row of the peers.
    known = server.value("""
        select coalesce(sum(monetary), 0)::float8 from ecom.rfm_score('bench_mart') where frequency = 0""")

    def agree(ours_answer, peer_answer):
        same_customers((*ours_answer[:2], ours_answer[2] - known), peer_answer)

    pairs = in_both_settings(server, "rfm_score(mart)", ours, [
        ("count(distinct) and ntile", scored(distinct), agree),
        ("two GROUP BYs and ntile", scored(by_order), agree)])
    bench.compare(line_count, pairs)
    server.rows("drop schema bench_mart cascade")


def make_customers(server, rows):
    server.create("customers", f"""
        select n as customer, (-90 * ln(1 - random()))::int as recency,
               1 + floor(-8 * ln(1 - random()))::int as frequency, {AMOUNT}::numeric(18,2) as monetary,
               exp(3.5 + random()) as price
        from generate_series(1, {rows}) n""")


def window(bench, rows):
    server = bench.server
    make_customers(server, rows)
    ours = f"""
        select {SUMS}
        from (select frequency, monetary, (s).r, (s).f, (s).m
              from (select frequency, monetary, ecom.rfm_score(recency, frequency, monetary) over () as s
                    from bench.customers) scored offset 0) c"""
    ntile = f"""
        select {SUMS}
        from (select frequency, monetary, ntile(5) over (order by recency desc) as r,
                     ntile(5) over (order by frequency) as f, ntile(5) over (order by monetary) as m
              from bench.customers) c"""
    percentile = f"""
        with cuts as (
            select percentile_cont(array[.2, .4, .6, .8]) within group (order by -recency) as r_cuts,
                   percentile_cont(array[.2, .4, .6, .8]) within group (order by -frequency) as f_cuts,
                   percentile_cont(array[.2, .4, .6, .8]) within group (order by -monetary::float8) as m_cuts
            from bench.customers)
        select {SUMS}
        from (select frequency, monetary, 1 + width_bucket((-recency)::float8, r_cuts) as r,
                     5 - width_bucket((-frequency)::float8, f_cuts) as f,
                     5 - width_bucket(-monetary::float8, m_cuts) as m
              from bench.customers cross join cuts) c"""
    pairs = in_both_settings(server, "rfm_score over ()", ours, [
        ("three ntile", ntile, same_customers), ("percentile_cont", percentile, same_scores)])
    bench.compare(rows, pairs)
    server.drop("customers")


def stored(bench, rows):
    server = bench.server
    make_customers(server, rows)
    fits = (("quantile_bins", "ecom.quantile_bins(price, 5, false)"),
            ("percentile_cont", "percentile_cont(array[.2, .4, .6, .8]) within group (order by price)"))
    server.create("cuts", f"select {fits[0][1]} as model, {fits[1][1]} as cut_points from bench.customers")
    ours = "select count(*), sum(ecom.quantile_bin(model, price)) from bench.customers cross join bench.cuts"
    peer = "select count(*), sum(1 + width_bucket(price, cut_points)) from bench.customers cross join bench.cuts"

    def agree(ours_answer, peer_answer):
        require(ours_answer == peer_answer, ours_answer, peer_answer)

    bench.compare(rows, [Pair(server.query("quantile_bin, serial", ours),
                              server.query("width_bucket, serial", peer), agree)])
    # The answers are a model and an array; that they score alike is tested above.
    fit, percentile = (server.query(f"{name}, serial", f"select {call} is null from bench.customers")
                       for name, call in fits)
    bench.compare(rows, [Pair(fit, percentile, agree)], ", fitting the cut points")
    server.drop("cuts")
    server.drop("customers")


def few(bench, rows):
    """Few customers, so that merging the workers' states costs next to nothing."""
    workers_against_none(bench, rows, 10_000)


def many(bench, rows):
    workers_against_none(bench, rows, 1_000_000)


def workers_against_none(bench, rows, customers):
    server = bench.server
    make_orders(server, rows, customers)
    ours = two_step("bench.orders", "customer, ordered_at, amount")
    peer = ntile_peer(per_customer("bench.orders", "count(*)"))
    parallel = server.planned("two-step", ours, WORKERS)
    bench.compare(rows, [
        Pair(parallel, server.planned("two-step", ours, 0), same_scores, is_own=True),
        Pair(parallel, server.planned("ntile", peer, WORKERS), same_customers)])
    server.drop("orders")


def demo(bench, rows):
    line_count = load_demo(bench.server, rows).answer
    bench.rate(line_count, Contestant("load_demo", lambda: load_demo(bench.server, rows)))
    bench.server.rows("drop schema bench_mart cascade")


RAW_COLUMNS = """order_id text, ordered_at timestamp, customer_id text, product_id text, product_name text,
    quantity int, unit_price numeric(12,2)"""


def insert_by_hand(server, schema):
    """The SQL that people write to fill a star schema: no checks, no rejected lines, no log."""
    server.rows(f"insert into {schema}.dim_customer (customer_id) select distinct customer_id from bench.raw")
    server.rows(f"""
        insert into {schema}.dim_product (product_id, name)
        select product_id, max(product_name) from bench.raw group by product_id""")
    server.rows(f"""
        insert into {schema}.fact_sales (order_date_key, customer_key, product_key, order_id, line_number, ordered_at,
                                         quantity, unit_price, revenue_amount, is_return)
        select to_char(ordered_at, 'YYYYMMDD')::int, c.customer_key, p.product_key, order_id,
               row_number() over (partition by order_id), ordered_at, quantity, unit_price, quantity * unit_price,
               quantity < 0
        from bench.raw r
        join {schema}.dim_customer c using (customer_id)
        join {schema}.dim_product p using (product_id)""")


def load(bench, rows):
    server = bench.server
    make_lines(server, rows)
    server.rows("select setseed(0.42)")
    file = tempfile.TemporaryFile()
    with server.connection.cursor() as cursor:
        cursor.copy_expert("""copy (
            select 'O' || order_id, ordered_at, 'C' || customer, 'P' || product, 'Product ' || product, quantity, amount
            from (select *, floor(1000 * power(random(), 2))::int as product, 1 + floor(3 * random())::int as quantity
                  from bench.lines) l) to stdout (format csv)""", file)
    server.drop("lines")

    def execute(schema, insert):
        for name in ("bench_mart", "bench_bare"):
            server.rows(f"drop schema if exists {name} cascade")
        server.rows("select ecom.create_mart('bench_mart', start_date => '2023-01-01', end_date => '2024-12-31')")
        server.rows("create schema bench_bare")
        for table in ("dim_customer", "dim_product", "fact_sales"):
            server.rows(f"""
                create table bench_bare.{table} (like bench_mart.{table} including defaults including identity)""")
        server.rows("drop table if exists bench.raw")
        server.rows(f"create table bench.raw ({RAW_COLUMNS})")

        def copy():
            file.seek(0)
            with server.connection.cursor() as cursor:
                cursor.copy_expert("copy bench.raw from stdin (format csv)", file)
            server.rows("analyze bench.raw")

        _, copied = clock(copy)
        _, inserted = clock(insert)
        loaded = server.rows(f"""
            select count(*), count(distinct order_id), count(distinct customer_key), count(distinct product_key),
                   sum(revenue_amount) from {schema}.fact_sales""")[0]
        return Run(loaded, copied + inserted, {"copy": copied, "insert": inserted})

    def agree(ours_answer, peer_answer):
        require(ours_answer == peer_answer, ours_answer, peer_answer)

    load_sales = Contestant("COPY, load_sales", lambda: execute(
        "bench_mart", lambda: server.rows("select * from ecom.load_sales('bench_mart', 'bench.raw')")))
    server.rows("set max_parallel_workers_per_gather = 0")
    bench.compare(rows, [
        Pair(load_sales, Contestant(name, lambda schema=schema: execute(
            schema, lambda: insert_by_hand(server, schema))), agree)
        for name, schema in (("COPY, INSERT into the same tables", "bench_mart"),
                             ("COPY, INSERT into tables without keys and indexes", "bench_bare"))])
    for name in ("bench_mart", "bench_bare"):
        server.rows(f"drop schema {name} cascade")
    server.drop("raw")
    file.close()


CASES = (
    Case("orders", "one row an order, to scored customers (a tenth as many as orders)", orders),
    Case("lines", "several lines an order, orders counted distinct, to scored customers", lines),
    Case("mart", "a mart of the demo shop, to scored customers with their ids", mart),
    Case("few", f"{WORKERS} parallel workers for 10,000 customers", few),
    Case("many", f"{WORKERS} parallel workers for 1,000,000 customers", many),
    Case("window", "the window form over a table of customers", window, "customers", 1_000_000),
    Case("stored", "stored cut points applied to a column, and fitted", stored, "values", 1_000_000),
    Case("demo", "the demo shop made and loaded with keys and indexes", demo),
    Case("load", "a CSV file loaded into a mart, and by hand-written SQL", load, max_rows=1_000_000),
)
