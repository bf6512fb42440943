"""Tries many postbacks at once, and in any order.

This happens after a campaign was sent: each message leads to several events.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.suite.recorder import Recorder, Said
from contracts.suite.registry import endpoint_case
from contracts.suite.vocabulary import Level, Need
from contracts.verify.consequence import is_accepted, is_retried, outcome_text
from contracts.verify.target import EndpointTarget
from mockserver.core.outcome import OutcomeKind
from mockserver.core.retry import DEFAULT_TIMEOUT

ORDER = 270

#: Single answers that are timed before a burst.
SINGLE = 3
#: No endpoint is blamed if more postbacks than this at once are not answered in time.
ENOUGH = 1_000
#: How often the same postback comes at once.
TOGETHER = 8


@endpoint_case(
    "PB-LOAD-BURST",
    "A burst of postbacks is answered 2xx",
    why="A campaign to many users leads to as many events within minutes; a 5xx comes again in an "
    "hour, a 429 never.",
    fix="Put events into a queue; have enough workers and database connections; exempt the "
    "endpoint from rate limits.",
    follows_from=["deliver-order", "retry-5xx", "retry-4xx"],
    catches=["fails-in-a-burst", "limits-the-rate", "resets-in-a-burst"],
    needs=[Need.CONNECTIONS],
    most_requests=20,
)
def burst(target: EndpointTarget, rec: Recorder) -> None:
    """Sends as many postbacks at once as --concurrency says, on as many connections."""
    number = target.endpoint.burst
    postbacks = [target.postback() for _ in range(number)]
    outcomes = target.send_all(postbacks, at_once=number)
    failed = [each for each in outcomes if not is_accepted(each)]
    again = sum(map(is_retried, failed))
    dropped = len(failed) - again
    rec.expect_that(
        not failed,
        f"{number} times 2xx",
        Said(", ".join(sorted({outcome_text(each) for each in failed}))),
        f"{len(failed)} of {number} at once failed: Leanplum would send {again} again after 1, 3, "
        f"7, ... hours, and drop {dropped} at once",
    )


@endpoint_case(
    "PB-LOAD-AT-ONCE",
    "Postbacks that come together are worked on together",
    level=Level.SHOULD,
    why="One after the other, the last of a burst waits for all the others, up to a timeout.",
    fix="Use more than one worker, and hold no lock while you wait for something.",
    follows_from=["deliver-timeout", "deliver-order"],
    catches=["one-at-a-time"],
    needs=[Need.CONNECTIONS],
    most_requests=SINGLE + 20,
)
def at_once(target: EndpointTarget, rec: Recorder) -> None:
    """Times three single answers and a burst, and works out how many make the last one late."""
    number = target.endpoint.burst
    # All on new connections, so that the cost of a connection counts on both sides.
    alone = target.send_all([target.postback() for _ in range(SINGLE)], fresh=True)
    single = min(each.elapsed for each in alone)
    together = [target.postback() for _ in range(number)]
    began = time.perf_counter()
    outcomes = target.send_all(together, at_once=number, fresh=True)
    took = timedelta(seconds=time.perf_counter() - began)
    late = sum(each.kind is OutcomeKind.TIMEOUT for each in outcomes)
    # The burst took about as long as its postbacks one after the other.
    one_by_one = took / number > 0.7 * single
    # Counted with Leanplum's timeout, even if this run uses a shorter one.
    most = int(DEFAULT_TIMEOUT / single) if single else ENOUGH
    rec.expect_that(
        not late and not (one_by_one and most < ENOUGH),
        f"{number} at once take less than {number} one after the other",
        Said(
            f"one takes {single.total_seconds():.3g} s, {number} at once take "
            f"{took.total_seconds():.3g} s"
        ),
        f"of more than {most} at once the last ones time out, and come again with the rest",
    )


@endpoint_case(
    "PB-LOAD-DUPLICATES",
    "The same postback several times at once counts once",
    why="A retry can meet the first attempt that is still being worked on.",
    fix="Let a unique constraint decide, not a look into the table before.",
    follows_from=["retry-timeout", "retry-same-request"],
    catches=["looks-before-it-stores"],
    needs=[Need.PROBE, Need.CONNECTIONS],
    most_requests=2 * TOGETHER,
)
def duplicates(target: EndpointTarget, rec: Recorder) -> None:
    """Sends a postback eight times at once and asks how often it is stored; then another one.

    The first eight open their connections, so the second eight meet more closely.
    """
    before = target.stored_at_rest()
    postbacks = [target.postback() for _ in range(2)]
    for postback in postbacks:
        outcomes = target.send_all([postback] * TOGETHER, at_once=TOGETHER)
        rec.expect_that(
            any(map(is_accepted, outcomes)),
            "2xx at least once",
            Said(", ".join(sorted({outcome_text(each) for each in outcomes}))),
            "the same postback eight times at once",
        )
    target.expect_stored_once(postbacks, before, "it came eight times at once")


@endpoint_case(
    "PB-LOAD-ORDER",
    "Events that arrive in another order than they happened are all taken",
    why="A click can arrive before its open, and an event that was retried days after the others.",
    fix="Order by trigger time when you read, and refuse nothing that comes late.",
    follows_from=["deliver-order", "template-time-past", "retry-schedule"],
    catches=["refuses-out-of-order", "drops-what-is-older"],
    most_requests=4,
)
def order(target: EndpointTarget, rec: Recorder) -> None:
    """Sends events of one user, the latest first; with a probe asks whether all are stored."""
    has_probe = Need.PROBE in target.endpoint.capabilities
    before = target.stored_at_rest() if has_probe else None
    now_at = datetime.now(UTC).replace(microsecond=0)
    first = target.postback(triggered_at=now_at)
    ids: dict[str, Any] = {"user_id": first.event.user_id, "device_id": first.event.device_id}
    ago = [timedelta(hours=hours) for hours in (1, 15, 65)]
    earlier = [target.postback(**ids, triggered_at=now_at - each) for each in ago]
    target.accept_all([first, *earlier], "events of one user, the latest first")
    if before is None or not target.subscription.carries("Trigger time"):
        return
    after = target.stored_at_rest([first], times=4, count=before.count + 4)
    stored = after.count - before.count
    if after.entries is not None:
        stored = len(after.of(first))
    rec.expect(4, stored, "four events of one user were answered 2xx, the latest first")
