"""What the deviants do otherwise when an endpoint comes and goes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, product

import pytest

from contracts.conformance.cases.comes_and_goes import STEPS, Endpoint
from mockserver.web import shapes

from .acting import Actor, Probe, hours, name_of, prove


def _met(*steps: str) -> Callable[[Actor], tuple[str, list[float]]]:
    """Look at a delivery that meets these: its state, and the hours of its attempts."""

    def look(actor: Actor) -> tuple[str, list[float]]:
        endpoint = Endpoint()
        actor.add(f"http://127.0.0.1:{endpoint.port}/in")
        for number, step in enumerate(steps):
            with endpoint.doing(step):
                if number == 0:
                    actor.fire()
                else:
                    list(actor.control.advances(shapes.AdvanceRequest(until="next")))
        delivery = actor.delivery()
        return delivery.state, [round(each, 3) for each in hours(delivery)]

    return look


PROBES = (
    Probe(
        "refused-after-5xx-is-rejected",
        _met("503", "refused", "200"),
        ("delivered", [0, 1, 3]),
        ("rejected", [0, 1]),
    ),
    Probe(
        "refused-twice-is-lost",
        _met("refused", "refused", "200"),
        ("delivered", [0, 1, 3]),
        ("lost", [0, 1]),
    ),
    Probe(
        "reset-after-refused-starts-over",
        _met("refused", "reset", "200"),
        ("delivered", [0, 1, 3]),
        ("delivered", [0, 1, 2]),
    ),
    Probe(
        "5xx-after-reset-is-late",
        _met("reset", "503", "200"),
        ("delivered", [0, 1, 3]),
        ("delivered", [0, 1, 3.017]),
    ),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)


def test_each_way_of_failing_follows_each() -> None:
    ways = ("503", "refused", "reset")
    assert len(STEPS) == 10
    assert set(pairwise(STEPS)) == set(product(ways, ways))
