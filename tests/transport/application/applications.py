"""Applications that answer 200, and the transport to any application."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from mockserver.core.clock import ManualClock
from mockserver.transport.application.base import ApplicationTransport
from mockserver.transport.application.factory import application_transport
from mockserver.transport.application.failure import (
    ApplicationFailure,
)

TIMEOUT = timedelta(seconds=30)
URL = "http://partner.test/in?user=ada"


def transport_to(
    app: Any, failures: list[ApplicationFailure] | None = None, base_url: str = ""
) -> ApplicationTransport:
    return application_transport(
        app,
        base_url=base_url,
        now=ManualClock().now,
        timeout_of=lambda _attempt: TIMEOUT,
        on_failure=([] if failures is None else failures).append,
    )


def wsgi_app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"ok"]


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"ok"})
