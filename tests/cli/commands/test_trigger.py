"""`postbacks trigger`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.conftest import CommandLine, Live


def test_trigger_shows_the_delivery_and_its_attempt(
    postbacks: CommandLine, add_rule: Callable[..., int]
) -> None:
    postback_id = add_rule()
    shown = postbacks.ok("trigger", "email.click").splitlines()
    assert shown[0] == f"delivery 1  delivered  Email Click, rule {postback_id}"
    assert shown[1].startswith("POST http://127.0.0.1:")
    assert shown[1].endswith("?user=ada%2Bnews%40example.com&event=Click")
    assert shown[2].split()[:5] == ["1", "+0h", "2026-01-01", "00:00:00", "200"]
    assert shown[3] == "  delivered by attempt 1"


def test_a_long_url_is_never_cut(postbacks: CommandLine, live: Live) -> None:
    live.sandbox.add_postback(live.inbox_url("crm?" + "x" * 300 + "={{User ID}}"))
    assert f"{'x' * 300}=ada%2Bnews%40example.com" in postbacks.ok("trigger", "email.click")
    assert f"{'x' * 300}=ada%2Bnews%40example.com" in postbacks.ok("deliveries")
    assert f"{'x' * 300}={{{{User ID}}}}" in postbacks.ok("rules", "list")


def test_overrides_take_the_place_of_sample_values(
    postbacks: CommandLine, add_rule: Callable[..., int]
) -> None:
    add_rule()
    answer = postbacks.json(
        "trigger",
        "email.click",
        "--override",
        "user_id=a=b",
        "--override",
        'parameters={"index": 2}',
        "--at",
        "2025-12-31T23:00:00+01:00",
    )
    event = answer["events"][0]["event"]
    assert event["user_id"] == "a=b"
    assert event["parameters"] == {"index": 2}
    assert event["triggered_at"] == "2025-12-31T22:00:00Z"


def test_parameters_have_an_option_of_their_own(postbacks: CommandLine) -> None:
    answer = postbacks.json("trigger", "email.click", "--parameters", '{"index": 7}')
    assert answer["events"][0]["event"]["parameters"] == {"index": 7}


def test_rules_that_do_not_match_say_why(
    postbacks: CommandLine, add_rule: Callable[..., int]
) -> None:
    postback_id = add_rule(channels=["Push Notification"])
    shown = postbacks.ok("trigger", "email.click")
    assert f"rule {postback_id} not fired: " in shown
    assert "Email Click happened and fired no rule" in shown


def test_without_rules_the_next_step_is_named(postbacks: CommandLine) -> None:
    assert "postbacks rules add" in postbacks.ok("trigger", "ab-test.enter")


def test_an_unknown_event_is_refused_with_the_nearest(postbacks: CommandLine) -> None:
    message = postbacks.fails(1, "trigger", "email.clik")
    assert "unknown event 'email.clik'" in message
    assert "did you mean 'email.click'" in message


def test_an_unknown_app_is_refused(postbacks: CommandLine) -> None:
    assert "unknown app 'nope'" in postbacks.fails(1, "trigger", "email.click", "--app-id", "nope")


def test_a_field_of_the_other_type_of_event_is_refused(postbacks: CommandLine) -> None:
    message = postbacks.fails(1, "trigger", "ab-test.enter", "--override", "message_id=1")
    assert "message_id" in message


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--override", "user_id"], "takes KEY=VALUE, got 'user_id'"),
        (["--override", "usr_id=1"], "did you mean 'user_id'"),
        (["--override", "parameters=[1]"], "'[1]' is no JSON object"),
        (["--parameters", "{"], "'{' is no JSON object"),
        (["--at", "yesterday"], "'yesterday' is no instant like 2026-01-01T12:00:00Z"),
        (["--at", "2026-01-01T12:00:00"], "has no time zone"),
        (["--override", "user_id=a", "--override", "user_id=b"], "gives user_id more than once"),
        (
            ["--at", "2026-01-01T12:00:00Z", "--override", "triggered_at=2025-01-01T12:00:00Z"],
            "--at and --override triggered_at=... say the same; give one",
        ),
        (
            ["--parameters", "{}", "--override", "parameters={}"],
            "--parameters and --override parameters=... say the same; give one",
        ),
    ],
)
def test_wrong_usage(postbacks: CommandLine, arguments: list[str], expected: str) -> None:
    assert expected in postbacks.fails(2, "trigger", "email.click", *arguments)


def test_a_dry_run_says_what_would_fire_and_lets_nothing_happen(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    assert "has no rules" in postbacks.ok("trigger", "email.click", "--dry-run")
    add_rule(channels=["Email"])
    said = postbacks.ok("trigger", "email.click", "--dry-run")
    assert "would fire:" in said
    said = postbacks.ok("trigger", "push.open", "--dry-run")
    assert "would not fire: the rule listens to Email" in " ".join(said.split())
    assert len(live.sandbox.deliveries) == 0
