"""Says in sentences what a plan found: what comes back and when, what it meets, what is lost."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.core.wording import count
from mockserver.load.endpoint import SLOW
from mockserver.load.plan import Outcomes, Plan, clock_time

_POSTBACK = ("postback", "postbacks")


def jitter_named(outcomes: Outcomes) -> str:
    """Return under which jitter this is, e.g. `without jitter`."""
    if not outcomes.jitter:
        return "without jitter"
    return f"with jitter of ±{float(outcomes.jitter * 100):g}%"


def sentences(plan: Plan, outcomes: Outcomes) -> tuple[str, ...]:
    """Return what became of a load, each finding in a sentence."""
    return tuple(_said(plan, outcomes))


def _said(plan: Plan, outcomes: Outcomes) -> Iterator[str]:
    load = outcomes.load
    share = f"{load.first_failed / load.total:.1%}" if load.total else "0%"
    yield f"{load.first_failed:,} of {count(load.total, *_POSTBACK)} fail at first ({share})."
    if load.first_failed:
        yield from _about_wave(plan, outcomes)
    if load.lost:
        yield f"LOST: {count(load.lost, *_POSTBACK)}, after {plan.policy.attempt_limit} attempts."
    else:
        yield "Nothing is lost."
    if load.rejected:
        yield f"{count(load.rejected, *_POSTBACK)} rejected, which is not tried again."
    slow = [
        f"{number:,} for {seconds} s or longer"
        for seconds, number in zip(SLOW, load.slow, strict=True)
        if number
    ]
    if slow:
        yield f"Of those answered in time, waited: {', '.join(slow)}."


def _about_wave(plan: Plan, outcomes: Outcomes) -> Iterator[str]:
    load = outcomes.load
    wave = load.waves.get(2)
    if wave is None:
        return
    capacity = float(plan.endpoint.capacity)
    times = f"{wave.peak / capacity:.3g} times what the endpoint answers"
    yield (
        f"They come back from {clock_time(wave.begins)} to {clock_time(wave.ends)}, "
        f"{wave.peak:,}/s at the peak ({times}); {wave.failed:,} fail again."
    )
    coming = sum(
        number
        for second, number in plan.arrivals.by_second.items()
        if wave.begins <= second <= wave.ends
    )
    if coming:
        yield f"That wave meets the load itself: {coming:,} of its postbacks come meanwhile."
    yield from _about_next(plan, outcomes)
    yield f"Drained at {clock_time(load.drained)}: no retry of the load is due later."


def _about_next(plan: Plan, outcomes: Outcomes) -> Iterator[str]:
    following, load = outcomes.next, outcomes.load
    if plan.next_after is None or following is None:
        return
    begins = plan.next_after.total_seconds()
    meeting = [
        wave.number - 1 for wave in load.waves.values() if wave.number > 1 and wave.ends >= begins
    ]
    at = clock_time(begins)
    if not meeting:
        yield f"No retry meets the next campaign, which begins at {at}."
        return
    more = following.first_failed - outcomes.undisturbed
    waves = ", ".join(map(str, meeting))
    first = "the first wave is one of them" if 1 in meeting else "the first wave is not"
    yield (
        f"Retries meet the next campaign, which begins at {at}: "
        f"{'wave' if len(meeting) == 1 else 'waves'} {waves} ({first}). Of its first attempts "
        f"{following.first_failed:,} fail, {outcomes.undisturbed:,} if it came alone ({more:+,})."
    )
