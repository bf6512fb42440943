"""What the deviants send otherwise for some events, at later attempts, and for long URLs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mockserver.web import shapes

from .acting import Actor, Probe, name_of, prove

_CHANNELS = {"push": "Push Notification", "in-app": "In-app Message"}


def _requests(actor: Actor, *events: str) -> list[shapes.ReceivedJson]:
    """Return the first request and the second of each event, all of which fail once."""
    for event in events:
        kind = event.partition(".")[0]
        actor.add(
            actor.inbox("503,200", name=kind),
            type="messageEvents" if kind in _CHANNELS else "abTestEvents",
            channels=[_CHANNELS[kind]] if kind in _CHANNELS else None,
        )
        actor.fire(event)
    actor.until_idle()
    return [each for event in events for each in actor.requests(event.partition(".")[0])]


def _methods(*events: str) -> Callable[[Actor], list[str]]:
    """Look at the methods of the first request and of the second, for each event."""
    return lambda actor: [each.method for each in _requests(actor, *events)]


def _names(*events: str) -> Callable[[Actor], list[int]]:
    """Look at how many header fields the same have."""
    return lambda actor: [len(each.headers) for each in _requests(actor, *events)]


def _bodies(actor: Actor) -> list[int]:
    actor.add(actor.inbox() + "?u={{User ID}}")
    for length in (10, 2_000):
        actor.fire(user_id="u" * length)
    return [len(each.body) for each in actor.requests()]


_POSTS = ["POST"] * 4
_TEST, _PUSH, _IN_APP = "ab-test.enter", "push.open", "in-app.banner.view"

PROBES = (
    Probe("get-for-ab-tests", _methods(_TEST, _PUSH), _POSTS, ["GET", "GET", "POST", "POST"]),
    Probe("get-when-retried", _methods(_TEST, _PUSH), _POSTS, ["POST", "GET", "POST", "GET"]),
    Probe("put-for-in-app", _methods(_IN_APP, _PUSH), _POSTS, ["PUT", "PUT", "POST", "POST"]),
    Probe("body-when-long", _bodies, [0, 0], [0, 2_002]),
    Probe("header-for-ab-tests", _names(_TEST, _PUSH), [3, 3, 3, 3], [4, 4, 3, 3]),
    Probe("content-type-when-retried", _names(_TEST, _PUSH), [3, 3, 3, 3], [3, 4, 3, 4]),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)
