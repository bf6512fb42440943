"""Listening sockets, and what servers are called by."""

from __future__ import annotations

import socket

import pytest

from mockserver.core.errors import AddressUnavailable
from mockserver.net.listener import host_in_url, listening_socket, origin_of, reached_at


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_it_listens_and_does_not_block(host: str) -> None:
    with listening_socket(host, 0) as listener:
        assert not listener.getblocking()
        with pytest.raises(BlockingIOError):
            listener.accept()
        with socket.create_connection(listener.getsockname()[:2], timeout=5):
            accepted, _ = listener.accept()
            accepted.close()


def test_a_port_that_is_taken_is_refused_with_the_way_out() -> None:
    with listening_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressUnavailable) as refused:
            listening_socket("127.0.0.1", port, "the receiver")
    assert str(refused.value).startswith(f"the receiver cannot listen at 127.0.0.1 port {port}: ")
    assert str(refused.value).endswith(
        "; choose another port (0 picks a free one) or stop what listens there"
    )


def test_a_server_without_a_name_is_refused_too() -> None:
    with pytest.raises(AddressUnavailable, match=r"^cannot listen at 192\.0\.2\.1 port 0: "):
        listening_socket("192.0.2.1", 0)


def test_a_port_is_free_again_at_once() -> None:
    with listening_socket("127.0.0.1", 0) as first:
        address = first.getsockname()
        with socket.create_connection(address, timeout=5) as client:
            accepted, _ = first.accept()
            # This side closes first, so its end of the connection lingers.
            accepted.close()
            client.recv(1)
    listening_socket(*address).close()


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("localhost", "http://localhost:80"),
    ],
)
def test_a_server_is_called_by_what_clients_can_reach(host: str, origin: str) -> None:
    assert origin_of("http", reached_at(host), 80) == origin


def test_only_ipv6_addresses_are_put_in_brackets() -> None:
    assert host_in_url("fe80::1") == "[fe80::1]"
    assert host_in_url("a.example") == "a.example"


@pytest.mark.parametrize(
    ("host", "way_out"),
    [
        ("nowhere.invalid", "it is no name that is known here"),
        ("192.0.2.1", "this machine has no such address"),
        ("ü" * 70, "it is no name that is known here"),
        ("\ud800", "it is no name that is known here"),
    ],
)
def test_what_is_wrong_with_a_host_is_not_blamed_on_the_port(host: str, way_out: str) -> None:
    with pytest.raises(AddressUnavailable, match=way_out) as refused:
        listening_socket(host, 0)
    assert "choose another port" not in str(refused.value)
