"""Looks for bugs in an application that receives postbacks, in a Hypothesis state machine.

What may happen to postbacks happens in any order, and after each step the machine compares what the
application has stored with what was sent. Subclass it in the tests of the application:

    class Orders(PartnerStateMachine):
        def make_app(self):
            self.database = connect(":memory:")
            return create_app(self.database)

        def stored(self):
            return self.database.execute("SELECT user, message, event, at FROM events")

        def restart(self):
            return create_app(self.database)

    TestOrders = Orders.TestCase

There are no deadlines, because one step may make dozens of attempts; to change a setting,
keep the others: `TestOrders.settings = settings(TestOrders.settings, max_examples=500)`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta
from textwrap import fill
from typing import TYPE_CHECKING, Any, ClassVar, cast

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.strategies import SearchStrategy

from contracts import strategies
from contracts.flaky_transport import FlakyTransport
from contracts.stored_once import Problem, SentPostback, problems
from mockserver.core.catalog import PostbackType, event_kinds
from mockserver.core.errors import InvalidValue
from mockserver.core.events import AB_TEST_FIELDS, MESSAGE_FIELDS
from mockserver.core.models import AbTestEvent, Event, MessageEvent
from mockserver.core.retry import DeliveryState
from mockserver.core.template import Template, milliseconds
from mockserver.core.wording import count
from mockserver.sandbox import Sandbox

if TYPE_CHECKING:
    from mockserver.core.names import EventName

#: What is left of a terminal beside the margin of pytest.
_COLUMNS = 68


def __tracebackhide__(raised: Any) -> bool:
    """Tell pytest to leave the lines of this module out of the report of a problem."""
    return isinstance(raised.value, PartnerProblem | InvalidValue)


class PartnerProblem(AssertionError):
    """Something that the application under test did wrong, with the steps that led to it."""


def _of_machine(strategy: Callable[[Any], SearchStrategy[Any]]) -> SearchStrategy[Any]:
    """Return values from `strategy`, built for the machine that runs."""
    return st.runner().flatmap(strategy)


_EVENTS = _of_machine(lambda machine: machine.events())
_DELIVERIES = _of_machine(lambda machine: st.sampled_from(machine.sent))
_FIELDS = _of_machine(lambda machine: st.sampled_from(["event", *machine._fields]))


class PartnerStateMachine(RuleBasedStateMachine):
    """Base class: say how the application is made and what it has stored.

    Attributes:
        template: The postbackUrl that is registered; every postback to its host is handed
            to the application.
        postback_type: `messageEvents`, or `abTestEvents` for those who receive these.
        restarts: Whether the application may be restarted between two steps.
        sandbox: Leanplum's side, in memory, on a clock that stands until it is moved.
    """

    template: ClassVar[str] = (
        "http://partner.test/in?user={{User ID}}&event={{Message event}}"
        "&message={{Message ID}}&time={{Trigger time}}"
    )
    postback_type: ClassVar[str] = PostbackType.MESSAGE_EVENTS
    restarts: ClassVar[bool] = True

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.TestCase.settings = settings(
            deadline=None,
            # The steps are told in words already, and explaining takes as long as shrinking.
            phases=[phase for phase in Phase if phase is not Phase.explain],
            stateful_step_count=20,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )

    def __init__(self) -> None:
        super().__init__()
        self.sandbox = Sandbox()
        self._story: list[str] = []
        self._fields = _fields_of(self.template, self.postback_type)
        self._transport = FlakyTransport(self.sandbox, self.template, self._story)
        self._transport.dependency = self._failing
        self._once_stored: set[Hashable] = set()
        self._transport.lead_to(self.make_app())
        self.sandbox.route(self._transport.accepts, self._transport)

    def teardown(self) -> None:
        """Shut the application and the sandbox down; call it if you define your own."""
        self._transport.close()
        self.sandbox.close()

    # What a subclass says

    def make_app(self) -> Any:
        """Return the WSGI or ASGI application, nothing stored; called for each sequence."""
        raise NotImplementedError(f"{type(self).__name__} must define make_app()")

    def stored(self) -> Iterable[Hashable]:
        """Return what the application has stored, one entry an event, each like `key_of`'s.

        Called after every step; an application that works in the background is waited for
        here.
        """
        raise NotImplementedError(f"{type(self).__name__} must define stored()")

    def key_of(self, event: Event) -> Hashable:
        """Return how the application identifies `event`.

        By default user, message, event and milliseconds (of an A/B test: user, test, variant
        and milliseconds). Two events with one key are stored once.
        """
        at = milliseconds(event.triggered_at)
        if isinstance(event, AbTestEvent):
            return event.user_id, event.ab_test_id, event.variant_id, at
        return event.user_id, event.message_id, event.event, at

    def events(self) -> SearchStrategy[Event]:
        """Return the events that happen; narrow it down if the application ignores some."""
        kinds = [kind.name for kind in event_kinds() if kind.type == self.postback_type]
        names = cast("list[EventName]", kinds)
        app_id = self.sandbox.default_app_id
        return strategies.events(names=names, app_id=app_id, fields=self._fields)

    def failing_dependency(self) -> AbstractContextManager[object] | None:
        """Return what lets something fail that the application depends on, while it is entered.

        Its database, a cache, an API that it calls: `mock.patch.object(db, "execute",
        side_effect=OperationalError)`, for instance. None, as by default, leaves the step out.
        """
        return None

    def restart(self) -> Any:
        """Return the application as it is after a restart, with what it had stored.

        By default another one of `make_app`: override it if that begins with nothing stored.
        """
        return self.make_app()

    # What may happen. There are no bundles, and the first step is always the same one, because
    # Hypothesis draws there what all steps depend on: it can shrink that step, not drop it.

    @precondition(lambda self: not self.sandbox.postbacks())
    @rule()
    def template_is_registered(self) -> None:
        """Begin: until then, nothing else happens."""
        self.sandbox.add_postback(self.template, self.postback_type)

    @precondition(lambda self: self.sandbox.postbacks())
    @rule(event=_EVENTS)
    def an_event_happens(self, event: Event) -> None:
        """Let an event happen and make the first attempt."""
        self._step("an event happens")
        self._post(event)

    @precondition(lambda self: self.sent)
    @rule(earlier=_DELIVERIES, event=_EVENTS, differs=_FIELDS)
    def similar_event_happens(self, earlier: int, event: Event, differs: str) -> None:
        """Let an event happen that is an earlier one but for one field."""
        self._step(f"an event happens, like that of delivery {earlier} but for {differs}")
        model = self.sandbox.delivery(earlier).event
        if differs == "event":
            same = {name: getattr(model, name) for name in self._fields}
            self._post(replace(event, **same))
        else:
            self._post(replace(model, **{differs: getattr(event, differs)}))

    @precondition(lambda self: self.sandbox.postbacks() and not self._transport.troubles)
    @rule(how=st.sampled_from(["timeout", "reset"]))
    def next_answer_gets_lost(self, how: str) -> None:
        """Let the application process the next postback and its answer not arrive."""
        self._step(f"the next answer will get lost ({how})")
        self._transport.troubles = [how]

    @precondition(lambda self: self.sandbox.postbacks() and not self._transport.troubles)
    @rule(how=st.sampled_from(["refused", "503"]), attempts=st.integers(1, 10))
    def application_is_down(self, how: str, attempts: int) -> None:
        """Let the next attempts not reach the application."""
        self._step(f"the application is down for the next {count(attempts, 'attempt')} ({how})")
        self._transport.troubles = [how] * attempts

    @precondition(lambda self: self.sandbox.postbacks() and not self._transport.troubles)
    @rule(attempts=st.integers(1, 3))
    def application_answers_late(self, attempts: int) -> None:
        """Let the application process the next postbacks and answer after the 30 seconds."""
        self._step(f"the application answers late, {count(attempts, 'attempt')} long")
        self._transport.troubles = ["late"] * attempts

    @precondition(
        lambda self: (
            self.sandbox.postbacks() and not self._transport.troubles and self._has_dependency
        )
    )
    @rule(attempts=st.integers(1, 3))
    def dependency_fails(self, attempts: int) -> None:
        """Let something fail that the application depends on, while it gets the next postbacks."""
        self._step(f"what it depends on fails for the next {count(attempts, 'attempt')}")
        self._transport.troubles = ["dependency"] * attempts

    @precondition(lambda self: self.sandbox.postbacks())
    @rule(drawn=st.lists(_EVENTS, min_size=2, max_size=3), is_turned=st.booleans())
    def events_of_one_user_out_of_order(self, drawn: list[Event], is_turned: bool) -> None:
        """Let events of one user happen one after the other, and arrive in another order."""
        self._step("events of one user happen and arrive out of order")
        first = drawn[0]
        who = {name: getattr(first, name) for name in ("user_id", "device_id")}
        events = [
            replace(event, **who, triggered_at=first.triggered_at + timedelta(seconds=number))
            for number, event in enumerate(drawn, start=-len(drawn))
        ]
        # Never in order: that is what the other steps do.
        events.reverse()
        if len(events) > 2 and is_turned:
            events.append(events.pop(0))
        for event in events:
            self._post(event)

    @precondition(lambda self: self._is_pending)
    @rule()
    def clock_moves_to_just_before_the_next_attempt(self) -> None:
        """Move the clock to just before the next attempt."""
        self._step("the clock moves to a millisecond before the next attempt")
        due_at = self.sandbox.ledger.next_due_at()
        assert due_at is not None, "something is pending"
        self.sandbox.advance(to=max(self.sandbox.now(), due_at - timedelta(milliseconds=1)))

    @precondition(lambda self: self._is_pending)
    @rule()
    def clock_moves_to_the_next_attempt(self) -> None:
        """Make what falls due next."""
        self._step("the clock moves to the next attempt")
        self.sandbox.advance_to_next()

    @precondition(lambda self: self._is_pending)
    @rule()
    def time_runs_until_nothing_is_pending(self) -> None:
        """Make everything that is going to fall due."""
        self._step("time runs until nothing is pending")
        self.sandbox.run_until_idle()

    @precondition(lambda self: self.sent)
    @rule(delivery=_DELIVERIES)
    def duplicate_arrives(self, delivery: int) -> None:
        """Send a postback once more, whatever came of it."""
        self._step(f"delivery {delivery} is sent once more")
        self.sandbox.resend(delivery)

    @precondition(lambda self: self.restarts and self._transport.answers)
    @rule()
    def application_restarts(self) -> None:
        """End the application and start it again."""
        self._step("the application restarts")
        self._transport.close()
        self._transport.lead_to(self.restart())

    # What must hold after each step

    @invariant()
    def what_was_sent_is_stored_once(self) -> None:
        """Compare what is stored with what was sent, and say what is wrong in plain words."""
        counts = self._counted()
        sent: dict[Hashable, list[SentPostback]] = {}
        for delivery in self.sandbox.deliveries:
            answers = self._transport.answers.get(delivery.id, [])
            # Then all others that it got were refused because of what the machine let fail.
            is_excused = self._transport.excused[delivery.id] == len(answers)
            is_lost = delivery.state is DeliveryState.LOST
            postback = SentPostback(delivery.state, answers, is_lost and is_excused)
            sent.setdefault(self.key_of(delivery.event), []).append(postback)
        for problem in problems(counts, self._once_stored, sent):
            raise self._problem(problem)
        self._once_stored = set(counts)

    # What the parts above use

    @property
    def sent(self) -> list[int]:
        """Return the ids of all deliveries."""
        return [delivery.id for delivery in self.sandbox.ledger.deliveries()]

    @property
    def _has_dependency(self) -> bool:
        return type(self).failing_dependency is not PartnerStateMachine.failing_dependency

    def _failing(self) -> AbstractContextManager[object]:
        return self.failing_dependency() or nullcontext()

    @property
    def _is_pending(self) -> bool:
        return self.sandbox.ledger.next_due_at() is not None

    def _post(self, event: Event) -> None:
        self._story += [f"     {line}" for line in described(event)]
        self.sandbox.post_events([event])

    def _step(self, what: str) -> None:
        number = sum(not line.startswith(" ") for line in self._story) + 1
        self._story.append(f"{number}. {what}")

    def _counted(self) -> Counter[Hashable]:
        stored = list(self.stored())
        try:
            return Counter(stored)
        except TypeError:
            raise InvalidValue(
                f"the entries of stored() must be hashable, like tuples; got {stored[:1]!r}"
            ) from None

    def _problem(self, problem: Problem) -> PartnerProblem:
        steps = "\n".join(f"  {line}" for line in self._story)
        told = fill(problem.remedy, _COLUMNS, break_on_hyphens=False)
        return PartnerProblem(f"{problem.what}\n{told}\nThe steps:\n{steps}")


_FIELDS_OF_PLACEHOLDERS = {
    "Trigger time": "triggered_at",
    "Message ID": "message_id",
    "AB test ID": "ab_test_id",
    "Variant ID": "variant_id",
    "User ID": "user_id",
    "Device ID": "device_id",
    "Parameters": "parameters",
}


def _fields_of(template: str, postback_type: str) -> list[str]:
    """Return the names of the fields that the template carries, but for the event's own."""
    is_test = postback_type == PostbackType.AB_TEST_EVENTS
    known = ("triggered_at", *(AB_TEST_FIELDS if is_test else MESSAGE_FIELDS))
    carried = Template(template).placeholders
    fields = [field for name, field in _FIELDS_OF_PLACEHOLDERS.items() if name in carried]
    return [field for field in fields if field in known]


def described(event: Event) -> list[str]:
    """Return an event in lines; a value is never broken, as its spaces may be what matters."""
    names = ["user_id", "device_id", "ab_test_id", "variant_id"]
    what = "A/B test"
    if isinstance(event, MessageEvent):
        names = ["user_id", "device_id", "message_id"]
        what = f"{event.channel.value} {event.template_name} {event.event}".replace("  ", " ")
    values = [f"{name} {getattr(event, name)!r}," for name in names]
    lines = [f"{what}:"]
    for value in (*values, f"triggered_at {event.triggered_at.isoformat()}"):
        if len(f"{lines[-1]} {value}") > _COLUMNS - 7:
            lines.append(f"  {value}")
        else:
            lines[-1] += f" {value}"
    return lines
