"""The scripts of the page fit together, says the compiler of TypeScript, by what JSDoc declares.

It is run where it is installed (`npm install typescript`); nobody else needs it, and what is served
is not made by it.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from mockserver.web.page.assets import STATIC

TYPES = Path(__file__).parent / "types"
TSC = shutil.which("tsc")
pytestmark = pytest.mark.skipif(TSC is None, reason="tsc is not installed (npm's typescript)")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the scripts in which declarations stand for what others made."""
    tree = tmp_path / "page"
    shutil.copytree(STATIC, tree, ignore=shutil.ignore_patterns("vendor"))
    shutil.copytree(TYPES, tree, dirs_exist_ok=True)
    return tree


def told(tree: Path) -> list[str]:
    assert TSC is not None
    done = subprocess.run([TSC, "-p", tree], capture_output=True, text=True, timeout=120, cwd=tree)
    lines = [line for line in done.stdout.splitlines() if "error TS" in line]
    assert bool(lines) is bool(done.returncode), done.stdout + done.stderr
    return lines


def test_the_scripts_fit_together(tree: Path) -> None:
    assert told(tree) == []


#: A line in a file of its own, and what has to be said of it.
MISTAKES = {
    "parts/a1.js": ('import { get } from "./api.js"; get(5);', "TS2345"),
    "parts/a2.js": ('import { duration } from "./format.js"; duration("long");', "TS2345"),
    "parts/a3.js": ('import { nothing } from "./format.js"; nothing();', "TS2305"),
    "views/a4.js": ('import { link } from "../parts/route.js"; link("deliveries");', "TS2345"),
    "views/a5.js": ('import { html } from "../parts/nowhere.js"; html``;', "TS2307"),
    "views/a6.js": ("nobody();", "TS2304"),
    "views/a7.js": ("function unused() {}", "TS6133"),
    "views/a8.js": ('import { useLoaded } from "../parts/use.js"; useLoaded("x", []);', "TS2345"),
}


def test_mistakes_are_found_and_nothing_else(tree: Path) -> None:
    for file, (line, _) in MISTAKES.items():
        (tree / file).write_text(f"{line}\nexport {{}};\n", encoding="utf-8")
    found = {line.partition("(")[0]: line for line in told(tree)}
    assert set(found) == set(MISTAKES)
    for file, (_, code) in MISTAKES.items():
        assert f"error {code}" in found[file]
