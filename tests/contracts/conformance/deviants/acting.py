"""What probes do to a fake: call its API, let events happen, look at what arrived."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from contracts.conformance.api import API_VERSION, ApiAnswer, Form, call
from contracts.conformance.deviants.deviant_server import (
    FAITHFUL,
    FAITHFUL_WITH_SOCKETS,
    Deviant,
    DeviantServer,
)
from contracts.proof.catalog import find_deviant
from mockserver.client.sandbox_client import SandboxClient
from mockserver.web import shapes

NOWHERE = "https://example.invalid/in"
KEYS = shapes.KeysJson(data_export="export", production="production", development="development")


class Actor:
    """Somebody with an app in a fake."""

    def __init__(self, fake: DeviantServer) -> None:
        self.fake = fake
        self.wire = fake.wire
        self.control = SandboxClient(wire=fake.wire)
        self.put_app()

    def put_app(self, app_id: str = "shop", **knobs: Any) -> None:
        self.control.put_app(app_id, shapes.AppRequest(KEYS, **knobs))

    def call(self, action: str | None, form: Form = Form.JSON, **arguments: Any) -> ApiAnswer:
        everything = {
            "action": action,
            "appId": "shop",
            "clientKey": "export",
            "apiVersion": API_VERSION,
        } | arguments
        given = {name: value for name, value in everything.items() if value is not None}
        return call(self.wire, given, form)

    def try_add(self, url: str = NOWHERE, form: Form = Form.JSON, **arguments: Any) -> ApiAnswer:
        return self.call(
            "addPostback", form, **({"type": "messageEvents", "postbackUrl": url} | arguments)
        )

    def add(self, url: str = NOWHERE, **arguments: Any) -> int:
        answer = self.try_add(url, **arguments)
        assert answer.accepted, answer.in_short()
        return int(answer.response["postbackId"])

    def inbox(self, behaviour: str | list[Any] = "200", name: str = "in") -> str:
        return self.control.behave(name, behaviour).url

    def fire(self, name: str = "push.open", **values: Any) -> list[shapes.DeliveryJson]:
        event = shapes.EventRequest(name=name, app_id="shop", **values)
        return self.control.trigger(event).deliveries

    def requests(self, name: str = "in") -> list[shapes.ReceivedJson]:
        return self.control.requests(name).requests

    def until_idle(self) -> None:
        list(self.control.advances(shapes.AdvanceRequest(until="idle")))

    def advance(self, by: str) -> None:
        list(self.control.advances(shapes.AdvanceRequest(by=by)))

    def delivery(self, delivery_id: int = 1) -> shapes.DeliveryJson:
        return self.control.delivery(delivery_id)

    def filled(self, template: str, event: str = "push.open", **values: Any) -> str:
        """Return what arrives behind the name of the inbox, raw."""
        self.add(
            self.inbox() + template, type="abTestEvents" if "ab-" in event else "messageEvents"
        )
        self.fire(event, **values)
        return self.requests()[0].target.partition("/inbox/in")[2]

    def failing(self, behaviour: str = "503", template: str = "") -> shapes.DeliveryJson:
        """Return a delivery to an inbox that behaves so, after all its attempts."""
        self.add(self.inbox(behaviour) + template)
        (delivery,) = self.fire()
        self.until_idle()
        return self.delivery(delivery.id)


def hours(delivery: shapes.DeliveryJson) -> list[float]:
    """Return how long after the first attempt each was made."""
    return [attempt.offset_hours for attempt in delivery.attempts]


@dataclass(frozen=True)
class Probe:
    """What somebody sees in the fake as it is, and in a deviant."""

    name: str
    look: Callable[[Actor], object]
    faithful: object
    deviant: object


def compare(probe: Probe) -> None:
    """Look at the fake as it is and at the deviant."""
    for deviant, expected in (
        (_faithful(probe), probe.faithful),
        (find_deviant(probe.name), probe.deviant),
    ):
        _look(probe, deviant, expected)


def prove(probe: Probe) -> None:
    """Look at the fake as it is, at the deviant, and at the fake once more."""
    compare(probe)
    _look(probe, _faithful(probe), probe.faithful)


def _faithful(probe: Probe) -> Deviant:
    return FAITHFUL_WITH_SOCKETS if find_deviant(probe.name).sockets else FAITHFUL


def _look(probe: Probe, deviant: Deviant, expected: object) -> None:
    with DeviantServer(deviant) as fake:
        assert probe.look(Actor(fake)) == expected, deviant.name


def name_of(probe: Probe) -> str:
    return probe.name


HOUR = timedelta(hours=1)
