"""Serves the fake, one of its modules changed in memory, to a judge in another process.

What to serve, and what to do afterwards, comes line by line through standard input; each line is
answered by one. When the input ends, the process does.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType, FrameType, ModuleType
from typing import Any, TextIO


def main() -> None:
    """Serve until standard input ends."""
    # What the fake writes is no answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    order = json.loads(sys.stdin.readline())
    if order["changed"]:
        sys.meta_path.insert(0, ChangedModule(order["path"], order["source"]))
    lines = Lines(order["watched"])
    if order["watched"]:
        lines.watch()
    from mockserver.live import LiveSandbox

    with TemporaryDirectory(prefix="postbacks-mutants-") as folder:
        live = LiveSandbox(Path(folder) / "sandbox.db")
        live.start()
        _answer(answers, {"url": live.url})
        for line in sys.stdin:
            if line.strip() == "restart":
                live.restart()
            _answer(answers, {"lines": lines.taken()})
    # Without a look at what a mutant has left running.
    os._exit(0)


def _answer(answers: TextIO, document: dict[str, Any]) -> None:
    print(json.dumps(document), file=answers, flush=True)


class ChangedModule(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Has one module loaded from a text instead of its file, which stays as it is.

    Args:
        path: The module's file, below the working directory.
        source: The text.
    """

    def __init__(self, path: str, source: str) -> None:
        self._path = str(Path.cwd() / path)
        self._source = source
        self._name = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return how the module is loaded; None for all others."""
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._path, loader=self)

    def get_filename(self, fullname: str) -> str:
        """Return the file that tracebacks name."""
        return self._path

    def get_data(self, path: str | bytes | os.PathLike[str]) -> bytes:
        """Return the text."""
        return self._source.encode()

    def get_code(self, fullname: str) -> CodeType:
        """Compile the text; what was compiled of the file before does not count."""
        return compile(self._source, self._path, "exec", dont_inherit=True)


class Lines:
    """Notes which lines of some files are run, in any thread that is started from now on."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = {str(Path.cwd() / path): path for path in paths}
        self._found: dict[str, set[int]] = {}

    def watch(self) -> None:
        """Begin."""
        threading.settrace(self._called)
        sys.settrace(self._called)

    def taken(self) -> dict[str, list[int]]:
        """Return the lines by file that were run since the last time."""
        found, self._found = self._found, {}
        return {path: sorted(numbers) for path, numbers in found.items()}

    def _called(self, frame: FrameType, event: str, argument: object) -> Any:
        path = self._paths.get(frame.f_code.co_filename)
        if path is None:
            return None

        def run(frame: FrameType, event: str, argument: object) -> Any:
            self._found.setdefault(path, set()).add(frame.f_lineno)
            return run

        return run(frame, event, argument)


if __name__ == "__main__":
    main()
