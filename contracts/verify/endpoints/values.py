"""Breaks endpoints in how they treat values in the URL: refused, changed, or cut."""

from __future__ import annotations

import html
import json
import re
import sqlite3
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qsl, unquote

from contracts.verify.endpoints.deviant_endpoint import EndpointVariant, in_process
from contracts.verify.endpoints.shop import VALUES, Row, Shop, ShopAnswer, Store
from contracts.verify.endpoints.steps import Refusing, Rewriting
from mockserver.core.clock import ManualClock

_IDS = ("user", "device")
#: The longest request line that gunicorn accepts by default.
_LONGEST_LINE = 4094
#: The longest URL that some servers and gateways accept.
_LONGEST_URL = 2048


class _Executes(Shop):
    """Has a database that fails on some rows."""

    def __init__(self, store: Store, clock: ManualClock, execute: Callable[[Row], object]) -> None:
        super().__init__(store, clock)
        self._execute = execute

    def keep(self, row: Row) -> bool:
        self._execute(row)
        return super().keep(row)


class _IgnoresEmptyDevices(Shop):
    def keep(self, row: Row) -> bool:
        return super().keep(row) if row.get("device") else False


class _IgnoresEmptyUsers(Shop):
    def keep(self, row: Row) -> bool:
        return super().keep(row) if row.get("user") else False


class _DecodesAsLatin1(Shop):
    def parse(self, query: str) -> Row:
        return dict(parse_qsl(query, keep_blank_values=True, encoding="latin-1"))


class _SplitsByHand(Shop):
    def parse(self, query: str) -> Row:
        pairs = (pair.partition("=") for pair in unquote(query).split("&"))
        return {name: value for name, _, value in pairs}


class _RefusesLongUrls(Shop):
    def handle(self, environ: Mapping[str, Any]) -> ShopAnswer:
        line = f"POST {environ['PATH_INFO']}?{environ['QUERY_STRING']} HTTP/1.1"
        return ShopAnswer(414) if len(line) > _LONGEST_LINE else super().handle(environ)


class _RefusesUrlsOf2KiB(Shop):
    def handle(self, environ: Mapping[str, Any]) -> ShopAnswer:
        url = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        return ShopAnswer(414) if len(url) > _LONGEST_URL else super().handle(environ)


class _FailsOnLongQueries(Shop):
    def parse(self, query: str) -> Row:
        # As a log or a cache with a column for the query.
        if len(query) > _LONGEST_URL:
            raise ValueError("value too long for type character varying(2048)")
        return super().parse(query)


class _FloatsTheIds(Shop):
    def parse(self, query: str) -> Row:
        row = super().parse(query)
        # As in JavaScript, where every number is a float.
        if row.get("message"):
            row["message"] = str(int(float(row["message"])))
        with suppress(ValueError):
            row["parameters"] = json.loads(row.get("parameters", ""), parse_int=float)
        return row


class _ArrivalForTriggerTime(Shop):
    def keep(self, row: Row) -> bool:
        arrived = str(round(self.clock.now().timestamp() * 1000))
        return self.store.add(row | {"at": arrived}, self.identity(row))


def _without_accents(text: str) -> str:
    parts = unicodedata.normalize("NFD", text)
    return "".join(part for part in parts if not unicodedata.combining(part))


def _without_tags(text: str) -> str:
    return re.sub(r"<[^>]*>", "", text)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _in_32_bits(text: str) -> str:
    return str(min(int(text), 2**31 - 1)) if text else text


def _is_odd(row: Row) -> bool:
    return any(re.search(r"[^\w.@-]", row.get(name, "")) for name in _IDS)


def _is_old(row: Row) -> bool:
    happened_at = datetime.fromtimestamp(int(row["at"]) / 1000, UTC)
    return datetime.now(UTC) - happened_at > timedelta(days=1)


def _is_in_a_folder(row: Row) -> bool:
    template = row.get("template", "")
    return bool(PurePosixPath(template).name != template)


def _in_latin_1(row: Row) -> None:
    str(row).encode("latin-1")


def _in_three_bytes(row: Row) -> None:
    if max(str(row)) > "\uffff":
        raise ValueError("incorrect string value: a character has four bytes in UTF-8")


def _in_255_characters(row: Row) -> None:
    if any(len(row.get(name, "")) > 255 for name in _IDS):
        raise ValueError("value too long for type character varying(255)")


def _in_a_statement_with_placeholders(row: Row) -> None:
    values = "', '".join(str(value) for value in row.values())
    statement = f"INSERT INTO events VALUES ('{values}', %s)"
    # The error of database drivers that use %s as the placeholder of an argument.
    if re.search("%(?!s)", statement):
        raise ValueError("only %s is allowed as a placeholder")


def _in_a_statement_by_hand(row: Row) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE events (user TEXT, device TEXT)")
        database.execute(f"INSERT INTO events VALUES ('{row['user']}', '{row.get('device')}')")


def _seconds_since_1970(row: Row) -> None:
    datetime.fromtimestamp(int(row["at"]), UTC)


def _rewriting(
    name: str, change: str, rewrite: Callable[[str], str], names: Iterable[str] = VALUES
) -> EndpointVariant:
    return _served(name, change, partial(Rewriting, rewrite=rewrite, names=names))


def _refusing(name: str, change: str, is_wrong: Callable[[Row], object]) -> EndpointVariant:
    return _served(name, change, partial(Refusing, is_wrong=is_wrong))


def _failing(name: str, change: str, execute: Callable[[Row], object]) -> EndpointVariant:
    return _served(name, change, partial(_Executes, execute=execute))


def _served(name: str, change: str, make: Callable[[Store, ManualClock], Any]) -> EndpointVariant:
    return EndpointVariant(name, "values", change, in_process(make))


DEVIANTS: tuple[EndpointVariant, ...] = (
    _refusing(
        "needs-a-device-id",
        "An empty device id is answered 400.",
        lambda row: not row.get("device"),
    ),
    _refusing(
        "needs-every-value",
        "A postback with any empty value is answered 400.",
        lambda row: not all(row.get(name) for name in VALUES),
    ),
    _refusing(
        "needs-a-user-id",
        "An empty user id is answered 400.",
        lambda row: not row.get("user"),
    ),
    _served(
        "ignores-empty-users",
        "An event without a user id is answered 200 and not stored.",
        _IgnoresEmptyUsers,
    ),
    _served(
        "ignores-empty-devices",
        "An event without a device id is answered 200 and not stored.",
        _IgnoresEmptyDevices,
    ),
    _served("decodes-as-latin-1", "The bytes of the query are read as Latin-1.", _DecodesAsLatin1),
    _rewriting("decodes-twice", "Values are decoded once more.", unquote),
    _rewriting(
        "plus-for-space",
        "A plus becomes a space once values are decoded.",
        lambda text: text.replace("+", " "),
    ),
    _served(
        "splits-by-hand",
        "The query is decoded first, and taken apart at each & then.",
        _SplitsByHand,
    ),
    _rewriting("strips-accents", "Letters lose their accents.", _without_accents, _IDS),
    _rewriting(
        "composes-accents", "A letter and its accent become one character.", _composed, _IDS
    ),
    _rewriting("lowercases-ids", "Ids are written in lower case.", str.lower, _IDS),
    _rewriting("squeezes-blanks", "Blanks of every kind become one space.", _squeezed, _IDS),
    _rewriting("strips-tags", "What looks like HTML is taken out.", _without_tags),
    _rewriting("html-escapes", "Values are escaped for HTML when they are stored.", html.escape),
    _rewriting("html-unescapes", "Entities of HTML are taken for characters.", html.unescape),
    _failing(
        "latin-1-database",
        "The database takes Latin-1, and fails at other characters.",
        _in_latin_1,
    ),
    _failing(
        "no-emoji",
        "The database takes three bytes a character, and fails at emoji.",
        _in_three_bytes,
    ),
    _failing(
        "fails-on-percent",
        "Values stand in a statement whose driver takes % for a placeholder.",
        _in_a_statement_with_placeholders,
    ),
    _failing(
        "fails-on-quotes",
        "Ids are put between quotes to make a statement of SQL.",
        _in_a_statement_by_hand,
    ),
    _refusing("refuses-odd-ids", "Ids of more than letters, digits, _ . @ - get a 400.", _is_odd),
    _failing(
        "column-of-255", "An id of more than 255 characters ends in an error.", _in_255_characters
    ),
    _rewriting(
        "cuts-at-255",
        "Of an id the first 255 characters are stored.",
        lambda text: text[:255],
        _IDS,
    ),
    _served("refuses-urls-of-2-kib", "A URL of 2 KiB is answered 414.", _RefusesUrlsOf2KiB),
    _served("fails-on-long-queries", "A query of 2 KiB ends in an exception.", _FailsOnLongQueries),
    _served("refuses-long-urls", "A request line of 4 KiB is answered 414.", _RefusesLongUrls),
    _served("floats-the-ids", "Whole numbers are kept as floats.", _FloatsTheIds),
    _rewriting(
        "ids-of-32-bits",
        "A message id that does not fit becomes the largest one that does.",
        _in_32_bits,
        ["message"],
    ),
    _failing(
        "milliseconds-overflow",
        "Milliseconds are taken for seconds, and their year does not exist.",
        _seconds_since_1970,
    ),
    _refusing("refuses-the-past", "An event of more than a day ago is answered 400.", _is_old),
    _rewriting(
        "seconds-for-milliseconds",
        "Of the trigger time the whole seconds are stored.",
        lambda text: text[:-3],
        ["at"],
    ),
    _served(
        "arrival-for-trigger-time",
        "The time that is stored is that of the arrival.",
        _ArrivalForTriggerTime,
    ),
    _refusing(
        "template-name-is-a-file",
        "A template name that is not the name of one file is answered 400.",
        _is_in_a_folder,
    ),
)
