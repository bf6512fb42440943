"""Tells Leanplum where to send postbacks; safe to run at every deployment."""

import requests

API = "https://api.leanplum.com/api"

RULES = [
    (
        "https://shop.example/clicks?user={{User ID}}&event={{Message event}}&at={{Trigger time}}",
        ["Email", "Push Notification"],
    ),
]


class Refused(Exception):
    """Leanplum did not accept a call; the text is its own."""


def register_rules(app_id, key, rules=RULES):
    """Register those rules that Leanplum does not have yet; return their ids."""
    known = {rule["postbackUrl"] for rule in call("listPostbacks", app_id, key)["postbacks"]}
    return [
        call(
            "addPostback",
            app_id,
            key,
            type="messageEvents",
            channels=channels,
            postbackUrl=url,
        )["postbackId"]
        for url, channels in rules
        if url not in known
    ]


def call(action, app_id, key, **arguments):
    answer = requests.post(
        API,
        json={
            "action": action,
            "appId": app_id,
            "clientKey": key,
            "apiVersion": "1.0.6",
            **arguments,
        },
        timeout=10,
    )
    result = answer.json()["response"][0]
    if not result["success"]:
        raise Refused(result["error"]["message"])
    return result
