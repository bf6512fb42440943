"""Who believes a certificate: what does not fit is told in a line, before anybody meets it."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from mockserver.core.errors import InvalidValue
from mockserver.net.trust import check_server_context, client_context
from tests.certificates import authority, ca_file_in, server_context


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_certificate_for_the_host_by_a_trusted_authority_will_do(
    host: str, tmp_path: Path
) -> None:
    check_server_context(server_context(), host, ca_file_in(tmp_path))


def test_the_system_may_trust_the_authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ca_file_in(tmp_path)))
    check_server_context(server_context(), "127.0.0.1")


def test_a_certificate_for_another_host_is_told(tmp_path: Path) -> None:
    context = server_context("shop.example")
    expected = r"not believed at 127\.0\.0\.1: IP address mismatch.*issue it for 127\.0\.0\.1"
    with pytest.raises(InvalidValue, match=expected):
        check_server_context(context, "127.0.0.1", ca_file_in(tmp_path))


def test_an_authority_that_is_not_trusted_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=r"self.signed|unable to get.*the system trusts"):
        check_server_context(server_context(), "127.0.0.1")
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    with pytest.raises(InvalidValue, match=r"not believed.*ca_file '.*other\.pem' has"):
        check_server_context(server_context(), "127.0.0.1", other)


def test_what_cannot_serve_is_told(tmp_path: Path) -> None:
    ca_file = ca_file_in(tmp_path)
    without = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    of_a_client = ssl.create_default_context()
    wants_a_certificate = server_context()
    wants_a_certificate.verify_mode = ssl.CERT_REQUIRED
    authority().configure_trust(wants_a_certificate)
    for context in (without, of_a_client, wants_a_certificate):
        with pytest.raises(InvalidValue, match=r"cannot serve: .*load_cert_chain"):
            check_server_context(context, "127.0.0.1", ca_file)
    with pytest.raises(InvalidValue, match=r"must be an ssl\.SSLContext, got 'cert\.pem'"):
        check_server_context("cert.pem", "127.0.0.1", ca_file)


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_without_certificates_is_told(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InvalidValue, match=r"ca_file '.*ca\.pem' cannot be used: .*PEM"):
        client_context(path)
