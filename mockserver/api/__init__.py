"""Lets Leanplum's API fail as it is told to, and keeps a log of the calls that it got.

`behaviour` says what happens to the next call, `calls` keeps what came, `masking` keeps secrets out
of that, and `leanplum_api` is both together, as a test holds it. The API itself is in `web`.
"""
