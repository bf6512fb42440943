"""Opens the ledger in a SQLite file, for `mockserver.ledger.opening`."""

from __future__ import annotations

import os

from sqlalchemy.engine import URL

from mockserver.ledger.sql.ledger import SqlLedger
from mockserver.ledger.sqlite.database import SqliteDatabase


def open_sqlite(place: str | os.PathLike[str], *, exclusive: bool = True) -> SqlLedger:
    """Open the ledger at a path, or at a URL: `sqlite://` is in memory.

    Args:
        place: A path of the file system, or a URL like `sqlite:///path/to/file`.
        exclusive: Whether to refuse a file that another ledger has open. Turned off, several
            may share it, but none may call `recover` or `reset` while another is at work.

    Raises:
        LedgerUnusable: It cannot be opened; the message says why and what to do.
    """
    text = os.fspath(place)
    url = text if "://" in text else URL.create("sqlite", database=text)
    return SqlLedger(SqliteDatabase(url, exclusive=exclusive))
