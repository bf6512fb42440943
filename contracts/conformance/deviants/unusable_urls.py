"""Breaks which postbackUrls are refused because nothing can be sent to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import CHECK_BRACES, CHECK_LOCATION, COMPILED
from mockserver.core.errors import InvalidTemplate
from mockserver.core.template import PLACEHOLDERS, Template, _check_braces, _check_location

_SINGLE = re.compile(r"(?<!\{)\{(?!\{)[^{}]*\}(?!\})")
_HALF = re.compile(r"\{\{[^{}]*\}(?!\})")


def _refusing(is_refused: Callable[[str], bool]) -> Callable[[str], None]:
    def check(url: str) -> None:
        if is_refused(url):
            raise InvalidTemplate("postbackUrl has no usable host and port")
        _check_location(url)

    return check


def _looking_at(
    check: Callable[[str], None], become: Callable[[str], str]
) -> Callable[[str], None]:
    return lambda url: check(become(url))


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _shortened(url: str) -> str:
    host = _host_of(url)
    return url.replace(host, host[:200].rstrip(".")) if len(host) > 253 else url


def _first_name(name: str) -> str:
    return f"{{{{{name}}}}} is not written as documented; write {{{{{PLACEHOLDERS[0]}}}}}"


def _trimmed(url: str) -> str:
    return re.sub(r"\{\{ *([^{}]*?) *\}\}", r"{{\1}}", url)


def _deviant(name: str, change: str, place: str, check: Any) -> Deviant:
    # What is accepted here must not be remembered by the fake: it refuses it.
    return Deviant(name, "template", change, patches=((place, check), (COMPILED, Template)))


DEVIANTS: tuple[Deviant, ...] = (
    _deviant(
        "any-scheme-accepted",
        "The scheme ftp is accepted, too.",
        "mockserver.core.template._SCHEMES",
        ("http", "https", "ftp"),
    ),
    _deviant(
        "no-scheme-accepted",
        "A postbackUrl may begin with :// and no scheme.",
        CHECK_LOCATION,
        _looking_at(_check_location, lambda url: re.sub(r"^://", "http://", url)),
    ),
    _deviant(
        "port-0-accepted",
        "The port 0 is accepted.",
        CHECK_LOCATION,
        _looking_at(_check_location, lambda url: url.replace(":0/", ":1/")),
    ),
    _deviant(
        "port-65535-refused",
        "The last port there is is refused.",
        CHECK_LOCATION,
        _refusing(lambda url: ":65535/" in url),
    ),
    _deviant(
        "longest-host-refused",
        "A host of 253 characters is refused.",
        CHECK_LOCATION,
        _refusing(lambda url: len(_host_of(url)) == 253),
    ),
    _deviant(
        "longer-host-accepted",
        "A host of more than 253 characters is accepted.",
        CHECK_LOCATION,
        _looking_at(_check_location, _shortened),
    ),
    _deviant(
        "capital-scheme-refused",
        "A scheme in capitals is refused.",
        CHECK_LOCATION,
        _refusing(lambda url: url.startswith("HTTPS")),
    ),
    _deviant(
        "control-characters-accepted",
        "Control characters are accepted.",
        CHECK_LOCATION,
        _looking_at(_check_location, lambda url: re.sub(r"[\x00-\x1f\x7f]", "", url)),
    ),
    _deviant(
        "literal-addresses-refused",
        "A host that is an IPv6 address is refused.",
        CHECK_LOCATION,
        _refusing(lambda url: "://[" in url),
    ),
    Deviant(
        "nearest-name-is-the-first",
        "template",
        "Whatever name is misspelt, the first of the list is told.",
        patches=(("mockserver.core.template._about_name", _first_name), (COMPILED, Template)),
    ),
    _deviant(
        "single-braces-accepted",
        "Single braces are accepted and sent as they are.",
        CHECK_BRACES,
        _looking_at(_check_braces, lambda url: _SINGLE.sub("", url)),
    ),
    _deviant(
        "half-braces-accepted",
        "Two braces that are closed by one are accepted.",
        CHECK_BRACES,
        _looking_at(_check_braces, lambda url: _HALF.sub("", url)),
    ),
    _deviant(
        "blanks-in-braces-accepted",
        "Blanks around a name in braces are accepted.",
        CHECK_BRACES,
        _looking_at(_check_braces, _trimmed),
    ),
)
