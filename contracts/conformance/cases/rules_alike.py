"""Checks that rules which are alike in all, or in their URL, are rules of their own.

`rules` asks whether a second rule like the first takes a place; here both are fired.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations_with_replacement

from contracts.conformance.cases.rules import CAP
from contracts.conformance.target import Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Origin

ORDER = 45

#: Rules by type and channels, and what each hears of the events below.
_RULES: tuple[tuple[str, tuple[str, ...] | None, frozenset[str]], ...] = (
    ("messageEvents", None, frozenset({"push", "email", "in-app"})),
    ("messageEvents", ("Email",), frozenset({"email"})),
    ("messageEvents", ("Push Notification", "Email"), frozenset({"push", "email"})),
    ("abTestEvents", None, frozenset({"ab-test"})),
)
_EVENTS = ("push.open", "email.click", "in-app.banner.select", "ab-test.enter")


@case(
    "PB-RULES-ALIKE",
    "Each of the rules that an event matches is fired, however alike they are",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Two teams register one endpoint, or one team twice: then each event comes as often.",
    fix="Nothing is documented; the fake compares no rule with another.",
    catches=[
        "one-delivery-for-a-url",
        "one-delivery-for-a-host",
        "alike-rules-share-an-id",
        "alike-rules-go-together",
    ],
)
def alike(target: Target, rec: Recorder) -> None:
    """Registers three rules with one URL, of every mixture of types and channels, and fires them.

    Then deletes one of them, and fires the others.
    """
    mixtures = list(combinations_with_replacement(_RULES, CAP))
    for mixture in rec.random.sample(mixtures, rec.samples(len(mixtures))):
        app, inbox = target.another_app(), target.inbox()
        url = f"{inbox.url}?user={{{{User ID}}}}"
        ids = [app.add(url, type, channels) for type, channels, _ in mixture]
        gone = rec.random.choice(ids)
        for what in ("three rules", "after one of them is deleted"):
            heard = dict(zip(ids, (each for _, _, each in mixture), strict=True))
            if what != "three rules":
                rec.expect(True, app.delete(gone).accepted, "the rule is there")
                del heard[gone]
            before = len(inbox.requests())
            fired = app.trigger_many(_EVENTS)
            kinds = [name.partition(".")[0] for name in _EVENTS]
            wanted = Counter(
                number for number, hears in heard.items() for kind in kinds if kind in hears
            )
            seen = Counter(each.postback_id for each in fired)
            arrived = len(inbox.requests()) - before
            shown = ", ".join(f"{type} {channels or 'all'}" for type, channels, _ in mixture)
            rec.expect_verdict(
                "each" if (seen, arrived) == (wanted, wanted.total()) else f"{arrived} requests",
                "each",
                {"each": "one delivery for every rule that matches"},
                f"{what} with one URL ({shown}): {wanted.total()} deliveries are expected",
            )
