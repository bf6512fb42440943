"""Breaks what a restart makes of rules: which channels and types they are for, and their URLs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.kept import Restarted, after_restart
from mockserver.core.catalog import ALL_CHANNELS, PostbackType
from mockserver.core.models import PostbackRule


def _read_back(name: str, change: str, read: Callable[[PostbackRule], PostbackRule]) -> Deviant:
    """Return a fake in which rules are others after a restart."""

    def lose(ledger: Restarted) -> None:
        for number, rule in list(ledger._rules.items()):  # noqa: SLF001
            ledger._rules[number] = read(rule)  # noqa: SLF001

    return after_restart(name, change, lose)


def _widened(rule: PostbackRule) -> PostbackRule:
    return replace(rule, channels=ALL_CHANNELS) if len(rule.channels) == 2 else rule


def _for_messages(rule: PostbackRule) -> PostbackRule:
    is_narrow = rule.channels != ALL_CHANNELS and rule.type is PostbackType.AB_TEST_EVENTS
    return replace(rule, type=PostbackType.MESSAGE_EVENTS) if is_narrow else rule


DEVIANTS: tuple[Deviant, ...] = (
    _read_back(
        "restart-widens-two-channels",
        "After a restart a rule with two channels listens to all.",
        _widened,
    ),
    _read_back(
        "restart-keeps-first-channel",
        "After a restart a rule listens to the first of its channels.",
        lambda rule: replace(rule, channels=rule.channels[:1]),
    ),
    _read_back(
        "restart-widens-ab-rules",
        "After a restart a rule for A/B tests with channels is one for messages.",
        _for_messages,
    ),
    _read_back(
        "restart-decodes-urls",
        "After a restart a template is decoded once more.",
        lambda rule: replace(rule, url=unquote(rule.url)),
    ),
)
