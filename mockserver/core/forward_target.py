"""Reads the URL of an endpoint that an inbox forwards to, as far as it tells without a look-up."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from mockserver.core.errors import InvalidBehaviour
from mockserver.core.hosts import Host, host_of

#: What a URL may be made of; everything else is to be encoded.
_WRITABLE = re.compile(r"[\x21-\x7e]*")


def forward_target(url: str) -> Host:
    """Return the host of a URL, if requests can be forwarded there.

    Raises:
        InvalidBehaviour: It is no such URL.
    """
    host = host_of(url)
    example = "forward:http://127.0.0.1:5000/hook"
    if host is None or not _WRITABLE.fullmatch(url):
        raise InvalidBehaviour(f"{url[:200]!r} is no URL to forward to; write it like {example}")
    parts = urlsplit(url)
    if "?" in url or "#" in url:
        raise InvalidBehaviour(
            f"{url[:200]!r} has a query or a fragment, and each request brings a query of its own; "
            f"write it like {example}"
        )
    if "@" in parts.netloc:
        raise InvalidBehaviour(
            f"{url[:200]!r} has a user or a password, and requests are forwarded with the header "
            f"fields that they have; write it like {example}"
        )
    return host
