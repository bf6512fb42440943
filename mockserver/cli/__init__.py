"""Offers the sandbox on the command line: `postbacks`, also `python -m mockserver`.

`root` knows the commands and turns every expected error into one line and an exit code;
`session` holds what all commands share, `output` and `timeline` decide how things look; each
other module is a group of commands. Heavy imports happen inside the commands, so that
`postbacks --help` and the start of `postbacks serve` do not wait for them.
"""

from __future__ import annotations


def main() -> None:
    """Run the command line on the process's arguments, and exit."""
    from mockserver.cli.root import root

    root.main(prog_name="postbacks")
