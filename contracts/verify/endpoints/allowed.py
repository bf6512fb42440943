"""Builds good endpoints that do allowed things otherwise: what they keep, how, and how it is shown.

No case of level MUST may fail on one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from contracts.verify.endpoints.deviant_endpoint import EndpointVariant, in_process
from contracts.verify.endpoints.serving import over_sockets
from contracts.verify.endpoints.shop import Row, Shop, ShopAnswer, Store
from mockserver.core.clock import ManualClock

#: What one endpoint calls the events that it keeps.
_WORDS = {"Click": "clicked", "Open": "push_opened", "Select": "banner_tapped"}


class _KeepsClicks(Shop):
    """Answers every event and stores clicks."""

    def keep(self, row: Row) -> bool:
        return super().keep(row) if row.get("event") == "Click" else False


class _OwnWords(Shop):
    """Stores events and channels under words of its own."""

    def keep(self, row: Row) -> bool:
        event, channel = row.get("event", ""), row.get("channel", "")
        own = {"event": _WORDS.get(event, event.upper()), "channel": channel[:2].lower()}
        return self.store.add(row | own, self.identity(row))


class _Times(Shop):
    """Stores the trigger time in a form of its own."""

    def __init__(self, store: Store, clock: ManualClock, write: Callable[[datetime], str]) -> None:
        super().__init__(store, clock)
        self._write = write

    def keep(self, row: Row) -> bool:
        at = datetime.fromtimestamp(int(row["at"]) / 1000, UTC)
        return self.store.add(row | {"at": self._write(at)}, self.identity(row))


class _Documents(Shop):
    """Stores numbers as numbers, and Parameters as the document they are."""

    def keep(self, row: Row) -> bool:
        document = json.loads(row["parameters"]) if row.get("parameters") else {}
        empty = {name: None for name, value in row.items() if value == ""}
        kept = row | empty | {"at": int(row["at"]), "parameters": document}
        return self.store.add(kept, self.identity(row))


class _NothingForEmpty(Shop):
    """Stores Parameters as a document, and null for one without values."""

    def keep(self, row: Row) -> bool:
        document = json.loads(row["parameters"]) or None if row.get("parameters") else None
        empty = {name: None for name, value in row.items() if value == ""}
        return self.store.add(row | empty | {"parameters": document}, self.identity(row))


class _DecodesAgain(Shop):
    """Decodes the values in Parameters once more."""

    def keep(self, row: Row) -> bool:
        document = json.loads(row["parameters"]) if row.get("parameters") else {}
        return self.store.add(row | {"parameters": _decoded(document)}, self.identity(row))


def _decoded(value: Any) -> Any:
    if isinstance(value, str):
        return unquote(value)
    if isinstance(value, dict):
        return {name: _decoded(item) for name, item in value.items()}
    return [_decoded(item) for item in value] if isinstance(value, list) else value


class _BansScanners(Shop):
    """Refuses everything from whoever has sent a method that no shop of the web uses."""

    banned = False

    def handle(self, environ: Mapping[str, Any]) -> ShopAnswer:
        if environ["REQUEST_METHOD"] not in ("POST", "GET", "HEAD", "OPTIONS"):
            self.banned = True
        return ShopAnswer(403) if self.banned else super().handle(environ)


class _ClosesConnections(Shop):
    """Closes the connection after each answer, which is 202 and in JSON."""

    def new(self, row: Row) -> ShopAnswer:
        headers = (("Content-Type", "application/json"), ("Connection", "close"))
        return ShopAnswer(202, headers, b'{"status": "queued", "errors": []}')


def _naive_utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}"


def _as_postgresql(at: datetime) -> str:
    """Return it as a column of type timestamptz shows it, without zeros at the end."""
    fraction = f".{at.microsecond:06}".rstrip("0").rstrip(".")
    return f"{at:%Y-%m-%d %H:%M:%S}{fraction}+00"


def _as_seconds(at: datetime) -> str:
    return f"{int(at.timestamp())}.{at.microsecond:06}".rstrip("0").rstrip(".")


def _writing(name: str, change: str, write: Callable[[datetime], str]) -> EndpointVariant:
    def make(store: Store, clock: ManualClock) -> Shop:
        return _Times(store, clock, write)

    return EndpointVariant(name, "good", change, in_process(make))


def _shown(name: str, change: str, probe: Callable[[Sequence[Row]], str]) -> EndpointVariant:
    return EndpointVariant(name, "good", change, in_process(), probe=probe)


def _lines(*names: str) -> Callable[[Sequence[Row]], str]:
    def probe(rows: Sequence[Row]) -> str:
        return "".join("|".join(row.get(name, "") for name in names) + "\n" for row in rows)

    return probe


ALLOWED: tuple[EndpointVariant, ...] = (
    _shown("good-probe-of-users", "A probe prints user ids, a line each.", _lines("user")),
    _shown("good-probe-of-devices", "A probe prints device ids, a line each.", _lines("device")),
    _shown(
        "good-probe-of-both",
        "A probe prints user and device id of each event in a line.",
        _lines("user", "device"),
    ),
    _shown(
        "good-probe-of-keys",
        "A probe answers a JSON array of texts.",
        lambda rows: json.dumps([f"{row.get('user')}/{row.get('at')}" for row in rows]),
    ),
    _shown("good-probe-that-counts", "A probe prints a number.", lambda rows: str(len(rows))),
    EndpointVariant(
        "good-keeps-clicks",
        "good",
        "Answers every event 2xx, and stores clicks only.",
        in_process(_KeepsClicks),
        kept=("email.click",),
    ),
    EndpointVariant(
        "good-keeps-clicks-shows-users",
        "good",
        "Stores clicks only, and a probe prints their user ids.",
        in_process(_KeepsClicks),
        kept=("email.click",),
        probe=_lines("user"),
    ),
    EndpointVariant(
        "good-own-words", "good", "Calls events and channels otherwise.", in_process(_OwnWords)
    ),
    _writing("good-naive-utc", "Stores UTC without saying that it is UTC.", _naive_utc),
    _writing("good-postgresql", "Stores times as PostgreSQL shows them.", _as_postgresql),
    _writing("good-seconds", "Stores seconds since 1970 with their fraction.", _as_seconds),
    EndpointVariant(
        "good-documents",
        "good",
        "Stores numbers, documents, and null for what is empty.",
        in_process(_Documents),
    ),
    EndpointVariant(
        "good-nothing-for-empty",
        "good",
        "Stores Parameters as a document, and null for one without values.",
        in_process(_NothingForEmpty),
    ),
    EndpointVariant(
        "good-decodes-again",
        "good",
        "Has Parameters encoded twice, and decodes them twice.",
        in_process(_DecodesAgain),
        encoding="twice",
    ),
    EndpointVariant(
        "good-encoded-twice",
        "good",
        "Has Parameters encoded twice, and stores them as they come.",
        in_process(Shop),
        encoding="twice",
    ),
    EndpointVariant(
        "good-bans-scanners",
        "good",
        "Answers 403 to everything after a method that no shop uses.",
        in_process(_BansScanners),
    ),
    EndpointVariant(
        "good-closes-connections",
        "good",
        "Answers 202 with JSON and closes the connection each time.",
        over_sockets(make=_ClosesConnections),
    ),
)
