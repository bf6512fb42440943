"""Names the ways in which an engine sends, for tests that hold each of them to the same laws."""

from __future__ import annotations

from typing import Any

import pytest


def name_of(way: dict[str, Any]) -> str:
    return "-".join(f"{name}-{value}" for name, value in way.items())


IN_ORDER: list[dict[str, Any]] = [{"batch": 1}, {"batch": 7}, {"batch": 1000}, {"capacity": 1}]
#: Every way to send: one by one, in batches, side by side.
every_way = pytest.mark.parametrize("way", [*IN_ORDER, {"capacity": 64}], ids=name_of)
#: Those that keep the order of ties; side by side they run at once.
in_order = pytest.mark.parametrize("way", IN_ORDER, ids=name_of)
