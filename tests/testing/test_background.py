"""Tests that a test can wait for what an application does after its answer."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mockserver.core.errors import InvalidValue
from mockserver.testing import Leanplum
from tests.testing.pytest_runs import python

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


def test_a_task_on_the_loop_of_the_test_is_waited_for() -> None:
    async def test() -> None:
        go_on, done = asyncio.Event(), []
        kept: list[Any] = []

        async def inner() -> None:
            await go_on.wait()
            done.append(1)

        async def work() -> None:
            kept.append(asyncio.create_task(inner(), name="grandchild"))

        async def application(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                # What the startup starts goes on as long as the application.
                kept.append(asyncio.create_task(asyncio.Event().wait(), name="consumer"))
                return
            kept.append(asyncio.create_task(work(), name="mailer"))
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

        mine = asyncio.create_task(asyncio.Event().wait(), name="mine")
        with Leanplum() as leanplum:
            leanplum.partner(PREFIX, application)
            leanplum.add_postback(f"{PREFIX}in?user={{{{User ID}}}}")
            await leanplum.aio.settle_background(timeout=0)
            await leanplum.aio.trigger("push.open", user_id="ada")
            await asyncio.sleep(0)
            with pytest.raises(AssertionError, match="task 'grandchild'") as failure:
                await leanplum.aio.settle_background(timeout=0)
            assert "mine" not in str(failure.value)
            assert "consumer" not in str(failure.value)
            with pytest.raises(InvalidValue, match=r"await leanplum\.aio\.settle_background"):
                leanplum.settle_background()
            assert done == []
            asyncio.get_running_loop().call_later(0.01, go_on.set)
            await leanplum.aio.settle_background()
            assert done == [1]
            leanplum.settle_background(timeout=0)
        mine.cancel()
        for each in kept:
            each.cancel()

    asyncio.run(test())


def test_an_application_is_left_on_its_own_loop() -> None:
    started: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            started.append(scope["type"])
            return
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def test(leanplum: Leanplum) -> None:
        await leanplum.aio.settle_background()

    with Leanplum() as leanplum:
        deliver(leanplum, application)
        asyncio.run(test(leanplum))
        leanplum.trigger("push.open", user_id="bob")
        assert started == ["lifespan"]


def test_a_loop_that_stands_still_goes_on_for_it() -> None:
    done: list[int] = []
    kept: list[Any] = []

    async def work() -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        done.append(1)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        kept.append(asyncio.create_task(work()))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    loop = asyncio.new_event_loop()
    try:
        with Leanplum() as leanplum:
            leanplum.partner(PREFIX, application)
            leanplum.add_postback(f"{PREFIX}in?user={{{{User ID}}}}")
            loop.run_until_complete(leanplum.aio.trigger("push.open", user_id="ada"))
            leanplum.settle_background()
            assert done == [1]
    finally:
        loop.close()
    # What has ended with its loop is not waited for.
    leanplum.settle_background(timeout=0)


def test_what_begins_with_the_startup_does_not_count() -> None:
    kept: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            kept.append(asyncio.create_task(asyncio.Event().wait(), name="consumer"))
            await send({"type": "lifespan.startup.complete"})
            await receive()
            kept[0].cancel()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    with Leanplum() as leanplum:
        deliver(leanplum, application)
        leanplum.settle_background(timeout=0)


# Threads of pools


def test_the_pool_of_asyncio_counts_while_it_works() -> None:
    go_on, done = threading.Event(), []

    def work() -> None:
        go_on.wait(5)
        done.append(1)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        await asyncio.to_thread(done.append, 0)
        asyncio.get_running_loop().run_in_executor(None, work)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    with Leanplum() as leanplum:
        deliver(leanplum, application)
        with pytest.raises(AssertionError, match="thread 'asyncio_0'"):
            leanplum.settle_background(timeout=0)
        go_on.set()
        leanplum.settle_background()
        assert done == [0, 1]


def test_a_pool_of_the_application_counts_while_it_works() -> None:
    done: list[int] = []
    with ThreadPoolExecutor(2, thread_name_prefix="mailers") as pool:

        def application(environ: Any, start_response: Any) -> list[bytes]:
            for _ in range(50):
                pool.submit(done.append, 1)
            start_response("204 No Content", [])
            return []

        with Leanplum() as leanplum:
            deliver(leanplum, application)
            leanplum.settle_background()
            assert len(done) == 50


def test_a_route_of_starlette_that_is_no_coroutine_leaves_nothing() -> None:
    fastapi = pytest.importorskip("fastapi")
    app = fastapi.FastAPI()
    done: list[str] = []

    @app.post("/in")
    def take(user: str) -> dict[str, str]:
        done.append(user)
        return {}

    with Leanplum() as leanplum:
        deliver(leanplum, app)
        leanplum.settle_background()
        assert done == ["ada"]


@pytest.mark.parametrize("pool", ["executor", "to_thread", "anyio"])
def test_an_idle_worker_of_a_pool_is_not_waited_for(pool: str) -> None:
    """Every synchronous endpoint of FastAPI leaves one behind."""
    import anyio.to_thread

    executor, done = ThreadPoolExecutor(1), []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if pool == "executor":
            executor.submit(done.append, 1)
        elif pool == "to_thread":
            await asyncio.to_thread(done.append, 1)
        else:
            await anyio.to_thread.run_sync(done.append, 1)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    with Leanplum() as leanplum, executor:
        deliver(leanplum, application)
        leanplum.settle_background(timeout=2)
        assert done == [1]


def test_a_call_in_a_pool_is_waited_for() -> None:
    go_on, done = threading.Event(), []

    def mail() -> None:
        go_on.wait(5)
        done.append(1)

    def application(environ: Any, start_response: Any) -> list[bytes]:
        executor.submit(mail)
        start_response("204 No Content", [])
        return []

    with Leanplum() as leanplum, ThreadPoolExecutor(1) as executor:
        deliver(leanplum, application)
        with pytest.raises(AssertionError, match=r"call of .*mail"):
            leanplum.settle_background(timeout=0)
        go_on.set()
        leanplum.settle_background()
        assert done == [1]


def test_what_answers_calls_to_leanplum_is_not_waited_for() -> None:
    """The first call starts a server in this process, with threads of its own."""
    code = """
        import urllib.request
        from mockserver.testing import Leanplum

        def application(environ, start_response):
            query = f"appId={leanplum.app_id}&clientKey={leanplum.key}&apiVersion=1.0.6"
            url = f"https://api.leanplum.com/api?action=listPostbacks&{query}"
            assert urllib.request.urlopen(url).status == 200
            start_response("204 No Content", [])
            return []

        with Leanplum() as leanplum:
            leanplum.partner("https://shop.example/", application)
            leanplum.add_postback("https://shop.example/in")
            leanplum.trigger("push.open")
            leanplum.assert_delivered()
            leanplum.settle_background(timeout=0)
        """
    done = python(code)
    assert (done.stderr, done.returncode) == ("", 0)


def test_it_may_be_waited_for_in_a_thread_of_a_pool_that_the_application_has_begun() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await asyncio.gather(*(asyncio.to_thread(int) for _ in range(3)))
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

    async def test() -> None:
        with Leanplum() as leanplum:
            leanplum.partner(PREFIX, application)
            leanplum.add_postback(f"{PREFIX}in")
            for _ in range(3):
                await leanplum.aio.trigger("push.open")
            # They wait for the application, and not for each other.
            await asyncio.gather(*(leanplum.aio.settle_background() for _ in range(4)))
            for _ in range(4):
                await asyncio.to_thread(leanplum.settle_background)

    asyncio.run(test())
