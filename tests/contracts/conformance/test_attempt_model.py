"""The policy once more: what it makes of attempts, on both sides of every limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contracts.conformance.attempt_model import actual, expected, first_difference
from mockserver.client.sandbox_client import SandboxClient
from mockserver.client.wire import WsgiWire
from mockserver.sandbox import Sandbox
from mockserver.web.app import create_app
from mockserver.web.shapes import AdvanceRequest, AttemptJson, DeliveryJson, EventRequest

AT = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def delivered_by(sandbox: Sandbox, script: str) -> tuple[SandboxClient, DeliveryJson]:
    client = SandboxClient(wire=WsgiWire(create_app(sandbox).wsgi_app))
    sandbox.add_postback(client.behave("in", script).url)
    return client, client.trigger(EventRequest(name="push.open")).deliveries[0]


@pytest.mark.parametrize(
    "script",
    ["200", "299", "199,200", "300", "499", "500,200", "599*9,200", "503*10", "hang,503,404"],
)
def test_the_fake_stands_where_the_model_says(script: str) -> None:
    with Sandbox() as sandbox:
        client, delivery = delivered_by(sandbox, script)
        while delivery.state == "pending":
            assert first_difference([delivery], sandbox.now()) == ""
            client.advance(AdvanceRequest(until="next"))
            delivery = client.delivery(delivery.id)
        assert first_difference([delivery], sandbox.now()) == ""


def test_an_attempt_that_is_due_must_have_been_made() -> None:
    with Sandbox() as sandbox:
        delivery = delivered_by(sandbox, "503")[1]
        due_at = sandbox.now() + HOUR
        assert first_difference([delivery], due_at - timedelta(milliseconds=1)) == ""
        assert "expected pending, attempts at 0h, 1h" in first_difference([delivery], due_at)


def test_a_resend_changes_nothing_unless_it_succeeds() -> None:
    with Sandbox() as sandbox:
        client, delivery = delivered_by(sandbox, "503,404,503,200")
        for state in ("pending", "pending", "delivered"):
            resent = client.resend(delivery.id)
            assert (resent.state, first_difference([resent], sandbox.now())) == (state, "")


def attempt(number: int, at: datetime, status: int = 503) -> AttemptJson:
    return AttemptJson(
        1, number, False, False, at, at, 0, "response", status, 0, 0, None, [], "", 1
    )


def test_each_attempt_has_its_instant() -> None:
    with Sandbox() as sandbox:
        delivery = delivered_by(sandbox, "503")[1]
    made_at = delivery.created_at
    delivery.attempts = [attempt(1, made_at), attempt(2, made_at + HOUR / 2)]
    delivery.attempts_made, delivery.due_at = 2, made_at + HOUR * 2.5
    wanted = expected(delivery, made_at)
    assert wanted.started_at == (made_at, made_at + HOUR)
    assert wanted != actual(delivery)
    delivery.attempts = [attempt(1, made_at, 200), attempt(2, made_at + HOUR)]
    assert expected(delivery, made_at).started_at == (made_at, None)
    assert "no time at all" in first_difference([delivery], made_at)
