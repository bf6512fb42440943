"""Holds the statements that run once for every attempt, as text that a driver takes.

SQLAlchemy writes them for the dialect of the database. A row then goes to the driver as a plain
tuple: to name each parameter of a million rows would cost more than to store them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Table, Update, bindparam, insert, null, select, update
from sqlalchemy import literal_column as sql
from sqlalchemy import tuple_ as row
from sqlalchemy.sql import ClauseElement

from mockserver.core.retry import DeliveryState
from mockserver.ledger.sql.schema import attempts, counters, deliveries, progress

_IS_PENDING = progress.c.state == sql(f"'{DeliveryState.PENDING.value}'")
_IS_WAITING = progress.c.due_at.is_not(None) & progress.c.claim.is_(None)
_IS_OF_CLAIM = (progress.c.delivery_id == bindparam("of_delivery")) & (
    progress.c.claim == bindparam("of_claim")
)


class Statements:
    """SQL texts for one dialect; what is named at each is its row of parameters, in order."""

    def __init__(self, dialect: Any) -> None:
        self._dialect = _positional(dialect)
        self._attempt_inserts: dict[tuple[str, ...], str] = {}
        self.read_counters = self._text(_read_counters())
        self.write_tickets = self._text(
            update(counters).values(tickets=bindparam("tickets")), "tickets"
        )
        self.add_delivery = self._insert(
            deliveries, "id", "app_id", "postback_id", "url", "event", "created_at"
        )
        self.add_progress = self._insert(progress, "delivery_id", "state", "due_at", "queued")
        self.next_due = self._text(
            select(progress.c.due_at)
            .where(_IS_WAITING)
            .order_by(progress.c.due_at)
            .limit(sql("1"))
            .offset(sql("0"))
        )
        self.select_due = self._text(_select_due(), "until_at", "limit")
        self.claim_up_to = self._text(_claim_up_to(), "new_claim", "last_due_at", "last_queued")
        self.retry = self._text(
            _retry(), "new_attempts_made", "new_due_at", "new_queued", "of_delivery", "of_claim"
        )
        self.finish = self._text(
            _finish(), "new_state", "new_attempts_made", "of_delivery", "of_claim"
        )
        self.count_only = self._text(_count_only(), "new_attempts_made", "of_delivery", "of_claim")
        self.find = self._text(_find(), "of_delivery")
        self.end_early = self._text(_end_early(), "new_state", "of_delivery")
        self.release = self._text(_release(), "of_delivery", "of_claim")

    def add_attempt(self, columns: tuple[str, ...]) -> str:
        """Return the text that writes these columns of an attempt, given in table order."""
        text = self._attempt_inserts.get(columns)
        if text is None:
            text = self._attempt_inserts[columns] = self._insert(attempts, *columns)
        return text

    def _insert(self, table: Table, *columns: str) -> str:
        statement = insert(table).values({name: bindparam(name) for name in columns})
        # Nobody asks for the key that the database gives a row.
        return self._text(statement.inline(), *columns)

    def _text(self, statement: ClauseElement, *parameters: str) -> str:
        compiled = statement.compile(dialect=self._dialect)
        order = tuple(getattr(compiled, "positiontup", None) or ())
        assert order == parameters, f"{compiled} takes {order}, not {parameters}"
        return str(compiled)


def _positional(dialect: Any) -> Any:
    """Return the dialect with parameters in a row, where it would name each of them."""
    if dialect.positional:
        return dialect
    # The drivers of PostgreSQL take both, `%(name)s` and `%s`.
    assert dialect.paramstyle == "pyformat", f"no row of parameters for {dialect.paramstyle}"
    return type(dialect)(paramstyle="format")


def _read_counters() -> Select[Any]:
    return select(counters.c.deliveries, counters.c.rules, counters.c.tickets)


def _select_due() -> Select[Any]:
    return (
        select(
            progress.c.delivery_id,
            deliveries.c.app_id,
            deliveries.c.url,
            progress.c.attempts_made,
            progress.c.due_at,
            progress.c.interrupted,
            progress.c.queued,
        )
        .join_from(progress, deliveries, progress.c.delivery_id == deliveries.c.id)
        .where(_IS_WAITING, progress.c.due_at <= bindparam("until_at"))
        .order_by(progress.c.due_at, progress.c.queued)
        .limit(bindparam("limit"))
        .offset(sql("0"))
    )


def _claim_up_to() -> Update:
    # What is claimed is always the head of the queue, so naming its last entry names all.
    last = row(
        bindparam("last_due_at", type_=progress.c.due_at.type),
        bindparam("last_queued", type_=progress.c.queued.type),
    )
    return (
        update(progress)
        .where(_IS_WAITING, row(progress.c.due_at, progress.c.queued) <= last)
        .values(claim=bindparam("new_claim"))
    )


def _retry() -> Update:
    return (
        update(progress)
        .where(_IS_OF_CLAIM, _IS_PENDING)
        .values(
            attempts_made=bindparam("new_attempts_made"),
            due_at=bindparam("new_due_at"),
            queued=bindparam("new_queued"),
            claim=null(),
            interrupted=sql("0"),
        )
    )


def _finish() -> Update:
    return (
        update(progress)
        .where(_IS_OF_CLAIM, _IS_PENDING)
        .values(
            state=bindparam("new_state"),
            attempts_made=bindparam("new_attempts_made"),
            due_at=null(),
            claim=null(),
            interrupted=sql("0"),
        )
    )


def _count_only() -> Update:
    return (
        update(progress)
        .where(_IS_OF_CLAIM)
        .values(attempts_made=bindparam("new_attempts_made"), claim=null(), interrupted=sql("0"))
    )


def _find() -> Select[Any]:
    return select(progress.c.delivery_id).where(progress.c.delivery_id == bindparam("of_delivery"))


def _end_early() -> Update:
    # The claim stays: an attempt that is under way will still be written.
    return (
        update(progress)
        .where(progress.c.delivery_id == bindparam("of_delivery"), _IS_PENDING)
        .values(state=bindparam("new_state"), due_at=null())
    )


def _release() -> Update:
    return update(progress).where(_IS_OF_CLAIM, _IS_PENDING).values(claim=null())
