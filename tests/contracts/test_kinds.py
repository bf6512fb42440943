"""Kinds and fields of events are chosen by their names, and what is not known is refused."""

from __future__ import annotations

import pytest

from contracts import strategies
from contracts.kinds import chosen_fields, chosen_kinds
from mockserver.core.catalog import Channel, event_kinds
from mockserver.core.errors import InvalidEvent, InvalidValue

KINDS = event_kinds()


def test_channels_and_names_narrow_each_other_down() -> None:
    emails = chosen_kinds(["Email"], None)
    assert {kind.channel for kind in emails} == {Channel.EMAIL}
    assert chosen_kinds([Channel.EMAIL], None) == emails
    assert [kind.name for kind in chosen_kinds(["Email"], ["email.click", "push.open"])] == [
        "email.click"
    ]
    assert chosen_kinds(None, None) == KINDS


@pytest.mark.parametrize(
    ("channels", "names", "said"),
    [
        (["email"], None, "unknown channel 'email'"),
        (["Emai"], None, "did you mean 'Email'"),
        ("Email", None, "channels takes a list like"),
        (None, "email.click", "names takes a list like"),
        ([], None, "no event is left"),
        (None, [], "no event is left"),
        (["Email"], ["push.open"], "no event is left"),
        (["Email"], ["ab-test.enter"], "no event is left"),
    ],
)
def test_what_is_unknown_or_leaves_nothing_is_refused(
    channels: list[str] | None, names: list[str] | None, said: str
) -> None:
    with pytest.raises(InvalidValue, match=said):
        strategies.events(channels=channels, names=names)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match=said):
        strategies.event_requests(channels=channels, names=names)  # type: ignore[arg-type]


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidEvent, match=r"did you mean 'email\.click'"):
        strategies.events(names=["email.clik"])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("fields", "names", "said"),
    [
        (["userid"], None, "did you mean 'user_id'"),
        ("user_id", None, "fields takes a list like"),
        (["template_name"], None, "no field 'template_name'"),
        (["ab_test_id"], ["email.click"], "no field 'ab_test_id'"),
        (["message_id"], ["ab-test.enter"], "no field 'message_id'"),
    ],
)
def test_an_unknown_field_is_refused(fields: list[str], names: list[str] | None, said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        strategies.events(names=names, fields=fields)  # type: ignore[arg-type]


def test_fields_of_some_kinds_are_enough() -> None:
    assert chosen_fields(["ab_test_id", "message_id", "triggered_at"], KINDS) == {
        "ab_test_id",
        "message_id",
        "triggered_at",
    }
    assert chosen_fields([], KINDS) == frozenset()
