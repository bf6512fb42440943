"""Runs a generated suite with the plugin, for tests of it, and reads what it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

# A run in this process forgets afterwards what it imported; not all of this bears a second time.
import requests  # noqa: F401
import responses  # noqa: F401

import mockserver.testing.leanplum
import mockserver.testing.told_answers
import mockserver.web.app  # noqa: F401

GOLDEN = Path(__file__).parent / "golden"

#: Plugins of other packages have nothing to do with what is tested here. That of Pact replaces
#: `__import__` once more each time it is loaded, until no import works any longer; those that
#: forbid or record what uses a socket are tried by themselves.
_OTHERS = ("asyncio", "locust", "benchmark", "pact", "cacheprovider", "recording", "socket")
QUIET = (*(word for name in _OTHERS for word in ("-p", f"no:{name}")), "-W", "error")


def run(pytester: pytest.Pytester, source: str, *arguments: str) -> pytest.RunResult:
    """Run a test file of this source, in this process, warnings being errors."""
    pytester.makepyfile(test_user=dedent(source))
    return pytester.runpytest_inprocess(*QUIET, *arguments)


def run_apart(pytester: pytest.Pytester, source: str, *arguments: str) -> pytest.RunResult:
    """Run a test file of this source in a process of its own."""
    pytester.makepyfile(test_user=dedent(source))
    return pytester.runpytest_subprocess(*QUIET, *arguments)


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in an interpreter of its own."""
    command = [sys.executable, "-W", "error", "-c", dedent(code), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def report(result: pytest.RunResult) -> str:
    """Return what is shown of the failures, without what differs from run to run."""
    text = "\n".join(line.rstrip() for line in result.outlines)
    body = re.search(r"^=+ (?:FAILURES|ERRORS) =+\n(.*?)^=+ ", text, re.DOTALL | re.MULTILINE)
    assert body, f"nothing has failed:\n{text}"
    shown = re.sub(r"0x[0-9a-f]{6,}", "0x...", body[1])
    return re.sub(r'(File ")[^"]*/', r"\1", shown)


def check_golden(result: pytest.RunResult, name: str) -> None:
    """Compare the failures with the text that was read and found good.

    With POSTBACKS_TEST_UPDATE_GOLDEN set they are written instead, to be read again.
    """
    path = GOLDEN / f"{name}.txt"
    shown = report(result)
    if "POSTBACKS_TEST_UPDATE_GOLDEN" in os.environ:
        path.write_text(shown)
    assert shown == path.read_text()
