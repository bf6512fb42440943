"""Takes one answer out of the bytes of a connection, and notes what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field

import httptools

#: The most that is read of one answer.
_MOST_BYTES = 1 << 20
_SWITCHING_PROTOCOLS = 101


@dataclass(slots=True)
class RawAnswer:
    """What came back for one request.

    Attributes:
        status: None if the head of the answer never came whole.
        body: Decoded from chunks, if it came in chunks.
        surplus: Whether bytes came after the end of the answer.
        is_garbage: Whether what came is not HTTP.
        late: Whether the answer was not whole in time.
        error: Why there is no answer, or what is wrong with it; empty if nothing is.
    """

    status: int | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    surplus: bool = False
    is_garbage: bool = False
    late: bool = False
    error: str = ""


class AnswerReader:
    """Takes one answer out of a stream of bytes.

    Args:
        has_body: Whether the answer may have a body; that to HEAD has none.

    Attributes:
        answer: What was read so far.
        is_whole: Whether nothing more is read.
        is_huge: Whether reading was given up because the answer is too long.
    """

    def __init__(self, *, has_body: bool) -> None:
        self.answer = RawAnswer()
        self.is_whole = False
        self.is_huge = False
        self._has_body = has_body
        self._received = 0
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Read the next bytes of the connection."""
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.is_whole = True
        except httptools.HttpParserError as error:
            if self.is_whole:
                self.answer.surplus = True
            else:
                self.answer.error = f"not HTTP: {error}"
                self.answer.is_garbage = True
                self.is_whole = True
        if self._received > _MOST_BYTES and not self.is_whole:
            self.is_whole = self.is_huge = True

    def end(self) -> None:
        """Note that the server closed the connection, which ends only some answers rightly."""
        names = {name.lower() for name, _ in self.answer.headers}
        by_length = bool(names & {"content-length", "transfer-encoding"})
        if not self._received:
            self.answer.error = "the connection was closed without an answer"
        elif self.answer.status is None or by_length:
            self.answer.error = "the answer was cut off"
        self.is_whole = True

    def on_message_begin(self) -> None:
        """Note an answer that nobody asked for; the parser calls this and what follows."""
        if self.is_whole:
            self.answer.surplus = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header field."""
        if not self.is_whole:
            self.answer.headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        """Keep the status."""
        if self.is_whole:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200 and status != _SWITCHING_PROTOCOLS:
            # A 1xx only says that the real answer follows.
            self.answer.headers.clear()
            return
        self.answer.status = status
        self.is_whole = not self._has_body

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body."""
        if self.is_whole:
            self.answer.surplus = True
        else:
            self.answer.body += body

    def on_message_complete(self) -> None:
        """Note that the answer is whole, unless it was only a 1xx."""
        if self.answer.status is not None:
            self.is_whole = True
