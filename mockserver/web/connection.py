"""One connection to the API: its requests are answered in order, and then it can be closed.

Decides: what is written to whoever sends what is no request, and how the connection ends then.
Place in the flow: `web.listener` has waitress make its connections here. Must not import: Flask,
the sandbox.
"""

from __future__ import annotations

import socket

import msgspec
from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from mockserver.clocks import real_seconds
from mockserver.web.request_parser import RequestParser
from mockserver.web.shapes import Problem

#: How long somebody who was refused may go on sending before the connection is cut.
LINGER_REAL_SECONDS = 2.0
_DISCARDED_BYTES = 64 * 1024
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
        error = self.request.error
        name = error.reason.lower().replace(" ", "-")
        title = error.reason.capitalize()
        detail = _DETAILS.get(error.code, str(error.body))[:_LONGEST_DETAIL]
        problem = Problem(f"urn:postbacks:problem:{name}", title, error.code, detail)
        body = msgspec.json.encode(problem)
        # It is not closed although a client asked for that, nor kept because one did.
        self.request.headers.pop("CONNECTION", None)
        self.version = "1.1"
        self.status = f"{error.code} {error.reason}"
        self.response_headers = [("Content-Type", "application/problem+json")]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Connection(HTTPChannel):  # type: ignore[misc]
    """One of waitress's connections.

    Attributes:
        lingers_until: When it is cut although the client has not closed it, as `real_seconds`
            counts; None before its last answer is sent.
    """

    parser_class = RequestParser
    error_task_class = Refusal
    lingers_until: float | None = None
    _refused = False

    def service(self) -> None:
        """Answer the first of its requests."""
        self._refused = self.requests[0].error is not None
        try:
            super().service()
        except BaseException:
            # Else it would be kept for ever: it is not read from while it has a request.
            self.cancel()
            self.server.pull_trigger()
            raise

    def writable(self) -> bool:
        """Return whether something waits for room in the socket, or for the end."""
        return self.lingers_until is None and bool(super().writable())

    def handle_read(self) -> None:
        """Take in what has come."""
        if self.lingers_until is None:
            super().handle_read()
        # The one who sends it learns why nobody wants it only if it is read.
        elif not self.socket.recv(_DISCARDED_BYTES):
            self.handle_close()

    def handle_close(self) -> None:
        """Close it, but let a client that was refused read the reason first."""
        if not (self.will_close and self._refused and self.connected and self._linger()):
            super().handle_close()

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
