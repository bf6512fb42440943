"""The doctor is green here, and red when a fault does not happen."""

from __future__ import annotations

import pytest

from mockserver import doctor
from mockserver.receiver.behaviours import Reset
from mockserver.receiver.connection import Connection


def test_every_check_passes() -> None:
    results = list(doctor.run_checks())
    assert len(results) == len(doctor.CHECKS)
    assert [result for result in results if not result.passed] == []


def test_a_fault_that_does_not_happen_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    act = Connection._act

    def never_resets(self: Connection, behaviour: object, *rest: object) -> None:
        from mockserver.receiver.behaviours import StatusAnswer

        act(self, StatusAnswer() if isinstance(behaviour, Reset) else behaviour, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Connection, "_act", never_resets)
    failed = [result for result in doctor.run_checks() if not result.passed]
    assert [result.name for result in failed] == ["reset"]
    assert "expected a TCP reset" in failed[0].detail
