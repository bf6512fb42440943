"""Aims cases at a fake in another process, of which one module may be changed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any, Self

from contracts.conformance.subject import ServerSubject
from contracts.suite.vocabulary import Need
from mockserver.client.wire import HttpWire
from mockserver.core.errors import ServerUnreachable
from tests.mutation_contract.mutants import ROOT, Mutant

#: How long one call may take. The faithful fake answers all within a second.
_CALL_REAL_SECONDS = 15.0
_START_REAL_SECONDS = 30.0


class DidNotStart(Exception):
    """The fake ended, or said nothing, before it answered the first call."""


class MutatedFake(ServerSubject):
    """A fake with a mutant in it, as `contracts run` starts one; use it as a context manager.

    Args:
        mutant: What is changed; None for the fake as it is.
        watched: The files of which `reached` tells the lines that were run.

    Raises:
        DidNotStart: On entering.
    """

    description = "a fake with one change, in another process"
    capabilities = frozenset(Need)
    is_ours = True

    def __init__(self, mutant: Mutant | None = None, watched: Sequence[str] = ()) -> None:
        self._order: dict[str, Any] = {"changed": mutant is not None, "watched": list(watched)}
        if mutant is not None:
            source = mutant.source((ROOT / mutant.path).read_bytes()).decode()
            self._order |= {"path": mutant.path, "source": source}
        #: Whether it took too long over something and was ended.
        self.hung = False

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutation_contract.serving"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            with self.within(_START_REAL_SECONDS):
                url = self._asked(json.dumps(self._order))["url"]
            self.wire = HttpWire(url, _CALL_REAL_SECONDS)
        except ServerUnreachable:
            self.__exit__()
            raise DidNotStart from None
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def restart(self) -> None:
        """Stop it and start it again over the same data."""
        self._asked("restart")

    def reached(self) -> dict[str, list[int]]:
        """Return the lines by file that were run since the last time."""
        found: dict[str, list[int]] = self._asked("reached")["lines"]
        return found

    def within(self, real_seconds: float) -> _Within:
        """Return a block at whose end, or after so long, the process is ended if it still runs."""
        return _Within(self, real_seconds)

    def end_hung(self) -> None:
        """End the process because it took too long."""
        self.hung = True
        self._process.kill()

    def _asked(self, line: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        except OSError:
            raise ServerUnreachable("the fake has ended") from None
        answer = self._process.stdout.readline()
        if not answer:
            raise ServerUnreachable("the fake has ended")
        document: dict[str, Any] = json.loads(answer)
        return document


class _Within:
    """Ends a fake that takes longer than the block may."""

    def __init__(self, fake: MutatedFake, real_seconds: float) -> None:
        self._timer = threading.Timer(real_seconds, fake.end_hung)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
