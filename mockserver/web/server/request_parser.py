"""Finds in what a client sends whatever is not HTTP/1.0 or 1.1, and says it in words.

A request is refused here before anybody looks at what it asks for. Waitress's own parser waits for
the end of a head before it looks at it, which never comes if the lines end otherwise. It takes some
requests that other servers understand differently, and it raises for some.
"""

from __future__ import annotations

import re

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.utilities import BadRequest, Error, InternalServerError

#: What a head may hold: what can be seen, tabs, and CR and LF where they belong.
_ALLOWED = b"\t\r\n" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
_TRANSFER_ENCODING = re.compile(rb"\r\ntransfer-encoding:[ \t]*([^\r]*)").findall


class VersionNotSupported(Error):  # type: ignore[misc]
    """The request is of a version of HTTP that this server does not speak."""

    code = 505
    reason = "HTTP Version Not Supported"


class RequestParser(HTTPRequestParser):  # type: ignore[misc]
    """One request as it arrives; a mistake in it becomes its `error`, and then it is complete.

    Attributes:
        path: Empty if the request line could not be read.
    """

    path = ""

    def received(self, data: bytes) -> int:
        """Take in what has come; return how much of it belongs to this request."""
        try:
            if self.body_rcv is None:
                self._check_characters(data)
            consumed: int = super().received(data)
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

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head of a request, which is whole.

        Raises:
            ParsingError: It is not that of a request.
        """
        super().parse_header(header_plus)
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
        self._check_length(header_plus)

    def _check_length(self, header_plus: bytes) -> None:
        encodings = _TRANSFER_ENCODING(header_plus.lower())
        if not encodings:
            return
        if self.version != "1.1":
            raise ParsingError("Transfer-Encoding is not known to HTTP/1.0")
        if [encoding.strip() for encoding in encodings] != [b"chunked"]:
            raise ParsingError("Transfer-Encoding is invalid")
        if "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Content-Length was sent together with Transfer-Encoding")

    def _check_characters(self, data: bytes) -> None:
        """Look at what has come of a head, as far as it goes; nobody knows whether it ends.

        Raises:
            ParsingError: Something is in it that no head has.
        """
        # The end of the head, or of a line, may have begun with what came before.
        before = self.header_plus[-3:].removeprefix(b"\n")
        head, end, _ = (before + data).partition(b"\r\n\r\n")
        head += end
        if head.translate(None, _ALLOWED):
            raise ParsingError("The head of the request has control characters in it")
        ends = head.count(b"\r\n")
        if head.count(b"\n") != ends or head.removesuffix(b"\r").count(b"\r") != ends:
            raise ParsingError("Lines must end with CR LF; a bare CR or LF was found")
        if not self.header_plus.strip(b"\r\n") and data.lstrip(b"\r\n")[:1] in (b" ", b"\t"):
            raise ParsingError("The request line begins with a space")
