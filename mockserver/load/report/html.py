"""Writes a load as one HTML page, to be read by people and attached to tickets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mockserver.load.report.chart import BOTTOM, HEIGHT, LEFT, WIDTH, chart, highest, per_second
from mockserver.load.report.figures import (
    beyond_rows,
    counted,
    headline,
    percentile_rows,
    rate,
    share,
    took,
)
from mockserver.load.report.page import render


def html(facts: Mapping[str, Any]) -> str:
    """Return the report as one self-contained page."""
    seconds = facts["seconds"]
    return render(
        "load.html.j2",
        facts=facts,
        headline=headline(facts),
        began=_instant(facts["began_at"]),
        counted=counted(facts),
        percentiles=percentile_rows(facts),
        beyond=beyond_rows(facts),
        rate=rate,
        share=share,
        took=took,
        size={"width": WIDTH, "height": HEIGHT, "left": LEFT, "bottom": BOTTOM},
        rates=chart(
            seconds,
            [
                ("planned", "planned", per_second("planned")),
                ("answered 2xx", "reached", per_second("reached")),
                ("failed or not sent", "failed", per_second("failed")),
            ],
        ),
        times=chart(
            seconds,
            [
                ("p99", "p99", highest("p99")),
                ("median", "p50", highest("p50")),
            ],
        ),
    )


def _instant(text: str | None) -> str:
    """Return an instant for people."""
    if text is None:
        return "not begun"
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S UTC")
