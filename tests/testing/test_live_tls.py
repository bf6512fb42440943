"""The live fixtures over TLS: two fixtures to override, and what is told if they do not fit."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from textwrap import dedent

import pytest

from mockserver.live import LiveSandbox
from tests.certificates import ca_file_in, server_context
from tests.testing.pytest_runs import run, run_apart

CONFTEST = """
    import ssl

    import pytest
    import trustme

    @pytest.fixture(scope="session")
    def authority():
        return trustme.CA()

    @pytest.fixture(scope="session")
    def leanplum_tls_context(authority):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        return context

    @pytest.fixture(scope="session")
    def leanplum_ca_file(authority, tmp_path_factory):
        path = tmp_path_factory.mktemp("authority") / "ca.pem"
        authority.cert_pem.write_to_path(str(path))
        return path
    """

LIVE = """
    import requests

    def test_it(leanplum_live, leanplum_server, leanplum_ca_file):
        assert leanplum_live.api_url.startswith("https://127.0.0.1:")
        assert leanplum_server.url == leanplum_live.url
        inbox = leanplum_live.inbox("503,reset,hang,200")
        assert inbox.url.startswith("https://127.0.0.1:")
        rule = {
            "action": "addPostback", "appId": leanplum_live.app_id, "clientKey": leanplum_live.key,
            "apiVersion": "1.0.6", "type": "messageEvents",
            "postbackUrl": inbox.url + "?user={{User ID}}",
        }
        answer = requests.post(leanplum_live.api_url, json=rule, verify=str(leanplum_ca_file))
        answer.raise_for_status()
        leanplum_live.trigger("email.click", user_id="ada")
        leanplum_live.run_until_idle()
        [delivery] = leanplum_live.deliveries
        assert delivery.state == "delivered"
        outcomes = [attempt.outcome for attempt in delivery.attempts]
        assert outcomes == ["response", "reset", "timeout", "response"]
        assert [item.query["user"] for item in inbox.wait_for(4)] == ["ada"] * 4
        assert [item.end for item in inbox.requests][1] == "reset"
    """


def on_one_line(result: pytest.RunResult) -> str:
    """Return what was shown, without the line ends that a terminal needs."""
    return " ".join(result.stdout.str().split())


def test_api_and_receiver_are_https(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(dedent(CONFTEST))
    run(pytester, LIVE).assert_outcomes(passed=1)


def test_every_worker_of_xdist_has_certificates_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(dedent(CONFTEST))
    source = dedent(LIVE).replace(
        "def test_it(leanplum_live",
        "@pytest.mark.parametrize('n', range(8))\ndef test_it(n, leanplum_live",
    )
    run_apart(pytester, "import pytest\n" + source, "-n", "2").assert_outcomes(passed=8)


def test_without_an_override_everything_is_http(pytester: pytest.Pytester) -> None:
    source = """
        def test_it(leanplum_live, leanplum_tls_context, leanplum_ca_file):
            assert (leanplum_tls_context, leanplum_ca_file) == (None, None)
            assert leanplum_live.api_url.startswith("http://")
            assert leanplum_live.inbox().url.startswith("http://")
        """
    run(pytester, source).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('"127.0.0.1"', '"shop.example"', "*leanplum_tls_context*: *issue it for 127.0.0.1*"),
        ("return path", "return None", "*leanplum_tls_context*: *not believed*ca_file*"),
        (
            "return path",
            "return 'missing.pem'",
            "*leanplum_ca_file: ca_file 'missing.pem' cannot be used*",
        ),
        ("return context", "return 'cert.pem'", "*must be an ssl.SSLContext, got 'cert.pem'*"),
        (
            "Purpose.CLIENT_AUTH",
            "Purpose.SERVER_AUTH",
            "*leanplum_tls_context*: *cannot serve*Purpose.CLIENT_AUTH*",
        ),
    ],
)
def test_what_does_not_fit_is_told_in_a_line(
    pytester: pytest.Pytester, before: str, after: str, told: str
) -> None:
    assert CONFTEST.count(before) == 1
    pytester.makeconftest(dedent(CONFTEST.replace(before, after)))
    result = run(pytester, "def test_it(leanplum_live): pass")
    result.assert_outcomes(errors=1)
    assert "mockserver/" not in result.stdout.str()
    assert fnmatchcase(on_one_line(result), f"*{told}*")


@pytest.mark.parametrize("trusted", [True, False])
def test_a_sandbox_that_is_there_already_may_be_https(
    pytester: pytest.Pytester, tmp_path: Path, trusted: bool
) -> None:
    ca_file = ca_file_in(tmp_path)
    if trusted:
        pytester.makeconftest(
            "import pytest\n\n@pytest.fixture(scope='session')\n"
            f"def leanplum_ca_file():\n    return {str(ca_file)!r}\n"
        )
    source = """
        def test_it(leanplum_live):
            inbox = leanplum_live.inbox("503,200")
            leanplum_live.add_postback(inbox.url)
            leanplum_live.trigger("push.open")
            leanplum_live.run_until_idle()
            assert [item.state for item in leanplum_live.deliveries] == ["delivered"]
        """
    with LiveSandbox(tls_context=server_context(), ca_file=ca_file) as live:
        result = run(pytester, source, "--leanplum-url", live.url)
    if trusted:
        result.assert_outcomes(passed=1)
    else:
        result.assert_outcomes(errors=1)
        told = f"*--leanplum-url {live.url}: *is not believed*ca_file*"
        assert fnmatchcase(on_one_line(result), told)
