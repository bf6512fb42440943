"""Records what goes over the wire while a case runs, its secrets masked."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence

from contracts.suite.results import RecordedExchange
from mockserver.client.wire import Reply, Wire
from mockserver.net.curl_command import curl_command
from mockserver.net.masks import Masks, shell_word

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
        self.exchanges: list[RecordedExchange] = []
        self._wire = wire
        self._masks = Masks()
        self._own_host = ""

    def send(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        """Send a request, keep it with its answer, and return the answer; see `Wire`."""
        began = time.perf_counter()
        reply: Reply | None = None
        error: str | None = None
        try:
            reply = self._wire.send(method, target, headers, content)
        except Exception as raised:
            error = str(raised) or type(raised).__name__
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
        self._masks.hide(variable, secret)

    def hide_rules_but(self, host: str) -> None:
        """Write no template of a rule that leads elsewhere: such URLs often hold tokens."""
        self._own_host = host

    def _record(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        content: bytes | None,
        reply: Reply | None,
        error: str | None,
        real_seconds: float,
    ) -> RecordedExchange:
        mask = self.masked
        return RecordedExchange(
            method=method,
            url=mask(self.url + target),
            headers=[(name, mask(value)) for name, value in headers.items()],
            body=shortened(mask(as_text(content or b""))),
            status=reply.status if reply else None,
            answer_headers=[(name, mask(value)) for name, value in reply.headers] if reply else [],
            answer_body=shortened(mask(as_text(reply.body))) if reply else "",
            real_seconds=round(real_seconds, 6),
            error=mask(error) if error is not None else None,
        )

    def masked(self, text: str) -> str:
        """Return a text in which names of variables stand for secrets."""
        if self._own_host:
            text = _TEMPLATE.sub(self._without_template, text)
        return self._masks.masked(text)

    def _without_template(self, match: re.Match[str]) -> str:
        is_own = not match[2] or self._own_host in match[2]
        return match[0] if is_own else f"{match[1]}a rule that is not the suite's{match[3]}"


_TEMPLATE = re.compile(r'("postbackUrl"\s*:\s*")((?:[^"\\]|\\.)*)(")')


def as_text(content: bytes) -> str:
    r"""Return bytes as text, those that are no UTF-8 as `\xNN`."""
    return content.decode("utf-8", "backslashreplace")


def shortened(text: str) -> str:
    """Return a text of which no more than `KEPT_CHARACTERS` are kept."""
    if len(text) > KEPT_CHARACTERS:
        return f"{text[:KEPT_CHARACTERS]}... ({len(text)} characters)"
    return text


def evidence_among(area: str, exchanges: Sequence[RecordedExchange]) -> RecordedExchange | None:
    """Return the exchange that shows most of a deviation: a call of the API, or the last look.

    Args:
        area: What the case is about.
        exchanges: All that the case made.
    """
    if not exchanges:
        return None
    calls = [exchange for exchange in exchanges if "/_sandbox/" not in exchange.url]
    return exchanges[-1] if area in _SEEN_AT_THE_RECEIVER or not calls else calls[-1]


#: Areas in which what arrived tells more than what was registered.
_SEEN_AT_THE_RECEIVER = ("events", "template", "parameters", "deliver", "retry")


def curl_line(exchange: RecordedExchange) -> str:
    """Return a command line that sends the request again; the shell fills in the secrets.

    A secret in a URL is taken for one that needs no percent-encoding, as keys of Leanplum's.
    """
    is_cut = len(exchange.body) > KEPT_CHARACTERS
    body = "" if is_cut else exchange.body
    line = curl_command(exchange.method, exchange.url, exchange.headers, body, quote=shell_word)
    if exchange.pinned:
        line = line.replace("curl ", f"curl --resolve {shell_word(exchange.pinned)} ", 1)
    return line + ("  # the body was too long to be kept" if is_cut else "")
