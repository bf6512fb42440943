"""An advance of a running clock is exact, however long the real answers take."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.time.clocks import RunningClock
from tests.engine_setup import HOUR, OFFSETS_IN_HOURS, SECOND, EngineSetup, engine_setup

START_AT = DEFAULT_START_AT
SOON_REAL_SECONDS = 10.0

#: The first attempts of two deliveries lie so far apart: less than a hung attempt takes.
GAP = 4 * SECOND


@pytest.fixture
def pass_real_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Real seconds that pass when they are told to."""
    now = [1000.0]
    monkeypatch.setattr("mockserver.time.clocks.boot_seconds", lambda: now[0])

    def pass_by(real_seconds: float) -> None:
        now[0] += real_seconds

    return pass_by


def hung(pass_real_time: Callable[[float], None], rate: float, capacity: int | None) -> EngineSetup:
    """Two deliveries whose every attempt hangs for thirty real seconds."""

    def hang(attempt: DueAttempt) -> Outcome:
        pass_real_time(30.0)
        return Outcome(OutcomeKind.TIMEOUT, 30 * SECOND)

    setup = engine_setup(hang, clock=RunningClock(START_AT, rate), capacity=capacity)
    setup.schedule([START_AT + HOUR, START_AT + HOUR + GAP])
    return setup


@pytest.mark.parametrize("capacity", [None, 1, 64])
@pytest.mark.parametrize("rate", [1.0, 3600.0])
def test_two_hung_deliveries_keep_to_their_schedules(
    pass_real_time: Callable[[float], None], rate: float, capacity: int | None
) -> None:
    setup = hung(pass_real_time, rate, capacity)
    done = setup.engine.run_until_idle()
    expected = [
        hours * HOUR + number * 30 * SECOND for number, hours in enumerate(OFFSETS_IN_HOURS)
    ]
    for delivery_id, first_at in ((1, START_AT + HOUR), (2, START_AT + HOUR + GAP)):
        starts = [attempt.started_at - first_at for attempt in setup.attempts(delivery_id)]
        assert starts == expected, f"delivery {delivery_id} was made late"
        assert setup.state(delivery_id) == "lost"
    assert (done.attempts_made, done.complete) == (20, True)


@pytest.mark.parametrize("hours", [1, 2, 100])
def test_an_advance_ends_at_its_target_although_real_time_has_passed(
    pass_real_time: Callable[[float], None], hours: int
) -> None:
    setup = hung(pass_real_time, 1.0, 64)
    done = setup.engine.advance_by(hours * HOUR)
    assert done.now_at - done.from_at == hours * HOUR
    assert setup.clock.now() == done.now_at


def test_the_clock_runs_again_after_an_advance(pass_real_time: Callable[[float], None]) -> None:
    setup = hung(pass_real_time, 2.0, 64)
    setup.engine.advance_by(HOUR)
    pass_real_time(3.0)
    assert setup.clock.now() == START_AT + HOUR + 6 * SECOND


def test_the_clock_runs_again_after_an_advance_that_failed(
    pass_real_time: Callable[[float], None],
) -> None:
    setup = hung(pass_real_time, 1.0, 64)
    setup.answer = lambda attempt: 1 / 0  # type: ignore[assignment, return-value]
    with pytest.raises(ZeroDivisionError):
        setup.engine.advance_by(2 * HOUR)
    pass_real_time(1.0)
    assert setup.clock.now() == START_AT + HOUR + SECOND


def test_an_advance_does_not_wait_for_what_falls_due_while_a_settle_lasts() -> None:
    """On a running clock a settle may never end: something falls due as long as it lasts."""
    setup = engine_setup(200, clock=RunningClock(START_AT, 1.0), capacity=2)
    advanced = threading.Event()
    asked = threading.Event()
    made = []

    def one_more(attempt: DueAttempt) -> Outcome:
        made.append(attempt)
        if not advanced.is_set() and len(made) < 1000:
            setup.schedule([setup.clock.now()])
            asked.wait(SOON_REAL_SECONDS)
        return Outcome(OutcomeKind.RESPONSE, status=200)

    def advance() -> None:
        setup.engine.advance_by(0 * SECOND)
        advanced.set()

    setup.answer = one_more
    setup.schedule([START_AT])
    settling = threading.Thread(target=setup.engine.settle, daemon=True)
    settling.start()
    advancing = threading.Thread(target=advance, daemon=True)
    advancing.start()
    while not setup.engine.is_advance_wanted:
        assert advancing.is_alive()
    asked.set()
    settling.join(SOON_REAL_SECONDS)
    assert len(made) < 1000
    advanced.set()
    advancing.join(SOON_REAL_SECONDS)
    assert not advancing.is_alive()
    assert setup.ledger.pending_count() == 0
