"""The files of the page: complete, small, unchanged from their makers, and in nobody's frame."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath

import pytest
from flask.testing import FlaskClient

from mockserver.web.page.assets import STATIC, VIEWS, asset_names

#: What npm's registry has: preact 11.2.0 and htm 3.1.1, byte for byte.
VENDORED = {
    "vendor/preact.mjs": "bdcbd9abdf2c77c5c45326eab42191e949222d479d0d5f69467387a77040cb55",
    "vendor/hooks.mjs": "e862ab2973aa6455eaa0f77c5d832d2157d6be59a17c8ba546550a575b58c6b4",
    "vendor/htm.mjs": "ab33dd3f38059b9be4d5f5350128eefb2356639c4e0bbe9d9e8b3ba75847e9e4",
    "licences/preact.txt": "1fe6958409c8c257a70c587a18b6f7f412b179b456630790d30b2ec9a8e4b7d4",
    "licences/htm.txt": "740725f7252e750af735d0028cc534970772f513331e9f68150fede8fb3ce00f",
}
#: They come with the package, and no browser has any use for them.
LICENCES = STATIC.parent / "licences"
MOST_BYTES = 150_000
BROWSER = {"Accept": "text/html,application/xhtml+xml"}
every_asset = pytest.mark.parametrize("name", asset_names())


def test_what_others_made_is_as_they_made_it() -> None:
    found = {
        f"{folder.name}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in (STATIC / "vendor", LICENCES)
        for path in folder.iterdir()
    }
    assert found == VENDORED


def test_all_of_it_is_small(client: FlaskClient) -> None:
    size = sum(len(client.get(f"/page/{name}").data) for name in asset_names())
    assert size < MOST_BYTES


@every_asset
def test_every_file_is_sent_with_what_keeps_other_pages_out(name: str, client: FlaskClient) -> None:
    answer = client.get(f"/page/{name}")
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    kinds = {".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript"}
    assert answer.mimetype == kinds.get(PurePosixPath(name).suffix, answer.mimetype)


@every_asset
def test_what_a_browser_has_is_not_sent_again(name: str, client: FlaskClient) -> None:
    etag = client.get(f"/page/{name}").headers["ETag"]
    again = client.get(f"/page/{name}", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == etag
    other = client.get(f"/page/{name}", headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


@every_asset
def test_nothing_is_loaded_from_another_host_or_by_a_bare_name(
    name: str, client: FlaskClient
) -> None:
    text = client.get(f"/page/{name}").get_data(as_text=True)
    imported = re.findall(r"(?:\bfrom|\bimport)\s*[\"']([^\"']+)[\"']", text)
    assert all(path.startswith("./") or path.startswith("../") for path in imported)
    linked = re.findall(r"(?:src|href)=\"([^\"$]+)\"", text) if name.endswith(".html") else []
    assert all(not path.startswith(("/", "http:", "https:")) for path in linked), linked
    assert "url(" not in text


@every_asset
def test_every_import_leads_to_a_file(name: str, client: FlaskClient) -> None:
    if not name.endswith((".js", ".mjs")):
        return
    text = client.get(f"/page/{name}").get_data(as_text=True)
    for path in re.findall(r"\bfrom\s*[\"'](\.[^\"']+)[\"']", text):
        found = client.get(f"/page/{PurePosixPath(name).parent}/{path}")
        folder = STATIC / PurePosixPath(name).parent
        target = (folder / path).resolve().relative_to(STATIC.resolve()).as_posix()
        assert target in asset_names(), f"{name} imports {path}"
        assert found is not None


def test_the_document_has_no_script_and_no_style_in_it() -> None:
    text = (STATIC / "index.html").read_text(encoding="utf-8")
    assert "style=" not in text
    assert "<style" not in text
    assert re.findall(r"<script[^>]*>", text) == ['<script type="module" src="page/main.js">']
    assert not re.search(r"<script[^>]*>[^<]", text)


def test_every_view_is_in_the_written_module(client: FlaskClient) -> None:
    text = client.get("/page/views.js").get_data(as_text=True)
    names = {path.name for path in (STATIC / "views").glob("*.js")}
    assert set(re.findall(r"\"\./views/([^\"]+)\"", text)) == names
    listed = re.search(r"export default \[(.*)\];", text)
    assert listed is not None
    assert len(listed[1].split(",")) == len(names)


@pytest.mark.parametrize(
    "path",
    ["nothing.js", "../assets.py", "%2e%2e/assets.py", "views/../../assets.py", "vendor/", ""],
)
def test_only_files_of_the_page_are_sent(path: str, client: FlaskClient) -> None:
    answer = client.get(f"/page/{path}")
    assert answer.status_code in (404, 308)
    assert b"import" not in answer.data


def test_every_view_is_looked_at_in_a_browser() -> None:
    """By axe, at every width, with hostile values: whoever adds one has it tried as well."""
    source = (Path(__file__).parent / "browsing.py").read_text(encoding="utf-8")
    names = {path.stem for path in (STATIC / "views").glob("*.js")}
    listed = re.search(r"VIEWS = \{(.*?)\}", source, re.S)
    assert listed is not None
    assert set(re.findall(r'"(\w+)":', listed[1])) == names


@every_asset
def test_a_script_of_ours_is_sent_without_its_lines_of_comments(
    name: str, client: FlaskClient
) -> None:
    sent = client.get(f"/page/{name}").get_data(as_text=True)
    if name == VIEWS or name.startswith("vendor/"):
        return
    written = (STATIC / name).read_text("utf-8").splitlines()
    left_out = [line.strip() for line in written if line not in sent.splitlines()]
    assert all(line.startswith(("//", "/*", "*")) or "*/" in line for line in left_out if line)
