"""Judges one attempt by what an application answers, and by how long it took for that.

The clock of the sandbox stands while an attempt runs. An attempt takes what the application says
that it spent, and what the clock was moved by meanwhile (a frozen time may tick). As on the wire,
the time up to the head of the answer decides whether it is a timeout.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from threading import Lock

from mockserver.core.outcome import KEPT_BODY_BYTES, NO_TIME, Outcome, OutcomeKind, timeout_outcome
from mockserver.core.wording import SPEND_INSTEAD
from mockserver.net.monotonic import real_seconds
from mockserver.transport.application.failure import BrokenApplication, line_of

#: Header fields of an answer, in order, names as sent.
Headers = tuple[tuple[str, str], ...]


class ApplicationExchange:
    """One attempt while an application answers it: what it has sent, and how long that took.

    Args:
        now: Returns the present of the sandbox, aware UTC.
        timeout: How long the attempt may take, in sandbox time.

    Attributes:
        failure: The exception that left the application.
        answered_failure: The exception of a view that the framework answered itself.
        advice: What to do about an answer that is late in real time.
    """

    def __init__(self, now: Callable[[], datetime], timeout: timedelta) -> None:
        self.failure: BaseException | None = None
        self.answered_failure: BaseException | None = None
        self.advice = SPEND_INSTEAD
        self._now = now
        self._timeout = timeout
        self._began_at = now()
        self._began_real_seconds = real_seconds()
        self._spending = Lock()
        self._spent = NO_TIME
        self._head: tuple[int, Headers, timedelta] | None = None
        self._head_after_real_seconds: float | None = None
        self._suspected: BaseException | None = None
        self._failed: tuple[OutcomeKind, str | None] = (OutcomeKind.RESPONSE, None)
        self._whole_bytes = KEPT_BODY_BYTES
        self._length: int | None = None
        self._body = bytearray()
        self._ended_after: timedelta | None = None

    def spend(self, duration: timedelta) -> None:
        """Add to the time that has passed."""
        with self._spending:
            self._spent += duration

    def elapsed(self) -> timedelta:
        """Return how long it has taken up to now, in sandbox time."""
        return max(self._now() - self._began_at, NO_TIME) + self._spent

    def begin(self, status: int, headers: Headers) -> None:
        """Take note that the head of the answer goes out now."""
        self._head = (status, headers, self.elapsed())
        self._head_after_real_seconds = real_seconds() - self._began_real_seconds
        lengths = [value.strip() for name, value in headers if name.lower() == "content-length"]
        if status in (204, 304):
            self._length = 0
        elif lengths and lengths[0].isascii() and lengths[0].isdigit():
            self._length = int(lengths[0])
        # A client reads no further than this, so what comes after it does not matter.
        if self._length is not None:
            self._whole_bytes = min(self._length, KEPT_BODY_BYTES)
        self.keep(b"")

    def keep(self, data: bytes) -> None:
        """Take in some of the body."""
        elapsed = self.elapsed()
        if self._ended_after is None and elapsed < self._timeout:
            self._body += data
            if len(self._body) >= self._whole_bytes:
                self._ended_after = elapsed

    def end(self) -> None:
        """Take note that the body has ended, by itself."""
        if self._ended_after is None and self._length is None:
            self._ended_after = self.elapsed()

    def fail(self, error: BaseException, kind: OutcomeKind = OutcomeKind.RESPONSE) -> None:
        """Take note of an exception, which makes the outcome a 500, or another `kind`."""
        if self.failure is None:
            self.failure = error
            self._failed = (kind, line_of(error))

    def note(self, error: BaseException) -> None:
        """Take note of an exception that the framework of the application answers itself."""
        self.answered_failure = error

    def suspect(self, error: BaseException) -> None:
        """Take note of an exception that seems to be why the framework answers 500, if it does."""
        self._suspected = error

    def outcome(self) -> Outcome:
        """Return the outcome of the attempt, once the application is done."""
        took_real_seconds = real_seconds() - self._began_real_seconds
        elapsed = self.elapsed()
        kind, error = self._failed
        if kind is not OutcomeKind.RESPONSE:
            return Outcome(kind, elapsed, took_real_seconds, error=error)
        status, headers, head_after = self._head or (500, (), elapsed)
        if status == HTTPStatus.INTERNAL_SERVER_ERROR and self.answered_failure is None:
            self.answered_failure = self._suspected
        if head_after >= self._timeout:
            return timeout_outcome(self._timeout, took_real_seconds)
        # Who waits in earnest is as late as who says so. Instants stay those of the sandbox.
        head_after_real = self._head_after_real_seconds
        if head_after_real is None:
            head_after_real = took_real_seconds
        if head_after_real >= self._timeout.total_seconds():
            late = timeout_outcome(self._timeout, took_real_seconds)
            return replace(
                late,
                error=f"no answer within {self._timeout.total_seconds():g} s: it took "
                f"{took_real_seconds:.1f} real seconds. {self.advice}",
            )
        if self._head is not None:
            in_full = self._ended_after
            if in_full is None or in_full >= self._timeout:
                error = "the body of the answer was not finished"
            elif error is not None and status != 500:
                error = f"after the answer: {error}"
            elapsed = min(elapsed if in_full is None else in_full, self._timeout)
        if error is None and self.answered_failure is not None:
            error = line_of(self.answered_failure)
        body = bytes(self._body[: self._whole_bytes])
        return Outcome(kind, elapsed, took_real_seconds, status, headers, body, error)


def checked_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    """Return header fields unchanged, after a check that they can be sent.

    Raises:
        BrokenApplication: One of them cannot be sent.
    """
    checked = tuple(headers)
    for name, value in checked:
        if not _TOKEN(name) or _NOT_IN_A_FIELD(value):
            raise BrokenApplication(f"the header field {name!r}: {value!r} cannot be sent")
    return checked


_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_NOT_IN_A_FIELD = re.compile(r"[\x00\r\n]|[^\x00-\xff]").search
