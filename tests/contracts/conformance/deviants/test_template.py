"""What the deviants about templates do otherwise."""

from collections.abc import Callable

import pytest

from contracts.conformance.api import answer_of

from .acting import NOWHERE, Actor, Probe, compare, name_of, prove

_HAPPENED = "2025-12-31T23:59:59.123Z"
_HAPPENED_MS, _NOW_MS = "1767225599123", "1767225600000"


def _written(template: str, event: str = "push.open", **values: str) -> Callable[[Actor], str]:
    return lambda actor: actor.filled(template, event, **values)


def _written_or_refused(template: str) -> Callable[[Actor], str]:
    def look(actor: Actor) -> str:
        if not actor.try_add(actor.inbox() + template).accepted:
            return "refused"
        actor.fire(user_id="ada")
        return actor.requests()[0].target.partition("/inbox/in")[2]

    return look


def _accepted(url: str) -> Callable[[Actor], bool]:
    return lambda actor: actor.try_add(url).accepted


def _cut_off(actor: Actor) -> bool:
    query = (
        "action=addPostback&appId=shop&clientKey=export&apiVersion=1.0.6&type=messageEvents"
        f"&postbackUrl={NOWHERE}?a={{{{User%20ID}}}}&b={{{{Device%20ID}}}}"
    )
    return answer_of(actor.wire.send("GET", f"/api?{query}", {}, None)).accepted


_time = _written("?t={{Trigger time}}", triggered_at=_HAPPENED)
_device = _written("?d={{Device ID}}", device_id="")
_name = _written("?n={{Template name}}", "email.open")
_unknown = _written_or_refused("?u={{User ID}}&m={{Mail}}")

PROBES = (
    Probe("seconds-not-milliseconds", _time, f"?t={_HAPPENED_MS}", f"?t={_HAPPENED_MS[:-3]}"),
    Probe("now-not-trigger-time", _time, f"?t={_HAPPENED_MS}", f"?t={_NOW_MS}"),
    Probe("unknown-placeholder-kept", _unknown, "refused", "?u=ada&m=%7B%7BMail%7D%7D"),
    Probe("unknown-placeholder-emptied", _unknown, "refused", "?u=ada&m="),
    Probe("names-case-insensitive", _written_or_refused("?u={{user id}}"), "refused", "?u=ada"),
    Probe(
        "keys-lower-cased",
        _written("?UserId={{User ID}}&Source=Leanplum", user_id="Ada"),
        "?UserId=Ada&Source=Leanplum",
        "?userid=Ada&source=Leanplum",
    ),
    Probe(
        "placeholder-in-host-accepted",
        _accepted("https://{{User ID}}.example.invalid/in"),
        False,
        True,
    ),
    Probe(
        "path-not-rendered",
        _written("/{{User ID}}?u={{User ID}}", user_id="ada"),
        "/ada?u=ada",
        "/%7B%7BUser%20ID%7D%7D?u=ada",
    ),
    Probe("cut-url-accepted", _cut_off, False, True),
    Probe("encoded-braces-accepted", _accepted(f"{NOWHERE}?u=%7B%7BUser ID%7D%7D"), False, True),
    Probe("template-name-for-email", _name, "?n=", "?n=Newsletter"),
    Probe("missing-as-none", _device, "?d=", "?d=None"),
    Probe("missing-as-null", _device, "?d=", "?d=null"),
)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_it_differs_as_it_says(probe: Probe) -> None:
    prove(probe)


@pytest.mark.parametrize("name", ["unknown-placeholder-kept", "unknown-placeholder-emptied"])
@pytest.mark.parametrize("mistake", ["{{User ID}", "{User ID}", "{{Mail", "%7B%7BMail%7D%7D"])
def test_braces_without_partners_stay_refused(name: str, mistake: str) -> None:
    compare(Probe(name, _accepted(f"{NOWHERE}?u={mistake}"), False, False))


@pytest.mark.parametrize(
    "url",
    [
        "https://{{User ID}}/in",
        "https://example.invalid:{{User ID}}/in",
        "https://{{User ID}}:x@example.invalid/in",
    ],
)
def test_any_part_of_an_authority_may_be_a_value(url: str) -> None:
    compare(Probe("placeholder-in-host-accepted", _accepted(url), False, True))


@pytest.mark.parametrize("url", ["{{User ID}}", "{{User ID}}://example.invalid/in", "ftp://a/b"])
def test_a_scheme_stays_what_it_must_be(url: str) -> None:
    compare(Probe("placeholder-in-host-accepted", _accepted(url), False, False))


def test_a_path_is_left_alone_for_ab_tests_too() -> None:
    look = _written("/{{Device ID}}?u={{User ID}}", "ab-test.enter", user_id="ada", device_id="d")
    compare(Probe("path-not-rendered", look, "/d?u=ada", "/%7B%7BDevice%20ID%7D%7D?u=ada"))


def test_a_name_that_does_not_exist_is_refused_in_any_case() -> None:
    compare(Probe("names-case-insensitive", _written_or_refused("?{{mail}}"), "refused", "refused"))


@pytest.mark.parametrize("event", ["push.open", "in-app.banner.view"])
def test_only_emails_get_another_template_name(event: str) -> None:
    name = "Banner" if "banner" in event else ""
    look = _written("?n={{Template name}}", event)
    compare(Probe("template-name-for-email", look, f"?n={name}", f"?n={name}"))
