"""Breaks endpoints in how they read or store Parameters, the JSON document in the query."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from contracts.verify.endpoints.deviant_endpoint import EndpointVariant, in_process
from contracts.verify.endpoints.shop import Row, Shop, ShopAnswer, Store
from mockserver.core.clock import ManualClock


class _NeedsALink(Shop):
    def check(self, row: Row) -> ShopAnswer | None:
        return None if _document(row)["url"] else ShopAnswer(400)


class _ParsesJsonByHand(Shop):
    def check(self, row: Row) -> ShopAnswer | None:
        inside = row.get("parameters", "").strip("{}")
        for pair in inside.split(",") if inside else ():
            name, value = pair.split(":", 1)
            row[name.strip('"')] = value.strip('"')
        return None


class _InsistsOnAPlainLink(Shop):
    def check(self, row: Row) -> ShopAnswer | None:
        link = _document(row).get("url")
        is_plain = link is None or urlsplit(link).scheme in ("http", "https")
        return None if is_plain else ShopAnswer(400)


class _RefusesUnknownParameters(Shop):
    def check(self, row: Row) -> ShopAnswer | None:
        return None if set(_document(row)) <= {"index", "url"} else ShopAnswer(422)


class _Parsed(Shop):
    """Stores something else than the text of the document."""

    def parse(self, query: str) -> Row:
        row = super().parse(query)
        return row | {"parameters": self.kept(_document(row))}

    def kept(self, document: dict[str, Any]) -> object:
        return document


class _StoresARepr(_Parsed):
    def kept(self, document: dict[str, Any]) -> object:
        return str(document)


class _CleansLinks(_Parsed):
    def kept(self, document: dict[str, Any]) -> object:
        if "url" not in document:
            return document
        return document | {"url": document["url"].partition("?")[0]}


def _document(row: Row) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(row.get("parameters") or "{}")
    return document


def _reading(name: str, change: str, make: Callable[[Store, ManualClock], Any]) -> EndpointVariant:
    return EndpointVariant(name, "payload", change, in_process(make))


DEVIANTS: tuple[EndpointVariant, ...] = (
    _reading("needs-a-link", "Parameters without a link end in an exception.", _NeedsALink),
    _reading(
        "parses-json-by-hand",
        "Parameters are split at commas and colons, and nested ones end in an exception.",
        _ParsesJsonByHand,
    ),
    _reading(
        "insists-on-a-plain-link",
        "A link that does not begin with http:// or https:// is answered 400.",
        _InsistsOnAPlainLink,
    ),
    _reading(
        "refuses-unknown-parameters",
        "Parameters other than index and url are answered 422.",
        _RefusesUnknownParameters,
    ),
    _reading("stores-a-repr", "Parameters are stored as Python prints them.", _StoresARepr),
    _reading("cleans-links", "A link is stored without its query.", _CleansLinks),
)
