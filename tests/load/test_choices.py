from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from mockserver.core.errors import InvalidConfig, InvalidValue
from mockserver.load.assumptions import MIX, STEPS, parse_mix, with_knobs
from mockserver.load.campaign import CampaignStream
from mockserver.load.choices import FOR_SHAPES, ShapeChoices, chosen_stream, events_per_user
from mockserver.load.paced import PacedStream
from mockserver.load.people import People
from mockserver.load.recorded import RecordedStream

SECOND = timedelta(seconds=1)


def campaign(**options: Any) -> Any:
    stream = chosen_stream(ShapeChoices(**options))
    assert isinstance(stream, CampaignStream)
    return stream.campaign


def paced(**options: Any) -> Any:
    stream = chosen_stream(ShapeChoices(**options))
    assert isinstance(stream, PacedStream)
    return stream


def test_a_campaign_of_some_events_has_about_so_many() -> None:
    for events, within in ((1_000, 0.05), (100_000, 0.01)):
        stream = chosen_stream(ShapeChoices(events=str(events)))
        assert stream.total == pytest.approx(events, rel=within)
    assert (campaign().pace, campaign().send_rate) == ("even", 10_000)
    assert (campaign(pace="blast").pace, campaign(pace="blast").send_rate) == ("blast", None)
    assert campaign(pace="minutes").send_rate == 10_000
    assert campaign(audience="7").audience == 7


@pytest.mark.parametrize("mix", ["push=100%", "email=100%", "in-app=100%", "ab-test=100%"])
@pytest.mark.parametrize(
    "assume", [(), ("email.bounce=40%", "email.open=70%", "push.open=100%", "push.held-back=50%")]
)
def test_events_per_user_are_those_of_the_model(mix: str, assume: tuple[str, ...]) -> None:
    stream = chosen_stream(ShapeChoices(audience="65536", mix=mix, assume=assume))
    expected = events_per_user(with_knobs(assume), parse_mix(mix))
    assert stream.total / 65536 == pytest.approx(expected, abs=0.0005)
    assert events_per_user(STEPS, MIX) == pytest.approx(1.4065, abs=0.001)


def test_a_campaign_is_sent_at_a_rate_or_within_a_time() -> None:
    assert campaign(send_rate="60/m", audience="9").pace == "even"
    assert campaign(send_rate="60/m", audience="9").send_rate == 1
    assert campaign(duration="10s", audience="100").send_rate == 10
    assert campaign(send_rate="60/m", pace="minutes", audience="9").pace == "minutes"
    assert campaign(within="2h", audience="9").within == timedelta(hours=2)
    assert chosen_stream(ShapeChoices(audience="9"), People(4)).as_json()["people"]["seed"] == 4


def test_the_other_shapes_are_chosen() -> None:
    assert paced(shape="constant", rate="10/s", duration="3s").total == 30
    assert paced(shape="constant", duration="3s", events="30").total == 30
    assert paced(shape="ramp", rate="0.5/s..10/s", duration="4s").total == 21
    stairs = paced(shape="steps", rate="1/s..3/s", steps="3", step_duration="2s")
    assert stairs.counts(SECOND) == {0: 1, 1: 1, 2: 2, 3: 2, 4: 3, 5: 3}
    assert paced(shape="steps", rate="1/s..3/s").total == 600
    assert paced(shape="constant", rate="10/s", duration="1s", audience="2").paced.audience == 2
    assert paced(shape="constant", rate="1/s", duration="1s", event="push.open").paced.event == (
        "push.open"
    )


@pytest.mark.parametrize("events", [1, 2, 3, 7, 99, 1000])
@pytest.mark.parametrize("rate", ["3/s", "7/m", "0.7/s", "997/s", "333333/s"])
def test_so_many_events_at_a_rate_are_exactly_so_many(events: int, rate: str) -> None:
    assert paced(shape="constant", rate=rate, events=str(events)).total == events


def test_a_file_is_chosen(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text('{"event": "push.open", "after": "1s"}')
    assert isinstance(chosen_stream(ShapeChoices(shape=str(file))), RecordedStream)


#: A value for each option that belongs to some shapes only.
GIVEN: dict[str, Any] = {
    "events": "5",
    "audience": "5",
    "send_rate": "1/s",
    "pace": "even",
    "mix": "push=1",
    "assume": ("push.open=1%",),
    "within": "1h",
    "rate": "1/s..2/s",
    "duration": "5s",
    "steps": "3",
    "step_duration": "1s",
    "event": "push.open",
}


@pytest.mark.parametrize("option", GIVEN)
@pytest.mark.parametrize("shape", ["campaign", "constant", "ramp", "steps", "file"])
def test_an_option_that_says_nothing_to_a_shape_is_refused(
    option: str, shape: str, tmp_path: Path
) -> None:
    file = tmp_path / "log"
    file.write_text('{"event": "push.open", "after": "1s"}')
    named = str(file) if shape == "file" else shape
    if shape in FOR_SHAPES[option]:
        return
    with pytest.raises(InvalidValue, match=f"--{option.replace('_', '-')} says nothing to"):
        chosen_stream(ShapeChoices(shape=named, **{option: GIVEN[option]}))


def test_every_option_has_its_shapes() -> None:
    assert (
        {field.name for field in fields(ShapeChoices)} - {"shape"} == set(GIVEN) == set(FOR_SHAPES)
    )


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"shape": "campain"}, "did you mean 'campaign'"),
        ({"shape": "x" * 500}, "there is no shape and no file"),
        ({"shape": ""}, "there is no shape and no file"),
        ({"audience": "0"}, "the audience must be from 1"),
        ({"audience": "5", "events": "5"}, "give one of them"),
        ({"send_rate": "1/s", "duration": "5s"}, "give one"),
        ({"duration": "0s"}, "longer than nothing"),
        ({"within": "0s"}, "longer than nothing"),
        ({"pace": "blast", "send_rate": "1/s"}, "no send rate"),
        ({"mix": "in-app=1", "assume": ("in-app.center-popup.view=0%",)}, "nothing happens"),
        ({"shape": "constant"}, "needs --rate"),
        ({"shape": "constant", "events": "5"}, "needs --rate"),
        (
            {"shape": "constant", "events": "5", "rate": "1/s", "duration": "5s"},
            "give two of them",
        ),
        ({"shape": "constant", "rate": "1/s..2/s", "duration": "5s"}, "see ramp"),
        ({"shape": "constant", "rate": "1/h", "events": "1M"}, "over a year"),
        ({"shape": "constant", "rate": "10M/s", "duration": "300d"}, "are allowed"),
        ({"shape": "ramp", "rate": "5/s"}, "two rates"),
        ({"shape": "ramp", "rate": "5/s.."}, "no rate"),
        ({"shape": "steps"}, "two rates"),
        ({"shape": "steps", "rate": "1/s..2/s", "steps": "10001"}, "10,000 steps at most"),
        ({"shape": "constant", "rate": "1/s", "event": "push.opn"}, "unknown event"),
    ],
)
def test_what_does_not_go_together_is_refused_in_a_line(
    options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Exception, match=reason) as caught:
        chosen_stream(ShapeChoices(**options))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 350


@pytest.mark.parametrize("shape", ["nowhere.log", "/nowhere/log"])
def test_a_file_that_is_not_there_is_said(shape: str) -> None:
    with pytest.raises(InvalidConfig, match="there is no recording"):
        chosen_stream(ShapeChoices(shape=shape))


def test_a_rate_beyond_what_is_whole_in_microseconds_is_kept() -> None:
    assert campaign(duration="7s", audience="10").send_rate == Fraction(10, 7)
