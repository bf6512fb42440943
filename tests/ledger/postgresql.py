"""A PostgreSQL database for the SQL ledger, as thin as the tests need it.

It shows that nothing that all SQL stores share depends on SQLite. Not one for users: it neither
says who owns the database nor what to do when it fails.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine

from mockserver.ledger.sql.database import prepare_tables
from mockserver.ledger.sql.ledger import SqlLedger

#: Names a server that the tests may make schemas in, e.g. `postgresql+psycopg://me@/postgres`.
VARIABLE = "POSTBACKS_TEST_POSTGRES"

_numbers = count()


class PostgresDatabase:
    """A schema of its own in the server at `url`, which is dropped when it is closed."""

    def __init__(self, url: str) -> None:
        self._schema = f"ledger_{os.getpid()}_{next(_numbers)}"
        options = {"options": f"-csearch_path={self._schema}"}
        self._engine = create_engine(url, connect_args=options, max_overflow=-1)
        with self._engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {self._schema}")
        with self._engine.begin() as connection:
            prepare_tables(connection, url)

    @property
    def dialect(self) -> Any:
        return self._engine.dialect

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            # Writers take turns, those of other processes too; readers do not wait.
            connection.exec_driver_sql("LOCK TABLE counters IN EXCLUSIVE MODE")
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection

    def close(self) -> None:
        with self._engine.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA {self._schema} CASCADE")
        self._engine.dispose()


def open_postgresql() -> SqlLedger:
    """Return a new ledger in the server that the variable names, or skip the test."""
    url = os.environ.get(VARIABLE)
    if not url:
        pytest.skip(f"{VARIABLE} names no PostgreSQL server")
    return SqlLedger(PostgresDatabase(url))
