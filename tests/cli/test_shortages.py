"""What the machine does not give is said as that, and not as a fault of postbacks."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mockserver.cli.shortages import shortage
from tests.cli.serving import FREE_PORTS, environment


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "ulimit -n is "),
        (OSError(errno.ENFILE, "Too many open files"), "no more files can be opened"),
        (OSError(errno.ENOSPC, "No space", "/a/b"), "no space is left on the disk for /a/b"),
        (OSError(errno.EDQUOT, "Quota"), "no space is left on the disk; free some"),
        (OSError(errno.ENOMEM, "Cannot allocate"), "no memory is left"),
        (MemoryError(), "no memory is left"),
        (RuntimeError("can't start new thread"), "no more threads"),
    ],
)
def test_it_is_said_also_where_it_is_the_cause(error: Exception, words: str) -> None:
    assert words in (shortage(error) or "")
    outer = ImportError("a module")
    outer.__cause__ = error
    assert shortage(outer) == shortage(error)
    inner = ValueError("within")
    inner.__context__ = outer
    assert shortage(inner) == shortage(error)


@pytest.mark.parametrize(
    "error", [None, ValueError(), OSError(errno.EACCES, "no"), RuntimeError("else"), KeyError("x")]
)
def test_anything_else_is_no_shortage(error: Exception | None) -> None:
    assert shortage(error) is None


@pytest.mark.parametrize("files", [10, 14, 16, 18, 20])
def test_serve_with_too_few_files_says_so_in_one_line(tmp_path: Path, files: int) -> None:
    limited = ["sh", "-c", 'ulimit -n "$1"; shift; exec "$@"', "sh", str(files)]
    process = subprocess.Popen(
        [*limited, sys.executable, "-m", "mockserver", "serve", *FREE_PORTS, "--db", "a.db"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(tmp_path),
        cwd=tmp_path,
    )
    try:
        assert process.stdout is not None
        started = process.stdout.readline()
        if started:
            # How many are enough is Python's and the libraries' affair.
            process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    finally:
        process.kill()
        process.communicate()
    if not started:
        assert process.returncode == 1
        (line,) = said.splitlines()
        assert f"ulimit -n is {files}" in line or "raise `ulimit -n`" in line
    assert "Traceback" not in said
