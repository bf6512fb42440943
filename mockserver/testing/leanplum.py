"""Offers Leanplum's side of a test: what the fixtures hand out, also for use without pytest.

Most tests need neither Flask, requests nor an application of their own, so these are imported only
when something needs them.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mockserver.api.leanplum_api import LeanplumApi
from mockserver.core.assumed import AssumedAnswers, UnknownApp, UnknownPostback
from mockserver.core.catalog import Channel, PostbackType
from mockserver.core.models import App, Attempt, KeyClass, ParametersEncoding, PostbackRule
from mockserver.delivery.history import Deliveries, DeliveryHistory, Triggered
from mockserver.receiver.inboxes import Inbox
from mockserver.sandbox import Sandbox
from mockserver.testing.api_calls import ApiCalls, RefusedCall
from mockserver.testing.app import make_app
from mockserver.testing.assertions import Assertions
from mockserver.testing.clock import FollowingClock
from mockserver.testing.destinations import Destinations
from mockserver.testing.evidence import Evidence
from mockserver.testing.interception.interception import Interception
from mockserver.testing.problems import Problem, problems_of
from mockserver.time.advance import Advance

if TYPE_CHECKING:
    from typing import Unpack

    from mockserver.core.names import ChannelName, EventFields, EventName, RuleType, TimeUnits
    from mockserver.testing.aio import LeanplumAio
    from mockserver.testing.awaited import AskedCall
    from mockserver.testing.partner import Partner


class Leanplum(Assertions):
    """Leanplum's side of one test; use it as a context manager.

    Everything is in memory and nothing waits. While time is frozen by freezegun or
    time-machine, the sandbox follows it, and moves it. While it is entered, calls that code in this
    process makes to Leanplum's API, with any client, are answered by it.

    Args:
        app_id: The one app of the sandbox; its keys are those of the documentation's examples.
        retry_on: What is retried, e.g. `{"5xx", "timeout", "429"}`; the usual unless told.
        parameters_encoding: How `{{Parameters}}` is written.
        start: Where the clock stands at first, aware.
        hosts: Where postbacks may go besides applications, inboxes and loopback addresses.
        strict: Whether other hosts than Leanplum's and this machine are refused, for every client.
        intercept: Whether calls of Leanplum's API are answered at all.
        unknown_app: What a call of an app that does not exist is answered: `invalid-key` (403) or
            `not-found` (404).
        unknown_postback: What deletePostback of an unknown id is answered: `warning` (200) or
            `not-found` (404).

    Raises:
        InvalidValue: `app_id` is empty, there is no such encoding, reason for a retry or answer,
            or one of `hosts` is no host.

    Attributes:
        sandbox: The whole sandbox.
        app: The app, with its keys.
    """

    def __init__(
        self,
        *,
        app_id: str | None = None,
        retry_on: Iterable[str] | None = None,
        parameters_encoding: ParametersEncoding = "once",
        start: datetime | None = None,
        hosts: Iterable[str] = (),
        strict: bool = False,
        intercept: bool = True,
        unknown_app: UnknownApp = "invalid-key",
        unknown_postback: UnknownPostback = "warning",
    ) -> None:
        self.app: App = make_app(app_id, retry_on, parameters_encoding)
        self.sandbox: Sandbox = Sandbox(
            apps=[self.app],
            clock=FollowingClock(start),
            answers=AssumedAnswers(unknown_app, unknown_postback),
        )
        self._calls = ApiCalls(self.sandbox)
        self._interception = Interception(self._calls, strict=strict) if intercept else None
        self._applications: list[Partner] = []
        self._inboxes: dict[str, Inbox] = {}
        # None of the parts holds the whole: it goes with the test, without a collection.
        self._destinations = Destinations(self._applications, self._inboxes, hosts)
        self.sandbox.route(self._destinations.refuses, self._destinations, last=True)
        self.sandbox.inboxes.refuses_to_forward = self._destinations.hosts.why_not_forwarded
        self._expected: set[int] = set()
        self._timed_ids: set[int] = set()
        self._triggered: list[Triggered] = []
        self._asked_calls: list[AskedCall] = []

    def __enter__(self) -> Self:
        if self._interception is not None:
            self._interception.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Answer no more, and release what was held."""
        with ExitStack() as stack:
            # Whatever an application raises at its end, the sandbox is closed.
            stack.callback(self.sandbox.close)
            for asked in self._asked_calls:
                stack.callback(asked.drop)
            for application in self._applications:
                stack.callback(application.close)
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
        type: PostbackType | RuleType = PostbackType.MESSAGE_EVENTS,
        channels: Iterable[Channel | ChannelName] | None = None,
    ) -> PostbackRule:
        """Register a postback rule, as `addPostback` does; see `Sandbox.add_postback`."""
        return self.sandbox.add_postback(url, type, channels)

    @property
    def postbacks(self) -> list[PostbackRule]:
        """Return the rules that are registered, whoever registered them."""
        return self.sandbox.postbacks()

    def trigger(self, name: EventName, **values: Unpack[EventFields]) -> Triggered:
        """Let an event happen, e.g. `trigger("email.click", user_id="ada")`."""
        triggered = self.sandbox.trigger(name, **values)
        self._triggered.append(triggered)
        return triggered

    # Time

    def now(self) -> datetime:
        """Return the present of the sandbox, aware, in UTC."""
        return self.sandbox.now()

    def advance(
        self,
        by: timedelta | str | None = None,
        *,
        to: datetime | None = None,
        **units: Unpack[TimeUnits],
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

    @property
    def aio(self) -> LeanplumAio:
        """Return the calls that send postbacks, to be awaited: the test's event loop goes on."""
        from mockserver.testing.aio import LeanplumAio

        return LeanplumAio(self, self._asked_calls)

    def settle_background(self, timeout: float = 5.0) -> None:
        """Wait for what applications have started while they answered: their threads and tasks.

        Threads of a pool that wait for work do not count, nor does what began with the startup.

        Args:
            timeout: How long, in real seconds.

        Raises:
            AssertionError: Something of it goes on after that.
            InvalidValue: It runs on the event loop that runs this call; await
                `leanplum.aio.settle_background()`.
        """
        __tracebackhide__ = True
        from mockserver.testing.background import wait_for_all

        wait_for_all(self._applications, timeout)

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
        inbox = self.sandbox.inbox(name)
        self._inboxes[inbox.name] = inbox
        return inbox

    def partner(self, url_prefix: str, app: Any) -> Partner:
        """Deliver postbacks whose URL begins with `url_prefix` to an application in this process.

        Args:
            url_prefix: E.g. `https://partner.example/`.
            app: A WSGI or ASGI application: Flask, Django, FastAPI, or a plain callable. Or the
                module `responses`, or a `RequestsMock` of it: what is registered there answers.

        Raises:
            InvalidValue: `app` is neither, or the prefix is no URL.
        """
        from mockserver.testing.partner import Partner

        now, timeout = self.sandbox.clock.now, self.app.retry.timeout
        application = Partner(url_prefix, app, now=now, timeout=timeout)
        self.sandbox.route(application.accepts, application.transport)
        self._applications.append(application)
        return application

    @property
    def api(self) -> LeanplumApi:
        """Return Leanplum's API: `api.behave("503*2,200")` lets it fail, `api.calls` is its log."""
        return self.sandbox.api

    # Who calls the API

    def add_to(self, mocks: Any) -> Any:
        """Add Leanplum's API, answered by this sandbox, to the mocks of `responses`.

        Mocks at the same address win for what they match. It is for suites in which `responses`
        decides about every request; else calls are answered without it as well.

        Args:
            mocks: The module `responses`, or a `RequestsMock`.

        Returns:
            What was added, for `mocks.remove`. It counts as called, also if it was not.

        Raises:
            InvalidValue: `mocks` is neither.
        """
        from mockserver.testing.mocked_api import add_api

        return add_api(mocks, self._calls)

    def environment(self, folder: Path) -> dict[str, str]:
        """Return the variables with which child processes are answered, too.

        Proxy and certificates are named as curl, Node (from 22.21 on), Go and the clients of
        Python read them. Of other hosts than Leanplum's, only this machine's are reached.

        Args:
            folder: Where files of certificates may be written, e.g. `tmp_path`.
        """
        from mockserver.testing.interception.environment import environment

        return environment(folder)

    def allow_host(self, host: str) -> None:
        """Let postbacks go to a host, over the network, as to an endpoint of one's own.

        Args:
            host: `shop.example`, `shop.example:8443` for one port, or `*.shop.example` for all
                names below. An address is written as usual.

        Raises:
            InvalidValue: It is no host.
        """
        self._destinations.allow(host)

    # At the end

    def problems(self) -> list[Problem]:
        """Return what went wrong without the test having said so.

        Calls of Leanplum's API that were refused, or of which an argument was ignored;
        connections that were not let out; calls of `aio` that were not awaited; and deliveries
        that were lost or rejected and that no `assert_lost` or `assert_rejected` has asked for.
        """
        for application in self._applications:
            application.transport.look()
        return problems_of(self._evidence())

    def timelines(self, *, without: str = "") -> list[str]:
        """Return the newest deliveries as text, without those that the text `without` shows."""
        from mockserver.testing.failure_text import newest_timelines

        return newest_timelines(self._evidence(), without=without)

    @property
    def refused_calls(self) -> list[RefusedCall]:
        """Return the calls of Leanplum's API that were refused."""
        return list(self._calls.refused)

    @property
    def triggered(self) -> list[Triggered]:
        """Return the events that this test has let happen, and what each led to."""
        return list(self._triggered)

    @property
    def partners(self) -> list[Partner]:
        """Return the applications that postbacks are delivered to."""
        return list(self._applications)

    def said(self, deliveries: Iterable[DeliveryHistory]) -> None:
        self._expected.update(delivery.id for delivery in deliveries)

    def _timed(self, deliveries: Iterable[DeliveryHistory]) -> None:
        self._timed_ids.update(delivery.id for delivery in deliveries)

    def _evidence(self) -> Evidence:
        return Evidence(
            self.sandbox,
            self.app,
            triggered=tuple(self._triggered),
            applications=tuple(self._applications),
            refused_calls=tuple(self._calls.refused),
            unawaited=tuple(asked.text for asked in self._asked_calls),
            refused_connections=tuple(self._interception.refusals if self._interception else ()),
            expected=frozenset(self._expected),
            timed=frozenset(self._timed_ids),
            named_inboxes=frozenset(self._inboxes),
        )


class LeanplumClock:
    """The clock of a test's Leanplum, for those who want nothing else.

    Args:
        leanplum: Whose clock it is.
    """

    def __init__(self, leanplum: Leanplum) -> None:
        self._leanplum = leanplum

    def now(self) -> datetime:
        """Return the present of the sandbox, aware, in UTC."""
        return self._leanplum.now()

    def advance(
        self,
        by: timedelta | str | None = None,
        *,
        to: datetime | None = None,
        **units: Unpack[TimeUnits],
    ) -> Advance:
        """Move the clock, e.g. `advance(hours=10)` or `advance("10h")`."""
        return self._leanplum.advance(by, to=to, **units)

    def advance_to_next(self) -> Advance:
        """Move the clock to the next due instant and make what is due there."""
        return self._leanplum.advance_to_next()

    def run_until_idle(self) -> Advance:
        """Move the clock until nothing is pending any more."""
        return self._leanplum.run_until_idle()

    def settle(self) -> None:
        """Make what became due while somebody else moved the time, each at its own instant."""
        self._leanplum.settle()
