"""Which postbacks an application gets, and how it spends time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from mockserver.core.clock import ManualClock
from mockserver.core.errors import InvalidValue
from mockserver.core.outcome import OutcomeKind
from mockserver.transport.application.factory import application_transport
from mockserver.transport.application.failure import (
    ApplicationFailure,
)
from tests.transport.application.applications import TIMEOUT, URL, asgi_app, transport_to, wsgi_app
from tests.transport.exchanges import attempt_at


def test_it_accepts_what_is_below_its_base_url() -> None:
    transport = transport_to(wsgi_app, base_url="https://partner.test/hooks/")
    accepted = ["", "/", "/x", "?user=ada", "/x?y#z"]
    assert all(transport.accepts(f"https://partner.test/hooks{rest}") for rest in accepted)
    assert transport.accepts("https://ada:pw@PARTNER.test:443/hooks/x")
    for url in (
        "https://partner.test/hooksx",
        "https://partner.test/",
        "http://partner.test/hooks/x",
        "https://partner.test:444/hooks/x",
        "https://other.test/hooks/x",
        "ftp://partner.test/hooks/x",
    ):
        assert not transport.accepts(url)
    assert transport_to(wsgi_app).accepts("http://anybody.test/")
    with pytest.raises(InvalidValue, match=r"http://partner\.test"):
        transport_to(wsgi_app, base_url="partner.test")


@pytest.mark.parametrize("app", [wsgi_app, asgi_app])
def test_a_url_that_cannot_be_posted_to_is_blocked(app: Any) -> None:
    for url in (
        "ftp://partner.test/",
        "http:///x",
        "http://a b/",
        "http://a:99999/",
        "http://a:" + "9" * 9999,
        "http://a/\n",
    ):
        outcome = transport_to(app).send(attempt_at(url))
        assert outcome.kind is OutcomeKind.BLOCKED
        assert outcome.error is not None
        assert outcome.error.startswith("blocked: ")


@pytest.mark.parametrize("app", [wsgi_app, asgi_app])
def test_time_is_spent_only_during_an_attempt(app: Any) -> None:
    transport = transport_to(app)
    transport.send(attempt_at(URL))
    with pytest.raises(InvalidValue, match="no attempt is under way"):
        transport.spend(timedelta(seconds=1))
    transport.close()


@pytest.mark.parametrize("duration", [timedelta(seconds=-1), 45, None])
def test_only_a_duration_can_be_spent(duration: Any) -> None:
    with pytest.raises(InvalidValue, match="timedelta"):
        transport_to(wsgi_app).spend(duration)


def test_failures_are_logged_unless_somebody_is_told(caplog: pytest.LogCaptureFixture) -> None:
    def failing(environ: Any, start_response: Any) -> Iterable[bytes]:
        raise ZeroDivisionError("oh")

    transport = application_transport(
        failing, now=ManualClock().now, timeout_of=lambda _attempt: TIMEOUT
    )
    assert transport.send(attempt_at(URL)).status == 500
    (record,) = caplog.records
    assert URL in record.getMessage()
    assert "ZeroDivisionError: oh" in record.getMessage()


def test_a_failure_that_is_raised_again_ends_the_sending() -> None:
    def failing(environ: Any, start_response: Any) -> Iterable[bytes]:
        raise ZeroDivisionError("oh")

    def raise_again(failure: ApplicationFailure) -> None:
        raise failure.error

    transport = application_transport(
        failing,
        now=ManualClock().now,
        timeout_of=lambda _attempt: TIMEOUT,
        on_failure=raise_again,
    )
    with pytest.raises(ZeroDivisionError):
        transport.send(attempt_at(URL))
