"""A case: one piece of work that is measured at several sizes."""

from typing import Callable, NamedTuple, Optional


class Case(NamedTuple):
    name: str
    about: str
    execute: Callable  # of the Bench and the number of rows
    unit: str = "order lines"
    max_rows: Optional[int] = None  # larger sizes are measured at this one
