"""What a triggered event carries by itself: what is known of Leanplum's, over the whole catalog."""

from __future__ import annotations

import pytest

from mockserver.core.catalog import event_kind, event_kinds
from mockserver.core.clock import DEFAULT_START_AT
from mockserver.core.events import build_event
from mockserver.core.models import AbTestEvent, MessageEvent
from mockserver.core.samples import SAMPLE_CLICK_PARAMETERS, SAMPLE_VALUES

DEVICE = SAMPLE_VALUES["device_id"]

#: Every event of the catalog: whether a device id comes with it, and how that is known.
DEVICES = {
    "push.send": (True, "assumed"),
    "push.open": (True, "assumed"),
    "push.held-back": (True, "assumed"),
    "email.send": (True, "observed"),
    "email.deferred": (False, "assumed"),
    "email.delivered": (False, "assumed"),
    "email.bounce": (False, "assumed"),
    "email.open": (False, "assumed"),
    "email.click": (False, "observed"),
    "email.marked-as-spam": (False, "assumed"),
    "email.dropped": (False, "assumed"),
    "email.unsubscribe": (False, "assumed"),
    "email.held-back": (False, "assumed"),
    "in-app.center-popup.view": (True, "assumed"),
    "in-app.center-popup.held-back": (True, "assumed"),
    "in-app.center-popup.accept": (True, "assumed"),
    "in-app.confirm.view": (True, "assumed"),
    "in-app.confirm.held-back": (True, "assumed"),
    "in-app.confirm.accept": (True, "assumed"),
    "in-app.interstitial.view": (True, "assumed"),
    "in-app.interstitial.held-back": (True, "assumed"),
    "in-app.interstitial.accept": (True, "assumed"),
    "in-app.rich-interstitial.view": (True, "assumed"),
    "in-app.rich-interstitial.held-back": (True, "assumed"),
    "in-app.rich-interstitial.select-button-1": (True, "assumed"),
    "in-app.rich-interstitial.select-button-2": (True, "assumed"),
    "in-app.satisfaction-survey.view": (True, "assumed"),
    "in-app.satisfaction-survey.held-back": (True, "assumed"),
    "in-app.satisfaction-survey.submit": (True, "assumed"),
    "in-app.banner.view": (True, "assumed"),
    "in-app.banner.held-back": (True, "assumed"),
    "in-app.banner.select": (True, "assumed"),
    "ab-test.enter": (True, "assumed"),
}


def test_the_table_has_every_event_of_the_catalog() -> None:
    assert list(DEVICES) == [kind.name for kind in event_kinds()]
    assert len(DEVICES) == 33


@pytest.mark.parametrize("name", DEVICES)
def test_what_an_event_carries(name: str) -> None:
    kind = event_kind(name)
    event = build_event(kind, "app", DEFAULT_START_AT, {})
    has_device, _ = DEVICES[name]
    assert event.device_id == (DEVICE if has_device else "")
    assert event.user_id == SAMPLE_VALUES["user_id"]
    if isinstance(event, AbTestEvent):
        assert name == "ab-test.enter"
        assert (event.ab_test_id, event.variant_id) == (
            SAMPLE_VALUES["ab_test_id"],
            SAMPLE_VALUES["variant_id"],
        )
        return
    assert isinstance(event, MessageEvent)
    assert event.message_id == SAMPLE_VALUES["message_id"]
    assert event.template_name == kind.template_name
    assert bool(event.template_name) == name.startswith("in-app.")
    assert event.parameters == (SAMPLE_CLICK_PARAMETERS if name == "email.click" else {})


@pytest.mark.parametrize("name", DEVICES)
@pytest.mark.parametrize("device_id", ["", "D-1"])
def test_a_device_that_is_given_wins(name: str, device_id: str) -> None:
    event = build_event(event_kind(name), "app", DEFAULT_START_AT, {"device_id": device_id})
    assert event.device_id == device_id
