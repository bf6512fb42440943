"""A process is killed while it works on a ledger; the next one goes on from there."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from mockserver.core.retry import DeliveryState
from mockserver.ledger.opening import open_ledger
from tests.ledger.crash_child import BATCH
from tests.ledger.postgresql_server import schema_of_its_own

ROOT = Path(__file__).parents[2]
WANTED = 60
KILLS = 6


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where the ledger is."""
    if request.param == "SQLite":
        yield str(tmp_path / "ledger.db")
        return
    with schema_of_its_own() as url:
        yield url


def run_child(place: str, kill_after_lines: int | None) -> list[list[str]]:
    """Run a child; kill it -9 in the midst of its work, or let it come to its end."""
    command = [sys.executable, "-m", "tests.ledger.crash_child", place, str(WANTED)]
    lines: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        for line in child.stdout:
            lines.append(line)
            if len(lines) == kill_after_lines:
                child.kill()
        # Whole lines only: what a killed process had begun to say counts for nothing.
        return [line.split() for line in lines if line.endswith("\n")]


def test_after_kill_9_nothing_is_lost_and_only_claimed_attempts_are_repeated(
    place: str,
) -> None:
    source = random.Random(20260101)
    made: Counter[tuple[int, int]] = Counter()
    added: set[int] = set()
    recorded: set[tuple[int, int]] = set()
    repeated: set[tuple[int, int]] = set()
    recovered = 0
    for round in range(KILLS + 1):
        last = round == KILLS
        said = run_child(place, None if last else source.randrange(10, 90))
        assert (said[-1] == ["done"]) == last
        for word, *numbers in said:
            values = [int(number) for number in numbers]
            if word == "recovered":
                assert values[0] <= BATCH
                recovered += values[0]
            elif word == "added":
                added |= set(values)
            elif word == "claimed":
                made[values[0], values[1]] += 1
                if values[2]:
                    repeated.add((values[0], values[1]))
            elif word == "recorded":
                recorded.add((values[0], values[1]))
    check_ledger(place, added, recorded, repeated, made)
    assert 0 < len(repeated) <= recovered <= KILLS * BATCH


def check_ledger(
    place: str,
    added: set[int],
    recorded: set[tuple[int, int]],
    repeated: set[tuple[int, int]],
    made: Counter[tuple[int, int]],
) -> None:
    """Hold what the processes said against what is in the ledger at the end."""
    ledger = open_ledger(place)
    deliveries = ledger.deliveries()
    assert [delivery.id for delivery in deliveries] == list(range(1, WANTED + 1))
    assert added <= {delivery.id for delivery in deliveries}
    kept: set[tuple[int, int]] = set()
    for delivery in deliveries:
        is_lost = delivery.id % 5 == 0
        assert delivery.state is (DeliveryState.LOST if is_lost else DeliveryState.DELIVERED)
        attempts = ledger.attempts(delivery.id)
        assert [attempt.number for attempt in attempts] == list(range(1, 11 if is_lost else 5))
        assert delivery.attempts_made == len(attempts)
        for attempt in attempts:
            assert attempt.number is not None
            kept.add((delivery.id, attempt.number))
            assert attempt.repeated == ((delivery.id, attempt.number) in repeated)
    assert recorded <= kept
    # Made twice or more: only what a later process was told of. One that was killed between
    # its claim and its first word is not in `made` for it, hence not the other way round.
    assert {key for key, times in made.items() if times > 1} <= repeated
    assert ledger.pending_count() == 0
    assert ledger.recover() == 0
    ledger.close()
