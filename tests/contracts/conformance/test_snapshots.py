"""What Leanplum answered, kept and compared: what is in a snapshot, and what counts as drift."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.conformance.deviants.deviant_server import FAITHFUL, Deviant, DeviantServer
from contracts.conformance.real import PacedWire, RealServer
from contracts.conformance.server import Credentials
from contracts.conformance.snapshots import Snapshot, drifts, keep, latest, snapshot_of
from contracts.proof.catalog import find_deviant
from contracts.suite.registry import select_cases
from contracts.suite.results import RunReport
from contracts.suite.run import run_suite
from contracts.suite.vocabulary import TargetKind
from mockserver.client.sandbox_client import SandboxClient
from mockserver.core.errors import InvalidConfig
from mockserver.web.shapes import AppRequest, KeysJson

MINE = "https://crm.example.com/leanplum?secret=hunter2&user={{User ID}}"
CASES = select_cases(target=TargetKind.REAL)
TAKEN_AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def report_of(
    deviant: Deviant = FAITHFUL, rules: int = 0, app_id: str = "app_XyZ42", key: str = "dexp_1"
) -> RunReport:
    """Return what a run at something with Leanplum's API found."""
    with DeviantServer(deviant) as fake:
        owner = SandboxClient(wire=fake.wire)
        owner.put_app(app_id, AppRequest(KeysJson(key, "prod", "dev", "ro", "rw")))
        for _ in range(rules):
            owner.add_postback(app_id, MINE)
        wire = PacedWire(fake.wire, lambda seconds: None)
        return run_suite(CASES, RealServer(Credentials(app_id, key), wire)).report


@pytest.fixture(scope="module")
def report() -> RunReport:
    return report_of(rules=1)


@pytest.fixture(scope="module")
def snapshot(report: RunReport) -> Snapshot:
    return snapshot_of(report)


def written(snapshot: Snapshot) -> str:
    return json.dumps(snapshot)


# What is in it


def test_every_case_that_was_tried_is_in_it(report: RunReport, snapshot: Snapshot) -> None:
    assert list(snapshot) == [case.id for case in CASES]
    for case in report.cases:
        assert len(snapshot[case.id]) == len(case.exchanges) > 0


def test_what_is_the_apps_own_is_not_in_it(snapshot: Snapshot) -> None:
    text = written(snapshot)
    for secret in ("app_XyZ42", "dexp_1", "hunter2", "crm.example.com"):
        assert secret not in text


def test_ids_are_not_in_it(report: RunReport, snapshot: Snapshot) -> None:
    ids = {
        str(answer["response"][0]["postbackId"])
        for case in report.cases
        for answer in (json.loads(exchange.answer_body) for exchange in case.exchanges)
        if "postbackId" in answer["response"][0]
    }
    assert len(ids) > 3
    assert [postback_id for postback_id in ids if postback_id in written(snapshot)] == []
    (listed, added, *_) = snapshot["PB-RULES-ID"]
    assert listed["answer"]["body"]["response"][0]["postbacks"] == []
    assert added["answer"]["body"]["response"][0]["postbackId"] == "<int>"


def test_the_suites_own_rules_are_in_it(snapshot: Snapshot) -> None:
    rules = snapshot["PB-RULES-LIST"][2]["answer"]["body"]["response"][0]["postbacks"]
    assert len(rules) == 1
    assert rules[0]["postbackUrl"].startswith("https://postbacks-contracts.invalid/in?e=")


def test_an_id_that_became_a_text_is_seen(snapshot: Snapshot) -> None:
    now = snapshot_of(report_of(find_deviant("id-as-text"), rules=1))
    found = [drift for drift in drifts(snapshot, now) if drift.case == "PB-RULES-ID"]
    assert found
    assert now["PB-RULES-ID"][1]["answer"]["body"]["response"][0]["postbackId"] == "<str>"


def test_another_app_with_another_key_and_other_rules_has_the_same_snapshot(
    snapshot: Snapshot,
) -> None:
    other = snapshot_of(report_of(rules=1, app_id="shop-2", key="another/key+1="))
    assert other == snapshot
    assert list(drifts(snapshot, other)) == []


def test_how_many_rules_the_app_has_is_no_drift(snapshot: Snapshot) -> None:
    assert list(drifts(snapshot, snapshot_of(report_of(rules=0)))) == []


def test_nothing_was_tried_nothing_is_kept() -> None:
    run = run_suite(CASES, RealServer(None, PacedWire(Unasked(), lambda seconds: None)))
    assert snapshot_of(run.report) == {}


def test_what_was_not_answered_is_not_kept(report: RunReport) -> None:
    case = report.cases[0]
    lost = msgspec.structs.replace(
        case.exchanges[-1], status=None, answer_body="", error="no answer"
    )
    broken = msgspec.structs.replace(case, exchanges=[*case.exchanges[:-1], lost])
    cases = [broken, *report.cases[1:]]
    kept = snapshot_of(msgspec.structs.replace(report, cases=cases))
    assert list(kept) == [other.id for other in report.cases[1:]]


class Unasked:
    """A wire over which nothing goes."""

    url = "http://leanplum.test"

    def send(self, *request: object) -> Any:
        raise AssertionError(request)


# Drift


def test_a_changed_answer_is_drift(snapshot: Snapshot) -> None:
    now = snapshot_of(report_of(find_deviant("key-message-other"), rules=1))
    found = list(drifts(snapshot, now))
    assert {drift.case for drift in found} >= {"PB-API-KEY-WRONG"}
    (drift,) = [drift for drift in found if drift.case == "PB-API-KEY-WRONG"]
    assert "Invalid access key" in drift.before
    assert "Invalid access key" not in drift.now
    assert "listPostbacks" in drift.request


def changed(snapshot: Snapshot, **answer: object) -> Snapshot:
    """Return a snapshot in which the first answer of the first case is another one."""
    copied: Snapshot = json.loads(json.dumps(snapshot))
    first = next(iter(copied))
    copied[first][0]["answer"] |= answer
    return copied


@pytest.mark.parametrize(
    "answer", [{"status": 201}, {"body": "<html>"}, {"body": {"response": []}}, {"status": None}]
)
def test_any_other_answer_is_drift(snapshot: Snapshot, answer: Mapping[str, object]) -> None:
    (drift,) = drifts(snapshot, changed(snapshot, **answer))
    assert drift.case == next(iter(snapshot))
    assert drift.before != drift.now


def test_a_case_that_is_in_one_of_them_only_is_no_drift(snapshot: Snapshot) -> None:
    fewer = {id: exchanges for id, exchanges in snapshot.items() if id != "PB-RULES-CAP"}
    assert list(drifts(snapshot, fewer)) == list(drifts(fewer, snapshot)) == []


def test_a_case_that_asked_otherwise_is_not_compared(snapshot: Snapshot) -> None:
    first = next(iter(snapshot))
    other = changed(snapshot, status=201)
    assert [drift.case for drift in drifts(snapshot, other)] == [first]
    other[first][1]["request"]["method"] = "PUT"
    shorter = snapshot | {first: snapshot[first][:1]}
    for asked in (other, shorter):
        assert list(drifts(snapshot, asked)) == list(drifts(asked, snapshot)) == []


# Files

URL = "https://api.leanplum.test"


def test_a_snapshot_is_dated_and_found_again(tmp_path: Path, snapshot: Snapshot) -> None:
    folder = tmp_path / "kept" / "here"
    path = keep(snapshot, URL, TAKEN_AT, folder)
    assert path.name == "leanplum-2026-03-04T050607Z.json"
    assert json.loads(path.read_text(encoding="utf-8"))["taken_at"] == "2026-03-04T05:06:07+00:00"
    assert latest(URL, folder) == snapshot
    assert list(drifts(latest(URL, folder), snapshot)) == []


def test_the_newest_one_counts(tmp_path: Path, snapshot: Snapshot) -> None:
    keep(changed(snapshot, status=201), URL, TAKEN_AT + timedelta(days=1), tmp_path)
    keep(snapshot, URL, TAKEN_AT, tmp_path)
    (tmp_path / "zzz.json").write_text("{}", encoding="utf-8")
    assert latest(URL, tmp_path) == changed(snapshot, status=201)


def test_there_may_be_none(tmp_path: Path) -> None:
    assert latest(URL, tmp_path) == {}
    assert latest(URL, tmp_path / "nowhere") == {}


def test_a_run_of_one_case_does_not_hide_what_the_others_answered(
    tmp_path: Path, snapshot: Snapshot
) -> None:
    keep(snapshot, URL, TAKEN_AT, tmp_path)
    one = {"PB-RULES-CAP": snapshot["PB-RULES-CAP"]}
    keep(one, URL, TAKEN_AT + timedelta(days=1), tmp_path)
    assert len(list(drifts(latest(URL, tmp_path), changed(snapshot, status=201)))) == 1


def test_another_server_has_snapshots_of_its_own(tmp_path: Path, snapshot: Snapshot) -> None:
    keep(snapshot, URL, TAKEN_AT, tmp_path)
    assert latest("http://127.0.0.1:8780", tmp_path) == {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b"3",
        b"{}",
        b"\xff",
        b'{"url": "https://api.leanplum.test", "exchanges": []}',
        b'{"url": "https://api.leanplum.test", "exchanges": {"PB-RULES-CAP": 3}}',
        b'{"url": "https://api.leanplum.test", "exchanges": {"PB-RULES-CAP": [{}]}}',
    ],
)
def test_what_is_no_snapshot_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "leanplum-2026-03-04T050607Z.json"
    path.write_bytes(content)
    with pytest.raises(InvalidConfig) as caught:
        latest(URL, tmp_path)
    assert str(caught.value).startswith(f"{path} is no snapshot")
    assert "--snapshots" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_none_is_told_in_one_line(tmp_path: Path, snapshot: Snapshot) -> None:
    folder = tmp_path / "file"
    folder.write_text("here already", encoding="utf-8")
    with pytest.raises(InvalidConfig, match="cannot write the snapshot"):
        keep(snapshot, URL, TAKEN_AT, folder)
