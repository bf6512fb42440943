import pytest
from register_rules import RULES, Refused, register_rules

APP = "YOUR_APP_ID", "YOUR_DATA_EXPORT_KEY"


def test_the_rules_are_registered(leanplum):
    register_rules(*APP)

    assert [(rule.url, list(rule.channels)) for rule in leanplum.postbacks] == [
        (url, ["Email", "Push Notification"]) for url, _ in RULES
    ]


def test_a_second_deployment_adds_nothing(leanplum):
    assert len(register_rules(*APP)) == len(RULES)
    assert register_rules(*APP) == []
    assert len(leanplum.postbacks) == len(RULES)


def test_they_fire_for_the_channels_they_name(leanplum):
    inbox = leanplum.inbox("clicks")
    register_rules(*APP, [(inbox.url + "?user={{User ID}}", ["Email"])])

    leanplum.trigger("email.click", user_id="ada")
    leanplum.trigger("push.open", user_id="bo")

    leanplum.verify(1, inbox="clicks")
    leanplum.verify(1, inbox="clicks", query={"user": "ada"})
    leanplum.assert_not_triggered(channel="Push Notification")


@pytest.mark.leanplum(allow="refused")
def test_a_fourth_rule_is_refused(leanplum):
    rules = [(f"https://shop.example/{number}?user={{{{User ID}}}}", []) for number in range(4)]

    with pytest.raises(Refused, match="3"):
        register_rules(*APP, rules)

    assert len(leanplum.postbacks) == 3


@pytest.mark.leanplum(allow="refused")
def test_a_key_of_another_class_is_refused(leanplum):
    with pytest.raises(Refused, match="Invalid access key"):
        register_rules("YOUR_APP_ID", "YOUR_PROD_KEY")


@pytest.mark.leanplum(app_id="app_of_this_test")
def test_the_app_is_the_one_that_the_marker_names(leanplum):
    register_rules("app_of_this_test", "YOUR_DATA_EXPORT_KEY")

    assert {rule.app_id for rule in leanplum.postbacks} == {"app_of_this_test"}
