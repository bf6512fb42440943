"""What a restart makes of the rules of these deviants."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from .acting import Actor, Probe, name_of, prove

_EVENTS = ("push.open", "email.click", "in-app.banner.view", "ab-test.enter")


def _heard(
    channels: Sequence[str] | None, type: str = "messageEvents"
) -> Callable[[Actor], list[int]]:
    def look(actor: Actor) -> list[int]:
        actor.add(actor.inbox(), type=type, channels=channels)
        actor.fake.restart()
        return [len(actor.fire(name)) for name in _EVENTS]

    return look


def _url(actor: Actor) -> str:
    actor.add(actor.inbox() + "?a=%2525")
    actor.fake.restart()
    return actor.fire()[0].url.partition("?")[2]


PROBES = (
    Probe(
        "restart-widens-two-channels",
        _heard(["Email", "In-app Message"]),
        [0, 1, 1, 0],
        [1, 1, 1, 0],
    ),
    Probe(
        "restart-keeps-first-channel",
        _heard(["Email", "In-app Message"]),
        [0, 1, 1, 0],
        [0, 1, 0, 0],
    ),
    Probe("restart-widens-ab-rules", _heard(["Email"], "abTestEvents"), [0, 0, 0, 1], [0, 1, 0, 0]),
    Probe("restart-decodes-urls", _url, "a=%2525", "a=%25"),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)
