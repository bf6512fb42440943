"""The cookie that stands for the token: of one token and one address, and of no other."""

from __future__ import annotations

from flask import Flask, Response, request

from mockserver.web.login_cookie import cookie_name, is_logged_in, log_in

APP = Flask(__name__)


def cookie_of(token: str, base_url: str) -> str:
    """Return the cookie as a browser sends it back."""
    with APP.test_request_context("/", base_url=base_url):
        answer = Response()
        log_in(request, answer, token)
        return answer.headers["Set-Cookie"].partition(";")[0]


def opens(cookie: str, token: str, base_url: str = "http://localhost:8780") -> bool:
    with APP.test_request_context("/", base_url=base_url, headers={"Cookie": cookie}):
        return is_logged_in(request, token)


def test_it_opens_what_it_was_made_for() -> None:
    cookie = cookie_of("secret", "http://localhost:8780")
    assert opens(cookie, "secret")
    assert not opens(cookie, "Secret")
    assert not opens("", "secret")
    assert not opens(cookie.partition("=")[0] + "=", "secret")
    assert not opens(cookie.replace("=", "=0"), "secret")


def test_two_sandboxes_on_one_machine_keep_apart() -> None:
    one, other = (cookie_of("secret", f"http://localhost:{port}") for port in (8780, 8790))
    assert opens(f"{one}; {other}", "secret")
    assert not opens(other, "secret")


def test_its_name_is_one_that_a_cookie_may_have() -> None:
    for base_url in (
        "http://localhost",
        "https://[::1]",
        "http://[::1]:8780",
        "http://127.0.0.1:1",
    ):
        with APP.test_request_context("/", base_url=base_url):
            assert cookie_name(request).replace("-", "").isalnum()
