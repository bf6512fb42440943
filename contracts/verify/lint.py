"""Finds what is wrong with a postbackUrl before anything is sent.

`addPostback` accepts such a URL, but it causes trouble later, or it holds a secret.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from contracts.suite.results import Remark
from contracts.verify.postbacks import Subscription
from contracts.verify.resolved_host import ResolvedHost
from mockserver.core.catalog import Channel, PostbackType
from mockserver.core.template import encoded_separator

#: Values that only one type of rule has anything for.
_ONLY_MESSAGES = (
    "Message ID",
    "Message event",
    "Message channel",
    "Template name",
    "Parameters",
)
_ONLY_AB_TESTS = ("AB test ID", "Variant ID")

#: A name, or its last word; words are separated by `_`, `.`, `-` or a capital letter.
_SECRET_NAME = re.compile(
    r"(?:^|[_.-]|(?<=[a-z])(?=[A-Z]))(?i:(?:api[_-]?)?(?:key|token|secret|password|passwd|pwd"
    r"|auth|authorization|sig|signature|credential|access[_-]?token)s?)$"
)
#: A long part of a path with both letters and digits: most likely a token.
_SECRET_SEGMENT = re.compile(r"(?=[^/]*\d)(?=[^/]*[A-Za-z])[A-Za-z0-9_-]{20,}")


def remarks(subscription: Subscription, resolved_host: ResolvedHost | None = None) -> list[Remark]:
    """Return remarks about a postbackUrl, the most important first.

    Args:
        subscription: The postbackUrl, and what it is registered for.
        resolved_host: Its host, if that is known; plain http to this machine is no problem.
    """
    found = [
        *_about_the_way(subscription, resolved_host),
        *_about_secrets(subscription),
        *_about_duplicates(subscription),
        *_about_values(subscription),
        *_about_the_query(subscription),
    ]
    return [Remark(*texts) for texts in found]


class Secret(NamedTuple):
    """A part of a URL that looks like a secret, as it is written there.

    Attributes:
        text: The secret itself.
        before: The text right before it.
        after: The text right after it.
    """

    text: str
    before: str = ""
    after: str = ""


def secrets_in(url: str) -> list[Secret]:
    """Return the parts of a postbackUrl that look like secrets."""
    parts = urlsplit(url)
    found: list[Secret] = []
    user_info, _, _ = parts.netloc.rpartition("@")
    name, colon, password = user_info.partition(":")
    if password:
        found.append(Secret(password, f"{name}:", "@"))
    elif name:
        # Some services take a key as the user name, with an empty password.
        found.append(Secret(name, "//", f"{colon}@"))
    for piece in parts.query.split("&"):
        name, _, value = piece.partition("=")
        if value and "{{" not in value and _SECRET_NAME.search(unquote(name)):
            found.append(Secret(value, f"{name}="))
    found += [Secret(text) for text in parts.path.split("/") if _SECRET_SEGMENT.fullmatch(text)]
    return list(dict.fromkeys(found))


_Texts = tuple[str, str, str]


def _about_the_way(
    subscription: Subscription, resolved_host: ResolvedHost | None
) -> Iterator[_Texts]:
    url = subscription.template.url
    is_local = resolved_host is not None and resolved_host.is_loopback
    if url.lower().startswith("http:") and not is_local:
        yield (
            "plain-http",
            "the URL is http: whoever is on the way reads user ids and click addresses",
            "serve the endpoint with https, and register that",
        )


def _about_secrets(subscription: Subscription) -> Iterator[_Texts]:
    found = len(secrets_in(subscription.template.url))
    if found:
        what = "what looks like a secret" if found == 1 else f"{found} parts that look like secrets"
        yield (
            "secret-in-url",
            f"the URL holds {what}; URLs stand in the logs of servers and proxies",
            "Leanplum sends no header, so the URL is the only place: use a secret for this "
            "endpoint alone, keep it out of logs, and change it now and then",
        )


def _about_duplicates(subscription: Subscription) -> Iterator[_Texts]:
    recognised: tuple[str, ...] = ("Trigger time",)
    if subscription.type is PostbackType.MESSAGE_EVENTS:
        recognised = ("Trigger time", "Message ID")
    if not any(subscription.carries(name) for name in recognised):
        names = " nor ".join(f"{{{{{name}}}}}" for name in recognised)
        yield (
            "duplicates-look-alike",
            f"the URL has neither {names}: a retry cannot be told from a second event"
            if len(recognised) > 1
            else f"the URL lacks {names}: a retry cannot be told from a second event",
            "add {{Trigger time}}; together with the user and the event it names one event",
        )
    if not (subscription.carries("User ID") or subscription.carries("Device ID")):
        yield (
            "nobody-named",
            "the URL has neither {{User ID}} nor {{Device ID}}: it does not say whose event it is",
            "add {{User ID}}, and {{Device ID}} for users without one",
        )


def _about_values(subscription: Subscription) -> Iterator[_Texts]:
    is_message = subscription.type is PostbackType.MESSAGE_EVENTS
    empty = _ONLY_AB_TESTS if is_message else _ONLY_MESSAGES
    for name in empty:
        if subscription.carries(name):
            yield _always_empty(name, f"{subscription.type} have none")
    if not is_message:
        return
    channels = subscription.channels
    if subscription.carries("Template name") and Channel.IN_APP not in channels:
        yield _always_empty("Template name", "only in-app messages have one")
    if Channel.EMAIL in channels and not subscription.carries("Parameters"):
        yield (
            "clicks-without-target",
            "the URL lacks {{Parameters}}: an email click arrives without its link",
            "add {{Parameters}} if that matters; it is a JSON document",
        )
    if not subscription.carries("Message event"):
        yield (
            "events-look-alike",
            "the URL lacks {{Message event}}: a click cannot be told from a bounce",
            "add {{Message event}}; single events cannot be subscribed to",
        )
    if len(channels) > 1 and not subscription.carries("Message channel"):
        yield (
            "channels-look-alike",
            f"the URL lacks {{{{Message channel}}}}, and the rule listens to {len(channels)} "
            "channels with events of the same name",
            "add {{Message channel}}, or register a rule for each channel",
        )


def _always_empty(name: str, because: str) -> _Texts:
    return (
        "always-empty",
        f"{{{{{name}}}}} is always empty here: {because}",
        "take it out, or expect nothing from it",
    )


def _about_the_query(subscription: Subscription) -> Iterator[_Texts]:
    url = subscription.template.url
    if "{{" in url.partition("#")[2]:
        yield (
            "value-in-fragment",
            "a value stands behind #, which no client sends",
            "move it into the query",
        )
    if encoded_separator(url) is not None:
        yield (
            "encoded-separator",
            "a '?', '&' or '=' before a value is encoded, so it separates nothing",
            "write it as it is in the template, and encode the whole URL once when you register it",
        )
    times = Counter(name for name, _ in _query(url))
    for name in (name for name, number in times.items() if number > 1):
        yield (
            "name-twice",
            f"the query has {name!r} {times[name]} times; many frameworks keep one of them",
            "give each value a name of its own",
        )


def _query(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)
