"""Who adds a rule is told that its postbacks will be refused, and no name is looked up for that."""

from __future__ import annotations

import socket

import pytest

from mockserver.core.send_to import send_to
from mockserver.delivery.foreseen import foreseen_refusal
from mockserver.transport.addresses import AddressGuard

MAYBE = (
    "postbacks to shop.example will be refused unless it resolves to this machine or a private "
    "network; start serve with --send-to shop.example"
)


def foreseen(url: str, *entries: str) -> str | None:
    return foreseen_refusal(url, AddressGuard(api_port=8780, send_to=send_to(entries)))


@pytest.fixture(autouse=True)
def no_lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    def looked_up(*arguments: object) -> None:
        raise AssertionError(arguments)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)


@pytest.mark.parametrize(
    "url",
    ["https://shop.example/in?u={{User ID}}", "http://ada:pw@shop.example:8080/{{User ID}}",
     "HTTPS://shop.example", "https://shop.example?u={{User ID}}#x"],
)  # fmt: skip
def test_a_public_name_that_is_not_named_may_be_refused(url: str) -> None:
    assert foreseen(url) == MAYBE
    assert foreseen(url, "a.example", "*.shop.example", "203.0.113.7") == MAYBE
    for entry in ("shop.example", "*.example", "*"):
        assert foreseen(url, entry) is None


@pytest.mark.parametrize("host", ["203.0.113.7", "[2001:db8::7]", "[::ffff:203.0.113.7]"])
def test_a_public_address_will_be_refused(host: str) -> None:
    said = foreseen(f"http://{host}/in") or ""
    entry = said.rpartition("--send-to ")[2]
    assert "will be refused: serve is closed" in said
    assert foreseen(f"http://{host}/in", entry) is None


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "shop.localhost", "10.1.2.3", "[::1]", "[fd00::1]", "crm",
     "crm:8000", "host.docker.internal", "nas.local", "receiver.test", "box.home.arpa", "crm_1"],
)  # fmt: skip
def test_what_is_near_is_not_spoken_of(host: str) -> None:
    assert foreseen(f"http://{host}/in") is None


def test_what_is_never_sent_to_is_told_whatever_is_named() -> None:
    assert "link-local" in (foreseen("http://169.254.169.254/", "*") or "")
    assert "this sandbox's own API" in (foreseen("http://127.0.0.1:8780/", "*") or "")


def test_nothing_is_foreseen_where_nothing_is_closed() -> None:
    assert foreseen_refusal("https://shop.example/", AddressGuard()) is None


def test_where_only_named_public_hosts_are_sent_to() -> None:
    guard = AddressGuard("public", send_to=send_to(["a.example"]))
    assert "--send-to shop.example" in (foreseen_refusal("https://shop.example/", guard) or "")
    assert "unless it resolves to a named address" in (foreseen_refusal("http://crm/", guard) or "")
    assert "loopback" in (foreseen_refusal("http://127.0.0.1/", guard) or "")
    assert foreseen_refusal("https://a.example/", guard) is None
