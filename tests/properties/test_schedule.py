"""For any outcomes: how many attempts are made and when, against a model of ten lines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DEFAULT_RETRY_POLICY, RetryPolicy
from tests.engine_setup import HOUR, engine_setup

durations = st.timedeltas(timedelta(0), timedelta(hours=30))
statuses = st.one_of(st.sampled_from([500, 502, 503, 599]), st.integers(100, 599))
outcomes = st.one_of(
    st.builds(
        lambda status, elapsed: Outcome(OutcomeKind.RESPONSE, elapsed, status=status),
        statuses,
        durations,
    ),
    st.builds(Outcome, st.sampled_from(list(OutcomeKind)[1:]), durations),
)
some_policies = st.builds(
    RetryPolicy,
    delays=st.lists(durations, max_size=12).map(tuple),
    retry_on=st.frozensets(
        st.sampled_from(["5xx", "4xx", "404", "429", "503", "timeout", "reset", "dns", "blocked"])
    ),
)


def expected(policy: RetryPolicy, outcomes: list[Outcome]) -> tuple[list[timedelta], str]:
    """Return the offset of every attempt and the final state; the model."""
    offsets, at = [], timedelta(0)
    for number, outcome in enumerate(outcomes):
        offsets.append(at)
        status = outcome.status or 0
        if 200 <= status < 300:
            return offsets, "delivered"
        names = {str(status), f"{status // 100}xx"} if status else {outcome.kind.value}
        if not names & policy.retry_on:
            return offsets, "rejected"
        if number == len(policy.delays):
            return offsets, "lost"
        at += outcome.elapsed + policy.delays[number]
    raise AssertionError("the model needs one outcome more than there are delays")


def check(policy: RetryPolicy, given_outcomes: list[Outcome], **way: Any) -> None:
    outcomes = given_outcomes[: len(policy.delays) + 1]
    outcomes += [given_outcomes[-1]] * (len(policy.delays) + 1 - len(outcomes))
    setup = engine_setup(lambda attempt: outcomes[(attempt.number or 0) - 1], retry=policy, **way)
    setup.deliver()
    done = setup.engine.run_until_idle()
    offsets, state = expected(policy, outcomes)
    attempts = setup.attempts()
    assert [attempt.started_at - attempts[0].started_at for attempt in attempts] == offsets
    assert [attempt.number for attempt in attempts] == list(range(1, len(offsets) + 1))
    assert [attempt.outcome for attempt in attempts] == outcomes[: len(offsets)]
    assert setup.state() == state
    assert (done.complete, done.next_due_at) == (True, None)


@given(st.lists(outcomes, min_size=1, max_size=10), st.sampled_from([1, 1000]))
def test_the_documented_schedule(outcomes: list[Outcome], batch: int) -> None:
    check(DEFAULT_RETRY_POLICY, outcomes, batch=batch)


@given(some_policies, st.lists(outcomes, min_size=1, max_size=13), st.integers(1, 3))
def test_any_schedule(policy: RetryPolicy, outcomes: list[Outcome], capacity: int) -> None:
    check(policy, outcomes, capacity=capacity)


@given(st.lists(st.sampled_from([500, 502, 503, 504]), min_size=10, max_size=10))
def test_server_errors_lose_the_data_after_65_hours(statuses: list[int]) -> None:
    outcomes = [Outcome(OutcomeKind.RESPONSE, status=status) for status in statuses]
    offsets, state = expected(DEFAULT_RETRY_POLICY, outcomes)
    assert offsets == [hours * HOUR for hours in (0, 1, 3, 7, 15, 25, 35, 45, 55, 65)]
    assert state == "lost"
    check(DEFAULT_RETRY_POLICY, outcomes)
