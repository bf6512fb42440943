"""What libcurl is told to connect to, and to send."""

from __future__ import annotations

import pytest

from mockserver.transport.curl.url import split_url


@pytest.mark.parametrize(
    ("url", "origin", "target"),
    [
        ("http://a.example/in?user=%c3%A9", "http://a.example", "/in?user=%c3%A9"),
        ("HTTPS://u:p@a.example:1/", "HTTPS://u:p@a.example:1", "/"),
        ("http://a.example", "http://a.example", "/"),
        ("http://a.example?a=1", "http://a.example", "/?a=1"),
        ("http://a.example/a b/é", "http://a.example", "/a%20b/%C3%A9"),
        ("http://a.example/../a#part", "http://a.example", "/../a"),
        ("http://a.example/é#part", "http://a.example", "/%C3%A9"),
    ],
)
def test_only_what_no_url_may_hold_is_encoded(url: str, origin: str, target: str) -> None:
    assert split_url(url) == (origin, target)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://a.example/", "blocked: postbacks go to http:// and https:// only"),
        ("a.example", "blocked: postbacks go to http:// and https:// only"),
        ("http://a.example/a\nb", "is no URL that can be posted to"),
        ("http://a.example/\x7f", "is no URL that can be posted to"),
    ],
)
def test_other_urls_are_refused_with_the_reason(url: str, reason: str) -> None:
    told = split_url(url)
    assert isinstance(told, str)
    assert reason in told
