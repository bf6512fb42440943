"""Reads the header fields that users of `postbacks verify` add, and refuses some of them."""

from __future__ import annotations

import re

import click


def header_of(text: str) -> tuple[str, str]:
    """Return name and value of a header field that a user adds.

    Raises:
        click.UsageError: It is none, or one that the exchange itself depends on.
    """
    name, separator, value = text.partition("=")
    if not separator or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise click.UsageError(f"--header takes NAME=VALUE like X-Gateway=1, got {text!r}")
    if not value.strip() or not value.isprintable() or not value.isascii():
        raise click.UsageError(
            f"--header {name}: the value has to be printable ASCII, and not empty"
        )
    if name.lower() in _OF_THE_EXCHANGE or name.lower().startswith("proxy-"):
        raise click.UsageError(
            f"--header {name}: {_OF_THE_EXCHANGE.get(name.lower(), _OF_THE_PROXY)}"
        )
    return name, value


_OF_THE_CONNECTION = "it is about the connection, which is as Leanplum's; leave it out"
_OF_THE_PROXY = "it is for a proxy; give user name and password in the URL of --proxy"
#: Header fields that the exchange itself depends on, by their names in small letters.
_OF_THE_EXCHANGE = {
    "content-length": "a postback has no body; what waits for one would never answer",
    "transfer-encoding": "a postback has no body; what waits for one would never answer",
    "trailer": "a postback has no body, and so no trailer",
    "expect": "it holds a request back until it is asked for; Leanplum waits for nothing",
    "host": "it is part of URL_TEMPLATE; write the host there",
    "connection": _OF_THE_CONNECTION,
    "keep-alive": _OF_THE_CONNECTION,
    "te": _OF_THE_CONNECTION,
    "upgrade": _OF_THE_CONNECTION,
    "http2-settings": _OF_THE_CONNECTION,
}
