"""Tries what an endpoint has to cope with, because Leanplum does it.

In the order in which a postback meets them: `reach`, the connection; `answer`, what comes back;
`values` and `payload`, what stands in the URL; `repeat`, the same postback again; `store`, what is
kept; `load`, many at once and in any order; `outage`, being down; `recording`, real ones again;
`soak`, for as long as a run may go on.
"""
