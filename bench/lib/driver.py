"""Runs the families' cases at every size and prints what they measured."""

import argparse
import importlib
import json
import pathlib
import sys

BENCH = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BENCH))

from lib import environment, measure, report  # noqa: E402
from lib.server import Server  # noqa: E402

FAMILIES = sorted(path.stem for path in BENCH.glob("*.py"))


class Bench:
    """What a case gets: the server, the number of runs, and where its figures go."""

    def __init__(self, server, runs):
        self.server = server
        self.runs = runs
        self.results = []
        self.title = ""

    def compare(self, lines, pairs, title=""):
        """Pairs of contestants over the same lines (or customers); the title says what is special."""
        figures = measure.compare(pairs, self.runs)
        self.add(report.Comparison(self.title + title, lines, figures))

    def rate(self, lines, contestant, title=""):
        """One contestant without a peer; lines is what it handles in one execution."""
        figures = measure.measure(contestant, self.runs)
        self.add(report.Rate(self.title + title, lines, figures))

    def add(self, result):
        self.results.append(result)
        print(result.table(), flush=True)

    def run(self, family, case, rows):
        self.title = f"{family}:{case.name}"
        print(f"\n{self.title}, {report.count(rows)} {case.unit}: {case.about}", flush=True)
        try:
            case.execute(self, rows)
        except measure.Disagreement as difference:
            sys.exit(f"{self.title}: the answers differ: {difference}")
        while self.server.notes:
            print(f"  note: {self.server.notes.pop(0)}", flush=True)


def row_count(text):
    """1M, 300k or 5000 as a number."""
    factor = {"k": 1_000, "M": 1_000_000}.get(text[-1:], 1)
    try:
        number = int(float(text[:-1] if factor > 1 else text) * factor)
    except ValueError:
        number = 0
    if number < 1000:
        raise argparse.ArgumentTypeError(f"{text} is not a number of rows from 1k, such as 300k or 10M")
    return number


def row_counts(text):
    return [row_count(part) for part in text.split(",")]


def arguments():
    parser = argparse.ArgumentParser(
        prog="bench/run", description="Measures the extension side by side with its peers.")
    parser.add_argument("--rows", type=row_counts, default=row_counts("1M,3M,10M"), metavar="N,...",
                        help="sizes, e.g. 300k,1M (default 1M,3M,10M)")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each pair (default 5)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write every single time as JSON")
    parser.add_argument("--list", action="store_true", help="list families and cases, measure nothing")
    parser.add_argument("chosen", nargs="*", metavar="FAMILY[:CASE]", help="default: all of them")
    given = parser.parse_args()
    if given.runs < 1:
        parser.error("--runs must be 1 or more")
    return parser, given


def choose(parser, names):
    """The cases behind the names, in the order of the families."""
    modules = {family: importlib.import_module(family) for family in FAMILIES}
    known = [(family, case) for family in FAMILIES for case in modules[family].CASES]
    chosen = [(family, case) for family, case in known
              if not names or family in names or f"{family}:{case.name}" in names]
    valid = set(FAMILIES) | {f"{family}:{case.name}" for family, case in known}
    for name in names:
        if name not in valid:
            parser.error(f"{name} is not known; --list shows what there is")
    return chosen


def main():
    parser, given = arguments()
    chosen = choose(parser, given.chosen)
    if given.list:
        for family, case in chosen:
            print(f"{family}:{case.name:<12} {case.about}")
        return
    bench = Bench(Server(), given.runs)
    facts = environment.facts(bench.server)
    print(report.facts_table(facts))
    print(f"""Medians of {given.runs} runs, by the clock of one session. ns: nanoseconds a line.
ratio: time of the peer / time of ours in neighbouring runs, median (min .. max).
serial: parallel query off; parallel: two workers; parallel allowed: the planner chose none.""")
    for family, case in chosen:
        for rows in sorted({min(rows, case.max_rows or rows) for rows in given.rows}):
            bench.run(family, case, rows)
    print("\n" + report.growth(bench.results))
    print("\n" + report.best(bench.results))
    if given.json:
        given.json.write_text(json.dumps(
            {"environment": facts, "results": [result.as_dict() for result in bench.results]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
