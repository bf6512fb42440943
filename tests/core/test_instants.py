"""Instants are of Python's own type, whatever a freezer has put in its place."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from textwrap import dedent
from typing import get_args

import freezegun
import msgspec
import pytest
import time_machine

from mockserver.core.clock import as_utc
from mockserver.core.instants import Day, Instant, plain, written

#: freezegun replaces what is that type itself, and would replace it here as well.
REAL = [datetime]
AT = datetime(2026, 3, 1, 12, 30, 15, 999_999, tzinfo=UTC)
ZONE = timezone(timedelta(hours=-3, minutes=-30))


def test_the_types_are_pythons_own() -> None:
    assert get_args(Instant)[0] is datetime
    assert get_args(Day)[0] is date


@pytest.mark.parametrize("at", [AT, AT.astimezone(ZONE), AT.replace(tzinfo=None, fold=1)])
def test_a_frozen_instant_is_the_same_one(at: datetime) -> None:
    assert plain(at) is at
    with freezegun.freeze_time("2026-03-01"):
        frozen = datetime(
            at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, at.tzinfo,
            fold=at.fold,
        )  # fmt: skip
        assert type(frozen) is not REAL[0]
        made = plain(frozen)
    assert type(made) is REAL[0]
    assert (made, made.tzinfo, made.fold) == (at, at.tzinfo, at.fold)


@pytest.mark.parametrize("zone", [UTC, ZONE])
def test_clocks_and_events_take_them_as_ordinary_ones(zone: timezone) -> None:
    with freezegun.freeze_time(AT):
        assert type(as_utc(datetime.now(zone), "it")) is REAL[0]


@pytest.mark.parametrize("travel", [freezegun.freeze_time, time_machine.travel])
def test_they_are_written(travel: type) -> None:
    with travel(AT):
        content = msgspec.json.encode({"at": datetime.now(UTC)}, enc_hook=written)
    assert content.startswith(b'{"at":"2026-03-01T12:30:')


def test_nothing_else_is_written_for_it() -> None:
    with pytest.raises(NotImplementedError, match="object"):
        msgspec.json.encode(object(), enc_hook=written)


def test_types_that_are_first_seen_while_time_is_frozen() -> None:
    code = """
        import sys, freezegun
        with freezegun.freeze_time("2026-03-01"):
            from mockserver.core import clock, instants
            from mockserver.ledger.sql import codec
            from mockserver.time.saved_clock import SavedClock
            from mockserver.web import shapes
            from mockserver.client.sandbox_client import _decoder
            assert type(clock.DEFAULT_START_AT) is type(clock.LATEST_AT) is type(codec.EPOCH)
            _decoder(shapes.ClockState)
        import datetime
        for at in (clock.DEFAULT_START_AT, clock.LATEST_AT, clock.END_AT, codec.EPOCH,
                   codec.from_microseconds(5), clock.later(clock.END_AT, datetime.timedelta(1))):
            assert type(at) is datetime.datetime, at
        import msgspec
        fields = {f.name: f.type for f in msgspec.inspect.type_info(shapes.ClockState).fields}
        assert isinstance(fields["now"], msgspec.inspect.DateTimeType), fields["now"]
    """
    command = [sys.executable, "-W", "error", "-c", dedent(code)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr


def test_no_shape_names_the_type_that_freezers_replace() -> None:
    """Every type that msgspec reads says `Instant`, so that none can be forgotten."""
    import contracts.suite.requirements
    import mockserver.time.saved_clock
    import mockserver.web.receiver_shapes
    import mockserver.web.shapes

    modules = (
        contracts.suite.requirements,
        mockserver.time.saved_clock,
        mockserver.web.receiver_shapes,
        mockserver.web.shapes,
    )
    for module in modules:
        for shape in vars(module).values():
            if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
                for annotation in shape.__annotations__.values():
                    assert "datetime" not in str(annotation), shape
                    assert "date" not in str(annotation).split(), shape
