"""Serves the page of the sandbox to browsers: files as they are, without a build step.

`assets` finds and sends the files below `static/`, `login` trades the token for a cookie. A view is
one file in `static/views/`; it is found by looking into that folder. All data come from the control
API, so what the page can do, a program can do as well. `licences/` has those of what others made.
"""
