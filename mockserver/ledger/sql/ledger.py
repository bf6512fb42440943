"""Keeps the promises of a ledger with tables and transactions, in any SQL database.

Every method is one transaction, so it has happened or it has not, whenever the process ends.
A new delivery, an attempt with what follows it, and a claim are on file when the method
returns; after `kill -9` the attempts that were claimed are repeated, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from mockserver.core.catalog import Channel, PostbackType
from mockserver.core.models import (
    App,
    Attempt,
    Delivery,
    DueAttempt,
    NewDelivery,
    PostbackRule,
    postback_id_of,
)
from mockserver.core.retry import DeliveryState
from mockserver.ledger.protocol import Result, rule_limit_reached
from mockserver.ledger.sql import schema
from mockserver.ledger.sql.codec import (
    decode_app,
    encode_app,
    encode_channels,
    encode_event,
    from_microseconds,
    to_microseconds,
)
from mockserver.ledger.sql.database import Database
from mockserver.ledger.sql.recording import Unusual, record_one_by_one, record_usual
from mockserver.ledger.sql.rows import (
    attempt_of,
    delivery_of,
    due_attempts_of,
    rule_of,
    select_attempts,
    select_deliveries,
)
from mockserver.ledger.sql.statements import Statements

_PENDING = DeliveryState.PENDING
_NO_CLAIM = 0


class SqlLedger:
    """Rules, deliveries and attempts in a database, which the ledger closes with itself."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._statements = Statements(database.dialect)

    def put_app(self, app: App) -> None:
        """Add an app, or replace the one with the same app id."""
        document = encode_app(app)
        with self._database.writing() as connection:
            table = schema.apps
            replace = update(table).where(table.c.app_id == app.app_id).values(document=document)
            if not connection.execute(replace).rowcount:
                connection.execute(insert(table).values(app_id=app.app_id, document=document))

    def app(self, app_id: str) -> App | None:
        """Return the app with this id, or None."""
        wanted = select(schema.apps.c.document).where(schema.apps.c.app_id == app_id)
        with self._database.reading() as connection:
            document = connection.execute(wanted).scalar_one_or_none()
        return None if document is None else decode_app(document)

    def apps(self) -> list[App]:
        """Return all apps, ordered by app id."""
        with self._database.reading() as connection:
            documents = connection.execute(select(schema.apps.c.document)).scalars().all()
        # Databases sort text each in their own way.
        return sorted(map(decode_app, documents), key=lambda app: app.app_id)

    def add_rule(
        self,
        app_id: str,
        type: PostbackType,
        channels: tuple[Channel, ...],
        url: str,
        created_at: datetime,
        limit: int,
    ) -> PostbackRule:
        """Add a rule, unless the app has `limit` rules already; atomic over all callers.

        Raises:
            RuleLimitReached: The app's places are taken.
        """
        table = schema.rules
        taken = select(func.count()).select_from(table).where(table.c.app_id == app_id)
        with self._database.writing() as connection:
            sequence = self._counters(connection).rules + 1
            if connection.execute(taken).scalar_one() >= limit:
                raise rule_limit_reached(app_id, limit)
            rule = PostbackRule(
                postback_id_of(sequence), app_id, type, tuple(channels), url, created_at
            )
            connection.execute(update(schema.counters).values(rules=sequence))
            connection.execute(
                insert(table).values(
                    sequence=sequence,
                    postback_id=rule.postback_id,
                    app_id=app_id,
                    type=type.value,
                    channels=encode_channels(channels),
                    url=url,
                    created_at=to_microseconds(created_at),
                )
            )
        return rule

    def rules(self, app_id: str | None = None) -> list[PostbackRule]:
        """Return the rules of one app, or of all, oldest first."""
        wanted = select(schema.rules).order_by(schema.rules.c.sequence)
        if app_id is not None:
            wanted = wanted.where(schema.rules.c.app_id == app_id)
        with self._database.reading() as connection:
            return [rule_of(row) for row in connection.execute(wanted)]

    def delete_rule(self, app_id: str, postback_id: int) -> bool:
        """Delete a rule and free its place; return whether there was one."""
        table = schema.rules
        unwanted = delete(table).where(table.c.postback_id == postback_id, table.c.app_id == app_id)
        with self._database.writing() as connection:
            return connection.execute(unwanted).rowcount > 0

    def add_deliveries(self, new: Sequence[NewDelivery]) -> list[Delivery]:
        """Take in deliveries as pending, in this order, in one transaction."""
        if not new:
            return []
        with self._database.writing() as connection:
            before = self._counters(connection)
            first_id = before.deliveries + 1
            written, progress = _rows_of(new, first_id, before.tickets + 1)
            connection.exec_driver_sql(self._statements.add_delivery, written)
            connection.exec_driver_sql(self._statements.add_progress, progress)
            connection.execute(
                update(schema.counters).values(
                    deliveries=before.deliveries + len(new), tickets=before.tickets + len(new)
                )
            )
        return [
            Delivery(
                delivery_id,
                item.app_id,
                item.postback_id,
                item.url,
                item.event,
                item.due_at,
                due_at=item.due_at,
            )
            for delivery_id, item in enumerate(new, first_id)
        ]

    def delivery(self, delivery_id: int) -> Delivery | None:
        """Return one delivery as it stands, or None."""
        wanted = select_deliveries().where(schema.deliveries.c.id == delivery_id)
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else delivery_of(row)

    def deliveries(
        self,
        *,
        state: DeliveryState | None = None,
        postback_id: int | None = None,
        app_id: str | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> list[Delivery]:
        """Return deliveries that pass all filters, by id, those after id `after` only."""
        wanted = select_deliveries().limit(limit)
        # Of the two equal columns, the one whose index also serves the filter.
        key = schema.deliveries.c.id if state is None else schema.progress.c.delivery_id
        wanted = wanted.where(key > after).order_by(key)
        if state is not None:
            wanted = wanted.where(schema.progress.c.state == state.value)
        if postback_id is not None:
            wanted = wanted.where(schema.deliveries.c.postback_id == postback_id)
        if app_id is not None:
            wanted = wanted.where(schema.deliveries.c.app_id == app_id)
        with self._database.reading() as connection:
            return [delivery_of(row) for row in connection.execute(wanted)]

    def attempts(self, delivery_id: int) -> list[Attempt]:
        """Return the attempts of one delivery in the order in which they were recorded."""
        table = schema.attempts
        wanted = select_attempts().where(table.c.delivery_id == delivery_id).order_by(table.c.id)
        with self._database.reading() as connection:
            return [attempt_of(row) for row in connection.execute(wanted)]

    def next_due_at(self) -> datetime | None:
        """Return the earliest instant at which an unclaimed attempt is due."""
        with self._database.reading() as connection:
            due = connection.exec_driver_sql(self._statements.next_due).scalar_one_or_none()
        return None if due is None else from_microseconds(due)

    def latest_at(self) -> datetime | None:
        """Return the latest instant it knows of: a delivery's creation, an attempt's end."""
        ends = select(func.max(schema.attempts.c.started_at + schema.attempts.c.elapsed))
        creations = select(func.max(schema.deliveries.c.created_at))
        with self._database.reading() as connection:
            known = [connection.execute(wanted).scalar_one() for wanted in (ends, creations)]
        instants = [instant for instant in known if instant is not None]
        return from_microseconds(max(instants)) if instants else None

    def pending_count(self) -> int:
        """Return how many deliveries are pending."""
        is_pending = schema.progress.c.state == _PENDING.value
        wanted = select(func.count()).select_from(schema.progress).where(is_pending)
        with self._database.reading() as connection:
            return connection.execute(wanted).scalar_one()

    def claim(self, until_at: datetime, limit: int) -> list[DueAttempt]:
        """Claim up to `limit` attempts due not after `until_at`, so that no other does.

        They come in the order in which they fell due; those due at the same instant in the
        order in which they were scheduled. The claim is durable before this returns.
        """
        until = to_microseconds(until_at)
        with self._database.writing() as connection:
            rows = self._plain_rows(connection, self._statements.select_due, until, max(limit, 0))
            if not rows:
                return []
            claim = self._counters(connection).tickets + 1
            *_, last_due, _, last_queued = rows[-1]
            connection.exec_driver_sql(self._statements.claim_up_to, (claim, last_due, last_queued))
            connection.exec_driver_sql(self._statements.write_tickets, (claim,))
        return due_attempts_of(rows, claim)

    def claim_resend(self, delivery_id: int, due_at: datetime) -> DueAttempt | None:
        """Return a manual attempt of any delivery, whatever its state; None if unknown.

        It takes no claim on the schedule and nothing of it survives a crash.
        """
        table = schema.deliveries
        wanted = select(table.c.app_id, table.c.url).where(table.c.id == delivery_id)
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            return None
        return DueAttempt(delivery_id, row.app_id, row.url, None, due_at, False, _NO_CLAIM)

    def record(self, results: Sequence[Result]) -> None:
        """Write finished attempts, in this order, and what follows each: one transaction.

        A scheduled attempt whose claim is not (or no longer) the delivery's is not written.
        One whose delivery a manual success has ended meanwhile is written, and leaves the
        state as it is. A manual attempt changes the state only from pending to delivered.
        """
        if not results:
            return
        for record in (record_usual, record_one_by_one):
            try:
                with self._database.writing() as connection:
                    drawn = self._counters(connection).tickets
                    ticket = record(connection, self._statements, results, drawn)
                    if ticket != drawn:
                        connection.exec_driver_sql(self._statements.write_tickets, (ticket,))
                return
            except Unusual:
                continue

    def release(self, attempts: Sequence[DueAttempt]) -> None:
        """Give back claims whose attempts were never begun; their order is unchanged."""
        rows = [(attempt.delivery_id, attempt.claim) for attempt in attempts]
        if rows:
            with self._database.writing() as connection:
                connection.exec_driver_sql(self._statements.release, rows)

    def recover(self) -> int:
        """Free the claims of processes that died; return how many.

        The attempt that was under way is due again at once, keeps its number and is marked
        `repeated`. To be called after opening, before the first claim.
        """
        table = schema.progress
        free = (
            update(table)
            .where(table.c.claim.is_not(None), table.c.state == _PENDING.value)
            .values(claim=None, interrupted=1)
        )
        with self._database.writing() as connection:
            return connection.execute(free).rowcount

    def load_setting(self, name: str) -> str | None:
        """Return a value that `save_setting` kept, or None."""
        wanted = select(schema.settings.c.value).where(schema.settings.c.name == name)
        with self._database.reading() as connection:
            return connection.execute(wanted).scalar_one_or_none()

    def save_setting(self, name: str, value: str) -> None:
        """Keep a value over restarts, e.g. where the clock stands."""
        table = schema.settings
        replace = update(table).where(table.c.name == name).values(value=value)
        with self._database.writing() as connection:
            if not connection.execute(replace).rowcount:
                connection.execute(insert(table).values(name=name, value=value))

    def reset(self) -> None:
        """Forget rules, deliveries and attempts; keep apps and settings."""
        with self._database.writing() as connection:
            for table in (schema.attempts, schema.progress, schema.deliveries, schema.rules):
                connection.execute(delete(table))

    def close(self) -> None:
        """Release what the ledger holds; no method may be called after it."""
        self._database.close()

    def _counters(self, connection: Connection) -> Row[Any]:
        return connection.exec_driver_sql(self._statements.read_counters).one()

    @staticmethod
    def _plain_rows(connection: Connection, text: str, *values: int) -> list[tuple[Any, ...]]:
        """Return what the driver returns, without SQLAlchemy's row objects around it."""
        result = connection.exec_driver_sql(text, values)
        assert result.cursor is not None, "a query has a cursor"
        rows: list[tuple[Any, ...]] = list(result.cursor.fetchall())
        result.close()
        return rows


def _rows_of(
    new: Sequence[NewDelivery], first_id: int, first_ticket: int
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Return the rows of `deliveries` and those of `progress`."""
    # One event may fire several rules; it is written out once.
    documents: dict[int, str] = {}
    written, progress = [], []
    for offset, (app_id, postback_id, url, event, due_at) in enumerate(new):
        document = documents.get(id(event))
        if document is None:
            document = documents[id(event)] = encode_event(event)
        due = to_microseconds(due_at)
        written.append((first_id + offset, app_id, postback_id, url, document, due))
        progress.append((first_id + offset, _PENDING.value, due, first_ticket + offset))
    return written, progress
