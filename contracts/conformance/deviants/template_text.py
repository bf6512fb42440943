"""Breaks what stands around the values of a template.

Each is a change of the text that is filled, whatever is registered and listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from flask import Response

from contracts.conformance.deviants.deviant_server import Deviant
from contracts.conformance.deviants.patch_points import COMPILED, ENVELOPE
from mockserver.core.template import Template
from mockserver.web.leanplum_calls import envelope


def rewritten(name: str, change: str, rewrite: Callable[[str], str]) -> Deviant:
    """Return a fake that fills another text than was registered."""

    def compiled(url: str) -> Template:
        Template(url)
        return Template(rewrite(url))

    return Deviant(name, "template", change, patches=((COMPILED, compiled),))


def query_rewritten(name: str, change: str, rewrite: Callable[[list[str]], list[str]]) -> Deviant:
    """Return a fake that fills other arguments; those before the second one stay."""

    def changed(url: str) -> str:
        before, mark, query = url.partition("?")
        query, hash_, fragment = query.partition("#")
        return before + mark + "&".join(rewrite(query.split("&"))) + hash_ + fragment

    return rewritten(name, change, changed)


def argument_dropped(name: str, change: str, place: int) -> Deviant:
    """Return a fake that drops the argument at this place, counted from 0."""
    return query_rewritten(name, change, lambda parts: [*parts[:place], *parts[place + 1 :]])


def literal_changed(name: str, change: str, before: str, after: str) -> Deviant:
    """Return a fake that writes something else for a part of what stands around values."""
    return rewritten(name, change, _outside_braces(lambda text: text.replace(before, after)))


def _outside_braces(change: Callable[[str], str]) -> Callable[[str], str]:
    """Return a change of what stands outside of braces, behind the host."""

    def changed(url: str) -> str:
        start = url.index("/", url.index("://") + 3) if "/" in url.partition("://")[2] else len(url)
        pieces = re.split(r"(\{\{[^{}]*\}\})", url[start:])
        return url[:start] + "".join(
            piece if piece.startswith("{{") else change(piece) for piece in pieces
        )

    return changed


def _key(part: str) -> str:
    return part.partition("=")[0]


def _last_only(parts: list[str]) -> list[str]:
    last = {_key(part): place for place, part in enumerate(parts)}
    return [part for place, part in enumerate(parts) if last[_key(part)] == place]


def _first_only(parts: list[str]) -> list[str]:
    return list(reversed(_last_only(list(reversed(parts)))))


def _second_use_empty(url: str) -> str:
    seen: set[str] = set()

    def once(found: re.Match[str]) -> str:
        is_new = found[0] not in seen
        seen.add(found[0])
        return found[0] if is_new else ""

    return re.sub(r"\{\{[^{}]*\}\}", once, url)


def _collapsed(url: str) -> str:
    scheme, _, rest = url.partition("://")
    path, mark, query = rest.partition("?")
    return f"{scheme}://{re.sub('//+', '/', path)}{mark}{query}"


def _without_trailing_slash(url: str) -> str:
    path, mark, query = url.partition("?")
    return path.rstrip("/") + mark + query


def _path_lower_case(url: str) -> str:
    path, mark, query = url.partition("?")
    return _outside_braces(str.lower)(path) + mark + query


def _fragment_into_query(url: str) -> str:
    return url.replace("#", "&")


def _upper_escapes(text: str) -> str:
    return re.sub("%[0-9a-fA-F]{2}", lambda found: found[0].upper(), text)


def _unreserved_decoded(text: str) -> str:
    return re.sub("%(?:7E|2F|3D)", lambda found: unquote(found[0]), text)


def _with_urls(change: Callable[[str], str]) -> Callable[..., Response]:
    def answer(answer: dict[str, Any], status: int = 200) -> Response:
        if "postbacks" in answer:
            rules = [
                rule | {"postbackUrl": change(rule["postbackUrl"])} for rule in answer["postbacks"]
            ]
            answer = answer | {"postbacks": rules}
        return envelope(answer, status)

    return answer


def _listing(name: str, change: str, shown: Callable[[str], str]) -> Deviant:
    return Deviant(name, "template", change, patches=((ENVELOPE, _with_urls(shown)),))


DEVIANTS: tuple[Deviant, ...] = (
    query_rewritten(
        "keys-sorted",
        "Arguments are sorted by their keys.",
        lambda parts: [*parts[:1], *sorted(parts[1:], key=_key)],
    ),
    query_rewritten("repeated-key-last-only", "Of a repeated key the last is sent.", _last_only),
    query_rewritten("repeated-key-first-only", "Of a repeated key the first is sent.", _first_only),
    query_rewritten(
        "empty-values-dropped",
        "Keys with an empty value are not sent.",
        lambda parts: [part for part in parts if not part.endswith("=")],
    ),
    query_rewritten(
        "values-without-key-dropped",
        "A key without = is sent with one.",
        lambda parts: [part if "=" in part else f"{part}=" for part in parts],
    ),
    argument_dropped("ninth-argument-dropped", "The ninth argument is not sent.", 8),
    rewritten(
        "brackets-in-keys-encoded",
        "Square brackets are percent-encoded.",
        _outside_braces(lambda text: text.replace("[", "%5B").replace("]", "%5D")),
    ),
    rewritten("second-use-empty", "A value that is used twice is filled once.", _second_use_empty),
    _listing(
        "list-with-decoded-url",
        "The list shows a template with its & written out.",
        lambda url: url.replace("&", "&amp;"),
    ),
    _listing(
        "list-with-plain-braces",
        "The list shows braces percent-encoded.",
        lambda url: url.replace("{", "%7B").replace("}", "%7D"),
    ),
    rewritten("path-lower-cased", "The path is sent in lower case.", _path_lower_case),
    query_rewritten(
        "last-value-dropped",
        "An argument behind the tenth is not sent.",
        lambda parts: parts[:10],
    ),
    rewritten(
        "literal-escapes-decoded",
        "%7E, %2F and %3D in a template are decoded.",
        _outside_braces(_unreserved_decoded),
    ),
    rewritten(
        "literal-escapes-upper-case",
        "Escapes in a template are written in upper case.",
        _outside_braces(_upper_escapes),
    ),
    rewritten(
        "literal-plus-as-blank",
        "A plus in a template is sent as %20.",
        _outside_braces(lambda text: text.replace("+", "%20")),
    ),
    rewritten(
        "semicolon-as-ampersand",
        "A semicolon in a template is sent as &.",
        _outside_braces(lambda text: text.replace(";", "&")),
    ),
    rewritten("double-slash-collapsed", "Two slashes in a path become one.", _collapsed),
    rewritten(
        "trailing-slash-dropped",
        "A slash at the end of a path is dropped.",
        _without_trailing_slash,
    ),
    rewritten("fragment-into-query", "A fragment is sent with the query.", _fragment_into_query),
    rewritten(
        "quotes-encoded",
        "Single quotes in a template are percent-encoded.",
        _outside_braces(lambda text: text.replace("'", "%27")),
    ),
    rewritten(
        "escapes-encoded-again",
        "%25 in a template is sent as %2525.",
        _outside_braces(lambda text: text.replace("%25", "%2525")),
    ),
)
