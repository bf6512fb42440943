"""Measures delivery end to end over loopback against wrk, a loop over requests, and Locust.

What is measured: an event rendered into its URL, POSTed to an nginx that answers 200, the
attempt recorded in the memory ledger; 64 at a time, a thousand events to a list. Once
through the engine, and once through `Sandbox.post_events`, which matches rules and returns
histories too. The limit is wrk on the same nginx, which sends one ready-made request over
and over. The peers are what one would write first (`requests.Session`, the naive rendering,
a list) and Locust's FastHttpUser, one user and sixteen, with ready-made URLs. The processor's time
is compared too: it depends less than the rate on what else the machine does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from benchmarks.measure import Case, Comparison, Plan
from benchmarks.peers import nginx, without_wrk, wrk
from benchmarks.processes import figures_of, missing
from benchmarks.stream import POSTBACK_URL, naive_render, realistic_events

COUNT = 40_000
NAIVE_COUNT = 2_000
LOCUST_COUNT = 10_000
WRK_SECONDS = 2

ENGINE, SANDBOX = "engine, 64 under way", "Sandbox.post_events, 64 under way"
WRK, NAIVE = "wrk -c64", "naive requests.Session"
LOCUST = {1: "Locust FastHttpUser, 1 user", 16: "Locust FastHttpUser, 16 users"}


@contextmanager
def benchmark(scale: float) -> Iterator[Plan]:
    """Build the plan and run the sink."""
    [event] = realistic_events(1)
    path = naive_render(f"/{POSTBACK_URL}", event)
    with nginx() as port:
        locust_count = _count(LOCUST_COUNT, scale)
        cases = [
            Case(ENGINE, partial(figures_of, "deliver", "engine", port, _count(COUNT, scale))),
            Case(SANDBOX, partial(figures_of, "deliver", "sandbox", port, _count(COUNT, scale))),
            Case(WRK, partial(wrk, port, path, connections=64, seconds=WRK_SECONDS * scale)),
            Case(
                NAIVE,
                partial(figures_of, "deliver", "requests", port, _count(NAIVE_COUNT, scale)),
            ),
            *(
                Case(name, partial(figures_of, "locust_load", port, locust_count, users))
                for users, name in LOCUST.items()
            ),
        ]
        yield Plan("Delivery: to an nginx on loopback", cases, _comparisons(), _skipped())


def _comparisons() -> list[Comparison]:
    return [
        Comparison("per second", ENGINE, NAIVE, at_least=20),
        *(
            Comparison("per second", ENGINE, name, at_least=5 if users == 16 else 4)
            for users, name in LOCUST.items()
        ),
        Comparison("per second", ENGINE, WRK),
        *(Comparison("ms of CPU each", name, ENGINE) for name in (NAIVE, *LOCUST.values())),
        Comparison("per second", SANDBOX, NAIVE),
        Comparison("per second", SANDBOX, ENGINE, at_least=0.8),
    ]


def _skipped() -> dict[str, str]:
    reasons = {
        WRK: without_wrk(),
        NAIVE: missing("requests"),
        **dict.fromkeys(LOCUST.values(), missing("locust")),
    }
    return {name: reason for name, reason in reasons.items() if reason}


def _count(count: int, scale: float) -> int:
    return max(10, int(count * scale))
