"""Checks what stands around the values of a template: it is sent as it was registered.

Templates are drawn piece by piece by the seed of the run, and compared byte for byte: who compares
the parsed query does not see what order, repeated keys, escapes and empty values become.
"""

from __future__ import annotations

from random import Random
from urllib.parse import quote

from contracts.conformance.api import Form
from contracts.conformance.target import Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin

ORDER = 65

TEMPLATES = 60
_VALUES = {
    "User ID": "ada",
    "Device ID": "D-1",
    "Message ID": "6184400932175873",
    "Message event": "Select",
    "Message channel": "In-app Message",
    "Template name": "Banner",
    "Parameters": '{"a":"b"}',
    "AB test ID": "",
    "Variant ID": "",
}
_KEYS = [
    "user",
    "USER",
    "userId",
    "user_id",
    "user-id",
    "user[id]",
    "user.id",
    "u",
    "a",
    "b",
    "c",
    "z",
    "1",
    "x9",
    "_t",
    "t-",
    "event",
    "Source",
]
_TEXTS = ("Leanplum", "1", "0", "-1", "a.b", "x~y", "A_B", "a-b", "TRUE", "v2")
_PATHS = [
    "a",
    "A",
    "in",
    "api",
    "v1.2",
    "x~y",
    "leanplum-postbacks",
    "a_b",
    "events",
    "@home",
    "a:b",
    "a,b",
    "$x",
    "!x",
    "(x)",
    "a=b",
]
_ESCAPES = [
    "%20",
    "%2F",
    "%2f",
    "%3D",
    "%26",
    "%25",
    "%2B",
    "%C3%A9",
    "%c3%a9",
    "%7E",
    "+",
    "'",
    "(",
    ")",
    "*",
    "!",
    ",",
    ";",
    ":",
    "@",
    "$",
    "/",
    "?",
]


@case(
    "PB-TEMPLATE-EVERY-KEY",
    "Keys, plain values, their order and repetition, and empty values are sent as registered",
    why="A framework that tells a from A, or takes the first of two keys, sees any change.",
    fix="Put values into the text of the template; never parse it and write it anew.",
    catches=[
        "keys-lower-cased",
        "keys-sorted",
        "repeated-key-last-only",
        "repeated-key-first-only",
        "empty-values-dropped",
        "values-without-key-dropped",
        "ninth-argument-dropped",
        "brackets-in-keys-encoded",
        "second-use-empty",
        "list-with-decoded-url",
        "list-with-plain-braces",
        "path-lower-cased",
        "last-value-dropped",
    ],
)
def every_key(target: Target, rec: Recorder) -> None:
    """Registers 60 drawn templates of keys and values, and compares what arrives byte for byte."""
    drawn = [_drawn(rec.random, _TEXTS) for _ in range(rec.samples(TEMPLATES))]
    found = _differences(target, rec, drawn)
    rec.expect([], found[:3], f"templates that did not arrive as registered: {len(found)}")


@case(
    "PB-TEMPLATE-LITERALS",
    "Escapes, path segments and marks are sent byte for byte, a fragment is not sent",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A signature over the path, or a token with %2F in it, breaks when it is written anew.",
    fix="Nothing is documented; the fake sends what was registered.",
    catches=[
        "literal-escapes-decoded",
        "literal-escapes-upper-case",
        "literal-plus-as-blank",
        "semicolon-as-ampersand",
        "double-slash-collapsed",
        "trailing-slash-dropped",
        "fragment-into-query",
        "quotes-encoded",
        "escapes-encoded-again",
    ],
)
def literals(target: Target, rec: Recorder) -> None:
    """Does the same with escapes, marks, paths of several segments, and fragments."""
    drawn = [
        _drawn(rec.random, (*_TEXTS, *_ESCAPES * 2), has_path=True)
        for _ in range(rec.samples(TEMPLATES))
    ]
    found = _differences(target, rec, drawn)
    rec.expect_verdict(
        "as registered" if not found else f"{len(found)} otherwise: {'; '.join(found[:3])}",
        "as registered",
        {"as registered": "byte for byte, up to a #"},
        "nothing says what becomes of what stands around the values",
    )


def _drawn(random: Random, texts: tuple[str, ...], *, has_path: bool = False) -> str:
    parts = []
    for _ in range(random.randint(1, 12)):
        key = random.choice(_KEYS)
        value = random.choice(
            ("", "".join(random.choices(texts, k=random.randint(1, 3))), *(["{{}}"] * 3))
        )
        value = value.replace("{{}}", f"{{{{{random.choice(list(_VALUES))}}}}}")
        parts.append(random.choice((f"{key}={value}", f"{key}={value}", f"{key}={value}", key)))
    path = "/".join(["", *random.choices(_PATHS, k=random.randint(0, 3))])
    if has_path:
        end = random.choice(("", "/", "//x", "/%2Fx", "/a%20b"))
        value = random.choice(("", f"/{{{{{random.choice(list(_VALUES))}}}}}"))
        return f"{path}{value}{end}?{'&'.join(parts)}{random.choice(('', '', '#top', '#a=b&c'))}"
    return f"{path}?{'&'.join(parts)}"


def _differences(target: Target, rec: Recorder, templates: list[str]) -> list[str]:
    """Register templates behind the URL of one inbox; return which did not arrive as registered."""
    inbox = target.inbox()
    app = target.another_app(rule_limit=len(templates))
    # Told apart by a number that is the first argument: order is what is looked at.
    numbered = [text.replace("?", f"?n={n}&", 1) for n, text in enumerate(templates)]
    for text in numbered:
        app.add(inbox.url + text, form=rec.random.choice(tuple(Form)[1:]))
    listed = [rule.get("postbackUrl") for rule in app.rules()]
    rec.expect([inbox.url + text for text in numbered], listed, "the list has them as registered")
    values = {
        name.lower().replace(" ", "_"): value
        for name, value in _VALUES.items()
        if name in ("User ID", "Device ID", "Message ID")
    }
    app.trigger("in-app.banner.select", **values, parameters={"a": "b"})
    arrived = {
        request.query.get("n", ""): request.target.partition(f"/{inbox.name}")[2]
        for request in inbox.requests()
    }
    found = []
    for number, text in enumerate(numbered):
        expected = text.partition("#")[0]
        for name, value in _VALUES.items():
            expected = expected.replace(f"{{{{{name}}}}}", quote(value, safe=""))
        seen = arrived.get(str(number), "nothing")
        if seen != expected:
            found.append(f"{text}: expected {expected}, got {seen}")
    return found
