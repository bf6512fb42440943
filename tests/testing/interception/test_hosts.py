"""Which hosts are Leanplum's, and which are this machine."""

from __future__ import annotations

import pytest

from mockserver.testing.interception.hosts import is_leanplums, is_this_machine


@pytest.mark.parametrize(
    "host",
    [
        "api.leanplum.com",
        "WWW.Leanplum.com",
        "api.leanplum.com.",
        b"api.leanplum.com",
        bytearray(b"www.leanplum.com"),
        "\uff41\uff50\uff49.leanplum.com",
        "127.76.112.1",
        "::ffff:127.76.112.1",
    ],
)
def test_leanplums(host: object) -> None:
    assert is_leanplums(host)


@pytest.mark.parametrize(
    "host",
    [
        "leanplum.com",
        "api.leanplum.com.example",
        "xapi.leanplum.com",
        "",
        None,
        3,
        b"\xff",
        "é" * 99,
    ],
)
def test_not_leanplums(host: object) -> None:
    assert not is_leanplums(host)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"),
        *("::ffff:127.0.0.1", "0.0.0.0", "::", "", None, "LOCALHOST.", b"127.0.0.1"),
    ],
)
def test_this_machine(host: object) -> None:
    assert is_this_machine(host)


@pytest.mark.parametrize(
    "host", ["shop.example", "10.0.0.1", "192.168.1.1", "::2", "localhost.example", "fe80::1%eth0"]
)
def test_another_machine(host: object) -> None:
    assert not is_this_machine(host)
