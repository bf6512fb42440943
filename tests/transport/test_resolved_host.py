"""Where a postbackUrl leads, and whether anything may be sent there."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from mockserver.transport.resolved_host import (
    HostNotAllowed,
    HostUnknown,
    Resolve,
    ResolvedHost,
    resolve_host,
    system_addresses,
)


def knowing(*addresses: str) -> Resolve:
    return lambda host, port: list(addresses)


def never(host: str, port: int) -> list[str]:
    raise AssertionError(f"{host} was looked up")


LOOPBACK = knowing("127.0.0.1")
#: Of a documentation network; nothing is ever sent there by these tests.
ELSEWHERE = knowing("192.0.2.7")


# What a URL says


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port", "authority"),
    [
        ("http://partner.test", "http", "partner.test", 80, "partner.test"),
        ("https://partner.test/in", "https", "partner.test", 443, "partner.test"),
        ("https://partner.test:443/in", "https", "partner.test", 443, "partner.test"),
        ("http://partner.test:443/in", "http", "partner.test", 443, "partner.test:443"),
        ("HTTPS://Partner.TEST/in", "https", "partner.test", 443, "partner.test"),
        ("http://partner.test?x={{User ID}}", "http", "partner.test", 80, "partner.test"),
        ("http://partner.test#/{{User ID}}", "http", "partner.test", 80, "partner.test"),
        ("http://a.test:8080/a/{{User ID}}/b", "http", "a.test", 8080, "a.test:8080"),
        ("http://ada:p:w@partner.test:81/in", "http", "partner.test", 81, "partner.test:81"),
        ("http://ada%40x@partner.test", "http", "partner.test", 80, "partner.test"),
        ("http://127.0.0.1@partner.test/", "http", "partner.test", 80, "partner.test"),
        ("http://[::1]/in", "http", "::1", 80, "[::1]"),
        ("https://[::1]:8443/in?x=1", "https", "::1", 8443, "[::1]:8443"),
        ("https://xn--b-xga.test/", "https", "xn--b-xga.test", 443, "xn--b-xga.test"),
    ],
)  # fmt: skip
def test_scheme_host_and_port(url: str, scheme: str, host: str, port: int, authority: str) -> None:
    asked: list[tuple[str, int]] = []

    def resolve(name: str, number: int) -> list[str]:
        asked.append((name, number))
        return ["127.0.0.1"]

    resolved_host = resolve_host(url, resolve=resolve)
    assert resolved_host == ResolvedHost(scheme, host, port, ("127.0.0.1",))
    assert resolved_host.authority == authority
    assert resolved_host.is_tls is (scheme == "https")
    assert asked == [(host, port)]


@pytest.mark.parametrize(
    ("url", "ascii_host"),
    [
        ("https://bücher.example/in", "xn--bcher-kva.example"),
        ("https://b%C3%BCcher.example/in", "xn--bcher-kva.example"),
        ("https://BÜCHER.example:8443/in?x={{User ID}}", "xn--bcher-kva.example"),
    ],
)
def test_a_host_in_other_letters_is_to_be_written_as_it_is_looked_up(
    url: str, ascii_host: str
) -> None:
    with pytest.raises(HostUnknown, match=rf"write it as {ascii_host}$") as caught:
        resolve_host(url, resolve=never)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("url", ["http://[fe80::1%25eth0]/", "http://127.0.0.1%2f.example/"])
def test_a_host_with_escapes_is_no_host(url: str) -> None:
    with pytest.raises(HostUnknown, match=r"is not written as names are looked up$"):
        resolve_host(url, resolve=never)


def test_a_name_without_an_address_is_unknown() -> None:
    with pytest.raises(HostUnknown, match=r"the host partner\.test has no address"):
        resolve_host("http://partner.test/", resolve=knowing())


# Where nothing is sent


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:169.254.169.254]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[fd00:ec2::254]/",
        "http://[fe80::1]/",
        "http://100.100.100.200/",
        "http://0.0.0.0/",
        "http://[::]/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
    ],
)
def test_metadata_and_link_local_addresses_cannot_be_allowed(url: str) -> None:
    def literal(host: str, port: int) -> list[str]:
        return [host]

    host = url.split("/")[2]
    with pytest.raises(HostNotAllowed, match=r"nothing is ever sent there$") as caught:
        resolve_host(url, resolve=literal, allowed_hosts=[host, host.strip("[]")])
    assert "AddressGuard" not in str(caught.value)


@pytest.mark.parametrize("order", [["127.0.0.1", "169.254.169.254"], ["fe80::1", "192.0.2.7"]])
def test_one_forbidden_address_forbids_the_host(order: list[str]) -> None:
    with pytest.raises(HostNotAllowed, match="nothing is ever sent there"):
        resolve_host(
            "http://partner.test/", resolve=knowing(*order), allowed_hosts=["partner.test"]
        )


# Hosts beyond this machine


def test_a_host_beyond_this_machine_has_to_be_named() -> None:
    with pytest.raises(HostNotAllowed, match=r"say --allow-host partner\.test$") as caught:
        resolve_host("https://partner.test/in", resolve=ELSEWHERE)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://partner.test/in", "partner.test"),
        ("https://Partner.Test/in", "pArtner.test"),
        ("https://partner.test./in", "partner.test"),
        ("https://partner.test/in", "partner.test."),
        ("https://partner.test:8443/in", "partner.test:8443"),
        ("https://[2001:db8::7]/in", "2001:db8::7"),
        ("https://[2001:db8::7]/in", "[2001:db8::7]"),
        ("https://[2001:db8::7]:8443/in", "[2001:db8::7]:8443"),
        ("https://xn--bcher-kva.example/in", "bücher.example"),
    ],
)
def test_a_host_that_was_named_may_be_sent_to(url: str, named: str) -> None:
    assert resolve_host(url, resolve=ELSEWHERE, allowed_hosts=["x.test", named]).addresses


@pytest.mark.parametrize(
    "named", ["", "test", "a.partner.test", "*", "*.test", "partner.test:1", "https://partner.test"]
)
def test_no_other_name_allows_a_host(named: str) -> None:
    with pytest.raises(HostNotAllowed):
        resolve_host("https://partner.test:8443/in", resolve=ELSEWHERE, allowed_hosts=[named])


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_this_machine_whatever_its_name(address: str) -> None:
    resolved_host = resolve_host("http://partner.test/", resolve=knowing(address))
    assert resolved_host.is_loopback


def test_a_name_that_is_only_partly_on_this_machine_has_to_be_named() -> None:
    mixed = knowing("127.0.0.1", "192.0.2.7")
    with pytest.raises(HostNotAllowed, match="is not on this machine"):
        resolve_host("http://partner.test/", resolve=mixed)
    assert not resolve_host(
        "http://partner.test/", resolve=mixed, allowed_hosts=["partner.test"]
    ).is_loopback


# What libcurl is told


@pytest.mark.parametrize(
    ("url", "addresses", "told"),
    [
        ("http://partner.test/", ["127.0.0.1"], ("partner.test:80:127.0.0.1",)),
        ("https://partner.test/", ["::1", "127.0.0.1"], ("partner.test:443:[::1],127.0.0.1",)),
        ("http://127.0.0.1/", ["127.0.0.1"], ()),
        ("http://[::1]/", ["::1"], ()),
    ],
)
def test_names_are_resolved_beforehand(
    url: str, addresses: list[str], told: tuple[str, ...]
) -> None:
    assert resolve_host(url, resolve=knowing(*addresses)).resolved() == told


def test_one_address_can_be_chosen() -> None:
    resolved_host = resolve_host("http://partner.test/", resolve=knowing("::1", "127.0.0.1"))
    assert resolved_host.resolved(["127.0.0.1"]) == ("partner.test:80:127.0.0.1",)


def test_an_address_that_comes_twice_is_one() -> None:
    resolved_host = resolve_host("http://partner.test/", resolve=knowing("::1", "127.0.0.1", "::1"))
    assert resolved_host.addresses == ("::1", "127.0.0.1")


# The system


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433"])
def test_the_system_knows_addresses_as_they_are_dialled(host: str) -> None:
    assert system_addresses(host, 80) == ["127.0.0.1"]
    assert resolve_host(f"http://{host}/").is_loopback


Lookup = Callable[..., list[tuple[int, int, int, str, tuple[str | int, ...]]]]


def test_a_scope_is_no_part_of_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    found = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1%eth0", 80, 0, 2))
    lookup: Lookup = lambda *_, **__: [found]  # noqa: E731
    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    assert system_addresses("partner.test", 80) == ["fe80::1"]


@pytest.mark.parametrize("error", [socket.gaierror(-2, "unknown"), UnicodeError("label too long")])
def test_what_the_system_does_not_know_has_no_address(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert system_addresses("a" * 70, 80) == []


@pytest.mark.parametrize("known", [("127.0.0.1",), ("::1",), ("127.0.0.1", "::1")])
def test_localhost_has_both_addresses_whichever_the_system_knows(known: tuple[str, ...]) -> None:
    found = resolve_host("http://localhost:5000/in", resolve=knowing(*known))
    assert set(found.addresses) == {"127.0.0.1", "::1"}
    assert found.addresses[0] == known[0]
    assert resolve_host("http://partner.test", resolve=LOOPBACK).addresses == ("127.0.0.1",)
