"""Bearer tokens: what a header carries unchanged, and what is refused in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.core.errors import InvalidValue
from mockserver.core.tokens import check_token

VISIBLE = "".join(map(chr, range(0x21, 0x7F)))


@given(st.text(VISIBLE, min_size=1))
def test_visible_ascii_will_do(token: str) -> None:
    check_token(token)


@given(st.text(VISIBLE), st.characters(exclude_characters=VISIBLE), st.text())
def test_everything_else_is_refused_and_not_shown(before: str, odd: str, after: str) -> None:
    token = before + odd + after
    with pytest.raises(InvalidValue) as refused:
        check_token(token)
    assert f"character {len(before) + 1} of {len(token)} is not" in str(refused.value)
    assert len(token) < 5 or token not in str(refused.value)


@pytest.mark.parametrize(
    "odd", [" ", "\t", "\n", "\x7f", "\x00", "\xa0", "\xe4", "\udc80", "\uff21"]
)
def test_the_neighbours_of_what_will_do_are_refused(odd: str) -> None:
    for token in (odd, f"a{odd}", f"{odd}a"):
        with pytest.raises(InvalidValue):
            check_token(token)


def test_nothing_is_no_token() -> None:
    with pytest.raises(InvalidValue, match="it is empty"):
        check_token("")
