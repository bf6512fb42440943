"""The fixtures, the options, and what a run pays that uses none of them."""

from __future__ import annotations

import importlib
import json

import pytest

from mockserver.live import LiveSandbox
from tests.testing.pytest_runs import python, run, run_apart


def test_a_test_of_three_lines(pytester: pytest.Pytester) -> None:
    source = """
        def test_it(leanplum, leanplum_receiver):
            leanplum.add_postback(leanplum_receiver.url + "?user={{User ID}}")
            leanplum.trigger("email.click", user_id="ada")
            assert [request.query for request in leanplum_receiver.requests] == [{"user": "ada"}]
        """
    run(pytester, source).assert_outcomes(passed=1)


def test_every_test_begins_anew(pytester: pytest.Pytester) -> None:
    source = """
        import pytest

        @pytest.mark.parametrize("number", range(3))
        def test_it(leanplum, leanplum_receiver, number):
            assert (leanplum.postbacks, list(leanplum.deliveries)) == ([], [])
            assert leanplum_receiver.requests == []
            leanplum.add_postback(leanplum_receiver.url)
            leanplum.trigger("email.click")
            leanplum.advance(hours=number)
        """
    run(pytester, source).assert_outcomes(passed=3)


def test_nothing_of_a_test_is_kept_after_it(pytester: pytest.Pytester) -> None:
    source = """
        import gc, weakref

        kept = []

        def test_it(leanplum):
            kept.append(weakref.ref(leanplum))

        def test_after():
            gc.collect()
            assert kept[0]() is None
        """
    run(pytester, source).assert_outcomes(passed=2)


def test_the_fixture_can_be_asked_for_in_any_way(pytester: pytest.Pytester) -> None:
    source = """
        import unittest
        import pytest

        @pytest.mark.leanplum(app_id="of-the-class")
        class TestInAClass:
            def test_it(self, leanplum):
                assert leanplum.app_id == "of-the-class"

        @pytest.mark.leanplum(app_id="late")
        def test_only_while_it_runs(request):
            assert request.getfixturevalue("leanplum").app_id == "late"

        @pytest.mark.leanplum(app_id="unit")
        class TestUnit(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def its_own(self, leanplum):
                self.leanplum = leanplum

            def test_it(self):
                assert self.leanplum.app_id == "unit"

        class TestOverridden:
            @pytest.fixture
            def leanplum(self, leanplum):
                leanplum.add_postback(leanplum.inbox().url)
                return leanplum

            @pytest.mark.leanplum(app_id="overridden")
            def test_it(self, leanplum):
                assert (leanplum.app_id, len(leanplum.postbacks)) == ("overridden", 1)
        """
    run(pytester, source).assert_outcomes(passed=4)


def test_the_receiver_is_the_inbox_and_the_clock_the_one_of_the_test(
    pytester: pytest.Pytester,
) -> None:
    source = """
        def test_it(leanplum, leanplum_receiver, leanplum_clock):
            assert leanplum_receiver.url == leanplum.inbox().url
            before_at = leanplum_clock.now()
            leanplum_receiver.behave("503*2,200")
            leanplum.add_postback(leanplum_receiver.url)
            leanplum.trigger("email.click")
            leanplum_clock.advance(hours=1)
            assert (leanplum.now() - before_at).total_seconds() == 3600
            leanplum_clock.advance_to_next()
            assert len(leanplum_receiver.wait_for(3)) == 3
            leanplum_clock.run_until_idle()
            leanplum_clock.settle()
            leanplum.assert_attempts_at([0, 1, 3])
        """
    run(pytester, source).assert_outcomes(passed=1)


def test_the_marker_says_how_it_is_made(pytester: pytest.Pytester) -> None:
    source = """
        from datetime import UTC, datetime

        import pytest

        pytestmark = pytest.mark.leanplum(app_id="mine", start="2026-05-01T00:00:00Z")

        def test_module(leanplum):
            assert (leanplum.app.app_id, leanplum.now().month) == ("mine", 5)

        @pytest.mark.leanplum(start=datetime(2026, 6, 1, tzinfo=UTC))
        def test_nearest(leanplum):
            assert (leanplum.app.app_id, leanplum.now().month) == ("mine", 6)

        @pytest.mark.leanplum(retry_on=["429"], parameters_encoding="twice", allow="rejected")
        def test_all(leanplum, leanplum_receiver):
            leanplum_receiver.behave("429,503")
            leanplum.add_postback(leanplum_receiver.url + "?p={{Parameters}}")
            leanplum.trigger("email.click", parameters={"a b": "c d"})
            leanplum.run_until_idle()
            assert [attempt.outcome.status for attempt in leanplum.attempts] == [429, 503]
            assert "%25" in leanplum.deliveries[0].url

        @pytest.mark.leanplum(app_id="of-the-class")
        class TestClass:
            def test_class(self, leanplum):
                assert (leanplum.app.app_id, leanplum.now().month) == ("of-the-class", 5)
        """
    run(pytester, source).assert_outcomes(passed=4)


@pytest.mark.parametrize("where", ["function", "class", "module"])
def test_a_mistake_in_the_marker_is_told_without_the_fixture_as_well(
    pytester: pytest.Pytester, where: str
) -> None:
    mark = dict.fromkeys(("function", "class", "module"), "") | {where: "alow='lost'"}
    source = f"""
import pytest

pytestmark = pytest.mark.leanplum({mark["module"]})

@pytest.mark.leanplum({mark["class"]})
class TestIt:
    @pytest.mark.leanplum({mark["function"]})
    def test_it(self):
        pass
"""
    result = run(pytester, source)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*there is no 'alow' (did you mean 'allow'?)*"])


def test_a_live_sandbox_with_an_app_for_each_test(pytester: pytest.Pytester) -> None:
    source = """
        import pytest

        @pytest.mark.parametrize("number", range(2))
        def test_it(leanplum_server, leanplum_live, number):
            assert leanplum_live.url == leanplum_server.url
            assert leanplum_live.deliveries == []
            inbox = leanplum_live.inbox("503,200")
            leanplum_live.add_postback(inbox.url + "?user={{User ID}}")
            leanplum_live.trigger("email.click", user_id="ada")
            assert [made.number for made in leanplum_live.advance("1h")] == [2]
            assert leanplum_live.run_until_idle() == []
            assert [request.status for request in inbox.wait_for(2)] == [503, 200]
            assert [item.state for item in leanplum_live.deliveries] == ["delivered"]
        """
    run(pytester, source).assert_outcomes(passed=2)


def test_the_listen_address_can_be_overridden(pytester: pytest.Pytester) -> None:
    source = """
        import socket

        import pytest

        @pytest.fixture(scope="session")
        def leanplum_listen_address():
            with socket.create_server(("127.0.0.1", 0)) as server:
                return ("127.0.0.1", server.getsockname()[1])

        def test_it(leanplum_server, leanplum_listen_address):
            assert leanplum_server.url.endswith(f":{leanplum_listen_address[1]}")
        """
    run(pytester, source).assert_outcomes(passed=1)


def test_a_sandbox_that_runs_already_can_be_used(pytester: pytest.Pytester) -> None:
    source = """
        def test_it(leanplum_live, request):
            assert leanplum_live.url == request.config.getoption("--leanplum-url")
            inbox = leanplum_live.inbox()
            leanplum_live.add_postback(inbox.url)
            leanplum_live.trigger("email.click")
            assert len(inbox.requests) == 1
        """
    with LiveSandbox() as live:
        mine = live.sandbox.add_postback("https://partner.example/")
        run(pytester, source, "--leanplum-url", live.url).assert_outcomes(passed=1)
        assert live.sandbox.postbacks() == [mine]
        assert live.sandbox.ledger.rules() == [mine]
        assert live.sandbox.inboxes.names() == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "localhost:8780"])
def test_a_sandbox_that_does_not_answer_is_told_in_a_line(
    pytester: pytest.Pytester, url: str
) -> None:
    result = run(pytester, "def test_it(leanplum_live): pass", "--leanplum-url", url)
    result.assert_outcomes(errors=1)
    assert "mockserver/" not in result.stdout.str()
    result.stdout.fnmatch_lines([f"*{url}*"])


@pytest.mark.parametrize("strict", [False, True])
def test_strict_refuses_what_is_sent_to_others(pytester: pytest.Pytester, strict: bool) -> None:
    source = """
        import socket

        import pytest
        import requests

        genuine = socket.getaddrinfo

        @pytest.fixture(autouse=True)
        def name_of_this_machine(monkeypatch):
            def getaddrinfo(host, *rest, **named):
                return genuine("127.0.0.1" if host == "shop.example" else host, *rest, **named)

            monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

        @pytest.mark.leanplum(allow="refused")
        def test_it(leanplum, request):
            with socket.create_server(("127.0.0.1", 0)) as server:
                url = f"http://shop.example:{server.getsockname()[1]}/"
                with pytest.raises(requests.ConnectionError) as caught:
                    requests.get(url, timeout=0.05, proxies={"no_proxy": "*"})
                server.setblocking(False)
                try:
                    server.accept()[0].close()
                    print("arrived")
                except BlockingIOError:
                    print("refused")
            print(caught.value)
        """
    source = source.replace("requests.ConnectionError", "requests.RequestException")
    result = run(pytester, source, "-s", *(["--leanplum-strict"] if strict else []))
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*refused" if strict else "*arrived"])
    if strict:
        result.stdout.fnmatch_lines(["*--leanplum-strict*"])


def test_code_that_swallows_what_strict_refuses_fails_its_test(pytester: pytest.Pytester) -> None:
    source = """
        import pytest
        import requests

        def pay():
            try:
                requests.post("https://payments.example/charge")
            except requests.RequestException:
                pass

        def test_swallowed(leanplum):
            pay()

        def test_without_the_fixture():
            pass

        @pytest.mark.leanplum(allow="refused")
        def test_allowed(leanplum):
            pay()
        """
    result = run(pytester, source, "--leanplum-strict")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["Leanplum, refused: *", "refused: a connection to payments.example by requests *"]
    )


def test_it_can_be_turned_off(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_it(leanplum): pass", "-p", "no:mockserver")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'leanplum' not found"])


def test_it_says_what_it_offers(pytester: pytest.Pytester) -> None:
    source = "def test_it(leanplum): pass"
    run(pytester, source, "--markers", "--strict-markers").stdout.fnmatch_lines(
        ["@pytest.mark.leanplum(app_id=*, retry_on=*, parameters_encoding=*, start=*, allow=*"]
    )
    run(pytester, source, "--help").stdout.fnmatch_lines(
        ["Leanplum postbacks:", "*--leanplum-url=URL*", "*--leanplum-strict*"]
    )
    shown = run(pytester, source, "--fixtures").stdout
    for name in (
        "leanplum",
        "leanplum_receiver",
        "leanplum_clock",
        "leanplum_server *",
        "leanplum_live",
        "leanplum_listen_address *",
    ):
        shown.fnmatch_lines([f"{name} -- *"])


def test_a_run_that_does_not_use_it_imports_nothing_of_it(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Other plugins of this environment may import what they like.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    source = """
        import sys

        def test_it():
            names = ("flask", "werkzeug", "requests", "responses", "sqlite3", "pycurl",
                     "msgspec", "freezegun", "time_machine")
            print([name for name in names if name in sys.modules])
            packages = ("mockserver", "contracts")
            print([name for name in sys.modules if name.split(".")[0] in packages])
        """
    result = run_apart(pytester, source, "-s", "-p", "mockserver.pytest_plugin")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*[[][]]", "[[]'mockserver', 'mockserver.pytest_plugin'[]]"])


def test_a_test_that_passes_imports_nothing_that_writes_failures() -> None:
    code = """
        import json, sys
        from mockserver.testing import Leanplum

        with Leanplum() as leanplum:
            assert leanplum.problems() == []
            leanplum.assert_not_triggered()
        names = ("http", "html.parser", "ssl", "asyncio", "mockserver.net.answer_text",
                 "mockserver.receiver.faults", "mockserver.testing.delivery_text",
                 "mockserver.testing.failure_text", "mockserver.testing.repeats")
        print(json.dumps([name for name in names if name in sys.modules]))
        """
    done = python(code)
    assert (done.stderr, json.loads(done.stdout)) == ("", [])


def test_a_test_that_does_not_use_requests_imports_neither_it_nor_the_web() -> None:
    code = """
        import json, sys
        from mockserver.testing import Leanplum

        with Leanplum() as leanplum:
            leanplum.add_postback(leanplum.inbox().url)
            leanplum.trigger("email.click")
            leanplum.assert_delivered()
        names = ("requests", "responses", "flask", "sqlite3", "pycurl", "freezegun")
        print(json.dumps([name for name in names if name in sys.modules]))
        """
    done = python(code)
    assert (done.stderr, json.loads(done.stdout)) == ("", [])


def test_a_project_may_have_a_fixture_of_the_same_name(pytester: pytest.Pytester) -> None:
    source = """
        import pytest

        @pytest.fixture
        def leanplum():
            return object()

        def test_it(leanplum):
            pass
        """
    run(pytester, source).assert_outcomes(passed=1)


def test_a_project_may_prepare_ours_under_the_same_name(pytester: pytest.Pytester) -> None:
    source = """
        import pytest

        @pytest.fixture
        def leanplum(leanplum):
            inbox = leanplum.inbox()
            inbox.behave("404")
            leanplum.add_postback(inbox.url)
            return lambda: leanplum.trigger("email.click")

        def test_unnoticed(leanplum):
            leanplum()
        """
    result = run(pytester, source)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*rejected: delivery 1*"])


@pytest.mark.parametrize("name", ["mockserver", "contracts"])
def test_a_run_may_begin_after_the_package_was_imported(name: str) -> None:
    # pytest rewrites the packages of every plugin, and warns of those that are there before it.
    docstring = importlib.import_module(name).__doc__
    assert docstring is not None
    assert "PYTEST_DONT_REWRITE" in docstring
