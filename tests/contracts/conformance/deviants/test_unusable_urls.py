"""What the deviants about unusable postbackUrls do otherwise."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .acting import NOWHERE, Actor, Probe, compare, name_of, prove

_HOST = ".".join(["a" * 49] * 5)


def _accepted(url: str) -> Callable[[Actor], bool]:
    return lambda actor: actor.try_add(url).accepted


def _told(written: str) -> Callable[[Actor], str]:
    return lambda actor: actor.try_add(f"{NOWHERE}?a={written}").error.rpartition("{{")[2][:-2]


PROBES = (
    Probe("any-scheme-accepted", _accepted("ftp://example.invalid/in"), False, True),
    Probe("no-scheme-accepted", _accepted("://example.invalid/in"), False, True),
    Probe("port-0-accepted", _accepted("https://example.invalid:0/in"), False, True),
    Probe("port-65535-refused", _accepted("https://example.invalid:65535/in"), True, False),
    Probe("longest-host-refused", _accepted(f"https://{_HOST}.aaa/in"), True, False),
    Probe("longer-host-accepted", _accepted(f"https://{_HOST}.aaaa/in"), False, True),
    Probe("capital-scheme-refused", _accepted("HTTPS://example.invalid/in"), True, False),
    Probe("control-characters-accepted", _accepted(f"{NOWHERE}?a=\tb"), False, True),
    Probe("literal-addresses-refused", _accepted("https://[::1]/in"), True, False),
    Probe("nearest-name-is-the-first", _told("{{device id}}"), "Device ID", "User ID"),
    Probe("single-braces-accepted", _accepted(f"{NOWHERE}?a={{User ID}}"), False, True),
    Probe("half-braces-accepted", _accepted(f"{NOWHERE}?a={{{{User ID}}"), False, True),
    Probe("blanks-in-braces-accepted", _accepted(f"{NOWHERE}?a={{{{ User ID }}}}"), False, True),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
@pytest.mark.parametrize("url", [NOWHERE, f"{NOWHERE}?user={{{{User ID}}}}", "http://a:8080/in"])
def test_what_is_usual_is_accepted(probe: Probe, url: str) -> None:
    compare(Probe(probe.name, _accepted(url), True, True))


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
@pytest.mark.parametrize("url", ["in", "mailto:a@example.invalid", "https:///in", "https://a/{"])
def test_what_is_nonsense_stays_refused(probe: Probe, url: str) -> None:
    compare(Probe(probe.name, _accepted(url), False, False))
