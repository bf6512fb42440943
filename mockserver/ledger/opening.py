"""Opens the ledger that a path or a URL names, or looks through it, for all who need any kind.

A new kind of store is a package beside `memory` and `sqlite`, and a row of the table below. A
store is imported when it is opened, so that one in memory does not pay for a database.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from mockserver.core.errors import LedgerUnusable
from mockserver.ledger.damage import LookedThrough as LookedThrough
from mockserver.ledger.damage import Settings
from mockserver.ledger.postgresql.place import SCHEMES, without_password
from mockserver.ledger.protocol import Ledger

#: The place of a ledger that ends with its process.
IN_MEMORY = "memory://"

#: What an address begins with that only SQLite itself reads.
_SQLITES_ADDRESS = "file:"

#: SQLite's own name of a database without a file.
_SQLITE_IN_MEMORY = ":memory:"


def open_ledger(place: str | os.PathLike[str]) -> Ledger:
    """Open the ledger at a place; one that is not there yet is made.

    Args:
        place: The path of a file, a database URL like `sqlite:///path/to/file` or
            `postgresql://me@db.example/team`, or `IN_MEMORY`.

    Raises:
        LedgerUnusable: It cannot be opened; the message says why and what to do.
    """
    text = os.fspath(place)
    return _STORES[_scheme_of(text)](text)


def look_through(place: str, settings: Settings) -> LookedThrough:
    """Look through all that a ledger on file holds, for damage; nothing is changed.

    It may be in use.

    Args:
        place: The path of a file, or a database URL.
        settings: What settings must be, by their names; others may be any text.

    Raises:
        LedgerUnusable: There is no ledger that can be looked through.
    """
    from mockserver.ledger.sqlite.looking import look_through
    from mockserver.ledger.sqlite.store import path_of

    scheme = _scheme_of(place)
    if scheme in SCHEMES:
        raise LedgerUnusable(
            f"{without_password(place)} is a database of PostgreSQL, and only files of SQLite are "
            "looked through; its server has tools of its own for damage"
        )
    path = None if scheme == "memory" else path_of(place)
    if path is None:
        raise LedgerUnusable(
            f"{place} is in memory, which ends with its process; name the file of a ledger"
        )
    return look_through(path, settings)


def _scheme_of(text: str) -> str:
    if text.startswith(_SQLITES_ADDRESS):
        raise LedgerUnusable(
            f"{text!r} is an address of SQLite's own; write the path alone, or sqlite:///path"
        )
    scheme = text.partition("://")[0] if _is_url(text) else "sqlite"
    if not scheme:
        raise LedgerUnusable(
            f"{text!r} is not a database URL; write sqlite:///path/to/file, or sqlite:// for memory"
        )
    if scheme not in _STORES:
        raise LedgerUnusable(
            f"a ledger has no store for {scheme!r}, only for: {', '.join(sorted(_STORES))}; "
            "write e.g. sqlite:///path/to/file"
        )
    return scheme


def below(folder: Path, place: str) -> str:
    """Return `place`, with a relative path of a file made one from `folder` on.

    Raises:
        LedgerUnusable: It begins with the home of a user who is not known.
    """
    if _is_url(place) or place == _SQLITE_IN_MEMORY:
        return place
    try:
        return str(folder / Path(place).expanduser())
    except RuntimeError:
        raise LedgerUnusable(
            f"{place!r} begins with the home of a user who is not known here; write the whole path"
        ) from None


def described(place: str) -> str:
    """Return in words where a ledger is, without the password of a URL."""
    if place in {IN_MEMORY, _SQLITE_IN_MEMORY}:
        return "in memory"
    return without_password(place) if _is_url(place) else place


def _is_url(place: str) -> bool:
    return "://" in place or place.startswith(_SQLITES_ADDRESS)


def _open_memory(place: str) -> Ledger:
    if place.partition("://")[2]:
        raise LedgerUnusable(
            f"{place!r} has more than its scheme, but what is in memory has no name; "
            f"write {IN_MEMORY}"
        )
    from mockserver.ledger.memory.ledger import MemoryLedger

    return MemoryLedger()


def _open_sqlite(place: str) -> Ledger:
    from mockserver.ledger.sqlite.store import open_sqlite

    return open_sqlite(place)


def _open_postgresql(place: str) -> Ledger:
    from mockserver.ledger.postgresql.store import open_postgresql

    return open_postgresql(place)


#: What opens a place, by the scheme of its URL.
_STORES: Mapping[str, Callable[[str], Ledger]] = {
    "memory": _open_memory,
    **dict.fromkeys(SCHEMES, _open_postgresql),
    "sqlite": _open_sqlite,
    "sqlite+pysqlite": _open_sqlite,
}
