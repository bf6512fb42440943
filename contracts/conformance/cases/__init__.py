"""Holds the cases about Leanplum's side, for the fake and in part for the real API.

One module an area, in the order in which an event meets them: the API takes a rule (`api`,
`keys`, `rules`, `channels`), an event matches it (`events`), its values are written into the
URL (`template`, `encoding`, `parameters`), and the postback is sent and sent again
(`delivery`, `timeout`, `retry`, `outcomes`). `models` tries sequences of all that.
"""
