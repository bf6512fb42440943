"""`import postbacks` has the public names of `mockserver`, and loads nothing unasked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import mockserver
import mockserver.testing
import postbacks
import postbacks.testing

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", mockserver.__all__)
def test_each_public_name_is_the_same_object(name: str) -> None:
    assert getattr(postbacks, name) is getattr(mockserver, name)


def test_there_are_no_others() -> None:
    assert postbacks.__all__ == mockserver.__all__
    assert set(mockserver.__all__) <= set(dir(postbacks))
    with pytest.raises(AttributeError, match="module 'postbacks' has no attribute 'nothing'"):
        _ = postbacks.nothing  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", mockserver.testing.__all__)
def test_each_name_of_testing_is_the_same_object(name: str) -> None:
    assert getattr(postbacks.testing, name) is getattr(mockserver.testing, name)
    assert name in postbacks.testing.__all__


def python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": f"{folder}:{ROOT}"}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=folder, capture_output=True, text=True
    )


def test_to_import_it_loads_nothing(tmp_path: Path) -> None:
    done = python("import sys, postbacks; print('mockserver' in sys.modules)", tmp_path)
    assert done.stdout == "False\n", done.stderr


def test_a_package_that_hides_ours_is_named(tmp_path: Path) -> None:
    (tmp_path / "mockserver").mkdir()
    (tmp_path / "mockserver" / "__init__.py").write_text("raise SystemExit('not ours')")
    done = python("import postbacks; postbacks.Sandbox", tmp_path)
    assert "ImportError: " in done.stderr
    assert "mockserver/__init__.py hides the package mockserver of postbacks" in done.stderr
