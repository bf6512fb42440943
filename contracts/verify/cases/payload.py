"""Tries Parameters, the JSON document that an event carries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from contracts.suite.recorder import Recorder
from contracts.suite.registry import endpoint_case
from contracts.suite.vocabulary import Level, Need
from contracts.verify.target import EndpointTarget
from mockserver.core.catalog import event_kind

ORDER = 240

#: Documents, each with what is special about it.
DOCUMENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("a link, slashes escaped", {"index": 1, "url": "https://shop.example/offers"}),
    (
        "a link with a query of its own",
        {"index": 2, "url": "https://shop.example/o?a=1&b=%20%26&c=x+y#part"},
    ),
    ("other scripts and emoji", {"index": 3, "url": "https://shop.example/шапка?q=🎉"}),
    ("quotes and a backslash", {"index": 4, "url": 'https://shop.example/?q="a\\b"'}),
    ("nested values", {"index": 5, "more": {"list": [1, 2.5, None, True], "empty": {}}}),
    # No documented value is so large, so this one need not be stored exactly.
    ("an integer beyond 2**53", {"index": 9_007_199_254_740_993}),
)
_KEPT_EXACTLY = DOCUMENTS[:-1]


@endpoint_case(
    "PB-PAYLOAD-EMPTY",
    "An empty Parameters document is taken",
    why="Every event but a click carries {}: a handler that wants a link fails on all of them.",
    fix="Look for the link only where there is one.",
    follows_from=["parameters-send-empty", "parameters-json"],
    catches=["needs-a-link"],
    most_requests=1,
)
def empty(target: EndpointTarget, rec: Recorder) -> None:
    """Sends an event whose Parameters are {}."""
    target.needs("Parameters")
    target.accept(target.postback(parameters={}), "Parameters are {}")


@endpoint_case(
    "PB-PAYLOAD-DOCUMENTS",
    "Parameters with links, other scripts, quotes and nested values are taken",
    why="It is a JSON document inside a URL: taken apart by hand it breaks on the first & in it.",
    fix="Decode the query once, then give the value to a JSON parser.",
    follows_from=["parameters-click", "parameters-slash", "parameters-once", "parameters-json"],
    catches=["parses-json-by-hand", "refuses-unknown-parameters", "fails-on-percent"],
    most_requests=len(DOCUMENTS),
)
def documents(target: EndpointTarget, rec: Recorder) -> None:
    """Sends a click with each of six documents."""
    target.needs("Parameters")
    for what, document in DOCUMENTS:
        target.accept(target.postback(parameters=document), f"Parameters with {what}")


@endpoint_case(
    "PB-PAYLOAD-EXACT",
    "Parameters are stored as they were sent",
    why="The link that was clicked is what a click is about.",
    fix="Decode the query once, then give the value to a JSON parser, or store it as text.",
    follows_from=["parameters-click", "parameters-once"],
    catches=["decodes-twice", "stores-a-repr", "cleans-links"],
    needs=[Need.PROBE],
    most_requests=len(_KEPT_EXACTLY),
)
def exact(target: EndpointTarget, rec: Recorder) -> None:
    """Sends the same documents, but for the large number, and asks what was stored of each."""
    target.needs("Parameters")
    for what, document in _KEPT_EXACTLY:
        postback = target.postback(parameters=document)
        target.accept(postback, f"Parameters with {what}")
        target.expect_exact(postback, f"Parameters with {what}", "Parameters")


@endpoint_case(
    "PB-PAYLOAD-TWICE",
    "Parameters whose values are encoded once more are taken",
    level=Level.SHOULD,
    why="Read to the letter, the documentation says that each value is encoded within the JSON; "
    "captured postbacks were not.",
    fix="Decode a link once more if it begins with http%3A, and accept it in any case.",
    follows_from=["parameters-twice", "parameters-encoded"],
    catches=["insists-on-a-plain-link"],
    most_requests=2,
)
def twice(target: EndpointTarget, rec: Recorder) -> None:
    """Sends clicks whose links are encoded inside the document as well."""
    target.needs("Parameters")
    subscription = replace(target.subscription, parameters_encoding="twice")
    kinds = {kind.name for kind in subscription.kinds}
    kind = event_kind("email.click") if "email.click" in kinds else None
    for _, document in DOCUMENTS[:2]:
        event = target.postback(kind, parameters=document).event
        url = subscription.template.render(event, "twice")
        target.accept(target.composer.written(url), "a link that is encoded within the JSON")
