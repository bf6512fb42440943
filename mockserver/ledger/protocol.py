"""Says what every store of rules, deliveries and attempts promises the engine.

One suite of tests (`tests/ledger`) holds all stores to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from mockserver.core.catalog import Channel, PostbackType
from mockserver.core.errors import LastApp, RuleLimitReached
from mockserver.core.finding import DeliveryFilter
from mockserver.core.models import App, Attempt, Delivery, DueAttempt, NewDelivery, PostbackRule
from mockserver.core.outcome import Outcome
from mockserver.core.retry import DeliveryState
from mockserver.core.wording import count


class Result(NamedTuple):
    """A finished attempt and what follows it, to be written in one transaction.

    Attributes:
        started_at: Sandbox time, aware UTC.
        state: The state the delivery takes on.
        due_at: When the next attempt is due, aware UTC; None unless `state` is pending.
    """

    attempt: DueAttempt
    started_at: datetime
    outcome: Outcome
    state: DeliveryState
    due_at: datetime | None


class Removed(NamedTuple):
    """How much was deleted together with something else."""

    rules: int
    deliveries: int


class LatestPage(NamedTuple):
    """Some deliveries, the newest first.

    Attributes:
        before: What to ask with for more; None if all were looked at.
    """

    deliveries: list[Delivery]
    before: int | None


class Backwards(NamedTuple):
    """Which page of deliveries, the newest first.

    Attributes:
        limit: How many at most.
        before: Those before this id only.
        look_through: After how many ids to stop, so that nobody waits for long.
    """

    limit: int
    before: int | None = None
    look_through: int = 50_000


class Ledger(Protocol):
    """Rules, deliveries and attempts. Every method may be called from any thread."""

    def put_app(self, app: App) -> None:
        """Add an app, or replace the one with the same app id."""

    def app(self, app_id: str) -> App | None:
        """Return the app with this id, or None."""

    def apps(self) -> list[App]:
        """Return all apps, ordered by app id."""

    def app_ids(self) -> list[str]:
        """Return the ids of all apps, in order, also of one that cannot be read."""

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

        The id is `postback_id_of` a sequence that never goes back, not even on `reset`.

        Raises:
            RuleLimitReached: The app's places are taken.
        """

    def rules(self, app_id: str | None = None) -> list[PostbackRule]:
        """Return the rules of one app, or of all, oldest first."""

    def rule_count(self) -> int:
        """Return how many rules there are, also of those that cannot be read."""

    def delete_rule(self, app_id: str, postback_id: int) -> bool:
        """Delete a rule and free its place; return whether there was one.

        Deliveries that are pending already go on.
        """

    def add_deliveries(self, new: Sequence[NewDelivery]) -> list[Delivery]:
        """Take in deliveries as pending, in this order, in one transaction."""

    def delivery(self, delivery_id: int) -> Delivery | None:
        """Return one delivery as it stands, or None."""

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

    def find_deliveries(
        self, wanted: DeliveryFilter, *, after: int = 0, limit: int | None = None
    ) -> list[Delivery]:
        """Return deliveries that pass a filter, by id, those after id `after` only."""

    def find_latest(self, wanted: DeliveryFilter, asked: Backwards) -> LatestPage:
        """Return deliveries that pass a filter, the newest first.

        It may stop after it has looked through as many ids as asked for, with as few as no
        deliveries, and then says where to go on.
        """

    def deliveries_of(self, delivery_ids: Sequence[int]) -> list[Delivery]:
        """Return the deliveries with these ids, by id; those that are unknown are left out."""

    def delivery_count(self) -> int:
        """Return how many deliveries there are."""

    def attempts(self, delivery_id: int) -> list[Attempt]:
        """Return the attempts of one delivery in the order in which they were recorded."""

    def attempts_of(self, delivery_ids: Sequence[int]) -> dict[int, list[Attempt]]:
        """Return the attempts of many deliveries by delivery id, each in the order recorded."""

    def next_due_at(self) -> datetime | None:
        """Return the earliest instant at which an unclaimed attempt is due."""

    def soonest(self, limit: int) -> list[Delivery]:
        """Return the deliveries whose unclaimed attempt is due first, in the order of `claim`."""

    def latest_at(self) -> datetime | None:
        """Return the latest instant it knows of: a delivery's creation, an attempt's end."""

    def pending_count(self) -> int:
        """Return how many deliveries are pending."""

    def claim(self, until_at: datetime, limit: int) -> list[DueAttempt]:
        """Claim up to `limit` attempts due not after `until_at`, so that no other does.

        They come in the order in which they fell due; those due at the same instant in the
        order in which they were scheduled. The claim is durable before this returns.
        """

    def claim_resend(self, delivery_id: int, due_at: datetime) -> DueAttempt | None:
        """Return a manual attempt of any delivery, whatever its state; None if unknown.

        It takes no claim on the schedule and nothing of it survives a crash. No two of them are
        equal, also those of one delivery at one instant.
        """

    def record(self, results: Sequence[Result]) -> None:
        """Write finished attempts, in this order, and what follows each: one transaction.

        A scheduled attempt whose claim is not (or no longer) the delivery's is not written.
        One whose delivery a manual success has ended meanwhile is written, and leaves the
        state as it is. A manual attempt changes the state only from pending to delivered.
        """

    def release(self, attempts: Sequence[DueAttempt], *, begun: bool = False) -> None:
        """Give back claims whose attempts have no outcome; their order is unchanged.

        Args:
            attempts: Those whose claim is not (or no longer) the delivery's are passed over.
            begun: Whether they may have been sent: the next try is marked `repeated`.
        """

    def free_ended(self) -> int:
        """Give back the claims of deliveries that have ended; return how many.

        Someone has resent them with success while a scheduled attempt was under way, and the
        process has died. For whoever has no attempt under way.
        """

    def recover(self, *, begun: bool = True) -> int:
        """Give back the claims of what is pending; return how many. It is due again, in order.

        For whoever makes all attempts and has none under way: after processes that died, or if it
        does not know whether a claim of its own was written.

        Args:
            begun: Whether they may have been sent: the next try is marked `repeated`.
        """

    def problem(self) -> str | None:
        """Return at once why it takes nothing now, in words; None if it does."""

    def load_setting(self, name: str) -> str | None:
        """Return a value that `save_setting` kept, or None."""

    def save_setting(self, name: str, value: str) -> None:
        """Keep a value over restarts, e.g. where the clock stands."""

    def reset(self) -> None:
        """Forget rules, deliveries and attempts; keep apps and settings."""

    def delete_app(self, app_id: str) -> Removed | None:
        """Delete an app with its rules and its deliveries, also pending ones; None if unknown.

        What is under way of them is not recorded any more.

        Raises:
            LastApp: It is the only one.
        """

    def finished_count(self) -> int:
        """Return how many deliveries are not pending any more."""

    def remove_finished(self, limit: int, created_before_at: datetime | None = None) -> int:
        """Delete deliveries that are not pending any more, with their attempts; the oldest first.

        Those of which an attempt is under way stay.

        Args:
            limit: How many at most, and how many to look at.
            created_before_at: Only those that were created earlier, aware UTC.

        Returns:
            How many were deleted.
        """

    def begin_again(self, apps: Sequence[App]) -> None:
        """Forget everything, put these apps, and count ids from 1 again, as in a new ledger.

        Claims of before mean nothing afterwards. To be called while no attempt is under way.
        """

    def close(self) -> None:
        """Release what the ledger holds; no method may be called after it."""


def rule_limit_reached(app_id: str, limit: int) -> RuleLimitReached:
    """Return the error that says that an app's places for rules are taken."""
    return RuleLimitReached(
        f"app {app_id!r} has {count(limit, 'postback rule')} already, which is the maximum; "
        "delete one with deletePostback first"
    )


def last_app(app_id: str) -> LastApp:
    """Return the error that says that an app cannot be deleted because there is no other."""
    return LastApp(
        f"{app_id!r} is the only app, and a sandbox needs one; add another one first, with PUT "
        "/_sandbox/apps/<app id>"
    )
