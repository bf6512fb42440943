"""Reports: a run, told in the formats that people and other programs read.

Decides: which formats there are, and what is said about one that does not exist. Place in the
flow: after the runner; every writer is a pure function of a `RunReport`, so that a JSON report
can be turned into any other one later. Must not import: the runner, cases, targets.

The order in which to read: `text`, `figures` and `again`, which all share; then one module for each
format: `junit`, `html`, `markdown`, `github` (workflow commands, not a file). For runs at an
endpoint, which keep every exchange: `pact` and `har`, and `endpoints`, several runs side by side.
`kill_matrix` shows a proof, not a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from types import MappingProxyType

from contracts.suite import results
from contracts.suite.report import har, html, junit, markdown, pact
from contracts.suite.results import RunReport

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
#: Those of a run at an endpoint: what was sent there can be sent again by other programs.
ENDPOINT_WRITERS: Mapping[str, Writer] = MappingProxyType(
    {**WRITERS, "pact": pact.pact, "har": har.har}
)
#: What people write instead, and what they mean.
ALSO_CALLED = {"xml": "junit", "markdown": "md", "htm": "html"}


def writer_for(name: str, writers: Mapping[str, Writer] = WRITERS) -> Writer:
    """Return the writer of a format.

    Args:
        name: Of the format.
        writers: Those to choose from.

    Raises:
        UnknownFormat: There is none of that name.
    """
    if name in writers:
        return writers[name]
    raise UnknownFormat(
        f"there is no report format {name!r}{_suggestion(name, writers)}; "
        f"choose one of {', '.join(writers)}"
    )


def _suggestion(name: str, writers: Mapping[str, Writer]) -> str:
    lowered = name.lower()
    close = get_close_matches(lowered, writers, n=1)
    meant = ALSO_CALLED.get(lowered) or (close[0] if close else "")
    return f" (did you mean {meant}?)" if meant else ""
