"""Offers `postbacks rules`, which lists, adds and deletes the rules of an app.

Rules are added and deleted through Leanplum's own API, as any other client does it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mockserver.cli.app_choice import app_id_option, chosen_app_id
from mockserver.cli.parameters import a_channel
from mockserver.cli.session import Session, SuggestingGroup, sandbox_options
from mockserver.cli.shortening import bounded
from mockserver.core.catalog import PostbackType

if TYPE_CHECKING:
    from mockserver.web.shapes import RuleJson


@click.group(cls=SuggestingGroup)
@sandbox_options
def rules() -> None:
    """List, add and delete postback rules."""


@rules.command("list")
@app_id_option
@sandbox_options
@click.pass_obj
def list_rules(session: Session, app_id: str | None) -> None:
    """List the rules of an app."""
    client = session.client
    app = client.app(chosen_app_id(client, app_id))
    output = session.output
    if session.json:
        output.document({"app_id": app.app_id, "rules": app.rules})
        return
    if not app.rules:
        output.line(f"{app.app_id} has no rules; add one with `postbacks rules add URL`")
    for rule in app.rules:
        output.line(f"{rule.postback_id}  {_listens_to(rule)}", "bold")
        output.url_line(f"  {rule.url}")
        if rule.refused:
            output.line(f"  {bounded(rule.refused)}", "yellow")


@rules.command("add", short_help="Register a template URL.")
@click.argument("template", metavar="URL")
@click.option(
    "--type",
    "kind",
    type=click.Choice([kind.value for kind in PostbackType]),
    default=PostbackType.MESSAGE_EVENTS.value,
    show_default=True,
    help="What the rule listens to.",
)
@click.option(
    "--channel",
    "channels",
    type=a_channel,
    metavar="NAME",
    multiple=True,
    help="push, email or in-app; may be repeated. All three unless given.",
)
@app_id_option
@sandbox_options
@click.pass_obj
def add(
    session: Session, template: str, kind: str, channels: tuple[str, ...], app_id: str | None
) -> None:
    """Register the template URL, e.g. 'http://127.0.0.1:8781/inbox/crm?user={{User ID}}'."""
    client = session.client
    app_id = chosen_app_id(client, app_id)
    postback_id = client.add_postback(app_id, template, kind, channels)
    output = session.output
    # The answer of Leanplum's API has no place for it.
    added = [rule for rule in client.app(app_id).rules if rule.postback_id == postback_id]
    refused = added[0].refused if added else None
    if session.json:
        output.document({"app_id": app_id, "postback_id": postback_id, "refused": refused})
        return
    output.line(f"added rule {postback_id} to {app_id}")
    if refused:
        output.line(bounded(refused), "yellow")


@rules.command("check", short_help="Say what is wrong with a template URL; adds nothing.")
@click.argument("template", metavar="URL")
@click.option(
    "--type",
    "kind",
    type=click.Choice([kind.value for kind in PostbackType]),
    default=PostbackType.MESSAGE_EVENTS.value,
    show_default=True,
    help="What the rule would listen to.",
)
@app_id_option
@sandbox_options
@click.pass_obj
def check(session: Session, template: str, kind: str, app_id: str | None) -> None:
    """Say whether addPostback would take the template URL, and what else is wrong with it."""
    client = session.client
    checked = client.check_rule(template, kind, (), chosen_app_id(client, app_id))
    output = session.output
    if session.json:
        output.document(checked)
    elif checked.problem is None:
        output.line("addPostback would take it; an example of what is sent:")
        output.url_line(f"  {checked.example}")
        for remark in checked.remarks:
            output.line(f"remark: {remark.text}; {remark.advice}", "yellow")
    if checked.problem is not None:
        from mockserver.client.sandbox_client import Refused

        raise Refused(checked.problem)


@rules.command("delete", short_help="Delete a rule; pending deliveries go on.")
@click.argument("postback_id", type=int)
@app_id_option
@sandbox_options
@click.pass_obj
def delete(session: Session, postback_id: int, app_id: str | None) -> None:
    """Delete the rule with the id POSTBACK_ID; deliveries that are pending go on."""
    client = session.client
    app_id = chosen_app_id(client, app_id)
    warning = client.delete_postback(app_id, postback_id)
    if warning is not None:
        from mockserver.client.sandbox_client import Refused

        raise Refused(f"{warning} (app {app_id})")
    output = session.output
    if session.json:
        output.document({"app_id": app_id, "deleted": postback_id})
    else:
        output.line(f"deleted rule {postback_id} of {app_id}")


def _listens_to(rule: RuleJson) -> str:
    if rule.type == PostbackType.AB_TEST_EVENTS:
        return rule.type
    return f"{rule.type}: {', '.join(rule.channels)}"
