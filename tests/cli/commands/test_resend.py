"""`postbacks resend`."""

from __future__ import annotations

from collections.abc import Callable

from tests.cli.conftest import CommandLine, Live


def test_a_resend_is_shown_apart_from_the_schedule(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.inbox("crm").behave("503,200")
    live.sandbox.trigger("email.click")
    lines = postbacks.ok("resend", "1").splitlines()
    assert lines[3].split()[0] == "resent"
    assert lines[-1] == "  delivered by a manual resend"
    assert postbacks.json("resend", "1")["attempts"][-1]["manual"] is True


def test_an_unknown_delivery(postbacks: CommandLine) -> None:
    assert postbacks.fails(1, "resend", "9") == "no delivery has the id 9"
