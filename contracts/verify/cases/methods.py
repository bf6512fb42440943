"""Sends requests that no postback is, after everything else: some endpoints ban who sends them."""

from __future__ import annotations

from contracts.suite.recorder import Recorder, Said
from contracts.suite.registry import endpoint_case
from contracts.suite.vocabulary import Level, Need
from contracts.verify.consequence import is_accepted, outcome_text
from contracts.verify.target import EndpointTarget

# Whoever is banned by them has been through all other cases.
ORDER = 320

#: The usual ones first: what follows may be banned for the others.
METHODS = ("HEAD", "GET", "PUT", "PROPFIND")
#: How many requests the case makes: these, and a usual postback before and after them.
MOST_REQUESTS = len(METHODS) + 2
_NEEDS = frozenset({Need.PROBE, Need.OTHER_METHODS})


def left_before(target: EndpointTarget) -> int:
    """Return how many requests other cases may send, so that enough are left for this one."""
    kept_back = MOST_REQUESTS if target.endpoint.capabilities >= _NEEDS else 0
    return max(0, target.endpoint.budget.left - kept_back)


@endpoint_case(
    "PB-STORE-POST-ONLY",
    "GET, HEAD and other methods store nothing",
    level=Level.SHOULD,
    why="Scanners, link previews and health checks send GET and HEAD to any URL they find in a "
    "log.",
    fix="Route POST only; answer 405 to the rest.",
    follows_from=["deliver-post"],
    catches=["stores-on-head", "stores-on-get", "takes-any-method"],
    needs=_NEEDS,
    most_requests=MOST_REQUESTS,
)
def post_only(target: EndpointTarget, rec: Recorder) -> None:
    """Sends the URL of a postback with four other methods and asks whether it is stored.

    A probe that only counts is asked after each of them. Then sends a postback once more, to see
    whether the endpoint bans who sends such requests.
    """
    before = target.stored_at_rest()
    usual = target.postback()
    was_accepted = is_accepted(target.send(usual))
    if was_accepted:
        before = target.stored_at_rest([usual], count=before.count + 1)
    made = []
    for method in METHODS:
        postback = target.postback()
        target.request(method, postback.request_target)
        target.note_other(postback)
        made.append((method, postback, target.exchanges[-1]))
        if before.entries is None:
            after = target.stored_at_rest()
            rec.expect(0, after.count - before.count, _stored_for(method))
            before = after
    if before.entries is not None:
        after = target.stored_at_rest()
        for method, postback, exchange in made:
            target.show(exchange)
            rec.expect(0, len(after.of(postback)), _stored_for(method))
    outcome = target.send(target.postback())
    if was_accepted and not is_accepted(outcome):
        rec.deviate(
            "2xx, as before these requests",
            Said(outcome_text(outcome)),
            "it seems to ban who sends such requests; Leanplum sends none, so nothing is lost, but "
            "the next run fails until the ban has ended: leave them out by --only-post",
            accepted=True,
        )


def _stored_for(method: str) -> str:
    return f"stored for a {method}, which is no postback"
