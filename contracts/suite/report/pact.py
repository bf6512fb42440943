"""Writes the postbacks of a run at an endpoint as a Pact file, which other verifiers can send.

Each example must be answered 2xx, and nothing else is expected.

Verifiers of Pact differ from Leanplum in three ways: they sort the names of a query, write a
space in a value as a plus, and drop a name without an equals sign or give it none. An endpoint
that decodes the query as a form sees no difference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from contracts.suite.report.address import Address, address
from contracts.suite.report.failure_text import place
from contracts.suite.report.formats import RunFormat
from contracts.suite.report.text import count
from contracts.suite.results import CaseResult, RecordedExchange, RunReport, Statement
from contracts.suite.vocabulary import TargetKind
from mockserver.net.masks import VARIABLE
from mockserver.net.visible_text import one_line

#: Who sends postbacks.
CONSUMER = "Leanplum"
#: Where the cases are explained.
CASES_PAGE = "docs/contract.md"
#: 2xx, whatever it is exactly.
ANY_SUCCESS = {"combine": "AND", "matchers": [{"match": "statusCode", "status": "success"}]}
#: What every postback has; the verifier's own client sends something like it.
USUAL_HEADERS = frozenset({("accept", "*/*"), ("content-length", "0")})
#: Ids and times: what counts on from one made-up postback to the next.
LONG_NUMBER = re.compile(r"(?<!\d)\d{12,18}(?!\d)")

Interaction = dict[str, Any]


def pact(report: RunReport) -> str:
    """Return the postbacks of the run as a Pact file of version 4, one example of each kind."""
    interactions, unwritable = _interactions(report)
    document = {
        "consumer": {"name": CONSUMER},
        "provider": {"name": address(report.target.url).host_name or "endpoint"},
        "interactions": interactions,
        "metadata": {
            "pactSpecification": {"version": "4.0"},
            "postbacks": {
                "version": report.suite_version,
                "note": " ".join(_notes(report, interactions, unwritable)),
            },
        },
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _interactions(report: RunReport) -> tuple[list[Interaction], int]:
    """Return the examples, and how many requests cannot be written as one."""
    template = address(report.target.url)
    path_of_template = _pattern(template.path)
    prefix = report.traffic.prefix if report.traffic is not None else ""
    found: list[Interaction] = []
    sent: set[tuple[str, str]] = set()
    unwritable = 0
    for case in report.cases:
        shapes: set[tuple[str, ...]] = set()
        number = 0
        for exchange in case.exchanges:
            url = address(exchange.url)
            is_postback = exchange.method == "POST" and url.origin == template.origin
            if not (is_postback and path_of_template.fullmatch(url.path)):
                continue
            try:
                pairs = url.pairs()
            except UnicodeDecodeError:
                unwritable += 1
                continue
            shape = _shape(url, pairs, prefix)
            is_new = shape not in shapes and (url.path, url.query) not in sent
            shapes.add(shape)
            sent.add((url.path, url.query))
            if is_new:
                number += 1
                found.append(_interaction(case, number, _request(exchange, url, pairs)))
    return found, unwritable


def _interaction(case: CaseResult, number: int, request: dict[str, Any]) -> Interaction:
    statements = {statement.id: _source(statement) for statement in case.statements}
    references: dict[str, dict[str, str]] = {"contract": {case.id: CASES_PAGE}}
    return {
        "type": "Synchronous/HTTP",
        "key": f"{case.id}-{number}",
        "description": one_line(f"{case.id} {number}: {case.title}"),
        "pending": False,
        "comments": {
            "text": [statement.text for statement in case.statements],
            "references": references | ({"statements": statements} if statements else {}),
        },
        "request": request,
        "response": {"status": 200, "matchingRules": {"status": ANY_SUCCESS}},
    }


def _request(
    exchange: RecordedExchange, url: Address, pairs: list[tuple[str, str]]
) -> dict[str, Any]:
    query: dict[str, list[str]] = {}
    for name, value in pairs:
        query.setdefault(name, []).append(value)
    headers: dict[str, list[str]] = {}
    for name, value in exchange.headers:
        if (name.lower(), value) not in USUAL_HEADERS:
            headers.setdefault(name, []).append(value)
    # The path stays encoded: a verifier takes it as it is.
    request: dict[str, Any] = {"method": exchange.method, "path": url.path}
    request |= {"query": query} if query else {}
    return request | ({"headers": headers} if headers else {})


def _pattern(path: str) -> re.Pattern[str]:
    """Return a pattern of the paths that a template makes."""
    pieces = re.split(r"\{\{[^{}]*\}\}", path)
    return re.compile("[^/]*".join(map(re.escape, pieces)), re.DOTALL)


def _shape(url: Address, pairs: list[tuple[str, str]], prefix: str) -> tuple[str, ...]:
    """Return what two postbacks have in common that differ only in who comes next.

    A run numbers its postbacks, and the ids and times it makes up count on with that number. So it
    is taken out of them; what was chosen for a case on purpose differs from postback to postback
    all the same. A URL without an id of the run has no number, and is a shape of its own.
    """
    texts = [url.path, *(text for pair in pairs for text in pair)]
    own_id = re.compile(rf"{re.escape(prefix)}-(\d{{1,12}})(?!\d)")
    numbered = own_id.search("\n".join(texts)) if prefix else None
    if numbered is None:
        return tuple(texts)
    number = int(numbered[1])

    def without(text: str) -> str:
        text = own_id.sub(lambda match: f"{prefix}-{int(match[1]) - number:+}", text)
        return LONG_NUMBER.sub(lambda match: str(int(match[0]) - number), text)

    return tuple(map(without, texts))


def _source(statement: Statement) -> str:
    return statement.link or place(statement) or statement.id


def _notes(report: RunReport, interactions: list[Interaction], unwritable: int) -> Iterator[str]:
    yield "Postbacks that a run sent; each must be answered 2xx."
    masks = [match["name"] for match in VARIABLE.finditer(json.dumps(interactions))]
    if masks:
        names = ", ".join(f"${name}" for name in dict.fromkeys(masks))
        yield (
            f"Secrets are masked: put yours in the place of {names} before the file is verified, "
            "and do not share it then."
        )
    if address(report.target.url).has_user_info:
        yield "The postbackUrl has user info; verify with it in the URL of the provider."
    if unwritable:
        yield f"Left out: {count(unwritable, 'request')} with bytes that are no UTF-8."


FORMAT = RunFormat("pact", pact, order=50, kinds=frozenset({TargetKind.ENDPOINT}))
