"""How a delivery is drawn, and that it stays within a terminal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mockserver.testing import Leanplum
from mockserver.testing.delivery_text import event_text, fate, since, timeline
from tests.testing import fire


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(0), "+0h"),
        (timedelta(hours=65), "+65h"),
        (timedelta(hours=1, seconds=30), "+1h00m30s"),
        (timedelta(hours=1, minutes=5), "+1h05m"),
        (timedelta(seconds=59.6), "+0h01m"),
        (timedelta(hours=700), "+700h"),
    ],
)
def test_an_offset(duration: timedelta, text: str) -> None:
    assert since(duration) == text


def test_a_timeline_has_a_line_for_each_attempt() -> None:
    with Leanplum() as leanplum:
        fire(leanplum, "503,reset,hang,200")
        leanplum.run_until_idle()
        delivery = leanplum.resend(1)
    lines = timeline(delivery, "https://partner.example/?user={{User ID}}").splitlines()
    assert lines[0] == "delivery 1: Email Click of 'ada', delivered"
    assert lines[1] == "  template  https://partner.example/?user={{User ID}}"
    assert lines[2] == "  sent      http://receiver.test/inbox/inbox?user=ada"
    assert lines[-1] == "  delivered"
    attempts = [line.split()[:2] for line in lines if "  +" in line]
    assert attempts == [
        ["1", "+0h"],
        ["2", "+1h"],
        ["3", "+3h"],
        ["4", "+7h00m30s"],
        ["resent", "+7h00m30s"],
    ]
    assert max(map(len, lines)) <= 80 - len("E       ")


def test_a_timeline_without_a_template_or_attempts() -> None:
    with Leanplum() as leanplum:
        delivery = fire(leanplum)
    assert "template" not in timeline(delivery)
    assert timeline(delivery).count("\n") == 3


def test_an_error_is_told_once_as_long_as_it_stays_the_same() -> None:
    with Leanplum() as leanplum:
        fire(leanplum, "hang*2,503,hang,200")
        leanplum.run_until_idle()
        text = timeline(leanplum.deliveries[0])
    assert text.count("no answer within 30 s") == 2


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("200", "delivered"),
        ("503", "pending: the next attempt is due at 2026-01-01 01:00:00"),
        ("404", "rejected: 404 is not retried, the data is gone"),
    ],
)
def test_a_fate(script: str, text: str) -> None:
    with Leanplum() as leanplum:
        assert fate(fire(leanplum, script)) == text


def test_what_was_lost_says_after_how_many_attempts() -> None:
    with Leanplum() as leanplum:
        fire(leanplum, "503")
        leanplum.run_until_idle()
        assert fate(leanplum.deliveries[0]) == "lost after 10 attempts"


def test_events_in_words() -> None:
    with Leanplum() as leanplum:
        leanplum.add_postback(leanplum.inbox().url, "abTestEvents")
        leanplum.trigger("ab-test.enter", user_id="it's")
        assert event_text(leanplum.deliveries[0]) == 'A/B test of "it\'s"'
