"""Keeps the promises of a ledger with tables and transactions, in any SQL database.

Every method is one transaction, so it has happened or it has not, whenever the process ends.
A new delivery, an attempt with what follows it, and a claim are on file when the method
returns; after `kill -9` the attempts that were claimed are repeated, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count

from mockserver.core.catalog import Channel, PostbackType
from mockserver.core.finding import DeliveryFilter
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
from mockserver.ledger.protocol import (
    Backwards,
    LatestPage,
    Ledger,
    Removed,
    Result,
    rule_limit_reached,
)
from mockserver.ledger.sql import forgetting, statements
from mockserver.ledger.sql.claiming import claim_due, next_due
from mockserver.ledger.sql.codec import (
    encode_app,
    encode_channels,
    from_microseconds,
    to_microseconds,
)
from mockserver.ledger.sql.database import Cursor, Database
from mockserver.ledger.sql.finding import NO_LIMIT, find_deliveries, find_latest
from mockserver.ledger.sql.known import Known
from mockserver.ledger.sql.reading import Reading
from mockserver.ledger.sql.recording import Unusual, record_one_by_one, record_usual
from mockserver.ledger.sql.remembered import Remembered
from mockserver.ledger.sql.rows import (
    app_of,
    attempt_of,
    delivery_of,
    rows_of_new,
    rule_of,
)


class SqlLedger(Ledger):
    """Rules, deliveries and attempts in a database, which the ledger closes with itself.

    Of a database that nobody else writes to, apps and rules are read once and remembered.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        reading = Reading(database)
        self._read, self._read_of = reading.rows, reading.rows_of
        self._read_number = reading.number
        self._known = Known(database)
        self._apps: Remembered[str, App | None] = Remembered(on=database.is_exclusive)
        self._rules: Remembered[str | None, list[PostbackRule]] = Remembered(
            on=database.is_exclusive
        )
        # Manual attempts take no ticket, so that nothing is written for them.
        self._manual_claims = count(1)
        #: Those with an earlier claim belong to what was forgotten.
        self._first_manual_claim = 1

    def put_app(self, app: App) -> None:
        row = (encode_app(app), app.app_id)
        with self._apps.changing(), self._known.writing() as cursor:
            cursor.execute(statements.REPLACE_APP, row)
            if not cursor.rowcount:
                cursor.execute(statements.ADD_APP, row)

    def app(self, app_id: str) -> App | None:
        return self._apps.get(app_id, self._read_app)

    def apps(self) -> list[App]:
        # Databases sort text each in their own way.
        found = (app_of(row) for row in self._read(statements.ALL_APPS))
        return sorted(found, key=lambda app: app.app_id)

    def app_ids(self) -> list[str]:
        # A human may have written a number.
        return sorted(str(app_id) for (app_id,) in self._read(statements.ALL_APP_IDS))

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
        with self._rules.changing(), self._known.writing() as cursor:
            cursor.execute(statements.COUNT_RULES, (app_id,))
            if cursor.fetchone()[0] >= limit:
                raise rule_limit_reached(app_id, limit)
            before = self._known.counters(cursor)
            sequence = before.rules + 1
            rule = PostbackRule(
                postback_id_of(sequence), app_id, type, tuple(channels), url, created_at
            )
            self._known.write_counters(cursor, before._replace(rules=sequence))
            cursor.execute(
                statements.ADD_RULE,
                (
                    sequence,
                    rule.postback_id,
                    app_id,
                    type.value,
                    encode_channels(channels),
                    url,
                    to_microseconds(created_at),
                ),
            )
        return rule

    def rules(self, app_id: str | None = None) -> list[PostbackRule]:
        return list(self._rules.get(app_id, self._read_rules))

    def rule_count(self) -> int:
        return self._read_number(statements.COUNT_ALL_RULES)

    def delete_rule(self, app_id: str, postback_id: int) -> bool:
        """Delete a rule and free its place; return whether there was one."""
        with self._rules.changing(), self._known.writing() as cursor:
            cursor.execute(statements.DELETE_RULE, (postback_id, app_id))
            return cursor.rowcount > 0

    def add_deliveries(self, new: Sequence[NewDelivery]) -> list[Delivery]:
        if not new:
            return []
        with self._known.writing() as cursor:
            before = self._known.counters(cursor)
            first_id = before.deliveries + 1
            written, progress, latest = rows_of_new(new, first_id, before.tickets + 1)
            cursor.executemany(statements.ADD_DELIVERY, written)
            cursor.executemany(statements.ADD_PROGRESS, progress)
            after = before._replace(
                deliveries=before.deliveries + len(new),
                tickets=before.tickets + len(new),
                latest=latest if before.latest is None else max(latest, before.latest),
            )
            self._known.write_counters(cursor, after)
            self._known.is_due(min(due for _, due, _ in progress))
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
        found = self._read(statements.select_deliveries(1), (delivery_id,))
        return delivery_of(found[0]) if found else None

    def deliveries(
        self,
        *,
        state: DeliveryState | None = None,
        postback_id: int | None = None,
        app_id: str | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> list[Delivery]:
        wanted = {
            "state": None if state is None else state.value,
            "postback_id": postback_id,
            "app_id": app_id,
        }
        filters = {name: value for name, value in wanted.items() if value is not None}
        text = statements.select_page(tuple(filters))
        parameters = (after, *filters.values(), NO_LIMIT if limit is None else limit)
        return [delivery_of(row) for row in self._read(text, parameters)]

    def deliveries_of(self, delivery_ids: Sequence[int]) -> list[Delivery]:
        return [
            delivery_of(row) for row in self._read_of(statements.select_deliveries, delivery_ids)
        ]

    def delivery_count(self) -> int:
        return self._read_number(statements.COUNT_DELIVERIES)

    def find_deliveries(
        self, wanted: DeliveryFilter, *, after: int = 0, limit: int | None = None
    ) -> list[Delivery]:
        return find_deliveries(self._read, wanted, after, limit)

    def find_latest(self, wanted: DeliveryFilter, asked: Backwards) -> LatestPage:
        return find_latest(self._read, wanted, asked)

    def attempts(self, delivery_id: int) -> list[Attempt]:
        found = self._read(statements.select_attempts(1), (delivery_id,))
        return [attempt_of(row) for row in found]

    def attempts_of(self, delivery_ids: Sequence[int]) -> dict[int, list[Attempt]]:
        made: dict[int, list[Attempt]] = {delivery_id: [] for delivery_id in delivery_ids}
        for row in self._read_of(statements.select_attempts, delivery_ids):
            made[row[0]].append(attempt_of(row))
        return made

    def next_due_at(self) -> datetime | None:
        due = self._known.next_due(self._read_next_due)
        return None if due is None else from_microseconds(due)

    def soonest(self, limit: int) -> list[Delivery]:
        return [delivery_of(row) for row in self._read(statements.SOONEST, (limit,))]

    def latest_at(self) -> datetime | None:
        ((latest,),) = self._read(statements.READ_LATEST)
        return None if latest is None else from_microseconds(latest)

    def pending_count(self) -> int:
        return self._read_number(statements.COUNT_PENDING)

    def claim(self, until_at: datetime, limit: int) -> list[DueAttempt]:
        if limit <= 0:
            return []
        with self._known.writing() as cursor:
            return claim_due(cursor, self._known, until_at, limit)

    def claim_resend(self, delivery_id: int, due_at: datetime) -> DueAttempt | None:
        """Return a manual attempt of any delivery, whatever its state; None if unknown.

        It takes no claim on the schedule and nothing of it survives a crash.
        """
        found = self._read(statements.GET_URL, (delivery_id,))
        if not found:
            return None
        ((app_id, url),) = found
        claim = next(self._manual_claims)
        return DueAttempt(delivery_id, app_id, url, None, due_at, False, claim)

    def record(self, results: Sequence[Result]) -> None:
        results = self._of_what_is_there(results)
        if not results:
            return
        for record in (record_usual, record_one_by_one):
            try:
                with self._known.writing() as cursor:
                    before = self._known.counters(cursor)
                    after, next_due = record(cursor, results, before)
                    if after != before:
                        self._known.write_counters(cursor, after)
                    if record is record_one_by_one:
                        self._known.forget()
                    elif next_due is not None:
                        self._known.is_due(next_due)
                return
            except Unusual:
                continue

    def release(self, attempts: Sequence[DueAttempt], *, begun: bool = False) -> None:
        """Give back claims whose attempts have no outcome; their order is unchanged."""
        rows = [(int(begun), attempt.delivery_id, attempt.claim) for attempt in attempts]
        if rows:
            with self._known.writing() as cursor:
                cursor.executemany(statements.RELEASE, rows)
                self._known.forget()

    def free_ended(self) -> int:
        """Give back the claims of deliveries that have ended; return how many."""
        with self._known.writing() as cursor:
            cursor.execute(statements.FREE_ENDED)
            return cursor.rowcount

    def recover(self, *, begun: bool = True) -> int:
        with self._known.writing() as cursor:
            cursor.execute(statements.RECOVER, (int(begun),))
            self._known.forget()
            return cursor.rowcount

    def problem(self) -> str | None:
        """Return at once why the database takes nothing now, in words; None if it does."""
        return self._database.problem()

    def load_setting(self, name: str) -> str | None:
        found = self._read(statements.GET_SETTING, (name,))
        return found[0][0] if found else None

    def save_setting(self, name: str, value: str) -> None:
        with self._known.writing() as cursor:
            cursor.execute(statements.REPLACE_SETTING, (value, name))
            if not cursor.rowcount:
                cursor.execute(statements.ADD_SETTING, (value, name))

    def reset(self) -> None:
        self._empty(forgetting.HAPPENED, forgetting.forget_latest)

    def delete_app(self, app_id: str) -> Removed | None:
        """Delete an app with its rules and its deliveries, also pending ones; None if unknown.

        Raises:
            LastApp: It is the only one.
        """
        with self._apps.changing(), self._rules.changing(), self._known.writing() as cursor:
            removed = forgetting.delete_app(cursor, app_id)
            self._known.forget()
        return removed

    def finished_count(self) -> int:
        with self._database.reading() as cursor:
            return forgetting.count_finished(cursor)

    def remove_finished(self, limit: int, created_before_at: datetime | None = None) -> int:
        """Delete deliveries that are not pending any more; the oldest first; return how many."""
        before = None if created_before_at is None else to_microseconds(created_before_at)
        with self._known.writing() as cursor:
            return forgetting.delete_finished(cursor, limit, before)

    def begin_again(self, apps: Sequence[App]) -> None:
        """Forget everything, put these apps, and count ids from 1 again, in one transaction."""

        def begin(cursor: Cursor) -> None:
            forgetting.count_from_the_beginning(cursor)
            for app in apps:
                cursor.execute(statements.ADD_APP, (encode_app(app), app.app_id))
            self._first_manual_claim = next(self._manual_claims)

        with self._apps.changing():
            self._empty(forgetting.EVERYTHING, begin)

    def close(self) -> None:
        self._database.close()

    def _empty(self, tables: Sequence[str], and_then: Callable[[Cursor], None]) -> None:
        def then(cursor: Cursor) -> None:
            self._known.mend_counters(cursor)
            and_then(cursor)
            self._known.forget()

        with self._rules.changing():
            try:
                self._database.empty(tables, then)
            finally:
                self._known.forget()

    def _of_what_is_there(self, results: Sequence[Result]) -> Sequence[Result]:
        first = self._first_manual_claim
        if first == 1:
            return results
        return [each for each in results if each[0].number or each[0].claim >= first]

    def _read_next_due(self) -> int | None:
        with self._database.reading() as cursor:
            return next_due(cursor)

    def _read_app(self, app_id: str) -> App | None:
        found = self._read(statements.GET_APP, (app_id,))
        return app_of(found[0]) if found else None

    def _read_rules(self, app_id: str | None) -> list[PostbackRule]:
        rules = [rule_of(row) for row in self._read(statements.ALL_RULES)]
        return [rule for rule in rules if app_id is None or rule.app_id == app_id]
