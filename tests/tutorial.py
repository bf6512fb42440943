"""Follows `docs/tutorial.md`: writes its files, runs its commands, compares what they show.

`python -m tests.tutorial` writes what the commands show now into the page.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).resolve().parents[1] / "docs" / "tutorial.md"

#: The command of the page that is run here; the others install something.
COMMAND = "$ python -m pytest -q"

_BLOCK = re.compile(
    r"(?:^(?P<verb>Save|Add|Change)\b[^`\n]*`(?P<file>\w+\.py)`[^\n]*:\n\n)?"
    r"^```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class Run(NamedTuple):
    status: int
    output: str


class Shown(NamedTuple):
    """What a command of the page shows there, and what it shows when it is run.

    Attributes:
        begins: Where it stands in the page.
    """

    begins: int
    in_the_page: str
    here: str


def run_pytest(where: Path, *arguments: str) -> Run:
    """Run pytest in a folder, with our plugin and no other, on a terminal of 80 columns."""
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "80"}
    for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "CI", "FORCE_COLOR", "PY_COLORS"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "pytest", "-p", "mockserver.pytest_plugin", *arguments]
    ended = subprocess.run(
        command, cwd=where, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.stderr == ""
    return Run(ended.returncode, ended.stdout)


def follow(page: str, where: Path) -> Iterator[Shown]:
    """Do in `where` what the page says, from its beginning to its end."""
    for block in _BLOCK.finditer(page):
        verb, name, text = block["verb"], block["file"], block["text"]
        if block["language"] == "console" and text.startswith(COMMAND):
            ended = run_pytest(where, "-q")
            assert ended.status in (0, 1), ended.output
            yield Shown(block.start("text"), text, f"{COMMAND}\n{plain(ended.output)}")
        elif name and verb == "Add":
            before = (where / name).read_text(encoding="utf-8")
            (where / name).write_text(f"{before}\n\n{text}", encoding="utf-8")
        elif name:
            (where / name).write_text(text, encoding="utf-8")


def plain(output: str) -> str:
    """Return the output of pytest without what differs from run to run."""
    output = re.sub(r"0x[0-9a-f]+", "0x7f0000000000", output)
    output = re.sub(r" in \d+\.\d+s", " in 0.30s", output)
    return "\n".join(line.rstrip() for line in output.strip().splitlines()) + "\n"


def main() -> None:
    """Write into the page what its commands show now."""
    page = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as where:
        commands = list(follow(page, Path(where)))
    for begins, before, here in reversed(commands):
        page = page[:begins] + here + page[begins + len(before) :]
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
