"""What a case about an endpoint holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from contracts.suite.exchange import curl_line
from contracts.suite.recorder import Deviation, NotApplicable, Recorder, Untestable
from contracts.verify import endpoint as subject
from contracts.verify import storage, target
from contracts.verify.consequence import consequence, is_accepted, is_retried, outcome_text
from contracts.verify.endpoint import Endpoint
from contracts.verify.endpoints.shop import Row, Shop, ShopAnswer, Store
from contracts.verify.in_process import InProcessPostbackSender
from contracts.verify.operator import OperatorFailed
from contracts.verify.postbacks import Subscription
from contracts.verify.raw_answer import RawAnswer
from contracts.verify.storage import SETTLING_REAL_SECONDS
from contracts.verify.stored import Stored, read_stored
from contracts.verify.target import UP_AGAIN_REAL_SECONDS, EndpointTarget
from mockserver.client.probe import FunctionProbe
from mockserver.core.clock import ManualClock
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.core.template import Template
from mockserver.net.masks import Masks
from mockserver.transport.resolved_host import ResolvedHost

URL = "http://partner.test/in?user={{User ID}}&device={{Device ID}}&at={{Trigger time}}"
HERE = ResolvedHost("http", "partner.test", 80, ("127.0.0.1",))


class StrangeShop(Shop):
    """Does with each postback what a test wants."""

    answers: Callable[[Row], int] = staticmethod(lambda row: 200)
    changes: Callable[[Row], Any] = staticmethod(lambda row: row)

    def new(self, row: Row) -> ShopAnswer:
        return ShopAnswer(self.answers(row), (("X-Echo", "s3cr3t"),), b"s3cr3t")

    def keep(self, row: Row) -> bool:
        for kept in (
            self.changes(row) if isinstance(self.changes(row), list) else [self.changes(row)]
        ):
            self.store.add_anyway(kept)
        return True


def aimed(
    url: str = URL,
    answers: Callable[[Row], int] | None = None,
    changes: Callable[[Row], Any] | None = None,
    **fields: Any,
) -> tuple[EndpointTarget, Recorder]:
    clock = ManualClock()
    shop = StrangeShop(Store(), clock)
    shop.answers = answers or shop.answers
    shop.changes = changes or shop.changes
    sender = InProcessPostbackSender(shop, clock=clock)
    given = {"probe": FunctionProbe(lambda: list(shop.store.rows)), "run": "r"} | fields
    endpoint = Endpoint(Subscription(Template(url)), sender, others=sender, **given)
    rec = Recorder()
    return EndpointTarget(endpoint, rec), rec


class Timer:
    """Stands in for the module `time`; only sleeping moves it.

    Attributes:
        on_sleep: Called after each time that somebody slept.
    """

    def __init__(self) -> None:
        self.now = 100.0
        self.on_sleep: Callable[[], None] = lambda: None

    def monotonic(self) -> float:
        return self.now

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, real_seconds: float) -> None:
        self.now += real_seconds
        self.on_sleep()


@pytest.fixture
def timer(monkeypatch: pytest.MonkeyPatch) -> Timer:
    timer = Timer()
    for module in (target, storage):
        monkeypatch.setattr(module, "time", timer)
    return timer


# What an answer means


@pytest.mark.parametrize(
    ("outcome", "accepted", "retried", "says"),
    [
        (Outcome(OutcomeKind.RESPONSE, status=200), True, False, "200"),
        (Outcome(OutcomeKind.RESPONSE, status=299), True, False, "299"),
        (Outcome(OutcomeKind.RESPONSE, status=302), False, False, "302"),
        (Outcome(OutcomeKind.RESPONSE, status=404), False, False, "404"),
        (Outcome(OutcomeKind.RESPONSE, status=429), False, False, "429"),
        (Outcome(OutcomeKind.RESPONSE, status=500), False, True, "500"),
        (Outcome(OutcomeKind.RESPONSE, status=599), False, True, "599"),
        (Outcome(OutcomeKind.TIMEOUT, error="too late"), False, True, "timeout (too late)"),
        (Outcome(OutcomeKind.REFUSED), False, True, "refused"),
        (Outcome(OutcomeKind.RESET, error="x"), False, True, "reset (x)"),
        (Outcome(OutcomeKind.TLS), False, True, "tls"),
        (Outcome(OutcomeKind.DNS), False, True, "dns"),
    ],
)
def test_what_leanplum_makes_of_an_answer(
    outcome: Outcome, accepted: bool, retried: bool, says: str
) -> None:
    assert (is_accepted(outcome), is_retried(outcome), outcome_text(outcome)) == (
        accepted,
        retried,
        says,
    )
    said = consequence(outcome)
    if accepted:
        assert said == "Leanplum takes it for delivered"
    elif retried:
        assert said == (
            "Leanplum tries again 1, 3, 7, 15, ... hours after the first attempt, and the data is "
            "lost if that of 65 hours fails"
        )
    else:
        assert "drops the data at once" in said


# Sending


def test_what_is_sent_is_kept_with_its_answer_and_without_secrets() -> None:
    masks = Masks()
    masks.hide("POSTBACKS_SECRET_1", "s3cr3t")
    held, _ = aimed(URL + "&key=s3cr3t", masks=masks, headers=[("X-Gateway", "s3cr3t")])
    postback = held.postback()
    outcome = held.send(postback)
    assert b"s3cr3t" in outcome.body
    (kept,) = held.exchanges
    assert kept.method == "POST"
    assert kept.url == postback.url.replace("s3cr3t", "$POSTBACKS_SECRET_1")
    assert kept.headers == [("Content-Length", "0"), ("X-Gateway", "$POSTBACKS_SECRET_1")]
    assert dict(kept.answer_headers)["X-Echo"] == "$POSTBACKS_SECRET_1"
    assert (kept.status, kept.answer_body, kept.error) == (200, "$POSTBACKS_SECRET_1", None)
    assert "s3cr3t" not in curl_line(kept)
    assert '"${POSTBACKS_SECRET_1}"' in curl_line(kept)
    held.show_postback(postback)
    assert held.evidence("any") is kept


def test_what_shows_most_is_the_last_unless_told() -> None:
    held, _ = aimed()
    assert held.evidence("any") is None
    first, second = held.postback(), held.postback()
    held.send_all([first, second, first])
    assert held.evidence("any") is held.exchanges[2]
    held.show_postback(second)
    assert held.evidence("any") is held.exchanges[1]
    held.show_postback(held.postback())
    assert held.evidence("any") is held.exchanges[1]
    held.fresh()
    assert held.evidence("any") is None
    assert held.exchanges == []


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        (URL, "http://partner.test"),
        ("HTTP://partner.test:81?user={{User ID}}&x=/y", "http://partner.test:81"),
        ("http://partner.test#/{{User ID}}", "http://partner.test"),
        ("http://ada:key@[::1]:81/in/{{User ID}}", "http://ada:key@[::1]:81"),
    ],
)
def test_other_requests_are_kept_with_where_they_went(url: str, origin: str) -> None:
    held, _ = aimed(url)
    held.record("GET", "/a?b=1", RawAnswer(200, [("X", "y")], b"\xff", error=""), 0.5)
    (kept,) = held.exchanges
    assert (kept.method, kept.url, kept.error) == ("GET", f"{origin}/a?b=1", None)
    assert (kept.status, kept.answer_headers, kept.answer_body) == (200, [("X", "y")], "\\xff")


def test_a_request_of_another_method_is_sent_and_kept() -> None:
    held, _ = aimed()
    assert held.request("GET", "/in").status == 405
    assert [(each.method, each.status) for each in held.exchanges] == [("GET", 405)]
    assert held.endpoint.budget.sent == 1


def test_needing_values_that_the_url_lacks_ends_a_case() -> None:
    held, _ = aimed()
    held.needs("User ID")
    held.needs("Parameters", "User ID")
    with pytest.raises(NotApplicable, match=r"^the URL carries no \{\{Parameters\}\}$"):
        held.needs("Parameters")
    with pytest.raises(NotApplicable, match=r"neither \{\{Parameters\}\} nor \{\{Message ID\}\}$"):
        held.needs("Parameters", "Message ID")


def test_what_must_be_accepted_deviates_otherwise() -> None:
    held, rec = aimed(answers=lambda row: 404 if row["user"].endswith("-2") else 200)
    held.accept(held.postback(), "a new one")
    assert rec.checks == 1
    with pytest.raises(Deviation) as caught:
        held.accept(held.postback(), "a new one")
    assert (caught.value.expected, caught.value.actual) == ("2xx", "404")
    assert caught.value.why.startswith("a new one; Leanplum drops the data at once")


def test_of_several_that_must_be_accepted_the_first_refused_is_shown() -> None:
    statuses = iter([200, 200, 503, 200, 404])
    held, rec = aimed(answers=lambda row: next(statuses))
    held.accept_all([held.postback() for _ in range(2)], "two", at_once=2)
    assert rec.checks == 2
    with pytest.raises(Deviation, match=r"three \(2 of 3\); Leanplum tries again"):
        held.accept_all([held.postback() for _ in range(3)], "three")
    assert held.evidence("any") is held.exchanges[2]
    assert held.exchanges[2].status == 503


# What was stored


def test_what_is_stored_once_is_fine() -> None:
    held, rec = aimed()
    before = held.stored()
    made = [held.postback() for _ in range(12)]
    held.accept_all(made, "twelve")
    held.expect_stored_once(made, before, "it was accepted", exact=True)
    assert rec.last is None


@pytest.mark.parametrize(
    ("kept", "actual", "why"),
    [([], "not stored", "the event is lost"), ([1, 2], "stored 2 times", "counts more than once")],
)
def test_what_is_not_stored_once_is_shown(kept: list[int], actual: str, why: str) -> None:
    held, _ = aimed(changes=lambda row: [row for _ in kept] if "-2" in row["user"] else [row])
    before = held.stored()
    made = [held.postback() for _ in range(3)]
    held.accept_all(made, "three")
    with pytest.raises(Deviation) as caught:
        held.expect_stored_once(made, before, "accepted")
    assert (caught.value.expected, caught.value.actual) == (f"{made[1].key} stored once", actual)
    assert why in caught.value.why
    assert held.evidence("any") is held.exchanges[1]


@pytest.mark.parametrize(("factor", "fine"), [(1, True), (0, False), (2, False)])
def test_where_only_a_number_is_told_the_number_counts(factor: int, fine: bool) -> None:
    counted = [7]

    def answers(row: Row) -> int:
        counted[0] += factor
        return 200

    held, _ = aimed(answers=answers, probe=FunctionProbe(lambda: counted[0]))
    before = held.stored()
    made = [held.postback() for _ in range(3)]
    held.accept_all(made, "three")
    if fine:
        held.expect_stored_once(made, before, "accepted", exact=True)
    else:
        with pytest.raises(Deviation, match="counted by the probe"):
            held.expect_stored_once(made, before, "accepted")
    with pytest.raises(NotApplicable, match="the probe only counts"):
        held.expect_exact(made[0], "a value")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            lambda row: {**row, "user": row["user"].replace("+", " ")},
            "'user' is not stored as it was",
        ),
        (
            lambda row: {"user": row["user"].replace("+", " ")},
            "'user' is not stored as it was sent",
        ),
        (lambda row: {**row, "user": "x", "device": "y"}, "not found under the id"),
    ],
)
def test_a_value_that_was_changed_is_seen(changes: Callable[[Row], Row], why: str) -> None:
    held, _ = aimed(changes=changes)
    postback = held.postback(suffix=" a+b")
    held.accept(postback, "an odd one")
    with pytest.raises(Deviation, match=why):
        held.expect_exact(postback, "an odd one")


def test_a_text_must_hold_one_of_the_ids_as_it_was_sent() -> None:
    entries: list[str] = []
    held, _ = aimed(probe=FunctionProbe(lambda: entries))
    postback = held.postback(suffix=" a+b")
    held.accept(postback, "an odd one")
    entries[:] = [f"opened by {postback.event.user_id}"]
    held.expect_exact(postback, "an odd one")
    entries[:] = [f"opened by {postback.key} a b"]
    with pytest.raises(Deviation, match="the id is not stored as it was sent"):
        held.expect_exact(postback, "an odd one")


# Waiting


class LateProbe:
    """Answers with what there is; what arrives is there only after a while."""

    description = "late"

    def __init__(self, timer: Timer, late_by: float, takes: float = 0.0) -> None:
        self.entries: list[str] = []
        self.asked = 0
        self._timer, self._takes = timer, takes
        self._there_at = timer.now + late_by

    def ask(self, prefix: str) -> Stored:
        self.asked += 1
        self._timer.now += self._takes
        there = tuple(self.entries) if self._timer.now >= self._there_at else ()
        return Stored(len(there), there)


@pytest.mark.parametrize("late_by", [0.0, 1.0, SETTLING_REAL_SECONDS - 0.2])
def test_an_endpoint_may_store_a_moment_later(timer: Timer, late_by: float) -> None:
    lent = LateProbe(timer, late_by)
    held, _ = aimed(probe=lent, resolved_host=HERE)
    made = [held.postback(), held.postback()]
    lent.entries += [postback.key for postback in made]
    held.expect_stored_once(made, Stored(0, ()), "accepted")
    # As long again: what is stored twice would be stored by then.
    assert timer.now - 100 <= 2 * late_by + 0.6


@pytest.mark.parametrize(("takes", "most"), [(0.0, 0.2), (2.0, 4.2)])
def test_it_is_not_waited_for_for_ever(timer: Timer, takes: float, most: float) -> None:
    lent = LateProbe(timer, 1e9, takes)
    held, _ = aimed(probe=lent, resolved_host=HERE)
    assert held.stored([held.postback()]).entries == ()
    assert SETTLING_REAL_SECONDS <= timer.now - 100 <= SETTLING_REAL_SECONDS + most


def test_in_this_process_nothing_is_waited_for(timer: Timer) -> None:
    lent = LateProbe(timer, 1e9)
    held, _ = aimed(probe=lent)
    held.stored([held.postback()])
    assert (timer.now, lent.asked) == (100.0, 1)


def test_nothing_is_waited_for_that_cannot_be_recognised(timer: Timer) -> None:
    lent = LateProbe(timer, 1e9)
    held, _ = aimed(probe=lent, resolved_host=HERE)
    held.stored([held.postback(user_id="a", device_id="b")])
    assert (timer.now, lent.asked) == (100.0, 1)


def test_a_number_may_grow_a_moment_later(timer: Timer) -> None:
    counted = [0]
    held, _ = aimed(probe=FunctionProbe(lambda: counted[0]), resolved_host=HERE)

    def grow() -> None:
        counted[0] = min(3, counted[0] + 1)

    timer.on_sleep = grow
    held.expect_stored_once([held.postback() for _ in range(3)], Stored(0), "accepted")
    assert counted == [3]
    timer.on_sleep = lambda: None
    with pytest.raises(Deviation, match="counted by the probe"):
        held.expect_stored_once([held.postback() for _ in range(4)], Stored(0), "accepted")


def listening(monkeypatch: pytest.MonkeyPatch, timer: Timer, at: float, takes: float) -> None:
    def is_listening(resolved_host: ResolvedHost) -> bool:
        timer.now += takes
        return timer.now >= at

    monkeypatch.setattr(subject.raw, "is_listening", is_listening)


def test_a_server_has_a_moment_to_come_up(monkeypatch: pytest.MonkeyPatch, timer: Timer) -> None:
    held, _ = aimed(resolved_host=HERE)
    listening(monkeypatch, timer, at=105, takes=0)
    held.await_up()
    assert 105 <= timer.now <= 105.2


@pytest.mark.parametrize("takes", [0.0, 2.0])
def test_a_server_that_stays_down_is_given_up(
    monkeypatch: pytest.MonkeyPatch, timer: Timer, takes: float
) -> None:
    """However long it takes to find out each time, as where packets are dropped."""
    held, _ = aimed(resolved_host=HERE)
    listening(monkeypatch, timer, at=1e9, takes=takes)
    with pytest.raises(Untestable, match="nobody listens 30 s after"):
        held.await_up()
    assert UP_AGAIN_REAL_SECONDS <= timer.now - 100 <= UP_AGAIN_REAL_SECONDS + takes + 0.2


def outcomes_of(statuses: Sequence[int]) -> list[Outcome]:
    return [Outcome(OutcomeKind.RESPONSE, timedelta(0), status=status) for status in statuses]


def test_that_something_was_accepted_counts_as_a_check() -> None:
    held, rec = aimed()
    for outcome in outcomes_of([200, 201]):
        held.expect_accepted(outcome, "x")
    assert rec.checks == 2


# Being down


class Operator:
    """Keeps a diary, and fails or is interrupted where it is told to."""

    description = "the diary"

    def __init__(self, trouble: BaseException | None = None) -> None:
        self.diary: list[str] = []
        self.trouble = trouble

    def down(self) -> None:
        self.diary.append("down")
        if self.trouble is not None:
            raise self.trouble

    def up(self) -> None:
        self.diary.append("up")


@pytest.mark.parametrize("trouble", [OperatorFailed("no"), KeyboardInterrupt()])
def test_what_may_be_down_is_taken_up_again(trouble: BaseException) -> None:
    operator = Operator(trouble)
    held, _ = aimed(operator=operator)
    with pytest.raises(type(trouble)), held.down():
        raise AssertionError("it was not taken down")
    assert operator.diary == ["down", "up"]


def test_it_is_up_again_after_an_interrupt_in_between() -> None:
    operator = Operator()
    held, _ = aimed(operator=operator)
    with pytest.raises(KeyboardInterrupt), held.down():
        raise KeyboardInterrupt
    assert operator.diary == ["down", "up"]


# Lines


def test_an_id_with_a_line_end_is_compared_up_to_there_in_lines() -> None:
    lines = read_stored("postbacks-verify-r-1 tab\tand\nnewline\nx", "a command")
    held, rec = aimed(probe=FunctionProbe(lambda: list(lines.entries or ())))
    postback = held.postback(suffix=" tab\tand\nnewline")
    held.expect_exact(postback, "an id with control characters")
    assert rec.checks > 0
    other, _ = aimed(probe=FunctionProbe(lambda: list(lines.entries or ())))
    with pytest.raises(Deviation, match="not stored as it was sent"):
        other.expect_exact(other.postback(suffix=" tab and\nnewline"), "an id")
