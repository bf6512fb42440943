"""Transfers of pycurl to Leanplum are answered, however their URL is written and handed in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from typing import Any

import pycurl
import pytest

from mockserver.core.errors import InvalidValue
from mockserver.testing import Leanplum

_GENUINE = pycurl.Curl

_URLS = [
    "https://api.leanplum.com/api",
    "HTTPS://API.Leanplum.com:8443/api",
    "https://api.leanplum.com./api",
    "https://api%2Eleanplum%2ecom/api",
    "https:///api.leanplum.com/api",
    "https:/api.leanplum.com/api",
    "http://user:secret@www.leanplum.com/api",
    "api.leanplum.com/api",
]


@pytest.fixture
def leanplum_() -> Iterator[Leanplum]:
    with Leanplum() as leanplum:
        yield leanplum


def _setopt(handle: Any, url: str) -> Any:
    handle.setopt(pycurl.URL, url)
    return handle


def _bytes(handle: Any, url: str) -> Any:
    handle.setopt(pycurl.URL, url.encode())
    return handle


def _setopt_string(handle: Any, url: str) -> Any:
    handle.setopt_string(pycurl.URL, url)
    return handle


def _duplicate(handle: Any, url: str) -> Any:
    handle.setopt(pycurl.URL, url)
    return handle.duphandle()


def _multi(handle: Any) -> None:
    multi = pycurl.CurlMulti()
    multi.add_handle(handle)
    while multi.perform()[1]:
        multi.select(1.0)
    multi.remove_handle(handle)


@pytest.mark.parametrize("hand_in", [_setopt, _bytes, _setopt_string, _duplicate])
@pytest.mark.parametrize("send", [lambda handle: handle.perform(), _multi])
@pytest.mark.parametrize("url", _URLS)
def test_every_way_is_answered(
    leanplum_: Leanplum,
    url: str,
    hand_in: Callable[[Any, str], Any],
    send: Callable[[Any], None],
) -> None:
    keys = f"appId={leanplum_.app_id}&clientKey={leanplum_.key}&apiVersion=1.0.6"
    handle, written = pycurl.Curl(), BytesIO()
    handle.setopt(pycurl.WRITEDATA, written)
    handle = hand_in(handle, f"{url}?action=listPostbacks&{keys}")
    send(handle)
    assert handle.getinfo(pycurl.RESPONSE_CODE) == 200
    assert [call.action for call in leanplum_.api.calls] == ["listPostbacks"]


class _Redirecting(BaseHTTPRequestHandler):
    """Says that what is asked for is at Leanplum."""

    def do_GET(self) -> None:
        self.send_response(302)
        self.send_header("Location", "http://api.leanplum.com/api?action=listPostbacks")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def redirecting() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Redirecting) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("given", [None, ["other.example:80:127.0.0.1:9"]])
def test_a_redirect_to_leanplum_does_not_leave(
    leanplum_: Leanplum, redirecting: str, given: list[str] | None
) -> None:
    handle, written = pycurl.Curl(), BytesIO()
    handle.setopt(pycurl.WRITEDATA, written)
    handle.setopt(pycurl.FOLLOWLOCATION, 1)
    handle.setopt(pycurl.URL, redirecting)
    if given:
        handle.setopt(pycurl.CONNECT_TO, given)
    handle.perform()
    assert [call.refused is not None for call in leanplum_.api.calls] == [True]


def test_a_handle_that_is_kept_goes_where_it_was_told_afterwards(redirecting: str) -> None:
    with Leanplum():
        handle = pycurl.Curl()
        handle.setopt(pycurl.WRITEDATA, BytesIO())
        handle.setopt(pycurl.CONNECT_TO, ["api.leanplum.com::127.0.0.1:9"])
        handle.setopt(pycurl.URL, redirecting)
        handle.perform()
        assert handle.getinfo(pycurl.RESPONSE_CODE) == 302
    handle.setopt(pycurl.URL, "http://api.leanplum.com/api")
    # Now what the handle was given counts: nothing listens there.
    with pytest.raises(pycurl.error, match=r"via 127.0.0.1:9|port 9"):
        handle.perform()


def test_handles_are_genuine_where_nobody_answers() -> None:
    assert pycurl.Curl is _GENUINE
    with pytest.raises(InvalidValue), Leanplum(app_id=""):
        pass
    assert pycurl.Curl is _GENUINE
