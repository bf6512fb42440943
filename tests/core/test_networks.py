"""Which addresses are near: on this machine, or in a private network."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from mockserver.core.networks import NEVER, NOT_PUBLIC, is_near, plain, with_embedded

NEAR = [
    "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7",
    "fec0::/10", "::1/128", "::ffff:10.0.0.0/104", "::ffff:127.0.0.0/104", "64:ff9b::10.0.0.0/104",
    "64:ff9b:1::192.168.0.0/112", "::127.0.0.0/104",
]  # fmt: skip


@pytest.mark.parametrize("network", NEAR)
def test_both_ends_of_a_private_network_are_near_and_what_is_beyond_is_not(network: str) -> None:
    written = ip_network(network)
    assert is_near(written[0])
    assert is_near(written[-1])
    if network != "::1/128":
        assert not is_near(written[0] - 1)
    assert not is_near(written[-1] + 1)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:7f00:1::1",
     "2002:a00:1::1", "2001:0:1::f5ff:fffe", "169.254.1.1", "fe80::1", "fe80::1%1", "224.0.0.1",
     "ff02::1", "0.0.0.0", "0.1.2.3", "::", "198.18.0.1", "192.0.2.1", "203.0.113.1", "240.0.0.1",
     "255.255.255.255", "192.0.0.8", "2001:db8::1", "100::1", "5f00::1"],
)  # fmt: skip
def test_what_is_public_reserved_or_nobodys_is_not_near(address: str) -> None:
    assert not is_near(ip_address(address))


def test_what_is_near_is_not_public() -> None:
    """Whatever is in one list by mistake is missing in the other."""
    for network in NEAR:
        inside = list(with_embedded(ip_network(network)[-1]))
        assert any(each in listed for each in inside for listed, _ in NOT_PUBLIC)


def test_a_mapped_address_is_the_one_inside() -> None:
    assert str(plain(ip_address("::ffff:10.0.0.1"))) == "10.0.0.1"
    assert str(plain(ip_address("64:ff9b::10.0.0.1"))) == "64:ff9b::a00:1"
    assert [str(each) for each in with_embedded(ip_address("2002:a00:1::1"))] == [
        "2002:a00:1::1",
        "10.0.0.1",
    ]


def test_what_nothing_is_sent_to_is_described() -> None:
    assert all(what and network.num_addresses for network, what in NEVER)
