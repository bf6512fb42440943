"""Every bug in `tests/examples` is found by the tests beside it, and they pass once it is mended.

A folder there has the tests, the partner's application with a classic bug (`buggy/`) and
without it (`mended/`). Each is run as its owner would: in a folder and a process of its own.
The examples without a bug are ordinary tests, which pytest collects from there.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from tests.tutorial import Run, run_pytest

EXAMPLES = Path(__file__).parent / "examples"

#: By folder, what its tests say of the bug.
FOUND: dict[str, list[str]] = {
    "counts_twice": [
        "FAILED test_clicks.py::test_a_click_counts_once_although_the_crm_is_slow",
        "AssertionError: assert Counter({'ada': 2}) == {'ada': 1}",
    ],
    "decodes_twice": [
        "('ada news@x.example', 'https://x.example/') != ('ada+news@x.example', ",
        "https://x.example/search?q=50% off&more",
    ],
    "stores_then_fails": [
        "expected 1 delivered postback with",
        "event='email.send'",
        "found 0, and 1 that is not",
        "+65h",
        "500",
        "KeyError: 'url' (crm.py:",
        "lost after 10 attempts",
    ],
    "takes_too_long": [
        "expected 1 delivered postback with",
        "event='push.open'",
        "found 0, and 1 that is not",
        "no answer within 30 s of sandbox time",
        "+65h04m30s",
        "lost after 10 attempts",
    ],
    "drops_empty_device": [
        "expected 1 delivered postback with",
        "device_id=''",
        "found 0, and 1 that is not",
        "user=ada&device=",
        "rejected: 400 is not retried, the data is gone",
    ],
}

#: What an example needs beyond what the project does.
NEEDS = {"decodes_twice": "fastapi", "stores_then_fails": "django", "takes_too_long": "freezegun"}


def run(folder: str, variant: str, where: Path) -> Run:
    """Run the tests of an example against one of its two applications."""
    needed = NEEDS.get(folder, "flask")
    if importlib.util.find_spec(needed) is None:
        pytest.skip(f"the partner of {folder} is made with {needed}: pip install {needed}")
    for source in [*(EXAMPLES / folder).glob("*.py"), *(EXAMPLES / folder / variant).glob("*.py")]:
        shutil.copy(source, where)
    return run_pytest(where, "-W", "error")


def test_every_folder_is_run() -> None:
    assert {path.parent.name for path in EXAMPLES.glob("*/buggy")} == set(FOUND)
    assert {path.parent.name for path in EXAMPLES.glob("*/mended")} == set(FOUND)


@pytest.mark.parametrize("folder", FOUND)
def test_the_bug_is_found(folder: str, tmp_path: Path) -> None:
    found = run(folder, "buggy", tmp_path)
    assert found.status == pytest.ExitCode.TESTS_FAILED, found.output
    missing = [text for text in FOUND[folder] if text not in found.output]
    assert missing == [], found.output


@pytest.mark.parametrize("folder", FOUND)
def test_the_mended_application_passes(folder: str, tmp_path: Path) -> None:
    ended = run(folder, "mended", tmp_path)
    assert ended.status == pytest.ExitCode.OK, ended.output
    assert "skipped" not in ended.output


@pytest.mark.parametrize("folder", FOUND)
def test_the_two_are_not_the_same(folder: str) -> None:
    for buggy in (EXAMPLES / folder / "buggy").glob("*.py"):
        mended = EXAMPLES / folder / "mended" / buggy.name
        assert buggy.read_text() != mended.read_text()
