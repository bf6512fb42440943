"""What went over the wire while a case ran, kept with its secrets masked.

Decides: what is recorded of a request and its answer, how a secret is hidden, and the
command line that sends a request again. Place in the flow: every target speaks through a
recording wire. Must not import: cases, the runner.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from urllib.parse import quote

from contracts.results import ExchangeResult
from mockserver.core.errors import ServerUnreachable
from mockserver.wire import Reply, Wire

#: Environment variables whose names stand for secrets in everything that is written down.
KEY = "POSTBACKS_KEY"
TOKEN = "POSTBACKS_TOKEN"

#: How much of a body is kept.
KEPT_CHARACTERS = 20_000


class RecordingWire:
    """A wire that remembers what went over it.

    Args:
        wire: The way to the target.
    """

    def __init__(self, wire: Wire) -> None:
        self.url = wire.url
        self.exchanges: list[ExchangeResult] = []
        self._wire = wire
        self._secrets: dict[str, str] = {}

    def send(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        """Send a request, keep it with its answer, and return the answer; see `Wire`."""
        began = time.perf_counter()
        reply: Reply | None = None
        error: str | None = None
        try:
            reply = self._wire.send(method, target, headers, content)
        except ServerUnreachable as unreachable:
            error = str(unreachable)
            raise
        finally:
            self.exchanges.append(
                self._record(
                    method, target, headers, content, reply, error, time.perf_counter() - began
                )
            )
        return reply

    def hide(self, variable: str, secret: str) -> None:
        """Write the name of an environment variable for a secret from now on."""
        if secret:
            self._secrets[secret] = variable

    def _record(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        content: bytes | None,
        reply: Reply | None,
        error: str | None,
        real_seconds: float,
    ) -> ExchangeResult:
        mask = self._masked
        return ExchangeResult(
            method=method,
            url=mask(self.url + target),
            headers=[(name, mask(value)) for name, value in headers.items()],
            body=mask(as_text(content or b"")),
            status=reply.status if reply else None,
            answer_headers=[(name, mask(value)) for name, value in reply.headers] if reply else [],
            answer_body=mask(as_text(reply.body)) if reply else "",
            real_seconds=round(real_seconds, 6),
            error=error,
        )

    def _masked(self, text: str) -> str:
        for secret, variable in self._secrets.items():
            for written in (secret, quote(secret, safe="")):
                text = text.replace(written, f"${variable}")
        return text


def as_text(content: bytes) -> str:
    r"""Return bytes as text, those that are no UTF-8 as `\xNN`, shortened if very long."""
    text = content.decode("utf-8", "backslashreplace")
    if len(text) > KEPT_CHARACTERS:
        text = f"{text[:KEPT_CHARACTERS]}... ({len(text)} characters)"
    return text


def curl_line(exchange: ExchangeResult) -> str:
    """Return a command line that sends the request again; the shell fills in the secrets."""
    words = ["curl", "-sS", "-i"]
    if exchange.method != "GET":
        words += ["-X", exchange.method]
    for name, value in exchange.headers:
        words += ["-H", _shell(f"{name}: {value}")]
    if exchange.body:
        words += ["--data-binary", _shell(exchange.body)]
    words.append(_shell(exchange.url))
    return " ".join(words)


_VARIABLES = re.compile(rf"\$({KEY}|{TOKEN})")


def _shell(text: str) -> str:
    if _VARIABLES.search(text) is None:
        return "'" + text.replace("'", "'\\''") + "'"
    # The variable is to be replaced by the shell, everything else is to stay as it is.
    pieces = _VARIABLES.split(text)
    pieces[::2] = (re.sub(r'([\\"$`])', r"\\\1", piece) for piece in pieces[::2])
    pieces[1::2] = (f"${{{name}}}" for name in pieces[1::2])
    return '"' + "".join(pieces) + '"'
