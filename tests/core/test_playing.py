"""In which order a scenario is played, how often, and what of its expectations is not met."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from mockserver.core import playing
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.playing import Became, Happening, play
from mockserver.core.samples import SAMPLE_VALUES
from mockserver.core.scenario import parse_scenario


class Log:
    """A stage on which each event leads to a delivery for every letter of its user id."""

    def __init__(self, **states: str) -> None:
        self.log: list[str] = []
        self.asked: list[int] = []
        self._now_at = DEFAULT_START_AT
        self._states = states
        self._letters: list[str] = []

    def now(self) -> datetime:
        return self._now_at

    def advance_to(self, at: datetime) -> None:
        self._now_at = max(at, self._now_at)
        self.log.append(f"at {(self._now_at - DEFAULT_START_AT) // timedelta(hours=1)}h")

    def run_until_idle(self) -> None:
        self._now_at += timedelta(hours=65)
        self.log.append("idle")

    def trigger(self, events: Sequence[Happening]) -> list[list[int]]:
        led_to = []
        for name, values in events:
            user_id = str(values.get("user_id", ""))
            self.log.append(f"{name} {user_id}".strip())
            self._letters += user_id
            led_to.append(list(range(len(self._letters) - len(user_id), len(self._letters))))
        return led_to

    def became(self, delivery_ids: Sequence[int]) -> list[Became]:
        self.asked += delivery_ids
        found = [Became(n, self._states[self._letters[n]], "why") for n in delivery_ids]
        return [each for each in found if each.state != "forgotten"]


def line(at: str = "0s", user: str = "", expect: str = "") -> str:
    values = f', "values": {{"user_id": "{user}"}}' if user else ""
    expected = f', "expect": "{expect}"' if expect else ""
    return f'{{"event": "email.click", "at": "{at}"{values}{expected}}}\n'


def test_events_happen_in_their_order_at_their_time() -> None:
    stage = Log()
    steps = parse_scenario(line() + line(user="b") + line("2h") + '{"at":"3h"}\n{"at":"idle"}')
    played = play(steps, stage)
    assert stage.log == [
        "at 0h", "email.click", "email.click b", "at 2h", "email.click", "at 3h", "idle"
    ]  # fmt: skip
    assert (played.events, played.deliveries, played.checked) == (3, 1, ())
    assert played.took == timedelta(hours=68)


def test_each_time_begins_where_the_last_has_ended() -> None:
    stage = Log(a="lost")
    played = play(parse_scenario(line("1h", "a", "lost")), stage, times=3)
    assert stage.log == [
        "at 1h", "email.click a", "at 2h", "email.click a", "at 3h", "email.click a"
    ]  # fmt: skip
    assert [(each.line, each.repeat, each.is_met) for each in played.checked] == [
        (1, 1, True), (1, 2, True), (1, 3, True)
    ]  # fmt: skip


def test_each_time_may_have_users_of_its_own() -> None:
    stage = Log(**dict.fromkeys("".join(SAMPLE_VALUES.values()) + "b-12", "lost"))
    play(parse_scenario(line() + line(user="b")), stage, times=2, own_users=True)
    sample = SAMPLE_VALUES["user_id"]
    assert [entry for entry in stage.log if "click" in entry] == [
        f"email.click {sample}-1", "email.click b-1", f"email.click {sample}-2", "email.click b-2"
    ]  # fmt: skip


@pytest.mark.parametrize("at_once", [1, 2, 500])
def test_some_hundred_happen_in_one_call(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playing, "AT_ONCE", at_once)
    sizes = []

    class Counting(Log):
        def trigger(self, events: Sequence[Happening]) -> list[list[int]]:
            sizes.append(len(events))
            return super().trigger(events)

    played = play(parse_scenario(line() * 5), Counting())
    assert (played.events, max(sizes)) == (5, min(at_once, 5))


DIFFERENCES = [
    ("l", "lost", None),
    ("ll", "lost", None),
    ("", "nothing", None),
    ("l", "delivered", "expected delivered; delivery 0 is lost (why)"),
    ("dl", "delivered", "expected delivered; delivery 1 is lost (why)"),
    ("", "delivered", "expected delivered; it fired no rule"),
    ("d", "nothing", "expected no delivery; delivery 0 is delivered (why)"),
    ("f", "lost", "expected lost; delivery 0 is gone (it was forgotten meanwhile)"),
    (
        "lllll",
        "delivered",
        "expected delivered; delivery 0 is lost (why), delivery 1 is lost (why), delivery 2 is "
        "lost (why) and 2 more",
    ),
]


@pytest.mark.parametrize(("user", "expect", "difference"), DIFFERENCES)
def test_what_is_not_as_expected_is_said(user: str, expect: str, difference: str | None) -> None:
    stage = Log(l="lost", d="delivered", f="forgotten")
    (checked,) = play(parse_scenario(line(user=user, expect=expect)), stage).checked
    assert checked.is_met is (difference is None)
    if difference is not None:
        who = user or SAMPLE_VALUES["user_id"]
        assert checked.difference == f"line 1: email.click of {who}: {difference}"


def test_only_what_is_expected_is_asked_for() -> None:
    stage = Log(a="lost", b="lost")
    play(parse_scenario(line(user="a") + line(user="b", expect="lost")), stage)
    assert stage.asked == [1]
