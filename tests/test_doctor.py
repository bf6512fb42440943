"""The doctor is green here, and red when a fault does not happen."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from mockserver import doctor
from mockserver.cli.root import root
from mockserver.receiver.exchange import ReceiverExchange
from mockserver.transport.addresses import AddressGuard


def test_every_check_passes() -> None:
    results = list(doctor.run_checks())
    assert len(results) == len(doctor.CHECKS)
    assert [result for result in results if not result.passed] == []


def test_a_fault_that_does_not_happen_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def never_resets(self: ReceiverExchange) -> None:
        self._connection.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    monkeypatch.setattr(ReceiverExchange, "_reset_connection", never_resets)
    failed = [result for result in doctor.run_checks() if not result.passed]
    assert [result.name for result in failed] == ["forward (dead)", "reset"]
    assert "expected a TCP reset" in failed[0].detail


def test_its_lines_fit_a_terminal_of_80_columns() -> None:
    shown = CliRunner().invoke(root, ["doctor"])
    assert shown.exit_code == 0
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_a_sandbox_that_is_closed_otherwise_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AddressGuard, "_closed", lambda *arguments: "somebody has closed all")
    failed = [result.name for result in doctor.run_checks() if not result.passed]
    assert failed == ["closed for public hosts"]
