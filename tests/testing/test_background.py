"""Tests that a test can wait for what an application does after its answer."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from mockserver.testing import Leanplum

PREFIX = "https://shop.example/"


def deliver(leanplum: Leanplum, application: Any) -> None:
    leanplum.partner(PREFIX, application)
    leanplum.add_postback(f"{PREFIX}in?user={{{{User ID}}}}")
    leanplum.trigger("push.open", user_id="ada")


def test_nothing_is_waited_for_where_nothing_works() -> None:
    with Leanplum() as leanplum:
        leanplum.settle_background(timeout=0)


def test_a_thread_is_waited_for() -> None:
    go_on, done = threading.Event(), []

    def work() -> None:
        go_on.wait(5)
        done.append(1)

    def application(environ: Any, start_response: Any) -> list[bytes]:
        threading.Thread(target=work, name="mailer").start()
        start_response("204 No Content", [])
        return []

    with Leanplum() as leanplum:
        deliver(leanplum, application)
        with pytest.raises(AssertionError, match="thread 'mailer'"):
            leanplum.settle_background(timeout=0)
        go_on.set()
        leanplum.settle_background()
        assert done == [1]


def test_a_task_is_waited_for() -> None:
    go_on, done = threading.Event(), []
    kept: list[Any] = []

    async def work() -> None:
        while not go_on.is_set():
            await asyncio.sleep(0.001)
        done.append(1)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        kept.append(asyncio.create_task(work(), name="mailer"))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    with Leanplum() as leanplum:
        deliver(leanplum, application)
        with pytest.raises(AssertionError, match="task 'mailer'"):
            leanplum.settle_background(timeout=0)
        go_on.set()
        leanplum.settle_background()
        assert done == [1]
