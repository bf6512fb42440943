"""Which applications are called, with which requests, and how time is spent."""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.core.clock import ManualClock
from mockserver.core.errors import InvalidValue
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.transport.application.asgi import AsgiTransport, scope_of
from mockserver.transport.application.base import application_transport, kind_of
from mockserver.transport.application.failure import (
    ApplicationFailure,
    BrokenApplication,
    line_of,
    traceback_of,
)
from mockserver.transport.application.request import request_of
from mockserver.transport.application.wsgi import WsgiTransport, environ_of
from mockserver.transport.curl.transport import CurlTransport
from tests.transport.exchanges import attempt_at, curl_transport, post
from tests.transport.servers import RawServer, keeping_alive

TIMEOUT = timedelta(seconds=30)
URL = "http://partner.test/in?user=ada"


def transport_to(
    app: Any, failures: list[ApplicationFailure] | None = None, base_url: str = ""
) -> WsgiTransport | AsgiTransport:
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


def test_it_accepts_what_is_below_its_base_url() -> None:
    transport = transport_to(wsgi_app, base_url="https://partner.test/hooks/")
    accepted = ["", "/", "/x", "?user=ada", "/x?y#z"]
    assert all(transport.accepts(f"https://partner.test/hooks{rest}") for rest in accepted)
    assert transport.accepts("https://ada:pw@PARTNER.test:443/hooks/x")
    for url in (
        "https://partner.test/hooksx",
        "https://partner.test/",
        "http://partner.test/hooks/x",
        "https://partner.test:444/hooks/x",
        "https://other.test/hooks/x",
        "ftp://partner.test/hooks/x",
    ):
        assert not transport.accepts(url)
    assert transport_to(wsgi_app).accepts("http://anybody.test/")
    with pytest.raises(InvalidValue, match=r"http://partner\.test"):
        transport_to(wsgi_app, base_url="partner.test")


@pytest.mark.parametrize("app", [wsgi_app, asgi_app])
def test_a_url_that_cannot_be_posted_to_is_blocked(app: Any) -> None:
    for url in (
        "ftp://partner.test/",
        "http:///x",
        "http://a b/",
        "http://a:99999/",
        "http://a:" + "9" * 9999,
        "http://a/\n",
    ):
        outcome = transport_to(app).send(attempt_at(url))
        assert outcome.kind is OutcomeKind.BLOCKED
        assert outcome.error is not None
        assert outcome.error.startswith("blocked: ")


@pytest.mark.parametrize("app", [wsgi_app, asgi_app])
def test_time_is_spent_only_during_an_attempt(app: Any) -> None:
    transport = transport_to(app)
    transport.send(attempt_at(URL))
    with pytest.raises(InvalidValue, match="no attempt is under way"):
        transport.spend(timedelta(seconds=1))
    transport.close()


@pytest.mark.parametrize("duration", [timedelta(seconds=-1), 45, None])
def test_only_a_duration_can_be_spent(duration: Any) -> None:
    with pytest.raises(InvalidValue, match="timedelta"):
        transport_to(wsgi_app).spend(duration)


def test_failures_are_logged_unless_somebody_is_told(caplog: pytest.LogCaptureFixture) -> None:
    def failing(environ: Any, start_response: Any) -> Iterable[bytes]:
        raise ZeroDivisionError("oh")

    transport = application_transport(
        failing, now=ManualClock().now, timeout_of=lambda _attempt: TIMEOUT
    )
    assert transport.send(attempt_at(URL)).status == 500
    (record,) = caplog.records
    assert URL in record.getMessage()
    assert "ZeroDivisionError: oh" in record.getMessage()


def test_a_failure_that_is_raised_again_ends_the_sending() -> None:
    def failing(environ: Any, start_response: Any) -> Iterable[bytes]:
        raise ZeroDivisionError("oh")

    def raise_again(failure: ApplicationFailure) -> None:
        raise failure.error

    transport = application_transport(
        failing,
        now=ManualClock().now,
        timeout_of=lambda _attempt: TIMEOUT,
        on_failure=raise_again,
    )
    with pytest.raises(ZeroDivisionError):
        transport.send(attempt_at(URL))


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError


def test_an_exception_fits_a_line() -> None:
    def caught(call: Callable[[], object]) -> str:
        with pytest.raises(BaseException) as raised:  # noqa: PT011
            call()
        return line_of(raised.value)

    assert line_of(ValueError()) == "ValueError"
    assert line_of(ValueError("a\nb")) == "ValueError: a"
    assert line_of(BrokenApplication("no answer")) == "no answer"
    assert line_of(Unprintable("x")) == "Unprintable"
    assert caught(lambda: int("x")).endswith(f"(test_base.py:{_line_of_last_lambda()})")
    # Raised in a library, it is told where the application called that.
    assert "(test_base.py:" in caught(lambda: pytest.fail("no"))


def test_a_traceback_tells_of_the_application_and_of_where_it_went() -> None:
    def told(call: Callable[[], object]) -> list[str]:
        with pytest.raises(BaseException) as raised:  # noqa: PT011
            call()
        lines = traceback_of(raised.value).splitlines()
        return [line.rpartition(", in ")[2] for line in lines if line.startswith("  File ")]

    def own() -> object:
        return json.loads("{")

    def through_a_library() -> object:
        return next(filter(lambda _item: own(), ThreadPoolExecutor(1).map(lambda _: own(), [1])))

    assert told(own)[:3] == ["told", "own", "loads"], "its own, and where it went from there"
    assert "result_iterator" not in told(through_a_library), "no libraries in between"
    assert told(through_a_library)[:3] == ["told", "through_a_library", "<lambda>"]
    # What this package does when the application calls it, the exception says.
    assert told(lambda: request_of(None))[-1] == "<lambda>"  # type: ignore[arg-type]

    def chained() -> None:
        try:
            own()
        except ValueError as error:
            raise LookupError from error

    assert told(chained)[-2:] == ["told", "chained"]
    assert told(chained)[:2] == ["chained", "own"]


def test_of_an_application_that_is_installed_every_frame_is_shown() -> None:
    with pytest.raises(ValueError, match="larger") as raised:
        random.sample([], 1)
    beyond_this_file = raised.tb.tb_next
    text = traceback_of(raised.value.with_traceback(beyond_this_file))
    assert [line for line in text.splitlines() if line.endswith(", in sample")]


def _line_of_last_lambda() -> int:
    code = test_an_exception_fits_a_line.__code__
    lambdas = [each for each in code.co_consts if getattr(each, "co_name", "") == "<lambda>"]
    return int(lambdas[0].co_firstlineno)


# The wire


class Wire(NamedTuple):
    """A server that only listens, and the transport that posts to it."""

    server: RawServer
    curl: CurlTransport

    def lines_of(self, url: str) -> list[str] | Outcome:
        before = len(self.server.requests)
        outcome = post(self.curl, url)
        if len(self.server.requests) == before:
            return outcome
        return self.server.requests[before][1].decode("latin-1").split("\r\n")[:-2]


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with RawServer(keeping_alive()) as server:
        curl = curl_transport()
        yield Wire(server, curl)
        curl.close()


def lines_of_environ(environ: dict[str, Any]) -> list[str]:
    fields = {
        "HTTP_HOST": "Host",
        "HTTP_AUTHORIZATION": "Authorization",
        "HTTP_ACCEPT": "Accept",
        "CONTENT_LENGTH": "Content-Length",
    }
    unknown = {name for name in environ if name.startswith(("HTTP_", "CONTENT_"))} - set(fields)
    assert not unknown
    protocol = environ["SERVER_PROTOCOL"]
    return [
        f"{environ['REQUEST_METHOD']} {environ['RAW_URI']} {protocol}",
        *(f"{fields[name]}: {environ[name]}" for name in fields if name in environ),
    ]


def lines_of_scope(scope: dict[str, Any]) -> list[str]:
    target = scope["raw_path"]
    if scope["query_string"]:
        target += b"?" + scope["query_string"]
    return [
        f"{scope['method']} {target.decode()} HTTP/{scope['http_version']}",
        *(
            f"{name.decode().title()}: {value.decode('latin-1')}"
            for name, value in scope["headers"]
        ),
    ]


def check_against_the_wire(wire: Wire, url: str) -> None:
    on_the_wire = wire.lines_of(url)
    request = request_of(url)
    if isinstance(on_the_wire, Outcome):
        assert on_the_wire.kind is OutcomeKind.BLOCKED
        assert isinstance(request, str)
        return
    assert not isinstance(request, str)
    assert lines_of_environ(environ_of(request)) == on_the_wire
    # What follows from the scope alone cannot tell `/x?` from `/x`.
    assert [on_the_wire[0].replace("? ", " "), *on_the_wire[1:]] == [
        lines_of_scope(scope_of(request, {}))[0],
        *lines_of_scope(scope_of(request, {}))[1:],
    ]


text = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="@/?#:"), max_size=4)
escapes = st.sampled_from(["%20", "%2F", "%e4", "%C3%A9", "%zz", "%", "+", "%00", "%3A", "%2e"])
pieces = st.lists(text | escapes, max_size=4).map("".join)
hosts = st.sampled_from(
    ["127.0.0.1", "localhost", "LocalHost", "127.1", "0x7f000001", "%6cocalhost", "a_b.localhost"]
)
safe = st.text("abAB09-._~!$&'()*+,;=%", max_size=6) | st.sampled_from(["%3A", "%C3%A9", "%20"])


@st.composite
def urls(draw: st.DrawFn) -> str:
    user_info = draw(
        st.just("") | safe.map("{}@".format) | st.tuples(safe, safe).map("%s:%s@".__mod__)
    )
    path = "".join(f"/{segment}" for segment in draw(st.lists(pieces, max_size=3)))
    query = draw(st.just("") | pieces.map("?x={}".format) | st.just("?"))
    fragment = draw(st.just("") | pieces.map("#{}".format))
    scheme = draw(st.sampled_from(["http", "HTTP"]))
    return f"{scheme}://{user_info}{draw(hosts)}:PORT{path}{query}{fragment}"


@given(url=urls())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_request_is_what_goes_over_the_wire(wire: Wire, url: str) -> None:
    check_against_the_wire(wire, url.replace("PORT", str(wire.server.port)))


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:PORT",
        "http://localhost:PORT?x=1#y",
        "http://localhost:0PORT/",
        "http://localhost:PORT//a/../b/./c\\d",
        "http://b\u00fccher.localhost:PORT/",
        "http://a%3Ab@localhost:PORT/",
        "http://:@localhost:PORT/",
        "http://u:p:q@localhost:PORT/",
        "http://a@b@localhost:PORT/",
        "http://a%00b@localhost:PORT/",
        "http://a%0Ab:@localhost:PORT/",
        "http://a b@localhost:PORT/",
        "http://a\tb@localhost:PORT/",
        "http://a b.localhost:PORT/",
        "http://a%20b.localhost:PORT/",
        "http://a%2fb.localhost:PORT/",
        "http://a!b.localhost:PORT/",
        "http://*.localhost:PORT/",
        "http://localhost:PORT/\ud800",
        "http://localhost:PORT/a\x7f",
        "http://localhost:PORTx/",
        "http:///localhost:PORT/",
        " http://localhost:PORT/",
        "ftp://localhost:PORT/",
    ],
)
def test_urls_that_are_seldom_seen_are_read_as_for_the_wire(wire: Wire, url: str) -> None:
    check_against_the_wire(wire, url.replace("PORT", str(wire.server.port)))


def test_a_usual_port_is_not_written() -> None:
    fields = {
        "http://partner.test:80/": b"partner.test",
        "https://partner.test:443/": b"partner.test",
        "https://partner.test:80/": b"partner.test:80",
        "http://[::1]:8000/": b"[::1]:8000",
    }
    for url, field in fields.items():
        request = request_of(url)
        assert not isinstance(request, str)
        assert request.headers[0] == (b"Host", field)
