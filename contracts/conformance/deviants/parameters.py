"""Breaks what the Parameters document holds, and how it is encoded."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import COMPILED, Value, written_as
from mockserver.core.models import Event, MessageEvent, ParametersEncoding
from mockserver.core.template import Template, percent_encode, write_parameters


class _AlwaysTwice(Template):
    def render(self, event: Event, parameters_encoding: ParametersEncoding = "once") -> str:
        return super().render(event, "twice")


class _AlwaysOnce(Template):
    def render(self, event: Event, parameters_encoding: ParametersEncoding = "once") -> str:
        return super().render(event, "once")


def _python_repr(value: Value, parameters: Mapping[str, Any]) -> str:
    return percent_encode(repr(dict(parameters)))


def _plain_slashes(value: Value, parameters: Mapping[str, Any]) -> str:
    return value.text.replace("%5C%2F", "%2F")


def _strings_only(value: Value, parameters: Mapping[str, Any]) -> str:
    as_text = {
        key: item if isinstance(item, str) else json.dumps(item) for key, item in parameters.items()
    }
    return write_parameters(as_text, value.encoding)


def _first_key_only(value: Value, parameters: Mapping[str, Any]) -> str:
    return write_parameters(dict(list(parameters.items())[:1]), value.encoding)


def _long_keys_cut(value: Value, parameters: Mapping[str, Any]) -> str:
    return write_parameters({key[:256]: item for key, item in parameters.items()}, value.encoding)


def _nothing_for_empty(value: Value, parameters: Mapping[str, Any]) -> str:
    return value.text if parameters else ""


def _without_index(value: Value, parameters: Mapping[str, Any]) -> str:
    is_click = isinstance(value.event, MessageEvent) and value.event.event == "Click"
    kept = {key: item for key, item in parameters.items() if key != "index" or not is_click}
    return write_parameters(kept, value.encoding)


def _deviant(name: str, change: str, write: Callable[[Value, Mapping[str, Any]], str]) -> Deviant:
    def written(value: Value) -> str:
        if value.name == "Parameters" and isinstance(value.event, MessageEvent):
            return write(value, value.event.parameters)
        return value.text

    return Deviant(name, "parameters", change, patches=written_as(written))


DEVIANTS: tuple[Deviant, ...] = (
    _deviant(
        "parameters-python-repr", "Parameters is written as a Python dictionary.", _python_repr
    ),
    _deviant("parameters-slash-plain", "Slashes in Parameters are not escaped.", _plain_slashes),
    Deviant(
        "parameters-twice-always",
        "parameters",
        "Parameters is encoded twice, whatever the knob of the app says.",
        patches=((COMPILED, _AlwaysTwice),),
    ),
    Deviant(
        "parameters-once-always",
        "parameters",
        "Parameters is encoded once, whatever the knob of the app says.",
        patches=((COMPILED, _AlwaysOnce),),
    ),
    _deviant(
        "parameters-long-keys-cut",
        "Keys in Parameters are cut to 256 characters.",
        _long_keys_cut,
    ),
    _deviant("parameters-strings-only", "Every value in Parameters is text.", _strings_only),
    _deviant("parameters-keys-lost", "Parameters holds its first key only.", _first_key_only),
    _deviant("parameters-empty-text", "Empty Parameters are the empty text.", _nothing_for_empty),
    _deviant("click-without-index", "Parameters of a Click have no index.", _without_index),
)
