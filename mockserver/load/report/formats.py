"""Finds the formats that a load can be written in, by the name before the equals sign."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from mockserver.load.report.csv_text import csv_text
from mockserver.load.report.document import json_text
from mockserver.load.report.hgrm import hgrm
from mockserver.load.report.html import html
from mockserver.load.report.markdown import markdown

#: Each returns the text of a file, of the facts that `document` has put together.
WRITERS: Mapping[str, Callable[[Mapping[str, Any]], str]] = MappingProxyType(
    {"html": html, "json": json_text, "md": markdown, "csv": csv_text, "hgrm": hgrm}
)
