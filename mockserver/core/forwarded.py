"""Holds what became of a request at the endpoint that an inbox has forwarded it to."""

from __future__ import annotations

from typing import Literal, NamedTuple

#: Name and value of header fields, as they came.
RawFields = tuple[tuple[bytes, bytes], ...]

#: What the sender gets: an answer, the connection reset or closed without one, something that is no
#: HTTP, or nothing at all.
ForwardedEnd = Literal["answered", "reset", "closed", "not-http", "silent"]


class Forwarded(NamedTuple):
    """What became of a request at the endpoint that it was forwarded to.

    Attributes:
        url: Where it went, with the path and the query that were added.
        end: How it ended there.
        status: Of the answer; None without one.
        reason: The phrase behind the status.
        headers: Of the answer, as they came.
        body: Of the answer, without the framing of a chunked one; what came that was no HTTP.
        is_whole: Whether the body came to its end.
        error: Why there is no answer, or no whole one; None if there is.
        real_seconds: How long that took.
    """

    url: str
    end: ForwardedEnd
    status: int | None = None
    reason: bytes = b""
    headers: RawFields = ()
    body: bytes = b""
    is_whole: bool = True
    error: str | None = None
    real_seconds: float = 0.0

    @property
    def size(self) -> int:
        """Return how many bytes count against the bound of a journal."""
        fields = sum(len(name) + len(value) + 64 for name, value in self.headers)
        return 512 + len(self.url) + len(self.body) + len(self.error or "") + fields
