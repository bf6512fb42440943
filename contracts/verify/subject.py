"""Offers an endpoint to the suite as the subject of a run."""

from __future__ import annotations

from contracts.suite.recorder import Recorder
from contracts.suite.results import Observed
from contracts.suite.subject import Names
from contracts.suite.vocabulary import Need
from contracts.verify.endpoint import Endpoint
from contracts.verify.target import EndpointTarget
from mockserver.core.errors import PostbacksError


class EndpointSubject(Endpoint):
    """An endpoint that cases can be aimed at; see `Subject`."""

    keeps_passing_exchanges = True

    def open_target(self, rec: Recorder, names: Names) -> EndpointTarget:
        """Return what one case works with."""
        return EndpointTarget(self, rec)

    def missing(self, needs: frozenset[Need]) -> frozenset[Need]:
        """Return those of a case's needs that it cannot meet."""
        return needs - self.capabilities

    def why_untestable(self, most_requests: int) -> str:
        """Return what is wrong if no request may be sent any more; else an empty text."""
        # A case may find a deviation with fewer requests than it would send at most.
        if self.time.problem and most_requests:
            return self.time.problem
        may_go_on = self.budget.left or not most_requests
        return (
            "" if may_go_on else "as many requests were sent as a run may send; see --max-requests"
        )

    def refusal(self, error: PostbacksError) -> str:
        """Return what a report says of an error."""
        return str(error)

    def observed(self) -> Observed:
        """Return remarks about its URL, its answer times, and what was sent."""
        return Observed(self.remarks, self.latency(), self.traffic())
