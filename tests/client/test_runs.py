"""A client asks for reports and starts runs as the page does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver.client.sandbox_client import Refused, SandboxClient
from mockserver.core.errors import InvalidValue
from mockserver.live import LiveSandbox
from mockserver.reports.shelf import Shelf
from mockserver.web.shapes import VerifyRequest
from tests.reports.samples import FACTS


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxClient]:
    monkeypatch.setenv("POSTBACKS_REPORTS", str(tmp_path))
    with LiveSandbox() as live:
        yield SandboxClient(live.url)


def test_reports_are_listed_read_and_forgotten(client: SandboxClient, tmp_path: Path) -> None:
    report_id = Shelf(tmp_path).keep(FACTS, "<p>é")
    assert [report.id for report in client.reports()] == [report_id]
    assert client.report_page(report_id) == "<p>é"
    client.forget_report(report_id)
    assert client.reports() == []
    with pytest.raises(Refused, match="no report"):
        client.report_page(report_id)


def test_a_run_is_started_followed_and_cancelled(client: SandboxClient) -> None:
    assert client.verify_run() is None
    with pytest.raises(InvalidValue, match="this machine only"):
        client.start_verify(VerifyRequest("http://shop.example/in"))
    started = client.start_verify(VerifyRequest("http://127.0.0.1:1/in?user={{User ID}}"))
    assert started.number == 1
    assert client.cancel_verify() is not None
    run = client.verify_run()
    assert run is not None
    assert run.number == 1
