"""What pytest-socket forbids is asked of its own functions, whoever stands on them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_socket

from mockserver.transport.process_guard import all_forbidden, forbidden

pytestmark = pytest.mark.filterwarnings("ignore:A test tried to use")


@pytest.fixture(autouse=True)
def unguarded() -> Iterator[None]:
    connect = vars(socket.socket).get("connect")
    yield
    pytest_socket.enable_socket()
    if connect is None:
        if "connect" in vars(socket.socket):
            del socket.socket.connect
    else:
        socket.socket.connect = connect  # type: ignore[method-assign]


def test_nothing_is_forbidden_unless_somebody_does() -> None:
    assert all_forbidden() is None
    assert forbidden("127.0.0.1", 9) is None
    assert forbidden("203.0.113.7", 9) is None


@pytest.mark.parametrize("allowed", [["127.0.0.1", "::1"], ["127.0.0.0/8", "::/64"]])
def test_only_what_is_allowed_may_be_connected_to(allowed: list[str]) -> None:
    pytest_socket.socket_allow_hosts(allowed)
    assert all_forbidden() is None
    assert forbidden("127.0.0.1", 9) is None
    assert forbidden("::1", 9) is None
    for address in ("203.0.113.7", "2001:db8::7"):
        why = forbidden(address, 9) or ""
        assert f'with host "{address}" (allowed: "{",".join(sorted(allowed))}")' in why
        assert f"name {address} in --allow-hosts" in why


def test_whoever_stands_on_it_does_not_hide_it() -> None:
    pytest_socket.socket_allow_hosts(["127.0.0.1"])
    guarded = socket.socket.connect

    def on_top(sock: Any, address: Any) -> Any:
        raise AssertionError("that is for others")

    on_top.__wrapped__ = guarded  # type: ignore[attr-defined]
    socket.socket.connect = on_top  # type: ignore[method-assign]
    assert forbidden("127.0.0.1", 9) is None
    assert "pytest-socket forbids it" in (forbidden("127.0.0.2", 9) or "")


def test_all_may_be_forbidden() -> None:
    pytest_socket.disable_socket()
    for why in (all_forbidden(), forbidden("127.0.0.1", 9), forbidden("::1", 9)):
        assert "every connection of this test: A test tried to use socket.socket." in (why or "")
        assert "@pytest.mark.enable_socket" in (why or "")


@pytest.mark.filterwarnings("error")
def test_a_warning_that_is_an_error_is_the_same_reason() -> None:
    pytest_socket.socket_allow_hosts(["127.0.0.1"])
    assert 'with host "127.0.0.2"' in (forbidden("127.0.0.2", 9) or "")
    pytest_socket.disable_socket()
    assert "tried to use socket.socket" in (all_forbidden() or "")


def test_a_function_in_the_place_of_the_class_forbids_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    genuine = socket.socket
    monkeypatch.setattr(socket, "socket", lambda *given: genuine(*given))
    assert all_forbidden() is None
    assert forbidden("127.0.0.1", 9) is None
