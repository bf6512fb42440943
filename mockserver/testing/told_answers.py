"""Gives callers in this process what the API was told to answer, as their HTTP client shows it.

No time passes. A client's read timeout is compared with how long nothing would come: it is over at
once where a client on a socket would have waited for it. The clock of the sandbox stands: it does
not know who calls, and moving it would make what is due in the meantime.

`urllib3` is imported only when something is answered in such a way.
"""

from __future__ import annotations

import errno
import io
from datetime import timedelta
from http import HTTPStatus
from http.client import BadStatusLine, IncompleteRead, RemoteDisconnected
from typing import TYPE_CHECKING, Any

from mockserver.core.errors import PostbacksError
from mockserver.receiver.answers import ReceiverAnswer, fields_of
from mockserver.receiver.told_answer import ToldAnswer

if TYPE_CHECKING:
    from urllib3 import HTTPResponse


class AnsweredAsTold(Exception):
    """What the API was told to answer is no whole HTTP answer, or is late.

    Attributes:
        told: What would be sent, when, and how it would end, and who is told how it did.
    """

    def __init__(self, told: ToldAnswer) -> None:
        super().__init__("the API was told to answer in a way that takes a client to see it")
        self.told = told


class NeverAnswered(PostbacksError):
    """A call without a timeout, which would wait for ever."""

    code = "never-answered"


class ReadTimedOut(Exception):
    """Nothing came for as long as the client waits for more; before the head of an answer.

    Attributes:
        after: How long that is.
    """

    def __init__(self, after: timedelta) -> None:
        super().__init__(f"Read timed out. (read timeout={after.total_seconds():g})")
        self.after = after


def raw_response(told: ToldAnswer, read_timeout: timedelta | None) -> HTTPResponse:
    """Return what a client gets of an answer, with its body still to be read.

    Args:
        told: What would be sent, and when.
        read_timeout: How long the client waits for something to come; None for ever.

    Raises:
        ReadTimedOut: Nothing would come in time.
        NeverAnswered: Nothing would ever come, and nobody would notice.
        OSError, HTTPException: As `http.client` raises them.
    """
    from urllib3 import HTTPHeaderDict, HTTPResponse

    answer = told.answer
    is_silent = answer.end is None and answer.status < 200
    if is_silent and read_timeout is None:
        told.ended("cancelled", None)
        raise NeverAnswered(
            "the API hangs, as it was told to, and this call has no timeout: it would wait for "
            "ever. Give it one, e.g. requests.post(..., timeout=10)"
        )
    silence = answer.wait + (answer.head_interval or timedelta(0))
    if read_timeout is not None and (is_silent or silence >= read_timeout):
        if answer.reads_on:
            told.ended("client-gone", None)
        else:
            # Who does not read does not notice, and answers nobody.
            told.ended(answer.end or "client-gone", answer.status)
        raise ReadTimedOut(read_timeout)
    interval = answer.body_interval or timedelta(0)
    is_too_slow = bool(answer.body) and read_timeout is not None and interval >= read_timeout
    if is_too_slow:
        told.ended("client-gone", None)
    else:
        # As on a socket: what is cut short is noticed by the client alone.
        told.ended(answer.end or "client-gone", answer.status or None)
    # `http.client` waits for what follows a 100, and takes every other one for an answer.
    if answer.status <= 100:
        raise _broken_off(answer)
    fields = HTTPHeaderDict(fields_of(answer.head))
    return HTTPResponse(
        body=_Body(answer, is_too_slow, has_timeout=read_timeout is not None),
        headers=fields,
        status=answer.status,
        reason=_phrase(answer.status),
        preload_content=False,
    )


def _broken_off(answer: ReceiverAnswer) -> Exception:
    if answer.end == "reset":
        return ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
    if answer.head and not answer.head.startswith(b"HTTP/"):
        return BadStatusLine(answer.head.partition(b"\r\n")[0].decode("latin-1"))
    return RemoteDisconnected("Remote end closed connection without response")


class _Body(io.RawIOBase):
    """The body of an answer, as far as it comes, and then how it ends."""

    def __init__(self, answer: ReceiverAnswer, is_too_slow: bool, *, has_timeout: bool) -> None:
        super().__init__()
        self._content = io.BytesIO(answer.body)
        self._answer = answer
        self._is_too_slow = is_too_slow
        self._has_timeout = has_timeout
        self._missing = _announced(answer) - len(answer.body)

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        if self._is_too_slow:
            raise TimeoutError("timed out")
        piece = self._content.read(size)
        if not piece and size != 0 and not self._answer.is_finished:
            self._end()
        return piece

    def readinto(self, buffer: Any) -> int:
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def _end(self) -> None:
        if self._answer.end is not None:
            raise IncompleteRead(self._answer.body, self._missing)
        if not self._has_timeout:
            raise NeverAnswered(
                "the API stops in the middle of its answer, as it was told to, and this call has "
                "no timeout: it would wait for ever. Give it one, e.g. timeout=10"
            )
        raise TimeoutError("timed out")


def _announced(answer: ReceiverAnswer) -> int:
    fields = {name.lower(): value for name, value in fields_of(answer.head)}
    return int(fields.get("content-length", len(answer.body)))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
