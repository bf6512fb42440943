"""Breaks endpoints by events in another order, or by many events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from contracts.verify.endpoints.deviant_endpoint import EndpointVariant, in_process
from contracts.verify.endpoints.shop import Row, Shop, ShopAnswer, Store
from mockserver.core.clock import ManualClock

#: How much time each stored row adds to an answer.
_A_ROW = timedelta(milliseconds=2)


class _Ordered(Shop):
    """Knows the latest event of each user."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        super().__init__(store, clock)
        self._latest: dict[Any, int] = {}

    def is_late(self, row: Row) -> bool:
        user, at = row.get("user"), int(row["at"])
        self._latest[user] = max(at, self._latest.get(user, at))
        return at < self._latest[user]


class _RefusesOutOfOrder(_Ordered):
    def check(self, row: Row) -> ShopAnswer | None:
        return ShopAnswer(409) if self.is_late(row) else None


class _DropsWhatIsOlder(_Ordered):
    def keep(self, row: Row) -> bool:
        return False if self.is_late(row) else super().keep(row)


class _GetsSlower(Shop):
    def receive(self, environ: Mapping[str, Any]) -> ShopAnswer:
        # There is no index, so a duplicate is looked for in every row.
        self.spend(len(self.store.rows) * _A_ROW)
        return super().receive(environ)


DEVIANTS: tuple[EndpointVariant, ...] = (
    EndpointVariant(
        "refuses-out-of-order",
        "load",
        "An event before the latest of its user is answered 409.",
        in_process(_RefusesOutOfOrder),
    ),
    EndpointVariant(
        "drops-what-is-older",
        "load",
        "An event before the latest of its user is answered 200 and not stored.",
        in_process(_DropsWhatIsOlder),
    ),
    EndpointVariant(
        "gets-slower",
        "soak",
        "Every stored row makes each answer two milliseconds slower.",
        in_process(_GetsSlower),
    ),
)
