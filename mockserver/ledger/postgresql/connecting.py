"""Connects to a PostgreSQL server, within bounded time and in the way that the ledger needs."""

from __future__ import annotations

import select
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mockserver.core.errors import LedgerUnusable
from mockserver.ledger.postgresql.place import PostgresPlace

if TYPE_CHECKING:
    import psycopg

#: How long to wait for a connection, in seconds; libpq takes no less.
_CONNECT_SECONDS = 2
#: After so long without a sign of the server a connection is broken, in milliseconds.
_SILENCE_MILLISECONDS = 10_000
#: How long a statement waits for a lock of another program.
_LOCK_TIMEOUT = "30s"


def psycopg_or_why_not() -> Any:
    """Return the driver.

    Raises:
        LedgerUnusable: It is not installed, or finds no libpq.
    """
    try:
        return import_module("psycopg")
    except ImportError as error:
        raise LedgerUnusable(
            f"a ledger in PostgreSQL needs psycopg ({str(error).splitlines()[0]}); "
            "install it: python -m pip install 'postbacks[postgres]'"
        ) from None


def connect(driver: Any, place: PostgresPlace) -> psycopg.Connection[Any]:
    """Return a connection on which each statement is a transaction unless told otherwise.

    Raises:
        LedgerUnusable: The database is not in UTF-8, or there is no schema.
        psycopg.Error: The server refuses, or cannot be reached.
    """
    connection: psycopg.Connection[Any] = driver.connect(
        place.conninfo,
        autocommit=True,
        connect_timeout=_CONNECT_SECONDS,
        tcp_user_timeout=_SILENCE_MILLISECONDS,
        client_encoding="UTF8",
        fallback_application_name="postbacks",
    )
    try:
        connection.execute(f"SET lock_timeout = '{_LOCK_TIMEOUT}'")
        row = connection.execute(
            "SELECT current_setting('server_encoding'), current_schema()"
        ).fetchone()
        assert row is not None, "it always answers"
        encoding, schema = row
        if encoding != "UTF8":
            raise LedgerUnusable(
                f"{place.name} is in {encoding}, which has not all letters; use a database in UTF8"
            )
        if schema is None:
            raise LedgerUnusable(
                f"{place.name} has no schema that its search_path names; create one, e.g. "
                "CREATE SCHEMA postbacks, and name it: ?options=-csearch_path%3Dpostbacks"
            )
    except BaseException:
        connection.close()
        raise
    return connection


def is_alive(connection: psycopg.Connection[Any], driver: Any) -> bool:
    """Return whether a connection that is not in use can still be used, as far as is known here.

    A server that ends says so on its connections; one that is gone without a word is found out by
    the next statement only.
    """
    if connection.closed:
        return False
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if not waiting.poll(0):
        return True
    # It may be a remark of the server as well.
    try:
        connection.execute("SELECT")
    except driver.OperationalError:
        return False
    return True


def in_words(error: Exception) -> str:
    """Return what the driver reports in a line, with what to do about it."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    reason = lines[0].removesuffix(".")
    for prefix in ("connection failed: ", "connection is bad: "):
        reason = reason.removeprefix(prefix)
    for sign, advice in _ADVICE:
        if sign in reason.lower():
            return f"{reason}; {advice}"
    return reason


_ADVICE = (
    ("refused", "start the server, or correct the host and port of the URL"),
    ("no such file", "start the server, or correct the host of the URL"),
    ("timeout", "the server does not answer; it is used again as soon as it does"),
    ("could not translate", "correct the host of the URL"),
    ("failed to resolve", "correct the host of the URL"),
    ("authentication failed", "correct the user and the password of the URL, or PGPASSWORD"),
    ("no password", "put a password into the URL or into PGPASSWORD"),
    ("does not exist", "create it, or correct the URL"),
    ("permission denied", "its user must be allowed to create tables in its schema"),
    ("no space left", "free some space"),
    ("disk full", "free some space"),
    ("read-only", "it must be possible to write to it"),
    ("invalid", "write postgresql://user@host/database"),
    ("terminat", "it is used again as soon as the server answers"),
    ("closed the connection", "it is used again as soon as the server answers"),
    ("shutting down", "it is used again as soon as the server answers"),
    ("starting up", "it is used again as soon as the server answers"),
)
