"""Breaks endpoints that say in a 200 that something went wrong, or fail while they are cold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from contracts.verify.endpoints.shop import Row, Shop, ShopAnswer, Store
from contracts.verify.endpoints.steps import IDS, answering, changed
from mockserver.core.clock import ManualClock


class _FirstFails(Shop):
    """Fails the first request."""

    is_cold = True

    def receive(self, environ: Mapping[str, Any]) -> ShopAnswer:
        if self.is_cold:
            self.is_cold = False
            return self.cold()
        return super().receive(environ)

    def cold(self) -> ShopAnswer:
        return ShopAnswer(503)


class _FirstIsLate(_FirstFails):
    def cold(self) -> ShopAnswer:
        self.spend(timedelta(seconds=31))
        return ShopAnswer(200)


class _FirstIsUnavailable(_FirstFails):
    def __init__(self, store: Store, clock: ManualClock) -> None:
        super().__init__(store, clock)

    def cold(self) -> ShopAnswer:
        raise ConnectionError("the database is not connected yet")


def _for(pattern: str, body: object) -> Callable[[Row], bytes | None]:
    """Return what says `body` if an id has something in it."""
    said = body if isinstance(body, str) else json.dumps(body)

    def say(row: Row) -> bytes | None:
        is_meant = any(re.search(pattern, row.get(name, "")) for name in IDS)
        return said.encode() if is_meant else None

    return say


def _always(body: str) -> Callable[[Row], bytes | None]:
    return lambda row: body.encode()


def _dropped(row: Row) -> bytes | None:
    return b'{"meta": {"code": 422}}' if row.get("event") == "Dropped" else None


def _long(row: Row) -> bytes | None:
    too_long = len(str(row)) > 2_000
    return b"Data too long for column 'parameters' at row 1" if too_long else None


_APPLICATION = (
    "<!doctype html><html><head><title>Shop</title></head><body><noscript>You need to enable "
    'JavaScript to run this app.</noscript><div id="root"></div></body></html>'
)
_BOTS = "<html><head><title>Just a moment...</title></head><body>Checking</body></html>"

#: What every postback is answered.
ALWAYS = (
    answering(
        "application-with-200", "Whatever comes is shown the page of a shop.", _always(_APPLICATION)
    ),
    answering(
        "bot-page-with-200", "Whoever is no browser is shown a page to wait on.", _always(_BOTS)
    ),
    answering(
        "envelope-with-200",
        "A service behind it refuses the key, and its answer is passed on with 200.",
        _always('{"response": [{"success": false, "error": {"message": "Invalid access key"}}]}'),
    ),
    answering(
        "plain-error-with-200", "It answers 200 and the word Error.", _always("Error: no database")
    ),
    answering(
        "warning-with-200",
        "PHP writes a warning of its database.",
        _always("<br /><b>Warning</b>: mysqli_query(): Too many connections in <b>in.php</b>"),
    ),
)
#: What only some are answered.
SOMETIMES = (
    answering(
        "sql-error-with-200",
        "A quote ends in an error of SQL, with 200.",
        _for("'", 'near "s": syntax error'),
    ),
    answering(
        "nested-error-with-200",
        "An emoji fails one of several steps, with 200.",
        _for(
            "[\U0001f000-\U0001ffff]", {"steps": [{"name": "store", "result": {"success": False}}]}
        ),
    ),
    answering("code-with-200", "What was dropped is answered 200 and a code of 422.", _dropped),
    answering("too-long-with-200", "A long URL ends in an error of SQL, with 200.", _long),
    answering(
        "bot-page-for-scripts",
        "A script in an id is shown a captcha, with 200.",
        _for("<script", "<html><body>Please solve this captcha</body></html>"),
    ),
)
#: What only the first is answered.
COLD = (
    changed("first-answer-503", "answer", "While it is cold it answers 503.", _FirstFails),
    changed("first-answer-late", "answer", "While it is cold an answer takes 31 s.", _FirstIsLate),
    changed(
        "first-answer-fails", "answer", "Its first request finds no database.", _FirstIsUnavailable
    ),
)

DEVIANTS = (*ALWAYS, *SOMETIMES, *COLD)
