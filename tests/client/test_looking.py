"""What a client asks for people: what would happen, and what is due first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver.client.sandbox_client import SandboxClient
from mockserver.core.errors import UnknownApp
from mockserver.live import LiveSandbox
from mockserver.web.shapes import EventRequest

URL = "https://shop.example/in?user={{User ID}}"


@pytest.fixture
def live() -> Iterator[LiveSandbox]:
    with LiveSandbox() as live:
        yield live


def test_a_url_is_checked_and_not_registered(live: LiveSandbox) -> None:
    client = SandboxClient(live.url)
    assert client.check_rule(URL).problem is None
    codes = {remark.code for remark in client.check_rule(URL).remarks}
    assert "events-look-alike" in codes
    assert "wrong case" in (client.check_rule(URL.replace("ID", "Id")).problem or "")
    assert client.app("YOUR_APP_ID").rules == []
    with pytest.raises(UnknownApp):
        client.check_rule(URL, app_id="nobody")


def test_what_is_due_first_comes_first(live: LiveSandbox) -> None:
    sandbox = live.sandbox
    inbox = sandbox.inbox("crm")
    inbox.behave("hang,503,200")
    sandbox.add_postback(inbox.url)
    for _ in range(3):
        sandbox.trigger("email.click")
    found = SandboxClient(live.url).soonest()
    # The hang has taken 30 seconds, so its retry is the later one.
    assert [each.id for each in found] == [2, 1]
    assert [each.id for each in SandboxClient(live.url).soonest(1)] == [2]


def test_a_delivery_is_explained_and_found_again(live: LiveSandbox) -> None:
    sandbox = live.sandbox
    sandbox.add_postback(sandbox.inbox("crm").url + "?u={{User ID}}")
    sandbox.trigger("email.click", user_id="ada")
    sandbox.trigger("email.click", user_id="bob")
    client = SandboxClient(live.url)
    assert client.explained(1).pieces[1].text == "ada"
    assert [each.id for each in client.latest().deliveries] == [2, 1]
    assert client.latest(1).next == 2
    assert [each.id for each in client.latest(1, before=2).deliveries] == [1]
    assert [each.id for each in client.latest(text="bob").deliveries] == [2]
    assert [each.id for each in client.deliveries(text="ad").deliveries] == [1]


def test_what_would_fire_and_what_an_inbox_can_do(live: LiveSandbox) -> None:
    live.sandbox.add_postback("https://h/?u={{User ID}}", channels=["Email"])
    client = SandboxClient(live.url)
    (would,) = client.preview(EventRequest(name="email.click", user_id="ada")).rules
    assert (would.fires, would.url) == (True, "https://h/?u=ada")
    (would,) = client.preview(EventRequest(name="push.open")).rules
    assert (would.fires, would.url) == (False, None)
    assert "Push" in (would.reason or "")
    assert len(live.sandbox.deliveries) == 0
    assert "hang" in {fault.kind for fault in client.faults()}
