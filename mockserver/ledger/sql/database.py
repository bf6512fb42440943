"""Says what the SQL ledger needs of a database, and makes or checks the tables in one.

All else that depends on which database it is belongs to the package of that store.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Connection, insert, inspect, select

from mockserver.core.errors import LedgerUnusable
from mockserver.ledger.sql import schema


class Database(Protocol):
    """An open database with the ledger's tables in it.

    What the driver reports is raised as `LedgerUnusable`, with what to do about it.
    """

    @property
    def dialect(self) -> Any:
        """Return what SQLAlchemy compiles statements for."""

    def writing(self) -> AbstractContextManager[Connection]:
        """Open a transaction, and commit it at the end; an exception takes everything back.

        No other writer's transaction may overlap it, not even one of another process: the
        ledger reads its counters and writes them back.
        """

    def reading(self) -> AbstractContextManager[Connection]:
        """Lend a connection for one statement that reads."""

    def close(self) -> None:
        """Close every connection."""


def prepare_tables(connection: Connection, name: str) -> None:
    """Make the tables in an empty database, or check that those of another time fit.

    Args:
        connection: In a transaction that writes.
        name: What messages call the database.

    Raises:
        LedgerUnusable: They are another program's, or of another version.
    """
    tables = inspect(connection).get_table_names()
    if not tables:
        schema.metadata.create_all(connection, checkfirst=False)
        connection.execute(insert(schema.schema_version).values(version=schema.SCHEMA_VERSION))
        connection.execute(insert(schema.counters).values(deliveries=0, rules=0, tickets=0))
        return
    if schema.schema_version.name not in tables or schema.progress.name not in tables:
        raise LedgerUnusable(
            f"{name} is a database of another program; choose another file for the ledger"
        )
    version = connection.execute(select(schema.schema_version.c.version)).scalar()
    if version != schema.SCHEMA_VERSION:
        raise LedgerUnusable(
            f"{name} has schema version {version}, this version of postbacks knows "
            f"{schema.SCHEMA_VERSION}; upgrade postbacks, or choose another file"
        )
