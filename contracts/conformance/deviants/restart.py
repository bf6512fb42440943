"""Breaks what becomes of pending deliveries when a sandbox is started again."""

from __future__ import annotations

from typing import Any

from contracts.conformance.deviants.deviant_server import Deviant
from mockserver.core.retry import DeliveryState
from mockserver.ledger.memory.due_queue import DueQueue
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.sandbox import Sandbox


class _Forgets(MemoryLedger):
    def recover(self, *, begun: bool = True) -> int:
        freed = super().recover(begun=begun)
        self._due = DueQueue()
        return freed


class _CountsAnew(MemoryLedger):
    def recover(self, *, begun: bool = True) -> int:
        for row in self._rows.values():
            if row.state is DeliveryState.PENDING:
                row.attempts_made = 0
        return super().recover(begun=begun)


class _AllDue(MemoryLedger):
    def recover(self, *, begun: bool = True) -> int:
        freed = super().recover(begun=begun)
        latest_at = self.latest_at()
        for row in self._rows.values():
            if row.state is DeliveryState.PENDING and latest_at is not None:
                self._schedule(row, latest_at)
        return freed


class _SendsAtOnce(Sandbox):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.settle()


DEVIANTS: tuple[Deviant, ...] = (
    Deviant(
        "forgets-at-restart",
        "retry",
        "What is pending at a restart is never sent.",
        ledger=_Forgets,
    ),
    Deviant(
        "restart-counts-anew",
        "retry",
        "After a restart the attempts of a pending delivery count from one again.",
        ledger=_CountsAnew,
    ),
    Deviant(
        "restart-sends-at-once",
        "retry",
        "What is pending at a restart is sent at once.",
        sandbox=_SendsAtOnce,
        ledger=_AllDue,
    ),
)
