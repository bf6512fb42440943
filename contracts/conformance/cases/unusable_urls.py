"""Checks which postbackUrls are refused: no request can be sent there, or no value filled in.

Each limit is tried from both sides.
"""

from __future__ import annotations

from contracts.conformance.api import expect_accepted, expect_not_done
from contracts.conformance.cases.api import NOWHERE
from contracts.conformance.target import OUR_HOST, Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin

ORDER = 66

_LABELS = ".".join(["a" * 49] * 5)

#: Whose address has a mistake.
_NO_ADDRESS = (
    *("in", "/in", "//example.com/in", "example.com/in", "www.example.com", "://example.com/in"),
    *("ftp://example.com/in", "mailto:a@example.com", "file:///etc/hosts", "https:/example.com/"),
    *("https//example.com/in", "https:example.com", "httpss://example.com/", "ws://example.com/"),
    *("http://", "https:///in", "https://?user=1", "https://#top", "https://:443/in"),
    *("https://user@/in", "https://example.com:0/in", "https://example.com:65536/in"),
    *("https://example.com:port/in", "https://example.com:-1/in", "https://[::1/in"),
    *("https://exa mple.com/in", "https://exa<mple.com/", "https://exa>mple.com/"),
    *('https://exa"mple.com/', "https://exa^mple.com/", "https://exa`mple.com/"),
    *("https://exa|mple.com/", f"https://{_LABELS}.aaaa/in", f"https://ä{'a' * 70}.com/"),
    *(f"https://example.com/in{chr(sign)}x" for sign in (0, 9, 10, 13, 31, 127)),
)
#: Whose braces have one.
_BAD_BRACES = tuple(
    f"https://example.com/in?user={value}&end=1"
    for value in (
        *("{{User ID}", "{User ID}}", "{User ID}", "{{User ID", "User ID}}", "{{}}", "{{ }}"),
        *("{{{User ID}}}", "}}User ID{{", "{", "}", "{}", "{x", "x}", "{{User ID}}}"),
        *("{{{User ID}}", "{{User {{ID}}}}", "{{User ID}}{", "}{{User ID}}", "%7B%7BUser ID%7D%7D"),
        *("%257B%257BUser ID%257D%257D", "%7b%7bx", "{{ User ID}}", "{{User  ID}}", "{{User+ID}}"),
        *("{{User%20ID}}", "{{User\tID}}", "{{Message}}", "{{ID}}", "{{userId}}"),
    )
)
#: Which no call can register.
UNUSABLE = (*_NO_ADDRESS, *_BAD_BRACES)

_USABLE = (
    *("http://example.com", "https://example.com", "HTTPS://example.com/in", "Http://a/in"),
    *("https://example.com:1/in", "https://example.com:65535/in", "https://example.com:/in"),
    *("https://example.com?user={{User ID}}", "https://example.com#top", "http://127.0.0.1:1/in"),
    *("https://[::1]/in", "https://[2001:db8::1]:8443/in", "https://user:secret@example.com/in"),
    *(f"https://{_LABELS}.aaa/in", "https://bücher.example/in", "https://example.com./in"),
    *("https://example.com/a b", "https://example.com/%7B", "https://example.com/%7Bx%7D"),
    *("https://example.com/in?u={{User ID}}{{User ID}}", "https://example.com/{{User ID}}%7D"),
)


@case(
    "PB-TEMPLATE-NO-ADDRESS",
    "A postbackUrl that no request can be sent to is refused, and none that is only unusual",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A rule that can never deliver is found weeks later, by what is missing.",
    fix="Nothing is documented; the fake wants http or https, a host, and a port from 1 to 65535.",
    catches=[
        "any-scheme-accepted",
        "no-scheme-accepted",
        "port-0-accepted",
        "port-65535-refused",
        "longest-host-refused",
        "longer-host-accepted",
        "capital-scheme-refused",
        "control-characters-accepted",
        "literal-addresses-refused",
    ],
)
def no_address(target: Target, rec: Recorder) -> None:
    """Registers URLs whose scheme, host, port or text cannot be, and their nearest neighbours."""
    app = target.another_app(rule_limit=len(_USABLE))
    for url in _NO_ADDRESS:
        answer = app.call("addPostback", type="messageEvents", postbackUrl=url)
        expect_not_done(answer, f"the postbackUrl {url!r}", rec)
    for url in _USABLE:
        app.add(url)
    listed = [rule.get("postbackUrl") for rule in app.rules()]
    rec.expect(list(_USABLE), listed, "what was accepted is listed as it was given")


@case(
    "PB-TEMPLATE-BRACES",
    "Braces without a partner, single, tripled or around no name are refused",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Such a template arrives as text, for every user, unnoticed.",
    fix="Nothing is documented; the fake takes {{Name}} and escaped braces, and refuses the rest.",
    catches=["single-braces-accepted", "half-braces-accepted", "blanks-in-braces-accepted"],
)
def braces(target: Target, rec: Recorder) -> None:
    """Registers templates with each mistake in braces, and one without beside them."""
    app = target.app
    for url in _BAD_BRACES:
        answer = app.call("addPostback", type="messageEvents", postbackUrl=url)
        expect_not_done(answer, f"the postbackUrl {url!r}", rec)
    rec.expect([], app.rules(), "a refused call changes nothing")
    answer = app.call("addPostback", type="messageEvents", postbackUrl=f"{NOWHERE}&x=%7B{OUR_HOST}")
    expect_accepted(answer, "a brace that is escaped", rec)


_NAMES = (
    *("User ID", "Device ID", "Trigger time", "Message ID", "Message event", "Message channel"),
    *("Template name", "Parameters", "AB test ID", "Variant ID"),
)


@case(
    "PB-TEMPLATE-NEAREST",
    "Who misspells a name in braces is told the right one",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="{{user id}} looks right to whoever wrote it.",
    fix="Nothing is documented; the fake names what is nearest.",
    catches=["refusals-say-bad-request", "nearest-name-is-the-first"],
)
def nearest(target: Target, rec: Recorder) -> None:
    """Registers each name with other capitals, signs for blanks, blanks around, a letter less."""
    for name in _NAMES:
        for near in _near(name):
            url = f"https://example.com/in?value={{{{{near}}}}}"
            answer = target.app.call("addPostback", type="messageEvents", postbackUrl=url)
            expect_not_done(answer, f"the postbackUrl {url!r}", rec)
            message = answer.error or answer.warning
            rec.expect_that(name in message, name, message, f"the right name is told for {near!r}")


def _near(name: str) -> list[str]:
    found = {name.lower(), name.upper(), name.swapcase(), f" {name}", f"{name} ", name[:-1]}
    found |= {name.replace(" ", sign) for sign in ("_", "+", "%20")}
    return sorted(found - {name})
