"""Every kind of ledger, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from mockserver.ledger.memory.ledger import MemoryLedger
from mockserver.ledger.postgresql.store import open_postgresql
from mockserver.ledger.protocol import Ledger
from mockserver.ledger.sqlite.store import open_sqlite
from tests.ledger.postgresql_server import schema_of_its_own


@contextmanager
def _in_postgresql(folder: Path) -> Iterator[Ledger]:
    with schema_of_its_own() as url:
        opened = open_postgresql(url)
        try:
            yield opened
        finally:
            opened.close()


_Lend = Callable[[Path], AbstractContextManager[Ledger]]


def _closed_after(open: Callable[[Path], Ledger]) -> _Lend:
    @contextmanager
    def lent(folder: Path) -> Iterator[Ledger]:
        opened = open(folder)
        try:
            yield opened
        finally:
            opened.close()

    return lent


STORES: dict[str, _Lend] = {
    "memory": _closed_after(lambda folder: MemoryLedger()),
    "sql in a file": _closed_after(lambda folder: open_sqlite(folder / "ledger.db")),
    "sql in memory": _closed_after(lambda folder: open_sqlite("sqlite://")),
    "sql in PostgreSQL": _in_postgresql,
}


@pytest.fixture(params=STORES)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    with STORES[request.param](tmp_path) as opened:
        yield opened
