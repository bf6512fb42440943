"""What `postbacks deliveries` lists and filters, and what it shows of one."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import pytest

from mockserver import App
from tests.cli.conftest import CommandLine, Live

SOON_REAL_SECONDS = 10.0


@pytest.fixture
def several(live: Live, add_rule: Callable[..., int]) -> int:
    """Three deliveries: a rejected click, and ten hours later two sends to bob; return the rule."""
    postback_id = add_rule()
    live.sandbox.inbox("crm").behave("404,200*2")
    live.sandbox.trigger("email.click")
    live.sandbox.advance(hours=10)
    live.sandbox.trigger("push.send", user_id="bob")
    live.sandbox.trigger("in-app.banner.select", user_id="bob")
    return postback_id


def test_a_row_has_event_user_time_and_rule(postbacks: CommandLine, several: int) -> None:
    lines = postbacks.ok("deliveries").splitlines()
    assert lines[0].split() == ["ID", "STATE", "TIME", "EVENT"]
    assert lines[1] == "     1  rejected   2026-01-01 00:00:00  email.click"
    assert lines[2] == f"        user ada+news@example.com, rule {several}, 1 attempt: 404"
    assert lines[3].endswith("/inbox/crm?user=ada%2Bnews%40example.com&event=Click")
    assert lines[4] == "     2  delivered  2026-01-01 10:00:00  push.send"
    assert lines[5] == f"        user bob, rule {several}, 1 attempt: 200"
    assert lines[7] == "     3  delivered  2026-01-01 10:00:00  in-app.banner.select"


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (["--user-id", "bob"], [2, 3]),
        (["--user-id", "ada+news@example.com"], [1]),
        (["--event", "email.click"], [1]),
        (["--event", "in-app.banner.select"], [3]),
        (["--since", "2026-01-01T10:00:00Z"], [2, 3]),
        (["--since", "2026-01-01T12:00:00+02:00"], [2, 3]),
        (["--until", "2026-01-01T10:00:00Z"], [1]),
        (["--app-id", "YOUR_APP_ID", "--state", "delivered", "--event", "push.send"], [2]),
        (["--user-id", "bob", "--after", "2"], [3]),
        (["--user-id", "bob", "--limit", "1"], [2]),
    ],
)
def test_filters(postbacks: CommandLine, several: int, filters: list[str], ids: list[int]) -> None:
    listed = postbacks.json("deliveries", *filters)
    assert [delivery["id"] for delivery in listed["deliveries"]] == ids
    assert listed["in_all"] is None
    by_rule = postbacks.json("deliveries", *filters, "--postback-id", str(several))
    assert by_rule["deliveries"] == listed["deliveries"]


@pytest.mark.parametrize(
    "filters", [["--state", "lost"], ["--user-id", "eve"], ["--event", "email.open"]]
)
def test_a_filter_that_fits_nothing_says_how_many_there_are(
    postbacks: CommandLine, several: int, filters: list[str]
) -> None:
    shown = postbacks.ok("deliveries", *filters)
    assert shown == "none of the 3 deliveries fits; leave filters out to see them\n"
    assert postbacks.json("deliveries", *filters)["in_all"] == 3


def test_the_only_one_does_not_fit(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.trigger("email.click")
    shown = postbacks.ok("deliveries", "--state", "lost")
    assert shown == "the only delivery there is does not fit; leave filters out to see it\n"


def test_what_does_not_exist_is_refused(postbacks: CommandLine, several: int) -> None:
    assert "unknown app 'nope'" in postbacks.fails(1, "deliveries", "--app-id", "nope")
    assert "did you mean 'email.click'" in postbacks.fails(1, "deliveries", "--event", "email.clik")
    assert "is no instant" in postbacks.fails(2, "deliveries", "--since", "yesterday")
    assert "has no time zone" in postbacks.fails(2, "deliveries", "--until", "2026-01-01T00:00:00")
    for name in ("--user-id", "--event"):
        assert "leave one out" in postbacks.fails(2, "deliveries", "1", name, "email.click")


def test_several_apps_are_told_apart(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    live.sandbox.put_app(App("two"))
    add_rule()
    add_rule(app_id="two")
    live.sandbox.trigger("push.open")
    live.sandbox.trigger("push.open", app_id="two")
    shown = postbacks.ok("deliveries")
    assert ", app YOUR_APP_ID, rule " in shown
    assert ", app two, rule " in shown
    assert ", app " not in postbacks.ok("deliveries", "--app-id", "two")


def test_what_is_pending_says_until_when(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.inbox("crm").behave("503")
    live.sandbox.trigger("email.click")
    assert "\n        attempt 2 is due at 2026-01-01 01:00:00\n" in postbacks.ok("deliveries")


def test_what_is_under_way_is_called_so(postbacks: CommandLine, live: Live) -> None:
    with socket.create_server(("127.0.0.1", 0)) as endpoint:
        url = f"http://127.0.0.1:{endpoint.getsockname()[1]}/hang?u={{{{User ID}}}}"
        live.sandbox.add_postback(url)
        triggering = threading.Thread(target=live.sandbox.trigger, args=("email.click",))
        triggering.start()
        until = time.monotonic() + SOON_REAL_SECONDS
        while not live.sandbox.engine.under_way() and time.monotonic() < until:
            time.sleep(0.005)
        under_way = postbacks.json("deliveries", "1")["under_way"]
        assert (under_way["delivery_id"], under_way["number"]) == (1, 1)
        assert under_way["started_at"] == "2026-01-01T00:00:00Z"
        being_made = "attempt 1 is being made since 2026-01-01 00:00:00"
        assert f"\n  pending: {being_made}\n" in postbacks.ok("deliveries", "1")
        listed = postbacks.ok("deliveries")
        assert "     1  under way  2026-01-01 00:00:00  email.click\n" in listed
        assert f"\n        {being_made}\n" in listed
        assert "due at" not in listed
        live.sandbox.engine.stop()
        triggering.join(SOON_REAL_SECONDS)
        assert not triggering.is_alive()


def test_a_user_id_of_100_kilobytes_is_cut_everywhere(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.trigger("push.open", user_id="x" * 100_000)
    live.sandbox.trigger("push.open", user_id="x" * 5_000)
    # `deliveries ID` has the whole URL: that is what the others point to.
    for command in (["deliveries"], ["inbox", "crm"]):
        shown = postbacks.ok(*command)
        assert len(shown) < 10_000, command
        assert "…" in shown, command
    assert "x…, rule " in postbacks.ok("deliveries")
    assert "more characters; --json has all)" in postbacks.ok("deliveries", "1")
    assert postbacks.json("deliveries", "1")["event"]["user_id"] == "x" * 100_000


def test_the_event_is_shown_with_one(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    live.sandbox.trigger("email.click", user_id="bob", triggered_at="2025-12-31T23:00:00Z")
    lines = postbacks.ok("deliveries", "1").splitlines()
    start = lines.index("event taken in at 2026-01-01 00:00:00, app YOUR_APP_ID")
    assert lines[start + 1 : start + 4] == [
        "  trigger time 2025-12-31 23:00:00",
        "  user bob",
        "  device -",
    ]


def test_answers_are_shown_with_headers_and_body(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    add_rule()
    answers = [
        {"kind": "status", "status": 503, "times": 2},
        {"kind": "status", "status": 200, "headers": [["X-Id", "7"]], "body": "taken\nin"},
    ]
    live.sandbox.inbox("crm").behave(answers)
    live.sandbox.trigger("email.click")
    live.sandbox.run_until_idle()
    shown = postbacks.ok("deliveries", "1")
    assert "answer to attempts 1 and 2, the same each time: 503\n" in shown
    assert "    no body\n" in shown
    last = shown[shown.index("answer to attempt 3: 200\n") :]
    assert "    X-Id: 7\n" in last
    assert last.endswith("    body: taken\\nin\n")
