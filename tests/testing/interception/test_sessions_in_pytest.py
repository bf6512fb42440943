"""Calls of Leanplum's API by code under test, beside every way in which tests mock `requests`."""

from __future__ import annotations

import pytest

from tests.testing.pytest_runs import python, run, run_apart

HEAD = """
import pytest
import requests
import responses

OTHER = "https://other.example/"

def register(leanplum, url="https://api.leanplum.com/api"):
    return requests.post(url, data={
        "action": "addPostback",
        "appId": leanplum.app.app_id,
        "clientKey": leanplum.app.keys["data_export"],
        "apiVersion": "1.0.6",
        "postbackUrl": "https://partner.example/in?user={{User ID}}",
        "type": "messageEvents",
    })

def check(leanplum):
    answer = register(leanplum)
    assert answer.json()["response"][0]["success"] is True, answer.text
    assert [rule.url for rule in leanplum.postbacks] == [
        "https://partner.example/in?user={{User ID}}"
    ]
"""

#: Every way to use `responses` in a test, each with an answer for somebody else.
MOCKS = {
    "decorator": """
@responses.activate
def test_it(leanplum):
    responses.get(OTHER, body="mocked")
    check(leanplum)
    assert requests.get(OTHER).text == "mocked"
""",
    "context_manager": """
def test_it(leanplum):
    with responses.RequestsMock() as mock:
        mock.get(OTHER, body="mocked")
        check(leanplum)
        assert requests.get(OTHER).text == "mocked"
""",
    "fixture_before": """
@pytest.fixture
def mock():
    with responses.RequestsMock() as mock:
        yield mock

def test_it(mock, leanplum):
    mock.get(OTHER, body="mocked")
    check(leanplum)
    assert requests.get(OTHER).text == "mocked"
""",
    "fixture_after": """
@pytest.fixture
def mock(leanplum):
    with responses.RequestsMock() as mock:
        yield mock

def test_it(leanplum, mock):
    mock.get(OTHER, body="mocked")
    check(leanplum)
    assert requests.get(OTHER).text == "mocked"
""",
    "within_the_test": """
def test_it():
    from mockserver.testing import Leanplum

    with responses.RequestsMock() as mock:
        mock.get(OTHER, body="mocked")
        with Leanplum() as leanplum:
            check(leanplum)
            assert requests.get(OTHER).text == "mocked"
""",
    "started_and_stopped": """
def test_it(leanplum):
    responses.start()
    responses.get(OTHER, body="mocked")
    try:
        check(leanplum)
        assert requests.get(OTHER).text == "mocked"
    finally:
        responses.stop()
        responses.reset()
""",
}


@pytest.mark.parametrize("name", MOCKS)
def test_mocks_of_the_test_itself_work_on(pytester: pytest.Pytester, name: str) -> None:
    run(pytester, HEAD + MOCKS[name]).assert_outcomes(passed=1)


@pytest.mark.parametrize("name", [name for name in MOCKS if name != "fixture_before"])
def test_so_they_do_when_strict(pytester: pytest.Pytester, name: str) -> None:
    run(pytester, HEAD + MOCKS[name], "--leanplum-strict").assert_outcomes(passed=1)


def test_a_mock_around_it_is_asked_when_strict(pytester: pytest.Pytester) -> None:
    # What was allowed by a mock around the fixture was allowed on purpose.
    run(pytester, HEAD + MOCKS["fixture_before"], "--leanplum-strict").assert_outcomes(passed=1)


def test_nothing_stays_patched(pytester: pytest.Pytester) -> None:
    source = f"""{HEAD}
import sys

from requests.adapters import HTTPAdapter
from requests.sessions import Session

BEFORE = (Session.get_adapter, HTTPAdapter.send, list(sys.meta_path))

def test_it(leanplum):
    assert Session.get_adapter is not BEFORE[0]
    check(leanplum)

def test_failing(leanplum):
    assert False

def test_after():
    assert (Session.get_adapter, HTTPAdapter.send, list(sys.meta_path)) == BEFORE
"""
    run(pytester, source).assert_outcomes(passed=2, failed=1)
    run(pytester, source, "--leanplum-strict").assert_outcomes(passed=2, failed=1)


#: What keeps `requests` from being found, as if it were not installed.
BLOCKED = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("requests", "responses"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocker())
"""


def test_without_requests_everything_else_works() -> None:
    done = python(
        BLOCKED
        + """
from mockserver.testing import Leanplum
with Leanplum() as leanplum:
    leanplum.add_postback(leanplum.inbox().url)
    leanplum.trigger("email.click")
    leanplum.assert_delivered()
    try:
        import requests
    except ModuleNotFoundError as error:
        print(error)
"""
    )
    assert (done.stderr, done.stdout) == ("", "No module named 'requests'\n")


def test_without_requests_strict_refuses_the_others() -> None:
    done = python(
        BLOCKED
        + """
import urllib.request
from mockserver.testing import Leanplum
with Leanplum(strict=True):
    try:
        urllib.request.urlopen("http://shop.example/")
    except OSError as error:
        print(error)
"""
    )
    assert done.stderr == ""
    assert "a connection to shop.example by urllib.request" in done.stdout
    assert "was refused: --leanplum-strict lets" in done.stdout


IMPORTED_LATER = """
    import sys

    from mockserver.testing import Leanplum

    before = list(sys.meta_path)
    with Leanplum() as leanplum:
        assert "requests" not in sys.modules
        {importing}
        answer = requests.get("https://api.leanplum.com/api", params={{
            "action": "listPostbacks",
            "appId": leanplum.app.app_id,
            "clientKey": leanplum.app.keys["data_export"],
            "apiVersion": "1.0.6",
        }})
        print(answer.status_code)
        patched = requests.sessions.Session.get_adapter
    assert requests.sessions.Session.get_adapter is not patched
    assert requests.sessions.Session.get_adapter.__module__ == "requests.sessions"
    assert sys.meta_path == before
    """


@pytest.mark.parametrize(
    "importing",
    [
        "import requests",
        "import requests.sessions",
        "from requests import Session; import requests",
        "import responses, requests",
        "import importlib; requests = importlib.import_module('requests')",
    ],
)
def test_requests_may_be_imported_only_within_the_test(importing: str) -> None:
    done = python(IMPORTED_LATER.format(importing=importing))
    assert (done.stderr, done.stdout) == ("", "200\n")


def test_requests_may_be_imported_within_two_of_them() -> None:
    done = python(
        """
        import sys
        from mockserver.testing import Leanplum
        before = list(sys.meta_path)
        with Leanplum() as outer, Leanplum() as inner:
            import requests
            requests.get("https://api.leanplum.com/api?action=nothing")
            print(len(outer.refused_calls), len(inner.refused_calls))
        print(sys.meta_path == before, requests.Session.get_adapter.__module__)
        """
    )
    assert (done.stderr, done.stdout) == ("", "0 1\nTrue requests.sessions\n")


def test_requests_may_be_imported_only_after_it() -> None:
    done = python(
        """
        import sys
        from mockserver.testing import Leanplum
        with Leanplum():
            pass
        import requests
        print(requests.Session.get_adapter.__module__)
        """
    )
    assert (done.stderr, done.stdout) == ("", "requests.sessions\n")


def test_requests_may_be_imported_only_after_a_test_with_the_fixture(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Other plugins of this environment may import what they like.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    source = """
        import sys

        def test_with(leanplum):
            assert "requests" not in sys.modules

        def test_after():
            assert [each for each in sys.meta_path if "mockserver" in type(each).__module__] == []
            import requests
            assert requests.Session.get_adapter.__module__ == "requests.sessions"
        """
    result = run_apart(pytester, source, "-p", "mockserver.pytest_plugin")
    result.assert_outcomes(passed=2)


def test_answering_begins_once_however_often_it_is_begun() -> None:
    done = python(
        """
        import sys
        from mockserver.testing import Leanplum
        before = list(sys.meta_path)
        with Leanplum() as leanplum, leanplum:
            pass
        print(sys.meta_path == before)
        import requests
        print(requests.Session.get_adapter.__module__)
        with Leanplum() as leanplum, leanplum:
            requests.get("https://api.leanplum.com/api?action=nothing")
        print(len(leanplum.refused_calls), requests.Session.get_adapter.__module__)
        """
    )
    assert (done.stderr, done.stdout) == (
        "",
        "True\nrequests.sessions\n1 requests.sessions\n",
    )


@pytest.mark.parametrize("strict", [False, True])
def test_a_blocked_entry_among_the_modules_is_no_requests(strict: bool) -> None:
    done = python(
        f"""
        import sys
        sys.modules["requests"] = None
        from mockserver.core.errors import PostbacksError
        from mockserver.testing import Leanplum
        try:
            with Leanplum(strict={strict}):
                print("fine")
        except PostbacksError as error:
            print("refused")
        """
    )
    assert (done.stderr, done.stdout) == ("", "fine\n")
