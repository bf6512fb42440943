"""What the deviants about channels do otherwise."""

from collections.abc import Callable

import pytest

from contracts.conformance.api import Form

from .acting import Actor, Probe, compare, name_of, prove

_PUSH, _EMAIL, _IN_APP = "Push Notification", "Email", "In-app Message"
_ALL = [_PUSH, _EMAIL, _IN_APP]


def _heard(channels: object, form: Form = Form.JSON) -> Callable[[Actor], list[str]]:
    """Return a look at the channels that a rule hears if it is given these."""

    def look(actor: Actor) -> list[str]:
        template = "?channel={{Message channel}}"
        if not actor.try_add(actor.inbox() + template, form, channels=channels).accepted:
            return ["refused"]
        for name in ("push.send", "email.send", "in-app.banner.view"):
            actor.fire(name)
        return [request.query["channel"] for request in actor.requests()]

    return look


def _ab_rule_fires(actor: Actor) -> int:
    actor.add(actor.inbox(), type="abTestEvents", channels=["Email"])
    actor.fire("ab-test.enter")
    return len(actor.requests())


def _opens_heard(actor: Actor) -> list[str]:
    actor.add(actor.inbox() + "?event={{Message event}}")
    for name in ("push.send", "push.open", "email.send", "email.click"):
        actor.fire(name)
    return [request.query["event"] for request in actor.requests()]


_BRACKETS = f"[{_PUSH}, {_EMAIL}]"
_TEXT = f'["{_PUSH}", "{_EMAIL}"]'
_BOTH = [_PUSH, _EMAIL]

PROBES = (
    Probe("channels-default-push", _heard(None), _ALL, [_PUSH]),
    Probe("channels-filter-ignored", _heard([_EMAIL]), [_EMAIL], _ALL),
    Probe("brackets-misread", _heard(_BRACKETS), _BOTH, [_PUSH]),
    Probe("repeated-channels-last-only", _heard(_BOTH, Form.GET), _BOTH, [_EMAIL]),
    Probe("json-text-refused", _heard(_TEXT, Form.GET), _BOTH, ["refused"]),
    Probe("unknown-channel-ignored", _heard([_EMAIL, "SMS"]), ["refused"], [_EMAIL]),
    Probe("channels-filter-ab-tests", _ab_rule_fires, 1, 0),
    Probe("first-event-only", _opens_heard, ["Send", "Open", "Send", "Click"], ["Send", "Send"]),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("channels-default-push", _BOTH),
        ("brackets-misread", _TEXT),
        ("brackets-misread", _BOTH),
        ("repeated-channels-last-only", _BOTH),
        ("json-text-refused", _BRACKETS),
        ("channels-filter-ab-tests", _BOTH),
    ],
)
def test_other_ways_to_name_channels_stay(name: str, channels: object) -> None:
    compare(Probe(name, _heard(channels), _BOTH, _BOTH))
