from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from mockserver.core.catalog import event_kind
from mockserver.core.errors import InvalidValue
from mockserver.load.assumptions import MIX, STEPS, knobs, parse_mix, with_knobs


def test_every_step_is_an_event_of_its_channel_and_follows_on_one_before() -> None:
    for channel, steps in STEPS.items():
        seen = {""}
        for step in steps:
            assert event_kind(step.name).name == step.name
            assert step.name.startswith(f"{channel}.")
            assert step.after in seen
            seen.add(step.name)


def test_the_mix_is_the_whole() -> None:
    assert sum(MIX.values()) == 1
    assert set(MIX) == set(STEPS)


@pytest.mark.parametrize("name", knobs())
def test_every_number_can_be_replaced_and_nothing_else_changes(name: str) -> None:
    value = {"delay": "77s", "spread": "0.77"}.get(name.rpartition(".")[2], "7%")
    changed = knobs(with_knobs([f"{name}={value}"]))
    expected = {"delay": "1m17s", "spread": "0.77"}.get(name.rpartition(".")[2], "7%")
    assert changed == knobs() | {name: expected}


@pytest.mark.parametrize("name", knobs())
def test_what_is_listed_can_be_written_back(name: str) -> None:
    assert knobs(with_knobs([f"{name}={knobs()[name]}"])) == knobs()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("push.open", "assumes nothing"),
        ("push.open=", "assumes nothing"),
        ("=5%", "nothing that is assumed"),
        ("push.opne=5%", "did you mean 'push.open'"),
        ("push.send=5%", "no share of its own"),
        ("email.delivered=5%", "no share of its own"),
        ("push.send.delay=5s", "nothing that is assumed"),
        ("push.open=105%", "100% at most"),
        ("push.open=x", "no share"),
        ("push.open.delay=soon", "no duration"),
        ("push.open.spread=-1", "from 0 to 4"),
        ("push.open.spread=4.1", "from 0 to 4"),
        ("push.open.spread=1/0", "from 0 to 4"),
        ("push.open.spread=nan", "from 0 to 4"),
        ("toString=1%", "nothing that is assumed"),
    ],
)
def test_what_cannot_be_assumed_is_refused_in_a_line(text: str, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason) as caught:
        with_knobs([text])
    assert "\n" not in str(caught.value)


def test_steps_that_exclude_each_other_are_the_whole_at_most() -> None:
    with_knobs(["email.bounce=50%", "email.dropped=50%"])
    with pytest.raises(InvalidValue, match=r"email\.dropped, email\.bounce.*exceed 100%"):
        with_knobs(["email.bounce=50%", "email.dropped=50.1%"])


def test_the_later_of_two_values_counts() -> None:
    steps = with_knobs(["push.open=1%", "push.open=2%", "PUSH.open.delay=5m"])
    (opened,) = [step for step in steps["push"] if step.name == "push.open"]
    assert (opened.share, opened.delay) == (Fraction(2, 100), timedelta(minutes=5))


def test_a_mix_is_read() -> None:
    mix = parse_mix("push=60%, Email=0.4")
    assert mix == {
        "push": Fraction(3, 5),
        "email": Fraction(2, 5),
        "in-app": 0,
        "ab-test": 0,
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("push=60%", "make 100% together.*makes 60%"),
        ("push=60%,email=50%", "makes 110%"),
        ("pusch=100%", "did you mean 'push'"),
        ("", "no channel"),
        ("push", "no share"),
        ("push=100%,", "no channel"),
    ],
)
def test_what_is_no_mix_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        parse_mix(text)
