"""Statements with `?` reach psycopg as it writes them, and a transaction is whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mockserver.ledger.postgresql.cursor import PostgresCursor, transaction_of
from tests.ledger.postgresql_server import connected, schema_of_its_own


@pytest.fixture
def connection() -> Iterator[Any]:
    with schema_of_its_own() as url, connected(url) as opened:
        opened.execute("CREATE TABLE words (word TEXT)")
        yield opened


def words(connection: Any) -> list[str]:
    return [word for (word,) in connection.execute("SELECT word FROM words ORDER BY word")]


def test_parameters_and_percent_signs(connection: Any) -> None:
    with connection.cursor() as raw:
        cursor = PostgresCursor(raw)
        cursor.executemany("INSERT INTO words VALUES (?)", [("a%s?",), ("b",)])
        assert cursor.rowcount == 2
        cursor.execute("SELECT word FROM words WHERE word LIKE 'a%' AND word <> ?", ("x",))
        assert cursor.fetchone() == ("a%s?",)
        assert cursor.fetchone() is None
        cursor.execute("SELECT word FROM words")
        assert sorted(cursor.fetchall()) == [("a%s?",), ("b",)]


def test_a_transaction_is_committed_at_its_end(connection: Any) -> None:
    with transaction_of(connection) as cursor:
        cursor.execute("INSERT INTO words VALUES (?)", ("a",))
    assert words(connection) == ["a"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_takes_everything_back(connection: Any, error: type[BaseException]) -> None:
    def write_and_fail() -> None:
        with transaction_of(connection) as cursor:
            cursor.execute("INSERT INTO words VALUES (?)", ("a",))
            raise error

    with pytest.raises(error):
        write_and_fail()
    assert words(connection) == []


def test_a_statement_that_fails_leaves_the_connection_usable(connection: Any) -> None:
    def write_and_fail() -> None:
        with transaction_of(connection) as cursor:
            cursor.execute("INSERT INTO words VALUES (?)", ("a",))
            cursor.execute("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(Exception, match="nowhere"):
        write_and_fail()
    with transaction_of(connection) as cursor:
        cursor.execute("INSERT INTO words VALUES (?)", ("b",))
    assert words(connection) == ["b"]
