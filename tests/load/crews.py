"""Loads with real processes, and what is done to them on their way."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from importlib.util import find_spec
from typing import Any

import pytest

from mockserver.load.crew import Crew, Place
from mockserver.load.job import Job
from mockserver.load.paced import PacedStream, constant
from mockserver.load.people import People
from mockserver.load.result import LoadResult
from mockserver.load.run import LoadRun

needs_locust = pytest.mark.skipif(
    find_spec("locust") is None or find_spec("hdrh") is None,
    reason="Locust or HdrHistogram is not installed; `pip install 'postbacks[load]'`",
)


def job(url: str, rate: int, seconds: float, **options: Any) -> Job:
    people = People(7, starts_at=datetime(2026, 1, 1, tzinfo=UTC))
    stream = PacedStream(constant(Fraction(rate), timedelta(seconds=seconds), people=people))
    return Job(url, stream.as_json(), stream.total, ("127.0.0.1",), **options)


def expected(a_job: Job) -> int:
    return a_job.most


def run(
    a_job: Job,
    place: Place,
    *,
    on_said: Callable[[Crew, Mapping[str, Any]], None] = lambda crew, said: None,
    on_progress: Callable[[Crew, LoadResult], None] = lambda crew, result: None,
) -> LoadResult:
    with Crew(a_job, place) as crew:
        result = LoadRun(
            crew,
            a_job.most,
            on_said=lambda said: on_said(crew, said),
            on_progress=lambda result: on_progress(crew, result),
        ).run()
    for worker in crew.workers:
        assert worker.returncode is not None
    return result


def accounted(result: LoadResult) -> int:
    """Return how many postbacks have a place in the report."""
    totals = result.totals
    return totals.ended + totals.cut + sum(result.unsent.values()) + max(0, result.unknown)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def wait_until(holds: Callable[[], bool], seconds: float = 20) -> None:
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.02)
