"""What a test has to answer for at its end, and how it is told."""

from __future__ import annotations

import socket
from contextlib import suppress

import requests

from mockserver.testing import Leanplum
from mockserver.testing.problems import SHOWN, Problem, problems_text
from tests.testing import fire


def test_nothing_is_wrong_with_what_is_delivered_or_pending() -> None:
    with Leanplum() as leanplum:
        fire(leanplum, "200,503")
        fire(leanplum, "503")
        assert leanplum.problems() == []


def test_they_are_told_in_the_order_in_which_they_were_met() -> None:
    with Leanplum() as leanplum:
        fire(leanplum, "503,404,503*20")
        leanplum.trigger("email.click", user_id="bob")
        leanplum.run_until_idle()
        problems = leanplum.problems()
    assert [problem.kind for problem in problems] == ["lost", "rejected"]
    assert problems[0].text.startswith("delivery 1: Email Click of 'ada', lost\n")
    assert "lost after 10 attempts" in problems[0].text


def test_what_is_said_twice_stays_said() -> None:
    with Leanplum() as leanplum:
        leanplum.said([fire(leanplum, "404")])
        leanplum.said([])
        assert leanplum.problems() == []


def test_what_a_resend_saves_is_lost_no_less() -> None:
    with Leanplum() as leanplum:
        delivery = fire(leanplum, "404,200")
        leanplum.resend(delivery)
        assert [problem.kind for problem in leanplum.problems()] == ["rejected"]


def test_the_application_of_a_failure_is_shown_with_its_traceback() -> None:
    def application(environ: object, start_response: object) -> list[bytes]:
        raise LookupError("nobody of this name")

    with Leanplum(retry_on=[]) as leanplum:
        leanplum.partner("https://partner.example/", application)
        leanplum.add_postback("https://partner.example/in")
        leanplum.trigger("email.click")
        (problem,) = leanplum.problems()
    assert problem.kind == "rejected"
    assert "in application\n" in problem.text
    assert "LookupError: nobody of this name" in problem.text
    assert "mockserver" not in problem.text


def test_what_is_alike_is_told_once_and_not_everything() -> None:
    refused = [
        Problem("refused", "no key"),
        Problem("refused", "no id"),
        Problem("refused", "no key"),
    ]
    lost = [Problem("lost", f"delivery {number}") for number in range(SHOWN + 2)]
    parts = problems_text([*refused, *lost]).split("\n\n")
    assert parts[:3] == ["refused: no key\n  (2 times)", "refused: no id", "lost: delivery 0"]
    assert parts[3:] == [
        *(f"lost: delivery {number}" for number in range(1, SHOWN)),
        "... and 2 more lost",
    ]


def test_as_many_as_are_told_leave_nothing_over() -> None:
    text = problems_text(Problem("lost", f"delivery {number}") for number in range(SHOWN))
    assert "more" not in text


def test_an_argument_that_no_method_knows_is_a_problem_of_its_own_kind() -> None:
    with Leanplum() as leanplum:
        call = {
            "action": "addPostback",
            "appId": leanplum.app_id,
            "clientKey": leanplum.key,
            "apiVersion": "1.0.6",
            "type": "messageEvents",
            "postbackUrl": "https://partner.example/in",
        }
        url = "https://api.leanplum.com/api"
        assert requests.get(url, params=call | {"channels[]": "Email"}).status_code == 200
        assert requests.get(url, params=call | {"channels": "Email"}).status_code == 200
        # What is refused is told once, with its reason.
        assert requests.get(url, params=call | {"type": "x", "channel": "Email"}).status_code == 400
        ignored, refused = sorted(leanplum.problems(), key=lambda problem: problem.kind)
    assert (ignored.kind, refused.kind) == ("ignored", "refused")
    assert " ".join(ignored.text.split()) == (
        "addPostback was answered 200, but no method knows the argument 'channels[]' (did you "
        "mean 'channels'?); it was ignored, so the rule is for every channel"
    )


def test_what_may_not_leave_is_told_once_although_the_code_swallows_it() -> None:
    def pay() -> None:
        with suppress(requests.RequestException):
            requests.post("https://payments.example/charge", timeout=5)

    with Leanplum(strict=True) as leanplum:
        pay()
        pay()
        [problem] = leanplum.problems()
    assert problem.kind == "refused"
    assert problem.text.startswith("a connection to payments.example by requests")
    assert "mock that host" in problem.text
    assert leanplum.problems() == [problem]


def test_a_call_through_a_proxy_is_told_although_the_code_swallows_it() -> None:
    with Leanplum() as leanplum:
        with suppress(requests.RequestException):
            requests.get("https://api.leanplum.com/api", proxies={"https": "http://127.0.0.1:9"})
        assert [problem.kind for problem in leanplum.problems()] == ["refused"]


def test_each_test_is_told_of_its_own() -> None:
    with Leanplum(strict=True) as first, suppress(OSError):
        socket.create_connection(("shop.example", 80))
    with Leanplum(strict=True) as second:
        assert second.problems() == []
    assert len(first.problems()) == 1
