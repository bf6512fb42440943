"""The memory ledger and the SQL ledger, told the same, answer the same at every step."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mockserver.core.errors import LastApp, RuleLimitReached
from mockserver.core.models import App, DueAttempt, PostbackRule
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.retry import DeliveryState
from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.protocol import Ledger, Removed, Result
from mockserver.ledger.sqlite.store import open_sqlite
from tests.ledger.samples import HOUR, START, add_rule, new

#: Few instants, so that ties are common.
instants = st.integers(0, 4).map(lambda hours: START + hours * HOUR)
apps = st.sampled_from(["a", "b", "app0", "app1"])
#: Everything happens after everything was created, as under a clock that only goes forward.
FIRST_ATTEMPT_AT = START + 100 * HOUR

outcomes = st.builds(
    Outcome,
    st.sampled_from(OutcomeKind),
    elapsed=st.just(timedelta(0)),
    status=st.none() | st.sampled_from([200, 503]),
    body=st.sampled_from([b"", b"x"]),
    error=st.none() | st.just("e"),
)


class TwoLedgers(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.memory = MemoryLedger()
        self.sql = open_sqlite("sqlite://")
        self.both: tuple[Ledger, Ledger] = (self.memory, self.sql)
        #: The same attempt as claimed from each; their tokens differ. Kept when done with, so
        #: that late and repeated results are tried as well.
        self.hands: list[tuple[DueAttempt, DueAttempt]] = []
        self.delivery_count = 0
        self.steps = 0

    def teardown(self) -> None:
        for delivery_id in range(1, self.delivery_count + 2):
            assert self.memory.attempts(delivery_id) == self.sql.attempts(delivery_id)
        self.sql.close()

    def hand_out(self, ours: list[DueAttempt], theirs: list[DueAttempt]) -> None:
        assert [attempt[:6] for attempt in ours] == [attempt[:6] for attempt in theirs]
        self.hands += zip(ours, theirs, strict=True)

    @rule(at=st.lists(instants, max_size=4))
    def add(self, at: list[datetime]) -> None:
        items = [new(each, app_id=f"app{each.hour % 2}", postback_id=each.hour) for each in at]
        assert self.memory.add_deliveries(items) == self.sql.add_deliveries(items)
        self.delivery_count += len(items)

    @rule(until_at=instants, limit=st.integers(0, 4))
    def claim(self, until_at: datetime, limit: int) -> None:
        self.hand_out(*(ledger.claim(until_at, limit) for ledger in self.both))

    @rule(data=st.data())
    def resend(self, data: st.DataObject) -> None:
        delivery_id = data.draw(st.integers(1, self.delivery_count + 1))
        ours, theirs = (ledger.claim_resend(delivery_id, START) for ledger in self.both)
        assert (ours is None) == (theirs is None)
        if ours is not None and theirs is not None:
            self.hand_out([ours], [theirs])

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def record(self, data: st.DataObject) -> None:
        picked = data.draw(st.lists(st.sampled_from(self.hands), max_size=4))
        follows = data.draw(
            st.lists(
                st.tuples(
                    outcomes,
                    instants.map(lambda due_at: (DeliveryState.PENDING, due_at))
                    | st.sampled_from(list(DeliveryState)[1:]).map(lambda state: (state, None)),
                ),
                min_size=len(picked),
                max_size=len(picked),
            )
        )
        self.steps += 1
        started_at = FIRST_ATTEMPT_AT + self.steps * HOUR
        for place, ledger in enumerate(self.both):
            ledger.record(
                [
                    Result(pair[place], started_at, outcome, state, due_at)
                    for pair, (outcome, (state, due_at)) in zip(picked, follows, strict=True)
                ]
            )

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        picked = data.draw(st.lists(st.sampled_from(self.hands), max_size=3))
        for place, ledger in enumerate(self.both):
            ledger.release([pair[place] for pair in picked])

    @rule()
    def recover(self) -> None:
        assert self.memory.free_ended() == self.sql.free_ended()
        assert self.memory.recover() == self.sql.recover()

    @rule(app_id=st.sampled_from("ab"))
    def add_rule(self, app_id: str) -> None:
        assert _added(self.memory, app_id) == _added(self.sql, app_id)

    @rule(app_id=st.sampled_from("ab"), data=st.data())
    def delete_rule(self, app_id: str, data: st.DataObject) -> None:
        known = [each.postback_id for each in self.memory.rules()]
        postback_id = data.draw(st.sampled_from([1, *known]))
        ours, theirs = (ledger.delete_rule(app_id, postback_id) for ledger in self.both)
        assert ours == theirs

    @rule()
    def reset(self) -> None:
        for ledger in self.both:
            ledger.reset()

    @rule(app_id=apps)
    def put_app(self, app_id: str) -> None:
        for ledger in self.both:
            ledger.put_app(App(app_id))

    @rule(app_id=apps)
    def delete_app(self, app_id: str) -> None:
        assert _deleted(self.memory, app_id) == _deleted(self.sql, app_id)

    @rule(limit=st.integers(0, 3), before_at=st.none() | instants)
    def remove_finished(self, limit: int, before_at: datetime | None) -> None:
        ours, theirs = (ledger.remove_finished(limit, before_at) for ledger in self.both)
        assert ours == theirs

    @rule()
    def begin_again(self) -> None:
        for ledger in self.both:
            ledger.begin_again([App("a")])

    @rule(
        state=st.none() | st.sampled_from(DeliveryState),
        postback_id=st.none() | st.integers(0, 4),
        app_id=st.none() | st.sampled_from(["app0", "app1"]),
        after=st.integers(0, 20),
        limit=st.none() | st.integers(0, 3),
    )
    def page(self, **filters: Any) -> None:
        assert self.memory.deliveries(**filters) == self.sql.deliveries(**filters)

    @rule(wanted=st.lists(st.integers(1, 20)))
    def pick(self, wanted: list[int]) -> None:
        assert self.memory.deliveries_of(wanted) == self.sql.deliveries_of(wanted)
        assert self.memory.attempts_of(wanted) == self.sql.attempts_of(wanted)

    @rule(limit=st.integers(1, 3))
    def change_app(self, limit: int) -> None:
        for ledger in self.both:
            ledger.put_app(App("a", rule_limit=limit))

    @invariant()
    def they_agree(self) -> None:
        ours, theirs = self.both
        assert ours.next_due_at() == theirs.next_due_at()
        assert ours.latest_at() == theirs.latest_at()
        assert ours.pending_count() == theirs.pending_count()
        assert ours.finished_count() == theirs.finished_count()
        assert ours.apps() == theirs.apps()
        assert ours.rules() == theirs.rules()
        assert ours.rules("a") == theirs.rules("a")
        assert ours.app("a") == theirs.app("a")
        assert ours.deliveries() == theirs.deliveries()
        assert ours.delivery_count() == theirs.delivery_count()


def _added(ledger: Ledger, app_id: str) -> PostbackRule | str:
    try:
        return add_rule(ledger, app_id)
    except RuleLimitReached as error:
        return str(error)


def _deleted(ledger: Ledger, app_id: str) -> Removed | str | None:
    try:
        return ledger.delete_app(app_id)
    except LastApp as error:
        return str(error)


TestTwoLedgers = TwoLedgers.TestCase
TestTwoLedgers.settings = settings(max_examples=40, stateful_step_count=40)
