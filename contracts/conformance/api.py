"""Calls Leanplum's API in every documented way, and reads its answers with care.

An answer may be anything: what a case reads of it is checked first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlencode

from contracts.suite.recorder import Recorder, Said
from mockserver.client.wire import Reply, Wire

API_VERSION = "1.0.6"
_BOUNDARY = "postbacks-contracts-boundary"


class Form(StrEnum):
    """How the arguments of a call travel."""

    GET = "GET with everything in the query"
    QUERY = "POST with everything in the query"
    JSON = "POST with a JSON body"
    MULTIPART = "POST with multipart form data"
    URLENCODED = "POST with an urlencoded body"
    SPLIT = "POST with action in the query and the rest in a JSON body"


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """An answer of Leanplum's API.

    Attributes:
        document: The JSON it held; None if it held none.
        text: Its body as it came.
        headers: Its header fields as they came.
    """

    status: int
    document: Any
    text: str
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def response(self) -> dict[str, Any]:
        """Return the first element of `response`, empty if there is no such thing."""
        try:
            first = self.document["response"][0]
        except (KeyError, IndexError, TypeError):
            return {}
        return first if isinstance(first, dict) else {}

    @property
    def success(self) -> object:
        """Return what `success` says."""
        return self.response.get("success")

    @property
    def warning(self) -> str:
        """Return the message of the warning; empty if there is none."""
        return _message(self.response.get("warning"))

    @property
    def error(self) -> str:
        """Return the message of the error; empty if there is none."""
        return _message(self.response.get("error"))

    @property
    def accepted(self) -> bool:
        """Return whether the call was received and not skipped."""
        received = self.status == 200 and self.success is True
        remarks = (self.response.get("warning"), self.response.get("error"))
        return received and remarks == (None, None)

    @property
    def has_error_message(self) -> bool:
        """Return whether there is an `error.message`, and a text in it."""
        error = self.response.get("error")
        message = error.get("message") if isinstance(error, dict) else None
        return isinstance(message, str) and bool(message.strip())

    def in_short(self) -> Said:
        """Return status and body, for a deviation."""
        return Said(f"HTTP {self.status} {self.text[:500]}")


def call(wire: Wire, arguments: Mapping[str, Any], form: Form = Form.JSON) -> ApiAnswer:
    """Send one call and return its answer.

    Raises:
        ServerUnreachable: Nobody answers.
    """
    method, target, headers, content = _written(arguments, form)
    return answer_of(wire.send(method, target, headers, content))


def answer_of(reply: Reply) -> ApiAnswer:
    """Return a reply as an answer of the API."""
    text = reply.body.decode("utf-8", "backslashreplace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    return ApiAnswer(reply.status, document, text, tuple(reply.headers))


def expect_accepted(answer: ApiAnswer, what: str, rec: Recorder) -> None:
    """Check that a call was received and not skipped.

    Raises:
        Deviation: It was refused, or came with a warning.
    """
    rec.expect_that(
        answer.accepted,
        "HTTP 200, success true, neither warning nor error",
        answer.in_short(),
        f"{what} is to be accepted",
    )


def expect_refused(answer: ApiAnswer, what: str, rec: Recorder) -> None:
    """Check that a call was refused in the documented shape.

    Raises:
        Deviation: It was not.
    """
    rec.expect_that(
        400 <= answer.status < 600 and answer.success is False and answer.has_error_message,
        "HTTP 4xx or 5xx, success false, and error.message",
        answer.in_short(),
        f"{what} is to be refused",
    )


def expect_not_done(answer: ApiAnswer, what: str, rec: Recorder) -> bool:
    """Check that a call was refused, or received and skipped; return whether it was skipped.

    Both are documented: success true with a warning or an error beside it means that the action was
    not taken. The caller looks whether that is true.

    Raises:
        Deviation: It was neither.
    """
    remark = answer.warning or answer.error
    if answer.status == 200 and answer.success is True and remark:
        rec.allow(
            "received, but skipped: 200 and success true, with a warning or an error",
            "refused: HTTP 4xx or 5xx, success false, and error.message",
            f"{what} was answered {answer.in_short()}; both are documented",
        )
        return True
    expect_refused(answer, what, rec)
    return False


def _written(
    arguments: Mapping[str, Any], form: Form
) -> tuple[str, str, dict[str, str], bytes | None]:
    if form in (Form.GET, Form.QUERY):
        query = urlencode(_pairs(arguments), quote_via=quote)
        return ("GET" if form is Form.GET else "POST"), f"/api?{query}", {}, None
    if form is Form.MULTIPART:
        kind = f"multipart/form-data; boundary={_BOUNDARY}"
        return "POST", "/api", {"Content-Type": kind}, multipart(arguments)
    if form is Form.URLENCODED:
        kind = "application/x-www-form-urlencoded"
        content = urlencode(_pairs(arguments), quote_via=quote).encode()
        return "POST", "/api", {"Content-Type": kind}, content
    target, rest = "/api", dict(arguments)
    if form is Form.SPLIT:
        action = rest.pop("action", None)
        target = "/api" if action is None else f"/api?action={quote(str(action))}"
    return "POST", target, {"Content-Type": "application/json"}, json.dumps(rest).encode()


def multipart(arguments: Mapping[str, Any]) -> bytes:
    """Return arguments as multipart form data with the boundary that `call` declares."""
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in _pairs(arguments)
    ]
    return "".join([*parts, f"--{_BOUNDARY}--\r\n"]).encode()


def _pairs(arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs = []
    for name, value in arguments.items():
        values: Sequence[Any] = value if isinstance(value, list | tuple) else [value]
        pairs += [(name, str(item)) for item in values]
    return pairs


def _message(part: object) -> str:
    if isinstance(part, dict):
        message = part.get("message")
        return message if isinstance(message, str) else ""
    return "" if part is None else json.dumps(part)
