"""An advance can be watched from outside and ended early; nothing is lost, and it can go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from mockserver.core.clock import DEFAULT_START_AT, ManualClock, MovableClock
from mockserver.core.errors import AdvanceInProgress
from mockserver.core.models import Attempt, DueAttempt
from mockserver.core.outcome import Outcome
from mockserver.delivery.engine import Engine
from mockserver.time.advance import Advance
from mockserver.time.clocks import RunningClock
from mockserver.transport.protocol import Pull
from tests.engine_setup import HOUR, OFFSETS_IN_HOURS, EngineSetup, engine_setup, status

START_AT = DEFAULT_START_AT
SOON_REAL_SECONDS = 10.0
#: A clock that stands, and one that goes on so slowly that nothing falls due by itself.
CLOCKS: dict[str, Callable[[], MovableClock]] = {
    "manual": ManualClock,
    "running": lambda: RunningClock(START_AT, 1e-6),
}
every_clock = pytest.mark.parametrize("clock", CLOCKS)


class Hanging:
    """A concurrent transport whose attempts hang until they are let go.

    Attributes:
        hangs: Set while at least one attempt hangs.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.answers = threading.Event()
        self.hangs = threading.Event()

    def exchange(self, pull: Pull) -> Iterator[list[tuple[DueAttempt, Outcome]]]:
        under_way: list[DueAttempt] = []
        while True:
            under_way += pull(self.capacity - len(under_way))
            if not under_way:
                return
            self.hangs.set()
            if self.answers.wait(0.005):
                self.hangs.clear()
                group, under_way = under_way, []
                yield [(attempt, status(503)) for attempt in group]

    def close(self) -> None:
        """Nothing is kept open."""


def hanging(clock: str, capacity: int = 4) -> tuple[EngineSetup, Hanging]:
    setup = engine_setup(503, clock=CLOCKS[clock]())
    transport = Hanging(capacity)
    setup.engine = Engine(setup.ledger, transport, setup.clock)
    return setup, transport


class InAnotherThread:
    """An advance in a thread of its own."""

    def __init__(self, advance: Callable[[], Advance]) -> None:
        self._advance = advance
        self._done: list[Advance | Exception] = []
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self._done.append(self._advance())
        except Exception as error:
            self._done.append(error)

    def result(self) -> Advance:
        self.thread.join(SOON_REAL_SECONDS)
        assert not self.thread.is_alive(), "the advance did not end"
        done = self._done[0]
        assert isinstance(done, Advance), done
        return done


@every_clock
@pytest.mark.parametrize("capacity", [1, 4], ids=["no-place-left", "places-left"])
def test_what_hangs_is_dropped_and_made_again_when_the_advance_goes_on(
    clock: str, capacity: int
) -> None:
    setup, transport = hanging(clock, capacity)
    setup.schedule([START_AT + HOUR, START_AT + 2 * HOUR])
    advance = InAnotherThread(setup.engine.run_until_idle)
    assert transport.hangs.wait(SOON_REAL_SECONDS)
    assert setup.engine.cancel_advance() is not None
    done = advance.result()
    assert (done.cancelled, done.complete, done.attempts_made) == (True, False, 0)
    assert done.now_at == done.next_due_at == START_AT + HOUR
    assert setup.engine.advance_progress() is None
    assert setup.engine.cancel_advance() is None
    transport.answers.set()
    done = setup.engine.run_until_idle()
    assert (done.cancelled, done.complete, done.attempts_made) == (False, True, 20)
    for delivery_id in (1, 2):
        assert setup.offsets_in_hours(delivery_id) == pytest.approx(OFFSETS_IN_HOURS, abs=1e-6)
    assert [attempt.repeated for attempt in setup.attempts(1)] == [True] + [False] * 9
    assert not any(attempt.repeated for attempt in setup.attempts(2))


def test_a_manual_attempt_that_was_dropped_is_made_next() -> None:
    setup, transport = hanging("manual")
    setup.schedule([START_AT + HOUR])
    setup.engine.resend(1, settle=False)
    advance = InAnotherThread(setup.engine.run_until_idle)
    assert transport.hangs.wait(SOON_REAL_SECONDS)
    setup.engine.cancel_advance()
    advance.result()
    assert setup.attempts(1) == []
    transport.answers.set()
    setup.engine.settle()
    assert [(attempt.number, attempt.repeated) for attempt in setup.attempts(1)] == [(None, True)]


@every_clock
def test_the_progress_tells_what_is_waited_for(clock: str, monkeypatch: pytest.MonkeyPatch) -> None:
    setup, transport = hanging(clock)
    setup.schedule([START_AT + HOUR])
    assert setup.engine.advance_progress() is None
    advance = InAnotherThread(lambda: setup.engine.advance_to(START_AT + 5 * HOUR))
    assert transport.hangs.wait(SOON_REAL_SECONDS)
    progress = setup.engine.advance_progress()
    assert progress is not None
    assert progress.from_at is not None
    assert progress.target_at == START_AT + 5 * HOUR
    assert (progress.now_at, progress.attempts_made) == (START_AT + HOUR, 0)
    (waiting,) = progress.under_way
    assert (waiting.delivery_id, waiting.number, waiting.url) == (1, 1, "http://h/")
    assert waiting.started_at == START_AT + HOUR
    assert 0 <= waiting.real_seconds < SOON_REAL_SECONDS
    with pytest.raises(AdvanceInProgress) as refused:
        setup.engine.run_until_idle()
    assert "to 2026-01-01T05:00:00Z; it stands at 2026-01-01T01:00:00Z, 0 attempts made" in str(
        refused.value
    )
    assert "postbacks advance --cancel" in str(refused.value)
    transport.answers.set()
    assert advance.result().complete
    assert setup.engine.under_way() == []


@pytest.mark.parametrize("batch", [1, 1000])
def test_in_this_process_it_ends_after_the_attempt_that_is_being_made(batch: int) -> None:
    setup = engine_setup(503, batch=batch)
    setup.schedule([START_AT] * 5)

    def cancel(attempt: DueAttempt) -> Outcome:
        if attempt.delivery_id == 2:
            setup.engine.cancel_advance()
        return status(503)

    setup.answer = cancel
    done = setup.engine.run_until_idle()
    assert (done.cancelled, done.attempts_made) == (True, 2)
    assert done.next_due_at == START_AT
    setup.answer = lambda attempt: status(503)
    assert setup.engine.run_until_idle().attempts_made == 48
    assert not any(attempt.repeated for number in range(1, 6) for attempt in setup.attempts(number))


def test_an_advance_that_nobody_wants_ends() -> None:
    setup, transport = hanging("manual")
    setup.schedule([START_AT + HOUR])
    gone = threading.Event()
    advance = InAnotherThread(lambda: setup.engine.run_until_idle(is_unwanted=gone.is_set))
    assert transport.hangs.wait(SOON_REAL_SECONDS)
    gone.set()
    assert advance.result().cancelled


@pytest.mark.parametrize("way", ["cancelled", "unwanted"])
def test_an_advance_that_waits_for_others_can_be_cancelled(way: str) -> None:
    setup, transport = hanging("manual")
    setup.schedule([START_AT])
    settling = threading.Thread(target=setup.engine.settle, daemon=True)
    settling.start()
    assert transport.hangs.wait(SOON_REAL_SECONDS)
    gone = threading.Event()
    advance = InAnotherThread(lambda: setup.engine.run_until_idle(is_unwanted=gone.is_set))
    while not setup.engine.is_advance_wanted:
        assert advance.thread.is_alive()
    progress = setup.engine.advance_progress()
    assert progress is not None
    assert (progress.from_at, progress.attempts_made) == (None, 0)
    assert str(progress) == "it waits for attempts under way"
    if way == "unwanted":
        gone.set()
    else:
        setup.engine.cancel_advance()
    done = advance.result()
    assert (done.cancelled, done.complete, done.attempts_made) == (True, False, 0)
    assert settling.is_alive(), "the settle goes on"
    transport.answers.set()
    settling.join(SOON_REAL_SECONDS)


@pytest.mark.parametrize("way", [{"batch": 1}, {"capacity": 4}], ids=["in-turn", "side-by-side"])
def test_a_cancelled_advance_leaves_the_next_one_alone(way: dict[str, Any]) -> None:
    setup = engine_setup(503, **way)
    setup.schedule([START_AT])
    setup.on_results = lambda results: setup.engine.cancel_advance()
    assert setup.engine.run_until_idle().attempts_made == 1
    setup.on_results = lambda results: None
    done = setup.engine.run_until_idle()
    assert (done.cancelled, done.attempts_made) == (False, 9)
    assert setup.offsets_in_hours() == OFFSETS_IN_HOURS


def unmarked(setup: EngineSetup) -> list[list[Attempt]]:
    return [
        [replace(attempt, repeated=False) for attempt in setup.attempts(delivery_id)]
        for delivery_id in range(1, 4)
    ]


@pytest.mark.parametrize("way", [{"batch": 1}, {"batch": 1000}, {"capacity": 4}], ids=str)
@pytest.mark.parametrize("every", [1, 2, 3, 7])
def test_an_advance_in_pieces_is_one_advance(way: dict[str, Any], every: int) -> None:
    whole = engine_setup(503, **way)
    pieces = engine_setup(503, **way)
    for setup in (whole, pieces):
        setup.schedule([START_AT, START_AT + HOUR, START_AT + HOUR])
    whole.engine.run_until_idle()
    made = 0

    def cancel_now_and_then(results: object) -> None:
        if len(pieces.made) % every == 0:
            pieces.engine.cancel_advance()

    pieces.on_results = cancel_now_and_then
    for _ in range(100):
        done = pieces.engine.run_until_idle()
        made += done.attempts_made
        if done.complete:
            break
        assert done.cancelled
    assert made == 30
    # Side by side, what was under way with the last of a piece is made again, and marked.
    assert unmarked(pieces) == unmarked(whole)
    if "batch" in way:
        assert pieces.history() == whole.history()
    assert pieces.clock.now() == whole.clock.now()
