"""Frozen time: the sandbox follows it, moves it, and replays what somebody else moved over."""

from __future__ import annotations

import pytest

from tests.testing.pytest_runs import run

HEAD = """
from datetime import UTC, datetime, timedelta

import freezegun
import pytest
import time_machine

START_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

def fire(leanplum, script="503*9,200"):
    inbox = leanplum.inbox()
    inbox.behave(script)
    leanplum.add_postback(inbox.url)
    leanplum.trigger("email.click")
    return inbox

def present():
    return datetime.now(UTC)

def check_advance(leanplum):
    inbox = fire(leanplum)
    assert leanplum.attempts[0].started_at == START_AT
    seen = []
    leanplum.advance(hours=3)
    assert present() == leanplum.now() == START_AT + 3 * HOUR
    leanplum.run_until_idle()
    assert present() == leanplum.now() == START_AT + 65 * HOUR
    leanplum.assert_attempts_at([0, 1, 3, 7, 15, 25, 35, 45, 55, 65])
    assert [r.arrived_at - START_AT for r in inbox.requests][:3] == [0 * HOUR, HOUR, 3 * HOUR]
"""


@pytest.mark.parametrize(
    "decorator", ["freezegun.freeze_time(START_AT)", "time_machine.travel(START_AT, tick=False)"]
)
def test_a_decorator(pytester: pytest.Pytester, decorator: str) -> None:
    source = f"""{HEAD}
@{decorator}
def test_it(leanplum):
    check_advance(leanplum)

@pytest.mark.parametrize("number", [1, 2])
@{decorator}
def test_parametrized(leanplum, number):
    check_advance(leanplum)
"""
    run(pytester, source).assert_outcomes(passed=3)


def test_context_managers(pytester: pytest.Pytester) -> None:
    source = f"""{HEAD}
def test_freezegun(leanplum):
    with freezegun.freeze_time(START_AT):
        check_advance(leanplum)

def test_time_machine(leanplum):
    with time_machine.travel(START_AT, tick=False):
        check_advance(leanplum)
"""
    run(pytester, source).assert_outcomes(passed=2)


@pytest.mark.parametrize("order", ["freezer, leanplum", "leanplum, freezer"])
def test_a_fixture_before_or_after(pytester: pytest.Pytester, order: str) -> None:
    source = f"""{HEAD}
@pytest.fixture
def freezer():
    with freezegun.freeze_time(START_AT) as freezer:
        yield freezer

def test_it({order}):
    check_advance(leanplum)
"""
    run(pytester, source).assert_outcomes(passed=1)


def test_the_application_sees_each_instant(pytester: pytest.Pytester) -> None:
    source = f"""{HEAD}
@freezegun.freeze_time(START_AT)
def test_it(leanplum):
    seen = []

    def application(environ, start_response):
        seen.append(datetime.now(UTC) - START_AT)
        start_response("503 Busy" if len(seen) < 3 else "200 OK", [])
        return []

    leanplum.partner("https://partner.example/", application)
    leanplum.add_postback("https://partner.example/in")
    leanplum.trigger("email.click")
    leanplum.advance(hours=5)
    assert seen == [0 * HOUR, HOUR, 3 * HOUR]
"""
    run(pytester, source).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("freeze", "tick"),
    [
        ("freezegun.freeze_time(START_AT)", "freezer.tick(4 * HOUR)"),
        ("freezegun.freeze_time(START_AT)", "freezer.move_to(START_AT + 4 * HOUR)"),
        ("time_machine.travel(START_AT, tick=False)", "freezer.shift(4 * HOUR)"),
        ("time_machine.travel(START_AT, tick=False)", "freezer.move_to(START_AT + 4 * HOUR)"),
    ],
)
def test_a_bare_tick_is_replayed(pytester: pytest.Pytester, freeze: str, tick: str) -> None:
    source = f"""{HEAD}
def test_it(leanplum):
    with {freeze} as freezer:
        fire(leanplum)
        {tick}
        assert len(leanplum.attempts) == 1
        leanplum.settle()
        leanplum.assert_attempts_at([0, 1, 3])
        assert present() == leanplum.now() == START_AT + 4 * HOUR
"""
    run(pytester, source).assert_outcomes(passed=1)


def test_time_that_goes_on_by_itself(pytester: pytest.Pytester) -> None:
    source = f"""{HEAD}
def test_time_machine(leanplum):
    with time_machine.travel(START_AT, tick=True):
        fire(leanplum, "503,200")
        leanplum.advance(hours=1, minutes=1)
        assert [item.state for item in leanplum.deliveries] == ["delivered"]
        leanplum.settle()

def test_freezegun(leanplum):
    with freezegun.freeze_time(START_AT, tick=True):
        fire(leanplum, "503,200")
        leanplum.advance(hours=1, minutes=1)
        assert [item.state for item in leanplum.deliveries] == ["delivered"]
        leanplum.settle()

def test_steps(leanplum):
    with freezegun.freeze_time(START_AT, auto_tick_seconds=1):
        fire(leanplum, "503,200")
        leanplum.advance(hours=1, minutes=1)
        assert [item.state for item in leanplum.deliveries] == ["delivered"]
        leanplum.settle()
"""
    run(pytester, source).assert_outcomes(passed=3)


def test_the_innermost_counts_and_a_time_zone_does_not(pytester: pytest.Pytester) -> None:
    source = f"""{HEAD}
def test_innermost(leanplum):
    with freezegun.freeze_time("2025-01-01"):
        with freezegun.freeze_time(START_AT):
            check_advance(leanplum)
        assert present() == datetime(2025, 1, 1, tzinfo=UTC)

def test_time_zone(leanplum):
    with freezegun.freeze_time(START_AT, tz_offset=5):
        fire(leanplum)
        leanplum.advance(hours=3)
        assert leanplum.now() == START_AT + 3 * HOUR
        assert [item.started_at for item in leanplum.attempts][0] == START_AT
        leanplum.assert_attempts_at([0, 1, 3])
"""
    run(pytester, source).assert_outcomes(passed=2)


def test_what_is_pending_goes_on_when_time_is_frozen_no_more(pytester: pytest.Pytester) -> None:
    source = f"""{HEAD}
def test_it(leanplum):
    with freezegun.freeze_time(START_AT):
        fire(leanplum, "503*2,200")
        leanplum.advance(hours=1)
    assert leanplum.now() >= START_AT + HOUR
    leanplum.advance(hours=2)
    leanplum.assert_attempts_at([0, 1, 3])

def test_frozen_in_the_midst(leanplum):
    fire(leanplum, "503*2,200")
    with freezegun.freeze_time(START_AT):
        leanplum.settle()
        leanplum.run_until_idle()
    leanplum.run_until_idle()
    assert [item.state for item in leanplum.deliveries] == ["delivered"]
"""
    run(pytester, source).assert_outcomes(passed=2)


def test_waiting_for_a_receiver_ends_under_frozen_time(pytester: pytest.Pytester) -> None:
    source = f"""{HEAD}
def test_freezegun(leanplum_receiver):
    with freezegun.freeze_time(START_AT):
        assert leanplum_receiver.wait_for(1, timeout_real_seconds=0.01) == []

def test_time_machine(leanplum_receiver):
    with time_machine.travel(START_AT, tick=False):
        assert leanplum_receiver.wait_for(1, timeout_real_seconds=0.01) == []
"""
    run(pytester, source).assert_outcomes(passed=2)


def test_calls_of_the_api_under_frozen_time(pytester: pytest.Pytester) -> None:
    source = f"""{HEAD}
import requests

@freezegun.freeze_time(START_AT)
def test_it(leanplum):
    answer = requests.get("https://api.leanplum.com/api", params={{
        "action": "addPostback",
        "appId": leanplum.app.app_id,
        "clientKey": leanplum.app.keys["data_export"],
        "apiVersion": "1.0.6",
        "postbackUrl": "https://partner.example/",
        "type": "messageEvents",
    }})
    assert answer.status_code == 200, answer.text
    assert leanplum.postbacks[0].created_at == START_AT
"""
    run(pytester, source).assert_outcomes(passed=1)


def test_within_given(pytester: pytest.Pytester) -> None:
    source = f"""{HEAD}
from hypothesis import given, settings, strategies

from mockserver.testing import Leanplum

# Far more than a busy machine takes, far less than the hours that the sandbox passes.
@settings(max_examples=10, database=None, deadline=60_000)
@given(strategies.integers(1, 9))
def test_it(failures):
    with Leanplum() as leanplum:
        fire(leanplum, f"503*{{failures}},200")
        leanplum.run_until_idle()
        assert len(leanplum.attempts) == failures + 1

@settings(max_examples=10, database=None, deadline=60_000)
@given(strategies.integers(1, 9))
@freezegun.freeze_time(START_AT)
def test_frozen_within(failures):
    with Leanplum() as leanplum:
        fire(leanplum, f"503*{{failures}},200")
        leanplum.run_until_idle()
        assert len(leanplum.attempts) == failures + 1

# Hypothesis measures with the clock that is moved here.
@freezegun.freeze_time(START_AT)
@settings(max_examples=10, database=None, deadline=None)
@given(strategies.integers(1, 9))
def test_frozen_around(failures):
    with Leanplum() as leanplum:
        fire(leanplum, f"503*{{failures}},200")
        leanplum.run_until_idle()
        assert len(leanplum.attempts) == failures + 1
"""
    run(pytester, source).assert_outcomes(passed=3)
