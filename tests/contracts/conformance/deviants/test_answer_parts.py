"""What the deviants about headers, bodies and durations of answers do otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .acting import Actor, Probe, hours, name_of, prove


def _answer(status: int, **parts: Any) -> dict[str, Any]:
    return {"kind": "status", "status": status} | parts


def _ended(*script: dict[str, Any]) -> Callable[[Actor], tuple[int, str]]:
    def look(actor: Actor) -> tuple[int, str]:
        delivery = actor.failing([*script])
        return len(delivery.attempts), delivery.state

    return look


def _hours(*script: dict[str, Any]) -> Callable[[Actor], list[float]]:
    return lambda actor: hours(actor.failing([*script]))


_LATER = [["Retry-After", "7200"]]
_PAGE = _answer(503, body="<html></html>")
_ERROR = _answer(201, body="An Error")

PROBES = (
    Probe("retry-after-obeyed", _hours(_answer(503, headers=_LATER), _answer(200)), [0, 1], [0, 2]),
    Probe(
        "5xx-with-page-rejected",
        _ended(_PAGE, _PAGE, _answer(200)),
        (3, "delivered"),
        (2, "rejected"),
    ),
    Probe(
        "5xx-that-says-ok-delivered",
        _ended(_answer(500, body='{"success": true}'), _answer(204)),
        (2, "delivered"),
        (1, "delivered"),
    ),
    Probe(
        "slow-5xx-given-up",
        _ended(_answer(503, delay="24s"), _answer(503, delay="26s"), _answer(200)),
        (3, "delivered"),
        (2, "lost"),
    ),
    Probe(
        "retries-200-with-error", _ended(_ERROR, _answer(200)), (1, "delivered"), (2, "delivered")
    ),
    Probe(
        "retries-4xx-with-retry-after",
        _ended(_answer(429, headers=_LATER), _answer(200)),
        (1, "rejected"),
        (2, "delivered"),
    ),
    Probe(
        "slow-2xx-is-rejected", _ended(_answer(200, delay="16s")), (1, "delivered"), (1, "rejected")
    ),
    Probe(
        "slow-5xx-from-start", _hours(_answer(503, delay="18s"), _answer(200)), [0, 1.005], [0, 1]
    ),
    Probe(
        "created-elsewhere-is-rejected",
        _ended(_answer(201, headers=[["Location", "/1"]])),
        (1, "delivered"),
        (1, "rejected"),
    ),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)
