"""Plans that tests look at: small, each with something to say."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from functools import cache

from mockserver.load.choices import ShapeChoices, chosen_stream
from mockserver.load.endpoint import Endpoint
from mockserver.load.plan import Plan, make_plan

HOUR = timedelta(hours=1)
ALWAYS = ((0 * HOUR, 8000 * HOUR),)


@cache
def plan_of(
    capacity: int = 20,
    outages: tuple[tuple[timedelta, timedelta], ...] = (),
    next_after: timedelta | None = 24 * HOUR,
    jitter: Fraction = Fraction(1, 10),
    seconds: int = 60,
) -> Plan:
    stream = chosen_stream(
        ShapeChoices(shape="constant", rate="20/s", duration=f"{seconds}s", audience="50")
    )
    endpoint = Endpoint(Fraction(capacity), capacity, outages)
    return make_plan(stream, endpoint, next_after=next_after, jitter=jitter)
