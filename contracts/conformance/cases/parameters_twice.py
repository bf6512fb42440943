"""Checks the knob `parameters_encoding` on nested documents; `parameters` tries a flat one."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from contracts.conformance.cases.template import query_of
from contracts.conformance.target import Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin

ORDER = 81

_TEXT = "a b&c=d%41/\u00e9\U0001f98a"
#: Documents with a text that has to be encoded in each place where one can stand.
_DOCUMENTS: tuple[dict[str, Any], ...] = (
    {"index": 1, "url": "https://example.com/a?b=c&d=e f#g"},
    {"list": [_TEXT, 1, None, True]},
    {"deep": {"deeper": {"deepest": _TEXT}}},
    {"lists": [[_TEXT], [{"a": _TEXT}, _TEXT]]},
    {_TEXT: "plain", "a+b": {_TEXT: _TEXT}},
    {"percent": "100 % %25 %2525", "plus": "+", "empty": "", "quotes": "\"'\\"},
    {"plain": "letters.and-digits_0~"},
)


@case(
    "PB-PARAMETERS-TWICE-THROUGHOUT",
    "With the knob at `twice` each text in the document is encoded once more, at any depth",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A receiver that decodes a second time walks the whole document, or the first level only.",
    fix="This is a knob of the fake; Leanplum has none. Names and other values stay as they are.",
    catches=[
        "parameters-once-always",
        "twice-at-the-top-only",
        "twice-but-in-lists",
        "twice-in-names-as-well",
        "twice-is-three-times",
    ],
)
def throughout(target: Target, rec: Recorder) -> None:
    """Fires clicks with nested documents, and decodes each text in them a second time."""
    app, inbox = target.another_app(parameters_encoding="twice"), target.inbox()
    app.add(inbox.url + "?parameters={{Parameters}}")
    for document in _DOCUMENTS:
        app.trigger("email.click", parameters=document)
    arrived = [query_of(each)["parameters"] for each in inbox.requests()]
    rec.expect(len(_DOCUMENTS), len(arrived), "each click arrives")
    for document, text in zip(_DOCUMENTS, arrived, strict=True):
        read = _read(rec, text)
        rec.expect(_in_order(document), _in_order(_decoded(read)), "decoded once more")
        plain = [each for each in _texts(read) if unquote(each) == each and not _is_plain(each)]
        rec.expect([], plain, "texts that were encoded once only")


def _read(rec: Recorder, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        rec.deviate("a JSON document", text, "what Parameters carries can be read")


def _decoded(value: Any) -> Any:
    if isinstance(value, str):
        return unquote(value)
    if isinstance(value, dict):
        return {name: _decoded(item) for name, item in value.items()}
    return [_decoded(item) for item in value] if isinstance(value, list) else value


def _texts(value: Any) -> list[str]:
    """Return each text in a document that is no name."""
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in _texts(item)]


def _is_plain(text: str) -> bool:
    """Return whether a text is the same however often it is encoded."""
    return all(each.isascii() and (each.isalnum() or each in "-._~") for each in text)


def _in_order(value: Any) -> str:
    # As text, because Python takes 1 and true for equal.
    return json.dumps(value, sort_keys=True)
