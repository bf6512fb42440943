"""Exceptions that Flask and Django answer with a 500 of their own."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import signals
from flask import Flask

from mockserver.core.clock import ManualClock
from mockserver.core.outcome import KEPT_BODY_BYTES
from mockserver.transport.application.factory import application_transport
from mockserver.transport.application.failure import ApplicationFailure
from mockserver.transport.application.signals import caught_by_frameworks
from tests.transport.application.applications import TIMEOUT, URL, transport_to
from tests.transport.exchanges import attempt_at


def failing_flask(**config: Any) -> Flask:
    app = Flask("partner")
    app.config.update(config)

    @app.post("/in")
    def view() -> str:
        raise ZeroDivisionError("oh")

    return app


@pytest.mark.parametrize("testing", [False, True])
def test_what_a_view_raises_is_told_once(testing: bool) -> None:
    failures: list[ApplicationFailure] = []
    outcome = transport_to(failing_flask(TESTING=testing), failures).send(attempt_at(URL))
    assert outcome.status == 500
    assert outcome.error is not None
    assert outcome.error.startswith("ZeroDivisionError: oh (test_signals.py:")
    (failure,) = failures
    assert str(failure.error) == "oh"
    assert failure.traceback.splitlines()[1].endswith("in view")
    assert len(outcome.body) <= KEPT_BODY_BYTES


def test_what_became_of_it_is_the_answer_of_the_application() -> None:
    app = failing_flask()
    app.register_error_handler(500, lambda _error: ("later", 503))
    failures: list[ApplicationFailure] = []
    outcome = transport_to(app, failures).send(attempt_at(URL))
    assert (outcome.status, outcome.body) == (503, b"later")
    assert outcome.error is not None
    assert "ZeroDivisionError: oh" in outcome.error
    assert len(failures) == 1


def test_what_a_view_handles_is_no_failure() -> None:
    app = failing_flask()
    app.register_error_handler(ZeroDivisionError, lambda _error: ("fine", 200))
    failures: list[ApplicationFailure] = []
    outcome = transport_to(app, failures).send(attempt_at(URL))
    assert (outcome.status, outcome.error, failures) == (200, None, [])


def test_django_tells_it_without_the_exception() -> None:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        try:
            raise ZeroDivisionError("oh")
        except ZeroDivisionError:
            signals.got_request_exception.send(sender=None, request=object())
        signals.got_request_exception.send(sender=None, request=object())
        start_response("500 Internal Server Error", [])
        return [b"sorry"]

    failures: list[ApplicationFailure] = []
    outcome = transport_to(application, failures).send(attempt_at(URL))
    assert (outcome.status, outcome.body) == (500, b"sorry")
    assert [str(failure.error) for failure in failures] == ["oh"]


def test_what_other_applications_raise_meanwhile_is_not_heard() -> None:
    mine: list[BaseException] = []
    others: list[BaseException] = []
    with caught_by_frameworks(mine.append):
        with caught_by_frameworks(others.append):
            failing_flask().test_client().post("/in")
        assert (len(mine), len(others)) == (0, 1)
        failing_flask().test_client().post("/in")
    failing_flask().test_client().post("/in")
    assert (len(mine), len(others)) == (1, 1)


def test_an_application_with_a_loop_is_heard_in_its_thread() -> None:
    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            failing_flask().test_client().post("/in")
            await send({"type": "http.response.start", "status": 500})
            await send({"type": "http.response.body", "body": b"sorry"})

    failures: list[ApplicationFailure] = []
    transport = application_transport(
        application,
        now=ManualClock().now,
        timeout_of=lambda _attempt: TIMEOUT,
        on_failure=failures.append,
    )
    assert transport.send(attempt_at(URL)).status == 500
    transport.close()
    assert [str(failure.error) for failure in failures] == ["oh"]
