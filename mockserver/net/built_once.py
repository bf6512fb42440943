"""Lets one thread at a time build what msgspec keeps for a type, for all who decode in threads.

Two threads that decode into the same type for the first time may end the process: msgspec 0.22
calls Python for the annotations while a type is half built, another thread runs meanwhile and uses
it (a segmentation fault, found by the fuzzer). So all is built behind one lock: types share parts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar, cast

_T = TypeVar("_T")
_MISSING = object()

#: For all types together: they have parts in common. Whoever builds may ask for a part of it.
BUILDING = threading.RLock()


class BuiltOnce(Generic[_T]):
    """Something that is built when it is asked for first, by one thread, and then kept.

    Args:
        build: Builds it.
    """

    __slots__ = ("_build", "_value")

    def __init__(self, build: Callable[[], _T]) -> None:
        self._build = build
        self._value: object = _MISSING

    def __call__(self) -> _T:
        """Return it."""
        if self._value is _MISSING:
            with BUILDING:
                if self._value is _MISSING:
                    self._value = self._build()
        return cast("_T", self._value)
