"""The statements of the SQL ledger suit every driver.

That they do what they are for is shown by the tests of all stores, PostgreSQL among them.
"""

from __future__ import annotations

from contextlib import closing
from sqlite3 import connect

import pytest

from mockserver.ledger.postgresql.database import TYPES
from mockserver.ledger.sql import schema, statements
from mockserver.ledger.sql.outcomes import OUTCOME_COLUMNS

TEXTS = {
    **{
        name: text
        for name, text in vars(statements).items()
        if name.isupper() and isinstance(text, str) and name[0] != "_"
    },
    "add_attempt": statements.add_attempt(("delivery_id", *OUTCOME_COLUMNS)),
    "select_page": statements.select_page(("state", "postback_id", "app_id")),
    "select_page of events": statements.select_page(("since_at", "until_at", "event", "event")),
    "select_page of all": statements.select_page(()),
    "select_deliveries": statements.select_deliveries(3),
    "select_attempts": statements.select_attempts(3),
}
SQLITE = schema.ColumnTypes("INTEGER", "INTEGER", "BLOB")


@pytest.mark.parametrize("name", TEXTS)
def test_each_can_be_run_on_the_tables(name: str) -> None:
    text = TEXTS[name]
    with closing(connect(":memory:")) as connection:
        for statement in schema.create_statements(SQLITE):
            connection.execute(statement)
        connection.execute(f"EXPLAIN {text}", [1] * text.count("?"))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_place_is_all_that_a_driver_has_to_write_in_its_own_way(text: str) -> None:
    """Some write it `%s`, so a `%` would be read as one; and no value may hold a `?`."""
    assert "%" not in text
    assert not [value for value in text.split("'")[1::2] if "?" in value]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_row_is_asked_for_that_nobody_reads(text: str) -> None:
    # Older SQLite does not know it, either.
    assert "RETURNING" not in text


@pytest.mark.parametrize("types", [SQLITE, TYPES], ids=["sqlite", "postgresql"])
def test_the_tables_can_be_written_down(types: schema.ColumnTypes) -> None:
    texts = schema.create_statements(types)
    assert not [text for text in texts if "{" in text]
    assert sum("CREATE TABLE" in text for text in texts) == 8
    assert [" WHERE " in text for text in texts if "INDEX progress_waiting" in text] == [True]


def test_every_version_before_this_one_can_be_upgraded() -> None:
    assert list(schema.UPGRADES) == list(range(1, schema.SCHEMA_VERSION))
