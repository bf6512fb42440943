"""Finds in what a client sends whatever is not HTTP/1.0 or 1.1, and says it in words.

A request is refused here before anybody looks at what it asks for. Waitress's own parser waits for
the end of a head before it looks at it, which never comes if the lines end otherwise. It takes some
requests that other servers understand differently, and it raises for some.
"""

from __future__ import annotations

import re

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.utilities import BadRequest, Error, InternalServerError

from mockserver.core.limits import MOST_UNDER_WAY

#: What is not larger counts by the number of connections alone.
_SMALL_BODY = 32 * 1024

_VISIBLE = bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
#: What a head may hold; CR and LF where they belong.
_ALLOWED = b"\t\r\n" + _VISIBLE
_TRANSFER_ENCODING = re.compile(rb"\r\ntransfer-encoding:[ \t]*([^\r]*)").findall


class VersionNotSupported(Error):  # type: ignore[misc]
    """The request is of a version of HTTP that this server does not speak."""

    code = 505
    reason = "HTTP Version Not Supported"


class TooManyRequests(Error):  # type: ignore[misc]
    """All connections together have sent more than is kept at a time."""

    code = 429
    reason = "Too Many Requests"


class RequestParser(HTTPRequestParser):  # type: ignore[misc]
    """One request as it arrives; a mistake in it becomes its `error`, and then it is complete.

    Attributes:
        path: Empty if the request line could not be read.
    """

    path = ""
    completed: bool = False

    def received(self, data: bytes) -> int:
        """Take in what has come; return how much of it belongs to this request."""
        try:
            if self.body_rcv is None and not self._is_whole(data):
                self._check_piece(data)
            consumed: int = super().received(data)
            if self.body_bytes_received > _SMALL_BODY and not self.completed:
                self._check_all_bodies()
        except ParsingError as error:
            self.error = BadRequest(str(error))
        except ValueError:
            # Waitress does not expect every number and address that can be sent.
            self.error = BadRequest("The request line or a header cannot be read")
        except Exception as error:
            # A large body is kept in a file, for instance.
            self.error = InternalServerError(f"The request was not kept: {type(error).__name__}")
        if self.error is not None:
            # What follows cannot be told apart from the rest of it.
            self.completed = True
            consumed = len(data)
        if self.completed:
            # Else waitress asks for the body of what is refused or has none, and waits for it.
            self.expect_continue = False
        return consumed

    def _check_all_bodies(self) -> None:
        bytes_under_way = getattr(self.adj, "bytes_under_way", None)
        if self.error is not None or bytes_under_way is None:
            return
        if bytes_under_way() > MOST_UNDER_WAY:
            self.error = TooManyRequests(
                f"The requests that are under way have {MOST_UNDER_WAY} bytes together; send "
                "fewer at once"
            )

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head of a request, which is whole.

        Raises:
            ParsingError: It is not that of a request.
        """
        super().parse_header(header_plus)
        # Waitress drops all kinds of spaces from the end of the line.
        is_plain = self.request_uri.isprintable()
        if not header_plus.startswith(b"\r\n", len(self.first_line)) or (
            not is_plain and self.first_line.translate(None, _VISIBLE)
        ):
            raise ParsingError("The request line has spaces or control characters too many")
        if not self.version:
            raise ParsingError("The request line names no version of HTTP")
        if self.version not in ("1.0", "1.1"):
            self.error = VersionNotSupported(
                f"HTTP/{self.version} is not spoken here; send HTTP/1.1"
            )
        hosts = self.headers.get("HOST")
        if self.version == "1.1" and not hosts:
            raise ParsingError("Host is missing")
        if hosts and "," in hosts:
            raise ParsingError("Host was sent more than once")
        if (
            self.body_rcv is not None
            or self.command != "GET"
            or "TRANSFER_ENCODING" in self.headers
        ):
            self._check_encodings(_TRANSFER_ENCODING(header_plus.lower()))

    def _check_encodings(self, encodings: list[bytes]) -> None:
        if not encodings:
            return
        if self.version != "1.1":
            raise ParsingError("Transfer-Encoding is not known to HTTP/1.0")
        if [encoding.strip() for encoding in encodings] != [b"chunked"]:
            raise ParsingError("Transfer-Encoding is invalid")
        if "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Content-Length was sent together with Transfer-Encoding")

    def _is_whole(self, data: bytes) -> bool:
        """Return whether this is a head in one piece, whose lines waitress checks."""
        if self.header_plus or data[:1].isspace():
            return False
        return data.endswith(b"\r\n\r\n") or b"\r\n\r\n" in data

    def _check_piece(self, data: bytes) -> None:
        """Look at a piece of a head: waitress does so at its end, which may never come.

        Raises:
            ParsingError: Something is in it that no head has.
        """
        begun = self.header_plus + data
        if begun[:1].isspace() and begun.lstrip(b"\r\n")[:1].isspace():
            # Waitress drops more in front of a request than blank lines.
            raise ParsingError("The request line begins with a space")
        # The end of the head, or of a line, may have begun with what came before.
        if b"\r\n\r\n" in self.header_plus[-3:] + data:
            return
        piece = self.header_plus[-1:].removeprefix(b"\n") + data
        if piece.translate(None, _ALLOWED):
            raise ParsingError("The head of the request has control characters in it")
        ends = piece.count(b"\r\n")
        if piece.count(b"\n") != ends or piece.removesuffix(b"\r").count(b"\r") != ends:
            raise ParsingError("Lines must end with CR LF; a bare CR or LF was found")
