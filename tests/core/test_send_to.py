"""Which hosts a user names, and which connections that lets through."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from mockserver.core.errors import InvalidValue
from mockserver.core.hosts import host_of
from mockserver.core.send_to import entry_for, send_to

PUBLIC = ip_address("203.0.113.7")


def allows(entry: str, url: str, address: str = "203.0.113.7") -> bool:
    host = host_of(url)
    return send_to([entry]).allows(host, ip_address(address), None if host is None else host.port)


@pytest.mark.parametrize(
    ("entry", "url", "expected"),
    [
        ("shop.example", "https://shop.example/in", True),
        ("SHOP.example.", "https://shop.EXAMPLE./in", True),
        ("shop.example", "https://www.shop.example/in", False),
        ("shop.example", "https://shop.example.evil.example/in", False),
        ("shop.example", "https://shop.example@evil.example/in", False),
        ("shop.example", "https://a@b@shop.example/in", False),
        ("*.shop.example", "https://a.b.shop.example/in", True),
        ("*.shop.example", "https://shop.example/in", False),
        ("*.shop.example", "https://evilshop.example/in", False),
        ("shop.example:8443", "https://shop.example:8443/in", True),
        ("shop.example:8443", "https://shop.example/in", False),
        ("shop.example:443", "https://shop.example/in", True),
        ("203.0.113.7", "https://anything.example/in", True),
        ("203.0.113.7:443", "https://anything.example/in", True),
        ("203.0.113.7:8443", "https://anything.example/in", False),
        ("203.0.113.7", "https://a@b@c/", True),
        ("::ffff:203.0.113.7", "https://203.0.113.7/", True),
        ("203.0.113.0/24", "https://anything.example/in", True),
        ("203.0.113.9/29", "https://anything.example/in", False),
        ("::ffff:203.0.113.0/120", "https://anything.example/in", True),
        ("0.0.0.0/0", "https://anything.example/in", True),
        ("::/0", "https://anything.example/in", False),
        ("*", "https://anything.example/in", True),
        ("*", "https://a@b@c/", True),
    ],
)
def test_an_entry_lets_through_what_it_says(entry: str, url: str, expected: bool) -> None:
    assert allows(entry, url) is expected
    assert allows(entry, url, "::ffff:203.0.113.7") is expected


@pytest.mark.parametrize(
    "entry", ["2001:db8::7", "[2001:db8::7]", "2001:DB8:0::7", "2001:db8::/64"]
)
def test_an_address_of_version_6_is_written_in_any_way(entry: str) -> None:
    assert allows(entry, "https://anything.example/in", "2001:db8::7")
    assert not allows(entry, "https://anything.example/in", "2001:db9::7")
    assert allows("[2001:db8::7]:443", "https://a.example/", "2001:db8::7")
    assert not allows("[2001:db8::7]:444", "https://a.example/", "2001:db8::7")


def test_nothing_is_named_unless_something_is() -> None:
    assert not send_to([]).allows(host_of("https://shop.example/"), PUBLIC, 443)
    assert send_to(["a.example", "shop.example"]).allows(
        host_of("https://shop.example/"), PUBLIC, 443
    )


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("https://shop.example/in", r"--send-to takes a host like .*: write 'shop\.example'"),
        ("", "--send-to takes a host"),
        ("shop.example:0", "ports go from 1 to 65535"),
        ("bücher.example", "beginning with 'xn--'"),
        ("203.0.113", "an address has four numbers"),
        ("203.0.113.0/33", "--send-to takes a host"),
        ("a.*.example", "--send-to takes a host"),
        ("169.254.169.254", "a link-local address.*nothing is ever sent"),
        ("169.254.0.0/17", "a link-local address"),
        ("::ffff:169.254.0.0/112", "a link-local address"),
        ("2002:a9fe:a9fe::", "a link-local address"),
        ("fe80::/64", "a link-local address"),
        ("0.0.0.0", "the unspecified address"),
        ("224.0.0.0/8", "a multicast address"),
        (7, "got 7"),
    ],
)
def test_what_is_no_host_is_refused_in_one_line(entry: object, message: str) -> None:
    with pytest.raises(InvalidValue, match=message) as raised:
        send_to([entry], "--send-to")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://Shop.example./in", "shop.example"),
        ("https://8.8.2056/", "8.8.8.8"),
        ("https://a@b@c/", "8.8.8.8"),
        ("https://[2606:4700::1]/", "2606:4700::1"),
    ],
)
def test_what_is_to_be_written_is_an_entry(url: str, expected: str) -> None:
    entry = entry_for(host_of(url), "8.8.8.8")
    assert entry == expected
    send_to([entry])


@pytest.mark.parametrize(
    ("entries", "expected"),
    [((), False), (("shop.example", "*.shop.example:80"), False), (("203.0.113.7",), True),
     (("shop.example", "203.0.113.0/24"), True), (("::1",), True)],
)  # fmt: skip
def test_it_is_known_whether_a_name_may_fit_by_its_address(
    entries: tuple[str, ...], expected: bool
) -> None:
    assert send_to(entries).names_addresses is expected
