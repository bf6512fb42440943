"""A URL of PostgreSQL is read in each of its spellings, and shown without its password."""

from __future__ import annotations

import pytest

from mockserver.core.errors import LedgerUnusable
from mockserver.ledger.postgresql.place import place_of, without_password


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_each_scheme_means_the_same(scheme: str) -> None:
    place = place_of(f"{scheme}://me:secret@db.example:5433/team?sslmode=require")
    assert place.conninfo == "postgresql://me:secret@db.example:5433/team?sslmode=require"
    assert place.name == "postgresql://me:***@db.example:5433/team?sslmode=require"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://db/team", "postgresql://db/team"),
        ("postgresql://me@db/team", "postgresql://me@db/team"),
        ("postgresql://me:s%40e:c@db/team", "postgresql://me:***@db/team"),
        ("postgresql://:secret@db/team", "postgresql://:***@db/team"),
        ("postgresql:///team?password=secret", "postgresql:///team?password=***"),
        (
            "postgresql:///t?user=me&password=a%20b&port=1",
            "postgresql:///t?user=me&password=***&port=1",
        ),
        ("postgresql:///t?sslpassword=secret", "postgresql:///t?sslpassword=***"),
        ("postgresql://me:secret@", "postgresql://me:***@"),
    ],
)
def test_no_password_is_shown(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_another_scheme_is_refused_without_its_password() -> None:
    with pytest.raises(LedgerUnusable, match=r"'mysql://me:\*\*\*@h/x' is no URL of PostgreSQL"):
        place_of("mysql://me:secret@h/x")
