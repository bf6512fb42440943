from urllib.parse import parse_qs

received = []


def application(environ, start_response):
    query = parse_qs(environ["QUERY_STRING"])
    if "user" not in query or "device" not in query:
        start_response("400 Bad Request", [("Content-Type", "text/plain")])
        return [b"user or device is missing"]
    received.append((query["user"][0], query["device"][0]))
    start_response("204 No Content", [])
    return []
