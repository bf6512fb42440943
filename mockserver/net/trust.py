"""Says whose certificates a client trusts, and whether a server's TLS context will do for it.

That is asked when a sandbox starts. Otherwise every postback to its own receiver would fail, one
by one.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable
from pathlib import Path

from mockserver.core.errors import InvalidValue


def client_context(ca_file: str | Path | None = None) -> ssl.SSLContext:
    """Return how a client checks certificates.

    Args:
        ca_file: A PEM file with the certificates to trust in place of the system's.

    Raises:
        InvalidValue: There is no such file, or no certificate in it.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise InvalidValue(
            f"ca_file '{ca_file}' cannot be used: {reason_of(error)}; give the path of a PEM "
            "file with the certificate of the authority that issued the server's"
        ) from None


def with_system_certificates(ca_files: Iterable[str | Path]) -> bytes:
    """Return as PEM what the system trusts, and the certificates of these files with it.

    Raises:
        InvalidValue: There is no such file, or no certificate in it.
    """
    # Most systems have each of theirs in a file and in a folder.
    parts = [ssl.DER_cert_to_PEM_cert(each) for each in dict.fromkeys(_system_certificates())]
    for ca_file in ca_files:
        client_context(ca_file)
        parts.append(Path(ca_file).read_text(encoding="utf-8", errors="replace"))
    return "\n".join(parts).encode()


def _system_certificates() -> Iterable[bytes]:
    yield from ssl.create_default_context().get_ca_certs(binary_form=True)
    # Those in a folder are looked up there when they are needed, so the context has none of them.
    folder = ssl.get_default_verify_paths().capath
    for path in sorted(Path(folder).iterdir()) if folder and Path(folder).is_dir() else ():
        if _HASHED.fullmatch(path.name) and path.is_file():
            yield from _certificates_in(path)


def _certificates_in(path: Path) -> Iterable[bytes]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(path)
    except OSError:
        return
    yield from context.get_ca_certs(binary_form=True)


#: How OpenSSL finds a certificate in a folder: by a hash of its subject.
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")


def check_server_context(
    context: object,
    host: str,
    ca_file: str | Path | None = None,
    *,
    trusted: str | None = None,
    verify: bool = True,
) -> None:
    """Check in a handshake in memory that clients trust a server with this context.

    Args:
        context: What the server is to use.
        host: The name or address in its URL.
        ca_file: A PEM file with the certificates that clients trust; the system's unless given.
        trusted: Whose certificates that are, for the message, e.g. `the system trusts`.
        verify: Whether clients check certificates; if not, it only has to serve.

    Raises:
        InvalidValue: It is no context of a server, has no certificate, or has one that is not
            for `host` or not trusted.
    """
    if not isinstance(context, ssl.SSLContext):
        raise InvalidValue(f"the TLS context must be an ssl.SSLContext, got {context!r}; {_MAKE}")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    trusting = client_context(ca_file)
    if not verify:
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
    client = trusting.wrap_bio(to_client, to_server, server_hostname=host)
    try:
        server = context.wrap_bio(to_server, to_client, server_side=True)
        _shake_hands(client, server)
    except ssl.SSLCertVerificationError as error:
        if trusted is None:
            trusted = "the system trusts" if ca_file is None else f"ca_file '{ca_file}' has"
        raise InvalidValue(
            f"the certificate of the TLS context is not believed at {host}: "
            f"{error.verify_message}; issue it for {host}, by an authority whose certificate "
            f"{trusted}, or give the ca_file that has it"
        ) from None
    except ssl.SSLError as error:
        raise InvalidValue(f"the TLS context cannot serve: {reason_of(error)}; {_MAKE}") from None


def _shake_hands(client: ssl.SSLObject, server: ssl.SSLObject) -> None:
    done: set[ssl.SSLObject] = set()
    # Three rounds are enough; a side that is not done by then never will be.
    for side in (client, server) * 5:
        try:
            side.do_handshake()
            done.add(side)
        except ssl.SSLWantReadError:
            pass
    if len(done) < 2:
        raise ssl.SSLError("the handshake did not come to an end")


def reason_of(error: OSError) -> str:
    """Return in words what OpenSSL or the system did not like."""
    # `reason` is OpenSSL's name of the mistake, `strerror` has the line of its source as well.
    reason = getattr(error, "reason", None) or error.strerror or str(error)
    return str(reason).replace("_", " ").lower()


_MAKE = (
    "make it with ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), and give it a certificate "
    "with load_cert_chain"
)
