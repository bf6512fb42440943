"""What an inbox forwards is seen on the page from both sides."""

from __future__ import annotations

from collections.abc import Callable

from mockserver import Sandbox
from tests.receiver.endpoints import endpoint, says
from tests.web.page.browsing import Open, needs_browser

pytestmark = needs_browser


def test_what_was_forwarded_shows_both_sides(
    opened: Callable[..., tuple[Sandbox, Open]],
) -> None:
    sandbox, page = opened()
    said = b'HTTP/1.1 422 No\r\nX-Why: <b>bad</b>\r\nContent-Length: 9\r\n\r\n{"a": 1}\n'
    with endpoint(says(said)) as own:
        page.go("#/inboxes/crm")
        page.page.get_by_label("Script: request by request").fill(f"forward:{own.url}")
        page.press("set")
        page.sees("set, from the next request on")
        sandbox.add_postback(f"{sandbox.inbox('crm').url}?user={{{{User ID}}}}")
        sandbox.trigger("email.click", user_id="ada")
        page.sees("Forwarded: the endpoint answered 422")
        page.sees("X-Why: <b>bad</b>")
        page.sees(f"{own.url}?user=ada")
    sandbox.resend(1)
    page.sees("Forwarded: no answer")
    page.sees(f"nobody listens at 127.0.0.1:{own.port}")
    page.go("#/")
    page.sees("forwarded request 2: no answer")
    page.go("#/inboxes/crm")
    page.page.get_by_label("Script: request by request").fill(f"forward:{sandbox.receiver_url}/x")
    page.press("set")
    page.sees("it would be a loop")
    page.was_refused(400)
