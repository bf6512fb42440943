"""Holds what the fake imitates, fact by fact, for the control API.

`fidelity.json` beside this module is generated; the contract suite keeps the facts together
with the statements that they sum up. A source is `documented` (Leanplum's reference pages say
so), `observed` (a captured postback shows it) or `assumed` (both are silent; we chose). The
knob is what changes the choice.
"""

from __future__ import annotations

from importlib.resources import files

import msgspec

from mockserver.web.shapes import FidelityFact

_DATA = files("mockserver.web").joinpath("fidelity.json")

FACTS: tuple[FidelityFact, ...] = msgspec.json.decode(
    _DATA.read_bytes(), type=tuple[FidelityFact, ...]
)
