"""Recorded cases, sent again: what is translated, what counts as the same, what is told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.conformance.deviants.deviant_server import FAITHFUL, Deviant, DeviantServer
from contracts.conformance.replay import Replayed, recorded_case, replay
from contracts.proof.catalog import find_deviant
from contracts.suite import results
from contracts.suite.exchange import KEY, TOKEN
from contracts.suite.generated import Effort
from contracts.suite.registry import find_case, select_cases
from contracts.suite.results import CaseResult, RecordedExchange, RunReport, RunTarget, summarise
from contracts.suite.run import run_suite
from contracts.suite.subject import Names
from contracts.suite.vocabulary import Status, TargetKind
from mockserver.client.sandbox_client import SandboxClient
from mockserver.client.wire import Reply
from mockserver.core.errors import InvalidConfig

KEPT = {KEY: "the-key", TOKEN: "the-token"}


def recorded(deviant: str, *ids: str) -> RunReport:
    """Return a run against a broken fake."""
    with DeviantServer(find_deviant(deviant)) as fake:
        return run_suite(select_cases(ids), fake, effort=Effort(shrink=False)).report


def written(folder: Path, report: RunReport, name: str = "report.json") -> str:
    path = folder / name
    path.write_bytes(results.encode(report))
    return str(path)


def replayed(case: CaseResult, deviant: Deviant) -> list[Replayed]:
    with DeviantServer(deviant) as fake:
        return list(replay(case, fake.wire, {}, Names()))


@pytest.fixture(scope="module")
def failed() -> RunReport:
    report = recorded("cap-of-four", "PB-API-ENDPOINT", "PB-RULES-CAP", "PB-RULES-CAP-FREED")
    assert [case.status for case in report.cases] == [Status.PASS, Status.FAIL, Status.WARN]
    return report


# Which case is meant


@pytest.mark.parametrize(
    ("fragment", "meant"),
    [
        ("", "PB-RULES-CAP"),
        ("#", "PB-RULES-CAP"),
        ("#PB-RULES-CAP", "PB-RULES-CAP"),
        ("#pb-rules-cap-freed", "PB-RULES-CAP-FREED"),
        ("#1", "PB-RULES-CAP"),
        ("#2", "PB-RULES-CAP-FREED"),
    ],
)
def test_a_case_is_meant_by_id_or_number(
    tmp_path: Path, failed: RunReport, fragment: str, meant: str
) -> None:
    report, case = recorded_case(written(tmp_path, failed) + fragment)
    assert case.id == meant
    assert report == failed


def test_the_name_of_a_file_may_hold_the_sign_of_a_fragment(
    tmp_path: Path, failed: RunReport
) -> None:
    source = written(tmp_path, failed, "run#7.json")
    assert recorded_case(source)[1].id == "PB-RULES-CAP"
    assert recorded_case(f"{source}#2")[1].id == "PB-RULES-CAP-FREED"


@pytest.mark.parametrize("fragment", ["3", "0", "-1", "PB-RULES-CA", "PB-API-ENDPOINT"])
def test_an_unknown_case_is_told_with_those_there_are(
    tmp_path: Path, failed: RunReport, fragment: str
) -> None:
    source = written(tmp_path, failed)
    with pytest.raises(InvalidConfig) as caught:
        recorded_case(f"{source}#{fragment}")
    assert str(caught.value) == (
        f"{source} has no recorded case {fragment!r}; it has: PB-RULES-CAP, PB-RULES-CAP-FREED"
    )


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"[]", b'{"cases": []}', b"\xff\xfe", b'{"format": 1, "cells": {}}']
)
def test_what_is_no_report_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(InvalidConfig, match=r"no JSON report; write one with .*--report json=FILE"):
        recorded_case(str(path))


def test_a_report_of_a_later_format_is_told(tmp_path: Path, failed: RunReport) -> None:
    document = json.loads(results.encode(failed)) | {"format": results.FORMAT + 1}
    path = tmp_path / "later.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InvalidConfig, match="format 2"):
        recorded_case(str(path))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.json"
    with pytest.raises(InvalidConfig, match=r"cannot read .*nowhere\.json: No such file"):
        recorded_case(f"{path}#PB-RULES-CAP")


def test_a_report_in_which_all_passed_holds_nothing(tmp_path: Path) -> None:
    with DeviantServer(FAITHFUL) as fake:
        report = run_suite([find_case("PB-API-ENDPOINT")], fake).report
    with pytest.raises(InvalidConfig, match="no exchange to replay; it has: 1 PASS"):
        recorded_case(written(tmp_path, report))


def test_a_report_in_which_nothing_was_tried_does_not_say_that_all_passed(tmp_path: Path) -> None:
    skipped = recorded("cap-of-four", "PB-RULES-CAP").cases[-1]
    case = results.CaseResult(
        **{
            name: getattr(skipped, name)
            for name in ("id", "title", "area", "level", "origin", "kind", "statements", "fix")
        },
        status=Status.UNTESTABLE,
        reason="no credentials",
    )
    with pytest.raises(InvalidConfig) as caught:
        recorded_case(written(tmp_path, of_one(case)))
    assert str(caught.value).endswith("no exchange to replay; it has: 1 UNTESTABLE")


# The same requests again


@pytest.mark.parametrize(
    ("deviant", "case_id"),
    [
        ("cap-of-four", "PB-RULES-CAP"),
        ("delete-does-nothing", "PB-RULES-DELETE"),
        ("delete-cancels-pending", "PB-RULES-DELETE-PENDING"),
        ("capped-at-12h", "PB-RETRY-SCHEDULE"),
        ("cap-of-four", "PB-RULES-MODEL"),
        ("retries-404", "PB-RETRY-MODEL"),
        ("no-encoding", "PB-TEMPLATE-ROUND-TRIP"),
    ],
)
def test_at_the_same_deviant_every_answer_is_the_same(deviant: str, case_id: str) -> None:
    (case,) = recorded(deviant, case_id).cases
    assert case.deviation is not None
    shown = replayed(case, find_deviant(deviant))
    assert len(shown) == len(case.exchanges) > 0
    assert [item.recorded.url for item in shown if not item.is_same] == []


@pytest.mark.parametrize(
    ("deviant", "case_id"),
    [
        ("cap-of-four", "PB-RULES-CAP"),
        ("delete-does-nothing", "PB-RULES-DELETE"),
        ("capped-at-12h", "PB-RETRY-SCHEDULE"),
        ("cap-of-four", "PB-RULES-MODEL"),
        ("retries-404", "PB-RETRY-MODEL"),
        ("no-encoding", "PB-TEMPLATE-ROUND-TRIP"),
    ],
)
def test_at_the_fake_as_it_is_something_differs(deviant: str, case_id: str) -> None:
    (case,) = recorded(deviant, case_id).cases
    shown = replayed(case, FAITHFUL)
    assert len(shown) == len(case.exchanges)
    assert not all(item.is_same for item in shown)


def test_the_fourth_rule_is_what_differs(failed: RunReport) -> None:
    (case,) = [case for case in failed.cases if case.id == "PB-RULES-CAP"]
    shown = replayed(case, FAITHFUL)
    assert [item.is_same for item in shown] == [*[True] * (len(shown) - 1), False]
    assert (shown[-1].recorded.status, shown[-1].status) == (200, 400)


# What is translated


class Answers:
    """A wire that gives one answer after the other, and keeps what was asked."""

    url = "http://sandbox.test"

    def __init__(self, *bodies: object) -> None:
        self.sent: list[tuple[str, str, dict[str, str], str]] = []
        self._bodies = list(bodies)

    def send(
        self, method: str, target: str, headers: Mapping[str, str], content: bytes | None
    ) -> Reply:
        self.sent.append((method, target, dict(headers), (content or b"").decode()))
        return Reply(200, [], json.dumps(self._bodies.pop(0)).encode())


def exchange(
    answer: object,
    target: str = "/api",
    body: str = "",
    headers: Sequence[tuple[str, str]] = (),
) -> RecordedExchange:
    return RecordedExchange(
        method="POST",
        url=f"http://elsewhere.test:1{target}",
        headers=list(headers),
        body=body,
        status=200,
        answer_headers=[],
        answer_body=json.dumps(answer),
        real_seconds=0.0,
    )


def of_one(case: CaseResult) -> RunReport:
    return RunReport(
        format=results.FORMAT,
        suite_version="0",
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        real_seconds=0.0,
        target=RunTarget(TargetKind.FAKE, "http://elsewhere.test:1", "a sandbox"),
        seed=None,
        cases=[case],
        summary=summarise([case]),
    )


@pytest.fixture
def blank(failed: RunReport) -> CaseResult:
    return failed.cases[1]


def sent_again(
    blank: CaseResult,
    wire: Answers,
    *exchanges: RecordedExchange,
    environment: Mapping[str, str] = KEPT,
) -> list[Replayed]:
    case = results.CaseResult(
        **{name: getattr(blank, name) for name in blank.__struct_fields__ if name != "exchanges"},
        exchanges=list(exchanges),
    )
    return list(replay(case, wire, environment, Names()))


def test_an_id_is_the_one_that_is_answered_now(blank: CaseResult) -> None:
    wire = Answers({"response": [{"postbackId": 22}]}, {}, {})
    shown = sent_again(
        blank,
        wire,
        exchange({"response": [{"postbackId": 11}]}),
        exchange({}, "/api?postbackId=11&other=211", '{"postbackId": 11, "count": 110}'),
        exchange({}, body='{"text": "11 11a 1.11"}'),
    )
    assert all(item.is_same for item in shown)
    assert wire.sent[1][1] == "/api?postbackId=22&other=211"
    assert wire.sent[1][3] == '{"postbackId": 22, "count": 110}'


def test_a_delivery_and_an_address_are_those_of_now(blank: CaseResult) -> None:
    wire = Answers({"id": 8, "url": "http://127.0.0.1:9/inbox/a"}, {}, {})
    sent_again(
        blank,
        wire,
        exchange({"id": 3, "url": "http://127.0.0.1:5/inbox/a"}),
        exchange({}, "/_sandbox/deliveries/3"),
        exchange({}, body='{"postbackUrl": "http://127.0.0.1:5/inbox/a?u={{User ID}}"}'),
    )
    assert wire.sent[1][1] == "/_sandbox/deliveries/8"
    assert wire.sent[2][3] == '{"postbackUrl": "http://127.0.0.1:9/inbox/a?u={{User ID}}"}'


def test_an_instant_is_as_far_from_now_as_it_was(blank: CaseResult) -> None:
    wire = Answers({"now": "2026-07-02T00:00:00Z"}, {})
    sent_again(
        blank,
        wire,
        exchange({"now": "2026-01-01T00:00:00+00:00"}),
        exchange({}, body='{"to": "2026-01-01T05:00:00+00:00"}'),
    )
    assert json.loads(wire.sent[1][3]) == {"to": "2026-07-02T05:00:00+00:00"}


def test_secrets_come_from_the_environment(blank: CaseResult) -> None:
    wire = Answers({}, {})
    sent_again(
        blank,
        wire,
        exchange({}, f"/api?clientKey=${KEY}", headers=[("Authorization", f"Bearer ${TOKEN}")]),
        exchange({}, body=f'{{"clientKey": "${KEY}"}}'),
    )
    assert wire.sent[0][1:3] == ("/api?clientKey=the-key", {"Authorization": "Bearer the-token"})
    assert wire.sent[1][3] == '{"clientKey": "the-key"}'


def test_a_secret_is_written_as_its_place_demands(blank: CaseResult) -> None:
    wire = Answers({}, {})
    sent_again(
        blank,
        wire,
        exchange({}, f"/api?clientKey=${KEY}&appId=a"),
        exchange({}, body=f'{{"clientKey": "${KEY}"}}'),
        environment={KEY: "a+b/c=&d"},
    )
    assert wire.sent[0][1] == "/api?clientKey=a%2Bb%2Fc%3D%26d&appId=a"
    assert wire.sent[1][3] == '{"clientKey": "a+b/c=&d"}'


@pytest.mark.parametrize("variable", [KEY, TOKEN])
def test_a_missing_secret_is_told_before_its_request_is_sent(
    blank: CaseResult, variable: str
) -> None:
    wire = Answers({})
    environment = {KEY: "", TOKEN: ""}
    with pytest.raises(InvalidConfig) as caught:
        sent_again(blank, wire, exchange({}, body=f"${variable}"), environment=environment)
    assert f"set {variable} to its value" in str(caught.value)
    assert wire.sent == []


@pytest.mark.parametrize("now", [None, 3, "later", [], {}])
def test_an_answer_of_another_shape_is_no_accident(blank: CaseResult, now: object) -> None:
    recording = {"now": "2026-01-01T00:00:00Z", "id": 3, "url": "http://h.test:1/inbox/a"}
    for wire in (Answers(dict.fromkeys(recording, now), {}), Answers(now, {})):
        shown = sent_again(blank, wire, exchange(recording), exchange({}, "/_sandbox/deliveries/3"))
        assert [item.is_same for item in shown] == [False, True]


# What is the same


@pytest.mark.parametrize(
    ("then", "now", "same"),
    [
        ({"postbackId": 1}, {"postbackId": 2}, True),
        ({"postbackId": 1}, {"postbackId": "2"}, False),
        ({"success": True}, {"success": False}, False),
        ({"due_at": "2026-01-01T00:00:00Z"}, {"due_at": "2027-01-01T00:00:00Z"}, True),
        ({"due_at": "2026-01-01T00:00:00Z"}, {"due_at": None}, False),
        ({"a": [1, 2]}, {"a": [1, 2, 3]}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": None}, {}, False),
        ("text", "text", True),
        ("text", "texts", False),
    ],
)
def test_an_answer_is_the_same_but_for_what_the_server_makes_up(
    blank: CaseResult, then: object, now: object, same: bool
) -> None:
    (shown,) = sent_again(blank, Answers(now), exchange(then))
    assert shown.is_same is same


def test_another_status_is_another_answer() -> None:
    recording = exchange({})
    assert Replayed(recording, 200, "{}", "{}").is_same
    other = Replayed(recording, 404, "{}", "{}")
    assert not other.is_same
    assert other.difference == "status: 200 then, 404 now"


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, ["a", "b", "2", "3"]),
        ({"a": 1}, {"b": 1}, ["a"]),
        ({"a": 1}, {"a": 1, "b": 2}, ["b"]),
        ([1], [1, 2], ["1", "2"]),
        ({"a": "x"}, ["x"], ["body"]),
        ("x", "y", ["x", "y"]),
        ({"postbackId": 1}, {"postbackId": "1"}, ["postbackId"]),
    ],
)
def test_the_place_of_a_difference_is_named(
    blank: CaseResult, then: object, now: object, words: list[str]
) -> None:
    (shown,) = sent_again(blank, Answers(now), exchange(then))
    assert all(word in shown.difference for word in words)
    assert "\n" not in shown.difference


# Where it is sent


def test_what_else_is_in_a_sandbox_stays_there() -> None:
    deviant = find_deviant("cap-of-four")
    (case,) = recorded("cap-of-four", "PB-RULES-MODEL").cases
    with DeviantServer(deviant) as fake:
        client = SandboxClient(wire=fake.wire)
        mine = client.add_postback("YOUR_APP_ID", "http://127.0.0.1:9/in")
        assert all(item.is_same for item in replay(case, fake.wire, {}, Names()))
        assert [rule.postback_id for rule in client.app("YOUR_APP_ID").rules] == [mine]


def test_a_case_can_be_sent_twice_to_the_same_place(failed: RunReport) -> None:
    with DeviantServer(find_deviant("cap-of-four")) as fake:
        for number in range(2):
            names = Names(f"contracts-replay{number}")
            shown = list(replay(failed.cases[1], fake.wire, {}, names))
            assert [item.is_same for item in shown] == [True] * len(failed.cases[1].exchanges)
