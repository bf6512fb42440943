"""Which objects are applications, and of which kind."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from mockserver.core.errors import InvalidValue
from mockserver.transport.application.asgi import AsgiTransport
from mockserver.transport.application.factory import kind_of
from mockserver.transport.application.wsgi import WsgiTransport
from tests.transport.application.applications import asgi_app, transport_to, wsgi_app


class AsyncCallable:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class WsgiObject:
    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        return []

    def method(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        return []

    async def async_method(self, scope: Any, receive: Any, send: Any) -> None: ...


class WsgiClass:
    def __init__(self, environ: Any, start_response: Any) -> None: ...

    def __iter__(self) -> Iterator[bytes]:
        return iter(())


class Endpoint:
    def __init__(self, scope: Any, receive: Any, send: Any) -> None: ...

    def __await__(self) -> Any: ...


class Asgi2Class:
    def __init__(self, scope: Any) -> None: ...

    async def __call__(self, receive: Any, send: Any) -> None: ...


def asgi_wrapper(scope: Any, receive: Any, send: Any) -> Any:
    return asgi_app(scope, receive, send)


@functools.wraps(asgi_app)
def decorated(*args: Any) -> Any:
    return asgi_app(*args)


def with_prefix(prefix: str, environ: Any, start_response: Any) -> Iterable[bytes]:
    return []


async def async_with_prefix(prefix: str, scope: Any, receive: Any, send: Any) -> None: ...


@pytest.mark.parametrize(
    ("app", "kind"),
    [
        (wsgi_app, "wsgi"),
        (WsgiObject(), "wsgi"),
        (WsgiObject().method, "wsgi"),
        (WsgiClass, "wsgi"),
        (functools.partial(with_prefix, "/x"), "wsgi"),
        (lambda *args: [], "wsgi"),
        # It does not say what it takes.
        (dict, "wsgi"),
        (asgi_app, "asgi"),
        (AsyncCallable(), "asgi"),
        (WsgiObject().async_method, "asgi"),
        (Endpoint, "asgi"),
        (asgi_wrapper, "asgi"),
        (decorated, "asgi"),
        (functools.partial(async_with_prefix, "/x"), "asgi"),
    ],
)
def test_it_sees_what_an_application_is(app: Any, kind: str) -> None:
    assert kind_of(app) == kind
    transport = transport_to(app)
    assert isinstance(transport, WsgiTransport if kind == "wsgi" else AsgiTransport)
    assert transport.batch == 1
    transport.close()


@pytest.mark.parametrize(
    ("app", "told"),
    [
        (None, "None is not callable"),
        ("partner:app", "'partner:app' is not callable"),
        (Asgi2Class, "ASGI 2"),
        (Asgi2Class(None), "ASGI 2"),
        (lambda: wsgi_app, "pass what it returns"),
        (lambda a, b, c, d: None, "neither WSGI"),
    ],
)
def test_it_refuses_what_is_no_application(app: Any, told: str) -> None:
    with pytest.raises(InvalidValue, match=told):
        transport_to(app)
