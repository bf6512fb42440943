from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, timeout_outcome
from mockserver.core.retry import DEFAULT_RETRY_POLICY, RetryPolicy
from mockserver.load.calendar import retry_calendar, retry_instants
from tests.engine_setup import HOUR, OFFSETS_IN_HOURS, SECOND, START_AT, engine_setup, status

TIMEOUT = DEFAULT_RETRY_POLICY.timeout

policies = st.one_of(
    st.just(DEFAULT_RETRY_POLICY),
    st.lists(st.integers(0, 40_000), max_size=9).map(
        lambda pauses: RetryPolicy(delays=tuple(pause * SECOND for pause in pauses))
    ),
)


@settings(max_examples=60, deadline=None)
@given(
    history=st.dictionaries(
        st.integers(0, 10_000), st.tuples(st.integers(1, 3), st.booleans()), max_size=6
    ),
    policy=policies,
    retries_time_out=st.booleans(),
)
def test_the_calendar_has_the_attempts_that_the_engine_makes(
    history: dict[int, tuple[int, bool]], policy: RetryPolicy, retries_time_out: bool
) -> None:
    """For a generated history: what failed in which second, at once or by a timeout."""
    by_timeout: dict[int, bool] = {}

    def answer(attempt: DueAttempt) -> Outcome:
        times_out = retries_time_out if attempt.number != 1 else by_timeout[attempt.delivery_id]
        return timeout_outcome(TIMEOUT) if times_out else status(503)

    setup = engine_setup(answer, retry=policy)
    failures: Counter[int] = Counter()
    for second, (count, times_out) in sorted(history.items()):
        setup.engine.advance_to(START_AT + second * SECOND)
        ids = setup.deliver(count, settle=False)
        by_timeout.update(dict.fromkeys(ids, times_out))
        setup.engine.settle()
        failures[second + (30 if times_out else 0)] += count
    setup.engine.run_until_idle()
    each_takes = TIMEOUT if retries_time_out else timedelta(0)

    made = Counter((number, at - START_AT) for _, number, at in setup.made if number != 1)
    instants: Counter[tuple[int | None, timedelta]] = Counter()
    for second, count in failures.items():
        for number, after in retry_instants(second * SECOND, policy, each_takes):
            instants[number, after] += count
    assert instants == made

    hours = retry_calendar(failures, policy, START_AT, each_takes)
    by_hour: Counter[tuple[int, int | None]] = Counter()
    for (number, after), count in made.items():
        by_hour[after // HOUR, number] += count
    assert {
        ((hour.begins_at - START_AT) // HOUR, number): count
        for hour in hours
        for number, count in hour.by_number.items()
    } == dict(by_hour)
    assert [hour.attempts for hour in hours] == [sum(hour.by_number.values()) for hour in hours]
    assert all(later.begins_at - earlier.begins_at == HOUR for earlier, later in pairwise(hours))


def test_what_failed_just_now_is_sent_again_to_the_end_of_65_hours() -> None:
    hours = retry_calendar({0: 100, 5: 20, 7: 0}, DEFAULT_RETRY_POLICY, START_AT)
    assert [(hour.begins_at - START_AT) // HOUR for hour in hours] == list(range(1, 66))
    assert [
        (hour.begins_at - START_AT) // HOUR for hour in hours if hour.attempts
    ] == OFFSETS_IN_HOURS[1:]
    assert {hour.attempts for hour in hours} == {0, 120}


@pytest.mark.parametrize(("second", "hour"), [(3599, 1), (3600, 2), (0, 1)])
def test_hours_are_counted_from_the_start(second: int, hour: int) -> None:
    first = retry_calendar({second: 1}, DEFAULT_RETRY_POLICY, START_AT)[0]
    assert first.begins_at == START_AT + hour * HOUR


def test_nothing_failed_is_no_calendar() -> None:
    assert retry_calendar({}, DEFAULT_RETRY_POLICY, START_AT) == ()
    assert retry_calendar({3: 0}, DEFAULT_RETRY_POLICY, START_AT) == ()
    assert retry_calendar({3: 5}, RetryPolicy(delays=()), START_AT) == ()
