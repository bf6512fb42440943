"""Exceptions that a framework answers itself, heard by the signal it sends of them.

Decides: whose exceptions are heard, and that they are those of one attempt. Place in the flow:
around an attempt of an application in this process. Must not import: web frameworks; they are
only looked for among what is imported already.

Flask and Django catch what a view raises and answer 500. A server would see nothing but that,
and a test is to see why.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

#: The attempt that the running code answers, in whatever thread: a signal tells everybody.
_ATTEMPT: ContextVar[object] = ContextVar("attempt", default=None)


@contextmanager
def heard(on_error: Callable[[BaseException], None]) -> Iterator[None]:
    """Tell `on_error` of what Flask and Django catch within, and in its copies of the context."""
    attempt = object()

    # Django names the sender, and does not say which exception it is.
    def take(sender: object, exception: BaseException | None = None, **_: Any) -> None:
        error = sys.exc_info()[1] if exception is None else exception
        if error is not None and _ATTEMPT.get() is attempt:
            on_error(error)

    token = _ATTEMPT.set(attempt)
    with ExitStack() as stack:
        stack.callback(_ATTEMPT.reset, token)
        for module in ("flask.signals", "django.core.signals"):
            signal = getattr(sys.modules.get(module), "got_request_exception", None)
            if signal is not None:
                signal.connect(take, weak=False)
                stack.callback(signal.disconnect, take)
        yield
