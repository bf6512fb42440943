"""The request to an application is that which libcurl sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.transport.application.asgi_messages import scope_of
from mockserver.transport.application.request import request_of
from mockserver.transport.application.wsgi import environ_of
from mockserver.transport.curl.transport import CurlTransport
from tests.transport.exchanges import curl_transport, post
from tests.transport.servers import RawServer, keeping_alive


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
