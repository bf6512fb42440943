"""Reports over the control API: listed, shown so that nothing in them can act, and forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from mockserver.reports.shelf import Shelf
from tests.reports.samples import FACTS, facts
from tests.web.answers import ok, refused

HOSTILE = "<script>fetch('/_sandbox/reset')</script>"


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setenv("POSTBACKS_REPORTS", str(tmp_path / "reports"))
    return Shelf(tmp_path / "reports")


def test_they_are_listed(client: FlaskClient, shelf: Shelf) -> None:
    assert ok(client.get("/_sandbox/reports")) == {"reports": [], "folder": str(shelf.folder)}
    report_id = shelf.keep(FACTS, "page")
    (row,) = ok(client.get("/_sandbox/reports"))["reports"]
    assert row == {
        "id": report_id,
        "command": "verify",
        "target_kind": "partner",
        "target": FACTS.target,
        "started_at": "2026-01-01T12:30:00Z",
        "real_seconds": 1.5,
        "verdict": "failed",
        "must_passed": 3,
        "must_applicable": 4,
        "by_status": {"PASS": 3, "FAIL": 1},
        "suite_version": "0.1.0",
    }


def test_a_page_can_do_nothing_here(client: FlaskClient, shelf: Shelf) -> None:
    report_id = shelf.keep(FACTS, HOSTILE)
    answer = client.get(f"/_sandbox/reports/{report_id}/page")
    assert (answer.status_code, answer.mimetype, answer.data) == (
        200,
        "text/html",
        HOSTILE.encode(),
    )
    policy = {part.split()[0]: part.split()[1:] for part in
              answer.headers["Content-Security-Policy"].split(";")}  # fmt: skip
    assert policy["default-src"] == ["'none'"]
    assert "script-src" not in policy
    # No word after it: neither scripts, nor forms, nor the origin of the sandbox.
    assert policy["sandbox"] == []
    assert policy["frame-ancestors"] == ["'none'"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    # With it a browser shows no page that is sandboxed.
    assert "Cross-Origin-Opener-Policy" not in answer.headers


def test_one_is_forgotten(client: FlaskClient, shelf: Shelf) -> None:
    report_id = shelf.keep(FACTS, "page")
    assert client.delete(f"/_sandbox/reports/{report_id}").status_code == 204
    assert shelf.listed() == []
    refused(client.delete(f"/_sandbox/reports/{report_id}"), 404, "unknown-report")
    refused(client.get(f"/_sandbox/reports/{report_id}/page"), 404, "unknown-report")


@pytest.mark.parametrize("report_id", ["..", "%2e%2e%2fsecret", "x", "20260101T123000Z-0", "%00"])
def test_no_other_file_is_read(report_id: str, client: FlaskClient, shelf: Shelf) -> None:
    shelf.keep(facts(), "page")
    (shelf.folder.parent / "secret.html").write_text("secret")
    for answer in (
        client.get(f"/_sandbox/reports/{report_id}/page"),
        client.delete(f"/_sandbox/reports/{report_id}"),
    ):
        assert answer.status_code in (400, 404, 405)
        assert b"secret" not in answer.data.replace(b"secret'", b"").replace(b"/secret", b"")
    assert (shelf.folder.parent / "secret.html").exists()


def test_who_keeps_none_is_told_so(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTBACKS_REPORTS", "none")
    assert ok(client.get("/_sandbox/reports")) == {"reports": [], "folder": None}
    answer = client.get("/_sandbox/reports/20260101T123000Z-00000000/page")
    assert "none" in refused(answer, 404, "unknown-report")


def test_the_document_says_that_it_is_a_page(client: FlaskClient) -> None:
    paths = ok(client.get("/_sandbox/openapi.json"))["paths"]
    answer = paths["/_sandbox/reports/{report_id}/page"]["get"]["responses"]["200"]
    assert list(answer["content"]) == ["text/html"]
