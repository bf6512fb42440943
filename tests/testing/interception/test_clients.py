"""Every client is answered, refused when strict, and as it was afterwards."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from mockserver.testing import Leanplum
from tests.testing.interception.clients import ASYNC, BLOCKING, CLIENTS, missing
from tests.testing.interception.conftest import CountingServer
from tests.testing.pytest_runs import run_apart

#: These versions of aiohttp leave their TLS connections to the end of the loop (aiohttp#1925).
_LEFT_OPEN = ("3.8.", "3.9.")
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
    for _ in range(bool(find_spec("aiohttp")) and version("aiohttp").startswith(_LEFT_OPEN))
]

TEMPLATE = "https://shop.example/?u={{User ID}}"


def rule(leanplum: Leanplum) -> dict[str, str]:
    return {
        "action": "addPostback",
        "appId": leanplum.app_id,
        "clientKey": leanplum.key,
        "apiVersion": "1.0.6",
        "type": "messageEvents",
        "postbackUrl": TEMPLATE,
    }


def check(answer: tuple[int, str], leanplum: Leanplum) -> None:
    assert answer[0] == 200, answer[1]
    assert json.loads(answer[1])["response"][0]["success"] is True
    assert [rule.url for rule in leanplum.postbacks] == [TEMPLATE]
    assert leanplum.refused_calls == []


def texts_of(error: BaseException | None) -> str:
    found = []
    seen: list[BaseException | None] = []
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is None or each in seen:
            continue
        seen.append(each)
        found.append(str(each))
        waiting += [each.__cause__, each.__context__]
        waiting += [inner for inner in each.args if isinstance(inner, BaseException)]
        waiting += list(getattr(each, "exceptions", ()))
    return "\n".join(found)


@pytest.fixture(params=CLIENTS)
def name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if missing(name):
        pytest.skip(f"not installed: {', '.join(missing(name))}")
    return name


@pytest.fixture
def leanplum() -> Iterator[Leanplum]:
    with Leanplum() as entered:
        yield entered


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_it_is_answered(
    name: str, scheme: str, leanplum: Leanplum, outside: CountingServer
) -> None:
    url = f"{scheme}://api.leanplum.com:{outside.port}/api"
    check(CLIENTS[name](url, rule(leanplum)), leanplum)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.leanplum.com/api",
        "http://www.leanplum.com/api",
        "https://WWW.Leanplum.COM:443/api",
        "http://api.leanplum.com:80/api/",
        "https://api.leanplum.com//api",
        "https://api.leanplum.com./api",
    ],
)
def test_it_is_answered_however_the_api_is_written(name: str, url: str, leanplum: Leanplum) -> None:
    check(CLIENTS[name](url, rule(leanplum)), leanplum)


@pytest.mark.parametrize("path", ["/", "/v1/api", "/apis", "/_sandbox/health"])
def test_what_the_api_does_not_have_is_its_404(name: str, path: str, leanplum: Leanplum) -> None:
    status, body = CLIENTS[name](f"https://api.leanplum.com{path}", rule(leanplum))
    assert status == 404
    assert json.loads(body)["response"][0]["success"] is False
    assert [call.reply.status for call in leanplum.refused_calls] == [404]


def test_it_is_answered_in_a_thread(name: str, leanplum: Leanplum) -> None:
    answers: list[tuple[int, str]] = []

    def call() -> None:
        answers.append(CLIENTS[name]("https://api.leanplum.com/api", rule(leanplum)))

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    check(answers[0], leanplum)


def test_it_is_refused_when_strict(name: str) -> None:
    with Leanplum(strict=True) as leanplum:
        for url in ("https://shop.example/in", "http://shop.example:8080/in"):
            with pytest.raises(Exception) as caught:  # noqa: PT011 (each client has its own)
                CLIENTS[name](url, {})
            assert "--leanplum-strict" in texts_of(caught.value)
            # Code under test may swallow it, and its test would pass.
            [problem, *_] = leanplum.problems()
            assert problem.kind == "refused"
            assert "a connection to shop.example by " in " ".join(problem.text.split())
        check(CLIENTS[name]("https://api.leanplum.com/api", rule(leanplum)), leanplum)


@pytest.mark.leaves
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", [name for name in CLIENTS if name.partition(",")[0] != "pycurl"])
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_it_is_as_it_was_afterwards(
    name: str, outside: CountingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing(name) or "aiodns" in name:
        pytest.skip("not installed, or asks the network")
    if "uvloop" in name:
        # It looks names up in C: the way out of this test is put below the seam.
        import uvloop

        genuine = uvloop.Loop.create_connection

        async def create_connection(
            loop: Any, factory: Any, host: Any = None, *rest: Any, **named: Any
        ) -> Any:
            host = "127.0.0.1" if host == "api.leanplum.com" else host
            if named.get("ssl"):
                named.setdefault("server_hostname", "api.leanplum.com")
            return await genuine(loop, factory, host, *rest, **named)

        async def getaddrinfo(loop: Any, host: Any, port: Any, **named: Any) -> Any:
            import socket

            return socket.getaddrinfo(host, port, **named)

        monkeypatch.setattr(uvloop.Loop, "create_connection", create_connection)
        monkeypatch.setattr(uvloop.Loop, "getaddrinfo", getaddrinfo)
    url = f"https://api.leanplum.com:{outside.port}/api"
    with Leanplum() as leanplum:
        check(CLIENTS[name](url, rule(leanplum)), leanplum)
        assert outside.count == 0
    with pytest.raises(Exception):  # noqa: B017, PT011 (each client has its own)
        CLIENTS[name](url, rule(leanplum))
    assert outside.count > 0
    # aiohttp on uvloop leaves the socket of a connection that was reset. That is said here.
    gc.collect()


@pytest.mark.parametrize("name", BLOCKING)
def test_a_blocking_client_is_answered_inside_an_async_test(name: str, leanplum: Leanplum) -> None:
    if missing(name):
        pytest.skip("not installed")

    async def test() -> tuple[int, str]:
        return BLOCKING[name]("https://api.leanplum.com/api", rule(leanplum))

    check(asyncio.run(test()), leanplum)


def test_all_of_a_loop_at_once(leanplum: Leanplum) -> None:
    calls = [call for name, call in ASYNC.items() if not missing(name)]

    async def test() -> list[tuple[int, str]]:
        listing = rule(leanplum) | {"action": "listPostbacks"}
        return await asyncio.gather(
            *(call("https://api.leanplum.com/api", listing) for call in calls * 5)
        )

    assert {status for status, _ in asyncio.run(test())} == {200}


@pytest.fixture
def with_these_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let other processes import this file's own package."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))


@pytest.mark.usefixtures("with_these_clients")
def test_they_are_answered_under_xdist(pytester: pytest.Pytester) -> None:
    names = [name for name in CLIENTS if not missing(name)]
    done = run_apart(
        pytester,
        f"""
        import pytest
        from tests.testing.interception.clients import CLIENTS

        @pytest.mark.parametrize("name", {names!r})
        def test_it(leanplum, name):
            status, text = CLIENTS[name]("https://api.leanplum.com/api", {{
                "action": "listPostbacks", "appId": leanplum.app_id, "clientKey": leanplum.key,
                "apiVersion": "1.0.6",
            }})
            assert status == 200, text
        """,
        "-n2",
        f"--rootdir={pytester.path}",
    )
    done.assert_outcomes(passed=len(names))


@pytest.mark.usefixtures("with_these_clients")
@pytest.mark.parametrize("options", [[], ["--block-network", "--allowed-hosts=.*leanplum.com"]])
def test_pycurl_is_answered_beside_pytest_recording(
    pytester: pytest.Pytester, options: list[str]
) -> None:
    """It puts an object in the place of the module, and a class of its own in that of handles."""
    # Not by an import: it asks for `vcr` to be rewritten, which another test has imported.
    if find_spec("pytest_recording") is None:
        pytest.skip("pytest-recording is not installed")
    pytester.makepyfile(
        """
        import sys
        import pycurl
        from tests.testing.interception.clients import pycurl_

        BEFORE = pycurl.Curl, pycurl.Curl.__init__, pycurl.CurlMulti

        def test_it(leanplum):
            assert type(sys.modules["pycurl"]).__name__ == "PyCurlWrapper"
            status, text = pycurl_("https://api.leanplum.com/api", {
                "action": "listPostbacks", "appId": leanplum.app_id, "clientKey": leanplum.key,
                "apiVersion": "1.0.6",
            })
            assert status == 200, text

        def test_afterwards():
            assert (pycurl.Curl, pycurl.Curl.__init__, pycurl.CurlMulti) == BEFORE
        """
    )
    others = [word for name in ("asyncio", "pact", "socket") for word in ("-p", f"no:{name}")]
    done = pytester.runpytest_subprocess("-W", "error", *others, *options)
    done.assert_outcomes(passed=2)
