"""What the deviants about events do otherwise."""

from collections.abc import Callable

import pytest

from .acting import Actor, Probe, compare, name_of, prove


def _fired(event: str, type: str = "messageEvents", **values: str) -> Callable[[Actor], int]:
    def look(actor: Actor) -> int:
        actor.add(actor.inbox(), type=type)
        return len(actor.fire(event, **values))

    return look


def _written(placeholder: str, event: str) -> Callable[[Actor], str]:
    return lambda actor: actor.filled(f"?v={{{{{placeholder}}}}}", event).removeprefix("?v=")


_CUSTOM = {"template_name": "Our own"}
_ab_test = _fired("ab-test.enter", "abTestEvents")

PROBES = (
    Probe("message-fires-ab-rule", _fired("push.open", "abTestEvents"), 0, 1),
    Probe("ab-test-fires-message-rule", _fired("ab-test.enter"), 0, 1),
    Probe("sent-instead-of-send", _written("Message event", "push.send"), "Send", "Sent"),
    Probe(
        "event-lower-case",
        _written("Message event", "email.marked-as-spam"),
        "Marked%20as%20spam",
        "marked%20as%20spam",
    ),
    Probe("channel-as-slug", _written("Message channel", "email.open"), "Email", "email"),
    Probe("push-held-back-missing", _fired("push.held-back"), 1, 0),
    Probe("email-dropped-missing", _fired("email.dropped"), 1, 0),
    Probe("in-app-accept-missing", _fired("in-app.confirm.accept"), 1, 0),
    Probe("ab-test-missing", _ab_test, 1, 0),
    Probe("custom-template-missing", _fired("in-app.banner.view", **_CUSTOM), 1, 0),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)


@pytest.mark.parametrize(
    ("name", "look"),
    [
        ("message-fires-ab-rule", _ab_test),
        ("message-fires-ab-rule", _fired("push.open")),
        ("ab-test-fires-message-rule", _ab_test),
        ("ab-test-fires-message-rule", _fired("push.open")),
        ("push-held-back-missing", _fired("email.held-back")),
        ("in-app-accept-missing", _fired("in-app.confirm.view")),
        ("custom-template-missing", _fired("in-app.banner.view")),
        ("custom-template-missing", _ab_test),
    ],
)
def test_other_events_stay(name: str, look: Callable[[Actor], int]) -> None:
    compare(Probe(name, look, 1, 1))


@pytest.mark.parametrize(
    ("event", "slug"), [("push.open", "push"), ("in-app.banner.view", "in-app")]
)
def test_every_channel_has_a_slug(event: str, slug: str) -> None:
    look = _written("Message channel", event)
    faithful = {"push": "Push%20Notification", "in-app": "In-app%20Message"}[slug]
    compare(Probe("channel-as-slug", look, faithful, slug))
