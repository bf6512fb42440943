"""Answers the requests of one connection, and says when the connection may be closed.

What is no request is refused with a problem document (RFC 9457). A whole answer is sent by the
thread that reads, when its request is done with. A piece of an answer that goes on is sent at once,
by the worker to which it is given.
"""

from __future__ import annotations

import socket
from typing import Any

import msgspec
from waitress.buffers import OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.task import ErrorTask, WSGITask

from mockserver.net.memory_tls import MemoryTls
from mockserver.net.monotonic import real_seconds
from mockserver.receiver.told_answer import ANSWER_AS, AnswerAs, ToldAnswer
from mockserver.web.server.departure import has_gone
from mockserver.web.server.listings import is_listing
from mockserver.web.server.request_parser import RequestParser
from mockserver.web.server.unread_answers import (
    PIECE_BYTES,
    PIECE_REAL_SECONDS,
    SMALL_ANSWER,
    refusal,
)
from mockserver.web.shapes import Problem

#: A connection that got on within this time is not closed in favour of another.
_GRACE_REAL_SECONDS = 1.0
#: How long somebody who was refused may go on sending before the connection is cut.
LINGER_REAL_SECONDS = 2.0
#: What is said instead of waitress's own words.
_DETAILS = {
    413: "The body of the request is larger than this server takes",
    431: "The head of the request is larger than this server takes",
}
_LONGEST_DETAIL = 500


class Refusal(ErrorTask):  # type: ignore[misc]
    """The answer to what is no request: a problem document (RFC 9457), and the last answer."""

    def execute(self) -> None:
        """Write it."""
        self.channel.is_refused = True
        error = self.request.error
        name = error.reason.lower().replace(" ", "-")
        title = error.reason.capitalize()
        detail = _DETAILS.get(error.code, str(error.body))[:_LONGEST_DETAIL]
        problem = Problem(f"urn:postbacks:problem:{name}", title, error.code, detail)
        body = msgspec.json.encode(problem)
        # Else waitress says both "close" and "keep-alive" to a client that asked for the latter.
        self.request.headers.pop("CONNECTION", None)
        self.version = "1.1"
        self.status = f"{error.code} {error.reason}"
        self.response_headers = [("Content-Type", "application/problem+json")]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Answer(WSGITask):  # type: ignore[misc]
    """The application's answer to a request."""

    _told: ToldAnswer | None = None
    _is_refused = False

    def execute(self) -> None:
        """Ask the application; but not for what there would be no room for."""
        if is_listing(self.request) and not self.channel.server.unread.has_room(0):
            self._refuse()
        else:
            super().execute()

    def get_environment(self) -> Any:
        """Return the WSGI environment; in it the application may say how it is to be answered."""
        environ = super().get_environment()
        environ[ANSWER_AS] = AnswerAs(self._answer_as, self.channel.server.end_handed_over)
        return environ

    def _answer_as(self, told: ToldAnswer) -> None:
        self._told = told

    def service(self) -> None:
        """Have the application answer, and write that."""
        # A stream before it may have changed them.
        self.channel.adj = self.channel.server.adj
        self.channel.is_writing = True
        try:
            super().service()
        except Exception:
            # Waitress knows what to do.
            raise
        except BaseException:
            # Else the connection is kept for ever: nobody reads from it while it has a request.
            self.channel.cancel()
            self.channel.server.pull_trigger()
            raise
        finally:
            # It leads back here: who answered would wait for a collection of garbage.
            self.environ = None
            self.channel.is_writing = False
            if self._told is not None:
                self.channel.told = self._told
                self.close_on_finish = True

    def write(self, data: bytes) -> None:
        """Write a piece of the body; before the first also the head."""
        if self._told is not None or self._is_refused:
            return
        if not self.wrote_header and not self._may_be_kept():
            self._refuse()
            return
        if not self._ends_with(data):
            super().write(b"")
            self.channel.send_at_once()
        super().write(data)

    def _may_be_kept(self) -> bool:
        length = self.content_length or 0
        if length <= SMALL_ANSWER or self.request.command == "HEAD":
            return True
        return bool(self.channel.server.unread.has_room(length))

    def _refuse(self) -> None:
        """Say that too much is unread already; whatever the application says."""
        body = refusal()
        self.complete = True
        self.status = "503 Service Unavailable"
        self.response_headers = [
            ("Content-Type", "application/problem+json"),
            ("Retry-After", f"{PIECE_REAL_SECONDS:.0f}"),
        ]
        self.content_length = len(body)
        super().write(body)
        self._is_refused = True

    def _ends_with(self, data: bytes) -> bool:
        length: int | None = self.content_length
        return length is not None and self.content_bytes_written + len(data) >= length


class Connection(HTTPChannel):  # type: ignore[misc]
    """One connection to the API.

    Attributes:
        since: When it last got on, as far as is known: it was accepted, a request began to arrive
            or was being answered, or a part of an answer was sent. As `real_seconds` counts, which
            nobody can freeze.
        lingers_until: When it is cut although the client has not closed it, in the same way;
            None before its last answer is sent.
        is_refused: What it sent was no request.
        is_writing: The application is answering it.
        told: What its last request is to be answered with, if that is more than HTTP: the
            connection is handed over as soon as all before it was sent.
    """

    parser_class = RequestParser
    task_class = Answer
    error_task_class = Refusal
    lingers_until: float | None = None
    is_refused = False
    is_writing = False
    told: ToldAnswer | None = None
    _unsent_before = 0
    #: Since when the client has read less than a piece of what waits for it, as `real_seconds`
    #: counts; None if nothing waits.
    _reads_since: float | None = None
    _sent = 0
    #: How many bytes of answers are in memory, sent or not.
    _kept = 0
    _sent_before = 0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.since = real_seconds()
        super().__init__(*arguments, **named)
        # Each try copies so much of an answer, however little of it the client takes.
        self.sendbuf_len: int = min(self.sendbuf_len, PIECE_BYTES)

    def check_client_disconnected(self) -> bool:
        """Return whether nobody waits for the answer; applications ask for it by the environment.

        Waitress itself does not look at a connection whose request is being answered.
        """
        return bool(super().check_client_disconnected()) or has_gone(self.socket)

    def time_is_up(self, now: float, idle_real_seconds: float) -> bool:
        """Return whether it has lingered, been idle or stood still for too long.

        To be asked often: this is also where it is noted that an answer gets on.
        """
        if self.lingers_until is not None:
            return now >= self.lingers_until
        unsent, self._unsent_before = self._unsent_before, self.total_outbufs_len
        if self._is_answering() or self.total_outbufs_len != unsent:
            self.since = now
        if not self.total_outbufs_len:
            self._reads_since = None
        elif self._reads_since is None or self._sent - self._sent_before >= PIECE_BYTES:
            self._reads_since, self._sent_before = now, self._sent
        return now - self.since >= idle_real_seconds

    def reads_too_slowly(self, now: float) -> bool:
        """Return whether its client does not get on with an answer, as far as was noted."""
        return self._reads_since is not None and now - self._reads_since >= PIECE_REAL_SECONDS

    def can_be_spared(self, now: float) -> bool:
        """Return whether it may be closed in favour of another."""
        if self.lingers_until is not None:
            return True
        return not self._is_answering() and now - self.since >= _GRACE_REAL_SECONDS

    def worth(self) -> tuple[int, float]:
        """Return what connections are ordered by: the least is closed first.

        These are the ones that linger, then those that are idle, then those with a part of a
        request or of an answer; of equals the one that got on longest ago.
        """
        if self.lingers_until is not None:
            return 0, self.lingers_until
        return 1 if self._is_idle() else 2, self.since

    def is_about_to_ask(self) -> bool:
        """Return whether it only seems idle: the next request has arrived and is not read yet."""
        if not self._is_idle():
            return False
        try:
            return bool(self.socket.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def received(self, data: bytes) -> bool:
        """Take in a part of a request."""
        if self.lingers_until is not None:
            # It is read for one reason: else the client might not get to read why it was refused.
            return False
        # Further parts do not count: who sends a byte now and then gets nowhere.
        if self.request is None:
            self.since = real_seconds()
        return bool(super().received(data))

    def bytes_under_way(self) -> int:
        """Return how many bytes of bodies have come that were not answered yet."""
        unfinished = self.request
        size: int = 0 if unfinished is None else unfinished.body_bytes_received
        for request in tuple(self.requests):
            size += request.body_bytes_received
        return size

    def send_at_once(self) -> None:
        """Send every piece of this answer as it is given: more are to come, some time."""
        self.adj = self.server.adjustments_of_streams

    def has_room(self) -> bool:
        """Return whether so little waits to be sent that another request may be answered."""
        return bool(self.total_outbufs_len < self.adj.send_bytes)

    def handle_expt(self) -> None:
        """Close it: urgent data are no part of HTTP, and would be reported for ever."""
        self.handle_close()

    def handle_close(self) -> None:
        """Close it, or hand it over; but let a client that was refused read the reason first."""
        if self.told is not None:
            self._hand_over()
            super().handle_close()
        elif not (self.will_close and self.is_refused and self.connected and self._linger()):
            super().handle_close()

    @property
    def tls(self) -> MemoryTls | None:
        """Return what encrypts it; None for plain HTTP."""
        return None

    def _hand_over(self) -> None:
        """Have its request answered as the application said, on a descriptor of its own."""
        told, self.told = self.told, None
        assert told is not None, "only asked then"
        if not self.will_close:
            # It is closed before that, in favour of another.
            told.ended("cancelled", None)
            return
        try:
            duplicate = self.socket.dup()
        except OSError:
            told.ended("client-gone", None)
            return
        self.server.handed_over.take(duplicate, told, self.tls)

    def cut(self) -> None:
        """Close it, whoever is still reading."""
        self.will_close = False
        self.is_refused = False
        self.handle_close()

    def _is_idle(self) -> bool:
        if self.requests or self.request is not None or self.total_outbufs_len:
            return False
        return self.lingers_until is None

    def _is_answering(self) -> bool:
        # A small answer may wait itself, until the request behind it is answered.
        return bool(self.requests) and self.has_room()

    def _flush_outbufs_below_high_watermark(self) -> None:
        # Waitress waits here, also between two requests, until the client has read. The thread
        # that does so may be the one that sends.
        if self.is_writing and self.total_outbufs_len > self.adj.outbuf_high_watermark:
            super()._flush_outbufs_below_high_watermark()

    def _flush_some(self, do_close: bool = True) -> bool:
        before = self.total_outbufs_len
        try:
            return bool(super()._flush_some(do_close=do_close))
        finally:
            self._let_go_of_what_was_sent(before)

    def _let_go_of_what_was_sent(self, before: int) -> None:
        """Free memory; waitress would keep all of an answer until the next one."""
        left = self.total_outbufs_len
        self._sent += before - left
        self._kept = max(self._kept, before)
        if self._kept > SMALL_ANSWER and left <= self._kept // 2:
            # To copy what is left takes no longer than it took to send as much.
            unsent = OverflowableBuffer(self.adj.outbuf_overflow)
            unsent.append(self.outbufs[0].get())
            self.outbufs[0].close()
            self.outbufs[0] = unsent
            self._kept = left

    def _linger(self) -> bool:
        """Say that no more will be sent; return whether the client may still be reading."""
        if self.lingers_until is not None:
            return False
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        self.lingers_until = real_seconds() + LINGER_REAL_SECONDS
        self.will_close = False
        return True
