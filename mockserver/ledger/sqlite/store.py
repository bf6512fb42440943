"""Opens the ledger in a SQLite file, for `mockserver.ledger.opening`."""

from __future__ import annotations

import os
from pathlib import Path

from mockserver.core.errors import LedgerUnusable
from mockserver.ledger.sql.ledger import SqlLedger
from mockserver.ledger.sqlite.database import SqliteDatabase


def open_sqlite(place: str | os.PathLike[str], *, exclusive: bool = True) -> SqlLedger:
    """Open the ledger at a path, or at a URL: `sqlite://` is in memory.

    Args:
        place: A path of the file system, or a URL like `sqlite:///path/to/file`.
        exclusive: Whether to have the file for itself, and to remember what is in it. Turned off,
            several that are opened so may share it, but none may call `recover` or `reset` while
            another is at work.

    Raises:
        LedgerUnusable: It cannot be opened; the message says why and what to do.
    """
    return SqlLedger(SqliteDatabase(path_of(os.fspath(place)), exclusive=exclusive))


def path_of(place: str) -> Path | None:
    """Return the path that a place names; None for a database in memory.

    Raises:
        LedgerUnusable: It is a URL of something else.
    """
    scheme, is_url, rest = place.partition("://")
    if not is_url:
        return None if place == ":memory:" else Path(place)
    if scheme not in ("sqlite", "sqlite+pysqlite"):
        raise LedgerUnusable(
            f"{place!r} is no URL of SQLite; write sqlite:///path/to/file, or sqlite:// for memory"
        )
    # The path follows the third slash; a fourth one makes it absolute.
    host, _, path = rest.partition("/")
    if host or "?" in path:
        raise LedgerUnusable(
            f"{place!r} has more than a path; write sqlite:///path/to/file, with no options"
        )
    return None if path in ("", ":memory:") else Path(path)
