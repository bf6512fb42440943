"""The mutants of the fake: complete, valid, in no file, and judged by the suite alone."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from contracts.proof.mutation import decode
from contracts.suite.registry import find_case
from tests.mutation_contract import __main__ as command
from tests.mutation_contract.judging import (
    NotFaithful,
    Reach,
    Seen,
    Verdict,
    judge,
    likeliest_first,
    reach_of,
)
from tests.mutation_contract.mutants import (
    FOLDERS,
    ROOT,
    Mutant,
    all_mutants,
    folder_of,
    mutants_of,
    mutated_files,
    sample,
)
from tests.mutation_contract.results import (
    UNEXPLAINED,
    OtherRun,
    Results,
    read_reasons,
    summary,
    version_of,
)


def changed(source: str) -> set[str]:
    """Return every mutant of a source that is shorter than a line."""
    content = source.encode()
    return {mutant.source(content).decode() for mutant in mutants_of("some.py", content)}


@pytest.mark.parametrize(
    ("source", "mutants"),
    [
        ("a < b", {"a <= b"}),
        ("a <= b", {"a < b"}),
        ("a > b", {"a >= b"}),
        ("a >= b", {"a > b"}),
        ("a == b", {"a != b"}),
        ("a != b", {"a == b"}),
        ("a is b", {"a is not b"}),
        ("a is  not b", {"a is b"}),
        ("a in b", {"a not in b"}),
        ("a not in b", {"a in b"}),
        ("a < b < c", {"a <= b < c", "a < b <= c"}),
        ("a and b", {"a or b"}),
        ("a or b", {"a and b"}),
        ("not a", {"bool(a)"}),
        ("a + b", {"a - b"}),
        ("a - b", {"a + b"}),
        ("a * b", {"a + b"}),
        ("a / b", {"a * b"}),
        ("a // b", {"a * b"}),
        ("a << b", {"a >> b"}),
        ("a ** b", {"a * b"}),
        ("x = a | b", {"x = (b) | (a)"}),
        ("x = 1", {"x = 2"}),
        ("x = 0.5", {"x = 1.5"}),
        ("x = True", {"x = False"}),
        ("x = 'é'", {"x = ('é' + \"~\")"}),
        ("x = b'y'", {"x = (b'y' + b\"~\")"}),
        ("x = f'{y}'", {"x = (f'{y}' + \"~\")"}),
        ("min(a)", {"max(a)", "pass"}),
        ("x = any(a)", {"x = all(a)"}),
        ("x = a.strip()", {"x = a"}),
        ("x = b if a else c", {"x = b if not (a) else c"}),
        ("if a: b()", {"if not (a): b()", "if a: pass"}),
        ("if a < 1: b()", {"if a <= 1: b()", "if a < 2: b()", "if a < 1: pass"}),
        ("while a: break", {"while not (a): break", "while a: continue"}),
        ("while a: continue", {"while not (a): continue", "while a: break"}),
        ("a.b = c", {"pass"}),
        ("a[b] = c", {"pass"}),
        ("a += c", {"pass"}),
        ("del a", {"pass"}),
        ("raise A('text')", {"pass"}),
        ("def f(): return a", {"def f(): return None"}),
        ("def f(): return None", set()),
        ("def f(a: int = 1) -> int | str: ...", {"def f(a: int = 2) -> int | str: ..."}),
        ("try: a\nexcept B: c", {"try: a\nexcept B: raise"}),
        ("try: a\nexcept B: raise C", {"try: a\nexcept B: pass"}),
        ("'''A docstring.'''", set()),
        ("A = dict[str, int] | None", set()),
        ("__slots__ = ('a',)", set()),
        ("if TYPE_CHECKING: a()", set()),
        ("assert a < 1, 'why'", set()),
        ("import a", set()),
    ],
)
def test_what_is_changed(source: str, mutants: set[str]) -> None:
    assert changed(source) == mutants


def test_every_mutant_of_the_fake_is_another_program() -> None:
    mutants = all_mutants()
    assert {folder_of(mutant.path) for mutant in mutants} == set(FOLDERS)
    assert len({mutant.key for mutant in mutants}) == len(mutants) > 2_000
    for mutant in mutants:
        source = (ROOT / mutant.path).read_bytes()
        compile(mutant.source(source), mutant.path, "exec", dont_inherit=True)
        before, after = mutant.lines(source)
        assert before != after
        assert mutant.line <= mutant.last_line


def test_a_seed_draws_the_same_again_and_of_each_folder_its_share() -> None:
    mutants = all_mutants()
    drawn = sample(mutants, 300, 5)
    assert drawn == sample(mutants, 300, 5) != sample(mutants, 300, 6)
    assert len(set(drawn)) == len(drawn)
    possible = Counter(folder_of(mutant.path) for mutant in mutants)
    for name, number in Counter(folder_of(mutant.path) for mutant in drawn).items():
        assert abs(number - 300 * possible[name] / len(mutants)) <= 0.5
    assert len(sample(mutants, 10**6, 5)) == len(mutants)


def test_what_is_changed_elsewhere_leaves_a_mutant_its_name_and_its_lot() -> None:
    path = "mockserver/core/retry.py"
    before = mutants_of(path, b"x = a < b\nx = a < b\nx = c + 1\n")
    after = mutants_of(path, b"z = 5\nx = a < b\nx = a < b\n")
    names = {mutant.key for mutant in before}
    assert len(names) == 4
    assert names & {mutant.key for mutant in after} == {each.key for each in before[:2]}
    drawn = {each.key for each in sample(before, 2, 7)} & {each.key for each in before[:2]}
    assert drawn <= {each.key for each in sample(before[:2], 2, 7)}


def mutant_in(path: str, before: str, after: str) -> Mutant:
    source = (ROOT / path).read_bytes()
    found = [each for each in mutants_of(path, source) if each.lines(source) == (before, after)]
    assert len(found) == 1
    return found[0]


SLASHES = mutant_in(
    "mockserver/core/template.py",
    '} | {ord("/"): "%5C%2F"}',
    '} | {ord("/"): ("%5C%2F" + "~")}',
)


def test_a_case_sees_a_mutant_and_no_file_is_touched() -> None:
    before = version_of(ROOT.glob("mockserver/**/*.py"))
    cases = [find_case("PB-API-ENDPOINT"), find_case("PB-PARAMETERS-ONCE")]
    verdict = judge(SLASHES, cases, {})
    assert (verdict.seen, verdict.by, verdict.tried) == (Seen.WARN, cases[1].id, 2)
    assert judge(None, cases, {}).seen is Seen.NOT_SEEN
    assert version_of(ROOT.glob("mockserver/**/*.py")) == before


def test_what_does_not_start_is_seen() -> None:
    broken = Mutant("mockserver/core/retry.py", 1, 1, 0, 0, "1 / 0\n")
    assert judge(broken, [find_case("PB-API-ENDPOINT")], {}).seen is Seen.DID_NOT_START


def test_what_answers_no_more_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.mutation_contract.judging._CASE_REAL_SECONDS", 1.0)
    path = "mockserver/web/arguments.py"
    source = (ROOT / path).read_bytes()
    start = source.index(b'    if request.method == "GET":\n        _check_length')
    hanging = Mutant(path, 1, 1, start, start, "    while True: pass\n")
    assert judge(hanging, [find_case("PB-API-ENDPOINT")], {}).seen is Seen.HUNG


def test_it_is_known_which_lines_a_case_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    case = find_case("PB-API-ENDPOINT")
    monkeypatch.setattr("tests.mutation_contract.judging.applicable_cases", lambda: [case])
    reach = reach_of(["mockserver/core/template.py", "mockserver/web/leanplum.py"])
    path = "mockserver/web/leanplum.py"
    listing = mutant_in(
        path,
        'version = _text(arguments, "apiVersion", API_VERSION)',
        'version = _text(arguments, ("apiVersion" + "~"), API_VERSION)',
    )
    deleting = mutant_in(
        path, 'return text.strip().lstrip("0") or "0"', 'return text.strip().lstrip("0") and "0"'
    )
    assert reach.can_see(listing) == [case.id]
    assert reach.can_see(deleting) == []
    # What is run as a module is imported may change anything.
    assert reach.can_see(SLASHES) == [case.id]


def test_a_fake_that_fails_unchanged_judges_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    case = find_case("PB-API-ENDPOINT")
    monkeypatch.setattr("tests.mutation_contract.judging.applicable_cases", lambda: [case])
    monkeypatch.setattr("tests.mutation_contract.mutated_fake._CALL_REAL_SECONDS", 0.000_1)
    with pytest.raises(NotFaithful, match="PB-API-ENDPOINT is UNTESTABLE"):
        reach_of([])


def test_the_likeliest_cases_come_first() -> None:
    ids = ["PB-API-ENDPOINT", "PB-API-PLACES", "PB-RULES-CAP", "PB-RETRY-5XX"]
    seconds = {"PB-API-ENDPOINT": 0.3, "PB-API-PLACES": 0.1, "PB-RULES-CAP": 0.2}
    seen = [("a.py", "PB-RULES-CAP"), ("b.py", "PB-API-ENDPOINT"), ("b.py", "PB-API-ENDPOINT")]

    def order(path: str) -> list[str]:
        return [case.id for case in likeliest_first(ids[:3], path, seen, seconds)]

    assert order("a.py") == ["PB-RULES-CAP", "PB-API-ENDPOINT", "PB-API-PLACES"]
    assert order("b.py") == ["PB-API-ENDPOINT", "PB-RULES-CAP", "PB-API-PLACES"]


def test_results_are_kept_and_belong_to_their_sources(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    results = Results(file, "one")
    results.add(SLASHES, Verdict(Seen.FAIL, "PB-PARAMETERS-ONCE", 2, 1.234))
    again = Results(file, "one")
    assert again.found == results.found
    assert again.catchers == [(SLASHES.path, "PB-PARAMETERS-ONCE")]
    with pytest.raises(OtherRun, match="other sources; remove it"):
        Results(file, "two")
    assert Results(file, "two", keep=True).found == results.found


def test_survivors_stand_in_the_summary_with_their_reasons(tmp_path: Path) -> None:
    results = Results(tmp_path / "results.jsonl", "one")
    seen = results.add(SLASHES, Verdict(Seen.FAIL, "PB-PARAMETERS-ONCE"))
    other = mutants_of(SLASHES.path, (ROOT / SLASHES.path).read_bytes())[0]
    missed = results.add(other, Verdict(Seen.NOT_REACHED))
    row = {"path": other.path, "after": missed.after, "kind": "gap", "reason": "Nobody asks"}
    explained = summary(1, [SLASHES, other], [seen, missed], [row])
    core = explained.folders[0]
    assert (core.name, core.possible, core.drawn, core.seen) == ("core", 2, 2, {"FAIL": 1})
    assert (explained.seen, explained.drawn, explained.score) == (1, 2, 0.5)
    assert [each.reason for each in explained.survivors("gap")] == ["Nobody asks"]
    assert summary(1, [other], [missed], []).survivors(UNEXPLAINED)[0].line == other.line


def test_a_reason_has_a_kind(tmp_path: Path) -> None:
    file = tmp_path / "survivors.toml"
    file.write_text('[[survivor]]\nkind = "lazy"\nreason = "no time"\n')
    with pytest.raises(ValueError, match="no kind that there is; allowed: equivalent"):
        read_reasons(file)


def test_the_command_goes_on_where_it_was_and_fails_for_what_has_no_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = mutants_of(SLASHES.path, (ROOT / SLASHES.path).read_bytes())[0]
    verdicts = {SLASHES: Verdict(Seen.FAIL, "PB-PARAMETERS-ONCE"), other: Verdict(Seen.NOT_SEEN)}
    asked: list[Mutant] = []
    looked: list[list[str]] = []

    def verdict(mutant: Mutant, reach: Reach, results: Results) -> Verdict:
        asked.append(mutant)
        return verdicts[mutant]

    monkeypatch.setattr(command, "sample", lambda *_: list(verdicts))
    monkeypatch.setattr(command, "reach_of", lambda paths: looked.append(paths) or Reach({}))
    monkeypatch.setattr(command, "_verdict", verdict)
    monkeypatch.setattr(command, "read_reasons", list)
    kept, document = tmp_path / "results.jsonl", tmp_path / "summary.json"
    words = ["--results", str(kept), "--json", str(document), "--nice", "0"]
    assert command.main([*words, "--seconds", "-1"]) == 0
    assert "0 of 2 judged" in capsys.readouterr().out
    assert command.main(words) == 1
    assert command.main(words) == 1
    assert asked == [SLASHES, other]
    assert command.main([*words, "--again"]) == 1
    assert asked == [SLASHES, other, other]
    assert looked == [mutated_files()], "looked at once, and kept beside the results"
    assert "unexplained: mockserver/core/template.py:" in capsys.readouterr().out
    assert decode(document.read_bytes()).seen == 1
    reason = {"kind": "equivalent", "reason": "nothing changes"}
    monkeypatch.setattr(command, "read_reasons", lambda: [reason])
    assert command.main(words) == 0
    kept.write_text(json.dumps({"version": "another"}) + "\n")
    assert command.main(words) == 2
    assert "remove it to begin again" in capsys.readouterr().err
