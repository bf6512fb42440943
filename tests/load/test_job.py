"""A job crosses to any worker, and the shares of a budget are the budget."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import OutcomeKind
from mockserver.load.job import Job
from tests.load.crews import job
from tests.transport.servers import RawServer, keeping_alive

A_JOB = job("http://partner.test/in?u={{User ID}}", 10, 3, resolved=("partner.test:80:127.0.0.1",))


def test_it_crosses() -> None:
    assert Job.from_json(json.loads(json.dumps(A_JOB.as_json()))) == A_JOB
    assert A_JOB.patience == timedelta(seconds=30)
    assert A_JOB.template().url == A_JOB.url


@given(most=st.integers(0, 10_000), parts=st.integers(1, 50))
def test_shares_of_a_budget_are_the_budget(most: int, parts: int) -> None:
    some = Job("http://127.0.0.1/", {}, most, ("127.0.0.1",))
    shares = [some.share(part, parts) for part in range(parts)]
    assert sum(shares) == most
    assert max(shares) - min(shares) <= 1


@pytest.mark.parametrize(
    ("until", "count"), [(None, 30), (0.0, 0), (1.0, 10), (1.05, 11), (9.0, 30)]
)
def test_what_is_planned_later_is_left_out(until: float | None, count: int) -> None:
    some = job("http://127.0.0.1/", 10, 3, until_seconds=until)
    parts = [list(some.part(index, 3)) for index in range(3)]
    assert sum(map(len, parts)) == count


def test_it_connects_to_pinned_addresses_alone() -> None:
    with RawServer(keeping_alive()) as server:
        some = replace(A_JOB, addresses=("127.0.0.2",), resolved=())
        waiting = [DueAttempt(1, "", server.url, 1, DEFAULT_START_AT, False, 1)]
        transport = some.transport()
        [[(_, outcome)]] = transport.exchange(lambda free: [waiting.pop()] if waiting else [])
        transport.close()
        assert server.requests == []
    assert outcome.kind is OutcomeKind.BLOCKED
