"""`postbacks advance`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mockserver.cli.commands import advance as command
from tests.cli.conftest import CommandLine, Live


def failing(live: Live, add_rule: Callable[..., int], deliveries: int = 1) -> None:
    add_rule()
    live.sandbox.inbox("crm").behave("503")
    for _ in range(deliveries):
        live.sandbox.trigger("email.click")


def test_advance_by_a_duration(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    failing(live, add_rule)
    shown = postbacks.ok("advance", "3h30m").splitlines()
    assert shown[0] == "2026-01-01 00:00:00 -> 2026-01-01 03:30:00 (+3h30m): 2 attempts"
    assert shown[1].split()[:5] == ["delivery", "1", "2", "+1h", "2026-01-01"]
    assert shown[-1] == "the next attempt is due at 2026-01-01 07:00:00"


def test_advance_to_an_instant(postbacks: CommandLine) -> None:
    answer = postbacks.json("advance", "--to", "2026-01-02T01:00:00+01:00")
    assert answer["from"] == "2026-01-01T00:00:00Z"
    assert answer["now"] == "2026-01-02T00:00:00Z"
    assert answer["complete"] is True


def test_advance_until_next_and_until_idle(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    failing(live, add_rule)
    assert "(+1h): 1 attempt\n" in postbacks.ok("advance", "--until", "next")
    shown = postbacks.ok("advance", "--until", "idle")
    assert "(+64h): 8 attempts\n" in shown
    assert shown.endswith("nothing is pending\n")


@pytest.mark.parametrize("way", [["65h"], ["--until", "idle"], ["--to", "2026-01-03T17:00:00Z"]])
def test_a_long_advance_takes_several_requests_and_is_one_answer(
    postbacks: CommandLine,
    live: Live,
    add_rule: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    way: list[str],
) -> None:
    monkeypatch.setattr(command, "_BUDGET", 2)
    failing(live, add_rule, deliveries=3)
    answer = postbacks.json("advance", *way)
    assert answer["complete"] is True
    assert (answer["from"], answer["now"]) == ("2026-01-01T00:00:00Z", "2026-01-03T17:00:00Z")
    assert len(answer["attempts"]) == 27
    assert answer["next_due"] is None


def test_many_attempts_are_summed_up(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    failing(live, add_rule, deliveries=5)
    shown = postbacks.ok("advance", "--until", "idle")
    assert "  ... and 25 more: 503 x 25\n" in shown


@pytest.mark.parametrize(
    "arguments",
    [[], ["1h", "--until", "idle"], ["10 parsecs"], ["--to", "noon"], ["--until", "doomsday"]],
    ids=" ".join,
)
def test_wrong_usage(postbacks: CommandLine, arguments: list[str]) -> None:
    postbacks.fails(2, "advance", *arguments)


def test_the_clock_does_not_go_back(postbacks: CommandLine) -> None:
    message = postbacks.fails(1, "advance", "--to", "2025-01-01T00:00:00Z")
    assert "only moves forward" in message
