"""Facts about runs, for the tests of what keeps and shows their reports."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from mockserver.reports.shelf import ReportFacts

FACTS = ReportFacts(
    command="verify",
    target_kind="partner",
    target="http://127.0.0.1:5000/in?user={{User ID}}",
    started_at=datetime(2026, 1, 1, 12, 30, tzinfo=UTC),
    real_seconds=1.5,
    verdict="failed",
    must_passed=3,
    must_applicable=4,
    by_status={"PASS": 3, "FAIL": 1},
    suite_version="0.1.0",
)


def facts(**changes: Any) -> ReportFacts:
    return msgspec.structs.replace(FACTS, **changes)
