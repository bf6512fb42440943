"""Tests that the reason is found in the answers of those who say it in their own ways."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.net.answer_text import LONGEST_LINE, MOST_LINES, answer_lines
from mockserver.net.visible_text import one_line

JSON = [("Content-Type", "application/json")]
HTML = [("Content-Type", "text/html; charset=utf-8")]
REASON = b'{"detail": "user_id is missing"}'


@pytest.mark.parametrize("status", [None, 200, 201, 204, 299])
def test_nothing_is_said_of_a_success_or_of_no_answer(status: int | None) -> None:
    assert answer_lines(status, [("Location", "/in/")], REASON) == ()


@pytest.mark.parametrize("status", [300, 304, 400, 422, 500, 599, 999])
def test_whatever_else_says_its_reason(status: int) -> None:
    assert answer_lines(status, JSON, REASON) == ("user_id is missing",)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_says_where_to(status: int) -> None:
    assert answer_lines(status, [("location", "/in/?user=a")], b"") == ("Location: /in/?user=a",)
    assert answer_lines(status, [], b"") == ("no Location",)


def test_how_long_to_wait_is_said() -> None:
    assert answer_lines(429, [("Retry-After", "30")], b"slow down") == (
        "Retry-After: 30",
        "slow down",
    )


@pytest.mark.parametrize(
    ("document", "said"),
    [
        # FastAPI
        (
            {
                "detail": [
                    {"type": "missing", "loc": ["query", "user"], "msg": "Field required"},
                    {"type": "int", "loc": ["query", "time"], "msg": "no integer"},
                ]
            },
            ("query.user: Field required", "query.time: no integer"),
        ),
        # Litestar
        (
            {
                "status_code": 400,
                "detail": "Validation failed for POST /in",
                "extra": [{"message": "Missing", "key": "user", "source": "query"}],
            },
            ("Validation failed for POST /in", "query.user: Missing"),
        ),
        ({"status_code": 500, "detail": "Internal Server Error"}, ("Internal Server Error",)),
        # RFC 9457
        (
            {"type": "about:blank", "title": "No such user", "detail": "ada is not known"},
            ("No such user", "ada is not known"),
        ),
        ({"error": {"code": 7, "message": "no"}}, ("no",)),
        ({"error": {"code": 7}}, ('{"code": 7}',)),
        ({"error": "invalid_grant", "error_description": "too old"}, ("invalid_grant", "too old")),
        ({"errors": ["one", {"field": "user", "message": "two"}]}, ("one", "user: two")),
        # Django REST framework
        ({"user": ["This field is required."]}, ('{"user": ["This field is required."]}',)),
        ({}, ("{}",)),
        ([1, 2], ("[1, 2]",)),
        ("just text", ("just text",)),
        ({"detail": ""}, ('{"detail": ""}',)),
    ],
)
def test_documents(document: object, said: tuple[str, ...]) -> None:
    assert answer_lines(422, JSON, json.dumps(document).encode()) == said
    if isinstance(document, dict | list):
        assert answer_lines(422, [], json.dumps(document).encode()) == said, "without a type"


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (
            "<!doctype html><html lang=en><title>404 Not Found</title><h1>Not Found</h1>"
            "<p>The requested URL\nwas not found.</p>",
            ("404 Not Found", "The requested URL was not found."),
        ),
        # Django's page about a missing token
        (
            "<html><head><style>h1 { color: red }</style><title>403 Forbidden</title></head>"
            "<body><h1>Forbidden <span>(403)</span></h1><p>CSRF verification failed.</p>"
            "<h2>Help</h2><p>Reason given for failure:</p><pre>CSRF cookie not set.</pre>",
            ("403 Forbidden", "CSRF cookie not set."),
        ),
        # and about an exception
        (
            "<html><title>ValueError\n at /in/</title><pre class='exception_value'>no user</pre>"
            "<pre>line 1\nline 2</pre>",
            ("ValueError at /in/", "no user"),
        ),
        ("<html><script>alert('title')</script>", ("(a page without text)",)),
        ("<html><title>cut o", ("cut o",)),
    ],
)
def test_pages(page: str, said: tuple[str, ...]) -> None:
    assert answer_lines(500, HTML, page.encode()) == said
    assert answer_lines(500, [], page.encode()) == said, "without a type"


def test_of_a_traceback_the_end() -> None:
    text = b"Traceback (most recent call last):\n  File 'x', line 1\nValueError: no user\n"
    assert answer_lines(500, [], text) == ("ValueError: no user",)


def test_lines_are_few_and_short() -> None:
    lines = answer_lines(500, [], b"\n".join([b"x" * 1000] * 10))
    assert lines == (*["x" * LONGEST_LINE + "..."] * MOST_LINES, "... and 6 more lines")


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(REASON, mtime=0)),
        ("GZIP", gzip.compress(REASON, mtime=0)),
        ("deflate", zlib.compress(REASON)),
        ("deflate", zlib.compress(REASON)[2:-4]),
        ("identity", REASON),
    ],
)
def test_a_compressed_body_is_read(encoding: str, body: bytes) -> None:
    fields = [*JSON, ("Content-Encoding", encoding)]
    assert answer_lines(500, fields, body) == ("user_id is missing",)


def test_what_cannot_be_read_is_named() -> None:
    assert answer_lines(500, [("Content-Encoding", "br")], b"abc") == ("(3 bytes of br)",)
    assert answer_lines(500, [("Content-Encoding", "gzip")], b"abc") == ("(3 bytes of gzip)",)
    png = [("Content-Type", "image/png")]
    assert answer_lines(500, png, b"\x89PNG\0") == ("(5 bytes of image/png)",)


def test_a_charset_is_obeyed() -> None:
    latin = [("Content-Type", "text/plain; charset=latin-1")]
    assert answer_lines(400, latin, "Schlüssel".encode("latin-1")) == ("Schlüssel",)
    unknown = [("Content-Type", "text/plain; charset=klingon")]
    assert answer_lines(400, unknown, "Schlüssel".encode()) == ("Schlüssel",)


@given(
    st.integers(100, 999),
    st.lists(
        st.tuples(
            st.sampled_from(["Location", "Content-Type", "Content-Encoding", "Retry-After"]),
            st.one_of(
                st.text(), st.sampled_from(["application/json", "text/html", "gzip", "deflate"])
            ),
        )
    ),
    st.one_of(
        st.binary(),
        st.text().map(str.encode),
        st.binary().map(zlib.compress),
        st.recursive(
            st.none() | st.text() | st.integers(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ).map(lambda value: json.dumps(value).encode()),
    ),
)
def test_whatever_comes_gives_a_few_visible_lines(
    status: int, fields: list[tuple[str, str]], body: bytes
) -> None:
    lines = answer_lines(status, fields, body)
    assert len(lines) <= MOST_LINES + 1
    for line in lines:
        assert line == one_line(line)
        assert len(line) <= 12 * LONGEST_LINE


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("is_named", [True, False])
@pytest.mark.parametrize(
    ("kind", "text"),
    [("text/plain", "Größe fehlt"), ("application/json", '{"detail": "Größe fehlt"}')],
)
def test_text_is_text_in_whatever_encoding(
    charset: str, is_named: bool, kind: str, text: str
) -> None:
    body = text.encode(charset)
    content_type = f"{kind}; charset={charset}" if is_named else kind
    shown = answer_lines(400, [("Content-Type", content_type)], body)
    if is_named or not charset.endswith("e"):
        assert shown == ("Größe fehlt",)
    else:
        # Nothing says what it is.
        assert shown == (f"({len(body)} bytes of {kind})",)
