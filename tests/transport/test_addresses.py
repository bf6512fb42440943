from __future__ import annotations

import ipaddress
import socket

import pytest

from mockserver.core.errors import InvalidValue
from mockserver.core.send_to import send_to
from mockserver.transport.addresses import AddressGuard, AddressPolicy

LOCAL = AddressGuard()
PUBLIC = AddressGuard("public")

EVERYBODYS = ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2001:4860:4860::8888"]

OWN = [
    "127.0.0.1",
    "127.9.9.9",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::1",
]

NOBODYS = [
    "169.254.169.254",
    "169.254.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "239.255.255.250",
    "::",
    "fe80::1",
    "fe80::1%1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "ff02::1",
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "2001:0:53aa:64c:0:0:5601:5601",
]

RESERVED = [
    "0.1.2.3",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.3",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "240.0.0.1",
    "100::1",
    "2001:0:1::",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "fec0::1",
]


@pytest.mark.parametrize("address", EVERYBODYS)
def test_the_internet_may_be_reached_under_both_policies(address: str) -> None:
    assert LOCAL.reason(address) is None
    assert PUBLIC.reason(address) is None


@pytest.mark.parametrize("address", OWN)
def test_loopback_and_private_addresses_may_be_reached_unless_public(address: str) -> None:
    assert LOCAL.reason(address) is None
    assert PUBLIC.reason(address) is not None


@pytest.mark.parametrize("address", NOBODYS)
def test_metadata_multicast_and_unspecified_addresses_are_never_reached(address: str) -> None:
    assert LOCAL.reason(address) is not None
    assert PUBLIC.reason(address) is not None


@pytest.mark.parametrize("address", RESERVED)
def test_reserved_addresses_are_not_public(address: str) -> None:
    assert PUBLIC.reason(address) is not None


def test_the_reason_names_the_setting_that_allows_it() -> None:
    reason = PUBLIC.reason("10.1.2.3")
    assert reason is not None
    assert 'set addresses to "local"' in reason
    reason = LOCAL.reason("169.254.169.254")
    assert reason is not None
    assert 'AddressGuard(allowed=["169.254.169.254"])' in reason


def test_the_reason_names_the_address_that_is_hidden_in_another() -> None:
    assert "stands for 169.254.169.254" in (LOCAL.reason("64:ff9b::a9fe:a9fe") or "")
    assert "stands for 127.0.0.1" in (PUBLIC.reason("::ffff:127.0.0.1") or "")


@pytest.mark.parametrize("allowed", ["169.254.169.254", "169.254.0.0/16", "169.254.1.2/16"])
def test_an_allowed_network_is_allowed_whatever_the_policy(allowed: str) -> None:
    assert AddressGuard(allowed=(allowed,)).reason("169.254.169.254") is None
    assert AddressGuard("public", (allowed,)).reason("169.254.169.254") is None
    assert AddressGuard("public", (allowed,)).reason("10.0.0.1") is not None


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "0.0.0.0", "::"],
)
@pytest.mark.parametrize("policy", ["local", "public"])
def test_the_port_of_our_own_api_is_closed_on_this_machine(
    policy: AddressPolicy, address: str
) -> None:
    guard = AddressGuard(policy, ("0.0.0.0/0", "::/0"), api_port=8780)
    assert "8780 is this sandbox's own API" in (guard.reason(address, 8780) or "")
    assert guard.reason(address, 8781) is None
    assert guard.reason(address) is None


def test_an_address_of_this_machine_in_a_network_is_one_of_this_machine() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: this only asks which of our addresses it would be sent from.
            probe.connect((EVERYBODYS[0], 9))
        except OSError:
            pytest.skip("this machine is in no network")
        ours = probe.getsockname()[0]
    guard = AddressGuard(api_port=8780)
    for address in (ours, f"::ffff:{ours}"):
        assert "this sandbox's own API" in (guard.reason(address, 8780) or "")
        assert guard.reason(address, 8781) is None


@pytest.mark.parametrize("address", [*EVERYBODYS, "203.0.113.77", "10.255.255.7", "2001:db8::77"])
def test_the_same_port_of_another_machine_is_open(address: str) -> None:
    assert AddressGuard(api_port=8780).reason(address, 8780) is None


@pytest.mark.parametrize("text", ["localhost", "", "127.1", "0x7f000001", "1.2.3.4:80"])
def test_what_is_no_address_is_not_sent_to(text: str) -> None:
    assert "no IP address" in (LOCAL.reason(text) or "")


def test_everything_that_python_calls_private_is_not_public() -> None:
    # An independent list; ours may block more, never less.
    for first in range(256):
        for second in range(256):
            address = ipaddress.ip_address(f"{first}.{second}.0.1")
            if address.is_private or address.is_reserved or address.is_multicast:
                assert PUBLIC.reason(str(address)) is not None, address


def test_a_wrong_setting_is_refused() -> None:
    with pytest.raises(InvalidValue, match=r"'private'; allowed: local, public"):
        AddressGuard("private")  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match=r"does not understand 'example\.com'"):
        AddressGuard(allowed=("example.com",))


CLOSED = AddressGuard(send_to=send_to([]))


@pytest.mark.parametrize("address", [*EVERYBODYS, "::ffff:8.8.8.8", "64:ff9b::808:808", *RESERVED])
def test_closed_it_reaches_nothing_public_unless_named(address: str) -> None:
    if address in ("fec0::1", "2001:0:1::"):
        return  # the one is private, the other stands for the broadcast address
    reason = CLOSED.reason(address, 443, "https://shop.example/in") or ""
    shown = address.removeprefix("::ffff:")
    assert f"serve is closed for shop.example ({shown}), which is neither" in reason
    assert reason.endswith(": start it with --send-to shop.example")
    for entry in ("shop.example", "shop.example:443", "*", address):
        guard = AddressGuard(send_to=send_to([entry]))
        assert guard.reason(address, 443, "https://shop.example/in") is None
    guard = AddressGuard(send_to=send_to(["shop.example:80", "www.shop.example"]))
    assert guard.reason(address, 443, "https://shop.example/in") is not None
    literal = CLOSED.reason(
        address, 443, f"https://{f'[{address}]' if ':' in address else address}/"
    )
    assert f"closed for {shown}, which" in (literal or "")
    assert (literal or "").endswith(f"--send-to {shown}")


@pytest.mark.parametrize("address", OWN)
def test_closed_it_reaches_this_machine_and_private_networks(address: str) -> None:
    reason = CLOSED.reason(address, 443, "https://shop.example/in")
    # A relay on the internet would have to pass that on.
    assert (reason is not None) is address.startswith("2002:")


@pytest.mark.parametrize("address", NOBODYS)
def test_to_name_a_host_opens_nothing_that_is_never_reached(address: str) -> None:
    for guard in (CLOSED, AddressGuard(send_to=send_to(["*", "shop.example", "0.0.0.0/0"]))):
        reason = guard.reason(address, 443, "https://shop.example/in") or ""
        assert "nothing is sent there" in reason


def test_closed_it_reaches_this_machine_by_its_own_public_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mockserver.transport.addresses._is_near", lambda address: False)
    assert CLOSED.reason("127.0.0.1") is None
    assert CLOSED.reason("::ffff:127.0.0.1") is None
    assert CLOSED.reason("203.0.113.1") is not None


def test_public_keeps_its_meaning() -> None:
    guard = AddressGuard("public", send_to=send_to(["shop.example", "10.1.2.3"]))
    url = "https://shop.example/in"
    assert "set addresses to" in (guard.reason("10.1.2.3", 443, url) or "")
    assert "set addresses to" in (guard.reason("127.0.0.1", 443, url) or "")
    assert guard.reason("8.8.8.8", 443, url) is None
    assert "--send-to a.example" in (guard.reason("8.8.8.8", 443, "https://a.example/") or "")


def test_what_the_library_allows_is_not_closed() -> None:
    guard = AddressGuard(allowed=("8.8.8.0/24",), send_to=send_to([]))
    assert guard.reason("8.8.8.8") is None
    assert guard.reason("8.8.9.8") is not None
