"""What a probe shows, learned from what it has answered."""

from __future__ import annotations

from contracts.verify.postbacks import Composer, Subscription
from contracts.verify.sight import ProbeSight
from contracts.verify.stored import Line, Stored, differences
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
