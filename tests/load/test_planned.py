"""What a load will send is known before, to the postback."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from mockserver.core.errors import InvalidConfig
from mockserver.load.campaign import Campaign, CampaignStream
from mockserver.load.capacity import Step
from mockserver.load.paced import PacedStream, constant, steps
from mockserver.load.people import People
from mockserver.load.planned import Planned, planned, steps_of

PEOPLE = People(3, starts_at=datetime(2026, 1, 1, tzinfo=UTC))
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("until", [None, 100 * SECOND])
def test_all_of_it(until: timedelta | None) -> None:
    stream = PacedStream(constant(Fraction(10), 3 * SECOND, people=PEOPLE))
    assert planned(stream, until) == Planned(30, stream.lasts, 10, 30)


@pytest.mark.parametrize(
    "until",
    [timedelta(microseconds=1), SECOND / 2, SECOND, 90 * SECOND, timedelta(minutes=20)],
)
def test_what_is_cut_is_what_workers_would_send(until: timedelta) -> None:
    stream = CampaignStream(Campaign(300, PEOPLE, "even", Fraction(100)))
    arrivals = [each.after for each in stream.part(0, 1) if each.after < until]
    found = planned(stream, until)
    assert (found.total, found.lasts, found.whole) == (len(arrivals), until, stream.total)
    by_second: dict[int, int] = {}
    for after in arrivals:
        by_second[after // SECOND] = by_second.get(after // SECOND, 0) + 1
    assert found.peak >= max(by_second.values())


def test_the_steps_of_a_stream() -> None:
    stream = PacedStream(steps(Fraction(10), Fraction(30), 3, 2 * SECOND, people=PEOPLE))
    assert steps_of(stream.as_json()) == [Step(0, 2, 10.0), Step(2, 2, 20.0), Step(4, 2, 30.0)]
    flat = PacedStream(constant(Fraction(10), SECOND, people=PEOPLE))
    assert steps_of(flat.as_json()) == []


def test_steps_of_half_seconds_cannot_be_counted() -> None:
    stream = PacedStream(steps(Fraction(10), Fraction(30), 3, 1.5 * SECOND, people=PEOPLE))
    with pytest.raises(InvalidConfig, match="lasts whole seconds"):
        steps_of(stream.as_json())
