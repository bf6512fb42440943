"""Turns a checked rule and matched events into what the ledger keeps.

A list of events happens as a whole or not at all: all are checked before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from mockserver.core.catalog import ALL_CHANNELS, Channel, PostbackType, parse_channel, parse_type
from mockserver.core.errors import InvalidTemplate, InvalidValue, UnknownApp
from mockserver.core.events import check_event
from mockserver.core.limits import MOST_OF_TEMPLATES, MOST_OF_URLS, SHORT, TooMuch
from mockserver.core.matching import Matches, match_rules
from mockserver.core.models import (
    App,
    Delivery,
    Event,
    MessageEvent,
    NewDelivery,
    PostbackRule,
)
from mockserver.core.template import Template
from mockserver.ledger.protocol import Ledger


class Taken(NamedTuple):
    """An event, what it fired and did not fire, and the deliveries that came of it."""

    event: Event
    matches: Matches
    deliveries: list[Delivery]


def find_app(ledger: Ledger, app_id: str) -> App:
    """Return the app with this id.

    Raises:
        UnknownApp: There is none; those that exist are named.
    """
    app = ledger.app(app_id)
    if app is None:
        known = ", ".join(ledger.app_ids())
        raise UnknownApp(f"unknown app {app_id!r}; the sandbox has: {known}")
    return app


def take_rule(
    ledger: Ledger,
    app: App,
    url: str,
    type: PostbackType | str,
    channels: Iterable[Channel | str] | None,
    now_at: datetime,
) -> PostbackRule:
    """Check a rule and add it.

    Raises:
        InvalidTemplate: The template has a mistake.
        InvalidValue: A type or channel does not exist.
        RuleLimitReached: The app's places are taken.
        TooMuch: The URL is too long, alone or together with all others.
    """
    if not isinstance(url, str):
        raise InvalidTemplate(f"postbackUrl must be text, got {url!r}")
    if isinstance(channels, str):
        raise InvalidValue(f"channels takes a list of names like [{channels!r}], got {channels!r}")
    compiled(url)
    _check_all_templates(ledger, url)
    chosen = tuple(dict.fromkeys(parse_channel(channel) for channel in channels or ()))
    return ledger.add_rule(
        app.app_id, parse_type(type), chosen or ALL_CHANNELS, url, now_at, app.rule_limit
    )


def _check_all_templates(ledger: Ledger, url: str) -> None:
    # Short ones are bounded by the number of rules that an app may have.
    if len(url) <= SHORT:
        return
    total = len(url) + sum(len(rule.url) for rule in ledger.rules())
    if total > MOST_OF_TEMPLATES:
        raise TooMuch(
            f"all postbackUrls together would have {total} characters, {MOST_OF_TEMPLATES} are "
            "kept at most; delete rules, or register a shorter URL"
        )


def take_events(ledger: Ledger, events: Sequence[Event], now_at: datetime) -> list[Taken]:
    """Match events against the rules of their apps and add what they fire, due at `now_at`.

    Raises:
        InvalidEvent: Leanplum could not have produced one of them; then none happened.
        TooMuch: Their URLs are too long together; then none happened.
        UnknownApp: One belongs to no app; then none happened.
    """
    matching = _Matching(ledger)
    matches = [matching.of(event) for event in events]
    new: list[NewDelivery] = []
    length = 0
    for event, match in zip(events, matches, strict=True):
        for rule in match.matched:
            encoding = matching.app(rule.app_id).parameters_encoding
            url = compiled(rule.url).render(event, encoding)
            length += len(url)
            if length > MOST_OF_URLS:
                raise TooMuch(
                    f"the URLs for these events have more than {MOST_OF_URLS} characters together; "
                    "send fewer events at once"
                )
            new.append(NewDelivery(rule.app_id, rule.postback_id, url, event, now_at))
    added = iter(ledger.add_deliveries(new))
    return [
        Taken(event, match, [next(added) for _ in match.matched])
        for event, match in zip(events, matches, strict=True)
    ]


def compiled(url: str) -> Template:
    """Return the compiled template of `url`; each that is not very long is compiled once.

    Raises:
        InvalidTemplate: The template has a mistake.
    """
    return _remembered(url) if len(url) <= SHORT else Template(url)


_remembered = lru_cache(maxsize=1024)(Template)


class _Matching:
    """Matches the events of one list: apps and rules are read once, equal events matched once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._apps: dict[str, App] = {}
        self._matches: dict[tuple[str, Channel | None], Matches] = {}

    def app(self, app_id: str) -> App:
        app = self._apps.get(app_id)
        if app is None:
            app = self._apps[app_id] = find_app(self._ledger, app_id)
        return app

    def of(self, event: Event) -> Matches:
        app = self.app(event.app_id)
        check_event(event)
        # Nothing else of an event decides which rules it fires.
        kind = (app.app_id, event.channel if isinstance(event, MessageEvent) else None)
        matches = self._matches.get(kind)
        if matches is None:
            matches = match_rules(self._ledger.rules(app.app_id), event)
            self._matches[kind] = matches
        return matches
