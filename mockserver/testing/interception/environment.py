"""Makes the environment in which child processes are answered in Leanplum's place, too.

The server on loopback is also a proxy that leads to itself alone. Most programs ask the proxy that
the environment names, and believe the certificates that it names.
"""

from __future__ import annotations

import os
from pathlib import Path

from mockserver.testing.interception import server
from mockserver.testing.interception.hosts import LOOPBACK

_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
#: What is on this machine is called without the proxy.
_EXCEPTIONS = "localhost,127.0.0.1,::1"
#: Who names a file of certificates here believes these and no others.
_BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def environment(folder: Path) -> dict[str, str]:
    """Return the variables that a child process needs besides those that it has.

    Args:
        folder: Where files of certificates may be written.
    """
    proxy = f"http://{LOOPBACK}:{server.port()}"
    found = {name: proxy for each in _PROXIES for name in (each, each.lower())}
    found |= {"NO_PROXY": _EXCEPTIONS, "no_proxy": _EXCEPTIONS}
    # Node reads the proxies only if it is told to, from version 22.21 on.
    found |= {"NODE_USE_ENV_PROXY": "1", "NODE_EXTRA_CA_CERTS": str(server.AUTHORITY_FILE)}
    return found | {name: _bundle(name, folder) for name in _BUNDLES}


def _bundle(name: str, folder: Path) -> str:
    """Return a file that has our authority and those that were believed, e.g. a server's own."""
    given = os.environ.get(name, "")
    if not given or not Path(given).is_file():
        return str(server.AUTHORITY_FILE)
    path = folder / f"{name.lower()}.pem"
    path.write_bytes(Path(given).read_bytes() + b"\n" + server.AUTHORITY_FILE.read_bytes())
    return str(path)
