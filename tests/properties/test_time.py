"""The clock's laws for any story, whoever moves time and however far at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import freezegun
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.core.models import Attempt, DueAttempt
from mockserver.core.outcome import Outcome
from mockserver.core.retry import DeliveryState
from mockserver.time.clocks import AmbientClock
from tests.engine_setup import MINUTE, EngineSetup
from tests.properties.stories import END_AT, START_AT, Story, stories, told

#: Most steps end between two instants, some exactly on one.
steps = st.lists(
    st.one_of(
        st.sampled_from([0, 1, 30, 60, 90]).map(lambda minutes: minutes * MINUTE),
        st.timedeltas(timedelta(0), timedelta(hours=5)),
    ),
    max_size=6,
)


def in_one_go(story: Story, **way: Any) -> EngineSetup:
    setup = told(story, **way)
    setup.engine.advance_to(END_AT)
    return setup


@given(stories)
def test_attempts_are_made_at_their_instants_and_in_order(story: Story) -> None:
    setup = told(story)
    due: list[bool] = []
    answer = setup.answer

    def look(attempt: DueAttempt) -> Outcome:
        due.append(attempt.due_at == setup.clock.now())
        return answer(attempt)

    setup.answer = look
    done = setup.engine.advance_to(END_AT)
    assert all(due)
    instants = [at for _, _, at in setup.made]
    assert instants == sorted(instants)
    assert done.attempts_made == len(setup.made) == sum(len(group) for group in setup.groups)
    assert (done.from_at, done.now_at, done.complete) == (START_AT, END_AT, True)
    for delivery in setup.ledger.deliveries():
        numbers = [attempt.number for attempt in setup.attempts(delivery.id) if not attempt.manual]
        assert numbers == list(range(1, delivery.attempts_made + 1))
        assert delivery.state is not DeliveryState.PENDING
        assert delivery.due_at is None
    assert setup.ledger.pending_count() == 0


@given(stories, steps)
def test_advancing_in_steps_is_advancing_at_once(story: Story, steps: list[timedelta]) -> None:
    once, stepwise = in_one_go(story), told(story)
    for step in steps:
        target_at = stepwise.clock.now() + step
        assert stepwise.engine.advance_to(target_at).now_at == target_at
    stepwise.engine.advance_to(END_AT)
    assert stepwise.made == once.made
    assert stepwise.history() == once.history()


@given(stories)
def test_going_from_instant_to_instant_is_advancing_at_once(story: Story) -> None:
    once, stepwise = in_one_go(story), told(story)
    while stepwise.ledger.next_due_at() is not None:
        stepwise.engine.advance_to_next()
    idle = told(story)
    idle.engine.run_until_idle()
    assert stepwise.made == idle.made == once.made
    assert stepwise.history() == idle.history() == once.history()
    assert idle.clock.now() == max(at for _, _, at in idle.made)


@settings(max_examples=40)
@given(stories, steps)
def test_frozen_time_that_is_moved_by_us(story: Story, steps: list[timedelta]) -> None:
    once = in_one_go(story)
    with freezegun.freeze_time(START_AT) as freezer:
        frozen = told(story, clock=AmbientClock(freezer))
        for step in steps:
            frozen.engine.advance_to(frozen.clock.now() + step)
        frozen.engine.advance_to(END_AT)
        assert frozen.clock.now() == END_AT
    assert frozen.made == once.made
    assert frozen.history() == once.history()


@settings(max_examples=40)
@given(stories, steps, st.sampled_from([1, 7, 1000]))
def test_frozen_time_that_is_moved_by_others(
    story: Story, steps: list[timedelta], batch: int
) -> None:
    """They tick, then let what fell due meanwhile be replayed."""
    once = in_one_go(story)
    with freezegun.freeze_time(START_AT) as freezer:
        frozen = told(story, clock=AmbientClock(freezer), batch=batch)
        for step in [*steps, END_AT - START_AT]:
            freezer.tick(step)
            ticked_to = frozen.clock.now()
            frozen.engine.settle()
            assert frozen.clock.now() == ticked_to
    assert frozen.made == once.made
    assert frozen.history() == once.history()


@given(stories)
def test_the_size_of_a_batch_does_not_matter(story: Story) -> None:
    single = in_one_go(story, batch=1)
    for way in ({"batch": 2}, {"batch": 7}, {"batch": 1000}, {"capacity": 1}):
        other = in_one_go(story, **way)
        assert other.made == single.made, way
        assert other.history() == single.history(), way


@given(stories, st.integers(1, 9), st.sampled_from([1, 7, 1000]))
def test_a_budget_interrupts_and_changes_nothing(story: Story, budget: int, batch: int) -> None:
    once, interrupted = in_one_go(story), told(story, batch=batch)
    while True:
        before = len(interrupted.made)
        done = interrupted.engine.advance_to(END_AT, budget=budget)
        # What is asked for by hand is not counted beforehand: it may exceed the budget.
        by_hand = sum(number is None for _, number, _ in interrupted.made[before:])
        assert done.attempts_made <= budget + by_hand
        if done.complete:
            break
    assert interrupted.made == once.made
    assert interrupted.history() == once.history()


class Broken(Exception):
    """A mistake of the program that answers."""


@given(stories, st.frozensets(st.integers(1, 30), max_size=5), st.sampled_from([1, 7, 1000]))
def test_errors_interrupt_and_lose_nothing(
    story: Story, breaks: frozenset[int], batch: int
) -> None:
    story = Story(story.policies, story.first, story.outcomes, story.fires, frozenset())
    once, broken = in_one_go(story), told(story, batch=batch)
    answer, calls = broken.answer, 0

    def break_sometimes(attempt: DueAttempt) -> Outcome:
        nonlocal calls
        calls += 1
        if calls in breaks:
            broken.made.pop()
            raise Broken
        return answer(attempt)

    broken.answer = break_sometimes
    for _ in range(len(breaks) + 1):
        try:
            broken.engine.advance_to(END_AT)
        except Broken:
            continue
        break
    assert broken.clock.now() == END_AT
    assert broken.made == once.made
    assert unmarked(broken.history()) == once.history()


def unmarked(history: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return a history without the marks of attempts that may have been sent twice."""
    return [
        tuple(replace(each, repeated=False) if isinstance(each, Attempt) else each for each in row)
        for row in history
    ]
