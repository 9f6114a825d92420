"""How contestants are measured: in turn, so that what disturbs the machine disturbs both."""

import os
import pickle
import statistics
import time
import traceback
from typing import Any, Callable, NamedTuple


class Run(NamedTuple):
    """One execution: what it answered, how long it took, and of which parts that consists."""

    answer: Any
    seconds: float
    parts: dict


class Disagreement(Exception):
    """Two contestants did not do the same work, so that their times mean nothing."""


def require(agreed, ours, peer):
    if not agreed:
        raise Disagreement(f"ours {ours}, peer {peer}")


class Contestant(NamedTuple):
    """Something that does the work once and says how long it took."""

    name: str
    execute: Callable[[], Run]


class Pair(NamedTuple):
    """Ours and a peer, and the test that their answers agree (raises Disagreement otherwise)."""

    ours: Contestant
    peer: Contestant
    agree: Callable[[Any, Any], None]
    is_own: bool = False  # the peer is another form of ours


class Figures:
    """The runs of one contestant."""

    def __init__(self, name):
        self.name = name
        self.seconds = []
        self.parts = {}

    def add(self, run):
        self.seconds.append(run.seconds)
        for part, value in run.parts.items():
            self.parts.setdefault(part, []).append(value)

    @property
    def median(self):
        return statistics.median(self.seconds)

    def part_medians(self):
        return {part: statistics.median(values) for part, values in self.parts.items()}


class PairFigures:
    """The runs of a pair; ratios are of neighbouring runs, peer over ours."""

    def __init__(self, pair):
        self.ours = Figures(pair.ours.name)
        self.peer = Figures(pair.peer.name)
        self.is_own = pair.is_own

    def add(self, ours, peer):
        self.ours.add(ours)
        self.peer.add(peer)

    @property
    def ratios(self):
        return [peer / ours for ours, peer in zip(self.ours.seconds, self.peer.seconds)]

    @property
    def ratio(self):
        return statistics.median(self.ratios)


def compare(pairs, runs):
    """Runs every pair once to see that the answers agree, which also warms caches up, then times them:
    A B A B ... within a pair, the pairs one after the other in every round."""
    figures = [PairFigures(pair) for pair in pairs]
    for round_number in range(runs + 1):
        for pair, pair_figures in zip(pairs, figures):
            ours, peer = pair.ours.execute(), pair.peer.execute()
            pair.agree(ours.answer, peer.answer)
            if round_number > 0:
                pair_figures.add(ours, peer)
    return figures


def measure(contestant, runs):
    """Times one contestant that has no peer."""
    figures = Figures(contestant.name)
    for _ in range(runs):
        figures.add(contestant.execute())
    return figures


def isolated(function, *arguments):
    """Runs a function in a process of its own and returns its Run with the peak memory as a part.

    A script of a user starts with fresh memory as well, and the peak is that of this run alone."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            with os.fdopen(writer, "wb") as pipe:
                pickle.dump(function(*arguments), pipe)
            status = 0
        except Exception:
            traceback.print_exc()
        finally:
            # No exit handlers: they would close the parent's connection to the server.
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        content = pipe.read()
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        raise RuntimeError(f"{function.__name__} failed in its process (status {status})")
    run = pickle.loads(content)
    run.parts["peak GB"] = usage.ru_maxrss / 1024**2
    return run


def clock(function, *arguments):
    """The result of a call and the seconds that it took."""
    started = time.perf_counter()
    result = function(*arguments)
    return result, time.perf_counter() - started
