"""Where a sandbox sends is told as it was configured, and certificates count as for postbacks."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from mockserver import Sandbox, SocketOptions
from tests.certificates import ca_file_in


@pytest.mark.parametrize("send_to", [None, (), ("shop.example", "203.0.113.0/24")])
def test_it_judges_as_the_transport_does(send_to: tuple[str, ...] | None) -> None:
    with Sandbox(sockets=SocketOptions(send_to=send_to, api_port=5)) as sandbox:
        reach = sandbox.reach
        assert (reach.named is None) is (send_to is None)
        assert reach.guard.reason("127.0.0.1", 4) is None
        assert "own API" in (reach.guard.reason("127.0.0.1", 5) or "")
        is_open = reach.guard.reason("203.0.113.7", 80, "http://203.0.113.7/") is None
        assert is_open is (send_to != ())


@pytest.mark.parametrize("verify", [True, False])
def test_certificates_are_checked_as_told(verify: bool, tmp_path: Path) -> None:
    options = SocketOptions(ca_file=ca_file_in(tmp_path), verify_tls=verify)
    with Sandbox(sockets=options) as sandbox:
        context = sandbox.reach.client_tls()
    assert context.check_hostname is verify
    assert context.verify_mode is (ssl.CERT_REQUIRED if verify else ssl.CERT_NONE)
    assert len(context.get_ca_certs()) == 1
