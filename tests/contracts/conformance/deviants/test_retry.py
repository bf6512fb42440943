"""What the deviants about retries do otherwise."""

from collections.abc import Callable

import pytest

from contracts.conformance.deviants.deviant_server import DeviantServer
from contracts.proof.catalog import find_deviant
from mockserver.web import shapes

from .acting import HOUR, Actor, Probe, compare, hours, name_of, prove

_OFFSETS = [0.0, 1.0, 3.0, 7.0, 15.0, 25.0, 35.0, 45.0, 55.0, 65.0]


def _attempts_after(behaviour: str) -> Callable[[Actor], int]:
    return lambda actor: len(actor.failing(f"{behaviour},200").attempts)


def _offsets(actor: Actor) -> list[float]:
    return hours(actor.failing())


def _offsets_of_delays(*delays: float) -> list[float]:
    offsets = [0.0]
    for delay in delays:
        offsets.append(offsets[-1] + delay)
    return offsets


def _attempts(actor: Actor) -> tuple[int, str]:
    delivery = actor.failing()
    return len(delivery.attempts), delivery.state


def _second_after_a_hang(actor: Actor) -> float:
    first, second, *_ = actor.failing("hang").attempts
    return (second.started_at - first.started_at).total_seconds() - 3600


def _delays_within_a_tenth(actor: Actor) -> tuple[bool, bool]:
    """Return whether two deliveries drift apart, and whether they keep to the schedule."""
    actor.add(actor.inbox("503*4,200"))
    actor.fire()
    actor.fire()
    actor.until_idle()
    first, second = hours(actor.delivery(1)), hours(actor.delivery(2))
    near = all(
        abs((later - earlier) / (to - at) - 1) <= 0.1
        for earlier, later, at, to in zip(first, first[1:], _OFFSETS, _OFFSETS[1:], strict=False)
    )
    return first != second, near


def _after_success(actor: Actor) -> list[float]:
    return hours(actor.failing("503,200"))


def _attempts_at(url: str) -> Callable[[Actor], int]:
    def look(actor: Actor) -> int:
        actor.add(url)
        (delivery,) = actor.fire()
        actor.advance("1h")
        return len(actor.delivery(delivery.id).attempts)

    return look


def _attempts_at_https(actor: Actor) -> int:
    return _attempts_at(actor.inbox().replace("http:", "https:"))(actor)


def _times_sent(actor: Actor) -> list[int]:
    actor.failing("503,200", "?time={{Trigger time}}")
    times = [int(request.query["time"]) for request in actor.requests()]
    return [(time - times[0]) // 1000 // int(HOUR.total_seconds()) for time in times]


PROBES = (
    Probe("retries-404", _attempts_after("404"), 1, 2),
    Probe("retries-302", _attempts_after("302"), 1, 2),
    Probe("no-retry-on-599", _attempts_after("599"), 2, 1),
    Probe("only-503-retried", _attempts_after("502"), 2, 1),
    Probe("eight-retries", _attempts, (10, "lost"), (9, "lost")),
    Probe("ten-retries", _attempts, (10, "lost"), (11, "lost")),
    Probe("linear-backoff", _offsets, _OFFSETS, _offsets_of_delays(*range(1, 10))),
    Probe(
        "uncapped-backoff",
        _offsets,
        _OFFSETS,
        _offsets_of_delays(1, 2, 4, 8, 16, 32, 64, 128, 256),
    ),
    Probe("capped-at-12h", _offsets, _OFFSETS, _offsets_of_delays(1, 2, 4, 8, 12, 12, 12, 12, 12)),
    Probe("base-three", _offsets, _OFFSETS, _offsets_of_delays(1, 3, 9, 10, 10, 10, 10, 10, 10)),
    Probe(
        "first-delay-30-minutes",
        _offsets,
        _OFFSETS,
        _offsets_of_delays(0.5, 2, 4, 8, 10, 10, 10, 10, 10),
    ),
    Probe("delay-from-start", _second_after_a_hang, 30.0, 0.0),
    Probe("jitter", _delays_within_a_tenth, (False, True), (True, True)),
    Probe("lost-kept-alive", _attempts, (10, "lost"), (40, "lost")),
    Probe("retries-after-success", _after_success, [0.0, 1.0], [0.0, 1.0, 2.0]),
    Probe("timeout-not-retried", _attempts_after("hang"), 2, 1),
    Probe("reset-not-retried", _attempts_after("reset"), 2, 1),
    Probe("refused-not-retried", _attempts_at("http://127.0.0.1:1/in"), 2, 1),
    # A label may have 63 characters: nobody is asked for the address of a longer one.
    Probe("dns-not-retried", _attempts_at(f"http://{'n' * 64}.test/in"), 2, 1),
    Probe("tls-not-retried", _attempts_at_https, 2, 1),
    Probe("url-changes", _times_sent, [0, 0], [0, 1]),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)


@pytest.mark.parametrize("name", ["no-retry-on-599", "only-503-retried"])
def test_a_503_is_retried_by_whoever_retries_less(name: str) -> None:
    compare(Probe(name, _attempts_after("503"), 2, 2))


def test_a_delivery_that_is_kept_alive_is_tried_every_ten_hours() -> None:
    def look(actor: Actor) -> list[float]:
        return hours(actor.failing())[9:12]

    compare(Probe("lost-kept-alive", look, [65.0], [65.0, 75.0, 85.0]))


def test_jitter_is_the_same_in_every_run() -> None:
    seen = []
    for _ in range(2):
        with DeviantServer(find_deviant("jitter")) as fake:
            seen.append(_offsets(Actor(fake)))
    assert seen[0] == seen[1] != _OFFSETS


def test_a_policy_that_a_case_asks_for_stays() -> None:
    def look(actor: Actor) -> list[float]:
        actor.put_app(retry=shapes.RetryJson(delays=["3h", "4h"]))
        return _offsets(actor)

    compare(Probe("eight-retries", look, [0.0, 3.0, 7.0], [0.0, 3.0, 7.0]))
