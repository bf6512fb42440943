"""Checks and compiles a postbackUrl once, and renders it for every event.

Sources: names and the URL encoding of Parameters are documented; encoding once, the escaped
slash in JSON and `%2B` for `+` are observed; the exact set of characters left as they are,
the refusal of anything else in braces, and the places where a placeholder may stand are
assumed.
"""

from __future__ import annotations

import json
import re
from codecs import charmap_decode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlsplit

from mockserver.core.catalog import suggestion
from mockserver.core.errors import InvalidEvent, InvalidTemplate
from mockserver.core.instants import plain
from mockserver.core.json_values import is_text
from mockserver.core.limits import LONGEST_TEMPLATE, LONGEST_URL, SHORT, TooMuch
from mockserver.core.models import AbTestEvent, Event, MessageEvent, ParametersEncoding


class Template:
    """A compiled postbackUrl.

    Args:
        url: The template as registered, e.g. `https://example.com/in?user={{User ID}}`.

    Attributes:
        url: The template as registered.
        placeholders: The names in it, in order, repeated ones repeated.

    Raises:
        InvalidTemplate: The template has a mistake; the message names it.
    """

    __slots__ = ("_ab_test_fields", "_format", "_message_fields", "placeholders", "url")

    def __init__(self, url: str) -> None:
        _check_text(url)
        _check_braces(url)
        _check_location(url)
        pieces = _PLACEHOLDER.split(url)
        self.url = url
        self.placeholders: tuple[str, ...] = tuple(pieces[1::2])
        self._format = "%s".join(_literal(piece).replace("%", "%%") for piece in pieces[::2])
        self._message_fields = {
            encoding: tuple(_message_field(name, encoding) for name in self.placeholders)
            for encoding in _PARAMETERS_WRITERS
        }
        self._ab_test_fields = tuple(
            _AB_TEST_FIELDS.get(name, _no_value) for name in self.placeholders
        )

    def render(self, event: Event, parameters_encoding: ParametersEncoding = "once") -> str:
        """Return the URL for `event`, every value percent-encoded as UTF-8.

        A value that does not apply to the event renders as nothing.

        Raises:
            InvalidEvent: A value cannot be written, e.g. half of a surrogate pair.
        TooMuch: The URL is longer than any that is sent.
        """
        try:
            fields = self._ab_test_fields
            if isinstance(event, MessageEvent):
                fields = self._message_fields[parameters_encoding]
            values = [field(event) for field in fields]
            if len(values) > _FEW:
                self._check_length(len(self._format) + sum(len(str(value)) for value in values))
            url = self._format % tuple(values)
            if len(url) > SHORT:
                self._check_length(len(url))
            return url
        except (UnicodeEncodeError, ValueError, TypeError) as error:
            raise InvalidEvent(f"the event cannot be written into a URL: {error}") from error

    def pieces(
        self, event: Event, parameters_encoding: ParametersEncoding = "once"
    ) -> list[tuple[str, str | None]]:
        """Return the URL for `event` in parts, each with the name of the value that it is.

        Raises:
            InvalidEvent: A value cannot be written.
            TooMuch: The URL is longer than any that is sent.
        """
        self.render(event, parameters_encoding)
        fields = self._ab_test_fields
        if isinstance(event, MessageEvent):
            fields = self._message_fields[parameters_encoding]
        literals = [_literal(piece) for piece in _PLACEHOLDER.split(self.url)[::2]]
        found: list[tuple[str, str | None]] = [(literals[0], None)]
        for name, field, literal in zip(self.placeholders, fields, literals[1:], strict=True):
            found += [(str(field(event)), name), (literal, None)]
        return found

    @staticmethod
    def _check_length(length: int) -> None:
        if length > LONGEST_URL:
            raise TooMuch(
                f"the URL for this event would have {length} characters, {LONGEST_URL} are sent "
                "at most; make the values or the template shorter"
            )


#: So many values can be put into a URL before its length is looked at.
_FEW = 20


def encoded_separator(url: str) -> str | None:
    """Return in words which `?`, `&` or `=` before a value is encoded, and so separates nothing.

    Such a template was encoded once too often in a part: all that follows is one value, or a part
    of the path. None if there is none, or if it belongs to a URL that is itself a value.
    """
    for found in _ENCODED_SEPARATOR.finditer(url):
        before = url.partition("://")[2][: found.start() - url.index("://") - 3]
        if not _ANOTHER_URL.search(before):
            shown = found.group()[:60]
            return (
                f"postbackUrl has an encoded separator at {shown!r}, which separates nothing: "
                "write '?', '&' and '=' between names and values as they are, and encode the "
                "whole URL once when you send it"
            )
    return None


#: A name and its placeholder behind `%3F` or `%26`, or with `%3D` between.
_ENCODED_SEPARATOR = re.compile(
    r"(?:%(?:25)*(?:3f|26)[\w.\[\]-]+(?:=|%(?:25)*3d)|[?&][\w.\[\]-]+%(?:25)*3d)\{\{[^{}]*\}\}",
    re.IGNORECASE | re.ASCII,
)
_ANOTHER_URL = re.compile(r"(?::|%(?:25)*3a)(?:/|%(?:25)*2f){2}", re.IGNORECASE)


def percent_encode(text: str) -> str:
    """Return `text` as UTF-8, all but unreserved characters as `%XX`."""
    return charmap_decode(text.encode(), "strict", _ENCODED_BYTES)[0]


def write_parameters(parameters: Mapping[str, Any], encoding: ParametersEncoding = "once") -> str:
    r"""Return the JSON document that `{{Parameters}}` carries, percent-encoded.

    Compact, in the order given, non-ASCII as UTF-8, slashes escaped as `\/` (observed). With
    `twice`, every string value is percent-encoded before it goes into the document.

    Raises:
        TypeError: A value is no JSON value.
        ValueError: A number is not finite.
    """
    return _json_value(parameters, encoding)


def milliseconds(instant_at: datetime) -> int:
    """Return the milliseconds from 1970 to `instant_at`, rounded down."""
    return (instant_at - _EPOCH) // _MILLISECOND


_EPOCH = plain(datetime(1970, 1, 1, tzinfo=UTC))
_MILLISECOND = timedelta(milliseconds=1)
_UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
# One decode through this table is more than twice as fast as `urllib.parse.quote`.
_ENCODED_BYTES: Any = {
    byte: chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in range(256)
}
# What JSON escapes, escaped and percent-encoded in the same pass; the rest as above.
_ENCODED_JSON_BYTES: Any = {
    byte: "".join(_ENCODED_BYTES[escaped] for escaped in json.dumps(chr(byte))[1:-1].encode())
    if byte < 0x20 or byte in b'"\\'
    else _ENCODED_BYTES[byte]
    for byte in range(256)
} | {ord("/"): "%5C%2F"}
_is_unreserved = re.compile(r"[A-Za-z0-9._~-]*").fullmatch
#: Longer texts are not remembered: a few would take more memory than all others.
_KEPT = 256
# Few values, repeated in every URL: remembering them is cheaper than encoding them.
_remembered = lru_cache(maxsize=4096)(percent_encode)


def _percent_encode_repeated(text: str) -> str:
    return _remembered(text) if len(text) <= _KEPT else percent_encode(text)


def _message_id(event: MessageEvent) -> str:
    return _percent_encode_repeated(event.message_id)


def _message_event(event: MessageEvent) -> str:
    # One of the catalog's words, as the channel is.
    return _remembered(event.event)


def _message_channel(event: MessageEvent) -> str:
    return _remembered(event.channel)


def _template_name(event: MessageEvent) -> str:
    return _percent_encode_repeated(event.template_name)


def _parameters_once(event: MessageEvent) -> str:
    return _json_value(event.parameters, "once") if event.parameters else "%7B%7D"


def _parameters_twice(event: MessageEvent) -> str:
    return _json_value(event.parameters, "twice")


def _json_value(value: Any, encoding: ParametersEncoding) -> str:
    if isinstance(value, str):
        if encoding == "twice":
            value = percent_encode(value)
        return f"%22{charmap_decode(value.encode(), 'strict', _ENCODED_JSON_BYTES)[0]}%22"
    if type(value) is int:
        return str(value)
    if isinstance(value, dict | Mapping):
        members = [
            (_remembered_key(key) if type(key) is str and len(key) <= _KEPT else _json_key(key))
            + _json_value(item, encoding)
            for key, item in value.items()
        ]
        return f"%7B{'%2C'.join(members)}%7D"
    if isinstance(value, list | tuple):
        return f"%5B{'%2C'.join([_json_value(item, encoding) for item in value])}%5D"
    return percent_encode(json.dumps(value, allow_nan=False))


def _json_key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"keys of Parameters must be text, got {key!r}")
    return _written_key(key)


def _written_key(key: str) -> str:
    return f"{_json_value(key, 'once')}%3A"


_remembered_key = lru_cache(maxsize=4096)(_written_key)


def _user_id(event: Event) -> str:
    return percent_encode(event.user_id)


def _device_id(event: Event) -> str:
    device_id = event.device_id
    return device_id if _is_unreserved(device_id) else percent_encode(device_id)


def _trigger_time(event: Event) -> int:
    return (event.triggered_at - _EPOCH) // _MILLISECOND


def _ab_test_id(event: AbTestEvent) -> str:
    return _percent_encode_repeated(event.ab_test_id)


def _variant_id(event: AbTestEvent) -> str:
    return _percent_encode_repeated(event.variant_id)


def _no_value(event: Event) -> str:
    return ""


_Field = Callable[[Any], str | int]

_COMMON_FIELDS: dict[str, _Field] = {
    "User ID": _user_id,
    "Device ID": _device_id,
    "Trigger time": _trigger_time,
}
_MESSAGE_FIELDS: dict[str, _Field] = {
    **_COMMON_FIELDS,
    "Message ID": _message_id,
    "Message event": _message_event,
    "Message channel": _message_channel,
    "Template name": _template_name,
}
_AB_TEST_FIELDS: dict[str, _Field] = {
    **_COMMON_FIELDS,
    "AB test ID": _ab_test_id,
    "Variant ID": _variant_id,
}
_PARAMETERS_WRITERS: Mapping[ParametersEncoding, _Field] = MappingProxyType(
    {"once": _parameters_once, "twice": _parameters_twice}
)

#: Every name that may stand in double braces, in the order of the documentation.
PLACEHOLDERS: tuple[str, ...] = (*_MESSAGE_FIELDS, "Parameters", "AB test ID", "Variant ID")


def _message_field(name: str, encoding: ParametersEncoding) -> _Field:
    if name == "Parameters":
        return _PARAMETERS_WRITERS[encoding]
    return _MESSAGE_FIELDS.get(name, _no_value)


def _check_text(url: str) -> None:
    if len(url) > LONGEST_TEMPLATE:
        raise TooMuch(f"postbackUrl has {len(url)} characters, {LONGEST_TEMPLATE} are kept at most")
    if not is_text(url):
        raise InvalidTemplate(
            f"postbackUrl holds half of a surrogate pair, which no URL can carry: {url[:100]!r}"
        )


_PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
_ENCODED_BRACES = re.compile(r"%(?:25)*7b%(?:25)*7b", re.IGNORECASE)


def _check_braces(url: str) -> None:
    if _ENCODED_BRACES.search(url):
        raise InvalidTemplate(
            "postbackUrl still holds encoded braces (%7B%7B) after it was decoded: it was "
            "encoded once too often; encode it once in a query string or form, and not at "
            "all in a JSON body"
        )
    for name in _PLACEHOLDER.findall(url):
        if name not in PLACEHOLDERS:
            raise InvalidTemplate(_about_name(name))
    rest = _PLACEHOLDER.sub("", url)
    if "{{" in rest or "}}" in rest:
        raise InvalidTemplate(
            "postbackUrl has double braces without their partner; write placeholders as "
            "{{User ID}}, with two braces on each side"
        )
    single = re.search(r"\{([^{}]*)\}?|\}", rest)
    if single:
        raise InvalidTemplate(
            f"postbackUrl has single braces at {single.group()!r}; write placeholders with "
            "two braces on each side, like {{User ID}}, and a literal brace as %7B or %7D"
        )


def _about_name(name: str) -> str:
    allowed = ", ".join(f"{{{{{known}}}}}" for known in PLACEHOLDERS)
    decoded = re.sub(r"[+_]|%(?:25)*20", " ", name).strip()
    for known in PLACEHOLDERS:
        if name.strip() == known:
            return f"{{{{{name}}}}} has spaces inside the braces; write {{{{{known}}}}}"
        if name.strip().lower() == known.lower():
            return f"{{{{{name}}}}} has the wrong case; names are exact, write {{{{{known}}}}}"
        if decoded.lower() == known.lower():
            return f"{{{{{name}}}}} is not written as documented; write {{{{{known}}}}}"
    near = suggestion(name, PLACEHOLDERS)
    return f"unknown value {{{{{name}}}}} in postbackUrl{near}; allowed: {allowed}"


def _check_location(url: str) -> None:
    if re.search(r"[\x00-\x1f\x7f]", url):
        raise InvalidTemplate(
            "postbackUrl holds a line break, tab or other control character; remove it"
        )
    scheme, separator, rest = url.partition("://")
    # A placeholder in the scheme has a message of its own, below.
    if not separator or _PLACEHOLDER.sub("http", scheme).lower() not in _SCHEMES:
        raise InvalidTemplate(
            f"postbackUrl must be absolute and start with https:// or http://, got {url[:60]!r}"
        )
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    if _PLACEHOLDER.search(scheme) or _PLACEHOLDER.search(authority):
        raise InvalidTemplate(
            "postbackUrl has a placeholder in its scheme, host, port or user info; placeholders "
            "may stand in the path, the query and the fragment only"
        )
    _check_authority(url, authority)


_SCHEMES = ("http", "https")


def _check_authority(url: str, authority: str) -> None:
    try:
        parts = urlsplit(f"http://{authority}/")
        host, port = parts.hostname, parts.port
        if not host or len(host) > 253 or port == 0 or re.search(r"[\s<>\"^`|]", authority):
            raise ValueError("no host")
        host.encode("idna" if not host.isascii() else "ascii")
    except (ValueError, UnicodeError):
        raise InvalidTemplate(
            f"postbackUrl has no usable host and port in {url[:60]!r}; expected something like "
            "https://example.com/path or http://127.0.0.1:8781/inbox/name"
        ) from None


def _literal(text: str) -> str:
    # What no URL may hold is encoded, everything that has a meaning in one is left alone.
    return quote(text, safe="%:/?#[]@!$&'()*+,;=-._~")
