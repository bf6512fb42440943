"""Offers `postbacks serve`, which runs the sandbox as a server until it is stopped.

The servers are imported only after the configuration was read without a mistake.
"""

from __future__ import annotations

import os
from typing import Any

import click

from mockserver.cli.session import Session, json_option


@click.command(short_help="Run the sandbox: both APIs and the receiver.")
@click.option("--host", metavar="HOST", help="Where to listen (default 127.0.0.1).")
@click.option("--port", metavar="PORT", help="Of the API; 0 picks a free one (default 8780).")
@click.option(
    "--receiver-port", metavar="PORT", help="Of the receiver; 0 picks one (default 8781)."
)
@click.option(
    "--db",
    metavar="URL|PATH",
    help="Where to store everything: a file of SQLite, or postgresql://user@host/database "
    "(default: sandbox.db in your data directory).",
)
@click.option("--ephemeral", is_flag=True, default=None, help="Keep everything in memory.")
@click.option(
    "--clock",
    metavar="running|manual",
    help="running: retries happen by themselves; manual: time stands still until advanced.",
)
@click.option("--start", metavar="ISO", help="The clock's first instant, 2026-01-01T12:00:00Z.")
@click.option("--rate", metavar="N", help="How many times as fast the clock runs (default 1).")
@click.option(
    "--real-timeout",
    metavar="SECONDS",
    help="How long a foreign endpoint is waited for, in real time (default 30).",
)
@click.option(
    "--keep",
    metavar="DURATION",
    help="Remove finished deliveries that were created longer ago, e.g. 30d (default: never).",
)
@click.option(
    "--keep-deliveries",
    metavar="N",
    help="Remove all but the latest N finished deliveries (default: none).",
)
@click.option("--config", metavar="FILE", help="A TOML file with apps, policy and limits.")
@click.option(
    "--token",
    metavar="TOKEN",
    help="What the control API shall ask for; generated with any host but loopback.",
)
@click.option(
    "--allow-host",
    "allow_hosts",
    metavar="NAME",
    multiple=True,
    help="A name, beside localhost, that the API answers for; may be repeated.",
)
@click.option(
    "--send-to",
    "send_to",
    metavar="HOST",
    multiple=True,
    help="A host that postbacks go to besides this machine and private networks: shop.example, "
    "*.shop.example, 203.0.113.0/24, or * for every host; may be repeated.",
)
@click.option(
    "--allow-example-keys",
    is_flag=True,
    default=None,
    help="Let the published keys of YOUR_APP_ID in, where others can reach the API.",
)
@click.option(
    "--tls", is_flag=True, default=None, help="Serve https, with a certificate made on the spot."
)
@click.option("--tls-cert", metavar="FILE", help="Serve https with the certificate in a PEM file.")
@click.option("--tls-key", metavar="FILE", help="Its private key, if it is in a file of its own.")
@click.option(
    "--ca-file",
    metavar="FILE",
    help="Trust these certificates, beside the system's, where postbacks go to https.",
)
@click.option(
    "--insecure",
    is_flag=True,
    default=None,
    help="Do not check certificates where postbacks go to https.",
)
@click.option(
    "--unknown-app",
    metavar="invalid-key|not-found",
    help="What a call of an app that does not exist is answered: 403 (the default) or 404.",
)
@click.option(
    "--unknown-postback",
    metavar="warning|not-found",
    help="What deletePostback of an unknown id is answered: 200 and a warning (default), or 404.",
)
@json_option
@click.pass_obj
def serve(session: Session, /, config: str | None, **flags: Any) -> None:
    """Run the sandbox: Leanplum's API, the control API and the receiver.

    Every flag can also be set as POSTBACKS_<FLAG>, e.g. POSTBACKS_PORT (names to allow as
    POSTBACKS_ALLOW_HOSTS, hosts to send to as POSTBACKS_SEND_TO, with commas), and all but
    --config in the file. A flag beats the environment, which beats the file.
    """
    from mockserver.config import load_config

    given = {name: value for name, value in flags.items() if value is not None and value != ()}
    for setting, flag in (("allow_hosts", "--allow-host"), ("send_to", "--send-to")):
        if setting in given:
            if not all(map(str.strip, given[setting])):
                raise click.UsageError(f"{flag} is empty; leave it out, or give it a name")
            given[setting] = ",".join(given[setting])
    if session.token is not None:
        given.setdefault("token", session.token)
    if session.ca_file is not None and "ca_file" in session.given:
        given.setdefault("ca_file", session.ca_file)
    settings = load_config(given, os.environ, config)
    from mockserver.cli.serving import serve_until_told

    serve_until_told(settings, as_json=session.json)
