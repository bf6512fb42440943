"""Tests that what a framework catches and writes down is heard, and nothing else is."""

from __future__ import annotations

import importlib
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.models import DueAttempt
from mockserver.transport.application.factory import application_transport
from mockserver.transport.application.failure import ApplicationFailure
from mockserver.transport.application.swallowed import WrittenException

PREFIX = "https://shop.example/"

#: Frameworks as they are installed: each catches what a view raises, writes it, and answers 500.
FRAMEWORK = '''
    import logging, sys, traceback

    class HTTPError(Exception):
        """The way of this framework to answer."""

    def log_it(environ, error):
        logging.getLogger("framework").error("failed", exc_info=error)

    def log_aside(environ, error):
        logger = logging.getLogger("framework.aside")
        logger.propagate = False
        logger.exception("failed")

    def log_text(environ, error):
        logging.getLogger("framework").error(traceback.format_exc())

    def print_it(environ, error):
        print(traceback.format_exc(), file=sys.stderr)

    def write_it(environ, error):
        environ["wsgi.errors"].write(traceback.format_exc())

    def write_lines(environ, error):
        environ["wsgi.errors"].writelines(traceback.format_exception(error))

    def print_there(environ, error):
        traceback.print_exc(file=environ["wsgi.errors"])

    def say_nothing(environ, error):
        pass

    class App:
        def __init__(self, view, write, status="500 Internal Server Error"):
            self.view, self.write, self.status = view, write, status

        def __call__(self, environ, start_response):
            status = "204 No Content"
            try:
                self.view(environ)
            except Exception as error:
                self.write(environ, error)
                status = self.status
            start_response(status, [])
            return []

    class AsyncApp:
        def __init__(self, view, write):
            self.view, self.write = view, write

        async def __call__(self, scope, receive, send):
            if scope["type"] != "http":
                return
            status = 204
            try:
                await self.view(scope)
            except Exception as error:
                self.write({}, error)
                status = 500
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body"})

    def library(action):
        """Catch what a function raises and go on, as a cache does."""
        try:
            return action()
        except Exception:
            logging.getLogger("library").exception("a dependency is down")

    def raising():
        raise ConnectionError("no cache")
    '''
WRITERS = [
    "log_it",
    "log_aside",
    "log_text",
    "print_it",
    "write_it",
    "write_lines",
    "print_there",
]


@pytest.fixture
def framework(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a module as it would be installed."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "some_framework.py").write_text(dedent(FRAMEWORK))
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "some_framework", raising=False)
    return importlib.import_module("some_framework")


def heard_of(application: Any) -> tuple[int | None, list[BaseException]]:
    """Send one postback; return the status of the answer, and what was raised."""
    failures: list[ApplicationFailure] = []
    transport = application_transport(
        application,
        base_url=PREFIX,
        now=lambda: DEFAULT_START_AT,
        timeout_of=lambda attempt: timedelta(seconds=30),
        on_failure=failures.append,
    )
    try:
        outcome = transport.send(DueAttempt(1, "app", f"{PREFIX}in", 1, DEFAULT_START_AT, False, 1))
    finally:
        transport.close()
    return outcome.status, [each.error for each in failures]


def view(environ: Any) -> None:
    raise LookupError("no user")


@pytest.mark.parametrize("writer", WRITERS)
def test_what_a_framework_writes_down_is_heard(framework: Any, writer: str) -> None:
    status, errors = heard_of(framework.App(view, getattr(framework, writer)))
    assert (status, [repr(each) for each in errors]) == (500, ["LookupError('no user')"])


@pytest.mark.parametrize("writer", ["log_it", "log_aside", "log_text", "print_it"])
def test_what_a_framework_of_asgi_writes_down_is_heard(framework: Any, writer: str) -> None:
    async def raising(scope: Any) -> None:
        view(scope)

    status, errors = heard_of(framework.AsyncApp(raising, getattr(framework, writer)))
    assert (status, [repr(each) for each in errors]) == (500, ["LookupError('no user')"])


def test_a_record_that_nobody_writes_is_heard(
    framework: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("framework"), "propagate", False)
    monkeypatch.setattr(logging, "lastResort", None)
    assert heard_of(framework.App(view, framework.log_it))[1] != []


def test_a_view_that_is_called_wrongly_is_heard(framework: Any) -> None:
    status, errors = heard_of(framework.App(lambda: None, framework.log_it))
    assert (status, [type(each) for each in errors]) == (500, [TypeError])


def test_only_a_500_is_a_failure(framework: Any) -> None:
    for status in ("200 OK", "404 Not Found", "503 Service Unavailable"):
        assert heard_of(framework.App(view, framework.log_it, status))[1] == []


def test_the_frameworks_own_way_to_answer_is_none(framework: Any) -> None:
    class Refused(framework.HTTPError):  # type: ignore[misc]
        """One of the application."""

    def refuses(kind: type[Exception]) -> Callable[[Any], None]:
        def refusing(environ: Any) -> None:
            raise kind("no")

        return refusing

    for kind in (framework.HTTPError, Refused):
        assert heard_of(framework.App(refuses(kind), framework.log_it)) == (500, [])


@pytest.mark.parametrize("writer", [*WRITERS, "say_nothing"])
def test_what_the_application_handles_is_its_own(framework: Any, writer: str) -> None:
    def handling(environ: Any) -> None:
        try:
            view(environ)
        except LookupError:
            logging.getLogger("shop").exception("handled")
            traceback.format_exc()
            raise framework.HTTPError from None

    write = framework.say_nothing
    assert heard_of(framework.App(handling, write)) == (500, [])

    def handling_well(environ: Any) -> None:
        try:
            view(environ)
        except LookupError as error:
            getattr(framework, writer)(environ, error)

    assert heard_of(framework.App(handling_well, write)) == (204, [])


def test_what_a_library_handles_is_its_own(framework: Any) -> None:
    def calling(environ: Any) -> None:
        framework.library(framework.raising)
        raise framework.HTTPError

    assert heard_of(framework.App(calling, framework.say_nothing)) == (500, [])


def test_what_others_write_meanwhile_is_not_heard(framework: Any) -> None:
    go_on, done = threading.Event(), threading.Event()

    def elsewhere() -> None:
        go_on.wait(5)
        framework.App(view, framework.log_it)({}, lambda *_: None)
        done.set()

    def waiting(environ: Any) -> None:
        go_on.set()
        done.wait(5)
        raise framework.HTTPError

    thread = threading.Thread(target=elsewhere)
    thread.start()
    assert heard_of(framework.App(waiting, framework.say_nothing)) == (500, [])
    thread.join()


def test_a_traceback_without_its_exception_is_heard_as_text() -> None:
    def application(environ: Any, start_response: Any) -> list[bytes]:
        try:
            view(environ)
        except LookupError:
            text = traceback.format_exc()
        for line in text.splitlines(keepends=True):
            environ["wsgi.errors"].write(line)
        environ["wsgi.errors"].flush()
        start_response("500 Internal Server Error", [])
        return []

    status, errors = heard_of(application)
    assert (status, [type(each) for each in errors]) == (500, [WrittenException])
    assert str(errors[0]).endswith("LookupError: no user")


def test_nothing_stays_replaced(framework: Any) -> None:
    before = logging.Logger.handle, traceback.TracebackException.__init__
    heard_of(framework.App(view, framework.log_it))
    assert (logging.Logger.handle, traceback.TracebackException.__init__) == before


# Real frameworks


def _bottle(respond: Callable[[str], None]) -> Any:
    bottle = importlib.import_module("bottle")
    app = bottle.Bottle()

    @app.post("/in")
    def take() -> None:
        respond("bottle")

    return app


def _falcon(respond: Callable[[str], None]) -> Any:
    falcon = importlib.import_module("falcon")

    class In:
        def on_post(self, request: Any, response: Any) -> None:
            respond("falcon")

    app = falcon.App()
    app.add_route("/in", In())
    return app


def _falcon_asgi(respond: Callable[[str], None]) -> Any:
    falcon = importlib.import_module("falcon.asgi")

    class In:
        async def on_post(self, request: Any, response: Any) -> None:
            respond("falcon")

    app = falcon.App()
    app.add_route("/in", In())
    return app


def _litestar(respond: Callable[[str], None], **more: Any) -> Any:
    litestar = importlib.import_module("litestar")

    @litestar.post("/in")
    async def take() -> None:
        respond("litestar")

    return litestar.Litestar([take], **more)


_ANSWERS: dict[str, Callable[[Any], Exception]] = {
    "bottle": lambda module: module.HTTPError(500),
    "falcon": lambda module: module.HTTPInternalServerError(),
    "litestar": lambda module: module.exceptions.HTTPException(status_code=500),
}
REAL = pytest.mark.parametrize("make", [_bottle, _falcon, _falcon_asgi, _litestar])


def _answer(name: str) -> None:
    raise _ANSWERS[name](importlib.import_module(name))


def _skip_without(make: Callable[..., Any]) -> None:
    name = make.__name__.split("_")[1]
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed")


@REAL
def test_what_a_view_of_a_real_framework_raises(make: Callable[..., Any]) -> None:
    _skip_without(make)
    status, errors = heard_of(make(view))
    assert (status, [repr(each) for each in errors]) == (500, ["LookupError('no user')"])


@REAL
def test_how_a_real_framework_answers(make: Callable[..., Any]) -> None:
    _skip_without(make)
    assert heard_of(make(_answer)) == (500, [])


def test_a_handler_of_litestar_is_the_applications_own() -> None:
    litestar = pytest.importorskip("litestar")

    def handle(request: Any, error: Exception) -> Any:
        return litestar.Response({}, status_code=500)

    assert heard_of(_litestar(view, exception_handlers={LookupError: handle})) == (500, [])
