from collections import Counter

from flask import Flask, request


def create_app(tell_crm):
    app = Flask(__name__)
    app.clicks = Counter()

    @app.post("/clicks")
    def click():
        user = request.args["user"]
        app.clicks[user] += 1
        tell_crm(user)
        return "", 204

    return app
