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
