"""The processes of a proof: they end with the one that began them, and in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.proof.workers import in_workers
from mockserver.cli.process import INTERRUPTED

PROGRAM = """
import os, sys, time
from pathlib import Path
from contracts.proof.workers import in_workers
from mockserver.cli.process import interruptible, prepare

FOLDER = Path(sys.argv[1])

def nothing():
    pass

def column(name):
    try:
        (FOLDER / f"begun-{os.getpid()}").touch()
        time.sleep(60)
    finally:
        (FOLDER / f"tidied-{os.getpid()}").touch()

if __name__ == "__main__":
    prepare()
    interruptible()
    try:
        list(in_workers(column, ["a", "b", "c", "d"], workers=2, prepare=nothing))
    except KeyboardInterrupt:
        sys.exit(130)
"""


def wait_until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
@pytest.mark.parametrize(
    ("number", "send"),
    [
        # A terminal sends it to all of them.
        (signal.SIGINT, os.killpg),
        (signal.SIGINT, os.kill),
        (signal.SIGTERM, os.kill),
        (signal.SIGHUP, os.killpg),
        (signal.SIGKILL, os.kill),
    ],
)
def test_workers_end_in_order_with_who_began_them(
    number: signal.Signals, send: Callable[[int, int], None], tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    process = subprocess.Popen(
        [sys.executable, str(program), str(tmp_path)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        wait_until(lambda: len(list(tmp_path.glob("begun-*"))) == 2)
        pids = [int(file.name.partition("-")[2]) for file in tmp_path.glob("begun-*")]
        send(process.pid, number)
        _, said = process.communicate(timeout=20)
        if number is not signal.SIGKILL:
            assert (process.returncode, said) == (INTERRUPTED, "")
        wait_until(lambda: not any(map(is_alive, pids)))
        assert len(list(tmp_path.glob("tidied-*"))) == 2
        # Those that waited were not begun.
        assert len(list(tmp_path.glob("begun-*"))) == 2
    finally:
        process.kill()
        process.communicate()


def nothing() -> None:
    pass


def test_results_come_with_the_names_that_they_are_of(
    capfd: pytest.CaptureFixture[str],
) -> None:
    found = dict(in_workers(str.upper, ["a", "b", "c"], workers=2, prepare=nothing))
    assert found == {"a": "A", "b": "B", "c": "C"}
    assert capfd.readouterr().err == "", "workers that wait end without a word"


def test_who_takes_no_more_results_leaves_no_workers(capfd: pytest.CaptureFixture[str]) -> None:
    results = in_workers(str.upper, ["a", "b"], workers=2, prepare=nothing)
    next(results)
    results.close()
    assert capfd.readouterr().err == ""


def test_a_worker_that_raises_is_told() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        list(in_workers(int, ["1", "x"], workers=1, prepare=nothing))
