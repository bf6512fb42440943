"""Breaks endpoints that answer 2xx to some postbacks and do not store them, or not as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.verify.endpoints.deviant_endpoint import EndpointVariant
from contracts.verify.endpoints.serving import NUMBER, over_sockets
from contracts.verify.endpoints.shop import Row, Shop, ShopAnswer, Store
from contracts.verify.endpoints.steps import IDS, changed, dropping, rewriting
from mockserver.core.clock import ManualClock

_A_DAY = timedelta(days=1)


class _LosesEvery(Shop):
    """Loses the event of every so many requests."""

    every = 40

    def __init__(self, store: Store, clock: ManualClock) -> None:
        super().__init__(store, clock)
        self._number = 0

    def keep(self, row: Row) -> bool:
        self._number += 1
        return self._number % self.every != 0 and super().keep(row)


class _LosesInABurst(Shop):
    """Loses the first event of every third new connection."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        super().__init__(store, clock)
        self._connections = 0

    def receive(self, environ: Mapping[str, Any]) -> ShopAnswer:
        if environ[NUMBER] == 1:
            self._connections += 1
            if self._connections % 3 == 0:
                return self.new({})
        return super().receive(environ)


class _FullAfterAHundred(Shop):
    def keep(self, row: Row) -> bool:
        return len(self.store.rows) < 100 and super().keep(row)


def _is_long(row: Row) -> bool:
    return any(len(row.get(name, "")) > 191 for name in IDS)


def _is_odd(row: Row) -> bool:
    return any(re.search(r"[^\x20-\x7e]", row.get(name, "")) for name in IDS)


def _is_old(row: Row) -> bool:
    return datetime.now(UTC) - datetime.fromtimestamp(int(row["at"]) / 1000, UTC) > _A_DAY


def _of_300(text: str) -> str:
    return text[:300]


DEVIANTS = (
    dropping("drops-long-ids", "An event with an id of 191 characters is not stored.", _is_long),
    dropping("drops-odd-ids", "An event with an id beyond ASCII is not stored.", _is_odd),
    dropping("drops-old-events", "An event of yesterday is not stored.", _is_old),
    dropping(
        "drops-long-links",
        "An event with a link of 1,000 characters is not stored.",
        lambda row: len(row.get("parameters", "")) > 1_000,
    ),
    dropping(
        "drops-empty-parameters",
        "An event whose Parameters are {} is not stored.",
        lambda row: row.get("parameters") == "{}",
    ),
    rewriting("cuts-at-300", "Of an id 300 characters are stored.", _of_300, IDS, area="store"),
    changed("loses-every-fortieth", "store", "Every fortieth event is lost.", _LosesEvery),
    changed("is-full-after-a-hundred", "store", "A hundred events are stored.", _FullAfterAHundred),
    EndpointVariant(
        "loses-some-of-a-burst",
        "store",
        "Of every third connection the first event is lost.",
        over_sockets(make=_LosesInABurst),
    ),
)
