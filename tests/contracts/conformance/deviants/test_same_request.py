"""What later attempts of the deviants send that the first did not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .acting import Actor, Probe, name_of, prove

_LONG = "u" * 3_000


def _targets(end: str, user: str = "ada", *, restart: bool = False) -> Callable[[Actor], list[str]]:
    """Look at what stands behind the question mark, in the order of the attempts, each once."""

    def look(actor: Actor) -> list[str]:
        actor.add(actor.inbox("503") + end)
        actor.fire("email.click", user_id=user)
        first = [each.target for each in actor.requests()]
        if restart:
            actor.fake.restart()
            actor.inbox("503")
        actor.until_idle()
        every = first + [each.target for each in actor.requests()]
        return list(dict.fromkeys(each.partition("?")[2] for each in every))

    return look


def _lengths(*, restart: bool) -> Callable[[Actor], int]:
    return lambda actor: len(_targets("?u={{User ID}}", _LONG, restart=restart)(actor))


def _times(actor: Actor) -> int:
    return len(_targets("?at={{Trigger time}}")(actor))


def _headers(actor: Actor) -> list[int]:
    actor.failing("503*2,200")
    return [len(each.headers) for each in actor.requests()]


PROBES = (
    Probe("url-cut-when-retried", _lengths(restart=False), 1, 2),
    Probe("url-cut-after-a-restart", _lengths(restart=True), 1, 2),
    Probe("trigger-time-of-a-late-retry", _times, 1, 8),
    Probe("header-from-the-second-on", _headers, [3, 3, 3], [3, 4, 4]),
    Probe("escapes-raised-when-retried", _targets("?a=%2f"), ["a=%2f"], ["a=%2f", "a=%2F"]),
    Probe(
        "empty-names-lost-when-retried",
        _targets("?a=&b=1&c={{Device ID}}&d="),
        ["a=&b=1&c=&d="],
        ["a=&b=1&c=&d=", "b=1&"],
    ),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)
