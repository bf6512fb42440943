"""Offers `postbacks apps`, which lists and deletes the apps of a sandbox."""

from __future__ import annotations

import click

from mockserver.cli.session import Session, SuggestingGroup, sandbox_options


@click.group(cls=SuggestingGroup)
@sandbox_options
def apps() -> None:
    """List and delete apps."""


@apps.command("list", short_help="List the apps.")
@sandbox_options
@click.pass_obj
def list_apps(session: Session) -> None:
    """List the apps, each with its data export key and the number of its rules."""
    found = session.client.apps()
    output = session.output
    if session.json:
        output.document({"apps": found})
        return
    from mockserver.cli.output import count

    output.table(
        ["APP", "DATA EXPORT KEY", "RULES"],
        [[app.app_id, app.keys.data_export, count(len(app.rules), "rule")] for app in found],
    )


@apps.command("delete", short_help="Delete an app with all that is its.")
@click.argument("app_id", metavar="APP_ID")
@sandbox_options
@click.pass_obj
def delete(session: Session, app_id: str) -> None:
    """Delete the app APP_ID with its rules and deliveries; pending ones are not sent any more.

    Inboxes are no app's and stay. The only app of a sandbox cannot be deleted.
    """
    deleted = session.client.delete_app(app_id)
    output = session.output
    if session.json:
        output.document(deleted)
        return
    from mockserver.cli.output import count
    from mockserver.net.visible_text import one_line

    removed = f"{count(deleted.rules, 'rule')} and "
    removed += count(deleted.deliveries, "delivery", "deliveries")
    output.line(f"deleted app {one_line(app_id)}, with {removed}")
    if deleted.comes_back:
        output.line(
            "it belongs to the configuration of the sandbox, so it is there again after the next "
            "start",
            "yellow",
        )
