"""Puts a load, an endpoint and the retry policy together, and says what comes of it in 65 hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Any

from mockserver.core.durations import format_duration
from mockserver.core.errors import InvalidValue
from mockserver.core.retry import DEFAULT_RETRY_POLICY, RetryPolicy
from mockserver.load.arrival import Stream
from mockserver.load.echo import Echo, Fate, Slice, Wave, echo
from mockserver.load.endpoint import SLOW, Endpoint
from mockserver.load.schedules import in_seconds

#: How many seconds of work wait at an endpoint unless told (assumed).
QUEUE_SECONDS = 1
#: By which share a pause may be shorter or longer, beside none at all (assumed).
DEFAULT_JITTER = Fraction(1, 10)
#: When the next campaign begins unless told (assumed).
DEFAULT_NEXT = timedelta(hours=24)

#: No load that lasts longer is planned.
LONGEST_PLAN = timedelta(days=7)

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """When a load comes.

    Attributes:
        total: How many arrivals there are.
        lasts: When the last one is.
        by_second: How many there are in each second that has any.
    """

    total: int
    lasts: timedelta
    by_second: Mapping[int, int]

    @property
    def peak(self) -> int:
        """Return the most in one second."""
        return max(self.by_second.values())

    @property
    def peak_at(self) -> timedelta:
        """Return the first second that has so many."""
        return next(at for at, count in self.by_second.items() if count == self.peak) * _SECOND

    def sliced(self, every: timedelta) -> list[tuple[timedelta, int, int]]:
        """Return beginning, number and most in one second of every slice, also of empty ones."""
        length = max(1, every // _SECOND)
        totals: dict[int, int] = {}
        peaks: dict[int, int] = {}
        for second, count in self.by_second.items():
            place = second // length
            totals[place] = totals.get(place, 0) + count
            peaks[place] = max(peaks.get(place, 0), count)
        last = max(totals, default=0)
        return [
            (place * length * _SECOND, totals.get(place, 0), peaks.get(place, 0))
            for place in range(last + 1)
        ]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What becomes of a load under one jitter.

    Attributes:
        jitter: By which share of itself a pause is shorter or longer at most.
        echo: What becomes of the load (first) and of the next campaign (second, if there is one).
        undisturbed: How many first attempts of the next campaign fail if it has the endpoint for
            itself.
    """

    jitter: Fraction
    echo: Echo
    undisturbed: int

    @property
    def load(self) -> Fate:
        """Return what becomes of the load itself."""
        return self.echo.fates[0]

    @property
    def next(self) -> Fate | None:
        """Return what becomes of the next campaign."""
        return self.echo.fates[1] if len(self.echo.fates) > 1 else None


@dataclass(frozen=True, slots=True)
class Plan:
    """A load that was thought through.

    Attributes:
        stream: The load as JSON.
        arrivals: When it comes.
        endpoint: What it meets.
        policy: What follows a failure.
        next_after: When the same comes again; None for never.
        outcomes: Without jitter, and with.
    """

    stream: Mapping[str, Any]
    arrivals: Arrivals
    endpoint: Endpoint
    policy: RetryPolicy
    next_after: timedelta | None
    outcomes: tuple[Outcomes, ...]


def arrivals_of(stream: Stream) -> Arrivals:
    """Return when the arrivals of a stream come, in order.

    Raises:
        InvalidValue: It lasts longer than `LONGEST_PLAN`: every second of it is kept.
    """
    if stream.lasts > LONGEST_PLAN:
        raise InvalidValue(
            f"a load can last {LONGEST_PLAN.days} days to be planned, this one lasts "
            f"{stream.lasts.days} days"
        )
    return Arrivals(stream.total, stream.lasts, in_seconds(stream.counts(_SECOND)))


def make_plan(
    stream: Stream,
    endpoint: Endpoint,
    *,
    policy: RetryPolicy = DEFAULT_RETRY_POLICY,
    jitter: Fraction = DEFAULT_JITTER,
    next_after: timedelta | None = DEFAULT_NEXT,
) -> Plan:
    """Return what comes of a load, without jitter and with it.

    Args:
        stream: The load.
        endpoint: What it meets.
        policy: What follows a failure.
        jitter: The one to show beside none; nothing for none alone.
        next_after: When the same load comes again; None for never.

    Raises:
        InvalidValue: The load lasts longer than `LONGEST_PLAN`.
    """
    arrivals = arrivals_of(stream)
    campaigns = [arrivals.by_second]
    alone = 0
    if next_after is not None:
        campaigns.append(in_seconds(arrivals.by_second, next_after // _SECOND))
        alone = echo(campaigns[1:], endpoint, policy).fates[0].first_failed
    outcomes = tuple(
        Outcomes(each, echo(campaigns, endpoint, policy, each), alone)
        for each in dict.fromkeys((Fraction(0), jitter))
    )
    return Plan(stream.as_json(), arrivals, endpoint, policy, next_after, outcomes)


def document(plan: Plan) -> dict[str, Any]:
    """Return a plan as a JSON document; instants are seconds since the beginning."""
    arrivals, endpoint = plan.arrivals, plan.endpoint
    return {
        "format": 1,
        "stream": plan.stream,
        "arrivals": {
            "total": arrivals.total,
            "lasts_seconds": arrivals.lasts / _SECOND,
            "peak_per_second": arrivals.peak,
            "peak_at_seconds": arrivals.peak_at / _SECOND,
            "by_minute": {
                str(round(at / timedelta(minutes=1))): count
                for at, count, _ in arrivals.sliced(timedelta(minutes=1))
                if count
            },
        },
        "endpoint": {
            "capacity_per_second": float(endpoint.capacity),
            "queue": endpoint.queue,
            "outages": [[begins / _SECOND, ends / _SECOND] for begins, ends in endpoint.outages],
            "outage_answer": endpoint.outage_answer,
        },
        "next_campaign_at_seconds": None if plan.next_after is None else plan.next_after / _SECOND,
        "outcomes": [_outcomes(each) for each in plan.outcomes],
    }


def _outcomes(outcomes: Outcomes) -> dict[str, Any]:
    found: dict[str, Any] = {
        "jitter": float(outcomes.jitter),
        "load": _fate(outcomes.load),
        "hours": {str(hour): _slice(each) for hour, each in sorted(outcomes.echo.hours().items())},
    }
    if outcomes.next is not None:
        found["next_campaign"] = _fate(outcomes.next) | {
            "first_attempts_failed_undisturbed": outcomes.undisturbed
        }
    return found


def _fate(fate: Fate) -> dict[str, Any]:
    return {
        "postbacks": fate.total,
        "delivered": fate.delivered,
        "rejected": fate.rejected,
        "lost": fate.lost,
        "first_attempts_failed": fate.first_failed,
        "slower_than_seconds": dict(zip(map(str, SLOW), fate.slow, strict=True)),
        "drained_at_seconds": fate.drained,
        "settled_at_seconds": fate.settled,
        "waves": [_wave(wave) for _, wave in sorted(fate.waves.items())],
    }


def _wave(wave: Wave) -> dict[str, Any]:
    return {
        "attempt": wave.number,
        "attempts": wave.attempts,
        "failed": wave.failed,
        "begins_at_seconds": wave.begins,
        "ends_at_seconds": wave.ends,
        "peak_per_second": wave.peak,
        "peak_at_seconds": wave.peak_at,
    }


def _slice(each: Slice) -> dict[str, int]:
    return {
        "first_attempts": each.first_attempts,
        "retries": each.retries,
        "answered": each.answered,
        "timed_out": each.timed_out,
        "refused": each.refused,
        "peak_per_second": each.peak,
        "most_waiting": each.waiting,
    }


def clock_time(second: float) -> str:
    """Return seconds since the beginning for people: `+1h`, `+2h00m07s`.

    Examples:
        >>> clock_time(3600), clock_time(7207), clock_time(0)
        ('+1h', '+2h7s', '+0s')
    """
    return "+" + format_hours(timedelta(seconds=int(second)))


def format_hours(duration: timedelta) -> str:
    """Return a duration in hours, minutes and seconds; never in days, as retries are in hours."""
    hours, rest = divmod(duration, timedelta(hours=1))
    if not hours:
        return format_duration(rest)
    return f"{hours}h" + (format_duration(rest) if rest else "")
