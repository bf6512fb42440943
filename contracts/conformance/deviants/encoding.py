"""Breaks how the characters of a value are percent-encoded."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote, unquote

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import written_as


def _space_as_plus(text: str) -> str:
    return text.replace("%20", "+")


def _plus_left_alone(text: str) -> str:
    return text.replace("%2B", "+")


def _once_more(text: str) -> str:
    return text.replace("%", "%25")


def _latin_1(text: str) -> str:
    return quote(unquote(text).encode("latin-1", "replace"), safe="")


def _tilde_encoded(text: str) -> str:
    return text.replace("~", "%7E")


def _lower_case_hex(text: str) -> str:
    return re.sub("%..", lambda found: found[0].lower(), text)


def _deviant(name: str, change: str, encode: Callable[[str], str]) -> Deviant:
    patches = written_as(lambda value: encode(value.text))
    return Deviant(name, "template", change, patches=patches)


DEVIANTS: tuple[Deviant, ...] = (
    _deviant("space-as-plus", "A space is written +.", _space_as_plus),
    _deviant("plus-left-alone", "A plus is written +.", _plus_left_alone),
    _deviant("double-encoding", "Values are percent-encoded twice.", _once_more),
    _deviant("no-encoding", "Values are written as they are.", unquote),
    _deviant("non-ascii-as-latin-1", "Values are percent-encoded as Latin-1.", _latin_1),
    _deviant("tilde-encoded", "A tilde is written %7E.", _tilde_encoded),
    _deviant("lower-case-hex", "Hexadecimal digits are written small.", _lower_case_hex),
)
