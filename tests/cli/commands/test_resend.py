"""`postbacks resend`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.conftest import CommandLine, Live


def test_a_resend_is_shown_apart_from_the_schedule(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.inbox("crm").behave("503,200")
    live.sandbox.trigger("email.click")
    lines = postbacks.ok("resend", "1").splitlines()
    assert lines[3].split()[0] == "resent"
    assert lines[-2] == "  delivered by a manual resend"
    assert lines[-1].startswith("this resend: 200 after ")
    answer = postbacks.json("resend", "1")
    assert answer["attempts"][-1] == answer["made"]
    assert answer["made"]["manual"] is True


def test_a_resend_that_takes_longer_than_one_waits_is_called_under_way(
    postbacks: CommandLine,
    live: Live,
    add_rule: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_rule()
    live.sandbox.trigger("email.click")
    delivery = live.sandbox.delivery(1)
    monkeypatch.setattr(live.sandbox, "resend_within", lambda delivery_id: (delivery, None))
    assert postbacks.ok("resend", "1").splitlines()[-1] == (
        "this resend is still under way; `postbacks deliveries 1` shows it when it has ended"
    )
    assert postbacks.json("resend", "1")["made"] is None


def test_an_unknown_delivery(postbacks: CommandLine) -> None:
    assert postbacks.fails(1, "resend", "9") == "no delivery has the id 9"
