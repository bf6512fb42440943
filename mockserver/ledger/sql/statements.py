"""Holds the statements of the SQL ledger, in the SQL that SQLite and PostgreSQL have in common.

A parameter has its place at each `?`; what is named beside a statement is its row of parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from mockserver.ledger.sql.outcomes import OUTCOME_COLUMNS

# Apps, settings and rules

GET_APP = "SELECT app_id, document FROM apps WHERE app_id = ?"
ALL_APPS = "SELECT app_id, document FROM apps"
ALL_APP_IDS = "SELECT app_id FROM apps"
#: document, app_id
REPLACE_APP = "UPDATE apps SET document = ? WHERE app_id = ?"
#: document, app_id
ADD_APP = "INSERT INTO apps (document, app_id) VALUES (?, ?)"

GET_SETTING = "SELECT value FROM settings WHERE name = ?"
#: value, name
REPLACE_SETTING = "UPDATE settings SET value = ? WHERE name = ?"
#: value, name
ADD_SETTING = "INSERT INTO settings (value, name) VALUES (?, ?)"

COUNT_ALL_RULES = "SELECT count(*) FROM rules"
COUNT_RULES = "SELECT count(*) FROM rules WHERE app_id = ?"
ALL_RULES = (
    "SELECT postback_id, app_id, type, channels, url, created_at FROM rules ORDER BY sequence"
)
#: sequence, then the columns that `ALL_RULES` reads
ADD_RULE = (
    "INSERT INTO rules (sequence, postback_id, app_id, type, channels, url, created_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
#: postback_id, app_id
DELETE_RULE = "DELETE FROM rules WHERE postback_id = ? AND app_id = ?"

# Counters

READ_COUNTERS = "SELECT deliveries, rules, tickets, latest FROM counters"
#: deliveries, rules, tickets, latest
WRITE_COUNTERS = "UPDATE counters SET deliveries = ?, rules = ?, tickets = ?, latest = ?"
FORGET_COUNTERS = "DELETE FROM counters"
#: deliveries, rules, tickets, latest
ADD_COUNTERS = "INSERT INTO counters (deliveries, rules, tickets, latest) VALUES (?, ?, ?, ?)"
READ_LATEST = "SELECT latest FROM counters"

# Deliveries and attempts

#: id, app_id, postback_id, url, event, created_at
ADD_DELIVERY = (
    "INSERT INTO deliveries (id, app_id, postback_id, url, event, created_at)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
#: delivery_id, due_at, queued
ADD_PROGRESS = (
    "INSERT INTO progress (delivery_id, state, due_at, queued) VALUES (?, 'pending', ?, ?)"
)
GET_URL = "SELECT app_id, url FROM deliveries WHERE id = ?"
COUNT_DELIVERIES = "SELECT count(*) FROM progress"
NEWEST_ID = "SELECT max(delivery_id) FROM progress"
COUNT_PENDING = "SELECT count(*) FROM progress WHERE state = 'pending'"

_SELECT_DELIVERIES = (
    "SELECT d.id, d.app_id, d.postback_id, d.url, d.event, d.created_at,"
    " p.state, p.attempts_made, p.due_at"
    " FROM deliveries AS d JOIN progress AS p ON p.delivery_id = d.id"
)
_SELECT_ATTEMPTS = (
    f"SELECT delivery_id, number, started_at, repeated, {', '.join(OUTCOME_COLUMNS)} FROM attempts"
)

# The schedule

_IS_WAITING = "due_at IS NOT NULL AND claim IS NULL"

NEXT_DUE = f"SELECT due_at FROM progress WHERE {_IS_WAITING} ORDER BY due_at LIMIT 1"
#: limit
SOONEST = (
    f"{_SELECT_DELIVERIES} WHERE p.due_at IS NOT NULL AND p.claim IS NULL"
    " ORDER BY p.due_at, p.queued LIMIT ?"
)
_SELECT_ORPHAN = (
    "SELECT p.delivery_id FROM progress AS p LEFT JOIN deliveries AS d ON d.id = p.delivery_id"
    " WHERE d.id IS NULL AND"
)
#: until_at; what is due of no delivery, which another program has deleted
SELECT_ORPHAN = f"{_SELECT_ORPHAN} p.due_at IS NOT NULL AND p.claim IS NULL AND p.due_at <= ?"
#: claim; what was claimed of no delivery
SELECT_CLAIMED_ORPHAN = f"{_SELECT_ORPHAN} p.claim = ?"
#: until_at, limit
SELECT_DUE = (
    "SELECT p.delivery_id, d.app_id, d.url, p.attempts_made, p.due_at, p.interrupted, p.queued"
    " FROM progress AS p JOIN deliveries AS d ON d.id = p.delivery_id"
    " WHERE p.due_at IS NOT NULL AND p.claim IS NULL AND p.due_at <= ?"
    " ORDER BY p.due_at, p.queued LIMIT ?"
)
#: claim, due_at and queued of the last one: what is claimed is always the head of the queue
CLAIM_UP_TO = f"UPDATE progress SET claim = ? WHERE {_IS_WAITING} AND (due_at, queued) <= (?, ?)"
#: attempts_made, due_at, queued, delivery_id, claim
RETRY = (
    "UPDATE progress SET attempts_made = ?, due_at = ?, queued = ?, claim = NULL, interrupted = 0"
    " WHERE delivery_id = ? AND claim = ? AND state = 'pending'"
)
#: state, attempts_made, delivery_id, claim
FINISH = (
    "UPDATE progress SET state = ?, attempts_made = ?, due_at = NULL, claim = NULL, interrupted = 0"
    " WHERE delivery_id = ? AND claim = ? AND state = 'pending'"
)
#: attempts_made, delivery_id, claim; nothing is due of what is not pending, whoever wrote that
COUNT_ONLY = (
    "UPDATE progress SET attempts_made = ?, due_at = NULL, claim = NULL, interrupted = 0"
    " WHERE delivery_id = ? AND claim = ?"
)
#: state, delivery_id; the claim stays: an attempt that is under way will still be written
END_EARLY = (
    "UPDATE progress SET state = ?, due_at = NULL WHERE delivery_id = ? AND state = 'pending'"
)
_GIVE_BACK = (
    "UPDATE progress SET claim = NULL, interrupted = CASE WHEN ? = 1 THEN 1 ELSE interrupted END"
)
#: whether it may have been sent, delivery_id, claim; also of a delivery that has ended meanwhile
RELEASE = f"{_GIVE_BACK} WHERE delivery_id = ? AND claim = ?"
#: whether they may have been sent
RECOVER = f"{_GIVE_BACK} WHERE state = 'pending' AND claim IS NOT NULL"
FREE_ENDED = "UPDATE progress SET claim = NULL WHERE state <> 'pending' AND claim IS NOT NULL"


@lru_cache
def add_attempt(columns: tuple[str, ...]) -> str:
    """Return what writes these columns of an attempt."""
    return f"INSERT INTO attempts ({', '.join(columns)}) VALUES ({places(len(columns))})"


@lru_cache
def select_page(filters: tuple[str, ...]) -> str:
    """Return the query of deliveries by id; its parameters: the least id, the filters, the limit.

    Args:
        filters: Names of `_FILTERS`; `event`, a pattern of the event's text, as often as wanted.
    """
    # Of the two equal columns, the one whose index also serves the filter.
    key = "p.delivery_id" if "state" in filters else "d.id"
    narrowed = "".join(f" AND {_FILTERS[name]}" for name in filters)
    return f"{_SELECT_DELIVERIES} WHERE {key} > ?{narrowed} ORDER BY {key} LIMIT ?"


@lru_cache
def select_latest(filters: tuple[str, ...]) -> str:
    """Return the query of deliveries by id, the newest first.

    Its parameters: the id that all are below, the one that all are above, the filters, the limit.

    Args:
        filters: As for `select_page`.
    """
    key = "p.delivery_id" if "state" in filters else "d.id"
    narrowed = "".join(f" AND {_FILTERS[name]}" for name in filters)
    return (
        f"{_SELECT_DELIVERIES} WHERE {key} < ? AND {key} > ?{narrowed} ORDER BY {key} DESC LIMIT ?"
    )


_FILTERS = {
    "state": "p.state = ?",
    "postback_id": "d.postback_id = ?",
    "app_id": "d.app_id = ?",
    "since_at": "d.created_at >= ?",
    "until_at": "d.created_at < ?",
    "event": "d.event LIKE ? ESCAPE '/'",
    "text": "lower(d.url || ' ' || d.event) LIKE ? ESCAPE '/'",
}


@lru_cache
def select_deliveries(count: int) -> str:
    """Return the query of deliveries by so many ids, in the order of these."""
    return f"{_SELECT_DELIVERIES} WHERE d.id IN ({places(count)}) ORDER BY d.id"


@lru_cache
def select_attempts(count: int) -> str:
    """Return the query of all attempts of so many deliveries, each in the order recorded."""
    return f"{_SELECT_ATTEMPTS} WHERE delivery_id IN ({places(count)}) ORDER BY delivery_id, id"


def places(count: int) -> str:
    """Return the places of so many parameters."""
    return ", ".join("?" * count)


def filled(values: Sequence[int], size: int) -> list[int]:
    """Return `values` repeated up to a number that few statements serve, so they are kept ready."""
    return [*values, *[values[-1]] * (size - len(values))]
