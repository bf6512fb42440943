"""What the deviants about sets of channels do otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contracts.conformance.api import Form

from .acting import Actor, Probe, name_of, prove

_PUSH, _EMAIL, _IN_APP = "Push Notification", "Email", "In-app Message"
_ALL = ["push", "email", "in-app"]


def _heard(channels: Any, form: Form = Form.JSON) -> Callable[[Actor], list[str]]:
    """Look at the channels whose events fire a rule; nothing if it was refused."""

    def look(actor: Actor) -> list[str]:
        if not actor.try_add(actor.inbox(), form, channels=channels).accepted:
            return []
        names = ("push.open", "email.open", "in-app.banner.view")
        return [name.partition(".")[0] for name in names if actor.fire(name)]

    return look


PROBES = (
    Probe("third-channel-dropped", _heard([_PUSH, _EMAIL, _IN_APP]), _ALL, ["push", "email"]),
    Probe("push-and-in-app-is-all", _heard([_PUSH, _IN_APP]), ["push", "in-app"], _ALL),
    Probe("email-after-in-app-dropped", _heard([_IN_APP, _EMAIL]), ["email", "in-app"], ["in-app"]),
    Probe("all-three-reversed-is-none", _heard([_IN_APP, _EMAIL, _PUSH]), _ALL, ["push"]),
    Probe("in-app-alone-is-all", _heard([_IN_APP]), ["in-app"], _ALL),
    Probe(
        "close-brackets-first-only",
        _heard("[Email,In-app Message]"),
        ["email", "in-app"],
        ["email"],
    ),
    Probe(
        "third-in-multipart-dropped",
        _heard([_PUSH, _EMAIL, _IN_APP], Form.MULTIPART),
        _ALL,
        ["push", "email"],
    ),
    Probe(
        "second-in-json-text-dropped",
        _heard('["Push Notification", "Email"]'),
        ["push", "email"],
        ["push"],
    ),
    Probe("split-call-has-no-channels", _heard([_EMAIL], Form.SPLIT), ["email"], _ALL),
    Probe("channel-in-any-case", _heard(["email"]), [], ["email"]),
    Probe("channel-by-its-beginning", _heard(["Push"]), [], ["push"]),
    Probe("channel-without-blanks", _heard(["PushNotification"]), [], ["push"]),
    Probe("channel-in-plural", _heard(["Emails"]), [], ["email"]),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)
