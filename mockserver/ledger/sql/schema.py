"""Defines the tables of the SQL ledger, and the version of their layout.

What never changes about a delivery (its URL, its event) is written once into `deliveries`;
how far it has come is a short row of `progress`, the only thing an attempt has to rewrite.
Times are whole microseconds since 1970 UTC.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

#: Raised by one whenever the tables change their meaning.
SCHEMA_VERSION = 1

metadata = MetaData()

#: SQLite makes a column its row id only if it is called INTEGER.
_Key = BigInteger().with_variant(Integer, "sqlite")

schema_version = Table("schema_version", metadata, Column("version", Integer, nullable=False))

#: One row. Numbers that never go back, not even when everything else is forgotten. A ticket
#: is drawn for every attempt that is scheduled and for every claim.
counters = Table(
    "counters",
    metadata,
    Column("deliveries", BigInteger, nullable=False),
    Column("rules", BigInteger, nullable=False),
    Column("tickets", BigInteger, nullable=False),
)

apps = Table(
    "apps",
    metadata,
    Column("app_id", Text, primary_key=True),
    Column("document", Text, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

rules = Table(
    "rules",
    metadata,
    Column("sequence", _Key, primary_key=True, autoincrement=False),
    Column("postback_id", BigInteger, nullable=False, unique=True),
    Column("app_id", Text, nullable=False, index=True),
    Column("type", Text, nullable=False),
    Column("channels", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _Key, primary_key=True, autoincrement=False),
    Column("app_id", Text, nullable=False, index=True),
    Column("postback_id", BigInteger, nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

progress = Table(
    "progress",
    metadata,
    Column("delivery_id", _Key, ForeignKey(deliveries.c.id), primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("attempts_made", Integer, nullable=False, server_default="0"),
    #: Null once the state is final.
    Column("due_at", BigInteger),
    #: The ticket drawn when the attempt was scheduled: first in, first out on ties.
    Column("queued", BigInteger, nullable=False),
    #: The ticket of the claim; null while nobody is making the attempt.
    Column("claim", BigInteger),
    #: Whether a process died while making the attempt that is due now.
    Column("interrupted", Integer, nullable=False, server_default="0"),
)

_is_waiting = progress.c.due_at.is_not(None) & progress.c.claim.is_(None)

Index(
    "progress_waiting",
    progress.c.due_at,
    progress.c.queued,
    sqlite_where=_is_waiting,
    postgresql_where=_is_waiting,
)
Index("progress_by_state", progress.c.state, progress.c.delivery_id)

#: Of the columns that may be null, `ledger.sql.outcomes` writes those that have a value.
attempts = Table(
    "attempts",
    metadata,
    Column("id", _Key, primary_key=True),
    Column("delivery_id", BigInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    #: Null for a manual attempt.
    Column("number", Integer),
    Column("kind", Text, nullable=False),
    Column("elapsed", BigInteger, nullable=False),
    Column("elapsed_real_seconds", Float, nullable=False),
    Column("status", Integer),
    Column("error", Text),
    Column("request_id", BigInteger),
    Column("headers", Text),
    Column("body", LargeBinary),
    Column("repeated", Integer, nullable=False, server_default="0"),
    UniqueConstraint("delivery_id", "number"),
)
