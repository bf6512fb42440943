"""Tests that what an application runs through asgiref runs in the thread of the test."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from importlib.util import find_spec
from typing import Any

import pytest
from freezegun import freeze_time

from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.models import DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.testing import Leanplum
from mockserver.transport.application.factory import application_transport
from mockserver.transport.application.sender_thread import _SenderThread
from tests.testing.pytest_runs import run_apart

sync = pytest.importorskip("asgiref.sync")
PREFIX = "https://shop.example/"


def answering(work: Any) -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        await work()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    return application


def sent_to(application: Any, real_seconds: float = 30) -> Outcome:
    transport = application_transport(
        application,
        base_url=PREFIX,
        now=lambda: DEFAULT_START_AT,
        timeout_of=lambda attempt: timedelta(seconds=real_seconds),
    )
    try:
        return transport.send(DueAttempt(1, "app", f"{PREFIX}in", 1, DEFAULT_START_AT, False, 1))
    finally:
        transport.close()


def test_synchronous_code_runs_in_the_thread_that_sends() -> None:
    seen: list[int] = []

    async def work() -> None:
        seen.append(await sync.sync_to_async(threading.get_ident)())
        assert threading.get_ident() != seen[-1]

    for _ in range(3):
        assert sent_to(answering(work)).status == 204
    assert seen == [threading.get_ident()] * 3
    with freeze_time("2026-03-01"):
        assert sent_to(answering(work)).status == 204


def test_code_that_says_so_runs_elsewhere() -> None:
    seen: list[int] = []

    async def work() -> None:
        seen.append(await sync.sync_to_async(threading.get_ident, thread_sensitive=False)())

    assert sent_to(answering(work)).status == 204
    assert threading.get_ident() not in seen


def test_a_task_that_works_at_the_same_time() -> None:
    seen: list[int] = []

    async def work() -> None:
        calls = (sync.sync_to_async(threading.get_ident)() for _ in range(20))
        seen.extend(await asyncio.gather(*calls))

    assert sent_to(answering(work)).status == 204
    assert seen == [threading.get_ident()] * 20


def test_what_synchronous_code_raises_is_the_applications() -> None:
    def raising() -> None:
        raise LookupError("no user")

    outcome = sent_to(answering(lambda: sync.sync_to_async(raising)()))
    assert (outcome.status, str(outcome.error)[:20]) == (500, "LookupError: no user")


def test_what_never_comes_is_ended_in_real_time() -> None:
    outcome = sent_to(answering(lambda: asyncio.Event().wait()), 0.05)
    assert outcome.kind is OutcomeKind.TIMEOUT
    with freeze_time("2026-03-01"):
        outcome = sent_to(answering(lambda: asyncio.Event().wait()), 0.05)
    assert outcome.kind is OutcomeKind.TIMEOUT


def test_an_application_may_send_while_it_answers() -> None:
    with Leanplum() as leanplum:
        seen: list[int] = []

        def again() -> None:
            seen.append(threading.get_ident())
            if len(seen) == 1:
                leanplum.trigger("push.open", user_id="bob")

        leanplum.partner(PREFIX, answering(lambda: sync.sync_to_async(again)()))
        leanplum.add_postback(f"{PREFIX}in?user={{{{User ID}}}}")
        leanplum.trigger("push.open", user_id="ada")
        leanplum.run_until_idle()
        leanplum.assert_delivered(times=2)
        assert seen == [threading.get_ident()] * 2
        leanplum.settle_background()


def test_a_task_goes_on_after_the_answer() -> None:
    seen: list[int] = []
    kept: list[Any] = []
    go_on = threading.Event()

    async def later() -> None:
        await asyncio.to_thread(go_on.wait, 5)
        seen.append(await sync.sync_to_async(threading.get_ident)())

    async def work() -> None:
        kept.append(asyncio.create_task(later()))

    with Leanplum() as leanplum:
        leanplum.partner(PREFIX, answering(work))
        leanplum.add_postback(f"{PREFIX}in")
        leanplum.trigger("push.open")
        go_on.set()
        leanplum.settle_background()
        assert len(seen) == 1
        assert kept[0].exception() is None


def test_an_application_that_keeps_threads_by_request() -> None:
    # As Django's handler does.
    seen: list[int] = []

    async def work() -> None:
        async with sync.ThreadSensitiveContext():
            seen.append(await sync.sync_to_async(threading.get_ident)())

    assert sent_to(answering(work)).status == 204
    assert seen == [threading.get_ident()]


def test_a_loop_that_is_blocked_is_left_in_real_time() -> None:
    go_on = threading.Event()

    async def work() -> None:
        go_on.wait(5)

    threading.Timer(0.3, go_on.set).start()
    assert sent_to(answering(work), 0.05).kind is OutcomeKind.TIMEOUT


def test_work_that_waits_for_its_turn_is_done_after_the_end() -> None:
    seen: list[int] = []
    done = threading.Event()

    def late() -> None:
        seen.append(threading.get_ident())
        done.set()

    with ThreadPoolExecutor(1) as afterwards:
        sender = _SenderThread(afterwards)
        waiting = sender.submit(late)
        over: Future[None] = Future()
        over.set_result(None)
        sender.run_until(over, 1)
        sender.submit(late).result(5)
        waiting.result(5)
    assert len(seen) == 2
    assert threading.get_ident() not in seen


def test_nothing_of_it_is_taken_for_work_of_the_application() -> None:
    with Leanplum() as leanplum:
        leanplum.partner(PREFIX, answering(lambda: sync.sync_to_async(int)()))
        leanplum.add_postback(f"{PREFIX}in")
        leanplum.trigger("push.open")
        leanplum.settle_background(timeout=0)


def test_synchronous_code_that_calls_asynchronous_code() -> None:
    seen: list[int] = []

    async def inner() -> None:
        seen.append(await sync.sync_to_async(threading.get_ident)())

    def outer() -> None:
        sync.async_to_sync(inner)()

    assert sent_to(answering(lambda: sync.sync_to_async(outer)())).status == 204
    assert seen == [threading.get_ident()]


def test_a_test_with_a_loop_goes_on_as_before() -> None:
    seen: list[int] = []

    async def work() -> None:
        seen.append(await sync.sync_to_async(threading.get_ident)())

    async def test() -> None:
        assert sent_to(answering(work)).status == 204

    asyncio.run(test())
    assert len(seen) == 1


def test_on_the_loop_of_a_test_it_shares_the_thread_of_the_test() -> None:
    seen: list[int] = []

    async def work() -> None:
        seen.append(await sync.sync_to_async(threading.get_ident)())

    async def test() -> None:
        with Leanplum() as leanplum:
            leanplum.partner(PREFIX, answering(work))
            leanplum.add_postback(f"{PREFIX}in")
            await work()
            await leanplum.aio.trigger("push.open")

    asyncio.run(test())
    assert seen == [seen[0]] * 2


DJANGO = """
    import django
    import pytest
    from asgiref.sync import sync_to_async
    from django.conf import settings
    from django.db import connection
    from django.http import HttpResponse
    from django.urls import path

    def store(user):
        with connection.cursor() as cursor:
            cursor.execute("insert into clicks values (%s)", [user])

    def plain(request):
        store(request.GET["user"])
        return HttpResponse(status=204)

    async def asynchronous(request):
        await sync_to_async(store)(request.GET["user"])
        return HttpResponse(status=204)

    urlpatterns = [path("plain", plain), path("async", asynchronous)]

    @pytest.mark.parametrize("view", ["plain", "async"])
    @pytest.mark.parametrize("kind", ["wsgi", "asgi"])
    def test_the_transaction_of_the_test(db, leanplum, kind, view):
        from django.core.asgi import get_asgi_application
        from django.core.wsgi import get_wsgi_application

        with connection.cursor() as cursor:
            cursor.execute("create table clicks (name text)")
        made = get_asgi_application() if kind == "asgi" else get_wsgi_application()
        leanplum.partner("https://shop.example/", made)
        leanplum.add_postback("https://shop.example/" + view + "?user={{User ID}}")
        for user in ("ada", "bob"):
            leanplum.trigger("push.open", user_id=user)
        leanplum.assert_delivered(times=2)
        with connection.cursor() as cursor:
            cursor.execute("select name from clicks")
            assert cursor.fetchall() == [("ada",), ("bob",)]
    """
SETTINGS = """
    SECRET_KEY = "x"
    ALLOWED_HOSTS = ["*"]
    ROOT_URLCONF = "test_user"
    MIDDLEWARE = []
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    USE_TZ = True
    """


@pytest.mark.skipif(find_spec("pytest_django") is None, reason="pytest-django is not installed")
def test_a_view_of_django_sees_the_transaction_of_the_test(pytester: pytest.Pytester) -> None:
    from textwrap import dedent

    pytester.makepyfile(shop_settings=dedent(SETTINGS))
    run_apart(pytester, DJANGO, "--ds=shop_settings").assert_outcomes(passed=4)
