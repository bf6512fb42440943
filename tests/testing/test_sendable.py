"""Assertions that nothing was sent refuse what no rule could have sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mockserver.core.catalog import event_kinds
from mockserver.core.errors import InvalidValue
from mockserver.core.events import draft_event
from mockserver.core.template import Template
from mockserver.testing import Leanplum
from mockserver.testing.sendable import check_url
from tests.transport.exchanges import NOON

HELD = "holds whatever happens"


@pytest.fixture
def entered() -> Iterator[Leanplum]:
    with Leanplum() as leanplum:
        leanplum.add_postback(leanplum.inbox().url + "?user={{User ID}}&fixed=1")
        yield leanplum


def test_a_key_that_no_rule_writes_is_refused(entered: Leanplum) -> None:
    with pytest.raises(InvalidValue, match=r"'usr' in its query \(did you mean 'user'\?\)"):
        entered.assert_not_triggered(query={"usr": "ada"})
    with pytest.raises(InvalidValue, match="there are: user, fixed"):
        entered.verify_never(query={"zzz": "ada"})
    with pytest.raises(InvalidValue, match="no rule of this test has a 'usr'"):
        entered.assert_lost(times=0, query={"usr": "ada"})
    with pytest.raises(InvalidValue, match="nothing that goes to inbox 'inbox' has a 'usr'"):
        entered.verify(0, query={"usr": "ada"})


def test_a_key_that_may_be_written_is_not(entered: Leanplum) -> None:
    entered.assert_not_triggered(query={"user": "ada", "usr": None})
    entered.verify_never(query={"user": "ada", "fixed": "2"})
    entered.add_postback(entered.inbox("crm").url + "?{{Message event}}=1")
    entered.verify_never(inbox="crm", query={"Click": "1"})
    entered.assert_not_triggered(query={"Click": "1"})


def test_of_rules_that_are_gone_any_key_may_be_asked_for(entered: Leanplum) -> None:
    """A test of code that deletes a rule asks for what it would have sent."""
    other = entered.add_postback(entered.inbox("crm").url + "?device={{Device ID}}")
    [first, _] = entered.postbacks
    entered.sandbox.delete_postback(first.postback_id)
    entered.trigger("push.open", user_id="ada")
    entered.assert_not_triggered(query={"user": "ada"})
    entered.verify_never(query={"user": "ada"})
    entered.sandbox.delete_postback(other.postback_id)
    entered.assert_not_triggered(query={"user": "bo"})


IN = "http://receiver.test/inbox/inbox"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://receiver.test/inbox/inbox",
        "http://receiver.test/inbox/inbox?user=ada",
        "http://receiver.test/inbox/inbx?user=ada&fixed=1",
        "http://reciever.test/inbox/inbox?user=ada&fixed=1",
        "https://receiver.test/inbox/inbox?user=ada&fixed=1",
        "http://receiver.test/inbox/inbox?user=ada&fixed=2",
        "http://receiver.test/inbox/inbox?fixed=1&user=ada",
    ],
)
def test_a_url_that_no_rule_becomes_is_refused(entered: Leanplum, url: str) -> None:
    with pytest.raises(InvalidValue, match=HELD):
        entered.assert_not_triggered(url=url)
    with pytest.raises(InvalidValue, match=HELD):
        entered.assert_delivered(times=0, url=url)


def test_a_url_that_may_be_sent_is_not(entered: Leanplum) -> None:
    for user in ("", "ada", "bo%2Bnews%40example.com", "a%26b"):
        entered.assert_not_triggered(url=f"{IN}?user={user}&fixed=1")
    entered.trigger("push.open", user_id="ada")
    sent = f"{IN}?user=ada&fixed=1"
    assert entered.assert_delivered(url=sent)
    with pytest.raises(AssertionError, match="expected no delivery with"):
        entered.assert_not_triggered(url=sent)


@pytest.mark.parametrize("kind", event_kinds(), ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    "template",
    [
        "https://shop.example/{{Message event}}/{{Message channel}}?u={{User ID}}&p={{Parameters}}",
        "http://a:b@shop.example:8080/(x)/[y]*?a=1+2&t={{Trigger time}}&{{Device ID}}#{{User ID}}",
        "https://shop.example/ü/%7B%7D|^?q=é&s=%C3%A9&{{AB test ID}}{{Variant ID}}",
        "https://shop.example",
    ],
)
def test_whatever_a_rule_sends_may_be_asked_for(kind: Any, template: str) -> None:
    values = {"user_id": "a&b ü\n", "parameters": {"x": ["{{y}}", None]}}
    if kind.channel is None:
        del values["parameters"]
    event = draft_event(kind, "app", NOON, values)
    check_url(Template(template).render(event), [template])


@pytest.mark.parametrize("wrong", [1, 77, 2**63 - 1])
def test_an_id_that_no_rule_has_is_refused(entered: Leanplum, wrong: int) -> None:
    with pytest.raises(InvalidValue, match=f"no rule has the id {wrong}.*{HELD}"):
        entered.assert_not_triggered(postback_id=wrong)
    [rule] = entered.postbacks
    entered.assert_not_triggered(postback_id=rule.postback_id)


def test_where_there_is_no_rule_nothing_is_refused() -> None:
    with Leanplum() as leanplum:
        leanplum.assert_not_triggered(url="https://shop.example/", postback_id=77)


def test_of_a_rule_that_is_gone_id_and_url_may_be_asked_for(entered: Leanplum) -> None:
    [rule] = entered.postbacks
    entered.add_postback(entered.inbox("crm").url)
    entered.sandbox.delete_postback(rule.postback_id)
    entered.trigger("push.open", user_id="ada")
    entered.assert_not_triggered(postback_id=rule.postback_id)
    entered.assert_not_triggered(url=f"{IN}?user=ada&fixed=1")


@pytest.mark.parametrize("parts", [{"method": "GET"}, {"method": "PUT"}, {"body": "x"}])
def test_no_postback_is_anything_but_a_post_without_body(
    entered: Leanplum, parts: dict[str, Any]
) -> None:
    with pytest.raises(InvalidValue, match=HELD):
        entered.verify_never(**parts)
    with pytest.raises(InvalidValue, match=HELD):
        entered.verify(0, **parts)
    with pytest.raises(AssertionError, match="found 0"):
        entered.verify(1, **parts)


def test_of_a_post_without_body_it_may_be_said(entered: Leanplum) -> None:
    entered.verify_never(method="POST", body="")
