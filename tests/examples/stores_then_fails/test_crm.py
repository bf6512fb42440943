import pytest

pytest.importorskip("django", reason="this partner is a Django application: pip install django")

from crm import MessageEvent, application

POSTBACK = (
    "https://crm.example/events?user={{User ID}}&event={{Message event}}&at={{Trigger time}}"
    "&parameters={{Parameters}}"
)


@pytest.fixture
def crm(leanplum):
    leanplum.add_postback(POSTBACK)
    yield leanplum.partner("https://crm.example/", application)
    MessageEvent.objects.all().delete()


def test_a_click_is_stored_with_its_url(leanplum, crm):
    leanplum.trigger("email.click", user_id="ada", parameters={"url": "https://x.example/"})

    leanplum.assert_delivered()
    assert [event.url for event in MessageEvent.objects.all()] == ["https://x.example/"]


def test_a_sent_email_is_stored_once(leanplum, crm):
    leanplum.trigger("email.send", user_id="ada")
    leanplum.run_until_idle()

    leanplum.assert_delivered(event="email.send", user_id="ada")
    assert MessageEvent.objects.count() == 1
