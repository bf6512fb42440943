"""What `postbacks listen` puts up for an endpoint, and that nothing of it is left behind."""

from __future__ import annotations

import pytest

from mockserver.cli.listening import USUAL_QUERY, Endpoint, Listening, endpoint_of
from mockserver.client.sandbox_client import SandboxClient
from mockserver.core.catalog import PostbackType
from mockserver.core.errors import InvalidValue, RuleLimitReached
from mockserver.core.template import Template
from tests.cli.conftest import Live

USUAL = "?" + USUAL_QUERY["messageEvents"]


@pytest.mark.parametrize(
    ("template", "forward_to", "suffix"),
    [
        ("http://localhost:5000", "http://localhost:5000", USUAL),
        ("http://localhost:5000/hook", "http://localhost:5000/hook", USUAL),
        ("http://localhost:5000/hook?", "http://localhost:5000/hook", "?"),
        ("http://localhost/hook?u={{User ID}}&x", "http://localhost/hook", "?u={{User ID}}&x"),
        ("https://h:8443/a/{{User ID}}/b?c", "https://h:8443", "/a/{{User ID}}/b?c"),
        ("http://h/a?b={{User ID}}?c", "http://h/a", "?b={{User ID}}?c"),
    ],
)
def test_a_template_is_taken_apart(template: str, forward_to: str, suffix: str) -> None:
    assert endpoint_of(template, "messageEvents") == Endpoint(forward_to, suffix)


@pytest.mark.parametrize("kind", list(PostbackType))
def test_what_is_sent_without_a_template_is_a_template_of_that_type(kind: PostbackType) -> None:
    found = endpoint_of("http://localhost", kind)
    assert len(Template("http://x/" + found.suffix).placeholders) >= 5


@pytest.mark.parametrize("url", ["localhost:5000", "", "ftp://x/", "http://{{User ID}}/", "/hook"])
def test_what_is_no_endpoint_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(InvalidValue, match="write it like http://127") as caught:
        endpoint_of(url, "messageEvents")
    assert "forward" not in str(caught.value)


def listening(live: Live, kind: str = "messageEvents", *channels: str) -> Listening:
    endpoint = endpoint_of("http://127.0.0.1:1/hook", kind)
    return Listening(SandboxClient(live.url), "YOUR_APP_ID", endpoint, kind, channels)


def test_it_is_put_up_once_and_removed(live: Live) -> None:
    one = listening(live, "messageEvents", "Email")
    one.put_up()
    one.put_up()
    (rule,) = live.sandbox.postbacks()
    assert rule.url == f"{live.inbox_url(one.inbox)}{USUAL}"
    assert [channel.value for channel in rule.channels] == ["Email"]
    assert live.sandbox.inboxes.names() == [one.inbox]
    assert one.is_up()
    one.remove()
    assert live.sandbox.postbacks() == []
    assert live.sandbox.inboxes.names() == []
    assert not one.is_up()
    one.remove()


@pytest.mark.parametrize("missing", ["rule", "behaviour", "everything"])
def test_what_is_missing_is_put_up_again(live: Live, missing: str) -> None:
    one = listening(live)
    one.put_up()
    if missing == "rule":
        live.sandbox.delete_postback(one.postback_id or 0)
    elif missing == "behaviour":
        live.sandbox.inbox(one.inbox).behave("200")
    else:
        live.sandbox.reset()
    assert not one.is_up()
    one.put_up()
    assert one.is_up()
    assert len(live.sandbox.postbacks()) == 1


def test_two_are_kept_apart(live: Live) -> None:
    one, other = listening(live), listening(live, "abTestEvents")
    one.put_up()
    other.put_up()
    assert one.is_ours(f"{one.inbox_url}?x")
    assert one.is_ours(f"{one.inbox_url}/x")
    assert not one.is_ours(other.inbox_url)
    assert not one.is_ours(f"{one.inbox_url}x?")
    one.remove()
    assert other.is_up()


def test_an_app_with_three_rules_refuses_a_fourth_and_nothing_is_left(live: Live) -> None:
    for _ in range(3):
        live.sandbox.add_postback(live.inbox_url("crm"))
    one = listening(live)
    with pytest.raises(Exception, match="3") as caught:
        one.put_up()
    assert isinstance(caught.value, RuleLimitReached) or "maximum" in str(caught.value)
    one.remove()
    assert live.sandbox.inboxes.names() == []
    assert len(live.sandbox.postbacks()) == 3
