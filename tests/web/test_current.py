"""The request that a thread answers is handed out itself, and only while it is answered."""

from __future__ import annotations

import pytest
from flask import Flask, request
from werkzeug.local import LocalProxy

from mockserver.web.current import current_request


def test_it_is_the_request_and_no_proxy_of_it() -> None:
    with Flask("sample").test_request_context("/a?b=c"):
        current = current_request()
        assert not isinstance(current, LocalProxy)
        assert current == request
        assert (current.path, current.args["b"]) == ("/a", "c")


def test_each_request_is_its_own() -> None:
    app = Flask("sample")
    with app.test_request_context("/outer"):
        with app.test_request_context("/inner"):
            assert current_request().path == "/inner"
        assert current_request().path == "/outer"


def test_where_nothing_is_answered_there_is_none() -> None:
    with pytest.raises(RuntimeError, match="outside of request context"):
        current_request()
