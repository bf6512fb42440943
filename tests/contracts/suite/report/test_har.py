"""HTTP archives: the structure of HAR 1.2, and that others and this project read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from haralyzer import HarParser
from hypothesis import given, settings

from contracts.suite.report.har import har
from contracts.suite.results import RunReport
from contracts.verify.recording import read_recording
from mockserver.core.errors import InvalidConfig

from . import samples
from .partner_runs import run_at
from .texts import nasty

# HAR 1.2 as it is specified: what has no default has to be there, and nothing else may be, unless
# its name begins with an underscore.


class Strict(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    comment: str = ""


class Named(Strict):
    name: str
    value: str


class PostData(Strict):
    mime_type: str
    params: list[Any]
    text: str


class Request(Strict):
    method: str
    url: str
    http_version: str
    cookies: list[Any]
    headers: list[Named]
    query_string: list[Named]
    headers_size: int
    body_size: int
    post_data: PostData | None = None


class Content(Strict):
    size: int
    mime_type: str
    text: str = ""


class Response(Strict):
    status: int
    status_text: str
    http_version: str
    cookies: list[Any]
    headers: list[Named]
    content: Content
    redirect_url: str = msgspec.field(name="redirectURL")
    headers_size: int
    body_size: int


class Timings(Strict):
    send: float
    wait: float
    receive: float


class Entry(Strict):
    started_date_time: datetime
    time: float
    request: Request
    response: Response
    cache: dict[str, Any]
    timings: Timings


class Creator(Strict):
    name: str
    version: str


class Log(Strict):
    version: str
    creator: Creator
    pages: list[Any]
    entries: list[Entry]


class Archive(Strict):
    log: Log


def without_own(value: Any) -> Any:
    """Return a document without the fields that are nobody else's."""
    if isinstance(value, dict):
        return {name: without_own(one) for name, one in value.items() if not name.startswith("_")}
    return [without_own(one) for one in value] if isinstance(value, list) else value


def archive(report: RunReport) -> Log:
    """Return the archive of a run, its structure checked."""
    return msgspec.convert(without_own(json.loads(har(report))), Archive).log


def entries(report: RunReport) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(har(report))["log"]["entries"]
    return found


def exchanges(report: RunReport) -> Iterator[samples.RecordedExchange]:
    for case in report.cases:
        yield from case.exchanges


@pytest.mark.parametrize("name", samples.EVERY_RUN)
def test_it_is_har_1_2_and_has_every_exchange(name: str) -> None:
    report = samples.EVERY_RUN[name]
    log = archive(report)
    assert (log.version, log.creator) == ("1.2", Creator(name="postbacks", version="0.1.0"))
    assert [entry.request.url for entry in log.entries] == [one.url for one in exchanges(report)]
    assert all(entry.started_date_time.tzinfo is not None for entry in log.entries)
    assert "put together from durations" in log.comment


def test_an_entry_tells_request_answer_and_case() -> None:
    entry = entries(samples.ENDPOINT)[6]
    assert (entry["_case"], entry["_status"]) == ("PB-VALUES-CHARACTERS", "FAIL")
    assert entry["request"]["queryString"][0] == {
        "name": "user",
        "value": f'{samples.PREFIX}-7 \U0001f389\x1b"<b>&',
    }
    response = entry["response"]
    assert (response["status"], response["content"]["mimeType"]) == (
        400,
        "text/plain; charset=utf-8",
    )
    assert response["content"]["text"] == "<b>no</b>\x00 & \"'"
    assert "_error" not in response


def test_no_answer_is_status_0_and_why() -> None:
    entry = entries(samples.ENDPOINT)[7]
    assert entry["response"]["status"] == 0
    assert entry["response"]["_error"] == "no answer within 30 s"
    silent = msgspec.structs.replace(samples.NO_ANSWER, error=None)
    case = msgspec.structs.replace(samples.REFUSED, exchanges=[silent])
    assert entries(samples.run_of([case]))[0]["response"]["_error"] == "no answer"


def test_a_body_and_a_redirect_are_told() -> None:
    moved = samples.postback(1, status=302, answer_headers=[("location", "https://p.test/")])
    case = msgspec.structs.replace(samples.FAILED, exchanges=[samples.FOURTH_RULE, moved])
    posted, redirected = entries(samples.run_of([case]))
    assert posted["request"]["postData"]["mimeType"] == "application/json"
    assert posted["request"]["postData"]["text"] == samples.FOURTH_RULE.body
    assert posted["request"]["bodySize"] == len(samples.FOURTH_RULE.body)
    assert redirected["response"]["redirectURL"] == "https://p.test/"
    assert "postData" not in redirected["request"]


def test_times_follow_each_other_from_the_start_of_the_run() -> None:
    times = [entry.started_date_time for entry in archive(samples.ENDPOINT).entries]
    assert times == sorted(times)
    began = [(at - samples.ENDPOINT.started_at).total_seconds() for at in times]
    # Four of 3.1 ms within a case of 5 ms, then a case of 12.3 ms: none begins after its case.
    assert began[:6] == pytest.approx([0, 0.003, 0.005, 0.005, 0.005, 0.008], abs=0.001)
    assert began[8] == pytest.approx(0.005 + 0.0123, abs=0.001)


def test_a_url_has_no_fragment_and_bytes_that_are_no_text_are_shown() -> None:
    odd = samples.postback(1, url="http://p.test/?a=%FF&a=#b")
    case = msgspec.structs.replace(samples.REFUSED, exchanges=[odd])
    request = entries(samples.run_of([case]))[0]["request"]
    assert request["url"] == "http://p.test/?a=%FF&a="
    assert [one["value"] for one in request["queryString"]] == ["\\xff", ""]


def test_masks_are_told_of_where_there_are_some() -> None:
    assert "e.g. $POSTBACKS_SECRET_1." in archive(samples.ENDPOINT).comment
    assert "masked" not in archive(samples.EMPTY).comment


@settings(max_examples=40)
@given(nasty(samples.ENDPOINT))
def test_no_text_breaks_the_structure(report: RunReport) -> None:
    log = archive(report)
    assert len(log.entries) == len(list(exchanges(report)))
    assert [entry.response.content.text for entry in log.entries] == [
        one.answer_body for one in exchanges(report)
    ]


def test_another_reader_finds_the_same() -> None:
    report = run_at()
    (page,) = HarParser(json.loads(har(report))).pages
    assert len(page.entries) == len(list(exchanges(report))) > 50
    assert len(page.filter_entries(request_type="GET")) > 0
    assert len(page.filter_entries(status_code="2.*")) == sum(
        one.status is not None and one.status // 100 == 2 for one in exchanges(report)
    )


def test_a_recording_for_the_next_run_has_every_post_byte_by_byte(tmp_path: Path) -> None:
    report = run_at()
    file = tmp_path / "run.har"
    file.write_text(har(report), encoding="utf-8")
    posted = [one.url for one in exchanges(report) if one.method == "POST"]
    assert read_recording(file) == posted
    assert len(posted) < len(list(exchanges(report)))
    file.write_text(har(samples.run_of([samples.POST_ONLY])), encoding="utf-8")
    with pytest.raises(InvalidConfig, match="holds no POST"):
        read_recording(file)
