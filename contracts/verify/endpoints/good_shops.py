"""Builds good endpoints that answer or store in a form of their own, and lose nothing by it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from contracts.verify.endpoints.deviant_endpoint import KEPT, EndpointVariant, in_process
from contracts.verify.endpoints.serving import over_sockets
from contracts.verify.endpoints.shop import Row, Shop, ShopAnswer

_JSON = (("Content-Type", "application/json"),)
_KEPT = frozenset((kind.channel, kind.event) for kind in KEPT)


class _Echoes(Shop):
    """Answers with what it has stored."""

    def new(self, row: Row) -> ShopAnswer:
        body = json.dumps({"error": None, "errors": [], "code": 0, "stored": row})
        return ShopAnswer(201, _JSON, body.encode())


class _SaysDuplicate(Shop):
    """Says that a duplicate is one."""

    def new(self, row: Row) -> ShopAnswer:
        return ShopAnswer(200, _JSON, b'{"ok": true, "failed": 0, "status": "stored"}')

    def again(self, row: Row) -> ShopAnswer:
        return ShopAnswer(200, _JSON, b'{"ok": false, "error": "duplicate", "status": "ignored"}')


class _KeepsSome(Shop):
    """Ignores events that are of no use to it."""

    def receive(self, environ: Mapping[str, Any]) -> ShopAnswer:
        row = self.parse(environ["QUERY_STRING"])
        if (row.get("channel"), row.get("event")) not in _KEPT:
            return ShopAnswer(202, (), b"ignored: nobody wants a report of it")
        return super().receive(environ)


class _Storing(Shop):
    """Stores rows in another form."""

    def keep(self, row: Row) -> bool:
        return self.store.add(self.stored(row), self.identity(row))

    def stored(self, row: Row) -> Row:
        raise NotImplementedError


class _Parses(_Storing):
    """Stores Parameters as a document, and the time with its zone."""

    def stored(self, row: Row) -> Row:
        kept = dict(row)
        with suppress(ValueError):
            kept["parameters"] = json.loads(row.get("parameters", ""))
        at = row.get("at", "")
        if at.isdigit():
            kept["at"] = datetime.fromtimestamp(int(at) / 1000, UTC).isoformat(
                timespec="milliseconds"
            )
        return kept


class _OtherNames(_Storing):
    """Has columns with names of its own."""

    def stored(self, row: Row) -> Row:
        return {f"lp_{name}": value for name, value in row.items()}


class _FewValues(_Storing):
    """Stores who, what and when."""

    def stored(self, row: Row) -> Row:
        return {name: row.get(name, "") for name in ("user", "device", "event", "at")}


class _WithMore(_Storing):
    """Stores what it knows beside the event."""

    def stored(self, row: Row) -> Row:
        return {"id": len(self.store.rows) + 1, "received": "just now", **row, "raw": dict(row)}


class _Page(Shop):
    """Answers with a page for people who look."""

    def new(self, row: Row) -> ShopAnswer:
        page = b"<!doctype html><title>Events</title><h1>Stored</h1><p>Without an error.</p>"
        return ShopAnswer(200, (("Content-Type", "text/html"),), page)


def _good(name: str, change: str, make: Any) -> EndpointVariant:
    return EndpointVariant(name, "good", change, in_process(make))


GOOD: tuple[EndpointVariant, ...] = (
    _good("good-echo", "Answers 201 and what it has stored, with errors that are null.", _Echoes),
    _good("good-says-duplicate", "Says in its answer that a duplicate is one.", _SaysDuplicate),
    _good("good-keeps-some", "Stores the events that it wants, and ignores the rest.", _KeepsSome),
    _good("good-parses", "Stores Parameters as a document and times in ISO 8601.", _Parses),
    _good("good-other-names", "Stores values under names of its own.", _OtherNames),
    _good("good-few-values", "Stores four of the values.", _FewValues),
    _good("good-with-more", "Stores more than was sent, and the raw event beside it.", _WithMore),
    EndpointVariant(
        "good-page", "good", "Answers with a page, over sockets.", over_sockets(make=_Page)
    ),
)
