"""What a server speaks TLS with: files that will do, and a line for each that will not."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from mockserver.core.errors import InvalidValue
from mockserver.net.certificates import make_server_context, read_server_context
from mockserver.net.trust import check_server_context, client_context, with_system_certificates
from tests.certificates import authority, ca_file_in


class Files:
    """A certificate for loopback, in all the forms it may be handed in."""

    def __init__(self, folder: Path) -> None:
        issued = authority().issue_cert("127.0.0.1")
        other = authority().issue_cert("127.0.0.1")
        key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
        encrypted = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"a password"),
        )
        certificate = b"".join(part.bytes() for part in issued.cert_chain_pems)
        contents = {
            "cert": certificate,
            "key": issued.private_key_pem.bytes(),
            "both": issued.private_key_and_cert_chain_pem.bytes(),
            "other": other.private_key_pem.bytes(),
            "encrypted": encrypted,
            "broken_cert": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "broken_key": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "text": b"appId: a\n",
            "empty": b"",
        }
        self._folder = folder
        for name, content in contents.items():
            (folder / name).write_bytes(content)

    def __getitem__(self, name: str) -> str:
        return str(self._folder / name)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.mark.parametrize(("cert", "key"), [("cert", "key"), ("both", None), ("both", "key")])
def test_certificate_and_key_in_one_file_or_two(
    cert: str, key: str | None, files: Files, tmp_path: Path
) -> None:
    context = read_server_context(files[cert], None if key is None else files[key])
    check_server_context(context, "127.0.0.1", ca_file_in(tmp_path))


@pytest.mark.parametrize(
    ("cert", "key", "expected"),
    [
        ("missing", "key", r"tls_cert '.*missing' cannot be read: No such file"),
        ("cert", "missing", r"tls_key '.*missing' cannot be read: No such file"),
        ("", "key", r"tls_cert '.*' cannot be read: Is a directory"),
        ("nul\0", "key", r"tls_cert .* cannot be read: embedded null byte"),
        ("cert", None, r"tls_cert '.*cert' has no private key in PEM; give the file .* tls_key"),
        ("key", "cert", r"tls_cert '.*key' has no certificate"),
        ("text", "key", r"tls_cert '.*text' has no certificate"),
        ("empty", "key", r"tls_cert '.*empty' has no certificate"),
        ("cert", "text", r"tls_key '.*text' has no private key in PEM$"),
        ("cert", "empty", r"tls_key '.*empty' has no private key in PEM$"),
        ("cert", "other", r"key in '.*other' does not belong to the certificate in '.*cert'"),
        ("cert", "encrypted", r"key in '.*encrypted' is encrypted; write it without"),
        ("broken_cert", "key", r"cannot be used: .*; give PEM files"),
        ("cert", "broken_key", r"cannot be used: .*; give PEM files"),
    ],
)
def test_what_cannot_be_used_is_a_line(
    cert: str, key: str | None, expected: str, files: Files
) -> None:
    with pytest.raises(InvalidValue, match=expected) as refused:
        read_server_context(files[cert], None if key is None else files[key])
    assert "\n" not in str(refused.value)


def test_one_made_on_the_spot_is_believed_by_who_has_its_authority(tmp_path: Path) -> None:
    context, ca = make_server_context(["127.0.0.1", "localhost", "::1", "127.0.0.1"])
    file = tmp_path / "ca.pem"
    file.write_bytes(ca)
    for host in ("127.0.0.1", "localhost", "::1"):
        check_server_context(context, host, file)
    with pytest.raises(InvalidValue, match="not believed"):
        check_server_context(context, "127.0.0.2", file)
    with pytest.raises(InvalidValue, match="not believed"):
        check_server_context(context, "127.0.0.1")


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(InvalidValue, match=r"pip install 'postbacks\[tls\]'.*tls_cert and tls_key"):
        make_server_context(["localhost"])


class TestAddedToTheSystems:
    def test_both_are_believed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        systems = trustme.CA()
        systems_file = tmp_path / "system.pem"
        systems.cert_pem.write_to_path(str(systems_file))
        monkeypatch.setenv("SSL_CERT_FILE", str(systems_file))
        together = tmp_path / "together.pem"
        # Each of the system's is in once, also if it is in a folder as well.
        folder = tmp_path / "certs"
        folder.mkdir()
        systems.cert_pem.write_to_path(str(folder / "0123abcd.0"))
        monkeypatch.setenv("SSL_CERT_DIR", str(folder))
        together.write_bytes(with_system_certificates([ca_file_in(tmp_path)]))
        assert together.read_bytes().count(b"BEGIN CERTIFICATE") == 2
        for issuer in (systems, authority()):
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            issuer.issue_cert("127.0.0.1").configure_cert(context)
            check_server_context(context, "127.0.0.1", together)

    def test_a_folder_of_the_system_counts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = tmp_path / "certs"
        folder.mkdir()
        trustme.CA().cert_pem.write_to_path(str(folder / "0123abcd.0"))
        (folder / "4567abcd.0").write_text("no certificate")
        (folder / "README").write_text("nor this")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
        monkeypatch.setenv("SSL_CERT_DIR", str(folder))
        together = tmp_path / "together.pem"
        together.write_bytes(with_system_certificates([ca_file_in(tmp_path)]))
        assert len(client_context(together).get_ca_certs()) == 2

    def test_a_file_without_certificates_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidValue, match=r"ca_file '.*missing\.pem' cannot be used"):
            with_system_certificates([tmp_path / "missing.pem"])
