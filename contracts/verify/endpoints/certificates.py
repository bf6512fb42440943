"""Breaks endpoints in their TLS: a certificate, a date, a version.

trustme is imported only when one of them is served.
"""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from contracts.verify.endpoints.connections import HOST
from contracts.verify.endpoints.deviant_endpoint import EndpointVariant, Serve, Served
from contracts.verify.endpoints.serving import LOOPBACK, PATIENT, EndpointServer, running
from contracts.verify.endpoints.shop import Shop, Store
from mockserver.core.clock import ManualClock

if TYPE_CHECKING:
    import trustme

#: The module that makes certificates.
NEEDS = ("trustme",)
_A_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Shown:
    """The certificate and TLS settings that a server shows a client.

    Attributes:
        host: The host that its certificate names.
        valid_for: How long the certificate is still valid; negative if it has expired.
        is_trusted: Whether clients trust the authority that signed it.
        prepare: Changes the TLS settings of the server.
    """

    host: str = HOST
    valid_for: timedelta = _A_YEAR
    is_trusted: bool = True
    prepare: Callable[[ssl.SSLContext], None] = lambda context: None


def over_tls(shown: Shown | None = None) -> Serve:
    """Return what runs a good shop over TLS.

    Args:
        shown: Its certificate and TLS settings; good ones unless given.
    """
    shows = shown or Shown()

    @contextmanager
    def serve(store: Store) -> Iterator[Served]:
        import trustme

        trusted = trustme.CA()
        signer = trusted if shows.is_trusted else trustme.CA()
        context = _context(shows, signer)
        with (
            TemporaryDirectory(prefix="postbacks-") as folder,
            running(EndpointServer(Shop(store, ManualClock()), context=context)) as server,
        ):
            ca_file = Path(folder) / "ca.pem"
            trusted.cert_pem.write_to_path(str(ca_file))
            yield Served(
                f"https://{HOST}:{server.port}",
                ca_file=str(ca_file),
                resolve=lambda host, port: [LOOPBACK],
                timeout=PATIENT,
            )

    return serve


def _context(shows: Shown, signer: trustme.CA) -> ssl.SSLContext:
    ends_at = datetime.now(UTC) + shows.valid_for
    begins_at = min(datetime.now(UTC), ends_at) - _A_YEAR
    certificate = signer.issue_cert(shows.host, not_before=begins_at, not_after=ends_at)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    shows.prepare(context)
    return context


def _speak_old(context: ssl.SSLContext) -> None:
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        # The warning says that old versions are deprecated, which is why they are used here.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1


def _deviant(name: str, change: str, shown: Shown) -> EndpointVariant:
    return EndpointVariant(name, "reach", change, over_tls(shown), needs=NEEDS)


DEVIANTS: tuple[EndpointVariant, ...] = (
    _deviant(
        "wrong-tls-host",
        "Its certificate names another host.",
        Shown(host="www.shop.test"),
    ),
    _deviant(
        "untrusted-certificate",
        "Its certificate is signed by an authority that nobody knows.",
        Shown(is_trusted=False),
    ),
    _deviant(
        "expired-certificate",
        "Its certificate has expired yesterday.",
        Shown(valid_for=timedelta(days=-1)),
    ),
    _deviant(
        "certificate-expires-soon",
        "Its certificate expires within the week.",
        Shown(valid_for=timedelta(days=6)),
    ),
    _deviant(
        "old-tls",
        "It speaks TLS 1.1, and nothing newer.",
        Shown(prepare=_speak_old),
    ),
)
