"""Tries sequences of actions and compares each step with a small model.

Time is moved to just before the next due instant, or to it: steps of a fixed length would
seldom meet the instants at which something happens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts.conformance.cases.api import NOWHERE
from contracts.conformance.cases.retry import ATTEMPTS
from contracts.conformance.cases.rules import CAP, UNKNOWN_ID
from contracts.conformance.cases.timeout import CLOCK
from contracts.conformance.schedule import PROMISED, pauses_of
from contracts.conformance.target import Target
from contracts.suite.recorder import Recorder, Said
from contracts.suite.registry import case
from contracts.suite.vocabulary import CaseKind, Level, Need, Origin
from mockserver.core.wording import count

ORDER = 130

_TYPES = st.sampled_from(["messageEvents", "abTestEvents"])
#: What an endpoint does with a request, as shorthand; failures first, because they go on.
_ANSWERS = st.sampled_from(["503", "503", "503", "hang", "599", "200", "404"])


@case(
    "PB-RULES-MODEL",
    "Whatever is added and deleted in whatever order, the list is what it should be",
    why="Single stories do not meet the third delete after a refused add.",
    fix="Look at the steps: they are the shortest that go wrong.",
    catches=[
        "cap-of-two",
        "cap-of-four",
        "cap-none",
        "cap-not-freed",
        "delete-does-nothing",
        "list-without-type",
    ],
    kind=CaseKind.STATEFUL,
    level=Level.MUST,
    examples=10,
)
def rules(target: Target, rec: Recorder) -> Callable[[], RuleBasedStateMachine]:
    """Adds, deletes and lists rules in generated orders, with a list beside it as the model."""
    return partial(_Rules, target, rec)


class _Rules(RuleBasedStateMachine):
    """Adds, deletes and lists rules, with a list beside it as the model."""

    def __init__(self, target: Target, rec: Recorder) -> None:
        super().__init__()
        self.rec = rec
        self.app = target.app
        self.model: dict[int, str] = {}

    @rule(type=_TYPES)
    def add(self, type: str) -> None:
        self.rec.step(f"add a rule of type {type}")
        answer = self.app.call("addPostback", type=type, postbackUrl=NOWHERE)
        expected, actual = (
            "accepted" if yes else "refused" for yes in (len(self.model) < CAP, answer.accepted)
        )
        self.rec.expect(
            Said(expected), Said(actual), f"{count(len(self.model), 'rule')} there already"
        )
        if answer.accepted:
            self.model[answer.response["postbackId"]] = type

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.model) - 1))
        self.rec.step(f"delete rule number {number + 1} of {len(self.model)}")
        postback_id = list(self.model)[number]
        self.rec.expect(True, self.app.delete(postback_id).accepted, "the rule exists")
        del self.model[postback_id]

    @rule()
    def delete_unknown(self) -> None:
        self.rec.step("delete a rule that does not exist")
        self.rec.expect(False, self.app.delete(UNKNOWN_ID).accepted, "no rule has this id")

    @invariant()
    def the_list_is_the_model(self) -> None:
        listed = {item.get("postbackId"): item.get("type") for item in self.app.rules()}
        self.rec.expect(self.model, listed, "ids and types of the rules that should exist")


@dataclass
class ModelDelivery:
    """Where a delivery should stand: the whole policy in ten lines."""

    state: str = "pending"
    attempts: int = 0
    due_at: datetime | None = field(default=None)
    pauses: Sequence[timedelta] = PROMISED

    def answered(self, answer: str, at: datetime) -> None:
        """Take note of how the attempt at `at` ended."""
        self.attempts += 1
        self.due_at = None
        retried = answer == "hang" or answer.startswith("5")
        if not retried:
            self.state = "delivered" if answer.startswith("2") else "rejected"
        elif self.attempts == ATTEMPTS:
            self.state = "lost"
        else:
            ended_at = at + timedelta(seconds=30 if answer == "hang" else 0)
            self.due_at = ended_at + self.pauses[self.attempts - 1]


@case(
    "PB-RETRY-MODEL",
    "Whatever answers come in whatever order, every delivery stands where it should",
    why="Retries of several events overlap, and servers are restarted in between.",
    fix="Look at the steps: they are the shortest that go wrong.",
    catches=[
        "retries-404",
        "no-retry-on-599",
        "delay-from-start",
        "linear-backoff",
        "capped-at-12h",
        "retries-after-success",
        "timeout-not-retried",
        "forgets-at-restart",
        "restart-counts-anew",
        "restart-sends-at-once",
        "jitter",
    ],
    level=Level.UNSPECIFIED,
    origin=Origin.ASSUMED,
    kind=CaseKind.STATEFUL,
    needs=CLOCK,
    # Whole histories are in `histories`; this one finds short stories.
    examples=6,
)
def deliveries(target: Target, rec: Recorder) -> Callable[[], RuleBasedStateMachine]:
    """Moves from one due instant to the next with generated answers, and restarts in between."""
    return partial(_Deliveries, target, rec)


class _Deliveries(RuleBasedStateMachine):
    """Moves from one due instant to the next, with a `ModelDelivery` for each delivery."""

    def __init__(self, target: Target, rec: Recorder) -> None:
        super().__init__()
        self.rec = rec
        self.target = target
        self.pauses = pauses_of(target)
        self.app = target.app
        self.inbox = target.inbox()
        self.app.add(self.inbox.url)
        self.model: dict[int, ModelDelivery] = {}

    @property
    def can_restart(self) -> bool:
        return Need.RESTART in self.target.capabilities

    @property
    def next_at(self) -> datetime | None:
        return min((item.due_at for item in self.model.values() if item.due_at), default=None)

    @precondition(lambda self: len(self.model) < 3)
    @rule(answer=_ANSWERS)
    def event_answered(self, answer: str) -> None:
        self.rec.step(f"an event happens and is answered {answer}")
        self.inbox.behave(answer)
        now_at = self.target.now()
        delivery = self.app.trigger_one("push.open")
        self.model[delivery.id] = ModelDelivery(pauses=self.pauses)
        self.model[delivery.id].answered(answer, now_at)
        self._compare()

    @precondition(lambda self: self.next_at is not None)
    @rule(answer=_ANSWERS, times=st.integers(1, 5))
    def next_due_answered(self, answer: str, times: int) -> None:
        self.inbox.behave(answer)
        for _ in range(times):
            at = self.next_at
            if at is None:
                return
            self.rec.step(f"the clock moves to the next due instant; answered {answer}")
            # Not until the next instant of all: that may be another app's.
            self.target.advance(to=at)
            for item in self.model.values():
                if item.due_at == at:
                    item.answered(answer, at)
            self._compare()

    @precondition(lambda self: self.next_at is not None)
    @rule()
    def just_before_due(self) -> None:
        self.rec.step("the clock moves to one millisecond before the next due instant")
        at = self.next_at
        assert at is not None
        self.inbox.behave("200")
        self.target.advance(to=at - timedelta(milliseconds=1))
        self._compare()

    @precondition(lambda self: self.can_restart and self.model)
    @rule()
    def restart(self) -> None:
        self.rec.step("the server is restarted")
        self.target.restart()
        self._compare()

    # Else nothing could be done any more once all three are over.
    @precondition(lambda self: not self.can_restart and self.model and self.next_at is None)
    @rule()
    def nothing_is_due(self) -> None:
        self.rec.step("nothing is pending any more")
        self._compare()

    def _compare(self) -> None:
        expected = {
            number: (item.state, item.attempts, item.due_at) for number, item in self.model.items()
        }
        actual = {
            item.id: (item.state, item.attempts_made, item.due_at) for item in self.app.deliveries()
        }
        self.rec.expect(expected, actual, "state, attempts and next instant of every delivery")
