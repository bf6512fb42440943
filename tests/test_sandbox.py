"""The sandbox as a test or a script uses it, without a socket, from event to loss."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any
from urllib.parse import unquote

import pytest

import mockserver
from mockserver import (
    App,
    DeliveryState,
    ManualClock,
    RetryPolicy,
    RunningClock,
    Sandbox,
    SocketOptions,
)
from mockserver.core.catalog import ALL_CHANNELS, Channel, PostbackType, event_kinds
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.errors import (
    AdvanceInProgress,
    ClockCannotGoBack,
    InvalidBehaviour,
    InvalidEvent,
    InvalidTemplate,
    InvalidValue,
    RuleLimitReached,
    RunawaySchedule,
    UnknownApp,
    UnknownDelivery,
)
from mockserver.core.models import AbTestEvent, DueAttempt, MessageEvent
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.samples import SAMPLE_VALUES
from mockserver.transport.in_process import CallableTransport
from mockserver.transport.protocol import Pull
from tests.engine_setup import HOUR, MINUTE, OFFSETS_IN_HOURS, SECOND, status

START_AT = DEFAULT_START_AT
SOON_REAL_SECONDS = 5.0
EVERY_VALUE = (
    "?user={{User ID}}&device={{Device ID}}&at={{Trigger time}}&message={{Message ID}}"
    "&event={{Message event}}&channel={{Message channel}}&template={{Template name}}"
    "&parameters={{Parameters}}&test={{AB test ID}}&variant={{Variant ID}}"
)


@pytest.fixture(name="sandbox")
def sandbox_with_a_rule() -> Iterator[Sandbox]:
    """A sandbox with one rule, for everything, that posts to the inbox `in`."""
    with Sandbox() as sandbox:
        sandbox.add_postback(sandbox.inbox("in").url + EVERY_VALUE)
        yield sandbox


# From the event to the inbox


def test_a_click_arrives_with_every_value(sandbox: Sandbox) -> None:
    triggered = sandbox.trigger("email.click")
    [request] = sandbox.inbox("in").requests
    assert request.method == "POST"
    assert request.body == b""
    assert request.query == {
        "user": "ada+news@example.com",
        "device": "",
        "at": "1767225600000",
        "message": SAMPLE_VALUES["message_id"],
        "event": "Click",
        "channel": "Email",
        "template": "",
        "parameters": '{"index":1,"url":"https:\\/\\/example.com\\/offers?from=newsletter"}',
        "test": "",
        "variant": "",
    }
    [delivery] = triggered.deliveries
    assert delivery.state is DeliveryState.DELIVERED
    assert delivery.url.endswith(request.target)
    assert request.attempt == (delivery.id, 1)
    assert request.arrived_at == START_AT
    assert delivery.attempts[0].outcome.request_id == request.id


def test_overrides_take_the_place_of_samples(sandbox: Sandbox) -> None:
    sandbox.trigger(
        "in-app.banner.select",
        user_id="zoë & co",
        device_id="",
        template_name="Banner",
        parameters={"deep": {"list": [1, "two"]}},
        triggered_at="2025-06-01T12:00:00+02:00",
    )
    query = sandbox.inbox("in").requests[0].query
    assert query["user"] == "zoë & co"
    assert query["device"] == ""
    assert query["template"] == "Banner"
    assert json.loads(query["parameters"]) == {"deep": {"list": [1, "two"]}}
    assert query["at"] == "1748772000000"


def test_parameters_are_encoded_twice_for_an_app_that_says_so() -> None:
    with Sandbox(apps=[App(parameters_encoding="twice")]) as sandbox:
        sandbox.add_postback(sandbox.inbox("in").url + "?p={{Parameters}}")
        sandbox.trigger("email.click")
        document = json.loads(sandbox.inbox("in").requests[0].query["p"])
    assert unquote(document["url"]) == "https://example.com/offers?from=newsletter"
    assert "%2F" in document["url"]


def test_every_event_of_the_catalog_arrives() -> None:
    with Sandbox() as sandbox:
        inbox = sandbox.inbox("in")
        sandbox.add_postback(inbox.url + EVERY_VALUE)
        sandbox.add_postback(inbox.url + EVERY_VALUE, type="abTestEvents")
        for kind in event_kinds():
            assert len(sandbox.trigger(kind.name).deliveries) == 1, kind.name
        got = [(request.query["channel"], request.query["event"]) for request in inbox.requests]
    assert got == [
        (kind.channel.value if kind.channel else "", kind.event) for kind in event_kinds()
    ]


def test_events_happen_all_or_none(sandbox: Sandbox) -> None:
    good = MessageEvent("YOUR_APP_ID", Channel.EMAIL, "Open", START_AT, user_id="u")
    for bad, error in (
        (MessageEvent("YOUR_APP_ID", Channel.PUSH, "Click", START_AT), InvalidEvent),
        (AbTestEvent("nobody", START_AT), UnknownApp),
    ):
        with pytest.raises(error):
            sandbox.post_events([good, bad])
    assert sandbox.deliveries == []
    assert sandbox.inbox("in").requests == []
    both = sandbox.post_events([good, good])
    assert [len(triggered.deliveries) for triggered in both] == [1, 1]


@pytest.mark.parametrize("name", ["email.opened", "", "in-app.view"])
def test_an_unknown_event_is_refused(sandbox: Sandbox, name: str) -> None:
    with pytest.raises(InvalidEvent, match="unknown event"):
        sandbox.trigger(name)


# The schedule


def test_ten_attempts_over_65_hours_and_then_silence(sandbox: Sandbox) -> None:
    sandbox.inbox("in").behave("503")
    sandbox.trigger("email.open")
    done = sandbox.run_until_idle()
    [delivery] = sandbox.deliveries
    assert delivery.offsets_in_hours == OFFSETS_IN_HOURS
    assert delivery.state is DeliveryState.LOST
    assert [attempt.outcome.status for attempt in delivery.attempts] == [503] * 10
    assert (done.attempts_made, done.now_at) == (9, START_AT + 65 * HOUR)
    arrived = [request.arrived_at for request in sandbox.inbox("in").requests]
    assert arrived == [START_AT + hours * HOUR for hours in OFFSETS_IN_HOURS]
    sandbox.advance(days=30)
    assert len(sandbox.inbox("in").requests) == 10


def test_nine_failures_and_a_success_deliver(sandbox: Sandbox) -> None:
    sandbox.inbox("in").behave("503*9,200")
    sandbox.trigger("email.open")
    assert sandbox.deliveries[0].state == "pending"
    sandbox.advance(hours=55)
    assert sandbox.deliveries[0].state == "pending"
    assert len(sandbox.deliveries[0].attempts) == 9
    sandbox.advance(hours=10)
    assert sandbox.deliveries[0].state == "delivered"
    assert sandbox.deliveries[0].offsets_in_hours == OFFSETS_IN_HOURS
    assert len({request.target for request in sandbox.inbox("in").requests}) == 1


def test_a_hang_is_ten_timeouts_of_thirty_seconds_and_then_loss(sandbox: Sandbox) -> None:
    sandbox.inbox("in").behave("hang")
    sandbox.trigger("email.open")
    sandbox.run_until_idle()
    [delivery] = sandbox.deliveries
    assert delivery.state is DeliveryState.LOST
    assert {attempt.outcome.summary for attempt in delivery.attempts} == {"timeout"}
    assert {attempt.outcome.elapsed for attempt in delivery.attempts} == {30 * SECOND}
    assert [delivery.offset_of(attempt) for attempt in delivery.attempts] == [
        hours * HOUR + number * 30 * SECOND for number, hours in enumerate(OFFSETS_IN_HOURS)
    ]
    for request in sandbox.inbox("in").requests:
        assert request.end == "timed-out"
        assert request.ended_at == request.arrived_at + 30 * SECOND


@pytest.mark.parametrize(
    ("delay", "summary"),
    [("29.9s", "200"), ("29.999999s", "200"), ("30s", "timeout"), ("31s", "timeout")],
)
def test_a_timeout_is_thirty_seconds_and_not_less(
    sandbox: Sandbox, delay: str, summary: str
) -> None:
    sandbox.inbox("in").behave(f"200@{delay}")
    [delivery] = sandbox.trigger("email.open").deliveries
    [attempt] = delivery.attempts
    assert attempt.outcome.summary == summary
    assert (delivery.state is DeliveryState.DELIVERED) is (summary == "200")
    assert sandbox.now() == START_AT, "what an attempt takes moves no clock"


def test_the_time_allowed_is_a_knob() -> None:
    app = App(retry=RetryPolicy(delays=(MINUTE,), timeout=2 * SECOND))
    with Sandbox(apps=[app]) as sandbox:
        sandbox.inbox("in").behave("200@2s,200@1.9s")
        sandbox.add_postback(sandbox.inbox("in").url)
        sandbox.trigger("email.open")
        sandbox.run_until_idle()
        attempts = sandbox.deliveries[0].attempts
    assert [attempt.outcome.summary for attempt in attempts] == ["timeout", "200"]
    assert attempts[1].started_at == START_AT + MINUTE + 2 * SECOND


@pytest.mark.parametrize(
    ("behaviour", "state", "summary"),
    [
        ("200", "delivered", "200"),
        ("204", "delivered", "204"),
        ("truncated", "delivered", "200"),
        ("redirect:http://receiver.test/inbox/other", "rejected", "302"),
        ("400", "rejected", "400"),
        ("404", "rejected", "404"),
        ("429", "rejected", "429"),
        ("500", "pending", "500"),
        ("599", "pending", "599"),
        ("reset", "pending", "reset"),
        ("close", "pending", "reset"),
        ("malformed", "pending", "reset"),
        ("hang", "pending", "timeout"),
        ("drip", "pending", "timeout"),
        ("drip:body", "delivered", "200"),
    ],
)
def test_what_each_answer_comes_to(
    sandbox: Sandbox, behaviour: str, state: str, summary: str
) -> None:
    sandbox.inbox("in").behave(behaviour)
    [delivery] = sandbox.trigger("email.open").deliveries
    assert delivery.state == state
    assert [attempt.outcome.summary for attempt in delivery.attempts] == [summary]
    assert len(sandbox.inbox("in").requests) == 1
    assert sandbox.inbox("other").requests == [], "a redirect is not followed"


def test_a_script_that_cannot_be_read_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidBehaviour, match="explode"):
        sandbox.inbox("in").behave("503,explode")
    assert sandbox.trigger("email.open").deliveries[0].state == "delivered"


# Rules


def test_rules_and_why_they_did_not_fire() -> None:
    with Sandbox() as sandbox:
        url = sandbox.inbox("in").url
        pushes = sandbox.add_postback(url, channels=["Push Notification", "In-app Message"])
        tests = sandbox.add_postback(url, type="abTestEvents")
        emails = sandbox.add_postback(url, channels=["Email"])
        opened = sandbox.trigger("email.open")
        entered = sandbox.trigger("ab-test.enter")
    assert [delivery.postback_id for delivery in opened.deliveries] == [emails.postback_id]
    assert [(missed.rule, missed.reason) for missed in opened.mismatches] == [
        (
            pushes,
            "the rule listens to Push Notification, In-app Message; the event's channel is Email",
        ),
        (tests, "the rule has type abTestEvents, the event is a message event"),
    ]
    assert [delivery.postback_id for delivery in entered.deliveries] == [tests.postback_id]
    assert {missed.reason for missed in entered.mismatches} == {
        "the rule has type messageEvents, the event is an A/B test event"
    }


def test_a_rule_is_kept_as_it_was_registered(sandbox: Sandbox) -> None:
    url = "https://example.com/{{User ID}}"
    rule = sandbox.add_postback(url, "abTestEvents", ["Email", "Email", Channel.PUSH])
    assert rule.url == url
    assert rule.type is PostbackType.AB_TEST_EVENTS
    assert rule.channels == (Channel.EMAIL, Channel.PUSH)
    assert (rule.app_id, rule.created_at) == ("YOUR_APP_ID", START_AT)
    assert len(str(rule.postback_id)) == 16
    assert sandbox.postbacks()[1] == rule
    assert sandbox.postbacks()[0].channels == ALL_CHANNELS


def test_an_app_has_three_places(sandbox: Sandbox) -> None:
    second = sandbox.add_postback("http://h/")
    sandbox.add_postback("http://h/")
    with pytest.raises(RuleLimitReached, match="has 3 postback rules already"):
        sandbox.add_postback("http://h/")
    assert sandbox.delete_postback(second.postback_id)
    assert not sandbox.delete_postback(second.postback_id)
    assert sandbox.add_postback("http://h/") in sandbox.postbacks()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"url": "http://h/{{user}}"}, InvalidTemplate),
        ({"url": "http://h/", "type": "events"}, InvalidValue),
        ({"url": "http://h/", "channels": ["SMS"]}, InvalidValue),
        ({"url": "http://h/", "app_id": "nobody"}, UnknownApp),
    ],
)
def test_a_mistaken_rule_takes_no_place(
    sandbox: Sandbox, arguments: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        sandbox.add_postback(**arguments)  # type: ignore[arg-type]
    assert len(sandbox.postbacks()) == 1


def test_a_deleted_rule_leaves_its_pending_deliveries(sandbox: Sandbox) -> None:
    sandbox.inbox("in").behave("503*9,200")
    [delivery] = sandbox.trigger("email.open").deliveries
    assert sandbox.delete_postback(sandbox.postbacks()[0].postback_id)
    assert sandbox.trigger("email.open").deliveries == []
    sandbox.run_until_idle()
    assert [found.id for found in sandbox.deliveries] == [delivery.id]
    assert sandbox.deliveries[0].state is DeliveryState.DELIVERED
    assert {request.target for request in sandbox.inbox("in").requests} == {
        delivery.url.removeprefix(sandbox.receiver_url)
    }


# Several apps


def test_apps_are_apart() -> None:
    quick = RetryPolicy(delays=(MINUTE,))
    with Sandbox(apps=[App("one"), App("two", retry=quick, rule_limit=1)]) as sandbox:
        inbox = sandbox.inbox("in")
        inbox.behave("503")
        one = sandbox.add_postback(inbox.url + "?app=one")
        two = sandbox.add_postback(inbox.url + "?app=two", app_id="two")
        with pytest.raises(RuleLimitReached, match="'two' has 1"):
            sandbox.add_postback(inbox.url, app_id="two")
        assert (one.app_id, two.app_id) == ("one", "two")
        assert sandbox.postbacks() == sandbox.postbacks("one") == [one]
        assert not sandbox.delete_postback(two.postback_id)
        triggered = sandbox.trigger("email.open", app_id="two")
        assert triggered.mismatches == [], "another app's rules are nobody's business"
        sandbox.trigger("email.open")
        sandbox.run_until_idle()
        assert sandbox.deliveries(app_id="two")[0].offsets_in_hours == [0, 1 / 60]
        assert sandbox.deliveries(app_id="one")[0].offsets_in_hours == OFFSETS_IN_HOURS
        assert [request.query["app"] for request in inbox.requests].count("two") == 2


def test_an_unknown_app_is_refused_and_the_known_are_named(sandbox: Sandbox) -> None:
    for call in (
        lambda: sandbox.app("x"),
        lambda: sandbox.trigger("email.open", app_id="x"),
        lambda: sandbox.postbacks("x"),
        lambda: sandbox.delete_postback(1, "x"),
    ):
        with pytest.raises(UnknownApp, match="unknown app 'x'; the sandbox has: YOUR_APP_ID"):
            call()


def test_an_app_is_added_and_replaced(sandbox: Sandbox) -> None:
    sandbox.put_app(App("new"))
    assert sandbox.app("new") == App("new")
    sandbox.inbox("in").behave("503")
    sandbox.trigger("email.open")
    sandbox.put_app(App(retry=RetryPolicy(delays=())))
    sandbox.advance(hours=1)
    assert sandbox.deliveries[0].state is DeliveryState.LOST
    assert len(sandbox.deliveries[0].attempts) == 2


def test_a_sandbox_without_apps_is_refused() -> None:
    with pytest.raises(InvalidValue, match="at least one app"):
        Sandbox(apps=[])


# Deliveries


def test_deliveries_are_read_in_several_ways(sandbox: Sandbox) -> None:
    sandbox.inbox("in").behave("404,503,200")
    for _ in range(3):
        sandbox.trigger("email.open")
    assert [delivery.state for delivery in sandbox.deliveries] == [
        "rejected",
        "pending",
        "delivered",
    ]
    assert [delivery.id for delivery in sandbox.deliveries(state="pending")] == [2]
    assert sandbox.delivery(2) == sandbox.deliveries[1]
    with pytest.raises(UnknownDelivery, match="no delivery has the id 9"):
        sandbox.delivery(9)
    sandbox.run_until_idle()
    assert [attempt.delivery_id for attempt in sandbox.attempts] == [1, 2, 3, 2]


def test_a_resend_by_hand(sandbox: Sandbox) -> None:
    sandbox.inbox("in").behave("404,200")
    sandbox.trigger("email.open")
    resent = sandbox.resend(1)
    assert resent.state is DeliveryState.REJECTED
    assert [(a.number, a.outcome.status) for a in resent.attempts] == [(1, 404), (None, 200)]
    assert sandbox.inbox("in").requests[1].attempt == (1, None)
    with pytest.raises(UnknownDelivery):
        sandbox.resend(9)


# Time


@pytest.mark.parametrize(
    ("arguments", "hours"),
    [
        ({"by": timedelta(hours=3)}, 3),
        ({"hours": 3}, 3),
        ({"hours": 1, "minutes": 120}, 3),
        ({"to": START_AT + 3 * HOUR}, 3),
        ({"to": datetime(2026, 1, 1, 5, tzinfo=timezone(2 * HOUR))}, 3),
        ({"hours": 0}, 0),
    ],
)
def test_an_advance_is_told_in_several_ways(
    sandbox: Sandbox, arguments: dict[str, object], hours: int
) -> None:
    done = sandbox.advance(**arguments)  # type: ignore[arg-type]
    assert sandbox.now() == done.now_at == START_AT + hours * HOUR
    assert done.now_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "exactly one of"),
        ({"by": HOUR, "hours": 1}, "exactly one of"),
        ({"to": START_AT, "hours": 1}, "exactly one of"),
        ({"to": datetime(2026, 1, 2)}, "to has no time zone"),  # noqa: DTZ001
        ({"to": "2026-01-02T00:00:00Z"}, "to takes an aware datetime"),
        ({"by": 3}, r"text like '10h', or units like hours=10; got 3"),
        ({"by": "10 fortnights"}, "'10 fortnights' is no duration"),
        ({"hour": 1}, "advance has no 'hour'; its units are weeks, days, hours"),
        ({"hours": "1"}, "got {'hours': '1'}"),
        ({"days": 10**10}, "longer than any clock can go"),
        ({"days": 10**7}, r"it goes to 9900-01-01T00:00:00\+00:00 at most"),
    ],
)
def test_an_unclear_advance_is_refused(
    sandbox: Sandbox, arguments: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidValue, match=said):
        sandbox.advance(**arguments)  # type: ignore[arg-type]
    assert sandbox.now() == START_AT


def test_no_way_back(sandbox: Sandbox) -> None:
    with pytest.raises(ClockCannotGoBack):
        sandbox.advance(hours=-1)
    with pytest.raises(ClockCannotGoBack):
        sandbox.advance(to=START_AT - HOUR)


def test_step_by_step(sandbox: Sandbox) -> None:
    sandbox.inbox("in").behave("503")
    sandbox.trigger("email.open")
    stops = []
    while (done := sandbox.advance_to_next()).attempts_made:
        stops.append((done.now_at - START_AT) / HOUR)
    assert stops == OFFSETS_IN_HOURS[1:]


def test_the_clock_is_the_callers(sandbox: Sandbox) -> None:
    clock = ManualClock(datetime(2030, 1, 1, tzinfo=UTC))
    with Sandbox(clock=clock) as late:
        assert late.now() == clock.now()
        assert late.clock_mode == "manual"
        late.add_postback(late.inbox("in").url)
        clock.move_to(clock.now() + HOUR)
        late.trigger("email.open")
        assert late.inbox("in").requests[0].arrived_at == clock.now()


def test_nothing_moves_before_a_passing_clock_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An advance counts from the instant at which it begins, however fast time runs."""
    ticks = iter(range(10**9))
    monkeypatch.setattr("mockserver.time.clocks.boot_seconds", lambda: next(ticks))
    with Sandbox(clock=RunningClock(START_AT, rate=3600)) as sandbox:
        assert sandbox.clock_mode == "running"
        assert sandbox.advance(seconds=0).complete
        assert sandbox.advance(minutes=1).complete


def test_a_runaway_is_stopped_and_can_be_resumed(monkeypatch: pytest.MonkeyPatch) -> None:
    left = [300]

    def fire_again(attempt: DueAttempt) -> Outcome:
        if left[0]:
            left[0] -= 1
            sandbox.trigger("email.open")
        return status(200)

    with Sandbox(transport=CallableTransport(fire_again)) as sandbox:
        sandbox.add_postback("http://h/")
        monkeypatch.setattr(sandbox.engine, "settle", partial(sandbox.engine.settle, 100))
        with pytest.raises(RunawaySchedule, match="100 attempts were made"):
            sandbox.trigger("email.open")
        monkeypatch.undo()
        sandbox.settle()
        assert left == [0]
        assert len(sandbox.deliveries(state="delivered")) == 301


def test_an_advance_for_servers_tells_what_it_made(sandbox: Sandbox) -> None:
    sandbox.inbox("in").behave("503")
    sandbox.trigger("email.open")
    done, attempts = sandbox.advance_within(START_AT + 10 * HOUR, 2, SOON_REAL_SECONDS)
    assert not done.complete
    assert [attempt.number for attempt in attempts] == [2, 3]
    done, attempts = sandbox.advance_within(None, 100, SOON_REAL_SECONDS)
    assert done.complete
    assert [attempt.number for attempt in attempts] == list(range(4, 11))


def test_an_advance_for_servers_to_the_next_instant(sandbox: Sandbox) -> None:
    sandbox.inbox("in").behave("503")
    sandbox.trigger("email.open")
    done, attempts = sandbox.advance_within(None, 100, SOON_REAL_SECONDS, to_next=True)
    assert (done.now_at, len(attempts)) == (START_AT + HOUR, 1)


@pytest.mark.parametrize("another_thread", [False, True], ids=["same-thread", "another-thread"])
def test_a_refused_advance_takes_nothing_from_the_one_under_way(another_thread: bool) -> None:
    refusals: list[BaseException | None] = []

    def advance_again() -> None:
        sandbox.advance_within(None, 100, SOON_REAL_SECONDS)

    def answer(attempt: DueAttempt) -> Outcome:
        if attempt.number == 2:
            with ThreadPoolExecutor(1) as other:
                refusals.append(other.submit(advance_again).exception(SOON_REAL_SECONDS))
        return status(503)

    def answer_in_place(attempt: DueAttempt) -> Outcome:
        if attempt.number == 2:
            with pytest.raises(AdvanceInProgress) as caught:
                advance_again()
            refusals.append(caught.value)
        return status(503)

    transport = CallableTransport(answer if another_thread else answer_in_place)
    with Sandbox(transport=transport) as sandbox:
        sandbox.add_postback("http://h/")
        sandbox.trigger("email.open")
        _, attempts = sandbox.advance_within(None, 100, SOON_REAL_SECONDS)
    assert [type(refusal) for refusal in refusals] == [AdvanceInProgress]
    assert [attempt.number for attempt in attempts] == list(range(2, 11))


# The rest


def test_a_reset_forgets_all_but_apps_and_time(sandbox: Sandbox) -> None:
    sandbox.put_app(App("two"))
    sandbox.inbox("in").behave("503")
    sandbox.trigger("email.open")
    sandbox.advance(hours=2)
    assert sandbox.reset() == (1, 1)
    assert sandbox.postbacks() == []
    assert sandbox.deliveries == []
    assert sandbox.attempts == []
    assert sandbox.inbox("in").requests == []
    assert sandbox.now() == START_AT + 2 * HOUR
    assert sandbox.app("two") == App("two")
    assert sandbox.run_until_idle().attempts_made == 0
    sandbox.add_postback(sandbox.inbox("in").url)
    [delivery] = sandbox.trigger("email.open").deliveries
    assert delivery.state is DeliveryState.DELIVERED, "its script is forgotten as well"


def test_what_happens_can_be_watched(sandbox: Sandbox) -> None:
    sandbox.inbox("in").behave("503,200")
    sandbox.trigger("email.open")
    sandbox.advance(hours=1)
    sandbox.delete_postback(sandbox.postbacks()[0].postback_id)
    sandbox.reset()
    happenings = sandbox.feed.after(0)
    assert [happening.kind for happening in happenings if happening.kind != "clock"] == [
        "rule",
        "event",
        "attempt",
        "attempt",
        "rule",
        "reset",
    ]
    attempts = [happening.payload for happening in happenings if happening.kind == "attempt"]
    assert [payload["state"] for payload in attempts] == ["pending", "delivered"]
    assert [payload["due_at"] for payload in attempts] == [START_AT + HOUR, None]


def test_an_answering_function_can_stand_for_the_world() -> None:
    outcomes = iter([Outcome(OutcomeKind.DNS), Outcome(OutcomeKind.BLOCKED)])
    with Sandbox(transport=CallableTransport(lambda attempt: next(outcomes))) as sandbox:
        sandbox.add_postback("https://example.com/")
        sandbox.trigger("email.open")
        sandbox.run_until_idle()
        assert sandbox.deliveries[0].state is DeliveryState.REJECTED
        assert sandbox.deliveries[0].offsets_in_hours == [0, 1]


class SideBySide:
    """A concurrent transport without sockets: a function answers, a group at a time."""

    capacity = 8

    def __init__(self, answer: Callable[[DueAttempt], Outcome]) -> None:
        self._answer = answer

    def exchange(self, pull: Pull) -> Iterator[list[tuple[DueAttempt, Outcome]]]:
        while attempts := pull(self.capacity):
            yield [(attempt, self._answer(attempt)) for attempt in attempts]

    def close(self) -> None:
        raise AssertionError("it belongs to whoever made it")


@pytest.mark.parametrize("kind", [CallableTransport, SideBySide])
class TestATransportOfOnesOwn:
    """Inboxes and routes come first; the transport takes everything else."""

    @pytest.fixture
    def sandbox(self, kind: Any) -> Iterator[Sandbox]:
        with Sandbox(transport=kind(self.answer)) as sandbox:
            yield sandbox

    def answer(self, attempt: DueAttempt) -> Outcome:
        assert attempt.url == "http://elsewhere.test/", "all else has a place of its own"
        return status(201)

    def statuses(self, sandbox: Sandbox) -> list[int | None]:
        return [attempt.outcome.status for attempt in sandbox.attempts]

    def test_inboxes_are_reached(self, sandbox: Sandbox) -> None:
        sandbox.inbox("in").behave("503,200")
        sandbox.add_postback(sandbox.inbox("in").url)
        sandbox.add_postback("http://elsewhere.test/")
        sandbox.trigger("email.open")
        sandbox.run_until_idle()
        assert sorted(self.statuses(sandbox)) == [200, 201, 503]
        assert [request.attempt for request in sandbox.inbox("in").requests] == [(1, 1), (1, 2)]

    def test_a_hung_inbox_takes_no_real_time(self, sandbox: Sandbox) -> None:
        sandbox.inbox("in").behave("hang,200")
        sandbox.add_postback(sandbox.inbox("in").url)
        sandbox.trigger("email.open")
        sandbox.run_until_idle()
        first, second = sandbox.attempts
        assert first.outcome.kind is OutcomeKind.TIMEOUT
        assert second.started_at == START_AT + HOUR + 30 * SECOND

    def test_routes_are_taken(self, sandbox: Sandbox) -> None:
        routed = CallableTransport(lambda attempt: status(204))
        sandbox.route(lambda url: url.startswith("http://partner.test/"), routed)
        sandbox.add_postback("http://partner.test/in")
        sandbox.add_postback("http://elsewhere.test/")
        sandbox.trigger("email.open")
        assert sorted(self.statuses(sandbox)) == [201, 204]

    def test_a_route_that_is_called_may_look_at_the_ledger(self, sandbox: Sandbox) -> None:
        seen: list[int] = []

        def look(attempt: DueAttempt) -> Outcome:
            seen.append(len(sandbox.attempts))
            return status(200)

        sandbox.add_postback("http://partner.test/in")
        sandbox.route(lambda url: "partner" in url, CallableTransport(look))
        sandbox.post_events([_event(sandbox) for _ in range(3)])
        assert seen == [0, 1, 2]


def test_a_transport_of_ones_own_leaves_a_receiver_on_a_port_alone() -> None:
    elsewhere = CallableTransport(lambda attempt: status(201))
    with Sandbox(transport=elsewhere, sockets=SocketOptions()) as sandbox:
        url = sandbox.inbox("in").url
        sandbox.add_postback(url)
        sandbox.add_postback(url.replace("://", "://user:password@"))
        sandbox.add_postback("http://elsewhere.test/")
        sandbox.trigger("email.open")
        assert sorted(attempt.outcome.status or 0 for attempt in sandbox.attempts) == [
            200,
            200,
            201,
        ]
        assert sorted(request.attempt or () for request in sandbox.inbox("in").requests) == [
            (1, 1),
            (2, 1),
        ]


def test_a_concurrent_transport_and_a_receiver_on_a_port_are_refused() -> None:
    with pytest.raises(InvalidValue, match="leave one of them out"):
        Sandbox(transport=SideBySide(lambda attempt: status(200)), sockets=SocketOptions())


def _event(sandbox: Sandbox) -> MessageEvent:
    return MessageEvent(sandbox.default_app_id, Channel.EMAIL, "Open", sandbox.now())


def test_a_closed_sandbox_lets_its_watchers_go() -> None:
    sandbox = Sandbox()
    with ThreadPoolExecutor(1) as other:
        watching = other.submit(sandbox.feed.after, 0, 60.0)
        sandbox.close()
        assert watching.result(SOON_REAL_SECONDS) == []


def test_the_public_names_are_found_where_they_live() -> None:
    for name in mockserver.__all__:
        value = getattr(mockserver, name)
        assert name == "__version__" or value.__name__ == name
        if name != "__version__":
            assert value.__module__ == mockserver._HOMES[name]
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        mockserver.nonsense  # noqa: B018
