"""Deletes apps with all that is theirs, finished deliveries, or everything, for the SQL ledger."""

from __future__ import annotations

from collections.abc import Sequence

from mockserver.core.retry import DeliveryState
from mockserver.ledger.protocol import Removed, last_app
from mockserver.ledger.sql.database import Cursor

_FINAL = tuple(state.value for state in DeliveryState if state is not DeliveryState.PENDING)


#: The tables of what happened, and all tables but the two that are never empty. What is referred
#: to comes after what refers to it.
HAPPENED = ("attempts", "progress", "deliveries", "rules")
EVERYTHING = (*HAPPENED, "apps", "settings")


def delete_app(cursor: Cursor, app_id: str) -> Removed | None:
    """Delete an app, its rules and its deliveries with their attempts; None if there is none.

    Raises:
        LastApp: It is the only one.
    """
    cursor.execute("SELECT app_id FROM apps")
    known = {row[0] for row in cursor.fetchall()}
    if app_id not in known:
        return None
    if len(known) == 1:
        raise last_app(app_id)
    for table in ("attempts", "progress"):
        cursor.execute(
            f"DELETE FROM {table} WHERE delivery_id IN "
            "(SELECT id FROM deliveries WHERE app_id = ?)",
            (app_id,),
        )
    removed = []
    for table in ("rules", "deliveries", "apps"):
        cursor.execute(f"DELETE FROM {table} WHERE app_id = ?", (app_id,))
        removed.append(cursor.rowcount)
    return Removed(rules=removed[0], deliveries=removed[1])


def count_finished(cursor: Cursor) -> int:
    """Return how many deliveries are not pending any more."""
    cursor.execute(f"SELECT count(*) FROM progress WHERE state IN ({_marks(_FINAL)})", _FINAL)
    ((number,),) = cursor.fetchall()
    return int(number)


def delete_finished(cursor: Cursor, limit: int, created_before: int | None) -> int:
    """Delete the oldest finished deliveries with their attempts; return how many.

    Args:
        cursor: In a transaction that writes.
        limit: How many at most.
        created_before: Only those created earlier, in microseconds since 1970 UTC.
    """
    oldest: list[tuple[int, int]] = []
    # One query for each state: the index hands each over in the order of ids, so no more rows are
    # looked at than wanted.
    for state in _FINAL:
        cursor.execute(
            "SELECT progress.delivery_id, deliveries.created_at FROM progress "
            "JOIN deliveries ON deliveries.id = progress.delivery_id "
            "WHERE progress.state = ? AND progress.claim IS NULL "
            "ORDER BY progress.delivery_id LIMIT ?",
            (state, limit),
        )
        oldest += [tuple(row) for row in cursor.fetchall()]
    ids = [
        delivery_id
        for delivery_id, created in sorted(oldest)[:limit]
        if created_before is None or created < created_before
    ]
    if ids:
        for table, key in (
            ("attempts", "delivery_id"),
            ("progress", "delivery_id"),
            ("deliveries", "id"),
        ):
            cursor.execute(f"DELETE FROM {table} WHERE {key} IN ({_marks(ids)})", tuple(ids))
    return len(ids)


def forget_latest(cursor: Cursor) -> None:
    """Forget the latest instant of what happened."""
    cursor.execute("UPDATE counters SET latest = NULL")


def count_from_the_beginning(cursor: Cursor) -> None:
    """Let ids begin again; tickets go on, so that no old claim is known."""
    cursor.execute("UPDATE counters SET deliveries = 0, rules = 0, latest = NULL")


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
