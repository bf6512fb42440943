"""Turns what an endpoint did with a request that was forwarded into what its sender gets.

What the endpoint did to the connection is done to the sender's, as far as an accepted connection
allows: silence is silence, a close is a close. An endpoint that could not be reached at all is a
reset, and no 502: a status would be an answer that nobody gave, and would be tried again under
another rule than a failed connection.
"""

from __future__ import annotations

from mockserver.core.forwarded import Forwarded, RawFields
from mockserver.receiver.answers import BODILESS, ConnectionField, ReceiverAnswer

#: What belongs to one connection and is never passed on (RFC 9110, 7.6.1), and `Expect`, which the
#: inbox has met.
_OF_THE_CONNECTION = frozenset(
    {
        b"connection",
        b"expect",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)


def forwarded_answer(
    forwarded: Forwarded, method: str, connection: ConnectionField
) -> ReceiverAnswer:
    """Return what the sender is answered with, sent at once.

    Args:
        forwarded: What the endpoint did.
        method: Of the request.
        connection: What the head says of the connection to the sender.
    """
    if forwarded.status is not None and forwarded.end == "answered":
        return _response(forwarded, forwarded.status, method, connection)
    because = f": {forwarded.error}"
    if forwarded.end == "silent":
        return ReceiverAnswer(0, b"", b"", None)
    if forwarded.end == "closed":
        error = f"the connection was closed without an answer{because}"
        return ReceiverAnswer(0, b"", b"", "closed", error=error)
    if forwarded.end == "not-http":
        error = f"the answer is not HTTP{because}"
        return ReceiverAnswer(0, forwarded.body, b"", "closed", error=error)
    error = f"the connection was reset before an answer{because}"
    return ReceiverAnswer(0, b"", b"", "reset", error=error)


def passed_on(headers: RawFields) -> RawFields:
    """Return the header fields that are not about one connection, in their order."""
    named = {
        token.strip().lower()
        for name, value in headers
        if name.lower() == b"connection"
        for token in value.split(b",")
    }
    left_out = _OF_THE_CONNECTION | (named - {b""})
    return tuple(field for field in headers if field[0].lower() not in left_out)


def _response(
    forwarded: Forwarded, status: int, method: str, connection: ConnectionField
) -> ReceiverAnswer:
    headers = passed_on(forwarded.headers)
    has_length = any(name.lower() == b"content-length" for name, _ in headers)
    is_bodiless = status in BODILESS or method == "HEAD"
    is_cut = not forwarded.is_whole and not is_bodiless
    lines = [b"HTTP/1.1 %d %b" % (status, forwarded.reason)]
    lines += [b"%b: %b" % field for field in headers]
    if not has_length and not is_bodiless:
        # What came in chunks, or up to the end of the connection. Of what did not end nobody knows
        # the length, so one more is announced than came.
        lines.append(b"Content-Length: %d" % (len(forwarded.body) + is_cut))
    if is_cut:
        lines.append(b"Connection: close")
    elif connection:
        lines.append(b"Connection: %b" % connection.encode())
    head = b"\r\n".join([*lines, b"", b""])
    body = b"" if is_bodiless else forwarded.body
    return ReceiverAnswer(
        status, head, body, "closed" if is_cut else "answered", is_finished=not is_cut
    )
