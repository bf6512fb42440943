"""Holds fakes that are wrong in one way each, to prove that the cases can fail.

Reading order: `deviant_server` says what a deviant is and serves one; `patch_points` has the
places of the fake that several deviants change; the modules named after an area (`rules`, `api`,
`channels`, `events`, `template`, `encoding`, `parameters`, `delivery`, `retry`, `restart`) hold
the deviants themselves, each ending in its `DEVIANTS`.
"""
