"""Holds what happened in a test, for its assertions and for the check at its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from mockserver.core.models import App, PostbackRule
from mockserver.delivery.history import DeliveryHistory, Triggered
from mockserver.receiver.inboxes import Inboxes
from mockserver.receiver.journal import ReceivedRequest
from mockserver.testing.api_calls import RefusedCall


@dataclass(frozen=True, slots=True)
class Evidence:
    """What happened in one test until now; made by `Leanplum`.

    Attributes:
        app: The app of the test, with its keys.
        rules: The rules that are registered, oldest first.
        triggered: The events that the test has let happen, oldest first.
        deliveries: All deliveries with their attempts, oldest first.
        tracebacks: By delivery id, the last traceback of the application it went to.
        refused_calls: The calls of Leanplum's API that were refused, oldest first.
        expected: The ids of the deliveries that the test knows to be lost or rejected.
        inboxes: The inboxes of the receiver; they are read only when a test asks for requests.
        now: Returns the present of the sandbox, aware, in UTC. It is called only for the text
            of a failure: freezegun can be told to move the time at every look.
    """

    app: App
    rules: tuple[PostbackRule, ...]
    triggered: tuple[Triggered, ...]
    deliveries: tuple[DeliveryHistory, ...]
    tracebacks: Mapping[int, str]
    refused_calls: tuple[RefusedCall, ...]
    expected: frozenset[int]
    inboxes: Inboxes
    now: Callable[[], datetime]

    @property
    def templates(self) -> dict[int, str]:
        """Return the templates of the rules by postback id."""
        return {rule.postback_id: rule.url for rule in self.rules}

    def requests_at(self, inbox: str) -> list[ReceivedRequest]:
        """Return what an inbox got, in the order of arrival.

        Raises:
            InvalidValue: No inbox can have this name.
        """
        return self.inboxes.inbox(inbox, "").requests
