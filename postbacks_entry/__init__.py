"""Finds out whether `mockserver` and `contracts` are ours, before anything else is imported.

Both names are common. A project's own folder, or another distribution that installs a package of
that name, may be found in their place, and nothing of ours would be there to say so. So what is
installed as a command or as a plugin enters here, under a name that nobody else has.

- `origin`: whose package a name leads to; imports nothing of ours.
- `interrupts`: what Ctrl-C does meanwhile.
- `command`: the command `postbacks`.
- `pytest_plugin`: what pytest loads, `pytest_check`: what it says about other packages.

For pytest, which would warn of a plugin's package that is imported already:
PYTEST_DONT_REWRITE.
"""
