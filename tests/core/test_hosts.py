"""Hosts are read so strictly that nobody can take another one from the same URL."""

from __future__ import annotations

import pytest

from mockserver.core.errors import InvalidValue
from mockserver.core.hosts import Host, allowed_host, host_of, is_loopback


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Shop.Example/in?u=a@b", Host("shop.example", 443)),
        ("HTTP://shop.example", Host("shop.example", 80)),
        ("http://shop.example:8080?x=/", Host("shop.example", 8080)),
        ("http://ada:pass@shop.example#@evil.example", Host("shop.example", 80)),
        ("http://127.0.0.1@evil.example/", Host("evil.example", 80)),
        ("http://[0:0:0:0:0:0:0:1]:81/", Host("::1", 81)),
        ("http://shop.example./", Host("shop.example.", 80)),
        ("http://a@b@127.0.0.1/", None),
        ("http://evil.example\\@127.0.0.1/", None),
        ("http://127.0.0.1\\.evil.example/", None),
        ("http://%6cocalhost/", None),
        ("http://١٢٧.0.0.1/", None),
        ("http://127.0.0.1:0/", None),
        ("http://127.0.0.1:65536/", None),
        ("http://..127.0.0.1/", None),
        ("http://[::1%25lo]/", None),
        ("http:///127.0.0.1/", None),
        ("ftp://127.0.0.1/", None),
        ("127.0.0.1", None),
        ("http://127.0.0.1 /", None),
        ("http://\t127.0.0.1/", None),
    ],
)
def test_the_host_of_a_url(url: str, host: Host | None) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize("name", ["127.0.0.1", "127.255.1.2", "::1", "localhost", "a.b.localhost"])
def test_a_loopback_address_written_as_such(name: str) -> None:
    assert is_loopback(name)


@pytest.mark.parametrize(
    "name",
    ["0x7f.1", "0x7f000001", "2130706433", "127.1", "127.0.1", "0177.0.0.1", "127.0.0.01",
     "0.0.0.0",
     "::ffff:127.0.0.1", "::", "localhost.", "127.0.0.1.", "127.0.0.256", "127.0.0.1.nip.io",
     "notlocalhost", "localhost.evil.example", "128.0.0.1", "10.0.0.1"],
)  # fmt: skip
def test_what_is_none(name: str) -> None:
    assert not is_loopback(name)


@pytest.mark.parametrize(
    ("text", "host", "allows"),
    [
        ("shop.example", Host("shop.example", 1), True),
        ("SHOP.example.", Host("shop.example.", 1), True),
        ("shop.example", Host("a.shop.example", 80), False),
        ("shop.example", Host("evilshop.example", 80), False),
        ("shop.example:8443", Host("shop.example", 8443), True),
        ("shop.example:8443", Host("shop.example", 443), False),
        ("*.shop.example", Host("a.b.shop.example", 80), True),
        ("*.shop.example", Host("shop.example", 80), False),
        ("*.shop.example", Host("evilshop.example", 80), False),
        ("[2001:DB8::1]:81", Host("2001:db8::1", 81), True),
        ("2001:db8::1", Host("2001:db8::1", 81), True),
        ("10.0.0.5", Host("10.0.0.5", 80), True),
    ],
)
def test_what_is_allowed(text: str, host: Host, allows: bool) -> None:
    assert allowed_host(text, "hosts").allows(host) is allows


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("https://shop.example/in", "write 'shop.example'"),
        ("shop.example/in", "got 'shop.example/in'"),
        ("ada@shop.example", "got"),
        ("*", "name where postbacks may go"),
        ("", "got ''"),
        ("*.", "got"),
        ("a b", "got"),
        ("shop.*.example", "got"),
        ("shop.example:0", "ports go from 1 to 65535"),
        ("shop.example:65536", "ports go from 1 to 65535"),
        ("shop.example:http", "got"),
        ("münchen.example", "beginning with 'xn--'"),
        ("127.1", "an address has four numbers"),
        ("0x7f.1", "an address has four numbers"),
        (None, "got None"),
        (b"shop.example", "got b'shop.example'"),
    ],
)
def test_what_is_no_host(text: object, message: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        allowed_host(text, "allow_host")
    assert message in str(caught.value)
    assert str(caught.value).startswith("allow_host takes a host like 'shop.example'")
    assert "\n" not in str(caught.value)
