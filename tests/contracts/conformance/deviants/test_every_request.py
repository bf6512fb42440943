"""What the deviants send otherwise for some events, at later attempts, and for long URLs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .acting import Actor, Probe, name_of, prove


def _methods(event: str) -> Callable[[Actor], list[str]]:
    """Look at the methods of the first request and of the second."""

    def look(actor: Actor) -> list[str]:
        actor.add(
            actor.inbox("503,200"), type="abTestEvents" if "ab-" in event else "messageEvents"
        )
        actor.fire(event)
        actor.until_idle()
        return [each.method for each in actor.requests()]

    return look


def _names(event: str) -> Callable[[Actor], list[int]]:
    """Look at how many header fields the first request and the second have."""

    def look(actor: Actor) -> list[int]:
        _methods(event)(actor)
        return [len(each.headers) for each in actor.requests()]

    return look


def _bodies(actor: Actor) -> list[int]:
    actor.add(actor.inbox() + "?u={{User ID}}")
    for length in (10, 2_000):
        actor.fire(user_id="u" * length)
    return [len(each.body) for each in actor.requests()]


PROBES = (
    Probe("get-for-ab-tests", _methods("ab-test.enter"), ["POST"] * 2, ["GET"] * 2),
    Probe("get-for-ab-tests", _methods("push.open"), ["POST"] * 2, ["POST"] * 2),
    Probe("get-when-retried", _methods("push.open"), ["POST"] * 2, ["POST", "GET"]),
    Probe("put-for-in-app", _methods("in-app.banner.view"), ["POST"] * 2, ["PUT"] * 2),
    Probe("put-for-in-app", _methods("push.open"), ["POST"] * 2, ["POST"] * 2),
    Probe("body-when-long", _bodies, [0, 0], [0, 2_002]),
    Probe("header-for-ab-tests", _names("ab-test.enter"), [3, 3], [4, 4]),
    Probe("header-for-ab-tests", _names("push.open"), [3, 3], [3, 3]),
    Probe("content-type-when-retried", _names("push.open"), [3, 3], [3, 4]),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)
