"""An endpoint that receives postbacks, as something the suite can be aimed at.

In the order in which a run needs them: `lint`, what can be seen in a postbackUrl; `place`, where
it leads and whether anything may be sent there; `sender` and `raw`, how requests leave;
`postbacks`, what is sent; `command`, `probe`, `operator` and `recording`, what users lend
to a run; `storage`, what is stored once there was time to; `subject`, all of that together;
`target`, what a case holds of it, and `expectations`, what it may expect of what is stored.
"""
