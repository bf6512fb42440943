from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from mockserver.core.errors import InvalidValue
from mockserver.core.retry import DEFAULT_RETRY_POLICY
from mockserver.load.choices import ShapeChoices, chosen_stream
from mockserver.load.echo import echo
from mockserver.load.endpoint import Endpoint
from mockserver.load.plan import (
    Arrivals,
    arrivals_of,
    clock_time,
    document,
    format_hours,
    make_plan,
)
from tests.load.plans import ALWAYS, HOUR, plan_of

SECOND = timedelta(seconds=1)


def test_arrivals_are_those_of_the_stream() -> None:
    stream = chosen_stream(ShapeChoices(shape="ramp", rate="1/s..9/s", duration="4s"))
    arrivals = arrivals_of(stream)
    assert (arrivals.total, arrivals.lasts) == (stream.total, stream.lasts)
    assert list(arrivals.by_second.items()) == [(0, 2), (1, 4), (2, 6), (3, 8)]
    assert (arrivals.peak, arrivals.peak_at) == (8, 3 * SECOND)


def test_slices_hold_the_sum_and_the_busiest_second_also_where_nothing_is() -> None:
    arrivals = Arrivals(10, 25 * SECOND, {0: 1, 9: 5, 25: 4})
    assert arrivals.sliced(10 * SECOND) == [
        (0 * SECOND, 6, 5),
        (10 * SECOND, 0, 0),
        (20 * SECOND, 4, 4),
    ]


def test_a_plan_is_the_echo_of_the_load_and_of_the_next_campaign() -> None:
    plan = plan_of(10, ((10 * SECOND, 30 * SECOND),), HOUR)
    without, with_jitter = plan.outcomes
    shifted = {second + 3600: count for second, count in plan.arrivals.by_second.items()}
    found = echo([plan.arrivals.by_second, shifted], plan.endpoint, DEFAULT_RETRY_POLICY)
    assert without.echo == found
    assert with_jitter.echo != found
    assert without.next is not None
    (alone,) = echo([shifted], plan.endpoint, DEFAULT_RETRY_POLICY).fates
    assert without.undisturbed == alone.first_failed < without.next.first_failed


def test_without_a_next_campaign_there_is_one_fate() -> None:
    plan = plan_of(next_after=None)
    assert [each.next for each in plan.outcomes] == [None, None]
    assert "next_campaign" not in document(plan)["outcomes"][0]


def test_a_jitter_of_nothing_is_shown_once() -> None:
    assert [each.jitter for each in plan_of(jitter=Fraction(0)).outcomes] == [0]


def numbers(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for each in value.values():
            yield from numbers(each)
    elif isinstance(value, list):
        for each in value:
            yield from numbers(each)
    else:
        yield value


@pytest.mark.parametrize("outages", [(), ALWAYS, ((0 * HOUR, HOUR),)])
def test_the_document_is_json_and_adds_up(outages: Any) -> None:
    plan = plan_of(20, outages)
    found = json.loads(json.dumps(document(plan)))
    assert found["format"] == 1
    assert sum(found["arrivals"]["by_minute"].values()) == found["arrivals"]["total"] == 1200
    for outcome in found["outcomes"]:
        load, following = outcome["load"], outcome["next_campaign"]
        assert load["delivered"] + load["lost"] + load["rejected"] == load["postbacks"] == 1200
        hours = outcome["hours"].values()
        attempts = sum(hour["first_attempts"] + hour["retries"] for hour in hours)
        waves = [*load["waves"], *following["waves"]]
        assert attempts == sum(wave["attempts"] for wave in waves)
        for hour in hours:
            sent = hour["first_attempts"] + hour["retries"]
            assert sent == hour["answered"] + hour["timed_out"] + hour["refused"]
    assert found["outcomes"][0]["load"]["lost"] == (1200 if outages == ALWAYS else 0)


def test_five_million_events_take_little_memory_and_time() -> None:
    """In counts: as many as there are seconds with something in them, not as there are events."""
    stream = chosen_stream(ShapeChoices(shape="constant", rate="50k/s", events="5M"))
    plan = make_plan(stream, Endpoint(Fraction(800), 800, ((0 * HOUR, HOUR),)))
    assert plan.arrivals.total == 5_000_000
    assert len(plan.arrivals.by_second) == 100
    assert plan.outcomes[0].load.first_failed == 5_000_000


def test_a_week_is_the_longest_load_that_is_planned() -> None:
    def stream(duration: str) -> Any:
        return chosen_stream(ShapeChoices(shape="constant", rate="1/h", duration=duration))

    assert arrivals_of(stream("168h")).total == 168
    with pytest.raises(InvalidValue, match="can last 7 days to be planned, this one lasts 8 days"):
        arrivals_of(stream("9d"))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "+0s"), (59, "+59s"), (3600, "+1h"), (7207, "+2h7s"), (234_000, "+65h"), (1.7, "+1s")],
)
def test_instants_are_written_in_hours(seconds: float, text: str) -> None:
    assert clock_time(seconds) == text
    assert "+" + format_hours(timedelta(seconds=int(seconds))) == text
