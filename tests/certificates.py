"""An authority of our own, and who trusts it: what the tests of TLS share."""

from __future__ import annotations

import socket
import ssl
from functools import cache
from pathlib import Path

import trustme

from mockserver.net.raw_client import RawClient


@cache
def authority() -> trustme.CA:
    """Return the authority that issues all there is; making one takes a while."""
    return trustme.CA()


def server_context(*names: str) -> ssl.SSLContext:
    """Return the context of a server that is called so; 127.0.0.1 and localhost unless told."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate = authority().issue_cert(*(names or ("127.0.0.1", "localhost")))
    certificate.configure_cert(context)
    return context


def trusting_context() -> ssl.SSLContext:
    """Return the context of a client that trusts the authority."""
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


def ca_file_in(folder: Path) -> Path:
    """Return a file with the certificate of the authority."""
    path = folder / "ca.pem"
    authority().cert_pem.write_to_path(str(path))
    return path


class TlsRawClient(RawClient):
    """One connection over TLS.

    Args:
        context: The client's; one that trusts the authority unless given.
        strict: Whether an end that nobody announced is an error (SSLEOFError).
    """

    socket: ssl.SSLSocket

    def __init__(
        self,
        host: str,
        port: int,
        context: ssl.SSLContext | None = None,
        *,
        strict: bool = False,
    ) -> None:
        super().__init__(host, port)
        plain: socket.socket = self.socket
        # Handed over, so that a failing handshake leaves nothing open.
        self.socket = (context or trusting_context()).wrap_socket(
            plain, server_hostname=host, suppress_ragged_eofs=not strict
        )
