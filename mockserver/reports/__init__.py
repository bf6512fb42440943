"""Keeps the reports of runs at endpoints and fakes, and lets a run be started without a terminal.

`place` says where reports are kept, `shelf` keeps them, `verify_run` starts `postbacks verify` in a
process of its own. The suite itself is another package, which this one never imports: it puts its
reports here, and is started as the command that it is.
"""
