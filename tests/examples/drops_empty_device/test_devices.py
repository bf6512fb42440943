import devices
import pytest

POSTBACK = "https://devices.example/in?user={{User ID}}&device={{Device ID}}"


@pytest.fixture(autouse=True)
def partner(leanplum):
    devices.received.clear()
    leanplum.add_postback(POSTBACK)
    return leanplum.partner("https://devices.example/", devices.application)


def test_a_push_has_a_device(leanplum):
    leanplum.trigger("push.open", user_id="ada", device_id="phone")

    leanplum.assert_delivered()
    assert devices.received == [("ada", "phone")]


def test_an_email_has_none(leanplum):
    leanplum.trigger("email.send", user_id="ada", device_id="")

    leanplum.assert_delivered(event="email.send", device_id="")
    assert devices.received == [("ada", "")]
