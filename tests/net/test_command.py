"""Commands that users lend to a run: how they end, and what they leave behind."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from mockserver.net.command import run_command


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # One that has ended stays in the table until its parent has asked for it.
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def ends_soon(pid: int) -> bool:
    until = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not is_running(pid)


def test_a_text_is_run_by_the_shell_and_words_as_they_are() -> None:
    assert run_command("echo a | tr a b", 10).output == "b\n"
    assert run_command(["echo", "a | tr", "$HOME"], 10).output == "a | tr $HOME\n"


def test_how_it_ended_and_its_last_complaint() -> None:
    ended = run_command("echo out; echo one >&2; echo two >&2; exit 3", 10)
    assert ended == (3, "out\n", "two")
    assert run_command("exit 0", 10) == (0, "", "")


def test_what_is_no_utf_8_is_shown_all_the_same() -> None:
    assert run_command(r"printf '\377\303\274'", 10).output == "\\xffü"


def test_nothing_waits_for_somebody_to_type() -> None:
    assert run_command("cat", 10) == (0, "", "")


def test_what_was_put_into_the_background_goes_on_and_is_not_waited_for() -> None:
    began = time.monotonic()
    ended = run_command("sleep 60 & echo $!", 30)
    pid = int(ended.output)
    try:
        assert time.monotonic() - began < 20
        assert is_running(pid)
    finally:
        os.kill(pid, 9)


def test_what_takes_too_long_is_ended_with_all_that_it_began(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with pytest.raises(TimeoutError):
        run_command(f"sleep 60 & echo $! > {pids}; sleep 60; true", 0.3)
    assert ends_soon(int(pids.read_text()))


def test_an_interrupt_ends_it_as_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pids = tmp_path / "pids"

    def interrupted(process: object, timeout: float | None = None) -> int:
        while not (pids.exists() and pids.read_text().strip()):
            time.sleep(0.01)
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr("subprocess.Popen.wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_command(f"echo $$ > {pids}; exec sleep 60", 10)
    assert ends_soon(int(pids.read_text()))


def test_much_output_does_not_block_it() -> None:
    words = [sys.executable, "-c", "print('x' * 1_000_000)"]
    assert len(run_command(words, 30).output) == 1_000_001


def test_what_is_not_there_cannot_be_run() -> None:
    with pytest.raises(FileNotFoundError):
        run_command(["/no/such/program"], 10)
