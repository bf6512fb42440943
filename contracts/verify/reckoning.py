"""Compares everything that a run has sent with everything that an endpoint has stored.

What was answered 2xx must be stored, once, and with the values that were sent. What was answered
otherwise, and events that the endpoint need not keep, may be stored, once and unchanged.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from contracts.suite.recorder import Said, shown
from contracts.verify.postbacks import Postback, Subscription
from contracts.verify.sent import SentPostback
from contracts.verify.sight import ProbeSight
from contracts.verify.stored import Line, Stored, differences, texts_in


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
    return sent.is_accepted and sent.postback.is_own and subscription.keeps(sent.postback.event)


def differs(postback: Postback, entry: Any, sight: ProbeSight) -> list[tuple[str, str, str]]:
    """Return name, sent value and stored value of each value that an entry has otherwise."""
    if isinstance(entry, str):
        ids = {postback.event.user_id, postback.event.device_id} - {""}
        if isinstance(entry, Line):
            ids = {each.partition("\n")[0] for each in ids}
        if not ids or any(each in entry for each in ids):
            return []
        return [("id", " or ".join(sorted(ids)), str(entry))]
    return differences(postback, entry, aliases=sight.aliases) if postback.is_exact else []


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
    missing = [each for each in required if not _take(each, left, sight)]
    for each in group:
        if each not in required and each.may_be_stored:
            _take(each, left, sight)
    found = []
    for each in missing:
        nearest = min(
            left, key=lambda entry: len(differs(each.postback, entry, sight)), default=None
        )
        if nearest is None:
            found.append(_lost(each))
            continue
        left.remove(nearest)
        found.append(_otherwise(each, differs(each.postback, nearest, sight)))
    return found + [fault for entry in left for fault in _surplus(entry, group, sight)]


def _take(sent: SentPostback, left: list[Any], sight: ProbeSight) -> bool:
    """Take the entry of a postback out of those that are left; return whether there was one."""
    for number, entry in enumerate(left):
        if not differs(sent.postback, entry, sight):
            del left[number]
            return True
    return False


def _lost(sent: SentPostback) -> Fault:
    return Fault(
        sent, f"{named(sent.postback)} stored once", Said("not stored"), "the event is lost"
    )


def _otherwise(sent: SentPostback, different: Sequence[tuple[str, str, str]]) -> Fault:
    expected = {name: value for name, value, _ in different}
    actual = {name: kept for name, _, kept in different}
    names = ", ".join(repr(name) for name in expected)
    return Fault(sent, shown(expected), shown(actual), f"{names} is not stored as it was sent")


def _surplus(entry: Any, group: Sequence[SentPostback], sight: ProbeSight) -> list[Fault]:
    """Return the fault of an entry that no postback is left for."""
    nearest = min(group, key=lambda each: len(differs(each.postback, entry, sight)))
    different = differs(nearest.postback, entry, sight)
    if different:
        return [_otherwise(nearest, different)]
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


def named(postback: Postback) -> str:
    """Return the key of a postback, or what stands for it."""
    return postback.key or "the postback"


def by_case(found: Sequence[Fault]) -> str:
    """Return which cases sent what went wrong, e.g. `PB-LOAD-BURST 3, PB-VALUES-TIME 1`."""
    times: Mapping[str, list[Fault]] = defaultdict(list)
    for fault in found:
        times[fault.sent.case_id].append(fault)
    return ", ".join(f"{case_id} {len(each)}" for case_id, each in times.items())
