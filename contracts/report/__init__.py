"""Reports: a run, told in the formats that people and other programs read.

Decides: which formats there are, and what is said about one that does not exist. Place in the
flow: after the runner; every writer is a pure function of a `RunReport`, so that a JSON report
can be turned into any other one later. Must not import: the runner, cases, targets.

The order in which to read: `text` and `figures`, which all share; then one module for each
format: `junit`, `html`, `markdown`, `github` (workflow commands, not a file). `kill_matrix`
shows a proof, not a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from contracts import results
from contracts.report import html, junit, markdown
from contracts.results import RunReport

Writer = Callable[[RunReport], str]


class UnknownFormat(ValueError):
    """A format was asked for that no writer writes; the message says which ones do."""


def write_json(report: RunReport) -> str:
    """Return the run as the JSON document that all other reports can be made from."""
    return results.encode(report).decode("utf-8")


#: The writer of each format, by the name it has on a command line.
WRITERS: Mapping[str, Writer] = MappingProxyType(
    {"junit": junit.junit, "html": html.html, "md": markdown.markdown, "json": write_json}
)
#: What people write instead, and what they mean.
ALSO_CALLED = {"xml": "junit", "markdown": "md", "htm": "html"}


def writer_for(name: str) -> Writer:
    """Return the writer of a format.

    Raises:
        UnknownFormat: There is none of that name.
    """
    if name in WRITERS:
        return WRITERS[name]
    raise UnknownFormat(
        f"there is no report format {name!r}{_suggestion(name)}; choose one of {', '.join(WRITERS)}"
    )


def _suggestion(name: str) -> str:
    lowered = name.lower()
    close = get_close_matches(lowered, WRITERS, n=1)
    meant = ALSO_CALLED.get(lowered) or (close[0] if close else "")
    return f" (did you mean {meant}?)" if meant else ""
