"""Decides which certificate `postbacks serve` shows, and whose certificates it believes."""

from __future__ import annotations

import re
import socket
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from mockserver.cli.exposure import is_exposed
from mockserver.config import Config
from mockserver.core.errors import InvalidValue
from mockserver.net.certificates import make_server_context, read_server_context
from mockserver.net.listener import reached_at
from mockserver.net.trust import check_server_context, with_system_certificates


@dataclass(frozen=True, slots=True)
class ServingTls:
    """What `serve` speaks TLS with, and what it asks of others.

    Attributes:
        context: The servers' context; None for plain HTTP.
        trusted_file: A PEM file with all that is trusted where a postback goes to https; None for
            what the system trusts.
        client_ca_file: The PEM file that clients of this server need; None if they need none.
    """

    context: ssl.SSLContext | None = None
    trusted_file: Path | None = None
    client_ca_file: str | None = None


def tls_of(config: Config, place: str, stack: ExitStack) -> ServingTls:
    """Return what was asked for, checked.

    Args:
        config: What was asked for.
        place: Of the ledger, which is open. The certificate of an authority that is made on the
            spot is put beside it, so that clients find it at the same path after a restart.
        stack: Gets what removes files that are for this start only.

    Raises:
        InvalidValue: A certificate or a key cannot be used, or the sandbox would not believe its
            own receiver.
    """
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="postbacks-")))
    context = None
    # Clients may be called from other folders.
    client_ca_file = None if config.ca_file is None else str(Path(config.ca_file).absolute())
    ca_files = [] if config.ca_file is None else [config.ca_file]
    if config.tls_cert is not None:
        context = read_server_context(config.tls_cert, config.tls_key)
    elif config.tls:
        context, authority = make_server_context(_names_of(config))
        client_ca_file = str(_put_beside(place, folder, authority))
        ca_files.append(client_ca_file)
    trusted_file = None
    if ca_files:
        trusted_file = folder / "trusted.pem"
        trusted_file.write_bytes(with_system_certificates(ca_files))
    if context is not None:
        check_server_context(
            context,
            reached_at(config.host),
            trusted_file,
            trusted="the system or ca_file has" if config.ca_file else "the system has",
            verify=not config.insecure,
        )
    if context is None or (config.tls_cert and config.ca_file is None):
        # Nobody asks this server for a certificate, or the system believes the one it shows.
        client_ca_file = None
    return ServingTls(context, trusted_file, client_ca_file)


def _names_of(config: Config) -> list[str]:
    """Return the names and addresses that clients may call the servers by."""
    names = ["127.0.0.1", "::1", "localhost", reached_at(config.host), *config.allow_hosts]
    if is_exposed(config.host):
        names.append(socket.gethostname())
        names += _outward_addresses()
    return [name for name in names if _CERTIFIABLE.fullmatch(name)]


def _outward_addresses() -> Iterator[str]:
    """Yield the addresses of this machine by which others are reached, and so it by them."""
    for family, elsewhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            # Nothing is sent: it only asks the system which way that would be.
            probe.connect((elsewhere, 9))
            yield str(probe.getsockname()[0]).partition("%")[0]


#: What a certificate can be for: a name of the domain name system, or an address.
_CERTIFIABLE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+")


def _put_beside(place: str, folder: Path, content: bytes) -> Path:
    ledger = Path(place.removeprefix("sqlite:///"))
    path = folder / "ca.pem"
    if ledger.is_file():
        path = ledger.with_name(f"{ledger.name}.ca.pem")
    try:
        # In a folder of its own, so that nothing half-made is left beside the ledger.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f"{path.name}.") as making:
            unfinished = Path(making) / path.name
            unfinished.touch(mode=0o600)
            unfinished.write_bytes(content)
            # Whatever is there is replaced and not followed.
            unfinished.replace(path)
    except OSError as error:
        raise InvalidValue(f"cannot write {path}: {error.strerror}; use another --db") from None
    return path
