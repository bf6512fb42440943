"""What a marker may say, and that every mistake in it is one clear line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from mockserver.core.assumed import AssumedAnswers
from mockserver.core.errors import PostbacksError
from mockserver.testing import Leanplum
from mockserver.testing.marker import options_of
from mockserver.testing.problems import ALLOWED


def item_with(*marks: pytest.MarkDecorator) -> Any:
    """Return what a test with these markers looks like, the nearest one first."""
    return SimpleNamespace(
        nodeid="test_it.py::test_it", iter_markers=lambda name: [each.mark for each in marks]
    )


def said(**values: Any) -> Any:
    return options_of(item_with(pytest.mark.leanplum(**values)))


def test_nothing_said() -> None:
    options = options_of(item_with())
    assert (dict(options.arguments), options.allow) == ({}, frozenset())


def test_the_nearest_counts_name_by_name() -> None:
    options = options_of(
        item_with(
            pytest.mark.leanplum(app_id="near", allow="lost"),
            pytest.mark.leanplum(app_id="far", allow="refused", parameters_encoding="twice"),
        )
    )
    assert dict(options.arguments) == {"app_id": "near", "parameters_encoding": "twice"}
    assert options.allow == {"lost"}


@pytest.mark.parametrize("allow", ["lost", ["lost"], ("lost",), {"lost"}])
def test_allow_is_one_or_several(allow: Any) -> None:
    assert said(allow=allow).allow == {"lost"}


@pytest.mark.parametrize("allow", [(), [], None])
def test_allow_may_be_nothing(allow: Any) -> None:
    assert said(allow=allow).allow == frozenset()


def test_everything_can_be_allowed() -> None:
    assert said(allow=list(ALLOWED)).allow == frozenset(ALLOWED)


@pytest.mark.parametrize(
    "start",
    [
        "2026-05-01T12:00:00Z",
        "2026-05-01T14:00:00+02:00",
        datetime(2026, 5, 1, 12, tzinfo=UTC),
        datetime(2026, 5, 1, 14, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_a_start(start: object) -> None:
    found = said(start=start).arguments["start"]
    assert (found, found.tzinfo) == (datetime(2026, 5, 1, 12, tzinfo=UTC), UTC)


@pytest.mark.parametrize("name", ["app_id", "retry_on", "start", "allow"])
def test_none_is_as_if_nothing_were_said(name: str) -> None:
    with Leanplum(**said(**{name: None}).arguments) as leanplum:
        assert leanplum.app.app_id == "YOUR_APP_ID"


@pytest.mark.parametrize("retry_on", ["429", ["429"], {"429"}])
def test_what_is_retried_is_one_or_several(retry_on: Any) -> None:
    with Leanplum(**said(retry_on=retry_on).arguments) as leanplum:
        assert leanplum.app.retry.retry_on == {"429"}


def test_nothing_at_all_may_be_retried() -> None:
    with Leanplum(**said(retry_on=[]).arguments) as leanplum:
        assert leanplum.app.retry.retry_on == frozenset()


def test_what_does_not_exist_is_answered_as_it_says() -> None:
    chosen = said(unknown_app="not-found", unknown_postback="not-found").arguments
    with Leanplum(**chosen) as leanplum:
        assert leanplum.sandbox.answers == AssumedAnswers("not-found", "not-found")
    with Leanplum() as leanplum:
        assert leanplum.sandbox.answers == AssumedAnswers()


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"alow": "lost"}, "did you mean 'allow'"),
        ({"nothing": 1}, "it takes app_id, retry_on, parameters_encoding, start, allow"),
        ({"allow": "los"}, "did you mean 'lost'"),
        ({"allow": ["lost", "x"]}, f"'x' does not exist; it takes {', '.join(ALLOWED)}"),
        ({"allow": [1]}, "a name or a list of names, got [1]"),
        ({"allow": 1}, "allow"),
        ({"start": "yesterday"}, "write it like '2026-01-01T12:00:00Z'"),
        ({"start": "2026-05-01T12:00:00"}, "no instant with a time zone"),
        ({"start": datetime(2026, 5, 1)}, "no instant with a time zone"),  # noqa: DTZ001
        ({"start": 7}, "start=7 is no instant"),
        ({"retry_on": "5xxx"}, "retry_on does not know '5xxx'"),
        ({"retry_on": 503}, "retry_on"),
        ({"retry_on": [503]}, "retry_on"),
        ({"parameters_encoding": "twicee"}, "parameters_encoding"),
        ({"parameters_encoding": 2}, "parameters_encoding"),
        ({"unknown_app": "404"}, "unknown_app is 'invalid-key' or 'not-found', got '404'"),
        ({"unknown_postback": 1}, "unknown_postback is 'warning' or 'not-found', got 1"),
        ({"app_id": 7}, "app_id"),
        ({"app_id": ""}, "app_id"),
    ],
)
def test_a_mistake_is_one_line(values: dict[str, Any], told: str) -> None:
    with pytest.raises(PostbacksError) as caught, Leanplum(**said(**values).arguments):
        pass
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_it_takes_names_only() -> None:
    with pytest.raises(PostbacksError, match=r"names only, e\.g\. allow="):
        options_of(item_with(pytest.mark.leanplum("lost")))
