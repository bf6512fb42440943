"""Finds what is wrong with a postbackUrl before anything is sent, for whoever registers one.

`addPostback` accepts such a URL, but it causes trouble later, or it holds a secret.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from mockserver.core.catalog import Channel, PostbackType
from mockserver.core.template import Template, encoded_separator

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


class UrlRemark(NamedTuple):
    """What is wrong with a URL.

    Attributes:
        code: A stable, dashed name of it.
        text: What is wrong, in a line.
        advice: How to put it right.
    """

    code: str
    text: str
    advice: str


def remarks_on(
    template: Template,
    type: PostbackType,
    channels: Collection[Channel],
    *,
    is_local: bool = False,
) -> list[UrlRemark]:
    """Return remarks about a postbackUrl, the most important first.

    Args:
        template: The postbackUrl.
        type: What its rule listens to.
        channels: The channels of the rule; of no effect for A/B tests.
        is_local: Whether its host is this machine: plain http is no problem then.
    """
    rule = _Rule(template, type, channels)
    found = [
        *_about_the_way(rule, is_local),
        *_about_secrets(rule),
        *_about_duplicates(rule),
        *_about_values(rule),
        *_about_the_query(rule),
    ]
    return [UrlRemark(*texts) for texts in found]


class _Rule(NamedTuple):
    """What a postbackUrl is registered for."""

    template: Template
    type: PostbackType
    channels: Collection[Channel]

    def carries(self, name: str) -> bool:
        """Return whether the URL sends this value; what stands after # is not sent."""
        return f"{{{{{name}}}}}" in self.template.url.partition("#")[0]


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
    """Return the parts of a URL that look like secrets; none if it cannot be read as one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return []
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


def _about_the_way(rule: _Rule, is_local: bool) -> Iterator[_Texts]:
    url = rule.template.url
    if url.lower().startswith("http:") and not is_local:
        yield (
            "plain-http",
            "the URL is http: whoever is on the way reads user ids and click addresses",
            "serve the endpoint with https, and register that",
        )


def _about_secrets(rule: _Rule) -> Iterator[_Texts]:
    found = len(secrets_in(rule.template.url))
    if found:
        what = "what looks like a secret" if found == 1 else f"{found} parts that look like secrets"
        yield (
            "secret-in-url",
            f"the URL holds {what}; URLs stand in the logs of servers and proxies",
            "Leanplum sends no header, so the URL is the only place: use a secret for this "
            "endpoint alone, keep it out of logs, and change it now and then",
        )


def _about_duplicates(rule: _Rule) -> Iterator[_Texts]:
    recognised: tuple[str, ...] = ("Trigger time",)
    if rule.type is PostbackType.MESSAGE_EVENTS:
        recognised = ("Trigger time", "Message ID")
    if not any(rule.carries(name) for name in recognised):
        names = " nor ".join(f"{{{{{name}}}}}" for name in recognised)
        yield (
            "duplicates-look-alike",
            f"the URL has neither {names}: a retry cannot be told from a second event"
            if len(recognised) > 1
            else f"the URL lacks {names}: a retry cannot be told from a second event",
            "add {{Trigger time}}; together with the user and the event it names one event",
        )
    if not (rule.carries("User ID") or rule.carries("Device ID")):
        yield (
            "nobody-named",
            "the URL has neither {{User ID}} nor {{Device ID}}: it does not say whose event it is",
            "add {{User ID}}, and {{Device ID}} for users without one",
        )


def _about_values(rule: _Rule) -> Iterator[_Texts]:
    is_message = rule.type is PostbackType.MESSAGE_EVENTS
    empty = _ONLY_AB_TESTS if is_message else _ONLY_MESSAGES
    for name in empty:
        if rule.carries(name):
            yield _always_empty(name, f"{rule.type} have none")
    if not is_message:
        return
    channels = rule.channels
    if rule.carries("Template name") and Channel.IN_APP not in channels:
        yield _always_empty("Template name", "only in-app messages have one")
    if Channel.EMAIL in channels and not rule.carries("Parameters"):
        yield (
            "clicks-without-target",
            "the URL lacks {{Parameters}}: an email click arrives without its link",
            "add {{Parameters}} if that matters; it is a JSON document",
        )
    if not rule.carries("Message event"):
        yield (
            "events-look-alike",
            "the URL lacks {{Message event}}: a click cannot be told from a bounce",
            "add {{Message event}}; single events cannot be subscribed to",
        )
    if len(channels) > 1 and not rule.carries("Message channel"):
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


def _about_the_query(rule: _Rule) -> Iterator[_Texts]:
    url = rule.template.url
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
