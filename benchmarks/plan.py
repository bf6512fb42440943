"""Measures how long `postbacks plan` thinks, against bare simpy.

What is measured: a million deliveries that fail ten times each, through the counting of
`load.echo`; and all of `postbacks plan` for a campaign of five million events: the campaign itself,
an outage of two hours, 65 hours of retries without jitter and with, and the next campaign. The peer
is simpy, a process for each delivery that waits and counts, with no endpoint and no queue. Each run
has a process of its own, so that its memory is its own too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from benchmarks.measure import Case, Comparison, Plan
from benchmarks.processes import figures_of, missing

DELIVERIES = 1_000_000
EVENTS = 5_000_000


@contextmanager
def benchmark(scale: float) -> Iterator[Plan]:
    """Build the plan; every case starts its own process."""
    count, events = max(10, int(DELIVERIES * scale)), max(1000, int(EVENTS * scale))
    counted, whole, simpy = "counted", f"plan of {events:,} events", "bare simpy"
    cases = [
        Case(counted, partial(figures_of, "plan_time", "echo", count)),
        Case(simpy, partial(figures_of, "virtual_time", "simpy", "ordered", count)),
        Case(whole, partial(figures_of, "plan_time", "plan", events)),
    ]
    comparisons = [
        Comparison("seconds", counted, simpy, at_most=1.2),
        Comparison("seconds", whole, at_most=60),
        Comparison("MiB at most", whole, at_most=500),
    ]
    reason = missing("simpy")
    skipped = {simpy: reason} if reason else {}
    yield Plan(f"Plans: {count:,} deliveries of ten attempts", cases, comparisons, skipped)
