from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from heapq import heappop, heappush
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, timeout_outcome
from mockserver.core.retry import DEFAULT_RETRY_POLICY, RetryPolicy
from mockserver.load.echo import Fate, echo
from mockserver.load.endpoint import Endpoint, Taken
from mockserver.load.schedules import Due
from tests.engine_setup import HOUR, START_AT, engine_setup, status

SECOND = timedelta(seconds=1)

#: Second, number of the attempt and what came of it, with how many there were.
Made = Counter[tuple[int, int, str]]


@dataclass
class OneByOne:
    """An endpoint that takes one postback after the other, written without any counting."""

    endpoint: Endpoint
    second: int = 0
    line: list[int] = field(default_factory=list)

    def answers_in(self, second: int) -> int:
        capacity = self.endpoint.capacity
        return int(capacity * (second + 1) // 1) - int(capacity * second // 1)

    def take(self, second: int) -> Outcome:
        while self.line and self.second < second:
            del self.line[: self.answers_in(self.second)]
            self.second += 1
        self.second = second
        if any(begins <= second * SECOND < ends for begins, ends in self.endpoint.outages):
            hangs = self.endpoint.outage_answer == "hang"
            return timeout_outcome(30 * SECOND) if hangs else status(503)
        if len(self.line) >= self.answers_in(second) + self.endpoint.queue:
            return status(503)
        self.line.append(second)
        waits, ahead = 0, len(self.line)
        while ahead > self.answers_in(second + waits) and waits < 30:
            ahead -= self.answers_in(second + waits)
            waits += 1
        return timeout_outcome(30 * SECOND) if waits >= 30 else status(200, waits * SECOND)


def by_engine(
    arrivals: Mapping[int, int], endpoint: Endpoint, policy: RetryPolicy
) -> tuple[Made, Counter[str]]:
    """Return what the engine makes of the same arrivals, one delivery each."""
    at_work = OneByOne(endpoint)
    made: Made = Counter()

    def answer(attempt: DueAttempt) -> Outcome:
        second = (setup.clock.now() - START_AT) // SECOND
        outcome = at_work.take(second)
        assert attempt.number is not None
        made[second, attempt.number, outcome.summary] += 1
        return outcome

    setup = engine_setup(answer, retry=policy)
    ids: list[int] = []
    for second in sorted(arrivals):
        setup.engine.advance_to(START_AT + second * SECOND)
        ids += setup.deliver(arrivals[second])
    setup.engine.run_until_idle()
    return made, Counter(setup.state(each) for each in ids)


def by_counting(
    arrivals: Mapping[int, int], endpoint: Endpoint, policy: RetryPolicy
) -> tuple[Made, Fate]:
    made: Made = Counter()

    def watch(second: int, due: Due, taken: Taken) -> None:
        for outcome, count in (
            ("200", taken.answered),
            ("timeout", taken.timed_out),
            ("503", taken.refused),
        ):
            if count:
                made[second, due.number, outcome] += count

    (fate,) = echo([arrivals], endpoint, policy, watch=watch).fates
    return made, fate


def seconds(limit: int) -> st.SearchStrategy[timedelta]:
    return st.integers(0, limit).map(lambda number: number * SECOND)


#: When something happens: often just when something else is due again.
moments = st.integers(0, 4000) | st.sampled_from([0, 1, 30, 31, 60, 61, 3600, 3601, 3630])
windows = st.tuples(seconds(5000), seconds(5000)).map(lambda pair: (min(pair), max(pair) + SECOND))
endpoints = st.builds(
    Endpoint,
    capacity=st.sampled_from([Fraction(1, 7), Fraction(1), Fraction(5, 2), Fraction(4)]),
    queue=st.integers(0, 60),
    outages=st.lists(windows, max_size=2).map(tuple),
    outage_answer=st.sampled_from(["503", "hang"]),
)
policies = st.one_of(
    st.just(DEFAULT_RETRY_POLICY),
    st.builds(
        RetryPolicy,
        delays=st.lists(
            st.sampled_from([0, 1, 29, 30, 31, 60, 3600]).map(lambda number: number * SECOND),
            max_size=5,
        ).map(tuple),
        retry_on=st.sampled_from(
            [frozenset({"5xx", "timeout"}), frozenset({"5xx"}), frozenset({"timeout"})]
        ),
    ),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    arrivals=st.dictionaries(moments, st.integers(1, 20), max_size=6),
    endpoint=endpoints,
    policy=policies,
)
def test_counting_is_what_the_engine_makes_of_the_same_arrivals(
    arrivals: dict[int, int], endpoint: Endpoint, policy: RetryPolicy
) -> None:
    made, states = by_engine(arrivals, endpoint, policy)
    counted, fate = by_counting(arrivals, endpoint, policy)
    assert counted == made
    assert (fate.delivered, fate.rejected, fate.lost) == (
        states["delivered"],
        states["rejected"],
        states["lost"],
    )
    assert fate.total == sum(arrivals.values())
    assert fate.settled == max((second for second, _, _ in made), default=0)
    firsts = {outcome for _, number, outcome in made if number == 1}
    assert fate.first_failed == sum(
        count for (_, number, outcome), count in made.items() if number == 1 and outcome != "200"
    )
    assert firsts <= {"200", "503", "timeout"}
    for number, wave in fate.waves.items():
        of_it = {key: count for key, count in made.items() if key[1] == number}
        per_second: Counter[int] = Counter()
        for (second, _, _), count in of_it.items():
            per_second[second] += count
        assert wave.attempts == sum(of_it.values())
        assert (wave.begins, wave.ends) == (min(per_second), max(per_second))
        assert wave.peak == max(per_second.values()) == per_second[wave.peak_at]


DOWN_FOR_EVER = ((timedelta(0), timedelta(days=300)),)


def test_what_is_down_for_ever_loses_all_after_ten_attempts() -> None:
    endpoint = Endpoint(Fraction(800), 800, DOWN_FOR_EVER)
    found = echo([{0: 5, 3: 2}], endpoint, DEFAULT_RETRY_POLICY)
    (fate,) = found.fates
    assert (fate.total, fate.lost, fate.delivered) == (7, 7, 0)
    assert fate.settled == 65 * 3600 + 3
    assert [wave.begins / 3600 for wave in fate.waves.values()] == [
        0, 1, 3, 7, 15, 25, 35, 45, 55, 65,
    ]  # fmt: skip
    assert {hour: each.attempts for hour, each in found.hours().items()} == dict.fromkeys(
        [0, 1, 3, 7, 15, 25, 35, 45, 55, 65], 7
    )


def test_two_campaigns_have_their_own_fates_at_one_endpoint() -> None:
    outage = ((timedelta(0), HOUR),)
    first, second = echo(
        [{0: 100}, {3600: 100}], Endpoint(Fraction(100), 0, outage), DEFAULT_RETRY_POLICY
    ).fates
    # The retries were scheduled earlier, so they take what the endpoint can do.
    assert (first.first_failed, first.waves[2].failed) == (100, 0)
    assert (second.first_failed, second.waves[2].failed, second.delivered) == (100, 0, 100)


@pytest.mark.parametrize("share", ["1/100", "1/10", "1/2", "1"])
def test_jitter_spreads_as_luck_does_and_loses_nobody(share: str) -> None:
    """Against one delivery after the other, each with luck of its own."""
    jitter, luck = Fraction(share), Random(5)
    outage = ((timedelta(0), timedelta(minutes=20)),)
    endpoint = Endpoint(Fraction(3), 30, outage)
    arrivals = dict.fromkeys(range(1800), 4)
    found = echo([arrivals], endpoint, DEFAULT_RETRY_POLICY, jitter)
    (fate,) = found.fates
    assert fate.delivered + fate.lost == fate.total == 7200
    expected = _by_luck(arrivals, endpoint, jitter, luck)
    for number in (2, 3):
        if expected[number] > 300:
            assert fate.waves[number].attempts == pytest.approx(expected[number], rel=0.1)
    assert fate.waves[2].begins >= 3600 * (1 - jitter)


def _by_luck(
    arrivals: Mapping[int, int], endpoint: Endpoint, jitter: Fraction, luck: Random
) -> Counter[int]:
    at_work = OneByOne(endpoint)
    # Second, and the later attempt first: those were scheduled earlier.
    due = [(second, -1) for second, count in arrivals.items() for _ in range(count)]
    made: Counter[int] = Counter()
    while due:
        second, number = heappop(due)
        made[-number] += 1
        outcome = at_work.take(second)
        if outcome.summary != "200" and number > -10:
            pause = DEFAULT_RETRY_POLICY.delays[-number - 1] // SECOND
            around = luck.uniform(float(1 - jitter), float(1 + jitter))
            again = second + outcome.elapsed // SECOND + max(1, int(pause * around))
            heappush(due, (again, number - 1))
    return made


@settings(max_examples=25, deadline=None)
@given(
    arrivals=st.dictionaries(st.integers(0, 40_000), st.integers(1, 500), min_size=1, max_size=6),
    endpoint=endpoints,
    jitter=st.fractions(Fraction(1, 1000), 1),
)
def test_with_jitter_every_postback_is_accounted_for(
    arrivals: dict[int, int], endpoint: Endpoint, jitter: Fraction
) -> None:
    found = echo([arrivals], endpoint, DEFAULT_RETRY_POLICY, jitter)
    (fate,) = found.fates
    assert fate.delivered + fate.lost == fate.total == sum(arrivals.values())
    for number in range(2, 11):
        if number in fate.waves:
            assert fate.waves[number].attempts == fate.waves[number - 1].failed
    assert sum(each.attempts for each in found.minutes.values()) == sum(
        wave.attempts for wave in fate.waves.values()
    )
