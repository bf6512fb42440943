"""Notes which calls of `leanplum.aio` were never begun: an `await` is easily forgotten.

Nothing happens then, and an assertion that something did not happen holds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

_Method = TypeVar("_Method", bound=Callable[..., Coroutine[Any, Any, Any]])


class AskedCall:
    """A call that returned something to be awaited.

    Args:
        text: The call, and where it stands.
        coroutine: What it is to do; dropped as soon as it is begun.
    """

    def __init__(self, text: str, coroutine: Coroutine[Any, Any, Any]) -> None:
        self.text = text
        self.coroutine: Coroutine[Any, Any, Any] | None = coroutine

    def drop(self) -> None:
        """Never begin it, if it has not begun."""
        if self.coroutine is not None:
            self.coroutine.close()


def noted(method: _Method) -> _Method:
    """Make a method note its calls in `asked_calls` of its object, until they are begun."""
    name = method.__name__

    @wraps(method)
    def call(self: Any, *arguments: Any, **named: Any) -> Coroutine[Any, Any, Any]:
        coroutine = method(self, *arguments, **named)
        caller = sys._getframe(1)  # noqa: SLF001 (documented)
        place = f"{Path(caller.f_code.co_filename).name}:{caller.f_lineno}"
        asked = AskedCall(f"leanplum.aio.{name}(...) at {place}", coroutine)
        self.asked_calls.append(asked)
        begun: Any = _begun(self.asked_calls, asked, coroutine)
        begun.__qualname__ = begun.__name__ = f"leanplum.aio.{name}"
        return cast("Coroutine[Any, Any, Any]", begun)

    return cast("_Method", call)


async def _begun(
    asked_calls: list[AskedCall], asked: AskedCall, coroutine: Coroutine[Any, Any, Any]
) -> Any:
    asked_calls.remove(asked)
    asked.coroutine = None
    return await coroutine
