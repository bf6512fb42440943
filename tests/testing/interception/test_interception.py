"""Several at a time, in any order, beside other tools; and as if nothing had been afterwards."""

from __future__ import annotations

import _socket
import itertools
import os
import socket
import ssl
import sys
from typing import Any

import pytest
import requests
import urllib3

from mockserver.testing import Leanplum
from tests.testing.interception.clients import httpx_, requests_, urllib3_
from tests.testing.interception.conftest import CountingServer
from tests.testing.pytest_runs import python

URL = "https://api.leanplum.com/api"


def attributes() -> dict[str, Any]:
    import pycurl
    import uvloop

    owners: list[tuple[Any, tuple[str, ...]]] = [
        (socket, ("getaddrinfo", "gethostbyname", "gethostbyname_ex")),
        (_socket, ("getaddrinfo",)),
        (socket.socket, ("connect", "connect_ex", "send", "sendall")),
        (ssl.SSLContext, ("wrap_socket", "wrap_bio")),
        (ssl.SSLSocket, ("write", "send")),
        (ssl.SSLObject, ("write",)),
        (requests.Session, ("get_adapter",)),
        (uvloop.Loop, ("getaddrinfo", "create_connection")),
        (pycurl, ("Curl", "CurlMulti")),
    ]
    found = {
        f"{owner.__name__}.{name}": vars(owner).get(name)
        for owner, names in owners
        for name in names
    }
    return found | {"meta_path": list(sys.meta_path), "environ": dict(os.environ)}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_all_is_as_it_was_whatever_the_order_of_ending(order: tuple[int, ...]) -> None:
    before = attributes()
    entered = [Leanplum(app_id=f"app-{number}").__enter__() for number in range(3)]
    assert attributes() != before
    left = dict(enumerate(entered))
    for number in order:
        left.pop(number).close()
        if left:
            newest = left[max(left)]
            known = len(newest.refused_calls)
            assert urllib3_(URL, {"action": "nothing"})[0] == 400
            assert len(newest.refused_calls) == known + 1
    assert attributes() == before


@pytest.mark.parametrize("call", [requests_, urllib3_], ids=["requests", "urllib3"])
def test_a_call_is_answered_by_whom_its_app_belongs_to(call: Any) -> None:
    with Leanplum(app_id="outer") as outer, Leanplum(app_id="inner") as inner:
        for leanplum in (outer, inner, outer):
            body = {"action": "nothing", "appId": leanplum.app_id}
            assert call(URL, body)[0] == 400
        assert call(URL, {"action": "nothing", "appId": "unknown"})[0] == 400
        assert (len(outer.refused_calls), len(inner.refused_calls)) == (2, 2)


@pytest.mark.parametrize("kind", ["query", "form", "json", "multipart"])
@pytest.mark.parametrize("retries", [0, 1], ids=["without a socket", "through a socket"])
def test_the_app_is_found_wherever_it_stands(kind: str, retries: int) -> None:
    fields = {"action": "nothing", "appId": "outer"}
    named: dict[str, Any] = {
        "query": {"params": fields},
        "form": {"data": fields},
        "json": {"json": fields},
        "multipart": {"files": {name: (None, value) for name, value in fields.items()}},
    }[kind]
    with (
        Leanplum(app_id="outer") as outer,
        Leanplum(app_id="inner") as inner,
        requests.Session() as session,
    ):
        session.mount("https://", requests.adapters.HTTPAdapter(max_retries=retries))
        assert session.post(URL, **named).status_code == 400
        assert (len(outer.refused_calls), len(inner.refused_calls)) == (1, 0)


def test_what_another_tool_has_put_on_top_stays() -> None:
    monkeypatch = pytest.MonkeyPatch()
    before = attributes()
    seen: list[Any] = []
    leanplum = Leanplum().__enter__()
    ours = socket.getaddrinfo

    def on_top(host: Any, *rest: Any, **named: Any) -> Any:
        seen.append(host)
        return ours(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", on_top)
    assert urllib3_(URL, {})[0] == 400
    leanplum.close()
    assert socket.getaddrinfo is on_top
    # What it calls passes through.
    assert socket.getaddrinfo("127.0.0.1", 80)[0][4] == ("127.0.0.1", 80)
    assert seen == ["api.leanplum.com", "127.0.0.1"]
    monkeypatch.undo()
    # It is taken out with the next one.
    with Leanplum():
        assert urllib3_(URL, {})[0] == 400
    assert socket.getaddrinfo is before["socket.getaddrinfo"]


def test_one_that_begins_later_is_put_on_top_of_what_blocks_the_network() -> None:
    monkeypatch = pytest.MonkeyPatch()

    def blocked(*_: Any, **__: Any) -> Any:
        raise AssertionError("no network")

    before = attributes()
    with Leanplum(app_id="outer"):
        monkeypatch.setattr(socket, "getaddrinfo", blocked)
        with Leanplum(app_id="inner") as inner:
            assert httpx_(URL, {})[0] == 400
            assert len(inner.refused_calls) == 1
        monkeypatch.undo()
    assert attributes() == before


PROXIES = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"]


@pytest.mark.parametrize("variable", PROXIES)
@pytest.mark.parametrize("given", [None, "localhost", "*"])
def test_a_proxy_of_the_environment_is_not_asked(
    variable: str, given: str | None, monkeypatch: pytest.MonkeyPatch, outside: CountingServer
) -> None:
    monkeypatch.setenv(variable, f"http://127.0.0.1:{outside.port}")
    if given is not None:
        monkeypatch.setenv("NO_PROXY", given)
    before = dict(os.environ)
    with Leanplum() as leanplum:
        for call in (requests_, httpx_):
            assert call(URL, {})[0] == 400
            assert call(URL.replace("https", "http"), {})[0] == 400
        assert len(leanplum.refused_calls) == 4
    assert dict(os.environ) == before
    assert outside.count == 0


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.leaves
def test_a_proxy_of_the_client_is_refused(scheme: str, outside: CountingServer) -> None:
    url = f"{scheme}://api.leanplum.com/api"
    with Leanplum() as leanplum:
        manager = urllib3.ProxyManager(f"http://127.0.0.1:{outside.listener.getsockname()[1]}")
        with pytest.raises(urllib3.exceptions.HTTPError) as caught:
            manager.request("POST", url, retries=False)
        manager.clear()
        assert leanplum.refused_calls == []
    assert "a call to api.leanplum.com through a proxy by urllib3" in str(caught.value)


def test_each_client_may_be_imported_only_within_the_test() -> None:
    done = python(
        """
        import sys
        from mockserver.testing import Leanplum
        with Leanplum() as leanplum:
            print("httpx" in sys.modules)
            import httpx
            print(httpx.post("https://api.leanplum.com/api").status_code)
        import pycurl
        print(pycurl.Curl.__module__)
        """
    )
    assert (done.stderr, done.stdout.split()) == ("", ["False", "400", "pycurl"])
