"""Tests that text in a URL is UTF-8 or refused, and that what only looks broken is taken."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest
from flask import Flask, request
from werkzeug.test import create_environ

from mockserver.web.query import NoText, check_path, check_text, query_of


def test_values_are_decoded_and_repetitions_kept() -> None:
    with Flask(__name__).test_request_context("/?a=%C3%BC&a=2&b"):
        assert query_of(request).to_dict(flat=False) == {"a": ["\u00fc", "2"], "b": [""]}


def test_the_character_that_stands_for_broken_ones_may_be_sent_itself() -> None:
    with Flask(__name__).test_request_context("/%EF%BF%BD?a=%EF%BF%BD"):
        assert query_of(request)["a"] == "\ufffd"
        check_path(request)


@pytest.mark.parametrize("broken", ["%FF", "%C3", "%ED%A0%80", "%C0%80", "%F4%90%80%80"])
def test_bytes_that_are_no_utf_8_are_refused_by_their_place(broken: str) -> None:
    environ = create_environ("/")
    # As every server writes it: one character for each byte.
    environ["PATH_INFO"] = unquote_to_bytes(f"/x{broken}").decode("latin-1")
    with Flask(__name__).request_context(environ), pytest.raises(NoText) as path:
        check_path(request)
    assert str(path.value).startswith("the path has bytes")
    environ = create_environ("/") | {"QUERY_STRING": f"a={broken}"}
    with Flask(__name__).request_context(environ), pytest.raises(NoText) as query:
        query_of(request)
    assert str(query.value).startswith("the query has bytes")
    with pytest.raises(NoText, match="the key has"):
        check_text(b"\xff", "the key")
