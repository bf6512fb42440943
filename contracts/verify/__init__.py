"""Checks an endpoint that receives postbacks.

In the order in which a run needs them: `lint` reads the postbackUrl; `resolved_host` finds out
where it leads and whether anything may be sent there; `sender` and `raw` send requests;
`postbacks` makes what is sent; `command`, `probe`, `operator` and `recording` are what users
lend to a run; `storage` waits for what is stored; `endpoint` is all of that together; `target`
is what a case holds of it, and `expectations` what it may expect of what is stored.
`cases` has the cases, and `endpoints` the broken and the good ones that prove them.
"""
