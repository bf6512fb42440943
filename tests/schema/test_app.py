"""An app as it is written is the app that was meant, and comes back as it was written."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.core.errors import InvalidValue
from mockserver.core.models import App, KeyClass
from mockserver.core.retry import DEFAULT_RETRY_POLICY, RetryPolicy
from mockserver.schema.app import AppRequest, KeysJson, RetryJson, app_of, fields_of

apps = st.builds(
    App,
    st.text(min_size=1),
    st.fixed_dictionaries(
        {kind: st.text(min_size=int(kind is KeyClass.DATA_EXPORT)) for kind in KeyClass}
    ),
    st.builds(
        RetryPolicy,
        st.lists(st.timedeltas(timedelta(0), timedelta(days=300)), max_size=4).map(tuple),
        st.frozensets(st.sampled_from(["5xx", "429", "timeout", "refused"])),
        st.timedeltas(timedelta(microseconds=1), timedelta(days=300)),
    ),
    st.sampled_from(["once", "twice"]),
    st.integers(1, 1000),
)


@given(apps)
def test_what_is_written_of_an_app_describes_it(app: App) -> None:
    written = msgspec.json.encode(AppRequest(**fields_of(app)))
    assert app_of(app.app_id, msgspec.json.decode(written, type=AppRequest)) == app


def test_what_is_left_out_has_the_default_of_the_app() -> None:
    app = app_of("a", AppRequest(KeysJson("k")))
    default = App("a", {KeyClass.DATA_EXPORT: "k"})
    assert app.retry == default.retry == DEFAULT_RETRY_POLICY
    for item in fields(App):
        if item.name != "keys":
            assert getattr(app, item.name) == getattr(default, item.name), item.name


def test_every_knob_can_be_written() -> None:
    assert {item.name for item in fields(App)} == {"app_id", *AppRequest.__struct_fields__}
    assert {kind.value for kind in KeyClass} == set(KeysJson.__struct_fields__)
    policy = {item.name for item in fields(RetryPolicy) if item.init}
    assert policy == set(RetryJson.__struct_fields__)


@pytest.mark.parametrize(
    ("retry", "said"),
    [
        (RetryJson(delays=["1h", "1x"]), "retry.delays[1]: '1x' is no duration; write it like"),
        (RetryJson(timeout="soon"), "retry.timeout: 'soon' is no duration; write it like 10h"),
        (RetryJson(timeout="0s"), "retry: the timeout must be longer than nothing"),
        (
            RetryJson(delays=["70000000h"]),
            "retry: all delays and timeouts together may take",
        ),
        (RetryJson(delays=["P999999999D"] * 2), "retry: all delays and timeouts together may"),
        (RetryJson(retry_on=["6xx"]), "retry: retry_on does not know '6xx'; it takes"),
    ],
)
def test_a_mistake_in_the_policy_is_named_with_its_place(retry: RetryJson, said: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        app_of("a", AppRequest(KeysJson("k"), retry))
    assert str(refused.value).startswith(said)


def test_an_app_that_nobody_could_call_is_refused() -> None:
    with pytest.raises(InvalidValue, match=r"keys\.data_export must be text that is not empty"):
        app_of("a", AppRequest(KeysJson("")))
