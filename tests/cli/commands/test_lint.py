"""`postbacks lint` tells what is wrong with the URLs in files, and where."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mockserver.cli.root import root

GOOD = (
    "https://shop.example/in?user={{User ID}}&event={{Message event}}&at={{Trigger time}}"
    "&channel={{Message channel}}&more={{Parameters}}"
)
WRONG = "https://shop.example/in?user={{User Id}}"
POOR = "http://shop.example/in?user={{User ID}}"
ROOT = Path(__file__).parents[3]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(root, ["lint", *arguments])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_good_url_is_counted(folder: Path) -> None:
    (folder / "rules.yaml").write_text(f"postbackUrl: {GOOD}\n")
    result = run("rules.yaml")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr == "1 postback URL in 1 file: nothing is wrong with them\n"


def test_an_error_is_told_with_its_place_and_fails(folder: Path) -> None:
    (folder / "rules.py").write_text(f'\nURL = "{WRONG}"\n')
    result = run("rules.py")
    assert result.exit_code == 1
    assert result.stdout == (
        "rules.py:2:8: error: {{User Id}} has the wrong case; names are exact, write {{User ID}} "
        "[invalid-template]\n"
    )
    assert result.stderr == "1 postback URL in 1 file: 1 error, 0 remarks\n"


@pytest.mark.parametrize(("options", "code"), [((), 0), (("--strict",), 1)])
def test_remarks_fail_only_if_told_to(folder: Path, options: tuple[str, ...], code: int) -> None:
    (folder / "rules.py").write_text(f'URL = "{POOR}"\n')
    result = run("rules.py", *options)
    assert result.exit_code == code
    assert "rules.py:1:8: remark: the URL is http: " in result.stdout
    assert "1 postback URL in 1 file: 0 errors, " in result.stderr


def test_only_what_is_wrong_for_every_channel_is_told_unless_they_are_named(folder: Path) -> None:
    (folder / "rules.py").write_text(GOOD.replace("&more={{Parameters}}", ""))
    assert run("rules.py").stdout == ""
    assert "[clicks-without-target]" in run("rules.py", "--channel", "email").stdout
    assert run("rules.py", "--channel", "push").stdout == ""


def test_a_url_for_ab_tests_is_judged_as_one(folder: Path) -> None:
    text = "https://a.example/?u={{User ID}}&t={{AB test ID}}&v={{Variant ID}}&at={{Trigger time}}"
    (folder / "rules.py").write_text(text)
    assert run("rules.py", "--strict").exit_code == 0


@pytest.mark.parametrize("host", ["127.0.0.1:5000", "localhost", "[::1]:80", "$HOST", "${HOST}"])
def test_http_to_this_machine_or_to_who_knows_is_no_remark(folder: Path, host: str) -> None:
    (folder / "rules.py").write_text(GOOD.replace("https://shop.example", f"http://{host}"))
    assert run("rules.py", "--strict").exit_code == 0


def test_a_url_that_is_cut_off_by_the_one_around_it_is_an_error(folder: Path) -> None:
    (folder / "add.sh").write_text(
        f"curl 'https://api.leanplum.com/api?action=addPostback&postbackUrl={GOOD}'\n"
    )
    result = run("add.sh")
    assert result.exit_code == 1
    assert "error: the URL stands in the query of another one" in result.stdout


def test_a_line_may_be_left_out_and_that_is_told(folder: Path) -> None:
    (folder / "rules.py").write_text(f'URL = "{WRONG}"  # postbacks: ignore\n')
    result = run("rules.py")
    assert result.exit_code == 0
    assert result.stderr == (
        "1 postback URL in 1 file: 0 errors, 0 remarks, 1 left out by a comment\n"
    )


def test_a_folder_is_searched_but_not_what_others_wrote(folder: Path) -> None:
    for name in ("a.py", "deep/b.js", "node_modules/c.js", ".git/d", "deep/.hidden", "x.bin"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f'"{WRONG}"')
    (folder / "x.bin").write_bytes(b"\0" + WRONG.encode())
    for arguments in ((), (".",), (str(folder),)):
        result = run(*arguments)
        assert result.exit_code == 1
        assert "2 postback URLs in 2 files: 2 errors" in result.stderr
        assert "not checked" not in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("nothing", None, "No such file or directory"),
        ("picture", b"\0PNG", "is no text"),
        ("large", b" " * (4 * 1024 * 1024 + 1), "is larger than 4 MiB"),
        ("/dev/zero", b"", "is no file"),
        ("n" * 5000, None, "File name too long"),
    ],
)
def test_a_named_file_that_is_not_checked_is_told_and_fails(
    folder: Path, name: str, content: bytes | None, reason: str
) -> None:
    if content:
        (folder / name).write_bytes(content)
    result = run(name)
    assert result.exit_code == 1
    assert f"not checked: {name[:9]}" in result.stderr
    assert f" {reason}\n" in result.stderr


def test_bytes_that_are_not_utf_8_are_no_reason_not_to_check(folder: Path) -> None:
    (folder / "latin.php").write_bytes(b"\xe4\xff '" + WRONG.encode() + b"'")
    assert run("latin.php").exit_code == 1


def test_json_is_one_document(folder: Path) -> None:
    (folder / "rules.py").write_text(f'URL = "{WRONG}"\n')
    result = run("rules.py", "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert list(document) == ["files", "urls", "ignored", "findings", "not_read"]
    assert document["findings"][0]["url"] == WRONG
    assert document["findings"][0]["line"] == 1


def test_github_is_told_in_its_own_words(folder: Path) -> None:
    (folder / "a,b.py").write_text(f'"{WRONG}"\n"{POOR}"\n')
    lines = run("--github").stdout.splitlines()
    assert lines[0].startswith(
        "::error file=a%2Cb.py,line=1,col=2,title=postback URL (invalid-template)::{{User Id}}"
    )
    assert lines[1].startswith("::warning file=a%2Cb.py,line=2,col=2,")


def test_two_forms_at_once_are_refused(folder: Path) -> None:
    result = run("--json", "--github")
    assert result.exit_code == 2
    assert "--json and --github exclude each other" in result.stderr


def test_the_hook_of_pre_commit_runs_this_command(folder: Path) -> None:
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text()
    (entry,) = re.findall("(?m)^  entry: (.*)$", hooks)
    program, *arguments = entry.split()
    assert program == "postbacks"
    (folder / "rules.py").write_text(f'URL = "{WRONG}"\n')
    result = CliRunner().invoke(root, [*arguments, "rules.py"])
    assert result.exit_code == 1
    assert "rules.py:1:8: error" in result.stdout


def test_the_page_shows_what_is_said(folder: Path) -> None:
    page = (ROOT / "docs" / "lint.md").read_text()
    source = page.split("```python\n")[1].split("```")[0]
    command, _, shown = page.split("```console\n$ ")[1].split("```")[0].partition("\n")
    (folder / "rules.py").write_text(source)
    result = run(*command.split()[2:])
    assert result.exit_code == 1
    assert result.stdout + result.stderr == shown
