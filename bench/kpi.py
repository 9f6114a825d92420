"""KPIs: what a dashboard asks of a mart, answered from rollups, against the same asked of the order lines."""

import datetime
import math
from typing import NamedTuple, Optional

import pandas
import psycopg2
import sqlalchemy

from lib.case import Case
from lib.measure import Contestant, Pair, Run, clock, isolated, measure, require

MART = "bench_kpi"
WORKERS = 2
CHANGED_LINES = 10_000
# The steps behind the views of this family; models and plans have benchmarks of their own.
STEPS = ("dimensions", "sales", "rfm", "customers", "cohorts", "customer_classes", "product_classes", "alerts")

# Goals in seconds; a case notes who misses one, and the plan node that costs the most.
GOAL_VIEW = 0.1
GOAL_DASHBOARD = 1
GOAL_FIRST_LOAD = 2
GOAL_REFRESH = 5


class Filter(NamedTuple):
    """What the slicers of a report are set to: a region, and the last month."""

    region: Optional[str] = None
    is_month: bool = False


EVERYTHING = Filter()
MONTH = Filter(is_month=True)
WEST = Filter("West")
WEST_MONTH = Filter("West", True)


def plain(value):
    """A value as what can be compared across forms: text or None, and numbers as floats."""
    if isinstance(value, datetime.date):
        return str(value)
    return value if value is None or isinstance(value, str) else float(value)


def agree(one, other):
    """Views and functions round medians and means to two digits."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=0.0051)
    return one == other


def same_rows(ours, peer):
    """The same rows, in any order of the first column."""
    ours, peer = (sorted((tuple(map(plain, row)) for row in rows), key=lambda row: str(row[0]))
                  for rows in (ours, peer))
    require(len(ours) == len(peer), f"{len(ours)} rows", f"{len(peer)} rows")
    for our_row, peer_row in zip(ours, peer):
        require(len(our_row) == len(peer_row) and all(map(agree, our_row, peer_row)), our_row, peer_row)


def same_answers(ours, peer):
    """The same rows for each of several questions."""
    require(len(ours) == len(peer), len(ours), len(peer))
    for our_rows, peer_rows in zip(ours, peer):
        same_rows(our_rows, peer_rows)


# The mart -----------------------------------------------------------------------------------------------


class Shop:
    """The demo shop, loaded and refreshed, and the texts that questions about it are made of."""

    def __init__(self, server, size):
        self.server = server
        self.size = size
        server.rows(f"drop schema if exists {MART} cascade")
        self.lines = server.value(f"""
            select loaded_lines from ecom.load_demo('{MART}', customers => {size // 10}, orders => {size * 2 // 5})""")
        self.warm()
        steps = server.rows(f"select step, seconds from ecom.refresh('{MART}', '{{{','.join(STEPS)}}}')")
        server.notes.append("first refresh: " + ", ".join(f"{step} {seconds:.1f} s" for step, seconds in steps))
        self.warm()
        self.last_day = server.value(f"select max(ordered_at)::date from {MART}.fact_sales")
        self.first_day = self.last_day.replace(day=1)
        self.previous_day = self.first_day - datetime.timedelta(days=1)

    def warm(self):
        for (table,) in self.server.rows(f"""
                select format('%I.%I', '{MART}', relname) from pg_class
                where relnamespace = '{MART}'::regnamespace and relkind = 'r' order by 1"""):
            self.server.warm(table)

    def from_lines(self, chosen, *joins, condition="true"):
        """FROM and WHERE over the lines f. The range of keys is what an index serves best."""
        conditions = [condition]
        if chosen.region:
            joins += (PLACE,)
            conditions.append(f"g.region = '{chosen.region}'")
        if chosen.is_month:
            conditions.append(f"f.order_date_key between {self.first_day:%Y%m%d} and {self.last_day:%Y%m%d}")
        return f"from {MART}.fact_sales f {' '.join(dict.fromkeys(joins))} where {' and '.join(conditions)}"

    def from_view(self, view, chosen, dated_by, condition="true"):
        """FROM and WHERE over a view in the shape of DirectQuery, which compares dates with timestamps."""
        conditions = [condition]
        if chosen.region:
            conditions.append(f""""_"."region" = '{chosen.region}'""")
        if chosen.is_month:
            conditions.append(f""""_"."{dated_by}" >= timestamp '{self.first_day} 00:00:00'
                and "_"."{dated_by}" < timestamp '{self.last_day + datetime.timedelta(days=1)} 00:00:00'""")
        return f"""from (select * from "{MART}"."{view}" "$Table") "_" where {" and ".join(conditions)}"""

    def visual(self, view, by, values, chosen, dated_by="month", condition="true"):
        """The query of one visual: columns of a view summed by another one."""
        inner = ", ".join(f'"_"."{column}" as "y{n}"' for n, column in enumerate(values))
        outer = ", ".join(f'sum("rows"."y{n}") as "a{n}"' for n in range(len(values)))
        return f"""
            select "rows"."x", {outer}
            from (select "_"."{by}" as "x", {inner} {self.from_view(view, chosen, dated_by, condition)}) "rows"
            group by "x" limit 1000001"""

    def filters(self, chosen):
        return f"""'{{"region": "{chosen.region}"}}'""" if chosen.region else "'{}'"

    def arguments(self, chosen):
        """from_date, to_date and filters of a function."""
        days = f"'{self.first_day}', '{self.last_day}'" if chosen.is_month else "null, null"
        return f"{days}, {self.filters(chosen)}"


current_shop = None


def shop_of(bench, rows):
    """The mart of that size; it serves one case after the other, because making it takes minutes."""
    global current_shop
    if current_shop is None or current_shop.size != rows:
        current_shop = Shop(bench.server, rows)
    return current_shop


def drop_shop(bench):
    global current_shop
    bench.server.rows(f"drop schema {MART} cascade")
    current_shop = None


# Questions to the lines ---------------------------------------------------------------------------------


def join(table, alias, key, of="f"):
    return f"join {MART}.{table} {alias} on {alias}.{key} = {of}.{key}"


DATE = f"join {MART}.dim_date d on d.date_key = f.order_date_key"
PLACE = join("dim_geography", "g", "geography_key")
CUSTOMER = join("dim_customer", "c", "customer_key")
HOME = join("dim_geography", "g", "geography_key", "c")
CHANNEL = join("dim_channel", "ch", "channel_key")
PAYMENT = join("dim_payment_method", "pm", "payment_method_key")
SHIPPING = join("dim_shipping_method", "sm", "shipping_method_key")
PRODUCT = join("dim_product", "p", "product_key")
LAST_ORDER = f"""join (select customer_key, max(ordered_at) as last_at from {MART}.fact_sales where not is_return group by 1) l
    on l.customer_key = f.customer_key"""

MONTH_OF_DAY = "date_trunc('month', d.date)::date"
REVENUE = "sum(f.revenue_amount)"
UNITS = "sum(f.quantity) filter (where not f.is_return)"
# No two customers of this shop share the id of an order.
ORDERS = "count(distinct f.order_id) filter (where not f.is_return)"


def of_lines(shop, by, values, chosen, *joins, condition="true"):
    return f"select {by}, {values} {shop.from_lines(chosen, *joins, condition=condition)} group by 1"


def customers_of_lines(shop, by, chosen, *joins, condition="not f.is_return"):
    """Different customers and the median order, which takes the sums of the orders first."""
    return f"""
        select x, count(distinct customer_key) filter (where customer_key <> 0),
               percentile_cont(0.5) within group (order by amount)
        from (select {by} as x, f.customer_key, f.order_id, sum(f.revenue_amount) as amount
              {shop.from_lines(chosen, *joins, condition=condition)} group by 1, 2, 3) orders
        group by x"""


def new_customers_of_lines(shop, chosen, periods="true"):
    """Revenue, orders, customers and new customers by month: new is who had no order before."""
    return f"""
        with first_order as (
            select customer_key, min(ordered_at) as first_at from {MART}.fact_sales
            where not is_return and customer_key <> 0 group by customer_key)
        select {MONTH_OF_DAY} as month, {REVENUE} as revenue, {ORDERS} as orders,
               count(distinct o.customer_key) filter (where not f.is_return) as customers,
               count(distinct o.customer_key) filter (where not f.is_return and f.ordered_at = o.first_at)
                   as new_customers
        from {MART}.fact_sales f {DATE} {PLACE if chosen.region else ""}
        left join first_order o on o.customer_key = f.customer_key
        where {periods} {f"and g.region = '{chosen.region}'" if chosen.region else ""}
        group by 1"""


# Contestants --------------------------------------------------------------------------------------------


def asks(server, name, *statements):
    """A contestant that fetches all rows of the statements, as a client does."""

    def fetch():
        return [server.rows(statement) for statement in statements]

    def execute():
        server.rows(f"set max_parallel_workers_per_gather = {WORKERS}")
        return Run(*clock(fetch), {})

    return Contestant(name, execute)


def asks_anew(name, *statements):
    """The same in a new session, whose caches are empty: connecting counts."""

    def fetch():
        connection = psycopg2.connect("")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"set max_parallel_workers_per_gather = {WORKERS}")
            answers = []
            for statement in statements:
                cursor.execute(statement)
                answers.append(cursor.fetchall())
        connection.close()
        return answers

    return Contestant(name, lambda: Run(*clock(fetch), {}))


def costliest_node(server, statement):
    """The plan node that spends the most time itself, as a text."""
    plan = server.value(f"explain (analyze, format json) {statement}")[0]["Plan"]
    spent = []

    def visit(node, processes):
        # The loops of workers, which run beside each other, are not added up.
        total = node["Actual Total Time"] * node["Actual Loops"] / processes
        below = processes * (node.get("Workers Launched", 0) + 1)
        own = total - sum(visit(part, below) for part in node.get("Plans", []))
        spent.append((own, len(spent), node))
        return total

    whole = visit(plan, 1)
    own, _, node = max(spent)
    names = ("Node Type", "Relation Name", "Index Name", "Function Name")
    what = " ".join(node[name] for name in names if name in node)
    return f"{what} {own:.0f} of {whole:.0f} ms for {node['Actual Rows'] * node['Actual Loops']} rows"


def note_missed(server, name, seconds, goal, statement=None):
    """Notes a contestant that takes longer than its goal, and why."""
    if seconds > goal:
        server.notes.append(f"{name} takes {seconds:.3f} s, the goal is {goal} s"
                            + (f": {costliest_node(server, statement)}" if statement else ""))


# Case views ---------------------------------------------------------------------------------------------


def view_questions(shop):
    """By view: a visual with a region and a month where the view has them, and the same asked of the lines."""
    sales, figures = ("revenue_amount", "order_count"), ("customer_count", "median_order_amount")
    regular = "customer_segment = 'Regular'"
    return {
        "sales_daily": (
            shop.visual("sales_daily", "channel", sales, WEST_MONTH, "order_date"),
            of_lines(shop, "ch.name", f"{REVENUE}, {ORDERS}", WEST_MONTH, CHANNEL)),
        "sales_monthly": (
            shop.visual("sales_monthly", "payment_method", sales, WEST_MONTH),
            of_lines(shop, "pm.name", f"{REVENUE}, {ORDERS}", WEST_MONTH, PAYMENT)),
        "category_daily": (
            shop.visual("category_daily", "category", ("revenue_amount", "sold_quantity"), WEST_MONTH, "order_date"),
            of_lines(shop, "p.category", f"{REVENUE}, {UNITS}", WEST_MONTH, PRODUCT)),
        "category_monthly": (
            shop.visual("category_monthly", "category", ("revenue_amount", "sold_quantity"), WEST_MONTH),
            of_lines(shop, "p.category", f"{REVENUE}, {UNITS}", WEST_MONTH, PRODUCT)),
        "product_monthly": (
            shop.visual("product_monthly", "product_id", ("revenue_amount", "sold_quantity"), MONTH),
            of_lines(shop, "p.product_id", f"{REVENUE}, coalesce({UNITS}, 0)", MONTH, PRODUCT)),
        "geography_monthly": (
            shop.visual("geography_monthly", "state", sales, WEST_MONTH),
            of_lines(shop, "g.state", f"{REVENUE}, {ORDERS}", WEST_MONTH, PLACE)),
        "kpi_daily": (
            shop.visual("kpi_daily", "order_date", figures, MONTH, "order_date"),
            customers_of_lines(shop, "d.date", MONTH, DATE)),
        "kpi_monthly": (
            shop.visual("kpi_monthly", "month", figures, MONTH),
            customers_of_lines(shop, MONTH_OF_DAY, MONTH, DATE)),
        "kpi_daily_slice": (
            shop.visual("kpi_daily_slice", "order_date", figures, WEST_MONTH, "order_date", f'"_".{regular}'),
            customers_of_lines(shop, "d.date", WEST_MONTH, DATE, CUSTOMER,
                               condition="not f.is_return and c.segment = 'Regular'")),
        "kpi_monthly_region": (
            shop.visual("kpi_monthly_region", "region", figures, WEST_MONTH),
            customers_of_lines(shop, "g.region", WEST_MONTH, PLACE)),
        "kpi_monthly_segment": (
            shop.visual("kpi_monthly_segment", "customer_segment", figures, MONTH),
            customers_of_lines(shop, "c.segment", MONTH, CUSTOMER)),
        "payment_mix": (
            shop.visual("payment_mix", "payment_method", sales, EVERYTHING),
            of_lines(shop, "pm.name", f"{REVENUE}, {ORDERS}", EVERYTHING, PAYMENT)),
        "shipping_mix": (
            shop.visual("shipping_mix", "shipping_method", sales, EVERYTHING),
            of_lines(shop, "sm.name", f"{REVENUE}, {ORDERS}", EVERYTHING, SHIPPING)),
        "customer_overview": (
            shop.visual("customer_overview", "customer_segment", sales, WEST_MONTH, "last_order_date"),
            of_lines(shop, "c.segment", f"{REVENUE}, {ORDERS}", EVERYTHING, CUSTOMER, HOME, LAST_ORDER,
                     condition=f"""g.region = 'West' and c.customer_key <> 0
                         and l.last_at >= '{shop.first_day}' and l.last_at < date '{shop.last_day}' + 1""")),
        "customer_overview, whenever they ordered last": (
            shop.visual("customer_overview", "customer_segment", sales, WEST),
            of_lines(shop, "c.segment", f"{REVENUE}, {ORDERS}", EVERYTHING, CUSTOMER, HOME,
                     condition="g.region = 'West' and c.customer_key <> 0")),
    }


def other_views(shop, known):
    """A visual for every other view that BI tools see: rows by a segment or the first text, with filters where it can."""
    statements = {}
    for view, names, texts, dates in shop.server.rows(f"""
            select c.relname, array_agg(a.attname::text),
                   array_agg(a.attname::text order by a.attnum) filter (where a.atttypid = 'text'::regtype),
                   array_agg(a.attname::text) filter (where a.atttypid = 'date'::regtype)
            from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
            where c.relnamespace = '{MART}'::regnamespace and c.relkind = 'v'
              and obj_description(c.oid) like 'One row per%' and obj_description(c.oid) !~ '(?n)^Inner table'
            group by c.relname order by 1"""):
        if view not in known:
            dated_by = next((name for name in ("month", "order_date", "last_order_date") if name in (dates or ())), None)
            chosen = Filter("West" if "region" in names else None, dated_by is not None)
            by = next((name for name in texts or () if "segment" in name), (texts or names)[0])
            statements[view] = f"""
                select "rows"."x", count(1) as "a0"
                from (select "_"."{by}" as "x" {shop.from_view(view, chosen, dated_by)}) "rows"
                group by "x" limit 1000001"""
    return statements


def views(bench, rows):
    shop = shop_of(bench, rows)
    server = shop.server
    questions = view_questions(shop)
    for view, (ours, peer) in questions.items():
        pair = Pair(asks(server, view, ours), asks(server, "lines", peer), same_answers)
        bench.compare(shop.lines, [pair], f", {view}")
        note_missed(server, view, bench.results[-1].pairs[0].ours.median, GOAL_VIEW, ours)
    others = other_views(shop, questions)
    figures = {view: measure(asks(server, view, statement), bench.runs).median for view, statement in others.items()}
    server.notes.append("views without a peer: "
                        + ", ".join(f"{view} {seconds:.3f} s" for view, seconds in figures.items()))
    for view, seconds in figures.items():
        note_missed(server, view, seconds, GOAL_VIEW, others[view])


# Case dashboard -----------------------------------------------------------------------------------------


class Tile(NamedTuple):
    """One question of a dashboard: asked of a view, of a function, and of the lines."""

    name: str
    view: str
    function: str
    lines: str


def tiles(shop, chosen):
    """The twelve tiles. Trends by month show all months; cards this month and the one before; days the last month."""
    places = Filter(chosen.region)
    days = Filter(chosen.region, True)
    kpi_view = "kpi_monthly_region" if chosen.region else "kpi_monthly"
    two_months = f"f.order_date_key between {shop.previous_day:%Y%m}01 and {shop.last_day:%Y%m%d}"
    previous_month = shop.previous_day.replace(day=1)
    cards = ("revenue_amount", "order_count", "customer_count", "new_customer_count")

    def trend(grain, metric, chosen):
        return f"""select period_start, value from ecom.revenue_trend('{MART}', '{grain}', '{{}}',
                   {shop.arguments(chosen)}, '{metric}')"""

    def by(dimension, metric="revenue"):
        return f"""select member, value
                   from ecom.revenue_by('{MART}', '{dimension}', {shop.arguments(chosen)}, '{metric}')"""

    def summary(first, last):
        return f"""select date '{first}', revenue, orders, customers, new_customers
                   from ecom.kpi_summary('{MART}', '{first}', '{last}', {shop.filters(places)})"""

    return [
        Tile("cards, this month and the last",
             shop.visual(kpi_view, "month", cards, places,
                         condition=f""""_"."month" >= timestamp '{previous_month} 00:00:00'"""),
             f"{summary(previous_month, shop.previous_day)} union all {summary(shop.first_day, shop.last_day)}",
             new_customers_of_lines(shop, places, two_months)),
        Tile("revenue by month",
             shop.visual("sales_monthly", "month", ("revenue_amount",), places),
             trend("month", "revenue", places),
             of_lines(shop, MONTH_OF_DAY, REVENUE, places, DATE)),
        Tile("revenue by region",
             shop.visual("sales_monthly", "region", ("revenue_amount",), chosen),
             by("region"),
             of_lines(shop, "g.region", REVENUE, chosen, PLACE)),
        Tile("revenue by segment",
             shop.visual("sales_monthly", "customer_segment", ("revenue_amount",), chosen),
             by("segment"),
             of_lines(shop, "c.segment", REVENUE, chosen, CUSTOMER)),
        Tile("revenue by category",
             shop.visual("category_monthly", "category", ("revenue_amount",), chosen),
             by("category"),
             of_lines(shop, "p.category", REVENUE, chosen, PRODUCT)),
        Tile("top ten products",
             # No view has products by region: with one chosen, the visual reads the star.
             (f"""select "x", "a0" from ({shop.visual("product_monthly", "product_id", ("revenue_amount",), chosen)}) t
                  order by "a0" desc limit 10""" if not chosen.region else
              of_lines(shop, "p.product_id", REVENUE, chosen, PRODUCT) + " order by 2 desc limit 10"),
             f"select product_id, revenue from ecom.top_products('{MART}', 10, 'revenue', {shop.arguments(chosen)})",
             of_lines(shop, "p.product_id", REVENUE, chosen, PRODUCT) + " order by 2 desc limit 10"),
        Tile("orders by payment method",
             shop.visual("sales_monthly", "payment_method", ("order_count",), chosen),
             by("payment_method", "orders"),
             of_lines(shop, "pm.name", ORDERS, chosen, PAYMENT)),
        Tile("orders by shipping method",
             shop.visual("sales_monthly", "shipping_method", ("order_count",), chosen),
             by("shipping_method", "orders"),
             of_lines(shop, "sm.name", ORDERS, chosen, SHIPPING)),
        Tile("new and returning customers by month",
             shop.visual(kpi_view, "month", ("new_customer_count", "returning_customer_count"), places),
             f"""select n.period_start, n.value, r.value from ({trend("month", "new_customers", places)}) n
                 join ({trend("month", "returning_customers", places)}) r using (period_start)""",
             f"""select month, new_customers, customers - new_customers
                 from ({new_customers_of_lines(shop, places)}) m"""),
        Tile("satisfaction by shipping method",
             f"""select "x", "a0" / nullif("a1", 0) from ({shop.visual(
                 "sales_monthly", "shipping_method", ("satisfaction_sum", "satisfaction_count"), chosen)}) s""",
             by("shipping_method", "avg_satisfaction"),
             of_lines(shop, "sm.name", "avg(f.satisfaction_score)", chosen, SHIPPING)),
        Tile("revenue by day",
             shop.visual("sales_daily", "order_date", ("revenue_amount",), days, "order_date"),
             trend("day", "revenue", days),
             of_lines(shop, "d.date", REVENUE, days, DATE)),
        Tile("revenue by state",
             shop.visual("geography_monthly", "state", ("revenue_amount",), chosen),
             by("state"),
             of_lines(shop, "g.state", REVENUE, chosen, PLACE)),
    ]


def dashboard(bench, rows):
    shop = shop_of(bench, rows)
    server = shop.server
    for chosen, title in ((WEST_MONTH, ", one region and month"), (EVERYTHING, ", everything")):
        asked = tiles(shop, chosen)
        of_views, of_functions, of_lines_alone = (
            asks(server, name, *(getattr(tile, form) for tile in asked))
            for name, form in (("12 views", "view"), ("12 functions", "function"), ("lines", "lines")))
        anew = asks_anew("12 views, new session", *(tile.view for tile in asked))
        bench.compare(shop.lines, [
            Pair(of_views, of_lines_alone, same_answers),
            Pair(anew, of_views, same_answers, is_own=True),
            Pair(of_functions, of_views, same_answers, is_own=True)], title)
        goal = GOAL_DASHBOARD if chosen.region else GOAL_FIRST_LOAD
        for pair in bench.results[-1].pairs:
            note_missed(server, pair.ours.name + title, pair.ours.median, goal)
        for form in ("view", "function"):
            seconds = sorted(((clock(server.rows, getattr(tile, form))[1], tile.name) for tile in asked), reverse=True)
            server.notes.append(f"{form}s{title}, slowest tiles: "
                                + ", ".join(f"{name} {second:.3f} s" for second, name in seconds[:4]))


# Case refresh -------------------------------------------------------------------------------------------


class Views:
    """The peer: materialized views of the same aggregates, by the lists of parts and rollups that ours is made of."""

    def __init__(self, shop):
        self.server = shop.server
        self.names = []
        typed, summed, from_lines = (
            self.server.value(f"select ecom_internal.sales_parts('{part}')")
            for part in ("({expression})::{type} as {name}", "sum(o.{name})::{sum_type} as {name}",
                         "({expression})::{sum_type} as {name}"))
        self.create("fact_order", "customer_key", f"""
            select l.*, case when order_count = 1 and customer_key <> 0 then row_number() over w end as order_number,
                   case when order_count = 1 and customer_key <> 0
                        then ordered_at::date - lag(ordered_at::date) over w end as days_since_previous_order
            from (select min(f.ordered_at) as ordered_at, f.order_date_key, f.customer_key, f.order_id, f.geography_key,
                         f.channel_key, f.payment_method_key, f.shipping_method_key,
                         (count(*) filter (where not f.is_return) > 0)::int as order_count, {typed}
                  from {MART}.fact_sales f group by 2, 3, 4, 5, 6, 7, 8) l
            window w as (partition by customer_key, order_count order by ordered_at, order_id)""")
        self.create("customer_summary", "customer_key", f"""
            select o.customer_key, min(o.ordered_at::date) filter (where o.order_count = 1) as first_order_date,
                   max(o.ordered_at::date) filter (where o.order_count = 1) as last_order_date,
                   sum(o.order_count) as order_count, {summed}, avg(o.days_since_previous_order) as mean_interval_days,
                   stddev_samp(o.days_since_previous_order) as interval_stddev_days
            from bench.fact_order o where o.customer_key <> 0 group by 1""")
        for name, keys, expressions, source, from_clause, has_orders in self.server.rows("""
                select name, keys, replace(key_expressions, '{month}',
                                           format('make_date(%1$s / 10000, %1$s / 100 %% 100, 1)', dated_by)),
                       source, from_clause, has_orders
                from ecom_internal.rollup order by position"""):
            new = "count(*) filter (where o.order_number = 1)" if source == "orders" else "sum(o.new_customer_count)"
            orders = f"sum(o.order_count) as order_count, {new} as new_customer_count," if has_orders else ""
            # It reads the peer's own orders and cubes.
            for own in self.names:
                from_clause = from_clause.replace(f"{{mart}}.{own} ", f"bench.{own} ")
            names = keys.split(", ")
            grouped = ", ".join(map(str, range(1, len(names) + 1)))
            self.create(name, names[0], f"""
                select {expressions}, {orders} {from_lines if source == "lines" else summed}
                from {from_clause.replace("{mart}", MART)} group by {grouped}""", names)
        self.create("kpi_period", "period_start", " union all ".join(f"""
            select '{grain}' as grain, {period} as period_start, g.region, c.segment, sum(o.order_count) as order_count,
                   count(distinct o.customer_key) filter (where o.order_count = 1 and o.customer_key <> 0)
                       as customer_count,
                   count(*) filter (where o.order_number = 1) as new_customer_count,
                   (percentile_cont(0.5) within group (order by o.gross_amount::float8)
                       filter (where o.order_count = 1))::numeric(18,2) as median_order_amount, {summed}
            from bench.fact_order o
            join {MART}.dim_date d on d.date_key = o.order_date_key
            join {MART}.dim_geography g on g.geography_key = o.geography_key
            join {MART}.dim_customer c on c.customer_key = o.customer_key
            group by {period}, grouping sets ((), (g.region), (c.segment), (g.region, c.segment))"""
            for grain, period in (("day", "d.date"), ("month", MONTH_OF_DAY))))

    def create(self, name, indexed, query, columns=None):
        # The columns of a rollup are named by its list of keys; the rest is named in the query.
        names = f"({', '.join(columns)})" if columns else ""
        self.server.rows(f"create materialized view bench.{name} {names} as {query} with no data")
        self.server.rows(f"create index on bench.{name} ({indexed})")
        self.names.append(name)

    def refresh(self):
        for name in self.names:
            self.server.rows(f"refresh materialized view bench.{name}")


# Sums that tell whether two sets of rollups hold the same.
CHECKS = (
    ("fact_order", "sum(order_count), sum(order_number), sum(days_since_previous_order), sum(revenue_amount)"),
    ("customer_summary", "count(*), sum(order_count), sum(mean_interval_days), sum(return_amount)"),
    ("sales_cube", "count(*), sum(order_count), sum(new_customer_count), sum(revenue_amount)"),
    ("sales_month", "count(*), sum(order_count), sum(new_customer_count), sum(discount_amount)"),
    ("geography_month", "count(*), sum(order_count), sum(satisfaction_sum), sum(revenue_amount)"),
    ("category_cube", "count(*), sum(line_count), sum(satisfaction_sum), sum(revenue_amount)"),
    ("category_day", "count(*), sum(line_count), sum(returned_quantity), sum(revenue_amount)"),
    ("category_month", "count(*), sum(line_count), sum(cost_amount), sum(revenue_amount)"),
    ("product_month", "count(*), sum(line_count), sum(sold_quantity), sum(revenue_amount)"),
    ("kpi_period", "count(*), sum(customer_count), sum(median_order_amount), sum(revenue_amount)"),
)


def checks_of(server, schema):
    return [server.rows(f"select '{table}', {sums} from {schema}.{table}") for table, sums in CHECKS]


def same_rollups(ours, peer):
    for (our_row,), (peer_row,) in zip(ours, peer):
        require(all(one == other if isinstance(one, str) else math.isclose(one, other, rel_tol=1e-9)
                    for one, other in zip(our_row, peer_row)), our_row, peer_row)


class Changes:
    """Ten thousand lines that come or change, other ones each time."""

    def __init__(self, shop):
        self.shop = shop
        self.count = 0
        self.columns = shop.server.value(f"""
            select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
            where attrelid = '{MART}.fact_sales'::regclass and attnum > 0 and not attisdropped
              and attname not in ('sales_key', 'ordered_at', 'order_date_key', 'order_id')""")

    def insert(self, days):
        """Orders of the past come again, under other ids, on one of the last days."""
        self.count += 1
        self.shop.server.rows(f"""
            insert into {MART}.fact_sales (ordered_at, order_date_key, order_id, {self.columns})
            select moment, to_char(moment, 'YYYYMMDD')::int, 'N{self.count}-' || order_id, {self.columns}
            from (select date '{self.shop.last_day}' - abs(hashtext(order_id) % {days}) + ordered_at::time as moment,
                         f.*
                  from {MART}.fact_sales f where not is_return and order_id not like 'N%'
                  order by sales_key offset {(self.count - 1) * CHANGED_LINES} limit {CHANGED_LINES}) l""")

    def correct(self, condition):
        self.count += 1
        self.shop.server.rows(f"""
            update {MART}.fact_sales set revenue_amount = revenue_amount + 0.01
            where sales_key in (select sales_key from {MART}.fact_sales f where {condition}
                                order by hashint8(sales_key # {self.count}) limit {CHANGED_LINES})""")


def refresh(bench, rows):
    shop = shop_of(bench, rows)
    server = shop.server
    changes = Changes(shop)
    rollups = [name for name, _ in CHECKS]
    last_days = f"order_date_key >= {shop.last_day - datetime.timedelta(days=29):%Y%m%d}"
    server.rows(f"set max_parallel_workers_per_gather = {WORKERS}")

    def refreshed(change):
        """Changes lines, and times the refresh that follows."""
        change()
        server.rows(f"analyze {MART}.fact_sales")
        _, seconds = clock(server.rows, f"select * from ecom.refresh('{MART}', steps => '{{sales}}')")
        # What a rollup holds is what the lines hold, whatever changed.
        expected, *found = (server.value(f"select sum(revenue_amount) from {MART}.{table}")
                            for table in ("fact_sales", *rollups) if table not in ("customer_summary", "kpi_period"))
        require(all(amount == expected for amount in found), found, expected)
        return Run(checks_of(server, MART), seconds, {})

    def forget():
        server.rows(f"truncate {', '.join(f'{MART}.{name}' for name in rollups)}")
        server.rows(f"delete from {MART}.rollup_state")

    views = Views(shop)

    def recompute():
        _, seconds = clock(views.refresh)
        for name in views.names:
            server.rows(f"analyze bench.{name}")
        return Run(checks_of(server, "bench"), seconds, {})

    late = Contestant("refresh, late lines of 30 days", lambda: refreshed(lambda: changes.insert(30)))
    peer = Contestant("REFRESH MATERIALIZED VIEW", recompute)
    bench.compare(shop.lines, [Pair(late, peer, same_rollups)], ", late lines")
    note_missed(server, late.name, bench.results[-1].pairs[0].ours.median, GOAL_REFRESH)
    for name, change in (
            ("new lines on the last day", lambda: changes.insert(1)),
            ("corrected lines of 30 days", lambda: changes.correct(last_days)),
            ("corrected lines of all days", lambda: changes.correct("true"))):
        bench.rate(CHANGED_LINES, Contestant(name, lambda: refreshed(change)), f", {name}")
        note_missed(server, name, bench.results[-1].figures.median, GOAL_REFRESH)
    bench.rate(shop.lines, Contestant("the first refresh", lambda: refreshed(forget)), ", the first time")
    for name in reversed(views.names):
        server.rows(f"drop materialized view bench.{name}")
    drop_shop(bench)


# Case functions -----------------------------------------------------------------------------------------


def notebook(statement, compute):
    """A notebook's way: read_sql of the lines that the filters leave, with the columns needed, then pandas."""
    engine = sqlalchemy.create_engine("postgresql+psycopg2://")
    frame, extraction = clock(pandas.read_sql, statement, engine)
    answer, computation = clock(compute, frame)
    return Run([answer], extraction + computation, {"extraction": extraction, "computation": computation})


def summary_in_pandas(frame):
    sales = frame[~frame.is_return]
    orders, revenue = sales.order_id.nunique(), frame.amount.sum()
    return [(revenue, orders, sales.customer_key[sales.customer_key != 0].nunique(), revenue / orders,
             sales.satisfaction_score.mean())]


def function_questions(shop):
    """By name: the call, the query over the lines, what a notebook reads, and what it computes."""
    year = f"f.order_date_key between {shop.last_day:%Y}0101 and {shop.last_day:%Y%m%d}"
    dates = f"'{shop.last_day:%Y}-01-01', '{shop.last_day}'"
    segments = "c.segment in ('Premium', 'Regular')"
    category = shop.server.value(f"select min(category) from {MART}.dim_product where category <> 'Unknown'")
    amount = "f.revenue_amount::float8 as amount"

    def source(condition, *joins):
        return shop.from_lines(EVERYTHING, *joins, condition=condition)

    summary = source(f"{year} and g.region = 'West' and {segments}", PLACE, CUSTOMER)
    trend = source(f"p.category = '{category}'", PRODUCT, PLACE, DATE)
    categories = source(f"{year} and {segments}", PRODUCT, CUSTOMER)
    customers = source(f"{year} and g.region = 'West' and c.customer_key <> 0", PLACE, CUSTOMER)
    both = '{"segment": ["Premium", "Regular"]'
    return {
        "kpi_summary": (
            f"""select revenue, orders, customers, aov, avg_satisfaction
                from ecom.kpi_summary('{MART}', {dates}, '{both}, "region": "West"}}')""",
            f"""select {REVENUE}, {ORDERS},
                       count(distinct f.customer_key) filter (where not f.is_return and f.customer_key <> 0),
                       {REVENUE} / {ORDERS}, avg(f.satisfaction_score) filter (where not f.is_return) {summary}""",
            f"select f.order_id, f.customer_key, f.is_return, f.satisfaction_score, {amount} {summary}",
            summary_in_pandas),
        "revenue_trend": (
            f"""select period_start || series, value
                from ecom.revenue_trend('{MART}', 'month', '{{region}}', filters => '{{"category": "{category}"}}')""",
            f"select {MONTH_OF_DAY} || g.region, {REVENUE} {trend} group by 1",
            f"select {MONTH_OF_DAY} as month, g.region, {amount} {trend}",
            lambda frame: [(f"{month}{region}", value) for (month, region), value
                           in frame.groupby(["month", "region"]).amount.sum().items()]),
        "revenue_by": (
            f"select member, value from ecom.revenue_by('{MART}', 'category', {dates}, '{both}}}')",
            f"select p.category, {REVENUE} {categories} group by 1",
            f"select p.category, {amount} {categories}",
            lambda frame: list(frame.groupby("category").amount.sum().items())),
        "top_customers": (
            f"""select customer_id, value
                from ecom.top_customers('{MART}', 10, 'revenue', {dates}, '{{"region": "West"}}')""",
            f"select c.customer_id, {REVENUE} {customers} group by 1 order by 2 desc limit 10",
            f"select c.customer_id, {amount} {customers}",
            lambda frame: list(frame.groupby("customer_id").amount.sum().nlargest(10).items())),
    }


def functions(bench, rows):
    shop = shop_of(bench, rows)
    server = shop.server
    for name, (call, lines, columns, compute) in function_questions(shop).items():
        ours = asks(server, name, call)
        bench.compare(shop.lines, [
            Pair(ours, asks(server, "lines", lines), same_answers),
            Pair(ours, Contestant("pandas", lambda: isolated(notebook, columns, compute)), same_answers)], f", {name}")


CASES = (
    Case("views", "a visual over every BI view, and the same asked of the order lines", views),
    Case("dashboard", "twelve tiles as views and as functions, and asked of the order lines", dashboard),
    Case("functions", "functions with filters, the order lines in SQL and in pandas", functions, max_rows=1_000_000),
    Case("refresh", f"rollups after {CHANGED_LINES} lines, and materialized views of the same", refresh),
)
