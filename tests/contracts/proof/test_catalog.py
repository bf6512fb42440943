"""All deviants together: names, proofs, and what every one of them must still do."""

from collections import Counter
from pkgutil import resolve_name

import pytest

from contracts.conformance.deviants.deviant_server import Deviant, DeviantServer
from contracts.proof.catalog import (
    UnknownDeviant,
    all_deviants,
    fake_deviants,
    find_deviant,
    find_fake,
)
from tests.contracts.conformance.deviants import (
    test_answer_parts,
    test_answers,
    test_api,
    test_arguments,
    test_channel_sets,
    test_channels,
    test_comes_and_goes,
    test_delivery,
    test_encoding,
    test_event_values,
    test_events,
    test_every_request,
    test_histories,
    test_kept,
    test_parameters,
    test_parameters_twice,
    test_restart,
    test_restart_rules,
    test_retry,
    test_rules,
    test_rules_alike,
    test_same_request,
    test_statuses,
    test_template,
    test_template_text,
    test_unusable_urls,
    test_wrong_calls,
)
from tests.contracts.conformance.deviants.acting import Actor

AREAS = {
    "api",
    "channels",
    "deliver",
    "events",
    "parameters",
    "retry",
    "rules",
    "template",
}
PROVED = [
    probe.name
    for module in (
        test_answer_parts,
        test_answers,
        test_api,
        test_arguments,
        test_channel_sets,
        test_channels,
        test_comes_and_goes,
        test_delivery,
        test_encoding,
        test_event_values,
        test_events,
        test_every_request,
        test_histories,
        test_kept,
        test_parameters,
        test_parameters_twice,
        test_restart,
        test_restart_rules,
        test_retry,
        test_rules,
        test_rules_alike,
        test_same_request,
        test_statuses,
        test_template,
        test_template_text,
        test_unusable_urls,
        test_wrong_calls,
    )
    for probe in module.PROBES
]
EVERY = pytest.mark.parametrize("deviant", fake_deviants(), ids=lambda deviant: deviant.name)


def test_names_are_unique_and_every_deviant_is_proved_once() -> None:
    assert Counter(PROVED) == Counter(deviant.name for deviant in fake_deviants())
    assert max(Counter(PROVED).values()) == 1


def test_a_deviant_is_found_by_its_name() -> None:
    assert find_deviant("cap-of-two").change == "An app may have two rules only."


def test_a_name_that_is_nearly_right_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownDeviant, match=r"'cap-of-too'.*did you mean 'cap-of-two'"):
        find_deviant("cap-of-too")


def test_a_broken_endpoint_is_a_deviant_and_no_fake() -> None:
    assert find_deviant("counts-duplicates") in all_deviants()
    assert find_fake("cap-of-two") is find_deviant("cap-of-two")
    with pytest.raises(UnknownDeviant, match="'counts-duplicates' is a broken endpoint"):
        find_fake("counts-duplicates")


def test_the_faithful_world_is_no_deviant() -> None:
    with pytest.raises(UnknownDeviant):
        find_deviant("faithful")


@EVERY
def test_it_is_described(deviant: Deviant) -> None:
    assert deviant.area in AREAS
    assert deviant.change.endswith(".")
    assert deviant.name == deviant.name.lower()
    assert len(deviant.change) <= 100


@EVERY
def test_it_lives(deviant: Deviant) -> None:
    names = [name for name, _ in deviant.patches]
    before = [resolve_name(name) for name in names]
    with DeviantServer(deviant) as fake:
        changed = [resolve_name(name) for name in names]
        actor = Actor(fake)
        assert actor.control.health().status == "ok"
        actor.try_add(actor.inbox("503"))
        actor.fire()
        actor.control.reset()
        assert actor.control.deliveries().deliveries == []
        fake.restart()
        assert actor.control.health().app_ids == ["YOUR_APP_ID", "shop"]
        actor.advance("100h")
        assert actor.fire() == []
    after = [resolve_name(name) for name in names]
    assert all(new is not old for new, old in zip(changed, before, strict=True))
    assert all(new is old for new, old in zip(after, before, strict=True))
