"""Where the clock stands after a restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mockserver import ManualClock, RunningClock, Sandbox
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.errors import InvalidConfig
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.time.saved_clock import SETTING, restore_clock, save_clock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def near(instant_at: datetime, expected_at: datetime) -> bool:
    return timedelta(0) <= instant_at - expected_at < timedelta(seconds=10)


def with_attempts() -> MemoryLedger:
    """A ledger whose latest attempt ended three hours after the default start, and 30 s."""
    ledger = MemoryLedger()
    sandbox = Sandbox(ledger=ledger)
    sandbox.inbox("crm").behave("503,503,hang")
    sandbox.add_postback(sandbox.inbox("crm").url + "?u={{User ID}}")
    sandbox.trigger("email.click")
    sandbox.advance(3 * HOUR)
    return ledger


LATEST = DEFAULT_START_AT + 3 * HOUR + timedelta(seconds=30)


def test_a_first_start() -> None:
    assert restore_clock(MemoryLedger(), mode="manual").now() == DEFAULT_START_AT
    running = restore_clock(MemoryLedger(), mode="running", rate=2, real_now_at=NOON)
    assert isinstance(running, RunningClock)
    assert running.rate == 2
    assert near(running.now(), NOON)


def test_a_manual_clock_stands_where_it_stood() -> None:
    ledger = MemoryLedger()
    save_clock(ledger, ManualClock(NOON), real_now_at=NOON)
    assert restore_clock(ledger, mode="manual", real_now_at=NOON + 5 * HOUR).now() == NOON


def test_a_running_clock_goes_on_as_if_nothing_had_been() -> None:
    ledger = MemoryLedger()
    save_clock(ledger, RunningClock(NOON, rate=3), real_now_at=NOON)
    later = restore_clock(ledger, mode="running", real_now_at=NOON + HOUR)
    assert near(later.now(), NOON + 3 * HOUR)


def test_the_machines_clock_set_back_does_not_turn_ours_back() -> None:
    ledger = MemoryLedger()
    save_clock(ledger, RunningClock(NOON), real_now_at=NOON)
    assert near(restore_clock(ledger, mode="running", real_now_at=NOON - HOUR).now(), NOON)


@pytest.mark.parametrize("kind", [ManualClock, RunningClock])
def test_another_mode_begins_where_the_other_stood(
    kind: type[ManualClock] | type[RunningClock],
) -> None:
    saved = kind(NOON)
    ledger = MemoryLedger()
    save_clock(ledger, saved, real_now_at=NOON)
    mode = "manual" if saved.is_running else "running"
    restored = restore_clock(ledger, mode=mode, real_now_at=NOON + HOUR)  # type: ignore[arg-type]
    assert near(restored.now(), NOON)


def test_never_before_the_latest_attempts_end() -> None:
    ledger = with_attempts()
    assert restore_clock(ledger, mode="manual").now() == LATEST
    save_clock(ledger, ManualClock(DEFAULT_START_AT), real_now_at=NOON)
    assert restore_clock(ledger, mode="manual").now() == LATEST
    assert near(restore_clock(ledger, real_now_at=DEFAULT_START_AT).now(), LATEST)


def test_a_start_beats_what_was_saved() -> None:
    ledger = with_attempts()
    save_clock(ledger, ManualClock(NOON), real_now_at=NOON)
    assert restore_clock(ledger, mode="manual", start_at=LATEST).now() == LATEST


def test_a_start_before_the_ledgers_past_is_refused() -> None:
    with pytest.raises(InvalidConfig, match=r"the ledger has attempts up to 2026-01-01T03:00:30"):
        restore_clock(with_attempts(), start_at=DEFAULT_START_AT)


def test_what_cannot_be_read_is_as_good_as_nothing() -> None:
    ledger = MemoryLedger()
    ledger.save_setting(SETTING, '{"mode": "sideways"}')
    assert restore_clock(ledger, mode="manual").now() == DEFAULT_START_AT
