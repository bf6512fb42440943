"""Puts a ledger, a clock, a transport and a receiver together, for tests, servers and scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self

from mockserver.api.leanplum_api import LeanplumApi
from mockserver.core.assumed import AssumedAnswers
from mockserver.core.catalog import Channel, PostbackType, event_kind
from mockserver.core.clock import ManualClock, MovableClock, check_room
from mockserver.core.errors import LedgerUnusable, UnknownDelivery
from mockserver.core.events import draft_event
from mockserver.core.models import App, Attempt, Event, PostbackRule, is_id
from mockserver.delivery.apps import Apps, DeletedApp, check_fits
from mockserver.delivery.beside import WorkBeside
from mockserver.delivery.engine import Engine
from mockserver.delivery.feed import Feed
from mockserver.delivery.history import (
    Deliveries,
    DeliveryHistory,
    Triggered,
    as_taken,
    history,
    what_came_of,
)
from mockserver.delivery.intake import take_events, take_rule
from mockserver.delivery.made_attempts import MadeAttempts
from mockserver.delivery.policies import Policies
from mockserver.delivery.retention import Keep
from mockserver.delivery.sandbox_time import SandboxTime, is_virtual
from mockserver.delivery.wiring import SocketOptions, Wiring
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.protocol import Ledger
from mockserver.receiver.inboxes import Inbox, Inboxes
from mockserver.time.clock_lock import ClockLock
from mockserver.transport.protocol import ConcurrentTransport, Transport

if TYPE_CHECKING:
    from mockserver.delivery.reach import Reach

#: How long `resend` waits for an attempt that another thread makes.
RESEND_REAL_SECONDS = 5.0


class Sandbox(SandboxTime):
    """Leanplum's side of postbacks, on one machine.

    Without arguments everything is in memory and the clock stands still: the receiver is
    reached without a socket, a timeout costs no time. Use it as a context manager, or call
    `close`, to release sockets and threads.

    Args:
        apps: The apps that exist; one with the documentation's example keys by default.
        clock: A `ManualClock` by default.
        ledger: A `MemoryLedger` by default.
        transport: Takes the postbacks that neither an inbox nor a `route` takes; by default
            they leave through sockets. Whoever made it closes it.
        sockets: Lets the receiver listen on a real port; by default inboxes are reached in the
            process. Cannot be combined with a concurrent `transport`.
        inboxes: The receiver's scripts and journal; new ones by default.
        feed: Keeps what happened lately; a new one by default.
        keep: Which finished deliveries stay; all by default.
        answers: How the API answers where Leanplum's documentation does not say it.
        keep_clock: Writes down where the clock is about to stand; see `Engine`.

    Raises:
        InvalidValue: There is no app, or both `sockets` and a concurrent `transport`.
        AddressUnavailable: The receiver cannot listen where `sockets` says.
    """

    def __init__(
        self,
        *,
        apps: Iterable[App] = (App(),),
        clock: MovableClock | None = None,
        ledger: Ledger | None = None,
        transport: Transport | ConcurrentTransport | None = None,
        sockets: SocketOptions | None = None,
        inboxes: Inboxes | None = None,
        feed: Feed | None = None,
        keep: Keep = Keep(),  # noqa: B008 (it never changes)
        answers: AssumedAnswers = AssumedAnswers(),  # noqa: B008 (it never changes)
        keep_clock: Callable[[datetime], object] = lambda stands_at: None,
    ) -> None:
        #: What calls about an app or a rule that does not exist are answered.
        self.answers: AssumedAnswers = answers
        self.clock: MovableClock = ManualClock() if clock is None else clock
        self.ledger: Ledger = MemoryLedger() if ledger is None else ledger
        self.inboxes: Inboxes = Inboxes(now=self.clock.now) if inboxes is None else inboxes
        self.feed: Feed = Feed() if feed is None else feed
        #: Leanplum's API: how it fails, and what it was asked.
        self.api: LeanplumApi = LeanplumApi()
        feed_call = self.feed.add
        self.api.on_call(lambda call: feed_call("call", call.facts()))
        self.inboxes.on_forwarded(self.feed.add_forwarded)
        self.deliveries: Deliveries = Deliveries(self.ledger)
        self._apps = Apps(self.ledger, apps)
        #: The ids of all apps, for those who must not wait for the ledger.
        self.app_ids: set[str] = set(self.ledger.app_ids())
        self._made = MadeAttempts(self.feed)
        listeners = self._made.listeners
        #: Has a function called with every attempt, after it was recorded.
        self.on_attempt: Callable[[Callable[[Attempt], None]], None] = listeners.append
        #: What is called when the sandbox is closed, before anything of it stops.
        self.closing: list[Callable[[], object]] = []
        self.clock_mode = self.clock.mode
        policies = Policies(self.ledger)
        self._clock_lock = ClockLock()
        # No part holds the whole: a sandbox goes as soon as nobody has it, without a collection.
        self._wiring = Wiring(
            self.inboxes,
            is_virtual=partial(is_virtual, self.clock, self._clock_lock),
            timeout_of=policies.timeout_of,
            sockets=sockets,
            transport=transport,
        )
        self.engine: Engine = Engine(
            self.ledger,
            self._wiring.transport,
            self.clock,
            account=self._wiring.account,
            on_results=self._made,
            keep_clock=keep_clock,
            policies=policies,
            clock_lock=self._clock_lock,
        )
        self._wiring.start()
        self._beside = WorkBeside(
            self.engine, self.ledger, self.clock, self.feed, keep, is_served=sockets is not None
        )
        self._background = self._beside.background

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop threads and sockets, end requests that hang, and close the ledger.

        Attempts under way stay claimed; a sandbox that is started on the same ledger file repeats
        them.
        """
        self.feed.close()
        for close in self.closing:
            close()
        self.engine.stop()
        self._wiring.stop()
        self._beside.stop()
        self.engine.close()
        self.ledger.close()

    @property
    def receiver_url(self) -> str:
        """Return where the receiver is found; inboxes are below `/inbox/` there."""
        return self._wiring.receiver_url

    @property
    def destinations(self) -> tuple[Literal["local", "public"], tuple[str, ...] | None]:
        """Return which addresses postbacks go to, and which hosts are named; None for any."""
        return self._wiring.destinations

    def foreseen_refusal(self, url: str) -> str | None:
        """Return in a sentence that postbacks to a template URL will be refused, or may be."""
        return self._wiring.foreseen_refusal(url)

    @property
    def reach(self) -> Reach:
        """Return where postbacks go, for whoever sends something else there."""
        return self._wiring.reach

    # Apps and rules

    def app(self, app_id: str | None = None) -> App:
        """Return an app, the default one unless named.

        Raises:
            UnknownApp: There is no such app.
        """
        return self._apps.find(app_id or None)

    @property
    def default_app_id(self) -> str:
        """Return the id of the app that is meant where none is named: the first given one."""
        return self._apps.default_id

    def put_app(self, app: App) -> None:
        """Add an app, or replace the keys and knobs of the one with its app id.

        Raises:
            InvalidValue: Its retry policy takes more than ten years.
            TooMuch: There are as many apps as there may be.
        """
        check_fits(app, self.app_ids)
        self.ledger.put_app(app)
        self.app_ids.add(app.app_id)
        self.engine.app_changed(app)

    def delete_app(self, app_id: str) -> DeletedApp:
        """Delete an app with its rules and its deliveries; pending ones are not sent any more.

        Raises:
            LastApp: It is the only one.
            UnknownApp: There is no such app.
        """
        deleted = self._apps.delete(app_id)
        self.app_ids.discard(app_id)
        self.engine.app_gone(app_id)
        self.api.scripts.forget_app(app_id)
        self.feed.add("app", {"deleted": app_id, "comes_back": deleted.comes_back})
        return deleted

    def add_postback(
        self,
        url: str,
        type: PostbackType | str = PostbackType.MESSAGE_EVENTS,
        channels: Iterable[Channel | str] | None = None,
        app_id: str | None = None,
    ) -> PostbackRule:
        """Register a postback rule, as `addPostback` does.

        Args:
            url: The template, e.g. `https://example.com/in?user={{User ID}}`.
            type: `messageEvents` or `abTestEvents`.
            channels: Names of channels; all three if there are none.
            app_id: The default app unless given.

        Raises:
            InvalidTemplate: The template has a mistake.
            InvalidValue: A type or channel does not exist.
            RuleLimitReached: The app has three rules already.
            UnknownApp: There is no such app.
        """
        app = self.app(app_id)
        rule = take_rule(self.ledger, app, url, type, channels, self.clock.now())
        self.feed.add("rule", {"added": rule.postback_id, "app_id": rule.app_id, "url": url})
        return rule

    def postbacks(self, app_id: str | None = None) -> list[PostbackRule]:
        """Return the rules of an app, oldest first."""
        return self.ledger.rules(self.app(app_id).app_id)

    def delete_postback(self, postback_id: int, app_id: str | None = None) -> bool:
        """Delete a rule; return whether there was one. Pending deliveries go on."""
        app_id = self.app(app_id).app_id
        deleted = is_id(postback_id) and self.ledger.delete_rule(app_id, postback_id)
        if deleted:
            self.feed.add("rule", {"deleted": postback_id})
        return deleted

    # Events

    def trigger(self, name: str, app_id: str | None = None, **overrides: Any) -> Triggered:
        """Let an event happen now, and make the first attempts of the rules it fires.

        Args:
            name: E.g. `email.click`; `postbacks events` lists all names.
            app_id: The default app unless given.
            overrides: `user_id`, `device_id`, `message_id`, `template_name`, `parameters`,
                `ab_test_id`, `variant_id`, `triggered_at`.

        Raises:
            InvalidEvent: There is no such event, or no such field.
            UnknownApp: There is no such app.
        """
        kind = event_kind(name)
        app_id = self.app(app_id).app_id
        return self.post_events([draft_event(kind, app_id, self.clock.now(), overrides)])[0]

    def post_events(self, events: Sequence[Event]) -> list[Triggered]:
        """Let events happen, all or none; return what each led to, in their order.

        On a running clock that is without attempts: they are made after the answer.

        Raises:
            InvalidEvent: Leanplum could not have produced one of them.
            UnknownApp: One belongs to no app.
            InvalidValue: The clock is frozen at an instant from which nothing can be scheduled.
        """
        check_room(self.clock.now())
        taken = take_events(self.ledger, events, self.clock.now())
        self.feed.add_all(
            "event",
            [
                {"event": event, "delivery_ids": [delivery.id for delivery in deliveries]}
                for event, _, deliveries in taken
            ],
        )
        try:
            self.settle()
            if self._background is None:
                return what_came_of(self.ledger, taken)
        except LedgerUnusable:
            # They are on file, and what could not be sent or written now is still to be done.
            # Whoever heard of a failure would let them happen again.
            if self._beside.settling_later is not None:
                self._beside.settling_later.ask()
        # On a running clock attempts are made later, and it would be a matter of luck to see one.
        return as_taken(taken)

    # Deliveries

    def delivery(self, delivery_id: int) -> DeliveryHistory:
        """Return one delivery with its attempts.

        Raises:
            UnknownDelivery: No delivery has this id.
        """
        return history(self.ledger, delivery_id)

    @property
    def attempts(self) -> list[Attempt]:
        """Return every attempt, by its start."""
        attempts = [attempt for delivery in self.deliveries for attempt in delivery.attempts]
        return sorted(attempts, key=lambda attempt: attempt.started_at)

    def resend(self, delivery_id: int) -> DeliveryHistory:
        """Make one attempt now, outside the schedule; a success ends a pending delivery.

        See `resend_within`, which also tells which attempt this was.

        Raises:
            UnknownDelivery: No delivery has this id.
        """
        return self.resend_within(delivery_id)[0]

    def resend_within(
        self, delivery_id: int, real_seconds: float = RESEND_REAL_SECONDS
    ) -> tuple[DeliveryHistory, Attempt | None]:
        """Make one attempt now, and wait up to so long for it if another thread makes it.

        Returns the delivery, and the attempt that was made; None if it is still under way, as
        always for code that an attempt has called.

        Raises:
            UnknownDelivery: No delivery has this id, or a reset has forgotten it meanwhile.
        """
        check_room(self.clock.now())
        asked = self.engine.resend(self.delivery(delivery_id).id, settle=False)
        asked.wait(real_seconds, self.settle, lambda: self.engine.is_waiting_useless)
        if asked.is_dropped:
            raise UnknownDelivery(f"delivery {delivery_id} was forgotten by a reset")
        return self.delivery(delivery_id), asked.made

    # The receiver

    def inbox(self, name: str) -> Inbox:
        """Return the receiver's inbox of this name; it exists as soon as it is named."""
        return self.inboxes.inbox(name, self.receiver_url)

    def route(
        self, accepts: Callable[[str], bool], transport: Transport, *, last: bool = False
    ) -> None:
        """Let `transport` make the attempts to some URLs.

        Args:
            accepts: Returns whether a URL is one of them. The latest route is asked first, and
                routes are asked before inboxes.
            transport: Makes the attempts, in this process.
            last: Whether it is asked after all routes there are, and after inboxes.
        """
        self._wiring.transport.add_route(accepts, transport, last=last)

    def reset(self, *, everything: bool = False) -> tuple[int, int]:
        """Forget rules, deliveries and received requests; keep apps and the clock.

        Requests that hang are ended. Returns how many rules and deliveries there were. With
        `everything` it is as if new: only the apps that were given, the clock at its start, ids
        from 1 on.

        Raises:
            AdvanceInProgress: Everything is to be forgotten while time is being moved.
        """
        # What is thrown away need not be read, which may be impossible.
        removed = self.ledger.rule_count(), self.ledger.delivery_count()
        if everything:
            self._end_hangs()
            self._wiring.end_waiting()
            self.engine.begin_again(lambda: self.ledger.begin_again(self._apps.given))
            self.app_ids = set(self.ledger.app_ids())
        else:
            self.ledger.reset()
            self.engine.forget()
        self._wiring.end_waiting()
        self.inboxes.reset()
        self.api.reset()
        self.feed.add("reset", {"everything": True} if everything else {})
        return removed
