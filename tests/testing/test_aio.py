"""Tests that applications can share the event loop of an asynchronous test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mockserver.core.errors import InvalidValue
from mockserver.testing import Leanplum

PREFIX = "https://shop.example/"


def answering(before: Callable[[], Awaitable[None]], log: list[str] | None = None) -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for phase in ("startup", "shutdown"):
                await receive()
                if log is not None:
                    log.append(phase)
                await send({"type": f"lifespan.{phase}.complete"})
            return
        await before()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    return application


def ready(leanplum: Leanplum, application: Any) -> Leanplum:
    leanplum.partner(PREFIX, application)
    leanplum.add_postback(f"{PREFIX}in?user={{{{User ID}}}}")
    return leanplum


async def nothing() -> None:
    """Be ready at once."""


def test_a_lock_that_the_test_holds() -> None:
    async def test() -> None:
        lock = asyncio.Lock()
        await lock.acquire()
        asyncio.get_running_loop().call_later(0.01, lock.release)

        async def before() -> None:
            async with lock:
                pass

        with ready(Leanplum(), answering(before)) as leanplum:
            await leanplum.aio.trigger("push.open", user_id="ada")
            leanplum.assert_delivered()

    asyncio.run(test())


def test_every_call_can_be_awaited() -> None:
    async def test() -> None:
        statuses = iter([503, 503, 503, 204, 204])

        async def application(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                return
            status = next(statuses)
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body"})

        with ready(Leanplum(), application) as leanplum:
            triggered = await leanplum.aio.trigger("push.open", user_id="ada")
            assert len(triggered.deliveries) == 1
            await leanplum.aio.advance(hours=1)
            await leanplum.aio.advance_to_next()
            await leanplum.aio.settle()
            await leanplum.aio.run_until_idle()
            delivery = leanplum.assert_attempts_at([0, 1, 3, 7])
            again = await leanplum.aio.resend(delivery)
            assert len(again.attempts) == 5

    asyncio.run(test())


def test_a_call_that_would_wait_for_itself_is_refused_at_once() -> None:
    async def test() -> None:
        with ready(Leanplum(), answering(nothing)) as leanplum:
            await leanplum.aio.trigger("push.open", user_id="ada")
            with pytest.raises(InvalidValue, match=r"await leanplum\.aio"):
                leanplum.trigger("push.open", user_id="bob")
            await leanplum.aio.settle()
            leanplum.assert_delivered(times=2)

    asyncio.run(test())


def test_a_loop_that_has_ended_is_named() -> None:
    with ready(Leanplum(), answering(nothing)) as leanplum:

        async def test() -> None:
            await leanplum.aio.trigger("push.open", user_id="ada")

        asyncio.run(test())
        with pytest.raises(InvalidValue, match="has ended or stands still"):
            leanplum.trigger("push.open", user_id="bob")


def test_an_application_that_ran_on_its_own_moves_and_is_started_again() -> None:
    log: list[str] = []

    async def test() -> None:
        with ready(Leanplum(), answering(nothing, log)) as leanplum:
            await asyncio.to_thread(leanplum.trigger, "push.open", user_id="ada")
            await leanplum.aio.trigger("push.open", user_id="bob")
            assert log == ["startup", "shutdown", "startup"]
            leanplum.assert_delivered(times=2)

    asyncio.run(test())


def test_it_is_shut_down_where_its_loop_can_still_run() -> None:
    log: list[str] = []
    loop = asyncio.new_event_loop()
    try:
        with ready(Leanplum(), answering(nothing, log)) as leanplum:
            loop.run_until_complete(leanplum.aio.trigger("push.open", user_id="ada"))
        assert log == ["startup", "shutdown"]
    finally:
        loop.close()


def test_what_never_comes_is_ended_in_real_time() -> None:
    async def before() -> None:
        await asyncio.Event().wait()

    from datetime import timedelta

    from mockserver.core.clock import DEFAULT_START_AT
    from mockserver.core.models import DueAttempt
    from mockserver.core.outcome import OutcomeKind
    from mockserver.transport.application.factory import application_transport

    transport = application_transport(
        answering(before),
        base_url=PREFIX,
        now=lambda: DEFAULT_START_AT,
        timeout_of=lambda attempt: timedelta(seconds=0.05),
    )
    attempt = DueAttempt(1, "app", f"{PREFIX}in", 1, DEFAULT_START_AT, False, 1)
    outcome = transport.send(attempt)
    assert (outcome.kind, outcome.elapsed) == (OutcomeKind.TIMEOUT, timedelta(seconds=0.05))
    assert "spend(" in str(outcome.error)

    async def test() -> None:
        outcome = transport.send(attempt)
        assert outcome.kind is OutcomeKind.TIMEOUT
        assert "await leanplum.aio" in str(outcome.error)

    asyncio.run(test())
    transport.close()


def test_a_task_that_fails_and_is_forgotten_is_a_problem() -> None:
    async def fail() -> None:
        raise OSError("queue full")

    async def before() -> None:
        asyncio.get_running_loop().create_task(fail())

    async def test() -> None:
        # Its own are its own affair.
        own = asyncio.create_task(fail())
        await asyncio.sleep(0)
        with ready(Leanplum(), answering(before)) as leanplum:
            await leanplum.aio.trigger("push.open", user_id="ada")
            leanplum.assert_delivered()
            [problem] = leanplum.problems()
            assert problem.kind == "raised"
            assert "in a task that it started" in problem.text
            assert "OSError: queue full" in problem.text
        assert isinstance(own.exception(), OSError)

    asyncio.run(test())


def test_a_task_is_told_of_by_its_own_application_and_at_its_end() -> None:
    go_on = asyncio.Event()

    async def fail() -> None:
        await go_on.wait()
        raise OSError("queue full")

    async def before() -> None:
        asyncio.get_running_loop().create_task(fail())

    async def test() -> None:
        leanplum = ready(Leanplum(), answering(before))
        other = leanplum.partner("https://other.example/", answering(nothing))
        with leanplum:
            leanplum.add_postback("https://other.example/in")
            await leanplum.aio.trigger("push.open", user_id="ada")
            assert leanplum.problems() == []
            go_on.set()
            await leanplum.aio.settle_background()
            assert [problem.kind for problem in leanplum.problems()] == ["raised"]
            assert other.failures == []
        assert asyncio.get_running_loop().get_task_factory() is None

    asyncio.run(test())
