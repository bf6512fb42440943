"""Checks that a restart changes nothing about the rules of any type and any set of channels.

`kept` draws a few rules and looks at all there is; here it is each set of channels.
"""

from __future__ import annotations

from itertools import combinations

from contracts.conformance.cases.timeout import CLOCK
from contracts.conformance.target import AppUnderTest, InboxUnderTest, Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Need, Origin

ORDER = 129

_ALL = ("Push Notification", "Email", "In-app Message")
_HEARD_AS = {"push": _ALL[0], "email": _ALL[1], "in-app": _ALL[2]}
_SETS = (None, *(list(each) for size in (1, 2, 3) for each in combinations(_ALL, size)))
_TYPES = ("messageEvents", "abTestEvents")
#: What stands in each template and must not change.
_LITERAL = "&n=%2B%C3%A9%252B"
_EVENTS = ("push.open", "email.click", "in-app.banner.view", "ab-test.enter")


@case(
    "PB-RULES-RESTART-EVERY-SET",
    "After a restart rules of every type and set of channels are fired by what fired them before",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A rule that hears more, or less, after a deployment is found by nobody.",
    fix="Keep type and channels of a rule as they were given, and read them back as they are.",
    catches=[
        "restart-loses-channels",
        "restart-widens-two-channels",
        "restart-keeps-first-channel",
        "restart-widens-ab-rules",
        "restart-decodes-urls",
    ],
    needs=(*CLOCK, Need.RESTART),
)
def every_set(target: Target, rec: Recorder) -> None:
    """Registers a rule for each set of channels and each type, fires all, restarts, fires again.

    Rules that are registered after the restart are fired as well.
    """
    inbox = target.inbox()
    apps = [_registered(target, inbox, type) for type in _TYPES]
    before = [_fired(app) for app in apps]
    listed = [app.rules() for app in apps]
    target.restart()
    rec.expect(listed, [app.rules() for app in apps], "the rules that are listed")
    after = [_fired(app) for app in apps]
    new = [_fired(_registered(target, inbox, type)) for type in _TYPES]
    wanted = [[_hearing(type, name) for name in _EVENTS] for type in _TYPES]
    found = [
        f"{what}, a rule for {type} is fired by {name} with {_in_words(seen ^ right)}"
        for what, fired in (("before", before), ("after", after), ("registered after it", new))
        for type, own, expected in zip(_TYPES, fired, wanted, strict=True)
        for name, seen, right in zip(_EVENTS, own, expected, strict=True)
        if seen != right
    ]
    rec.expect_verdict(
        f"{len(found)} differ" if found else "as before",
        "as before",
        {"as before": "each event fires the rules that hear it, with the same URLs"},
        f"{found[0]} wrongly, or not at all" if found else f"{len(_SETS)} sets of channels",
    )


def _registered(target: Target, inbox: InboxUnderTest, type: str) -> AppUnderTest:
    """Return an app with a rule of this type for each set of channels."""
    app = target.another_app(rule_limit=len(_SETS))
    for number, channels in enumerate(_SETS):
        app.add(f"{inbox.url}?set={number}{_LITERAL}", type, channels)
    return app


def _fired(app: AppUnderTest) -> list[set[int]]:
    """Let each of a few events happen; return which sets of channels heard it, by number."""
    return [
        {_number(each.url) for each in app.trigger(name) if each.url.endswith(_LITERAL)}
        for name in _EVENTS
    ]


def _number(url: str) -> int:
    return int(url.partition("?set=")[2].partition("&")[0])


def _hearing(type: str, name: str) -> set[int]:
    """Return the numbers of the sets whose rules an event must fire."""
    channel = _HEARD_AS.get(name.partition(".")[0])
    if type == "abTestEvents":
        # Their channels have no effect.
        return set() if channel else set(range(len(_SETS)))
    return {number for number, each in enumerate(_SETS) if channel and channel in (each or _ALL)}


def _in_words(numbers: set[int]) -> str:
    return " and ".join(", ".join(_SETS[number] or ["no channels"]) for number in sorted(numbers))
