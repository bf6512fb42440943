"""Says in plain words what is wrong with what an application has stored, for the state machine.

What was sent is stored once, stays stored, and is answered as it went.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

from mockserver.core.outcome import Outcome
from mockserver.core.retry import DeliveryState


class Problem(NamedTuple):
    """What an application did wrong, and how to put it right."""

    what: str
    remedy: str


class SentPostback(NamedTuple):
    """A delivery, as far as the application has to do with it.

    Attributes:
        answers: What the application answered, also answers that got lost on their way.
        is_lost_by_others: Whether it was lost although the application has refused it only while
            what it depends on failed, and all other attempts did not reach it.
    """

    state: DeliveryState
    answers: Sequence[Outcome]
    is_lost_by_others: bool = False


def problems(
    counts: Counter[Hashable],
    stored_before: Set[Hashable],
    sent: Mapping[Hashable, Sequence[SentPostback]],
) -> Iterator[Problem]:
    """Yield what is wrong, the plainest first.

    Args:
        counts: How often the application has stored each event, by its key.
        stored_before: The keys that it had stored a step ago.
        sent: The deliveries of each event, by its key.
    """
    reached = {key: group for key, group in sent.items() if _answers_to(group)}
    yield from _stored_twice(counts)
    yield from _gone(counts, stored_before)
    yield from _foreign(counts, reached)
    for key, group in reached.items():
        yield from _wrongly_answered(key, group, key in counts)


def _stored_twice(counts: Counter[Hashable]) -> Iterator[Problem]:
    for key, count in counts.items():
        if count > 1:
            times = "twice" if count == 2 else f"{count} times"
            yield Problem(
                f"stored {times}: {key!r}",
                "a postback may come more than once: look for what is stored already by "
                "the values that identify an event, and answer 200 to it without storing",
            )


def _gone(counts: Counter[Hashable], stored_before: Set[Hashable]) -> Iterator[Problem]:
    for key in stored_before - set(counts):
        yield Problem(
            f"stored, and gone again: {key!r}",
            "what was answered 200 never comes again: keep it where a restart does not "
            "reach it (if only the test forgets, override restart(), which by default "
            "calls make_app() again)",
        )


def _foreign(
    counts: Counter[Hashable], reached: Mapping[Hashable, Sequence[SentPostback]]
) -> Iterator[Problem]:
    foreign = [key for key in counts if key not in reached]
    missing = [key for key in reached if key not in counts]
    if foreign and missing:
        yield Problem(
            f"stored but different: expected {missing[0]!r}, got {foreign[0]!r}",
            "decode the query of the URL once, as UTF-8, %XX and nothing else but it; key_of() "
            "must return the entry that stored() has of the event, types included",
        )
    if foreign:
        yield Problem(
            f"stored but never received: {foreign[0]!r}",
            "make_app() must begin with nothing stored, and each postback is one event",
        )


def _wrongly_answered(
    key: Hashable, group: Sequence[SentPostback], is_stored: bool
) -> Iterator[Problem]:
    answers = _answers_to(group)
    statuses = [answer.status for answer in answers if answer.status is not None]
    accepted = [status for status in statuses if status < 300]
    told = ", ".join(str(status) for status in statuses) or "nothing in time"
    if accepted and not is_stored:
        yield Problem(
            f"answered {accepted[0]} but not stored: {key!r}",
            "what was answered 2xx never comes again: store first, answer then; an event the "
            "application ignores on purpose belongs out of events()",
        )
    if is_stored and not accepted and len(statuses) == len(answers):
        yield Problem(
            f"stored but answered {told}: {key!r}",
            "Leanplum takes it for failed, sends it again after a 5xx and counts it as lost "
            "in the end: answer 200 once it is stored",
        )
    ended = [
        each
        for each in group
        if each.state in _FAILED and each.answers and not each.is_lost_by_others
    ]
    if ended and not is_stored:
        yield Problem(
            f"{ended[0].state.value} and not stored, answered {told}: {key!r}",
            "Leanplum sends it no more: answer 5xx only to what is going to work later, and "
            "neither 3xx nor 4xx to an event",
        )


_FAILED = (DeliveryState.REJECTED, DeliveryState.LOST)


def _answers_to(group: Sequence[SentPostback]) -> list[Outcome]:
    return [answer for each in group for answer in each.answers]
