"""Measures a million attempts in virtual time against bare simpy and a bare heap of tuples.

What is measured: 100,000 deliveries that fail ten times each, 65 hours of schedule, through
the engine with a transport in the process and the whole history kept: in memory, and in a
SQLite file. Deliveries begin in order, a millisecond apart, or in any order within a day.
The peer is simpy, a process for each delivery that waits and counts, with no history and no
URL; the floor is a heap of tuples, which only orders. Each run has a process of its own, so
that its memory is its own too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from benchmarks.measure import Case, Comparison, Plan
from benchmarks.processes import figures_of, missing

DELIVERIES = 100_000
ORDERS = ("ordered", "random")


@contextmanager
def benchmark(scale: float) -> Iterator[Plan]:
    """Build the plan; every case starts its own process."""
    count = max(10, int(DELIVERIES * scale))
    kinds = {
        "memory": "engine, memory ledger",
        "sqlite": "engine, SQLite file",
        "simpy": "bare simpy",
        "heapq": "bare heapq",
    }
    cases = [
        Case(f"{name}, {order}", partial(figures_of, "virtual_time", kind, order, count))
        for order in ORDERS
        for kind, name in kinds.items()
    ]
    comparisons = []
    for order in ORDERS:
        memory, sqlite, simpy, heap = (f"{name}, {order}" for name in kinds.values())
        comparisons += [
            Comparison("seconds", memory, simpy, at_most=1.3),
            Comparison("seconds", sqlite, simpy, at_most=2),
            Comparison("seconds", memory, heap),
            Comparison("MiB at most", memory, at_most=300),
        ]
    reason = missing("simpy")
    skipped = {f"bare simpy, {order}": reason for order in ORDERS} if reason else {}
    yield Plan(f"Virtual time: {count:,} deliveries of ten attempts", cases, comparisons, skipped)
