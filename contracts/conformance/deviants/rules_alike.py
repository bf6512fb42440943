"""Breaks rules that are alike: fired once, known by one id, or gone together."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import MATCH_RULES
from mockserver.core.catalog import Channel, PostbackType
from mockserver.core.matching import Matches, Mismatch, match_rules
from mockserver.core.models import Event, PostbackRule
from mockserver.ledger.memory.ledger import MemoryLedger


def _once_for_each(name: str, change: str, of: Callable[[PostbackRule], Hashable]) -> Deviant:
    """Return a fake in which an event fires the first of all rules that share something."""

    def matched(rules: Iterable[PostbackRule], event: Event) -> Matches:
        found, mismatched = match_rules(rules, event)
        first = {of(rule): rule for rule in reversed(found)}
        others = [rule for rule in found if first[of(rule)] is not rule]
        kept = [rule for rule in found if first[of(rule)] is rule]
        return Matches(kept, mismatched + [Mismatch(rule, "one like it fired") for rule in others])

    return Deviant(name, "rules", change, patches=((MATCH_RULES, matched),))


class _SharesIds(MemoryLedger):
    def add_rule(
        self,
        app_id: str,
        type: PostbackType,
        channels: tuple[Channel, ...],
        url: str,
        created_at: datetime,
        limit: int,
    ) -> PostbackRule:
        alike = [rule for rule in self.rules(app_id) if (rule.type, rule.url) == (type, url)]
        rule = super().add_rule(app_id, type, channels, url, created_at, limit)
        return replace(rule, postback_id=alike[0].postback_id) if alike else rule


class _DeletesAlike(MemoryLedger):
    def delete_rule(self, app_id: str, postback_id: int) -> bool:
        rules = self.rules(app_id)
        urls = {rule.url for rule in rules if rule.postback_id == postback_id}
        numbers = [rule.postback_id for rule in rules if rule.url in urls]
        deleted = [MemoryLedger.delete_rule(self, app_id, each) for each in numbers]
        return any(deleted)


DEVIANTS: tuple[Deviant, ...] = (
    _once_for_each(
        "one-delivery-for-a-url", "Of rules with one URL an event fires one.", lambda rule: rule.url
    ),
    _once_for_each(
        "one-delivery-for-a-host",
        "Of rules that lead to one host and path an event fires one.",
        lambda rule: urlsplit(rule.url)[:3],
    ),
    Deviant(
        "alike-rules-share-an-id",
        "rules",
        "A rule with the type and the URL of another is answered with that one's id.",
        ledger=_SharesIds,
    ),
    Deviant(
        "alike-rules-go-together",
        "rules",
        "With a rule all those go that have its URL.",
        ledger=_DeletesAlike,
    ),
)
