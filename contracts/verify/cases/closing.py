"""Looks at the end of a run at all that it has sent, whichever case sent it."""

from __future__ import annotations

from contracts.suite.recorder import NotApplicable, Recorder, Said
from contracts.suite.registry import endpoint_case
from contracts.suite.vocabulary import Need
from contracts.verify.cases.methods import left_before
from contracts.verify.cases.soak import AGAIN
from contracts.verify.consequence import is_accepted, outcome_text
from contracts.verify.reckoning import is_required
from contracts.verify.sent import SentPostback
from contracts.verify.target import EndpointTarget

ORDER = 310


@endpoint_case(
    "PB-REPEAT-LATER",
    "Postbacks of every kind, sent again at the end, count once",
    why="The last retry comes 65 hours after the first attempt, behind thousands of others.",
    fix="Let a unique constraint on all values of the URL decide. What is empty must be stored as "
    "empty text: to SQL, nulls are never equal. Do not keep what was seen in memory.",
    follows_from=["retry-same-request", "retry-schedule", "template-device-empty"],
    catches=["forgets-what-it-knew", "nulls-are-never-equal", "counts-duplicates"],
    needs=[Need.PROBE],
    most_requests=AGAIN,
)
def later(target: EndpointTarget, rec: Recorder) -> None:
    """Sends again the first postback of the run and the first ones of each case, and asks."""
    sent = _sent(target)
    # Other cases tell of what counts more than once already.
    before = target.doubles()
    required = [each for each in sent if is_required(each, target.subscription)]
    again = _of_every_case(required)[: min(AGAIN, left_before(target))]
    outcomes = target.send_all([each.postback for each in again])
    for each, outcome in zip(again, outcomes, strict=True):
        if not is_accepted(outcome):
            target.show_postback(each.postback)
        rec.expect_that(
            is_accepted(outcome),
            "2xx",
            Said(outcome_text(outcome)),
            f"a postback that {each.case_id} sent before and that was answered 2xx then",
        )
    _expect_stored(target, "sent again at the end, first ", doubles_beyond=before)


@endpoint_case(
    "PB-STORE-ALL",
    "Everything that was answered 2xx is stored, once, as it was sent",
    why="A 2xx is the end: what is not stored by then, or wrongly, never comes again.",
    fix="Look at the postback that is shown: it is the smallest of those that went wrong.",
    follows_from=["retry-success-ends", "deliver-one-each", "template-round-trip"],
    catches=[
        "loses-some-of-a-burst",
        "drops-long-ids",
        "drops-odd-ids",
        "cuts-at-255",
        "drops-old-events",
        "drops-long-links",
        "drops-empty-parameters",
        "cuts-at-300",
        "loses-every-fortieth",
        "is-full-after-a-hundred",
    ],
    needs=[Need.PROBE],
    most_requests=0,
    stores=False,
)
def stored_all(target: EndpointTarget, rec: Recorder) -> None:
    """Asks the probe once about all that the cases before have sent."""
    _sent(target)
    _expect_stored(target, "")


@endpoint_case(
    "PB-ANSWER-ALL-MEANT",
    "No 2xx of the whole run is an error in disguise",
    why="Leanplum looks at the status only: what is answered 200 is never sent again.",
    fix="Answer 2xx only when the event is stored, and 5xx when it could not be.",
    follows_from=["deliver-success", "retry-success-ends"],
    catches=[
        "sql-error-with-200",
        "nested-error-with-200",
        "code-with-200",
        "too-long-with-200",
        "bot-page-for-scripts",
    ],
    most_requests=0,
    stores=False,
)
def all_meant(target: EndpointTarget, rec: Recorder) -> None:
    """Reads the answers to all that the cases before have sent."""
    sent = _sent(target)
    found = target.endpoint.sent.contradictions
    rec.checks += len(sent)
    if found:
        first = min(found, key=lambda each: len(each.exchange.url))
        target.exchanges.append(first.exchange)
        target.show(first.exchange)
        rec.expect_that(
            False,
            f"{first.status} with nothing wrong in it",
            Said(f"{first.status} with {first.what}"),
            f"{len(found)} of {len(sent)}, this one sent by {first.case_id}; Leanplum takes the "
            "postback for delivered",
        )


def _sent(target: EndpointTarget) -> list[SentPostback]:
    """Return what was sent by other cases.

    Raises:
        NotApplicable: Nothing was.
    """
    sent = target.endpoint.sent.all()
    if not sent:
        raise NotApplicable("it looks at what other cases have sent, and none was chosen")
    return sent


def _of_every_case(sent: list[SentPostback]) -> list[SentPostback]:
    """Return the same, the first of each case first, then the second of each, and so on."""
    by_case: dict[str, list[SentPostback]] = {}
    for each in sent:
        by_case.setdefault(each.case_id, []).append(each)
    longest = max(map(len, by_case.values()), default=0)
    return [group[n] for n in range(longest) for group in by_case.values() if n < len(group)]


def _expect_stored(
    target: EndpointTarget, what: str, *, doubles_beyond: set[str] | None = None
) -> None:
    sent = target.endpoint.sent.all()
    if target.stored().entries is None:
        target.expect_counted()
        return
    said = {}
    for each in sent:
        special = f", {each.what}" if each.what else ""
        said[each.postback.url] = f"{what}sent by {each.case_id}{special}"
    target.expect_reckoned(sent, said, doubles_beyond=doubles_beyond)
