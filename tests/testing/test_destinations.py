"""A postback goes where the test has named a place, and nowhere else."""

from __future__ import annotations

import pytest

from mockserver.core.errors import InvalidValue
from mockserver.core.retry import DeliveryState
from mockserver.testing import Leanplum
from tests.testing.pytest_runs import run
from tests.transport.servers import Connection, RawServer


@pytest.fixture
def leanplum() -> Leanplum:
    return Leanplum()


def no_content(connection: Connection) -> None:
    connection.read_request()
    connection.send(b"HTTP/1.1 204 No Content\r\n\r\n")


def sent_to(leanplum: Leanplum, url: str) -> str | None:
    """Let an event happen whose postback goes to `url`; return why nothing was sent."""
    leanplum.add_postback(url)
    leanplum.trigger("push.open", user_id="ada")
    return leanplum.attempts[-1].outcome.error


@pytest.mark.parametrize(
    "url",
    ["https://shop.example/in", "http://127.0.0.1@shop.example/", "http://0x7f.1/", "http://127.1/",
     "http://2130706433/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/", "http://localhost./",
     "http://127.0.0.1.nip.io/", "http://10.0.0.1/", "http://a@b@127.0.0.1/"],
)  # fmt: skip
def test_nothing_is_sent_to_what_was_not_named(leanplum: Leanplum, url: str) -> None:
    error = sent_to(leanplum, url)
    assert error is not None
    assert error.startswith("blocked: ")
    assert "libcurl" not in error
    leanplum.run_until_idle()
    [delivery] = leanplum.deliveries
    assert (delivery.state, len(delivery.attempts)) == (DeliveryState.REJECTED, 1)
    assert [problem.kind for problem in leanplum.problems()] == ["unreachable"]


def test_to_have_expected_a_rejection_excuses_nothing(leanplum: Leanplum) -> None:
    sent_to(leanplum, "https://shop.example/in")
    leanplum.assert_rejected()
    assert [problem.kind for problem in leanplum.problems()] == ["unreachable"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "shop.localhost", "ada:pw@127.0.0.1"])
def test_a_loopback_address_is_sent_to(leanplum: Leanplum, host: str) -> None:
    with RawServer(no_content) as server:
        assert sent_to(leanplum, f"http://{host}:{server.port}/in") is None
    leanplum.assert_delivered()
    leanplum.close()


def test_the_nearest_place_is_named(leanplum: Leanplum) -> None:
    assert "no application and no inbox" in (sent_to(leanplum, "https://shop.example/") or "")
    leanplum.partner("https://shop.example/api/", lambda environ, start: [])
    leanplum.partner("https://crm.example/", lambda environ, start: [])
    leanplum.inbox("orders")
    error = sent_to(leanplum, "http://shop.example/api/clicks") or ""
    assert 'the nearest is leanplum.partner("https://shop.example/api/", ...)' in error
    error = sent_to(leanplum, "http://receiver.tst/inbox/orders") or ""
    assert 'the nearest is leanplum.inbox("orders")' in error
    assert 'leanplum.allow_host("receiver.tst")' in error


def test_an_allowed_host_is_looked_up_and_sent_to(leanplum: Leanplum) -> None:
    leanplum.allow_host("*.invalid")
    sent_to(leanplum, "http://shop.invalid/in")
    assert leanplum.attempts[-1].outcome.summary == "dns"
    assert Leanplum(hosts=["shop.invalid"])._destinations.refuses("http://shop.invalid/") is False
    with pytest.raises(InvalidValue, match=r"allow_host takes a host like .*: write 'a\.example'"):
        leanplum.allow_host("https://a.example/in")
    with pytest.raises(InvalidValue, match="hosts takes a host like"):
        Leanplum(hosts=["*"])


def test_a_refused_one_can_be_sent_again(leanplum: Leanplum) -> None:
    sent_to(leanplum, "http://shop.invalid/in")
    leanplum.allow_host("shop.invalid")
    leanplum.resend(1)
    assert leanplum.attempts[-1].outcome.summary == "dns"
    assert [problem.kind for problem in leanplum.problems()] == ["rejected"]


SOURCE = """
import pytest

def go(leanplum):
    leanplum.add_postback("https://shop.example/in?u={{User ID}}")
    leanplum.trigger("push.open", user_id="ada")

def test_unnoticed(leanplum):
    go(leanplum)

@pytest.mark.leanplum(allow="unreachable")
def test_allowed(leanplum):
    go(leanplum)

@pytest.mark.leanplum(hosts=["shop.example:443", "a.example"])
def test_hosts(leanplum):
    assert not leanplum._destinations.refuses("https://shop.example/in")

@pytest.mark.leanplum(hosts="https://shop.example/")
def test_mistake(leanplum):
    pass
"""


def test_the_test_fails_and_says_what_to_do(pytester: pytest.Pytester) -> None:
    result = run(pytester, SOURCE)
    result.assert_outcomes(passed=2, failed=1, errors=1)
    shown = "\n".join(result.outlines)
    assert "allow it:     @pytest.mark.leanplum(allow=['unreachable'])" in shown
    assert 'leanplum.allow_host("shop.example") or' in shown
    assert '@pytest.mark.leanplum(hosts=["shop.example"])' in shown
    assert "curl" not in shown
    assert "write\n  'shop.example'" in shown or "write 'shop.example'" in shown
