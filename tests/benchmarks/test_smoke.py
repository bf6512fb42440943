"""The benchmarks that need nothing but this package keep working; no speed is judged."""

from __future__ import annotations

import json
import re
from contextlib import closing
from http.client import HTTPConnection
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks import default
from benchmarks.__main__ import NAMES, load, main
from benchmarks.api import LIST_PATH
from benchmarks.machine import Bystanders
from benchmarks.measure import Case, Comparison, Plan, Report, Skipped, is_reached, run, short
from benchmarks.processes import figures_of, serving
from benchmarks.report import README, as_json, as_text, write_readme
from tests.sources import Sources

TINY = 0.0001
SOURCES = Sources(README.parent)


@pytest.mark.parametrize("module", SOURCES.modules)
def test_a_module_says_what_it_does(module: str) -> None:
    SOURCES.check_docstring(module)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_a_benchmark_with_a_place_in_the_readme(name: str) -> None:
    assert load(name).__module__ == f"benchmarks.{name}"
    readme = README.read_text(encoding="utf-8")
    assert f"<!-- results of {name} -->" in readme
    assert f"<!-- end of {name} -->" in readme


def test_rendering_compares_with_the_naive_way_and_the_floor() -> None:
    with load("rendering")(TINY) as plan:
        report = run(plan, rounds=1)
    assert len(report.ratios) == 2
    assert not report.skipped
    assert all(values[0] > 0 for _, values in report.ratios)


@pytest.mark.parametrize("kind", ["memory", "sqlite", "heapq"])
def test_every_simulation_makes_all_attempts(kind: str) -> None:
    figures = figures_of("virtual_time", kind, "random", 10)
    assert figures["seconds"] > 0
    assert figures["MiB at most"] > 1


@pytest.mark.parametrize("kind", ["echo", "plan"])
def test_every_plan_is_thought_through(kind: str) -> None:
    figures = figures_of("plan_time", kind, 1000)
    assert figures["seconds"] > 0
    assert figures["MiB at most"] > 1


@pytest.mark.parametrize(("rate", "workers"), [(0, 1), (1000, 2)])
def test_every_load_is_sent(rate: int, workers: int) -> None:
    # Not `importorskip`: to import it here would replace the sockets and threads of this process.
    if find_spec("locust") is None:
        pytest.skip("Locust is not installed")
    with serving("slow_sink", 0) as (port, _):
        figures = figures_of("load_run", port, 20, rate, workers)
    assert figures["per second"] > 0
    assert figures["ms of lag, p99"] >= figures["ms of lag, median"]


@pytest.mark.parametrize("kind", ["engine", "due", "sandbox"])
def test_every_way_of_delivery_delivers_all(kind: str) -> None:
    with serving("slow_sink", 0) as (port, _):
        figures = figures_of("deliver", kind, port, 20)
    assert figures["per second"] > 0


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@pytest.mark.parametrize("together", ["list", "one"])
def test_every_way_in_the_process_delivers_all(kind: str, together: str) -> None:
    assert figures_of("in_process", kind, together, 20)["per second"] > 0


@pytest.mark.parametrize("kind", ["sandbox", "sqlite3"])
def test_what_was_stored_is_read_and_emptied(kind: str) -> None:
    figures = figures_of("stored", kind, 1000)
    assert all(value > 0 for value in figures.values())


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_what_is_posted_to_a_server_is_delivered(kind: str) -> None:
    assert default._served(kind, 20, 10)["per second"] > 0


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_the_api_is_served_from_either_ledger(kind: str) -> None:
    with serving("api_server", kind) as (port, _), closing(HTTPConnection("127.0.0.1", port)) as it:
        it.request("GET", LIST_PATH)
        assert it.getresponse().status == 200


def test_a_load_that_fails_is_an_error_that_says_why() -> None:
    with pytest.raises(RuntimeError, match="KeyError: 'nobody'"):
        figures_of("virtual_time", "nobody", "random", 10)


def test_the_import_of_a_module_is_measured_in_a_fresh_process() -> None:
    assert figures_of("import_time", "mockserver")["modules"] >= 1


def test_figures_come_out_as_text_and_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "figures.json"
    assert main(["rendering", "--rounds", "2", "--scale", str(TINY), "--json", str(file)]) == 0
    assert "Template.render" in capsys.readouterr().out
    [found] = json.loads(file.read_text(encoding="utf-8"))["benchmarks"]
    assert found["rounds"] == 2
    assert all(len(comparison["values"]) == 2 for comparison in found["comparisons"])


def test_a_run_says_what_other_processes_took_meanwhile() -> None:
    said = Bystanders().share()
    assert re.fullmatch(r"other processes (took \d+% of the processors|not watched)", said)


def test_an_unknown_name_is_refused() -> None:
    assert main(["nothing"]) == 2


class Machine:
    """Cases whose figures are known, and the order in which they were run."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def case(self, name: str, *figures: float) -> Case:
        rest = iter(figures)

        def measure() -> dict[str, float]:
            self.ran.append(name)
            return {"seconds": next(rest)}

        return Case(name, measure)


def known_report(machine: Machine) -> Report:
    cases = [machine.case("ours", 2, 8, 3), machine.case("theirs", 4, 4, 6)]
    comparisons = [
        Comparison("seconds", "ours", "theirs", at_most=1),
        Comparison("seconds", "theirs", "ours", at_least=2.5),
        Comparison("seconds", "ours"),
        Comparison("seconds", "ours", "absent"),
    ]
    return run(Plan("known", cases, comparisons, {"absent": "not installed"}), rounds=3)


def test_ratios_are_taken_within_a_round_and_every_other_round_is_reversed() -> None:
    machine = Machine()
    report = known_report(machine)
    assert machine.ran == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert [values for _, values in report.ratios] == [[0.5, 2, 0.5], [2, 0.5, 2], [2, 8, 3]]
    assert [is_reached(comparison, values) for comparison, values in report.ratios] == [
        True,
        False,
        None,
    ]


def test_a_case_that_cannot_be_run_is_skipped_with_the_reason() -> None:
    def absent() -> dict[str, float]:
        raise Skipped("not on this machine")

    plan = Plan("skipping", [Case("absent", absent), Machine().case("there", 1, 1)], [])
    report = run(plan, rounds=2)
    assert dict(report.skipped) == {"absent": "not on this machine"}
    assert list(report.figures) == ["there"]
    assert "skipped: absent: not on this machine" in as_text("skipping", report, "")
    assert as_json("skipping", report, "")["skipped"] == {"absent": "not on this machine"}


def test_a_case_that_fails_is_named_and_the_others_go_on() -> None:
    def broken() -> dict[str, float]:
        raise RuntimeError("Traceback\nKeyError: 'x'")

    plan = Plan("failing", [Case("broken", broken), Machine().case("there", 1, 1)], [])
    report = run(plan, rounds=2)
    assert list(report.failed) == ["broken"]
    assert report.figures["there"] == {"seconds": [1, 1]}
    assert "failed: broken: KeyError: 'x'" in as_text("failing", report, "")


def test_the_tables_of_the_readme_are_replaced_and_nothing_else(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- results of known -->\nold\n<!-- end of known -->\nafter\n")
    report = known_report(Machine())
    write_readme("known", report, "others slept", readme)
    write_readme("known", report, "others slept", readme)
    text = readme.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- results of known -->\n")
    assert text.endswith("<!-- end of known -->\nafter\n")
    assert "old" not in text
    assert (
        text.count("| ours: times the seconds of theirs | 0.50 [0.50 to 2.00] | ≤ 1 | yes |") == 1
    )
    with pytest.raises(ValueError, match="other"):
        write_readme("other", report, "others slept", readme)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1234.5, "1,234"), (12.34, "12.3"), (1.234, "1.23"), (0.01234, "0.0123"), (0, "0.00")],
)
def test_figures_are_shown_with_the_digits_that_count(value: float, shown: str) -> None:
    assert short(value) == shown
