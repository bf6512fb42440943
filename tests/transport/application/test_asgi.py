"""What comes of an attempt that an ASGI application answers."""

from __future__ import annotations

import asyncio
import contextvars
import re
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from freezegun import freeze_time

from mockserver.core.clock import ManualClock
from mockserver.core.outcome import KEPT_BODY_BYTES, Outcome, OutcomeKind
from mockserver.core.retry import DeliveryState
from mockserver.sandbox import Sandbox
from mockserver.time.clocks import AmbientClock
from mockserver.transport.application.asgi import AsgiTransport
from mockserver.transport.application.factory import application_transport
from mockserver.transport.application.failure import ApplicationFailure
from tests.transport.exchanges import attempt_at

URL = "http://partner.test/in%20box/%C3%A9?user=ada%2Bnews&x=#fragment"
TIMEOUT = timedelta(seconds=30)
UNFINISHED = "the body of the answer was not finished"

START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"thanks"}
MORE = {"type": "http.response.body", "body": b"some", "more_body": True}


class Partner:
    """An application, the transport to it and the failures it told of."""

    def __init__(self, app: Any, now: Callable[[], datetime] | None = None) -> None:
        self.failures: list[ApplicationFailure] = []
        self.tellers: list[threading.Thread] = []
        transport = application_transport(
            app,
            now=now or ManualClock().now,
            timeout_of=lambda _attempt: TIMEOUT,
            on_failure=self._tell,
        )
        assert isinstance(transport, AsgiTransport)
        self.transport = transport

    def __enter__(self) -> Partner:
        return self

    def __exit__(self, *_: object) -> None:
        self.transport.close()
        assert "postbacks-asgi" not in {thread.name for thread in threading.enumerate()}

    def answer(self, url: str = URL) -> Outcome:
        return self.transport.send(attempt_at(url))

    @property
    def told(self) -> list[str]:
        assert set(self.tellers) <= {threading.current_thread()}
        return [type(failure.error).__name__ for failure in self.failures]

    def _tell(self, failure: ApplicationFailure) -> None:
        self.tellers.append(threading.current_thread())
        self.failures.append(failure)


def http_only(app: Any) -> Any:
    async def called(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await app(scope, receive, send)

    return called


def never_ending() -> Any:
    return asyncio.Event().wait()


def sending(*messages: Any) -> Any:
    @http_only
    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


def starting(**fields: Any) -> Any:
    return sending({**START, **fields}, BODY)


def test_an_answer_is_a_response() -> None:
    headers = [(b"x-seen", b"yes"), [b"X-Seen", b"twice"]]
    with Partner(sending({**START, "status": 202, "headers": headers}, MORE, BODY)) as partner:
        outcome = partner.answer()
    assert (outcome.kind, outcome.status) == (OutcomeKind.RESPONSE, 202)
    assert outcome.headers == (("x-seen", "yes"), ("X-Seen", "twice"))
    assert outcome.body == b"somethanks"
    assert (outcome.error, outcome.elapsed) == (None, timedelta(0))
    assert 0 <= outcome.elapsed_real_seconds < 60
    assert not partner.failures


def test_the_scope_is_that_of_a_server() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        assert scope["type"] == "http"
        seen.append(await receive())
        await send(START)
        await send(BODY)
        seen.append(await receive())

    with Partner(app) as partner:
        partner.answer("https://ada:se%20cret@partner.test:8443/in%20box/%C3%A9?x=%C3%A9#y")
    assert seen == [
        {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}},
        {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "https",
            "path": "/in box/\u00e9",
            "raw_path": b"/in%20box/%C3%A9",
            "query_string": b"x=%C3%A9",
            "root_path": "",
            "headers": [
                (b"host", b"partner.test:8443"),
                (b"authorization", b"Basic YWRhOnNlIGNyZXQ="),
                (b"accept", b"*/*"),
                (b"content-length", b"0"),
            ],
            "client": ("127.0.0.1", 0),
            "server": ("partner.test", 8443),
            "state": {},
            "extensions": {},
        },
        {"type": "http.request", "body": b"", "more_body": False},
        {"type": "http.disconnect"},
    ]


# Failures


def test_an_exception_is_a_500_and_is_told_with_its_traceback() -> None:
    @http_only
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise ZeroDivisionError("division by zero")

    with Partner(app) as partner:
        outcome = partner.answer()
    assert (outcome.kind, outcome.status, outcome.body) == (OutcomeKind.RESPONSE, 500, b"")
    assert outcome.error is not None
    pattern = r"ZeroDivisionError: division by zero \(test_asgi\.py:\d+\)"
    assert re.fullmatch(pattern, outcome.error)
    (failure,) = partner.failures
    assert failure.attempt == attempt_at(URL)
    assert 'raise ZeroDivisionError("division by zero")' in failure.traceback
    assert partner.told == ["ZeroDivisionError"]


def cancel() -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("fail", "name"),
    [(lambda: pytest.fail("no"), "Failed"), (sys.exit, "SystemExit"), (cancel, "CancelledError")],
)
def test_what_ends_more_elsewhere_is_a_500_here(fail: Callable[[], None], name: str) -> None:
    @http_only
    async def app(scope: Any, receive: Any, send: Any) -> None:
        fail()

    with Partner(app) as partner:
        assert [partner.answer().status, partner.answer().status] == [500, 500]
    assert partner.told == [name, name]


def test_an_interrupt_by_the_user_passes_through() -> None:
    interrupted = [True, False]

    async def interrupt() -> None:
        raise KeyboardInterrupt

    @http_only
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if interrupted[0]:
            if interrupted[1]:
                await asyncio.create_task(interrupt())
            await interrupt()
        await send(START)
        await send(BODY)

    with Partner(app) as partner:
        with pytest.raises(KeyboardInterrupt):
            partner.answer()
        # What a task raises ends the loop, which goes on nevertheless.
        interrupted[1] = True
        with pytest.raises(KeyboardInterrupt):
            partner.answer()
        interrupted[0] = False
        assert partner.answer().status == 200
    assert not partner.failures


def test_an_interrupt_of_the_sender_breaks_off_what_it_waits_for() -> None:
    sender = threading.get_ident()
    broken_off = []

    @http_only
    async def app(scope: Any, receive: Any, send: Any) -> None:
        signal.pthread_kill(sender, signal.SIGINT)
        try:
            await never_ending()
        except asyncio.CancelledError:
            broken_off.append(True)
            raise

    with Partner(app) as partner, pytest.raises(KeyboardInterrupt):
        partner.answer()
    assert broken_off == [True]
    assert not partner.failures


@pytest.mark.parametrize(
    ("app", "reason"),
    [
        (sending(), "without sending http.response.start"),
        (sending(START), "without sending http.response.body"),
        (sending(BODY), "sent http.response.body out of turn"),
        (sending(START, START), "sent http.response.start out of turn"),
        (sending({"type": "websocket.accept"}), "sent websocket.accept out of turn"),
        (sending({}), "KeyError"),
        (sending(None), "TypeError"),
        (sending(START, {**BODY, "body": "text"}), "the body is made of str"),
        (starting(status=999), "999"),
        (starting(status=101), "101"),
        (starting(status="200 OK"), "'200 OK'"),
        (starting(status=None), "None"),
        (starting(headers=[(b"a b", b"x")]), "'a b'"),
        (starting(headers=[("a", "x")]), "not made of bytes"),
        (starting(headers=[(b"a", b"x\r\nb: y")]), "cannot be sent"),
        (starting(headers=7), "TypeError"),
        (lambda scope, receive, send: None, "TypeError"),
    ],
)
def test_what_is_not_asgi_is_a_500_with_the_reason(app: Any, reason: str) -> None:
    with Partner(app) as partner:
        outcome = partner.answer()
    assert (outcome.kind, outcome.status) == (OutcomeKind.RESPONSE, 500)
    assert outcome.error is not None
    assert reason in outcome.error
    assert len(partner.failures) == 1


def test_the_head_decides_when_the_body_breaks_off() -> None:
    @http_only
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({**START, "status": 201})
        await send(MORE)
        raise ValueError("broken")

    with Partner(app) as partner:
        outcome = partner.answer()
    assert (outcome.status, outcome.body, outcome.error) == (201, b"some", UNFINISHED)
    assert partner.told == ["ValueError"]


def test_a_body_without_an_end_is_not_finished() -> None:
    with Partner(sending(START, MORE)) as partner:
        outcome = partner.answer()
    assert (outcome.status, outcome.body, outcome.error) == (200, b"some", UNFINISHED)


@pytest.mark.parametrize(("status", "after"), [(200, "after the answer: "), (500, "")])
def test_what_goes_wrong_after_the_answer_does_not_change_it(status: int, after: str) -> None:
    @http_only
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({**START, "status": status})
        await send(BODY)
        raise ValueError("late")

    with Partner(app) as partner:
        outcome = partner.answer()
    assert (outcome.status, outcome.body) == (status, b"thanks")
    assert outcome.error is not None
    assert outcome.error.startswith(f"{after}ValueError: late (test_asgi.py:")
    assert partner.told == ["ValueError"]


def test_an_answer_has_one_end() -> None:
    with Partner(sending(START, BODY, BODY)) as partner:
        outcome = partner.answer()
    assert (outcome.status, outcome.body) == (200, b"thanks")
    assert partner.told == ["BrokenApplication"]


def test_no_more_of_a_body_is_kept_than_over_sockets() -> None:
    large = {**MORE, "body": b"x" * 50_000}
    with Partner(sending(START, large, large, large, BODY)) as partner:
        outcome = partner.answer()
    assert len(outcome.body) == KEPT_BODY_BYTES
    assert outcome.error is None


# Time


@pytest.mark.parametrize("seconds", [29.9, 30, 45])
def test_time_that_is_spent_counts(seconds: float) -> None:
    done = []

    @http_only
    async def app(scope: Any, receive: Any, send: Any) -> None:
        partner.transport.spend(timedelta(seconds=seconds / 2))
        await asyncio.to_thread(partner.transport.spend, timedelta(seconds=seconds / 2))
        await send(START)
        await send(BODY)
        # Nobody waits for this any more.
        partner.transport.spend(timedelta(hours=1))
        done.append(True)

    with Partner(app) as partner:
        outcome = partner.answer()
    assert done == [True]
    if seconds < 30:
        assert (outcome.status, outcome.elapsed) == (200, timedelta(seconds=29.9))
        assert outcome.error is None
    else:
        assert (outcome.kind, outcome.elapsed) == (OutcomeKind.TIMEOUT, TIMEOUT)


def test_a_body_that_takes_too_long_is_cut() -> None:
    @http_only
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(MORE)
        partner.transport.spend(TIMEOUT)
        await send(BODY)

    with Partner(app) as partner:
        outcome = partner.answer()
    assert (outcome.status, outcome.body, outcome.error) == (200, b"some", UNFINISHED)
    assert outcome.elapsed == TIMEOUT


def test_a_frozen_time_ticks_and_does_not_stop_the_loop() -> None:
    with freeze_time("2026-01-01") as freezer:

        @http_only
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await asyncio.sleep(0.001)
            freezer.tick(timedelta(seconds=10))
            await send(START)
            await send(BODY)

        with Partner(app, AmbientClock().now) as partner:
            outcome = partner.answer()
    assert (outcome.status, outcome.elapsed) == (200, timedelta(seconds=10))
    assert outcome.elapsed_real_seconds < 10


# The loop and its thread


def test_it_works_inside_a_running_loop() -> None:
    @http_only
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert threading.current_thread().name == "postbacks-asgi"
        await asyncio.sleep(0)
        await send(START)
        await send(BODY)

    async def test() -> int | None:
        with Partner(app) as partner:
            return partner.answer().status

    assert asyncio.run(test()) == 200


def test_the_application_sees_the_context_of_the_test() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    seen = []

    @http_only
    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(variable.get())
        variable.set("theirs")
        await send(START)
        await send(BODY)

    with Partner(app) as partner:
        for value in ("first", "second"):
            variable.set(value)
            partner.answer()
    assert seen == ["first", "second"]
    assert variable.get() == "second"


def test_nothing_is_started_before_it_is_needed_and_closing_twice_is_fine() -> None:
    with Partner(sending(START, BODY)) as partner:
        assert "postbacks-asgi" not in {thread.name for thread in threading.enumerate()}
        partner.transport.close()
        assert partner.answer().status == 200
        assert "postbacks-asgi" in {thread.name for thread in threading.enumerate()}
        partner.transport.close()
        partner.transport.close()
        # It can be begun anew.
        assert partner.answer().status == 200


def test_closing_breaks_off_what_is_under_way() -> None:
    begun = threading.Event()
    outcomes = []

    @http_only
    async def app(scope: Any, receive: Any, send: Any) -> None:
        begun.set()
        await never_ending()

    with Partner(app) as partner:
        sender = threading.Thread(target=lambda: outcomes.append(partner.answer()))
        sender.start()
        assert begun.wait(10)
        partner.transport.close()
        sender.join()
    (outcome,) = outcomes
    assert outcome.kind is OutcomeKind.RESET
    assert outcome.error == "the application was stopped before it had answered"
    assert not partner.failures


def test_closing_breaks_off_a_startup_that_does_not_end() -> None:
    begun = threading.Event()
    outcomes = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        begun.set()
        await never_ending()

    with Partner(app) as partner:
        sender = threading.Thread(target=lambda: outcomes.append(partner.answer()))
        sender.start()
        assert begun.wait(10)
        partner.transport.close()
        sender.join()
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.RESET]


def test_tasks_that_were_left_behind_end_with_the_loop() -> None:
    tasks: list[asyncio.Task[Any]] = []

    @http_only
    async def app(scope: Any, receive: Any, send: Any) -> None:
        tasks.append(asyncio.create_task(never_ending()))
        await send(START)
        await send(BODY)

    with Partner(app) as partner:
        partner.answer()
        assert not tasks[0].done()
    assert tasks[0].cancelled()


# Startup and shutdown


class Living:
    """An application with a lifespan, which notes what it is asked for."""

    def __init__(self, startup: Any = None, shutdown: Any = None) -> None:
        self.seen: list[str] = []
        self._answers = {"startup": startup, "shutdown": shutdown}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.seen.append(scope["state"]["name"])
            # Requests have a state of their own.
            scope["state"]["name"] = "changed"
            await send(START)
            await send(BODY)
            return
        scope["state"]["name"] = "partner"
        for phase in ("startup", "shutdown"):
            message = await receive()
            assert message == {"type": f"lifespan.{phase}"}
            self.seen.append(phase)
            answer = self._answers[phase]
            if isinstance(answer, str):
                await send({"type": f"lifespan.{phase}.failed", "message": answer})
                return
            if answer is not None:
                if isinstance(answer, RuntimeError):
                    await send({"type": f"lifespan.{phase}.failed"})
                raise answer
            await send({"type": f"lifespan.{phase}.complete"})


def test_an_application_starts_up_once_and_shuts_down_at_the_end() -> None:
    app = Living()
    with Partner(app) as partner:
        assert [partner.answer().status, partner.answer().status] == [200, 200]
        assert app.seen == ["startup", "partner", "partner"]
    assert app.seen == ["startup", "partner", "partner", "shutdown"]
    assert not partner.failures


@pytest.mark.parametrize(
    ("startup", "reason"),
    [
        ("Traceback\nno database", "the startup of the application failed: no database"),
        ("", "the startup of the application failed"),
        (
            RuntimeError("no database"),
            "the startup of the application failed: RuntimeError: no database",
        ),
    ],
)
def test_an_application_that_does_not_start_refuses(startup: Any, reason: str) -> None:
    app = Living(startup)
    with Partner(app) as partner:
        outcomes = [partner.answer(), partner.answer()]
    for outcome in outcomes:
        assert (outcome.kind, outcome.status) == (OutcomeKind.REFUSED, None)
        assert outcome.error is not None
        assert outcome.error.startswith(reason)
    assert app.seen == ["startup"]
    assert len(partner.failures) == 2
    assert isinstance(startup, str) or "RuntimeError: no database" in partner.failures[0].traceback


@pytest.mark.parametrize("shutdown", ["no end", RuntimeError("no end"), ValueError("no end")])
def test_a_shutdown_that_fails_is_told(shutdown: Any) -> None:
    with Partner(Living(shutdown=shutdown)) as partner:
        assert partner.answer().status == 200
    (failure,) = partner.failures
    assert "no end" in failure.traceback
    assert failure.attempt == attempt_at(URL)


def test_an_application_that_reads_but_knows_no_lifespan_is_fine() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(START)
        await send(BODY)

    with Partner(app) as partner:
        outcome = partner.answer()
    assert (outcome.status, outcome.error) == (200, None)
    assert not partner.failures


# In a sandbox, and with frameworks


def test_a_sandbox_retries_what_an_application_refuses() -> None:
    statuses = iter([503, 200])

    @http_only
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({**START, "status": next(statuses)})
        await send(BODY)

    with Sandbox() as sandbox, Partner(app, sandbox.now) as partner:
        sandbox.route(partner.transport.accepts, partner.transport)
        sandbox.add_postback("http://partner.test/in?user={{User ID}}")
        sandbox.trigger("email.click", user_id="ada")
        sandbox.run_until_idle()
        (delivery,) = sandbox.deliveries
    assert delivery.state is DeliveryState.DELIVERED
    assert [attempt.outcome.summary for attempt in delivery.attempts] == ["503", "200"]


def test_starlette() -> None:
    pytest.importorskip("starlette")
    from starlette.applications import Starlette
    from starlette.background import BackgroundTask
    from starlette.responses import PlainTextResponse, StreamingResponse
    from starlette.routing import Route

    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, str]]:
        seen.append("startup")
        yield {"name": "partner"}
        seen.append("shutdown")

    async def take(request: Any) -> Any:
        seen.append(str(request.url))
        text = f"{request.state.name} {request.query_params['user']}"
        return PlainTextResponse(text, background=BackgroundTask(seen.append, "background"))

    async def stream(request: Any) -> Any:
        async def body() -> AsyncIterator[bytes]:
            yield b"a"
            await asyncio.sleep(0)
            yield b"b"

        return StreamingResponse(body())

    def fail(request: Any) -> Any:
        raise ZeroDivisionError("in a view")

    routes = [
        Route("/in", take, methods=["POST"]),
        Route("/streams", stream, methods=["POST"]),
        Route("/fails", fail, methods=["POST"]),
    ]
    with Partner(Starlette(routes=routes, lifespan=lifespan)) as partner:
        outcome = partner.answer("http://partner.test/in?user=a%2Bb")
        assert (outcome.status, outcome.body, outcome.error) == (200, b"partner a+b", None)
        assert seen == ["startup", "http://partner.test/in?user=a%2Bb", "background"]
        outcome = partner.answer("http://partner.test/streams")
        assert (outcome.body, outcome.error) == (b"ab", None)
        assert not partner.failures
        outcome = partner.answer("http://partner.test/fails")
        assert outcome.status == 500
        assert outcome.error is not None
        assert outcome.error.startswith("ZeroDivisionError: in a view (test_asgi.py:")
        assert partner.told == ["ZeroDivisionError"]
    assert seen[-1] == "shutdown"


def test_a_starlette_application_that_does_not_start() -> None:
    pytest.importorskip("starlette")
    from starlette.applications import Starlette

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        raise OSError("no database")
        yield

    with Partner(Starlette(lifespan=lifespan)) as partner:
        outcome = partner.answer()
    assert outcome.kind is OutcomeKind.REFUSED
    assert outcome.error is not None
    assert "OSError: no database" in outcome.error
    assert "test_asgi.py" in partner.failures[0].traceback


def test_fastapi() -> None:
    fastapi = pytest.importorskip("fastapi")
    app = fastapi.FastAPI()
    seen = []

    # Not a coroutine function, so that it runs in a thread.
    def take(user: str, background: Any) -> Any:
        partner.transport.spend(timedelta(seconds=3))
        background.add_task(seen.append, user)
        return {"taken": user}

    take.__annotations__["background"] = fastapi.BackgroundTasks
    app.post("/in")(take)

    @app.middleware("http")
    async def middleware(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    with Partner(app) as partner:
        outcome = partner.answer("http://partner.test/in?user=ada")
        assert (outcome.status, outcome.body) == (200, b'{"taken":"ada"}')
        assert outcome.elapsed == timedelta(seconds=3)
        assert seen == ["ada"]
        assert partner.answer("http://partner.test/in").status == 422
    assert not partner.failures


def test_django() -> None:
    pytest.importorskip("django")
    with django_settings():
        from django.core.handlers.asgi import ASGIHandler

        with Partner(ASGIHandler()) as partner:
            outcome = partner.answer("http://partner.test/in/?user=ada%2Bnews")
            assert (outcome.status, outcome.body, outcome.error) == (200, b"ada+news", None)
            assert partner.answer("http://partner.test/nowhere").status == 404
        assert not partner.failures


@contextmanager
def django_settings() -> Iterator[None]:
    """Configure Django, once for the whole process, as it wants it."""
    import django
    from django.conf import settings
    from django.http import HttpResponse, StreamingHttpResponse
    from django.urls import path

    urls = ModuleType("partner_urls")
    urls.urlpatterns = [  # type: ignore[attr-defined]
        path("in/", lambda request: HttpResponse(request.GET["user"])),
        path("streams/", lambda request: StreamingHttpResponse(iter([b"a", b"b"]))),
    ]
    if not settings.configured:
        settings.configure(
            ALLOWED_HOSTS=["partner.test"], ROOT_URLCONF="partner_urls", LOGGING_CONFIG=None
        )
        django.setup()
    sys.modules["partner_urls"] = urls
    try:
        yield
    finally:
        del sys.modules["partner_urls"]
