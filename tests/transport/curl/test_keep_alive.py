from __future__ import annotations

import pytest

from mockserver.transport.curl import keep_alive
from mockserver.transport.curl.keep_alive import (
    SETTLING_REAL_SECONDS,
    KnownOrigins,
    NothingKept,
    Reuse,
)

HERE = "http://127.0.0.1:1"
THERE = "http://127.0.0.1:2"


class Timer:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def timer(monkeypatch: pytest.MonkeyPatch) -> Timer:
    timer = Timer()
    monkeypatch.setattr(keep_alive, "real_seconds", timer)
    return timer


@pytest.fixture
def origins(timer: Timer) -> KnownOrigins:
    return KnownOrigins()


def trusted(origins: KnownOrigins, timer: Timer) -> None:
    assert origins.reuse_for(HERE) is Reuse.PIONEER
    origins.learn(HERE, Reuse.PIONEER, answered=True, reused=False)
    timer.now += SETTLING_REAL_SECONDS * 1.1
    assert origins.reuse_for(HERE) is Reuse.TRIAL
    origins.learn(HERE, Reuse.TRIAL, answered=True, reused=True)
    assert origins.reuse_for(HERE) is Reuse.FREELY


def test_only_the_first_attempt_leaves_its_connection_open(origins: KnownOrigins) -> None:
    assert origins.reuse_for(HERE) is Reuse.PIONEER
    assert [origins.reuse_for(HERE) for _ in range(3)] == [Reuse.NEVER] * 3
    assert origins.reuse_for(THERE) is Reuse.PIONEER


def test_the_connection_is_tried_again_after_a_while(origins: KnownOrigins, timer: Timer) -> None:
    origins.reuse_for(HERE)
    origins.learn(HERE, Reuse.PIONEER, answered=True, reused=False)
    timer.now += SETTLING_REAL_SECONDS * 0.9
    assert origins.reuse_for(HERE) is Reuse.NEVER
    origins.learn(HERE, Reuse.NEVER, answered=True, reused=False)
    timer.now += SETTLING_REAL_SECONDS * 1.1
    assert origins.reuse_for(HERE) is Reuse.TRIAL
    assert origins.reuse_for(HERE) is Reuse.NEVER


def test_a_server_that_kept_it_open_is_trusted(origins: KnownOrigins, timer: Timer) -> None:
    trusted(origins, timer)
    assert origins.reuse_for(HERE) is Reuse.FREELY


def test_a_server_that_closed_it_is_tried_again_later(origins: KnownOrigins, timer: Timer) -> None:
    origins.reuse_for(HERE)
    origins.learn(HERE, Reuse.PIONEER, answered=True, reused=False)
    timer.now += 1
    assert origins.reuse_for(HERE) is Reuse.TRIAL
    origins.learn(HERE, Reuse.TRIAL, answered=True, reused=False)
    assert origins.reuse_for(HERE) is Reuse.NEVER
    timer.now += 1
    assert origins.reuse_for(HERE) is Reuse.TRIAL


def test_a_pioneer_that_failed_is_followed_by_another(origins: KnownOrigins) -> None:
    origins.reuse_for(HERE)
    origins.learn(HERE, Reuse.PIONEER, answered=False, reused=False)
    assert origins.reuse_for(HERE) is Reuse.PIONEER


def test_trust_is_lost_with_a_kept_connection(origins: KnownOrigins, timer: Timer) -> None:
    trusted(origins, timer)
    origins.learn(HERE, Reuse.FREELY, answered=False, reused=False)
    assert origins.reuse_for(HERE) is Reuse.FREELY
    origins.learn(HERE, Reuse.FREELY, answered=False, reused=True)
    assert origins.reuse_for(HERE) is Reuse.PIONEER


def test_nothing_is_kept_for_those_who_want_that(timer: Timer) -> None:
    nothing = NothingKept()
    for answered in (True, False):
        assert nothing.reuse_for(HERE) is Reuse.NEVER
        nothing.learn(HERE, Reuse.NEVER, answered=answered, reused=False)
        timer.now += 10 * SETTLING_REAL_SECONDS
    assert nothing.reuse_for(HERE) is Reuse.NEVER
