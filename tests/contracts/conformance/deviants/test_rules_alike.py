"""What the deviants about rules that are alike do otherwise."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .acting import Actor, Probe, name_of, prove


def _fired(*ends: str) -> Callable[[Actor], int]:
    def look(actor: Actor) -> int:
        for end in ends:
            actor.add(actor.inbox() + end)
        return len(actor.fire())

    return look


def _ids(actor: Actor) -> int:
    return len({actor.add(actor.inbox() + "?a=1") for _ in range(2)})


def _left(actor: Actor) -> int:
    first = actor.add(actor.inbox() + "?a=1")
    for end in ("?a=1", "?a=2"):
        actor.add(actor.inbox() + end)
    actor.call("deletePostback", postbackId=first)
    return len(actor.fire())


PROBES = (
    Probe("one-delivery-for-a-url", _fired("?a=1", "?a=1", "?a=2"), 3, 2),
    Probe("one-delivery-for-a-host", _fired("?a=1", "?a=2", "/b"), 3, 2),
    Probe("alike-rules-share-an-id", _ids, 2, 1),
    Probe("alike-rules-go-together", _left, 2, 1),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)
