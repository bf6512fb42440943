"""Offers a server with Leanplum's API to the suite as the subject of a run."""

from __future__ import annotations

from abc import ABC, abstractmethod

from contracts.conformance.server import Credentials
from contracts.conformance.target import Target
from contracts.suite.recorder import Recorder
from contracts.suite.results import Observed
from contracts.suite.subject import Names
from contracts.suite.vocabulary import Need, TargetKind
from mockserver.client.wire import Wire
from mockserver.core.errors import PostbacksError, ServerUnreachable


class ServerSubject(ABC):
    """What all servers have in common as `Subject` and as `Server`.

    Attributes:
        description: What it is, for the head of a report.
        capabilities: What cases may ask of it.
        wire: The way to it.
    """

    kind = TargetKind.FAKE
    is_ours = False
    keeps_passing_exchanges = False
    token: str | None = None
    credentials: Credentials | None = None
    description: str
    capabilities: frozenset[Need]
    wire: Wire

    @property
    def url(self) -> str:
        """Return where it answers."""
        return self.wire.url

    @abstractmethod
    def restart(self) -> None:
        """Stop it and start it again over the same data; see `Server`."""

    def open_target(self, rec: Recorder, names: Names) -> Target:
        """Return what one case works with."""
        return Target(self, rec, names)

    def missing(self, needs: frozenset[Need]) -> frozenset[Need]:
        """Return those of a case's needs that it cannot meet."""
        return needs - self.capabilities

    def why_untestable(self, most_requests: int) -> str:
        """Return an empty text: any number of requests may be sent to it."""
        return ""

    def refusal(self, error: PostbacksError) -> str:
        """Return what a report says of an error: only the control API refuses in this way."""
        return f"the control API refused: {error}"

    def still_answers(self) -> bool:
        """Ask it for anything, and return whether an answer comes."""
        try:
            self.wire.send("GET", "/", {}, None)
        except ServerUnreachable:
            return False
        except Exception:
            # An application in this process that raises is there.
            return True
        return True

    def observed(self) -> Observed:
        """Return nothing: all that is learned of a server is in the results."""
        return Observed()
