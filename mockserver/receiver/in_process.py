"""The receiver without a socket: same inboxes, same behaviours, same journal.

Decides: what an attempt to an inbox comes to when nothing leaves the process. Place in the
flow: a transport of the sandbox for its own inboxes. Must not import: sockets, engines.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import KEPT_BODY_BYTES, Outcome, OutcomeKind, timeout_outcome
from mockserver.receiver.answers import Answer, answer_of, head_time
from mockserver.receiver.behaviours import Behaviour, Close, Drip, Malformed, Reset, Truncated
from mockserver.receiver.inboxes import INBOX_PATH, Inboxes, inbox_of
from mockserver.receiver.journal import ReceivedRequest

_CLIENT = ("in-process", 0)

_FAULTS: dict[type[Behaviour], str] = {
    Reset: "the connection was reset before an answer",
    Close: "the connection was closed without an answer",
    Malformed: "the answer is not HTTP",
}


class InProcessReceiver:
    """A transport to the inboxes of this process; every duration is virtual.

    Args:
        inboxes: Scripts and journal.
        base_url: What the URL of every inbox begins with, e.g. `http://receiver.test`.
        timeout_of: How long an attempt may take.
    """

    #: Nothing that is called can look at the ledger, so results may be written together.
    batch = 1000

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

    def accepts(self, url: str) -> bool:
        """Return whether `url` leads to one of the inboxes."""
        return url.startswith(self._prefix) and inbox_of(url) is not None

    def send(self, attempt: DueAttempt) -> Outcome:
        """Record the request as it would arrive, and return what came of it."""
        target = attempt.url[len(self._base_url) :].partition("#")[0]
        inbox = inbox_of(target)
        assert inbox is not None, "only accepted URLs are sent here"
        behaviour, shown = self._inboxes.next_behaviour(inbox)
        journal = self._inboxes.journal
        request = journal.arrived(
            inbox,
            "POST",
            target,
            f"POST {target} HTTP/1.1".encode(),
            ((b"Host", self._host), (b"Accept", b"*/*"), (b"Content-Length", b"0")),
            b"",
            _CLIENT,
            shown,
            (attempt.delivery_id, attempt.number),
        )
        answer = answer_of(behaviour, "POST")
        elapsed = head_time(behaviour, answer)
        timeout = self._timeout_of(attempt)
        if elapsed is None or elapsed >= timeout:
            journal.timed_out(request, request.arrived_at + timeout)
            return timeout_outcome(timeout, request_id=request.id)
        return self._answered(behaviour, answer, request, elapsed, timeout)

    def _answered(
        self,
        behaviour: Behaviour,
        answer: Answer,
        request: ReceivedRequest,
        elapsed: timedelta,
        timeout: timedelta,
    ) -> Outcome:
        journal = self._inboxes.journal
        ended_at = request.arrived_at + elapsed
        fault = _FAULTS.get(type(behaviour))
        if fault is None and answer.status < 200:
            fault = f"the connection was closed after an interim answer, {answer.status}"
        if fault is not None:
            end = "reset" if isinstance(behaviour, Reset) else "closed"
            status = answer.status or None
            journal.ended(request, end, status, ended_at)  # type: ignore[arg-type]
            return Outcome(OutcomeKind.RESET, elapsed, error=fault, request_id=request.id)
        unfinished = isinstance(behaviour, Truncated)
        journal.ended(request, "closed" if unfinished else "answered", answer.status, ended_at)
        if isinstance(behaviour, Drip) and behaviour.part == "body":
            rest = _sent_within(timeout - elapsed, behaviour, len(answer.body))
            answer, unfinished = answer._replace(body=answer.body[:rest]), rest < len(answer.body)
        return Outcome(
            OutcomeKind.RESPONSE,
            elapsed,
            status=answer.status,
            headers=_headers(answer.head),
            body=answer.body[:KEPT_BODY_BYTES],
            error="the body of the answer was not finished" if unfinished else None,
            request_id=request.id,
        )


def _sent_within(left: timedelta, behaviour: Drip, length: int) -> int:
    interval = behaviour.interval_time
    return min(length, left // interval) if interval else length


def _headers(head: bytes) -> tuple[tuple[str, str], ...]:
    lines = head.decode("latin-1").split("\r\n")[1:-2]
    return tuple((name, value) for name, _, value in (line.partition(": ") for line in lines))
