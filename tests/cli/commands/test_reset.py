"""`postbacks reset`."""

from __future__ import annotations

from collections.abc import Callable

from tests.cli.conftest import CommandLine, Live


def test_reset_says_what_is_gone(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.trigger("email.click")
    assert postbacks.ok("reset").startswith("removed 1 rule and 1 delivery,")
    assert postbacks.json("reset") == {"rules": 0, "deliveries": 0}


def test_everything_begins_again(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    for _ in range(2):
        add_rule()
        assert "delivery 1" in postbacks.ok("trigger", "email.click")
        postbacks.ok("advance", "10h")
        assert "delivery 1" in postbacks.ok("deliveries", "1")
        assert postbacks.ok("reset", "--everything").splitlines() == [
            "removed 1 rule and 1 delivery, and everything that inboxes received",
            "the apps are those of the configuration, the clock is at 2026-01-01 00:00:00, "
            "ids from 1",
        ]
