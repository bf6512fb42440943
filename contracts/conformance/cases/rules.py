"""Checks how an app's postback rules are added, limited, listed and deleted."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from contracts.conformance.api import ApiAnswer, expect_accepted, expect_not_done
from contracts.conformance.cases.api import NOWHERE
from contracts.conformance.target import AppUnderTest, Target
from contracts.suite.recorder import Recorder, Untestable
from contracts.suite.registry import FAKE_AND_REAL, case
from contracts.suite.vocabulary import Level, Origin, TargetKind

ORDER = 30

#: No id of a rule: the fake's are drawn from a sequence that does not reach it.
UNKNOWN_ID = 1_234_567_890_123_456

CAP = 3


def _free_places(target: Target) -> int:
    """Return how many rules the app can still take; at the real API some may be in use."""
    if target.kind is not TargetKind.REAL:
        return CAP
    free = CAP - len(target.app.rules())
    if free <= 0:
        raise Untestable("all three places of the app are taken, and none of its rules is ours")
    return free


def _expect_full(app: AppUnderTest, answer: ApiAnswer, what: str) -> None:
    """Check that a rule beyond the limit was refused, or skipped and not added."""
    if expect_not_done(answer, what, app.target.rec):
        app.target.rec.expect(CAP, len(app.rules()), "the call was said to be skipped")


def _add(app: AppUnderTest) -> ApiAnswer:
    return app.call("addPostback", type="messageEvents", postbackUrl=NOWHERE)


@case(
    "PB-RULES-ID",
    "addPostback answers a whole number called postbackId",
    why="It is the only handle on the rule.",
    fix="Answer the id as a JSON number without a fraction.",
    catches=["id-as-text"],
    targets=FAKE_AND_REAL,
    most_requests=3,
)
def number(target: Target, rec: Recorder) -> None:
    """Registers a rule and looks at the type of its id."""
    _free_places(target)
    target.app.add(NOWHERE)


@case(
    "PB-RULES-ID-DIGITS",
    "An id has 16 digits and is exact as a 64-bit float",
    level=Level.SHOULD,
    origin=Origin.OBSERVED,
    why="A column of 32 bits, or a detour over a float of fewer digits, loses such ids.",
    fix="Use ids of the size that Leanplum's have.",
    catches=["id-short"],
)
def digits(target: Target, rec: Recorder) -> None:
    """Registers three rules and looks at the length of their ids."""
    ids = [target.app.add(NOWHERE) for _ in range(CAP)]
    rec.expect([16] * CAP, [len(str(item)) for item in ids], "observed ids have 16 digits")
    rec.expect(ids, [int(float(item)) for item in ids], "JavaScript reads them as floats")
    rec.expect(CAP, len(set(ids)), "every rule has an id of its own")


@case(
    "PB-RULES-CAP",
    "An app takes three rules and refuses a fourth",
    why="Whoever registers a rule per environment or per feature runs into it.",
    fix="Refuse addPostback while the app has three rules.",
    catches=["cap-of-two", "cap-of-four", "cap-none"],
    targets=FAKE_AND_REAL,
    most_requests=9,
)
def cap(target: Target, rec: Recorder) -> None:
    """Registers rules until the three places are taken, then one more."""
    for place in range(_free_places(target)):
        expect_accepted(_add(target.app), f"rule number {place + 1}", rec)
    _expect_full(target.app, _add(target.app), "a fourth rule")


@case(
    "PB-RULES-CAP-PER-APP",
    "The limit of three counts for each app by itself",
    why="A team's staging app must not eat the places of its production app.",
    fix="Count the rules of the app that appId names.",
    catches=["cap-shared"],
)
def cap_per_app(target: Target, rec: Recorder) -> None:
    """Fills one app and registers three more rules in another."""
    for app in (target.app, target.another_app()):
        for _ in range(CAP):
            expect_accepted(_add(app), "a rule of an app that has fewer than three", rec)


@case(
    "PB-RULES-CAP-FREED",
    "A deleted rule frees its place",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Replacing a template means deleting a rule and registering another.",
    fix="Count the rules that exist, not those that ever did.",
    catches=["cap-not-freed"],
)
def cap_freed(target: Target, rec: Recorder) -> None:
    """Fills the app, deletes one rule, registers one again, and one too many."""
    app = target.app
    ids = [app.add(NOWHERE) for _ in range(CAP)]
    expect_accepted(app.delete(ids[1]), "deleting a rule", rec)
    again = _add(app)
    rec.expect_verdict(
        "freed" if again.accepted else "kept",
        "freed",
        {"freed": "the place can be used again", "kept": "the place is gone"},
        f"answered {again.in_short()}",
    )
    _expect_full(app, _add(app), "a fourth rule after one was replaced")


@case(
    "PB-RULES-CAP-CONCURRENT",
    "Parallel calls do not exceed the limit either",
    why="Several instances of a service that start together all register their rules.",
    fix="Count and add in one step that no other call can come between.",
    catches=["cap-racy", "cap-none", "cap-of-four"],
)
def cap_concurrent(target: Target, rec: Recorder) -> None:
    """Sends eight calls at once, three times over; each time three may be accepted."""
    for _ in range(3):
        app = target.another_app()
        with ThreadPoolExecutor(max_workers=8) as pool:
            answers = list(pool.map(lambda number: _add(app), range(8)))  # noqa: B023
        accepted = sum(answer.accepted for answer in answers)
        rec.expect(CAP, accepted, "of eight parallel calls three find a place")
        rec.expect(CAP, len(app.rules()), "as many rules exist as were accepted")


@case(
    "PB-RULES-DUPLICATE",
    "An identical second rule is accepted and counts",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A deployment that registers its rule at every start fills the places, and every "
    "event then arrives three times.",
    fix="Nothing is documented; the fake does not compare rules.",
    catches=["duplicate-refused"],
)
def duplicate(target: Target, rec: Recorder) -> None:
    """Registers the same rule twice."""
    target.app.add(NOWHERE)
    again = _add(target.app)
    count = len(target.app.rules())
    seen = {1: "ignored", 2: "counts"}.get(count, f"{count} rules") if again.accepted else "refused"
    rec.expect_verdict(
        seen,
        "counts",
        {
            "counts": "there are two rules",
            "ignored": "it is accepted, and there is one rule",
            "refused": "the second call is refused",
        },
        "two identical rules send every event twice",
    )


@case(
    "PB-RULES-TYPES",
    "A rule has the type messageEvents or abTestEvents, and no other",
    why="A misspelt type must not look like a rule that is there and never fires.",
    fix="Accept exactly these two.",
    catches=["unknown-type-accepted", "ab-test-type-refused"],
    targets=FAKE_AND_REAL,
    most_requests=5,
)
def types(target: Target, rec: Recorder) -> None:
    """Registers a rule of an unknown type, then one for A/B test events."""
    answer = target.app.call("addPostback", type="messageEvent", postbackUrl=NOWHERE)
    if expect_not_done(answer, "the type messageEvent", rec):
        listed = [rule for rule in target.app.rules() if rule.get("type") == "messageEvent"]
        rec.expect([], listed, "the call was said to be skipped")
    _free_places(target)
    url = "https://postbacks-contracts.invalid/in?test={{AB test ID}}"
    target.app.add(url, type="abTestEvents")


@case(
    "PB-RULES-LIST",
    "listPostbacks shows each rule's id, type and template as registered",
    why="Deployments look here whether their rule is already there.",
    fix="Answer postbacks with postbackId, type and postbackUrl, the template unchanged.",
    catches=["list-without-type", "id-as-text", "delete-does-nothing"],
    targets=FAKE_AND_REAL,
    most_requests=5,
)
def listed(target: Target, rec: Recorder) -> None:
    """Registers a rule, lists, deletes it, and lists again."""
    before = target.app.rules()
    if len(before) >= CAP:
        raise Untestable("all three places of the app are taken, and none of its rules is ours")
    url = "https://postbacks-contracts.invalid/in?e={{Message event}}&plain=%2Bx&user={{User ID}}"
    postback_id = target.app.add(url)
    new = [rule for rule in target.app.rules() if rule not in before]
    expected = {"postbackId": postback_id, "type": "messageEvents", "postbackUrl": url}
    shown = [{name: rule.get(name) for name in expected} for rule in new]
    rec.expect([expected], shown, "the list shows the rule that was just registered")
    expect_accepted(target.app.delete(postback_id), "deleting the rule", rec)
    rec.expect(before, target.app.rules(), "a deleted rule is listed no more")


@case(
    "PB-RULES-LIST-OWN",
    "listPostbacks shows the rules of the app that was named, and no others",
    why="A script that deletes all it lists must not reach another app.",
    fix="Filter by the app that appId names.",
    catches=["list-all-apps"],
)
def list_own(target: Target, rec: Recorder) -> None:
    """Registers a rule in each of two apps and lists both."""
    apps = (target.app, target.another_app())
    ids = [app.add(NOWHERE) for app in apps]
    listed_ids: Sequence[object] = [
        [rule.get("postbackId") for rule in app.rules()] for app in apps
    ]
    rec.expect([[ids[0]], [ids[1]]], listed_ids, "each app has its own rule only")


@case(
    "PB-RULES-DELETE",
    "deletePostback removes the rule, and events fire it no more",
    why="A rule that stays goes on sending data to an endpoint that was given up.",
    fix="Remove the rule before answering.",
    catches=["delete-does-nothing"],
)
def delete(target: Target, rec: Recorder) -> None:
    """Registers two rules, deletes one, and lets an event happen."""
    inbox, app = target.inbox(), target.app
    first, second = app.add(f"{inbox.url}?rule=1"), app.add(f"{inbox.url}?rule=2")
    expect_accepted(app.delete(first), "deleting a rule", rec)
    rec.expect([second], [rule.get("postbackId") for rule in app.rules()], "the other rule stays")
    app.trigger("push.open")
    rec.expect([{"rule": "2"}], [item.query for item in inbox.requests()], "only it is fired")


@case(
    "PB-RULES-DELETE-UNKNOWN",
    "Deleting a rule that is not there is received, with a warning",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="A second run of a clean-up script meets it.",
    fix="Nothing is documented beyond what a warning means; the fake answers 200 with one. Its "
    "knob is unknown_postback.",
    catches=["delete-unknown-silent", "delete-unknown-error"],
    targets=FAKE_AND_REAL,
    most_requests=1,
)
def delete_unknown(target: Target, rec: Recorder) -> None:
    """Deletes an id that no rule has."""
    answer = target.app.delete(UNKNOWN_ID)
    refused = "not found" if answer.status == 404 else "refused"
    seen = "warning" if answer.warning else "success" if answer.accepted else refused
    rec.expect_verdict(
        seen,
        "warning",
        {
            "warning": "200, success true, and a warning",
            "not found": "404, as recorded answers of other methods have it",
            "refused": "another 4xx with a message",
            "success": "as if it had been there",
        },
        f"answered {answer.in_short()}",
    )


@case(
    "PB-RULES-DELETE-PENDING",
    "What is pending when its rule is deleted is sent all the same",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="An endpoint that was given up may be called for 65 more hours.",
    fix="Nothing is documented; the fake's deliveries do not depend on their rule.",
    catches=["delete-cancels-pending"],
)
def delete_pending(target: Target, rec: Recorder) -> None:
    """Lets a delivery fail once, deletes its rule, and turns the clock."""
    inbox = target.inbox("503,200")
    postback_id = target.app.add(inbox.url)
    delivery = target.app.trigger_one("push.open")
    expect_accepted(target.app.delete(postback_id), "deleting the rule", rec)
    target.until_idle()
    state = target.delivery(delivery.id).state
    seen = {"delivered": "goes on"}.get(state, f"is {state}")
    if len(inbox.requests()) < 2:
        seen = "is dropped"
    rec.expect_verdict(
        seen,
        "goes on",
        {"goes on": "the retry is made", "is dropped": "there is no further attempt"},
        "the rule is gone, the event has happened",
    )
