"""Says what a run needs of whatever it is aimed at: a fake, Leanplum's API, an endpoint.

The runner knows these protocols and nothing of who implements them, so a further kind of
subject is a class that implements `Subject`, and no edit here.
"""

from __future__ import annotations

from typing import Protocol

from contracts.suite.recorder import Deviation, Recorder
from contracts.suite.results import Observed, RecordedExchange
from contracts.suite.vocabulary import Need, TargetKind
from mockserver.core.errors import PostbacksError


class CaseTarget(Protocol):
    """What one case works with, as far as the runner knows it."""

    @property
    def exchanges(self) -> list[RecordedExchange]:
        """Return what was sent and answered since `fresh`, secrets masked."""

    def fresh(self) -> None:
        """Begin the case, or its next example, as if nothing had happened."""

    def masked(self, text: str) -> str:
        """Return a text in which names of variables stand for secrets."""

    def recall(self, deviation: Deviation) -> None:
        """Put back the exchanges of a deviation if others were made after it."""

    def evidence(self, area: str) -> RecordedExchange | None:
        """Return the exchange that shows a deviation best; None if there was none."""

    def clean_up(self) -> None:
        """Remove what the case has left where it would stay; again, if that was interrupted.

        Raises:
            Exception: Something could not be removed; the message says what.
        """


class Subject(Protocol):
    """What a run is aimed at."""

    @property
    def kind(self) -> TargetKind:
        """Return which cases are meant for it."""

    @property
    def url(self) -> str:
        """Return its address for reports, secrets masked."""

    @property
    def description(self) -> str:
        """Return what it is, for the head of a report."""

    @property
    def is_ours(self) -> bool:
        """Return whether everything in it may be thrown away between two cases."""

    @property
    def keeps_passing_exchanges(self) -> bool:
        """Return whether exchanges of cases that passed stay in the report."""

    def open_target(self, rec: Recorder, names: Names) -> CaseTarget:
        """Return what one case works with; `names` hands out names of apps and inboxes."""

    def missing(self, needs: frozenset[Need]) -> frozenset[Need]:
        """Return those of a case's needs that it cannot meet."""

    def why_untestable(self, most_requests: int) -> str:
        """Return why a case of so many requests cannot be tried now; empty if it can."""

    def refusal(self, error: PostbacksError) -> str:
        """Return what a report says of an error that ended a case before it could be tried."""

    def still_answers(self) -> bool:
        """Return whether it is there, after a request without an answer."""

    def observed(self) -> Observed:
        """Return what was learned of it beside the results of cases."""


class Names:
    """Hands out names that are used once.

    Args:
        prefix: What all of them begin with.

    Attributes:
        given: The kind and the name of each that was handed out.
    """

    def __init__(self, prefix: str = "contracts") -> None:
        self._prefix = prefix
        self._last = 0
        self.given: list[tuple[str, str]] = []

    def next(self, kind: str) -> str:
        """Return a name for an app or an inbox."""
        self._last += 1
        name = f"{self._prefix}-{kind}-{self._last}"
        self.given.append((kind, name))
        return name
