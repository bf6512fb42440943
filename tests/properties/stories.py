"""Stories: what a setup is given, so that the same can be told to two of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from mockserver.core.clock import DEFAULT_START_AT, MovableClock
from mockserver.core.models import App, DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import RetryPolicy
from tests.engine_setup import MINUTE, EngineSetup, engine_setup

START_AT = DEFAULT_START_AT
#: More than any story takes.
END_AT = START_AT + timedelta(days=30)

#: Few and round, so that things coincide.
delays = st.sampled_from([0, 1, 2, 30, 60, 60, 90, 120]).map(lambda minutes: minutes * MINUTE)
elapsed = st.sampled_from([0, 0, 0, 1, 30]).map(lambda minutes: minutes * MINUTE)
responses = st.builds(
    lambda status, took: Outcome(OutcomeKind.RESPONSE, took, status=status),
    st.sampled_from([500, 503, 503, 503, 200, 404]),
    elapsed,
)
failures = st.builds(Outcome, st.sampled_from(list(OutcomeKind)[1:]), elapsed)
outcomes = st.one_of(responses, responses, failures)
policies = st.builds(RetryPolicy, delays=st.lists(delays, max_size=6).map(tuple))


@dataclass(frozen=True)
class Story:
    """What happens, apart from how time is moved.

    Attributes:
        policies: Of app 0, app 1, ...
        first: App and minute of the first attempt of each delivery.
        outcomes: What attempts come to, in turn by delivery and number.
        fires: Attempts (delivery, number) that let another event happen.
        resends: Attempts that have an earlier delivery sent by hand.
    """

    policies: list[RetryPolicy]
    first: list[tuple[int, int]]
    outcomes: list[Outcome]
    fires: frozenset[tuple[int, int]]
    resends: frozenset[tuple[int, int]]

    def outcome_of(self, attempt: DueAttempt) -> Outcome:
        """Return the outcome, which depends on nothing but the attempt itself."""
        number = 5 * attempt.delivery_id + 3 * (attempt.number or 0)
        return self.outcomes[number % len(self.outcomes)]


pairs = st.frozensets(st.tuples(st.integers(1, 8), st.integers(1, 4)), max_size=5)
stories = st.builds(
    Story,
    policies=st.lists(policies, min_size=2, max_size=2),
    first=st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from([0, 0, 1, 30, 60, 90, 120, 121])),
        min_size=1,
        max_size=6,
    ),
    outcomes=st.lists(outcomes, min_size=1, max_size=7),
    fires=pairs,
    resends=pairs,
)


def told(story: Story, *, clock: MovableClock | None = None, **way: Any) -> EngineSetup:
    """Return a setup in which `story` is about to happen."""
    setup = engine_setup(200, clock=clock, **way)
    for number, policy in enumerate(story.policies):
        setup.ledger.put_app(App(f"app-{number}", retry=policy))
    for app_number, minute in story.first:
        setup.schedule([START_AT + minute * MINUTE], app_id=f"app-{app_number}")
    setup.answer = answering(story, setup)
    return setup


def answering(story: Story, setup: EngineSetup) -> Callable[[DueAttempt], Outcome]:
    """Return a function that does what the story has an attempt set off, then gives its outcome."""

    def answer(attempt: DueAttempt) -> Outcome:
        place = (attempt.delivery_id, attempt.number or 0)
        if place in story.fires:
            setup.deliver(app_id=attempt.app_id)
        if place in story.resends:
            setup.engine.resend(max(1, attempt.delivery_id - 1))
        return story.outcome_of(attempt)

    return answer
