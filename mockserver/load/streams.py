"""Makes a stream of what another one was written as, on any machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mockserver.core.catalog import suggestion
from mockserver.core.errors import InvalidValue
from mockserver.load.arrival import Stream
from mockserver.load.campaign import CampaignStream
from mockserver.load.paced import PacedStream
from mockserver.load.recorded import RecordedStream

#: What people may ask for; anything else is the name of a file.
SHAPES = ("campaign", "constant", "ramp", "steps")

_MADE_BY: Mapping[str, Callable[[Mapping[str, Any]], Stream]] = {
    "campaign": CampaignStream.from_json,
    "constant": PacedStream.from_json,
    "ramp": PacedStream.from_json,
    "steps": PacedStream.from_json,
    "file": RecordedStream.from_json,
}


def stream_from(document: Mapping[str, Any]) -> Stream:
    """Return a stream equal to the one whose `as_json` this is.

    Raises:
        InvalidValue: It is of no known shape, or a part of it is missing or wrong.
    """
    shape = str(document.get("shape"))
    if shape not in _MADE_BY:
        raise InvalidValue(f"unknown shape {shape[:60]!r}{suggestion(shape, _MADE_BY)}")
    try:
        return _MADE_BY[shape](document)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidValue(f"a stream of shape {shape} is incomplete: {error!r}") from None
