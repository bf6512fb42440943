from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from mockserver.core.errors import InvalidValue, PostbacksError
from mockserver.load.campaign import Campaign, CampaignStream
from mockserver.load.paced import PacedStream, constant
from mockserver.load.streams import stream_from
from tests.load.streams import check_same_anywhere

MADE: dict[str, Any] = {
    "campaign": CampaignStream(Campaign(30)),
    "constant": PacedStream(constant(Fraction(5), timedelta(seconds=2))),
}


@pytest.mark.parametrize("shape", MADE)
def test_a_stream_is_made_again(shape: str) -> None:
    check_same_anywhere(MADE[shape])


@pytest.mark.parametrize("shape", MADE)
def test_a_stream_that_lacks_a_part_is_refused(shape: str) -> None:
    whole = dict(MADE[shape].as_json())
    for name in set(whole) - {"shape"}:
        part = {key: value for key, value in whole.items() if key != name}
        with pytest.raises(InvalidValue, match=f"a stream of shape {shape} is incomplete"):
            stream_from(part)
        with pytest.raises(PostbacksError):
            stream_from(part | {name: object()})


@pytest.mark.parametrize("document", [{}, {"shape": "campain"}, {"shape": 5}])
def test_an_unknown_shape_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match="unknown shape"):
        stream_from(document)
