"""What the endpoints do otherwise that fail on some days, or write instants in their own way."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contracts.verify.endpoints import calendar

from .visiting import Probe, compare, kept_of, name_of, names_of, status_of


def _at(*parts: int, milliseconds: int = 0) -> str:
    seconds = datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[misc, arg-type]
    return str(round(seconds) * 1000 + milliseconds)


_SUNDAY, _MONDAY = _at(2026, 11, 29, 12, milliseconds=1), _at(2026, 11, 30, 12, milliseconds=1)
_SUMMER, _WINTER = _at(2025, 7, 1, 12, milliseconds=9), _at(2025, 12, 1, 12, milliseconds=9)

PROBES = (
    Probe("fails-on-sundays", status_of(at=_SUNDAY), 200, 500),
    Probe("fails-on-sundays", status_of(at=_MONDAY), 200, 200),
    Probe("fails-at-midnight", status_of(at=_at(2025, 12, 2, 0, 59)), 200, 500),
    Probe("fails-at-midnight", status_of(at=_at(2025, 12, 2, 1)), 200, 200),
    Probe("fails-on-whole-seconds", status_of(at=_at(2025, 12, 2, 1)), 200, 500),
    Probe("fails-on-whole-seconds", status_of(at=_SUNDAY), 200, 200),
    Probe("drops-zeros-of-milliseconds", kept_of("at", _WINTER), _WINTER, "2025-12-01 12:00:00.9"),
    Probe("fails-on-leap-days", status_of(at=_at(2024, 2, 29, 23)), 200, 500),
    Probe("fails-on-leap-days", status_of(at=_at(2024, 3, 1)), 200, 200),
    Probe("fails-on-the-31st", status_of(at=_at(2025, 8, 31)), 200, 500),
    Probe("fails-on-the-31st", status_of(at=_at(2025, 7, 31)), 200, 200),
    Probe("london-time", kept_of("at", _SUMMER), _SUMMER, "2025-07-01 13:00:00.009"),
    Probe("london-time", kept_of("at", _WINTER), _WINTER, "2025-12-01 12:00:00.009"),
    Probe("fails-at-new-year", status_of(at=_at(2025, 1, 1, 23)), 200, 500),
    Probe("fails-at-new-year", status_of(at=_at(2025, 1, 2)), 200, 200),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    compare(probe)


def test_each_is_visited() -> None:
    assert names_of(PROBES) == {deviant.name for deviant in calendar.DEVIANTS}
