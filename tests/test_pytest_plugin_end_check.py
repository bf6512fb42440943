"""What went wrong unnoticed fails the test; what the test has spoken of does not."""

from __future__ import annotations

import pytest

from tests.testing.pytest_runs import report, run

#: What leads to each kind of problem.
CAUSES = {
    "refused": "requests.get('https://api.leanplum.com/api?action=addPostback')",
    "lost": "fire(leanplum, '503'); leanplum.run_until_idle()",
    "rejected": "fire(leanplum, '404')",
}

HEAD = """
import pytest
import requests

def fire(leanplum, script):
    inbox = leanplum.inbox()
    inbox.behave(script)
    leanplum.add_postback(inbox.url + "?user={{User ID}}")
    leanplum.trigger("email.click", user_id="ada")
"""


@pytest.mark.parametrize("kind", CAUSES)
def test_it_fails_a_test_that_passed(pytester: pytest.Pytester, kind: str) -> None:
    result = run(pytester, f"{HEAD}\ndef test_it(leanplum):\n    {CAUSES[kind]}\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*{kind}: *"])
    assert result.stdout.str().partition("short test summary")[0].count("did not speak of") == 1


@pytest.mark.parametrize("kind", CAUSES)
@pytest.mark.parametrize("said", ["'{}'", "['{}']", "('{}',)", "{{'{}'}}"])
def test_the_marker_allows_it(pytester: pytest.Pytester, kind: str, said: str) -> None:
    marker = f"@pytest.mark.leanplum(allow={said.format(kind)})"
    source = f"{HEAD}\n{marker}\ndef test_it(leanplum):\n    {CAUSES[kind]}\n"
    run(pytester, source).assert_outcomes(passed=1)


@pytest.mark.parametrize("kind", CAUSES)
def test_the_marker_allows_nothing_else(pytester: pytest.Pytester, kind: str) -> None:
    others = [other for other in CAUSES if other != kind]
    marker = f"@pytest.mark.leanplum(allow={others})"
    source = f"{HEAD}\n{marker}\ndef test_it(leanplum):\n    {CAUSES[kind]}\n"
    run(pytester, source).assert_outcomes(failed=1)


@pytest.mark.parametrize("kind", ["lost", "rejected"])
def test_an_assertion_allows_it(pytester: pytest.Pytester, kind: str) -> None:
    source = f"""{HEAD}
def test_it(leanplum):
    {CAUSES[kind]}
    leanplum.assert_{kind}(user_id="ada")
"""
    run(pytester, source).assert_outcomes(passed=1)


def test_an_assertion_allows_only_what_it_speaks_of(pytester: pytest.Pytester) -> None:
    source = f"""{HEAD}
def test_it(leanplum):
    fire(leanplum, "404")
    leanplum.trigger("email.click", user_id="bob")
    leanplum.assert_rejected(user_id="bob")
"""
    result = run(pytester, source)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*rejected: delivery 1: * 'ada'*"])
    assert "'bob'" not in report(result).partition("Leanplum deliveries")[0]


@pytest.mark.parametrize(
    ("kind", "hours"),
    [("rejected", "[0]"), ("lost", "[0, 1, 3, 7, 15, 25, 35, 45, 55, 65]")],
)
def test_when_attempts_were_made_says_not_what_became_of_it(
    pytester: pytest.Pytester, kind: str, hours: str
) -> None:
    source = f"""{HEAD}
def test_it(leanplum):
    {CAUSES[kind]}
    leanplum.assert_attempts_at({hours})
    SAID
"""
    run(pytester, source.replace("SAID", "")).assert_outcomes(failed=1)
    said = source.replace("SAID", f"leanplum.assert_{kind}()")
    run(pytester, said).assert_outcomes(passed=1)


@pytest.mark.parametrize("kind", [*CAUSES, "raised", "ignored", "thread"])
@pytest.mark.parametrize("is_allowed", [False, True])
def test_it_looks_at_what_other_fixtures_do_at_their_end(
    pytester: pytest.Pytester, kind: str, is_allowed: bool
) -> None:
    causes = CAUSES | {
        "raised": "raise_in(leanplum)",
        "thread": "raise_in_thread(leanplum)",
        "ignored": "requests.get('https://api.leanplum.com/api', params={'action': 'listPostbacks',"
        " 'appId': leanplum.app_id, 'clientKey': leanplum.key, 'apiVersion': '1.0.6', 'x': '1'})",
    }
    name = "raised" if kind == "thread" else kind
    source = f"""{HEAD}
import threading

def raise_in(leanplum):
    def application(environ, start_response):
        raise LookupError("no user")
    leanplum.partner("https://shop.example/", application)
    leanplum.add_postback("https://shop.example/")
    leanplum.trigger("email.click")

def raise_in_thread(leanplum):
    def application(environ, start_response):
        def work():
            raise LookupError("no user")
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        start_response("204 No Content", [])
        return []
    leanplum.partner("https://shop.example/", application)
    leanplum.add_postback("https://shop.example/")
    leanplum.trigger("email.click")

@pytest.fixture
def ending(leanplum):
    yield
    {causes[kind]}

@pytest.mark.leanplum(allow={[name] if is_allowed else []})
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_it(leanplum, ending):
    pass
"""
    result = run(pytester, source)
    result.assert_outcomes(passed=1, errors=0 if is_allowed else 1)
    if not is_allowed:
        result.stdout.fnmatch_lines([f"*{name}: *"])


def test_what_was_told_after_the_test_is_not_told_again_at_its_end(
    pytester: pytest.Pytester,
) -> None:
    source = f"""{HEAD}
def test_it(leanplum):
    fire(leanplum, "404")
"""
    run(pytester, source).assert_outcomes(failed=1, errors=0)


def test_a_failure_of_the_test_itself_is_all_that_is_told(pytester: pytest.Pytester) -> None:
    result = run(
        pytester, f"{HEAD}\ndef test_it(leanplum):\n    fire(leanplum, '404')\n    assert 1 == 2\n"
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*assert 1 == 2"])
    result.stdout.no_fnmatch_line("*did not speak of*")


@pytest.mark.parametrize("how", ["pytest.skip('later')", "pytest.xfail('known')"])
def test_a_test_that_is_broken_off_is_left_alone(pytester: pytest.Pytester, how: str) -> None:
    result = run(
        pytester, f"{HEAD}\ndef test_it(leanplum):\n    fire(leanplum, '404')\n    {how}\n"
    )
    assert result.ret == pytest.ExitCode.OK


def test_what_is_expected_to_fail_may_fail_of_this(pytester: pytest.Pytester) -> None:
    source = f"{HEAD}\n@pytest.mark.xfail(strict=True)\ndef test_it(leanplum):\n    "
    run(pytester, source + CAUSES["rejected"]).assert_outcomes(xfailed=1)


def test_it_looks_wherever_the_fixture_was_asked_for(pytester: pytest.Pytester) -> None:
    source = f"""{HEAD}
import unittest

@pytest.mark.parametrize("script", ["200", "404"])
def test_parametrized(leanplum, script):
    fire(leanplum, script)

class TestClass:
    def test_method(self, leanplum):
        fire(leanplum, "404")

@pytest.fixture
def wrapped(leanplum):
    return leanplum

def test_through_a_fixture(wrapped):
    fire(wrapped, "404")

def test_asked_for_by_name(request):
    fire(request.getfixturevalue("leanplum"), "404")

class OfUnittest(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def keep(self, leanplum):
        self.leanplum = leanplum

    def test_unnoticed(self):
        fire(self.leanplum, "404")

    def test_failed(self):
        fire(self.leanplum, "404")
        self.assertEqual(1, 2)
"""
    result = run(pytester, source, "-rA")
    result.assert_outcomes(passed=1, failed=6)
    result.stdout.fnmatch_lines(
        [
            "PASSED *test_parametrized[[]200[]]",
            "FAILED *test_parametrized[[]404[]]*",
            "FAILED *::test_method*",
            "FAILED *::test_through_a_fixture*",
            "FAILED *::test_asked_for_by_name*",
            "FAILED *::test_failed*1 != 2*",
            "FAILED *::test_unnoticed*",
        ],
        consecutive=False,
    )


def test_a_marker_of_the_module_allows_for_all_of_it(pytester: pytest.Pytester) -> None:
    source = f"""{HEAD}
pytestmark = pytest.mark.leanplum(allow="rejected")

def test_function(leanplum):
    fire(leanplum, "404")

class TestClass:
    def test_method(self, leanplum):
        fire(leanplum, "404")

@pytest.mark.leanplum(allow=[])
def test_stricter(leanplum):
    fire(leanplum, "404")
"""
    run(pytester, source).assert_outcomes(passed=2, failed=1)


def test_what_is_pending_or_delivered_is_no_problem(pytester: pytest.Pytester) -> None:
    source = f"""{HEAD}
def test_it(leanplum):
    fire(leanplum, "503*2,200")
    leanplum.trigger("email.click", user_id="bob")
    leanplum.advance(hours=1)
"""
    run(pytester, source).assert_outcomes(passed=1)
