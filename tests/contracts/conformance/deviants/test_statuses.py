"""What the deviants about single statuses do otherwise."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from .acting import Actor, Probe, hours, name_of, prove


def _ended(script: str) -> Callable[[Actor], tuple[int, str]]:
    def look(actor: Actor) -> tuple[int, str]:
        delivery = actor.failing(script)
        return len(delivery.attempts), delivery.state

    return look


def _hours(script: str) -> Callable[[Actor], list[float]]:
    return lambda actor: hours(actor.failing(script))


def _pauses(script: str) -> Callable[[Actor], list[float]]:
    """Look at the seconds between the attempts."""

    def look(actor: Actor) -> list[float]:
        made = actor.failing(script).attempts
        return [(b.started_at - a.started_at).total_seconds() for a, b in pairwise(made)]

    return look


def _last_pauses(actor: Actor) -> list[float]:
    return _pauses("503")(actor)[-2:]


PROBES = (
    Probe("no-retry-on-500", _ended("500,501,200"), (3, "delivered"), (1, "rejected")),
    Probe("no-retry-on-547", _ended("546,548,547,200"), (4, "delivered"), (3, "rejected")),
    Probe("late-501-not-retried", _ended("501*5,200"), (6, "delivered"), (5, "rejected")),
    Probe("eight-retries-for-504", _ended("504*10"), (10, "lost"), (9, "lost")),
    Probe("status-change-ends-retries", _ended("503*2,502,200"), (4, "delivered"), (3, "lost")),
    Probe("delay-for-502-half", _hours("503,502,200"), [0, 1, 3], [0, 1, 2]),
    Probe("delay-for-596-longer", _pauses("595,596,200"), [3600, 7200], [3600, 7260]),
    Probe("third-pause-by-status", _hours("503*2,551,200"), [0, 1, 3, 7], [0, 1, 3, 6]),
    Probe("status-change-starts-over", _hours("503*2,502,200"), [0, 1, 3, 7], [0, 1, 3, 4]),
    Probe("eighth-pause-late", _last_pauses, [36000, 36000], [36001, 36000]),
    Probe("tenth-pause-sooner", _last_pauses, [36000, 36000], [36000, 32400]),
    Probe("retries-429", _ended("429,200"), (1, "rejected"), (2, "delivered")),
    Probe("retries-418", _ended("418,200"), (1, "rejected"), (2, "delivered")),
    Probe("retries-399", _ended("399,200"), (1, "rejected"), (2, "delivered")),
    Probe("retries-late-408", _ended("503,408,200"), (2, "rejected"), (3, "delivered")),
    Probe("retries-4xx-after-5xx", _ended("503*3,400,200"), (4, "rejected"), (5, "delivered")),
    Probe("204-is-rejected", _ended("204"), (1, "delivered"), (1, "rejected")),
    Probe("291-is-rejected", _ended("291"), (1, "delivered"), (1, "rejected")),
    Probe("late-2xx-is-rejected", _ended("503*9,202"), (10, "delivered"), (10, "rejected")),
    Probe("304-is-delivered", _ended("304"), (1, "rejected"), (1, "delivered")),
    Probe("1xx-is-rejected", _ended("102,200"), (2, "delivered"), (1, "rejected")),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)
