"""Says what the SQL ledger needs of a database, and makes or upgrades the tables in one.

Statements run on the driver itself. Everything an attempt needs is a few microseconds of work for
the database, so whatever stands between the ledger and the driver would be most of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from mockserver.core.errors import LedgerUnusable
from mockserver.ledger.sql import schema

#: One row of values or of parameters.
Row = tuple[Any, ...]


class Cursor(Protocol):
    """What drivers agree on (PEP 249). Parameters have their place at each `?`."""

    @property
    def rowcount(self) -> int:
        """Return how many rows the last statement, run once or many times, has changed."""

    def execute(self, statement: str, parameters: Sequence[Any] = ..., /) -> object:
        """Run a statement."""

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run a statement once for each row of parameters."""

    def fetchone(self) -> Any:
        """Return the next row of the last query, or None."""

    def fetchall(self) -> list[Any]:
        """Return the rows of the last query."""


class Database(Protocol):
    """An open database with the ledger's tables in it.

    What the driver reports is raised as `LedgerUnusable`, with what to do about it.
    """

    @property
    def is_exclusive(self) -> bool:
        """Return whether nobody else can write to it while it is open."""

    def writing(self) -> AbstractContextManager[Cursor]:
        """Open a transaction, and commit it at the end; an exception takes everything back.

        No other writer's transaction may overlap it, not even one of another process: the
        ledger reads its counters and writes them back.
        """

    def reading(self) -> AbstractContextManager[Cursor]:
        """Lend a cursor for one statement that reads."""

    def empty(self, tables: Sequence[str], and_then: Callable[[Cursor], None]) -> None:
        """Delete all rows of some tables, and give the space back.

        It has happened or it has not. Whatever is referred to comes after what refers to it.
        `and_then` is called within the transaction, at its end.
        """

    def problem(self) -> str | None:
        """Return at once why nothing can be written now, in words; None if it can."""

    def close(self) -> None:
        """Close every connection."""


def check_tables(
    cursor: Cursor, tables: Collection[str], name: str, elsewhere: str = "another file"
) -> int | None:
    """Return the version of the tables in a database; None if it has none yet.

    Args:
        cursor: In which nothing is changed.
        tables: The names of the tables that the database has.
        name: What messages call the database.
        elsewhere: What messages say to choose in its place.

    Raises:
        LedgerUnusable: They are another program's, or of a version this one does not know.
    """
    if not tables:
        return None
    if "schema_version" not in tables or "progress" not in tables:
        raise LedgerUnusable(
            f"{name} is a database of another program; choose {elsewhere} for the ledger"
        )
    cursor.execute("SELECT version FROM schema_version")
    version: int | None = (cursor.fetchone() or (None,))[0]
    if version is None or version not in {schema.SCHEMA_VERSION, *schema.UPGRADES}:
        raise LedgerUnusable(
            f"{name} has schema version {version}, this version of postbacks knows "
            f"{schema.SCHEMA_VERSION}; upgrade postbacks, or choose {elsewhere}"
        )
    return version


def prepare_tables(
    cursor: Cursor,
    tables: Collection[str],
    types: schema.ColumnTypes,
    name: str,
    elsewhere: str = "another file",
) -> None:
    """Make the tables in an empty database, or make those of another time fit.

    Args:
        cursor: In a transaction that writes.
        tables: The names of the tables that the database has.
        types: The database's own names.
        name: What messages call the database.
        elsewhere: What messages say to choose in its place.

    Raises:
        LedgerUnusable: They are another program's, or of a version this one does not know.
    """
    version = check_tables(cursor, tables, name, elsewhere)
    if version is None:
        for statement in schema.create_statements(types):
            cursor.execute(statement)
        return
    while version in schema.UPGRADES:
        for statement in schema.UPGRADES[version]:
            cursor.execute(statement)
        version += 1
        cursor.execute("UPDATE schema_version SET version = ?", (version,))
