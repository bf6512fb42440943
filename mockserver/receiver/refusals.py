"""Writes the problem document (RFC 9457) for a client whose request no inbox takes.

Nothing of such a request is recorded.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from mockserver.receiver.answers import ReceiverAnswer, phrase


class Refusal(NamedTuple):
    """The answer to a request that no inbox takes.

    Attributes:
        done: Always true, because it is sent at once.
        reads_on: Always true: the connection is read from meanwhile.
    """

    answer: ReceiverAnswer
    keep_alive: bool
    done: bool = True
    reads_on: bool = True


def refusal_of(status: int, detail: str, method: str, keep_alive: bool) -> Refusal:
    """Return the refusal with this status, which says in `detail` what to do instead."""
    problem = {"type": "about:blank", "title": phrase(status), "status": status, "detail": detail}
    body = json.dumps(problem).encode()
    connection = b"keep-alive" if keep_alive else b"close"
    head = (
        b"HTTP/1.1 %d %b\r\nContent-Type: application/problem+json\r\n"
        b"Content-Length: %d\r\nConnection: %b\r\n\r\n"
        % (status, phrase(status).encode(), len(body), connection)
    )
    return Refusal(ReceiverAnswer(status, head, b"" if method == "HEAD" else body), keep_alive)
