"""Without a socket the receiver does what it does with one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mockserver.core.models import DueAttempt
from mockserver.core.outcome import OutcomeKind
from mockserver.delivery.wiring import SocketOptions
from mockserver.receiver.behaviours import parse_script
from mockserver.receiver.in_process import InProcessReceiver
from mockserver.receiver.inboxes import Inboxes
from mockserver.sandbox import Sandbox


def test_the_two_receivers_agree_on_an_interim_status() -> None:
    inboxes = Inboxes(now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    in_process = InProcessReceiver(
        inboxes, "http://receiver.test", timeout_of=lambda attempt: timedelta(seconds=30)
    )
    inboxes.behave("a", parse_script("102"))
    url = "http://receiver.test/inbox/a"
    attempt = DueAttempt(1, "app", url, 1, datetime(2026, 1, 1, tzinfo=UTC), False, 1)
    assert in_process.send(attempt).kind is OutcomeKind.RESET


@pytest.mark.parametrize("user_info", ["ada:secret", "ada", "a%40b:p%3Aq", ":", "ada:", "a%3Ab"])
def test_user_info_is_sent_alike_with_and_without_a_socket(user_info: str) -> None:
    sent = []
    for sockets in (None, SocketOptions()):
        with Sandbox(sockets=sockets) as sandbox:
            inbox = sandbox.inbox("a")
            sandbox.add_postback(inbox.url.replace("://", f"://{user_info}@") + "?x=1#part")
            sandbox.trigger("push.open")
            (request,) = inbox.requests
            names = [(name, value) for name, value in request.headers if name != b"Host"]
            sent.append((request.method, request.target, names))
    assert sent[0] == sent[1]
