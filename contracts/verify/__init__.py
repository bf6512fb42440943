"""Checks an endpoint that receives postbacks.

Modules in the order in which a run needs them:

- `lint` reads the postbackUrl; `mockserver.transport.resolved_host` looks its host up and decides
  whether anything may be sent there.
- `postbacks` makes postbacks, and `recording` reads recorded ones.
- `sender` sends them over sockets, `in_process` to an application in this process. `raw` opens
  single connections, and `raw_answer` reads what comes back on one. `meant` reads whether an answer
  contradicts its own 2xx.
- `mockserver.client.probe` asks what the endpoint has stored, `stored` compares the answer with
  what was sent, and `storage` waits until everything is stored. `operator` takes the endpoint down
  and up.
- `preflight` looks at the probe before the first case, and `sight` learns what it shows. `sent`
  remembers everything that was sent, and `reckoning` compares it with what is stored.
- `odd_values` and `lookalikes` make the postbacks that are hard to store; `run_time` ends a run.
- `endpoint` is the endpoint with all of that, and `subject` offers it to the suite. `target` is
  what one case works with; its part about stored events is in `expectations`.
- `cases` has the cases, and `endpoints` the broken and good endpoints that prove them.
"""
