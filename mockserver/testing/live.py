"""Shares a sandbox on real ports between the tests of a session, each with an app of its own.

It is for code that runs in other processes or is written in other languages.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from mockserver.client.leftovers import Leftovers
from mockserver.client.sandbox_client import Refused, SandboxClient
from mockserver.core.durations import duration_of, format_duration
from mockserver.core.errors import InvalidValue
from mockserver.core.hosts import host_of
from mockserver.live import LiveSandbox
from mockserver.web.shapes import (
    AdvanceRequest,
    AppRequest,
    AttemptJson,
    DeliveryJson,
    EventRequest,
    ReceivedJson,
)

if TYPE_CHECKING:
    import ssl


class LiveLeanplum:
    """Leanplum's side of one test, on real ports.

    Attributes:
        url: Where the sandbox answers.
        api_url: Where Leanplum's API is, to be given to the code under test.
        app_id: The app of this test.
        key: Its data export key.
        client: Everything else the control API can do.
    """

    def __init__(
        self, client: SandboxClient, app_id: str, config: Mapping[str, Any] | None = None
    ) -> None:
        self.client = client
        self.url: str = client.url
        self.api_url: str = f"{client.url}/api"
        self.app_id = app_id
        self.key: str = f"{app_id}-data-export-key"
        self._inboxes: list[str] = []
        self._leftovers = Leftovers(client)
        self._leftovers.app(app_id)
        client.put_app(app_id, _app_request(self.key, config or {}))

    def add_postback(
        self, url: str, type: str = "messageEvents", channels: list[str] | None = None
    ) -> int:
        """Register a rule through Leanplum's API; return its id."""
        return self.client.add_postback(self.app_id, url, type, channels or ())

    def trigger(self, name: str, **values: Any) -> list[DeliveryJson]:
        """Let an event happen in this test's app; return the deliveries it fired."""
        return self.client.trigger(EventRequest(name=name, app_id=self.app_id, **values)).deliveries

    def advance(self, by: str | timedelta | None = None, **units: float) -> list[AttemptJson]:
        """Move the clock of the whole sandbox, e.g. `advance("10h")` or `advance(hours=10)`.

        Returns the attempts that were made.
        """
        if (by is None) is not bool(units):
            raise InvalidValue("advance takes a duration like '10h', or units like hours=10")
        text = format_duration(duration_of(by, units, "advance"))
        answers = self.client.advances(AdvanceRequest(by=text))
        return [attempt for answer in answers for attempt in answer.attempts]

    def run_until_idle(self) -> list[AttemptJson]:
        """Move the clock of the whole sandbox until nothing is pending."""
        answers = self.client.advances(AdvanceRequest(until="idle"))
        return [attempt for answer in answers for attempt in answer.attempts]

    @property
    def deliveries(self) -> list[DeliveryJson]:
        """Return the deliveries of this test's app."""
        return self.client.deliveries(app_id=self.app_id, limit=1000).deliveries

    def inbox(self, behaviour: str = "200") -> LiveInbox:
        """Return a new inbox on a real port, with this script, e.g. `503*9,200`."""
        name = f"{self.app_id}-{len(self._inboxes) + 1}"
        self._inboxes.append(name)
        self._leftovers.inbox(name)
        answer = self.client.behave(name, behaviour)
        return LiveInbox(self.client, name, answer.url)

    def clear(self) -> None:
        """Delete the rules of this test, and forget its inboxes."""
        for rule in self.client.app(self.app_id).rules:
            self.client.delete_postback(self.app_id, rule.postback_id)
        for name in self._inboxes:
            self.client.clear_inbox(name)

    def remove(self) -> None:
        """Delete the app of this test with all that is its, and forget its inboxes.

        Raises:
            Refused: The app is still there; the message says why.
        """
        left = self._leftovers.remove()
        if left:
            raise Refused(f"this is still there: {', '.join(left)}")


class LiveInbox:
    """An inbox of a live sandbox."""

    def __init__(self, client: SandboxClient, name: str, url: str) -> None:
        self.name = name
        self.url = url
        self._client = client

    def behave(self, script: str) -> None:
        """Set what it does from its next request on, e.g. `503*9,200`."""
        self._client.behave(self.name, script)

    @property
    def requests(self) -> list[ReceivedJson]:
        """Return what it got, in the order of arrival."""
        return self._client.requests(self.name).requests

    def wait_for(self, count: int, timeout_real_seconds: float = 5.0) -> list[ReceivedJson]:
        """Return what it got as soon as there are `count` requests, or time is up."""
        return self._client.requests(
            self.name, wait_for=count, timeout_real_seconds=timeout_real_seconds
        ).requests


class LiveServer:
    """A sandbox that the tests of a session share.

    Attributes:
        client: Calls it.
        url: Where it answers.
    """

    def __init__(self, client: SandboxClient, live: LiveSandbox | None) -> None:
        self.client = client
        self.url: str = client.url
        self._live = live

    def begin(self, config: Mapping[str, Any] | None = None) -> LiveLeanplum:
        """Return a part of it for one test, whose app has these knobs.

        Raises:
            InvalidValue: There is no such knob, or it does not take this value.
        """
        return LiveLeanplum(self.client, f"test-{secrets.token_hex(4)}", config)

    def end(self, live: LiveLeanplum) -> None:
        """Remove the part of a test; of a sandbox that was started here, everything."""
        if self._live is not None:
            # This also ends requests that hang, so that they do not delay the next test.
            self._live.sandbox.reset()
        else:
            live.remove()


def forbidden_by_pytest_socket(url: str) -> str | None:
    """Return in a line what to allow, if pytest-socket forbids this test to call a sandbox."""
    from mockserver.testing.interception.socket_guard import why_not

    found = host_of(url)
    host = "127.0.0.1" if found is None or found.name == "localhost" else found.name
    forbidden = why_not(host)
    return None if forbidden is None else f"it is called at {host}, and {forbidden}"


def _app_request(key: str, config: Mapping[str, Any]) -> AppRequest:
    try:
        return msgspec.convert({"keys": {"data_export": key}, **config}, AppRequest)
    except msgspec.ValidationError as error:
        knobs = ", ".join(name for name in AppRequest.__struct_fields__ if name != "keys")
        raise InvalidValue(f"leanplum_config: {error}; it takes {knobs}") from None


@contextmanager
def serving(
    url: str | None,
    address: tuple[str, int],
    tls_context: ssl.SSLContext | None = None,
    ca_file: str | Path | None = None,
) -> Iterator[LiveServer]:
    """Serve a sandbox at `address`, or take the one at `url`.

    Args:
        url: Where a sandbox answers already; None to start one.
        address: Host and port where the started one listens.
        tls_context: What the started one speaks TLS with; None for plain HTTP.
        ca_file: A PEM file with the certificates that the client and the started one trust.

    Raises:
        InvalidValue: There are no certificates in `ca_file`, or a client would not trust that
            of `tls_context` at `address`.
        ServerUnreachable: No sandbox answers at `url`.
    """
    if url is not None:
        client = SandboxClient(url, ca_file=ca_file)
        client.health()
        yield LiveServer(client, None)
        return
    host, port = address
    with LiveSandbox(host=host, port=port, tls_context=tls_context, ca_file=ca_file) as live:
        yield LiveServer(SandboxClient(live.url, ca_file=ca_file), live)
