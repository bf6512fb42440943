"""Fakes that are wrong in one way each, to prove that the cases can fail.

Reading order: `world` says what a deviant is and opens one; `seams` has the few places of
the fake that several deviants change; the modules named after an area (`rules`, `api`,
`channels`, `events`, `template`, `encoding`, `parameters`, `delivery`, `retry`, `restart`)
hold the deviants themselves, each module ending in its `DEVIANTS`; `catalog` has them all.
"""
