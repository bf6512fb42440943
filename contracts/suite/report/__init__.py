"""Writes what was found in the formats that people and other programs read.

Every writer is a pure function of a `RunReport`, so a JSON report can be turned into any other
one later. A further format is one further module; see `formats`. A writer
makes every value visible (`mockserver.net.visible_text`) before it escapes it for its format.

The order in which to read: `formats`; `text`, `figures` and `again`, which all share; then one
module for each format: `document` (JSON), `junit`, `html`, `markdown`, `github` (workflow
commands, not a file). For runs at an endpoint, which keep every exchange: `pact` and `har`, and
`endpoints`, several runs side by side. `page` makes the HTML of these and of a proof.
"""
