"""The formats that a command line can ask for."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given

from contracts.suite import results
from contracts.suite.report import ENDPOINT_WRITERS, WRITERS, UnknownFormat, writer_for
from contracts.suite.results import RunReport

from . import samples
from .texts import nasty


def test_which_formats_there_are() -> None:
    assert list(WRITERS) == ["junit", "html", "md", "json"]
    assert all(writer_for(name) is WRITERS[name] for name in WRITERS)


def test_what_an_endpoint_was_sent_can_be_written_as_well() -> None:
    assert list(ENDPOINT_WRITERS) == [*WRITERS, "pact", "har"]
    for name, writer in ENDPOINT_WRITERS.items():
        assert writer_for(name, ENDPOINT_WRITERS) is writer
    with pytest.raises(
        UnknownFormat, match=r"\(did you mean pact\?\); choose one of junit, .*, har"
    ):
        writer_for("pakt", ENDPOINT_WRITERS)
    with pytest.raises(UnknownFormat):
        writer_for("pact")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pdf", "there is no report format 'pdf'; choose one of junit, html, md, json"),
        ("xml", "(did you mean junit?)"),
        ("JSON", "(did you mean json?)"),
        ("markdown", "(did you mean md?)"),
        ("", "there is no report format ''; choose"),
    ],
)
def test_an_unknown_format_is_refused_and_the_known_ones_are_named(name: str, message: str) -> None:
    with pytest.raises(UnknownFormat) as refused:
        writer_for(name)
    assert message in str(refused.value)


@pytest.mark.parametrize("format_name", ENDPOINT_WRITERS)
@pytest.mark.parametrize("run_name", samples.EVERY_RUN)
def test_a_report_is_a_function_of_the_run(format_name: str, run_name: str) -> None:
    report = samples.EVERY_RUN[run_name]
    text = ENDPOINT_WRITERS[format_name](report)
    again = results.decode(results.encode(report))
    assert ENDPOINT_WRITERS[format_name](again) == text
    assert text.endswith("\n")
    text.encode("utf-8")


@given(nasty(samples.EVERYTHING))
def test_json_is_read_back_as_it_was(report: RunReport) -> None:
    assert results.decode(WRITERS["json"](report).encode()) == report


def test_json_begins_with_the_format() -> None:
    document = msgspec.json.decode(WRITERS["json"](samples.EMPTY))
    assert next(iter(document)) == "format"
