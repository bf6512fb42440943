"""Keeps the calls that the API got, within bounds; the oldest are dropped first.

They are in memory alone, like what the receiver got: a log that survives would be one more place
where what users send is kept.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mockserver.api.call_texts import CallTexts
from mockserver.core.outcome import NO_TIME

#: How many calls are kept, and about how many bytes of them.
KEPT_CALLS = 10_000
KEPT_BYTES = 16 * 1024 * 1024
#: What a call takes besides its texts.
_ALONE_BYTES = 800


@dataclass(slots=True)
class ApiCall:
    """One call of Leanplum's API.

    Attributes:
        number: Counts up from 1.
        called_at: When it came, in sandbox time, aware UTC.
        method: Of the HTTP request, e.g. `POST`.
        action: The method of the API, as it was sent; empty if there is none.
        app_id: The app that it is about; empty if there is none.
        status: The status of the answer; None if it was not HTTP, or is still to come.
        texts: The arguments and the body of the answer, without secrets.
        refused: Why the API did not do it; None if it did, or was told to answer otherwise.
        ignored: The names of the arguments that no method knows.
        warnings: What is odd about it although it was done, in words.
        behaviour: What it was to be answered with, in shorthand; empty if nothing was said.
        end: How the exchange ended, as in the receiver's journal: `answered`, `reset`, `closed`,
            `timed-out`, `client-gone`, `cancelled`; None while it is under way.
        took: How long the answer was told to take.
    """

    number: int
    called_at: datetime
    method: str
    action: str
    app_id: str
    status: int | None
    texts: CallTexts
    refused: str | None = None
    ignored: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    behaviour: str = ""
    end: str | None = "answered"
    took: timedelta = field(default=NO_TIME)

    @property
    def arguments(self) -> Mapping[str, str]:
        """Return all arguments as text, keys masked, long ones cut."""
        return self.texts.arguments

    @property
    def answer(self) -> str:
        """Return the body of the answer, decoded, cut after its first 2,000 characters."""
        return self.texts.answer

    @property
    def size(self) -> int:
        """Return about how many bytes it takes."""
        size = _ALONE_BYTES + self.texts.size + len(self.action) + len(self.app_id)
        for text in (*self.ignored, *self.warnings):
            size += len(text)
        return size + len(self.refused or "")

    def facts(self) -> dict[str, Any]:
        """Return what those hear of it who watch the sandbox."""
        return {
            "number": self.number,
            "called_at": self.called_at,
            "action": self.action,
            "app_id": self.app_id,
            "status": self.status,
            "refused": self.refused,
            "behaviour": self.behaviour,
            "warnings": list(self.warnings),
        }

    def __str__(self) -> str:
        """Return it in a line, as failures of tests show it."""
        return call_line(self)


def call_line(call: ApiCall) -> str:
    """Return in a line what was called, and what came of it."""
    what = call.action or "a call without a method"
    answered = call.end if call.status is None else str(call.status)
    line = f"{what} of {call.app_id or 'no app'}: {answered or 'under way'}"
    if call.behaviour:
        line += f", as told ({call.behaviour})"
    return line + (f", {call.refused}" if call.refused else "")


class CallLog:
    """The calls of one API; any thread may add one or look.

    Args:
        kept: How many are kept.
        kept_bytes: About how many bytes they may take; the latest is kept even if it takes more.
    """

    def __init__(self, kept: int = KEPT_CALLS, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept = kept
        self._kept_bytes = kept_bytes
        self._lock = threading.Lock()
        self._calls: deque[tuple[ApiCall, int]] = deque()
        self._bytes = 0
        self._dropped = 0
        self._number = 0

    def next_number(self) -> int:
        """Return the number of the next call."""
        with self._lock:
            self._number += 1
            return self._number

    def add(self, call: ApiCall) -> None:
        """Keep a call."""
        size = call.size
        with self._lock:
            self._calls.append((call, size))
            self._bytes += size
            while len(self._calls) > 1 and (
                len(self._calls) > self._kept or self._bytes > self._kept_bytes
            ):
                self._bytes -= self._calls.popleft()[1]
                self._dropped += 1

    def calls(self) -> list[ApiCall]:
        """Return the calls that are kept, oldest first."""
        with self._lock:
            return [call for call, _ in self._calls]

    @property
    def dropped(self) -> int:
        """Return how many older ones were dropped to bound memory."""
        return self._dropped

    def clear(self) -> None:
        """Forget all of them; numbers go on."""
        with self._lock:
            self._calls.clear()
            self._bytes = self._dropped = 0
