"""Opens the ledger in a PostgreSQL database, for `mockserver.ledger.opening`."""

from __future__ import annotations

from mockserver.ledger.postgresql.database import PostgresDatabase
from mockserver.ledger.postgresql.place import place_of
from mockserver.ledger.sql.ledger import SqlLedger


def open_postgresql(url: str) -> SqlLedger:
    """Open the ledger in a database; its tables are made in an empty one.

    Args:
        url: As libpq takes it, e.g. `postgresql://me@db.example/team`; what it leaves out is taken
            from libpq's own variables and files. `?options=-csearch_path%3Dteam_a` chooses a
            schema, which must exist.

    Raises:
        LedgerUnusable: It cannot be opened; the message says why and what to do.
    """
    return SqlLedger(PostgresDatabase(place_of(url)))
