"""Makes the transport that calls a given WSGI or ASGI application."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from mockserver.core.errors import InvalidValue
from mockserver.core.models import DueAttempt
from mockserver.transport.application.base import ApplicationTransport
from mockserver.transport.application.failure import ApplicationFailure, log_failure


def application_transport(
    app: Any,
    *,
    base_url: str = "",
    now: Callable[[], datetime],
    timeout_of: Callable[[DueAttempt], timedelta],
    on_failure: Callable[[ApplicationFailure], None] = log_failure,
) -> ApplicationTransport:
    """Return the transport that calls `app`.

    Args:
        app: A WSGI or ASGI application.
        base_url: The URLs below it are the application's; every URL is unless it is given.
        now: Returns the present of the sandbox, aware UTC.
        timeout_of: Returns how long an attempt may take, in sandbox time.
        on_failure: Called with each exception of the application, in the thread that sends.
            What it raises itself ends the sending.

    Raises:
        InvalidValue: `app` is neither, or `base_url` is not a URL.
    """
    if kind_of(app) == "asgi":
        # asyncio takes long to import, and most applications under test do without it.
        from mockserver.transport.application.asgi import AsgiTransport

        return AsgiTransport(app, base_url, now, timeout_of, on_failure)
    from mockserver.transport.application.wsgi import WsgiTransport

    return WsgiTransport(app, base_url, now, timeout_of, on_failure)


def kind_of(app: Any) -> Literal["wsgi", "asgi"]:
    """Return which kind of application `app` is.

    Raises:
        InvalidValue: It is neither.
    """
    if not callable(app):
        raise InvalidValue(
            f"an application is called for every request, and {app!r} is not callable; pass the "
            "WSGI or ASGI object itself, e.g. what Flask(__name__) or FastAPI() returned"
        )
    is_itself = inspect.isroutine(app) or inspect.isclass(app) or isinstance(app, partial)
    called = app if is_itself else app.__call__
    takes = _takes(called)
    is_async = inspect.iscoroutinefunction(called) or hasattr(app, "__await__")
    if takes(3) and (is_async or not takes(2)):
        return "asgi"
    if takes(2) and not is_async:
        return "wsgi"
    if takes(2) or takes(1):
        raise InvalidValue(
            f"{app!r} takes what an ASGI 2 application takes; WSGI and ASGI 3 are called here: "
            "wrap it in asgiref.compatibility.guarantee_single_callable"
        )
    raise InvalidValue(
        f"{app!r} is neither WSGI (environ, start_response) nor ASGI (scope, receive, send); if "
        "it makes the application, pass what it returns"
    )


def _takes(called: Any) -> Callable[[int], bool]:
    """Return a function that says whether `called` takes so many positional arguments."""
    try:
        bind = inspect.signature(called).bind
    except ValueError:  # It is written in C and has no signature; such applications are WSGI.
        return lambda count: count == 2

    def takes(count: int) -> bool:
        with suppress(TypeError):
            bind(*range(count))
            return True
        return False

    return takes
