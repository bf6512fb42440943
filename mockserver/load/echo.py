"""Works out what becomes of a load at an endpoint, second by second, with 65 hours of retries.

It is what the engine makes of the same arrivals on virtual time, counted: postbacks that come in
the same second with the same number of attempts have the same future. The order is that of the
engine too: what was scheduled first is sent first, and new postbacks come after retries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction

from mockserver.core.outcome import Outcome, OutcomeKind, timeout_outcome
from mockserver.core.retry import Decision, DeliveryState, RetryPolicy
from mockserver.load.endpoint import SLOW, Endpoint, EndpointAtWork, Taken
from mockserver.load.schedules import Due, ExactSchedule, Schedule, SpreadSchedule, in_seconds

_SECOND = timedelta(seconds=1)
_A_MINUTE = 60


@dataclass(slots=True)
class Slice:
    """What happened in some time.

    Attributes:
        first_attempts: How many postbacks were sent for the first time.
        retries: How many were sent again.
        answered: How many of both were answered 2xx in time.
        timed_out: How many were not answered in time.
        refused: How many were answered 503.
        peak: The most that were sent in one second.
        waiting: The most that waited at the endpoint at the beginning of a second.
    """

    first_attempts: int = 0
    retries: int = 0
    answered: int = 0
    timed_out: int = 0
    refused: int = 0
    peak: int = 0
    waiting: int = 0

    @property
    def attempts(self) -> int:
        """Return how many postbacks were sent."""
        return self.first_attempts + self.retries

    @property
    def failed(self) -> int:
        """Return how many were sent in vain."""
        return self.timed_out + self.refused

    def __add__(self, other: Slice) -> Slice:
        return Slice(
            self.first_attempts + other.first_attempts,
            self.retries + other.retries,
            self.answered + other.answered,
            self.timed_out + other.timed_out,
            self.refused + other.refused,
            max(self.peak, other.peak),
            max(self.waiting, other.waiting),
        )


@dataclass(slots=True)
class Wave:
    """All attempts of a campaign that are, say, the second of their deliveries.

    Attributes:
        number: Which attempt.
        attempts: How many.
        failed: How many of them failed.
        begins: The second of the first.
        ends: The second of the last.
        peak: The most in one second.
        peak_at: The second that had so many.
        this_second: How many there were in the last second so far.
    """

    number: int
    attempts: int = 0
    failed: int = 0
    begins: int = 0
    ends: int = 0
    peak: int = 0
    peak_at: int = 0
    this_second: int = 0


@dataclass(slots=True)
class Fate:
    """What became of the postbacks of one campaign.

    Attributes:
        total: How many there were.
        delivered: How many were answered 2xx in the end.
        rejected: How many failed in a way that is not tried again.
        lost: How many failed at every attempt.
        first_failed: How many failed at the first attempt.
        slow: How many were answered in time, but not within each of `SLOW` seconds.
        settled: The second of the last attempt.
        waves: By the number of the attempt.
    """

    total: int = 0
    delivered: int = 0
    rejected: int = 0
    lost: int = 0
    first_failed: int = 0
    slow: list[int] = field(default_factory=lambda: [0] * len(SLOW))
    settled: int = 0
    waves: dict[int, Wave] = field(default_factory=dict)

    @property
    def drained(self) -> int:
        """Return the second of the last retry; 0 if there is none."""
        return max((wave.ends for wave in self.waves.values() if wave.number > 1), default=0)


@dataclass(frozen=True, slots=True)
class Echo:
    """What became of a load.

    Attributes:
        fates: Of each campaign.
        minutes: What happened in each minute that had something.
    """

    fates: tuple[Fate, ...]
    minutes: Mapping[int, Slice]

    def hours(self) -> dict[int, Slice]:
        """Return what happened in each hour that had something."""
        found: dict[int, Slice] = {}
        for minute, each in self.minutes.items():
            found[minute // 60] = found.get(minute // 60, Slice()) + each
        return found


#: Told of some attempts: second, which, and what became of them.
Watch = Callable[[int, Due, Taken], None]


def echo(
    campaigns: Sequence[Mapping[int, int]],
    endpoint: Endpoint,
    policy: RetryPolicy,
    jitter: Fraction = Fraction(0),
    watch: Watch | None = None,
) -> Echo:
    """Return what becomes of the postbacks of some campaigns that meet at one endpoint.

    Args:
        campaigns: The arrivals of each, by second; `in_seconds` shifts them.
        endpoint: Where they are sent to.
        policy: What follows a failure.
        jitter: By which share of itself a pause is shorter or longer at most.
        watch: Told of all attempts in order.
    """
    schedule: Schedule = SpreadSchedule(jitter) if jitter else ExactSchedule()
    run = _Run(schedule, endpoint, policy, len(campaigns), watch)
    arrivals: dict[int, list[Due]] = {}
    for number, campaign in enumerate(campaigns):
        for second, count in in_seconds(campaign).items():
            arrivals.setdefault(second, []).append(Due(number, 1, count))
    seconds = sorted(arrivals, reverse=True)
    while True:
        again = schedule.next_second()
        if not seconds and again is None:
            return Echo(tuple(run.fates), run.minutes)
        second = min(each for each in (again, seconds[-1] if seconds else None) if each is not None)
        new = arrivals.pop(seconds.pop()) if seconds and seconds[-1] == second else []
        run.pass_second(second, new)


class _Run:
    """One echo while it is worked out."""

    def __init__(
        self,
        schedule: Schedule,
        endpoint: Endpoint,
        policy: RetryPolicy,
        campaigns: int,
        watch: Watch | None,
    ) -> None:
        self.fates = [Fate() for _ in range(campaigns)]
        self.minutes: dict[int, Slice] = {}
        self._schedule = schedule
        self._watch = watch
        self._timeout_seconds = -(-policy.timeout // _SECOND)
        self._at_work = EndpointAtWork(endpoint, self._timeout_seconds)
        limit = range(policy.attempt_limit + 1)
        refused = Outcome(OutcomeKind.RESPONSE, status=503)
        timed_out = timeout_outcome(policy.timeout)
        self._after_refused = [policy.decide(max(1, number), refused) for number in limit]
        self._after_timeout = [policy.decide(max(1, number), timed_out) for number in limit]

    def pass_second(self, second: int, new: list[Due]) -> None:
        """Make all attempts of a second; with pauses of nothing, also those that they lead to."""
        waiting = self._at_work.waiting(second)
        made = Slice(waiting=waiting)
        due = self._schedule.take(second) + new
        while due:
            for each in due:
                self._attempt(second, each, made)
            due = self._schedule.take(second)
        made.peak = made.attempts
        if made.attempts:
            minute = second // _A_MINUTE
            self.minutes[minute] = self.minutes.get(minute, Slice()) + made

    def _attempt(self, second: int, due: Due, made: Slice) -> None:
        taken = self._at_work.take(second, due.many)
        if self._watch is not None:
            self._watch(second, due, taken)
        fate = self.fates[due.campaign]
        if due.number == 1:
            fate.total += due.many
            fate.first_failed += taken.timed_out + taken.refused
            made.first_attempts += due.many
        else:
            made.retries += due.many
        made.answered += taken.answered
        made.timed_out += taken.timed_out
        made.refused += taken.refused
        fate.delivered += taken.answered
        if taken.slow[0]:
            for place, slow in enumerate(taken.slow):
                fate.slow[place] += slow
        fate.settled = second
        _count_wave(fate, second, due, taken)
        # The engine hears of those that time out first: they were sent first.
        if taken.timed_out:
            late = second + self._timeout_seconds
            self._follow(fate, due, taken.timed_out, late, self._after_timeout[due.number])
        if taken.refused:
            self._follow(fate, due, taken.refused, second, self._after_refused[due.number])

    def _follow(self, fate: Fate, due: Due, count: int, ended: int, decision: Decision) -> None:
        if decision.delay is not None:
            again = Due(due.campaign, due.number + 1, count)
            self._schedule.add(again, ended, decision.delay // _SECOND)
        elif decision.state is DeliveryState.LOST:
            fate.lost += count
        else:
            fate.rejected += count


def _count_wave(fate: Fate, second: int, due: Due, taken: Taken) -> None:
    wave = fate.waves.get(due.number)
    if wave is None:
        wave = fate.waves[due.number] = Wave(due.number, begins=second)
    if wave.ends != second or not wave.attempts:
        wave.this_second = 0
    wave.attempts += due.many
    wave.failed += taken.timed_out + taken.refused
    wave.ends = second
    wave.this_second += due.many
    if wave.this_second > wave.peak:
        wave.peak, wave.peak_at = wave.this_second, second
