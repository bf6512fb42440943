"""Writes the command line with which people send a request again."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def single_quoted(text: str) -> str:
    """Return a text as one word for a POSIX shell, in which nothing is replaced.

    Unlike `shlex.quote` it always quotes, so that an interactive shell expands no history.
    """
    return "'" + text.replace("'", "'\\''") + "'"


def curl_command(
    method: str,
    url: str,
    headers: Iterable[tuple[str, str]] = (),
    body: str = "",
    *,
    quote: Callable[[str], str] = single_quoted,
) -> str:
    """Return a command line of curl that sends a request as it was sent.

    Args:
        method: E.g. `POST`.
        url: As it was sent; curl changes nothing in it.
        headers: Header fields beyond those that curl sends by itself.
        body: Empty for none.
        quote: How a word is written for the shell.
    """
    words = ["curl", "-sS", "-i", "-g", "--path-as-is"]
    if method != ("POST" if body else "GET"):
        words += ["-X", method]
    for name, value in headers:
        # A header without a value is written with a semicolon; with a colon curl drops it.
        words += ["-H", quote(f"{name}: {value}" if value else f"{name};")]
    if body:
        words += ["--data-raw", quote(body)]
    return " ".join([*words, quote(url)])
