"""Writes the latencies of a load in the form that HdrHistogram's plotters read."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from hdrh.histogram import HdrHistogram

#: The plotters expect milliseconds.
_MICROSECONDS = 1000.0


def hgrm(facts: Mapping[str, Any]) -> str:
    """Return the distribution of latencies, from the planned instants, in milliseconds."""
    written = io.BytesIO()
    decoded = HdrHistogram.decode(facts["histograms"]["latency"])
    decoded.output_percentile_distribution(written, _MICROSECONDS)
    return written.getvalue().decode()
