"""Listing and deleting apps over the control API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver import Sandbox
from mockserver.client.sandbox_client import SandboxClient
from mockserver.client.wire import WsgiWire
from mockserver.core.errors import LastApp, UnknownApp
from mockserver.core.models import App
from mockserver.web.app import create_app


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> SandboxClient:
    return SandboxClient(wire=WsgiWire(create_app(sandbox)))


def test_apps_are_listed_with_their_rules(sandbox: Sandbox, client: SandboxClient) -> None:
    sandbox.put_app(App("shop", rule_limit=7))
    sandbox.add_postback("http://127.0.0.1:9/", app_id="shop")
    example, shop = client.apps()
    assert (example.app_id, example.rules) == ("YOUR_APP_ID", [])
    assert (shop.app_id, shop.rule_limit, len(shop.rules)) == ("shop", 7, 1)
    assert client.app("shop") == shop


@pytest.mark.parametrize("app_id", ["shop", "a b?d", "ä"])
def test_an_app_is_deleted(sandbox: Sandbox, client: SandboxClient, app_id: str) -> None:
    sandbox.put_app(App(app_id))
    answer = client.delete_app(app_id)
    assert (answer.app_id, answer.rules, answer.deliveries) == (app_id, 0, 0)
    assert not answer.comes_back
    assert [app.app_id for app in client.apps()] == ["YOUR_APP_ID"]


def test_refusals_have_their_class(sandbox: Sandbox, client: SandboxClient) -> None:
    with pytest.raises(LastApp):
        client.delete_app("YOUR_APP_ID")
    with pytest.raises(UnknownApp):
        client.delete_app("nope")


def test_the_feed_tells_of_it(sandbox: Sandbox, client: SandboxClient) -> None:
    sandbox.put_app(App("shop"))
    client.delete_app("shop")
    (entry,) = client.feed(0).happenings
    assert (entry.kind, entry.facts) == ("app", {"deleted": "shop", "comes_back": False})
