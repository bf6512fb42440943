"""Pact files: what stands in them, and that the real verifier sends it as it was sent."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
import pytest
from hypothesis import given, settings

from contracts.suite.report.pact import pact
from contracts.suite.results import RunReport
from contracts.suite.vocabulary import Status

from . import samples
from .partner_runs import Keeper, RefusesBounces, kept_by, run_at
from .texts import nasty

POSTBACK = samples.postback


def interactions(report: RunReport) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(pact(report))["interactions"]
    return found


def keys(report: RunReport) -> list[str]:
    return [one["key"] for one in interactions(report)]


def run_with(*exchanges: samples.RecordedExchange, **fields: object) -> RunReport:
    """Return the run of one case that made these exchanges."""
    case = msgspec.structs.replace(samples.BURST, id="PB-X", exchanges=list(exchanges))
    plain = {"target": samples.ENDPOINT.target, "traffic": samples.ENDPOINT.traffic}
    return samples.run_of([case], **{**plain, **fields})


def url_with(tail: str) -> str:
    return f"https://partner.test:8443/in/{tail}"


def test_an_interaction_is_a_request_and_any_success() -> None:
    document = json.loads(pact(samples.ENDPOINT))
    assert document["consumer"] == {"name": "Leanplum"}
    assert document["provider"] == {"name": "partner.test"}
    assert document["metadata"]["pactSpecification"] == {"version": "4.0"}
    assert document["interactions"][1] == {
        "type": "Synchronous/HTTP",
        "key": "PB-VALUES-CHARACTERS-1",
        "description": "PB-VALUES-CHARACTERS 1: Ids with any characters are taken",
        "pending": False,
        "comments": {
            "text": [samples.RULES_CAP.text],
            "references": {
                "contract": {"PB-VALUES-CHARACTERS": "docs/contract.md"},
                "statements": {"rules-cap": samples.PAGE},
            },
        },
        "request": {
            "method": "POST",
            "path": "/in/$POSTBACKS_SECRET_1",
            "query": {
                "user": [f"{samples.PREFIX}-5 ada+news@example.com"],
                "event": ["Click"],
                "at": [str(samples.FIRST_AT + 5)],
            },
        },
        "response": {
            "status": 200,
            "matchingRules": {
                "status": {
                    "combine": "AND",
                    "matchers": [{"match": "statusCode", "status": "success"}],
                }
            },
        },
    }


def test_every_value_is_an_example_whatever_was_answered_and_a_burst_is_one() -> None:
    assert keys(samples.ENDPOINT) == [
        "PB-LOAD-BURST-1",
        *(f"PB-VALUES-CHARACTERS-{number}" for number in (1, 2, 3, 4)),
    ]


def test_keys_and_descriptions_name_one_interaction_each() -> None:
    found = interactions(run_at())
    for name in ("key", "description"):
        assert len({one[name] for one in found}) == len(found)


def test_only_posts_to_the_postback_url_are_postbacks() -> None:
    other_paths = [url_with(tail) for tail in ("x/y", "$POSTBACKS_SECRET_1/x", "")]
    others = ["https://other.test:8443/in/$POSTBACKS_SECRET_1", "https://partner.test:8443/log"]
    exchanges = [POSTBACK(1, url=url) for url in (*other_paths, *others)]
    assert keys(run_with(*exchanges, POSTBACK(2, method="GET"), POSTBACK(3))) == ["PB-X-1"]


def test_values_in_the_path_are_taken_as_they_were_sent() -> None:
    target = msgspec.structs.replace(samples.ENDPOINT.target, url=url_with("{{User ID}}.do"))
    found = interactions(
        run_with(
            POSTBACK(1, url=url_with("a%2Bb%2Fc.do")),
            POSTBACK(2, url=url_with("a/b.do")),
            POSTBACK(3, url=url_with("axdo")),
            target=target,
        )
    )
    assert [one["request"] for one in found] == [{"method": "POST", "path": "/in/a%2Bb%2Fc.do"}]


@pytest.mark.parametrize(
    ("urls", "kept"),
    [
        # Ten times the same.
        ([(1, "", 1)] * 10, 1),
        # One after the other: ids and times count on.
        ([(1, "", 1), (2, "", 2), (30, "", 30)], 1),
        # The same ids, another time; and a time that was chosen.
        ([(1, "", 1), (1, "", 2), (3, "", -9_000)], 3),
        # Another value.
        ([(1, "", 1), (2, "%20x", 2), (3, "%20X", 3)], 3),
    ],
)
def test_what_differs_only_in_who_comes_next_is_kept_once(
    urls: list[tuple[int, str, int]], kept: int
) -> None:
    exchanges = [
        POSTBACK(
            0,
            url=url_with(
                f"$POSTBACKS_SECRET_1?user={samples.PREFIX}-{number}{suffix}"
                f"&at={samples.FIRST_AT + at}"
            ),
        )
        for number, suffix, at in urls
    ]
    assert len(keys(run_with(*exchanges))) == kept


def test_without_ids_of_the_run_only_equal_urls_are_one() -> None:
    urls = [url_with(f"$POSTBACKS_SECRET_1?at={samples.FIRST_AT + at}") for at in (1, 2, 2)]
    exchanges = [POSTBACK(0, url=url) for url in urls]
    assert len(keys(run_with(*exchanges))) == 2
    assert len(keys(run_with(*exchanges, traffic=None))) == 2


def test_the_same_url_is_an_example_of_the_first_case_that_sent_it() -> None:
    again = msgspec.structs.replace(samples.BURST, id="PB-AGAIN")
    run = msgspec.structs.replace(samples.ENDPOINT, cases=[samples.BURST, again])
    assert keys(run) == ["PB-LOAD-BURST-1"]


def test_repeated_names_are_lists_and_only_extra_headers_are_told() -> None:
    extra = [*samples.OWN_HEADERS, ("X-Key", "$POSTBACKS_SECRET_2"), ("X-Key", "b")]
    url = url_with("$POSTBACKS_SECRET_1?a=1&b=&a=%2B&c#x=1")
    request = interactions(run_with(POSTBACK(1, url=url, headers=extra)))[0]["request"]
    assert request["query"] == {"a": ["1", "+"], "b": [""], "c": [""]}
    assert request["headers"] == {"X-Key": ["$POSTBACKS_SECRET_2", "b"]}


def test_what_is_masked_or_left_out_is_told() -> None:
    def note(report: RunReport) -> str:
        return str(json.loads(pact(report))["metadata"]["postbacks"]["note"])

    assert "put yours in the place of $POSTBACKS_SECRET_1 before" in note(samples.ENDPOINT)
    assert "masked" not in note(run_with())
    bytes_that_are_no_text = POSTBACK(1, url=url_with("$POSTBACKS_SECRET_1?a=%FF"))
    run = run_with(bytes_that_are_no_text)
    assert keys(run) == []
    assert "Left out: 1 request with bytes that are no UTF-8." in note(run)
    url = samples.ENDPOINT_URL.replace("//", "//ada:$POSTBACKS_SECRET_2@")
    target = msgspec.structs.replace(samples.ENDPOINT.target, url=url)
    assert "has user info" in note(run_with(target=target))


def test_a_run_at_a_sandbox_has_no_postbacks_to_show() -> None:
    assert interactions(samples.EVERYTHING) == []


@settings(max_examples=40)
@given(nasty(samples.ENDPOINT))
def test_no_text_breaks_the_file(report: RunReport) -> None:
    document = json.loads(pact(report))
    assert list(document) == ["consumer", "provider", "interactions", "metadata"]
    for one in document["interactions"]:
        assert "\n" not in one["description"]


# The real verifier


@cache
def verifier() -> Any:
    """Return Pact's own verifier; skip the test where there is none."""
    # Before the import: it tells its makers of each use.
    os.environ["PACT_DO_NOT_TRACK"] = "true"
    try:
        from pact import Verifier
    except ImportError as error:
        pytest.skip(f"pact-python cannot be imported here: {error}")
    return Verifier


def verified(report: RunReport, origin: str, folder: Path) -> list[dict[str, Any]]:
    """Verify a file against an endpoint; return what went wrong."""
    file = folder / "postbacks.json"
    file.write_text(pact(report), encoding="utf-8")
    verification = (
        verifier()("endpoint", host="127.0.0.1")
        .add_transport(url=origin)
        .add_source(file)
        .set_request_timeout(30_000)
        .follow_redirects(False)
    )
    try:
        verification.verify()
    except RuntimeError:
        errors: list[dict[str, Any]] = verification.results["errors"]
        assert errors
        return errors
    return []


def test_an_endpoint_that_accepts_everything_is_verified(tmp_path: Path) -> None:
    verifier()
    report = run_at()
    keeper = Keeper()
    with kept_by(keeper) as origin:
        assert verified(report, origin, tmp_path) == []
    # A verifier is content with a file in which it finds nothing.
    assert len(keeper.seen) == len(interactions(report)) > 50
    sent = [
        sorted(parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True))
        for case in report.cases
        for exchange in case.exchanges
    ]
    for method, path, pairs in keeper.seen:
        assert (method, path) == ("POST", "/in")
        assert sorted(pairs) in sent


def test_an_endpoint_that_refuses_an_event_is_not_verified(tmp_path: Path) -> None:
    verifier()
    with kept_by(Keeper(lambda values: values["event"] == "Bounce")) as origin:
        errors = verified(run_at(), origin, tmp_path)
    assert errors
    assert all("PB-ANSWER-EVENTS" in error["interaction"] for error in errors)


def test_what_a_run_found_is_found_again_and_is_gone_once_it_is_mended(tmp_path: Path) -> None:
    verifier()
    report = run_at(RefusesBounces, ["PB-ANSWER-EVENTS"])
    assert report.cases[0].status is Status.FAIL
    with kept_by(Keeper(lambda values: values["event"] == "Bounce")) as origin:
        assert len(verified(report, origin, tmp_path)) == 1
    with kept_by(Keeper()) as origin:
        assert verified(report, origin, tmp_path) == []


def test_odd_values_arrive_as_they_were_sent(tmp_path: Path) -> None:
    verifier()
    path = "in/a%2Bb%2Fc%20%25/%F0%9F%8E%89"
    query = (
        "plus=a%2Bb&space=a%20b&percent=100%25%20%2525%20%2541&empty=&emoji=%F0%9F%8E%89%E2%80%8D"
        "&twice=2&twice=&twice=1&json=%7B%22a%22%3A%22%5C%2F%26%3D%23%22%7D&control=%09%0A%1B%00"
        "&rtl=%D7%A9&a%20name=x&accent=e%CC%81&long=" + "x" * 6_000
    )
    report = run_with(
        POSTBACK(
            1,
            url=f"https://partner.test/{path}?{query}",
            headers=[*samples.OWN_HEADERS, ("X-Key", "a, b")],
        ),
        target=samples.RunTarget(
            samples.ENDPOINT.target.kind, "https://partner.test/in/{{User ID}}/{{Device ID}}", ""
        ),
    )
    keeper = Keeper()
    with kept_by(keeper) as origin:
        assert verified(report, origin, tmp_path) == []
    ((method, arrived, pairs),) = keeper.seen
    assert (method, arrived) == ("POST", f"/{unquote(path)}")
    # The verifier sorts the names; a list stays in its order.
    sent = parse_qsl(query, keep_blank_values=True)
    assert sorted(pairs, key=lambda pair: pair[0]) == sorted(sent, key=lambda pair: pair[0])
    assert keeper.headers["HTTP_X_KEY"] == "a, b"


def test_a_redirect_is_no_success(tmp_path: Path) -> None:
    verifier()
    keeper = Keeper()

    def redirects(environ: dict[str, Any], start: Any) -> list[bytes]:
        start("302 Found", [("Location", "/elsewhere"), ("Content-Length", "0")])
        return list(keeper(environ, lambda *_: None))

    with kept_by(redirects) as origin:
        assert len(verified(run_with(POSTBACK(1)), origin, tmp_path)) == 1
    assert len(keeper.seen) == 1
