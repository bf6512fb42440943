from __future__ import annotations

from mockserver.load.report.hgrm import hgrm
from tests.load.crews import needs_locust
from tests.load.reported import facts

pytestmark = needs_locust


def test_it_is_what_plotters_read() -> None:
    lines = hgrm(facts()).splitlines()
    assert lines[0].split() == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
    rows = [line.split() for line in lines[2:] if not line.startswith("#")]
    assert float(rows[0][0]) == 20.0 or 19.9 < float(rows[0][0]) < 20.1
    assert 1499 < float(rows[-1][0]) < 1501
    assert rows[-1][2] == "28"
    assert any(line.startswith("#[Max     =") for line in lines)
