"""Offers the sandbox on the command line: `postbacks`, also `python -m mockserver`.

The order in which to read: `process` (signals and streams of the process), `root` (the command
itself, and what becomes of errors), `lookup` (how commands are found), `session` (what all commands
share), `commands` (a module for each). They use `parameters` for what is typed, `output`,
`timeline` and `feed_lines` for what is shown, and `serving` and `server_info` for a server. Heavy
imports happen inside the commands, so that `--help` and the start of `postbacks serve` do not wait
for them.
"""

from __future__ import annotations


def main() -> None:
    """Run the command line on the process's arguments, and exit."""
    from postbacks_entry.interrupts import end_at_interrupt

    # Until `prepare` has handlers.
    end_at_interrupt()
    from mockserver.cli.process import interruptible, prepare, settle

    prepare()
    from mockserver.cli.root import root

    interruptible()
    try:
        root.main(prog_name="postbacks")
    finally:
        settle()
