"""Makes folders in which other packages have our names, and runs Python with them on its path."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import postbacks_entry

ENTRY = Path(postbacks_entry.__file__).parent
ROOT = ENTRY.parent


def python(*arguments: str, path: list[Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with these folders first on its path."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def package(folder: Path, name: str, source: str = "raise SystemExit('this was run')\n") -> Path:
    """Make a package that must not be run, and return its file."""
    path = folder / name / "__init__.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    return path


def installed(folder: Path, packages: tuple[str, ...] = ("mockserver", "contracts")) -> Path:
    """Install this project into a folder, as a wheel would be, with its entry points."""
    folder.mkdir(exist_ok=True)
    for name in ("postbacks_entry", *packages):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = project["entry-points"]
    lines = [
        line
        for group, entries in groups.items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in entries.items()))
    ]
    distribution(folder, "postbacks", "0.1.0", "\n".join(lines))
    return folder


def distribution(
    folder: Path, name: str, version: str, entry_points: str = "", record: str = ""
) -> None:
    """Write what an installer notes of a distribution."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"{entry_points}\n")
    (info / "RECORD").write_text(record)


def mockserver_client(folder: Path) -> None:
    """Install what the Python client of MockServer installs, over what is there."""
    package(folder, "mockserver", "class MockServerClient: ...\n")
    (folder / "mockserver" / "pytest_plugin.py").write_text("def pytest_configure(): ...\n")
    distribution(
        folder,
        "mockserver-client",
        "9.2.0",
        "[pytest11]\nmockserver = mockserver.pytest_plugin",
        "mockserver/__init__.py,sha256=x,1\nmockserver/pytest_plugin.py,sha256=x,1\n",
    )
