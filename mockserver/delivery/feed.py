"""Keeps what has happened lately, in order, for `postbacks tail` and the control API."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import accumulate, islice
from typing import Any, NamedTuple

from mockserver.core.limits import MOST_OF_FEED
from mockserver.core.models import AbTestEvent, Attempt, MessageEvent
from mockserver.ledger.protocol import Result
from mockserver.receiver.journal import ReceivedRequest

#: How many happenings are kept; the oldest are dropped first.
KEPT_HAPPENINGS = 10_000
#: What a happening takes besides its text.
_ALONE_BYTES = 500


class Happening(NamedTuple):
    """One thing that happened.

    Attributes:
        sequence: Its number, counted from 1 for the first since the sandbox was started.
        kind: `attempt`, `event`, `forward`, `rule`, `app`, `call`, `clock`, `reset` or
            `retention`.
        payload: What there is to know of it; the keys depend on the kind.
    """

    sequence: int
    kind: str
    payload: dict[str, Any]


class Feed:
    """A bounded, numbered list of happenings; any thread can add to it or wait for the next.

    Args:
        kept: How many are kept.
        kept_bytes: About how many bytes they may take; the latest is kept even if it takes more.
    """

    def __init__(self, kept: int = KEPT_HAPPENINGS, kept_bytes: int = MOST_OF_FEED) -> None:
        self._happenings: deque[Happening] = deque()
        self._sizes: deque[int] = deque()
        self._kept = kept
        self._kept_bytes = kept_bytes
        self._bytes = 0
        self._changed = threading.Condition()
        self._sequence = 0
        self._closed = False

    @property
    def last(self) -> int:
        """Return the sequence number of the latest happening; 0 before the first."""
        return self._sequence

    @property
    def is_closed(self) -> bool:
        """Return whether nobody waits any more."""
        return self._closed

    def add(self, kind: str, payload: dict[str, Any]) -> None:
        """Add one happening and wake whoever waits."""
        self.add_all(kind, (payload,))

    def add_all(self, kind: str, payloads: Iterable[dict[str, Any]]) -> None:
        """Add happenings of one kind, in their order, and wake whoever waits."""
        with self._changed:
            for payload in payloads:
                self._sequence += 1
                self._happenings.append(Happening(self._sequence, kind, payload))
                size = _size_of(payload)
                self._sizes.append(size)
                self._bytes += size
            while len(self._sizes) > 1 and (
                len(self._sizes) > self._kept or self._bytes > self._kept_bytes
            ):
                self._happenings.popleft()
                self._bytes -= self._sizes.popleft()
            self._changed.notify_all()

    def add_attempts(self, results: Sequence[Result]) -> list[Attempt]:
        """Add the attempts that were made, and return them."""
        made = [
            Attempt(attempt.delivery_id, attempt.number, started_at, outcome, attempt.repeated)
            for attempt, started_at, outcome, _, _ in results
        ]
        self.add_all(
            "attempt",
            [
                {"attempt": each, "url": attempt.url, "state": state, "due_at": due_at}
                for each, (attempt, _, _, state, due_at) in zip(made, results, strict=True)
            ],
        )
        return made

    def add_forwarded(self, request: ReceivedRequest) -> None:
        """Add that an inbox has forwarded a request, and what came of it."""
        forwarded = request.forwarded
        assert forwarded is not None, "only of what was forwarded"
        delivery_id, number = request.attempt or (None, None)
        facts = {
            "inbox": request.inbox,
            "request_id": request.id,
            "delivery_id": delivery_id,
            "attempt_number": number,
            "arrived_at": request.arrived_at,
            "method": request.method,
            "url": forwarded.url,
            "status": forwarded.status,
            "error": forwarded.error,
            "elapsed_real_seconds": round(forwarded.real_seconds, 6),
        }
        self.add("forward", facts)

    def after(
        self,
        sequence: int,
        timeout_real_seconds: float = 0.0,
        *,
        most_bytes: int | None = None,
    ) -> list[Happening]:
        """Return the happenings after `sequence`, waiting for the first if there is none.

        Args:
            sequence: The last one that is known.
            timeout_real_seconds: How long to wait at most.
            most_bytes: About how many bytes the returned ones may take; at least one is returned.
        """
        if timeout_real_seconds:
            self.wait(sequence, timeout_real_seconds)
        with self._changed:
            newer = self._sequence - sequence
            if newer <= 0:
                return []
            first = max(0, len(self._happenings) - newer)
            happenings = list(islice(self._happenings, first, None))
            sizes = [] if most_bytes is None else list(islice(self._sizes, first, None))
        if most_bytes is None:
            return happenings
        fitting = sum(1 for size in accumulate(sizes) if size <= most_bytes)
        return happenings[: max(1, fitting)]

    def wait(self, sequence: int, timeout_real_seconds: float) -> None:
        """Wait until something has happened after `sequence`."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._sequence > sequence or self._closed, timeout_real_seconds
            )

    def close(self) -> None:
        """Wake whoever waits; nobody waits from now on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def _size_of(payload: dict[str, Any]) -> int:
    """Return about how many bytes a payload takes."""
    size = _ALONE_BYTES
    for value in payload.values():
        if isinstance(value, str):
            size += len(value)
        elif isinstance(value, Attempt):
            outcome = value.outcome
            size += len(outcome.body) + len(outcome.error or "")
            for name, text in outcome.headers:
                size += len(name) + len(text) + 100
        elif isinstance(value, MessageEvent | AbTestEvent):
            size += _size_of_event(value)
    return size


def _size_of_event(event: MessageEvent | AbTestEvent) -> int:
    size = len(event.user_id) + len(event.device_id)
    if isinstance(event, AbTestEvent):
        return size + len(event.ab_test_id) + len(event.variant_id)
    size += len(event.message_id) + len(event.template_name)
    # As text: what it takes as objects is some times that, and few events have many.
    return size + (4 * len(str(event.parameters)) if event.parameters else 0)
