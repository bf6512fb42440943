"""Lives through whole histories of apps whose endpoints fail in turn, and compares every attempt.

All is drawn by the seed of the run. What an endpoint answers is taken as it comes; when attempts
are made and what follows from each is compared with a model, see `attempt_model`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random

from contracts.conformance.attempt_model import first_difference
from contracts.conformance.cases.timeout import CLOCK
from contracts.conformance.schedule import pauses_of
from contracts.conformance.target import AppUnderTest, InboxUnderTest, Target
from contracts.suite.recorder import Recorder
from contracts.suite.registry import case
from contracts.suite.vocabulary import Level, Need, Origin
from mockserver.core.wording import count
from mockserver.web.shapes import DeliveryJson

ORDER = 125

HISTORIES = 3
STEPS = 36
#: After so many steps all that was done until then is compared.
_COMPARED = 9
_MOST_AT_ONCE = 8
#: After so many steps what is pending is resent.
_SURE = 7
_EVENTS = ("push.open", "push.send", "email.click", "in-app.banner.view", "ab-test.enter")


@case(
    "PB-RETRY-HISTORIES",
    "In whatever history, each delivery has the attempts it must have, at the instants it must",
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    why="Outages overlap: what one delivery goes through must not change another one's schedule.",
    fix="Look at the steps, and at the first delivery that stands elsewhere.",
    catches=[
        "linear-backoff",
        "delay-from-start",
        "jitter",
        "retries-after-success",
        "timeout-not-retried",
        "restart-counts-anew",
        "seventh-pending-late",
        "ninth-pending-forgotten",
        "second-rule-waits-longer",
        "ab-rule-five-attempts",
        "second-app-waits-longer",
        "last-timeout-is-lost",
        "timeout-pause-is-an-hour",
        "5xx-after-timeout-starts-over",
        "fewer-retries-after-a-loss",
        "later-after-a-rejection",
        "resend-counts-as-attempt",
        "resend-success-changes-nothing",
        "failed-resend-starts-over",
        "resend-revives-what-is-lost",
        "resend-404-rejects",
        "deleted-rule-retried-less",
        "same-instant-drifts",
        "later-after-a-restart",
        "reset-retried-twice-only",
        "old-events-given-up",
    ],
    needs=CLOCK,
)
def histories(target: Target, rec: Recorder) -> None:
    """Lets many events of two apps meet endpoints that answer, fail, hang and reset in turn.

    In between the clock moves to due instants, to just before them and beyond, deliveries are
    resent, rules are deleted, and the server is restarted; then all of it runs to its end, twice.
    """
    for _ in range(rec.samples(HISTORIES)):
        target.fresh()
        rec.begin_example()
        _History(target, rec).live()


class _History:
    """Two apps, the inboxes of their rules, and what was done so far."""

    def __init__(self, target: Target, rec: Recorder) -> None:
        self.target, self.rec, self.random = target, rec, rec.random
        self.pauses = pauses_of(target)
        self.apps = (target.app, target.another_app())
        self.inboxes: dict[int, InboxUnderTest] = {}
        self.rules: list[tuple[AppUnderTest, int, frozenset[str]]] = []
        self.known: dict[int, int] = {}
        self.restarts_left = 1 if Need.RESTART in target.capabilities else 0
        self.has_restarted = False
        for app, channels in ((0, None), (0, ["Email"]), (1, None)):
            heard = {"push", "email", "in-app"} if channels is None else {"email"}
            self._add_rule(self.apps[app], "messageEvents", channels, frozenset(heard))
        self._add_rule(self.apps[0], "abTestEvents", None, frozenset({"ab-test"}))

    def live(self) -> None:
        """Take all steps, then run to the end, and once more from there."""
        ways: Sequence[tuple[int, Callable[[], None]]] = (
            (8, self._let_events_happen),
            (9, self._move_to_next),
            (3, self._move_to_just_before),
            (3, self._move_on),
            (6, self._resend),
            (3, self._change_behaviour),
            (1, self._delete_rule),
            (1, self._restart),
        )
        steps = [way for weight, way in ways for _ in range(weight)]
        self._let_events_happen()
        for number in range(STEPS):
            self.random.choice(steps)()
            # What a seed may leave out happens in every history.
            if number % _SURE == _SURE - 1:
                self._resend_pending()
            if number == STEPS * 2 // 3:
                self._restart()
            if number % _COMPARED == _COMPARED - 1:
                self._compare()
        for _ in range(2):
            self.rec.step("all of it runs to its end")
            self.target.until_idle()
            self._compare()
            # What was lost, rejected or delivered changes nothing for those who come later.
            self._resend_one_of_each()
            self._let_events_happen()
        self._compare()

    # Steps

    def _let_events_happen(self) -> None:
        app = self.random.choice((*self.apps, self.apps[0]))
        names = self.random.choices(_EVENTS, k=self.random.randint(1, _MOST_AT_ONCE))
        self.rec.step(f"in {app.app_id}: {', '.join(names)}")
        # Over several rules nobody knows in which order they are fired.
        wanted = Counter(
            number
            for name in names
            for owner, number, heard in self.rules
            if owner is app and name.partition(".")[0] in heard
        )
        fired = app.trigger_many(names)
        self.rec.expect(
            wanted,
            Counter(each.postback_id for each in fired),
            "deliveries by the rule they are of",
        )
        self.known |= {each.id: each.postback_id for each in fired}

    def _move_to_next(self) -> None:
        times = self.random.randint(1, 4)
        self.rec.step(f"the clock moves to the next due instant, {count(times, 'time')}")
        for _ in range(times):
            self.target.advance(until="next")

    def _move_to_just_before(self) -> None:
        due_at = [each.due_at for each in self._deliveries() if each.due_at is not None]
        if due_at:
            self.rec.step("the clock moves to a millisecond before an instant")
            to = self.random.choice(due_at) - timedelta(milliseconds=1)
            if to > self.target.now():
                self.target.advance(to=to)

    def _move_on(self) -> None:
        minutes = self.random.choice((1, 59, 61, 180, 599, 601, 2_000))
        self.rec.step(f"the clock moves by {minutes} minutes")
        self.target.advance(by=f"{minutes}m")

    def _resend(self) -> None:
        deliveries = self._deliveries()
        states = sorted({each.state for each in deliveries})
        if states:
            state = self.random.choice(states)
            chosen = self.random.choice([each for each in deliveries if each.state == state])
            self._resend_now(chosen)

    def _resend_pending(self) -> None:
        """Resend three that are pending: one succeeds, one is answered 404, one fails."""
        pending = [each for each in self._deliveries() if each.state == "pending"]
        chosen = self.random.sample(pending, min(3, len(pending)))
        for delivery, answer in zip(chosen, ("404", "200", "503"), strict=False):
            self._resend_now(delivery, answer)

    def _resend_one_of_each(self) -> None:
        latest = {each.state: each for each in self._deliveries()}
        for state in sorted(latest):
            self._resend_now(latest[state])

    def _resend_now(self, delivery: DeliveryJson, answer: str | None = None) -> None:
        if answer is None:
            answer = self.random.choice(("200", "404", "503", "hang", ""))
        said = f" and answered {answer}" if answer else ""
        self.rec.step(f"delivery {delivery.id}, which is {delivery.state}, is resent{said}")
        if answer:
            self.inboxes[delivery.postback_id].behave(f"{answer},{_script(self.random)}")
        self.target.control.resend(delivery.id)

    def _change_behaviour(self) -> None:
        self.inboxes[self.random.choice(list(self.inboxes))].behave(_script(self.random))

    def _delete_rule(self) -> None:
        owner, number, heard = self.random.choice(self.rules[:-1])
        self.rec.step(f"the rule {number} is deleted, and one like it is added")
        self.rec.expect(True, owner.delete(number).accepted, "the rule exists")
        self.rules.remove((owner, number, heard))
        channels = ["Email"] if heard == {"email"} else None
        self._add_rule(owner, "messageEvents", channels, heard)
        # The rule of A/B tests stays the last one.
        self.rules.insert(0, self.rules.pop())

    def _restart(self) -> None:
        if self.restarts_left:
            self.rec.step("the server is restarted")
            self.restarts_left -= 1
            self.has_restarted = True
            self.target.restart()
            for inbox in self.inboxes.values():
                inbox.behave(_script(self.random))

    # What is known

    def _add_rule(
        self, app: AppUnderTest, type: str, channels: list[str] | None, heard: frozenset[str]
    ) -> None:
        inbox = self.target.inbox(_script(self.random))
        postback_id = app.add(inbox.url, type, channels)
        self.inboxes[postback_id] = inbox
        self.rules.append((app, postback_id, heard))

    def _deliveries(self) -> list[DeliveryJson]:
        return [each for app in self.apps for each in app.deliveries()]

    def _compare(self) -> None:
        deliveries = self._deliveries()
        found = {each.id: each.postback_id for each in deliveries}
        self.rec.expect(self.known, found, "the rules of all deliveries, by their ids")
        difference = first_difference(deliveries, self.target.now(), self.pauses)
        self.rec.expect_verdict(
            difference or "as the model has it",
            "as the model has it",
            {"as the model has it": "the schedule of 503, from the end of each"},
            "what follows an attempt depends on it and on its number alone",
        )
        if not self.has_restarted:
            arrived = Counter(
                request.status for inbox in self.inboxes.values() for request in inbox.requests()
            )
            made = Counter(attempt.status for each in deliveries for attempt in each.attempts)
            self.rec.expect(dict(made), dict(arrived), "requests that arrived, by their status")


def _script(random: Random) -> str:
    """Return what an inbox does for a while: down for long, or now and then, or never."""
    failures = [*(str(random.randint(500, 599)) for _ in range(5)), "503", "hang", "hang", "reset"]
    ends = [str(random.choice(each)) for each in (range(200, 300), range(300, 500), (404, 429))]
    answers = {
        "down": failures,
        "flaky": failures * 2 + ends,
        "slow": ["hang", "503"],
        "one-failure": [random.choice(failures)],
    }[random.choice(("down", "down", "flaky", "flaky", "slow", "one-failure"))]
    return ",".join([*random.choices(answers, k=150), random.choice(("503", "hang", "200"))])
