"""Reads the URL of a PostgreSQL database, for who opens it and for who names it in a message."""

from __future__ import annotations

import re
from typing import NamedTuple

from mockserver.core.errors import LedgerUnusable

SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")

_PASSWORD = re.compile(r"(?<=://)([^:/@?#]*):[^/?#]*@|((?:^|[?&])(?:ssl)?password=)[^&]*")


class PostgresPlace(NamedTuple):
    """Where a database is.

    Attributes:
        conninfo: What libpq connects with: a URL of its own form.
        name: What messages call it; it holds no password.
    """

    conninfo: str
    name: str


def without_password(url: str) -> str:
    """Return a URL as it may be shown."""
    return _PASSWORD.sub(lambda found: f"{found[2]}***" if found[2] else f"{found[1]}:***@", url)


def place_of(url: str) -> PostgresPlace:
    """Return where a URL leads to, e.g. `postgresql://me@db.example/team`.

    Raises:
        LedgerUnusable: libpq cannot read it.
    """
    scheme, _, rest = url.partition("://")
    if scheme not in SCHEMES:
        raise LedgerUnusable(
            f"{without_password(url)!r} is no URL of PostgreSQL; "
            "write postgresql://user@host/database"
        )
    return PostgresPlace(f"postgresql://{rest}", without_password(f"postgresql://{rest}"))
