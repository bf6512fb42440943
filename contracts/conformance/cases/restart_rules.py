"""Checks that a restart changes nothing about the rules of any type and any set of channels.

`kept` draws a few rules and looks at all there is; here it is each set of channels.
"""

from __future__ import annotations

from itertools import combinations

from contracts.conformance.cases.timeout import CLOCK
from contracts.conformance.target import AppUnderTest, Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Need, Origin

ORDER = 129

_CHANNELS = ("Push Notification", "Email", "In-app Message")
_SETS = (None, *(list(each) for size in (1, 2, 3) for each in combinations(_CHANNELS, size)))
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
    """Registers a rule for each set of channels and each type, fires all, restarts, fires again."""
    inbox = target.inbox()
    apps = []
    for type in ("messageEvents", "abTestEvents"):
        app = target.another_app(rule_limit=len(_SETS))
        apps.append(app)
        for number, channels in enumerate(_SETS):
            app.add(f"{inbox.url}?rule={type}{number}&n=%2B%C3%A9", type, channels)
    before = [_fired(app) for app in apps]
    listed = [app.rules() for app in apps]
    target.restart()
    rec.expect(listed, [app.rules() for app in apps], "the rules that are listed")
    after = [_fired(app) for app in apps]
    changed = [
        f"{name}: {len(one)} rules before, {len(two)} after"
        for own_before, own_after in zip(before, after, strict=True)
        for name, one, two in zip(_EVENTS, own_before, own_after, strict=True)
        if one != two
    ]
    rec.expect_verdict(
        "; ".join(changed) or "as before",
        "as before",
        {"as before": "each event fires the same rules, with the same URLs"},
        f"{len(_SETS)} sets of channels, for either type of rule",
    )


def _fired(app: AppUnderTest) -> list[list[tuple[int, str]]]:
    return [[(each.postback_id, each.url) for each in app.trigger(name)] for name in _EVENTS]
