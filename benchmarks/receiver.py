"""Measures the receiver's requests per second, all journalled, against pytest-httpserver.

What is measured: how fast a socket takes in postbacks while each is kept with its raw bytes
and its times. wrk sends real ones over sixteen connections, to each server in a process of
its own, which is new in every round. Memory is what the process has resident before and
after the load: by then the receiver's journal has reached its bound, and pytest-httpserver,
which has none, has kept all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from benchmarks.measure import Case, Comparison, Plan
from benchmarks.peers import without_wrk, wrk
from benchmarks.processes import mebibytes, missing, serving
from benchmarks.stream import POSTBACK_URL, naive_render, realistic_events

WRK_SECONDS = 3
CONNECTIONS = 16

RECEIVER, PEER = "receiver", "pytest-httpserver"


@contextmanager
def benchmark(scale: float) -> Iterator[Plan]:
    """Build the plan; every case starts its own server."""
    seconds = WRK_SECONDS * scale
    reasons = {
        RECEIVER: without_wrk(),
        PEER: without_wrk() or missing("pytest_httpserver"),
    }
    yield Plan(
        f"Receiver: wrk -c{CONNECTIONS}",
        [
            Case(RECEIVER, partial(_loaded, "receiver_server", seconds)),
            Case(PEER, partial(_loaded, "httpserver_server", seconds)),
        ],
        [
            Comparison("per second", RECEIVER, PEER, at_least=10),
            Comparison("MiB before", RECEIVER),
            Comparison("MiB after", RECEIVER),
            Comparison("MiB after", PEER),
        ],
        {name: reason for name, reason in reasons.items() if reason},
    )


def _loaded(child: str, seconds: float) -> Mapping[str, float]:
    [event] = realistic_events(1)
    path = naive_render(f"/inbox/bench/{POSTBACK_URL}", event).replace("/in?", "?")
    with serving(child) as (port, pid):
        before = mebibytes(pid)
        # The first answers pay for what is imported or made on demand.
        wrk(port, path, connections=1, seconds=1)
        figures = wrk(port, path, connections=CONNECTIONS, seconds=seconds)
        return {**figures, "MiB before": before, "MiB after": mebibytes(pid)}
