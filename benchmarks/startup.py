"""Measures how long an import takes, and the first answer of `postbacks serve`.

What is measured: the milliseconds an import takes in a fresh process, for the package, its
`Sandbox` and its command line, with Flask's own beside them; and the milliseconds from
starting a process to its first answer of 200, for the server without and with its default
storage, which begins with an empty file, and for a bare Flask app on waitress.
"""

from __future__ import annotations

import http.client
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from benchmarks.api import LIST_PATH
from benchmarks.measure import Case, Comparison, Plan
from benchmarks.processes import (
    ROOT,
    compiled_in,
    figures_of,
    free_port,
    missing,
    on_core,
    stopping,
)

EPHEMERAL, STORED, BARE = "serve --ephemeral", "serve, SQLite file", "bare Flask and waitress"
PACKAGE, SANDBOX, COMMANDS = "import mockserver", "import mockserver.sandbox", "import the CLI"
FLASK = "import flask"
#: Runs of a case within a round, of which the fastest counts.
REPEATS = 3


@contextmanager
def benchmark(scale: float) -> Iterator[Plan]:
    """Build the plan; every case starts its own processes."""
    repeats = max(1, round(REPEATS * scale))
    serve = [sys.executable, "-m", "mockserver", "serve", "--receiver-port", "0", "--port"]
    bare = [sys.executable, "-m", "benchmarks.children.bare_flask"]
    reason = missing("mockserver.__main__")
    imports = {
        PACKAGE: "mockserver",
        SANDBOX: "mockserver.sandbox",
        COMMANDS: "mockserver.cli.root",
        FLASK: "flask",
    }
    with tempfile.TemporaryDirectory(prefix="postbacks-compiled-") as compiled:
        settings = compiled_in(compiled)
        first_answer = partial(_first_answer, settings)
        cases: dict[str, Callable[[], Mapping[str, float]]] = {
            EPHEMERAL: partial(first_answer, lambda port: [*serve, str(port), "--ephemeral"]),
            STORED: partial(first_answer, lambda port: [*serve, str(port)]),
            BARE: partial(first_answer, lambda port: [*bare, str(port), "4"]),
        }
        for name, module in imports.items():
            cases[name] = partial(figures_of, "import_time", module, settings=settings)
        if not reason:
            # What is not measured: that each module is compiled once.
            for run in cases.values():
                run()
        yield Plan(
            "Startup: imports, and the first answer",
            [Case(name, partial(_fastest, run, repeats)) for name, run in cases.items()],
            [
                Comparison("ms", EPHEMERAL, BARE, at_most=1.5),
                Comparison("ms", STORED, BARE, at_most=1.9),
                Comparison("ms", PACKAGE, FLASK),
                Comparison("ms", SANDBOX, FLASK),
            ],
            dict.fromkeys((EPHEMERAL, STORED, COMMANDS), reason) if reason else {},
        )


def _fastest(run: Callable[[], Mapping[str, float]], repeats: int) -> Mapping[str, float]:
    return min((run() for _ in range(repeats)), key=lambda figures: figures["ms"])


def _first_answer(
    settings: Mapping[str, str], command: Callable[[int], Sequence[str]]
) -> Mapping[str, float]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="postbacks-startup-") as folder:
        # The user's own data and settings are neither read nor written.
        settings = {name: value for name, value in settings.items() if "POSTBACKS" not in name}
        settings |= {"HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder}
        with on_core("server"):
            started = time.perf_counter()
            process = subprocess.Popen(
                command(port),
                cwd=ROOT,
                env=settings,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        with stopping(process):
            _wait_for_answer(port, process)
            return {"ms": (time.perf_counter() - started) * 1e3}


def _wait_for_answer(port: int, process: subprocess.Popen[bytes]) -> None:
    assert process.stderr is not None
    give_up = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < give_up:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", LIST_PATH)
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.001)
        finally:
            connection.close()
    process.kill()
    errors = process.stderr.read().decode("utf-8", "replace").strip()
    raise RuntimeError(f"no answer from {process.args!r}: {errors or 'it said nothing'}")
