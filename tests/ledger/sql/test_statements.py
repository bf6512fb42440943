"""The statements of the SQL ledger suit every driver, also those that name parameters.

That they do what they are for is shown by the tests of all stores, PostgreSQL among them.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg, pg8000, psycopg, psycopg2
from sqlalchemy.schema import CreateIndex, CreateTable

from mockserver.ledger.sql import schema
from mockserver.ledger.sql.outcomes import OUTCOME_COLUMNS
from mockserver.ledger.sql.statements import Statements

#: How each driver writes the place of a parameter.
DIALECTS = {
    "sqlite": (sqlite.dialect, r"\?"),
    "psycopg": (psycopg.dialect, r"%s"),
    "psycopg2": (psycopg2.dialect, r"%s"),
    "pg8000": (pg8000.dialect, r"%s"),
    "asyncpg": (asyncpg.dialect, r"\$\d+"),
}


def texts_of(statements: Statements) -> dict[str, str]:
    texts = {name: text for name, text in vars(statements).items() if isinstance(text, str)}
    columns = ("delivery_id", "started_at", "number", *OUTCOME_COLUMNS, "repeated")
    return texts | {"add_attempt": statements.add_attempt(columns)}


def places_in(statements: Statements, place: str) -> dict[str, int]:
    return {name: len(re.findall(place, text)) for name, text in texts_of(statements).items()}


@pytest.mark.parametrize("name", DIALECTS)
def test_each_takes_a_plain_row_of_parameters(name: str) -> None:
    dialect, place = DIALECTS[name]
    texts = texts_of(Statements(dialect()))
    assert len(texts) == 14
    assert not [text for text in texts.values() if "%(" in text or ":" in text.replace("::", "")]
    sqlites, mark = DIALECTS["sqlite"]
    assert places_in(Statements(dialect()), place) == places_in(Statements(sqlites()), mark)


@pytest.mark.parametrize("name", DIALECTS)
def test_no_row_is_asked_for_that_nobody_reads(name: str) -> None:
    texts = texts_of(Statements(DIALECTS[name][0]()))
    assert not [text for text in texts.values() if "RETURNING" in text]


@pytest.mark.parametrize("name", DIALECTS)
def test_the_tables_can_be_written_down(name: str) -> None:
    dialect: Any = DIALECTS[name][0]()
    for table in schema.metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            text = str(CreateIndex(index).compile(dialect=dialect))
            assert ("WHERE" in text) == (index.name == "progress_waiting")
