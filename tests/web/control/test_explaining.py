"""A delivery explained: each value's place, what is to come, and how to have it again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from mockserver import Sandbox
from mockserver.core.catalog import event_kinds
from mockserver.core.template import PLACEHOLDERS
from tests.web.answers import ok, refused

EVERYTHING = "&".join(f"p{n}={{{{{name}}}}}" for n, name in enumerate(PLACEHOLDERS))


def explained(client: FlaskClient, delivery_id: int = 1) -> Any:
    return ok(client.get(f"/_sandbox/deliveries/{delivery_id}/explained"))


@pytest.mark.parametrize("name", [kind.name for kind in event_kinds()])
def test_the_pieces_make_the_url(name: str, client: FlaskClient, sandbox: Sandbox) -> None:
    kind = "abTestEvents" if name.startswith("ab-test") else "messageEvents"
    sandbox.add_postback(f"https://h/100%25%s/\u00e9?{EVERYTHING}#%%s", kind)
    sandbox.trigger(name)
    found = explained(client)
    url = sandbox.deliveries[0].url
    assert "".join(piece["text"] for piece in found["pieces"]) == url
    named = [piece["placeholder"] for piece in found["pieces"] if piece["placeholder"]]
    assert named == list(PLACEHOLDERS)


def test_what_is_to_come_is_what_comes(client: FlaskClient, sandbox: Sandbox, rule: int) -> None:
    sandbox.inbox("crm").behave("503")
    sandbox.trigger("email.click")
    found = explained(client)
    assert (len(found["planned"]), found["attempt_limit"]) == (9, 10)
    sandbox.run_until_idle()
    made = [attempt.started_at for attempt in sandbox.deliveries[0].attempts]
    assert found["planned"] == [at.isoformat().replace("+00:00", "Z") for at in made[1:]]
    assert explained(client)["planned"] == []


def test_its_inbox_is_named_if_it_is_one_of_ours(client: FlaskClient, sandbox: Sandbox) -> None:
    sandbox.add_postback(sandbox.inbox("crm").url + "/x?a=b")
    sandbox.add_postback("https://shop.example/inbox/crm")
    sandbox.trigger("email.click")
    assert [explained(client, number)["inbox"] for number in (1, 2)] == ["crm", None]


def test_without_its_rule_the_url_is_one_piece(
    client: FlaskClient, sandbox: Sandbox, rule: int
) -> None:
    sandbox.trigger("email.click")
    sandbox.delete_postback(rule)
    found = explained(client)
    assert found["template"] is None
    assert found["pieces"] == [{"text": sandbox.deliveries[0].url, "placeholder": None}]
    assert "The rule was deleted" in found["pytest"]


def test_a_template_that_no_longer_makes_the_url_has_no_places(
    client: FlaskClient, sandbox: Sandbox
) -> None:
    sandbox.add_postback("https://h/?p={{Parameters}}")
    sandbox.trigger("email.click")
    sandbox.put_app(replace(sandbox.app(), parameters_encoding="twice"))
    assert len(explained(client)["pieces"]) == 1


def test_the_command_sends_the_same(client: FlaskClient, sandbox: Sandbox, rule: int) -> None:
    sandbox.trigger("email.click", user_id="it's; rm -rf /\n")
    found = explained(client)
    assert found["curl"].endswith(f"-X POST '{sandbox.deliveries[0].url}'")


def test_what_is_not_there_is_said(client: FlaskClient) -> None:
    refused(client.get("/_sandbox/deliveries/7/explained"), 404, "unknown-delivery")
