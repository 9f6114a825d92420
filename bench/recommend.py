"""Recommendations: neighbours, itemsets and fits from order lines, against SQL joins and scipy on extracted data."""

import math
import time

import numpy
import pandas
import scipy.sparse
import sqlalchemy

from lib.case import Case
from lib.measure import Contestant, Pair, Run, clock, isolated, require

NEIGHBORS = 50
LEAST_SUPPORT = 0.002


def make_purchases(server, rows, customers, products):
    """Orders of three lines by customers of a hundred tastes: most of what they buy is of theirs, the rest of the whole shop; few products sell much."""
    server.create("purchases", f"""
        select customer, case when random() < 0.7
                   then customer % 100 + 100 * floor({products} / 100 * random() ^ 2.5)::bigint
                   else floor({products} * random() ^ 3)::bigint end as product
        from (select n / 3 * 7919::bigint % {customers} as customer from generate_series(1, {rows}) n offset 0) lines""")


def extracted(columns):
    engine = sqlalchemy.create_engine("postgresql+psycopg2://")
    return clock(pandas.read_sql, f"select {columns} from bench.purchases", engine)


# Neighbours -----------------------------------------------------------------------------------------------

OURS = f"""
    select count(*), sum(n.score)
    from (select ecom.interactions_agg(customer, product) as s from bench.purchases) a,
         ecom.item_neighbors(a.s, k => {NEIGHBORS}) n"""

# What is written without an extension: the pairs of each customer's products, counted and ranked.
SELF_JOIN = f"""
    with pair as (select distinct customer, product from bench.purchases),
         item as (select product, count(*) as n from pair group by product),
         met as (select a.product, b.product as other, count(*) as n from pair a join pair b using (customer) where a.product <> b.product group by 1, 2),
         ranked as (select x.n / sqrt(i.n * j.n) as score, row_number() over (partition by x.product order by x.n / sqrt(i.n * j.n) desc, x.other) as place
                    from met x join item i on i.product = x.product join item j on j.product = x.other)
    select count(*), sum(score) from ranked where place <= {NEIGHBORS}"""


def scipy_neighbors():
    """read_sql, one sparse product, the best of every row by argpartition."""
    frame, extraction = extracted("customer, product")

    def work():
        users, _ = pandas.factorize(frame.customer)
        items, _ = pandas.factorize(frame["product"])
        matrix = scipy.sparse.csr_matrix((numpy.ones(len(frame)), (users, items)))
        matrix.data[:] = 1.0
        norm = numpy.sqrt(numpy.asarray(matrix.sum(axis=0)).ravel())
        matrix = (matrix @ scipy.sparse.diags(1.0 / norm)).tocsc()
        product = (matrix.T @ matrix).tocsr()
        product.setdiag(0)
        product.eliminate_zeros()
        count, total = 0, 0.0
        for begin, end in zip(product.indptr[:-1], product.indptr[1:]):
            row = product.data[begin:end]
            if len(row) > NEIGHBORS:
                row = row[numpy.argpartition(row, len(row) - NEIGHBORS)[len(row) - NEIGHBORS:]]
            count += len(row)
            total += float(row.sum())
        return count, total

    answer, computation = clock(work)
    return Run(answer, extraction + computation, {"extraction": extraction, "computation": computation})


def same_sum(ours, peer):
    require(ours[0] == peer[0] and math.isclose(ours[1], peer[1], rel_tol=1e-9), ours, peer)


def neighbors_case(customers_of, products):
    def execute(bench, rows):
        make_purchases(bench.server, rows, customers_of(rows), products)
        ours = bench.server.planned("item_neighbors", OURS, 0)
        bench.compare(rows, [
            Pair(ours, Contestant("scipy.sparse", lambda: isolated(scipy_neighbors)), same_sum),
            Pair(ours, bench.server.planned("self-join", SELF_JOIN, 0), same_sum)])
        bench.server.drop("purchases")

    return execute


# Itemsets -------------------------------------------------------------------------------------------------


def itemsets(bench, rows):
    """Pairs of products, which is as far as a plain join goes; and all itemsets, which has no peer in SQL or in a package."""
    server = bench.server
    make_purchases(server, rows, rows // 30, 2000)
    # All that a customer bought is the basket: orders of three lines would have few pairs.
    baskets = "select ecom.basket_agg(customer, product) as s from bench.purchases"
    ours = f"""
        select count(*), sum(f.baskets)::float8
        from ({baskets}) a, ecom.frequent_itemsets(a.s, {LEAST_SUPPORT}, 2, 2) f"""
    join = f"""
        with line as (select distinct customer, product from bench.purchases),
             least as (select ceil({LEAST_SUPPORT} * count(distinct customer) - 1e-9) as n from line),
             often as (select product from line group by product having count(*) >= (select n from least)),
             kept as (select l.* from line l join often using (product)),
             pair as (select count(*) as n from kept a join kept b using (customer) where a.product < b.product group by a.product, b.product)
        select count(*), sum(n)::float8 from pair where n >= (select n from least)"""
    bench.compare(rows, [Pair(server.planned("frequent_itemsets", ours, 0), server.planned("join of pairs", join, 0), same_sum)])
    server.drop("purchases")


# Exact models ---------------------------------------------------------------------------------------------


def ease_case(products):
    def execute(bench, rows):
        server = bench.server
        make_purchases(server, rows, rows // 30, products)
        server.create("state", "select ecom.interactions_agg(customer, product) as s from bench.purchases")
        ours = """
            select (ecom.model_info(m) ->> 'items')::bigint, 0.0::float8
            from (select ecom.recommender_fit(s, 'ease', lambda => 100) as m from bench.state offset 0) f"""
        peer = Contestant("numpy.linalg.inv", lambda: isolated(numpy_ease))
        bench.compare(rows, [Pair(server.planned("recommender_fit ease", ours, 0), peer, lambda a, b: require(a[0] == b[0], a, b))])
        server.drop("state")
        server.drop("purchases")

    return execute


def numpy_ease():
    """The textbook's lines: dense Gram matrix, inverse, division by the diagonal; fetching is not counted, as ours begins with a state."""
    frame, _ = extracted("distinct customer, product")
    users, _ = pandas.factorize(frame.customer)
    items, names = pandas.factorize(frame["product"])

    def fit():
        matrix = scipy.sparse.csr_matrix((numpy.ones(len(frame)), (users, items)))
        gram = (matrix.T @ matrix).toarray()
        gram[numpy.diag_indices_from(gram)] += 100.0
        inverse = numpy.linalg.inv(gram)
        weights = inverse / -numpy.diag(inverse)
        weights[numpy.diag_indices_from(weights)] = 0.0
        return weights

    _, computation = clock(fit)
    return Run((len(names), 0.0), computation, {"computation": computation})


# One page view --------------------------------------------------------------------------------------------


def page(bench, rows):
    """recommend_products for one customer after another, in one session, as an application asks."""
    server = bench.server
    server.rows("drop schema if exists bench_recommend cascade")
    server.rows(f"select from ecom.load_demo('bench_recommend', customers => {rows // 30}, orders => {rows * 2 // 5})")
    server.rows("select from ecom.refresh('bench_recommend', '{rfm,recommend}')")
    customers = rows // 30
    server.rows("deallocate all")
    server.rows("prepare page (int) as select * from ecom.recommend_products('bench_recommend', $1)")

    def execute():
        times = []
        for i in range(2000):
            started = time.perf_counter()
            server.rows(f"execute page ({i * 7919 % customers + 1})")
            times.append(time.perf_counter() - started)
        times.sort()
        return Run((len(times), 0.0), sum(times), {"median ms": 1000 * times[len(times) // 2], "99th percentile ms": 1000 * times[len(times) * 99 // 100]})

    bench.rate(2000, Contestant("recommend_products, 2,000 customers", execute))
    parts = execute().parts
    server.notes.append("by the client's clock: " + ", ".join(f"{name} {value:.2f}" for name, value in parts.items()))
    server.rows("drop schema bench_recommend cascade")


MOST = 1_000_000

CASES = (
    Case("online", "50 neighbours of each of 3,700 products by 4,300 customers, as Online Retail has them", neighbors_case(lambda rows: 4300, 3700), "lines", 400_000),
    Case("neighbors", "50 neighbours of each of 10,000 products, a customer to 30 lines", neighbors_case(lambda rows: rows // 30, 10_000), "lines"),
    Case("itemsets", "Pairs of products that 0.2 % of the customers have", itemsets, "lines", MOST),
    Case("ease", "Fit of EASE over 4,000 products", ease_case(4000), "lines", MOST),
    Case("page", "recommend_products over the demo shop, one customer at a time", page, "lines", MOST),
)
