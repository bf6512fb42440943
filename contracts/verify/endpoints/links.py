"""Breaks endpoints in what they make of the link of a click."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import unquote

from contracts.verify.endpoints.shop import Row, Shop, Store
from contracts.verify.endpoints.steps import changed, dropping, refusing
from mockserver.core.clock import ManualClock


class _Linked(Shop):
    """Stores another link than the one that was clicked."""

    def __init__(self, store: Store, clock: ManualClock, change: Callable[[str], str]) -> None:
        super().__init__(store, clock)
        self._change = change

    def parse(self, query: str) -> Row:
        row = super().parse(query)
        document = json.loads(row.get("parameters") or "{}")
        if isinstance(document.get("url"), str):
            document["url"] = self._change(document["url"])
        return row | {"parameters": document}


class _WithoutIndex(Shop):
    def parse(self, query: str) -> Row:
        row = super().parse(query)
        document: dict[str, Any] = json.loads(row.get("parameters") or "{}")
        document.pop("index", None)
        return row | {"parameters": document}


def _linked(name: str, change: str, rewrite: Callable[[str], str]) -> Any:
    return changed(name, "payload", change, partial(_Linked, change=rewrite))


def _link(row: Row) -> str:
    return str(json.loads(row.get("parameters") or "{}").get("url", "https://"))


def _breaks_decoded_twice(row: Row) -> bool:
    try:
        json.loads(unquote(row.get("parameters") or "{}", errors="strict"))
    except ValueError:
        return True
    return False


#: Links that are refused.
REFUSING = (
    refusing(
        "decodes-parameters-twice",
        "Parameters are decoded once more, and what is no JSON then gets a 400.",
        _breaks_decoded_twice,
        "payload",
    ),
    refusing(
        "refuses-other-schemes",
        "A link that is not of the web is answered 400.",
        lambda row: not re.match(r"\s*(?:https?:|$)", _link(row)),
        "payload",
    ),
    refusing("refuses-no-link", "An empty link gets a 400.", lambda row: not _link(row), "payload"),
    refusing(
        "refuses-wrong-escapes",
        "A percent sign that encodes nothing is answered 400.",
        lambda row: re.search("%(?![0-9A-Fa-f]{2})", _link(row)),
        "payload",
    ),
)
#: Links that are stored otherwise, or not at all.
REWRITING = (
    dropping(
        "loses-what-it-decodes-twice",
        "Parameters are decoded once more, and what is no JSON then is not stored.",
        _breaks_decoded_twice,
        "payload",
    ),
    _linked("decodes-links", "A link is stored decoded.", unquote),
    _linked("lowercases-links", "A link is stored in small letters.", str.lower),
    _linked(
        "drops-fragments", "A link is stored without its fragment.", lambda t: t.partition("#")[0]
    ),
    _linked("strips-links", "Blanks around a link are cut off.", str.strip),
    _linked(
        "joins-slashes", "Two slashes in a path become one.", lambda t: re.sub("(?<!:)//", "/", t)
    ),
    _linked("drops-the-last-slash", "Signs at the end are cut off.", lambda t: t.rstrip("/&?")),
    _linked("unescapes-links", "&amp; in a link becomes &.", lambda t: t.replace("&amp;", "&")),
    _linked("escapes-quotes", "A quote in a link is encoded.", lambda t: t.replace('"', "%22")),
    _linked("plus-in-links", "A plus in a link becomes a space.", lambda t: t.replace("+", " ")),
    changed("drops-the-index", "payload", "The index of a link is not stored.", _WithoutIndex),
)

DEVIANTS = (*REFUSING, *REWRITING)
