"""The environment of a WSGI application, judged by the validator of the standard library."""

from __future__ import annotations

from typing import Any
from wsgiref.validate import validator

import pytest

from mockserver.net.wsgi_environ import wsgi_environ


def environ(target: str = "/", **changes: Any) -> dict[str, Any]:
    headers = changes.pop("headers", [("Host", "a.example")])
    return wsgi_environ(
        "POST", target, headers, host="a.example", port=8080, multithread=False, **changes
    )


def test_a_validator_finds_nothing_wrong() -> None:
    def app(seen: dict[str, Any], start: Any) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        return [seen["wsgi.input"].read(4)]

    made = environ("/in%20box?a=1", body=b"body", headers=[("Content-Length", "4")])
    answer = validator(app)(made, lambda *_: lambda _data: None)
    try:
        assert b"".join(answer) == b"body"
    finally:
        answer.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/a%20b?c=%20", "/a b", "c=%20"),
        ("/%C3%A9", "/\xc3\xa9", ""),
        ("/a?b?c", "/a", "b?c"),
        ("/a%3Fb", "/a?b", ""),
    ],
)
def test_the_path_is_decoded_and_the_query_is_not(target: str, path: str, query: str) -> None:
    made = environ(target)
    assert (made["PATH_INFO"], made["QUERY_STRING"]) == (path, query)


def test_header_fields_have_a_prefix_but_for_two() -> None:
    made = environ(headers=[("X-a-B", "1"), ("content-type", "text/x"), ("Content-Length", "0")])
    assert made["HTTP_X_A_B"] == "1"
    assert made["CONTENT_TYPE"] == "text/x"
    assert made["CONTENT_LENGTH"] == "0"
    assert "HTTP_HOST" not in made


def test_the_server_is_described() -> None:
    made = environ(scheme="https")
    assert (made["SERVER_NAME"], made["SERVER_PORT"]) == ("a.example", "8080")
    assert made["wsgi.url_scheme"] == "https"
    assert made["wsgi.multithread"] is False
