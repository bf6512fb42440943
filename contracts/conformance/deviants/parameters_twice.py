"""Breaks which texts of Parameters are encoded once more where an app asks for that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import Value, written_as
from mockserver.core.models import MessageEvent
from mockserver.core.template import percent_encode, write_parameters


def _walked(value: Any, write: Callable[[str, int, bool], str], depth: int = 0) -> Any:
    """Return a document in which each text is written anew, by its depth and whether in a list."""
    if isinstance(value, Mapping):
        return {
            name: write(item, depth, False)
            if isinstance(item, str)
            else _walked(item, write, depth + 1)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [
            write(item, depth, True) if isinstance(item, str) else _walked(item, write, depth + 1)
            for item in value
        ]
    return value


def _named(value: Any) -> Any:
    """Return a document whose names are encoded."""
    if isinstance(value, Mapping):
        return {percent_encode(name): _named(item) for name, item in value.items()}
    return [_named(item) for item in value] if isinstance(value, list | tuple) else value


def _deviant(name: str, change: str, make: Callable[[Mapping[str, Any]], Any]) -> Deviant:
    """Return a fake that writes another document, encoded once, where twice is asked for."""

    def written(value: Value) -> str:
        is_it = value.name == "Parameters" and isinstance(value.event, MessageEvent)
        if not is_it or value.encoding != "twice":
            return value.text
        assert isinstance(value.event, MessageEvent)
        return write_parameters(make(value.event.parameters), "once")

    return Deviant(name, "parameters", change, patches=written_as(written))


DEVIANTS: tuple[Deviant, ...] = (
    _deviant(
        "twice-at-the-top-only",
        "Of nested documents only the texts of the first level are encoded twice.",
        lambda document: _walked(
            document, lambda text, depth, listed: text if depth else percent_encode(text)
        ),
    ),
    _deviant(
        "twice-but-in-lists",
        "Texts in lists are encoded once only.",
        lambda document: _walked(
            document, lambda text, depth, listed: text if listed else percent_encode(text)
        ),
    ),
    _deviant(
        "twice-in-names-as-well",
        "Names are encoded twice as well.",
        lambda document: _named(
            _walked(document, lambda text, depth, listed: percent_encode(text))
        ),
    ),
    _deviant(
        "twice-is-three-times",
        "Texts are encoded three times.",
        lambda document: _walked(
            document, lambda text, depth, listed: percent_encode(percent_encode(text))
        ),
    ),
)
