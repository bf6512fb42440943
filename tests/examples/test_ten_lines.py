import requests
from flask import Flask

POSTBACK = "https://shop.example/clicks?user={{User ID}}&at={{Trigger time}}"


def test_a_click_arrives_although_the_shop_is_down_at_first(leanplum):
    shop, answers = Flask("shop"), iter([503, 503, 204])
    shop.post("/clicks")(lambda: ("", next(answers)))
    leanplum.partner("https://shop.example/", shop)
    rule = {"action": "addPostback", "type": "messageEvents", "postbackUrl": POSTBACK}
    keys = {"appId": "YOUR_APP_ID", "clientKey": "YOUR_DATA_EXPORT_KEY", "apiVersion": "1.0.6"}
    requests.post("https://api.leanplum.com/api", json=rule | keys).raise_for_status()

    leanplum.trigger("email.click", user_id="ada")
    leanplum.run_until_idle()

    leanplum.assert_attempts_at(hours=[0, 1, 3])
    leanplum.assert_delivered(event="email.click", user_id="ada")
