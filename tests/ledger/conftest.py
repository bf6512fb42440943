"""Every kind of ledger, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.protocol import Ledger
from mockserver.ledger.sqlite.store import open_sqlite
from tests.ledger.postgresql import open_postgresql

STORES: dict[str, Callable[[Path], Ledger]] = {
    "memory": lambda folder: MemoryLedger(),
    "sql in a file": lambda folder: open_sqlite(folder / "ledger.db"),
    "sql in memory": lambda folder: open_sqlite("sqlite://"),
    "sql in PostgreSQL": lambda folder: open_postgresql(),
}


@pytest.fixture(params=STORES)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    opened = STORES[request.param](tmp_path)
    yield opened
    opened.close()
