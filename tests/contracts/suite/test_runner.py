"""What becomes of everything that a case can do."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st

from contracts.conformance.deviants.deviant_server import DeviantServer
from contracts.conformance.real import MOST_REQUESTS, NO_CREDENTIALS, PacedWire, RealServer
from contracts.conformance.server import Credentials
from contracts.conformance.target import OUR_HOST, Target
from contracts.suite import requirements
from contracts.suite.generated import Effort
from contracts.suite.recorder import Recorder, Untestable
from contracts.suite.registry import ENDPOINT_ONLY, Case, find_case
from contracts.suite.request_budget import RequestBudget
from contracts.suite.results import CaseResult
from contracts.suite.runner import run_case, run_cases
from contracts.suite.subject import Names, Subject
from contracts.suite.vocabulary import Level, Need, Origin, Profile, Status, TargetKind
from contracts.verify.endpoints.shop import Shop, ShopAnswer, Store
from contracts.verify.in_process import InProcessPostbackSender
from contracts.verify.postbacks import Subscription
from contracts.verify.sender import SocketPostbackSender
from contracts.verify.subject import EndpointSubject
from contracts.verify.target import EndpointTarget
from mockserver.client.probe import CommandProbe
from mockserver.client.wire import Reply
from mockserver.core.clock import ManualClock
from mockserver.core.errors import ServerUnreachable
from mockserver.core.template import Template
from mockserver.transport.resolved_host import resolve_host
from tests.contracts.samples import (
    FAKE_AND_REAL,
    KNOWN_ID,
    RawServer,
    SampleServer,
    ScriptedWire,
    TinyLeanplum,
    case_of,
    deviating,
    passing,
)

OURS = f"https://{OUR_HOST}/in"


def ran(case: Case, server: Subject | None = None) -> CaseResult:
    return run_case(case, server or SampleServer(), Effort(), Names())


def all_of(cases: list[Case], server: Subject) -> list[CaseResult]:
    return list(run_cases(cases, server, Effort(), Names()))


def real_case(body: Callable[..., Any], **fields: Any) -> Case:
    details: dict[str, Any] = {"targets": FAKE_AND_REAL, "most_requests": 5}
    return case_of(body, **(details | fields))


# Passing and deviating


def test_what_holds_passes_and_keeps_nothing() -> None:
    result = ran(case_of(passing, id=KNOWN_ID, level=Level.MAY, origin=Origin.OBSERVED, fix="Fix."))
    assert (result.id, result.area, result.title) == (KNOWN_ID, "rules", "A sample holds")
    assert (result.status, result.level, result.origin) == (
        Status.PASS,
        Level.MAY,
        Origin.OBSERVED,
    )
    assert result.statements == requirements.load().statements_of(KNOWN_ID) != []
    assert (result.fix, result.reason, result.verdict, result.known) == ("Fix.", "", "", "")
    assert (result.checks, result.examples, result.steps) == (1, 1, [])
    assert (result.deviation, result.exchanges, result.curl) == (None, [], "")
    assert result.real_seconds >= 0


@pytest.mark.parametrize(
    ("level", "status"),
    [
        (Level.MUST, Status.FAIL),
        (Level.SHOULD, Status.WARN),
        (Level.MAY, Status.INFO),
        (Level.UNSPECIFIED, Status.WARN),
    ],
)
def test_what_a_deviation_is_worth(level: Level, status: Status) -> None:
    result = ran(case_of(deviating, level=level))
    assert result.status is status
    assert result.deviation is not None
    assert (result.deviation.expected, result.deviation.actual) == ("1", "2")


@pytest.mark.parametrize("level", list(Level))
def test_an_accepted_verdict_is_worth_knowing_and_no_more(level: Level) -> None:
    def body(target: Target, rec: Recorder) -> None:
        rec.expect_verdict("b", "a", {"a": "A", "b": "B"}, "either")

    result = ran(case_of(body, level=level))
    assert (result.status, result.verdict) == (Status.INFO, "b")
    assert result.deviation is not None


def test_a_verdict_that_nobody_accepts_is_worth_its_level() -> None:
    def body(target: Target, rec: Recorder) -> None:
        rec.expect_verdict("a crash", "a", {"a": "A", "b": "B"}, "either")

    result = ran(case_of(body, level=Level.UNSPECIFIED))
    assert (result.status, result.verdict) == (Status.WARN, "a crash")


def test_the_promised_verdict_is_told_of_a_pass_too() -> None:
    def body(target: Target, rec: Recorder) -> None:
        rec.expect_verdict("a", "a", {"a": "A"}, "either")

    assert ran(case_of(body)).verdict == "a"


@pytest.mark.parametrize(
    ("case_id", "path"),
    [
        ("PB-API-ONE", "/api"),
        ("PB-RULES-ONE", "/api"),
        ("PB-CHANNELS-ONE", "/api"),
        ("PB-RETRY-ONE", "/_sandbox/clock"),
    ],
)
def test_a_deviation_comes_with_its_exchanges_and_the_one_that_shows_it_as_a_command(
    case_id: str, path: str
) -> None:
    def body(target: Target, rec: Recorder) -> None:
        target.app.call("listPostbacks")
        target.now()
        rec.step("look")
        rec.expect(1, 2, "one is one")

    with DeviantServer() as fake:
        result = ran(case_of(body, id=case_id), fake)
    paths = [exchange.url.partition("localhost")[2] for exchange in result.exchanges]
    assert paths == ["/_sandbox/apps/contracts-app-1", "/api", "/_sandbox/clock"]
    assert result.curl.endswith(f"'http://localhost{path}'")
    assert result.steps == ["look"]


def test_without_a_call_of_the_api_the_last_request_is_the_command() -> None:
    def body(target: Target, rec: Recorder) -> None:
        target.now()
        rec.expect(1, 2, "one is one")

    with DeviantServer() as fake:
        assert "/_sandbox/clock" in ran(case_of(body, id="PB-API-ONE"), fake).curl


def test_a_deviation_without_a_request_has_no_command() -> None:
    assert ran(case_of(deviating)).curl == ""


def test_at_the_real_api_exchanges_are_kept_of_a_pass_too() -> None:
    def body(target: Target, rec: Recorder) -> None:
        target.app.rules()

    result = ran(real_case(body), TinyLeanplum().as_real())
    assert result.status is Status.PASS
    assert len(result.exchanges) == 1


# Skipping


def test_a_case_that_is_not_for_the_target_is_skipped() -> None:
    result = ran(case_of(deviating), TinyLeanplum().as_real())
    assert (result.status, result.reason) == (Status.SKIP, "not for a real target")
    partner = case_of(deviating, targets=frozenset({TargetKind.ENDPOINT}))
    assert ran(partner).reason == "not for a fake target"


@pytest.mark.parametrize(
    ("need", "word"),
    [
        (Need.CONTROL, "control API"),
        (Need.MANUAL_CLOCK, "--clock manual"),
        (Need.SOCKETS, "port"),
        (Need.RESTART, "--embedded"),
    ],
)
def test_a_need_that_is_not_met_skips(need: Need, word: str) -> None:
    server = SampleServer(capabilities=set(Need) - {need})
    result = ran(case_of(deviating, needs=[need]), server)
    assert result.status is Status.SKIP
    assert word in result.reason
    assert (result.checks, result.deviation) == (0, None)
    others = case_of(passing, needs=set(Need) - {need})
    assert ran(others, server).status is Status.PASS


def test_of_several_missing_needs_the_first_is_told() -> None:
    result = ran(case_of(deviating, needs=list(Need)), SampleServer(capabilities=()))
    assert result.reason == "no control API"


def test_the_real_api_meets_every_need_of_a_case_that_is_meant_for_it() -> None:
    assert ran(real_case(passing), TinyLeanplum().as_real()).status is Status.PASS


# What cannot be tried


def test_an_unusable_server_makes_everything_untestable_and_gets_nothing() -> None:
    wire = ScriptedWire()
    server = RealServer(None, PacedWire(wire))
    results = all_of([real_case(deviating, id=f"PB-SAMPLE-{n}") for n in "ABC"], server)
    assert {(result.status, result.reason) for result in results} == {
        (Status.UNTESTABLE, NO_CREDENTIALS)
    }
    assert wire.sent == []


def test_what_would_not_fit_into_the_budget_is_not_begun() -> None:
    wire = ScriptedWire(Reply(200, [], b"{}"))
    paced = PacedWire(wire, sleep=lambda seconds: None)
    server = RealServer(Credentials("their-app", "key"), paced)

    def body(target: Target, rec: Recorder) -> None:
        for _ in range(15):
            target.app.call("listPostbacks")

    cases = [real_case(body, most_requests=15) for _ in range(3)] + [real_case(passing)]
    results = all_of(cases, server)
    assert [result.status for result in results] == [
        Status.PASS,
        Status.PASS,
        Status.UNTESTABLE,
        Status.PASS,
    ]
    assert results[2].reason == "needs 15 requests, and 10 of this run's are left"
    assert len(wire.sent) == 30


def test_a_case_that_sends_more_than_it_said_ends_at_the_budget() -> None:
    wire = ScriptedWire(Reply(200, [], b"{}"))
    server = RealServer(
        Credentials("their-app", "key"), PacedWire(wire, sleep=lambda seconds: None)
    )

    def body(target: Target, rec: Recorder) -> None:
        while True:
            target.app.call("listPostbacks")

    first, second = all_of([real_case(body), real_case(passing)], server)
    assert first.status is Status.UNTESTABLE
    assert "40 requests" in first.reason
    assert second.status is Status.UNTESTABLE
    assert len(wire.sent) == MOST_REQUESTS


def test_a_case_may_say_itself_that_it_cannot_be_tried() -> None:
    def body(target: Target, rec: Recorder) -> None:
        raise Untestable("there are rules already")

    result = ran(case_of(body))
    assert (result.status, result.reason) == (Status.UNTESTABLE, "there are rules already")


def test_a_refusal_of_the_control_api_is_untestable() -> None:
    def body(target: Target, rec: Recorder) -> None:
        target.control.app("nobody")

    with DeviantServer() as fake:
        first, second = all_of([case_of(body), case_of(passing)], fake)
    assert first.status is Status.UNTESTABLE
    assert first.reason.startswith("the control API refused: unknown app 'nobody'")
    assert second.status is Status.PASS


def dying_after(number: int, error: str = "the line is dead", back_at: int = 10**9) -> ScriptedWire:
    """Return a wire that answers so many requests, and then none until `back_at`."""
    count = 0

    def answer(*_: object) -> Reply:
        nonlocal count
        count += 1
        if number < count < back_at:
            raise ServerUnreachable(error)
        return Reply(200, [], b"{}")

    return ScriptedWire(answer)


def asking(target: Target, rec: Recorder) -> None:
    target.wire.send("GET", "/ask", {}, None)


def test_when_the_server_is_gone_the_rest_is_untestable_and_not_tried() -> None:
    wire = dying_after(1)
    cases = [case_of(asking, id=f"PB-SAMPLE-{n}") for n in "ABCD"]
    results = all_of(cases, SampleServer(wire))
    assert [result.status for result in results] == [Status.PASS] + [Status.UNTESTABLE] * 3
    assert [result.id for result in results] == [case.id for case in cases]
    assert results[1].reason == "the line is dead"
    assert results[2].reason == results[3].reason
    assert results[2].reason == "the target stopped answering: the line is dead"
    # The second case's own request, and one to see whether anybody is there.
    assert len(wire.sent) == 3


def test_what_does_not_apply_is_skipped_even_when_the_server_is_gone() -> None:
    """Otherwise a case that needs a restart counts as a failure of a server that cannot."""
    cases = [case_of(asking), case_of(passing, needs=[Need.RESTART])]
    results = all_of(cases, SampleServer(dying_after(0)))
    assert [result.status for result in results] == [Status.UNTESTABLE, Status.SKIP]


def test_a_server_that_answers_again_is_asked_again() -> None:
    wire = dying_after(0, back_at=2)
    results = all_of([case_of(asking), case_of(asking)], SampleServer(wire))
    assert [result.status for result in results] == [Status.UNTESTABLE, Status.PASS]


def test_the_real_api_is_not_asked_whether_it_is_there() -> None:
    wire = dying_after(0, back_at=2)
    server = RealServer(Credentials("a", "k"), PacedWire(wire, sleep=lambda seconds: None))
    results = all_of([real_case(asking), real_case(asking)], server)
    assert [result.status for result in results] == [Status.UNTESTABLE] * 2
    assert len(wire.sent) == 1


def test_the_real_api_that_is_gone_while_a_rule_is_left_is_not_tried_any_more() -> None:
    """Cleaning up fails then, which must not hide that nobody answers."""
    leanplum = TinyLeanplum()

    def body(target: Target, rec: Recorder) -> None:
        target.app.add(OURS)
        leanplum.dies_after = 1
        target.app.rules()

    results = all_of([real_case(body), real_case(body), real_case(body)], leanplum.as_real())
    assert [result.status for result in results[1:]] == [Status.UNTESTABLE] * 2
    assert "the target stopped answering" in results[1].reason
    assert "still there" in results[0].reason
    assert len(leanplum.calls) == 1


# Endpoints


class CountingShop(Shop):
    """Answers as told, by how many postbacks came before."""

    def __init__(self, statuses: Sequence[int] = ()) -> None:
        super().__init__(Store(), ManualClock())
        self.came = 0
        self._statuses = statuses

    def receive(self, environ: Mapping[str, Any]) -> ShopAnswer:
        self.came += 1
        over = self.came > len(self._statuses)
        return ShopAnswer(200 if over else self._statuses[self.came - 1])


def endpoint_of(
    shop: CountingShop, most: int = 500, url: str = "http://partner.test/in?u={{User ID}}"
) -> EndpointSubject:
    sender = InProcessPostbackSender(shop)
    subscription = Subscription(Template(url))
    return EndpointSubject(
        subscription, sender, budget=RequestBudget(most), profile=Profile.FULL, run="r"
    )


def endpoint_case_of(body: Callable[..., Any], **fields: Any) -> Case:
    return case_of(body, **({"targets": ENDPOINT_ONLY, "needs": (), "most_requests": 5} | fields))


def posting(target: EndpointTarget, rec: Recorder) -> None:
    """Sends a postback that must be taken."""
    target.accept(target.postback(), "a postback")


def test_a_case_that_turns_out_not_to_apply_is_skipped() -> None:
    def body(target: EndpointTarget, rec: Recorder) -> None:
        target.needs("Parameters")

    def either(target: EndpointTarget, rec: Recorder, value: str) -> None:
        target.needs("Parameters")

    endpoint = endpoint_of(CountingShop())
    for case in (
        endpoint_case_of(body),
        endpoint_case_of(either, given={"value": st.text()}, examples=5),
    ):
        result = ran(case, endpoint)
        assert (result.status, result.reason) == (Status.SKIP, "the URL carries no {{Parameters}}")
        assert result.deviation is None


def test_what_an_endpoint_answers_is_kept_of_a_pass_too() -> None:
    result = ran(endpoint_case_of(posting), endpoint_of(CountingShop()))
    assert result.status is Status.PASS
    assert [exchange.status for exchange in result.exchanges] == [200]
    assert result.curl == ""


def test_a_deviation_of_an_endpoint_comes_with_its_request_as_a_command() -> None:
    result = ran(endpoint_case_of(posting), endpoint_of(CountingShop([404])))
    assert result.status is Status.FAIL
    assert result.curl.endswith("'http://partner.test/in?u=postbacks-verify-r-1'")
    assert " -X POST " in result.curl


def test_when_the_budget_is_spent_the_rest_is_untestable() -> None:
    shop = CountingShop()

    def three(target: EndpointTarget, rec: Recorder) -> None:
        target.accept_all([target.postback() for _ in range(3)], "three")

    cases = [endpoint_case_of(three), endpoint_case_of(three), endpoint_case_of(posting),
             endpoint_case_of(posting), endpoint_case_of(posting)]  # fmt: skip
    results = all_of(cases, endpoint_of(shop, most=5))
    assert [result.status for result in results] == [
        Status.PASS, Status.UNTESTABLE, Status.PASS, Status.PASS, Status.UNTESTABLE
    ]  # fmt: skip
    assert (
        results[1].reason
        == "this run has sent 3 requests of at most 5; 3 more at once are too many"
    )
    assert "see --max-requests" in results[4].reason
    assert shop.came == 5


def one_value(target: EndpointTarget, rec: Recorder, value: int) -> None:
    """Sends a postback for a value."""
    target.accept(target.postback(), f"a postback for {value}")


def test_a_property_whose_budget_runs_out_keeps_its_deviation() -> None:
    """The third example deviates, and nothing is left to look for a smaller one with."""
    shop = CountingShop([200, 200, *[404] * 100])
    case = endpoint_case_of(one_value, given={"value": st.integers(0, 1_000)}, examples=50)
    for most in (3, 4, 5):
        shop.came = 0
        result = ran(case, endpoint_of(shop, most=most))
        assert (result.status, shop.came) == (Status.FAIL, most)
        assert result.deviation is not None
        assert result.deviation.actual == "404"
        (step,) = result.steps
        assert f"a postback for {step.removeprefix('value = ')};" in result.deviation.why
        assert [exchange.status for exchange in result.exchanges] == [404]
        assert result.curl.endswith(f"'{result.exchanges[0].url}'")


def test_a_property_whose_budget_runs_out_without_a_deviation_is_untestable() -> None:
    shop = CountingShop()
    case = endpoint_case_of(one_value, given={"value": st.integers(0, 1_000)}, examples=50)
    result = ran(case, endpoint_of(shop, most=5))
    assert (result.status, shop.came) == (Status.UNTESTABLE, 5)
    assert "this run has sent 5 requests" in result.reason


def test_a_deviation_that_does_not_come_back_is_one_all_the_same() -> None:
    shop = CountingShop([200, 404])
    case = endpoint_case_of(one_value, given={"value": st.integers(0, 1_000)}, examples=5)
    result = ran(case, endpoint_of(shop))
    assert result.status is Status.FAIL
    assert any("not every time" in step for step in result.steps)


def on_a_dead_port() -> EndpointSubject:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    url = f"http://127.0.0.1:{port}/in?u={{{{User ID}}}}"
    resolved_host = resolve_host(url)
    return EndpointSubject(
        Subscription(Template(url)),
        SocketPostbackSender(resolved_host),
        resolved_host=resolved_host,
    )


def connecting(target: EndpointTarget, rec: Recorder) -> None:
    with target.endpoint.connection():
        rec.expect(1, 1, "it is open")


def test_an_endpoint_that_is_gone_is_not_sent_anything_more() -> None:
    endpoint = on_a_dead_port()
    try:
        results = all_of([endpoint_case_of(posting)] * 3, endpoint)
    finally:
        endpoint.close()
    assert [result.status for result in results] == [Status.FAIL] + [Status.UNTESTABLE] * 2
    assert results[1].reason == "the target stopped answering: during PB-SAMPLE-ONE"
    assert endpoint.budget.sent == 1


def test_an_endpoint_that_cannot_be_connected_to_is_no_fault_of_the_suite() -> None:
    endpoint = on_a_dead_port()
    result = ran(endpoint_case_of(connecting), endpoint)
    assert result.status is Status.UNTESTABLE
    assert result.reason.startswith("no connection to 127.0.0.1:")


def test_an_endpoint_that_answers_late_or_breaks_off_is_there() -> None:
    with RawServer(b"") as server:
        url = f"{server.url}/in?u={{{{User ID}}}}"
        resolved_host = resolve_host(url)
        endpoint = EndpointSubject(
            Subscription(Template(url)),
            SocketPostbackSender(resolved_host),
            resolved_host=resolved_host,
        )
        try:
            results = all_of([endpoint_case_of(posting)] * 2, endpoint)
        finally:
            endpoint.close()
    assert [result.status for result in results] == [Status.FAIL] * 2
    assert results[1].deviation is not None
    assert results[1].deviation.actual.startswith("reset")


def test_a_probe_that_fails_makes_a_case_untestable() -> None:
    def body(target: EndpointTarget, rec: Recorder) -> None:
        target.stored()

    endpoint = endpoint_of(CountingShop())
    endpoint.probe = CommandProbe("false")
    result = ran(endpoint_case_of(body, needs=[Need.PROBE]), endpoint)
    assert result.status is Status.UNTESTABLE
    assert result.reason == "the probe 'false' ended with 1"


@pytest.mark.parametrize(
    ("need", "says"),
    [
        (Need.PROBE, "give --probe"),
        (Need.OPERATOR, "give --down-command and --up-command, or --ask"),
        (Need.RECORDING, "give --observe FILE"),
        (Need.CONNECTIONS, "its connections are not this run's"),
        (Need.TLS, "it is not reached through TLS"),
    ],
)
def test_what_an_endpoint_lacks_is_said_with_what_to_do(need: Need, says: str) -> None:
    result = ran(endpoint_case_of(posting, needs=[need]), endpoint_of(CountingShop()))
    assert result.status is Status.SKIP
    assert says in result.reason


def test_secrets_of_a_url_are_nowhere_in_a_result() -> None:
    def body(target: EndpointTarget, rec: Recorder) -> None:
        postback = target.postback()
        target.send(postback)
        rec.step(postback.url)
        rec.expect("a", postback.url, f"why {postback.url}")

    url = "http://partner.test/in?u={{User ID}}&key=s3cr3t-1"
    endpoint = endpoint_of(CountingShop(), url=url)
    endpoint.masks.hide("POSTBACKS_SECRET_1", "s3cr3t-1")
    result = ran(endpoint_case_of(body), endpoint)
    assert result.status is Status.FAIL
    assert b"s3cr3t" not in msgspec.json.encode(result)
    assert '"${POSTBACKS_SECRET_1}"' in result.curl


# Faults of the suite


def test_a_fault_of_a_body_is_an_error_that_says_where_and_hides_nothing() -> None:
    def body(target: Target, rec: Recorder) -> None:
        rec.expect(1, 1, "fine")
        raise ZeroDivisionError("by nothing")

    before, found, after = all_of(
        [case_of(deviating), case_of(body), case_of(passing)], SampleServer()
    )
    assert (before.status, after.status) == (Status.FAIL, Status.PASS)
    assert found.status is Status.ERROR
    assert found.reason.startswith("ZeroDivisionError: by nothing (test_runner.py:")
    assert (found.checks, found.deviation) == (1, None)


@pytest.mark.parametrize(
    "error", [AssertionError("x"), KeyError("x"), RecursionError("x"), OSError("x"), SystemError()]
)
def test_any_fault_is_an_error(error: Exception) -> None:
    def body(target: Target, rec: Recorder) -> None:
        raise error

    result = ran(case_of(body))
    assert result.status is Status.ERROR
    assert type(error).__name__ in result.reason


def test_a_fault_of_an_application_in_this_process_is_an_error() -> None:
    def broken(*_: object) -> Reply:
        raise RuntimeError("the application broke")

    result = ran(case_of(asking), SampleServer(ScriptedWire(broken)))
    assert result.status is Status.ERROR


def test_an_application_that_breaks_does_not_end_the_run() -> None:
    def broken(*_: object) -> Reply:
        raise RuntimeError("the application broke")

    cases = [case_of(asking), case_of(passing)]
    results = all_of(cases, SampleServer(ScriptedWire(broken)))
    assert [result.status for result in results] == [Status.ERROR, Status.PASS]


def test_an_interrupt_is_passed_on_after_cleaning_up() -> None:
    leanplum = TinyLeanplum()

    def body(target: Target, rec: Recorder) -> None:
        target.app.add(OURS)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ran(real_case(body), leanplum.as_real())
    assert leanplum.rules == {}


# Cleaning up


def adding(target: Target, rec: Recorder) -> None:
    target.app.add(OURS)
    rec.expect(1, 2, "one is one")


def test_rules_are_deleted_at_the_real_api_whatever_came_of_the_case() -> None:
    leanplum = TinyLeanplum()
    leanplum.rules[7] = "https://somebody.else/in"
    result = ran(real_case(adding), leanplum.as_real())
    assert result.status is Status.FAIL
    assert leanplum.rules == {7: "https://somebody.else/in"}


def test_a_clean_up_that_fails_is_an_error_that_names_the_rules() -> None:
    leanplum = TinyLeanplum()

    def body(target: Target, rec: Recorder) -> None:
        leanplum.undeletable.add(target.app.add(OURS))

    result = ran(real_case(body), leanplum.as_real())
    assert result.status is Status.ERROR
    assert result.reason.startswith("cleaning up failed: these rules are still there: ")
    (left,) = leanplum.rules
    assert str(left) in result.reason


def test_a_clean_up_that_fails_does_not_hide_a_deviation() -> None:
    leanplum = TinyLeanplum()

    def body(target: Target, rec: Recorder) -> None:
        leanplum.undeletable.add(target.app.add(OURS))
        rec.expect(1, 2, "one is one")

    result = ran(real_case(body), leanplum.as_real())
    assert result.status is Status.ERROR
    assert result.deviation is not None


def test_the_command_is_the_call_that_deviated_not_the_cleaning_up() -> None:
    result = ran(real_case(adding, id="PB-RULES-ONE"), TinyLeanplum().as_real())
    assert "addPostback" in result.curl
    assert "deletePostback" not in result.curl


# Secrets


def echoing(arguments: Mapping[str, Any]) -> tuple[int, Any]:
    return 400, {"success": False, "error": {"message": f"no key {arguments['clientKey']}"}}


def failing_add(target: Target, rec: Recorder) -> None:
    target.app.add(OURS)


def failing_message(target: Target, rec: Recorder) -> None:
    rec.expect("no key", target.app.call("listPostbacks").error, "the message")


def failing_verdict(target: Target, rec: Recorder) -> None:
    rec.expect_verdict(target.app.call("listPostbacks").error, "a", {"a": "A"}, "the message")


def failing_step(target: Target, rec: Recorder) -> None:
    rec.step(f"got {target.app.call('listPostbacks').error}")
    rec.expect(1, 2, "one is one")


def failing_reason(target: Target, rec: Recorder) -> None:
    raise Untestable(target.app.call("listPostbacks").error)


def failing_error(target: Target, rec: Recorder) -> None:
    raise ValueError(target.app.call("listPostbacks").error)


@pytest.mark.parametrize(
    "body",
    [
        failing_add,
        failing_message,
        failing_verdict,
        failing_step,
        failing_reason,
        failing_error,
    ],
)
def test_a_key_that_is_echoed_is_nowhere_in_a_result(body: Callable[..., Any]) -> None:
    leanplum = TinyLeanplum()
    leanplum.says = echoing
    result = ran(real_case(body), leanplum.as_real(key="the-secret-key"))
    assert result.status is not Status.PASS
    assert b"the-secret-key" not in msgspec.json.encode(result)


def test_any_result_can_be_written_down() -> None:
    leanplum = TinyLeanplum()
    leanplum.says = lambda arguments: (400, {"success": False, "error": {"message": "\ud800"}})
    for body in (failing_message, failing_verdict, failing_step, failing_reason, failing_error):
        msgspec.json.encode(ran(real_case(body), leanplum.as_real()))


# The cases themselves


def test_a_case_of_the_suite_runs_through_all_of_this() -> None:
    with DeviantServer() as fake:
        result = ran(find_case(KNOWN_ID), fake)
    assert result.status is Status.PASS
    assert result.checks > 0
