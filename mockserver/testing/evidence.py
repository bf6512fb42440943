"""Holds what happened in a test, for its assertions and for the check at its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from mockserver.core.models import App, postback_id_of
from mockserver.delivery.history import DeliveryHistory, Triggered
from mockserver.receiver.inboxes import inbox_of
from mockserver.receiver.journal import ReceivedRequest
from mockserver.sandbox import Sandbox
from mockserver.testing.api_calls import RefusedCall

if TYPE_CHECKING:
    from mockserver.testing.partner import Partner


# Without slots: that is where a cached property keeps its value.
@dataclass(frozen=True)
class Evidence:
    """What happened in one test until now; made by `Leanplum`.

    What is in the sandbox is read when it is first asked for, and only once: most assertions hold,
    and those need only a part of it.

    Attributes:
        sandbox: Where everything happened.
        app: The app of the test, with its keys.
        triggered: The events that the test has let happen, oldest first.
        applications: The applications that postbacks are delivered to.
        refused_calls: The calls of Leanplum's API that were refused, oldest first.
        unawaited: The calls of `leanplum.aio` that were never begun, and where they stand.
        refused_connections: What code under test was told that was not let out; each once.
        expected: The ids of the deliveries that the test knows to be lost or rejected.
        timed: The ids of the deliveries of which the test has asserted when attempts were made.
        named_inboxes: The inboxes that the test has asked for.
    """

    sandbox: Sandbox
    app: App
    triggered: tuple[Triggered, ...] = ()
    applications: tuple[Partner, ...] = ()
    refused_calls: tuple[RefusedCall, ...] = ()
    unawaited: tuple[str, ...] = ()
    refused_connections: tuple[str, ...] = ()
    expected: frozenset[int] = frozenset()
    timed: frozenset[int] = frozenset()
    named_inboxes: frozenset[str] = frozenset()

    @cached_property
    def deliveries(self) -> tuple[DeliveryHistory, ...]:
        """Return all deliveries with their attempts, oldest first."""
        # Call it: `tuple(sandbox.deliveries)` would read the ledger twice, once for the length.
        return tuple(self.sandbox.deliveries())

    @cached_property
    def templates(self) -> dict[int, str]:
        """Return the templates of the rules that are registered, by postback id."""
        return {rule.postback_id: rule.url for rule in self.sandbox.postbacks()}

    @property
    def known_urls(self) -> list[str]:
        """Return the templates of all rules, and the URLs that were sent; none if one is missing.

        Who has deleted a rule may ask for what it would have sent.
        """
        registered = set(self.templates)
        is_deleted = any(call.action == "deletePostback" for call in self.sandbox.api.calls)
        as_counted = {postback_id_of(number + 1) for number in range(len(registered))}
        fired = {each.postback_id for each in self.deliveries}
        if is_deleted or registered != as_counted or not fired <= registered:
            return []
        return [*self.templates.values(), *(each.url for each in self.deliveries)]

    @cached_property
    def tracebacks(self) -> dict[int, str]:
        """Return, by delivery id, the last traceback of the application it went to."""
        failures = (each for application in self.applications for each in application.failures)
        return {
            failure.attempt.delivery_id: failure.traceback
            for failure in failures
            if not failure.place
        }

    @cached_property
    def now_at(self) -> datetime:
        """Return the present of the sandbox, aware, in UTC.

        freezegun can be told to move the time at every look, so a passing assertion does not look.
        """
        return self.sandbox.now()

    @property
    def inboxes(self) -> list[str]:
        """Return the names of the inboxes in use, sorted."""
        return self.sandbox.inboxes.names()

    @property
    def known_inboxes(self) -> list[str]:
        """Return the names of the inboxes that are in use, asked for, or led to by a rule."""
        led_to = {inbox_of(url) for url in self.templates.values()} - {None}
        return sorted({*self.inboxes, *self.named_inboxes, *filter(None, led_to)})

    def requests_at(self, inbox: str) -> list[ReceivedRequest]:
        """Return what an inbox got, in the order of arrival.

        Raises:
            InvalidValue: No inbox can have this name.
        """
        return self.sandbox.inbox(inbox).requests
