"""Plays the whole story for `postbacks demo`: rules, events, failures and 65 hours of retries.

Everything is real but the time: rules go through Leanplum's API, and postbacks through sockets to
the receiver on loopback. The command line writes what `run_demo` returns.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mockserver.core.models import EXAMPLE_APP_ID, EXAMPLE_KEYS, KeyClass
from mockserver.delivery.wiring import SocketOptions
from mockserver.sandbox import Sandbox
from mockserver.web.shapes import AttemptJson, DeliveryJson

if TYPE_CHECKING:
    from flask.testing import FlaskClient

#: Of each rule: type, channels, and the template after the URL of the receiver.
_RULES: tuple[tuple[str, str, str], ...] = (
    (
        "messageEvents",
        "[Push Notification, In-app Message]",
        "/inbox/messages?user={{User ID}}&channel={{Message channel}}&event={{Message event}}"
        "&template={{Template name}}",
    ),
    (
        "messageEvents",
        "[Email]",
        "/inbox/email?user={{User ID}}&message={{Message ID}}&event={{Message event}}"
        "&at={{Trigger time}}&parameters={{Parameters}}",
    ),
    (
        "abTestEvents",
        "",
        "/inbox/ab-tests?user={{User ID}}&test={{AB test ID}}&variant={{Variant ID}}",
    ),
)

#: What each inbox does, request by request.
_SCRIPTS = {"messages": "200,404", "email": "503*9,200", "ab-tests": "hang"}

_EVENTS = ("push.open", "in-app.banner.select", "email.click", "ab-test.enter")


@dataclass(frozen=True, slots=True)
class DemoRule:
    """A rule that was registered."""

    postback_id: int
    type: str
    channels: list[str]
    url: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """How the API answered to the rule above the limit."""

    status: int
    message: str


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What happened in the demo.

    Attributes:
        rules: The three rules.
        refused: The answer to the fourth.
        deliveries: One for each event, in the order of the events.
        virtual_hours: How many hours the clock was turned.
        real_seconds: How long it took in real time.
    """

    rules: list[DemoRule]
    refused: Refusal
    deliveries: list[DeliveryJson]
    virtual_hours: float
    real_seconds: float

    def document(self) -> dict[str, Any]:
        """Return what `postbacks demo --json` writes."""
        return {
            "rules": self.rules,
            "refused": self.refused,
            "deliveries": [_delivery_document(delivery) for delivery in self.deliveries],
            "virtual_hours": self.virtual_hours,
            "real_seconds": self.real_seconds,
        }


def run_demo() -> DemoReport:
    """Play the demo and return what happened; takes about a second."""
    from mockserver.web.app import create_app
    from mockserver.web.encoding import delivery_json

    began_real_seconds = time.perf_counter()
    with Sandbox(sockets=SocketOptions()) as sandbox:
        api = create_app(sandbox).test_client()
        began_at = sandbox.now()
        for template in _RULES:
            _add_rule(api, sandbox.receiver_url, template)
        refused = _add_rule(api, sandbox.receiver_url, _RULES[0])
        for name, script in _SCRIPTS.items():
            sandbox.inbox(name).behave(script)
        for event in _EVENTS:
            sandbox.trigger(event)
        sandbox.run_until_idle()
        rules = [
            DemoRule(rule.postback_id, rule.type.value, list(rule.channels), rule.url)
            for rule in sandbox.postbacks()
        ]
        deliveries = [delivery_json(delivery) for delivery in sandbox.deliveries]
        virtual_hours = (sandbox.now() - began_at) / timedelta(hours=1)
    return DemoReport(
        rules,
        refused,
        deliveries,
        virtual_hours=round(virtual_hours, 6),
        real_seconds=round(time.perf_counter() - began_real_seconds, 3),
    )


def _add_rule(api: FlaskClient, receiver_url: str, template: tuple[str, str, str]) -> Refusal:
    """Register a rule through Leanplum's API; return the status and the message of the answer."""
    kind, channels, path = template
    arguments = {
        "action": "addPostback",
        "appId": EXAMPLE_APP_ID,
        "clientKey": EXAMPLE_KEYS[KeyClass.DATA_EXPORT],
        "apiVersion": "1.0.6",
        "type": kind,
        "channels": channels,
        "postbackUrl": receiver_url + path,
    }
    answer = api.post("/api", data=arguments)
    response: dict[str, Any] = answer.get_json()["response"][0]
    return Refusal(answer.status_code, str(response.get("error", {}).get("message", "")))


def _delivery_document(delivery: DeliveryJson) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "postback_id": delivery.postback_id,
        "url": delivery.url,
        "state": delivery.state,
        "attempts": [
            {
                "number": attempt.number,
                "started_at": attempt.started_at,
                "offset_hours": attempt.offset_hours,
                "outcome": _outcome_text(attempt),
                "elapsed_seconds": attempt.elapsed_seconds,
            }
            for attempt in delivery.attempts
        ],
    }


def _outcome_text(attempt: AttemptJson) -> str:
    return str(attempt.status) if attempt.outcome == "response" else attempt.outcome
