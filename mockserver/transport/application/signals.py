"""Catches the exceptions that frameworks answer themselves, for those who test a view.

Flask, Django and Litestar make a 500 of what a view raises, so a server sees nothing else. But two
send a signal, and one has a function for what no handler of the application takes. The frameworks
are not imported here, only looked for among what is imported already. See `swallowed` for others.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

_patching = Lock()

#: What of Litestar answers an exception for which the application has no handler.
_LITESTARS_MODULES = (
    "litestar.middleware._internal.exceptions.middleware",
    "litestar.middleware._internal.exceptions",
    "litestar.middleware.exceptions",
)
_LITESTARS_LAST = "default_http_exception_handler"

#: The attempt that the running code answers, in any thread: every receiver gets every signal.
_ATTEMPT: ContextVar[object] = ContextVar("attempt", default=None)


@contextmanager
def caught_by_frameworks(on_error: Callable[[BaseException], None]) -> Iterator[None]:
    """Call `on_error` with each exception that these frameworks catch while the block runs.

    Those of other threads count as well, if they run in a copy of the block's context.
    """
    attempt = object()

    # Flask passes the exception on; Django does not.
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
        stack.enter_context(_litestar_heard(lambda error: take(None, error)))
        yield


@contextmanager
def _litestar_heard(take: Callable[[BaseException], None]) -> Iterator[None]:
    modules = (sys.modules.get(name) for name in _LITESTARS_MODULES)
    found = (getattr(module, "ExceptionHandlerMiddleware", None) for module in modules)
    kind = next((each for each in found if each is not None), None)
    answer = getattr(kind, _LITESTARS_LAST, None)
    if kind is None or answer is None:
        yield
        return
    exceptions = sys.modules.get("litestar.exceptions")
    ways_to_answer = getattr(exceptions, "HTTPException", ())

    def heard(self: object, request: object, exc: BaseException) -> object:
        if not isinstance(exc, ways_to_answer):
            take(exc)
        return answer(self, request, exc)

    with _patching:
        setattr(kind, _LITESTARS_LAST, heard)
    try:
        yield
    finally:
        with _patching:
            # If somebody else has replaced it meanwhile, this stays, and hears nothing any more.
            if getattr(kind, _LITESTARS_LAST) is heard:
                setattr(kind, _LITESTARS_LAST, answer)
