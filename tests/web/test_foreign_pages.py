"""What a page of another site tries in a real browser: all of it arrives, none of it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from html import escape
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode

import pytest

from mockserver import Sandbox
from mockserver.web.app import create_app
from mockserver.web.server import ApiServer
from tests.web.browsing import FOREIGN_HOST, pages, shown_in_browser

RULE = {
    "action": "addPostback",
    "appId": "YOUR_APP_ID",
    "clientKey": "YOUR_DATA_EXPORT_KEY",
    "apiVersion": "1.0.6",
    "type": "messageEvents",
}
#: Other names of the host that the sandbox listens at; a browser trusts the last ones less, and
#: tells them nothing of the page.
HOSTS = ["127.0.0.1", "localhost", "2130706433", "0.0.0.0", "[::ffff:127.0.0.1]"]
FORMS = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]
#: What is tried of the control API; these requests have no other mark than their path.
CONTROL = [
    "/_sandbox/reset",
    "/_sandbox/deliveries/1/resend",
    "/_sandbox/events",
    "/_sandbox/clock/advance",
    "/_sandbox/feed",
]
#: Tried from any page.
EVERYWHERE = [
    *(f"image at {host}" for host in HOSTS),
    "frame",
    "style",
    "script",
    "prefetch",
    "fetch",
    "fetch without cors",
    "fetch without a language",
    "form by get",
    "sandboxed form",
    "form without referrer",
    *CONTROL,
]
#: Tried from a page that is not on loopback.
ELSEWHERE = [*(f"form as {kind}" for kind in FORMS), "post without cors", "beacon"]


class Arrived(NamedTuple):
    """A request that came, and what was answered."""

    name: str
    method: str
    origin: str | None
    status: str


def attacks(port: int) -> dict[str, str]:
    """Return pieces of a page by what they try; each marks its request with its name."""
    origin = f"http://127.0.0.1:{port}"

    def api(name: str, host: str = "127.0.0.1") -> str:
        url = f"{origin}/_sandbox/reset?{name}"
        return f"http://{host}:{port}/api?" + urlencode({**RULE, "postbackUrl": url, "try": name})

    def form(url: str, *, method: str = "post", kind: str = FORMS[0], more: str = "") -> str:
        # Each in a frame of its own, which is what it may replace by the answer.
        target, _, query = url.partition("?")
        fields = "".join(
            f'<input name="{name}" value="{escape(values[0])}">'
            for name, values in parse_qs(query).items()
        )
        action = target if method == "get" else url
        page = (
            f'<form method="{method}" enctype="{kind}" action="{escape(action)}">{fields}</form>'
            "<script>document.forms[0].submit()</script>"
        )
        return f'<iframe {more} srcdoc="{escape(page)}"></iframe>'

    def script(call: str) -> str:
        return f"<script>Promise.resolve({call}).catch(() => 0)</script>"

    quiet = '<meta name="referrer" content="no-referrer">'
    found = {f"image at {host}": f'<img src="{api(f"image at {host}", host)}">' for host in HOSTS}
    found |= {f"form as {kind}": form(api(f"form as {kind}"), kind=kind) for kind in FORMS}
    loose = 'method: "POST", mode: "no-cors"'
    pieces: dict[str, Callable[[str], str]] = {
        "frame": lambda name: f'<iframe src="{api(name)}"></iframe>',
        "style": lambda name: f'<link rel="stylesheet" href="{api(name)}">',
        "script": lambda name: f'<script src="{api(name)}"></script>',
        "prefetch": lambda name: f'<link rel="prefetch" href="{api(name)}">',
        "fetch": lambda name: script(f'fetch("{api(name)}")'),
        "fetch without cors": lambda name: script(f'fetch("{api(name)}", {{mode: "no-cors"}})'),
        "fetch without a language": lambda name: script(
            f'fetch("{api(name, HOSTS[-1])}", '
            '{mode: "no-cors", headers: {"Accept-Language": ""}})'
        ),
        "post without cors": lambda name: script(f'fetch("{api(name)}", {{{loose}}})'),
        "beacon": lambda name: script(f'navigator.sendBeacon("{api(name)}")'),
        "form by get": lambda name: form(api(name), method="get"),
        "sandboxed form": lambda name: form(api(name), more='sandbox="allow-scripts allow-forms"'),
        "form without referrer": lambda name: form(api(name)).replace(
            'srcdoc="', f'srcdoc="{escape(quiet)}'
        ),
        "/_sandbox/reset": lambda path: form(origin + path, kind="text/plain"),
        "/_sandbox/deliveries/1/resend": lambda path: script(
            f'fetch("{origin}{path}", {{{loose}}})'
        ),
        "/_sandbox/events": lambda path: script(
            f'fetch("{origin}{path}", {{{loose}, body: "{{}}"}})'
        ),
        "/_sandbox/clock/advance": lambda path: script(
            f'navigator.sendBeacon("{origin}{path}", "{{}}")'
        ),
        "/_sandbox/feed": lambda path: f'<iframe src="{origin}{path}"></iframe>',
    }
    return found | {name: piece(name) for name, piece in pieces.items()}


class Attacked(NamedTuple):
    """What a sandbox got to do with a page, and what it has afterwards."""

    arrived: list[Arrived]
    rules: list[str]
    deliveries: int
    attempts: int


@pytest.fixture(scope="module", params=[FOREIGN_HOST, "localhost"])
def attacked(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Attacked]]:
    """Show a page with all attacks once; the sandbox has one rule and one delivery."""
    arrived: list[Arrived] = []
    with Sandbox() as sandbox:
        sandbox.add_postback(sandbox.inbox("kept").url)
        sandbox.trigger("email.open")
        server = ApiServer(watched(create_app(sandbox), arrived))
        server.start()
        try:
            tried = attacks(server.port)
            names = [*EVERYWHERE, *(ELSEWHERE if request.param == FOREIGN_HOST else ())]
            page = "<body>" + "".join(tried[name] for name in names)
            with pages({"/": page}) as port:
                folder = tmp_path_factory.mktemp("browser")
                shown_in_browser(f"http://{request.param}:{port}/", folder)
        finally:
            server.stop()
        rules = [rule.url for rule in sandbox.postbacks()]
        found = Attacked(arrived, rules, len(sandbox.deliveries), len(sandbox.attempts))
        yield request.param, found


def watched(app: Any, arrived: list[Arrived]) -> Callable[..., Iterable[bytes]]:
    """Return a WSGI application that notes what arrives and how it is answered."""

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            name = parse_qs(environ["QUERY_STRING"]).get("try", [environ["PATH_INFO"]])[0]
            origin = environ.get("HTTP_ORIGIN")
            arrived.append(Arrived(name, environ["REQUEST_METHOD"], origin, status[:3]))
            return start_response(status, headers, *more)

        answer: Iterable[bytes] = app(environ, start)
        return answer

    return call


def test_nothing_was_added_wiped_or_sent(attacked: tuple[str, Attacked]) -> None:
    _, found = attacked
    assert found.rules == ["http://receiver.test/inbox/kept"]
    assert (found.deliveries, found.attempts) == (1, 1)


def test_every_attack_was_made_and_refused(attacked: tuple[str, Attacked]) -> None:
    host, found = attacked
    expected = {*EVERYWHERE, *(ELSEWHERE if host == FOREIGN_HOST else ())}
    assert {request.name for request in found.arrived} >= expected
    assert {request.status for request in found.arrived} == {"403"}


def test_the_origins_are_those_that_a_browser_hides(attacked: tuple[str, Attacked]) -> None:
    """Else the test above would prove less than it seems to."""
    host, found = attacked
    origins = {request.name: request.origin for request in found.arrived}
    assert {name for name in EVERYWHERE if origins[name] == "null"} >= {
        "sandboxed form",
        "form without referrer",
    }
    for name in ("form by get", "fetch without cors", *(f"image at {host}" for host in HOSTS)):
        assert origins[name] is None
    assert (origins["fetch"] or "").startswith(f"http://{host}:")
