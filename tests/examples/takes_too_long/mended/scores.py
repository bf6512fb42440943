from urllib.parse import parse_qs


class Scores:
    """A WSGI application; `compute` takes as long as it takes, after the answer."""

    def __init__(self, compute):
        self.compute = compute
        self.computed = []
        self.waiting = {}

    def __call__(self, environ, start_response):
        query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
        key = query["user"][0], query["at"][0]
        self.waiting.setdefault(key, query["user"][0])
        start_response("204 No Content", [])
        return []

    def work(self, user):
        self.compute(user)
        self.computed.append(user)

    def work_off(self):
        """Do what was put off; a worker calls this, not the server."""
        while self.waiting:
            self.work(self.waiting.pop(next(iter(self.waiting))))
