"""Where the clock stands after a restart."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, tzinfo

import msgspec
import pytest

from mockserver import ManualClock, RunningClock, Sandbox
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.durations import format_duration
from mockserver.core.errors import InvalidConfig
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.time import saved_clock
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


class Machine:
    """A machine whose clock can be set; time passes for it in both ways at once.

    Attributes:
        now_at: What its clock says.
        seconds: Since it was started.
        boot: What this start is called.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now_at = NOON
        self.seconds = 1000.0
        self.boot = "first"
        machine = self

        class Datetime(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return machine.now_at

        patch.setattr(saved_clock, "datetime", Datetime)
        patch.setattr(saved_clock, "boot_seconds", lambda: self.seconds)
        patch.setattr(saved_clock, "this_boot", lambda: self.boot)
        patch.setattr("mockserver.time.clocks.boot_seconds", lambda: self.seconds)

    def passes(self, duration: timedelta) -> None:
        self.now_at += duration
        self.seconds += duration.total_seconds()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


STEPS = [
    timedelta(days=-400),
    -HOUR,
    timedelta(seconds=-3),
    timedelta(seconds=3),
    timedelta(days=1),
]


@pytest.mark.parametrize("rate", [1.0, 7200.0])
@pytest.mark.parametrize("step", STEPS)
def test_a_machine_whose_clock_is_set_moves_ours_neither_way_and_it_is_said(
    machine: Machine, step: timedelta, rate: float
) -> None:
    ledger, said = MemoryLedger(), []
    running = RunningClock(NOON, rate)
    save_clock(ledger, running)
    machine.passes(HOUR / 2)
    machine.now_at += step
    # While it runs it does not notice.
    assert running.now() == NOON + HOUR / 2 * rate
    machine.passes(HOUR / 2)
    restored = restore_clock(ledger, rate=rate, remark=said.append)
    assert restored.now() == NOON + HOUR * rate
    (line,) = said
    way = "back" if step < timedelta(0) else "forwards"
    assert f"set {way} by {format_duration(abs(step))} since" in line
    assert "goes on by the 1h that have passed" in line


@pytest.mark.parametrize("drift", [-2.0, -0.5, 0.0, 0.5, 2.0])
def test_that_the_clock_was_corrected_a_little_is_no_word_worth(
    machine: Machine, drift: float
) -> None:
    ledger, said = MemoryLedger(), []
    save_clock(ledger, RunningClock(NOON))
    machine.passes(HOUR)
    machine.now_at += timedelta(seconds=drift)
    assert restore_clock(ledger, remark=said.append).now() == NOON + HOUR
    assert said == []


@pytest.mark.parametrize("step", STEPS)
def test_after_another_start_of_the_machine_its_clock_is_believed_but_never_backwards(
    machine: Machine, step: timedelta
) -> None:
    ledger, said = MemoryLedger(), []
    save_clock(ledger, RunningClock(NOON))
    machine.now_at += step
    machine.boot, machine.seconds = "second", 5000.0
    restored = restore_clock(ledger, remark=said.append)
    assert restored.now() == NOON + max(step, timedelta(0))
    is_noticed = step < timedelta(seconds=-2)
    assert len(said) == is_noticed
    assert all("was set back by" in line and "where it stood" in line for line in said)


@pytest.mark.parametrize("boot", ["", "first"])
@pytest.mark.parametrize("seconds", [-1.0, 999.0, -1e308, 1e308])
def test_a_count_that_cannot_be_is_not_believed(
    machine: Machine, boot: str, seconds: float
) -> None:
    ledger = MemoryLedger()
    saved = {"mode": "running", "sandbox_at": NOON, "real_at": NOON, "boot": boot}
    document = msgspec.json.encode(saved | {"boot_seconds": seconds}).decode()
    ledger.save_setting(SETTING, document)
    machine.seconds = 900.0
    machine.now_at += HOUR
    assert restore_clock(ledger).now() == NOON + HOUR


def test_the_clock_of_a_version_that_did_not_count_goes_on(machine: Machine) -> None:
    ledger = MemoryLedger()
    saved = {"mode": "running", "sandbox_at": NOON, "real_at": NOON, "rate": 2.0}
    ledger.save_setting(SETTING, msgspec.json.encode(saved).decode())
    machine.passes(HOUR)
    assert restore_clock(ledger).now() == NOON + 2 * HOUR


def test_a_machine_that_sleeps_goes_on_with_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(time, "CLOCK_BOOTTIME"):
        pytest.skip("only Linux counts the seconds of its sleep separately")
    clock = RunningClock(NOON)
    slept = [0.0]
    count = time.clock_gettime
    monkeypatch.setattr(
        time,
        "clock_gettime",
        lambda which: count(which) + (slept[0] if which == time.CLOCK_BOOTTIME else 0.0),
    )
    slept[0] = 7200.0
    assert near(clock.now(), NOON + 2 * HOUR)


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
