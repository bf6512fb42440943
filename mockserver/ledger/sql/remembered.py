"""Remembers for the SQL ledger what it has read and only it changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")

#: How much is remembered; nobody has so many apps, but ids come from anywhere.
_LIMIT = 1000


class Remembered(Generic[_K, _V]):
    """Values by key, all of them forgotten with every change; for any thread.

    Args:
        on: Whether anything is remembered at all.
    """

    def __init__(self, *, on: bool) -> None:
        self._on = on
        self._lock = threading.Lock()
        self._values: dict[_K, _V] = {}
        self._changes = 0

    def get(self, key: _K, read: Callable[[_K], _V]) -> _V:
        """Return the value of `key`, which `read` gets if it is not remembered."""
        if not self._on:
            return read(key)
        try:
            return self._values[key]
        except KeyError:
            pass
        changes = self._changes
        value = read(key)
        with self._lock:
            # What was read before a change must not outlive it.
            if changes == self._changes and len(self._values) < _LIMIT:
                self._values[key] = value
        return value

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Surround a transaction that changes values; at its end nothing is remembered."""
        try:
            yield
        finally:
            with self._lock:
                self._changes += 1
                self._values.clear()
