"""Tries trigger times: of today and days ago, of every weekday and hour, and of odd days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from contracts.suite.recorder import Recorder
from contracts.suite.registry import endpoint_case
from contracts.suite.vocabulary import Level, Need
from contracts.verify.postbacks import Postback
from contracts.verify.target import EndpointTarget

ORDER = 235

#: So many events, seven hours apart, meet each hour of the day once and each day of a week.
HOURS = 24
APART = timedelta(hours=7)
#: Milliseconds of which texts and fractions lose something.
MILLISECONDS = (0, 1, 10, 99, 100, 120, 500, 990, 999)
#: Instants that a calendar by hand gets wrong, each with what is special about it.
DAYS = (
    ("29 February", datetime(2024, 2, 29, 12, 0, 0, 1_000, UTC)),
    ("the last millisecond of 29 February", datetime(2024, 2, 29, 23, 59, 59, 999_000, UTC)),
    ("31 August", datetime(2025, 8, 31, 9, 30, 15, 250_000, UTC)),
    ("the last day of a year", datetime(2024, 12, 31, 13, 5, 0, 2_000, UTC)),
    ("the first millisecond of a year", datetime(2025, 1, 1, tzinfo=UTC)),
    ("the middle of the summer", datetime(2025, 7, 1, 11, 22, 33, 444_000, UTC)),
    ("the hour that Europe skips in spring", datetime(2025, 3, 30, 1, 30, 0, 5_000, UTC)),
    ("an hour that Europe has twice in autumn", datetime(2025, 10, 26, 0, 30, 0, 6_000, UTC)),
    ("the same hour, the second time", datetime(2025, 10, 26, 1, 30, 0, 6_000, UTC)),
    ("the hour that America skips in spring", datetime(2025, 3, 9, 7, 30, 0, 7_000, UTC)),
    ("midnight in summer", datetime(2025, 7, 15, tzinfo=UTC)),
)


@endpoint_case(
    "PB-VALUES-TIME",
    "Trigger times in milliseconds, of today and of days ago, are taken",
    why="They are milliseconds since 1970 and may lie in the past, by days when it was retried.",
    fix="Divide by 1000 where seconds are wanted, and have no limit for how old an event may be.",
    follows_from=["template-time", "template-time-epoch", "template-time-past"],
    catches=["milliseconds-overflow", "refuses-the-past"],
    most_requests=4,
)
def times(target: EndpointTarget, rec: Recorder) -> None:
    """Sends events of now, of 65 hours ago, of a month ago, and of the last second of a year."""
    target.needs("Trigger time")
    now_at = datetime.now(UTC).replace(microsecond=123_000)
    for what, at in (
        ("now", now_at),
        ("65 hours ago", now_at - timedelta(hours=65)),
        ("30 days ago", now_at - timedelta(days=30)),
        ("the last millisecond of 2025", datetime(2025, 12, 31, 23, 59, 59, 999_000, UTC)),
    ):
        target.accept(target.postback(triggered_at=at), f"an event of {what}")


@endpoint_case(
    "PB-VALUES-TIME-EXACT",
    "Trigger times are stored as they were sent",
    why="Milliseconds taken for seconds lie in the year 57,000, and without them two events of "
    "a second look alike.",
    fix="Store the milliseconds, or a timestamp with three decimals.",
    follows_from=["template-time-epoch"],
    catches=["seconds-for-milliseconds", "arrival-for-trigger-time"],
    needs=[Need.PROBE],
    most_requests=2,
)
def times_exact(target: EndpointTarget, rec: Recorder) -> None:
    """Sends an event of now and one of days ago, and asks what was stored."""
    target.needs("Trigger time")
    now_at = datetime.now(UTC).replace(microsecond=123_000)
    for what, at in (("now", now_at), ("65 hours ago", now_at - timedelta(hours=65))):
        postback = target.postback(triggered_at=at)
        target.accept(postback, f"an event of {what}")
        target.expect_exact(postback, f"an event of {what}", "Trigger time")


@endpoint_case(
    "PB-VALUES-WEEK",
    "Trigger times of every weekday, hour and millisecond are taken, and stored as they were sent",
    why="What was tried on a Tuesday at noon runs on Sundays, at midnight and on whole seconds.",
    fix="Compute with instants in UTC, and format them by one function that always writes "
    "milliseconds.",
    follows_from=["template-time", "template-time-epoch", "template-time-past"],
    catches=[
        "fails-on-sundays",
        "fails-at-midnight",
        "fails-on-whole-seconds",
        "drops-zeros-of-milliseconds",
    ],
    most_requests=HOURS,
)
def week(target: EndpointTarget, rec: Recorder) -> None:
    """Sends 24 events of the last seven days, one of each hour of the day.

    With a probe that answers entries, asks what was stored of them.
    """
    target.needs("Trigger time")
    now_at = datetime.now(UTC)
    described = []
    for number in range(HOURS):
        millisecond = MILLISECONDS[number % len(MILLISECONDS)]
        at = (now_at - number * APART).replace(microsecond=millisecond * 1_000)
        described.append((target.postback(triggered_at=at), f"an event of {_named(at)}"))
    target.accept_each(described, "refused")
    _expect_kept(target, described)


@endpoint_case(
    "PB-VALUES-CALENDAR",
    "Trigger times of leap days, month ends, summers and changes of the clock are taken",
    level=Level.SHOULD,
    why="A calendar by hand fails on a day or two in years; times that are stored without a zone "
    "are an hour off in summer.",
    fix="Leave the calendar to a library, and store UTC or the zone beside it.",
    follows_from=["template-time-epoch", "template-time-past"],
    catches=["fails-on-leap-days", "fails-on-the-31st", "london-time", "fails-at-new-year"],
    most_requests=len(DAYS),
)
def calendar(target: EndpointTarget, rec: Recorder) -> None:
    """Sends events of days of 2024 and 2025; who finds them too old may answer 2xx and ignore them.

    With a probe that answers entries, asks what was stored of them.
    """
    target.needs("Trigger time")
    described = [
        (replace(target.postback(triggered_at=at), may_be_ignored=True), f"an event of {what}")
        for what, at in DAYS
    ]
    target.accept_each(described, "refused")
    _expect_kept(target, described)


def _named(at: datetime) -> str:
    return f"a {at:%A}, {at:%H:%M:%S}.{at.microsecond // 1_000:03} UTC"


def _expect_kept(target: EndpointTarget, described: Sequence[tuple[Postback, str]]) -> None:
    """Expect all of these to be stored as they were sent, if a probe shows that."""
    endpoint = target.endpoint
    if Need.PROBE not in endpoint.capabilities or endpoint.probe_sight.is_blind:
        return
    if target.stored().entries is None:
        return
    sent = endpoint.sent.of(postback for postback, _ in described)
    target.expect_reckoned(sent, {postback.url: what for postback, what in described})
