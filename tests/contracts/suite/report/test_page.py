"""What every page is made with: anchors that are unique, links that lead to pages."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from contracts.suite.report.page import anchor, is_web_address
from tests.contracts.suite.report.texts import nasty_texts


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "", "//x", "page"])
def test_only_web_addresses_are_links(link: str) -> None:
    assert not is_web_address(link)
    assert is_web_address("https://docs.leanplum.com/x")


@given(nasty_texts, nasty_texts)
def test_an_anchor_is_safe_and_unique(one: str, other: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._-]+", anchor(one))
    assert (anchor(one) == anchor(other)) == (one == other)
