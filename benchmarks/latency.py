"""Measures delivery to a sink that takes 5 ms, 64 under way, against wrk on the same sink.

What is measured: whether places are filled again as soon as they are free. When the sink is
what takes the time, a sender that waits for a group to finish, or for its own records, falls
behind; wrk shows what the sink allows. The deliveries are due when the clock starts. How it
is when they come in lists of a thousand is shown beside it: at the end of a list the places
run empty, for up to 5 ms.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from benchmarks.measure import Case, Comparison, Plan
from benchmarks.peers import without_wrk, wrk
from benchmarks.processes import figures_of, serving
from benchmarks.stream import POSTBACK_URL, naive_render, realistic_events

COUNT = 25_000
WRK_SECONDS = 2
MILLISECONDS = 5

DUE, LISTS, WRK = "engine, 64 under way", "the same, lists of 1,000", "wrk -c64"


@contextmanager
def benchmark(scale: float) -> Iterator[Plan]:
    """Build the plan and run the sink."""
    [event] = realistic_events(1)
    path = naive_render(f"/{POSTBACK_URL}", event)
    reason = without_wrk()
    count = max(10, int(COUNT * scale))
    with serving("slow_sink", MILLISECONDS) as (port, _):
        yield Plan(
            f"Delivery: to a sink that takes {MILLISECONDS} ms",
            [
                Case(DUE, partial(figures_of, "deliver", "due", port, count)),
                Case(LISTS, partial(figures_of, "deliver", "engine", port, count)),
                Case(WRK, partial(wrk, port, path, connections=64, seconds=WRK_SECONDS * scale)),
            ],
            [
                Comparison("per second", DUE, WRK, at_least=0.95),
                Comparison("per second", LISTS, WRK),
            ],
            {WRK: reason} if reason else {},
        )
