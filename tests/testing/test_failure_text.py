"""What a failed test shows, whole, as it is read in a terminal of 80 columns."""

from __future__ import annotations

import pytest

from tests.testing.pytest_runs import check_golden, run

#: Each case is a golden file; the source is what a user would have written.
CASES = {
    "not_delivered": """
        def test_it(leanplum, leanplum_receiver):
            leanplum_receiver.behave("503")
            leanplum.add_postback(leanplum_receiver.url + "?user={{User ID}}")
            leanplum.trigger("email.click", user_id="ada")
            leanplum.assert_delivered(event="email.click", user_id="ada")
        """,
    "too_many": """
        def test_it(leanplum, leanplum_receiver):
            leanplum.add_postback(leanplum_receiver.url + "?user={{User ID}}")
            leanplum.trigger("email.click", user_id="ada")
            leanplum.trigger("email.click", user_id="ada")
            leanplum.assert_delivered(user_id="ada")
        """,
    "attempts_at_other_hours": """
        def test_it(leanplum, leanplum_receiver):
            leanplum_receiver.behave("503*2,200")
            leanplum.add_postback(leanplum_receiver.url + "?user={{User ID}}")
            leanplum.trigger("email.click", user_id="ada")
            leanplum.run_until_idle()
            leanplum.assert_attempts_at(hours=[0, 1, 2])
        """,
    "not_lost": """
        def test_it(leanplum, leanplum_receiver):
            leanplum_receiver.behave("hang,200")
            leanplum.add_postback(leanplum_receiver.url + "?user={{User ID}}")
            leanplum.trigger("email.click", user_id="ada")
            leanplum.run_until_idle()
            leanplum.assert_lost(user_id="ada")
        """,
    "not_rejected": """
        def test_it(leanplum, leanplum_receiver):
            leanplum.add_postback(leanplum_receiver.url + "?user={{User ID}}")
            leanplum.trigger("email.click", user_id="ada")
            leanplum.assert_rejected(user_id="ada")
        """,
    "no_rule": """
        def test_it(leanplum):
            leanplum.trigger("email.click", user_id="ada")
            leanplum.assert_delivered(event="email.click")
        """,
    "nothing_triggered": """
        def test_it(leanplum, leanplum_receiver):
            leanplum.add_postback(leanplum_receiver.url)
            leanplum.assert_delivered(event="email.click")
        """,
    "rule_did_not_match": """
        def test_it(leanplum, leanplum_receiver):
            leanplum.add_postback(leanplum_receiver.url, channels=["Push Notification"])
            leanplum.trigger("email.click", user_id="ada")
            leanplum.assert_delivered(event="email.click")
        """,
    "triggered_after_all": """
        def test_it(leanplum, leanplum_receiver):
            leanplum.add_postback(leanplum_receiver.url + "?user={{User ID}}")
            leanplum.trigger("email.click", user_id="ada")
            leanplum.assert_not_triggered(user_id="ada")
        """,
    "several_candidates": """
        def test_it(leanplum, leanplum_receiver):
            leanplum.add_postback(leanplum_receiver.url + "?user={{User ID}}&of={{Message ID}}")
            for user_id in ("bob", "eve", "ada", "mia", "zoe"):
                leanplum.trigger("email.open", user_id=user_id, message_id="4711")
            leanplum.assert_delivered(
                event="email.click", user_id="ada", query={"of": "4712", "no": "1"}
            )
        """,
    "partner_raised": """
        ORDERS = {}

        def application(environ, start_response):
            name = environ["QUERY_STRING"].removeprefix("user=")
            ORDERS[name] += 1
            start_response("204 No Content", [])
            return []

        def test_it(leanplum):
            leanplum.partner("https://partner.example/", application)
            leanplum.add_postback("https://partner.example/in?user={{User ID}}")
            leanplum.trigger("email.click", user_id="ada")
            leanplum.assert_delivered(user_id="ada")
        """,
    "partner_raised_beside": """
        CLICKS = {}

        def application(environ, start_response):
            CLICKS[environ["HTTP_X_USER"]] = 1
            start_response("204 No Content", [])
            return []

        def test_it(leanplum):
            leanplum.partner("https://partner.example/", application)
            leanplum.add_postback("https://partner.example/in?user={{User ID}}")
            leanplum.trigger("email.click", user_id="ada")
            leanplum.trigger("email.click", user_id="bob")
            assert CLICKS
        """,
    "partner_view_raised": """
        from flask import Flask, request

        def test_it(leanplum):
            app = Flask("shop")
            app.logger.disabled = True

            @app.post("/in")
            def click():
                if request.args["user"] != "bob":
                    raise LookupError("no user")
                return "", 204

            leanplum.partner("https://partner.example/", app)
            leanplum.add_postback("https://partner.example/in?user={{User ID}}")
            leanplum.trigger("email.click", user_id="ada")
            leanplum.assert_delivered(user_id="ada")
        """,
    "partner_too_slow": """
        def test_it(leanplum):
            def application(environ, start_response):
                partner.spend(seconds=45)
                start_response("204 No Content", [])
                return []

            partner = leanplum.partner("https://partner.example/", application)
            leanplum.add_postback("https://partner.example/in?user={{User ID}}")
            leanplum.trigger("email.click", user_id="ada")
            leanplum.assert_delivered(user_id="ada")
        """,
    "unknown_event": """
        def test_it(leanplum):
            leanplum.trigger("email.clik", user_id="ada")
        """,
    "unknown_field": """
        def test_it(leanplum):
            leanplum.assert_delivered(userid="ada")
        """,
    "verify": """
        def test_it(leanplum, leanplum_receiver):
            leanplum.add_postback(leanplum_receiver.url + "?user={{User ID}}")
            leanplum.trigger("email.click", user_id="bob")
            leanplum.trigger("email.click", user_id="eve")
            leanplum.verify(query={"user": "ada"})
        """,
    "verify_other_inbox": """
        def test_it(leanplum):
            leanplum.add_postback(leanplum.inbox("crm").url)
            leanplum.trigger("email.click", user_id="ada")
            leanplum.verify(1)
        """,
    "verify_query_as_text": """
        def test_it(leanplum):
            leanplum.verify(query="user=ada")
        """,
    "not_settled": """
        from freezegun import freeze_time

        def test_it(leanplum, leanplum_receiver):
            leanplum_receiver.behave("503,200")
            leanplum.add_postback(leanplum_receiver.url)
            with freeze_time("2026-03-01T12:00:00Z") as frozen:
                leanplum.trigger("push.open", user_id="ada")
                frozen.tick(7200)
                leanplum.assert_delivered(user_id="ada")
        """,
    "verify_number": """
        def test_it(leanplum, leanplum_receiver):
            leanplum.verify(2, method="POST")
        """,
    "verify_never": """
        def test_it(leanplum, leanplum_receiver):
            leanplum.add_postback(leanplum_receiver.url + "?user={{User ID}}")
            leanplum.trigger("email.click", user_id="ada")
            leanplum.verify_never(query={"user": "ada"})
        """,
    "verify_unknown": """
        def test_it(leanplum):
            leanplum.verify_never(qeury={"user": "ada"})
        """,
    "end_lost": """
        def test_it(leanplum, leanplum_receiver):
            leanplum_receiver.behave("503")
            leanplum.add_postback(leanplum_receiver.url + "?user={{User ID}}")
            leanplum.trigger("email.click", user_id="ada")
            leanplum.run_until_idle()
        """,
    "end_rejected": """
        def test_it(leanplum, leanplum_receiver):
            leanplum_receiver.behave("404")
            leanplum.add_postback(leanplum_receiver.url + "?user={{User ID}}")
            leanplum.trigger("email.click", user_id="ada")
        """,
    "end_refused": """
        import requests

        def test_it(leanplum):
            requests.post(
                "https://api.leanplum.com/api",
                data={"action": "addPostback", "appId": leanplum.app.app_id, "apiVersion": "1.0.6"},
            )
        """,
    "end_refused_often": """
        import requests

        def test_it(leanplum):
            for _ in range(3):
                requests.post("https://api.leanplum.com/api", data={"action": "addPostback"})
            requests.post("https://api.leanplum.com/api", data={"action": "addPostbacks"})
        """,
    "end_ignored": """
        import requests

        def test_it(leanplum):
            rule = {"action": "addPostback", "type": "messageEvents", "channels[]": "Email"}
            keys = {"appId": "YOUR_APP_ID", "clientKey": "YOUR_DATA_EXPORT_KEY"}
            where = {"apiVersion": "1.0.6", "postbackUrl": "https://shop.example/in"}
            requests.get("https://api.leanplum.com/api", params=rule | keys | where)
        """,
    "template_encoded_too_often": """
        def test_it(leanplum, leanplum_receiver):
            url = leanplum_receiver.url
            leanplum.add_postback(url + "?user={{User ID}}%26device={{Device ID}}")
            leanplum.trigger("push.open", user_id="ada", device_id="phone")
            leanplum.verify(1, query={"user": "ada", "device": "phone"})
            leanplum.assert_lost()
        """,
    "api_failed_as_told": """
        import requests

        def test_it(leanplum):
            leanplum.api.behave("503,hang,error:408 Too Many Requests.,200")
            call = {"action": "listPostbacks", "appId": "YOUR_APP_ID", "apiVersion": "1.0.6"}
            url = "https://api.leanplum.com/api"
            for _ in range(4):
                try:
                    requests.get(url, params=call, timeout=10)
                except requests.Timeout:
                    pass
            leanplum.assert_delivered()
        """,
    "api_never_answers": """
        import requests

        def test_it(leanplum):
            leanplum.api.behave("hang")
            try:
                requests.get("https://api.leanplum.com/api", params={"action": "listPostbacks"})
            except Exception:
                pass
        """,
    "answer_says_why": """
        def application(environ, start_response):
            start_response("422 Unprocessable Content", [("Content-Type", "application/json")])
            return [b'{"detail":[{"type":"missing","loc":["query","user_id"],"msg":"required"}]}']

        def test_it(leanplum):
            leanplum.partner("https://partner.example/", application)
            leanplum.add_postback("https://partner.example/in?user={{User ID}}")
            leanplum.trigger("email.click", user_id="ada")
            leanplum.assert_delivered()
        """,
    "answer_leads_elsewhere": """
        def application(environ, start_response):
            where = "https://partner.example/in/?user=ada"
            start_response("301 Moved Permanently", [("Location", where)])
            return []

        def test_it(leanplum):
            leanplum.partner("https://partner.example/", application)
            leanplum.add_postback("https://partner.example/in?user={{User ID}}")
            leanplum.trigger("email.click", user_id="ada")
        """,
    "end_partner_raised": """
        def application(environ, start_response):
            raise LookupError("no user 'ada'")

        def test_it(leanplum):
            leanplum.partner("https://partner.example/", application)
            leanplum.add_postback("https://partner.example/in?user={{User ID}}")
            leanplum.trigger("email.click", user_id="ada")
            leanplum.run_until_idle()
        """,
    "end_refused_key": """
        import requests

        def test_it(leanplum):
            keys = {"appId": "YOUR_APP_ID", "clientKey": "mine", "apiVersion": "1.0.6"}
            rule = {"postbackUrl": "https://shop.example/", "type": "messageEvents"}
            requests.post(
                "https://api.leanplum.com/api", json={"action": "addPostback"} | keys | rule
            )
        """,
    "end_several": """
        import requests

        def test_it(leanplum, leanplum_receiver):
            requests.get("https://api.leanplum.com/api?action=addPostback")
            leanplum_receiver.behave("404,503")
            leanplum.add_postback(leanplum_receiver.url + "?user={{User ID}}")
            leanplum.trigger("email.click", user_id="ada")
            leanplum.trigger("email.click", user_id="bob")
            leanplum.run_until_idle()
        """,
    "marker_unknown_name": """
        import pytest

        @pytest.mark.leanplum(alow=["lost"])
        def test_it(leanplum):
            pass
        """,
    "marker_wrong_start": """
        import pytest

        @pytest.mark.leanplum(start="yesterday")
        def test_it(leanplum):
            pass
        """,
    "marker_wrong_retry_on": """
        import pytest

        @pytest.mark.leanplum(retry_on=["5xxx"])
        def test_it(leanplum):
            pass
        """,
}


@pytest.fixture(autouse=True)
def narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize("name", CASES)
def test_a_failure_reads_as_it_did_when_it_was_found_good(
    pytester: pytest.Pytester, name: str
) -> None:
    result = run(pytester, CASES[name])
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    check_golden(result, name)


@pytest.mark.parametrize("name", CASES)
def test_no_failure_shows_a_line_of_this_package(pytester: pytest.Pytester, name: str) -> None:
    result = run(pytester, CASES[name])
    assert "mockserver/" not in result.stdout.str()


def test_the_whole_traceback_is_there_for_those_who_ask(pytester: pytest.Pytester) -> None:
    result = run(pytester, CASES["unknown_event"], "--full-trace")
    assert "def event_kind(" in result.stdout.str()
