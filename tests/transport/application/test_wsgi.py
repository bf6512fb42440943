"""What comes of an attempt that a WSGI application answers."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from freezegun import freeze_time

from mockserver.core.clock import ManualClock
from mockserver.core.outcome import KEPT_BODY_BYTES, Outcome, OutcomeKind
from mockserver.core.retry import DeliveryState
from mockserver.sandbox import Sandbox
from mockserver.time.clocks import AmbientClock
from mockserver.transport.application.factory import application_transport
from mockserver.transport.application.failure import ApplicationFailure
from mockserver.transport.application.swallowed import ErrorStream
from mockserver.transport.application.wsgi import WsgiTransport
from tests.transport.exchanges import attempt_at

URL = "http://partner.test/in%20box/%C3%A9?user=ada%2Bnews&x=#fragment"
TIMEOUT = timedelta(seconds=30)
UNFINISHED = "the body of the answer was not finished"

WsgiApp = Callable[[dict[str, Any], Any], Any]


class Partner:
    """An application, the transport to it and the failures it told of."""

    def __init__(self, app: WsgiApp, now: Callable[[], datetime] | None = None) -> None:
        self.failures: list[ApplicationFailure] = []
        transport = application_transport(
            app,
            now=now or ManualClock().now,
            timeout_of=lambda _attempt: TIMEOUT,
            on_failure=self.failures.append,
        )
        assert isinstance(transport, WsgiTransport)
        self.transport = transport

    def answer(self, url: str = URL) -> Outcome:
        return self.transport.send(attempt_at(url))

    @property
    def told(self) -> list[str]:
        return [type(failure.error).__name__ for failure in self.failures]


def answering(status: Any = "200 OK", headers: Any = (), body: Any = (b"thanks",)) -> WsgiApp:
    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response(status, headers)
        return body

    return app


def test_an_answer_is_a_response() -> None:
    partner = Partner(answering("202 Accepted", [("X-Seen", "yes"), ("x-seen", "twice")]))
    outcome = partner.answer()
    assert (outcome.kind, outcome.status, outcome.body) == (OutcomeKind.RESPONSE, 202, b"thanks")
    assert outcome.headers == (("X-Seen", "yes"), ("x-seen", "twice"))
    assert outcome.error is None
    assert outcome.elapsed == timedelta(0)
    assert 0 <= outcome.elapsed_real_seconds < 60
    assert not partner.failures


def test_the_environment_is_that_of_a_server() -> None:
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.update(environ)
        assert environ["wsgi.input"].read() == b""
        start_response("200 OK", [])
        return []

    Partner(app).answer("https://ada:se%20cret@partner.test:8443/in%20box/%C3%A9?x=%C3%A9#y")
    del seen["wsgi.input"]
    assert isinstance(seen.pop("wsgi.errors"), ErrorStream)
    assert seen == {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/in box/\u00c3\u00a9",
        "QUERY_STRING": "x=%C3%A9",
        "REQUEST_URI": "/in%20box/%C3%A9?x=%C3%A9",
        "RAW_URI": "/in%20box/%C3%A9?x=%C3%A9",
        "SERVER_NAME": "partner.test",
        "SERVER_PORT": "8443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "partner.test:8443",
        "HTTP_AUTHORIZATION": "Basic YWRhOnNlIGNyZXQ=",
        "HTTP_ACCEPT": "*/*",
        "CONTENT_LENGTH": "0",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def test_a_validator_of_wsgi_has_no_complaint() -> None:
    from wsgiref.validate import validator

    app = answering(headers=[("Content-Type", "text/plain")], body=[b"ok"])
    outcome = Partner(validator(app)).answer()
    assert (outcome.status, outcome.body, outcome.error) == (200, b"ok", None)


# Failures


def test_an_exception_is_a_500_and_is_told_with_its_traceback() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise ZeroDivisionError("division by zero")

    partner = Partner(app)
    outcome = partner.answer()
    assert (outcome.kind, outcome.status, outcome.body) == (OutcomeKind.RESPONSE, 500, b"")
    assert outcome.error is not None
    pattern = r"ZeroDivisionError: division by zero \(test_wsgi\.py:\d+\)"
    assert re.fullmatch(pattern, outcome.error)
    (failure,) = partner.failures
    assert failure.attempt == attempt_at(URL)
    assert failure.traceback.startswith("Traceback (most recent call last):\n")
    assert 'raise ZeroDivisionError("division by zero")' in failure.traceback


def failing_assertion() -> None:
    assert URL == "", "not this one"


@pytest.mark.parametrize(
    ("fail", "name"),
    [
        (lambda: pytest.fail("no"), "Failed"),
        (lambda: pytest.skip("no"), "Skipped"),
        (failing_assertion, "AssertionError"),
        (sys.exit, "SystemExit"),
    ],
)
def test_what_ends_a_test_elsewhere_is_a_500_here(fail: Callable[[], None], name: str) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        fail()
        return []

    partner = Partner(app)
    assert partner.answer().status == 500
    assert partner.told == [name]


def test_an_interrupt_by_the_user_passes_through() -> None:
    closed = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            raise KeyboardInterrupt

        def close(self) -> None:
            closed.append(True)

    partner = Partner(answering(body=Body()))
    with pytest.raises(KeyboardInterrupt):
        partner.answer()
    assert closed == [True]
    assert not partner.failures


def starting_twice(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    start_response("200 OK", [])
    return [b""]


@pytest.mark.parametrize(
    ("app", "reason"),
    [
        (lambda environ, start_response: [], "start_response was not called"),
        (lambda environ, start_response: [b"x"], "start_response was not called"),
        (lambda environ, start_response: None, "returned None"),
        (starting_twice, "called twice"),
        (answering(body=["text"]), "the body is made of str"),
        (answering(body="text"), "returned 'text'"),
        (answering(body=b"bytes"), "returned b'bytes'"),
        (answering(body=7), "TypeError"),
        (answering("999 Odd"), "'999 Odd'"),
        (answering("OK"), "'OK'"),
        (answering("200OK"), "'200OK'"),
        (answering("200 O\nK"), "status"),
        (answering("100 Continue"), "'100 Continue'"),
        (answering(200), "200"),
        (answering(headers=[("A b", "x")]), "'A b'"),
        (answering(headers=[("A", "x\r\nB: y")]), "cannot be sent"),
        (answering(headers=[("A", "\u20ac")]), "cannot be sent"),
        (answering(headers=[("A", 1)]), "TypeError"),
        (answering(headers=7), "TypeError"),
    ],
)
def test_what_is_not_wsgi_is_a_500_with_the_reason(app: WsgiApp, reason: str) -> None:
    partner = Partner(app)
    outcome = partner.answer()
    assert (outcome.kind, outcome.status) == (OutcomeKind.RESPONSE, 500)
    assert outcome.error is not None
    assert reason in outcome.error
    assert len(partner.failures) == 1


def test_a_status_without_words_is_fine() -> None:
    assert Partner(answering("204")).answer().status == 204


def test_an_answer_may_be_replaced_until_its_head_is_sent() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("A", "x")])
        try:
            raise ValueError
        except ValueError:
            start_response("503 Busy", [("B", "y")], sys.exc_info())
        return [b"busy"]

    outcome = Partner(app).answer()
    assert (outcome.status, outcome.headers, outcome.body) == (503, (("B", "y"),), b"busy")


def test_after_the_head_it_cannot_be_replaced() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        yield b"some"
        try:
            raise ValueError("too late")
        except ValueError:
            start_response("503 Busy", [], sys.exc_info())

    partner = Partner(app)
    outcome = partner.answer()
    assert (outcome.status, outcome.body, outcome.error) == (200, b"some", UNFINISHED)
    assert partner.told == ["ValueError"]


# Bodies


def test_the_body_is_used_up_and_closed() -> None:
    done = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        write = start_response("200 OK", [])
        write(b"first, ")
        try:
            yield b""
            yield b"second"
            done.append("end")
        finally:
            done.append("closed")

    assert Partner(app).answer().body == b"first, second"
    assert done == ["end", "closed"]


def test_no_more_of_a_body_is_kept_than_over_sockets() -> None:
    sent = []

    def body() -> Iterator[bytes]:
        for number in range(20):
            sent.append(number)
            yield b"x" * 10_000

    outcome = Partner(answering(body=body())).answer()
    assert len(outcome.body) == KEPT_BODY_BYTES
    assert outcome.error is None
    assert len(sent) == 20


def test_the_head_decides_when_the_body_breaks_off() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("201 Created", [])
        yield b"some"
        raise ValueError("broken")

    partner = Partner(app)
    outcome = partner.answer()
    assert (outcome.kind, outcome.status, outcome.body) == (OutcomeKind.RESPONSE, 201, b"some")
    assert outcome.error == UNFINISHED
    assert partner.told == ["ValueError"]


def test_a_head_without_a_byte_of_body_is_not_sent_yet() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        yield b""
        raise ValueError("broken")

    assert Partner(app).answer().status == 500


@pytest.mark.parametrize(
    ("length", "body", "error"),
    [("4", b"some", None), ("5", b"some", UNFINISHED), ("3", b"som", None), ("0", b"", None)],
)
def test_a_declared_length_is_what_the_client_reads(
    length: str, body: bytes, error: str | None
) -> None:
    outcome = Partner(answering(headers=[("Content-Length", length)], body=[b"some"])).answer()
    assert (outcome.status, outcome.body, outcome.error) == (200, body, error)


def test_what_goes_wrong_after_the_answer_does_not_change_it() -> None:
    class Body:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"thanks"])

        def close(self) -> None:
            raise ValueError("in close")

    partner = Partner(answering(body=Body()))
    outcome = partner.answer()
    assert (outcome.status, outcome.body) == (200, b"thanks")
    assert outcome.error is not None
    assert outcome.error.startswith("after the answer: ValueError: in close (test_wsgi.py:")
    assert partner.told == ["ValueError"]


# Time


@pytest.mark.parametrize("seconds", [29.9, 30, 45])
def test_time_that_is_spent_counts(seconds: float) -> None:
    done = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        partner.transport.spend(timedelta(seconds=seconds / 2))
        spender = threading.Thread(
            target=partner.transport.spend, args=[timedelta(seconds=seconds / 2)]
        )
        spender.start()
        spender.join()
        done.append(True)
        start_response("200 OK", [])
        return [b"thanks"]

    partner = Partner(app)
    outcome = partner.answer()
    assert done == [True]
    if seconds < 30:
        assert (outcome.status, outcome.elapsed) == (200, timedelta(seconds=29.9))
    else:
        assert (outcome.kind, outcome.elapsed) == (OutcomeKind.TIMEOUT, TIMEOUT)
        assert outcome.status is None
        assert outcome.error == "no answer within 30 s of sandbox time"


def test_an_exception_that_comes_too_late_is_a_timeout() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        partner.transport.spend(TIMEOUT)
        raise ValueError

    partner = Partner(app)
    assert partner.answer().kind is OutcomeKind.TIMEOUT
    assert partner.told == ["ValueError"]


def test_a_frozen_time_that_ticks_in_the_application_counts() -> None:
    with freeze_time("2026-01-01") as freezer:

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            freezer.tick(timedelta(seconds=10))
            partner.transport.spend(timedelta(seconds=5))
            start_response("200 OK", [])
            return []

        partner = Partner(app, AmbientClock().now)
        outcome = partner.answer()
    assert outcome.elapsed == timedelta(seconds=15)
    assert outcome.elapsed_real_seconds < 10


def test_a_time_that_is_moved_back_counts_as_none() -> None:
    clock = iter([datetime(2026, 1, 2, tzinfo=UTC), *[datetime(2026, 1, 1, tzinfo=UTC)] * 9])
    assert Partner(answering(), lambda: next(clock)).answer().elapsed == timedelta(0)


def test_a_body_that_takes_too_long_is_cut() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        partner.transport.spend(timedelta(seconds=10))
        yield b"some"
        partner.transport.spend(timedelta(seconds=35))
        yield b"more"

    partner = Partner(app)
    outcome = partner.answer()
    assert (outcome.kind, outcome.status, outcome.body) == (OutcomeKind.RESPONSE, 200, b"some")
    assert (outcome.elapsed, outcome.error) == (TIMEOUT, UNFINISHED)


def test_what_is_spent_after_the_answer_does_not_count() -> None:
    class Body:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"thanks"])

        def close(self) -> None:
            partner.transport.spend(timedelta(seconds=45))

    partner = Partner(answering(body=Body()))
    outcome = partner.answer()
    assert (outcome.status, outcome.elapsed, outcome.error) == (200, timedelta(0), None)


# In a sandbox, and with frameworks


def test_a_sandbox_retries_what_an_application_refuses() -> None:
    answers = iter(["503 Busy", "200 OK"])

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # The sandbox may be asked while an attempt is under way.
        assert sandbox.deliveries[0].state is DeliveryState.PENDING
        partner.transport.spend(timedelta(seconds=2))
        start_response(next(answers), [])
        return []

    clock = ManualClock()
    partner = Partner(app, clock.now)
    with Sandbox(clock=clock, transport=partner.transport) as sandbox:
        sandbox.add_postback("http://partner.test/in?user={{User ID}}")
        sandbox.trigger("email.click", user_id="ada")
        sandbox.run_until_idle()
        (delivery,) = sandbox.deliveries
    assert not partner.failures
    assert delivery.state is DeliveryState.DELIVERED
    first, second = delivery.attempts
    assert [first.outcome.summary, second.outcome.summary] == ["503", "200"]
    assert first.ended_at - first.started_at == timedelta(seconds=2)


def test_flask() -> None:
    flask = pytest.importorskip("flask")
    app = flask.Flask("partner")
    seen = []

    @app.post("/in/<path:rest>")
    def take(rest: str) -> Any:
        request = flask.request
        seen.append((rest, request.args["user"], request.host, request.content_length))
        assert request.authorization.username == "ada"
        assert request.content_type is None
        assert request.get_data() == b""
        return {"taken": True}, 201

    @app.post("/fails")
    def fail() -> Any:
        pytest.fail("in a view")

    @app.post("/streams")
    def stream() -> Any:
        return flask.Response(iter([b"a", b"b"]), mimetype="text/plain")

    partner = Partner(app)
    outcome = partner.answer("http://ada:x@partner.test/in/b%20x/%C3%A9?user=a%2Bb")
    assert outcome.status == 201
    assert outcome.body.strip() == b'{"taken":true}'
    assert seen == [("b x/\u00e9", "a+b", "partner.test", 0)]
    assert partner.answer("http://partner.test/nowhere").status == 404
    assert partner.answer("http://partner.test/streams").body == b"ab"
    assert not partner.failures
    assert partner.answer("http://partner.test/fails").status == 500
    assert partner.told == ["Failed"]


def test_django() -> None:
    pytest.importorskip("django")
    from tests.transport.application.test_asgi import django_settings

    with django_settings():
        from django.core.handlers.wsgi import WSGIHandler

        partner = Partner(WSGIHandler())
        outcome = partner.answer("http://partner.test/in/?user=ada%2Bnews")
        assert (outcome.status, outcome.body, outcome.error) == (200, b"ada+news", None)
        assert partner.answer("http://partner.test/nowhere").status == 404
        outcome = partner.answer("http://partner.test/streams/")
        assert (outcome.status, outcome.body) == (200, b"ab")
