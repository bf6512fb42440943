"""What the deviants about overlapping deliveries, resends and restarts do otherwise."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from mockserver.web.shapes import DeliveryJson, EventRequest

from .acting import Actor, Probe, name_of, prove


def _seconds(delivery: DeliveryJson) -> list[float]:
    """Return the seconds between the scheduled attempts."""
    made = [attempt for attempt in delivery.attempts if not attempt.manual]
    return [(b.started_at - a.started_at).total_seconds() for a, b in pairwise(made)]


def _pauses(script: str) -> Callable[[Actor], list[float]]:
    return lambda actor: _seconds(actor.failing(script))


def _ended(script: str) -> Callable[[Actor], tuple[int, str]]:
    def look(actor: Actor) -> tuple[int, str]:
        delivery = actor.failing(script)
        return len(delivery.attempts), delivery.state

    return look


def _one_of_many(number: int) -> Callable[[Actor], tuple[str, list[float]]]:
    """Let so many events fail once, and look at the last delivery."""

    def look(actor: Actor) -> tuple[str, list[float]]:
        actor.add(actor.inbox(f"503*{number},200"))
        last = [actor.fire()[0] for _ in range(number)][-1]
        actor.until_idle()
        return actor.delivery(last.id).state, _seconds(actor.delivery(last.id))

    return look


def _second_rule(actor: Actor) -> list[float]:
    for name in ("one", "two"):
        actor.add(actor.inbox("503*3,200", name))
    last = actor.fire()[1]
    actor.until_idle()
    return _seconds(actor.delivery(last.id))


def _second_app(actor: Actor) -> list[float]:
    actor.failing("200")
    actor.put_app("other")
    actor.add(actor.inbox("503,200", "other"), appId="other")
    event = EventRequest(name="push.open", app_id="other")
    (delivery,) = actor.control.trigger(event).deliveries
    actor.until_idle()
    return _seconds(actor.delivery(delivery.id))


def _ab_test(actor: Actor) -> int:
    actor.add(actor.inbox("503"), type="abTestEvents")
    (delivery,) = actor.fire("ab-test.enter")
    actor.until_idle()
    return len(actor.delivery(delivery.id).attempts)


def _after_a_loss(actor: Actor) -> int:
    actor.failing("503")
    (delivery,) = actor.fire()
    actor.until_idle()
    return len(actor.delivery(delivery.id).attempts)


def _after_a_rejection(actor: Actor) -> list[float]:
    actor.failing("404,503,200")
    (delivery,) = actor.fire()
    actor.until_idle()
    return _seconds(actor.delivery(delivery.id))


def _resent(script: str) -> Callable[[Actor], tuple[str, list[float]]]:
    """Resend half an hour after a failure; look at the state then, and at the pauses."""

    def look(actor: Actor) -> tuple[str, list[float]]:
        actor.add(actor.inbox(script))
        (delivery,) = actor.fire()
        actor.advance("30m")
        state = actor.control.resend(delivery.id).state
        actor.until_idle()
        return state, _seconds(actor.delivery(delivery.id))

    return look


def _scheduled_attempts(actor: Actor) -> int:
    return len(_resent("503")(actor)[1]) + 1


def _lost_and_resent(actor: Actor) -> str:
    return actor.control.resend(actor.failing("503").id).state


def _of_a_deleted_rule(actor: Actor) -> int:
    postback_id = actor.add(actor.inbox("503"))
    (delivery,) = actor.fire()
    actor.call("deletePostback", postbackId=postback_id)
    actor.until_idle()
    return len(actor.delivery(delivery.id).attempts)


def _after_a_restart(actor: Actor) -> list[float]:
    actor.add(actor.inbox("503"))
    (delivery,) = actor.fire()
    actor.advance("1h")
    actor.fake.restart()
    actor.inbox("200")
    actor.until_idle()
    return _seconds(actor.delivery(delivery.id))


def _beside_a_newer_one(actor: Actor) -> int:
    actor.add(actor.inbox("503"))
    (delivery,) = actor.fire()
    actor.advance("15h")
    actor.fire()
    actor.until_idle()
    return len(actor.delivery(delivery.id).attempts)


_AN_HOUR = ("delivered", [3600.0])

PROBES = (
    Probe("seventh-pending-late", _one_of_many(7), _AN_HOUR, ("delivered", [3660])),
    Probe("ninth-pending-forgotten", _one_of_many(9), _AN_HOUR, ("lost", [])),
    Probe("second-rule-waits-longer", _second_rule, [3600, 7200, 14400], [3600, 7200, 18000]),
    Probe("ab-rule-five-attempts", _ab_test, 10, 5),
    Probe("second-app-waits-longer", _second_app, [3600], [3601]),
    Probe("last-timeout-is-lost", _ended("503*8,hang,200"), (10, "delivered"), (9, "lost")),
    Probe("timeout-pause-is-an-hour", _pauses("hang*2,200"), [3630, 7230], [3630, 3630]),
    Probe("5xx-after-timeout-starts-over", _pauses("hang,503,200"), [3630, 7200], [3630, 3600]),
    Probe("fewer-retries-after-a-loss", _after_a_loss, 10, 4),
    Probe("later-after-a-rejection", _after_a_rejection, [3600], [3610]),
    Probe("resend-counts-as-attempt", _scheduled_attempts, 10, 9),
    Probe(
        "resend-success-changes-nothing",
        _resent("503,200"),
        ("delivered", []),
        ("pending", [3600]),
    ),
    Probe(
        "failed-resend-starts-over", _resent("503*2,200"), ("pending", [3600]), ("pending", [5400])
    ),
    Probe("resend-revives-what-is-lost", _lost_and_resent, "lost", "pending"),
    Probe("resend-404-rejects", _resent("503,404,200"), ("pending", [3600]), ("rejected", [])),
    Probe("deleted-rule-retried-less", _of_a_deleted_rule, 10, 3),
    Probe("same-instant-drifts", _one_of_many(2), ("delivered", [3600]), ("delivered", [3601])),
    Probe("later-after-a-restart", _after_a_restart, [3600, 7200], [3600, 10800]),
    Probe("reset-retried-twice-only", _ended("reset*3,200"), (4, "delivered"), (3, "lost")),
    Probe("old-events-given-up", _beside_a_newer_one, 10, 6),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)
