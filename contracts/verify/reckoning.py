"""Compares everything that a run has sent with everything that an endpoint has stored.

What was answered 2xx must be stored, once, and with the values that were sent. What was answered
otherwise, and events that the endpoint need not keep, may be stored, once and unchanged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from contracts.suite.recorder import Said, shown
from contracts.verify.postbacks import Postback, Subscription
from contracts.verify.sent import SentPostback
from contracts.verify.sight import ProbeSight
from contracts.verify.stored import Difference, Line, Stored, lines_of, texts_in


class Fault(NamedTuple):
    """A postback of which something else is stored than was sent.

    Attributes:
        sent: The postback.
        expected: What should be stored.
        actual: What is.
        why: What is wrong with that.
        is_double: Whether it is stored, and once more than it should be.
    """

    sent: SentPostback
    expected: str
    actual: str
    why: str
    is_double: bool = False


def faults(
    sent: Sequence[SentPostback], stored: Stored, subscription: Subscription, sight: ProbeSight
) -> list[Fault]:
    """Return what is stored otherwise than it was sent, the smallest postback first.

    Args:
        sent: What was sent; all postbacks with the same ids, or none of them.
        stored: What the probe answered; it must have entries.
        subscription: Says which events the endpoint keeps.
        sight: What the probe has shown so far of postbacks that are like any other.
    """
    by_key = _by_key(stored.entries or (), sight)
    groups: dict[str, list[SentPostback]] = defaultdict(list)
    for each in sent:
        if each.postback.key:
            groups[each.postback.key].append(each)
    found = [
        fault
        for key, group in groups.items()
        for fault in _in_group(group, by_key.get(key, []), subscription, sight)
    ]
    return sorted(found, key=lambda fault: len(fault.sent.postback.url))


def count_fault(
    sent: Sequence[SentPostback], stored: Stored, before: int, subscription: Subscription
) -> tuple[str, int] | None:
    """Return how many events should be stored and how many are; None if the number can be right.

    Args:
        sent: Everything that was sent since there were `before` events.
        stored: What the probe answered.
        before: How many events there were.
        subscription: Says which events the endpoint keeps.
    """
    least = sum(is_required(each, subscription) for each in sent)
    most = sum(each.may_be_stored for each in sent)
    counted = stored.count - before
    if least <= counted <= most:
        return None
    return (str(least) if least == most else f"{least} to {most}"), counted


def is_required(sent: SentPostback, subscription: Subscription) -> bool:
    """Return whether the endpoint has to have stored a postback."""
    postback = sent.postback
    is_usual = postback.is_own and not postback.may_be_ignored
    return sent.is_accepted and is_usual and subscription.keeps(postback.event)


def differs(postback: Postback, entry: Any, sight: ProbeSight) -> list[Difference]:
    """Return each value that an entry has otherwise than it was sent, if it must not."""
    is_judged = postback.is_exact or isinstance(entry, str)
    return sight.differences(postback, entry) if is_judged else []


def learn(sent: Sequence[SentPostback], stored: Stored, sight: ProbeSight) -> None:
    """Learn how values are stored from each postback that has ids, and an entry, of its own.

    Args:
        sent: All that was sent.
        stored: What the probe answered.
        sight: What it has shown so far.
    """
    times = Counter(each.postback.key for each in sent)
    by_key = _by_key(stored.entries or (), sight)
    for each in sent:
        postback = each.postback
        entries = by_key.get(postback.key, ())
        if postback.key in sight.learned or not postback.is_plain:
            continue
        if times[postback.key] == 1 and len(entries) == 1:
            sight.learn(postback, entries[0])


def _by_key(entries: Iterable[Any], sight: ProbeSight) -> dict[str, list[Any]]:
    """Return the entries by the key that stands in them, each once."""
    found: dict[str, list[Any]] = defaultdict(list)
    for entry in entries:
        keys = {key for text in texts_in(entry) for key in sight.keys_in(text)}
        for key in keys:
            found[key].append(entry)
    return found


def _in_group(
    group: Sequence[SentPostback],
    entries: Sequence[Any],
    subscription: Subscription,
    sight: ProbeSight,
) -> list[Fault]:
    """Return the faults of the postbacks that have the same ids."""
    if not all(sight.shows(each.postback) for each in group):
        # The probe leaves out where the key stands, so nothing can be said.
        return []
    left = list(entries)
    required = [each for each in group if is_required(each, subscription)]
    missing = [each for each in required if not _take(each, left, group, sight)]
    for each in group:
        if each not in required and each.may_be_stored:
            _take(each, left, group, sight)
    found = []
    for each in missing:
        others = [entry for entry in left if differs(each.postback, entry, sight)]
        nearest = min(
            others, key=lambda entry: len(differs(each.postback, entry, sight)), default=None
        )
        if nearest is None:
            found.append(_lost(each))
            continue
        left.remove(nearest)
        found.append(_otherwise(each, differs(each.postback, nearest, sight), sight))
    return found + [fault for entry in left for fault in _surplus(entry, group, sight)]


def _take(
    sent: SentPostback, left: list[Any], group: Sequence[SentPostback], sight: ProbeSight
) -> bool:
    """Take the entry of a postback out of those that are left; return whether there was one."""
    fitting = [
        number
        for number, entry in enumerate(left)
        if not differs(sent.postback, entry, sight)
        and not _is_of_another(entry, sent, group, sight)
    ]
    if not fitting:
        return False
    # One whose words are known may be that of no other postback.
    del left[min(fitting, key=lambda n: sight.guesses(sent.postback, left[n]))]
    return True


def _is_of_another(
    entry: Any, sent: SentPostback, group: Sequence[SentPostback], sight: ProbeSight
) -> bool:
    """Return whether an entry would fit in words of its own only, and fits another as it is."""
    if not sight.guesses(sent.postback, entry):
        return False
    return any(
        not differs(each.postback, entry, sight) and not sight.guesses(each.postback, entry)
        for each in group
    )


def _lost(sent: SentPostback) -> Fault:
    return Fault(
        sent, f"{named(sent.postback)} stored once", Said("not stored"), "the event is lost"
    )


def _otherwise(sent: SentPostback, different: Sequence[Difference], sight: ProbeSight) -> Fault:
    if len(different) == 1:
        return Fault(sent, *sight.described(different[0]))
    expected = {name: value for name, value, _ in different}
    actual = {name: kept for name, _, kept in different}
    names = ", ".join(repr(name) for name in expected)
    why = f"{names} is not stored as it was sent"
    return Fault(sent, shown(expected), shown(actual), why)


def _surplus(entry: Any, group: Sequence[SentPostback], sight: ProbeSight) -> list[Fault]:
    """Return the fault of an entry that no postback is left for."""
    if isinstance(entry, Line) and any(len(lines_of(text)) > 1 for text in _ids(group)):
        # One event fills several lines, and its key may stand on each.
        return []
    nearest = min(group, key=lambda each: len(differs(each.postback, entry, sight)))
    different = differs(nearest.postback, entry, sight)
    if different:
        return [_otherwise(nearest, different, sight)]
    if not nearest.may_be_stored:
        # Another case tells of methods that are no postbacks.
        return []
    return [
        Fault(
            nearest,
            f"{named(nearest.postback)} stored once",
            Said("stored once more"),
            "the event counts more than once",
            is_double=True,
        )
    ]


def _ids(group: Sequence[SentPostback]) -> set[str]:
    """Return the ids of these postbacks."""
    events = [each.postback.event for each in group]
    return {text for event in events for text in (event.user_id, event.device_id)}


def named(postback: Postback) -> str:
    """Return the key of a postback, or what stands for it."""
    return postback.key or "the postback"


def by_case(found: Sequence[Fault]) -> str:
    """Return which cases sent what went wrong, e.g. `PB-LOAD-BURST 3, PB-VALUES-TIME 1`."""
    times: Mapping[str, list[Fault]] = defaultdict(list)
    for fault in found:
        times[fault.sent.case_id].append(fault)
    return ", ".join(f"{case_id} {len(each)}" for case_id, each in times.items())
