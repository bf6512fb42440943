"""Checks that any text a value can hold arrives as it was."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes, urlsplit

from hypothesis import strategies as st

from contracts.conformance.cases.template import query_of
from contracts.conformance.target import Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin

ORDER = 70

#: Everything that a JSON text can hold and UTF-8 can carry, awkward characters first.
TEXT = st.one_of(
    st.text(st.sampled_from(" +%&=#?/\\\"'<>{}~é€🦊\u202e\u0301\n\x00"), max_size=8),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=24),
)

#: One of each kind, for whoever cannot try them all.
_AWKWARD = "a b+c%41&d=e#f/g?h;i,j:k@l!m$n'o(p)q*r[s]t~u_v-w.x\"y\\z<é€🦊>"


@case(
    "PB-TEMPLATE-ROUND-TRIP",
    "Whatever text a value holds, the receiver has it after decoding once",
    why="User ids with a plus are real: captured ones have it, and they arrived whole.",
    fix="Percent-encode every value as UTF-8 before it is put into the URL, once.",
    catches=[
        "plus-left-alone",
        "double-encoding",
        "no-encoding",
        "non-ascii-as-latin-1",
        "missing-as-none",
    ],
    given={"user_id": TEXT, "device_id": TEXT},
    examples=40,
    # What is observed, and one of every kind: found again whatever else is generated.
    pinned=[
        {"user_id": "Igor+x@example.com", "device_id": ""},
        {"user_id": _AWKWARD, "device_id": "é"},
    ],
)
def round_trip(target: Target, rec: Recorder, user_id: str, device_id: str) -> None:
    """Fires an event with generated ids at a template and decodes what arrives."""
    inbox = target.inbox()
    target.app.add(inbox.url + "?user={{User ID}}&device={{Device ID}}&end=1")
    target.app.trigger("push.open", user_id=user_id, device_id=device_id)
    expected = {"user": user_id, "device": device_id, "end": "1"}
    arrived = query_of(inbox.only_request())
    rec.expect(expected, arrived, "what was decoded as UTF-8 is what the event had")


@case(
    "PB-TEMPLATE-ENCODING",
    "Values are percent-encoded UTF-8: unreserved characters stay, a space is %20, a plus %2B",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Whoever signs or compares raw URLs, and whoever decodes by hand, sees the difference.",
    fix="Leave letters, digits and -._~ as they are, write every other byte as %XX.",
    catches=[
        "space-as-plus",
        "plus-left-alone",
        "double-encoding",
        "no-encoding",
        "non-ascii-as-latin-1",
        "tilde-encoded",
        "lower-case-hex",
    ],
)
def encoding(target: Target, rec: Recorder) -> None:
    """Fires an event whose user id holds one character of every kind, and reads the raw URL."""
    inbox = target.inbox()
    target.app.add(inbox.url + "?user={{User ID}}")
    target.app.trigger("push.open", user_id=_AWKWARD)
    raw = urlsplit(inbox.only_request().target).query.partition("=")[2]
    rec.expect_verdict(
        "unreserved" if raw == quote(_AWKWARD, safe="") else _described(raw),
        "unreserved",
        {
            "unreserved": "as RFC 3986 says, in upper case",
            "form": "as HTML forms do, a space as a plus",
            "more": "some unreserved characters are encoded, too",
        },
        f"the value arrived as {raw}",
    )


def _described(raw: str) -> str:
    plainly = unquote_to_bytes(raw)
    if plainly == _AWKWARD.encode() and re.search("%[0-9A-F]?[a-f]", raw) is None:
        return "more"
    if unquote_to_bytes(raw.replace("+", "%20")) == _AWKWARD.encode():
        return "form" if "+" in raw else "otherwise, but decodes to the same text"
    return "otherwise, and decodes to something else"
