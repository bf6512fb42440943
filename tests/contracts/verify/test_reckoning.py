"""All that was sent, compared with all that is stored."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.verify.postbacks import Composer, Postback, Subscription
from contracts.verify.reckoning import by_case, count_fault, faults
from contracts.verify.sent import SentPostback, SentPostbacks
from contracts.verify.sight import ProbeSight
from contracts.verify.stored import Line, Stored
from mockserver.core.catalog import event_kind
from mockserver.core.template import Template

URL = "http://partner.test/in?u={{User ID}}&d={{Device ID}}&e={{Message event}}&at={{Trigger time}}"
SUBSCRIPTION = Subscription(Template(URL))


@pytest.fixture
def composer() -> Composer:
    return Composer(SUBSCRIPTION, "run")


def sent(*postbacks: Postback, accepted: bool = True, case_id: str = "PB-A") -> list[SentPostback]:
    return [SentPostback(each, case_id, is_accepted=accepted) for each in postbacks]


def found(of: list[SentPostback], *entries: Any) -> list[str]:
    sight, stored = ProbeSight(), Stored(len(entries), entries)
    sight.look(stored, "postbacks-verify-run")
    return [f"{each.why}: {each.actual}" for each in faults(of, stored, SUBSCRIPTION, sight)]


def test_what_is_stored_once_and_unchanged_is_right(composer: Composer) -> None:
    one, other = composer.make(), composer.make()
    assert found(sent(one, other), dict(other.values), dict(one.values)) == []


def test_what_was_answered_2xx_and_is_not_stored_is_lost(composer: Composer) -> None:
    one, other = composer.make(), composer.make()
    assert found(sent(one, other), dict(one.values)) == ["the event is lost: not stored"]
    assert found(sent(one)) == ["the event is lost: not stored"]


def test_an_event_without_a_user_may_be_left_out_but_not_changed(composer: Composer) -> None:
    nobody = composer.make(user_id="")
    assert found(sent(nobody)) == []
    assert found(sent(nobody), dict(nobody.values)) == []
    assert len(found(sent(nobody), {**nobody.values, "e": "click"})) == 1
    assert found(sent(composer.make(device_id=""))) == ["the event is lost: not stored"]


def test_what_was_answered_otherwise_may_be_stored_once(composer: Composer) -> None:
    one = composer.make()
    assert found(sent(one, accepted=False)) == []
    assert found(sent(one, accepted=False), dict(one.values)) == []
    assert len(found(sent(one, accepted=False), dict(one.values), dict(one.values))) == 1


def test_an_event_that_is_not_kept_may_be_left_out_but_not_changed(composer: Composer) -> None:
    bounce = composer.make(event_kind("email.bounce"))
    assert found(sent(bounce)) == []
    assert found(sent(bounce), dict(bounce.values)) == []
    assert len(found(sent(bounce), {**bounce.values, "e": "bounce"})) == 1


def test_a_changed_value_is_shown_with_what_was_sent(composer: Composer) -> None:
    one = composer.make()
    assert found(sent(one), {**one.values, "at": "0"}) == [
        '\'at\' is not stored as it was sent: {"at": "0"}'
    ]


def test_postbacks_with_the_same_ids_are_told_apart_by_the_rest(composer: Composer) -> None:
    one = composer.make()
    ids = {"user_id": one.event.user_id, "device_id": one.event.device_id}
    other = composer.make(**ids)
    assert one.key == other.key
    assert found(sent(one, other), dict(other.values), dict(one.values)) == []
    assert found(sent(one, other), dict(other.values)) == ["the event is lost: not stored"]
    assert found(sent(one, other), dict(one.values), dict(one.values)) == [
        "'at' is not stored as it was sent: " + '{"at": "' + one.values["at"] + '"}'
    ]


def test_an_entry_that_nobody_sent_twice_counts_once_more(composer: Composer) -> None:
    one = composer.make()
    assert found(sent(one), dict(one.values), dict(one.values)) == [
        "the event counts more than once: stored once more"
    ]


def test_a_key_in_capitals_is_a_changed_id_and_not_a_lost_one(composer: Composer) -> None:
    one = composer.make()
    assert (
        "is not stored as it was sent"
        in found(sent(one), {**one.values, "u": one.event.user_id.upper()})[0]
    )


def test_lines_show_the_id_and_nothing_else(composer: Composer) -> None:
    one, other = composer.make(suffix=" Ä"), composer.make(suffix=" b")
    assert found(sent(one, other), Line(one.event.user_id), Line(other.event.user_id)) == []
    assert len(found(sent(one), Line(one.event.user_id.lower()))) == 1


def test_what_a_probe_of_user_ids_cannot_show_is_not_missed(composer: Composer) -> None:
    plain, hidden = composer.make(), composer.make(user_id="007")
    assert found(sent(plain, hidden), Line(plain.event.user_id)) == []
    assert len(found(sent(plain, hidden), dict(plain.values))) == 1


def test_the_smallest_comes_first_and_the_cases_are_counted(composer: Composer) -> None:
    long, short = composer.make(suffix="x" * 90), composer.make()
    both = [*sent(long, case_id="PB-L"), *sent(short, case_id="PB-S")]
    lost = faults(both, Stored(0, ()), SUBSCRIPTION, looking())
    assert [each.sent.case_id for each in lost] == ["PB-S", "PB-L"]
    assert by_case(lost) == "PB-S 1, PB-L 1"


def looking() -> ProbeSight:
    sight = ProbeSight()
    sight.look(Stored(0, ()), "postbacks-verify-run")
    return sight


@pytest.mark.parametrize(("counted", "is_right"), [(0, False), (1, True), (2, True), (3, False)])
def test_a_number_must_lie_between_what_must_and_what_may_be_stored(
    composer: Composer, counted: int, is_right: bool
) -> None:
    of = [*sent(composer.make()), *sent(composer.make(event_kind("email.open")))]
    assert (count_fault(of, Stored(7 + counted), 7, SUBSCRIPTION) is None) is is_right


def test_what_was_sent_is_remembered_once_with_the_best_answer(composer: Composer) -> None:
    memory, one = SentPostbacks(), composer.make()
    memory.note(one, "PB-A", None, is_accepted=False, may_be_stored=False)
    assert [each.may_be_stored for each in memory.all()] == [False]
    memory.note(one, "PB-B", None, is_accepted=True)
    memory.note(one, "PB-C", None, is_accepted=False)
    (known,) = memory.all()
    assert (len(memory), known.case_id, known.is_accepted, known.may_be_stored) == (
        1,
        "PB-A",
        True,
        True,
    )
    assert memory.was_accepted(one)
    assert not memory.was_accepted(composer.make())
    assert memory.of([one, composer.make()]) == [known]
