"""Defines the tables of the SQL ledger, and the version of their layout, for every SQL store.

What never changes about a delivery (its URL, its event) is written once into `deliveries`;
how far it has come is a short row of `progress`, the only thing an attempt has to rewrite.
Times are whole microseconds since 1970 UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

#: Raised by one whenever the tables change their meaning.
SCHEMA_VERSION = 2


class ColumnTypes(NamedTuple):
    """What a database calls the types that others call by other names.

    Attributes:
        key: Of a primary key that the ledger gives.
        counted_key: Of a primary key that the database counts up.
        bytes: Of a column of bytes.
    """

    key: str
    counted_key: str
    bytes: str


#: The tables by name, in the order in which they can be made.
_TABLES: Mapping[str, str] = MappingProxyType(
    {
        "schema_version": "version INTEGER NOT NULL",
        # One row. Numbers that never go back, not even when everything else is forgotten; a
        # ticket is drawn for every attempt that is scheduled and for every claim. And the latest
        # instant of all deliveries and attempts, which a start would have to search for.
        "counters": """
            deliveries BIGINT NOT NULL,
            rules BIGINT NOT NULL,
            tickets BIGINT NOT NULL,
            latest BIGINT
        """,
        "apps": """
            app_id TEXT NOT NULL PRIMARY KEY,
            document TEXT NOT NULL
        """,
        "settings": """
            name TEXT NOT NULL PRIMARY KEY,
            value TEXT NOT NULL
        """,
        "rules": """
            sequence {key} NOT NULL PRIMARY KEY,
            postback_id BIGINT NOT NULL UNIQUE,
            app_id TEXT NOT NULL,
            type TEXT NOT NULL,
            channels TEXT NOT NULL,
            url TEXT NOT NULL,
            created_at BIGINT NOT NULL
        """,
        "deliveries": """
            id {key} NOT NULL PRIMARY KEY,
            app_id TEXT NOT NULL,
            postback_id BIGINT NOT NULL,
            url TEXT NOT NULL,
            event TEXT NOT NULL,
            created_at BIGINT NOT NULL
        """,
        # `due_at` is null once the state is final. `queued` is the ticket drawn when the attempt
        # was scheduled: first in, first out on ties. `claim` is the ticket of the claim, null
        # while nobody is making the attempt. `interrupted` says whether a process died while
        # making the attempt that is due now.
        "progress": """
            delivery_id {key} NOT NULL PRIMARY KEY REFERENCES deliveries (id),
            state TEXT NOT NULL,
            attempts_made INTEGER NOT NULL DEFAULT 0,
            due_at BIGINT,
            queued BIGINT NOT NULL,
            claim BIGINT,
            interrupted INTEGER NOT NULL DEFAULT 0
        """,
        # `number` is null for a manual attempt. Of the columns that may be null,
        # `ledger.sql.outcomes` writes those that have a value.
        "attempts": """
            id {counted_key} NOT NULL PRIMARY KEY,
            delivery_id BIGINT NOT NULL,
            started_at BIGINT NOT NULL,
            number INTEGER,
            kind TEXT NOT NULL,
            elapsed BIGINT NOT NULL,
            elapsed_real_seconds DOUBLE PRECISION NOT NULL,
            status INTEGER,
            error TEXT,
            request_id BIGINT,
            headers TEXT,
            body {bytes},
            repeated INTEGER NOT NULL DEFAULT 0,
            UNIQUE (delivery_id, number)
        """,
    }
)

_INDEXES = (
    "ix_rules_app_id ON rules (app_id)",
    "ix_deliveries_app_id ON deliveries (app_id)",
    "ix_deliveries_postback_id ON deliveries (postback_id)",
    "progress_waiting ON progress (due_at, queued) WHERE due_at IS NOT NULL AND claim IS NULL",
    "progress_by_state ON progress (state, delivery_id)",
)


def create_statements(types: ColumnTypes) -> list[str]:
    """Return what makes the tables in an empty database and puts in them what is never missing."""
    columns = types._asdict()
    return [
        *(f"CREATE TABLE {name} ({body.format(**columns)})" for name, body in _TABLES.items()),
        *(f"CREATE INDEX {index}" for index in _INDEXES),
        f"INSERT INTO schema_version (version) VALUES ({SCHEMA_VERSION})",
        "INSERT INTO counters (deliveries, rules, tickets) VALUES (0, 0, 0)",
    ]


#: What makes the tables of a version those of the next one; nothing in them is lost.
UPGRADES: Mapping[int, tuple[str, ...]] = MappingProxyType(
    {
        1: (
            "ALTER TABLE counters ADD COLUMN latest BIGINT",
            """
            UPDATE counters SET latest = (
                SELECT max(latest) FROM (
                    SELECT max(created_at) AS latest FROM deliveries
                    UNION ALL SELECT max(started_at + elapsed) FROM attempts
                ) AS known
            )
            """,
        ),
    }
)
