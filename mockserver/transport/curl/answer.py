"""Collects the answer to an attempt while libcurl receives it."""

from __future__ import annotations

from datetime import timedelta

import pycurl

from mockserver.core.outcome import KEPT_BODY_BYTES, Outcome, OutcomeKind
from mockserver.transport.curl.failure import with_detail
from mockserver.transport.curl.options import SetOption
from mockserver.transport.curl.response_head import read_head


class AnswerInParts:
    """The lines of the head and the pieces of the body, of one attempt after the other.

    Args:
        set_option: Of the handle whose answers are collected.
    """

    def __init__(self, set_option: SetOption) -> None:
        self._lines: list[bytes] = []
        self._chunks: list[bytes] = []
        self._kept_bytes = 0
        set_option(pycurl.HEADERFUNCTION, self._lines.append)
        set_option(pycurl.WRITEFUNCTION, self._keep)

    def clear(self) -> None:
        """Forget the last answer."""
        self._lines.clear()
        if self._chunks:
            self._chunks.clear()
            self._kept_bytes = 0

    def outcome(
        self, microseconds: int, deadline: timedelta, code: int, message: str
    ) -> Outcome | None:
        """Return the response, or None unless a whole final head came.

        Args:
            microseconds: How long it took in all, in real time.
            deadline: The time the attempt had; a body that goes on after it is cut.
            code: libcurl's result; 0 if all went well.
            message: libcurl's explanation.
        """
        head = read_head(self._lines)
        if head is None:
            return None
        elapsed = timedelta(0, 0, microseconds)
        error = None
        # If the body was cut here, the server is not to blame.
        if code and self._kept_bytes < KEPT_BODY_BYTES:
            error = with_detail("the body of the answer was not finished", message)
            elapsed = min(elapsed, deadline)
        return Outcome(
            OutcomeKind.RESPONSE,
            elapsed,
            microseconds / 1e6,
            head.status,
            head.headers,
            b"".join(self._chunks)[:KEPT_BODY_BYTES] if self._chunks else b"",
            error,
        )

    def _keep(self, data: bytes) -> int | None:
        self._chunks.append(data)
        self._kept_bytes += len(data)
        # Anything but the length of the data makes libcurl stop here.
        return None if self._kept_bytes < KEPT_BODY_BYTES else 0
