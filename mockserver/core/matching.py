"""Finds the rules that an event fires, and the reason why it does not fire the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mockserver.core.catalog import PostbackType
from mockserver.core.models import AbTestEvent, Event, PostbackRule


class Mismatch(NamedTuple):
    """A rule that an event did not fire, and why."""

    rule: PostbackRule
    reason: str


class Matches(NamedTuple):
    """What an event did to a set of rules, each list in the order of the rules."""

    matched: list[PostbackRule]
    mismatched: list[Mismatch]


def match_rules(rules: Iterable[PostbackRule], event: Event) -> Matches:
    """Sort `rules` into those that `event` fires and those it does not."""
    matches = Matches([], [])
    for rule in rules:
        reason = why_not(rule, event)
        if reason is None:
            matches.matched.append(rule)
        else:
            matches.mismatched.append(Mismatch(rule, reason))
    return matches


def why_not(rule: PostbackRule, event: Event) -> str | None:
    """Return the reason why `event` does not fire `rule`, or None if it does."""
    if rule.app_id != event.app_id:
        return f"the rule belongs to app {rule.app_id!r}, the event to {event.app_id!r}"
    if isinstance(event, AbTestEvent):
        if rule.type is PostbackType.AB_TEST_EVENTS:
            return None
        return "the rule has type messageEvents, the event is an A/B test event"
    if rule.type is not PostbackType.MESSAGE_EVENTS:
        return "the rule has type abTestEvents, the event is a message event"
    if event.channel not in rule.channels:
        chosen = ", ".join(rule.channels)
        return f"the rule listens to {chosen}; the event's channel is {event.channel.value}"
    return None
