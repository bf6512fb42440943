"""A load that was sent, made by hand, for the tests of reports."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mockserver.load.capacity import Step, capacity_of
from mockserver.load.outcomes import Second, Totals
from mockserver.load.report.document import Facts, document
from mockserver.load.result import End, LoadResult, Worker

STEPS = [Step(0, 1, 10.0), Step(1, 1, 20.0)]


def totals() -> Totals:
    made = Totals(
        seconds={
            0: Second(planned=10, sent=10, reached=10, ends={"2xx": 10}),
            1: Second(
                planned=20, sent=18, reached=14, unsent=2, ends={"2xx": 14, "5xx": 4}, to_retry=4
            ),
        },
        statuses={"200": 24, "503": 4},
        unsent={"no connection was free in time": 2},
        beyond=[3, 1, 0],
        slow=1,
    )
    for second, took in ((0, 20_000), (1, 1_500_000)):
        times = made.seconds[second].ended
        made.seconds[second].latency.record(took, times)
        made.latency.record(took, times)
        made.service.record(20_000, times)
        made.lag.record(took - 20_000, times)
    return made


def result(**changes: Any) -> LoadResult:
    values: dict[str, Any] = {
        "began_at": datetime(2026, 1, 1, tzinfo=UTC),
        "real_seconds": 2.5,
        "totals": totals(),
        "workers": {0: Worker(0, "here", 4711, "done"), 1: Worker(1, "there", 4712, "lost")},
    }
    return LoadResult(30, **(values | changes))


def facts(url: str = "http://127.0.0.1/in?u={{User ID}}", **changes: Any) -> dict[str, Any]:
    echo = {
        "capacity": 10.0,
        "said": [{"jitter": "without jitter", "sentences": ["Nothing <b>is</b> lost."]}],
        "plan": {},
    }
    calendar = [{"hour": 1, "begins_at": "2026-01-01T01:00:00+00:00", "attempts": 4}]
    capacity = capacity_of(STEPS, totals().seconds)
    made = Facts(url, {"shape": "steps"}, "abc", capacity, calendar, echo)
    return document(result(**changes), made)


def nothing_sent() -> dict[str, Any]:
    empty = LoadResult(30, end=End.FAILED, why="nobody came")
    return document(empty, Facts("http://127.0.0.1/in"))
