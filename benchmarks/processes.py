"""Runs children of a benchmark: loads that print their figures, and servers until they are stopped.

None of them outlives its benchmark. A server has the last core for itself and a load the first
one, if there are two. Otherwise the scheduler moves them between cores, and the figures show
mostly that.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from benchmarks.measure import Skipped

#: What a process does, which decides on which core it runs.
CoreRole = Literal["load", "server"]

#: No load may take longer; it is taken for stuck then.
LONGEST_REAL_SECONDS = 600

ROOT = Path(__file__).resolve().parent.parent


def figures_of(
    child: str, *arguments: object, settings: Mapping[str, str] | None = None
) -> Mapping[str, float]:
    """Run a load to its end and return the figures it printed.

    Args:
        child: The module in `benchmarks.children`.
        arguments: Its arguments.
        settings: The environment it runs in; that of this process unless given.

    Raises:
        RuntimeError: It failed; the message holds what it wrote.
    """
    command = [sys.executable, "-m", f"benchmarks.children.{child}", *map(str, arguments)]
    return json_of(command, settings)


def compiled_in(folder: str) -> dict[str, str]:
    """Return this environment, but with compiled modules kept in `folder`.

    What is installed is compiled. In a checkout with PYTHONDONTWRITEBYTECODE every process would
    compile again, which no user waits for.
    """
    settings = os.environ | {"PYTHONPYCACHEPREFIX": folder}
    settings.pop("PYTHONDONTWRITEBYTECODE", None)
    return settings


def json_of(command: Sequence[str], settings: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run a command to its end and return the JSON in the last line it printed.

    Raises:
        RuntimeError: It failed; the message holds what it wrote.
    """
    with on_core("load"):
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=settings,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    with process:
        try:
            output, errors = process.communicate(timeout=LONGEST_REAL_SECONDS)
        except BaseException:
            process.kill()
            raise
    lines = output.strip().splitlines()
    if process.returncode or not lines:
        raise RuntimeError(f"{' '.join(command)} failed: {errors.strip() or output.strip()}")
    found: dict[str, Any] = json.loads(lines[-1])
    return found


@contextmanager
def serving(child: str, *arguments: object) -> Iterator[tuple[int, int]]:
    """Run a server; yield the port it announced and its process id.

    It ends when its standard input is closed, so it cannot outlive this process.
    """
    command = [sys.executable, "-m", f"benchmarks.children.{child}", *map(str, arguments)]
    with on_core("server"):
        process = subprocess.Popen(
            command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    assert process.stdin is not None
    assert process.stdout is not None
    with stopping(process):
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(command)} ended before it served")
        yield int(json.loads(line)["port"]), process.pid
        process.stdin.close()


@contextmanager
def stopping(process: subprocess.Popen[Any]) -> Iterator[None]:
    """Stop a process when the context is left, gently at first."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=5)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@contextmanager
def on_core(role: CoreRole) -> Iterator[None]:
    """Let processes that are started meanwhile run only on the core for their role."""
    if not can_pin():
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before) if role == "load" else max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def can_pin() -> bool:
    """Return whether there are two cores and a way to choose one."""
    return hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1


def free_port() -> int:
    """Return a loopback port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def mebibytes(pid: int) -> float:
    """Return the memory a process has resident.

    Raises:
        Skipped: This system does not tell.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        raise Skipped("this system has no /proc to read the memory of a process from") from None
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def missing(package: str) -> str | None:
    """Return why a case that needs `package` cannot be run; None if it can."""
    if importlib.util.find_spec(package) is not None:
        return None
    return f"{package} is not installed; `pip install '.[bench]'` installs the peers"
