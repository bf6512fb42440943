"""An application in this process as an endpoint."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from contracts.verify.endpoints.shop import Shop, Store
from contracts.verify.in_process import InProcessPostbackSender
from mockserver.core.clock import ManualClock
from mockserver.core.outcome import OutcomeKind

URL = "http://partner.test/in?user=ada&at=1"


def shop(clock: ManualClock | None = None) -> tuple[Shop, InProcessPostbackSender]:
    clock = clock or ManualClock()
    app = Shop(Store(), clock)
    return app, InProcessPostbackSender(app, timedelta(seconds=30), clock)


def test_each_url_is_posted_in_order() -> None:
    app, sender = shop()
    urls = [URL, URL + "&x=1", "http://partner.test/elsewhere"]
    outcomes = sender.post(urls, at_once=3, fresh=True, address="127.0.0.1")
    assert [outcome.status for outcome in outcomes] == [200, 200, 404]
    assert app.store.rows == [{"user": "ada", "at": "1"}]
    assert sender.post([]) == []


@pytest.mark.parametrize(
    ("seconds", "kind"), [(29.9, OutcomeKind.RESPONSE), (30, OutcomeKind.TIMEOUT)]
)
def test_time_that_the_application_spends_is_none_of_ours(
    seconds: float, kind: OutcomeKind
) -> None:
    clock = ManualClock()
    app, sender = shop(clock)
    app.check = lambda row: app.spend(timedelta(seconds=seconds))  # type: ignore[method-assign,func-returns-value]
    (outcome,) = sender.post([URL])
    assert (outcome.kind, outcome.elapsed) == (kind, timedelta(seconds=seconds))
    assert outcome.elapsed_real_seconds < 5


@pytest.mark.parametrize(
    ("method", "status", "body"),
    [("GET", 405, b""), ("HEAD", 405, b""), ("POST", 200, b"thank you")],
)
def test_other_methods_reach_a_wsgi_application(method: str, status: int, body: bytes) -> None:
    _, sender = shop()
    answer = sender.request(method, "/in?user=ada&at=1")
    assert (answer.status, answer.body, answer.error) == (status, body, "")


def failing(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    raise ValueError("no such thing")


def silent(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    return []


@pytest.mark.parametrize("app", [failing, silent])
def test_an_exception_is_answered_as_a_server_would(app: Any) -> None:
    sender = InProcessPostbackSender(app)
    assert [outcome.status for outcome in sender.post([URL])] == [500]
    assert sender.request("GET", "/in").status == 500
    assert len(sender.failures) == 2


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


def test_an_asgi_application_is_posted_to_and_no_more() -> None:
    sender = InProcessPostbackSender(asgi)
    try:
        assert [outcome.status for outcome in sender.post([URL])] == [204]
        answer = sender.request("GET", "/in")
        assert answer.status is None
        assert "only POST" in answer.error
    finally:
        sender.close()
