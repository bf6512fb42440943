"""Compares what is stored of postbacks with what was sent."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from contracts.verify.postbacks import Postback
from mockserver.client.probe_answer import Line as Line
from mockserver.client.probe_answer import ProbeFailed as ProbeFailed
from mockserver.client.probe_answer import Stored as Stored
from mockserver.client.probe_answer import Written
from mockserver.client.probe_answer import holds as holds
from mockserver.client.probe_answer import lines_of as lines_of
from mockserver.client.probe_answer import read_stored as read_stored
from mockserver.core.json_values import texts_in as texts_in
from mockserver.core.template import milliseconds

#: Named as what differs where an entry is a text.
ID = "one of the ids"


class Difference(NamedTuple):
    """A value that is stored otherwise than it was sent: its name, and both as texts."""

    name: str
    sent: str
    kept: str


def differences(
    postback: Postback,
    entry: Any,
    names: Collection[str] | None = None,
    aliases: Mapping[str, str] | None = None,
) -> list[Difference]:
    """Return each value that differs.

    A name that the entry lacks is no difference: nobody has to store everything. A trigger time
    may be stored in any form that keeps its milliseconds; without a time zone it is taken for UTC.
    Parameters that are encoded twice may be stored as they are, or decoded once more.

    Args:
        postback: What was sent.
        entry: What is stored of it.
        names: The names in the query to compare; all unless given.
        aliases: Names of the entry, by names of the query or placeholders of the path.
    """
    if not isinstance(entry, Mapping):
        return []
    values = {**postback.values, **postback.path_values}
    decoded = postback.decoded
    kept = {name: name if name in entry else (aliases or {}).get(name) for name in values}
    return [
        Difference(name, sent, _as_text(entry[kept[name]]))
        for name, sent in values.items()
        if kept[name] in entry
        and (names is None or name in names)
        and not is_same(sent, entry[kept[name]])
        and not (name in decoded and is_same(decoded[name], entry[kept[name]]))
    ]


def kept_under(name: str, entry: Any, aliases: Mapping[str, str]) -> str:
    """Return what an entry has under a name of the query, as text; empty if it has nothing."""
    under = name if isinstance(entry, Mapping) and name in entry else aliases.get(name)
    if not isinstance(entry, Mapping) or entry.get(under) is None:
        return ""
    return _as_text(entry[under])


def id_difference(postback: Postback, entry: str) -> list[Difference]:
    """Return the ids of a postback, and a text in which neither stands; nothing if one does."""
    ids = {postback.event.user_id, postback.event.device_id} - {""}
    if isinstance(entry, Line):
        pieces = {piece for each in ids for piece in lines_of(each) if piece.strip()}
        # A line that holds the key is the one on which the key was sent.
        ids = {piece for piece in pieces if postback.key and postback.key in piece} or pieces
    if not ids or any(each in entry for each in ids):
        return []
    return [Difference(ID, " or ".join(sorted(ids)), str(entry))]


def nodes_in(entry: Any) -> Iterator[Any]:
    """Yield an entry and whatever is anywhere in it."""
    yield entry
    if isinstance(entry, Mapping | list | tuple):
        for value in entry.values() if isinstance(entry, Mapping) else entry:
            yield from nodes_in(value)


_NOTHING = ("", "{}")
_is_milliseconds = re.compile(r"\d{13}").fullmatch


def is_same(sent: str, stored: Any) -> bool:
    """Return whether a stored value is the one that was sent, in a form that loses nothing."""
    if _as_text(stored) == sent:
        return True
    if stored is None or stored == "":
        # A document without values holds as little as no document.
        return sent in _NOTHING
    if _is_milliseconds(sent):
        return _milliseconds_of(_as_text(stored)) == int(sent)
    # Parameters may be stored as a parsed document, or with other white space.
    try:
        document = json.loads(sent)
        kept = json.loads(stored) if isinstance(stored, str) else _plain(stored)
    except (ValueError, TypeError, RecursionError):
        return False
    is_document = isinstance(document, dict | list)
    return is_document and bool(_comparable(document) == _comparable(kept))


def how_time_differs(sent: str, stored: str) -> str:
    """Return why a stored time is not the one that was sent, where that can be told; else nothing.

    Args:
        sent: The value that was sent.
        stored: The text that is stored.
    """
    at = _instant_of(stored) if _is_milliseconds(sent) else None
    if at is None:
        return ""
    off = timedelta(milliseconds=milliseconds(at) - int(sent))
    if off and not off % timedelta(minutes=15) and abs(off) <= timedelta(hours=14):
        zone = "is read as UTC, for it names no time zone" if _is_naive(stored) else "has a zone"
        hours = off / timedelta(hours=1)
        return f"it {zone}, and is {hours:+g} h off: store UTC, or the zone beside it"
    if off and abs(off) < timedelta(seconds=1) and not at.microsecond:
        return "its milliseconds are lost: two events of one second look alike"
    return ""


def _milliseconds_of(stored: str) -> int | None:
    """Return the milliseconds since 1970 that a text means; None if it lost the exact instant."""
    # Databases leave out zeros at the end: .120 is written .12.
    if re.fullmatch(r"\d{1,12}(\.\d{1,9})?", stored):
        return round(Decimal(stored) * 1000)
    at = _instant_of(stored)
    return None if at is None else milliseconds(at)


def _instant_of(stored: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(re.sub(r" ?(UTC|GMT)$", "+00:00", stored.strip()))
        # Most databases keep UTC without saying so.
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _is_naive(stored: str) -> bool:
    return re.search(r"(Z|UTC|GMT|[+-]\d\d(:?\d\d)?)$", stored.strip(), re.IGNORECASE) is None


def _plain(value: Any) -> Any:
    if isinstance(value, Written):
        return json.loads(value)
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _comparable(value: Any) -> Any:
    """Return a form in which true and 1 differ, which are equal in Python."""
    if isinstance(value, dict):
        return {name: _comparable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    return (value,) if isinstance(value, bool) else value


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    # A number inside a document is shown as a number, not as a text in quotes.
    return json.dumps(_plain(value), ensure_ascii=False, default=str)
