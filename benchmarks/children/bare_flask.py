"""Serves the floor of the API: a Flask app with one constant JSON document, on waitress.

Usage: `python -m benchmarks.children.bare_flask PORT THREADS`; port 0 picks a free one.
Written as one would write it, with nothing of the project in it.
"""

from __future__ import annotations

import sys

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from waitress.server import create_server

app = Flask(__name__)


@app.route("/api", methods=["GET", "POST"])
def answer() -> ResponseReturnValue:
    """Answer what addPostback would, whatever was asked."""
    return jsonify({"response": [{"success": True, "postbackId": 5838201947316224}]})


def main() -> None:
    """Serve until it is terminated."""
    port, threads = map(int, sys.argv[1:])
    server = create_server(app, host="127.0.0.1", port=port, threads=threads)
    print(f'{{"port": {server.effective_port}}}', flush=True)
    server.run()


if __name__ == "__main__":
    main()
