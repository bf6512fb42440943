"""Reads or makes the certificate that a server speaks TLS with."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from mockserver.core.errors import InvalidValue
from mockserver.net.trust import reason_of
from mockserver.net.user_file import read_user_file


def read_server_context(cert_file: str, key_file: str | None) -> ssl.SSLContext:
    """Return the context of a server with this certificate.

    Whether clients believe it is another question, see `net.trust`.

    Args:
        cert_file: A PEM file with the certificate, and those between it and its authority.
        key_file: A PEM file with its private key; None if `cert_file` has that as well.

    Raises:
        InvalidValue: A file is missing, does not have what it should, or has an encrypted key, or
            the key is another certificate's.
    """
    if b"-----BEGIN CERTIFICATE-----" not in _content(cert_file, "tls_cert"):
        raise InvalidValue(f"tls_cert '{cert_file}' has no certificate; give a PEM file with one")
    name = "tls_cert" if key_file is None else "tls_key"
    if b"PRIVATE KEY-----" not in _content(key_file or cert_file, name):
        more = "; give the file that has it as tls_key" if key_file is None else ""
        raise InvalidValue(f"{name} '{key_file or cert_file}' has no private key in PEM{more}")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # Without a function for the password OpenSSL would ask for it on the terminal.
        context.load_cert_chain(cert_file, key_file, password=_no_password)
    except _Encrypted:
        raise InvalidValue(
            f"the private key in '{key_file or cert_file}' is encrypted; write it without a "
            "password, e.g. with `openssl pkey -in KEY -out PLAIN`, and give that file"
        ) from None
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise InvalidValue(
                f"the private key in '{key_file or cert_file}' does not belong to the certificate "
                f"in '{cert_file}'; give the two that were made together"
            ) from None
        raise InvalidValue(
            f"tls_cert '{cert_file}' and the key in '{key_file or cert_file}' cannot be used: "
            f"{reason_of(error)}; give PEM files as OpenSSL writes them"
        ) from None
    return context


def make_server_context(names: Iterable[str]) -> tuple[ssl.SSLContext, bytes]:
    """Make an authority and a certificate of it; their keys are kept in memory only.

    Args:
        names: The names and addresses that the server is called by.

    Returns:
        The context of the server, and the authority's certificate as PEM.

    Raises:
        InvalidValue: The library that makes them is not installed.
    """
    try:
        import trustme
    except ImportError:
        raise InvalidValue(
            "a certificate made on the spot needs the package trustme: pip install "
            "'postbacks[tls]', or give files of your own as tls_cert and tls_key"
        ) from None
    authority = trustme.CA(organization_name="postbacks", organization_unit_name="this sandbox")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*dict.fromkeys(names)).configure_cert(context)
    return context, authority.cert_pem.bytes()


class _Encrypted(Exception):
    pass


def _no_password() -> NoReturn:
    raise _Encrypted


def _content(file: str, name: str) -> bytes:
    try:
        return read_user_file(Path(file))
    except (OSError, ValueError) as error:
        raise InvalidValue(
            f"{name} '{file}' cannot be read: {getattr(error, 'strerror', None) or error}; give "
            "the path of a PEM file"
        ) from None
