"""Breaks what is kept: ids that are given out, and what is there after a restart."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

from contracts.conformance.deviants.deviant_server import Deviant
from mockserver.core.catalog import ALL_CHANNELS
from mockserver.core.models import KeyClass, MessageEvent, PostbackRule
from mockserver.core.retry import DeliveryState
from mockserver.ledger.memory.ledger import MemoryLedger


class _LowestFree(MemoryLedger):
    def delete_rule(self, app_id: str, postback_id: int) -> bool:
        deleted = super().delete_rule(app_id, postback_id)
        if not self._rules:
            self._rule_sequence = itertools.count(1)
        return deleted


class _CountsAnewAfterReset(MemoryLedger):
    def reset(self) -> None:
        super().reset()
        self._rule_sequence = itertools.count(1)


class Restarted(MemoryLedger):
    """A ledger that loses something when it is opened a second time."""

    def __init__(self) -> None:
        super().__init__()
        self._opened = 0
        self.deleted: list[PostbackRule] = []

    def delete_rule(self, app_id: str, postback_id: int) -> bool:
        self.deleted += [rule for rule in self.rules(app_id) if rule.postback_id == postback_id]
        return super().delete_rule(app_id, postback_id)

    def recover(self, *, begun: bool = True) -> int:
        freed = super().recover(begun=begun)
        self._opened += 1
        if self._opened > 1:
            self.lose()
        return freed

    def lose(self) -> None:
        """Lose it."""


def after_restart(name: str, change: str, lose: Callable[[Restarted], None]) -> Deviant:
    """Return a fake that loses something at a restart."""

    class Losing(Restarted):
        def lose(self) -> None:
            lose(self)

    return Deviant(name, "rules", change, ledger=Losing)


def _id_again(ledger: Restarted) -> None:
    ledger._rule_sequence = itertools.count(1)  # noqa: SLF001


def _no_channels(ledger: Restarted) -> None:
    for key, rule in list(ledger._rules.items()):  # noqa: SLF001
        ledger._rules[key] = replace(rule, channels=ALL_CHANNELS)  # noqa: SLF001


def _deleted_again(ledger: Restarted) -> None:
    ledger._rules |= {rule.postback_id: rule for rule in ledger.deleted}  # noqa: SLF001


def _no_ended(ledger: Restarted) -> None:
    for key, row in list(ledger._rows.items()):  # noqa: SLF001
        if row.state is not DeliveryState.PENDING:
            del ledger._rows[key]  # noqa: SLF001


def _two_rules(ledger: Restarted) -> None:
    for app in ledger.apps():
        for rule in ledger.rules(app.app_id)[2:]:
            del ledger._rules[rule.postback_id]  # noqa: SLF001


def _old_keys(ledger: Restarted) -> None:
    for app in ledger.apps():
        production = app.keys.get(KeyClass.PRODUCTION, "")
        ledger.put_app(replace(app, keys=dict(app.keys) | {KeyClass.DEVELOPMENT: production}))


def _no_attempts(ledger: Restarted) -> None:
    for row in ledger._rows.values():  # noqa: SLF001
        row.history = []


def _no_parameters(ledger: Restarted) -> None:
    for row in ledger._rows.values():  # noqa: SLF001
        if isinstance(row.new.event, MessageEvent):
            row.new = row.new._replace(event=replace(row.new.event, parameters={}))


DEVIANTS: tuple[Deviant, ...] = (
    Deviant(
        "id-again-after-delete",
        "rules",
        "When the last rule is deleted, ids begin again.",
        ledger=_LowestFree,
    ),
    Deviant(
        "id-again-after-reset",
        "rules",
        "After a reset ids begin again.",
        ledger=_CountsAnewAfterReset,
    ),
    after_restart("id-again-after-restart", "After a restart ids begin again.", _id_again),
    after_restart(
        "restart-loses-channels", "After a restart rules listen to all channels.", _no_channels
    ),
    after_restart(
        "restart-brings-back-deleted", "After a restart deleted rules are back.", _deleted_again
    ),
    after_restart(
        "restart-loses-ended", "After a restart only pending deliveries are left.", _no_ended
    ),
    after_restart(
        "restart-loses-third-rule", "After a restart an app has two rules at most.", _two_rules
    ),
    after_restart(
        "restart-forgets-new-keys",
        "After a restart the development key is the production key.",
        _old_keys,
    ),
    after_restart(
        "restart-loses-attempts", "After a restart attempts are forgotten.", _no_attempts
    ),
    after_restart(
        "restart-loses-parameters", "After a restart events have no parameters.", _no_parameters
    ),
)
