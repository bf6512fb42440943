"""What the deviants about restarts do otherwise."""

import pytest

from .acting import Actor, Probe, compare, hours, name_of, prove


def _restarted_between(actor: Actor) -> list[float]:
    """Return when the attempts of a delivery were made, with a restart half an hour in."""
    actor.add(actor.inbox("503"))
    actor.fire()
    actor.advance("30m")
    actor.fake.restart()
    actor.inbox("503")
    actor.until_idle()
    return hours(actor.delivery())


_OFFSETS = [0.0, 1.0, 3.0, 7.0, 15.0, 25.0, 35.0, 45.0, 55.0, 65.0]
_COUNTED_ANEW = [0.0, *(1.0 + offset for offset in _OFFSETS)]
# A restarted receiver has forgotten what its inboxes do: it answers 200.
_SENT_AT_ONCE = [0.0, 0.5]

PROBES = (
    Probe("forgets-at-restart", _restarted_between, _OFFSETS, [0.0]),
    Probe("restart-counts-anew", _restarted_between, _OFFSETS, _COUNTED_ANEW),
    Probe("restart-sends-at-once", _restarted_between, _OFFSETS, _SENT_AT_ONCE),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_without_a_restart_nothing_differs(probe: Probe) -> None:
    compare(Probe(probe.name, lambda actor: hours(actor.failing()), _OFFSETS, _OFFSETS))
