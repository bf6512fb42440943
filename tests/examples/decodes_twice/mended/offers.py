import json

from fastapi import FastAPI, Response


def create_app():
    app = FastAPI()
    app.state.clicks = []

    @app.post("/clicks")
    async def click(user: str, parameters: str) -> Response:
        app.state.clicks.append((user, json.loads(parameters)["url"]))
        return Response(status_code=204)

    return app
