import pytest
from shop_flask import POSTBACK, create_app, stored


@pytest.fixture
def database(tmp_path):
    return tmp_path / "shop.sqlite"


@pytest.fixture
def shop(leanplum, database):
    leanplum.add_postback(POSTBACK)
    leanplum.add_postback(POSTBACK, type="abTestEvents")
    return leanplum.partner("https://shop.example/", create_app(database))


def test_a_click_is_stored_with_its_url(leanplum, shop, database):
    address = "https://shop.example/sale?discount=50%25&name=caf%C3%A9"
    leanplum.trigger("email.click", user_id="ada+news@x.example", parameters={"url": address})

    [row] = stored(database)
    assert (row["user"], row["event"], row["url"]) == ("ada+news@x.example", "Click", address)
    leanplum.assert_delivered(event="email.click")


def test_a_copy_counts_once(leanplum, shop, database):
    [delivery] = leanplum.trigger("email.click").deliveries
    leanplum.resend(delivery)

    assert len(leanplum.attempts) == 2
    assert len(stored(database)) == 1


def test_a_second_click_is_another_one(leanplum, shop, database):
    for _ in range(2):
        leanplum.trigger("email.click", user_id="ada")
        leanplum.advance(milliseconds=1)

    assert len(stored(database)) == 2


def test_an_answer_that_came_too_late_is_not_counted_twice(leanplum, database):
    app, seconds = create_app(database), iter([31, 0])

    def behind_a_slow_proxy(environ, start_response):
        answer = app(environ, start_response)
        partner.spend(seconds=next(seconds))
        return answer

    partner = leanplum.partner("https://shop.example/", behind_a_slow_proxy)
    leanplum.add_postback(POSTBACK)
    leanplum.trigger("email.click")
    leanplum.run_until_idle()

    leanplum.assert_delivered()
    assert [attempt.outcome.summary for attempt in leanplum.attempts] == ["timeout", "204"]
    assert len(stored(database)) == 1


def test_an_email_has_no_device(leanplum, shop, database):
    leanplum.trigger("email.send", user_id="ada", device_id="")

    assert [(row["user"], row["device"]) for row in stored(database)] == [("ada", "")]


def test_a_restart_between_two_copies_changes_nothing(leanplum, shop, database):
    [delivery] = leanplum.trigger("push.open").deliveries
    leanplum.partner("https://shop.example/", create_app(database))
    leanplum.resend(delivery)

    assert len(stored(database)) == 1


def test_users_that_enter_a_test_are_kept_apart_by_variant(leanplum, shop, database):
    for variant in ("1", "2"):
        leanplum.trigger("ab-test.enter", user_id="ada", variant_id=variant)

    assert [row["variant"] for row in stored(database)] == ["1", "2"]


def test_it_answers_at_once(leanplum, shop):
    leanplum.trigger("in-app.banner.select")

    [attempt] = leanplum.attempts
    assert attempt.outcome.summary == "204"
    assert attempt.outcome.elapsed.total_seconds() < 1
