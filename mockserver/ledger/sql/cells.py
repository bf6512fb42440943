"""Says of every column of the SQL ledger what may stand in it, for those who look for damage.

`codec`, `rows` and `outcomes` write the columns and read them; here it is only said whether they
could have written what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from mockserver.core.catalog import PostbackType
from mockserver.core.errors import PostbacksError
from mockserver.core.models import MessageEvent
from mockserver.core.outcome import OutcomeKind
from mockserver.core.retry import DeliveryState
from mockserver.core.template import Template
from mockserver.ledger.sql.codec import (
    UNREADABLE,
    decode_app,
    decode_channels,
    decode_event,
    decode_headers,
)


class Cell(NamedTuple):
    """What may stand in a column.

    Attributes:
        words: What it is, with its article.
        is_sound: Whether a value is that.
        selected: What to select in place of the column, which may be long.
    """

    words: str
    is_sound: Callable[[object], bool]
    selected: str = ""


class Table(NamedTuple):
    """The columns of a table.

    Attributes:
        key: The column that names a row; empty if there is one row only.
        cells: What may stand in each column.
        put_right: What to do about a row that cannot be read.
    """

    key: str
    cells: Mapping[str, Cell]
    put_right: str


def _number(least: int, most: int) -> Cell:
    # True is a number to Python and to no database.
    words = f"a whole number from {least} to {most}" if most < _MOST else f"a number from {least}"
    return Cell(words, lambda value: type(value) is int and least <= value <= most)


def _or_none(cell: Cell) -> Cell:
    return cell._replace(is_sound=lambda value: value is None or cell.is_sound(value))


def _one_of(words: str, values: frozenset[str]) -> Cell:
    return Cell(words, lambda value: type(value) is str and value in values)


def _event(text: str) -> None:
    event = decode_event(text)
    for name in ("app_id", "user_id", "device_id"):
        if type(getattr(event, name)) is not str:
            raise ValueError
    if isinstance(event, MessageEvent) and not isinstance(event.parameters, dict):
        raise ValueError


def _decoded_by(words: str, decode: Callable[[str], object]) -> Cell:
    def is_sound(value: object) -> bool:
        if not is_text(value):
            return False
        try:
            decode(str(value))
        except (*UNREADABLE, PostbacksError, RecursionError):
            return False
        return True

    return Cell(words, is_sound)


def is_text(value: object) -> bool:
    """Return whether a value is text that was UTF-8 in the database."""
    return type(value) is str and (value.isascii() or not _SURROGATES.intersection(value))


#: What bytes that are no UTF-8 become, see `os.fsdecode`.
_SURROGATES = frozenset(map(chr, range(0xDC80, 0xDD00)))
_MOST = 2**62
#: The microseconds from 1970 to the ends of the calendar.
_INSTANT = Cell(
    "an instant of the calendar",
    lambda value: type(value) is int and -62_135_596_800_000_000 <= value < 253_402_300_800_000_000,
)
#: What an attempt took may reach beyond the calendar's end; that is read as its end.
_DURATION = _number(0, _MOST)
_COUNT = _number(0, _MOST)
_ID = _number(1, _MOST)
_YES_OR_NO = _number(0, 1)
_TEXT = Cell("text in UTF-8", is_text)
_BYTES = Cell("bytes", lambda value: value is None or type(value) is bytes, "substr(body, 1, 1)")
_SECONDS = Cell("a number of seconds", lambda value: type(value) in (int, float))

#: What to do about what happened: a reset forgets all of it.
PUT_RIGHT = (
    "put it right or restore the file while no `postbacks serve` has it, or give up all rules "
    "and deliveries with `postbacks reset`"
)

#: In the order in which they are looked through.
TABLES: Mapping[str, Table] = MappingProxyType(
    {
        "counters": Table(
            "",
            {
                "deliveries": _COUNT,
                "rules": _COUNT,
                "tickets": _COUNT,
                "latest": _or_none(_INSTANT),
            },
            PUT_RIGHT,
        ),
        "apps": Table(
            "app_id",
            {"app_id": _TEXT, "document": _decoded_by("an app that can be read", decode_app)},
            "put the app again (--config FILE, or PUT /_sandbox/apps/<app id>), or begin with "
            "nothing: `postbacks reset --everything`",
        ),
        "settings": Table(
            "name",
            {"name": _TEXT, "value": _TEXT._replace(words="a value that can be read")},
            "begin with nothing: `postbacks reset --everything`",
        ),
        "rules": Table(
            "sequence",
            {
                "sequence": _ID,
                "postback_id": _ID,
                "app_id": _TEXT,
                "type": _one_of("a type of rules", frozenset(PostbackType)),
                "channels": _decoded_by("a list of channels", decode_channels),
                "url": _decoded_by("a template", Template),
                "created_at": _INSTANT,
            },
            PUT_RIGHT,
        ),
        "deliveries": Table(
            "id",
            {
                "id": _ID,
                "app_id": _TEXT,
                "postback_id": _ID,
                "url": _TEXT,
                "event": _decoded_by("an event that can be read", _event),
                "created_at": _INSTANT,
            },
            PUT_RIGHT,
        ),
        "progress": Table(
            "delivery_id",
            {
                "delivery_id": _ID,
                "state": _one_of("a state", frozenset(DeliveryState)),
                "attempts_made": _COUNT,
                "due_at": _or_none(_INSTANT),
                "queued": _COUNT,
                "claim": _or_none(_COUNT),
                "interrupted": _YES_OR_NO,
            },
            PUT_RIGHT,
        ),
        "attempts": Table(
            "id",
            {
                "id": _ID,
                "delivery_id": _ID,
                "started_at": _INSTANT,
                "number": _or_none(_ID),
                "kind": _one_of("a kind of outcome", frozenset(OutcomeKind)),
                "elapsed": _DURATION,
                "elapsed_real_seconds": _SECONDS,
                "status": _or_none(_number(100, 999)),
                "error": _or_none(_TEXT),
                "request_id": _or_none(_COUNT),
                "headers": _or_none(_decoded_by("a list of header fields", decode_headers)),
                "body": _BYTES,
                "repeated": _YES_OR_NO,
            },
            PUT_RIGHT,
        ),
    }
)
