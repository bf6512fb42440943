"""Sends as many postbacks as the run may still send, and checks that nothing gets worse."""

from __future__ import annotations

from datetime import timedelta

from contracts.suite.recorder import Recorder, Said
from contracts.suite.registry import endpoint_case
from contracts.suite.vocabulary import Level, Need, Profile
from contracts.verify.cases.methods import left_before
from contracts.verify.target import EndpointTarget
from mockserver.core.wording import count

ORDER = 300

#: How many postbacks are sent once more at the end of a run.
AGAIN = 60


@endpoint_case(
    "PB-SOAK-STEADY",
    "Postbacks go on being answered 2xx, as fast as at the beginning",
    level=Level.SHOULD,
    why="Connections that are not given back, and tables that grow, show only after a while.",
    fix="Look for what grows: open connections, memory, a table without an index.",
    follows_from=["deliver-order"],
    catches=["gets-slower"],
    most_requests=400,
    profile=Profile.SOAK,
)
def soak(target: EndpointTarget, rec: Recorder) -> None:
    """Sends what is left of the budget, every event in turn, and compares the ends."""
    kinds = target.subscription.kinds
    left = left_before(target)
    # With a probe some postbacks are sent once more at the end of a run.
    again = min(AGAIN, left // 4) if Need.PROBE in target.endpoint.capabilities else 0
    number = left - again
    at_once = min(4, target.endpoint.burst)
    taken: list[timedelta] = []
    while len(taken) + at_once <= number:
        group = [target.postback(kinds[(len(taken) + n) % len(kinds)]) for n in range(at_once)]
        outcomes = target.send_all(group, at_once=at_once)
        # Keeps memory small: a soak may be long, and its exchanges are all alike.
        del target.exchanges[:-at_once]
        for outcome in outcomes:
            target.expect_accepted(outcome, f"postback {len(taken) + 1} of a soak")
            taken.append(outcome.elapsed)
    share = max(1, len(taken) // 5)
    begun = target.endpoint.at_first()
    first, last = (sum(each, timedelta()) / share for each in (taken[:share], taken[-share:]))
    # What other cases have sent before counts as well.
    first = first if begun is None else min(first, begun)
    rec.expect_that(
        last < 2 * first + timedelta(milliseconds=50),
        f"about {first.total_seconds():.3g} s, as at the beginning",
        Said(f"{last.total_seconds():.3g} s at the end"),
        f"the mean answer time, over {count(len(taken), 'postback')}",
    )
