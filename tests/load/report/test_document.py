"""The facts of a load, as they are in the JSON report."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from mockserver.load.report.document import hdr, json_text, remarks, seconds
from tests.load.crews import needs_locust
from tests.load.reported import facts, nothing_sent, result, totals

pytestmark = needs_locust


def test_every_postback_has_a_place() -> None:
    counts = facts()["counts"]
    assert counts["expected"] == 30
    assert counts["delivered"] + counts["failed"] + counts["unsent"] + counts["cut"] == 30


def test_it_is_json_and_says_how_long_everything_took() -> None:
    found = json.loads(json_text(facts()))
    latency, service = found["durations"]["latency"], found["durations"]["service"]
    assert list(latency) == ["p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99", "max"]
    assert latency["max"] == 1.5
    assert service["p99.99"] == 0.02
    assert found["beyond"][0] == {"seconds": 1.0, "count": 3, "share": 3 / 28}
    assert found["exit_code"] == 1


def test_histograms_are_those_of_hdrhistogram() -> None:
    from hdrh.histogram import HdrHistogram

    decoded = HdrHistogram.decode(facts()["histograms"]["latency"])
    assert decoded.get_total_count() == 28
    assert decoded.equals(hdr(totals().latency))
    assert decoded.get_value_at_percentile(99) == pytest.approx(1_500_000, rel=0.001)


def test_remarks_say_what_to_know_before_figures_are_believed() -> None:
    said = "\n".join(remarks(result()))
    assert "counted from the instant of sending, p99 would be 20 ms instead of 1.5 s" in said
    assert "1 postback left more than 50 ms late although a connection was free" in said
    assert "worker 2 on there (process 4712) was lost" in said
    calm = totals()
    calm.latency, calm.slow = calm.service, 0
    assert remarks(result(totals=calm, workers={})) == []


def test_a_load_that_sent_nothing_is_a_document_as_well() -> None:
    found = nothing_sent()
    assert (found["end"], found["exit_code"], found["why"]) == ("failed", 3, "nobody came")
    assert found["durations"]["latency"]["p99"] == 0


@pytest.mark.parametrize(
    ("duration", "shown"),
    [
        (timedelta(0), "0 s"),
        (timedelta(microseconds=999), "999 us"),
        (timedelta(milliseconds=1), "1 ms"),
        (timedelta(seconds=0.9994), "999 ms"),
        (timedelta(seconds=0.9996), "0.9996 s"),
        (timedelta(seconds=1), "1 s"),
        (timedelta(seconds=30.5), "30.5 s"),
    ],
)
def test_durations_for_people(duration: timedelta, shown: str) -> None:
    assert seconds(duration) == shown
