"""Every case as it is declared, and how some of them are chosen."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

import pytest

import contracts
from contracts.conformance.real import MOST_REQUESTS
from contracts.proof.catalog import all_deviants
from contracts.suite import requirements
from contracts.suite.registry import (
    Case,
    NothingSelected,
    all_cases,
    case,
    endpoint_cases,
    find_case,
    most_requests,
    provider_cases,
    select_cases,
)
from contracts.suite.vocabulary import CaseKind, Level, Need, Origin, Profile, TargetKind
from contracts.verify.endpoint import MOST_REQUESTS as MOST_REQUESTS_TO_AN_ENDPOINT
from tests.contracts.samples import case_of, passing

every_case = pytest.mark.parametrize("declared", all_cases(), ids=lambda declared: declared.id)
every_provider_case = pytest.mark.parametrize(
    "declared", provider_cases(), ids=lambda declared: declared.id
)
every_endpoint_case = pytest.mark.parametrize(
    "declared", endpoint_cases(), ids=lambda declared: declared.id
)

#: Strongest first.
STRENGTH = [Level.MUST, Level.SHOULD, Level.MAY, Level.UNSPECIFIED]


@every_case
def test_a_case_is_complete(declared: Case) -> None:
    assert re.fullmatch(r"PB-[A-Z]+(-[A-Z0-9]+)+", declared.id)
    for text in (declared.title, declared.why, declared.fix, declared.check):
        assert text == " ".join(text.split())
        assert text[0].isupper() or text[0] in "`{0123456789" or text.split()[0][1:].isalnum()
        assert "!" not in text
        assert "\N{EM DASH}" not in text
    assert not declared.title.endswith((".", ",", ";", ":"))
    for sentence in (declared.why, declared.fix, declared.check):
        assert sentence.endswith(".")


@every_case
def test_a_case_can_be_tried_somewhere(declared: Case) -> None:
    assert declared.targets
    assert callable(declared.body)
    assert declared.examples >= 1
    assert (declared.kind is CaseKind.PROPERTY) == (declared.given is not None)
    assert (declared.examples > 1) == (declared.kind is not CaseKind.EXAMPLE)
    if TargetKind.FAKE in declared.targets:
        assert (declared.most_requests > 0) == (TargetKind.REAL in declared.targets)
        assert Need.CONTROL in declared.needs


@every_endpoint_case
def test_a_case_about_an_endpoint_follows_from_what_leanplum_does(declared: Case) -> None:
    known = {row.id for row in requirements.load().statements}
    assert declared.follows_from
    assert set(declared.follows_from) <= known
    assert len(set(declared.follows_from)) == len(declared.follows_from)
    assert declared.level in (Level.MUST, Level.SHOULD)
    assert declared.targets == {TargetKind.ENDPOINT}
    assert declared.stores == (declared.most_requests > 0)


def test_a_quick_look_at_an_endpoint_fits_into_its_budget() -> None:
    quick = [case for case in endpoint_cases() if case.profile is Profile.QUICK]
    usual = [case for case in quick if Need.RECORDING not in case.needs]
    assert most_requests(usual) <= MOST_REQUESTS_TO_AN_ENDPOINT == 600


def test_a_case_that_looks_at_what_another_sent_counts_only_without_it() -> None:
    looking = [declared for declared in endpoint_cases() if declared.looks_at]
    assert {declared.id for declared in looking} == {"PB-VALUES-EXACT", "PB-PAYLOAD-EXACT"}
    for declared in looking:
        other = find_case(declared.looks_at)
        assert all_cases().index(other) < all_cases().index(declared)
        assert other.profile is declared.profile
        assert most_requests([declared]) == declared.most_requests > 0
        assert most_requests([declared, other]) == other.most_requests


@every_case
def test_only_plain_examples_are_tried_at_the_real_api(declared: Case) -> None:
    assert declared.kind is CaseKind.EXAMPLE or TargetKind.REAL not in declared.targets


@every_provider_case
def test_a_case_is_as_binding_as_the_strongest_statement_that_names_it(declared: Case) -> None:
    rows = [row for row in requirements.load().statements if declared.id in row.cases]
    assert rows, f"{declared.id} has no statement in requirements.yaml"
    strongest = min((row.level for row in rows), key=STRENGTH.index)
    assert declared.level is strongest
    assert declared.origin in {row.origin for row in rows if row.level is strongest}


@every_case
def test_a_must_names_what_it_catches(declared: Case) -> None:
    assert declared.catches or declared.level is not Level.MUST
    assert len(set(declared.catches)) == len(declared.catches)
    assert set(declared.catches) <= {deviant.name for deviant in all_deviants()}


@every_case
def test_a_case_comes_from_the_module_of_its_area_or_from_that_of_models(declared: Case) -> None:
    side = "verify" if declared.targets == {TargetKind.ENDPOINT} else "conformance"
    room = Path(contracts.__file__).parent / side / "cases"
    assert declared.body.__module__.rpartition(".")[0] == f"contracts.{side}.cases"
    assert (room / f"{declared.body.__module__.rpartition('.')[2]}.py").is_file()


def test_ids_are_unique_and_not_retired() -> None:
    ids = Counter(declared.id for declared in all_cases())
    assert [case_id for case_id, times in ids.items() if times > 1] == []
    assert ids.keys() & set(requirements.load().retired) == set()


def test_titles_and_bodies_are_not_copied() -> None:
    titles = Counter(declared.title for declared in all_cases())
    assert [title for title, times in titles.items() if times > 1] == []
    bodies = Counter(declared.body for declared in all_cases())
    assert [body for body, times in bodies.items() if times > 1] == []


def test_every_case_has_a_statement_and_every_named_case_exists() -> None:
    named = {case_id for row in requirements.load().statements for case_id in row.cases}
    assert {declared.id for declared in provider_cases()} == named


def test_every_deviant_is_named() -> None:
    named = {name for declared in all_cases() for name in declared.catches}
    assert {deviant.name for deviant in all_deviants()} == named


def test_a_whole_run_fits_into_the_budget_of_the_real_api() -> None:
    real = select_cases(target=TargetKind.REAL)
    assert sum(declared.most_requests for declared in real) <= MOST_REQUESTS == 40


def test_every_module_of_cases_is_found_and_stands_where_it_says() -> None:
    package = Path(contracts.__file__).parent
    files = [path for path in package.glob("*/cases/*.py") if path.stem != "__init__"]
    modules = list(dict.fromkeys(declared.body.__module__ for declared in all_cases()))
    assert set(modules) == {f"contracts.{path.parts[-3]}.cases.{path.stem}" for path in files}
    orders = [sys.modules[module].ORDER for module in modules]
    assert orders == sorted(set(orders))


def test_the_cases_come_in_the_order_in_which_an_event_meets_them() -> None:
    areas = list(dict.fromkeys(declared.area for declared in all_cases()))
    kept = [area for area in areas if area in ("api", "rules", "events", "template", "retry")]
    assert kept == ["api", "rules", "events", "template", "retry"]
    assert all_cases() == provider_cases() + endpoint_cases()


# Declaring


def test_what_a_declaration_says() -> None:
    @case(
        "PB-SAMPLE-MORE-WORDS",
        "A sample",
        why="w",
        fix="f",
        level=Level.MAY,
        origin=Origin.OBSERVED,
        catches=["a", "b"],
        needs=[Need.RESTART, Need.RESTART],
        most_requests=3,
    )
    def declared(target: object, rec: object) -> None:
        """Says what

        is done.
        """

    assert declared.area == "sample"
    assert declared.check == "Says what is done."
    assert (declared.level, declared.origin) == (Level.MAY, Origin.OBSERVED)
    assert declared.catches == ("a", "b")
    assert declared.needs == {Need.RESTART}
    assert declared.kind is CaseKind.EXAMPLE
    assert declared.targets == {TargetKind.FAKE}
    assert declared.most_requests == 3


def test_what_has_strategies_is_a_property() -> None:
    assert case_of(passing, given={}).kind is CaseKind.PROPERTY
    assert case_of(passing).kind is CaseKind.EXAMPLE
    assert case_of(passing, kind=CaseKind.STATEFUL).kind is CaseKind.STATEFUL


# Choosing


def ids_of(*globs: str, **filters: object) -> set[str]:
    return {chosen.id for chosen in select_cases(globs, **filters)}  # type: ignore[arg-type]


def test_without_a_filter_everything_is_chosen_in_order() -> None:
    assert select_cases() == list(all_cases())


def test_by_id_by_glob_and_by_area() -> None:
    assert ids_of("PB-RULES-CAP") == {"PB-RULES-CAP"}
    assert ids_of("pb-rules-cap") == {"PB-RULES-CAP"}
    rules = {chosen.id for chosen in all_cases() if chosen.id.startswith("PB-RULES-")}
    assert ids_of("PB-RULES-*") == ids_of("rules") == ids_of("RULES") == rules
    assert ids_of("PB-RULES-CA?") == {"PB-RULES-CAP"}
    assert ids_of("*") == {chosen.id for chosen in all_cases()}


def test_globs_add_up_and_keep_the_order_of_the_cases() -> None:
    chosen = select_cases(["rules", "api", "PB-RULES-CAP"])
    assert {item.area for item in chosen} == {"rules", "api"}
    assert chosen == [item for item in all_cases() if item in chosen]


def test_levels_and_targets_narrow() -> None:
    assert {item.level for item in select_cases(levels=[Level.SHOULD])} == {Level.SHOULD}
    both = select_cases(levels=[Level.MUST, Level.UNSPECIFIED], target=TargetKind.REAL)
    assert {item.level for item in both} <= {Level.MUST, Level.UNSPECIFIED}
    assert all(TargetKind.REAL in item.targets for item in both)
    assert ids_of("api", target=TargetKind.REAL) < ids_of("api")


def test_a_glob_that_matches_nothing_is_refused_with_the_nearest_ids() -> None:
    with pytest.raises(NothingSelected) as raised:
        select_cases(["rules", "PB-RULES-CAB"])
    assert "no case matches 'PB-RULES-CAB' (did you mean 'PB-RULES-CAP'" in str(raised.value)
    assert "contracts list" in str(raised.value)


@pytest.mark.parametrize(("target", "is_suggested"), [(None, True), (TargetKind.ENDPOINT, False)])
def test_the_nearest_ids_are_those_of_the_target(
    target: TargetKind | None, is_suggested: bool
) -> None:
    with pytest.raises(NothingSelected) as raised:
        select_cases(["PB-RULE-ADD"], target=target)
    assert ("'PB-RULES-" in str(raised.value)) is is_suggested


def test_an_area_that_does_not_exist_is_refused_with_the_nearest_area() -> None:
    with pytest.raises(NothingSelected, match="did you mean 'rules'"):
        select_cases(["rulez"])


def test_nothing_left_is_refused_with_all_filters() -> None:
    with pytest.raises(NothingSelected) as raised:
        select_cases(["retry"], [Level.MUST], TargetKind.REAL)
    assert "no case is left with all of: retry, MUST, real" in str(raised.value)
    assert raised.value.exit_code == 2


def test_one_case_is_found_by_its_id_in_any_letters() -> None:
    assert find_case("PB-RULES-CAP").id == "PB-RULES-CAP"
    assert find_case("pb-rules-cap") is find_case("PB-RULES-CAP")


def test_an_unknown_id_is_refused_with_the_nearest() -> None:
    with pytest.raises(NothingSelected, match=r"did you mean .*'PB-RULES-CAP'"):
        find_case("pb-rule-cap")
    with pytest.raises(NothingSelected, match=r"no case has the id 'PB-\*'"):
        find_case("PB-*")
