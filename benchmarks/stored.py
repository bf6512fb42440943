"""Measures a sandbox that has kept a million deliveries in its file, against rows in sqlite3.

What is measured: a million events over 24 years of sandbox time, a thousand a list, delivered to an
inbox of the process and recorded in a SQLite file; then, with that file, a start of the server, a
page of a thousand deliveries with their attempts, and a reset that gives the space back. The floor
is sqlite3, writing as many bytes as one row each, a thousand a transaction, into a table with no
other index than its key.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from benchmarks.measure import Case, Comparison, Plan
from benchmarks.processes import figures_of

COUNT = 1_000_000
SANDBOX, BARE = "Sandbox, SQLite file", "bare sqlite3"


@contextmanager
def benchmark(scale: float) -> Iterator[Plan]:
    """Build the plan; every case starts its own process."""
    count = max(1000, round(COUNT * scale))
    yield Plan(
        f"A ledger with {count:,} deliveries over 24 years",
        [
            Case(SANDBOX, partial(figures_of, "stored", "sandbox", count)),
            Case(BARE, partial(figures_of, "stored", "sqlite3", count)),
        ],
        [
            Comparison("seconds", SANDBOX, at_most=120 * scale),
            Comparison("seconds", SANDBOX, BARE),
            Comparison("seconds of a start", SANDBOX, at_most=0.5),
            Comparison("seconds of a page", SANDBOX, at_most=0.1),
            Comparison("seconds of a page", SANDBOX, BARE),
            Comparison("seconds of a reset", SANDBOX, at_most=2),
            Comparison("seconds of a reset", SANDBOX, BARE),
            Comparison("MiB at most", SANDBOX, at_most=200),
        ],
    )
