from collections import Counter

from flask import Flask, request


def create_app(tell_crm):
    app = Flask(__name__)
    app.clicks = Counter()
    app.seen = set()

    @app.post("/clicks")
    def click():
        user = request.args["user"]
        key = user, request.args["message"], request.args["at"]
        if key not in app.seen:
            app.seen.add(key)
            app.clicks[user] += 1
        tell_crm(user)
        return "", 204

    return app
