"""Runs pytest on a file of tests in a process of its own, for benchmarks that time it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.processes import ROOT, compiled_in

#: The options with which pytest loads the plugin.
WITH_PLUGIN = ("-p", "mockserver.pytest_plugin")


def seconds_of(compiled: str, text: str, *options: str) -> float:
    """Return how long pytest takes for a file of tests, all of which pass.

    Args:
        compiled: A folder that keeps what Python has compiled, from run to run.
        text: The tests.
        *options: For pytest.

    Raises:
        RuntimeError: A test failed.
    """
    with tempfile.TemporaryDirectory(prefix="postbacks-fixtures-") as folder:
        Path(folder, "test_it.py").write_text(text)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        # Other plugins that happen to be installed are nobody's cost here.
        settings = compiled_in(compiled)
        settings |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)}
        began = time.perf_counter()
        done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True)
        took = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"pytest failed: {done.stdout[-500:]}")
    return took


def fastest(run: Callable[[], float], repeats: int) -> Mapping[str, float]:
    """Return the seconds of the fastest of several runs."""
    return {"seconds": min(run() for _ in range(repeats))}
