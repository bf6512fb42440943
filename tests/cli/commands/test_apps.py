"""`postbacks apps`."""

from __future__ import annotations

from collections.abc import Callable

from mockserver.core.models import App
from tests.cli.conftest import CommandLine, Live


def test_the_apps_are_listed(
    postbacks: CommandLine, live: Live, add_rule: Callable[..., int]
) -> None:
    live.sandbox.put_app(App("shop"))
    add_rule()
    lines = postbacks.ok("apps", "list").splitlines()
    assert lines[0].split() == ["APP", "DATA", "EXPORT", "KEY", "RULES"]
    assert lines[1].split() == ["YOUR_APP_ID", "YOUR_DATA_EXPORT_KEY", "1", "rule"]
    assert lines[2].split() == ["shop", "YOUR_DATA_EXPORT_KEY", "0", "rules"]
    assert [app["app_id"] for app in postbacks.json("apps", "list")["apps"]] == [
        "YOUR_APP_ID",
        "shop",
    ]


def test_an_app_is_deleted_with_all_that_is_its(postbacks: CommandLine, live: Live) -> None:
    live.sandbox.put_app(App("shop"))
    live.sandbox.add_postback(live.inbox_url("crm"), app_id="shop")
    live.sandbox.trigger("email.click", app_id="shop")
    assert postbacks.ok("apps", "delete", "shop") == (
        "deleted app shop, with 1 rule and 1 delivery\n"
    )
    assert [app.app_id for app in live.sandbox.ledger.apps()] == ["YOUR_APP_ID"]
    assert live.sandbox.deliveries == []


def test_one_of_the_configuration_is_said_to_come_back(postbacks: CommandLine, live: Live) -> None:
    live.sandbox.put_app(App("shop"))
    assert postbacks.ok("apps", "delete", "YOUR_APP_ID").splitlines() == [
        "deleted app YOUR_APP_ID, with 0 rules and 0 deliveries",
        "it belongs to the configuration of the sandbox, so it is there again after the next start",
    ]


def test_what_cannot_be_deleted_is_said_in_a_line(postbacks: CommandLine) -> None:
    assert postbacks.fails(1, "apps", "delete", "YOUR_APP_ID") == (
        "'YOUR_APP_ID' is the only app, and a sandbox needs one; add another one first, with PUT "
        "/_sandbox/apps/<app id>"
    )
    assert postbacks.fails(1, "apps", "delete", "nope") == (
        "unknown app 'nope'; the sandbox has: YOUR_APP_ID"
    )
