"""A clock stays where all that is scheduled still fits into the calendar."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from mockserver import App, ManualClock, RunningClock, Sandbox
from mockserver.core.clock import DEFAULT_START_AT, END_AT, LATEST_AT, check_room, later
from mockserver.core.errors import InvalidConfig, InvalidValue
from mockserver.core.retry import LONGEST_SCHEDULE, RetryPolicy
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.opening import open_ledger
from mockserver.time import clocks
from mockserver.time.saved_clock import SETTING, restore_clock, save_clock
from mockserver.web.app import create_app

TICK = timedelta.resolution
NOW_AT = datetime(2026, 3, 1, tzinfo=UTC)
END_TEXT = "9999-12-31T23:59:59Z"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        sandbox.inbox("crm").behave("hang")
        sandbox.add_postback(sandbox.inbox("crm").url)
        yield sandbox


def test_the_longest_schedule_fits_behind_the_latest_instant() -> None:
    assert LATEST_AT + LONGEST_SCHEDULE + timedelta(days=1) < END_AT


@pytest.mark.parametrize("make", [ManualClock, RunningClock])
def test_no_clock_begins_or_goes_beyond(make: Callable[[datetime], Any]) -> None:
    assert make(LATEST_AT).now() == LATEST_AT
    with pytest.raises(
        InvalidValue, match=r"the clock cannot stand at 9900-01-01T00:00:00\.000001"
    ):
        make(LATEST_AT + TICK)
    clock = make(NOW_AT)
    with pytest.raises(InvalidValue, match="9900-01-01"):
        clock.move_to(LATEST_AT + TICK)
    assert clock.now() < NOW_AT + timedelta(minutes=1)
    clock.move_to(LATEST_AT)
    assert clock.now() == LATEST_AT


@pytest.mark.parametrize("gone", [2.0, 1e7, 1e30])
def test_a_running_clock_stands_still_at_the_end(gone: float) -> None:
    with mock.patch.object(clocks, "boot_seconds", return_value=0.0):
        clock = RunningClock(LATEST_AT - timedelta(seconds=1), rate=1e7)
    with mock.patch.object(clocks, "boot_seconds", return_value=gone):
        assert clock.now() == LATEST_AT
        assert clock.real_seconds_until(LATEST_AT) == 0


def test_an_advance_to_the_end_is_refused_before_it_is_made(sandbox: Sandbox) -> None:
    sandbox.trigger("email.click")
    for refused in (
        lambda: sandbox.advance(to=LATEST_AT + TICK),
        lambda: sandbox.advance(to=END_AT),
        lambda: sandbox.advance("P999999999D"),
        lambda: sandbox.advance(timedelta.max),
    ):
        with pytest.raises(InvalidValue, match=r"it goes to 9900-01-01T00:00:00\+00:00 at most"):
            refused()
    assert sandbox.now() == DEFAULT_START_AT
    assert len(sandbox.attempts) == 1


def test_at_the_latest_instant_all_goes_on_but_time(sandbox: Sandbox) -> None:
    sandbox.advance(to=LATEST_AT)
    delivery = sandbox.trigger("email.click").deliveries[0]
    assert delivery.due_at == LATEST_AT + timedelta(hours=1, seconds=30)
    done = sandbox.run_until_idle()
    assert (done.now_at, done.next_due_at) == (LATEST_AT, delivery.due_at)
    with pytest.raises(InvalidValue, match="cannot stand at 9900-01-01T01:00:30"):
        sandbox.advance_to_next()
    sandbox.resend(delivery.id)
    assert len(sandbox.delivery(delivery.id).attempts) == 2


@pytest.mark.parametrize("policy", [{"delays": (LONGEST_SCHEDULE,)}, {"timeout": timedelta.max}])
def test_an_app_whose_schedule_never_ends_is_refused(policy: dict[str, Any]) -> None:
    app = App("slow", retry=RetryPolicy(**policy))
    with pytest.raises(InvalidValue, match="all delays and timeouts together may take 87600h"):
        Sandbox(apps=[app])
    with Sandbox() as sandbox, pytest.raises(InvalidValue, match="ten years"):
        sandbox.put_app(app)


def test_the_longest_schedule_is_kept_to_its_end() -> None:
    policy = RetryPolicy((LONGEST_SCHEDULE - 2 * TICK,), timeout=TICK)
    with Sandbox(apps=[App(retry=policy)]) as sandbox:
        sandbox.inbox("crm").behave("hang")
        sandbox.add_postback(sandbox.inbox("crm").url)
        sandbox.trigger("email.click")
        sandbox.run_until_idle()
        assert [delivery.state for delivery in sandbox.deliveries] == ["lost"]


def test_an_app_that_an_earlier_version_took_breaks_nobodys_events() -> None:
    ledger = MemoryLedger()
    ledger.put_app(App("slow", retry=RetryPolicy((timedelta(hours=70_000_000),))))
    with Sandbox(ledger=ledger) as sandbox:
        sandbox.inbox("crm").behave("503")
        for app_id in ("slow", None):
            sandbox.add_postback(sandbox.inbox("crm").url, app_id=app_id)
            sandbox.trigger("email.click", app_id=app_id)
        assert [delivery.due_at for delivery in sandbox.deliveries] == [
            END_AT,
            DEFAULT_START_AT + timedelta(hours=1),
        ]


@pytest.mark.parametrize("start_at", [LATEST_AT + TICK, END_AT])
def test_a_start_beyond_is_refused(start_at: datetime) -> None:
    with pytest.raises(InvalidConfig, match="it goes to 9900-01-01"):
        restore_clock(MemoryLedger(), start_at=start_at)
    assert restore_clock(MemoryLedger(), start_at=LATEST_AT).now() == LATEST_AT


@pytest.mark.parametrize("mode", ["manual", "running"])
def test_a_saved_clock_beyond_is_mended_with_a_line(mode: Any, tmp_path: Path) -> None:
    with closing(open_ledger(tmp_path / "sandbox.db")) as ledger:
        saved = {"mode": mode, "sandbox_at": END_TEXT, "real_at": "2026-01-01T00:00:00Z"}
        ledger.save_setting(SETTING, json.dumps(saved))
        said: list[str] = []
        clock = restore_clock(ledger, mode=mode, real_now_at=NOW_AT, remark=said.append)
        expected_at = NOW_AT if mode == "running" else DEFAULT_START_AT
        assert expected_at <= clock.now() < expected_at + timedelta(seconds=10)
        assert len(said) == 1
        assert said[0].startswith("the clock stood at 9999-12-31T23:59:59")
        assert "\n" not in said[0]
        save_clock(ledger, clock, real_now_at=NOW_AT)
        restore_clock(ledger, mode=mode, real_now_at=NOW_AT, remark=said.append)
        assert len(said) == 1


def test_attempts_beyond_do_not_hold_a_clock_there() -> None:
    ledger = MemoryLedger()
    with Sandbox(ledger=ledger, clock=ManualClock(LATEST_AT)) as sandbox:
        sandbox.inbox("crm").behave("hang")
        sandbox.add_postback(sandbox.inbox("crm").url)
        sandbox.trigger("email.click")
        assert restore_clock(ledger, mode="manual").now() == DEFAULT_START_AT
        sandbox.trigger("email.click")


def test_a_running_clock_that_would_have_run_beyond_stands_at_the_end() -> None:
    ledger = MemoryLedger()
    save_clock(ledger, RunningClock(NOW_AT, rate=1e7), real_now_at=NOW_AT)
    said: list[str] = []
    later_at = NOW_AT + timedelta(days=900)
    clock = restore_clock(ledger, real_now_at=later_at, remark=said.append)
    assert (clock.now(), said) == (LATEST_AT, [])


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({"to": END_TEXT}, "it goes to 9900-01-01"),
        ({"to": "9900-01-01T00:00:00.000001Z"}, "it goes to 9900-01-01"),
        ({"by": "P999999999D"}, "it goes to 9900-01-01"),
        ({"to": "9999-12-31T23:59:59-14:00"}, "to lies outside the calendar"),
        ({"to": "0001-01-01T00:00:00+14:00"}, "to lies outside the calendar"),
    ],
)
def test_the_control_api_refuses_it(sandbox: Sandbox, target: dict[str, str], said: str) -> None:
    client = create_app(sandbox).test_client()
    answer = client.post("/_sandbox/clock/advance", json=target)
    assert answer.status_code == 400
    assert said in answer.get_json()["detail"]
    clock = client.get("/_sandbox/clock").get_json()
    assert clock["now"] == "2026-01-01T00:00:00Z"
    answer = client.post("/_sandbox/clock/advance", json={"to": "9900-01-01T00:00:00Z"})
    assert answer.get_json()["complete"] is True


def test_sums_end_where_the_calendar_does() -> None:
    assert later(NOW_AT, timedelta(hours=1)) == NOW_AT + timedelta(hours=1)
    assert later(END_AT, TICK) == END_AT
    assert later(NOW_AT, timedelta.max) == END_AT
    assert later(NOW_AT, timedelta.min).year == 1
    assert check_room(LATEST_AT) == LATEST_AT
