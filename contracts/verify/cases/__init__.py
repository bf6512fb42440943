"""Holds the cases about an endpoint: it must cope with everything that Leanplum does.

In the order of a run: `reach` tries the connection, `answer` what comes back, `values` and
`payload` what the URL carries, `repeat` the same postback again, `store` what is stored, `load`
many postbacks at once and in any order, `outage` an endpoint that is down, `recording` recorded
postbacks, and `soak` as many as the run may send. `closing` looks in the end at all that was sent.
"""
