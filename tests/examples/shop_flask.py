"""A shop that receives postbacks, as it should be: nothing is lost, nothing counts twice.

Leanplum sends no id of a delivery, so the values themselves are the key: the same event sent
again has all of them the same, another click of the same user has another trigger time.
"""

import json
import sqlite3

from flask import Flask, request

#: What to register as postbackUrl; every value that the key needs is in it.
POSTBACK = (
    "https://shop.example/postbacks?user={{User ID}}&device={{Device ID}}&at={{Trigger time}}"
    "&message={{Message ID}}&event={{Message event}}&channel={{Message channel}}"
    "&template={{Template name}}&parameters={{Parameters}}"
    "&test={{AB test ID}}&variant={{Variant ID}}"
)

KEY = ("user", "device", "at", "message", "event", "test", "variant", "parameters")


def create_app(database):
    """Return the application; `database` is the path of a SQLite file."""
    app = Flask(__name__)
    with connect(database) as connection:
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS postbacks ({', '.join(KEY)}, url, PRIMARY KEY "
            f"({', '.join(KEY)}))"
        )

    @app.post("/postbacks")
    def receive():
        # Flask has decoded the query, once; what it holds is plain text and plain JSON.
        # A missing value is empty, e.g. the device of an email: that is no mistake.
        values = [request.args.get(name, "") for name in KEY]
        url = json.loads(request.args.get("parameters") or "{}").get("url", "")
        with connect(database) as connection:
            # One statement decides: two copies at the same instant cannot both be new.
            connection.execute(
                f"INSERT OR IGNORE INTO postbacks VALUES ({', '.join('?' * (len(KEY) + 1))})",
                [*values, url],
            )
        # Stored is all that Leanplum needs to know; what else is to be done reads the table.
        return "", 204

    return app


def stored(database):
    """Return what has been received, each event once."""
    with connect(database) as connection:
        return [dict(row) for row in connection.execute("SELECT * FROM postbacks ORDER BY at")]


class connect:
    """A connection that is committed and closed at the end of its block."""

    def __init__(self, database):
        self.connection = sqlite3.connect(database)
        self.connection.row_factory = sqlite3.Row

    def __enter__(self):
        return self.connection.__enter__()

    def __exit__(self, *error):
        self.connection.__exit__(*error)
        self.connection.close()
