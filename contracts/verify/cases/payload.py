"""Tries Parameters, the JSON document that an event carries."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from contracts.suite.recorder import Recorder
from contracts.suite.registry import endpoint_case
from contracts.suite.vocabulary import Level, Need
from contracts.verify.postbacks import Postback
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
    ("an encoded quote", {"index": 6, "url": "https://shop.example/o?q=%22a%22"}),
    ("an encoded percent sign", {"index": 7, "url": "https://shop.example/o?off=50%25"}),
    ("a lone percent sign", {"index": 8, "url": "https://shop.example/o?off=50%"}),
    ("a percent sign before letters", {"index": 9, "url": "https://shop.example/100%zz/50%of"}),
    ("an encoded plus", {"index": 10, "url": "https://shop.example/o?q=a%2Bb"}),
    ("an encoded ampersand and hash", {"index": 11, "url": "https://shop.example/o?q=a%26b%23c"}),
    (
        "a link within a link",
        {"index": 12, "url": "https://shop.example/o?to=https%3A%2F%2Fb.example%2F%3Fa%3D1#top"},
    ),
    ("an encoded backslash", {"index": 13, "url": "https://shop.example/o?q=%5C%22"}),
    ("an encoded line break", {"index": 14, "url": "https://shop.example/o?q=a%0Ab%00c"}),
    ("encoded letters", {"index": 15, "url": "https://shop.example/caf%C3%A9/%E9%FF"}),
    ("a slash at the end", {"index": 16, "url": "https://Shop.example/Offers//a/?b=&b=2&"}),
    ("a link into an app", {"index": 17, "url": "shop-app://open?item=1"}),
    ("an address of mail", {"index": 18, "url": "mailto:ada+news@example.com?subject=Hi%20there"}),
    ("markup and entities", {"index": 19, "url": "https://shop.example/?a=1&amp;b=<b>&lt;"}),
    ("blanks", {"index": 20, "url": " https://shop.example/a b "}),
    ("an empty link", {"index": 0, "url": ""}),
    # No documented value is so large, so this one need not be stored exactly.
    ("an integer beyond 2**53", {"index": 9_007_199_254_740_993}),
)
_LARGE = DOCUMENTS[-1][1]


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
    catches=[
        "parses-json-by-hand",
        "refuses-unknown-parameters",
        "fails-on-percent",
        "decodes-parameters-twice",
        "refuses-other-schemes",
        "refuses-no-link",
        "refuses-wrong-escapes",
    ],
    most_requests=len(DOCUMENTS),
)
def documents(target: EndpointTarget, rec: Recorder) -> None:
    """Sends a click with each of the documents, links with every kind of sign in them."""
    target.needs("Parameters")
    target.accept_each(_described(target), "refused")


@endpoint_case(
    "PB-PAYLOAD-EXACT",
    "Parameters are stored as they were sent",
    why="The link that was clicked is what a click is about.",
    fix="Decode the query once, then give the value to a JSON parser, or store it as text.",
    follows_from=["parameters-click", "parameters-once"],
    catches=[
        "decodes-twice",
        "stores-a-repr",
        "cleans-links",
        "loses-what-it-decodes-twice",
        "decodes-links",
        "lowercases-links",
        "drops-fragments",
        "strips-links",
        "joins-slashes",
        "drops-the-last-slash",
        "unescapes-links",
        "escapes-quotes",
        "plus-in-links",
        "drops-the-index",
    ],
    needs=[Need.PROBE],
    most_requests=len(DOCUMENTS),
    looks_at="PB-PAYLOAD-DOCUMENTS",
)
def exact(target: EndpointTarget, rec: Recorder) -> None:
    """Sends the same documents, if they were not sent yet, and asks what was stored of each."""
    target.needs("Parameters")
    target.expect_each_stored("PB-PAYLOAD-DOCUMENTS", lambda: _described(target))


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


def _described(target: EndpointTarget) -> list[tuple[Postback, str]]:
    """Return a postback for each document, with what is special about it."""
    return [
        (
            # The endpoint may read numbers as JavaScript does.
            replace(target.postback(parameters=document), is_exact=document is not _LARGE),
            f"Parameters with {what}: {document.get('url', '')!r}",
        )
        for what, document in DOCUMENTS
    ]
