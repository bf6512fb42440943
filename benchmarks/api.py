"""Measures calls of the served API against a bare Flask app on the same server.

What is measured: addPostback as a JSON document, each rule deleted again so that an app
never has more than one for each connection, and listPostbacks of three rules. wrk sends them
over sixteen connections. The floor is a Flask app on waitress, with as many threads, that answers
the same requests with one constant document: what is above it is the cost of the fake itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from benchmarks.measure import Case, Comparison, Plan, Skipped
from benchmarks.peers import without_wrk, wrk
from benchmarks.processes import serving

WRK_SECONDS = 2
CONNECTIONS = 16
#: As many as the sandbox gives waitress.
THREADS = 16

ARGUMENTS = "appId=YOUR_APP_ID&clientKey=YOUR_DATA_EXPORT_KEY&apiVersion=1.0.6"
LIST_PATH = f"/api?action=listPostbacks&{ARGUMENTS}"

# An answer that carries an id is followed by a request that deletes it.
ADD_AND_DELETE = """
local headers = { ["Content-Type"] = "application/json" }
local common = '"appId":"YOUR_APP_ID","clientKey":"YOUR_DATA_EXPORT_KEY","apiVersion":"1.0.6"'
local add = nil
local added = {}
function init(arguments)
  add = wrk.format("POST", "/api", headers, '{"action":"addPostback",' .. common ..
    ',"type":"messageEvents","channels":["Email"],' ..
    '"postbackUrl":"https://example.com/in?user={{User ID}}&time={{Trigger time}}"}')
end
function request()
  local id = table.remove(added)
  if id == nil then return add end
  return wrk.format("POST", "/api", headers, '{"action":"deletePostback",' .. common ..
    ',"postbackId":' .. id .. '}')
end
function response(status, headers, body)
  local id = string.match(body, '"postbackId": ?(%d+)')
  if id ~= nil then table.insert(added, id) end
end
"""

ADD, ADD_FLOOR = "addPostback and deletePostback", "the same, bare Flask"
LIST, LIST_FLOOR = "listPostbacks", "the same GET, bare Flask"


@contextmanager
def benchmark(scale: float) -> Iterator[Plan]:
    """Build the plan and run both servers."""
    seconds = WRK_SECONDS * scale
    reason = without_wrk()
    if reason:
        raise Skipped(reason)
    with serving("api_server") as (fake, _), serving("bare_flask", 0, THREADS) as (bare, _):
        yield Plan(
            f"API: wrk -c{CONNECTIONS}, {THREADS} threads",
            [
                Case(ADD, partial(_added, fake, seconds)),
                Case(ADD_FLOOR, partial(_added, bare, seconds)),
                Case(LIST, partial(_listed, fake, seconds)),
                Case(LIST_FLOOR, partial(_listed, bare, seconds)),
            ],
            [
                Comparison("per second", ADD, ADD_FLOOR),
                Comparison("per second", LIST, LIST_FLOOR),
            ],
        )


def _added(port: int, seconds: float) -> Mapping[str, float]:
    return wrk(port, "/api", connections=CONNECTIONS, seconds=seconds, script=ADD_AND_DELETE)


def _listed(port: int, seconds: float) -> Mapping[str, float]:
    return wrk(port, LIST_PATH, connections=CONNECTIONS, seconds=seconds, method="GET")
