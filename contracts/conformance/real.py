"""Aims a run at Leanplum's own API, and sends it little, slowly, and only when allowed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from contracts.conformance.server import Credentials
from contracts.conformance.subject import ServerSubject
from contracts.suite.request_budget import RequestBudget
from contracts.suite.vocabulary import Need, TargetKind
from mockserver.client.wire import HttpWire, Reply, Wire
from mockserver.core.errors import InvalidConfig, ServerUnreachable
from mockserver.core.hosts import host_of, is_loopback
from mockserver.core.wording import count

LEANPLUM_URL = "https://api.leanplum.com"

#: The most that one run sends.
MOST_REQUESTS = 40
PAUSE_REAL_SECONDS = 1.0

NO_CREDENTIALS = (
    "no credentials: set LEANPLUM_APP_ID and LEANPLUM_DATA_EXPORT_KEY to those of an app of yours"
)


class PacedWire:
    """A wire that waits between requests, and that ends.

    Args:
        wire: The way to the API; nobody on this machine needs to be spared.
        sleep: Waits for so many real seconds.
        now: The real seconds that have gone by since some instant.
    """

    def __init__(
        self,
        wire: Wire,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = wire.url
        self._wire = wire
        host = host_of(wire.url)
        self.pause_real_seconds = PAUSE_REAL_SECONDS
        if host is not None and is_loopback(host.name):
            self.pause_real_seconds = 0.0
        self._budget = RequestBudget(MOST_REQUESTS, self.pause_real_seconds, sleep, now)

    @property
    def left(self) -> int:
        """Return how many requests may still be sent."""
        return self._budget.left

    def send(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        """Wait for the turn, then send; see `Wire`.

        Raises:
            BudgetSpent: `MOST_REQUESTS` have been sent.
        """
        self._budget.take()
        try:
            return self._wire.send(method, target, headers, content)
        except ServerUnreachable:
            raise ServerUnreachable(
                f"{self.url} does not answer; is there a way to it from here?"
            ) from None


class RealServer(ServerSubject):
    """Leanplum's API, or whatever has its address.

    Args:
        credentials: An app and its key; without them every case is untestable.
        wire: The way to it.

    Attributes:
        unusable: Why no case can be tried at it; empty if they can.
    """

    kind = TargetKind.REAL
    keeps_passing_exchanges = True
    capabilities: frozenset[Need] = frozenset()

    def __init__(self, credentials: Credentials | None, wire: PacedWire) -> None:
        self.wire = self._paced = wire
        self.credentials = credentials
        self.unusable = "" if credentials else NO_CREDENTIALS
        app = f", app {credentials.app_id}" if credentials else ""
        self.description = f"Leanplum's API at {wire.url}{app}"

    def restart(self) -> None:
        """Refuse: it is not ours to restart."""
        raise InvalidConfig("Leanplum's API is not restarted")

    def missing(self, needs: frozenset[Need]) -> frozenset[Need]:
        """Return none: a case that is meant for the real API needs nothing else."""
        return frozenset()

    def why_untestable(self, most_requests: int) -> str:
        """Return what is missing: credentials, or requests of this run's budget."""
        left = self._paced.left
        if self.unusable or left >= most_requests:
            return self.unusable
        return f"needs {count(most_requests, 'request')}, and {left} of this run's are left"

    def still_answers(self) -> bool:
        """Return False: what did not answer once is not asked again and again."""
        return False


def real_server(
    environment: Mapping[str, str],
    *,
    owned: bool,
    url: str = LEANPLUM_URL,
    ca_file: str | None = None,
) -> RealServer:
    """Return the real API, with the credentials of the environment.

    Args:
        environment: Where `LEANPLUM_APP_ID` and `LEANPLUM_DATA_EXPORT_KEY` are.
        owned: Whether the user said that the app is theirs.
        url: Another address than Leanplum's.
        ca_file: A PEM file with the certificates to trust there; the system's unless given.

    Raises:
        InvalidConfig: There are credentials, but nobody said that the app is theirs.
    """
    app_id = environment.get("LEANPLUM_APP_ID", "").strip()
    key = environment.get("LEANPLUM_DATA_EXPORT_KEY", "").strip()
    credentials = Credentials(app_id, key) if app_id and key else None
    if credentials is not None and not owned:
        raise InvalidConfig(
            f"a run at {url} lists the rules of app {app_id}, adds some, and deletes what it "
            "added; pass --i-own-this-app if that may be done to it"
        )
    return RealServer(credentials, PacedWire(HttpWire(url, 30, ca_file)))
