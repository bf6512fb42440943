"""Lends schemas in the PostgreSQL server that the environment names, to tests of the ledger."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest

from mockserver.ledger.postgresql.place import place_of

#: Names a server that the tests may make schemas in, e.g. `postgresql+psycopg://me@/postgres`.
VARIABLE = "POSTBACKS_TEST_POSTGRES"

_numbers = count()


def server_url() -> str:
    """Return the URL of the server that the variable names, or skip the test."""
    url = os.environ.get(VARIABLE)
    if not url:
        pytest.skip(f"{VARIABLE} names no PostgreSQL server")
    return place_of(url).conninfo


def connected(url: str) -> Any:
    """Return a connection of the driver's own."""
    # By name, so that a type check needs neither it nor its stubs.
    psycopg: Any = import_module("psycopg")
    return psycopg.connect(url, autocommit=True)


@contextmanager
def schema_of_its_own() -> Iterator[str]:
    """Lend the URL of a new schema, and drop it afterwards; skips the test without a server."""
    url = server_url()
    schema = f"ledger_{os.getpid()}_{next(_numbers)}"
    with connected(url) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    options = quote(f"-csearch_path={schema}")
    try:
        yield f"{url}{'&' if '?' in url else '?'}options={options}"
    finally:
        with connected(url) as connection:
            connection.execute(f"DROP SCHEMA {schema} CASCADE")
