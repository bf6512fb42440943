"""Which app a command is about: `--app-id`, then POSTBACKS_APP, then the only one."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from mockserver.cli.root import root
from mockserver.core.models import App
from tests.cli.conftest import Live

#: Every command that is about one app, with what it needs beside.
ABOUT_ONE = [
    ("trigger", "email.click"),
    ("rules", "list"),
    ("rules", "add", "http://127.0.0.1:9/in"),
    ("rules", "delete", "1"),
]


def run(live: Live, *arguments: str, app: str = "") -> Result:
    variables = {"POSTBACKS_URL": live.url, "COLUMNS": "200", "POSTBACKS_APP": app}
    return CliRunner().invoke(root, list(arguments), env=variables)


@pytest.fixture
def two_apps(live: Live) -> Live:
    """Return a sandbox of two apps, of which only `shop` has a rule with id 1 to speak of."""
    live.sandbox.put_app(App("shop"))
    return live


@pytest.mark.parametrize("command", ABOUT_ONE)
def test_the_only_one_need_not_be_named(live: Live, command: tuple[str, ...]) -> None:
    result = run(live, *command)
    assert "several apps" not in result.stderr
    assert "unknown app" not in result.stderr


@pytest.mark.parametrize("command", ABOUT_ONE)
def test_of_several_none_is_picked(two_apps: Live, command: tuple[str, ...]) -> None:
    result = run(two_apps, *command)
    assert result.exit_code == 2
    assert (
        "the sandbox has several apps; pass --app-id or set POSTBACKS_APP, one of: "
        "YOUR_APP_ID, shop" in result.stderr
    )
    assert two_apps.sandbox.deliveries == []
    assert two_apps.sandbox.ledger.rules() == []


@pytest.mark.parametrize("command", [*ABOUT_ONE, ("deliveries",)])
@pytest.mark.parametrize("by", ["option", "variable"])
def test_an_unknown_one_is_refused(two_apps: Live, command: tuple[str, ...], by: str) -> None:
    named = ("--app-id", "nope") if by == "option" else ()
    result = run(two_apps, *command, *named, app="nope" if by == "variable" else "")
    assert result.exit_code == 1
    assert result.stderr == ("postbacks: unknown app 'nope'; the sandbox has: YOUR_APP_ID, shop\n")


@pytest.mark.parametrize("command", ABOUT_ONE)
def test_the_option_beats_the_variable(two_apps: Live, command: tuple[str, ...]) -> None:
    result = run(two_apps, *command, "--app-id", "shop", app="nope")
    assert "unknown app" not in result.stderr


def test_the_variable_names_the_app(two_apps: Live) -> None:
    assert run(two_apps, "rules", "add", "http://127.0.0.1:9/in", app="shop").exit_code == 0
    assert [rule.app_id for rule in two_apps.sandbox.ledger.rules()] == ["shop"]
    assert run(two_apps, "trigger", "email.click", app="shop").exit_code == 0
    assert [delivery.app_id for delivery in two_apps.sandbox.deliveries] == ["shop"]


def test_deliveries_are_those_of_all_apps_unless_one_is_named(two_apps: Live) -> None:
    for app_id in ("YOUR_APP_ID", "shop"):
        two_apps.sandbox.add_postback(two_apps.inbox_url(app_id), app_id=app_id)
        two_apps.sandbox.trigger("email.click", app_id=app_id)
    shown = {
        name: [app for app in ("YOUR_APP_ID", "shop") if f"/inbox/{app}" in result.stdout]
        for name, result in {
            "all": run(two_apps, "deliveries"),
            "option": run(two_apps, "deliveries", "--app-id", "shop"),
            "variable": run(two_apps, "deliveries", app="shop"),
        }.items()
    }
    assert shown == {"all": ["YOUR_APP_ID", "shop"], "option": ["shop"], "variable": ["shop"]}


def test_one_delivery_is_shown_whatever_the_variable_names(two_apps: Live) -> None:
    two_apps.sandbox.add_postback(two_apps.inbox_url("crm"), app_id="shop")
    two_apps.sandbox.trigger("email.click", app_id="shop")
    assert run(two_apps, "deliveries", "1", app="YOUR_APP_ID").exit_code == 0
    assert run(two_apps, "deliveries", "1", "--app-id", "shop").exit_code == 2
