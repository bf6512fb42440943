"""Leanplum's side of a test is gone with the test, and no collection has to find it.

Hundreds of tests in a run would else be paid for twice: once made, once looked for.
"""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
import requests
import responses

from mockserver.testing import Leanplum
from tests.garbage import left_by

SHOP = "https://shop.example/in?user={{User ID}}"


def nothing(leanplum: Leanplum) -> None:
    """Do nothing with it."""


def inbox(leanplum: Leanplum) -> None:
    leanplum.inbox().behave("503,hang,200")
    leanplum.add_postback(leanplum.inbox().url)
    leanplum.trigger("email.click", user_id="ada")
    leanplum.run_until_idle()
    leanplum.resend(1)
    leanplum.assert_delivered(user_id="ada")
    assert leanplum.timelines()


def unreachable(leanplum: Leanplum) -> None:
    leanplum.add_postback(SHOP)
    leanplum.trigger("email.click", user_id="ada")
    assert [problem.kind for problem in leanplum.problems()] == ["unreachable"]


def wsgi(leanplum: Leanplum) -> None:
    leanplum.partner("https://shop.example/", wsgi_app)
    delivered(leanplum)


def wsgi_app(environ: Any, start: Any) -> list[bytes]:
    start("204 No Content", [])
    return []


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


def asgi(leanplum: Leanplum) -> None:
    leanplum.partner("https://shop.example/", asgi_app)
    delivered(leanplum)


def with_a_thread(leanplum: Leanplum) -> None:
    def app(environ: Any, start: Any) -> list[bytes]:
        threading.Thread(target=nothing, args=(None,)).start()
        start("204 No Content", [])
        return []

    leanplum.partner("https://shop.example/", app)
    delivered(leanplum)


def mocks(leanplum: Leanplum) -> None:
    with responses.RequestsMock() as mocked:
        mocked.post("https://shop.example/in", status=204)
        leanplum.partner("https://shop.example/", mocked)
        delivered(leanplum)


def called_by_requests(leanplum: Leanplum) -> None:
    leanplum.api.behave("503,200")
    for _ in range(2):
        requests.get("https://api.leanplum.com/api", params=call(leanplum))


def called_by_urllib(leanplum: Leanplum) -> None:
    query = "&".join(f"{name}={value}" for name, value in call(leanplum).items())
    with urllib.request.urlopen(f"https://api.leanplum.com/api?{query}") as answer:
        assert answer.status == 200


def delivered(leanplum: Leanplum) -> None:
    leanplum.add_postback(SHOP)
    leanplum.trigger("email.click", user_id="ada")
    leanplum.settle_background()
    leanplum.assert_delivered(user_id="ada")
    assert leanplum.problems() == []


def call(leanplum: Leanplum) -> dict[str, str]:
    keys = {"appId": leanplum.app_id, "clientKey": leanplum.key, "apiVersion": "1.0.6"}
    return {"action": "listPostbacks", **keys}


@pytest.mark.parametrize(
    "act",
    [
        nothing,
        inbox,
        unreachable,
        wsgi,
        asgi,
        with_a_thread,
        mocks,
        called_by_requests,
        called_by_urllib,
    ],
)
def test_nothing_is_left(act: Callable[[Leanplum], None]) -> None:
    def use() -> Leanplum:
        with Leanplum() as leanplum:
            act(leanplum)
        return leanplum

    assert left_by(use) == []
