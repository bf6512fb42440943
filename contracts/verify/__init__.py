"""Checks an endpoint that receives postbacks.

In the order in which a run needs them: `lint`, what can be seen in a postbackUrl;
`resolved_host`, where
it leads and whether anything may be sent there; `sender` and `raw`, how requests leave;
`postbacks`, what is sent; `command`, `probe`, `operator` and `recording`, what users lend
to a run; `storage`, what is stored once there was time to; `endpoint`, all of that together;
`target`, what a case holds of it, and `expectations`, what it may expect of what is stored.
"""
