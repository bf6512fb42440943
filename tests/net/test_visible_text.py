"""What readers get to see of characters that cannot be seen."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.net.visible_text import json_visible, one_line, visible
from tests.contracts.suite.report.texts import nasty_texts

#: The characters of XML 1.0, without the carriage return, which its readers take for a line feed.
XML = re.compile("[\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x00", "\\x00"),
        ("\r\n", "\\r\n"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x85", "\\x85"),
        ("a\xa0b", "a\\xa0b"),
        ("\u202e", "\\u202e"),
        ("\ufeff", "\\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        ("\U0001fffe", "\\U0001fffe"),
        ("\ud800", "\\ud800"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("😀 é שלום", "😀 é שלום"),
    ],
)
def test_what_cannot_be_seen_is_written_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text() | nasty_texts)
def test_visible_text_fits_into_xml_and_stays_as_it_is(text: str) -> None:
    shown = visible(text)
    assert XML.fullmatch(shown)
    assert visible(shown) == shown
    hidden = {"Cc", "Cf", "Zl", "Zp"}
    assert all(unicodedata.category(one) not in hidden for one in shown if one not in "\n\t")


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_plain_text_is_left_alone(text: str) -> None:
    assert visible(text) == one_line(text) == text


@given(nasty_texts)
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1


@given(st.text())
def test_visible_json_is_the_same_document(text: str) -> None:
    document = json.dumps([text], ensure_ascii=False)
    for as_ascii in (False, True):
        written = json_visible(document, as_ascii=as_ascii)
        assert json.loads(written) == [text]
        assert visible(written) == written
    assert json_visible(document, as_ascii=True).isascii()
