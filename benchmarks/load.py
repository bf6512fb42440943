"""Measures what a worker of `postbacks load` sends, against Locust's own client and wrk.

What is measured: events made, rendered and POSTed at their planned instants to an nginx that
answers 200, counted and reported; through the processes that the command starts, without the time
that they take to start. Once as fast as one worker can, once with two, and once at a planned rate,
where the lag counts: how long after its instant a postback leaves. The peers are Locust's
FastHttpUser with sixteen users and ready-made URLs, and wrk, which sends one ready-made request
over and over. All of one worker, with its master, has one core, as the peers have. Two workers get
both, of which nginx needs one too: where there are no more, two can hardly be faster than one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from benchmarks.measure import Case, Comparison, Plan
from benchmarks.peers import nginx, without_wrk, wrk
from benchmarks.processes import figures_of, missing
from benchmarks.stream import POSTBACK_URL, naive_render, realistic_events

COUNT, LOCUST_COUNT, PLANNED_COUNT = 60_000, 10_000, 50_000
PLANNED_RATE = 10_000
WRK_SECONDS = 2

ONE, TWO, PLANNED = "one worker", "two workers", "one worker at 10,000/s"
LOCUST, WRK = "Locust FastHttpUser, 16 users", "wrk -c64"


@contextmanager
def benchmark(scale: float) -> Iterator[Plan]:
    """Build the plan and run the sink."""
    [event] = realistic_events(1)
    path = naive_render(f"/{POSTBACK_URL}", event)

    def count(whole: int) -> int:
        return max(10, int(whole * scale))

    with nginx() as port:
        cases = [
            Case(ONE, partial(figures_of, "load_run", port, count(COUNT), 0, 1)),
            Case(TWO, partial(figures_of, "load_run", port, count(COUNT), 0, 2)),
            Case(
                PLANNED,
                partial(figures_of, "load_run", port, count(PLANNED_COUNT), PLANNED_RATE, 1),
            ),
            Case(LOCUST, partial(figures_of, "locust_load", port, count(LOCUST_COUNT), 16)),
            Case(WRK, partial(wrk, port, path, connections=64, seconds=WRK_SECONDS * scale)),
        ]
        yield Plan("Load: to an nginx on loopback", cases, _comparisons(), _skipped())


def _comparisons() -> list[Comparison]:
    return [
        Comparison("per second", ONE, LOCUST, at_least=4),
        Comparison("per second", ONE, WRK, at_least=0.2),
        Comparison("per second", TWO, ONE, at_least=1.7),
        Comparison("ms of lag, median", PLANNED, at_most=5),
        Comparison("ms of lag, p99", PLANNED, at_most=50),
    ]


def _skipped() -> dict[str, str]:
    without = missing("locust")
    reasons = {WRK: without_wrk(), **dict.fromkeys((ONE, TWO, PLANNED, LOCUST), without)}
    return {name: reason for name, reason in reasons.items() if reason}
