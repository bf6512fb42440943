"""Cuts long values in the listings of the control API, and names those that were cut.

A listing is to be looked through: one user id of 100 KB in a thousand deliveries is no page that
anybody reads. Whoever wants all of it says `whole=true`, or asks for the one delivery.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

#: How many characters of one value a listing has.
LONGEST_LISTED = 10_000

#: Cut without a word in it, so that it can still be decoded.
_ENCODED = "body_base64"

_Struct = TypeVar("_Struct", bound=msgspec.Struct)


def cut_values(item: _Struct, whole: str) -> _Struct:
    """Return an item of a listing with long values cut, and their places in its field `cut`.

    Args:
        item: A struct with a field `cut`.
        whole: How to get all of it, for the text that is put behind a value.
    """
    cut: list[str] = []
    shortened = _shortened(item, "", whole, cut)
    if not cut:
        return item
    shortened.cut = cut
    return shortened  # type: ignore[no-any-return]


def _shortened(value: Any, place: str, whole: str, cut: list[str]) -> Any:
    if isinstance(value, str):
        return _text(value, place, whole, cut)
    if isinstance(value, msgspec.Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        changed = {
            name: _shortened(each, f"{place}.{name}".lstrip("."), whole, cut)
            for name, each in fields.items()
        }
        return type(value)(**changed)
    if isinstance(value, dict):
        return {
            _text(name, place, whole, cut): _shortened(each, f"{place}.{name[:40]}", whole, cut)
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        items = [
            _shortened(each, f"{place}[{index}]", whole, cut) for index, each in enumerate(value)
        ]
        return items if isinstance(value, list) else tuple(items)
    return value


def _text(value: str, place: str, whole: str, cut: list[str]) -> str:
    if len(value) <= LONGEST_LISTED:
        return value
    cut.append(place)
    if place.endswith(_ENCODED):
        return value[:LONGEST_LISTED]
    return f"{value[:LONGEST_LISTED]}... (cut, {len(value)} characters; {whole})"
