"""Keeps the promises of a ledger in memory, for `Sandbox()` and tests."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime

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
from mockserver.ledger.memory.due_queue import DueQueue
from mockserver.ledger.memory.row import NO_CLAIM, Row, instants_of
from mockserver.ledger.protocol import (
    Backwards,
    LatestPage,
    Ledger,
    Removed,
    Result,
    last_app,
    rule_limit_reached,
)

_PENDING = DeliveryState.PENDING


class MemoryLedger(Ledger):
    """Rules, deliveries and attempts in memory, behind one lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._apps: dict[str, App] = {}
        self._rules: dict[int, PostbackRule] = {}
        self._settings: dict[str, str] = {}
        self._rule_sequence = itertools.count(1)
        self._delivery_sequence = itertools.count(1)
        self._orders = itertools.count(1)
        self._claims = itertools.count(1)
        self._rows: dict[int, Row] = {}
        self._due = DueQueue()
        self._pending_count = 0
        self._latest_removed_at: datetime | None = None
        #: Manual attempts with an earlier claim belong to what was forgotten.
        self._first_claim = 0

    def put_app(self, app: App) -> None:
        with self._lock:
            self._apps[app.app_id] = app

    def app(self, app_id: str) -> App | None:
        return self._apps.get(app_id)

    def apps(self) -> list[App]:
        with self._lock:
            return sorted(self._apps.values(), key=lambda app: app.app_id)

    def app_ids(self) -> list[str]:
        with self._lock:
            return sorted(self._apps)

    def add_rule(
        self,
        app_id: str,
        type: PostbackType,
        channels: tuple[Channel, ...],
        url: str,
        created_at: datetime,
        limit: int,
    ) -> PostbackRule:
        with self._lock:
            if sum(rule.app_id == app_id for rule in self._rules.values()) >= limit:
                raise rule_limit_reached(app_id, limit)
            postback_id = postback_id_of(next(self._rule_sequence))
            rule = PostbackRule(postback_id, app_id, type, channels, url, created_at)
            self._rules[postback_id] = rule
            return rule

    def rules(self, app_id: str | None = None) -> list[PostbackRule]:
        with self._lock:
            rules = list(self._rules.values())
        return [rule for rule in rules if app_id is None or rule.app_id == app_id]

    def rule_count(self) -> int:
        with self._lock:
            return len(self._rules)

    def delete_rule(self, app_id: str, postback_id: int) -> bool:
        with self._lock:
            rule = self._rules.get(postback_id)
            if rule is None or rule.app_id != app_id:
                return False
            del self._rules[postback_id]
            return True

    def add_deliveries(self, new: Sequence[NewDelivery]) -> list[Delivery]:
        with self._lock:
            rows = [Row(next(self._delivery_sequence), item) for item in new]
            for row in rows:
                self._rows[row.id] = row
                self._schedule(row, row.new.due_at)
            self._pending_count += len(rows)
            return [row.as_delivery() for row in rows]

    def delivery(self, delivery_id: int) -> Delivery | None:
        with self._lock:
            row = self._rows.get(delivery_id)
            return None if row is None else row.as_delivery()

    def deliveries(
        self,
        *,
        state: DeliveryState | None = None,
        postback_id: int | None = None,
        app_id: str | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> list[Delivery]:
        with self._lock:
            found = (
                row
                for row in self._rows_after(after)
                if (state is None or row.state is state)
                and (postback_id is None or row.new.postback_id == postback_id)
                and (app_id is None or row.new.app_id == app_id)
            )
            return [row.as_delivery() for row in itertools.islice(found, limit)]

    def find_deliveries(
        self, wanted: DeliveryFilter, *, after: int = 0, limit: int | None = None
    ) -> list[Delivery]:
        with self._lock:
            rows = list(self._rows_after(after))
        # Nobody waits while many are looked at.
        found = itertools.islice((row for row in rows if row.passes(wanted)), limit)
        return [row.as_delivery() for row in found]

    def find_latest(self, wanted: DeliveryFilter, asked: Backwards) -> LatestPage:
        limit, before, look_through = asked
        with self._lock:
            rows = list(itertools.islice(self._rows_before(before), look_through + 1))
        # Nobody waits while many are looked at.
        found: list[Delivery] = []
        for row in rows[:look_through]:
            if row.passes(wanted):
                found.append(row.as_delivery())
                if len(found) == limit:
                    return LatestPage(found, None if row is rows[-1] else row.id)
        return LatestPage(found, rows[-2].id if len(rows) > look_through else None)

    def deliveries_of(self, delivery_ids: Sequence[int]) -> list[Delivery]:
        with self._lock:
            rows = self._rows
            return [rows[each].as_delivery() for each in sorted(set(delivery_ids)) if each in rows]

    def delivery_count(self) -> int:
        return len(self._rows)

    def attempts(self, delivery_id: int) -> list[Attempt]:
        with self._lock:
            row = self._rows.get(delivery_id)
            return [] if row is None else row.as_attempts()

    def attempts_of(self, delivery_ids: Sequence[int]) -> dict[int, list[Attempt]]:
        with self._lock:
            found = ((each, self._rows.get(each)) for each in delivery_ids)
            return {each: [] if row is None else row.as_attempts() for each, row in found}

    def next_due_at(self) -> datetime | None:
        with self._lock:
            while entry := self._due.peek():
                due_at, order, delivery_id = entry
                row = self._rows.get(delivery_id)
                if row is not None and row.order == order:
                    return due_at
                self._due.drop()
            return None

    def soonest(self, limit: int) -> list[Delivery]:
        with self._lock:
            rows = self._rows
            found = (
                row
                for _, order, delivery_id in self._due.in_order()
                if (row := rows.get(delivery_id)) is not None and row.order == order
            )
            return [row.as_delivery() for row in itertools.islice(found, limit)]

    def latest_at(self) -> datetime | None:
        with self._lock:
            known = [] if self._latest_removed_at is None else [self._latest_removed_at]
            return max(known + instants_of(self._rows.values()), default=None)

    def pending_count(self) -> int:
        return self._pending_count

    def claim(self, until_at: datetime, limit: int) -> list[DueAttempt]:
        with self._lock:
            claim = next(self._claims)
            claimed: list[DueAttempt] = []
            rows = self._rows
            while len(claimed) < limit:
                entries = self._due.pop_until(until_at, limit - len(claimed))
                if not entries:
                    break
                for due_at, order, delivery_id in entries:
                    # A delivery that was deleted has left its entry behind.
                    row = rows.get(delivery_id)
                    if row is not None and row.order == order:
                        row.claim = claim
                        claimed.append(
                            DueAttempt(
                                delivery_id,
                                row.new.app_id,
                                row.new.url,
                                row.attempts_made + 1,
                                due_at,
                                row.repeated,
                                claim,
                            )
                        )
            return claimed

    def claim_resend(self, delivery_id: int, due_at: datetime) -> DueAttempt | None:
        with self._lock:
            row = self._rows.get(delivery_id)
            if row is None:
                return None
            claim = next(self._claims)
            return DueAttempt(delivery_id, row.new.app_id, row.new.url, None, due_at, False, claim)

    def record(self, results: Sequence[Result]) -> None:
        with self._lock:
            rows = self._rows
            for attempt, started_at, outcome, state, due_at in results:
                row = rows.get(attempt.delivery_id)
                if row is None:
                    continue
                number = attempt.number
                if number is None:
                    if attempt.claim < self._first_claim:
                        continue
                    row.history += (None, started_at, outcome, attempt.repeated)
                    if row.state is _PENDING and state is DeliveryState.DELIVERED:
                        self._finish(row, state)
                elif row.claim == attempt.claim:
                    row.claim = NO_CLAIM
                    row.attempts_made = number
                    row.repeated = False
                    row.history += (number, started_at, outcome, attempt.repeated)
                    if row.state is not _PENDING:
                        continue
                    if due_at is None:
                        self._finish(row, state)
                    else:
                        self._schedule(row, due_at)

    def release(self, attempts: Sequence[DueAttempt], *, begun: bool = False) -> None:
        with self._lock:
            for attempt in attempts:
                row = self._rows.get(attempt.delivery_id)
                if row is None or row.claim != attempt.claim:
                    continue
                if row.state is _PENDING:
                    row.repeated = row.repeated or begun
                    self._give_back(row)
                else:
                    row.claim = NO_CLAIM

    def free_ended(self) -> int:
        with self._lock:
            ended = [row for row in self._rows.values() if row.claim and row.state is not _PENDING]
            for row in ended:
                row.claim = NO_CLAIM
            return len(ended)

    def recover(self, *, begun: bool = True) -> int:
        with self._lock:
            claimed = [row for row in self._rows.values() if row.claim and row.state is _PENDING]
            for row in claimed:
                row.repeated = row.repeated or begun
                self._give_back(row)
            return len(claimed)

    def problem(self) -> str | None:
        return None

    def load_setting(self, name: str) -> str | None:
        return self._settings.get(name)

    def save_setting(self, name: str, value: str) -> None:
        """Keep a value as long as the process lives."""
        self._settings[name] = value

    def reset(self) -> None:
        with self._lock:
            self._rules.clear()
            self._rows.clear()
            self._due = DueQueue()
            self._pending_count = 0
            self._latest_removed_at = None

    def delete_app(self, app_id: str) -> Removed | None:
        with self._lock:
            if app_id not in self._apps:
                return None
            if len(self._apps) == 1:
                raise last_app(app_id)
            del self._apps[app_id]
            rules = [key for key, rule in self._rules.items() if rule.app_id == app_id]
            for postback_id in rules:
                del self._rules[postback_id]
            rows = [row for row in self._rows.values() if row.new.app_id == app_id]
            self._remove(rows)
            return Removed(len(rules), len(rows))

    def finished_count(self) -> int:
        with self._lock:
            return len(self._rows) - self._pending_count

    def remove_finished(self, limit: int, created_before_at: datetime | None = None) -> int:
        with self._lock:
            finished = (
                row
                for row in self._rows.values()
                if row.state is not _PENDING and row.claim == NO_CLAIM
            )
            oldest = [
                row
                for row in itertools.islice(finished, limit)
                if created_before_at is None or row.new.due_at < created_before_at
            ]
            self._remove(oldest)
            return len(oldest)

    def begin_again(self, apps: Sequence[App]) -> None:
        self.reset()
        with self._lock:
            self._apps = {app.app_id: app for app in apps}
            self._settings.clear()
            self._rule_sequence = itertools.count(1)
            self._delivery_sequence = itertools.count(1)
            self._first_claim = next(self._claims)

    def close(self) -> None:
        """Do nothing: there is nothing to release."""

    def _give_back(self, row: Row) -> None:
        row.claim = NO_CLAIM
        assert row.due_at is not None, "a pending delivery is due some time"
        self._due.push((row.due_at, row.order, row.id))

    def _schedule(self, row: Row, due_at: datetime) -> None:
        row.due_at = due_at
        row.order = order = next(self._orders)
        self._due.push((due_at, order, row.id))

    def _finish(self, row: Row, state: DeliveryState) -> None:
        row.state = state
        row.due_at = None
        row.order = 0
        self._pending_count -= 1

    def _remove(self, rows: Sequence[Row]) -> None:
        known = [] if self._latest_removed_at is None else [self._latest_removed_at]
        self._latest_removed_at = max(known + instants_of(rows), default=None)
        for row in rows:
            del self._rows[row.id]
        self._pending_count -= sum(row.state is _PENDING for row in rows)

    def _rows_after(self, after: int) -> Iterator[Row]:
        if not after:
            return iter(self._rows.values())
        # Ids grow in the order of insertion, so most of the way to the tail can be skipped: all
        # but as many rows as ids are missing.
        first = next(iter(self._rows), 1)
        last = next(reversed(self._rows), 0)
        missing = last - first + 1 - len(self._rows)
        rows = itertools.islice(self._rows.values(), max(0, after + 1 - first - missing), None)
        return itertools.dropwhile(lambda row: row.id <= after, rows)

    def _rows_before(self, before: int | None) -> Iterator[Row]:
        rows = reversed(self._rows.values())
        if before is None or not self._rows:
            return rows
        # As above: most of the way can be skipped, because ids grow in the order of insertion.
        first, last = next(iter(self._rows)), next(reversed(self._rows))
        missing = last - first + 1 - len(self._rows)
        skipped = itertools.islice(rows, max(0, last - before + 1 - missing), None)
        return itertools.dropwhile(lambda row: row.id >= before, skipped)
