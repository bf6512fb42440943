"""Leanplum's own API: what is needed before, how fast and how much is sent, what is left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from contracts.conformance import real
from contracts.conformance.api import Form
from contracts.conformance.deviants.deviant_server import FAITHFUL, Deviant, DeviantServer
from contracts.conformance.real import (
    LEANPLUM_URL,
    MOST_REQUESTS,
    PacedWire,
    RealServer,
    real_server,
)
from contracts.conformance.server import Credentials
from contracts.conformance.target import Target
from contracts.proof.catalog import find_deviant
from contracts.suite import results
from contracts.suite.generated import Effort
from contracts.suite.recorder import Recorder
from contracts.suite.registry import Case, find_case, select_cases
from contracts.suite.report import github
from contracts.suite.report.formats import run_writers
from contracts.suite.request_budget import BudgetSpent
from contracts.suite.results import RunReport
from contracts.suite.run import ExitCode, Run, run_suite
from contracts.suite.runner import run_case
from contracts.suite.subject import Names
from contracts.suite.vocabulary import Status, TargetKind
from mockserver.client.sandbox_client import SandboxClient
from mockserver.client.wire import Reply, Wire
from mockserver.core.errors import InvalidConfig, ServerUnreachable
from mockserver.web.shapes import AppRequest, KeysJson

APP = "app_4242424242"
KEY = "dexp_aB3+/x=y"
CREDENTIALS = {"LEANPLUM_APP_ID": APP, "LEANPLUM_DATA_EXPORT_KEY": KEY}
MINE = "https://crm.example.com/leanplum?secret=hunter2&user={{User ID}}"
CASES = select_cases(target=TargetKind.REAL)
NEED_A_PLACE = {"PB-RULES-ID", "PB-RULES-CAP", "PB-RULES-TYPES", "PB-RULES-LIST"}

Disturb = Callable[[int, bytes], None]


@dataclass
class Time:
    """Real seconds that pass only when somebody sleeps."""

    seconds: float = 100.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


class Watched:
    """A wire that counts, and that can be disturbed before a request goes out."""

    def __init__(
        self, wire: Wire, time: Time, disturb: Disturb = lambda number, body: None
    ) -> None:
        self.url = wire.url
        self.sent_at: list[float] = []
        self.disturb = disturb
        self._wire = wire
        self._time = time

    def send(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        self.sent_at.append(self._time.now())
        self.disturb(len(self.sent_at), target.encode() + (content or b""))
        return self._wire.send(method, target, headers, content)


@dataclass
class Leanplum:
    """Something with Leanplum's API, that is paced without waiting, and an app in it."""

    server: RealServer
    wire: Watched
    time: Time
    owner: SandboxClient

    def rules(self) -> list[str]:
        return [rule.url for rule in self.owner.app(APP).rules]

    def run(self, cases: Sequence[Case] = CASES) -> Run:
        return run_suite(cases, self.server)


@contextmanager
def leanplum(
    deviant: Deviant = FAITHFUL, rules: int = 0, url: str = "http://localhost"
) -> Iterator[Leanplum]:
    with DeviantServer(deviant) as fake:
        owner = SandboxClient(wire=fake.wire)
        owner.put_app(APP, AppRequest(KeysJson(KEY, "prod", "dev", "ro", "rw")))
        for _ in range(rules):
            owner.add_postback(APP, MINE)
        time = Time()
        wire = Watched(fake.wire, time)
        wire.url = url
        paced = PacedWire(wire, time.sleep, time.now)
        yield Leanplum(RealServer(Credentials(APP, KEY), paced), wire, time, owner)


def statuses(report: RunReport) -> dict[str, Status]:
    return {case.id: case.status for case in report.cases}


def not_passed(report: RunReport) -> dict[str, Status]:
    return {id: status for id, status in statuses(report).items() if status is not Status.PASS}


# How fast, and how much


class Silent:
    """A wire that answers at once, in a time that only others let pass."""

    url = "http://leanplum.test"

    def __init__(self, took: Callable[[], None] = lambda: None) -> None:
        self.took = took

    def send(self, *request: object) -> Reply:
        self.took()
        return Reply(200, [], b"{}")


def test_the_first_request_does_not_wait_and_each_further_one_a_second() -> None:
    time = Time()
    wire = PacedWire(Silent(), time.sleep, time.now)
    for _ in range(4):
        wire.send("GET", "/api", {}, None)
    assert time.slept == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("url", "waits"),
    [
        ("http://127.0.0.1:9", 0),
        ("http://localhost", 0),
        ("http://api.localhost:80", 0),
        ("https://[::1]:9", 0),
        ("http://192.168.0.7", 1),
        ("https://localhost.example", 1),
        ("https://api.leanplum.com", 1),
    ],
)
def test_nobody_on_this_machine_is_spared(url: str, waits: int) -> None:
    time, silent = Time(), Silent()
    silent.url = url
    wire = PacedWire(silent, time.sleep, time.now)
    for _ in range(2):
        wire.send("GET", "/api", {}, None)
    assert time.slept == [1.0] * waits


def test_who_took_long_waits_the_less() -> None:
    time = Time()
    wire = PacedWire(Silent(), time.sleep, time.now)
    wire.send("GET", "/api", {}, None)
    time.seconds += 0.75
    wire.send("GET", "/api", {}, None)
    time.seconds += 5
    wire.send("GET", "/api", {}, None)
    assert time.slept == [0.25]


def test_a_slow_answer_counts_as_waiting() -> None:
    time = Time()

    def slowly() -> None:
        time.seconds += 2.0

    wire = PacedWire(Silent(slowly), time.sleep, time.now)
    for _ in range(3):
        wire.send("GET", "/api", {}, None)
    assert time.slept == []


def test_the_budget_ends_before_anything_is_sent() -> None:
    time = Time()
    watched = Watched(Silent(), time)
    wire = PacedWire(watched, time.sleep, time.now)
    for left in range(MOST_REQUESTS, 0, -1):
        assert wire.left == left
        wire.send("GET", "/api", {}, None)
    with pytest.raises(BudgetSpent, match="this run has sent 40 requests"):
        wire.send("GET", "/api", {}, None)
    assert len(watched.sent_at) == MOST_REQUESTS == 40
    assert wire.left == 0


def test_all_cases_together_stay_below_the_budget() -> None:
    assert 0 < sum(case.most_requests for case in CASES) <= MOST_REQUESTS
    assert all(case.most_requests for case in CASES)


# What is needed before


def test_without_credentials_nothing_is_sent_and_nothing_passes() -> None:
    time = Time()
    watched = Watched(Silent(), time)
    run = run_suite(CASES, RealServer(None, PacedWire(watched, time.sleep, time.now)))
    assert set(statuses(run.report).values()) == {Status.UNTESTABLE}
    assert {case.reason for case in run.report.cases} == {real.NO_CREDENTIALS}
    assert run.exit_code() is ExitCode.FAILED
    assert run.report.incomplete == ""
    assert watched.sent_at == time.slept == []


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"LEANPLUM_APP_ID": APP},
        {"LEANPLUM_DATA_EXPORT_KEY": KEY},
        {"LEANPLUM_APP_ID": " ", "LEANPLUM_DATA_EXPORT_KEY": KEY},
        {"LEANPLUM_APP_ID": APP, "LEANPLUM_DATA_EXPORT_KEY": "\n"},
    ],
)
@pytest.mark.parametrize("owned", [True, False])
def test_half_of_the_credentials_are_none(environment: Mapping[str, str], owned: bool) -> None:
    server = real_server(environment, owned=owned)
    assert server.credentials is None
    assert server.unusable == real.NO_CREDENTIALS


def test_an_app_of_nobody_in_particular_is_left_alone() -> None:
    with pytest.raises(InvalidConfig) as caught:
        real_server(CREDENTIALS, owned=False)
    message = str(caught.value)
    assert APP in message
    assert LEANPLUM_URL in message
    assert "--i-own-this-app" in message
    assert KEY not in message
    assert caught.value.exit_code == ExitCode.USAGE


def test_with_both_it_is_leanplum_unless_told() -> None:
    server = real_server(CREDENTIALS, owned=True)
    assert server.credentials == Credentials(APP, KEY)
    assert server.wire.url == LEANPLUM_URL
    assert server.unusable == ""
    assert KEY not in f"{server.description} {server.credentials!r}"
    assert real_server(CREDENTIALS, owned=True, url="http://h.test").wire.url == "http://h.test"


def test_white_space_around_credentials_is_no_part_of_them() -> None:
    environment = {"LEANPLUM_APP_ID": f" {APP}\n", "LEANPLUM_DATA_EXPORT_KEY": f"{KEY}\n"}
    assert real_server(environment, owned=True).credentials == Credentials(APP, KEY)


def test_it_is_not_restarted() -> None:
    with pytest.raises(InvalidConfig, match="not restarted"):
        real_server({}, owned=False).restart()


# Whole runs


@pytest.mark.parametrize("rules", [0, 1, 2])
def test_all_cases_pass_beside_rules_of_the_apps_own(rules: int) -> None:
    with leanplum(rules=rules) as there:
        run = there.run()
        assert not_passed(run.report) == {}
        assert run.exit_code(strict=True) is ExitCode.PASSED
        assert there.rules() == [MINE] * rules
        assert len(there.wire.sent_at) <= MOST_REQUESTS


def test_a_run_sends_one_request_a_second() -> None:
    with leanplum(url="https://leanplum.test") as there:
        there.run()
        times = there.wire.sent_at
    assert len(times) > 20
    assert [later - earlier for earlier, later in pairwise(times)] == [real.PAUSE_REAL_SECONDS] * (
        len(times) - 1
    )


def test_in_a_full_app_what_needs_a_place_is_untestable() -> None:
    with leanplum(rules=3) as there:
        run = there.run()
        assert not_passed(run.report) == dict.fromkeys(NEED_A_PLACE, Status.UNTESTABLE)
        reasons = {case.reason for case in run.report.cases if case.reason}
        assert reasons == {"all three places of the app are taken, and none of its rules is ours"}
        assert run.report.incomplete == ""
        assert run.exit_code() is ExitCode.FAILED
        assert there.rules() == [MINE] * 3
        assert len(there.wire.sent_at) <= MOST_REQUESTS


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_no_case_sends_more_than_it_says(case: Case) -> None:
    for name in case.catches:
        for deviant in (FAITHFUL, find_deviant(name)):
            with leanplum(deviant, rules=0) as there:
                found = run_case(case, there.server, Effort(), Names())
                assert found.status is not Status.ERROR or name == "delete-does-nothing"
                assert len(there.wire.sent_at) == len(found.exchanges) <= case.most_requests


@pytest.mark.parametrize(
    "name",
    [
        "cap-of-two",
        "cap-of-four",
        "cap-none",
        "id-as-text",
        "unknown-type-accepted",
        "list-without-type",
        "refusal-as-200",
        "required-not-checked",
        "version-ignored",
        "unknown-action-accepted",
    ],
)
@pytest.mark.parametrize("rules", [0, 1])
def test_a_deviation_leaves_no_rule_behind(name: str, rules: int) -> None:
    with leanplum(find_deviant(name), rules=rules) as there:
        run = there.run()
        assert any(case.deviation for case in run.report.cases)
        assert there.rules() == [MINE] * rules
        assert Status.ERROR not in statuses(run.report).values()
        assert len(there.wire.sent_at) <= MOST_REQUESTS


# When it goes wrong on the way


def outage(since: int, until: int = 10_000) -> Disturb:
    def disturb(number: int, body: bytes) -> None:
        if since <= number < until:
            raise ServerUnreachable("no answer")

    return disturb


def test_when_nobody_answers_any_more_the_rest_is_untestable() -> None:
    with leanplum() as there:
        there.wire.disturb = outage(since=4)
        run = there.run()
        found = list(statuses(run.report).values())
        assert set(found[:1]) == {Status.PASS}
        assert set(found[2:]) == {Status.UNTESTABLE}
        assert run.unreachable
        assert run.exit_code() is ExitCode.UNREACHABLE
        assert len(there.wire.sent_at) <= 6


def test_what_was_not_cleaned_up_because_nobody_answers_is_told() -> None:
    with leanplum() as there:
        there.wire.disturb = outage(since=4)
        run = there.run([find_case("PB-RULES-CAP"), *CASES])
        first, *others = run.report.cases
        (left, *_) = [str(rule.postback_id) for rule in there.owner.app(APP).rules]
        assert left in first.reason
        assert {case.status for case in others} == {Status.UNTESTABLE}
        assert run.exit_code() is ExitCode.UNREACHABLE
        assert len(there.wire.sent_at) <= 10


@pytest.mark.parametrize("number", range(2, 6))
def test_an_outage_in_the_middle_leaves_no_rule_behind(number: int) -> None:
    with leanplum() as there:
        there.wire.disturb = outage(since=number, until=number + 1)
        there.run([find_case("PB-RULES-CAP"), find_case("PB-RULES-ID")])
        assert there.rules() == []


@pytest.mark.parametrize("number", range(6, 9))
def test_an_outage_while_cleaning_up_names_what_it_left_behind(number: int) -> None:
    with leanplum() as there:
        there.wire.disturb = outage(since=number, until=number + 1)
        (found,) = there.run([find_case("PB-RULES-CAP")]).report.cases
        (left,) = there.owner.app(APP).rules
        assert found.status is Status.ERROR
        assert found.reason.endswith(f"these rules are still there: {left.postback_id}")


def test_a_rule_whose_answer_was_lost_is_deleted_too() -> None:
    with leanplum(rules=1) as there:
        lost = LostAnswer(there.wire, b"addPostback")
        time = there.time
        server = RealServer(Credentials(APP, KEY), PacedWire(lost, time.sleep, time.now))
        run = run_suite([find_case("PB-RULES-ID")], server)
        assert run.report.cases[0].status is Status.UNTESTABLE
        assert there.rules() == [MINE]


class LostAnswer:
    """A wire that does what is asked once, and says that nobody answered."""

    def __init__(self, wire: Wire, marker: bytes) -> None:
        self.url = wire.url
        self._wire = wire
        self._marker: bytes | None = marker

    def send(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        reply = self._wire.send(method, target, headers, content)
        if self._marker is not None and self._marker in (content or b""):
            self._marker = None
            raise ServerUnreachable("took longer than 30 s to answer")
        return reply


def test_ctrl_c_leaves_no_rule_behind_and_keeps_what_was_found() -> None:
    def interrupt(number: int, body: bytes) -> None:
        if number == 4:
            raise KeyboardInterrupt

    with leanplum(rules=1) as there:
        there.wire.disturb = interrupt
        run = there.run([find_case("PB-API-ACTION"), find_case("PB-RULES-CAP")])
        assert there.rules() == [MINE]
        assert statuses(run.report) == {"PB-API-ACTION": Status.PASS}
        assert run.report.incomplete == "interrupted after 1 of 2 cases"
        assert run.exit_code() is not ExitCode.PASSED


def test_ctrl_c_in_the_first_case_is_no_wrong_usage() -> None:
    def interrupt(number: int, body: bytes) -> None:
        raise KeyboardInterrupt

    with leanplum() as there:
        there.wire.disturb = interrupt
        run = there.run()
        assert run.report.incomplete == f"interrupted after 0 of {len(CASES)} cases"
        assert run.exit_code() is ExitCode.INTERRUPTED


class Failing:
    """A wire whose far end answers some calls with 500."""

    def __init__(self, wire: Wire, marker: bytes, times: int) -> None:
        self.url = wire.url
        self._wire = wire
        self._marker = marker
        self._left = times

    def send(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        if self._marker in (content or b"") and self._left:
            self._left -= 1
            body = b'{"response":[{"success":false,"error":{"message":"later"}}]}'
            return Reply(500, [("Content-Type", "application/json")], body)
        return self._wire.send(method, target, headers, content)


def failing_at(there: Leanplum, marker: bytes, times: int) -> RealServer:
    wire = Failing(there.wire, marker, times)
    return RealServer(Credentials(APP, KEY), PacedWire(wire, there.time.sleep, there.time.now))


def test_a_rule_that_cannot_be_deleted_does_not_keep_the_others() -> None:
    with leanplum() as there:
        run = run_suite([find_case("PB-RULES-CAP")], failing_at(there, b"deletePostback", 1))
        (found,) = run.report.cases
        assert len(there.rules()) == 1
        (left,) = there.owner.app(APP).rules
        assert found.status is Status.ERROR
        assert str(left.postback_id) in found.reason
        assert run.exit_code() is ExitCode.SUITE_ERROR


def test_several_rules_that_cannot_be_deleted_are_all_named() -> None:
    with leanplum() as there:
        run = run_suite([find_case("PB-RULES-CAP")], failing_at(there, b"deletePostback", 10))
        left = [str(rule.postback_id) for rule in there.owner.app(APP).rules]
        assert len(left) == 3
        assert all(postback_id in run.report.cases[0].reason for postback_id in left)


def test_a_server_that_fails_is_told_as_a_deviation_and_does_not_end_the_run() -> None:
    with leanplum() as there:
        run = run_suite(CASES, failing_at(there, b"", 8))
        assert Status.FAIL in statuses(run.report).values()
        assert list(statuses(run.report).values())[-1] is Status.PASS
        assert there.rules() == []


def test_what_the_budget_does_not_reach_is_untestable_and_nothing_is_left() -> None:
    with leanplum() as there:
        twice = [*CASES, *CASES]
        run = run_suite(twice, there.server)
        assert len(run.report.cases) == len(twice)
        reasons = [case.reason for case in run.report.cases if case.reason]
        assert reasons
        assert all("of this run's are left" in reason for reason in reasons)
        assert len(there.wire.sent_at) <= MOST_REQUESTS
        assert there.rules() == []


# What is written down


@pytest.mark.parametrize("deviant", [FAITHFUL, find_deviant("cap-of-two")], ids=lambda it: it.name)
def test_the_key_is_written_nowhere(deviant: Deviant) -> None:
    with leanplum(deviant, rules=1) as there:
        report = there.run().report
    texts = [write(report) for write in run_writers(TargetKind.REAL).values()]
    texts += [github.annotations(report), results.encode(report).decode(), repr(report)]
    for text in texts:
        for secret in (KEY, "dexp_aB3%2B%2Fx%3Dy", "dexp_aB3+%2Fx%3Dy", "dexp_aB3"):
            assert secret not in text
    assert "$POSTBACKS_KEY" in results.encode(report).decode()


@pytest.mark.parametrize("form", list(Form), ids=lambda form: form.name)
@pytest.mark.parametrize("key", [KEY, 'quo"te\\d', "ümläut", "sp ace%41~"])
def test_any_key_is_masked_in_any_form(form: Form, key: str) -> None:
    with DeviantServer(FAITHFUL) as fake:
        server = RealServer(Credentials(APP, key), PacedWire(fake.wire, lambda _: None))
        target = Target(server, Recorder(), Names())
        target.app.call("listPostbacks", form)
        (sent,) = target.wire.exchanges
    written = f"{sent.url} {sent.headers} {sent.body} {sent.answer_body}"
    assert "$POSTBACKS_KEY" in written
    for part in ("aB3", "quo", "mläut", "ml%C3", "u00fcml", "sp ace", "sp%20ace", "sp+ace"):
        assert part not in written
