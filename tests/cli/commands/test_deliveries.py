"""`postbacks deliveries`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.conftest import CommandLine, Live


def timeline(postbacks: CommandLine) -> list[str]:
    """Return what is shown of delivery 1, up to how it ended."""
    lines = postbacks.ok("deliveries", "1").splitlines()
    return lines[: next(n for n, line in enumerate(lines) if line.startswith("event taken in"))]


def test_the_timeline_of_ten_attempts(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.inbox("crm").behave("503*9,200")
    live.sandbox.trigger("email.click")
    live.sandbox.run_until_idle()
    lines = timeline(postbacks)
    rows = [line.split() for line in lines[2:-1]]
    assert [row[0] for row in rows] == [str(number) for number in range(1, 11)]
    offsets = (0, 1, 3, 7, 15, 25, 35, 45, 55, 65)
    assert [row[1] for row in rows] == [f"+{hours}h" for hours in offsets]
    assert [row[4] for row in rows] == ["503"] * 9 + ["200"]
    assert lines[-1] == "  delivered by attempt 10, 65h after the first"
    assert max(map(len, lines[2:])) <= 80


def test_lost_after_ten_timeouts(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.inbox("crm").behave("hang")
    live.sandbox.trigger("email.click")
    live.sandbox.run_until_idle()
    lines = timeline(postbacks)
    assert lines[4].split()[:6] == ["2", "+1h00m30s", "2026-01-01", "01:00:30", "timeout", "30s"]
    assert lines[-1] == "  lost after 10 attempts"
    assert sum("no answer" in line for line in lines) == 1


def test_rejected_says_by_what(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.inbox("crm").behave("404")
    live.sandbox.trigger("email.click")
    assert timeline(postbacks)[-1] == "  rejected: 404 is not retried"


def test_pending_says_when_the_next_is_due(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.inbox("crm").behave("503")
    live.sandbox.trigger("email.click")
    assert timeline(postbacks)[-1] == "  pending: attempt 2 is due at 2026-01-01 01:00:00"


def test_the_list_is_filtered_and_paged(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.inbox("crm").behave("404,200")
    for _ in range(3):
        live.sandbox.trigger("email.click")
    assert len(postbacks.json("deliveries")["deliveries"]) == 3
    rejected = postbacks.json("deliveries", "--state", "rejected")["deliveries"]
    assert [delivery["id"] for delivery in rejected] == [1]
    shown = postbacks.ok("deliveries", "--limit", "2")
    assert shown.endswith("there are more: --after 2\n")
    assert "     2  delivered  2026-01-01 00:00:00  email.click\n" in shown
    assert [item["id"] for item in postbacks.json("deliveries", "--after", "2")["deliveries"]] == [
        3
    ]


def test_no_deliveries_name_the_next_step(postbacks: CommandLine) -> None:
    assert "postbacks trigger" in postbacks.ok("deliveries")


def test_an_unknown_delivery(postbacks: CommandLine) -> None:
    assert postbacks.fails(1, "deliveries", "9") == "no delivery has the id 9"


def test_an_id_and_filters_do_not_go_together(postbacks: CommandLine) -> None:
    for option in (["--state", "lost"], ["--app-id", "a"], ["--after", "0"], ["--limit", "100"]):
        assert "leave one out" in postbacks.fails(2, "deliveries", "1", *option)


@pytest.mark.parametrize("option", ["--limit", "--after", "--postback-id"])
@pytest.mark.parametrize("number", ["x", "1.5", "-1"])
def test_a_number_is_a_whole_one(postbacks: CommandLine, option: str, number: str) -> None:
    message = postbacks.fails(2, "deliveries", option, number)
    assert message.startswith(f"invalid value for '{option}': ")
    assert "range (see" not in message


def test_a_delivery_as_a_test_and_as_a_command(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.trigger("email.click", user_id="x" * 300)
    written = postbacks.ok("deliveries", "1", "--as", "pytest")
    assert written.startswith("def test_delivery_1(leanplum):\n")
    compile(written, "written.py", "exec")
    command = postbacks.ok("deliveries", "1", "--as", "curl")
    assert command.count("\n") == 1
    assert live.sandbox.deliveries[0].url in command


def test_a_form_is_for_one_delivery(postbacks: CommandLine, live: Live) -> None:
    assert "give its ID" in postbacks.run("deliveries", "--as", "curl").output


def test_a_text_is_searched_for(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.trigger("email.click", user_id="ada@example.com")
    assert "ada@example.com" in postbacks.ok("deliveries", "--text", "ADA@")
    assert "none of the" in postbacks.ok("deliveries", "--text", "bob") or "only delivery" in (
        postbacks.ok("deliveries", "--text", "bob")
    )
