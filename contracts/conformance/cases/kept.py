"""Checks that ids never come again, and that a restart changes nothing at all."""

from __future__ import annotations

from typing import Any

from contracts.conformance.api import expect_accepted, expect_refused
from contracts.conformance.attempt_model import first_difference
from contracts.conformance.cases.api import NOWHERE
from contracts.conformance.cases.rules import CAP
from contracts.conformance.cases.timeout import CLOCK
from contracts.conformance.schedule import pauses_of
from contracts.conformance.target import AppUnderTest, Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Need, Origin

ORDER = 128

_CHANNELS = (None, ["Email"], ["In-app Message", "Push Notification"])
_EVENTS = ("push.open", "email.click", "in-app.banner.view", "ab-test.enter")


@case(
    "PB-RULES-ID-NEVER-AGAIN",
    "The id of a rule is never another rule's, not after a deletion, a reset or a restart",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A script that deletes by a number it kept must not meet a newer rule.",
    fix="Go on counting where it was; nothing is documented.",
    catches=["id-again-after-delete", "id-again-after-reset", "id-again-after-restart"],
)
def never_again(target: Target, rec: Recorder) -> None:
    """Adds and deletes rules in turn, resets and restarts where that is allowed, and adds more."""
    seen: list[int] = []
    for turn in range(4):
        app = target.another_app()
        for _ in range(2):
            ids = [app.add(NOWHERE) for _ in range(CAP)]
            seen += ids
            for postback_id in rec.random.sample(ids, CAP if turn % 2 else 2):
                expect_accepted(app.delete(postback_id), "deleting a rule", rec)
            seen.append(app.add(NOWHERE))
            for rule in app.rules():
                app.delete(int(rule["postbackId"]))
        if turn == 1 and Need.RESTART in target.capabilities:
            target.restart()
        if turn == 2 and target.server.is_ours:
            target.control.reset()
    again = sorted({each for each in seen if seen.count(each) > 1})
    rec.expect_verdict(
        "never" if not again else f"again: {again[:5]}",
        "never",
        {"never": f"{len(seen)} rules have {len(seen)} ids"},
        "an id is all that deletePostback is given",
    )


@case(
    "PB-RULES-RESTART",
    "After a restart everything is as it was: rules, deletions, keys, deliveries, the clock",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A sandbox that a team shares is restarted in the middle of somebody's test.",
    fix="Keep on disk all that an answer can tell.",
    catches=[
        "forgets-at-restart",
        "restart-counts-anew",
        "restart-sends-at-once",
        "later-after-a-restart",
        "restart-loses-channels",
        "restart-brings-back-deleted",
        "restart-loses-ended",
        "restart-loses-third-rule",
        "restart-forgets-new-keys",
        "restart-loses-attempts",
        "restart-loses-parameters",
    ],
    needs=(*CLOCK, Need.RESTART),
)
def restarted(target: Target, rec: Recorder) -> None:
    """Restarts amid retries, resends and deletions, compares all there is, and lets it go on."""
    pauses = pauses_of(target)
    apps = [target.app, target.another_app(rule_limit=4, parameters_encoding="twice")]
    inboxes, fired = [], []
    for app in apps:
        doomed = app.add(NOWHERE)
        for channels in rec.random.sample(_CHANNELS, 2):
            inboxes.append(target.inbox("503,404,503,200,hang,503"))
            app.add(inboxes[-1].url + "?p={{Parameters}}", channels=channels)
        expect_accepted(app.delete(doomed), "deleting a rule", rec)
        app.add(inboxes[-1].url, type="abTestEvents")
        fired.append(_fired(app))
    for _ in range(rec.random.randint(2, 5)):
        target.advance(until="next")
    chosen = rec.random.choice(apps[0].deliveries() + apps[1].deliveries())
    target.control.resend(chosen.id)
    target.advance(by=f"{rec.random.randint(1, 50)}m")
    before = [_all_of(target, app) for app in apps]
    target.restart()
    for inbox in inboxes:
        inbox.behave("503")
    after = [_all_of(target, app) for app in apps]
    for name in before[0]:
        rec.expect([each[name] for each in before], [each[name] for each in after], name)
    for app in apps:
        answer = app.call("listPostbacks", clientKey=app.keys.production)
        expect_refused(answer, "another key of the app", rec)
    again = [_fired(app) for app in apps]
    rec.expect(fired, again, "each event fires the rules that it fired before")
    target.until_idle()
    deliveries = [each for app in apps for each in app.deliveries()]
    difference = first_difference(deliveries, target.now(), pauses)
    rec.expect("", difference, "the schedule goes on as it was")


def _fired(app: AppUnderTest) -> list[list[int]]:
    """Let each of a few events happen, and return the ids of the rules it fires."""
    return [[each.postback_id for each in app.trigger(name)] for name in _EVENTS]


def _all_of(target: Target, app: AppUnderTest) -> dict[str, Any]:
    """Return all that can be asked for about an app, by what it is."""
    deliveries = app.deliveries()
    return {
        "the clock": target.now(),
        "rules": app.rules(),
        "keys and knobs": target.control.app(app.app_id),
        "states": [(each.id, each.state, each.attempts_made, each.due_at) for each in deliveries],
        "URLs and events": [(each.url, each.event) for each in deliveries],
        "attempts": [
            [(made.number, made.started_at, made.outcome, made.status) for made in each.attempts]
            for each in deliveries
        ],
    }
