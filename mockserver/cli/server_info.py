"""Tells the user of `postbacks serve` where it listens and how to begin.

A server should start fast, so rich is not imported here.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mockserver.core.durations import format_duration
from mockserver.core.models import App, KeyClass
from mockserver.core.wording import count
from mockserver.delivery.retention import Keep
from mockserver.version import __version__

#: Shown in place of a token that the user has chosen, and thus knows.
_TOKEN_VARIABLE = "$POSTBACKS_TOKEN"


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What a user needs to know of a server that is about to answer.

    Attributes:
        host: Where it listens.
        storage: A path, a URL, or `in memory`.
        now: Where the clock stands, aware, in UTC.
        generated_token: The bearer token that was made up, or None if the user has chosen one.
        repeated_attempts: How many attempts were under way when the last process died.
        ca_file: The PEM file that clients need to believe it; None if they need none.
        verifies: Whether the sandbox checks certificates.
        warnings: What is less safe than it looks, a line each.
        keep: Which finished deliveries are kept.
        addresses: Whether near addresses (`local`) or public ones only (`public`) are sent to.
        send_to: The hosts that are sent to besides; None for every public one.
    """

    api_url: str
    receiver_url: str
    host: str
    storage: str
    clock_mode: str
    now: datetime
    rate: float
    apps: list[App]
    needs_token: bool
    generated_token: str | None
    repeated_attempts: int
    warnings: list[str]
    keep: Keep
    ca_file: str | None = None
    verifies: bool = True
    addresses: str = "local"
    send_to: tuple[str, ...] | None = None

    def as_json(self) -> str:
        """Return it as one line of JSON."""
        document = {
            "api_url": self.api_url,
            "receiver_url": self.receiver_url,
            "storage": self.storage,
            "clock": {"mode": self.clock_mode, "now": self.now.isoformat(), "rate": self.rate},
            "apps": [{"app_id": app.app_id, "keys": _keys(app)} for app in self.apps],
            "token": self.generated_token,
            "ca_file": self.ca_file,
            "addresses": self.addresses,
            "send_to": None if self.send_to is None else list(self.send_to),
            "repeated_attempts": self.repeated_attempts,
            "warnings": self.warnings,
            "keep": {
                "age": None if self.keep.age is None else format_duration(self.keep.age),
                "deliveries": self.keep.deliveries,
            },
            "curl": [self.register_command(), self.trigger_command()],
        }
        return json.dumps(document) + "\n"

    def as_text(self) -> str:
        """Return it as text for people."""
        lines = [f"postbacks {__version__}", ""]
        lines += [f"  {name:<9} {value}" for name, value in self._rows()]
        if self.repeated_attempts:
            lines += ["", self._about_repeated()]
        lines += ["", "Register a rule, then let an event happen:", ""]
        lines += [self.register_command(), "", self.trigger_command(), ""]
        lines += ["Ctrl-C stops it.", ""]
        return "\n".join(lines)

    def register_command(self) -> str:
        """Return a curl line that registers a rule for our own receiver."""
        app = self.apps[0]
        arguments = {
            "appId": app.app_id,
            "clientKey": app.keys[KeyClass.DATA_EXPORT],
            "apiVersion": "1.0.6",
            "type": "messageEvents",
            "postbackUrl": f"{self.receiver_url}/inbox/demo"
            "?user={{User ID}}&event={{Message event}}&parameters={{Parameters}}",
        }
        encoded = " ".join(
            f"--data-urlencode {shlex.quote(f'{name}={value}')}"
            for name, value in arguments.items()
        )
        return f"curl {self._trusting()}'{self.api_url}/api?action=addPostback' {encoded}"

    def trigger_command(self) -> str:
        """Return a curl line that lets an event happen."""
        token = ""
        if self.needs_token:
            token = f'-H "Authorization: Bearer {self.generated_token or _TOKEN_VARIABLE}" '
        body = json.dumps({"name": "email.click"})
        content_type = "-H 'Content-Type: application/json'"
        url = f"{self.api_url}/_sandbox/events"
        return f"curl {self._trusting()}{url} {token}{content_type} -d '{body}'"

    def _trusting(self) -> str:
        if self.ca_file is not None:
            return f"--cacert {shlex.quote(self.ca_file)} "
        return "" if self.verifies or self.api_url.startswith("http:") else "--insecure "

    def _rows(self) -> list[tuple[str, Any]]:
        reach = "" if self.host in self.api_url else f"  (listening at {self.host})"
        rows = [
            ("API", f"{self.api_url}/api{reach}"),
            ("page", f"{self.api_url}/"),
            ("control", f"{self.api_url}/_sandbox/openapi.json"),
            ("receiver", f"{self.receiver_url}/inbox/<name>"),
            ("storage", self.storage),
            ("clock", self._clock()),
        ]
        rows += [("sends to" if not row else "", text) for row, text in enumerate(self._sends_to())]
        if self.keep:
            rows.append(("keeps", f"of finished deliveries {self.keep}; the others are removed"))
        for app in self.apps:
            rows.append(("app", app.app_id))
            rows += [("", f"{name:<19}{key}") for name, key in _keys(app).items()]
        if self.api_url.startswith("https:"):
            rows.append(("url", f"{self.api_url}  (for --url or POSTBACKS_URL)"))
        if self.ca_file is not None:
            rows.append(("CA", f"{self.ca_file}  (for --ca-file or POSTBACKS_CA_FILE)"))
        if self.generated_token is not None:
            rows.append(("token", f"{self.generated_token}  (for --token or POSTBACKS_TOKEN)"))
        return rows

    def _sends_to(self) -> list[str]:
        near = [] if self.addresses == "public" else ["this machine and private networks"]
        if self.send_to is None:
            return [" and ".join([*near, "every public host"])]
        named = [f"{'and ' if near else ''}{host}" for host in self.send_to]
        return [*near, *named] if named else [f"{near[0]}; --send-to HOST adds others"]

    def _clock(self) -> str:
        now = f"{self.now:%Y-%m-%d %H:%M:%S} UTC"
        if self.clock_mode == "manual":
            return f"manual: it stands at {now} until `postbacks advance`"
        fast = "" if self.rate == 1 else f", {self.rate:g} times as fast as real time"
        return f"running: {now}{fast}"

    def _about_repeated(self) -> str:
        number = self.repeated_attempts
        verb = "was" if number == 1 else "were"
        return (
            f"{count(number, 'attempt')} {verb} under way when the last process ended; it is not "
            f"known whether {'it' if number == 1 else 'they'} arrived, so "
            f"{'it is' if number == 1 else 'they are'} repeated."
        )


def _keys(app: App) -> dict[str, str]:
    first = [KeyClass.DATA_EXPORT]
    order = first + [kind for kind in KeyClass if kind not in first]
    return {kind.value: app.keys[kind] for kind in order if app.keys.get(kind)}
