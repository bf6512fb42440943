"""Keeps what has happened lately, in order, for `postbacks tail` and the control API."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from mockserver.core.models import Attempt
from mockserver.ledger.protocol import Result

#: How many happenings are kept; the oldest are dropped first.
KEPT_HAPPENINGS = 10_000


class Happening(NamedTuple):
    """One thing that happened.

    Attributes:
        sequence: Its number, counted from 1 for the first since the sandbox was started.
        kind: `attempt`, `event`, `rule`, `clock` or `reset`.
        payload: What there is to know of it; the keys depend on the kind.
    """

    sequence: int
    kind: str
    payload: dict[str, Any]


class Feed:
    """A bounded, numbered list of happenings; any thread can add to it or wait for the next."""

    def __init__(self, kept: int = KEPT_HAPPENINGS) -> None:
        self._happenings: deque[Happening] = deque(maxlen=kept)
        self._changed = threading.Condition()
        self._sequence = 0
        self._closed = False

    @property
    def last(self) -> int:
        """Return the sequence number of the latest happening; 0 before the first."""
        return self._sequence

    def add(self, kind: str, payload: dict[str, Any]) -> None:
        """Add one happening and wake whoever waits."""
        self.add_all(kind, (payload,))

    def add_all(self, kind: str, payloads: Iterable[dict[str, Any]]) -> None:
        """Add happenings of one kind, in their order, and wake whoever waits."""
        with self._changed:
            for payload in payloads:
                self._sequence += 1
                self._happenings.append(Happening(self._sequence, kind, payload))
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

    def after(self, sequence: int, timeout_real_seconds: float = 0.0) -> list[Happening]:
        """Return the happenings after `sequence`, waiting for the first if there is none."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._sequence > sequence or self._closed, timeout_real_seconds
            )
            newer = self._sequence - sequence
            if newer <= 0:
                return []
            happenings = list(self._happenings)
        return happenings[-newer:] if newer < len(happenings) else happenings

    def close(self) -> None:
        """Wake whoever waits; nobody waits from now on."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
