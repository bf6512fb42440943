"""Which bodies say something else than their 2xx."""

from __future__ import annotations

import pytest

from contracts.suite.generated import Effort
from contracts.suite.registry import find_case
from contracts.suite.runner import run_case
from contracts.suite.subject import Names
from contracts.suite.vocabulary import Status
from contracts.verify.in_process import InProcessPostbackSender
from contracts.verify.postbacks import Subscription
from contracts.verify.subject import EndpointSubject
from mockserver.core.clock import ManualClock
from mockserver.core.template import Template

URL = "http://partner.test/in?user={{User ID}}"


def status_with(body: str) -> Status:
    def answer(environ: object, start_response: object) -> list[bytes]:
        assert callable(start_response)
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [body.encode()]

    sender = InProcessPostbackSender(answer, clock=ManualClock())
    endpoint = EndpointSubject(Subscription(Template(URL)), sender, others=sender)
    case = find_case("PB-ANSWER-MEANT")
    return run_case(case, endpoint, Effort(shrink=False), Names()).status


@pytest.mark.parametrize(
    "body",
    [
        "",
        "OK",
        "<h1>Thanks</h1>",
        "<h1>Stored without an error</h1>",
        "<title>No error</title>",
        '{"error": null, "errors": [], "ok": true}',
        '{"errors": {}, "error": "", "status": "success"}',
        "<p>Found no login</p>",
        '{"errors": {"count": 0}, "error": {"message": ""}}',
        '{"message": "\\"error\\": \\"none\\""}',
    ],
)
def test_a_body_may_say_that_all_is_well(body: str) -> None:
    assert status_with(body) is Status.PASS


@pytest.mark.parametrize(
    "body",
    [
        "<title>Internal error</title>",
        "<h1>An Error occurred</h1>",
        "<H1>Service Unavailable</H1>",
        "Traceback (most recent call last):",
        '{"errors": ["no database"]}',
        '{"ok": false}',
        '{"error": {"message": "no database"}}',
        '{"status": "Failed"}',
        '<input name="p" type="password">',
    ],
)
def test_a_body_may_say_that_nothing_is_well(body: str) -> None:
    assert status_with(body) is Status.FAIL
