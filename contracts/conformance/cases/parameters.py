"""Checks Parameters, the JSON document that an event carries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from hypothesis import strategies as st

from contracts.conformance.cases.encoding import TEXT
from contracts.conformance.target import AppUnderTest, Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin

ORDER = 80

_WHOLE = st.integers(-(2**53), 2**53)
_SCALARS = st.none() | st.booleans() | _WHOLE | TEXT
#: Any JSON object whose numbers every JSON reader agrees about.
PARAMETERS = st.dictionaries(
    TEXT,
    st.recursive(
        _SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)

_CLICK = {"index": 1, "url": "https://example.com/a?b=c&d=e f#g"}


def _document(app: AppUnderTest, event: str, **values: Any) -> str:
    """Return the text of Parameters after the receiver decoded the query once."""
    inbox = app.target.inbox()
    app.add(inbox.url + "?parameters={{Parameters}}&end=1")
    app.trigger(event, **values)
    query = urlsplit(inbox.only_request().target).query
    pairs = dict(parse_qsl(query, keep_blank_values=True, errors="backslashreplace"))
    return pairs.get("parameters", "")


def _read(text: str, rec: Recorder) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        rec.deviate("a JSON document", text, "Parameters are in JSON format")


@case(
    "PB-PARAMETERS-CLICK",
    "A Click carries the URL that was clicked and its index",
    why="Which link was clicked is the point of a click.",
    fix="Put url and index into the parameters of an e-mail's Click.",
    catches=["click-without-index", "parameters-python-repr", "parameters-keys-lost"],
)
def click(target: Target, rec: Recorder) -> None:
    """Fires a Click as it comes, and reads its parameters."""
    parameters = _read(_document(target.app, "email.click"), rec)
    described = {name: type(value).__name__ for name, value in sorted(parameters.items())}
    rec.expect({"index": "int", "url": "str"}, described, "a captured click has these two")


@case(
    "PB-PARAMETERS-SEND-EMPTY",
    "An event without parameters carries an empty JSON object",
    level=Level.SHOULD,
    origin=Origin.OBSERVED,
    why="A receiver that parses it always must not fail on a Send.",
    fix="Write {} and not the empty string.",
    catches=["parameters-empty-text"],
)
def send_empty(target: Target, rec: Recorder) -> None:
    """Fires a Send and reads its parameters."""
    rec.expect("{}", _document(target.app, "email.send"), "a captured Send has {}")


@case(
    "PB-PARAMETERS-JSON",
    "Whatever the parameters hold, the receiver reads the same JSON after decoding once",
    why="Values with &, quotes, umlauts or emoji are where receivers break.",
    fix="Write JSON, then percent-encode the whole document.",
    catches=[
        "parameters-python-repr",
        "parameters-strings-only",
        "parameters-keys-lost",
        "parameters-long-keys-cut",
        "parameters-twice-always",
        "no-encoding",
        "plus-left-alone",
    ],
    given={"parameters": PARAMETERS},
    examples=40,
    pinned=[
        {"parameters": {}},
        {"parameters": {"a+b &c": 'd+e%41/ "f" é🦊', "one": 1, "yes": True, "none": None}},
        {"parameters": {"deep": [{"a": ["b", 2, False]}]}},
        # What is remembered of short texts must not be what becomes of long ones.
        {"parameters": {"k" * 300: {"é/" * 200: "v" * 300}, "": "", "k" * 256: 1, "k" * 257: 2}},
    ],
)
def any_json(target: Target, rec: Recorder, parameters: Mapping[str, Any]) -> None:
    """Fires a Click with generated parameters and reads them back."""
    text = _document(target.app, "email.click", parameters=parameters)
    arrived = _read(text, rec)
    # Compared as text, because Python takes 1 and true for equal.
    expected, seen = (json.dumps(value, sort_keys=True) for value in (parameters, arrived))
    rec.expect(expected, seen, "the parameters of the event, unchanged")


@case(
    "PB-PARAMETERS-SLASH",
    r"Slashes in the document are written \/",
    level=Level.SHOULD,
    origin=Origin.OBSERVED,
    why="Receivers that search the text for a URL do not find it.",
    fix="Escape slashes in strings; every JSON reader undoes it.",
    catches=["parameters-slash-plain"],
)
def slash(target: Target, rec: Recorder) -> None:
    """Fires a Click and reads the text of its parameters before it is parsed."""
    text = _document(target.app, "email.click", parameters=_CLICK)
    rec.expect_that(
        r"https:\/\/example.com\/a" in text,
        r"https:\/\/example.com\/a within the document",
        text,
        "a captured click has it so",
    )


@case(
    "PB-PARAMETERS-ONCE",
    "After one decoding the document holds plain values",
    level=Level.SHOULD,
    origin=Origin.OBSERVED,
    why="The documentation can be read as if each value were encoded once more.",
    fix="Encode the document, not the values in it.",
    catches=["parameters-twice-always", "double-encoding"],
)
def once(target: Target, rec: Recorder) -> None:
    """Fires a Click whose URL has characters that are encoded."""
    arrived = _read(_document(target.app, "email.click", parameters=_CLICK), rec)
    rec.expect(_CLICK, arrived, "a captured click had plain values after one decoding")


@case(
    "PB-PARAMETERS-TWICE",
    "With the knob `parameters_encoding` at `twice`, each value is encoded once more",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Some receivers decode a second time; here they can be tried against both readings.",
    fix="This is a knob of the fake; Leanplum has none.",
    catches=["parameters-once-always"],
)
def twice(target: Target, rec: Recorder) -> None:
    """Fires a Click in an app with the knob, and decodes its values a second time."""
    app = target.another_app(parameters_encoding="twice")
    arrived = _read(_document(app, "email.click", parameters=_CLICK), rec)
    url = str(arrived.get("url"))
    rec.expect_that(url != _CLICK["url"], "a value that is still encoded", url, "encoded twice")
    rec.expect(_CLICK, {**arrived, "url": unquote(url)}, "decoded once more it is the value")
