"""`postbacks rules`."""

from __future__ import annotations

import pytest

from mockserver import App
from tests.cli.conftest import CommandLine, Live

URL = "http://127.0.0.1:9/in?user={{User ID}}"


def test_a_rule_is_added_listed_and_deleted(postbacks: CommandLine) -> None:
    added = postbacks.json("rules", "add", URL)
    postback_id = str(added["postback_id"])
    assert len(postback_id) == 16
    shown = postbacks.ok("rules", "list")
    assert shown == (
        f"{postback_id}  messageEvents: Push Notification, Email, In-app Message\n  {URL}\n"
    )
    assert postbacks.ok("rules", "delete", postback_id) == (
        f"deleted rule {postback_id} of YOUR_APP_ID\n"
    )
    assert postbacks.json("rules", "list") == {"app_id": "YOUR_APP_ID", "rules": []}


@pytest.mark.parametrize(
    ("given", "channel"),
    [
        ("push", "Push Notification"),
        ("In-App", "In-app Message"),
        ("email", "Email"),
        ("Push Notification", "Push Notification"),
    ],
)
def test_channels_have_short_names(postbacks: CommandLine, given: str, channel: str) -> None:
    postbacks.ok("rules", "add", URL, "--channel", given)
    assert postbacks.json("rules", "list")["rules"][0]["channels"] == [channel]


def test_an_ab_test_rule(postbacks: CommandLine) -> None:
    postbacks.ok("rules", "add", URL, "--type", "abTestEvents")
    assert "  abTestEvents\n" in postbacks.ok("rules", "list")


def test_the_fourth_rule_is_refused(postbacks: CommandLine) -> None:
    for _ in range(3):
        postbacks.ok("rules", "add", URL)
    assert "3" in postbacks.fails(1, "rules", "add", URL)


def test_a_mistake_in_the_template_is_named(postbacks: CommandLine) -> None:
    assert "User ID" in postbacks.fails(1, "rules", "add", "http://h/in?u={{UserID}}")


def test_deleting_what_is_not_there_is_an_error(postbacks: CommandLine) -> None:
    assert "1234567890123456" in postbacks.fails(1, "rules", "delete", "1234567890123456")


def test_several_apps_need_an_app_id(postbacks: CommandLine, live: Live) -> None:
    live.sandbox.put_app(App("second"))
    message = postbacks.fails(2, "rules", "list")
    assert "YOUR_APP_ID, second" in message
    assert postbacks.json("rules", "list", "--app-id", "second")["rules"] == []


def test_an_unknown_channel_is_wrong_usage(postbacks: CommandLine) -> None:
    message = postbacks.fails(2, "rules", "add", URL, "--channel", "emial")
    assert "unknown channel 'emial'" in message
    assert "did you mean 'Email'" in message


def test_an_unknown_type_is_wrong_usage(postbacks: CommandLine) -> None:
    assert "abTestEvents" in postbacks.fails(2, "rules", "add", URL, "--type", "events")


def test_a_limit_of_one_is_told_in_the_singular(live: Live, postbacks: CommandLine) -> None:
    live.sandbox.put_app(App(rule_limit=1))
    url = live.inbox_url("crm")
    postbacks.ok("rules", "add", url)
    assert "has 1 postback rule already" in postbacks.fails(1, "rules", "add", url)


def test_a_url_is_checked_before_it_is_a_rule(postbacks: CommandLine, live: Live) -> None:
    said = postbacks.ok("rules", "check", "https://h/?u={{User ID}}")
    assert "https://h/?u=ada%2Bnews%40example.com" in said
    assert "remark: the URL lacks {{Message event}}" in said
    done = postbacks.run("rules", "check", "https://h/?u={{User Id}}")
    assert done.exit_code == 1
    assert "wrong case" in done.output
    assert live.sandbox.postbacks() == []
