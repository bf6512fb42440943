"""Answers what code under test sends to Leanplum, whichever client it uses.

`interception` begins and ends it. Calls of plain `requests` are answered without a socket
(`sessions`). All other clients are led, below their own code, to a server on loopback (`server`):
`names` and `connections` are the seams of `socket`, `handshakes` that of `ssl`; `event_loops` and
`curl_handles` do the same for uvloop and pycurl, which are written in C. `strict` and `proxied`
refuse what may not leave, in the words of `refusal`. `active` knows whose call it is, `patches`
puts functions in and takes them out again, `imports` waits for a module.
"""
