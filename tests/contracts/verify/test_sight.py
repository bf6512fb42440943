"""What a probe shows, learned from what it has answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from contracts.verify.postbacks import Composer, Subscription
from contracts.verify.sight import ProbeSight
from contracts.verify.stored import Line, Stored, differences
from mockserver.core.catalog import event_kind
from mockserver.core.template import Template

URL = "http://partner.test/in/{{Device ID}}?u={{User ID}}&m={{Message ID}}&t={{Template name}}"
PREFIX = "postbacks-verify-run"


def test_it_is_seen_by_a_number_that_moves_or_by_an_id() -> None:
    sight = ProbeSight()
    sight.look(Stored(3), PREFIX)
    assert not sight.has_seen
    sight.look(Stored(4), PREFIX)
    assert sight.has_seen
    other = ProbeSight()
    other.look(Stored(1, (Line(f"{PREFIX}-1"),)), PREFIX)
    assert (other.has_seen, other.shown) == (True, {""})


def test_forms_of_keys_are_learned_also_in_another_case() -> None:
    sight = ProbeSight()
    entry = {"d": f"{PREFIX}-1-DEVICE".upper(), "p": {"url": f"https://a.example/{PREFIX}-1-link"}}
    sight.look(Stored(1, (entry,)), PREFIX)
    assert sight.shown == {"-device", "-link"}
    assert sight.keys_in(f"x{PREFIX.upper()}-17 {PREFIX}-3-device") == [
        f"{PREFIX}-17",
        f"{PREFIX}-3",
    ]


def test_other_names_of_an_entry_are_learned_from_its_values() -> None:
    composer = Composer(Subscription(Template(URL)), "run")
    plain, odd = composer.make(), composer.make(suffix="Ä")
    sight = ProbeSight()
    stored = {"uid": plain.event.user_id, "device": plain.event.device_id, "t": ""}
    sight.learn(odd, {"wrong": odd.event.user_id})
    sight.learn(plain, stored)
    assert sight.aliases == {"u": "uid", "{{Device ID}}": "device"}
    changed = {"uid": odd.event.user_id.lower(), "device": odd.event.device_id.upper()}
    names = [name for name, _, _ in differences(odd, changed, aliases=sight.aliases)]
    assert names == ["u", "{{Device ID}}"]


def test_an_ambiguous_name_is_not_learned() -> None:
    composer = Composer(Subscription(Template(URL)), "run")
    plain = composer.make()
    sight = ProbeSight()
    sight.learn(plain, {"a": plain.event.user_id, "b": plain.event.user_id})
    sight.learn(plain, Line(plain.event.user_id))
    assert sight.aliases == {}


WORDED = (
    "http://partner.test/in?u={{User ID}}&d={{Device ID}}&e={{Message event}}&a={{Trigger time}}"
)


def _worded() -> tuple[Composer, ProbeSight]:
    subscription = Subscription(Template(WORDED))
    return Composer(subscription, "run"), ProbeSight(subscription.names_of("Message event"))


def test_a_key_ends_where_its_number_ends() -> None:
    sight = ProbeSight()
    sight.look(Stored(1, (Line(f"{PREFIX}-12-device00420815"),)), PREFIX)
    assert (sight.shown, sight.keys_in(f"{PREFIX}-12-device7")) == ({"-device"}, [f"{PREFIX}-12"])


def test_a_word_of_its_own_stands_for_one_value() -> None:
    composer, sight = _worded()
    click = composer.make(event_kind("email.click"))
    opened = composer.make(event_kind("email.open"))
    sight.learn(click, click.values | {"e": "clicked"})
    assert sight.differences(click, click.values | {"e": "clicked"}) == []
    assert sight.differences(opened, opened.values | {"e": "seen"}) == []
    assert sight.guesses(opened, opened.values | {"e": "seen"}) == 1
    (clash,) = sight.differences(opened, opened.values | {"e": "clicked"})
    assert sight.described(clash) == (
        "a word of its own for 'Open'",
        "'clicked', which stands for 'Click' as well",
        "what was 'e' cannot be told any more",
    )


def test_a_word_that_was_stored_as_it_was_sent_stands_for_nothing_else() -> None:
    composer, sight = _worded()
    click = composer.make(event_kind("email.click"))
    opened = composer.make(event_kind("email.open"))
    sight.learn(opened, dict(opened.values))
    assert sight.differences(click, click.values | {"e": "Open"}) == [("e", "Click", "Open")]


@pytest.mark.parametrize("nothing", ["", " ", None])
def test_no_word_at_all_is_none_of_its_own(nothing: str | None) -> None:
    composer, sight = _worded()
    postback = composer.make()
    assert sight.differences(postback, postback.values | {"e": nothing})


@pytest.mark.parametrize(
    ("show", "told"),
    [
        (lambda values: dict(values), "udea"),
        (lambda values: {"u": values["u"], "e": "clicked"}, "ue"),
        (lambda values: {"who": values["u"], "raw": {"at": [values["a"]]}}, "ua"),
        (lambda values: Line(values["u"]), "u"),
        (lambda values: Line(values["d"]), "d"),
        (lambda values: f"{values['u']}|{values['d']}", "ud"),
        (lambda values: f"{values['u']}/{values['a']}", "ua"),
        (lambda values: {"u": values["u"], "when": int(values["a"])}, "ua"),
    ],
)
def test_what_is_told_is_learned_from_an_ordinary_postback(
    show: Callable[[Mapping[str, str]], object], told: str
) -> None:
    composer, sight = _worded()
    assert all(sight.tells({name}) for name in "udea")
    postback = composer.make()
    sight.learn(postback, show(postback.values))
    assert {name for name in "udea" if sight.tells({name})} == set(told)


def test_an_id_with_a_line_break_is_found_on_the_line_with_its_key() -> None:
    composer, sight = _worded()
    key = composer.next_key
    odd = composer.make(user_id=f"tab\tand\r\nnew\x1b\x7f{key}")
    assert sight.differences(odd, Line(f"new\x1b\x7f{key}")) == []
    assert sight.differences(odd, Line(f"new{key}"))
    alone = composer.make(user_id="a\nb")
    assert sight.differences(alone, Line(f"b|{alone.key}-device")) == []
