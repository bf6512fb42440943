"""Builds the wheel, checks its file list, installs it elsewhere and runs the demo there.

Run by `tox -e package`; not a pytest module, because it needs a fresh environment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("mockserver", "contracts", "postbacks", "postbacks_entry")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        wheel = build(Path(folder))
        check_files(wheel)
        run_demo(wheel, Path(folder))
    print("the wheel is complete and works elsewhere")


def build(folder: Path) -> Path:
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert list(folder.glob("*.tar.gz")), "no sdist was built"
    (wheel,) = folder.glob("*.whl")
    return wheel


def check_files(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    # What agents read is in the wheel only.
    expected |= {f"mockserver/docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}
    assert found == expected, f"missing: {expected - found}; too many: {found - expected}"
    assert "mockserver/py.typed" in found
    # What a browser gets; git or hatch may have reasons of their own to leave such files out.
    for name in (
        "static/index.html",
        "static/main.js",
        "static/vendor/preact.mjs",
        "licences/htm.txt",
    ):
        assert f"mockserver/web/page/{name}" in found, f"the page lacks {name}"


def run_demo(wheel: Path, folder: Path) -> None:
    home = folder / "environment"
    venv.create(home, with_pip=True)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run([scripts / "python", "-m", "pip", "install", "-q", wheel], check=True)
    for command in ([scripts / "postbacks"], [scripts / "python", "-m", "mockserver"]):
        done = subprocess.run(
            [*command, "demo", "--json"], cwd=folder, check=True, capture_output=True, text=True
        )
        report = json.loads(done.stdout)
        states = sorted(delivery["state"] for delivery in report["deliveries"])
        assert states == ["delivered", "delivered", "lost", "rejected"], states


if __name__ == "__main__":
    main()
