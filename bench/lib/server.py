"""The server under test: one session in which statements are timed."""

import psycopg2

from lib.measure import Contestant, Run, clock

SCHEMA = "bench"


class Server:
    """A session on the server that libpq's environment names; it may be thrown away afterwards."""

    def __init__(self):
        self.connection = psycopg2.connect("")
        self.connection.autocommit = True
        self.notes = []
        self.rows("set client_min_messages = warning")
        self.rows("create extension if not exists ecom_analytics")
        self.rows("create extension if not exists pg_prewarm")
        self.rows(f"drop schema if exists {SCHEMA} cascade")
        self.rows(f"create schema {SCHEMA}")

    def rows(self, statement):
        with self.connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement):
        return self.rows(statement)[0][0]

    def setting(self, name):
        return self.value(f"select current_setting('{name}')")

    def create(self, table, query):
        """Makes a table of the benchmark from a query whose random numbers repeat in every run."""
        self.rows("select setseed(0.42)")
        self.rows(f"drop table if exists {SCHEMA}.{table}")
        self.rows(f"create table {SCHEMA}.{table} as {query}")
        self.warm(f"{SCHEMA}.{table}")

    def drop(self, table):
        self.rows(f"drop table {SCHEMA}.{table}")

    def warm(self, table):
        """Brings a table into the state that it has in daily use: vacuumed, analyzed and in memory."""
        self.rows(f"vacuum (freeze, analyze) {table}")
        self.rows(f"select pg_prewarm('{table}')")
        fits = self.value(f"""
            select pg_relation_size('{table}') <
                   0.9 * 8192 * (select setting::bigint from pg_settings where name = 'shared_buffers')""")
        if not fits:
            self.notes.append(f"{table} is larger than shared_buffers")

    def query(self, name, statement, workers=0):
        """A statement of one row as a contestant, with parallel query off or on."""

        def execute():
            self.rows(f"set max_parallel_workers_per_gather = {workers}")
            rows, seconds = clock(self.rows, statement)
            return Run(rows[0], seconds, {})

        return Contestant(name, execute)

    def planned(self, name, statement, workers):
        """The same, with what the planner makes of the workers in the name."""
        if workers == 0:
            name += ", serial"
        elif self.planned_workers(statement, workers) > 0:
            name += ", parallel"
        else:
            name += ", parallel allowed"
        return self.query(name, statement, workers)

    def planned_workers(self, statement, workers):
        """The most workers that any node of the statement's plan asks for."""
        self.rows(f"set max_parallel_workers_per_gather = {workers}")

        def most(node):
            return max([node.get("Workers Planned", 0)] + [most(part) for part in node.get("Plans", [])])

        return most(self.value(f"explain (format json) {statement}")[0]["Plan"])
