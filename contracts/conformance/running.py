"""Aims a run at a sandbox, or anything with Leanplum's API, that somebody else has started."""

from __future__ import annotations

import json
from typing import Any

from contracts.conformance.subject import ServerSubject
from contracts.suite.vocabulary import Need
from mockserver.client.sandbox_client import SandboxClient
from mockserver.client.wire import HttpWire
from mockserver.core.errors import ServerUnreachable

#: How long a server may take to say that it is there, in real seconds.
FIRST_ANSWER_REAL_SECONDS = 10.0


class RunningServer(ServerSubject):
    """A sandbox, or anything with Leanplum's API, that somebody else has started.

    It is asked what it is: without a control API, or with a clock that runs by itself, some
    cases have to be skipped.

    Args:
        url: Where it answers.
        token: The token of its control API, if it needs one.
        ca_file: A PEM file with the certificates to trust if it is an https URL; the system's
            unless given.

    Raises:
        ServerUnreachable: Nobody answers, or what answers is no HTTP API.
        Refused: The control API needs a token, or another one.
        InvalidValue: `url` is no URL, or there are no certificates in `ca_file`.
    """

    def __init__(self, url: str, token: str | None = None, ca_file: str | None = None) -> None:
        self.wire = HttpWire(url, FIRST_ANSWER_REAL_SECONDS, ca_file)
        self.token = token
        self.description = f"what answers at {self.wire.url}"
        self.capabilities = self._look()
        self.wire = HttpWire(url, 60, ca_file)

    def restart(self) -> None:
        """Refuse: somebody else started it."""
        raise ServerUnreachable("a server that the suite did not start is not restarted by it")

    def _look(self) -> frozenset[Need]:
        probe = self.wire.send("POST", "/api", {}, None)
        if not any(
            name.lower() == "content-type" and "json" in value.lower()
            for name, value in probe.headers
        ):
            raise ServerUnreachable(
                f"what answers at {self.wire.url} is no Leanplum API: POST /api was answered "
                f"{probe.status} and no JSON; check the URL, or start a sandbox with "
                "`postbacks serve`"
            )
        health = self.wire.send("GET", "/_sandbox/health", self._headers(), None)
        # An API that knows no such path may well answer in Leanplum's own way.
        if health.status == 404 or "response" in (_object(health.body) or {}):
            return frozenset()
        client = SandboxClient(token=self.token, wire=self.wire)
        version, clock = client.health().version, client.clock()
        self.description = f"the sandbox at {self.wire.url} (postbacks {version})"
        found = {Need.CONTROL, Need.SOCKETS}
        if clock.mode == "manual":
            found.add(Need.MANUAL_CLOCK)
        return frozenset(found)

    def _headers(self) -> dict[str, str]:
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
