"""What the deviants about the text around values do otherwise."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .acting import NOWHERE, Actor, Probe, name_of, prove

_TWELVE = "?" + "&".join(f"k{number}=v" for number in range(12))


def _arrived(template: str) -> Callable[[Actor], str]:
    return lambda actor: actor.filled(template, user_id="ada")


def _listed(url: str) -> Callable[[Actor], str]:
    def look(actor: Actor) -> str:
        actor.add(url)
        return str(actor.call("listPostbacks").response["postbacks"][0]["postbackUrl"])

    return look


def _changed(name: str, template: str, becomes: str) -> Probe:
    filled = template.partition("#")[0].replace("{{User ID}}", "ada")
    return Probe(name, _arrived(template), filled, becomes)


PROBES = (
    _changed("keys-sorted", "?n=1&b=1&a={{User ID}}", "?n=1&a=ada&b=1"),
    _changed("repeated-key-last-only", "?a=1&b=2&a=3", "?b=2&a=3"),
    _changed("repeated-key-first-only", "?a=1&b=2&a=3", "?a=1&b=2"),
    _changed("empty-values-dropped", "?a=1&b=&c=3", "?a=1&c=3"),
    _changed("values-without-key-dropped", "?a=1&b&c=3", "?a=1&b=&c=3"),
    _changed("ninth-argument-dropped", _TWELVE, _TWELVE.replace("&k8=v", "")),
    _changed("brackets-in-keys-encoded", "?user[id]=1", "?user%5Bid%5D=1"),
    _changed("second-use-empty", "?a={{User ID}}&b={{User ID}}", "?a=ada&b="),
    Probe(
        "list-with-decoded-url", _listed(NOWHERE + "?a&b"), NOWHERE + "?a&b", NOWHERE + "?a&amp;b"
    ),
    Probe(
        "list-with-plain-braces",
        _listed(NOWHERE + "?a={{User ID}}"),
        NOWHERE + "?a={{User ID}}",
        NOWHERE + "?a=%7B%7BUser ID%7D%7D",
    ),
    _changed("path-lower-cased", "/A/b?C={{User ID}}", "/a/b?C=ada"),
    _changed("last-value-dropped", _TWELVE, _TWELVE.replace("&k10=v&k11=v", "")),
    _changed("literal-escapes-decoded", "?a=%2F%7E%20", "?a=/~%20"),
    _changed("literal-escapes-upper-case", "?a=%2f", "?a=%2F"),
    _changed("literal-plus-as-blank", "?a=1+2", "?a=1%202"),
    _changed("semicolon-as-ampersand", "?a=1;b=2", "?a=1&b=2"),
    _changed("double-slash-collapsed", "/a//b?c=1//2", "/a/b?c=1//2"),
    _changed("trailing-slash-dropped", "/a/?c=1", "/a?c=1"),
    _changed("fragment-into-query", "?a=1#top", "?a=1&top"),
    _changed("quotes-encoded", "?a='1'", "?a=%271%27"),
    _changed("escapes-encoded-again", "?a=%25", "?a=%2525"),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)
