"""Keeps a PostgreSQL ledger for one process at a time.

A lock of the server lasts as long as the connection that has asked for it, whatever ends the
process. A word in the table of settings tells, after the connection broke, whether anybody else has
had the ledger in the meantime.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from mockserver.core.errors import LedgerUnusable
from mockserver.ledger.sql.database import Cursor
from mockserver.net.monotonic import real_seconds

if TYPE_CHECKING:
    import psycopg

#: Locks of the server have two numbers; the second one is that of the schema.
_OUR_LOCKS = 0x706F7374
#: A server needs a moment to notice that a process was killed.
_GONE_REAL_SECONDS = 2.0
_SETTING = "owner"


def lock_for_this_connection(connection: psycopg.Connection[Any], name: str) -> None:
    """Have the ledger for as long as this connection lives.

    Raises:
        LedgerUnusable: Another process has it.
    """
    gives_up_at = real_seconds() + _GONE_REAL_SECONDS
    while True:
        row = connection.execute(
            "SELECT pg_try_advisory_lock(%s, hashtext(current_schema()))", (_OUR_LOCKS,)
        ).fetchone()
        if row == (True,):
            return
        if real_seconds() >= gives_up_at:
            raise LedgerUnusable(
                f"{name} is in use by another postbacks, and one process at a time can have it; "
                "stop that one, or use another database or schema"
            )
        time.sleep(0.02)


def claim(cursor: Cursor, owner: str) -> None:
    """Write down who has the ledger."""
    cursor.execute("DELETE FROM settings WHERE name = ?", (_SETTING,))
    cursor.execute("INSERT INTO settings (name, value) VALUES (?, ?)", (_SETTING, owner))


def is_still_ours(connection: psycopg.Connection[Any], owner: str) -> bool:
    """Return whether nobody else has claimed the ledger since."""
    row = connection.execute("SELECT value FROM settings WHERE name = %s", (_SETTING,)).fetchone()
    return row == (owner,)
