"""Leanplum in a test: what fixtures hand out, and what works without pytest as well.

Decides: which parts of a sandbox a test sees, and what is wrong at its end. Place in the
flow: stands on the sandbox; the pytest plugin and scripts stand on this. Must not import:
pytest; Flask, requests or responses before something needs them.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast, get_args
from urllib.parse import unquote

from mockserver.core.catalog import Channel, PostbackType
from mockserver.core.errors import InvalidValue
from mockserver.core.models import (
    EXAMPLE_APP_ID,
    App,
    Attempt,
    KeyClass,
    ParametersEncoding,
    PostbackRule,
)
from mockserver.core.retry import DEFAULT_RETRY_POLICY, RetryPolicy
from mockserver.delivery.history import Deliveries, DeliveryHistory, Triggered
from mockserver.receiver.inboxes import Inbox
from mockserver.sandbox import Sandbox
from mockserver.testing.assertions import Assertions
from mockserver.testing.clock import FollowingClock
from mockserver.testing.failure_text import CANDIDATES, raised_in_words, timeline, tracebacks
from mockserver.testing.interception import Interception
from mockserver.testing.problems import Problem, RefusedCall, problems_of
from mockserver.time.advance import Advance

if TYPE_CHECKING:
    from mockserver.client.wire import Reply, WsgiWire
    from mockserver.testing.partner import Partner


class Leanplum(Assertions):
    """Leanplum's side of one test; use it as a context manager.

    Everything is in memory and nothing waits. While time is frozen by freezegun or
    time-machine, the sandbox follows it, and moves it. While it is entered, calls that code in this
    process makes with `requests` to Leanplum's API are answered by it.

    Args:
        app_id: The app that exists, with the keys of the documentation's examples.
        retry_on: What is retried, e.g. `{"5xx", "timeout", "429"}`; the usual unless told.
        parameters_encoding: How `{{Parameters}}` is written.
        start: Where the clock stands at first, aware.
        strict: Whether requests to anybody but Leanplum are refused.
        intercept: Whether calls of Leanplum's API are answered at all.

    Attributes:
        sandbox: What does it all.
        app: The app, with its keys.
    """

    def __init__(
        self,
        *,
        app_id: str | None = None,
        retry_on: Iterable[str] | None = None,
        parameters_encoding: ParametersEncoding = "once",
        start: datetime | None = None,
        strict: bool = False,
        intercept: bool = True,
    ) -> None:
        self.app = App(
            EXAMPLE_APP_ID if app_id is None else checked_app_id(app_id),
            retry=(
                DEFAULT_RETRY_POLICY
                if retry_on is None
                else RetryPolicy(retry_on=frozenset(retry_on))
            ),
            parameters_encoding=checked_encoding(parameters_encoding),
        )
        self.sandbox = Sandbox(apps=[self.app], clock=FollowingClock(start))
        self._interception = Interception(self._answer, strict=strict) if intercept else None
        self._wire: WsgiWire | None = None
        self._partners: list[Partner] = []
        self._refused: list[RefusedCall] = []
        self._said: set[int] = set()
        self._triggered: list[Triggered] = []

    def __enter__(self) -> Self:
        if self._interception is not None:
            self._interception.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Answer no more, and release what was held."""
        with ExitStack() as stack:
            # Whatever a partner's end raises, the sandbox is closed.
            stack.callback(self.sandbox.close)
            for partner in self._partners:
                stack.callback(partner.close)
            if self._interception is not None:
                stack.callback(self._interception.stop)

    def __repr__(self) -> str:
        """Return what is in it, for the failures of tests that hold it."""
        rules, deliveries = len(self.postbacks), len(self.deliveries)
        return (
            f"<Leanplum: {rules} {'rule' if rules == 1 else 'rules'}, "
            f"{deliveries} {'delivery' if deliveries == 1 else 'deliveries'}>"
        )

    @property
    def app_id(self) -> str:
        """Return the id of the app, for calls of the API."""
        return self.app.app_id

    @property
    def key(self) -> str:
        """Return the data export key of the app, for calls of the API."""
        return self.app.keys[KeyClass.DATA_EXPORT]

    # Rules and events

    def add_postback(
        self,
        url: str,
        type: PostbackType | str = PostbackType.MESSAGE_EVENTS,
        channels: Iterable[Channel | str] | None = None,
    ) -> PostbackRule:
        """Register a postback rule, as `addPostback` does; see `Sandbox.add_postback`."""
        return self.sandbox.add_postback(url, type, channels)

    @property
    def postbacks(self) -> list[PostbackRule]:
        """Return the rules that are registered, whoever registered them."""
        return self.sandbox.postbacks()

    def trigger(self, name: str, **values: Any) -> Triggered:
        """Let an event happen, e.g. `trigger("email.click", user_id="ada")`."""
        triggered = self.sandbox.trigger(name, **values)
        self._triggered.append(triggered)
        return triggered

    # Time

    def now(self) -> datetime:
        """Return the present of the sandbox, aware, in UTC."""
        return self.sandbox.now()

    def advance(
        self, by: timedelta | str | None = None, *, to: datetime | None = None, **units: float
    ) -> Advance:
        """Move the clock, e.g. `advance(hours=10)` or `advance("10h")`; see `Sandbox.advance`."""
        return self.sandbox.advance(by, to=to, **units)

    def advance_to_next(self) -> Advance:
        """Move the clock to the next due instant and make what is due there."""
        return self.sandbox.advance_to_next()

    def run_until_idle(self) -> Advance:
        """Move the clock until nothing is pending any more."""
        return self.sandbox.run_until_idle()

    def settle(self) -> None:
        """Make what became due while somebody else moved the time, each at its own instant."""
        self.sandbox.settle()

    # What happened

    @property
    def deliveries(self) -> Deliveries:
        """Return all deliveries; call it to narrow them down."""
        return self.sandbox.deliveries

    @property
    def attempts(self) -> list[Attempt]:
        """Return every attempt, by its start."""
        return self.sandbox.attempts

    def resend(self, delivery: DeliveryHistory | int) -> DeliveryHistory:
        """Make one attempt of a delivery now, outside the schedule: a duplicate."""
        number = delivery if isinstance(delivery, int) else delivery.id
        return self.sandbox.resend(number)

    # Where postbacks go

    def inbox(self, name: str = "inbox") -> Inbox:
        """Return a receiver that does as it is told; postbacks go to its `url`."""
        return self.sandbox.inbox(name)

    def partner(self, url_prefix: str, app: Any) -> Partner:
        """Deliver postbacks whose URL begins so to an application in this process.

        Args:
            url_prefix: E.g. `https://partner.example/`.
            app: A WSGI or ASGI application: Flask, Django, FastAPI, or a plain callable.

        Raises:
            InvalidValue: `app` is neither, or the prefix is no URL.
        """
        # As every import below: most tests of a suite need neither partners nor the API.
        from mockserver.testing.partner import Partner

        partner = Partner(url_prefix, app, now=self.now, timeout=self.app.retry.timeout)
        self.sandbox.route(partner.accepts, partner.transport)
        self._partners.append(partner)
        return partner

    # At the end

    def problems(self) -> list[Problem]:
        """Return what went wrong without the test having said so.

        Calls of Leanplum's API that were refused, and deliveries that were lost or rejected
        and that no `assert_lost` or `assert_rejected` has asked for.
        """
        return problems_of(self, self._refused, self._said)

    def timelines(self, *, without: str = "") -> list[str]:
        """Return the newest deliveries as text, those apart that a text shows already."""
        templates = {rule.postback_id: rule.url for rule in self.postbacks}
        deliveries = list(self.deliveries)
        shown = [item for item in deliveries if f"delivery {item.id}: " not in without]
        raised = tracebacks(self.partners)
        texts = []
        for item in shown[-CANDIDATES:]:
            texts.append(timeline(item, templates.get(item.postback_id)))
            told = raised_in_words(raised.get(item.id))
            if told and told not in texts:
                texts.append(told)
        earlier = len(shown) - CANDIDATES
        if earlier > 0:
            texts.insert(0, f"({earlier} earlier {'delivery' if earlier == 1 else 'deliveries'})")
        return texts

    @property
    def refused_calls(self) -> list[RefusedCall]:
        """Return the calls of Leanplum's API that were refused."""
        return list(self._refused)

    @property
    def triggered(self) -> list[Triggered]:
        """Return the events that this test has let happen, and what each led to."""
        return list(self._triggered)

    @property
    def partners(self) -> list[Partner]:
        """Return the applications that postbacks are delivered to."""
        return list(self._partners)

    def said(self, deliveries: Iterable[DeliveryHistory]) -> None:
        """Take note that the test knows of these being lost."""
        self._said.update(delivery.id for delivery in deliveries)

    def _answer(
        self, method: str, target: str, headers: dict[str, str], content: bytes | None
    ) -> Reply:
        if self._wire is None:
            from mockserver.client.wire import WsgiWire
            from mockserver.web.app import create_app

            self._wire = WsgiWire(create_app(self.sandbox).wsgi_app)
        # The body is whole by now, whatever way it was to travel.
        own = ("host", "transfer-encoding", "content-length")
        passed = {name: value for name, value in headers.items() if name.lower() not in own}
        reply = self._wire.send(method, target, passed, content)
        if reply.status >= 400:
            asked = unquote(target.partition("?")[2])
            self._refused.append(RefusedCall(method, asked, content or b"", reply))
        return reply


def checked_app_id(app_id: str) -> str:
    """Return an app id.

    Raises:
        InvalidValue: It is empty.
    """
    if not app_id:
        raise InvalidValue("app_id is empty; leave it out for the documentation's example")
    return app_id


def checked_encoding(name: str) -> ParametersEncoding:
    """Return the name of an encoding of Parameters.

    Raises:
        InvalidValue: There is no such encoding.
    """
    for known in get_args(ParametersEncoding):
        if name == known:
            return cast(ParametersEncoding, known)
    raise InvalidValue(f"parameters_encoding is 'once' or 'twice', got {name!r}")


class LeanplumClock:
    """The clock of a test's Leanplum, for those who want nothing else.

    Args:
        leanplum: Whose clock it is.
    """

    def __init__(self, leanplum: Leanplum) -> None:
        self._leanplum = leanplum
        self.now = leanplum.now
        self.advance = leanplum.advance
        self.advance_to_next = leanplum.advance_to_next
        self.run_until_idle = leanplum.run_until_idle
        self.settle = leanplum.settle
