"""Receives postbacks without a socket: same inboxes, same behaviours, same journal.

What answers are made of is imported with the first postback: many sandboxes never use an inbox.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

from mockserver.core.clock import later
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome
from mockserver.receiver.inboxes import INBOX_PATH, Inboxes, inbox_of

if TYPE_CHECKING:
    from mockserver.receiver.answers import ReceiverAnswer
    from mockserver.receiver.faults.base import Fault
    from mockserver.receiver.journal import ReceivedRequest

_Headers = tuple[tuple[bytes, bytes], ...]

_CLIENT = ("in-process", 0)
_USER_INFO = re.compile(r"^(https?://)([^/?#@]*)@")


class Written(NamedTuple):
    """A request as it would stand on the wire."""

    method: str
    target: str
    headers: _Headers
    body: bytes = b""


class InProcessReceiver:
    """A transport to the inboxes of this process; every duration is virtual.

    Args:
        inboxes: Scripts and journal.
        base_url: What the URL of every inbox begins with, e.g. `http://receiver.test`.
        timeout_of: How long an attempt may take.
    """

    def __init__(
        self,
        inboxes: Inboxes,
        base_url: str,
        *,
        timeout_of: Callable[[DueAttempt], timedelta],
    ) -> None:
        self._inboxes = inboxes
        self._base_url = base_url
        self._host = urlsplit(base_url).netloc.encode()
        self._prefix = f"{base_url}{INBOX_PATH}"
        self._timeout_of = timeout_of

    @property
    def batch(self) -> int:
        """Return how many may be recorded together: many, as nobody is called who could look.

        Whoever something is forwarded to could.
        """
        return 1 if self._inboxes.forwards else 1000

    def accepts(self, url: str) -> bool:
        """Return whether `url` leads to one of the inboxes."""
        if not url.startswith(self._prefix):
            if "@" not in url:
                return False
            url = _USER_INFO.sub(r"\1", url)
        return url.startswith(self._prefix) and inbox_of(url) is not None

    def written(self, attempt: DueAttempt) -> Written:
        """Return the request that a socket would carry: what `transport.curl` writes."""
        url = attempt.url
        authorization: _Headers = ()
        if not url.startswith(self._prefix):
            url, authorization = _without_user_info(url)
        target = url[len(self._base_url) :].partition("#")[0]
        host = ((b"Host", self._host), *authorization)
        return Written("POST", target, (*host, (b"Accept", b"*/*"), (b"Content-Length", b"0")))

    def send(self, attempt: DueAttempt) -> Outcome:
        """Record the request as it would arrive, and return what came of it."""
        from mockserver.receiver.accounted import accounted_answer

        method, target, headers, body = self.written(attempt)
        inbox = inbox_of(target)
        assert inbox is not None, "only accepted URLs are sent here"
        behaviour, shown = self._inboxes.next_behaviour(inbox)
        journal = self._inboxes.journal
        request = journal.arrived(
            inbox,
            method,
            target,
            f"{method} {target} HTTP/1.1".encode(),
            headers,
            body,
            _CLIENT,
            shown,
            (attempt.delivery_id, attempt.number),
        )
        answer = self._answer(behaviour, request)
        accounted = accounted_answer(answer, self._timeout_of(attempt))
        ended_at = later(request.arrived_at, accounted.ended_after)
        journal.ended(request, accounted.end, accounted.status, ended_at)
        outcome = accounted.outcome
        return outcome.counted_as(outcome.elapsed, request.id)

    def _answer(self, behaviour: Fault, request: ReceivedRequest) -> ReceiverAnswer:
        if behaviour.forwards_to is None:
            from mockserver.receiver.rendered import answer_of

            return answer_of(behaviour, request.method)
        from mockserver.receiver.forwarded import forwarded_answer

        forwarder = self._inboxes.forwarder
        forwarded = forwarder.send(behaviour.forwards_to, request, forwarder.limit)
        self._inboxes.forwarded(request, forwarded)
        answer = forwarded_answer(forwarded, request.method, "")
        return answer._replace(wait=behaviour.delay_time)


def _without_user_info(url: str) -> tuple[str, _Headers]:
    """Return the URL, and the header that its user info becomes."""
    match = _USER_INFO.match(url)
    assert match is not None, "only accepted URLs are sent here"
    rest = match[1] + url[match.end() :]
    if match[2] in ("", ":"):
        return rest, ()
    name, _, password = match[2].partition(":")
    credentials = unquote_to_bytes(name) + b":" + unquote_to_bytes(password)
    header = (b"Authorization", b"Basic " + base64.b64encode(credentials))
    return rest, (header,)
